"""What blinded ratings of a view found, sitting by sitting and together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.ratings import RatingSession
from tracker.clinic.records import StoredPhoto, View
from tracker.measurement import Direction
from tracker.pages.frame import day_text, plain
from tracker.pages.rating_chart import show_shares
from tracker.reader_study import (
    DEPENDENT,
    WHAT_IT_SHOWS,
    Reading,
    agreement_with,
    between,
    between_sentences,
    consensus,
    first_readings,
    later_sentence,
    metric_sentence,
    null_sentence,
    pooled,
    repeat_sentence,
    result_of,
    sensitivity_sentence,
    side_sentence,
)
from tracker.report import Report

#: Whether the results are shown: the next rater must not read them.
SHOWN = "rating-results"


def show_results(clinic: Clinic, view: View, *, go_on: Callable[[str], None]) -> None:
    """Show the sittings over a view.

    Parameters
    ----------
    clinic : Clinic
    view : View
    go_on : callable
        Opens a sitting that is not finished, by its id.
    """
    sessions = clinic.ratings(view.id)
    for session in sessions:
        if not session.is_finished:
            _unfinished(session, go_on)
    finished = [session for session in sessions if session.is_finished]
    if not finished:
        return
    count = "1 sitting" if len(finished) == 1 else f"{len(finished)} sittings"
    if not st.toggle(f"Show what {count} found (not to those who will still rate)", key=SHOWN):
        return
    st.subheader("Results", anchor=False)
    st.caption(f"Asked: {plain(finished[-1].question)}")
    readings = [Reading(session.rater, session.pairs) for session in finished]
    report = clinic.report(view.id)
    _together(readings, report, clinic.photos(view.id))
    _compared(readings, key=f"shares-{view.id}")
    for session, reading in reversed(list(zip(finished, readings, strict=True))):
        _one(session, reading)
    st.caption(WHAT_IT_SHOWS)
    st.caption(DEPENDENT)


def improvements(
    report: Report | None, photos: Sequence[StoredPhoto], pairs: Sequence[tuple[str, str]]
) -> Mapping[frozenset[str], float]:
    """By how much the primary metric is better in the later photo of each pair, in its unit.

    Parameters
    ----------
    report : Report or None
    photos : sequence of StoredPhoto
        Of the view.
    pairs : sequence of (str, str)
        Identifiers of the photos, in any order.

    Returns
    -------
    mapping
        Pairs of which a photo has no value are missing; so are all of a metric of which no direction is better.
    """
    line = report.primary if report else None
    if line is None or line.metric.direction is Direction.NONE:
        return {}
    values = {m.digest: m.value for session in line.sessions for m in session.measurements}
    by_size = line.metric.direction is Direction.TOWARDS_ZERO
    amounts = {p.id: abs(values[p.digest]) if by_size else values[p.digest] for p in photos if p.digest in values}
    days = {p.id: p.taken_on for p in photos}
    found = {}
    for pair in pairs:
        earlier, later = sorted(pair, key=days.__getitem__)
        if earlier in amounts and later in amounts:
            found[frozenset(pair)] = amounts[earlier] - amounts[later]
    return found


def _unfinished(session: RatingSession, go_on: Callable[[str], None]) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(session.rater)}**", width="content")
        done = f"{session.answered} of {len(session.pairs)} answered"
        st.text(f"{day_text(session.started_at.astimezone().date())}, {done}", width="stretch")
        if st.button("Go on", key=f"go-on-{session.id}", icon=":material/play_arrow:"):
            go_on(session.id)


def _together(readings: Sequence[Reading], report: Report | None, photos: Sequence[StoredPhoto]) -> None:
    raters = first_readings(readings)
    judged = consensus(raters)
    measured = improvements(report, photos, [(a, b) for a, b in map(sorted, judged)])
    said = []
    if len(raters) > 1:
        found, together = between(raters), pooled(raters)
        said += [later_sentence(together)] if together else []
        said += between_sentences(found) if found else []
    if report is not None and report.primary is not None:
        said.append(metric_sentence(agreement_with(judged, measured), report.primary.metric.title, raters=len(raters)))
    with st.container(border=True):
        st.markdown("**All raters together**" if len(raters) > 1 else "**Beside the measurement**")
        for sentence in said:
            st.text(sentence)


def _compared(readings: Sequence[Reading], *, key: str) -> None:
    """One row per sitting, where there are several."""
    shares = [(reading.rater, found) for reading in readings if (found := pooled([reading])) is not None]
    if len(shares) < 2:
        return
    named = [(f"{k}. {rater}", found) for k, (rater, found) in enumerate(shares, 1)]
    show_shares(named, key=key)


def _one(session: RatingSession, reading: Reading) -> None:
    result = result_of(reading)
    with st.container(border=True):
        day = day_text(session.started_at.astimezone().date())
        st.markdown(f"**{plain(session.rater)}** · {day}")
        if result.later:
            st.text(later_sentence(result.later))
            st.caption(plain(sensitivity_sentence(result.later)))
        controls = [repeat_sentence(result), side_sentence(result), null_sentence(result)]
        if result.seconds is not None:
            controls.append(f"Median {result.seconds:.0f} s per pair.")
        for sentence in filter(None, controls):
            st.caption(plain(sentence))
