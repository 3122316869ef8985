"""Which patient and which view: asked once, the same way on every page, and kept as ids only."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import Patient, View
from tracker.errors import RecordError
from tracker.pages.frame import complain, link

PATIENT, VIEW = "patient", "view"


def choose_view(clinic: Clinic, title: str, *, key: str) -> View | None:
    """Show the title of a page with the choice of patient and view beside it.

    Parameters
    ----------
    clinic : Clinic
    title : str
        Of the page.
    key : str
        Of the two boxes.

    Returns
    -------
    View or None
        None if there is nothing to choose from, or what was asked for is refused; the page has then been told so.
    """
    heading, left, right = st.columns([5, 4, 4], vertical_alignment="bottom")
    patients = clinic.patients()
    if not patients:
        heading.title(title, anchor=False)
        _nobody()
        return None
    view, patient = _wanted(clinic, patients)
    with left:
        _ask_patient(patients, patient, key)
    if patient is None:
        heading.title(title, anchor=False)
        return None
    views = clinic.views(patient.id)
    if view not in views:  # of nobody, of another patient, or of a study
        view = views[0] if views else None
    if view is not None:
        with right:
            view = _ask_view(views, view, key)
    with heading:
        _heading(title, patient)
    _remember(patient, view)
    if view is None:
        st.info("This patient has no view yet. A view is a body site, photographed the same way each time.")
        link("session", "Add the first session", icon=":material/add_a_photo:", patient=patient.id)
    return view


def choose_patient(clinic: Clinic, title: str, *, key: str) -> Patient | None:
    """Show the title of a page with the choice of a patient beside it; None as of `choose_view`."""
    heading, right = st.columns([5, 4], vertical_alignment="bottom")
    patients = clinic.patients()
    if not patients:
        heading.title(title, anchor=False)
        _nobody()
        return None
    view, patient = _wanted(clinic, patients)
    with right:
        _ask_patient(patients, patient, key)
    if patient is None:
        heading.title(title, anchor=False)
        return None
    with heading:
        _heading(title, patient)
    _remember(patient, view)
    return patient


def choose_view_of(clinic: Clinic, views: Sequence[View], *, key: str) -> View:
    """Show the choice among the views of one patient; there is at least one."""
    wanted = st.session_state.get(VIEW)
    view = _ask_view(views, next((v for v in views if v.id == wanted), views[0]), key)
    _remember(clinic.patient(view.patient_id), view)
    return view


def patient_label(patient: Patient) -> str:
    """Code and name, as they were typed."""
    return f"{patient.code} · {patient.name}" if patient.name else patient.code


def demonstration_badge(patient: Patient) -> None:
    """Say of a demonstration patient, wherever their pictures are, that nobody was photographed."""
    if patient.is_demonstration:
        st.badge("Demonstration: rendered, not photographed", icon=":material/science:", color="blue")


def view_label(view: View) -> str:
    """Title of a view, with the untreated side marked."""
    return f"{view.title} (untreated)" if view.is_control else view.title


def asked_view(clinic: Clinic) -> View | None:
    """The view of the address, else the one used last; None if neither names one.

    Raises
    ------
    RecordError
        The address names a view that is not in the record.
    """
    wanted = st.query_params.get(VIEW) or ("" if PATIENT in st.query_params else st.session_state.get(VIEW, ""))
    return clinic.view(wanted) if wanted else None


def _heading(title: str, patient: Patient) -> None:
    with st.container(gap=None):
        demonstration_badge(patient)
        st.title(title, anchor=False)


def _wanted(clinic: Clinic, patients: Sequence[Patient]) -> tuple[View | None, Patient | None]:
    """What the address names, or was used last; nobody where that is refused: another patient's page under a refusal
    would be taken for the one that was asked for.
    """
    try:
        view = asked_view(clinic)
        wanted = view.patient_id if view else st.query_params.get(PATIENT) or st.session_state.get(PATIENT)
        patient = clinic.patient(wanted) if wanted else patients[0]
        if patient not in patients:
            raise RecordError("This view belongs to a study; please open it under Repeatability.", code="of_a_study")
        return view, patient
    except RecordError as error:
        complain(error)
        st.session_state.pop(VIEW, None)
        st.session_state.pop(PATIENT, None)
        return None, None


def _ask_patient(patients: Sequence[Patient], patient: Patient | None, key: str) -> None:
    names = {p.id: patient_label(p) for p in patients}
    box = f"{key}-patient"
    st.session_state[box] = patient.id if patient is not None else None
    first = 0 if patient is not None else None  # where none is chosen yet
    st.selectbox(
        "Patient", list(names), first, format_func=names.__getitem__, key=box, on_change=_chose, args=(box, PATIENT),
        placeholder="Choose a patient",
    )  # fmt: skip


def _ask_view(views: Sequence[View], view: View, key: str) -> View:
    names = {v.id: view_label(v) for v in views}
    box = f"{key}-view"
    st.session_state[box] = view.id
    st.selectbox("View", list(names), format_func=names.__getitem__, key=box, on_change=_chose, args=(box, VIEW))
    return view


def _chose(box: str, name: str) -> None:
    """Put the chosen id into the address; a new patient starts with the first of their views."""
    if not st.session_state[box]:
        return
    if name == PATIENT:
        st.session_state.pop(VIEW, None)
        st.query_params.from_dict({PATIENT: st.session_state[box]})
    else:
        st.query_params.from_dict({VIEW: st.session_state[box]})


def _remember(patient: Patient, view: View | None) -> None:
    """Keep the ids for the next page, and in the address for a reload."""
    st.session_state[PATIENT] = patient.id
    if view is None:
        st.session_state.pop(VIEW, None)
        return
    st.session_state[VIEW] = view.id
    if st.query_params.get(VIEW) != view.id:
        st.query_params.from_dict({VIEW: view.id})


def _nobody() -> None:
    st.info("There are no patients yet.")
    link("today", "Add the first patient", icon=":material/person_add:")
