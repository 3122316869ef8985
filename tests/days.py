"""The day of a test run. It stays the same when midnight passes while the tests run."""

from __future__ import annotations

from datetime import timedelta

from tracker.clinic import clock

TODAY = clock.today()
TOMORROW = TODAY + timedelta(days=1)
