"""Signing in and out, the first set-up, invitations and patients' links: plain pages of our own, without a script.

Everything that may open a door is decided in the record; here it is only asked for and answered.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tracker.errors import RecordError
from tracker.openid.settings import Settings
from tracker.web.by_provider import accept_by_provider, provider_routes
from tracker.web.cookies import cookie_name, take_back
from tracker.web.entry import Entry, entered, give_token, page_route
from tracker.web.forms import form_page, picture_address
from tracker.web.headers import CLEAR_SITE_DATA
from tracker.web.links import ACCOUNT, ENROL, RECOVERY, SET_UP, SIGN_IN

if TYPE_CHECKING:
    from tracker.clinic import Clinic

DIFFERENT_PASSWORDS = "The two passwords are not the same."
LINK_DEAD = "This link is not open. It may have been used, withdrawn, or run out; your clinic can send you another."
INVITATION_DEAD = "This invitation was used or is too old; please ask for a new one."


def session_routes(opened: Callable[[], Clinic], settings: Settings | None = None) -> list[Route]:
    """Our pages around signing in.

    Parameters
    ----------
    opened : callable
        Gives the clinic, when the first request needs it.
    settings : Settings, optional
        The clinic's identity provider; without one there is no page about it.
    """
    page = partial(page_route, opened, settings)
    return [
        page(SIGN_IN, show_sign_in, sign_in),
        page("/session/demonstration", None, enter_demonstration),
        page(SET_UP, show_set_up, set_up),
        page(ENROL, show_second_factor, confirm_second_factor),
        page("/session/invitation/{token}", show_invitation, accept_invitation),
        page(ACCOUNT, show_account, change_password),
        page(RECOVERY, show_account, renew_recovery_codes),
        page("/session/sign-out", None, sign_out),
        page("/session/left", seconds_left, stay),
        page("/r/{token}", show_link, open_link),
        *(provider_routes(page, show_account) if settings else ()),
    ]


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
        provider=entry.provider_name,
    )


def sign_in(entry: Entry) -> Response:
    """Begin a session, and end the one this browser may have had."""
    form, visitor = entry.form, entry.visitor
    typed = form.get("name", ""), form.get("password", ""), form.get("code", "")
    token = entry.clinic.sign_in(*typed, address=visitor.caller.address, known=visitor.known)
    return entered(entry, token)


def enter_demonstration(entry: Entry) -> Response:
    """Begin a session that sees the demonstration."""
    return entered(entry, entry.clinic.enter_demonstration(is_here=entry.visitor.caller.is_here))


def sign_out(entry: Entry) -> Response:
    """End the session, and leave nothing of it in the browser."""
    if entry.visitor.token:
        entry.clinic.sign_out(entry.visitor.token)
    gone = RedirectResponse(SIGN_IN, 303, headers={"Clear-Site-Data": CLEAR_SITE_DATA})
    name = cookie_name(entry.request.scope, is_https=entry.visitor.caller.is_https)
    take_back(gone, name, is_https=entry.visitor.caller.is_https)
    return gone


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
    return entered(entry, token, ENROL)


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
    give_token(entry, shown, confirmed.token)
    return shown


# What comes by a link


def show_invitation(entry: Entry) -> Response:
    """The page on which somebody who was invited chooses a password; showing it uses nothing up."""
    token, provider = entry.request.path_params["token"], entry.provider_name
    name = entry.clinic.invited_name(token)
    if not name:
        status = entry.status if entry.error else 404
        return form_page("message", status=status, title="Welcome", text=INVITATION_DEAD, link=SIGN_IN, label="Sign in")
    if provider and not entry.clinic.is_staff_invited(token):
        provider = ""
    return form_page("invitation", status=entry.status, error=entry.error, name=name, provider=provider)


def accept_invitation(entry: Entry) -> Response:
    """Set the password of the account that was invited, or go to the identity provider instead."""
    if entry.provider_name and entry.form.get("by") == "provider":
        return accept_by_provider(entry)
    token, address = entry.request.path_params["token"], entry.visitor.caller.address
    return entered(entry, entry.clinic.accept_invitation(token, _new_password(entry.form), address=address))


def show_link(entry: Entry) -> Response:
    """The landing of a patient's link; showing it uses nothing up, as programs that look ahead do."""
    if not entry.clinic.is_link_alive(entry.request.path_params["token"]):
        return form_page("message", status=404, title="Your report", text=LINK_DEAD, link="", label="")
    return form_page("patient_link", status=entry.status, error=entry.error)


def open_link(entry: Entry) -> Response:
    """Exchange the link and its PIN for a session; the token leaves the address."""
    token, pin = entry.request.path_params["token"], entry.form.get("pin", "")
    return entered(entry, entry.clinic.exchange_link(token, pin, address=entry.visitor.caller.address))


# One's own account


def show_account(entry: Entry) -> Response:
    """The page of somebody's own account."""
    actor = entry.visitor.actor
    if actor is None or not actor.account_id:
        return RedirectResponse(SIGN_IN if actor is None else "/", 303)
    if actor.is_enrolling:
        return RedirectResponse(ENROL, 303)
    account = entry.clinic.account(actor.account_id)
    provider = entry.provider_name if account.role != "patient" else ""
    has_codes = account.has_second_factor and account.has_password
    said = {"error": entry.error, "notice": entry.notice}
    return form_page("account", status=entry.status, account=account, provider=provider, has_codes=has_codes, **said)


def change_password(entry: Entry) -> Response:
    """Change one's own password; the other sessions end."""
    entry.clinic.change_password(entry.form.get("old", ""), _new_password(entry.form))
    return RedirectResponse(f"{ACCOUNT}?said=changed", 303)


def renew_recovery_codes(entry: Entry) -> Response:
    """Make new recovery codes, and show them once."""
    actor = entry.visitor.actor
    if actor is None or not actor.account_id:
        return RedirectResponse(SIGN_IN if actor is None else "/", 303)
    codes = entry.clinic.renew_recovery_codes(entry.form.get("own", ""), entry.form.get("code", ""))
    return form_page("recovery_codes", codes=codes)


def _new_password(form: dict[str, str]) -> str:
    password = form.get("password", "")
    if password != form.get("again", ""):
        raise RecordError(DIFFERENT_PASSWORDS, code="password")
    return password
