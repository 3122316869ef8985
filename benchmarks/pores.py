"""Pores in close-ups, through the whole pipeline: their density, fewer of them, unchanged skin, rough skin, a rival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import MDC95_PER_SD, agreement, proportion, within_subject_sd
from benchmarks.findings import Findings
from benchmarks.line_scenes import SIZE, TONES, region_polygon
from benchmarks.pore_scenes import pore_stage
from benchmarks.scenes import calibrated
from benchmarks.workers import spread
from tracker.calibration import srgb_from_linear
from tracker.errors import AlignmentFailed, PhotoRejected
from tracker.metrics import metric_named
from tracker.phantom import RIGS, PhantomPhoto, Rig, State, drawn_shot, photograph
from tracker.pipeline import Reference, Result, establish, follow
from tracker.region import polygon_region
from tracker.repeatability import PROVISIONAL
from tracker.timeline import compare_sessions, session_value

SEED = 20260614
NAME = "pores"
PER_CM2 = (0.0, 15.0, 45.0)
GROWN = 30.0
LEFT = 0.5
SESSIONS = 2
MICRO_MM = (0.02, 0.035)
RIVAL_SIGMAS, RIVAL_LEAST = (1.0, 4.0, 6), 0.045
"""Smallest, largest and number of the widths, cells; and the least response on grey over its mean: that of a Gaussian
blob as dark as ours must be, after the camera's curve."""

Row = dict[str, Any]
Task = tuple[float, float] | tuple[float, float, float]


def run(*, quick: bool, workers: int) -> Findings:
    """Densities, pores that go, unchanged skin taken anew, and rough skin."""
    tones = TONES[1:5:3] if quick else TONES
    smooth: list[Task] = [(t, n) for t in tones for n in (PER_CM2[::2] if quick else PER_CM2)]
    coarse: list[Task] = [(TONES[2], n, m) for n in (0.0, GROWN) for m in MICRO_MM[-1 if quick else 0 :]]
    both = spread(count, smooth + coarse, workers=workers)
    counted, rough = both[: len(smooth)], both[len(smooth) :]
    fewer = spread(fade, list(tones), workers=workers)
    rigs = RIGS[:1] if quick else RIGS
    again = spread(repeat, [(t, rig) for t in tones[1::2] for rig in rigs], workers=workers)
    told = [row["change"] for row in fewer if row["change"]]
    return {
        "photos": len(counted) + len(rough) + 2 * len(fewer) + sum(1 + len(course) for course in again),
        "metrics": {NAME: _line(counted, "found")},
        "change": {
            "called": proportion(sum(c["alarm"] for c in told), len(told)),
            "refused": dict(Counter(_reason(row) for row in fewer if not row["change"])),
        },
        "by_tone": _by_tone(counted, fewer),
        "null": {rig.name: {NAME: _null([c for c in again if c and c[0]["rig"] == rig.name])} for rig in rigs},
        "rough_tone": TONES[2],
        "rough": [{key: row[key] for key in ("micro", "truth", "found", "rival")} for row in rough],
        "rival": {"line": _line(counted, "rival"), "bare": _bare(counted, "rival"), "ours": _bare(counted, "found")},
    }


def count(task: Task) -> Row:
    """One photo by itself of skin with so many pores per cm², and what a rival finds in it."""
    tone, per_cm2, *micro = task
    stage = pore_stage(tone, 2100 + round(per_cm2), per_cm2, micro=micro[0] if micro else None)
    rng = np.random.default_rng([SEED, 1, round(1000 * tone), round(per_cm2), *(round(1e4 * m) for m in micro)])
    photo = photograph(stage, drawn_shot(stage.plan, SIZE, rng, rig=RIGS[0]))
    reference, own = _first(photo)
    return {
        "tone": tone, "grown": per_cm2, "micro": micro[0] if micro else None, "truth": photo.truth.metrics[NAME],
        "found": next((m.value for m in own.measurements), np.nan), "rival": rival_density(reference),
    }  # fmt: skip


def fade(tone: float) -> Row:
    """One skin, and later with half of its pores, on a fixed rig."""
    stage = pore_stage(tone, 2200, GROWN)
    rng = np.random.default_rng([SEED, 2, round(1000 * tone)])
    shots = [drawn_shot(stage.plan, SIZE, rng, rig=RIGS[0]) for _ in range(2)]
    photo = photograph(stage, shots[0])
    later = photograph(stage, shots[1], State(pores=LEFT), first=shots[0], session=1)
    return _later(*_first(photo), photo, later) | {"tone": tone}


