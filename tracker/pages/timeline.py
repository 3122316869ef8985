"""One metric over the sessions of a view: the chart, and under it every session in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from tracker.clinic.records import View
from tracker.measurement import Role
from tracker.pages.chart import show_chart
from tracker.pages.frame import day_text, on_phone, plain
from tracker.pages.verdict import VERDICTS
from tracker.report import Report, change_text, detectable_text, provisional_note, value_sentence
from tracker.timeline import Change, MetricTimeline


def show_timeline(view: View, report: Report) -> None:
    """Show one metric of a view over its sessions, as a chart and session by session."""
    lines = {line.metric.name: line for line in (*report.leading, *report.further)}
    if not lines:
        return
    titles = {name: plain(_title(line)) for name, line in lines.items()}
    name = next(iter(lines))
    if len(lines) > 1:
        name = st.pills("Metric", list(lines), default=name, required=True, format_func=titles.__getitem__)
    line = lines[name]
    control = report.untreated(line)
    show_chart(line, control, key=f"chart-{view.id}-{name}")
    if on_phone():
        _list(_rows(line))
    else:
        st.table(_rows(line), border="horizontal")
    note = provisional_note(line.changes)
    if note:
        st.caption(note)


def _title(line: MetricTimeline) -> str:
    return f"{line.metric.title} (experimental)" if line.metric.role is Role.EXPERIMENTAL else line.metric.title


def _rows(line: MetricTimeline) -> list[dict[str, str]]:
    """One row per session, in words that `tracker.report` made."""
    values = {s.taken_on: value_sentence(s, line) for s in line.sessions}
    changes = {c.taken_on: c for c in line.changes}
    rows = []
    for day in sorted(values.keys() | changes.keys()):
        change = changes.get(day)
        rows.append(
            {
                "Session": day_text(day),
                "Value (± 95 %)": values.get(day, "–"),
                "Change (95 % interval)": change_text(change) or "–" if change else "–",
                "Detectable": detectable_text(change) or "–" if change else "–",
                _judged(line): _verdict(change) if change else "baseline",
            }
            | _beside(line, day)
        )
    return rows


def _beside(line: MetricTimeline, day: date) -> dict[str, str]:
    """The verdict beside the untreated side, in a column of its own where there is one."""
    if line.relative is None or not line.relative.changes:
        return {}
    change = line.relative.on(day)
    words = f"{VERDICTS[change.verdict][0]}, {change_text(change)}" if change else "–"
    return {"Relative to the untreated side": words}


def _judged(line: MetricTimeline) -> str:
    """What the verdicts of the table are of: the headline may rest on both sides."""
    return "Verdict, this side alone" if line.relative and line.relative.changes else "Verdict"


def _list(rows: Sequence[dict[str, str]]) -> None:
    """The table for a phone: a session in a few lines."""
    for row in rows:
        with st.container(gap=None):
            st.markdown(f"**{row['Session']}**")
            st.markdown(next(text for name, text in row.items() if name.startswith("Verdict")))
            if row.get("Relative to the untreated side", "–") != "–":
                st.caption(plain(f"Relative to the untreated side: {row['Relative to the untreated side']}"))
            st.caption(
                plain(
                    "  ·  ".join(row[name] for name in ("Value (± 95 %)", "Change (95 % interval)") if row[name] != "–")
                )
            )


def _verdict(change: Change) -> str:
    words = f"**{VERDICTS[change.verdict][0]}**"
    return f"{words}: {plain(change.reason)}" if change.reason else words
