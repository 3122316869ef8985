"""Millimetres per pixel: from markers by a plane or a body, from the card, and from a distance given by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tracker.calibration import (
    CalibratedImage,
    Grid,
    KnownDistance,
    Marker,
    ScaleSource,
    calibrate,
    layout,
    read_distance,
)
from tracker.calibration.card import find_card
from tracker.calibration.corners import refined_corners
from tracker.calibration.linear import linear_from_srgb
from tracker.calibration.markers import MARKER_DICTIONARY, find_markers
from tracker.calibration.scale import scale_from_markers
from tracker.errors import CalibrationFailed
from tracker.phantom import PhantomPhoto
from tracker.phantom.pose import Camera
from tracker.photo import Photo

SIZE = (900, 1200)
SQUARE = 10.0 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
PLACES = np.array([[-85.0, -115.0], [-85.0, 115.0], [85.0, 115.0], [85.0, -115.0]])
TILTED = Camera(SIZE, 300.0, distance=400.0, roll=9.0, tilt=(16.0, -12.0))


def _seen(camera: Camera, *, count: int = 4, error: float = 0.0, seed: int = 0) -> tuple[Marker, ...]:
    """Loose markers around the middle, each turned in its own way, as a pinhole camera projects them."""
    rng = np.random.default_rng(seed)
    found = []
    for number, place in enumerate(PLACES[:count]):
        turn = rng.uniform(0, 2 * np.pi)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        corners = camera.to_pixels(place + SQUARE @ rotation.T)
        found.append(Marker(number, corners + rng.normal(0, error, (4, 2)) if error else corners, max(error, 0.02)))
    return tuple(found)


def _marker_scene(side: int) -> np.ndarray:
    dictionary = cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY)
    canvas = np.full((1200, 1600), 180, np.uint8)
    for number, (row, col) in enumerate([(100, 100), (100, 1300), (900, 100), (900, 1300)]):
        canvas[row - 20 : row + side + 20, col - 20 : col + side + 20] = 255
        canvas[row : row + side, col : col + side] = cv2.aruco.generateImageMarker(dictionary, number, side)
    return canvas


@pytest.mark.parametrize("camera", [TILTED, replace(TILTED, distance=900.0), replace(TILTED, tilt=(0.0, 0.0))])
def test_four_exact_squares_give_the_scale_at_the_middle(camera: Camera) -> None:
    found = scale_from_markers(_seen(camera), SIZE)

    # Half a thousandth: the grid of directions is finite.
    assert found.mm_per_px == pytest.approx(camera.mm_per_px, rel=5e-4)


def test_the_mean_of_the_markers_would_be_wrong_where_the_plane_is_right() -> None:
    """Two markers on one side of a tilted plane: their own size is not that of the middle."""
    camera = replace(TILTED, tilt=(0.0, 20.0), roll=0.0)
    right = tuple(m for m in _seen(camera) if m.id in (1, 2))

    found = scale_from_markers(right, SIZE)

    assert abs(np.log(np.mean([20 / m.side_px for m in right]) / camera.mm_per_px)) > 0.05
    assert found.mm_per_px == pytest.approx(camera.mm_per_px, rel=0.01)


def test_a_single_marker_is_less_certain_than_four() -> None:
    four = _seen(TILTED)

    assert (
        scale_from_markers(four[:1], SIZE).relative_uncertainty
        > 2 * scale_from_markers(four, SIZE).relative_uncertainty
    )


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_stated_uncertainty_covers_the_error(count: int) -> None:
    rng = np.random.default_rng(7)
    claims = []
    for trial in range(20):
        camera = replace(
            TILTED, distance=float(rng.choice([240.0, 420.0, 900.0])), tilt=tuple(rng.uniform(-14, 14, 2)), roll=0.0
        )
        found = scale_from_markers(_seen(camera, count=count, error=0.1, seed=trial), SIZE)
        claims.append(abs(np.log(found.mm_per_px / camera.mm_per_px)) / found.relative_uncertainty)

    # Of twenty, two misses are still likely at a coverage of 95 %.
    assert np.sum(np.array(claims) > 1.96) <= 2


def test_one_marker_of_four_that_lies_elsewhere_is_left_out() -> None:
    markers = _seen(TILTED, error=0.05)
    middle = markers[2].corners.mean(axis=0)
    larger = Marker(2, middle + 1.06 * (markers[2].corners - middle), 0.05)  # held 6 % nearer to the camera

    found = scale_from_markers((*markers[:2], larger, markers[3]), SIZE)

    assert found.mm_per_px == pytest.approx(TILTED.mm_per_px, rel=0.01)
    assert found.source == "4 printed markers, 1 of them left out"


def test_markers_on_the_flanks_of_a_limb_give_the_scale_of_its_crest() -> None:
    """A cylinder of 90 mm radius with markers 30° down either flank; the plane through them would be 15 % off."""
    distance, focal, angle = 500.0, 2000.0, np.deg2rad(30.0)
    markers = []
    for number, (side, y) in enumerate([(-1, -75.0), (1, -75.0), (1, 75.0), (-1, 75.0)]):
        across = side * 90 * np.sin(angle) + SQUARE[:, 1] * np.cos(angle)
        depth = distance + 90 * (1 - np.cos(angle)) + side * SQUARE[:, 1] * np.sin(angle)
        pixels = focal * np.stack([y + SQUARE[:, 0], across], axis=1) / depth[:, None]
        markers.append(Marker(number, pixels + (np.array(SIZE) - 1) / 2, 0.05))

    found = scale_from_markers(tuple(markers), SIZE)

    error = abs(np.log(found.mm_per_px / (distance / focal)))
    assert error < 0.03
    assert error < 1.96 * found.relative_uncertainty


def test_the_card_is_one_thing_of_known_size() -> None:
    camera = replace(TILTED, shift=(0.0, 60.0))
    corners = layout.marker_corners() - np.array([layout.CARD_HEIGHT_MM, layout.CARD_WIDTH_MM]) / 2
    markers = tuple(Marker(k, camera.to_pixels(square), 0.05) for k, square in enumerate(corners))

    found = scale_from_markers(markers, SIZE, find_card(markers))

    assert found.source == "the printed card"
    assert found.mm_per_px == pytest.approx(camera.mm_per_px, rel=2e-3)
    assert found.relative_uncertainty < scale_from_markers(markers[:1], SIZE).relative_uncertainty


def test_no_marker_gives_no_scale() -> None:
    assert scale_from_markers((), SIZE) is None


def test_markers_give_the_scale_they_were_drawn_at() -> None:
    found = scale_from_markers(find_markers(_marker_scene(140)), (1200, 1600))

    assert found.mm_per_px == pytest.approx(20 / 140, rel=0.001)
    assert found.source == "4 printed markers"


@pytest.mark.parametrize("gain", [1.0, 2.2])
def test_white_that_spreads_over_black_does_not_shrink_a_marker(gain: float) -> None:
    """A blurred marker, once exposed so brightly that its paper is saturated: half the light is then not half-way."""
    fine = (_marker_scene(144) / 255.0).astype(np.float32)  # 24 pixels a module: drawn exactly
    light = np.clip(0.8 * gain * cv2.GaussianBlur(fine, (0, 0), 3.0), 0, 1)
    true = np.array([[99.5, 99.5], [99.5, 243.5], [243.5, 243.5], [243.5, 99.5]])

    found = refined_corners(light, true + 1.0, 0, MARKER_DICTIONARY)

    assert found.corners == pytest.approx(true, abs=0.1)
    assert found.error_px < 0.2


def test_another_pattern_is_not_refined() -> None:
    light = linear_from_srgb(_marker_scene(140) / 255.0).astype(np.float32)
    there = np.array([[99.5, 99.5], [99.5, 239.5], [239.5, 239.5], [239.5, 99.5]])

    assert refined_corners(light, there, 0, MARKER_DICTIONARY) is not None
    assert refined_corners(light, there, 1, MARKER_DICTIONARY) is None


def test_the_scale_of_a_phantom_photo_is_right_and_within_its_stated_uncertainty(
    thigh: tuple[PhantomPhoto, ...], calibrated: Callable[[PhantomPhoto], CalibratedImage]
) -> None:
    for photo in thigh:
        scale = calibrated(photo).scale

        error = abs(np.log(scale.mm_per_px / photo.truth.mm_per_px))
        assert error < 0.01
        assert error < 1.96 * scale.relative_uncertainty
        assert scale.relative_uncertainty < 0.015


# --- a distance given by hand ---


def _plain(shape: tuple[int, int] = (900, 1200)) -> Photo:
    return Photo(np.full((*shape, 3), 120, np.uint8), "0" * 64, "plain.jpg", None)


def test_a_distance_given_by_hand_is_the_scale() -> None:
    scale = calibrate(_plain(), distance=KnownDistance((100, 100), (100, 600), 125.0)).scale

    assert scale.mm_per_px == pytest.approx(0.25)
    assert scale.relative_uncertainty == pytest.approx(0.02)
    assert scale.source == "a distance of 125 mm given by hand"
    assert scale.kind is ScaleSource.BY_HAND


def test_a_distance_given_by_hand_goes_before_markers() -> None:
    rgb = np.repeat(_marker_scene(140)[..., None], 3, axis=2)

    scale = calibrate(Photo(rgb, "0" * 64, "x.jpg", None), distance=KnownDistance((0, 0), (0, 500), 100)).scale

    assert scale.mm_per_px == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100,100 100,600", "is no known distance"),
        ("100,100 100,150 20", "50 pixels apart"),
        ("100,100 100,600 3", "give one of 5 to 2000 mm"),
        ("100,100 100,600 2500", "give one of 5 to 2000 mm"),
        ("100,100 100,600 nan", "is no known distance"),
        ("-1,100 100,600 50", "is no known distance"),
    ],
)
def test_a_distance_that_cannot_be_used_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(CalibrationFailed, match=said) as refused:
        read_distance(text)

    assert refused.value.code == "bad_distance"


def test_a_distance_outside_the_photo_is_refused() -> None:
    with pytest.raises(CalibrationFailed, match="outside the photo"):
        calibrate(_plain(), distance=read_distance("100,100 100,1200 50"))


def test_a_photo_without_a_scale_is_as_fine_as_its_reference() -> None:
    close_up = Grid((1125, 1500), 2.0, 0.1)

    grid = calibrate(_plain((2250, 3000)), like=close_up).grid

    assert grid.shape == close_up.shape
    assert grid.mm_per_cell is None


def test_a_photo_with_markers_is_as_fine_as_a_reference_without() -> None:
    rgb = np.repeat(_marker_scene(140)[..., None], 3, axis=2)
    reference = calibrate(_plain((1200, 1600))).grid

    image = calibrate(Photo(rgb, "0" * 64, "x.jpg", None), like=reference)

    assert image.grid.px_per_cell == reference.px_per_cell
    assert image.grid.mm_per_cell == pytest.approx(image.scale.mm_per_px * reference.px_per_cell)


def test_at_the_border_of_close_up_and_body_the_reference_decides() -> None:
    rgb = np.repeat(_marker_scene(140)[..., None], 3, axis=2)  # a field of 229 mm: body
    photo = Photo(rgb, "0" * 64, "x.jpg", None)

    assert calibrate(photo).grid.mm_per_cell == pytest.approx(0.5)
    close_up = calibrate(photo, like=Grid((1050, 1400), 1.0, 0.11))
    assert close_up.grid.mm_per_cell == pytest.approx(close_up.scale.mm_per_px)
