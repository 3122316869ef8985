"""report.pdf: the document a clinic hands over, A4, accessible (PDF/UA-1) where its letters allow."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tracker.report import Report
from tracker.reports.chart import chart_svg, timeline_chart
from tracker.reports.content import UNTREATED, content_of
from tracker.reports.parts import Card, PhotoRow, Remark
from tracker.reports.pictures import Picture, Pictures
from tracker.reports.typography import spoken_day

_HERE = Path(__file__).parent
_TEXT_WIDTH_MM, _GUTTER_MM, _TALLEST_MM, _TALLEST_LYING_MM = 172.0, 5.0, 120.0, 74.0
_TALLEST_ORIGIN_MM = 46.0
_LONG_REMARK = 60
"""Letters from which on a remark that several photos share is not said in each row."""
#: The font of the report, then those inside typst; what none of them has is taken from the machine.
FONTS = ("Inter", "DejaVu Sans Mono", "Libertinus Serif")


def render_pdf(report: Report, pictures: Pictures) -> bytes:
    """The report as a PDF document.

    Parameters
    ----------
    report : Report
    pictures : Pictures

    Returns
    -------
    bytes
        The same for the same report: its date is that of the newest photo, not of the clock.
    """
    with TemporaryDirectory(prefix="tracker-report-") as folder:
        _lay_out(report, pictures, Path(folder))
        return compiled(Path(folder) / "report.typ")


def _lay_out(report: Report, pictures: Pictures, folder: Path) -> None:
    """Everything the template reads, in a folder of its own that typst cannot leave."""
    content = content_of(report)
    newest = _newest(report)
    document = {
        "content": asdict(content) | {"photos": [_photo_list(title, rows) for title, rows in content.photos]},
        "date": [newest.year, newest.month, newest.day],
        "fonts": FONTS,
        "untreated": UNTREATED,
        "charts": {card.name: _write_chart(report, card, folder) for card in content.cards},
        "pictures": _write_pictures(content.title, pictures, folder, beside=bool(content.control or content.newer)),
        "origins": {card.name: _write_origin(card, pictures, folder) for card in content.cards},
    }
    (folder / "content.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "report.typ").write_bytes((_HERE / "report.typ").read_bytes())


def _photo_list(title: str, rows: Sequence[PhotoRow]) -> dict[str, Any]:
    """The photos, and below them, once, the long remarks that several of them share."""
    counts = Counter(text for row in rows for text in {remark.text for remark in row.remarks})
    shared = [text for text, count in counts.items() if count > 1 and len(text) > _LONG_REMARK]
    numbers = {text: k for k, text in enumerate(shared, start=1)}

    def short(remark: Remark) -> str:
        number = numbers.get(remark.text)
        return str(remark) if number is None else f"{remark.found} See remark {number}.".lstrip()

    listed = [asdict(row) | {"remarks": [short(remark) for remark in row.remarks]} for row in rows]
    return {"title": title, "rows": listed, "remarks": [f"Remark {numbers[text]}: {text}" for text in shared]}


def _write_chart(report: Report, card: Card, folder: Path) -> dict[str, str]:
    line = report.timeline.of(card.name)
    # The first metric carries the headline; the others share a page.
    height = 180 if line is report.primary else 140
    spec = timeline_chart(line, control=report.untreated(line), width=700, height=height)
    name = f"chart-{card.name}.svg"
    (folder / name).write_text(chart_svg(spec), encoding="utf-8")
    return {"file": name, "alt": f"{spec['description']} The values are in the table below."}


def _write_pictures(title: str, pictures: Pictures, folder: Path, *, beside: bool) -> list[dict[str, Any]]:
    shown = [(p, word) for p, word in ((pictures.first, "First"), (pictures.latest, "Latest")) if p is not None]
    return [
        _write_picture(title, picture, word, pictures.region_outline, folder, beside=beside) for picture, word in shown
    ]


def _write_picture(
    title: str, picture: Picture, word: str, outline: Sequence[tuple[float, float]], folder: Path, *, beside: bool
) -> dict[str, Any]:
    name = f"{word.lower()}.jpg"
    (folder / name).write_bytes(picture.jpeg)
    pixels_wide, pixels_high = picture.size
    # Lying pictures stand one above the other, so that the skin is seen as large as the page allows; where more is said
    # above them, that is side by side.
    lying = pixels_wide > 1.2 * pixels_high and not beside
    widest, tallest = (_TEXT_WIDTH_MM, _TALLEST_LYING_MM) if lying else ((_TEXT_WIDTH_MM - _GUTTER_MM) / 2, _TALLEST_MM)
    width = min(widest, tallest * pixels_wide / pixels_high)
    return {
        "file": name,
        "word": word,
        "day": spoken_day(picture.taken_on),
        "alt": f"{title}, photo of {spoken_day(picture.taken_on)}",
        "width": width,
        "height": width * pixels_high / pixels_wide,
        "outline": [list(corner) for corner in outline],
    }


def _write_origin(card: Card, pictures: Pictures, folder: Path) -> dict[str, Any] | None:
    """Where the number of a metric comes from: two small pictures and their legend."""
    origin = pictures.origins.get(card.name)
    if origin is None:
        return None
    shown = []
    for word, picture in (("First", origin.first), ("Latest", origin.latest)):
        name = f"origin-{card.name}-{word.lower()}.jpg"
        (folder / name).write_bytes(picture.jpeg)
        pixels_wide, pixels_high = picture.size
        width = min((_TEXT_WIDTH_MM - _GUTTER_MM) / 2, _TALLEST_ORIGIN_MM * pixels_wide / pixels_high)
        day = spoken_day(picture.taken_on)
        alt = f"{card.title}: where the number comes from in the photo of {day}"
        shown.append({"file": name, "word": word, "day": day, "width": width, "alt": alt})
    return {"pictures": shown, "legend": asdict(origin.legend)}


def compiled(template: Path) -> bytes:
    """PDF/UA-1 in our own fonts; letters these lack come from the machine's fonts, or are shown as boxes.

    Parameters
    ----------
    template : Path
        Typst file in a folder of its own with everything that it reads; it cannot leave that.
    """
    import typst

    attempts: list[dict[str, Any]] = [
        {"ignore_system_fonts": True, "pdf_standards": ["ua-1"]},
        {"ignore_system_fonts": False, "pdf_standards": ["ua-1"]},
        {"ignore_system_fonts": False},
    ]
    for attempt in attempts:
        try:
            return bytes(
                typst.compile(
                    str(template),
                    root=str(template.parent),
                    font_paths=[str(_HERE / "fonts")],
                    **attempt,
                )
            )
        except typst.TypstError as error:
            failure = error
    raise failure


def _newest(report: Report) -> date:
    return max(photo.taken_on for photo in report.photos)
