"""Accuracy of hair coverage and part width: scalps of known hair, parted, photographed anew from session to session."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.estimates import within_subject_sd
from benchmarks.findings import Findings
from benchmarks.pairs import agreement_of, by_tone, error_of, judged, unchanged, worst_over_best
from benchmarks.scenes import calibrated
from benchmarks.workers import spread
from tracker.alignment import AlignedImage, resample
from tracker.errors import TrackerError
from tracker.metrics.hair import HAIR_COVERAGE, PART_WIDTH
from tracker.metrics.part import BESIDE_QUANTILE
from tracker.phantom import MARKED_FLOOR, RIGS, Scenario, Shot, Stage, State, build_stage, drawn_shot, photograph
from tracker.phantom.hair import grow_hair
from tracker.phantom.scenario import named
from tracker.pipeline import Reference, establish, follow
from tracker.region import polygon_region

SEED: Final = 20270611
SIZE: Final = (600, 800)
TONES: Final = (0.015, 0.03, 0.06, 0.12, 0.18, 0.25)
DENSITIES: Final = (60.0, 110.0, 250.0)
PARTS: Final = (2.0, 8.0, 4.0)
START: Final = 0.7
SHARES: Final = (0.5, 1.0)
STYLES: Final = (2.0, 5.0, 10.0)
"""Degrees by which every hair is turned about its root from one session to the next, standard deviation."""
METRICS: Final = (HAIR_COVERAGE, PART_WIDTH)
NAMES: Final = ("hair_coverage", "part_width")
REGION_MM: Final = (44.0, 40.0)
"""Half the height and width of the marked region, about the middle of the part."""
RIVALS: Final = ("otsu", "fixed")

Row = dict[str, Any]
Mask = NDArray[np.bool_]


def run(*, quick: bool, workers: int) -> Findings:
    """A course and unchanged pairs for each tone, and hair that was combed anew for some."""
    tones = TONES[1::3] if quick else TONES
    tasks = [(tone, t + 2 * k, quick) for t, tone in enumerate(tones) for k in range(1 if quick else 2)]
    rows = [row for part in spread(course, tasks, workers=workers) for row in part]
    heads = [] if quick else [(0.06, 1), (0.015, 2)]
    styled = [row for part in spread(combed, heads, workers=workers) for row in part]
    seen = [row for row in rows if not row["code"]]
    pairs = {rig.name: [row for row in rows if row["kind"] == rig.name] for rig in RIGS}
    tones_found = by_tone(seen, NAMES)
    return {
        "photos": len(rows),
        "refused": dict(sorted(Counter(row["code"] for row in rows if row["code"]).items())),
        "metrics": {name: agreement_of(seen, name) for name in NAMES},
        "by_tone": tones_found,
        "worst_over_best": {name: worst_over_best(tones_found, name) for name in NAMES},
        "null": {
            name: {rig: unchanged([row["pairs"] for row in mine], name) for rig, mine in pairs.items() if mine}
            for name in NAMES
        },
        "rival": {
            name: {
                "rmse": error_of(seen, name, "true_hair_coverage"),
                "over_ours": error_of(seen, name, "true_hair_coverage") / error_of(seen, "hair_coverage"),
                "s_w": {rig: _spread_of(mine, name) for rig, mine in pairs.items() if mine},
            }
            for name in RIVALS
        },
        "combed": styled,
    }


def _spread_of(rows: list[Row], name: str) -> float:
    """Within-subject spread of a rival over unchanged pairs."""
    return within_subject_sd([[row["first"][name], row[name]] for row in rows if not row["code"]]).sd


def plan_of(tone: float, number: int) -> Scenario:
    """A scalp of this tone, sparse or dense, with a narrow or a wide part."""
    plan = named("scalp")
    kind = number % len(DENSITIES)
    hair = plan.findings.hair
    assert hair is not None
    hair = replace(hair, per_cm2=DENSITIES[kind], part=PARTS[(number // 2) % len(PARTS)])
    return replace(plan, complexion=replace(plan.complexion, melanin=tone), findings=replace(plan.findings, hair=hair))


def course(task: tuple[float, int, bool]) -> list[Row]:
    """One head: its reference, later sessions with less and more hair, and unchanged ones with every rig."""
    tone, number, quick = task
    plan = plan_of(tone, number)
    stage = build_stage(plan, seed=700 + number, size=SIZE)
    rng = np.random.default_rng([SEED, number, round(1000 * tone)])
    scalp = Scalp.photographed(plan, stage, rng)
    if isinstance(scalp, str):
        return [{"kind": "reference", "tone": tone, "code": scalp}]
    later = [(rig.name, START, rig) for rig in RIGS[: 1 if quick else None]]
    later += [("course", share, MARKED_FLOOR) for share in SHARES[: 1 if quick else None]]
    rows = [scalp.first | {"tone": tone, "kind": "reference", "code": ""}]
    for session, (kind, share, rig) in enumerate(later, start=1):
        shot = drawn_shot(plan, SIZE, rng, rig=rig)
        rows.append({"tone": tone, "kind": kind} | scalp.later(stage, shot, share, session))
    return rows


def combed(task: tuple[float, int]) -> list[Row]:
    """The same hair combed anew: every hair turned about its root by more and more, at last other hair altogether."""
    tone, number = task
    plan = plan_of(tone, number)
    stage = build_stage(plan, seed=800 + number, size=SIZE)
    rng = np.random.default_rng([SEED, 9, number])
    scalp = Scalp.photographed(plan, stage, rng)
    if isinstance(scalp, str):
        return []
    rows = []
    for session, turned in enumerate((*STYLES, None), start=1):
        shot = drawn_shot(plan, SIZE, rng, rig=MARKED_FLOOR)
        row = scalp.later(_combed(stage, turned, rng), shot, START, session)
        kept = ("code", "overlap", *NAMES, *(f"true_{name}" for name in NAMES))
        rows.append({"tone": tone, "turned": turned} | {key: row[key] for key in kept if key in row})
    return rows


def _combed(stage: Stage, turned: float | None, rng: np.random.Generator) -> Stage:
    skin = stage.skin
    assert skin.coat is not None
    if turned is None:
        return replace(stage, skin=replace(skin, coat=grow_hair(rng, skin.canvas, skin.coat.hair)))
    paths = skin.coat.paths
    angle = np.deg2rad(turned) * rng.standard_normal(len(paths))
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    off = paths - paths[:, :1]
    moved = np.stack([off[..., 0] * c - off[..., 1] * s, off[..., 0] * s + off[..., 1] * c], axis=-1)
    return replace(stage, skin=replace(skin, coat=replace(skin.coat, paths=paths[:, :1] + moved)))


class Scalp:
    """A head as its first photo shows it, to which later photos are compared."""

    def __init__(self, stage: Stage, shot: Shot, reference: Reference) -> None:
        self.stage, self.shot, self.reference = stage, shot, reference
        self.threshold = _otsu(reference.aligned, reference.mask)
        self.first = self._row(reference.aligned, stage, START)
        self.first |= {value.metric: value.value for value in reference.values}

    @classmethod
    def photographed(cls, plan: Scenario, stage: Stage, rng: np.random.Generator) -> Scalp | str:
        """The reference, or why there is none."""
        shot = drawn_shot(plan, SIZE, rng, rig=MARKED_FLOOR)
        corners = np.array([(-1, -1), (-1, 1), (1, 1), (1, -1)]) * np.array(REGION_MM) / [1.0, 2.0]
        inside = shot.camera.to_pixels(shot.tissue.to_scene(corners))
        region = polygon_region(np.clip(inside, 0.0, np.array(SIZE) - 1.0))
        try:
            reference, result = establish(calibrated(photograph(stage, shot, State(hair=START))), region, METRICS)
        except TrackerError as error:
            return error.code
        return cls(stage, shot, reference) if len(result.measurements) == len(METRICS) else "declined"

    def later(self, stage: Stage, shot: Shot, share: float, session: int) -> Row:
        """What a later photo gives, with its truth and the rivals."""
        photo = photograph(stage, shot, State(hair=share), first=self.shot, session=session)
        image = calibrated(photo)
        try:
            result = follow(self.reference, image, METRICS)
        except TrackerError as error:
            return {"code": error.code, "pairs": {}}
        assert result.alignment is not None
        row = self._row(resample(image, result.alignment, self.reference.image), stage, share)
        values = {value.metric: value for value in result.measurements}
        before = {value.metric: value for value in self.reference.values}
        row |= {name: value.value for name, value in values.items()}
        row["pairs"] = {
            name: judged(before[name], value, row[f"true_{name}"] - self.first[f"true_{name}"])
            for name, value in values.items()
        }
        code = "" if len(values) == len(METRICS) else "not compared"
        return row | {"code": code, "overlap": result.alignment.overlap, "first": self.first}

    def _row(self, image: AlignedImage, stage: Stage, share: float) -> Row:
        mask, cover = self.reference.mask, self._true_cover(stage, share)
        light = _luminance(image)[mask & image.valid]
        return {
            "true_hair_coverage": 100 * float(cover[mask].mean()),
            "true_part_width": self._true_part(stage, share),
            "otsu": 100 * float((light < _otsu(image, mask)).mean()),
            "fixed": 100 * float((light < self.threshold).mean()),
        }

    def _true_cover(self, stage: Stage, share: float) -> NDArray[np.float32]:
        """How much hair covers of each cell of the reference, by the skin that lies there."""
        grid, fine = self.reference.image.grid, 2
        rows, cols = ((np.arange(fine * n) + 0.5) / fine - 0.5 for n in grid.shape)
        cells = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1)
        place = self.shot.tissue.to_skin(self.shot.camera.to_scene(grid.to_photo(cells)))
        assert stage.skin.coat is not None
        canvas = stage.skin.canvas
        at = (place / canvas.pitch + (np.array(canvas.shape) - 1) / 2).astype(np.float32)
        cover = cv2.remap(stage.skin.coat.cover(share), at[..., 1], at[..., 0], cv2.INTER_LINEAR)
        return np.asarray(cv2.resize(cover, grid.shape[::-1], interpolation=cv2.INTER_AREA), np.float32)

    def _true_part(self, stage: Stage, share: float) -> float:
        """Median width between the halves of the cover beside the part, which runs down the middle of the canvas."""
        assert stage.skin.coat is not None
        canvas, (half_height, width) = stage.skin.canvas, REGION_MM
        cover = stage.skin.coat.cover(share)
        rows = np.abs(canvas.y[:, 0]) < half_height - 3.0
        cols = np.abs(canvas.x[0]) < width / 2
        part = cover[np.ix_(rows, cols)]
        reach = 2 * round(2.5 / canvas.pitch) + 1
        lines = cv2.blur(part, (round(0.75 / canvas.pitch), reach))[:: round(1.0 / canvas.pitch)]
        half = 0.5 * float(np.quantile(lines, BESIDE_QUANTILE))
        return float(np.median([_open_in(line, half) for line in lines]) * canvas.pitch)


def _open_in(line: NDArray[np.float32], half: float) -> float:
    """Pixels from the barest place near the middle to where half is reached on either side."""
    middle, near = len(line) // 2, len(line) // 8
    start = middle - near + int(np.argmin(line[middle - near : middle + near]))
    return float(np.argmax(line[start:] >= half) + np.argmax(line[start::-1] >= half) - 1)


def _luminance(image: AlignedImage) -> NDArray[np.float32]:
    return np.asarray(image.linear @ np.array([0.2126, 0.7152, 0.0722], np.float32), np.float32)


def _otsu(image: AlignedImage, mask: Mask) -> float:
    """Otsu's threshold of the luminance of a region, on 256 levels of its square root."""
    levels = np.clip(255 * np.sqrt(_luminance(image)[mask & image.valid]), 0, 255).astype(np.uint8)
    found, _ = cv2.threshold(levels.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float((found / 255) ** 2)
