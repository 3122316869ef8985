"""What became of the photos that were just stored: waiting, measured with a verdict, or left out with a reason."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import date

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.pages.frame import link, plain
from tracker.pages.photos import photo_rows
from tracker.pages.verdict import verdict_card
from tracker.pages.work import EVERY_SECONDS
from tracker.report import Report, headline

STORED = "stored"


def remember_stored(view: View, photo_ids: Sequence[str]) -> None:
    """Keep the ids of the photos to follow; a second drop on the same view adds to them."""
    known: dict[str, list[str]] = st.session_state.setdefault(STORED, {})
    before = known.get(view.id, [])
    known[view.id] = before + [photo_id for photo_id in photo_ids if photo_id not in before]


def stored_number(view: View) -> int:
    """How many photos of a view were stored in this sitting."""
    return len(st.session_state.get(STORED, {}).get(view.id, ()))


def show_outcome(clinic: Clinic, view: View) -> None:
    """Show the photos stored in this sitting, and keep looking while one of them waits."""
    photos = _followed(clinic, view)
    if not photos:
        return
    st.subheader("Stored", anchor=False)
    waiting = any(p.state is PhotoState.WAITING for p in photos)
    st.fragment(run_every=EVERY_SECONDS if waiting else None)(_show)(clinic, view, waiting=waiting)


def _show(clinic: Clinic, view: View, *, waiting: bool) -> None:
    photos = _followed(clinic, view)
    if waiting and all(p.state is not PhotoState.WAITING for p in photos):
        st.rerun()
    days = {p.taken_on for p in photos if p.state is PhotoState.MEASURED}
    report = clinic.report(view.id) if days else None
    if report is not None:
        _verdict(report, view, days)
    photo_rows(photos, checks={p.digest: p.checks for p in report.photos} if report is not None else {})
    if not view.is_control:
        link("record", "Write down the treatment", icon=":material/vaccines:", patient=view.patient_id)


def _verdict(report: Report, view: View, days: Set[date]) -> None:
    """The first metric of the latest of these sessions; the rest is one click away."""
    if report.primary is None:
        st.markdown(plain(headline(report)))
        return
    changes = [c for c in report.primary.changes if c.taken_on in days]
    if changes:
        verdict_card(report.primary, changes[-1])
        link("compare", "Compare with the baseline", icon=":material/compare:", view=view.id)


def _followed(clinic: Clinic, view: View) -> list[StoredPhoto]:
    ids = st.session_state.get(STORED, {}).get(view.id, ())
    return [p for p in clinic.photos(view.id) if p.id in ids] if ids else []
