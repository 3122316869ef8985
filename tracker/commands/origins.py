"""Where the numbers of a series come from: drawn while the pixels pass by, written once the report is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tracker.alignment import PAPER, warp_photo
from tracker.calibration import CalibratedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement import Metric, Role
from tracker.metrics import METRICS
from tracker.pipeline import Reference, Result, in_frame, overlay
from tracker.report import Report
from tracker.reports.legend_strip import with_legend
from tracker.reports.overlays import Legend, Rgb, drawn, legend_of
from tracker.reports.pictures import ORIGIN_WIDTH, PICTURE_WIDTH, Origin, Picture, encode_picture

FOLDER = "overlays"
_NAME = re.compile(rf"({'|'.join(m.name for m in METRICS)})-\d{{4}}-\d{{2}}-\d{{2}}(-\d+)?\.jpg")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One photo with where one number comes from, small for the report and large with its legend."""

    small: Picture
    large: bytes
    legend: Legend


class Origins:
    """A watcher of `track` that draws the primary metrics.

    Parameters
    ----------
    metrics : sequence of Metric
    """

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = [metric for metric in metrics if metric.role is Role.PRIMARY]
        self._drawn: dict[tuple[str, str], _Drawn] = {}

    def __call__(self, reference: Reference, image: CalibratedImage, result: Result) -> None:
        """Draw what one photo gives, while its pixels are in memory."""
        given = {measurement.metric for measurement in result.measurements}
        metrics = [metric for metric in self._metrics if metric.name in given]
        if not metrics:  # as for the second photo of a pair
            return
        alignment = result.alignment
        seen = reference.aligned if alignment is None else in_frame(reference, image, alignment)
        rgb = image.photo.rgb
        if alignment is not None:
            rgb = warp_photo(rgb, alignment, reference.image.photo.shape, ground=PAPER)
        rgb = _shrunk(rgb)
        for metric in metrics:
            try:
                found = overlay(seen, reference, metric)
            except MeasurementDeclined:
                continue
            picture, legend = drawn(rgb, found), legend_of(found, metric)
            assert image.photo.taken_on is not None
            small = Picture(encode_picture(picture, width=ORIGIN_WIDTH), image.photo.taken_on)
            large = encode_picture(with_legend(picture, legend, image.photo.taken_on), width=PICTURE_WIDTH)
            self._drawn[metric.name, image.photo.digest] = _Drawn(small, large, legend)

    def of(self, report: Report) -> dict[str, Origin]:
        """For each primary metric the reference, and the photo of the session that is spoken of."""
        found = {}
        for line in report.leading:
            pair = [self._drawn.get((line.metric.name, d or "")) for d in _digests(report, report.origin_of(line))]
            if pair[0] is not None and pair[1] is not None:
                found[line.metric.name] = Origin(pair[0].small, pair[1].small, pair[0].legend)
        return found

    def files(self, report: Report) -> Iterator[tuple[str, bytes]]:
        """Names and contents of the pictures of all photos that gave a number, metric by metric."""
        for line in report.leading:
            for session in line.sessions:
                given = [self._drawn.get((line.metric.name, m.digest)) for m in session.measurements]
                for k, each in enumerate(filter(None, given), start=1):
                    number = f"-{k}" if k > 1 else ""
                    yield f"{line.metric.name}-{session.taken_on}{number}.jpg", each.large


def drawn_before(out: Path) -> list[Path]:
    """Overlays that an earlier run wrote into a folder; nothing else in it is ours."""
    folder = out / FOLDER
    return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)] if folder.is_dir() else []


def _digests(report: Report, later: str | None) -> tuple[str, str | None]:
    return report.reference.digest, None if later == report.reference.digest else later


def _shrunk(rgb: Rgb) -> Rgb:
    if rgb.shape[1] <= PICTURE_WIDTH:
        return rgb
    size = (PICTURE_WIDTH, round(rgb.shape[0] * PICTURE_WIDTH / rgb.shape[1]))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
