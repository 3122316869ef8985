"""One attempt to bring two photos together, right or wrong, and what speaks for it; whoever asked decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tracker.alignment.decision import NO_EVIDENCE, Evidence
from tracker.alignment.features import Features, find_features
from tracker.alignment.planes import Points
from tracker.alignment.points import start_at
from tracker.alignment.pyramid import Pyramid
from tracker.alignment.search import find_start
from tracker.alignment.survey import Survey, take_survey
from tracker.errors import AlignmentFailed

_CLEAR = 0.7  # a local correlation that leaves no doubt


def attempt(here: Pyramid, there: Pyramid, names: tuple[str, str], *, points: Points | None = None) -> Survey | None:
    """The better of the maps by luma and by pigment; None if nothing suggests a common motion.

    Parameters
    ----------
    here, there : Pyramid
        The reference and the moving photo.
    names : tuple of str
        Of both, for what is said if one shows no structure.
    points : ndarray, shape (n, 4), optional
        Where to begin: row and column in the reference and in the moving photo, in units.

    Raises
    ------
    AlignmentFailed
        With the code ``no_features`` or ``points``.
    """
    found = _bring_together(here, there, names, points)
    if evidence_of(found).correlation < _CLEAR:
        # The relief of the skin looks different under another lamp; its pigment does not.
        by_pigment = _bring_together(here.stained(), there.stained(), names, points)
        found = max(found, by_pigment, key=lambda each: evidence_of(each).strength)
    return found


def evidence_of(found: Survey | None) -> Evidence:
    """What speaks for a map, if there is one."""
    return found.evidence if found else NO_EVIDENCE


def _bring_together(here: Pyramid, there: Pyramid, names: tuple[str, str], points: Points | None) -> Survey | None:
    with ThreadPoolExecutor(2) as pool:
        features = pool.map(find_features, (here, there))
    ours, theirs = (_seen(found, name) for found, name in zip(features, names, strict=True))
    start = find_start(here, there, (ours, theirs)) if points is None else start_at(points, here, there, (ours, theirs))
    return take_survey(here, there, start) if start else None


def _seen(features: Features | None, name: str) -> Features:
    if features is None:
        raise AlignmentFailed(
            f"No structure of the skin can be seen in {name}; please photograph again in focus and in good light.",
            code="no_features",
        )
    return features
