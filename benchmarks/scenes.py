"""Plans of rendered skin that several benchmarks share, and the way from a photo to its own numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import in_own_frame
from tracker.calibration import CalibratedImage, calibrate
from tracker.measurement import measure
from tracker.metrics import metric_named
from tracker.phantom import PhantomPhoto, Scenario
from tracker.phantom.scenario import named
from tracker.phantom.skin import Body
from tracker.photo import read_photo
from tracker.region import WHOLE_SKIN, Region, polygon_region, region_mask

SIZE = (480, 640)
"""Rows and columns of a photo: 0.47 mm per pixel on a thigh, just finer than the analysis grid of 0.5 mm."""
PLANE = Body(half_width=5000.0, depth=1e-3, exponent=2.0)
"""No shape of its own: what is shaded here is dimples."""


def thigh(
    *, plane: bool = False, melanin: float = 0.02, mottling: float = 0.10, depth: float = 4.5, slant: float = 45.0
) -> Scenario:
    """Skin with dimples, side-lit.

    Parameters
    ----------
    plane : bool
        On a plane without waves longer than dimples, so that nothing but dimples is shaded.
    melanin : float
        Median fraction of melanosomes.
    mottling : float
        Standard deviation of ln(melanin).
    depth : float
        Of the deepest dimple, mm; the soft undulation between dimples follows.
    slant : float
        Of the lamp, degrees.
    """
    plan = named("thigh")
    relief = replace(plan.relief, depth=depth, mattress=plan.relief.mattress * depth / plan.relief.depth)
    plan = replace(
        plan,
        complexion=replace(plan.complexion, melanin=melanin, mottling=mottling),
        relief=relief,
        light=replace(plan.light, slant=slant),
    )
    return replace(plan, body=PLANE, relief=replace(relief, waviness=0.0)) if plane else plan


def calibrated(photo: PhantomPhoto) -> CalibratedImage:
    """The photo's file as the program sees it."""
    return calibrate(read_photo(photo.jpeg, name=photo.name))


def region_of(photo: PhantomPhoto) -> Region:
    """What somebody would mark: the patch, or nothing where there is none."""
    return WHOLE_SKIN if photo.region is None else polygon_region(np.asarray(photo.region, np.float64))


def own_value(image: CalibratedImage, region: NDArray[np.bool_], name: str, *, marked: bool = False) -> float:
    """A metric of one photo in its own frame: nothing is aligned."""
    return measure(in_own_frame(image), region, metric_named(name), marked=marked).value


def skin_of(image: CalibratedImage) -> NDArray[np.bool_]:
    """The whole skin, found by colour."""
    return region_mask(WHOLE_SKIN, image)
