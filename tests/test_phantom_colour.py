"""Colour in the phantom: spectra, lamps, cameras, the chart, clutter and the finished file."""

import io
import warnings
from datetime import datetime

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageCms

from tracker.calibration.chart import REFERENCE_LAB_D50, Edition, calibrate_colour, reference_xyz
from tracker.calibration.linear import XYZ_FROM_LINEAR, lab_from_xyz, linear_from_srgb
from tracker.errors import TrackerError
from tracker.phantom.backdrop import lay_backdrop
from tracker.phantom.chart import Chart
from tracker.phantom.clutter import COVERS, THINGS, Clutter
from tracker.phantom.fields import Canvas
from tracker.phantom.optics import (
    STANDARD,
    Response,
    lab_from_linear,
    linear_from_reflectance,
    skin_colour,
    skin_reflectance,
)
from tracker.phantom.sensor import Label, Sensor, decoded, expose, jpeg
from tracker.phantom.spectra import (
    CAMERAS,
    ILLUMINANTS,
    WAVELENGTHS,
    bilirubin_absorption,
    blood_absorption,
    camera_sensitivity,
    chart_reflectance,
    illuminant,
)
from tracker.photo import read_photo

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns that it cannot plot
    import colour

RESPONSES = [Response(lamp, camera) for lamp in ILLUMINANTS for camera in (None, *CAMERAS)]
FINE = colour.SpectralShape(400, 720, 5)
OBSERVER = "CIE 1931 2 Degree Standard Observer"
MODEL_SKINS = skin_reflectance(*np.meshgrid(np.geomspace(0.013, 0.43, 8), np.geomspace(0.002, 0.02, 7)))
TABLE = Canvas(130.0, 180.0, 0.15)
NOON = datetime(2026, 3, 2, 12)  # noqa: DTZ001 - EXIF has local time


def _fine(spectrum):
    """Values of a colour-science spectrum every 5 nm, nothing beyond its ends."""
    known = dict(zip(spectrum.wavelengths, spectrum.values, strict=True))
    if spectrum.shape.interval == 10:
        return np.interp(FINE.range(), spectrum.wavelengths, spectrum.values, left=0.0, right=0.0)
    return np.array([known.get(wavelength, 0.0) for wavelength in FINE.range()])


def _channels(camera):
    table = colour.MSDS_CAMERA_SENSITIVITIES[camera]
    return [colour.SpectralDistribution(signal.range, signal.domain) for signal in table.signals.values()]


def _delta_e(one, other):
    return colour.delta_E(lab_from_linear(one), lab_from_linear(other), method="CIE 2000")


def _photo(*, response=STANDARD, sensor=None, pitch=0.15, **options):
    """A backdrop seen straight on, as the sensor records it."""
    lying = lay_backdrop(
        np.random.default_rng(1), Canvas(TABLE.height, TABLE.width, pitch), (), response=response, **options
    )
    return expose(lying.colour, sensor or Sensor(), mm_per_px=pitch, rng=np.random.default_rng(2)), lying


# Tables


@pytest.mark.parametrize("name", ILLUMINANTS)
def test_the_illuminants_are_those_of_the_cie(name):
    published = colour.SDS_ILLUMINANTS[name]

    if name in ("D50", "D65", "A"):
        expected = [published[wavelength] for wavelength in WAVELENGTHS]
    else:
        expected = [np.dot((1, 2, 1), published[[nm - 5, nm, nm + 5]]) / 4 for nm in WAVELENGTHS]

    assert_allclose(illuminant(name), expected, rtol=1e-5)


@pytest.mark.parametrize("name", CAMERAS)
def test_the_cameras_are_those_of_the_national_physical_laboratory(name):
    for found, published in zip(camera_sensitivity(name), _channels(name), strict=True):
        known = dict(zip(published.wavelengths, published.values, strict=True))
        assert_allclose(found, [known.get(wavelength, 0.0) for wavelength in WAVELENGTHS], rtol=1e-5)


def test_the_chart_is_the_mean_of_thirty_charts():
    published = colour.SDS_COLOURCHECKERS["BabelColor Average"].values()

    assert_allclose(chart_reflectance(), [[patch[nm] for nm in WAVELENGTHS] for patch in published], rtol=1e-5)


