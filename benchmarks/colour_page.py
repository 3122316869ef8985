"""What the findings on the accuracy of colour and contrasts say, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from benchmarks import colour, contrasts, tones
from benchmarks.estimates import MDC95_PER_SD
from benchmarks.findings import Findings
from benchmarks.markdown import NONE, counts, number, percent, picture, table
from tracker.metrics import metric_named
from tracker.phantom.spectra import CAMERAS, ILLUMINANTS
from tracker.repeatability import PROVISIONAL

_CAUSES: Final = {
    "light obliqueness": "lamp taken for frontal",
    "light direction": "lamp taken to be elsewhere",
    "clipping": "overexposed",
    "sharpness": "blurred",
}


def causes(codes: Mapping[str, int]) -> str:
    """Why photos gave no number, in plain words, most frequent first."""
    plain: Counter[str] = Counter()
    for code, count in codes.items():
        words = code.replace("_", " ").replace("baseline: ", "first photo: ")
        for name, meaning in _CAUSES.items():
            words = words.replace(name, meaning)
        plain[words] += count
    return counts(plain)


def _line(name: str, line: Findings) -> list[str]:
    """Agreement of one metric with the truth as a row."""
    return [
        f"`{name}`", number(line["slope"]), number(line["bias"], signed=True), number(line["r2"], 3),
        number(line["rmse"]), str(line["n"]),
    ]  # fmt: skip


def contrast_section(found: Findings) -> str:
    """Markdown of the contrasts of a patch."""
    rows = [
        [
            f"{tone['tone']:g}", str(tone["photos"]), number(tone["bias"]["delta_mi"], signed=True),
            number(tone["rmse"]["delta_mi"]), number(tone["bias"]["delta_ei"], signed=True),
            number(tone["rmse"]["delta_ei"]), number(tone["bias"]["delta_a"], signed=True),
            number(tone["rmse"]["delta_a"]), number(tone["ei_per_mi"], signed=True),
            number(tone["true_ei_per_mi"], signed=True), number(tone["mi_per_ei"], signed=True),
        ]
        for tone in found["by_tone"]
    ]  # fmt: skip
    header = [
        "melanosome fraction", "photos", "ΔMI bias", "RMS", "ΔEI′ bias", "RMS", "Δa* bias", "RMS",
        "ΔEI′ per ΔMI, found", "true colours", "ΔMI per ΔEI′, found",
    ]  # fmt: skip
    lines = [_line(name, line) for name, line in found["metrics"].items()]
    return f"""\
## Contrasts of a patch

A patch whose melanin (1 to {contrasts.MELANIN[-1]:g} times its surroundings) or whose blood (1 to
{contrasts.BLOOD[-1]:g} times) is known, on skins of {len(found["by_tone"])} tones; each photo is exposed wrong by up to
±{contrasts.EXPOSURE_EV:g} EV and has white-balance errors of {percent(contrasts.WHITE_BALANCE)} (SD). {found["photos"]}
photos, {len(found["refused"])} refused.

{table(["metric", "slope", "bias", "R²", "RMS error", "photos"], lines)}

{picture("validation-contrasts", "Found against true contrast for the three contrast metrics, by tone of the skin")}

{_set_ups(found.get("set_ups") or {})}

**Cross-talk.** If melanin alone changes, ΔEI′ should stay. What it moves per unit of ΔMI is in the table, as found in
photos and as the index itself moves for the true colours; the limit is ±0.2. Blood alone should leave ΔMI: the last
column is what it moves per unit of ΔEI′. The correction in EI′ follows the tone of the skin around the patch, as it is
in daylight; a lamp of another spectrum moves it by up to a quarter and more. That is why the program does not judge
redness where pigment changed much, nor pigment where redness changed.

{table(header, rows)}

