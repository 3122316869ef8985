"""All sentences about a change that reach a practitioner, so that what must not be said cannot be said anywhere.

Each passes `tracker.claims.stated`, the whitelist of what may be said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from tracker.claims import ForbiddenClaim, said, stated
from tracker.measurement import Direction, Metric
from tracker.metrics import METRICS, metric_named, typology_class
from tracker.quality import Need
from tracker.report.words import in_short, lowered, number, signed
from tracker.timeline import Change, MetricTimeline, SessionValue, Verdict

NOT_A_DIAGNOSIS = (
    "This report measures photographs. It is not a diagnosis, does not judge spots or moles, "
    "and does not say what caused a change."
)
PROVISIONAL_NOTE = (
    "The smallest detectable change is provisional: it is typical for this kind of set-up and was not measured in "
    "this clinic."
)
PARTLY_PROVISIONAL_NOTE = (
    "Where a smallest detectable change is called provisional, it is typical for this kind of set-up and was not "
    "measured in this clinic; the others were."
)
EXPLORATORY_NOTE = "Nothing is judged by these: they were not named beforehand, and one of twenty may seem to change."
TONE_NOTE = "The ± of tone is that of a comparison; as a colour it is known to about ΔE00 1 to 2."
#: By metric: what a value is called, beside the number.
IN_WORDS: Mapping[str, Callable[[float], str]] = {"ita": typology_class}


def provisional_note(changes: Iterable[Change]) -> str:
    """What to know of the smallest detectable changes that are stated; empty if all were measured in this clinic."""
    sources = {change.mdc_source for change in changes if change.mdc95 is not None}
    if "provisional" not in sources:
        return ""
    return PROVISIONAL_NOTE if len(sources) == 1 else PARTLY_PROVISIONAL_NOTE


def practitioner_sentence(change: Change, metric: Metric | None = None) -> str:
    """A change in the practitioner's words.

    Parameters
    ----------
    change : Change
    metric : Metric, optional
        What it is a change of; by default the one of this name.

    Raises
    ------
    ForbiddenClaim
        The change states what may not be stated.

    Examples
    --------
    >>> from datetime import date
    >>> practitioner_sentence(Change("relief", date(2026, 5, 4), date(2026, 3, 2), 4.0, 3.3, -18.0, -25.0, -11.0,
    ...                              12.0, "%", "study", Verdict.BETTER))
    'Measurable decrease in relief roughness: −18 % (95 % CI −25 to −11); this set-up detects 12 %.'
    """
    metric = metric or metric_named(change.metric)
    if change.verdict is Verdict.NOT_COMPARABLE or change.change is None or change.mdc95 is None:
        if any(value is not None for value in (change.change, change.low, change.high, change.mdc95)):
            raise ForbiddenClaim(f"{metric.title}: a number was to be stated of what is not comparable")
        reason = lowered(change.reason)
        return stated(f"Not comparable: {reason}", metric, quoted=reason)
    unit = said(change.unit)
    if change.verdict is Verdict.NO_MEASURABLE_CHANGE:
        return stated(
            f"No measurable change in {lowered(metric.title)}: {signed(change.change, change.unit)}{unit} is within "
            f"±{number(change.mdc95, change.unit)}{unit}{_limit_among(change)}. This does not show that nothing "
            "changed.",
            metric,
        )
    low, high = (signed(value or 0.0, change.unit) for value in (change.low, change.high))
    return stated(
        f"Measurable {_what_happened(change, metric)}: {signed(change.change, change.unit)}{unit} "
        f"(95 % CI {low} to {high}); {_among(change)}this set-up detects {number(change.mdc95, change.unit)}{unit}.",
        metric,
    )


def _among(change: Change) -> str:
    """That the limit allows for several quantities."""
    return f"among {change.among} quantities " if change.among > 1 else ""


def _limit_among(change: Change) -> str:
    return f", the limit among {change.among} quantities" if change.among > 1 else ""


def _what_happened(change: Change, metric: Metric) -> str:
    """What became of a quantity, in words that agree with its verdict.

    Below zero, what comes nearer to zero increases and is called better, so it is not called an increase. A quantity
    that is only said to have changed has no verdict that a direction could contradict.
    """
    title = lowered(metric.title)
    below = any((value or 0.0) < 0 for value in (change.baseline, change.value))
    if metric.direction is Direction.TOWARDS_ZERO and below and change.verdict is not Verdict.CHANGED:
        return f"change in {title} {'towards' if change.verdict is Verdict.BETTER else 'away from'} zero"
    return f"{'decrease' if (change.change or 0.0) < 0 else 'increase'} in {title}"


def practitioner_sentences(changes: Sequence[Change]) -> tuple[str, ...]:
    """Changes in the practitioner's words; metrics that are not compared for the same reason share a sentence.

    Examples
    --------
    >>> from datetime import date
    >>> nothing = (None,) * 6
    >>> blurred = [Change(name, date(2026, 5, 4), date(2026, 3, 2), *nothing, "%", "study", Verdict.NOT_COMPARABLE,
    ...                   "The photo is blurred.") for name in ("relief", "delta_mi")]
    >>> practitioner_sentences(blurred)
    ('Not comparable in relief roughness, pigment contrast: the photo is blurred.',)
    """
    groups = same_reason(changes)
    if len(groups) == 1 and len(groups[0]) > 2:
        reason = lowered(shared_reason(groups[0]))
        return (stated(f"Nothing can be compared: {reason}", quoted=reason),)
    return tuple(group_sentence(group) for group in groups)


def group_sentence(changes: Sequence[Change]) -> str:
    """Changes that are not compared for one reason in a sentence; one alone in its own."""
    if len(changes) == 1:
        return practitioner_sentence(changes[0])
    reason = lowered(shared_reason(changes))
    return stated(f"Not comparable in {metric_titles(changes)}: {reason}", quoted=reason)


def same_reason(changes: Sequence[Change]) -> tuple[tuple[Change, ...], ...]:
    """Changes in their order, those together that are not compared for the same reason."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        alone = change.verdict is not Verdict.NOT_COMPARABLE
        key = change.metric if alone else f" {without_title(change.reason, title_of(change))}"
        groups.setdefault(key, []).append(change)
    return tuple(tuple(group) for group in groups.values())


