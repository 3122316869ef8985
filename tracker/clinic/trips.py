"""Round trips to the identity provider: what a browser keeps sealed between going there and coming back, once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from tracker.clinic import schema
from tracker.clinic.sealing import SEALED, Secrets
from tracker.clinic.web_sessions import digest_of, new_token
from tracker.errors import RecordError
from tracker.openid.round_trip import Challenge, bad_trip

LASTS, CODE_LASTS = timedelta(minutes=10), timedelta(minutes=5)
_SPENT = schema.spent.c
_TRIP, _DOOR = "provider.trip", "provider.door"
_URL_SAFE, _PLAIN = str.maketrans("+/", "-_"), str.maketrans("-_", "+/")


class Errand(StrEnum):
    """What for somebody is sent to the provider."""

    SIGN_IN = "sign_in_by_provider"
    CONNECT = "connect_provider"
    ACCEPT = "accept_by_provider"


@dataclass(frozen=True, slots=True)
class Trip:
    """One round trip of one browser.

    Attributes
    ----------
    errand : Errand
    issuer : str
        Of the provider it leads to.
    challenge : Challenge
    session_id : str
        The session in which it was begun; empty without one.
    invitation : str
        Token of the invitation that is to be accepted.
    began_at : datetime
    """

    errand: Errand
    issuer: str
    challenge: Challenge
    session_id: str
    invitation: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Door:
    """Somebody whom the provider has named, and who still owes a code of the second factor.

    Attributes
    ----------
    id : str
        Works once.
    account_id : str
    session_id : str
        The session that this browser had before.
    began_at : datetime
    """

    id: str
    account_id: str
    session_id: str
    began_at: datetime

    @classmethod
    def of(cls, account_id: str, session_id: str, moment: datetime) -> Door:
        """A new one."""
        return cls(new_token(), account_id, session_id, moment)


def sealed_trip(secrets: Secrets, trip: Trip) -> str:
    """A trip as a browser may keep it: it can neither read nor change it."""
    return _sealed(secrets, _TRIP, {**asdict(trip), "began_at": trip.began_at.timestamp()})


def opened_trip(secrets: Secrets, text: str, moment: datetime) -> Trip:
    """The trip that was sealed; `RecordError` with code ``bad_trip`` if it is none of ours, or too long ago."""
    said = _opened(secrets, _TRIP, text, moment, LASTS)
    challenge = Challenge(**said.pop("challenge"))
    return Trip(**{**said, "errand": Errand(said["errand"]), "challenge": challenge})


def sealed_door(secrets: Secrets, door: Door) -> str:
    """A door as a browser may keep it."""
    return _sealed(secrets, _DOOR, {**asdict(door), "began_at": door.began_at.timestamp()})


def opened_door(secrets: Secrets, text: str, moment: datetime) -> Door:
    """The door that was sealed; `RecordError` with code ``bad_trip`` if it is none of ours, or too long ago."""
    return Door(**_opened(secrets, _DOOR, text, moment, CODE_LASTS))


def spend(connection: Connection, once: str, moment: datetime) -> None:
    """Use up what works once; `RecordError` with code ``bad_trip`` if it was used."""
    digest = digest_of(once)
    connection.execute(delete(schema.spent).where(_SPENT.until < moment))
    if connection.execute(select(_SPENT.until).where(_SPENT.digest == digest)).first() is not None:
        raise bad_trip()
    connection.execute(insert(schema.spent).values(digest=digest, until=moment + 2 * LASTS))


def _sealed(secrets: Secrets, field: str, said: dict[str, object]) -> str:
    return secrets.seal_clinic(field, json.dumps(said, separators=(",", ":"))).translate(_URL_SAFE).rstrip("=")


def _opened(secrets: Secrets, field: str, text: str, moment: datetime, lasts: timedelta) -> dict[str, Any]:
    plain = text.translate(_PLAIN)
    padding = "=" * (-(len(plain) - len(SEALED)) % 4)
    try:
        said: dict[str, Any] = json.loads(secrets.open_clinic(field, plain + padding))
    except RecordError:
        raise bad_trip() from None
    said["began_at"] = datetime.fromtimestamp(said["began_at"], UTC)
    if not timedelta(0) <= moment - said["began_at"] < lasts:
        raise bad_trip()
    return said
