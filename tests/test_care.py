"""Details, courses, sessions, treatments, lots, grades and typed measures of patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.days import TODAY
from tracker.clinic import Clinic
from tracker.clinic.course_plans import MESOTHERAPY, CourseTemplate, Phase, due, planned_sessions
from tracker.clinic.details import PatientDetails, Phototype
from tracker.clinic.entries import compared
from tracker.clinic.grading_scales import SCALES, Scale, scale
from tracker.clinic.treatment_records import BlendLine, Device, IngredientKind, NewTreatment, expired_warning
from tracker.errors import RecordError
from tracker.phantom import PhantomPhoto
from tracker.quality import SkinState

DAY = timedelta(days=1)
BLEND = (
    BlendLine("Vitamin C", IngredientKind.VITAMIN, "10 %", 2.5, "LOT-7", TODAY + 90 * DAY, "Maker"),
    BlendLine("Hyaluronidase", IngredientKind.ENZYME, "", 0.5, "hy 12", TODAY - DAY),
)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "clinic") as record:
        yield record


@pytest.fixture
def ann(clinic: Clinic) -> str:
    return clinic.add_patient(code="A-1", name="Ann").id


@pytest.fixture
def thigh(clinic: Clinic, ann: str) -> str:
    return clinic.add_view(ann, site="thigh", laterality="left").id


def refused(code: str) -> pytest.RaisesExc[RecordError]:
    return pytest.raises(RecordError, check=lambda error: error.code == code)


# Details


def test_details_are_kept_and_replaced(clinic: Clinic, ann: str) -> None:
    assert clinic.details(ann) == PatientDetails()
    for new in (
        PatientDetails(1984, Phototype.IV, "Lidocaine", "None.\nNothing.", "0123 456"),
        PatientDetails(None, None, "", "Asthma", ""),
    ):
        clinic.set_details(ann, new)
        assert clinic.details(ann) == new


def test_what_is_said_of_health_is_not_in_the_database_in_plain(clinic: Clinic, ann: str, thigh: str) -> None:
    kinds = (
        "allergies",
        "history",
        "contacts",
        "operator",
        "note",
        "numbing",
        "grader",
        "grade",
        "level",
        "name",
        "day",
    )
    said = {kind: f"Canary{kind}word" for kind in kinds}
    clinic.set_details(ann, PatientDetails(1984, Phototype.II, said["allergies"], said["history"], said["contacts"]))
    clinic.add_treatment(
        ann, NewTreatment(TODAY, (thigh,), operator=said["operator"], note=said["note"], numbing=said["numbing"])
    )
    clinic.note_visit(ann, TODAY - DAY, note=said["day"])
    clinic.add_grade(thigh, scale="css", score=3, day=TODAY, grader=said["grader"], note=said["grade"])
    clinic.add_body_measure(ann, quantity="tape", value=60, unit="cm", day=TODAY, view_id=thigh, level=said["level"])
    clinic.rename_patient(ann, name=said["name"])

    stored = (clinic.home / "clinic.sqlite").read_bytes()
    assert [word for word in said.values() if word.encode() in stored] == []
    assert clinic.details(ann).contacts == said["contacts"]
    assert clinic.treatments(ann)[0].given.numbing == said["numbing"]


@pytest.mark.parametrize("year", [TODAY.year + 1, 1850, 0, -4])
def test_an_impossible_year_of_birth_is_refused(clinic: Clinic, ann: str, year: int) -> None:
    with refused("bad_year"):
        clinic.set_details(ann, PatientDetails(birth_year=year))
    assert clinic.details(ann) == PatientDetails()


def test_details_of_nobody_are_not_found(clinic: Clinic) -> None:
    with refused("not_found"):
        clinic.details("0" * 32)
    with refused("not_found"):
        clinic.set_details("0" * 32, PatientDetails())


def test_a_name_is_corrected_and_the_code_stays(clinic: Clinic, ann: str) -> None:
    renamed = clinic.rename_patient(ann, name="Anne", note="Prefers mornings.")

    assert clinic.patient(ann) == renamed
    assert (renamed.code, renamed.name, renamed.note) == ("A-1", "Anne", "Prefers mornings.")
    with refused("too_long"):
        clinic.rename_patient(ann, name="A" * 999)
    assert b"Prefers mornings" not in (clinic.home / "clinic.sqlite").read_bytes()


# Courses


def test_the_offered_plan_says_for_every_number_where_it_comes_from() -> None:
    assert all(phase.source for phase in MESOTHERAPY.phases)
    assert all(note.source for note in MESOTHERAPY.notes)
    assert 3 <= planned_sessions(MESOTHERAPY.phases) <= 15
    said = " ".join((*(p.source for p in MESOTHERAPY.phases), *(n.text for n in MESOTHERAPY.notes)))
    assert "FDA" not in said


@pytest.mark.parametrize(
    ("done", "days"),
    [
        (1, (7, 10)),
        (3, (7, 10)),
        (4, (14, 14)),
        (7, (14, 14)),
        (8, (28, 31)),
        (9, (28, 31)),
        (10, (90, 150)),
        (40, (90, 150)),
    ],
)
def test_the_next_session_is_proposed_after_the_interval_of_its_phase(done: int, days: tuple[int, int]) -> None:
    last = date(2026, 3, 2)
    found = due(MESOTHERAPY.phases, started_on=date(2026, 1, 1), done=done, last_on=last)

    assert found is not None
    assert (found.earliest, found.latest) == tuple(last + n * DAY for n in days)
    assert (found.number, found.planned, found.is_beyond_plan) == (done + 1, 10, done >= 10)


def test_the_first_session_is_due_on_the_first_day_and_a_plan_with_an_end_ends() -> None:
    phases = (Phase("All", 2, 7, 10),)
    start = date(2026, 3, 2)

    first = due(phases, started_on=start, done=0, last_on=None)
    assert first is not None
    assert (first.earliest, first.latest, first.day) == (start, start, start)
    assert due(phases, started_on=start, done=2, last_on=start + 7 * DAY) is None


@given(
    sessions=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    least=st.integers(1, 40),
    done=st.integers(1, 30),
)
def test_a_plan_proposes_exactly_its_sessions(sessions: list[int], least: int, done: int) -> None:
    phases = tuple(Phase(f"{i}", n, least + i, least + i + 3) for i, n in enumerate(sessions))
    found = due(phases, started_on=TODAY, done=done, last_on=TODAY)

    assert (found is None) == (done >= sum(sessions))
    if found is not None:
        index = next(i for i in range(len(sessions)) if done < sum(sessions[: i + 1]))
        assert found.earliest == TODAY + (least + index) * DAY


def test_a_course_counts_its_sessions_and_an_appointment_takes_the_place_of_the_proposal(
    clinic: Clinic, ann: str
) -> None:
    course = clinic.start_course(ann, template="mesotherapy", indication="cellulite", started_on=TODAY - 30 * DAY)
    for days in (20, 20, 10):
        clinic.add_treatment(ann, NewTreatment(TODAY - days * DAY))
    clinic.note_visit(ann, TODAY - 5 * DAY, note="Only looked at.")

    (course,) = clinic.courses(ann)
    assert (course.done, course.last_on) == (2, TODAY - 10 * DAY)
    assert course.due is not None
    assert (course.due.earliest, course.due.latest, course.due.day) == (TODAY - 3 * DAY, TODAY, TODAY - 3 * DAY)

    agreed = clinic.agree_next(course.id, TODAY + 2 * DAY).due
    assert agreed is not None
    assert (agreed.agreed, agreed.day) == (TODAY + 2 * DAY, TODAY + 2 * DAY)
    assert [(each.patient_id, each.due) for each in clinic.dues()] == [(ann, agreed)]
    assert clinic.next_session(ann) == agreed


def test_an_appointment_is_over_once_its_session_has_been(clinic: Clinic, ann: str) -> None:
    course = clinic.start_course(ann, template="Mesotherapy")
    clinic.agree_next(course.id, TODAY)
    clinic.add_treatment(ann, NewTreatment(TODAY))

    due_next = clinic.courses(ann)[0].due
    assert due_next is not None
    assert (due_next.agreed, due_next.earliest) == (None, TODAY + 7 * DAY)


def test_one_course_runs_at_a_time_and_one_that_has_ended_is_due_no_more(clinic: Clinic, ann: str) -> None:
    first = clinic.start_course(ann, template="Mesotherapy", started_on=TODAY - 9 * DAY)
    with refused("course_runs"):
        clinic.start_course(ann, template="Mesotherapy")
    clinic.end_course(first.id)
    second = clinic.start_course(ann, template="Photos only")

    assert [course.id for course in clinic.courses(ann)] == [second.id, first.id]
    assert clinic.courses(ann)[1].due is None
    assert [each.patient_id for each in clinic.dues()] == [ann]


def test_a_clinic_changes_a_template_and_a_running_course_keeps_its_plan(clinic: Clinic, ann: str) -> None:
    course = clinic.start_course(ann, template="Mesotherapy")
    changed = replace(clinic.course_templates()[0], phases=(Phase("Ours", 6, 10, 14, source="Our practice"),))
    clinic.save_course_template(changed)

    assert [t.name for t in clinic.course_templates()] == ["Mesotherapy", "Photos only"]
    assert clinic.course_templates()[0].phases == changed.phases
    assert clinic.courses(ann)[0].phases == course.phases == MESOTHERAPY.phases

    clinic.remove_course_template("mesotherapy")
    assert clinic.course_templates()[0].phases == MESOTHERAPY.phases
    with refused("not_found"):
        clinic.remove_course_template("mesotherapy")


@pytest.mark.parametrize(
    ("phases", "code"),
    [
        ((), "no_phase"),
        ((Phase("A", 3, 10, 7),), "bad_interval"),
        ((Phase("A", 3, 0, 7),), "bad_interval"),
        ((Phase("A", 3, 7, 9999),), "bad_interval"),
        ((Phase("A", -1, 7, 10),), "bad_number"),
        ((Phase("A", 0, 7, 10), Phase("B", 3, 7, 10)), "endless"),
        ((Phase("", 3, 7, 10),), "missing"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(
    clinic: Clinic, ann: str, phases: tuple[Phase, ...], code: str
) -> None:
    with refused(code):
        clinic.save_course_template(CourseTemplate("", "Mine", phases))
    course = clinic.start_course(ann, template="Photos only")
    with refused(code):
        clinic.change_course(course.id, phases)
    assert clinic.courses(ann)[0] == course


def test_days_of_a_course_have_to_make_sense(clinic: Clinic, ann: str) -> None:
    with refused("too_late"):
        clinic.start_course(ann, template="Mesotherapy", started_on=TODAY + 3000 * DAY)
    with refused("not_found"):
        clinic.start_course(ann, template="No such")
    course = clinic.start_course(ann, template="Mesotherapy")
    with refused("past"):
        clinic.agree_next(course.id, TODAY - DAY)
    with refused("too_early"):
        clinic.end_course(course.id, TODAY - DAY)
    with refused("future"):
        clinic.end_course(course.id, TODAY + DAY)


# Treatments


def test_a_treatment_is_kept_with_its_blend_in_order(clinic: Clinic, ann: str, thigh: str) -> None:
    new = NewTreatment(
        TODAY - DAY, (thigh,), Device.NEEDLE, BLEND, 2.5, 5.0, 120, "cream, 20 min", Decimal("350.50"), "usd",
        "Dr. Mix", "Left side was sore.",
    )  # fmt: skip
    clinic.add_treatment(ann, new)

    (kept,) = clinic.treatments(ann)
    assert kept.given == replace(new, currency="USD")
    assert kept.patient_id == ann


def test_what_is_copied_from_the_last_session_is_its_blend(clinic: Clinic, ann: str) -> None:
    for days, blend in ((3, BLEND), (1, BLEND[:1]), (2, BLEND)):
        clinic.add_treatment(ann, NewTreatment(TODAY - days * DAY, blend=blend))

    assert clinic.treatments(ann)[0].given.blend == BLEND[:1]


def test_a_treatment_that_injects_notes_the_day_of_injection_of_what_it_treated(
    clinic: Clinic, ann: str, thigh: str
) -> None:
    arm = clinic.add_view(ann, site="arm").id
    clinic.add_treatment(ann, NewTreatment(TODAY, (thigh,), Device.GUN))
    clinic.add_treatment(ann, NewTreatment(TODAY - DAY, (thigh,), Device.OTHER))

    assert clinic.injections(thigh) == (TODAY,)
    assert clinic.injections(arm) == ()


def test_a_treatment_removed_takes_back_only_the_days_that_it_noted(clinic: Clinic, ann: str, thigh: str) -> None:
    clinic.note_injection(thigh, TODAY - DAY)
    on_noted = clinic.add_treatment(ann, NewTreatment(TODAY - DAY, (thigh,)))
    first, second = (clinic.add_treatment(ann, NewTreatment(TODAY, (thigh,))) for _ in range(2))

    clinic.remove_treatment(on_noted.id)
    clinic.remove_treatment(first.id)
    assert clinic.injections(thigh) == (TODAY - DAY, TODAY)
    clinic.remove_treatment(second.id)
    assert clinic.injections(thigh) == (TODAY - DAY,)
    with refused("not_found"):
        clinic.remove_treatment(second.id)


def test_nothing_is_given_to_the_untreated_side(clinic: Clinic, ann: str) -> None:
    control = clinic.add_view(ann, site="thigh", laterality="right", is_control=True)
    with refused("control_treated"):
        clinic.add_treatment(ann, NewTreatment(TODAY, (control.id,)))
    assert clinic.treatments(ann) == ()
    assert clinic.session_days(ann) == ()


def test_a_view_of_another_patient_is_not_found(clinic: Clinic, ann: str, thigh: str) -> None:
    other = clinic.add_patient(code="B-1").id
    with refused("not_found"):
        clinic.add_treatment(other, NewTreatment(TODAY, (thigh,)))
    assert clinic.injections(thigh) == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"day": TODAY + DAY}, "future"),
        ({"day": date(1950, 1, 1)}, "too_early"),
        ({"depth_mm": -1.0}, "bad_number"),
        ({"depth_mm": 60.0}, "bad_number"),
        ({"depth_mm": float("nan")}, "bad_number"),
        ({"spacing_mm": 0.0}, "bad_number"),
        ({"points": 0}, "bad_number"),
        ({"points": 10**7}, "bad_number"),
        ({"cost": Decimal("-1")}, "bad_number"),
        ({"cost": Decimal("NaN")}, "bad_number"),
        ({"cost": Decimal(5), "currency": "dollars"}, "too_long"),
        ({"cost": Decimal(5), "currency": "$"}, "bad_currency"),
        ({"cost": Decimal(5)}, "bad_currency"),
        ({"blend": (replace(BLEND[0], amount_ml=-2.0),)}, "bad_number"),
        ({"blend": (replace(BLEND[0], ingredient=" "),)}, "missing"),
        ({"blend": (replace(BLEND[0], lot="x" * 99),)}, "too_long"),
        ({"blend": (replace(BLEND[0], expires_on=date(1026, 1, 1)),)}, "bad_day"),
        ({"blend": BLEND * 11}, "too_many"),
        ({"note": "a\0b"}, "bad_text"),
        ({"operator": "a\udcffb"}, "bad_text"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence_and_changes_nothing(
    clinic: Clinic, ann: str, changed: dict[str, object], code: str
) -> None:
    with refused(code) as refusal:
        clinic.add_treatment(ann, replace(NewTreatment(TODAY), **changed))  # type: ignore[arg-type]
    assert str(refusal.value).endswith(".")
    assert clinic.session_days(ann) == ()


def test_a_lot_past_its_last_day_is_one_warning(clinic: Clinic) -> None:
    given_today = NewTreatment(TODAY, blend=BLEND)

    assert given_today.expired == BLEND[1:]
    assert expired_warning(given_today.expired).startswith("Past its last day of use: Hyaluronidase (lot hy 12) on ")
    assert replace(given_today, day=TODAY - DAY).expired == ()
    assert expired_warning(()) == ""


def test_costs_add_up_by_currency(clinic: Clinic, ann: str) -> None:
    for cost, currency in ((Decimal("250.10"), "USD"), (Decimal("0.20"), "USD"), (Decimal(90), "EUR"), (None, "")):
        clinic.add_treatment(ann, NewTreatment(TODAY, cost=cost, currency=currency))

    assert clinic.spent(ann) == {"EUR": Decimal(90), "USD": Decimal("250.30")}
    assert clinic.spent(clinic.add_patient(code="B-1").id) == {}


# Lots


def test_a_lot_leads_to_every_patient_who_got_it_however_it_was_typed(clinic: Clinic, ann: str) -> None:
    others = [clinic.add_patient(code=f"B-{i}").id for i in range(3)]
    for patient, lot in zip((ann, *others), ("LOT–7", "lot-7", " L o T - 7", "LOT-71"), strict=True):
        clinic.add_treatment(patient, NewTreatment(TODAY, blend=(replace(BLEND[0], lot=lot),)))

    found = clinic.patients_of_lot("Lot-7 ")
    assert {use.patient_id for use in found} == {ann, *others[:2]}
    assert {use.patient_code for use in found} == {"A-1", "B-0", "B-1"}
    assert clinic.patients_of_lot("") == clinic.patients_of_lot("  ") == clinic.patients_of_lot("none") == ()
    assert {(lot.lot.casefold().replace(" ", "").replace("–", "-"), lot.patients) for lot in clinic.lots()} == {
        ("lot-7", 3),
        ("lot-71", 1),
    }


def test_a_recall_is_one_query_that_uses_the_index(clinic: Clinic, ann: str) -> None:
    from sqlalchemy import event

    clinic.add_treatment(ann, NewTreatment(TODAY, blend=BLEND))
    asked: list[str] = []
    event.listen(
        clinic._store._engine, "before_cursor_execute", lambda c, cur, statement, *rest: asked.append(statement)
    )
    found = clinic.patients_of_lot("LOT-7")
    selects = [each for each in asked if each.lstrip().upper().startswith("SELECT")]

    assert [use.line for use in found] == [BLEND[0]]
    assert len(selects) == 1
    with clinic._store.reading() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {selects[0]}", ("lot-7",)).all()
            assert any("blend_line_lot" in str(step) for step in plan)


@settings(max_examples=500)
@given(text=st.text(max_size=30))
def test_comparing_a_lot_twice_changes_nothing(text: str) -> None:
    assert compared(compared(text)) == compared(text)
    assert compared(f" {text.upper()} ") == compared(text.upper())


# Sessions


def test_a_session_says_who_treated_what_was_noted_and_how_long_ago_the_last_injection_was(
    clinic: Clinic, ann: str, thigh: str
) -> None:
    clinic.add_treatment(ann, NewTreatment(TODAY - 8 * DAY, (thigh,), operator="Dr. Mix"))
    clinic.note_skin(thigh, TODAY, [SkinState.TANNED])
    clinic.note_visit(ann, TODAY, operator="Nurse", note="Came late.")

    now, before = clinic.session_days(ann)
    assert now.visit is not None
    assert before.visit is not None
    assert (now.visit.operator, now.visit.note, now.days_since_injection) == ("Nurse", "Came late.", 8)
    assert (before.visit.operator, before.days_since_injection) == ("Dr. Mix", None)
    assert now.skin == {thigh: frozenset({SkinState.TANNED})}


def test_a_note_of_a_day_replaces_the_one_before(clinic: Clinic, ann: str) -> None:
    clinic.note_visit(ann, TODAY, operator="Nurse", note="First.")
    clinic.note_visit(ann, TODAY, note="Second.")

    (session,) = clinic.session_days(ann)
    assert session.visit is not None
    assert (session.visit.operator, session.visit.note) == ("", "Second.")


# Grades


@pytest.mark.parametrize("known", SCALES, ids=lambda each: each.name)
def test_a_scale_takes_its_published_range_and_nothing_beside_it(clinic: Clinic, thigh: str, known: Scale) -> None:
    for score in (known.least, known.most):
        clinic.add_grade(thigh, scale=known.name, score=score, day=TODAY, grader="Dr. Mix")
    for score in (known.least - known.step, known.most + known.step, known.least + known.step / 3, float("nan")):
        with refused("bad_score"):
            clinic.add_grade(thigh, scale=known.name, score=score, day=TODAY, grader="Dr. Mix")

    assert [grade.score for grade in clinic.grades(thigh)] == [known.least, known.most]
    assert known.source
    assert known.least < known.most


def test_published_ranges_are_those_of_the_papers() -> None:
    ranges = {
        name: (scale(name).least, scale(name).most) for name in ("css", "cr_pcss", "mmasi", "fitzpatrick_wrinkle")
    }

    assert ranges == {"css": (0, 15), "cr_pcss": (0, 4), "mmasi": (0, 24), "fitzpatrick_wrinkle": (1, 9)}


def test_grades_say_who_graded_and_can_be_taken_back(clinic: Clinic, ann: str, thigh: str) -> None:
    grade = clinic.add_grade(thigh, scale="mmasi", score=7.2, day=TODAY, grader="Dr. Mix", note="After summer.")

    assert clinic.grades_of_patient(ann) == clinic.grades(thigh) == (grade,)
    assert (grade.score, grade.grader, grade.note) == (7.2, "Dr. Mix", "After summer.")
    with refused("missing"):
        clinic.add_grade(thigh, scale="css", score=3, day=TODAY, grader=" ")
    with refused("no_scale"):
        clinic.add_grade(thigh, scale="beauty", score=3, day=TODAY, grader="Dr. Mix")
    with refused("future"):
        clinic.add_grade(thigh, scale="css", score=3, day=TODAY + DAY, grader="Dr. Mix")
    clinic.remove_grade(grade.id)
    assert clinic.grades(thigh) == ()
    with refused("not_found"):
        clinic.remove_grade(grade.id)


# Typed measures


def test_measures_keep_what_was_typed_and_are_read_in_the_units_of_reports(
    clinic: Clinic, ann: str, thigh: str
) -> None:
    clinic.add_body_measure(ann, quantity="weight", value=150, unit="LB", day=TODAY, by_patient=True)
    for value in (24, 24.5):
        clinic.add_body_measure(
            ann, quantity="tape", value=value, unit="in", day=TODAY, view_id=thigh, level="10 cm above the knee"
        )

    weight, first, second = clinic.body_measures(ann)
    assert (weight.value, weight.unit, weight.by_patient) == (150, "lb", True)
    assert (first.reading, second.reading, second.unit) == (1, 2, "in")
    assert [(r.quantity, round(r.value, 3), r.reading) for r in clinic.body_readings(thigh)] == [
        ("weight", 68.039, 1),
        ("tape", 60.96, 1),
        ("tape", 62.23, 2),
    ]
    clinic.remove_body_measure(weight.id)
    assert len(clinic.body_measures(ann)) == 2


def test_the_tape_of_another_view_is_not_in_the_readings(clinic: Clinic, ann: str, thigh: str) -> None:
    arm = clinic.add_view(ann, site="arm").id
    clinic.add_body_measure(ann, quantity="tape", value=30, unit="cm", day=TODAY, view_id=arm)

    assert clinic.body_readings(thigh) == ()
    assert len(clinic.body_readings(arm)) == 1


@pytest.mark.parametrize(
    ("quantity", "value", "unit", "code"),
    [
        ("weight", 700.0, "kg", "bad_measure"),
        ("weight", -70.0, "kg", "bad_measure"),
        ("weight", float("nan"), "kg", "bad_measure"),
        ("weight", 70.0, "stone", "bad_measure"),
        ("mood", 7.0, "kg", "bad_measure"),
        ("tape", 60.0, "cm", "no_view"),
    ],
)
def test_a_measure_that_makes_no_sense_is_refused(
    clinic: Clinic, ann: str, quantity: str, value: float, unit: str, code: str
) -> None:
    with refused(code):
        clinic.add_body_measure(ann, quantity=quantity, value=value, unit=unit, day=TODAY)
    assert clinic.body_measures(ann) == ()


def test_a_tape_stays_at_its_level_and_with_its_patient(clinic: Clinic, ann: str, thigh: str) -> None:
    clinic.add_body_measure(ann, quantity="tape", value=60, unit="cm", day=TODAY, view_id=thigh, level="mid")
    with refused("level"):
        clinic.add_body_measure(ann, quantity="tape", value=58, unit="cm", day=TODAY, view_id=thigh, level="low")
    with refused("no_view"):
        other = clinic.add_patient(code="B-1").id
        clinic.add_body_measure(other, quantity="tape", value=58, unit="cm", day=TODAY, view_id=thigh)


# Today


def test_a_summary_says_what_views_photos_injections_and_course_there_are(clinic: Clinic, ann: str, thigh: str) -> None:
    clinic.start_course(ann, template="Mesotherapy", started_on=TODAY - 3 * DAY)
    clinic.add_treatment(ann, NewTreatment(TODAY - 2 * DAY, (thigh,)))
    nobody = "0" * 32

    (found,) = clinic.summaries([ann, nobody])
    assert found.patient_id == ann
    assert [(v.view_id, v.title, v.sessions, v.latest, v.waiting) for v in found.views] == [
        (thigh, "Left thigh", 0, None, 0)
    ]
    assert (found.last_injection, found.course) == (TODAY - 2 * DAY, "Mesotherapy")
    assert found.due == clinic.next_session(ann) is not None


def test_the_number_of_queries_does_not_grow_with_the_patients(clinic: Clinic) -> None:
    from sqlalchemy import event

    counted: list[int] = []
    asked: list[str] = []
    event.listen(clinic._store._engine, "before_cursor_execute", lambda c, cur, statement, *rest: asked.append("1"))
    for wanted in (2, 20):
        while len(clinic.patients()) < wanted:
            patient = clinic.add_patient(code=f"P-{len(clinic.patients())}").id
            clinic.add_view(patient, site="thigh")
            clinic.start_course(patient, template="Mesotherapy")
        ids = [patient.id for patient in clinic.patients()]
        asked.clear()
        clinic.summaries(ids)
        clinic.rejected(ids)
        clinic.dues()
        counted.append(len(asked))

    assert counted[0] == counted[1] <= 12


def test_everything_of_a_patient_goes_with_the_patient(clinic: Clinic) -> None:
    from sqlalchemy import select

    from tracker.clinic import schema
    from tracker.clinic.consent_texts import Purpose

    patient = clinic.add_patient(code="DEMO", is_demonstration=True).id
    view = clinic.add_view(patient, site="thigh").id
    clinic.set_details(patient, PatientDetails(1990))
    clinic.start_course(patient, template="Mesotherapy")
    clinic.give_consent(patient, Purpose.CARE, given_by="Demo", signed_on=TODAY)
    clinic.add_treatment(patient, NewTreatment(TODAY, (view,), blend=BLEND))
    clinic.add_grade(view, scale="css", score=3, day=TODAY, grader="Dr. Mix")
    clinic.add_body_measure(patient, quantity="weight", value=70, unit="kg", day=TODAY)
    tables = (
        *(schema.patient_details, schema.consent, schema.course, schema.visit, schema.treatment),
        *(schema.treated_view, schema.blend_line, schema.grade, schema.body_measure),
    )
    counts = []
    for _ in range(2):
        with clinic._store.reading() as connection:
            counts.append([len(connection.execute(select(table)).all()) for table in tables])
        clinic.remove_demonstration()

    assert min(counts[0]) > 0
    assert counts[1] == [0] * len(tables)


def test_weight_and_tape_stand_in_the_report_of_a_view(
    clinic: Clinic, ann: str, thigh: str, pigment: tuple[PhantomPhoto, ...]
) -> None:
    patch = clinic.add_view(ann, site="forearm", indication="pigmentation").id
    for photo in pigment[:2]:
        clinic.add_photo(patch, photo.jpeg, photo.name)
    clinic.measure_waiting()
    before = clinic.report(patch)
    days = [photo.taken_on for photo in clinic.photos(patch)]
    for day, weight in zip(days, (70, 63), strict=True):
        clinic.add_body_measure(ann, quantity="weight", value=weight, unit="kg", day=day)
    clinic.add_body_measure(ann, quantity="tape", value=60, unit="cm", day=days[0], view_id=thigh)
    after = clinic.report(patch)

    assert before is not None
    assert after is not None
    added = [line.metric.name for line in after.timeline.metrics[len(before.timeline.metrics) :]]
    assert added == ["weight"]
    assert after.timeline.metrics[: len(before.timeline.metrics)] == before.timeline.metrics
    assert [session.value for session in after.timeline.metrics[-1].sessions] == [70, 63]
