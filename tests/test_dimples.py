"""Dimples by sessions: what is said of skin whose dimples are known, drawn without a camera."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.alignment import AlignedImage, OppositeLight
from tracker.calibration import Grid
from tracker.calibration.colour import without_chart
from tracker.errors import MeasurementDeclined
from tracker.measurement import Measurement, Metric, find_marks, measure, place_of
from tracker.metrics.dimples import DIMPLE_AREA, DIMPLE_COUNT, DIMPLE_DEPTH
from tracker.metrics.heights import heights_mm, slope_of
from tracker.shading import height_map, slope_shading
from tracker.timeline import Change, Verdict, timeline

SIDE = 260
EVERYWHERE = np.ones((SIDE, SIDE), np.bool_)
BASELINE, LATER = date(2026, 1, 1), date(2026, 4, 1)
CENTRES = [(row, column) for row in range(40, 230, 36) for column in range(40, 230, 36)]
KAPPA = 0.7
_SKIN = np.array([0.42, 0.27, 0.18])


def _skin(
    depths: NDArray[np.float64], day: date = BASELINE, *, mm: float = 1.0, sd: float = 0.005, noise: float = 0.0
) -> AlignedImage:
    """Flat skin with a round dimple of a depth in mm at each centre, under two opposite lamps."""
    row, column = np.mgrid[:SIDE, :SIDE] * mm
    height = np.zeros((SIDE, SIDE))
    for (down, across), depth in zip(CENTRES, depths, strict=True):
        height -= depth * np.exp(-0.5 * ((row - down * mm) ** 2 + (column - across * mm) ** 2) / (6.5 * mm) ** 2)
    slope = -np.gradient(height, mm, axis=1)
    rng = np.random.default_rng([day.toordinal(), round(1000 * float(depths.sum()))])
    first, second = (
        (_SKIN * (1 + side * KAPPA * slope + noise * rng.standard_normal(slope.shape))[..., None]).astype(np.float32)
        for side in (1, -1)
    )
    pair = OppositeLight(second, EVERYWHERE, f"second {day}", 0.0, (KAPPA, sd))
    still, grid = np.zeros((SIDE, SIDE), np.float32), Grid((SIDE, SIDE), 1.0, mm)
    return AlignedImage(
        first, EVERYWHERE, still, grid, f"first {day}", day, without_chart(), True, 0.0, opposite=pair
    )  # fmt: skip


def _measured(metric: Metric, reference: AlignedImage, image: AlignedImage) -> Measurement:
    marks = find_marks(reference, EVERYWHERE, metric, marked=False)
    return measure(image, EVERYWHERE, metric, marked=False, marks=marks)


def _change(metric: Metric, before: AlignedImage, after: AlignedImage) -> Change:
    values = [_measured(metric, before, image) for image in (before, after)]
    return timeline(values, [], (metric,)).metrics[0].changes[0]


DEEP_AND_SHALLOW = np.where(np.arange(len(CENTRES)) % 2 == 0, 2.0, 0.75)


def test_dimples_that_all_get_shallower_are_not_called_deeper() -> None:
    """Every second one falls below what is still found: those that are left are deeper than the mean was."""
    after = np.where(DEEP_AND_SHALLOW > 1, 1.9, 0.4)

    change = _change(DIMPLE_DEPTH, _skin(DEEP_AND_SHALLOW), _skin(after, LATER))
    fewer = _change(DIMPLE_COUNT, _skin(DEEP_AND_SHALLOW), _skin(after, LATER))

    assert fewer.change is not None
    assert fewer.change < -2.0
    assert change.verdict is Verdict.BETTER
    assert change.change is not None
    assert change.baseline is not None
    true = after.mean() / DEEP_AND_SHALLOW.mean() - 1
    assert change.change / change.baseline == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize("left", [0.7, 0.4, 0.0])
def test_the_depth_follows_the_same_dimples_down_to_nothing(left: float) -> None:
    before = _skin(DEEP_AND_SHALLOW)

    values = [_measured(DIMPLE_DEPTH, before, _skin(share * DEEP_AND_SHALLOW, LATER)).value for share in (1.0, left)]

    assert values[1] / values[0] == pytest.approx(left, abs=0.02)


def test_dimples_that_stay_are_not_called_shallower_for_being_found_with_their_noise() -> None:
    before, after = (_skin(DEEP_AND_SHALLOW, day, noise=0.02) for day in (BASELINE, LATER))

    change = _change(DIMPLE_DEPTH, before, after)

    assert change.change == pytest.approx(0.0, abs=0.01)
    assert change.verdict is Verdict.NO_MEASURABLE_CHANGE


def test_the_outlines_are_those_of_the_reference_and_cover_what_is_counted() -> None:
    before = _skin(DEEP_AND_SHALLOW)
    marks = find_marks(before, EVERYWHERE, DIMPLE_DEPTH, marked=False)
    assert marks is not None

    place = place_of(_skin(0 * DEEP_AND_SHALLOW, LATER), EVERYWHERE, DIMPLE_DEPTH, marked=False, marks=marks)

    assert len(np.unique(marks[marks > 0])) == len(CENTRES)
    assert place.marks is marks
    assert not (place.counted & (marks == 0)).any()


def test_the_depth_needs_as_much_skin_as_the_number() -> None:
    image = _skin(DEEP_AND_SHALLOW)
    small = np.zeros_like(EVERYWHERE)
    small[:110, :110] = True

    for metric in (DIMPLE_COUNT, DIMPLE_AREA, DIMPLE_DEPTH):
        with pytest.raises(MeasurementDeclined, match="needs at least 100 cm²"):
            measure(image, small, metric, marked=True)


def _drawn(number: int, rng: np.random.Generator, radius: float) -> NDArray[np.float32]:
    """What `count_density` makes of round dimples anywhere, per 100 cm²."""
    row, column = np.mgrid[:SIDE, :SIDE]
    field = np.zeros((SIDE, SIDE), np.float32)
    for down, across in rng.uniform(radius, SIDE - radius, (number, 2)):
        disc = np.hypot(row - down, column - across) < radius
        field[disc] += np.float32(1e4 / disc.sum())
    return field[..., None]


@pytest.mark.parametrize("radius", [4.0, 12.0])
def test_what_is_stated_of_two_counts_is_their_poisson_spread(radius: float) -> None:
    """Narrow dimples lie in one block of resampled skin, broad ones in several; what is stated is the same."""
    rng = np.random.default_rng(11)
    mean, area, flat = 10, SIDE**2 / 1e4, {day: _skin(0 * DEEP_AND_SHALLOW, day) for day in (BASELINE, LATER)}
    variances = []
    for _ in range(25):
        values = []
        for day, number in zip(flat, rng.poisson(mean, 2), strict=True):
            field = _drawn(int(number), rng, radius)
            drawn = replace(
                DIMPLE_COUNT, prepare=lambda image, place, field=field: field, session_sd=0.0, margin_mm=0.0
            )
            values.append(measure(flat[day], EVERYWHERE, drawn, marked=False))
        change = timeline(values, [], (drawn,)).metrics[0].changes[0]
        assert change.mdc95 is not None
        variances.append((change.mdc95 / 1.96) ** 2)

    assert np.sqrt(np.mean(variances)) == pytest.approx(np.sqrt(2 * mean) / area, rel=0.2)


def test_a_count_and_an_area_know_what_the_light_adds_or_hides() -> None:
    """Half of what they differ by when κ is taken one standard uncertainty larger, and smaller."""
    depths = np.linspace(0.28, 0.45, len(CENTRES))  # on both sides of what is still found
    image = _skin(depths, sd=0.1)
    assert image.opposite is not None
    light = image.opposite

    def at(kappa: float, metric: Metric) -> float:
        return _measured(metric, image, replace(image, opposite=replace(light, kappa=(kappa, 0.1)))).value

    for metric in (DIMPLE_COUNT, DIMPLE_AREA):
        found = _measured(metric, image, image)
        apart = (at(KAPPA - 0.1, metric) - at(KAPPA + 0.1, metric)) / 2

        assert apart > 0
        assert dict(found.parts)["light"] == pytest.approx(apart, rel=0.05)


def test_light_of_which_next_to_nothing_is_known_leaves_a_count_as_uncertain_as_it_is() -> None:
    image = _skin(DEEP_AND_SHALLOW, sd=2 * KAPPA)

    light = dict(_measured(DIMPLE_COUNT, image, image).parts)["light"]

    assert 0 < light < np.inf


def test_an_area_of_nothing_is_uncertain_by_the_smallest_dimple() -> None:
    found = _measured(DIMPLE_AREA, _skin(0 * DEEP_AND_SHALLOW), _skin(0 * DEEP_AND_SHALLOW))

    assert found.value == 0.0
    assert dict(found.parts)["counting"] == pytest.approx(100 * np.pi * 2.5**2 / (240.0**2), rel=0.05)


def test_heights_are_not_those_of_another_scale_or_of_another_colour() -> None:
    """The same pixels a moment later, with another distance given by hand."""
    image = _skin(DEEP_AND_SHALLOW)
    assert image.opposite is not None
    wider = replace(image, grid=replace(image.grid, mm_per_cell=2.0))
    grey = replace(image, has_colour=False)

    for seen in (image, wider, grey):
        mm = seen.grid.mm_per_cell
        assert mm is not None
        slope = slope_shading(
            image.linear, image.opposite.linear, EVERYWHERE, mm_per_cell=mm, has_colour=seen.has_colour
        )
        height = height_map(slope / np.float32(KAPPA), EVERYWHERE, azimuth=0.0, mm_per_cell=mm)

        np.testing.assert_array_equal(slope_of(seen, EVERYWHERE), slope)
        np.testing.assert_array_equal(heights_mm(seen, EVERYWHERE), height)
