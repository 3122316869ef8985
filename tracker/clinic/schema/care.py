"""What is known of a patient beside the photos: details, consents, the course, its treatments, grades and measures.

Texts about a person are sealed with the patient's key; what is searched across patients, such as a lot, is not.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from tracker.clinic.schema.base import Instant, belongs_to, metadata


def sealed(name: str) -> Column[str]:
    """A column whose texts are sealed with the patient's key, as the field ``table.column:id`` of its row."""
    return Column(name, String, nullable=False, info={"sealed": True})


patient_details = Table(
    "patient_details",
    metadata,
    Column("patient_id", belongs_to("patient"), primary_key=True),
    Column("birth_year", Integer),
    Column("phototype", String, nullable=False),
    sealed("allergies"),
    sealed("history"),
    sealed("contacts"),
    Column("changed_at", Instant, nullable=False),
)

#: Every wording a consent was asked with. It is never changed: a consent names the one it was given to.
consent_text = Table(
    "consent_text",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("purpose", String, nullable=False, index=True),
    Column("version", String, nullable=False),
    Column("text", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("added_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

#: A row is written when a consent is given and marked when it is withdrawn; it is never removed.
consent = Table(
    "consent",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("purpose", String, nullable=False),
    Column("text_id", ForeignKey("consent_text.id"), nullable=False),
    Column("pictures", String, nullable=False),
    Column("sites", JSON, nullable=False),
    Column("masking", String, nullable=False),
    sealed("given_by"),
    sealed("taken_by"),
    Column("signed_on", Date, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("channel", String, nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_channel", String),
    sqlite_autoincrement=True,
)
Index(
    "one_live_consent_per_purpose",
    consent.c.patient_id,
    consent.c.purpose,
    unique=True,
    sqlite_where=consent.c.withdrawn_at.is_(None),
    postgresql_where=consent.c.withdrawn_at.is_(None),
)

#: `phases` is a list of {title, sessions, least_days, most_days, condition, source}, `notes` one of {text, source}.
course_template = Table(
    "course_template",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("name", String, unique=True, nullable=False),
    Column("phases", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    sqlite_autoincrement=True,
)

#: A course keeps the phases it was planned with: editing a template changes no course that has begun.
course = Table(
    "course",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("name", String, nullable=False),
    Column("indication", String, nullable=False),
    Column("phases", JSON, nullable=False),
    Column("started_on", Date, nullable=False),
    Column("next_on", Date),
    Column("ended_on", Date),
    sqlite_autoincrement=True,
)
Index(
    "one_running_course_per_patient",
    course.c.patient_id,
    unique=True,
    sqlite_where=course.c.ended_on.is_(None),
    postgresql_where=course.c.ended_on.is_(None),
)

#: A day on which a patient was here; photos and skin states of that day belong to it by their day.
visit = Table(
    "visit",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False),
    Column("course_id", ForeignKey("course.id", ondelete="SET NULL"), index=True),
    Column("day", Date, nullable=False),
    sealed("operator"),
    sealed("note"),
    UniqueConstraint("patient_id", "day"),
    sqlite_autoincrement=True,
)

#: `cost` is in hundredths of the currency: the same whole number on every database.
treatment = Table(
    "treatment",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("visit_id", belongs_to("visit"), nullable=False, index=True),
    Column("device", String, nullable=False),
    Column("depth_mm", Float),
    Column("spacing_mm", Float),
    Column("points", Integer),
    sealed("numbing"),
    Column("cost", Integer),
    Column("currency", String, nullable=False),
    sealed("note"),
    sqlite_autoincrement=True,
)

#: What of the patient was treated. `noted_injection`: the day of injection of the view was noted by this treatment, and
#: is taken back with it.
treated_view = Table(
    "treated_view",
    metadata,
    Column("treatment_id", belongs_to("treatment"), primary_key=True),
    Column("view_id", belongs_to("view"), primary_key=True, index=True),
    Column("noted_injection", Boolean, nullable=False),
)

#: One ingredient of what was given. `lot_key` is the lot as it is compared: capitals and spaces do not count.
blend_line = Table(
    "blend_line",
    metadata,
    Column("treatment_id", belongs_to("treatment"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("ingredient", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("concentration", String, nullable=False),
    Column("amount_ml", Float),
    Column("lot", String, nullable=False),
    Column("lot_key", String, nullable=False),
    Column("expires_on", Date),
    Column("supplier", String, nullable=False),
)
Index("blend_line_lot", blend_line.c.lot_key)

#: What a clinician judged by eye or by hand.
grade = Table(
    "grade",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("view_id", belongs_to("view"), nullable=False, index=True),
    Column("scale", String, nullable=False),
    Column("score", Float, nullable=False),
    Column("day", Date, nullable=False),
    sealed("grader"),
    sealed("note"),
    Column("received_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

#: Weight and tape as they were typed, in the unit they were typed in. A tape lies at a place of a view; `level` says
#: where exactly.
body_measure = Table(
    "body_measure",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("view_id", belongs_to("view"), index=True),
    Column("day", Date, nullable=False),
    Column("quantity", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("unit", String, nullable=False),
    Column("reading", Integer, nullable=False),
    sealed("level"),
    Column("by_patient", Boolean, nullable=False),
    Column("received_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
