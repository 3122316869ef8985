"""Routes of issued reports: the bytes a patient received, and the two photos its page shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tracker.errors import TrackerError

if TYPE_CHECKING:
    from tracker.clinic import Clinic

Acting = Callable[[Request], "Clinic"]
Width = Callable[[str | None], int]


def issued_routes(acting: Acting, width_step: Width) -> list[Route]:
    """Routes over a clinic.

    Parameters
    ----------
    acting : callable
        Gives the clinic, bound to whoever asks.
    width_step : callable
        The offered width that suits an asked one.
    """

    def file(request: Request) -> Response:
        try:
            found = acting(request).issued_file(request.path_params["report_id"])
        except TrackerError:
            return _not_found()
        disposition = {"Content-Disposition": f'attachment; filename="{found.name}"'}
        return Response(found.data, media_type=found.media_type, headers=disposition)

    def picture(request: Request) -> Response:
        report_id, position = request.path_params["report_id"], request.path_params["position"]
        width = width_step(request.query_params.get("w"))
        try:
            data = acting(request).issued_picture(report_id, position, width=width)
        except TrackerError:  # unknown, foreign and taken back look the same from outside
            return _not_found()
        return Response(data, media_type="image/jpeg")

    return [Route("/report/issued/{report_id}", file), Route("/photo/issued/{report_id}/{position:int}", picture)]


def _not_found() -> Response:
    return PlainTextResponse("Not found", status_code=404)
