"""The whole journey of a photo, in order: `track` takes a series from files to a report.

Read `tracker.pipeline.series` first, then `tracker.pipeline.reference` and `tracker.pipeline.following`.
"""

from __future__ import annotations

from tracker.pipeline.ahead import follow_pair, result_of_opposite
from tracker.pipeline.detour import MOST_DETOURS, Waypoint
from tracker.pipeline.following import align_or_explain, follow, in_frame, judge
from tracker.pipeline.notes import photo_notes
from tracker.pipeline.order import PhotoSource
from tracker.pipeline.overlay import overlay
from tracker.pipeline.pairs import Opposite, as_pair, belongs_to_reference, found_pair
from tracker.pipeline.reference import Basis, Reference, Result, as_reference, establish, result_of_reference
from tracker.pipeline.series import Progress, Watcher, summarise, track
from tracker.pipeline.typed import with_typed

__all__ = [
    "MOST_DETOURS",
    "Basis",
    "Opposite",
    "PhotoSource",
    "Progress",
    "Reference",
    "Result",
    "Watcher",
    "Waypoint",
    "align_or_explain",
    "as_pair",
    "as_reference",
    "belongs_to_reference",
    "establish",
    "follow",
    "follow_pair",
    "found_pair",
    "in_frame",
    "judge",
    "overlay",
    "photo_notes",
    "result_of_opposite",
    "result_of_reference",
    "summarise",
    "track",
    "with_typed",
]
