"""What the findings on repeatability say, as Markdown."""

from __future__ import annotations

from textwrap import fill

from benchmarks.findings import Findings
from benchmarks.gate_page import gate_section
from benchmarks.markdown import NONE, counts, percent, picture, table
from benchmarks.repeatability_limits import coverage_missed, shortfalls
from benchmarks.repeatability_words import (
    by_skin,
    each,
    filled,
    interval,
    listed,
    mdc,
    plain,
    proportion_of,
    span,
    subject,
    symbol,
    with_unit,
)
from benchmarks.studied import REPEATED

WIDTH = 120


def sections(findings: Findings) -> str:
    """The sections on repeatability, from stored findings; the same findings give the same text."""
    makers = (
        _design, _outdated, _tones, _spread, _finer, _ungated, _alarms, _agreement, _response, _averaged, gate_section,
        _short,
    )  # fmt: skip
    parts = [make(findings) for make in makers]
    return "\n\n".join(part for part in parts if part) + "\n"


def _outdated(findings: Findings) -> str:
    """Methods that have a newer version than the one that was photographed again."""
    now = {metric.method for metric in REPEATED}
    old = [method for method in findings.get("methods", ()) if method not in now]
    if not old:
        return ""
    names = ", ".join(f"`{method}`" for method in old)
    return fill(
        f"**Measured with {names}**, of which there is a newer version by now: what this page says of the "
        "repeatability, false alarms, coverage and gate of these holds for the old one.",
        WIDTH,
    )


def _design(findings: Findings) -> str:
    plan = findings["design"]
    some = plan["changed"]
    changed = " and ".join(map(str, some)) if isinstance(some, list) else some
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
{plan["skins"]} rendered skins per scene (melanin {listed(plan["melanin"])} of the epidermis; mottling
{listed(plan["mottling"])} and dimples of {listed(plan["depth"])} mm on the thigh; {listed(plan["excess"])} times the
pigment or the blood of its surroundings in the patch) are each photographed once as a reference and
{plan["sessions"]} times on another day, unchanged, with lamp, camera and soft tissue drawn anew from the rig
(MEASUREMENT.md §2, A1). {changed} of them are photographed changed as well, and {plan["replicated"]} of them
{plan["replicates"]} times more in the same session. Every photo goes through the program as a file: alignment, gate,
values, interval and verdict. Photos have {sizes} pixels, a fraction of a phone's, so that hundreds of pairs take
minutes. Pairs of one skin share their reference, so they are clustered: the exact intervals of proportions below
take pairs as independent and are somewhat too narrow. "By skin" beside them draws whole skins instead (bootstrap;
where nothing or everything counts, the exact interval of as many trials as there are skins). Every pair stands in
`benchmarks/results/repeatability.json` under `pairs`: skin, kind, share left, change, stated MDC95, truth, and r for
refused, a for told as a change, c for an interval that holds the truth."""
    return f"""## Repeatability

{filled(intro)}

{table(["scene, rig", "later photos", "not aligned", "codes", "references retaken"], references)}"""


def _tones(findings: Findings) -> str:
    if not findings.get("tones"):
        return ""
    rows = [
        [
            f"{row['scene']}, {row['melanin']:g}", str(row["courses"]), str(row["without"]), str(row["retaken"]),
            str(row["photos"]), str(row["not_aligned"]), _by_metric(row["refused"]), _by_metric(row["alarms"]),
        ]
        for row in findings["tones"]
    ]  # fmt: skip
    head = ["scene, melanin", "series", "no reference", "references retaken", "later photos", "not aligned", "refused",
            "false alarms"]  # fmt: skip
    return f"""### By tone of the skin

{
        filled(f'''
Unchanged skin, all rigs together: a series is one skin with one rig. A reference that the program refuses is taken
again up to {findings["design"]["retakes"]} times; a series without one gives no later photos, so the darkest skin
counts for less in what follows wherever it is refused here.''')
    }

