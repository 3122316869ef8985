"""F2 What is typed and not photographed: tape and weight, as measurements with the error that is known of them."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tracker.alignment import AlignedImage
from tracker.errors import MeasurementDeclined
from tracker.measurement.bootstrap import BOOTSTRAP_DRAWS
from tracker.measurement.metric import Direction, Metric, Place, Role, Topic
from tracker.measurement.value import Measurement

FILE_NAME = "typed.csv"
COLUMNS = ("taken_on", "quantity", "value", "unit", "reading")
_LEVEL = "level"
_MOST_BYTES = 200_000
#: How numbers may be written, which is less than Python takes: no "8_0", no "1e2", no digits of other scripts.
_NUMBER, _READING = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?"), re.compile(r"[1-9]")
DIGEST = "typed"
"""What stands in place of the digest of a photo."""


def _not_in_a_photo(image: AlignedImage, place: Place) -> NDArray[np.float32]:
    raise MeasurementDeclined("Tape and weight are typed, not measured in a photo.", code="typed")


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float(np.average(values[:, 0], weights=weights))


def _typed(name: str, title: str, plain: str, symbol: str, unit: str, session_sd: float) -> Metric:
    return Metric(
        name=name,
        title=title,
        plain=plain,
        symbol=symbol,
        unit=unit,
        version=1,
        direction=Direction.NONE,
        multiplicative=False,
        needs=frozenset(),
        prepare=_not_in_a_photo,
        reduce=_mean,
        session_sd=session_sd,
        topic=Topic.CONTOUR,
        role=Role.SECONDARY,
    )


TAPE = _typed("tape", "Tape measure", "the tape measure", "T", "cm", 1.0)
"""The same person tapes the same waist with a technical error of 0.2 to 1.9 cm; 1 cm is its middle. With the reading
itself, half a centimetre, the smallest detectable change is 3.1 cm from one reading a day and 2.9 cm from two; 3.0 to
6.8 cm matter (MEASUREMENT.md §2, F2)."""
WEIGHT = _typed("weight", "Weight", "the weight", "m", "kg", 0.65)
"""Scales are right to 0.1 to 0.5 kg, and a body is within 1 kg of itself from day to day; both are common knowledge and
not looked up. As limits of even distributions, 0.5 and 1 kg make 0.65 kg together."""
TYPED: tuple[Metric, ...] = (TAPE, WEIGHT)

#: How many units of the metric one typed unit is.
_UNITS = {
    "tape": {"cm": 1.0, "mm": 0.1, "in": 2.54, "inch": 2.54, "inches": 2.54},
    "weight": {"kg": 1.0, "lb": 0.45359237, "lbs": 0.45359237},
}
_PLAUSIBLE = {"tape": (10.0, 300.0), "weight": (20.0, 400.0)}
#: Standard uncertainty of one reading: a tape is read to half a centimetre, a scale is right to half a kilogram.
_OF_ONE = {"tape": 0.5, "weight": 0.29}


@dataclass(frozen=True, slots=True)
class TypedQuantity:
    """One reading that somebody typed.

    Attributes
    ----------
    taken_on : date
    quantity : str
        ``"tape"`` or ``"weight"``.
    value : float
        In the unit of the metric: cm or kg.
    reading : int
        From 1; two readings of a day are averaged.
    level : str
        Where the tape lay, such as ``"50 % iliac crest to knee"``; empty where it was not said, and for a weight.
    """

    taken_on: date
    quantity: str
    value: float
    reading: int = 1
    level: str = ""


def read_typed(data: bytes) -> tuple[tuple[TypedQuantity, ...], tuple[str, ...]]:
    """Typed readings of a table, and what is wrong with its other lines.

    Parameters
    ----------
    data : bytes
        CSV (UTF-8) with the columns ``taken_on,quantity,value,unit,reading`` and optionally ``level``; columns may be
        parted by semicolons, numbers may then have a decimal comma.

    Returns
    -------
    tuple of TypedQuantity
        In the order of the file.
    tuple of str
        One sentence for each line that is not used; one for the file if none can be.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if len(data) > _MOST_BYTES or "\0" in text:
        return (), (f"{FILE_NAME} is not a table of readings; save it as CSV (UTF-8).",)
    lines = io.StringIO(text, newline=None).getvalue()
    first = lines.split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    table = csv.DictReader(io.StringIO(lines), delimiter=separator)
    found: list[TypedQuantity] = []
    faults: list[str] = []
    try:
        table.fieldnames = [name.strip().lower() for name in table.fieldnames or ()]
        wrong = _wrong_header(table.fieldnames)
        if wrong:
            return (), (wrong,)
        for row in table:
            cells = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str | None) and key}
            if any(cells.values()):
                _add(found, faults, cells, line=table.line_num, decimal_comma=separator == ";")
    except csv.Error:
        faults.append(f"{FILE_NAME} cannot be read from line {max(table.line_num, 1)} on; save it as CSV (UTF-8).")
    return tuple(found), tuple(faults)


