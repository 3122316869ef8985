"""Rows of repeatability studies: who took part, which photo is of which posing, and what was taken over from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update

from tracker.clinic import photos, register, schema
from tracker.clinic.records import StoredPhoto, View
from tracker.clinic.register import not_found, random_id
from tracker.clinic.results import opened_refusal
from tracker.clinic.sealing import Secrets, secrets_of
from tracker.clinic.study_records import MOST_POSINGS, AdoptedValue, Place, Posed, Study, Subject, Tone
from tracker.errors import RecordError

_STUDY, _SUBJECT, _POSING, _ADOPTED = schema.study.c, schema.study_subject.c, schema.posing.c, schema.adopted.c
MOST_LETTERS = 80


def studies(connection: Connection) -> tuple[Study, ...]:
    """All studies, the latest first."""
    rows = connection.execute(select(schema.study).order_by(_STUDY.arrival.desc()))
    secrets = secrets_of(connection)
    return tuple(_study(row, secrets) for row in rows)


def study(connection: Connection, study_id: str) -> Study:
    """One study."""
    row = connection.execute(select(schema.study).where(_STUDY.id == study_id)).first()
    if row is None:
        raise not_found("study")
    return _study(row, secrets_of(connection))


def add_study(connection: Connection, new: Study) -> Study:
    """Store a study.

    Raises
    ------
    RecordError
        Site or equipment is empty or too long, or there is a study of this set-up and view: people are added to it.
    """
    texts = {"camera, lamp and room": new.equipment, "body site": new.site, "pose": new.pose}
    cleaned = {what: _checked_text(what, text, needed=what != "pose") for what, text in texts.items()}
    new = replace(new, equipment=cleaned["camera, lamp and room"], site=cleaned["body site"], pose=cleaned["pose"])
    if any(_is_same(new, known) for known in studies(connection)):
        raise RecordError(
            f"There is a study of {new.title} already; please open it and add people to it.", code="study_known"
        )
    host = register.add_patient(connection, code=f"study {new.id}", name="", note="", is_demonstration=False)
    connection.execute(
        insert(schema.study).values(
            id=new.id, host_id=host.id, place=str(new.place), site=new.site, pose=new.pose,
            equipment=secrets_of(connection).seal_clinic(f"study.equipment:{new.id}", new.equipment),
            indication=new.indication, started_on=new.started_on,
        )
    )  # fmt: skip
    return new


def subjects(connection: Connection, study_id: str) -> tuple[Subject, ...]:
    """People of a study in the order in which they were added."""
    study(connection, study_id)
    joined = schema.study_subject.join(schema.view, _SUBJECT.view_id == schema.view.c.id)
    chosen = select(schema.study_subject).select_from(joined).where(_SUBJECT.study_id == study_id)
    rows = connection.execute(chosen.order_by(schema.view.c.arrival)).all()
    return tuple(_subject(connection, row) for row in rows)


def subject(connection: Connection, view_id: str) -> Subject:
    """One person of a study, by the view that holds the photos."""
    return _subject(connection, _subject_row(connection, view_id))


def add_subject(
    connection: Connection,
    study_id: str,
    *,
    code: str,
    tone: Tone | None,
    has_other_operator: bool,
    patient_id: str | None = None,
) -> Subject:
    """Add a person to a study.

    Parameters
    ----------
    connection : Connection
    study_id : str
    code : str
    tone : Tone or None
    has_other_operator : bool
    patient_id : str, optional
        A patient of the record, with whom the photos will go; by default a volunteer of whom only the code is known.

    Raises
    ------
    RecordError
        The code is empty, too long or taken in this study.
    """
    own, code = study(connection, study_id), _checked_text("code", code)
    taken = and_(_SUBJECT.study_id == study_id, _SUBJECT.code == code)
    if connection.execute(select(_SUBJECT.view_id).where(taken)).first():
        raise RecordError(f"{code} takes part in this study already; please choose another code.", code="code_taken")
    host = connection.execute(select(_STUDY.host_id).where(_STUDY.id == study_id)).scalar_one()
    view = View(
        random_id(), patient_id or host, own.site, "", own.pose, own.indication,
        is_control=False, control_id=None, region=None,
    )  # fmt: skip
    register.add_view(connection, view)
    connection.execute(
        insert(schema.study_subject).values(
            view_id=view.id, study_id=study_id, code=code, tone=str(tone or ""), has_other_operator=has_other_operator
        )
    )
    return subject(connection, view.id)


def note_subject(connection: Connection, view_id: str, *, tone: Tone | None, has_other_operator: bool) -> None:
    """Change what is noted of a person."""
    _subject_row(connection, view_id)
    changed = update(schema.study_subject).where(_SUBJECT.view_id == view_id)
    connection.execute(changed.values(tone=str(tone or ""), has_other_operator=has_other_operator))


def remove_subject(connection: Connection, view_id: str) -> list[photos.Gone]:
    """Remove a person with all photos, and say what has to be removed after them."""
    _subject_row(connection, view_id)
    gone = photos.gone_with(connection, schema.photo.c.view_id == view_id)
    connection.execute(delete(schema.view).where(schema.view.c.id == view_id))
    return gone


def check_new_photo(connection: Connection, view_id: str, digest: str, posing: int) -> StoredPhoto | None:
    """The photo of this content if this posing of this person has it already.

    Raises
    ------
    RecordError
        The posing has no such number, or the file is known as one of another posing or of somebody else: two of the
        three would then be one photo, and the numbers would seem to repeat better than they do.
    """
    if not 1 <= posing <= MOST_POSINGS:
        raise RecordError(f"Posings are numbered from 1 to {MOST_POSINGS}.", code="posing")
    study_id = _subject_row(connection, view_id).study_id
    joined = schema.photo.join(schema.study_subject, schema.photo.c.view_id == _SUBJECT.view_id)
    joined = joined.join(schema.posing, _POSING.photo_id == schema.photo.c.id)
    what = select(schema.photo.c.id, _SUBJECT.view_id, _SUBJECT.code, _POSING.number)
    same = and_(schema.photo.c.digest == digest, _SUBJECT.study_id == study_id)
    for row in connection.execute(what.select_from(joined).where(same)):
        if (row.view_id, row.number) == (view_id, posing):
            return photos.photo(connection, row.id)
        name = photos.photo(connection, row.id).name
        raise RecordError(
            f"This file is stored as {name}, posing {row.number} of {row.code}; please check which photo belongs here.",
            code="photo_known",
        )
    return None


def readings(connection: Connection, study_id: str) -> Sequence[Row[str, int, str, str, float]]:
    """What was measured in a study: rows of view_id, number, metric, method and value."""
    joined = schema.study_subject.join(schema.photo, schema.photo.c.view_id == _SUBJECT.view_id)
    joined = joined.join(schema.posing, _POSING.photo_id == schema.photo.c.id)
    joined = joined.join(schema.result, schema.photo.c.result_id == schema.result.c.id)
    joined = joined.join(schema.measurement, schema.measurement.c.result_id == schema.result.c.id)
    value = schema.measurement.c
    what = (_SUBJECT.view_id, _POSING.number, value.metric, value.method, value.value)
    chosen = select(*what).select_from(joined).where(_SUBJECT.study_id == study_id)
    return connection.execute(chosen.order_by(schema.photo.c.arrival)).all()


def refusals(connection: Connection, study_id: str) -> dict[str, str]:
    """Why photos of a study did not give a metric, by its name: the reason of the photo that came last."""
    joined = schema.study_subject.join(schema.photo, schema.photo.c.view_id == _SUBJECT.view_id)
    joined = joined.join(schema.refused, schema.photo.c.result_id == schema.refused.c.result_id)
    joined = joined.join(schema.view, schema.photo.c.view_id == schema.view.c.id)
    chosen = select(schema.refused, schema.view.c.patient_id).select_from(joined)
    rows = connection.execute(chosen.where(_SUBJECT.study_id == study_id).order_by(schema.photo.c.arrival))
    last, secrets = {row.metric: row for row in rows}, secrets_of(connection)
    return {name: opened_refusal(secrets, row.patient_id, row) for name, row in last.items()}


def adopt(connection: Connection, own: Study, values: Sequence[AdoptedValue]) -> None:
    """Make values those of the reports of a view; those of another set-up no longer hold for it."""
    key, secrets = _key(own.site, own.pose), secrets_of(connection)
    if any(known.set_up != own.set_up for known in adopted(connection, *key)):
        connection.execute(delete(schema.adopted).where(*_of(key)))
    connection.execute(delete(schema.adopted).where(*_of(key), _ADOPTED.metric.in_([v.metric for v in values])))
    now = datetime.now(UTC)
    for value in values:
        connection.execute(
            insert(schema.adopted).values(
                site=key[0], pose=key[1], metric=value.metric, method=value.method,
                set_up=secrets.seal_clinic("adopted.set_up", own.set_up),
                session_sd=value.session_sd, shot_sd=value.shot_sd, used=value.used, people=value.people,
                adopted_at=now,
            )
        )  # fmt: skip


def adopted(connection: Connection, site: str, pose: str) -> tuple[AdoptedValue, ...]:
    """What reports of a view use; empty if they use provisional values."""
    rows = connection.execute(select(schema.adopted).where(*_of(_key(site, pose))).order_by(_ADOPTED.metric))
    secrets = secrets_of(connection)
    return tuple(
        AdoptedValue(
            row.metric, row.method, row.session_sd, row.shot_sd, row.used, row.people,
            secrets.open_clinic("adopted.set_up", row.set_up),
        )
        for row in rows
    )  # fmt: skip


def forget_adopted(connection: Connection, site: str, pose: str) -> None:
    """From now on reports of a view use provisional values."""
    connection.execute(delete(schema.adopted).where(*_of(_key(site, pose))))


def sites_and_poses(connection: Connection) -> tuple[tuple[str, str], ...]:
    """Site and pose of the views of patients, the most frequent first: what a study is worth making of."""
    in_a_study = select(_SUBJECT.view_id)
    site, pose = schema.view.c.site, schema.view.c.pose
    chosen = select(site, pose).where(schema.view.c.id.not_in(in_a_study)).group_by(site, pose)
    return tuple((row.site, row.pose) for row in connection.execute(chosen.order_by(func.count().desc(), site, pose)))


def _of(key: tuple[str, str]) -> tuple[Any, Any]:
    return _ADOPTED.site == key[0], _ADOPTED.pose == key[1]


def _key(site: str, pose: str) -> tuple[str, str]:
    """Site and pose as they are compared: capitals and spaces do not make another view."""
    return " ".join(site.split()).casefold(), " ".join(pose.split()).casefold()


def _is_same(one: Study, other: Study) -> bool:
    same_view = _key(one.site, one.pose) == _key(other.site, other.pose)
    return same_view and one.set_up.casefold() == other.set_up.casefold() and one.indication == other.indication


def _checked_text(what: str, text: str, *, needed: bool = True) -> str:
    text = " ".join(text.split())
    if needed and not text:
        raise RecordError(f"The {what} is missing; please say it in a few words.", code="missing")
    if len(text) > MOST_LETTERS:
        raise RecordError(f"The {what} is too long; {MOST_LETTERS} letters are enough.", code="too_long")
    return text


def _subject_row(connection: Connection, view_id: str) -> Row[Any]:
    row = connection.execute(select(schema.study_subject).where(_SUBJECT.view_id == view_id)).first()
    if row is None:
        raise not_found("person")
    return row


def _subject(connection: Connection, row: Row[Any]) -> Subject:
    own = schema.posing.join(schema.photo, _POSING.photo_id == schema.photo.c.id)
    chosen = select(schema.posing).select_from(own).where(schema.photo.c.view_id == row.view_id)
    numbers = {each.photo_id: each.number for each in connection.execute(chosen)}
    listed = photos.photos(connection, row.view_id)
    posed = [Posed(photo, numbers[photo.id]) for photo in listed if photo.id in numbers]
    tone = Tone(row.tone) if row.tone else None
    return Subject(
        row.view_id, row.code, tone, row.has_other_operator, tuple(sorted(posed, key=lambda each: each.posing))
    )


def _study(row: Row[Any], secrets: Secrets) -> Study:
    equipment = secrets.open_clinic(f"study.equipment:{row.id}", row.equipment)
    return Study(row.id, Place(row.place), equipment, row.site, row.pose, row.indication, row.started_on)
