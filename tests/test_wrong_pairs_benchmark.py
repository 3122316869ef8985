"""The benchmark of right and wrong pairs: its people share a room and nothing else, and its sums are right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.findings import plain
from benchmarks.wrong_pairs import Row, curve, summed_up
from benchmarks.wrong_pairs_page import figure, section
from benchmarks.wrong_pairs_scenes import LEVELS, ROOMS, SPREADS, first_shot, later_shot, people, plan_of
from tracker.phantom import photograph


def row(strength: float, *, right: bool, accepted: bool | None = None, kind: str = "") -> Row:
    return {
        "kind": kind or ("easy" if right else "other limb"), "right": right, "strength": strength,
        "accepted": strength > 0.6 if accepted is None else accepted, "error": 0.1 if right else None,
    }  # fmt: skip


def test_people_of_a_room_differ_in_their_skin_only() -> None:
    number = next(k for k, (name, *_) in enumerate(ROOMS) if name == "phone")
    first, second = people(number, seed=5)[:2]
    photos = [photograph(stage, first_shot(stage.plan, stage.size)) for stage in (first, second)]

    skin = photos[0].truth.skin
    greens = [photo.rgb[..., 1].astype(np.float32) for photo in photos]
    details = [green - cv2.GaussianBlur(green, (0, 0), 4.0) for green in greens]
    around = ~cv2.dilate(skin.astype(np.uint8), np.ones((41, 41), np.uint8)).astype(np.bool_)
    alike = [float(np.corrcoef(*(detail[where] for detail in details))[0, 1]) for where in (skin, around)]

    assert alike[0] < 0.2  # only the noise of shape and shade is common
    assert alike[1] > 0.7  # markers, towel and wall, but for the noise of the camera


@pytest.mark.parametrize("level", LEVELS)
def test_later_shots_stay_within_what_their_level_says(level: str) -> None:
    plan, size, within = plan_of(0), ROOMS[0][3], SPREADS[level]
    shots = [later_shot(plan, size, np.random.default_rng(k), within) for k in range(40)]

    rolls = np.abs([shot.camera.roll for shot in shots])
    assert rolls.max() <= within.roll
    assert rolls.max() > 0.8 * within.roll
    assert max(abs(shot.sensor.exposure_ev - plan.sensor.exposure_ev + 0.2) for shot in shots) <= within.exposure_ev
    assert min(shot.sensor.jpeg_quality for shot in shots) >= within.jpeg_quality


def test_the_curve_counts_every_pair_of_a_right_and_a_wrong_one() -> None:
    rows = [row(z, right=True) for z in (0.2, 2.0, 3.0, 4.0)] + [row(z, right=False) for z in (-3.0, -1.0, 0.5)]

    found = curve(rows)

    assert found["auc"] == pytest.approx(11 / 12)  # only 0.2 lies below a wrong one
    assert found["recall_at"]["0.0"] == 0.75
    assert found["worst_wrong"] == 0.5
    assert found["accepted_right"].count == 3
    assert found["accepted_wrong"].count == 0


def test_a_wrong_pair_that_is_accepted_is_seen() -> None:
    rows = [row(3.0, right=True), row(2.0, right=False), row(-1.0, right=False)]

    found = curve(rows)

    assert found["accepted_wrong"].count == 1
    assert found["recall_at"]["0.0"] == 1.0
    assert curve([row(1.0, right=True), row(2.0, right=False)])["recall_at"]["0.0"] == 0.0


def test_the_page_tells_what_was_not_measured_and_draws_what_was() -> None:
    rows = [row(3.0 + k, right=True) for k in range(3)] + [row(-float(k), right=False) for k in range(3)]
    found = plain(summed_up(rows) | {"shared": False})

    text = section(found)

    assert section({}) == ""
    assert "3 right and 3 wrong pairs" in text
    assert "not on this machine" in text
    assert "not on this machine" not in section(found | {"shared": True})
    assert figure(found).to_dict()["hconcat"]
