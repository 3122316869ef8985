from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import colour
import cv2
import numpy as np
import pytest

from tracker.calibration import CalibratedImage, ColourLevel, calibrate
from tracker.calibration.chart import calibrate_colour, reference_xyz
from tracker.calibration.linear import (
    XYZ_FROM_LINEAR,
    clipped_on_grid,
    lab_from_linear,
    lab_from_xyz,
    linear_from_srgb,
    linear_on_grid,
    srgb_from_linear,
    xyz_from_lab,
)
from tracker.calibration.markers import MARKER_DICTIONARY, Marker, find_markers
from tracker.phantom import PhantomPhoto, build_stage, nominal_shot, photograph
from tracker.phantom.scenario import named
from tracker.phantom.skin import Body
from tracker.photo import Photo, read_photo


def _photo(rgb: np.ndarray) -> Photo:
    return Photo(rgb, "0" * 64, "test.png", None)


def test_the_transfer_function_is_that_of_srgb() -> None:
    values = np.linspace(0, 1, 200)

    assert linear_from_srgb(values) == pytest.approx(colour.models.eotf_sRGB(values), abs=1e-12)


def test_lab_agrees_with_a_second_implementation() -> None:
    linear = np.random.default_rng(1).random((50, 3))
    xyz = linear @ XYZ_FROM_LINEAR.T
    white = colour.XYZ_to_xy(XYZ_FROM_LINEAR.sum(axis=1))

    assert lab_from_linear(linear) == pytest.approx(
        colour.XYZ_to_Lab(xyz, white), abs=1e-5
    )  # the matrix sums to 1.0000001


def test_lab_and_xyz_are_inverses() -> None:
    lab = np.array([[60.0, 15.0, 20.0], [5.0, 1.0, -2.0], [98.0, -1.0, 1.0]])

    assert lab_from_xyz(xyz_from_lab(lab)) == pytest.approx(lab, abs=1e-9)


def test_light_is_averaged_not_code_values() -> None:
    """Half black and half white is half the light, which is code 188 and not 128."""
    checker = np.indices((100, 100)).sum(axis=0) % 2 * 255
    rgb = np.repeat(checker[..., None], 3, axis=2).astype(np.uint8)

    light = linear_on_grid(rgb, (10, 10))

    assert light == pytest.approx(0.5, abs=1e-4)
    assert srgb_from_linear(light).mean() * 255 == pytest.approx(188, abs=1)


def test_clipped_pixels_are_counted_on_the_grid() -> None:
    rgb = np.full((100, 100, 3), 128, np.uint8)
    rgb[:50, :50] = (255, 128, 128)
    rgb[50:, 50:] = (128, 128, 0)

    share = clipped_on_grid(rgb, (2, 2))

    assert share.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_markers_of_other_cards_are_ignored() -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY)
    canvas = np.full((400, 400), 255, np.uint8)
    canvas[100:240, 100:240] = cv2.aruco.generateImageMarker(dictionary, 17, 140)

    assert find_markers(canvas) == ()


def test_a_marker_measures_the_square_of_equal_area() -> None:
    assert Marker(0, np.array([[0, 0], [0, 10], [10, 10], [10, 0]], float)).side_px == pytest.approx(10)


def test_the_grid_is_half_a_millimetre_on_the_body_and_a_tenth_in_a_close_up(
    thigh: tuple[PhantomPhoto, ...],
    pigment: tuple[PhantomPhoto, ...],
    calibrated: Callable[[PhantomPhoto], CalibratedImage],
) -> None:
    assert calibrated(thigh[0]).grid.mm_per_cell == pytest.approx(0.5, abs=0.002)
    # A small close-up has pixels of more than a tenth of a millimetre, and a grid is never finer than the photo.
    assert calibrated(pigment[0]).grid.mm_per_cell == pytest.approx(calibrated(pigment[0]).scale.mm_per_px, rel=1e-9)


