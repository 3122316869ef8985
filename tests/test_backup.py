"""Backups: made while others write, each of them whole, useless without the key, and no way back for who was erased."""

from __future__ import annotations

import base64
import errno
import hashlib
import os
import shutil
import sqlite3
import threading
import warnings
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.cast import cast, row
from tests.postgres import Server, running_server
from tests.small_photos import another, picture
from tracker.__main__ import main
from tracker.clinic import Clinic, StoredPhoto, View, clock, schema, web_sessions
from tracker.clinic import backup as backup_module
from tracker.clinic import restore as restore_module
from tracker.clinic.actors import Role
from tracker.clinic.audit import Head
from tracker.clinic.backup_form import BLOBS, DATABASE, alone, backups_in, pool_file, read_list, read_manifest
from tracker.clinic.doctor import examine
from tracker.clinic.examining import Examined, State
from tracker.clinic.keys import key_file
from tracker.clinic.restore import chosen_backup, restore, settle
from tracker.clinic.vault import REPORT
from tracker.errors import RecordError

LIVE = 25
FIRST = date(2026, 1, 1)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def new_view(clinic: Clinic, code: str = "P-1") -> View:
    return clinic.add_view(clinic.add_patient(code=code, name="Maria Muster").id, site="thigh")


def add(clinic: Clinic, view: View, *numbers: int) -> list[StoredPhoto]:
    return [
        clinic.add_photo(view.id, another(picture(1), n), f"{n}.jpg", taken_on=FIRST + timedelta(days=n % 300))
        for n in numbers
    ]


def contents(clinic: Clinic) -> dict[str, str]:
    """SHA-256 of the original of every photo, by its id."""
    found = {}
    for patient in clinic.patients():
        for view in clinic.views(patient.id):
            for photo in clinic.photos(view.id):
                found[photo.id] = hashlib.sha256(clinic.original(photo.id)).hexdigest()
    return found


def damage(found: tuple[Examined, ...]) -> list[Examined]:
    return [each for each in found if each.state is State.DAMAGE]


def drilled(place: Path, home: Path) -> list[Examined]:
    """What is damaged in a copy of a backup, every photo opened."""
    restored = restore(place, home, is_drill=True)
    log = read_manifest(restored.backup)["log"]
    return damage(examine(home, full=True, drill=Head(log["number"], log["mac"])))


