"""A hundred people at once: staff and patients behind the proxy, looking and uploading."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from benchmarks.load import Visitor, many
from tests.houses import House, running
from tests.signing_in import token_of
from tracker.clinic.actors import Role
from tracker.clinic.consent_texts import Purpose
from tracker.phantom import PhantomPhoto, series
from tracker.web.cookies import SECURE_NAME

SESSIONS = int(os.environ.get("LOAD_SESSIONS", "100"))
SECONDS = float(os.environ.get("LOAD_SECONDS", "45"))
STAFF_SHARE = 0.3
PATIENTS = 6
HOST = "clinic.example.org"
GIBIBYTE = 2**30
PAGES_OF_STAFF = ("today", "record", "progress", "compare", "session")


def test_a_hundred_signed_in_people_see_no_error(tmp_path: Path) -> None:
    course: tuple[PhantomPhoto, ...] = tuple(series("thigh", seed=5, sessions=3, replicates=1, size=(900, 1200)))
    behind_proxy = {"TRACKER_ORIGIN": f"https://{HOST}", "TRACKER_PROXY": "127.0.0.1", "FORWARDED_ALLOW_IPS": ""}
    with running(tmp_path / "home", course[:2], extra=behind_proxy) as house:
        found = many(house.address, _visitors(house, course), seconds=SECONDS, server=house.pid)

    print(f"{SESSIONS} sessions, {SECONDS:.0f} s: {found.sentence()}")
    assert not found.errors, found.errors[:5]
    assert len(found.pages) > SESSIONS
    assert found.peak_bytes < 1.5 * GIBIBYTE


def _visitors(house: House, course: tuple[PhantomPhoto, ...]) -> list[Visitor]:
    """Three of ten work here, each with an account of their own; the others are patients who read their report."""
    clinic, views, reports = house.clinic, [], []
    photo = course[-1]
    for number in range(PATIENTS):
        patient = clinic.add_patient(code=f"load-{number}", name=f"Somebody {number}")
        view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing", indication="cellulite")
        for each in course[:2]:
            clinic.add_photo(view.id, each.jpeg, each.name, taken_on=each.taken_on)
        clinic.give_consent(patient.id, Purpose.PORTAL, given_by="Somebody", signed_on=date(2026, 1, 5))
        views.append(view)
    clinic.measure_waiting()
    for view in views:
        reports.append(clinic.issue_report(view.id).id)
    made = []
    for number in range(SESSIONS):
        view = views[number % PATIENTS]
        came = {"X-Forwarded-For": f"10.1.{number // 250}.{number % 250 + 1}", "X-Forwarded-Proto": "https"}
        shots = [f"/photo/{p.id}" for p in clinic.photos(view.id)]
        if number < STAFF_SHARE * SESSIONS:
            token = token_of(clinic, Role.PRACTITIONER, f"Staff {number}")
            actor = clinic.session_of(token)
            assert actor is not None
            clinic.add_to_care_team(view.patient_id, actor.account_id)
            made.append(
                _visitor(token, came, [view.id], shots, PAGES_OF_STAFF, photo.jpeg if number % 3 == 0 else None)
            )
        else:
            token = token_of(clinic, Role.PATIENT, f"Patient {number}", view.patient_id)
            shown = [f"/photo/issued/{reports[number % PATIENTS]}/{k}" for k in range(2)]
            made.append(_visitor(token, came, [], shown, ("patient-view", "diary"), None))
    return made


def _visitor(
    token: str,
    headers: dict[str, str],
    views: list[str],
    photos: list[str],
    places: tuple[str, ...],
    upload: bytes | None,
) -> Visitor:
    return Visitor(f"{SECURE_NAME}={token}", views, photos, upload, places, headers, HOST)
