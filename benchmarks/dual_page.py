"""What the findings on pairs with dual light say, as Markdown."""

from __future__ import annotations

from benchmarks import dual
from benchmarks.dual_scenes import RIVAL, SINGLE
from benchmarks.findings import Findings
from benchmarks.markdown import counts, number, percent, table
from tracker.metrics import metric_named


def section(found: Findings) -> str:
    """Markdown of the part; nothing where it was not measured."""
    if not found:
        return ""
    return f"""\
## Relief from pairs with dual light

{found["pairs"]} pairs of rendered thighs of all tones with 3 % gloss, a card with a relief gauge beside them. Within a
pair nothing moves but the lamp (second lamp within {dual_spread()} of the opposite of the first); between sessions
camera, lamp, tissue and exposure are set up anew. Every photo is a JPEG, and pairs are found, aligned and compared by
the program. Refused: {counts(found["refused"])}. Declined: {counts(found["declined"])}.

{_agreement(found)}

Truth of the strength is κ times the true slope under the lamps of the reference; truth of the depth index is the true
height in the band of 10 to 60 mm in *every* direction, though only slopes along the lamps are seen. Truth of the depth
of a dimple is that of its middle below flat skin, of which the band holds a part: its slope is below 1 by design.

{_changes(found["changes"])}

{_tones(found["by_tone"])}

{_dimples(found["dimples"])}

{_rivals(found["rival"])}

{_null(found["null"])}"""


def dual_spread() -> str:
    """How far the second lamp may stand from where it should."""
    from benchmarks.dual_scenes import BETWEEN

    return f"{BETWEEN[0]:g}° of height and {BETWEEN[1]:g}° of direction (SD)"


def _agreement(found: Findings) -> str:
    rows = [
        [
            f"`{name}`", str(row["n"]), number(row["slope"]), number(row["bias"], signed=True), number(row["r2"], 3),
            number(row["rmse"]),
        ]
        for name, row in found["metrics"].items()
    ]  # fmt: skip
    return table(["metric", "n", "slope", "bias", "R²", "RMS error"], rows)


def _changes(found: Findings) -> str:
    strength, depth = found["dual_relief"], found["dual_depth"]
    return (
        f"**Changes.** Of the strength: slope {number(strength['slope'])}, R² {number(strength['r2'], 3)}, RMS error "
        f"{number(strength['rmse'], 1)} points;\nof the depth index: slope {number(depth['slope'])}, R² "
        f"{number(depth['r2'], 3)}, RMS error {number(depth['rmse'])} mm ({strength['n']} changes)."
    )


def _tones(tones: list[Findings]) -> str:
    rows = [
        [f"{tone['tone']:g}", str(tone["sessions"])]
        + [number(tone[name][key], 1, signed=key == "bias") for name in dual.TRUE for key in ("bias", "rms")]
        for tone in tones
    ]
    head = ["melanosome fraction", "sessions", "strength: bias, %", "RMS, %", "depth: bias, %", "RMS, %"]
    return f"{table(head, rows)}\n\n{_worst(tones)}"


def _worst(tones: list[Findings]) -> str:
    ratios = [f"{name} {number(worst_ratio(tones, name), 1)}" for name in dual.TRUE]
    return f"Worst tone over best, RMS error: {', '.join(ratios)} (wanted: at most 1.5)."


def worst_ratio(tones: list[Findings], name: str) -> float | None:
    """RMS error of the worst tone over that of the best."""
    errors = [tone[name]["rms"] for tone in tones if tone[name]["rms"]]
    return max(errors) / min(errors) if errors else None


def _dimples(found: Findings) -> str:
    return (
        f"**Dimples** on {found['skins']} skins without undulation: {found['there']} are there, {found['deep']} of "
        f"them {dual.DEEP:g} mm deep or more, of which {found['found_deep']} were\nfound; {found['extra']} were found "
        f"where there is none. F1 from {dual.DEEP:g} mm on is {number(found['f1_deep'])}, the bias of the count "
        f"{number(found['count_bias'], 0, signed=True)} %. Where the\nskin undulates, its hollows are counted too."
    )


def _rivals(found: Findings) -> str:
    titles = {"dual_relief": "pair: strength", "dual_depth": "pair: depth index", SINGLE: "one photo: relief",
              RIVAL: "one photo: band-passed luminance"}  # fmt: skip
    ours = 1 - (found["dual_relief"]["r2"] or 0.0)
    rows = [
        [
            titles[name], number(row["r2"], 3), number(row["r2_height"], 3),
            number((1 - row["r2"]) / ours, 1) if row["r2"] is not None and ours else "–",
        ]
        for name, row in found.items()
    ]  # fmt: skip
    return "On the same images, over all tones and pigments:\n\n" + table(
        ["measure", "R² with the true strength", "R² with the true height", "unexplained, over ours"], rows
    )


def _null(found: Findings) -> str:
    rows = [
        [
            f"{rig}: {metric_named(name).symbol}", f"{row['compared']}/{row['n']}", number(row["s_w"], 3),
            number(row["mdc95"], 3), percent(row["changed"]["share"]), percent(row["covered"]["share"]),
        ]
        for rig, metrics in found.items() for name, row in metrics.items()
    ]  # fmt: skip
    return (
        "**Unchanged skin**, set up anew. s_w and MDC95 are in the unit of the metric, in logarithms for Rsh and "
        "Rdual; *compared* is\nhow many sessions gave a change at all.\n\n"
        + table(["rig: metric", "compared", "s_w", "MDC95", "called changed", "interval holds 0"], rows)
    )
