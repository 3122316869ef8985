"""Sign-in by the clinic's identity provider: what works, and everything that must not."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from argon2 import PasswordHasher
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.identity_provider import (
    CLIENT_ID,
    NAME,
    ORIGIN,
    SECRET,
    Answer,
    Browser,
    Claims,
    Provider,
    Told,
    signed,
    within,
)
from tests.identity_provider import provider as running_provider
from tests.signing_in import OWNER, PASSWORD, token_of_owner
from tracker.clinic import Clinic, accounts, clock, passwords, schema
from tracker.clinic.actors import Actor, Role
from tracker.errors import RecordError
from tracker.openid import fetching
from tracker.openid import provider as openid
from tracker.openid.round_trip import Challenge
from tracker.openid.settings import Settings, is_safe
from tracker.web import by_provider
from tracker.web.guard import Guard
from tracker.web.links import (
    ACCOUNT,
    CONNECT,
    DISCONNECT,
    ENROL,
    PROVIDER,
    PROVIDER_BACK,
    PROVIDER_CODE,
    SIGN_IN,
)
from tracker.web.place import Place
from tracker.web.presence import Presence
from tracker.web.sign_in import session_routes

GREETING = b"the clinic itself"
COOKIE = "__Host-tracker"


@dataclass
class House:
    """A clinic with an owner, whose assistant Ada signs in by the provider."""

    clinic: Clinic
    provider: Provider
    settings: Settings | None
    ada: str = ""

    def __post_init__(self) -> None:
        async def home(_: Request) -> Response:
            return Response(GREETING)

        place = Place.of_environment({"TRACKER_ORIGIN": ORIGIN})
        routes = [*session_routes(lambda: self.clinic, self.settings), Route("/", home)]
        self.guard = Guard(Starlette(routes=routes), presence=Presence(lambda: self.clinic), place=place)

    def browser(self) -> Browser:
        return Browser(within(self.guard))

    def invite(self, role: Role, name: str) -> tuple[str, str]:
        """Address of an invitation, and whose account it is."""
        token = self.clinic.add_account(role, name)
        (account,) = (each for each in self.clinic.accounts() if each.name == name)
        return f"/session/invitation/{token}", account.id

    def actor(self, browser: Browser) -> Actor | None:
        token, _ = browser.jar.get(COOKIE, ("", True))
        return self.clinic.session_of(token) if token else None


@pytest.fixture(scope="module")
def module_provider() -> Iterator[Provider]:
    with running_provider() as made:
        yield made


@pytest.fixture
def provider(module_provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The provider, which nobody has asked yet, and for which nobody waits long."""
    by_provider._provider_of.cache_clear()
    monkeypatch.setattr(openid, "AFTER_FAILURE_SECONDS", 0.0)
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()
    module_provider.told = Told()
    module_provider.asked.clear()
    return module_provider


@contextmanager
def furnished(provider: Provider, folder: Path) -> Iterator[House]:
    with Clinic.open(folder / "clinic") as clinic:
        token_of_owner(clinic)
        made = House(clinic, provider, Settings.of_environment(ORIGIN, PROVIDER_BACK, provider.environment))
        place, made.ada = made.invite(Role.ASSISTANT, "Ada")
        accepted = made.browser()
        leaving = accepted.onward(accepted.post(place, by="provider"))
        assert accepted.onward(accepted.back(provider.sign_in(leaving.location))).body == GREETING
        clinic.revoke_sessions(made.ada)
        yield made


