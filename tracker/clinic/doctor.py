"""Every check of a record and of the computer it is on; nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tracker.clinic.doctor_duties import examine_duties
from tracker.clinic.doctor_files import examine_files
from tracker.clinic.doctor_record import examine_record, newest_moment
from tracker.clinic.doctor_system import examine_system
from tracker.clinic.examining import Examined, State
from tracker.clinic.files import Files
from tracker.clinic.keys import RECORD_FILE
from tracker.clinic.sealing import Secrets
from tracker.clinic.store import Store
from tracker.errors import RecordError

_KEY_CODES = {"key_missing", "key_wrong", "key_in_record"}


def examine(home: Path, *, full: bool = False) -> tuple[Examined, ...]:
    """Look at a record from all sides.

    Parameters
    ----------
    home : Path
        Folder of the record.
    full : bool
        Open every photo, and not only a sample.

    Returns
    -------
    tuple of Examined
        One for each check. A record that is damaged is looked at as far as it can be.

    Raises
    ------
    RecordError
        ``no_record``: there is none in the folder.
    """
    if not (home / RECORD_FILE).is_file():
        raise RecordError(f"There is no record in {home}; TRACKER_HOME says where it is.", code="no_record")
    return tuple(_examined(home, full))


def _examined(home: Path, full: bool) -> Iterator[Examined]:
    try:
        secrets = Secrets.of_record(home)
    except RecordError as error:
        name = "key" if error.code in _KEY_CODES else "keys"
        advice = "Bring the key back from where it is kept, such as the recovery sheet."
        yield Examined(name, State.DAMAGE, error.reason, advice if name == "key" else "Bring keys.sqlite back.")
        yield from examine_system(home)
        return
    try:
        yield from _of_record(home, secrets, full)
    finally:
        secrets.close()


def _of_record(home: Path, secrets: Secrets, full: bool) -> Iterator[Examined]:
    store, newest = None, None
    try:
        store = Store(home, secrets)
    except RecordError as error:
        yield Examined("opening", State.DAMAGE, error.reason, "See the other lines; the app can only be read from.")
        with suppress(RecordError):
            store = Store(home, secrets, read_only=True)
    if store is not None:
        try:
            yield from examine_record(store, home, secrets)
            yield from examine_files(store, Files(home, secrets), full=full)
            yield from examine_duties(store)
            newest = newest_moment(store)
        finally:
            store.close()
    yield from examine_system(home, newest=newest)
