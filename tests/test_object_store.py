"""The clinic's own tests once more, with the photos of their records in an object store instead of a folder."""

from __future__ import annotations

import obstore
import pytest
from obstore.store import S3Store

from tests.buckets import running_object_store
from tests.repeating import passed_again

#: Those that store, read, remove, export, issue or erase photos. The vault's own tests and those of backups in a bucket
#: have a bucket of themselves.
FILES = ("test_clinic", "test_erase", "test_backup", "test_export", "test_import", "test_issuing")


@pytest.mark.slow
def test_the_clinics_own_tests_hold_on_an_object_store(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_object_store() as server:
        for name, value in server.settings.items():
            monkeypatch.setenv(name, value)
        bucket = server.bucket()

        passed = passed_again(
            "tests.on_s3",
            FILES,
            {"TRACKER_TEST_VAULT": f"{bucket}/{{folder}}"},
            without=("live_backups", "postgres", "flipped"),  # with buckets elsewhere, or not about photos
        )

        held = obstore.list_with_delimiter(S3Store(bucket.removeprefix("s3://"), client_options={"allow_http": True}))
    assert passed > 100
    assert len(held["common_prefixes"]) > 50  # so the photos were indeed there
