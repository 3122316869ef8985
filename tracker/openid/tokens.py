"""The ID token: whether it is the provider's, for us, for this sign-in, and of now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

LEEWAY_SECONDS = 60
LONGEST_TOKEN, LONGEST_SUBJECT = 64 * 1024, 255
MOST_KEYS, SMALLEST_RSA = 50, 2048

#: Algorithms whose keys cannot sign for those who only check: no ``none``, no HMAC. To each the kind of its key.
ALGORITHMS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", "")),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
}
#: Values of ``amr`` (RFC 8176) that say that more than a password was asked for: several factors, a one-time password,
#: a key in hardware or in software, a smart card. Not a text message or a call, which others can receive.
SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc"})


class BadToken(Exception):
    """It proves nothing."""


class UnknownKey(BadToken):
    """None of the keys that are known is the one it names."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token has to say.

    Attributes
    ----------
    issuer, client_id, nonce : str
    algorithms : sequence of str
        Which the provider states; those that are not in `ALGORITHMS` do not count.
    access_token : str
        What came with it; empty if nothing did.
    moment : datetime
    """

    issuer: str
    client_id: str
    nonce: str
    algorithms: Sequence[str]
    access_token: str
    moment: datetime


def checked(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Mapping[str, Any]:
    """What an ID token says.

    Parameters
    ----------
    token : str
    keys : sequence of mappings
        JSON Web Keys of the provider.
    expected : Expected

    Raises
    ------
    UnknownKey, BadToken
        Signature, issuer, audience, times, nonce or subject do not fit.
    """
    try:
        claims = _claims(token, keys, expected)
    except BadToken:
        raise
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise BadToken(type(error).__name__) from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isascii():
        raise BadToken("subject")
    return claims


def has_second_factor(claims: Mapping[str, Any]) -> bool:
    """Whether the provider says that it has asked for a second factor.

    Examples
    --------
    >>> has_second_factor({"amr": ["pwd", "otp"]}), has_second_factor({"amr": ["pwd"]}), has_second_factor({})
    (True, False, False)
    """
    said = claims.get("amr")
    return isinstance(said, list) and any(isinstance(each, str) and each in SECOND_FACTORS for each in said)


def _claims(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Mapping[str, Any]:
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise BadToken("form")
    header = json.loads(urlsafe_b64decode(token.partition(".")[0].encode()))
    algorithm, name = header["alg"], header.get("kid")
    if algorithm not in ALGORITHMS or algorithm not in expected.algorithms:
        raise BadToken("algorithm")
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_payload_length = registry.max_header_length = LONGEST_TOKEN
    decoded = jwt.decode(token, _key(keys, name, algorithm), registry=registry)
    options: Any = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    params = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(now=int(expected.moment.timestamp()), leeway=LEEWAY_SECONDS)
    return dict(claims)


def _key(keys: Sequence[Mapping[str, Any]], name: object, algorithm: str) -> Key:
    """The key that a token names; where it names none, the only one there is for its algorithm."""
    found = [each for each in keys[:MOST_KEYS] if _is_for(each, algorithm) and name in (None, each.get("kid"))]
    if len(found) != 1:
        raise UnknownKey("key")
    public = {part: value for part, value in found[0].items() if part not in ("d", "p", "q", "dp", "dq", "qi", "oth")}
    if public["kty"] == "RSA" and 8 * len(urlsafe_b64decode(public["n"].encode()).lstrip(b"\0")) < SMALLEST_RSA:
        raise BadToken("a key that is too short")
    return JWKRegistry.import_key(public)


def _is_for(key: Mapping[str, Any], algorithm: str) -> bool:
    kind, curve = ALGORITHMS[algorithm]
    return (
        key.get("kty") == kind
        and (not curve or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
    )
