"""What comes after an injection and goes home with the patient: points, side effects, the diary, issued reports."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Date, Float, Index, Integer, String, Table, UniqueConstraint

from tracker.clinic.schema.base import Instant, belongs_to, metadata


def sealed(name: str) -> Column[str]:
    """A column whose texts are sealed with the patient's key, under the name ``table.column``."""
    return Column(name, String, nullable=False, info={"sealed": True})


#: Where a view was injected on a day: pixels (row, column) of the upright photo the points were placed on. A photo that
#: is removed takes its points with it: without it nobody knows which skin they lie on.
injection_point = Table(
    "injection_point",
    metadata,
    Column("view_id", belongs_to("view"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("photo_id", belongs_to("photo"), nullable=False, index=True),
    Column("row_px", Float, nullable=False),
    Column("column_px", Float, nullable=False),
    Column("depth_mm", Float),
    Column("amount_ml", Float),
)

#: One side effect from the day it was noticed; `resolved_on` stays empty while it lasts, and `seen_at` until somebody
#: of the clinic has read of it.
side_effect = Table(
    "side_effect",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("view_id", belongs_to("view"), index=True),
    Column("kind", String, nullable=False),
    Column("noticed_on", Date, nullable=False),
    Column("resolved_on", Date),
    sealed("note"),
    Column("told_by", String, nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("seen_at", Instant),
    sqlite_autoincrement=True,
)
Index(
    "side_effect_open",
    side_effect.c.patient_id,
    side_effect.c.kind,
    sqlite_where=side_effect.c.resolved_on.is_(None),
    postgresql_where=side_effect.c.resolved_on.is_(None),
)

#: How strong a side effect was on a day, 0 to 10.
side_effect_level = Table(
    "side_effect_level",
    metadata,
    Column("effect_id", belongs_to("side_effect"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("level", Integer, nullable=False),
    Column("told_at", Instant, nullable=False),
)

#: What the clinic says of a kind of side effect instead of what the program proposes; `days` is the last day after an
#: injection on which it is expected, and empty where it never is.
effect_window = Table(
    "effect_window",
    metadata,
    Column("kind", String, primary_key=True),
    Column("advice", String, nullable=False),
    Column("days", Integer),
    Column("source", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

#: A day in the patient's words.
diary_entry = Table(
    "diary_entry",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("day", Date, nullable=False),
    sealed("text"),
    Column("told_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

#: Views that hold what a patient photographed at home: no part of any course.
home_view = Table("home_view", metadata, Column("view_id", belongs_to("view"), primary_key=True))

#: A report as the patient received it; its bytes are the vault's. `story` is what the patient's page says of it (sealed
#: JSON), `made_of` of what it was made: photos and methods.
issued_report = Table(
    "issued_report",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("view_id", belongs_to("view"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("format", String, nullable=False),
    Column("file", String, nullable=False, index=True, info={"names_blob": True}),
    sealed("story"),
    Column("made_of", JSON, nullable=False),
    Column("issued_by", String, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("withdrawn_by", String),
    Column("withdrawn_at", Instant),
    UniqueConstraint("view_id", "version"),
    sqlite_autoincrement=True,
)

#: What a patient asks the clinic for, such as a copy of everything or its erasure.
patient_request = Table(
    "patient_request",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("done_by", String),
    sqlite_autoincrement=True,
)
Index(
    "patient_request_open",
    patient_request.c.patient_id,
    sqlite_where=patient_request.c.done_at.is_(None),
    postgresql_where=patient_request.c.done_at.is_(None),
)
