"""The vault: sealed, stored once, never lost, and swept without taking what somebody needs."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import obstore
import pytest
from PIL import Image
from sqlalchemy import insert

from tests.buckets import ObjectStore, running_object_store
from tracker.clinic import Clinic, schema
from tracker.clinic.blobs import Area, Blobs, open_blob, seal_blob
from tracker.clinic.buckets import Bucket
from tracker.clinic.files import prepare
from tracker.clinic.folders import Folder
from tracker.clinic.keys import KeyStore, master_key
from tracker.clinic.originals import store_original
from tracker.clinic.photos import NewPhoto, file_of
from tracker.clinic.sweeping import GRACE, QUARANTINE, is_named
from tracker.clinic.vault import ORIGINAL, REPORT, Vault
from tracker.errors import RecordError

ROOT = Path(__file__).parents[1]
PLACES = ("folder", "bucket")


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    with running_object_store() as found:
        yield found


@pytest.fixture
def bucket(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a place in a new bucket."""
    for name, value in server.settings.items():
        monkeypatch.setenv(name, value)
    return f"{server.bucket()}/records/one"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    prepare(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def keys(home: Path) -> Iterator[KeyStore]:
    """Keys of two patients."""
    store = KeyStore(home, master_key(home))
    for patient in ("p", "q"):
        store.create(patient)
    yield store
    store.close()


@pytest.fixture(params=PLACES)
def blobs(request: pytest.FixtureRequest, home: Path) -> Blobs:
    """An empty place for blobs."""
    return Folder(home) if request.param == "folder" else Bucket(request.getfixturevalue("bucket"))


@pytest.fixture
def vault(blobs: Blobs, keys: KeyStore) -> Vault:
    return Vault(blobs, keys)


def names(vault: Vault) -> list[str]:
    return [each.name for each in vault.names()]


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(RecordError) as refused:
        ask()
    return refused.value.code


def jpeg(seed: int, size: int = 256) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8)).save(out, "JPEG")
    return out.getvalue()


# What is kept


@pytest.mark.parametrize("data", [b"", b"x", os.urandom(3_000_000)], ids=["empty", "one byte", "3 MB"])
def test_bytes_come_back_and_are_not_in_what_is_stored(vault: Vault, data: bytes) -> None:
    name = vault.put("p", ORIGINAL, data)

    assert vault.get("p", ORIGINAL, name) == data
    stored = vault.blobs.read(name)
    assert stored is not None
    assert stored.startswith(b"TRKB\x01")
    assert len(data) < 16 or data[:16] not in stored
    found = vault.blobs.find(name)
    assert found is not None
    assert found.size == len(stored)
    assert abs(datetime.now(UTC) - found.since) < timedelta(minutes=2)


def test_the_same_bytes_are_kept_once_per_patient_and_kind(vault: Vault) -> None:
    first = vault.put("p", ORIGINAL, b"photo")

    assert vault.put("p", ORIGINAL, b"photo") == first
    others = {vault.put("q", ORIGINAL, b"photo"), vault.put("p", REPORT, b"photo"), vault.put("p", ORIGINAL, b"other")}
    assert len({first, *others}) == len(names(vault)) == 4


def test_threads_that_keep_the_same_bytes_at_once_keep_one_blob(vault: Vault) -> None:
    together, found = threading.Barrier(8), []

    def keep() -> None:
        together.wait()
        found.append(vault.put("p", ORIGINAL, b"photo" * 5000))

    threads = [threading.Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert names(vault) == [found[0]]
    assert vault.get("p", ORIGINAL, found[0]) == b"photo" * 5000


def test_a_name_is_no_plain_hash_and_says_nothing_without_the_key(keys: KeyStore, vault: Vault) -> None:
    name = vault.put("p", ORIGINAL, b"photo")

    assert len(name) == 64
    assert name != hashlib.sha256(b"photo").hexdigest()


def test_a_blob_opens_for_its_patient_as_its_kind_and_under_its_name_only(keys: KeyStore, vault: Vault) -> None:
    name, other = vault.put("p", ORIGINAL, b"photo"), vault.put("p", ORIGINAL, b"another")

    assert refusal(lambda: vault.get("q", ORIGINAL, name)) == "original_damaged"
    assert refusal(lambda: vault.get("p", REPORT, name)) == "original_damaged"
    swapped = vault.blobs.read(other)
    assert swapped is not None
    vault.blobs.replace(name, swapped)
    assert refusal(lambda: vault.get("p", ORIGINAL, name)) == "original_damaged"


def test_every_changed_bit_of_a_blob_is_noticed() -> None:
    key = bytes(range(32))
    sealed = seal_blob(key, "p", ORIGINAL, "n", b"photo")
    assert open_blob(key, "p", ORIGINAL, "n", sealed) == b"photo"

    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert open_blob(key, "p", ORIGINAL, "n", bytes(changed)) is None
    for length in range(len(sealed)):
        assert open_blob(key, "p", ORIGINAL, "n", sealed[:length]) is None
    assert open_blob(bytes(32), "p", ORIGINAL, "n", sealed) is None


def test_two_hundred_flipped_bits_are_all_found(vault: Vault) -> None:
    name = vault.put("p", ORIGINAL, os.urandom(5000))
    whole = vault.blobs.read(name)
    assert whole is not None
    rng = random.Random(3)

    for _ in range(200):
        bit = rng.randrange(8 * len(whole))
        vault.blobs.replace(name, whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :])
        assert refusal(lambda: vault.get("p", ORIGINAL, name)) == "original_damaged"


