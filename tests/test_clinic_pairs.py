"""Pairs with dual light in the record: found by themselves, whenever their second photo comes, and as `track` says."""

from __future__ import annotations

import hashlib
import io
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks.scenes import thigh
from tracker import track
from tracker.clinic import Clinic, PhotoState, StoredPhoto, View, photos
from tracker.clinic.companions import companions_of
from tracker.clinic.records import Tile
from tracker.errors import RecordError
from tracker.metrics import metric_named
from tracker.metrics.dual_relief import DUAL_RELIEF
from tracker.pages import PAGES
from tracker.phantom import State, build_stage, drawn_shot, photograph
from tracker.phantom.rig import FIXED_RIG
from tracker.photo import read_photo
from tracker.region import polygon_region
from tracker.report import photo_standing

SIZE = (480, 640)
METRICS = (metric_named("relief"), DUAL_RELIEF)
FIRST = date(2026, 3, 2)


@pytest.fixture(scope="module")
def jpegs() -> tuple[bytes, ...]:
    """Two sessions of a pair each; the second has its lamps in the other order, and half the dimples."""
    plan = thigh(plane=True, depth=4.0, melanin=0.03, mottling=0.10)
    stage, rng = build_stage(plan, seed=77, size=SIZE), np.random.default_rng(77)
    first = drawn_shot(plan, SIZE, rng, rig=FIXED_RIG)
    made = []
    for session, (left, lamps) in enumerate(((1.0, (0.0, 180.0)), (0.5, (180.0, 0.0)))):
        shot = first if session == 0 else drawn_shot(plan, SIZE, rng, rig=FIXED_RIG)
        for replicate, turned in enumerate(lamps, start=1):
            lit = replace(shot, light=replace(shot.light, azimuth=(shot.light.azimuth + turned) % 360.0))
            photo = photograph(
                stage, lit, State(dimples=left), first=first, session=session, replicate=replicate,
                taken_on=FIRST + timedelta(days=28 * session),
            )  # fmt: skip
            made.append(photo.jpeg)
    return tuple(made)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """An empty record."""
    with Clinic.open(tmp_path / "home", metrics=METRICS) as opened:
        yield opened


