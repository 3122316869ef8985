"""The printable calibration card: a page at true size, from the layout that reading uses too."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from tracker.calibration import layout
from tracker.calibration.fit import xyz_d65
from tracker.calibration.linear import XYZ_FROM_LINEAR, srgb_from_linear
from tracker.calibration.markers import MARKER_DICTIONARY, MARKER_SIDE_MM
from tracker.reports.typography import plain, spoken_day

#: Height and width of the sheets, mm.
PAPERS = {"a4": (297.0, 210.0), "letter": (279.4, 215.9)}
_NAMES = {"a4": "A4", "letter": "Letter"}
_TOP_MM = 40.0
_CELLS = 6
_FONTS = ("Inter", "DejaVu Sans Mono", "Libertinus Serif")
_HERE = Path(__file__).parent


def render_card(*, paper: str, batch: str, printed_on: date) -> bytes:
    """The card as a PDF document at true size.

    Parameters
    ----------
    paper : str
        One of `PAPERS`.
    batch : str
        Under which name its measured colours will be known.
    printed_on : date

    Returns
    -------
    bytes
        One page, the same for the same arguments.
    """
    import typst

    with TemporaryDirectory(prefix="tracker-card-") as name:
        folder = Path(name)
        content = json.dumps(_content(paper, batch, printed_on))
        (folder / "card.json").write_text(content, encoding="utf-8")
        (folder / "card.typ").write_bytes((_HERE / "card.typ").read_bytes())
        return bytes(
            typst.compile(
                str(folder / "card.typ"),
                root=name,
                font_paths=[str(_HERE / "fonts")],
                ignore_system_fonts=True,
            )
        )


def card_origin(paper: str) -> tuple[float, float]:
    """Where the upper left corner of the card lies on the sheet, (y, x) mm."""
    return _TOP_MM, (PAPERS[paper][1] - layout.CARD_WIDTH_MM) / 2


def _content(paper: str, batch: str, printed_on: date) -> dict[str, Any]:
    lean = layout.EDGE_SIDE_MM * 0.35 * float(np.tan(np.radians(layout.EDGE_DEGREES)))
    return {
        "title": "Calibration card",
        "batch": plain(batch),
        "day": spoken_day(printed_on),
        "paper": _NAMES[paper],
        "page": PAPERS[paper],
        "origin": card_origin(paper),
        "size": (layout.CARD_HEIGHT_MM, layout.CARD_WIDTH_MM),
        "fonts": _FONTS,
        "side": layout.PATCH_SIDE_MM,
        "patches": _patches(),
        "marker": MARKER_SIDE_MM,
        "markers": [_marker(number) for number in range(len(layout.MARKER_CENTRES))],
        "gauge": {"at": layout.GAUGE_AT, "side": layout.GAUGE_SIDE_MM},
        "edge": {"at": layout.EDGE_AT, "side": layout.EDGE_SIDE_MM, "lean": lean},
        "ruler": {"at": layout.RULER_AT, "length": int(layout.RULER_MM)},
        "label": layout.LABEL_AT,
        "count": len(layout.PATCHES),
    }


def _patches() -> list[dict[str, Any]]:
    linear = xyz_d65(layout.nominal_lab_d50()) @ np.linalg.inv(XYZ_FROM_LINEAR).T
    colours = np.rint(255 * srgb_from_linear(linear)).astype(int).tolist()
    half = layout.PATCH_SIDE_MM / 2
    return [
        {"name": patch.name, "at": (patch.centre[0] - half, patch.centre[1] - half), "rgb": colour}
        for patch, colour in zip(layout.PATCHES, colours, strict=True)
    ]


def _marker(number: int) -> dict[str, Any]:
    """Upper left corner of a marker, and its white cells in runs: (y, x, height, width), mm from that corner."""
    bits = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(MARKER_DICTIONARY), number, _CELLS)
    cell = MARKER_SIDE_MM / _CELLS
    white = [
        (row * cell, start * cell, cell, (end - start) * cell)
        for row, line in enumerate(np.asarray(bits) > 0)
        for start, end in _runs(line.tolist())
    ]
    corner = layout.MARKER_CENTRES[number] - MARKER_SIDE_MM / 2
    return {"at": corner.tolist(), "white": white}


def _runs(line: list[bool]) -> list[tuple[int, int]]:
    """Start and end of each run of true values.

    Examples
    --------
    >>> _runs([False, True, True, False, True])
    [(1, 3), (4, 5)]
    """
    edges = np.flatnonzero(np.diff([False, *line, False])).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
