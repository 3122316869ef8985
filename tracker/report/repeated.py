"""Words for a repeatability study: what strays by how much, and which change that can show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.claims import said
from tracker.measurement import Metric
from tracker.repeatability import LEAST_TO_ADOPT, MetricStudy, Spread, Study, spread_of
from tracker.report.sentences import without_title
from tracker.report.words import number, signed

AVERAGED = 3
"""Photos whose mean is compared with a single one."""
STUDY_NOTE = (
    "Spread: standard deviation from one posing to the next, with its 95 % interval, for one photo per session. "
    "Detectable: a change that unchanged skin shows in one of twenty comparisons of two sessions. In a report, what "
    "each photo says of its own uncertainty comes on top. ICC depends on how different these people are: read it "
    "beside the spread, never alone."
)


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One metric of a study in words; what is not known is a dash.

    Attributes
    ----------
    title, spread, detectable, parts, averaged, agreement : str
        Name; s_w; smallest detectable change; its parts; what three photos gain; ICC(2,1).
    people : str
        How many it rests on.
    use : str
        What reports would use, or why they would not.
    remark : str
        What to know besides; may be empty.
    """

    title: str
    spread: str
    detectable: str
    parts: str
    averaged: str
    agreement: str
    people: str
    use: str
    remark: str


def study_row(each: MetricStudy) -> StudyRow:
    """Words for one metric of a study."""
    metric, usable = each.metric, each.usable
    use = f"{usable.used}: {_sd(metric, usable.single_sd)}" if usable is not None else f"not used: {each.why_not}"
    if each.study is None:
        return StudyRow(metric.title, "–", "–", "–", "–", "–", "–", use, "")
    return StudyRow(
        title=metric.title,
        spread=_spread(metric, each.study.components.of(1)),
        detectable=_detectable(metric, each.study.mdc95(1).fall, each.study.mdc95(1).rise),
        parts=_parts(metric, each.study),
        averaged=_averaged(metric, each.study),
        agreement=_agreement(each.study),
        people=str(each.people),
        use=use,
        remark=_remark(each.study),
    )


def difference_sentences(each: MetricStudy) -> tuple[str, ...]:
    """What the first and the second posing say of each other; empty with too few people."""
    limits = each.study.differences if each.study is not None else None
    if limits is None:
        return ()
    metric = each.metric
    bias, low, high = (_signed(metric, value) for value in (limits.bias.value, limits.bias.low, limits.bias.high))
    drift = "does not differ measurably from zero" if limits.bias.holds(0.0) else "differs from zero: something drifts"
    ends = " and ".join(
        f"{_signed(metric, end.value)} ({_signed(metric, end.low)} to {_signed(metric, end.high)})"
        for end in (limits.lower, limits.upper)
    )
    sentences = [
        f"First minus second posing, {limits.pairs} people: {bias} ({low} to {high}), which {drift}.",
        f"95 % of such differences lie between {ends}.",
    ]
    if limits.slope is not None and limits.slope_p is not None:
        follows = "follows" if limits.slope_p < 0.05 else "does not measurably follow"
        sentences.append(f"The difference {follows} the size of the value (p = {limits.slope_p:.2g}).")
    return tuple(sentences)


def not_studied(studies: Sequence[MetricStudy]) -> dict[str, list[str]]:
    """Titles of the metrics that a study does not give, by why not."""
    shared: dict[str, list[str]] = {}
    for each in studies:
        if each.study is None:
            shared.setdefault(without_title(each.reason, each.metric.title), []).append(each.metric.title)
    return shared


def width_sentence(people: int, posings: int = 3) -> str:
    """How exactly a study of so many people tells a spread.

    Examples
    --------
    >>> width_sentence(20)
    'With 20 people in 3 posings the true spread is 0.82 to 1.28 times the one found.'
    """
    found = spread_of(1.0, people * (posings - 1))
    return (
        f"With {people} people in {posings} posings the true spread is {found.low:.2f} to {found.high:.2f} times the "
        "one found."
    )


def adoption_sentence(studies: Sequence[MetricStudy]) -> str:
    """What may be used of a study in reports, and why."""
    usable = [each.usable for each in studies if each.usable is not None]
    if not usable:
        return (
            f"Nothing can be used in reports yet: that needs at least {LEAST_TO_ADOPT} people with two posings each, "
            "and 20 people with three posings for the estimate itself. Until then reports use provisional values."
        )
    return " ".join(dict.fromkeys(each.why for each in usable))


def _sd(metric: Metric, value: float) -> str:
    return f"{_number(metric, value)}{_unit(metric)}"


def _spread(metric: Metric, spread: Spread) -> str:
    low, high = (_number(metric, value) for value in (spread.low, spread.high))
    return f"{_sd(metric, spread.sd)} ({low} to {high})"


def _detectable(metric: Metric, fall: float, rise: float) -> str:
    """As a pair of per cents for what repeats as a ratio: a rise of 39 % undoes a fall of 28 %."""
    if metric.multiplicative:
        return f"{signed(100 * (fall - 1), '%')} % or {signed(100 * (rise - 1), '%')} %"
    return f"{number(rise, metric.unit)}{_unit(metric)}"


def _parts(metric: Metric, study: Study) -> str:
    session, shot = study.components.session, study.components.shot
    if session is None or shot is None:
        return "not told apart: one photo per posing"
    return f"{_sd(metric, session.sd)} between posings, {_sd(metric, shot.sd)} between photos of one"


def _averaged(metric: Metric, study: Study) -> str:
    if not study.components.separable:
        return "–"
    gain = 1.0 - study.components.of(AVERAGED).sd / study.components.of(1).sd if study.components.of(1).sd > 0 else 0.0
    change = study.mdc95(AVERAGED)
    return f"{_detectable(metric, change.fall, change.rise)} (spread {100 * gain:.0f} % smaller)"


def _agreement(study: Study) -> str:
    if study.agreement is None:
        return "–"
    value = study.agreement.value
    return f"{_share(value.value)} ({_share(value.low)} to {_share(value.high)})"


def _share(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _remark(study: Study) -> str:
    if study.growth is None:
        return ""
    ratio = ", even as ratios" if study.multiplicative else ""
    if study.growth.grows:
        return f"Larger values repeat worse{ratio}: for these the detectable change is too small."
    if study.growth.shrinks:
        return f"Larger values repeat better{ratio}: for these the detectable change is too large."
    return ""


def _number(metric: Metric, value: float) -> str:
    """A spread; that of a logarithm as the per cent it stands for."""
    return number(100 * math.expm1(value), "%") if metric.multiplicative else number(value, metric.unit)


def _signed(metric: Metric, value: float) -> str:
    if metric.multiplicative:
        return f"{signed(100 * math.expm1(value), '%')} %"
    return f"{signed(value, metric.unit)}{_unit(metric)}"


def _unit(metric: Metric) -> str:
    return " %" if metric.multiplicative else said(metric.unit)
