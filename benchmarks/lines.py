"""Lines and fine relief in close-ups, through the whole pipeline: fading, re-posing, another lamp, and rivals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.estimates import MDC95_PER_SD, agreement, proportion, within_subject_sd
from benchmarks.findings import Findings
from benchmarks.line_rivals import RIVALS, rival_values
from benchmarks.line_scenes import SIZE, TONES, region_polygon, stage_of
from benchmarks.scenes import calibrated
from benchmarks.workers import spread
from tracker.alignment import resample
from tracker.calibration import srgb_from_linear
from tracker.errors import AlignmentFailed, PhotoRejected
from tracker.measurement import Metric, with_exclusions
from tracker.metrics import metric_named
from tracker.phantom import RIGS, PhantomPhoto, Rig, Shot, Stage, State, drawn_shot, photograph
from tracker.pipeline import Reference, Result, establish, follow
from tracker.region import polygon_region
from tracker.repeatability import PROVISIONAL
from tracker.timeline import compare_sessions, session_value

SEED = 20260606
METRICS = ("line_contrast", "line_length", "fine_roughness")
LEFT = (0.8, 0.6, 0.3, 0.0)
SKINS = 1
SESSIONS = 2
COUNTS = (0, 4, 8, 13)
MICRO_MM = (0.01, 0.02, 0.035)
TURNS = (10.0, -20.0, 40.0, -60.0, 90.0, 180.0)
FRONTAL = 5.0
SAME_LAMP = Rig("lamp untouched", 0.0, 0.0, 0.0, 0.02, 1.5, 2.0, 0.025, 0.7, 0.15, 0.015)
"""A marked floor whose lamp stays: only camera and skin are posed anew."""

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Fading lines, unchanged ones taken anew, more lines, other lamps."""
    tones = TONES[1:5:3] if quick else TONES
    rigs = RIGS[:1] if quick else (SAME_LAMP, *RIGS)
    fading = spread(fade, [(t, k) for t in tones for k in range(1 if quick else SKINS)], workers=workers)
    again = spread(repeat, [(t, rig) for t in tones for rig in rigs], workers=workers)
    counted = spread(count, [(t, n) for t in tones[::2] for n in (COUNTS[::4] if quick else COUNTS)], workers=workers)
    textured = spread(
        texture, [(t, m) for t in tones[::2] for m in (MICRO_MM[::2] if quick else MICRO_MM)], workers=workers
    )
    turned = spread(relight, [(t, quick) for t in (tones[:1] if quick else tones[1::3])], workers=workers)
    rows = [row for course in fading for row in course]
    return {
        "photos": sum(map(len, (*fading, *again, *turned))) + len(counted) + len(textured),
        "metrics": _values(rows, counted, textured),
        "change": {name: _changes(rows, name) for name in METRICS},
        "by_tone": _by_tone(fading),
        "length": _lengths(counted),
        "null": {rig.name: {name: _null(again, rig.name, name) for name in METRICS} for rig in rigs},
        "light": _lights([row for course in turned for row in course]),
        "rival": _rivals(rows, again),
        "grey_sd_of_texture": agreement(
            [row["grey"] for row in textured], [row["truth"]["fine_roughness"] for row in textured]
        ),
    }


def fade(task: tuple[float, int]) -> list[Row]:
    """One skin as grown, and later with a part of the depth of its lines, lamp and camera on one stand."""
    tone, skin = task
    stage = stage_of(tone, 500 + skin)
    rng = np.random.default_rng([SEED, 1, round(1000 * tone), skin])
    shots = [(State(wrinkles=left), drawn_shot(stage.plan, SIZE, rng, rig=RIGS[0])) for left in LEFT]
    rows = _course(stage, drawn_shot(stage.plan, SIZE, rng, rig=RIGS[0]), shots)
    return [row | {"tone": tone, "skin": skin} for row in rows]


