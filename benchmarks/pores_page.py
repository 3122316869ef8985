"""What the findings on pores say, as Markdown."""

from __future__ import annotations

from benchmarks import pores
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, table


def section(found: Findings) -> str:
    """Markdown; nothing if it was not measured."""
    if not found:
        return ""
    ours, rival = (found["rival"][key] for key in ("ours", "bare"))
    line, own, change = found["rival"]["line"], found["metrics"][pores.NAME], found["change"]
    return f"""\
## Pores (experimental)

{found["photos"]} rendered close-ups, re-posed, as for lines; on skin of {len(found["by_tone"])} tones with hairs, moles
and its fine relief, but without lines. Pores are dark pits 0.2 to 0.6 mm wide that swallow 15 to 45 % of the light;
the truth is how many were grown per cm² ({", ".join(f"{each:g}" for each in pores.PER_CM2)}).

Over all tones the density follows the truth with slope {number(own["slope"])}, R² {number(own["r2"], 3)} and an error
of {number(own["rmse"], 1)} per cm² (RMS, n = {own["n"]}): only those that stand out by 20 % are meant to be counted. On
skin without pores it finds {number(ours["mean"], 1)} per cm² ({number(ours["most"], 1)} at most). The rival, the
Laplacian of Gaussians on grey with a fixed threshold (`skimage.feature.blob_log`), follows the same truth with slope
{number(line["slope"])} and R² {number(line["r2"], 3)}, and finds {number(rival["mean"], 1)} per cm² where there are
none ({number(rival["most"], 1)} at most): the dark halves of the fine relief. It leaves
{number((1 - (line["r2"] or 0.0)) / max(1 - (own["r2"] or 0.0), 1e-4), 1)} times as much unexplained as ours.

{_tones(found)}

“Change” is what is stated after {percent(1 - pores.LEFT)} of the pores are gone, on a fixed rig, over the first value;
it is called a change in {_share(change["called"])} of the pairs.

**Rough skin**, tone {found["rough_tone"]:g}, one photo each:

{_rough(found)}

**Unchanged skin, taken anew**, {pores.GROWN:g} pores per cm². s_w is in pores per cm².

{_null(found)}"""


def _share(share: Findings) -> str:
    return f"{share['count']} of {share['of']}"


def _tones(found: Findings) -> str:
    rows = [
        [f"{row['tone']:g}", percent(row["seen"]), number(row["bare"], 1), percent(row["change"]),
         percent(row["rival_seen"]), number(row["rival_bare"], 1)]
        for row in found["by_tone"]
    ]  # fmt: skip
    header = ["melanosomes", "counted of those grown", "found where none are, per cm²", "change", "rival counts",
              "rival finds where none are"]  # fmt: skip
    return table(header, rows)


def _rough(found: Findings) -> str:
    rows = [
        [f"{row['micro']:g}", number(row["truth"], 1), number(row["found"], 1), number(row["rival"], 1)]
        for row in found["rough"]
    ]
    return table(["SD of the fine relief, mm", "grown, per cm²", "ours", "rival"], rows)


def _null(found: Findings) -> str:
    rows = []
    for rig, row in ((rig, each[pores.NAME]) for rig, each in found["null"].items()):
        rows.append([
            rig, f"{row['compared']} of {row['n']}", number(row["mean"], 1), number(row["s_w"]),
            number(row["mdc95"], 1), _share(row["alarms"]), _share(row["covered"]),
        ])  # fmt: skip
    return table(["rig", "compared", "value", "s_w", "MDC95", "called changed", "interval holds 0"], rows)
