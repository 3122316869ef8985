"""Findings of a benchmark: plain numbers that are stored, so that a page can be written again without measuring."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

Findings = dict[str, Any]

RESULTS = Path(__file__).resolve().parent / "results"
_DIGITS = 4


def plain(value: Any) -> Any:
    """A value as JSON holds it: numbers to four significant digits, what is not a number as null.

    Examples
    --------
    >>> plain({"a": 1.23456789, "b": [float("nan"), 7]})
    {'a': 1.235, 'b': [None, 7]}
    """
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, str | bool | None):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return _rounded(float(value))
    if isinstance(value, Sequence | np.ndarray):
        return [plain(part) for part in value]
    raise TypeError(f"findings hold numbers and words, not {type(value).__name__}")


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def store(name: str, findings: Findings, folder: Path = RESULTS) -> Path:
    """Write findings under their name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(plain(findings), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def stored(name: str, folder: Path = RESULTS) -> Findings | None:
    """Findings stored under a name; None if that benchmark has not run yet."""
    path = folder / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
