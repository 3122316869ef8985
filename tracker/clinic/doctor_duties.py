"""What `doctor` reminds of: backups, restore drills, records that may go, erasures that wait, old consents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tracker.clinic import retention, schema
from tracker.clinic.backup import DAMAGED_BACKUPS, LAST_BACKUP, LAST_RESTORE
from tracker.clinic.consent_ages import expired_consents
from tracker.clinic.examining import Examined, State, good
from tracker.clinic.store import Store

BACKUP_AGE = timedelta(hours=26)
RESTORE_AGE = timedelta(days=100)
_LISTED = 20


def examine_duties(store: Store) -> Iterator[Examined]:
    """All checks of this module."""
    yield _age(
        "backup",
        _moment(store, LAST_BACKUP),
        BACKUP_AGE,
        ("The record was never backed up.", "The last backup was made {}.", "The last backup is old: {}."),
        "Run every night: python -m tracker backup --out DIR, on a disk that is not always connected.",
    )
    yield _old_backups(store)
    yield _age(
        "drill",
        _moment(store, LAST_RESTORE),
        RESTORE_AGE,
        (
            "No backup was ever restored to see whether it can be.",
            "A backup was restored {}.",
            "The last restore drill is long ago: {}.",
        ),
        "Try it: python -m tracker restore DIR --drill",
    )
    yield _retention(store)
    yield _waiting(store)
    yield _consents(store)


def _age(name: str, moment: datetime | None, limit: timedelta, words: tuple[str, str, str], advice: str) -> Examined:
    never, recent, old = words
    if moment is None:
        return Examined(name, State.ATTENTION, never, advice)
    said = f"on {moment:%Y-%m-%d at %H:%M} UTC"
    if datetime.now(UTC) - moment > limit:
        return Examined(name, State.ATTENTION, old.format(said), advice)
    return good(name, recent.format(said))


def _old_backups(store: Store) -> Examined:
    damaged = (_kept(store, DAMAGED_BACKUPS) or "").split()
    if not damaged:
        return good("old_backups", "No earlier backup was found damaged when the last one was made.")
    return Examined(
        "old_backups",
        State.ATTENTION,
        f"{len(damaged)} earlier backups are damaged and cannot be restored: {', '.join(damaged)}.",
        "The later ones are whole. See whether the disk fails; backup --keep removes old ones in their turn.",
        places=tuple(damaged[:_LISTED]),
    )


def _kept(store: Store, name: str) -> str | None:
    with store.reading() as connection:
        return connection.execute(select(schema.about.c.value).where(schema.about.c.name == name)).scalar()


def _moment(store: Store, name: str) -> datetime | None:
    found = _kept(store, name)
    return datetime.fromisoformat(found) if found else None


def _retention(store: Store) -> Examined:
    with store.reading() as connection:
        found = retention.due(connection)
    if not found:
        return good("retention", "No record is older than it has to be kept.")
    return Examined(
        "retention",
        State.ATTENTION,
        f"{len(found)} records have been kept as long as they have to be.",
        "Decide for each whether it is still needed; erase what is not: python -m tracker erase --patient CODE",
        places=found[:_LISTED],
    )


def _waiting(store: Store) -> Examined:
    with store.reading() as connection:
        begun = connection.execute(select(schema.erasure.c.patient_id)).scalars().all()
    if not begun:
        return good("erasures", "No erasure waits.")
    return Examined(
        "erasures",
        State.ATTENTION,
        f"{len(begun)} erasures were begun and wait for somebody to confirm them.",
        "Confirm them, or take them back.",
        places=tuple(begun[:_LISTED]),
    )


def _consents(store: Store) -> Examined:
    with store.reading() as connection:
        found = expired_consents(connection)
    if not found:
        return good("consents", "No consent needs to be asked for again.")
    number = "1 consent" if len(found) == 1 else f"{len(found)} consents"
    return Examined(
        "consents",
        State.ATTENTION,
        f"{number} should be asked for again.",
        "Ask at the next visit (Record, Consents), or withdraw it there; until then show nothing new to others.",
        places=tuple(f"{each.code}: {each.purpose.said} ({each.why})" for each in found[:_LISTED]),
    )
