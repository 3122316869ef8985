"""Hair: a known share of a known scalp is covered, and a part of known width is found (MEASUREMENT.md §7.6, E1, E2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import Grid
from tracker.calibration.colour import without_chart
from tracker.errors import MeasurementDeclined
from tracker.measurement import find_marks, measure
from tracker.metrics.hair import HAIR_COVERAGE, PART_WIDTH
from tracker.metrics.part import POINTS, find_part, profiles, widths
from tracker.phantom.fields import Canvas
from tracker.phantom.strokes import stroke_cover
from tracker.region import Reason

PITCH = 0.1
SIZE = (500, 400)
SCALP = np.array([0.44, 0.28, 0.19], np.float32)
HAIR = np.array([0.022, 0.015, 0.011], np.float32)

Cover = NDArray[np.float32]


def _scalp(per_cm2: float, part_mm: float, *, seed: int = 0) -> Cover:
    """Strokes of 0.08 mm to both sides of a part that runs from top to bottom; how much of each cell they cover."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(SIZE[0] * PITCH, SIZE[1] * PITCH, PITCH)
    count = round(per_cm2 * (canvas.height + 20) * canvas.width / 100)
    y = rng.uniform(-0.5, 0.5, count) * (canvas.height + 20)
    side = np.where(rng.uniform(size=count) < 0.5, -1.0, 1.0)
    x = side * (part_mm / 2 + rng.uniform(0, canvas.width / 2, count))
    angle, length = rng.normal(0, 0.5, count), rng.uniform(10, 25, count)
    step = np.linspace(0, 1, 5)[None] * length[:, None]
    paths = np.stack([y[:, None] + step * np.sin(angle)[:, None], x[:, None] + side[:, None] * step], axis=-1)
    return stroke_cover(paths, 0.08, canvas)


def _photo(
    cover: Cover,
    *,
    light: float = 1.0,
    slope: float = 0.0,
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0),
    scale: bool = True,
    seed: int = 1,
) -> AlignedImage:
    """Hair over scalp, mixed as light mixes, with grain."""
    mixed = cover[..., None] * HAIR + (1 - cover[..., None]) * SCALP
    mixed = mixed * light * np.array(gains, np.float32) * np.exp(slope * np.linspace(-0.5, 0.5, SIZE[1]))[None, :, None]
    grain = np.random.default_rng(seed).normal(0, 0.004, (*SIZE, 1)) * np.sqrt(mixed)
    return AlignedImage(
        linear=np.maximum(mixed + grain, 1e-3).astype(np.float32),
        valid=np.ones(SIZE, np.bool_),
        sd=np.zeros(SIZE, np.float32),
        grid=Grid(SIZE, 1.0, PITCH if scale else None),
        digest="",
        taken_on=date(2026, 3, 2),
        colour=without_chart(),
        has_colour=True,
        scale_uncertainty=0.0,
    )


REGION = np.ones(SIZE, np.bool_)


@pytest.mark.parametrize("per_cm2", [50.0, 110.0, 200.0, 300.0])
def test_coverage_is_the_true_share_whatever_the_density(per_cm2: float) -> None:
    """50 to 300 strokes of 0.08 mm per cm²: within 2 percentage points."""
    cover = _scalp(per_cm2, 4.0)

    found = measure(_photo(cover), REGION, HAIR_COVERAGE, marked=True)

    assert found.value == pytest.approx(100 * cover.mean(), abs=2.0)


@pytest.mark.parametrize("change", [{"light": 0.5}, {"light": 1.6}, {"gains": (1.05, 1.0, 0.94)}, {"slope": 0.15}])
def test_another_exposure_balance_or_lamp_does_not_change_coverage(change: dict[str, float]) -> None:
    cover = _scalp(110.0, 4.0)
    reference = _photo(cover)
    marks = find_marks(reference, REGION, HAIR_COVERAGE)

    values = [
        measure(photo, REGION, HAIR_COVERAGE, marked=True, marks=marks).value
        for photo in (reference, _photo(cover, seed=2, **change))  # type: ignore[arg-type]
    ]

    assert values[1] == pytest.approx(values[0], abs=0.7)


