"""Links for patients: one report, one exchange, a PIN, and an end in any case."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from tests.cast import Cast, cast, row
from tracker.clinic import Clinic, authorize, clock, guarding, schema
from tracker.clinic.actors import Actor, Role, Verb
from tracker.clinic.authorize import Target
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import Channel
from tracker.clinic.patient_links import NewLink
from tracker.clinic.register import random_id
from tracker.clinic.web_sessions import digest_of
from tracker.errors import RecordError


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Cast]:
    with cast(tmp_path) as found:
        yield found


@pytest.fixture
def reports(people: Cast) -> dict[str, str]:
    """Two issued reports of one patient and one of another's."""
    with people.clinic._store.writing() as connection:
        table = schema.issued_report
        return {
            "own": row(connection, table, people.own),
            "second": row(connection, table, people.own),
            "other": row(connection, table, people.other),
        }


def refused(call: object) -> str:
    with pytest.raises(RecordError) as refusal:
        call()  # type: ignore[operator]
    return refusal.value.code


def issue(people: Cast, report_id: str, **options: object) -> NewLink:
    return people.clinic.acting_for(people.actors["practitioner"]).issue_link(report_id, **options)


def enter(clinic: Clinic, link: NewLink) -> Actor:
    actor = clinic.session_of(clinic.exchange_link(link.token, link.pin))
    assert actor is not None
    return actor


def take_back(clinic: Clinic, report_id: str) -> None:
    with clinic._store.writing() as connection:
        here = schema.issued_report.c.id == report_id
        connection.execute(schema.issued_report.update().where(here).values(withdrawn_at=clock.now()))


def may_receive(clinic: Clinic, actor: Actor, report_id: str) -> bool:
    with clinic._store.reading() as connection:
        try:
            authorize.authorize(connection, actor, Verb.RECEIVE, Target("report_id", report_id))
        except RecordError:
            return False
        return True


def test_a_link_shows_one_report_and_nothing_else(people: Cast, reports: dict[str, str]) -> None:
    clinic = people.clinic
    actor = enter(clinic, issue(people, reports["own"]))

    assert (actor.role, actor.patient_id, actor.scope) == (Role.PATIENT, people.own, {f"report:{reports['own']}"})
    assert may_receive(clinic, actor, reports["own"])
    assert not may_receive(clinic, actor, reports["second"])
    assert not may_receive(clinic, actor, reports["other"])
    bound = clinic.acting_for(actor)
    photo_id = people.ids(["photo_id"], "own")["photo_id"]
    for call in (
        lambda: bound.patient(people.own),
        lambda: bound.picture(photo_id, width=100),
        lambda: bound.log_of(people.own),
        lambda: bound.links(people.own),
    ):
        assert refused(call) == "not_found"
    assert refused(bound.patients) == "not_allowed"


def test_only_who_takes_care_of_the_patient_makes_links(people: Cast, reports: dict[str, str]) -> None:
    for name in ("practitioner off the team", "assistant", "patient", "auditor", "rater"):
        bound = people.clinic.acting_for(people.actors[name])
        assert refused(lambda bound=bound: bound.issue_link(reports["own"])) in ("not_found", "not_allowed")
    assert refused(lambda: issue(people, reports["other"])) == "not_found"
    assert refused(lambda: issue(people, random_id())) == "not_found"


def test_a_link_is_exchanged_once(people: Cast, reports: dict[str, str]) -> None:
    link = issue(people, reports["own"])
    assert people.clinic.is_link_alive(link.token)
    assert people.clinic.is_link_alive(link.token)  # looking does not use it up

    with ThreadPoolExecutor(8) as threads:
        jobs = [threads.submit(people.clinic.exchange_link, link.token, link.pin) for _ in range(8)]
    errors = [job.exception() for job in jobs]

    assert sum(error is None for error in errors) == 1
    assert not people.clinic.is_link_alive(link.token)
    assert refused(lambda: people.clinic.exchange_link(link.token, link.pin)) == "bad_link"


def test_the_fifth_wrong_pin_ends_a_link(people: Cast, reports: dict[str, str]) -> None:
    link = issue(people, reports["own"])
    wrong = f"{(int(link.pin) + 1) % 10**6:06d}"
    found = [refused(lambda: people.clinic.exchange_link(link.token, wrong)) for _ in range(6)]

    assert found == ["bad_pin"] * 5 + ["bad_link"]
    assert refused(lambda: people.clinic.exchange_link(link.token, link.pin)) == "bad_link"
    denied = [e for e in people.clinic.log_of(people.own) if (e.action, e.outcome) == ("exchange_link", "denied")]
    assert len(denied) == 5


