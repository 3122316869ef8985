"""Is this photo good, and comparable with its reference? If not, why, and what to do about it."""

from __future__ import annotations

from tracker.quality.check import Check, Comparability, Status
from tracker.quality.checks import assess, assess_photo, explain_mismatch
from tracker.quality.need import Need

__all__ = ["Check", "Comparability", "Need", "Status", "assess", "assess_photo", "explain_mismatch"]
