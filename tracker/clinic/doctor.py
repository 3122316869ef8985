"""Every check of a record and of the computer it is on; nothing is changed by looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tracker.clinic.audit import Head
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.doctor_duties import examine_duties
from tracker.clinic.doctor_files import examine_files
from tracker.clinic.doctor_record import RESTORE, examine_record, newest_moment
from tracker.clinic.doctor_system import examine_system
from tracker.clinic.examining import Examined, State, good
from tracker.clinic.files import Files
from tracker.clinic.folders import Folder
from tracker.clinic.keys import RECORD_FILE, KeyPlace, key_place
from tracker.clinic.sealing import Secrets
from tracker.clinic.store import Store
from tracker.clinic.vault import Vault
from tracker.errors import RecordError

_KEY_CODES = {"key_missing", "key_wrong", "key_in_record"}


def examine(home: Path, *, full: bool = False, drill: Head | None = None) -> tuple[Examined, ...]:
    """Look at a record from all sides.

    Parameters
    ----------
    home : Path
        Folder of the record.
    full : bool
        Open every photo, and not only a sample.
    drill : Head, optional
        The end of the log in the backup that this copy was restored from, for a drill: the real database, object store
        and log are not looked at.

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
    return tuple(_examined(home, full, drill))


def _examined(home: Path, full: bool, drill: Head | None) -> Iterator[Examined]:
    try:
        secrets = Secrets.of_record(home)  # brings a change of the master key to its end, if the new one is in use
    except RecordError as error:
        name = "key" if error.code in _KEY_CODES else "keys"
        advice = "Bring the key back from where it is kept, such as the recovery sheet."
        yield Examined(name, State.DAMAGE, error.reason, advice if name == "key" else "Bring keys.sqlite back.")
        yield from examine_system(home)
        return
    try:
        if drill is None:
            yield _rotation(key_place(home))
        yield from _of_record(home, secrets, full, drill)
    finally:
        secrets.close()


def _rotation(place: KeyPlace) -> Examined:
    if not place.is_changing:
        return good("rotation", "No change of the master key is unfinished.")
    return Examined(
        "rotation",
        State.ATTENTION,
        "A change of the master key was begun and not finished; the old key is still in use.",
        "Stop the app and finish it: python -m tracker keys rotate",
    )


def _of_record(home: Path, secrets: Secrets, full: bool, drill: Head | None) -> Iterator[Examined]:
    store, newest, url = None, None, None if drill is None else ""
    try:
        store = Store(home, secrets, url)
    except RecordError as error:
        yield Examined("opening", State.DAMAGE, error.reason, "See the other lines; the app can only be read from.")
        with suppress(RecordError):
            store = Store(home, secrets, url, read_only=True)
    if store is not None:
        try:
            files = Files(home, secrets)
            if drill is not None:
                files.vault = Vault(Folder(home), secrets.keys)
            yield from _safely("record", examine_record(store, home, secrets, drill or Anchor(home).read()))
            yield from _safely("files", examine_files(store, files, full=full))
            if drill is None:
                yield from _safely("duties", examine_duties(store))
            with suppress(Exception):  # what is wrong with the rows was said above
                newest = newest_moment(store)
        finally:
            store.close()
    yield from examine_system(home, newest=newest)


def _safely(name: str, checks: Iterator[Examined]) -> Iterator[Examined]:
    """Checks of a record in which a value can be anything: what a flipped bit makes of our own code is a finding."""
    try:
        yield from checks
    except RecordError as error:
        yield Examined(name, State.DAMAGE, error.reason, RESTORE)
    except Exception as error:
        what = f"The record holds something that cannot be read ({type(error).__name__}); some checks were left out."
        yield Examined(name, State.DAMAGE, what, RESTORE)
