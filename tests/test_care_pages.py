"""The pages of the record: a patient with consents, a course, a treatment, grades; plans, lots and wordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.days import TODAY
from tests.signing_in import actor_of, token_of, token_of_owner
from tracker.clinic import Clinic
from tracker.clinic.actors import Actor, Role
from tracker.clinic.consent_texts import OFFERED, Purpose
from tracker.clinic.consents import Masking, Pictures
from tracker.clinic.course_plans import MESOTHERAPY, Phase
from tracker.clinic.details import PatientDetails, Phototype
from tracker.clinic.treatment_records import BlendLine, Device, NewTreatment
from tracker.pages import PAGES, pages_of
from tracker.pages.due import due_words, injected_words

DAY = timedelta(days=1)
HOSTILE = "<b>x</b> ![p](http://evil.example/p.png) :red[x] $x$"
SECTIONS = ("Treatment", "Course", "Grades and measures", "Consents", "Details")


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "clinic") as record:
        yield record


@pytest.fixture
def ann(clinic: Clinic) -> str:
    return clinic.add_patient(code="A-1", name="Ann").id


@pytest.fixture
def thigh(clinic: Clinic, ann: str) -> str:
    return clinic.add_view(ann, site="thigh", laterality="left", indication="cellulite").id


def run(clinic: Clinic, path: str, **ids: str) -> AppTest:
    """Run one page alone, with these ids in its address."""

    def script(entry, clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame

        frame(lambda: entry.page(clinic))

    entry = next(each for each in PAGES if each.path == path)
    app = AppTest.from_function(script, kwargs={"entry": entry, "clinic": clinic}, default_timeout=30)
    for name, value in ids.items():
        app.query_params[name] = value
    return fine(app.run())


def fine(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def section(clinic: Clinic, patient_id: str, name: str) -> AppTest:
    app = run(clinic, "record", patient=patient_id)
    return fine(app.segmented_control[0].set_value(name).run())


def field(app: AppTest, kind: str, label: str):  # type: ignore[no-untyped-def]
    return next(each for each in app.get(kind) if each.label == label)


def press(app: AppTest, label: str) -> AppTest:
    return fine(next(each for each in app.button if each.label == label).click().run())


def words(app: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "error", "warning")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


# A new patient


def test_a_patient_is_added_with_what_was_switched_on_and_nothing_else(clinic: Clinic) -> None:
    app = run(clinic, "new-patient")
    assert not any(toggle.value for toggle in app.toggle)
    assert [toggle.label for toggle in app.toggle] == [
        Purpose.CARE.said, Purpose.PORTAL.said, Purpose.TEACHING.said, Purpose.MARKETING.said,
    ]  # fmt: skip
    field(app, "text_input", "Code").input("A-7")
    field(app, "text_input", "Name").input("Ann Example")
    field(app, "number_input", "Year of birth").set_value(1984)
    field(app, "selectbox", "Phototype (Fitzpatrick)").set_value(Phototype.III)
    app.toggle[0].set_value(True)
    app.toggle[3].set_value(True)
    press(app, "Add patient")

    (patient,) = clinic.patients()
    consents = {consent.purpose: consent for consent in clinic.consents(patient.id)}
    assert (patient.code, patient.name) == ("A-7", "Ann Example")
    assert clinic.details(patient.id) == PatientDetails(1984, Phototype.III)
    assert set(consents) == {Purpose.CARE, Purpose.MARKETING}
    assert {(c.given_by, c.signed_on) for c in consents.values()} == {("Ann Example", TODAY)}
    shown = consents[Purpose.MARKETING].scope
    assert (shown.pictures, shown.masking) == (Pictures.REGION, Masking.IDENTIFYING)


def test_the_words_stand_behind_their_switch(clinic: Clinic) -> None:
    app = run(clinic, "new-patient")

    assert {OFFERED[p] for p in (Purpose.CARE, Purpose.PORTAL, Purpose.TEACHING, Purpose.MARKETING)} <= {
        text.value for text in app.text
    }


def test_a_consent_that_nobody_signs_is_one_sentence_and_no_patient(clinic: Clinic) -> None:
    app = run(clinic, "new-patient")
    field(app, "text_input", "Code").input("A-7")
    app.toggle[0].set_value(True)
    press(app, "Add patient")

    assert len(app.error) == 1
    assert clinic.patients() == ()


# The record


@pytest.mark.parametrize("name", SECTIONS)
def test_every_part_of_an_empty_record_opens(clinic: Clinic, ann: str, name: str) -> None:
    assert not section(clinic, ann, name).error


@pytest.mark.parametrize("name", SECTIONS)
def test_what_was_typed_is_never_markup(clinic: Clinic, ann: str, thigh: str, name: str) -> None:
    clinic.rename_patient(ann, name=HOSTILE, note=HOSTILE)
    clinic.set_details(ann, PatientDetails(1984, None, HOSTILE, HOSTILE, HOSTILE))
    clinic.start_course(ann, template="Mesotherapy", indication=HOSTILE)
    line = BlendLine(HOSTILE, lot=HOSTILE, supplier=HOSTILE, concentration=HOSTILE[:40], expires_on=TODAY - DAY)
    clinic.add_treatment(
        ann, NewTreatment(TODAY, (thigh,), blend=(line,), numbing=HOSTILE, operator=HOSTILE, note=HOSTILE)
    )
    clinic.add_grade(thigh, scale="css", score=3, day=TODAY, grader=HOSTILE, note=HOSTILE)
    clinic.add_body_measure(ann, quantity="tape", value=60, unit="cm", day=TODAY, view_id=thigh, level=HOSTILE)
    clinic.give_consent(ann, Purpose.MARKETING, given_by=HOSTILE, signed_on=TODAY)

    app = section(clinic, ann, name)
    shown = "".join(
        str(each.value) for kind in ("markdown", "caption", "title", "warning", "info") for each in app.get(kind)
    )
    assert not app.error
    assert HOSTILE not in shown
    assert not any(each in shown for each in ("<b>x", "![p](", ":red[x]"))


def test_a_treatment_is_written_down_and_the_next_one_starts_with_its_blend(
    clinic: Clinic, ann: str, thigh: str
) -> None:
    app = section(clinic, ann, "Treatment")
    field(app, "text_input", "Ingredient").input("Vitamin C")
    field(app, "text_input", "Lot").input("LOT-7")
    field(app, "number_input", "ml").set_value(2.5)
    press(app, "Another ingredient")
    [box for box in app.text_input if box.label == "Ingredient"][1].input("Silicium")
    field(app, "number_input", "Depth (mm)").set_value(2.0)
    field(app, "number_input", "Cost").set_value(300.0)
    press(app, "Save the treatment")

    (kept,) = clinic.treatments(ann)
    assert [(line.ingredient, line.lot, line.amount_ml) for line in kept.given.blend] == [
        ("Vitamin C", "LOT-7", 2.5),
        ("Silicium", "", None),
    ]
    assert (kept.given.depth_mm, kept.given.cost, kept.given.view_ids) == (2.0, Decimal(300), (thigh,))
    assert clinic.injections(thigh) == (TODAY,)

    again = section(clinic, ann, "Treatment")
    press(again, "Save the treatment")
    first, second = clinic.treatments(ann)
    assert first.given == second.given
    assert "Spent so far: 600 USD" in words(section(clinic, ann, "Treatment")).replace("\\", "")


def test_a_lot_past_its_last_day_is_saved_only_when_it_is_said_twice(clinic: Clinic, ann: str, thigh: str) -> None:
    old = NewTreatment(TODAY - 20 * DAY, (thigh,), blend=(BlendLine("Vitamin C", lot="L-1", expires_on=TODAY - DAY),))
    clinic.add_treatment(ann, old)
    app = section(clinic, ann, "Treatment")
    assert len([each for each in app.warning if "Past its last day of use" in each.value]) == 1

    press(app, "Save the treatment")
    assert len(clinic.treatments(ann)) == 1
    field(app, "checkbox", "It was given although a lot is past its last day of use").check()
    press(app, "Save the treatment")
    assert len(clinic.treatments(ann)) == 2
    assert [each.value for each in app.toast] == ["The treatment is saved."]


def test_a_course_begins_gets_an_appointment_and_ends(clinic: Clinic, ann: str) -> None:
    app = section(clinic, ann, "Course")
    said = words(app).replace("\\", "")
    assert all(phase.source in said for phase in MESOTHERAPY.phases)
    press(app, "Begin the course")
    press(section(clinic, ann, "Course"), "Agree on this day")

    (course,) = clinic.courses(ann)
    assert (course.phases, course.next_on) == (MESOTHERAPY.phases, TODAY)
    press(section(clinic, ann, "Course"), "End it")
    assert clinic.courses(ann)[0].ended_on == TODAY


def test_what_was_given_before_the_course_was_begun_is_its_first_session(clinic: Clinic, ann: str, thigh: str) -> None:
    for days in (30, 0):
        clinic.add_treatment(ann, NewTreatment(TODAY - days * DAY, (thigh,)))

    clinic.start_course(ann, template="Mesotherapy", started_on=TODAY)

    assert clinic.courses(ann)[0].done == 1


def test_an_invitation_for_a_patient_is_made_where_they_agreed_to_read_online(clinic: Clinic, ann: str) -> None:
    assert "Give the patient an account" not in {each.label for each in section(clinic, ann, "Consents").expander}
    clinic.give_consent(ann, Purpose.PORTAL, given_by="Ann", signed_on=TODAY)

    app = press(section(clinic, ann, "Consents"), "Make an invitation")

    assert any("/session/invitation/" in each.value for each in app.code)
    assert [each.patient_id for each in clinic.accounts()] == [ann]


@pytest.mark.parametrize(("side", "views"), [("left", [("right", True), ("left", False)]), ("", [])])
def test_the_untreated_side_is_added_with_the_treated_one(
    clinic: Clinic, ann: str, side: str, views: list[tuple[str, bool]]
) -> None:
    app = run(clinic, "session", patient=ann)
    field(app, "selectbox", "Body site").set_value("thigh")
    app.segmented_control[0].set_value(side)
    field(app, "checkbox", "Add the other side too, untreated, to compare with").check()
    press(app, "Add view")

    added = clinic.views(ann)
    assert sorted((view.laterality, view.is_control) for view in added) == sorted(views)
    assert [view.control_id for view in added if not view.is_control] == [v.id for v in added if v.is_control]
    assert bool(app.error) is not bool(views)


def test_after_the_third_session_one_looks_back(clinic: Clinic, ann: str) -> None:
    clinic.start_course(ann, template="Mesotherapy", started_on=TODAY - 30 * DAY)
    for days in (20, 10):
        clinic.add_treatment(ann, NewTreatment(TODAY - days * DAY))
    assert not section(clinic, ann, "Course").info
    clinic.add_treatment(ann, NewTreatment(TODAY))
    assert "3 sessions are done" in section(clinic, ann, "Course").info[0].value


def test_withdrawing_a_consent_is_one_press(clinic: Clinic, ann: str) -> None:
    clinic.give_consent(ann, Purpose.PORTAL, given_by="Ann", signed_on=TODAY)
    press(section(clinic, ann, "Consents"), "Withdraw")

    assert not clinic.has_consent(ann, Purpose.PORTAL)
    assert "Withdrawn" in words(section(clinic, ann, "Consents"))


def test_a_consent_is_asked_for_later(clinic: Clinic, ann: str) -> None:
    app = section(clinic, ann, "Consents")
    field(app, "toggle", Purpose.RESEARCH.said).set_value(True)
    press(app, "Keep what is switched on")

    (consent,) = clinic.consents(ann)
    assert (consent.purpose, consent.given_by) == (Purpose.RESEARCH, "Ann")


def test_details_are_corrected(clinic: Clinic, ann: str) -> None:
    app = section(clinic, ann, "Details")
    field(app, "text_input", "Name").input("Anne")
    field(app, "text_area", "Allergies").input("Lidocaine")
    press(app, "Save")

    assert clinic.patient(ann).name == "Anne"
    assert clinic.details(ann).allergies == "Lidocaine"
    assert "Lidocaine" in run(clinic, "record", patient=ann).warning[0].value


def test_a_grade_and_a_weight_are_kept_and_taken_back(clinic: Clinic, ann: str, thigh: str) -> None:
    app = section(clinic, ann, "Grades and measures")
    field(app, "number_input", "Score").set_value(7.0)
    field(app, "text_input", "Graded by").input("Dr. Mix")
    press(app, "Keep the grade")
    app = section(clinic, ann, "Grades and measures")
    field(app, "number_input", "Value").set_value(70.2)
    press(app, "Keep the measure")

    assert [(grade.scale.name, grade.score) for grade in clinic.grades(thigh)] == [("css", 7.0)]
    assert [(m.value, m.unit) for m in clinic.body_measures(ann)] == [(70.2, "kg")]
    app = section(clinic, ann, "Grades and measures")
    assert "70.2 kg" in words(app).replace("\\", "")
    press(app, "Remove")
    assert clinic.grades(thigh) == ()


# Plans, lots and wordings


def test_a_lot_called_back_names_its_patients(clinic: Clinic, ann: str) -> None:
    clinic.add_patient(code="B-2")
    clinic.add_treatment(ann, NewTreatment(TODAY, blend=(BlendLine("Vitamin C", lot="LOT-7"),)))
    app = run(clinic, "practice")
    assert "LOT-7" in words(app).replace("\\", "")
    fine(app.text_input[0].input("lot-7").run())

    said = words(app).replace("\\", "")
    assert "1 patient" in said
    assert "A-1" in said
    assert "B-2" not in said
    fine(app.text_input[0].input("other").run())
    assert len(app.info) == 1


def test_a_plan_is_changed_and_the_offered_one_comes_back(clinic: Clinic) -> None:
    app = run(clinic, "practice")
    fine(app.segmented_control[0].set_value("Plans of courses").run())
    next(box for box in app.number_input if box.label == "Days, at most").set_value(12)
    press(app, "Save the plan")
    assert clinic.course_templates()[0].phases == (
        replace(MESOTHERAPY.phases[0], most_days=12),
        *MESOTHERAPY.phases[1:],
    )
    press(app, "Remove this plan, or take the offered one again")
    assert clinic.course_templates()[0].phases == MESOTHERAPY.phases


def test_a_clinic_asks_with_its_own_words(clinic: Clinic) -> None:
    app = run(clinic, "practice")
    fine(app.segmented_control[0].set_value("Words of consents").run())
    app.text_area[0].input("Our own words.")
    press(app, "Ask with these words from now on")

    assert clinic.consent_text(Purpose.CARE).text == "Our own words."


# Today


def test_who_is_due_stands_first_on_today(clinic: Clinic, ann: str) -> None:
    later = clinic.add_patient(code="B-2").id
    clinic.add_patient(code="A-0")
    clinic.start_course(ann, template="Mesotherapy", started_on=TODAY)
    clinic.start_course(later, template="Mesotherapy", started_on=TODAY - 2 * DAY)
    app = run(clinic, "today")

    codes = [each.value.replace("\\", "").strip("*") for each in app.markdown if each.value.startswith("**")]
    assert codes == ["B-2", "A-1", "A-0"]


def test_today_says_how_long_ago_the_last_injection_was(clinic: Clinic, ann: str, thigh: str) -> None:
    clinic.note_injection(thigh, TODAY - 8 * DAY)

    assert "Last injection 8 days ago" in words(run(clinic, "today")).replace("\\", "")


def test_the_owner_is_told_on_today_who_opened_a_patient_in_an_emergency(clinic: Clinic, ann: str) -> None:
    owner = clinic.acting_for(actor_of(clinic, token_of_owner(clinic)))
    doctor = clinic.acting_for(actor_of(clinic, token_of(clinic, Role.PRACTITIONER, "Dr *Eve*")))
    assert "emergency" not in words(run(owner, "today"))
    doctor.break_glass("A-1", "Bleeding after an injection elsewhere")

    app = run(owner, "today")

    assert "A-1 was opened by Dr *Eve*" in words(app).replace("\\", "").replace("**", "")
    assert "was opened by" not in words(run(doctor, "today"))
    press(app, "I have read this")
    assert "was opened by" not in words(run(owner, "today"))
    assert [entry.action for entry in clinic.log(limit=20)].count("read_emergencies") == 1


@pytest.mark.parametrize(("days", "says"), [(0, "today"), (1, "yesterday"), (5, "side effects"), (6, "6 days ago")])
def test_photos_of_the_days_after_an_injection_are_said_to_show_side_effects(days: int, says: str) -> None:
    assert says in injected_words(days)
    assert ("side effects" in injected_words(days)) == (1 <= days <= 5)


def test_an_appointment_and_an_overdue_session_are_told_apart(clinic: Clinic, ann: str) -> None:
    course = clinic.start_course(ann, template="Mesotherapy", started_on=TODAY - 30 * DAY)
    clinic.add_treatment(ann, NewTreatment(TODAY - 20 * DAY, device=Device.NEEDLE))
    overdue = clinic.next_session(ann)
    clinic.agree_next(course.id, TODAY)
    agreed = clinic.next_session(ann)

    assert overdue is not None
    assert agreed is not None
    assert "overdue since" in due_words(overdue, TODAY)
    assert due_words(agreed, TODAY) == "Session 2 of 10: appointment today"
    clinic.change_course(course.id, (Phase("All", 1, 7, 10), Phase("Keep", 0, 90, 120)))
    beyond = clinic.next_session(ann)
    assert beyond is not None
    assert due_words(beyond, TODAY).startswith("Maintenance")


def test_only_those_who_treat_have_the_record(clinic: Clinic) -> None:
    for role in Role:
        paths = {entry.path for entry in pages_of(Actor("a", role))}
        assert ({"record", "practice", "new-patient"} <= paths) == (role in (Role.OWNER, Role.PRACTITIONER))
        assert bool({"record", "practice", "new-patient"} & paths) == (role in (Role.OWNER, Role.PRACTITIONER))
