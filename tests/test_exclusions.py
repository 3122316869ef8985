"""What is left out of a region: found where it is, not found where it is not, and counted."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.exclusions_scenes import (
    GAUZE,
    TONES,
    as_measured,
    found_against,
    on_grid,
    patch,
    seen,
    taken,
    thigh,
    true_hair,
    with_blurred_half,
    with_highlights,
    with_strip,
)
from tracker.calibration import CalibratedImage, calibrate
from tracker.measurement import Measurement, Metric, measure, over_the_same_cells, shared_cells, usable_cells
from tracker.metrics import METRICS, metric_named
from tracker.phantom import PhantomPhoto
from tracker.photo import read_photo
from tracker.region import (
    WHOLE_SKIN,
    Reason,
    find_exclusions,
    hair_share,
    is_left_out,
    marker_mask,
    polygon_region,
    region_mask,
    shares_left_out,
    skin_mask,
)

SEED = 41  # another skin than those that the limits were set on
FOUND = (Reason.HAIR, Reason.SHINE, Reason.CLOTH, Reason.BLUR)
ENDS = (TONES[0], TONES[-1])


@cache
def _photo(kind: str, tone: float, hair: float = 0.0, cover: str | None = None) -> PhantomPhoto:
    plan = patch(tone, hair=hair) if kind == "patch" else thigh(tone, hair=hair, cover=cover)
    return taken(plan, seed=SEED, size=(600, 800))


def _read(photo: PhantomPhoto, like: CalibratedImage | None = None) -> CalibratedImage:
    """A photo on its grid; on that of another photo of the same view, where nothing was moved that is to be aligned.

    By themselves the two grids may differ by a cell: the scale is read from the markers of each photo.
    """
    image = calibrate(read_photo(photo.jpeg, name=photo.name))
    if like is None or like.grid == image.grid:
        return image
    size = like.grid.shape[::-1]
    assert np.abs(np.subtract(like.grid.shape, image.grid.shape)).max() <= 1
    return replace(
        image,
        grid=like.grid,
        linear=cv2.resize(image.linear, size, interpolation=cv2.INTER_LINEAR),
        clipped=cv2.resize(image.clipped.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0,
    )


def _bits(image: CalibratedImage, region: np.ndarray) -> np.ndarray:
    bits = as_measured(image, region).excluded
    assert bits is not None
    return bits


@pytest.mark.slow
@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize("kind", ["thigh", "patch"])
def test_clean_matte_skin_of_every_tone_loses_next_to_nothing(kind: str, tone: float) -> None:
    image = _read(_photo(kind, tone))
    skin = skin_mask(image)

    bits = _bits(image, skin)

    lost = {reason.name: float(is_left_out(bits, reason)[skin].mean()) for reason in FOUND}
    assert max(lost.values()) < 0.005, lost


@pytest.mark.slow
@pytest.mark.parametrize("tone", ENDS)
def test_hair_is_found_and_little_else(tone: float) -> None:
    photo = _photo("patch", tone, hair=2.0)
    image = _read(photo)
    skin = skin_mask(image)

    precision, recall = found_against(
        is_left_out(_bits(image, skin), Reason.HAIR), on_grid(true_hair(photo), image) > 0.05, skin, rim=3
    )

    assert precision > 0.85
    assert recall > 0.9


def test_hair_is_not_looked_for_where_pixels_are_too_coarse_or_the_scale_is_not_known() -> None:
    image = _read(_photo("patch", ENDS[0]))
    everywhere = np.ones(image.grid.shape, bool)
    assert image.scale is not None

    assert hair_share(image, everywhere) is not None
    assert hair_share(replace(image, scale=None), everywhere) is None
    assert hair_share(replace(image, scale=replace(image.scale, mm_per_px=0.3)), everywhere) is None


@pytest.mark.slow
@pytest.mark.parametrize("tone", ENDS)
def test_drops_of_mirrored_light_are_found_and_little_else(tone: float) -> None:
    photo = _photo("patch", tone)
    image = _read(photo)
    rgb, added = with_highlights(photo.rgb, mm_per_px=photo.truth.mm_per_px, strength=0.2, seed=1)
    wet, skin = seen(rgb, image), skin_mask(image)

    found = is_left_out(_bits(wet, skin), Reason.SHINE)
    precision, recall = found_against(found, on_grid(added, image) > 0.1, skin, rim=round(1.5 / 0.175))

    assert precision > 0.9
    assert recall > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("tone", ENDS)
def test_cloth_that_came_into_the_region_is_found_and_little_else(tone: float) -> None:
    before, after = _photo("thigh", tone), _photo("thigh", tone, cover="band")
    reference = _read(before)
    image = _read(after, reference)
    region = region_mask(WHOLE_SKIN, reference)
    hidden = on_grid(before.truth.skin & ~after.truth.skin, image) > 0.5

    precision, recall = found_against(is_left_out(_bits(image, region), Reason.CLOTH), hidden, region, rim=8)

    assert precision > 0.9
    assert recall > 0.95


@pytest.mark.parametrize("tone", ENDS)
@pytest.mark.parametrize("shade", [0.5, 0.2])
def test_shaded_skin_is_not_taken_for_cloth(tone: float, shade: float) -> None:
    image = _read(_photo("thigh", tone))
    skin = region_mask(WHOLE_SKIN, image)
    light = image.linear.copy()
    light[:, : light.shape[1] // 2] *= np.float32(shade)

    found = find_exclusions(
        light, skin, np.zeros(skin.shape, np.uint8), mm_per_cell=image.grid.mm_per_cell, has_colour=True
    )

    assert is_left_out(found, Reason.CLOTH)[skin].mean() < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("tone", ENDS)
def test_the_blurred_half_of_a_photo_is_found_and_a_photo_blurred_everywhere_is_the_gates_to_refuse(
    tone: float,
) -> None:
    photo = _photo("thigh", tone)
    image = _read(photo)
    rgb, half = with_blurred_half(photo.rgb, mm_per_px=photo.truth.mm_per_px, sigma_mm=1.0)
    soft, skin = seen(rgb, image), skin_mask(image)

    found = is_left_out(_bits(soft, skin), Reason.BLUR)
    precision, recall = found_against(found, on_grid(half, image) > 0.5, skin, rim=2)
    right = skin & (on_grid(half, image) > 0.5)

    assert precision > 0.95
    assert recall > 0.6
    assert is_left_out(_bits(soft, right), Reason.BLUR)[right].mean() < 0.05


def test_without_colour_neither_shine_nor_cloth_is_looked_for() -> None:
    image = _read(_photo("thigh", ENDS[0], cover="band"))
    everywhere = np.ones(image.grid.shape, bool)

    found = find_exclusions(
        image.linear, everywhere, np.zeros(everywhere.shape, np.uint8), mm_per_cell=0.5, has_colour=False
    )

    assert not is_left_out(found, Reason.CLOTH | Reason.SHINE).any()


def test_the_white_of_a_marker_card_is_all_left_out() -> None:
    """What the marker's margin may miss of the paper is covered by what is not skin."""
    image = _read(_photo("patch", TONES[1]))
    everywhere = np.ones(image.grid.shape, bool)
    white = image.linear.min(axis=2) > 0.6

    found = is_left_out(_bits(image, everywhere), Reason.MARKER | Reason.CLOTH | Reason.CLIPPED)

    assert white.mean() > 0.05
    assert (white & ~found).mean() < 0.001
    assert marker_mask(image).any()


