"""What is left out of a region: is it found, and does leaving it out bring each metric nearer to the truth?

``python -m benchmarks.exclusions [--quick]`` prints two tables. The same skin is rendered with and without hair, sheen
and cloth, or painted with drops of mirrored light, a strip of cloth and blur; nothing else differs, so that the true
change of every metric is nil.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.exclusions_scenes import (
    BLACK,
    GAUZE,
    TONES,
    Mask,
    as_measured,
    found_against,
    on_grid,
    patch,
    seen,
    taken,
    thigh,
    true_hair,
    with_blurred_half,
    with_highlights,
    with_strip,
)
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, table
from benchmarks.scenes import calibrated, region_of
from benchmarks.workers import spread
from tracker.alignment import AlignedImage
from tracker.calibration import CalibratedImage, ColourLevel
from tracker.calibration.chart import without_chart
from tracker.errors import MeasurementDeclined
from tracker.measurement import measure, measure_part, over_the_same_cells, shared_cells, usable_cells
from tracker.metrics import metric_named
from tracker.phantom import PhantomPhoto
from tracker.region import Reason, is_left_out, region_mask, skin_mask

SEED = 31
"""Another skin than those that the limits were set on."""
CONTRASTS, TONE = ("delta_mi", "delta_ei", "delta_a"), ("ita", "lightness", "a_star", "b_star")
FOUND = (Reason.HAIR, Reason.SHINE, Reason.CLOTH, Reason.BLUR)
DROPS, BLUR_MM = 0.2, 1.0

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One thing that should be left out, and where it is, if that is known."""

    name: str
    reason: Reason
    image: CalibratedImage
    true: Mask | None = None
    rim_mm: float = 0.5


def run(*, quick: bool, workers: int) -> Findings:
    """All tones on a thigh and on a pigment patch."""
    tones = TONES[1:2] if quick else TONES
    tasks = [(tone, is_patch) for tone in tones for is_patch in (False, True)]
    parts = spread(skin_of_a_tone, tasks, workers=workers)
    return {"clean": [row for part in parts for row in part[:1]], "cases": [row for part in parts for row in part[1:]]}


def skin_of_a_tone(task: tuple[float, bool]) -> list[Row]:
    """What is taken from clean skin, then every case on it."""
    tone, is_patch = task
    photo = taken((patch if is_patch else thigh)(tone), seed=SEED)
    image = calibrated(photo)
    region, skin = region_mask(region_of(photo), image), skin_mask(image)
    clean = as_measured(image, region)
    bits = as_measured(image, skin).excluded
    assert bits is not None
    known: Row = {"scene": "patch" if is_patch else "thigh", "tone": tone}
    rows = [known | {str(r.word): float(is_left_out(bits, r)[skin].mean()) for r in FOUND}]
    for case in _cases(tone, photo, image, is_patch=is_patch):
        names = CONTRASTS if is_patch else ("relief", *TONE)
        moved = {name: _moved(clean, as_measured(case.image, region), region, name, case.reason) for name in names}
        rows.append(known | {"case": case.name, **_found(case, skin), "moved": moved})
    return rows


def _cases(tone: float, clean: PhantomPhoto, image: CalibratedImage, *, is_patch: bool) -> Iterator[Case]:
    plan, mm = (patch if is_patch else thigh), clean.truth.mm_per_px
    for name, density in (("sparse hair", 1.0), ("dense hair", 5.0)):
        photo = taken(plan(tone, hair=density), seed=SEED)
        hairy = calibrated(photo)
        yield Case(name, Reason.HAIR, hairy, on_grid(true_hair(photo), hairy) > 0.05)
    for gloss in (0.03, 0.06):
        shiny = calibrated(taken(plan(tone, gloss=gloss), seed=SEED))
        yield Case(f"sheen {percent(gloss)}", Reason.SHINE, shiny)
    rgb, added = with_highlights(clean.rgb, mm_per_px=mm, strength=DROPS, seed=SEED)
    yield Case("drops", Reason.SHINE, seen(rgb, image), on_grid(added, image) > 0.5 * DROPS, 1.5)
    rgb, half = with_blurred_half(clean.rgb, mm_per_px=mm, sigma_mm=BLUR_MM)
    yield Case("half blurred", Reason.BLUR, seen(rgb, image), on_grid(half, image) > 0.5)
    if is_patch:
        assert clean.region is not None
        row, column = np.asarray(clean.region).mean(axis=0)
        for name, tint in (("gauze", GAUZE), ("black strip", BLACK)):
            rgb = with_strip(clean.rgb, (row - 7 / mm, column), (12 / mm, 40 / mm), tint)
            yield Case(name, Reason.CLOTH, seen(rgb, image), on_grid((rgb != clean.rgb).any(axis=2), image) > 0.5, 4.0)
        return
    for cover in ("hem", "band"):
        photo = taken(thigh(tone, cover=cover), seed=SEED)
        hidden = on_grid(clean.truth.skin & ~photo.truth.skin, image) > 0.5
        yield Case(cover, Reason.CLOTH, calibrated(photo), hidden, 4.0)


