"""Designs of experiments: factors whose levels are balanced over few scenes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

Scene = dict[str, float]


def points(dimensions: int, count: int, seed: int) -> NDArray[np.float64]:
    """Scrambled Sobol points in the unit cube, shape (count, dimensions); `count` is best a power of two."""
    return np.asarray(qmc.Sobol(dimensions, rng=np.random.default_rng(seed)).random(count))


def continuous(ranges: Mapping[str, tuple[float, float]], count: int, *, seed: int) -> list[Scene]:
    """Scenes whose factors fill their ranges evenly, in every projection.

    Parameters
    ----------
    ranges : mapping of str to (low, high)
    count : int
    seed : int
    """
    low, high = np.array(list(ranges.values())).T
    return [
        dict(zip(ranges, scene.tolist(), strict=True))
        for scene in low + points(len(ranges), count, seed) * (high - low)
    ]


def levelled(levels: Mapping[str, Sequence[float]], count: int, *, seed: int) -> list[Scene]:
    """Scenes in which each level of each factor comes about as often as any other.

    Examples
    --------
    >>> scenes = levelled({"a": (0.0, 1.0), "b": (1.0, 2.0, 3.0, 4.0)}, 8, seed=1)
    >>> sum(scene["a"] for scene in scenes), sum(scene["b"] for scene in scenes)
    (4.0, 20.0)
    """
    return [
        {name: choice[int(at * len(choice))] for (name, choice), at in zip(levels.items(), scene, strict=True)}
        for scene in points(len(levels), count, seed)
    ]
