import io
import json
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image
from scipy.interpolate import RegularGridInterpolator
from skimage.draw import polygon2mask

from tracker.errors import TrackerError
from tracker.phantom import SCENARIOS, State, series, write_series
from tracker.phantom.backdrop import MARKER_SIDE, lay_backdrop
from tracker.phantom.fields import Canvas
from tracker.phantom.files import photo_document
from tracker.phantom.light import Light, shading
from tracker.phantom.optics import (
    lab_from_linear,
    linear_from_reflectance,
    skin_colour,
    skin_reflectance,
)
from tracker.phantom.pose import Camera, soft_tissue
from tracker.phantom.scene import appearance, look
from tracker.phantom.skin import Body, Complexion, Relief, Skin, grow_skin
from tracker.phantom.spectra import COLOUR_MATCHING, DAYLIGHT, WAVELENGTHS
from tracker.phantom.truth import carried, measured_skin, relief_metrics

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns that it cannot plot
    import colour

SMALL = (600, 800)
LARGE_FIELD = Body(half_width=300.0, depth=1e-6)


@pytest.fixture(scope="module")
def courses():
    """Small series of every scenario, one photo a visit: three visits of the first four, two of the others."""
    return {
        name: list(series(name, seed=5, sessions=2 + (at < 4), replicates=1, size=SMALL))
        for at, name in enumerate(SCENARIOS)
    }


# Colour


@pytest.mark.parametrize(
    ("melanin", "blood", "lab", "ita"),
    [
        (0.02, 0.004, (71.6, 4.4, 16.9), 52.0),
        (0.035, 0.005, (67.4, 5.9, 19.6), 41.6),
        (0.05, 0.006, (63.6, 7.3, 21.7), 32.2),
        (0.08, 0.006, (58.3, 8.5, 24.6), 18.7),
        (0.12, 0.008, (51.4, 10.8, 26.5), 2.9),
        (0.20, 0.008, (42.1, 12.5, 27.1), -16.2),
        (0.35, 0.008, (30.6, 13.3, 21.0), -42.8),
    ],
)
def test_skin_has_the_colours_of_the_specification(melanin, blood, lab, ita):
    found = lab_from_linear(linear_from_reflectance(skin_reflectance(melanin, blood)))

    assert_allclose(found, lab, atol=0.1)  # the specification gives one decimal
    assert_allclose(np.rad2deg(np.arctan2(found[0] - 50, found[2])), ita, atol=0.3)


def test_the_tables_are_those_of_the_cie():
    shape = colour.SpectralShape(400, 720, 10)
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy().align(shape)
    daylight = colour.SDS_ILLUMINANTS["D65"].copy().align(shape)

    assert_allclose(WAVELENGTHS, shape.range())
    assert_allclose(COLOUR_MATCHING, observer.values.T, rtol=1e-5, atol=1e-9)
    assert_allclose(DAYLIGHT, daylight.values, rtol=1e-5)


def test_a_skin_spectrum_has_the_colour_another_library_gives_it():
    reflectance = skin_reflectance(0.06, 0.01)

    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    light = colour.SDS_ILLUMINANTS["D65"].copy().align(observer.shape)
    spectrum = colour.SpectralDistribution(reflectance, WAVELENGTHS).align(observer.shape)
    xyz = colour.sd_to_XYZ(spectrum, cmfs=observer, illuminant=light, method="Integration") / 100
    lab = colour.XYZ_to_Lab(xyz, colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"])

    assert_allclose(lab_from_linear(linear_from_reflectance(reflectance)), lab, atol=0.2)  # 400-720 of 360-780 nm


def test_linear_colours_become_the_lab_another_library_computes():
    linear = np.random.default_rng(1).uniform(0.0, 1.0, (50, 3))

    xyz = colour.RGB_to_XYZ(linear, "sRGB")
    white = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]

    assert_allclose(lab_from_linear(linear), colour.XYZ_to_Lab(xyz, white), atol=0.05)


