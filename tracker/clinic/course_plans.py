"""Plans of courses: how many sessions at which intervals. What the program offers is a place to begin, never a fact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from tracker.clinic.entries import one_line
from tracker.errors import RecordError

MOST_PHASES, MOST_SESSIONS, MOST_DAYS = 8, 60, 730


@dataclass(frozen=True, slots=True)
class Phase:
    """Sessions of one interval.

    Attributes
    ----------
    title : str
    sessions : int
        0: from here on without an end.
    least_days, most_days : int
        Before each session of it.
    condition : str
        When it is entered, such as ``"if the skin improves"``; a person decides that.
    source : str
        Where the numbers come from.
    """

    title: str
    sessions: int
    least_days: int
    most_days: int
    condition: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class SourcedNote:
    """Something said of courses, and by whom."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class CourseTemplate:
    """A plan that courses begin with.

    Attributes
    ----------
    id : str
        Empty for one that is offered and not the clinic's yet.
    name : str
    phases : tuple of Phase
    notes : tuple of SourcedNote
        For those who plan; no patient sees them.
    """

    id: str
    name: str
    phases: tuple[Phase, ...]
    notes: tuple[SourcedNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """When the next session of a course is proposed.

    Attributes
    ----------
    number : int
        Of that session, from 1.
    planned : int
        Sessions of the plan; those of an endless phase do not count.
    earliest, latest : date
    agreed : date or None
        The appointment, where one was made.
    phase : Phase
    """

    number: int
    planned: int
    earliest: date
    latest: date
    agreed: date | None
    phase: Phase

    @property
    def day(self) -> date:
        """The appointment, else the first day proposed."""
        return self.agreed or self.earliest

    @property
    def is_beyond_plan(self) -> bool:
        """Whether all planned sessions are done, and this one only keeps what there is."""
        return self.number > self.planned


_ARTICLES = "Articles for patients about mesotherapy, not trials"
_OURS = "Proposal of this program; no source gives a number"

MESOTHERAPY = CourseTemplate(
    "",
    "Mesotherapy",
    (
        Phase("First sessions", 4, 7, 10, "", f"Interval: {_ARTICLES}. Number of sessions: {_OURS}."),
        Phase(
            "Every two weeks", 4, 14, 14, "if the skin improves",
            f"Interval and condition: {_ARTICLES}. Number of sessions: {_OURS}.",
        ),
        Phase("Monthly", 2, 28, 31, "if the skin improves", f"Interval: {_ARTICLES}. Number of sessions: {_OURS}."),
        Phase("Maintenance", 0, 90, 150, "", f"3 to 5 months: {_ARTICLES}."),
    ),
    (
        SourcedNote("3 to 15 sessions in all.", f"{_ARTICLES}; other articles name other numbers."),
        SourcedNote(
            "When anything is to be seen: 5 to 7 sessions according to some, 10 or more according to others.",
            f"{_ARTICLES}; they contradict each other.",
        ),
        SourcedNote(
            "No measurable difference between treated and untreated thigh after 12 weeks.",
            "Park 2008, the one controlled trial, 20 women.",
        ),
    ),
)  # fmt: skip
OFFERED: tuple[CourseTemplate, ...] = (
    MESOTHERAPY,
    CourseTemplate("", "Photos only", (Phase("Follow-up", 0, 28, 35, "", _OURS),)),
)


def planned_sessions(phases: Sequence[Phase]) -> int:
    """Sessions of a plan; those of an endless phase do not count."""
    return sum(phase.sessions for phase in phases)


def due(
    phases: Sequence[Phase], *, started_on: date, done: int, last_on: date | None, agreed: date | None = None
) -> Due | None:
    """When the next session is proposed.

    Parameters
    ----------
    phases : sequence of Phase
    started_on : date
        The first session is due from that day on.
    done : int
        Sessions so far.
    last_on : date or None
        Day of the latest of them.
    agreed : date, optional
        An appointment; one that is not after the latest session is over.

    Returns
    -------
    Due or None
        None if the plan has an end and it is reached.
    """
    phase = _phase_of(phases, done + 1)
    if phase is None:
        return None
    earliest, latest = started_on, started_on
    if last_on is not None:
        earliest, latest = (last_on + timedelta(days) for days in (phase.least_days, phase.most_days))
    valid = agreed if agreed is not None and (last_on is None or agreed > last_on) else None
    return Due(done + 1, planned_sessions(phases), earliest, latest, valid, phase)


def check_phases(phases: Sequence[Phase]) -> tuple[Phase, ...]:
    """A plan that can be followed, with its texts as they are stored.

    Raises
    ------
    RecordError
        There is no phase or there are too many, a number is out of range, or one after an endless phase is never
        reached.
    """
    if not 1 <= len(phases) <= MOST_PHASES:
        raise RecordError(f"A course has 1 to {MOST_PHASES} phases; please add or remove some.", code="no_phase")
    for phase in phases:
        if not 1 <= phase.least_days <= phase.most_days <= MOST_DAYS:
            raise RecordError(
                f"The interval of “{phase.title}” has to run from 1 to at most {MOST_DAYS} days, the shorter first.",
                code="bad_interval",
            )
        if not 0 <= phase.sessions <= MOST_SESSIONS:
            raise RecordError(
                f"“{phase.title}” has to have 1 to {MOST_SESSIONS} sessions, or 0 for no end.", code="bad_number"
            )
    if any(phase.sessions == 0 for phase in phases[:-1]):
        raise RecordError("Only the last phase can have no end; the others need sessions.", code="endless")
    return tuple(
        Phase(
            one_line("name of a phase", phase.title, most=60, needed=True),
            phase.sessions,
            phase.least_days,
            phase.most_days,
            one_line("condition", phase.condition),
            one_line("source", phase.source, most=300),
        )
        for phase in phases
    )


def as_rows(parts: Sequence[Phase] | Sequence[SourcedNote]) -> list[dict[str, Any]]:
    """Phases or notes as they are stored."""
    return [asdict(part) for part in parts]


def phases_of(stored: Sequence[dict[str, Any]]) -> tuple[Phase, ...]:
    """Phases as they were stored."""
    return tuple(Phase(**each) for each in stored)


def notes_of(stored: Sequence[dict[str, Any]]) -> tuple[SourcedNote, ...]:
    """Notes as they were stored."""
    return tuple(SourcedNote(**each) for each in stored)


def _phase_of(phases: Sequence[Phase], number: int) -> Phase | None:
    """The phase of a session by its number; the endless one where it is beyond all others."""
    for phase in phases:
        number -= phase.sessions
        if phase.sessions == 0 or number <= 0:
            return phase
    return None
