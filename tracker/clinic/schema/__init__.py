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
from tracker.clinic.schema.audit import audit
from tracker.clinic.schema.base import SCHEMA_VERSION, Instant, metadata
from tracker.clinic.schema.measured import measurement, refused, result
from tracker.clinic.schema.people import about, card_values, injection, known_distance, patient, photo, skin_state, view
from tracker.clinic.schema.sealed import seal, seal_total, touched
from tracker.clinic.schema.studies import adopted, posing, rating_answer, rating_session, study, study_subject

__all__ = (
    "SCHEMA_VERSION",
    "Instant",
    "about",
    "account",
    "adopted",
    "audit",
    "card_values",
    "care_team",
    "emergency",
    "failed_try",
    "injection",
    "invitation",
    "known_distance",
    "measurement",
    "metadata",
    "patient",
    "patient_link",
    "photo",
    "posing",
    "rater_of",
    "rating_answer",
    "rating_session",
    "recovery_code",
    "refused",
    "result",
    "seal",
    "seal_total",
    "skin_state",
    "study",
    "study_subject",
    "touched",
    "view",
    "web_session",
)
