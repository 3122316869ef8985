"""The measured colours of a batch of printed cards, as a table (CSV)."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.fit import delta_e00, lab_d50, xyz_d50, xyz_d65
from tracker.calibration.inks import office_prints
from tracker.calibration.layout import PATCHES, nominal_lab_d50
from tracker.calibration.misses import Misses, expected_misses
from tracker.calibration.spectra import WAVELENGTHS, observer
from tracker.errors import CalibrationFailed

COLUMNS = ("patch", "L", "a", "b", "batch")
_TEXTS = ("patch", "batch")
_XYZ = ("X", "Y", "Z")
_MOST_BYTES = 100_000
_FARTHEST_FROM_NOMINAL = 30.0
_MOST_DISAGREEMENT, _MOST_SPECTRAL_DISAGREEMENT = 1.0, 2.0
#: Heading of a column of a spectrum, as programs of instruments write it: nm400, SPECTRAL_NM400, SPEC_400, 400, 400.0.
_BAND = re.compile(r"(?:(?:spectral|spec|r)_?)?(?:nm)?_?(\d{3})(?:[.,]0+)?(?:\s?nm)?", re.IGNORECASE)
_FIRST_NM, _LAST_NM, _WIDEST_STEP_NM = 420, 690, 20
_PER_CENT_FROM, _BRIGHTEST = 2.0, 1.3  # paper that fluoresces gives more than it gets


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One batch of printed cards, measured with a spectrophotometer.

    Attributes
    ----------
    name : str
        As printed on the cards.
    lab_d50 : ndarray, shape (30, 3)
        CIELAB (D50, 2°) of the patches in the order of `tracker.calibration.layout.PATCHES`.
    spectra : ndarray, shape (30, 33), or None
        Their reflectances at `tracker.calibration.spectra.WAVELENGTHS`. Without them, spectra of office inks of the
        measured colours are supposed.
    """

    name: str
    lab_d50: NDArray[np.float64]
    spectra: NDArray[np.float64] | None = None

    @property
    def xyz(self) -> NDArray[np.float64]:
        """CIE XYZ (D65, Y = 1 for white), shape (30, 3)."""
        return _in_daylight(self)[0]

    @property
    def misses(self) -> Misses:
        """What a colour matrix that is right for skin makes of the patches."""
        return _in_daylight(self)[1]


@lru_cache(maxsize=8)
def _in_daylight(batch: Batch) -> tuple[NDArray[np.float64], Misses]:
    """CIE XYZ under D65 and the misses of the patches of a batch."""
    if batch.spectra is not None:
        return batch.spectra @ observer().T, expected_misses(batch.spectra)
    measured = xyz_d50(batch.lab_d50)
    supposed = office_prints(measured)
    # What the supposed inks cannot reach is scaled to what was measured.
    xyz = np.mean(supposed @ observer().T * (measured / (supposed @ observer("D50").T)), axis=0)
    return np.asarray(xyz), expected_misses(supposed)