def test_the_younger_chart_has_the_colours_its_maker_publishes():
    published = colour.CCS_COLOURCHECKERS["ColorChecker24 - After November 2014"]
    xyz = colour.xyY_to_XYZ(np.array(list(published.data.values())))
    adapted = colour.adaptation.chromatic_adaptation_VonKries(
        xyz,
        colour.xy_to_XYZ(published.illuminant),
        colour.xy_to_XYZ(colour.CCS_ILLUMINANTS[OBSERVER]["D65"]),
        transform="Bradford",
    )

    error = _delta_e(linear_from_reflectance(chart_reflectance("2014")), colour.XYZ_to_RGB(adapted, "sRGB"))

    assert error.max() < 0.1


def test_blood_of_many_oxygenations_is_the_blood_of_each():
    shares = np.array([[0.3, 0.5], [0.75, 1.0]])

    together = blood_absorption(shares)

    for at, share in np.ndenumerate(shares):
        assert_array_equal(together[at], blood_absorption(float(share)))


def test_bilirubin_absorbs_blue():
    absorption = bilirubin_absorption()

    assert 450.0 <= WAVELENGTHS[absorption.argmax()] <= 460.0
    assert absorption.max() == pytest.approx(2.303 * 55000 / 584.67, rel=0.01)
    assert absorption[WAVELENGTHS >= 600].max() < 1.0


# Lamps and cameras


@pytest.mark.parametrize("response", RESPONSES, ids=str)
def test_white_stays_white(response):
    assert_allclose(response.linear(np.ones(33)), 1.0, atol=1e-6)
    assert_allclose(response.linear(np.full((2, 33), 0.18)), 0.18, atol=1e-6)


@pytest.mark.parametrize("lamp", ILLUMINANTS)
def test_the_adapted_observer_sees_what_another_library_computes(lamp):
    """The library integrates every 5 nm, where our tables are every 10 nm."""
    weights = colour.MSDS_CMFS[OBSERVER].copy().align(FINE).values * _fine(colour.SDS_ILLUMINANTS[lamp])[:, None]
    patches = np.array([np.interp(FINE.range(), WAVELENGTHS, patch) for patch in chart_reflectance()])
    white = weights.sum(axis=0) / weights[:, 1].sum()
    xyz = patches @ weights / weights[:, 1].sum()
    adapted = colour.adaptation.chromatic_adaptation_VonKries(
        xyz, white, colour.xy_to_XYZ(colour.CCS_ILLUMINANTS[OBSERVER]["D65"]), transform="Bradford"
    )

    error = _delta_e(Response(lamp).linear(chart_reflectance()), colour.XYZ_to_RGB(adapted, "sRGB"))

    assert error.max() < 0.6  # in daylight and tungsten 0.2


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("lamp", ["D65", "A", "FL11", "LED-B3"])
def test_a_camera_records_what_another_library_computes(lamp, camera):
    def recorded(name):
        weights = np.array([_fine(channel) for channel in _channels(camera)]).T
        weights = weights * _fine(colour.SDS_ILLUMINANTS[name])[:, None]
        patches = np.array([np.interp(FINE.range(), WAVELENGTHS, patch) for patch in chart_reflectance()])
        return patches @ (weights / weights.sum(axis=0))

    # The library's fit is free; its white is 1 only because the chart has six greys.
    wanted = linear_from_reflectance(chart_reflectance())
    matrix = colour.matrix_colour_correction(recorded("D65"), wanted, method="Cheung 2004", terms=3)
    error = _delta_e(
        np.maximum(Response(lamp, camera).linear(chart_reflectance()), 0.0), np.maximum(recorded(lamp) @ matrix.T, 0.0)
    )

    assert np.median(error) < 1.0


def test_a_camera_is_wrong_about_colours_in_daylight_and_more_so_in_tungsten():
    truth = linear_from_reflectance(MODEL_SKINS)
    for camera in CAMERAS:
        daylight, tungsten = (
            _delta_e(Response(lamp, camera).linear(MODEL_SKINS), truth).mean() for lamp in ("D65", "A")
        )
        assert 0.5 < daylight < tungsten < 12.0


def test_the_matrix_of_a_camera_is_the_best_that_leaves_white_alone():
    from tracker.phantom.optics import _balanced, _camera_matrix

    seen = chart_reflectance() @ _balanced(camera_sensitivity(CAMERAS[0]) * illuminant("D65")).T
    wanted = linear_from_reflectance(chart_reflectance())
    matrix = _camera_matrix(CAMERAS[0])

    def misfit(candidate):
        return np.square(seen @ candidate.T - wanted).sum()

    assert_allclose(matrix.sum(axis=1), 1.0)
    for row in range(3):
        for step in ((1e-3, -1e-3, 0.0), (0.0, 1e-3, -1e-3), (-1e-3, 0.0, 1e-3)):
            other = matrix.copy()
            other[row] += step
            assert misfit(other) > misfit(matrix)


