"""What a relief gauge says about the lamp, and what a pair with dual light makes of relief and pigment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from benchmarks.estimates import proportion
from benchmarks.findings import Findings
from benchmarks.printed import printed_batch, printed_card
from benchmarks.scenes import calibrated, thigh
from benchmarks.workers import spread
from tracker.calibration import layout
from tracker.calibration.gauge import read_gauge
from tracker.dual import pair_lights
from tracker.phantom import build_stage, nominal_shot, photograph
from tracker.phantom.gauge import Gauge
from tracker.phantom.light import LAMP_WIDTH, Light
from tracker.shading import band_pass

SEED: Final = 20270309
CARD_SIZE: Final = (750, 1000)
SIZE: Final = (480, 640)
PAIRS: Final = (
    (0.0, 0.05, 45.0, 0.28), (0.0, 0.30, 45.0, 0.28), (2.0, 0.05, 45.0, 0.28), (4.0, 0.30, 45.0, 0.28),
    (2.0, 0.30, 30.0, 0.1), (2.0, 0.30, 30.0, 0.4), (2.0, 0.30, 60.0, 0.1), (2.0, 0.30, 60.0, 0.4),
)  # fmt: skip
"""Depth of the dimples (mm), mottling, slant (°) and ambient share of the pairs with dual light."""

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """Gauges in drawn light, one in six without a gauge; and pairs on one matte skin."""
    gauges = spread(one_gauge, range(3 if quick else 36), workers=workers)
    pairs = spread(one_pair, PAIRS[2:3] if quick else PAIRS, workers=workers)
    return {"gauge": _gauges(gauges), "dual": pairs}


def gain(light: Light) -> float:
    """(1 − a) tan(slant) under a lamp of some width: the derivative of its illumination on flat skin."""
    slant = np.radians(light.slant)
    return float((1 - light.ambient) * np.sin(slant) / np.hypot(np.cos(slant), LAMP_WIDTH))


def one_gauge(number: int) -> Row:
    """The card beside flat skin, rolled and tilted, with a gauge unless the number leaves 5 over 6."""
    rng = np.random.default_rng([SEED, number])
    card = printed_card((0.0, -90.0), printed_batch())
    middle = np.array(card.centre) - np.array(card.sheet) / 2 + np.array(layout.GAUGE_AT) + layout.GAUGE_SIDE_MM / 2
    stuck = number % 6 != 5
    card = replace(card, gauge=Gauge((float(middle[0]), float(middle[1]))) if stuck else None)
    plan = replace(thigh(plane=True, depth=2.0), card_edge=None, field=420.0, chart=card)
    shot = nominal_shot(plan, CARD_SIZE)
    slant, azimuth, ambient = rng.uniform(30.0, 60.0), rng.uniform(0.0, 360.0), rng.uniform(0.1, 0.5)
    light = replace(shot.light, slant=float(slant), azimuth=float(azimuth), ambient=float(ambient))
    tilt = float(rng.uniform(-6.0, 6.0)), float(rng.uniform(-6.0, 6.0))
    camera = replace(shot.camera, roll=float(rng.uniform(-15.0, 15.0)), tilt=tilt)
    stage = build_stage(plan, seed=31000 + number, size=CARD_SIZE)
    image = calibrated(photograph(stage, replace(shot, light=light, camera=camera)))
    found = read_gauge(image.photo.rgb, image.markers)
    if found is None:
        return {"stuck": stuck, "read": False}
    turned = abs((found.azimuth - azimuth + 180) % 360 - 180)
    off = found.kappa / gain(light) - 1
    return {
        "stuck": stuck,
        "read": True,
        "azimuth": turned,
        "kappa": off,
        "doubt": found.kappa_uncertainty / found.kappa,
    }


def one_pair(task: tuple[float, float, float, float]) -> Row:
    """Half the difference of one pair: its standard deviation in the dimple band, and that over the gain."""
    depth, mottling, slant, ambient = task
    plan = thigh(plane=True, depth=depth, mottling=mottling, slant=slant)
    plan = replace(plan, light=replace(plan.light, gloss=0.0, ambient=ambient))
    stage = build_stage(plan, seed=33000, size=SIZE)
    first = nominal_shot(plan, SIZE)
    second = replace(first, light=replace(first.light, azimuth=first.light.azimuth + 180.0))
    images = [calibrated(photograph(stage, s, first=first, session=k)) for k, s in enumerate((first, second))]
    pair = pair_lights(images[0], images[1])
    assert pair.mm_per_cell is not None
    band = band_pass(pair.difference, pair.valid, band_mm=(12.0, 50.0), mm_per_cell=pair.mm_per_cell)[pair.valid]
    return {
        "depth": depth, "mottling": mottling, "slant": slant, "ambient": ambient, "sd": float(band.std()),
        "slope": float(band.std()) / gain(first.light), "usable": pair.usable,
    }  # fmt: skip


def _gauges(rows: list[Row]) -> Findings:
    stuck = [row for row in rows if row["stuck"]]
    read = [row for row in stuck if row["read"]]
    empty = [row for row in rows if not row["stuck"]]
    azimuth, kappa, doubt = (np.array([row[name] for row in read]) for name in ("azimuth", "kappa", "doubt"))
    return {
        "read": proportion(len(read), len(stuck)),
        "misread": proportion(sum(row["read"] for row in empty), len(empty)),
        "azimuth_median": float(np.median(azimuth)), "azimuth_most": float(azimuth.max()),
        "kappa_median": float(np.median(kappa)), "kappa_most": float(np.abs(kappa).max()),
        "covered": float(np.mean(np.abs(kappa) <= 1.96 * doubt)),
    }  # fmt: skip