{table(head, rows)}"""


def _by_metric(of: dict[str, int]) -> str:
    return counts({symbol(name): count for name, count in of.items() if count})


def _spread(findings: Findings) -> str:
    rows = []
    for name, rig, row in each(findings["spread"]):
        low, high = row["s_w_interval"]
        rows.append([
            subject(name, rig), f"{row['let_through']} of {row['photos']}", with_unit(name, row["s_w"]),
            interval(name, low, high), mdc(name, row["mdc95"], row["mdc95_increase"]),
            span(row.get("mdc95_interval")), plain(row["claimed_mdc95"]), plain(row["claimed_over_real"]),
            with_unit(name, row["photo_uncertainty"]),
        ])  # fmt: skip
    head = [
        "metric, rig",
        "compared",
        "s_w",
        "95 % interval",
        "MDC95",
        "95 % interval",
        "MDC95 stated",
        "stated / real",
        "u of a photo",
    ]
    return f"""### Spread of unchanged skin, and the smallest detectable change

s_w is the standard deviation between sessions of one skin (one-way analysis of variance, the reference counted as a
session), over the photos that the program compares: that is what a clinic gets. MDC95 = 2.77 s_w. Relief changes are
ratios: its s_w is in per cent (100 times that of the logarithm), its MDC95 is what a decrease and an increase must
exceed (the interval beside it is of a decrease). "Stated" is the median MDC95 that the program prints, from the
provisional spread between sessions (`Metric.session_sd`, one value for every rig) and the photos' own uncertainty;
above 1 in the next column it claims less than it could, below 1 it claims too much. Skin that breathes, warms up and
tenses is not rendered: a stated MDC95 above the rendered one leaves room for that, one below leaves none. "u of a
photo" is what the program knows from one photo alone: it cannot see what differs between sessions.

{picture("validation-repeatability", "Smallest detectable change, real and stated, for each metric and rig")}

{table(head, rows)}"""


def _finer(findings: Findings) -> str:
    skins, rows, columns = findings["design"]["finer"]
    if not findings["finer"]:
        return ""
    body = [
        [symbol(name), with_unit(name, usual), with_unit(name, fine)]
        for name, (usual, fine) in findings["finer"].items()
    ]
    return f"""### In finer pixels

Colours of small patches, of skin and of the chart, suffer from coarse pixels and from the coarser chroma of JPEG. s_w
of {skins} of the skins on the marked floor as above, and in photos of {columns} × {rows}: where the second is smaller,
what stands above and below is worse than a phone's photo would be.

{table(["metric", "s_w above", f"{columns} × {rows}"], body)}"""


def _ungated(findings: Findings) -> str:
    rows, tone = [], []
    for name, rig, row in each(findings["spread"]):
        refused = 1 - row["let_through"] / row["photos"] if row["photos"] else None
        gate = findings["alarms"][name][rig]
        rows.append([
            subject(name, rig), percent(refused), proportion_of(gate["harmful_refused"]),
            proportion_of(gate["harmless_refused"]), plain(row["mdc95"]), plain(row["mdc95_ungated"]),
        ])  # fmt: skip
        if "mdc95_without_chart" in row:
            tone.append([subject(name, rig), plain(row["mdc95"]), plain(row["mdc95_without_chart"])])
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
    rows, coverage = [], []
    for name, rig, row in each(findings["alarms"]):
        skins = row["skins_with_alarm"]
        rows.append([
            subject(name, rig), proportion_of(row["alarms"]), by_skin(row.get("alarms_by_skin")),
            f"{skins[0]} of {skins[1]}", proportion_of(row["alarms_ungated"]),
        ])  # fmt: skip
        changed = findings["response"][name][rig]
        coverage.append([
            subject(name, rig), proportion_of(row["covered"]), by_skin(row.get("covered_by_skin")),
            coverage_missed(row["covered"]) or "as wanted" if row["covered"]["of"] else NONE,
            proportion_of(changed["covered"]), by_skin(changed.get("covered_by_skin")),
            coverage_missed(changed["covered"]) or "as wanted" if changed["covered"]["of"] else NONE,
        ])  # fmt: skip
    head = ["metric, rig", "false alarms", "by skin, %", "on skins", "without the gate"]
    cover = ["metric, rig", "unchanged", "by skin, %", "which is", "changed", "by skin, %", "which is"]
    return f"""### False alarms and coverage

