"""Signing in and out over HTTP, as a browser does: the whole way of an owner, of who is invited, and of a visitor."""

from __future__ import annotations

import base64
import html
import io
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.signing_in import PASSWORD, actor_of, code_now, token_of, token_of_owner
from tests.test_app import Answer, photo_bytes
from tests.test_app import ask as ask_once
from tracker.clinic import Clinic, clock, throttle
from tracker.clinic.actors import Role
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.report_files import ReportFile
from tracker.pages import PAGES, pages_of
from tracker.web import downloads
from tracker.web.forms import LARGEST_FORM
from tracker.web.guard import Guard
from tracker.web.links import ACCOUNT, ENROL, RECOVERY, SET_UP, SIGN_IN, issued_url, photo_url, report_url
from tracker.web.place import Place
from tracker.web.presence import Presence
from tracker.web.qr import qr_code
from tracker.web.routes import routes
from tracker.web.sign_in import session_routes

COOKIE = "tracker_8501"
GREETING = b"the clinic itself"
PROXIED = {"host": "clinic.example.org", "x_forwarded_for": "203.0.113.9"}


@dataclass
class Browser:
    """Keeps the cookie, and follows where it is sent."""

    clinic: Clinic
    place: Place = field(default_factory=Place)
    token: str | None = None
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def home(_: Request) -> Response:
            return Response(GREETING)

        ours = [*session_routes(lambda: self.clinic), *routes(lambda: self.clinic), Route("/", home)]
        self.presence = Presence(lambda: self.clinic)
        self.guard = Guard(Starlette(routes=ours), presence=self.presence, place=self.place)

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask(path, "GET", b"", {"sec_fetch_mode": "navigate", "sec_fetch_site": "none", **headers})

    def post(self, path: str, form: dict[str, str] | bytes | None = None, **headers: str) -> Answer:
        body = form if isinstance(form, bytes) else urlencode(form or {}).encode()
        return self._ask(path, "POST", body, {"origin": "null", "sec_fetch_site": "same-origin", **headers})

    def _ask(self, path: str, method: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self.token:
            headers = {**headers, "cookie": f"{COOKIE}={self.token}"}
        answer = ask_once(self.guard, path, method=method, body=body, **headers)
        self.answers.append(answer)
        given = re.match(rf"{COOKIE}=\"?([^;\"]*)\"?;", answer.headers.get("set-cookie", ""))
        if given:
            self.token = given[1] or None
        return answer

    @property
    def is_inside(self) -> bool:
        return self.get("/").body == GREETING


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "clinic") as clinic:
        yield clinic


@pytest.fixture
def browser(clinic: Clinic) -> Browser:
    return Browser(clinic)


def secret_on(page: Answer) -> str:
    found = re.search(rb"<code>([A-Z2-7 ]+)</code>", page.body)
    assert found
    return found[1].decode()


def set_up(browser: Browser) -> tuple[str, list[str]]:
    """Set up the owner in a browser; the secret of the second factor, and the recovery codes."""
    form = {"set_up_code": browser.clinic.setup_code(), "name": "Olga", "password": PASSWORD, "again": PASSWORD}
    assert browser.post(SET_UP, form).headers["location"] == ENROL
    secret = secret_on(browser.get(ENROL))
    codes = re.findall(rb"<li>([a-z0-9-]{19})</li>", browser.post(ENROL, {"code": code_now(secret)}).body)
    return secret, [code.decode() for code in codes]


def test_a_fresh_clinic_says_welcome_and_lets_nobody_further(browser: Browser) -> None:
    page = browser.get("/")

    assert (page.status, page.headers["location"]) == (303, SIGN_IN)
    assert b"Welcome" in browser.get(SIGN_IN).body
    assert not browser.is_inside


