"""Right and wrong pairs of photos: what speaks for each, what is accepted, and the whole trade between the two.

Wrong are photos of other people in the same room (same limb, tone, markers, chart and clutter), of another limb, of the
same limb mirrored, and of other people's limb mirrored; the same with a start shown by hand, as plausible as it can be.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import proportion
from benchmarks.findings import Findings
from benchmarks.workers import spread
from benchmarks.wrong_pairs_scenes import (
    LEVELS,
    ROOMS,
    Picture,
    later_of,
    mirrored,
    people,
    read,
    reference_of,
    rephotographed,
)
from tracker.alignment.attempt import attempt, evidence_of
from tracker.alignment.decision import ACCEPT, NO_EVIDENCE
from tracker.alignment.survey import Survey
from tracker.errors import AlignmentFailed

SEED: Final = 52000
"""Of the people reported on; the rule was set on others."""
SHARED: Final = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
RIGHT: Final = ("easy", "medium", "hard", "same skin, by hand", "rendered again", "visits")
_CLICK: Final = 0.005
_WRONG_MAP: Final = 5.0  # thousandths of the width: a map that is off by more is not of the same place
_CURVE: Final = 200

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """All pairs; `quick` takes one room and nothing from beside the project."""
    tasks: list[tuple[str, int, int]] = [("room", number, SEED) for number in range(1 if quick else len(ROOMS))]
    if not quick and SHARED.is_dir():
        tasks += [("rendered", part, 5) for part in range(5)] + [("visits", part, 6) for part in range(6)]
    rows = [row for found in spread(rows_of, tasks, workers=workers) for row in found]
    return summed_up(rows) | {"shared": SHARED.is_dir() and not quick}


def rows_of(task: tuple[str, int, int]) -> list[Row]:
    """Pairs of one room, or of one part of the photos beside the project."""
    what, number, of = task
    if what == "room":
        return rows_of_room(number, of)
    return list((_rendered if what == "rendered" else _visits)(number, of))


def rows_of_room(number: int, seed: int) -> list[Row]:
    """Everybody who was photographed in a room, against everybody, and against a limb of the next room."""
    stages = people(number, seed)
    firsts = [reference_of(stage) for stage in stages]
    later = [{level: later_of(stage, level, seed) for level in LEVELS} for stage in stages]
    elsewhere = [later_of(stage, "medium", seed) for stage in people((number + 1) % len(ROOMS), seed)[:2]]
    rng = np.random.default_rng([seed, number])
    rows: list[Row] = []
    for i, first in enumerate(firsts):
        group = {"group": f"{ROOMS[number][0]} {i}"}
        for level in LEVELS:
            rows.append(group | judged(level, first, later[i][level]))
        rows.append(group | judged("same skin, by hand", first, later[i]["hard"], _shown(first, later[i]["hard"], rng)))
        rows.append(group | judged("mirrored photo", first, mirrored(later[i]["medium"])))
        for j in range(len(firsts)):
            if j == i:
                continue
            other = later[j]["easy" if (i + j) % 2 else "medium"]
            rows.append(group | judged("other person, same room", first, other))
            if (j - i) % len(firsts) == 1:
                rows.append(group | judged("other person, by hand", first, other, _shown(first, other, rng)))
            else:
                rows.append(group | judged("other side", first, mirrored(other)))
        rows += [group | judged("other limb", first, photo) for photo in elsewhere]
    return rows


def _shown(first: Picture, other: Picture, rng: np.random.Generator) -> NDArray[np.float64]:
    """Three places of the limb as somebody would show them in both photos, in units, with the error of clicks."""
    assert first.photo is not None
    assert other.photo is not None
    truth, skin = other.photo.truth, first.photo.truth.skin
    nodes = np.stack(np.meshgrid(truth.rows, truth.cols, indexing="ij"), axis=-1).reshape(-1, 2)
    there = np.stack([truth.moving_row, truth.moving_col], axis=-1).reshape(-1, 2)
    at = np.rint(nodes).astype(int)
    inside = np.isfinite(there).all(axis=1) & skin[at[:, 0], at[:, 1]]
    inside &= ((there > 0) & (there < np.array(other.pyramid.shape) - 1)).all(axis=1)
    here, there = nodes[inside], there[inside]
    corners = [int(np.argmin(here @ way)) for way in np.array([[1.0, 0.9], [0.9, -1.0], [-1.0, 0.1]])]
    middle = here.mean(axis=0)
    near = [int(np.argmin(np.hypot(*(here - (middle + 0.7 * (here[k] - middle))).T))) for k in corners]
    clicks = [first.pyramid.to_units(here[near]), other.pyramid.to_units(there[near])]
    return np.column_stack([each + rng.normal(0, _CLICK, each.shape) for each in clicks])


def judged(kind: str, first: Picture, second: Picture, points: NDArray[np.float64] | None = None) -> Row:
    """What speaks for a pair, and whether it is accepted."""
    found: Survey | None = None
    try:
        found = attempt(first.pyramid, second.pyramid, (first.name, second.name), points=points)
        evidence = evidence_of(found)
    except AlignmentFailed:
        evidence = NO_EVIDENCE
    row = {name: float(getattr(evidence, name)) for name in evidence.__slots__}
    return row | {
        "kind": kind,
        "right": kind in RIGHT,
        "size": min(max(first.pyramid.shape), max(second.pyramid.shape)),
        "strength": evidence.strength,
        "accepted": evidence.convincing,
        "error": _error(found, first, second) if kind in RIGHT else None,
    }


def _error(found: Survey | None, first: Picture, second: Picture) -> float | None:
    """Median distance from the truth over the usable skin, in thousandths of the reference's width."""
    if found is None or second.photo is None:
        return None
    truth = second.photo.truth
    usable = found.usable & found.skin
    if not usable.any():
        return None
    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)[usable]
    row, col = (np.interp(nodes[:, k], lines, np.arange(len(lines))) for k, lines in ((0, truth.rows), (1, truth.cols)))
    i, j = np.rint(row).astype(int), np.rint(col).astype(int)
    # The nearest node of the truth, carried over by the slope of the map found: both grids are 1 % of the width apart.
    there = np.stack([truth.moving_row[i, j], truth.moving_col[i, j]], axis=-1)
    step = nodes - np.stack([truth.rows[i], truth.cols[j]], axis=-1)
    slope = [np.array(np.gradient(found.position[..., k], found.rows, found.cols))[:, usable] for k in (0, 1)]
    there = there + np.stack([(each * step.T).sum(axis=0) for each in slope], axis=-1)
    miss = np.hypot(*(found.position[usable] - there).T)
    known = np.isfinite(miss)
    return float(1000 * np.median(miss[known]) / first.pyramid.shape[1]) if known.any() else None


