"""Run by alembic, on the connection and in the transaction that it is given."""

from __future__ import annotations

from alembic import context

from tracker.clinic.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column by making the table anew
    transactional_ddl=True,  # both databases undo a table that was half changed; the transaction is the caller's
)
context.run_migrations()