A false alarm is a verdict of *better*, *worse* or *changed* on skin that did not change; at most 5 to 7 % are wanted.
Each with its exact 95 % interval and the counts, and with the interval by skin. What the program sets aside because
pigment and redness disturb each other is in neither.

{picture("validation-false-alarms", "False alarms for each metric and rig")}

{table(head, rows)}

Coverage is the share of pairs whose stated 95 % interval holds the true change; 93 to 97 % are wanted: below, the
intervals are too narrow, above they are too cautious, and changes are missed.

{table(cover, coverage)}"""


def _agreement(findings: Findings) -> str:
    if not findings.get("agreement"):
        return ""
    rows = [
        [
            subject(name, rig), f"{row['pairs']} of {row['skins']}", plain(row["icc"]), with_unit(name, row["bias"]),
            interval(name, row["limits"][0], row["limits"][1], between=" to "),
        ]
        for name, rig, row in each(findings["agreement"])
    ]  # fmt: skip
    return f"""### Agreement between sessions

Unchanged skin that the program compares. ICC is that of single values, absolute agreement, from one-way analysis of
variance: no session is shared by two skins. It depends on how much these skins differ, and skin that differs so widely
flatters it; s_w and MDC95 do not. Bias and limits (bias ± 1.96 standard deviations) are Bland and Altman's, of later
photo minus reference; relief in per cent of the logarithm.

{table(["metric, rig", "pairs of skins", "ICC", "bias", "95 % limits"], rows)}"""


def _response(findings: Findings) -> str:
    rows = []
    for name, rig, row in each(findings["response"]):
        line, wrong = row["line"], row["wrong_direction"]
        rows.append([
            subject(name, rig), f"{row['told']} of {row['photos']}", plain(line["slope"]), plain(line["r2"]),
            plain(row["typical_true_over_mdc95"]), plain(row["seen_in_80_percent"]),
            plain(row["largest_true_change"]), f"{wrong[0]} of {wrong[1]}",
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
that was tried does not reach it. "Wrong direction" counts stated changes against the truth. ΔMI is judged on patches
of pigment, ΔEI′ and Δa* on those of blood, tone on both. The figure groups pairs of like true change, with the pairs
of each group and exact 95 % intervals.

{picture("validation-power", "Share of pairs told as a change, over the true change")}

{table(head, rows)}"""


def _averaged(findings: Findings) -> str:
    rows = []
    for name, rig, row in each(findings["averaged"]):
        if row["s_shot"] is None:
            continue
        # Findings of before "resolved" was stored put the session at nothing where it could not be told.
        resolved = row.get("resolved", row["s_session"] != 0)
        steps = [plain(row["mdc95"][str(n)]) if resolved else "not resolved" for n in (2, 3)]
        single = findings["spread"][name][rig]
        between = with_unit(name, row["s_session"]) if resolved else "not resolved"
        rows.append([
            subject(name, rig), with_unit(name, row["s_shot"]), str(row["s_shot_freedom"]),
            with_unit(name, single["s_w"]), str(row.get("s_w_freedom", NONE)), between, plain(single["mdc95"]), *steps,
        ])  # fmt: skip
    head = ["metric, rig", "s between shots", "df", "s_w", "df", "s between sessions", "MDC95, r = 1", "r = 2", "r = 3"]
    return f"""### Averaging shots of one session

Lamp and skin stay where they are, the camera is put back and the tissue settles anew. What differs between sessions
beyond that is not averaged away: MDC95 = 2.77 √(s_session² + s_shot² / r), with s_session² = s_w² − s_shot². df is
degrees of freedom: shots are few. Where s between shots is not below s_w, so few do not tell the two apart, and what
an average would give is not resolved.

{table(head, rows)}"""


def _short(findings: Findings) -> str:
    missed = shortfalls(findings)
    listed = (
        "\n".join(fill(f"- {sentence}", 120, subsequent_indent="  ") for sentence in missed)
        or "- Nothing that was looked for."
    )
    return f"""### Where repeatability falls short

{listed}"""
