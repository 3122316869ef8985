"""Accuracy of the alignment on pairs of dense truth at three levels, and of the peers on the same pairs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import process_time
from typing import Any, Final

import numpy as np

from benchmarks import peers, registration_phantom, registration_texture
from benchmarks.findings import Findings
from benchmarks.registration_pairs import LEVELS, Mask, Pair, Points
from benchmarks.workers import spread
from tracker.alignment import Alignment, align
from tracker.calibration import CalibratedImage, calibrate
from tracker.errors import AlignmentFailed, TrackerError
from tracker.photo import Photo
from tracker.region import WHOLE_SKIN, region_mask

TUNING: Final = (11, 12)
"""Seeds with which the model of uncertainty was fitted; their pictures of skin are others too."""
REPORTING: Final = (101,)
INTERVAL: Final = 1.96
WIDTH: Final = 1000.0
"""Errors are stated in pixels of a photo of this width."""
MEDIAN, P90 = 5.0, 10.0
SLOW: Final = 4, 19
"""Slow peers run on the pair of this number and on each so many further: one of each level."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One pair to be made: what is photographed, how hard, which seed."""

    base: str
    level: int
    seed: int


def tasks(seeds: tuple[int, ...]) -> list[Task]:
    """All pairs of some seeds, the levels and kinds mixed; a third of the pictures is for tuning."""
    pictures = registration_texture.bases()
    tuned = set(seeds) <= set(TUNING)
    chosen = [name for at, name in enumerate(pictures) if (at % 3 == 0) == tuned][: len(registration_phantom.BASES)]
    bases = [name for pair in zip(registration_phantom.BASES, chosen, strict=False) for name in pair]
    if not chosen:
        bases = list(registration_phantom.BASES)
    return [Task(base, level, seed) for seed in seeds for base in bases for level in range(len(LEVELS))]


def made(task: Task) -> Pair:
    """The pair of a task."""
    of = registration_phantom if task.base in registration_phantom.BASES else registration_texture
    return of.pair_of(task.base, LEVELS[task.level], task.seed)


def run(*, quick: bool, workers: int) -> Findings:
    """Every pair by every method.

    Parameters
    ----------
    quick : bool
        Three pairs and the peers that take least.
    workers : int
    """
    chosen = tasks(REPORTING)[:3] if quick else tasks(REPORTING)
    rows = spread(
        _all_methods, [(task, quick, at % SLOW[1] == SLOW[0]) for at, task in enumerate(chosen)], workers=workers
    )
    ours = [row["ours"] for row in rows]
    return {
        "pairs": len(rows),
        "textured": sum(task.base not in registration_phantom.BASES for task in chosen),
        "ours": summary(ours) | {"refused": dict(Counter(row["code"] for row in ours if row["code"]))},
        "levels": {level.name: _of_level([row for row in ours if row["level"] == level.name]) for level in LEVELS},
        "kinds": {
            kind: summary([row for row in ours if row["rendered"] == (kind == "rendered")])
            for kind in ("rendered", "pictures")
        },
        "peers": _peers(rows),
        "absent": peers.absent(),
        "rows": ours,
    }


def _all_methods(item: tuple[Task, bool, bool]) -> Row:
    task, quick, slow_too = item
    pair = made(task)
    found: Row = {"ours": own(pair) | {"rendered": task.base in registration_phantom.BASES}}
    for peer in peers.peers():
        if peer.slow and (quick or not slow_too):
            continue
        began = process_time()
        place, counted = peer.run(pair.reference, pair.moving, pair.points)
        seconds = counted if counted is not None else process_time() - began
        found[peer.name] = {"level": pair.level, "seconds": seconds} | scored(place, pair)
    return found


def own(pair: Pair) -> Row:
    """How well the program aligns a pair, and whether its claim holds."""
    row: Row = {"base": pair.base, "level": pair.level, "overlap": pair.overlap, "factors": pair.factors}
    first, second = (_calibrated(rgb, name) for rgb, name in ((pair.reference, "before"), (pair.moving, "after")))
    began = process_time()
    try:
        found = align(first, second, region=_region(first))
    except AlignmentFailed as error:
        return row | {"code": error.code, "seconds": process_time() - began} | scored(None, pair)
    row |= {"code": "", "seconds": process_time() - began} | scored(found.at(pair.points), pair)
    return row | _claims(found, pair)


