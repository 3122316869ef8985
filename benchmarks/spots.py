"""Pigmented spots, evenness and bruises through the whole pipeline: re-posed photos of rendered skin of known truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.findings import Findings
from benchmarks.scenes import calibrated
from benchmarks.spots_summary import BRUISE_METRICS, GAIN, LEFT, SPOT_METRICS, Row, summed_up
from benchmarks.spots_truth import drawn_around, seen_in, true_bruise, true_mottling, true_spots
from benchmarks.workers import spread
from tracker.alignment import AlignedImage, resample
from tracker.calibration import srgb_from_linear
from tracker.errors import TrackerError
from tracker.measurement import Measurement, Metric
from tracker.metrics import metric_named
from tracker.metrics.pigment import melanin_index
from tracker.phantom import FIXED_RIG, FREE_HAND, MARKED_FLOOR, RIGS, Rig, Scenario, State, build_stage, drawn_shot
from tracker.phantom import photograph as taken
from tracker.phantom.bruises import Bruises
from tracker.phantom.clutter import TIDY
from tracker.phantom.lesions import Spots
from tracker.phantom.optics import STANDARD
from tracker.phantom.scenario import named
from tracker.phantom.skin import Findings as Lesions
from tracker.pipeline import Reference, establish, follow
from tracker.region import WHOLE_SKIN, polygon_region
from tracker.repeatability import PROVISIONAL
from tracker.shading import smooth_under_mask
from tracker.timeline import compare_sessions, session_value

SIZE = (600, 800)
SEED = 20260601
TONES = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
SKINS = 2
MOTTLING = (0.02, 0.08, 0.14, 0.20)
MOTTLING_SIZE = (900, 1200)
"""Finer pixels: JPEG stores colour in blocks of 16, and at 0.18 mm a pixel these lie in the band of the mottling."""
AGES = (1.0, 5.0, 9.0)
REGION_MM = 29.0


@dataclass(frozen=True, slots=True)
class Course:
    """One skin and the photos taken of it."""

    kind: str
    tone: float
    skin: int
    quick: bool


def run(*, quick: bool, workers: int) -> Findings:
    """Every tone: spots that fade, mottling that grows, a bruise that heals, and skin that stays."""
    tones = TONES[1:2] if quick else TONES
    skins = range(1 if quick else SKINS)
    courses = [
        Course(kind, tone, skin, quick)
        for kind in WORK
        for tone in tones
        for skin in skins
        if kind != "mottling" or skin == 0
    ]
    rows = [row for part in spread(course, courses, workers=workers) for row in part]
    return summed_up(rows, tones)


def course(task: Course) -> list[Row]:
    """All photos of one skin."""
    return [row | {"kind": task.kind, "tone": task.tone, "skin": task.skin} for row in WORK[task.kind](task)]


def spotted(tone: float, *, gain: tuple[float, float] = GAIN) -> Scenario:
    """Skin with spots, and nothing else that is dark and round."""
    plan = named("spots")
    return replace(
        plan,
        complexion=replace(plan.complexion, melanin=tone, freckles=0, moles=0),
        findings=Lesions(spots=Spots(count=24, gain=gain, area=(66.0, 100.0))),
    )


def spots_course(task: Course) -> list[Row]:
    """A reference, photos of fading spots on a marked floor, and photos of unchanged spots with each rig."""
    plan = spotted(task.tone)
    stage = build_stage(plan, seed=600 + task.skin, size=SIZE)
    rng = np.random.default_rng([SEED, round(1000 * task.tone), task.skin])
    metrics = [metric_named(name) for name in SPOT_METRICS]
    shot = drawn_shot(plan, SIZE, rng, rig=MARKED_FLOOR)
    photo = taken(stage, shot, State())
    try:
        reference, first = establish(calibrated(photo), WHOLE_SKIN, metrics)
    except TrackerError as error:
        return [{"code": error.code, "rig": "", "left": 1.0}]
    layers = seen_in(photo, reference)
    given = {value.metric: value for value in first.measurements}
    start = true_spots(layers, stage, State(), reference)
    rows: list[Row] = [
        {"code": "", "rig": "", "left": 1.0, "unchanged": False}
        | {f"{name}": given[name].value if name in given else np.nan for name in SPOT_METRICS}
        | {f"true_{name}": value for name, value in start.items()}
        | _rivals(reference, reference.aligned)
    ]
    plans: list[tuple[Rig, float]] = [(MARKED_FLOOR, left) for left in (LEFT[1:2] if task.quick else LEFT)]
    plans += [(rig, 1.0) for rig in (RIGS[1:2] if task.quick else (FIXED_RIG, MARKED_FLOOR, MARKED_FLOOR, FREE_HAND))]
    for number, (rig, left) in enumerate(plans):
        state = State(spots=left)
        later = taken(stage, drawn_shot(plan, SIZE, rng, rig=rig), state, first=shot, session=1 + number)
        row: Row = {"rig": rig.name, "left": left, "unchanged": left == 1.0}
        row |= {f"true_{name}": value for name, value in true_spots(layers, stage, state, reference).items()}
        rows.append(row | _followed(reference, given, later, metrics))
    return rows


def _followed(reference: Reference, given: dict[str, Measurement], photo: Any, metrics: list[Metric]) -> Row:
    """A later photo: its values, what is said of them, and the rivals on the same light."""
    try:
        image = calibrated(photo)
        result = follow(reference, image, metrics)
    except TrackerError as error:
        return {"code": error.code}
    row: Row = {"code": "", "refused": [refused.metric for refused in result.refused]}
    for value in result.measurements:
        metric = metric_named(value.metric)
        then, now = (session_value(metric, (each,), PROVISIONAL) for each in (given[value.metric], value))
        change = compare_sessions(metric, then, now, PROVISIONAL)
        log = np.log(value.value / given[value.metric].value) if metric.multiplicative else np.nan
        row |= {
            value.metric: value.value,
            f"step_{value.metric}": log if metric.multiplicative else value.value - given[value.metric].value,
            f"told_{value.metric}": change.verdict.is_change,
            f"interval_{value.metric}": [change.low, change.high],
        }
    assert result.alignment is not None
    return row | (_rivals(reference, resample(image, result.alignment, reference.image)))


def _rivals(reference: Reference, aligned: AlignedImage) -> Row:
    """What is measured without any of this: grey levels of the marks, and the area beyond a fixed threshold."""
    marks = reference.marks.get("spot_contrast")
    if marks is None:
        return {}
    inside = (marks > 0) & aligned.valid & reference.aligned.valid
    grey = 255 * srgb_from_linear(aligned.linear @ np.array([0.2126, 0.7152, 0.0722], np.float32))
    skin = reference.mask & aligned.valid & reference.aligned.valid
    return {"rival_grey": -float(grey[inside].mean()), "rival_area": _fixed_area(reference, aligned, skin)}


def _fixed_area(reference: Reference, aligned: AlignedImage, skin: NDArray[np.bool_]) -> float:
    """Share of the skin that is darker than its surroundings by a threshold set once, in the reference, %."""
    mm = aligned.grid.mm_per_cell
    assert mm is not None

    def over(image: AlignedImage) -> NDArray[np.float32]:
        index = melanin_index(smooth_under_mask(image.linear, skin, 0.25 / mm))
        return np.asarray(index - smooth_under_mask(index, skin, 8.0 / mm), np.float32)

    start = over(reference.aligned)[skin]
    limit = 2 * 1.4826 * float(np.median(np.abs(start - np.median(start))))
    return float(100 * (over(aligned)[skin] > limit).mean())


def mottled_skins(task: Course) -> list[Row]:
    """Skins of one tone, more and more mottled; each photo is re-posed and stands for itself."""
    rows = []
    for level in MOTTLING[::3] if task.quick else MOTTLING:
        plan = named("spots")
        # Blood is the blotchier, the less melanin is mottled: one must not be taken for the other.
        complexion = replace(plan.complexion, melanin=task.tone, mottling=level, flush=MOTTLING[-1] + 0.04 - level)
        complexion = replace(complexion, freckles=0, moles=0, hairs=0.0)
        plan = replace(plan, complexion=complexion, findings=Lesions())
        size = SIZE if task.quick else MOTTLING_SIZE
        stage = build_stage(plan, seed=650 + task.skin, size=size)
        rng = np.random.default_rng([SEED, 7, round(1000 * task.tone), task.skin, round(100 * level)])
        photo = taken(stage, drawn_shot(plan, size, rng, rig=MARKED_FLOOR), State())
        row: Row = {"level": level} | {f"true_{name}": value for name, value in true_mottling(stage).items()}
        metrics = [metric_named(name) for name in ("melanin_mottling", "blood_mottling")]
        try:
            _, result = establish(calibrated(photo), WHOLE_SKIN, metrics)
        except TrackerError as error:
            rows.append(row | {"code": error.code})
            continue
        rows.append(row | {"code": ""} | {value.metric: value.value for value in result.measurements})
    return rows


def bruise_course(task: Course) -> list[Row]:
    """A bruise on its first day, and as it heals."""
    plan = named("bruise")
    plan = replace(
        plan,
        complexion=replace(plan.complexion, melanin=task.tone, moles=0, freckles=0),
        findings=Lesions(bruises=Bruises(count=1, area=(2.0, 2.0), size=(20.0, 34.0))),
        response=STANDARD,
        clutter=TIDY,
    )
    stage = build_stage(plan, seed=680 + task.skin, size=SIZE)
    rng = np.random.default_rng([SEED, 8, round(1000 * task.tone), task.skin])
    metrics = [metric_named(name) for name in BRUISE_METRICS]
    rows: list[Row] = []
    shot = drawn_shot(plan, SIZE, rng, rig=MARKED_FLOOR)
    reference, given = None, {}
    ages = AGES[:2] if task.quick else (*AGES[:1], AGES[0], *AGES[1:])
    for number, age in enumerate(ages):
        state = State(bruise_age=age)
        this = shot if number == 0 else drawn_shot(plan, SIZE, rng, rig=MARKED_FLOOR)
        photo = taken(stage, this, state, first=shot, session=number)
        row: Row = {"age": age, "unchanged": number > 0 and age == AGES[0], "rig": MARKED_FLOOR.name}
        row |= {f"true_{name}": value for name, value in true_bruise(stage, state, REGION_MM).items()}
        if reference is None:
            try:
                region = polygon_region(drawn_around(shot, REGION_MM))
                reference, first = establish(calibrated(photo), region, metrics)
            except TrackerError as error:
                return [row | {"code": error.code}]
            given = {value.metric: value for value in first.measurements}
            rows.append(row | {"code": ""} | {name: value.value for name, value in given.items()})
            continue
        rows.append(row | _followed(reference, given, photo, metrics))
    return rows


WORK: Final = {"spots": spots_course, "mottling": mottled_skins, "bruise": bruise_course}
