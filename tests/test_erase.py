"""Erasing: what has to stay is said, who begins does not finish, and afterwards nothing is left anywhere."""

from __future__ import annotations

import io
import logging
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import insert, update

from tests.small_photos import picture
from tracker.__main__ import main
from tracker.clinic import Clinic, schema
from tracker.clinic.actors import Actor, Role
from tracker.clinic.doctor import examine
from tracker.clinic.erasing import Eraser
from tracker.clinic.examining import State
from tracker.clinic.records import StoredPhoto
from tracker.clinic.restore import restore, settle
from tracker.clinic.retention import RetentionRule, kept
from tracker.clinic.sealing import secrets_of
from tracker.clinic.tombstones import Tombstone, add_tombstones, read_tombstones, tombstone_file
from tracker.errors import RecordError

CANARIES = [f"CANARY{number:02}{'XYZ'[number % 3]}" for number in range(20)]
LONG_AGO = date(2010, 3, 1)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


def with_photos(clinic: Clinic, code: str, canaries: list[str], day: date = LONG_AGO) -> list[StoredPhoto]:
    """A patient in whose every text there is a canary: name, note, file names, EXIF."""
    name, note, *others = canaries
    patient = clinic.add_patient(code=code, name=f"Maria {name}", note=f"Tells that {note}")
    view = clinic.add_view(patient.id, site="thigh", laterality="left")
    photos = []
    for number, (file, exif) in enumerate(zip(others[::2], others[1::2], strict=True)):
        data = picture(number, text=exif)
        photos.append(clinic.add_photo(view.id, data, f"{file}.jpg", taken_on=day + timedelta(days=number)))
    clinic.measure_waiting()
    for photo in photos:
        clinic.picture(photo.id, width=100)
    return photos


def found_in(folders: list[Path], words: list[bytes]) -> list[tuple[str, bytes]]:
    """Files below some folders, and their names, that hold one of the words."""
    found = []
    for folder in folders:
        for path in (path for path in folder.rglob("*") if path.is_file()):
            data = path.read_bytes() + str(path).encode()
            found += [(str(path), word) for word in words if word in data]
    return found


