"""The log of who did what: a chain in which no entry can be changed, removed, moved or slipped in unseen.

Each entry carries a keyed digest of itself and of the digest before it. The digest of the last entry is kept outside
the database as well (`tracker.clinic.audit_anchor`): otherwise entries could be cut off at the end.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from tracker.clinic import clock, schema
from tracker.clinic.actors import Actor
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_AUDIT = schema.audit.c
_COVERED = (
    "number", "at", "account_id", "role", "verb", "action", "patient_id", "object", "outcome", "reason", "request_id",
)  # fmt: skip
_FIELD = "audit.reason"
LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one thing that was done; never a name, a token or the name of a file.

    Attributes
    ----------
    actor : Actor
    verb : str
        As of `tracker.clinic.actors.Verb`.
    action : str
        What exactly: the method of the clinic, such as ``"picture"``.
    patient_id : str
        Whom it is about; empty if nobody.
    object : str
        Such as ``"photo:…"``.
    outcome : str
        ``"done"``, ``"denied"`` or ``"failed"``.
    reason : str
        In the words of whoever did it; sealed with the patient's key, and so gone with it.
    request_id : str
        What belongs to one view of a page has it in common.
    """

    actor: Actor
    verb: str
    action: str
    patient_id: str = ""
    object: str = ""
    outcome: str = "done"
    reason: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry as it is read.

    Attributes
    ----------
    number : int
        From 1, without a gap.
    at : datetime
    account_id, role : str
        Who; without an account a patient came by a link, or a visitor looked around.
    verb, action, patient_id, object, outcome, reason, request_id : str
        As in `Entry`; the reason is empty once the patient it is about was erased.
    """

    number: int
    at: datetime
    account_id: str
    role: str
    verb: str
    action: str
    patient_id: str
    object: str
    outcome: str
    reason: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of the chain; number 0 of an empty one."""

    number: int = 0
    mac: str = ""


def append(connection: Connection, *entries: Entry) -> None:
    """Put entries at the end of the chain, in the transaction of what they speak of."""
    before = head(connection)
    key, number, mac = _key(connection), before.number, before.mac
    moment = clock.now().astimezone(UTC)
    rows = []
    for entry in entries:
        number += 1
        row: dict[str, Any] = {
            "number": number,
            "at": moment,
            "account_id": entry.actor.account_id,
            "role": str(entry.actor.role),
            "verb": str(entry.verb),
            "action": entry.action,
            "patient_id": entry.patient_id,
            "object": entry.object,
            "outcome": entry.outcome,
            "reason": _sealed(connection, entry.patient_id, number, entry.reason),
            "request_id": entry.request_id,
        }
        mac = _mac(key, mac, row)
        rows.append({**row, "mac": mac})
    if rows:
        connection.execute(insert(schema.audit), rows)


def head(connection: Connection) -> Head:
    """The end of the chain."""
    row = connection.execute(select(_AUDIT.number, _AUDIT.mac).order_by(_AUDIT.number.desc()).limit(1)).first()
    return Head(row.number, row.mac) if row else Head()


def mac_of(connection: Connection, number: int) -> str | None:
    """The digest of one entry; None if there is no such entry."""
    return connection.execute(select(_AUDIT.mac).where(_AUDIT.number == number)).scalar()


def entries(
    connection: Connection, *, patient_id: str | None = None, before: int | None = None, limit: int = 100
) -> tuple[LogEntry, ...]:
    """Entries, the latest first.

    Parameters
    ----------
    connection : Connection
    patient_id : str, optional
        Only what is about this patient.
    before : int, optional
        Only those with a smaller number: the last one of the page before.
    limit : int
        At most so many.
    """
    chosen = select(schema.audit).order_by(_AUDIT.number.desc()).limit(max(1, min(limit, 1000)))
    if patient_id is not None:
        chosen = chosen.where(_AUDIT.patient_id == patient_id)
    if before is not None:
        chosen = chosen.where(_AUDIT.number < before)
    return tuple(_read(connection, row) for row in connection.execute(chosen))


@dataclass(frozen=True, slots=True)
class Tampered:
    """An entry of the log that is not as it was written.

    Attributes
    ----------
    number : int
    what : str
        ``"missing"``, ``"changed"``, ``"added"``, or ``"unanchored"``: nothing outside says that this is the end.
    """

    number: int
    what: str


def verify(connection: Connection, anchor: Head | None) -> tuple[Tampered, ...]:
    """Every place where the log is not as it was written.

    Parameters
    ----------
    connection : Connection
    anchor : Head or None
        The end as it is known outside. Entries behind it may be there: a process was ended between the one and the
        other. An entry that it speaks of and that is not there was cut off.
    """
    key, found = _key(connection), []
    expected, mac = 1, ""
    for row in connection.execute(select(schema.audit).order_by(_AUDIT.number)).mappings():
        number = row["number"]
        if number < 1:
            found.append(Tampered(number, "added"))
            continue
        found += [Tampered(missing, "missing") for missing in range(expected, number)]
        fits = hmac.compare_digest(_mac(key, mac, dict(row)), row["mac"])
        # Behind a gap the digest before is not known; what follows the next entry is proven by that entry.
        if number == expected and not fits:
            found.append(Tampered(number, "changed"))
        if anchor is not None and number == anchor.number and not hmac.compare_digest(anchor.mac, row["mac"]):
            found.append(Tampered(number, "changed"))
        expected, mac = number + 1, row["mac"]
    if anchor is not None:
        found += [Tampered(missing, "missing") for missing in range(expected, anchor.number + 1)]
    return tuple(dict.fromkeys(found))


def _mac(key: bytes, before: str, row: dict[str, Any]) -> str:
    said = json.dumps([_text(row[name]) for name in _COVERED], ensure_ascii=False, separators=(",", ":"))
    return hmac.digest(key, f"{before}\n{said}".encode(), "sha256").hex()


def _text(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _key(connection: Connection) -> bytes:
    return secrets_of(connection).master.derive("audit")


def _sealed(connection: Connection, patient_id: str, number: int, reason: str) -> str:
    if not reason:
        return ""
    secrets, short = secrets_of(connection), reason[:LONGEST_REASON]
    if not patient_id:
        return secrets.seal_clinic(f"{_FIELD}:{number}", short)
    try:
        return secrets.seal(patient_id, f"{_FIELD}:{number}", short)
    except RecordError as error:
        if error.code in ("erased", "no_key"):
            return ""
        raise


def _read(connection: Connection, row: Row[Any]) -> LogEntry:
    values = {name: getattr(row, name) for name in _COVERED}
    return LogEntry(**{**values, "reason": _opened(connection, row)})


def _opened(connection: Connection, row: Row[Any]) -> str:
    if not row.reason:
        return ""
    secrets, field = secrets_of(connection), f"{_FIELD}:{row.number}"
    try:
        return (
            secrets.open(row.patient_id, field, row.reason)
            if row.patient_id
            else secrets.open_clinic(field, row.reason)
        )
    except RecordError as error:
        if error.code in ("erased", "no_key"):
            return ""
        raise
