"""The clinic's record: what was saved stays saved, is measured once, and says what `track` would say."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from benchmarks.printed import printed_batch, printed_card
from benchmarks.scenes import thigh
from tracker import METRICS, track
from tracker.calibration import Edition
from tracker.calibration.layout import PATCHES, nominal_lab_d50
from tracker.clinic import Clinic, PhotoState, StoredPhoto, View, data_folder
from tracker.clinic.demonstration import load_demonstration
from tracker.clinic.gate import beside_reference
from tracker.clinic.measuring import Judgement
from tracker.clinic.pictures import difference, surroundings
from tracker.clinic.records import Tile
from tracker.clinic.sealing import secrets_of
from tracker.clinic.standards import colours_on
from tracker.compute import PhotoProcess
from tracker.errors import CalibrationFailed, PhotoRejected, RecordError, RegionInvalid
from tracker.metrics import metric_named
from tracker.phantom import PhantomPhoto, build_stage, nominal_shot, photograph, series
from tracker.quality import Check, Need, SkinState, Status
from tracker.region import polygon_region
from tracker.report.words import lowered
from tracker.reports.document import report_document

SIZE = (600, 800)
BLURRED = 2
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def course() -> tuple[PhantomPhoto, ...]:
    """Four visits, of which the third is out of focus."""
    return tuple(series("thigh", seed=5, sessions=4, replicates=1, spoiled={BLURRED: "blur"}, size=SIZE))


@pytest.fixture(scope="module")
def measured_home(course: tuple[PhantomPhoto, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record in which the first three visits have been measured."""
    home = tmp_path_factory.mktemp("measured") / "home"
    with Clinic.open(home) as clinic:
        view = new_view(clinic)
        for photo in course[:3]:
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        assert clinic.measure_waiting() == 3
    return home


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """An empty record."""
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def measured(measured_home: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of the measured record."""
    shutil.copytree(measured_home, tmp_path / "home")
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture(scope="module")
def jpegs() -> list[bytes]:
    """Small photos of nothing in particular, quick to make and to store."""
    rng = np.random.default_rng(11)
    return [plain_jpeg(rng) for _ in range(4)]


def plain_jpeg(rng: np.random.Generator) -> bytes:
    out = io.BytesIO()
    picture = gaussian_filter(rng.normal(0, 1, (300, 400, 3)), (6, 6, 0)) * 400 + (190, 140, 120)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def new_view(clinic: Clinic, **about: str) -> View:
    patient = clinic.add_patient(code=f"P-{len(clinic.patients())}")
    return clinic.add_view(patient.id, **{"site": "thigh", "laterality": "left", "pose": "standing"} | about)


def only_view(clinic: Clinic) -> View:
    return clinic.views(clinic.patients()[0].id)[0]


def dates(photos: tuple[StoredPhoto, ...]) -> list[str]:
    return [photo.taken_on.isoformat() for photo in photos]


def originals(clinic: Clinic) -> list[str]:
    """Names of the sealed originals, wherever they lie."""
    return [blob.name for blob in clinic._files.vault.names()]


def run(code: str, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, **options)


def until(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


# The register


def test_a_record_that_is_opened_again_holds_what_was_entered(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as first:
        patient = first.add_patient(code="A-1", name="Zoë 'Robert'); DROP TABLE patient;-- 🌿", note="line\nline")
        view = first.add_view(patient.id, site="thigh", laterality="left", pose="standing", indication="cellulite")

    with Clinic.open(tmp_path / "home") as again:
        assert again.patients() == (patient,)
        assert again.views(patient.id) == (view,)
        assert again.view(view.id).title == "Left thigh, standing"


@pytest.mark.sqlite
def test_the_record_is_kept_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "there"))

    with Clinic.open() as clinic:
        assert clinic.home == data_folder() == tmp_path / "there"
        assert (tmp_path / "there" / "clinic.sqlite").is_file()


def test_a_code_belongs_to_one_patient(clinic: Clinic) -> None:
    clinic.add_patient(code="A-1")

    with pytest.raises(RecordError, match="A-1") as refused:
        clinic.add_patient(code="A-1")

    assert refused.value.code == "code_taken"
    assert len(clinic.patients()) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.patient("nobody"),
        lambda c: c.views("nobody"),
        lambda c: c.view("nothing"),
        lambda c: c.photos("nothing"),
        lambda c: c.photo("nothing"),
        lambda c: c.original("nothing"),
        lambda c: c.picture("nothing", width=100),
        lambda c: c.picture("nothing", width=100, aligned=True),
        lambda c: c.difference("nothing", width=100),
        lambda c: c.remove_photo("nothing"),
        lambda c: c.set_region("nothing", None),
        lambda c: c.report("nothing"),
        lambda c: c.check_photo("nothing", b"", "a.jpg"),
        lambda c: c.add_photo("nothing", b"", "a.jpg"),
        lambda c: c.add_view("nobody", site="thigh"),
        lambda c: c.measure_again("nothing"),
    ],
)
def test_an_unknown_identifier_is_not_found(clinic: Clinic, ask: Callable[[Clinic], object]) -> None:
    with pytest.raises(RecordError) as refused:
        ask(clinic)

    assert refused.value.code == "not_found"


def test_the_untreated_view_has_to_be_of_the_same_patient(clinic: Clinic) -> None:
    stranger = new_view(clinic)
    patient = clinic.add_patient(code="other")

    with pytest.raises(RecordError) as refused:
        clinic.add_view(patient.id, site="thigh", control_id=stranger.id)

    assert refused.value.code == "control"
    assert clinic.views(patient.id) == ()


# Storing photos


def test_a_photo_comes_back_byte_for_byte_and_its_path_tells_nothing(clinic: Clinic, jpegs: list[bytes]) -> None:
    patient = clinic.add_patient(code="Miller-1970", name="Jane Miller")
    view = clinic.add_view(patient.id, site="thigh")

    photo = clinic.add_photo(view.id, jpegs[0], "Jane Miller 2026-03-02.jpg")

    assert clinic.original(photo.id) == jpegs[0]
    assert photo.state is PhotoState.WAITING
    assert photo.taken_on == date(2026, 3, 2)
    assert photo.received_at.tzinfo is not None
    assert photo.digest == clinic.digest_of(jpegs[0])
    paths = " ".join(str(path.relative_to(clinic.home)) for path in clinic.home.rglob("*"))
    assert not [word for word in ("Miller", "Jane", "2026", photo.digest) if word in paths]


def test_files_and_folders_are_for_their_owner_only(clinic: Clinic, jpegs: list[bytes]) -> None:
    photo = clinic.add_photo(new_view(clinic).id, jpegs[0], "2026-03-02.jpg")
    clinic.picture(photo.id, width=100)

    for path in (clinic.home, *clinic.home.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_photos_are_listed_by_date_and_then_in_order_of_arrival(clinic: Clinic, jpegs: list[bytes]) -> None:
    view = new_view(clinic)
    for data, name in zip(jpegs, ("b 2026-03-09", "c 2026-03-02", "a 2026-03-02", "d 2026-01-01"), strict=True):
        clinic.add_photo(view.id, data, name)

    assert [photo.name[0] for photo in clinic.photos(view.id)] == ["d", "c", "a", "b"]


def test_a_given_day_wins_over_the_one_in_the_photo(clinic: Clinic, jpegs: list[bytes]) -> None:
    photo = clinic.add_photo(new_view(clinic).id, jpegs[0], "2026-03-02.jpg", taken_on=date(2026, 2, 1))

    assert clinic.photo(photo.id).taken_on == date(2026, 2, 1)


def test_the_same_file_is_stored_once_in_a_view_and_again_in_another(clinic: Clinic, jpegs: list[bytes]) -> None:
    view, other = new_view(clinic), new_view(clinic)

    first = clinic.add_photo(view.id, jpegs[0], "2026-03-02.jpg")
    again = clinic.add_photo(view.id, jpegs[0], "copy of 2026-03-02.jpg")
    elsewhere = clinic.add_photo(other.id, jpegs[0], "2026-03-02.jpg")

    assert again == first
    assert elsewhere.id != first.id
    assert len(originals(clinic)) == 2


def test_threads_that_add_the_same_photo_at_once_store_it_once(clinic: Clinic, jpegs: list[bytes]) -> None:
    view = new_view(clinic)
    together = threading.Barrier(8)
    added: list[StoredPhoto] = []

    def add(data: bytes) -> None:
        together.wait()
        added.append(clinic.add_photo(view.id, data, "2026-03-02.jpg"))

    threads = [threading.Thread(target=add, args=(jpegs[k % 2],)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(added) == 8
    assert {photo.id for photo in added} == {photo.id for photo in clinic.photos(view.id)}
    assert len(clinic.photos(view.id)) == len(originals(clinic)) == 2


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "2026-03-02.jpg", "empty"),
        (b"not a photo at all", "2026-03-02.jpg", "not_a_photo"),
        (None, "2026-03-02.jpg", "damaged"),
        ("whole", "no day in my name.jpg", "no_date"),
    ],
)
def test_of_a_refused_photo_nothing_is_stored(
    clinic: Clinic, jpegs: list[bytes], data: bytes | str | None, name: str, code: str
) -> None:
    view = new_view(clinic)
    sent = {None: jpegs[0][: len(jpegs[0]) // 2], "whole": jpegs[0]}.get(data, data)  # type: ignore[arg-type]

    with pytest.raises(PhotoRejected) as refused:
        clinic.add_photo(view.id, sent, name)  # type: ignore[arg-type]

    assert refused.value.code == code
    assert clinic.photos(view.id) == ()
    assert originals(clinic) == []


def test_a_removed_photo_leaves_nothing_behind(measured: Clinic) -> None:
    view = only_view(measured)
    photo = measured.photos(view.id)[1]
    measured.picture(photo.id, width=200, aligned=True)

    measured.remove_photo(photo.id)

    assert len(originals(measured)) == len(measured.photos(view.id)) == 2
    assert not [path for path in measured.home.rglob("*") if photo.id in str(path)]
    assert measured.work().total == measured.work().done


def test_an_original_that_was_damaged_is_noticed(clinic: Clinic, jpegs: list[bytes]) -> None:
    photo = clinic.add_photo(new_view(clinic).id, jpegs[0], "2026-03-02.jpg")
    clinic._files.vault.blobs.replace(originals(clinic)[0], jpegs[0][:-1] + b"\x00")

    with pytest.raises(RecordError) as refused:
        clinic.original(photo.id)

    assert refused.value.code == "original_damaged"


# Faults


@pytest.mark.sqlite
def test_a_record_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    Clinic.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "clinic.sqlite") as connection:
        connection.execute("UPDATE about SET value = '99' WHERE name = 'schema_version'")
    connection.close()
    before = (tmp_path / "clinic.sqlite").read_bytes()

    with pytest.raises(RecordError, match="newer") as refused:
        Clinic.open(tmp_path)

    assert refused.value.code == "newer_schema"
    assert (tmp_path / "clinic.sqlite").read_bytes() == before


@pytest.mark.sqlite
def test_a_record_that_something_else_changed_is_shown_but_takes_nothing(clinic: Clinic, jpegs: list[bytes]) -> None:
    view = new_view(clinic)
    photo = clinic.add_photo(view.id, jpegs[0], "2026-03-02.jpg")
    clinic.close()
    with closing(sqlite3.connect(clinic.home / "clinic.sqlite")) as connection:
        connection.execute("DROP TRIGGER touched_photo_delete")

    with Clinic.open(clinic.home) as opened:
        assert "backup" in opened.read_only_reason
        assert opened.photos(view.id) == (photo,)
        assert opened.original(photo.id) == jpegs[0]
        opened.start_worker()
        with pytest.raises(RecordError) as refused:
            opened.add_photo(view.id, jpegs[1], "2026-03-03.jpg")
        assert refused.value.code == "read_only"
        assert opened.photos(view.id) == (photo,)
        assert len(originals(opened)) == 1


def test_the_used_area_is_kept_with_each_value(measured: Clinic) -> None:
    report = measured.report(only_view(measured).id)
    assert report is not None

    for measurement in report.measurements:
        assert measurement.area_mm2 is not None
        assert measurement.area_mm2 > 10_000
        assert sum(share for _, share in measurement.left_out) == pytest.approx(1 - measurement.area_share, abs=0.01)


@pytest.mark.sqlite
def test_a_damaged_record_is_said_to_be_one(tmp_path: Path) -> None:
    Clinic.open(tmp_path).close()
    (tmp_path / "clinic.sqlite").write_bytes(b"\x00 not a database" * 500)

    with pytest.raises(RecordError) as refused:
        Clinic.open(tmp_path)

    assert refused.value.code == "damaged"


@pytest.mark.sqlite
def test_the_database_syncs_its_folder_where_a_log_would_be_unsafe(clinic: Clinic) -> None:
    with clinic._store.reading() as connection:
        read = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    safe_log = sqlite3.sqlite_version_info >= (3, 51, 3)
    expected = ("wal", 2) if safe_log else ("delete", 3)
    assert (read["journal_mode"], read["synchronous"]) == expected
    assert (read["foreign_keys"], read["busy_timeout"]) == (1, 30_000)


FULL_DISK = """
import resource, sys
from pathlib import Path
from tracker.clinic import Clinic
from tracker.errors import RecordError

def try_with(home, name, limit):
    with Clinic.open(home) as clinic:
        view = clinic.add_view(clinic.add_patient(code="A").id, site="thigh")
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit or (home / "clinic.sqlite").stat().st_size, HARD))
        try:
            clinic.add_photo(view.id, DATA, name)
        except RecordError as error:
            print(error.code, end=" ")
        files = [path for part in ("photos", "incoming") for path in (home / part).rglob("*") if path.is_file()]
        print(len(clinic.photos(view.id)), len(files), end=" ")
        resource.setrlimit(resource.RLIMIT_FSIZE, (HARD, HARD))
        print(clinic.original(clinic.add_photo(view.id, DATA, name).id) == DATA)

