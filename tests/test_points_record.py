"""Injection points: kept as they were placed, and carried on the skin to the photos of other sessions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from tests.days import TOMORROW
from tracker.alignment import Alignment
from tracker.clinic import Clinic, StoredPhoto, View
from tracker.clinic.carrying import carried_points, inverse_at
from tracker.clinic.maps import map_of
from tracker.clinic.point_records import MOST_POINTS, InjectionPoint
from tracker.errors import RecordError
from tracker.phantom import PhantomPhoto, series

SIZE = (600, 800)
RADIUS_OF_95 = 2.4477
"""Of a circle that holds 95 % of a normal error with this standard deviation along each axis."""
Points = NDArray[np.float64]


@pytest.fixture(scope="module")
def course() -> tuple[PhantomPhoto, ...]:
    """Three visits whose warps are known."""
    return tuple(series("thigh", seed=5, sessions=3, replicates=1, size=SIZE))


@pytest.fixture(scope="module")
def measured_home(course: tuple[PhantomPhoto, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record in which all of them have been measured."""
    home = tmp_path_factory.mktemp("points") / "home"
    with Clinic.open(home) as clinic:
        patient = clinic.add_patient(code="P-1")
        view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing")
        for photo in course:
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        clinic.measure_waiting()
    return home


@pytest.fixture
def clinic(measured_home: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of it."""
    shutil.copytree(measured_home, tmp_path / "home")
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def view(clinic: Clinic) -> View:
    return clinic.views(clinic.patients()[0].id)[0]


@pytest.fixture
def photos(clinic: Clinic, view: View) -> tuple[StoredPhoto, ...]:
    return clinic.photos(view.id)


def true_place(photo: PhantomPhoto, points: Points) -> Points:
    """Where the skin at points of the first photo lies in a photo; NaN outside."""
    truth = photo.truth
    nodes = np.stack([truth.moving_row, truth.moving_col], axis=-1).astype(np.float64)
    look_up = RegularGridInterpolator((truth.rows, truth.cols), nodes, bounds_error=False, fill_value=np.nan)
    return np.asarray(look_up(points))


def lattice() -> Points:
    """Points 20 pixels apart over the first photo."""
    rows, cols = np.meshgrid(np.arange(60, 541, 20.0), np.arange(80, 721, 20.0), indexing="ij")
    return np.stack([rows.ravel(), cols.ravel()], axis=1)


def listed(points: Points) -> list[InjectionPoint]:
    return [InjectionPoint(float(row), float(column)) for row, column in points]


def on_skin(photo: PhantomPhoto, points: Points) -> NDArray[np.bool_]:
    """Which points of a photo show skin and nothing else."""
    near = np.rint(np.nan_to_num(points, nan=-1.0)).astype(int)
    inside = np.all((near >= 0) & (near < photo.truth.skin.shape), axis=1)
    return inside & photo.truth.skin[tuple(np.where(inside[:, None], near, 0).T)]


def stored_map(clinic: Clinic, photo: StoredPhoto) -> Alignment | None:
    """What the record knows of the way from the reference to a photo; None for the reference."""
    return None if photo.is_reference else map_of(clinic._gallery.stored_map(photo.id))


PAIRS = [(a, b) for a in range(3) for b in range(3) if a != b]


def test_points_stay_on_the_skin_within_the_claimed_error(
    clinic: Clinic, photos: tuple[StoredPhoto, ...], course: tuple[PhantomPhoto, ...]
) -> None:
    errors, claimed = [], []
    for placed, shown in PAIRS:
        at_first = lattice()
        here, there = true_place(course[placed], at_first), true_place(course[shown], at_first)
        skin = on_skin(course[placed], here) & on_skin(course[shown], there)
        ways = [stored_map(clinic, photos[k]) for k in (placed, shown)]

        found = carried_points(here[skin], ways[0], ways[1], shape=photos[shown].shape)

        assert found.inside.mean() > 0.97
        scale = ways[1].scale if ways[1] else 1.0
        errors.append((np.hypot(*(found.there - there[skin]).T) / scale)[found.inside])
        claimed.append(found.sd[found.inside])
    error, sd = np.concatenate(errors), np.concatenate(claimed)
    assert len(error) > 1000
    assert np.median(error) < 0.2
    assert np.quantile(error, 0.95) < 0.5
    assert np.mean(error < RADIUS_OF_95 * sd) >= 0.95


def test_points_that_are_carried_there_and_back_come_home(clinic: Clinic, photos: tuple[StoredPhoto, ...]) -> None:
    first, second = (stored_map(clinic, photo) for photo in photos[1:])
    points = lattice()[::7]

    there = carried_points(points, first, second, shape=photos[2].shape)
    back = carried_points(there.there[there.inside], second, first, shape=photos[1].shape)

    assert there.inside.sum() > 20
    gaps = np.hypot(*(back.there - points[there.inside]).T)[back.inside]
    assert gaps.max() < 0.05


def test_the_inverse_of_a_map_is_its_inverse(clinic: Clinic, photos: tuple[StoredPhoto, ...]) -> None:
    alignment = stored_map(clinic, photos[1])
    assert alignment is not None
    points = lattice()

    found = inverse_at(alignment, alignment.at(points))

    known = np.isfinite(alignment.at(points)).all(axis=1)
    assert np.hypot(*(found - points)[known].T).max() < 0.05


def test_a_point_that_only_one_photo_shows_is_said_to_be_outside(
    clinic: Clinic, photos: tuple[StoredPhoto, ...]
) -> None:
    height, width = photos[1].shape
    corners = [(0.0, 0.0), (0.0, width - 1.0), (height - 1.0, 0.0), (height - 1.0, width - 1.0)]
    clinic.set_points(photos[1].id, listed(np.array([*corners, (height / 2, width / 2)])))

    (pattern,) = clinic.carried_points(photos[2].id)

    assert [point.number for point in pattern.points] == [1, 2, 3, 4, 5]
    assert [point.is_outside for point in pattern.points][-1] is False
    assert any(point.is_outside for point in pattern.points[:4])
    assert all(point.error_px is None for point in pattern.points if point.is_outside)


def test_a_carried_point_says_how_sure_its_place_is(
    clinic: Clinic, view: View, photos: tuple[StoredPhoto, ...]
) -> None:
    clinic.set_points(photos[0].id, [InjectionPoint(300.0, 400.0, 2.0, 0.05)])
    report = clinic.report(view.id)
    assert report is not None
    assert report.mm_per_px is not None

    ((point,),) = (pattern.points for pattern in clinic.carried_points(photos[1].id))

    assert point.point is not None
    assert (point.point.depth_mm, point.point.amount_ml) == (2.0, 0.05)
    assert point.error_px is not None
    assert point.error_mm == pytest.approx(point.error_px * report.mm_per_px)


def test_points_of_a_photo_that_is_not_aligned_yet_have_a_reason(
    clinic: Clinic, photos: tuple[StoredPhoto, ...]
) -> None:
    clinic.set_points(photos[1].id, [InjectionPoint(300.0, 400.0)])
    clinic.measure_again(photos[1].id)

    (pattern,) = clinic.carried_points(photos[2].id)
    assert pattern.points == ()
    assert "placed on is not aligned" in pattern.reason

    clinic.set_points(photos[0].id, [InjectionPoint(300.0, 400.0)])
    (pattern,) = clinic.carried_points(photos[1].id)
    assert "This photo is not aligned" in pattern.reason


def test_a_pattern_is_kept_as_placed_and_replaced_as_a_whole(
    clinic: Clinic, view: View, photos: tuple[StoredPhoto, ...]
) -> None:
    first = [InjectionPoint(10.5, 20.25, 2.0, 0.05), InjectionPoint(30.0, 40.0)]
    kept = clinic.set_points(photos[0].id, first)
    assert clinic.points(view.id) == (kept,)
    assert list(kept.points) == first

    clinic.set_points(photos[0].id, first[1:])
    assert [pattern.points for pattern in clinic.points(view.id)] == [tuple(first[1:])]

    clinic.set_points(photos[0].id, [])
    assert clinic.points(view.id) == ()


def test_points_are_a_day_of_injection(clinic: Clinic, view: View, photos: tuple[StoredPhoto, ...]) -> None:
    clinic.set_points(photos[1].id, [InjectionPoint(10.0, 20.0)])

    assert clinic.injections(view.id) == (photos[1].taken_on,)


def test_patterns_of_later_days_are_not_earlier_ones(clinic: Clinic, photos: tuple[StoredPhoto, ...]) -> None:
    for photo in photos:
        clinic.set_points(photo.id, [InjectionPoint(300.0, 400.0)])

    days = [pattern.day for pattern in clinic.carried_points(photos[1].id, before=photos[1].taken_on)]

    assert days == [photos[0].taken_on]
    assert len(clinic.carried_points(photos[1].id)) == 2


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([InjectionPoint(-3.0, 10.0)], "bad_point"),
        ([InjectionPoint(10.0, 900.0)], "bad_point"),
        ([InjectionPoint(float("nan"), 10.0)], "bad_point"),
        ([InjectionPoint(10.0, 10.0, depth_mm=-1.0)], "bad_point"),
        ([InjectionPoint(10.0, 10.0, depth_mm=400.0)], "bad_point"),
        ([InjectionPoint(10.0, 10.0, amount_ml=0.0)], "bad_point"),
        ([InjectionPoint(10.0, 10.0, amount_ml=float("inf"))], "bad_point"),
        ([InjectionPoint(10.0, 10.0)] * (MOST_POINTS + 1), "many_points"),
    ],
)
def test_points_that_make_no_sense_are_refused_and_not_kept(
    clinic: Clinic, view: View, photos: tuple[StoredPhoto, ...], points: list[InjectionPoint], code: str
) -> None:
    with pytest.raises(RecordError) as refused:
        clinic.set_points(photos[0].id, points)

    assert refused.value.code == code
    assert clinic.points(view.id) == ()
    assert clinic.injections(view.id) == ()


def test_a_day_to_come_and_the_untreated_side_are_refused(
    clinic: Clinic, view: View, photos: tuple[StoredPhoto, ...], course: tuple[PhantomPhoto, ...]
) -> None:
    untreated = clinic.add_view(view.patient_id, site="thigh", laterality="right", is_control=True)
    there = clinic.add_photo(untreated.id, course[0].jpeg, "x.jpg")

    for photo_id, day, code in ((photos[0].id, TOMORROW, "future"), (there.id, None, "is_control")):
        with pytest.raises(RecordError) as refused:
            clinic.set_points(photo_id, [InjectionPoint(10.0, 10.0)], day=day)
        assert refused.value.code == code


def test_a_photo_that_is_removed_takes_its_points_with_it(
    clinic: Clinic, view: View, photos: tuple[StoredPhoto, ...]
) -> None:
    clinic.set_points(photos[2].id, [InjectionPoint(10.0, 20.0)])

    clinic.remove_photo(photos[2].id)

    assert clinic.points(view.id) == ()
