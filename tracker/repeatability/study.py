"""A study of re-posed photos of unchanged skin: how far a number strays, and which change it can show."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tracker.agreement import Intraclass, Limits, bland_altman, intraclass
from tracker.repeatability.components import Components, Spread, components, spread_of
from tracker.repeatability.progress import Progress, progress
from tracker.repeatability.readings import Reading, Sets, in_order, sets_of
from tracker.repeatability.values import Repeatability

Z95 = 1.96


@dataclass(frozen=True, slots=True)
class DetectableChange:
    """Smallest detectable change (MDC95).

    Attributes
    ----------
    fall, rise : float
        As a difference, −1.96·√2·s_w and +1.96·√2·s_w, in the unit of the metric; or as a ratio of the later to the
        earlier value, below and above 1.
    is_ratio : bool
    """

    fall: float
    rise: float
    is_ratio: bool


def detectable(sd: float, *, multiplicative: bool) -> DetectableChange:
    """MDC95 = 1.96 · √2 · s_w: what unchanged skin exceeds in one of twenty comparisons.

    Parameters
    ----------
    sd : float
        Standard deviation of one session; of the logarithm if `multiplicative`.
    multiplicative : bool

    Returns
    -------
    DetectableChange

    Examples
    --------
    >>> found = detectable(0.12, multiplicative=True)
    >>> f"{found.fall:.2f} and {found.rise:.2f}"
    '0.72 and 1.39'
    """
    reach = Z95 * math.sqrt(2.0) * sd
    return DetectableChange(
        *((math.exp(-reach), math.exp(reach)) if multiplicative else (-reach, reach)), multiplicative
    )


@dataclass(frozen=True, slots=True)
class Growth:
    """Whether the spread of a subject follows its mean (Bland, Altman, BMJ 313:106, 1996).

    Attributes
    ----------
    tau, p : float
        Kendall's rank correlation of the standard deviation and the mean of the subjects; two-sided.
    """

    tau: float
    p: float

    @property
    def grows(self) -> bool:
        """Whether larger values repeat worse: then a ratio is the better form."""
        return self.tau > 0 and self.p < 0.05

    @property
    def shrinks(self) -> bool:
        """Whether larger values repeat better: then logarithms go too far."""
        return self.tau < 0 and self.p < 0.05


@dataclass(frozen=True, slots=True)
class Study:
    """What a repeatability study of one metric tells; in its unit, or in logarithms if it is multiplicative.

    Attributes
    ----------
    multiplicative : bool
    subjects : int
        Subjects with two re-posed sets or more; two places of one person are two.
    within : Spread
        s_w of a session as it was taken in the study (mean of its photos), pooled over the subjects.
    components : Components
        For sessions of another number of photos.
    agreement : Intraclass or None
        ICC(2,1) over the subjects who have all sets; None if fewer than two do, or nothing differs.
    differences : Limits or None
        First against second set; None with fewer than three subjects.
    growth : Growth or None
        None with fewer than five subjects, or if nothing differs.
    progress : Progress
    """

    multiplicative: bool
    subjects: int
    within: Spread
    components: Components
    agreement: Intraclass | None
    differences: Limits | None
    growth: Growth | None
    progress: Progress

    @property
    def sem(self) -> float:
        """Standard error of measurement, agreement form: s_w."""
        return self.within.sd

    def mdc95(self, shots: int | None = None) -> DetectableChange:
        """Smallest detectable change between two sessions of so many photos each; as in the study if not given."""
        sd = self.within.sd if shots is None else self.components.of(shots).sd
        return detectable(sd, multiplicative=self.multiplicative)


def study(readings: Iterable[Reading], *, multiplicative: bool) -> Study:
    """How well one metric repeats, from re-posed photos of unchanged skin.

    Parameters
    ----------
    readings : iterable of Reading
        Of one metric, one set-up and one view; unequal numbers of sets and photos are allowed.
    multiplicative : bool
        Whether ratios are judged, so that logarithms are taken.

    Returns
    -------
    Study

    Raises
    ------
    StudyInvalid
        If fewer than two subjects have two sets, or a value cannot be taken.

    Examples
    --------
    >>> found = study([Reading(who, k, v) for who, k, v in (
    ...     ("A", "1", 4.0), ("A", "2", 4.2), ("B", "1", 5.0), ("B", "2", 4.9), ("C", "1", 6.1), ("C", "2", 6.0))],
    ...     multiplicative=False)
    >>> f"s_w {found.sem:.2f}, a change must exceed {found.mdc95().rise:.2f}"
    's_w 0.10, a change must exceed 0.28'
    """
    known = list(readings)
    sets = sets_of(known, multiplicative=multiplicative)
    found = components(sets)
    several = {subject: of for subject, of in sets.items() if len(of) > 1}
    return Study(
        multiplicative=multiplicative,
        subjects=len(several),
        within=spread_of(found.between, found.between_freedom),
        components=found,
        agreement=_agreement(several),
        differences=_differences(several),
        growth=_growth(several),
        progress=progress(known),
    )


def studied(studies: Mapping[str, Study], set_up: str) -> Repeatability:
    """Values to judge changes by, from the studies of a clinic's set-up.

    Parameters
    ----------
    studies : mapping of str to Study
        By name of the metric. Those that do not count yet are left out: their metrics stay provisional.
    set_up : str
        The set-up in words.

    Returns
    -------
    Repeatability
        Where a study told the spread of photos from that of sessions, with both: more photos then help. Else with the
        spread of a session of one photo.
    """
    counted = {name: of.components for name, of in studies.items() if of.progress.counts}
    if not counted:
        return Repeatability(set_up=set_up)
    between = {name: (of.session or of.of(1)).sd for name, of in counted.items()}
    single = {name: of.shot.sd for name, of in counted.items() if of.shot is not None}
    return Repeatability(session_sd=between, shot_sd=single, source="study", set_up=set_up)


def _agreement(sets: Sets) -> Intraclass | None:
    """Over the subjects and sets that make the largest table without gaps."""
    posings = sorted({posing for of in sets.values() for posing in of}, key=in_order)
    widths = range(2, len(posings) + 1)
    tables = [[of for of in sets.values() if set(posings[:k]) <= set(of)] for k in widths]
    sizes = [(len(table) - 1) * (k - 1) for table, k in zip(tables, widths, strict=True)]
    best = int(np.argmax(sizes))
    if sizes[best] < 1:
        return None
    columns = posings[: best + 2]
    values = np.array([[float(of[posing].mean()) for posing in columns] for of in tables[best]])
    return intraclass(values) if np.ptp(values) > 0.0 else None


def _differences(sets: Sets) -> Limits | None:
    pairs = [[float(photos.mean()) for photos in of.values()][:2] for of in sets.values()]
    if len(pairs) < 3:
        return None
    first, second = np.array(pairs).T
    return bland_altman(first, second)


def _growth(sets: Sets) -> Growth | None:
    from scipy.stats import kendalltau  # loads for a second; the first page shows no study

    if len(sets) < 5:
        return None
    means = [np.array([photos.mean() for photos in of.values()]) for of in sets.values()]
    sizes, spreads = [float(of.mean()) for of in means], [float(of.std(ddof=1)) for of in means]
    if np.ptp(sizes) == 0.0 or np.ptp(spreads) == 0.0:
        return None
    found = kendalltau(sizes, spreads)
    return Growth(float(found.statistic), float(found.pvalue))
