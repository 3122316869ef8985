"""What the colours and the scale of a photo rest on, as the record keeps it: plain values, no picture needed."""

from __future__ import annotations

from typing import Any

import numpy as np

from tracker.calibration import ColourCalibration, ColourLevel, Scale, ScaleSource


def colour_stored(colour: ColourCalibration | None) -> dict[str, Any] | None:
    """JSON of a colour calibration. Outline and patches of the chart are not kept: only the pixels explain them."""
    if colour is None:
        return None
    return {
        "level": str(colour.level),
        "tone": colour.tone.tolist(),
        "matrix": colour.matrix.tolist(),
        "delta_e": None if colour.delta_e is None else float(colour.delta_e),
        "grey_residual": None if colour.grey_residual is None else float(colour.grey_residual),
        "evidence": colour.evidence,
    }


def colour_of(stored: dict[str, Any] | None) -> ColourCalibration | None:
    """Colour calibration of its JSON; None where an earlier program kept none."""
    if stored is None:
        return None
    return ColourCalibration(
        level=ColourLevel(stored["level"]),
        tone=np.asarray(stored["tone"], np.float64),
        matrix=np.asarray(stored["matrix"], np.float64),
        delta_e=stored["delta_e"],
        corners=None,
        evidence=stored["evidence"],
        grey_residual=stored["grey_residual"],
    )


def scale_stored(scale: Scale | None) -> dict[str, Any] | None:
    """JSON of a scale."""
    if scale is None:
        return None
    return {
        "mm_per_px": float(scale.mm_per_px),
        "relative_uncertainty": float(scale.relative_uncertainty),
        "source": scale.source,
        "kind": str(scale.kind),
    }


def scale_of(stored: dict[str, Any] | None) -> Scale | None:
    """Scale of its JSON; None where the photo has none, or an earlier program kept none."""
    return None if stored is None else Scale(**{**stored, "kind": ScaleSource(stored["kind"])})
