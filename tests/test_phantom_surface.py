from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import fftconvolve

from tracker.phantom.bruises import Bruises
from tracker.phantom.fields import Canvas
from tracker.phantom.hair import Hair, grow_hair, part_width
from tracker.phantom.lesions import Redness, Spots, grow_redness, grow_spots
from tracker.phantom.light import Light, evenness, gloss, illumination, scattered_light, shading
from tracker.phantom.optics import lab_from_linear
from tracker.phantom.pores import Pores
from tracker.phantom.shadow import openness, visibility
from tracker.phantom.skin import Body, Complexion, Findings, Relief, grow_skin
from tracker.phantom.state import State
from tracker.phantom.strokes import curves, stroke_cover
from tracker.phantom.wrinkles import Wrinkles, draw_wrinkles

PLAIN = Complexion(freckles=0, moles=0, follicles=1e3, hairs=0.0, mottling=0.0, flush=0.0)
SMOOTH = Relief(waviness=0.0, peel=0.0, micro=1e-6)


def _skin(canvas, *, body=None, complexion=PLAIN, **findings):
    return grow_skin(
        np.random.default_rng(3),
        canvas,
        body=body or Body.plane(),
        complexion=complexion,
        relief=SMOOTH,
        findings=Findings(**findings),
    )


def _tilted(degrees, towards=0.0):
    """Unit normals of one point of a plane that faces the picture's azimuth `towards`."""
    tilt, azimuth = np.deg2rad([degrees, towards])
    parts = np.sin(tilt) * np.cos(azimuth), -np.sin(tilt) * np.sin(azimuth), np.cos(tilt)
    return tuple(np.full((1, 1), part, np.float32) for part in parts)


# Bodies


@pytest.mark.parametrize(
    "body",
    [Body.cylinder(90.0), Body.cylinder(45.0), Body.dome(110.0, 130.0), Body(half_width=90.0, depth=42.0)],
    ids=["thigh", "arm", "abdomen", "superellipse"],
)
def test_slopes_are_the_derivatives_of_the_height(body):
    canvas = Canvas(70.0, 60.0, 0.25)
    y, x = canvas.y + 0 * canvas.x, canvas.x + 0 * canvas.y

    along, across = np.gradient(body.height(y, x).astype(float), canvas.pitch)

    inner = np.s_[2:-2, 2:-2]
    assert_allclose(body.slope_across(y, x)[inner], across[inner], atol=2e-3)
    assert_allclose((body.slope_along(canvas.y) + 0 * x)[inner], along[inner], atol=2e-3)


def test_a_cylinder_is_round():
    x = np.linspace(-80.0, 80.0, 9, dtype=np.float32)[None, :]

    height = Body.cylinder(90.0).height(np.zeros((1, 1), np.float32), x)

    assert_allclose(height**2 + x**2, 90.0**2, rtol=1e-5)


def test_a_dome_faces_away_on_all_sides_and_a_limb_on_two():
    canvas = Canvas(60.0, 60.0, 0.5)

    dome, limb = (_skin(canvas, body=body).normals(State()) for body in (Body.dome(90.0, 120.0), Body.cylinder(90.0)))

    assert dome[1][0, 60] < -0.2 < 0.2 < dome[1][-1, 60]
    assert dome[1][-5, 60] == pytest.approx(canvas.y[-5, 0] / 120.0, abs=0.01)  # the normal of a circle
    assert_allclose(limb[1], 0.0, atol=1e-4)


# Shadows


@pytest.mark.parametrize(("height", "slant"), [(4.0, 45.0), (4.0, 65.0), (8.0, 60.0)])
@pytest.mark.parametrize("azimuth", [0.0, 90.0, 225.0])
def test_a_wall_casts_a_shadow_as_long_as_its_height_times_the_tangent_of_the_slant(height, slant, azimuth):
    canvas = Canvas(80.0, 80.0, 0.2)
    light = Light(slant=slant, azimuth=azimuth, ambient=0.2)
    towards = light.towards(0.0)
    ahead = (canvas.y * towards[1] + canvas.x * towards[0]) / np.hypot(*towards[:2])
    wall = np.where(ahead > 12.0, height, 0.0).astype(np.float32)

    seen = visibility(wall, canvas.pitch, towards, 0.04)

    middle = np.hypot(canvas.y, canvas.x) < 25.0
    floor = middle & (ahead < 11.0)
    length = 12.0 - ahead[floor & (seen > 0.5)].max()
    assert length == pytest.approx(
        height * np.tan(np.deg2rad(slant)), abs=1.4
    )  # the diagonal of a cell of the coarse grid
    assert seen[floor & (ahead > 12.0 - 0.7 * length)].max() < 0.05
    assert seen[floor & (ahead < 12.0 - 1.4 * length)].min() > 0.95


