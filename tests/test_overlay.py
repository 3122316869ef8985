"""Where a number comes from: what is counted is what is shown, in colours that mean the same in every photo."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import cast

import numpy as np
import pytest
from PIL import Image

from benchmarks.scenes import thigh as limb
from tests.test_app import HERE, ask, run_page, words
from tests.test_hair_metrics import _photo as hair_photo
from tests.test_hair_metrics import _scalp as scalp_with_a_part
from tests.test_measurement import ON_SKIN, _pictured
from tracker.alignment import AlignedImage, Alignment
from tracker.calibration import CalibratedImage
from tracker.clinic import Clinic
from tracker.clinic.overlays import overlay_bytes, overlay_from
from tracker.clinic.records import StoredPhoto, View
from tracker.errors import MeasurementDeclined, RecordError
from tracker.measurement import Marks, Metric, Picture, Topic, measure, place_of
from tracker.metrics import METRICS, metric_named
from tracker.metrics.relief import relief_share
from tracker.pages import PAGES
from tracker.pages.origin import legend_html
from tracker.phantom import PhantomPhoto, build_stage, nominal_shot, photograph
from tracker.pipeline import Reference, as_reference, follow, in_frame, overlay
from tracker.quality import Comparability, Need
from tracker.region import WHOLE_SKIN, polygon_region
from tracker.report.overlay import DIVERGING, Overlay
from tracker.reports.legend_strip import with_legend
from tracker.reports.overlays import Legend, drawn, legend_of
from tracker.web.links import overlay_url

RELIEF, CONTRAST = metric_named("relief"), metric_named("delta_mi")
CONTRAST_MAP = replace(CONTRAST, name="contrast_map", picture=Picture.MAP)


def darkest(image: AlignedImage, skin: np.ndarray) -> Marks:
    """A made-up finding: the darkest tenth of the skin, compared with the rest of it."""
    light = image.linear[..., 0]
    limit = np.quantile(light[skin], 0.1)
    return np.where(skin & (light <= limit), 1, np.where(skin, -1, 0)).astype(np.int32)


DARKEST = replace(
    CONTRAST,
    name="darkest",
    needs=frozenset({Need.COLOUR}),
    find=darkest,
    picture=Picture.MARKS,
    tolerance_mm=9.0,
    min_area_cm2=0.0,
)

Seen = tuple[Reference, AlignedImage]
Calibrated = Callable[[PhantomPhoto], CalibratedImage]


@pytest.fixture(scope="module")
def relief(thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> Seen:
    first, last = calibrated(thigh[0]), calibrated(thigh[2])
    reference = as_reference(first, WHOLE_SKIN, [RELIEF])
    return reference, _moved(reference, last, RELIEF)


@pytest.fixture(scope="module")
def patch(pigment: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> Seen:
    first, last = calibrated(pigment[0]), calibrated(pigment[2])
    region = polygon_region(np.asarray(pigment[0].region, float))
    reference = as_reference(first, region, [CONTRAST, CONTRAST_MAP, DARKEST])
    return reference, _moved(reference, last, CONTRAST)


def _moved(reference: Reference, image: CalibratedImage, metric: Metric) -> AlignedImage:
    alignment = follow(reference, image, [metric]).alignment
    assert isinstance(alignment, Alignment)
    return in_frame(reference, image, alignment)


@pytest.mark.slow
def test_what_is_shown_is_what_is_counted_and_the_reference_sets_the_colours(relief: Seen) -> None:
    reference, later = relief
    before, after = overlay(reference.aligned, reference, RELIEF), overlay(later, reference, RELIEF)
    place = place_of(reference.aligned, reference.mask, RELIEF, marked=False)

    assert np.array_equal(before.counted, place.counted)
    assert before.span == after.span
    assert before.values is not None
    low, high = np.percentile(before.values[before.counted], [2, 98])
    assert before.span == pytest.approx((-max(-low, high), max(-low, high)))
    assert before.colours == DIVERGING
    shares = [_share_of_relief(image, reference) for image in (reference.aligned, later)]
    shown = [o.values[o.counted] for o in (before, after) if o.values is not None]
    spread = [float(values.std()) * share**0.5 for values, share in zip(shown, shares, strict=True)]
    assert spread == pytest.approx([next(m.value for m in reference.values), _value(reference, later)], rel=0.03)


def _share_of_relief(image: AlignedImage, reference: Reference) -> float:
    """The part of the shown variance that the number takes for relief; the rest is pigment."""
    place = place_of(image, reference.mask, RELIEF, marked=False)
    values = RELIEF.prepare(image, place)[place.counted].astype(np.float64)
    return relief_share(values, np.ones(len(values)))


def _value(reference: Reference, later: AlignedImage) -> float:
    return measure(later, reference.mask, RELIEF, marked=False).value


@pytest.mark.slow
def test_drawing_leaves_what_is_measured_as_it_is(relief: Seen) -> None:
    reference, later = relief
    pixels, light = reference.image.photo.rgb.copy(), later.linear.copy()
    value = _value(reference, later)

    drawn(reference.image.photo.rgb, overlay(later, reference, RELIEF))

    assert np.array_equal(pixels, reference.image.photo.rgb)
    assert np.array_equal(light, later.linear)
    assert _value(reference, later) == value


@pytest.mark.slow
def test_a_map_of_a_contrast_shows_the_contrast_and_not_the_exposure(patch: Seen) -> None:
    reference, later = patch
    brighter = replace(later, linear=later.linear * np.float32(0.7))
    found, other = (overlay(image, reference, CONTRAST_MAP) for image in (later, brighter))

    assert found.values is not None
    assert other.values is not None
    assert found.compared is not None
    assert np.median(found.values[found.compared]) == pytest.approx(0, abs=1e-4)
    assert found.values[found.counted] == pytest.approx(other.values[other.counted], abs=0.05)


@pytest.mark.slow
def test_marks_are_those_of_the_reference_in_every_photo(patch: Seen) -> None:
    reference, later = patch
    before, after = overlay(reference.aligned, reference, DARKEST), overlay(later, reference, DARKEST)

    assert np.array_equal(before.counted & ~after.counted, before.counted & ~(later.valid & reference.aligned.valid))
    assert before.values is None
    assert after.compared is not None
    assert not (after.counted & after.compared).any()
    assert overlay(later, replace(reference, marks={}), DARKEST).counted.sum() == after.counted.sum()


@pytest.mark.slow
def test_a_photo_that_does_not_carry_a_metric_shows_nothing(patch: Seen) -> None:
    reference, later = patch

    with pytest.raises(MeasurementDeclined, match="100 cm²"):
        overlay(later, reference, RELIEF)


def square(kind: Picture, *, values: float | None = None, ring: bool = True) -> Overlay:
    counted, compared = np.zeros((60, 80), np.bool_), np.zeros((60, 80), np.bool_)
    counted[20:40, 30:50] = True
    compared[14:46, 24:56] = True
    compared &= ~counted
    shown = None if values is None else np.full((60, 80), values, np.float32)
    span = None if values is None else (-10.0, 10.0)
    return Overlay(shown, counted, compared if ring else None, span, "units", kind)


SKIN = np.full((600, 800, 3), (200, 150, 120), np.uint8)


def is_grey(pixel: np.ndarray) -> bool:
    return int(np.ptp(pixel)) <= 1


@pytest.mark.parametrize(("value", "end"), [(-10.0, 0), (0.0, 2), (10.0, 4), (99.0, 4)])
def test_a_map_has_the_colour_of_its_value_inside_and_is_grey_outside(value: float, end: int) -> None:
    picture = drawn(SKIN, square(Picture.MAP, values=value, ring=False)).astype(int)

    distance = [np.abs(picture[300, 400] - np.array(colour)).sum() for colour in DIVERGING]
    assert int(np.argmin(distance)) == end
    assert is_grey(picture[50, 50])
    assert picture.shape == SKIN.shape


def test_a_region_keeps_its_colours_and_the_rest_steps_back() -> None:
    picture = drawn(SKIN, square(Picture.REGION)).astype(int)

    assert picture[300, 400].tolist() == [200, 150, 120]
    assert picture[170, 400].tolist() == [200, 150, 120], "the skin it is compared with"
    assert is_grey(picture[50, 50])
    assert np.abs(picture[196:204, 400] - (255, 196, 61)).sum(axis=1).min() < 60, "the edge of what is counted"


def test_marks_are_outlined_and_the_photo_stays() -> None:
    picture = drawn(SKIN, square(Picture.MARKS)).astype(int)

    assert picture[50, 50].tolist() == picture[300, 400].tolist() == [200, 150, 120]
    assert (picture != SKIN).any(axis=2).mean() < 0.05


def test_a_small_picture_has_lines_too_and_they_do_not_hide_it() -> None:
    small = np.full((120, 160, 3), (200, 150, 120), np.uint8)

    changed = (drawn(small, square(Picture.MARKS)) != small).any(axis=2).mean()

    assert 0.005 < changed < 0.12


def test_the_legend_says_what_colours_and_lines_mean() -> None:
    painted = legend_of(square(Picture.MAP, values=1.0, ring=False), RELIEF)
    outlined = legend_of(square(Picture.MARKS), CONTRAST)

    assert (painted.low, painted.high, painted.colours) == ("−10", "+10 units", DIVERGING)
    assert painted.lines == ()
    yes_or_no = replace(square(Picture.MAP, values=1.0, ring=False), span=(0.0, 1.0))
    bright_or_dark = replace(square(Picture.MAP, values=1.0, ring=False), span=(-1.0, 1.0), unit="bright or dark")
    said = legend_of(bright_or_dark, RELIEF)
    assert (said.low, said.high, said.colours) == ("bright spot", "dark spot", DIVERGING)
    found = legend_of(yes_or_no, RELIEF)
    assert (found.low, found.high) == ("not found", "found")
    assert [said for _, said in outlined.lines] == ["found and counted", "the skin it is compared with"]
    assert outlined.colours == ()


def test_a_legend_below_a_picture_does_not_cover_it() -> None:
    legend = legend_of(square(Picture.MAP, values=1.0), CONTRAST)

    for width in (400, 1200):
        picture = np.full((width // 2, width, 3), 77, np.uint8)
        shown = with_legend(picture, legend, date(2026, 3, 2))
        assert np.array_equal(shown[: width // 2], picture)
        strip = shown[width // 2 :]
        assert 0.02 * width < len(strip) < 0.2 * width
        assert (strip[:, -2:] == 255).all(), "no word is cut off"
        assert len(np.unique(strip.reshape(-1, 3), axis=0)) > 20, "there are colours in it"


def test_words_of_a_legend_never_become_markup() -> None:
    shown = legend_html(Legend("T", "<b>1", "2 <i>", DIVERGING, (((1, 2, 3), "<script>"),)))

    assert "<b>" not in shown
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize("kind", list(Picture))
def test_a_kept_overlay_is_the_same_to_the_eye(kind: Picture) -> None:
    found = square(kind, values=3.3 if kind is Picture.MAP else None)

    again = overlay_from(overlay_bytes(found))

    assert (again.unit, again.kind, again.span) == (found.unit, found.kind, found.span)
    assert np.array_equal(again.counted, found.counted)
    assert np.abs(drawn(SKIN, again).astype(int) - drawn(SKIN, found)).max() <= 2


# In the record


@pytest.fixture(scope="module")
def measured(pigment: tuple[PhantomPhoto, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with Clinic.open(tmp_path_factory.mktemp("clinic")) as clinic:
        patient = clinic.add_patient(code="A")
        region = polygon_region(np.asarray(pigment[0].region, float))
        view = clinic.add_view(patient.id, site="arm", indication="pigmentation", region=region)
        for photo in (pigment[0], pigment[2]):
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        clinic.measure_waiting()
        yield clinic


def _stored(clinic: Clinic) -> tuple[View, tuple[StoredPhoto, ...]]:
    view = clinic.views(clinic.patients()[0].id)[0]
    return view, clinic.photos(view.id)


@pytest.mark.slow
def test_the_record_shows_both_photos_and_makes_the_picture_once(measured: Clinic) -> None:
    _, photos = _stored(measured)
    for photo in photos:
        first = measured.overlay(photo.id, "delta_mi", width=640)
        with Image.open(io.BytesIO(first)) as picture:
            assert (picture.size, dict(picture.getexif())) == ((640, 480), {})
        assert measured.overlay(photo.id, "delta_mi", width=640) == first
        assert measured.overlay_legend(photo.id, "delta_mi").title == "Pigment contrast"
        kept = {path.name for path in (measured.home / "derived" / photo.id[:2] / photo.id).glob("overlay-*.npz")}
        assert len(kept) == len(_given(measured, photo)), "all that the photo gives is made at once"


def _given(clinic: Clinic, photo: StoredPhoto) -> set[str]:
    report = clinic.report(photo.view_id)
    assert report is not None
    return {m.metric for m in report.measurements if m.digest == photo.digest}


@pytest.mark.slow
def test_what_a_photo_does_not_give_is_not_shown(measured: Clinic) -> None:
    _, photos = _stored(measured)

    for name in ("relief", "ita", "nothing", "../../clinic"):
        with pytest.raises(RecordError) as refused:
            measured.overlay(photos[1].id, name, width=320)
        assert refused.value.code == "not_found"


@pytest.mark.slow
def test_the_picture_is_made_where_photos_are_measured(measured: Clinic) -> None:
    calls: list[str] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
            calls.append(fn.__name__)
            return super().submit(fn, *args, **kwargs)

    _, photos = _stored(measured)
    for path in (measured.home / "derived").rglob("overlay-*"):
        path.unlink()
    measured.start_worker(Counting(1))
    try:
        measured.overlay(photos[1].id, "delta_ei", width=320)
    finally:
        measured.stop_worker()

    assert calls == ["overlays_of"]


@pytest.mark.slow
def test_the_page_compare_shows_where_a_number_comes_from(measured: Clinic) -> None:
    view, _ = _stored(measured)
    app = run_page(next(page for page in PAGES if page.path == "compare"), measured, view=view.id)
    box = next(box for box in app.selectbox if box.label == "Show")
    assert box.options[:3] == [
        "Photos",
        "Difference from the reference",
        "Pigment contrast: where the number comes from",
    ]

    box.select("delta_mi").run(timeout=60)

    assert not app.exception
    assert "gives no" not in words(app)
    assert any("session to session" in str(row) for table in app.table for row in table.value.values.tolist()), (
        "the ± by parts"
    )
    assert any("the skin it is compared with" in str(element.proto) for element in app.get("html"))


@pytest.mark.slow
def test_an_overlay_is_served_to_our_own_pages_only(measured: Clinic) -> None:
    from tests.test_app import served

    _, photos = _stored(measured)
    address = f"{overlay_url(photos[1].id, 'delta_mi')}?w=320"
    app = served(measured)

    answer = ask(app, address, host=HERE)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "no-store, private"
    assert ask(app, address, host=HERE, sec_fetch_site="cross-site").status == 403
    assert ask(app, overlay_url(photos[1].id, "relief"), host=HERE).status == 404


@pytest.mark.slow
def test_a_removed_photo_takes_its_overlays_with_it(measured: Clinic, pigment: tuple[PhantomPhoto, ...]) -> None:
    view, _ = _stored(measured)
    extra = measured.add_photo(view.id, pigment[1].jpeg, pigment[1].name)
    measured.measure_waiting()
    measured.overlay(extra.id, "delta_mi", width=320)

    measured.remove_photo(extra.id)

    assert not (measured.home / "derived" / extra.id[:2] / extra.id).exists()


# Every metric

#: What stands at the high end of the colours of each map: what a cell shows, which need not be the unit of the number.
MAPS = {
    "relief": "% log-luminance",
    "waviness": "% log-luminance",
    "dual_relief": "% slope shading",
    "dual_depth": "mm",
    "dimple_count": "mm",
    "dimple_area": "mm",
    "dimple_depth": "mm",
    "melanin_mottling": "× 0.01 OD",
    "blood_mottling": "× 0.01 OD",
    "bruise_area": "found",
    "line_length": "found",
    "fine_roughness": "% log-luminance",
    "pores": "dark spot",
    "hair_coverage": "% of area",
    "part_width": "mm",
}


def _reference(image: AlignedImage, mask: np.ndarray) -> Reference:
    """A marked patch of made-up skin as the reference, without what only files of photos have."""
    height, width = (n * image.grid.px_per_cell for n in mask.shape)
    region = polygon_region(np.array([[0, 0], [0, width - 1], [height - 1, width - 1], [height - 1, 0]], float))
    return Reference(cast("CalibratedImage", None), region, mask, Comparability(()), image, (), (), {})


def _is_drawn(found: Overlay, metric: Metric) -> None:
    skin = np.full((300, 400, 3), (200, 150, 120), np.uint8)
    picture, legend = drawn(skin, found), legend_of(found, metric)

    assert found.counted.any()
    assert (picture != skin).any(), "something is seen"
    assert legend.title == metric.title
    if metric.picture is Picture.MAP:
        assert legend.high.endswith(MAPS[metric.name])
        assert legend.low
        assert found.values is not None
        assert np.ptp(drawn(skin, found)[..., 0]) > 0
    else:
        assert (legend.low, legend.high) == ("", "")
        assert legend.lines[0][0] == (255, 196, 61)


@pytest.mark.parametrize("metric", ON_SKIN, ids=lambda m: m.name)
def test_every_metric_of_skin_can_be_drawn_and_its_legend_says_what_is_seen(metric: Metric) -> None:
    image, patch = _pictured(metric)

    _is_drawn(overlay(image, _reference(image, patch), metric), metric)


@pytest.mark.parametrize("metric", [m for m in METRICS if m.topic is Topic.HAIR], ids=lambda m: m.name)
def test_every_metric_of_hair_can_be_drawn(metric: Metric) -> None:
    image = hair_photo(scalp_with_a_part(110.0, 4.0))

    _is_drawn(overlay(image, _reference(image, np.ones(image.grid.shape, np.bool_)), metric), metric)


def test_every_metric_of_the_outline_can_be_drawn(calibrated: Calibrated) -> None:
    stage = build_stage(limb(slant=50.0, melanin=0.03), seed=31, size=(480, 640))
    metrics = [m for m in METRICS if m.topic is Topic.CONTOUR]
    reference = as_reference(calibrated(photograph(stage, nominal_shot(stage.plan, (480, 640)))), WHOLE_SKIN, metrics)

    for metric in metrics:
        _is_drawn(overlay(reference.aligned, reference, metric), metric)


def test_every_map_is_said_in_what_it_shows() -> None:
    assert set(MAPS) == {m.name for m in METRICS if m.picture is Picture.MAP}
    assert {m.topic for m in METRICS} == {m.topic for m in ON_SKIN} | {Topic.HAIR, Topic.CONTOUR}


@pytest.mark.parametrize("share", [0.0, 0.005, 0.5, 0.99, 1.0])
def test_what_is_found_is_told_from_what_is_not_however_much_there_is(share: float) -> None:
    """More than 98 % of the reference: both percentiles are 1, and a later photo must not be all of one colour."""
    image, patch = _pictured(CONTRAST)
    columns = np.indices(patch.shape)[1]
    order = np.argsort(np.where(patch, columns, -1), axis=None)[::-1]

    def found(among: int) -> Metric:
        chosen = np.zeros(patch.size, np.float32)
        chosen[order[:among]] = 1
        shown = chosen.reshape(*patch.shape, 1)
        return replace(metric_named("bruise_area"), needs=frozenset({Need.SCALE}), prepare=lambda image, place: shown)

    metric = found(round(share * patch.sum()))
    before = overlay(image, _reference(image, patch), metric)
    half = np.where(columns < 250, 1, 0).astype(np.float32)
    later = replace(before, values=half)

    assert before.span == (0.0, 1.0)
    picture = drawn(np.full((*patch.shape, 3), 150, np.uint8), later).astype(int)
    assert np.abs(picture[250, 200] - picture[250, 300]).sum() > 150
    assert (legend_of(later, metric).low, legend_of(later, metric).high) == ("not found", "found")


@pytest.mark.parametrize("size", [(675, 900), (360, 480), (900, 1200), (97, 129)])
def test_every_mark_is_outlined_however_small(size: tuple[int, int]) -> None:
    """Marks of 1 to 6 cells on a grid of 800 by 600, in pictures that are larger and smaller."""
    counted = np.zeros((600, 800), np.bool_)
    places = [(40 + 80 * k, 50 + 130 * j) for k in range(7) for j in range(6)]
    for n, (row, col) in enumerate(places):
        counted[row : row + 1 + n % 2, col : col + 1 + n % 3] = True
    found = Overlay(None, counted, None, None, "index", Picture.MARKS)
    skin = np.full((*size, 3), (200, 150, 120), np.uint8)

    changed = (drawn(skin, found) != skin).any(axis=2)

    for row, col in places:
        y, x = round(row * size[0] / 600), round(col * size[1] / 800)
        near = changed[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5]
        assert near.any(), (row, col)
    assert changed.mean() < 0.25


def test_specks_of_a_region_and_holes_of_a_mark_get_no_outline() -> None:
    counted = np.zeros((600, 800), np.bool_)
    counted[200:400, 300:500] = True
    spotted = counted.copy()
    spotted[50:52, 50:52] = True
    spotted[300:302, 400:402] = False

    for kind in (Picture.MARKS, Picture.REGION):
        lines = (drawn(SKIN, Overlay(None, spotted, None, None, "", kind)) == (255, 196, 61)).all(axis=2)
        assert lines[200, 300:500].any(), "the outline of the large one"
        assert lines[40:62, 40:62].any() == (kind is Picture.MARKS)
        assert not lines[280:320, 380:420].any(), "a hole"
