"""The matrix of bad input: every class of file has one outcome, and says it in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_files import ACCEPTED, EITHER, FILES, File
from tracker.errors import PhotoRejected
from tracker.photo import Photo, PhotoFile, identify_photo, read_photo
from tracker.photo.refusals import REFUSALS


def _read(file: File) -> Photo | PhotoRejected:
    try:
        return read_photo(file.make(), name=file.name)
    except PhotoRejected as refusal:
        return refusal


def _identified(file: File) -> PhotoFile | PhotoRejected:
    try:
        return identify_photo(file.make(), name=file.name)
    except PhotoRejected as refusal:
        return refusal


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_every_class_of_file_has_the_outcome_that_is_stated(file: File) -> None:
    result = _read(file)

    if isinstance(result, PhotoRejected):
        assert file.outcome in (result.code, EITHER), result.reason
        assert result.reason.startswith(f"{file.name} ")
        assert result.reason.endswith(".")
        assert "\n" not in result.reason
    else:
        assert file.outcome in (ACCEPTED, EITHER)
        assert file.note in " ".join(result.notes)
        assert result.has_colour == file.has_colour or file.outcome == EITHER
        assert result.camera.isprintable()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_the_day_of_every_good_file_can_be_asked_for(file: File) -> None:
    result = _identified(file)

    assert isinstance(result, PhotoFile) or file.outcome != ACCEPTED


def test_every_class_of_refusal_that_lies_in_the_file_is_met_by_a_file() -> None:
    codes = {refusal.code for refusal in REFUSALS.values()}
    met = {file.outcome for file in FILES}

    assert codes - met <= {"too_slow", "decoder_failed", "heic_unavailable"}


@pytest.mark.parametrize("name", ["bomb.png", "bomb_144.png", "bomb.jpg", "bomb.tif", "bomb.webp"])
def test_a_bomb_is_refused_by_its_header_before_room_is_made_for_it(name: str) -> None:
    (file,) = (file for file in FILES if file.name == name)
    program = (
        "import resource, sys; from tracker.photo import decode; from tracker.photo.refusals import Unfit\n"
        "data = sys.stdin.buffer.read()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: decode.read(data, sys.argv[1], None)\n"
        "except Unfit as fault: print(fault.key, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    kind = {".png": "PNG", ".jpg": "JPEG", ".tif": "TIFF", ".webp": "WEBP"}[Path(name).suffix]

    done = subprocess.run([sys.executable, "-c", program, kind], input=file.make(), capture_output=True, check=True)

    key, grown_kb = done.stdout.split()
    assert key == b"too_many_pixels"
    assert int(grown_kb) < 10_000  # the smallest of them would need 400 MB
