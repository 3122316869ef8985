"""Which account is whose at the identity provider: tied by issuer and subject, of which a keyed digest is kept."""

from __future__ import annotations

import hmac
import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from tracker.clinic import schema
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError
from tracker.openid.round_trip import Identity

_IDENTITY, _ACCOUNT = schema.identity.c, schema.account.c


def account_of(connection: Connection, identity: Identity) -> Row[Any] | None:
    """The row of the account that somebody may enter; None if there is none."""
    chosen = select(schema.account).join(schema.identity, _IDENTITY.account_id == _ACCOUNT.id)
    return connection.execute(chosen.where(_IDENTITY.digest == digest_of(connection, identity))).first()


def is_connected(connection: Connection, account_id: str) -> bool:
    """Whether somebody at the provider may enter with an account."""
    return connection.execute(select(_IDENTITY.since).where(_IDENTITY.account_id == account_id)).first() is not None


def tie(connection: Connection, account_id: str, identity: Identity, moment: datetime) -> None:
    """Let somebody enter with an account, instead of whoever could by the provider until now.

    Raises
    ------
    RecordError
        ``identity_taken``: another account is theirs.
    """
    known = account_of(connection, identity)
    if known is not None and known.id != account_id:
        raise RecordError(
            "You are connected to another account here already; please disconnect it there first.",
            code="identity_taken",
        )
    untie(connection, account_id)
    digest = digest_of(connection, identity)
    connection.execute(insert(schema.identity).values(account_id=account_id, digest=digest, since=moment))


def untie(connection: Connection, account_id: str) -> bool:
    """Let nobody enter with an account by the provider any more; whether somebody could."""
    return bool(connection.execute(delete(schema.identity).where(_IDENTITY.account_id == account_id)).rowcount)


def digest_of(connection: Connection, identity: Identity) -> str:
    """What is kept of issuer and subject, whose capitals count.

    Keyed: who has the database but not the key can neither tell who it is nor make such a row.
    """
    said = json.dumps([identity.issuer, identity.subject], separators=(",", ":")).encode()
    return hmac.digest(secrets_of(connection).master.derive("identity at a provider"), said, "sha256").hex()
