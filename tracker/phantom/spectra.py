"""Published spectra the phantom is made of, 400 to 720 nm in steps of 10 nm.

Tables are facts, quoted from their sources; the tests compare the colorimetric
ones with an independent library. The long ones are in `tables/`, with their
sources in `tables/README.md`, and are read when they are first asked for.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

WAVELENGTHS: Final[NDArray[np.float64]] = np.arange(400.0, 721.0, 10.0)
"""Wavelengths of every table here, nm, shape (33,)."""

# CIE 1931 2° standard observer, CIE 018:2019.
_X_BAR = (
    0.01431, 0.04351, 0.13438, 0.2839, 0.34828, 0.3362, 0.2908, 0.19536, 0.09564, 0.03201, 0.0049,
    0.0093, 0.06327, 0.1655, 0.2904, 0.43345, 0.5945, 0.7621, 0.9163, 1.0263, 1.0622, 1.0026,
    0.85445, 0.6424, 0.4479, 0.2835, 0.1649, 0.0874, 0.04677, 0.0227, 0.0113592, 0.00579035, 0.00289933,
)  # fmt: skip
_Y_BAR = (
    0.000396, 0.00121, 0.004, 0.0116, 0.023, 0.038, 0.06, 0.09098, 0.13902, 0.20802, 0.323,
    0.503, 0.71, 0.862, 0.954, 0.99495, 0.995, 0.952, 0.87, 0.757, 0.631, 0.503,
    0.381, 0.265, 0.175, 0.107, 0.061, 0.032, 0.017, 0.00821, 0.004102, 0.002091, 0.001047,
)  # fmt: skip
_Z_BAR = (
    0.06785, 0.2074, 0.6456, 1.3856, 1.74706, 1.77211, 1.6692, 1.28764, 0.81295, 0.46518, 0.272,
    0.1582, 0.07825, 0.04216, 0.0203, 0.00875, 0.0039, 0.0021, 0.00165, 0.0011, 0.0008, 0.00034,
    0.00019, 0.00005, 0.00002, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
)  # fmt: skip
COLOUR_MATCHING: Final[NDArray[np.float64]] = np.array([_X_BAR, _Y_BAR, _Z_BAR])
"""Colour-matching functions x, y, z of the CIE 1931 2° observer, shape (3, 33)."""

# CIE standard illuminant D65, CIE 015:2018.
DAYLIGHT: Final[NDArray[np.float64]] = np.array((
    82.7549, 91.486, 93.4318, 86.6823, 104.865, 117.008, 117.812, 114.861, 115.923, 108.811, 109.354,
    107.802, 104.79, 107.689, 104.405, 104.046, 100.0, 96.3342, 95.788, 88.6856, 90.0062, 89.5991,
    87.6987, 83.2886, 83.6992, 80.0268, 80.2146, 82.2778, 78.2842, 69.7213, 71.6091, 74.349, 61.604,
))  # fmt: skip
"""Relative spectral power of CIE illuminant D65, shape (33,)."""

ILLUMINANTS: Final[tuple[str, ...]] = (
    "D50", "D65", "A", "FL2", "FL11", "LED-B2", "LED-B3", "LED-B4", "LED-B5", "LED-V1",
)  # fmt: skip
"""Lamps of `illuminant`: daylight, tungsten, two fluorescent tubes, blue- and violet-pumped white LEDs."""
CAMERAS: Final[tuple[str, ...]] = ("Nikon 5100 (NPL)", "Sigma SDMerill (NPL)")
"""Cameras of `camera_sensitivity`."""
CHARTS: Final[tuple[str, ...]] = ("average", "2014")
"""Editions of `chart_reflectance`: the mean of 30 charts, all of before 2012, and a chart that has exactly the colours
its maker gives for those made since November 2014."""

# Molar extinction of haemoglobin, cm⁻¹/M: S. Prahl, "Tabulated molar extinction
# coefficient for hemoglobin in water", Oregon Medical Laser Center, 1998.
_HAEMOGLOBIN = np.array((
    (400, 266232, 223296), (420, 480360, 407560), (440, 102580, 413280), (450, 62816, 103292),
    (460, 44480, 23389), (480, 26629, 14550), (500, 20933, 20862), (520, 24202, 31590),
    (530, 39957, 39036), (540, 53236, 46592), (550, 43016, 53412), (560, 32613, 53788),
    (570, 44496, 45072), (580, 50104, 37020), (590, 14401, 28324), (600, 3200, 14677),
    (620, 942, 6510), (640, 442, 4345), (660, 320, 3227), (680, 278, 2408), (700, 290, 1794),
    (720, 348, 1326),
), dtype=np.float64)  # fmt: skip


# Bilirubin: a single band instead of its two overlapping ones. The maximum lies at 451 nm in chloroform and 460 nm on
# serum albumin (Agati & Fusi, J. Photochem. Photobiol. B 7, 1990, 1); 55 000 cm⁻¹/M in chloroform (PhotochemCAD).
_BILIRUBIN_PEAK, _BILIRUBIN_WIDTH = 456.0, 33.0
_BILIRUBIN_EXTINCTION, _BILIRUBIN_MASS = 55000.0, 584.67


def blood_absorption(saturation: ArrayLike = 0.75) -> NDArray[np.float64]:
    """Return the absorption coefficient of whole blood.

    Parameters
    ----------
    saturation : array_like
        Share of the haemoglobin that carries oxygen, 0 to 1.

    Returns
    -------
    ndarray, shape (..., 33)
        Absorption in cm⁻¹ at 150 g/L haemoglobin of 64 500 g/mol (Prahl 1998).
    """
    share = np.asarray(saturation, np.float64)[..., None]
    nodes, oxy, deoxy = _HAEMOGLOBIN.T
    extinction = share * np.interp(WAVELENGTHS, nodes, oxy)
    extinction += (1.0 - share) * np.interp(WAVELENGTHS, nodes, deoxy)
    return np.asarray(2.303 * extinction * 150.0 / 64500.0)


def bilirubin_absorption() -> NDArray[np.float64]:
    """Return the absorption coefficient of bilirubin per gram in a litre of tissue.

    An approximation, one Gaussian band in wavelength. For scale: the haem of
    1 % of whole blood, all of it broken down, leaves 0.054 g/L.

    Returns
    -------
    ndarray, shape (33,)
        Absorption in cm⁻¹ per g/L, at most 217 (55 000 cm⁻¹/M, 584.67 g/mol).
    """
    band = np.exp(-0.5 * ((WAVELENGTHS - _BILIRUBIN_PEAK) / _BILIRUBIN_WIDTH) ** 2)
    return np.asarray(2.303 * _BILIRUBIN_EXTINCTION / _BILIRUBIN_MASS * band)


def illuminant(name: str) -> NDArray[np.float64]:
    """Return the relative spectral power of one of `ILLUMINANTS`, shape (33,)."""
    return DAYLIGHT if name == "D65" else _table("illuminants")[name]


def camera_sensitivity(name: str) -> NDArray[np.float64]:
    """Return the relative sensitivities (red, green, blue) of one of `CAMERAS`, shape (3, 33)."""
    table = _table("cameras")
    return np.array([table[f"{name} {channel}"] for channel in ("red", "green", "blue")])


def chart_reflectance(edition: str = "average") -> NDArray[np.float64]:
    """Return the reflectance of the 24 patches of a ColorChecker Classic, row by row.

    Parameters
    ----------
    edition : str
        One of `CHARTS`.

    Returns
    -------
    ndarray, shape (24, 33)
        Reflectance, 0 to 1.
    """
    return np.array(list(_table("chart" if edition == "average" else f"chart_{edition}").values()))


@cache
def _table(name: str) -> dict[str, NDArray[np.float64]]:
    """Return the columns of a table without its wavelengths, read-only, shape (33,) each."""
    text = (files("tracker.phantom") / "tables" / f"{name}.csv").read_text(encoding="utf-8")
    header, *rows = csv.reader(text.splitlines())
    columns = np.array(rows, np.float64).T
    columns.flags.writeable = False
    return dict(zip(header[1:], columns[1:], strict=True))
