"""Seconds and peak memory per station for a pair of 12-megapixel photos, beside a peer in the same run.

    python benchmarks/speed.py [--runs 4] [--megapixels 12] [--write]

Machines differ and are busy: the ratios to the peer (SIFT features, MAGSAC homography, warp) are what to quote.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import speed_metrics
from tracker.alignment import align, resample
from tracker.calibration import calibrate
from tracker.metrics import METRICS
from tracker.phantom import build_stage, nominal_shot, photograph, series
from tracker.phantom.scenario import named
from tracker.photo import read_photo
from tracker.pipeline import establish, follow
from tracker.quality import assess, assess_photo
from tracker.region import WHOLE_SKIN, region_mask

T = TypeVar("T")


RUNS, MEGAPIXELS = 4, 12.0
RENDERED = (1500, 2000)
RENDERED_PLANS = ("thigh", "pigment", "phone")
MOST_CPU_SECONDS = 2.0
"""For a rendered photo of 3 megapixels with its truth, on one thread."""
PEER = "peer: SIFT + MAGSAC homography + warp, 1000 px"


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--megapixels", type=float, default=MEGAPIXELS)
    parser.add_argument("--write", action="store_true", help="store the findings and write docs/validation.md")
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--phantom", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phantom:
        print(json.dumps(_rendered(options.phantom[0], (int(options.phantom[1]), int(options.phantom[2])))))
        return
    if options.one:
        print(json.dumps(_once(*options.one)))
        return
    findings = measure(runs=options.runs, megapixels=options.megapixels)
    if options.write:
        from benchmarks.findings import store
        from benchmarks.report import write

        store("speed", findings)
        write()
    print(sections(findings))


def run(*, quick: bool, workers: int) -> dict[str, Any]:
    """Findings; always one process at a time, because two would measure each other."""
    if quick:
        return measure(runs=1, megapixels=1.0, rendered=(300, 400))
    return measure(runs=RUNS, megapixels=MEGAPIXELS)


def measure(*, runs: int, megapixels: float, rendered: tuple[int, int] = RENDERED) -> dict[str, Any]:
    """Times of every run, each in a process of its own."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        files = _pair(Path(folder), megapixels)
        times = [_in_a_fresh_process(*files) for _ in range(runs)]
    return {
        "megapixels": megapixels,
        "machine": f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}",
        "runs": {name: [run[name] for run in times] for name in times[0]},
        "phantom": {"size": rendered, "cpu_seconds": {name: _phantom(name, rendered) for name in RENDERED_PLANS}},
        "metrics": speed_metrics.run(quick=rendered != RENDERED),
        "seconds": time.perf_counter() - began,
    }


def sections(findings: dict[str, Any]) -> str:
    """Markdown of the times, and of their ratios to the peer."""
    runs, peer = findings["runs"], findings["runs"][PEER]
    rows = []
    for name, values in runs.items():
        ratio = statistics.median(value / other for value, other in zip(values, peer, strict=True))
        shown = "" if "memory" in name else f"{ratio:.2f}"
        rows.append(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f}–{max(values):.2f} | {shown} |")
    table = "\n".join(rows)
    return f"""\
## Speed

A pair of {findings["megapixels"]:.0f}-megapixel photos, {_runs(len(peer))}, {findings["machine"]}.
Machines differ and are busy: the ratio to the peer, measured in the same process, is what to quote. The peer is what
tutorials do (SIFT features, MAGSAC homography, warp, at 1000 px); it gives neither an uncertainty nor a refusal.

| station | median s | min–max | ratio to the peer |
| --- | ---: | ---: | ---: |
{table}

{_metrics_table(findings.get("metrics"))}{_phantom_table(findings.get("phantom"))}"""


def _metrics_table(found: dict[str, Any] | None) -> str:
    """What it costs to measure one aligned photo."""
    return f"{speed_metrics.section(found)}\n\n" if found else ""


def _phantom_table(found: dict[str, Any] | None) -> str:
    """What a rendered photo costs."""
    if not found:
        return "**Rendered photos.** –"
    times = found["cpu_seconds"]
    rows = "\n".join(f"| {name} | {first:.2f} | {further:.2f} |" for name, (first, further) in times.items())
    slow = [name for name, both in times.items() if max(both) > MOST_CPU_SECONDS]
    verdict = f"over it: {', '.join(slow)}" if slow else "none is over it"
    return f"""\
**Rendered photos** of {found["size"][1]} × {found["size"][0]} pixels with their truth: seconds of CPU time on one
thread, for the first photo, whose skin is grown, and for each further one. At most {MOST_CPU_SECONDS:g} s are wanted:
{verdict}.

| scene | first photo | each further photo |
| --- | ---: | ---: |
{rows}"""


