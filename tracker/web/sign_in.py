"""Signing in and out, the first set-up, invitations and patients' links: plain pages of our own, without a script.

Everything that may open a door is decided in the record; here it is only asked for and answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tracker.errors import RecordError, TrackerError
from tracker.web.cookies import cookie_name, give, let_know, take_back
from tracker.web.forms import FormTooLarge, form_page, picture_address, sent_form
from tracker.web.guard import VISITOR, Visitor
from tracker.web.headers import CLEAR_SITE_DATA
from tracker.web.links import ACCOUNT, ENROL, SET_UP, SIGN_IN
from tracker.web.read_only import read_only_page

if TYPE_CHECKING:
    from tracker.clinic import Clinic

NOTICES = {
    "ended": "You were signed out, because nothing was done for a while or your session was ended.",
    "changed": "Your password is changed.",
}
DIFFERENT_PASSWORDS = "The two passwords are not the same."
LINK_DEAD = "This link is not open. It may have been used, withdrawn, or run out; your clinic can send you another."
WAITING_CODES = ("throttled",)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request to one of our own pages.

    Attributes
    ----------
    request : Request
    clinic : Clinic
        Acting for the visitor.
    form : dict of str to str
        What was sent; empty when the page is only shown.
    error : str
        Why it was refused; empty when the page is shown first.
    """

    request: Request
    clinic: Clinic
    form: dict[str, str]
    error: str = ""
    status: int = 200

    @property
    def visitor(self) -> Visitor:
        """Who asks."""
        found: Visitor = self.request.scope[VISITOR]
        return found

    @property
    def notice(self) -> str:
        """What the address asks us to say; only sentences of ours."""
        return NOTICES.get(self.request.query_params.get("said", ""), "")


Handler = Callable[[Entry], Response]


def session_routes(opened: Callable[[], Clinic]) -> list[Route]:
    """Our pages around signing in.

    Parameters
    ----------
    opened : callable
        Gives the clinic, when the first request needs it.
    """
    return [
        _route(SIGN_IN, opened, show_sign_in, sign_in),
        _route("/session/demonstration", opened, None, enter_demonstration),
        _route(SET_UP, opened, show_set_up, set_up),
        _route(ENROL, opened, show_second_factor, confirm_second_factor),
        _route("/session/invitation/{token}", opened, show_invitation, accept_invitation),
        _route(ACCOUNT, opened, show_account, change_password),
        _route("/session/sign-out", opened, None, sign_out),
        _route("/session/left", opened, seconds_left, stay),
        _route("/r/{token}", opened, show_link, open_link),
    ]


def _route(path: str, opened: Callable[[], Clinic], show: Handler | None, answer: Handler) -> Route:
    """A page that is shown on GET and answered on POST; what the record refuses is said on the page itself."""

    async def endpoint(request: Request) -> Response:
        try:
            form = await sent_form(request) if request.method == "POST" else {}
        except FormTooLarge:
            return PlainTextResponse("This is more than the form holds.", status_code=413)
        return await run_in_threadpool(_answered, request, opened, form, show, answer)

    return Route(path, endpoint, methods=["GET", "POST"])


def _answered(
    request: Request, opened: Callable[[], Clinic], form: dict[str, str], show: Handler | None, answer: Handler
) -> Response:
    from tracker.clinic.actors import NOBODY  # with the record, which loads while the first page is on its way

    try:
        record = opened()
        closed = read_only_page(record)
        if closed is not None:
            return closed
        clinic = record.acting_for(request.scope[VISITOR].actor or NOBODY)
        entry = Entry(request, clinic, form)
        if request.method == "POST":
            return _tried(entry, show, answer)
        return show(entry) if show else RedirectResponse("/", 303)
    except TrackerError as error:
        return form_page("message", status=503, title="Not now", text=str(error), link="", label="")


def _tried(entry: Entry, show: Handler | None, answer: Handler) -> Response:
    try:
        return answer(entry)
    except RecordError as error:
        status = 429 if error.code in WAITING_CODES else 403
        if show is None:
            raise
        return show(Entry(entry.request, entry.clinic, entry.form, str(error), status))


# Signing in


def show_sign_in(entry: Entry) -> Response:
    """The page to sign in, or the welcome while the clinic has no owner."""
    is_open = entry.visitor.caller.is_here and entry.clinic.is_demonstration_open()
    template = "sign_in" if entry.clinic.has_owner() else "welcome"
    return form_page(
        template,
        status=entry.status,
        error=entry.error,
        notice=entry.notice,
        name=entry.form.get("name", ""),
        demonstration=is_open,
    )


def sign_in(entry: Entry) -> Response:
    """Begin a session, and end the one this browser may have had."""
    form, visitor = entry.form, entry.visitor
    typed = form.get("name", ""), form.get("password", ""), form.get("code", "")
    token = entry.clinic.sign_in(*typed, address=visitor.caller.address, known=visitor.known)
    return _entered(entry, token)


def enter_demonstration(entry: Entry) -> Response:
    """Begin a session that sees the demonstration."""
    return _entered(entry, entry.clinic.enter_demonstration(is_here=entry.visitor.caller.is_here))


