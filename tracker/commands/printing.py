"""One JSON document on stdout, or lines for people; progress on stderr when it is a terminal."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tracker.calibration import ColourCalibration, Scale
from tracker.quality import Check


def print_json(document: object) -> None:
    """Print one JSON document and nothing else; it is whole before the first character is written."""
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write(text + "\n")


def finite(value: float | None, digits: int = 6) -> float | None:
    """A number for JSON: None where there is none."""
    return None if value is None or not math.isfinite(value) else round(value, digits)


def check_document(check: Check) -> dict[str, Any]:
    """A quality check in the form of the command line's JSON."""
    return {
        "check": check.check,
        "value": finite(check.value),
        "limit": check.limit,
        "status": str(check.status),
        "advice": check.advice,
        "blocks": check.blocks,
    }


def colour_document(colour: ColourCalibration) -> dict[str, Any]:
    """The colour level of a photo and its evidence in the form of the command line's JSON."""
    return {
        "level": str(colour.level),
        "delta_e": finite(colour.delta_e),
        "grey_residual": finite(colour.grey_residual),
        "evidence": colour.evidence,
    }


def scale_document(scale: Scale | None) -> dict[str, Any] | None:
    """The scale of a photo and what it rests on in the form of the command line's JSON; None without one."""
    if scale is None:
        return None
    return {
        "mm_per_px": finite(scale.mm_per_px),
        "relative_uncertainty": finite(scale.relative_uncertainty),
        "source": scale.source,
    }


class ProgressBar:
    """A progress bar on stderr; silent when stderr is not a terminal."""

    def __init__(self, unit: str = "photo") -> None:
        self._bar: Any = None
        self._unit = unit

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """Show that `done` of `total` steps are finished and `what` is next."""
        if self._bar is None:
            self._bar = tqdm(total=total, unit=self._unit, disable=not sys.stderr.isatty(), file=sys.stderr)
        self._bar.set_postfix_str(what[:40])
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._bar.close()


def forget(files: Iterable[Path], *, keep: Iterable[Path] = ()) -> None:
    """Remove files that an earlier run wrote, so that no one takes them for those of this run.

    What is in `keep` stays: it is what this run reads.
    """
    kept = {path.resolve() for path in keep}
    for path in files:
        if path.is_file() and path.resolve() not in kept:
            path.unlink()


def writer(folder: Path) -> Callable[[str, bytes], Path]:
    """A function that writes files into a folder, which is made if it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, data: bytes) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return write
