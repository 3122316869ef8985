"""`keys show` and `keys rotate`: the key is never shown, a killed change is brought to its end, old backups open."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.days import TODAY
from tests.small_photos import picture
from tracker.__main__ import main
from tracker.clinic import Clinic
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.doctor import examine
from tracker.clinic.examining import State
from tracker.clinic.keys import key_file, key_place, master_key, record_id
from tracker.clinic.tombstones import read_tombstones, tombstone_file

ROOT = Path(__file__).parents[1]
#: Replaces the master key by the command and dies where a function is called for the n-th time.
KILLED = """
import os, signal, sys
from importlib import import_module
from tracker.__main__ import main
module, place, number, *arguments = sys.argv[1:]
owner = import_module(module)
*parts, name = place.split(".")
for part in parts:
    owner = getattr(owner, part)
before, calls = getattr(owner, name), 0
def dying(*given, **named):
    global calls
    calls += 1
    if calls == int(number):
        os.kill(os.getpid(), signal.SIGKILL)
    return before(*given, **named)
setattr(owner, name, dying)
main(arguments)
"""
STEPS = {
    "before the old key is kept": ("tracker.clinic.key_places", "Place.keep", 1),
    "before the next key is kept": ("tracker.clinic.key_places", "Place.put", 1),
    "before the keys are wrapped anew": ("tracker.clinic.keystore", "KeyStore.rewrap", 1),
    "before the next key is the key": ("tracker.clinic.key_places", "Place.take_next", 1),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A closed record with a photo of one patient, and one who was erased."""
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    with Clinic.open() as clinic:
        view = clinic.add_view(clinic.add_patient(code="P-1", name="Maria").id, site="thigh")
        clinic.add_photo(view.id, picture(1), "1.jpg", taken_on=TODAY)
        clinic.erase_at_once(clinic.add_patient(code="P-2").id)
    return tmp_path / "home"


def photo_of(home: Path) -> bytes:
    with Clinic.open(home) as clinic:
        (view,) = clinic.views(clinic.patients()[0].id)
        return clinic.original(clinic.photos(view.id)[0].id)


def states(home: Path) -> dict[str, State]:
    return {each.name: each.state for each in examine(home, full=True)}


def in_base64(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_what_is_shown_says_where_the_key_is_and_nothing_of_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "show"]) == 0
    said = capsys.readouterr().out
    assert main(["keys", "show", "--json", "--home", str(home)]) == 0
    document = json.loads(capsys.readouterr().out)

    key = master_key(home)
    for form in (in_base64(key.key), key.key.hex(), in_base64(key.root), key.root.hex()):
        assert form not in said + json.dumps(document)
    assert (document["fingerprint"], document["record"]) == (key.id, record_id(home))
    assert str(key_file(home)) in said
    assert not document["unfinished"]


def test_no_record_is_made_by_asking_for_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for doing in ("show", "rotate"):
        assert main(["keys", doing, "--home", str(tmp_path)]) == 1
        assert "There is no record in" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_key_opens_everything_and_what_lies_beside_it_follows(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, erased = master_key(home), read_tombstones(tombstone_file(home))

    assert main(["keys", "rotate"]) == 0

    said, new = capsys.readouterr().out, master_key(home)
    assert (new.id != old.id, new.root) == (True, old.root)
    assert old.id in said
    assert new.id in said
    assert in_base64(old.key) not in said
    assert in_base64(new.key) not in said
    (kept,) = key_place(home).former
    assert kept.read_text().strip() == in_base64(old.key)
    if os.name == "posix":
        assert kept.stat().st_mode & 0o077 == 0
    assert str(kept) in said
    assert photo_of(home) == picture(1)
    assert len(erased) == 1
    assert read_tombstones(tombstone_file(home)) == erased
    found = states(home)
    assert (found["log"], found["erased"], found["rotation"]) == (State.GOOD,) * 3
    assert State.DAMAGE not in found.values()
    with Clinic.open(home) as clinic:
        assert clinic.log()[0].action == "rotate_master_key"
        head = Anchor(home).read()
        assert head is not None
        assert head.number == clinic.log()[0].number


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("step", STEPS)
def test_a_change_that_is_killed_between_two_steps_is_brought_to_its_end(
    step: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module, place, number = STEPS[step]
    old = master_key(home)
    command = [sys.executable, "-c", KILLED, module, place, str(number), "keys", "rotate"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == -signal.SIGKILL
    was_begun = key_place(home).is_changing
    assert was_begun == (step in list(STEPS)[2:])
    if step == "before the keys are wrapped anew":
        assert states(home)["rotation"] is State.ATTENTION
        assert master_key(home) == old
    assert photo_of(home) == picture(1)

    assert main(["keys", "rotate"]) == 0

    said = capsys.readouterr().out
    new = master_key(home)
    assert new.id != old.id
    assert not key_place(home).is_changing
    assert states(home)["rotation"] is State.GOOD
    assert [path.read_text().strip() for path in key_place(home).former][-1:] != [in_base64(new.key)]
    assert in_base64(old.key) in {path.read_text().strip() for path in key_place(home).former}
    assert photo_of(home) == picture(1)
    if was_begun and step != "before the next key is the key":
        assert "brought to its end" in said


def test_a_finished_change_is_not_made_twice(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed after the keys were wrapped anew: the next key is the key, and no third one is made."""
    module, place, number = STEPS["before the next key is the key"]
    command = [sys.executable, "-c", KILLED, module, place, str(number), "keys", "rotate"]
    subprocess.run(command, cwd=ROOT, capture_output=True)
    following = key_file(home).with_name(f"{record_id(home)}.next.key").read_text().strip()

    assert main(["keys", "rotate"]) == 0

    assert "brought to its end" in capsys.readouterr().out
    assert in_base64(master_key(home).key) == following


def test_a_key_that_the_clinic_gives_is_replaced_by_one_it_gives(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKER_MASTER_KEY", in_base64(master_key(home).key))
    assert main(["keys", "rotate"]) == 1
    assert "--new-key" in capsys.readouterr().err
    new, file = secrets.token_bytes(32), tmp_path / "new.key"
    file.write_text(in_base64(new) + "\n")

    assert main(["keys", "rotate", "--new-key", str(file)]) == 0
    assert "1. Set the new key" in capsys.readouterr().out
    assert main(["keys", "rotate", "--new-key", str(file)]) == 0  # done, and not set yet
    assert "with this key already" in capsys.readouterr().out
    file.write_text(in_base64(secrets.token_bytes(32)))
    assert main(["keys", "rotate", "--new-key", str(file)]) == 1
    assert "does not fit this record" in capsys.readouterr().err

    monkeypatch.setenv("TRACKER_MASTER_KEY", in_base64(new))
    assert photo_of(home) == picture(1)


def test_a_copy_of_an_old_backup_opens_with_the_old_key_and_goes_on_with_the_present_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["backup", "--out", str(tmp_path / "copy")]) == 0
    assert main(["keys", "rotate"]) == 0
    (old,), present = key_place(home).former, key_file(home)
    restored = tmp_path / "restored"
    assert main(["restore", str(tmp_path / "copy"), "--home", str(restored)]) == 1
    assert "does not fit" in capsys.readouterr().err

    with monkeypatch.context() as patch:
        patch.setenv("TRACKER_MASTER_KEY_FILE", str(old))
        assert main(["restore", str(tmp_path / "copy"), "--home", str(restored)]) == 0
        assert main(["keys", "rotate", "--home", str(restored), "--new-key", str(present)]) == 0

    assert photo_of(restored) == picture(1)
    assert master_key(restored) == master_key(home)
