"""What the simulated courses say, as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks import courses
from benchmarks.findings import Findings
from benchmarks.markdown import percent, table
from tracker.metrics import metric_named

_FALSE, _POWER, _COVER = 0.05, 0.80, (0.93, 0.97)


def section(found: Findings) -> str:
    """Markdown; nothing if it was not simulated."""
    if not found:
        return ""
    tables = "\n\n".join(
        f"**{metric_named(name).title}** ({'ratios' if metric_named(name).multiplicative else 'differences'}):\n\n"
        f"{_table(rows)}"
        for name, rows in found["scenarios"].items()
    )
    return f"""\
## What a report says of whole courses

{found["courses"]} courses of each kind, drawn and not photographed: {found["sessions"]} sessions in
{courses.DAYS[-1]} days with {found["shots"]} photos each. Sessions differ by the spread of the set-up, photos of a
session by a part of it, and the two sides of a body share what differs between sessions with a correlation of
{courses.SIDES:g}. MDC95 is that of one session against the baseline, known from a study; the *provisional* column
judges the same courses without one, believing no gain from two photos. What is counted is the last session of the
course: that is what the headline is about.

{tables}

Where nothing changes on the treated side (the first row and that of missing sessions), a claim is false; beside the
untreated side it is also false where both sides change alike (drift, camera). {_verdict(found)}

Without an untreated side a drift or another camera is called a change about as often as a change of the skin of that
size: the skin, or its photo, did change, and nothing in one side can tell why. *At any visit*: looking at every session
and taking the worst, unchanged skin is called changed in {_worst(found)} of the courses. That is why the headline is
about the last session, and why the plot shows the band. *Trend*: the slope over the whole course is told from none
(Theil–Sen and Mann–Kendall), at 5 %."""


def _table(rows: Findings) -> str:
    header = [
        "what happens", "called changed", "provisional", "beside the untreated side", "interval holds the truth",
        "beside, holds", "at any visit", "trend",
    ]  # fmt: skip
    body = [[courses.SCENARIOS[key].title, *_row(row)] for key, row in rows.items()]
    return table(header, body)


def _row(row: Findings) -> list[str]:
    shares = (
        row["alone"]["claimed"], row["provisional"]["claimed"], row["beside"]["claimed"],
        row["alone"]["held"], row["beside"]["held"], row["at_any_visit"], row["trend"],
    )  # fmt: skip
    return [percent(_share(share), 1) for share in shares]


def _share(found: Any) -> float:
    return float(found["count"]) / float(found["of"])


def _worst(found: Findings) -> str:
    return percent(max(_share(rows["null"]["at_any_visit"]) for rows in found["scenarios"].values()))


def _verdict(found: Findings) -> str:
    """What is missed of 5 % false claims, 80 % power at twice the limit, and 93 to 97 % coverage."""
    missed = []
    for name, rows in found["scenarios"].items():
        for key, row in rows.items():
            title = f"{metric_named(name).title.lower()}, {courses.SCENARIOS[key].title}"
            one_sided = key in ("null", "missing")
            both_alike = one_sided or key in ("drift", "camera")
            if one_sided and _share(row["alone"]["claimed"]) > _FALSE:
                missed.append(f"{title}: {percent(_share(row['alone']['claimed']), 1)} false claims")
            if both_alike and _share(row["beside"]["claimed"]) > _FALSE:
                missed.append(f"{title}, beside: {percent(_share(row['beside']['claimed']), 1)} false claims")
            if key.endswith("_2") and _share(row["alone"]["claimed"]) < _POWER:
                missed.append(f"{title}: power {percent(_share(row['alone']['claimed']))}")
            for which in ("alone", "beside"):
                held = _share(row[which]["held"])
                if not _COVER[0] <= held <= _COVER[1]:
                    missed.append(f"{title}, {which}: {percent(held, 1)} covered")
    wanted = "At most 5 % false claims, 80 % power at twice the limit and 93 to 97 % coverage are wanted"
    return f"{wanted}; missed: {'; '.join(missed)}." if missed else f"{wanted}, and met by all."
