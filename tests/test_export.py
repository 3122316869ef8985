"""A patient's copy of everything: whole, readable, and nobody else's."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.small_photos import picture
from tracker.__main__ import main
from tracker.clinic import Clinic, StoredPhoto
from tracker.clinic.belongings import owned, rows_of
from tracker.clinic.consents import Channel, Purpose
from tracker.clinic.details import PatientDetails
from tracker.clinic.importing import patient_with_code
from tracker.clinic.locked import MAGIC, LockedWriter, unlocked
from tracker.errors import RecordError

DAY = date(2026, 1, 5)
PASSWORD = "correct horse battery"


def furnished(clinic: Clinic, code: str, word: str) -> list[StoredPhoto]:
    """A patient with a text in whatever takes one."""
    patient = clinic.add_patient(code=code, name=f"name {word}", note=f"note {word}")
    clinic.set_details(patient.id, PatientDetails(allergies=f"allergy {word}", history="", contacts=f"mail {word}"))
    view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing")
    clinic.give_consent(patient.id, Purpose.PORTAL, given_by=f"signed {word}", signed_on=DAY, channel=Channel.CLINIC)
    clinic.note_injection(view.id, DAY)
    clinic.add_grade(view.id, scale="cr_pcss", score=3, day=DAY, grader=f"grader {word}", note=f"remark {word}")
    photos = [
        clinic.add_photo(view.id, picture(n, text=f"camera {word}"), f"file {word} {n}.jpg", taken_on=DAY)
        for n in (1, 2)
    ]
    clinic.measure_waiting(limit=1)
    return photos


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    with Clinic.open() as opened:
        yield opened


def exported(tmp_path: Path, *more: str) -> zipfile.ZipFile:
    assert main(["export", "--patient", "P-1", "--out", str(tmp_path / "export.zip"), *more]) == 0
    return zipfile.ZipFile(tmp_path / "export.zip")


def test_the_originals_are_byte_for_byte_what_was_stored(clinic: Clinic, tmp_path: Path) -> None:
    photos = furnished(clinic, "P-1", "MINE")
    furnished(clinic, "P-2", "THEIRS")

    with exported(tmp_path) as archive:
        places = json.loads(archive.read("record.json"))["originals"]
        assert {photo: archive.read(place) for photo, place in places.items()} == {
            photo.id: clinic.original(photo.id) for photo in photos
        }
        sums = {hashlib.sha256(archive.read(place)).hexdigest(): place for place in places.values()}
        assert archive.read("SHA256SUMS").decode() == "".join(f"{digest}  {place}\n" for digest, place in sums.items())
        assert archive.testzip() is None
        assert not any("MINE" in name for name in archive.namelist())  # a name of a person may be in that of a file


def test_every_row_is_there_and_every_text_is_open(clinic: Clinic, tmp_path: Path) -> None:
    photos = furnished(clinic, "P-1", "MINE")
    furnished(clinic, "P-2", "THEIRS")

    with exported(tmp_path) as archive:
        text = archive.read("record.json").decode()
    tables = json.loads(text)["tables"]
    with clinic._store.reading() as connection:
        counts = {
            table.name: connection.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
            for table, mine in owned(photos[0].patient_id).items()
        }
    assert {name: len(rows) for name, rows in tables.items() if name != "consent_text"} == {
        name: count for name, count in counts.items() if count
    }
    assert tables["consent_text"][0]["id"] == tables["consent"][0]["text_id"]
    for word in ("name", "note", "allergy", "mail", "signed", "grader", "remark", "file"):
        assert f"{word} MINE" in text
    assert "THEIRS" not in text
    assert '"s1.' not in text


def test_nothing_that_opens_a_door_is_in_it(clinic: Clinic, tmp_path: Path) -> None:
    photo, *_ = furnished(clinic, "P-1", "MINE")
    token = clinic.invite_patient(photo.patient_id, "mine@example.org")
    clinic.accept_invitation(token, "a very long password of mine")

    with exported(tmp_path) as archive:
        tables = json.loads(archive.read("record.json"))["tables"]

    assert "role" in tables["account"][0]
    assert not {"password", "totp", "name_index"} & tables["account"][0].keys()
    assert not {"invitation", "web_session", "recovery_code"} & tables.keys()
    with clinic._store.reading() as connection:
        assert rows_of(connection, photo.patient_id)["account"][0]["name"] == "mine@example.org"


def test_who_looked_is_in_it_and_the_export_itself_is_in_the_log(clinic: Clinic, tmp_path: Path) -> None:
    photo, *_ = furnished(clinic, "P-1", "MINE")
    clinic.audit("view", "picture", patient_id=photo.patient_id, object=f"photo:{photo.id}")

    with exported(tmp_path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("who-looked.csv").decode())))

    assert ("view", f"photo:{photo.id}") in [(row["verb"], row["object"]) for row in rows]
    assert clinic.log_of(photo.patient_id)[0].action == "export_patient"


def test_an_export_that_the_log_does_not_take_is_none(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnished(clinic, "P-1", "MINE")

    def full(self: Clinic, *_: object, **__: object) -> None:
        raise RecordError("The disk is full.", code="not_saved")

    monkeypatch.setattr(Clinic, "audit", full)

    assert main(["export", "--patient", "P-1", "--out", str(tmp_path / "export.zip")]) == 1
    assert list(tmp_path.glob("*.zip")) == []


def test_an_export_that_is_imported_holds_the_same_photos_of_the_same_days(clinic: Clinic, tmp_path: Path) -> None:
    photos = furnished(clinic, "P-1", "MINE")
    exported(tmp_path).close()

    assert main(["import", str(tmp_path / "export.zip"), "--patient", "P-9", "--new-patient", "--site", "thigh"]) == 0

    copy = clinic.photos(clinic.views(patient_with_code(clinic, "P-9").id)[0].id)
    assert sorted((p.digest, p.taken_on) for p in copy) == sorted((p.digest, p.taken_on) for p in photos)
    assert {clinic.original(p.id) for p in copy} == {clinic.original(p.id) for p in photos}


def test_a_locked_export_is_noise_without_the_password_and_the_same_with_it(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.clinic.locked._COST", 10)
    furnished(clinic, "P-1", "MINE")
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "wrong").write_text(f"{PASSWORD}?\n")
    locked, opened = tmp_path / "locked.zip", tmp_path / "opened.zip"

    assert (
        main(["export", "--patient", "P-1", "--out", str(locked), "--password-file", str(tmp_path / "password")]) == 0
    )

    data = locked.read_bytes()
    assert data.startswith(MAGIC)
    assert b"record.json" not in data
    assert locked.stat().st_mode & 0o077 == 0
    again = ["export", "--open", str(locked), "--out", str(opened), "--password-file"]
    assert main([*again, str(tmp_path / "wrong")]) == 1
    assert not opened.exists()
    assert main([*again, str(tmp_path / "password")]) == 0
    with zipfile.ZipFile(opened) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("record.json"))["patient"] == "P-1"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
def test_a_locked_file_opens_whole_or_not_at_all(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.clinic.locked._COST", 10)
    plain, out = bytes(range(251)) * (size // 251 + 1), io.BytesIO()
    with LockedWriter(out, PASSWORD) as writer:
        for start in range(0, size, 7919):
            writer.write(plain[start : min(start + 7919, size)])
    data = out.getvalue()
    head = len(MAGIC) + 24

    assert b"".join(unlocked(io.BytesIO(data), PASSWORD)) == plain[:size]
    piece = 65_536 + 16
    bad = {
        "changed": data[:-1] + bytes([data[-1] ^ 1]),
        "cut": data[: head + piece * max(0, (len(data) - head - 1) // piece)],
        "longer": data + b"\0",
        "head": data[: head - 1] + bytes([data[head - 1] ^ 1]) + data[head:],
    }
    if size > 65_537:
        first, second, rest = data[head : head + piece], data[head + piece : head + 2 * piece], data[head + 2 * piece :]
        bad["swapped"] = data[:head] + second + first + rest
    for changed in bad.values():
        with pytest.raises(RecordError):
            b"".join(unlocked(io.BytesIO(changed), PASSWORD))


def test_a_short_password_and_another_file_are_refused() -> None:
    with pytest.raises(RecordError) as refusal:
        LockedWriter(io.BytesIO(), "short")
    assert refusal.value.code == "weak_password"
    with pytest.raises(RecordError) as refusal:
        next(unlocked(io.BytesIO(b"PK\x03\x04"), PASSWORD))
    assert refusal.value.code == "not_locked"


def test_an_export_that_fails_leaves_no_file(clinic: Clinic, tmp_path: Path) -> None:
    furnished(clinic, "P-1", "MINE")
    blobs = clinic._files.vault.blobs
    for blob in list(blobs.listed()):
        blobs.replace(blob.name, b"damaged")

    assert main(["export", "--patient", "P-1", "--out", str(tmp_path / "out" / "export.zip")]) == 1
    assert list((tmp_path / "out").iterdir()) == []


def test_formulas_are_texts_in_the_tables(clinic: Clinic, tmp_path: Path) -> None:
    view = clinic.add_view(clinic.add_patient(code="P-1").id, site="=HYPERLINK(0)")
    clinic.add_photo(view.id, picture(1), "@SUM(A1).jpg", taken_on=DAY)
    clinic.measure_waiting()

    with exported(tmp_path) as archive:
        rows = list(csv.reader(io.StringIO(archive.read("measurements.csv").decode())))

    assert not [cell for row in rows[1:] for cell in row[:6] if cell.startswith(("=", "@", "+", "-"))]