def pixels_of(clinic: Clinic, photo: StoredPhoto) -> bytes:
    """A block of the compressed picture, as a carver would look for it."""
    data = clinic.original(photo.id)
    return data[len(data) // 2 : len(data) // 2 + 48]


def test_nothing_is_left_of_an_erased_patient_and_a_backup_brings_nobody_back(
    clinic: Clinic, tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Twenty canaries in name, note, file names and EXIF, blocks of pixels, and the key itself."""
    for number, canary in enumerate(CANARIES[3::2]):
        picture(number, text=canary)  # made before the log is read: who makes it may log what it holds
    caplog.set_level(logging.DEBUG)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr("tempfile.tempdir", None)
    photos = with_photos(clinic, "P-1", CANARIES)
    kept_photos = with_photos(clinic, "P-2", [f"OTHER{number}" for number in range(6)])
    with clinic._store.reading() as connection:
        key = secrets_of(connection).keys.key(photos[0].patient_id)
        wrapped = secrets_of(connection).master.wrap(key)
    words = [canary.encode() for canary in CANARIES] + [pixels_of(clinic, photo) for photo in photos] + [key]
    older = clinic.back_up(tmp_path / "backups").folder
    assert found_in([clinic.home, scratch, tmp_path / "backups"], words) == []  # not even before
    traces = [*words, wrapped, *(photo.id.encode() for photo in photos)]
    assert found_in([clinic.home], [wrapped]) != []  # the search finds what is there

    receipt = clinic.erase_at_once(photos[0].patient_id)

    assert (receipt.photos, receipt.tombstone.patient_id) == (len(photos), photos[0].patient_id)
    assert receipt.tombstone.key
    assert not any(canary in receipt.text() for canary in CANARIES)
    clinic.close()
    assert found_in([clinic.home, scratch], traces) == []
    assert not any(canary in caplog.text for canary in CANARIES)

    settled = settle(restore(older, tmp_path / "restored"))
    assert settled.erased == (photos[0].patient_id,)
    assert found_in([tmp_path / "restored"], traces) == []
    with Clinic.open(tmp_path / "restored") as copy:
        assert [patient.code for patient in copy.patients()] == ["P-2"]
        assert [copy.original(photo.id)[:2] for photo in kept_photos] == [b"\xff\xd8"] * 2
        copy.back_up(tmp_path / "backups")
    assert found_in([tmp_path / "backups" / "keys"], [wrapped]) == []
    assert [each for each in examine(tmp_path / "restored", full=True) if each.state is State.DAMAGE] == []


def test_a_stolen_backup_with_the_master_key_and_the_newest_keys_shows_nothing_of_who_was_erased(
    clinic: Clinic, tmp_path: Path
) -> None:
    """Without the tombstones, as if they had been lost: the key is gone, and the rest is noise."""
    photo, *_ = with_photos(clinic, "P-1", CANARIES[:4])
    older = clinic.back_up(tmp_path / "backups").folder
    clinic.erase_at_once(photo.patient_id)
    clinic.back_up(tmp_path / "backups")
    clinic.close()
    for list_of_erased in (tmp_path / "backups" / "erased", tombstone_file(clinic.home)):
        list_of_erased.unlink()

    restore(older, tmp_path / "restored")

    with Clinic.open(tmp_path / "restored") as copy:
        assert copy.patients() == ()  # the store of keys remembers too
    assert found_in([tmp_path / "restored"], [word.encode() for word in CANARIES[:4]]) == []


@pytest.mark.parametrize("step", ["keys.destroy", "rows", "files"])
def test_an_erasure_that_was_ended_half_way_is_carried_to_its_end(
    step: str, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo, *_ = with_photos(clinic, "P-1", CANARIES[:4])
    place = {
        "keys.destroy": ("tracker.clinic.keystore.KeyStore.destroy"),
        "rows": ("tracker.clinic.erasing._blobs"),
        "files": ("tracker.clinic.vault.Vault.remove"),
    }[step]

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, killed)
        with pytest.raises(KeyboardInterrupt):
            clinic.erase_at_once(photo.patient_id)
    clinic.close()

    with Clinic.open(clinic.home) as again:
        assert again.patients() == ()
        with pytest.raises(RecordError):
            again.original(photo.id)
    checks = {each.name: each.state for each in examine(clinic.home, full=True)}
    assert checks["erased"] is State.GOOD
    assert State.DAMAGE not in checks.values()


def test_a_record_that_has_to_be_kept_is_not_erased_by_accident(clinic: Clinic) -> None:
    recent = with_photos(clinic, "P-1", CANARIES[:4], day=date(2025, 5, 6))[0].patient_id

    preview = clinic.erasure_preview(recent)
    assert preview.kept is not None
    assert preview.kept.until == date(2035, 5, 6)
    assert (preview.photos, preview.rows["view"]) == (1, 1)
    with pytest.raises(RecordError) as refusal:
        clinic.erase_at_once(recent)
    assert refusal.value.code == "kept"
    assert clinic.patient(recent).code == "P-1"
    assert read_tombstones(tombstone_file(clinic.home)) == ()

    assert clinic.erase_at_once(recent, despite="The court has ordered it.").despite == "The court has ordered it."
    assert clinic.patients() == ()


@pytest.mark.parametrize(
    ("last", "born", "until"),
    [
        (date(2020, 2, 29), None, date(2030, 3, 1)),
        (date(2020, 6, 1), 1970, date(2030, 6, 1)),
        (date(2020, 6, 1), 2010, date(2039, 1, 1)),  # ten years old then: until the year after the 28th birthday
        (date(2020, 6, 1), 2002, date(2031, 1, 1)),
    ],
)
def test_records_are_kept_by_the_rule_of_the_clinic(
    last: date, born: int | None, until: date, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = clinic.add_patient(code="P-1")
    view = clinic.add_view(patient.id, site="thigh")
    clinic.note_injection(view.id, last)
    monkeypatch.setattr("tracker.clinic.retention.birth_year", lambda connection, patient_id: born)

    with clinic._store.reading() as connection:
        the_day_before = kept(connection, patient.id, until - timedelta(days=1))
        assert the_day_before is not None
        assert the_day_before.until == until
        assert kept(connection, patient.id, until) is None
    clinic.set_retention_rule(RetentionRule(years=1, minors_until=0))
    assert clinic.retention_rule() == RetentionRule(years=1, minors_until=0)
    with clinic._store.reading() as connection:
        assert kept(connection, patient.id, date(2022, 1, 1)) is None


def test_the_wait_before_an_erasure_cannot_be_ruled_away() -> None:
    """Whoever is the only owner would set it to nothing and erase at once."""
    assert RetentionRule(wait_hours=24).wait_hours == RetentionRule().wait_hours
    with pytest.raises(RecordError) as refused:
        RetentionRule(wait_hours=23)
    assert refused.value.code == "rule"


def test_a_legal_hold_outlasts_every_rule_and_says_why(clinic: Clinic) -> None:
    patient = with_photos(clinic, "P-1", CANARIES[:4])[0].patient_id
    clinic.set_legal_hold(patient, "Letter of a lawyer, CANARY-HOLD")

    preview = clinic.erasure_preview(patient)
    assert preview.kept is not None
    assert preview.kept.until is None
    assert "CANARY-HOLD" in preview.kept.why
    assert found_in([clinic.home], [b"CANARY-HOLD"]) == []
    with pytest.raises(RecordError):
        clinic.erase_at_once(patient)
    clinic.set_legal_hold(patient, None)
    clinic.erase_at_once(patient)


def test_who_begins_an_erasure_does_not_carry_it_out_before_a_day_has_passed(clinic: Clinic) -> None:
    patient = with_photos(clinic, "P-1", CANARIES[:4])[0].patient_id
    eraser = Eraser(clinic._store, clinic._files)
    with pytest.raises(RecordError) as refusal:
        eraser.erase(patient, "one")
    assert refusal.value.code == "not_begun"

    begun = eraser.begin(patient, "one")
    assert eraser.begin(patient, "two") == begun
    with pytest.raises(RecordError) as refusal:
        eraser.erase(patient, "one")
    assert refusal.value.code == "wait"
    eraser.give_up(patient)
    assert eraser.preview(patient).asked_at is None

    eraser.begin(patient, "one")
    with clinic._store.writing() as connection:
        asked = clinic.erasure_preview(patient).asked_at
        assert asked is not None
        connection.execute(update(schema.erasure).values(asked_at=asked - timedelta(hours=25)))
    assert eraser.erase(patient, "one").photos == 1


def test_somebody_else_can_carry_it_out_at_once(clinic: Clinic) -> None:
    patient = with_photos(clinic, "P-1", CANARIES[:4])[0].patient_id
    eraser = Eraser(clinic._store, clinic._files)
    eraser.begin(patient, "one")

    assert eraser.erase(patient, "two").photos == 1


def test_the_same_photo_of_somebody_else_stays(clinic: Clinic) -> None:
    ids = []
    for code in ("P-1", "P-2"):
        view = clinic.add_view(clinic.add_patient(code=code).id, site="thigh")
        ids.append(clinic.add_photo(view.id, picture(1), "same.jpg", taken_on=LONG_AGO))

    clinic.erase_at_once(ids[0].patient_id)

    assert clinic.original(ids[1].id) == picture(1)


def test_a_record_that_is_only_kept_can_be_looked_at_by_nobody(clinic: Clinic) -> None:
    photo, *_ = with_photos(clinic, "P-1", CANARIES[:4])
    clinic.restrict(photo.patient_id)
    assert clinic.is_restricted(photo.patient_id)
    with clinic._store.writing() as connection:
        row = {
            "id": "a" * 32, "role": "owner", "name": "", "name_index": "", "password": "", "totp": "",
            "is_totp_confirmed": True, "last_step": 0, "created_at": photo.received_at,
        }  # fmt: skip
        connection.execute(insert(schema.account).values(row))
    owner = clinic.acting_for(Actor("a" * 32, Role.OWNER))

    for look in (lambda: owner.picture(photo.id, width=100), lambda: owner.report(photo.view_id)):
        with pytest.raises(RecordError) as refusal:
            look()
        assert refusal.value.code == "not_allowed"
    assert owner.patients()[0].code == "P-1"
    owner.restrict(photo.patient_id, is_restricted=False)
    with Image.open(io.BytesIO(owner.picture(photo.id, width=100))) as shown:
        assert shown.width == 100


def test_the_command_shows_what_would_go_and_asks_for_the_code_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    with Clinic.open() as clinic:
        with_photos(clinic, "P-1", CANARIES[:4])
        with_photos(clinic, "P-2", CANARIES[4:8], day=date(2025, 5, 6))

    assert main(["erase", "--patient", "P-1"]) == 0
    assert "destroys 1 photos" in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO("P-2\n"))
    assert main(["erase", "--patient", "P-1", "--confirm"]) == 1
    with Clinic.open() as clinic:
        assert len(clinic.patients()) == 2

    receipt = tmp_path / "receipt.txt"
    monkeypatch.setattr("sys.stdin", io.StringIO("P-1\n"))
    assert main(["erase", "--patient", "P-1", "--confirm", "--receipt", str(receipt)]) == 0
    assert "Destroyed key" in receipt.read_text()
    monkeypatch.setattr("sys.stdin", io.StringIO("P-2\n"))
    assert main(["erase", "--patient", "P-2", "--confirm"]) == 1  # it has to be kept
    assert "kept until 2035-05-06" in capsys.readouterr().err
    with Clinic.open() as clinic:
        assert [patient.code for patient in clinic.patients()] == ["P-2"]
        verbs = [entry.action for entry in clinic.log()]
    assert "erase_at_once" in verbs


def test_of_many_erasures_at_once_none_is_left_out_of_the_list(tmp_path: Path) -> None:
    path, at = tmp_path / "keys" / "record.erased", "2026-03-02T09:00:00+00:00"
    begun = threading.Barrier(8)

    def erase_some(first: int) -> None:
        begun.wait()
        for number in range(first, 48, 8):
            add_tombstones(path, (Tombstone(f"patient {number}", at, ""),))

    threads = [threading.Thread(target=erase_some, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {each.patient_id for each in read_tombstones(path)} == {f"patient {number}" for number in range(48)}