def test_a_wider_lamp_has_softer_shadows():
    canvas = Canvas(60.0, 60.0, 0.2)
    wall = np.where(canvas.x + 0 * canvas.y > 12.0, 6.0, 0.0).astype(np.float32)

    def penumbra(width):
        row = visibility(wall, canvas.pitch, Light(55.0, 0.0, 0.2).towards(0.0), width)[150]
        return np.count_nonzero((row > 0.1) & (row < 0.9))

    assert penumbra(0.12) > 1.8 * penumbra(0.04)


def test_flat_and_convex_skin_has_no_cast_shadow_and_sees_all_around():
    canvas = Canvas(120.0, 120.0, 0.3)
    bodies = [np.zeros(canvas.shape, np.float32), Body.dome(100.0, 130.0).height(canvas.y, canvas.x)]

    for height in bodies:
        for azimuth in (0.0, 130.0):
            seen = visibility(height, canvas.pitch, Light(50.0, azimuth, 0.2).towards(0.0), 0.12)
            assert seen.min() > 0.95  # at the edge the slope is one-sided
        assert openness(height, canvas.pitch).min() > 0.98


@pytest.mark.parametrize("incline", [10.0, 25.0, 40.0])
def test_the_bottom_of_a_groove_sees_the_cosine_of_its_walls(incline):
    canvas = Canvas(240.0, 90.0, 0.3)
    groove = (np.abs(canvas.x) * np.tan(np.deg2rad(incline)) + 0 * canvas.y).astype(np.float32)

    bottom = openness(groove, canvas.pitch)[400, 149:151].mean()

    assert bottom == pytest.approx(np.cos(np.deg2rad(incline)), abs=0.02)


@pytest.mark.parametrize(("depth", "rim"), [(4.0, 12.0), (8.0, 12.0)])
def test_the_bottom_of_a_bowl_sees_what_its_rim_leaves_open(depth, rim):
    canvas = Canvas(70.0, 70.0, 0.2)
    bowl = (-depth * np.maximum(1.0 - (canvas.y**2 + canvas.x**2) / rim**2, 0.0)).astype(np.float32)

    bottom = openness(bowl, canvas.pitch)[174:176, 174:176].mean()

    assert bottom == pytest.approx(rim**2 / (rim**2 + depth**2), abs=0.03)


# Light


def _oren_nayar(tilt, slant, turn, sigma):
    """Radiance of the published model over that of flat skin, by angles: tilt of the skin is the viewing angle."""
    normal = np.array([np.sin(tilt), 0.0, np.cos(tilt)])
    lamp = np.array([np.sin(slant) * np.cos(turn), np.sin(slant) * np.sin(turn), np.cos(slant)])
    view = np.array([0.0, 0.0, 1.0])
    incident, viewed = np.arccos(normal @ lamp), np.arccos(normal @ view)
    flat_lamp, flat_view = lamp - (normal @ lamp) * normal, view - (normal @ view) * normal
    between = flat_lamp @ flat_view / max(np.linalg.norm(flat_lamp) * np.linalg.norm(flat_view), 1e-12)
    a, b = 1 - 0.5 * sigma**2 / (sigma**2 + 0.33), 0.45 * sigma**2 / (sigma**2 + 0.09)
    alpha, beta = max(incident, viewed), min(incident, viewed)
    return (a + b * max(0.0, between) * np.sin(alpha) * np.tan(beta)) * np.cos(incident) / (a * np.cos(slant))


