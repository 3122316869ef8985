"""How entries get into the log: many at once in one transaction, and each caller goes on when theirs is on the disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from tracker.clinic import audit, clock
from tracker.clinic.audit import Entry
from tracker.clinic.audit_anchor import Anchor
from tracker.clinic.store import Store

#: How long looking at the same photo is one view: within one view of a page, and without one.
SAME_PAGE, SAME_MOMENT = timedelta(minutes=10), timedelta(minutes=1)
_REMEMBERED = 20_000


@dataclass
class _Waiting:
    entry: Entry
    since: datetime
    is_done: bool = False
    error: BaseException | None = None


class Journal:
    """The log of one record; may be used from several threads.

    Parameters
    ----------
    store : Store
    anchor : Anchor
    """

    def __init__(self, store: Store, anchor: Anchor) -> None:
        self._store, self.anchor = store, anchor
        self._lock, self._is_writing = threading.Condition(), False
        self._waiting: list[_Waiting] = []
        self._pages: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._seen: OrderedDict[tuple[str, ...], _Waiting] = OrderedDict()

    def write(self, entry: Entry) -> None:
        """Keep an entry; it is on the disk when this returns. Not to be called while writing to the store.

        Raises
        ------
        RecordError
            ``not_saved``: the disk did not take it; what it speaks of must not go on.
        """
        own = _Waiting(entry, clock.now())
        with self._lock:
            self._waiting.append(own)
        self._finish(own)

    def seen(self, entry: Entry) -> bool:
        """Keep that somebody looked at a photo or a report, once per view; whether this was a new view.

        One view is one photo (whatever its width, alignment or overlay) looked at in one session: within one view of a
        page, as the request id says, and 10 minutes; without a request id within one minute. Several processes that
        serve the same session count their own.
        """
        moment = clock.now()
        actor = entry.actor
        key = (actor.account_id, actor.session_id, entry.verb, entry.object, entry.request_id)
        lasts = SAME_PAGE if entry.request_id else SAME_MOMENT
        with self._lock:
            own = self._seen.get(key)
            is_new = own is None or own.error is not None or not timedelta(0) <= moment - own.since < lasts
            if own is None or is_new:
                own = _Waiting(entry, moment)
                self._seen[key] = own
                self._seen.move_to_end(key)
                self._waiting.append(own)
                while len(self._seen) > _REMEMBERED:
                    self._seen.popitem(last=False)
        self._finish(own)
        return is_new

    def is_new_page(self, entry: Entry) -> bool:
        """Whether this is the first thing that is shown in one view of a page, or without a page in one minute."""
        moment = clock.now()
        key = (entry.actor.session_id, entry.request_id)
        lasts = SAME_PAGE if entry.request_id else SAME_MOMENT
        with self._lock:
            before = self._pages.get(key)
            if before is not None and timedelta(0) <= moment - before < lasts:
                return False
            self._pages[key] = moment
            self._pages.move_to_end(key)
            while len(self._pages) > _REMEMBERED:
                self._pages.popitem(last=False)
        return True

    def forget_page(self, entry: Entry) -> None:
        """Take back what `is_new_page` noted: nothing was shown."""
        with self._lock:
            self._pages.pop((entry.actor.session_id, entry.request_id), None)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A connection whose changes are saved together with the entries that `audit.append` adds, or not at all."""
        with self._store.writing() as connection:
            yield connection
        self.anchor.follow(self._store)

    def _finish(self, own: _Waiting) -> None:
        """Whoever finds nobody writing writes for all that wait; the others wait until theirs is written."""
        with self._lock:
            while self._is_writing and not own.is_done:
                self._lock.wait()
            batch: list[_Waiting] = []
            if not own.is_done:
                self._is_writing = True
                batch, self._waiting = self._waiting, []
        if batch:
            self._write_all(batch)
        if own.error is not None:
            raise own.error

    def _write_all(self, batch: list[_Waiting]) -> None:
        failed: BaseException | None = None
        try:
            with self.writing() as connection:
                audit.append(connection, *(each.entry for each in batch))
        except BaseException as error:
            failed = error
        with self._lock:
            for each in batch:
                each.is_done, each.error = True, failed
            self._is_writing = False
            self._lock.notify_all()
