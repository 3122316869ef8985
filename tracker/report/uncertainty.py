"""Where the ± of a session comes from, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

from tracker.claims import check_words, said
from tracker.measurement import Metric, Topic
from tracker.report.words import number
from tracker.timeline import MetricTimeline, SessionValue

BETWEEN = "between sessions"
#: What each part of an uncertainty is, in words; other parts are said as they are named.
PARTS = {
    "region": "which of the skin is counted",
    "alignment": "how exactly the photos lie over each other",
    "scale": "how exactly millimetres are known",
    "light": "the light on the skin",
    "colour": "the colour reference",
    "sheen": "how much the skin shines",
    "counting": "what is counted as one",
    "outline": "where an outline runs",
    "ends": "where lines end",
    "scalp": "where bare scalp is seen",
    "reading": "how exactly it was read",
}
_LIT_SKIN = "lamp, camera and the blood in the skin, from session to session"
#: What differs from one session to the next, by what a metric is about.
BETWEEN_SESSIONS = {
    Topic.RELIEF: "lamp, posture and breathing, from session to session",
    Topic.PIGMENT: _LIT_SKIN,
    Topic.REDNESS: _LIT_SKIN,
    Topic.TONE: _LIT_SKIN,
    Topic.LINES: "lamp, posture and how the face is held, from session to session",
    Topic.HAIR: "parting and combing, from session to session",
    Topic.CONTOUR: "posture, breathing and the place of the camera, from session to session",
}
#: The same of what is typed.
FROM_DAY_TO_DAY = {
    "tape": "from day to day: where the tape lay, food, clothing",
    "weight": "from day to day: food, drink, clothing",
}


@dataclass(frozen=True, slots=True)
class UncertaintyPart:
    """One part of the ± of a session.

    Attributes
    ----------
    name : str
        Stable, such as ``"alignment"``.
    words : str
    uncertainty : float
        Standard uncertainty (k = 1), in the unit of the metric.
    text : str
        The same for 95 %, with its unit.
    share : float
        Of the variance, in [0, 1].
    """

    name: str
    words: str
    uncertainty: float
    text: str
    share: float


def uncertainty_parts(session: SessionValue, line: MetricTimeline) -> tuple[UncertaintyPart, ...]:
    """The parts of the uncertainty of a session's value, the largest first.

    Parameters
    ----------
    session : SessionValue
    line : MetricTimeline
        What the session is one of.

    Returns
    -------
    tuple of UncertaintyPart
        Their squares sum up to that of the session's uncertainty. What the photos do not show themselves is the spread
        between sessions.
    """
    found = of_photos(session)
    total = session.uncertainty**2
    found[BETWEEN] = sqrt(max(0.0, total - sum(part**2 for part in found.values())))
    unit = line.metric.unit
    named = [
        UncertaintyPart(
            name, _words(name, line.metric), part, f"± {number(1.96 * part, unit)}{said(unit)}",
            part**2 / total if total > 0 and isfinite(total) else 0.0,
        )
        for name, part in found.items()
    ]  # fmt: skip
    for part in named:
        check_words(part.words)
    return tuple(sorted(named, key=lambda part: -part.uncertainty))


def _words(name: str, metric: Metric) -> str:
    if name == BETWEEN:
        return FROM_DAY_TO_DAY.get(metric.name) or BETWEEN_SESSIONS[metric.topic]
    return PARTS.get(name, name)


def of_photos(session: SessionValue) -> dict[str, float]:
    """The parts that the photos of a session show themselves, for the mean of these photos."""
    count = len(session.measurements)
    squares: dict[str, float] = {}
    for measurement in session.measurements:
        for name, part in measurement.parts:
            if name == "region":  # the same skin in every photo
                squares[name] = max(squares.get(name, 0.0), part**2)
            else:
                squares[name] = squares.get(name, 0.0) + (part / count) ** 2
    return {name: sqrt(square) if isfinite(square) else 0.0 for name, square in squares.items()}
