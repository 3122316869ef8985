"""Procedural skin of known displacement is brought back, and what is not the same skin is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.alignment import Alignment, align, in_own_frame, resample
from tracker.alignment.area import extremes, is_skin_like, local_area, relative_area
from tracker.calibration import CalibratedImage, calibrate
from tracker.errors import AlignmentFailed
from tracker.photo import Photo

Points = NDArray[np.float64]
Rgb = NDArray[np.uint8]
PlaceInReference = Callable[[Points], Points]

SHAPE = (480, 640)
FINER = 2
"""Canvas pixels per photo pixel: photos are sampled from something sharper than themselves."""
MARGIN = 160


def texture(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
    field = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), sigma)
    return np.asarray(field / field.std(), dtype=np.float32)


def dots(rng: np.random.Generator, shape: tuple[int, int], count: int, sigma: float) -> NDArray[np.float32]:
    canvas = np.zeros(shape, np.float32)
    rows, cols = (rng.integers(0, n, count) for n in shape)
    canvas[rows, cols] = rng.uniform(0.4, 1.0, count)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), sigma) * (2 * np.pi * sigma**2), dtype=np.float32)


@cache
def skin(seed: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    """Linear light of mottled, freckled, porous skin with a margin, shape (h, w, 3)."""
    rng = np.random.default_rng(seed)
    size = (FINER * (shape[0] + 2 * MARGIN), FINER * (shape[1] + 2 * MARGIN))
    pigment = 0.03 * texture(rng, size, 60) + 0.02 * texture(rng, size, 14) + 0.02 * texture(rng, size, 5)
    pigment += 0.25 * dots(rng, size, 500, 6.0) + 0.08 * dots(rng, size, 12000, 2.5)
    blood = 0.04 * texture(rng, size, 40)
    absorbed = pigment[..., None] * np.float32([0.5, 1.0, 1.4]) + blood[..., None] * np.float32([0.1, 1.0, 0.6])
    return np.asarray(np.float32([0.56, 0.33, 0.23]) * np.exp(-absorbed), dtype=np.float32)


def pixels(shape: tuple[int, int]) -> Points:
    return np.stack(np.meshgrid(*(np.arange(n, dtype=np.float64) for n in shape), indexing="ij"), axis=-1)


def photograph(
    scene: NDArray[np.float32],
    place: PlaceInReference,
    *,
    shape: tuple[int, int] = SHAPE,
    seed: int = 0,
    exposure: float = 1.0,
    noise: float = 0.8,
    blur: float = 0.6,
) -> Rgb:
    """A photo whose pixels show the skin that the reference has at `place`."""
    on_canvas = ((place(pixels(shape)) + MARGIN) * FINER + (FINER - 1) / 2).astype(np.float32)
    light = cv2.remap(
        cv2.GaussianBlur(scene, (0, 0), FINER * 0.4),
        on_canvas[..., 1],
        on_canvas[..., 0],
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    light = cv2.GaussianBlur(light, (0, 0), blur)
    encoded = 255 * np.clip(light * exposure * np.float32([1.02, 1.0, 0.96]), 0, 1) ** (1 / 2.2)
    encoded += np.random.default_rng(seed).normal(0, noise, encoded.shape)
    return np.rint(np.clip(encoded, 0, 255)).astype(np.uint8)


def unmoved(points: Points) -> Points:
    return points


def bent(points: Points, *, angle: float = 0.0, scale: float = 1.0, amplitude: float = 0.0) -> Points:
    """Where a turned, nearer, tilted camera sees the reference, with tissue that gave way in waves."""
    middle = np.array(SHAPE) / 2
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / scale
    moved = (points - middle) @ matrix.T
    moved = moved / (1 + moved @ np.array([[1e-4], [-8e-5]]) * (amplitude > 0)) + middle
    waves = np.sin(moved[..., ::-1] / np.array([70.0, 90.0]) + np.array([0.3, 1.1]))
    return moved + amplitude * waves


def where_it_went(place: PlaceInReference, reference_points: Points) -> Points:
    """The inverse of `place`, by Newton steps with a numerical Jacobian."""
    found = reference_points.copy()
    for _ in range(20):
        miss = reference_points - place(found)
        down, across = ((place(found + step) - place(found - step)) / 2 for step in np.eye(2))
        jacobian = np.stack([down, across], axis=-1)
        found = found + np.linalg.solve(jacobian, miss[..., None])[..., 0]
    return found


def calibrated(rgb: Rgb, name: str) -> CalibratedImage:
    return calibrate(Photo(np.ascontiguousarray(rgb), digest=name, name=name, taken_on=None))


@cache
def reference(seed: int = 1, shape: tuple[int, int] = SHAPE) -> CalibratedImage:
    return calibrated(photograph(skin(seed, shape), unmoved, shape=shape, seed=99), "before.jpg")


def errors(found: Alignment, place: PlaceInReference, shape: tuple[int, int] = SHAPE) -> tuple[Points, Points]:
    """Distance to the truth and stated uncertainty where the map claims to be usable, in reference pixels."""
    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    truth = where_it_went(place, nodes)
    inside = found.usable & ((truth >= 0) & (truth <= np.array(shape) - 1)).all(axis=-1)
    distance = np.hypot(*np.moveaxis(found.moving - truth, -1, 0)) / found.scale
    return distance[inside], found.sd[inside].astype(np.float64)


def code_of(before: CalibratedImage, after: CalibratedImage) -> str:
    with pytest.raises(AlignmentFailed) as refusal:
        align(before, after)
    assert refusal.value.reason.endswith(".")
    return refusal.value.code


@cache
def moderately_bent() -> tuple[PlaceInReference, CalibratedImage, Alignment]:
    def place(points: Points) -> Points:
        return bent(points, angle=7.0, scale=1.08, amplitude=4.0)

    after = calibrated(photograph(skin(1), place, exposure=0.75, seed=5), "after.jpg")
    return place, after, align(reference(), after)


def test_a_known_shift_is_undone() -> None:
    def place(points: Points) -> Points:
        return points - np.array([5.3, -9.6])

    found = align(reference(), calibrated(photograph(skin(1), place, seed=3), "after.jpg"))

    distance, _ = errors(found, place)
    assert np.median(distance) < 0.1  # noise of 0.8 grey levels allows about 0.03 px
    assert found.rotation == pytest.approx(0, abs=0.05)
    assert found.scale == pytest.approx(1, abs=0.001)
    assert found.overlap > 0.8


def test_turning_tilting_and_bending_are_followed_everywhere() -> None:
    place, _, found = moderately_bent()

    distance, _ = errors(found, place)
    assert np.median(distance) < 0.15
    assert np.percentile(distance, 90) < 0.4  # the corners are held by stiffness alone
    assert found.usable.mean() > 0.6


def test_rotation_is_counted_counter_clockwise_and_scale_in_pixels_per_pixel() -> None:
    _, _, found = moderately_bent()

    assert found.scale == pytest.approx(1.08, abs=0.03)  # the tilt changes it over the picture
    assert found.rotation == pytest.approx(-7.0, abs=1.0)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_lying_on_its_side_is_turned_back(quarters: int) -> None:
    upright = photograph(skin(1), unmoved, seed=4)
    found = align(reference(), calibrated(np.rot90(upright, quarters), "turned.jpg"))

    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    row, col = np.moveaxis(nodes, -1, 0)
    last_row, last_col = SHAPE[0] - 1, SHAPE[1] - 1
    truth = {1: (last_col - col, row), 2: (last_row - row, last_col - col), 3: (col, last_row - row)}[quarters]
    distance = np.hypot(*(found.moving[..., axis] - truth[axis] for axis in (0, 1)))
    assert np.median(distance[found.usable]) < 0.1
    assert found.usable.mean() > 0.9
    turned = (found.rotation - 90 * quarters + 180) % 360 - 180
    assert turned == pytest.approx(0, abs=0.1)


def test_a_portrait_photo_is_aligned_like_any_other() -> None:
    shape = (640, 480)

    def place(points: Points) -> Points:
        return points + np.array([12.4, 6.7])

    after = calibrated(photograph(skin(2, shape), place, shape=shape, seed=3), "after.jpg")
    found = align(reference(2, shape), after)

    distance, _ = errors(found, place, shape)
    assert np.median(distance) < 0.1
    assert found.cols[1] - found.cols[0] <= 0.01 * shape[1]
    assert found.rows[1] - found.rows[0] <= 0.01 * shape[1]


def test_photos_of_different_size_and_aspect_are_brought_together() -> None:
    shape = (400, 400)

    def place(points: Points) -> Points:
        return points * 1.3 + np.array([20.0, 60.0])

    after = calibrated(photograph(skin(1), place, shape=shape, seed=3), "after.jpg")
    found = align(reference(), after)

    distance, _ = errors(found, place, shape)
    assert np.median(distance) < 0.2
    assert found.scale == pytest.approx(1 / 1.3, abs=0.002)


def test_the_aligned_light_is_that_of_the_reference() -> None:
    place, _, _ = moderately_bent()
    before = calibrated(photograph(skin(1), unmoved, seed=1, noise=0.1), "before.jpg")
    after = calibrated(photograph(skin(1), place, seed=2, noise=0.1), "after.jpg")
    here, there = in_own_frame(before), resample(after, align(before, after), before)

    both = here.valid & there.valid & (there.sd < 1)
    difference = np.abs(there.linear - here.linear).mean(axis=2)[both]
    contrast = np.abs(here.linear - here.linear[both].mean(axis=0)).mean(axis=2)[both]
    assert both.mean() > 0.6
    # Left over are the rounding to 8 bits and two interpolations; half a pixel of misalignment would leave a third.
    assert np.median(difference) < 0.15 * np.median(contrast)


def test_another_persons_skin_is_refused() -> None:
    other = calibrated(photograph(skin(7), unmoved, seed=3), "other.jpg")

    assert code_of(reference(), other) == "different_area"


def test_a_mirrored_photo_is_recognised_as_mirrored() -> None:
    mirrored = calibrated(photograph(skin(1), unmoved, seed=3)[:, ::-1], "selfie.jpg")

    assert code_of(reference(), mirrored) == "mirrored"


def test_a_photo_that_shows_hardly_any_of_the_area_is_refused() -> None:
    def place(points: Points) -> Points:
        return points + np.array([0.0, 0.95 * SHAPE[1]])

    wide = (SHAPE[0], 2 * SHAPE[1])
    scene = skin(3, wide)
    before = calibrated(photograph(scene, unmoved, seed=1), "before.jpg")
    beside = calibrated(photograph(scene, place, seed=2), "beside.jpg")

    assert code_of(before, beside) == "too_little_overlap"


def test_a_photo_without_any_structure_has_no_features() -> None:
    flat = np.full((*SHAPE, 3), (205, 160, 135), np.uint8)

    assert code_of(reference(), calibrated(flat, "flat.jpg")) == "no_features"


def test_a_hopelessly_blurred_photo_is_called_blurred() -> None:
    blurred = cv2.GaussianBlur(photograph(skin(1), unmoved, seed=3), (0, 0), 14)

    assert code_of(reference(), calibrated(blurred, "blurred.jpg")) == "too_blurred"


def with_card(rgb: Rgb, row: int, col: int) -> Rgb:
    """The photo with a printed marker on white card."""
    marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), 1, 72)
    carded = rgb.copy()
    carded[row : row + 96, col : col + 96] = 235
    carded[row + 12 : row + 84, col + 12 : col + 84] = marker[..., None]
    return carded


def test_a_card_that_moved_does_not_drag_the_skin_along() -> None:
    def place(points: Points) -> Points:
        return points - np.array([6.0, 4.0])

    before = calibrated(with_card(photograph(skin(1), unmoved, seed=1), 190, 270), "before.jpg")
    after = calibrated(with_card(photograph(skin(1), place, seed=2), 209, 262), "after.jpg")
    found = align(before, after)

    assert before.markers
    assert after.markers
    distance, _ = errors(found, place)
    assert np.median(distance) < 0.1
    assert np.percentile(distance, 99) < 1.0  # following the card would be 18 px off


def test_the_stated_uncertainty_is_honest() -> None:
    place, _, found = moderately_bent()

    distance, sd = errors(found, place)
    assert np.mean(distance < 2.45 * sd) > 0.9  # 95 % of a two-dimensional normal error
    assert 0.7 * np.median(distance) < found.error_px < 3 * np.median(distance)


def test_relief_lit_from_the_other_side_does_not_mislead() -> None:
    """The shading of fine relief changes its sign with the lamp and looks shifted; pigment stays where it is."""
    rng = np.random.default_rng(8)
    shading = 0.08 * texture(rng, skin(1).shape[:2], 5.0)[..., None]

    def place(points: Points) -> Points:
        return points - np.array([7.0, 3.0])

    before = calibrated(photograph(skin(1) * (1 + shading), unmoved, seed=1), "before.jpg")
    after = calibrated(photograph(skin(1) * (1 - shading), place, seed=2), "after.jpg")
    distance, sd = errors(align(before, after), place)

    assert np.median(distance) < 0.5
    assert np.mean(distance < 2.45 * sd) > 0.9


def test_less_is_claimed_where_less_is_known() -> None:
    blurred = photograph(skin(1), unmoved, seed=3, blur=2.2, noise=2.0)
    sharp = photograph(skin(1), unmoved, seed=3)

    claims = [align(reference(), calibrated(rgb, "after.jpg")).error_px for rgb in (sharp, blurred)]

    assert claims[0] < claims[1]


def test_the_same_photos_give_the_same_map_bit_by_bit() -> None:
    _, after, found = moderately_bent()
    again = align(reference(), after)

    np.testing.assert_array_equal(found.moving, again.moving)
    np.testing.assert_array_equal(found.sd, again.sd)
    assert found.error_px == again.error_px


def test_the_map_is_missing_only_where_the_other_photo_does_not_reach() -> None:
    def place(points: Points) -> Points:
        return points + np.array([0.0, 150.0])

    found = align(reference(), calibrated(photograph(skin(1), place, seed=3), "after.jpg"))

    known = np.isfinite(found.moving).all(axis=-1)
    spacing = found.cols[1] - found.cols[0]
    outside = 150.0 - found.cols  # how far each node lies left of the other photo
    assert known[:, outside < spacing].all()
    assert not known[:, outside > 3 * spacing].any()
    assert np.isfinite(found.sd[known]).all()
    assert not found.usable[:, outside > 0].any()


def test_extrapolated_places_are_stated_as_uncertain() -> None:
    before = photograph(skin(1), unmoved, seed=1)
    after = photograph(skin(1), unmoved, seed=2)
    after[:, :200] = (205, 160, 135)  # a blanket over the left third
    found = align(calibrated(before, "before.jpg"), calibrated(after, "after.jpg"))

    covered, free = found.cols < 150, found.cols > 260
    assert np.median(found.sd[:, covered]) > 5 * np.median(found.sd[:, free])
    assert not found.usable[:, covered].any()


def test_a_region_decides_what_is_aligned() -> None:
    """Left half moves with the room, right half is the body: the region chooses."""

    def body(points: Points) -> Points:
        return points - np.array([14.0, 0.0])

    before = photograph(skin(1), unmoved, seed=1)
    after = photograph(skin(1), unmoved, seed=2)
    after[:, 400:] = photograph(skin(1), body, seed=2)[:, 400:]
    first, second = calibrated(before, "before.jpg"), calibrated(after, "after.jpg")
    region = np.zeros(first.grid.shape, np.bool_)
    region[:, 430:] = True

    found = align(first, second, region=region)

    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    distance = np.hypot(*np.moveaxis(found.moving - where_it_went(body, nodes), -1, 0))
    assert np.median(distance[10:-10, found.cols > 450]) < 0.3


def test_an_outline_that_wanders_over_the_skin_does_not_drag_the_map_along() -> None:
    """A limb that gets slimmer: its edge cuts off more of the skin, and what is left of the skin stays in place."""

    def place(points: Points) -> Points:
        return points - np.array([3.0, 2.0])

    before, after = photograph(skin(1), unmoved, seed=1), photograph(skin(1), place, seed=2)
    before[:, :200] = after[:, : 200 + 2 + 3] = (120, 135, 150)  # the wall behind it; the edge moves by 3 px more
    first = calibrated(before, "before.jpg")
    region = np.zeros(first.grid.shape, np.bool_)
    region[:, 200:] = True

    found = align(first, calibrated(after, "after.jpg"), region=region)

    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    distance = np.hypot(*np.moveaxis(found.moving - where_it_went(place, nodes), -1, 0))
    beside = (found.cols > 203) & (found.cols < 214)
    assert np.median(distance[10:-10, beside]) < 0.75  # half of the move and more, if the edge may pull


def test_the_change_of_area_is_that_of_the_tissue_without_that_of_the_distance() -> None:
    """Nearer by 8 % and with tissue in waves: the extremes of the true Jacobian come back, the distance does not."""
    place, _, found = moderately_bent()

    truth = where_it_went(place, np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1))
    area = local_area(truth, found.rows, found.cols)[found.usable]
    low, high = found.area_change or (np.nan, np.nan)
    assert low == pytest.approx(area.min() / np.median(area), abs=0.03)
    assert high == pytest.approx(area.max() / np.median(area), abs=0.03)
    assert low < 0.92
    assert high > 1.08


def test_where_a_map_halves_the_area_of_the_skin_nothing_is_measured() -> None:
    area = relative_area(np.array([[1.1, 1.1, 1.1], [0.5, 2.4, np.nan]]), np.array([[True] * 3, [False] * 3]))

    assert is_skin_like(area).tolist() == [[True, True, True], [False, False, True]]
    assert extremes(area, np.array([[True] * 3, [True, False, True]])) == pytest.approx((0.5 / 1.1, 1.0))


@pytest.mark.parametrize(("share", "least", "most"), [(0.035, -0.1, 0.1), (0.14, 0.7, 1.1)])
def test_short_waves_of_area_change_are_left_in_the_photo_and_long_ones_followed(
    share: float, least: float, most: float
) -> None:
    """The stated stiffness is half-way between: what is shorter, as a lesion that shrinks, is no motion of the skin."""
    number = 2 * np.pi / (share * max(SHAPE))

    def place(points: Points) -> Points:
        return points + 0.08 / number * np.sin(number * points)

    found = align(reference(), calibrated(photograph(skin(1), place, seed=4), "after.jpg"))

    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)[8:-8, 8:-8]
    true, seen = where_it_went(place, nodes) - nodes, found.moving[8:-8, 8:-8] - nodes
    followed = float((true * seen).sum() / (true**2).sum())
    assert least < followed < most


def test_the_pull_of_the_lamp_is_mostly_undone_by_pigment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dark is deep: light from another side shades fine relief along its own slope, and all of it looks shifted."""
    luma = np.log(skin(1).mean(axis=2) + 0.02)
    slope = np.gradient(cv2.GaussianBlur(luma, (0, 0), 3) - cv2.GaussianBlur(luma, (0, 0), 12), axis=1)
    relit = np.float32(1 + 0.05 * np.clip(slope / slope.std(), -4, 4))[..., None]
    before = calibrated(photograph(skin(1), unmoved, seed=1), "before.jpg")
    after = calibrated(photograph(skin(1) * relit, unmoved, seed=2), "after.jpg")

    def shift() -> float:
        found = align(before, after)
        nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
        return float(np.hypot(*np.median((found.moving - nodes)[found.usable], axis=0)))

    with_pigment = shift()
    monkeypatch.setattr("tracker.alignment.survey.without_lamp", lambda here, there, warp: (warp, 0.3))
    without = shift()

    assert without > 0.3
    assert with_pigment < 0.25 * without


def test_the_stated_uncertainty_is_not_too_cautious_either() -> None:
    place, _, found = moderately_bent()

    distance, sd = errors(found, place)
    assert 0.9 < np.mean(distance < 2.45 * sd) < 0.99
    assert np.sqrt(np.mean((distance / sd) ** 2) / 2) > 0.6  # per axis; 1 is exact
