"""The guard: who may ask at all, from where, as whom, how much, and what ends with the session."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from tracker.clinic.actors import Actor, Role
from tracker.errors import RecordError
from tracker.web import sockets
from tracker.web.cookies import SECURE_NAME
from tracker.web.faults import quiet_streamlit
from tracker.web.guard import SOCKETS_OF_PATIENT, SOCKETS_OF_STAFF, Guard
from tracker.web.links import SIGN_IN
from tracker.web.place import Place
from tracker.web.presence import Presence
from tracker.web.quotas import MEGABYTE, SOCKETS_PER_ADDRESS, Sockets, Uploads
from tracker.web.settings import SAFE, refuse_to_start

HERE = "127.0.0.1:8501"
COOKIE = "tracker_8501"
ORIGIN = "https://clinic.example.org"
ANN = Actor("a" * 32, Role.PRACTITIONER, session_id="5" * 32)
PATIENT = Actor("c" * 32, Role.PATIENT, session_id="6" * 32, patient_id="7" * 32)
STREAM = "/_stcore/stream"


@dataclass
class Doors:
    """Stands for the record: who holds which token, at this moment."""

    tokens: dict[str, Actor] = field(default_factory=lambda: {"good": ANN, "patient": PATIENT})
    active: list[bool] = field(default_factory=list)
    is_broken: bool = False

    def session_of(self, token: str, *, active: bool = True) -> Actor | None:
        if self.is_broken:
            raise RecordError("The folder cannot be used.")
        self.active.append(active)
        return self.tokens.get(token)


@dataclass
class Inside:
    """Stands for what is behind the guard: it keeps what gets that far."""

    scopes: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    received: int = 0
    held: threading.Event | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                self.messages.append(message["bytes"])
                await send({"type": "websocket.send", "bytes": b"shown"})
            self.messages.append(message["type"])
            await send({"type": "websocket.send", "bytes": b"too late"})
            return
        while scope["method"] == "PUT":
            message = await receive()
            self.received += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})
        await send({"type": "http.response.body", "body": b"inside"})

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.scopes[-1]["headers"]}


@dataclass
class House:
    """A guard with what is before and behind it."""

    doors: Doors = field(default_factory=Doors)
    inside: Inside = field(default_factory=Inside)
    place: Place = field(default_factory=Place)

    def __post_init__(self) -> None:
        self.presence = Presence(lambda: self.doors)  # type: ignore[arg-type, return-value]
        self.guard = Guard(self.inside, presence=self.presence, place=self.place)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def scope_of(path: str, kind: str, method: str, client: str, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": kind,
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": (client, 40000),
        "server": ("127.0.0.1", 8501),
        "subprotocols": [],
    }


def ask(
    house: House,
    path: str,
    *,
    method: str = "GET",
    client: str = "127.0.0.1",
    host: str = HERE,
    token: str | None = None,
    cookie: str = COOKIE,
    body: tuple[bytes, ...] = (b"",),
    **headers: str,
) -> Answer:
    """Ask once over HTTP; header names use underscores."""
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if token is not None:
        sent["cookie"] = f"other=1; {cookie}={token}"
    chunks = iter(body)
    answered: list[Any] = []

    async def receive() -> Any:
        chunk = next(chunks, b"")
        return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

    async def send(message: Any) -> None:
        answered.append(message)

    async def once() -> None:
        from starlette.exceptions import HTTPException

        try:
            await house.guard(scope_of(path, "http", method, client, sent), receive, send)
        except HTTPException as error:  # the router behind the guard makes an answer of it
            answered.append({"type": "http.response.start", "status": error.status_code, "headers": []})

    asyncio.run(once())
    found = {name.decode().lower(): value.decode("latin-1") for name, value in answered[0]["headers"]}
    return Answer(answered[0]["status"], found, b"".join(m.get("body", b"") for m in answered[1:]))


def talk(
    house: House, *steps: bytes | Callable[[], None], token: str | None = "good", linger: float = 0.0, **headers: str
) -> list[Any]:
    """Open a websocket, send these messages (or do these things between them), and close it; what came back."""
    sent = {"host": HERE, "origin": f"http://{HERE}"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["cookie"] = f"{COOKIE}={token}"
    came: list[Any] = []
    connect: list[bytes | Callable[[], None] | None] = [None]
    waiting = iter([*connect, *steps])

    async def receive() -> Any:
        await asyncio.sleep(0.01)
        for step in waiting:
            if step is None:
                return {"type": "websocket.connect"}
            if isinstance(step, bytes):
                return {"type": "websocket.receive", "bytes": step}
            step()
        await asyncio.sleep(linger)
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Any) -> None:
        came.append(message)

    asyncio.run(house.guard(scope_of(STREAM, "websocket", "GET", "127.0.0.1", sent), receive, send))
    return came


def kinds(came: list[Any]) -> list[str]:
    return [str(message.get("code", message["type"].removeprefix("websocket."))) for message in came]


def rerun(*, by_itself: bool = False) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.is_auto_rerun = by_itself
    return message.SerializeToString()


# Who may ask from where


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "LOCALHOST"])
def test_this_machine_is_let_in(host: str) -> None:
    assert ask(House(), "/", host=host, token="good").body == b"inside"


@pytest.mark.parametrize("client", ["192.168.1.20", "10.0.0.5", "203.0.113.9", "::ffff:192.168.1.20", "fe80::1"])
def test_another_machine_is_refused_even_with_a_session(client: str) -> None:
    assert ask(House(), "/", client=client, token="good").status == 403


@pytest.mark.parametrize(
    "host", ["clinic.example.org", "127.0.0.1.example.org", "192.168.1.20:8501", "", "localhost@evil"]
)
def test_a_foreign_host_name_is_refused(host: str) -> None:
    assert ask(House(), "/", host=host, token="good").status == 403


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip", "via", "x_forwarded_host"])
def test_a_proxy_that_nobody_named_is_refused_because_behind_it_everybody_looks_local(header: str) -> None:
    assert ask(House(), "/", token="good", **{header: "203.0.113.9"}).status == 403


def behind_proxy(**environment: str) -> House:
    return House(place=Place.of_environment({"TRACKER_ORIGIN": ORIGIN, **environment}))


def through_proxy(house: House, path: str = "/", **changed: str) -> Answer:
    said: dict[str, Any] = {
        "host": "clinic.example.org",
        "x_forwarded_for": "203.0.113.9",
        "x_forwarded_proto": "https",
        "token": "good",
        "cookie": SECURE_NAME,
    }
    return ask(house, path, **{**said, **changed})


def test_the_browser_behind_our_proxy_is_let_in_by_the_cookie_of_tls() -> None:
    house = behind_proxy()

    assert through_proxy(house).body == b"inside"
    assert through_proxy(house, cookie=COOKIE).status == 401
    assert ask(house, "/", token="good").body == b"inside", "this machine itself may always come"


@pytest.mark.parametrize(
    "changed",
    [
        {"client": "198.51.100.7"},
        {"host": "evil.example"},
        {"host": "clinic.example.org:8501"},
        {"x_forwarded_for": "not an address"},
        {"x_forwarded_for": ""},
        {"x_forwarded_proto": "http"},
    ],
    ids=str,
)
def test_what_does_not_come_through_our_proxy_from_our_address_is_refused(changed: dict[str, str]) -> None:
    assert through_proxy(behind_proxy(), **changed).status == 403


def test_only_the_last_address_that_the_proxy_itself_saw_is_believed() -> None:
    house = behind_proxy(TRACKER_PROXY="127.0.0.1, 10.0.0.0/8")

    through_proxy(house, x_forwarded_for="127.0.0.1, 203.0.113.9, 10.0.0.2")

    assert house.inside.scopes[-1]["tracker.visitor"].caller.address == "203.0.113.9"


def test_tls_is_asked_for_from_then_on() -> None:
    house = behind_proxy()

    assert "max-age=" in through_proxy(house).headers["strict-transport-security"]
    assert "strict-transport-security" not in ask(House(), "/", token="good").headers


@pytest.mark.parametrize(
    ("bound", "environment", "starts"),
    [
        ("127.0.0.1", {}, True),
        ("localhost", {}, True),
        ("0.0.0.0", {}, False),
        ("", {}, False),
        ("192.168.1.4", {}, False),
        ("0.0.0.0", {"TRACKER_ORIGIN": ORIGIN, "FORWARDED_ALLOW_IPS": ""}, True),
        ("127.0.0.1", {"TRACKER_ORIGIN": ORIGIN}, False),
        ("127.0.0.1", {"TRACKER_ORIGIN": ORIGIN, "FORWARDED_ALLOW_IPS": "*"}, False),
    ],
)
def test_the_app_does_not_start_where_it_would_listen_without_tls(
    bound: str, environment: dict[str, str], starts: bool
) -> None:
    refused = Place.of_environment(environment).refuse_to_start(bound, environment)

    assert (refused is None) is starts


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TRACKER_ORIGIN": "http://clinic.example.org"}, "TRACKER_ORIGIN"),
        ({"STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "full"}, "client.showErrorDetails"),
    ],
)
def test_an_app_that_must_not_start_says_why(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tracker", "app", "--port", "0"]
    places = {"TRACKER_HOME": str(tmp_path / "home"), "PYTHONPATH": str(Path(__file__).parents[1])}

    ended = subprocess.run(
        command, env={**os.environ, **places, **environment}, cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("undone", sorted(SAFE))
def test_no_setting_on_which_the_guard_relies_can_be_undone(undone: tuple[str, str]) -> None:
    def value_of(section: str, name: str) -> object:
        return "something else" if (section, name) == undone else SAFE[section, name]

    assert refuse_to_start(lambda section, name: SAFE[section, name]) is None
    assert ".".join(undone) in str(refuse_to_start(value_of))


@pytest.mark.parametrize(
    "environment",
    [
        {"TRACKER_ORIGIN": "http://clinic.example.org"},
        {"TRACKER_ORIGIN": "clinic.example.org"},
        {"TRACKER_ORIGIN": "https://clinic.example.org/app"},
        {"TRACKER_ORIGIN": ORIGIN, "TRACKER_PROXY": "the proxy"},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_used_is_one_sentence(environment: dict[str, str]) -> None:
    with pytest.raises(RecordError, match=r"must be"):
        Place.of_environment(environment)


# Who may ask as whom


@pytest.mark.parametrize("token", [None, "stale", "", "x" * 300, "gööd"])
def test_without_a_living_session_a_page_leads_to_the_sign_in_and_nothing_else_answers(token: str | None) -> None:
    house = House()

    page = ask(house, "/", token=token, sec_fetch_mode="navigate", sec_fetch_site="none")

    assert (page.status, page.headers["location"]) == (303, SIGN_IN)
    for path in ("/", "/photo/1", "/report/1.pdf", "/card/a4.pdf", "/_stcore/host-config", "/anything.js"):
        assert ask(house, path, token=token).status == 401
    assert not house.inside.scopes


def test_two_cookies_of_our_name_are_none() -> None:
    answer = ask(House(), "/", headers="", cookie=COOKIE, token=f"good; {COOKIE}=good")

    assert answer.status == 401


@pytest.mark.parametrize("path", [SIGN_IN, "/r/abc", "/static/js/main.js", "/healthz", "/_stcore/health"])
def test_who_is_not_signed_in_reaches_the_doors_only(path: str) -> None:
    assert ask(House(), path).body == b"inside"


def test_a_record_that_cannot_be_asked_lets_nobody_in() -> None:
    house = House(doors=Doors(is_broken=True))

    assert ask(house, "/", token="good").status == 401
    assert kinds(talk(house, rerun())) == ["1008"]


def test_who_has_no_second_factor_yet_reaches_only_the_page_that_gives_one() -> None:
    house = House(doors=Doors({"good": replace(ANN, is_enrolling=True)}))

    page = ask(house, "/", token="good", sec_fetch_mode="navigate", sec_fetch_site="none")

    assert (page.status, page.headers["location"]) == (303, "/session/second-factor")
    assert ask(house, "/photo/1", token="good").status == 401
    assert kinds(talk(house, rerun())) == ["1008"]
    assert ask(house, "/session/second-factor", token="good").body == b"inside"


def test_who_asks_is_said_by_the_guard_and_never_by_the_client() -> None:
    house = House()
    forged = {"x_app_role": "owner", "x_app_account": "e" * 32, "x_app_session": "f" * 32, "X_App_Extra": "1"}

    ask(house, "/", token="good", **forged)
    said = {name: value for name, value in house.inside.headers.items() if name.startswith("x-app-")}
    ask(house, SIGN_IN, **forged)

    assert said == {"x-app-account": ANN.account_id, "x-app-role": "practitioner", "x-app-session": ANN.session_id}
    assert not any("x-app" in name.lower() for name in house.inside.headers)


@pytest.mark.parametrize("name", ["X-App-Role", "x_app_role", "X-APP-ROLE"])
def test_no_way_of_writing_the_header_gets_past(name: str) -> None:
    house = House()
    scope = scope_of(SIGN_IN, "http", "GET", "127.0.0.1", {"host": HERE, name: "owner"})

    async def nothing(*_: Any) -> Any:
        return {"type": "http.request"}

    asyncio.run(house.guard(scope, nothing, nothing))

    assert "owner" not in house.inside.headers.values()


def test_nobody_behind_the_guard_sees_the_token() -> None:
    house = House()

    ask(house, "/", token="good")

    assert house.inside.headers["cookie"] == "other=1"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_pages_are_only_read(method: str) -> None:
    assert ask(House(), "/", method=method, token="good").status == 405


@pytest.mark.parametrize(
    "path",
    ["/media/0123.jpg", "/_stcore/metrics", "/_stcore/agent/openapi.json", "/component/x/y.js"],
)
def test_what_streamlit_would_tell_anybody_is_closed_even_to_who_is_signed_in(path: str) -> None:
    assert ask(House(), path, token="good").status == 404


@pytest.mark.parametrize(
    "said",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
    ],
    ids=str,
)
def test_a_form_of_another_page_is_refused(said: dict[str, str]) -> None:
    assert ask(House(), "/session/sign-out", method="POST", token="good", **said).status == 403
    assert kinds(talk(House(), rerun(), **said)) == ["1008"]


def test_our_own_form_whose_page_keeps_its_address_to_itself_is_taken() -> None:
    own = ask(House(), "/session/sign-out", method="POST", origin="null", sec_fetch_site="same-origin")

    assert own.body == b"inside"


def test_every_answer_carries_the_security_headers_even_a_refusal() -> None:
    house = House()
    for answer in (ask(house, "/", token="good"), ask(house, "/", client="192.168.1.20"), ask(house, "/media/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/photo/1", "/report/1.pdf", SIGN_IN, "/r/abc"])
def test_nothing_of_ours_is_kept_by_a_cache(path: str) -> None:
    assert ask(House(), path, token="good").headers["cache-control"] == "no-store, private"


# Websockets


def test_a_websocket_ends_with_the_next_message_after_its_session() -> None:
    house = House()

    came = talk(house, rerun(), lambda: house.doors.tokens.clear(), rerun(), rerun())

    assert kinds(came) == ["accept", "send", "1008"]
    assert house.inside.messages == [rerun(), "websocket.disconnect"]


def test_a_websocket_on_which_nothing_is_said_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "LOOK_SECONDS", 0.02)
    house = House()

    came = talk(house, rerun(), lambda: house.doors.tokens.clear(), linger=5.0)

    assert kinds(came) == ["accept", "send", "1008"]


def test_another_role_ends_a_websocket_that_was_opened_with_the_one_before() -> None:
    house = House()

    def demote() -> None:
        house.doors.tokens["good"] = replace(ANN, role=Role.ASSISTANT)

    assert kinds(talk(house, rerun(), demote, rerun())) == ["accept", "send", "1008"]


@pytest.mark.parametrize("token", [None, "stale"])
def test_a_websocket_without_a_session_is_closed_before_it_opens(token: str | None) -> None:
    house = House()

    assert kinds(talk(house, rerun(), token=token)) == ["1008"]
    assert not house.inside.scopes


def test_what_a_page_sends_by_itself_keeps_nobody_signed_in() -> None:
    house = House()

    talk(house, rerun(by_itself=True), b"\xff not a message", rerun())

    assert house.doors.active == [False, False, False, True]


def held(house: House, number: int, token: str, address: str = "127.0.0.1") -> list[str]:
    """Open so many websockets at once; how the last of them ended, before the others are closed."""

    async def all_of_them() -> list[str]:
        done = asyncio.Event()
        came: list[list[Any]] = []

        async def one() -> None:
            own: list[Any] = []
            came.append(own)

            async def receive() -> Any:
                if not own and not any(m["type"] == "websocket.accept" for m in own):
                    return {"type": "websocket.connect"}
                await done.wait()
                return {"type": "websocket.disconnect", "code": 1000}

            async def send(message: Any) -> None:
                own.append(message)

            headers = {"host": HERE, "origin": f"http://{HERE}", "cookie": f"{COOKIE}={token}"}
            await house.guard(scope_of(STREAM, "websocket", "GET", address, headers), receive, send)

        tasks = [asyncio.ensure_future(one()) for _ in range(number)]
        until = asyncio.get_running_loop().time() + 10
        while not all(came) or len(came) < number:
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.01)
        done.set()
        await asyncio.gather(*tasks)
        return sorted(kinds(own)[0] for own in came)

    return asyncio.run(all_of_them())


@pytest.mark.parametrize(("token", "limit"), [("good", SOCKETS_OF_STAFF), ("patient", SOCKETS_OF_PATIENT)])
def test_an_account_holds_so_many_websockets_and_no_more(token: str, limit: int) -> None:
    house = House()

    assert held(house, limit + 2, token) == ["1008"] * 2 + ["accept"] * limit
    assert len(house.guard.sockets) == 0, "those that were closed are counted no more"
    assert held(house, limit, token) == ["accept"] * limit


def test_an_address_holds_so_many_websockets_and_no_more() -> None:
    counted = Sockets()
    with_room = [counted.one_more(f"account {n}", "10.0.0.1", limit=8) for n in range(SOCKETS_PER_ADDRESS)]

    assert all(one.__enter__() for one in with_room)
    with counted.one_more("another", "10.0.0.1", limit=8) as here, counted.one_more("x", "10.0.0.2", limit=8) as there:
        assert (here, there) == (False, True)


# Uploads


def upload(house: House, *chunks: bytes, tab: str = "tab", token: str = "good") -> Answer:
    return ask(house, f"/_stcore/upload_file/{tab}/1", method="PUT", token=token, body=chunks)


def test_files_go_to_the_own_tabs_only() -> None:
    house = House()
    house.presence.note_tab("tab", ANN.session_id)

    assert upload(house, b"photo").body == b"inside"
    assert upload(house, b"photo", token="patient").status == 404
    assert upload(house, b"photo", tab="other").status == 404
    assert upload(house, b"photo", token="stale").status == 401


def test_what_a_session_sends_is_counted_as_it_comes_and_has_an_end() -> None:
    house, chunk = House(), b"x" * (10 * MEGABYTE)
    house.presence.note_tab("tab", ANN.session_id)

    answers = [upload(house, chunk, chunk).status for _ in range(11)]

    assert answers == [200] * 10 + [429]
    assert house.inside.received == 200 * MEGABYTE


def test_after_a_while_a_session_may_send_again() -> None:
    now = [0.0]
    counted = Uploads(most=100, seconds=60, clock=lambda: now[0])

    assert counted.may_send("one", 100)
    assert not counted.may_send("one", 1)
    assert counted.may_send("two", 100)
    now[0] = 61
    assert counted.may_send("one", 100)
    counted.forget_idle()
    now[0] = 200
    counted.forget_idle()
    assert not counted._sent


def test_no_number_of_tabs_makes_the_list_of_them_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.web.presence.MOST_TABS", 10)
    presence = House().presence

    for number in range(50):
        presence.note_tab(str(number), "session")

    assert not presence.owns_tab("39", "session")
    assert presence.owns_tab("40", "session")


def test_what_streamlit_writes_of_a_fault_does_not_quote_it(caplog: pytest.LogCaptureFixture) -> None:
    quiet_streamlit()
    log = logging.getLogger("streamlit.error_util")
    fault = ValueError("Ann Quillfeather was here")
    with caplog.at_level(logging.ERROR, log.name):
        log.error("Uncaught app execution", exc_info=fault)

    assert [record.message for record in caplog.records] == ["Uncaught app execution"]
    assert "Quillfeather" not in caplog.text
