"""What the findings mean for somebody who wants to use a metric: one sentence each, by stated rules."""

from __future__ import annotations

from typing import Any

from benchmarks.estimates import MDC95_PER_SD
from benchmarks.findings import Findings
from benchmarks.markdown import number
from benchmarks.repeatability_limits import LEAST_COVERAGE, MOST_FALSE_ALARMS
from benchmarks.studied import REPEATED
from benchmarks.targets import larger_mdc95
from tracker.measurement import Metric
from tracker.phantom import RIGS
from tracker.repeatability import PROVISIONAL

LEAST_COMPARED = 0.5
SLOPES, LEAST_R2 = (0.9, 1.1), 0.95
MOST_REFUSED = 0.1
MOST_MDC95 = {"relief": 25.0, "delta_mi": 2.2, "ita": 5.5}
SET_UPS = {"relief": "lamp from the side", "ita": "24-patch chart", "lightness": "24-patch chart",
           "a_star": "24-patch chart", "b_star": "24-patch chart"}  # fmt: skip


def advice(accuracy: Findings, repeatability: Findings) -> str:
    """A sentence for each metric, the rules, and what a chart does on a fixed rig."""
    if not accuracy or not repeatability:
        return ""
    lines = "\n".join(f"- **{metric.symbol}.** {_sentence(metric, accuracy, repeatability)}" for metric in REPEATED)
    return f"""\
### May I use it, on whom, and with which set-up?

{lines}

The rules: a set-up will do if the program compares at least half of its photos, calls at most
{100 * MOST_FALSE_ALARMS:.0f} % of unchanged pairs changed, has at least {100 * LEAST_COVERAGE:.0f} % of its intervals
hold the truth, and its MDC95 is within the target of the specification where there is one. Different people may be
compared if the slope is {SLOPES[0]:g} to {SLOPES[1]:g}, R² at least {LEAST_R2:g} and the RMS error at most the
MDC95 that comes from the provisional spread. A skin tone is excepted if more than one in ten of its photos is refused,
or if its contrasts are wrong by more than that MDC95 (RMS). The smallest change is the larger of the MDC95 that the
program states, below which it calls nothing a change, and the MDC95 found here. A melanosome fraction of
0.02 is light skin, 0.05 intermediate, 0.15 and above dark. All of it holds for rendered skin only.
{_chart(repeatability)}"""


def _sentence(metric: Metric, accuracy: Findings, repeatability: Findings) -> str:
    good = [rig.name for rig in RIGS if _will_do(metric.name, rig.name, repeatability)]
    excepted = _excepted(metric, accuracy)
    line = accuracy["metrics"].get(metric.name) or {}
    needs = f", {SET_UPS[metric.name]}" if metric.name in SET_UPS else ""
    if not good:
        return f"Not yet: none of the set-ups will do{excepted}."
    smallest = {rig: _smallest(metric.name, rig, repeatability) for rig in good}
    unit = "%" if metric.multiplicative else metric.unit
    seen = ", ".join(f"{rig} {number(value, 1)}" for rig, value in smallest.items())
    limit = float("inf") if metric.multiplicative else MDC95_PER_SD * PROVISIONAL.of(metric)
    people = "" if _right(line) and (line.get("rmse") or 0.0) <= limit else "; do not compare different people by it"
    change = (accuracy["factorial"]["relief"]["change"] if metric.name == "relief" else None) or {}
    size = (
        ""
        if not change or _right(change)
        else f"; take the size of a change as rough (slope {number(change['slope'])})"
    )
    lamp = "; keep the same lamp and phone" if _moved_by_lamp(metric, accuracy) else ""
    return f"Yes, for changes of one person beyond ({unit}): {seen}{needs}{excepted}{lamp}{people}{size}."


def _right(line: Findings) -> bool:
    slope, r2 = line.get("slope"), line.get("r2")
    return slope is not None and r2 is not None and SLOPES[0] <= slope <= SLOPES[1] and r2 >= LEAST_R2


def _smallest(name: str, rig: str, repeatability: Findings) -> float:
    """The smallest change that is both beyond what unchanged skin does and called a change by the program."""
    stated = repeatability["metrics"].get(name, {}).get("claimed_mdc95", {}).get(rig)
    return max(stated or 0.0, larger_mdc95(repeatability, name, rig) or 0.0)


def _will_do(name: str, rig: str, repeatability: Findings) -> bool:
    row: dict[str, Any] = repeatability.get("spread", {}).get(name, {}).get(rig) or {}
    found = repeatability["metrics"].get(name, {})
    alarms, held = (found.get(key, {}).get(rig) or [0, 0] for key in ("false_alarms", "coverage"))
    smallest = larger_mdc95(repeatability, name, rig)
    if smallest is None or not row.get("photos") or not alarms[1] or not held[1]:
        return False
    return bool(
        row["let_through"] >= LEAST_COMPARED * row["photos"]
        and alarms[0] <= MOST_FALSE_ALARMS * alarms[1]
        and held[0] >= LEAST_COVERAGE * held[1]
        and smallest <= MOST_MDC95.get(name, float("inf"))
    )


def _excepted(metric: Metric, accuracy: Findings) -> str:
    """Skin tones, as melanosome fractions, on which the metric is not to be used."""
    if metric.name == "relief":
        levels = accuracy["factorial"]["relief"]["by_factor"]["tone"]
        tones = [row["level"] for row in levels if row["refused"] > MOST_REFUSED * row["pairs"]]
    else:
        limit = MDC95_PER_SD * PROVISIONAL.of(metric)
        rows = accuracy["contrasts"]["by_tone"]
        tones = [row["tone"] for row in rows if (row["rmse"].get(metric.name) or 0.0) > limit]
    return f"; not at a melanosome fraction of {', '.join(f'{tone:g}' for tone in tones)}" if tones else ""


def _moved_by_lamp(metric: Metric, accuracy: Findings) -> bool:
    moved = accuracy["contrasts"].get("set_ups", {}).get(metric.name) or {}
    return (moved.get("range") or 0.0) > MDC95_PER_SD * PROVISIONAL.of(metric)


def _chart(repeatability: Findings) -> str:
    """Whether a chart makes colours less repeatable where nothing else changes."""
    worse = []
    for metric in REPEATED:
        row = repeatability.get("spread", {}).get(metric.name, {}).get("fixed rig") or {}
        plain, chart = row.get("s_w_without_chart"), row.get("s_w")
        if plain is not None and chart is not None and chart > plain:
            worse.append(f"{metric.symbol} {number(chart)} with, {number(plain)} without")
    if not worse:
        return ""
    return (
        "\n**On a fixed rig a chart costs repeatability**, because its own error comes on top of a lamp and camera\n"
        f"that do not change (s_w): {'; '.join(worse)}.\nIt is needed for colours that are right, and where "
        "anything changes.\n"
    )
