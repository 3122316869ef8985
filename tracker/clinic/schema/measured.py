"""What was found in photos: a cache that can be made again from the originals."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, Index, Integer, LargeBinary, String, Table

from tracker.clinic.schema.base import Instant, belongs_to, metadata

#: One row per attempt to measure a photo: against its reference, or (without one) as a baseline.
#: `code` and `reason` say why it was rejected; `derived` names the files of its map. Of a pair with dual light,
#: `opposite` is the digest of the other photo, whose light was used; its own result names the first one as `lent_to`.
#: `reason`, `notes` (a list within a text), `camera` and `taken_at` are sealed: they hold names and what the file said.
result = Table(
    "result",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("photo_id", belongs_to("photo"), nullable=False, index=True),
    Column("reference_id", belongs_to("photo"), index=True),
    Column("methods", String, nullable=False),
    Column("region_hash", String, nullable=False),
    Column("measured_at", Instant, nullable=False),
    Column("code", String, nullable=False),
    Column("reason", String, nullable=False, info={"sealed": True}),
    Column("status", String, nullable=False),
    Column("checks", JSON, nullable=False),
    Column("notes", JSON, nullable=False, info={"sealed": True}),
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
    Column("camera", String, info={"sealed": True}),
    Column("taken_at", String, info={"sealed": True}),
    sqlite_autoincrement=True,
)
Index(
    "result_failed", result.c.code, sqlite_where=result.c.code == "failed", postgresql_where=result.c.code == "failed"
)

measurement = Table(
    "measurement",
    metadata,
    Column("result_id", belongs_to("result"), primary_key=True),
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


#: `reason` is sealed.
refused = Table(
    "refused",
    metadata,
    Column("result_id", belongs_to("result"), primary_key=True),
    Column("metric", String, primary_key=True),
    Column("reason", String, nullable=False, info={"sealed": True}),
)