def test_a_cell_counts_once_and_the_largest_share_comes_first() -> None:
    bits = np.array([[0, 8, 8, 8 | 16, 16, 64, 0, 0, 0, 1]], np.uint8)
    region = np.ones(bits.shape, bool)

    shares = dict(shares_left_out(bits, region, Reason.HAIR | Reason.SHINE | Reason.UNSEEN))

    assert shares == {Reason.HAIR: 0.3, Reason.SHINE: 0.1, Reason.UNSEEN: 0.1}
    assert next(iter(shares)) is Reason.HAIR
    assert sum(shares.values()) == pytest.approx(
        is_left_out(bits, Reason.HAIR | Reason.SHINE | Reason.UNSEEN).mean(), abs=1e-12
    )


def _compared(before: CalibratedImage, after: CalibratedImage, metric: Metric) -> tuple[Measurement, Measurement]:
    """A metric of two photos that nothing was moved in, as the pipeline compares them."""
    region = region_mask(WHOLE_SKIN, before)
    then, now = as_measured(before, region), as_measured(after, region)
    shared = shared_cells(now, then)
    whole, found = (measure(image, region, metric, marked=False) for image in (then, shared))
    part = replace(then, valid=then.valid & usable_cells(shared, metric))
    return whole, over_the_same_cells(found, whole, measure(part, region, metric, marked=False), metric)


