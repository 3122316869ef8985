"""Several quantities at a time: the largest of many changes of unchanged skin looks like one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date

import numpy as np
from scipy.special import ndtr, ndtri

from tracker.timeline.change import Change, MetricTimeline, Verdict
from tracker.timeline.comparing import Z95
from tracker.trend import holm

LEVEL = 0.05


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
    by_day: dict[date, list[Change]] = defaultdict(list)
    for line in lines:
        if line.metric.name not in primary:
            for change in line.changes:
                if change.change is not None:
                    by_day[change.taken_on].append(change)
    multiplicative = {line.metric.name: line.metric.multiplicative for line in lines}
    limits = {day: _limits(changes, multiplicative) for day, changes in by_day.items()}
    return [
        line
        if line.metric.name in primary
        else replace(line, changes=tuple(_with_limit(c, limits, multiplicative) for c in line.changes))
        for line in lines
    ]


def _limits(changes: list[Change], multiplicative: dict[str, bool]) -> dict[str, tuple[float, int]]:
    """Of each metric of a session: the normal deviate that it has to exceed, and for how many that allows."""
    size = {c.metric: _deviate(c, ratio=multiplicative[c.metric]) for c in changes}
    adjusted = holm({name: float(2 * ndtr(-deviate)) for name, deviate in size.items()})
    order = sorted(size, key=lambda name: -size[name])
    held = [name for name in order if adjusted[name] <= LEVEL]
    # Those that do not hold are judged by the limit of the largest of them, whatever they are.
    left = {name: len(order) - min(k, len(held)) for k, name in enumerate(order)}
    return {name: (float(-ndtri(LEVEL / 2 / count)), count) for name, count in left.items()}


def _with_limit(change: Change, limits: dict[date, dict[str, tuple[float, int]]], ratios: dict[str, bool]) -> Change:
    if change.change is None or change.mdc95 is None:
        return change
    needed, among = limits[change.taken_on][change.metric]
    if among == 1:
        return change
    ratio, up = ratios[change.metric], change.change >= 0
    widest = _stated(needed / Z95 * _scaled(change.mdc95, ratio=ratio, up=up), ratio=ratio, up=up)
    changed = abs(change.change) > widest
    verdict = change.verdict if changed else Verdict.NO_MEASURABLE_CHANGE
    return replace(change, mdc95=widest, among=among, verdict=verdict)


def _deviate(change: Change, *, ratio: bool) -> float:
    """How many standard errors of an unchanged value a change is."""
    assert change.change is not None
    assert change.mdc95 is not None
    up = change.change >= 0
    size = _scaled(abs(change.change), ratio=ratio, up=up)
    return Z95 * size / max(_scaled(change.mdc95, ratio=ratio, up=up), 1e-12)


def _scaled(size: float, *, ratio: bool, up: bool) -> float:
    """Size of a change as it is compared: of a ratio in per cent its logarithm."""
    if not ratio:
        return size
    left = size / 100 if up else -min(size / 100, 1.0)
    return float(np.inf) if left <= -1 else abs(float(np.log1p(left)))


def _stated(size: float, *, ratio: bool, up: bool) -> float:
    return 100 * abs(float(np.expm1(size if up else -size))) if ratio else size
