"""Published spectra the phantom is made of, 400 to 720 nm in steps of 10 nm.

Tables are facts, quoted from their sources; `tests/test_phantom.py` compares
the colorimetric ones with an independent library.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

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


def blood_absorption(saturation: float = 0.75) -> NDArray[np.float64]:
    """Return the absorption coefficient of whole blood.

    Parameters
    ----------
    saturation : float
        Share of the haemoglobin that carries oxygen, 0 to 1.

    Returns
    -------
    ndarray, shape (33,)
        Absorption in cm⁻¹ at 150 g/L haemoglobin of 64 500 g/mol (Prahl 1998).
    """
    nodes, oxy, deoxy = _HAEMOGLOBIN.T
    extinction = saturation * np.interp(WAVELENGTHS, nodes, oxy)
    extinction += (1.0 - saturation) * np.interp(WAVELENGTHS, nodes, deoxy)
    return np.asarray(2.303 * extinction * 150.0 / 64500.0)
