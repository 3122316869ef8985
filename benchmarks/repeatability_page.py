"""What the findings on repeatability say, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Any

from benchmarks.estimates import proportion
from benchmarks.findings import Findings
from benchmarks.markdown import counts, percent, picture, table
from benchmarks.repeatability_limits import shortfalls
from tracker.metrics import metric_named

Row = dict[str, Any]


def sections(findings: Findings) -> str:
    """The sections on repeatability, from stored findings; the same findings give the same text."""
    makers = (_design, _spread, _finer, _ungated, _alarms, _response, _averaged, _gate, _short)
    parts = [make(findings) for make in makers]
    return "\n\n".join(part for part in parts if part) + "\n"


def _design(findings: Findings) -> str:
    plan = findings["design"]
    sizes = " and ".join(f"{columns} × {rows} ({scene})" for scene, (rows, columns) in plan["size"].items())
    references = [
        [
            f"{scene}, {rig}",
            str(row["photos"]),
            str(sum(row["refused"].values())),
            counts(row["refused"]),
            str(row["retaken"]),
        ]
        for scene, rigs in findings["references"].items()
        for rig, row in rigs.items()
    ]
    intro = f"""
{plan["skins"]} rendered skins per scene (melanin {_list(plan["melanin"])} of the epidermis; mottling
{_list(plan["mottling"])} and dimples of {_list(plan["depth"])} mm on the thigh; {_list(plan["excess"])} times the
pigment or the blood of its surroundings in the patch) are each photographed once as a reference and
{plan["sessions"]} times on another day, unchanged, with lamp, camera and soft tissue drawn anew from the rig
(MEASUREMENT.md §2, A1). {plan["changed"]} of them are photographed changed as well, and {plan["replicated"]} of them
{plan["replicates"]} times more in the same session. Every photo goes through the program as a file: alignment, gate,
values, interval and verdict. Photos have {sizes} pixels, a fraction of a phone's, so that hundreds of pairs take
minutes. Pairs of one skin share their reference, so they are clustered: the intervals of
proportions below, which take pairs as independent, are somewhat too narrow."""
    return f"""## Repeatability

{_filled(intro)}

{table(["scene, rig", "later photos", "not aligned", "codes", "references retaken"], references)}"""


def _spread(findings: Findings) -> str:
    rows = []
    for name, rig, row in _each(findings["spread"]):
        low, high = row["s_w_interval"]
        rows.append([
            _subject(name, rig), f"{row['let_through']} of {row['photos']}", _with_unit(name, row["s_w"]),
            _interval(name, low, high), _mdc(name, row["mdc95"], row["mdc95_increase"]),
            _plain(row["claimed_mdc95"]), _plain(row["claimed_over_real"]), _with_unit(name, row["photo_uncertainty"]),
        ])  # fmt: skip
    head = [
        "metric, rig",
        "compared",
        "s_w",
        "95 % interval",
        "MDC95",
        "MDC95 stated",
        "stated / real",
        "u of a photo",
    ]
    return f"""### Spread of unchanged skin, and the smallest detectable change

s_w is the standard deviation between sessions of one skin (one-way analysis of variance, the reference counted as a
session), over the photos that the program compares: that is what a clinic gets. MDC95 = 2.77 s_w. Relief changes are
ratios: its s_w is in per cent (100 times that of the logarithm), its MDC95 is what a decrease and an increase must
exceed. "Stated" is the median MDC95 that the program prints, from the provisional spread between sessions
(`Metric.session_sd`, one value for every rig) and the photos' own uncertainty; above 1 in the next column it claims
less than it could, below 1 it claims too much. Skin that breathes, warms up and tenses is not rendered: a stated
MDC95 above the rendered one leaves room for that, one below leaves none. "u of a photo" is what the program knows
from one photo alone: it cannot see what differs between sessions.

{picture("validation-repeatability", "Smallest detectable change, real and stated, for each metric and rig")}

{table(head, rows)}"""


def _finer(findings: Findings) -> str:
    skins, rows, columns = findings["design"]["finer"]
    if not findings["finer"]:
        return ""
    body = [
        [_symbol(name), _with_unit(name, usual), _with_unit(name, fine)]
        for name, (usual, fine) in findings["finer"].items()
    ]
    return f"""### In finer pixels