def sign_out(entry: Entry) -> Response:
    """End the session, and leave nothing of it in the browser."""
    if entry.visitor.token:
        entry.clinic.sign_out(entry.visitor.token)
    gone = RedirectResponse(SIGN_IN, 303, headers={"Clear-Site-Data": CLEAR_SITE_DATA})
    name = cookie_name(entry.request.scope, is_https=entry.visitor.caller.is_https)
    take_back(gone, name, is_https=entry.visitor.caller.is_https)
    return gone


def _entered(entry: Entry, token: str, place: str = "/") -> Response:
    before = entry.visitor.token
    if before:
        entry.clinic.sign_out(before)
    actor = entry.clinic.session_of(token)
    answer = RedirectResponse(ENROL if actor is not None and actor.is_enrolling else place, 303)
    _give(entry, answer, token)
    return answer


def _give(entry: Entry, answer: Response, token: str) -> None:
    is_https = entry.visitor.caller.is_https
    name = cookie_name(entry.request.scope, is_https=is_https)
    give(answer, token, name, is_https=is_https)
    known = entry.clinic.known_browser(token)
    if known:
        let_know(answer, known, name, is_https=is_https)


def seconds_left(entry: Entry) -> Response:
    """How long the session lives if nothing is done; nothing once it has ended."""
    left = entry.clinic.seconds_left(entry.visitor.token) if entry.visitor.actor and entry.visitor.token else None
    return JSONResponse({"seconds": left})


def stay(entry: Entry) -> Response:
    """Somebody is there: the request itself has kept the session alive."""
    return seconds_left(entry)


# The first set-up, and the second factor


def show_set_up(entry: Entry) -> Response:
    """The page on which the owner's account is made; closed once there is one."""
    if entry.clinic.has_owner():
        return RedirectResponse(SIGN_IN, 303)
    typed = {field: entry.form.get(field, "") for field in ("name", "set_up_code")}
    return form_page("set_up", status=entry.status, error=entry.error, **typed)


def set_up(entry: Entry) -> Response:
    """Make the owner's account; the second factor comes next."""
    form = entry.form
    password = _new_password(form)
    token = entry.clinic.set_up_owner(
        form.get("name", ""), password, code=form.get("set_up_code", ""), address=entry.visitor.caller.address
    )
    return _entered(entry, token, ENROL)


def show_second_factor(entry: Entry) -> Response:
    """The page that gives an authenticator app its key."""
    from tracker.web.qr import qr_code

    actor = entry.visitor.actor
    if actor is None or not actor.is_enrolling:
        return RedirectResponse(SIGN_IN if actor is None else "/", 303)
    enrolment = entry.clinic.begin_second_factor()
    secret = " ".join(enrolment.secret[at : at + 4] for at in range(0, len(enrolment.secret), 4))
    picture = picture_address(qr_code(enrolment.address))
    return form_page("second_factor", status=entry.status, error=entry.error, picture=picture, secret=secret)


def confirm_second_factor(entry: Entry) -> Response:
    """Take the first code of the app, and show the recovery codes once."""
    given, address = entry.form.get("code", ""), entry.visitor.caller.address
    confirmed = entry.clinic.confirm_second_factor(given, address=address)
    shown = form_page("recovery_codes", codes=confirmed.recovery_codes)
    _give(entry, shown, confirmed.token)
    return shown


# What comes by a link


def show_invitation(entry: Entry) -> Response:
    """The page on which somebody who was invited chooses a password; showing it uses nothing up."""
    return form_page("invitation", status=entry.status, error=entry.error)


def accept_invitation(entry: Entry) -> Response:
    """Set the password of the account that was invited."""
    token, address = entry.request.path_params["token"], entry.visitor.caller.address
    return _entered(entry, entry.clinic.accept_invitation(token, _new_password(entry.form), address=address))


def show_link(entry: Entry) -> Response:
    """The landing of a patient's link; showing it uses nothing up, as programs that look ahead do."""
    if not entry.clinic.is_link_alive(entry.request.path_params["token"]):
        return form_page("message", status=404, title="Your report", text=LINK_DEAD, link="", label="")
    return form_page("patient_link", status=entry.status, error=entry.error)


def open_link(entry: Entry) -> Response:
    """Exchange the link and its PIN for a session; the token leaves the address."""
    token, pin = entry.request.path_params["token"], entry.form.get("pin", "")
    return _entered(entry, entry.clinic.exchange_link(token, pin, address=entry.visitor.caller.address))


# One's own account


def show_account(entry: Entry) -> Response:
    """The page of somebody's own account."""
    actor = entry.visitor.actor
    if actor is None or not actor.account_id:
        return RedirectResponse(SIGN_IN if actor is None else "/", 303)
    return form_page("account", status=entry.status, error=entry.error, notice=entry.notice)


def change_password(entry: Entry) -> Response:
    """Change one's own password; the other sessions end."""
    entry.clinic.change_password(entry.form.get("old", ""), _new_password(entry.form))
    return RedirectResponse(f"{ACCOUNT}?said=changed", 303)


def _new_password(form: dict[str, str]) -> str:
    password = form.get("password", "")
    if password != form.get("again", ""):
        raise RecordError(DIFFERENT_PASSWORDS, code="password")
    return password