def test_hair_that_was_combed_anew_covers_as_much() -> None:
    """The scalp of the reference is looked up by place, and hair may lie over it now."""
    covers = [_scalp(110.0, 4.0, seed=seed) for seed in (0, 5)]
    photos = [_photo(cover, seed=seed) for seed, cover in enumerate(covers)]
    marks = find_marks(photos[0], REGION, HAIR_COVERAGE)

    for photo, cover in zip(photos, covers, strict=True):
        found = measure(photo, REGION, HAIR_COVERAGE, marked=True, marks=marks).value
        assert found == pytest.approx(100 * cover.mean(), abs=2.0)


def test_coverage_ranks_every_amount_of_hair() -> None:
    marks = find_marks(_photo(_scalp(110.0, 4.0)), REGION, HAIR_COVERAGE)

    values = [
        measure(_photo(_scalp(n, 4.0)), REGION, HAIR_COVERAGE, marked=True, marks=marks).value
        for n in (40.0, 70.0, 110.0, 160.0, 220.0)
    ]

    assert np.all(np.diff(values) > 2.0)


@pytest.mark.parametrize("part_mm", [2.0, 5.0, 10.0, 20.0])
def test_the_part_has_its_true_width(part_mm: float) -> None:
    """Half a millimetre of the width between the halves of the true cover, on the mean profile."""
    cover = _scalp(300.0, part_mm)
    profile = cover.mean(axis=0)
    beside = np.quantile(profile, 0.75)
    below = np.flatnonzero(np.convolve(profile, np.ones(9) / 9, mode="same") < beside / 2)
    middle = below[np.abs(below - SIZE[1] / 2) < 150]

    found = measure(_photo(cover), REGION, PART_WIDTH, marked=True)

    assert found.value == pytest.approx((np.ptp(middle) + 1) * PITCH, abs=0.5)
    assert found.value >= part_mm - 0.5


def test_a_part_is_followed_where_it_bends_and_however_the_picture_is_turned() -> None:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]] * PITCH
    line = 20.0 + 2.0 * np.sin(y / 18.0)
    straight = np.where(np.abs(x - line) < 3.0, 0.0, 0.8).astype(np.float32)

    for cover in (straight, straight.T.copy()):
        numbers = find_part(cover, np.ones(cover.shape, np.bool_), mm_per_cell=PITCH)
        assert numbers is not None
        found = widths(profiles(cover, numbers, mm_per_cell=PITCH))
        assert np.nanmedian(found) == pytest.approx(6.0, abs=0.3)
        assert len(found) >= 30
        assert (numbers[numbers > 0] - 1).max() // POINTS + 1 == len(found)


