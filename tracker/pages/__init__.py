"""The pages, in the order of the navigation. To add one: one file, one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.clinic import Clinic
from tracker.pages import compare, patient, progress, rating, region, session, standards, study, today


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page as the navigation knows it.

    Attributes
    ----------
    path, title, icon : str
    page : callable
        Shows the page for a clinic.
    """

    path: str
    title: str
    icon: str
    page: Callable[[Clinic], None]


PAGES = (
    PageEntry("today", "Today", ":material/today:", today.page),
    PageEntry("session", "Add a session", ":material/add_a_photo:", session.page),
    PageEntry("compare", "Compare", ":material/compare:", compare.page),
    PageEntry("progress", "Progress", ":material/timeline:", progress.page),
    PageEntry("rating", "Blinded rating", ":material/visibility_off:", rating.page),
    PageEntry("region", "Region", ":material/polyline:", region.page),
    PageEntry("repeatability", "Repeatability", ":material/repeat:", study.page),
    PageEntry("colour-card", "Colour card", ":material/palette:", standards.page),
)
PATIENT_PAGE = PageEntry("patient-view", "Patient's page", ":material/person:", patient.page)
