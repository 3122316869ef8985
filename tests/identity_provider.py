"""A small real identity provider on this machine, which can be told to misbehave, and a browser for it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.client
import itertools
import json
import re
import secrets
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tracker.clinic import clock

ORIGIN = "https://clinic.example.org"
CLIENT_ID, SECRET = "tracker clinic/1", "s+cret: with/odd%signs"
NAME = "Example Login"
Claims = dict[str, Any]


@dataclass
class Told:
    """How the provider behaves at the moment; as it is made, it does everything right."""

    subject: str = "Ada-1"
    claims: Claims = field(default_factory=dict)
    without: tuple[str, ...] = ()
    header: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    sign: Callable[[Claims, dict[str, Any]], str] | None = None
    redirects: str = ""
    fails: str = ""
    floods: str = ""
    hangs: str = ""
    names_itself: bool = True
    answer: dict[str, str] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)


class Provider:
    """Discovery, keys, the page to sign in (which signs everybody in at once), and the token endpoint."""

    def __init__(self) -> None:
        self.told = Told()
        self.keys = {"r1": RSAKey.generate_key(2048), "e1": ECKey.generate_key("P-256")}
        self.published = list(self.keys)
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}/realm"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TRACKER_ORIGIN": ORIGIN,
            "TRACKER_OIDC_ISSUER": self.issuer,
            "TRACKER_OIDC_CLIENT_ID": CLIENT_ID,
            "TRACKER_OIDC_CLIENT_SECRET": SECRET,
            "TRACKER_OIDC_NAME": NAME,
        }

    def sign_in(self, address: str) -> str:
        """What a browser does at the provider: it follows the address and is sent back to the one returned."""
        parts = urllib.parse.urlsplit(address)
        assert address.startswith(self.issuer), address
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        try:
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            answer.read()
            return str(answer.headers["Location"])
        finally:
            connection.close()

    def document(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return {**found, **self.told.discovery}

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(clock.now().timestamp())
        claims: Claims = {
            "iss": self.issuer, "sub": self.told.subject, "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "email": "ada@clinic.example", "email_verified": True,
            "auth_time": now, "amr": ["pwd", "otp"], **self.told.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if name not in self.told.without}
        if self.told.sign is not None:
            return self.told.sign(claims, self.told.header)
        name = "r1" if self.told.algorithm.startswith(("RS", "PS")) else "e1"
        header = {"alg": self.told.algorithm, "kid": name, **self.told.header}
        return signed(claims, header, self.keys[header["kid"] if header["kid"] in self.keys else name])

    def tokens(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        own = ":".join(urllib.parse.quote(each, safe="") for each in (CLIENT_ID, SECRET))
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        fits = (
            asked is not None
            and authorization == "Basic " + base64.b64encode(own.encode()).decode()
            and form.get("grant_type") == "authorization_code"
            and form.get("redirect_uri") == asked["redirect_uri"]
            and asked["code_challenge_method"] == "S256"
            and asked["code_challenge"] == base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        )
        if not fits or asked is None:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": self.id_token(asked)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer({}, "")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(dict(urllib.parse.parse_qsl(body)), self.headers.get("Authorization", ""))

            def _answer(self, form: dict[str, str], authorization: str) -> None:
                parts = urllib.parse.urlsplit(self.path)
                what, told = parts.path.rpartition("/")[2], provider.told
                provider.asked.append(what)
                if what == told.hangs:
                    provider.released.wait(60)
                elif what == told.floods:
                    self._flood()
                elif what == told.redirects:
                    self._send(302, b"", location=f"{provider.issuer}/elsewhere/{what}")
                elif what == told.fails:
                    self._send(503, b"<html>out of order")
                elif what == "authorize":
                    self._send(302, b"", location=self._back(dict(urllib.parse.parse_qsl(parts.query))))
                elif what == "openid-configuration":
                    self._json(200, provider.document())
                elif what == "keys":
                    keys = [provider.keys[name].as_dict(private=False, kid=name) for name in provider.published]
                    self._json(200, {"keys": keys})
                else:
                    self._json(*provider.tokens(form, authorization))

            def _back(self, asked: dict[str, str]) -> str:
                code = secrets.token_hex(16)
                provider.codes[code] = asked
                own = {"iss": provider.issuer} if provider.told.names_itself else {}
                said = {"code": code, "state": asked["state"], **own, **provider.told.answer}
                return f"{asked['redirect_uri']}?{urllib.parse.urlencode(said)}"

            def _json(self, status: int, said: dict[str, Any]) -> None:
                self._send(status, json.dumps(said).encode())

            def _flood(self) -> None:
                self.send_response(200)
                self.end_headers()
                try:
                    for _ in range(100):
                        self.wfile.write(b" " * 1024 * 1024)
                except OSError:
                    provider.asked.append("hung up")

            def _send(self, status: int, body: bytes, *, location: str = "") -> None:
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                with suppress(OSError):  # who has asked may have gone
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that runs."""
    made = Provider()
    try:
        yield made
    finally:
        made.close()


