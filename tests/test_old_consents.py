"""Doctor reminds of consents that should be asked for again; it is no damage, and names codes and purposes only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.days import TODAY
from tracker.clinic import Clinic
from tracker.clinic.consent_ages import expired_consents
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import Channel
from tracker.clinic.details import PatientDetails
from tracker.clinic.doctor import examine
from tracker.clinic.examining import Examined, State
from tracker.clinic.retention import RetentionRule

SIGNED = date(2020, 2, 29)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


def given(clinic: Clinic, code: str, *purposes: Purpose, born: int | None = None, day: date = SIGNED) -> str:
    patient = clinic.add_patient(code=code, name="Maria Canary", is_demonstration=code.startswith("DEMO")).id
    for purpose in purposes:
        clinic.give_consent(patient, purpose, given_by="Maria Canary", signed_on=day)
    if born is not None:
        clinic.set_details(patient, PatientDetails(born))
    return patient


def found(clinic: Clinic, today: date) -> list[tuple[str, Purpose]]:
    with clinic._store.reading() as connection:
        return [(each.code, each.purpose) for each in expired_consents(connection, today)]


def consents_line(home: Path) -> Examined:
    return next(each for each in examine(home) if each.name == "consents")


def test_a_consent_to_more_than_care_gets_old_after_the_years_of_the_rule(clinic: Clinic) -> None:
    given(clinic, "P-1", Purpose.CARE, Purpose.MARKETING)
    given(clinic, "DEMO-1", Purpose.MARKETING)

    assert found(clinic, date(2025, 2, 28)) == []
    assert found(clinic, date(2025, 3, 1)) == [("P-1", Purpose.MARKETING)]
    clinic.set_retention_rule(RetentionRule(consent_years=2))
    assert found(clinic, date(2022, 3, 1)) == [("P-1", Purpose.MARKETING)]
    clinic.set_retention_rule(RetentionRule(consent_years=0))
    assert found(clinic, date(2090, 1, 1)) == []


def test_one_that_was_withdrawn_or_given_anew_is_not_old(clinic: Clinic) -> None:
    withdrawn, renewed = given(clinic, "P-1", Purpose.TEACHING), given(clinic, "P-2", Purpose.TEACHING)
    clinic.withdraw_consent(withdrawn, Purpose.TEACHING, channel=Channel.CLINIC)
    clinic.give_consent(renewed, Purpose.TEACHING, given_by="Maria", signed_on=date(2024, 1, 1))

    assert found(clinic, date(2025, 6, 1)) == []


def test_who_was_a_minor_is_asked_once_surely_of_age(clinic: Clinic) -> None:
    """Of a birthday only the year is known: nobody is taken for grown up too early."""
    young = given(clinic, "P-1", Purpose.CARE, Purpose.PORTAL, born=2005)
    given(clinic, "P-2", Purpose.PORTAL, born=2001)
    view = clinic.add_view(young, site="thigh")
    clinic.note_injection(view.id, date(2022, 1, 5))

    assert found(clinic, date(2023, 12, 31)) == []
    assert found(clinic, date(2024, 1, 1)) == [("P-1", Purpose.PORTAL)]  # did not come since: care is only kept
    clinic.note_injection(view.id, date(2024, 1, 5))
    assert found(clinic, date(2024, 1, 6)) == [("P-1", Purpose.CARE), ("P-1", Purpose.PORTAL)]


def test_doctor_says_who_and_what_for_as_a_reminder(clinic: Clinic) -> None:
    assert consents_line(clinic.home).state is State.GOOD
    given(clinic, "P-7", Purpose.MARKETING, Purpose.TEACHING, day=date(2000, 1, 1))
    given(clinic, "P-8", Purpose.MARKETING, day=TODAY)

    line = consents_line(clinic.home)

    assert line.state is State.ATTENTION
    assert [place.split(":")[0] for place in line.places] == ["P-7", "P-7"]
    assert Purpose.MARKETING.said in line.places[0]
    assert "more than 5 years ago" in line.places[0]
    assert "2 consents" in line.what
    assert "Canary" not in str(line)
