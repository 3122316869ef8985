"""Two photos with the lamp left, then right: relief stays, pigment cancels."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.scenes import calibrated, thigh
from tracker.__main__ import main
from tracker.alignment import align, in_own_frame
from tracker.calibration import CalibratedImage, calibrate
from tracker.dual import LightPair, left_first, pair_lights
from tracker.dual.still import moved_as_one
from tracker.phantom import PhantomPhoto, State, build_stage, nominal_shot, photograph
from tracker.phantom.light import LAMP_WIDTH
from tracker.photo import Photo
from tracker.quality import Status
from tracker.shading import band_pass

SIZE = (480, 640)


@cache
def _photos(
    depth: float, mottling: float, slant: float = 45.0, turned: float = 180.0, ambient: float = 0.28
) -> tuple[PhantomPhoto, PhantomPhoto]:
    """Matte flat skin, lamp right and then turned."""
    plan = thigh(plane=True, depth=depth, mottling=mottling, slant=slant)
    plan = replace(plan, light=replace(plan.light, gloss=0.0, ambient=ambient))
    stage = build_stage(plan, seed=61, size=SIZE)
    first = nominal_shot(plan, SIZE)
    second = replace(first, light=replace(first.light, azimuth=first.light.azimuth + turned))
    return (
        photograph(stage, first, State(), session=1),
        photograph(stage, second, State(), first=first, session=1, replicate=2),
    )


@cache
def _pair(
    depth: float, mottling: float, slant: float = 45.0, turned: float = 180.0, ambient: float = 0.28
) -> LightPair:
    return pair_lights(*(calibrated(photo) for photo in _photos(depth, mottling, slant, turned, ambient)))


def _band(pair: LightPair) -> np.ndarray:
    assert pair.mm_per_cell is not None
    return band_pass(pair.difference, pair.valid, band_mm=(12, 50), mm_per_cell=pair.mm_per_cell)[pair.valid]


def _strength(pair: LightPair) -> float:
    return float(_band(pair).std())


def _checks(pair: LightPair) -> dict[str, Status]:
    return {check.check: check.status for check in pair.checks}


def test_a_true_pair_passes_every_check() -> None:
    pair = _pair(2.0, 0.05)

    assert set(_checks(pair).values()) == {Status.OK}
    assert pair.usable


def test_pigment_cancels() -> None:
    """Mottled six times as much, matte skin differs by less than 5 % of what dimples of 2 mm give."""
    even, mottled = (_band(_pair(0.0, mottling)).std() for mottling in (0.05, 0.30))

    leak = np.sqrt(max(mottled**2 - even**2, 0.0))

    assert leak < 0.05 * _strength(_pair(2.0, 0.05))


def test_the_difference_grows_with_the_depth_of_the_dimples() -> None:
    ratio = _strength(_pair(4.0, 0.05)) / _strength(_pair(2.0, 0.05))

    assert ratio == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(("slant", "ambient"), [(30.0, 0.1), (30.0, 0.4), (60.0, 0.1), (60.0, 0.4)])
def test_the_difference_grows_with_the_gain_of_the_light(slant: float, ambient: float) -> None:
    """Half the difference over (1 − a) tan(slant), the latter for a lamp of some width, is the slope of the relief."""

    def gain(slant: float, ambient: float) -> float:
        angle = np.radians(slant)
        return float((1 - ambient) * np.sin(angle) / np.hypot(np.cos(angle), LAMP_WIDTH))

    here, there = _pair(2.0, 0.05, slant, 180.0, ambient), _pair(2.0, 0.05)

    assert _strength(here) / gain(slant, ambient) == pytest.approx(_strength(there) / gain(45.0, 0.28), rel=0.03)


def test_swapping_the_photos_changes_the_sign() -> None:
    left, right = (calibrated(photo) for photo in _photos(2.0, 0.30))

    one, other = _pair(2.0, 0.30).difference, pair_lights(right, left).difference

    shape = tuple(min(sides) for sides in zip(one.shape, other.shape, strict=True))
    one, other = (a[: shape[0], : shape[1]].ravel() for a in (one, other))
    assert np.corrcoef(one, other)[0, 1] < -0.95


def test_a_map_by_colour_counts_its_rotation_as_the_others_do() -> None:
    """Counter-clockwise is positive: two maps one after the other add their rotations."""
    photo, _ = _photos(2.0, 0.30)
    with Image.open(BytesIO(photo.jpeg)) as picture:
        upright = np.asarray(picture.convert("RGB"))
    turn = cv2.getRotationMatrix2D((SIZE[1] / 2, SIZE[0] / 2), 1.0, 1.0)  # counter-clockwise, of what is seen
    turned = cv2.warpAffine(upright, turn, SIZE[::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    first, second = (
        calibrate(Photo(rgb, name * 64, f"{name}.png", date(2026, 3, 2)))
        for rgb, name in ((upright, "0"), (turned, "1"))
    )

    found = moved_as_one(first, second, in_own_frame(first).valid)

    assert found is not None
    assert found.rotation == pytest.approx(1.0, abs=0.1)
    assert found.rotation == pytest.approx(align(first, second).rotation, abs=0.2)


def test_two_lamps_on_one_side_are_no_pair() -> None:
    pair = _pair(4.0, 0.05, turned=60.0)

    assert _checks(pair)["opposite light"] is Status.BLOCK
    assert not pair.usable
    assert "opposite" in next(check.advice for check in pair.checks if check.status is Status.BLOCK)


def _changed(image: CalibratedImage, **changes: object) -> CalibratedImage:
    return replace(image, photo=replace(image.photo, **changes))


def test_photos_of_two_days_are_no_pair() -> None:
    left, right = (calibrated(photo) for photo in _photos(2.0, 0.05))

    pair = pair_lights(_changed(left, taken_on=date(2026, 3, 2)), _changed(right, taken_on=date(2026, 3, 9)))

    assert _checks(pair)["same day"] is Status.BLOCK


def test_unequal_exposure_is_said() -> None:
    left, right = (calibrated(photo) for photo in _photos(2.0, 0.05))

    pair = pair_lights(left, replace(right, linear=right.linear * np.float32(0.6)))

    assert _checks(pair)["equal exposure"] is Status.WARN


def test_the_lamp_on_the_left_comes_first_where_the_light_tells() -> None:
    right, left = (calibrated(photo) for photo in _photos(4.0, 0.05))

    (wrong,) = left_first(pair_lights(right, left))
    (asked,) = left_first(pair_lights(left, right))

    assert wrong.status is Status.BLOCK
    assert wrong.value == pytest.approx(180, abs=10)
    assert "lamp on the left first" in wrong.advice
    assert asked.status is Status.OK
    assert left_first(_pair(4.0, 0.05, turned=60.0)) == ()
    assert left_first(replace(_pair(4.0, 0.05), lights=None)) == ()


def test_lamps_above_and_below_have_no_left() -> None:
    pair = _pair(4.0, 0.05)
    assert pair.lights is not None

    upright = tuple(replace(light, azimuth=light.azimuth + 90) for light in pair.lights)

    assert left_first(replace(pair, lights=upright)) == ()


def _left_and_right(folder: Path) -> list[Path]:
    """Files of a pair, the lamp left in the first."""
    paths = [folder / name for name in ("left.jpg", "right.jpg")]
    for path, photo in zip(paths, reversed(_photos(2.0, 0.05)), strict=True):
        path.write_bytes(photo.jpeg)
    return paths


def test_the_command_refuses_a_pair_in_the_wrong_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left, right = _left_and_right(tmp_path)

    assert main(["dual", str(right), str(left), "--out", str(tmp_path / "out"), "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "rejected"
    assert "lamp on the left first" in document["reason"]


def test_the_document_of_a_pair_says_when_it_was_taken_and_what_it_rests_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(path) for path in _left_and_right(tmp_path)]

    assert main(["dual", *paths, "--out", str(tmp_path / "out"), "--distance", "200,100 200,356 120", "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    left, right = document["left"], document["right"]
    # The lamp stands right, as the plan has it, in the photo that was taken first.
    assert (right["taken_at"], left["taken_at"]) == ("2026-03-02T10:02:00", "2026-03-02T10:04:00")
    assert left["azimuth"] == pytest.approx(180, abs=10)
    assert min(right["azimuth"], 360 - right["azimuth"]) == pytest.approx(0, abs=10)
    assert left["scale"]["mm_per_px"] == pytest.approx(120 / 256, abs=1e-6)
    assert left["scale"]["source"] == "a distance of 120 mm given by hand"
    assert right["scale"]["source"] != left["scale"]["source"]
    assert {left["colour"]["level"], right["colour"]["level"]} <= {"C0", "C1", "C2", "C3"}
    assert left["digest"] != right["digest"]


def test_the_command_writes_the_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = _left_and_right(tmp_path)

    code = main(["dual", *map(str, paths), "--out", str(tmp_path / "out"), "--json"])

    document = json.loads(capsys.readouterr().out)
    stored = np.load(tmp_path / "out" / "difference.npz")
    with Image.open(tmp_path / "out" / "difference.png") as picture:
        shown = np.asarray(picture).astype(float)
    assert (code, document["status"]) == (0, "paired")
    assert document["rms"] == pytest.approx(float(stored["difference"][stored["valid"]].std()), rel=1e-3)
    assert np.corrcoef(shown[stored["valid"]], stored["difference"][stored["valid"]])[0, 1] > 0.999


def test_the_command_refuses_two_lamps_on_one_side_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / name for name in ("one.jpg", "two.jpg")]
    for path, photo in zip(paths, _photos(4.0, 0.05, turned=60.0), strict=True):
        path.write_bytes(photo.jpeg)

    assert main(["dual", *map(str, paths), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.startswith("Not a pair with dual light: The two lamps stood")
