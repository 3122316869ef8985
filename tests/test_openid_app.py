"""Sign-in by the identity provider in the running app: by a hand-made client, and in a real browser behind TLS."""

from __future__ import annotations

import asyncio
import importlib
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey

from tests.houses import ROOT, House, running
from tests.identity_provider import NAME, ORIGIN, SECRET, Browser, Provider, Told, over_http, signed
from tests.identity_provider import provider as running_provider
from tests.test_openid import unsigned
from tracker.clinic.actors import Role
from tracker.web.links import ACCOUNT, PROVIDER, SIGN_IN

HOST = ORIGIN.removeprefix("https://")
COOKIE = "__Host-tracker"


@dataclass
class Site:
    """The running app, its provider, and an account that is connected."""

    house: House
    provider: Provider
    account_id: str = ""

    def browser(self) -> Browser:
        self.provider.told = Told()
        return Browser(over_http(self.house.address))

    def invitation(self, name: str) -> str:
        token = self.house.clinic.add_account(Role.ASSISTANT, name)
        (self.account_id,) = (each.id for each in self.house.clinic.accounts() if each.name == name)
        return f"/session/invitation/{token}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_provider() as provider:
        home = tmp_path_factory.mktemp("openid") / "home"
        with running(home, (), extra={**provider.environment, "FORWARDED_ALLOW_IPS": ""}) as house:
            made = Site(house, provider)
            browser = made.browser()
            leaving = browser.onward(browser.post(made.invitation("Ada"), by="provider"))
            browser.onward(browser.back(provider.sign_in(leaving.location)))
            assert COOKIE in browser.jar
            yield made


def come_in(site: Site) -> Browser:
    """Sign in with nothing wrong."""
    browser = site.browser()
    shown = browser.onward(browser.back(site.provider.sign_in(browser.get(PROVIDER).location)))
    assert shown.status == 200
    assert b"streamlit" in shown.body.lower()
    return browser


def test_a_round_trip_through_the_running_app_and_its_end(site: Site) -> None:
    browser = come_in(site)
    assert browser.kept == {COOKIE}
    assert f"Sign in with {NAME}".encode() in browser.get(ACCOUNT).body

    site.house.clinic.revoke_sessions(site.account_id)

    until = time.monotonic() + 30
    while browser.get("/").location != SIGN_IN and time.monotonic() < until:
        time.sleep(0.05)
    assert browser.get("/").location == SIGN_IN


@pytest.mark.parametrize("wrong", ["nonce", "none", "other key", "expired", "audience", "issuer", "subject", "state"])
def test_the_running_app_refuses_what_is_wrong_and_takes_the_same_without(site: Site, wrong: str) -> None:
    other = RSAKey.generate_key(2048)
    browser = site.browser()
    site.provider.told = {
        "nonce": Told(claims={"nonce": "x"}),
        "none": Told(sign=unsigned),
        "other key": Told(sign=lambda claims, _: signed(claims, {"alg": "RS256", "kid": "r1"}, other)),
        "expired": Told(claims={"exp": int(time.time()) - 120}),
        "audience": Told(claims={"aud": "another"}),
        "issuer": Told(answer={"iss": "https://login.example.com"}),
        "subject": Told(subject="Eve"),
        "state": Told(answer={"state": "x"}),
    }[wrong]

    answer = browser.back(site.provider.sign_in(browser.get(PROVIDER).location))

    assert answer.status == 403
    assert COOKIE not in browser.jar
    assert browser.get("/").location == SIGN_IN
    come_in(site)


def test_an_answer_is_taken_once_and_from_the_browser_that_asked(site: Site) -> None:
    browser, other = site.browser(), site.browser()
    address = site.provider.sign_in(browser.get(PROVIDER).location)
    kept = dict(browser.jar)
    other.get(PROVIDER)
    assert other.back(address).status == 403
    assert browser.back(address).status == 200
    thief = Browser(browser.send, jar=kept)

    assert thief.back(address).status == 403
    assert COOKIE not in thief.jar


