"""Where the spread comes from: between re-posed sets of one subject, and between the photos of one set."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tracker.errors import StudyInvalid
from tracker.repeatability.readings import Sets

TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Spread:
    """A standard deviation with its 95 % interval.

    Attributes
    ----------
    sd, low, high : float
        In the unit of the readings, or of their logarithm.
    freedom : float
        Degrees of freedom it rests on.
    """

    sd: float
    low: float
    high: float
    freedom: float


def spread_of(variance: float, freedom: float) -> Spread:
    """Standard deviation from a variance, with the exact interval of normal readings.

    Parameters
    ----------
    variance : float
    freedom : float
        Degrees of freedom.

    Returns
    -------
    Spread

    Raises
    ------
    StudyInvalid
        If there is no degree of freedom.

    Examples
    --------
    Twenty people three times: the true value is 0.82 to 1.28 times the one found.

    >>> found = spread_of(1.0, 20 * 2)
    >>> f"{found.low:.2f} to {found.high:.2f}"
    '0.82 to 1.28'
    """
    from scipy.stats import chi2  # loads for a second; the first page shows no study

    if freedom <= 0:
        raise StudyInvalid("A spread needs at least one subject who was photographed in two re-posed sets.")
    low, high = (math.sqrt(variance * freedom / float(chi2.isf(tail, freedom))) for tail in (TAIL, 1.0 - TAIL))
    return Spread(math.sqrt(variance), low, high, freedom)


def pooled(spreads: Iterable[Spread]) -> Spread:
    """One standard deviation from several of the same set-up, by their degrees of freedom.

    Raises
    ------
    StudyInvalid
        If there are none.
    """
    known = list(spreads)
    freedom = sum(spread.freedom for spread in known)
    if not known:
        raise StudyInvalid("There is no spread to pool; at least one study is needed.")
    return spread_of(sum(spread.freedom * spread.sd**2 for spread in known) / freedom, freedom)


@dataclass(frozen=True, slots=True)
class Components:
    """Variance between re-posed sets and between the photos of one set.

    Attributes
    ----------
    between : float
        Mean square of the means of sets, within subjects.
    between_freedom : int
    within : float or None
        Mean square of photos within their set; None if each set has one photo.
    within_freedom : int
    share : float
        Part of the variance between photos that is in the mean of a set: mean of 1 / photos.
    """

    between: float
    between_freedom: int
    within: float | None
    within_freedom: int
    share: float

    @property
    def separable(self) -> bool:
        """Whether the two can be told apart: some sets have two photos or more."""
        return self.within is not None

    @property
    def session(self) -> Spread | None:
        """Between re-posed sets, without that of single photos; None if not separable. Its lower end may be zero."""
        if self.within is None:
            return None
        low, high = self._ends(-self.share, self.within)
        return Spread(math.sqrt(self._parts(self.within)[0]), low, high, self.between_freedom)

    @property
    def shot(self) -> Spread | None:
        """Between photos of one set, with its exact interval; None if not separable."""
        if self.within is None:
            return None
        session, shot = self._parts(self.within)
        return spread_of(shot, self.within_freedom if session > 0.0 else self.between_freedom + self.within_freedom)

    def of(self, shots: int) -> Spread:
        """Standard deviation of a session of which so many photos are averaged.

        Parameters
        ----------
        shots : int
            Photos, 1 or more.

        Returns
        -------
        Spread
            √(session² + shot² / shots). Where single photos cannot be told apart, that of a set with one photo: no
            gain from more photos is claimed.

        Raises
        ------
        StudyInvalid
            If `shots` is less than one.

        Notes
        -----
        The interval is exact for the number of photos the study took, else that of a sum or difference of two mean
        squares after Graybill and Wang, and Ting et al. (Burdick, Graybill, "Confidence Intervals on Variance
        Components", 1992). If the sets differ less than their photos let expect, the component
        between sets is zero and all readings tell the one between photos, as restricted maximum likelihood has it.
        """
        if shots < 1:
            raise StudyInvalid(f"A session has at least one photo, not {shots}.")
        if self.within is None:
            return spread_of(self.between, self.between_freedom)
        session, shot = self._parts(self.within)
        sd = math.sqrt(session + shot / shots)
        low, high = self._ends(1.0 / shots - self.share, self.within)
        return Spread(sd, min(low, sd), max(high, sd), self.between_freedom)

    def _parts(self, within: float) -> tuple[float, float]:
        """Variance between sets and between photos."""
        session = self.between - self.share * within
        if session > 0.0:
            return session, within
        freedom = self.between_freedom + self.within_freedom
        together = self.between_freedom * self.between / self.share + self.within_freedom * within
        return 0.0, together / freedom

    def _ends(self, factor: float, within: float) -> tuple[float, float]:
        """Limits of the root of between + factor × within."""
        variance = self.between + factor * within
        below, above = (
            _modified_large_sample(self.between, self.between_freedom, factor * within, self.within_freedom, upper=up)
            for up in (False, True)
        )
        return math.sqrt(max(variance - below, 0.0)), math.sqrt(max(variance + above, 0.0))


def _modified_large_sample(first: float, n1: int, second: float, n2: int, *, upper: bool) -> float:
    """How far a limit lies from the sum of a mean square and a multiple, perhaps negative, of another.

    `first` and `second` are the two terms, `n1` and `n2` their degrees of freedom.
    """
    from scipy.stats import chi2, f  # loads for a second; the first page shows no study

    def gap(freedom: int, *, above: bool) -> float:
        return abs(freedom / float(chi2.isf(1.0 - TAIL if above else TAIL, freedom)) - 1.0)

    # A limit of a difference takes the one limit of the first term and the other of the second.
    one, other = gap(n1, above=upper), gap(n2, above=upper is (second >= 0.0))
    crossed = 0.0
    if second < 0.0:
        ratio = float(f.isf(1.0 - TAIL if upper else TAIL, n1, n2))
        crossed = ((ratio - 1.0) ** 2 - (one * ratio) ** 2 - other**2) / ratio * first * -second
    return math.sqrt(max((one * first) ** 2 + (other * second) ** 2 + crossed, 0.0))


def components(sets: Sets) -> Components:
    """Components from readings of subjects, re-posed sets and photos; unequal numbers are allowed.

    Parameters
    ----------
    sets : mapping of mapping of ndarray
        Subject → set → values of its photos. Subjects with one set tell nothing between sets.

    Returns
    -------
    Components

    Raises
    ------
    StudyInvalid
        If fewer than two subjects have two sets, or all sets of each subject gave one and the same value.

    Notes
    -----
    Analysis of variance of the means of sets (unweighted means), which with one photo per set is the one-way analysis
    of variance within subjects, and with equal numbers of photos the nested one (Snedecor, Cochran, "Statistical
    Methods").
    """
    several = {subject: list(of.values()) for subject, of in sets.items() if len(of) > 1}
    if len(several) < 2:
        raise StudyInvalid(
            "How well a number repeats needs at least two people who were photographed in two re-posed sets each; "
            f"there {'is' if len(several) == 1 else 'are'} {len(several)}."
        )
    means = [np.array([photos.mean() for photos in posings]) for posings in several.values()]
    freedom = sum(len(of) - 1 for of in means)
    between = sum(float(((of - of.mean()) ** 2).sum()) for of in means) / freedom
    if between == 0.0:
        # A spread of nothing would call every later difference a change.
        raise StudyInvalid(
            "All sets of each person gave exactly the same value, as the same photos do; please use photos that were "
            "taken anew for each set."
        )
    every = [photos for of in sets.values() for photos in of.values()]
    within_freedom = sum(len(photos) - 1 for photos in every)
    squares = sum(float(((photos - photos.mean()) ** 2).sum()) for photos in every)
    share = sum((1 - 1 / len(of)) * sum(1 / len(photos) for photos in of) for of in several.values()) / freedom
    return Components(between, freedom, squares / within_freedom if within_freedom else None, within_freedom, share)
