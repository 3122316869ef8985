"""Several quantities at a time: the largest of many changes of unchanged skin looks like one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date

from scipy.special import ndtr, ndtri

from tracker.measurement import Metric
from tracker.timeline.change import LEVEL, Change, MetricTimeline, Verdict
from tracker.timeline.comparing import Arithmetic
from tracker.trend import holm


def judged_together(lines: list[MetricTimeline], primary: Collection[str]) -> list[MetricTimeline]:
    """Lines whose limits allow for how many quantities of a session were looked at.

    Parameters
    ----------
    lines : list of MetricTimeline
    primary : collection of str
        Metrics that were named before anything was measured; each is judged by itself.

    Returns
    -------
    list of MetricTimeline
        With wider limits for the others, so that in at most one of twenty sessions of unchanged skin any of them
        exceeds its limit.

    Notes
    -----
    Holm's step-down test [1]_ at 5 %, two-sided: the largest of m standardised changes has to exceed what one of m
    unchanged ones seldom does, the next what one of m − 1 does, and so on until the first that does not. It holds
    whatever the quantities have in common.

    References
    ----------
    .. [1] Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    by_day: dict[date, dict[str, float]] = defaultdict(dict)
    for line in lines:
        if line.metric.name not in primary:
            for change in line.changes:
                if change.compared is not None and change.change is not None:
                    by_day[change.taken_on][line.metric.name] = _deviate(change.compared)
    needed = {day: _needed(deviates) for day, deviates in by_day.items()}
    return [
        line
        if line.metric.name in primary
        else replace(line, changes=tuple(_with_limit(line.metric, c, needed.get(c.taken_on, {})) for c in line.changes))
        for line in lines
    ]


def _deviate(compared: tuple[float, float]) -> float:
    """How many standard errors of an unchanged value a difference is."""
    return abs(compared[0]) / max(compared[1], 1e-12)


def _needed(deviates: dict[str, float]) -> dict[str, int]:
    """For how many quantities the limit of each has to allow."""
    adjusted = holm({name: float(2 * ndtr(-deviate)) for name, deviate in deviates.items()})
    order = sorted(deviates, key=lambda name: -deviates[name])
    held = sum(p <= LEVEL for p in adjusted.values())
    # Those that do not hold are judged by the limit of the largest of them, whatever they are.
    return {name: len(order) - min(k, held) for k, name in enumerate(order)}


def _with_limit(metric: Metric, change: Change, needed: dict[str, int]) -> Change:
    among = needed.get(metric.name, 1)
    if among == 1 or change.compared is None or change.baseline is None or change.value is None:
        return change
    size = float(-ndtri(LEVEL / 2 / among)) * change.compared[1]
    scale = Arithmetic.between(metric, change.baseline, change.value)
    verdict = change.verdict if abs(change.compared[0]) > size else Verdict.NO_MEASURABLE_CHANGE
    return replace(change, mdc95=scale.stated_limit(size, up=change.compared[0] >= 0), among=among, verdict=verdict)