def shared_reason(changes: Sequence[Change]) -> str:
    """The reason that some changes share, without the name of one of them."""
    first = changes[0]
    return first.reason if len(changes) == 1 else without_title(first.reason, title_of(first))


def without_title(reason: str, title: str) -> str:
    """A reason that speaks of one metric, as it is said of several.

    Examples
    --------
    >>> without_title("Typology angle needs a colour chart in the picture.", "Typology angle")
    'Each needs a colour chart in the picture.'
    """
    return reason.replace(f"{title} ", "Each ").replace(f"{title}: ", "Each: ")


def title_of(change: Change) -> str:
    """The title of the metric of a change; a metric that is not one of the product's has its name only."""
    try:
        return metric_named(change.metric).title
    except KeyError:
        return change.metric


def metric_titles(changes: Sequence[Change]) -> str:
    """The metrics of some changes in plain words, many of them topic by topic."""
    try:
        return in_short([metric_named(change.metric) for change in changes], METRICS)
    except KeyError:
        return ", ".join(lowered(title_of(change)) for change in changes)


def metric_sentence(line: MetricTimeline) -> str:
    """One metric in the practitioner's words: its latest change, or why there is none yet."""
    if line.baseline is None:
        return stated(f"{line.metric.title} could not be measured in these photos.", line.metric)
    if line.latest is None:
        return stated(f"{line.metric.title}: there is a baseline; a change needs a second session.", line.metric)
    return practitioner_sentence(line.latest, line.metric)


def value_sentence(session: SessionValue, line: MetricTimeline) -> str:
    """A session's value with its expanded uncertainty, such as ``"3.42 ± 0.8 % log-luminance"``."""
    unit = line.metric.unit
    text = f"{number(session.value, unit)} ± {number(1.96 * session.uncertainty, unit)}{said(unit)}"
    words = _in_words(session, line.metric)
    return stated(f"{text} ({words})" if words else text, line.metric, value=words)


def _in_words(session: SessionValue, metric: Metric) -> str:
    """What a value is called, such as the class of its angle: every class that its 95 % interval reaches."""
    reach = 1.96 * session.uncertainty
    if metric.name not in IN_WORDS or not math.isfinite(session.value + reach):
        return ""
    inside = np.linspace(session.value + reach, session.value - reach, 201)
    return " or ".join(dict.fromkeys(IN_WORDS[metric.name](float(value)) for value in inside))


def is_absolute_colour(metric: Metric) -> bool:
    """Whether a value is a colour by itself, to which `TONE_NOTE` belongs, not only a difference of colours."""
    return Need.COLOUR_REFERENCE in metric.needs
