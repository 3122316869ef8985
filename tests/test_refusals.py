"""Pairs as they happen in a clinic, each of which is refused for its own reason, or is turned back and aligned."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.alignment import Alignment, align
from tracker.alignment.decision import Evidence, refusal
from tracker.calibration import CalibratedImage, calibrate
from tracker.errors import AlignmentFailed
from tracker.phantom import Stage, build_stage, nominal_shot, photograph
from tracker.phantom.pose import soft_tissue
from tracker.phantom.scenario import named
from tracker.phantom.truth import Truth
from tracker.photo import Photo

Rgb = NDArray[np.uint8]
Points = NDArray[np.float64]
SIZE = (600, 800)


@cache
def stage(seed: int, name: str = "thigh") -> Stage:
    """Somebody's limb in the room of person 1: the same markers, chart and cloth."""
    own = build_stage(named(name), seed=seed, size=SIZE)
    return own if seed == 1 else replace(own, backdrop=stage(1, name).backdrop)


@cache
def shown(seed: int = 1, name: str = "thigh") -> Rgb:
    """The first photo of a person."""
    return photograph(stage(seed, name), nominal_shot(named(name), SIZE)).rgb


@cache
def later(seed: int = 1, name: str = "thigh", *, across: float = 9.0, blur: float = 1.0) -> tuple[Rgb, Truth]:
    """A later photo: nearer, turned, tilted, its tissue shifted, otherwise lit; and the truth about it."""
    first = nominal_shot(named(name), SIZE)
    camera = replace(first.camera, scale=0.94, roll=4.0, tilt=(5.0, -4.0), shift=(-6.0, across))
    light = replace(first.light, azimuth=first.light.azimuth + 8.0, ambient=0.33)
    sensor = replace(first.sensor, exposure_ev=-0.3, blur_mm=first.sensor.blur_mm * blur, jpeg_quality=85)
    shot = replace(first, camera=camera, light=light, sensor=sensor, tissue=soft_tissue(np.random.default_rng(5), 1.5))
    photo = photograph(stage(seed, name), shot, named(name).at(1, 3), first=first, session=1)
    return photo.rgb, photo.truth


def image(rgb: Rgb, name: str) -> CalibratedImage:
    return calibrate(Photo(np.ascontiguousarray(rgb), digest=name, name=name, taken_on=None))


def refused(before: Rgb, after: Rgb) -> AlignmentFailed:
    """The refusal of a pair; its reason is one sentence for a practitioner that names the photo."""
    with pytest.raises(AlignmentFailed) as refusal_:
        align(image(before, "before.jpg"), image(after, "after.jpg"))
    reason = refusal_.value.reason
    assert reason.endswith(".")
    assert reason.count(". ") == 0
    assert "please" in reason
    assert "after.jpg" in reason
    return refusal_.value


def off(found: Alignment, truth: Truth) -> Points:
    """Distance from the truth at the usable nodes that show skin, in pixels of the moving photo."""
    nodes = np.stack(np.meshgrid(truth.rows, truth.cols, indexing="ij"), axis=-1).reshape(-1, 2).astype(np.float64)
    there = np.stack([truth.moving_row, truth.moving_col], axis=-1).reshape(-1, 2)
    index = [
        np.rint(np.interp(nodes[:, k], lines, np.arange(len(lines)))).astype(int)
        for k, lines in ((0, found.rows), (1, found.cols))
    ]
    # Where the truth is known there is skin or a card, and no card is usable.
    kept = found.usable[index[0], index[1]] & np.isfinite(there).all(axis=1)
    return np.asarray(np.hypot(*(found.at(nodes[kept]) - there[kept]).T))


@pytest.mark.parametrize("name", ["thigh", "tone", "pigment"])
def test_another_person_in_the_same_room_is_another_area(name: str) -> None:
    assert refused(shown(1, name), later(2, name)[0]).code == "different_area"


def test_another_limb_of_the_same_tone_is_another_area() -> None:
    assert refused(shown(1), later(1, "buttock")[0]).code == "different_area"


@pytest.mark.parametrize("name", ["thigh", "tone"])
def test_a_mirrored_limb_is_named_and_not_flipped(name: str) -> None:
    """The silhouette of a mirrored left thigh is that of a right thigh; only the marks on its skin tell."""
    refusal_ = refused(shown(1, name), later(1, name)[0][:, ::-1])

    assert refusal_.code == "mirrored"
    assert "mirrored" in refusal_.reason


def test_somebody_elses_mirrored_limb_is_another_area() -> None:
    assert refused(shown(1), later(2)[0][:, ::-1]).code == "different_area"


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_photo_taken_upside_down_or_sideways_is_aligned(quarters: int) -> None:
    rgb, truth = later()
    turned = align(image(shown(), "before.jpg"), image(np.rot90(rgb, quarters), "after.jpg"))

    back = replace(turned, moving=_turned_back(turned.moving, quarters))
    assert np.median(off(back, truth)) < 0.5
    assert turned.overlap > 0.5


