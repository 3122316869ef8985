"""The pages, in the order of the navigation, and who has them. To add one: one file, one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.clinic import Clinic
from tracker.clinic.actors import Actor, Role
from tracker.pages import (
    accounts,
    compare,
    diary,
    keeping,
    log,
    new_patient,
    patient,
    points,
    practice,
    progress,
    rating,
    record,
    region,
    session,
    side_effects,
    standards,
    study,
    today,
)

STUDIES, CLINIC = "Studies", "Clinic"
CARE = frozenset({Role.OWNER, Role.PRACTITIONER})


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page as the navigation knows it.

    Attributes
    ----------
    path, title, icon : str
    page : callable
        Shows the page for a clinic.
    roles : frozenset of Role
        Who has this page; for everybody else there is none of this name.
    is_hidden_from : frozenset of Role
        Who has it, but does not find it in the navigation.
    section : str
        Under which heading the navigation has it where there are many; empty for what is needed every day.
    """

    path: str
    title: str
    icon: str
    page: Callable[[Clinic], None]
    roles: frozenset[Role] = CARE
    is_hidden_from: frozenset[Role] = frozenset()
    section: str = ""


PATIENT_PAGE = PageEntry(
    "patient-view", "Patient's page", ":material/person:", patient.page, CARE | {Role.PATIENT}, is_hidden_from=CARE
)
PAGES = (
    PageEntry("today", "Today", ":material/today:", today.page, CARE | {Role.ASSISTANT}),
    PageEntry("session", "Add a session", ":material/add_a_photo:", session.page, CARE | {Role.ASSISTANT}),
    PageEntry("new-patient", "New patient", ":material/person_add:", new_patient.page, is_hidden_from=CARE),
    PageEntry("record", "Record", ":material/clinical_notes:", record.page),
    PageEntry("compare", "Compare", ":material/compare:", compare.page),
    PageEntry("progress", "Progress", ":material/timeline:", progress.page),
    PageEntry(
        "rating", "Blinded rating", ":material/visibility_off:", rating.page, CARE | {Role.RATER}, section=STUDIES
    ),
    PageEntry("region", "Region", ":material/polyline:", region.page),
    PageEntry("repeatability", "Repeatability", ":material/repeat:", study.page, section=STUDIES),
    PageEntry("colour-card", "Colour card", ":material/palette:", standards.page, section=CLINIC),
    PageEntry("practice", "Courses and lots", ":material/event_repeat:", practice.page, section=CLINIC),
    PageEntry(
        "people", "People and access", ":material/group:", accounts.page, frozenset({Role.OWNER}), section=CLINIC
    ),
    PageEntry(
        "keeping",
        "Keeping and erasing",
        ":material/inventory_2:",
        keeping.page,
        frozenset({Role.OWNER}),
        section=CLINIC,
    ),
    PageEntry("log", "Log", ":material/history:", log.page, frozenset({Role.OWNER, Role.AUDITOR}), section=CLINIC),
    PageEntry("points", "Injection points", ":material/vaccines:", points.page, is_hidden_from=CARE),
    PageEntry("side-effects", "Side effects", ":material/healing:", side_effects.page, is_hidden_from=CARE),
    PATIENT_PAGE,
    PageEntry("diary", "Diary", ":material/edit_note:", diary.page, CARE | {Role.PATIENT}, is_hidden_from=CARE),
)


def pages_of(actor: Actor) -> tuple[PageEntry, ...]:
    """The pages somebody has, the first of them to begin with."""
    return tuple(entry for entry in PAGES if actor.role in entry.roles)