def in_metric_unit(quantity: str, value: float, unit: str, *, said: str = "") -> float:
    """A typed number in the unit of its metric: centimetres or kilograms.

    Parameters
    ----------
    quantity : str
        ``"tape"`` or ``"weight"``.
    value : float
    unit : str
    said : str
        The number as it was typed, for the sentence that refuses it.

    Raises
    ------
    ValueError
        Quantity or unit is not known, or nobody measures that.

    Examples
    --------
    >>> in_metric_unit("tape", 24, "in")
    60.96
    """
    if quantity not in _UNITS:
        raise ValueError(f"“{quantity[:20]}” is not known; write tape or weight")
    if unit not in _UNITS[quantity]:
        raise ValueError(f"“{unit[:20]}” is no unit of {quantity}; write {' or '.join(_UNITS[quantity])}")
    found = value * _UNITS[quantity][unit]
    low, high = _PLAUSIBLE[quantity]
    if not low <= found <= high:
        wanted = f"{low:g} to {high:g} {'cm' if quantity == 'tape' else 'kg'}"
        raise ValueError(f"“{(said or f'{value:g}')[:20]}” {unit} is no {quantity}; write a number that is {wanted}")
    return found


def _wrong_header(names: Sequence[str]) -> str:
    """What is wrong with the first line, as a sentence; empty if nothing is."""
    if any(name not in names for name in COLUMNS):
        return f"{FILE_NAME} cannot be used: its first line must be {','.join(COLUMNS)}."
    twice = next((name for name in (*COLUMNS, _LEVEL) if names.count(name) > 1), None)
    return f"{FILE_NAME} cannot be used: its first line names {twice} twice; leave one of the two." if twice else ""


def _add(
    found: list[TypedQuantity], faults: list[str], cells: dict[str, str], *, line: int, decimal_comma: bool
) -> None:
    """One line, or the sentence that says what is wrong with it."""
    read = _reading(cells, decimal_comma=decimal_comma)
    if isinstance(read, TypedQuantity):
        read = _beside(read, found)
    if isinstance(read, TypedQuantity):
        found.append(read)
    else:
        faults.append(f"{FILE_NAME}, line {line}: {read}.")


def _reading(cells: dict[str, str], *, decimal_comma: bool) -> TypedQuantity | str:
    quantity, unit = cells["quantity"].lower(), cells["unit"].lower()
    try:
        taken_on = date.fromisoformat(cells["taken_on"])
    except ValueError:
        return f"“{cells['taken_on'][:20]}” is no date; write it as YYYY-MM-DD"
    number = cells["value"].replace(",", ".") if decimal_comma else cells["value"]
    try:
        value = in_metric_unit(
            quantity, float(number) if _NUMBER.fullmatch(number) else math.nan, unit, said=cells["value"]
        )
    except ValueError as error:
        return str(error)
    reading = cells["reading"] or "1"
    if not _READING.fullmatch(reading):
        return f"“{reading[:20]}” is no reading; write 1 for the first and 2 for the second of the day"
    # A scale stands where it stands: only a tape has a level.
    level = cells.get(_LEVEL, "") if quantity == TAPE.name else ""
    return TypedQuantity(taken_on, quantity, value, int(reading), level)


def _beside(read: TypedQuantity, found: Iterable[TypedQuantity]) -> TypedQuantity | str:
    """The reading, unless it contradicts those before it."""
    for other in found:
        if other.quantity != read.quantity:
            continue
        if (other.taken_on, other.reading) == (read.taken_on, read.reading):
            return f"reading {read.reading} of {read.quantity} on {read.taken_on} is there already; number them 1 and 2"
        if other.level != read.level:
            return f"the tape lay at “{other.level[:40]}” before; only one level can be followed in one table"
    return read


def typed_measurements(readings: Sequence[TypedQuantity]) -> tuple[Measurement, ...]:
    """The mean of each quantity on each day, as measurements.

    Parameters
    ----------
    readings : sequence of TypedQuantity

    Returns
    -------
    tuple of Measurement
        By quantity and day. The uncertainty is that of the reading, from the spread of the day's readings where there
        are two or more, and never below that of the instrument; that from one day to the next is the metric's.
    """
    ordered = sorted(readings, key=lambda r: (r.quantity, r.taken_on, r.reading))
    return tuple(
        _of_a_day(metric, day, [r.value for r in group])
        for (quantity, day), group in groupby(ordered, key=lambda r: (r.quantity, r.taken_on))
        for metric in TYPED
        if metric.name == quantity
    )


def _of_a_day(metric: Metric, day: date, values: list[float]) -> Measurement:
    mean = float(np.mean(values))
    own = _OF_ONE[metric.name] / math.sqrt(len(values))
    spread = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    reading = max(own, spread)
    return Measurement(
        metric=metric.name,
        method=metric.method,
        unit=metric.unit,
        value=mean,
        uncertainty=reading,
        digest=DIGEST,
        taken_on=day,
        parts=(("reading", reading),),
        draws=(mean,) * BOOTSTRAP_DRAWS,
        area_share=1.0,
    )