@pytest.mark.slow
def test_cloth_in_a_later_photo_moves_neither_relief_nor_its_area_unseen() -> None:
    before = _read(_photo("thigh", TONES[1]))
    after = _read(_photo("thigh", TONES[1], cover="band"), before)
    relief = metric_named("relief")

    then, now = _compared(before, after, relief)
    _, measured = _compared(before, after, replace(relief, leaves_out=Reason(0)))

    assert abs(measured.value - then.value) > abs(now.value - then.value)
    assert now.value == pytest.approx(then.value, rel=0.01)
    assert then.area_mm2 is not None
    assert now.area_mm2 is not None
    assert now.area_mm2 < 0.95 * then.area_mm2
    assert dict(now.left_out)["covered"] > 0.05
    assert sum(share for _, share in now.left_out) == pytest.approx(1 - now.area_share, abs=0.01)


@pytest.mark.slow
def test_hair_grown_since_disturbs_a_contrast_less_when_it_is_left_out() -> None:
    """Two skins, dense hair. Hair darkens the paler ring more than the dark patch, which seems to fade."""
    plain = replace(metric_named("delta_mi"), leaves_out=Reason(0))
    measured, left_out = (
        sum(abs(_false_change_by_hair(metric, seed)) for seed in (SEED, SEED + 1))
        for metric in (plain, metric_named("delta_mi"))
    )

    assert left_out < 0.6 * measured


def _false_change_by_hair(metric: Metric, seed: int) -> float:
    bare, hairy = (taken(patch(TONES[1], hair=hair), seed=seed, size=(600, 800)) for hair in (0.0, 5.0))
    image = _read(bare)
    region = region_mask(polygon_region(np.asarray(bare.region, float)), image)
    then, now = as_measured(image, region), as_measured(_read(hairy, image), region)
    found, was = (
        measure(each, region, metric, marked=True).value for each in (shared_cells(now, then), shared_cells(then, now))
    )
    return found - was


@pytest.mark.slow
def test_a_strip_of_gauze_over_a_patch_is_left_out_of_its_contrast() -> None:
    photo = _photo("patch", TONES[0])
    image, mm = _read(photo), photo.truth.mm_per_px
    row, column = np.asarray(photo.region).mean(axis=0)
    covered = seen(with_strip(photo.rgb, (row - 7 / mm, column), (12 / mm, 40 / mm), GAUZE), image)
    region = region_mask(polygon_region(np.asarray(photo.region, float)), image)

    found = is_left_out(_bits(covered, region), Reason.CLOTH)

    assert found[region].mean() == pytest.approx(0.5, abs=0.25)
    assert not found[round(row / image.grid.px_per_cell) + round(6 / (image.grid.mm_per_cell or 1)), :].all()


def test_the_table_of_the_method_says_what_each_metric_leaves_out() -> None:
    method = (Path(__file__).parent.parent / "docs" / "method.md").read_text(encoding="utf-8")
    table = method.split("### What is left out")[1].split("\n#")[0]
    cells = re.findall(r"^\| `(\w+)` \| ([^|]*?) \|", table, re.MULTILINE)
    rows = {name: set(filter(None, words.split(", "))) - {"nothing"} for name, words in cells}

    assert rows == {m.name: {str(r.word) for r in FOUND if r & m.leaves_out} for m in METRICS}
