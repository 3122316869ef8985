"""Pores in close-ups: round and dark, told from lines, hairs, moles and fine relief (MEASUREMENT.md §2, D4)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.feature import blob_log

from benchmarks.line_scenes import SIZE, region_polygon
from benchmarks.pore_scenes import pore_stage
from benchmarks.scenes import calibrated
from tracker.errors import MeasurementDeclined
from tracker.measurement import Measurement, measure
from tracker.metrics import metric_named
from tracker.phantom import FIXED_RIG, PhantomPhoto, State, drawn_shot, nominal_shot, photograph
from tracker.phantom.fields import Canvas
from tracker.phantom.pores import Pores, grow_pores
from tracker.pipeline import Reference, Result, establish, follow
from tracker.region import Reason, polygon_region
from tracker.shading import dark_and_bright_blobs

PORES = metric_named("pores")
MM, LEAST = 0.1, 0.2
SHAPE = (300, 400)
MASK = np.ones(SHAPE, np.bool_)
Y, X = np.mgrid[:300, :400].astype(np.float64)


def _skin(darkness: NDArray[np.float64], *, noise: float = 0.01) -> NDArray[np.float32]:
    """Light of grainy skin, 30 by 40 mm, darker by so much in logarithms."""
    grain = np.random.default_rng(0).normal(0, noise, SHAPE)
    return np.asarray(np.array([0.45, 0.3, 0.22]) * np.exp(grain - darkness)[..., None], np.float32)


def _dots(places: list[tuple[float, float]], *, width_mm: float, depth: float = 0.4) -> NDArray[np.float64]:
    """Gaussian dots of a full width at half depth."""
    sigma = width_mm / 2.3548 / MM
    away = [(Y - row) ** 2 + (X - col) ** 2 for row, col in places]
    return np.asarray(depth * np.sum([np.exp(-0.5 * each / sigma**2) for each in away], axis=0), np.float64)


LATTICE = [(row, col) for row in range(40, 270, 30) for col in range(40, 370, 30)]


@pytest.mark.parametrize("width_mm", [0.25, 0.4, 0.6])
def test_every_dark_dot_is_found_once_at_its_place_and_with_its_contrast(width_mm: float) -> None:
    dark, bright = dark_and_bright_blobs(_skin(_dots(LATTICE, width_mm=width_mm)), MASK, mm_per_cell=MM, least=LEAST)

    order = np.lexsort(np.rint(dark.cell.T[::-1] / 10))
    assert dark.cell[order] == pytest.approx(np.array(LATTICE), abs=1)
    assert np.median(dark.contrast) == pytest.approx(0.4, rel=0.2)
    assert np.median(dark.width_mm) == pytest.approx(width_mm * np.sqrt(8) / 2.3548, rel=0.25)
    assert not len(bright.cell)


def test_bright_dots_are_bright_blobs_of_the_same_contrast() -> None:
    dots = _dots(LATTICE, width_mm=0.4)

    (dark, _), (_, bright) = (
        dark_and_bright_blobs(_skin(sign * dots), MASK, mm_per_cell=MM, least=LEAST) for sign in (1, -1)
    )

    assert len(bright.cell) == len(dark.cell)
    assert np.median(bright.contrast) == pytest.approx(float(np.median(dark.contrast)), rel=0.05)


def test_the_count_is_that_of_the_laplacian_of_gaussians() -> None:
    """Against scikit-image, on round dots of random places and contrasts well above the threshold."""
    rng = np.random.default_rng(4)
    chosen = [LATTICE[k] for k in rng.choice(len(LATTICE), 50, replace=False)]
    light = _skin(_dots(chosen, width_mm=0.45), noise=0.002)

    ours, _ = dark_and_bright_blobs(light, MASK, mm_per_cell=MM, least=LEAST)
    theirs = blob_log(-np.log(light[..., 1] / light[..., 1].max()), min_sigma=1, max_sigma=5, threshold=LEAST / 2)

    assert len(ours.cell) == len(theirs) == 50


@pytest.mark.parametrize("what", ["hair", "line", "mole", "edge", "grain"])
def test_what_is_not_small_round_and_dark_is_no_pore(what: str) -> None:
    away = np.hypot(Y - 150, X - 200)
    darkness = {
        "hair": 0.7 * np.exp(-0.5 * ((Y - 150 - 0.2 * (X - 200)) / 0.8) ** 2),
        "line": -0.3 * (Y - 150) / 2 * np.exp(0.5 - (Y - 150) ** 2 / 8),
        "mole": 0.9 / (1 + np.exp((away - 12) / 2)),
        "edge": 0.5 / (1 + np.exp(-(X - 200) / 2)),
        "grain": np.zeros(SHAPE),
    }[what]

    dark, bright = dark_and_bright_blobs(
        _skin(darkness, noise=0.03 if what == "grain" else 0.01), MASK, mm_per_cell=MM, least=LEAST
    )

    assert not len(dark.cell)
    assert not len(bright.cell)


def test_exposure_and_tan_do_not_move_the_count() -> None:
    light = _skin(_dots(LATTICE, width_mm=0.4, depth=0.22))

    counts = [
        len(dark_and_bright_blobs(np.asarray(light * gain, np.float32), MASK, mm_per_cell=MM, least=LEAST)[0].cell)
        for gain in (np.float32(1), np.float32([0.6, 0.5, 0.4]))
    ]

    assert counts[0] > 20
    assert counts[1] == counts[0]


def test_the_pores_of_the_phantom_have_their_number_and_go_when_told() -> None:
    canvas = Canvas(40.0, 40.0, 0.1)
    pits = grow_pores(np.random.default_rng(1), canvas, Pores(20.0, area=(30.0, 30.0)))
    middle = np.asarray((np.abs(canvas.y) < 15) & (np.abs(canvas.x) < 15))

    assert len(pits.diameter) == 180
    assert [pits.per_cm2(share, canvas, middle) for share in (1.0, 0.5, 0.0)] == pytest.approx([20, 10, 0])
    dark = [float((pits.light_of(share) < 1).sum()) for share in (1.0, 0.5, 0.0)]
    assert dark[1] == pytest.approx(dark[0] / 2, rel=0.1)
    assert dark[2] == 0
    assert pits.height_of(1.0).min() == pytest.approx(-0.03, abs=0.006)


@lru_cache(maxsize=8)
def _photo(tone: float, per_cm2: float) -> PhantomPhoto:
    stage = pore_stage(tone, 60 + round(per_cm2), per_cm2)
    return photograph(stage, nominal_shot(stage.plan, SIZE))


@lru_cache(maxsize=8)
def _established(tone: float, per_cm2: float) -> tuple[Reference, Result]:
    photo = _photo(tone, per_cm2)
    return establish(calibrated(photo), polygon_region(region_polygon(photo)), (PORES,))


def _value(result: Result) -> Measurement:
    (found,) = result.measurements
    return found


@pytest.mark.slow
@pytest.mark.parametrize("tone", [0.02, 0.2])
def test_density_follows_the_true_density_on_skin_of_any_tone(tone: float) -> None:
    """From the photo's file on. On dark skin fewer of them reach the contrast, and up to 2 per cm² are relief."""
    truth = [_photo(tone, per_cm2).truth.metrics["pores"] for per_cm2 in (0, 15, 45)]
    found = [_value(_established(tone, per_cm2)[1]).value for per_cm2 in (0, 15, 45)]

    assert truth[0] == 0
    assert found[0] < 2.5
    assert np.corrcoef(truth, found)[0, 1] ** 2 >= 0.98
    assert 0.35 < np.polyfit(truth, found, 1)[0] < 0.85


