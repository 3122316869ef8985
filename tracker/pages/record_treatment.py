"""Treatments of a patient: what is given today, copied from the last time, and every session so far."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import STAFF
from tracker.clinic.records import Patient, View
from tracker.clinic.treatment_records import NewTreatment, Treatment, expired_warning
from tracker.clinic.visits import SessionDay
from tracker.errors import TrackerError
from tracker.pages.choice import view_label
from tracker.pages.due import money
from tracker.pages.frame import complain, day_text, plain
from tracker.pages.notices import say
from tracker.pages.treatment_form import ask_treatment, line_words

GENERATION, EXPIRED = "treatment", "expired"
ANYWAY = "It was given although a lot is past its last day of use"
PHOTOS_FIRST = "Take the photos first: from the injection on, photos show side effects for some days."


def treatment_section(clinic: Clinic, patient: Patient) -> None:
    """Show the form of today's treatment, then every session."""
    views, past = clinic.views(patient.id), clinic.treatments(patient.id)
    with st.expander("Write down a treatment", icon=":material/vaccines:", expanded=not past):
        st.caption(PHOTOS_FIRST)
        _form(clinic, patient, views, past[0].given if past else None)
    _sessions(clinic, views, clinic.session_days(patient.id), past)


def _form(clinic: Clinic, patient: Patient, views: Sequence[View], last: NewTreatment | None) -> None:
    key = f"treatment-{patient.id}-{st.session_state.setdefault(GENERATION, 0)}"
    lines = st.session_state.setdefault(f"{key}-lines", max(1, len(last.blend) if last else 0))
    if last is not None and last.blend:
        st.caption(
            f"Filled in as on {day_text(last.day)}; change what differs. A line without an ingredient is left out."
        )
    warned = st.container()
    with st.form(key, border=False):
        new = ask_treatment(views, last, lines=lines, key=key, operator=_signed_in(clinic))
        was_refused = st.session_state.get(f"{key}-{EXPIRED}", False)
        anyway = was_refused and st.checkbox(ANYWAY, key=f"{key}-anyway")
        with st.container(horizontal=True):
            more = st.form_submit_button("Another ingredient", icon=":material/add:")
            save = st.form_submit_button("Save the treatment", type="primary", icon=":material/save:")
    if more:
        st.session_state[f"{key}-lines"] = lines + 1
        st.rerun()
    expired = expired_warning(new.expired)
    if expired:
        warned.warning(plain(expired), icon=":material/warning:")
    if save and (anyway or not expired):
        _save(clinic, patient, new)
    elif save and not was_refused:
        st.session_state[f"{key}-{EXPIRED}"] = True
        st.rerun()


def _signed_in(clinic: Clinic) -> str:
    actor = clinic.acting()
    return clinic.account(actor.account_id).name if actor.role in STAFF and not actor.is_visitor else ""


def _save(clinic: Clinic, patient: Patient, new: NewTreatment) -> None:
    try:
        clinic.add_treatment(patient.id, new)
    except TrackerError as error:
        complain(error)
        return
    st.session_state[GENERATION] += 1
    say("The treatment is saved.")
    st.rerun()


def _sessions(
    clinic: Clinic, views: Sequence[View], days: Sequence[SessionDay], treatments: Sequence[Treatment]
) -> None:
    if not days:
        st.info("No session yet: neither a photo nor a treatment.")
        return
    st.subheader("Sessions", anchor=False)
    titles = {view.id: view_label(view) for view in views}
    for day in days:
        is_plain = day.visit is None  # a day with photos alone is one line
        with st.container(border=not is_plain, key=f"session-{day.day}", gap="xsmall"):
            st.markdown(f"**{day_text(day.day)}**  ·  {plain('  ·  '.join(_around(day, titles)))}")
            for each in treatments:
                if each.given.day == day.day:
                    _treatment(clinic, each, titles)
            if day.visit is not None and day.visit.note:
                st.text(day.visit.note)


def _around(day: SessionDay, titles: dict[str, str]) -> list[str]:
    """What is known of a day beside what was given."""
    photos = {0: "no photos", 1: "1 photo"}.get(day.photos, f"{day.photos} photos")
    since = day.days_since_injection
    said = [photos] if since is None else [photos, f"{since} {'day' if since == 1 else 'days'} after an injection"]
    said += [
        f"{titles.get(view, 'a view')}: {', '.join(sorted(states))}" for view, states in day.skin.items() if states
    ]
    return said + ([f"by {day.visit.operator}"] if day.visit is not None and day.visit.operator else [])


def _treatment(clinic: Clinic, treatment: Treatment, titles: dict[str, str]) -> None:
    given = treatment.given
    where = ", ".join(titles[view] for view in given.view_ids if view in titles)
    how = [f"{given.device}".capitalize(), where]
    how += [f"{given.depth_mm:g} mm deep"] if given.depth_mm else []
    how += [f"every {given.spacing_mm:g} mm"] if given.spacing_mm else []
    how += [f"{given.points} points"] if given.points else []
    how += [f"numbing: {given.numbing}"] if given.numbing else []
    how += [money({given.currency: given.cost})] if given.cost is not None else []
    st.markdown(plain("  ·  ".join(part for part in how if part)))
    with st.container(gap=None):
        _blend(given)
    if given.note:
        st.text(given.note)
    with st.popover("Remove", type="tertiary"):
        st.text("Removes this treatment, and the days of injection that it noted. Only for what was never given.")
        if st.button("Remove it", key=f"remove-{treatment.id}"):
            clinic.remove_treatment(treatment.id)
            st.rerun()


def _blend(given: NewTreatment) -> None:
    for line in given.blend:
        st.caption(plain(line_words(line)))
    expired = expired_warning(given.expired)
    if expired:
        st.caption(f":orange[:material/warning:] {plain(expired.removesuffix(' Do not inject it.'))}")