def _turned_back(position: NDArray[np.float32], quarters: int) -> NDArray[np.float32]:
    """Pixels of a photo that was turned by quarters, as pixels of the photo before."""
    row, col = position[..., 0], position[..., 1]
    last_row, last_col = SIZE[0] - 1, SIZE[1] - 1
    where = {0: (row, col), 1: (col, last_col - row), 2: (last_row - row, last_col - col), 3: (last_row - col, row)}
    return np.stack(where[quarters], axis=-1)


def test_a_photo_of_the_skin_beside_it_shares_too_little() -> None:
    """Both show the same thigh, but the second camera looked a hand's breadth further along."""
    before, after = shown()[:, 60:470], later()[0][:, 468:]

    assert refused(before, after).code == "too_little_overlap"


def test_a_photo_out_of_focus_is_called_blurred() -> None:
    assert refused(shown(), later(blur=45.0)[0]).code == "too_blurred"


def legs(apart: tuple[Rgb, Rgb], *, lowered: int, narrow: int) -> Rgb:
    """Two legs side by side before a dark wall; the second one hangs lower and nearer to the first."""
    both = np.full((*SIZE, 3), 40, np.uint8)
    both[:, :340] = apart[0][:, 240:580]
    second = apart[1][: SIZE[0] - lowered, 240:580]
    both[lowered:, 440 - narrow : 780 - narrow] = second
    return both


def test_two_legs_that_moved_apart_ask_for_a_region() -> None:
    before = legs((shown(1), shown(2)), lowered=0, narrow=0)
    after = legs((shown(1), shown(2)), lowered=170, narrow=60)

    refusal_ = refused(before, after)
    assert refusal_.code == "unsure"
    assert "mark the region" in refusal_.reason

    first = image(before, "before.jpg")
    row, col = (np.indices(first.grid.shape) + 0.5) * first.grid.px_per_cell
    for left, right, moved in ((20, 320, (0, 0)), (460, 760, (170, -60))):
        found = align(first, image(after, "after.jpg"), region=(col > left) & (col < right) & (row < 400))
        nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
        inside = found.usable & (nodes[..., 1] > left) & (nodes[..., 1] < right) & (nodes[..., 0] < 400)
        assert np.median(np.hypot(*(found.moving - nodes - moved)[inside].T)) < 0.3


def test_a_towel_of_the_colour_of_skin_is_no_evidence() -> None:
    """What lies about is the same for everybody in the room; only the skin tells people apart."""
    towel = np.random.default_rng(3).normal(0, 22, (SIZE[0] // 3, 60, 1))
    towel = np.array([190.0, 140.0, 130.0]) + np.kron(towel, np.ones((3, 2, 1)))
    towel = np.rint(np.clip(towel, 0, 255)).astype(np.uint8)

    def beside(rgb: Rgb) -> Rgb:
        both = rgb.copy()
        both[:, :120] = towel
        return both

    assert refused(beside(shown(1)), beside(later(2)[0])).code == "different_area"
    assert align(image(beside(shown(1)), "before.jpg"), image(beside(later(1)[0]), "after.jpg")).overlap > 0.5


def test_skin_that_lies_in_a_fold_is_left_out_and_the_rest_is_aligned() -> None:
    """The map cannot follow a fold, and need not: on both sides of it the skin is where it is."""
    hidden = 60
    whole = shown(1, "pigment")
    again = np.clip(whole + np.random.default_rng(2).normal(0, 2, whole.shape), 0, 255).astype(np.uint8)
    folded = np.full_like(whole, 40)
    folded[:, :370], folded[:, 370 : 800 - hidden] = again[:, :370], again[:, 370 + hidden :]

    found = align(image(whole, "before.jpg"), image(folded, "after.jpg"))

    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    at = nodes[..., 1]
    for side, moved in ((at < 340, 0), (at > 400 + hidden, -hidden)):
        assert np.median(np.hypot(*(found.moving - nodes - (0, moved))[found.usable & side].T)) < 0.2
    assert found.usable[(at > 380) & (at < 360 + hidden)].mean() < 0.1


WEAK = Evidence(agreeing=90, score=9.0, correlation=0.2, return_error=4.0, overlap=0.2, folded=0.0, rival=0.0)
STRONG = Evidence(agreeing=900, score=500.0, correlation=0.7, return_error=0.2, overlap=0.6, folded=0.0, rival=0.0)


@pytest.mark.parametrize(
    ("evidence", "code", "words"),
    [
        (WEAK, "unsure", "too little of it can be recognised"),
        (replace(STRONG, rival=0.4), "unsure", "moved in different ways"),
        (replace(STRONG, folded=0.03), "folded", "folded over each other"),
        (replace(STRONG, overlap=0.06), "too_little_overlap", "too little of the skin"),
        (replace(STRONG, overlap=0.01, correlation=0.03), "different_area", "same area of skin"),
        (replace(WEAK, agreeing=20, score=2.0, correlation=0.01), "different_area", "same area of skin"),
    ],
)
def test_each_lack_of_evidence_has_its_code_and_says_what_to_do(evidence: Evidence, code: str, words: str) -> None:
    assert STRONG.convincing
    assert not evidence.convincing

    said = refusal(
        evidence, names=("before.jpg", "after.jpg"), fineness=(0.3, 0.3), mirrored=lambda: replace(WEAK, score=0.0)
    )

    assert said.code == code
    assert words in said.reason
    assert "please" in said.reason