@pytest.mark.parametrize("sigma", [0.2, 0.5])
@pytest.mark.parametrize(("tilt", "turn"), [(0.0, 0.0), (20.0, 0.0), (20.0, 90.0), (35.0, 160.0), (20.0, 180.0)])
def test_rough_skin_follows_the_formula_of_oren_and_nayar(tilt, turn, sigma):
    lamp = Light(slant=40.0, azimuth=turn, ambient=0.0)

    lambert, rough = (shading(_tilted(tilt), replace(lamp, roughness=s), 0.0).item() for s in (0.0, sigma))

    told = _oren_nayar(*np.deg2rad([tilt, 40.0, turn]), sigma) / _oren_nayar(*np.deg2rad([tilt, 40.0, turn]), 0.0)
    assert rough / lambert == pytest.approx(told, rel=1e-4)


def test_shade_takes_the_lamp_and_a_pit_takes_the_surroundings():
    normals, lamp = _tilted(10.0), Light(slant=40.0, azimuth=0.0, ambient=0.3, gloss=0.1)
    half, third = (np.full((1, 1), share, np.float32) for share in (0.5, 1 / 3))

    open_, shaded, sunk = (
        illumination(normals, lamp, 0.0, visibility=a, openness=b)
        for a, b in ((None, None), (half, None), (None, third))
    )

    assert open_.total.item() == shading(normals, lamp, 0.0).item()
    assert open_.total.item() - shaded.total.item() == pytest.approx(0.5 * open_.direct.item(), rel=1e-6)
    assert open_.total.item() - sunk.total.item() == pytest.approx(0.3 * 2 / 3, rel=1e-5)
    assert gloss(normals, lamp, 0.0, visibility=half).item() == pytest.approx(0.5 * gloss(normals, lamp, 0.0).item())


def test_tinted_surroundings_colour_only_their_share():
    grey = np.full((1, 1, 3), 0.5, np.float32)
    lamp = Light(slant=40.0, azimuth=0.0, ambient=0.25, tint=(0.8, 1.0, 1.4))

    lit = illumination(_tilted(0.0), lamp, 0.0).on(grey)

    assert_allclose(lit[0, 0], 0.5 * (0.75 + 0.25 * np.array(lamp.tint)), rtol=1e-6)


def test_a_near_lamp_lights_flat_skin_by_the_inverse_square_and_the_cosine():
    lamp = Light(slant=50.0, azimuth=30.0, ambient=0.2, distance=900.0)
    places = np.array([[0.0, 0.0], [60.0, -80.0], [-40.0, 120.0]])

    bulb = 900.0 * lamp.towards(0.0)
    way = bulb - np.array([[x, y, 0.0] for y, x in places])
    away = np.linalg.norm(way, axis=1)
    told = way[:, 2] / away / away**2

    assert_allclose(evenness(places, lamp, 0.0), told / told[0], rtol=1e-9)


def test_light_spreads_in_skin_as_far_as_the_kernel_says_and_red_furthest():
    pitch, scatter = 0.1, (1.0, 0.5, 0.3)
    edge = np.zeros((161, 241, 3), np.float32)
    edge[:, 120:] = 1.0

    spread = scattered_light(edge, pitch, scatter)

    reach = np.arange(-80, 81) * pitch
    for channel, length in enumerate(scatter):
        kernel = np.exp(-np.hypot(*np.meshgrid(reach, reach)) / length)
        told = fftconvolve(edge[80:81, :, channel], kernel.sum(axis=0, keepdims=True) / kernel.sum(), mode="same")
        inner = np.s_[70:170]  # convolution fills with black, the phantom mirrors
        assert_allclose(spread[80, inner, channel], told[0, inner], atol=0.03)  # half a pixel of the sharpest edge
    assert spread[80, 110, 0] > spread[80, 110, 1] > spread[80, 110, 2]
    assert_allclose(spread[80, 119:121].mean(axis=0), 0.5, atol=0.01)


# Lesions


