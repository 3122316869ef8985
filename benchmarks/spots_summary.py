"""What the photos of spots, mottling and bruises come to."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from benchmarks.estimates import MDC95_PER_SD, agreement, within_subject_sd
from benchmarks.findings import Findings
from tracker.phantom import RIGS

SPOT_METRICS: Final = ("spot_contrast", "spot_load", "spot_area", "melanin_mottling", "blood_mottling")
BRUISE_METRICS: Final = ("bruise_contrast", "bruise_area")
GAIN: Final = (1.6, 3.0)
"""Melanin of spots over that of the skin, weakest and strongest."""
LEFT: Final = (0.75, 0.5, 0.25)
"""Share of the melanin that spots add, in later photos; their area stays."""
LEAST_GAIN: Final = 1.4
"""Of the mean spot: below, the area is not asked for (MEASUREMENT.md §7.6, B4)."""

Row = dict[str, Any]


def summed_up(rows: list[Row], tones: tuple[float, ...]) -> Findings:
    """Findings of all photos."""
    spots, mottled, bruises = ([r for r in rows if r["kind"] == kind] for kind in ("spots", "mottling", "bruise"))
    kept = {"spots": spots, "mottling": mottled, "bruise": bruises}
    of = dict.fromkeys(SPOT_METRICS[:3], "spots") | dict.fromkeys(SPOT_METRICS[3:], "mottling")
    of |= dict.fromkeys(BRUISE_METRICS, "bruise")
    return {
        "photos": len(rows),
        "refused": [row["code"] for row in rows if row.get("code")],
        "metrics": {name: _agreement(kept[kind], name) for name, kind in of.items()},
        "by_tone": [
            {"tone": tone}
            | {name: _agreement([r for r in kept[kind] if r["tone"] == tone], name) for name, kind in of.items()}
            | {"contrast_change": _change([r for r in spots if r["tone"] == tone], "spot_contrast")}
            for tone in tones
        ],
        "contrast_change": _change(spots, "spot_contrast"),
        "area": _areas(spots),
        "bruise": _bruises(bruises),
        "null": {
            name: {
                rig.name: _null(
                    [
                        r
                        for r in (bruises if name in BRUISE_METRICS else spots)
                        if r.get("unchanged") and r["rig"] == rig.name
                    ],
                    name,
                )
                for rig in RIGS
            }
            for name in (*SPOT_METRICS, *BRUISE_METRICS)
        },
        "rival": _rival_scores(spots),
        "points": {
            kind: [{k: v for k, v in row.items() if isinstance(v, int | float | str)} for row in own]
            for kind, own in kept.items()
        },
    }


def _agreement(rows: list[Row], name: str) -> Any:
    own = [r for r in rows if np.isfinite(r.get(name, np.nan))]
    return agreement([r[name] for r in own], [r[f"true_{name}"] for r in own])


def _change(rows: list[Row], name: str) -> Any:
    """Agreement of changes against the reference of the same skin."""
    found, truth = [], []
    for tone, skin in {(r["tone"], r["skin"]) for r in rows}:
        own = [r for r in rows if (r["tone"], r["skin"]) == (tone, skin) and np.isfinite(r.get(name, np.nan))]
        for row in own[1:]:
            found.append(row[name] - own[0][name])
            truth.append(row[f"true_{name}"] - own[0][f"true_{name}"])
    return agreement(found, truth)


def _areas(rows: list[Row]) -> Findings:
    """Found over true area where every spot has at least a gain of 1.4, and how it drifts as contrast fades."""
    strong = [
        r for r in rows if 1 + r["left"] * (sum(GAIN) / 2 - 1) >= LEAST_GAIN and np.isfinite(r.get("spot_area", np.nan))
    ]
    ratio = [r["spot_area"] / r["true_spot_area"] - 1 for r in strong]
    drift: Findings = {}
    for left in LEFT:
        pairs = [(r, _first(rows, r)) for r in rows if r["left"] == left and np.isfinite(r.get("spot_area", np.nan))]
        drift[f"{left:g}"] = {
            "ours": _mean(
                [r["spot_area"] / f["spot_area"] for r, f in pairs if np.isfinite(f.get("spot_area", np.nan))]
            ),
            "rival": _mean([r["rival_area"] / f["rival_area"] for r, f in pairs if f.get("rival_area")]),
            "pairs": len(pairs),
        }
    return {
        "bias": _mean(ratio),
        "sd": float(np.std(ratio, ddof=1)) if len(ratio) > 1 else np.nan,
        "n": len(ratio),
        "drift": drift,
    }


def _bruises(rows: list[Row]) -> Findings:
    """Found over true area of bruises, less 1: on the first day, and as they fade."""
    known = [r for r in rows if np.isfinite(r.get("bruise_area", np.nan)) and r["true_bruise_area"] > 0]
    parts = {"fresh": [r for r in known if r["age"] <= 1.0], "fading": [r for r in known if r["age"] > 1.0]}
    return {
        name: {
            "bias": _mean([r["bruise_area"] / r["true_bruise_area"] - 1 for r in own]),
            "tones": {
                f"{tone:g}": _mean([r["bruise_area"] / r["true_bruise_area"] - 1 for r in own if r["tone"] == tone])
                for tone in sorted({r["tone"] for r in own})
            },
            "n": len(own),
        }
        for name, own in parts.items()
    }


def _first(rows: list[Row], row: Row) -> Row:
    return next(r for r in rows if (r["tone"], r["skin"]) == (row["tone"], row["skin"]))


def _null(rows: list[Row], name: str) -> Findings:
    steps = [r[f"step_{name}"] for r in rows if f"step_{name}" in r]
    told = [r[f"told_{name}"] for r in rows if f"told_{name}" in r]
    held = [r[f"interval_{name}"][0] <= 0 <= r[f"interval_{name}"][1] for r in rows if f"interval_{name}" in r]
    sd = within_subject_sd([[0.0, step] for step in steps]).sd
    return {
        "pairs": len(rows),
        "compared": len(steps),
        "mean": _mean(steps),
        "s_w": sd,
        "mdc95": MDC95_PER_SD * sd,
        "changed": [int(sum(told)), len(told)],
        "covered": [int(sum(held)), len(held)],
    }


def _rival_scores(rows: list[Row]) -> Findings:
    """R² of what changes in the marks, ours and that of uncalibrated grey levels, with what truly changed."""
    ours, grey = _change(rows, "spot_contrast"), None
    own = [r for r in rows if np.isfinite(r.get("rival_grey", np.nan))]
    steps = [
        (
            r["rival_grey"] - _first(rows, r)["rival_grey"],
            r["true_spot_contrast"] - _first(rows, r)["true_spot_contrast"],
        )
        for r in own
        if r["left"] < 1 or r.get("unchanged")
    ]
    if steps:
        grey = agreement([s[0] for s in steps], [s[1] for s in steps])
    return {"ours": ours, "grey": grey}


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else np.nan
