"""Pairs with dual light in the record: found by themselves, whenever their second photo comes, and as `track` says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.scenes import thigh
from tracker import track
from tracker.clinic import Clinic, PhotoState, StoredPhoto, View
from tracker.clinic.companions import companions_of
from tracker.clinic.measuring import forget_reference
from tracker.errors import AlignmentFailed
from tracker.metrics import metric_named
from tracker.metrics.dual_relief import DUAL_RELIEF
from tracker.phantom import State, build_stage, drawn_shot, photograph
from tracker.phantom.rig import FIXED_RIG
from tracker.photo import read_photo
from tracker.pipeline import ahead

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


PAIRED = {"a": "+b", "b": ">a", "c": ">d", "d": "+c"}


def test_the_record_reports_of_pairs_what_track_reports(measured: Clinic, jpegs: tuple[bytes, ...]) -> None:
    expected = track(
        [read_photo(data, name=f"{name}.jpg") for name, data in zip("abcd", jpegs, strict=True)], metrics=METRICS
    )
    report = measured.report(only_view(measured).id)

    assert report is not None
    assert report.photos == expected.photos
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


@pytest.mark.parametrize("order", ["acbd", "dcba"])
def test_a_pair_is_found_whenever_its_second_photo_comes(
    clinic: Clinic, measured: Clinic, jpegs: tuple[bytes, ...], order: str
) -> None:
    pass
