"""The database of the record: how it is opened, read and written so that what was saved stays saved."""

from tracker.clinic.store.sqlite import BUSY_TIMEOUT_MS, FILE_NAME, SAFE_LOG_VERSION
from tracker.clinic.store.store import Store

__all__ = ("BUSY_TIMEOUT_MS", "FILE_NAME", "SAFE_LOG_VERSION", "Store")