HARD = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
FOLDER = Path(sys.argv[1])
DATA = (FOLDER / "photo.jpg").read_bytes()
try_with(FOLDER / "a", "2026-03-02.jpg", 2000)
# A name of many pages makes the database grow beyond what the photo itself needed.
try_with(FOLDER / "b", 300_000 * "a" + " 2026-03-02.jpg", 0)
"""


@pytest.mark.sqlite
def test_a_full_disk_changes_nothing_and_the_photo_can_be_added_afterwards(tmp_path: Path, jpegs: list[bytes]) -> None:
    (tmp_path / "photo.jpg").write_bytes(jpegs[0])
    assert 2_000 < len(jpegs[0]) < 60_000  # too much for the first limit, and less than an empty database

    done = run(FULL_DISK, tmp_path)

    assert done.stdout.splitlines() == ["not_saved 0 0 True"] * 2, done.stderr


ADD_UNTIL_KILLED = """
import io, os, random, signal, sys, time
from pathlib import Path
import numpy as np
from PIL import Image
from tracker.clinic import Clinic

def add_for_ever(home, seed, answers):
    clinic = Clinic.open(home)
    view = clinic.views(clinic.patients()[0].id)[0]
    rng = np.random.default_rng(seed)
    os.write(answers, b"ready\\n")
    while True:
        out = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (256, 256, 3), dtype=np.uint8)).save(out, "JPEG")
        os.write(answers, clinic.add_photo(view.id, out.getvalue(), "2026-03-02.jpg").digest.encode() + b"\\n")

