"""Side effects of a patient as the clinic sees them, and what the clinic expects of each kind."""

from __future__ import annotations

from datetime import date

import streamlit as st

from tracker.clinic import Clinic, clock
from tracker.clinic.actors import Verb
from tracker.clinic.effect_records import Advice, EffectKind, ExpectedWindow, SideEffect
from tracker.clinic.records import View
from tracker.clinic.side_effects import MOST_DAYS
from tracker.errors import TrackerError
from tracker.pages.access import may
from tracker.pages.attention import advice_badge, effect_words
from tracker.pages.choice import choose_patient, view_label
from tracker.pages.diary import show_diary
from tracker.pages.frame import NARROW, complain, on_phone, plain

CONTRADICT = (
    "Where these days come from is said beside them. The sources contradict each other: they are a place to begin, "
    "not facts. Change what your clinic knows better."
)


def page(clinic: Clinic) -> None:
    """Show the side effects of a patient, and let one be noted."""
    patient = choose_patient(clinic, "Side effects", key="effects")
    if patient is not None:
        left, right = st.columns([6, 5], gap="large")
        with left:
            titles = {view.id: view_label(view) for view in clinic.views(patient.id)}
            effects = clinic.side_effects(patient.id)
            if not effects:
                st.caption("None is written down.")
            for effect in effects:
                _effect(clinic, effect, titles.get(effect.view_id or "", ""))
            with st.expander("Note one", icon=":material/add:"):
                _note(clinic, patient.id, titles)
        with right:
            show_diary(clinic, patient.id)
    if may(clinic, Verb.CONFIGURE):
        with st.expander("What is expected for how long", icon=":material/tune:"):
            _windows(clinic)


def show_side_effects(clinic: Clinic, view: View) -> None:
    """Under the course of a view: what was noticed there after its injections."""
    effects = [effect for effect in clinic.side_effects(view.patient_id) if effect.view_id in (None, view.id)]
    if not effects:
        return
    st.subheader("Side effects", anchor=False)
    if on_phone():
        for effect in effects:
            st.markdown(f"**{plain(effect_words(effect))}**")
            today = "has gone" if not effect.is_open else f"answer today: {effect.answer.advice}"
            st.caption(plain(f"{today} · told by the {effect.told_by}"))
        return
    rows = [
        {
            "Noticed": plain(effect_words(effect)),
            "Answer today": plain("has gone" if not effect.is_open else str(effect.answer.advice)),
            "Told by": effect.told_by,
        }
        for effect in effects
    ]
    st.table(rows, border="horizontal")


def _effect(clinic: Clinic, effect: SideEffect, where: str) -> None:
    with st.container(border=True, key=f"effect-{effect.id}"):
        st.markdown(f"**{plain(effect_words(effect))}**")
        st.caption(plain(" · ".join(filter(None, (where, f"told by the {effect.told_by}")))))
        if effect.note:
            st.text(effect.note)
        if effect.is_open:
            with st.container(horizontal=True, vertical_alignment="center"):
                advice_badge(effect)
                st.caption(plain(f"The patient reads: {effect.answer.sentence}"), width="stretch")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            if not effect.is_open:
                if st.button("It has come back", key=f"reopen-{effect.id}", type="tertiary"):
                    clinic.reopen_side_effect(effect.id)
                    st.rerun()
                return
            level = st.number_input("Today, 0 to 10", 0, 10, effect.levels[-1].level, key=f"now-{effect.id}", width=160)
            if st.button("Note it", key=f"level-{effect.id}"):
                clinic.note_level(effect.id, int(level))
                st.rerun()
            if st.button("It has gone", key=f"resolve-{effect.id}", icon=":material/check:"):
                clinic.resolve_side_effect(effect.id)
                st.rerun()
            if effect.seen_at is None and st.button("Read", key=f"seen-{effect.id}", icon=":material/visibility:"):
                clinic.mark_seen(effect.id)
                st.rerun()


def _note(clinic: Clinic, patient_id: str, titles: dict[str, str]) -> None:
    with st.form(f"effect-{patient_id}", border=False, clear_on_submit=True):
        kind = st.selectbox("What", list(EffectKind), format_func=lambda each: each.label)
        where = {"": "Anywhere"} | titles
        view_id = st.selectbox("Where", list(where), format_func=where.__getitem__)
        level = st.slider("How strong, 0 to 10", 0, 10, 3)
        day = st.date_input("Noticed on", clock.today(), max_value=clock.today())
        note = st.text_input("Note", max_chars=500)
        if not st.form_submit_button("Note it", type="primary") or not isinstance(day, date) or kind is None:
            return
    try:
        clinic.add_side_effect(patient_id, kind, level=level, noticed_on=day, view_id=view_id or None, note=note)
    except TrackerError as error:
        complain(error)
        return
    st.rerun()


def _windows(clinic: Clinic) -> None:
    st.caption(CONTRADICT)
    windows = clinic.effect_windows()
    rows = [
        {"Side effect": plain(w.kind.label), "What is said": plain(_said(w)), "Source": plain(w.source)}
        for w in windows
    ]
    st.table(rows, border="horizontal")
    known = {window.kind: window for window in windows}
    with st.container(width=NARROW):
        kinds = [kind for kind in known if kind is not EffectKind.INFECTION]
        kind = st.selectbox("Change", kinds, index=None, format_func=lambda each: each.label, key="window-kind")
        if kind is not None:
            _change(clinic, known[kind])


def _said(window: ExpectedWindow) -> str:
    if window.days is None:
        return str(window.advice)
    return f"expected up to {window.days} day{'' if window.days == 1 else 's'} after an injection"


def _change(clinic: Clinic, window: ExpectedWindow) -> None:
    kind = window.kind
    advice = st.selectbox("Say", list(Advice), list(Advice).index(window.advice), key=f"advice-{kind}")
    assert advice is not None  # one is chosen from the start
    days = None
    if advice is Advice.EXPECTED:
        days = int(st.number_input("Days after an injection", 0, MOST_DAYS, window.days or 0, key=f"days-{kind}"))
    source = st.text_input("Where that comes from", window.source if window.is_own else "", key=f"source-{kind}")
    with st.container(horizontal=True):
        if st.button("Save", type="primary", key=f"save-{kind}"):
            try:
                clinic.set_effect_window(kind, advice, days=days, source=source)
            except TrackerError as error:
                complain(error)
                return
            st.rerun()
        if window.is_own and st.button("As offered", key=f"offered-{kind}"):
            clinic.reset_effect_window(kind)
            st.rerun()