@pytest.mark.slow
def test_half_of_the_pores_are_half_of_the_density() -> None:
    photo = _photo(0.02, 45)
    rng = np.random.default_rng(5)
    shot = drawn_shot(photo.stage.plan, SIZE, rng, rig=FIXED_RIG)
    later = photograph(photo.stage, shot, State(pores=0.5), first=photo.first, session=1)
    reference, own = _established(0.02, 45)

    found = _value(follow(reference, calibrated(later), (PORES,)))

    assert found.value / _value(own).value == pytest.approx(0.5, abs=0.08)


@pytest.mark.slow
def test_the_counting_error_is_that_of_poisson() -> None:
    found = _value(_established(0.02, 45)[1])
    assert found.area_mm2 is not None
    # What the resampled skin shows of it is not stated a second time.
    counting = np.hypot(dict(found.parts)["counting"], dict(found.parts)["region"])

    # Bright blobs count too, so the error is a little larger than that of the value alone.
    least = np.sqrt(found.value * found.area_mm2 / 100) / (found.area_mm2 / 100)
    assert least <= counting < 1.25 * least
    assert found.uncertainty >= counting


@pytest.mark.slow
def test_hairy_skin_is_declined() -> None:
    reference, _ = _established(0.02, 15)
    assert reference.aligned.excluded is not None
    hair = reference.aligned.excluded.copy()
    hair[::5] |= np.uint8(Reason.HAIR)

    with pytest.raises(MeasurementDeclined, match=r"needs bare skin; hair lies on 2\d % of it") as told:
        measure(replace(reference.aligned, excluded=hair), reference.mask, PORES, marked=True)

    assert told.value.code == "hair"


@pytest.mark.slow
def test_what_is_shown_is_what_is_counted() -> None:
    from tracker.measurement import place_of

    reference, own = _established(0.02, 45)
    place = place_of(reference.aligned, reference.mask, PORES, marked=True)
    field = PORES.prepare(reference.aligned, place)
    assert PORES.shown is not None

    shown = PORES.shown(reference.aligned, place, field)

    mm = reference.aligned.grid.mm_per_cell
    assert mm is not None
    dark, _ = dark_and_bright_blobs(reference.aligned.linear, place.skin, mm_per_cell=mm, least=LEAST)
    inside = dark.cell[place.counted[tuple(dark.cell.T)]]
    assert (shown[tuple(inside.T)] == 1).all()
    assert _value(own).value <= len(inside) / (place.counted.sum() * mm**2 / 100)