moments = random.Random(4)
for seed in range(21):
    heard, answers = os.pipe()
    child = os.fork()
    if child == 0:
        add_for_ever(Path(sys.argv[1]), seed, answers)
    os.close(answers)
    with open(heard) as lines:
        told = [lines.readline() for _ in range(1 + seed % 3)]
        time.sleep(moments.uniform(0.0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print("".join(line for line in [*told[1:], *lines] if line.endswith("\\n")), end="")
"""


def test_a_process_killed_while_adding_leaves_each_photo_whole_or_not_at_all(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        view = new_view(clinic)

    done = run(ADD_UNTIL_KILLED, tmp_path / "home")

    acknowledged = set(done.stdout.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert len(acknowledged) >= 20
    with Clinic.open(tmp_path / "home") as clinic:
        stored = clinic.photos(view.id)
        for photo in stored:
            assert clinic.digest_of(clinic.original(photo.id)) == photo.digest
        assert acknowledged <= {photo.digest for photo in stored}
        new = clinic.add_photo(view.id, plain_jpeg(np.random.default_rng(0)), "2026-03-02.jpg")
        assert new in clinic.photos(view.id)


# The gate


def test_the_gate_passes_a_good_photo_and_knows_one_that_is_stored(
    clinic: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    view, photo = new_view(clinic), course[0]

    tile = clinic.check_photo(view.id, photo.jpeg, photo.name)
    clinic.add_photo(view.id, photo.jpeg, photo.name)
    again = clinic.check_photo(view.id, photo.jpeg, photo.name)

    assert (tile.status, tile.advice, tile.taken_on) == ("ok", (), photo.taken_on)
    assert (tile.already_stored, again.already_stored) == (False, True)
    assert tile.digest == again.digest == clinic.digest_of(photo.jpeg)


def test_the_gate_stops_a_blurred_photo_and_says_what_to_do(clinic: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    tile = clinic.check_photo(new_view(clinic).id, course[BLURRED].jpeg, course[BLURRED].name)

    assert tile.status == "block"
    assert "blurred" in tile.advice[0]


def test_the_gate_explains_a_file_that_is_no_photo(clinic: Clinic) -> None:
    tile = clinic.check_photo(new_view(clinic).id, b"%PDF-1.7 invoice", "invoice.pdf")

    assert tile.status == "block"
    assert "invoice.pdf is not a photo" in tile.headline


def test_the_gate_asks_for_the_day_of_a_photo_that_does_not_tell(clinic: Clinic, jpegs: list[bytes]) -> None:
    view = new_view(clinic)

    tile = clinic.check_photo(view.id, jpegs[0], "holiday.jpg")
    told = clinic.check_photo(view.id, jpegs[0], "holiday.jpg", date(2026, 3, 2))

    assert tile.taken_on is None
    assert [text for text in tile.advice if "no date" in text]
    assert told.taken_on == date(2026, 3, 2)
    assert not [text for text in told.advice if "no date" in text]


def test_the_gate_asks_for_oblique_light_only_where_relief_is_measured(clinic: Clinic) -> None:
    photo = next(series("pigment", seed=5, sessions=1, replicates=1, size=SIZE))
    assert photo.region is not None
    patch, skin = new_view(clinic), new_view(clinic)
    clinic.set_region(patch.id, polygon_region(photo.region))

    of_patch, of_skin = (clinic.check_photo(view.id, photo.jpeg, photo.name) for view in (patch, skin))

    assert of_patch.status == "ok"
    assert [text for text in of_skin.advice if "frontal" in text]


def test_the_gate_sees_that_the_camera_stood_elsewhere(measured: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    cropped = io.BytesIO()
    rows, cols = SIZE
    box = (int(0.05 * cols), int(0.05 * rows), int(0.95 * cols), int(0.95 * rows))
    closer = Image.fromarray(course[3].rgb).crop(box).resize((cols, rows), Image.Resampling.LANCZOS)
    closer.save(cropped, "JPEG", quality=92)

    tile = measured.check_photo(only_view(measured).id, cropped.getvalue(), course[3].name)

    assert [text for text in tile.advice if "closer" in text]


# Measuring


def test_the_record_reports_what_track_reports(measured: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    expected = track([p.jpeg for p in course[:3]], title="Left thigh, standing")

    found = measured.report(only_view(measured).id)

    assert found is not None
    assert found.title == expected.title
    assert [p.taken_on for p in found.photos] == [p.taken_on for p in expected.photos]
    assert [p.checks for p in found.photos] == [p.checks for p in expected.photos]
    assert [r.code for r in found.rejections] == [r.code for r in expected.rejections]
    assert (found.mm_per_px, found.colour_evidence) == (expected.mm_per_px, expected.colour_evidence)
    for ours, theirs in zip(found.timeline.metrics, expected.timeline.metrics, strict=True):
        assert [m.value for s in ours.sessions for m in s.measurements] == [
            m.value for s in theirs.sessions for m in s.measurements
        ]
        for mine, other in zip(ours.changes, theirs.changes, strict=True):
            assert (mine.verdict, mine.taken_on, mine.change) == (other.verdict, other.taken_on, other.change)
            # Draws are kept in single precision.
            assert (mine.low or 0.0) == pytest.approx(other.low or 0.0, rel=1e-5)


def test_the_earliest_photo_is_the_reference_and_a_blurred_one_is_kept_with_its_reason(measured: Clinic) -> None:
    photos = measured.photos(only_view(measured).id)

    assert [photo.is_reference for photo in photos] == [True, False, False]
    assert [photo.state for photo in photos[:2]] == [PhotoState.MEASURED] * 2
    blurred = photos[BLURRED]
    assert blurred.state is PhotoState.REJECTED or blurred.status == "block"
    assert blurred.status == "block"


def test_a_new_photo_leaves_the_old_results_alone(measured: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    view = only_view(measured)
    before = {m.digest: m for m in measured.report(view.id).measurements}  # type: ignore[union-attr]
    named: list[str] = []
    measured.add_photo(view.id, course[3].jpeg, course[3].name)

    assert measured.measure_waiting(progress=lambda done, total, name: named.append(name)) == 1

    assert named == [course[3].name]
    after = {m.digest: m for m in measured.report(view.id).measurements}  # type: ignore[union-attr]
    assert {digest: after[digest] for digest in before} == before
    assert set(after) - set(before) == {measured.digest_of(course[3].jpeg)}


def test_an_earlier_photo_that_comes_later_does_not_replace_the_reference(
    measured: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    view = only_view(measured)
    reference = measured.photos(view.id)[0]
    measured.add_photo(view.id, course[3].jpeg, course[3].name, taken_on=date(2026, 1, 1))
    measured.measure_waiting()

    photos = measured.photos(view.id)
    assert photos[0].taken_on == date(2026, 1, 1)
    assert [photo.id for photo in photos if photo.is_reference] == [reference.id]
    assert photos[0].state is PhotoState.MEASURED


def test_a_first_photo_that_cannot_be_the_baseline_is_passed_over(
    clinic: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    view = new_view(clinic)
    clinic.add_photo(view.id, course[BLURRED].jpeg, "blurred", taken_on=date(2026, 1, 1))
    clinic.add_photo(view.id, course[0].jpeg, "sharp", taken_on=date(2026, 2, 1))

    clinic.measure_waiting()

    first, second = clinic.photos(view.id)
    assert (first.state, first.code) == (PhotoState.REJECTED, "poor_baseline")
    assert second.is_reference
    report = clinic.report(view.id)
    assert report is not None
    assert [rejection.name for rejection in report.rejections] == ["blurred"]


def test_a_limit_is_kept_and_the_work_is_counted(measured: Clinic) -> None:
    view = only_view(measured)
    for photo in measured.photos(view.id):
        measured.measure_again(photo.id)

    assert (measured.work().done, measured.work().total) == (0, 3)
    assert measured.report(view.id) is None
    assert measured.measure_waiting(limit=1) == 1
    assert (measured.work().done, measured.work().total) == (1, 3)
    assert measured.photos(view.id)[0].state is PhotoState.MEASURED


def test_a_region_makes_photos_wait_and_a_region_known_before_needs_no_new_work(measured: Clinic) -> None:
    view = only_view(measured)
    rows, cols = SIZE
    patch = polygon_region(np.array([[0.3, 0.4], [0.3, 0.6], [0.7, 0.6], [0.7, 0.4]]) * (rows, cols))
    before = measured.report(view.id)

    measured.set_region(view.id, patch)
    waiting = measured.work()
    measured.measure_waiting()
    within = measured.report(view.id)
    measured.set_region(view.id, None)
    back = measured.report(view.id)

    assert waiting.total - waiting.done == 3
    assert before is not None
    assert within is not None
    assert back is not None
    assert within.region.polygon is not None
    np.testing.assert_array_equal(within.region.polygon, patch.polygon)
    assert within.measurements != before.measurements
    assert back.measurements == before.measurements
    assert measured.work().total == measured.work().done


def test_a_region_is_carried_to_where_its_skin_lies_in_a_later_photo(
    measured: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    """Within a hundredth of the width of the truth of the renderer: what can be seen in a small picture."""
    photo, truth = measured.photos(only_view(measured).id)[1], course[1].truth
    rows, cols = slice(30, 60, 29), slice(45, 76, 30)
    corners = np.array([[r, c] for r, c in zip(truth.rows[rows].repeat(2), truth.cols[cols].tolist() * 2, strict=True)])
    expected = np.stack([truth.moving_row[rows, cols], truth.moving_col[rows, cols]], axis=-1).reshape(-1, 2)

    (line,) = measured.outline(photo.id, corners.astype(np.float64))

    found = np.array(line)
    for corner in expected:
        assert np.hypot(*(found - corner).T).min() < 0.01 * SIZE[1]


def test_an_outline_that_leaves_the_picture_comes_in_pieces_and_one_without_a_map_is_refused(measured: Clinic) -> None:
    photo = measured.photos(only_view(measured).id)[1]
    rows, cols = SIZE
    all_of_it = np.array([[0.0, 0.0], [0.0, cols - 1], [rows - 1, cols - 1], [rows - 1, 0.0]])

    lines = measured.outline(photo.id, all_of_it)

    assert lines
    assert all(-1 < row < rows and -1 < column < cols for line in lines for row, column in line)
    measured.measure_again(photo.id)
    with pytest.raises(RecordError):
        measured.outline(photo.id, all_of_it)


def test_the_skin_of_the_reference_proposes_a_region_that_can_be_saved(measured: Clinic) -> None:
    view = only_view(measured)

    corners = measured.proposed_region(measured.photos(view.id)[0].id)

    assert corners is not None
    measured.set_region(view.id, polygon_region(corners))
    assert measured.view(view.id).region is not None


def test_a_region_that_does_not_fit_the_reference_changes_nothing(measured: Clinic) -> None:
    view = only_view(measured)

    with pytest.raises(RegionInvalid):
        measured.set_region(view.id, polygon_region(np.array([[0.0, 0.0], [5000.0, 0.0], [5000.0, 10.0]])))
    with pytest.raises(RegionInvalid):
        measured.set_region(view.id, polygon_region(np.array([[10.0, 10.0], [10.0, 12.0], [12.0, 12.0]])))

    assert measured.view(view.id).region is None
    assert measured.work().total == measured.work().done


def test_what_is_found_after_the_region_was_changed_does_not_count(measured: Clinic) -> None:
    view = only_view(measured)
    patch = polygon_region(np.array([[200.0, 300], [200, 500], [400, 500], [400, 300]]))
    moved = measured.photos(view.id)[1]
    measured.measure_again(moved.id)

    measured.measure_waiting(limit=1, progress=lambda done, total, name: measured.set_region(view.id, patch))

    assert [photo.state for photo in measured.photos(view.id)] == [PhotoState.WAITING] * 3


def test_a_photo_that_is_removed_while_it_is_measured_leaves_nothing_behind(measured: Clinic) -> None:
    view = only_view(measured)
    moved = measured.photos(view.id)[1]
    measured.measure_again(moved.id)

    measured.measure_waiting(progress=lambda done, total, name: measured.remove_photo(moved.id))

    assert len(measured.photos(view.id)) == len(originals(measured)) == 2
    assert not [path for path in measured.home.rglob("*") if moved.id in str(path)]


def test_the_reference_cannot_be_removed_while_a_region_is_drawn_on_it(measured: Clinic) -> None:
    view = only_view(measured)
    reference = measured.photos(view.id)[0]
    measured.set_region(view.id, polygon_region(np.array([[200.0, 300], [200, 500], [400, 500], [400, 300]])))

    with pytest.raises(RecordError) as refused:
        measured.remove_photo(reference.id)
    measured.set_region(view.id, None)
    measured.remove_photo(reference.id)

    assert refused.value.code == "is_reference"
    assert [photo.state for photo in measured.photos(view.id)] == [PhotoState.WAITING] * 2


def test_a_new_version_of_a_method_makes_photos_wait(measured_home: Path, tmp_path: Path) -> None:
    shutil.copytree(measured_home, tmp_path / "home")
    raised = (replace(METRICS[0], version=METRICS[0].version + 1), *METRICS[1:])

    with Clinic.open(tmp_path / "home") as same:
        assert same.work().total == 0
    with Clinic.open(tmp_path / "home", metrics=raised) as newer:
        view = only_view(newer)
        assert newer.work().total == 3
        assert newer.report(view.id) is None
        assert newer.measure_waiting(limit=1) == 1
        report = newer.report(view.id)
        assert report is not None
        assert {m.method for m in report.measurements if m.metric == METRICS[0].name} == {raised[0].method}


def test_a_treated_view_is_reported_with_its_control(measured: Clinic) -> None:
    treated = only_view(measured)
    control = measured.add_view(treated.patient_id, site="thigh", laterality="right", is_control=True)
    measured.set_control(treated.id, control.id)
    measured.set_control(control.id, treated.id)  # a circle must not run for ever

    alone = measured.report(treated.id)
    other = measured.photos(treated.id)[0]
    measured.add_photo(control.id, measured.original(other.id), other.name)
    measured.measure_waiting()
    together = measured.report(treated.id)

    assert alone is not None
    assert alone.control is None
    assert together is not None
    assert together.control is not None
    assert together.control.title == "Right thigh"
    assert together.control.control is None


@pytest.mark.sqlite
def test_a_report_needs_no_pixels_and_little_time(measured: Clinic) -> None:
    view = only_view(measured)
    rows = 30
    with measured._store.writing() as connection:  # thirty photos with the measurements of the first
        first, result = connection.exec_driver_sql("SELECT arrival, result_id FROM photo WHERE is_reference").one()
        columns = "view_id, received_at, height, width"
        seal = partial(secrets_of(connection).seal, view.patient_id)
        for k in range(1, rows):
            connection.exec_driver_sql(
                f"INSERT INTO photo (id, digest, file, taken_on, is_reference, name, {columns}) "
                f"SELECT 'i{k}', 'd{k}', 'f{k}', date(taken_on, '+{8 * k} days'), 0, "
                f"'{seal(f'photo.name:i{k}', f'{k}.jpg')}', {columns} "
                f"FROM photo WHERE arrival = {first}"
            )
            _copy_result(connection, result, k, seal(f"result.notes:i{k}", "[]"))
    for name in originals(measured):
        measured._files.vault.blobs.remove(name)
    shutil.rmtree(measured.home / "derived")

    times = []
    for _ in range(5):
        start = time.process_time()
        report = measured.report(view.id)
        times.append(time.process_time() - start)

    assert report is not None
    assert len(report.measured[0].sessions) == rows + 1  # with the second visit of the course
    assert min(times) < 0.1  # 50 ms here on an idle machine; headroom for one that shares its caches


def _copy_result(connection: object, result: int, k: int, notes: str) -> None:
    execute = connection.exec_driver_sql  # type: ignore[attr-defined]
    about = "methods, region_hash, measured_at, code, reason, status, checks, colour_evidence, derived"
    execute(
        f"INSERT INTO result (id, photo_id, notes, {about}) "
        f"SELECT {1000 + k}, 'i{k}', '\"{notes}\"', {about} FROM result WHERE id={result}"
    )
    value = "metric, method, unit, value, uncertainty, area_share, parts, draws"
    execute(
        f"INSERT INTO measurement (result_id, {value}) SELECT {1000 + k}, {value} FROM measurement "
        f"WHERE result_id={result}"
    )
    execute(f"UPDATE photo SET result_id = {1000 + k} WHERE id = 'i{k}'")


# Pictures


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def test_a_picture_is_small_never_enlarged_and_carries_no_metadata(measured: Clinic) -> None:
    photo = measured.photos(only_view(measured).id)[0]
    assert opened(measured.original(photo.id)).getexif()

    small, large = (opened(measured.picture(photo.id, width=width)) for width in (200, 5000))

    assert small.size == (200, 150)
    assert large.size == (SIZE[1], SIZE[0])
    assert small.format == "JPEG"
    assert not small.getexif()
    assert set(small.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    original = np.asarray(opened(measured.original(photo.id)).resize((200, 150), Image.Resampling.BOX), float)
    assert np.abs(np.asarray(small, float) - original).mean() < 3


def test_an_aligned_picture_shows_the_skin_where_the_reference_shows_it(measured: Clinic) -> None:
    reference, moved = measured.photos(only_view(measured).id)[:2]
    target = np.asarray(opened(measured.picture(reference.id, width=400)).convert("L"), float)

    plain, aligned = (
        np.asarray(opened(measured.picture(moved.id, width=400, aligned=choice)).convert("L"), float)
        for choice in (False, True)
    )

    centre = np.s_[60:-60, 80:-80]
    agreement = [np.corrcoef(_fine(target)[centre].ravel(), _fine(p)[centre].ravel())[0, 1] for p in (plain, aligned)]
    assert agreement[1] > 0.6
    assert agreement[1] > agreement[0] + 0.3


def _fine(picture: np.ndarray) -> np.ndarray:
    return gaussian_filter(picture, 1.0) - gaussian_filter(picture, 6.0)


def test_a_photo_that_is_not_aligned_has_no_aligned_picture(clinic: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    photo = clinic.add_photo(new_view(clinic).id, course[0].jpeg, course[0].name)

    with pytest.raises(RecordError) as refused:
        clinic.picture(photo.id, width=200, aligned=True)

    assert refused.value.code == "not_found"
    assert opened(clinic.picture(photo.id, width=200)).size == (200, 150)


def test_lost_derivatives_are_made_again(measured: Clinic) -> None:
    moved = measured.photos(only_view(measured).id)[1]
    before = measured.picture(moved.id, width=300, aligned=True)
    shutil.rmtree(measured.home / "derived")

    with pytest.raises(RecordError):
        measured.picture(moved.id, width=300, aligned=True)
    assert measured.measure_waiting() == 1

    assert measured.picture(moved.id, width=300, aligned=True) == before


def test_the_difference_is_blue_where_it_became_darker_and_grey_outside_the_region() -> None:
    rng = np.random.default_rng(3)
    reference = np.clip(rng.normal(150, 2, (120, 160, 3)), 0, 255).astype(np.uint8)
    moved = np.clip(reference * 1.1, 0, 255).astype(np.uint8)  # all of it brighter: exposure, not skin
    moved[40:60, 40:60] = (moved[40:60, 40:60] * 0.85).astype(np.uint8)
    region = np.zeros((60, 80), bool)
    region[10:50, 10:70] = True

    shown = difference(reference, moved, region, unchanged=region).astype(int)

    darker, same, outside = shown[45:55, 45:55], shown[70:95, 90:130], shown[:15]
    assert (darker[..., 2] - darker[..., 0]).mean() > 60
    assert np.abs(same[..., 2] - same[..., 0]).mean() < 25
    assert np.ptp(outside, axis=-1).max() == 0


def test_a_patch_that_fades_as_a_whole_is_shown_against_the_skin_around_it() -> None:
    rng = np.random.default_rng(3)
    reference = np.clip(rng.normal(150, 2, (120, 160, 3)), 0, 255).astype(np.uint8)
    region = np.zeros((120, 160), bool)
    region[40:80, 60:100] = True
    moved = np.clip(reference * 1.1, 0, 255).astype(np.uint8)
    moved[region] = np.clip(moved[region] * 1.1, 0, 255).astype(np.uint8)

    shown = difference(reference, moved, region, unchanged=surroundings(region)).astype(int)

    patch = shown[45:75, 65:95]
    assert (patch[..., 0] - patch[..., 2]).mean() > 60


def test_the_difference_of_stored_photos_can_be_seen(measured: Clinic) -> None:
    moved = measured.photos(only_view(measured).id)[1]

    shown = np.asarray(opened(measured.difference(moved.id, width=400)), int)

    assert shown.shape == (300, 400, 3)
    coloured = np.ptp(shown, axis=-1) > 40
    assert 0.01 < coloured.mean() < 0.6
    assert not coloured[:, :60].any()  # the backdrop is left of the thigh


# The background


def test_the_worker_measures_what_arrives_and_stops_at_once(clinic: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    view = new_view(clinic)
    clinic.start_worker()
    clinic.start_worker()

    for photo in course[:2]:
        clinic.add_photo(view.id, photo.jpeg, photo.name)

    assert until(lambda: clinic.work().is_finished)
    assert [photo.state for photo in clinic.photos(view.id)] == [PhotoState.MEASURED] * 2
    start = time.monotonic()
    clinic.stop_worker()
    assert time.monotonic() - start < 2
    assert clinic.report(view.id) is not None


def test_a_worker_may_be_started_and_stopped_at_any_moment(clinic: Clinic, course: tuple[PhantomPhoto, ...]) -> None:
    photo = clinic.add_photo(new_view(clinic).id, course[0].jpeg, course[0].name)
    moments = np.random.default_rng(2).uniform(0.0, 0.04, 30)

    start = time.monotonic()
    for moment in moments:
        clinic.start_worker()
        time.sleep(moment)
        clinic.stop_worker()

    assert time.monotonic() - start < 10
    assert clinic.photo(photo.id).state is PhotoState.WAITING
    assert not [thread for thread in threading.enumerate() if thread.name == "tracker-worker"]


def test_a_photo_survives_the_death_of_the_process_that_measures_it(
    clinic: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    view, executor = new_view(clinic), PhotoProcess()
    photo = clinic.add_photo(view.id, course[0].jpeg, course[0].name)
    clinic.start_worker(executor)
    assert until(lambda: executor.pid is not None)

    os.kill(executor.pid or 0, signal.SIGKILL)

    assert until(lambda: clinic.work().is_finished)
    assert clinic.photo(photo.id).state is PhotoState.MEASURED
    assert clinic.work().failed == 0


def test_the_process_that_measures_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRACKER_MASTER_KEY", "TRACKER_DATABASE", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    executor = PhotoProcess()
    try:
        for name in ("TRACKER_MASTER_KEY", "TRACKER_DATABASE", "AWS_SECRET_ACCESS_KEY"):
            assert executor.submit(os.getenv, name).result() is None
        assert executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    finally:
        executor.shutdown()


def test_a_photo_that_ends_the_process_twice_is_marked_and_can_be_tried_again(
    clinic: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    view, executor = new_view(clinic), PhotoProcess(limit_seconds=0.05)  # too short even to start
    photo = clinic.add_photo(view.id, course[0].jpeg, course[0].name)
    clinic.start_worker(executor)

    assert until(lambda: clinic.work().failed == 1)
    clinic.stop_worker()
    failed = clinic.photo(photo.id)
    assert (failed.state, failed.code) == (PhotoState.REJECTED, "failed")
    assert "ended twice" in failed.reason
    clinic.measure_again(photo.id)
    clinic.measure_waiting()
    assert clinic.photo(photo.id).state is PhotoState.MEASURED
    assert clinic.work().failed == 0


LEAVE_WHILE_WORKING = """
import sys, time
from pathlib import Path
from tracker.clinic import Clinic
from tracker.compute import PhotoProcess
clinic = Clinic.open(Path(sys.argv[1]))
executor = PhotoProcess()
clinic.start_worker(executor)
while executor.pid is None:
    time.sleep(0.01)
print(executor.pid, flush=True)
left = time.monotonic()
"""


def test_a_working_program_can_be_left_and_nothing_goes_on_behind_it(
    tmp_path: Path, course: tuple[PhantomPhoto, ...]
) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        view = new_view(clinic)
        clinic.add_photo(view.id, course[0].jpeg, course[0].name)

    done = run(LEAVE_WHILE_WORKING, tmp_path / "home")

    assert done.returncode == 0
    assert done.stderr == ""
    assert not Path(f"/proc/{int(done.stdout)}").exists()


def test_calls_run_in_another_process_and_faults_come_back() -> None:
    with PhotoProcess() as executor:
        assert executor.submit(os.getpid).result() not in (os.getpid(), None)
        assert isinstance(executor.submit(int, "no number").exception(), ValueError)
        assert isinstance(executor.submit(os._exit, 3).exception(), BrokenProcessPool)
        assert executor.submit(sum, [1, 2]).result() == 3
        child = executor.pid

    assert child is not None
    assert not Path(f"/proc/{child}").exists()


# The demonstration


@pytest.fixture(scope="module")
def sample_folder(tmp_path_factory: pytest.TempPathFactory, jpegs: list[bytes]) -> Path:
    """A folder like `sample_images`, with photos of nothing."""
    folder = tmp_path_factory.mktemp("samples")
    for name in ("thigh-left-treated", "thigh-right-control", "pigment-patch"):
        (folder / name).mkdir()
        for k, data in enumerate(jpegs):
            (folder / name / f"2026-03-{k + 1:02d}.jpg").write_bytes(data)
    (folder / "pigment-patch" / "region.json").write_text('{"polygon": [[90, 90], [90, 200], [200, 200], [200, 90]]}')
    return folder


def test_the_demonstration_is_loaded_once_and_quickly(clinic: Clinic, sample_folder: Path) -> None:
    assert load_demonstration(clinic, sample_folder) == 12
    assert load_demonstration(clinic, sample_folder) == 0

    thighs, pigment = clinic.patients()
    treated, control = clinic.views(thighs.id)
    assert (thighs.code, pigment.code) == ("DEMO-01", "DEMO-02")
    assert thighs.is_demonstration
    assert (treated.laterality, treated.control_id) == ("left", control.id)
    assert control.is_control
    assert clinic.views(pigment.id)[0].region is not None
    assert dates(clinic.photos(treated.id)) == ["2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"]


def test_the_demonstration_can_be_removed_and_real_patients_stay(
    clinic: Clinic, sample_folder: Path, jpegs: list[bytes]
) -> None:
    own = new_view(clinic)
    photo = clinic.add_photo(own.id, jpegs[0], "2026-03-01.jpg")
    load_demonstration(clinic, sample_folder)

    clinic.remove_demonstration()

    assert [patient.id for patient in clinic.patients()] == [own.patient_id]
    assert len(originals(clinic)) == 1
    assert clinic.original(photo.id) == jpegs[0]


# Colour standards


def card_table(batch: str, lab_d50: np.ndarray | None = None) -> bytes:
    """The measured colours of a batch; of one that came out as it was meant to, if none are given."""
    rows = [
        f"{patch.name},{lab[0]:.2f},{lab[1]:.2f},{lab[2]:.2f},{batch}"
        for patch, lab in zip(PATCHES, nominal_lab_d50() if lab_d50 is None else lab_d50, strict=True)
    ]
    return "\n".join(["patch,L,a,b,batch", *rows]).encode()


def batch_on(clinic: Clinic, day: date) -> str | None:
    """Name of the batch whose colours hold for a photo of a day."""
    with clinic._store.reading() as connection:
        batch = colours_on(connection, day).batch
    return batch.name if batch else None


def test_a_photo_goes_with_the_card_that_lay_in_it(clinic: Clinic) -> None:
    clinic.add_card_values(card_table("spring"), "spring.csv", since=date(2026, 3, 1))
    clinic.add_card_values(card_table("autumn"), "autumn.csv", since=date(2026, 9, 1))

    found = [batch_on(clinic, date(2026, month, 15)) for month in (2, 3, 8, 9, 12)]

    assert found == [None, "spring", "spring", "autumn", "autumn"]


def test_two_tables_cannot_begin_on_one_day(clinic: Clinic) -> None:
    clinic.add_card_values(card_table("spring"), "spring.csv", since=date(2026, 3, 1))

    with pytest.raises(RecordError) as refused:
        clinic.add_card_values(card_table("autumn"), "autumn.csv", since=date(2026, 3, 1))

    assert refused.value.code == "day_taken"
    assert [values.batch for values in clinic.card_values()] == ["spring"]


def test_a_bad_table_changes_nothing(clinic: Clinic) -> None:
    with pytest.raises(CalibrationFailed, match=r"spring\.csv"):
        clinic.add_card_values(b"patch,L\nG1,90\n", "spring.csv", since=date(2026, 3, 1))

    assert clinic.card_values() == ()


@pytest.mark.parametrize("change", ["values", "edition"])
def test_photos_wait_when_the_standards_change_and_need_not_when_it_is_undone(measured: Clinic, change: str) -> None:
    if change == "values":
        values = measured.add_card_values(card_table("spring"), "spring.csv", since=date(2026, 3, 1))
        waiting = measured._bench.waiting()
        measured.remove_card_values(values.id)
    else:
        measured.set_chart_edition(Edition.BEFORE_2014)
        waiting = measured._bench.waiting()
        measured.set_chart_edition(Edition.AFTER_2014)

    assert waiting == 3
    assert measured._bench.waiting() == 0


def test_a_table_for_later_days_concerns_no_photo(measured: Clinic) -> None:
    measured.add_card_values(card_table("autumn"), "autumn.csv", since=date(2027, 1, 1))

    assert measured._bench.waiting() == 0


def test_only_photos_of_the_days_of_a_table_wait(measured: Clinic) -> None:
    days = sorted(photo.taken_on for photo in measured.photos(only_view(measured).id))
    measured.add_card_values(card_table("late"), "late.csv", since=days[-1])

    assert measured._bench.waiting() == 1


def test_results_under_other_standards_are_kept(measured: Clinic) -> None:
    """Measured again under another table, then back: nothing waits, and the values are those of before."""
    view = only_view(measured)
    before = measured.report(view.id)
    values = measured.add_card_values(card_table("spring"), "spring.csv", since=date(2026, 3, 1))
    assert measured.measure_waiting() == 3

    measured.remove_card_values(values.id)

    assert measured._bench.waiting() == 0
    after = measured.report(view.id)
    assert before is not None
    assert after is not None
    assert after.measurements == before.measurements


# The state of the skin


def test_another_state_of_the_skin_is_said_beside_the_result_and_stops_nothing(measured: Clinic) -> None:
    view = only_view(measured)
    days = sorted({photo.taken_on for photo in measured.photos(view.id)})
    before = measured.report(view.id)
    measured.note_skin(view.id, days[1], [SkinState.TANNED])

    report = measured.report(view.id)

    assert before is not None
    assert report is not None
    said = {photo.taken_on: {c.check: c for c in photo.checks}.get("skin state") for photo in report.photos}
    assert said[days[0]] is None
    check = said[days[1]]
    assert check is not None
    assert check.status is Status.WARN
    assert "noted today: tanned" in check.advice
    assert [m.value for m in report.measurements] == [m.value for m in before.measurements]
    assert measured.work().total == measured.work().done


def test_a_state_noted_for_the_reference_too_is_nothing_to_say(measured: Clinic) -> None:
    view = only_view(measured)
    days = sorted({photo.taken_on for photo in measured.photos(view.id)})
    for day in days[:2]:
        measured.note_skin(view.id, day, [SkinState.SHAVED])

    report = measured.report(view.id)

    assert report is not None
    found = [c for photo in report.photos if photo.taken_on == days[1] for c in photo.checks if c.check == "skin state"]
    assert [check.status for check in found] == [Status.OK]


def test_a_note_is_replaced_and_goes_with_its_view(measured: Clinic) -> None:
    view, day = only_view(measured), date(2026, 3, 2)
    measured.note_skin(view.id, day, [SkinState.SHAVED, SkinState.CREAM])
    measured.note_skin(view.id, day, [SkinState.PERIOD])

    assert measured.skin_notes(view.id) == {day: frozenset({SkinState.PERIOD})}
    with pytest.raises(RecordError):
        measured.note_skin("no-such-view", day, [SkinState.PERIOD])


# The gate beside the reference


def _beside(clinic: Clinic, photo: PhantomPhoto) -> tuple[Tile, Tile]:
    """What is said of a photo by itself, and beside the reference."""
    view = only_view(clinic)
    tile = clinic.check_photo(view.id, photo.jpeg, photo.name)
    return tile, clinic.judge_photo(view.id, photo.jpeg, photo.name, tile)


def test_a_photo_that_can_be_compared_is_told_so_before_it_is_stored(
    measured: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    before = measured.photos(only_view(measured).id)

    by_itself, beside = _beside(measured, course[3])

    assert (by_itself.status, beside.status, beside.advice) == ("ok", "ok", ())
    assert "compared with the reference" in beside.headline
    assert {"distance", "light direction", "coverage"} <= {check.check for check in beside.checks}
    assert measured.photos(only_view(measured).id) == before


def test_light_from_the_other_side_is_told_while_the_patient_is_there_and_then_refused(measured: Clinic) -> None:
    turned = list(series("thigh", seed=5, sessions=4, replicates=1, spoiled={3: "light"}, size=SIZE))[3]

    by_itself, beside = _beside(measured, turned)
    stored = measured.add_photo(only_view(measured).id, turned.jpeg, turned.name)
    measured.measure_waiting()

    assert by_itself.status == "ok"
    # The colour of the skin can still be compared, its relief cannot.
    assert beside.status == "warn"
    assert "in the reference" in beside.advice[0]
    assert "shows no change of: relief roughness" in beside.advice[0]
    report = measured.report(only_view(measured).id)
    assert report is not None
    relief = report.timeline.of("relief")
    assert stored.taken_on not in {session.taken_on for session in relief.sessions}


def test_a_photo_of_another_skin_is_told_before_it_is_stored(measured: Clinic) -> None:
    _, beside = _beside(measured, next(series("thigh", seed=6, sessions=1, replicates=1, size=SIZE)))

    assert beside.status == "block"
    assert "cannot be compared" in beside.headline
    assert "same area" in beside.advice[0]


def test_without_a_measured_reference_a_photo_is_judged_by_itself(
    clinic: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    view = new_view(clinic)
    tile = clinic.check_photo(view.id, course[0].jpeg, course[0].name)

    assert clinic.judge_photo(view.id, course[0].jpeg, course[0].name, tile) == tile


def test_what_a_mismatch_hides_is_named() -> None:
    relief, contrast = metric_named("relief"), metric_named("delta_mi")
    light = Check("light direction", 90.0, "at most 15°", Status.BLOCK, "The lamp moved.", blocks=Need.OBLIQUE_LIGHT)
    by_itself = Tile("ok", "", (), date(2026, 3, 2), "", already_stored=False)

    part = beside_reference(by_itself, Judgement((light,), ("relief",), ("delta_mi",)), (relief, contrast))
    whole = beside_reference(by_itself, Judgement((light,), ("relief",), ()), (relief, contrast))

    assert (part.status, whole.status) == ("warn", "block")
    assert lowered(relief.title) in part.advice[0]
    assert lowered(contrast.title) not in part.advice[0]
    assert whole.advice == ("The lamp moved.",)


def test_nothing_is_called_comparable_where_the_reference_gives_nothing() -> None:
    by_itself = Tile("ok", "", (), date(2026, 3, 2), "", already_stored=False)
    outside = Check("coverage", 30.0, "at least 90 %", Status.BLOCK, "Only 30 % can be compared.")

    nothing = beside_reference(by_itself, Judgement(), (metric_named("relief"),))
    elsewhere = beside_reference(by_itself, Judgement((outside,)), (metric_named("relief"),))

    assert nothing.status == "warn"
    assert "reference gives no metric" in nothing.advice[0]
    assert (elsewhere.status, elsewhere.advice) == ("block", (outside.advice,))


def test_a_photo_without_what_the_metrics_need_is_told_before_it_is_stored(
    measured: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    grey = io.BytesIO()
    Image.open(io.BytesIO(course[3].jpeg)).convert("L").save(grey, "JPEG", quality=93)
    view = only_view(measured)
    tile = measured.check_photo(view.id, grey.getvalue(), course[3].name)

    beside = measured.judge_photo(view.id, grey.getvalue(), course[3].name, tile)

    assert beside.status == "block"
    assert any("greyscale" in advice for advice in beside.advice)


def test_a_photo_is_looked_at_with_the_card_of_its_day(clinic: Clinic) -> None:
    """The card was measured in June: a photo of May knows its greys only, one of July its colours as well."""
    batch = printed_batch()
    plan = replace(thigh(plane=True), card_edge=None, field=420.0, chart=printed_card((0.0, -90.0), batch))
    size = (750, 1000)
    stage, shot = build_stage(plan, seed=5, size=size), nominal_shot(plan, size)
    may, july = (photograph(stage, shot, taken_on=date(2026, month, 4)) for month in (5, 7))
    clinic.add_card_values(card_table(batch.name, batch.lab_d50), "june.csv", since=date(2026, 6, 1))
    view = new_view(clinic)

    def level(photo: PhantomPhoto, day: date | None = None) -> float:
        tile = clinic.check_photo(view.id, photo.jpeg, photo.name, day)
        return next(check.value for check in tile.checks if check.check == "colour level")

    assert [level(may), level(july)] == [1.0, 3.0]
    assert [level(may, july.taken_on), level(july, may.taken_on)] == [3.0, 1.0]


def test_a_stored_report_says_what_colours_and_scale_of_each_photo_rest_on(
    measured: Clinic, course: tuple[PhantomPhoto, ...]
) -> None:
    """The same as `track` says of the same files, with nothing read again."""
    stored = measured.report(only_view(measured).id)
    fresh = track([photo.jpeg for photo in course[:3]])
    assert stored is not None

    kept, new = (
        [(p["taken_on"], p["colour"], p["scale"]) for p in report_document(r)["photos"]] for r in (stored, fresh)
    )

    assert kept == new
    assert all(colour["level"] in ("C0", "C1", "C2", "C3") for _, colour, _ in kept)
    assert [scale is None for _, _, scale in kept] == [False, False, True]  # markers out of focus are not read
