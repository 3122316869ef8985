"""Doctor: finds whatever is wrong, says it in words, and looks without changing anything."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from tests.small_photos import another, picture
from tracker.__main__ import main
from tracker.clinic import Clinic, doctor_files, doctor_system, schema
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.blobs import Blobs
from tracker.clinic.doctor import examine
from tracker.clinic.examining import CODES, Examined, State, worst
from tracker.clinic.folders import Folder
from tracker.clinic.keys import key_file
from tracker.clinic.sealing import Secrets
from tracker.clinic.tombstones import Tombstone, add_tombstones, tombstone_file
from tracker.clinic.vault import bucket_of
from tracker.errors import RecordError

FLIPS = 20  # the series of many is in `tests.faults.flips`


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A closed record with two patients and five photos, one of them measured."""
    with Clinic.open(tmp_path / "home") as clinic:
        for code, numbers in (("P-1", (1, 2, 3)), ("P-2", (4, 5))):
            view = clinic.add_view(clinic.add_patient(code=code, name="Maria", note="a note").id, site="thigh")
            for number in numbers:
                data = another(picture(1), number)
                clinic.add_photo(view.id, data, f"{number}.jpg", taken_on=date(2026, 1, number))
            clinic.note_injection(view.id, date(2026, 1, 9))
            clinic.audit("export", "test", patient_id=view.patient_id, reason="for the test")
        clinic.measure_waiting(limit=1)
    return tmp_path / "home"


def states(home: Path, *, full: bool = False) -> dict[str, State]:
    return {each.name: each.state for each in examine(home, full=full)}


def is_damaged(home: Path) -> bool:
    return worst(examine(home, full=True)) is State.DAMAGE


