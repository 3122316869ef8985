"""Repeatability: how small a change this clinic's set-up can show, found in an afternoon with re-posed photos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from tracker.clinic import Clinic
from tracker.clinic.study_records import POSINGS, Place, Progress, Study, Subject, Tone
from tracker.errors import RecordError, TrackerError
from tracker.pages.frame import NARROW, complain, day_text, look_at_width, plain
from tracker.pages.new_view import INDICATIONS, SITES
from tracker.pages.study_people import show_people
from tracker.pages.study_result import show_result
from tracker.pages.work import show_work
from tracker.repeatability import LEAST_SUBJECTS, WANTED_SUBJECTS
from tracker.report import width_sentence

STUDY = "study"
WHAT_FOR = (
    "How small a change can your photos show? That depends on your camera, your lamp and your hands; nobody can say it "
    "for you. Photograph skin that has not changed, again and again, and you know. One afternoon is enough."
)
PROTOCOL = (
    f"**Who.** {LEAST_SUBJECTS} people or more; {WANTED_SUBJECTS} are good. Light, medium and dark skin. Patients and "
    "volunteers; skin as it is, nothing treated or rubbed that day.",
    f"**What.** {POSINGS} posings of each person, all on one day. For each posing everything is put up anew: the "
    "person steps away, lamp and camera are moved and set again, just as at the next visit.",
    "**Photos.** One to three in each posing, re-framed, with nothing else touched. With two or three you also learn "
    "what more photos per session gain.",
    "**Hands.** In half of the people somebody else sets one of the posings up.",
    "**Blind.** Look at the result when all photos are taken; do not leave out a photo because of its number.",
    "**Time.** Reckon with five to ten minutes for each person.",
)


def page(clinic: Clinic) -> None:
    """Run a repeatability study and see what it gives."""
    look_at_width()
    studies = clinic.studies()
    if not studies:
        st.title("Repeatability", anchor=False)
        st.markdown(WHAT_FOR)
        _protocol(expanded=True)
        st.subheader("Start", anchor=False)
        with st.container(width=NARROW):
            _new_study(clinic)
        return
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Repeatability", anchor=False, width="content")
        with st.popover("New study", icon=":material/add:"):
            _new_study(clinic)
    study = _choose(studies)
    show_work(clinic)
    subjects = clinic.study_subjects(study.id)
    _protocol(expanded=not subjects)
    _progress(study, subjects)
    show_people(clinic, study, subjects)
    show_result(clinic, study, subjects)


def _protocol(*, expanded: bool) -> None:
    with st.expander("How it is done", icon=":material/checklist:", expanded=expanded):
        for line in PROTOCOL:
            st.markdown(line)


def _choose(studies: Sequence[Study]) -> Study:
    """The study of the address, else the one used last, else the latest."""
    known = {study.id: study for study in studies}
    wanted = st.query_params.get(STUDY) or st.session_state.get(STUDY)
    if wanted is not None and wanted not in known:
        complain(RecordError("This study is not in the record; it may have been removed.", code="not_found"))
    chosen = known.get(wanted or "", studies[0])
    if len(studies) > 1:
        st.session_state["study-box"] = chosen.id
        st.selectbox(
            "Study", list(known), format_func=lambda study_id: known[study_id].title, key="study-box", on_change=_chose
        )
    else:
        st.markdown(f"**{plain(chosen.title)}**")
    st.session_state[STUDY] = chosen.id
    if st.query_params.get(STUDY) != chosen.id:
        st.query_params.from_dict({STUDY: chosen.id})
    return chosen


def _chose() -> None:
    st.query_params.from_dict({STUDY: st.session_state["study-box"]})


def _new_study(clinic: Clinic) -> None:
    """Ask for the set-up and the body view, and go on with the study."""
    views = [("", ""), *clinic.studied_views()]
    with st.form("new-study", border=False):
        equipment = st.text_input(
            "Camera, lamp and room", placeholder="Canon R8 with 50 mm, softbox on the left, room 2", max_chars=80
        )
        place = st.segmented_control(
            "How they come back to their place",
            list(Place),
            default=Place.MARKED_FLOOR,
            format_func=lambda each: str(each).capitalize(),
            help="Fixed rig: lamp and camera on one stand. Marked floor: both put back to marks, as are the feet.",
        )
        known = st.selectbox(
            "Body view",
            range(len(views)),
            format_func=lambda k: ", ".join(part for part in views[k] if part).capitalize() or "Another, named below",
            index=1 if len(views) > 1 else 0,
            help="The values are used for all views of this site and pose, left and right.",
        )
        site = st.selectbox("Or another site", SITES, index=None, accept_new_options=True, placeholder="Choose or type")
        pose = st.text_input("Or another pose", placeholder="standing, weight on both feet", max_chars=80)
        indication = st.selectbox(
            "What is measured", ("", *INDICATIONS[:-1]), format_func=lambda text: text.capitalize() or "The usual"
        )
        if not st.form_submit_button("Start the study", type="primary"):
            return
    chosen = (site or views[known][0], pose) if site or pose.strip() else views[known]
    try:
        study = clinic.start_study(
            place=place or Place.MARKED_FLOOR,
            equipment=equipment,
            site=chosen[0],
            pose=chosen[1],
            indication=indication,
            started_on=datetime.now(UTC).astimezone().date(),
        )
    except TrackerError as error:
        complain(error)
        return
    st.query_params.from_dict({STUDY: study.id})
    st.rerun()


def _progress(study: Study, subjects: Sequence[Subject]) -> None:
    """How many are done, what is missing, and what the study gives so far."""
    found = Progress.of(subjects)
    st.progress(
        min(found.complete / LEAST_SUBJECTS, 1.0),
        text=f"**{found.complete} of {LEAST_SUBJECTS} people** are done, since {day_text(study.started_on)}",
    )
    said = []
    if found.complete:
        said.append(width_sentence(found.complete, POSINGS))
    if found.complete < WANTED_SUBJECTS:
        said.append(width_sentence(LEAST_SUBJECTS if found.complete < LEAST_SUBJECTS else WANTED_SUBJECTS, POSINGS))
    st.caption("  \n".join(plain(sentence) for sentence in said))
    if found.people:
        st.caption("  \n".join(plain(sentence) for sentence in _variety(found)))


def _variety(found: Progress) -> list[str]:
    """Whom the result will hold for."""
    missing = [str(tone) for tone in Tone if tone not in found.tones]
    half = -(-found.people // 2)
    return [
        f"Skin tones: {', '.join(found.tones) or 'none noted'}{f'; {_listed(missing)} missing' if missing else ''}.",
        f"Another operator set one posing up for {found.other_operator} of {found.people} people; {half} are good.",
    ]


def _listed(names: Sequence[str]) -> str:
    return f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