{picture("validation-cross-talk", "Movement of the redness index per unit of the pigment index by tone of the skin")}"""


def _set_ups(found: Findings) -> str:
    """What another lamp or phone does to the contrast of an unchanged patch."""
    if not found:
        return f"**Other lamps and cameras.** {NONE}"
    rows = []
    for name in contrasts.CONTRASTS:
        metric, spread = metric_named(name), found[name]
        stated = MDC95_PER_SD * PROVISIONAL.of(metric)
        rows.append([
            metric.symbol, number(spread["daylight"]), number(spread["s_w"]), number(spread["range"], 1),
            number(MDC95_PER_SD * spread["s_w"], 1), number(stated, 1),
        ])  # fmt: skip
    header = ["metric", "s_w, daylight", "s_w, all lamps", "largest difference", "MDC95, all lamps", "stated MDC95"]
    moved = [row[0] for row, name in zip(rows, contrasts.CONTRASTS, strict=True) if _beyond(found, name)]
    verdict = (
        f"A clinic that changes its lamp or phone moves {' and '.join(moved)} by more than the stated MDC95."
        if moved
        else "No change of lamp or phone moves a contrast by more than the stated MDC95."
    )
    return f"""\
**Other lamps and cameras.** One patch that does not change, on {len(contrasts.SET_UP_TONES)} skins, under
{len(ILLUMINANTS)} lamps with {len(CAMERAS)} cameras and no chart, each photo with its own error of exposure and
balance: {found["photos"]} photos, {found["refused"]} refused. {verdict}

{table(header, rows)}"""


def _beyond(found: Findings, name: str) -> bool:
    return bool(found[name]["range"] > MDC95_PER_SD * PROVISIONAL.of(metric_named(name)))


def colour_section(found: Findings, photos: Findings) -> str:
    """Markdown of skin tone, on spectra and in photos."""
    lamps = [
        [
            f"{each['camera'].split(' (')[0]}, {each['lamp']}", number(each["before"]), number(each.get("after")),
            number(each.get("after_p95")), number(each.get("left_out")), number(each.get("ita_bias"), 1, signed=True),
        ]
        for each in found["responses"]
    ]  # fmt: skip
    lines = [_line(name, line) for name, line in photos["metrics"].items()]
    by_lamp = [
        [row["lamp"], str(row["photos"]), *(number(row[name], signed=True) for name in tones.METRICS)]
        for row in photos["by_lamp"]
    ]
    sheen = photos["sheen"]
    return f"""\
## Colour

**Spectra.** {found["skins"]} model skins (melanosome fraction {colour.MELANIN[0]:g} to {colour.MELANIN[-1]:g}, blood
{colour.BLOOD[0]:g} to {colour.BLOOD[-1]:g}) beside a 24-patch chart with exactly the maker's colours, seen by two
cameras with measured sensitivities under {len(colour.LAMPS)} lamps. The chart goes through the program's own detection
and fit; the truth is CIELAB in daylight for the standard observer. *Before* supposes perfect exposure and white
balance, which no real photo without a card has.

Mean ΔE00 on skin: **{number(found["before"])} before, {number(found["after"])} with the chart**. The chart was refused
in {found["refused"]} of {len(found["responses"])} cases. Its own left-out patches are predicted with a median ΔE00 of
{number(found["left_out"])} (mean over cases; worst {number(found["left_out_worst"])}; 95th percentile of all left-out
patches {number(found.get("left_out_p95"))}). In daylight and LED light ITA is
off by {number(found["ita_bias"], 1, signed=True)}° on average, in the worst case by
{number(found["ita_bias_worst"], 1)}°.
With a chart made before November 2014, whose colours the program does not know, the mean ΔE00 is
{number(found["outdated"]["after"])}.

{table(["camera, lamp", "ΔE00 before", "after", "after, p95", "left-out patches", "ITA bias, °"], lamps)}

**Photos.** {photos["photos"]} rendered photos of flat skin with the chart lying on it, light to dark, framed and
exposed as on a marked floor, lamp at 45°; refused: {causes(photos["refused"])}.

{table(["metric", "slope", "bias", "R²", "RMS error", "photos"], lines)}

{picture("validation-tone", "Error of skin tone in photos with a chart, by skin and lamp")}

Bias by lamp:

{table(["lamp", "photos", "ITA, °", "L*", "a*", "b*"], by_lamp)}

The sheen of skin is light that has not been in the skin, and the chart cannot know of it. With the lamp beside the
camera ({tones.GLOSSY:g}° instead of {tones.SLANT:g}°) the bias is {number(sheen["lightness"], 1, signed=True)} in L*,
{number(sheen["b_star"], 1, signed=True)} in b* and {number(sheen["ita"], 1, signed=True)}° in ITA (daylight)."""