def test_the_owner_is_set_up_with_a_second_factor_and_signs_in_again(browser: Browser) -> None:
    secret, codes = set_up(browser)
    assert browser.is_inside
    assert len(set(codes)) == 10

    gone = browser.post("/session/sign-out")
    assert gone.headers["clear-site-data"] == '"cache", "storage"'
    assert not browser.is_inside
    wrong = browser.post(SIGN_IN, {"name": "Olga", "password": PASSWORD, "code": "000000"})
    back = browser.post(SIGN_IN, {"name": "olga", "password": PASSWORD, "code": codes[0]})

    assert wrong.status == 403
    assert back.headers["location"] == "/"
    assert browser.is_inside
    assert secret.encode() not in b"".join(answer.body for answer in browser.answers[6:])


def test_the_cookie_is_for_this_server_alone_and_no_script_reads_it(browser: Browser) -> None:
    set_up(browser)

    said = [answer.headers["set-cookie"].lower() for answer in browser.answers if "set-cookie" in answer.headers]

    assert len(said) == 2
    for cookie in said:
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/" in cookie
        assert "domain" not in cookie


def test_over_tls_the_cookie_is_bound_to_the_host(clinic: Clinic) -> None:
    place = Place.of_environment({"TRACKER_ORIGIN": "https://clinic.example.org"})
    browser = Browser(clinic, place)
    form = {"set_up_code": clinic.setup_code(), "name": "Olga", "password": PASSWORD, "again": PASSWORD}

    cookie = browser.post(SET_UP, form, **PROXIED).headers["set-cookie"]

    assert cookie.startswith("__Host-tracker=")
    assert "secure" in cookie.lower()


def test_a_browser_is_known_after_a_complete_sign_in_and_nobody_behind_the_guard_sees_by_what(clinic: Clinic) -> None:
    place = Place.of_environment({"TRACKER_ORIGIN": "https://clinic.example.org"})
    browser = Browser(clinic, place)
    seen: list[str] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        seen.append(Request(scope).headers.get("cookie", ""))
        await Response("")(scope, receive, send)

    _, codes = set_up(Browser(clinic))
    form = {"name": "Olga", "password": PASSWORD, "code": codes[0]}
    first = browser.post(SIGN_IN, {**form, "code": "000000"}, **PROXIED)
    said = browser.post(SIGN_IN, form, **PROXIED).headers["set-cookie"]

    assert "set-cookie" not in first.headers
    session, known = said.split(", __Host-tracker-known-")
    assert session.startswith("__Host-tracker=")
    for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age=15552000"):
        assert word in known
    assert "domain" not in said.lower()
    name, _, value = known.partition(";")[0].partition("=")
    assert value.startswith(f"{name}.")
    browser.guard.app = behind
    browser.get("/static/x", cookie=f"other=1; __Host-tracker-known-{name}={value}; __Host-tracker=x", **PROXIED)
    assert seen == ["other=1"]


