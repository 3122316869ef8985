"""How well a number repeats, and what raters who knew nothing saw."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Float, Integer, String, Table, UniqueConstraint

from tracker.clinic.schema.base import Instant, belongs_to, metadata

# How well a number repeats: a study on volunteers and patients, and what the clinic took over from it.

#: `equipment` is sealed, as is `set_up` of what was taken over.
#: `host_id` is a row among the patients that is nobody: the views of volunteers, of whom only a code is known, are its.
study = Table(
    "study",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("host_id", belongs_to("patient"), nullable=False, unique=True),
    Column("equipment", String, nullable=False, info={"sealed": True}),
    Column("place", String, nullable=False),
    Column("site", String, nullable=False),
    Column("pose", String, nullable=False),
    Column("indication", String, nullable=False),
    Column("started_on", Date, nullable=False),
    sqlite_autoincrement=True,
)

#: One person of a study is one view, whose photos are measured against the first of them.
study_subject = Table(
    "study_subject",
    metadata,
    Column("view_id", belongs_to("view"), primary_key=True),
    Column("study_id", belongs_to("study"), nullable=False, index=True),
    Column("code", String, nullable=False),
    Column("tone", String, nullable=False),
    Column("has_other_operator", Boolean, nullable=False),
    UniqueConstraint("study_id", "code"),
)

#: Photos of one number were taken without moving person, lamp and camera in between, but re-framed.
posing = Table(
    "posing",
    metadata,
    Column("photo_id", belongs_to("photo"), primary_key=True),
    Column("number", Integer, nullable=False),
)

#: What reports of a view use, as numbers: a study that goes on, or is removed, does not change what was decided.
adopted = Table(
    "adopted",
    metadata,
    Column("site", String, primary_key=True),
    Column("pose", String, primary_key=True),
    Column("metric", String, primary_key=True),
    Column("method", String, nullable=False),
    Column("set_up", String, nullable=False, info={"sealed": True}),
    Column("session_sd", Float, nullable=False),
    Column("shot_sd", Float, nullable=False),
    Column("used", String, nullable=False),
    Column("people", Integer, nullable=False),
    Column("adopted_at", Instant, nullable=False),
)

# Blinded rating

#: One sitting of one rater over masked pairs of photos of a view; `question` is what was asked, word for word. `rater`
#: is sealed.
rating_session = Table(
    "rating_session",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("view_id", belongs_to("view"), nullable=False, index=True),
    Column("rater", String, nullable=False, info={"sealed": True}),
    Column("question", String, nullable=False),
    Column("asks_confidence", Boolean, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

#: The plan of a sitting, one row per pair in the order shown, and the answer once there is one. A photo that is removed
#: takes its pairs with it.
rating_answer = Table(
    "rating_answer",
    metadata,
    Column("session_id", belongs_to("rating_session"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("left_id", belongs_to("photo"), nullable=False, index=True),
    Column("right_id", belongs_to("photo"), nullable=False, index=True),
    Column("left_mirrored", Boolean, nullable=False),
    Column("right_mirrored", Boolean, nullable=False),
    Column("repeats", Integer),
    Column("choice", String),
    Column("confidence", Integer),
    Column("seconds", Float),
    Column("answered_at", Instant),
)
