"""The reference that was prepared last: photos of one view are measured in a row."""

from __future__ import annotations

from tracker.pipeline import Reference


class Latest:
    """The last reference of this process."""

    def __init__(self) -> None:
        self._kept: tuple[str, str, Reference] | None = None

    def get(self, digest: str, key: str) -> Reference | None:
        """The reference made of a photo in a way, if it is the one that is kept."""
        kept = self._kept
        return kept[2] if kept and kept[:2] == (digest, key) else None

    def keep(self, digest: str, key: str, reference: Reference) -> None:
        """Keep a reference instead of the last one."""
        self._kept = (digest, key, reference)

    def clear(self) -> None:
        """Free its memory."""
        self._kept = None
