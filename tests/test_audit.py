"""The log: nothing in it can be changed unseen, and each thing that is shown stands in it once."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests.cast import Cast, cast
from tracker.clinic import Clinic, audit, clock, schema
from tracker.clinic.actors import SYSTEM, Actor, Role, Verb
from tracker.clinic.audit import Entry, Head, Tampered
from tracker.errors import RecordError

ENTRIES = 60
Row = dict[str, Any]


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with Clinic.open(tmp_path_factory.mktemp("home")) as clinic:
        patient = clinic.add_patient(code="P-1")
        with clinic._journal.writing() as connection:
            secrets = connection.get_execution_options()["secrets"]
            secrets.keys.create(patient.id)
            for number in range(ENTRIES):
                actor = Actor(f"{number % 3:032x}", Role.OWNER)
                audit.append(connection, Entry(actor, Verb.VIEW, "picture", patient.id, f"photo:{number:032x}"))
        yield clinic


def _rows(clinic: Clinic) -> list[Row]:
    with clinic._store.reading() as connection:
        chosen = select(schema.audit).order_by(schema.audit.c.number)
        return [dict(row) for row in connection.execute(chosen).mappings()]


def _found(clinic: Clinic, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> tuple[Tampered, ...]:
    """What `verify` says of a log that holds these rows."""

    class Result:
        def mappings(self) -> list[Row]:
            return rows

    with clinic._store.reading() as connection:
        monkeypatch.setattr(connection, "execute", lambda *_: Result())
        return audit.verify(connection, clinic._journal.anchor.read())


def _edit(rows: list[Row], dice: random.Random) -> set[int]:
    row = dice.choice(rows)
    name = dice.choice(["account_id", "role", "verb", "action", "patient_id", "object", "outcome", "request_id", "at"])
    row[name] = row[name] + timedelta(seconds=1) if name == "at" else row[name] + "x"
    return {row["number"]}


def _delete(rows: list[Row], dice: random.Random) -> set[int]:
    return {rows.pop(dice.randrange(len(rows)))["number"]}


def _swap(rows: list[Row], dice: random.Random) -> set[int]:
    here, there = dice.sample(range(len(rows)), 2)
    rows[here]["number"], rows[there]["number"] = rows[there]["number"], rows[here]["number"]
    rows.sort(key=lambda row: row["number"])
    return {here + 1, there + 1}


def _insert(rows: list[Row], dice: random.Random) -> set[int]:
    at = dice.randrange(len(rows) + 1)
    rows.insert(at, dict(dice.choice(rows)))
    for number, row in enumerate(rows, 1):
        row["number"] = number
    return {at + 1}


def _truncate(rows: list[Row], dice: random.Random) -> set[int]:
    whole, keep = len(rows), dice.randrange(len(rows))
    del rows[keep:]
    return set(range(keep + 1, whole + 1))


@pytest.mark.parametrize("tamper", [_edit, _delete, _swap, _insert, _truncate])
def test_fifty_tampers_of_a_kind_are_found_and_named(
    tamper: Callable[[list[Row], random.Random], set[int]], logged: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, dice = _rows(logged), random.Random(tamper.__name__)
    assert _found(logged, whole, monkeypatch) == ()

    for _ in range(50):
        rows = [dict(row) for row in whole]
        meant = tamper(rows, dice)
        named = {each.number for each in _found(logged, rows, monkeypatch)}
        assert meant <= named, (tamper.__name__, meant, named)


def test_without_the_anchor_what_is_cut_off_would_not_be_missed(logged: Clinic) -> None:
    """The control: the chain alone does not show it."""
    with logged._store.reading() as connection:
        cut = audit.verify(connection, Head(ENTRIES + 5, "0" * 64))
        assert audit.verify(connection, None) == ()
    assert {each.number for each in cut} == set(range(len(_rows(logged)) + 1, ENTRIES + 6))


def test_the_database_itself_refuses_to_change_or_remove_an_entry(logged: Clinic) -> None:
    for change in (schema.audit.update().values(role="owner"), schema.audit.delete()):
        with pytest.raises((RecordError, IntegrityError)), logged._store.writing() as connection:
            connection.execute(change)

    assert logged.verify_log() == ()


def test_who_gets_around_the_database_is_found_out(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        for number in range(5):
            clinic.audit(Verb.EXPORT, "export", object=f"photo:{number}")
        if not clinic._store.is_sqlite:
            pytest.skip("the file is SQLite's")
        file = sqlite3.connect(tmp_path / "clinic.sqlite")
        file.execute("DROP TRIGGER audit_no_DELETE")
        file.execute("DELETE FROM audit WHERE number > 3")
        file.commit()
        file.close()

        assert clinic.verify_log() == (Tampered(4, "missing"), Tampered(5, "missing"))
        # Entries that come later do not cover it up: the anchor stays as the proof.
        for _ in range(4):
            clinic.audit(Verb.EXPORT, "export")
        assert clinic.verify_log() == (Tampered(5, "changed"),)


def test_an_anchor_that_is_behind_is_no_alarm(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        clinic.audit(Verb.EXPORT, "export")
        with clinic._store.writing() as connection:  # killed before the anchor followed
            audit.append(connection, Entry(SYSTEM, Verb.EXPORT, "export"))

        assert clinic.verify_log() == ()

        clinic.audit(Verb.EXPORT, "export")
        assert clinic._journal.anchor.read() == _head(clinic)


def test_an_older_end_never_replaces_a_newer_one(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as first, Clinic.open(tmp_path) as second:
        with ThreadPoolExecutor(8) as threads:
            for clinic in (first, second) * 20:
                threads.submit(clinic.audit, Verb.EXPORT, "export")

        assert first._journal.anchor.read() == second._journal.anchor.read() == _head(first)
        assert _head(first).number == 40
        assert first.verify_log() == ()


def _head(clinic: Clinic) -> Head:
    with clinic._store.reading() as connection:
        return audit.head(connection)


def test_a_log_without_its_anchor_says_so(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        assert clinic.verify_log() == ()
        clinic.audit(Verb.EXPORT, "export")
        clinic._journal.anchor.path.unlink()

        assert clinic.verify_log() == (Tampered(1, "unanchored"),)


def test_a_log_that_was_restored_can_be_taken_as_the_true_one(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        clinic.audit(Verb.EXPORT, "export")
        clinic._journal.anchor.put(Head(9, "0" * 64))
        assert clinic.verify_log()

        clinic.adopt_log_head("restored from the backup of Sunday")

        assert clinic.verify_log() == ()
        assert clinic.log()[0].reason == "restored from the backup of Sunday"


def test_ninety_thumbnails_of_a_page_do_not_cost_ninety_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Clinic.open(tmp_path) as clinic:
        actor = Actor("a" * 32, Role.OWNER, "s" * 32)
        began = threading.Barrier(30)
        written: list[int] = []
        append = audit.append

        def counted(connection: Any, *entries: Entry) -> None:
            written.append(len(entries))
            append(connection, *entries)

        def look(number: int) -> None:
            began.wait()
            clinic._journal.seen(Entry(actor, Verb.VIEW, "picture", "", f"photo:{number:032x}", request_id="page"))

        monkeypatch.setattr(audit, "append", counted)
        with ThreadPoolExecutor(30) as threads:
            list(threads.map(look, range(90)))

        assert sum(written) == _head(clinic).number == 90
        assert len(written) <= 30


def _view(clinic: Clinic, actor: Actor, photo: str, page: str = "") -> bool:
    return clinic._journal.seen(Entry(actor, Verb.VIEW, "picture", "", f"photo:{photo}", request_id=page))


def test_one_view_is_one_photo_in_one_view_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, eve = Actor("a" * 32, Role.OWNER, "s" * 32), Actor("e" * 32, Role.OWNER, "t" * 32)
    now = clock.now()
    with Clinic.open(tmp_path) as clinic:
        monkeypatch.setattr(clock, "now", lambda: now)
        assert _view(clinic, ada, "1", "page")
        assert not _view(clinic, ada, "1", "page")  # at another width
        assert _view(clinic, ada, "2", "page")
        assert _view(clinic, eve, "1", "page")
        assert _view(clinic, ada, "1", "next page")
        assert _view(clinic, ada, "1")
        assert not _view(clinic, ada, "1")
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=1))
        assert _view(clinic, ada, "1")
        assert not _view(clinic, ada, "1", "page")
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=10))
        assert _view(clinic, ada, "1", "page")  # nobody looks for ever under one page's name

        assert _head(clinic).number == 7


def test_a_thousand_views_by_many_at_once_stand_in_the_log_exactly_once(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        actors = [Actor(f"{n:032x}", Role.OWNER, f"{n:032x}") for n in range(10)]
        views = [
            (actor, f"{photo:032x}", f"page {page}") for actor in actors for photo in range(20) for page in range(5)
        ]
        shown = views * 3
        random.Random(1).shuffle(shown)
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda view: _view(clinic, *view), shown))

        entries = [(e.account_id, e.object, e.request_id) for e in clinic.log(limit=1000)]
        assert len(views) == 1000
        assert sorted(entries) == sorted((a.account_id, f"photo:{photo}", page) for a, photo, page in views)
        assert clinic.verify_log() == ()


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Cast]:
    with cast(tmp_path) as found:
        yield found


def test_a_view_is_shown_only_after_it_stands_in_the_log(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = people.clinic.acting_for(people.actors["owner"], request_id="page 7")
    photo_id = people.ids(["photo_id"], "own")["photo_id"]
    monkeypatch.setattr(people.clinic._gallery, "plain", lambda photo_id, width: b"picture")

    assert owner.picture(photo_id, width=100) == owner.picture(photo_id, width=900) == b"picture"

    shown = [entry for entry in people.clinic.log() if entry.action == "picture"]
    assert [(e.object, e.patient_id, e.outcome, e.request_id) for e in shown] == [
        (f"photo:{photo_id}", people.own, "done", "page 7")
    ]

    def full(*_: object) -> None:
        raise RecordError("The disk is full.", code="not_saved")

    monkeypatch.setattr(audit, "append", full)
    later = people.clinic.acting_for(people.actors["owner"], request_id="page 8")
    with pytest.raises(RecordError) as refusal:
        later.picture(photo_id, width=100)
    assert refusal.value.code == "not_saved"


def test_a_photo_that_could_not_be_shown_was_not_seen(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(photo_id: str, width: int) -> bytes:
        raise RecordError("The file is missing.", code="original_missing")

    monkeypatch.setattr(people.clinic._gallery, "plain", lost)
    owner = people.clinic.acting_for(people.actors["owner"])
    with pytest.raises(RecordError):
        owner.picture(people.ids(["photo_id"], "own")["photo_id"], width=100)

    assert [entry for entry in people.clinic.log() if entry.action == "picture"] == []


def test_a_denial_stands_in_the_log_with_whom_it_was_about(people: Cast) -> None:
    stranger = people.clinic.acting_for(people.actors["practitioner off the team"])
    photo_id = people.ids(["photo_id"], "own")["photo_id"]
    before = len(people.clinic.log(limit=1000))

    with pytest.raises(RecordError):
        stranger.picture(photo_id, width=100)
    with pytest.raises(RecordError):
        stranger.picture("Ada Lovelace", width=100)

    entries = people.clinic.log(limit=1000)
    assert len(entries) == before + 2
    assert (entries[1].outcome, entries[1].object, entries[1].patient_id) == ("denied", f"photo:{photo_id}", people.own)
    assert entries[0].object == "photo:?"  # what somebody typed is not kept


def test_what_is_changed_stands_in_the_log_before_it_is_done(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    practitioner = people.clinic.acting_for(people.actors["practitioner"])
    photo_id = people.ids(["photo_id"], "own")["photo_id"]

    def broken(*_: object) -> None:
        raise RecordError("The disk is full.", code="not_saved")

    monkeypatch.setattr("tracker.clinic.photos.remove", broken)
    with pytest.raises(RecordError):
        practitioner.remove_photo(photo_id)

    outcomes = [entry.outcome for entry in people.clinic.log() if entry.action == "remove_photo"]
    assert outcomes == ["failed", "done"]


def test_patients_read_who_looked_and_auditors_read_all(people: Cast) -> None:
    photo_id = people.ids(["photo_id"], "own")["photo_id"]
    with pytest.raises(RecordError):
        people.clinic.acting_for(people.actors["auditor"]).picture(photo_id, width=100)
    patient = people.clinic.acting_for(people.actors["patient"])

    assert {entry.patient_id for entry in patient.log_of(people.own)} == {people.own}
    with pytest.raises(RecordError):
        patient.log_of(people.other)
    with pytest.raises(RecordError):
        patient.log()

    auditor = people.clinic.acting_for(people.actors["auditor"])
    pages, before = [], None
    while page := auditor.log(before=before, limit=5):
        pages += page
        before = page[-1].number
    assert [entry.number for entry in pages] == list(range(len(pages), 0, -1))


def test_a_reason_goes_with_the_patient_and_the_chain_holds(people: Cast) -> None:
    people.clinic.audit(Verb.EXPORT, "export", patient_id=people.own, reason="asked for by Ada Lovelace")
    assert people.clinic.log()[0].reason == "asked for by Ada Lovelace"
    with people.clinic._store.reading() as connection:
        stored = str(connection.execute(select(schema.audit)).all())
        secrets = connection.get_execution_options()["secrets"]
    assert "Lovelace" not in stored

    secrets.keys.destroy(people.own)

    assert people.clinic.log()[0].reason == ""
    assert people.clinic.verify_log() == ()
