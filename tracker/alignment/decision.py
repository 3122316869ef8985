"""Do the two photos show the same skin? If not, why, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracker.errors import AlignmentFailed

ACCEPT = 0.6
UNSURE = 0.0
MIN_OVERLAP = 0.1
MAX_FOLDED = 0.02
MAX_RIVAL = 0.3
_ALIKE = 0.3  # a correlation that skin in common has, however little of it there is
_BLURRED = 0.17
_MUCH_LESS = 0.6


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the two photos showing the same skin.

    Attributes
    ----------
    agreeing : int
        Guided matches of the body on the smooth warp.
    score : float
        Summed weight of the tentative matches of the body on it.
    correlation : float
        Weighted local correlation of the body after alignment, at 1000 px or the largest smaller level.
    return_error : float
        Median distance after going forward and back, in thousandths of the long side.
    overlap : float
        Share of the body that can be measured.
    folded : float
        Share of the usable map that is turned inside out.
    rival : float
        Votes for another motion of the body over `score`.
    """

    agreeing: int
    score: float
    correlation: float
    return_error: float
    overlap: float
    folded: float
    rival: float = 0.0

    @property
    def strength(self) -> float:
        """Log odds of a logistic rule fitted to right and wrong pairs; above `ACCEPT` they belong together."""
        return float(
            0.437 * np.log1p(self.agreeing)
            + 0.634 * np.log1p(self.score)
            + 3.92 * max(-0.1, self.correlation)
            - 0.576 * np.log1p(min(50.0, self.return_error))
            - 2.72
        )

    @property
    def convincing(self) -> bool:
        """True when the photos can be measured together."""
        return self.strength > ACCEPT and self.within_limits

    @property
    def within_limits(self) -> bool:
        """True when enough skin is common, the map is not inside out, and the body moved in one way only."""
        return self.overlap >= MIN_OVERLAP and self.folded <= MAX_FOLDED and self.rival <= MAX_RIVAL


NO_EVIDENCE = Evidence(agreeing=0, score=0.0, correlation=0.0, return_error=50.0, overlap=0.0, folded=0.0)
"""Nothing suggests a common motion."""


def refusal(
    evidence: Evidence,
    *,
    names: tuple[str, str],
    fineness: tuple[float, float],
    mirrored: Callable[[], Evidence],
) -> AlignmentFailed:
    """Why two photos cannot be aligned, and what to do next.

    Parameters
    ----------
    evidence : Evidence
        Not convincing.
    names : tuple of str
        Of the reference and of the moving photo.
    fineness : tuple of float
        Of both photos: finest over coarser detail.
    mirrored : callable
        The evidence with the moving photo mirrored; asked for only in doubt, because it takes as long again.
    """
    reference, moving = names
    for name, own, other in ((moving, *fineness[::-1]), (reference, *fineness)):
        if own < min(_BLURRED, _MUCH_LESS * other):
            return AlignmentFailed(
                f"{name} is too blurred to find the same skin in it; please photograph again in focus.",
                code="too_blurred",
            )
    if evidence.strength <= ACCEPT and mirrored().strength > ACCEPT:
        return AlignmentFailed(
            f"{moving} looks mirrored, left for right, against {reference}; please switch off mirroring in the camera "
            "and photograph again.",
            code="mirrored",
        )
    return _weakness(evidence, reference, moving)


def _weakness(evidence: Evidence, reference: str, moving: str) -> AlignmentFailed:
    if evidence.strength < UNSURE or (evidence.overlap < MIN_OVERLAP and evidence.correlation < _ALIKE):
        return AlignmentFailed(
            f"{moving} does not seem to show the same area of skin as {reference}; please check that it belongs to "
            "this patient and this view.",
            code="different_area",
        )
    if evidence.overlap < MIN_OVERLAP:
        return AlignmentFailed(
            f"{moving} shows too little of the skin in {reference} to measure it ({evidence.overlap:.0%}); please "
            "photograph the same area from the same distance.",
            code="too_little_overlap",
        )
    if evidence.folded > MAX_FOLDED:
        return AlignmentFailed(
            f"Parts of the skin in {moving} lie folded over each other compared with {reference}; please photograph "
            "again in the same pose.",
            code="folded",
        )
    if evidence.strength > ACCEPT:
        return AlignmentFailed(
            f"Two pieces of skin in {moving} have moved in different ways against {reference}, and it cannot be told "
            "which of them is meant; please mark the region to measure.",
            code="unsure",
        )
    return AlignmentFailed(
        f"{moving} may show the same skin as {reference}, but too little of it can be recognised to be sure; please "
        "mark the region to measure, or photograph again in the same pose and light.",
        code="unsure",
    )
