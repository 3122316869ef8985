"""What the findings on right and wrong pairs say, as Markdown, and their chart."""

from __future__ import annotations

from typing import Any, Final

import altair as alt

from benchmarks.charts import OURS, QUIET, RIVAL, data
from benchmarks.findings import Findings
from benchmarks.markdown import number, percent, picture, table
from benchmarks.repeatability_words import proportion_of

FIGURE: Final = "validation-roc"
_WORDS: Final = {
    "easy": "same skin, easy",
    "medium": "same skin, medium",
    "hard": "same skin, hard",
    "rendered again": "rendered skin, again",
    "visits": "real visits, same limb",
    "other person, by hand": "other person, by hand",
    "other side": "other person, mirrored",
    "rendered, other person": "rendered skin of another person",
    "rendered, mirrored": "rendered skin, mirrored",
    "visits, other limb": "real visits, other limb",
    "visits, mirrored": "real visits, mirrored",
}


def section(found: Findings) -> str:
    """Markdown; nothing if it was not measured."""
    if not found:
        return ""
    kinds = [
        [
            _WORDS.get(kind, kind), "yes" if row["right"] else "no", proportion_of(row["accepted"]),
            *(number(value, 1) for value in row["strength"]),
        ]
        for kind, row in found["kinds"].items()
    ]  # fmt: skip
    curves = [
        [
            words, f"{row['right']} / {row['wrong']}", number(row["auc"], 4), percent(row["recall_at"]["0.0"], 1),
            percent(row["recall_at"]["0.01"], 1), number(row["worst_wrong"]), proportion_of(row["accepted_right"]),
            proportion_of(row["accepted_wrong"]),
        ]
        for words, row in (("automatic", found["automatic"]), ("begun by hand", found["by_hand"])) if row
    ]  # fmt: skip
    head = ["start", "right / wrong", "AUC", "right at 0 wrong", "right at 1 % wrong", "strongest wrong"]
    maps = found["maps"]
    without = "" if found["shared"] else " The skins of others and the real visits were not on this machine."
    return f"""\
## Right and wrong pairs

{found["right"]} right and {found["wrong"]} wrong pairs. People of one room share limb, tone, lamp, markers, chart and
what lies about, to the last thread of a towel; only their skin is their own. Later photos differ in everything at once:
easy, medium and hard are up to 8, 15 and 25 % of distance, 5, 10 and 15° of roll, 6, 12 and 20° of tilt, ±0.3, 0.6 and
1 EV, and soft tissue, light, white balance, blur, noise, JPEG and treatment likewise. The rule was set on other
people, its threshold on the real visits too.{without} Wanted: no wrong pair accepted at 97 % or more of the right ones.

{table([*head, "right accepted", "wrong accepted"], curves)}

The curve is that of the strength alone. Accepted is what is stronger than {number(found["accept"], 1)} and within the
limits on overlap, folding and rival motions. Of the {maps["pairs"]} accepted pairs whose truth is known the median
error is {number(maps["median"])}, the 90th percentile {number(maps["p90"])} thousandths of the width;
{maps["wrong"]} are wrong by more than 5.

{picture(FIGURE, "Share of right pairs accepted over the share of wrong pairs accepted, for all thresholds")}

{table(["pairs", "same skin", "accepted", "strength: least", "5 %", "median", "95 %", "most"], kinds)}"""


def figure(found: Findings) -> Any:
    """The trade between wrong and right pairs, beside the strengths it comes from."""
    return alt.hconcat(_curve(found), _strengths(found), spacing=24)


def _curve(found: Findings) -> Any:
    points = found["automatic"]["points"]
    least = 0.5 / found["automatic"]["wrong"]  # stands for none on the logarithmic axis
    records = [
        {"wrong": max(least, wrong), "right": right, "threshold": threshold}
        for threshold, wrong, right in zip(
            points["threshold"], points["wrong_accepted"], points["right_accepted"], strict=True
        )
    ]
    chosen = found["automatic"]
    mark = {"wrong": max(least, chosen["accepted_wrong"]["share"]), "right": chosen["accepted_right"]["share"]}
    x = alt.X(
        "wrong:Q",
        scale=alt.Scale(type="log", domain=[least, 1]),
        axis=alt.Axis(format="~%"),
        title="wrong pairs accepted, logarithmic; leftmost is none",
    )
    y = alt.Y("right:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"), title="right pairs accepted")
    line = alt.Chart(data(records)).mark_line(color=OURS).encode(x=x, y=y, order="threshold:Q")
    dot = alt.Chart(data([mark])).mark_point(color=RIVAL, filled=True, size=80).encode(x=x, y=y)
    return (line + dot).properties(width=260, height=260)


def _strengths(found: Findings) -> Any:
    records = [
        {
            "pairs": _WORDS.get(kind, kind), "skin": "same" if row["right"] else "other", "low": row["strength"][0],
            "high": row["strength"][4], "middle": row["strength"][2],
        }
        for kind, row in found["kinds"].items()
    ]  # fmt: skip
    colour = alt.Color("skin:N", scale=alt.Scale(domain=["same", "other"], range=[OURS, RIVAL]), title="skin")
    base = alt.Chart(data(records)).encode(
        y=alt.Y("pairs:N", sort=[record["pairs"] for record in records], title=None), color=colour
    )
    bar = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", title="strength: least, median, most"), x2="high:Q")
    dot = base.mark_point(filled=True, size=50).encode(x="middle:Q")
    limit = alt.Chart(data([{"at": found["accept"]}])).mark_rule(color=QUIET, strokeDash=[4, 3]).encode(x="at:Q")
    return (limit + bar + dot).properties(width=300, height=260)
