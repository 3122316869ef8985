"""The keys of a record: where they come from, what they refuse, and that a destroyed one is nowhere."""

from __future__ import annotations

import base64
import hmac
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracker.clinic.keys import KeyStore, MasterKey, key_file, master_key, record_id, rotate_master_key
from tracker.clinic.keystore import FRESH_SECONDS
from tracker.clinic.masterkey import derived
from tracker.errors import RecordError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[KeyStore]:
    opened = KeyStore(home, master_key(home))
    yield opened
    opened.close()


def wrapped_keys(home: Path) -> dict[str, bytes]:
    with sqlite3.connect(home / "keys.sqlite") as file:
        found = dict(file.execute("SELECT patient_id, wrapped FROM key").fetchall())
    file.close()
    return found


def every_byte(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 word for word, without salt."""
    secret, block, out = hmac.digest(bytes(32), key, "sha256"), b"", b""
    for number in range(1, 2 + length // 32):
        block = hmac.digest(secret, block + info + bytes([number]), "sha256")
        out += block
    return out[:length]


# What the standards say


def test_keys_are_wrapped_as_rfc_3394_says() -> None:
    """Section 4.6: 256 bits of key data with a 256-bit key."""
    wrapping = bytes.fromhex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F")
    data = bytes.fromhex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
    wrapped = bytes.fromhex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
    master = MasterKey(wrapping, bytes(32))

    assert master.wrap(data) == wrapped
    assert master.unwrap(wrapped) == data


def test_keys_are_derived_as_rfc_5869_says() -> None:
    """Appendix A.3 proves the second implementation, which then proves ours."""
    okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert hkdf(b"\x0b" * 22, b"", 42).hex() == okm

    assert derived(b"\x0b" * 22, "texts") == hkdf(b"\x0b" * 22, b"tracker texts", 32)


def test_a_key_is_not_shown_and_its_fingerprint_says_nothing_of_it() -> None:
    key, root = bytes(range(32)), bytes(range(32, 64))
    master = MasterKey(key, root)

    assert key.hex() not in master.id
    assert len(master.id) == 16
    for text in (repr(master), str(master)):
        assert "\\x" not in text
        assert base64.b64encode(key).decode() not in text
    assert MasterKey(root, key).id != master.id


def test_purposes_give_keys_of_their_own(store: KeyStore) -> None:
    store.create("p")
    store.create("q")

    found = {store.key("p"), store.derive("p", "a"), store.derive("p", "b"), store.derive("q", "a"), store.key("q")}
    assert len(found) == 5


# Where the master key comes from


def test_a_new_record_makes_its_key_outside_its_folder_for_the_owner_only(home: Path, keys: Path) -> None:
    made = master_key(home)

    path = key_file(home)
    assert path == keys / f"{record_id(home)}.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert base64.b64decode(path.read_text()) == made.key
    inside = every_byte(home)
    assert made.key not in inside
    assert base64.b64encode(made.key) not in inside
    assert made.root not in inside
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in home.iterdir())


def test_the_key_goes_with_the_record_wherever_its_folder_lies(home: Path, tmp_path: Path) -> None:
    made = master_key(home)
    shutil.copytree(home, tmp_path / "elsewhere")

    assert master_key(home) == made
    assert master_key(tmp_path / "elsewhere") == made


def test_a_record_without_its_key_is_refused_and_left_alone(home: Path) -> None:
    master_key(home)
    key_file(home).unlink()
    before = every_byte(home)

    with pytest.raises(RecordError) as refused:
        master_key(home)

    assert refused.value.code == "key_missing"
    assert every_byte(home) == before


def test_a_record_whose_keys_were_lost_does_not_get_new_ones(home: Path) -> None:
    master_key(home)
    (home / "keys.sqlite").unlink()

    with pytest.raises(RecordError, match=r"keys\.sqlite") as refused:
        master_key(home)

    assert refused.value.code == "key_missing"


def test_a_lost_name_of_the_record_is_written_again(home: Path) -> None:
    made, name = master_key(home), record_id(home)
    (home / "record.id").unlink()

    assert master_key(home) == made
    assert record_id(home) == name


@pytest.mark.parametrize("way", ["variable", "file"])
def test_a_key_that_is_given_is_used_and_another_one_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def give(key: bytes) -> None:
        text = base64.b64encode(key).decode()
        (tmp_path / "secret").write_text(text + "\n")
        if way == "file":
            monkeypatch.setenv("TRACKER_MASTER_KEY_FILE", str(tmp_path / "secret"))
        else:
            monkeypatch.setenv("TRACKER_MASTER_KEY", text)

    give(bytes(range(32)))
    assert master_key(home).key == bytes(range(32))
    assert master_key(home).key == bytes(range(32))

    give(bytes(32))
    with pytest.raises(RecordError) as refused:
        master_key(home)
    assert refused.value.code == "key_wrong"


@pytest.mark.parametrize("text", ["short", "A" * 44 + "=", base64.b64encode(bytes(31)).decode(), "ä"])
def test_what_is_no_key_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TRACKER_MASTER_KEY", text)

    with pytest.raises(RecordError) as refused:
        master_key(home)

    assert refused.value.code == "key_wrong"
    assert text not in refused.value.reason


def test_a_key_within_the_record_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = home / "secret"
    secret.write_text(base64.b64encode(bytes(32)).decode())
    for name, value in (("TRACKER_KEYS", home / "keys"), ("TRACKER_MASTER_KEY_FILE", secret)):
        with monkeypatch.context() as patch:
            patch.setenv(name, str(value))
            with pytest.raises(RecordError) as refused:
                master_key(home)
        assert refused.value.code == "key_in_record"


def test_a_file_that_was_named_and_is_not_there_is_said_to_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_MASTER_KEY_FILE", str(home.parent / "nothing"))

    with pytest.raises(RecordError) as refused:
        master_key(home)

    assert refused.value.code == "key_missing"


class Ring:
    """A keyring in memory."""

    class errors:
        class KeyringError(Exception):
            pass

    def __init__(self) -> None:
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        self.held[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        del self.held[service, name]


def test_the_keyring_of_the_system_keeps_the_key_and_its_successor(
    home: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = Ring()
    module = types.ModuleType("keyring")
    vars(module).update({name: getattr(ring, name) for name in dir(ring) if not name.startswith("__")})
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setenv("TRACKER_MASTER_KEY", "keyring")

    made = master_key(home)
    assert base64.b64decode(ring.held["tracker", record_id(home)]) == made.key
    assert not (keys / f"{record_id(home)}.key").exists()

    new = rotate_master_key(home)
    assert new != made
    assert master_key(home) == new
    assert len(ring.held) == 1


def test_a_keyring_that_is_not_installed_is_said_to_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setenv("TRACKER_MASTER_KEY", "keyring")

    with pytest.raises(RecordError, match=r"tracker\[keyring\]"):
        master_key(home)


def test_processes_that_open_a_new_record_at_once_agree_on_its_key(home: Path) -> None:
    program = (
        "import sys, pathlib; from tracker.clinic.keys import master_key\n"
        "print(master_key(pathlib.Path(sys.argv[1])).id)"
    )
    command = [sys.executable, "-c", program, str(home)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)]

    said = [each.communicate(timeout=300)[0] for each in running]

    assert len(set(said)) == 1
    assert said[0].strip() == master_key(home).id


# One key per patient


def test_a_key_is_made_once_and_found_again(home: Path, store: KeyStore) -> None:
    store.create("p")
    made = store.key("p")
    store.create("p")

    again = KeyStore(home, master_key(home))
    assert store.key("p") == again.key("p") == made
    assert store.patients() == again.patients() == ("p",)
    again.close()
    with pytest.raises(RecordError) as refused:
        store.key("q")
    assert refused.value.code == "no_key"


def test_threads_that_make_one_key_at_once_get_the_same(store: KeyStore) -> None:
    found: list[bytes] = []

    def make() -> None:
        store.create("p")
        found.append(store.key("p"))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_store_of_another_record_is_refused(home: Path, tmp_path: Path) -> None:
    master_key(home)
    other = tmp_path / "other"
    other.mkdir()

    with pytest.raises(RecordError) as refused:
        KeyStore(home, master_key(other))

    assert refused.value.code == "key_wrong"


def test_of_a_destroyed_key_no_byte_is_left_in_any_file(home: Path, store: KeyStore) -> None:
    """With enough others around it that pages of the file were split and freed."""
    for number in range(300):
        store.create(f"patient-{number:03d}")
    gone = [f"patient-{number:03d}" for number in range(0, 300, 3)]
    wrapped = wrapped_keys(home)
    assert all(wrapped[each] in every_byte(home) for each in gone)

    for each in gone:
        store.destroy(each)

    left = every_byte(home)
    assert [each for each in gone if wrapped[each] in left or wrapped[each][8:24] in left] == []
    assert all(wrapped[each] in left for each in store.patients())
    assert len(store.patients()) == 200


def test_without_overwriting_the_bytes_would_be_found(tmp_path: Path) -> None:
    """The control of the test above: what SQLite does by default."""
    with sqlite3.connect(tmp_path / "plain.sqlite", isolation_level=None) as file:
        file.execute("PRAGMA secure_delete = 0")
        file.execute("CREATE TABLE key (patient_id TEXT PRIMARY KEY, wrapped BLOB NOT NULL)")
        wrapped = {f"p{number:03d}": os.urandom(40) for number in range(300)}
        file.executemany("INSERT INTO key VALUES (?, ?)", wrapped.items())
        file.execute("DELETE FROM key WHERE patient_id LIKE '%7'")
    file.close()

    left = every_byte(tmp_path)
    assert any(key in left for patient, key in wrapped.items() if patient.endswith("7"))


def test_an_erased_patient_is_known_to_be_and_never_gets_a_key_again(store: KeyStore) -> None:
    store.create("p")
    store.key("p")
    store.destroy("p")
    store.destroy("never-had-one")

    for ask in (store.key, store.create):
        for patient in ("p", "never-had-one"):
            with pytest.raises(RecordError) as refused:
                ask(patient)
            assert refused.value.code == "erased"
    assert store.patients() == ()
    assert {at.tzinfo is not None for at in store.destroyed().values()} == {True}
    assert set(store.destroyed()) == {"p", "never-had-one"}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE destroyed SET at = '2020-01-01T00:00:00+00:00' WHERE patient_id = 'p'",
        "UPDATE destroyed SET patient_id = 'q' WHERE patient_id = 'p'",
        "DELETE FROM destroyed WHERE patient_id = 'p'",
        "INSERT INTO destroyed VALUES ('q', '2020-01-01T00:00:00+00:00')",
        "DELETE FROM about WHERE name = 'destroyed'",
    ],
)
def test_a_list_of_destroyed_keys_that_was_changed_is_found_and_stays_so(
    home: Path, store: KeyStore, change: str
) -> None:
    assert store.is_destroyed_list_whole()
    store.create("p")
    store.destroy("p")
    assert store.is_destroyed_list_whole()
    with sqlite3.connect(home / "keys.sqlite") as file:
        assert file.execute(change).rowcount == 1
    file.close()
    assert not store.is_destroyed_list_whole()

    store.destroy("another")

    assert not store.is_destroyed_list_whole()


def test_a_key_that_another_process_destroys_is_forgotten_here_too(home: Path, store: KeyStore) -> None:
    store.create("p")
    store.derive("p", "texts")
    other = KeyStore(home, master_key(home))
    other.destroy("p")
    other.close()

    time.sleep(2 * FRESH_SECONDS)
    with pytest.raises(RecordError) as refused:
        store.derive("p", "texts")

    assert refused.value.code == "erased"
    assert FRESH_SECONDS <= 0.1  # an end that is called bites at the next click


def test_who_lists_the_patients_examines_what_is_in_the_file_now(home: Path, store: KeyStore) -> None:
    store.create("p")
    store.key("p")
    file = sqlite3.connect(home / "keys.sqlite")
    file.execute("UPDATE key SET wrapped = zeroblob(40)")
    file.commit()
    file.close()

    assert store.patients() == ("p",)
    with pytest.raises(RecordError):
        store.key("p")


def test_damaged_keys_are_said_to_be(home: Path) -> None:
    made = master_key(home)
    (home / "keys.sqlite").write_bytes(b"\x00 not a database" * 500)

    with pytest.raises(RecordError) as refused:
        KeyStore(home, made)

    assert refused.value.code == "damaged"


def test_a_key_that_was_changed_on_the_disk_is_noticed(home: Path, store: KeyStore) -> None:
    store.create("p")
    with sqlite3.connect(home / "keys.sqlite") as file:
        file.execute("UPDATE key SET wrapped = zeroblob(40)")
    file.close()

    with pytest.raises(RecordError) as refused:
        store.key("p")

    assert refused.value.code == "key_wrong"


# A new master key


def test_a_new_master_key_opens_what_the_old_one_opened_and_the_old_one_nothing(home: Path, store: KeyStore) -> None:
    for name in ("p", "q"):
        store.create(name)
    old, held = master_key(home), {name: store.key(name) for name in ("p", "q")}
    before = wrapped_keys(home)
    store.close()

    new = rotate_master_key(home)

    assert new.id != old.id
    assert new.derive("rows") == old.derive("rows")
    assert master_key(home) == new
    again = KeyStore(home, new)
    assert {name: again.key(name) for name in ("p", "q")} == held
    again.close()
    with pytest.raises(RecordError) as refused:
        KeyStore(home, old)
    assert refused.value.code == "key_wrong"
    left = every_byte(home)
    assert not [name for name, wrapped in before.items() if wrapped in left]
    assert len(list(key_file(home).parent.glob(f"{record_id(home)}*"))) == 1


def test_a_key_that_was_given_is_replaced_by_one_that_is_given(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_MASTER_KEY", base64.b64encode(bytes(range(32))).decode())
    master_key(home)

    with pytest.raises(RecordError) as refused:
        rotate_master_key(home)
    assert refused.value.code == "key_needed"

    new = rotate_master_key(home, bytes(range(1, 33)))
    monkeypatch.setenv("TRACKER_MASTER_KEY", base64.b64encode(bytes(range(1, 33))).decode())
    assert master_key(home) == new


#: Begins a change of the master key in a child of its own for every line it reads, and kills it there.
ROTATE = """
import os, signal, sys
from pathlib import Path
from tracker.clinic import durable, key_places, keys, keystore
files = {durable.__file__, keystore.__file__, key_places.__file__, keys.__file__}
steps = 0
def killed_at(at):
    def traced(frame, event, argument):
        global steps
        if event == "line":
            steps += 1
            if steps == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return traced
    return lambda frame, event, argument: traced if frame.f_code.co_filename in files else None
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        sys.settrace(killed_at(int(line)))
        keys.rotate_master_key(Path(sys.argv[1]))
        sys.settrace(None)
        print(steps, flush=True)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_change_of_the_master_key_that_is_killed_at_any_line_leaves_a_record_that_opens(
    home: Path, store: KeyStore
) -> None:
    for number in range(3):
        store.create(f"p{number}")
    held = {name: store.key(name) for name in store.patients()}
    store.close()
    command = [sys.executable, "-c", ROTATE, str(home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as forking:

        def rotate(at: int) -> int:
            forking.stdin.write(f"{at}\n")
            forking.stdin.flush()
            return int(forking.stdout.readline())

        steps, killed = rotate(-1), 0
        assert int(forking.stdout.readline()) == 0
        for at in range(1, steps, max(1, steps // 25)):
            killed += rotate(at) == -signal.SIGKILL
            again = KeyStore(home, master_key(home))
            assert {name: again.key(name) for name in again.patients()} == held, f"killed at line {at}"
            again.close()
        forking.stdin.close()
    assert killed >= 20
    before = master_key(home)
    assert rotate_master_key(home) != before


def test_a_key_made_after_the_master_key_was_replaced_elsewhere_is_refused_and_not_lost(
    home: Path, store: KeyStore
) -> None:
    store.create("before")
    new = rotate_master_key(home)

    with pytest.raises(RecordError) as refusal:
        store.create("after")

    assert refusal.value.code == "key_wrong"
    again = KeyStore(home, new)
    assert again.patients() == ("before",)
    assert len(again.key("before")) == 32
    again.close()
