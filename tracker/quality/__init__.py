"""Is this photo good, and comparable with its reference? If not, why, and what to do about it."""

from __future__ import annotations

from tracker.quality.check import Check, Comparability, Status
from tracker.quality.checks import assess, assess_photo, explain_mismatch
from tracker.quality.need import Need
from tracker.quality.state import SkinState, skin_state

__all__ = [
    "Check",
    "Comparability",
    "Need",
    "SkinState",
    "Status",
    "assess",
    "assess_photo",
    "explain_mismatch",
    "skin_state",
]
