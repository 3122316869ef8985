"""Which of two pictures is the later one: how often a rater is right, and how far apart the two look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.agreement.estimate import Estimate
from tracker.errors import StudyInvalid


@dataclass(frozen=True, slots=True)
class ForcedChoice:
    """Answers to pairs of which one of two had to be chosen (2AFC).

    Attributes
    ----------
    correct, of : int
        Right answers, and pairs.
    share : Estimate
        Proportion correct, 0 to 1, with its exact interval.
    p : float
        Chance of as many right answers or more by guessing, one-sided.
    d_prime : Estimate
        Sensitivity; an end is infinite where every answer was right (or wrong).
    """

    correct: int
    of: int
    share: Estimate
    p: float
    d_prime: Estimate


def forced_choice(correct: int, of: int) -> ForcedChoice:
    """What right answers to pairs of pictures tell.

    Parameters
    ----------
    correct : int
        Right answers.
    of : int
        Pairs that had a right answer; pairs of unchanged skin have none.

    Returns
    -------
    ForcedChoice

    Raises
    ------
    StudyInvalid
        If there are no pairs, or more right answers than pairs.

    Examples
    --------
    >>> told = forced_choice(24, 30)
    >>> f"{told.share.low:.2f} to {told.share.high:.2f}, d' {told.d_prime.value:.2f}"
    "0.61 to 0.92, d' 1.19"
    """
    from scipy.stats import binomtest  # loads for a second; the first page has no ratings

    share = clopper_pearson(correct, of)
    p = float(binomtest(correct, of, 0.5, alternative="greater").pvalue)
    return ForcedChoice(correct, of, share, p, d_prime(correct, of))


def clopper_pearson(count: int, of: int, confidence: float = 0.95) -> Estimate:
    """A proportion with its exact interval.

    Parameters
    ----------
    count, of : int
        How many of how many.
    confidence : float
        Of the interval, 0 to 1.

    Returns
    -------
    Estimate
        0 to 1.

    Raises
    ------
    StudyInvalid
        If `of` is not positive or `count` not within 0 to `of`.

    References
    ----------
    Clopper, Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
    Biometrika 26:404, 1934.
    """
    from scipy.stats import binomtest  # loads for a second; the first page has no ratings

    if of < 1:
        raise StudyInvalid("There are no answers yet; at least one pair must be rated.")
    if not 0 <= count <= of:
        raise StudyInvalid(f"{count} of {of} cannot be; please count the answers again.")
    interval = binomtest(count, of).proportion_ci(confidence, method="exact")
    return Estimate(count / of, float(interval.low), float(interval.high))


def d_prime(correct: int, of: int) -> Estimate:
    """Sensitivity d′ = √2 · z(proportion correct), for two alternatives without a preferred side.

    Parameters
    ----------
    correct, of : int
        Right answers, and pairs.

    Returns
    -------
    Estimate
        In standard deviations of what one picture looks like from look to look. The interval is the exact one of
        the proportion, carried over. If every answer was right there is no upper end, and the value is that of
        half an answer less (Macmillan and Kaplan); likewise if every answer was wrong.

    Raises
    ------
    StudyInvalid
        As `clopper_pearson`.

    References
    ----------
    Green, Swets, "Signal Detection Theory and Psychophysics", 1966; Macmillan, Kaplan, "Detection theory analysis
    of group data", Psychol. Bull. 98:185, 1985.
    """
    share = clopper_pearson(correct, of)
    half = 0.5 / of
    return Estimate(*(_sensitivity(p) for p in (min(max(share.value, half), 1.0 - half), share.low, share.high)))


def _sensitivity(share: float) -> float:
    from scipy.special import ndtri

    return float(np.sqrt(2.0) * ndtri(share))


def fewest_correct(of: int, alpha: float = 0.05) -> int | None:
    """The fewest right answers that guessing reaches with a chance of at most `alpha`.

    Parameters
    ----------
    of : int
        Pairs.
    alpha : float
        One-sided level.

    Returns
    -------
    int or None
        None if not even all of them would do.

    Examples
    --------
    >>> [fewest_correct(pairs) for pairs in (4, 10, 20, 30, 50)]
    [None, 9, 15, 20, 32]
    """
    from scipy.stats import binom  # loads for a second; the first page has no ratings

    enough = [k for k in range(of + 1) if binom.sf(k - 1, of, 0.5) <= alpha]
    return enough[0] if enough else None