@pytest.fixture(scope="module")
def measured_home(jpegs: tuple[bytes, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of both sessions."""
    home = tmp_path_factory.mktemp("pairs") / "home"
    with Clinic.open(home, metrics=METRICS) as clinic:
        add(clinic, new_view(clinic), jpegs)
        assert clinic.measure_waiting() == 2
    return home


@pytest.fixture
def measured(measured_home: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of the measured record."""
    shutil.copytree(measured_home, tmp_path / "home")
    with Clinic.open(tmp_path / "home", metrics=METRICS) as opened:
        yield opened


def new_view(clinic: Clinic) -> View:
    return clinic.add_view(clinic.add_patient(code="P-1").id, site="thigh", laterality="left", pose="standing")


def only_view(clinic: Clinic) -> View:
    return clinic.views(clinic.patients()[0].id)[0]


def add(clinic: Clinic, view: View, jpegs: Sequence[bytes], names: str = "abcd") -> None:
    for name, data in zip(names, jpegs, strict=False):
        clinic.add_photo(view.id, data, f"{name}.jpg")


def values(clinic: Clinic, metric: str) -> list[tuple[str, float]]:
    report = clinic.report(only_view(clinic).id)
    assert report is not None
    names = {photo.digest: photo.name for photo in report.photos}
    sessions = report.timeline.of(metric).sessions
    return [(names[m.digest], m.value) for session in sessions for m in session.measurements]


def uses(clinic: Clinic) -> dict[str, str]:
    """Which photo each was measured with, and how: + measured with the light of, > lent its light to."""
    photos = clinic.photos(only_view(clinic).id)
    names = {photo.digest: photo.name[0] for photo in photos} | {"": ""}
    return {
        photo.name[0]: f"+{names[photo.opposite]}" if photo.opposite else photo.lent_to and f">{names[photo.lent_to]}"
        for photo in photos
    }


@pytest.mark.sqlite
def test_no_row_says_whose_file_it_is(measured: Clinic, jpegs: tuple[bytes, ...]) -> None:
    """Who steals the database and has a copy of a photo cannot tell that the photo is here, nor of which pair it is."""
    assert uses(measured) == PAIRED
    photos, home = measured.photos(only_view(measured).id), measured.home
    assert {photo.digest for photo in photos} == {measured.digest_of(data) for data in jpegs}
    measured.close()

    stolen = b"".join(path.read_bytes() for path in home.glob("*.sqlite*"))

    assert all(photo.digest.encode() in stolen for photo in photos)
    for data in jpegs:
        for plain in (hashlib.sha256(data), hashlib.sha1(data), hashlib.md5(data), hashlib.blake2b(data)):
            assert plain.hexdigest().encode() not in stolen
            assert plain.digest() not in stolen


PAIRED = {"a": "+b", "b": ">a", "c": ">d", "d": "+c"}


def test_the_record_reports_of_pairs_what_track_reports(measured: Clinic, jpegs: tuple[bytes, ...]) -> None:
    read = (read_photo(data, name=f"{name}.jpg") for name, data in zip("abcd", jpegs, strict=True))
    expected = track(
        [replace(photo, digest=measured.digest_of(data)) for photo, data in zip(read, jpegs, strict=True)],
        metrics=METRICS,
    )
    report = measured.report(only_view(measured).id)

    assert report is not None
    assert sorted(report.photos, key=lambda p: p.name) == sorted(expected.photos, key=lambda p: p.name)
    standings = {p.name: photo_standing(p, gives=report.gives(p)) for p in report.photos}
    assert {name for name, said in standings.items() if said == "used for dual light"} == {"b.jpg", "c.jpg"}
    assert report.rejections == expected.rejections == ()
    assert [(r.metric, r.digest) for r in report.refused] == [(r.metric, r.digest) for r in expected.refused] == []
    for metric in ("relief", "dual_relief"):
        now, then = report.timeline.of(metric), expected.timeline.of(metric)
        assert [c.change for c in now.changes] == pytest.approx([c.change for c in then.changes], rel=1e-4)
        assert [c.verdict for c in now.changes] == [c.verdict for c in then.changes]
    assert len(expected.timeline.of("dual_relief").sessions) == 2


def test_the_second_photo_of_a_pair_is_used_and_not_refused(measured: Clinic) -> None:
    report = measured.report(only_view(measured).id)

    assert report is not None
    notes = {photo.name: photo.notes[-1] for photo in report.photos if photo.notes and "dual light" in photo.notes[-1]}
    assert {name: note.rsplit(" ", 1)[1] for name, note in notes.items()} == {"b.jpg": "a.jpg.", "c.jpg": "d.jpg."}
    assert uses(measured) == PAIRED
    assert {photo.state for photo in measured.photos(only_view(measured).id)} == {PhotoState.MEASURED}


@pytest.mark.parametrize("order", ["acbd", "adcb"])
def test_a_pair_is_found_whenever_its_second_photo_comes(
    clinic: Clinic, measured_home: Path, jpegs: tuple[bytes, ...], order: str
) -> None:
    view = new_view(clinic)
    for name in order:
        add(clinic, view, [jpegs["abcd".index(name)]], name)
        clinic.measure_waiting()

    assert uses(clinic) == PAIRED
    with Clinic.open(measured_home, metrics=METRICS) as at_once:
        for metric in ("relief", "dual_relief"):
            assert values(clinic, metric) == values(at_once, metric)
    assert clinic.measure_waiting() == 0


def test_a_photo_that_makes_no_pair_leaves_the_old_results_alone(measured: Clinic, jpegs: tuple[bytes, ...]) -> None:
    before = values(measured, "dual_relief")
    named: list[str] = []
    measured.add_photo(only_view(measured).id, _saved_again(jpegs[0]), "e.jpg", taken_on=FIRST)

    measured.measure_waiting(progress=lambda done, total, name: named.append(name))

    assert named == ["e.jpg"]
    assert values(measured, "dual_relief") == before
    assert uses(measured) == PAIRED | {"e": ""}


def _saved_again(jpeg: bytes) -> bytes:
    """The same photo in another file."""
    out = io.BytesIO()
    Image.open(io.BytesIO(jpeg)).save(out, "JPEG", quality=93)
    return out.getvalue()


@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
def test_one_photo_of_a_pair_that_is_measured_again_changes_nothing(measured: Clinic, name: str) -> None:
    before = values(measured, "relief"), values(measured, "dual_relief")
    photo = next(each for each in measured.photos(only_view(measured).id) if each.name[0] == name)
    measured.measure_again(photo.id)

    assert measured.measure_waiting() == 1

    assert uses(measured) == PAIRED
    assert (values(measured, "relief"), values(measured, "dual_relief")) == before


def test_without_the_second_photo_of_a_pair_the_first_is_measured_alone(measured: Clinic) -> None:
    relief = values(measured, "relief")
    measured.remove_photo(_named(measured, "c").id)
    measured.measure_waiting()

    assert uses(measured) == {"a": "+b", "b": ">a", "d": ""}
    assert [name for name, _ in values(measured, "dual_relief")] == ["a.jpg"]
    assert values(measured, "relief") == relief


def test_without_the_pair_of_the_reference_there_are_none(measured: Clinic) -> None:
    measured.remove_photo(_named(measured, "b").id)

    measured.measure_waiting()

    assert uses(measured) == {"a": "", "c": "", "d": ""}
    report = measured.report(only_view(measured).id)
    assert report is not None
    assert not report.timeline.of("dual_relief").sessions
    assert [r.reason for r in report.refused if r.metric == "relief" and "light came from" in r.reason]


def test_a_companion_that_is_removed_while_the_pair_is_measured_leaves_nothing_behind(
    clinic: Clinic, jpegs: tuple[bytes, ...]
) -> None:
    view = new_view(clinic)
    add(clinic, view, jpegs[:2])
    second = _named(clinic, "b")

    clinic.measure_waiting(limit=1, progress=lambda done, total, name: clinic.remove_photo(second.id))
    assert _named(clinic, "a").state is PhotoState.WAITING
    clinic.measure_waiting()

    assert uses(clinic) == {"a": ""}


def test_a_region_that_is_undone_needs_no_new_work(measured: Clinic) -> None:
    view, before = only_view(measured), values(measured, "dual_relief")
    corners = np.array([(60, 60), (60, 580), (420, 580), (420, 60)], dtype=np.float64)
    measured.set_region(view.id, polygon_region(corners))
    measured.measure_waiting()
    within = values(measured, "dual_relief")
    measured.set_region(view.id, None)

    assert uses(measured) == PAIRED
    assert measured.measure_waiting() == 0
    assert values(measured, "dual_relief") == before
    assert [name for name, _ in within] == [name for name, _ in before]
    assert within != before


def test_where_the_number_of_a_pair_comes_from_can_be_shown(measured: Clinic) -> None:
    for name in ("a", "d"):
        shown = measured.overlay(_named(measured, name).id, "dual_relief", width=200)
        assert Image.open(io.BytesIO(shown)).size[0] == 200
        assert measured.overlay_legend(_named(measured, name).id, "dual_relief")
    with pytest.raises(RecordError, match="does not give this number"):
        measured.overlay(_named(measured, "b").id, "dual_relief", width=200)


def test_the_second_photo_of_a_pair_can_be_seen_where_the_reference_shows_its_skin(measured: Clinic) -> None:
    for name in ("b", "c"):
        assert measured.picture(_named(measured, name).id, width=200, aligned=True)


def test_a_pair_is_measured_in_another_process_too(clinic: Clinic, jpegs: tuple[bytes, ...]) -> None:
    add(clinic, new_view(clinic), jpegs[:2])
    clinic.start_worker()
    end = time.monotonic() + 60
    while not clinic.work().is_finished and time.monotonic() < end:
        time.sleep(0.05)

    assert uses(clinic) == {"a": "+b", "b": ">a"}
    assert (clinic.work().done, clinic.work().total) == (2, 2)


def test_a_fault_in_the_file_of_a_companion_does_not_stop_a_photo(clinic: Clinic, jpegs: tuple[bytes, ...]) -> None:
    add(clinic, new_view(clinic), jpegs[:2])
    with clinic._store.reading() as connection:
        second = next(each for each in clinic.photos(only_view(clinic).id) if each.name == "b.jpg")
        name = photos.file_of(connection, second.id)
    damaged = clinic.home / "photos" / name[:2] / name
    damaged.chmod(0o600)
    damaged.write_bytes(b"damaged")

    clinic.measure_waiting()

    assert {each.name: each.state for each in clinic.photos(only_view(clinic).id)} == {
        "a.jpg": PhotoState.MEASURED,
        "b.jpg": PhotoState.REJECTED,
    }


def test_the_second_photo_of_a_pair_is_told_so_before_it_is_stored(clinic: Clinic, jpegs: tuple[bytes, ...]) -> None:
    view = new_view(clinic)
    add(clinic, view, jpegs[:1], "a")
    clinic.measure_waiting()
    second = _judged(clinic, view, jpegs[1], "b.jpg")
    add(clinic, view, jpegs[1:2], "b")
    clinic.measure_waiting()
    alone = _judged(clinic, view, jpegs[3], "d.jpg")
    add(clinic, view, jpegs[2:3], "c")
    clinic.measure_waiting()
    with_second = _judged(clinic, view, jpegs[3], "d.jpg")

    assert (second.status, second.headline) == ("ok", "With a.jpg it is a pair with dual light.")
    assert (alone.status, with_second.status) == ("warn", "ok")
    assert "lamp on the left and on the right" in alone.advice[0]


def test_the_other_light_is_told_of_a_photo_whose_pair_is_not_stored(
    measured: Clinic, jpegs: tuple[bytes, ...]
) -> None:
    view = only_view(measured)
    for name in "cd":
        measured.remove_photo(_named(measured, name).id)
    opposite = _judged(measured, view, jpegs[2], "c.jpg")
    add(measured, view, jpegs[3:], "d")
    measured.measure_waiting()
    paired = _judged(measured, view, jpegs[2], "c.jpg")

    assert opposite.status == "block"
    assert "light came from" in opposite.advice[0]
    assert (paired.status, paired.headline) == ("ok", "With d.jpg it is a pair with dual light.")


def _judged(clinic: Clinic, view: View, jpeg: bytes, name: str) -> Tile:
    tile = clinic.judge_photo(view.id, jpeg, name, clinic.check_photo(view.id, jpeg, name))
    assert tile is not None
    return tile


def _page(name: str, clinic: Clinic) -> AppTest:
    def script(entry, clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame

        frame(lambda: entry.page(clinic))

    entry = next(page for page in PAGES if page.path == name)
    app = AppTest.from_function(script, kwargs={"entry": entry, "clinic": clinic}, default_timeout=30)
    app.query_params["view"] = only_view(clinic).id
    return app.run()


def test_the_photo_that_lends_its_light_is_said_to_and_not_offered_for_comparison(measured: Clinic) -> None:
    progress, compared = _page("progress", measured), _page("compare", measured)

    assert not progress.exception
    assert not compared.exception
    assert sum("Used for dual light" in each.value for each in progress.markdown) == 2
    assert [len(box.options) for box in compared.selectbox if box.label in ("Before", "After")] == [2, 2]


def _named(clinic: Clinic, name: str) -> StoredPhoto:
    return next(each for each in clinic.photos(only_view(clinic).id) if each.name[0] == name)


def _stored(name: str, *, day: int = 2, **more: Any) -> StoredPhoto:
    known = {"digest": name, "name": name, "state": PhotoState.MEASURED, "is_reference": False, "reason": ""}
    known |= {"code": "", "shape": SIZE, "status": "ok"} | more
    return StoredPhoto(name, "v", taken_on=date(2026, 3, day), received_at=datetime.now(UTC), **known)  # type: ignore[arg-type]


def test_only_free_photos_of_the_same_day_and_size_are_looked_at_and_few_of_them() -> None:
    reference = _stored("r", day=1, opposite="s", is_reference=True)
    day = [_stored(name) for name in "abcdefgh"]
    others = [_stored("s", day=1, lent_to="r"), _stored("z", shape=(100, 100)), _stored("p", opposite="q")]
    listed = [reference, others[0], *day[:4], *others[1:], _stored("q", lent_to="p"), *day[4:]]

    assert [each.id for each in companions_of(day[3], listed, reference)] == ["e", "c"]
    assert [each.id for each in companions_of(listed[-1], listed, reference)] == ["g"]
    assert [each.id for each in companions_of(listed[8], listed, reference)] == ["p", "e"]
    assert companions_of(_stored("x", day=3), [*listed, _stored("x", day=3)], reference) == ()


def test_while_the_reference_has_no_pair_only_it_is_looked_at() -> None:
    reference = _stored("r", day=1, is_reference=True)
    first_day, later = [_stored(name, day=1) for name in "abc"], [_stored(name) for name in "de"]
    listed = [reference, *first_day, *later]

    assert companions_of(first_day[2], listed, reference) == (reference,)
    assert companions_of(later[0], listed, reference) == ()
    assert [each.id for each in companions_of(reference, listed, None)] == ["a"]
