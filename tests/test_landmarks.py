"""The skin is found by its own marks; cards and charts lie loose, and are none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import align
from tracker.alignment.features import Features, find_features, match, similarities
from tracker.alignment.pyramid import Pyramid, build_pyramid
from tracker.calibration import CalibratedImage, calibrate
from tracker.phantom import PhantomPhoto, build_stage, nominal_shot, photograph
from tracker.phantom.pose import Deformation
from tracker.phantom.scenario import named
from tracker.phantom.stage import cards_of
from tracker.photo import read_photo

SIZE = (600, 800)
PLAN = named("tone")
"""Skin with four printed markers and a colour chart."""
SLIP = (9.0, -7.0)
"""How far the skin lies from where it lay between the cards, (y, x) mm."""


@cache
def photo(*, slipped: bool = False) -> PhantomPhoto:
    """The skin, or the same skin while all cards have been laid elsewhere on it."""
    first = nominal_shot(PLAN, SIZE)
    shift = Deformation(np.zeros((1, 2)), np.zeros(1), np.array([SLIP]))
    stage = build_stage(PLAN, seed=4, size=SIZE)
    return photograph(stage, replace(first, tissue=shift) if slipped else first, first=first, session=int(slipped))


@cache
def image(*, slipped: bool = False) -> CalibratedImage:
    of = photo(slipped=slipped)
    return calibrate(read_photo(of.jpeg, name=of.name))


def on_cards(features: Features, of: Pyramid) -> NDArray[np.bool_]:
    """Which features lie on a card, shape (n,)."""
    scene = nominal_shot(PLAN, SIZE).camera.to_scene(of.to_pixels(features.position))
    centres, halves = np.moveaxis(cards_of(PLAN, SIZE), 1, 0)
    return np.asarray((np.abs(scene[:, None] - centres) < halves).all(axis=-1).any(axis=1))


def test_no_corner_of_a_marker_or_chart_is_a_landmark() -> None:
    pyramids = [build_pyramid(image(slipped=slipped)) for slipped in (False, True)]
    found = [find_features(pyramid) for pyramid in pyramids]
    ours, theirs = (features for features in found if features is not None)
    cards = on_cards(ours, pyramids[0])
    assert cards.sum() > 50  # corners of print are the strongest there are

    matches = match(ours, theirs, similarities(ours, theirs))

    assert ours.weight[cards].max() == 0
    landmarks = {tuple(place) for place in matches.here.tolist()}
    assert landmarks
    assert not landmarks & {tuple(place) for place in ours.position[cards].tolist()}


def test_the_skin_is_found_where_it_is_when_all_cards_lie_elsewhere() -> None:
    found = align(image(), image(slipped=True))

    px = np.array(SLIP) / photo().shot.camera.mm_per_px  # the skin lies up and to the right of where it lay
    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    row, col = np.rint(nodes).astype(int).transpose(2, 0, 1)
    apart = np.hypot(*(found.moving - (nodes - px))[found.usable & photo().truth.skin[row, col]].T)
    assert found.overlap > 0.5
    assert np.median(apart) < 0.3
    assert np.percentile(apart, 95) < 1.0  # the cards have not moved at all: following them would be 30 px off
