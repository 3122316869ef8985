"""How wide an edge is drawn: known blur, known motion, markers too small or covered."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.calibration.edges import edge_width_px
from tracker.calibration.linear import linear_from_srgb, srgb_from_linear
from tracker.calibration.markers import Marker

FINE = 8
SIDE = 60
NORMAL_10_TO_90 = 2.563  # of a standard deviation


def photographed(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Linear light as 8-bit sRGB."""
    return np.repeat((255 * srgb_from_linear(light)).round().astype(np.uint8)[..., None], 3, axis=2)


def drawn(
    sigma: tuple[float, float] = (0.0, 0.0), *, turned: float = 0.0, side: int = SIDE
) -> tuple[NDArray[np.uint8], Marker]:
    """A photo of one marker on white paper, blurred along rows and columns in pixels, and where it is."""
    pattern = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), 7, FINE * side)
    margin = FINE * side // 2
    fine = np.pad(np.where(pattern > 0, 0.8, 0.03).astype(np.float32), margin, constant_values=0.8)
    middle = (len(fine) / 2 - 0.5, len(fine) / 2 - 0.5)
    matrix = cv2.getRotationMatrix2D(middle, turned, 1.0)
    fine = np.asarray(cv2.warpAffine(fine, matrix, fine.shape, borderMode=cv2.BORDER_REPLICATE), np.float32)
    down, across = (FINE * value for value in sigma)
    if max(sigma) > 0:
        fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), sigmaX=max(across, 0.1), sigmaY=max(down, 0.1)), np.float32)
    light = fine.reshape(len(fine) // FINE, FINE, -1, FINE).mean(axis=(1, 3))
    square = margin - 0.5 + FINE * side * np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)  # x, y
    moved = square @ matrix[:, :2].T + matrix[:, 2]
    corners = (moved[:, ::-1] + 0.5) / FINE - 0.5
    return photographed(light), Marker(7, corners)


@pytest.mark.parametrize("turned", [2.0, 5.0, 30.0])
@pytest.mark.parametrize("sigma", [0.6, 1.0, 1.6])
def test_the_width_of_an_edge_is_that_of_its_blur(sigma: float, turned: float) -> None:
    photo, marker = drawn((sigma, sigma), turned=turned)

    width = edge_width_px(photo, [marker])

    # A pixel is a box of one pixel along the edge's normal: variance 1/12 at right angles, a little more when turned.
    # A twentieth, and a tenth of a pixel for the bins of a quarter.
    assert width == pytest.approx(NORMAL_10_TO_90 * np.hypot(sigma, np.sqrt(1 / 12)), rel=0.05, abs=0.1)


def test_a_sharp_edge_is_no_wider_than_a_pixel() -> None:
    photo, marker = drawn(turned=5.0)

    width = edge_width_px(photo, [marker])

    assert width == pytest.approx(0.8, abs=0.2)  # a box of one pixel rises from 10 to 90 % in 0.8


@pytest.mark.parametrize("sigma", [(1.8, 0.5), (0.5, 1.8)])
def test_motion_blur_is_told_by_the_worse_direction(sigma: tuple[float, float]) -> None:
    photo, marker = drawn(sigma)

    width = edge_width_px(photo, [marker])

    assert width == pytest.approx(NORMAL_10_TO_90 * np.hypot(1.8, np.sqrt(1 / 12)), rel=0.07)


def test_light_and_exposure_do_not_matter() -> None:
    photo, marker = drawn((1.0, 1.0), turned=12.0)
    light = linear_from_srgb(photo[..., 0] / 255)
    uneven = photographed(light * np.linspace(0.4, 1.0, light.shape[1], dtype=np.float32))

    assert edge_width_px(uneven, [marker]) == pytest.approx(edge_width_px(photo, [marker]), rel=0.1)


def test_a_marker_that_is_too_small_or_covered_tells_nothing() -> None:
    small, there = drawn(side=30)
    photo, marker = drawn()

    assert edge_width_px(small, [there]) is None
    assert edge_width_px(np.full_like(photo, 128), [marker]) is None
    assert edge_width_px(photo, []) is None
