"""Make the table of how cameras under lamps deviate: ``python -m benchmarks.deviation``.

Neither a measured camera nor a lamp of the CIE goes into it: all of those are left to test with. Cameras are three
bands with crosstalk, lamps are thermal, phosphor-converted LEDs and fluorescent tubes. Skin is the two-layer model over
the whole range of its parameters, and as wrong as such a model may be; a few greys among it keep what is best for skin
from being absurd for all else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

import tracker.calibration
from tracker.calibration.linear import XYZ_FROM_LINEAR
from tracker.calibration.spectra import WAVELENGTHS
from tracker.phantom.optics import STANDARD, skin_reflectance
from tracker.phantom.spectra import COLOUR_MATCHING, illuminant

TABLES: Final = Path(tracker.calibration.__file__).parent / "tables"
COMPONENTS: Final = 20
SEED: Final = 20260601
_CAMERAS, _LAMPS, _SKINS = 150, 120, 150
_HEAVIEST_SKIN: Final = 0.03
_MODEL_ERROR, _MODEL_ERROR_NM = 0.05, 45.0
"""How wrong the spectrum of the model may be, as a share, and over how many nanometres alike."""
_GREYS: Final = (0.8, 0.5, 0.3, 0.15, 0.06)
_GREY_SHARE: Final = 0.01
"""Of the weight."""

Spectrum = NDArray[np.float64]


def main() -> None:
    """Write the tables of the standard observer and of the deviations."""
    _write("deviation", deviations())
    _write("observer", np.concatenate([observer_d65(), observer_d50()]))


def observer_d65() -> Spectrum:
    """Weights that make CIE XYZ (D65, Y = 1 for white) of reflectances, shape (3, 33)."""
    return np.asarray(XYZ_FROM_LINEAR @ STANDARD.linear(np.eye(len(WAVELENGTHS))).T)


def observer_d50() -> Spectrum:
    """The same under D50, scaled so that white is exactly the white of CIELAB (D50), shape (3, 33)."""
    weights = COLOUR_MATCHING * illuminant("D50")
    return np.asarray(weights / weights.sum(axis=1, keepdims=True) * np.array([[0.96422], [1.0], [0.82521]]))


def deviations() -> Spectrum:
    """Mean and principal components of the deviation over cameras and lamps, shape (3 × 21, 33)."""
    rng = np.random.default_rng(SEED)
    skins = _erring(np.array([_skin(rng) for _ in range(_SKINS)]), rng)
    greys = np.outer(_GREYS, np.ones(len(WAVELENGTHS)))
    cameras = np.array([_camera(rng) for _ in range(_CAMERAS)])
    lamps = np.array([_lamp(rng, k) for k in range(_LAMPS)])
    sees = np.einsum("ncl,ml->nmcl", cameras, lamps).reshape(-1, 3, len(WAVELENGTHS))
    sees /= sees.sum(axis=-1, keepdims=True)
    samples = np.concatenate([skins, greys])
    wanted = samples @ observer_d65().T
    # Lightness goes with the cube root of light: a dark skin counts more than its light.
    weights = 1.0 / np.sqrt(np.maximum(wanted[:, 1:2], _HEAVIEST_SKIN))
    weights[len(skins) :] *= np.sqrt(_GREY_SHARE * len(skins) / len(greys))
    recorded = np.einsum("sl,ncl->nsc", samples, sees) * weights
    squares, products = recorded.transpose(0, 2, 1) @ recorded, recorded.transpose(0, 2, 1) @ (wanted * weights)
    best = np.linalg.solve(squares, products)
    beyond = (np.einsum("nrx,nrl->nxl", best, sees) - observer_d65()).reshape(len(sees), -1)
    mean = beyond.mean(axis=0)
    _, sizes, directions = np.linalg.svd(beyond - mean, full_matrices=False)
    components = directions * sizes[:, None] / np.sqrt(len(beyond))
    components *= np.where(components.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)  # their sign is arbitrary
    return np.concatenate([mean[None], components[:COMPONENTS]]).reshape(-1, len(WAVELENGTHS))


def _band(peak: float, width: float) -> Spectrum:
    return np.asarray(np.exp(-0.5 * ((WAVELENGTHS - peak) / width) ** 2))


def _line(peak: float) -> Spectrum:
    """A line of mercury or a rare earth, as wide as the table is coarse."""
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(WAVELENGTHS - peak) / 10.0))


def _camera(rng: np.random.Generator) -> Spectrum:
    """Red, green and blue of a camera: its filters, and what leaks between them, shape (3, 33)."""
    peaks = rng.uniform((590.0, 525.0, 440.0), (630.0, 560.0, 475.0))
    widths = rng.uniform((28.0, 32.0, 22.0), (55.0, 60.0, 40.0))
    leaks = np.eye(3) + rng.uniform(0.0, 0.35, (3, 3)) * (1.0 - np.eye(3))
    return np.asarray(leaks @ np.array([_band(*each) for each in zip(peaks, widths, strict=True)]))


def _lamp(rng: np.random.Generator, kind: int) -> Spectrum:
    """A lamp: of four one is thermal, two are LEDs and one is a tube, shape (33,)."""
    made = (_thermal, _led, _led, _tube)[kind % 4](rng)
    return np.asarray(made / made.max())


def _thermal(rng: np.random.Generator) -> Spectrum:
    """Planck's law, with two bands of the air taken out of the hotter ones: tungsten or the sky."""
    kelvin = rng.uniform(2500.0, 3300.0) if rng.random() < 0.4 else rng.uniform(4500.0, 8000.0)
    metres = WAVELENGTHS * 1e-9
    power = 1.0 / (metres**5 * np.expm1(1.4388e-2 / (metres * kelvin)))
    return power * (1.0 - 0.1 * _band(430.0, 12.0) - 0.06 * _band(590.0, 15.0)) if kelvin > 4000.0 else power


