"""Accuracy of geometry: alignment and scale against the exact map of rendered photos."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks.design import Scene, continuous
from benchmarks.findings import Findings
from benchmarks.scenes import calibrated, skin_of, thigh
from benchmarks.workers import spread
from tracker.alignment import Alignment
from tracker.calibration import CalibratedImage
from tracker.calibration.scale import scale_from_markers
from tracker.errors import AlignmentFailed
from tracker.phantom import PhantomPhoto, Shot, State, build_stage, nominal_shot, photograph
from tracker.phantom.pose import soft_tissue
from tracker.pipeline import align_or_explain

RANGES = {
    "roll": (-15.0, 15.0),
    "tilt": (-15.0, 15.0),
    "turn": (-15.0, 15.0),
    "distance": (0.8, 1.25),
    "shift_down": (-0.08, 0.08),
    "shift_right": (-0.08, 0.08),
    "tissue": (0.0, 3.0),
    "exposure": (-0.7, 0.7),
    "noise": (0.5, 4.0),
    "blur": (0.10, 0.60),
    "jpeg": (40.0, 98.0),
    "azimuth": (-30.0, 30.0),
    "slant": (-15.0, 15.0),
    "dimples": (0.3, 1.0),
}
UNITS = {
    "roll": "°", "tilt": "°", "turn": "°", "distance": "of nominal", "shift_down": "of the height",
    "shift_right": "of the width", "tissue": "mm RMS", "exposure": "EV", "noise": "of nominal", "blur": "mm SD",
    "jpeg": "quality", "azimuth": "° off", "slant": "° off", "dimples": "of their depth",
}  # fmt: skip
SIZE = (600, 800)
SEED = 20260301
SKINS = 8
TONES = (0.015, 0.02, 0.03, 0.045, 0.07, 0.10, 0.15, 0.22)
INTERVAL = 1.96
_NOMINAL = {"noise": 1.0, "blur": 0.11, "jpeg": 90.0, "dimples": 1.0}


def run(*, quick: bool, workers: int) -> Findings:
    """Pairs over the whole design, each skin with its own reference photo."""
    scenes = continuous(RANGES, 4 if quick else 64, seed=SEED)
    skins = 1 if quick else SKINS
    parts = spread(pairs, [(skin, scenes[skin::skins]) for skin in range(skins)], workers=workers)
    found = [pair for part in parts for pair in part]
    return {"pairs": len(found), "alignment": _alignment(found), "scale": _scale(found), "points": _points(found)}


def pairs(task: tuple[int, list[Scene]]) -> list[dict[str, Any]]:
    """All pairs of one skin."""
    skin, scenes = task
    plan = thigh(slant=50.0)
    plan = replace(plan, complexion=replace(plan.complexion, melanin=TONES[skin]))
    stage, nominal = build_stage(plan, seed=200 + skin, size=SIZE), nominal_shot(plan, SIZE)
    first = photograph(stage, nominal)
    reference = calibrated(first)
    mask = skin_of(reference)
    found = []
    for number, scene in enumerate(scenes):
        shot = _shot(nominal, scene, np.random.default_rng([SEED, skin, number]))
        photo = photograph(stage, shot, State(dimples=scene["dimples"]), first=nominal, session=1 + number)
        image = calibrated(photo)
        pair: dict[str, Any] = {"scene": scene, "tone": TONES[skin]} | _scale_errors(image, photo)
        try:
            alignment = align_or_explain(reference, image, region=mask)
        except AlignmentFailed as error:
            found.append(pair | {"code": error.code})
        else:
            found.append(pair | {"code": ""} | _errors(alignment, photo, reference))
    return found


def _shot(nominal: Shot, scene: Scene, rng: np.random.Generator) -> Shot:
    seen = np.array(SIZE) * nominal.camera.field / SIZE[1]
    camera = replace(
        nominal.camera,
        scale=scene["distance"],
        roll=scene["roll"],
        tilt=(scene["tilt"], scene["turn"]),
        shift=(seen[0] * scene["shift_down"], seen[1] * scene["shift_right"]),
    )
    light = replace(
        nominal.light,
        slant=nominal.light.slant + scene["slant"],
        azimuth=(nominal.light.azimuth + scene["azimuth"]) % 360,
    )
    sensor = replace(
        nominal.sensor,
        exposure_ev=scene["exposure"],
        noise=scene["noise"],
        blur_mm=scene["blur"],
        jpeg_quality=round(scene["jpeg"]),
    )
    return replace(nominal, camera=camera, tissue=soft_tissue(rng, scene["tissue"]), light=light, sensor=sensor)


def _errors(alignment: Alignment, photo: PhantomPhoto, reference: CalibratedImage) -> dict[str, Any]:
    """Distance of found and true place of each usable node on the skin, in mm and in pixels of the reference."""
    truth = photo.truth
    nodes = np.stack(np.meshgrid(truth.rows, truth.cols, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float64)
    true = np.stack([truth.moving_row, truth.moving_col], axis=-1).reshape(-1, 2)
    offset = alignment.at(nodes) - true
    usable = _at_nodes(alignment, nodes) & np.isfinite(offset).all(axis=1) & _on_skin(nodes, reference)
    mm = offset[usable] * truth.mm_per_px
    pitch = photo.first.camera.mm_per_px
    error, sd = np.hypot(*mm.T), alignment.sd_at(nodes)[usable] * pitch
    return {
        "median_mm": float(np.median(error)),
        "p90_mm": float(np.percentile(error, 90)),
        "median_px": float(np.median(error) / pitch),
        "claimed_px": alignment.error_px,
        "covered": float(np.mean(np.abs(mm) <= INTERVAL * sd[:, None])),
        "overlap": alignment.overlap,
    }


def _at_nodes(alignment: Alignment, nodes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the alignment calls the nearest of its own nodes usable."""
    row = np.rint(np.interp(nodes[:, 0], alignment.rows, np.arange(len(alignment.rows)))).astype(int)
    col = np.rint(np.interp(nodes[:, 1], alignment.cols, np.arange(len(alignment.cols)))).astype(int)
    return np.asarray(alignment.usable[row, col])


