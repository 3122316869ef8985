"""What the findings on relief by tone, and on broad waves, say, as Markdown."""

from __future__ import annotations

from benchmarks import relief_tones
from benchmarks.findings import Findings
from benchmarks.markdown import number, table


def section(found: Findings) -> str:
    """Markdown of the depth sweep of each tone, and of waviness; empty without findings."""
    if not found:
        return ""
    ours, grey = found["relief"], found["luminance_band"]
    rows = [
        [
            f"{tone['tone']:g}", number(tone["relief"]["slope"]), number(tone["relief"]["bias"], signed=True),
            number(tone["relief"]["r2"], 3), number(tone["relief"]["rmse"]), number(tone["luminance_band"]["r2"], 3),
            number(tone["luminance_band"]["rmse"]), number(found["floor"][str(tone["tone"])]),
        ]
        for tone in found["by_tone"]
    ]  # fmt: skip
    header = ["melanosome fraction", "slope", "bias, %", "R²", "RMS error, %", "R² of luminance", "its RMS error, %",
              "read off smooth skin, %"]  # fmt: skip
    return f"""\
## Relief by the tone of the skin

Dimples of 0 to {relief_tones.DEEPEST:g} mm on a plane, lamp at 45°, in {len(relief_tones.LAYOUTS)} layouts each with
weak and strong pigment mottling under sheen of 3 % of white, and middling mottling without sheen. Over all tones and
pigments: slope {number(ours["slope"])}, R² {number(ours["r2"], 3)}, RMS error {number(ours["rmse"])} % ({ours["n"]}
photos); luminance in the same band has R² {number(grey["r2"], 3)} and {number(grey["rmse"])} %. The RMS error of the
worst tone is {number(found["worst_over_best"], 1)} times that of the best.

{table(header, rows)}

**Waviness**, 50 to 120 mm. {_waviness(found["waviness"])}"""


def _waviness(found: Findings) -> str:
    said = []
    for name, words in (("plane", "On a plane"), ("thigh", "On a rounded thigh")):
        value = found[name]["value"]
        said.append(
            f"{words}: slope {number(value['slope'])}, R² {number(value['r2'], 3)}, bias "
            f"{number(value['bias'], signed=True)} % ({found[name]['measured']} of {found[name]['photos']} photos)."
        )
    return " ".join(said) + " The shape of the body is in the same band, and so is its posture."