def test_strangers_who_fail_under_a_name_do_not_hold_the_browser_that_is_known(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(clinic)
    _, codes = set_up(browser)
    (given,) = re.findall(rf"({COOKIE}-known-[^;]*);", browser.answers[-1].headers["set-cookie"])
    monkeypatch.setattr(throttle, "NAME", replace(throttle.NAME, free=0))
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    form = {"name": "Olga", "password": PASSWORD}
    stranger = Browser(clinic)
    assert stranger.post(SIGN_IN, {**form, "password": "not the right one"}).status == 403

    assert stranger.post(SIGN_IN, {**form, "code": codes[0]}).status == 429
    assert stranger.post(SIGN_IN, {**form, "code": codes[0]}, cookie=given).headers["location"] == "/"


def tampered_with(clinic: Clinic) -> Clinic:
    """The same record, opened again after something else has changed it."""
    clinic.close()
    with closing(sqlite3.connect(clinic.home / "clinic.sqlite")) as connection:
        connection.execute("DROP TRIGGER touched_photo_delete")
    return Clinic.open(clinic.home)


@pytest.mark.sqlite
def test_a_record_that_was_tampered_with_says_on_every_page_what_happened_and_what_to_do(clinic: Clinic) -> None:
    browser = Browser(clinic)
    _, codes = set_up(browser)
    with closing(tampered_with(clinic)) as record:
        again = Browser(record, token=browser.token)
        form = {"name": "Olga", "password": PASSWORD, "code": codes[0]}
        answers = [again.get(SIGN_IN), again.post(SIGN_IN, form), Browser(record).get(ACCOUNT), again.get(ENROL)]

        assert [answer.status for answer in answers] == [503] * 4
        for answer in answers:
            said = html.unescape(answer.body.decode())
            for words in (record.read_only_reason, "tracker doctor", "tracker restore", "Tell whoever looks after"):
                assert words in said
            assert "set-cookie" not in answer.headers
            assert "Olga" not in said


def test_a_session_begins_anew_with_every_sign_in(browser: Browser) -> None:
    _, codes = set_up(browser)
    before = browser.token

    browser.post(SIGN_IN, {"name": "Olga", "password": PASSWORD, "code": codes[1]})

    assert browser.token != before
    assert browser.clinic.session_of(str(before)) is None, "the session this browser had is over"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"set_up_code": "0000-0000-0000-0000"}, "not the code"),
        ({"again": "something else entirely"}, "not the same"),
        ({"password": "short", "again": "short"}, "12"),
        ({"name": ""}, "name"),
    ],
    ids=str,
)
def test_what_is_wrong_with_the_set_up_is_one_sentence_and_nothing_is_made(
    browser: Browser, changed: dict[str, str], sentence: str
) -> None:
    code = browser.clinic.setup_code()
    form = {"set_up_code": code, "name": "Olga", "password": PASSWORD, "again": PASSWORD, **changed}

    answer = browser.post(SET_UP, form)

    assert answer.status == 403
    assert sentence in answer.body.decode()
    assert PASSWORD.encode() not in answer.body
    assert not browser.clinic.has_owner()


def test_nobody_becomes_the_owner_a_second_time(browser: Browser) -> None:
    set_up(browser)
    stranger = Browser(browser.clinic)

    assert stranger.get(SET_UP).headers["location"] == SIGN_IN
    form = {"set_up_code": browser.clinic.setup_code(), "name": "Eve", "password": PASSWORD, "again": PASSWORD}
    stranger.post(SET_UP, form)
    assert stranger.token is None
    assert [account.name for account in browser.clinic.accounts()] == ["Olga"]


def test_until_there_is_a_second_factor_there_is_nothing_else(browser: Browser) -> None:
    form = {"set_up_code": browser.clinic.setup_code(), "name": "Olga", "password": PASSWORD, "again": PASSWORD}
    browser.post(SET_UP, form)

    assert browser.get("/").headers["location"] == ENROL
    assert browser.get("/card/a4.pdf").headers["location"] == ENROL
    assert browser.post(ENROL, {"code": "000000"}).status == 403
    assert not browser.is_inside


def test_the_picture_of_the_second_factor_says_what_the_letters_say(browser: Browser) -> None:
    form = {"set_up_code": browser.clinic.setup_code(), "name": "Olga", "password": PASSWORD, "again": PASSWORD}
    browser.post(SET_UP, form)
    page = browser.get(ENROL)

    found = re.search(rb'src="data:image/png;base64,([^"]+)"', page.body)
    assert found
    read, *_ = cv2.QRCodeDetector().detectAndDecode(
        cv2.imdecode(np.frombuffer(base64.b64decode(found[1]), np.uint8), 0)
    )

    assert read.startswith("otpauth://totp/")
    assert f"secret={secret_on(page).replace(' ', '')}" in read


@pytest.mark.parametrize("length", [20, 60, 150])
def test_a_qr_code_can_be_read(length: int) -> None:
    text = ("otpauth://totp/" + "abcdefghij" * 20)[:length]

    with Image.open(io.BytesIO(qr_code(text))) as image:
        pixels = np.asarray(image.convert("L"))

    assert cv2.QRCodeDetector().detectAndDecode(pixels)[0] == text
    assert (pixels[:16] == 255).all(), "the quiet zone"


