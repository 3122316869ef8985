"""The tables of the record. What was observed is stored; everything else is computed, or kept as a cache."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

#: Raised with every new table or column; new columns may be empty, so that older records can be brought up to date.
SCHEMA_VERSION = 7

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment with its time zone, kept as ISO 8601 in UTC: the same text on every database."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        """Text of a moment; one without a time zone is a fault of ours."""
        if value is None:
            return None
        assert value.tzinfo is not None
        return value.astimezone(UTC).isoformat()

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:
        """Moment of a text."""
        return None if value is None else datetime.fromisoformat(value)


def _belongs_to(table: str, **options: Any) -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete="CASCADE", **options)


#: Facts about the store itself: its schema version and the methods its results were made with.
about = Table("about", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))

patient = Table(
    "patient",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("code", String, unique=True, nullable=False),
    Column("name", String, nullable=False),
    Column("note", String, nullable=False),
    Column("is_demonstration", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

view = Table(
    "view",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", _belongs_to("patient"), nullable=False, index=True),
    Column("site", String, nullable=False),
    Column("laterality", String, nullable=False),
    Column("pose", String, nullable=False),
    Column("indication", String, nullable=False),
    Column("is_control", Boolean, nullable=False),
    Column("control_id", ForeignKey("view.id", ondelete="SET NULL")),
    Column("region_polygon", JSON(none_as_null=True)),
    Column("region_mask", LargeBinary),
    Column("region_hash", String, nullable=False),
    sqlite_autoincrement=True,
)

#: Two points in pixels of the reference photo of a view, [[row, column], [row, column]], and the millimetres between
#: them. The view's `region_hash` stands for both, region and distance.
known_distance = Table(
    "known_distance",
    metadata,
    Column("view_id", _belongs_to("view"), primary_key=True),
    Column("points", JSON, nullable=False),
    Column("mm", Float, nullable=False),
)

#: `arrival` is the order of arrival; `result_id` is the result that holds now, and nothing while the photo waits.
photo = Table(
    "photo",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("view_id", _belongs_to("view"), nullable=False),
    Column("digest", String, nullable=False),
    Column("file", String, unique=True, nullable=False),
    Column("name", String, nullable=False),
    Column("taken_on", Date, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("is_reference", Boolean, nullable=False),
    Column("result_id", ForeignKey("result.id", ondelete="SET NULL", use_alter=True, name="photo_result")),
    UniqueConstraint("view_id", "digest"),
    sqlite_autoincrement=True,
)
Index(
    "photo_waiting",
    photo.c.arrival,
    sqlite_where=photo.c.result_id.is_(None),
    postgresql_where=photo.c.result_id.is_(None),
)
Index("photo_result_id", photo.c.result_id)
Index(
    "one_reference_per_view",
    photo.c.view_id,
    unique=True,
    sqlite_where=photo.c.is_reference,
    postgresql_where=photo.c.is_reference,
)

#: One row per attempt to measure a photo: against its reference, or (without one) as a baseline.
#: `code` and `reason` say why it was rejected; `derived` names the files of its map. Of a pair with dual light,
#: `opposite` is the digest of the other photo, whose light was used; its own result names the first one as `lent_to`.
result = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", _belongs_to("photo"), nullable=False, index=True),
    Column("reference_id", _belongs_to("photo"), index=True),
    Column("methods", String, nullable=False),
    Column("region_hash", String, nullable=False),
    Column("measured_at", Instant, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("status", String, nullable=False),
    Column("checks", JSON, nullable=False),
    Column("notes", JSON, nullable=False),
    Column("overlap", Float),
    Column("error_px", Float),
    Column("error_mm", Float),
    Column("mm_per_px", Float),
    Column("colour_evidence", String, nullable=False),
    Column("derived", String, nullable=False),
    Column("colour", JSON(none_as_null=True)),
    Column("scale", JSON(none_as_null=True)),
    Column("through", String),
    Column("opposite", String),
    Column("lent_to", String),
    Column("camera", String),
    Column("taken_at", String),
    sqlite_autoincrement=True,
)
Index(
    "result_failed", result.c.code, sqlite_where=result.c.code == "failed", postgresql_where=result.c.code == "failed"
)

measurement = Table(
    "measurement",
    metadata,
    Column("result_id", _belongs_to("result"), primary_key=True),
    Column("metric", String, primary_key=True),
    Column("method", String, nullable=False),
    Column("unit", String, nullable=False),
    Column("value", Float, nullable=False),
    Column("uncertainty", Float, nullable=False),
    Column("area_share", Float, nullable=False),
    Column("parts", JSON, nullable=False),
    Column("draws", LargeBinary, nullable=False),
    Column("area_mm2", Float),
    Column("left_out", JSON(none_as_null=True)),
    Column("also_seen", JSON(none_as_null=True)),
)

#: Measured colours of the clinic's printed cards; `content` is the table as it came, and holds from a day on.
card_values = Table(
    "card_values",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("batch", String, nullable=False),
    Column("since", Date, unique=True, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

skin_state = Table(
    "skin_state",
    metadata,
    Column("view_id", _belongs_to("view"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("noted", JSON, nullable=False),
)

#: Days on which a view was injected, after that day's photos.
injection = Table(
    "injection",
    metadata,
    Column("view_id", _belongs_to("view"), primary_key=True),
    Column("day", Date, primary_key=True),
)

refused = Table(
    "refused",
    metadata,
    Column("result_id", _belongs_to("result"), primary_key=True),
    Column("metric", String, primary_key=True),
    Column("reason", String, nullable=False),
)


# How well a number repeats: a study on volunteers and patients, and what the clinic took over from it.

#: `host_id` is a row among the patients that is nobody: the views of volunteers, of whom only a code is known, are its.
study = Table(
    "study",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("host_id", _belongs_to("patient"), nullable=False, unique=True),
    Column("equipment", String, nullable=False),
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
    Column("view_id", _belongs_to("view"), primary_key=True),
    Column("study_id", _belongs_to("study"), nullable=False, index=True),
    Column("code", String, nullable=False),
    Column("tone", String, nullable=False),
    Column("has_other_operator", Boolean, nullable=False),
    UniqueConstraint("study_id", "code"),
)

#: Photos of one number were taken without moving person, lamp and camera in between, but re-framed.
posing = Table(
    "posing",
    metadata,
    Column("photo_id", _belongs_to("photo"), primary_key=True),
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
    Column("set_up", String, nullable=False),
    Column("session_sd", Float, nullable=False),
    Column("shot_sd", Float, nullable=False),
    Column("used", String, nullable=False),
    Column("people", Integer, nullable=False),
    Column("adopted_at", Instant, nullable=False),
)

# Blinded rating

#: One sitting of one rater over masked pairs of photos of a view; `question` is what was asked, word for word.
rating_session = Table(
    "rating_session",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("view_id", _belongs_to("view"), nullable=False, index=True),
    Column("rater", String, nullable=False),
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
    Column("session_id", _belongs_to("rating_session"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("left_id", _belongs_to("photo"), nullable=False, index=True),
    Column("right_id", _belongs_to("photo"), nullable=False, index=True),
    Column("left_mirrored", Boolean, nullable=False),
    Column("right_mirrored", Boolean, nullable=False),
    Column("repeats", Integer),
    Column("choice", String),
    Column("confidence", Integer),
    Column("seconds", Float),
    Column("answered_at", Instant),
)
