"""The one place where it is decided whether somebody may do something with something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tracker.clinic import care_team, clock, schema, web_sessions
from tracker.clinic.actors import Actor, Role, Verb
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.consents import has_consent
from tracker.clinic.register import not_found
from tracker.clinic.rules import POLICY, Reach
from tracker.errors import RecordError

#: What a visitor of the demonstration may not, though a practitioner may.
NOT_FOR_VISITORS = frozenset({Verb.ISSUE, Verb.EMERGENCY, Verb.ERASE, Verb.ENROL, Verb.STUDY})
_ACCOUNT_PARAMETER = "account_id"


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody wants to do something with.

    Attributes
    ----------
    parameter : str
        A name in `RESOLVERS`: what kind of object it is.
    id : str
    """

    parameter: str
    id: str

    @property
    def kind(self) -> str:
        """Name of the kind, such as ``"photo"``."""
        return {"control_id": "view", "session_id": "rating"}.get(self.parameter, self.parameter.removesuffix("_id"))


Resolver = Callable[[Connection, str], str | None]


def owned(table: str) -> Resolver:
    """Looks up whose a row is, in a table with the columns ``id`` and ``patient_id``."""

    def find(connection: Connection, row_id: str) -> str | None:
        columns = schema.metadata.tables[table].c
        return connection.execute(select(columns.patient_id).where(columns.id == row_id)).scalar()

    return find


def _patient(connection: Connection, patient_id: str) -> str | None:
    return connection.execute(select(schema.patient.c.id).where(schema.patient.c.id == patient_id)).scalar()


def _of_photo(connection: Connection, photo_id: str) -> str | None:
    chosen = select(schema.view.c.patient_id).join(schema.photo, schema.photo.c.view_id == schema.view.c.id)
    return connection.execute(chosen.where(schema.photo.c.id == photo_id)).scalar()


def _of_sitting(connection: Connection, session_id: str) -> str | None:
    session = schema.rating_session
    chosen = select(schema.view.c.patient_id).join(session, session.c.view_id == schema.view.c.id)
    return connection.execute(chosen.where(session.c.id == session_id)).scalar()


def _of_study(connection: Connection, study_id: str) -> str | None:
    return connection.execute(select(schema.study.c.host_id).where(schema.study.c.id == study_id)).scalar()


def _of_treatment(connection: Connection, treatment_id: str) -> str | None:
    chosen = select(schema.visit.c.patient_id).join(schema.treatment, schema.treatment.c.visit_id == schema.visit.c.id)
    return connection.execute(chosen.where(schema.treatment.c.id == treatment_id)).scalar()


def _of_grade(connection: Connection, grade_id: str) -> str | None:
    chosen = select(schema.view.c.patient_id).join(schema.grade, schema.grade.c.view_id == schema.view.c.id)
    return connection.execute(chosen.where(schema.grade.c.id == grade_id)).scalar()


def _of_account(connection: Connection, account_id: str) -> str | None:
    found = connection.execute(select(schema.account.c.id).where(schema.account.c.id == account_id)).first()
    return None if found is None else ""


#: By the name of a parameter, who the patient is that the object belongs to: None if there is no such object, and an
#: empty text if it is no patient's. A method with another parameter that ends in ``_id`` does not start.
RESOLVERS: dict[str, Resolver] = {
    "patient_id": _patient,
    "view_id": owned("view"),
    "control_id": owned("view"),
    "photo_id": _of_photo,
    "session_id": _of_sitting,
    "study_id": _of_study,
    "link_id": owned("patient_link"),
    "report_id": owned("issued_report"),
    "effect_id": owned("side_effect"),
    "entry_id": owned("diary_entry"),
    "wish_id": owned("patient_request"),
    "course_id": owned("course"),
    "treatment_id": _of_treatment,
    "grade_id": _of_grade,
    "measure_id": owned("body_measure"),
    _ACCOUNT_PARAMETER: _of_account,
}


#: What may still be done with a record that is only kept.
WHILE_RESTRICTED = frozenset({Verb.LIST, Verb.CONSENT, Verb.EXPORT, Verb.ERASE, Verb.AUDIT})


