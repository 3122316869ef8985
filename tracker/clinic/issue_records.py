"""Reports that were given to patients, and what patients ask for, as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tracker.clinic.records import StoredPhoto
from tracker.report import Report, patient_headline, told_visits


@dataclass(frozen=True, slots=True)
class Story:
    """What the patient's page says of an issued report: it does not change when the record goes on.

    Attributes
    ----------
    title : str
        Of the view.
    headline : str
    visits : tuple of (date, str)
        A sentence for each visit.
    days : tuple of date
        Of the two photos that are shown: the first one and the one that the headline rests on. Empty without two.
    shape : tuple of int
        Height and width of the first photo, in pixels.
    """

    title: str
    headline: str
    visits: tuple[tuple[date, str], ...]
    days: tuple[date, ...]
    shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """A report as a patient received it; its bytes are asked for by its id.

    Attributes
    ----------
    id, patient_id, view_id : str
    version : int
        From 1, within its view.
    format : str
        Ending of the file, such as ``"pdf"``.
    story : Story
    photos : tuple of str
        Digests of the photos it was made of.
    methods : tuple of str
        Such as ``"relief@1"``.
    issued_by : str
        Account.
    issued_at : datetime
    withdrawn_at : datetime or None
    withdrawn_by : str
        Empty while it holds.
    """

    id: str
    patient_id: str
    view_id: str
    version: int
    format: str
    story: Story
    photos: tuple[str, ...]
    methods: tuple[str, ...]
    issued_by: str
    issued_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str

    @property
    def is_withdrawn(self) -> bool:
        """Whether the clinic took it back."""
        return self.withdrawn_at is not None


class Wish(StrEnum):
    """What a patient may ask the clinic for."""

    EXPORT = "export"
    ERASURE = "erasure"

    @property
    def label(self) -> str:
        """How it is called on a page."""
        return {Wish.EXPORT: "A copy of everything", Wish.ERASURE: "Erasure of everything"}[self]


@dataclass(frozen=True, slots=True)
class PatientRequest:
    """What a patient asked for.

    Attributes
    ----------
    id, patient_id : str
    wish : Wish
    asked_at : datetime
    done_at : datetime or None
        When somebody of the clinic said that it is done, or answered.
    """

    id: str
    patient_id: str
    wish: Wish
    asked_at: datetime
    done_at: datetime | None


def story_of(report: Report, title: str, shown: tuple[StoredPhoto, ...]) -> Story:
    """What a patient is told of a report.

    Parameters
    ----------
    report : Report
    title : str
        Of the view.
    shown : tuple of StoredPhoto
        The reference and the photo that the headline rests on, or nothing.
    """
    return Story(
        title=title,
        headline=patient_headline(report),
        visits=told_visits(report),
        days=tuple(photo.taken_on for photo in shown),
        shape=shown[0].shape if shown else (0, 0),
    )


def story_text(story: Story) -> str:
    """A story as it is stored."""
    return json.dumps(
        {
            "title": story.title,
            "headline": story.headline,
            "visits": [[day.isoformat(), said] for day, said in story.visits],
            "days": [day.isoformat() for day in story.days],
            "shape": list(story.shape),
        }
    )


def story_from(text: str) -> Story:
    """The story of `story_text`."""
    held = json.loads(text)
    return Story(
        title=held["title"],
        headline=held["headline"],
        visits=tuple((date.fromisoformat(day), said) for day, said in held["visits"]),
        days=tuple(date.fromisoformat(day) for day in held["days"]),
        shape=(held["shape"][0], held["shape"][1]),
    )
