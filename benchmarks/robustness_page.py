"""What the findings on single disturbances say, as Markdown."""

from __future__ import annotations

from benchmarks.findings import Findings
from benchmarks.markdown import NONE, number, table
from tracker.metrics import metric_named

NAMES = ("relief", "delta_mi", "delta_ei", "delta_a")
NOTABLE = 0.5
"""Share of the stated MDC95 from which a disturbance is named among the shortfalls."""
MOST_NAMED = 6


def robustness_section(found: Findings) -> str:
    """Markdown of the table of disturbances."""
    if not found:
        return f"## One disturbance at a time\n\n{NONE}"
    rows = [[row["name"], *(_cell(row.get(name) or {}) for name in NAMES)] for row in found["rows"]]
    header = ["disturbance", *(f"{metric_named(name).symbol}, {_unit(name)}" for name in NAMES)]
    refused = sum(len(row["refused"]) for row in found["rows"])
    return f"""\
## One disturbance at a time

{found["skins"]} thighs (relief) and {found["skins"]} patches (contrasts), light to dark, photographed plainly and then
with one thing different: the mean change against the plain photo of the same skin, in brackets the farthest in units of
the stated MDC95 (as far as it comes from the provisional spread between sessions). Nothing on the skin changed, and
each photo is measured in its own frame, without the checks that may refuse it. If the same disturbance is in both
photos of a pair, most of it cancels; if only one has it, the pair is off by this much. {refused} photos gave no number.
Scattering in the dermis 30 % higher or lower is not among these: the renderer's scenes do not vary it.

{table(header, rows)}"""


def _unit(name: str) -> str:
    metric = metric_named(name)
    return "%" if metric.multiplicative else metric.unit


def _cell(moved: Findings) -> str:
    if not moved:
        return NONE
    digits = 1 if abs(moved["mean"]) >= 10 else 2
    return f"{number(moved['mean'], digits, signed=True)} ({number(moved['in_mdc95'], signed=True)})"


def worst(found: Findings) -> str:
    """The disturbances that move a number farthest in units of its stated MDC95."""
    moves = [
        (abs(row[name]["in_mdc95"]), row["name"], name, row[name])
        for row in found.get("rows", ())
        for name in NAMES
        if row.get(name)
    ]
    notable = sorted((move for move in moves if move[0] >= NOTABLE), key=lambda move: -move[0])
    if not notable:
        return ""
    shown = "\n".join(
        f"- {what}: {metric_named(name).symbol} by up to {number(moved['farthest'], 1, signed=True)} {_unit(name)}, "
        f"{number(size, 1)} stated MDC95."
        for size, what, name, moved in notable[:MOST_NAMED]
    )
    rest = len(notable) - MOST_NAMED
    more = f"\n- {rest} more in [One disturbance at a time](#one-disturbance-at-a-time)." if rest > 0 else ""
    return (
        f"**Disturbances** that move a number by at least {NOTABLE:g} of its stated MDC95 if only one photo has them, "
        f"worst first:\n\n{shown}{more}"
    )