def _calibrated(rgb: Any, name: str) -> CalibratedImage:
    return calibrate(Photo(rgb, digest=name, name=f"{name}.jpg", taken_on=None))


def _region(image: CalibratedImage) -> Mask | None:
    try:
        return region_mask(WHOLE_SKIN, image)
    except TrackerError:
        return None


def scored(place: Points | None, pair: Pair) -> Row:
    """Errors over the visible skin in pixels at `WIDTH`; a point without a place counts as lost.

    Parameters
    ----------
    place : ndarray, shape (n, 2), or None
        Where a method puts the points of the pair; None if it gives up.
    pair : Pair
    """
    if place is None:
        return {"median": None, "p90": None, "f1": 0.0, "f3": 0.0, "ok": False, "strict": False}
    miss = np.hypot(*(place - pair.true).T) * WIDTH / pair.moving.shape[1]
    error = np.where(np.isfinite(miss), miss, WIDTH)
    median, p90 = float(np.median(error)), float(np.percentile(error, 90))
    return {
        "median": median, "p90": p90, "f1": float(np.mean(error < 1)), "f3": float(np.mean(error < 3)),
        "ok": median < MEDIAN, "strict": median < MEDIAN and p90 < P90,
    }  # fmt: skip


def _claims(found: Alignment, pair: Pair) -> Row:
    """What is usable, how wrong it is there, and the share of errors inside the claimed interval, axis by axis."""
    usable = usable_at(found, pair.points)
    error = (found.at(pair.points) - pair.true)[usable] / found.scale
    sd = found.sd_at(pair.points)[usable]
    if not usable.any():
        return {"usable": 0.0, "covered": None, "claimed": None, "usable_median": None, "lost": None}
    at_width = np.hypot(*error.T) * WIDTH / pair.reference.shape[1]
    return {
        "usable": float(usable.mean()),
        "covered": float(np.mean(np.abs(error) <= INTERVAL * sd[:, None])),
        "claimed": float(np.median(sd)) * WIDTH / pair.reference.shape[1],
        "usable_median": float(np.median(at_width)),
        "usable_p90": float(np.percentile(at_width, 90)),
        "lost": float(np.mean(at_width > MEDIAN)),
    }


def usable_at(found: Alignment, points: Points) -> Mask:
    """Whether the alignment calls the nearest of its nodes usable."""
    row = np.rint(np.interp(points[:, 0], found.rows, np.arange(len(found.rows)))).astype(int)
    col = np.rint(np.interp(points[:, 1], found.cols, np.arange(len(found.cols)))).astype(int)
    return np.asarray(found.usable[row, col] & np.isfinite(found.at(points)).all(axis=1))


def summary(rows: list[Row]) -> Row:
    """Of the scores of some pairs; medians are over the pairs that gave a map, shares over all."""
    known = [row for row in rows if row["median"] is not None]
    found: Row = {"n": len(rows), "refusals": len(rows) - len(known)}
    found |= {key: float(np.median([row[key] for row in known])) if known else None for key in ("median", "p90")}
    shares = ("ok", "strict", "f1", "f3")
    found |= {key: float(np.mean([row[key] for row in rows])) if rows else None for key in shares}
    return found | {"seconds": float(np.nanmedian([row["seconds"] for row in rows])) if rows else None}


def _of_level(rows: list[Row]) -> Row:
    """With what is claimed; a pair that was refused claims nothing."""
    told = [row for row in rows if row.get("covered") is not None]
    claims: Row = {"n_claims": len(told)}
    for key in ("usable", "covered", "claimed", "usable_median", "usable_p90", "lost"):
        claims[key] = float(np.mean([row[key] for row in told])) if told else None
    claims["covered_least"] = min((row["covered"] for row in told), default=None)
    return summary(rows) | claims


def _peers(rows: list[Row]) -> list[Row]:
    """One row per peer; those that ran on some of the pairs have ours on the same beside them."""
    found = []
    for peer in peers.peers():
        with_it = [row for row in rows if peer.name in row]
        if not with_it:
            continue
        theirs = summary([row[peer.name] for row in with_it])
        beside = summary([row["ours"] for row in with_it])
        ratios = [row[peer.name]["seconds"] / row["ours"]["seconds"] for row in with_it]
        found.append({"name": peer.name, "ratio": float(np.nanmedian(ratios)), "beside": beside} | theirs)
    return found


if __name__ == "__main__":
    import json

    print(json.dumps(run(quick=False, workers=2), indent=1))
