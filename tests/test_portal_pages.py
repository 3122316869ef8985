"""The pages of aftercare: what a patient has, what a link shows, and what the clinic sees of both."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.days import TODAY
from tracker.clinic import Clinic, View
from tracker.clinic.actors import Verb
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.demonstration import demonstration_folder
from tracker.clinic.demonstration_story import MADE_UP, tell_story
from tracker.clinic.effect_records import EffectKind
from tracker.clinic.issue_records import IssuedReport, Wish
from tracker.clinic.point_records import InjectionPoint
from tracker.pages import compare, diary, patient, points, progress, side_effects, today
from tracker.phantom import series
from tracker.timeline import Schedule

PASSWORD = "a long walk by the sea"


@pytest.fixture(scope="module")
def measured_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a measured course of a person who agreed to see results."""
    home = tmp_path_factory.mktemp("portal") / "home"
    with Clinic.open(home) as clinic:
        patient_id = clinic.add_patient(code="P-1", name="Somebody").id
        view = clinic.add_view(patient_id, site="thigh", laterality="left", indication="cellulite")
        clinic.give_consent(patient_id, Purpose.PORTAL, given_by="Somebody", signed_on=TODAY)
        for photo in series("thigh", seed=5, sessions=2, replicates=1, size=(600, 800)):
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        clinic.measure_waiting()
        clinic.add_patient(code="P-2", name="Somebody else")
    return home


