"""Every report format shows the same findings, with the same words, and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date

import cv2
import numpy as np

from tracker.measurement import Measurement, Metric
from tracker.metrics import METRICS, metric_named
from tracker.quality import Check, Status
from tracker.quality.need import Need
from tracker.region import Region
from tracker.report import Rejection, Report, ReportedPhoto
from tracker.reports.pictures import Picture, Pictures, encode_picture
from tracker.timeline import Refused, timeline

DAYS = (date(2026, 3, 2), date(2026, 3, 11), date(2026, 3, 20), date(2026, 4, 3), date(2026, 4, 17), date(2026, 5, 15))
LIT_FROM_THE_LEFT = "The light came from the left, in the reference from the right. Retake with the lamp on the right."
BLURRED = "2026-04-17_a.jpg is blurred. Hold still, tap the skin to focus and take it again."
UNDATED = "scan.png has no date; put the day into its name as YYYY-MM-DD, or send the camera's own file."
NEEDS_PATCH = "compares a marked patch with the skin around it: mark the patch."


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def a_measurement(metric: Metric, value: float, day: date, shot: str) -> Measurement:
    rng = np.random.default_rng(5)
    draws = value * (1 + 0.05 * rng.standard_normal(200))
    parts = (("region", 0.05 * abs(value)), ("alignment", 0.02 * abs(value)), ("scale", 0.01 * abs(value)))
    uncertainty = float(np.sqrt(sum(part**2 for _, part in parts)))
    return Measurement(
        metric.name,
        metric.method,
        metric.unit,
        value,
        uncertainty,
        digest_of(shot),
        day,
        parts,
        tuple(draws.tolist()),
        0.97,
    )


def a_photo(day: date, shot: str, *, checks: tuple[Check, ...] = (), reference: bool = False) -> ReportedPhoto:
    if reference:
        return ReportedPhoto(digest_of(shot), f"{shot}.jpg", day, True, checks)
    return ReportedPhoto(digest_of(shot), f"{shot}.jpg", day, False, checks, 0.96, 0.83, 0.17)


GOOD = (
    Check("coverage", 97.0, "at least 90 % of the region", Status.OK, ""),
    Check("sharpness", 0.94, "0.7 to 1.43 of the reference", Status.OK, ""),
    Check("light direction", 4.0, "at most 15° from the reference", Status.OK, "", blocks=Need.OBLIQUE_LIGHT),
)
OTHER_LIGHT = (*GOOD[:2], Check("light direction", 164.0, "at most 15° from the reference", Status.BLOCK,
                                LIT_FROM_THE_LEFT, blocks=Need.OBLIQUE_LIGHT))  # fmt: skip
TURNED = (*GOOD, Check("rotation", 14.0, "at most 10°", Status.WARN,
                       "The camera was turned by 14° against the reference."))  # fmt: skip


def a_thigh(*, title: str = "Left thigh, back", control: Report | None = None) -> Report:
    """Relief better at the end; one session lit from the other side, one photo blurred, one without a date."""
    relief, angle = metric_named("relief"), metric_named("ita")
    values = {DAYS[0]: (6.1, 6.25, 5.98), DAYS[1]: (5.9, 5.7), DAYS[2]: (5.2, 5.35), DAYS[5]: (3.35, 3.2, 3.4)}
    shots = {day: [f"{day}_{'abc'[k]}" for k in range(len(found))] for day, found in values.items()}
    found = [a_measurement(relief, v, day, s) for day in values for v, s in zip(values[day], shots[day], strict=True)]
    found += [a_measurement(angle, 31.0 + k / 5, day, shots[day][0]) for k, day in enumerate(values)]
    dark = f"{DAYS[3]}_a"
    found.append(a_measurement(angle, 31.4, DAYS[3], dark))
    photos = [
        a_photo(day, shot, checks=TURNED if shot.endswith("11_b") else GOOD, reference=shot == f"{DAYS[0]}_a")
        for day in values
        for shot in shots[day]
    ]
    photos.append(a_photo(DAYS[3], dark, checks=OTHER_LIGHT))
    rejections = (
        Rejection(digest_of("blurred"), "2026-04-17_a.jpg", DAYS[4], BLURRED, "blurred"),
        Rejection("", "scan.png", None, UNDATED, "no_date"),
    )
    refused = [Refused("relief", digest_of(dark), DAYS[3], LIT_FROM_THE_LEFT)]
    refused += [
        Refused(m.name, p.digest, p.taken_on, f"{m.title} {NEEDS_PATCH}")
        for m in METRICS
        if m.is_contrast
        for p in photos
    ]
    refused += [Refused(m.name, digest_of("blurred"), DAYS[4], BLURRED) for m in METRICS]
    metrics = tuple(m for m in METRICS if m.name not in ("lightness", "a_star", "b_star"))
    refused = [r for r in refused if r.metric in {m.name for m in metrics}]
    return Report(
        title=title,
        photos=tuple(sorted(photos, key=lambda p: (p.taken_on, p.name))),
        rejections=rejections,
        region=Region(polygon=np.array([[200.0, 200.0], [900.0, 240.0], [860.0, 1200.0], [220.0, 1150.0]])),
        timeline=timeline(found, refused, metrics),
        refused=tuple(refused),
        mm_per_px=0.208,
        colour_evidence="a colour chart of 24 patches in the picture",
        set_up="lamp and feet on marks on the floor",
        control=control,
    )


def an_untreated_thigh() -> Report:
    relief = metric_named("relief")
    values = {DAYS[0]: 5.6, DAYS[1]: 5.75, DAYS[2]: 5.4, DAYS[5]: 5.5}
    found = [a_measurement(relief, value, day, f"{day}_right") for day, value in values.items()]
    photos = tuple(a_photo(day, f"{day}_right", checks=GOOD, reference=day == DAYS[0]) for day in values)
    return Report(
        title="Right thigh, back (untreated)", photos=photos, rejections=(), region=Region(),
        timeline=timeline(found, (), (relief,)), mm_per_px=0.208, set_up="lamp and feet on marks on the floor",
    )  # fmt: skip


def skin(seed: int, depth: float, *, height: int = 900, width: int = 1200) -> np.ndarray:
    """Skin-like pixels: a tone, dimples lit from one side, pores and grain."""
    rng = np.random.default_rng(seed)
    ground = np.random.default_rng(1)

    def bumps(size: float, rng: np.random.Generator) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), size)
        return noise / noise.std()

    light = 1 - 0.25 * np.linspace(0, 1, width)[None, :]
    relief = depth * np.gradient(bumps(26, ground), axis=1) * 26
    shade = light * (1 + relief + 0.02 * bumps(2, ground) + 0.01 * rng.standard_normal((height, width)))
    tone = np.array([222.0, 172.0, 146.0]) * (1 + 0.02 * bumps(60, ground)[..., None] * np.array([0.2, 0.6, 1.0]))
    return np.clip(shade[..., None] * tone, 0, 255).astype(np.uint8)


def thigh_pictures(report: Report) -> Pictures:
    first, latest = skin(2, 0.11), skin(3, 0.05)
    thumbnails = {p.digest: encode_picture(latest, width=160) for p in report.photos}
    thumbnails |= {r.digest: encode_picture(cv2.GaussianBlur(first, (0, 0), 12), width=160) for r in report.rejections}
    outline = ((0.12, 0.1), (0.9, 0.14), (0.86, 0.88), (0.15, 0.9))
    return Pictures(
        Picture(encode_picture(first), DAYS[0]), Picture(encode_picture(latest), DAYS[5]), outline, thumbnails
    )
