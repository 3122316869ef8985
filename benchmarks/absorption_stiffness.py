"""How stiff is the map? Waves of area change of known length run through the skin: what share does it follow?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.findings import Findings
from benchmarks.scenes import calibrated, skin_of, thigh
from benchmarks.workers import spread
from tracker.alignment import align
from tracker.errors import AlignmentFailed
from tracker.phantom import Scenario, State, build_stage, nominal_shot, photograph
from tracker.phantom.pose import Deformation
from tracker.phantom.scenario import named

SHARES: Final = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.12)
"""Lengths of the waves, as shares of the long side of the picture."""
AREA: Final = 0.08
"""Amplitude of the relative change of area of each of two crossing waves."""
SIZES: Final = {"body": (600, 800), "close-up": (750, 1000)}
SKINS: Final = 3
_INSIDE: Final = 0.12  # share of the picture left out along its border

Row = dict[str, Any]


def stiffness(*, quick: bool, workers: int) -> Findings:
    """Share of imposed waves that the map follows, per length, and the length at which it is a half."""
    tasks = [(scene, skin) for scene in SIZES for skin in range(1 if quick else SKINS)]
    shares = SHARES[::3] if quick else SHARES
    rows = [row for part in spread(_followed, [(*task, shares) for task in tasks], workers=workers) for row in part]
    found: Findings = {}
    for scene in SIZES:
        of_scene = [row for row in rows if row["scene"] == scene]
        field = of_scene[0]["field"]
        followed = [float(np.mean([row["followed"] for row in of_scene if row["share"] == share])) for share in shares]
        half = _crossing(shares, followed)
        found[scene] = {
            "field_mm": field, "lengths_mm": [share * field for share in shares], "followed": followed,
            "half_share": half, "half_mm": None if half is None else half * field,
        }  # fmt: skip
    return found


def _plan(scene: str, skin: int) -> Scenario:
    if scene == "body":
        return thigh(slant=50.0, melanin=(0.02, 0.06, 0.15)[skin])
    plan = named("pigment")
    complexion = replace(plan.complexion, melanin=(0.02, 0.06, 0.15)[skin])
    return replace(plan, name="close-up", patch_width=0.0, complexion=complexion, start=State())


def _followed(task: tuple[str, int, tuple[float, ...]]) -> list[Row]:
    scene, skin, shares = task
    plan, size = _plan(scene, skin), SIZES[scene]
    stage, first = build_stage(plan, seed=800 + skin, size=size), nominal_shot(plan, size)
    reference = calibrated(photograph(stage, first))
    region = skin_of(reference)
    rows = []
    for number, share in enumerate(shares):
        shot = replace(first, tissue=crossing_waves(share * plan.field, AREA))
        image = calibrated(photograph(stage, shot, first=first, session=1 + number))
        row: Row = {"scene": scene, "field": plan.field, "share": share, "followed": 0.0}
        try:
            found = align(reference, image, region=region)
        except AlignmentFailed:
            rows.append(row)
            continue
        nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
        true = shot.camera.to_pixels(shot.tissue.to_scene(first.tissue.to_skin(first.camera.to_scene(nodes))))
        within = found.usable & ((nodes > _INSIDE * size[1]) & (nodes < np.array(size) - _INSIDE * size[1])).all(
            axis=-1
        )
        rows.append(row | {"followed": slope(found.moving[within] - nodes[within], true[within] - nodes[within])})
    return rows


def crossing_waves(length: float, area: float) -> Deformation:
    """Skin that is stretched and compressed in turn along both axes, waves of `length` mm."""
    number = 2 * np.pi / length
    waves = number * np.eye(2)
    return Deformation(waves, np.array([0.4, 1.3]), area / number * np.eye(2))


def slope(found: NDArray[np.floating], true: NDArray[np.floating]) -> float:
    """Regression of found on true displacements, both (n, 2), each without its mean.

    Examples
    --------
    >>> true = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]])
    >>> round(slope(0.5 * true + 7.0, true), 6)
    0.5
    """
    found, true = found - found.mean(axis=0), true - true.mean(axis=0)
    return float((found * true).sum() / (true**2).sum())


def _crossing(shares: tuple[float, ...], followed: list[float]) -> float | None:
    """The length at which half is followed, between those measured; None outside them.

    Examples
    --------
    >>> _crossing((0.02, 0.04), [0.25, 0.75])
    0.03
    """
    if not followed[0] < 0.5 <= followed[-1]:
        return None
    k = next(k for k, value in enumerate(followed) if value >= 0.5)
    part = (0.5 - followed[k - 1]) / (followed[k] - followed[k - 1])
    return round(shares[k - 1] + part * (shares[k] - shares[k - 1]), 9)
