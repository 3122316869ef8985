"""`dual`: two photos of one session with the lamp left, then right."""

from __future__ import annotations

import io
from argparse import Namespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracker.calibration import CalibratedImage, calibrate
from tracker.commands.card import known_distance
from tracker.commands.pair_document import photo_document
from tracker.commands.printing import finite, forget, print_json, writer
from tracker.dual import LightPair, left_first, pair_lights
from tracker.errors import AlignmentFailed
from tracker.photo import read_photo
from tracker.quality import Status
from tracker.region import WHOLE_SKIN, read_region
from tracker.reports.document import check_document

_FILES = ("difference.png", "difference.npz")
_FULL_SCALE = 0.5
"""Half difference of log light that is shown as white or black."""


def dual_light(options: Namespace) -> int:
    """Write the difference of a pair with opposite light, and say whether it can be used."""
    region = read_region(options.region) if options.region else WHOLE_SKIN
    left = calibrate(read_photo(options.left), distance=known_distance(options))
    right = calibrate(read_photo(options.right), like=left.grid)
    write = writer(options.out)
    forget((options.out / name for name in _FILES), keep=(options.left, options.right))
    document: dict[str, Any] = {"status": "rejected", "reason": None, "checks": [], "rms": None, "files": []}
    document |= {"left": _photo(left), "right": _photo(right)}
    try:
        pair = pair_lights(left, right, region)
    except AlignmentFailed as error:
        document["reason"] = error.reason
    else:
        document |= _document(pair)
        for side, light in zip(("left", "right"), pair.lights or (), strict=False):
            document[side]["azimuth"] = finite(light.azimuth, 1) if light.told else None
        if document["files"]:
            for name, content in zip(_FILES, (_png(pair), _npz(pair)), strict=True):
                write(name, content)
    if options.json:
        print_json(document)
    else:
        print(_sentence(document))
    return 0


def _photo(image: CalibratedImage) -> dict[str, Any]:
    """A photo as `compare` has it, with when it was taken and where its light comes from, which is not known yet."""
    day, moment = image.photo.taken_on, image.photo.taken_at
    return photo_document(image) | {
        "taken_on": day.isoformat() if day else None,
        "taken_at": moment.isoformat() if moment else None,
        "azimuth": None,
    }


def _document(pair: LightPair) -> dict[str, Any]:
    checks = (*pair.checks, *left_first(pair))
    refused = next((check.advice for check in checks if check.status is Status.BLOCK), None)
    return {
        "status": "rejected" if refused else "paired",
        "reason": refused,
        "checks": [check_document(check) for check in checks],
        "rms": finite(float(pair.difference[pair.valid].std())) if pair.valid.any() else None,
        "files": [] if refused else list(_FILES),
    }


def _sentence(document: dict[str, Any]) -> str:
    if document["status"] != "paired":
        return f"Not a pair with dual light: {document['reason']}"
    remarks = " ".join(check["advice"] for check in document["checks"] if check["advice"])
    return f"A pair with dual light: the half difference varies by {100 * document['rms']:.1f} %. {remarks}".rstrip()


def _png(pair: LightPair) -> bytes:
    """Grey where the lamps are equal, white where the first one shines, black also outside."""
    shown = np.clip(128 + 127 * pair.difference / _FULL_SCALE, 1, 255) * pair.valid
    buffer = io.BytesIO()
    Image.fromarray(_u8(shown)).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _u8(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(values), np.uint8)


def _npz(pair: LightPair) -> bytes:
    buffer = io.BytesIO()
    pitch = np.nan if pair.mm_per_cell is None else pair.mm_per_cell
    np.savez_compressed(buffer, difference=pair.difference, valid=pair.valid, mm_per_cell=pitch)
    return buffer.getvalue()
