"""The matrix of bad input: every class of file has one outcome, and says it in one sentence."""

from __future__ import annotations

import pytest

from tests.bad_files import ACCEPTED, EITHER, FILES, File
from tracker.errors import PhotoRejected
from tracker.photo import identify_photo, read_photo
from tracker.photo.refusals import REFUSALS


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_every_class_of_file_has_the_outcome_that_is_stated(file: File) -> None:
    data = file.make()
    try:
        photo = read_photo(data, name=file.name)
    except PhotoRejected as refusal:
        assert refusal.code == file.outcome or file.outcome == EITHER, refusal.reason
        assert refusal.reason.startswith(f"{file.name} ")
        assert refusal.reason.endswith(".")
        assert "\n" not in refusal.reason
        return

    assert file.outcome in (ACCEPTED, EITHER)
    assert file.note in " ".join(photo.notes)
    assert photo.has_colour == file.has_colour or file.outcome == EITHER
    assert photo.camera.isprintable()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_the_dates_of_any_file_can_be_asked_for_without_harm(file: File) -> None:
    try:
        assert identify_photo(file.make(), name=file.name).name == file.name
    except PhotoRejected as refusal:
        assert file.outcome != ACCEPTED, refusal.reason


def test_every_reason_that_lies_in_the_file_is_met_by_one_of_the_classes() -> None:
    codes = {refusal.code for refusal in REFUSALS.values()}
    met = {file.outcome for file in FILES}

    assert codes - met <= {"too_slow", "decoder_failed", "heic_unavailable"}
    assert 14 <= len(codes) <= 18
