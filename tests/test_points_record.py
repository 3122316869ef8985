"""Injection points: kept as they were placed, and carried on the skin to the photos of other sessions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from tracker.alignment import Alignment
from tracker.clinic import Clinic, StoredPhoto, View
from tracker.clinic.maps import map_of
from tracker.clinic.point_records import InjectionPoint
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
    """Points a finger's width apart over the middle of the first photo."""
    rows, cols = np.meshgrid(np.arange(90, 511, 35.0), np.arange(120, 681, 40.0), indexing="ij")
    return np.stack([rows.ravel(), cols.ravel()], axis=1)


def listed(points: Points) -> list[InjectionPoint]:
    return [InjectionPoint(float(row), float(column)) for row, column in points]


def map_between(clinic: Clinic, photo: StoredPhoto) -> Alignment:
    return map_of(clinic._gallery.stored_map(photo.id))


@pytest.mark.parametrize(("placed", "shown"), [(0, 1), (1, 0), (1, 2), (2, 1)])
def test_points_stay_on_the_skin_within_the_claimed_error(
    clinic: Clinic, photos: tuple[StoredPhoto, ...], course: tuple[PhantomPhoto, ...], placed: int, shown: int
) -> None:
    at_first = lattice()
    here, there = true_place(course[placed], at_first), true_place(course[shown], at_first)
    height, width = photos[placed].shape
    seen = np.isfinite(here).all(axis=1) & np.all((here > 0) & (here < [height - 1, width - 1]), axis=1)
    clinic.set_points(photos[placed].id, listed(here[seen]))

    (pattern,) = clinic.carried_points(photos[shown].id)

    errors, claimed = [], []
    for point, true in zip(pattern.points, there[seen], strict=True):
        if point.point is not None and point.error_px is not None and np.isfinite(true).all():
            errors.append(float(np.hypot(point.point.row - true[0], point.point.column - true[1])))
            claimed.append(point.error_px)
    assert len(errors) > 80
    assert np.mean(np.array(errors) < RADIUS_OF_95 * np.array(claimed)) >= 0.95