def test_a_photo_without_markers_has_a_grid_of_fixed_width_and_no_millimetres() -> None:
    grid = calibrate(_photo(np.full((1500, 2000, 3), 120, np.uint8))).grid

    assert grid.mm_per_cell is None
    assert grid.shape == (750, 1000)


def test_grid_and_photo_coordinates_are_inverses() -> None:
    grid = calibrate(_photo(np.full((1500, 2000, 3), 120, np.uint8))).grid
    points = np.array([[0.0, 0.0], [10.5, 99.25]])

    assert grid.from_photo(grid.to_photo(points)) == pytest.approx(points)
    assert grid.to_photo(np.array([0.0, 0.0])) == pytest.approx([0.5, 0.5])  # middle of the first 2 × 2 pixels


def _chart_scene(gain: tuple[float, float, float], gamma: float = 1.0) -> np.ndarray:
    """A ColorChecker in a light that a 3 × 3 matrix can undo."""
    linear = reference_xyz() @ np.linalg.inv(XYZ_FROM_LINEAR).T
    linear = np.clip(linear * np.array(gain) * 0.8, 0, 1) ** gamma
    canvas = np.full((900, 1200, 3), 0.25)
    canvas[150:750, 150:1050] = 0.01
    for k, light in enumerate(linear):
        row, col = 175 + 145 * (k // 6), 175 + 145 * (k % 6)
        canvas[row : row + 120, col : col + 120] = light
    return (srgb_from_linear(cv2.GaussianBlur(canvas, (0, 0), 1.0)) * 255).round().astype(np.uint8)


def test_a_chart_in_coloured_light_brings_back_its_published_colours() -> None:
    rgb = _chart_scene((1.15, 1.0, 0.7))

    found = calibrate_colour(rgb)

    assert found.level is ColourLevel.CHART
    skin_patch = linear_from_srgb(rgb[235, 380] / 255.0).astype(np.float32)[None, None]
    error = colour.delta_E(
        lab_from_linear(found.apply(skin_patch))[0, 0], lab_from_xyz(reference_xyz()[1]), method="CIE 2000"
    )
    assert error < 1.0  # 8-bit quantisation alone gives about 0.3


def test_a_half_hidden_chart_is_not_believed() -> None:
    rgb = _chart_scene((1.0, 1.0, 1.0))
    rgb[440:760, :700] = (90, 120, 60)

    assert calibrate_colour(rgb).level is ColourLevel.NONE


@pytest.mark.shared
def test_the_real_chart_is_brought_to_its_published_colours(shared: Path) -> None:
    photo = read_photo(shared / "data" / "colour" / "IMG_1971_passport_photo.png")

    found = calibrate_colour(photo.rgb)

    assert found.level is ColourLevel.CHART
    assert found.delta_e < 3.0


@pytest.mark.shared
def test_the_partly_hidden_real_chart_is_not_believed(shared: Path) -> None:
    photo = read_photo(shared / "data" / "colour" / "plantcv" / "partial_card_rgb.png")

    assert calibrate_colour(photo.rgb).level is ColourLevel.NONE


def test_a_grey_photo_has_no_colour_level() -> None:
    grey = Photo(np.full((400, 400, 3), 99, np.uint8), "0", "grey.png", None, has_colour=False)

    assert not calibrate(grey).colour.level.absolute


def test_markers_on_skin_at_the_edge_of_the_picture_are_found() -> None:
    """The paper's own outline must not be taken for the marker's: upright cards, 3 mm from the edge."""
    plan = named("thigh")
    plan = replace(plan, body=Body(half_width=400.0, depth=1e-3), field=240.0, card_edge=(18.0, 18.0))
    stage = build_stage(plan, size=(600, 800))

    photo = photograph(stage, nominal_shot(plan, stage.size))

    found = calibrate(read_photo(photo.jpeg)).markers
    assert [marker.id for marker in found] == [0, 1, 2, 3]