def test_what_is_found_on_the_skin_leaves_the_rest_as_it_was():
    canvas = Canvas(60.0, 60.0, 0.3)
    bare = _skin(canvas, complexion=Complexion())
    all_ = Findings(Spots(4), Redness(2), Bruises(1, size=(15.0, 18.0)), Wrinkles(3), Hair(5.0), Pores(9.0))
    full = grow_skin(
        np.random.default_rng(3), canvas, body=Body.plane(), complexion=Complexion(), relief=SMOOTH, findings=all_
    )

    for name in ("melanin", "blood", "still", "dimples"):
        assert_array_equal(getattr(bare, name), getattr(full, name))
    cured = State(spots=0.0, redness=0.0, bruise_age=60.0, wrinkles=0.0, hair=0.0, pores=0.0)
    assert_allclose(full.colour(cured), bare.colour(State()), rtol=1e-3)
    assert_array_equal(full.relief(cured), bare.relief(State()))
    assert full.hair(cured)[0].max() == 0.0
    assert bare.hair(State()) is None


@pytest.mark.parametrize("pitch", [0.1, 0.2])
def test_a_spot_has_the_radius_the_place_and_the_melanin_that_are_told(pitch):
    canvas = Canvas(80.0, 80.0, pitch)
    skin = _skin(canvas, spots=Spots(8, radius=(2.0, 4.0)))
    spots = skin.spots
    assert len(spots.centre) == 8

    ratio = skin.melanin_on(State()) / skin.melanin

    for number, (centre, area, gain) in enumerate(zip(spots.centre, spots.area, spots.gain, strict=True), 1):
        inside = spots.number == number
        added = np.where(inside, ratio - 1.0, 0.0)
        place = [float((added * axis).sum() / added.sum()) for axis in (canvas.y, canvas.x)]
        assert_allclose(place, centre, atol=1.0)  # outlines are ragged
        assert 0.7 * 2.0 < np.sqrt(area / np.pi) < 1.3 * 4.0
        core = np.hypot(canvas.y - centre[0], canvas.x - centre[1]) < 0.5
        assert ratio[core].mean() == pytest.approx(gain, rel=0.15)  # pigment inside is mottled
        near = (np.hypot(canvas.y - centre[0], canvas.x - centre[1]) < 8.0) & ((spots.number == 0) | inside)
        assert (near & (ratio > 1 + 0.5 * (gain - 1))).sum() * pitch**2 == pytest.approx(area, rel=0.12)


def test_spots_are_the_same_at_any_pitch():
    coarse, fine = (grow_spots(np.random.default_rng(1), Canvas(60.0, 60.0, pitch), Spots(6)) for pitch in (0.3, 0.1))

    assert_allclose(coarse.centre, fine.centre)
    assert_allclose(coarse.area, fine.area, rtol=0.05)


def test_half_the_pigment_of_spots_is_half_of_what_they_add():
    skin = _skin(Canvas(50.0, 50.0, 0.25), spots=Spots(4))

    full, half = (skin.melanin_on(State(spots=share)) - skin.melanin for share in (1.0, 0.5))

    assert full.max() > 0.3 * skin.melanin.max()
    assert_allclose(half, 0.5 * full, atol=1e-6)


def test_red_areas_add_blood_and_no_pigment():
    skin = _skin(Canvas(80.0, 80.0, 0.2), redness=Redness(3, radius=(5.0, 9.0), gain=(2.5, 3.0), vessels=8.0))
    inside, outside = skin.redness.number > 0, skin.redness.added < 0.01

    lab = lab_from_linear(skin.colour(State()))
    pale = lab_from_linear(skin.colour(State(redness=0.0)))

    assert np.median(lab[inside, 1]) > np.median(lab[outside, 1]) + 3.0
    assert np.abs(pale[inside] - np.median(pale[outside], axis=0)).max() < 1.5
    assert_array_equal(skin.melanin_on(State()), skin.melanin_on(State(redness=0.0)))


def test_vessels_are_thin_and_lie_in_the_red_area():
    canvas = Canvas(60.0, 60.0, 0.1)

    without, with_ = (
        grow_redness(np.random.default_rng(2), canvas, Redness(1, radius=(8.0, 8.0), vessels=v)) for v in (0.0, 12.0)
    )

    drawn = with_.added - without.added > 0.3
    away = np.hypot(canvas.y - with_.centre[0, 0], canvas.x - with_.centre[0, 1])
    assert 0.002 < drawn.mean() < 0.03
    assert away[drawn].max() < 24.0


# Bruises


