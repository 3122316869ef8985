"""Progress: every session of a view over time, what was left out and why, and the report to take away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.chart import show_chart
from tracker.pages.choice import choose_view
from tracker.pages.frame import day_text, link, on_phone, plain
from tracker.pages.photos import photo_rows
from tracker.pages.verdict import VERDICTS
from tracker.pages.work import show_work
from tracker.report import PROVISIONAL_NOTE, Report, change_text, detectable_text, headline, value_sentence
from tracker.reports import FORMATS
from tracker.timeline import Change, MetricTimeline
from tracker.web.downloads import suffix_of
from tracker.web.links import report_url


def page(clinic: Clinic) -> None:
    """Show the timeline of a view."""
    view = choose_view(clinic, "Progress", key="progress")
    if view is None:
        return
    show_work(clinic)
    photos = clinic.photos(view.id)
    report = clinic.report(view.id)
    if report is None:
        st.info("Nothing has been measured in this view yet.")
        link("session", "Add a session", icon=":material/add_a_photo:", view=view.id)
    else:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"#### {plain(headline(report))}", width="stretch")
            _downloads(view)
        _timeline(view, report)
    _left_out([p for p in photos if p.state is PhotoState.REJECTED])
    _all(photos)


def _timeline(view: View, report: Report) -> None:
    lines = {line.metric.name: line for line in report.measured}
    if not lines:
        return
    titles = {name: line.metric.title for name, line in lines.items()}
    name = next(iter(lines))
    if len(lines) > 1:
        name = st.pills("Metric", list(lines), default=name, required=True, format_func=titles.__getitem__)
    line = lines[name]
    control = next((c for c in report.control.measured if c.metric.name == name), None) if report.control else None
    show_chart(line, control, key=f"chart-{view.id}-{name}")
    if on_phone():
        _list(_rows(line))
    else:
        st.table(_rows(line), border="horizontal")
    if any(change.mdc_source == "provisional" for change in line.changes):
        st.caption(PROVISIONAL_NOTE)


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
                "Value": values.get(day, "–"),
                "Change (95 % interval)": change_text(change) or "–" if change else "–",
                "Detectable": detectable_text(change) or "–" if change else "–",
                "Verdict": _verdict(change) if change else "baseline",
            }
        )
    return rows


def _list(rows: Sequence[dict[str, str]]) -> None:
    """The table for a phone: a session in a few lines."""
    for row in rows:
        with st.container(gap=None):
            st.markdown(f"**{row['Session']}**")
            st.markdown(row["Verdict"])
            st.caption(
                plain("  ·  ".join(row[name] for name in ("Value", "Change (95 % interval)") if row[name] != "–"))
            )


def _verdict(change: Change) -> str:
    words = f"**{VERDICTS[change.verdict][0]}**"
    return f"{words}: {plain(change.reason)}" if change.reason else words


def _downloads(view: View) -> None:
    with st.popover("Report", icon=":material/download:"):
        for report_format in sorted(FORMATS, key=lambda f: suffix_of(f) != "pdf"):
            suffix = suffix_of(report_format)
            label = f"{report_format.name} ({suffix.upper()})"
            st.link_button(label, report_url(view.id, suffix), icon=":material/download:", width="stretch")


def _left_out(photos: list[StoredPhoto]) -> None:
    if photos:
        st.subheader("Left out", anchor=False)
        st.caption("These photos are kept, but they are not compared.")
        photo_rows(photos)


def _all(photos: Sequence[StoredPhoto]) -> None:
    with st.expander(f"All photos ({len(photos)})", icon=":material/photo_library:"):
        photo_rows(photos)
