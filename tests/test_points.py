"""Places shown by hand: where the alignment begins when it finds no beginning by itself, and no more than that."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.__main__ import main
from tracker.alignment import Alignment, PointPairs, align
from tracker.alignment.points import motion_through
from tracker.calibration import CalibratedImage, calibrate
from tracker.errors import AlignmentFailed
from tracker.phantom import PhantomPhoto, Shot, build_stage, nominal_shot, photograph
from tracker.phantom.scenario import named
from tracker.photo import read_photo

Points = NDArray[np.float64]
SIZE = (600, 800)
PLAN = named("thigh")


def first_shot() -> Shot:
    return nominal_shot(PLAN, SIZE)


@cache
def photo(seed: int = 1, *, near: float | None = None) -> PhantomPhoto:
    """The limb as planned, or from another distance and turned a little."""
    first = first_shot()
    stage = build_stage(PLAN, seed=seed, size=SIZE)
    if near is None:
        return photograph(stage, first)
    shot = replace(first, camera=replace(first.camera, scale=near, roll=5.0, tilt=(3.0, 4.0), shift=(3.0, -5.0)))
    return photograph(stage, shot, first=first, session=1)


def image(of: PhantomPhoto) -> CalibratedImage:
    return calibrate(read_photo(of.jpeg, name=of.name))


def clicks(of: PhantomPhoto, *, off: float = 3.0, seed: int = 0) -> PointPairs:
    """Three places of the limb in the first photo and in this one, each shown about `off` pixels wrong."""
    scene = np.array([[-28.0, -24.0], [-22.0, 30.0], [32.0, 4.0]])
    first = first_shot()
    here, there = (s.camera.to_pixels(s.tissue.to_scene(scene)) for s in (first, of.shot))
    jitter = np.random.default_rng(seed).normal(0, off, (2, 3, 2))
    return [tuple(row) for row in np.column_stack([here + jitter[0], there + jitter[1]]).tolist()]


def off_by(found: Alignment, of: PhantomPhoto) -> tuple[Points, Points]:
    """Distance from the truth and stated uncertainty at usable nodes, in pixels of the reference."""
    first = first_shot()
    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)[found.usable]
    skin = first.tissue.to_skin(first.camera.to_scene(nodes))
    truth = of.shot.camera.to_pixels(of.shot.tissue.to_scene(skin))
    return np.hypot(*(found.moving[found.usable] - truth).T) / found.scale, found.sd[found.usable].astype(np.float64)


CLOSE_UP = 0.40
"""Of the distance of the first photo: nobody would take the two for the same framing."""


def test_a_close_up_is_found_from_three_places_and_its_uncertainty_stays_true() -> None:
    before, after = image(photo()), image(photo(near=CLOSE_UP))
    with pytest.raises(AlignmentFailed):
        align(before, after)

    found = align(before, after, points=clicks(photo(near=CLOSE_UP)))

    distance, sd = off_by(found, photo(near=CLOSE_UP))
    assert found.by_hand
    assert np.median(distance) < 0.3  # the clicks are off by ten times as much
    assert np.mean(distance < 2.45 * sd) > 0.9


def test_the_places_shown_do_not_move_the_result() -> None:
    before, after = image(photo()), image(photo(near=0.9))
    alone = align(before, after)
    led = [align(before, after, points=clicks(photo(near=0.9), seed=seed)) for seed in (1, 2)]

    assert not alone.by_hand
    for found in led:
        both = alone.usable & found.usable
        apart = np.hypot(*np.moveaxis(found.moving - alone.moving, -1, 0))[both]
        assert np.median(apart) < 0.1


def test_places_shown_on_somebody_elses_limb_are_not_believed() -> None:
    """The clicks lie where they should, if it were the same person."""
    with pytest.raises(AlignmentFailed) as refusal:
        align(image(photo()), image(photo(2, near=0.9)), points=clicks(photo(2, near=0.9)))

    assert refusal.value.code == "different_area"


def test_places_shown_wrongly_are_not_believed() -> None:
    right = clicks(photo(near=0.9))
    astray = [(row, col, there_row + 150.0, there_col - 120.0) for row, col, there_row, there_col in right]

    with pytest.raises(AlignmentFailed):
        align(image(photo()), image(photo(near=0.9)), points=astray)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([(100, 100, 110, 110), (400, 500, 410, 510)], "at least 3"),
        ([(100, 100, 100, 100), (200, 200, 200, 200), (400, 400, 400, 400)], "along a line"),
        ([(300, 300, 300, 300), (302, 310, 302, 310), (306, 300, 306, 300)], "near together"),
        ([(100, 100, 100, 100), (500, 200, 500, 200), (300, 900, 300, 700)], "outside"),
        ([(100, 100, 100, 700), (500, 100, 500, 700), (300, 700, 300, 100)], "exchanged"),
    ],
)
def test_points_that_say_nothing_are_refused_with_what_to_do(points: PointPairs, why: str) -> None:
    with pytest.raises(AlignmentFailed, match=why) as refusal:
        align(image(photo()), image(photo(near=0.9)), points=points)

    assert refusal.value.code == "points"
    assert "please" in refusal.value.reason


def test_three_points_give_turn_and_scale_and_hardly_any_shear_of_their_own() -> None:
    turn, scale = np.deg2rad(20.0), 1.3
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    here = np.array([[0.2, 0.2], [0.6, 0.3], [0.3, 0.7]])

    exact = motion_through(np.column_stack([here, here @ linear.T + 0.05]))
    tilted = motion_through(np.column_stack([here, here @ (linear @ np.diag([1.0, 0.8])).T]))

    assert exact is not None
    assert tilted is not None
    np.testing.assert_allclose(exact.matrix, np.column_stack([linear, [0.05, 0.05]]), atol=1e-9)
    np.testing.assert_allclose(tilted.matrix[:, :2], linear @ np.diag([1.0, 0.8]), atol=0.01)


def test_the_command_line_takes_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / "before.jpg", tmp_path / "after.jpg"]
    for path, of in zip(paths, (photo(), photo(near=CLOSE_UP)), strict=True):
        path.write_bytes(of.jpeg)
    pair = [str(path) for path in paths]
    text = "; ".join(f"{a:.1f},{b:.1f} {c:.1f},{d:.1f}" for a, b, c, d in clicks(photo(near=CLOSE_UP)))

    assert main(["compare", *pair, "--points", text, "--json"]) == 0
    led = json.loads(capsys.readouterr().out)["alignment"]
    assert main(["align", *pair, "--out", str(tmp_path / "out"), "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)

    assert (led["status"], led["by_hand"]) == ("aligned", True)
    assert (alone["status"], alone["by_hand"]) == ("rejected", False)


@pytest.mark.parametrize("text", ["", "1,2", "1,2 3,4; 5,6", "here,there 1,2"])
def test_points_that_cannot_be_read_are_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["compare", "a.jpg", "b.jpg", "--points", text])

    assert stop.value.code == 2
    assert "R,C R,C" in capsys.readouterr().err