def authorize(connection: Connection, actor: Actor, verb: Verb, *targets: Target, is_personal: bool = True) -> str:
    """Let an allowed call pass, and refuse every other.

    Parameters
    ----------
    connection : Connection
    actor : Actor
        Whether the session lives and the account is enabled, and the role, is looked up now.
    verb : Verb
    *targets : Target
        What it is about; none where it is about no single object.
    is_personal : bool
        What is about no single object is allowed to those as well who may do it with their own objects only.

    Returns
    -------
    str
        The patient it is about; empty if it is about none.

    Raises
    ------
    RecordError
        ``signed_out``: the session ended; ``not_found``: there is no such object, or it is somebody else's, which is
        the same to whoever asks; ``not_allowed``: the role may not, or the second factor is missing.
    """
    if actor.role is Role.SYSTEM or verb is Verb.ENTER:
        return next(filter(None, (owner_of(connection, target) for target in targets)), "")
    present = _present(connection, actor)
    reach = None if _is_barred(present, verb) else POLICY[verb].get(present.role)
    patient_id = ""
    concerned: set[str] = set()
    for target in targets:
        found = owner_of(connection, target)
        if found is None:
            raise not_found(target.kind)
        is_own = _is_own(connection, present, target, found)
        if not (is_own or reach is Reach.ALL):
            raise not_found(target.kind)
        patient_id = patient_id or found
        concerned.add(found)
    if reach is None or (reach is Reach.OWN and not targets and not is_personal):
        raise _not_allowed(present)
    if present.is_visitor and verb is Verb.REGISTER and not targets:
        raise RecordError(
            "This is the demonstration. Please set up the owner's account first; then patients can be added.",
            code="not_allowed",
        )
    if present.scope and not targets and verb not in (Verb.ACCOUNT, Verb.ENTER):
        raise _not_allowed(present)
    if present.role is Role.PATIENT and verb is Verb.VIEW and not has_consent(connection, patient_id, Purpose.PORTAL):
        raise not_found("photo")
    if verb is Verb.ISSUE and present.role is Role.PRACTITIONER and not present.is_visitor:
        for each in concerned - care_team.everybodys(connection):
            if not care_team.is_on_team(connection, present.account_id, each):
                raise _not_allowed(present)  # an emergency ends; what is given, or an invitation, does not
    if verb not in WHILE_RESTRICTED and any(_is_restricted(connection, each) for each in concerned):
        raise RecordError(
            "The record of this patient is only kept, and used for nothing; the owner can lift that.",
            code="not_allowed",
        )
    return patient_id


def _is_restricted(connection: Connection, patient_id: str) -> bool:
    rows = schema.restriction.c
    return connection.execute(select(rows.since).where(rows.patient_id == patient_id)).first() is not None


def owner_of(connection: Connection, target: Target) -> str | None:
    """The patient an object belongs to; empty if it is nobody's, None if there is no such object."""
    return RESOLVERS[target.parameter](connection, target.id)


def visible(connection: Connection, actor: Actor, verb: Verb) -> frozenset[str] | None:
    """Patients somebody may do something with; None = all."""
    if actor.role is Role.SYSTEM:
        return None
    present = _present(connection, actor)
    if POLICY[verb].get(present.role) is Reach.ALL:
        return None
    if present.role is Role.PATIENT:
        return frozenset() if present.scope else frozenset({present.patient_id})
    if present.is_visitor:
        rows = schema.patient.c
        return frozenset(connection.execute(select(rows.id).where(rows.is_demonstration)).scalars())
    if present.role is Role.PRACTITIONER:
        own = care_team.patients_of(connection, present.account_id, clock.now())
        return own | care_team.everybodys(connection)
    return frozenset()


def _present(connection: Connection, actor: Actor) -> Actor:
    present = web_sessions.actor_now(connection, actor, clock.now())
    if present is None:
        raise RecordError("You are signed out; please sign in again.", code="signed_out")
    return present


def _is_barred(actor: Actor, verb: Verb) -> bool:
    """Whether something about the session, and not the role, forbids it."""
    if actor.is_enrolling:
        return verb not in (Verb.ENROL, Verb.ENTER)
    return actor.is_visitor and verb in NOT_FOR_VISITORS


def _is_own(connection: Connection, actor: Actor, target: Target, patient_id: str) -> bool:
    if target.parameter == _ACCOUNT_PARAMETER:
        return target.id == actor.account_id or actor.role is Role.OWNER
    match actor.role:
        case Role.OWNER | Role.ASSISTANT:
            return True
        case Role.PRACTITIONER if actor.is_visitor:
            rows = schema.patient.c
            return bool(connection.execute(select(rows.is_demonstration).where(rows.id == patient_id)).scalar())
        case Role.PRACTITIONER:
            moment = clock.now()
            return care_team.takes_care(
                connection, actor.account_id, patient_id, moment
            ) or patient_id in care_team.everybodys(connection)
        case Role.RATER:
            rows = schema.rater_of.c
            invited = select(rows.account_id).where(rows.session_id == target.id, rows.account_id == actor.account_id)
            return target.parameter == "session_id" and connection.execute(invited).first() is not None
        case Role.PATIENT:
            is_within = not actor.scope or f"{target.kind}:{target.id}" in actor.scope
            return is_within and patient_id == actor.patient_id
        case _:
            return False


def _not_allowed(actor: Actor) -> RecordError:
    if actor.is_enrolling:
        return RecordError("Please set up your second factor first.", code="not_allowed")
    who = "A visitor of the demonstration" if actor.is_visitor else f"Your role ({actor.role})"
    return RecordError(f"{who} may not do this; please ask the owner of the clinic.", code="not_allowed")
