"""One session against the baseline: the change, its interval, and the smallest change that this set-up detects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tracker.measurement import Direction, Measurement, Metric
from tracker.repeatability import PROVISIONAL, Repeatability
from tracker.timeline.change import Change, SessionValue, Verdict

Z95 = 1.96
SHARED = ("region", "colour")
"""Terms of the uncertainty that two photos of one place share: their difference does not have them."""
SHARES_BELOW = 0.5
"""What is left of a quantity that can vanish, where ratios are no longer compared as logarithms."""
NOTHING_AT_FIRST = "There was nothing of it in the baseline, so that no share of it can be stated."
_LEAST = 1e-9


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How values of a metric are compared: as they are, as logarithms, or as shares of the baseline.

    Attributes
    ----------
    metric : Metric
    share : float
        What is left of the baseline, where shares are compared; else 1.
    whole : float or None
        The baseline, where shares are compared.
    """

    metric: Metric
    share: float = 1.0
    whole: float | None = None

    @classmethod
    def between(cls, metric: Metric, baseline: float, value: float) -> Arithmetic:
        """Shares where little is left of what can vanish: its logarithm would tell nothing."""
        if metric.multiplicative and metric.vanishes and baseline > 0 and value < SHARES_BELOW * baseline:
            return cls(metric, value / baseline, baseline)
        return cls(metric)

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values as they are compared."""
        if self.whole is not None:
            return np.asarray(values / self.whole)
        return np.asarray(np.log(np.maximum(values, _LEAST))) if self.metric.multiplicative else values

    def term(self, part: float, value: float) -> float:
        """A term of the uncertainty of a value, in the same scale."""
        if self.whole is not None:
            return part / self.whole
        return part / max(abs(value), _LEAST) if self.metric.multiplicative else part

    def stated(self, difference: float) -> float:
        """A difference as it is shown: per cent for ratios."""
        if self.whole is not None:
            return 100 * max(difference, -1.0)
        return 100 * float(np.expm1(difference)) if self.metric.multiplicative else difference

    def stated_limit(self, size: float, *, up: bool) -> float:
        """The size of a difference as it is shown, in the direction of a change."""
        if self.whole is not None:
            return 100 * size
        return abs(self.stated(size if up else -size))


def session_value(metric: Metric, replicates: tuple[Measurement, ...], repeatability: Repeatability) -> SessionValue:
    """Mean of the replicates of one date, with the uncertainty of the session."""
    assert replicates[0].taken_on is not None
    values = np.array([m.value for m in replicates])
    as_logs = metric.multiplicative and not metric.vanishes
    value = float(np.exp(np.log(np.maximum(values, _LEAST)).mean())) if as_logs else float(values.mean())
    between = repeatability.of(metric, len(replicates)) * (abs(value) if metric.multiplicative else 1.0)
    own = sum(sum(part**2 for name, part in m.parts if name != "region") for m in replicates) / len(replicates) ** 2
    region = max(dict(m.parts).get("region", 0.0) ** 2 for m in replicates)
    return SessionValue(replicates[0].taken_on, value, float(np.sqrt(between**2 + own + region)), replicates)


def mean_of_sessions(metric: Metric, sessions: Sequence[SessionValue]) -> SessionValue:
    """Several sessions as one baseline: their mean, whose chance differences are smaller than those of one."""
    values = np.array([session.value for session in sessions])
    as_logs = metric.multiplicative and not metric.vanishes
    value = float(np.exp(np.log(np.maximum(values, _LEAST)).mean())) if as_logs else float(values.mean())
    spread = float(np.sqrt(sum(session.uncertainty**2 for session in sessions))) / len(sessions)
    photos = tuple(m for session in sessions for m in session.measurements)
    return SessionValue(sessions[-1].taken_on, value, spread, photos)


def compare_sessions(
    metric: Metric, baseline: SessionValue, session: SessionValue, repeatability: Repeatability = PROVISIONAL
) -> Change:
    """Change of one session against the baseline.

    Parameters
    ----------
    metric : Metric
    baseline, session : SessionValue
    repeatability : Repeatability

    Returns
    -------
    Change

    Notes
    -----
    The standard error holds twice the variance between sessions, the variance of each photo's own terms divided
    by the number of replicates, and the spread of the *difference* over resampled skin, in which what both
    photos share cancels. MDC95 is 1.96 standard errors of an unchanged value: a larger change is one that unchanged
    skin shows in at most one of twenty sessions.

    Ratios are compared as logarithms. Of a quantity that can vanish, less than half of its baseline is compared as a
    share of it: with r left, the spread between sessions is r times as large, and the photos' own terms are not.
    """
    if metric.vanishes and baseline.value <= 0:
        return not_comparable(metric, session.taken_on, NOTHING_AT_FIRST, repeatability)
    scale = Arithmetic.between(metric, baseline.value, session.value)
    return stated_change(
        scale, difference_of(scale, baseline, session, repeatability), baseline, session, repeatability
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A session less the baseline, in the scale in which they are compared.

    Attributes
    ----------
    value : float
    error : float
        Its standard error.
    unchanged : float
        The standard error that it would have if nothing had changed.
    """

    value: float
    error: float
    unchanged: float


def difference_of(
    scale: Arithmetic, baseline: SessionValue, session: SessionValue, repeatability: Repeatability
) -> Difference:
    """A session less the baseline."""
    error, unchanged = _standard_errors(scale, baseline, session, repeatability)
    return Difference(_level(scale, session) - _level(scale, baseline), error, unchanged)


