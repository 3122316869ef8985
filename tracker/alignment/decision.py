"""Do the two photos show the same skin? If not, why, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracker.errors import AlignmentFailed

ACCEPT = 1.0
UNSURE = 0.0
MIN_OVERLAP = 0.1
MAX_FOLDED = 0.02


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the two photos showing the same skin.

    Attributes
    ----------
    agreeing : int
        Matches on the smooth warp.
    score : float
        Summed weight of the matches that voted for the motion.
    correlation : float
        Weighted local correlation after alignment, at 1000 px or the largest smaller level.
    return_error : float
        Median distance after going forward and back, in thousandths of the long side.
    overlap : float
        Share of the skin that can be measured.
    folded : float
        Share of the usable map that is turned inside out.
    """

    agreeing: int
    score: float
    correlation: float
    return_error: float
    overlap: float
    folded: float

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


def refuse_unless_same_skin(
    evidence: Evidence | None, names: tuple[str, str], *, mirrored: Callable[[], Evidence | None]
) -> None:
    """Return silently if the photos belong together.

    Parameters
    ----------
    evidence : Evidence or None
        None when nothing suggested a common motion.
    names : tuple of str
        Of the reference and of the moving photo.
    mirrored : callable
        The evidence with the moving photo mirrored; asked for only in doubt, because it takes as long again.

    Raises
    ------
    AlignmentFailed
        In all other cases, with the reason and what to do next.
    """
    if evidence is None or evidence.strength < ACCEPT:
        _refuse_mirrored(mirrored(), names)
    if evidence is None or evidence.strength < UNSURE:
        raise AlignmentFailed(
            f"{names[1]} does not seem to show the same area of skin as {names[0]}; please check that it belongs "
            "to this patient and this view.",
            code="different_area",
        )
    if evidence.strength < ACCEPT:
        raise AlignmentFailed(
            f"{names[1]} may show the same skin as {names[0]}, but too little of it can be recognised to be sure; "
            "please mark the region to measure, or photograph again in the same pose and light.",
            code="unsure",
        )
    if evidence.folded > MAX_FOLDED:
        raise AlignmentFailed(
            f"Parts of the skin in {names[1]} lie folded over each other compared with {names[0]}; please photograph "
            "again in the same pose.",
            code="folded",
        )
    if evidence.overlap < MIN_OVERLAP:
        raise AlignmentFailed(
            f"{names[1]} shows too little of the skin in {names[0]} to measure it ({evidence.overlap:.0%}); please "
            "photograph the same area again from the same distance.",
            code="too_little_overlap",
        )


def _refuse_mirrored(evidence: Evidence | None, names: tuple[str, str]) -> None:
    if evidence is not None and evidence.strength > ACCEPT:
        raise AlignmentFailed(
            f"{names[1]} looks mirrored, left for right, against {names[0]}; please switch off mirroring in the "
            "camera and photograph again.",
            code="mirrored",
        )
