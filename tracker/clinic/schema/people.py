"""Patients, what of them is photographed, and the photos."""

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
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from tracker.clinic.schema.base import Instant, belongs_to, metadata

#: Facts about the store itself: its schema version and the methods its results were made with.
about = Table("about", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False))

#: `name` and `note` are sealed.
patient = Table(
    "patient",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("code", String, unique=True, nullable=False),
    Column("name", String, nullable=False, info={"sealed": True}),
    Column("note", String, nullable=False, info={"sealed": True}),
    Column("is_demonstration", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

view = Table(
    "view",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
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
    Column("view_id", belongs_to("view"), primary_key=True),
    Column("points", JSON, nullable=False),
    Column("mm", Float, nullable=False),
)

#: `file` names a blob of the vault; two views of a patient may hold the same photo. `name` is sealed.
#: `digest` is keyed (`Secrets.digest`): a plain one would tell the owner of a copy that the photo is here.
#: `arrival` is the order of arrival; `result_id` is the result that holds now, and nothing while the photo waits.
photo = Table(
    "photo",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("view_id", belongs_to("view"), nullable=False),
    Column("digest", String, nullable=False),
    Column("file", String, nullable=False, index=True, info={"names_blob": True}),
    Column("name", String, nullable=False, info={"sealed": True}),
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
    Column("view_id", belongs_to("view"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("noted", JSON, nullable=False),
)

#: Days on which a view was injected, after that day's photos.
injection = Table(
    "injection",
    metadata,
    Column("view_id", belongs_to("view"), primary_key=True),
    Column("day", Date, primary_key=True),
)