def test_who_is_invited_chooses_a_password_and_gets_the_pages_of_the_role(clinic: Clinic, browser: Browser) -> None:
    token_of_owner(clinic)
    place = f"/session/invitation/{clinic.add_account(Role.ASSISTANT, 'Ada')}"

    assert browser.get(place).status == browser.get(place).status == 200, "looking at it does not use it up"
    assert b'value="Ada"' in browser.get(place).body, "the name to sign in with"
    assert browser.post(place, {"password": PASSWORD, "again": PASSWORD}).headers["location"] == ENROL
    browser.post(ENROL, {"code": code_now(secret_on(browser.get(ENROL)))})
    actor = clinic.session_of(str(browser.token))

    assert browser.is_inside
    assert actor is not None
    assert [entry.path for entry in pages_of(actor)] == ["today", "session"]
    assert Browser(clinic).post(place, {"password": PASSWORD, "again": PASSWORD}).status == 403, "it works once"
    for dead in (place, "/session/invitation/nothing"):
        shown = Browser(clinic).get(dead)
        assert (shown.status, b"Ada" in shown.body, b"<form" in shown.body) == (404, False, False)


def test_a_visitor_sees_the_demonstration_until_there_is_an_owner(clinic: Clinic, browser: Browser) -> None:
    assert browser.post("/session/demonstration").headers["location"] == "/"
    assert browser.is_inside

    token_of_owner(clinic)

    assert not browser.is_inside
    assert b"demonstration" not in Browser(clinic).get(SIGN_IN).body
    assert Browser(clinic).post("/session/demonstration").status != 303


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({}, PROXIED),
        ({}, PROXIED | {"x_forwarded_for": "127.0.0.1, 203.0.113.9"}),
        ({"TRACKER_PROXY": "127.0.0.1/32"}, PROXIED | {"x_forwarded_for": "::1"}),
    ],
)
def test_the_demonstration_is_not_shown_to_a_network(
    clinic: Clinic, settings: dict[str, str], headers: dict[str, str]
) -> None:
    place = Place.of_environment({"TRACKER_ORIGIN": "https://clinic.example.org", **settings})
    browser = Browser(clinic, place)

    page, answer = browser.get(SIGN_IN, **headers), browser.post("/session/demonstration", **headers)

    assert b"Welcome" in page.body
    assert b"Look around" not in page.body
    assert answer.status != 303
    assert "set-cookie" not in answer.headers
    assert b"only on the computer" in answer.body

    here = Browser(clinic, place)  # who sits at the machine itself still may
    assert here.post("/session/demonstration").headers["location"] == "/"
    assert here.is_inside


def test_the_first_set_up_asks_for_its_code_even_at_the_machine_itself(clinic: Clinic, browser: Browser) -> None:
    answer = browser.post(SET_UP, {"set_up_code": "", "name": "Olga", "password": PASSWORD, "again": PASSWORD})

    assert answer.status == 403
    assert not clinic.has_owner()


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(clinic: Clinic) -> None:
    token_of_owner(clinic)

    known = Browser(clinic).post(SIGN_IN, {"name": "Olga Owner", "password": "wrong password", "code": "123456"})
    unknown = Browser(clinic).post(SIGN_IN, {"name": "Nobody Here", "password": "wrong password", "code": "123456"})

    assert known.status == unknown.status == 403
    assert known.body.replace(b"Olga Owner", b"") == unknown.body.replace(b"Nobody Here", b"")


def test_too_many_wrong_tries_have_to_wait(clinic: Clinic, browser: Browser) -> None:
    token_of_owner(clinic)

    for _ in range(12):
        answer = browser.post(SIGN_IN, {"name": "Olga Owner", "password": "wrong password", "code": "123456"})

    assert answer.status == 429
    assert b"wait" in answer.body


@pytest.mark.parametrize("hostile", ['"><script>alert(1)</script>', "{{ 7*7 }}", "Ann\r\nSet-Cookie: a=b"])
def test_what_was_typed_comes_back_as_text_only(clinic: Clinic, browser: Browser, hostile: str) -> None:
    token_of_owner(clinic)

    answer = browser.post(SIGN_IN, {"name": hostile, "password": "x", "code": ""})

    assert b"<script" not in answer.body
    assert b"49" not in answer.body
    assert "a=b" not in str(answer.headers)


