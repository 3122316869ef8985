"""To the clinic's identity provider and back. Whom it lets in is decided in the record.

Two things about browsers shape this. A cookie that is ``Strict`` is not sent when a browser comes back from another
site, nor on a redirect that follows; and the policy for forms holds for where the answer to a form redirects to. So
what goes on from a form, or from a return, does so by a page of ours in between.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tracker.errors import RecordError
from tracker.openid.settings import Settings
from tracker.web.cookies import SECURE_NAME, token_in
from tracker.web.entry import Entry, Handler, entered, give_token, status_of
from tracker.web.forms import form_page
from tracker.web.headers import is_from_our_own_page, request_headers
from tracker.web.links import (
    ACCOUNT,
    CONNECT,
    DISCONNECT,
    ENROL,
    PROVIDER,
    PROVIDER_AWAY,
    PROVIDER_BACK,
    PROVIDER_CODE,
    SIGN_IN,
)

if TYPE_CHECKING:
    from tracker.openid.provider import Provider

TRIP, DOOR = f"{SECURE_NAME}-trip", f"{SECURE_NAME}-door"
_TRIP_SECONDS, _DOOR_SECONDS, _LONGEST = 600, 300, 2048
_DOWN = "provider_down"


def provider_routes(page: Callable[[str, Handler | None, Handler], Route], show_account: Handler) -> list[Route]:
    """Our pages around the identity provider.

    Parameters
    ----------
    page : callable
        Makes a route of a path and of what shows and answers it.
    show_account : callable
        The page of one's own account.
    """
    return [
        page(PROVIDER, _by_address(sign_in_by_provider), _no_form),
        page(PROVIDER_AWAY, _by_address(go_away), _no_form),
        page(PROVIDER_BACK, _by_address(come_back), _no_form),
        page(PROVIDER_CODE, show_code, give_code),
        page(CONNECT, show_account, connect),
        page(DISCONNECT, show_account, disconnect),
    ]


def sign_in_by_provider(entry: Entry) -> Response:
    """Send a browser to the provider; only from a page of ours, so that no other site signs anybody in."""
    if not is_from_our_own_page(request_headers(entry.request.scope)):
        return RedirectResponse(SIGN_IN, 303)
    sealed = entry.clinic.leave_to_sign_in(_provider(entry))
    return _sent(entry, sealed)


def accept_by_provider(entry: Entry) -> Response:
    """Send somebody who was invited to the provider."""
    return _onward(PROVIDER_AWAY, entry.clinic.leave_to_accept(_provider(entry), entry.request.path_params["token"]))


def connect(entry: Entry) -> Response:
    """Send somebody to the provider who wants to sign in by it from now on."""
    if not entry.provider_name:
        return RedirectResponse(ACCOUNT, 303)
    return _onward(PROVIDER_AWAY, entry.clinic.leave_to_connect(_provider(entry), entry.form.get("proof", "")))


def disconnect(entry: Entry) -> Response:
    """Sign in with the password alone from now on."""
    actor = entry.visitor.actor
    entry.clinic.disconnect_provider(actor.account_id if actor is not None else "")
    return RedirectResponse(f"{ACCOUNT}?said=disconnected", 303)


def go_away(entry: Entry) -> Response:
    """Go on to the provider with what a form has begun."""
    return _sent(entry, _kept(entry, TRIP))


def come_back(entry: Entry) -> Response:
    """Let somebody in who comes back from the provider, always to the same place."""
    pairs = entry.request.query_params.multi_items()
    answer = dict(pairs) if len({name for name, _ in pairs}) == len(pairs) else {}
    address = entry.visitor.caller.address
    arrival = entry.clinic.arrive(_provider(entry), _kept(entry, TRIP), answer, address=address)
    if arrival.door:
        shown = _onward(PROVIDER_CODE)
        _keep(shown, DOOR, arrival.door, seconds=_DOOR_SECONDS, strict=True)
    elif arrival.token:
        actor = entry.clinic.session_of(arrival.token)
        shown = _onward(ENROL if actor is not None and actor.is_enrolling else "/")
        give_token(entry, shown, arrival.token)
    else:
        shown = _onward(f"{ACCOUNT}?said=connected")
    _forget(shown, TRIP)
    return shown


def show_code(entry: Entry) -> Response:
    """The page that asks for the second factor which the provider did not ask for."""
    if not _kept(entry, DOOR):
        return RedirectResponse(SIGN_IN, 303)
    return form_page("provider_code", status=entry.status, error=entry.error)


def give_code(entry: Entry) -> Response:
    """Begin the session."""
    given, visitor = entry.form.get("code", ""), entry.visitor
    door, address = _kept(entry, DOOR), visitor.caller.address
    answer = entered(entry, entry.clinic.give_code(door, given, address=address, known=visitor.known))
    _forget(answer, DOOR)
    return answer


def _by_address(show: Handler) -> Handler:
    """What is done on GET, refused on a page of its own."""

    def shown(entry: Entry) -> Response:
        if entry.request.method != "GET":
            return _no_form(entry)
        if not entry.provider_name:
            return RedirectResponse(SIGN_IN, 303)
        try:
            return show(entry)
        except RecordError as error:
            status = 503 if error.code == _DOWN else status_of(error)
            refused = form_page(
                "message", status=status, title="Not signed in", text=str(error), link="/", label="Back"
            )
            if error.code != "bad_trip":  # to which any page can send a browser
                _forget(refused, TRIP)
            return refused

    return shown


def _no_form(_: Entry) -> Response:
    return PlainTextResponse("This address does not do that.", status_code=405)


def _sent(entry: Entry, sealed: str) -> Response:
    sent = RedirectResponse(entry.clinic.address_of_provider(_provider(entry), sealed), 303)
    _keep(sent, TRIP, sealed, seconds=_TRIP_SECONDS)
    return sent


def _onward(place: str, sealed: str = "") -> Response:
    shown = form_page("onward", place=place)
    if sealed:
        _keep(shown, TRIP, sealed, seconds=_TRIP_SECONDS)
    return shown


def _provider(entry: Entry) -> Provider:
    assert entry.settings is not None  # without them there is no such route
    return _provider_of(entry.settings)


@cache
def _provider_of(settings: Settings) -> Provider:
    from tracker.openid.provider import Provider  # with what it stands on, when the first one signs in

    return Provider(settings)


def _kept(entry: Entry, name: str) -> str:
    cookies = request_headers(entry.request.scope).get("cookie", "")
    return token_in(cookies, name, longest=_LONGEST) or ""


def _keep(answer: Response, name: str, sealed: str, *, seconds: int, strict: bool = False) -> None:
    same_site: Literal["lax", "strict"] = (
        "strict" if strict else "lax"
    )  # it has to come back with the browser that comes back
    answer.set_cookie(name, sealed, max_age=seconds, path="/", httponly=True, secure=True, samesite=same_site)


def _forget(answer: Response, name: str) -> None:
    answer.delete_cookie(name, path="/", httponly=True, secure=True)
