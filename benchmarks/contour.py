"""Accuracy of silhouette widths and area: limbs that get slimmer or stouter, photographed from nearer and farther."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import within_subject_sd
from benchmarks.findings import Findings
from benchmarks.pairs import agreement_of, by_tone, error_of, judged, unchanged, worst_over_best
from benchmarks.scenes import calibrated, thigh
from benchmarks.workers import spread
from tracker.alignment import AlignedImage, resample
from tracker.errors import MeasurementDeclined, TrackerError
from tracker.measurement import measure
from tracker.metrics.contour import BAND, LEVELS, SILHOUETTE_AREA, WIDTHS
from tracker.phantom import MARKED_FLOOR, RIGS, Shot, Stage, build_stage, drawn_shot, photograph
from tracker.pipeline import Reference, establish, follow
from tracker.region import WHOLE_SKIN

SEED: Final = 20270613
SIZE: Final = (600, 800)
TONES: Final = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
SLIMMER_MM: Final = (5.0, 10.0, -5.0)
LENS: Final = (0.9, 1.1)
"""Distance of the camera over that of the plan."""
METRICS: Final = (*WIDTHS, SILHOUETTE_AREA)
NAMES: Final = tuple(metric.name for metric in METRICS)
RIVALS: Final = ("fixed_scale", "aligned")
_STEP_MM: Final = 0.05

Row = dict[str, Any]
Points = NDArray[np.float64]


def run(*, quick: bool, workers: int) -> Findings:
    """Unchanged limbs with every rig and slimmer ones at other distances, for each tone."""
    tones = TONES[1::3] if quick else TONES
    tasks = [(tone, t + len(TONES) * k, quick) for t, tone in enumerate(tones) for k in range(1 if quick else 2)]
    rows = [row for part in spread(course, tasks, workers=workers) for row in part]
    seen = [row for row in rows if not row["code"]]
    pairs = {rig.name: [row for row in rows if row["kind"] == rig.name] for rig in RIGS}
    found = by_tone(seen, NAMES)
    return {
        "photos": len(rows),
        "refused": dict(sorted(Counter(row["code"] for row in rows if row["code"]).items())),
        "metrics": {name: agreement_of(seen, name) for name in NAMES},
        "area_error_percent": _area_error(seen),
        "by_tone": found,
        "worst_over_best": {name: worst_over_best(found, name) for name in NAMES},
        "null": {
            name: {rig: unchanged([row["pairs"] for row in mine], name) for rig, mine in pairs.items() if mine}
            for name in NAMES
        },
        "rival": {name: _rival(seen, pairs, name) for name in RIVALS},
    }


def _area_error(rows: list[Row]) -> float:
    """Root mean square of the relative error of the area, %."""
    ratios = [row["silhouette_area"] / row["true_silhouette_area"] - 1 for row in rows if "silhouette_area" in row]
    return 100 * float(np.sqrt(np.mean(np.square(ratios)))) if ratios else float("nan")


def _rival(rows: list[Row], pairs: dict[str, list[Row]], name: str) -> Findings:
    """Error of another way to take the width at half height, over ours on the same photos, and its spread."""
    same = [row for row in rows if row["kind"] == "course" and name in row]
    error = error_of(same, name, "true_width_50")
    return {
        "rmse": error,
        "over_ours": error / error_of(same, "width_50"),
        "s_w": {
            rig: within_subject_sd([[row["first"], row[name]] for row in mine if name in row]).sd
            for rig, mine in pairs.items()
            if mine
        },
    }


def course(task: tuple[float, int, bool]) -> list[Row]:
    """One limb: its reference, unchanged photos with every rig, and changed ones from nearer or farther."""
    tone, number, quick = task
    plan = thigh(slant=50.0, melanin=tone)
    stage = build_stage(plan, seed=1700 + number, size=SIZE)
    rng = np.random.default_rng([SEED, number])
    first = drawn_shot(plan, SIZE, rng, rig=MARKED_FLOOR)
    row: Row = {"tone": tone, "kind": "reference"}
    try:
        reference, _ = establish(calibrated(photograph(stage, first)), WHOLE_SKIN, METRICS)
    except TrackerError as error:
        return [row | {"code": error.code}]
    values = {value.metric: value.value for value in reference.values}
    if "width_50" not in values:
        return [row | {"code": "declined"}]
    true = true_values(reference, stage, first, first)
    rows = [row | values | true | {"code": ""}]
    later = [(rig.name, 0.0, rig) for rig in RIGS[: 1 if quick else None]]
    later += [("course", by_mm, MARKED_FLOOR) for by_mm in SLIMMER_MM[: 1 if quick else None]]
    for session, (kind, by_mm, rig) in enumerate(later, start=1):
        shot = drawn_shot(plan, SIZE, rng, rig=rig)
        if kind == "course":
            shot = replace(shot, camera=replace(shot.camera, scale=float(rng.uniform(*LENS))))
        known = {"tone": tone, "kind": kind, "slimmer": by_mm, "first": values["width_50"]}
        rows.append(known | _later(reference, true, slimmed(stage, by_mm), first, shot, session))
    return rows


def slimmed(stage: Stage, by_mm: float) -> Stage:
    """The same limb, narrower by this on both sides together; the skin that is still seen stays where it was."""
    body = stage.skin.body
    return replace(stage, skin=replace(stage.skin, body=replace(body, half_width=body.half_width - by_mm / 2)))


def _later(reference: Reference, true: Row, stage: Stage, first: Shot, shot: Shot, session: int) -> Row:
    image = calibrated(photograph(stage, shot, first=first, session=session))
    try:
        result = follow(reference, image, METRICS)
    except TrackerError as error:
        return {"code": error.code, "pairs": {}}
    assert result.alignment is not None
    now = true_values(reference, stage, first, shot)
    before = {value.metric: value for value in reference.values}
    values = {value.metric: value for value in result.measurements}
    row = now | {name: value.value for name, value in values.items()}
    row["pairs"] = {name: judged(before[name], value, _true_change(name, true, now)) for name, value in values.items()}
    row["code"] = "" if set(values) == set(before) else "not compared"
    return row | _rivals(reference, resample(image, result.alignment, reference.image), row)


def _true_change(name: str, before: Row, after: Row) -> float:
    was, now = before[f"true_{name}"], after[f"true_{name}"]
    return float(100 * (now / was - 1) if name == SILHOUETTE_AREA.name else now - was)


def _rivals(reference: Reference, image: AlignedImage, row: Row) -> Row:
    """The width in pixels times the scale of the first photo, and that in the photo after it was aligned."""
    if "width_50" not in row:
        return {}
    assert image.own is not None
    assert image.own.scale is not None
    assert reference.image.scale is not None
    found = {"fixed_scale": row["width_50"] / image.own.scale.mm_per_px * reference.image.scale.mm_per_px}
    moved = replace(image, own=replace(reference.image, linear=image.linear), by=None)
    try:
        marks = reference.marks["width_50"]
        found["aligned"] = measure(moved, reference.mask, WIDTHS[0], marked=False, marks=marks).value
    except MeasurementDeclined:
        pass
    return found


def true_values(reference: Reference, stage: Stage, first: Shot, shot: Shot) -> Row:
    """True widths at the levels and area between the outer ones, of the limb as it lies in one photo.

    The lines are those of the reference, as straight lines through where their skin lies in this photo.
    """
    marks = reference.marks["width_50"]
    count = int(marks.max()) - 2 * BAND
    chords = [_chord(reference, marks == 1 + BAND + k, stage, first, shot) for k in range(count)]
    width = np.array([chord[0] for chord in chords])
    ends = np.array([chords[0][1], chords[-1][1]])
    places = np.linspace(0, count - 1, len(LEVELS)).round().astype(int)
    found = {
        f"true_width_{level}": float(width[max(0, at - BAND) : at + BAND + 1].mean())
        for level, at in zip(LEVELS, places, strict=True)
    }
    height = float(np.hypot(*(ends[1] - ends[0])))
    return found | {"true_silhouette_area": float(width.mean() * height / 100)}


def _chord(
    reference: Reference, cells: NDArray[np.bool_], stage: Stage, first: Shot, shot: Shot
) -> tuple[float, Points]:
    """Length of a line inside the body, mm, and its middle in the scene of a photo."""
    points = reference.image.grid.to_photo(np.argwhere(cells)[::4].astype(np.float64))
    scene = shot.tissue.to_scene(first.tissue.to_skin(first.camera.to_scene(points)))
    middle = scene.mean(axis=0)
    _, _, axes = np.linalg.svd(scene - middle, full_matrices=False)
    along = np.arange(-200.0, 200.0, _STEP_MM)
    place = shot.tissue.to_skin(middle + along[:, None] * axes[0])
    inside = np.abs(stage.skin.body.across(place[:, 0], place[:, 1])) < 1.0
    return float(inside.sum() * _STEP_MM), middle
