"""The identity provider: where a browser is sent to sign in, and what is believed of whom it sends back."""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import quote

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import get_well_known_url

from tracker.errors import RecordError
from tracker.openid.fetching import Declined, Unavailable, fetch
from tracker.openid.round_trip import Challenge, Identity, bad_trip
from tracker.openid.settings import Settings, is_safe
from tracker.openid.tokens import LEEWAY_SECONDS, BadToken, Expected, UnknownKey, checked, has_second_factor

KEPT_SECONDS = 3600.0
"""How long the provider's documents are believed without asking again."""
KEYS_EVERY_SECONDS, AFTER_FAILURE_SECONDS = 60.0, 5.0
MOST_AT_ONCE = 8
_LONGEST_ANSWER = 4096
_LOG = logging.getLogger("tracker.openid")


@dataclass(frozen=True, slots=True)
class _Documents:
    authorize: str
    token: str
    keys: str
    algorithms: tuple[str, ...]
    is_secret_in_form: bool
    always_names_itself: bool


class Provider:
    """The identity provider of the settings; may be used from several threads.

    Nothing is asked before the first sign-in. Documents and keys are kept for an hour; for a key that is not known they
    are asked once more, at most once a minute.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._turns, self._lock = threading.BoundedSemaphore(MOST_AT_ONCE), threading.Lock()
        self._documents: tuple[float, _Documents] | None = None
        self._keys: tuple[float, list[Mapping[str, Any]]] | None = None
        self._failed_at = float("-inf")

    def address(self, challenge: Challenge, *, anew: bool = False) -> str:
        """Where a browser signs in.

        Parameters
        ----------
        challenge : Challenge
        anew : bool
            Whoever signs in there shall do it now, and see as whom.

        Raises
        ------
        RecordError
            ``provider_down``
        """
        with self._turn():
            documents = self._known_documents()
        more = {"prompt": "select_account", "max_age": "0"} if anew else {}
        return str(
            prepare_grant_uri(
                documents.authorize,
                self.settings.client_id,
                "code",
                redirect_uri=self.settings.returns_to,
                scope="openid",
                state=challenge.state,
                nonce=challenge.nonce,
                code_challenge=create_s256_code_challenge(challenge.verifier),
                code_challenge_method="S256",
                **more,
            )
        )

    def identify(
        self, challenge: Challenge, answer: Mapping[str, str], moment: datetime, *, since: datetime | None = None
    ) -> Identity:
        """Who has come back.

        Parameters
        ----------
        challenge : Challenge
            With which this browser was sent away.
        answer : mapping of str to str
            What the provider put in the address.
        moment : datetime
        since : datetime, optional
            Signing in there before this moment does not count, where the provider says when it was.

        Raises
        ------
        RecordError
            ``bad_trip``: the answer is not to this challenge; ``provider_refused``: nobody was signed in, or what is to
            prove it does not; ``provider_down``.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), challenge.state.encode()):
            raise bad_trip()
        with self._turn():
            documents = self._known_documents()
            issuer = answer.get("iss", "" if documents.always_names_itself else self.settings.issuer)
            code = answer.get("code", "")
            if issuer != self.settings.issuer or "error" in answer or not 0 < len(code) <= _LONGEST_ANSWER:
                self._refuse("what came back by the browser")  # RFC 9207: another provider may have sent it
            tokens = self._tokens(documents, code, challenge.verifier)
            claims = self._claims(documents, tokens, challenge.nonce, moment)
        signed_in_at = claims.get("auth_time")
        earliest = since.timestamp() - LEEWAY_SECONDS if since is not None else 0.0
        if isinstance(signed_in_at, int | float) and signed_in_at < earliest:
            self._refuse("when somebody signed in there")
        return Identity(self.settings.issuer, str(claims["sub"]), has_second_factor(claims))

    def _tokens(self, documents: _Documents, code: str, verifier: str) -> Mapping[str, Any]:
        given = {"code": code, "code_verifier": verifier, "redirect_uri": self.settings.returns_to}
        body = prepare_token_request("authorization_code", **given)
        # RFC 6749, 2.3.1: both are encoded as in a form before they become name and password.
        own = [self.settings.client_id, self.settings.client_secret]
        method = "client_secret_post" if documents.is_secret_in_form else "client_secret_basic"
        own = own if documents.is_secret_in_form else [quote(each, safe="") for each in own]
        address, headers, body = ClientAuth(*own, method).prepare("POST", documents.token, {}, body)
        try:
            found: Mapping[str, Any] = fetch("tokens", address, form=body, headers=headers)
        except Declined:
            raise self._refused() from None
        except Unavailable:
            raise self._down() from None
        return found

    def _claims(
        self, documents: _Documents, tokens: Mapping[str, Any], nonce: str, moment: datetime
    ) -> Mapping[str, Any]:
        token, access = tokens.get("id_token"), tokens.get("access_token", "")
        if not isinstance(token, str) or not isinstance(access, str):
            self._refuse("the form of the tokens")
        own = self.settings
        expected = Expected(own.issuer, own.client_id, nonce, documents.algorithms, access, moment)
        try:
            try:
                return checked(token, self._known_keys(documents), expected)
            except UnknownKey:
                return checked(token, self._known_keys(documents, older_than=KEYS_EVERY_SECONDS), expected)
        except BadToken as error:
            self._refuse(f"the ID token ({error})")

    def _known_documents(self) -> _Documents:
        with self._lock:
            if self._documents is None or time.monotonic() - self._documents[0] > KEPT_SECONDS:
                address = get_well_known_url(self.settings.issuer, external=True)
                found = self._fetched("configuration", address, self._read_documents)
                self._documents = time.monotonic(), found
            return self._documents[1]

    def _known_keys(self, documents: _Documents, *, older_than: float = KEPT_SECONDS) -> list[Mapping[str, Any]]:
        with self._lock:
            if self._keys is None or time.monotonic() - self._keys[0] >= older_than:
                found = self._fetched("keys", documents.keys, _read_keys)
                self._keys = time.monotonic(), found
            return self._keys[1]

    def _fetched(self, what: str, address: str, read: Callable[[Any], Any]) -> Any:
        """A document of the provider; one that failed is not asked for again at once, whoever may want it."""
        if time.monotonic() - self._failed_at < AFTER_FAILURE_SECONDS:
            raise self._down()
        try:
            return read(fetch(what, address))
        except (Declined, Unavailable, KeyError, TypeError, ValueError) as error:
            if not isinstance(error, Declined | Unavailable):
                _LOG.warning("The identity provider gave %s that cannot be used: %s", what, error)
            self._failed_at = time.monotonic()
            raise self._down() from None

    def _read_documents(self, found: Mapping[str, Any]) -> _Documents:
        if found.get("issuer") != self.settings.issuer:
            raise ValueError("its issuer is not exactly that of the settings")
        places = [found.get(f"{part}") for part in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        is_local = self.settings.issuer.startswith("http:")
        if not all(isinstance(each, str) and is_safe(each) for each in places):
            raise ValueError("an address in it is missing or not https")
        if not is_local and any(str(each).startswith("http:") for each in places):
            raise ValueError("an address in it is not https")
        methods = _texts(found, "token_endpoint_auth_methods_supported", ("client_secret_basic",))
        if not {"client_secret_basic", "client_secret_post"} & set(methods):
            raise ValueError("it takes no client secret")
        authorize, token, keys = (str(each) for each in places)
        return _Documents(
            authorize,
            token,
            keys,
            algorithms=_texts(found, "id_token_signing_alg_values_supported", ("RS256",)),
            is_secret_in_form="client_secret_basic" not in methods,
            always_names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A slow provider holds up those who sign in by it, and never the whole program."""
        if not self._turns.acquire(blocking=False):
            raise self._down()
        try:
            yield
        finally:
            self._turns.release()

    def _refuse(self, what: str) -> NoReturn:
        _LOG.warning("A sign-in by the identity provider was refused for %s", what)
        raise self._refused()

    def _refused(self) -> RecordError:
        said = f"{self._called()} did not sign you in; please try again, or tell the owner of the clinic."
        return RecordError(said, code="provider_refused")

    def _down(self) -> RecordError:
        said = f"{self._called()} does not answer as it should; please try again in a minute, or use a password."
        return RecordError(said, code="provider_down")

    def _called(self) -> str:
        return self.settings.name[:1].upper() + self.settings.name[1:]


def _texts(found: Mapping[str, Any], name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    said = found.get(name)
    if said is None:
        return default
    if not isinstance(said, list):
        raise TypeError(f"{name} is no list")
    return tuple(each for each in said if isinstance(each, str))


def _read_keys(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in found["keys"] if isinstance(each, dict)]
