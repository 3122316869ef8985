"""What somebody may do, as far as a page shows or hides it; whether they may is decided in the record."""

from __future__ import annotations

from tracker.clinic import Clinic
from tracker.clinic.actors import Role, Verb
from tracker.clinic.rules import POLICY


def may(clinic: Clinic, verb: Verb) -> bool:
    """Whether the role of who acts is made for this."""
    role = clinic.acting().role
    return role is Role.SYSTEM or role in POLICY[verb]


def is_visitor(clinic: Clinic) -> bool:
    """Whether who acts looks around the demonstration."""
    return clinic.acting().is_visitor
