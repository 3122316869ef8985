"""What comes after an injection, and what goes home with the patient: one base of `Clinic` for all of it."""

from __future__ import annotations

from tracker.clinic.diary import Diary
from tracker.clinic.issuing import Issuing
from tracker.clinic.points import Points
from tracker.clinic.side_effects import SideEffects


class Aftercare(Issuing, Diary, SideEffects, Points):
    """Injection points, side effects, diary, issued reports and requests of one record."""
