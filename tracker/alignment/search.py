"""Where in the moving photo is the skin of the reference? The best of several hypotheses, from matches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.alignment.bend import BACKWARD, TENTATIVE, bend_to_matches, rematch
from tracker.alignment.features import Features, Matches, match, similarities
from tracker.alignment.field import Warp
from tracker.alignment.motion import propose_motions
from tracker.alignment.planes import Plane, shrunk
from tracker.alignment.pyramid import Pyramid
from tracker.alignment.refinement import Level, Refined, refine

_QUICK = (Level(250, cells=20, iterations=4),)
_RIVALS = 3
_RIVAL_SCORE = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Where the refinement begins.

    Attributes
    ----------
    warp : Warp
    back : Warp
        From the moving photo to the reference, of the same matches but not the inverse of `warp`.
    """

    warp: Warp
    back: Warp


def find_start(here: Pyramid, there: Pyramid, features: tuple[Features, Features]) -> Start | None:
    """The most credible warp that the matches support; None if no motion is."""
    cosine = similarities(*features)
    matches = match(*features, cosine)
    rough = _most_credible(here, there, _candidates(here, matches))
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
    return Start(warp, back)


def _candidates(here: Pyramid, matches: Matches) -> list[Warp]:
    motions = propose_motions(matches)
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
    weight = cell_weight(here, refined)
    correlation = float((np.maximum(refined.correlation, 0) * weight).sum() / weight.sum())
    covered = float(weight.mean() / max(1e-6, float(here.weight.mean())))
    return correlation * min(1.0, covered / 0.4) * float((refined.warp.agreeing + 2) ** 0.25)


def cell_weight(here: Pyramid, refined: Refined) -> Plane:
    """How much each cell of the local correlation counts: skin that the moving photo covers."""
    return np.asarray(shrunk(here.weight, (refined.seen.shape[0], refined.seen.shape[1])) * refined.seen + 1e-6)
