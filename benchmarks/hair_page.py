"""What the findings on hair say, as Markdown."""

from __future__ import annotations

from benchmarks import hair
from benchmarks.findings import Findings
from benchmarks.markdown import NONE, counts, number, percent, table
from benchmarks.pairs_page import null_table, truth_table

_RIVALS = {"otsu": "Otsu's threshold in each photo", "fixed": "Otsu's threshold of the first photo"}


def section(found: Findings) -> str:
    """Markdown of hair coverage and part width; empty if they were not measured."""
    if not found:
        return ""
    refused = counts(found["refused"])
    return f"""\
## Hair

{found["photos"]} photos ({hair.SIZE[1]} × {hair.SIZE[0]} pixels, 0.15 mm each) of parted scalps of six tones with 60,
110 or 250 hairs of 0.08 mm per cm², of which 70 % are there at first, and 50 % or all of them later.
Not given: {refused}.

{truth_table(found, {"hair_coverage": "coverage, % of area", "part_width": "part width, mm"})}

Unchanged hair, photographed anew:

{null_table(found, {"hair_coverage": "coverage", "part_width": "part width"})}

Counting pixels beyond a threshold, on the same photos:

{_rivals(found["rival"])}

{_combed(found["combed"])}"""


def _rivals(rivals: Findings) -> str:
    rows = [
        [_RIVALS[name], number(row["rmse"]), number(row["over_ours"], 1), _spreads(row["s_w"])]
        for name, row in rivals.items()
    ]
    return table(["coverage by", "RMS error, pp", "times ours", "s_w, pp"], rows)


def _spreads(by_rig: Findings) -> str:
    return " · ".join(f"{number(value)} ({rig})" for rig, value in by_rig.items())


def _combed(rows: list[Findings]) -> str:
    if not rows:
        return ""
    body = [
        [
            "other hair" if row["turned"] is None else f"every hair turned by {row['turned']:g}°",
            percent(row.get("overlap")),
            *(
                f"{number(row[name])} ({number(row['true_' + name])})" if name in row else NONE
                for name in ("hair_coverage", "part_width")
            ),
            row["code"] or "yes",
        ]
        for row in rows
    ]
    return (
        "Hair that was combed anew: each hair is turned about its root, standard deviation. Values, and the truth in "
        "brackets:\n\n" + table(["combed", "region aligned", "coverage", "part width", "compared"], body)
    )
