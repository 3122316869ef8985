"""Each metric's oracle: a known truth, recovered within a tolerance that has a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.colour import EDITION, LAMPS, seen
from tracker.alignment import in_own_frame
from tracker.calibration import CalibratedImage, calibrate
from tracker.measurement import measure
from tracker.metrics import METRICS, erythema_index, individual_typology_angle, melanin_index, typology_class
from tracker.phantom import PhantomPhoto, Shot, Stage, State, build_stage, nominal_shot, photograph, series
from tracker.phantom.clutter import TIDY
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.photograph import true_metrics
from tracker.phantom.scenario import named as scenario_named
from tracker.phantom.skin import Body
from tracker.phantom.spectra import CAMERAS
from tracker.photo import read_photo
from tracker.pipeline import track
from tracker.region import WHOLE_SKIN, polygon_region, region_mask
from tracker.timeline import Verdict

Calibrated = Callable[[PhantomPhoto], CalibratedImage]


def _named(name: str) -> object:
    return next(m for m in METRICS if m.name == name)


@pytest.fixture(scope="module")
def reliefs() -> tuple[PhantomPhoto, ...]:
    """Two layouts over a course, and an unchanging one; each photo in its own frame."""
    photos: list[PhantomPhoto] = []
    for scenario, seed in (("thigh", 11), ("thigh", 12), ("control", 11)):
        photos += [
            p for p in series(scenario, seed=seed, sessions=5, replicates=1, size=(900, 1200)) if p.session % 2 == 0
        ]
    return tuple(photos)


@pytest.mark.slow
def test_relief_follows_the_true_relief(reliefs: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    """R² ≥ 0.95 against the rendered shading, whatever the pigment (MEASUREMENT.md §7.6, A1); slope within 15 %:
    the renderer's truth is taken over a slightly different rim and without gloss."""
    found, truth = [], []
    for photo in reliefs:
        image = calibrated(photo)
        mask = region_mask(WHOLE_SKIN, image)
        found.append(measure(in_own_frame(image), mask, _named("relief"), marked=False).value)  # type: ignore[arg-type]
        truth.append(photo.truth.metrics["relief"])

    slope = np.dot(found, truth) / np.dot(truth, truth)
    assert np.corrcoef(found, truth)[0, 1] ** 2 > 0.95
    assert slope == pytest.approx(1.0, abs=0.15)


def _contrast(photo: PhantomPhoto, calibrated: Calibrated, name: str) -> float:
    image = calibrated(photo)
    mask = region_mask(polygon_region(np.asarray(photo.region, float)), image)
    return measure(in_own_frame(image), mask, _named(name), marked=True).value  # type: ignore[arg-type]


