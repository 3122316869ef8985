"""`card`: the printable calibration card."""

from __future__ import annotations

from argparse import Namespace
from datetime import date
from pathlib import Path

from tracker.calibration import KnownColours, KnownDistance, read_batch, read_distance
from tracker.calibration.batch import empty_table
from tracker.calibration.chart import Edition
from tracker.errors import CalibrationFailed
from tracker.region import read_region
from tracker.reports.card import render_card


def print_card(options: Namespace) -> int:
    """Write the card as PDF, and an empty table for its measured colours if one is asked for."""
    day = date.today()  # noqa: DTZ011  a day on paper is the day of the room it is printed in
    batch = options.batch or day.isoformat()
    _write(options.out, render_card(paper=options.paper, batch=batch, printed_on=day))
    print(f"The card, batch {batch}, is in {options.out}. Print it at 100 %, then measure its ruler: 100 mm.")
    if options.values:
        _write(options.values, empty_table(batch).encode())
        print(f"The table for its measured colours is in {options.values}.")
    return 0


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def known_colours(options: Namespace) -> KnownColours:
    """What the options say about the card, the chart or the grey in the pictures.

    Raises
    ------
    CalibrationFailed
        The table of the card, or the outline of the grey, cannot be used.
    """
    batch = read_batch(options.card) if options.card else None
    neutral = None
    if options.grey:
        neutral = read_region(options.grey).polygon
        if neutral is None:
            raise CalibrationFailed(
                f'{options.grey.name} is a mask; give the grey surface as an outline, {{"polygon": [[row, col], …]}}.',
                code="grey_outline",
            )
    return KnownColours(batch=batch, edition=Edition(options.chart), neutral=neutral)


def known_distance(options: Namespace) -> KnownDistance | None:
    """What the options say about a length in the reference photo.

    Raises
    ------
    CalibrationFailed
        The distance cannot be used, or was given for several photos of which each is its own reference.
    """
    if options.distance is None:
        return None
    if len(getattr(options, "photos", ())) > 1:
        raise CalibrationFailed(
            "A known distance belongs to one photo; please measure the photos one by one.", code="bad_distance"
        )
    return read_distance(options.distance)
