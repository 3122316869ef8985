"""What the findings on lines and fine relief say, as Markdown."""

from __future__ import annotations

from benchmarks import line_rivals, line_scenes, lines
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, table

_TITLES = {"line_contrast": "Cl, line contrast", "line_length": "Dl, length", "fine_roughness": "Rf, fine roughness"}


def section(found: Findings) -> str:
    """Markdown; nothing if it was not measured."""
    if not found:
        return ""
    height, width = line_scenes.REGION_MM
    return f"""\
## Lines and fine relief

{found["photos"]} rendered close-ups ({line_scenes.SIZE[1]} × {line_scenes.SIZE[0]} pixels, 10 per millimetre) of crow's
feet on skin of {len(found["by_tone"])} tones, with hairs, follicles and moles. A region of {width:g} × {height:g} mm is
marked in the first photo; each later photo goes from its JPEG file through `establish` and `follow`, re-posed.

**Values against the truth** (of line contrast: shading along the true lines, without pigment and gloss; of length:
lines at least 0.09 mm deep; of fine roughness: skin of three coarsenesses without lines):

{_values(found)}

**Fading.** The lines get {", ".join(f"{100 * left:g} %" for left in lines.LEFT)} of their depth, lamp and camera on one
stand. The stated change follows the true one with slope {number(found["change"]["line_contrast"]["line"]["slope"])}, R²
{number(found["change"]["line_contrast"]["line"]["r2"], 3)} and an error of
{number(found["change"]["line_contrast"]["line"]["rmse"], 1)} percentage points (RMS). The value falls with every step
in {_share(found["change"]["line_contrast"]["monotone"])} of the skins; the 95 % interval holds the truth in
{_share(found["change"]["line_contrast"]["covered"])} of the pairs. Fine roughness, which should stay, reads
{number(found["change"]["fine_roughness"]["line"]["bias"], 1, signed=True)} % on average: shallow lines that were not
found count as relief.

{_tones(found)}

**Unchanged skin, taken anew.** s_w is in per cent of the value for contrast and roughness, in mm/cm² for length.
“{lines.SAME_LAMP.name}” re-poses camera and skin as on a marked floor and leaves the lamp where it was: what is left of
the spread is the program's own.

{_null(found)}

**Another lamp.** Unchanged skin, the lamp carried round, or put beside the camera ({lines.FRONTAL:g}°):

{_light(found)}

**Flat skin**: lines on {found["length"]["bare"]["with_lines"]} of {found["length"]["bare"]["photos"]} photos without
any (at most {number(found["length"]["bare"]["most"])} mm/cm²). Of lines at least 0.1 mm deep,
{percent(found["length"]["seen"])} of the length is found.

**The rivals**, on the same aligned photos of the fading: the threshold of the Hessian filter is set in the first photo.
“Noise” is s_w on a fixed rig over the slope: how large a change of depth the spread looks like.

{_rivals(found)}

The plain standard deviation of grey follows the fine roughness of skin of different tones with R²
{number(found["grey_sd_of_texture"]["r2"], 2)}, ours with {number(found["metrics"]["fine_roughness"]["r2"], 2)}."""


def _share(share: Findings) -> str:
    return f"{share['count']} of {share['of']}"


def _values(found: Findings) -> str:
    rows = [
        [title, number(line["slope"]), number(line["bias"], signed=True), number(line["r2"], 3), number(line["rmse"]),
         str(line["n"])]
        for title, line in ((title, found["metrics"][name]) for name, title in _TITLES.items())
    ]  # fmt: skip
    return table(["metric", "slope", "bias", "R²", "RMS error", "photos"], rows)


def _tones(found: Findings) -> str:
    rows = [
        [f"{row['tone']:g}", f"{row['compared']}/{row['photos']}", number(row["slope"]), number(row["rmse"], 1),
         number(row["value_ratio"]), number(row["fine_ratio"])]
        for row in found["by_tone"]
    ]  # fmt: skip
    header = ["melanosome fraction", "compared", "slope of the change", "error of the change, points",
              "contrast, found over true", "fine roughness, found over true"]  # fmt: skip
    return table(header, rows)


def _null(found: Findings) -> str:
    rows = []
    for rig, metrics in found["null"].items():
        for name, row in metrics.items():
            scale = 1 if name == "line_length" else 100
            spread, mdc = (None if row[key] is None else scale * row[key] for key in ("s_w", "mdc95"))
            rows.append([
                f"{rig}: {_TITLES[name].split(',')[0]}", f"{row['compared']}/{row['n']}", number(spread, 2),
                number(mdc, 2), _share(row["alarms"]), _share(row["covered"]),
            ])  # fmt: skip
    return table(["rig and metric", "compared", "s_w", "MDC95", "called changed", "interval holds 0"], rows)


def _light(found: Findings) -> str:
    rows = [
        [_lamp(row["turn"]), f"{row['refused']}/{row['photos']}", str(row["alarms"]),
         ", ".join(number(change, 0, signed=True) for change in row["changes"]) or "–"]
        for row in found["light"]
    ]  # fmt: skip
    return table(["lamp", "line contrast refused", "called changed", "changes of those compared, %"], rows)


def _lamp(turn: str) -> str:
    return "beside the camera" if turn == "frontal" else f"turned by {turn}°".replace("-", "−")


def _rivals(found: Findings) -> str:
    ours = found["rival"]["line_contrast"]["line"]["r2"] or 0.0
    rows = [
        [title, number(row["line"]["slope"]), number(row["line"]["r2"], 3), number(row["line"]["rmse"], 1),
         percent(row["s_w"], 1), percent(row["noise"], 1),
         f"{number((1 - (row['line']['r2'] or 0.0)) / max(1 - ours, 1e-4), 1)} ×"]
        for title, row in ((title, found["rival"][name]) for name, title in line_rivals.TITLES.items())
    ]  # fmt: skip
    header = ["measure", "slope", "R²", "RMS error, points", "s_w", "noise", "unexplained, over ours"]
    return table(header, rows)