def test_pigment_contrast_is_the_true_contrast(pigment: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    """Half a unit is the provisional spread between sessions; gloss and blur take less."""
    first = pigment[0]

    assert _contrast(first, calibrated, "delta_mi") == pytest.approx(first.truth.metrics["delta_mi"], abs=0.6)


def test_redness_contrast_ignores_pigment(pigment: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    """Only melanin differs in the patch: EI′ may move by less than 20 % of MI (MEASUREMENT.md §7.6, B3c)."""
    redness, pigmentation = (_contrast(pigment[0], calibrated, name) for name in ("delta_ei", "delta_mi"))

    assert abs(redness) < 0.2 * abs(pigmentation)


def test_a_star_contrast_is_the_true_contrast(pigment: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    first = pigment[0]

    assert _contrast(first, calibrated, "delta_a") == pytest.approx(first.truth.metrics["delta_a"], abs=0.6)


def test_tone_is_the_median_colour() -> None:
    """Median colour of a uniform patch with noise, through linear light and back."""
    from dataclasses import replace

    from tracker.alignment import AlignedImage
    from tracker.calibration import ColourLevel, Grid, lab_from_linear
    from tracker.calibration.chart import without_chart

    rng = np.random.default_rng(3)
    colour = np.array([0.42, 0.27, 0.18])
    linear = (colour * np.exp(rng.normal(0, 0.02, (200, 200, 1)))).astype(np.float32)
    image = AlignedImage(
        linear, np.ones((200, 200), bool), np.zeros((200, 200), np.float32), Grid((200, 200), 1.0, None), "0", None,
        replace(without_chart(), level=ColourLevel.CHART), True, 0.0,
    )  # fmt: skip
    expected = dict(zip(("lightness", "a_star", "b_star"), lab_from_linear(colour), strict=True))

    for name, value in expected.items():
        found = measure(image, np.ones((200, 200), bool), _named(name), marked=False)  # type: ignore[arg-type]
        assert found.value == pytest.approx(value, abs=0.05)


@pytest.mark.parametrize(
    ("lab", "angle", "name"),
    [
        ((71.6, 4.4, 16.9), 52.0, "light"),
        ((67.4, 5.9, 19.6), 41.6, "light"),
        ((63.6, 7.3, 21.7), 32.2, "intermediate"),
        ((58.3, 8.5, 24.6), 18.7, "tan"),
        ((51.4, 10.8, 26.5), 2.9, "brown"),
        ((42.1, 12.5, 27.1), -16.2, "brown"),
        ((30.6, 13.3, 21.0), -42.8, "dark"),
    ],
)
def test_the_typology_angle_reproduces_published_classes(
    lab: tuple[float, float, float], angle: float, name: str
) -> None:
    found = float(individual_typology_angle(lab))

    # The printed colours have one decimal, worth up to 0.15 degrees.
    assert found == pytest.approx(angle, abs=0.2)
    assert typology_class(found) == name


@settings(max_examples=60, deadline=None)
@given(st.floats(20, 80), st.floats(-5, 25), st.floats(2, 35), st.floats(0.1, 20))
def test_lighter_skin_never_has_a_smaller_angle_and_redness_never_changes_it(
    lightness: float, redness: float, yellow: float, more: float
) -> None:
    angle = individual_typology_angle([lightness, redness, yellow])

    assert individual_typology_angle([lightness + more, redness, yellow]) > angle
    assert individual_typology_angle([lightness, redness + more, yellow]) == angle


@settings(max_examples=60, deadline=None)
@given(st.floats(0.3, 1.5))
def test_exposure_shifts_the_melanin_index_alike_everywhere(gain: float) -> None:
    """A contrast of two places therefore does not depend on exposure."""
    skin, spot = np.array([0.4, 0.25, 0.2], np.float32), np.array([0.3, 0.17, 0.1], np.float32)
    before = melanin_index(spot) - melanin_index(skin)

    assert melanin_index(gain * spot) - melanin_index(gain * skin) == pytest.approx(before, abs=1e-3)
    assert erythema_index(gain * spot) - erythema_index(gain * skin) == pytest.approx(
        erythema_index(spot) - erythema_index(skin), abs=1e-3
    )


@pytest.mark.slow
def test_frontal_light_is_refused_for_relief() -> None:
    """Relief is not seen in frontal light; the gate must say so (MEASUREMENT.md §0.3)."""
    from tracker.quality import Need, assess_photo

    image = calibrate(_frontal())
    quality = assess_photo(image, region_mask(WHOLE_SKIN, image))

    assert "frontal" in (quality.blocked(frozenset({Need.OBLIQUE_LIGHT})) or "")


def _frontal() -> object:
    """Skin with markers and isotropic structure only, as a flash shows it."""
    import cv2

    from tracker.calibration.markers import MARKER_DICTIONARY
    from tracker.photo import Photo

    rng = np.random.default_rng(1)
    texture = cv2.GaussianBlur(rng.normal(0, 1, (900, 1200)).astype(np.float32), (0, 0), 12)
    rgb = np.array([214, 165, 130]) * np.exp(0.03 * texture[..., None] / texture.std())
    rgb = rgb + rng.normal(0, 2, rgb.shape)
    dictionary = cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY)
    for number, (row, col) in enumerate([(30, 30), (30, 1050), (750, 30), (750, 1050)]):
        rgb[row - 20 : row + 120, col - 20 : col + 120] = 235
        rgb[row : row + 80, col : col + 80] = (
            cv2.aruco.generateImageMarker(dictionary, number, 80)[..., None] * 0.8 + 20
        )
    return Photo(np.clip(rgb, 0, 255).astype(np.uint8), "0", "flash.png", None)


def test_read_photo_is_what_the_metrics_see(pigment: tuple[PhantomPhoto, ...]) -> None:
    photo = read_photo(pigment[0].jpeg, name=pigment[0].name)

    assert np.array_equal(photo.rgb, pigment[0].rgb)
    assert photo.taken_on == pigment[0].taken_on


# The oracles of MEASUREMENT.md §7.6 for contrasts and tone; tests/test_oracles.py lists which metric rests on which


@pytest.fixture(scope="module")
def patch() -> Stage:
    """A patch of skin, small and close."""
    return build_stage(scenario_named("pigment"), seed=5, size=(450, 600))


def _contrasts(stage: Stage, shot: Shot, state: State) -> dict[str, float]:
    photo = photograph(stage, shot, state)
    image = calibrate(read_photo(photo.jpeg))
    mask = region_mask(polygon_region(np.asarray(photo.region, float)), image)
    own = in_own_frame(image)
    return {name: measure(own, mask, _named(name), marked=True).value for name in ("delta_mi", "delta_ei", "delta_a")}  # type: ignore[arg-type]


@pytest.mark.slow
def test_pigment_contrast_repeats_under_any_exposure_white_balance_and_lamp(patch: Stage) -> None:
    """Seven lamps, balance off by 3 %, exposure by half a stop: s_w at most 0.6 (MEASUREMENT.md §7.6, B3c)."""
    rng = np.random.default_rng(3)
    shot = nominal_shot(patch.plan, patch.size)
    values = []
    for lamp in ("D50", "D65", "FL2", "LED-B2", "LED-B3", "LED-B4", "LED-B5"):
        red, blue = 1.0 + rng.normal(0.0, 0.03, 2)
        sensor = replace(shot.sensor, exposure_ev=rng.uniform(-0.5, 0.3), white_balance=(red, 1.0, blue))
        lit = replace(shot, sensor=sensor, response=Response(lamp, "Nikon 5100 (NPL)"))
        values.append(_contrasts(patch, lit, State(melanin=1.8))["delta_mi"])

    assert np.std(values, ddof=1) <= 0.6


@pytest.mark.slow
def test_redness_contrast_ranks_every_amount_of_blood(patch: Stage) -> None:
    """Blood of the patch from 1 to 3 times (MEASUREMENT.md §7.6, C1): rank correlation 1, and the right size.

    JPEG understates weak redness: a unit and a half is what it may take from ΔEI′ at this resolution.
    """
    shot = nominal_shot(patch.plan, patch.size)
    states = [State(patch_blood=gain) for gain in (1.0, 1.5, 2.0, 2.5, 3.0)]
    truths = [true_metrics(patch, state, patch.plan.light) for state in states]
    found = [_contrasts(patch, shot, state) for state in states]

    for name in ("delta_ei", "delta_a"):
        assert np.all(np.diff([values[name] for values in found]) > 0.0), name
        assert [values[name] for values in found] == pytest.approx([truth[name] for truth in truths], abs=1.5), name


@pytest.mark.slow
def test_more_blood_alone_is_not_called_a_change_of_pigment(patch: Stage) -> None:
    """Blood darkens a patch too: a pigment verdict is refused while redness changed (MEASUREMENT.md §0, 2)."""
    shot = nominal_shot(patch.plan, patch.size)
    photos = [
        photograph(patch, shot, State(melanin=1.8, patch_blood=gain), taken_on=day)
        for gain, day in ((1.0, date(2026, 3, 2)), (2.5, date(2026, 3, 30)))
    ]
    region = polygon_region(np.asarray(photos[0].region, float))

    report = track([read_photo(photo.jpeg, name=photo.name) for photo in photos], region=region)

    assert report.timeline.of("delta_ei").changes[-1].verdict is Verdict.WORSE
    assert report.timeline.of("delta_mi").changes[-1].verdict is Verdict.NOT_COMPARABLE


@pytest.mark.slow
def test_a_chart_makes_cameras_and_lamps_agree_on_56_skins() -> None:
    """Two cameras, ten lamps: mean ΔE00 at most 2.0, ITA within 2.5° in daylight (MEASUREMENT.md §7.6, B1, B2).

    Under the worst lamp the chart of one camera is not believed, and it must not be.
    """
    found = [seen((Response(lamp, camera), EDITION)) for camera in CAMERAS for lamp in LAMPS]

    believed = [each for each in found if each["believed"]]
    assert len(believed) >= 18
    assert np.mean([each["after"] for each in believed]) <= 2.0
    daylight = [each["ita_bias"] for each in believed if each["lamp"] in ("D50", "D65")]
    assert np.abs(daylight).max() <= 2.5


@pytest.mark.slow
@pytest.mark.parametrize("melanin", [0.015, 0.08, 0.30])
def test_the_tone_of_matte_skin_beside_a_chart_is_the_true_tone(melanin: float) -> None:
    """From the JPEG file through chart, matrix and median to the value; ITA within 2.5° (MEASUREMENT.md §7.6).

    Matte, because the light that skin returns without letting it in is not its colour; docs/validation.md tells
    what sheen does. Half a unit of L* and one of a* and b* is what chart and JPEG leave.
    """
    plan = scenario_named("tone")
    plan = replace(
        plan,
        body=Body.plane(),
        complexion=replace(plan.complexion, melanin=melanin),
        light=replace(plan.light, slant=45.0, gloss=0.0, falloff=0.0, shadows=False),
        response=STANDARD,
        clutter=TIDY,
    )
    stage = build_stage(plan, seed=3, size=(600, 800))
    photo = photograph(stage, nominal_shot(plan, stage.size))
    image = calibrate(read_photo(photo.jpeg))
    own, mask = in_own_frame(image), region_mask(WHOLE_SKIN, image)

    for name, tolerance in (("lightness", 0.5), ("a_star", 1.0), ("b_star", 1.0), ("ita", 2.5)):
        found = measure(own, mask, _named(name), marked=False).value  # type: ignore[arg-type]
        assert found == pytest.approx(photo.truth.metrics[name], abs=tolerance), name
