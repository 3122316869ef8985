"""Words that were entered, or came with a file, are in no file of the record, in no temporary file and in no log."""

from __future__ import annotations

import base64
import io
import logging
import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from tracker.clinic import Clinic
from tracker.clinic.study_records import Place
from tracker.errors import RecordError
from tracker.phantom import series

SAMPLE = "Canary"
ENTERED = tuple(f"{SAMPLE}{word}" for word in ("Hawthorne", "Allergic", "Blackwood", "Pregnant", "Softbox", "Wren"))
NAMED = tuple(f"{SAMPLE}{word}" for word in ("Jane", "Thigh", "Miller", "Left", "Second", "Unreadable"))
IN_FILES = {
    0x010F: f"{SAMPLE}Maker",  # Make
    0x0110: f"{SAMPLE}Model",  # Model
    0x010E: f"{SAMPLE}Description",
    0x013B: f"{SAMPLE}Artist",
    0x8298: f"{SAMPLE}Copyright",
    0x0131: f"{SAMPLE}Software",
    0x9C9B: f"{SAMPLE}Title",
    0x9C9C: f"{SAMPLE}Comment",
}
WORDS = (*ENTERED, *NAMED, *IN_FILES.values())


@pytest.fixture(scope="module")
def course() -> list[tuple[date, bytes]]:
    """Photos of five days, of which the last is out of focus; made before anybody listens to what is logged."""
    made = series("thigh", seed=5, sessions=5, replicates=1, spoiled={4: "blur"}, size=(600, 800))
    return [(photo.taken_on, with_words(photo.jpeg)) for photo in made]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the record, everything temporary and a log of everything that is said."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    handler, root = logging.FileHandler(tmp_path / "log"), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield tmp_path
    root.setLevel(before)
    root.removeHandler(handler)
    handler.close()


def with_words(jpeg: bytes) -> bytes:
    """A photo whose file says who took it of what, in every field that cameras and programs use."""
    out, exif = io.BytesIO(), Image.Exif()
    for tag, text in IN_FILES.items():
        exif[tag] = text.encode("utf-16-le") if tag in (0x9C9B, 0x9C9C) else text
    with Image.open(io.BytesIO(jpeg)) as image:
        image.save(out, "JPEG", quality=97, subsampling=0, exif=exif, comment=f"{SAMPLE}Comment".encode())
    return out.getvalue()


def spelled(word: str) -> set[bytes]:
    """A word as it may lie in a file."""
    plain = {word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")}
    shifted = {base64.b64encode(bytes(k) + word.encode())[4:-4] for k in range(3)}
    return {each.lower() for each in plain | shifted} | {word.encode().hex().encode()}


def found_in(paths: Iterable[Path]) -> set[str]:
    """Words that lie in files or in their names."""
    found = set()
    for path in paths:
        held = (path.read_bytes() if path.is_file() else b"") + b"\n" + os.fsencode(path.name)
        found |= {word for word in WORDS if any(each in held.lower() for each in spelled(word))}
    return found


def test_the_search_finds_every_word_where_it_lies(course: list[tuple[date, bytes]], tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(course[0][1])
    (tmp_path / "plain").write_text(" ".join((*ENTERED, *NAMED)))

    assert len(set(WORDS)) == 20
    assert found_in(tmp_path.rglob("*")) == set(WORDS)
    (tmp_path / "encoded").mkdir()
    (tmp_path / "encoded" / "a").write_bytes(base64.b64encode(f"x{WORDS[0]} and more".encode()))
    assert found_in((tmp_path / "encoded").rglob("*")) == {WORDS[0]}


@pytest.mark.slow
def test_no_word_is_in_a_file_after_adding_measuring_looking_and_reporting(
    course: list[tuple[date, bytes]], watched: Path
) -> None:
    with Clinic.open(watched / "home") as clinic:
        patient = clinic.add_patient(code="A-1", name=f"Jo {ENTERED[0]}", note=f"{ENTERED[1]} to latex")
        other = clinic.add_patient(code="A-2", name=ENTERED[2], note=ENTERED[3])
        view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing", indication="cellulite")
        for (day, data), word in zip(course, NAMED, strict=False):
            clinic.add_photo(view.id, data, f"{word} {day}.jpg", taken_on=day)
        day = course[0][0]
        study = clinic.start_study(place=Place.MARKED_FLOOR, equipment=ENTERED[4], site="thigh", started_on=day)
        clinic.add_subject(study.id, code="1")
        with pytest.raises(RecordError):
            clinic.add_photo("nothing", b"", f"{NAMED[5]}.jpg")
        clinic.measure_waiting()
        photos = clinic.photos(view.id)
        for photo in photos:
            clinic.picture(photo.id, width=300)
        clinic.picture(photos[1].id, width=300, aligned=True)
        clinic.difference(photos[1].id, width=300)
        report = clinic.report(view.id)
        assert report is not None
        clinic.overlay(photos[1].id, report.measured[0].metric.name, width=300)
        clinic.start_rating(view.id, ENTERED[5])
        while_open = found_in(watched.rglob("*"))

    with Clinic.open(watched / "home") as again:  # it is all there, for who has the key
        told = " ".join(f"{p.name} {p.note}" for p in again.patients())
        told += " ".join(f"{p.name} {p.reason}" for p in again.photos(view.id))
        told += " ".join(each.set_up for each in again.studies()) + str(again.report(view.id))
        assert [word for word in (*ENTERED[:5], *NAMED[:5]) if word not in told] == []
        assert f"{SAMPLE}Model" in told
        assert again.patient(other.id).name == ENTERED[2]

    assert while_open == set()
    assert found_in(watched.rglob("*")) == set()
