"""How far the colour of the skin moved between two sessions, beside the metrics of its tone, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.claims import stated
from tracker.metrics.colour_difference import ColourDifference, colour_difference
from tracker.report.sentences import practitioner_sentence, practitioner_sentences
from tracker.report.words import number
from tracker.timeline import Z95, Change, MetricTimeline, Verdict

AXES = ("lightness", "a_star", "b_star")
"""The metrics that are the colour; each of them needs known colours, in both photos."""
BESIDE = ("ita", *AXES)
"""The metrics of tone: the difference is said beside the first of them that is shown."""


@dataclass(frozen=True, slots=True)
class _Distance:
    """What the sentence speaks of; it is no metric: a distance has no sign and no interval around zero."""

    title: str = "Colour difference"
    plain: str = "skin tone"
    unit: str = "ΔE00"
    multiplicative: bool = False


def colour_difference_on(lines: Iterable[MetricTimeline], day: date) -> ColourDifference | None:
    """Difference between the colour of one session and that of the baseline; None where the tone is not compared.

    Parameters
    ----------
    lines : iterable of MetricTimeline
        Of one series, among them those of L*, a* and b*.
    day : date
        Of the session.
    """
    changes = [change for line in lines for change in line.changes if change.taken_on == day]
    return colour_difference_of(changes)


def colour_difference_of(changes: Iterable[Change]) -> ColourDifference | None:
    """Difference of colour that changes of one session make up.

    Parameters
    ----------
    changes : iterable of Change
        Of one session; others than those of L*, a* and b* are not looked at.

    Returns
    -------
    ColourDifference or None
        None unless all three are compared with one and the same baseline.
    """
    found = {c.metric: c for c in changes if c.metric in AXES and c.verdict is not Verdict.NOT_COMPARABLE}
    three = [found[axis] for axis in AXES if axis in found]
    if len(three) < len(AXES) or len({change.baseline_on for change in three}) > 1:
        return None
    before, after, limits = ([getattr(c, name) for c in three] for name in ("baseline", "value", "mdc95"))
    if any(value is None for value in (*before, *after, *limits)):
        return None
    return colour_difference(before, after, sd=[limit / Z95 for limit in limits])


def colour_sentence(found: ColourDifference) -> str:
    """A colour difference in the practitioner's words.

    Examples
    --------
    >>> colour_sentence(ColourDifference(1.42, 0.81))
    'Colour difference ΔE00 1.4 (equal colours give up to 0.8 by chance): at the border of what is seen side by side.'
    """
    about = _Distance()
    distance, chance = (number(value, about.unit) for value in (found.delta_e, found.by_chance))
    text = f"{about.title} ΔE00 {distance} (equal colours give up to {chance} by chance): {found.words}."
    return stated(text, about)


def beside_tone(lines: Iterable[MetricTimeline], line: MetricTimeline, day: date | None) -> str:
    """What is said beside one metric of one session; empty for every metric but the first one of tone."""
    every = tuple(lines)
    tone = [other.metric.name for name in BESIDE for other in every if other.metric.name == name and other.sessions]
    if day is None or not tone or tone[0] != line.metric.name:
        return ""
    found = colour_difference_on(every, day)
    return colour_sentence(found) if found else ""


def practitioner_summary(changes: Sequence[Change]) -> tuple[str, ...]:
    """All changes of one session in the practitioner's words, how far the colour moved beside its tone."""
    lines = list(practitioner_sentences(changes))
    found = colour_difference_of(changes)
    if found is not None:
        tone = {practitioner_sentence(change) for change in changes if change.metric in BESIDE}
        first = next(k for k, line in enumerate(lines, start=1) if line in tone)
        lines.insert(first, colour_sentence(found))
    return tuple(lines)
