"""Tries that failed make the next ones wait: per account and address, per address, and per account.

A stranger's tries stop the stranger long before they stop the owner: the pair of name and address waits up to 15
minutes, an address that fails with many names likewise, and a name that fails from many addresses 1 minute at most. A
browser that is known (`tracker.clinic.known_browsers`) does not wait for what others did under the name: it has tries
of its own.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from tracker.clinic import schema
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_TRY = schema.failed_try.c
FORGOTTEN_AFTER = timedelta(hours=24)
_LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may fail.

    Attributes
    ----------
    kind : str
    free : int
        Tries that cost nothing.
    longest : timedelta
        The wait doubles with each further one, from a second up to this.
    """

    kind: str
    free: int
    longest: timedelta = _LONGEST

    def wait(self, count: int) -> timedelta:
        """How long after so many failures the next try has to wait."""
        over = count - self.free
        return timedelta(0) if over < 0 else min(self.longest, timedelta(seconds=2 ** min(over, 20)))


PAIR = Limit("pair", 5)
ADDRESS = Limit("address", 20)
NAME = Limit("name", 50, timedelta(minutes=1))
DEVICE = Limit("device", 5)


def network_of(address: str) -> str:
    """What an address is counted as: itself, or the /64 of an IPv6 address, which is one subscriber.

    Examples
    --------
    >>> network_of("2001:db8:1:2:3:4:5:6")
    '2001:db8:1:2::'
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.IPv6Address(int(found) >> 64 << 64))
    return str(found)


def begin(connection: Connection, name: str, address: str, moment: datetime, device: str = "") -> None:
    """Count a try as failed before it is looked at, so that a thousand at once count as a thousand.

    Parameters
    ----------
    connection : Connection
    name, address : str
    moment : datetime
    device : str
        The browser, if it is known for this name; its tries count apart.

    Raises
    ------
    RecordError
        ``throttled``: there were too many; nothing is looked at until the wait is over.
    """
    keys = _keys(connection, name, address, device)
    known = {row.key: row for row in connection.execute(select(schema.failed_try).where(_TRY.key.in_(keys)))}
    waits = []
    for key, limit in keys.items():
        row = known.get(key)
        if row is not None and moment - row.last_at < FORGOTTEN_AFTER:
            # A clock that was set back makes nobody wait longer than the limit.
            waits.append(min(row.last_at, moment) + limit.wait(row.tries) - moment)
    longest = max(waits, default=timedelta(0))
    if longest > timedelta(0):
        raise RecordError(f"There were too many tries; please wait {_said(longest)} and try again.", code="throttled")
    for key in keys:
        row = known.get(key)
        if row is None:
            connection.execute(insert(schema.failed_try).values(key=key, tries=1, last_at=moment))
        else:
            tries = 1 if moment - row.last_at >= FORGOTTEN_AFTER else row.tries + 1
            connection.execute(update(schema.failed_try).where(_TRY.key == key).values(tries=tries, last_at=moment))
    connection.execute(delete(schema.failed_try).where(_TRY.last_at < moment - FORGOTTEN_AFTER))


def succeeded(connection: Connection, name: str, address: str, device: str = "") -> None:
    """Take back what `begin` counted: the try was a good one. An address that failed with other names stays counted."""
    for key, limit in _keys(connection, name, address, device).items():
        if limit is ADDRESS:
            lower = update(schema.failed_try).where(_TRY.key == key, _TRY.tries > 0)
            connection.execute(lower.values(tries=_TRY.tries - 1))
        else:
            connection.execute(delete(schema.failed_try).where(_TRY.key == key))


def take_back(connection: Connection, name: str, address: str) -> None:
    """Take back this one try alone: what failed before stays counted, so that a good one in between wins nothing."""
    lower = update(schema.failed_try).where(_TRY.key.in_(_keys(connection, name, address)), _TRY.tries > 0)
    connection.execute(lower.values(tries=_TRY.tries - 1))


def _keys(connection: Connection, name: str, address: str, device: str = "") -> dict[str, Limit]:
    index, network = secrets_of(connection).index, network_of(address)
    if device:
        return {index("try.device", f"{device} {name}"): DEVICE, index("try.address", network): ADDRESS}
    return {
        index("try.pair", f"{network} {name}"): PAIR,
        index("try.address", network): ADDRESS,
        index("try.name", name): NAME,
    }


def _said(wait: timedelta) -> str:
    seconds = max(1, round(wait.total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} minutes"
