"""report.html: one self-contained page for the screen, the phone and the printer."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from tracker.report import Report
from tracker.reports.chart import chart_svg, timeline_chart
from tracker.reports.content import UNTREATED, content_of
from tracker.reports.pictures import Picture, Pictures
from tracker.reports.typography import spoken_day
from tracker.timeline import MetricTimeline

_WIDE, _NARROW = 640, 326


def render_html(report: Report, pictures: Pictures) -> bytes:
    """The report as one HTML file that asks nobody for anything.

    Parameters
    ----------
    report : Report
    pictures : Pictures

    Returns
    -------
    bytes
        UTF-8. Pictures and charts are inside; a content security policy forbids everything else.
    """
    template = _template()
    page = template.render(
        content=content_of(report),
        pictures=pictures,
        outline=" ".join(f"{col:.4f},{row:.4f}" for row, col in pictures.region_outline),
        charts={line.metric.name: _charts(report, line) for line in report.measured},
        thumbnails={digest: _data(jpeg) for digest, jpeg in pictures.thumbnails.items()},
        data=_data_of,
        day=spoken_day,
        untreated=UNTREATED,
        script_hash=_script_hash(template),
    )
    return page.encode("utf-8", "replace")


def _charts(report: Report, line: MetricTimeline) -> tuple[Markup, Markup]:
    """For a desk and for a phone: a chart that is only scaled down cannot be read."""
    control = report.untreated(line)
    wide = timeline_chart(line, control=control, width=_WIDE, height=210)
    narrow = timeline_chart(line, control=control, width=_NARROW, height=190)
    return _inline(chart_svg(wide)), _inline(chart_svg(narrow))


def _inline(svg: str) -> Markup:
    """SVG for use inside HTML; the chart library has escaped its texts."""
    return Markup(re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg, count=2))  # noqa: S704


def _data_of(picture: Picture) -> str:
    return _data(picture.jpeg)


def _data(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("tracker.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")


def _script_hash(template: Template) -> str:
    """The only script that may run in the page is the one of the template."""
    script = "".join(template.blocks["script"](template.new_context()))
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
