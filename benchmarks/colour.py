"""Accuracy of colour: what a chart in the picture makes of cameras and lamps, on spectra of model skin."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000

from benchmarks.estimates import agreement
from benchmarks.findings import Findings
from benchmarks.workers import spread
from tracker.calibration.chart import calibrate_colour, read_patches
from tracker.calibration.colour import ColourCalibration
from tracker.calibration.fit import fit_colour
from tracker.calibration.linear import lab_from_linear, linear_from_srgb, srgb_from_linear
from tracker.metrics import individual_typology_angle
from tracker.phantom.chart import Chart
from tracker.phantom.optics import STANDARD, Response, skin_reflectance
from tracker.phantom.spectra import CAMERAS, ILLUMINANTS

LAMPS = ILLUMINANTS
EASY = tuple(lamp for lamp in LAMPS if lamp in ("D50", "D65") or lamp.startswith("LED"))
"""Daylight and LEDs: the lamps that a clinic can choose."""
MELANIN = (0.015, 0.02, 0.035, 0.05, 0.08, 0.12, 0.20, 0.35)
BLOOD = (0.002, 0.004, 0.006, 0.008, 0.011, 0.015, 0.02)
EXPOSURE = 0.8
NOISE = 0.004
SEED = 20260304
PATCH_PX = 400
"""Pixels of skin that are averaged."""
_PX_PER_MM = 5.0
EDITION, OTHER_EDITION = "2014", "average"
"""The chart whose colours the program knows, and the one that was sold before."""
_BULKY = ("lab", "truth", "left_out_patches")


def run(*, quick: bool, workers: int) -> Findings:
    """Every camera under every lamp, with the chart and without; then with a chart that is too old."""
    responses = [Response(lamp, camera) for camera in CAMERAS for lamp in LAMPS]
    responses = responses[::5] if quick else responses
    found = spread(seen, [(response, EDITION) for response in responses], workers=workers)
    outdated = spread(seen, [(response, OTHER_EDITION) for response in responses], workers=workers)
    return _summary(found) | {"outdated": {key: _summary(outdated)[key] for key in ("refused", "after", "ita_bias")}}


def _summary(found: list[dict[str, Any]]) -> Findings:
    believed = [each for each in found if each["believed"]]
    easy = [each for each in believed if each["lamp"] in EASY]
    return {
        "skins": len(MELANIN) * len(BLOOD),
        "responses": [{k: v for k, v in each.items() if k not in _BULKY} for each in found],
        "refused": len(found) - len(believed),
        "before": _mean(found, "before"),
        "after": _mean(believed, "after"),
        "left_out": _mean(believed, "left_out"),
        "left_out_worst": float(max((each["left_out"] for each in believed), default=np.nan)),
        "left_out_p95": _percentile(believed, "left_out_patches", 95.0),
        "ita_bias": _mean(easy, "ita_bias"),
        "ita_bias_worst": float(max((abs(each["ita_bias"]) for each in easy), default=np.nan)),
        "metrics": _metrics(easy),
    }


def seen(task: tuple[Response, str]) -> dict[str, Any]:
    """One camera under one lamp: 56 skins beside a chart of some edition."""
    response, edition = task
    skins = skin_reflectance(np.array(MELANIN)[:, None], np.array(BLOOD)[None, :]).reshape(-1, 33)
    truth = lab_from_linear(STANDARD.linear(skins))
    camera = _recorded(response.linear(skins))
    photo = _chart_photo(response, edition)
    calibration = calibrate_colour(photo)
    before = lab_from_linear(camera / EXPOSURE)
    found: dict[str, Any] = {
        "lamp": response.illuminant,
        "camera": response.camera,
        "believed": calibration.level.absolute,
        "before": float(deltaE_ciede2000(truth, before).mean()),
    }
    return found | (_corrected(camera, truth, photo, calibration) if calibration.level.absolute else {})


def _corrected(
    camera: NDArray[np.float64], truth: NDArray[np.float64], photo: NDArray[np.uint8], calibration: ColourCalibration
) -> dict[str, Any]:
    lab = lab_from_linear(calibration.apply(camera.astype(np.float32)))
    error = deltaE_ciede2000(truth, lab)
    angles = individual_typology_angle(lab) - individual_typology_angle(truth)
    return {
        "after": float(error.mean()), "after_p95": float(np.percentile(error, 95)), "left_out": calibration.delta_e,
        "left_out_patches": _left_out(photo, calibration), "ita_bias": float(angles.mean()),
        "lab": lab.round(2).tolist(), "truth": truth.round(2).tolist(),
    }  # fmt: skip


def _left_out(photo: NDArray[np.uint8], calibration: ColourCalibration) -> list[float]:
    """ΔE00 of every patch of the chart that is not clipped, predicted from the others."""
    if calibration.corners is None:
        return []
    errors = fit_colour(read_patches(photo, calibration.corners)).errors
    return [float(value) for value in errors[np.isfinite(errors)]]


def _recorded(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light as an 8-bit sRGB file gives it back: exposed, with noise in every pixel, clipped, averaged."""
    rng = np.random.default_rng(SEED + 1)
    pixels = linear[..., None, :] * EXPOSURE + rng.normal(0.0, NOISE, (*linear.shape[:-1], PATCH_PX, 3))
    codes = np.rint(255 * np.clip(srgb_from_linear(pixels), 0.0, 1.0))
    return np.asarray(linear_from_srgb(codes / 255).mean(axis=-2), np.float64)


def _chart_photo(response: Response, edition: str) -> NDArray[np.uint8]:
    """A chart on grey paper, straight from the front, as an sRGB picture with noise."""
    chart = Chart(centre=(0.0, 0.0), edition=edition)
    height, width = chart.size
    rows, cols = (round((side + 40.0) * _PX_PER_MM) for side in (height, width))
    y, x = ((np.arange(n, dtype=np.float32) - (n - 1) / 2) / _PX_PER_MM for n in (rows, cols))
    colour, cover = chart.draw(y[:, None], x[None, :], 1 / _PX_PER_MM, response)
    light = 0.4 + cover[..., None] * (colour - 0.4)
    light = light * EXPOSURE + np.random.default_rng(SEED).normal(0.0, NOISE, light.shape)
    return np.asarray(np.rint(255 * srgb_from_linear(light)), np.uint8)


def _mean(found: list[dict[str, Any]], key: str) -> float:
    return float(np.mean([each[key] for each in found])) if found else float("nan")


def _percentile(found: list[dict[str, Any]], key: str, at: float) -> float:
    values = [value for each in found for value in each[key]]
    return float(np.percentile(values, at)) if values else float("nan")


def _metrics(found: list[dict[str, Any]]) -> Findings:
    """Agreement of L*, a*, b* and ITA with daylight and the 2° observer, over cameras and clinic lamps."""
    if not found:
        return {}
    lab, truth = (np.concatenate([np.array(each[key]) for each in found]) for key in ("lab", "truth"))
    angles = individual_typology_angle(lab), individual_typology_angle(truth)
    metrics = {
        name: agreement(lab[:, axis], truth[:, axis]) for axis, name in enumerate(("lightness", "a_star", "b_star"))
    }
    return metrics | {"ita": agreement(*angles)}