@pytest.fixture
def clinic(measured_home: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of it."""
    shutil.copytree(measured_home, tmp_path / "home")
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def view(clinic: Clinic) -> View:
    return clinic.views(clinic.patients()[0].id)[0]


@pytest.fixture
def issued(clinic: Clinic, view: View) -> IssuedReport:
    return clinic.issue_report(view.id)


@pytest.fixture
def own(clinic: Clinic, view: View) -> Clinic:
    """The record as the patient has it."""
    token = clinic.accept_invitation(clinic.invite_patient(view.patient_id, "somebody"), PASSWORD)
    actor = clinic.session_of(token)
    assert actor is not None
    return clinic.acting_for(actor)


def run(page: Callable[[Clinic], None], clinic: Clinic, **ids: str) -> AppTest:
    """Run one page alone, with these ids in its address."""

    def script(page, clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame

        frame(lambda: page(clinic))

    app = AppTest.from_function(script, kwargs={"page": page, "clinic": clinic}, default_timeout=60)
    for name, value in ids.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """All text of a page."""
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "error", "warning", "success")
    return "\n".join(str(each.value) for kind in kinds for each in app.get(kind)).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    app.run()
    assert not app.exception
    return app


def test_a_patient_reads_what_was_issued_and_not_what_came_after(
    clinic: Clinic, own: Clinic, view: View, issued: IssuedReport
) -> None:
    clinic.remove_photo(clinic.photos(view.id)[-1].id)

    clinic.audit(Verb.VIEW, "picture", patient_id=view.patient_id)
    app = run(patient.page, own)

    assert "Looked at a photo" in words(app)
    assert "the program" in words(app)
    assert app.header[0].value.replace("\\", "") == issued.story.headline
    assert all(said in words(app) for _, said in issued.story.visits)


def test_before_anything_is_shared_the_page_says_so(own: Clinic) -> None:
    app = run(patient.page, own)

    assert app.header[0].value == patient.NOTHING_YET


def test_a_link_shows_its_report_and_nothing_else(clinic: Clinic, view: View, issued: IssuedReport) -> None:
    link = clinic.issue_link(issued.id)
    actor = clinic.session_of(clinic.exchange_link(link.token, link.pin))
    assert actor is not None

    app = run(patient.page, clinic.acting_for(actor))

    assert app.header[0].value.replace("\\", "") == issued.story.headline
    assert [each.label for each in app.expander] == ["What does this mean?", "What can photos not show?"]


def test_a_report_that_was_taken_back_leaves_the_page_of_its_link(
    clinic: Clinic, view: View, issued: IssuedReport
) -> None:
    link = clinic.issue_link(issued.id)
    actor = clinic.session_of(clinic.exchange_link(link.token, link.pin))
    assert actor is not None
    clinic.withdraw_report(issued.id)

    app = run(patient.page, clinic.acting_for(actor))

    assert not app.header
    assert len(app.error) == 1


def test_a_patient_withdraws_a_consent_and_the_reports_are_gone(
    clinic: Clinic, own: Clinic, view: View, issued: IssuedReport
) -> None:
    app = press(run(patient.page, own), "Withdraw this consent")

    assert not clinic.has_consent(view.patient_id, Purpose.PORTAL)
    assert app.header[0].value == patient.NOTHING_YET
    assert "withdrawn on" in words(app)


def test_a_patient_asks_for_a_copy_and_the_clinic_sees_it_on_today(clinic: Clinic, own: Clinic, view: View) -> None:
    press(run(patient.page, own), "Ask my clinic")

    (asked,) = clinic.open_requests()
    assert asked.wish is Wish.EXPORT
    assert "answer within a month" in words(run(today.page, clinic))
    press(run(today.page, clinic), "Done")
    assert clinic.open_requests() == ()


def test_a_rash_is_answered_at_once_and_waits_for_the_clinic(clinic: Clinic, own: Clinic, view: View) -> None:
    app = run(diary.page, own)
    app.selectbox(key="effect-0").set_value(EffectKind.RASH)
    app.run()
    press(app, "Tell my clinic")

    assert [error.value for error in app.error if "Contact your clinic now" in error.value]
    assert "Rash or hives" in words(run(today.page, clinic))
    press(run(today.page, clinic), "Read")
    assert "Rash or hives" in words(run(today.page, clinic))  # read, and still for the clinic at once


def test_a_bruise_after_an_injection_is_expected_and_leaves_today_once_it_is_read(
    clinic: Clinic, own: Clinic, view: View
) -> None:
    clinic.note_injection(view.id, TODAY - timedelta(days=2))
    app = run(diary.page, own)
    app.selectbox(key="effect-0").set_value(EffectKind.BRUISING)
    app.run()
    press(app, "Tell my clinic")

    assert [each.value for each in app.success if each.value.startswith("Expected")]
    assert "Bruising" in words(run(today.page, clinic))
    press(run(today.page, clinic), "Read")
    assert "Bruising" not in words(run(today.page, clinic))


def test_the_diary_keeps_weight_and_words(clinic: Clinic, own: Clinic, view: View) -> None:
    app = run(diary.page, own)
    app.number_input(key="weight-0").set_value(61.5)
    app.text_area(key="words-0").input("A *little* sore")
    app.run()
    press(app, "Keep it")

    (day,) = clinic.diary(view.patient_id)
    assert [each.value for each in app.toast] == ["Kept in your diary."]
    assert (day.texts[0].text, day.readings[0].value, day.readings[0].unit) == ("A *little* sore", 61.5, "kg")
    assert "A *little* sore" in [text.value for text in app.text]


def test_a_day_of_which_only_a_side_effect_was_told_is_in_the_diary(own: Clinic, view: View) -> None:
    told = own.add_side_effect(view.patient_id, EffectKind.ITCHING, level=4, noticed_on=TODAY - timedelta(days=1))
    own.resolve_side_effect(told.id)

    app = run(diary.page, own)

    assert app.subheader[0].value == "What you told before"
    assert words(app).index("Itching: has gone") < words(app).index("Itching: 4 of 10")


def test_a_session_before_the_first_injection_says_why_it_is_compared_with_nothing(clinic: Clinic, view: View) -> None:
    last = clinic.photos(view.id)[-1]
    assert "before the first injection" not in words(run(compare.page, clinic, view=view.id))

    clinic.note_injection(view.id, last.taken_on)

    app = run(compare.page, clinic, view=view.id)
    assert "This session came before the first injection" in words(app)


def test_the_story_of_the_demonstration_changes_nothing_that_is_measured(clinic: Clinic, view: View) -> None:
    before = clinic.report(view.id)
    tell_story(clinic, view)
    tell_story(clinic, view)
    after = clinic.report(view.id)

    assert before is not None
    assert after is not None
    assert after.timeline == before.timeline
    assert (len(clinic.courses(view.patient_id)), len(clinic.treatments(view.patient_id))) == (1, 6)
    assert all(treatment.given.note == MADE_UP for treatment in clinic.treatments(view.patient_id))
    assert MADE_UP in clinic.diary(view.patient_id)[0].texts[0].text
    (bruise,) = clinic.side_effects(view.patient_id)
    assert (bruise.is_open, bruise.note) == (False, MADE_UP)
    assert {grade.note for grade in clinic.grades(view.id)} == {MADE_UP}


def test_no_session_of_the_demonstration_lies_in_the_days_after_a_treatment(clinic: Clinic, view: View) -> None:
    tell_story(clinic, view)
    folder = demonstration_folder() / "thigh-left-treated"
    days = sorted({date.fromisoformat(file.name[:10]) for file in folder.glob("*.jpg")})
    schedule = Schedule(clinic.injections(view.id), baseline_sessions=2)

    assert len(days) == 6
    assert not any(schedule.is_aftermath(day) for day in days)
    assert schedule.of_baseline(days) == 1
    assert set(schedule.injected_on) == set(days)


def test_the_clinic_sees_side_effects_and_changes_what_is_expected(clinic: Clinic, view: View) -> None:
    clinic.add_side_effect(view.patient_id, EffectKind.SWELLING, level=2, noticed_on=TODAY, note="left side")

    app = run(side_effects.page, clinic, patient=view.patient_id)
    assert "left side" in [text.value for text in app.text]
    app.selectbox(key="window-kind").set_value(EffectKind.SWELLING)
    app.run()
    app.number_input(key=f"days-{EffectKind.SWELLING}").set_value(9)
    app.text_input(key=f"source-{EffectKind.SWELLING}").input("our own patients")
    press(app, "Save")

    changed = next(window for window in clinic.effect_windows() if window.kind is EffectKind.SWELLING)
    assert (changed.days, changed.source, changed.is_own) == (9, "our own patients", True)
    press(run(side_effects.page, clinic, patient=view.patient_id), "It has gone")
    assert clinic.open_side_effects() == ()


def test_a_report_is_shared_on_progress_and_its_link_is_shown_once(clinic: Clinic, view: View) -> None:
    app = press(run(progress.page, clinic, view=view.id), "Share the present report")

    (issued,) = clinic.issued_reports(view.patient_id)
    (made,) = clinic.links(view.patient_id)
    assert made.report_id == issued.id
    shown = [code.value for code in app.code]
    assert len(shown) == 2
    assert clinic.is_link_alive(shown[0].rsplit("/", 1)[1])
    again = run(progress.page, clinic, view=view.id)
    assert not again.code
    press(again, "End it")
    assert not clinic.is_link_alive(shown[0].rsplit("/", 1)[1])
    press(again, "Take it back")
    assert clinic.issued(issued.id).is_withdrawn


def test_without_consent_nothing_can_be_shared(clinic: Clinic, view: View) -> None:
    clinic.withdraw_consent(view.patient_id, Purpose.PORTAL)

    app = run(progress.page, clinic, view=view.id)

    assert "Share the present report" not in [button.label for button in app.button]
    assert "has not agreed" in words(app)


def test_the_last_pattern_is_copied_where_it_lies_now_and_saved_with_its_depth(clinic: Clinic, view: View) -> None:
    first, latest = clinic.photos(view.id)
    clinic.set_points(first.id, [InjectionPoint(300.0, 400.0, 2.5, 0.05), InjectionPoint(320.0, 430.0, 2.5, 0.05)])

    app = run(points.page, clinic, view=view.id)
    copy = next(button for button in app.button if button.label.startswith("Copy the pattern"))
    copy.click()
    app.run()
    press(app, "Save points")

    (carried,) = clinic.carried_points(latest.id)
    kept = next(pattern for pattern in clinic.points(view.id) if pattern.photo_id == latest.id)
    for mine, theirs in zip(kept.points, carried.points, strict=True):
        assert theirs.point is not None
        assert mine.row == pytest.approx(theirs.point.row, abs=0.06)
        assert (mine.depth_mm, mine.amount_ml) == (2.5, 0.05)


def test_the_untreated_side_has_no_points(clinic: Clinic, view: View) -> None:
    other = clinic.add_view(view.patient_id, site="thigh", laterality="right", is_control=True)

    app = run(points.page, clinic, view=other.id)

    assert "untreated side" in words(app)
    assert "Save points" not in [button.label for button in app.button]