def _found(case: Case, skin: Mask) -> Row:
    bits = as_measured(case.image, skin).excluded
    assert bits is not None
    found = is_left_out(bits, case.reason)
    row: Row = {"share": float(found[skin].mean()), "precision": None, "recall": None}
    if case.true is not None:
        mm = case.image.grid.mm_per_cell or 1.0
        row["precision"], row["recall"] = found_against(found, case.true, skin, rim=max(1, round(case.rim_mm / mm)))
    return row


def _moved(then: AlignedImage, now: AlignedImage, region: Mask, name: str, reason: Reason) -> tuple[float, float]:
    """False change of a metric with everything measured, and without what the case is about; per cent or units."""
    return _change(then, now, region, name, Reason(0)), _change(then, now, region, name, reason)


def _change(then: AlignedImage, now: AlignedImage, region: Mask, name: str, leaves_out: Reason) -> float:
    metric = replace(metric_named(name), leaves_out=leaves_out)
    if name in TONE:
        believed = replace(without_chart(), level=ColourLevel.CHART)
        then, now = replace(then, colour=believed), replace(now, colour=believed)
    shared = shared_cells(now, then)
    marked = name in CONTRASTS
    try:
        whole, found = (measure(image, region, metric, marked=marked) for image in (then, shared))
        part = replace(then, valid=then.valid & usable_cells(shared, metric))
        common = measure_part(part, region, metric, marked=marked)
    except MeasurementDeclined:
        return float("nan")
    value = over_the_same_cells(found, whole, common, metric).value
    return 100 * (value / whole.value - 1) if metric.multiplicative else value - whole.value


def sections(found: Findings) -> str:
    """Both tables."""
    clean = [
        [f"{row['scene']}, melanin {row['tone']:g}", *(percent(row[r.word], 2) for r in FOUND)]
        for row in found["clean"]
    ]
    cases = sorted({(row["scene"], row["case"]) for row in found["cases"]})
    lines = [_line([row for row in found["cases"] if (row["scene"], row["case"]) == case]) for case in cases]
    header = ["case", "share found", "precision, least", "recall, least", "false change, all measured → left out"]
    falsely = ["clean skin", *(str(r.word) for r in FOUND)]
    return "\n\n".join((table(falsely, clean), table(header, lines)))


def _line(rows: list[Row]) -> list[str]:
    """One case over all tones: root mean square of the false change of every metric."""
    told = []
    for name in rows[0]["moved"]:
        pairs = np.array([row["moved"][name] for row in rows], dtype=np.float64)  # stored findings hold None for NaN
        refused = int(np.isnan(pairs[:, 1]).sum())
        size = [float(np.sqrt(np.nanmean(pairs[:, k] ** 2))) if refused < len(rows) else None for k in (0, 1)]
        told.append(f"{name} {number(size[0])} → {number(size[1])}" + (f" ({refused} refused)" if refused else ""))
    known = [row for row in rows if row["precision"] is not None]
    least = [min((row[key] for row in known), default=None) for key in ("precision", "recall")]
    share = float(np.mean([row["share"] for row in rows]))
    return [f"{rows[0]['scene']}: {rows[0]['case']}", percent(share, 1), *(number(v) for v in least), "; ".join(told)]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exclusions", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one tone only")
    print(sections(run(quick=parser.parse_args().quick, workers=2)))


if __name__ == "__main__":
    main()