def test_a_blob_that_is_gone_is_said_to_be(vault: Vault) -> None:
    name = vault.put("p", ORIGINAL, b"photo")
    vault.remove("p", name)
    vault.remove("p", name)

    assert refusal(lambda: vault.get("p", ORIGINAL, name)) == "original_missing"
    assert names(vault) == []


@pytest.mark.parametrize("left", [b"", b"TRKB\x01 torn", b"\x00" * 500])
def test_a_torn_file_under_a_name_is_replaced_and_never_trusted(vault: Vault, left: bytes) -> None:
    name = vault.put("p", ORIGINAL, b"photo")
    vault.blobs.replace(name, left)
    assert refusal(lambda: vault.get("p", ORIGINAL, name)) == "original_damaged"

    assert vault.put("p", ORIGINAL, b"photo") == name

    assert vault.get("p", ORIGINAL, name) == b"photo"


def test_an_erased_patient_is_closed_whatever_still_lies_there(keys: KeyStore, vault: Vault) -> None:
    name = vault.put("p", ORIGINAL, b"photo")
    keys.destroy("p")

    assert refusal(lambda: vault.get("p", ORIGINAL, name)) == "erased"
    assert refusal(lambda: vault.put("p", ORIGINAL, b"photo")) == "erased"


def test_a_blob_set_aside_comes_back_when_it_is_asked_for(vault: Vault) -> None:
    name = vault.put("p", ORIGINAL, b"photo")
    assert vault.blobs.move(name, Area.ASIDE)
    assert not vault.blobs.move(name, Area.ASIDE)
    assert names(vault) == []

    assert vault.get("p", ORIGINAL, name) == b"photo"
    assert names(vault) == [name]
    assert list(vault.blobs.listed(Area.ASIDE)) == []


def test_keeping_what_is_there_makes_it_count_as_new(vault: Vault, home: Path) -> None:
    name = vault.put("p", ORIGINAL, b"photo")
    if isinstance(vault.blobs, Folder):
        os.utime(home / "photos" / name[:2] / name, (0, 0))
    before = vault.blobs.find(name)
    time.sleep(1.1)  # an object store tells seconds

    vault.put("p", ORIGINAL, b"photo")

    after = vault.blobs.find(name)
    assert before is not None
    assert after is not None
    assert after.since > before.since


# The folder