def _rendered(part: int, of: int) -> Iterable[Row]:
    """Skins rendered by others: each against itself photographed again, and against skins of other people."""
    files = sorted((SHARED / "skin_rendered_cc0").glob("*.jpg"))
    again = {k: rephotographed(files[k], np.random.default_rng([7, k])) for k in range(len(files))}
    for k in range(part, len(files), of):
        first, group = read(files[k]), {"group": files[k].name[:4]}
        yield group | judged("rendered again", first, again[k])
        yield group | judged("rendered, mirrored", first, mirrored(again[k]))
        others = [m for m in range(len(files)) if not _related(files[k], files[m])]
        for m in (others[(7 * k) % len(others)], others[(7 * k + 11) % len(others)]):
            yield group | judged("rendered, other person", first, again[m])


def _related(one: Path, other: Path) -> bool:
    """Whether two renderings share the skin or the hair model that their names state."""
    return bool(set(one.stem.split("_")[:2]) & set(other.stem.split("_")[:2]))


def _visits(part: int, of: int) -> Iterable[Row]:
    """Real repeat visits: landmark pairs, neighbours of each series; other limbs, other series, mirrored photos."""
    folder = SHARED / "visits"
    marked = [(p["ref"], p["mov"]) for p in json.loads((folder / "landmarks.json").read_text())["pairs"]]
    series: dict[str, list[str]] = {}
    for row in csv.DictReader((folder / "series.csv").read_text().splitlines()):
        series.setdefault(row["series"], []).append(row["image"])
    other = [row["image"] for row in csv.DictReader((folder / "unrelated_images.csv").read_text().splitlines())]
    photos = list(series.values())
    tasks = [("visits", *pair) for pair in marked]
    tasks += [("visits", *pair) for each in photos for pair in pairwise(each) if pair not in marked]
    tasks += [("visits, other limb", ref, each) for ref in sorted({ref for ref, _ in marked})[:4] for each in other]

    tasks += [("visits, mirrored", *pair) for pair in marked]
    for kind, ref, mov in tasks[part::of]:
        first, second = (read(folder / "images" / f"{name}.png") for name in (ref, mov))
        yield {"group": f"visit {ref}"} | judged(kind, first, mirrored(second) if "mirrored" in kind else second)