@pytest.mark.parametrize("mm", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("turn", [0.0, 30.0])
def test_the_part_of_a_head_far_away_has_its_true_width(mm: float, turn: float) -> None:
    """Cells coarser than the points of a profile, cut by the edges of the part: 8 mm within a third of a cell."""
    count, fine = round(100 / mm), 8
    at = ((np.arange(count * fine) + 0.5) / fine - count / 2) * mm
    across = np.abs(at[None] * np.cos(np.radians(turn)) + at[:, None] * np.sin(np.radians(turn)) + 0.3)
    cover = np.where(across < 4.0, 0.05, 0.9).reshape(count, fine, count, fine).mean(axis=(1, 3))
    light = cover[..., None] * HAIR + (1 - cover[..., None]) * SCALP
    blank = _photo(_scalp(50.0, 4.0))
    photo = replace(
        blank,
        linear=light.astype(np.float32),
        valid=np.ones(cover.shape, np.bool_),
        sd=np.zeros(cover.shape, np.float32),
        grid=Grid(cover.shape, 1.0, mm),
    )

    found = measure(photo, photo.valid, PART_WIDTH, marked=True)

    assert found.value == pytest.approx(8.0, abs=mm / 3)


@pytest.mark.parametrize("darker", [0.0, 0.1])
def test_the_uncertainty_of_the_scalp_is_half_of_what_its_halves_give_apart(darker: float) -> None:
    """Scalp whose lower half is darker by a tenth, and coverage with either half looked up alone."""
    photo = _photo(_scalp(150.0, 6.0))
    marks = find_marks(photo, REGION, HAIR_COVERAGE)
    assert marks is not None
    scalp = (marks - 1) % 3 == 1
    rows = np.nonzero(scalp)[0]
    below = scalp & (np.arange(SIZE[0]) > np.median(rows))[:, None]
    photo = replace(photo, linear=np.where(below[..., None], np.float32(1 - darker), np.float32(1)) * photo.linear)

    found = measure(photo, REGION, HAIR_COVERAGE, marked=True, marks=marks)
    halves = [
        measure(photo, REGION, HAIR_COVERAGE, marked=True, marks=np.where(other, marks - 1, marks)).value
        for other in (below, scalp & ~below)
    ]

    assert dict(found.parts)["scalp"] == pytest.approx(abs(halves[0] - halves[1]) / 2, rel=0.05, abs=0.02)


def test_the_rim_of_the_region_is_no_uncertainty_of_the_coverage() -> None:
    """Evenly covered scalp to both sides of a part, half a millimetre off: beyond the rim is as much hair."""
    x = np.arange(SIZE[1]) * PITCH
    cover = np.repeat(np.where(np.abs(x - 20.0) < 3.0, 0.0, 0.8).astype(np.float32)[None], SIZE[0], axis=0)
    region = np.zeros(SIZE, np.bool_)
    region[100:-100, 80:-80] = True

    found = measure(replace(_photo(cover), sd=np.full(SIZE, 5.0, np.float32)), region, HAIR_COVERAGE, marked=True)

    assert dict(found.parts)["alignment"] < 0.5


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_a_part_of_one_width_has_no_uncertainty_by_its_place(shift: float) -> None:
    x = np.arange(SIZE[1]) * PITCH
    photo = _photo(np.repeat(np.where(np.abs(x - 20.0) < 3.0, 0.0, 0.8).astype(np.float32)[None], SIZE[0], axis=0))

    found = measure(replace(photo, sd=np.full(SIZE, shift, np.float32)), REGION, PART_WIDTH, marked=True)

    assert dict(found.parts)["alignment"] == pytest.approx(0.0, abs=0.02)
    # Cells at the rim that hold half of a profile hold half of its width: it still is 6 mm, and counts by half.
    assert PART_WIDTH.reduce(np.array([[6.0, 1.0]] + 4 * [[3.0, 0.5]]), np.ones(5)) == pytest.approx(6.0)


def test_a_region_without_a_part_has_coverage_and_no_part_width() -> None:
    cover = np.random.default_rng(3).uniform(0, 1, SIZE).astype(np.float32)
    cover[200:300, 150:250] = 0
    photo = _photo(cover)

    assert measure(photo, REGION, HAIR_COVERAGE, marked=True).value == pytest.approx(100 * cover.mean(), abs=3.0)
    with pytest.raises(MeasurementDeclined, match="needs a part"):
        measure(photo, REGION, PART_WIDTH, marked=True)


def test_hair_is_measured_only_in_a_region_that_was_marked() -> None:
    for metric in (HAIR_COVERAGE, PART_WIDTH):
        with pytest.raises(MeasurementDeclined, match="marked for hair") as refusal:
            measure(_photo(_scalp(110.0, 4.0)), REGION, metric, marked=False)
        assert refusal.value.code == "needs_marked_hair"


def test_bare_skin_and_pale_hair_have_no_coverage() -> None:
    bare = _photo(np.zeros(SIZE, np.float32))
    pale = replace(bare, linear=(0.7 + 0.3 * (1 - _scalp(110.0, 4.0)))[..., None] * bare.linear)

    for photo in (bare, pale):
        with pytest.raises(MeasurementDeclined, match="darker than the scalp"):
            measure(photo, REGION, HAIR_COVERAGE, marked=True)


def test_no_bare_scalp_is_said() -> None:
    green = _photo(_scalp(110.0, 4.0), gains=(0.3, 1.0, 1.2))  # no colour of skin

    with pytest.raises(MeasurementDeclined, match="comb a part"):
        measure(green, REGION, HAIR_COVERAGE, marked=True)


def test_hair_is_never_left_out_of_what_it_is() -> None:
    for metric in (HAIR_COVERAGE, PART_WIDTH):
        assert not metric.leaves_out & Reason.HAIR
        said = f"{metric.title} {metric.plain}".lower()
        assert not any(word in said for word in ("growth", "count", "density", "number"))


def test_part_width_needs_millimetres_and_coverage_does_not() -> None:
    photo = _photo(_scalp(110.0, 4.0), scale=False)

    assert measure(photo, REGION, HAIR_COVERAGE, marked=True).value > 10
    with pytest.raises(MeasurementDeclined, match="millimetres"):
        measure(photo, REGION, PART_WIDTH, marked=True)
