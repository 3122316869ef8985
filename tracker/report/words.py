"""Words for values, changes, checks and photos: numbers with the digits they deserve, units as they are said."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracker.claims import said
from tracker.measurement import Direction, Measurement, Metric
from tracker.quality import Check, Status
from tracker.quality.check import ALL_METRICS
from tracker.report.findings import ReportedPhoto
from tracker.timeline import Change

#: More metrics than these are said topic by topic.
MOST_NAMED = 3
#: What takes less of a region than this is not worth a word.
LEAST_SHARE_SAID = 0.005


def number(value: float, unit: str) -> str:
    """A number with the digits its unit deserves; a minus sign is a minus sign, and what is no number is a dash."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 100:
        return f"{value:.0f}".replace("-", "−")
    coarse = abs(value) >= 10 or unit in ("°", "%", "CIELAB", "ΔE00")
    digits = 0 if unit == "%" and abs(value) >= 1 else 1 if coarse else 2
    text = f"{value:.{digits}f}".replace("-", "−")
    return text.lstrip("−") if set(text) <= set("−0.") else text


def signed(value: float, unit: str) -> str:
    """As `number`, with the sign always shown."""
    text = number(value, unit)
    return text if text == "–" or text.startswith("−") or set(text) <= set("0.") else f"+{text}"


def change_text(change: Change) -> str:
    """A change with its 95 % interval, such as ``"−18 % (−25 to −11)"``; empty where there is none."""
    if change.change is None or change.low is None or change.high is None:
        return ""
    low, high = (signed(value, change.unit) for value in (change.low, change.high))
    return f"{signed(change.change, change.unit)}{said(change.unit)} ({low} to {high})"


def detectable_text(change: Change) -> str:
    """The smallest change this set-up detects, such as ``"12 %"``; empty where there is none."""
    return "" if change.mdc95 is None else f"{number(change.mdc95, change.unit)}{said(change.unit)}"


def direction_sentence(metric: Metric) -> str:
    """Which change of a metric is called better."""
    return {
        Direction.LESS: "Lower is better.",
        Direction.TOWARDS_ZERO: "Closer to zero is better.",
        Direction.NONE: "Neither direction is called better.",
    }[metric.direction]


def photo_standing(photo: ReportedPhoto, *, gives: bool = True) -> str:
    """What a photo is good for, in a few words.

    Parameters
    ----------
    photo : ReportedPhoto
    gives : bool
        Whether any metric has a value from it.
    """
    if photo.is_reference:
        return "reference"
    if photo.lent:
        return "used for dual light"
    blocking = {check.blocks for check in photo.checks if check.status is Status.BLOCK}
    if ALL_METRICS in blocking or (blocking and not gives):
        return "not comparable"
    if blocking:
        return "partly comparable"
    return "comparable, with a remark" if photo.status is Status.WARN else "comparable"


def check_finding(check: Check) -> str:
    """What a check found.

    Examples
    --------
    >>> check_finding(Check("rotation", 12.0, "at most 10°", Status.WARN, "", unit="°"))
    'Rotation: 12.0°, should be at most 10°.'
    """
    return f"{check.check.capitalize()}: {found_text(check)}, should be {check.limit}."


def stopped_sentence(check: Check, metrics: Sequence[Metric]) -> str:
    """What a check stops, in a sentence; empty for one that blocks none of the metrics."""
    stopped = stopped_text(check, metrics)
    return f"Stops {stopped}." if stopped and check.status is Status.BLOCK else ""


def found_text(check: Check) -> str:
    """The value of a check with its unit, such as ``"12.0°"``."""
    return number(check.value, "") + (said(check.unit) if check.unit else "")


def stopped_text(check: Check, metrics: Sequence[Metric]) -> str:
    """The metrics that a check stops, in plain words; empty if it stops none of them."""
    stopped = [metric for metric in metrics if check.stops(metric.needs)]
    return ALL_METRICS if stopped and len(stopped) == len(metrics) > 1 else in_short(stopped, metrics)


def in_short(metrics: Sequence[Metric], among: Sequence[Metric]) -> str:
    """Some metrics in plain words, many of them topic by topic.

    Parameters
    ----------
    metrics : sequence of Metric
    among : sequence of Metric
        All that there are.

    Examples
    --------
    >>> from tracker.measurement import Topic
    >>> from tracker.metrics import METRICS, metrics_about
    >>> in_short(METRICS[:2], METRICS)
    'relief roughness, broad waviness'
    >>> in_short((*METRICS[:3], *metrics_about([Topic.TONE])), METRICS)
    'relief roughness and 2 more of cellulite, every metric of tone'
    """
    if len(metrics) <= MOST_NAMED:
        return ", ".join(lowered(metric.title) for metric in metrics)
    topics = dict.fromkeys(metric.topic for metric in metrics)
    return ", ".join(
        _of_topic([m for m in metrics if m.topic is t], [m for m in among if m.topic is t]) for t in topics
    )


def _of_topic(found: Sequence[Metric], among: Sequence[Metric]) -> str:
    first = lowered(found[0].title)
    if len(found) == 1:
        return first
    topic = found[0].topic
    return f"every metric of {topic}" if len(found) == len(among) else f"{first} and {len(found) - 1} more of {topic}"


def area_sentence(measurement: Measurement) -> str:
    """Where a value was measured, in one calm phrase.

    Examples
    --------
    >>> from dataclasses import replace
    >>> measured = Measurement("relief", "relief@2", "%", 3.4, 0.1, "", None, (), (), 0.96, 14260.0,
    ...                        (("hair", 0.031), ("shine", 0.009)))
    >>> area_sentence(measured)
    'Measured on 143 cm², 4 % left out: hair 3 %, shine 1 %.'
    >>> area_sentence(replace(measured, area_share=1.0, area_mm2=250.0, left_out=(), also_seen=(("hair", 0.02),)))
    'Measured on 2.5 cm². Seen and measured too: hair 2 %.'
    """
    if measurement.area_mm2 is None:
        text = f"Measured on {100 * measurement.area_share:.0f} % of the region"
    else:
        text = f"Measured on {_area(measurement.area_mm2)}"
    gone, kept = (_shares(found) for found in (measurement.left_out, measurement.also_seen))
    if gone:
        text += f", {_share(sum(share for _, share in measurement.left_out))} left out: {gone}"
    return f"{text}. Seen and measured too: {kept}." if kept else f"{text}."


def _area(mm2: float) -> str:
    return f"{mm2 / 100:.0f} cm²" if mm2 >= 1000 else f"{mm2 / 100:.1f} cm²"


def _shares(found: tuple[tuple[str, float], ...]) -> str:
    """What took at least half a per cent of a region, with how much."""
    return ", ".join(f"{reason} {_share(share)}" for reason, share in found if share >= LEAST_SHARE_SAID)


def _share(share: float) -> str:
    return f"{100 * share:.0f} %"


def lowered(text: str) -> str:
    """A title or a sentence as it stands within another one."""
    keep = len(text) > 1 and (text[1].isupper() or not text[1].isalpha())
    return text if keep or not text else text[0].lower() + text[1:]
