"""The home diary: how it feels, weight, tape, a photo and a few words, in half a minute; and an answer at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tracker.clinic import Clinic, clock
from tracker.clinic.actors import Role, Verb
from tracker.clinic.diary_records import DiaryDay, Reading
from tracker.clinic.effect_records import Advice, Answer, EffectKind, SideEffect
from tracker.clinic.records import StoredPhoto, View
from tracker.errors import PhotoRejected, TrackerError
from tracker.pages.access import may
from tracker.pages.choice import choose_patient, view_label
from tracker.pages.frame import NARROW, complain, day_text, link, plain
from tracker.pages.notices import say
from tracker.photo import PHOTO_SUFFIXES
from tracker.web.links import PREVIEW_WIDTH, photo_url

_GENERATION = "diary-generation"
_ANSWER = "diary-answer"
NOT_MEASURED = "Photos from home are kept beside your clinic's. They are not compared with them."
MOST_DAYS = 60
AREA_UNSAID = "I cannot say, or everywhere"


def page(clinic: Clinic) -> None:
    """Show a patient their diary, or the clinic that of a patient."""
    actor = clinic.acting()
    with st.container(horizontal_alignment="center"), st.container(width=NARROW):
        if actor.role is Role.PATIENT:
            st.title("How is it going?", anchor=False)
            _own(clinic, actor.patient_id)
            link("patient-view", "Back to my page", icon=":material/arrow_back:")
            return
        patient = choose_patient(clinic, "Home diary", key="diary")
        if patient is not None:
            show_diary(clinic, patient.id, heading="")


def _own(clinic: Clinic, patient_id: str) -> None:
    answer = st.session_state.pop(_ANSWER, None)
    if isinstance(answer, Answer):
        show_answer(answer)
    areas = clinic.diary_areas(patient_id)
    _feel(clinic, patient_id, areas)
    _going_on(clinic, patient_id)
    _readings(clinic, patient_id, areas)
    if areas:
        _photo(clinic, areas)
    show_diary(clinic, patient_id, heading="What you told before")


def show_answer(answer: Answer) -> None:
    """Say what is to be done about a side effect."""
    show = {Advice.AT_ONCE: st.error, Advice.CONTACT: st.warning}.get(answer.advice, st.success)
    icon = {Advice.AT_ONCE: ":material/emergency:", Advice.CONTACT: ":material/call:"}.get(
        answer.advice, ":material/check_circle:"
    )
    show(plain(answer.sentence), icon=icon)


def _feel(clinic: Clinic, patient_id: str, areas: Sequence[View]) -> None:
    """Ask for a side effect, and answer."""
    generation = st.session_state.setdefault(_GENERATION, 0)
    with st.container(border=True):
        kind = st.selectbox(
            "Do you notice anything?",
            list(EffectKind),
            index=None,
            format_func=lambda each: each.label,
            placeholder="Choose what you notice",
            key=f"effect-{generation}",
        )
        if kind is None:
            return
        level = st.slider("How strong? 0 is nothing, 10 the worst you can imagine", 0, 10, 3, key=f"level-{generation}")
        day = st.date_input("Since when?", clock.today(), max_value=clock.today(), key=f"since-{generation}")
        area = _area(areas, "Where?", f"where-{generation}") if areas else None
        note = st.text_input("Anything else about it?", max_chars=500, key=f"note-{generation}")
        if not st.button("Tell my clinic", type="primary", icon=":material/send:", width="stretch"):
            return
    assert isinstance(day, date)
    try:
        told = clinic.add_side_effect(
            patient_id, kind, level=level, noticed_on=day, view_id=area.id if area else None, note=note
        )
    except TrackerError as error:
        complain(error)
        return
    _answered(told.answer)


def _area(areas: Sequence[View], label: str, key: str) -> View | None:
    names = {"": AREA_UNSAID} | {view.id: f"{view.laterality} {view.site}".strip().capitalize() for view in areas}
    chosen = st.selectbox(label, list(names), format_func=names.__getitem__, key=key)
    return next((view for view in areas if view.id == chosen), None)


def _answered(answer: Answer | None = None) -> None:
    """Begin with empty fields, and the answer above them."""
    st.session_state[_GENERATION] += 1
    if answer is not None:
        st.session_state[_ANSWER] = answer
    st.rerun()


def _going_on(clinic: Clinic, patient_id: str) -> None:
    """What was noted before and has not gone."""
    for effect in clinic.side_effects(patient_id):
        if not effect.is_open:
            continue
        with st.container(border=True, key=f"open-{effect.id}"):
            st.markdown(f"**{plain(effect.kind.label)}**, since {day_text(effect.noticed_on)}: {_levels(effect)}")
            if effect.answer.needs_clinic:
                show_answer(effect.answer)
            else:
                st.caption(plain(effect.answer.sentence))
            with st.container(horizontal=True, vertical_alignment="bottom"):
                level = st.number_input("Today, 0 to 10", 0, 10, effect.levels[-1].level, key=f"today-{effect.id}")
                if st.button("Note it", key=f"note-{effect.id}"):
                    _answered(clinic.note_level(effect.id, int(level)).answer)
                if st.button("It has gone", icon=":material/check:", key=f"gone-{effect.id}"):
                    clinic.resolve_side_effect(effect.id)
                    _answered()


def _levels(effect: SideEffect) -> str:
    return " → ".join(str(each.level) for each in effect.levels)


def _readings(clinic: Clinic, patient_id: str, areas: Sequence[View]) -> None:
    """Weight, tape and words of today."""
    generation = st.session_state.setdefault(_GENERATION, 0)
    with st.container(border=True):
        weight = _number("Weight", ("kg", "lb"), f"weight-{generation}")
        tape = _number("Tape", ("cm", "in"), f"tape-{generation}") if areas else None
        area, level = None, ""
        if tape is not None:
            names = {view.id: f"{view.laterality} {view.site}".strip().capitalize() for view in areas}
            area = st.selectbox("Around what?", list(names), format_func=names.__getitem__, key=f"around-{generation}")
            level = st.text_input(
                "At which height?", max_chars=80, placeholder="10 cm above the knee", key=f"height-{generation}",
                help="Always measure at the same place; write the same words each time.",
            )  # fmt: skip
        text = st.text_area("In your own words", max_chars=2000, height=80, key=f"words-{generation}")
        readings = [Reading("weight", *weight)] if weight else []
        readings += [Reading("tape", *tape, view_id=area, level=level)] if tape else []
        if not st.button("Keep it", icon=":material/save:", disabled=not (readings or text.strip()), width="stretch"):
            return
    try:
        clinic.keep_diary(patient_id, text=text, readings=readings)
    except TrackerError as error:
        complain(error)
        return
    say("Kept in your diary.")
    _answered()


def _number(label: str, units: tuple[str, str], key: str) -> tuple[float, str] | None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        value = st.number_input(label, 0.0, 1000.0, None, 0.1, format="%.1f", placeholder="–", key=key, width=200)
        unit = st.segmented_control(
            f"Unit of {label.lower()}", units, default=units[0], key=f"{key}-unit", label_visibility="collapsed"
        )
    return (float(value), unit or units[0]) if value else None


def _photo(clinic: Clinic, areas: Sequence[View]) -> None:
    """A photo from home."""
    generation = st.session_state.setdefault(_GENERATION, 0)
    with st.expander("Add a photo", icon=":material/add_a_photo:"):
        st.caption(NOT_MEASURED)
        names = {view.id: f"{view.laterality} {view.site}".strip().capitalize() for view in areas}
        area = st.selectbox("Of what?", list(names), format_func=names.__getitem__, key=f"of-{generation}")
        file = st.file_uploader(
            "Photo", type=sorted(suffix[1:] for suffix in PHOTO_SUFFIXES), key=f"home-photo-{generation}"
        )
        if file is None or not st.button("Send it to my clinic", type="primary", width="stretch"):
            return
    try:
        _send(clinic, area, file)
    except TrackerError as error:
        complain(error)
        return
    say("Your photo is kept.")
    _answered()


def _send(clinic: Clinic, view_id: str, file: UploadedFile) -> None:
    """Store a photo under its own day; one that does not say its day was taken today."""
    try:
        clinic.add_home_photo(view_id, file.getvalue(), file.name)
    except PhotoRejected as error:
        if error.code != "no_date":
            raise
        clinic.add_home_photo(view_id, file.getvalue(), file.name, taken_on=clock.today())


def show_diary(clinic: Clinic, patient_id: str, heading: str = "Diary") -> None:
    """What was told before, the latest day first; who treats may put a photo from home into a course.

    Parameters
    ----------
    clinic : Clinic
    patient_id : str
    heading : str
        Empty on a page whose title says it.
    """
    days = {each.day: each for each in clinic.diary(patient_id)}
    felt = _felt(clinic.side_effects(patient_id))
    if heading:
        st.subheader(heading, anchor=False)
    told = sorted({*days, *felt}, reverse=True)
    if not told:
        st.caption("Nothing is written down yet.")
    areas = clinic.diary_areas(patient_id) if may(clinic, Verb.CHANGE) else ()
    for day in told[:MOST_DAYS]:
        _day(clinic, days.get(day, DiaryDay(day)), felt.get(day, ()), areas)
    if len(told) > MOST_DAYS:
        st.caption(f"The latest {MOST_DAYS} days that something was told of; {len(told) - MOST_DAYS} are older.")


def _felt(effects: Sequence[SideEffect]) -> dict[date, list[str]]:
    """What was noticed on each day; without it, a day of which only that was told would be missing."""
    felt: dict[date, list[str]] = {}
    for effect in effects:
        for each in effect.levels:
            felt.setdefault(each.day, []).append(f"{effect.kind.label}: {each.level} of 10")
        if effect.resolved_on is not None:
            felt.setdefault(effect.resolved_on, []).append(f"{effect.kind.label}: has gone")
    return felt


def _day(clinic: Clinic, day: DiaryDay, felt: Sequence[str], areas: Sequence[View]) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{day_text(day.day)}**")
        for noticed in felt:
            st.markdown(plain(noticed))
        said = [f"{each.quantity} {each.value:g} {each.unit}".capitalize() for each in day.readings]
        if said:
            st.markdown(plain(" · ".join(said)))
        for entry in day.texts:
            st.text(entry.text)
        for photo in day.photos:
            link_to = photo_url(photo.id, width=PREVIEW_WIDTH)
            st.html(f'<img src="{link_to}" alt="Photo from home, {day_text(day.day)}" style="max-width:160px">')
            if areas:
                _move(clinic, photo, areas)


def _move(clinic: Clinic, photo: StoredPhoto, areas: Sequence[View]) -> None:
    with st.popover("Move it into the course", type="tertiary"):
        st.caption("It is then compared with the photos of the clinic, like any other.")
        names = {view.id: view_label(view) for view in areas}
        wanted = st.selectbox("View", list(names), format_func=names.__getitem__, key=f"into-{photo.id}")
        if st.button("Move it", key=f"move-{photo.id}"):
            try:
                clinic.move_home_photo(photo.id, wanted)
            except TrackerError as error:
                complain(error)
                return
            st.rerun()