Colours of small patches, of skin and of the chart, suffer from coarse pixels and from the coarser chroma of JPEG. s_w
of {skins} of the skins on the marked floor as above, and in photos of {columns} × {rows}: where the second is smaller,
what stands above and below is worse than a phone's photo would be.

{table(["metric", "s_w above", f"{columns} × {rows}"], body)}"""


def _ungated(findings: Findings) -> str:
    rows, tone = [], []
    for name, rig, row in _each(findings["spread"]):
        refused = 1 - row["let_through"] / row["photos"] if row["photos"] else None
        gate = findings["alarms"][name][rig]
        rows.append([
            _subject(name, rig), percent(refused), _proportion(gate["harmful_refused"]),
            _proportion(gate["harmless_refused"]), _plain(row["mdc95"]), _plain(row["mdc95_ungated"]),
        ])  # fmt: skip
        if "mdc95_without_chart" in row:
            tone.append([_subject(name, rig), _plain(row["mdc95"]), _plain(row["mdc95_without_chart"])])
    head = ["metric, rig", "refused", "harmful refused", "harmless refused", "MDC95", "without the gate"]
    return f"""### What the gate and the chart are worth

Photos of unchanged skin again. *Harmful* are those whose number moved by more than the stated MDC95: they would be
false alarms. Refusing the harmless costs a retake. MDC95 (% of a decrease, or units) is over what the program
compares, beside that over every photo that it can align: the second is what a clinic would get without the gate.

{table(head, rows)}

Without a colour chart the program states no tone. Here the camera's own colours of the same photos are passed off as
calibrated, to show what the refusal protects from. Lamp and camera stay the same in all of these; under other lamps
it is worse.

{table(["metric, rig", "MDC95 with chart", "MDC95 without"], tone)}"""


def _alarms(findings: Findings) -> str:
    rows = []
    for name, rig, row in _each(findings["alarms"]):
        skins = row["skins_with_alarm"]
        changed = findings["response"][name][rig]["covered"]
        rows.append([
            _subject(name, rig), _proportion(row["alarms"]), f"{skins[0]} of {skins[1]}",
            _proportion(row["alarms_ungated"]), _proportion(row["covered"]), _proportion(changed),
        ])  # fmt: skip
    head = ["metric, rig", "false alarms", "on skins", "without the gate", "coverage, unchanged", "coverage, changed"]
    return f"""### False alarms and coverage

A false alarm is a verdict of *better*, *worse* or *changed* on skin that did not change; at most 5 to 7 % are wanted.
Coverage is the share of pairs whose stated 95 % interval holds the true change; 93 to 97 % are wanted. Each with its
exact 95 % interval and the counts. What the program sets aside because pigment and redness disturb each other is in
neither.

{picture("validation-false-alarms", "False alarms for each metric and rig")}

{table(head, rows)}"""


def _response(findings: Findings) -> str:
    rows = []
    for name, rig, row in _each(findings["response"]):
        line, wrong = row["line"], row["wrong_direction"]
        rows.append([
            _subject(name, rig), f"{row['told']} of {row['photos']}", _plain(line["slope"]), _plain(line["r2"]),
            _plain(row["typical_true_over_mdc95"]), _plain(row["seen_in_80_percent"]),
            _plain(row["largest_true_change"]), f"{wrong[0]} of {wrong[1]}",
        ])  # fmt: skip
    head = [
        "metric, rig", "compared", "slope", "R²", "true / MDC95", "seen in 80 %", "largest tried", "wrong direction",
    ]  # fmt: skip
    return f"""### Response to true changes, and power

Dimples, or the excess of pigment or blood in the patch, are brought to 75, 50 and 25 % of what they were. Slope
and R² are of the measured on the true change (in logarithms for relief; its truth is under the nominal lamp). "True
/ MDC95" is the median true change in units of the real MDC95: below 1 most of these changes are too small for
the rig. "Seen in 80 %" is the true change, in per cent or units, at which the program tells 80 % of the compared
pairs as a change in the right direction, from a normal curve fitted by maximum likelihood; – if the largest change
that was tried does not reach it. "Wrong direction" counts stated changes against the truth.

{picture("validation-power", "Share of pairs told as a change, over the true change")}