@pytest.fixture
def house(provider: Provider, tmp_path: Path) -> Iterator[House]:
    with furnished(provider, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def standing(module_provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house for many attacks, each of which leaves it as it was."""
    with furnished(module_provider, tmp_path_factory.mktemp("standing")) as made:
        yield made


def sent_away(house: House, browser: Browser) -> str:
    """The address of the provider to which the button leads."""
    answer = browser.get(PROVIDER)
    assert answer.status == 303
    return answer.location


def come_in(house: House, browser: Browser | None = None) -> Browser:
    """Sign in with nothing wrong: the control of every attack."""
    browser = browser or house.browser()
    page = browser.back(house.provider.sign_in(sent_away(house, browser)))
    assert page.status == 200, page.body
    assert browser.onward(page).body == GREETING
    return browser


def is_outside(house: House, browser: Browser) -> bool:
    return house.actor(browser) is None and browser.get("/").location == SIGN_IN


# What works


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_somebody_who_is_connected_signs_in(house: House, algorithm: str) -> None:
    house.provider.told.algorithm = algorithm

    browser = come_in(house)

    actor = house.actor(browser)
    assert actor is not None
    assert (actor.account_id, actor.role, actor.is_enrolling) == (house.ada, Role.ASSISTANT, False)
    assert browser.kept == {COOKIE}, "nothing of the way there is left"


def test_the_way_there_has_everything_that_makes_it_ours(house: House) -> None:
    browser = house.browser()

    parts = urlsplit(sent_away(house, browser))
    asked = {name: value for name, (value,) in parse_qs(parts.query).items()}

    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{house.provider.issuer}/authorize"
    assert {name: asked.pop(name) for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": f"{ORIGIN}{PROVIDER_BACK}",
        "scope": "openid",
    }
    assert asked.pop("code_challenge_method") == "S256"
    assert set(asked) == {"state", "nonce", "code_challenge"}
    assert all(len(value) == 43 for value in asked.values())
    kept, is_strict = browser.jar[by_provider.TRIP]
    assert not is_strict
    assert not any(value in kept for value in asked.values())


def test_a_session_begins_anew_and_the_one_before_is_over(house: House) -> None:
    browser = come_in(house)
    before = browser.jar[COOKIE][0]

    come_in(house, browser)

    assert browser.jar[COOKIE][0] != before
    assert house.clinic.session_of(before) is None


def test_a_session_can_be_revoked_like_any_other(house: House) -> None:
    browser = come_in(house)
    house.clinic.revoke_sessions(house.ada)

    assert is_outside(house, browser)


def test_without_a_second_factor_at_the_provider_ours_is_given_first(house: House) -> None:
    house.provider.told.claims = {"amr": ["pwd"]}
    browser = house.browser()

    page = browser.back(house.provider.sign_in(sent_away(house, browser)))

    assert browser.onward(page).status == 200
    assert browser.get("/").location == ENROL


def connected_owner(house: House) -> tuple[Browser, tuple[str, ...]]:
    """A browser of the owner, who has connected the provider and is signed out; and the recovery codes."""
    house.provider.told.subject = "Olga-1"
    browser = house.browser()
    browser.jar[COOKIE] = token_of_owner(house.clinic), True
    leaving = browser.onward(browser.post(CONNECT, proof=PASSWORD))
    shown = browser.onward(browser.back(house.provider.sign_in(leaving.location)))
    assert b"Connected" in shown.body
    actor = house.actor(browser)
    assert actor is not None
    with house.clinic._store.writing() as connection:
        codes = accounts.new_recovery_codes(connection, actor.account_id)
    del browser.jar[COOKIE]
    return browser, codes


@pytest.mark.parametrize("amr", [["pwd"], [], None, [["mfa"]], ["MFA"], ["sms"]], ids=str)
def test_what_is_no_second_factor_leads_to_the_question_for_ours(house: House, amr: object) -> None:
    browser, codes = connected_owner(house)
    house.provider.told.claims = {"amr": amr}
    house.provider.told.without = ("amr",) if amr is None else ()

    asked = browser.onward(browser.back(house.provider.sign_in(sent_away(house, browser))))
    assert b"second factor" in asked.body
    assert is_outside(house, browser)
    wrong = browser.post(PROVIDER_CODE, code="000000")
    assert wrong.status == 403
    assert is_outside(house, browser)
    assert browser.post(PROVIDER_CODE, code=codes[0]).location == "/"

    assert browser.get("/").body == GREETING
    assert browser.kept == {COOKIE}


@pytest.mark.parametrize("amr", ["mfa", {"mfa": True}, 1], ids=str)
def test_a_second_factor_that_is_said_in_a_wrong_form_proves_nothing(house: House, amr: object) -> None:
    house.provider.told.claims = {"amr": amr}
    browser = house.browser()

    assert browser.back(house.provider.sign_in(sent_away(house, browser))).status == 403
    assert is_outside(house, browser)


def test_the_question_for_the_second_factor_is_answered_once_and_soon(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, codes = connected_owner(house)
    house.provider.told.claims = {"amr": []}
    browser.onward(browser.back(house.provider.sign_in(sent_away(house, browser))))
    thief = Browser(browser.send, jar=dict(browser.jar))
    changed = Browser(browser.send, jar={by_provider.DOOR: (browser.jar[by_provider.DOOR][0][:-4] + "AAAA", True)})
    browser.post(PROVIDER_CODE, code=codes[0])

    assert thief.post(PROVIDER_CODE, code=codes[1]).status == 403
    assert changed.post(PROVIDER_CODE, code=codes[1]).status == 403
    assert house.browser().post(PROVIDER_CODE, code=codes[1]).location == SIGN_IN
    browser.onward(browser.back(house.provider.sign_in(sent_away(house, browser))))
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=6))
    late = browser.post(PROVIDER_CODE, code=codes[2])
    assert late.status == 403
    assert b"too long" in late.body


def stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no time pass, in which a wait could be over."""
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)


def test_codes_cannot_be_tried_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, codes = connected_owner(house)
    stand_still(monkeypatch)
    house.provider.told.claims = {"amr": []}
    browser.onward(browser.back(house.provider.sign_in(sent_away(house, browser))))

    answers = [browser.post(PROVIDER_CODE, code="000000").status for _ in range(8)]

    assert answers == [403] * 5 + [429] * 3
    assert browser.post(PROVIDER_CODE, code=codes[0]).status == 429
    by_password = browser.post(SIGN_IN, name=OWNER, password=PASSWORD, code=codes[0])
    assert by_password.status == 429, "they are counted together"


def test_an_account_is_connected_with_its_password_and_disconnected(house: House) -> None:
    browser, codes = connected_owner(house)
    come_in(house, browser)

    shown = browser.get(ACCOUNT).body
    gone = browser.post(DISCONNECT)

    assert b"Disconnect" in shown
    assert b"Disconnected" in browser.get(gone.location).body
    assert f"Connect {NAME}".encode() in browser.get(ACCOUNT).body
    stranger = house.browser()
    assert stranger.back(house.provider.sign_in(sent_away(house, stranger))).status == 403
    assert stranger.post(SIGN_IN, name=OWNER, password=PASSWORD, code=codes[0]).location == "/"


def test_who_has_no_password_cannot_disconnect(house: House) -> None:
    browser = come_in(house)

    assert b"Disconnect" not in browser.get(ACCOUNT).body
    assert b"would" not in browser.get(ACCOUNT).body
    refused = browser.post(DISCONNECT)

    assert refused.status == 403
    assert b"nobody could sign in" in refused.body
    come_in(house)


def test_an_invitation_after_all_gives_a_password_and_keeps_the_provider(house: House) -> None:
    place = f"/session/invitation/{house.clinic.invite_again(house.ada)}"

    house.browser().post(place, password=PASSWORD, again=PASSWORD)

    account = house.clinic.account(house.ada)
    assert account.has_password
    assert account.is_connected
    come_in(house)


def test_the_log_says_what_was_done_and_no_more(house: House) -> None:
    connected_owner(house)
    house.provider.told = Told()
    browser = come_in(house)
    house.provider.told.subject = "somebody else"
    stranger = house.browser()
    stranger.back(house.provider.sign_in(sent_away(house, stranger)))

    said = [(entry.action, entry.outcome) for entry in reversed(house.clinic.log())]

    for entry in (
        ("accept_by_provider", "done"), ("connect_provider", "done"), ("sign_in_by_provider", "done"),
        ("sign_in_by_provider", "denied"),
    ):  # fmt: skip
        assert entry in said
    assert "somebody else" not in str(house.clinic.log())
    assert browser.jar[COOKIE][0] not in str(house.clinic.log())
    assert house.clinic.verify_log() == ()


def test_what_is_kept_of_an_identity_names_nobody(house: House) -> None:
    with house.clinic._store.reading() as connection:
        (row,) = connection.execute(select(schema.identity)).all()

    assert re.fullmatch("[0-9a-f]{64}", row.digest)
    assert row.account_id == house.ada


def test_keys_that_were_replaced_are_fetched_once_more_and_not_all_the_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_in(house)
    monkeypatch.setitem(house.provider.keys, "r2", RSAKey.generate_key(2048))
    monkeypatch.setattr(house.provider, "published", ["r2"])
    house.provider.told.header = {"kid": "r2"}
    house.provider.asked.clear()
    early = house.browser()
    assert early.back(house.provider.sign_in(sent_away(house, early))).status == 403
    assert "keys" not in house.provider.asked, "a minute has not passed"

    monkeypatch.setattr(openid, "KEYS_EVERY_SECONDS", 0.0)
    come_in(house)
    come_in(house)

    assert house.provider.asked.count("keys") == 1
    assert "openid-configuration" not in house.provider.asked


def test_a_token_may_leave_the_name_of_the_only_key_out(house: House) -> None:
    house.provider.told.sign = lambda claims, _: signed(claims, {"alg": "RS256"}, house.provider.keys["r1"])

    come_in(house)


def test_a_provider_that_takes_the_secret_in_the_form_is_given_it_there() -> None:
    with running_provider() as other:
        other.told.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        settings = Settings.of_environment(ORIGIN, PROVIDER_BACK, other.environment)
        assert settings is not None
        seen: list[tuple[dict[str, str], str]] = []
        other.tokens = lambda form, said: (seen.append((form, said)), (400, {}))[1]  # type: ignore[method-assign]

        made, challenge = openid.Provider(settings), Challenge.new()
        back = parse_qs(urlsplit(other.sign_in(made.address(challenge))).query)
        with pytest.raises(RecordError):
            made.identify(challenge, {name: value for name, (value,) in back.items()}, clock.now())

    ((form, header),) = seen
    assert (form["client_id"], form["client_secret"], header) == (CLIENT_ID, SECRET, "")


# Attacks


Attack = Callable[[House, Browser, pytest.MonkeyPatch], Answer]
ATTACKS: list[Attack] = []
FEWEST = 15


def attack(done: Attack) -> Attack:
    ATTACKS.append(done)
    return done


@pytest.mark.parametrize("attempt", ATTACKS, ids=lambda a: a.__name__)
def test_no_attack_succeeds_and_the_same_with_nothing_wrong_does(
    standing: House,
    provider: Provider,
    attempt: Attack,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    house, browser = standing, standing.browser()
    with monkeypatch.context() as patch:
        answer = attempt(house, browser, patch)

        assert answer.status in (403, 503)
        assert answer.location == ""
        assert COOKIE not in browser.jar
        assert not any(cookie.startswith(f"{COOKIE}=") for cookie in answer.cookies)
        assert is_outside(house, browser)
        text = answer.body.decode()
        assert len(re.findall(r"<main.*?<p>([^<]+)</p>", text, re.DOTALL)) == 1
        for secret in (SECRET, "Ada-1", house.provider.issuer, "Traceback"):
            assert secret not in text
            assert secret not in caplog.text
    by_provider._provider_of.cache_clear()
    house.provider.told = Told()
    come_in(house)


def test_there_are_as_many_attacks_as_were_asked_for() -> None:
    assert len(ATTACKS) >= FEWEST


def attempted(house: House, browser: Browser, **told: object) -> Answer:
    """Come back from a provider that behaves as told."""
    for name, value in told.items():
        setattr(house.provider.told, name, value)
    return browser.back(house.provider.sign_in(sent_away(house, browser)))


def changed(address: str, **query: str | None) -> str:
    """The same address with other parameters; None leaves one out."""
    parts = urlsplit(address)
    said = {name: value for name, (value,) in parse_qs(parts.query).items()} | query
    return parts._replace(query=urlencode({name: value for name, value in said.items() if value is not None})).geturl()


@attack
def a_wrong_state(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return browser.back(changed(house.provider.sign_in(sent_away(house, browser)), state="A" * 43))


@attack
def no_state(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return browser.back(changed(house.provider.sign_in(sent_away(house, browser)), state=None))


@attack
def two_states(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    address = house.provider.sign_in(sent_away(house, browser))
    return browser.back(address.replace("?", "?state=" + "A" * 43 + "&"))


@attack
def the_same_answer_again(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    address = house.provider.sign_in(sent_away(house, browser))
    kept = dict(browser.jar)
    assert browser.back(address).status == 200
    browser.jar = kept
    house.clinic.revoke_sessions(house.ada)
    return browser.back(address)


@attack
def the_same_state_with_a_fresh_code(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    away = sent_away(house, browser)
    kept = dict(browser.jar)
    assert browser.back(house.provider.sign_in(away)).status == 200
    browser.jar = kept
    return browser.back(house.provider.sign_in(away))


@attack
def the_answer_to_another_browser(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    sent_away(house, browser)
    return browser.back(house.provider.sign_in(sent_away(house, house.browser())))


@attack
def an_answer_without_having_been_sent(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return browser.back(house.provider.sign_in(sent_away(house, house.browser())))


@attack
def a_code_of_another_browser_with_the_own_state(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    own = house.provider.sign_in(sent_away(house, browser))
    other = parse_qs(urlsplit(house.provider.sign_in(sent_away(house, house.browser()))).query)
    return browser.back(changed(own, code=other["code"][0]))  # the verifier does not fit: PKCE


@attack
def a_code_that_was_used(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    first = house.browser()
    used = house.provider.sign_in(sent_away(house, first))
    assert first.back(used).status == 200
    return browser.back(
        changed(house.provider.sign_in(sent_away(house, browser)), code=parse_qs(urlsplit(used).query)["code"][0])
    )


@attack
def a_kept_state_that_was_changed(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    address = house.provider.sign_in(sent_away(house, browser))
    sealed, is_strict = browser.jar[by_provider.TRIP]
    browser.jar[by_provider.TRIP] = sealed[:-6] + ("AAAAAA" if sealed[-6:] != "AAAAAA" else "BBBBBB"), is_strict
    return browser.back(address)


@attack
def a_name_sealed_by_us_for_something_else(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    address = house.provider.sign_in(sent_away(house, browser))
    with house.clinic._store.reading() as connection:
        name = connection.execute(select(schema.account.c.name)).scalars().first()
    browser.jar[by_provider.TRIP] = str(name).translate(str.maketrans("+/", "-_")).rstrip("="), False
    return browser.back(address)


@attack
def coming_back_too_late(house: House, browser: Browser, patch: pytest.MonkeyPatch) -> Answer:
    address, now = house.provider.sign_in(sent_away(house, browser)), clock.now()
    patch.setattr(clock, "now", lambda: now + timedelta(minutes=11))
    return browser.back(address)


@attack
def another_nonce(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"nonce": "A" * 43})


@attack
def no_nonce(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, without=("nonce",))


def part(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


def unsigned(claims: Claims, _: dict[str, object]) -> str:
    return f"{part({'alg': 'none'})}.{part(claims)}."


@attack
def a_token_that_nobody_signed(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, sign=unsigned)


@attack
def a_token_signed_with_the_public_key_as_a_password(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    pem = house.provider.keys["r1"].as_pem(private=False)

    def sign(claims: Claims, _: dict[str, object]) -> str:
        body = f"{part({'alg': 'HS256', 'kid': 'r1'})}.{part(claims)}"
        return f"{body}.{base64.urlsafe_b64encode(hmac.digest(pem, body.encode(), 'sha256')).decode().rstrip('=')}"

    return attempted(house, browser, sign=sign)


@attack
def a_token_signed_with_the_secret_of_the_client(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    def sign(claims: Claims, _: dict[str, object]) -> str:
        body = f"{part({'alg': 'HS256'})}.{part(claims)}"
        digest = hmac.digest(SECRET.encode(), body.encode(), "sha256")
        return f"{body}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"

    return attempted(house, browser, sign=sign)


@attack
def a_token_signed_with_another_key(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    other = RSAKey.generate_key(2048)
    return attempted(house, browser, sign=lambda claims, _: signed(claims, {"alg": "RS256", "kid": "r1"}, other))


@attack
def a_token_that_brings_its_own_key(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    other = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "kid": "e1", "jwk": other.as_dict(private=False)}
    return attempted(house, browser, sign=lambda claims, _: signed(claims, header, other))


@attack
def a_token_with_a_key_that_is_too_short(house: House, browser: Browser, patch: pytest.MonkeyPatch) -> Answer:
    with pytest.warns(match="2048"):
        patch.setitem(house.provider.keys, "r0", RSAKey.generate_key(1024))
    patch.setattr(house.provider, "published", ["r0"])
    patch.setattr(openid, "KEYS_EVERY_SECONDS", 0.0)
    key = house.provider.keys["r0"]
    return attempted(house, browser, sign=lambda claims, _: signed(claims, {"alg": "RS256", "kid": "r0"}, key))


@attack
def an_algorithm_that_the_provider_does_not_state(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    by_provider._provider_of.cache_clear()
    stated = {"id_token_signing_alg_values_supported": ["RS256"]}
    return attempted(house, browser, algorithm="ES256", discovery=stated)


@attack
def a_token_with_another_subject_put_in(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    def sign(claims: Claims, _: dict[str, object]) -> str:
        own = signed({**claims, "sub": "Eve"}, {"alg": "RS256", "kid": "r1"}, house.provider.keys["r1"])
        header, _, signature = own.split(".")
        return f"{header}.{part(claims)}.{signature}"

    return attempted(house, browser, sign=sign)


@attack
def a_token_that_has_run_out(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"exp": int(time.time()) - 120})


@attack
def a_token_without_an_end(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, without=("exp",))


@attack
def a_token_of_the_future(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"iat": int(time.time()) + 600})


@attack
def a_token_for_another_program(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"aud": "another program"})


@attack
def a_token_that_another_program_asked_for(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"aud": [CLIENT_ID, "another program"], "azp": "another program"})


@attack
def a_token_for_several_programs_without_saying_whose(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"aud": [CLIENT_ID, "another program"]})


@attack
def a_token_of_another_issuer(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"iss": "https://login.example.com"})


@attack
def an_answer_of_another_issuer(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, answer={"iss": "https://login.example.com"})  # RFC 9207: mix-up


@attack
def an_answer_that_does_not_say_whose_it_is(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, names_itself=False)  # though the provider states that it always does


@attack
def an_answer_that_says_no(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    said = {"error": "access_denied", "error_description": "<script>Ada-1</script>"}
    return attempted(house, browser, answer=said)


@attack
def somebody_unknown(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    answer = attempted(house, browser, subject="Eve-1")
    assert b"ask the owner of the clinic for an invitation" in answer.body
    return answer


@attack
def somebody_else_with_the_same_address_for_mail(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, subject="Eve-1", claims={"email": "ada@clinic.example", "email_verified": True})


@attack
def the_same_subject_in_other_capitals(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, subject="ADA-1")


@attack
def a_subject_that_is_no_text(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, claims={"sub": ["Ada-1"]})


@attack
def somebody_whose_account_is_closed(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    house.clinic.disable_account(house.ada)
    answer = attempted(house, browser)
    house.clinic.enable_account(house.ada)
    assert b"ask the owner of the clinic for an invitation" in answer.body, "the same sentence as for who is unknown"
    return answer


@attack
def an_answer_of_a_hundred_megabytes(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    answer = attempted(house, browser, floods="token")
    until = time.monotonic() + 30
    while "hung up" not in house.provider.asked and time.monotonic() < until:
        time.sleep(0.01)
    assert "hung up" in house.provider.asked
    return answer


@attack
def a_provider_that_never_answers(house: House, browser: Browser, patch: pytest.MonkeyPatch) -> Answer:
    patch.setattr(fetching, "SECONDS", 0.5)
    began = time.monotonic()
    answer = attempted(house, browser, hangs="token")
    assert time.monotonic() - began < 20, "it would hang for 60 s"
    house.provider.released.set()
    house.provider.released.clear()
    return answer


@attack
def a_provider_that_is_down(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return attempted(house, browser, fails="token")


@attack
def tokens_that_are_elsewhere(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    house.provider.asked.clear()
    answer = attempted(house, browser, redirects="token")
    assert house.provider.asked[-1:] == ["token"], "nobody is followed"
    assert house.provider.asked.count("token") == 1
    return answer


def begun(house: House, browser: Browser, **told: object) -> Answer:
    """Begin at a provider of which nothing is known yet."""
    by_provider._provider_of.cache_clear()
    for name, value in told.items():
        setattr(house.provider.told, name, value)
    return browser.get(PROVIDER)


@attack
def a_configuration_that_is_elsewhere(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    before = len(house.provider.asked)
    answer = begun(house, browser, redirects="openid-configuration")
    assert house.provider.asked[before:] == ["openid-configuration"]
    return answer


@attack
def a_configuration_of_another_issuer(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return begun(house, browser, discovery={"issuer": f"{house.provider.issuer}/"})


@attack
def a_configuration_that_leads_away_from_tls(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return begun(house, browser, discovery={"token_endpoint": "http://login.example.com/token"})


@attack
def a_configuration_that_leads_to_a_file(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return begun(house, browser, discovery={"jwks_uri": "file:///etc/passwd"})


@attack
def a_configuration_of_a_hundred_megabytes(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    return begun(house, browser, floods="openid-configuration")


@attack
def keys_that_are_out_of_order(house: House, browser: Browser, _: pytest.MonkeyPatch) -> Answer:
    by_provider._provider_of.cache_clear()
    return attempted(house, browser, fails="keys")


def test_nobody_is_sent_on_to_where_an_address_says(house: House) -> None:
    browser = house.browser()
    away = browser.get(f"{PROVIDER}?next=https://evil.example&redirect_uri=https://evil.example").location
    address = house.provider.sign_in(away) + "&next=https://evil.example&redirect_uri=https://evil.example"

    page = browser.back(address)

    assert "evil" not in away
    assert b"evil" not in page.body
    assert browser.onward(page).body == GREETING


def test_no_other_site_begins_a_sign_in(house: House) -> None:
    browser = house.browser()

    assert browser.get(PROVIDER, site="cross-site").location == SIGN_IN
    assert browser.jar == {}


@pytest.mark.parametrize("method", ["HEAD", "POST"])
def test_looking_ahead_uses_nothing_up(house: House, method: str) -> None:
    browser = house.browser()
    address = house.provider.sign_in(sent_away(house, browser))
    asked = list(house.provider.asked)

    assert browser.get(address.removeprefix(ORIGIN), method=method).status == 405
    assert house.provider.asked == asked
    assert browser.onward(browser.back(address)).body == GREETING


def test_another_page_cannot_use_up_what_a_browser_has_begun(house: House) -> None:
    browser = house.browser()
    address = house.provider.sign_in(sent_away(house, browser))

    assert browser.back(changed(address, state="x")).status == 403
    assert browser.onward(browser.back(address)).body == GREETING


def test_many_failures_make_the_next_wait_and_nobody_elsewhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser()
    stand_still(monkeypatch)
    answers = [attempted(house, browser, subject="Eve").status for _ in range(22)]

    assert answers == [403] * 20 + [429] * 2
    house.provider.told = Told()
    assert attempted(house, browser).status == 429
    come_in(house)


def test_a_provider_that_is_down_is_not_the_fault_of_who_tries(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = house.browser()
    stand_still(monkeypatch)
    answers = [attempted(house, browser, fails="token").status for _ in range(22)]

    assert answers == [503] * 22
    house.provider.told = Told()
    come_in(house, browser)


# Connecting and accepting


def test_connecting_needs_the_password_again(house: House) -> None:
    browser = house.browser()
    browser.jar[COOKIE] = token_of_owner(house.clinic), True
    before = list(house.provider.asked)

    refused = browser.post(CONNECT, proof="not the password")

    assert refused.status == 403
    assert by_provider.TRIP not in browser.jar
    assert house.provider.asked == before


def test_who_has_connected_one_account_does_not_connect_another(house: House) -> None:
    browser = house.browser()
    browser.jar[COOKIE] = token_of_owner(house.clinic), True
    leaving = browser.onward(browser.post(CONNECT, proof=PASSWORD))

    taken = browser.back(house.provider.sign_in(leaving.location))  # as Ada

    assert taken.status == 403
    assert b"another account" in taken.body
    actor = house.actor(come_in(house))
    assert actor is not None
    assert actor.account_id == house.ada


def test_a_session_that_ended_on_the_way_connects_nothing(house: House) -> None:
    house.provider.told.subject = "Olga-1"
    browser = house.browser()
    browser.jar[COOKIE] = token_of_owner(house.clinic), True
    leaving = browser.onward(browser.post(CONNECT, proof=PASSWORD))
    house.clinic.sign_out(browser.jar[COOKIE][0])

    refused = browser.back(house.provider.sign_in(leaving.location))

    assert refused.status == 403
    assert b"signed out" in refused.body
    assert not any(account.is_connected for account in house.clinic.accounts() if account.role is Role.OWNER)


def test_an_earlier_sign_in_at_the_provider_connects_nothing(house: House) -> None:
    """It may be that of the colleague who used this screen before."""
    house.provider.told.subject = "Olga-1"
    house.provider.told.claims = {"auth_time": int(time.time()) - 600}
    browser = house.browser()
    browser.jar[COOKIE] = token_of_owner(house.clinic), True
    leaving = browser.onward(browser.post(CONNECT, proof=PASSWORD))

    assert "max_age=0" in leaving.location
    assert browser.back(house.provider.sign_in(leaving.location)).status == 403


def test_an_invitation_is_accepted_once(house: House) -> None:
    place, account_id = house.invite(Role.PRACTITIONER, "Bob")
    house.provider.told.subject = "Bob-1"
    first, second = house.browser(), house.browser()
    leaving = [each.onward(each.post(place, by="provider")) for each in (first, second)]

    assert first.onward(first.back(house.provider.sign_in(leaving[0].location))).body == GREETING
    again = second.back(house.provider.sign_in(leaving[1].location))

    assert again.status == 403
    assert b"invitation" in again.body
    assert house.browser().post(place, by="provider").status == 403
    assert house.clinic.account(account_id).is_connected


def test_an_invitation_is_not_used_up_by_who_turns_back(house: House) -> None:
    place, _ = house.invite(Role.PRACTITIONER, "Bob")
    browser = house.browser()
    browser.onward(browser.post(place, by="provider"))
    house.provider.told.answer = {"error": "access_denied"}
    leaving = browser.onward(browser.post(place, by="provider"))
    assert browser.back(house.provider.sign_in(leaving.location)).status == 403

    assert browser.post(place, password=PASSWORD, again=PASSWORD).location == ENROL


def test_patients_have_passwords(house: House) -> None:
    patient = house.clinic.add_patient(code="P-1")
    place = f"/session/invitation/{house.clinic.invite_patient(patient.id, 'Jane')}"
    browser = house.browser()

    assert NAME.encode() not in browser.get(place).body
    refused = browser.post(place, by="provider")

    assert refused.status == 403
    assert by_provider.TRIP not in browser.jar
    assert browser.post(place, password=PASSWORD, again=PASSWORD).location == "/"
    assert NAME.encode() not in browser.get(ACCOUNT).body
    assert browser.post(CONNECT, proof=PASSWORD).status == 403


# Settings, and their absence


def test_without_settings_there_is_no_button_no_route_and_no_call(house: House) -> None:
    bare = House(house.clinic, house.provider, None)
    house.provider.asked.clear()
    browser = bare.browser()

    for path in (PROVIDER, PROVIDER_BACK, PROVIDER_CODE, CONNECT, DISCONNECT):
        assert browser.get(path).status == 404
    assert PROVIDER.encode() not in browser.get(SIGN_IN).body
    place, _ = bare.invite(Role.PRACTITIONER, "Bob")
    assert b'value="provider"' not in browser.get(place).body
    assert browser.post(place, by="provider").status == 403
    browser.jar[COOKIE] = token_of_owner(house.clinic), True
    assert b"/session/account/connect" not in browser.get(ACCOUNT).body
    assert house.provider.asked == []


def test_without_settings_the_program_does_not_even_load_what_could_call() -> None:
    program = (
        "import sys, tracker.clinic, tracker.web.application, tracker.web.desk; "
        "print([m for m in ('tracker.openid.provider', 'tracker.openid.fetching') if m in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_with_settings_nothing_is_asked_before_somebody_signs_in(house: House) -> None:
    by_provider._provider_of.cache_clear()
    house.provider.asked.clear()
    browser = house.browser()

    assert f"Sign in with {NAME}".encode() in browser.get(SIGN_IN).body
    place, _ = house.invite(Role.PRACTITIONER, "Bob")
    assert b'value="provider"' in browser.get(place).body
    assert house.provider.asked == []


GOOD = {
    "TRACKER_OIDC_ISSUER": "https://login.example.org/clinic",
    "TRACKER_OIDC_CLIENT_ID": "tracker",
    "TRACKER_OIDC_CLIENT_SECRET": "a secret",
}


def test_settings_say_whom_to_trust(tmp_path: Path) -> None:
    kept = tmp_path / "secret"
    kept.write_text("from a file\n")
    by_file = {name: value for name, value in GOOD.items() if not name.endswith("SECRET")}

    found = Settings.of_environment(ORIGIN, "/back", GOOD)
    filed = Settings.of_environment(ORIGIN, "/back", {**by_file, "TRACKER_OIDC_CLIENT_SECRET_FILE": str(kept)})

    assert Settings.of_environment(ORIGIN, "/back", {"PATH": "x", "TRACKER_OIDC_NAME": " "}) is None
    assert found is not None
    assert filed is not None
    assert (found.name, found.returns_to, found.client_secret) == ("your organisation", f"{ORIGIN}/back", "a secret")
    assert filed.client_secret == "from a file"
    assert "secret'" not in repr(found)
    assert "a secret" not in repr(found)


@pytest.mark.parametrize(
    ("other", "origin", "said"),
    [
        ({"TRACKER_OIDC_CLIENT_SECRET": ""}, ORIGIN, "belong together"),
        ({"TRACKER_OIDC_ISSUER": ""}, ORIGIN, "belong together"),
        ({"TRACKER_OIDC_CLIENT_ID": ""}, ORIGIN, "belong together"),
        ({"TRACKER_OIDC_SECRET": "typo"}, ORIGIN, "no setting TRACKER_OIDC_SECRET"),
        ({"TRACKER_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, ORIGIN, "both set"),
        ({"TRACKER_OIDC_CLIENT_SECRET": "", "TRACKER_OIDC_CLIENT_SECRET_FILE": "/nowhere"}, ORIGIN, "cannot be read"),
        ({"TRACKER_OIDC_ISSUER": "http://login.example.org"}, ORIGIN, "https"),
        ({"TRACKER_OIDC_ISSUER": "https://login.example.org?x=1"}, ORIGIN, "https"),
        ({"TRACKER_OIDC_ISSUER": "login.example.org"}, ORIGIN, "https"),
        ({"TRACKER_OIDC_NAME": "x" * 41}, ORIGIN, "40 letters"),
        ({}, "", "TRACKER_ORIGIN"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_used_are_one_sentence(other: dict[str, str], origin: str, said: str) -> None:
    with pytest.raises(RecordError, match=said) as refusal:
        Settings.of_environment(origin, "/back", {**GOOD, **other})

    assert refusal.value.code == "provider"
    assert "a secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "address",
    ["http://localhost.example.org", "http://127.0.0.1.example.org", "https://user:pass@login.example.org", "https://",
     "//login.example.org", "https://login.example.org/#x", "https://login.example.org\\@evil.example", "https://a b/",
     "https://login.example.org:99999/", "ftp://login.example.org"],
)  # fmt: skip
def test_an_address_that_others_can_listen_to_is_none(address: str) -> None:
    assert not is_safe(address)
