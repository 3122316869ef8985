"""Charts and cards as pictures of nothing else, and how wrong skin is that is corrected by them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000

from benchmarks.colour import BLOOD, EXPOSURE, MELANIN, NOISE, SEED
from tracker.calibration import KnownColours
from tracker.calibration.card import calibrate_card, find_card
from tracker.calibration.colour import ColourCalibration
from tracker.calibration.linear import lab_from_linear, srgb_from_linear
from tracker.calibration.markers import find_markers
from tracker.errors import TrackerError
from tracker.phantom.card import PrintedCard
from tracker.phantom.chart import Chart
from tracker.phantom.optics import STANDARD, Response, skin_reflectance
from tracker.phantom.pose import Camera

PX_PER_MM: Final = 5.0
SKIN: Final = (0.42, 0.24, 0.17)
"""Linear sRGB of what lies under or on a board."""


def skin_colours() -> NDArray[np.float64]:
    """Reflectances of 56 skins, shape (56, 33)."""
    return skin_reflectance(np.array(MELANIN)[:, None], np.array(BLOOD)[None, :]).reshape(-1, 33)


def skin_error(found: ColourCalibration, response: Response) -> NDArray[np.float64]:
    """ΔE00 of 56 skins under the exposure of `flat_photo`, corrected."""
    skins = skin_colours()
    seen = (response.linear(skins) * EXPOSURE).astype(np.float32)
    return np.asarray(deltaE_ciede2000(lab_from_linear(STANDARD.linear(skins)), lab_from_linear(found.apply(seen))))


def read_flat(rgb: NDArray[np.uint8], known: KnownColours) -> ColourCalibration:
    """The colour correction from our card in a picture."""
    card = find_card(find_markers(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)))
    if card is None:
        raise TrackerError("The card was not found in a picture of nothing else.")
    return calibrate_card(rgb, card, known.batch)


def flat_photo(board: Chart | PrintedCard, response: Response = STANDARD) -> NDArray[np.uint8]:
    """A chart or card on grey paper, straight from the front, as an sRGB picture with noise."""
    rows, cols = (round((side + 40.0) * PX_PER_MM) for side in board.size)
    y, x = ((np.arange(n, dtype=np.float32) - (n - 1) / 2) / PX_PER_MM for n in (rows, cols))
    colour, cover_ = board.draw(y[:, None], x[None, :], 1 / PX_PER_MM, response)
    light = 0.4 + cover_[..., None] * (colour - 0.4)
    light = light * EXPOSURE + np.random.default_rng(SEED).normal(0.0, NOISE, light.shape)
    return np.asarray(np.rint(255 * srgb_from_linear(light)), np.uint8)


def tilted_photo(board: Chart | PrintedCard, camera: Camera, response: Response = STANDARD) -> NDArray[np.uint8]:
    """A chart or card on skin-coloured ground, lit evenly, as a pinhole camera sees it, with some blur and noise."""
    fine = 2
    pitch = camera.mm_per_px / (2 * fine)
    rows, cols = (round((side + 10.0) / pitch) for side in board.size)
    y, x = ((np.arange(n, dtype=np.float32) - (n - 1) / 2) * np.float32(pitch) for n in (rows, cols))
    colour, on_it = board.draw(y[:, None], x[None, :], pitch, response)
    flat = np.array(SKIN, np.float32) + on_it[..., None] * (colour - np.array(SKIN, np.float32))
    to_scene = np.array([[pitch, 0, -(rows - 1) / 2 * pitch], [0, pitch, -(cols - 1) / 2 * pitch], [0, 0, 1]])
    zoom = np.array([[fine, 0, (fine - 1) / 2], [0, fine, (fine - 1) / 2], [0, 0, 1]])
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    to_large = swap @ zoom @ camera.homography @ to_scene @ swap
    size = (camera.size[1] * fine, camera.size[0] * fine)
    ground = tuple(float(value) for value in SKIN)
    large = cv2.warpPerspective(flat, to_large, size, borderMode=cv2.BORDER_CONSTANT, borderValue=ground)
    light = cv2.resize(large, (camera.size[1], camera.size[0]), interpolation=cv2.INTER_AREA)
    noise = np.random.default_rng(SEED).normal(0.0, NOISE, light.shape)
    seen = cv2.GaussianBlur(np.asarray(light), (0, 0), 0.6) * EXPOSURE + noise
    return np.asarray(np.rint(255 * srgb_from_linear(seen)), np.uint8)
