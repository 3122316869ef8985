"""A verdict as a card, and the checks it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import streamlit as st

from tracker.measurement import Metric, Role
from tracker.metrics import METRICS
from tracker.pages.frame import day_text, plain
from tracker.quality import Check, Status
from tracker.quality.check import ALL_METRICS
from tracker.report import (
    TONE_NOTE,
    Report,
    area_sentence,
    detectable_text,
    found_text,
    group_sentence,
    is_absolute_colour,
    metric_titles,
    practitioner_sentence,
    stopped_text,
    uncertainty_parts,
    value_sentence,
    why_not_measured,
    without_title,
)
from tracker.reports.typography import unbroken
from tracker.timeline import Change, MetricTimeline, SessionValue, Verdict

Colour = Literal["green", "red", "blue", "gray", "orange"]

VERDICTS: dict[Verdict, tuple[str, str, Colour]] = {
    Verdict.BETTER: ("Better", ":material/check:", "green"),
    Verdict.WORSE: ("Worse", ":material/priority_high:", "red"),
    Verdict.CHANGED: ("Changed", ":material/change_history:", "blue"),
    Verdict.NO_MEASURABLE_CHANGE: ("No measurable change", ":material/drag_handle:", "gray"),
    Verdict.NOT_COMPARABLE: ("Not comparable", ":material/block:", "orange"),
}
STATUSES: dict[str, tuple[str, str, Colour]] = {
    Status.OK: ("Good", ":material/check_circle:", "green"),
    Status.WARN: ("Usable, with a remark", ":material/error:", "orange"),
    Status.BLOCK: ("Not usable", ":material/cancel:", "red"),
}

OUTCOMES = {Status.OK: "good", Status.WARN: "usable", Status.BLOCK: "not usable"}


def verdict_badge(verdict: Verdict) -> None:
    """Show a verdict in two words, with a sign that does not need colour."""
    words, icon, colour = VERDICTS[verdict]
    st.badge(words, icon=icon, color=colour)


def status_badge(status: str, words: str | None = None) -> None:
    """Show the outcome of the gate."""
    own, icon, colour = STATUSES[status]
    st.badge(words or own, icon=icon, color=colour)


def verdict_card(line: MetricTimeline, change: Change, beside: str = "", verdict: Verdict | None = None) -> None:
    """Show one metric of one session: verdict, sentence, both values and what the set-up can detect.

    The verdict is that of the change, or another one that rests on more, such as the untreated side.
    """
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                st.markdown(f"**{plain(line.metric.title)}**", width="content")
                if line.metric.role is Role.EXPERIMENTAL:
                    st.badge("experimental", icon=":material/science:", color="gray")
            verdict_badge(verdict or change.verdict)
        st.markdown(unbroken(plain(practitioner_sentence(change, line.metric))))
        if beside:
            st.markdown(unbroken(plain(beside)))
        sessions = {s.taken_on: s for s in line.sessions}
        compared = (line.baseline if change.change is not None else None, sessions.get(change.taken_on))
        facts = [
            f"{' and '.join(map(day_text, session.days))}: {value_sentence(session, line)}"
            for session in compared
            if session is not None
        ]
        if facts:
            facts[-1] += " (± 95 %)"
        if change.mdc95 is not None:
            facts.append(f"smallest detectable change {detectable_text(change)} ({change.mdc_source})")
        if facts:
            st.caption(unbroken(plain("  ·  ".join(facts))))
        if facts and is_absolute_colour(line.metric):
            st.caption(plain(TONE_NOTE))
        if change.taken_on in sessions:
            session = sessions[change.taken_on]
            st.caption(unbroken(plain(area_sentence(session.measurements[-1]))))
            with st.popover("Where the ± comes from", type="tertiary"):
                parts_table(line, session)


def parts_table(line: MetricTimeline, session: SessionValue) -> None:
    """Show the parts of the uncertainty of a session, the largest first."""
    rows = [
        {"From": plain(part.words), "± 95 %": plain(part.text), "Share": plain(f"{100 * part.share:.0f} %")}
        for part in uncertainty_parts(session, line)
    ]
    st.table(rows, border="horizontal")
    st.caption("Share of the variance: parts add as their squares.")


def refused_card(changes: Sequence[Change]) -> None:
    """Show metrics of one session that are not compared for one and the same reason: it is read once."""
    titles = metric_titles(changes)
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{plain(titles[0].upper() + titles[1:])}**", width="content")
            verdict_badge(changes[0].verdict)
        st.markdown(plain(group_sentence(changes)))


def unmeasured_table(report: Report) -> None:
    """Say which metrics these photos do not give, and why."""
    why: dict[str, list[tuple[str, str]]] = {}
    for line in report.timeline.metrics:
        if not line.sessions:
            title, reason = line.metric.title, why_not_measured(report, line)
            why.setdefault(without_title(reason, title), []).append((title, reason))
    rows = [
        {
            "Not measured": plain(", ".join(title for title, _ in found)),
            "Why": plain(found[0][1] if len(found) == 1 else shared),
        }
        for shared, found in why.items()
    ]
    count = sum(len(found) for found in why.values())
    if rows:
        with st.expander(f"Not measured in these photos ({count})", icon=":material/visibility_off:"):
            st.table(rows, border="horizontal")


def checks_table(checks: Iterable[Check], metrics: Sequence[Metric] = METRICS) -> None:
    """Show each check with its value, its limit, what to do, and which of the metrics it stops."""
    rows = [
        {
            "Check": check.check.capitalize(),
            "Found": found_text(check),
            "Should be": plain(check.limit),
            "Outcome": plain(check.advice) or OUTCOMES[check.status],
            "Stops": plain(stopped_text(check, metrics)),
        }
        for check in checks
    ]
    # A column of nothing would take room from words.
    if not any(row["Stops"] for row in rows):
        rows = [{name: value for name, value in row.items() if name != "Stops"} for row in rows]
    st.table(rows, border="horizontal")


def checks_list(checks: Iterable[Check]) -> None:
    """Show each check as a line: a narrow column has no room for a table."""
    for check in checks:
        _, icon, colour = STATUSES[check.status]
        outcome = check.advice or f"{OUTCOMES[check.status].capitalize()}."
        text = plain(f"{check.check.capitalize()}: {found_text(check)}, should be {check.limit}. {outcome}")
        st.caption(f":{colour}[{icon}] {text}")


def worst_check(checks: Iterable[Check]) -> Check | None:
    """The check to be told first: one that stops every metric, then one that stops some, then a warning."""
    told = [check for check in checks if check.status is not Status.OK]
    return min(told, key=lambda c: (c.status is not Status.BLOCK, c.blocks != ALL_METRICS), default=None)