def test_the_colour_table_equals_direct_integration():
    rng = np.random.default_rng(2)
    melanin = rng.uniform(0.01, 0.4, (40, 40)).astype(np.float32)
    blood = rng.uniform(0.002, 0.02, (40, 40)).astype(np.float32)

    direct = linear_from_reflectance(skin_reflectance(melanin, blood))

    assert_allclose(lab_from_linear(skin_colour(melanin, blood)), lab_from_linear(direct), atol=0.02)


# Light


def test_flat_skin_is_equally_bright_under_every_lamp():
    flat = tuple(np.full((2, 2), value, np.float32) for value in (0.0, 0.0, 1.0))

    for slant in (0.0, 30.0, 65.0):
        lamp = Light(slant=slant, azimuth=70.0, ambient=0.2)
        assert_allclose(shading(flat, lamp, roll=0.0), 1.0, atol=1e-6)


@pytest.mark.parametrize("slant", [30.0, 50.0])
def test_a_small_slope_shades_by_the_tangent_of_the_slant(slant):
    slope = 0.02
    facing_right = (np.float32(slope), np.float32(0.0), np.float32(1.0))
    normal = tuple(np.full((1, 1), part / np.hypot(1.0, slope), np.float32) for part in facing_right)

    gain = shading(normal, Light(slant=slant, azimuth=0.0, ambient=0.3), roll=0.0).item() - 1.0

    assert gain / slope == pytest.approx(0.7 * np.tan(np.deg2rad(slant)), rel=0.03)  # 2 % for the lamp's width


@pytest.mark.parametrize(("azimuth", "brighter"), [(0.0, (0, 1)), (90.0, (-1, 0)), (180.0, (0, -1)), (270.0, (1, 0))])
def test_the_azimuth_is_where_the_light_comes_from_in_the_picture(azimuth, brighter):
    canvas = Canvas(60.0, 60.0, 0.5)
    height = 4.0 * np.exp(-0.5 * (canvas.y**2 + canvas.x**2) / 8.0**2).astype(np.float32)
    day = appearance(_plain_skin(canvas, height=height), State())

    lit = shading(day.normals, Light(slant=45.0, azimuth=azimuth, ambient=0.2), roll=0.0)

    down, right = brighter
    assert lit[60 + 16 * down, 60 + 16 * right] > 1.1 > 0.9 > lit[60 - 16 * down, 60 - 16 * right]


def test_the_lamp_stays_put_when_the_camera_rolls():
    canvas = Canvas(160.0, 160.0, 0.5)
    height = 6.0 * np.exp(-0.5 * (canvas.y**2 + canvas.x**2) / 12.0**2).astype(np.float32)
    day = appearance(_plain_skin(canvas, height=height), State())
    bare = lay_backdrop(np.random.default_rng(0), canvas, ())
    still = soft_tissue(np.random.default_rng(0), 0.0)
    lamp = Light(slant=45.0, azimuth=0.0, ambient=0.2, falloff=0.0, gloss=0.0)

    for roll in (0.0, 60.0, -90.0):
        camera = Camera((120, 120), 60.0, roll=roll)
        picture = look(day, bare, light=lamp, camera=camera, tissue=still).radiance[..., 1]
        right, left, top, bottom = picture[60, 84], picture[60, 36], picture[36, 60], picture[84, 60]
        assert right > 1.2 * left
        assert top == pytest.approx(bottom, rel=0.02)


# Geometry


def _plain_skin(canvas, *, height=None, melanin=0.03):
    nothing = np.zeros(canvas.shape, np.float32)
    return Skin(
        canvas=canvas,
        body=LARGE_FIELD,
        melanin=np.broadcast_to(np.float32(melanin), canvas.shape).astype(np.float32),
        blood=nothing + np.float32(0.006),
        patch=nothing,
        still=nothing if height is None else height,
        dimples=nothing,
    )