def _runs(count: int) -> str:
    return "one run in a fresh process" if count == 1 else f"{count} runs in fresh processes"


def figures(findings: dict[str, Any]) -> dict[str, Any]:
    """None: a table says it."""
    return {}


def _pair(folder: Path, megapixels: float) -> list[Path]:
    height = round((megapixels * 1e6 * 0.75) ** 0.5)
    files = []
    for photo in series("thigh", seed=1, sessions=2, replicates=1, size=(height, round(height / 0.75))):
        path = folder / photo.name
        path.write_bytes(photo.jpeg)
        files.append(path)
    return files


def _in_a_fresh_process(reference: Path, moving: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", str(reference), str(moving)]
    return dict(json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout))


def _once(reference: Path, moving: Path) -> dict[str, float]:
    seconds: dict[str, float] = {}

    def timed(name: str, call: Callable[[], T]) -> T:
        began = time.perf_counter()
        result = call()
        seconds[name] = time.perf_counter() - began
        return result

    timed("first photo of a program, which starts the process that decodes", lambda: read_photo(reference))
    begin = time.perf_counter()
    photos = timed("decode, two photos", lambda: [read_photo(p) for p in (reference, moving)])
    images = timed("calibrate, two photos", lambda: [calibrate(p) for p in photos])
    mask = timed("region", lambda: region_mask(WHOLE_SKIN, images[0]))
    timed("gate of one photo", lambda: assess_photo(images[0], mask))
    alignment = timed("align", lambda: align(images[0], images[1], region=mask))
    aligned = timed("resample", lambda: resample(images[1], alignment, images[0]))
    timed("gate of the pair", lambda: assess(images[0], images[1], alignment, aligned, mask))
    stations = time.perf_counter() - begin

    def whole() -> None:
        established, _ = establish(calibrate(read_photo(reference)), metrics=METRICS)
        follow(established, calibrate(read_photo(moving)), METRICS)

    timed("whole pair, files to every metric", whole)
    timed("one photo, file to gate", lambda: _gate(reference))
    seconds["stations together"] = stations
    seconds["peak memory, GB (pair)"] = _peak_memory()
    timed(PEER, lambda: _peer(photos[0].rgb, photos[1].rgb))
    return seconds


def _phantom(name: str, size: tuple[int, int]) -> list[float]:
    """CPU seconds of the first and of a further photo, in a fresh process on one thread."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, __file__, "--phantom", name, *map(str, size)]
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=os.environ | threads)
    return list(json.loads(done.stdout))


def _rendered(name: str, size: tuple[int, int]) -> list[float]:
    cv2.setNumThreads(1)
    plan = named(name)
    shot = nominal_shot(plan, size)
    seconds: list[float] = []
    began = time.process_time()
    stage = build_stage(plan, seed=1, size=size)
    for state in (plan.start, plan.end, plan.end):
        photo = photograph(stage, shot, state, first=shot, session=len(seconds))
        _ = photo.jpeg, photo.truth.metrics, photo.truth.moving_row
        now = time.process_time()
        seconds.append(now - began)
        began = now
    return [seconds[0], statistics.median(seconds[1:])]


def _peak_memory() -> float:
    """Largest memory of this process in GB.

    Linux's own high-water mark: `ru_maxrss` of a child starts at that of the parent, which rendered the photos.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _gate(path: Path) -> None:
    image = calibrate(read_photo(path))
    assess_photo(image, region_mask(WHOLE_SKIN, image))


def _peer(reference: NDArray[np.uint8], moving: NDArray[np.uint8]) -> None:
    """What tutorials do, at the size where it works best."""
    size = (1000, round(1000 * reference.shape[0] / reference.shape[1]))
    greys = [
        cv2.cvtColor(cv2.resize(p, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for p in (reference, moving)
    ]
    sift = cv2.SIFT.create(4000, contrastThreshold=0.008)
    (k1, d1), (k2, d2) = (sift.detectAndCompute(g, None) for g in greys)
    pairs = cv2.BFMatcher().knnMatch(d1, d2, k=2)
    good = [a for a, b in pairs if a.distance < 0.8 * b.distance]
    source, target = (
        np.array(p, dtype=np.float32) for p in zip(*((k1[m.queryIdx].pt, k2[m.trainIdx].pt) for m in good), strict=True)
    )
    homography, _ = cv2.findHomography(target, source, cv2.USAC_MAGSAC, 3.0)
    cv2.warpPerspective(greys[1], homography, size)


if __name__ == "__main__":
    main()
