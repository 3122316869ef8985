"""Blinded rating: a rater judges masked pairs of photos with the keyboard, and sees nothing else."""

from __future__ import annotations

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.actors import Verb
from tracker.clinic.ratings import RatingSession
from tracker.clinic.records import PhotoState, View
from tracker.errors import RecordError
from tracker.pages.access import may
from tracker.pages.choice import choose_view, demonstration_badge
from tracker.pages.frame import NARROW, complain
from tracker.pages.rating_invite import invite_rater_popover
from tracker.pages.rating_results import SHOWN, show_results
from tracker.pages.work import follow_work, show_work
from tracker.reader_study import (
    CONFIDENCE_QUESTION,
    FEWEST_CHANGES,
    MOST_CONFIDENT,
    Composition,
    RatedPair,
    Side,
    missing_sentence,
    question_about,
)
from tracker.web.components.pair import AskedPair, ask_pair
from tracker.web.links import rated_url

RATING = "rating"
SECONDS_PER_PAIR = 15
BEGIN = (
    "Give the screen to somebody who does not know these photos. They see pairs of pictures without dates or names, "
    "and answer with the arrow keys. Every answer is kept at once; a sitting that is broken off can go on later. "
    "Three raters or more make a result that does not hang on one eye."
)


def page(clinic: Clinic) -> None:
    """Rate, if the address names a sitting; else begin one, or see what was found."""
    session = _asked_for(clinic)
    if session is not None:
        _sitting(clinic, session)
        return
    if not may(clinic, Verb.MEASURED):
        _invited_to(clinic)
        return
    view = choose_view(clinic, "Blinded rating", key="rating")
    if view is None:
        return
    show_work(clinic)
    with st.container(width=NARROW):
        _begin(clinic, view)
    show_results(clinic, view, go_on=_open)


def _invited_to(clinic: Clinic) -> None:
    """The sittings of a rater who signs in: the next that is not finished, and nothing about whom it shows."""
    waiting = [sitting for sitting in map(clinic.rating, clinic.own_sittings()) if not sitting.is_finished]
    with st.container(width=NARROW):
        st.title("Blinded rating", anchor=False)
        if not waiting:
            st.info("There is no sitting for you at the moment. Once the clinic invites you to one, it is here.")
        for number, sitting in enumerate(waiting, start=1):
            with st.container(border=True, horizontal=True, vertical_alignment="center"):
                st.text(f"Sitting {number}: {sitting.answered} of {len(sitting.pairs)} answered", width="stretch")
                if st.button("Go on" if sitting.answered else "Begin", key=sitting.id, type="primary"):
                    _open(sitting.id)


def _asked_for(clinic: Clinic) -> RatingSession | None:
    """The sitting of the address. It is the only thing the address says: a rater may read it."""
    wanted = st.query_params.get(RATING)
    if not wanted:
        return None
    try:
        return clinic.rating(wanted)
    except RecordError as error:
        complain(error)
        return None


def _open(session_id: str) -> None:
    st.query_params.from_dict({RATING: session_id})
    st.rerun()


def _begin(clinic: Clinic, view: View) -> None:
    possible = clinic.possible_rating(view.id)
    if possible.changes < FEWEST_CHANGES:
        st.info(missing_sentence(possible.changes, FEWEST_CHANGES))
        return
    st.markdown(f"**{question_about(view.indication)}**")
    st.text(BEGIN)
    with st.form(f"rating-{view.id}", border=False):
        rater = st.text_input("Rater's initials", max_chars=60, width=220)
        asks = st.toggle("After each choice, ask how clear it was (0 to 4)", value=True)
        minutes = max(1, round(possible.total * SECONDS_PER_PAIR / 60))
        label = f"Start: {possible.total} pairs, about {minutes} minutes"
        if st.form_submit_button(label, type="primary", icon=":material/visibility_off:"):
            _start(clinic, view, rater, asks_confidence=asks)
    invite_rater_popover(clinic, view)
    _composition(possible)


def _start(clinic: Clinic, view: View, rater: str, *, asks_confidence: bool) -> None:
    """Go on with what this rater broke off; else begin."""
    known = [s for s in clinic.ratings(view.id) if not s.is_finished and s.rater.casefold() == rater.strip().casefold()]
    try:
        sitting = known[0] if known else clinic.start_rating(view.id, rater, asks_confidence=asks_confidence)
    except RecordError as error:
        complain(error)
    else:
        _open(sitting.id)


def _composition(possible: Composition) -> None:
    with st.expander("What is in a sitting", icon=":material/rule:"):
        parts = [
            f"- {possible.changes} pairs of two sessions; the later one is on the left in half of them",
            f"- {possible.replicates} pairs of one session: nothing has changed between them"
            if possible.replicates
            else "- no pair of one session, because no session has two photos; mirror images stand in for them",
            f"- {possible.mirrors} photos beside their own mirror image",
            f"- {possible.repeats} of the pairs a second time, with the sides exchanged",
        ]
        st.markdown("\n".join(parts))
        st.caption(
            "Sides and order are random and kept with the answers. Only the skin to judge is shown, aligned, with one "
            "outline for both pictures. Colours and light are as they were photographed; photos that do not give the "
            "leading number of this view, such as those with the lamp on the other side, are left out."
        )


def _sitting(clinic: Clinic, session: RatingSession) -> None:
    total = len(session.pairs)
    if session.is_finished:
        _thank(session, total, sees_results=may(clinic, Verb.MEASURED))
        return
    now, *later = session.waiting
    knows_whose = may(clinic, Verb.MEASURED)
    if knows_whose:
        demonstration_badge(clinic.patient(clinic.view(session.view_id).patient_id))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.progress(session.answered / total, text=f"{session.answered} of {total} answered", width=260)
        if st.button("Stop, go on later", icon=":material/pause:"):
            _leave(session, knows_whose=knows_whose)
    if knows_whose and _is_being_measured(clinic, now):
        st.info("The pictures are being prepared; this goes on by itself.")
        follow_work(clinic)
        return
    answer = ask_pair(_asked(session, now, later[:1]), key="rated-pair")
    if answer is not None:
        side = Side(answer.choice)
        clinic.answer_pair(
            session.id, answer.position, side, confidence=answer.confidence, seconds=round(answer.seconds, 3)
        )
        st.rerun()


def _asked(session: RatingSession, now: RatedPair, following: list[RatedPair]) -> AskedPair:
    left, right = (rated_url(session.id, now.position, side) for side in Side)
    return AskedPair(
        session=session.id,
        position=now.position,
        question=session.question,
        left=left,
        right=right,
        most=MOST_CONFIDENT if session.asks_confidence else None,
        ask=CONFIDENCE_QUESTION if session.asks_confidence else "",
        next=tuple(rated_url(session.id, pair.position, side) for pair in following for side in Side),
    )


def _is_being_measured(clinic: Clinic, rated: RatedPair) -> bool:
    return any(clinic.photo(photo).state is PhotoState.WAITING for photo in rated.pair.photos)


def _thank(session: RatingSession, total: int, *, sees_results: bool) -> None:
    with st.container(width=NARROW):
        st.title("Thank you", anchor=False)
        if not sees_results:
            st.text(f"All {total} pairs are answered and kept.")
            return
        st.text(f"All {total} pairs are answered and kept. Please give the screen back.")
        if st.button("Show the results", icon=":material/visibility:"):
            st.session_state[SHOWN] = True
            _leave(session)


def _leave(session: RatingSession, *, knows_whose: bool = True) -> None:
    st.query_params.from_dict({"view": session.view_id} if knows_whose else {})
    st.rerun()
