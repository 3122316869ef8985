"""The tables of the record, one module per subject. What was observed is stored; everything else is computed, or kept
as a cache.
"""

from tracker.clinic.schema.accounts import (
    account,
    care_team,
    emergency,
    failed_try,
    invitation,
    patient_link,
    rater_of,
    recovery_code,
    web_session,
)
from tracker.clinic.schema.aftercare import (
    diary_entry,
    effect_window,
    home_view,
    injection_point,
    issued_report,
    patient_request,
    side_effect,
    side_effect_level,
)
from tracker.clinic.schema.audit import audit
from tracker.clinic.schema.base import SCHEMA_VERSION, Instant, metadata
from tracker.clinic.schema.care import (
    blend_line,
    body_measure,
    consent,
    consent_text,
    course,
    course_template,
    grade,
    patient_details,
    treated_view,
    treatment,
    visit,
)
from tracker.clinic.schema.measured import measurement, refused, result
from tracker.clinic.schema.people import about, card_values, injection, known_distance, patient, photo, skin_state, view
from tracker.clinic.schema.retention import erasure, legal_hold, restriction
from tracker.clinic.schema.sealed import seal, seal_total, touched
from tracker.clinic.schema.studies import adopted, posing, rating_answer, rating_session, study, study_subject

__all__ = (
    "SCHEMA_VERSION",
    "Instant",
    "about",
    "account",
    "adopted",
    "audit",
    "blend_line",
    "body_measure",
    "card_values",
    "care_team",
    "consent",
    "consent_text",
    "course",
    "course_template",
    "diary_entry",
    "effect_window",
    "emergency",
    "erasure",
    "failed_try",
    "grade",
    "home_view",
    "injection",
    "injection_point",
    "invitation",
    "issued_report",
    "known_distance",
    "legal_hold",
    "measurement",
    "metadata",
    "patient",
    "patient_details",
    "patient_link",
    "patient_request",
    "photo",
    "posing",
    "rater_of",
    "rating_answer",
    "rating_session",
    "recovery_code",
    "refused",
    "restriction",
    "result",
    "seal",
    "seal_total",
    "side_effect",
    "side_effect_level",
    "skin_state",
    "study",
    "study_subject",
    "touched",
    "treated_view",
    "treatment",
    "view",
    "visit",
    "web_session",
)
