"""What the findings on scale, light and what is left out of a region say, as Markdown."""

from __future__ import annotations

from benchmarks import exclusions, lights, scales
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, table
from benchmarks.repeatability_words import proportion_of

_SCENES = {"rendered": "rendered thigh", "boards": "printed sheet", "limbs": "limb"}
_SECOND = {
    "same": "the same light",
    "treated": "the same light, dimples half as deep",
    "turned 20": "lamp turned by 20°",
    "turned 60": "lamp turned by 60°",
    "opposite": "lamp on the other side",
    "frontal": "lamp at 5°",
}
_BY = {"tone": "melanosome fraction", "body": "body", "depth": "depth of the dimples, mm", "azimuth": "lamp from"}


def seeing_sections(found: Findings) -> str:
    """Markdown of those that were measured."""
    parts = [
        _scales(found.get("scales") or {}),
        _lights(found.get("lights") or {}),
        _left_out(found.get("exclusions") or {}),
    ]
    return "\n\n".join(part for part in parts if part)


def _scales(found: Findings) -> str:
    if not found:
        return ""
    rows = [
        [
            f"{_SCENES[scene]}: {name}", str(row["n"]), number(row["bias"], signed=True), number(row["median"]),
            number(row["p95"]), number(row["claimed"]), percent(row["covered"]), percent(row["covered_off"]),
        ]
        for scene in _SCENES for name, row in found[scene].items()
    ]  # fmt: skip
    head = ["scene", "photos", "bias, %", "median error, %", "p95, %", "claimed u, %", "covered", "skin off the paper"]
    return f"""\
## Scale

Millimetres per pixel where they are wanted: in the middle of the picture. The camera is tilted by up to
{scales.TILT:g}° in any direction, turned, nearer or farther; *claimed* is the median stated standard uncertainty,
*covered* the share within 1.96 of it, and *skin off the paper* that share where the skin lies nearer or farther than
the paper by {scales.OFF_MM:g} mm (standard deviation), which nothing in the picture shows. Wanted: median at most 1 %,
p95 at most 2 %, 95 % covered. On the printed sheets the focal length is anything between {scales.FOCAL[0]:g} and
{scales.FOCAL[-1]:g} widths of the picture. On a limb the truth is the scale at its crest; only corners are computed.

{table(head, rows)}"""


def _lights(found: Findings) -> str:
    if not found:
        return ""
    azimuth = found["azimuth"]
    rows = [["all", *_errors(azimuth["all"])]]
    rows += [[f"{words} {level}", *_errors(row)] for key, words in _BY.items() for level, row in azimuth[key].items()]
    slants = [[f"{float(slant):g}", proportion_of(told)] for slant, told in found["frontal"].items()]
    pairs = [
        [_SECOND[kind], proportion_of(row["told"]), number(row["median"], 1), number(row["p90"], 1)]
        + [percent(row["blocked"][check]["share"]) for check in lights.CHECKS] + [proportion_of(row["stopped"])]
        for kind, row in found["pairs"].items()
    ]  # fmt: skip
    head = ["photos", "direction told", "median error, °", "p90, °", "covered", "wrong end"]
    return f"""\
## Light

Skins, bodies, lamps and cameras are drawn at random: light to dark, flat to round, from smooth to 7 mm deep, 10 to 50 %
ambient light, matte to glossy. A direction is only told if its stated uncertainty allows it. Errors are of the told
ones, over the full circle; *wrong end* is where the axis may be right but the lamp is put on the opposite side;
*covered* is the share of axes within 1.96 stated standard uncertainties. Wanted at a slant of {lights.OBLIQUE[0]:g} to
{lights.OBLIQUE[1]:g}°: median at most 5°, p90 at most 12°.

{table(head, rows)}

How often a direction is told at each slant of the lamp, where 0° is frontal:

{table(["slant, °", "told"], slants)}

Pairs of one skin of which the first is lit from the side; the error is that of the angle between the two lights. A pair
is *stopped* for relief if any of these checks blocks it.

{table(["second photo", "turn told", "median error, °", "p90, °", *lights.CHECKS, "stopped"], pairs)}

{_lamps(found)}"""


def _errors(row: Findings) -> list[str]:
    told = proportion_of(row["told"])
    if "median" not in row:
        return [told, "–", "–", "–", "–"]
    return [
        told,
        number(row["median"], 1),
        number(row["p90"], 1),
        percent(row["covered"]),
        percent(row["wrong_end"]["share"]),
    ]


def _lamps(found: Findings) -> str:
    gauge = found["gauge"]
    rows = [
        [
            f"{row['depth']:g} mm, mottling {percent(row['mottling'])}, {row['slant']:g}°, "
            f"ambient {percent(row['ambient'])}",
            number(100 * row["sd"], 2), number(100 * row["slope"], 2),
        ]
        for row in found["dual"]
    ]  # fmt: skip
    return f"""\
**Relief gauge.** Read in {proportion_of(gauge["read"])} of the photos in which one was stuck on the card, and in
{proportion_of(gauge["misread"])} of those in which the place was empty. Azimuth: median error
{number(gauge["azimuth_median"], 1)}°, worst {number(gauge["azimuth_most"], 1)}°. Gain (1 − a) tan(slant): median error
{percent(gauge["kappa_median"], 1)}, worst {percent(gauge["kappa_most"], 1)}, {percent(gauge["covered"])} within 1.96
stated standard uncertainties.

**Pair with dual light.** Half the difference of the log light in the dimple band, on one matte skin. Without dimples
what is left is noise and pigment that leaks; over the gain of the lamp it should be the same for one depth.

{table(["dimples, pigment, lamp", "SD, % of light", "SD over the gain, %"], rows)}"""


def _left_out(found: Findings) -> str:
    if not found:
        return ""
    return f"""\
## What is left out

The same skin of four tones with and without hair, sheen, drops, cloth and blur; nothing else differs, so every change
is a false one. Skin {exclusions.SEED} is another one than those the limits were set on. First what is taken from clean
matte skin, then what is found of each (least of the tones), and the false change of each metric with everything
measured and without what was found (root mean square over the tones).

{exclusions.sections(found)}"""