def test_paint_is_what_it_was_in_daylight_and_white_is_white_everywhere():
    tints = np.array([(0.19, 0.235, 0.285), (0.5, 0.3, 0.25), (1.0, 1.0, 1.0)], np.float32)

    for response in RESPONSES:
        seen = response.paint(tints)
        assert_allclose(seen[2], 1.0, atol=1e-5)
        assert _delta_e(seen[:2], tints[:2]).max() < 12.0
    assert STANDARD.paint(tints) is tints


# Skin


@pytest.mark.parametrize("response", RESPONSES, ids=str)
def test_every_model_skin_can_be_recorded(response):
    linear = response.linear(MODEL_SKINS)

    assert linear.shape == (7, 8, 3)
    assert linear.min() > 0.01
    assert linear.max() < 0.7


def _indices(**changes):
    red, green, _ = linear_from_reflectance(skin_reflectance(0.05, 0.006, **changes))
    return np.array([-100 * np.log10(red), 100 * np.log10(red / green)])


def test_less_oxygen_moves_the_indices_as_the_specification_says():
    change = _indices(oxygenation=0.55) - _indices()

    assert_allclose(change, (0.9, -0.75), atol=0.05)  # melanin and erythema index, MEASUREMENT.md B3


def test_more_scattering_makes_skin_lighter_and_less_red():
    thin, usual, dense = (
        lab_from_linear(linear_from_reflectance(skin_reflectance(0.05, 0.006, scattering=factor)))
        for factor in (0.7, 1.0, 1.3)
    )

    assert thin[0] < usual[0] - 1.0 < dense[0] - 2.0
    assert thin[1] > usual[1] > dense[1]


def test_bilirubin_makes_skin_yellow():
    fresh, old = (
        lab_from_linear(linear_from_reflectance(skin_reflectance(0.03, 0.008, bilirubin=amount)))
        for amount in (0.0, 0.05)
    )

    assert old[2] > fresh[2] + 8.0
    assert old[0] < fresh[0]


def test_arguments_of_skin_are_broadcast():
    oxygenation, bilirubin = np.array([0.4, 0.75, 0.9]), np.array([[0.0], [0.1]])

    together = skin_reflectance(0.05, 0.01, oxygenation=oxygenation, bilirubin=bilirubin, surface=0.0)

    assert together.shape == (2, 3, 33)
    assert_array_equal(together[1, 0], skin_reflectance(0.05, 0.01, oxygenation=0.4, bilirubin=0.1, surface=0.0))


def test_the_colour_table_of_other_skin_and_another_camera_equals_direct_integration():
    rng = np.random.default_rng(2)
    melanin = rng.uniform(0.01, 0.4, (40, 40)).astype(np.float32)
    blood = rng.uniform(0.002, 0.02, (40, 40)).astype(np.float32)
    response = Response("LED-B3", CAMERAS[0])
    changes = {"oxygenation": 0.5, "scattering": 1.2, "bilirubin": 0.05}

    looked_up = skin_colour(melanin, blood, response=response, **changes)

    direct = response.linear(skin_reflectance(melanin, blood, **changes))
    assert_allclose(lab_from_linear(looked_up), lab_from_linear(direct), atol=0.05)


# The chart


@pytest.mark.parametrize(("edition", "typical", "worst"), [("average", 1.5, 4.0), ("2014", 0.7, 1.5)])
def test_the_chart_in_the_file_has_its_published_colours(edition, typical, worst):
    picture, lying = _photo(chart=Chart((4.0, -6.0), edition=edition), sensor=Sensor(noise=0.0, blur_mm=0.05))

    row, column = ((lying.patches - np.array([TABLE.y[0, 0], TABLE.x[0, 0]])) / TABLE.pitch).round().astype(int).T
    light = linear_from_srgb(picture[row, column] / 255.0) / 0.86  # the exposure of white

    error = colour.delta_E(lab_from_xyz(light @ XYZ_FROM_LINEAR.T), lab_from_xyz(reference_xyz()), method="CIE 2000")
    assert np.median(error) < typical
    assert np.delete(error, 17).max() < worst  # cyan lies outside sRGB


