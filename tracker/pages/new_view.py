"""The form that adds a view: where, which side, how the person stands, and what it is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.records import Patient, View
from tracker.errors import TrackerError
from tracker.pages.choice import VIEW, view_label
from tracker.pages.frame import complain

SITES = ("thigh", "buttock", "hip", "stomach", "arm", "cheek", "forehead", "neck", "back", "scalp")
SIDES = ("", "left", "right")
INDICATIONS = (
    *("cellulite", "pigmentation", "redness", "bruising", "texture", "scarring", "wrinkles", "hair loss", "contour"),
    "other",
)
"""What a view is treated for decides what is measured in it, see `tracker.clinic.topics`."""
BOTH = "Add the other side too, untreated, to compare with"
WHY_BOTH = "Only beside skin that is not treated can a change be told from what would have changed anyway."


def new_view_form(clinic: Clinic, patient: Patient, views: Sequence[View]) -> None:
    """Ask for a new view of a patient, and go on with it."""
    controls = {"": "none", **{v.id: view_label(v) for v in views if v.is_control}}
    with st.form(f"new-view-{patient.id}", border=False):
        site = st.selectbox("Body site", SITES, index=None, accept_new_options=True, placeholder="Choose or type")
        side = st.segmented_control("Side", SIDES, default="", format_func=lambda s: s.capitalize() or "No side")
        pose = st.text_input("Pose", placeholder="standing, weight on both feet", max_chars=80)
        indication = st.selectbox("Treated for", INDICATIONS, index=None, placeholder="Choose")
        is_control = st.checkbox("This side is not treated (control)")
        both = st.checkbox(BOTH, help=WHY_BOTH)
        control = st.selectbox("Untreated side to compare with", list(controls), format_func=controls.__getitem__)
        if not st.form_submit_button("Add view", type="primary"):
            return
    site = next((known for known in SITES if known == (site or "").strip().lower()), site)  # one spelling of each
    other = {"left": "right", "right": "left"}.get(side or "") if both and not is_control else ""
    if other is None:
        st.error("Please choose left or right: then the other side can be its control.", icon=":material/error:")
        return
    try:
        if other:
            control = clinic.add_view(
                patient.id, site=site or "", laterality=other, pose=pose, indication=indication or "", is_control=True
            ).id
        view = clinic.add_view(
            patient.id,
            site=site or "",
            laterality=side or "",
            pose=pose,
            indication=indication or "",
            is_control=is_control,
            control_id=control or None,
        )
    except TrackerError as error:
        complain(error)
        return
    st.session_state[VIEW] = view.id
    st.query_params.from_dict({VIEW: view.id})
    st.rerun()
