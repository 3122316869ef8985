"""Alignment and verdicts on real repeat-visit photos, which a clone does not have."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tracker.alignment import Alignment
from tracker.calibration import CalibratedImage, calibrate
from tracker.commands.pair import compare_document
from tracker.errors import AlignmentFailed
from tracker.photo import read_photo
from tracker.pipeline import align_or_explain
from tracker.region import Region, polygon_region, skin_mask

pytestmark = [pytest.mark.shared, pytest.mark.slow]


class Visits:
    """The photos and what is known about them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pairs: list[dict[str, Any]] = json.loads((folder / "landmarks.json").read_text())["pairs"]
        self.unrelated = [r["image"] for r in _rows(folder / "unrelated_images.csv")]
        self.same = [(r["a"], r["b"]) for r in _rows(folder / "same_photo_pairs.csv")]
        self.image: Callable[[str], CalibratedImage] = cache(self._image)

    def _image(self, name: str) -> CalibratedImage:
        return calibrate(read_photo(self.folder / "images" / f"{name}.png"))

    def align(self, reference: str, moving: str) -> Alignment | None:
        try:
            return align_or_explain(self.image(reference), self.image(moving))
        except AlignmentFailed:
            return None


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture(scope="module")
def visits(shared: Path) -> Visits:
    return Visits(shared / "data" / "visits")


@pytest.fixture(scope="module")
def landmark_errors(visits: Visits) -> list[np.ndarray]:
    """Error at each landmark, pair by pair, in pixels of 512; a refused pair is infinitely wrong."""
    found = []
    for pair in visits.pairs:
        alignment = visits.align(pair["ref"], pair["mov"])
        there = np.array(pair["mov_xy"])[:, ::-1]
        here = np.array(pair["ref_xy"])[:, ::-1]
        found.append(np.full(len(here), np.inf) if alignment is None else np.hypot(*(alignment.at(here) - there).T))
    return found


def test_every_landmark_pair_is_aligned(landmark_errors: list[np.ndarray]) -> None:
    assert [k for k, errors in enumerate(landmark_errors) if not np.isfinite(errors).all()] == []


def test_landmarks_are_met_as_well_as_they_were_placed(landmark_errors: list[np.ndarray]) -> None:
    """Landmarks were placed to about 2 pixels."""
    medians = [np.median(errors) for errors in landmark_errors]

    assert np.median(medians) <= 1.0
    assert np.percentile(medians, 90) <= 3.0


def test_no_photo_of_another_limb_is_accepted(visits: Visits) -> None:
    references = sorted({pair["ref"] for pair in visits.pairs})[:3]

    accepted = [(r, u) for r in references for u in visits.unrelated if visits.align(r, u) is not None]

    assert accepted == []


def test_the_same_photo_stored_twice_lies_on_itself(visits: Visits) -> None:
    for first, second in visits.same:
        alignment = visits.align(first, second)

        assert alignment is not None, (first, second)
        shift = alignment.moving - np.stack(np.meshgrid(alignment.rows, alignment.cols, indexing="ij"), axis=-1)
        assert np.median(np.hypot(*shift[alignment.usable].T)) < 0.5


def _patch(image: CalibratedImage) -> Region:
    """A disc in the middle of the largest skin, where every contrast can be measured."""
    depth = cv2.distanceTransform(skin_mask(image).astype(np.uint8), cv2.DIST_L2, 5)
    middle = np.array(np.unravel_index(np.argmax(depth), depth.shape), dtype=float)
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    ring = np.stack([np.sin(angles), np.cos(angles)], axis=-1)
    return polygon_region(image.grid.to_photo(middle + 0.5 * depth.max() * ring))


def test_the_same_photo_stored_twice_has_not_changed(visits: Visits) -> None:
    """With a marked patch, so that the contrasts are really compared and not only declined."""
    verdicts: list[tuple[str, str]] = []
    for first, second in visits.same:
        image = visits.image(first)
        document = compare_document(image, visits.image(second), _patch(image))
        verdicts += [(m["name"], m["verdict"]) for m in document["metrics"]]

    assert [v for v in verdicts if v[1] in ("better", "worse", "changed")] == []
    assert sum(v[1] == "no measurable change" for v in verdicts) >= 6  # two pairs; most of these photos are overexposed
