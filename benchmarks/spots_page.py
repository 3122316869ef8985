"""What the findings on spots, evenness and bruises say, as Markdown."""

from __future__ import annotations

from benchmarks import spots
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, table
from benchmarks.spots_summary import BRUISE_METRICS, GAIN, SPOT_METRICS
from tracker.metrics import metric_named

_NAMES = (*SPOT_METRICS, *BRUISE_METRICS)


def section(found: Findings) -> str:
    """Markdown of this part; empty if it was not measured."""
    if not found:
        return ""
    lines = [
        [
            f"`{name}`", number(line["slope"]), number(line["bias"], signed=True), number(line["r2"], 3),
            number(line["rmse"]), str(line["n"]),
        ]
        for name in _NAMES
        for line in [found["metrics"][name]]
    ]  # fmt: skip
    change, rival, area = found["contrast_change"], found["rival"]["grey"] or {}, found["area"]
    unexplained = 1 - (rival.get("r2") or 0.0)
    ratio = unexplained / max(1 - (change["r2"] or 0.0), 1e-6)
    return f"""\
## Spots, evenness and bruises

{found["photos"]} re-posed photos through the whole program ({spots.SIZE[1]} × {spots.SIZE[0]} pixels; mottling
{spots.MOTTLING_SIZE[1]} × {spots.MOTTLING_SIZE[0]}), on {len(found["by_tone"])} tones; {len(found["refused"])} refused.
Spots have {GAIN[0]:g} to {GAIN[1]:g} times the melanin of the skin around and lose it over the course while their area
stays; bruises heal over {spots.AGES[-1]:g} days; mottling is 2 to 20 % of the melanin. The truth of contrasts is the
colour of flat skin with and without the lesion, without light, sheen or camera.

{table(["metric", "slope", "bias", "R²", "RMS error", "photos"], lines)}

**Change of contrast** against the reference of the same skin: slope {number(change["slope"])}, R²
{number(change["r2"], 3)}. The rival, mean grey level of the same marks without background or calibration: R²
{number(rival.get("r2"), 3)}; what it leaves unexplained is {number(ratio, 0)} times as much. The slope is below one
because sheen, light that was never in the skin, dilutes a contrast, and more so on dark skin.

**Area.** Found over true area of the spots in the marks: {
        number(100 * area["bias"], 1, signed=True)
    } % on average, standard
deviation {percent(area["sd"], 1)} ({area["n"]} photos in which the mean spot has at least 1.4 times the melanin). While
contrast fades and the area stays, the area in the photo over that in the reference is:

{table(["contrast left", "ours", "fixed threshold", "pairs"], _drifts(area["drift"]))}

**Bruises.** Found over true area, less one: {number(100 * found["bruise"]["fresh"]["bias"], 1, signed=True)} % on the
first day ({found["bruise"]["fresh"]["n"]} photos), {number(100 * found["bruise"]["fading"]["bias"], 1, signed=True)} %
later ({found["bruise"]["fading"]["n"]}). By tone: {_shares(found["bruise"]["fresh"]["tones"])} on the first day,
{_shares(found["bruise"]["fading"]["tones"])} later.

By tone:

{
        table(
            [
                "melanosome fraction",
                *(f"R² {metric_named(name).symbol}" for name in _NAMES),
                "slope of change of ΔMI spots",
            ],
            [_tone(row) for row in found["by_tone"]],
        )
    }

On skin as dark as a fraction of 0.18 and more, melanin has no colour of its own and mottling is refused. Faint and
yellow bruises are understated on dark skin.

**Unchanged skin**, re-posed (steps of ratios as logarithms):

{
        table(
            ["metric, rig", "compared", "mean", "s_w", "MDC95", "called changed", "interval holds"],
            _nulls(found["null"]),
        )
    }"""


def _drifts(drift: Findings) -> list[list[str]]:
    return [[left, number(row["ours"]), number(row["rival"]), str(row["pairs"])] for left, row in drift.items()]


def _shares(by_tone: Findings) -> str:
    return ", ".join(f"{number(100 * (share or 0.0), 0, signed=True)} % at {tone}" for tone, share in by_tone.items())


def _tone(row: Findings) -> list[str]:
    return [
        f"{row['tone']:g}",
        *(number(row[name]["r2"], 3) for name in _NAMES),
        number(row["contrast_change"]["slope"]),
    ]


def _nulls(null: Findings) -> list[list[str]]:
    return [
        [
            f"{metric_named(name).symbol}, {rig}", f"{line['compared']} of {line['pairs']}",
            number(line["mean"], 3, signed=True), number(line["s_w"], 3), number(line["mdc95"], 3),
            f"{line['changed'][0]} of {line['changed'][1]}", f"{line['covered'][0]} of {line['covered'][1]}",
        ]
        for name, by_rig in null.items()
        for rig, line in by_rig.items()
        if line["pairs"]
    ]  # fmt: skip
