"""A plugin for a run of the clinic's own tests on PostgreSQL: their records are copied there too."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tracker.clinic import schema
from tracker.clinic.sealing import Secrets
from tracker.clinic.store import Store
from tracker.clinic.store.store import of_folder

_copytree = shutil.copytree


@pytest.fixture(scope="session", autouse=True)
def copied_records() -> Any:
    """A copy of the folder of a record has a copy of its tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "copytree", _copy)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("sqlite"):
            item.add_marker(pytest.mark.skip(reason="looks into the file of the record"))


def _copy(source: Path, target: Path, *others: Any, **options: Any) -> Path:
    made = _copytree(source, target, *others, **options)
    if (Path(source) / "record.id").is_file():
        _copy_tables(Path(source), Path(target))
    return made


def _copy_tables(source: Path, target: Path) -> None:
    url = os.environ["TRACKER_DATABASE"]
    with closing(Secrets.of_record(target)) as secrets:
        Store(target, secrets).close()  # makes the tables
    old, new = (make_url(of_folder(url, home)).query["options"].rpartition("=")[2] for home in (source, target))
    with psycopg.connect(make_url(url).difference_update_query(["options"]).render_as_string(False)) as connection:
        connection.execute("SET session_replication_role = replica")  # neither triggers nor references
        for table in schema.metadata.tables:
            connection.execute(f"DELETE FROM {new}.{table}")
            connection.execute(f"INSERT INTO {new}.{table} SELECT * FROM {old}.{table}")
        for table in schema.metadata.tables.values():
            if table.autoincrement_column is not None:
                name = table.autoincrement_column.name
                highest = f"(SELECT coalesce(max({name}), 0) + 1 FROM {new}.{table.name})"
                connection.execute(f"SELECT setval(pg_get_serial_sequence('{new}.{table.name}', '{name}'), {highest})")
