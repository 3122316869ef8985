"""What the findings on the accuracy of relief say, as Markdown."""

from __future__ import annotations

from benchmarks import relief, rivals
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, picture, table

_LEVELS = {"5": "5 %", "15": "15 %", "30": "30 %", "all": "all levels", "shallow": "all levels, at most 2 mm deep"}


def relief_section(found: Findings) -> str:
    """Markdown of the depth sweep, the rivals and the law of the lamp."""
    ours = found["plane"]["relief"]
    levels = [level for level in _LEVELS if level in ours]
    return f"""\
## Relief, and grey-level texture on the same photos

Dimples from 0 to {relief.DEEPEST:g} mm deep in {len(set(found["points"]["layout"]))} layouts, each with pigment
mottling of three strengths (standard deviation of ln melanin, on intermediate skin), lamp at 45°, on a plane so that
nothing but dimples is shaded. Each photo goes from its JPEG file through `read_photo`, `calibrate` and `measure` in
its own frame. The truth is the shading of the dimples in the band of 12 to 50 mm, without pigment, gloss or noise.

{_agreement(ours, levels)}

“Within layouts” is the mean R² of a single skin whose dimples become shallower. The least rank correlation with depth
of any skin is {number(ours["all"]["spearman_least"], 3)}. R² with the band-limited *height* is
{number(ours["all"]["r2_height"], 3)} over all levels. {_slopes(ours)}

**The rivals**, on the same cells of the same photos: contrast of the grey-level co-occurrence matrix ({rivals.LEVELS}
levels, 1, 2 and 4 mm, four directions), the plain standard deviation of grey, and the standard deviation of luminance
and of the red channel in the dimple band. R² with the true relief shading:

{_rivals(found["plane"], levels)}

**The advantage, as a ratio.** Variance that relief does not explain, rival over ours:

{_advantage(found["plane"], levels)}

{picture("validation-relief", "Found against true relief, ours and two rivals, at three strengths of pigment")}

{picture("validation-rivals", "Variance that relief does not explain, for ours and the rivals, by pigment mottling")}

**Tanned skin.** The same dimples, with {relief.TAN:g} times the melanin, should give the same number:

{_tan(found["tan"])}

{_thigh(found["thigh"])}**Floor.** Skin without dimples still gives {_floor(found["floor"])}

{_lamp(found["light"])}"""


def _agreement(ours: Findings, levels: list[str]) -> str:
    rows = [
        [
            _LEVELS[level], number(row["slope"]), number(row["bias"], signed=True), number(row["r2"], 4),
            number(row["r2_within"], 4), number(row["rmse"]), str(row["n"]),
        ]
        for level, row in ((level, ours[level]) for level in levels)
    ]  # fmt: skip
    return table(["pigment mottling", "slope", "bias, %", "R²", "R² within layouts", "RMS error, %", "photos"], rows)


def _slopes(ours: Findings) -> str:
    slopes = [ours[level]["slope"] for level in ("5", "15", "30") if level in ours]
    if max(slopes) - min(slopes) < 0.02:
        return ""
    return f"**The slope depends on the pigment** ({number(min(slopes))} to {number(max(slopes))})."


def _rivals(plane: Findings, levels: list[str]) -> str:
    rows = [
        [title, *(number(plane[name][level]["r2"], 3) for level in levels)] for name, title in rivals.TITLES.items()
    ]
    return table(["measure", *(_LEVELS[level] for level in levels)], rows)


def _advantage(plane: Findings, levels: list[str]) -> str:
    rows = [
        [rivals.TITLES[name], *(_times(plane[name][level]["r2"], plane["relief"][level]["r2"]) for level in levels)]
        for name in rivals.RIVALS
    ]
    return table(["rival", *(_LEVELS[level] for level in levels)], rows)


def _times(theirs: float, ours: float) -> str:
    return f"{number((1 - theirs) / max(1 - ours, 1e-4), 1)} ×"


def _tan(tan: Findings) -> str:
    rows = [
        [title, number(tan[name]["median"], 1, signed=True), number(tan[name]["largest"], 1)]
        for name, title in rivals.TITLES.items()
    ]
    return table(["measure", "median change, %", "largest change, %"], rows)


def _thigh(thigh: Findings) -> str:
    if not thigh:
        return ""
    rows = [
        [title, *(number(thigh[name][level]["r2"], 3) for level in ("5", "15", "30", "all"))]
        for name, title in rivals.TITLES.items()
    ]
    ours = thigh["relief"]["all"]
    return f"""\
**On a rounded thigh**, with waves of 50 to 120 mm that stay, ours has slope {number(ours["slope"])}, bias
{number(ours["bias"], signed=True)} % and, over all levels, R² {number(ours["r2"], 3)} ({ours["n"]} photos). R² with the
true shading:

{table(["measure", "5 %", "15 %", "30 %", "all levels"], rows)}

"""


def _floor(floor: Findings) -> str:
    values = [f"{number(row['found'])} % at {level} % mottling" for level, row in floor.items()]
    truths = [row["truth"] for row in floor.values()]
    first, last = (list(floor.values())[at]["found"] for at in (0, -1))
    grey = [number(row["luminance_band"]) for row in floor.values()]
    return (
        f"{', '.join(values)} (true: {number(max(truths))} %): from the weakest to the strongest pigment it moves by\n"
        f"{percent(last / first - 1)}. Luminance in the same band reads {', '.join(grey)} %. Changes near the floor\n"
        "are understated, because floor and relief add as squares."
    )


def _lamp(light: list[Findings]) -> str:
    rows = [
        [
            f"{lamp['slant']:.0f}°", percent(lamp["ambient"]), number(lamp["law"]), number(lamp["truth"]),
            number(lamp["found"]), number(lamp["value"]), number(lamp["floor"]),
        ]
        for lamp in light
    ]  # fmt: skip
    oblique = [lamp for lamp in light if lamp["law"] > 0]
    off = max(abs(lamp["found"] / lamp["law"] - 1) for lamp in oblique)
    frontal = next(lamp for lamp in light if lamp["slant"] == 0.0)
    return f"""\
**The lamp is a gain factor.** Response to dimples of {relief.TANNED_AT:g} mm (floor removed as a square) over that at
45° and 28 % ambient light, beside (1 − a) tan(slant). The largest deviation from the law is {percent(off)}. In frontal
light {relief.TANNED_AT:g} mm of dimples give {number(frontal["value"])} %, and none give {number(frontal["floor"])} %:
no relief is seen, and the program refuses such a photo.

{table(["slant", "ambient", "law", "true shading", "found", "value, %", "floor, %"], rows)}

{picture("validation-lamp", "Response to the same dimples under other lamps, beside the law")}"""
