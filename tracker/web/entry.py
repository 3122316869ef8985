"""One request to one of our own pages: who asks, what was sent, and how a page answers and lets somebody in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tracker.errors import RecordError, TrackerError
from tracker.openid.settings import Settings
from tracker.web.cookies import cookie_name, give, let_know
from tracker.web.forms import FormTooLarge, form_page, sent_form
from tracker.web.guard import VISITOR, Visitor
from tracker.web.links import ENROL
from tracker.web.read_only import read_only_page

if TYPE_CHECKING:
    from tracker.clinic import Clinic

NOTICES = {
    "ended": "You were signed out, because nothing was done for a while or your session was ended.",
    "changed": "Your password is changed.",
    "connected": "Connected: from now on you can sign in this way too.",
    "disconnected": "Disconnected: from now on you sign in with your password.",
}
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
    settings : Settings or None
        The clinic's identity provider.
    error : str
        Why it was refused; empty when the page is shown first.
    """

    request: Request
    clinic: Clinic
    form: dict[str, str]
    settings: Settings | None = None
    error: str = ""
    status: int = 200

    @property
    def visitor(self) -> Visitor:
        """Who asks."""
        found: Visitor = self.request.scope[VISITOR]
        return found

    @property
    def provider_name(self) -> str:
        """What the clinic's identity provider is called; empty where nobody can sign in by it.

        It sends browsers back to the address of the clinic on the network, so it is no use under another one.
        """
        return self.settings.name if self.settings is not None and self.visitor.caller.is_https else ""

    @property
    def notice(self) -> str:
        """What the address asks us to say; only sentences of ours."""
        return NOTICES.get(self.request.query_params.get("said", ""), "")


Handler = Callable[[Entry], Response]


def page_route(
    opened: Callable[[], Clinic], settings: Settings | None, path: str, show: Handler | None, answer: Handler
) -> Route:
    """A page that is shown on GET and answered on POST; what the record refuses is said on the page itself."""

    async def endpoint(request: Request) -> Response:
        try:
            form = await sent_form(request) if request.method == "POST" else {}
        except FormTooLarge:
            return PlainTextResponse("This is more than the form holds.", status_code=413)
        return await run_in_threadpool(answered, request, form)

    def answered(request: Request, form: dict[str, str]) -> Response:
        from tracker.clinic.actors import NOBODY  # with the record, which loads while the first page is on its way

        try:
            record = opened()
            closed = read_only_page(record)
            if closed is not None:
                return closed
            clinic = record.acting_for(request.scope[VISITOR].actor or NOBODY)
            entry = Entry(request, clinic, form, settings)
            if request.method == "POST":
                return _tried(entry, show, answer)
            return show(entry) if show else RedirectResponse("/", 303)
        except TrackerError as error:
            return form_page("message", status=503, title="Not now", text=str(error), link="", label="")

    return Route(path, endpoint, methods=["GET", "POST"])


def _tried(entry: Entry, show: Handler | None, answer: Handler) -> Response:
    try:
        return answer(entry)
    except RecordError as error:
        if show is None:
            raise
        return show(replace(entry, error=str(error), status=status_of(error)))


def status_of(error: RecordError) -> int:
    """Status of a page that says why something was refused."""
    return 429 if error.code in WAITING_CODES else 403


def entered(entry: Entry, token: str, place: str = "/") -> Response:
    """Begin a session in this browser, and end the one it may have had; who lacks a second factor gives one first."""
    before = entry.visitor.token
    if before:
        entry.clinic.sign_out(before)
    actor = entry.clinic.session_of(token)
    answer = RedirectResponse(ENROL if actor is not None and actor.is_enrolling else place, 303)
    give_token(entry, answer, token)
    return answer


def give_token(entry: Entry, answer: Response, token: str) -> None:
    """Put the token of a session into an answer, and what the browser is known by next time."""
    is_https = entry.visitor.caller.is_https
    name = cookie_name(entry.request.scope, is_https=is_https)
    give(answer, token, name, is_https=is_https)
    known = entry.clinic.known_browser(token)
    if known:
        let_know(answer, known, name, is_https=is_https)
