from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tracker.alignment import AlignedImage
from tracker.alignment.opposite import OppositeLight
from tracker.calibration import ColourCalibration, ColourLevel, Grid
from tracker.calibration.chart import without_chart
from tracker.errors import MeasurementDeclined
from tracker.measurement import (
    Metric,
    Topic,
    find_marks,
    measure,
    over_the_same_cells,
    place_of,
    usable_cells,
    weighted_median,
    weighted_sd,
)
from tracker.metrics import METRICS, metric_named
from tracker.quality import Need
from tracker.region import Reason


def _calibration(level: ColourLevel) -> ColourCalibration:
    """A chart that corrects nothing."""
    return replace(without_chart(), level=level)


def _image(linear: np.ndarray, *, mm: float | None = 0.5, colour: ColourLevel = ColourLevel.NONE) -> AlignedImage:
    shape = linear.shape[:2]
    return AlignedImage(
        linear=linear.astype(np.float32),
        valid=np.ones(shape, bool),
        sd=np.full(shape, 0.2, np.float32),
        grid=Grid(shape, 3.0, mm),
        digest="d" * 64,
        taken_on=None,
        colour=_calibration(colour),
        has_colour=True,
        scale_uncertainty=0.01,
    )


def _skin(seed: int = 0, shape: tuple[int, int] = (400, 400)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([0.45, 0.28, 0.19]) * np.exp(rng.normal(0, 0.03, (*shape, 1)))


def _disc(shape: tuple[int, int] = (400, 400), radius: int = 40) -> np.ndarray:
    rows, cols = np.indices(shape)
    return (rows - shape[0] / 2) ** 2 + (cols - shape[1] / 2) ** 2 < radius**2


@pytest.fixture
def everywhere() -> np.ndarray:
    return np.ones((400, 400), bool)


def test_a_region_of_which_nothing_can_be_used_says_why(everywhere: np.ndarray) -> None:
    image = _image(_skin(shape=(1200, 400)))
    unsure = replace(image, sd=np.where(np.arange(400) < 300, 50.0, 0.2) * np.ones((1200, 1), np.float32))
    strip = np.zeros((1200, 400), bool)
    strip[:, 281:319] = True  # 19 mm wide: every cell lies within 10 mm of an edge

    with pytest.raises(MeasurementDeclined, match=r"nothing of the region can be used here: it lies within 10 mm"):
        measure(image, strip, metric_named("relief"), marked=True)
    with pytest.raises(MeasurementDeclined, match=r"used here: 50 % place not known, the rest lies within 10 mm"):
        measure(unsure, strip, metric_named("relief"), marked=True)
    nowhere = replace(_image(_skin()), sd=np.full((400, 400), 50.0, np.float32))
    with pytest.raises(MeasurementDeclined, match=r"used here: 100 % place not known\.$"):
        measure(nowhere, everywhere, metric_named("relief"), marked=False)
    with pytest.raises(MeasurementDeclined, match=r"of skin; the region has only 3\.1 cm²\.$"):
        measure(_image(_skin()), _disc(radius=20), metric_named("relief"), marked=True)


def test_an_area_that_just_falls_short_is_not_said_to_be_enough() -> None:
    """1.99 cm² of the 2 cm² that pores need, and 1.96: rounding must not make them 2.0."""
    image = _image(_skin(shape=(300, 300)), mm=0.1)
    almost = np.zeros((300, 300), bool)
    almost[80:222, 70:231] = True  # 132 by 151 cells are left without the rim
    wide = replace(image, valid=almost)

    with pytest.raises(MeasurementDeclined, match=r"at least 2 cm² of skin; 1\.\d cm² can be used here\.$"):
        measure(wide, np.ones((300, 300), bool), metric_named("pores"), marked=True)
    with pytest.raises(MeasurementDeclined, match=r"at least 100 cm² of skin; \d\d cm² can be used here\.$"):
        measure(_image(_skin()), _disc(radius=120), metric_named("relief"), marked=True)
    with pytest.raises(MeasurementDeclined, match=r"of skin; the region has only 1\.9 cm²\.$"):
        measure(
            replace(image, sd=np.full((300, 300), 50.0, np.float32)),
            _disc((300, 300), 79),
            metric_named("pores"),
            marked=True,
        )


def test_a_darker_patch_is_darker_by_what_was_taken_from_its_red() -> None:
    """A tenth less red light is -100 log10(0.9) = 4.58 index units."""
    linear = _skin()
    patch = _disc()
    linear[patch] *= 0.9

    found = measure(_image(linear), patch, metric_named("delta_mi"), marked=True)

    assert found.value == pytest.approx(-100 * np.log10(0.9), abs=0.15)


def test_the_stated_uncertainty_covers_the_scatter_of_repeated_noise() -> None:
    """Forty photos of the same patch with new noise; a factor of two is what forty values can tell."""
    patch = _disc()
    found = [measure(_image(_coarse_noise(k)), patch, metric_named("delta_mi"), marked=True) for k in range(40)]

    scatter = np.std([m.value for m in found])
    stated = np.mean([dict(m.parts)["region"] for m in found])
    assert 0.5 < stated / scatter < 2.0


def _coarse_noise(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.normal(0, 0.03, (50, 50)), np.ones((8, 8)))
    return np.array([0.45, 0.28, 0.19]) * np.exp(blocks[..., None])


def test_a_metric_without_millimetres_declines_by_name(everywhere: np.ndarray) -> None:
    with pytest.raises(MeasurementDeclined, match="Relief roughness needs millimetres") as refusal:
        measure(_image(_skin(), mm=None), everywhere, metric_named("relief"), marked=False)

    assert refusal.value.code == "needs_scale"


@pytest.mark.parametrize("name", ["ita", "lightness", "a_star", "b_star"])
def test_absolute_tone_needs_a_colour_chart(name: str, everywhere: np.ndarray) -> None:
    with pytest.raises(MeasurementDeclined, match="needs a colour chart"):
        measure(_image(_skin()), everywhere, metric_named(name), marked=False)

    assert measure(_image(_skin(), colour=ColourLevel.CHART), everywhere, metric_named(name), marked=False).value


@pytest.mark.parametrize("name", ["delta_mi", "delta_ei", "delta_a"])
def test_a_contrast_needs_a_marked_patch(name: str, everywhere: np.ndarray) -> None:
    with pytest.raises(MeasurementDeclined, match="mark the patch"):
        measure(_image(_skin()), everywhere, metric_named(name), marked=False)


def test_a_patch_at_the_edge_has_no_skin_around_it() -> None:
    patch = np.zeros((400, 400), bool)
    patch[:, :] = True

    with pytest.raises(MeasurementDeclined, match="skin all around"):
        measure(_image(_skin()), patch, metric_named("delta_mi"), marked=True)


def test_relief_needs_a_hundred_square_centimetres(everywhere: np.ndarray) -> None:
    small = np.zeros_like(everywhere)
    small[:150, :150] = True

    with pytest.raises(MeasurementDeclined, match="100 cm²"):
        measure(_image(_skin()), small, metric_named("relief"), marked=True)


#: Hair is told from bare scalp and an outline lies beside the skin: their own tests show them what they look for.
ON_SKIN = [metric for metric in METRICS if metric.topic not in (Topic.HAIR, Topic.CONTOUR)]


def _pictured(metric: Metric) -> tuple[AlignedImage, np.ndarray]:
    """Skin with something to find for every metric, and a marked disc of it."""
    close = Need.CLOSE_UP in metric.needs
    linear, rows, cols = _skin(shape=(500, 500)), *np.indices((500, 500))
    for row, col in ((210, 230), (260, 300), (300, 210)):
        linear[np.hypot(rows - row, cols - col) < 8] *= [0.8, 0.68, 0.5]
    if close:
        y = np.arange(500)[:, None] - 250
        along = (np.arange(500) > 170) & (np.arange(500) < 330)
        linear *= np.exp(0.15 * y * np.exp(0.5 - y**2 / 8) * along)[..., None]
    image = _image(linear, colour=ColourLevel.CHART, mm=0.1 if close else 1.0)
    if Need.DUAL_LIGHT in metric.needs:
        slope = np.sin(2 * np.pi * cols / 25) * 0.1 * np.sin(2 * np.pi * rows / 31)
        other = (linear * np.exp(-2 * slope)[..., None]).astype(np.float32)
        image = replace(image, opposite=OppositeLight(other, image.valid, "e" * 64, azimuth=0.0, kappa=(0.7, 0.01)))
    return image, _disc((500, 500), 145)


@pytest.mark.parametrize("metric", ON_SKIN, ids=lambda m: m.name)
def test_every_metric_is_blind_outside_the_region(metric: Metric) -> None:
    image, patch = _pictured(metric)
    far = ~_disc((500, 500), 165)
    noise = np.random.default_rng(1).random((500, 500, 3))
    spoiled = replace(image, linear=np.where(far[..., None], noise, image.linear).astype(np.float32))
    if image.opposite is not None:
        light = np.where(far[..., None], noise[::-1], image.opposite.linear).astype(np.float32)
        spoiled = replace(spoiled, opposite=replace(image.opposite, linear=light))

    first, second = (measure(each, patch, metric, marked=True) for each in (image, spoiled))

    assert second.value == first.value


@pytest.mark.parametrize("metric", ON_SKIN, ids=lambda m: m.name)
def test_measuring_twice_is_identical(metric: Metric) -> None:
    image, patch = _pictured(metric)

    assert measure(image, patch, metric, marked=True) == measure(image, patch, metric, marked=True)


@pytest.mark.parametrize("metric", ON_SKIN, ids=lambda m: m.name)
def test_every_metric_is_described_and_finite(metric: Metric) -> None:
    image, patch = _pictured(metric)
    found = measure(image, patch, metric, marked=True)

    assert np.isfinite([found.value, found.uncertainty, *found.draws]).all()
    assert found.method == f"{metric.name}@{metric.version}"
    assert all((metric.title, metric.unit, metric.symbol, metric.plain))


def test_cells_whose_place_is_not_known_are_left_out() -> None:
    patch = _disc()
    linear = _skin()
    lost = _disc(radius=32)  # nearly two thirds of the patch
    linear[patch & lost] *= 0.5
    image = _image(linear)
    unsure = replace(image, sd=np.where(lost, 50.0, 0.1).astype(np.float32))

    with pytest.raises(MeasurementDeclined, match="skin all around"):
        measure(replace(unsure, sd=np.full((400, 400), 50, np.float32)), patch, metric_named("delta_mi"), marked=True)
    assert measure(unsure, patch, metric_named("delta_mi"), marked=True).value == pytest.approx(0, abs=0.5)
    assert measure(image, patch, metric_named("delta_mi"), marked=True).value > 5


def test_two_photos_are_compared_over_the_same_cells_only() -> None:
    """A region of two unequal halves, unchanged: losing one half must not look like a change."""
    patch = _disc()
    linear = _skin()
    left = np.zeros((400, 400), bool)
    left[:, :206] = True
    linear[patch & left] *= 0.7
    linear[patch & ~left] *= 0.9
    metric = metric_named("delta_mi")
    reference = _image(linear)
    lacking = replace(reference, valid=~(patch & left & _disc(radius=38)), digest="e" * 64)
    whole = measure(reference, patch, metric, marked=True)
    found = measure(lacking, patch, metric, marked=True)
    common = measure(replace(reference, valid=usable_cells(lacking, metric)), patch, metric, marked=True)

    matched = over_the_same_cells(found, whole, common, metric)

    assert abs(found.value - whole.value) > 3
    assert matched.value == pytest.approx(whole.value, abs=1e-9)
    assert matched.draws == pytest.approx(whole.draws, abs=1e-9)


def test_blocks_of_skin_are_shared_by_photos_that_lack_some() -> None:
    linear = _coarse_noise(3)
    patch = _disc()
    image = _image(linear)
    lacking = replace(image, valid=np.indices((400, 400))[0] < 225)
    metric = metric_named("delta_mi")

    whole, part = (measure(i, patch, metric, marked=True).draws for i in (image, lacking))

    assert np.corrcoef(whole, part)[0, 1] > 0.5


def test_floor_is_no_skin_to_compare_with() -> None:
    linear = np.full((400, 400, 3), (0.15, 0.2, 0.35))
    patch = _disc()
    linear[patch] = (0.45, 0.28, 0.19)

    with pytest.raises(MeasurementDeclined, match="skin all around"):
        measure(_image(linear), patch, metric_named("delta_mi"), marked=True)


def test_a_chart_in_one_photo_only_does_not_change_a_contrast() -> None:
    linear = _skin()
    patch = _disc()
    linear[patch] *= 0.9
    plain, charted = _image(linear), _image(linear, colour=ColourLevel.CHART)
    tinted = replace(charted, colour=replace(charted.colour, matrix=np.diag([1.3, 1.0, 0.8])))

    for name in ("delta_mi", "delta_ei", "delta_a"):
        first, second = (measure(i, patch, metric_named(name), marked=True).value for i in (plain, tinted))
        assert second == first


def test_weighted_statistics_agree_with_repetition() -> None:
    values, counts = np.array([1.0, 4.0, 2.0, 8.0]), np.array([3, 1, 2, 1])
    repeated = np.repeat(values, counts)

    assert weighted_sd(values, counts.astype(float)) == pytest.approx(repeated.std())
    assert weighted_median(values, counts.astype(float)) == np.sort(repeated)[3]


def test_the_used_area_and_what_was_left_out_are_part_of_a_value(everywhere: np.ndarray) -> None:
    """A quarter under cloth, which relief leaves out; a tenth of the rows hairy, which it measures all the same."""
    excluded = np.zeros((400, 400), np.uint8)
    excluded[:100] |= np.uint8(Reason.CLOTH)
    excluded[360:] |= np.uint8(Reason.HAIR)
    image = replace(_image(_skin()), excluded=excluded)

    found = measure(image, everywhere, metric_named("relief"), marked=False)

    assert found.area_mm2 == pytest.approx(300 * 400 * 0.25)
    assert found.area_share == pytest.approx(0.75)
    assert found.left_out == (("covered", 0.25),)
    assert dict(found.also_seen) == {"hair": pytest.approx(0.1)}


def test_a_metric_that_leaves_hair_out_is_blind_to_it() -> None:
    patch = _disc()
    linear = _skin()
    hairy = np.zeros((400, 400), bool)
    hairy[:, ::5] = True
    linear[hairy & patch] *= 0.2
    excluded = np.where(hairy, np.uint8(Reason.HAIR), np.uint8(0))
    bare, seen = _image(_skin()), _image(linear)

    left_out, measured = (
        measure(image, patch, metric_named("delta_mi"), marked=True)
        for image in (replace(seen, excluded=excluded), seen)
    )

    assert left_out.value == pytest.approx(measure(bare, patch, metric_named("delta_mi"), marked=True).value, abs=0.5)
    assert measured.value > left_out.value + 3
    assert dict(left_out.left_out)["hair"] == pytest.approx(0.2, abs=0.02)


def _dark_marks(image: AlignedImage, skin: np.ndarray) -> np.ndarray:
    """What is darker than most of the skin is marked, the rest is what it is compared with."""
    red = image.linear[..., 0]
    dark = skin & (red < 0.8 * np.median(red[skin]))
    if not dark.any():
        raise MeasurementDeclined("Nothing dark stands out.", code="no_marks")
    return np.where(dark, 1, np.where(skin, -1, 0)).astype(np.int32)


_MARKED = replace(
    metric_named("delta_mi"),
    name="made_up",
    needs=frozenset({Need.COLOUR}),
    find=_dark_marks,
    terms=lambda image, place, field, value: (("outline", 0.25),),
    least_cells=16,
)


def _with_dark_discs(gain: float, radius: int = 20) -> AlignedImage:
    linear = _skin()
    linear[_disc(radius=radius)] *= gain
    return _image(linear)


def test_what_was_found_in_the_reference_is_where_later_photos_are_measured(everywhere: np.ndarray) -> None:
    """The mark has faded so far that it would not be found again, and grown: only the first outline counts."""
    reference = _with_dark_discs(0.7)
    faded = _with_dark_discs(0.95, radius=60)
    marks = find_marks(reference, everywhere, _MARKED)

    found = measure(faded, everywhere, _MARKED, marked=False, marks=marks)
    place = place_of(faded, everywhere, _MARKED, marked=False, marks=marks)

    assert found.value == pytest.approx(-100 * np.log10(0.95), abs=0.15)
    assert place.marks is marks
    assert place.counted.sum() == pytest.approx(np.pi * 20**2, rel=0.05)
    assert place.compared is not None
    assert not (place.compared & place.counted).any()
    with pytest.raises(MeasurementDeclined, match="Nothing dark"):
        find_marks(faded, everywhere, _MARKED)


def test_a_metric_that_looks_for_nothing_has_no_marks(everywhere: np.ndarray) -> None:
    assert find_marks(_image(_skin()), everywhere, metric_named("lightness")) is None


def test_further_terms_are_kept_and_add_up(everywhere: np.ndarray) -> None:
    image = _with_dark_discs(0.7)
    bare = measure(image, everywhere, replace(_MARKED, terms=None), marked=False)
    found = measure(image, everywhere, _MARKED, marked=False)

    assert dict(found.parts)["outline"] == 0.25
    assert found.uncertainty == pytest.approx(np.hypot(bare.uncertainty, 0.25))


def test_a_counting_error_is_not_stated_twice(everywhere: np.ndarray) -> None:
    """Resampled blocks of skin hold more or fewer of what is counted: that spread is Poisson's already."""
    image = _with_dark_discs(0.7)
    region = dict(measure(image, everywhere, _MARKED, marked=False).parts)["region"]

    def counting(poisson: float) -> float:
        counted = replace(_MARKED, terms=lambda image, place, field, value: (("counting", poisson),))
        return dict(measure(image, everywhere, counted, marked=False).parts)["counting"]

    assert region > 0
    assert counting(0.9 * region) == 0.0
    assert np.hypot(counting(2 * region), region) == pytest.approx(2 * region)


def test_too_few_marked_cells_are_declined_by_the_metrics_own_limit(everywhere: np.ndarray) -> None:
    image = _with_dark_discs(0.7, radius=5)

    assert measure(image, everywhere, _MARKED, marked=False).value > 5.0
    with pytest.raises(MeasurementDeclined, match="too little of the region"):
        measure(image, everywhere, replace(_MARKED, least_cells=500), marked=False)


NEAR = [metric for metric in METRICS if metric.surround_mm is not None]


@pytest.mark.parametrize("metric", NEAR, ids=lambda metric: metric.name)
def test_what_lies_far_from_the_region_costs_nothing_and_changes_nothing(metric: Metric) -> None:
    """The picture is cut to what the metric says it looks at; the whole picture gives the same number."""
    image, patch = _close_up_with_everything()
    whole = replace(metric, surround_mm=None)
    marks = find_marks(image, patch, whole)

    near, far = (measure(image, patch, each, marked=True, marks=marks) for each in (metric, whole))

    # Wide filters run on a coarser copy, whose cells begin elsewhere in a smaller picture.
    assert near.value == pytest.approx(far.value, rel=2e-3)
    assert near.draws == pytest.approx(far.draws, rel=2e-3)
    assert near.uncertainty == pytest.approx(far.uncertainty, rel=0.02)
    assert (near.area_share, near.left_out, near.also_seen) == (far.area_share, far.left_out, far.also_seen)


def _close_up_with_everything() -> tuple[AlignedImage, np.ndarray]:
    """A close-up of 70 mm at 0.1 mm with grain, discs, pores and two lines, and a patch of 42 mm in it."""
    size, mm = 700, 0.1
    rows, cols = np.mgrid[:size, :size] * mm
    patch = (np.abs(rows - 35) < 21) & (np.abs(cols - 35) < 21)
    pigment = 0.3 * patch * (np.hypot((rows - 3) % 16 - 8, cols % 16 - 8) < 2.5)
    shade = 0.1 * (np.hypot(rows % 3 - 1.5, cols % 3 - 1.5) < 0.25) * (cols > 35)
    shade += sum(0.2 * (cols < 33) * np.exp(-0.5 * ((rows - at) / 0.2) ** 2) for at in (18.0, 36.0))
    grain = np.random.default_rng(3).normal(0, 0.02, (size, size, 3))
    light = np.exp(grain - pigment[..., None] * [0.36, 0.58, 1.0] - shade[..., None])
    return _image(np.array([0.48, 0.30, 0.22]) * light, mm=mm), patch
