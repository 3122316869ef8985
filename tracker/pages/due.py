"""When somebody is due, how long ago they were injected, and what it has cost, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tracker.clinic.course_plans import Due
from tracker.pages.frame import day_text
from tracker.timeline import SIDE_EFFECT_DAYS


def due_words(due: Due, today: date) -> str:
    """The next session: agreed, proposed or overdue.

    Examples
    --------
    >>> from tracker.clinic.course_plans import Phase, due
    >>> weekly = (Phase("Weekly", 4, 7, 10),)
    >>> first = due(weekly, started_on=date(2026, 3, 2), done=1, last_on=date(2026, 3, 2))
    >>> due_words(first, date(2026, 3, 5))
    'Session 2 of 4 proposed for 9 to 12 Mar 2026'
    >>> due_words(first, date(2026, 3, 20))
    'Session 2 of 4 overdue since 12 Mar 2026'
    """
    which = "Maintenance" if due.is_beyond_plan else f"Session {due.number} of {due.planned}"
    if due.agreed is not None:
        when = "today" if due.agreed == today else day_text(due.agreed)
        return f"{which}: appointment {when}" if due.agreed >= today else f"{which}: appointment was {when}"
    if due.latest < today and not due.is_beyond_plan:
        return f"{which} overdue since {day_text(due.latest)}"
    condition = f", {due.phase.condition}" if due.phase.condition else ""
    proposed = "was proposed" if due.latest < today else "proposed"
    return f"{which} {proposed} for {_span(due.earliest, due.latest)}{condition}"


def injected_words(days: int) -> str:
    """How long ago the last injection was, and what that means for photos of today.

    Examples
    --------
    >>> injected_words(8)
    'Last injection 8 days ago'
    >>> injected_words(3)
    'Last injection 3 days ago: photos of today show side effects'
    """
    if days == 0:
        return "Injected today"
    ago = "yesterday" if days == 1 else f"{days} days ago"
    return f"Last injection {ago}{': photos of today show side effects' if days <= SIDE_EFFECT_DAYS else ''}"


def money(spent: Mapping[str, Decimal]) -> str:
    """Amounts by currency, in words.

    Examples
    --------
    >>> money({"EUR": Decimal("90"), "USD": Decimal("1250.5")})
    '90 EUR and 1,250.50 USD'
    """
    return " and ".join(
        f"{amount:,.0f} {currency}" if amount == amount.to_integral_value() else f"{amount:,.2f} {currency}"
        for currency, amount in spent.items()
    )


def _span(first: date, last: date) -> str:
    if first == last:
        return day_text(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {day_text(last)}"
    return f"{day_text(first)} to {day_text(last)}"
