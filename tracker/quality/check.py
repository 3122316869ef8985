"""One check of the gate, and what a photo's checks together allow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tracker.quality.need import Need

ALL_METRICS = "every metric"
_BETWEEN = ", "


class Status(StrEnum):
    """Outcome of one check."""

    OK = "ok"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Check:
    """One property of a photo against its limit.

    Attributes
    ----------
    check : str
        Name, such as ``"sharpness"``.
    value : float
    limit : str
        What would pass, in words with unit.
    status : Status
    advice : str
        What was found and what to do, in one sentence; empty when the check passed.
    blocks : str
        What a block stops: ``ALL_METRICS``, or the needs of the metrics it stops, see `metrics_with`.
    unit : str
        Of the value, such as ``"°"``; empty for a ratio or a plain number.
    """

    check: str
    value: float
    limit: str
    status: Status
    advice: str
    blocks: str = ALL_METRICS
    unit: str = ""

    def stops(self, needs: frozenset[Need]) -> bool:
        """Whether a metric with these needs cannot be compared because of this check."""
        return self.status is Status.BLOCK and is_about(self.blocks, needs)


@dataclass(frozen=True, slots=True)
class Comparability:
    """All checks of a photo against its reference."""

    checks: tuple[Check, ...]

    @property
    def status(self) -> Status:
        """The worst outcome; a check that stops only some metrics is a warning for the photo."""
        found = {
            c.status if c.blocks == ALL_METRICS or c.status is not Status.BLOCK else Status.WARN for c in self.checks
        }
        return next((s for s in (Status.BLOCK, Status.WARN) if s in found), Status.OK)

    def blocked(self, needs: frozenset[Need]) -> str | None:
        """Why a metric with these needs cannot be compared in this photo; None if it can."""
        stopping = self.stopping(needs)
        return stopping[0].advice if stopping else None

    def stopping(self, needs: frozenset[Need]) -> tuple[Check, ...]:
        """The checks that stop a metric with these needs."""
        return tuple(check for check in self.checks if check.stops(needs))


def metrics_with(*needs: Need) -> str:
    """What `Check.blocks` says of a check that stops the metrics with any of these needs."""
    return _BETWEEN.join(needs)


def is_about(blocks: str, needs: frozenset[Need]) -> bool:
    """Whether a check, by its `Check.blocks`, has to do with a metric with these needs, whatever it found."""
    return blocks == ALL_METRICS or not needs.isdisjoint(blocks.split(_BETWEEN))


def judged(
    name: str, value: float, limit: str, status: Status, advice: str, *, blocks: str = ALL_METRICS, unit: str = ""
) -> Check:
    """A check whose advice is said only where something was found."""
    return Check(name, value, limit, status, "" if status is Status.OK else advice, blocks, unit)


def graded(value: float, ok: tuple[float, float], warn: tuple[float, float]) -> Status:
    """OK inside the first range, a warning inside the second, else a block."""
    if ok[0] <= value <= ok[1]:
        return Status.OK
    return Status.WARN if warn[0] <= value <= warn[1] else Status.BLOCK


def worst(*statuses: Status) -> Status:
    """The worst of some outcomes."""
    return max(statuses, key=tuple(Status).index)
