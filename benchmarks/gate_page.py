"""What the trials of the gate say, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.findings import Findings
from benchmarks.markdown import NONE, table
from benchmarks.repeatability_words import Row, plain, proportion_of, symbol
from tracker.metrics import metric_named

_HARM = ("harmful_stopped", "harmful_measured_stopped")
_SHARES = ("harmful_among_passed", "harmful_measured_among_passed", "matched_stopped", "harmless_stopped")
_PICTURED = ("relief", "delta_mi", "delta_ei", "ita", "a_star", "b_star")


def gate_section(findings: Findings) -> str:
    """The section on pairs with one known mismatch."""
    gates = {name: gate for name, gate in findings["gate"].items() if gate["rows"]}
    summary = [
        [symbol(name), *(_stopped(gate["summary"], key) for key in _HARM)]
        + [_share(gate["summary"], key) for key in _SHARES]
        + [_by(gate["summary"])]
        for name, gate in gates.items()
    ]
    tables = [_mismatches(gates[name]["rows"], name) for name in _PICTURED if name in gates]
    head = [
        "metric", "harmful by the stated, stopped", "harmful by the measured, stopped", "passed, yet harmful (stated)",
        "passed, yet harmful (measured)", "matched, stopped", "harmless, stopped", "matched, stopped by",
    ]  # fmt: skip
    return f"""### The gate on known mismatches

One thing is wrong with the second photo; otherwise it is taken exactly as the first, with noise of its own, so that
the mismatch acts alone. A mismatch is *harmful* if it moves the number by more than MDC95: the stated one, which is
what a false alarm takes, or the one measured with a fixed rig, which is what that rig could have seen. Stopped is what
gets no change: refused by the alignment, or by the gate for this metric. At least 97 % of the harmful are to be
stopped and at most 7 % of the matched. *Matched* pairs are photos of unchanged skin with nothing wrong: taken exactly
alike, or both taken anew as a careful clinic does (marked floor). Limits were set on other skins and seeds. "Not
shown" is where no pair was harmful, so that nothing is known of the gate. Where a photo was not even aligned, the move
of relief is that of its true shading under the other lamp, and that of other metrics is not known: they count as
neither harmful nor harmless. Intervals are exact; pairs of one skin are alike, so they are too narrow.{_skins(findings)}

{table(head, summary)}

""" + "\n\n".join(tables)


def _skins(findings: Findings) -> str:
    skins = findings["design"].get("mismatched_skins", {})
    listed = "\n".join(f"- {scene}: {'; '.join(own)}" for scene, own in skins.items() if own)
    return f"\n\nThe skins, by melanin:\n\n{listed}" if listed else ""


def _stopped(summary: Row, key: str) -> str:
    if key not in summary:
        return NONE
    return proportion_of(summary[key]) if summary[key]["of"] else "not shown"


def _share(summary: Row, key: str) -> str:
    return proportion_of(summary[key]) if key in summary else NONE


def _by(summary: Row) -> str:
    """The checks that stopped matched pairs, and how many each."""
    stopped = summary.get("matched_stopped_by", {})
    return ", ".join(f"{name} {count}" for name, count in sorted(stopped.items(), key=lambda s: -s[1])) or NONE


def _mismatches(rows: Sequence[Row], name: str) -> str:
    body = [
        [
            f"{row['kind']}: {_size(row['size'])}",
            f"{row['stopped']} of {row['pairs']}",
            plain(row["moved"]),
            plain(row["most_moved"]),
            f"{row['harmful_stopped']} of {row['harmful']}",
            plain(row.get("moved_measured")),
            f"{row['harmful_measured_stopped']} of {row['harmful_measured']}" if "harmful_measured" in row else NONE,
            ", ".join(row["why"]),
        ]
        for row in rows
    ]
    head = [
        f"{metric_named(name).title}, mismatch", "stopped", "moved / stated", "most", "harmful, stopped",
        "moved / measured", "harmful, stopped", "by",
    ]  # fmt: skip
    return table(head, body)


def _size(size: float | str) -> str:
    return size if isinstance(size, str) else f"{size:g}".replace("-", "−")
