"""Backups of a record whose photos are in a bucket, and restoring into one: as whole as on a disk."""

from __future__ import annotations

import hashlib
import os
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError

from tests.buckets import ObjectStore, running_object_store
from tests.small_photos import another, picture
from tests.test_backup import FIRST, add, contents, damage, drilled, new_view
from tracker.__main__ import main
from tracker.clinic import Clinic
from tracker.clinic import restore as restore_module
from tracker.clinic.backup_form import BLOBS, backups_in, read_list
from tracker.clinic.blobs import Area
from tracker.clinic.buckets import Bucket
from tracker.clinic.doctor import examine
from tracker.clinic.restore import restore, settle
from tracker.clinic.sweeping import named
from tracker.clinic.vault import ORIGINAL
from tracker.errors import RecordError

LIVE = 5
PLACES = ("folder", "bucket")


@dataclass
class Buckets:
    """Names in the environment the place where the next record keeps its photos."""

    store: ObjectStore
    patch: pytest.MonkeyPatch

    def new(self) -> str:
        """From now on a bucket that is empty."""
        return self.use(f"{self.store.bucket()}/records/one")

    def use(self, address: str) -> str:
        """From now on this one; nothing stands for the folder of the record."""
        self.patch.setenv("TRACKER_VAULT", address)
        return address


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with running_object_store() as found:
        yield found


