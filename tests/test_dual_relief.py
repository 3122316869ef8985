"""Relief, its depth and its dimples from pairs with dual light: the oracles, and the way of a pair into a series."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.dual_scenes import BETWEEN
from benchmarks.lamps import gain
from benchmarks.scenes import thigh
from tracker.alignment import AlignedImage, OppositeLight, in_own_frame
from tracker.calibration import CalibratedImage, calibrate
from tracker.dual import pair_lights, with_opposite
from tracker.dual.opposite import UNGAUGED
from tracker.errors import MeasurementDeclined
from tracker.measurement import Measurement, Metric, Place, measure, place_of
from tracker.metrics import metric_named
from tracker.metrics.dimples import DIMPLE_AREA, DIMPLE_COUNT, DIMPLE_DEPTH, dimples_of
from tracker.metrics.dual_relief import DUAL_DEPTH, DUAL_RELIEF, depth_index
from tracker.metrics.heights import heights_mm
from tracker.phantom import PhantomPhoto, State, build_stage, drawn_shot, nominal_shot, photograph
from tracker.phantom.rig import FIXED_RIG, MARKED_FLOOR, Spread
from tracker.photo import Photo, read_photo
from tracker.pipeline import as_pair, as_reference, follow, track
from tracker.region import WHOLE_SKIN, region_mask
from tracker.report import Report
from tracker.shading import DIMPLE_BAND_MM, band_pass, find_dimples, height_map, height_noise, slope_shading
from tracker.shading.height import HEIGHT_BAND_MM
from tracker.timeline import Verdict, timeline

SIZE = (480, 640)


@cache
def _photos(
    depth: float,
    mottling: float = 0.05,
    melanin: float = 0.03,
    slant: float = 45.0,
    ambient: float = 0.28,
    gloss: float = 0.0,
    seed: int = 71,
    dimples: int = 26,
) -> tuple[PhantomPhoto, PhantomPhoto]:
    """A pair from a tripod of flat skin with nothing but dimples on it, the lamp right and then left."""
    plan = thigh(plane=True, depth=depth, mottling=mottling, melanin=melanin, slant=slant)
    relief = replace(plan.relief, mattress=0.0, dimples=dimples)
    plan = replace(plan, relief=relief, light=replace(plan.light, ambient=ambient, gloss=gloss))
    stage = build_stage(plan, seed=seed, size=SIZE)
    first = nominal_shot(plan, SIZE)
    second = replace(first, light=replace(first.light, azimuth=first.light.azimuth + 180.0))
    return photograph(stage, first), photograph(stage, second, first=first, replicate=2)


@cache
def _aligned(*scene: float, **more: float) -> tuple[AlignedImage, CalibratedImage]:
    """The first photo of a pair with the light of the second; κ is the true one, as a perfect gauge would say."""
    photos = _photos(*scene, **more)  # type: ignore[arg-type]
    first = calibrate(read_photo(photos[0].jpeg, name="right.jpg"))
    second = calibrate(read_photo(photos[1].jpeg, name="left.jpg"), like=first.grid)
    found = with_opposite(in_own_frame(first), pair_lights(first, second), second, first)
    assert found.opposite is not None
    light = photos[0].shot.light
    return replace(found, opposite=replace(found.opposite, kappa=(gain(light), 0.0), azimuth=light.azimuth)), first


def _measured(metric: Metric, *scene: float, **more: float) -> Measurement:
    aligned, image = _aligned(*scene, **more)
    return measure(aligned, region_mask(WHOLE_SKIN, image), metric, marked=False)


def _place(metric: Metric, *scene: float, **more: float) -> Place:
    aligned, image = _aligned(*scene, **more)
    return place_of(aligned, region_mask(WHOLE_SKIN, image), metric, marked=False)


def _true_height(*scene: float, **more: float) -> NDArray[np.float32]:
    _, image = _aligned(*scene, **more)
    height = np.nan_to_num(_photos(*scene, **more)[0].maps().height)  # type: ignore[arg-type]
    return np.asarray(cv2.resize(height, image.grid.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)


def _true_strength(*scene: float, **more: float) -> float:
    """Of the shading by the true slope towards the lamp, %."""
    aligned, _ = _aligned(*scene, **more)
    place, mm = _place(DUAL_RELIEF, *scene, **more), aligned.grid.mm_per_cell
    assert mm is not None
    slope = -np.gradient(_true_height(*scene, **more), mm, axis=1).astype(np.float32)
    band = band_pass(slope, place.skin, band_mm=DIMPLE_BAND_MM, mm_per_cell=mm)[place.counted]
    return 100 * gain(_photos(*scene, **more)[0].shot.light) * float(band.std())  # type: ignore[arg-type]


@pytest.mark.parametrize(("slant", "ambient"), [(30.0, 0.1), (30.0, 0.4), (45.0, 0.28), (60.0, 0.1), (60.0, 0.4)])
def test_dual_relief_is_the_gain_of_the_light_times_the_true_slope(slant: float, ambient: float) -> None:
    scene = {"slant": slant, "ambient": ambient}

    assert _measured(DUAL_RELIEF, 2.0, **scene).value == pytest.approx(_true_strength(2.0, **scene), rel=0.03)


def test_dual_relief_follows_the_depth_whatever_the_pigment() -> None:
    scenes = [(depth, mottling) for depth in (1.0, 2.0, 4.0, 6.0) for mottling in (0.05, 0.30)]

    found = np.array([_measured(DUAL_RELIEF, *scene).value for scene in scenes])
    true = np.array([_true_strength(*scene) for scene in scenes])

    assert 0.97 <= np.polyfit(true, found, 1)[0] <= 1.03
    assert np.corrcoef(true, found)[0, 1] ** 2 >= 0.985


@pytest.mark.parametrize("melanin", [0.015, 0.06, 0.12, 0.25])
def test_shine_does_not_fake_relief_on_skin_of_any_tone(melanin: float) -> None:
    shining = {"melanin": melanin, "gloss": 0.03, "mottling": 0.15}

    found = _measured(DUAL_RELIEF, 3.0, **shining).value

    assert found == pytest.approx(_true_strength(3.0, **shining), rel=0.08)


def test_pigment_does_not_leak_into_dual_relief() -> None:
    even, mottled = (_measured(DUAL_RELIEF, 0.0, mottling).value for mottling in (0.05, 0.30))

    assert np.sqrt(max(mottled**2 - even**2, 0.0)) < 0.05 * _measured(DUAL_RELIEF, 2.0, 0.05).value


def test_the_height_along_the_lamps_is_the_true_height() -> None:
    """Of the true relief, what the filter lets pass of its slope along the lamps."""
    aligned, _ = _aligned(4.0)
    place, mm = _place(DUAL_DEPTH, 4.0), aligned.grid.mm_per_cell
    assert mm is not None
    height = _true_height(4.0)
    slope = -np.gradient(height, mm, axis=1).astype(np.float32)
    along = height_map(slope, place.skin, azimuth=0.0, mm_per_cell=mm)[place.counted]
    whole = band_pass(height, place.skin, band_mm=HEIGHT_BAND_MM, mm_per_cell=mm)[place.counted]

    found = heights_mm(aligned, place.skin)[place.counted]

    assert 0.95 <= np.polyfit(along, found, 1)[0] <= 1.05
    assert np.corrcoef(along, found)[0, 1] ** 2 >= 0.95
    assert np.corrcoef(whole, found)[0, 1] ** 2 >= 0.85


def test_the_depth_index_follows_the_true_depth() -> None:
    depths = (1.0, 2.0, 4.0, 6.0)

    found = [_measured(DUAL_DEPTH, depth).value for depth in depths]
    true = []
    for depth in depths:
        place, mm = _place(DUAL_DEPTH, depth), _aligned(depth)[0].grid.mm_per_cell
        assert mm is not None
        band = band_pass(_true_height(depth), place.skin, band_mm=HEIGHT_BAND_MM, mm_per_cell=mm)[place.counted]
        true.append(depth_index(band[:, None].astype(np.float64), np.ones(len(band))))

    assert np.corrcoef(true, found)[0, 1] ** 2 >= 0.99
    assert 0.8 <= np.polyfit(true, found, 1)[0] <= 1.05


def test_a_plane_wave_keeps_its_height_and_one_across_the_lamps_is_not_seen() -> None:
    _rows, cols = np.mgrid[0:300, 0:400].astype(np.float32)
    mask = np.ones((300, 400), np.bool_)
    wave = np.cos(2 * np.pi * 0.5 * cols / 25.0).astype(np.float32)
    towards_right = -np.gradient(wave, 0.5, axis=1).astype(np.float32)

    seen = height_map(towards_right, mask, azimuth=0.0, mm_per_cell=0.5)
    turned = height_map(towards_right.T.copy(), mask.T.copy(), azimuth=270.0, mm_per_cell=0.5)
    other = height_map(np.zeros_like(wave), mask, azimuth=90.0, mm_per_cell=0.5)

    true = band_pass(wave, mask, band_mm=HEIGHT_BAND_MM, mm_per_cell=0.5)
    middle = (slice(60, -60), slice(60, -60))
    assert np.abs(seen - true)[middle].max() < 0.05 * np.abs(true).max()
    assert np.abs(turned.T - true)[middle].max() < 0.05 * np.abs(true).max()
    assert not other.any()


def test_the_noise_of_the_height_is_what_noise_makes_of_it() -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.05, (400, 500)).astype(np.float32)
    mask = np.ones(noise.shape, np.bool_)

    made = height_map(noise, mask, azimuth=20.0, mm_per_cell=0.5).std()

    assert height_noise(noise, mask, azimuth=20.0, mm_per_cell=0.5) == pytest.approx(made, rel=0.35)


DIMPLED = ((0, 1.0), (10, 0.6), (20, 1.0), (30, 1.5), (24, 2.5), (30, 3.0), (20, 4.0), (25, 2.0))


@cache
def _dimpled() -> tuple[tuple[tuple[float, float], ...], int, int]:
    """Depths of the true dimples with what was found of each, how many were found in all, and how many are there."""
    pairs: list[tuple[float, float]] = []
    number = 0
    for seed, (dimples, depth) in enumerate(DIMPLED):
        scene = {"dimples": dimples, "seed": 300 + seed, "mottling": (0.05, 0.15, 0.30)[seed % 3]}
        aligned, image = _aligned(depth, **scene)
        place = _place(DIMPLE_COUNT, depth, **scene)
        found = dimples_of(aligned, place)
        number += len(found.depth)
        for each in _photos(depth, **scene)[0].truth.findings.get("dimples", ()):  # type: ignore[arg-type, attr-defined]
            row, column = image.grid.from_photo(np.array([each["row"], each["column"]])).round().astype(int)
            if (
                0 <= row < place.counted.shape[0]
                and 0 <= column < place.counted.shape[1]
                and place.counted[row, column]
            ):
                label = found.labels[row, column]
                pairs.append((each["depth_mm"], found.depth[label - 1] if label else np.nan))
    return tuple(pairs), number, len(pairs)


def test_dimples_from_a_millimetre_on_are_found() -> None:
    pairs, number, there = _dimpled()

    deep = [np.isfinite(measured) for true, measured in pairs if true >= 1.0]
    hits = sum(np.isfinite(measured) for _, measured in pairs)

    assert there > 60
    assert 2 * sum(deep) / (2 * sum(deep) + (number - hits) + deep.count(False)) >= 0.9


def test_dimples_are_counted_without_bias() -> None:
    _, number, there = _dimpled()

    assert number == pytest.approx(there, rel=0.10)


def test_the_depth_of_dimples_follows_the_true_depth() -> None:
    pairs = np.array([pair for pair in _dimpled()[0] if np.isfinite(pair[1])])

    assert np.corrcoef(pairs.T)[0, 1] ** 2 >= 0.9


def test_flat_skin_has_no_dimples_and_no_depth_of_them() -> None:
    found = _measured(DIMPLE_COUNT, 0.0)

    assert found.value == 0.0
    assert dict(found.parts)["counting"] > 0.0
    with pytest.raises(MeasurementDeclined, match="no dimple"):
        _measured(DIMPLE_DEPTH, 0.0)


def test_a_count_knows_its_counting_error() -> None:
    found = _measured(DIMPLE_COUNT, 3.0)
    aligned, _ = _aligned(3.0)
    place = _place(DIMPLE_COUNT, 3.0)
    number = len(dimples_of(aligned, place).depth)

    assert aligned.grid.mm_per_cell is not None
    area = place.counted.sum() * aligned.grid.mm_per_cell**2 / 1e4
    assert found.value == pytest.approx(number / area, rel=1e-3)
    parts = dict(found.parts)
    assert np.hypot(parts["counting"], parts["region"]) >= np.sqrt(number) / area * 0.999
    assert parts["counting"] < 0.8 * np.sqrt(number) / area  # most of it is seen where skin is resampled


def test_prominence_tells_two_basins_from_one() -> None:
    x = np.linspace(-40, 40, 161)
    two = -np.exp(-((x - 15) ** 2) / 60) - 0.6 * np.exp(-((x + 15) ** 2) / 60)
    height = (np.exp(-(x[:, None] ** 2) / 60) * two[None, :]).astype(np.float32)
    mask = np.ones(height.shape, np.bool_)

    both = find_dimples(height, mask, mask, mm_per_cell=0.5, least_mm=0.3)
    deep = find_dimples(height, mask, mask, mm_per_cell=0.5, least_mm=0.7)

    assert sorted(both.prominence) == pytest.approx([0.6, 1.0], abs=0.1)
    assert len(deep.prominence) == 1
    assert ((both.labels > 0) & (height > -0.2)).sum() == 0


def test_without_a_pair_the_metrics_decline_by_name() -> None:
    _, image = _aligned(2.0)

    with pytest.raises(MeasurementDeclined, match="lamp on the left and on the right"):
        measure(in_own_frame(image), region_mask(WHOLE_SKIN, image), DUAL_RELIEF, marked=False)


def test_without_a_gauge_there_are_no_millimetres() -> None:
    aligned, image = _aligned(2.0)
    assert aligned.opposite is not None
    bare = replace(aligned, opposite=replace(aligned.opposite, kappa=None))
    region = region_mask(WHOLE_SKIN, image)

    assert measure(bare, region, DUAL_RELIEF, marked=False).value > 0
    for name in ("dual_depth", "dimple_count", "dimple_area", "dimple_depth"):
        with pytest.raises(MeasurementDeclined, match="relief gauge"):
            measure(bare, region, metric_named(name), marked=False)


def test_what_one_photo_of_the_pair_lacks_is_not_measured() -> None:
    aligned, image = _aligned(2.0)
    assert aligned.opposite is not None
    valid = aligned.opposite.valid.copy()
    valid[:, : valid.shape[1] // 2] = False
    half = replace(aligned, opposite=replace(aligned.opposite, valid=valid))
    region = region_mask(WHOLE_SKIN, image)

    found = measure(half, region, DUAL_RELIEF, marked=False)

    assert found.area_share < 0.6 * measure(aligned, region, DUAL_RELIEF, marked=False).area_share


def test_slope_shading_without_colour_is_half_the_relative_difference() -> None:
    aligned, _ = _aligned(2.0)
    assert aligned.opposite is not None
    assert aligned.grid.mm_per_cell is not None
    first, second = (
        image.mean(axis=2, keepdims=True).repeat(3, axis=2) for image in (aligned.linear, aligned.opposite.linear)
    )
    mask, mm = aligned.valid & aligned.opposite.valid, aligned.grid.mm_per_cell

    grey = slope_shading(first, second, mask, mm_per_cell=mm, has_colour=False)
    coloured = slope_shading(aligned.linear, aligned.opposite.linear, mask, mm_per_cell=mm)

    assert np.corrcoef(grey[mask], coloured[mask])[0, 1] > 0.98


SERIES_SIZE = (600, 800)


@cache
def _series(*, moved: bool = False) -> tuple[Photo, ...]:
    """Two sessions of a pair each; the second has its lamps in the other order, and half the dimples."""
    plan = thigh(plane=True, depth=4.0, melanin=0.03, mottling=0.10)
    stage, rng = build_stage(plan, seed=77, size=SERIES_SIZE), np.random.default_rng(77)
    first = drawn_shot(plan, SERIES_SIZE, rng, rig=FIXED_RIG)
    photos = []
    for session, left in enumerate((1.0, 0.5)):
        shot = first if session == 0 else drawn_shot(plan, SERIES_SIZE, rng, rig=FIXED_RIG)
        lamps = (0.0, 180.0) if session == 0 else (180.0, 0.0)
        for replicate, turned in enumerate(lamps, start=1):
            lit = replace(shot, light=replace(shot.light, azimuth=(shot.light.azimuth + turned) % 360.0))
            if moved and replicate == 2:
                lit = replace(lit, camera=replace(lit.camera, shift=(12.0, -9.0), roll=lit.camera.roll + 4.0))
            photo = photograph(
                stage, lit, State(dimples=left), first=first, session=session, replicate=replicate,
                taken_on=date(2026, 3, 2) + timedelta(days=28 * session),
            )  # fmt: skip
            photos.append(read_photo(photo.jpeg, name=photo.name))
    return tuple(photos)


@cache
def _report() -> Report:
    return track(_series(), metrics=(metric_named("relief"), DUAL_RELIEF, DUAL_DEPTH))


def test_a_series_of_pairs_is_measured_as_pairs() -> None:
    line = _report().timeline.of("dual_relief")

    assert not _report().rejections
    assert len(line.sessions) == 2
    assert all(len(session.measurements) == 1 for session in line.sessions)
    assert line.changes[0].change == pytest.approx(-50, abs=8)
    assert line.changes[0].verdict == "better"


def test_the_photo_that_is_lit_as_the_reference_gives_the_single_numbers() -> None:
    photos, line = _series(), _report().timeline.of("relief")

    assert [m.digest for session in line.sessions for m in session.measurements] == [photos[0].digest, photos[3].digest]


def test_the_other_photo_of_a_pair_is_used_and_not_refused() -> None:
    photos, report = _series(), _report()
    others = [photo for photo in report.photos if photo.digest in (photos[1].digest, photos[2].digest)]

    assert [len(photo.notes[-1]) > 0 and "Lamp from the other side" in photo.notes[-1] for photo in others] == [
        True,
        True,
    ]
    assert not {refused.digest for refused in report.refused} & {photo.digest for photo in others}


def test_a_camera_that_moved_makes_two_photos_and_no_pair() -> None:
    report = track(_series(moved=True), metrics=(metric_named("relief"), DUAL_RELIEF))

    assert not report.timeline.of("dual_relief").sessions
    assert not [photo for photo in report.photos if any("dual light" in note for note in photo.notes)]
    refused = [r.reason for r in report.refused if r.metric == "relief"]
    assert any("The light came from the" in reason for reason in refused)


def test_a_pair_is_compared_over_what_both_sessions_show() -> None:
    images = [calibrate(_series()[0])]
    images += [calibrate(photo, like=images[0].grid) for photo in _series()[1:]]
    reference = as_reference(images[0], metrics=(DUAL_RELIEF,), opposite=as_pair(images[0], images[1]))

    alone = follow(reference, images[3], (DUAL_RELIEF,))
    together = follow(reference, images[3], (DUAL_RELIEF,), opposite=as_pair(images[3], images[2]))

    assert "lamp on the left and on the right" in alone.refused[0].reason
    assert together.measurements[0].value < 0.7 * reference.values[0].value


def test_two_photos_with_one_lamp_are_refused_as_a_pair_and_measured_alone() -> None:
    images = [calibrate(_series()[0])]
    images.append(calibrate(_series()[3], like=images[0].grid))
    reference = as_reference(images[0], metrics=(metric_named("relief"), DUAL_RELIEF), opposite=as_pair(*images))

    assert [value.metric for value in reference.values] == ["relief"]
    assert "opposite" in reference.declined[0].reason


def _true_area(depth: float, dimples: int) -> float:
    """Share of the counted skin inside the half depth of the true dimples, %, for the mean squeeze of 0.8."""
    aligned, image = _aligned(depth, dimples=dimples)
    place, true = _place(DIMPLE_AREA, depth, dimples=dimples), 0.0
    assert aligned.grid.mm_per_cell is not None
    for each in _photos(depth, dimples=dimples)[0].truth.findings.get("dimples", ()):  # type: ignore[attr-defined]
        row, column = image.grid.from_photo(np.array([each["row"], each["column"]])).round().astype(int)
        if 0 <= row < place.counted.shape[0] and 0 <= column < place.counted.shape[1] and place.counted[row, column]:
            true += np.pi * 2 * np.log(2) * 0.8 * each["width_mm"] ** 2
    return 100 * true / (float(place.counted.sum()) * aligned.grid.mm_per_cell**2)


def test_the_area_of_dimples_follows_the_true_area() -> None:
    """Within half of it: what runs from lamp to lamp is not seen, and a round dimple is not quite round."""
    scenes = [(3.0, number) for number in (10, 26, 40)]

    found = [_measured(DIMPLE_AREA, depth, dimples=number).value for depth, number in scenes]
    true = [_true_area(*scene) for scene in scenes]

    assert found == sorted(found)
    assert true == sorted(true)
    assert all(1 / 1.5 <= one / other <= 1.5 for one, other in zip(found, true, strict=True))


def _ungauged(*, like: OppositeLight | None) -> AlignedImage:
    """A pair without a relief gauge, beside a reference with this light."""
    photos = _photos(2.0)
    first = calibrate(read_photo(photos[0].jpeg, name="right.jpg"))
    second = calibrate(read_photo(photos[1].jpeg, name="left.jpg"), like=first.grid)
    return with_opposite(in_own_frame(first), pair_lights(first, second), second, first, like=like)


def test_lamps_that_no_gauge_tells_are_uncertain_beside_the_reference_and_not_in_it() -> None:
    reference, gauged = _ungauged(like=None).opposite, _aligned(2.0)[0].opposite
    assert reference is not None

    assert reference.gain == (1.0, 0.0)
    for like in (reference, gauged):
        later = _ungauged(like=like).opposite
        assert later is not None
        assert later.gain == (1.0, UNGAUGED)


def test_unchanged_skin_without_a_gauge_is_not_called_changed() -> None:
    """Lamps put back on their marks 400 times: shading is in proportion to their gain, and nothing tells it."""
    light, drawn = _photos(2.0)[0].shot.light, Spread(np.random.default_rng(5))

    def strength() -> float:
        slant, ambient = drawn(MARKED_FLOOR.slant), light.ambient + drawn(MARKED_FLOOR.ambient)
        lamps = (light.slant + slant, light.slant + slant + drawn(BETWEEN[0]))
        return float(np.mean([gain(replace(light, slant=lamp, ambient=ambient)) for lamp in lamps]))

    def seen(found: Measurement, day: date) -> Measurement:
        by = strength() / gain(light)
        parts = tuple((name, by * part) for name, part in found.parts)
        draws = tuple(by * draw for draw in found.draws)
        return replace(found, value=by * found.value, parts=parts, draws=draws, taken_on=day)

    reference = _ungauged(like=None)
    later = _ungauged(like=reference.opposite)
    region = region_mask(WHOLE_SKIN, _aligned(2.0)[1])
    then, now = (measure(image, region, DUAL_RELIEF, marked=False) for image in (reference, later))
    days = date(2026, 1, 1), date(2026, 2, 1)

    changes = [
        timeline([seen(then, days[0]), seen(now, days[1])], [], (DUAL_RELIEF,)).metrics[0].changes[0]
        for _ in range(400)
    ]

    assert np.mean([change.verdict is not Verdict.NO_MEASURABLE_CHANGE for change in changes]) <= 0.07
    assert max(change.mdc95 or np.inf for change in changes) < 50  # of use: half the relief is a change
