"""Side effects as values: what was noticed, what is expected of it, and what to say to whoever noticed it.

Nothing here is a diagnosis: what is expected is only told from what is not by the days since the injection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

MOST_LEVEL = 10
STRONG = 8
"""From here on of 10 the clinic is asked, on whatever day: a caution of this program, from no source."""


class EffectKind(StrEnum):
    """What can be noticed after an injection."""

    SWELLING = "swelling"
    REDNESS = "redness"
    BUMPS = "bumps"
    BRUISING = "bruising"
    ITCHING = "itching"
    PAIN = "pain"
    BURNING = "burning"
    TENDERNESS = "tenderness"
    DISCOLOURATION = "discolouration"
    NAUSEA = "nausea"
    RASH = "rash"
    INFECTION = "infection"

    @property
    def label(self) -> str:
        """How it is asked for."""
        return _TITLES.get(self, str(self).capitalize())


_TITLES = {
    EffectKind.DISCOLOURATION: "Dark or discoloured patches",
    EffectKind.INFECTION: "Signs of infection: growing warm redness, pus, fever",
    EffectKind.RASH: "Rash or hives",
}


class Advice(StrEnum):
    """What a clinic says of a kind of side effect."""

    EXPECTED = "expected for some days"
    PHOTOGRAPH = "photograph it until it has gone"
    CONTACT = "contact the clinic"
    AT_ONCE = "contact the clinic at once"


@dataclass(frozen=True, slots=True)
class ExpectedWindow:
    """What is expected of a kind of side effect.

    Attributes
    ----------
    kind : EffectKind
    advice : Advice
    days : int or None
        The last day after an injection on which it is expected; only with `Advice.EXPECTED`.
    source : str
        Where that comes from.
    is_own : bool
        Whether the clinic changed it.
    """

    kind: EffectKind
    advice: Advice
    days: int | None
    source: str
    is_own: bool = False


_ARTICLES = "Patient articles on mesotherapy"
#: What to begin with. The sources contradict each other: of several the longest time is taken, and the clinic may
#: change every row.
OFFERED = (
    ExpectedWindow(EffectKind.SWELLING, Advice.EXPECTED, 5, f"{_ARTICLES}: hours, a few days, 1 to 5 days"),
    ExpectedWindow(EffectKind.REDNESS, Advice.EXPECTED, 5, f"{_ARTICLES}: hours, a few days, 1 to 5 days"),
    ExpectedWindow(EffectKind.BUMPS, Advice.EXPECTED, 5, f"{_ARTICLES}: a few days"),
    ExpectedWindow(EffectKind.BRUISING, Advice.EXPECTED, 21, f"{_ARTICLES}: a few days; trials: under 21 days"),
    ExpectedWindow(EffectKind.ITCHING, Advice.EXPECTED, 1, f"{_ARTICLES}: hours"),
    ExpectedWindow(EffectKind.PAIN, Advice.EXPECTED, 5, f"{_ARTICLES}: days, at most 1 to 5"),
    ExpectedWindow(EffectKind.BURNING, Advice.EXPECTED, 5, f"{_ARTICLES}: days, at most 1 to 5"),
    ExpectedWindow(EffectKind.TENDERNESS, Advice.EXPECTED, 5, f"{_ARTICLES}: days, at most 1 to 5"),
    ExpectedWindow(EffectKind.DISCOLOURATION, Advice.PHOTOGRAPH, None, f"{_ARTICLES}: no time given"),
    ExpectedWindow(EffectKind.NAUSEA, Advice.CONTACT, None, f"{_ARTICLES}: to be reported"),
    ExpectedWindow(EffectKind.RASH, Advice.AT_ONCE, None, f"{_ARTICLES}: to be reported; at once by our caution"),
    ExpectedWindow(EffectKind.INFECTION, Advice.AT_ONCE, None, f"{_ARTICLES}: contact the clinic"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to whoever noticed something.

    Attributes
    ----------
    advice : Advice
    sentence : str
        For the patient.
    """

    advice: Advice
    sentence: str

    @property
    def needs_clinic(self) -> bool:
        """Whether the clinic has to be asked."""
        return self.advice in (Advice.CONTACT, Advice.AT_ONCE)