def repeat(task: tuple[float, Rig]) -> list[Row]:
    """One unchanged skin, taken anew with one rig."""
    tone, rig = task
    stage = stage_of(tone, 520)
    rng = np.random.default_rng([SEED, 2, round(1000 * tone), *rig.name.encode()])
    shots = [drawn_shot(stage.plan, SIZE, rng, rig=rig) for _ in range(1 + SESSIONS)]
    rows = _course(stage, shots[0], [(State(), shot) for shot in shots[1:]])
    return [row | {"tone": tone, "rig": rig.name} for row in rows]


def count(task: tuple[float, int]) -> Row:
    """One photo by itself of skin with so many lines, each deep enough to be one."""
    tone, lines = task
    stage = stage_of(tone, 540 + lines, lines=lines, depth=(0.1, 0.22))
    rng = np.random.default_rng([SEED, 3, round(1000 * tone), lines])
    photo = photograph(stage, drawn_shot(stage.plan, SIZE, rng, rig=RIGS[0]))
    _, result = establish(calibrated(photo), polygon_region(region_polygon(photo)), _metrics())
    found = {m.metric: m.value for m in result.measurements}
    truth = photo.truth.metrics
    return {"tone": tone, "lines": lines, "found": found, "truth": {n: truth[n] for n in METRICS if n in truth}}


def texture(task: tuple[float, float]) -> Row:
    """One photo by itself of skin without lines whose own relief is finer or coarser."""
    tone, micro = task
    stage = stage_of(tone, 580, lines=0, micro=micro)
    rng = np.random.default_rng([SEED, 5, round(1000 * tone), round(1e4 * micro)])
    photo = photograph(stage, drawn_shot(stage.plan, SIZE, rng, rig=SAME_LAMP))
    name = "fine_roughness"
    image = calibrated(photo)
    reference, result = establish(image, polygon_region(region_polygon(photo)), (metric_named(name),))
    value = next((m.value for m in result.measurements), np.nan)
    grey = srgb_from_linear(image.linear[reference.mask]).astype(np.float64) @ np.array([0.2126, 0.7152, 0.0722])
    return {"tone": tone, "found": {name: value}, "truth": photo.truth.metrics, "grey": 100 * grey.std() / grey.mean()}


def relight(task: tuple[float, bool]) -> list[Row]:
    """One unchanged skin under a lamp that was carried round, or to the camera."""
    tone, few = task
    stage = stage_of(tone, 560)
    rng = np.random.default_rng([SEED, 4, round(1000 * tone)])
    first, *shots = (drawn_shot(stage.plan, SIZE, rng, rig=RIGS[0]) for _ in range(2 + len(TURNS)))
    lights = [replace(shot.light, azimuth=shot.light.azimuth + by) for shot, by in zip(shots, TURNS, strict=False)]
    lights.append(replace(shots[-1].light, slant=FRONTAL))
    moved = [(State(), replace(shot, light=light)) for shot, light in zip(shots, lights, strict=True)]
    names = [*(f"{by:g}" for by in TURNS), "frontal"]
    chosen = slice(1, None, 2) if few else slice(None)
    rows = _course(stage, first, moved[chosen])
    return [row | {"turn": name} for row, name in zip(rows, names[chosen], strict=True)]


def _metrics() -> tuple[Metric, ...]:
    return tuple(metric_named(name) for name in METRICS)


def _course(stage: Stage, first: Shot, later: Sequence[tuple[State, Shot]]) -> list[Row]:
    """Each later photo beside the first: changes, what is refused, and what rivals read."""
    photo = photograph(stage, first)
    reference, own = establish(calibrated(photo), polygon_region(region_polygon(photo)), _metrics())
    return [
        _later(reference, own, photo, photograph(stage, shot, state, first=first, session=1 + number))
        for number, (state, shot) in enumerate(later)
    ]


