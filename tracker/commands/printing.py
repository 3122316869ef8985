"""One JSON document on stdout, or lines for people; progress on stderr when it is a terminal."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm


def print_json(document: object) -> None:
    """Print one JSON document and nothing else; it is whole before the first character is written."""
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    sys.stdout.write(text + "\n")


def finite(value: float | None, digits: int = 6) -> float | None:
    """A number for JSON: None where there is none."""
    return None if value is None or not math.isfinite(value) else round(value, digits)


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