def stated_change(
    scale: Arithmetic,
    difference: Difference,
    baseline: SessionValue,
    session: SessionValue,
    repeatability: Repeatability,
) -> Change:
    """A difference with its interval and verdict, in the unit in which it is shown."""
    metric, found, error = scale.metric, difference.value, difference.error
    mdc = Z95 * difference.unchanged
    return Change(
        metric=metric.name,
        taken_on=session.taken_on,
        baseline_on=baseline.taken_on,
        baseline=baseline.value,
        value=session.value,
        change=scale.stated(found),
        low=scale.stated(found - Z95 * error),
        high=scale.stated(found + Z95 * error),
        mdc95=scale.stated_limit(mdc, up=found >= 0),
        unit="%" if metric.multiplicative else metric.unit,
        mdc_source=repeatability.source_of(metric),
        verdict=_verdict(metric, baseline.value, session.value, limit=mdc, exceeds=abs(found) > mdc),
        ruled_out=max(abs(scale.stated(found + side * Z95 * error)) for side in (-1, 1)),
        compared=(found, difference.unchanged),
    )


def not_comparable(metric: Metric, taken_on: date, reason: str, repeatability: Repeatability = PROVISIONAL) -> Change:
    """The change of a session that cannot be compared."""
    unit = "%" if metric.multiplicative else metric.unit
    source = repeatability.source_of(metric)
    none = (None, None, None, None, None, None, None)
    return Change(metric.name, taken_on, *none, unit, source, Verdict.NOT_COMPARABLE, reason)


def _verdict(metric: Metric, before: float, after: float, *, limit: float, exceeds: bool) -> Verdict:
    if not exceeds:
        return Verdict.NO_MEASURABLE_CHANGE
    if metric.direction is Direction.TOWARDS_ZERO:
        # A dark patch that turned into a light one has changed; it stands out less only if it does so measurably.
        gain = abs(before) - abs(after)
        if before * after < 0 and abs(gain) <= limit:
            return Verdict.CHANGED
        return Verdict.BETTER if gain > 0 else Verdict.WORSE
    if metric.direction is Direction.NONE:
        return Verdict.CHANGED
    return Verdict.BETTER if after < before else Verdict.WORSE


def _level(scale: Arithmetic, session: SessionValue) -> float:
    return float(_mean(scale, session, np.array([m.value for m in session.measurements])))


def _mean(scale: Arithmetic, session: SessionValue, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the photos of a session, values of shape (photos, …), in the scale of comparison.

    One photo of what can vanish may show nothing of it: there the values are averaged, and not their logarithms.
    """
    if scale.metric.vanishes:
        return scale.of(np.asarray(_weights(session) @ values))
    return np.asarray(_weights(session) @ scale.of(values))


def _standard_errors(
    scale: Arithmetic, baseline: SessionValue, session: SessionValue, repeatability: Repeatability
) -> tuple[float, float]:
    """Standard error of the difference as it is, and of that of an unchanged value."""
    between = sum(_between(scale.metric, s, repeatability) for s in (baseline, session))
    then, now = (_own_variance(scale, s) for s in (baseline, session))
    before, after = (_draws(scale, s) for s in (baseline, session))
    share = scale.share
    paired = float(np.var(after - share * before, ddof=1))
    return (
        float(np.sqrt(share**2 * (between + then) + now + paired)),
        float(np.sqrt(between + then + now + paired)),
    )


def spreads_of_sessions(
    scale: Arithmetic, sessions: Sequence[SessionValue], repeatability: Repeatability
) -> NDArray[np.float64]:
    """Standard deviation of each session in the scale of comparison, without what all of them share, shape (n,)."""
    draws = np.array([_draws(scale, session) for session in sessions])
    # What differs between sessions in the resampled skin: the variance of a session is half that of a difference.
    own_skin = np.var(draws - draws.mean(axis=0), axis=1, ddof=1) if len(sessions) > 1 else np.zeros(len(sessions))
    rest = [_between(scale.metric, s, repeatability) + _own_variance(scale, s) for s in sessions]
    return np.sqrt(np.array(rest) + own_skin * len(sessions) / max(1, len(sessions) - 1))


def _between(metric: Metric, session: SessionValue, repeatability: Repeatability) -> float:
    """Variance of the mean of its sessions that lamp, posture and framing make."""
    shots = Counter(m.taken_on for m in session.measurements)
    return sum(repeatability.of(metric, count) ** 2 for count in shots.values()) / len(shots) ** 2


def _weights(session: SessionValue) -> NDArray[np.float64]:
    """Weight of each photo in the mean of the sessions' means."""
    shots = Counter(m.taken_on for m in session.measurements)
    return np.array([1 / (len(shots) * shots[m.taken_on]) for m in session.measurements])


def _own_variance(scale: Arithmetic, session: SessionValue) -> float:
    """Variance of the mean of its photos from what differs between photos."""
    own = [
        sum(
            scale.term(part, session.value if scale.metric.vanishes else m.value) ** 2
            for name, part in m.parts
            if name not in SHARED
        )
        for m in session.measurements
    ]
    return float(_weights(session) ** 2 @ np.array(own))


def _draws(scale: Arithmetic, session: SessionValue) -> NDArray[np.float64]:
    return _mean(scale, session, np.array([m.draws for m in session.measurements]))