def summed_up(rows: list[Row]) -> Findings:
    """Counts by kind, the curve, and what the rule in force gives."""
    by_hand = [row for row in rows if row["kind"].endswith("by hand")]
    own = [row for row in rows if not row["kind"].endswith("by hand")]
    return {
        "right": sum(row["right"] for row in rows),
        "wrong": sum(not row["right"] for row in rows),
        "kinds": {kind: _kind(rows, kind) for kind in dict.fromkeys(row["kind"] for row in rows)},
        "automatic": curve(own),
        "by_hand": curve(by_hand),
        "maps": _maps(rows),
        "accept": ACCEPT,
    }


def _kind(rows: list[Row], kind: str) -> Findings:
    chosen = [row for row in rows if row["kind"] == kind]
    strength = [row["strength"] for row in chosen]
    return {
        "right": chosen[0]["right"],
        "accepted": proportion(sum(row["accepted"] for row in chosen), len(chosen)),
        "strength": [float(np.percentile(strength, q)) for q in (0, 5, 50, 95, 100)],
    }


def curve(rows: list[Row]) -> Findings:
    """The receiver operating characteristic of the strength alone; what is accepted must also be within the limits."""
    right, wrong = (np.sort([row["strength"] for row in rows if row["right"] is same]) for same in (True, False))
    if not len(right) or not len(wrong):
        return {}
    above = np.array([(right > w).mean() + 0.5 * (right == w).mean() for w in wrong])
    recall = {str(share): _recall(right, wrong, share) for share in (0.0, 0.01)}
    cuts = np.unique(np.concatenate([right, wrong]))
    cuts = cuts[np.linspace(0, len(cuts) - 1, min(_CURVE, len(cuts))).astype(int)]
    return {
        "right": len(right), "wrong": len(wrong), "auc": float(above.mean()), "recall_at": recall,
        "worst_wrong": float(wrong[-1]),
        "accepted_right": proportion(sum(row["accepted"] for row in rows if row["right"]), len(right)),
        "accepted_wrong": proportion(sum(row["accepted"] for row in rows if not row["right"]), len(wrong)),
        "points": {
            "threshold": [float(cut) for cut in cuts],
            "wrong_accepted": [float((wrong > cut).mean()) for cut in cuts],
            "right_accepted": [float((right > cut).mean()) for cut in cuts],
        },
    }  # fmt: skip


def _recall(right: NDArray[np.float64], wrong: NDArray[np.float64], share: float) -> float:
    """Right pairs accepted at the threshold that lets this share of the wrong ones through."""
    allowed = int(share * len(wrong))
    return float((right > wrong[len(wrong) - 1 - allowed]).mean())


def _maps(rows: list[Row]) -> Findings:
    """Of the accepted right pairs of known truth: how good their maps are."""
    errors = [row["error"] for row in rows if row["accepted"] and row["error"] is not None]
    wrong = sum(error > _WRONG_MAP for error in errors)
    return {
        "pairs": len(errors),
        "median": float(np.median(errors)) if errors else None,
        "p90": float(np.percentile(errors, 90)) if errors else None,
        "wrong": wrong,
    }


if __name__ == "__main__":
    print(json.dumps(run(quick=False, workers=2), indent=1))
