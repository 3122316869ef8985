"""What comes after an injection, and what goes home with the patient: one base of `Clinic` for all of it."""

from __future__ import annotations

from tracker.clinic.points import Points
from tracker.clinic.side_effects import SideEffects


class Aftercare(SideEffects, Points):
    """Injection points, side effects, diary, issued reports and requests of one record."""