def signed(claims: Claims, header: dict[str, Any], key: RSAKey | ECKey) -> str:
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    cookies: tuple[str, ...]
    headers: dict[str, str]
    body: bytes


Send = Callable[[str, str, dict[str, str], bytes], tuple[int, list[tuple[str, str]], bytes]]
_ADDRESSES = itertools.count(1)


@dataclass
class Browser:
    """Keeps cookies, and sends them as a browser does: a strict one not with what another site has led to."""

    send: Send
    address: str = field(default_factory=lambda: str(IPv4Address("10.0.0.0") + next(_ADDRESSES)))
    jar: dict[str, tuple[str, bool]] = field(default_factory=dict)

    @property
    def kept(self) -> set[str]:
        """Names of the cookies, without those by which a browser is known at its next sign-in."""
        return {name for name in self.jar if "-known-" not in name}

    def get(self, path: str, *, site: str = "same-origin", method: str = "GET") -> Answer:
        return self._ask(method, path, {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}, b"")

    def post(self, path: str, **form: str) -> Answer:
        body = urllib.parse.urlencode(form).encode()
        said = {"sec-fetch-site": "same-origin", "origin": "null", "content-length": str(len(body))}
        return self._ask("POST", path, {**said, "content-type": "application/x-www-form-urlencoded"}, body)

    def back(self, address: str) -> Answer:
        """Come back from the provider, as another site leads here."""
        assert address.startswith(ORIGIN), address
        return self.get(address.removeprefix(ORIGIN), site="cross-site")

    def onward(self, page: Answer) -> Answer:
        """Follow a page of ours that goes on by itself."""
        found = re.search(rb'http-equiv="refresh" content="0;url=([^"]+)"', page.body)
        assert found, page
        return self.get(found[1].decode())

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        is_foreign = headers["sec-fetch-site"] == "cross-site"
        sent = "; ".join(f"{name}={value}" for name, (value, strict) in self.jar.items() if not (strict and is_foreign))
        own = {"host": "clinic.example.org", "x-forwarded-for": self.address, "x-forwarded-proto": "https"}
        headers = {**own, **headers, **({"cookie": sent} if sent else {})}
        status, found, answered = self.send(method, path, headers, body)
        cookies = tuple(value for name, value in found if name == "set-cookie")
        for cookie in cookies:
            self._take(cookie)
        return Answer(status, dict(found).get("location", ""), cookies, dict(found), answered)

    def _take(self, cookie: str) -> None:
        pair, _, options = cookie.partition(";")
        name, _, value = pair.partition("=")
        assert {"secure", "httponly"} <= {each.strip().lower() for each in options.split(";")}, cookie
        if "max-age=0" in options.lower():
            self.jar.pop(name, None)
        else:
            self.jar[name] = value.strip('"'), "samesite=strict" in options.lower()


def within(app: Any) -> Send:
    """Asks an ASGI application of this process, as the proxy of the clinic does."""

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": target, "raw_path": target.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 40000), "server": ("127.0.0.1", 8501),
        }  # fmt: skip
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def sent(message: Any) -> None:
            messages.append(message)

        asyncio.run(app(scope, receive, sent))
        found = [(name.decode().lower(), value.decode("latin-1")) for name, value in messages[0]["headers"]]
        return messages[0]["status"], found, b"".join(m.get("body", b"") for m in messages[1:])

    return send


def over_http(address: str) -> Send:
    """Asks a running server, as the proxy of the clinic does."""

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        parts = urllib.parse.urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, [(k.lower(), v) for k, v in answer.getheaders()], answer.read()
        finally:
            connection.close()

    return send