def _dot_centres(radiance, near):
    """Centroid of the dark dot next to each point, sub-pixel."""
    darkness = radiance[..., 0].max() - radiance[..., 0].astype(float)
    centres = []
    for row, column in near:
        for _ in range(4):
            top, left = round(row) - 14, round(column) - 14
            weight = darkness[top : top + 29, left : left + 29]
            weight = np.maximum(weight - 0.02 * weight.max(), 0.0)
            rows, columns = np.mgrid[top : top + 29, left : left + 29]
            row, column = np.average(rows, weights=weight), np.average(columns, weights=weight)
        centres.append((row, column))
    return np.array(centres)


def test_a_dot_on_the_skin_is_where_the_truth_says():
    field, size = 300.0, SMALL
    canvas = Canvas(280.0, 370.0, field / size[1])
    sites = np.stack(np.meshgrid(np.arange(-70, 71, 35.0), np.arange(-100, 101, 40.0), indexing="ij"), -1)
    sites = sites.reshape(-1, 2)
    dots = sum(np.exp(-0.5 * ((canvas.y - y) ** 2 + (canvas.x - x) ** 2) / 1.1**2) for y, x in sites)
    day = appearance(_plain_skin(canvas, melanin=0.02 + 0.1 * dots), State())
    bare = lay_backdrop(np.random.default_rng(0), canvas, ())
    soft = Light(slant=0.0, azimuth=0.0, ambient=1.0, falloff=0.0, gloss=0.0)
    rng = np.random.default_rng(4)
    poses = [
        (Camera(size, field, roll=1.0, tilt=(1.0, -2.0)), soft_tissue(rng, 0.7)),
        (
            Camera(size, field, scale=1.03, roll=-2.5, tilt=(-4.0, 3.0), shift=(6.0, -9.0)),
            soft_tissue(rng, 1.2),
        ),
    ]

    seen = []
    for camera, tissue in poses:
        picture = look(day, bare, light=soft, camera=camera, tissue=tissue).radiance
        seen.append(_dot_centres(picture, camera.to_pixels(tissue.to_scene(sites))))

    told = carried(seen[0], body=LARGE_FIELD, cards=np.empty((0, 2, 2)), first=poses[0], this=poses[1])
    assert np.abs(seen[0] - seen[1]).max() > 5.0
    assert_allclose(told, seen[1], atol=0.05)


def test_the_first_photo_is_its_own_reference(courses):
    for photos in courses.values():
        truth = photos[0].truth
        rows, columns = np.meshgrid(truth.rows, truth.cols, indexing="ij")

        assert_allclose(truth.moving_row, rows, atol=1e-3)
        assert_allclose(truth.moving_col, columns, atol=1e-3)


def test_nodes_are_no_further_apart_than_one_percent_of_the_width(courses):
    truth = courses["thigh"][0].truth

    assert np.diff(truth.cols).max() <= SMALL[1] / 100
    assert np.diff(truth.rows).max() <= SMALL[1] / 100


