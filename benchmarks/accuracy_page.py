"""What the findings on accuracy say, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks import absorption_page, contour_page, courses_page, dual_page, factorial, geometry, hair_page
from benchmarks.cards_page import cards_section
from benchmarks.colour_page import causes, colour_section, contrast_section
from benchmarks.findings import Findings
from benchmarks.lines_page import section as lines_section
from benchmarks.markdown import number, percent, picture, table
from benchmarks.pores_page import section as pores_section
from benchmarks.registration_page import section as registration_section
from benchmarks.relief_gauge_page import section as gauge_section
from benchmarks.relief_page import relief_section
from benchmarks.relief_tones_page import section as tones_section
from benchmarks.repeatability_limits import LEAST_COVERAGE, MOST_COVERAGE
from benchmarks.robustness_page import robustness_section
from benchmarks.seeing_page import seeing_sections
from benchmarks.spots_page import section as spots_section
from benchmarks.visits_page import section as visits_section
from benchmarks.wrong_pairs_page import section as wrong_pairs_section

DARK = 0.25
"""Melanosome fraction from which skin is called dark here."""


def sections(findings: Findings) -> str:
    """Markdown of all parts, each under its own heading."""
    parts = (
        _geometry(findings["geometry"]),
        registration_section(findings.get("registration") or {}),
        absorption_page.section(findings.get("absorption") or {}),
        wrong_pairs_section(findings.get("wrong_pairs") or {}),
        visits_section(findings.get("visits") or {}),
        relief_section(findings["relief"]),
        tones_section(findings.get("relief_tones") or {}),
        gauge_section(findings.get("relief_gauge") or {}),
        dual_page.section(findings.get("dual") or {}),
        _factorial(findings["factorial"]),
        contrast_section(findings["contrasts"]),
        spots_section(findings.get("spots") or {}),
        lines_section(findings.get("lines") or {}),
        pores_section(findings.get("pores") or {}),
        colour_section(findings["colour"], findings["tones"]),
        cards_section(findings.get("cards") or {}),
        hair_page.section(findings.get("hair") or {}),
        contour_page.section(findings.get("contour") or {}),
        courses_page.section(findings.get("courses") or {}),
        seeing_sections(findings),
        robustness_section(findings.get("robustness") or {}),
    )
    return "\n\n".join(part for part in parts if part)


def _geometry(found: Findings) -> str:
    alignment, scale = found["alignment"], found["scale"]
    low, high = geometry.RANGES["roll"][1], geometry.RANGES["tissue"][1]
    effects = sorted(alignment["by_factor"].items(), key=lambda each: -abs(each[1]["spearman"] or 0.0))
    rows = [
        [
            _range(name),
            number(effect["spearman"], signed=True),
            *(number(value, 3) for value in effect["median_mm"]),
            *(percent(share) for share in effect["refused"]),
        ]
        for name, effect in effects
    ]
    scales = [
        [
            name, str(scale[key]["n"]), number(scale[key]["bias"], signed=True), number(scale[key]["median"]),
            number(scale[key]["p90"]), percent(scale[key]["covered"]),
        ]
        for key, name in (("all", "all markers found"), ("one", "one marker"))
    ]  # fmt: skip
    return f"""\
## Geometry

{found["pairs"]} pairs of photos ({geometry.SIZE[1]} × {geometry.SIZE[0]} pixels, 0.375 mm each) of skins from light to
dark. The second photo is turned by up to {low:g}°, tilted, moved, nearer or farther, its soft tissue shifted by up to
{high:g} mm RMS, otherwise exposed, noisier, more blurred, compressed harder and lit from another angle; its dimples are
shallower. All factors vary at once (Sobol design). The exact place of every point is known.

- **Aligned: {alignment["aligned"]} of {found["pairs"]}.** Refused, by cause: {causes(alignment["refused"])}.
- **Error of a pair** (median over its usable skin): median {number(alignment["median_mm"])} mm
  ({number(alignment["median_px"])} px), 90th percentile {number(alignment["p90_mm"])} mm
  ({number(alignment["p90_px"])} px), worst pair {number(alignment["worst_mm"])} mm. Within a pair, nine tenths of the
  skin are nearer than {number(alignment["p90_within_mm"])} mm (median pair).
- **Wrong without saying so** (median error above 3 mm): {alignment["wrong"]}.
- **Claimed error over real error**: {number(alignment["claimed_over_real"])} (median pair). ±1.96 claimed standard
  uncertainties hold {percent(alignment["covered"], 1)} of the true positions; in the worst pair
  {percent(alignment["covered_least"], 1)}. {_claims(alignment)}

{picture("validation-geometry", "Claimed against real alignment error of each pair, in millimetres")}

What makes it harder: rank correlation of the error with the distance from the reference photo, the median error of the
nearer and the farther half, and what was refused of each. Only what is harder counts: noise and blur below those of
the reference, and a better JPEG, are no distance.

{table(["factor and range", "rank correlation", "near, mm", "far, mm", "refused near", "refused far"], rows)}

**Scale** (mm per pixel, at the middle of the photo). All four markers were found in {scale["four_found"]} of
{scale["photos"]} photos (in most of the others one has left the picture), and at least one in {scale["one"]["n"]}. A
length is wrong by this, an area by twice as much. “Covered” is the share within 1.96
claimed standard uncertainties.

