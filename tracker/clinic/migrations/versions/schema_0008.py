"""The first schema that was released."""

from __future__ import annotations

from alembic import op
from sqlalchemy import MetaData

from tracker.clinic.schema import metadata
from tracker.clinic.schema.audit import only_grows

revision = "0008"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables.

    No record of an earlier schema is in use, so the first revision is whatever the tables are. Once it is released
    this is written out, and every change of a table is a revision of its own, written by hand: what is run on the
    record of a clinic does not change with the program.
    """
    # A copy: where references go in a circle, making them on PostgreSQL takes them out of the tables for good, and a
    # SQLite record made later by the same process would do without.
    made = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(made)
    made.create_all(op.get_bind(), checkfirst=False)
    only_grows(op.get_bind())
