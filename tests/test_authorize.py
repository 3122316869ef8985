"""Who may do what: every public method of the clinic, by everybody, with everything."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tests.cast import Cast, cast
from tracker.clinic import Clinic, clock, guarding, schema, throttle, web_sessions
from tracker.clinic.actors import NOBODY, Role, Verb
from tracker.clinic.audit import Entry
from tracker.clinic.authorize import RESOLVERS
from tracker.clinic.guarding import guarded, rule_of
from tracker.clinic.register import random_id
from tracker.clinic.rules import POLICY, RULES, Rule
from tracker.clinic.study_records import Place
from tracker.errors import RecordError

#: What each role may, written down a second time, from the roles as the clinic is told of them: A = anybody's,
#: O = only their own, - = not at all.
MAY = {
    #             owner practitioner assistant rater auditor patient
    "enter":      "A A A A A A",
    "enrol":      "A O O O O O",
    "account":    "A O O O O O",
    "list":       "A O A - - O",
    "register":   "A O - - - -",
    "add":        "A O A - - -",
    "view":       "A O - - - O",
    "measured":   "A O - - - -",
    "change":     "A O - - - -",
    "remove":     "A O - - - -",
    "export":     "A O - - - -",
    "erase":      "A - - - - -",
    "issue":      "A O - - - -",
    "receive":    "A O - - - O",
    "consent":    "A O - - - O",
    "diary":      "A O - - - O",
    "rate":       "A O - O - -",
    "study":      "A O - - - -",
    "configure":  "A A - - - -",
    "emergency":  "- A - - - -",
    "audit":      "A - - - A O",
    "administer": "A - - - - -",
    "run":        "- - - - - -",
}  # fmt: skip
COLUMNS = ("owner", "practitioner", "assistant", "rater", "auditor", "patient")
ACTORS = (
    *COLUMNS,
    "practitioner off the team",
    "practitioner by breaking the glass",
    "practitioner whose emergency is over",
    "rater not invited",
    "nobody",
    "signed out",
    "disabled",
)
WHOSE = ("own", "other", "missing", "erased")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    with cast(tmp_path_factory.mktemp("home")) as found:
        revoked, disabled = found.signed_in(Role.OWNER), found.signed_in(Role.OWNER)
        with found.clinic._store.writing() as connection:
            web_sessions.revoke(connection, datetime.now(UTC), schema.web_session.c.id == revoked.session_id)
            here = schema.account.c.id == disabled.account_id
            connection.execute(schema.account.update().where(here).values(disabled_at=datetime.now(UTC)))
        found.actors.update({"nobody": NOBODY, "signed out": revoked, "disabled": disabled})
        yield found


@pytest.fixture(scope="module")
def objects(people: Cast) -> dict[str, dict[str, str]]:
    """By whose they are, one of each kind of object."""
    named = [name for name in RESOLVERS if name != "account_id" and name in _parameters()]
    found = {whose: people.ids(named, whose) for whose in WHOSE}
    with people.clinic._store.writing() as connection:
        for whose in ("own", "other"):
            found[whose]["patient_id"] = getattr(people, whose)
        connection.execute(
            insert(schema.rater_of).values(
                session_id=found["own"]["session_id"], account_id=people.actors["rater"].account_id
            )
        )
    return found


def _methods() -> list[str]:
    return [name for name in RULES if callable(getattr(Clinic, name, None))]


def _parameters() -> set[str]:
    return {p for name in _methods() for p in inspect.signature(getattr(Clinic, name)).parameters}


def _checked(name: str) -> list[str]:
    parameters = inspect.signature(getattr(Clinic, name)).parameters
    return [p for p in parameters if p in RESOLVERS and p not in RULES[name].unchecked]


def _is_theirs(actor: str, parameter: str, whose: str) -> bool:
    if actor in ("owner", "assistant") and parameter != "account_id":
        return True
    if parameter == "account_id":
        return whose == "own" or actor == "owner"
    if parameter == "study_id":
        return actor.startswith("practitioner")  # volunteers are nobody's in particular
    if actor == "rater":
        return whose == "own" and parameter == "session_id"
    return whose == "own" and actor in ("practitioner", "practitioner by breaking the glass", "patient")


def _expected(actor: str, name: str, whose: str) -> str:
    """What has to come out: ``"reached"``, or the code of the refusal."""
    rule, checked = RULES[name], _checked(name)
    if rule.verb == "enter":
        return "reached"
    if actor in ("nobody", "signed out", "disabled"):
        return "signed_out"
    role = "practitioner" if actor.startswith("practitioner") else "rater" if actor.startswith("rater") else actor
    mark = MAY[str(rule.verb)].split()[COLUMNS.index(role)]
    for parameter in checked:
        if whose in ("missing", "erased") or not (_is_theirs(actor, parameter, whose) or mark == "A"):
            return "not_found"
    if actor == "practitioner by breaking the glass" and rule.verb == "issue" and checked:
        return "not_allowed"  # an emergency ends, what was given to a patient does not
    is_meant = mark == "A" or (mark == "O" and (bool(checked) or rule.is_personal))
    return "reached" if is_meant else "not_allowed"


class _Reached(Exception):
    """The guard let the call pass."""


def _call(people: Cast, bound: Clinic, name: str, given: dict[str, str], whose: str) -> str:
    actor = bound._actor
    arguments: dict[str, Any] = {}
    for parameter in list(inspect.signature(getattr(Clinic, name)).parameters.values())[1:]:
        if parameter.name == "account_id":
            others = people.actors["auditor" if actor.role is not Role.AUDITOR else "assistant"].account_id
            arguments["account_id"] = {"own": actor.account_id or random_id(), "other": others}.get(whose, random_id())
        elif parameter.name in given and parameter.name in _checked(name):
            arguments[parameter.name] = given[parameter.name]
        elif parameter.default is inspect.Parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            arguments[parameter.name] = object()
    try:
        getattr(bound, name)(**arguments)
    except _Reached:
        return "reached"
    except RecordError as error:
        return error.code
    raise AssertionError(f"{name} neither ran nor refused")


@pytest.mark.parametrize("name", _methods())
def test_every_method_answers_everybody_as_the_table_says(
    name: str, people: Cast, objects: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(*_: object) -> None:
        raise _Reached

    log: list[Entry] = []
    bound = {actor: people.clinic.acting_for(people.actors[actor]) for actor in ACTORS}
    monkeypatch.setattr(guarding, "_within", reached)
    monkeypatch.setattr(people.clinic._journal, "write", log.append)
    wrong, cells = [], 0
    for actor_name in ACTORS:
        for whose in WHOSE if _checked(name) else ("own",):
            log.clear()
            found = _call(people, bound[actor_name], name, objects[whose], whose)
            expected = _expected(actor_name, name, whose)
            denials = [entry for entry in log if entry.outcome == "denied"]
            if found != expected or len(denials) != (expected != "reached"):
                wrong.append((actor_name, whose, f"expected {expected}, found {found}, {len(denials)} denials logged"))
            cells += 1

    assert cells == len(ACTORS) * (4 if _checked(name) else 1)
    assert not wrong, f"{name}: {wrong}"


def test_every_verb_stands_in_both_tables() -> None:
    assert set(MAY) == {str(verb) for verb in Verb} == {str(verb) for verb in POLICY}


def test_every_row_is_about_a_method() -> None:
    assert [name for name in RULES if not hasattr(Clinic, name)] == []


def test_a_method_without_a_row_does_not_start() -> None:
    class Grown:
        def new_and_forgotten(self) -> None: ...

    with pytest.raises(TypeError, match="new_and_forgotten has no row"):
        guarded(Grown)


def test_a_method_about_an_object_nobody_knows_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "look", Rule(Verb.VIEW))

    def look(self: object, picture_id: str) -> None: ...

    with pytest.raises(TypeError, match="picture_id: please add to"):
        rule_of("look", look)


def test_a_method_about_nothing_in_particular_has_to_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "look", Rule(Verb.VIEW))

    def look(self: object, patient: object) -> None: ...

    with pytest.raises(TypeError, match="is_wide"):
        rule_of("look", look)


def test_a_property_cannot_slip_past_the_guard() -> None:
    class Grown:
        @property
        def names(self) -> str:
            return "Ada"

    with pytest.raises(TypeError, match="names is a property"):
        guarded(Grown)


def _rows(clinic: Clinic) -> dict[str, int]:
    with clinic._store.reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in schema.metadata.sorted_tables
            if table.name not in ("audit", "seal", "seal_total", "touched")
        }


def test_a_refusal_comes_before_anything_is_written(people: Cast, objects: dict[str, dict[str, str]]) -> None:
    stranger = people.clinic.acting_for(people.actors["practitioner off the team"])
    before = _rows(people.clinic)

    for call in (
        lambda: stranger.remove_photo(objects["own"]["photo_id"]),
        lambda: stranger.add_view(people.own, site="thigh"),
        lambda: stranger.note_injection(objects["own"]["view_id"], date(2026, 1, 1)),
        lambda: stranger.add_photo(objects["own"]["view_id"], b"no photo", "name.jpg"),
        lambda: stranger.add_to_care_team(people.own, stranger._actor.account_id),
        lambda: stranger.disable_account(people.actors["owner"].account_id),
    ):
        with pytest.raises(RecordError) as refusal:
            call()
        assert refusal.value.code == "not_found"

    assert _rows(people.clinic) == before


def test_a_foreign_patient_and_one_that_never_was_are_refused_in_the_same_words(people: Cast) -> None:
    stranger = people.clinic.acting_for(people.actors["practitioner off the team"])

    said = []
    for patient_id in (people.own, random_id()):
        with pytest.raises(RecordError) as refusal:
            stranger.patient(patient_id)
        said.append((refusal.value.code, refusal.value.reason))

    assert said[0] == said[1]


def test_one_of_two_objects_that_is_somebody_elses_is_refused(people: Cast, objects: dict[str, dict[str, str]]) -> None:
    practitioner = people.clinic.acting_for(people.actors["practitioner"])

    with pytest.raises(RecordError) as refusal:
        practitioner.set_control(objects["own"]["view_id"], objects["other"]["view_id"])

    assert refusal.value.code == "not_found"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Cast]:
    """As `people`, with nothing but what the test makes."""
    with cast(tmp_path) as found:
        yield found


def test_a_study_opens_no_way_to_patients_of_others(fresh: Cast) -> None:
    own = fresh.clinic.acting_for(fresh.actors["practitioner"])
    off = fresh.clinic.acting_for(fresh.actors["practitioner off the team"])
    study = own.start_study(place=Place.FIXED_RIG, equipment="a camera", site="thigh", started_on=date(2026, 1, 1))
    view_id = own.add_subject(study.id, code="S-1", patient_id=fresh.own).view_id

    for call in (
        lambda: off.add_subject(study.id, code="S-2", patient_id=fresh.own),
        lambda: off.add_study_photo(view_id, b"", "a.jpg", posing=1),
        lambda: off.remove_subject(view_id),
    ):
        with pytest.raises(RecordError) as refusal:
            call()
        assert refusal.value.code == "not_found"
    assert off.add_subject(study.id, code="V-1").code == "V-1"  # volunteers are nobody's in particular

    fresh.clinic.restrict(fresh.own)
    with pytest.raises(RecordError, match="only kept"):
        own.add_subject(study.id, code="S-2", patient_id=fresh.own)


def test_an_emergency_does_not_become_a_place_on_the_care_team(people: Cast) -> None:
    glass = people.clinic.acting_for(people.actors["practitioner by breaking the glass"])

    with pytest.raises(RecordError) as refusal:
        glass.add_to_care_team(people.own, glass.acting().account_id)

    assert refusal.value.code == "not_allowed"
    assert glass.acting().account_id not in {each.id for each in people.clinic.care_team(people.own)}


def test_an_emergency_takes_nobody_off_the_care_team(people: Cast) -> None:
    glass = people.clinic.acting_for(people.actors["practitioner by breaking the glass"])
    before = people.clinic.care_team(people.own)

    with pytest.raises(RecordError) as refusal:
        glass.remove_from_care_team(people.own, people.actors["practitioner"].account_id)

    assert refusal.value.code == "not_allowed"
    assert people.clinic.care_team(people.own) == before != ()


def test_a_list_shows_each_their_own(people: Cast) -> None:
    def listed(name: str) -> set[str]:
        return {patient.id for patient in people.clinic.acting_for(people.actors[name]).patients()}

    assert {people.own, people.other} <= listed("owner")
    assert {people.own, people.other} <= listed("assistant")
    assert listed("practitioner") == {people.own}
    assert listed("practitioner off the team") == set()
    assert listed("practitioner by breaking the glass") == {people.own}
    assert listed("practitioner whose emergency is over") == set()
    assert listed("patient") == {people.own}


def test_a_note_about_a_patient_is_for_who_takes_care_only(fresh: Cast) -> None:
    fresh.clinic.rename_patient(fresh.own, name="Ada", note="in confidence")

    def read(who: str) -> set[str]:
        bound = fresh.clinic.acting_for(fresh.actors[who])
        listed = [each.note for each in bound.patients() if each.id == fresh.own]
        return {bound.patient(fresh.own).note, *listed}

    assert {who: read(who) for who in ("owner", "practitioner", "assistant", "patient")} == {
        "owner": {"in confidence"},
        "practitioner": {"in confidence"},
        "assistant": {""},
        "patient": {""},
    }


def test_who_adds_a_patient_takes_care_of_them(people: Cast) -> None:
    new = people.signed_in(Role.PRACTITIONER)

    added = people.clinic.acting_for(new).add_patient(code="A-1")

    assert people.clinic.acting_for(new).patient(added.id).code == "A-1"
    assert [each.id for each in people.clinic.care_team(added.id)] == [new.account_id]


def test_breaking_the_glass_shows_a_patient_for_some_hours_and_says_why(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = people.clinic.acting_for(people.signed_in(Role.PRACTITIONER))
    code = people.clinic.patient(people.other).code
    with pytest.raises(RecordError, match="why"):
        new.break_glass(code, "because")

    patient, until = new.break_glass(code, "Bleeding after an injection elsewhere")

    assert new.patient(people.other) == patient
    assert people.clinic.log_of(people.other)[0].reason == "Bleeding after an injection elsewhere"
    monkeypatch.setattr(clock, "now", lambda: until)
    with pytest.raises(RecordError) as refusal:
        new.patient(people.other)
    assert refusal.value.code in ("not_found", "signed_out")


def test_a_code_that_is_guessed_in_an_emergency_is_in_the_log(people: Cast) -> None:
    new = people.clinic.acting_for(people.signed_in(Role.PRACTITIONER))

    with pytest.raises(RecordError) as refusal:
        new.break_glass("no such code", "Bleeding after an injection elsewhere")

    latest = people.clinic.log()[0]
    assert refusal.value.code == "not_found"
    assert (latest.action, latest.outcome) == ("break_glass", "denied")


def test_guessing_codes_in_an_emergency_has_to_wait_and_a_known_code_in_between_wins_nothing(
    people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    guessing = people.clinic.acting_for(people.signed_in(Role.PRACTITIONER))
    other = people.clinic.acting_for(people.signed_in(Role.PRACTITIONER))
    known, why = people.clinic.patient(people.other).code, "Bleeding after an injection elsewhere"
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)

    def tried(code: str, clinic: Clinic = guessing) -> str:
        try:
            clinic.break_glass(code, why)
        except RecordError as refusal:
            return refusal.code
        return ""

    assert [tried(f"guess {k}") for k in range(3)] == ["not_found"] * 3
    assert tried(known) == ""
    said = [tried(f"guess {k}") for k in range(3, 8)]

    assert said == ["not_found"] * (throttle.PAIR.free - 3) + ["throttled"] * (8 - throttle.PAIR.free)
    assert tried(known) == "throttled"
    assert tried(known, other) == "", "nobody else has to wait"


def test_the_owner_is_told_who_broke_the_glass_until_they_have_read_it(people: Cast) -> None:
    owner = people.clinic.acting_for(people.signed_in(Role.OWNER))
    for each in owner.emergencies():
        owner.read_emergencies(each.since)
    someone = people.signed_in(Role.PRACTITIONER)
    code = people.clinic.patient(people.other).code
    people.clinic.acting_for(someone).break_glass(code, "Bleeding after an injection elsewhere")

    (told,) = owner.emergencies()
    people.clinic.acting_for(someone).break_glass(code, "Bleeding after an injection elsewhere")
    owner.read_emergencies(told.since)

    assert (told.account_id, told.patient_id) == (someone.account_id, people.other)
    (still,) = owner.emergencies()
    assert still.since > told.since
    owner.read_emergencies(still.since)
    assert owner.emergencies() == ()


def test_a_patient_removes_what_they_typed_and_nothing_else(people: Cast) -> None:
    weigh: dict[str, Any] = {"quantity": "weight", "value": 64.0, "unit": "kg", "day": date(2026, 3, 2)}
    typed = people.clinic.add_body_measure(people.own, **weigh)
    own = people.clinic.add_body_measure(people.own, **weigh, by_patient=True)
    patient = people.clinic.acting_for(people.actors["patient"])

    with pytest.raises(RecordError):
        patient.remove_body_measure(typed.id)
    patient.remove_body_measure(own.id)

    with pytest.raises(RecordError):
        people.clinic.remove_body_measure(own.id)
    people.clinic.remove_body_measure(typed.id)


def test_a_visitor_sees_the_demonstration_and_nothing_else(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        shown = clinic.add_patient(code="D-1", is_demonstration=True)
        actor = clinic.session_of(clinic.enter_demonstration(is_here=True))
        assert actor is not None
        visitor = clinic.acting_for(actor)
        assert [each.id for each in visitor.patients()] == [shown.id]
        view = visitor.add_view(shown.id, site="thigh")

        with pytest.raises(RecordError, match="set up the owner"):
            visitor.add_patient(code="R-1")
        with pytest.raises(RecordError) as refusal:
            visitor.invite_patient(shown.id, "Ada")
        assert refusal.value.code == "not_allowed"

        clinic.add_patient(code="R-2")
        assert not clinic.is_demonstration_open()
        assert clinic.session_of("") is None
        with pytest.raises(RecordError) as ended:
            visitor.view(view.id)
        assert ended.value.code == "signed_out"


def test_nested_calls_of_an_allowed_call_are_not_asked_again(people: Cast) -> None:
    owner = people.clinic.acting_for(people.actors["owner"])

    assert {each.role for each in owner.colleagues()} <= {Role.OWNER, Role.PRACTITIONER}
    practitioner = people.clinic.acting_for(people.actors["practitioner"])
    assert practitioner.colleagues() == owner.colleagues()  # asks for all accounts, which a practitioner may not
    with pytest.raises(RecordError):
        practitioner.accounts()


def test_a_role_that_is_changed_bites_at_the_next_call(people: Cast) -> None:
    actor = people.signed_in(Role.OWNER)
    bound = people.clinic.acting_for(actor)
    assert bound.accounts()

    people.clinic.set_role(actor.account_id, Role.ASSISTANT)

    with pytest.raises(RecordError) as refusal:
        bound.accounts()
    assert refusal.value.code == "not_allowed"
