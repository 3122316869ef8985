"""A photo on which points are placed, numbered in the order they came, with those of earlier sessions as rings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import streamlit as st

from tracker.web.components import Picture

MOST_POINTS = 200


def _asset(*names: str) -> str:
    here = Path(__file__).parent
    return "\n".join((here / name).read_text(encoding="utf-8") for name in names)


_POINTS = st.components.v2.component(
    "tracker_points",
    html=_asset("points.html"),
    css=_asset("viewer.css", "points.css"),
    js=_asset("zoom.js", "points.js"),
)


def points_editor(
    picture: Picture,
    points: Sequence[tuple[float, float]],
    *,
    rings: Sequence[tuple[float, float]] = (),
    shape: tuple[int, int],
    version: str,
    key: str,
) -> list[tuple[float, float, int]]:
    """Place points on a picture.

    Parameters
    ----------
    picture : Picture
        The photo.
    points : sequence of (row, column)
        To start with, in pixels of the photo.
    rings : sequence of (row, column)
        Points of earlier sessions on the same skin; they cannot be moved.
    shape : tuple of int
        Height and width of the photo, in pixels.
    version : str
        When it changes, the placing starts again from `points`.
    key : str

    Returns
    -------
    list of (row, column, int)
        As placed, in pixels of the photo; the last number is the place in `points` of one that was there at the start,
        and -1 of a new one.
    """
    start = [[row, column, k] for k, (row, column) in enumerate(points)]
    data = {
        "picture": asdict(picture),
        "shape": list(shape),
        "points": start,
        "rings": [list(ring) for ring in rings],
        "version": version,
        "most": MOST_POINTS,
    }
    placed = _POINTS(key=key, data=data, default={"points": start}, on_points_change=_nothing).points
    return [(float(row), float(column), int(of)) for row, column, of in placed or []]


def _nothing() -> None:
    """Streamlit keeps a state of a component only if it has a callback."""
