"""The pairs of known truth are true, and the peers are given a fair chance."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from benchmarks import peers, peers_methods, registration, registration_page, registration_phantom, registration_texture
from benchmarks.registration_pairs import EASY, HARD, SPACING, Level, Pair, soft

Plane = NDArray[np.float32]
Points = NDArray[np.float64]

CLEAN = replace(
    HARD, distance=0.1, tilt=8.0, tissue=0.01, exposure=0.0, balance=0.0, azimuth=0.0, slant=0.0, relit=0.0,
    gradient=0.0, treated=0.0, overlap=(0.8, 0.9), blur=1.0, noise=1.0, jpeg=98, clutter=0, occluders=0, curved=0.1,
)  # fmt: skip


def normalised(rgb: NDArray[np.uint8]) -> Plane:
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean = cv2.GaussianBlur(grey, (0, 0), 6)
    spread = np.sqrt(cv2.GaussianBlur((grey - mean) ** 2, (0, 0), 6) + 4)
    return np.asarray((grey - mean) / spread, np.float32)


def leftover(pair: Pair) -> Points:
    """Shift (row, column) that is left between the reference and the other photo brought back by the truth, tile by
    tile, in pixels.
    """
    step = SPACING * pair.reference.shape[1]
    index = np.rint(pair.points / step).astype(int)
    low, high = index.min(axis=0), index.max(axis=0)
    known = np.zeros(high - low + 1, bool)
    known[tuple((index - low).T)] = True
    true = np.full((*known.shape, 2), np.nan)
    true[tuple((index - low).T)] = pair.true
    rows, cols = (step * np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
    shifts = []
    size = 12
    for top in range(0, known.shape[0] - size, size):
        for left in range(0, known.shape[1] - size, size):
            part = slice(top, top + size), slice(left, left + size)
            if known[part].all():
                shifts.append(_shift(pair, rows[part[0]], cols[part[1]], true[part]))
    return np.array(shifts)


def _shift(pair: Pair, rows: Points, cols: Points, true: Points) -> Points:
    dense = RegularGridInterpolator((rows, cols), true, method="cubic")
    row, col = (np.arange(np.ceil(lines[0]), np.floor(lines[-1])) for lines in (rows, cols))
    at = dense(np.stack(np.meshgrid(row, col, indexing="ij"), axis=-1)).astype(np.float32)
    here = normalised(pair.reference)[int(row[0]) : int(row[-1]) + 1, int(col[0]) : int(col[-1]) + 1]
    back = cv2.remap(normalised(pair.moving), at[..., 1].copy(), at[..., 0].copy(), cv2.INTER_LANCZOS4)
    slopes = [(a + b) / 2 for a, b in zip(np.gradient(here), np.gradient(back), strict=True)]
    design = np.stack([slope.ravel() for slope in slopes], axis=1)
    solution, *_ = np.linalg.lstsq(design, (here - back).ravel(), rcond=None)
    return np.asarray(solution)


@pytest.mark.parametrize("base", ["spots", "bruise"])
def test_rendered_photos_coincide_where_the_truth_says(base: str) -> None:
    shifts = leftover(registration_phantom.pair_of(base, CLEAN, 5))

    assert len(shifts) > 5
    assert np.abs(np.median(shifts, axis=0)).max() < 0.06
    assert np.median(np.abs(shifts)) < 0.06


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
def test_photos_of_a_picture_coincide_where_the_truth_says() -> None:
    shifts = leftover(registration_texture.pair_of(registration_texture.bases()[4], CLEAN, 5))

    assert len(shifts) > 5
    assert np.abs(np.median(shifts, axis=0)).max() < 0.06
    assert np.median(np.abs(shifts)) < 0.06


def test_the_same_pair_is_made_twice() -> None:
    first, second = (registration_phantom.pair_of("lines", EASY, 3) for _ in range(2))

    np.testing.assert_array_equal(first.moving, second.moving)
    np.testing.assert_array_equal(first.true, second.true)


@pytest.mark.parametrize("level", [EASY, HARD], ids=lambda level: level.name)
def test_tissue_moves_as_far_as_the_level_says_and_never_folds(level: Level) -> None:
    tissue = soft(np.random.default_rng(4), 1000.0, level.tissue)
    places = np.stack(np.meshgrid(*2 * [np.linspace(-400, 400, 60)], indexing="ij"), axis=-1)
    moved = np.hypot(*np.moveaxis(tissue.to_skin(places) - places, -1, 0))
    down, across = (np.gradient(tissue.to_skin(places), 800 / 59, axis=axis) for axis in (0, 1))
    area = down[..., 0] * across[..., 1] - down[..., 1] * across[..., 0]

    assert 0.5 < np.percentile(moved, 95) / (1000 * level.tissue) < 1.4
    assert area.min() > 0.4
    np.testing.assert_allclose(tissue.to_scene(tissue.to_skin(places)), places, atol=1e-3)


def pair_moved_by(shift: Points) -> Pair:
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((320, 420, 3)).astype(np.float32)
    canvas = np.sum([sigma * cv2.GaussianBlur(noise, (0, 0), sigma) for sigma in (2, 8, 24)], axis=0)
    texture = np.clip(128 + 45 * canvas / canvas.std(), 0, 255).astype(np.uint8)
    row, col = (round(value) for value in shift)
    points = np.stack(np.meshgrid(np.arange(60.0, 220, 20), np.arange(60.0, 320, 20), indexing="ij"), -1).reshape(-1, 2)
    reference = np.ascontiguousarray(texture[20:300, 20:400])
    moving = np.ascontiguousarray(texture[20 - row : 300 - row, 20 - col : 400 - col])
    return Pair("noise", "easy", reference, moving, points, points + np.array([row, col]), 1.0)


@pytest.mark.parametrize("peer", [each for each in peers.peers() if not each.slow], ids=lambda each: each.name)
def test_a_peer_finds_a_plain_shift(peer: peers.Peer) -> None:
    """Otherwise its row of the table would say nothing about it."""
    pair = pair_moved_by(np.array([3.0, -5.0]))

    place, _ = peer.run(pair.reference, pair.moving, pair.points)

    score = registration.scored(place, pair)
    assert score["strict"]
    assert score["median"] < 1.0


def test_a_method_that_gives_up_has_no_success_and_lost_points_count() -> None:
    pair = pair_moved_by(np.array([3.0, -5.0]))
    half = pair.true.copy()
    half[: len(half) // 2 + 1] = np.nan

    assert not registration.scored(None, pair)["ok"]
    assert registration.scored(pair.true, pair)["f1"] == 1.0
    assert not registration.scored(half, pair)["ok"]


def test_homographies_are_told_from_the_reference_to_the_other_photo() -> None:
    pair = pair_moved_by(np.array([3.0, -5.0]))
    greys = [cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) for rgb in (pair.reference, pair.moving)]

    found = peers_methods.ecc_pyramid(*greys)

    assert found is not None
    np.testing.assert_allclose(found[:2, 2] / found[2, 2], [-5, 3], atol=0.5)


def test_tuning_and_reporting_share_neither_seeds_nor_pictures() -> None:
    tuned, reported = registration.tasks(registration.TUNING), registration.tasks(registration.REPORTING)
    pictures = set(registration_texture.bases())

    assert not {task.seed for task in tuned} & {task.seed for task in reported}
    assert not {task.base for task in tuned} & {task.base for task in reported} & pictures
    assert not pictures or len(reported) >= 54


@pytest.mark.slow
def test_the_page_tells_what_a_small_run_found() -> None:
    found = registration.run(quick=True, workers=1)
    page = registration_page.section(found)

    assert found["pairs"] == 3
    assert found["ours"]["strict"] == 1.0
    assert {row["name"] for row in found["peers"]} == {each.name for each in peers.peers() if not each.slow}
    assert "**this program**" in page
    assert registration_page.section({}) == ""