def _led(rng: np.random.Generator) -> Spectrum:
    """A blue or, one in seven, a violet LED under a green-yellow and a red phosphor."""
    pump = rng.uniform(0.3, 1.6) * _band(rng.uniform(440.0, 465.0), rng.uniform(8.0, 13.0))
    phosphor = _band(rng.uniform(530.0, 560.0), rng.uniform(38.0, 55.0))
    phosphor = phosphor + rng.uniform(0.2, 1.6) * _band(rng.uniform(595.0, 640.0), rng.uniform(32.0, 50.0))
    if rng.random() < 1.0 / 7.0:
        pump = rng.uniform(0.5, 1.5) * _band(rng.uniform(405.0, 425.0), 8.0)
        pump = pump + rng.uniform(0.3, 1.0) * _band(rng.uniform(450.0, 470.0), 18.0)
    return np.asarray(pump + phosphor)


def _tube(rng: np.random.Generator) -> Spectrum:
    """A fluorescent tube, with one broad phosphor or with three narrow ones, and the lines of mercury."""
    if rng.random() < 0.5:
        glow = _band(rng.uniform(560.0, 590.0), rng.uniform(38.0, 50.0)) + rng.uniform(0.1, 0.8) * _band(480.0, 30.0)
        mercury = ((405.0, 0.1, 0.5), (436.0, 0.3, 1.2), (546.0, 0.3, 1.0), (578.0, 0.2, 0.4))
        return np.asarray(glow + sum(rng.uniform(low, high) * _line(peak) for peak, low, high in mercury))
    green = rng.uniform(0.8, 1.6) * (_line(543.0) + 0.4 * _line(549.0))
    lines = ((405.0, 0.05, 0.15), (436.0, 0.2, 0.7), (488.0, 0.2, 0.6), (585.0, 0.15, 0.35), (611.0, 0.8, 1.8),
             (625.0, 0.1, 0.2), (650.0, 0.1, 0.2), (700.0, 0.05, 0.15))  # fmt: skip
    blue = rng.uniform(0.2, 1.2) * _band(rng.uniform(445.0, 455.0), 18.0)
    return np.asarray(0.08 + blue + green + sum(rng.uniform(low, high) * _line(peak) for peak, low, high in lines))


def _skin(rng: np.random.Generator) -> Spectrum:
    return skin_reflectance(
        np.exp(rng.uniform(np.log(0.01), np.log(0.4))),
        np.exp(rng.uniform(np.log(0.0015), np.log(0.03))),
        oxygenation=rng.uniform(0.5, 0.95),
        scattering=rng.uniform(0.75, 1.3),
        bilirubin=rng.choice([0.0, 0.0, 0.02]),
        surface=rng.uniform(0.0, 0.04),
    )


def _erring(skins: Spectrum, rng: np.random.Generator) -> Spectrum:
    """Spectra as they are, and twice with a smooth error."""
    apart = np.subtract.outer(WAVELENGTHS, WAVELENGTHS)
    alike = np.exp(-0.5 * (apart / _MODEL_ERROR_NM) ** 2) + 1e-6 * np.eye(len(WAVELENGTHS))
    errors = rng.normal(0.0, _MODEL_ERROR, (2, *skins.shape)) @ np.linalg.cholesky(alike).T
    return np.concatenate([skins, *(skins * np.exp(errors))])


def _write(name: str, rows: Spectrum) -> None:
    """A table with one row for each wavelength; the columns are X, Y, Z of one thing after another."""
    heading = ["nm", *(f"{channel}{k}" for k in range(len(rows) // 3) for channel in "XYZ")]
    lines = [
        ",".join([f"{nm:.0f}", *(f"{value:.6g}" for value in column)])
        for nm, column in zip(WAVELENGTHS, rows.T, strict=True)
    ]
    (TABLES / f"{name}.csv").write_text("\n".join([",".join(heading), *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
