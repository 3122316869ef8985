"""Where to measure: a region of interest in the reference photo, the skin in it, and what to leave out.

A mask is True where we measure.
"""

from __future__ import annotations

from tracker.region.exclusions import UNKNOWN, Bits, Reason, find_exclusions, is_left_out, shares_left_out
from tracker.region.hair import hair_share
from tracker.region.markers import CARD_MARGIN, MARKER_MARGIN, marker_mask
from tracker.region.mask import MIN_REGION_CELLS, region_mask
from tracker.region.proposal import proposed_polygon
from tracker.region.shape import WHOLE_SKIN, Region, polygon_region, read_region
from tracker.region.skin import looks_like_skin, skin_mask

__all__ = [
    "CARD_MARGIN",
    "MARKER_MARGIN",
    "MIN_REGION_CELLS",
    "UNKNOWN",
    "WHOLE_SKIN",
    "Bits",
    "Reason",
    "Region",
    "find_exclusions",
    "hair_share",
    "is_left_out",
    "looks_like_skin",
    "marker_mask",
    "polygon_region",
    "proposed_polygon",
    "read_region",
    "region_mask",
    "shares_left_out",
    "skin_mask",
]
