"""Our card as the phantom paints it: the layout that the program prints, in the colours some printer made of it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.calibration import layout
from tracker.calibration.batch import Batch
from tracker.calibration.fit import lab_d50, xyz_d65
from tracker.calibration.linear import XYZ_FROM_LINEAR
from tracker.calibration.markers import MARKER_DICTIONARY, MARKER_SIDE_MM
from tracker.calibration.spectra import observer
from tracker.phantom.card import PrintedCard, Tile
from tracker.phantom.inks import printed_reflectance
from tracker.phantom.optics import skin_reflectance

PRINTER_SD = (3.0, 1.5, 2.0)
"""How far a print is from what was sent, standard deviation of L*, a*, b*."""
INKS = ("skin-like", "dyes")
"""Spectra of the patches: skin tones in pigments that are a spectral match to skin, the others in dyes; or all in three
dyes and black, as an office printer has them."""
_MELANIN = (0.012, 0.02, 0.035, 0.06, 0.12, 0.25)
_BLOOD = (0.004, 0.014)
_CELLS = 6
_BLACK, _WHITE = (0.035,) * 3, (0.84, 0.84, 0.82)
_DARKEST = 0.004


def printed_batch(ink: str = "dyes", *, seed: int = 1) -> Batch:
    """A batch of prints whose inks came out as they did, its colours and spectra measured without error."""
    rng = np.random.default_rng(seed)
    lab = layout.nominal_lab_d50() + rng.normal(size=(len(layout.PATCHES), 3)) * PRINTER_SD
    lab[layout.is_grey(), 1:] /= 3.0  # greys are printed with black
    spectra = _spectra(np.maximum(xyz_d65(lab) @ np.linalg.inv(XYZ_FROM_LINEAR).T, _DARKEST), ink)
    return Batch(f"phantom-{ink}-{seed}", lab_d50(spectra @ observer("D50").T), spectra)


def printed_card(centre: tuple[float, float], batch: Batch, *, width: float = layout.CARD_WIDTH_MM) -> PrintedCard:
    """The card in a scene.

    Parameters
    ----------
    centre : tuple of float
        (y, x) in the scene, mm.
    batch : Batch
        Of `printed_batch`; one without spectra is printed with dyes.
    width : float
        Of the whole card, mm; a smaller one stands for a card photographed from farther away.
    """
    colours = batch.xyz @ np.linalg.inv(XYZ_FROM_LINEAR).T
    spectra = _spectra(colours, "dyes") if batch.spectra is None else batch.spectra
    patches = [
        Tile(patch.centre, (layout.PATCH_SIDE_MM,) * 2, _triple(colour), tuple(spectrum.tolist()))
        for patch, colour, spectrum in zip(layout.PATCHES, colours, spectra, strict=True)
    ]
    markers = [tile for number in range(4) for tile in _marker(number)]
    edge = Tile(_pair(np.array(layout.EDGE_AT) + layout.EDGE_SIDE_MM / 2), (layout.EDGE_SIDE_MM * 0.6,) * 2, _BLACK)
    sheet = (layout.CARD_HEIGHT_MM, layout.CARD_WIDTH_MM)
    return PrintedCard(centre, sheet, (*patches, *markers, edge), scale=width / layout.CARD_WIDTH_MM)


def _skins() -> NDArray[np.float64]:
    return skin_reflectance(np.array(_MELANIN)[:, None], np.array(_BLOOD)[None, :]).reshape(-1, 33)


def _spectra(colours: NDArray[np.float64], ink: str) -> NDArray[np.float64]:
    """Spectra of patches of linear sRGB colours (D65), shape (30, 33)."""
    printed = printed_reflectance(colours)
    if ink == "skin-like":
        printed[layout.is_skin()] = _skins()
    return printed


def _marker(number: int) -> list[Tile]:
    middle = layout.MARKER_CENTRES[number]
    cell = MARKER_SIDE_MM / _CELLS
    bits = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY), number, _CELLS)
    white = [
        Tile(_pair(middle + (np.array([row, column]) - (_CELLS - 1) / 2) * cell), (cell, cell), _WHITE)
        for row, column in np.argwhere(np.asarray(bits) > 0)
    ]
    return [Tile(_pair(middle), (MARKER_SIDE_MM,) * 2, _BLACK), *white]


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _triple(colour: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(colour[0]), float(colour[1]), float(colour[2])
