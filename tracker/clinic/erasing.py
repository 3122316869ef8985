"""The end of a patient's record: the key first, so that no copy can be read; then every row and file; then a receipt.

The order makes it safe to be ended at any moment. The tombstone comes first: from then on the erasure is carried to its
end whenever the record is opened, and replayed on every backup that is restored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from tracker.clinic import register, retention, schema
from tracker.clinic.belongings import owned
from tracker.clinic.files import Files
from tracker.clinic.receipts import Receipt
from tracker.clinic.retention import Kept
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.clinic.store import Store
from tracker.clinic.tombstones import Tombstone, add_tombstones, key_fingerprint, read_tombstones, tombstone_file
from tracker.errors import RecordError

_CODE = "patient.code"
_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would destroy, and what stands against it.

    Attributes
    ----------
    patient_id, code : str
    rows : dict of str to int
        Rows by table.
    photos : int
    kept : Kept or None
        Why the record may not go yet; None if it may.
    asked_at : datetime or None
        When the erasure was begun.
    asked_by : str
        By which account; empty if it was not begun.
    may_from : datetime or None
        From when the same person may carry it out; None if it was not begun.
    """

    patient_id: str
    code: str
    rows: dict[str, int]
    photos: int
    kept: Kept | None
    asked_at: datetime | None
    asked_by: str
    may_from: datetime | None


class Eraser:
    """Erases patients of one record.

    Parameters
    ----------
    store : Store
    files : Files
    """

    def __init__(self, store: Store, files: Files) -> None:
        self._store, self._files = store, files
        self._given: OrderedDict[str, Receipt] = OrderedDict()

    def preview(self, patient_id: str) -> Preview:
        """What an erasure would destroy, and what stands against it."""
        with self._store.reading() as connection:
            return _preview(connection, patient_id)

    def begin(self, patient_id: str, account_id: str) -> Preview:
        """Note who wants the erasure; beginning it again changes nothing."""
        with self._store.writing() as connection:
            if _preview(connection, patient_id).asked_at is None:
                row = {"patient_id": patient_id, "asked_at": datetime.now(UTC), "asked_by": account_id}
                connection.execute(insert(schema.erasure).values(row))
            return _preview(connection, patient_id)

    def give_up(self, patient_id: str) -> None:
        """Take back that an erasure was begun."""
        with self._store.writing() as connection:
            register.patient(connection, patient_id)
            connection.execute(delete(schema.erasure).where(schema.erasure.c.patient_id == patient_id))

    def erase(self, patient_id: str, account_id: str, *, despite: str = "", at_once: bool = False) -> Receipt:
        """Erase a patient for good; see `Custody.erase_patient`."""
        with self._store.reading() as connection:
            preview, rule = _preview(connection, patient_id), retention.rule(connection)
            secrets = secrets_of(connection)
        _check(preview, account_id, despite, at_once)
        tombstone = _tombstone(secrets, preview)
        add_tombstones(tombstone_file(self._files.home), (tombstone,))
        tombstone = next(each for each in self.tombstones() if each.patient_id == patient_id)  # that of a first try
        self._destroy(secrets, patient_id)
        receipt = Receipt(tombstone, rule.backup_days, code=preview.code, despite=despite.strip())
        self._given[patient_id] = receipt
        while len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)
        return receipt

    def tombstones(self) -> tuple[Tombstone, ...]:
        """Who was erased from this record."""
        return read_tombstones(tombstone_file(self._files.home))

    def receipts(self) -> tuple[Receipt, ...]:
        """A receipt of every erasure of this record, the latest first.

        Code and reason stand on those that were given since the program started, and on paper; they are not kept.
        """
        with self._store.reading() as connection:
            days = retention.rule(connection).backup_days
        found = sorted(self.tombstones(), key=lambda each: each.at, reverse=True)
        return tuple(self._given.get(each.patient_id) or Receipt(each, days) for each in found)

    def waiting(self) -> tuple[Preview, ...]:
        """The erasures that were begun and wait, the longest waiting first."""
        with self._store.reading() as connection:
            begun = select(schema.erasure.c.patient_id).order_by(schema.erasure.c.asked_at)
            return tuple(_preview(connection, each) for each in connection.execute(begun).scalars().all())

    def replay(self, tombstones: Iterable[Tombstone] = ()) -> tuple[str, ...]:
        """Carry out what was erased once and is here still: after a restore, or after the program was ended half-way.

        Parameters
        ----------
        tombstones : iterable of Tombstone, optional
            In addition to those beside the master key and in the store of keys.

        Returns
        -------
        tuple of str
            Identifiers of the patients that were erased again.
        """
        with self._store.reading() as connection:
            secrets = secrets_of(connection)
            here = set(connection.execute(select(schema.patient.c.id)).scalars())
        listed = (*self.tombstones(), *tombstones)
        erased = {each.patient_id for each in listed} | set(secrets.keys.destroyed())
        found = tuple(sorted(erased & (here | set(secrets.keys.patients()))))
        for patient_id in found:
            self._destroy(secrets, patient_id)
        return found

    def _destroy(self, secrets: Secrets, patient_id: str) -> None:
        """Key, rows, files: each step may be done already."""
        secrets.keys.destroy(patient_id)
        with self._store.writing() as connection:
            photos, blobs = _photos(connection, patient_id), _blobs(connection, patient_id)
            connection.execute(delete(schema.patient).where(schema.patient.c.id == patient_id))
        for photo_id in photos:
            self._files.remove_derived(photo_id)
        for name in blobs:  # a blob is one patient's: nobody else can name it
            self._files.vault.remove(patient_id, name)


