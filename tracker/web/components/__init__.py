"""What Streamlit does not have: a before/after slider, pictures side by side in step, and a region editor.

Each is a few lines of JavaScript of our own beside this file. Pictures are named by the address of our own route
and never pass through Streamlit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to show.

    Attributes
    ----------
    src : str
        Address of our own route, without a width; the component asks for the width the screen can show.
    label : str
        Short text on the picture, such as a date.
    alt : str
        What the picture shows, for those who do not see it.
    """

    src: str
    label: str
    alt: str


def _asset(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


_SLIDER = st.components.v2.component(
    "tracker_slider", html=_asset("slider.html"), css=_asset("viewer.css"), js=_asset("zoom.js", "slider.js")
)
_SIDE_BY_SIDE = st.components.v2.component(
    "tracker_side_by_side",
    html=_asset("side_by_side.html"),
    css=_asset("viewer.css"),
    js=_asset("zoom.js", "side_by_side.js"),
)
_REGION = st.components.v2.component(
    "tracker_region",
    html=_asset("region.html"),
    css=_asset("viewer.css", "region.css"),
    js=_asset("zoom.js", "region.js"),
)


_CARRIED = st.components.v2.component(
    "tracker_carried",
    html=_asset("carried.html"),
    css=_asset("viewer.css", "carried.css"),
    js=_asset("zoom.js", "carried.js"),
)
_WIDTH = st.components.v2.component("tracker_width", html="<span hidden></span>", js=_asset("width.js"))
NARROW_PX = 640


def is_narrow(*, guess: bool) -> bool:
    """Whether the window is narrow, as a phone's is.

    Parameters
    ----------
    guess : bool
        For the first time a page is drawn, before the window has answered.
    """
    known = st.session_state.get("window_width") or {}
    told = known.get("narrow")
    told = guess if told is None else bool(told)
    _WIDTH(
        key="window_width",
        data={"narrow": NARROW_PX, "told": told},
        default={"narrow": told},
        on_narrow_change=lambda: None,
    )
    return told


def slider(before: Picture, after: Picture, *, shape: tuple[int, int], key: str, compact: bool = False) -> None:
    """Show two pictures of the same skin over each other, with a divider to move.

    Parameters
    ----------
    before, after : Picture
        In the same frame.
    shape : tuple of int
        Height and width of that frame, in pixels.
    key : str
        The divider keeps its place as long as the key stays.
    compact : bool
        Without the hint for mouse and keyboard, for a phone.
    """
    data = {"before": asdict(before), "after": asdict(after), "aspect": _aspect(shape), "compact": compact}
    _SLIDER(key=key, data=data)


def side_by_side(pictures: Sequence[Picture], *, shape: tuple[int, int], title: str, key: str, hint: str = "") -> None:
    """Show pictures beside each other; zoom and pan move all of them.

    Parameters
    ----------
    pictures : sequence of Picture
        In the same frame; one is enough.
    shape : tuple of int
        Height and width of that frame, in pixels.
    title : str
        What is shown, for those who do not see it.
    key : str
    hint : str
        One quiet line beside the zoom buttons.
    """
    data = {"pictures": [asdict(p) for p in pictures], "aspect": _aspect(shape), "title": title, "hint": hint}
    _SIDE_BY_SIDE(key=key, data=data)


def region_editor(
    picture: Picture,
    corners: Sequence[tuple[float, float]],
    *,
    shape: tuple[int, int],
    version: str,
    key: str,
    suggestion: Sequence[tuple[float, float]] = (),
    ruler: bool = False,
) -> list[tuple[float, float]]:
    """Draw a polygon, or the two ends of a length, on a picture.

    Parameters
    ----------
    picture : Picture
        The reference photo.
    corners : sequence of (row, column)
        To start with, in pixels of the reference photo.
    shape : tuple of int
        Height and width of the reference photo, in pixels.
    version : str
        When it changes, the drawing starts again from `corners`.
    key : str
    suggestion : sequence of (row, column)
        Offered as long as nothing is drawn; nobody's region before it is accepted.
    ruler : bool
        Two points are drawn, not a polygon.

    Returns
    -------
    list of (row, column)
        As drawn, in pixels of the reference photo.
    """
    start = [list(corner) for corner in corners]
    data: dict[str, object] = {"picture": asdict(picture), "shape": list(shape), "corners": start, "version": version}
    data["ruler"] = ruler
    data["suggestion"] = [list(corner) for corner in suggestion]
    drawn = _REGION(key=key, data=data, default={"corners": start}, on_corners_change=_nothing).corners
    return [(float(row), float(column)) for row, column in drawn or []]


@dataclass(frozen=True, slots=True)
class Outlined:
    """A photo with lines over it.

    Attributes
    ----------
    picture : Picture
    shape : tuple of int
        Height and width of the photo, in pixels.
    lines : sequence of sequences of (row, column)
        In pixels of the photo.
    """

    picture: Picture
    shape: tuple[int, int]
    lines: Sequence[Sequence[tuple[float, float]]]


def carried_strip(photos: Sequence[Outlined], *, key: str) -> None:
    """Show photos, each with its own lines over it."""
    _CARRIED(key=key, data={"photos": [asdict(photo) for photo in photos]})


def _aspect(shape: tuple[int, int]) -> float:
    return round(shape[1] / shape[0], 5)


def _nothing() -> None:
    """Streamlit keeps a state of a component only if it has a callback."""
