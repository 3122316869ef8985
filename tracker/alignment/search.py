"""Where in the moving photo is the skin of the reference? The best of several hypotheses, from matches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.alignment.bend import BACKWARD, TENTATIVE, bend_to_matches, rematch
from tracker.alignment.features import Features, Matches, match, similarities
from tracker.alignment.field import Warp
from tracker.alignment.motion import Motion, propose_motions
from tracker.alignment.planes import Plane, Points, shrunk
from tracker.alignment.pyramid import Pyramid
from tracker.alignment.refinement import Level, Refined, refine

_QUICK = (Level(250, cells=20, iterations=4),)
_RIVALS = 3
_RIVAL_SCORE = 0.25
_ON, _OFF = 0.012, 0.03  # a match nearer to the warp is on it, one farther away is not; in units


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where the refinement begins.

    Attributes
    ----------
    warp : Warp
    back : Warp
        From the moving photo to the reference, of the same matches but not the inverse of `warp`.
    support : Support
    """

    warp: Warp
    back: Warp
    support: Support


@dataclass(frozen=True, slots=True)
class Support:
    """What the matches on the body say for a warp; the room, and what lies about in it, has no say.

    Attributes
    ----------
    agreeing : int
        Guided matches on the warp.
    score : float
        Summed weight of the tentative matches on the warp.
    rival : float
        Summed weight of those that agree on another motion, over `score`.
    """

    agreeing: int
    score: float
    rival: float


def find_start(here: Pyramid, there: Pyramid, features: tuple[Features, Features]) -> Start | None:
    """The most credible warp that the matches support; None if no motion is."""
    cosine = similarities(*features)
    matches = match(*features, cosine)
    motions = propose_motions(matches)
    rough = _most_credible(here, there, _candidates(here, matches, motions))
    if rough is None:
        return None
    warp, found = rematch(rough, *features, cosine)
    # The way back needs its own start: the inverse of the way there would confirm any error.
    supporters = rough.motion.supporters.astype(np.float64)
    back = bend_to_matches(
        warp.motion.inverse(),
        (found or matches).reversed(),
        there.extent,
        BACKWARD,
        trusted=None if found else supporters,
    )
    return Start(warp, back, support_of(warp, (here, there), matches, found, motions))


def support_of(
    warp: Warp,
    photos: tuple[Pyramid, Pyramid],
    matches: Matches,
    guided: Matches | None,
    motions: Sequence[Motion] = (),
) -> Support:
    """What matches say for a warp.

    Parameters
    ----------
    warp : Warp
    photos : tuple of Pyramid
    matches, guided : Matches
        Of the first round, and of the second if it found any.
    motions : sequence of Motion
        All that were proposed. Skin that bends has several too, but they lie on one warp and are no rivals.
    """
    votes = matches.weight * _on_both_bodies(photos, matches)
    miss = _miss(warp, matches)
    score = float(votes[miss < _ON].sum())
    others = [float(votes[m.supporters & (miss > _OFF)].sum()) for m in motions if m is not warp.motion]
    near = guided or matches
    agreeing = _on_both_bodies(photos, near) & (_miss(warp, near) < _ON)
    return Support(int(agreeing.sum()), score, max(others, default=0.0) / max(1.0, score))


def _on_both_bodies(photos: tuple[Pyramid, Pyramid], matches: Matches) -> NDArray[np.bool_]:
    return photos[0].on_body(matches.here) & photos[1].on_body(matches.there)


def _miss(warp: Warp, matches: Matches) -> Points:
    return np.asarray(np.hypot(*(warp.at(matches.here) - matches.there).T))


def _candidates(here: Pyramid, matches: Matches, motions: list[Motion]) -> list[Warp]:
    return [
        bend_to_matches(motion, matches, here.extent, TENTATIVE, trusted=motion.supporters.astype(np.float64))
        for motion in motions[:_RIVALS]
        if motion.score > _RIVAL_SCORE * motions[0].score
    ]


def _most_credible(here: Pyramid, there: Pyramid, warps: list[Warp]) -> Warp | None:
    if len(warps) < 2:
        return warps[0] if warps else None
    return max(warps, key=lambda warp: _credibility(here, refine(here, there, warp, _QUICK)[-1]))


def _credibility(here: Pyramid, refined: Refined) -> float:
    weight = cell_weight(here.weight, refined)
    correlation = float((np.maximum(refined.correlation, 0) * weight).sum() / weight.sum())
    covered = float(weight.mean() / max(1e-6, float(here.weight.mean())))
    return correlation * min(1.0, covered / 0.4) * float((refined.warp.agreeing + 2) ** 0.25)


def cell_weight(weight: Plane, refined: Refined) -> Plane:
    """How much each cell of the local correlation counts: skin that the moving photo covers."""
    return np.asarray(shrunk(weight, (refined.seen.shape[0], refined.seen.shape[1])) * refined.seen + 1e-6)