def _later(reference: Reference, own: Result, first: PhantomPhoto, photo: PhantomPhoto) -> Row:
    row: Row = {"left": photo.state.wrinkles, "failed": "", "change": {}, "refused": {}, "rival": {}}
    try:
        image = calibrated(photo)
        result = follow(reference, image, _metrics())
    except (PhotoRejected, AlignmentFailed) as error:
        return row | {"failed": error.code}
    assert result.alignment is not None
    aligned = resample(image, result.alignment, reference.image)
    aligned = with_exclusions(aligned, image, reference.mask, alignment=result.alignment, reference=reference.aligned)
    row["rival"] = {name: rival_values(reference, aligned)[name] for name in RIVALS}
    row["refused"] = {r.metric: r.reason for r in result.refused}
    whole = {m.metric: m for m in own.measurements}
    for found in result.measurements:
        metric = metric_named(found.metric)
        then, now = (session_value(metric, (m,), PROVISIONAL) for m in (whole[found.metric], found))
        told = compare_sessions(metric, then, now)
        row["change"][found.metric] = {
            "value": found.value, "first": whole[found.metric].value, "change": told.change, "low": told.low,
            "high": told.high, "alarm": told.verdict.is_change,
            "truth": photo.truth.metrics[found.metric], "true_first": first.truth.metrics[found.metric],
            "true_change": _true_change(metric, photo, first),
        }  # fmt: skip
    return row


def _true_change(metric: Metric, photo: PhantomPhoto, first: PhantomPhoto) -> float:
    """What the skin did: under the lamp of the first photo, in the unit in which changes are stated."""
    if metric.name == "line_contrast":
        return 100 * (photo.state.wrinkles / first.state.wrinkles - 1)
    if metric.name == "fine_roughness":
        return 0.0
    return photo.truth.metrics[metric.name] - first.truth.metrics[metric.name]


def _told(rows: Sequence[Row], name: str) -> list[Row]:
    return [row["change"][name] | {"tone": row.get("tone")} for row in rows if name in row["change"]]


def _values(rows: list[Row], counted: list[Row], textured: list[Row]) -> Findings:
    """Found against true values of single photos."""
    found: Findings = {}
    for name in METRICS:
        if name != "line_contrast":
            own = counted if name == "line_length" else textured
            pairs = [(row["found"][name], row["truth"][name]) for row in own]
        else:
            pairs = [(each["value"], each["truth"]) for each in _told(rows, name)]
        found[name] = agreement([a for a, _ in pairs], [b for _, b in pairs])
    return found


def _changes(rows: list[Row], name: str) -> Findings:
    told = _told(rows, name)
    line = agreement([each["change"] for each in told], [each["true_change"] for each in told])
    covered = [each["low"] <= each["true_change"] <= each["high"] for each in told]
    monotone = proportion(*_monotone(rows, name))
    return {"line": line, "covered": proportion(sum(covered), len(covered)), "monotone": monotone}


def _monotone(rows: list[Row], name: str) -> tuple[int, int]:
    """Skins whose value falls with each step of the depth, of those with all steps."""
    skins: dict[tuple[float, int], list[float]] = {}
    for row in rows:
        if name in row["change"]:
            skins.setdefault((row["tone"], row["skin"]), []).append(row["change"][name]["value"])
    whole = [values for values in skins.values() if len(values) == len(LEFT)]
    return sum(all(a >= b for a, b in pairwise(v)) for v in whole), len(whole)


def _by_tone(fading: list[list[Row]]) -> list[Findings]:
    found = []
    for tone in dict.fromkeys(row["tone"] for course in fading for row in course):
        rows = [row for course in fading for row in course if row["tone"] == tone]
        contrast, fine = (_told(rows, name) for name in ("line_contrast", "fine_roughness"))
        line = agreement([each["change"] for each in contrast], [each["true_change"] for each in contrast])
        found.append({
            "tone": tone, "photos": len(rows), "compared": len(contrast), "slope": line.slope, "rmse": line.rmse,
            "value_ratio": _ratio(contrast), "fine_ratio": _ratio(fine),
        })  # fmt: skip
    return found


