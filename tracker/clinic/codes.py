"""The next code of a patient, in the pattern that the clinic uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, select

from tracker.clinic import schema

_NUMBERED = re.compile(r"(?P<before>.*?)(?P<number>[0-9]{1,18})(?P<after>[^0-9]*)", re.DOTALL)


def next_code(codes: Sequence[str], is_given: Callable[[str], bool]) -> str:
    """The code after those of a clinic: the highest number in the pattern of the last one, and one more.

    Parameters
    ----------
    codes : sequence of str
        In the order in which they were given.
    is_given : callable
        Whether a code was given to somebody who is not among them any more.

    Returns
    -------
    str
        Empty if there is no pattern yet.

    Examples
    --------
    >>> next_code(["P-007", "P-012", "Ann", "P-009"], lambda code: code == "P-013")
    'P-014'
    >>> next_code(["2026/9b"], lambda code: False)
    '2026/10b'
    >>> next_code(["Ann"], lambda code: False)
    ''
    """
    for last in reversed(codes):
        pattern = _NUMBERED.fullmatch(last)
        if pattern is None:
            continue
        before, after, width = pattern["before"], pattern["after"], len(pattern["number"])
        number = max(_numbers(codes, before, after)) + 1
        while is_given(code := f"{before}{number:0{width}}{after}"):
            number += 1
        return code
    return ""


def _numbers(codes: Iterable[str], before: str, after: str) -> Iterable[int]:
    for code in codes:
        found = _NUMBERED.fullmatch(code)
        if found is not None and (found["before"], found["after"]) == (before, after):
            yield int(found["number"])


def given_codes(connection: Connection) -> tuple[str, ...]:
    """Codes of the clinic's own patients in the order in which they were added."""
    rows, hosts = schema.patient.c, select(schema.study.c.host_id)
    own = select(rows.code).where(rows.is_demonstration.is_(False), rows.id.not_in(hosts))
    return tuple(connection.execute(own.order_by(rows.arrival)).scalars())