@pytest.mark.parametrize("turn", [0, 1, 2])
@pytest.mark.parametrize(
    ("lamp", "camera"), [("D65", None), ("D50", CAMERAS[0]), ("A", CAMERAS[0]), ("LED-B3", CAMERAS[0])]
)
def test_the_product_finds_the_chart_and_believes_it(lamp, camera, turn):
    picture, lying = _photo(chart=Chart((5.0, 8.0)), response=Response(lamp, camera), sensor=Sensor(contrast=0.2))
    picture = np.ascontiguousarray(np.rot90(picture, turn))

    found = calibrate_colour(picture)

    assert found.level == "C2", found.evidence
    if turn == 0:
        middle = (found.corners.mean(axis=0) - (np.array(TABLE.shape) - 1) / 2) * TABLE.pitch
        assert_allclose(middle, lying.patches.mean(axis=0), atol=1.0)


@pytest.mark.parametrize("lamp", ["D50", "LED-B3", "FL2"])
@pytest.mark.parametrize("camera", CAMERAS)
def test_the_product_suggests_the_other_edition_of_a_chart_and_does_not_take_it(lamp, camera):
    young, old = (
        calibrate_colour(_photo(chart=Chart((0.0, 0.0), edition=edition), response=Response(lamp, camera))[0])
        for edition in ("2014", "average")
    )

    assert "before November 2014" not in young.evidence
    assert old.evidence.startswith("24-patch chart made after November 2014")
    assert "fit charts made before November 2014 better" in old.evidence


def test_the_colours_of_older_charts_are_those_of_another_library():
    published = colour.CCS_COLOURCHECKERS["ColorChecker24 - Before November 2014"]
    lab = colour.XYZ_to_Lab(colour.xyY_to_XYZ(np.array(list(published.data.values()))), published.illuminant)

    assert_allclose(REFERENCE_LAB_D50[Edition.BEFORE_2014], lab, atol=0.01)


def test_the_product_corrects_a_camera_with_the_chart():
    response = Response("LED-B3", CAMERAS[0])
    picture, _ = _photo(
        chart=Chart((0.0, 0.0), edition="2014"), response=response, sensor=Sensor(white_balance=(1.06, 1.0, 0.93))
    )
    found = calibrate_colour(picture)

    truth = linear_from_reflectance(MODEL_SKINS)
    recorded = (response.linear(MODEL_SKINS) * (1.06, 1.0, 0.93) * 0.86).astype(np.float32)
    before, after = _delta_e(recorded / 0.86, truth).mean(), _delta_e(found.apply(recorded), truth).mean()

    assert after < 2.0 < before


def test_the_chart_is_painted_where_it_says():
    board = Chart((3.0, -10.0), width=90.0)
    canvas = Canvas(100.0, 120.0, 0.1)

    colour_, cover = board.draw(canvas.y, canvas.x, canvas.pitch)

    assert board.patches.shape == (24, 2)
    assert cover.sum() * canvas.pitch**2 == pytest.approx(board.size[0] * board.size[1], rel=0.01)
    assert_allclose(board.patches.mean(axis=0), board.centre, atol=1e-9)
    row, column = ((board.patches - np.array([canvas.y[0, 0], canvas.x[0, 0]])) / canvas.pitch).round().astype(int).T
    assert_allclose(colour_[row, column], linear_from_reflectance(chart_reflectance(board.edition)), atol=1e-5)


# Clutter


def test_a_tidy_backdrop_is_as_it_was():
    plain = lay_backdrop(np.random.default_rng(3), TABLE, ((-40.0, -60.0),))
    rng = np.random.default_rng(3)
    untidy = lay_backdrop(rng, TABLE, ((-40.0, -60.0),), clutter=Clutter(("towel",), cover="hem"))
    untouched = np.random.default_rng(3)
    lay_backdrop(untouched, TABLE, ((-40.0, -60.0),))

    assert plain.over is None
    assert plain.patches is None
    assert_array_equal(plain.card, untidy.card)
    assert rng.random() == untouched.random()


@pytest.mark.parametrize("thing", THINGS)
def test_a_thing_is_somewhere_plausible_and_the_same_every_time(thing):
    canvas = Canvas(280.0, 370.0, 0.5)
    for seed in range(8):
        once, again = (
            lay_backdrop(np.random.default_rng(seed), canvas, (), clutter=Clutter((thing,))).colour for _ in range(2)
        )
        assert_array_equal(once, again)
        assert once.dtype == np.float32
        assert once.min() >= 0.0
        assert once.max() < 1.0
        changed = np.abs(once - lay_backdrop(np.random.default_rng(seed), canvas, ()).colour).max(axis=2) > 0.05
        inner = changed[28:-28, 37:-37]
        assert inner.mean() > 0.005, seed  # in the picture


