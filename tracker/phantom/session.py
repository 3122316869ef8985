"""A rendered series: the same skin photographed again and again, like in a clinic with a marked floor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray
from skimage.draw import polygon2mask
from skimage.measure import approximate_polygon, find_contours

from tracker.errors import TrackerError
from tracker.phantom.backdrop import Backdrop, lay_backdrop
from tracker.phantom.fields import Canvas
from tracker.phantom.light import Light
from tracker.phantom.pose import Camera, Deformation, soft_tissue
from tracker.phantom.scenario import Scenario, named
from tracker.phantom.scene import Appearance, appearance, look
from tracker.phantom.sensor import Sensor, decoded, expose, jpeg
from tracker.phantom.skin import Skin, grow_skin
from tracker.phantom.truth import (
    Mask,
    Truth,
    carried,
    contrast_metrics,
    measured_skin,
    node_grid,
    relief_metrics,
    tone_metrics,
)

FIRST_DAY: Final = date(2026, 3, 2)
_EARLY_GAPS = (7, 10)
_LATER_GAP = 14
SPOILS: Final[tuple[str, ...]] = ("light", "blur")
"""What can go wrong in a session."""
_DEFOCUS_MM = 1.75
_TISSUE_RMS = 0.7  # per photo; two photos differ by about 1 mm
_MARGIN = 1.24  # canvas over nominal picture: room for shift, distance, roll and tissue
_MOST_CORNERS = 40


@dataclass(frozen=True, slots=True, eq=False)
class PhantomPhoto:
    """One rendered photo with its truth."""

    rgb: NDArray[np.uint8]
    """Pixels as decoded from `jpeg`, sRGB, shape (H, W, 3), read-only."""
    jpeg: bytes
    name: str
    """File name, such as ``2026-03-02_thigh_1.jpg``."""
    taken_on: date
    session: int
    """From 0."""
    replicate: int
    """From 1."""
    region: NDArray[np.float64] | None
    """Polygon of the pigment patch, (row, column) in the *first* photo of the series, shape (n, 2)."""
    truth: Truth


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """What stays the same through a series."""

    plan: Scenario
    seed: int
    size: tuple[int, int]
    skin: Skin
    backdrop: Backdrop
    region: Mask
    """Skin the truth is about, on the canvas of the skin."""
    outline: NDArray[np.float64] | None
    """The patch on the skin, (y, x) mm."""


@dataclass(frozen=True, slots=True)
class _Shot:
    """How one photo is taken."""

    camera: Camera
    tissue: Deformation
    light: Light
    sensor: Sensor


def series(
    scenario: str = "thigh",
    *,
    seed: int = 0,
    sessions: int = 6,
    replicates: int = 2,
    spoiled: Mapping[int, str] | None = None,
    size: tuple[int, int] = (1500, 2000),
) -> Iterator[PhantomPhoto]:
    """Yield the photos of a course, session by session.

    Every photo is posed, lit and exposed anew within the limits of a clinic
    with a marked floor, so two replicates differ as much as two sessions do.

    Parameters
    ----------
    scenario : str
        One of `SCENARIOS`.
    seed : int
        Which skin and which luck; the same seed gives the same bytes.
    sessions : int
        Number of visits, the first on 2 March 2026.
    replicates : int
        Photos per visit.
    spoiled : mapping of int to str, optional
        What goes wrong in a session (from 0): ``"light"`` puts the lamp on the
        opposite side, ``"blur"`` defocuses.
    size : tuple of int
        Rows and columns of the photos, pixels. The field of view stays.

    Yields
    ------
    PhantomPhoto

    Raises
    ------
    TrackerError
        If the scenario or a way to spoil is unknown.
    """
    spoils = dict(spoiled or {})
    if unknown := set(spoils.values()) - set(SPOILS):
        raise TrackerError(f"The phantom cannot spoil a photo by “{unknown.pop()}”.", code="unknown_spoil")
    stage = _build(named(scenario), seed=seed, size=size)
    first = _shot(stage, 0, 1, spoils.get(0))
    for session in range(sessions):
        depth, gain = stage.plan.at(session, sessions)
        day = appearance(stage.skin, dimple_depth_scale=depth, melanin_gain=gain)
        tone = _tone(stage, day)
        for replicate in range(1, replicates + 1):
            shot = _shot(stage, session, replicate, spoils.get(session))
            yield _photo(stage, day, tone, first=first, shot=shot, when=(session, replicate), spoil=spoils.get(session))


def visit_date(session: int) -> date:
    """Return the day of a session: after one week, then ten days, then every two weeks."""
    gaps = (*_EARLY_GAPS, *[_LATER_GAP] * session)[:session]
    return FIRST_DAY + timedelta(days=sum(gaps))


def _build(plan: Scenario, *, seed: int, size: tuple[int, int]) -> _Stage:
    pitch = plan.field / size[1]
    seen = (size[0] * pitch, plan.field)
    rng = np.random.default_rng([seed, plan.stream])
    width = min(plan.field * _MARGIN, 2.0 * (plan.body.half_width + plan.body.taper * seen[0]) + 6.0)
    skin = grow_skin(
        rng,
        Canvas(seen[0] * _MARGIN, width, pitch),
        body=plan.body,
        complexion=plan.complexion,
        relief=plan.relief,
        patch_width=plan.patch_width,
    )
    y, x = seen[0] / 2 - plan.card_edge[0], seen[1] / 2 - plan.card_edge[1]
    around = ((-y, -x), (-y, x), (y, x), (y, -x))
    backdrop = lay_backdrop(rng, Canvas(seen[0] * _MARGIN, seen[1] * _MARGIN, pitch), around)
    outline = _outline(skin) if plan.patch_width else None
    region = measured_skin(skin.body, skin.canvas, seen) if outline is None else _filled(outline, skin.canvas)
    return _Stage(plan, seed, size, skin, backdrop, region, outline)


def _outline(skin: Skin) -> NDArray[np.float64]:
    """Return the half-maximum contour of the patch, (y, x) mm, with at most 40 corners."""
    contour = max(find_contours(skin.patch, 0.5), key=len)
    tolerance = 0.1 / skin.canvas.pitch
    while len(corners := approximate_polygon(contour, tolerance)[:-1]) > _MOST_CORNERS:
        tolerance *= 1.2
    return np.asarray((corners - (np.array(skin.canvas.shape) - 1) / 2) * skin.canvas.pitch)


def _filled(outline: NDArray[np.float64], canvas: Canvas) -> Mask:
    pixels = outline / canvas.pitch + (np.array(canvas.shape) - 1) / 2
    return np.asarray(polygon2mask(canvas.shape, pixels), np.bool_)


def _tone(stage: _Stage, day: Appearance) -> dict[str, float]:
    tone = tone_metrics(day.colour, stage.region)
    if stage.outline is not None:
        tone |= contrast_metrics(day.colour, stage.skin.canvas, stage.region)
    return tone


def _shot(stage: _Stage, session: int, replicate: int, spoil: str | None) -> _Shot:
    """Return pose, light and camera of a photo, each a little different every time."""
    plan = stage.plan
    rng = np.random.default_rng([stage.seed, plan.stream, 1 + session, replicate])

    def within(limit: float) -> float:
        return float(np.clip(rng.normal(0.0, limit / 2), -limit, limit))

    seen = np.array(stage.size) * plan.field / stage.size[1]
    camera = Camera(
        size=stage.size,
        field=plan.field,
        distance=3.0 * plan.field,
        scale=1.0 + within(0.04),
        roll=within(3.0),
        tilt=(within(4.0), within(4.0)),
        shift=(seen[0] * within(0.05), seen[1] * within(0.05)),
    )
    light = replace(
        plan.light,
        slant=plan.light.slant + within(1.5),
        azimuth=(plan.light.azimuth + within(3.0) + 180.0 * (spoil == "light")) % 360.0,
        ambient=plan.light.ambient + within(0.02),
    )
    sensor = Sensor(
        exposure_ev=within(0.3),
        white_balance=(1.0 + within(0.03), 1.0, 1.0 + within(0.03)),
        blur_mm=_DEFOCUS_MM if spoil == "blur" else plan.blur_mm * (1.0 + within(0.2)),
    )
    return _Shot(camera, soft_tissue(rng, _TISSUE_RMS * plan.field / 300.0), light, sensor)


def _photo(
    stage: _Stage,
    day: Appearance,
    tone: dict[str, float],
    *,
    first: _Shot,
    shot: _Shot,
    when: tuple[int, int],
    spoil: str | None,
) -> PhantomPhoto:
    session, replicate = when
    view = look(day, stage.backdrop, light=shot.light, camera=shot.camera, tissue=shot.tissue)
    noise = np.random.default_rng([stage.seed, stage.plan.stream, 1 + session, replicate, 1])
    rgb = expose(view.radiance, shot.sensor, mm_per_px=shot.camera.mm_per_px, rng=noise)
    taken_on = visit_date(session)
    taken_at = datetime.combine(taken_on, time(10, 2 * replicate))
    content = jpeg(rgb, quality=shot.sensor.jpeg_quality, taken_at=taken_at)
    metrics = dict(tone)
    if stage.outline is None:
        metrics |= relief_metrics(view.shading, day.height, stage.skin.canvas, stage.region)
    return PhantomPhoto(
        rgb=decoded(content),
        jpeg=content,
        name=f"{taken_on.isoformat()}_{stage.plan.name}_{replicate}.jpg",
        taken_on=taken_on,
        session=session,
        replicate=replicate,
        region=_region(stage, first),
        truth=_truth(stage, day, view.skin, first=first, shot=shot, spoil=spoil, metrics=metrics),
    )


def _region(stage: _Stage, first: _Shot) -> NDArray[np.float64] | None:
    if stage.outline is None:
        return None
    return first.camera.to_pixels(first.tissue.to_scene(stage.outline))


def _truth(
    stage: _Stage,
    day: Appearance,
    skin: Mask,
    *,
    first: _Shot,
    shot: _Shot,
    spoil: str | None,
    metrics: dict[str, float],
) -> Truth:
    rows, cols = node_grid(stage.size)
    nodes = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
    moved = carried(
        nodes,
        body=stage.skin.body,
        cards=stage.backdrop.corners.mean(axis=1),
        first=(first.camera, first.tissue),
        this=(shot.camera, shot.tissue),
    )
    return Truth(
        rows=rows.astype(np.float32),
        cols=cols.astype(np.float32),
        moving_row=moved[..., 0].astype(np.float32),
        moving_col=moved[..., 1].astype(np.float32),
        skin=skin,
        light=shot.light,
        mm_per_px=shot.camera.mm_per_px,
        blur_sigma_mm=shot.sensor.blur_mm,
        exposure_ev=shot.sensor.exposure_ev,
        wb_gains=shot.sensor.white_balance,
        jpeg_quality=shot.sensor.jpeg_quality,
        spoiled=spoil,
        dimple_depth_scale=day.dimple_depth_scale,
        melanin_gain=day.melanin_gain,
        metrics=metrics,
    )
