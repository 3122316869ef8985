"""What the photo does not show of the skin: noted by whoever took it, and compared with the reference."""

from __future__ import annotations

from collections.abc import Set
from enum import StrEnum

from tracker.quality.check import Check, Status, judged


class SkinState(StrEnum):
    """What makes skin look other than usual on a day (MEASUREMENT.md §5)."""

    SHAVED = "just shaved"
    CREAM = "cream on the skin"
    TANNED = "tanned"
    PRESSED = "pressure marks"
    TENSED = "muscles tensed"
    JUST_UNDRESSED = "undressed less than 10 minutes ago"
    PERIOD = "around the period"


def skin_state(then: Set[SkinState], now: Set[SkinState]) -> Check:
    """Whether the skin was noted to be in the same state as for the reference; it never stops a metric.

    Parameters
    ----------
    then, now : set of SkinState
        Noted on the day of the reference, and on that of the photo.
    """
    only_now, only_then = sorted(now - then), sorted(then - now)
    said = [f"noted today: {', '.join(only_now)}"] if only_now else []
    said += [f"noted for the reference: {', '.join(only_then)}"] if only_then else []
    text = "; ".join(said)
    return judged(
        "skin state",
        float(len(only_now) + len(only_then)),
        "as for the reference",
        Status.WARN if said else Status.OK,
        f"The skin was in another state than for the reference ({text}). Read small changes with care; take the next "
        "photos in the same state.",
    )
