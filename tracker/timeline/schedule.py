"""What happened around the photos: injections, and which sessions are the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

SIDE_EFFECT_DAYS = 5
"""So many days after an injection swelling, redness and bruises are in the picture (PRODUCT.md §2)."""
MOST_BASELINE_SESSIONS = 2


@dataclass(frozen=True, slots=True)
class Schedule:
    """When was injected, and how many sessions the baseline is the mean of.

    Attributes
    ----------
    injected_on : tuple of date
        Photos of such a day were taken before the injection: that is the rule of a session.
    baseline_sessions : int
        1 or 2. A second session before the first injection halves the chance part of the baseline, and takes the worst
        off regression to the mean.

    Raises
    ------
    ValueError
        The baseline is to be of another number of sessions.
    """

    injected_on: tuple[date, ...] = ()
    baseline_sessions: int = 1

    def __post_init__(self) -> None:
        """Refuse another number of sessions."""
        if not 1 <= self.baseline_sessions <= MOST_BASELINE_SESSIONS:
            raise ValueError(f"a baseline is of 1 or {MOST_BASELINE_SESSIONS} sessions, not {self.baseline_sessions}")

    def days_after(self, day: date) -> int | None:
        """Days since the last injection before a day; None if there was none."""
        before = [day - injection for injection in self.injected_on if injection < day]
        return min(before).days if before else None

    def is_aftermath(self, day: date) -> bool:
        """Whether photos of a day show what an injection does at once, and are no part of the course.

        Examples
        --------
        >>> from datetime import date
        >>> course = Schedule((date(2026, 3, 2),))
        >>> [course.is_aftermath(date(2026, 3, day)) for day in (2, 3, 7, 8)]
        [False, True, True, False]
        """
        after = self.days_after(day)
        return after is not None and after <= SIDE_EFFECT_DAYS

    def of_baseline(self, days: Sequence[date]) -> int:
        """How many of the first sessions are the baseline: never one that comes after an injection, if it can be."""
        untreated = [day for day in days if not any(injection < day for injection in self.injected_on)]
        # Without a known injection the last session is always one that is judged.
        most = len(untreated) if self.injected_on else len(days) - 1
        return max(1, min(self.baseline_sessions, len(untreated), most))


NO_SCHEDULE = Schedule()
