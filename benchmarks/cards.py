"""What our card and the 24-patch chart make of colour: found, read, believed, and right about skin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000

from benchmarks.boards import PX_PER_MM, SKIN, flat_photo, read_flat, skin_error, tilted_photo
from benchmarks.colour import EASY, EXPOSURE, LAMPS, SEED
from benchmarks.findings import Findings
from benchmarks.printed import printed_batch, printed_card
from benchmarks.real_charts import real_charts
from benchmarks.scenes import skin_of, thigh
from benchmarks.workers import spread
from tracker.alignment import in_own_frame
from tracker.calibration import CalibratedImage, KnownColours, calibrate
from tracker.calibration.chart import calibrate_colour
from tracker.calibration.colour import ColourCalibration
from tracker.calibration.linear import srgb_from_linear
from tracker.errors import TrackerError
from tracker.measurement import measure
from tracker.metrics import metric_named
from tracker.phantom import MARKED_FLOOR, PhantomPhoto, Scenario, build_stage, drawn_shot, photograph
from tracker.phantom.card import PrintedCard
from tracker.phantom.chart import Chart
from tracker.phantom.optics import Response
from tracker.phantom.pose import Camera
from tracker.phantom.spectra import CAMERAS
from tracker.photo import Photo, read_photo

METRICS: Final = ("lightness", "a_star", "b_star", "ita")
TONES: Final = (0.02, 0.06, 0.20)
FIELD: Final = 520.0
SIZE: Final = (600, 800)
ROOMS: Final = tuple((Response("LED-B3", camera), camera) for camera in CAMERAS)
"""Lamp and camera of a room."""
SHOTS: Final = 3
WIDTHS: Final = (0.08, 0.12, 0.20)
"""Of the chart over that of the picture."""
TILTS: Final = ((0.0, 0.0), (15.0, 0.0), (0.0, 15.0), (30.0, 0.0), (0.0, 30.0), (-20.0, 20.0))
PRINTS: Final = (("dyes", True), ("dyes", False), ("skin-like", True), ("skin-like", False))
"""Inks of our card, and whether its table has spectra or colours only."""
_SEARCHED: Final = (1500, 2000)

Row = dict[str, Any]


def run(*, quick: bool, workers: int) -> Findings:
    """All of it; `quick` takes a part of the scenes."""
    step = 5 if quick else 1
    responses = [Response(lamp, camera) for camera in CAMERAS for lamp in LAMPS][::step]
    spectral = spread(spectral_error, [(*each, r) for each in PRINTS for r in responses], workers=workers)
    boards = ("card", "chart")
    shots = 2 if quick else SHOTS
    rooms = [
        row
        for rows in spread(
            room,
            [(board, k, tone, shots) for board in boards for k in range(len(ROOMS)) for tone in TONES[::step]],
            workers=workers,
        )
        for row in rows
    ]
    searched = spread(
        search,
        [
            (board, width, tilt, (i + j) % len(ROOMS))
            for board in boards
            for i, width in enumerate(WIDTHS[::step])
            for j, tilt in enumerate(TILTS[::step])
        ],
        workers=workers,
    )
    covered = spread(cover, [(board, k) for board in boards for k in range(0, 12, step)], workers=workers)
    return {
        "spectral": [print_findings(ink, full, spectral) for ink, full in PRINTS],
        "rooms": [_room(board, label, rooms) for board in boards for _, label in ROOMS],
        "searched": {b: search_findings([row for row in searched if row["board"] == b]) for b in boards},
        "covered": {b: cover_findings([row for row in covered if row["board"] == b]) for b in boards},
        "real": real_charts(),
    }


def spectral_error(task: tuple[str, bool, Response]) -> Row:
    """One camera under one lamp: 56 skins beside our card, printed with some ink and measured."""
    ink, full, response = task
    batch = printed_batch(ink)
    rgb = flat_photo(printed_card((0.0, 0.0), batch), response)
    found = read_flat(rgb, KnownColours(batch=batch if full else replace(batch, spectra=None)))
    error = skin_error(found, response)
    return {
        "ink": ink, "spectra": full, "lamp": response.illuminant, "camera": response.camera, "level": str(found.level),
        "delta_e": found.delta_e, "median": float(np.median(error)), "p95": float(np.percentile(error, 95)),
    }  # fmt: skip


def room(task: tuple[str, int, float, int]) -> list[Row]:
    """Unchanged skin with card or chart in one room: lamp and camera put back to marks before every photo."""
    board, which, tone, shots = task
    response, label = ROOMS[which]
    plan, known = _plan(board, tone, response)
    seed = [SEED, which, round(1000 * tone)]
    stage = build_stage(plan, seed=int(np.random.default_rng(seed).integers(1 << 30)), size=SIZE)
    rows = []
    for k in range(shots):
        photo = photograph(stage, drawn_shot(plan, SIZE, np.random.default_rng([*seed, k]), rig=MARKED_FLOOR))
        row: Row = {"board": board, "room": label, "tone": tone, "level": "", "lab": None}
        image = _calibrated(photo, known)
        row["level"], row["evidence"] = str(image.colour.level), image.colour.evidence
        if image.colour.level.absolute:
            lab = [_value(image, name) for name in METRICS]
            truth = [photo.truth.metrics[name] for name in METRICS]
            row |= {"lab": lab, "error": _delta(lab, truth), "ita_bias": lab[3] - truth[3]}
        rows.append(row)
    return rows


def _plan(board: str, tone: float, response: Response) -> tuple[Scenario, KnownColours]:
    """Flat skin in even light with a card or chart on it, from far enough away for a card at true size."""
    batch = printed_batch()
    laid: Chart | PrintedCard = printed_card((0.0, -130.0), batch) if board == "card" else Chart((0.0, -130.0), 120.0)
    plan = thigh(plane=True, depth=0.0)
    plan = replace(
        plan,
        field=FIELD,
        card_edge=None,
        complexion=replace(plan.complexion, melanin=tone),
        light=replace(plan.light, slant=45.0, azimuth=90.0, ambient=0.6, falloff=0.04),
        response=response,
        chart=laid if isinstance(laid, PrintedCard) else replace(laid, edition="2014"),
    )
    return plan, KnownColours(batch=batch)


def _calibrated(photo: PhantomPhoto, known: KnownColours) -> CalibratedImage:
    return calibrate(read_photo(photo.jpeg, name=photo.name), known)


def _value(image: CalibratedImage, name: str) -> float:
    return measure(in_own_frame(image), skin_of(image), metric_named(name), marked=False).value


def _delta(one: list[float], other: list[float]) -> float:
    return float(deltaE_ciede2000(np.array(one[:3]), np.array(other[:3])))


def search(task: tuple[str, float, tuple[float, float], int]) -> Row:
    """Whether a card or chart of some width is found and believed under some tilt, in a well-lit picture."""
    board, share, tilt, seed = task
    batch = printed_batch()
    laid = printed_card((0.0, 0.0), batch) if board == "card" else Chart((0.0, 0.0), edition="2014")
    field = laid.size[1] / share
    rng = np.random.default_rng([SEED, seed, round(100 * share), *(round(t) + 90 for t in tilt)])
    roll, shift = rng.uniform(-40.0, 40.0), rng.uniform(-0.15, 0.15, 2) * field
    camera = Camera(
        size=_SEARCHED,
        field=field,
        distance=3.0 * field,
        tilt=tilt,
        roll=float(roll),
        shift=(float(shift[0]), float(shift[1])),
    )
    response = ROOMS[seed % len(ROOMS)][0]
    photo = Photo(tilted_photo(laid, camera, response), "0" * 64, "board.png", None)
    colour = calibrate(photo, KnownColours(batch=batch)).colour
    off = np.nan
    if colour.corners is not None:
        middle = camera.to_pixels(np.zeros((1, 2)))[0]
        off = float(np.hypot(*(colour.corners.mean(axis=0) - middle))) / (share * _SEARCHED[1])
    return {"board": board, "width": share, "tilt": tilt, "level": str(colour.level), "evidence": colour.evidence,
            "delta_e": colour.delta_e, "off": off}  # fmt: skip


def cover(task: tuple[str, int]) -> Row:
    """A card or chart of which a skin-coloured thing hides a part, more and more of it from one side."""
    board, k = task
    share = (k % 6 + 1) / 7.0
    batch = printed_batch()
    laid = printed_card((0.0, 0.0), batch) if board == "card" else Chart((0.0, 0.0), edition="2014")
    response = Response("LED-B3", CAMERAS[0])
    rgb = flat_photo(laid, response)
    hidden = np.asarray(np.rint(255 * srgb_from_linear(np.array(SKIN) * EXPOSURE)), np.uint8)
    margin, sides = round(20 * PX_PER_MM), [round(side * PX_PER_MM) for side in laid.size]
    axis = int(k >= 6)
    extent = [slice(None), slice(None)]
    extent[axis] = slice(margin, margin + round(share * sides[axis]))
    whole = _believe(board, rgb, KnownColours(batch=batch))
    rgb[tuple(extent)] = hidden
    found = _believe(board, rgb, KnownColours(batch=batch))
    absolute = found.level.absolute
    return {
        "board": board, "share": share, "axis": axis, "level": str(found.level), "evidence": found.evidence,
        "error": float(np.median(skin_error(found, response))) if absolute else np.nan,
        "whole": float(np.median(skin_error(whole, response))),
    }  # fmt: skip


def _believe(board: str, rgb: NDArray[np.uint8], known: KnownColours) -> ColourCalibration:
    if board == "chart":
        return calibrate_colour(rgb)
    try:
        return read_flat(rgb, known)
    except TrackerError:
        return calibrate_colour(np.zeros_like(rgb))


def print_findings(ink: str, full: bool, every: list[Row]) -> Findings:
    rows = [row for row in every if row["ink"] == ink and row["spectra"] == full]
    easy = [row["median"] for row in rows if row["lamp"] in EASY]
    return {
        "ink": ink,
        "spectra": full,
        "responses": rows,
        "refused": sum(row["level"] != "C3" for row in rows),
        "median": float(np.median([row["median"] for row in rows])),
        "p95": float(np.median([row["p95"] for row in rows])),
        "median_clinic_lamps": float(np.median(easy)) if easy else np.nan,
        "worst": float(max(row["median"] for row in rows)),
        "left_out": float(np.median([row["delta_e"] for row in rows])),
    }


def _room(board: str, label: str, rows: list[Row]) -> Findings:
    """Error against the truth, and spread between photos of the same skin."""
    mine = [row for row in rows if row["board"] == board and row["room"] == label]
    believed = [row for row in mine if row["lab"]]
    pairs, deviations = [], []
    for tone in TONES:
        labs = [row["lab"] for row in believed if row["tone"] == tone]
        pairs += [_delta(labs[i], labs[j]) for i in range(len(labs)) for j in range(i)]
        if len(labs) > 1:
            deviations.append(np.var([lab[3] for lab in labs], ddof=1))
    return {
        "board": board, "room": label, "photos": len(mine), "believed": len(believed),
        "error": float(np.median([row["error"] for row in believed])) if believed else np.nan,
        "ita_bias": float(np.mean([row["ita_bias"] for row in believed])) if believed else np.nan,
        "pair": float(np.median(pairs)) if pairs else np.nan,
        "ita_sd": float(np.sqrt(np.mean(deviations))) if deviations else np.nan,
    }  # fmt: skip


def search_findings(rows: list[Row]) -> Findings:
    return {
        "scenes": len(rows),
        "believed": sum(row["level"] in ("C2", "C3") for row in rows),
        "missed": [row for row in rows if row["level"] not in ("C2", "C3")],
        "off": float(np.nanmax([row["off"] for row in rows])),
    }


def cover_findings(rows: list[Row]) -> Findings:
    """What came of hidden parts; misread is a believed card that is further off than the whole one by more than 1."""
    believed = [row for row in rows if np.isfinite(row["error"])]
    return {
        "scenes": rows,
        "used_in_part": len(believed),
        "refused": len(rows) - len(believed),
        "misread": sum(row["error"] > row["whole"] + 1.0 for row in believed),
    }