def _bruise_at(skin, age):
    """Lab of the core less Lab of the sound skin."""
    lab = lab_from_linear(skin.colour(State(bruise_age=age)))
    y, x = skin.bruising.centre[0]
    core = np.hypot(skin.canvas.y - y, skin.canvas.x - x) < 4.0
    sound = (np.abs(skin.canvas.y) > 34.0) & (np.abs(skin.canvas.x) > 34.0)
    assert core.any()
    return np.median(lab[core], axis=0) - np.median(lab[sound], axis=0)


def test_a_bruise_goes_from_red_by_blue_to_yellow_and_is_gone_within_three_weeks():
    skin = _skin(Canvas(80.0, 80.0, 0.4), bruises=Bruises(1, size=(24.0, 28.0), area=(10.0, 10.0)))

    fresh, blue, yellow, gone = (_bruise_at(skin, age) for age in (0.0, 2.5, 8.0, 21.0))

    assert fresh[1] > 5.0
    assert fresh[0] < -5.0
    assert blue[2] < min(fresh[2], yellow[2])
    assert blue[1] < 0.7 * fresh[1]
    assert yellow[2] > 5.0
    assert yellow[0] > blue[0]
    assert np.linalg.norm(gone) < 1.0  # not seen side by side


def test_the_yellow_halo_grows_as_the_core_shrinks():
    skin = _skin(Canvas(90.0, 90.0, 0.4), bruises=Bruises(2, size=(18.0, 24.0)))

    core, halo = (np.array(areas) for areas in zip(*(skin.bruising.areas(age) for age in (1, 4, 8, 12)), strict=True))

    assert np.all(np.diff(core, axis=0) < 0.0)
    assert np.all(np.diff(halo, axis=0) > 0.0)
    assert skin.bruising.mask(skin.canvas.shape).sum() * 0.4**2 == pytest.approx(
        skin.bruising.areas(0.0)[0].sum(), rel=0.05
    )


# Wrinkles


@pytest.mark.parametrize("pitch", [0.05, 0.1])
def test_a_groove_is_as_deep_wide_and_long_as_is_told(pitch):
    canvas = Canvas(24.0, 24.0, pitch)
    lines = draw_wrinkles(
        np.random.default_rng(5),
        canvas,
        Wrinkles(1, depth=(0.1, 0.1), width=0.4, length=(14.0, 14.0), heading=30.0, area=(1.0, 1.0)),
    )
    [path], [depth] = lines.paths, lines.depth

    row, column = (path[12] / pitch + (np.array(canvas.shape) - 1) / 2).round().astype(int)
    around = lines.height[row - 8 : row + 9, column - 8 : column + 9]
    assert around.min() == pytest.approx(-depth, rel=0.05)
    # Cross-section times length: the ends run out as 1 - |s|³, which leaves 3/4.
    section = 0.1 * 0.4 / 2.3548 * np.sqrt(2 * np.pi)
    assert -lines.height.sum() * pitch**2 == pytest.approx(section * 0.75 * lines.length[0], rel=0.04)
    heading = np.rad2deg(np.arctan2(-(path[-1] - path[0])[0], (path[-1] - path[0])[1]))
    assert heading == pytest.approx(30.0, abs=20.0)  # three standard deviations


def test_a_groove_narrower_than_a_pixel_keeps_the_area_of_its_cross_section():
    groove = Wrinkles(1, depth=(0.1, 0.1), width=0.25, length=(15.0, 15.0), area=(1.0, 1.0))

    coarse, fine = (draw_wrinkles(np.random.default_rng(5), Canvas(24.0, 24.0, p), groove) for p in (0.3, 0.05))

    assert coarse.height.sum() * 0.3**2 == pytest.approx(fine.height.sum() * 0.05**2, rel=0.03)
    assert coarse.height.min() > 0.9 * fine.height.min()  # and looks shallower


def test_crows_feet_come_from_one_point():
    lines = draw_wrinkles(np.random.default_rng(2), Canvas(60.0, 60.0, 0.1), Wrinkles(7, fan=60.0, heading=0.0))
    start, end = lines.paths[:, 0], lines.paths[:, -1]

    assert np.ptp(end[:, 0]) > 2.0 * np.ptp(start[:, 0])
    assert np.all(end[:, 1] > start[:, 1])
    assert np.all(lines.height <= 0.0)