def repeat(task: tuple[float, Rig]) -> list[Row]:
    """One unchanged skin, taken anew with one rig."""
    tone, rig = task
    stage = pore_stage(tone, 2300, GROWN)
    rng = np.random.default_rng([SEED, 3, round(1000 * tone), *rig.name.encode()])
    shots = [drawn_shot(stage.plan, SIZE, rng, rig=rig) for _ in range(1 + SESSIONS)]
    photo = photograph(stage, shots[0])
    first = _first(photo)
    later = [photograph(stage, shot, first=shots[0], session=1 + k) for k, shot in enumerate(shots[1:])]
    return [_later(*first, photo, each) | {"tone": tone, "rig": rig.name} for each in later]


def rival_density(reference: Reference) -> float:
    """Dark blobs per cm² by the Laplacian of Gaussians on grey with a fixed threshold, as open programs count them."""
    from skimage.feature import blob_log

    mask, grid = reference.mask & reference.aligned.valid, reference.aligned.grid
    assert grid.mm_per_cell is not None
    rows, cols = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    where = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)
    inside: NDArray[np.bool_] = mask[where]
    grey = srgb_from_linear(reference.aligned.linear[where]).astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    dark = np.where(inside, 1 - grey / grey[inside].mean(), 0.0)
    low, high, number = RIVAL_SIGMAS
    found = blob_log(dark, min_sigma=low, max_sigma=high, num_sigma=number, threshold=RIVAL_LEAST, overlap=0.5)
    row, col = found[:, :2].astype(int).T
    return float(inside[row, col].sum() / (inside.sum() * grid.mm_per_cell**2 / 100))


def _first(photo: PhantomPhoto) -> tuple[Reference, Result]:
    return establish(calibrated(photo), polygon_region(region_polygon(photo)), (metric_named(NAME),))


def _later(reference: Reference, own: Result, first: PhantomPhoto, photo: PhantomPhoto) -> Row:
    """The change that is stated, or why none is."""
    metric = metric_named(NAME)
    row: Row = {"change": None, "failed": "", "refused": ""}
    try:
        result = follow(reference, calibrated(photo), (metric,))
    except (PhotoRejected, AlignmentFailed) as error:
        return row | {"failed": error.code}
    if not result.measurements or not own.measurements:
        return row | {"refused": next(r.reason for r in (*result.refused, *own.refused))}
    whole, found = own.measurements[0], result.measurements[0]
    then, now = (session_value(metric, (m,), PROVISIONAL) for m in (whole, found))
    told = compare_sessions(metric, then, now)
    row["change"] = {
        "first": whole.value, "change": told.change, "low": told.low, "high": told.high,
        "alarm": told.verdict.is_change, "truth": photo.truth.metrics[NAME] - first.truth.metrics[NAME],
    }  # fmt: skip
    return row


def _reason(row: Row) -> str:
    return str(row["failed"] or row["refused"][:60])


def _line(counted: Sequence[Row], key: str) -> Any:
    return agreement([row[key] for row in counted], [row["truth"] for row in counted])


def _bare(counted: Sequence[Row], key: str) -> Findings:
    """What is found on skin without pores, per cm²."""
    found = [row[key] for row in counted if not row["grown"]]
    return {"photos": len(found), "mean": float(np.nanmean(found)), "most": float(np.nanmax(found))}


def _by_tone(counted: Sequence[Row], fewer: Sequence[Row]) -> list[Findings]:
    found = []
    for tone in dict.fromkeys(row["tone"] for row in counted):
        own = [row for row in counted if row["tone"] == tone]
        line, rival = (_line(own, key) for key in ("found", "rival"))
        change = next((row["change"] for row in fewer if row["tone"] == tone and row["change"]), None)
        found.append({
            "tone": tone, "photos": len(own), "seen": line.slope, "bare": _bare(own, "found")["mean"],
            "change": change["change"] / change["first"] if change else np.nan,
            "rival_seen": rival.slope, "rival_bare": _bare(own, "rival")["mean"],
        })  # fmt: skip
    return found


def _null(courses: Sequence[Sequence[Row]]) -> Findings:
    """Unchanged skin taken anew with one rig: spread per cm², false alarms and coverage, of what is compared."""
    rows = [row for course in courses for row in course]
    told = [row["change"] for row in rows if row["change"]]
    series = [[0.0, *(row["change"]["change"] for row in course if row["change"])] for course in courses]
    sd = within_subject_sd(series).sd
    return {
        "n": len(rows), "compared": len(told), "s_w": sd, "mdc95": MDC95_PER_SD * sd,
        "mean": float(np.mean([c["first"] for c in told])) if told else np.nan,
        "alarms": proportion(sum(c["alarm"] for c in told), len(told)),
        "covered": proportion(sum(c["low"] <= 0 <= c["high"] for c in told), len(told)),
        "refused": dict(Counter(_reason(row) for row in rows if not row["change"]).most_common(4)),
    }  # fmt: skip
