"""Blinded ratings in the record: what a rater is shown, what was answered, and how far a sitting has come."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from tracker.clinic import photos, register, results, schema
from tracker.clinic.files import Files
from tracker.clinic.injections import injections
from tracker.clinic.masked import MaskedGallery
from tracker.clinic.records import PhotoState, StoredPhoto, View
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of
from tracker.clinic.showing import Showing
from tracker.clinic.store import Store
from tracker.clinic.topics import Chosen
from tracker.errors import RecordError
from tracker.measurement import Metric
from tracker.metrics import primary_among
from tracker.reader_study import (
    FEWEST_CHANGES,
    MOST_CONFIDENT,
    Answer,
    Candidate,
    Composition,
    Kind,
    Pair,
    RatedPair,
    Side,
    plan,
    possible,
    question_about,
)
from tracker.timeline import Schedule

_SESSION, _ANSWER = schema.rating_session.c, schema.rating_answer.c
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class RatingSession:
    """One sitting of one rater.

    Attributes
    ----------
    id, view_id : str
    rater : str
        As typed in.
    question : str
        What was asked.
    asks_confidence : bool
        Whether each choice is followed by how clear it was.
    started_at : datetime
        With a time zone.
    pairs : tuple of RatedPair
        In the order shown. Those not answered yet whose photos cannot be aligned any more are left out.
    """

    id: str
    view_id: str
    rater: str
    question: str
    asks_confidence: bool
    started_at: datetime
    pairs: tuple[RatedPair, ...]

    @property
    def answered(self) -> int:
        """Pairs with an answer."""
        return sum(pair.answer is not None for pair in self.pairs)

    @property
    def waiting(self) -> tuple[RatedPair, ...]:
        """Pairs without an answer, the next one first."""
        return tuple(pair for pair in self.pairs if pair.answer is None)

    @property
    def is_finished(self) -> bool:
        """Whether every pair has an answer."""
        return not self.waiting


class Ratings(Showing):
    """Blinded ratings of one record; a base of `Clinic`.

    Parameters
    ----------
    store : Store
    files : Files
    chosen : Chosen
    """

    def __init__(self, store: Store, files: Files, chosen: Chosen) -> None:
        super().__init__(store, files, chosen)
        self._masked = MaskedGallery(store, files)

    def possible_rating(self, view_id: str) -> Composition:
        """How many pairs of each kind the photos of a view allow; fewer than `FEWEST_CHANGES` changes are too few."""
        with self._store.reading() as connection:
            return possible(self._shown(connection, register.view(connection, view_id)))

    def start_rating(
        self, view_id: str, rater: str, *, asks_confidence: bool = True, seed: int | None = None
    ) -> RatingSession:
        """Plan a sitting, and keep the plan.

        Parameters
        ----------
        view_id : str
        rater : str
            Initials or a code, by which several sittings of one rater are known.
        asks_confidence : bool
        seed : int, optional
            Of sides and order; by default nobody's choice.

        Raises
        ------
        RecordError
            ``no_rater``, or ``too_few`` pairs of comparable photos.
        """
        name = " ".join(rater.split())
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise RecordError(f"Please give the rater's initials, at most {_LONGEST_NAME} letters.", code="no_rater")
        seed = secrets.randbits(31) if seed is None else seed
        with self._store.writing() as connection:
            view = register.view(connection, view_id)
            shown = self._shown(connection, view)
            found = possible(shown).changes
            if found < FEWEST_CHANGES:
                raise RecordError(
                    f"There are {found} pairs of photos of different sessions that can be compared, and a rating needs "
                    f"{FEWEST_CHANGES}. Please add a session, or take two photos per session.",
                    code="too_few",
                )
            session_id = random_id()
            connection.execute(
                insert(schema.rating_session).values(
                    id=session_id,
                    view_id=view_id,
                    rater=secrets_of(connection).seal_clinic(f"rating_session.rater:{session_id}", name),
                    question=question_about(view.indication),
                    asks_confidence=asks_confidence,
                    seed=seed,
                    started_at=datetime.now(UTC),
                )
            )
            rows = [_row(session_id, position, pair) for position, pair in enumerate(plan(shown, seed))]
            connection.execute(insert(schema.rating_answer), rows)
            return _session(connection, session_id)

    def _shown(self, connection: Connection, view: View) -> list[Candidate]:
        return _candidates(connection, view, self._chosen.metrics(view.indication))

    def rating(self, session_id: str) -> RatingSession:
        """One sitting; `RecordError` with code ``not_found`` if there is none."""
        with self._store.reading() as connection:
            return _session(connection, session_id)

    def ratings(self, view_id: str) -> tuple[RatingSession, ...]:
        """All sittings over a view, the oldest first."""
        chosen = select(_SESSION.id).where(_SESSION.view_id == view_id).order_by(_SESSION.arrival)
        with self._store.reading() as connection:
            register.view(connection, view_id)
            found = [_session(connection, number) for number in connection.execute(chosen).scalars().all()]
        return tuple(session for session in found if session.pairs)

    def answer_pair(
        self,
        session_id: str,
        position: int,
        choice: Side,
        *,
        confidence: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Keep an answer; it is on the disk when this returns. The first answer to a pair stands.

        Parameters
        ----------
        session_id : str
        position : int
            Of the pair in the plan.
        choice : Side
        confidence : int, optional
            0 (guessed) to `MOST_CONFIDENT` (obvious).
        seconds : float, optional
            How long the pair was looked at.

        Raises
        ------
        RecordError
            There is no such pair, or how clear it was is missing or not on the scale.
        """
        with self._store.writing() as connection:
            session = _session(connection, session_id)
            if not any(pair.position == position for pair in session.pairs):
                raise not_found("pair")
            asked = range(MOST_CONFIDENT + 1) if session.asks_confidence else (None,)
            if confidence not in asked:
                raise RecordError("How clear was it? Please give a number from 0 to 4.", code="no_confidence")
            here = and_(_ANSWER.session_id == session_id, _ANSWER.position == position, _ANSWER.choice.is_(None))
            given = {"choice": str(Side(choice)), "confidence": confidence, "seconds": seconds}
            connection.execute(update(schema.rating_answer).where(here).values(**given, answered_at=datetime.now(UTC)))

    def rated_picture(self, session_id: str, position: int, side: Side, *, width: int) -> bytes:
        """A JPEG of one side of a pair: only the skin to judge, and nothing that names the photo.

        Raises
        ------
        RecordError
            ``not_found``: there is no such pair, or one of its photos is not aligned (yet).
        """
        pair = next((p.pair for p in self.rating(session_id).pairs if p.position == position), None)
        if pair is None:
            raise not_found("pair")
        on_left = side is Side.LEFT
        shown, other = (pair.left, pair.right) if on_left else (pair.right, pair.left)
        mirrored = pair.left_mirrored if on_left else pair.right_mirrored
        return self._masked.masked(shown, other, width, mirrored=mirrored)