def _markers(rgb):
    """Corners by marker number, refined in linear light: the sRGB curve lets white bloom by 0.4 px."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    parameters = cv2.aruco.DetectorParameters()
    parameters.minMarkerDistanceRate = 0.05  # on skin, the paper has an outline of its own
    corners, ids, _ = cv2.aruco.ArucoDetector(dictionary, parameters).detectMarkers(grey)
    linear = ((grey / 255.0 + 0.055) / 1.055).astype(np.float32) ** 2.4
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 40, 0.001)
    found = {}
    for number, corner in zip([] if ids is None else ids.ravel().tolist(), corners, strict=True):
        fine = cv2.cornerSubPix(linear, corner.reshape(4, 1, 2), (4, 4), (-1, -1), stop)
        found[number] = fine.reshape(4, 2)[:, ::-1].astype(float)
    return found


def test_every_photo_shows_four_markers_of_the_right_size(courses):
    for photo in (photo for photos in courses.values() for photo in photos):
        markers = _markers(photo.rgb)
        assert set(markers) == {0, 1, 2, 3}, photo.name

        sides = [np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1) for corners in markers.values()]
        # Opposite markers are nearer and further by the tilt; their mean is the centre's scale.
        assert np.mean(sides) == pytest.approx(MARKER_SIDE / photo.truth.mm_per_px, rel=0.01), photo.name


@pytest.mark.parametrize("name", ["thigh", "pigment"])
def test_markers_move_as_the_truth_says(courses, name):
    first, _, later = courses[name]
    truth = later.truth
    nodes = (truth.rows, truth.cols)
    before, after = _markers(first.rgb), _markers(later.rgb)

    for number, corners in before.items():
        for moving, axis in ((truth.moving_row, 0), (truth.moving_col, 1)):
            told = RegularGridInterpolator(nodes, moving)(corners)
            assert_allclose(told, after[number][:, axis], atol=0.3)  # the detector's own error at 53 px a side


# Truth


def test_deeper_dimples_have_more_relief():
    canvas, body = Canvas(200.0, 160.0, 0.5), Body(half_width=90.0, depth=40.0)
    skin = grow_skin(
        np.random.default_rng(7),
        canvas,
        body=body,
        complexion=Complexion(moles=0, freckles=0, hairs=0.0, follicles=20.0),
        relief=Relief(dimples=14, depth=4.5, mattress=0.2),
    )
    lamp, region = Light(slant=50.0, azimuth=0.0, ambient=0.25), measured_skin(body, canvas, (200.0, 300.0))

    found = []
    for depth in (0.0, 0.25, 0.5, 0.75, 1.0):
        day = appearance(skin, State(dimples=depth))
        found.append(relief_metrics(shading(day.normals, lamp, 0.0), day.height, canvas, region))

    for metric in ("relief", "relief_sq_mm"):
        assert np.all(np.diff([values[metric] for values in found]) > 0.0)
    assert found[-1]["relief"] > 1.5 * found[0]["relief"]


def test_treated_skin_changes_and_untreated_skin_does_not(courses):
    height = {name: [photo.truth.metrics["relief_sq_mm"] for photo in courses[name]] for name in SCENARIOS[:2]}
    height["null"] = [photo.truth.metrics["relief_sq_mm"] for photo in courses["null"]]
    shaded = {name: [photo.truth.metrics["relief"] for photo in courses[name]] for name in height}

    assert np.all(np.diff(height["thigh"]) < 0.0)
    assert shaded["thigh"][-1] < 0.7 * shaded["thigh"][0]
    for name in ("control", "null"):
        assert np.ptp(height[name]) == 0.0
        assert np.ptp(shaded[name]) < 0.15 * np.mean(shaded[name])  # the lamp is put up anew each time


def test_a_fading_patch_loses_melanin_and_not_blood(courses):
    metrics = [photo.truth.metrics for photo in courses["pigment"]]
    pigment = np.array([values["delta_mi"] for values in metrics])
    redness = np.array([values["delta_ei"] for values in metrics])

    assert np.all(np.diff(pigment) < 0.0)
    assert pigment[-1] < 0.5 * pigment[0]
    assert np.abs(redness[-1] - redness[0]) < 0.2 * (pigment[0] - pigment[-1])


def test_the_region_surrounds_the_patch_in_the_first_photo(courses):
    first = courses["pigment"][0]
    assert len(first.region) <= 40

    inside = polygon2mask(first.rgb.shape[:2], first.region).astype(np.uint8)
    reach = round(3.0 / first.truth.mm_per_px)
    outside = cv2.dilate(inside, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) - inside
    red = (first.rgb[..., 0] / 255.0) ** 2.2

    patch, ring = (np.median(red[where > 0]) for where in (inside, outside))
    told = first.truth.metrics["delta_mi"]
    assert -100 * np.log10(patch / ring) == pytest.approx(told, rel=0.25)  # shading and the edge's blur


def test_the_skin_mask_keeps_to_skin(courses):
    photo = courses["thigh"][1]
    red, blue = (photo.rgb[..., channel].astype(int) for channel in (0, 2))

    assert np.mean((red > blue)[photo.truth.skin]) > 0.999
    assert np.mean((red > blue + 10)[~photo.truth.skin]) < 0.02
    assert photo.truth.skin.sum() * photo.truth.mm_per_px**2 > 15000.0  # mm²


# Series


def test_the_same_seed_gives_the_same_bytes():
    once, again, other = (
        [photo.jpeg for photo in series("thigh", seed=seed, sessions=1, size=SMALL)] for seed in (1, 1, 2)
    )

    assert once == again
    assert set(once).isdisjoint(other)


def test_spoiled_photos_say_so_and_are_spoiled():
    photos = list(series("thigh", seed=6, sessions=3, replicates=1, spoiled={1: "light", 2: "blur"}, size=SMALL))
    good, dark, soft = photos
    left, right = (slice(200, 400), slice(230, 330)), (slice(200, 400), slice(470, 570))

    assert [photo.truth.spoiled for photo in photos] == [None, "light", "blur"]
    turned = dark.truth.light.azimuth - good.truth.light.azimuth
    assert abs((turned + 180.0) % 360.0 - 180.0) > 170.0
    assert good.rgb[left].mean() < good.rgb[right].mean()
    assert dark.rgb[left].mean() > dark.rgb[right].mean()
    assert _sharpness(soft) < 0.3 * _sharpness(good)


def _sharpness(photo):
    grey = cv2.cvtColor(photo.rgb, cv2.COLOR_RGB2GRAY)
    return np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.5), cv2.CV_64F)).max()


def test_an_unknown_scenario_is_named_in_the_refusal():
    with pytest.raises(TrackerError, match="elbow"):
        next(series("elbow"))
    with pytest.raises(TrackerError, match="thunder"):
        next(series("thigh", spoiled={0: "thunder"}))


def test_a_file_is_dated_and_tells_no_place(courses):
    photo = courses["control"][1]
    exif = Image.open(io.BytesIO(photo.jpeg)).getexif()

    assert photo.name == "2026-03-09_control_1.jpg"
    assert exif.get_ifd(0x8769)[36867].startswith("2026:03:09 ")
    assert not exif.get_ifd(0x8825)
    assert "not a photograph" in exif[270]


def test_the_truth_survives_being_written(tmp_path, courses):
    photos = courses["pigment"]

    done = []
    write_series(
        tmp_path, "pigment", seed=5, sessions=3, replicates=1, size=SMALL, progress=lambda *at: done.append(at)
    )
    document = json.loads((tmp_path / "truth.json").read_text())

    assert done == [(1, 3), (2, 3), (3, 3)]
    assert document["scenario"] == "pigment"
    assert document["photos"] == [photo_document(photo) for photo in photos]
    for entry, photo in zip(document["photos"], photos, strict=True):
        assert (tmp_path / entry["file"]).read_bytes() == photo.jpeg
        assert_allclose(
            np.array(entry["warp"]["moving_row"], float), photo.truth.moving_row, atol=0.0051
        )  # null is NaN
    polygon = json.loads((tmp_path / "region.json").read_text())["polygon"]
    assert_allclose(polygon, photos[0].region, atol=0.0051)


SAMPLES = Path(__file__).parents[1] / "sample_images"


@pytest.mark.parametrize(
    ("folder", "scenario"),
    [("thigh-left-treated", "thigh"), ("thigh-right-control", "control"), ("pigment-patch", "pigment")],
)
def test_every_sample_photo_has_its_truth(folder, scenario):
    document = json.loads((SAMPLES / folder / "truth.json").read_text())

    assert document["scenario"] == scenario
    assert {entry["file"] for entry in document["photos"]} == {path.name for path in SAMPLES.glob(f"{folder}/*.jpg")}


def test_the_sample_images_are_those_this_code_renders():
    folder = SAMPLES / "pigment-patch"
    document = json.loads((folder / "truth.json").read_text())

    photo = next(series("pigment", seed=document["seed"], sessions=6, replicates=1))
    stored = np.asarray(Image.open(folder / photo.name), float)

    assert photo_document(photo)["metrics"] == pytest.approx(document["photos"][0]["metrics"], abs=0.01)
    assert np.abs(stored - photo.rgb).mean() < 1.0  # other library versions may round and compress differently
