"""The parts of a report for people, in finished words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session of one metric."""

    day: str
    value: str
    change: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Side:
    """One metric on one side of the body: its sentence and its sessions."""

    title: str
    verdict: str
    sentence: str
    sessions: tuple[SessionRow, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """All that is said about one measured metric.

    Attributes
    ----------
    name, title : str
    verdict, change, detects : str
        Of this series; empty where there is no change.
    facts : tuple of (label, value)
        The few numbers that carry the verdict.
    newer : str
        What is to be said of sessions after the one the verdict is about; empty if there are none.
    sides : tuple of Side
        This series, and the untreated side if there is one.
    parts : tuple of (what, uncertainty, share)
        Where the ± of the latest session comes from, the largest first.
    standing : str
        ``"experimental"``, or empty.
    beside : str
        What is said beside the metric, as how far the colour moved beside its tone; empty for most.
    """

    name: str
    title: str
    verdict: str
    change: str
    detects: str
    facts: tuple[tuple[str, str], ...]
    newer: str
    sides: tuple[Side, ...]
    parts: tuple[tuple[str, str, str], ...] = ()
    standing: str = ""
    beside: str = ""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check of the gate."""

    name: str
    value: str
    limit: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of a photo: a text that others may share, and what was found in this one."""

    text: str
    found: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.found}".rstrip()


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """One photo, used or not."""

    digest: str
    day: str
    name: str
    standing: str
    error: str
    overlap: str
    remarks: tuple[Remark, ...]
    checks: tuple[CheckRow, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodRow:
    """How one metric is measured."""

    title: str
    symbol: str
    method: str
    unit: str
    detectable: str
    direction: str


@dataclass(frozen=True, slots=True)
class Content:
    """A report in finished words, in reading order.

    `cautions` is what else can explain the change, `aftermath` the days after an injection and what they show.

    Of the cards the first `leading` are what the report is about; the others come below, under `exploratory`.
    """

    title: str
    period: str
    headline: str
    verdict: str
    newer: str
    control: str
    cards: tuple[Card, ...]
    leading: int
    exploratory: str
    photos: tuple[tuple[str, tuple[PhotoRow, ...]], ...]
    declined: tuple[tuple[str, str], ...]
    methods: tuple[MethodRow, ...]
    basis: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    aftermath: tuple[tuple[str, str], ...] = ()
    aftermath_note: str = ""
