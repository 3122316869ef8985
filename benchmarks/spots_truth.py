"""What is true of spots, mottling and bruises of rendered skin, from its pigments and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.metrics.bruise import LEAST_SD, LEAST_SDS
from tracker.metrics.evenness import MOTTLING_BAND_MM
from tracker.metrics.pigment import melanin_index
from tracker.phantom import PhantomPhoto, Shot, Stage, State
from tracker.phantom.optics import lab_from_linear
from tracker.pipeline import Reference
from tracker.shading import band_pass
from tracker.shading.chromophores import chromophores

_AVERAGED_MM = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Where on the canvas of the skin each cell of the reference lies; −1 where it shows none."""

    row: NDArray[np.intp]
    col: NDArray[np.intp]

    def of(self, layer: NDArray[Any]) -> NDArray[Any]:
        """A layer of the canvas in the cells; 0 where there is no skin."""
        return np.where(self.row >= 0, layer[self.row, self.col], layer.dtype.type(0))


def seen_in(photo: PhantomPhoto, reference: Reference) -> Seen:
    """Places of the reference photo's cells."""
    grid, maps, canvas = reference.image.grid, photo.maps(), photo.stage.skin.canvas
    cells = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float64) for n in grid.shape), indexing="ij"), axis=-1)
    at = np.rint(grid.to_photo(cells)).astype(np.intp)
    y, x = (layer[at[..., 0], at[..., 1]] for layer in (maps.y, maps.x))
    known = np.isfinite(y) & np.isfinite(x)
    row, col = (
        np.rint(np.where(known, place, 0.0) / canvas.pitch + (size - 1) / 2).astype(np.intp)
        for place, size in zip((y, x), canvas.shape, strict=True)
    )
    known &= (row >= 0) & (row < canvas.shape[0]) & (col >= 0) & (col < canvas.shape[1])
    return Seen(np.where(known, row, -1), np.where(known, col, -1))


def true_spots(seen: Seen, stage: Stage, state: State, reference: Reference) -> dict[str, float]:
    """Contrast and load of the marks against the same skin without spots, and the true area, mm², of spots found."""
    skin, mm = stage.skin, reference.image.grid.mm_per_cell
    assert skin.spots is not None
    assert mm is not None
    added = melanin_index(skin.colour(state)) - melanin_index(skin.colour(replace(state, spots=0.0)))
    marks = reference.marks.get("spot_contrast")
    inside = np.zeros(reference.mask.shape, np.bool_) if marks is None else marks > 0
    contrast = float(seen.of(added)[inside].mean()) if inside.any() else np.nan
    number = seen.of(skin.spots.number)
    found = np.isin(number, np.unique(number[inside])) & (number > 0) & reference.mask
    return {
        "spot_contrast": contrast,
        "spot_load": contrast * float(inside.sum()) * mm**2,
        "spot_area": float(found.sum()) * mm**2,
    }


def true_mottling(stage: Stage) -> dict[str, float]:
    """Standard deviations of the maps of melanin and blood in their band, of the colour of flat skin."""
    canvas = stage.skin.canvas
    maps = chromophores(stage.skin.colour(State()))
    band = band_pass(maps, np.ones(canvas.shape, np.bool_), band_mm=MOTTLING_BAND_MM, mm_per_cell=canvas.pitch)
    melanin, blood = band[stage.region].std(axis=0).tolist()
    return {"melanin_mottling": melanin, "blood_mottling": blood}


def drawn_around(shot: Shot, radius: float) -> NDArray[np.float64]:
    """Circle around the middle of the skin, (row, column) pixels of a shot."""
    turn = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    on_skin = radius * np.stack([np.sin(turn), np.cos(turn)], axis=-1)
    return np.asarray(shot.camera.to_pixels(shot.tissue.to_scene(on_skin)))


def true_bruise(stage: Stage, state: State, radius: float) -> dict[str, float]:
    """Area where flat skin differs from itself without the bruise by what the metric asks for, and how much."""
    skin, canvas = stage.skin, stage.skin.canvas
    assert skin.bruising is not None
    with_it, without = (
        lab_from_linear(cv2.GaussianBlur(each.colour(state), (0, 0), _AVERAGED_MM / canvas.pitch))
        for each in (skin, replace(skin, bruising=None))
    )
    away = np.hypot(canvas.y, canvas.x)
    around = without[(away > radius + 1) & (away <= radius + 12)]
    sd = np.maximum(1.4826 * np.median(np.abs(around - np.median(around, axis=0)), axis=0), LEAST_SD)
    first = _differs(stage, replace(state, bruise_age=1.0), without, sd) & (away <= radius)
    area = (_differs(stage, state, without, sd) & (away <= radius)).sum() * canvas.pitch**2
    off = (with_it - without)[first] if first.any() else np.zeros((1, 3))
    return {"bruise_area": float(area), "bruise_contrast": float(np.sqrt(np.square(off).sum(axis=-1).mean()))}


def _differs(stage: Stage, state: State, without: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.bool_]:
    blurred = cv2.GaussianBlur(stage.skin.colour(state), (0, 0), _AVERAGED_MM / stage.skin.canvas.pitch)
    return np.asarray((np.abs(lab_from_linear(blurred) - without) > LEAST_SDS * sd).any(axis=-1))
