"""A repeatability study in the clinic: what was stored, what is left, what it gives, and what reports make of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Connection, insert, select, update
from streamlit.testing.v1 import AppTest

from tracker.clinic import Clinic, PhotoState, StoredPhoto, schema
from tracker.clinic.measuring import Finding
from tracker.clinic.photos import NewPhoto, add
from tracker.clinic.results import keep
from tracker.clinic.sealing import secrets_of
from tracker.clinic.study_records import Place, Posed, Progress, Study, Subject, Tone
from tracker.errors import RecordError
from tracker.measurement import Measurement, Metric
from tracker.metrics import metric_named
from tracker.pages.frame import plain
from tracker.pages.study_result import difference_chart
from tracker.pipeline import Basis, Result
from tracker.region import WHOLE_SKIN
from tracker.report import ReportedPhoto

DAY = date(2026, 3, 2)
RELIEF = metric_named("relief")
TONE = metric_named("lightness")
PEOPLE = 24


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A record that measures one ratio and one difference."""
    with Clinic.open(tmp_path / "home", metrics=[RELIEF, TONE]) as opened:
        yield opened


def started(clinic: Clinic, **about: str) -> Study:
    said = {"equipment": "one phone, one lamp", "site": "thigh", "pose": "standing"} | about
    return clinic.start_study(place=Place.MARKED_FLOOR, started_on=DAY, **said)  # type: ignore[arg-type]


