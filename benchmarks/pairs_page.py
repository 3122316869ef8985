"""Tables of values against the truth and of unchanged pairs, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, table


def truth_table(found: Findings, names: Mapping[str, str]) -> str:
    """Agreement with the truth, over all photos and in the best and worst tone."""
    rows = []
    for name, words in names.items():
        row = found["metrics"][name]
        tones = [tone[name] for tone in found["by_tone"] if tone[name] is not None]
        rows.append([
            words, str(row["n"]), number(row["slope"], 3), number(row["bias"], signed=True), number(row["r2"], 3),
            number(row["rmse"]), number(min(tones, default=None)), number(max(tones, default=None)),
            number(found["worst_over_best"][name], 1),
        ])  # fmt: skip
    header = ["quantity", "photos", "slope", "bias", "R²", "RMS error", "best tone", "worst tone", "ratio"]
    return table(header, rows)


def null_table(found: Findings, names: Mapping[str, str]) -> str:
    """Spread, smallest detectable change, false alarms and coverage of unchanged pairs by rig."""
    rows = [
        [
            f"{words}, {rig}", f"{row['compared']} of {row['n']}", number(row["s_w"]), number(row["mdc95"]),
            percent(row["changed"]["share"]), percent(row["covered"]["share"]),
        ]
        for name, words in names.items()
        for rig, row in found["null"][name].items()
    ]  # fmt: skip
    return table(["unchanged", "compared", "s_w", "MDC95", "called changed", "interval holds"], rows)
