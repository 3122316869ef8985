"""Lines in close-ups: found, followed while they fade, refused under another lamp (MEASUREMENT.md §7.6, D1, D2)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.filters import sato

from benchmarks.line_scenes import SIZE, region_polygon, stage_of
from benchmarks.scenes import calibrated
from tracker.alignment import AlignedImage, in_own_frame
from tracker.calibration import CalibratedImage, Grid
from tracker.calibration.chart import without_chart
from tracker.errors import MeasurementDeclined
from tracker.measurement import Place, measure
from tracker.metrics import metric_named
from tracker.metrics.lines import _lengths, find_lines, line_energy, root_mean
from tracker.phantom import FIXED_RIG, PhantomPhoto, Shot, Stage, State, drawn_shot, nominal_shot, photograph
from tracker.pipeline import Reference, Result, establish, follow
from tracker.region import polygon_region, region_mask
from tracker.shading import beside_lines, dark_lines
from tracker.shading.ridges import ridges

CONTRAST, LENGTH = metric_named("line_contrast"), metric_named("line_length")
BOTH = (CONTRAST, LENGTH)
MM = 0.1


def _skin(shape: tuple[int, int] = (300, 400), *, noise: float = 0.01, seed: int = 0) -> NDArray[np.float32]:
    """Light of plain grainy skin, 30 by 40 mm."""
    grain = np.random.default_rng(seed).normal(0, noise, shape).astype(np.float32)
    return np.float32([0.45, 0.3, 0.22]) * np.exp(grain)[..., None]


def _groove(light: NDArray[np.float32], row: float, left: int, right: int, *, depth: float) -> NDArray[np.float32]:
    """A groove across the light from above: dark flank, bright flank."""
    y = np.arange(light.shape[0])[:, None] - row
    along = (np.arange(light.shape[1]) >= left) & (np.arange(light.shape[1]) < right)
    profile = -depth * y / 2 * np.exp(0.5 - y**2 / 8)
    return np.asarray(light * np.exp(-profile * along)[..., None], np.float32)


def test_grooves_are_found_at_their_place_and_in_their_length() -> None:
    light = _groove(_groove(_skin(), 100, 80, 280, depth=0.1), 200, 100, 220, depth=0.1)

    lines = dark_lines(light, np.ones(light.shape[:2], np.bool_), mm_per_cell=MM)

    rows, cols = np.nonzero(lines)
    assert lines.max() == 2
    assert np.abs(rows[rows < 150] - 100).max() <= 4
    assert np.abs(rows[rows > 150] - 200).max() <= 4
    assert np.ptp(cols[rows < 150]) == pytest.approx(200, abs=10)
    assert np.ptp(cols[rows > 150]) == pytest.approx(120, abs=10)


def test_a_groove_is_one_line_not_one_for_each_dark_rim() -> None:
    light = _groove(_skin(noise=0.002), 150, 50, 350, depth=0.2)

    assert dark_lines(light, np.ones(light.shape[:2], np.bool_), mm_per_cell=MM).max() == 1


def test_a_mole_and_a_hair_are_no_lines() -> None:
    light = _skin()
    y, x = np.mgrid[:300, :400]
    mole = np.exp(-0.8 / (1 + np.exp((np.hypot(y - 90, x - 100) - 15) / 2)))
    hair = np.exp(-0.5 * np.exp(-0.5 * ((y - 200) / 1.0) ** 2) * ((x > 80) & (x < 300)))

    lines = dark_lines(
        np.asarray(light * (mole * hair)[..., None], np.float32), np.ones((300, 400), np.bool_), mm_per_cell=MM
    )

    assert not lines.any()


def test_no_line_is_found_in_grain_or_at_the_edge_of_a_card() -> None:
    light, mask = _skin(noise=0.03), np.ones((300, 400), np.bool_)
    light[100:200, 150:250], mask[100:200, 150:250] = 0.9, False

    assert not dark_lines(light, mask, mm_per_cell=MM).any()


def test_the_ridge_filter_is_that_of_sato() -> None:
    """Against scikit-image, away from the border, on a field with structure of all widths."""
    field = cv2.GaussianBlur(np.random.default_rng(1).normal(size=(200, 200)).astype(np.float32), (0, 0), 3)

    ours = ridges(field, [1.5, 2.5, 4.0])[0][20:-20, 20:-20]
    theirs = sato(field, sigmas=[1.5, 2.5, 4.0], black_ridges=True)[20:-20, 20:-20]

    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.995
    assert np.polyfit(theirs.ravel(), ours.ravel(), 1)[0] == pytest.approx(1, abs=0.1)


def test_skin_beside_lines_keeps_its_distance() -> None:
    light, mask = _groove(_skin(), 150, 50, 350, depth=0.2), np.ones((300, 400), np.bool_)

    beside = beside_lines(light, mask, mm_per_cell=MM)

    assert not beside[145:156, 70:330].any()
    assert beside[:120].all()


def _own(light: NDArray[np.float32], photo: AlignedImage) -> tuple[AlignedImage, NDArray[np.bool_]]:
    mask = np.ones(light.shape[:2], np.bool_)
    grid = replace(photo.grid, shape=light.shape[:2], mm_per_cell=MM)
    return replace(photo, linear=light, valid=mask, sd=np.zeros(mask.shape, np.float32), grid=grid, excluded=None), mask


def _contrast(image: AlignedImage, mask: NDArray[np.bool_], marks: NDArray[np.int32]) -> float:
    counted = marks > 0
    field = line_energy(image, Place(mask, counted, None, marks))
    return root_mean(field[counted].astype(np.float64), np.ones(int(counted.sum())))


def _plain(light: NDArray[np.float32]) -> AlignedImage:
    shape = (light.shape[0], light.shape[1])
    return AlignedImage(
        linear=light,
        valid=np.ones(shape, np.bool_),
        sd=np.zeros(shape, np.float32),
        grid=Grid(shape, 1.0, MM),
        digest="",
        taken_on=None,
        colour=without_chart(),
        has_colour=True,
        scale_uncertainty=0.0,
    )


def test_a_line_without_skin_beside_it_is_compared_with_nothing() -> None:
    """Two lines far apart that are no deeper than the grain; the skin around one cannot be used."""
    grainy = _groove(_groove(_skin((600, 300), noise=0.05), 80, 40, 260, depth=0.3), 520, 40, 260, depth=0.3)
    marks = find_lines(_plain(grainy), np.ones(grainy.shape[:2], np.bool_))
    faded = _plain(_skin((600, 300), noise=0.05, seed=1))
    far = (np.arange(600) > 300)[:, None] & np.ones((1, 300), np.bool_)
    without = replace(faded, valid=~far | (marks > 0))
    whole, lacking = (measure(photo, photo.valid, CONTRAST, marked=True, marks=marks) for photo in (faded, without))
    neither = replace(faded, valid=marks > 0)

    assert lacking.value == pytest.approx(whole.value, abs=0.5)
    with pytest.raises(MeasurementDeclined, match="needs plain skin beside the lines") as refusal:
        measure(neither, neither.valid, CONTRAST, marked=True, marks=marks)
    assert refusal.value.code == "no_flank"


def test_the_uncertainty_of_the_ends_is_that_of_lines_that_end_a_millimetre_off() -> None:
    """Lines whose ends are drawn anew a millimetre about their place: the spread of their length over the area."""
    rng, shape = np.random.default_rng(0), (400, 500)
    everywhere = np.ones(shape, np.bool_)
    place = Place(everywhere, everywhere, None, None)
    photo, lengths, said = _plain(np.ones((*shape, 3), np.float32)), [], []
    assert LENGTH.terms is not None
    for _ in range(200):
        lines = np.zeros(shape, np.float32)
        for row in range(40, 400, 40):
            left, right = rng.normal((120, 380), 1 / MM)
            lines[row, round(left) : round(right)] = 1
        field = np.stack([_lengths(lines > 0) * 100 / MM, lines], axis=-1).astype(np.float32)
        lengths.append(LENGTH.reduce(field.reshape(-1, 2).astype(np.float64), np.ones(lines.size)))
        said.append(dict(LENGTH.terms(photo, place, field, lengths[-1]))["ends"])

    assert np.mean(said) == pytest.approx(np.std(lengths), rel=0.15)


@pytest.mark.slow
def test_an_alignment_that_is_off_by_two_cells_fakes_no_fading(first: Reference) -> None:
    """0.2 mm is the largest position uncertainty at which a line is measured."""
    image, mask = _own(_groove(_skin(), 150, 50, 350, depth=0.1), first.aligned)
    marks = find_lines(image, mask)
    still = _contrast(image, mask, marks)

    moved = [_contrast(image, mask, np.roll(marks, shift, axis=0)) for shift in (-2, -1, 1, 2)]

    assert moved == pytest.approx([still] * 4, rel=0.05)


@pytest.mark.slow
def test_grain_adds_nothing_to_the_contrast_of_a_line(first: Reference) -> None:
    found = []
    for noise in (0.002, 0.02):
        image, mask = _own(_groove(_skin(noise=noise), 150, 50, 350, depth=0.1), first.aligned)
        found.append(_contrast(image, mask, find_lines(image, mask)))

    assert found[1] == pytest.approx(found[0], rel=0.03)


@pytest.mark.slow
def test_exposure_and_tan_do_not_move_the_contrast(first: Reference) -> None:
    light = _groove(_skin(), 150, 50, 350, depth=0.1)
    image, mask = _own(light, first.aligned)
    marks = find_lines(image, mask)

    darker = replace(image, linear=np.asarray(light * np.float32([0.6, 0.5, 0.4]), np.float32))

    assert _contrast(darker, mask, marks) == pytest.approx(_contrast(image, mask, marks), rel=0.001)


@lru_cache(maxsize=1)
def _stage() -> Stage:
    return stage_of(0.04, 77)


@lru_cache(maxsize=8)
def _taken(left: float, turned: float = 0.0, slant: float | None = None) -> PhantomPhoto:
    """The skin with a share of the depth of its lines, re-posed, under a lamp that was carried round."""
    rng = np.random.default_rng([77, round(100 * left), round(turned) % 360])
    shot = drawn_shot(_stage().plan, SIZE, rng, rig=replace(FIXED_RIG, slant=0.0, azimuth=0.0, ambient=0.0))
    slant = shot.light.slant if slant is None else slant
    light = replace(shot.light, azimuth=shot.light.azimuth + turned, slant=slant)
    return photograph(_stage(), replace(shot, light=light), State(wrinkles=left), first=_first_shot(), session=1)


@lru_cache(maxsize=1)
def _first_shot() -> Shot:
    return nominal_shot(_stage().plan, SIZE)


@lru_cache(maxsize=1)
def _first() -> tuple[Reference, Result, PhantomPhoto]:
    photo = photograph(_stage(), _first_shot())
    return *establish(calibrated(photo), polygon_region(region_polygon(photo)), BOTH), photo


@pytest.fixture(scope="module")
def first() -> Reference:
    return _first()[0]


def _value(result: Result, name: str) -> float:
    return next(m.value for m in result.measurements if m.metric == name)


@pytest.mark.slow
def test_line_contrast_is_the_true_contrast_and_follows_the_depth() -> None:
    """Through the whole pipeline, re-posed, JPEG: R² ≥ 0.9 and monotone (MEASUREMENT.md §7.6)."""
    reference, own, photo = _first()
    left = [0.8, 0.6, 0.3, 0.0]

    found = [_value(follow(reference, calibrated(_taken(share)), BOTH), "line_contrast") for share in left]

    whole = _value(own, "line_contrast")
    assert whole == pytest.approx(photo.truth.metrics["line_contrast"], rel=0.25)
    assert np.all(np.diff([whole, *found]) < 0)
    assert np.corrcoef([whole, *found], [1.0, *left])[0, 1] ** 2 >= 0.9
    assert np.array(found) / whole == pytest.approx(left, abs=0.12)


@pytest.mark.slow
def test_line_length_counts_deep_lines_and_none_on_flat_skin() -> None:
    """R² ≥ 0.95 for lines deeper than 0.09 mm, and no false line (MEASUREMENT.md §7.6, D1)."""
    found, truth = [], []
    for lines in (0, 4, 8, 13):
        stage = stage_of(0.04, 80 + lines, lines=lines, depth=(0.12, 0.22))
        photo = photograph(stage, nominal_shot(stage.plan, SIZE))
        image = calibrated(photo)
        mask = region_mask(polygon_region(region_polygon(photo)), image)
        found.append(measure(in_own_frame(image), mask, LENGTH, marked=True).value)
        truth.append(photo.truth.metrics["line_length"])

    assert found[0] == 0.0
    assert np.corrcoef(found, truth)[0, 1] ** 2 >= 0.95


@pytest.mark.slow
def test_skin_without_lines_declines_the_contrast_and_counts_none() -> None:
    stage = stage_of(0.04, 80, lines=0)
    photo = photograph(stage, nominal_shot(stage.plan, SIZE))

    reference, result = establish(calibrated(photo), polygon_region(region_polygon(photo)), BOTH)

    assert _value(result, "line_length") == 0.0
    assert "none longer than 3 mm" in next(r.reason for r in reference.declined if r.metric == "line_contrast")


@pytest.mark.slow
@pytest.mark.parametrize("turned", [45.0, -60.0, 180.0])
def test_lines_are_not_compared_when_the_lamp_was_carried_round(turned: float) -> None:
    result = follow(_first()[0], calibrated(_taken(1.0, turned)), BOTH)

    assert not result.measurements
    assert all("further round than in the reference" in refused.reason for refused in result.refused)


@pytest.mark.slow
def test_frontal_light_shows_no_lines_and_is_refused() -> None:
    result = follow(_first()[0], calibrated(_taken(1.0, 1.0, slant=4.0)), BOTH)

    assert not result.measurements


@pytest.mark.slow
def test_light_turned_a_little_is_told_and_not_refused() -> None:
    result = follow(_first()[0], calibrated(_taken(1.0, 10.0)), BOTH)
    turned = next(check for check in result.photo.checks if check.check == "fine light direction")

    assert turned.value == pytest.approx(10, abs=5)
    assert len(result.measurements) == 2


def test_a_picture_of_a_limb_is_no_close_up(thigh: tuple[PhantomPhoto, ...]) -> None:
    image: CalibratedImage = calibrated(thigh[0])
    region = np.ones(image.grid.shape, np.bool_)

    for metric in (*BOTH, metric_named("fine_roughness")):
        with pytest.raises(MeasurementDeclined, match="needs a close-up: the picture must be less than 160 mm") as told:
            measure(in_own_frame(image), region, metric, marked=False)
        assert told.value.code == "needs_close_up"
