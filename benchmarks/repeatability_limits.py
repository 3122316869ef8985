"""What repeatability is held against (MEASUREMENT.md §7.6 and §9), and where it misses that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from benchmarks.findings import Findings
from tracker.metrics import metric_named

MOST_FALSE_ALARMS: Final = 0.07
LEAST_COVERAGE: Final = 0.93
MOST_COVERAGE: Final = 0.97
LEAST_STOPPED: Final = 0.95
MOST_STOPPED_MATCHED: Final = 0.10
STATED_RANGE: Final = (0.9, 2.0)
"""Stated over real MDC95 that is called honest and not wasteful."""
MDC95_LIMITS: Final = {"relief": 25.0, "delta_mi": 2.2, "ita": 5.5}
"""In per cent or units, with a rig that is put back to marks."""
YARDSTICKS: Final = {"harmful_stopped": "stated", "harmful_measured_stopped": "measured"}
COARSE: Final = 0.8
"""Spread in finer pixels over that in the usual ones, below which pixels are to blame."""
RESET_RIGS: Final = ("fixed rig", "marked floor")


def false_alarm_missed(row: Mapping[str, Any]) -> bool:
    """Whether a share of false alarms, as found, is more than is wanted."""
    return bool(row["of"]) and row["share"] > MOST_FALSE_ALARMS


def coverage_missed(row: Mapping[str, Any]) -> str | None:
    """What is wrong with the 95 % intervals, by the share of them that holds the truth; None if nothing is."""
    if not row["of"]:
        return None
    if row["share"] < LEAST_COVERAGE:
        return "too narrow"
    return "too cautious" if row["share"] > MOST_COVERAGE else None


def shortfalls(findings: Findings) -> list[str]:
    """One sentence for each target that is missed, with the number."""
    return [
        *_smallest_changes(findings["spread"]),
        *_stated(findings["spread"]),
        *_alarms(findings),
        *_cautious(findings),
        *_directions(findings["response"]),
        *_gates(findings["gate"]),
        *_coarse(findings["finer"]),
    ]


def _smallest_changes(table: dict[str, Any]) -> Iterator[str]:
    for name, limit in MDC95_LIMITS.items():
        for rig in RESET_RIGS:
            found = table[name].get(rig, {}).get("mdc95")
            if found is not None and found > limit:
                yield f"{_title(name)}, {rig}: MDC95 is {found:.3g}; at most {limit:g} are wanted."


def _stated(table: dict[str, Any]) -> Iterator[str]:
    low, high = STATED_RANGE
    for name, rigs in table.items():
        ratios = {rig: row["claimed_over_real"] for rig, row in rigs.items() if row["claimed_over_real"] is not None}
        small = {rig: ratio for rig, ratio in ratios.items() if ratio < low}
        large = {rig: ratio for rig, ratio in ratios.items() if ratio > high}
        if small:
            yield f"{_title(name)}: the stated MDC95 is {_listed(small)} of the real one, so too much is claimed."
        if large:
            yield f"{_title(name)}: the stated MDC95 is {_listed(large)} times the real one, so changes are missed."


def _listed(ratios: dict[str, float]) -> str:
    return ", ".join(f"{ratio:.2g} ({rig})" for rig, ratio in ratios.items())


def _alarms(findings: Findings) -> Iterator[str]:
    for name, rigs in findings["alarms"].items():
        alarms = {rig: row["alarms"] for rig, row in rigs.items()}
        too_many = _percent(alarms, false_alarm_missed)
        if too_many:
            yield f"{_title(name)}: false alarms on {too_many} of the pairs; at most 7 % are wanted."
        wasted = {rig: row["harmless_refused"] for rig, row in rigs.items()}
        too_strict = _percent(wasted, lambda row: bool(row["of"]) and row["share"] > MOST_STOPPED_MATCHED)
        if too_strict:
            yield f"{_title(name)}: the gate refuses {too_strict} of harmless photos; 10 % may be."
        held = {
            "unchanged": {rig: row["covered"] for rig, row in rigs.items()},
            "changed": {rig: row["covered"] for rig, row in findings["response"][name].items()},
        }
        for what, covered in held.items():
            too_few = _percent(covered, lambda row: coverage_missed(row) == "too narrow")
            if too_few:
                yield f"{_title(name)}: intervals hold the truth of {what} skin in {too_few}; 93 to 97 % are wanted."


def _cautious(findings: Findings) -> Iterator[str]:
    """One sentence of all metrics: what is too cautious alarms nobody, but misses changes."""
    for what, part in (("unchanged", "alarms"), ("changed", "response")):
        found = {
            name: [rig for rig, row in rigs.items() if coverage_missed(row["covered"]) == "too cautious"]
            for name, rigs in findings[part].items()
        }
        listed = "; ".join(f"{metric_named(name).symbol} ({', '.join(rigs)})" for name, rigs in found.items() if rigs)
        if listed:
            yield f"Intervals are too cautious: they hold the truth of {what} skin in more than 97 %: {listed}."


def _percent(rows: dict[str, Any], wrong: Callable[[Mapping[str, Any]], bool]) -> str:
    """The shares that are wrong, each with its rig and of how many."""
    found = {rig: row for rig, row in rows.items() if wrong(row)}
    return ", ".join(f"{100 * row['share']:.0f} % ({rig}, of {row['of']})" for rig, row in found.items())


def _directions(table: dict[str, Any]) -> Iterator[str]:
    for name, rigs in table.items():
        for rig, row in rigs.items():
            wrong, claimed = row["wrong_direction"]
            if wrong:
                yield f"{_title(name)}, {rig}: {wrong} of {claimed} stated changes go against the truth."


def _gates(table: dict[str, Any]) -> Iterator[str]:
    for name, gate in table.items():
        summary = gate["summary"]
        for key, yardstick in YARDSTICKS.items():
            stopped = summary.get(key)
            if stopped and stopped["of"] and stopped["share"] < LEAST_STOPPED:
                yield (
                    f"{_title(name)}: the gate stops {stopped['count']} of {stopped['of']} mismatches that move the "
                    f"number by more than the {yardstick} MDC95; 95 % are wanted."
                )
        matched = summary["matched_stopped"]
        if matched["of"] and matched["share"] > MOST_STOPPED_MATCHED:
            yield f"{_title(name)}: the gate stops {matched['count']} of {matched['of']} matched pairs; 10 % may be."


def _coarse(table: dict[str, list[float]]) -> Iterator[str]:
    falls = {name: fine / usual for name, (usual, fine) in table.items() if fine < COARSE * usual}
    if falls:
        listed = ", ".join(f"{metric_named(name).symbol} ({100 * share:.0f} %)" for name, share in falls.items())
        yield f"Coarse pixels are a part of this: in finer ones s_w falls to a share of what it is here for {listed}."


def _title(name: str) -> str:
    return f"{metric_named(name).title} {metric_named(name).symbol}"