@pytest.fixture
def buckets(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    for name, value in server.settings.items():
        monkeypatch.setenv(name, value)
    return Buckets(server, monkeypatch)


@pytest.fixture
def clinic(buckets: Buckets, tmp_path: Path) -> Iterator[Clinic]:
    """An empty record with its photos in a bucket."""
    buckets.new()
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def sealed(bucket: Bucket) -> dict[str, bytes | None]:
    """Every sealed file of a bucket."""
    return {blob.name: bucket.read(blob.name) for area in Area for blob in bucket.listed(area)}


def needed(clinic: Clinic) -> set[str]:
    with clinic._store.reading() as connection:
        return named(connection)


def test_live_backups_of_a_bucket_are_restored_into_an_empty_one(
    clinic: Clinic, buckets: Buckets, out: Path, tmp_path: Path
) -> None:
    """Photos are added and removed while it runs; what was acknowledged before a backup began is in it."""
    view, doomed = new_view(clinic), new_view(clinic, "P-2")
    stop, stored, failures = threading.Event(), dict[str, str](), list[BaseException]()
    acknowledged = threading.Semaphore(0)

    def write() -> None:
        try:
            for number in range(10_000):
                if stop.is_set():
                    return
                data = another(picture(1), number)
                photo = clinic.add_photo(view.id, data, f"{number}.jpg", taken_on=FIRST)
                stored[photo.id] = hashlib.sha256(data).hexdigest()
                acknowledged.release()
                clinic.remove_photo(add(clinic, doomed, 20_000 + number)[0].id)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    made = []
    try:
        for _ in range(LIVE):
            assert acknowledged.acquire(timeout=60), failures  # another one since the last backup
            before = dict(stored)
            made.append((before, clinic.back_up(out)))
    finally:
        stop.set()
        thread.join()

    assert failures == []
    assert len(made[-1][0]) >= LIVE
    there = clinic._files.vault.blobs
    for number, (before, backup) in enumerate(made):
        assert backup.missing == ()
        address, home = buckets.new(), tmp_path / f"restored-{number}"
        restored = restore(backup.folder, home)
        settle(restored)
        assert damage(examine(home, full=True)) == []
        assert not list((home / "photos").rglob("*"))
        with Clinic.open(home) as copy:
            held = contents(copy)
            kept = sealed(Bucket(address))
            assert set(kept) == needed(copy)
        assert {photo: digest for photo, digest in before.items() if held.get(photo) != digest} == {}
        assert {name for name, data in kept.items() if there.read(name) not in (data, None)} == set()
        assert restored.files == len(kept)


@pytest.mark.parametrize("there", PLACES)
@pytest.mark.parametrize("here", PLACES)
def test_a_backup_is_restored_from_and_into_either_and_nobody_comes_back(
    here: str, there: str, buckets: Buckets, out: Path, tmp_path: Path
) -> None:
    if here == there == "folder":
        pytest.skip("all the tests of backups")
    if here == "bucket":
        buckets.new()
    with Clinic.open(tmp_path / "home") as clinic:
        view, gone = new_view(clinic), new_view(clinic, "P-2")
        photos = add(clinic, view, 1, 2, 3)
        add(clinic, gone, 4, 5)
        clinic.measure_waiting(limit=1)
        first = clinic.back_up(out)
        originals = {photo.id: clinic.original(photo.id) for photo in photos}
        clinic.erase_at_once(gone.patient_id, despite="a test")
        clinic.back_up(out)
        assert len(list(clinic._files.vault.names())) == 3
    if there == "folder":
        buckets.patch.delenv("TRACKER_VAULT", raising=False)
    else:
        buckets.new()

    settled = settle(restore(first.folder, tmp_path / "new"))  # the older one, in which all are still there

    assert settled.erased == (gone.patient_id,)
    assert damage(examine(tmp_path / "new", full=True)) == []
    with Clinic.open(tmp_path / "new") as copy:
        assert [patient.code for patient in copy.patients()] == ["P-1"]
        assert {photo: copy.original(photo) for photo in originals} == originals
        assert {blob.name for blob in copy._files.vault.names()} == needed(copy)
        assert len(needed(copy)) == 3
        add(copy, view, 6)  # and it can be gone on with
        assert len(contents(copy)) == 4
    assert bool(list((tmp_path / "new" / "photos").glob("??/*"))) == (there == "folder")


def test_a_drill_touches_no_bucket(clinic: Clinic, buckets: Buckets, out: Path, tmp_path: Path) -> None:
    add(clinic, new_view(clinic), 1, 2)
    clinic.back_up(out)
    address = os.environ["TRACKER_VAULT"]
    before = sealed(Bucket(address))

    assert drilled(out, tmp_path / "copy") == []

    assert sealed(Bucket(address)) == before
    other = buckets.new()
    assert drilled(out, tmp_path / "another copy") == []
    assert list(obstore.list(Bucket(other)._store)) == []


def test_what_is_damaged_or_gone_in_its_own_bucket_is_mended_by_a_restore(
    clinic: Clinic, out: Path, tmp_path: Path
) -> None:
    add(clinic, new_view(clinic), 1, 2, 3)
    expected = contents(clinic)
    clinic.back_up(out)
    clinic.close()
    bucket = Bucket(os.environ["TRACKER_VAULT"])
    before = sealed(bucket)
    rotten, lost, _ = sorted(before)
    data = before[rotten] or b""
    bucket.replace(rotten, data[:-1] + bytes([data[-1] ^ 1]))
    bucket.remove(lost)

    restored = restore(out, tmp_path / "new", take_over=True)
    settle(restored)

    assert restored.damaged == ()
    assert sealed(bucket) == before
    assert damage(examine(tmp_path / "new", full=True)) == []
    with Clinic.open(tmp_path / "new") as copy:
        assert contents(copy) == expected


def test_a_bucket_of_another_record_is_refused_and_left_as_it_is(
    clinic: Clinic, buckets: Buckets, out: Path, tmp_path: Path
) -> None:
    add(clinic, new_view(clinic), 1)
    clinic.back_up(out)
    theirs = buckets.new()
    with Clinic.open(tmp_path / "other") as other:
        add(other, new_view(other), 2)
        before = sealed(Bucket(theirs))

        with pytest.raises(RecordError) as refusal:
            restore(out, tmp_path / "new")

        assert refusal.value.code == "other_vault"
        assert sealed(Bucket(theirs)) == before
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".restoring*"))


