"""Colour card: print it, say what its colours were measured to be, and which ColorChecker the clinic has."""

from __future__ import annotations

from datetime import date

import streamlit as st

from tracker.calibration import Edition
from tracker.clinic import Clinic, clock
from tracker.clinic.records import CardValues
from tracker.errors import TrackerError
from tracker.pages.frame import NARROW, complain, day_text, plain
from tracker.pages.notices import say
from tracker.pages.work import show_work
from tracker.web.links import card_table_url, card_url

_GENERATION, _ASKED = "card-values", "chart-asked"
_EDITIONS = {
    Edition.AFTER_2014: "November 2014 or later",
    Edition.BEFORE_2014: "Before November 2014",
}
WAITING = "Until then they show no result."
AGAIN = "After a change here, the photos that it concerns are measured again in the background."


def page(clinic: Clinic) -> None:
    """Show the clinic's colour standards."""
    st.title("Colour card", anchor=False)
    show_work(clinic)
    with st.container(width=NARROW):
        st.markdown(
            "A printed card beside the skin gives every photo its scale. Its greys take out the colour of the light, "
            "so that contrasts can be compared; once its colours have been measured, tone can be stated too: "
            "L\\*, a\\*, b\\* and the typology angle."
        )
        _print()
        _values(clinic)
        _chart(clinic)
        st.caption(AGAIN)


def _print() -> None:
    st.subheader("1. Print", anchor=False)
    st.markdown(
        "Print at 100 % on matte paper, measure the ruler (100 mm), glue the sheet to stiff board. "
        "Lay it flat beside the skin, in its plane and in the same light."
    )
    with st.container(horizontal=True):
        st.link_button("A4", card_url("a4"), icon=":material/print:")
        st.link_button("US Letter", card_url("letter"), icon=":material/print:")


def _values(clinic: Clinic) -> None:
    st.subheader("2. Measured colours", anchor=False)
    st.markdown(
        "Printers differ. Have one card of each print run measured with a spectrophotometer (D50, 2°), and enter the "
        "values in the table. Without them the greys alone are used, and no absolute tone is stated."
    )
    st.link_button("Empty table", card_table_url(), icon=":material/download:")
    for values in clinic.card_values():
        _batch(clinic, values)
    with st.expander("Add measured colours", icon=":material/add:"):
        _add(clinic)


def _batch(clinic: Clinic, values: CardValues) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Batch {plain(values.batch)}**", width="content")
        st.caption(f"for photos from {day_text(values.since)} on")
        with st.popover("Remove"):
            st.text(f"The measured colours are removed, and the photos they hold for are measured again. {WAITING}")
            if st.button("Remove and measure again", key=f"remove-{values.id}"):
                clinic.remove_card_values(values.id)
                st.rerun()


def _add(clinic: Clinic) -> None:
    generation = st.session_state.setdefault(_GENERATION, 0)
    file = st.file_uploader("Table (CSV)", type=["csv"], key=f"card-table-{generation}")
    since: date | None = st.date_input(
        "In the photos since", None, max_value=clock.today(), key=f"card-since-{generation}", width=220
    )
    if not st.button("Add", type="primary", disabled=file is None or since is None):
        return
    assert file is not None
    assert since is not None
    try:
        clinic.add_card_values(file.getvalue(), file.name, since=since)
    except TrackerError as error:
        complain(error)
        return
    st.session_state[_GENERATION] += 1
    say("The colours are kept. Measuring starts again.")
    st.rerun()


def _chart(clinic: Clinic) -> None:
    st.subheader("3. A ColorChecker instead", anchor=False)
    st.markdown(
        "A ColorChecker Classic or Passport in the picture needs no measuring. Its label tells when it was made."
    )
    known = clinic.chart_edition()
    choices = list(_EDITIONS)
    generation = st.session_state.setdefault(_ASKED, 0)
    chosen = st.radio(
        "Made",
        choices,
        index=choices.index(known),
        format_func=_EDITIONS.__getitem__,
        horizontal=True,
        key=f"chart-{generation}",
    )
    if chosen is not known:
        _confirm(clinic, chosen)


def _confirm(clinic: Clinic, chosen: Edition) -> None:
    """Ask before another year is kept: all photos are measured again."""
    st.warning(f"With a ColorChecker of another year all photos are measured again. {WAITING}")
    with st.container(horizontal=True):
        change = st.button("Change and measure again", type="primary")
        leave = st.button("Leave as it was")
    if change:
        clinic.set_chart_edition(chosen)
    if change or leave:
        st.session_state[_ASKED] += 1
        st.rerun()