def test_a_form_that_nobody_filled_in_by_hand_is_not_read_to_its_end(browser: Browser) -> None:
    assert browser.post(SIGN_IN, b"x" * (LARGEST_FORM + 1)).status == 413
    assert browser.post(SIGN_IN, b"&".join(b"a%d=1" % n for n in range(1000))).status == 413
    assert browser.post(SIGN_IN, b"\xff\xfe=\x00").status in (403, 413)


@pytest.mark.parametrize("path", [SIGN_IN, "/session/sign-out", "/session/demonstration", SET_UP, ACCOUNT])
def test_no_other_site_can_send_a_form_of_ours(browser: Browser, path: str) -> None:
    for said in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example", "sec_fetch_site": "same-origin"}):
        assert browser.post(path, {}, **said).status == 403
    assert browser.token is None


def test_no_page_of_ours_needs_a_script_or_anything_from_elsewhere(browser: Browser) -> None:
    set_up(browser)
    Browser(browser.clinic).get(SIGN_IN)

    for answer in (*browser.answers, browser.get(ACCOUNT), Browser(browser.clinic).get(SIGN_IN)):
        assert b"<script" not in answer.body
        assert not re.search(rb"(src|href|action|url\()\s*=?\s*[\"']?(https?:)?//", answer.body)


def test_one_asks_how_long_the_session_lives_without_keeping_it_alive(browser: Browser) -> None:
    set_up(browser)

    left = browser.get("/session/left")
    kept = browser.post("/session/left")
    browser.post("/session/sign-out")

    assert left.status == kept.status == 200
    assert re.fullmatch(rb'\{"seconds":\d+\}', left.body)
    assert browser.get("/session/left").body == b'{"seconds":null}'


def test_the_own_password_is_changed_and_the_other_browsers_are_signed_out(browser: Browser) -> None:
    _, codes = set_up(browser)
    other = Browser(browser.clinic)
    other.post(SIGN_IN, {"name": "Olga", "password": PASSWORD, "code": codes[0]})
    new = "another quiet afternoon"

    wrong = browser.post(ACCOUNT, {"old": "no", "password": new, "again": new})
    right = browser.post(ACCOUNT, {"old": PASSWORD, "password": new, "again": new})

    assert wrong.status == 403
    assert right.headers["location"].startswith(ACCOUNT)
    assert browser.is_inside
    assert not other.is_inside
    assert other.post(SIGN_IN, {"name": "Olga", "password": PASSWORD, "code": codes[1]}).status == 403


# Photos and reports, as somebody


def signed_in(clinic: Clinic, token: str) -> Browser:
    return Browser(clinic, token=token)


PEOPLE: dict[str, Callable[[Clinic, str], str]] = {
    "owner": lambda clinic, _: token_of_owner(clinic),
    "own practitioner": lambda clinic, patient_id: on_the_team(clinic, patient_id),
    "other practitioner": lambda clinic, _: token_of(clinic, Role.PRACTITIONER, "Otto"),
    "assistant": lambda clinic, _: token_of(clinic, Role.ASSISTANT, "Ada"),
    "rater": lambda clinic, _: token_of(clinic, Role.RATER, "Rita"),
    "auditor": lambda clinic, _: token_of(clinic, Role.AUDITOR, "Aldo"),
    "the patient": lambda clinic, patient_id: token_of(clinic, Role.PATIENT, "Pia", patient_id),
    "another patient": lambda clinic, _: token_of(clinic, Role.PATIENT, "Uwe", clinic.add_patient(code="P-2").id),
}
SEES_THE_PHOTO = {"owner", "own practitioner", "the patient"}


def on_the_team(clinic: Clinic, patient_id: str) -> str:
    token = token_of(clinic, Role.PRACTITIONER, "Petra")
    actor = clinic.session_of(token)
    assert actor is not None
    clinic.add_to_care_team(patient_id, actor.account_id)
    return token


