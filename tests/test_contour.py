"""Silhouettes: a body of known width before a plain ground, in the photo as it is (MEASUREMENT.md §7.6, F1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.contour import slimmed, true_values
from benchmarks.scenes import thigh
from tracker.alignment import in_own_frame
from tracker.calibration import CalibratedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Metric, Place, find_marks, measure
from tracker.metrics.contour import SILHOUETTE_AREA, WIDTHS, find_lines
from tracker.phantom import MARKED_FLOOR, PhantomPhoto, build_stage, drawn_shot, nominal_shot, photograph
from tracker.pipeline import Reference, establish, follow
from tracker.region import WHOLE_SKIN, region_mask
from tracker.region.silhouette import Line, width_along

SIZE = (480, 640)
Calibrated = Callable[[PhantomPhoto], CalibratedImage]


@pytest.fixture(scope="module")
def limb(calibrated: Calibrated) -> tuple[CalibratedImage, Reference, object, object]:
    """A thigh before a plain ground, as the reference of a series."""
    stage = build_stage(thigh(slant=50.0, melanin=0.03), seed=31, size=SIZE)
    first = nominal_shot(stage.plan, SIZE)
    image = calibrated(photograph(stage, first))
    reference, _ = establish(image, WHOLE_SKIN, (*WIDTHS, SILHOUETTE_AREA))
    return image, reference, stage, first


def _painted(image: CalibratedImage, *, body: NDArray[np.bool_] | None = None, ground: object = None) -> object:
    """The same photo with other light: a body of one colour before a ground."""
    skin, cloth = np.array([0.45, 0.28, 0.19]), np.array([0.2, 0.24, 0.3]) if ground is None else ground
    assert body is not None
    grain = np.random.default_rng(0).normal(1, 0.02, (*body.shape, 1))
    return replace(image, linear=(np.where(body[..., None], skin, cloth) * grain).astype(np.float32))


def test_widths_and_area_are_true_at_every_level(limb: tuple[object, Reference, object, object]) -> None:
    """Width within 3 mm, area within 1 %."""
    _, reference, stage, first = limb
    true = true_values(reference, stage, first, first)  # type: ignore[arg-type]
    found = {value.metric: value.value for value in reference.values}

    for level in (25, 50, 75):
        assert found[f"width_{level}"] == pytest.approx(true[f"true_width_{level}"], abs=3.0)
    assert found["silhouette_area"] == pytest.approx(true["true_silhouette_area"], rel=0.01)
    assert found["width_25"] > found["width_50"] > found["width_75"]  # the limb tapers


@pytest.mark.slow
@pytest.mark.parametrize("distance", [0.92, 1.08])
def test_a_slimmer_limb_from_another_distance_has_lost_what_it_lost(
    limb: tuple[object, Reference, object, object], calibrated: Calibrated, distance: float
) -> None:
    _, reference, stage, first = limb
    shot = drawn_shot(stage.plan, SIZE, np.random.default_rng(4), rig=MARKED_FLOOR)  # type: ignore[attr-defined]
    shot = replace(shot, camera=replace(shot.camera, scale=distance))
    later = slimmed(stage, 8.0)  # type: ignore[arg-type]

    result = follow(
        reference,
        calibrated(photograph(later, shot, first=first, session=1)),  # type: ignore[arg-type]
        (*WIDTHS, SILHOUETTE_AREA),
    )

    true = true_values(reference, later, first, shot)  # type: ignore[arg-type]
    before = true_values(reference, stage, first, first)  # type: ignore[arg-type]
    found = {value.metric: value.value for value in result.measurements}
    was = {value.metric: value.value for value in reference.values}
    assert set(found) == {metric.name for metric in (*WIDTHS, SILHOUETTE_AREA)}
    for metric in WIDTHS:
        lost = true[f"true_{metric.name}"] - before[f"true_{metric.name}"]
        assert found[metric.name] - was[metric.name] == pytest.approx(lost, abs=3.0)
    assert found["silhouette_area"] == pytest.approx(true["true_silhouette_area"], rel=0.02)


def test_the_edge_is_found_between_cells(limb: tuple[CalibratedImage, Reference, object, object]) -> None:
    """A body whose edges cut cells: its width is right to a fifth of a cell, under any light."""
    image = limb[0]
    mm = image.grid.mm_per_cell
    assert mm is not None
    cols = np.arange(image.grid.shape[1])
    edges = (cols[0] + 120.3, cols[0] + 420.8)
    share = np.clip(np.minimum(cols - edges[0] + 0.5, edges[1] - cols + 0.5), 0, 1)[None, :, None]
    shade = (1.0 - 0.5 * np.abs(np.linspace(-1, 1, len(cols))))[None, :, None]  # darker at the flanks
    light = shade * (share * np.array([0.45, 0.28, 0.19]) + (1 - share) * np.array([0.2, 0.24, 0.3]))
    plain = replace(image, linear=np.broadcast_to(light, (*image.grid.shape, 3)).astype(np.float32).copy())
    line = Line((240.0, float(image.grid.to_photo(np.array([0.0, 270.0]))[1])), (0.0, 1.0))

    found = width_along(plain, line, mm_per_px=mm / image.grid.px_per_cell, hidden=np.zeros(image.grid.shape, np.bool_))

    assert found.pixels is not None
    assert found.pixels / image.grid.px_per_cell == pytest.approx(edges[1] - edges[0], abs=0.2)


@pytest.mark.parametrize(
    ("ground", "body", "says"),
    [
        (np.array([0.45, 0.28, 0.19]) * 0.6, slice(150, 450), "step back|plain background"),
        (None, slice(0, 450), "step back"),
        ("stripes", slice(150, 450), "plain background|step back"),
    ],
)
def test_what_hides_the_outline_is_said_by_name(
    limb: tuple[CalibratedImage, Reference, object, object], ground: object, body: slice, says: str
) -> None:
    image = limb[0]
    inside = np.zeros(image.grid.shape, np.bool_)
    inside[:, body] = True
    if isinstance(ground, str):
        light = np.where((np.arange(inside.shape[1]) // 8 % 2)[:, None], [0.5, 0.28, 0.2], [0.2, 0.24, 0.35])
        ground = np.broadcast_to(light, (*inside.shape, 3))
    painted = replace(_painted(image, body=inside, ground=ground), markers=())  # type: ignore[type-var]
    photo = in_own_frame(painted)  # type: ignore[arg-type]

    with pytest.raises(MeasurementDeclined, match=says) as refusal:
        measure(photo, inside, WIDTHS[0], marked=True)
    assert refusal.value.reason.startswith("Width at 50 % needs")


def test_a_region_must_have_some_height(limb: tuple[CalibratedImage, Reference, object, object]) -> None:
    photo = in_own_frame(limb[0])
    flat = np.zeros(photo.grid.shape, np.bool_)
    flat[100:160, 100:400] = True

    with pytest.raises(MeasurementDeclined, match="at least 60 mm"):
        measure(photo, flat, WIDTHS[0], marked=True)


def test_levels_are_those_of_the_marked_region(limb: tuple[CalibratedImage, Reference, object, object]) -> None:
    photo = in_own_frame(limb[0])
    whole = region_mask(WHOLE_SKIN, limb[0])
    lower = whole.copy()
    lower[: whole.shape[0] // 2] = False

    marks = find_marks(photo, lower, WIDTHS[0])

    assert marks is not None
    rows = np.flatnonzero(lower.any(axis=1))
    middle = np.flatnonzero((marks == (marks.max() + 1) // 2).any(axis=1)).mean()
    assert middle == pytest.approx(rows.mean(), abs=2.0)
    assert (
        measure(photo, lower, WIDTHS[0], marked=True).value
        < measure(photo, whole, WIDTHS[0], marked=True).value  # lower down the limb is thinner
    )


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("metric", [WIDTHS[0], SILHOUETTE_AREA], ids=lambda metric: metric.name)
def test_a_body_of_one_width_has_no_uncertainty_by_its_place(
    limb: tuple[CalibratedImage, Reference, object, object], metric: Metric, shift: float
) -> None:
    """Where the photo lies by some cells makes no difference to a width that is the same all along."""
    image = limb[0]
    inside = np.zeros(image.grid.shape, np.bool_)
    inside[40:-40, 150:450] = True
    body = np.zeros_like(inside)
    body[:, 150:450] = True
    photo = in_own_frame(replace(_painted(image, body=body), markers=()))  # type: ignore[type-var, arg-type]

    found = measure(replace(photo, sd=np.full(inside.shape, shift, np.float32)), inside, metric, marked=True)

    assert dict(found.parts)["alignment"] < 1e-3 * found.value


def test_the_uncertainty_of_the_outline_is_the_spread_of_its_mean() -> None:
    """Nine lines of a tapering body, each with an outline of its own: what their mean spreads by, and what is said."""
    rng, sd = np.random.default_rng(0), 0.6
    marks = np.repeat(np.arange(1, 10, dtype=np.int32), 3)[:, None] * np.ones((1, 20), np.int32)
    place = Place(marks > 0, marks > 0, None, marks)
    means, said = [], []
    for _ in range(400):
        widths = 120.0 - 0.8 * np.arange(9) + rng.normal(0, sd, 9)
        field = np.stack([widths[marks - 1], np.ones(marks.shape)], axis=-1).astype(np.float32)
        means.append(WIDTHS[0].reduce(field.reshape(-1, 2).astype(np.float64), np.ones(marks.size)))
        assert WIDTHS[0].terms is not None
        said.append(dict(WIDTHS[0].terms(None, place, field, means[-1]))["outline"])  # type: ignore[arg-type]

    assert np.sqrt(np.mean(np.square(said))) == pytest.approx(np.std(means), rel=0.15)


def test_contours_need_millimetres_and_never_speak_of_fat(
    limb: tuple[CalibratedImage, Reference, object, object],
) -> None:
    photo = in_own_frame(limb[0])
    unscaled = replace(photo, grid=replace(photo.grid, mm_per_cell=None))

    for metric in (*WIDTHS, SILHOUETTE_AREA):
        assert metric.find is find_lines
        with pytest.raises(MeasurementDeclined, match="millimetres"):
            measure(unscaled, np.ones(photo.grid.shape, np.bool_), metric, marked=True)
        said = f"{metric.title} {metric.plain}".lower()
        assert not any(word in said for word in ("fat", "volume", "circumference", "slim"))
