"""Consents: each purpose by itself, to words that are kept, withdrawn as easily as given, and never forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.days import TODAY
from tracker.clinic import Clinic
from tracker.clinic.consent_texts import OFFERED, Purpose
from tracker.clinic.consents import WHOLE, Channel, Masking, Pictures, Scope, check_consent
from tracker.errors import RecordError

EVERY_PURPOSE = pytest.mark.parametrize("purpose", list(Purpose))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "clinic") as record:
        yield record


@pytest.fixture
def ann(clinic: Clinic) -> str:
    return clinic.add_patient(code="A-1", name="Ann").id


def _give(clinic: Clinic, patient_id: str, purpose: Purpose, **more: object) -> None:
    clinic.give_consent(patient_id, purpose, given_by="Ann Example", signed_on=TODAY, **more)  # type: ignore[arg-type]


@EVERY_PURPOSE
def test_nothing_is_consented_to_before_it_is_given(clinic: Clinic, ann: str, purpose: Purpose) -> None:
    assert not clinic.has_consent(ann, purpose)


@EVERY_PURPOSE
def test_a_consent_is_for_its_purpose_alone(clinic: Clinic, ann: str, purpose: Purpose) -> None:
    _give(clinic, ann, purpose)

    assert [each for each in Purpose if clinic.has_consent(ann, each)] == [purpose]


def test_a_consent_is_for_its_patient_alone(clinic: Clinic, ann: str) -> None:
    other = clinic.add_patient(code="B-1").id
    _give(clinic, ann, Purpose.CARE)

    assert not clinic.has_consent(other, Purpose.CARE)


@EVERY_PURPOSE
def test_withdrawing_takes_one_call_and_keeps_what_was_given(clinic: Clinic, ann: str, purpose: Purpose) -> None:
    _give(clinic, ann, purpose)
    clinic.withdraw_consent(ann, purpose, channel=Channel.ONLINE)

    (kept,) = clinic.consents(ann)
    assert not clinic.has_consent(ann, purpose)
    assert kept.withdrawn_at is not None
    assert kept.withdrawn_at >= kept.given_at
    assert (kept.withdrawn_channel, kept.given_by, kept.signed_on) == (Channel.ONLINE, "Ann Example", TODAY)


def test_what_was_not_given_cannot_be_withdrawn(clinic: Clinic, ann: str) -> None:
    with pytest.raises(RecordError) as refusal:
        clinic.withdraw_consent(ann, Purpose.PORTAL)
    assert refusal.value.code == "no_consent"


def test_a_consent_given_again_leaves_one_that_holds_and_the_history(clinic: Clinic, ann: str) -> None:
    for _ in range(3):
        _give(clinic, ann, Purpose.TEACHING)
    clinic.withdraw_consent(ann, Purpose.TEACHING)
    _give(clinic, ann, Purpose.TEACHING)

    assert [each.holds for each in clinic.consents(ann)] == [True, False, False, False]


def test_the_words_consented_to_are_kept_when_the_clinic_asks_with_others(clinic: Clinic, ann: str) -> None:
    _give(clinic, ann, Purpose.CARE)
    changed = clinic.set_consent_text(Purpose.CARE, "Other words of our lawyer.")
    _give(clinic, ann, Purpose.CARE)

    latest, first = clinic.consents(ann)
    assert first.text.text == OFFERED[Purpose.CARE]
    assert latest.text.text == "Other words of our lawyer."
    assert latest.text.id == changed.id
    for consent in (latest, first):
        assert consent.text.hash == hashlib.sha256(consent.text.text.encode()).hexdigest()
    assert latest.text.version != first.text.version


def test_words_taken_up_again_are_the_ones_that_are_asked_with(clinic: Clinic) -> None:
    for text in ("First.", "Second.", "First."):
        clinic.set_consent_text(Purpose.RESEARCH, text)

    assert clinic.consent_text(Purpose.RESEARCH).text == "First."
    assert clinic.consent_text(Purpose.CARE).text == OFFERED[Purpose.CARE]


def test_a_consent_to_one_site_is_none_to_another(clinic: Clinic, ann: str) -> None:
    scope = Scope(Pictures.REGION, Masking.IDENTIFYING, ("Left thigh", "cheek"))
    _give(clinic, ann, Purpose.MARKETING, scope=scope)

    assert clinic.consents(ann)[0].scope == scope
    assert clinic.has_consent(ann, Purpose.MARKETING, site="left  THIGH")
    assert not clinic.has_consent(ann, Purpose.MARKETING, site="stomach")


def test_without_saying_so_only_the_measured_area_is_shown_and_marks_are_covered(clinic: Clinic, ann: str) -> None:
    _give(clinic, ann, Purpose.MARKETING)

    scope = clinic.consents(ann)[0].scope
    assert (scope.pictures, scope.masking, scope.sites) == (Pictures.REGION, Masking.IDENTIFYING, ())


@pytest.mark.parametrize(
    ("given_by", "signed_on", "code"),
    [
        ("", TODAY, "missing"),
        ("   ", TODAY, "missing"),
        ("Ann", TODAY + timedelta(days=1), "future"),
        ("Ann", date(1926, 3, 2), "too_early"),
        ("An\udcffn", TODAY, "bad_text"),
        ("An\0n", TODAY, "bad_text"),
        ("A" * 500, TODAY, "too_long"),
    ],
)
def test_a_signature_that_cannot_be_one_is_refused_and_changes_nothing(
    clinic: Clinic, ann: str, given_by: str, signed_on: date, code: str
) -> None:
    with pytest.raises(RecordError) as refusal:
        clinic.give_consent(ann, Purpose.CARE, given_by=given_by, signed_on=signed_on)

    assert refusal.value.code == code
    assert clinic.consents(ann) == ()


def test_sharing_without_consent_is_refused_in_one_sentence(clinic: Clinic, ann: str) -> None:
    with clinic._store.reading() as connection, pytest.raises(RecordError, match="Ask for it first") as refusal:
        check_consent(connection, ann, Purpose.PORTAL)
    assert refusal.value.code == "no_consent"

    _give(clinic, ann, Purpose.PORTAL, scope=WHOLE)
    with clinic._store.reading() as connection:
        check_consent(connection, ann, Purpose.PORTAL)


def test_names_of_those_who_sign_are_not_in_the_database_in_plain(clinic: Clinic, ann: str) -> None:
    clinic.give_consent(ann, Purpose.CARE, given_by="Quillabamba", signed_on=TODAY, taken_by="Zanzipora")

    stored = (clinic.home / "clinic.sqlite").read_bytes()
    assert b"Quillabamba" not in stored
    assert b"Zanzipora" not in stored
    assert clinic.consents(ann)[0].given_by == "Quillabamba"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(list(Purpose)), st.booleans()), max_size=12))
def test_what_holds_is_what_was_said_last(clinic: Clinic, steps: list[tuple[Purpose, bool]]) -> None:
    patient = clinic.add_patient(code=f"P-{len(clinic.patients())}").id
    holds = dict.fromkeys(Purpose, False)
    for purpose, gives in steps:
        if gives:
            _give(clinic, patient, purpose)
        elif holds[purpose]:
            clinic.withdraw_consent(patient, purpose)
        holds[purpose] = gives

    assert {purpose: clinic.has_consent(patient, purpose) for purpose in Purpose} == holds
    assert sum(each.holds for each in clinic.consents(patient)) == sum(holds.values())
