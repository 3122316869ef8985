"""What the findings on the relief gauge say, as Markdown."""

from __future__ import annotations

from benchmarks.findings import Findings
from benchmarks.markdown import number, table
from benchmarks.relief_gauge import LEFT, TONES
from benchmarks.repeatability_words import proportion_of


def section(found: Findings) -> str:
    """Markdown of relief under lamps put back with some error; empty without findings."""
    if not found:
        return ""
    rows = [
        [
            rig, number(100 * row["lamp"], 1), f"{row['compared']}/{row['photos']}",
            number(100 * row["ungated"]["s_w"], 1), number(100 * row["bare"]["s_w"], 1),
            number(row["ungated"]["slope"]["slope"]), number(row["ungated"]["slope"]["r2"], 3),
            number(row["bare"]["slope"]["r2"], 3), proportion_of(row["called_changed"]), proportion_of(row["covered"]),
        ]
        for rig, row in found.items()
    ]  # fmt: skip
    header = ["set-up", "SD of the gain of the lamp, %", "compared", "SD of the error with gauge, %", "without, %",
              "slope with gauge", "R² with gauge", "R² without", "unchanged skin called changed",
              "intervals that hold"]  # fmt: skip
    return f"""\
## Relief under a lamp that was not put back exactly, with the relief gauge and without

Skins of {len(TONES)} tones beside the card with its gauge, each in its reference light and then in every set-up, with
the dimples as they were and {number(LEFT[1], 1)} times as deep, through the whole pipeline. The truth is the relief
under the lamp of the reference. “Compared” is what the gate let through; error, slope and R² (of the change in per
cent) are of all photos, with the gain of the gauge and as if there were none.

{table(header, rows)}"""