def test_wrinkles_scale_with_the_state():
    skin = _skin(Canvas(40.0, 40.0, 0.1), wrinkles=Wrinkles(6, depth=(0.1, 0.2)))

    none, half, full = (skin.relief(State(wrinkles=share)) for share in (0.0, 0.5, 1.0))

    assert (none - full).max() > 0.09
    assert_allclose(none - half, 0.5 * (none - full), atol=1e-6)


# Hair


@pytest.mark.parametrize("pitch", [0.04, 0.1, 0.25])
@pytest.mark.parametrize("degrees", [0.0, 20.0, 45.0, 80.0])
def test_a_hair_covers_its_length_times_its_width_even_if_thinner_than_a_pixel(pitch, degrees):
    canvas = Canvas(40.0, 40.0, pitch)
    roots = np.stack(np.meshgrid(np.arange(-12.0, 13.0, 3.1), np.arange(-16.0, 10.0, 8.3), indexing="ij"), -1)
    roots = roots.reshape(-1, 2)
    many = np.ones(len(roots))
    paths = curves(roots, heading=np.deg2rad(degrees) * many, length=7.0 * many, bend=0.0 * many)

    cover = stroke_cover(paths, 0.08, canvas)

    told = 7.0 * 0.08 * len(roots)
    # The tolerance is that of the width of a line at different angles; ends are round.
    assert cover.sum() * pitch**2 == pytest.approx(told, rel=0.06)
    assert cover.max() <= 1.0


def test_a_hair_lies_where_its_path_says():
    canvas = Canvas(30.0, 30.0, 0.1)
    path = curves(np.array([[5.0, -6.0]]), heading=np.array([0.4]), length=np.array([12.0]), bend=np.array([0.0]))

    cover = stroke_cover(path, 0.08, canvas)

    middle = path[0].mean(axis=0)
    assert float((cover * canvas.y).sum() / cover.sum()) == pytest.approx(middle[0], abs=0.02)
    assert float((cover * canvas.x).sum() / cover.sum()) == pytest.approx(middle[1], abs=0.02)
    assert path[0, -1, 0] < path[0, 0, 0]  # it heads up and to the right


def test_hair_is_as_dense_as_ordered_and_thins_by_the_same_hairs():
    coat = grow_hair(np.random.default_rng(1), Canvas(60.0, 60.0, 0.1), Hair(30.0, length=(5.0, 8.0)))

    full, half = coat.cover(1.0), coat.cover(0.5)

    assert coat.per_cm2(1.0) == pytest.approx(30.0, rel=0.03)
    assert coat.per_cm2(0.5) == pytest.approx(15.0, rel=0.1)
    assert np.all(half <= full + 1e-6)
    # Hairs lie at random, so the bare share is the product of what each leaves bare.
    assert np.log1p(-half.mean()) / np.log1p(-full.mean()) == pytest.approx(0.5, abs=0.05)


def test_a_brow_stays_in_its_area():
    coat = grow_hair(
        np.random.default_rng(1), Canvas(40.0, 70.0, 0.1), Hair(90.0, length=(4.0, 6.0), area=(10.0, 46.0))
    )

    cover = coat.cover(1.0)
    outside = (np.abs(coat.canvas.y) > 5.0 + 6.2) | (np.abs(coat.canvas.x) > 23.0 + 6.2)

    assert cover[190:210, 330:370].mean() > 0.2
    assert cover[outside].max() == 0.0


def test_a_part_is_bare_and_widens_as_hair_thins():
    canvas = Canvas(60.0, 60.0, 0.1)
    coat = grow_hair(
        np.random.default_rng(4), canvas, Hair(180.0, length=(25.0, 40.0), heading=-15.0, spread=6.0, part=4.0)
    )

    full, thin = (coat.cover(share) for share in (1.0, 0.5))

    assert full[:, np.abs(canvas.x[0]) < 1.3].mean() < 0.02
    assert 4.0 < part_width(full, canvas) < part_width(thin, canvas)
    assert part_width(np.ones(canvas.shape, np.float32), canvas) == 0.0
    right = coat.paths[:, 0, 1] > 0
    outwards = np.sign(coat.paths[:, -1, 1] - coat.paths[:, 0, 1]) == np.where(right, 1.0, -1.0)
    assert outwards.mean() > 0.97
