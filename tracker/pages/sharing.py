"""Sharing a report with its patient: issued, linked with a PIN that is shown once, listed, and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.issue_records import IssuedReport
from tracker.clinic.patient_links import NewLink, PatientLink
from tracker.clinic.records import View
from tracker.errors import TrackerError
from tracker.pages.access import is_in_emergency, is_visitor, may
from tracker.pages.frame import complain, day_text, link, plain
from tracker.pages.invited import origin, say_where_it_opens
from tracker.pages.notices import say
from tracker.web.links import issued_url

_NEW = "new-link"
NOT_SHARED = "The patient has not agreed to results being shared. Ask for that consent first."
ONCE = (
    "This is shown once. Send the link, and tell the PIN in another way, such as by phone: whoever has both sees the "
    "report."
)


def share_section(clinic: Clinic, view: View) -> None:
    """Show what was shared of a view, and share its present report."""
    if not may(clinic, Verb.ISSUE) or view.is_control or is_in_emergency(clinic, clinic.patient(view.patient_id)):
        return
    with st.expander("Share with the patient", icon=":material/share:", expanded=_NEW in st.session_state):
        if is_visitor(clinic):
            st.caption("In the demonstration nothing is shared: there is nobody to share it with.")
            return
        if not clinic.has_consent(view.patient_id, Purpose.PORTAL, site=view.site):
            st.caption(NOT_SHARED)
            link("record", "Consents", icon=":material/task_alt:", patient=view.patient_id)
        else:
            _share(clinic, view)
        _new_link()
        _shared(clinic, view)


def _share(clinic: Clinic, view: View) -> None:
    st.caption("The report is kept as it is now; what is measured later does not change it.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Share the present report", type="primary", icon=":material/send:", key=f"issue-{view.id}"):
            try:
                with st.spinner("Making the report…"):
                    issued = clinic.issue_report(view.id)
                    st.session_state[_NEW] = clinic.issue_link(issued.id)
            except TrackerError as error:
                complain(error)
                return
            st.rerun()
        link("patient-view", "What the patient will read", icon=":material/person:", view=view.id)


def _new_link() -> None:
    """The link that was just made; nobody can be shown it again."""
    new = st.session_state.pop(_NEW, None)
    if not isinstance(new, NewLink):
        return
    with st.container(border=True, key="new-link"):
        st.markdown(f"**The link works once, until {day_text(new.expires_at.date())}**")
        st.code(f"{origin()}/r/{new.token}", language=None, wrap_lines=True)
        say_where_it_opens()
        st.markdown("**PIN**")
        st.code(new.pin, language=None)
        st.caption(ONCE)


def _shared(clinic: Clinic, view: View) -> None:
    reports = [report for report in clinic.issued_reports(view.patient_id) if report.view_id == view.id]
    if not reports:
        return
    links = clinic.links(view.patient_id)
    for report in reports:
        with st.container(border=True, key=f"issued-{report.id}"):
            _report(clinic, report, [each for each in links if each.report_id == report.id])


def _report(clinic: Clinic, report: IssuedReport, links: Sequence[PatientLink]) -> None:
    withdrawn = f", taken back on {day_text(report.withdrawn_at.date())}" if report.withdrawn_at else ""
    st.markdown(f"**Version {report.version}**, shared on {day_text(report.issued_at.date())}{withdrawn}")
    st.caption(plain(report.story.headline))
    with st.container(horizontal=True):
        st.link_button("As it was shared", issued_url(report.id), icon=":material/download:")
        if not report.is_withdrawn:
            if st.button("New link", key=f"link-{report.id}", icon=":material/link:"):
                st.session_state[_NEW] = clinic.issue_link(report.id)
                st.rerun()
            if st.button("Take it back", key=f"withdraw-{report.id}", icon=":material/undo:"):
                clinic.withdraw_report(report.id)
                say("The patient does not see this report any more.")
                st.rerun()
    for each in links:
        _link(clinic, each)


def _link(clinic: Clinic, known: PatientLink) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(plain(link_words(known, datetime.now(UTC))), width="stretch")
        lives = known.revoked_at is None and known.expires_at > datetime.now(UTC)
        if lives and st.button("End it", key=f"revoke-{known.id}", type="tertiary", icon=":material/link_off:"):
            clinic.revoke_link(known.id)
            say("The link is closed.")
            st.rerun()


def link_words(known: PatientLink, now: datetime) -> str:
    """How far a link has come, in words."""
    made = f"Link of {day_text(known.issued_at.date())}"
    if known.revoked_at is not None:
        return f"{made}: ended on {day_text(known.revoked_at.date())}"
    if known.used_at is not None:
        return f"{made}: opened on {day_text(known.used_at.date())}, {known.views} of {known.most_views} looks"
    if now >= known.expires_at:
        return f"{made}: not used, and over since {day_text(known.expires_at.date())}"
    return f"{made}: not opened yet, until {day_text(known.expires_at.date())}"
