"""What the findings on change that the alignment could hide say, as Markdown."""

from __future__ import annotations

from collections import Counter

from benchmarks.absorption import MAPS
from benchmarks.absorption_scenes import BODY, CLOSE, GAIN, RADII_MM
from benchmarks.absorption_stiffness import AREA
from benchmarks.findings import Findings
from benchmarks.markdown import NONE, counts, number, percent, table
from tracker.alignment.area import HALF_FOLLOWED, MAX_AREA_CHANGE

_KINDS = {
    "spots": "area of a pigmented spot, %",
    "spots unchanged": "the same, nothing changed, %",
    "dimples": "depth contrast of dimples, %",
    "dimples unchanged": "the same, nothing changed, %",
    "silhouette": "width of a limb, mm",
    "silhouette unchanged": "the same, nothing changed, mm",
}
_MAPS = {"true": "true map", "ours": "ours", "peer": "SIFT + homography + DIS flow"}
_DIGITS = {"silhouette": 2, "silhouette unchanged": 2}


def section(found: Findings) -> str:
    """Markdown under its own heading; empty if it was not measured."""
    if not found:
        return ""
    rows = [row for name in _KINDS for row in _rows(name, found[name])]
    sizes = [
        [f"{float(radius):g}", *(_value(by.get(name), 1) for name in MAPS)] for radius, by in found["by_radius"].items()
    ]
    codes: Counter[str] = sum((Counter(found[name]["refused"]) for name in _KINDS), Counter())
    return f"""\
## Change is not absorbed

An alignment that bends could bend a change away. So a change of known size is put into pairs of photos
({found["pairs"]} of each kind, light to dark skin, hairy and smooth) that are turned, tilted, nearer or farther, their
tissue shifted, lamp and exposure a little different. One measure, fixed beforehand, reads both photos in the frame of
the reference. What it reads with the true map is what the photos can tell; the difference to what it reads with
another map is what that map absorbed. Refused: {counts(codes)}.

- **Spots**: three on each skin ({", ".join(f"{radius:g}" for radius in RADII_MM)} mm in radius, {GAIN:g} times the
  melanin, {CLOSE[1]} × {CLOSE[0]} pixels of 0.14 mm) that shrink towards their middle, with no other mole to hold the
  map; area within the contour at half of the contrast.
- **Dimples** lose 30 % of their depth ({BODY[1]} × {BODY[0]} pixels of 0.375 mm); regression of the band of 12 to 50 mm
  of the log light on what full dimples would do under the lamp of each photo.
- **Limb**: gets slimmer by 5 mm, its outline cutting off skin on both sides; distance of its outlines.

{table(["what", "truth", "map", "n", "mean", "SD", "absorbed", "worst"], rows)}

Change of area by the radius of the spot, mean in per cent:

{table(["radius, mm", *(_MAPS[name] for name in MAPS)], sizes)}

{_stiffness(found["stiffness"])}"""


def _rows(name: str, found: Findings) -> list[list[str]]:
    digits = _DIGITS.get(name, 1)
    return [
        [
            _KINDS[name], number(found["truth"], 0, signed=True), _MAPS[key], str(row["n"]),
            number(row["mean"], digits, signed=True), number(row["sd"], digits),
            NONE if key == "true" else number(row["absorbed"], 2, signed=True),
            NONE if key == "true" else number(row["absorbed_worst"], 2, signed=True),
        ]
        for key in MAPS
        if (row := found["maps"].get(key))
    ]  # fmt: skip


def _value(row: Findings | None, digits: int) -> str:
    return NONE if row is None else number(row["mean"], digits, signed=True)


def _stiffness(found: Findings) -> str:
    rows = [
        [f"{scene}, {row['field_mm']:g} mm wide: {number(length, 1)}", percent(share)]
        for scene, row in found.items()
        for length, share in zip(row["lengths_mm"], row["followed"], strict=True)
    ]
    halves = " and ".join(
        f"{number(row['half_mm'], 1)} mm in a picture of {row['field_mm']:g} mm ({percent(row['half_share'], 1)})"
        for row in found.values()
    )
    return f"""\
**Stiffness.** Waves of area change of ±{percent(AREA)} run through the skin, everything on it included; the map follows
half of them at a length of {halves}. What is smaller than about half of that, it leaves in the photo. The product
states {percent(HALF_FOLLOWED)} of the long side, in millimetres where there is a scale. No node is used around which
the map changes the area by more than a factor of {MAX_AREA_CHANGE:g} beside the rest of the skin.

{table(["waves of, mm", "followed"], rows)}

A limb whose skin itself is drawn together when it gets slimmer is another thing: the map follows skin, so the outline
comes to lie where that skin was. Then the width has to be taken from the photos as they are, with their scale."""
