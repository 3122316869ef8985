"""Spectra that colour correction needs: the standard observer, a colour chart, and how cameras and lamps deviate.

400 to 720 nm in steps of 10 nm. The tables and their sources are in `tables/README.md`.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

WAVELENGTHS = np.arange(400.0, 721.0, 10.0)
_CHANNELS = 3


@cache
def observer(white: str = "D65") -> NDArray[np.float64]:
    """Weights that make CIE XYZ of reflectances, with Y = 1 for white.

    Parameters
    ----------
    white : str
        ``D65`` or ``D50``, with the 2° observer.

    Returns
    -------
    ndarray, shape (3, 33)
    """
    return _table("observer")[:, :_CHANNELS].T if white == "D65" else _table("observer")[:, _CHANNELS:].T


@cache
def colorchecker() -> NDArray[np.float64]:
    """Reflectance of the 24 patches of a ColorChecker Classic, row by row, shape (24, 33)."""
    return _table("colorchecker").T


@cache
def deviation() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How cameras under lamps deviate from the standard observer in daylight, given their best matrix for skin.

    Returns
    -------
    mean : ndarray, shape (3, 33)
        What a camera under a lamp sees of each wavelength beyond the observer, in CIE XYZ (D65).
    components : ndarray, shape (k, 3, 33)
        Principal components of that, each as large as its standard deviation.
    """
    every = _table("deviation").T.reshape(-1, _CHANNELS, len(WAVELENGTHS))
    return every[0], every[1:]


def _table(name: str) -> NDArray[np.float64]:
    """Columns of a table without its wavelengths, read-only, shape (33, columns)."""
    text = (files("tracker.calibration") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    columns = np.array(list(csv.reader(text.splitlines()))[1:], dtype=np.float64)[:, 1:]
    columns.flags.writeable = False
    return columns
