"""Seconds and peak memory per station for a pair of 12-megapixel photos, beside a peer in the same run.

    python benchmarks/speed.py [--runs 5] [--megapixels 12]

Machines differ and are busy: the ratios to the peer (SIFT features, MAGSAC homography, warp) are what to quote.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.alignment import align, resample
from tracker.calibration import calibrate
from tracker.metrics import METRICS
from tracker.phantom import series
from tracker.photo import read_photo
from tracker.pipeline import establish, follow
from tracker.quality import assess, assess_photo
from tracker.region import WHOLE_SKIN, region_mask

T = TypeVar("T")


def main() -> None:
    """Print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--one", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_once(*options.one)))
        return
    with tempfile.TemporaryDirectory() as folder:
        files = _pair(Path(folder), options.megapixels)
        runs = [_in_a_fresh_process(*files) for _ in range(options.runs)]
    _print(runs, options.megapixels)


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
    timed("peer: SIFT + MAGSAC homography + warp, 1000 px", lambda: _peer(photos[0].rgb, photos[1].rgb))
    return seconds


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


def _print(runs: list[dict[str, float]], megapixels: float) -> None:
    peer = [r["peer: SIFT + MAGSAC homography + warp, 1000 px"] for r in runs]
    print(
        f"{megapixels:.0f} MP pair, {len(runs)} runs in fresh processes, {platform.python_implementation()} "
        f"{platform.python_version()}, {platform.machine()}"
    )
    print("\n| station | median s | min–max | ratio to the peer |")
    print("| --- | ---: | ---: | ---: |")
    for name in runs[0]:
        values = [r[name] for r in runs]
        ratio = statistics.median(v / p for v, p in zip(values, peer, strict=True))
        shown = "" if "memory" in name else f"{ratio:.2f}"
        print(f"| {name} | {statistics.median(values):.2f} | {min(values):.2f}–{max(values):.2f} | {shown} |")


if __name__ == "__main__":
    main()