def _photos(connection: Connection, patient_id: str) -> list[str]:
    return list(connection.execute(select(schema.photo.c.id).where(owned(patient_id)[schema.photo])).scalars())


def _blobs(connection: Connection, patient_id: str) -> list[str]:
    """Names of the sealed files that rows of a patient name."""
    found = [
        connection.execute(select(column).where(mine)).scalars()
        for table, mine in owned(patient_id).items()
        for column in table.columns
        if column.info.get("names_blob")
    ]
    return [name for names in found for name in names if name]


def _preview(connection: Connection, patient_id: str) -> Preview:
    patient, rule = register.patient(connection, patient_id), retention.rule(connection)
    counts = {
        table.name: connection.execute(select(func.count()).select_from(table).where(mine)).scalar_one()
        for table, mine in owned(patient_id).items()
    }
    begun = connection.execute(select(schema.erasure).where(schema.erasure.c.patient_id == patient_id)).first()
    return Preview(
        patient_id,
        patient.code,
        {name: count for name, count in counts.items() if count},
        counts["photo"],
        retention.kept(connection, patient_id),
        begun.asked_at if begun else None,
        begun.asked_by if begun else "",
        begun.asked_at + timedelta(hours=rule.wait_hours) if begun else None,
    )


def _check(preview: Preview, account_id: str, despite: str, at_once: bool) -> None:
    if preview.kept is not None and preview.kept.until is None:
        raise RecordError(f"{preview.kept.why} Nothing is erased before the hold has ended.", code="kept")
    if preview.kept is not None and not despite.strip():
        raise RecordError(
            f"{preview.kept.why} Restrict the record instead, or say why it is erased despite that.", code="kept"
        )
    if at_once:
        return
    if preview.asked_at is None or preview.may_from is None:
        raise RecordError("Nobody has begun this erasure; please begin it first.", code="not_begun")
    if preview.asked_by == account_id and datetime.now(UTC) < preview.may_from:
        raise RecordError(
            f"Somebody else can carry this out now, or you from {preview.may_from:%Y-%m-%d %H:%M} UTC on.", code="wait"
        )


def _tombstone(secrets: Secrets, preview: Preview) -> Tombstone:
    try:
        key = key_fingerprint(secrets.keys.key(preview.patient_id))
    except RecordError:  # destroyed already, or lost: the rows have to go all the same
        key = ""
    return Tombstone(
        preview.patient_id,
        datetime.now(UTC).isoformat(timespec="seconds"),
        key,
        code=secrets.index(_CODE, preview.code),
        photos=preview.photos,
        rows=sum(preview.rows.values()),
    )


def was_given(secrets: Secrets, tombstones: Iterable[Tombstone], code: str) -> bool:
    """Whether a code was that of a patient who has been erased."""
    index = secrets.index(_CODE, code)
    return any(each.code == index for each in tombstones)
