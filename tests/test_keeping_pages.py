"""Keeping and erasing on the screen: for the owner, in two steps, with a receipt; and leaving the demonstration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from tests.days import TODAY
from tests.signing_in import actor_of, token_of, token_of_owner
from tests.small_photos import picture
from tracker.clinic import Clinic, schema
from tracker.clinic.actors import NOBODY, Actor, Role
from tracker.clinic.issue_records import Wish
from tracker.clinic.retention import RetentionRule
from tracker.errors import RecordError
from tracker.pages import PAGES, pages_of
from tracker.pages.record_keeping import RECEIPT
from tracker.web.desk import fill
from tracker.web.guard import OWN_PAGES_ONLY, PRIVATE_PATHS, VISITOR, Visitor
from tracker.web.links import receipt_url
from tracker.web.place import Caller
from tracker.web.routes import routes

HOSTILE = "<b>x</b> ![p](http://evil.example/p.png) :red[x] $x$"
YEAR = timedelta(days=366)
SECTION = "Keeping and erasing"
OTHERS = [role for role in Role if role not in (Role.OWNER, Role.SYSTEM)]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "clinic") as record:
        yield record


@pytest.fixture
def owner(clinic: Clinic) -> Clinic:
    return clinic.acting_for(actor_of(clinic, token_of_owner(clinic)))


@pytest.fixture
def partner(clinic: Clinic, owner: Clinic) -> Clinic:
    """A second owner."""
    return clinic.acting_for(actor_of(clinic, token_of(clinic, Role.OWNER, "Paula Partner")))


@pytest.fixture
def ann(clinic: Clinic) -> str:
    """A patient whose record may go."""
    return patient(clinic, "A-1", TODAY - 11 * YEAR)


def patient(clinic: Clinic, code: str, day) -> str:  # type: ignore[no-untyped-def]
    view = clinic.add_view(clinic.add_patient(code=code, name=f"Name of {code}").id, site="thigh", laterality="left")
    clinic.add_photo(view.id, picture(1), "1.jpg", taken_on=day)
    return view.patient_id


def run(clinic: Clinic, path: str, state: dict[str, str] | None = None, **ids: str) -> AppTest:
    """Run one page alone, with these ids in its address."""

    def script(entry, clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame

        frame(lambda: entry.page(clinic))

    entry = next(each for each in PAGES if each.path == path)
    app = AppTest.from_function(script, kwargs={"entry": entry, "clinic": clinic}, default_timeout=60)
    for name, value in ids.items():
        app.query_params[name] = value
    for name, value in (state or {}).items():
        app.session_state[name] = value
    return fine(app.run())


def fine(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def button(app: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(each for each in app.button if each.label == label)


def press(app: AppTest, label: str) -> AppTest:
    return fine(button(app, label).click().run())


def labels(app: AppTest) -> set[str]:
    return {each.label for each in app.button}


def boxes(app: AppTest) -> dict[str, str]:
    return {each.label: each.value for each in app.text_input}


def fill_in(app: AppTest, label: str, text: str) -> None:
    next(each for each in app.text_input if each.label.startswith(label)).input(text)


def words(app: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "error", "warning")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind)).replace("\\", "")


def folded(app: AppTest) -> dict[str, bool]:
    return {each.label: not each.proto.expanded for each in app.expander}


# Who sees it


def test_only_the_owner_has_the_page_and_the_part_of_the_record(clinic: Clinic, owner: Clinic, ann: str) -> None:
    for role in Role:
        paths = {entry.path for entry in pages_of(Actor("a", role))}
        assert ("keeping" in paths) == (role is Role.OWNER)
    doctor = clinic.acting_for(actor_of(clinic, token_of(clinic, Role.PRACTITIONER, "Dr. Ada")))
    clinic.add_to_care_team(ann, doctor.acting().account_id)

    assert SECTION in folded(run(owner, "record", patient=ann))
    seen = run(doctor, "record", patient=ann)
    assert SECTION not in folded(seen)
    assert not {"Erase this person…", "Legal hold"} & labels(seen)
    assert "Demonstration" not in run(doctor, "practice").segmented_control[0].options


def test_nobody_else_can_do_any_of_it(clinic: Clinic, owner: Clinic, ann: str) -> None:
    erased = owner.add_patient(code="A-2").id
    clinic.erase_at_once(erased)
    for role in OTHERS:
        actor = NOBODY
        if role is not Role.NOBODY:
            token = token_of(clinic, role, f"The {role}", ann if role is Role.PATIENT else None)
            actor = actor_of(clinic, token)
        if role is Role.PRACTITIONER:
            clinic.add_to_care_team(ann, actor.account_id)
        for call in _owners_own(clinic.acting_for(actor), ann, erased):
            with pytest.raises(RecordError) as refusal:
                call()
            assert refusal.value.code in ("not_allowed", "not_found", "signed_out")
    assert {each.id for each in clinic.patients()} == {ann}
    assert clinic.erasure_preview(ann).asked_at is None


def _owners_own(bound: Clinic, patient_id: str, erased: str) -> list[Callable[[], object]]:
    return [
        bound.erasures,
        bound.waiting_erasures,
        bound.due_records,
        bound.remove_demonstration,
        lambda: bound.receipt_file(erased),
        lambda: bound.set_retention_rule(RetentionRule()),
        lambda: bound.erasure_preview(patient_id),
        lambda: bound.begin_erasure(patient_id),
        lambda: bound.erase_patient(patient_id),
        lambda: bound.set_legal_hold(patient_id, "mine"),
        lambda: bound.restrict(patient_id),
    ]


# The record


def test_it_is_folded_where_nothing_waits_and_says_what_the_rules_say(owner: Clinic, ann: str) -> None:
    app = run(owner, "record", patient=ann)

    assert folded(app)[SECTION]
    assert "rules do not forbid to erase" in words(app)
    assert "There is no way back" not in words(app)
    assert not owner.erasure_preview(ann).asked_at


def test_one_owner_begins_another_one_carries_out_and_gets_the_receipt(
    clinic: Clinic, owner: Clinic, partner: Clinic, ann: str
) -> None:
    app = press(run(owner, "record", patient=ann), "Erase this person…")
    assert "1 photo," in words(app)
    assert "What stays" in words(app)
    app = press(app, "Begin the erasure")
    assert "Begun by Olga Owner" in words(app)
    assert "Somebody else who is owner can carry it out now" in words(app)
    assert "Erase for good" not in labels(app)

    app = run(partner, "record", patient=ann)
    assert not folded(app)[SECTION]
    fill_in(app, "Code of the patient", "A-2")
    app = press(app, "Erase for good")
    assert "not the code" in app.error[0].value
    assert clinic.patients()
    fill_in(app, "Code of the patient", "A-1")
    app = press(app, "Erase for good")

    assert clinic.patients() == ()
    assert app.session_state[RECEIPT] == ann
    assert "patient" not in app.session_state
    shown = run(partner, "keeping", state={RECEIPT: ann})
    assert "Keep this receipt" in words(shown)
    assert "A-1" in words(shown)
    assert "Name of A-1" not in words(shown)
    assert {each.proto.url for each in shown.get("link_button")} == {receipt_url(ann)}
    actions = [entry.action for entry in clinic.log() if entry.patient_id == ann]
    assert actions.count("erase_patient") == 1
    assert "begin_erasure" in actions
    after = press(shown, "I have it")
    assert "Keep this receipt" not in words(after)
    assert "Everything that was erased (1)" in folded(after)


def test_the_same_owner_waits_and_may_take_it_back(clinic: Clinic, owner: Clinic, ann: str) -> None:
    owner.begin_erasure(ann)
    app = run(owner, "record", patient=ann)
    assert "Erase for good" not in labels(app)

    with clinic._store.writing() as connection:
        asked = owner.erasure_preview(ann).asked_at
        assert asked is not None
        connection.execute(update(schema.erasure).values(asked_at=asked - timedelta(hours=25)))
    assert "Erase for good" in labels(run(owner, "record", patient=ann))
    app = press(run(owner, "record", patient=ann), "Take it back")
    assert owner.erasure_preview(ann).asked_at is None
    assert folded(app)[SECTION]


def test_a_record_that_has_to_be_kept_is_erased_only_with_a_reason(
    clinic: Clinic, owner: Clinic, partner: Clinic
) -> None:
    recent = patient(clinic, "A-3", TODAY)
    owner.begin_erasure(recent)
    app = run(partner, "record", patient=recent)
    assert "is to be kept until" in words(app)

    fill_in(app, "Code of the patient", "A-3")
    app = press(app, "Erase for good")
    assert "say why" in app.error[0].value
    assert clinic.patients()
    fill_in(app, "Code of the patient", "A-3")
    fill_in(app, "Why although", "The court has ordered it.")
    press(app, "Erase for good")
    assert clinic.patients() == ()
    assert clinic.erasures()[0].despite == "The court has ordered it."


def test_a_legal_hold_is_begun_with_a_reason_forbids_everything_and_is_ended(owner: Clinic, ann: str) -> None:
    app = run(owner, "record", patient=ann)
    app = press(app, "Begin the legal hold")
    assert "needs a reason" in app.error[0].value
    next(each for each in app.text_area if each.label == "Reason").input(HOSTILE)
    app = press(app, "Begin the legal hold")

    assert owner.legal_hold(ann) == HOSTILE
    assert "Legal hold: " in app.warning[0].value
    assert HOSTILE not in app.warning[0].value  # never markup
    app = press(app, "Erase this person…")
    assert "Begin the erasure" not in labels(app)
    app = press(app, "End the legal hold")
    assert owner.legal_hold(ann) is None
    assert "Begin the erasure" in labels(app)


def test_a_record_that_is_only_kept_still_opens_for_the_owner_alone(clinic: Clinic, owner: Clinic, ann: str) -> None:
    app = press(run(owner, "record", patient=ann), "Only keep it, and use it for nothing")

    assert clinic.is_restricted(ann)
    assert "only kept, and used for nothing" in app.info[0].value
    assert not app.error
    assert not app.segmented_control
    press(app, "Use the record again")
    assert not clinic.is_restricted(ann)


def test_a_wish_of_a_patient_leads_to_it(clinic: Clinic, owner: Clinic, ann: str) -> None:
    patients_own = clinic.acting_for(actor_of(clinic, token_of(clinic, Role.PATIENT, "Ann", ann)))
    patients_own.ask_for(ann, Wish.ERASURE)

    today = run(owner, "today")
    assert "Decide" in {each.proto.label for each in today.get("page_link")}
    assert not {"Done"} & labels(today)
    assert "A-1** asks for erasure since" in words(run(owner, "keeping"))
    app = run(owner, "record", patient=ann)
    assert not folded(app)[SECTION]
    assert "The patient asked for erasure" in app.info[0].value
    app = press(app, "Answered without erasing")
    assert folded(app)[SECTION]
    assert owner.open_requests() == ()


# The rules of the clinic


def test_rules_are_shown_set_and_say_what_is_due(clinic: Clinic, owner: Clinic, ann: str) -> None:
    patient(clinic, "A-3", TODAY - 3 * YEAR)
    app = run(owner, "keeping")
    assert "A-1** has been kept as long as it has to be" in words(app)
    assert "A-3" not in words(app)

    next(each for each in app.number_input if each.label.startswith("Keep a record")).set_value(2)
    next(each for each in app.number_input if each.label.startswith("Ask again")).set_value(0)
    app = press(app, "Save the rules")

    assert owner.retention_rule() == RetentionRule(years=2, consent_years=0)
    assert "A-3** has been kept" in words(app)
    assert clinic.log()[0].action == "set_retention_rule"


def test_an_empty_page_is_calm(owner: Clinic) -> None:
    said = words(run(owner, "keeping"))

    assert "No erasure was begun" in said
    assert "No record is older" in said
    assert "erased (" not in said


# Leaving the demonstration


def test_the_owner_removes_the_demonstration_and_nothing_else(clinic: Clinic, owner: Clinic, ann: str) -> None:
    clinic.add_view(clinic.add_patient(code="DEMO-01", is_demonstration=True).id, site="thigh")
    app = run(owner, "practice")
    app = fine(app.segmented_control[0].set_value("Demonstration").run())
    assert "1 demonstration patient is in this record: DEMO-01" in words(app)
    press(app, "Remove the demonstration")

    assert [each.id for each in clinic.patients()] == [ann]
    assert clinic.log()[0].action == "remove_demonstration"
    assert "Demonstration" not in run(owner, "practice").segmented_control[0].options


def test_the_demonstration_does_not_come_back_once_there_is_an_owner(clinic: Clinic, owner: Clinic) -> None:
    fill(clinic)
    assert clinic.patients() == ()


def test_today_keeps_the_demonstration_apart_from_real_patients(clinic: Clinic, owner: Clinic) -> None:
    clinic.add_patient(code="DEMO-01", is_demonstration=True)
    alone = run(owner, "today")
    assert "**DEMO-01**" in words(alone)
    assert folded(alone) == {}
    assert "This clinic has no patient yet" in words(alone)

    patient(clinic, "Z-1", TODAY)
    app = run(owner, "today")
    assert "This clinic has no patient yet" not in words(app)
    assert folded(app) == {"Demonstration (1)": True}
    inside = "\n".join(str(each.value) for each in app.expander[0].markdown).replace("\\", "")
    assert "DEMO-01" in inside
    assert "Z-1" not in inside
    assert words(app).count("**DEMO-01**") == 1


# The next code


def test_the_next_code_is_proposed_and_may_be_changed(clinic: Clinic, owner: Clinic) -> None:
    assert boxes(run(owner, "new-patient"))["Code"] == ""
    clinic.add_patient(code="P-0099")
    app = run(owner, "new-patient")
    assert boxes(app)["Code"] == "P-0100"

    clinic.add_patient(code="P-0100")  # a colleague was faster: what stands in the box is not changed unseen
    app = press(app, "Add patient")
    assert "choose another" in app.error[0].value
    assert boxes(app)["Code"] == "P-0100"
    fill_in(app, "Code", "Special")
    press(app, "Add patient")
    assert {each.code for each in clinic.patients()} == {"P-0099", "P-0100", "Special"}
    assert boxes(run(owner, "new-patient"))["Code"] == "P-0101"


# The route of the receipt


def taken(clinic: Clinic, actor: Actor | None, path: str) -> tuple[int, bytes]:
    """What our own routes answer to somebody the guard has let in."""
    app, answers = Starlette(routes=routes(lambda: clinic)), []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [],
        VISITOR: Visitor(Caller("127.0.0.1"), actor, None),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return answers[0]["status"], b"".join(each.get("body", b"") for each in answers[1:])


def test_only_the_owner_takes_a_receipt_and_only_of_who_was_erased(clinic: Clinic, owner: Clinic, ann: str) -> None:
    path, doctor = receipt_url(ann), actor_of(clinic, token_of(clinic, Role.PRACTITIONER, "Dr. Ada"))
    assert path.startswith(PRIVATE_PATHS)
    assert path.startswith(OWN_PAGES_ONLY)
    assert taken(clinic, owner.acting(), path)[0] == 404  # is here still
    clinic.erase_at_once(ann)

    assert taken(clinic, owner.acting(), path)[1].startswith(b"%PDF")
    for actor in (None, doctor):
        assert taken(clinic, actor, path) == (404, b"Not found")
