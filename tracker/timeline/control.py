"""The treated side less an untreated one: what tan, weight, lamp and camera do to both cancels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import exp, hypot, sqrt

import numpy as np

from tracker.measurement import Direction, Metric
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline.change import Change, MetricTimeline, Relative, SessionValue, Verdict
from tracker.timeline.comparing import Z95, Arithmetic, Difference, difference_of, mean_of_sessions, stated_change
from tracker.timeline.crosstalk import reasons_in

LEAST_SESSIONS = 6
"""With fewer common sessions a correlation is not told from none."""
_ONE_SIDED_90 = 1.2816


NO_PHOTO = "There is no photo of the untreated side of that day."
NO_FIRST = "The untreated side has no photo of the session that is the baseline."
NOTHING_LEFT = "Too little of it is left on the untreated side, or there was nothing at first."


def beside_control(
    treated: Sequence[MetricTimeline], control: Sequence[MetricTimeline], repeatability: Repeatability = PROVISIONAL
) -> tuple[MetricTimeline, ...]:
    """Lines of a treated side with their changes relative to an untreated side, where it has the same metric.

    Parameters
    ----------
    treated, control : sequence of MetricTimeline
        Of views that were photographed in the same sessions.
    repeatability : Repeatability

    Returns
    -------
    tuple of MetricTimeline
        What blood or pigment of either side, or of their difference, can explain is not judged.
    """
    untreated = {line.metric.name: line for line in control}
    lines = [
        replace(line, relative=relative_to(line, untreated[line.metric.name], repeatability))
        if line.metric.name in untreated and untreated[line.metric.name].sessions and line.baseline
        else line
        for line in treated
    ]
    differences = [replace(line, changes=line.relative.changes if line.relative else ()) for line in lines]
    reasons = [reasons_in(list(each)) for each in (treated, control, differences)]
    return tuple(_without_cross_talk(line, *(found.get(line.metric.name, {}) for found in reasons)) for line in lines)


def _without_cross_talk(line: MetricTimeline, *reasons: Mapping[date, str]) -> MetricTimeline:
    """A line whose relative changes are not judged where another quantity can explain them."""
    if line.relative is None:
        return line
    found = {day: reason for each in reasons for day, reason in each.items()}
    kept = tuple(c for c in line.relative.changes if not (c.verdict.is_change and c.taken_on in found))
    gone = tuple((c.taken_on, found[c.taken_on]) for c in line.relative.changes if c not in kept)
    return replace(line, relative=replace(line.relative, changes=kept, alone=(*line.relative.alone, *gone)))


def relative_to(
    treated: MetricTimeline, control: MetricTimeline, repeatability: Repeatability = PROVISIONAL
) -> Relative:
    """Difference in differences: (treated now − treated then) − (control now − control then).

    Parameters
    ----------
    treated, control : MetricTimeline
        Of one metric.
    repeatability : Repeatability

    Returns
    -------
    Relative

    Notes
    -----
    Then and now are the same sessions on both sides: the baseline is of those sessions of the treated side's baseline
    that the control has too.

    Its variance is that of both differences less twice their covariance: the spread between sessions is partly that
    of the room and the camera, which both sides share. The correlation of the spread is that of a study, or else what
    the course itself shows for certain (`correlation_of`); what is not certain counts as none. With a correlation above
    one half the difference is more certain than the treated side by itself. Below, it is less certain, and still the
    only one that a common drift does not move.
    """
    correlation, evidence = _correlation(treated, control, repeatability)
    metric, untreated = treated.metric, {session.taken_on: session for session in control.sessions}
    assert treated.baseline is not None
    first = [s for s in treated.sessions if s.taken_on in treated.baseline.days and s.taken_on in untreated]
    refused = {change.taken_on: change.reason for change in control.changes if change.reason}
    changes, alone = [], []
    for change, session in _judged(treated):
        day = session.taken_on
        if not first or day not in untreated:
            alone.append((day, refused.get(day, NO_PHOTO) if first else NO_FIRST))
            continue
        then = [mean_of_sessions(metric, side) for side in (first, [untreated[s.taken_on] for s in first])]
        pairs = (then[0], session), (then[1], untreated[day])
        found = _difference(metric, pairs, correlation, repeatability, change)
        if found is None:
            alone.append((day, NOTHING_LEFT))
        else:
            changes.append(found)
    return Relative(tuple(changes), correlation, evidence, tuple(alone))


def _judged(line: MetricTimeline) -> list[tuple[Change, SessionValue]]:
    """Changes that were compared, with their session."""
    sessions = {session.taken_on: session for session in line.sessions}
    return [(c, sessions[c.taken_on]) for c in line.changes if c.change is not None and c.taken_on in sessions]


def _difference(
    metric: Metric,
    pairs: tuple[tuple[SessionValue, SessionValue], tuple[SessionValue, SessionValue]],
    correlation: float,
    repeatability: Repeatability,
    alone: Change,
) -> Change | None:
    """The change of the treated pair of sessions less that of the untreated one; None where there is too little."""
    if metric.vanishes and min(then.value for then, _ in pairs) <= 0:
        return None
    scales = [Arithmetic.between(metric, then.value, now.value) for then, now in pairs]
    if scales[1].whole is not None:
        return None
    treated, untreated = (
        difference_of(scale, then, now, repeatability) for scale, (then, now) in zip(scales, pairs, strict=True)
    )
    shared = 2 * correlation * sqrt(np.prod([_between_sessions(metric, pair, repeatability) for pair in pairs]))
    unchanged = sqrt(max(treated.unchanged**2 + untreated.unchanged**2 - shared, 0.0))
    if scales[0].whole is not None:
        # What is left of the treated side, as a share of what would be left if it had gone the way of the other.
        went = exp(untreated.value)
        share = (1 + treated.value) / went
        whole = Difference(share - 1, hypot(treated.error / went, share * untreated.error), unchanged)
    else:
        error = sqrt(max(treated.error**2 + untreated.error**2 - shared, 0.0))
        whole = Difference(treated.value - untreated.value, error, unchanged)
    then, now = pairs[0]
    found = stated_change(scales[0], whole, then, now, repeatability)
    if found.verdict.is_change:
        verdict = _relative_verdict(metric, Z95 * whole.unchanged, whole.value, then)
        found = replace(found, verdict=verdict)
    return replace(found, baseline_on=alone.baseline_on)


def _between_sessions(metric: Metric, pair: tuple[SessionValue, SessionValue], repeatability: Repeatability) -> float:
    """Variance of a difference that both sides of a body can share: not what differs from photo to photo."""
    then, now = pair
    if metric.name in repeatability.side_correlation:
        spreads = [repeatability.session_sd.get(metric.name, metric.session_sd) ** 2] * 2
    else:
        # A correlation of the values themselves is one of all that is in them.
        shots = [len(then.measurements) / len(then.days), len(now.measurements)]
        spreads = [repeatability.of(metric, max(1, round(count))) ** 2 for count in shots]
    return spreads[0] / len(then.days) + spreads[1]


def _relative_verdict(metric: Metric, limit: float, value: float, then: SessionValue) -> Verdict:
    """Better or worse as the treated side would be without what happened to the untreated one too."""
    if metric.direction is Direction.NONE:
        return Verdict.CHANGED
    if metric.direction is Direction.TOWARDS_ZERO:
        freed = then.value + value
        if then.value * freed < 0 and abs(abs(freed) - abs(then.value)) <= limit:
            return Verdict.CHANGED
        return Verdict.BETTER if abs(freed) < abs(then.value) else Verdict.WORSE
    return Verdict.BETTER if value < 0 else Verdict.WORSE


def _correlation(treated: MetricTimeline, control: MetricTimeline, repeatability: Repeatability) -> tuple[float, str]:
    known: Mapping[str, float] = repeatability.side_correlation
    if treated.metric.name in known:
        return max(0.0, known[treated.metric.name]), "a study in this clinic found how far they vary together"
    found = correlation_of(treated, control)
    if found is None:
        return 0.0, f"how far they vary together is known after {LEAST_SESSIONS} sessions of both"
    estimate, least, sessions = found
    return least, f"their correlation is {estimate:.1f} in {sessions} sessions, of which {least:.1f} is certain"


def correlation_of(treated: MetricTimeline, control: MetricTimeline) -> tuple[float, float, int] | None:
    """Correlation of what two sides have in common from session to session, beside their trends.

    Parameters
    ----------
    treated, control : MetricTimeline

    Returns
    -------
    estimate : float
    least : float
        Its lower limit with a one-sided confidence of 90 % (Fisher's z), at least 0.
    sessions : int

    Notes
    -----
    None with fewer than six common sessions, and for values that do not differ. A straight line is taken off each side
    first, so that an effect and a slow drift are not taken for chance; that costs two degrees of freedom.
    """
    of_control = {session.taken_on: session for session in control.sessions}
    common = [(s, of_control[s.taken_on]) for s in treated.sessions if s.taken_on in of_control]
    if len(common) < LEAST_SESSIONS:
        return None
    days = np.array([(s.taken_on - common[0][0].taken_on).days for s, _ in common], dtype=np.float64)
    scale = Arithmetic(treated.metric)
    left = []
    for side in (0, 1):
        values = scale.of(np.array([pair[side].value for pair in common]))
        left.append(values - np.polyval(np.polyfit(days, values, 1), days))
    if min(float(np.std(side)) for side in left) < 1e-12:
        return None
    estimate = float(np.clip(np.corrcoef(left[0], left[1])[0, 1], -0.999, 0.999))
    least = float(np.tanh(np.arctanh(estimate) - _ONE_SIDED_90 / sqrt(len(common) - 2 - 3)))
    return estimate, max(0.0, least), len(common)