def read_batch(path: Path, data: bytes | None = None) -> Batch:
    """Measured colours of a batch of cards.

    Parameters
    ----------
    path : Path
        A table with the columns ``patch,L,a,b,batch`` and optionally ``X,Y,Z`` and spectra (``nm400``, ``nm410`` … of
        reflectance, as shares or per cent), one row for each of the 30 patches: CIELAB and XYZ (Y = 100 for white)
        under D50 for the 2° observer, as spectrophotometers give them. Columns may be parted by semicolons; numbers
        may then have a decimal comma.
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
    bands = _bands(path, rows)
    values: dict[str, list[float]] = {}
    spectra: dict[str, NDArray[np.float64]] = {}
    for row in rows:
        name = row["patch"]
        if name not in _names() or name in values:
            fault = "is given twice" if name in values else "is not on the card"
            raise _failed(path, f"patch “{name[:20]}” {fault}; there is one row for each of {_span()}")
        values[name] = _lab(path, row)
        if bands:
            spectra[name] = _spectrum(path, row, bands)
    missing = [name for name in _names() if name not in values]
    if missing:
        raise _failed(path, f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; measure all patches")
    measured = np.array([values[name] for name in _names()])
    _check_plausible(path, measured)
    return Batch(_batch(path, rows), measured, _share(path, measured, spectra) if bands else None)


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
    return "G1–G6, S01–S12 and V01–V12"


def _failed(path: Path, what: str) -> CalibrationFailed:
    return CalibrationFailed(f"The card values in {path.name} cannot be used: {what}.", code="card_values")


def _rows(path: Path, data: bytes) -> list[dict[str, str]]:
    if len(data) > _MOST_BYTES:
        raise _failed(path, "the file is far too long for 30 patches; give the table of one batch")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _failed(path, "it is not a text file; save the table as CSV (UTF-8)") from None
    if "\0" in text:
        raise _failed(path, "it is not a text file; save the table as CSV (UTF-8)")
    # Old spreadsheets end lines with a carriage return alone, which the reader of tables takes for a fault.
    lines = io.StringIO(text, newline=None).getvalue()
    separator = _separator(lines)
    table = csv.DictReader(io.StringIO(lines), delimiter=separator)
    try:
        return _cells(path, table, decimal_comma=separator == ";")
    except csv.Error:
        raise _failed(path, "its lines cannot be read; save it as CSV (UTF-8)") from None


def _separator(text: str) -> str:
    """Semicolon or comma, whichever parts the columns of the first line."""
    first = text.lstrip().split("\n", 1)[0]
    return ";" if first.count(";") > first.count(",") else ","


def _cells(path: Path, table: csv.DictReader[str], *, decimal_comma: bool) -> list[dict[str, str]]:
    """Rows that are not empty, numbers with a point; spreadsheets that write commas in numbers part by semicolons."""
    header = [name.strip() for name in table.fieldnames or []]
    absent = [name for name in COLUMNS if name not in header]
    if absent:
        raise _failed(path, f"it has no column {', '.join(absent)}; its first line must be {','.join(COLUMNS)}")
    table.fieldnames = header
    rows = [{key: (value or "").strip() for key, value in row.items() if isinstance(key, str)} for row in table]
    if decimal_comma:
        rows = [{key: _with_point(value) if key not in _TEXTS else value for key, value in row.items()} for row in rows]
    return [row for row in rows if any(row.values())]


def _with_point(number: str) -> str:
    return number.replace(",", ".")


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


def _bands(path: Path, rows: list[dict[str, str]]) -> dict[float, str]:
    """Columns of the spectrum by wavelength, in nm; empty if there is none, or none is filled in."""
    headings = rows[0] if rows else {}
    found = {float(match[1]): name for name in headings if (match := _BAND.fullmatch(name))}
    found = dict(sorted(found.items()))
    if not any(row.get(name) for row in rows for name in found.values()):
        return {}
    nm = np.array(list(found))
    if nm[0] > _FIRST_NM or nm[-1] < _LAST_NM or np.diff(nm).max() > _WIDEST_STEP_NM:
        raise _failed(path, f"its spectra have gaps; give {_FIRST_NM} to {_LAST_NM} nm in steps of 20 nm or less")
    return found


def _spectrum(path: Path, row: dict[str, str], bands: dict[float, str]) -> NDArray[np.float64]:
    """Reflectance in the unit of the table, shape (33,); beyond its ends as at them."""
    return np.interp(WAVELENGTHS, list(bands), [_number(path, row, name) for name in bands.values()])


def _share(path: Path, measured: NDArray[np.float64], spectra: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Spectra of all patches as shares, shape (30, 33), if they have the measured colours."""
    values = np.array([spectra[name] for name in _names()])
    values = values / 100.0 if values.max() > _PER_CENT_FROM else values
    if values.min() < 0.0 or values.max() > _BRIGHTEST:
        raise _failed(path, "its spectra are no reflectances; they must be 0 to 1, or 0 to 100 per cent")
    apart = delta_e00(xyz_d65(lab_d50(values @ observer("D50").T)), xyz_d65(measured))
    worst = int(np.argmax(apart))
    if apart[worst] > _MOST_SPECTRAL_DISAGREEMENT:
        raise _failed(
            path,
            f"the spectrum of {PATCHES[worst].name} has not its L, a, b (ΔE00 {apart[worst]:.1f}); "
            "give both of the same measurement, under D50 and 2°",
        )
    return values


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