@dataclass(frozen=True, slots=True)
class Level:
    """How strong a side effect was on a day, 0 to 10."""

    day: date
    level: int


@dataclass(frozen=True, slots=True)
class SideEffect:
    """One side effect from the day it was noticed.

    Attributes
    ----------
    id, patient_id : str
    view_id : str or None
        Where, if that was said.
    kind : EffectKind
    noticed_on : date
    resolved_on : date or None
        None while it lasts.
    levels : tuple of Level
        By day; the first is that of the day it was noticed.
    note : str
    told_by : str
        ``"patient"`` or ``"clinic"``.
    told_at : datetime
    seen_at : datetime or None
        When somebody of the clinic read of it.
    injected_on : date or None
        The last injection before it was noticed, of its view or, without one, of any view of the patient.
    answer : Answer
        As of today.
    """

    id: str
    patient_id: str
    view_id: str | None
    kind: EffectKind
    noticed_on: date
    resolved_on: date | None
    levels: tuple[Level, ...]
    note: str
    told_by: str
    told_at: datetime
    seen_at: datetime | None
    injected_on: date | None
    answer: Answer

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.resolved_on is None

    @property
    def needs_attention(self) -> bool:
        """Whether somebody of the clinic should look at it now."""
        return self.is_open and (self.seen_at is None or self.answer.needs_clinic)

    @property
    def days_after(self) -> int | None:
        """Days from the injection to the day it was noticed; None without one."""
        return None if self.injected_on is None else (self.noticed_on - self.injected_on).days


def answer_to(
    window: ExpectedWindow,
    levels: tuple[Level, ...],
    *,
    injected_on: date | None,
    resolved_on: date | None,
    today: date,
) -> Answer:
    """What to say of a side effect.

    Parameters
    ----------
    window : ExpectedWindow
        Of its kind.
    levels : tuple of Level
        By day.
    injected_on : date or None
        The last injection before it was noticed.
    resolved_on : date or None
    today : date

    Returns
    -------
    Answer
        Expected only inside its days and while it neither grows nor is strong (8 of 10 or more): both are cautions of
        this program, and so is to ask the clinic where no injection is known.
    """
    if resolved_on is not None:
        return Answer(Advice.EXPECTED, "You noted that this has gone. Nothing more needs to be done.")
    if window.advice is Advice.AT_ONCE:
        return Answer(window.advice, "Contact your clinic now. If you cannot reach anybody, see a doctor today.")
    name = str(window.kind).capitalize()
    if levels and levels[-1].level >= STRONG:
        return Answer(Advice.CONTACT, f"{name} this strong is a reason to contact your clinic today.")
    if any(after.level > before.level for before, after in pairwise(levels)):
        return Answer(Advice.CONTACT, f"{name} that gets stronger is a reason to contact your clinic.")
    if window.advice is Advice.PHOTOGRAPH:
        return Answer(window.advice, f"Photograph it now and then until it has gone, and tell your clinic. {_CALM}")
    if window.advice is Advice.CONTACT or window.days is None:
        return Answer(Advice.CONTACT, f"Contact your clinic: {name.lower()} is something it wants to know about.")
    if injected_on is None:
        return Answer(Advice.CONTACT, "No injection is written down for the days before, so please ask your clinic.")
    passed = (today - injected_on).days
    if passed > window.days:
        return Answer(
            Advice.CONTACT,
            f"Contact your clinic: {name.lower()} is expected for {_days(window.days)} after an injection, and "
            f"yours was {_days(passed)} ago.",
        )
    return Answer(
        Advice.EXPECTED,
        f"Expected: {name.lower()} may last {_days(window.days)} after an injection; yours was {_ago(passed)}. {_CALM}",
    )


_CALM = "If it gets stronger or worries you, contact your clinic."


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _ago(count: int) -> str:
    return "today" if count == 0 else f"{_days(count)} ago"
