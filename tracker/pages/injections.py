"""On which days a view was injected: photos of the five days after are kept apart from its course."""

from __future__ import annotations

from datetime import date

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.records import View
from tracker.pages.frame import day_text
from tracker.timeline import SIDE_EFFECT_DAYS

_WHY = (
    f"Photos of the {SIDE_EFFECT_DAYS} days after an injection show what it does at once. They are kept apart from the "
    "course. Photos of the day itself count as taken before. The sessions before the first injection, at most two, "
    "become the baseline."
)


def injections_popover(clinic: Clinic, view: View) -> None:
    """Show the days of injection of a treated view, and let them be changed."""
    if view.is_control:
        return
    days = clinic.injections(view.id)
    words = {0: "Injections: none noted", 1: "1 injection"}.get(len(days), f"{len(days)} injections")
    with st.popover(words, icon=":material/vaccines:", type="tertiary"):
        st.caption(_WHY)
        for day in days:
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                st.markdown(day_text(day))
                if st.button("Remove", key=f"injected-{view.id}-{day}", type="tertiary", icon=":material/close:"):
                    clinic.forget_injection(view.id, day)
                    st.rerun()
        with st.form(f"injection-{view.id}", border=False, clear_on_submit=True):
            new = st.date_input("Day of an injection", value=None, max_value=clock.today())
            if st.form_submit_button("Note it", icon=":material/add:") and isinstance(new, date):
                clinic.note_injection(view.id, new)
                st.rerun()


def injected_today(view: View, generation: int) -> bool:
    """Ask whether an injection follows these photos."""
    return not view.is_control and st.checkbox(
        "An injection follows these photos",
        key=f"injection-{view.id}-{generation}",
        help=_WHY,
    )
