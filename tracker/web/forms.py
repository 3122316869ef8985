"""Our own plain pages, which need no script: HTML from the templates beside this file, and what comes back of them."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, quote

import streamlit
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tracker.web.sign import MARK, WORDMARK

FOOTER = "tracker says what changed in photos of skin, and how sure that is. It is not a diagnosis."
LARGEST_FORM, MOST_FIELDS = 16 * 1024, 20
_HTML = Path(__file__).parent / "html"


class FormTooLarge(Exception):
    """Nobody fills in so much."""


def form_page(template: str, *, status: int = 200, error: str = "", notice: str = "", **values: object) -> HTMLResponse:
    """One of our own pages.

    Parameters
    ----------
    template : str
        Name of the template, without its endings.
    status : int
    error, notice : str
        One sentence above the form.
    **values
        What the template shows.
    """
    html = _templates().get_template(f"{template}.html.jinja").render(error=error, notice=notice, **_frame(), **values)
    return HTMLResponse(html, status_code=status)


async def sent_form(request: Request) -> dict[str, str]:
    """Fields of a form, as far as anybody fills them in.

    Raises
    ------
    FormTooLarge
        There is more than a form of ours can hold; the rest has not been read.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise FormTooLarge
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise FormTooLarge from error


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HTML), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _frame() -> dict[str, object]:
    """What every page has; all of it is ours, so it is markup as it stands."""
    style = (_HTML / "style.css").read_text(encoding="utf-8").replace("{{ font }}", _font_face())
    return {
        "style": Markup(style),  # noqa: S704
        "wordmark": Markup(WORDMARK),  # noqa: S704
        "icon": f"data:image/svg+xml,{quote(MARK)}",
        "footer": FOOTER,
    }


def _font_face() -> str:
    """The font of Streamlit's pages; where its file is named otherwise, the system's own stands in."""
    folder = Path(streamlit.__file__).parent / "static"
    found = sorted(folder.glob("static/media/SourceSansVF-Upright*.woff2"))
    if not found:
        return ""
    address = "/" + found[0].relative_to(folder).as_posix()
    return f'@font-face {{ font-family: "Source Sans"; src: url("{address}") format("woff2"); font-weight: 200 900; }}'


def picture_address(png: bytes) -> str:
    """A picture as an address that holds all of it."""
    return "data:image/png;base64," + base64.b64encode(png).decode()
