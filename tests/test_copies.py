"""Copies of one record in front of one bucket: only one of them may change what lies there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.small_photos import another, picture
from tests.test_vault import bucket, server  # noqa: F401
from tracker.__main__ import main
from tracker.clinic import Clinic
from tracker.clinic.blobs import Area
from tracker.clinic.doctor import examine
from tracker.clinic.examining import State
from tracker.clinic.records import StoredPhoto
from tracker.clinic.restore import restore, settle
from tracker.clinic.sweeping import Swept
from tracker.errors import RecordError

FIRST, MUCH_LATER = date(2026, 3, 2), timedelta(days=40)


@pytest.fixture
def clinic(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:  # noqa: F811
    """A record whose photos lie in a bucket."""
    monkeypatch.setenv("TRACKER_VAULT", bucket)
    with Clinic.open(tmp_path / "home") as opened:
        opened.add_view(opened.add_patient(code="P-1").id, site="thigh")
        yield opened


def add(clinic: Clinic, number: int) -> StoredPhoto:
    view = clinic.views(clinic.patients()[0].id)[0]
    return clinic.add_photo(view.id, another(picture(1), number), f"{number}.jpg", taken_on=FIRST)


def refused(call: object) -> str:
    with pytest.raises(RecordError) as refusal:
        call()  # type: ignore[operator]
    return refusal.value.code


def lying(clinic: Clinic) -> dict[str, set[str]]:
    return {str(area): {blob.name for blob in clinic._files.vault.blobs.listed(area)} for area in Area}


def owner_check(clinic: Clinic) -> list[State]:
    return [each.state for each in examine(clinic.home) if each.name == "owner"]


@pytest.fixture
def copy(clinic: Clinic, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of the record as it was with two photos; the record has a third one since."""
    for number in (1, 2):
        add(clinic, number)
    clinic.back_up(tmp_path / "backups")
    add(clinic, 3)
    restored = restore(tmp_path / "backups", tmp_path / "copy")
    assert (restored.reads_only, restored.files, restored.missing) == (True, 2, ())
    settle(restored)
    with Clinic.open(tmp_path / "copy") as opened:
        yield opened


def test_a_restored_copy_reads_what_the_record_owns_and_removes_nothing_of_it(clinic: Clinic, copy: Clinic) -> None:
    before, later = lying(clinic), datetime.now(UTC) + MUCH_LATER
    photos = copy.photos(copy.views(copy.patients()[0].id)[0].id)

    assert [len(copy.original(photo.id)) > 1000 for photo in photos] == [True, True]
    assert copy.sweep(later) == Swept(0, 0, 0, 0)
    copy.remove_photo(photos[1].id)
    assert refused(lambda: add(copy, 4)) == "not_owner"
    copy.erase_at_once(copy.patients()[0].id, despite="a test")

    assert lying(clinic) == before
    assert len(copy.vault_notice()) > 50
    assert clinic.vault_notice() == ""
    assert (owner_check(copy), owner_check(clinic)) == ([State.ATTENTION], [])


def test_a_copy_that_takes_the_bucket_over_goes_on_with_it_and_the_record_only_reads(
    clinic: Clinic, copy: Clinic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(copy.home))
    main(["doctor", "--take-over"])

    assert "belong to this copy" in capsys.readouterr().out
    monkeypatch.setattr("tracker.clinic.vault._ASKED_EVERY", -1.0)  # as if a minute had passed
    assert add(copy, 4).id
    before = lying(copy)
    assert clinic.sweep(datetime.now(UTC) + MUCH_LATER) == Swept(0, 0, 0, 0)
    assert refused(lambda: add(clinic, 5)) == "not_owner"
    clinic.remove_photo(clinic.photos(clinic.views(clinic.patients()[0].id)[0].id)[2].id)
    assert lying(copy) == before
    assert (owner_check(copy), owner_check(clinic)) == ([], [State.ATTENTION])
    assert [entry.action for entry in copy.log(limit=5)].count("take_over_vault") == 1


def test_a_removal_asks_at_once_whether_the_bucket_is_still_ones_own(clinic: Clinic, copy: Clinic) -> None:
    """The record has just used the bucket and believes that it owns it."""
    photo = add(clinic, 6)
    copy.take_over_vault()

    clinic.remove_photo(photo.id)

    assert lying(clinic)["photos"] == lying(copy)["photos"]
    assert len(lying(copy)["photos"]) == 4


def test_restoring_with_the_take_over_puts_back_what_the_bucket_lost(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = add(clinic, 1)
    clinic.back_up(tmp_path / "backups")
    (name,) = lying(clinic)["photos"]
    clinic._files.vault.blobs.remove(name)
    looked_at = restore(tmp_path / "backups", tmp_path / "reading")
    assert (looked_at.reads_only, looked_at.missing) == (True, (name,))

    command = ["restore", str(tmp_path / "backups"), "--home", str(tmp_path / "new"), "--take-over"]
    assert main(command) == 0

    with Clinic.open(tmp_path / "new") as copy:
        assert copy.original(photo.id)
        assert copy.vault_notice() == ""
    assert clinic.vault_notice() != ""


def test_two_processes_of_one_copy_are_one_copy(clinic: Clinic) -> None:
    add(clinic, 1)
    with Clinic.open(clinic.home) as again:
        assert add(again, 2).id
        assert again.vault_notice() == ""
