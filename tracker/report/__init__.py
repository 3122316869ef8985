"""`Timeline`… → `Report`: everything that is said about a series, and in which words; in no format.

All sentences that reach a practitioner or a patient about a change are made here, in `sentences` and `patient`, and
pass the whitelist of `tracker.claims`.
"""

from __future__ import annotations

from tracker.report.around import AFTERMATH_NOTE, aftermath, confounders
from tracker.report.colour import (
    beside_tone,
    colour_difference_of,
    colour_difference_on,
    colour_sentence,
    practitioner_summary,
)
from tracker.report.courses import (
    beside_control_sentence,
    course_sentences,
    headline,
    headline_verdict,
    why_not_measured,
)
from tracker.report.findings import Rejection, Report, ReportedPhoto
from tracker.report.overlay import Overlay
from tracker.report.patient import patient_headline, patient_sentence, patient_visit_sentence
from tracker.report.repeated import (
    STUDY_NOTE,
    StudyRow,
    adoption_sentence,
    difference_sentences,
    not_studied,
    study_row,
    width_sentence,
)
from tracker.report.sentences import (
    EXPLORATORY_NOTE,
    NOT_A_DIAGNOSIS,
    PARTLY_PROVISIONAL_NOTE,
    PROVISIONAL_NOTE,
    TONE_NOTE,
    group_sentence,
    is_absolute_colour,
    metric_sentence,
    metric_titles,
    practitioner_sentence,
    practitioner_sentences,
    provisional_note,
    same_reason,
    value_sentence,
    without_title,
)
from tracker.report.uncertainty import UncertaintyPart, uncertainty_parts
from tracker.report.visits import told_visits
from tracker.report.words import (
    LEAST_SHARE_SAID,
    area_sentence,
    change_text,
    check_finding,
    detectable_text,
    direction_sentence,
    found_text,
    in_short,
    number,
    photo_standing,
    signed,
    stopped_sentence,
    stopped_text,
)

__all__ = [
    "AFTERMATH_NOTE",
    "EXPLORATORY_NOTE",
    "LEAST_SHARE_SAID",
    "NOT_A_DIAGNOSIS",
    "PARTLY_PROVISIONAL_NOTE",
    "PROVISIONAL_NOTE",
    "STUDY_NOTE",
    "TONE_NOTE",
    "Overlay",
    "Rejection",
    "Report",
    "ReportedPhoto",
    "StudyRow",
    "UncertaintyPart",
    "adoption_sentence",
    "aftermath",
    "area_sentence",
    "beside_control_sentence",
    "beside_tone",
    "change_text",
    "check_finding",
    "colour_difference_of",
    "colour_difference_on",
    "colour_sentence",
    "confounders",
    "course_sentences",
    "detectable_text",
    "difference_sentences",
    "direction_sentence",
    "found_text",
    "group_sentence",
    "headline",
    "headline_verdict",
    "in_short",
    "is_absolute_colour",
    "metric_sentence",
    "metric_titles",
    "not_studied",
    "number",
    "patient_headline",
    "patient_sentence",
    "patient_visit_sentence",
    "photo_standing",
    "practitioner_sentence",
    "practitioner_sentences",
    "practitioner_summary",
    "provisional_note",
    "same_reason",
    "signed",
    "stopped_sentence",
    "stopped_text",
    "study_row",
    "told_visits",
    "uncertainty_parts",
    "value_sentence",
    "why_not_measured",
    "width_sentence",
    "without_title",
]