def _candidates(connection: Connection, view: View, metrics: Sequence[Metric]) -> list[Candidate]:
    """Photos that may be judged by eye: comparable with their reference, each moment once.

    What stops the primary metric, such as a lamp on the other side, would mislead the eye as well: where that metric
    has values, only photos that give one are shown. Photos of the days after an injection are no part of the course.
    """
    schedule = Schedule(injections(connection, view.id))
    shown = [
        p for p in photos.photos(connection, view.id) if _is_comparable(p) and not schedule.is_aftermath(p.taken_on)
    ]
    given = {p.id: results.metrics_of(connection, p.id) for p in shown}
    primaries = [metric.name for metric in primary_among(metrics, marked=view.region is not None)]
    leading = next((name for name in primaries if any(name in found for found in given.values())), None)
    return [Candidate(p.id, p.taken_on) for p in shown if leading is None or leading in given[p.id]]


def _is_comparable(photo: StoredPhoto) -> bool:
    return photo.state is PhotoState.MEASURED and photo.status != "block" and not photo.lent_to


def _row(session_id: str, position: int, pair: Pair) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "position": position,
        "kind": str(pair.kind),
        "left_id": pair.left,
        "right_id": pair.right,
        "left_mirrored": pair.left_mirrored,
        "right_mirrored": pair.right_mirrored,
        "repeats": pair.repeats,
    }


def _session(connection: Connection, session_id: str) -> RatingSession:
    row = connection.execute(select(schema.rating_session).where(_SESSION.id == session_id)).first()
    if row is None:
        raise not_found("rating")
    left, right = schema.photo.alias(), schema.photo.alias()
    lost = select(schema.photo.c.id).join(schema.result, schema.photo.c.result_id == schema.result.c.id)
    lost = lost.where(schema.result.c.code != "")
    chosen = (
        select(schema.rating_answer, left.c.taken_on.label("left_day"), right.c.taken_on.label("right_day"))
        .join(left, left.c.id == _ANSWER.left_id)
        .join(right, right.c.id == _ANSWER.right_id)
        .where(_ANSWER.session_id == session_id)
        .where(or_(_ANSWER.choice.is_not(None), and_(left.c.id.not_in(lost), right.c.id.not_in(lost))))
        .order_by(_ANSWER.position)
    )
    return RatingSession(
        id=row.id,
        view_id=row.view_id,
        rater=secrets_of(connection).open_clinic(f"rating_session.rater:{row.id}", row.rater),
        question=row.question,
        asks_confidence=row.asks_confidence,
        started_at=row.started_at,
        pairs=tuple(_rated(pair) for pair in connection.execute(chosen)),
    )


def _rated(row: Row[Any]) -> RatedPair:
    moved = row.left_day != row.right_day
    later = (Side.LEFT if row.left_day > row.right_day else Side.RIGHT) if moved else None
    pair = Pair(
        kind=Kind(row.kind),
        left=row.left_id,
        right=row.right_id,
        left_mirrored=row.left_mirrored,
        right_mirrored=row.right_mirrored,
        later=later,
        repeats=row.repeats,
    )
    answer = None if row.choice is None else Answer(Side(row.choice), row.confidence, row.seconds)
    return RatedPair(row.position, pair, answer)