def test_a_bucket_that_stops_to_answer_leaves_no_half_record_and_the_restore_can_be_repeated(
    clinic: Clinic, buckets: Buckets, out: Path, tmp_path: Path
) -> None:
    add(clinic, new_view(clinic), 1, 2, 3)
    expected = contents(clinic)
    clinic.back_up(out)
    buckets.new()
    put, left = obstore.put, [True] * 2  # its owner and one photo

    def put_some(*arguments: object, **options: object) -> object:
        if not left:
            raise BaseError("the line is cut")
        left.pop()
        return put(*arguments, **options)

    loaded = []
    with buckets.patch.context() as patch:
        patch.setattr(obstore, "put", put_some)
        patch.setattr(restore_module, "_load", lambda *given: loaded.append(given))
        patch.setenv("TRACKER_DATABASE", "postgresql://somewhere")
        with pytest.raises(RecordError) as refusal:
            restore(out, tmp_path / "new")

    assert refusal.value.code == "not_saved"
    assert loaded == []  # a database that has its rows already would refuse them the next time
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".restoring*"))
    settle(restore(out, tmp_path / "new", take_over=True))
    with Clinic.open(tmp_path / "new") as copy:
        assert contents(copy) == expected


def test_a_bucket_that_does_not_answer_leaves_the_backups_as_they_were(
    clinic: Clinic, buckets: Buckets, out: Path, tmp_path: Path
) -> None:
    view = new_view(clinic)
    add(clinic, view, 1)
    clinic.back_up(out)
    add(clinic, view, 2)

    def cut(*_arguments: object, **_options: object) -> None:
        raise BaseError("the line is cut")

    with buckets.patch.context() as patch:
        patch.setattr(obstore, "get", cut)
        with pytest.raises(RecordError) as refusal:
            clinic.back_up(out)

    assert refusal.value.code == "not_read"
    assert len(backups_in(out)) == 1
    assert drilled(out, tmp_path / "copy") == []
    assert clinic.back_up(out).copied == 1
    assert not list(out.glob(".2*"))


def test_a_photo_that_was_set_aside_or_lost_is_backed_up_or_said(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    add(clinic, new_view(clinic), 1, 2)
    blobs = clinic._files.vault.blobs
    aside, lost = sorted(needed(clinic))
    assert blobs.move(aside, Area.ASIDE)
    blobs.remove(lost)

    made = clinic.back_up(out)

    assert made.missing == (lost,)
    assert [blob.name for blob in read_list(made.folder / BLOBS)] == [aside]
    assert [each.name for each in drilled(out, tmp_path / "new")] == ["files"]


def test_the_sweeper_of_a_restored_bucket_finds_nothing_to_do(clinic: Clinic, buckets: Buckets, out: Path) -> None:
    """What a backup holds of photos that were removed since is not put back."""
    view = new_view(clinic)
    photos = add(clinic, view, 1, 2)
    clinic.back_up(out)
    clinic.remove_photo(photos[0].id)
    clinic._files.vault.put(view.patient_id, ORIGINAL, random.Random(1).randbytes(100))  # of no row
    made = clinic.back_up(out)
    address, home = buckets.new(), out.with_name("new")

    settle(restore(made.folder, home))

    with Clinic.open(home) as copy:
        assert set(sealed(Bucket(address))) == needed(copy)
        assert len(needed(copy)) == 1


def test_the_commands_move_a_record_into_a_bucket(
    buckets: Buckets, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the page for operators says: back up, then restore with the bucket in the environment."""
    buckets.patch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    with Clinic.open() as clinic:
        add(clinic, new_view(clinic), 1, 2)
        expected = contents(clinic)
    assert main(["backup", "--out", str(out)]) == 0
    address = buckets.new()

    assert main(["restore", str(out), "--home", str(tmp_path / "new")]) == 0

    buckets.patch.setenv("TRACKER_HOME", str(tmp_path / "new"))
    with Clinic.open() as copy:
        assert contents(copy) == expected
    assert len(sealed(Bucket(address))) == 2
    capsys.readouterr()
    assert main(["doctor", "--full"]) < 2
    assert "2 photos were opened" in capsys.readouterr().out
    assert main(["backup", "--out", str(tmp_path / "backups of the new one")]) == 0
    assert main(["restore", str(tmp_path / "backups of the new one"), "--drill"]) == 0
