"""Photos of the phantom as asked for one by one: scene, state, shot and rig, and the truth that comes with each."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.ndimage import map_coordinates

from tracker.calibration import ColourLevel, calibrate
from tracker.errors import TrackerError
from tracker.phantom import (
    CLINIC,
    FIXED_RIG,
    FREE_HAND,
    MARKED_FLOOR,
    RIGS,
    SCENARIOS,
    PhantomPhoto,
    Rig,
    State,
    build_stage,
    drawn_shot,
    nominal_shot,
    photograph,
    series,
    write_series,
)
from tracker.phantom.files import photo_document
from tracker.phantom.optics import Response
from tracker.phantom.photograph import true_metrics
from tracker.phantom.scenario import named
from tracker.photo import read_photo

SMALL = (450, 600)


def _photo(name: str, state: State | None = None, **changes: object) -> PhantomPhoto:
    plan = replace(named(name), **changes)
    stage = build_stage(plan, seed=3, size=SMALL)
    return photograph(stage, nominal_shot(plan, SMALL), state or plan.start)


# Maps


@pytest.fixture(scope="module")
def pair() -> tuple[PhantomPhoto, PhantomPhoto]:
    """The same patch twice, from a rig that moves a lot."""
    plan = named("pigment")
    stage = build_stage(plan, seed=4, size=SMALL)
    first, later = (drawn_shot(plan, SMALL, np.random.default_rng([9, k]), rig=FREE_HAND) for k in (0, 1))
    state = State(melanin=1.8)
    return photograph(stage, first, state), photograph(stage, later, state, first=first)


def test_the_same_skin_has_the_same_place_in_both_photos(pair: tuple[PhantomPhoto, PhantomPhoto]) -> None:
    later = pair[1]
    nodes = np.stack(np.meshgrid(later.truth.rows, later.truth.cols, indexing="ij"))
    moving = np.stack([later.truth.moving_row, later.truth.moving_col])
    inside = np.isfinite(moving).all(axis=0)

    for name in ("y", "x"):
        then, now = (getattr(photo.maps(), name) for photo in pair)
        before = map_coordinates(then, nodes[:, inside], order=1, cval=np.nan)
        after = map_coordinates(now, moving[:, inside], order=1, cval=np.nan)
        both = np.isfinite(before) & np.isfinite(after)
        on_skin = np.abs(before - after) < 5.0  # cards lie on the skin, and do not move with it
        assert both.mean() > 0.5
        assert np.median(np.abs(before - after)[both & on_skin]) < 0.01  # mm


def test_the_map_of_melanin_shows_the_patch(pair: tuple[PhantomPhoto, PhantomPhoto]) -> None:
    maps = pair[0].maps()
    away = np.hypot(maps.y, maps.x)

    inside, outside = (np.nanmedian(maps.melanin[where]) for where in (away < 4.0, (away > 18.0) & (away < 25.0)))

    assert inside / outside == pytest.approx(1.8, rel=0.15)  # mottling of the skin


def test_there_is_no_skin_beyond_the_silhouette() -> None:
    photo = _photo("bruise")
    maps = photo.maps()

    assert np.isnan(maps.height[:, 0]).all()
    assert np.isfinite(maps.height[photo.truth.skin]).all()


# Truth


def test_the_truth_of_a_photo_is_that_of_its_lamp() -> None:
    plan = named("thigh")
    stage = build_stage(plan, seed=1, size=SMALL)
    shot = nominal_shot(plan, SMALL)

    photo = photograph(stage, shot)

    assert dict(photo.truth.metrics) == pytest.approx(true_metrics(stage, State(), plan.light), rel=1e-5)
    steeper = true_metrics(stage, State(), replace(plan.light, slant=60.0))
    assert steeper["relief"] > 1.2 * photo.truth.metrics["relief"]
    assert steeper["relief_sq_mm"] == photo.truth.metrics["relief_sq_mm"]


def test_lamp_and_camera_change_the_picture_and_not_the_truth() -> None:
    plan = named("pigment")
    stage = build_stage(plan, seed=1, size=SMALL)
    shot = nominal_shot(plan, SMALL)

    plain = photograph(stage, shot)
    other = photograph(stage, replace(shot, response=Response("FL2", "Sigma SDMerill (NPL)")))

    assert np.abs(plain.rgb.astype(float) - other.rgb)[200:250, 250:350].mean() > 2.0
    assert plain.truth.metrics == other.truth.metrics


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scene_shows_skin_and_says_what_is_on_it(name: str) -> None:
    photo = _photo(name)
    document = photo_document(photo)

    assert photo.truth.skin.mean() > 0.2
    assert json.loads(json.dumps(document))["findings"] == document["findings"]
    assert all(np.isfinite(value) for value in photo.truth.metrics.values())


@pytest.mark.parametrize(
    ("name", "kind", "value", "half", "factor"),
    [
        ("thigh", "dimples", "depth_mm", State(dimples=0.5), 0.5),
        ("lines", "lines", "depth_mm", State(wrinkles=0.5), 0.5),
        ("bruise", "bruises", "core_mm2", State(bruise_age=8.0), 0.5),
    ],
)
def test_findings_follow_the_state(name: str, kind: str, value: str, half: State, factor: float) -> None:
    plan = named(name)
    stage = build_stage(plan, seed=2, size=SMALL)
    shot = nominal_shot(plan, SMALL)

    before, after = (photograph(stage, shot, state).truth.findings[kind] for state in (State(), half))

    then, now = (np.array([each[value] for each in found]) for found in (before, after))
    assert len(then) > 2
    assert now.sum() / then.sum() == pytest.approx(factor, abs=0.12 if kind == "bruises" else 0.002)


def test_hair_that_falls_out_uncovers_the_scalp() -> None:
    plan = named("scalp")
    stage = build_stage(plan, seed=2, size=SMALL)
    shot = nominal_shot(plan, SMALL)

    full, half = (photograph(stage, shot, State(hair=share)) for share in (1.0, 0.5))

    assert half.truth.findings["hair"]["per_cm2"] == pytest.approx(full.truth.findings["hair"]["per_cm2"] / 2, rel=0.01)
    assert half.truth.findings["hair"]["cover"] < 0.85 * full.truth.findings["hair"]["cover"]
    assert half.rgb[200:250].mean() > 1.2 * full.rgb[200:250].mean()


# Scene


def test_the_body_throws_its_shadow_away_from_the_lamp() -> None:
    lit, shaded = (_photo("thigh", light=replace(named("thigh").light, shadows=shadows)) for shadows in (False, True))
    left, right = (slice(210, 240), slice(98, 112)), (slice(210, 240), slice(500, 514))

    assert shaded.rgb[left].mean() < 0.75 * lit.rgb[left].mean()
    assert shaded.rgb[right].mean() == pytest.approx(lit.rgb[right].mean(), rel=0.03)


def test_cloth_hides_skin() -> None:
    bare, clothed = (_photo("phone", clutter=replace(named("phone").clutter, cover=cover)) for cover in (None, "hem"))

    hidden = bare.truth.skin & ~clothed.truth.skin
    assert 0.05 < hidden.sum() / bare.truth.skin.sum() < 0.4
    changed = np.abs(bare.rgb.astype(int) - clothed.rgb).max(axis=-1)
    assert np.median(changed[hidden]) > 15
    assert np.median(changed[clothed.truth.skin]) <= 3


def test_a_chart_in_the_scene_calibrates_the_photo() -> None:
    plan = named("tone")
    size = (900, 1200)
    stage = build_stage(plan, seed=2, size=size)

    photo = photograph(stage, nominal_shot(plan, size))

    assert photo.truth.colour_level == "C2"
    assert calibrate(read_photo(photo.jpeg)).colour.level is ColourLevel.CHART


def test_cloth_moves_with_the_camera_and_hides_the_skin_beneath() -> None:
    plan = named("phone")
    stage = build_stage(plan, seed=3, size=SMALL)
    first, later = (drawn_shot(plan, SMALL, np.random.default_rng([8, k]), rig=FREE_HAND) for k in (0, 1))

    truth = photograph(stage, later, first=first).truth

    nodes = np.stack(np.meshgrid(truth.rows, truth.cols, indexing="ij"), axis=-1)
    scene = first.camera.to_scene(nodes)
    cloth = stage.backdrop(plan.response).over
    assert cloth is not None
    worn = cloth.hides(scene) & np.isfinite(truth.moving_row)
    with_camera = later.camera.to_pixels(scene)
    assert worn.sum() > 100
    assert_allclose(truth.moving_row[worn], with_camera[worn][:, 0], atol=1e-3)
    skin = first.tissue.to_skin(scene)
    shown = (
        np.isfinite(truth.moving_row) & ~cloth.hides(scene) & (np.abs(plan.body.across(*np.moveaxis(skin, -1, 0))) < 1)
    )
    now = np.stack([truth.moving_row, truth.moving_col], axis=-1)[shown]
    assert not cloth.hides(later.camera.to_scene(now)).any()


def test_the_truth_of_a_clothed_body_is_about_bare_skin() -> None:
    bare, clothed = (
        build_stage(replace(named("phone"), clutter=replace(named("phone").clutter, cover=cover)), seed=3, size=SMALL)
        for cover in (None, "hem")
    )

    assert 0.6 < clothed.region.sum() / bare.region.sum() < 0.97


def test_a_finding_is_where_the_truth_says_or_said_to_be_hidden() -> None:
    photo = _photo("spots")
    spots = photo.truth.findings["spots"]
    melanin = photo.maps().melanin
    around = np.nanmedian(melanin)

    for spot in spots:
        row, column = round(spot["row"]), round(spot["column"])
        inside = 0 <= row < SMALL[0] and 0 <= column < SMALL[1]
        assert spot["visible"] == bool(inside and photo.truth.skin[row, column])
        if spot["visible"]:
            assert melanin[row, column] > 1.2 * around
    assert 0 < sum(spot["visible"] for spot in spots) < len(spots)


def test_a_bruise_that_has_faded_has_no_area() -> None:
    old = _photo("bruise", State(bruise_age=40.0)).truth.findings["bruises"]

    assert [(bruise["core_mm2"], bruise["halo_mm2"]) for bruise in old] == [(0.0, 0.0)] * len(old)


# Shots


def test_a_rig_spreads_its_shots_as_it_says() -> None:
    plan = named("thigh")
    shots = [drawn_shot(plan, SMALL, np.random.default_rng([1, k]), rig=MARKED_FLOOR) for k in range(400)]

    found = {
        "slant": np.std([shot.light.slant for shot in shots]),
        "ambient": np.std([shot.light.ambient for shot in shots]),
        "distance": np.std([shot.camera.scale for shot in shots]),
        "exposure_ev": np.std([shot.sensor.exposure_ev for shot in shots]),
    }
    for name, spread in found.items():
        # Cut at two standard deviations: 0.92 of the spread; 400 draws know it to 4 %.
        assert spread == pytest.approx(0.92 * getattr(MARKED_FLOOR, name), rel=0.12)


def test_rigs_get_looser_in_order() -> None:
    for better, worse in ((FIXED_RIG, MARKED_FLOOR), (MARKED_FLOOR, FREE_HAND)):
        for field in fields(better)[1:]:
            assert getattr(better, field.name) <= getattr(worse, field.name), field.name
    assert CLINIC.slant <= FIXED_RIG.slant


def test_the_nominal_shot_is_the_plan() -> None:
    plan = named("phone")
    shot = nominal_shot(plan, SMALL)

    assert shot.light == plan.light
    assert (shot.camera.roll, shot.camera.tilt, shot.camera.shift) == (0.0, (0.0, 0.0), (0.0, 0.0))
    assert_allclose(shot.tissue.to_skin(np.array([[10.0, -20.0]])), [[10.0, -20.0]], atol=1e-12)
    assert shot.sensor.blur_mm == plan.blur_mm


@pytest.mark.parametrize("size", [(10, 10), (37, 50), (64, 1000), (1000, 200)])
def test_a_picture_too_small_to_render_is_refused_in_one_sentence(size: tuple[int, int]) -> None:
    with pytest.raises(TrackerError, match="Choose at least 120 a side"):
        series("thigh", size=size)


def test_an_unknown_scene_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TrackerError, match="dark-thigh"):
        write_series(tmp_path / "new", "nowhere")

    assert not (tmp_path / "new").exists()


def test_a_lesion_series_is_written_with_its_truth(tmp_path: Path) -> None:
    write_series(tmp_path, "spots", sessions=2, replicates=1, size=(300, 400))

    first, last = json.loads((tmp_path / "truth.json").read_text())["photos"]
    gains = [np.array([spot["gain"] for spot in photo["findings"]["spots"]]) - 1.0 for photo in (first, last)]
    assert_allclose(gains[1], 0.3 * gains[0], atol=0.002)


# Documentation

PAGE = Path(__file__).parents[1] / "docs" / "phantom.md"


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_page_describes_every_scene(name: str) -> None:
    assert f"| `{name}` |" in PAGE.read_text()


@pytest.mark.parametrize("rig", RIGS, ids=lambda rig: rig.name)
def test_the_page_gives_the_spread_of_every_rig(rig: Rig) -> None:
    row = (
        f"| {rig.name} | {rig.slant:g}° | {rig.azimuth:g}° | {rig.ambient:g} | {100 * rig.distance:g} % "
        f"| {rig.tissue:.1f} mm | {rig.exposure_ev:g} EV | {100 * rig.white_balance:g} % |"
    )
    assert row in PAGE.read_text()


def test_the_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = PAGE.read_text().split("```python\n")[1].split("```")[0]

    exec(compile(code, str(PAGE), "exec"), {})

    assert "depth_mm" in capsys.readouterr().out
