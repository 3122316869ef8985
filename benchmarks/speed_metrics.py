"""Seconds for every metric of one aligned photo of 12 megapixels: what `follow` does beyond `judge`.

    python benchmarks/speed_metrics.py SCENE

prints the seconds and the number of metrics that the photo gave, as JSON.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from typing import Any, Final

import cv2
import numpy as np

from benchmarks.scenes import region_of
from tracker.calibration import calibrate
from tracker.measurement import Topic
from tracker.metrics import metrics_about
from tracker.phantom import build_stage, nominal_shot, photograph
from tracker.phantom.scenario import named
from tracker.photo import Photo, read_photo
from tracker.pipeline import establish, follow, judge
from tracker.region import polygon_region

SCENES: Final = {"thigh": "cellulite, whole skin", "pigment": "a marked patch", "spots": "spots", "lines": "a close-up"}
RENDERED: Final = (1500, 2000)
ENLARGED: Final = 2
MOST_SECONDS: Final = 2.5
ROUNDS: Final = 3


def run(*, quick: bool) -> dict[str, Any]:
    """Each scene in a fresh process."""
    scenes = list(SCENES)[:1] if quick else list(SCENES)
    found = {}
    for scene in scenes:
        command = [sys.executable, "-m", "benchmarks.speed_metrics", scene]
        found[scene] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return found


def section(found: dict[str, Any]) -> str:
    """Markdown of the table."""
    rows = "\n".join(f"| {SCENES[scene]} | {row['metrics']} | {row['seconds']:.2f} |" for scene, row in found.items())
    slow = [SCENES[scene] for scene, row in found.items() if row["seconds"] > MOST_SECONDS]
    verdict = f"Too slow: {', '.join(slow)}" if slow else "All are within it"
    return f"""\
**Every metric of one aligned photo**, its uncertainty included, in the photo and over the same cells of the reference;
rendered with 3 megapixels and enlarged to 12. At most {MOST_SECONDS:g} s are wanted. {verdict}.

| what is photographed | metrics given | median s |
| --- | ---: | ---: |
{rows}"""


def main(scene: str) -> None:
    """Time one scene."""
    plan = named(scene)
    stage = build_stage(plan, seed=1, size=RENDERED)
    shot = nominal_shot(plan, RENDERED)
    photos = [photograph(stage, shot, state, first=shot, session=k) for k, state in enumerate((plan.start, plan.end))]
    then, now = (calibrate(_enlarged(read_photo(photo.jpeg, name=photo.name))) for photo in photos)
    region = region_of(photos[0])
    if region.polygon is not None:
        region = polygon_region(ENLARGED * region.polygon)
    metrics = metrics_about(Topic)
    reference, _ = establish(then, region, metrics)
    seconds, given = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        judge(reference, now, metrics)
        judged = time.perf_counter()
        given = len(follow(reference, now, metrics).measurements)
        seconds.append(time.perf_counter() - judged - (judged - began))
    print(json.dumps({"seconds": statistics.median(seconds), "metrics": given}))


def _enlarged(photo: Photo) -> Photo:
    size = (ENLARGED * photo.rgb.shape[1], ENLARGED * photo.rgb.shape[0])
    rgb = np.asarray(cv2.resize(photo.rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return read_photo(
        cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes(), name=photo.name
    )


if __name__ == "__main__":
    main(sys.argv[1])