{table(["scale from", "photos", "bias, %", "median error, %", "p90, %", "covered"], scales)}

The rendered scene is flat in its geometry: there is no parallax between a dimple and its rim. On a real thigh there is
some, and these errors are a lower limit."""


def _range(name: str) -> str:
    low, high = geometry.RANGES[name]
    return f"{name.replace('_', ' ')}, {low:g} to {high:g} {geometry.UNITS[name]}".replace("-", "−")


def _claims(alignment: Findings) -> str:
    """Judged by the worst pair: a claim that holds on average may be too bold for the photo at hand."""
    if alignment["covered_least"] < LEAST_COVERAGE:
        return f"**The claim is too bold for some pairs**, below the {percent(LEAST_COVERAGE)} that would do."
    cautious = "On average it is too cautious. " if alignment["covered"] > MOST_COVERAGE else ""
    return f"{cautious}No pair is called more certain than it is, by a limit of {percent(LEAST_COVERAGE)}."


def _factorial(found: Findings) -> str:
    of_relief, of_contrast = found["relief"], found["contrast"]
    r2 = of_relief["r2"]
    rivals = max(value or 0.0 for name, value in r2.items() if name != "relief")
    return f"""\
## The whole pipeline over a balanced design

{of_relief["pairs"]} pairs with relief and {of_contrast["pairs"]} pairs with a dark patch. The first photo is taken as
planned, the second is moved, noisier, more blurred and otherwise exposed under the same lamp; both go through
`establish` and `follow` as in use. The factors and their levels are in `benchmarks/factorial.py`, balanced by a Sobol
sequence. Tone and pigment differ between pairs, as between people.

**Relief.** {of_relief["measured"]} of {of_relief["pairs"]} pairs gave a number. Not measured, by cause:
{causes(of_relief["refused"])}.
The value follows the true shading with slope {number(of_relief["value"]["slope"])} and R²
{number(of_relief["value"]["r2"], 3)}; the stated *change* follows the true change with slope
{number(of_relief["change"]["slope"])}, R² {number(of_relief["change"]["r2"], 3)} and an error of
{number(of_relief["change"]["rmse"], 1)} percentage points (RMS), bias
{number(of_relief["change"]["bias"], 1, signed=True)}. On the same second photos, over all tones, pigments and lamps,
the best grey-level measure has R² {number(rivals, 2)} and ours {number(r2["relief"], 2)}.

{_dark(of_relief)}

{_levels(of_relief, factorial.RELIEF, "error of the value, %", "bias of the value, %", "error of the change, points")}

**Pigment contrast ΔMI.** {of_contrast["measured"]} of {of_contrast["pairs"]} pairs gave a number. Not measured, by
cause: {causes(of_contrast["refused"])}. The value has slope {number(of_contrast["value"]["slope"])} and R²
{number(of_contrast["value"]["r2"], 3)}; the change has slope {number(of_contrast["change"]["slope"])}, R²
{number(of_contrast["change"]["r2"], 3)} and an error of {number(of_contrast["change"]["rmse"])} index units (RMS).

{_levels(of_contrast, factorial.CONTRAST, "error of the value", "bias of the value", "error of the change")}

Errors are medians of absolute errors, biases are medians; entries follow the order of the levels."""


def _dark(found: Findings) -> str:
    """What happens on dark skin, and what the gate takes for frontal light: every pair was lit at 30 to 60°."""
    dark = [level for level in found["by_factor"]["tone"] if level["level"] >= DARK]
    refused, pairs = (sum(level[key] for level in dark) for key in ("refused", "pairs"))
    biases = " and ".join(f"{number(level['value_bias'], 0, signed=True)} %" for level in dark)
    frontal = sum(count for code, count in found["refused"].items() if "light obliqueness" in code)
    wrong = refused > 0.1 * pairs or any(abs(level["value_bias"] or 0.0) > 20 for level in dark)
    verdict = "**Relief does not work on dark skin yet.**" if wrong else "Dark skin is measured like light skin."
    return f"""\
{verdict} From a melanosome fraction of {DARK:g} on, {refused} of {pairs} pairs were refused, and where a value came out
its median bias was {biases} (by level). Every pair was lit at 30 to 60°, so each of the {frontal} refusals for frontal
light is a false one: the check reads the direction of the shading, and finds none where there is little relief or much
pigment."""


def _levels(found: Findings, factors: Mapping[str, tuple[float, ...]], *titles: str) -> str:
    """One row per factor; within a cell, one entry per level, in the order of the levels."""
    rows = []
    for name in factors:
        levels = found["by_factor"][name]
        columns = (
            [f"{level['level']:g}".replace("-", "−") for level in levels],
            [f"{level['refused']}/{level['pairs']}" for level in levels],
            [number(level["value_error"], 1) for level in levels],
            [number(level["value_bias"], 1, signed=True) for level in levels],
            [number(level["change_error"], 1) for level in levels],
            [number(level.get("r2")) for level in levels],
        )
        rows.append([factorial.TITLES[name], *(" · ".join(column) for column in columns)])
    return table(["factor", "levels", "refused", *titles, "R² of the value"], rows)