{table(head, rows)}"""


def _averaged(findings: Findings) -> str:
    rows = [
        [_subject(name, rig), _with_unit(name, row["s_shot"]), _with_unit(name, row["s_session"])]
        + [_plain(row["mdc95"][str(n)]) for n in (1, 2, 3)]
        for name, rig, row in _each(findings["averaged"])
        if row["s_shot"] is not None
    ]
    return f"""### Averaging shots of one session

Lamp and skin stay where they are, the camera is put back and the tissue settles anew. What differs between sessions
beyond that is not averaged away: MDC95 = 2.77 √(s_session² + s_shot² / r).

{table(["metric, rig", "s between shots", "s between sessions", "MDC95, r = 1", "r = 2", "r = 3"], rows)}"""


def _gate(findings: Findings) -> str:
    summary = [
        [_symbol(name)] + [_proportion(gate["summary"][key]) for key in _GATE_SHARES]
        for name, gate in findings["gate"].items()
        if gate["rows"]
    ]
    pictured = [name for name in ("relief", "delta_mi") if findings["gate"][name]["rows"]]
    tables = [_mismatches(findings["gate"][name]["rows"], name) for name in pictured]
    head = ["metric", "harmful, stopped", "passed, yet harmful", "matched, stopped", "harmless, stopped"]
    return f"""### The gate on known mismatches

One thing is wrong with the second photo; otherwise it is as a fixed rig gives it. A mismatch is *harmful* if by itself
it moves the number by more than the stated MDC95. Stopped is what gets no change: refused by the alignment, or by the
gate for this metric. At least 95 % of the harmful are to be stopped and at most 10 % of the matched. Where a photo was
not even aligned, the move of relief is that of its true shading under the other lamp, and that of other metrics is not
known: they count as neither harmful nor harmless.

{table(head, summary)}

""" + "\n\n".join(tables)


_GATE_SHARES = ("harmful_stopped", "harmful_among_passed", "matched_stopped", "harmless_stopped")


def _mismatches(rows: Sequence[Row], name: str) -> str:
    body = [
        [
            f"{row['kind']}: {row['size']:g}".replace("-", "−"),
            f"{row['stopped']} of {row['pairs']}",
            _plain(row["moved"]),
            _plain(row["most_moved"]),
            f"{row['harmful_stopped']} of {row['harmful']}",
            ", ".join(row["why"]),
        ]
        for row in rows
    ]
    title = metric_named(name).title
    head = [f"{title}, mismatch", "stopped", "moved / MDC95", "most", "harmful, stopped", "by"]
    return table(head, body)


def _short(findings: Findings) -> str:
    missed = shortfalls(findings)
    listed = (
        "\n".join(fill(f"- {sentence}", 120, subsequent_indent="  ") for sentence in missed)
        or "- Nothing that was looked for."
    )
    return f"""### Where repeatability falls short

{listed}"""


def _filled(text: str) -> str:
    return fill(" ".join(text.split()), 120, break_on_hyphens=False)


def _each(table: Row) -> Iterable[tuple[str, str, Row]]:
    return ((name, rig, row) for name, rigs in table.items() for rig, row in rigs.items())


def _symbol(name: str) -> str:
    return metric_named(name).symbol


def _subject(name: str, rig: str) -> str:
    return f"{_symbol(name)}, {rig}"


def _scaled(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return _plain(100 * value if metric_named(name).multiplicative else value)


def _interval(name: str, low: float | None, high: float | None) -> str:
    return "–" if low is None else f"{_scaled(name, low)}–{_scaled(name, high)}"


def _with_unit(name: str, value: float | None) -> str:
    unit = "%" if metric_named(name).multiplicative else metric_named(name).unit
    gap = "" if unit == "°" else " "
    return "–" if value is None else f"{_scaled(name, value)}{gap}{unit}"


def _mdc(name: str, decrease: float | None, increase: float | None) -> str:
    if decrease is None:
        return "–"
    return f"−{_plain(decrease)} / +{_plain(increase)} %" if metric_named(name).multiplicative else _plain(decrease)


def _plain(value: float | None) -> str:
    """Three digits that count, or two decimals."""
    if value is None:
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 else 3
    return f"{value:.{digits}f}".replace("-", "−")


def _proportion(row: Row) -> str:
    return str(proportion(row["count"], row["of"]))


def _list(values: Sequence[float]) -> str:
    *first, last = [f"{value:g}" for value in values]
    return f"{', '.join(first)} or {last}" if first else last
