"""The phantom on disk: photos beside their truth."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.photograph import PhantomPhoto
from tracker.phantom.session import series
from tracker.phantom.truth import Truth

Progress = Callable[[int, int], None]


def write_series(
    out: Path,
    scenario: str,
    *,
    seed: int = 0,
    sessions: int = 6,
    replicates: int = 2,
    spoiled: Mapping[int, str] | None = None,
    size: tuple[int, int] = (1500, 2000),
    progress: Progress | None = None,
) -> Path:
    """Write a rendered series into a folder and return the folder.

    Parameters
    ----------
    out : Path
        Folder for the JPEG files, ``truth.json`` and, where there is a patch, ``region.json``.
    scenario, seed, sessions, replicates, spoiled, size
        As in `tracker.phantom.series`.
    progress : callable, optional
        Called with the number of photos written and their total.

    Raises
    ------
    TrackerError
        If the scenario or a way to spoil is unknown.
    """
    photos = series(scenario, seed=seed, sessions=sessions, replicates=replicates, spoiled=spoiled, size=size)
    out.mkdir(parents=True, exist_ok=True)
    described = []
    for photo in photos:
        (out / photo.name).write_bytes(photo.jpeg)
        described.append(photo_document(photo))
        if photo.region is not None:
            _write_json(out / "region.json", {"polygon": photo.region.round(2).tolist()})
        if progress:
            progress(len(described), sessions * replicates)
    truth = {"scenario": scenario, "seed": seed, "made_by": "tracker phantom", "photos": described}
    _write_json(out / "truth.json", truth)
    return out


def _write_json(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")


def photo_document(photo: PhantomPhoto) -> dict[str, object]:
    """Return what ``truth.json`` says about a photo; NaN becomes null, pixels are rounded to 0.01."""
    truth = photo.truth
    return {
        "file": photo.name,
        "taken_on": photo.taken_on.isoformat(),
        "session": photo.session,
        "replicate": photo.replicate,
        "warp": _warp_document(truth),
        "light": {
            "slant": round(truth.light.slant, 3),
            "azimuth": round(truth.light.azimuth, 3),
            "ambient": round(truth.light.ambient, 4),
        },
        "mm_per_px": round(truth.mm_per_px, 6),
        "blur_sigma_mm": round(truth.blur_sigma_mm, 4),
        "exposure_ev": round(truth.exposure_ev, 4),
        "wb_gains": [round(gain, 4) for gain in truth.wb_gains],
        "jpeg_quality": truth.jpeg_quality,
        "spoiled": truth.spoiled,
        "colour_level": truth.colour_level,
        "dimple_depth_scale": round(truth.dimple_depth_scale, 4),
        "melanin_gain": round(truth.melanin_gain, 4),
        "metrics": {name: round(value, 4) for name, value in truth.metrics.items()},
        "state": asdict(photo.state),
        "findings": dict(truth.findings),
    }


def _warp_document(truth: Truth) -> dict[str, object]:
    return {
        "rows": _rounded(truth.rows),
        "cols": _rounded(truth.cols),
        "moving_row": [_rounded(line) for line in truth.moving_row],
        "moving_col": [_rounded(line) for line in truth.moving_col],
    }


def _rounded(values: NDArray[np.float32]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 2) for value in values]