@pytest.mark.folder
def test_a_full_disk_leaves_no_litter(home: Path, keys: KeyStore) -> None:
    program = """
import resource, sys
from pathlib import Path
from tracker.clinic.keys import KeyStore, master_key
from tracker.clinic.vault import vault_of
from tracker.errors import RecordError
home = Path(sys.argv[1])
vault = vault_of(home, KeyStore(home, master_key(home)))
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
try:
    vault.put("p", "original", bytes(50_000))
except RecordError as error:
    print(error.code, [p.name for a in ("photos", "incoming") for p in (home / a).rglob("*") if p.is_file()])
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(vault.get("p", "original", vault.put("p", "original", bytes(50_000))) == bytes(50_000))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(home)], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )

    assert done.stdout.splitlines() == ["not_saved []", "True"], done.stderr


def test_files_are_for_the_owner_only_whatever_the_process_allows(home: Path, keys: KeyStore) -> None:
    old = os.umask(0)
    try:
        Vault(Folder(home), keys).put("p", ORIGINAL, b"photo")
    finally:
        os.umask(old)

    for path in (home / "photos").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")
def test_a_file_and_its_name_are_synced_in_this_order_before_anybody_is_told(home: Path, keys: KeyStore) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from tracker.clinic.folders import Folder\n"
        "folder = Folder(Path(sys.argv[1]))\n"
        "os.write(1, b'begin'); folder.create('ab' * 32, b'sealed'); os.write(1, b'done')"
    )
    calls = "trace=write,fsync,fdatasync,rename,renameat,renameat2,mkdir,openat"
    command = ["strace", "-f", "-y", "-e", calls, sys.executable, "-c", program, str(home)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=True)
    lines = done.stderr.splitlines()
    first = next(k for k, line in enumerate(lines) if "write(1<" in line and '"begin"' in line)
    last = next(k for k, line in enumerate(lines) if "write(1<" in line and '"done"' in line)

    wanted = [
        lambda line: "mkdir(" in line and "/photos/ab" in line,
        lambda line: "fsync(" in line and line.partition("<")[2].split(">")[0].endswith("/photos"),
        lambda line: "write(" in line and "/incoming/" in line,
        lambda line: "fsync(" in line and "/incoming/" in line,
        lambda line: "rename" in line and "/photos/ab/" in line,
        lambda line: "fsync(" in line and line.partition("<")[2].split(">")[0].endswith("/photos/ab"),
    ]
    at = [next((k for k in range(first, last) if fits(lines[k])), -1) for fits in wanted]
    assert -1 not in at, "\n".join(lines[first:last])
    assert all(a < b for a, b in pairwise(at)), "\n".join(lines[first:last])


def test_the_library_alone_would_neither_sync_nor_hide_a_local_file(tmp_path: Path) -> None:
    """Why the folder is written by hand: what the object store library leaves."""
    old = os.umask(0o022)
    try:
        obstore.put(obstore.store.LocalStore(str(tmp_path)), "a", b"x", mode="create")
    finally:
        os.umask(old)

    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


# The bucket


@pytest.mark.parametrize("address", ["http://there/x", "s3://", "bucket", "s3:/bucket"])
def test_an_address_that_is_none_is_refused(home: Path, address: str) -> None:
    assert refusal(lambda: Bucket(address)) == "no_vault"


def test_a_place_elsewhere_is_reached_with_encryption_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:9000")

    assert refusal(lambda: Bucket("s3://bucket")) == "no_vault"


def test_a_bucket_that_is_not_there_is_one_sentence(bucket: str, keys: KeyStore) -> None:
    vault = Vault(Bucket("s3://no-such-bucket-at-all"), keys)

    assert refusal(lambda: vault.put("p", ORIGINAL, b"photo")) == "not_saved"
    assert refusal(lambda: list(vault.names())) == "not_read"


def test_a_store_that_does_not_answer_is_one_sentence_before_long(
    bucket: str, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        vault, begin = Vault(Bucket(bucket), keys), time.monotonic()

        assert refusal(lambda: vault.put("p", ORIGINAL, b"photo")) == "not_saved"
        assert refusal(lambda: vault.get("p", ORIGINAL, "ab")) == "not_read"

        assert time.monotonic() - begin < 30


@pytest.mark.parametrize("taken", [1, 2, 99])
def test_what_is_taken_from_a_bucket_at_once_is_sent_again_and_never_said_to_be_stored(
    bucket: str, keys: KeyStore, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    """As by somebody who removes the same photo from another view."""
    vault, put, left = Vault(Bucket(bucket), keys), obstore.put, [True] * taken

    def put_and_lose(store: object, path: str, *args: object, **options: object) -> None:
        put(store, path, *args, **options)
        if left:
            left.pop()
            obstore.delete(store, path)

    monkeypatch.setattr(obstore, "put", put_and_lose)
    if taken > 2:
        assert refusal(lambda: vault.put("p", ORIGINAL, b"photo")) == "not_saved"
    else:
        assert vault.get("p", ORIGINAL, vault.put("p", ORIGINAL, b"photo")) == b"photo"


def test_two_records_share_a_bucket_by_prefix(bucket: str, keys: KeyStore) -> None:
    one, two = Vault(Bucket(bucket), keys), Vault(Bucket(bucket.replace("one", "two")), keys)
    name = one.put("p", ORIGINAL, b"photo")

    assert names(one) == [name]
    assert names(two) == []


def test_a_place_in_a_bucket_belongs_to_one_record(bucket: str, keys: KeyStore) -> None:
    """Whose orphans would the other's blobs be? Nobody's: the second record is refused."""
    own, again, other = (Vault(Bucket(bucket), keys, whose) for whose in ("a" * 32, "a" * 32, "b" * 32))
    own.put("p", ORIGINAL, b"photo")
    again.put("p", ORIGINAL, b"another photo")

    assert refusal(lambda: other.put("p", ORIGINAL, b"third")) == "other_vault"
    assert refusal(other.claim) == "other_vault"
    assert len(names(own)) == 2


@pytest.fixture(params=PLACES)
def clinic(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """An empty record with its vault in a folder, or in a bucket."""
    if request.param == "bucket":
        monkeypatch.setenv("TRACKER_VAULT", request.getfixturevalue("bucket"))
    with Clinic.open(tmp_path / "clinic") as opened:
        yield opened


def with_views(clinic: Clinic, count: int = 1) -> list[str]:
    patient = clinic.add_patient(code="A")
    return [clinic.add_view(patient.id, site="thigh", pose=f"{k}").id for k in range(count)]


def kept(clinic: Clinic, area: Area = Area.KEPT) -> list[str]:
    return [each.name for each in clinic._files.vault.blobs.listed(area)]


def test_a_record_keeps_its_photos_where_it_is_told(clinic: Clinic, tmp_path: Path) -> None:
    (view,) = with_views(clinic)
    data = jpeg(1)
    photo = clinic.add_photo(view, data, "2026-03-02.jpg")

    assert clinic.original(photo.id) == data
    inside = [path for path in (tmp_path / "clinic" / "photos").rglob("*") if path.is_file()]
    assert len(inside) == isinstance(clinic._files.vault.blobs, Folder)
    assert Image.open(io.BytesIO(clinic.picture(photo.id, width=100))).size == (100, 100)
    clinic.remove_photo(photo.id)
    assert kept(clinic) == []


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_photo_that_was_lost_is_there_again_when_it_is_sent_once_more(clinic: Clinic, harm: str) -> None:
    (view,) = with_views(clinic)
    data = jpeg(1)
    photo = clinic.add_photo(view, data, "2026-03-02.jpg")
    (name,) = kept(clinic)
    clinic._files.vault.blobs.remove(name)
    if harm == "damaged":
        clinic._files.vault.blobs.create(name, b"rotten")

    assert not clinic.check_photo(view, data, "2026-03-02.jpg").already_stored
    assert clinic.add_photo(view, data, "2026-03-02.jpg").id == photo.id
    assert clinic.original(photo.id) == data
    assert clinic.check_photo(view, data, "2026-03-02.jpg").already_stored


# One photo in several views


def test_a_blob_goes_only_with_the_last_row_that_names_it(clinic: Clinic) -> None:
    first, second = with_views(clinic, 2)
    data = jpeg(1)
    photos = [clinic.add_photo(view, data, "2026-03-02.jpg") for view in (first, second)]
    assert len(kept(clinic)) == 1

    clinic.remove_photo(photos[0].id)
    assert clinic.original(photos[1].id) == data

    clinic.remove_photo(photos[1].id)
    assert kept(clinic) == []


def test_a_photo_that_is_added_while_its_twin_is_removed_is_not_lost(clinic: Clinic) -> None:
    first, second = with_views(clinic, 2)
    data = jpeg(1)
    rounds = 25 if isinstance(clinic._files.vault.blobs, Folder) else 4

    for _ in range(rounds):
        twin = clinic.add_photo(first, data, "2026-03-02.jpg")
        with ThreadPoolExecutor(1) as other:
            adding = other.submit(clinic.add_photo, second, data, "2026-03-02.jpg")
            clinic.remove_photo(twin.id)
            added = adding.result()
        assert clinic.original(added.id) == data
        clinic.remove_photo(added.id)
        assert kept(clinic) == []


# Orphans


def orphan(clinic: Clinic, data: bytes = b"orphan") -> str:
    patient = clinic.patients()[0]
    return clinic._files.vault.put(patient.id, ORIGINAL, data)


def test_what_no_row_names_is_set_aside_after_a_day_and_removed_after_a_month(clinic: Clinic) -> None:
    (view,) = with_views(clinic)
    photo = clinic.add_photo(view, jpeg(1), "2026-03-02.jpg")
    name, now = orphan(clinic), datetime.now(UTC)

    young = clinic.sweep(now)
    assert (young.seen, young.set_aside, young.removed) == (2, 0, 0)

    day = clinic.sweep(now + GRACE + timedelta(minutes=1))
    assert (day.set_aside, day.brought_back, day.removed) == (1, 0, 0)
    assert kept(clinic, Area.ASIDE) == [name]

    weeks = clinic.sweep(now + QUARANTINE - timedelta(hours=1))
    assert (weeks.set_aside, weeks.removed) == (0, 0)

    month = clinic.sweep(now + QUARANTINE + timedelta(hours=1))
    assert (month.set_aside, month.removed) == (0, 1)
    assert kept(clinic, Area.ASIDE) == []
    assert clinic.original(photo.id) == jpeg(1)


def test_what_was_set_aside_wrongly_comes_back_by_itself(clinic: Clinic) -> None:
    (view,) = with_views(clinic)
    photo = clinic.add_photo(view, jpeg(1), "2026-03-02.jpg")
    (name,) = kept(clinic)
    assert clinic._files.vault.blobs.move(name, Area.ASIDE)

    found = clinic.sweep(datetime.now(UTC) + 2 * QUARANTINE)

    assert (found.brought_back, found.removed) == (1, 0)
    assert kept(clinic) == [name]
    assert clinic.original(photo.id) == jpeg(1)


def test_what_was_set_aside_never_replaces_the_copy_that_counts(clinic: Clinic) -> None:
    (view,) = with_views(clinic)
    photo = clinic.add_photo(view, jpeg(1), "2026-03-02.jpg")
    (name,) = kept(clinic)
    blobs = clinic._files.vault.blobs
    sealed = blobs.read(name)
    assert sealed is not None
    blobs.replace(name, bytes(len(sealed)))  # the disk let it rot
    assert blobs.move(name, Area.ASIDE)
    blobs.replace(name, sealed)  # the same photo came once more

    clinic.sweep(datetime.now(UTC))

    assert clinic.original(photo.id) == jpeg(1)
    assert blobs.find(name, Area.ASIDE) is None


def test_every_column_that_names_a_blob_is_asked(clinic: Clinic) -> None:
    with_views(clinic)
    with clinic._store.reading() as connection:
        assert not is_named(connection, "nothing")
    marked = {
        f"{t.name}.{c.name}" for t in schema.metadata.sorted_tables for c in t.columns if c.info.get("names_blob")
    }
    assert "photo.file" in marked


def test_the_sweeper_never_takes_what_is_being_stored(tmp_path: Path) -> None:
    """Two threads store photos that seem two days old at once, while a third one sweeps without pause.

    The photos are not decoded: what races is the blob, its row and the sweeper. 10,000 rounds with SWEEP_ROUNDS=10000.
    """
    rounds, stop, swept, failed = int(os.environ.get("SWEEP_ROUNDS", "400")), threading.Event(), [], []
    with Clinic.open(tmp_path / "clinic") as clinic:
        views = with_views(clinic, 2)
        store, files = clinic._store, clinic._files
        vault = files.vault
        later = datetime.now(UTC) + timedelta(days=2)

        def keep_sweeping() -> None:
            while not stop.is_set():
                swept.append(clinic.sweep(later))

        def store_some(view: str, first: int) -> None:
            day = datetime.now(UTC).date()
            for k in range(first, rounds, 2):
                data = f"photo {k}".encode()
                new = NewPhoto(view, f"{k}.jpg", day, (1, 1))
                try:
                    store_original(store, files, new, data)
                except RecordError as error:
                    failed.append(error)

        sweeper = threading.Thread(target=keep_sweeping)
        writers = [threading.Thread(target=store_some, args=(view, k)) for k, view in enumerate(views)]
        for thread in (sweeper, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        stop.set()
        sweeper.join()

        assert failed == []
        assert sum(each.set_aside + each.brought_back for each in swept) > 0, "nothing raced"
        patient = clinic.patients()[0]
        listed = [photo for view in views for photo in clinic.photos(view)]
        assert len(listed) == rounds
        for photo in listed:
            with store.reading() as connection:
                name = file_of(connection, photo.id)
            assert vault.blobs.find(name) is not None
            assert vault.get(patient.id, ORIGINAL, name) == f"photo {photo.name.removesuffix('.jpg')}".encode()


def test_a_row_without_its_check_would_be_caught(tmp_path: Path) -> None:
    """The control: rows that are written without looking whether the blob is still there lose some."""
    with Clinic.open(tmp_path / "clinic") as clinic:
        (view,) = with_views(clinic)
        name = orphan(clinic, b"photo")
        clinic.sweep(datetime.now(UTC) + timedelta(days=2))
        assert kept(clinic) == []
        row = {"view_id": view, "digest": "d", "file": name, "height": 1, "width": 1, "is_reference": False}
        with clinic._store.writing() as connection:
            seal = connection.get_execution_options()["secrets"].seal
            sealed = seal(clinic.patients()[0].id, "photo.name:x", "n")
            now = datetime.now(UTC)
            connection.execute(
                insert(schema.photo).values(id="x", name=sealed, taken_on=now.date(), received_at=now, **row)
            )
        assert clinic._files.vault.blobs.find(name) is None
