"""Who a page is shown to: it shows what their role is made for, and the record refuses the rest."""

from __future__ import annotations

from tracker.clinic import Clinic
from tracker.clinic.actors import Role

_TREATING = frozenset({Role.OWNER, Role.PRACTITIONER, Role.SYSTEM})


def treats(clinic: Clinic) -> bool:
    """Whether who acts takes care of patients, and sees what is measured."""
    return clinic.acting().role in _TREATING


def owns(clinic: Clinic) -> bool:
    """Whether who acts is the owner of the clinic."""
    return clinic.acting().role in (Role.OWNER, Role.SYSTEM)


def is_visitor(clinic: Clinic) -> bool:
    """Whether who acts only looks around the demonstration."""
    return clinic.acting().is_visitor