@pytest.mark.parametrize("who", PEOPLE)
def test_a_photo_is_served_to_whom_it_concerns_and_to_others_it_is_unknown(clinic: Clinic, who: str) -> None:
    token_of_owner(clinic)
    patient = clinic.add_patient(code="P-1", name="Jane")
    clinic.give_consent(patient.id, Purpose.PORTAL, given_by="Jane", signed_on=date(2026, 3, 1))
    view = clinic.add_view(patient.id, site="thigh")
    photo = clinic.add_photo(view.id, photo_bytes(), "a.jpg")
    browser = signed_in(clinic, PEOPLE[who](clinic, patient.id))

    answer = browser.get(photo_url(photo.id), sec_fetch_mode="no-cors", sec_fetch_site="same-origin")
    unknown = browser.get(photo_url("0" * 32), sec_fetch_mode="no-cors", sec_fetch_site="same-origin")

    assert answer.status == (200 if who in SEES_THE_PHOTO else 404)
    if answer.status == 404:
        assert (answer.body, answer.headers) == (unknown.body, unknown.headers)
    assert browser.get(report_url(view.id, "pdf")).status == 404


def test_a_photo_is_gone_with_the_session(clinic: Clinic) -> None:
    browser = signed_in(clinic, token_of_owner(clinic))
    view = clinic.add_view(clinic.add_patient(code="P-1").id, site="thigh")
    place = photo_url(clinic.add_photo(view.id, photo_bytes(), "a.jpg").id)
    shown = browser.get(place)

    browser.clinic.sign_out(str(browser.token))

    assert shown.status == 200
    assert browser.get(place, sec_fetch_mode="no-cors").status == 401


def test_a_view_of_a_photo_is_in_the_log_once_whatever_its_widths(clinic: Clinic) -> None:
    browser = signed_in(clinic, token_of_owner(clinic))
    patient = clinic.add_patient(code="P-1")
    view = clinic.add_view(patient.id, site="thigh")
    photo = clinic.add_photo(view.id, photo_bytes(), "a.jpg")

    for width in (160, 320, 320, 640):
        assert browser.get(photo_url(photo.id, width=width)).status == 200

    looked = [entry for entry in clinic.log_of(patient.id) if entry.action == "picture"]
    assert len(looked) == 1
    assert looked[0].role == "owner"


