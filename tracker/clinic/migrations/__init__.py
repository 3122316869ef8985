"""Revisions of the schema. `tracker.clinic.store.upgrade` runs those that a record lacks."""
