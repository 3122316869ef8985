"""Simulated courses of known truth, judged as a report judges them: false claims, power, coverage.

Values are drawn, not photographed: what a photo does to a value is in the other parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import proportion
from benchmarks.findings import Findings
from tracker.measurement import Measurement, Metric
from tracker.metrics import metric_named
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline import Change, MetricTimeline, beside_control, timeline, trend_of

COURSES: Final = 500
DAYS: Final = (0, 8, 16, 24, 38, 52, 80, 110)
"""Injections every 7 to 10 days at first, then every two weeks, then monthly."""
SHOTS: Final = 2
METRICS: Final = ("delta_mi", "relief")
START: Final = {"delta_mi": 8.0, "relief": 4.0}
SHARE_OF_SESSION: Final = 0.75
"""Of the variance between photos; the rest differs from photo to photo within a session."""
SIDES: Final = 0.6
"""Correlation of what differs between sessions on the two sides of a body."""
MISSING: Final = 0.3
_SEED: Final = 20260405
_FIRST: Final = date(2026, 3, 2)
_DRAWS: Final = 24
_PART: Final = 0.15
"""Other terms of the uncertainty of a photo, as a share of the spread between sessions."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What truly happens, in multiples of the smallest detectable change.

    Attributes
    ----------
    title : str
    effect : float
        On the treated side at the end of the course.
    drift : float
        On both sides at the end of the course.
    step : float
        On both sides from the middle of the course on: another camera.
    missing : float
        Share of the sessions without a photo.
    """

    title: str
    effect: float = 0.0
    drift: float = 0.0
    step: float = 0.0
    missing: float = 0.0


SCENARIOS: Final = {
    "null": Scenario("nothing changes"),
    "change_1": Scenario("slow real change of 1 MDC95", effect=-1.0),
    "change_2": Scenario("slow real change of 2 MDC95", effect=-2.0),
    "change_3": Scenario("slow real change of 3 MDC95", effect=-3.0),
    "drift": Scenario("both sides drift by 1 MDC95", drift=1.0),
    "drift_and_change": Scenario("both sides drift by 1, the treated one changes by 2", drift=1.0, effect=-2.0),
    "camera": Scenario("another camera from the middle on: both sides jump by 1 MDC95", step=1.0),
    "missing": Scenario("nothing changes, 30 % of the sessions are missing", missing=MISSING),
    "missing_2": Scenario("slow real change of 2 MDC95, 30 % missing", effect=-2.0, missing=MISSING),
}


def run(*, quick: bool, workers: int) -> Findings:
    """Judge many courses of each scenario.

    Parameters
    ----------
    quick : bool
        Few courses, for tests.
    workers : int
        Not used: it takes a minute.
    """
    count = 40 if quick else COURSES
    found: dict[str, Any] = {"courses": count, "sessions": len(DAYS), "shots": SHOTS, "scenarios": {}}
    for name in METRICS:
        found["scenarios"][name] = {key: _scenario(name, key, count) for key in SCENARIOS}
    return found


def _scenario(name: str, key: str, count: int) -> Findings:
    metric, scenario = metric_named(name), SCENARIOS[key]
    rng = np.random.default_rng([_SEED, METRICS.index(name), list(SCENARIOS).index(key)])
    study = _study(metric)
    rows = [_course(metric, scenario, study, rng) for _ in range(count)]
    return {
        "mdc95": _limit(metric, study),
        "alone": _summary([row["alone"] for row in rows]),
        "provisional": _summary([row["provisional"] for row in rows]),
        "beside": _summary([row["beside"] for row in rows]),
        "trend": proportion(sum(row["trend"] for row in rows), count),
        "at_any_visit": proportion(sum(row["any"] for row in rows), count),
    }


def _study(metric: Metric) -> Repeatability:
    """What a clinic's own study would have found, had it found the truth."""
    session, shot = (metric.session_sd * np.sqrt(share) for share in (SHARE_OF_SESSION, 1 - SHARE_OF_SESSION))
    return Repeatability(
        {metric.name: float(session)},
        source="study",
        shot_sd={metric.name: float(shot)},
        side_correlation={metric.name: SIDES},
    )


def _limit(metric: Metric, study: Repeatability) -> float:
    """Smallest detectable change of a session against the baseline, as a difference or a logarithm."""
    return float(1.96 * np.sqrt(2 * study.of(metric, SHOTS) ** 2 + 2 * (_PART * metric.session_sd) ** 2 / SHOTS))


def _course(metric: Metric, scenario: Scenario, study: Repeatability, rng: np.random.Generator) -> Findings:
    limit = _limit(metric, study)
    progress = np.array(DAYS) / DAYS[-1]
    common = limit * (scenario.drift * progress + scenario.step * (progress > progress[len(DAYS) // 2 - 1]))
    truth = common + limit * scenario.effect * progress, common
    shown = rng.random(len(DAYS)) >= scenario.missing
    shown[[0, -1]] = True
    errors = rng.multivariate_normal((0, 0), ((1, SIDES), (SIDES, 1)), len(DAYS)).T * study.session_sd[metric.name]
    sides = [_photos(metric, of + error, shown, study, rng) for of, error in zip(truth, errors, strict=True)]
    alone, provisional = (_line(metric, sides[0], repeat) for repeat in (study, PROVISIONAL))
    treated = beside_control([alone], [_line(metric, sides[1], study)], study)[0]
    assert treated.relative is not None
    trend = trend_of(alone, study)
    return {
        "alone": _judged(alone.changes[-1], metric, truth[0][-1]),
        "provisional": _judged(provisional.changes[-1], metric, truth[0][-1]),
        "beside": _judged(treated.relative.changes[-1], metric, truth[0][-1] - truth[1][-1]),
        "trend": bool(trend and trend.is_certain),
        "any": any(change.verdict.is_change for change in alone.changes),
    }


def _photos(
    metric: Metric, levels: Array, shown: NDArray[np.bool_], study: Repeatability, rng: np.random.Generator
) -> list[Measurement]:
    photos = []
    for k in np.flatnonzero(shown):
        for shot in range(SHOTS):
            part = _PART * metric.session_sd
            off = float(levels[k]) + rng.normal(0, study.shot_sd[metric.name]) + rng.normal(0, part)
            photos.append(_photo(metric, off, part, DAYS[k], shot))
    return photos


def _photo(metric: Metric, off: float, part: float, day: int, shot: int) -> Measurement:
    start = START[metric.name]
    value = start * float(np.exp(off)) if metric.multiplicative else start + off
    part = part * value if metric.multiplicative else part
    return Measurement(
        metric.name, metric.method, metric.unit, value, part, f"{day}-{shot}", _FIRST + timedelta(days=day),
        (("region", 0.0), ("alignment", part)), (value,) * _DRAWS, 1.0,
    )  # fmt: skip


def _line(metric: Metric, photos: Sequence[Measurement], repeatability: Repeatability) -> MetricTimeline:
    return timeline(photos, [], [metric], repeatability).of(metric.name)


def _judged(change: Change, metric: Metric, truth: float) -> Findings:
    """Whether a change is claimed, in which direction, and whether the interval holds the truth."""
    assert change.change is not None
    assert change.low is not None
    assert change.high is not None
    claimed = change.verdict.is_change
    return {
        "claimed": claimed,
        "wrong_way": claimed and change.change * truth < 0,
        "held": change.low <= (100 * float(np.expm1(truth)) if metric.multiplicative else truth) <= change.high,
    }


def _summary(rows: Sequence[Findings]) -> Findings:
    return {key: proportion(sum(row[key] for row in rows), len(rows)) for key in ("claimed", "wrong_way", "held")}
