"""Issued reports: kept as the patient received them, shared only with consent, and taken back at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.days import TODAY
from tracker.clinic import Clinic, View
from tracker.clinic.actors import Role
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.effect_records import EffectKind
from tracker.clinic.issue_records import Wish
from tracker.errors import RecordError
from tracker.phantom import series
from tracker.report import patient_headline

PASSWORD = "a long walk by the sea"


@pytest.fixture(scope="module")
def measured_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with a measured course of a person, and of another one."""
    home = tmp_path_factory.mktemp("issued") / "home"
    photos = series("thigh", seed=5, sessions=2, replicates=1, size=(600, 800))
    with Clinic.open(home) as clinic:
        view = clinic.add_view(
            clinic.add_patient(code="P-1").id, site="thigh", laterality="left", indication="cellulite"
        )
        clinic.add_patient(code="P-2")
        for photo in photos:
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        clinic.measure_waiting()
    return home


@pytest.fixture
def clinic(measured_home: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of it."""
    shutil.copytree(measured_home, tmp_path / "home")
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def view(clinic: Clinic) -> View:
    """The view of the patient, who has consented to results being shared."""
    view = clinic.views(clinic.patients()[0].id)[0]
    clinic.give_consent(view.patient_id, Purpose.PORTAL, given_by="A. Patient", signed_on=TODAY)
    return view


@pytest.fixture
def patient(clinic: Clinic, view: View) -> Clinic:
    """The record as the patient has it."""
    return as_patient(clinic, view.patient_id)


def as_patient(clinic: Clinic, patient_id: str) -> Clinic:
    """The record as a patient with an account has it."""
    token = clinic.accept_invitation(clinic.invite_patient(patient_id, f"patient {patient_id[:6]}"), PASSWORD)
    actor = clinic.session_of(token)
    assert actor is not None
    assert actor.role is Role.PATIENT
    return clinic.acting_for(actor)


def test_what_was_issued_does_not_change_when_the_record_goes_on(clinic: Clinic, view: View) -> None:
    issued = clinic.issue_report(view.id)
    data = clinic.issued_report(issued.id)
    report = clinic.report(view.id)
    assert report is not None
    assert data.startswith(b"%PDF")
    assert issued.story.headline == patient_headline(report)
    assert issued.photos == tuple(photo.digest for photo in report.photos)
    assert issued.methods

    later = clinic.photos(view.id)[-1]
    clinic.remove_photo(later.id)

    assert clinic.issued_report(issued.id) == data
    assert clinic.issued(issued.id) == issued


def test_each_report_of_a_view_has_its_version_and_its_format(clinic: Clinic, view: View) -> None:
    first = clinic.issue_report(view.id)
    second = clinic.issue_report(view.id, "html")

    assert [report.version for report in (first, second)] == [1, 2]
    assert clinic.issued_reports(view.patient_id) == (second, first)
    assert clinic.issued_report(second.id).lstrip().startswith(b"<!")
    assert clinic.issued_file(second.id).name == f"report-{second.issued_at:%Y-%m-%d}.html"


def test_the_pictures_of_an_issued_report_are_the_first_and_the_latest(clinic: Clinic, view: View) -> None:
    issued = clinic.issue_report(view.id)
    first, latest = clinic.photos(view.id)

    assert issued.story.days == (first.taken_on, latest.taken_on)
    assert clinic.issued_picture(issued.id, 0, width=320) == clinic.picture(first.id, width=320)
    assert clinic.issued_picture(issued.id, 1, width=320) == clinic.picture(latest.id, width=320, aligned=True)
    for position in (-1, 2):
        with pytest.raises(RecordError, match="not in the record"):
            clinic.issued_picture(issued.id, position, width=320)


def test_nothing_is_shared_without_consent(clinic: Clinic) -> None:
    view = clinic.views(clinic.patients()[0].id)[0]

    with pytest.raises(RecordError) as refused:
        clinic.issue_report(view.id)

    assert refused.value.code == "no_consent"
    assert clinic.issued_reports(view.patient_id) == ()


def test_there_is_nothing_to_share_before_something_is_measured(clinic: Clinic) -> None:
    other = clinic.patients()[1]
    clinic.give_consent(other.id, Purpose.PORTAL, given_by="B. Patient", signed_on=TODAY)
    view = clinic.add_view(other.id, site="arm")

    with pytest.raises(RecordError) as refused:
        clinic.issue_report(view.id)

    assert refused.value.code == "no_report"


def test_a_record_that_takes_nothing_keeps_no_file_of_a_report(clinic: Clinic, view: View) -> None:
    before = {blob.name for blob in clinic._files.vault.names()}
    clinic._store.read_only = True

    with pytest.raises(RecordError) as refused:
        clinic.issue_report(view.id, "html")

    assert refused.value.code == "read_only"
    assert {blob.name for blob in clinic._files.vault.names()} == before


def test_an_unknown_format_is_one_sentence(clinic: Clinic, view: View) -> None:
    with pytest.raises(RecordError, match="no report to share"):
        clinic.issue_report(view.id, "exe")


def test_a_patient_receives_their_own_reports_and_nobody_elses(clinic: Clinic, view: View, patient: Clinic) -> None:
    issued = clinic.issue_report(view.id)
    stranger = as_patient(clinic, clinic.patients()[1].id)

    assert patient.issued_reports(view.patient_id) == (issued,)
    assert patient.issued_report(issued.id) == clinic.issued_report(issued.id)
    for ask in (
        lambda: stranger.issued_report(issued.id),
        lambda: stranger.issued(issued.id),
        lambda: stranger.issued_reports(view.patient_id),
        lambda: stranger.issued_picture(issued.id, 0, width=320),
        lambda: stranger.own_course(view.patient_id),
    ):
        with pytest.raises(RecordError) as refused:
            ask()
        assert refused.value.code == "not_found"


def test_a_report_that_was_taken_back_is_gone_for_the_patient_and_kept_by_the_clinic(
    clinic: Clinic, view: View, patient: Clinic
) -> None:
    issued = clinic.issue_report(view.id)

    clinic.withdraw_report(issued.id)

    assert patient.issued_reports(view.patient_id) == ()
    for ask in (patient.issued, patient.issued_report, patient.issued_file):
        with pytest.raises(RecordError) as refused:
            ask(issued.id)
        assert refused.value.code == "not_found"
    assert clinic.issued_report(issued.id).startswith(b"%PDF")
    assert clinic.issued(issued.id).is_withdrawn


def test_a_consent_that_ends_takes_the_reports_away_at_once(clinic: Clinic, view: View, patient: Clinic) -> None:
    issued = clinic.issue_report(view.id)

    patient.withdraw_consent(view.patient_id, Purpose.PORTAL)

    assert patient.issued_reports(view.patient_id) == ()
    with pytest.raises(RecordError) as refused:
        patient.issued_report(issued.id)
    assert refused.value.code == "not_found"
    with pytest.raises(RecordError) as refused:
        clinic.issue_report(view.id)
    assert refused.value.code == "no_consent"


def test_the_story_is_in_no_file_of_the_record(clinic: Clinic, view: View) -> None:
    issued = clinic.issue_report(view.id)

    kept = [path for path in clinic.home.glob("*.sqlite*") if path.is_file()]

    assert len(issued.story.headline) > 20
    assert not [path for path in kept if issued.story.headline[:20].encode() in path.read_bytes()]


def test_a_wish_is_asked_once_and_settled_once(clinic: Clinic, view: View, patient: Clinic) -> None:
    asked = patient.ask_for(view.patient_id, Wish.EXPORT)
    assert patient.ask_for(view.patient_id, Wish.EXPORT) == asked
    erasure = patient.ask_for(view.patient_id, Wish.ERASURE)
    assert [each.id for each in clinic.open_requests()] == [asked.id, erasure.id]

    clinic.settle_request(asked.id)

    assert [each.id for each in clinic.open_requests()] == [erasure.id]
    assert [each.done_at is not None for each in patient.requests(view.patient_id)] == [False, True]
    with pytest.raises(RecordError) as refused:
        clinic.settle_request(asked.id)
    assert refused.value.code == "not_found"


def test_what_a_patient_tells_is_new_to_the_clinic_until_it_is_read(
    clinic: Clinic, view: View, patient: Clinic
) -> None:
    clinic.note_injection(view.id, TODAY)
    told = patient.add_side_effect(view.patient_id, EffectKind.SWELLING, level=2, noticed_on=TODAY)
    assert (told.told_by, told.needs_attention) == ("patient", True)

    clinic.mark_seen(told.id)

    assert not clinic.side_effects(view.patient_id)[0].needs_attention
    patient.note_level(told.id, 1)
    assert clinic.side_effects(view.patient_id)[0].needs_attention
