"""A browser without a browser: Streamlit's websocket and our HTTP routes, spoken by hand.

What a page's own widgets would never send can be sent with it: forged ids, other people's sessions, callbacks after
access was taken away.
"""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

RUN_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    address: str,
    path: str,
    *,
    method: str = "GET",
    cookie: str = "",
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
    host: str = "",
) -> Answer:
    """Ask once, without following anywhere; `host` is what the Host header claims."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host or parts.netloc)
        sent = dict(headers or {})
        if cookie:
            sent["Cookie"] = cookie
        chunked = body is not None and not isinstance(body, bytes)
        if isinstance(body, bytes):
            sent.setdefault("Content-Length", str(len(body)))
        elif chunked:
            sent["Transfer-Encoding"] = "chunked"
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        # A server that refuses early closes while we still send: its answer is what counts.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if isinstance(body, bytes):
                connection.send(body)
            elif body is not None:
                for part in body:
                    connection.send(b"%x\r\n%b\r\n" % (len(part), part))
                connection.send(b"0\r\n\r\n")
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@dataclass
class Seen:
    """What one run of a page sent."""

    session_id: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    closed: int | None = None

    @property
    def text(self) -> str:
        """Everything that was sent, as text: what is not in it was not sent."""
        return "\n".join(str(message) for message in self.messages)

    def widgets(self, kind: str) -> list[Any]:
        """Widgets of a kind, such as ``"button"``, in the order in which they came."""
        return [
            getattr(m.delta.new_element, kind)
            for m in self.messages
            if m.WhichOneof("type") == "delta"
            and m.delta.WhichOneof("type") == "new_element"
            and m.delta.new_element.WhichOneof("type") == kind
        ]

    def widget(self, kind: str, label: str) -> Any:
        """The widget with a label."""
        found = [w for w in self.widgets(kind) if label in w.label]
        assert found, f"no {kind} {label!r} among {[w.label for w in self.widgets(kind)]}"
        return found[0]


class Socket:
    """One websocket of Streamlit's.

    Parameters
    ----------
    address : str
        Such as ``"http://127.0.0.1:8501"``.
    cookie : str
        As in the header Cookie.
    resume : str
        Session id of Streamlit's to take up, one's own or a stolen one.
    origin, host : str
        What the headers claim; by default what a browser says.
    headers : mapping
        Further ones.
    """

    def __init__(
        self,
        address: str,
        *,
        cookie: str = "",
        resume: str = "",
        origin: str | None = "",
        host: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        parts = urlsplit(address)
        sent = dict(headers or {})
        if cookie:
            sent["Cookie"] = cookie
        xsrf = next((p.split("=", 1)[1] for p in cookie.split("; ") if p.startswith("_streamlit_xsrf=")), "x")
        # Streamlit reads them by position; a websocket library would refuse an empty one.
        protocols = [Subprotocol(p) for p in ("streamlit", xsrf, resume) if p]
        options: dict[str, Any] = {"additional_headers": sent, "max_size": None, "open_timeout": 30}
        if origin is not None:
            options["origin"] = origin or f"http://{parts.netloc}"
        uri = f"ws://{host or parts.netloc}/_stcore/stream"
        sock = _sock(parts.hostname or "", parts.port or 80)
        # Entered here and left in `close`, because some sockets of ours outlive the block that opened them.
        self._left = contextlib.ExitStack()
        opening = connect(uri, subprotocols=protocols, sock=sock, **options)
        self._socket: ClientConnection = self._left.enter_context(opening)
        self.session_id = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave."""
        self._left.close()

    def run(
        self,
        page: str = "",
        *,
        query: str = "",
        widgets: Iterable[WidgetState] = (),
        fragment: str = "",
        page_hash: str = "",
        seconds: float = RUN_SECONDS,
    ) -> Seen:
        """Ask for a run of a page, and wait until it has ended or the server has hung up."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_name, state.fragment_id = query, page, fragment
        state.page_script_hash = page_hash
        state.widget_states.widgets.extend(widgets)
        return self.tell(message, seconds=seconds)

    def tell(self, message: BackMsg | bytes, *, seconds: float = RUN_SECONDS) -> Seen:
        """Send a message of any kind and see what the run it leads to sends."""
        seen = Seen(self.session_id)
        try:
            self._socket.send(message if isinstance(message, bytes) else message.SerializeToString())
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                try:
                    raw = self._socket.recv(timeout=left)
                except TimeoutError:
                    break
                got = ForwardMsg()
                got.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
                if self._take(seen, got):
                    break
        except ConnectionClosed as closed:
            seen.closed = closed.rcvd.code if closed.rcvd else 1006
        return seen

    def until(self, message: BackMsg, kind: str, *, seconds: float = RUN_SECONDS) -> Any:
        """Send a message and return the first answer of a kind."""
        self._socket.send(message.SerializeToString())
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            raw = self._socket.recv(timeout=left)
            got = ForwardMsg()
            got.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
            if got.WhichOneof("type") == kind:
                return got
        raise TimeoutError(f"no {kind} within {seconds} s")

    def _take(self, seen: Seen, got: Any) -> bool:
        seen.messages.append(got)
        kind = got.WhichOneof("type")
        if kind == "new_session":
            self.session_id = seen.session_id = got.new_session.initialize.session_id or self.session_id
        elif kind == "navigation":
            seen.pages = {p.url_pathname: p.page_script_hash for p in got.navigation.app_pages}
        return kind == "script_finished"


def close_code(address: str, **options: Any) -> int:
    """How the server ends a websocket that should not be: its close code, or the HTTP status of a refusal."""
    try:
        with Socket(address, **options) as socket:
            seen = socket.run(seconds=5)
            return seen.closed if seen.closed is not None else 0
    except InvalidHandshake as refused:
        response = getattr(refused, "response", None)
        return int(response.status_code) if response is not None else 1006
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def pressed(widget_id: str) -> WidgetState:
    """A button that was pressed."""
    return WidgetState(id=widget_id, trigger_value=True)


def typed(widget_id: str, text: str) -> WidgetState:
    """A field that holds a text."""
    return WidgetState(id=widget_id, string_value=text)


def _sock(host: str, port: int) -> Any:
    import socket

    return socket.create_connection((host, port), timeout=30)
