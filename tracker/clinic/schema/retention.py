"""How long the record of a patient has to be kept, and who asked that it end."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from tracker.clinic.schema.base import Instant, belongs_to, metadata

#: A record that must not be erased whatever its age, as in a lawsuit; `reason` is sealed.
legal_hold = Table(
    "legal_hold",
    metadata,
    Column("patient_id", belongs_to("patient"), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("reason", String, nullable=False, info={"sealed": True}),
)

#: A record that its patient wants erased and that has to be kept: it is kept, and used for nothing else.
restriction = Table(
    "restriction",
    metadata,
    Column("patient_id", belongs_to("patient"), primary_key=True),
    Column("since", Instant, nullable=False),
)

#: An erasure that somebody began: somebody else, or some time, has to confirm it.
erasure = Table(
    "erasure",
    metadata,
    Column("patient_id", belongs_to("patient"), primary_key=True),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String, nullable=False),
)
