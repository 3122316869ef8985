"""How the charts of the validation page look, and how they become pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import altair as alt
from PIL import Image

import tracker.reports

INK, MUTED, QUIET, GRID = "#1d2939", "#475467", "#98a2b3", "#e7eaee"
OURS, RIVAL = "#0b6bb5", "#b54708"
HUES = ("#0b6bb5", "#b54708", "#3d7a3d", "#7a4fa3", "#8a6d1f", "#475467")
_SCALE = 2.0


def rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Records of a table that is stored by columns.

    Examples
    --------
    >>> rows({"a": [1, 2], "b": ["x", "y"]})
    [{'a': 1, 'b': 'x'}, {'a': 2, 'b': 'y'}]
    """
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def data(records: list[dict[str, Any]]) -> Any:
    """Records as a chart holds them: inside its specification, without pandas."""
    return alt.InlineData(values=records)


def styled(chart: Any) -> Any:
    """The chart in the style of the page."""
    return (
        chart.configure(font="Inter", background="white", padding=10)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=MUTED, titleColor=MUTED, labelFontSize=11, titleFontSize=12, titleFontWeight="normal",
            gridColor=GRID, domainColor=QUIET, tickColor=QUIET,
        )
        .configure_header(labelColor=INK, labelFontSize=12, titleColor=MUTED, titleFontWeight="normal")
        .configure_legend(labelColor=MUTED, titleColor=MUTED, titleFontWeight="normal", labelFontSize=11)
        .configure_title(color=INK, fontSize=13, fontWeight="normal", anchor="start")
    )  # fmt: skip


def identity(low: float, high: float, scale: alt.Scale | None = None) -> Any:
    """The line on which found and true are the same, on the scale of what it is laid under."""
    scale = alt.Scale() if scale is None else scale
    ends = [{"x": low, "y": low}, {"x": high, "y": high}]
    return (
        alt.Chart(data(ends))
        .mark_line(color=QUIET, strokeDash=[4, 3], strokeWidth=1)
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    )


def save(figures: dict[str, Any], folder: Path) -> list[Path]:
    """Write charts as PNG files, named by their keys."""
    import vl_convert

    vl_convert.register_font_directory(str(Path(tracker.reports.__file__).parent / "fonts"))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for stem, chart in figures.items():
        path = folder / f"{stem}.png"
        picture = Image.open(io.BytesIO(vl_convert.vegalite_to_png(styled(chart).to_json(), scale=_SCALE)))
        # A hundred colours are enough for dots and lines, and make a fifth of the file.
        picture.convert("RGB").quantize(128).save(path, optimize=True)
        written.append(path)
    return written
