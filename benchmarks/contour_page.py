"""What the findings on silhouettes say, as Markdown."""

from __future__ import annotations

from benchmarks import contour
from benchmarks.findings import Findings
from benchmarks.markdown import counts, number, table
from benchmarks.pairs_page import null_table, truth_table

_NAMES = {
    "width_50": "width at 50 %, mm",
    "width_25": "width at 25 %, mm",
    "width_75": "width at 75 %, mm",
    "silhouette_area": "area, cm²",
}
_RIVALS = {"fixed_scale": "pixels times the scale of the first photo", "aligned": "in the photo after it was aligned"}


def section(found: Findings) -> str:
    """Markdown of silhouette widths and area; empty if they were not measured."""
    if not found:
        return ""
    rows = [
        [
            _RIVALS[name], number(row["rmse"]), number(row["over_ours"], 1),
            " · ".join(f"{number(value)} ({rig})" for rig, value in row["s_w"].items()),
        ]
        for name, row in found["rival"].items()
    ]  # fmt: skip
    rivals = table(["width at 50 %", "RMS error, mm", "times ours", "s_w, mm"], rows)
    near, far = contour.LENS
    return f"""\
## Silhouettes

{found["photos"]} photos ({contour.SIZE[1]} × {contour.SIZE[0]} pixels, 0.375 mm each) of limbs of six tones, unchanged,
or 5 and 10 mm slimmer or 5 mm stouter from {near:g} to {far:g} of the distance. The truth is the width of the limb in
that very photo, whose soft tissue lies a little differently each time. Not given: {counts(found["refused"])}. The root
mean square error of the area is {number(found["area_error_percent"])} %.

{truth_table(found, _NAMES)}

Unchanged limbs, photographed anew; the spread holds what the tissue itself moves:

{null_table(found, _NAMES)}

Other ways to take the width, on the changed limbs:

{rivals}"""