def test_a_link_and_its_session_end_with_its_week(
    people: Cast, reports: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: start)
    with people.clinic._store.writing() as connection:  # the practitioner's session is of another day
        connection.exec_driver_sql("UPDATE web_session SET created_at = '2026-06-01T00:00:00+00:00', "
                                   "seen_at = '2026-06-01T00:00:00+00:00'")  # fmt: skip
    early, late = issue(people, reports["own"]), issue(people, reports["own"])
    short = issue(people, reports["own"], lasts=timedelta(minutes=5))
    actor = enter(people.clinic, short)

    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=4, seconds=59))
    assert may_receive(people.clinic, actor, reports["own"])
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=5))
    assert not may_receive(people.clinic, actor, reports["own"])

    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=7) - timedelta(seconds=1))
    assert enter(people.clinic, early)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=7))
    assert refused(lambda: people.clinic.exchange_link(late.token, late.pin)) == "bad_link"


def test_no_link_lasts_longer_or_shows_more_than_it_may(people: Cast, reports: dict[str, str]) -> None:
    for options in ({"lasts": timedelta(days=8)}, {"lasts": timedelta(0)}, {"most_views": 21}, {"most_views": 0}):
        assert refused(lambda options=options: issue(people, reports["own"], **options)) == "bad_link"


def test_a_revoked_link_ends_at_once_with_its_session(people: Cast, reports: dict[str, str]) -> None:
    used, unused = issue(people, reports["own"]), issue(people, reports["own"])
    actor = enter(people.clinic, used)
    stranger = people.clinic.acting_for(people.actors["practitioner off the team"])
    assert refused(lambda: stranger.revoke_link(used.id)) == "not_found"

    for link in (used, unused):
        people.clinic.acting_for(people.actors["practitioner"]).revoke_link(link.id)

    assert not may_receive(people.clinic, actor, reports["own"])
    assert refused(lambda: people.clinic.exchange_link(unused.token, unused.pin)) == "bad_link"
    assert [link.is_open(clock.now()) for link in people.clinic.links(people.own)] == [False, False]


def test_links_end_with_the_report_and_with_the_consent(people: Cast, reports: dict[str, str]) -> None:
    clinic = people.clinic
    for report_id, end in (
        (reports["own"], lambda: take_back(clinic, reports["own"])),
        (reports["second"], lambda: clinic.withdraw_consent(people.own, Purpose.PORTAL, channel=Channel.ONLINE)),
    ):
        used, unused = issue(people, report_id), issue(people, report_id)
        actor = enter(clinic, used)
        assert may_receive(clinic, actor, report_id)

        end()

        assert not may_receive(clinic, actor, report_id)
        assert not clinic.is_link_alive(unused.token)
        assert refused(lambda unused=unused: clinic.exchange_link(unused.token, unused.pin)) == "bad_link"


def test_without_consent_a_patient_sees_no_photo_online(people: Cast) -> None:
    photo_id = people.ids(["photo_id"], "own")["photo_id"]
    patient = people.clinic.acting_for(people.actors["patient"])
    people.clinic.withdraw_consent(people.own, Purpose.PORTAL, channel=Channel.ONLINE)

    assert refused(lambda: patient.picture(photo_id, width=100)) == "not_found"


def test_a_report_is_shown_as_often_as_the_link_says(
    people: Cast, reports: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(self: guarding.Acting, report_id: str) -> str:
        return "the report"

    rule = guarding.Rule(Verb.RECEIVE, is_logged=True)
    receive = guarding._guard("issued_report", shown, rule)
    actor = enter(people.clinic, issue(people, reports["own"], most_views=3))

    def look(page: str) -> str:
        return str(receive(people.clinic.acting_for(actor, request_id=page), reports["own"]))

    for page in ("one", "one", "two", "three", "three"):
        assert look(page) == "the report"
    assert refused(lambda: look("four")) == "bad_link"
    assert refused(lambda: look("four")) == "bad_link"
    assert people.clinic.links(people.own)[0].views == 3


def test_a_hundred_thousand_tokens_open_nothing(people: Cast, reports: dict[str, str]) -> None:
    links = [issue(people, reports["own"]) for _ in range(20)]
    kept = schema.patient_link.c.digest

    def known(connection: Connection, tokens: list[str]) -> int:
        return len(connection.execute(select(kept).where(kept.in_([digest_of(token) for token in tokens]))).all())

    with people.clinic._store.reading() as connection:
        assert known(connection, [link.token for link in links]) == 20
        hits = sum(known(connection, [secrets.token_urlsafe(32) for _ in range(500)]) for _ in range(200))
    tried = [refused(lambda: people.clinic.exchange_link(secrets.token_urlsafe(32), "000000")) for _ in range(200)]

    assert hits == 0
    assert set(tried) == {"bad_link"}


def test_neither_token_nor_pin_can_be_read_in_the_record(people: Cast, reports: dict[str, str]) -> None:
    link = issue(people, reports["own"])
    with people.clinic._store.reading() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM patient_link").all())

    assert link.token not in rows
    assert link.pin not in [part.strip("'( )") for part in rows.split(",")]
