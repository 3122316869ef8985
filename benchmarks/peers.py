"""What others align photos with, each as its authors or its tutorials use it, on greys of at most 1000 pixels.

OpenCV and scikit-image are here; packages that the program does not depend on run in a process of their own
(`benchmarks.peers_apart`), with the interpreter that the environment variable ``PEERS_PYTHON`` names, else with this
one. What is not installed there is said to be so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers_methods import (
    Grey,
    Homography,
    dis,
    ecc_multi_scale,
    ecc_pyramid,
    farneback,
    fourier_mellin,
    ilk,
    orb,
    sift_low,
    sift_normalised,
    sift_tutorial,
    skimage_orb,
    skimage_sift,
    tv_l1,
)

Points = NDArray[np.float64]
Rgb = NDArray[np.uint8]

WIDTH: Final = 1000
FLOW_WIDTH: Final = 500
"""Of the slow variational flows."""
_APART_NAMES: Final = {
    "akaze": "AKAZE homography (contributed modules of OpenCV)",
    "SimpleITK": "SimpleITK, mutual information, affine, B-spline",
    "elastix": "elastix, rigid, affine, B-spline (500 px)",
    "ants": "ANTs SyN (500 px)",
    "pystackreg": "pystackreg, affine",
    "imreg_dft": "imreg_dft, similarity",
}
_PATIENCE = 300
_APART = Path(__file__).with_name("peers_apart.py")


@dataclass(frozen=True, slots=True)
class Peer:
    """One way to align two photos.

    Attributes
    ----------
    name : str
    run : callable
        ``(reference, moving, points) -> (places or None, CPU seconds or None)``: where points (n, 2) of the reference
        lie in the moving photo, (row, column) pixels; None if the method gives up. It counts its own seconds where it
        runs in another process.
    slow : bool
        Whether it runs on some of the pairs only.
    """

    name: str
    run: Callable[[Rgb, Rgb, Points], tuple[Points | None, float | None]]
    slow: bool = False


def _greys(reference: Rgb, moving: Rgb, width: int = WIDTH) -> tuple[Grey, Grey, float]:
    """Both photos in grey, and by what they were reduced."""
    factor = min(1.0, width / max(reference.shape[1], moving.shape[1]))
    size = [(round(rgb.shape[1] * factor), round(rgb.shape[0] * factor)) for rgb in (reference, moving)]
    greys = [
        np.asarray(cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), to, interpolation=cv2.INTER_AREA), np.uint8)
        for rgb, to in zip((reference, moving), size, strict=True)
    ]
    return greys[0], greys[1], factor


Finder = Callable[[Grey, Grey], Homography | None]
Flow = Callable[[Grey, Grey], NDArray[np.float32]]


def _aligned(
    find: Finder | None, flow: Flow | None, width: int, reference: Rgb, moving: Rgb, points: Points
) -> tuple[Points | None, float | None]:
    """Places by a homography, and a flow after it."""
    first, second, factor = _greys(reference, moving, width)
    homography = np.eye(3) if find is None else find(first, second)
    if homography is None or not np.isfinite(homography).all():
        return None, None
    at = ((points + 0.5) * factor - 0.5)[:, ::-1]
    if flow is not None:
        near = cv2.warpPerspective(
            second, homography, first.shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        moved = flow(first, np.asarray(near, np.uint8))
        col, row = at.astype(np.float32).T
        at = at + cv2.remap(moved, col[:, None], row[:, None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
    found = np.column_stack([at, np.ones(len(at))]) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        place = found[:, 1::-1] / found[:, 2:]
    return (place + 0.5) / factor - 0.5, None


def _apart(method: str, reference: Rgb, moving: Rgb, points: Points) -> tuple[Points | None, float | None]:
    """Places by a package of its own, in its own process: one crashes when OpenCV is loaded beside it."""
    first, second, factor = _greys(reference, moving, FLOW_WIDTH if method in ("elastix", "ants") else WIDTH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pair.npz"
        np.savez(path, first=first, second=second, points=(points + 0.5) * factor - 0.5)
        threads = dict.fromkeys(("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", "OMP_NUM_THREADS"), "1")
        command = [interpreter(), str(_APART), method, str(path)]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_PATIENCE, env=os.environ | threads)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None, float("nan")
        with np.load(path) as found:
            return (found["place"] + 0.5) / factor - 0.5, float(found["seconds"])


def interpreter() -> str:
    """The Python that has the packages of their own."""
    return os.environ.get("PEERS_PYTHON", sys.executable)


@cache
def installed() -> frozenset[str]:
    """Methods of `peers_apart` whose package the interpreter has."""
    command = [interpreter(), str(_APART), "installed", *_APART_NAMES]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return frozenset(told)


_HOMOGRAPHIES: Final[dict[str, Finder]] = {
    "SIFT, tutorial, homography": sift_tutorial,
    "SIFT, low contrast, MAGSAC homography": sift_low,
    "SIFT on local normalisation, homography": sift_normalised,
    "ORB homography": orb,
    "ECC over a pyramid": ecc_pyramid,
    "findTransformECCMultiScale": ecc_multi_scale,
    "Fourier–Mellin": fourier_mellin,
}


def absent() -> list[str]:
    """Names of the peers that are not installed."""
    return [name for method, name in _APART_NAMES.items() if method not in installed()]


def peers() -> tuple[Peer, ...]:
    """All that are installed, those that are tried on every pair first."""
    found = [
        Peer("SIFT H + DIS", partial(_aligned, sift_low, dis, WIDTH)),
        Peer("SIFT on local normalisation H + DIS", partial(_aligned, sift_normalised, dis, WIDTH)),
        Peer("ORB H + DIS", partial(_aligned, orb, dis, WIDTH)),
        Peer("DIS alone", partial(_aligned, None, dis, WIDTH)),
        Peer("Farneback alone", partial(_aligned, None, farneback, WIDTH)),
    ]
    found += [Peer(name, partial(_aligned, finder, None, WIDTH)) for name, finder in _HOMOGRAPHIES.items()]
    found += [
        Peer("scikit-image SIFT homography", partial(_aligned, skimage_sift, None, WIDTH), slow=True),
        Peer("scikit-image ORB homography", partial(_aligned, skimage_orb, None, WIDTH), slow=True),
        Peer("SIFT H + TV-L1 (500 px)", partial(_aligned, sift_low, tv_l1, FLOW_WIDTH), slow=True),
        Peer("SIFT H + ILK (500 px)", partial(_aligned, sift_low, ilk, FLOW_WIDTH), slow=True),
    ]
    found += [
        Peer(name, partial(_apart, method), slow=method != "akaze")
        for method, name in _APART_NAMES.items()
        if method in installed()
    ]
    return tuple(found)