def test_a_report_that_is_taken_away_is_in_the_log_each_time(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(clinic, token_of_owner(clinic))
    patient = clinic.add_patient(code="P-1")
    view = clinic.add_view(patient.id, site="thigh")
    file = ReportFile("report.pdf", "application/pdf", b"%PDF")
    monkeypatch.setattr(downloads, "render_report", lambda *_: file)

    assert [browser.get(report_url(view.id, "pdf")).status for _ in range(2)] == [200, 200]
    taken = [(entry.verb, entry.object) for entry in clinic.log_of(patient.id) if entry.action == "report"]
    assert taken == [("export", f"view:{view.id}")] * 2

    monkeypatch.setattr(downloads, "render_report", lambda *_: None)
    assert browser.get(report_url(view.id, "odt")).status == 404
    assert [entry.action for entry in clinic.log_of(patient.id)].count("report") == 2


def test_every_page_belongs_to_somebody_and_every_role_has_a_page() -> None:
    given = {role for entry in PAGES for role in entry.roles}

    assert given == {Role.OWNER, Role.PRACTITIONER, Role.ASSISTANT, Role.RATER, Role.AUDITOR, Role.PATIENT}
    assert all(entry.roles for entry in PAGES)


# A patient's link


@pytest.fixture
def link(clinic: Clinic) -> tuple[str, str, str]:
    """A link to a report that was issued: its address, its PIN, and the report."""
    owner = clinic.acting_for(actor_of(clinic, token_of_owner(clinic)))
    patient = owner.add_patient(code="P-1")
    view = owner.add_view(patient.id, site="thigh")
    clinic.add_photo(view.id, photo_bytes(), "a.jpg")
    clinic.measure_waiting()
    owner.give_consent(patient.id, Purpose.PORTAL, given_by="Jane", signed_on=date(2026, 3, 1))
    report = owner.issue_report(view.id)
    new = owner.issue_link(report.id)
    return f"/r/{new.token}", new.pin, report.id


def test_a_patient_opens_a_report_by_a_link_and_a_pin_and_nothing_else(
    clinic: Clinic, browser: Browser, link: tuple[str, str, str]
) -> None:
    place, pin, report_id = link

    looked = [browser.get(place), browser.get(place)]
    wrong = browser.post(place, {"pin": "000"})
    opened = browser.post(place, {"pin": pin})

    assert [answer.status for answer in looked] == [200, 200], "programs that look ahead use nothing up"
    assert wrong.status == 403
    assert (opened.status, opened.headers["location"]) == (303, "/")
    assert browser.get(issued_url(report_id)).body.startswith(b"%PDF")
    assert browser.get(issued_url("0" * 32)).status == 404
    actor = actor_of(clinic, str(browser.token))
    assert (actor.role, actor.account_id) == (Role.PATIENT, "")
    assert Browser(clinic).post(place, {"pin": pin}).status == 404, "it opens once"
    assert Browser(clinic).get(place).status == 404


def test_a_report_that_is_taken_back_is_gone_from_the_browser_that_has_it_open(
    clinic: Clinic, browser: Browser, link: tuple[str, str, str]
) -> None:
    place, pin, report_id = link
    browser.post(place, {"pin": pin})
    shown = browser.get(issued_url(report_id)).status

    clinic.withdraw_report(report_id)

    assert shown == 200
    assert browser.get(issued_url(report_id)).status != 200


@pytest.mark.parametrize("token", ["x" * 43, "..", "%00", "a" * 5000])
def test_a_link_that_never_was_looks_like_one_that_is_over(browser: Browser, token: str) -> None:
    answer = browser.get(f"/r/{token}")

    assert answer.status == 404
    assert browser.post(f"/r/{token}", {"pin": "1234"}).status in (403, 404)
    assert token.encode() not in answer.body


def test_new_recovery_codes_are_shown_once_and_the_old_ones_are_dead(browser: Browser) -> None:
    _, codes = set_up(browser)
    assert RECOVERY.encode() in browser.get(ACCOUNT).body

    tries = [{"own": "wrong", "code": codes[0]}, {"own": PASSWORD, "code": "000000"}, {}]
    refused = [browser.post(RECOVERY, form) for form in tries]
    assert {answer.status for answer in refused} == {403}
    assert not any(b"<li>" in answer.body for answer in refused)
    shown = browser.post(RECOVERY, {"own": PASSWORD, "code": codes[0]})
    fresh = [code.decode() for code in re.findall(rb"<li>([a-z0-9-]{19})</li>", shown.body)]
    again = browser.get(RECOVERY)

    assert len(set(fresh)) == 10
    assert not set(fresh) & set(codes)
    assert not any(code.encode() in again.body for code in fresh)
    signed_in = [
        Browser(browser.clinic).post(SIGN_IN, {"name": "Olga", "password": PASSWORD, "code": code}).status
        for code in (codes[1], fresh[1])
    ]
    assert signed_in == [403, 303]
    outcomes = [entry.outcome for entry in browser.clinic.log() if entry.action == "renew_recovery_codes"]
    assert outcomes == ["done", "denied", "denied", "denied"]


def test_who_has_no_second_factor_is_offered_no_recovery_codes(clinic: Clinic, browser: Browser) -> None:
    patient_id = clinic.add_patient(code="P-1").id
    browser.token = token_of(clinic, Role.PATIENT, "Pat", patient_id)

    assert RECOVERY.encode() not in browser.get(ACCOUNT).body
    assert browser.post(RECOVERY, {"own": PASSWORD, "code": ""}).status == 403
    assert Browser(clinic).post(RECOVERY, {"own": PASSWORD, "code": ""}).headers["location"] == SIGN_IN
