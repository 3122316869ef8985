"""What `doctor` finds, as values: one row for each check, in plain words, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How a check came out."""

    GOOD = "good"
    ATTENTION = "attention"
    DAMAGE = "damage"


#: Exit codes of `doctor`.
CODES = {State.GOOD: 0, State.ATTENTION: 1, State.DAMAGE: 2}


@dataclass(frozen=True, slots=True)
class Examined:
    """One check.

    Attributes
    ----------
    name : str
        For scripts, such as ``"originals"``.
    state : State
    what : str
        What was found, one sentence.
    advice : str
        What to do; empty where nothing is to be done.
    checked, not_checked : int
        How many things were looked at, and how many were left out; 0 where nothing is counted.
    places : tuple of str
        What is concerned: identifiers, never names.
    """

    name: str
    state: State
    what: str
    advice: str = ""
    checked: int = 0
    not_checked: int = 0
    places: tuple[str, ...] = field(default=())

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "check": self.name,
            "state": str(self.state),
            "what": self.what,
            "advice": self.advice or None,
            "checked": self.checked,
            "not_checked": self.not_checked,
            "places": list(self.places),
        }


def good(name: str, what: str, *, checked: int = 0, not_checked: int = 0) -> Examined:
    """A check that found nothing wrong."""
    return Examined(name, State.GOOD, what, checked=checked, not_checked=not_checked)


def worst(found: Iterable[Examined]) -> State:
    """The worst state of some checks.

    Examples
    --------
    >>> worst([good("space", "There is room."), Examined("rows", State.DAMAGE, "A row was changed.")])
    <State.DAMAGE: 'damage'>
    """
    return max((each.state for each in found), key=CODES.__getitem__, default=State.GOOD)