def jpeg(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    out = io.BytesIO()
    Image.fromarray(rng.integers(90, 200, (9, 12, 3), dtype=np.uint8)).resize((360, 270)).save(out, "JPEG")
    return out.getvalue()


def photographed(clinic: Clinic, view_id: str, posing: int, seed: int) -> StoredPhoto:
    return clinic.add_study_photo(view_id, jpeg(seed), f"{seed}.jpg", posing=posing, taken_on=DAY)


def pretend_measured(clinic: Clinic, photo: StoredPhoto, **values: float) -> None:
    """Store what measuring would have found."""
    with clinic._store.writing() as connection:
        store_values(connection, photo, values)


def store_values(connection: Connection, photo: StoredPhoto, values: dict[str, float]) -> None:
    found = tuple(measured(metric_named(name), value, photo) for name, value in values.items())
    shown = ReportedPhoto(photo.digest, photo.name, photo.taken_on, is_reference=False)
    finding = Finding(Result(shown, found, (), None), basis=Basis(WHOLE_SKIN, 0.2, ""))
    keep(connection, photo.id, None, finding, key=("pretended", ""), token="")


def measured(metric: Metric, value: float, photo: StoredPhoto) -> Measurement:
    draws = tuple(value + 0.001 * np.arange(5))
    about = (metric.name, metric.method, metric.unit, value, 0.01)
    return Measurement(*about, photo.digest, photo.taken_on, parts=(), draws=draws, area_share=1.0)


def rejected(clinic: Clinic, photo: StoredPhoto) -> None:
    with clinic._store.writing() as connection:
        keep(connection, photo.id, None, Finding(reason="blurred", code="blur"), key=("pretended", ""), token="")


def synthetic(clinic: Clinic, study: Study, *, people: int, sets: int, shots: int, seed: int) -> None:
    """Fill a study with readings of known spread, without files.

    Relief: 0.10 between posings and 0.06 between photos of one, in logarithms. Lightness: 0.8 and 0.3.
    """
    rng = np.random.default_rng(seed)
    for k in range(people):
        about = {"tone": list(Tone)[k % 3], "has_other_operator": k % 2 == 0}
        subject = clinic.add_subject(study.id, code=f"V{k + 1:02}", **about)  # type: ignore[arg-type]
        level, light = rng.normal(1.0, 0.5), rng.normal(60.0, 8.0)
        with clinic._store.writing() as connection:
            for posing in range(1, sets + 1):
                shift, moved = rng.normal(0.0, 0.10), rng.normal(0.0, 0.8)
                for shot in range(shots):
                    name = f"{subject.code}-{posing}-{shot}"
                    photo = add(
                        connection,
                        NewPhoto(subject.view_id, name, DAY, (9, 12), posing),
                        file=f"{study.id}-{name}",
                        digest=name,
                    )
                    relief = float(np.exp(level + shift + rng.normal(0.0, 0.06)))
                    lightness = light + moved + rng.normal(0.0, 0.3)
                    store_values(connection, photo, {"relief": relief, "lightness": lightness})


# The register


def test_a_volunteer_and_a_patient_take_part_and_neither_shows_among_patients_or_views(clinic: Clinic) -> None:
    patient = clinic.add_patient(code="P-1")
    own = clinic.add_view(patient.id, site="thigh", pose="standing")
    study = started(clinic)

    volunteer = clinic.add_subject(study.id, code="V01", tone=Tone.DARK)
    known = clinic.add_subject(study.id, code="P-1", patient_id=patient.id)

    assert clinic.patients() == (patient,)
    assert clinic.views(patient.id) == (own,)
    assert clinic.study_subjects(study.id) == (volunteer, known)
    assert clinic.view(known.view_id).patient_id == patient.id
    assert clinic.studied_views() == (("thigh", "standing"),)


def test_a_study_opened_again_holds_everything(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as first:
        study = started(first)
        subject = first.add_subject(study.id, code="V01", tone=Tone.LIGHT, has_other_operator=True)
        photo = photographed(first, subject.view_id, 2, seed=1)

    with Clinic.open(tmp_path / "home") as again:
        assert again.studies() == (study,)
        assert again.study_subjects(study.id)[0].photos == (Posed(photo, 2),)
        assert again.original(photo.id) == jpeg(1)


@pytest.mark.parametrize(
    ("about", "code"), [({"equipment": " "}, "missing"), ({"site": ""}, "missing"), ({"pose": "x" * 81}, "too_long")]
)
def test_a_study_without_words_for_the_set_up_is_refused(clinic: Clinic, about: dict[str, str], code: str) -> None:
    with pytest.raises(RecordError) as refused:
        started(clinic, **about)

    assert refused.value.code == code
    assert clinic.studies() == ()


def test_the_same_set_up_and_view_is_one_study_to_which_people_are_added(clinic: Clinic) -> None:
    started(clinic)

    with pytest.raises(RecordError) as refused:
        started(clinic, equipment="One  phone, one LAMP")

    assert refused.value.code == "study_known"
    assert started(clinic, equipment="another lamp") in clinic.studies()


def test_a_code_is_taken_once_per_study(clinic: Clinic) -> None:
    study = started(clinic)
    clinic.add_subject(study.id, code="V01")

    with pytest.raises(RecordError) as refused:
        clinic.add_subject(study.id, code=" V01 ")

    assert refused.value.code == "code_taken"


def test_one_file_is_never_two_posings_or_two_people(clinic: Clinic) -> None:
    study = started(clinic)
    one, two = (clinic.add_subject(study.id, code=code) for code in ("V01", "V02"))
    stored = photographed(clinic, one.view_id, 1, seed=1)

    assert photographed(clinic, one.view_id, 1, seed=1) == stored
    for view_id, posing in ((one.view_id, 2), (two.view_id, 1)):
        with pytest.raises(RecordError, match="posing 1 of V01") as refused:
            photographed(clinic, view_id, posing, seed=1)
        assert refused.value.code == "photo_known"
    assert len(clinic.study_subjects(study.id)[0].photos) == 1


def test_a_person_who_is_removed_leaves_no_photo(clinic: Clinic) -> None:
    study = started(clinic)
    subject = clinic.add_subject(study.id, code="V01")
    photographed(clinic, subject.view_id, 1, seed=1)

    clinic.remove_subject(subject.view_id)

    assert clinic.study_subjects(study.id) == ()
    assert [path for path in (clinic.home / "photos").rglob("*") if path.is_file()] == []
    with clinic._store.reading() as connection:
        assert connection.execute(select(schema.posing)).all() == []


# Progress


def photo(state: PhotoState = PhotoState.MEASURED, day: date = DAY) -> StoredPhoto:
    return StoredPhoto("p", "v", "d", "n", day, None, state, False, "", "", (1, 1), None)  # type: ignore[arg-type]


def person(*photos: Posed) -> Subject:
    return Subject("v", "V01", None, False, photos)


def test_who_has_three_measured_posings_lacks_nothing() -> None:
    done = person(*(Posed(photo(), number) for number in (1, 2, 3)))

    assert done.is_complete
    assert done.lacks == ()
    assert done.next_posing == 4


def test_what_is_left_is_said_posing_by_posing() -> None:
    assert person().lacks == ("3 more posings",)
    assert person().next_posing == 1
    begun = person(Posed(photo(), 1), Posed(photo(PhotoState.REJECTED), 2), Posed(photo(PhotoState.WAITING), 3))
    assert begun.lacks == ("take posing 2 again: none of its photos could be used", "1 photo being measured")
    assert begun.next_posing == 2


def test_a_rejected_photo_beside_a_good_one_costs_nothing() -> None:
    posed = [Posed(photo(), n) for n in (1, 2, 3)]

    assert person(*posed, Posed(photo(PhotoState.REJECTED), 2)).lacks == ()


def test_photos_of_two_days_are_pointed_out() -> None:
    apart = person(Posed(photo(), 1), Posed(photo(), 2), Posed(photo(day=date(2026, 3, 3)), 3))

    assert any("more than one day" in said for said in apart.lacks)


def test_progress_counts_the_people_the_tones_and_the_other_operators() -> None:
    done = replace(person(*(Posed(photo(), n) for n in (1, 2, 3))), tone=Tone.DARK, has_other_operator=True)

    found = Progress.of([done, person(Posed(photo(PhotoState.WAITING), 1))])

    assert (found.people, found.complete, found.waiting) == (2, 1, 1)
    assert (found.tones, found.other_operator) == ((Tone.DARK,), 1)


# The result


def test_a_study_recovers_the_spread_its_readings_were_made_with(clinic: Clinic) -> None:
    study = started(clinic)
    synthetic(clinic, study, people=PEOPLE, sets=3, shots=2, seed=5)

    relief, lightness = clinic.study_results(study.id)

    assert relief.study is not None
    assert lightness.study is not None
    single, shot = relief.study.components.of(1), relief.study.components.shot
    assert shot is not None
    # Three standard errors: with 48 and 72 degrees of freedom a spread is known to 10 and 8 %.
    assert single.sd == pytest.approx(np.hypot(0.10, 0.06), rel=0.30)
    assert shot.sd == pytest.approx(0.06, rel=0.25)
    assert lightness.study.components.of(1).sd == pytest.approx(np.hypot(0.8, 0.3), rel=0.30)
    assert single.low < single.sd < single.high < 1.7 * single.low
    assert relief.study.mdc95(1).rise == pytest.approx(np.exp(1.96 * np.sqrt(2) * single.sd))


def test_readings_of_an_older_method_and_of_rejected_photos_do_not_count(clinic: Clinic) -> None:
    study = started(clinic)
    synthetic(clinic, study, people=3, sets=2, shots=1, seed=6)
    before = len(clinic.study_results(study.id)[0].readings)
    first = clinic.study_subjects(study.id)[0]

    rejected(clinic, first.photos[0].photo)
    with clinic._store.writing() as connection:
        last = select(schema.photo.c.result_id).where(schema.photo.c.id == first.photos[1].photo.id).scalar_subquery()
        old = update(schema.measurement).where(schema.measurement.c.result_id == last)
        connection.execute(old.values(method="relief@0"))

    assert len(clinic.study_results(study.id)[0].readings) == before - 2


@pytest.mark.parametrize(
    ("people", "sets", "used"), [(9, 3, None), (10, 2, "upper bound"), (19, 3, "upper bound"), (20, 3, "estimate")]
)
def test_what_may_be_used_follows_from_how_many_took_part(
    clinic: Clinic, people: int, sets: int, used: str | None
) -> None:
    study = started(clinic)
    synthetic(clinic, study, people=people, sets=sets, shots=1, seed=7)

    relief = clinic.study_results(study.id)[0]

    assert relief.study is not None
    single = relief.study.components.of(1)
    if used is None:
        assert relief.usable is None
        with pytest.raises(RecordError) as refused:
            clinic.adopt_study(study.id)
        assert refused.value.code == "too_small"
        return
    assert relief.usable is not None
    assert relief.usable.used == used
    assert relief.usable.single_sd == pytest.approx(single.sd if used == "estimate" else single.high)
    assert clinic.adopt_study(study.id)[0].session_sd == relief.usable.session_sd


def test_photos_that_all_gave_the_same_value_make_nothing_detectable(clinic: Clinic) -> None:
    study = started(clinic)
    for k in range(12):
        subject = clinic.add_subject(study.id, code=f"V{k}")
        for posing in (1, 2):
            pretend_measured(clinic, photographed(clinic, subject.view_id, posing, seed=10 * k + posing), lightness=0.0)

    lightness = clinic.study_results(study.id)[1]

    assert lightness.usable is None
    assert "the same value" in lightness.why_not


# Taken over into reports


def reported(clinic: Clinic, pose: str = "standing") -> str:
    """A view with two sessions; its id."""
    patient = clinic.add_patient(code=f"P-{pose}")
    view = clinic.add_view(patient.id, site="Thigh", laterality="left", pose=pose)
    for k, day in enumerate((DAY, date(2026, 4, 2))):
        photo = clinic.add_photo(view.id, jpeg(900 + k), f"{k}.jpg", taken_on=day)
        pretend_measured(clinic, photo, relief=3.0 + k, lightness=60.0)
        with clinic._store.writing() as connection:
            here = schema.photo.c.id == photo.id
            connection.execute(update(schema.photo).where(here).values(is_reference=k == 0))
    return view.id


def test_reports_of_the_view_use_what_was_taken_over_until_that_is_undone(clinic: Clinic) -> None:
    view_id, other = reported(clinic), reported(clinic, pose="lying")
    study = started(clinic)
    synthetic(clinic, study, people=20, sets=3, shots=1, seed=8)
    values = {value.metric: value.session_sd for value in clinic.adopt_study(study.id)}

    report, elsewhere = clinic.report(view_id), clinic.report(other)

    assert report is not None
    assert elsewhere is not None
    change = report.timeline.of("relief").changes[0]
    assert change.mdc_source == "study"
    assert report.set_up == study.set_up
    assert change.mdc95 is not None
    assert change.mdc95 >= 100 * np.expm1(1.96 * np.sqrt(2) * values["relief"])
    assert elsewhere.timeline.of("relief").changes[0].mdc_source == "provisional"

    clinic.forget_adopted("thigh", "standing")

    undone = clinic.report(view_id)
    assert undone is not None
    assert undone.timeline.of("relief").changes[0].mdc_source == "provisional"


def test_values_of_an_older_method_are_not_used(clinic: Clinic) -> None:
    view_id, study = reported(clinic), started(clinic)
    synthetic(clinic, study, people=20, sets=3, shots=1, seed=8)
    clinic.adopt_study(study.id)
    with clinic._store.writing() as connection:
        own = schema.adopted.c.metric == "relief"
        connection.execute(update(schema.adopted).where(own).values(method="relief@0"))

    report = clinic.report(view_id)

    assert report is not None
    assert report.timeline.of("relief").changes[0].mdc_source == "provisional"
    assert report.timeline.of("lightness").changes[0].mdc_source == "study"


def test_values_of_another_set_up_make_way_as_a_whole(clinic: Clinic) -> None:
    first, second = started(clinic), started(clinic, equipment="the new lamp")
    synthetic(clinic, first, people=20, sets=3, shots=1, seed=8)
    clinic.adopt_study(first.id)
    with clinic._store.writing() as connection:
        kept = {"site": "thigh", "pose": "standing", "metric": "spot_load", "method": "spot_load@1"}
        set_up = secrets_of(connection).seal_clinic("adopted.set_up", first.set_up)
        row = {"set_up": set_up, "session_sd": 0.1, "shot_sd": 0.0, "used": "estimate", "people": 20}
        connection.execute(insert(schema.adopted).values(**kept, **row, adopted_at=datetime.now(UTC)))

    synthetic(clinic, second, people=12, sets=2, shots=1, seed=9)
    clinic.adopt_study(second.id)

    values = clinic.adopted_values("Thigh", "standing")
    assert {value.set_up for value in values} == {second.set_up}
    assert {value.used for value in values} == {"upper bound"}


# The page


def shown(clinic: Clinic) -> AppTest:
    def script(clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame
        from tracker.pages.study import page

        frame(lambda: page(clinic))

    return AppTest.from_function(script, kwargs={"clinic": clinic}, default_timeout=60).run()


def said(app: AppTest) -> str:
    kinds = ("title", "subheader", "markdown", "text", "caption", "info", "success", "error", "table")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def so_far(app: AppTest) -> AppTest:
    return app.toggle[0].set_value(True).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_the_page_of_an_empty_record_says_how_it_is_done_and_starts_a_study(clinic: Clinic) -> None:
    app = shown(clinic)
    assert "the person steps away" in said(app)

    next(box for box in app.text_input if box.label == "Camera, lamp and room").set_value("Canon R8, room 2")
    next(box for box in app.selectbox if box.label == "Or another site").set_value("thigh")
    press(app, "Start the study")

    assert [study.set_up for study in clinic.studies()] == ["Canon R8, room 2 (marked floor)"]
    assert "Nobody takes part yet" in said(app)
    assert "0 of 20 people" in str(app.get("progress")[0].proto)


def test_a_study_without_a_set_up_is_refused_in_one_sentence(clinic: Clinic) -> None:
    app = press(shown(clinic), "Start the study")

    assert len(app.error) == 1
    assert clinic.studies() == ()


def test_a_person_is_added_with_a_code_and_their_photos_are_stored_by_posing(clinic: Clinic) -> None:
    study = started(clinic)
    app = press(shown(clinic), "Add person")
    subject = clinic.study_subjects(study.id)[0]
    assert subject.code == "V01"

    for number in (1, 2):
        app.file_uploader[0].set_value([(f"{number}.jpg", jpeg(number), "image/jpeg")]).run()
        next(box for box in app.checkbox if "all the same" in box.label).check().run()  # noise is no good photo
        next(box for box in app.date_input if box.label == "Taken on").set_value(DAY).run()
        press(app, "Store 1 photo")
        for posed in clinic.study_subjects(study.id)[0].photos:
            pretend_measured(clinic, posed.photo, relief=3.0)
        app.run()

    assert [each.posing for each in clinic.study_subjects(study.id)[0].photos] == [1, 2]
    assert "1 more posing" in said(app)


def test_a_rejected_photo_is_shown_with_its_reason_and_is_to_be_taken_again(clinic: Clinic) -> None:
    study = started(clinic)
    subject = clinic.add_subject(study.id, code="V01")
    rejected(clinic, photographed(clinic, subject.view_id, 1, seed=1))

    app = shown(clinic)

    assert "blurred" in said(app)
    assert "take posing 1 again" in said(app)


def test_a_study_that_is_too_small_shows_its_numbers_and_offers_nothing(clinic: Clinic) -> None:
    study = started(clinic)
    synthetic(clinic, study, people=5, sets=3, shots=2, seed=5)

    app = so_far(shown(clinic))

    assert not app.exception
    assert "Relief roughness" in said(app)
    assert "Nothing can be used in reports yet" in said(app)
    assert all(button.label != "Use these values for this set-up" for button in app.button)


def test_values_are_taken_over_by_a_button_that_says_which_and_undone_by_another(clinic: Clinic) -> None:
    study = started(clinic)
    synthetic(clinic, study, people=12, sets=3, shots=2, seed=5)
    app = so_far(shown(clinic))
    assert "upper end of the interval" in said(app)
    assert "12 of 20 people" in str(app.get("progress")[0].proto)

    press(app, "Use these values for this set-up")

    assert {value.used for value in clinic.adopted_values("thigh", "standing")} == {"upper bound"}
    assert plain("one phone, one lamp") in app.success[0].value

    press(app, "Use provisional values")

    assert clinic.adopted_values("thigh", "standing") == ()


def test_the_differences_are_drawn_as_they_are_said(clinic: Clinic) -> None:
    study = started(clinic)
    synthetic(clinic, study, people=12, sets=3, shots=2, seed=5)
    relief = clinic.study_results(study.id)[0]
    assert relief.study is not None
    assert relief.study.differences is not None

    spec = difference_chart(relief)

    points = spec["layer"][-1]["data"]["values"]
    logs = np.log1p(np.array([point["difference"] for point in points]) / 100)
    assert len(points) == 12
    assert logs.mean() == pytest.approx(relief.study.differences.bias.value)
    drawn = [layer["data"]["values"][0]["at"] for layer in spec["layer"][:-1]]
    limits = relief.study.differences
    assert np.log1p(np.array(drawn) / 100) == pytest.approx([limits.bias.value, limits.lower.value, limits.upper.value])


def test_the_choices_are_called_the_same_before_and_after_measuring(clinic: Clinic) -> None:
    study = started(clinic)
    one, _ = (clinic.add_subject(study.id, code=code) for code in ("V01", "V02"))
    photo = photographed(clinic, one.view_id, 1, seed=1)
    before = shown(clinic)

    pretend_measured(clinic, photo, relief=3.0)
    after = shown(clinic)

    for kind in ("selectbox", "button_group"):
        assert [box.options for box in before.get(kind)] == [box.options for box in after.get(kind)]
    assert "1: being measured" in said(before)
    assert "1: done" in said(after)


def test_the_view_of_a_study_is_not_opened_as_that_of_a_patient(clinic: Clinic) -> None:
    patient = clinic.add_patient(code="P-1")
    own = clinic.add_view(patient.id, site="thigh")
    study = started(clinic)
    volunteer = clinic.add_subject(study.id, code="V01")
    known = clinic.add_subject(study.id, code="P-1", patient_id=patient.id)

    refused, led = (opened(clinic, subject.view_id) for subject in (volunteer, known))

    assert "belongs to a study" in refused.error[0].value
    assert not led.exception
    assert next(box for box in led.selectbox if box.label == "View").value == own.id


def opened(clinic: Clinic, view_id: str) -> AppTest:
    def script(clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame
        from tracker.pages.progress import page

        frame(lambda: page(clinic))

    app = AppTest.from_function(script, kwargs={"clinic": clinic}, default_timeout=60)
    app.query_params["view"] = view_id
    return app.run()