def _ratio(told: list[Row]) -> float:
    """Found over true value of the reference photos."""
    values = {each["first"] / each["true_first"] for each in told if each["true_first"]}
    return float(np.mean(list(values))) if values else np.nan


def _lengths(counted: list[Row]) -> Findings:
    """Lines on skin with and without any; the slope is not 1, since the ends of a line run out."""
    name = "line_length"
    bare = [row["found"][name] for row in counted if not row["lines"]]
    some = [row for row in counted if row["lines"]]
    return {
        "bare": {"photos": len(bare), "with_lines": sum(value > 0 for value in bare), "most": max(bare, default=0.0)},
        "declined": sum("line_contrast" not in row["found"] for row in counted if not row["lines"]),
        "line": agreement([row["found"][name] for row in counted], [row["truth"][name] for row in counted]),
        "seen": float(np.mean([row["found"][name] / row["truth"][name] for row in some])) if some else np.nan,
    }


def _null(again: list[list[Row]], rig: str, name: str) -> Findings:
    """Unchanged skin taken anew: spread, false alarms and coverage, of what the program compares."""
    courses = [course for course in again if course and course[0]["rig"] == rig]
    rows = [row for course in courses for row in course]
    told = _told(rows, name)
    scale = np.log1p if metric_named(name).multiplicative else (lambda value: 100 * value)
    series = [[0.0, *(float(scale(each["change"] / 100)) for each in _told(course, name))] for course in courses]
    spread_of = within_subject_sd(series)
    covered = [each["low"] <= 0 <= each["high"] for each in told]
    reasons = Counter(row["failed"] or row["refused"].get(name, "")[:60] for row in rows if name not in row["change"])
    return {
        "n": len(rows), "compared": len(told), "s_w": spread_of.sd, "mdc95": MDC95_PER_SD * spread_of.sd,
        "alarms": proportion(sum(each["alarm"] for each in told), len(told)),
        "covered": proportion(sum(covered), len(covered)), "refused": dict(reasons.most_common(4)),
    }  # fmt: skip


def _lights(rows: list[Row]) -> list[Findings]:
    """What the gate does with unchanged skin under another lamp, and what line contrast would have said."""
    found = []
    for turn in dict.fromkeys(row["turn"] for row in rows):
        own = [row for row in rows if row["turn"] == turn]
        told = _told(own, "line_contrast")
        found.append({
            "turn": turn, "photos": len(own), "refused": len(own) - len(told),
            "alarms": sum(each["alarm"] for each in told), "changes": [each["change"] for each in told],
        })  # fmt: skip
    return found


def _rivals(rows: list[Row], again: list[list[Row]]) -> Findings:
    """Each rival as a change in per cent on the same pairs: how it follows the fading, and its spread."""
    kept = [row for row in rows if "line_contrast" in row["change"]]
    truth = [row["change"]["line_contrast"]["true_change"] for row in kept]
    ours = {"line_contrast": agreement([row["change"]["line_contrast"]["change"] for row in kept], truth)}
    lines = ours | {name: agreement([row["rival"][name] for row in kept], truth) for name in RIVALS}
    fixed = [c for c in again if c and c[0]["rig"] == RIGS[0].name]
    spreads = {name: within_subject_sd([[0.0, *(_rival_log(r, name) for r in c)] for c in fixed]).sd for name in RIVALS}
    spreads["line_contrast"] = _null(again, RIGS[0].name, "line_contrast")["s_w"]
    return {
        name: {"line": line, "s_w": spreads[name], "noise": spreads[name] / abs(line.slope) if line.slope else np.nan}
        for name, line in lines.items()
    }


def _rival_log(row: Row, name: str) -> float:
    return float(np.log1p(max(row["rival"].get(name, 0.0), -99.0) / 100))
