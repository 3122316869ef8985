"""What somebody may do, as far as a page shows or hides it; whether they may is decided in the record."""

from __future__ import annotations

from tracker.clinic import Clinic
from tracker.clinic.actors import Role, Verb
from tracker.clinic.records import Patient
from tracker.clinic.rules import POLICY


def may(clinic: Clinic, verb: Verb) -> bool:
    """Whether the role of who acts is made for this."""
    role = clinic.acting().role
    return role is Role.SYSTEM or role in POLICY[verb]


def is_visitor(clinic: Clinic) -> bool:
    """Whether who acts looks around the demonstration."""
    return clinic.acting().is_visitor


def is_in_emergency(clinic: Clinic, patient: Patient) -> bool:
    """Whether who acts sees a patient of somebody else's for some hours: what lasts longer is not theirs to give."""
    actor = clinic.acting()
    if actor.role is not Role.PRACTITIONER or actor.is_visitor or patient.is_demonstration:
        return False
    return actor.account_id not in {member.id for member in clinic.care_team(patient.id)}
