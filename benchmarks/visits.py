"""Real repeat visits of a wound clinic, where the evaluation data lies beside the project."""

from __future__ import annotations

import csv
import json
from itertools import combinations
from typing import Any

import numpy as np

from benchmarks.estimates import proportion
from benchmarks.findings import Findings
from benchmarks.workers import spread
from benchmarks.wrong_pairs import SHARED
from tracker.alignment import Alignment
from tracker.calibration import CalibratedImage, calibrate
from tracker.errors import AlignmentFailed
from tracker.photo import read_photo
from tracker.pipeline import align_or_explain

FOLDER = SHARED / "visits"
Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """All pairs; nothing where the photos are missing, two of each kind if `quick`."""
    if not FOLDER.is_dir():
        return {}
    most = 2 if quick else None
    marked = json.loads((FOLDER / "landmarks.json").read_text())["pairs"]
    tasks: list[tuple[str, str, str, Any]] = [("landmarks", p["ref"], p["mov"], p) for p in marked[:most]]
    tasks += [("double", row["a"], row["b"], None) for row in _rows("same_photo_pairs.csv")[:most]]
    series: dict[str, list[str]] = {}
    for row in _rows("series.csv"):
        series.setdefault(row["series"], []).append(row["image"])
    together = [pair for photos in series.values() for pair in combinations(photos, 2)]
    tasks += [("series", *pair, None) for pair in together[:most]]
    rows = spread(one_pair, tasks, workers=workers)
    return {
        "landmarks": _landmarks([row for row in rows if row["kind"] == "landmarks"]),
        "doubles": _doubles([row for row in rows if row["kind"] == "double"]),
        "series": _series([row for row in rows if row["kind"] == "series"]),
    }


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text().splitlines()))


def one_pair(task: tuple[str, str, str, Any]) -> Row:
    """Whether a pair is aligned, why not, and how far off it is."""
    kind, ref, mov, marks = task
    first, second = _image(ref), _image(mov)
    row: Row = {"kind": kind, "aligned": True, "code": "", "overlap": 0.0}
    try:
        found = align_or_explain(first, second)
    except AlignmentFailed as refusal:
        return row | {"aligned": False, "code": refusal.code}
    row["overlap"] = found.overlap
    if marks is not None:
        here, there = (np.array(marks[side], dtype=np.float64)[:, ::-1] for side in ("ref_xy", "mov_xy"))
        row["error"] = float(np.median(np.hypot(*(found.at(here) - there).T)))
    return row | (_double(found) if kind == "double" else {})


def _image(name: str) -> CalibratedImage:
    return calibrate(read_photo(FOLDER / "images" / f"{name}.png"))


def _double(found: Alignment) -> Row:
    """How far the map of a photo and its double is from standing still, and from one common shift."""
    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    shift = (found.moving - nodes)[found.usable]
    apart = shift - np.median(shift, axis=0)
    return {"shift": float(np.median(np.hypot(*shift.T))), "spread": float(np.median(np.hypot(*apart.T)))}


def _landmarks(rows: list[Row]) -> Findings:
    errors = [row.get("error", np.inf) for row in rows]
    return {
        "aligned": proportion(sum(row["aligned"] for row in rows), len(rows)),
        "median": float(np.median(errors)), "p90": float(np.percentile(errors, 90)), "worst": max(errors),
    }  # fmt: skip


def _doubles(rows: list[Row]) -> Findings:
    known = [row for row in rows if row["aligned"]]
    return {
        "aligned": proportion(len(known), len(rows)),
        **{name: [row[name] for row in known] for name in ("shift", "spread")},
    }


def _series(rows: list[Row]) -> Findings:
    codes = [row["code"] for row in rows if not row["aligned"]]
    return {
        "aligned": proportion(len(rows) - len(codes), len(rows)),
        "refused": {code: codes.count(code) for code in dict.fromkeys(codes)},
        "overlap": float(np.median([row["overlap"] for row in rows if row["aligned"]] or [0.0])),
    }


if __name__ == "__main__":
    print(json.dumps(run(quick=False, workers=2), indent=1))