def test_things_do_not_move_each_other():
    canvas = Canvas(280.0, 370.0, 0.8)

    def laid(*things):
        return lay_backdrop(np.random.default_rng(4), canvas, (), clutter=Clutter(things)).colour

    bare, socket, both = laid(), laid("socket"), laid("socket", "wall")
    there = np.abs(socket - bare).max(axis=2) > 0.1
    assert np.abs(both - socket)[there].mean() < 0.05


@pytest.mark.parametrize("kind", COVERS)
def test_a_cover_hides_some_skin_and_shades_its_neighbour(kind):
    canvas = Canvas(280.0, 370.0, 0.5)
    for seed in range(6):
        over = lay_backdrop(np.random.default_rng(seed), canvas, (), clutter=Clutter(cover=kind)).over
        shown = over.cover[28:-28, 37:-37]

        assert 0.02 < shown.mean() < 0.30
        assert over.colour.shape == (*canvas.shape, 3)
        assert over.shade[over.cover == 0].max() <= 1.0
        beside = (over.cover == 0) & (cv2.dilate(over.cover, np.ones((5, 5))) > 0)
        assert over.shade[beside].mean() < 0.75


def test_the_same_clutter_lies_in_the_same_place_at_any_pitch():
    coarse, fine = (
        lay_backdrop(np.random.default_rng(6), Canvas(280.0, 370.0, pitch), (), clutter=Clutter(THINGS)).colour
        for pitch in (1.0, 0.5)
    )

    difference = np.abs(cv2.resize(fine, coarse.shape[1::-1], interpolation=cv2.INTER_AREA) - coarse)
    assert difference.mean() < 0.012


def test_unknown_clutter_is_refused():
    with pytest.raises(TrackerError, match="no clutter 'cat'"):
        Clutter(("cat",))
    with pytest.raises(TrackerError, match="no cover 'hat'"):
        Clutter(cover="hat")


# The finished file


def test_sharpening_overshoots_at_edges_and_leaves_plains_alone():
    step = np.full((60, 80, 3), 0.1, np.float32)
    step[:, 40:] = 0.4

    soft, sharp = (
        expose(
            step, Sensor(noise=0.0, blur_mm=0.06, sharpening=amount), mm_per_px=0.15, rng=np.random.default_rng(0)
        ).astype(int)
        for amount in (0.0, 1.0)
    )

    assert_array_equal(soft[:, :20], sharp[:, :20])
    assert sharp[30].max() > soft[30].max() + 5
    assert sharp[30].min() < soft[30].min() - 5


def test_local_tone_lifts_shade_and_leaves_light():
    dark = np.full((120, 400, 3), 0.02, np.float32)
    dark[:, 200:] = 0.9

    plain, lifted = (
        expose(dark, Sensor(noise=0.0, local_tone=amount), mm_per_px=0.2, rng=np.random.default_rng(0))
        for amount in (0.0, 1.0)
    )

    before, after = (linear_from_srgb(picture / 255.0)[60, :, 1] for picture in (plain, lifted))
    assert 1.5 < after[10] / before[10] < 2.0
    assert after[390] / before[390] == pytest.approx(1.0, abs=0.05)


def test_a_file_can_carry_a_profile_and_a_camera_but_no_place():
    picture, _ = _photo(pitch=0.5)
    plain = jpeg(picture, quality=90, taken_at=NOON)
    label = Label("Maker", "Model 2", exposure_s=1 / 60, f_number=2.2, iso=200, focal_mm=6.0, focal_35mm=28)

    tagged = jpeg(picture, quality=90, taken_at=NOON, profile="sRGB", label=label)

    image = Image.open(io.BytesIO(tagged))
    exif = image.getexif()
    details = exif.get_ifd(0x8769)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert (exif[271], exif[272]) == ("Maker", "Model 2")
    assert float(details[33434]) == pytest.approx(1 / 60, rel=1e-3)
    assert float(details[37386]) == pytest.approx(6.0)
    assert not exif.get_ifd(0x8825)
    assert "not a photograph" in exif[270]
    assert image.info["icc_profile"][24:36] == bytes.fromhex("07ea00010001000000000000")
    assert_array_equal(decoded(tagged), decoded(plain))
    assert (
        np.abs(read_photo(tagged, name="a.jpg").rgb.astype(int) - decoded(plain)).max() <= 2
    )  # the tag changes nothing
    assert "icc_profile" not in Image.open(io.BytesIO(plain)).info