def test_live_backups_while_others_write_are_all_whole(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    """Two threads add photos, a third removes some; what was acknowledged before a backup began is in it."""
    view, doomed = new_view(clinic), new_view(clinic, "P-2")
    stop, stored, failures = threading.Event(), dict[str, str](), list[BaseException]()
    acknowledged = threading.Semaphore(0)

    def write(start: int) -> None:
        try:
            for number in range(start, start + 10_000):
                if stop.is_set():
                    return
                data = another(picture(1), number)
                photo = clinic.add_photo(view.id, data, f"{number}.jpg", taken_on=FIRST)
                stored[photo.id] = hashlib.sha256(data).hexdigest()
                acknowledged.release()
        except BaseException as error:
            failures.append(error)

    def remove() -> None:
        try:
            for number in range(50_000, 60_000):
                if stop.is_set():
                    return
                clinic.remove_photo(add(clinic, doomed, number)[0].id)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 20_000)]
    threads.append(threading.Thread(target=remove))
    for thread in threads:
        thread.start()
    made = []
    try:
        for _ in range(LIVE):
            assert acknowledged.acquire(timeout=60), failures  # another one since the last backup
            before = dict(stored)
            made.append((before, clinic.back_up(out)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()

    assert failures == []
    assert len(stored) >= LIVE  # there was something to lose
    for number, (before, backup) in enumerate(made):
        assert backup.missing == ()
        home = tmp_path / f"restored-{number}"
        assert drilled(backup.folder, home) == []
        with Clinic.open(home) as copy:
            held = contents(copy)
        assert {photo: digest for photo, digest in before.items() if held.get(photo) != digest} == {}
        shutil.rmtree(home)


def test_a_restored_record_is_the_one_that_was_backed_up(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    view = new_view(clinic)
    add(clinic, view, 1, 2, 3)
    clinic.note_injection(view.id, FIRST)
    clinic.back_up(out)
    expected = contents(clinic)
    add(clinic, view, 4)
    clinic.close()

    settled = settle(restore(out, tmp_path / "new"))

    assert settled.erased == ()
    assert damage(examine(tmp_path / "new", full=True)) == []
    with Clinic.open(tmp_path / "new") as copy:
        assert contents(copy) == expected
        assert [patient.name for patient in copy.patients()] == ["Maria Muster"]
        assert copy.injections(view.id) == (FIRST,)
        add(copy, view, 5)  # and it can be gone on with


def test_what_was_taken_back_since_the_backup_opens_no_door_in_the_restored_record(out: Path, tmp_path: Path) -> None:
    with cast(tmp_path / "home") as people:
        clinic = people.clinic
        with clinic._store.writing() as connection:
            report = row(connection, schema.issued_report, people.own)
            account = people.actors["practitioner"].account_id
            session, _ = web_sessions.begin(connection, clock.now(), account_id=account)
        link = clinic.issue_link(report)
        invitation = clinic.add_account(Role.PRACTITIONER, "leaver")
        clinic.back_up(out)
        clinic.revoke_link(link.id)  # it went to the wrong person
        clinic.revoke_sessions(account)
        clinic.disable_account(clinic.accounts()[-1].id)

    assert settle(restore(out, tmp_path / "new")).links_ended == 1

    with Clinic.open(tmp_path / "new") as copy:
        assert not copy.is_link_alive(link.token)
        assert copy.session_of(session) is None
        with pytest.raises(RecordError) as refused:
            copy.accept_invitation(invitation, "a long and quiet afternoon")
        assert refused.value.code == "bad_invitation"
        assert copy.verify_log() == ()
        assert copy._store.verify().broken == ()
        assert "revoke_link" in {entry.action for entry in copy.log_of(people.own)}


def test_only_what_is_new_is_copied_and_old_backups_go_with_what_only_they_need(clinic: Clinic, out: Path) -> None:
    view = new_view(clinic)
    first, *_ = add(clinic, view, 1, 2, 3)
    assert clinic.back_up(out).copied == 3
    clinic.remove_photo(first.id)
    add(clinic, view, 4)

    second = clinic.back_up(out)
    assert (second.files, second.copied, second.removed) == (3, 1, ())
    assert len(list((out / "blobs").glob("??/*"))) == 4

    third = clinic.back_up(out, keep=2)
    assert (third.copied, len(third.removed)) == (0, 1)
    assert backups_in(out) == (second.folder, third.folder)
    assert len(list((out / "blobs").glob("??/*"))) == 3


def test_a_backup_holds_neither_the_key_nor_anything_readable(clinic: Clinic, out: Path) -> None:
    view = new_view(clinic)
    photo = clinic.add_photo(view.id, picture(1, text="CANARY-OF-EXIF"), "Maria Muster.jpg", taken_on=FIRST)
    clinic.back_up(out)

    key = base64.b64decode(key_file(clinic.home).read_text())
    original = clinic.original(photo.id)
    for path in (path for path in out.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
        for secret in (key, base64.b64encode(key), b"Muster", b"CANARY", original[2000:2032]):
            assert secret not in data


@pytest.mark.parametrize("what", [DATABASE, BLOBS, "manifest.json", "keys"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(what: str, clinic: Clinic, out: Path, tmp_path: Path) -> None:
    add(clinic, new_view(clinic), 1, 2)
    folder = clinic.back_up(out).folder
    path = folder / what
    if what == "keys":
        path = out / "keys" / "keys.sqlite"
    data = bytearray(path.read_bytes())
    wrapped = data.find(b"root") + 10 if what == "keys" else len(data) // 2
    data[wrapped] ^= 4
    path.write_bytes(data)
    before = sorted(tmp_path.iterdir())

    with pytest.raises(RecordError) as refusal:
        restore(out, tmp_path / "new")

    assert refusal.value.code in ("damaged", "no_backup", "key_wrong", "key_missing", "newer_backup")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("what", [BLOBS, "manifest.json"])
@pytest.mark.parametrize("harm", ["torn", "changed", "empty"])
def test_a_damaged_list_of_an_old_backup_does_not_keep_the_next_from_being_whole(
    what: str, harm: str, clinic: Clinic, out: Path, tmp_path: Path
) -> None:
    view = new_view(clinic)
    add(clinic, view, 1, 2)
    first = clinic.back_up(out)
    path = first.folder / what
    data = path.read_bytes()
    changed = (
        data[:-2] + bytes([data[-2] ^ 1]) + data[-1:] if what == BLOBS else data.replace(b'"count": 2', b'"count": 3')
    )
    path.write_bytes({"torn": data[: len(data) // 2], "changed": changed, "empty": b""}[harm])
    assert path.read_bytes() != data
    add(clinic, view, 3)

    second = clinic.back_up(out)

    assert second.damaged == (first.folder.name,)
    assert (second.files, second.copied) == (3, 3), "everything is taken again"
    assert [each.what for each in examine(clinic.home) if each.name == "old_backups"] == [
        f"1 earlier backups are damaged and cannot be restored: {first.folder.name}."
    ]
    assert drilled(out, tmp_path / "new") == []

    third = clinic.back_up(out, keep=1)  # the damaged one goes in its turn, and nothing that is needed with it

    assert (third.copied, third.damaged) == (0, ())
    assert not first.folder.exists()
    assert [each.state for each in examine(clinic.home) if each.name == "old_backups"] == [State.GOOD]
    assert drilled(out, tmp_path / "again") == []


def test_a_photo_that_rotted_in_a_backup_does_not_cost_the_others(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    add(clinic, new_view(clinic), 1, 2)
    rotten = read_list(clinic.back_up(out).folder / BLOBS)[0].name
    path = pool_file(out, rotten)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)

    restored = restore(out, tmp_path / "new", is_drill=True)

    assert restored.damaged == (rotten,)
    assert restored.files == 1
    assert sum(p.is_file() for p in (tmp_path / "new" / "photos").rglob("*")) == 1


def test_what_rotted_in_a_backup_is_copied_anew_within_a_week(
    clinic: Clinic, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(clinic, new_view(clinic), 1, 2)
    path = pool_file(out, read_list(clinic.back_up(out).folder / BLOBS)[0].name)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

    monkeypatch.setattr(backup_module, "CHECKED_IN_DAYS", 1)  # as if this were the day of this file
    made = clinic.back_up(out)

    assert made.copied == 1
    assert path.read_bytes() == whole
    assert drilled(out, tmp_path / "new") == []


def test_every_file_that_is_missing_from_a_backup_is_noticed(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    add(clinic, new_view(clinic), 1, 2)
    clinic.back_up(out)
    for path in sorted(path for path in out.rglob("*") if path.is_file() and path.name not in (".lock", "erased")):
        kept = path.read_bytes()
        path.unlink()
        if path.parents[1].name == backup_module.POOL:
            place = tmp_path / f"without-{path.name[:8]}"
            assert restore(out, place, is_drill=True).damaged == (path.name,)
        else:
            with pytest.raises(RecordError):
                restore(out, tmp_path / "new")
        path.write_bytes(kept)
    assert not (tmp_path / "new").exists()
    assert drilled(out, tmp_path / "new") == []


def test_a_backup_of_another_record_does_not_pass_for_this_one(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    add(clinic, new_view(clinic), 1)
    folder = clinic.back_up(out).folder
    with Clinic.open(tmp_path / "other") as other:
        add(other, new_view(other), 2)
        theirs = other.back_up(tmp_path / "theirs").folder
    shutil.copy(theirs / "manifest.json", folder / "manifest.json")

    with pytest.raises(RecordError):
        restore(out, tmp_path / "new")


def test_without_the_master_key_nothing_is_restored(
    clinic: Clinic, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.back_up(out)
    monkeypatch.setenv("TRACKER_KEYS", str(tmp_path / "no keys"))

    with pytest.raises(RecordError) as refusal:
        restore(out, tmp_path / "new")

    assert refusal.value.code == "key_missing"
    assert not (tmp_path / "new").exists()


def test_nothing_is_restored_over_anything(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    clinic.back_up(out)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "something").write_text("here")

    for home in (tmp_path / "new", clinic.home):
        with pytest.raises(RecordError) as refusal:
            restore(out, home)
        assert refusal.value.code == "not_empty"


def test_a_full_disk_leaves_the_backups_as_they_were(
    clinic: Clinic, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = new_view(clinic)
    add(clinic, view, 1)
    clinic.back_up(out)
    add(clinic, view, 2, 3)

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for module, function in (
        (backup_module, "private"),
        (backup_module, "copy_database"),
        (backup_module, "write_list"),
        (backup_module, "sync_tree"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, function, full)
            with pytest.raises(RecordError) as refusal:
                clinic.back_up(out)
        assert refusal.value.code == "not_saved"
        assert len(backups_in(out)) == 1
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        assert drilled(out, tmp_path / "copy") == []
    assert clinic.back_up(out).files == 3
    assert not list(out.glob(".2*"))

    with monkeypatch.context() as patch:
        patch.setattr(restore_module, "copy_checked", full)
        with pytest.raises(RecordError) as refusal:
            restore(out, tmp_path / "new")
    assert refusal.value.code == "not_saved"
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".restoring*"))


def test_a_photo_that_the_record_lost_is_said_and_costs_no_other(clinic: Clinic, out: Path, tmp_path: Path) -> None:
    view = new_view(clinic)
    add(clinic, view, 1, 2)
    blobs = clinic._files.vault.blobs
    lost = min(blobs.listed(), key=lambda blob: blob.name)
    blobs.remove(lost.name)

    made = clinic.back_up(out)

    assert made.missing == (lost.name,)
    found = drilled(out, tmp_path / "new")
    assert [each.name for each in found] == ["files"]


def test_two_backups_into_one_folder_do_not_meet(clinic: Clinic, out: Path) -> None:
    with alone(out), pytest.raises(RecordError) as refusal:
        clinic.back_up(out)

    assert refusal.value.code == "busy"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that is copied")
def test_a_backup_that_is_over_does_not_hold_up_the_next_one(out: Path) -> None:
    """A program that another thread starts just then holds a copy of the lock until it has begun."""
    ended, end = os.pipe()
    with alone(out):
        with warnings.catch_warnings():  # later versions of Python warn of threads, which the copy does not use
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(end)
            os.read(ended, 1)
            os._exit(0)
    try:
        with alone(out):
            pass
    finally:
        os.close(end)
        os.close(ended)
        os.waitpid(child, 0)


def test_a_folder_with_backups_of_another_record_is_refused_and_theirs_stay(
    clinic: Clinic, out: Path, tmp_path: Path
) -> None:
    add(clinic, new_view(clinic), 1)
    clinic.back_up(out)
    with Clinic.open(tmp_path / "other") as other:
        add(other, new_view(other), 2)
        with pytest.raises(RecordError) as refusal:
            other.back_up(out)

    assert refusal.value.code == "other_record"
    assert drilled(out, tmp_path / "new") == []


@pytest.mark.parametrize(
    "what",
    [
        "UPDATE key SET wrapped = zeroblob(40)",
        "DELETE FROM key",
        "INSERT INTO destroyed SELECT patient_id, '2020-01-01T00:00:00+00:00' FROM key; DELETE FROM key",
    ],
)
def test_keys_that_are_damaged_or_missing_do_not_replace_the_last_good_ones(
    what: str, clinic: Clinic, out: Path, tmp_path: Path
) -> None:
    add(clinic, new_view(clinic), 1)
    clinic.back_up(out)
    file = sqlite3.connect(clinic.home / "keys.sqlite")
    file.executescript(what)
    file.commit()
    file.close()

    with pytest.raises(RecordError) as refusal:
        clinic.back_up(out)

    assert refusal.value.code == "keys_damaged"
    assert drilled(out, tmp_path / "new") == []


def test_an_erased_patient_does_not_keep_a_backup_from_being_made(clinic: Clinic, out: Path) -> None:
    add(clinic, new_view(clinic), 1)
    clinic.back_up(out)
    clinic.erase_at_once(clinic.patients()[0].id, despite="a test")

    assert clinic.back_up(out).files == 0


def test_a_damaged_issued_report_is_found(clinic: Clinic, out: Path) -> None:
    view = new_view(clinic)
    vault = clinic._files.vault
    name = vault.put(view.patient_id, REPORT, b"what the patient was given")
    with clinic._store.writing() as connection:
        report_id = row(connection, schema.issued_report, view.patient_id)
        here = schema.issued_report.c.id == report_id
        connection.execute(schema.issued_report.update().where(here).values(file=name))
    assert [each.checked for each in examine(clinic.home) if each.name == "reports"] == [1]
    sealed = vault.blobs.read(name)
    assert sealed is not None
    vault.blobs.replace(name, sealed[:-1] + bytes([sealed[-1] ^ 1]))

    assert [each.name for each in damage(examine(clinic.home))] == ["reports"]


def test_a_backup_beside_the_original_is_refused(clinic: Clinic) -> None:
    with pytest.raises(RecordError) as refusal:
        clinic.back_up(clinic.home / "backups")

    assert refusal.value.code == "backup_in_record"


def test_the_commands_make_try_and_restore_a_backup(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    with Clinic.open() as clinic:
        add(clinic, new_view(clinic), 1, 2)

    assert main(["backup", "--out", str(out), "--keep", "3"]) == 0
    assert "2 sealed files, 2 of them new" in capsys.readouterr().out
    assert main(["restore", str(out), "--drill"]) == 0
    assert not list(tmp_path.glob(".drill*"))
    assert main(["restore", str(out)]) == 1
    assert main(["restore", str(out), "--home", str(tmp_path / "new")]) == 0
    with Clinic.open(tmp_path / "new") as copy:
        assert len(contents(copy)) == 2
    assert main(["restore", str(tmp_path), "--home", str(tmp_path / "newer")]) == 1
    assert chosen_backup(out) == backups_in(out)[-1]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.mark.parametrize("there", ["sqlite", "postgres"])
@pytest.mark.parametrize("here", ["sqlite", "postgres"])
def test_a_backup_is_restored_on_either_database(
    here: str, there: str, server: Server, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if here == there == "sqlite":
        pytest.skip("all the other tests")
    monkeypatch.setenv("TRACKER_DATABASE", server.url if here == "postgres" else "")
    with Clinic.open(tmp_path / "home") as clinic:
        view = new_view(clinic)
        control = clinic.add_view(view.patient_id, site="thigh", laterality="right", is_control=True)
        clinic.set_control(view.id, control.id)  # refers to a row that comes later
        add(clinic, view, 1, 2)
        clinic.measure_waiting()
        clinic.audit("export", "test", patient_id=view.patient_id)
        clinic.back_up(out)
        expected = contents(clinic)
    monkeypatch.setenv("TRACKER_DATABASE", server.url if there == "postgres" else "")

    settle(restore(out, tmp_path / "new"))

    assert damage(examine(tmp_path / "new", full=True)) == []
    with Clinic.open(tmp_path / "new") as copy:
        assert contents(copy) == expected
        assert copy.view(view.id).control_id == control.id
        add(copy, view, 3)  # numbers go on behind those that came
        assert len(contents(copy)) == 3
    assert damage(examine(tmp_path / "new", full=True)) == []
