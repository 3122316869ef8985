"""Our own HTTP routes: photos and what is drawn of them, masked pairs, reports, the card, and whether the app is alive.

Nothing of a patient goes through Streamlit's own media store, which answers anybody who knows an address.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tracker.errors import TrackerError
from tracker.web.guard import VISITOR
from tracker.web.issued import issued_routes

if TYPE_CHECKING:
    from tracker.clinic import Clinic
    from tracker.web.downloads import ReportFile

WIDTHS = (160, 320, 640, 1024, 1600, 2400, 3600)
DEFAULT_WIDTH = 1024

Opened = Callable[[], "Clinic"]
Acting = Callable[[Request], "Clinic"]


def routes(opened: Opened, view_of: Callable[[str], str] = lambda _: "") -> list[Route]:
    """Our routes over a clinic.

    Parameters
    ----------
    opened : callable
        Gives the clinic, when the first request needs it.
    view_of : callable
        What the log calls the view of a page that a session has on screen; `Presence.view_of`.
    """

    def acting(request: Request) -> Clinic:
        from tracker.clinic.actors import NOBODY  # with the record, which loads while the first page is on its way

        actor = request.scope[VISITOR].actor or NOBODY
        return opened().acting_for(actor, request_id=view_of(actor.session_id))

    return [
        Route("/healthz", _healthz),
        Route("/photo/{photo_id}", partial(_photo, acting)),
        Route("/difference/{photo_id}", partial(_difference, acting)),
        Route("/overlay/{photo_id}/{metric}", partial(_overlay, acting)),
        Route("/rating/{session_id}/{position:int}/{side}", partial(_rated, acting)),
        Route("/card/{file_name}", partial(_card, acting)),
        Route("/report/{view_id}.{format_name}", partial(_report, acting)),
        Route("/report/erasure/{erased}", partial(_receipt, acting)),
        *issued_routes(acting, width_step),
    ]


def width_step(asked: str | None) -> int:
    """The offered width that suits the asked one; few widths, so that few copies of a photo are ever made.

    Examples
    --------
    >>> [width_step(asked) for asked in ("300", "99999", None, "wide")]
    [320, 3600, 1024, 1024]
    """
    if asked is None or not asked.isascii() or not asked.isdigit() or len(asked) > 6:
        return DEFAULT_WIDTH
    return next((step for step in WIDTHS if step >= int(asked)), WIDTHS[-1])


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("ok")


# The handlers below are plain functions: Starlette runs those in a thread, and decoding does not stop the server.


def _photo(acting: Acting, request: Request) -> Response:
    width, aligned = width_step(request.query_params.get("w")), request.query_params.get("aligned") == "1"
    photo_id = request.path_params["photo_id"]
    return _jpeg(lambda: acting(request).picture(photo_id, width=width, aligned=aligned))


def _difference(acting: Acting, request: Request) -> Response:
    width = width_step(request.query_params.get("w"))
    return _jpeg(lambda: acting(request).difference(request.path_params["photo_id"], width=width))


def _overlay(acting: Acting, request: Request) -> Response:
    width = width_step(request.query_params.get("w"))
    photo_id, metric = request.path_params["photo_id"], request.path_params["metric"]
    return _jpeg(lambda: acting(request).overlay(photo_id, metric, width=width))


def _rated(acting: Acting, request: Request) -> Response:
    from tracker.reader_study import Side  # not needed to show a page

    width, asked = width_step(request.query_params.get("w")), request.path_params
    if asked["side"] not in tuple(Side):
        return _not_found()
    pair = asked["session_id"], asked["position"], Side(asked["side"])
    return _jpeg(lambda: acting(request).rated_picture(*pair, width=width))


def _jpeg(picture: Callable[[], bytes]) -> Response:
    try:
        return Response(picture(), media_type="image/jpeg")
    except TrackerError:
        # Unknown, foreign and not yet measured look the same from outside.
        return _not_found()


def _report(acting: Acting, request: Request) -> Response:
    from tracker.clinic.actors import Verb  # with the record, as in `routes`
    from tracker.web.downloads import render_report  # the formats are not needed to show a page

    view_id, format_name = request.path_params["view_id"], request.path_params["format_name"]
    try:
        clinic = acting(request)
        file = render_report(clinic, view_id, format_name)
        if file is not None:  # the photos in it may have been looked at before; that it was taken away is said as well
            patient_id = clinic.view(view_id).patient_id
            clinic.audit(Verb.EXPORT, "report", patient_id=patient_id, object=f"view:{view_id}")
    except TrackerError:
        return _not_found()
    return _sent(file)


def _receipt(acting: Acting, request: Request) -> Response:
    try:
        return _sent(acting(request).receipt_file(request.path_params["erased"]))
    except TrackerError:
        return _not_found()


def _card(acting: Acting, request: Request) -> Response:
    from tracker.web.downloads import card_file

    try:
        file = card_file(acting(request), request.path_params["file_name"])
    except TrackerError:
        return _not_found()
    return _sent(file)


def _sent(file: ReportFile | None) -> Response:
    if file is None:
        return _not_found()
    disposition = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return Response(file.data, media_type=file.media_type, headers=disposition)


def _not_found() -> Response:
    return PlainTextResponse("Not found", status_code=404)