def test_the_output_of_the_program_holds_nothing_of_a_sign_in(site: Site) -> None:
    browser = site.browser()
    address = site.provider.sign_in(browser.get(PROVIDER).location)
    site.provider.told = Told(claims={"nonce": "x"})
    browser.back(address)

    said = site.house.log.read_text()

    assert "refused for the ID token" in said
    for part in (
        SECRET,
        "Ada-1",
        *(value for pair in address.partition("?")[2].split("&") for value in pair.split("=")[1:]),
    ):
        assert part not in said


def test_half_of_the_settings_end_the_program_with_one_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "TRACKER_HOME": str(tmp_path / "home"), "TRACKER_ORIGIN": ORIGIN}
    environment |= {"TRACKER_OIDC_ISSUER": "https://login.example.org", "FORWARDED_ALLOW_IPS": ""}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", "0"]

    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode != 0
    assert "belong together" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


# In a real browser


@contextmanager
def tls_in_front(port: int, folder: Path) -> Iterator[int]:
    """A proxy that ends TLS in front of the app, one request per connection; the port it listens on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        asyncio.start_server(lambda r, w: _pass_on(r, w, port), "127.0.0.1", 0, ssl=context)
    )
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    with suppress(OSError, EOFError, asyncio.CancelledError):
        head = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n").split(b"\r\n")
        is_socket = any(line.lower().startswith(b"upgrade:") for line in head)
        kept = [line for line in head if is_socket or not line.lower().startswith(b"connection:")]
        kept += [b"X-Forwarded-For: 203.0.113.200", b"X-Forwarded-Proto: https"]
        kept += [] if is_socket else [b"Connection: close"]
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            inner_writer.write(b"\r\n".join(kept) + b"\r\n\r\n")
            sending = asyncio.create_task(_copy(reader, inner_writer))
            await _copy(inner_reader, writer)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        finally:
            inner_writer.close()
    writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while part := await reader.read(65536):
        writer.write(part)
        await writer.drain()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().issuer_name(name).subject_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=2))
    signed_by_itself = made.sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + signed_by_itself.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def chromium_page(site: Site, chromium: str, folder: Path, **options: Any) -> Iterator[Any]:
    """A page of Chromium that reaches the app under its real name, through the proxy."""
    sync_api = importlib.import_module("playwright.sync_api")
    port = int(site.house.address.rsplit(":", 1)[1])
    with tls_in_front(port, folder) as front, sync_api.sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{front}"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", rules])
        try:
            yield browser.new_context(ignore_https_errors=True, **options).new_page()
        finally:
            browser.close()


def own_cookies(page: Any) -> dict[str, str]:
    """Names of our cookies, and which requests they go with; Streamlit has others."""
    kept = (each for each in page.context.cookies() if each["name"].startswith("__Host-"))
    return {each["name"]: each["sameSite"] for each in kept if "-known-" not in each["name"]}


@pytest.mark.browser
def test_a_browser_goes_to_the_provider_and_comes_back(site: Site, chromium: str, tmp_path: Path) -> None:
    """The policy for forms, strict cookies and the return from another site, as Chromium has them."""
    if os.environ.get("CI", "").lower() != "true":
        pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    site.provider.told = Told(subject="Bea-1")
    place = site.invitation("Bea")
    complaints: list[str] = []
    with chromium_page(site, chromium, tmp_path) as page:
        page.on(
            "console", lambda message: complaints.append(message.text) if "Security Policy" in message.text else None
        )
        page.goto(f"{ORIGIN}{place}")
        page.get_by_role("button", name=f"Use {NAME} instead").click()
        page.wait_for_url(f"{ORIGIN}/", timeout=60_000)
        accepted = own_cookies(page)
        page.context.clear_cookies()
        page.goto(f"{ORIGIN}{SIGN_IN}")
        page.get_by_role("link", name=f"Sign in with {NAME}").click()
        page.wait_for_url(f"{ORIGIN}/", timeout=60_000)
        page.goto(f"{ORIGIN}{ACCOUNT}")
        shown = page.inner_text("main")
        signed_in = own_cookies(page)

    assert accepted == signed_in == {COOKIE: "Strict"}
    assert "Connected" in shown
    assert complaints == []
