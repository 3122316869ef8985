"""`CalibratedImage` pairs → `Alignment` → `AlignedImage`: the same skin in the same place, or a refusal."""

from __future__ import annotations

from tracker.alignment.mapping import AlignedImage, Alignment, in_own_frame, resample, warp_photo

__all__ = ["AlignedImage", "Alignment", "in_own_frame", "resample", "warp_photo"]
