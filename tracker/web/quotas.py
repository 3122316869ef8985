"""How much one account, one address and one session may hold of the server at a time."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

MEGABYTE = 1024 * 1024
UPLOAD_BYTES, UPLOAD_SECONDS = 200 * MEGABYTE, 600.0
SOCKETS_PER_ADDRESS = 32


class Sockets:
    """Open websockets, counted; used on the event loop only.

    Parameters
    ----------
    per_address : int
        At most so many from one network address.
    """

    def __init__(self, per_address: int = SOCKETS_PER_ADDRESS) -> None:
        self._per_address = per_address
        self._open: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def one_more(self, account: str, address: str, *, limit: int) -> Iterator[bool]:
        """Count a socket while it is open; False if this account or address has as many as it may.

        Parameters
        ----------
        account, address : str
        limit : int
            For the account.
        """
        keys = (("account", account), ("address", address))
        if self._open[keys[0]] >= limit or self._open[keys[1]] >= self._per_address:
            yield False
            return
        self._open.update(keys)
        try:
            yield True
        finally:
            self._open.subtract(keys)
            for key in keys:
                if self._open[key] <= 0:
                    del self._open[key]

    def __len__(self) -> int:
        return sum(number for (kind, _), number in self._open.items() if kind == "account")


@dataclass(slots=True)
class _Window:
    total: int = 0
    parts: deque[tuple[float, int]] = field(default_factory=deque)


class Uploads:
    """Bytes each session has sent within the last minutes; used on the event loop only.

    Parameters
    ----------
    most : int
        Bytes.
    seconds : float
        Length of the window.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        most: int = UPLOAD_BYTES,
        seconds: float = UPLOAD_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._sent: dict[str, _Window] = {}

    def may_send(self, session: str, size: int) -> bool:
        """Whether the session may send so many bytes more; they are counted if it may."""
        now = self._clock()
        window = self._sent.setdefault(session, _Window())
        self._forget(window, now)
        if window.total + size > self._most:
            return False
        window.total += size
        # Chunks of one second are kept as one, so that tiny chunks cannot make the list long.
        if window.parts and now - window.parts[-1][0] < 1:
            since, sent = window.parts.pop()
            window.parts.append((since, sent + size))
        else:
            window.parts.append((now, size))
        return True

    def forget_idle(self) -> None:
        """Drop the sessions that have sent nothing of late."""
        now = self._clock()
        for session, window in list(self._sent.items()):
            self._forget(window, now)
            if not window.parts:
                del self._sent[session]

    def _forget(self, window: _Window, now: float) -> None:
        while window.parts and now - window.parts[0][0] > self._seconds:
            window.total -= window.parts.popleft()[1]