def _on_skin(nodes: NDArray[np.float64], reference: CalibratedImage) -> NDArray[np.bool_]:
    skin = skin_of(reference)
    cells = np.rint(reference.grid.from_photo(nodes)).astype(int)
    row, col = np.clip(cells, 0, np.array(skin.shape) - 1).T
    return np.asarray(skin[row, col])


def _scale_errors(image: CalibratedImage, photo: PhantomPhoto) -> dict[str, Any]:
    """Relative error of mm per pixel at the middle of the photo, %, and over its claimed standard uncertainty."""
    found: dict[str, Any] = {"markers": len(image.markers)}
    for name, markers in (("all", image.markers), ("one", image.markers[:1])):
        scale = scale_from_markers(markers, image.photo.shape)
        if scale is not None:
            error = scale.mm_per_px / photo.truth.mm_per_px - 1
            found[name] = {"percent": 100 * error, "claims": error / scale.relative_uncertainty}
    return found


def _alignment(found: list[dict[str, Any]]) -> Findings:
    aligned = [pair for pair in found if not pair["code"]]
    codes = Counter(pair["code"] for pair in found if pair["code"])
    medians = np.array([pair["median_mm"] for pair in aligned])
    real, claimed = (np.array([pair[key] for pair in aligned]) for key in ("median_px", "claimed_px"))
    return {
        "aligned": len(aligned),
        "refused": dict(sorted(codes.items())),
        "median_mm": float(np.median(medians)),
        "p90_mm": float(np.percentile(medians, 90)),
        "worst_mm": float(medians.max()),
        "p90_within_mm": float(np.median([pair["p90_mm"] for pair in aligned])),
        "median_px": float(np.median(real)),
        "p90_px": float(np.percentile(real, 90)),
        "claimed_over_real": float(np.median(claimed / real)),
        "covered": float(np.mean([pair["covered"] for pair in aligned])),
        "covered_least": float(min(pair["covered"] for pair in aligned)),
        "wrong": int((medians > 3.0).sum()),
        "by_factor": {name: _effect(name, aligned, found) for name in RANGES},
    }


def _effect(name: str, aligned: list[dict[str, Any]], found: list[dict[str, Any]]) -> Findings:
    """How the error grows with a factor (its distance from the reference's own value), and its refused share."""
    away = {id(pair): _away(name, pair["scene"][name]) for pair in found}
    rank = spearmanr([away[id(p)] for p in aligned], [p["median_mm"] for p in aligned]).statistic
    middle = float(np.median(list(away.values())))
    near, far = (
        [p for p in found if (away[id(p)] > middle) == beyond] for beyond in (False, True)
    )  # fmt: skip
    medians = [float(np.median([p["median_mm"] for p in half if not p["code"]] or [np.nan])) for half in (near, far)]
    refused = [sum(bool(p["code"]) for p in half) / max(1, len(half)) for half in (near, far)]
    return {"spearman": float(rank), "median_mm": medians, "refused": refused}


def _away(name: str, value: float) -> float:
    """How much harder than the nominal photo: less noise or blur and a better JPEG than its own count as nothing.

    Examples
    --------
    >>> _away("noise", 0.5), _away("jpeg", 95.0), _away("jpeg", 60.0), _away("roll", -15.0)
    (0.0, 0.0, 30.0, 15.0)
    """
    if name in ("noise", "blur"):
        return max(0.0, float(np.log(value / _NOMINAL[name])))
    if name == "jpeg":
        return max(0.0, _NOMINAL[name] - value)
    return abs(float(np.log(value))) if name == "distance" else abs(value - _NOMINAL.get(name, 0.0))


def _scale(found: list[dict[str, Any]]) -> Findings:
    summary: Findings = {"four_found": sum(pair["markers"] == 4 for pair in found), "photos": len(found)}
    for name in ("all", "one"):
        errors = np.array([pair[name]["percent"] for pair in found if name in pair])
        claims = np.array([pair[name]["claims"] for pair in found if name in pair])
        summary[name] = {
            "n": len(errors), "bias": float(errors.mean()), "median": float(np.median(np.abs(errors))),
            "p90": float(np.percentile(np.abs(errors), 90)), "covered": float(np.mean(np.abs(claims) <= INTERVAL)),
        }  # fmt: skip
    return summary


def _points(found: list[dict[str, Any]]) -> Findings:
    aligned = [pair for pair in found if not pair["code"]]
    return {
        "tissue": [pair["scene"]["tissue"] for pair in aligned],
        "real": [pair["median_mm"] for pair in aligned],
        "claimed": [pair["claimed_px"] * pair["median_mm"] / pair["median_px"] for pair in aligned],
    }
