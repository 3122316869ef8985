"""The measured colours of a batch of printed cards, as a table (CSV)."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.fit import delta_e00, lab_d50, xyz_d65
from tracker.calibration.layout import PATCHES, nominal_lab_d50
from tracker.errors import CalibrationFailed

COLUMNS = ("patch", "L", "a", "b", "batch")
_XYZ = ("X", "Y", "Z")
_MOST_BYTES = 100_000
_FARTHEST_FROM_NOMINAL = 30.0
_MOST_DISAGREEMENT = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One batch of printed cards, measured with a spectrophotometer.

    Attributes
    ----------
    name : str
        As printed on the cards.
    lab_d50 : ndarray, shape (18, 3)
        CIELAB (D50, 2°) of the patches in the order of `tracker.calibration.layout.PATCHES`.
    """

    name: str
    lab_d50: NDArray[np.float64]

    @property
    def xyz(self) -> NDArray[np.float64]:
        """CIE XYZ (D65, Y = 1 for white), shape (18, 3)."""
        return xyz_d65(self.lab_d50)


def read_batch(path: Path, data: bytes | None = None) -> Batch:
    """Measured colours of a batch of cards.

    Parameters
    ----------
    path : Path
        A table with the columns ``patch,L,a,b,batch`` and optionally ``X,Y,Z``, one row for each of the 18 patches:
        CIELAB and XYZ (Y = 100 for white) under D50 for the 2° observer, as spectrophotometers give them.
    data : bytes, optional
        The content of the table if it is not to be read from `path`, which then only names it.

    Returns
    -------
    Batch

    Raises
    ------
    CalibrationFailed
        The table is not such a table; the reason says where and what to do. Its code is ``card_values``.
    """
    rows = _rows(path, path.read_bytes() if data is None else data)
    values: dict[str, list[float]] = {}
    for row in rows:
        name = row["patch"]
        if name not in _names() or name in values:
            fault = "is given twice" if name in values else "is not on the card"
            raise _failed(path, f"patch “{name[:20]}” {fault}; there is one row for each of {_span()}")
        values[name] = _lab(path, row)
    missing = [name for name in _names() if name not in values]
    if missing:
        raise _failed(path, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; measure all patches")
    measured = np.array([values[name] for name in _names()])
    _check_plausible(path, measured)
    return Batch(_batch(path, rows), measured)


def empty_table(batch: str) -> str:
    """The table of a batch, to be filled in."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows((name, "", "", "", batch) for name in _names())
    return buffer.getvalue()


def _names() -> list[str]:
    return [patch.name for patch in PATCHES]


def _span() -> str:
    return "G1–G6 and S01–S12"


def _failed(path: Path, what: str) -> CalibrationFailed:
    return CalibrationFailed(f"The card values in {path.name} cannot be used: {what}.", code="card_values")


def _rows(path: Path, data: bytes) -> list[dict[str, str]]:
    if len(data) > _MOST_BYTES:
        raise _failed(path, "the file is far too long for 18 patches; give the table of one batch")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _failed(path, "it is not a text file; save the table as CSV (UTF-8)") from None
    if "\0" in text:
        raise _failed(path, "it is not a text file; save the table as CSV (UTF-8)")
    table = csv.DictReader(io.StringIO(text))
    header = [name.strip() for name in table.fieldnames or []]
    absent = [name for name in COLUMNS if name not in header]
    if absent:
        raise _failed(path, f"it has no column {', '.join(absent)}; its first line must be {','.join(COLUMNS)}")
    table.fieldnames = header
    rows = [{key: (value or "").strip() for key, value in row.items() if isinstance(key, str)} for row in table]
    return [row for row in rows if any(row.values())]


def _lab(path: Path, row: dict[str, str]) -> list[float]:
    lab = [_number(path, row, column) for column in ("L", "a", "b")]
    if not (0 <= lab[0] <= 100 and max(abs(lab[1]), abs(lab[2])) <= 128):
        raise _failed(path, f"{row['patch']} is no colour of paper; L must be 0 to 100, a and b −128 to 128")
    if any(row.get(column) for column in _XYZ):
        xyz = np.array([_number(path, row, column) for column in _XYZ]) / 100.0
        apart = float(delta_e00(xyz_d65(np.array(lab)), xyz_d65(lab_d50(xyz))))
        if not apart <= _MOST_DISAGREEMENT:
            raise _failed(
                path, f"L, a, b and X, Y, Z of {row['patch']} disagree; give both under D50 and 2°, Y up to 100"
            )
    return lab


def _number(path: Path, row: dict[str, str], column: str) -> float:
    text = row.get(column, "")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _failed(path, f"{column} of {row['patch']} is “{text[:20]}”; write a number with a point, such as 52.3")
    return value


def _check_plausible(path: Path, measured: NDArray[np.float64]) -> None:
    apart = delta_e00(xyz_d65(measured), xyz_d65(nominal_lab_d50()))
    worst = int(np.argmax(apart))
    if apart[worst] > _FARTHEST_FROM_NOMINAL:
        raise _failed(
            path,
            f"{PATCHES[worst].name} is ΔE00 {apart[worst]:.0f} away from what was printed; "
            "check the order of the patches, and that they were measured under D50",
        )


def _batch(path: Path, rows: list[dict[str, str]]) -> str:
    names = {row["batch"] for row in rows}
    if len(names) != 1 or not (name := names.pop()):
        raise _failed(path, "it must name one batch, the same in every row, as it is printed on the card")
    return "".join(character for character in name if character.isprintable())[:40]
