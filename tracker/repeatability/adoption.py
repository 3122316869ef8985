"""Which number of a study may replace the provisional one, metric by metric; and which not yet, with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tracker.errors import StudyInvalid
from tracker.measurement import Metric
from tracker.repeatability.readings import Reading, sets_of
from tracker.repeatability.study import Study, study

#: With fewer people even the upper bound says little of others: it is 1.8 times the estimate at ten people twice.
LEAST_TO_ADOPT = 10
_NO_READING = "No photo of the study gave this number."
ESTIMATE, UPPER_BOUND = "estimate", "upper bound"


@dataclass(frozen=True, slots=True)
class Usable:
    """What reports may use of a study.

    Attributes
    ----------
    session_sd, shot_sd : float
        Between sessions, and between the photos of one session; in the unit of the metric or as a logarithm. Where the
        study could not tell them apart, `shot_sd` is zero and `session_sd` that of sessions of one photo.
    used : str
        ``"estimate"`` from the least study on, before that ``"upper bound"``.
    why : str
        In words.
    """

    session_sd: float
    shot_sd: float
    used: str
    why: str

    @property
    def single_sd(self) -> float:
        """Standard deviation between sessions of one photo."""
        return math.hypot(self.session_sd, self.shot_sd)


@dataclass(frozen=True, slots=True)
class MetricStudy:
    """One metric of a study.

    Attributes
    ----------
    metric : Metric
    readings : tuple of Reading
    study : Study or None
        None if the readings do not carry one.
    reason : str
        Why there is none; empty otherwise.
    """

    metric: Metric
    readings: tuple[Reading, ...]
    study: Study | None
    reason: str = ""

    @property
    def people(self) -> int:
        """Number of people who were photographed in two re-posed sets or more."""
        # Two places of one person are two subjects of the study, and one person.
        return min(self.study.subjects, len({each.subject for each in self.readings})) if self.study is not None else 0

    @property
    def pairs(self) -> tuple[tuple[float, float], ...]:
        """Means of the first two sets of each person who has them, in logarithms if the metric is multiplicative."""
        if self.study is None:
            return ()
        sets = sets_of(self.readings, multiplicative=self.metric.multiplicative)
        means = [[float(photos.mean()) for photos in of.values()] for of in sets.values()]
        return tuple((of[0], of[1]) for of in means if len(of) > 1)

    @property
    def usable(self) -> Usable | None:
        """What reports may use; None if that is not enough yet."""
        if self.study is None or self.people < LEAST_TO_ADOPT:
            return None
        parts = self.study.components
        session, shot, single = parts.session, parts.shot, parts.of(1)
        sds = (single.sd, 0.0) if session is None or shot is None else (session.sd, shot.sd)
        if self.study.progress.counts:
            return Usable(*sds, ESTIMATE, "The estimate is used: the study has the people it needs.")
        # Both parts are stretched alike: a few people tell their sum better than how it is divided.
        stretched = single.high / single.sd
        return Usable(
            stretched * sds[0],
            stretched * sds[1],
            UPPER_BOUND,
            f"The upper end of the interval is used, because {self.people} people may by chance repeat better than "
            "others: the smallest detectable change is then rather too large than too small.",
        )

    @property
    def why_not(self) -> str:
        """Why reports may not use it; empty if they may."""
        if self.usable is not None:
            return ""
        if self.study is None:
            return self.reason
        return f"{self.people} of at least {LEAST_TO_ADOPT} people with two posings."


def study_metrics(
    metrics: Sequence[Metric],
    readings: Mapping[str, Iterable[Reading]],
    refused: Mapping[str, str] = MappingProxyType({}),
) -> tuple[MetricStudy, ...]:
    """How well each metric of a study repeats.

    Parameters
    ----------
    metrics : sequence of Metric
        In display order.
    readings : mapping of str to iterable of Reading
        By name of the metric; of one set-up and one view.
    refused : mapping of str to str
        Why photos did not give a metric, by its name.

    Returns
    -------
    tuple of MetricStudy
        One for each metric.
    """
    return tuple(
        _studied(metric, tuple(readings.get(metric.name, ())), refused.get(metric.name, _NO_READING))
        for metric in metrics
    )


def _studied(metric: Metric, readings: tuple[Reading, ...], why_none: str) -> MetricStudy:
    if not readings:
        return MetricStudy(metric, readings, None, why_none)
    if metric.multiplicative:
        # Who has none of it says nothing of ratios; who has it in some photos only is not left out.
        having = {reading.subject for reading in readings if reading.value > 0.0}
        readings = tuple(reading for reading in readings if reading.subject in having)
    if not readings:
        return MetricStudy(metric, readings, None, "Nobody in the study has any of it.")
    try:
        return MetricStudy(metric, readings, study(readings, multiplicative=metric.multiplicative))
    except StudyInvalid as error:
        return MetricStudy(metric, readings, None, error.reason)