def content(path: Path) -> list[str] | None:
    """Everything a database holds; None if it cannot be read."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        try:
            names = [
                row[0].decode() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return [repr(row) for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
        except (sqlite3.Error, UnicodeDecodeError):
            return None


def flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def test_a_sound_record_has_nothing_damaged_and_nothing_is_changed_by_looking(home: Path) -> None:
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    found = examine(home, full=True)

    assert worst(found) is not State.DAMAGE
    by_name = {each.name: each for each in found}
    assert (by_name["originals"].checked, by_name["originals"].not_checked) == (5, 0)
    assert by_name["rows"].checked > 10
    assert by_name["log"].checked >= 2
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


@pytest.mark.folder
def test_every_flipped_bit_of_a_sealed_file_is_found(home: Path) -> None:
    rng, blobs = random.Random(5), sorted((home / "photos").glob("??/*"))
    missed = 0
    for _ in range(FLIPS):
        path = rng.choice(blobs)
        data = path.read_bytes()
        path.write_bytes(flipped(data, rng))
        missed += not is_damaged(home)
        path.write_bytes(data)
    assert missed == 0
    assert not is_damaged(home)


def test_every_flipped_bit_of_the_database_that_changes_what_it_holds_is_found(home: Path) -> None:
    """A bit that nothing reads, as in a free page, may flip; how many did is not hidden."""
    rng, path = random.Random(6), home / "clinic.sqlite"
    data, held = path.read_bytes(), content(path)
    changed = missed = 0
    while changed < FLIPS:
        path.write_bytes(flipped(data, rng))
        if content(path) == held:
            continue
        changed += 1
        missed += not is_damaged(home)
    path.write_bytes(data)
    assert missed == 0
    assert not is_damaged(home)


def test_every_flipped_bit_of_the_keys_that_changes_what_they_are_is_found(home: Path) -> None:
    rng, path = random.Random(7), home / "keys.sqlite"
    data, held = path.read_bytes(), content(path)
    changed, missed = 0, []
    while changed < FLIPS // 2:
        path.write_bytes(flipped(data, rng))
        now = content(path)
        if now == held:
            continue
        changed += 1
        if not is_damaged(home):
            missed.append(now)
    path.write_bytes(data)
    assert missed == []


def blobs_of(home: Path) -> tuple[Blobs, list[str]]:
    """Where the sealed files of a record lie, and their names."""
    blobs = bucket_of(home) or Folder(home)
    return blobs, sorted(blob.name for blob in blobs.listed())


def sealed(blobs: Blobs, name: str) -> bytes:
    found = blobs.read(name)
    assert found is not None
    return found


def lose_a_photo(home: Path) -> str:
    blobs, names = blobs_of(home)
    blobs.remove(names[0])
    return "files"


def swap_two_photos(home: Path) -> str:
    blobs, (one, two, *_) = blobs_of(home)
    first, second = sealed(blobs, one), sealed(blobs, two)
    blobs.replace(one, second)
    blobs.replace(two, first)
    return "originals"


def change_a_row(home: Path) -> str:
    with closing(sqlite3.connect(home / "clinic.sqlite")) as connection:
        connection.execute("UPDATE photo SET taken_on = '2026-02-02' WHERE arrival = 1")
        connection.commit()
    return "rows"


def remove_a_row(home: Path) -> str:
    with closing(sqlite3.connect(home / "clinic.sqlite")) as connection:
        connection.execute("DELETE FROM injection WHERE rowid = 1")
        connection.commit()
    return "rows"


def cut_the_log(home: Path) -> str:
    anchor = Anchor(home).read()
    assert anchor is not None
    Anchor(home).path.write_text(f"{anchor.number + 1} {'0' * 64}\n")
    return "log"


def lose_a_key(home: Path) -> str:
    with closing(sqlite3.connect(home / "keys.sqlite")) as connection:
        connection.execute("DELETE FROM key WHERE rowid = 1")
        connection.commit()
    return "keys"


def change_when_a_key_was_destroyed(home: Path) -> str:
    secrets = Secrets.of_record(home)
    secrets.keys.destroy("somebody who was here")
    secrets.close()
    with closing(sqlite3.connect(home / "keys.sqlite")) as connection:
        connection.execute("UPDATE destroyed SET at = '2020-01-01T00:00:00+00:00'")
        connection.commit()
    return "keys"


def lose_the_master_key(home: Path) -> str:
    key_file(home).unlink()
    return "key"


def lose_the_database(home: Path) -> str:
    (home / "clinic.sqlite").write_bytes(b"not a database" * 100)
    return "opening"


@pytest.mark.parametrize(
    "harm",
    [
        lose_a_photo, swap_two_photos, change_a_row, remove_a_row, cut_the_log, lose_a_key,
        change_when_a_key_was_destroyed, lose_the_master_key, lose_the_database,
    ],
)  # fmt: skip
def test_damage_is_named_with_what_to_do(harm: Callable[[Path], str], home: Path) -> None:
    name = harm(home)

    damaged = {each.name: each for each in examine(home, full=True) if each.state is State.DAMAGE}

    assert name in damaged
    assert all(each.what.endswith(".") and each.advice for each in damaged.values())
    assert not any("Maria" in each.what + each.advice + str(each.places) for each in damaged.values())


def test_the_photo_and_the_patient_of_a_damaged_file_are_named(home: Path) -> None:
    with Clinic.open(home) as clinic:
        patient = clinic.patients()[0]
        photo = clinic.photos(clinic.views(patient.id)[0].id)[0]
        with clinic._store.reading() as connection:
            file = connection.execute(schema.photo.select().where(schema.photo.c.id == photo.id)).one().file
    blobs, _ = blobs_of(home)
    blobs.replace(file, sealed(blobs, file)[:-1])

    (found,) = (each for each in examine(home, full=True) if each.name == "originals")

    assert found.places == (f"photo {photo.id} of patient {patient.id}: original_damaged",)


def test_a_sample_says_how_many_were_not_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_files, "SAMPLE", 2)

    (found,) = (each for each in examine(home) if each.name == "originals")

    assert (found.checked, found.not_checked) == (2, 3)
    assert "3 were not opened" in found.what
    assert not any("not opened" in each.what for each in examine(home, full=True))


def note(home: Path, name: str, moment: datetime) -> None:
    with Clinic.open(home) as clinic, clinic._store.writing() as connection:
        connection.execute(delete(schema.about).where(schema.about.c.name == name))
        connection.execute(insert(schema.about).values(name=name, value=moment.isoformat()))


@pytest.mark.parametrize(("name", "check", "days"), [("last_backup", "backup", 2), ("last_restore", "drill", 120)])
def test_a_missing_and_an_old_backup_and_drill_ask_for_attention(name: str, check: str, days: int, home: Path) -> None:
    assert states(home)[check] is State.ATTENTION
    note(home, name, datetime.now(UTC))
    assert states(home)[check] is State.GOOD
    note(home, name, datetime.now(UTC) - timedelta(days=days))
    assert states(home)[check] is State.ATTENTION


def test_what_is_wrong_with_the_computer_asks_for_attention(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "record.id").chmod(0o644)
    monkeypatch.setattr(doctor_system, "FLOORS", {"pytest": (999,)})
    monkeypatch.setattr(doctor_system, "LEAST_FREE_BYTES", 10**18)
    monkeypatch.setattr(doctor_system, "_file_system", lambda folder: "ext4")

    found = states(home)

    assert {found[name] for name in ("modes", "versions", "space", "temporary")} == {State.ATTENTION}


@pytest.mark.parametrize("what", ["folder", "anchor"])
def test_what_lies_beside_the_master_key_is_for_the_owner_only(home: Path, what: str) -> None:
    assert states(home)["modes"] is State.GOOD
    path = key_file(home).parent if what == "folder" else Anchor(home).path
    before = path.stat().st_mode
    path.chmod(0o777 if what == "folder" else 0o666)
    try:
        (found,) = (each for each in examine(home) if each.name == "modes")
    finally:
        path.chmod(before)

    assert found.state is State.ATTENTION
    assert found.places == (path.name,)
    assert str(path) in found.advice


def test_a_clock_that_went_back_asks_for_attention(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    assert (
        next(c for c in doctor_system.examine_system(home, newest=later) if c.name == "clock").state is State.ATTENTION
    )


def test_an_erased_patient_who_is_here_again_is_found_and_repaired(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Clinic.open(home) as clinic:
        patient = clinic.patients()[0].id
    add_tombstones(tombstone_file(home), (Tombstone(patient, datetime.now(UTC).isoformat(), ""),))
    assert states(home)["erased"] is State.ATTENTION

    monkeypatch.setenv("TRACKER_HOME", str(home))
    main(["doctor", "--repair"])

    assert states(home)["erased"] is State.GOOD
    with Clinic.open(home) as clinic:
        assert [each.code for each in clinic.patients()] == ["P-2"]


def test_a_copy_that_a_killed_drill_left_is_found_and_removed_after_a_day(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, signal, sys; from tracker.commands import restoring; from tracker.__main__ import main;"
        "restoring.examine = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL);"
        "main(['restore', sys.argv[1], '--drill'])"
    )
    monkeypatch.setenv("TRACKER_HOME", str(home))
    with Clinic.open(home) as clinic:
        clinic.back_up(home.parent / "backups")
    subprocess.run([sys.executable, "-c", code, home.parent / "backups"], check=False)
    (left,) = home.parent.glob(".drill-*")
    assert (left / "keys.sqlite").is_file()
    main(["doctor", "--repair"])
    assert left.is_dir()  # it might be at work

    os.utime(left, (0, 0))

    assert left.name in {place for each in examine(home) if each.name == "copies" for place in each.places}
    main(["doctor", "--repair"])
    assert not left.exists()


def test_records_that_may_go_and_erasures_that_wait_are_listed(home: Path) -> None:
    with Clinic.open(home) as clinic:
        view = clinic.views(clinic.patients()[0].id)[0]
        clinic.begin_erasure(view.patient_id)
        old = clinic.add_view(clinic.add_patient(code="P-3").id, site="thigh")
        clinic.note_injection(old.id, date(2001, 1, 1))

    found = {each.name: each for each in examine(home)}

    assert found["retention"].places == (old.patient_id,)
    assert found["erasures"].places == (view.patient_id,)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> list[Examined]:
    """A doctor that finds what the test says."""
    found: list[Examined] = []
    monkeypatch.setattr("tracker.commands.doctor.examine", lambda home, full: tuple(found))
    return found


@pytest.mark.parametrize("state", list(State))
def test_the_exit_code_says_how_bad_it_is(
    state: State, quiet: list[Examined], capsys: pytest.CaptureFixture[str]
) -> None:
    quiet.append(Examined("rows", state, "A row.", "Do this.", 3, 4, ("row 1",)))

    assert main(["doctor"]) == CODES[state]
    assert "→ Do this." in capsys.readouterr().out
    assert main(["doctor", "--json"]) == CODES[state]
    document = json.loads(capsys.readouterr().out)
    assert document["state"] == str(state)
    assert document["checks"][0] == {
        "check": "rows", "state": str(state), "what": "A row.", "advice": "Do this.", "checked": 3, "not_checked": 4,
        "places": ["row 1"],
    }  # fmt: skip


def test_where_there_is_no_record_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "nothing"))

    assert main(["doctor"]) == 1
    assert "There is no record" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(RecordError):
        examine(tmp_path)
