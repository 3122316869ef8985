"""The benchmark of absorbed change measures what it says, and can tell a map that hides change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.absorption import MAPS, spot_area
from benchmarks.absorption_page import section
from benchmarks.absorption_scenes import RADII_MM, Outline, painted, spotted
from tracker.alignment import warp_photo
from tracker.phantom.fields import Canvas


@pytest.mark.parametrize("radius", [20.0, 45.0])
def test_the_area_of_a_spot_is_read_under_shade_and_noise(radius: float) -> None:
    y, x = np.indices((300, 300), np.float64)
    away = np.hypot(y - 140.3, x - 150.8)
    light = 170 * np.exp(-0.0008 * x + 0.0005 * y) * (1 - 0.3 / (1 + np.exp((away - radius) / 1.2)))
    rgb = light[..., None] + np.random.default_rng(3).normal(0, 2, (300, 300, 3))

    area = spot_area(np.clip(rgb, 0, 255).astype(np.uint8), np.array([142.0, 149.0]), 1.1 * radius)

    assert area == pytest.approx(np.pi * radius**2, rel=0.03)  # half of the logarithm lies a little inside


def test_no_spot_has_no_area() -> None:
    grey = np.random.default_rng(4).integers(120, 124, (200, 200, 3)).astype(np.uint8)

    area = spot_area(grey, np.array([100.0, 100.0]), 20.0)
    assert np.isnan(area) or area < 0.5 * np.pi * 20**2


def test_a_painted_spot_that_shrinks_has_the_area_that_is_claimed() -> None:
    canvas = Canvas(60.0, 60.0, 0.1)
    shape = Outline.drawn(np.random.default_rng(5), 11.0)

    whole, less = (painted(canvas, np.zeros((1, 2)), [shape], size) for size in (1.0, np.sqrt(0.8)))

    assert (whole.number > 0).sum() * canvas.pitch**2 == pytest.approx(shape.area, rel=0.003)
    assert (less.number > 0).sum() / (whole.number > 0).sum() == pytest.approx(0.8, abs=0.003)


@pytest.mark.slow
def test_our_map_leaves_a_shrunken_spot_small_and_one_that_gives_way_is_noticed() -> None:
    pair, centres = spotted(2, shrunk=0.2)
    centre, radius = centres[2], RADII_MM[2] / pair.before.truth.mm_per_px
    size = pair.before.rgb.shape[:2]
    true = pair.maps["true"]
    nodes = np.stack(np.meshgrid(true.rows, true.cols, indexing="ij"), axis=-1)
    near = np.exp(-(((nodes - centre) / (1.5 * radius)) ** 2).sum(axis=-1))[..., None]
    pulled = nodes - near * (1 - np.sqrt(0.8)) * (nodes - centre)  # towards the middle, as the spot went
    hiding = replace(true, moving=true.at(pulled.reshape(-1, 2)).reshape(nodes.shape).astype(np.float32))

    before = spot_area(pair.before.rgb, centre, radius)
    maps = {name: pair.maps[name] for name in MAPS} | {"hiding": hiding}
    change = {
        name: 100 * (spot_area(warp_photo(pair.after.rgb, at, size), centre, radius) / before - 1)
        for name, at in maps.items()
    }

    assert change["true"] == pytest.approx(-20, abs=2)
    assert change["ours"] == pytest.approx(change["true"], abs=0.5)
    assert change["hiding"] > change["true"] + 5


def test_the_page_needs_no_findings() -> None:
    assert section({}) == ""
