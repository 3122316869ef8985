"""The part of the clinic's record that says what was noticed after an injection, and what is expected of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection

from tracker.clinic import clock, effect_rows, register
from tracker.clinic.actors import SYSTEM, Actor, Role
from tracker.clinic.effect_records import MOST_LEVEL, Advice, EffectKind, ExpectedWindow, SideEffect
from tracker.clinic.entries import one_line, paragraphs, past_day
from tracker.clinic.store import Store
from tracker.errors import RecordError

MOST_DAYS = 60


class SideEffects:
    """Side effects of one record; a base of `Clinic`."""

    _store: Store
    _actor: Actor = SYSTEM

    def add_side_effect(
        self,
        patient_id: str,
        kind: EffectKind,
        *,
        level: int,
        noticed_on: date,
        view_id: str | None = None,
        note: str = "",
    ) -> SideEffect:
        """Keep that something was noticed; the answer to it is in what comes back.

        Parameters
        ----------
        patient_id : str
        kind : EffectKind
        level : int
            How strong on that day, 0 to 10.
        noticed_on : date
        view_id : str, optional
            Where; of the same patient.
        note : str

        Raises
        ------
        RecordError
            ``future``, ``too_early``, ``bad_level``, ``other_patient`` or ``bad_text``; nothing has been changed.
        """
        today, note = clock.today(), paragraphs("note", note, most=1000)
        past_day("day it was noticed", noticed_on, today=today)
        _check_level(level)
        told_by = self._teller()
        with self._store.writing() as connection:
            register.patient(connection, patient_id)
            if view_id is not None and register.view(connection, view_id).patient_id != patient_id:
                raise RecordError("This area belongs to somebody else; please choose another.", code="other_patient")
            new = effect_rows.add(connection, patient_id, kind, noticed_on, view_id=view_id, note=note, told_by=told_by)
            effect_rows.note_level(connection, new, noticed_on, level)
            return effect_rows.effect(connection, new, today)

    def note_level(self, effect_id: str, level: int, *, day: date | None = None) -> SideEffect:
        """Keep how strong a side effect is on a later day, by default today.

        Raises
        ------
        RecordError
            ``bad_level``; ``before_noticed``; ``future``; ``is_resolved``: it was said to have gone.
        """
        today = clock.today()
        _check_level(level)
        day = past_day("day", day or today, today=today)
        with self._store.writing() as connection:
            known = effect_rows.effect(connection, effect_id, today)
            if not known.is_open:
                raise RecordError("This was noted to have gone; please note it anew.", code="is_resolved")
            _check_after(known, day)
            effect_rows.note_level(connection, effect_id, day, level)
            self._tell_again(connection, effect_id)
            return effect_rows.effect(connection, effect_id, today)

    def resolve_side_effect(self, effect_id: str, day: date | None = None) -> SideEffect:
        """Note on which day a side effect had gone, by default today; errors as of `note_level`."""
        today = clock.today()
        day = past_day("day", day or today, today=today)
        with self._store.writing() as connection:
            _check_after(effect_rows.effect(connection, effect_id, today), day)
            effect_rows.change(connection, effect_id, resolved_on=day)
            return effect_rows.effect(connection, effect_id, today)

    def reopen_side_effect(self, effect_id: str) -> SideEffect:
        """Take back that a side effect has gone."""
        with self._store.writing() as connection:
            effect_rows.effect(connection, effect_id, clock.today())
            effect_rows.change(connection, effect_id, resolved_on=None)
            return effect_rows.effect(connection, effect_id, clock.today())

    def mark_seen(self, effect_id: str) -> SideEffect:
        """Note that somebody of the clinic has read of a side effect."""
        with self._store.writing() as connection:
            effect_rows.effect(connection, effect_id, clock.today())
            effect_rows.change(connection, effect_id, seen_at=datetime.now(UTC))
            return effect_rows.effect(connection, effect_id, clock.today())

    def side_effects(self, patient_id: str) -> tuple[SideEffect, ...]:
        """Side effects of a patient, the latest first, each with what to say of it today."""
        with self._store.reading() as connection:
            return effect_rows.effects(connection, patient_id, clock.today())

    def open_side_effects(self) -> tuple[SideEffect, ...]:
        """Side effects of all patients that have not gone, the latest first."""
        with self._store.reading() as connection:
            return effect_rows.open_effects(connection, clock.today())

    def effect_windows(self) -> tuple[ExpectedWindow, ...]:
        """What is expected of every kind of side effect, with where that comes from."""
        with self._store.reading() as connection:
            return effect_rows.windows(connection)

    def set_effect_window(self, kind: EffectKind, advice: Advice, *, days: int | None, source: str) -> None:
        """Expect something else of a kind of side effect than what is offered.

        Parameters
        ----------
        kind : EffectKind
        advice : Advice
        days : int or None
            The last day after an injection on which it is expected; needed with `Advice.EXPECTED`, and only there.
        source : str
            Where that comes from; needed.

        Raises
        ------
        RecordError
            ``bad_days``, ``missing``; or ``at_once``: signs of infection are never waited for.
        """
        source = one_line("source", source, most=300, needed=True)
        if (days is not None) is not (advice is Advice.EXPECTED) or not 0 <= (days or 0) <= MOST_DAYS:
            raise RecordError(
                f"What is expected for some days needs their number, 0 to {MOST_DAYS}; what is not needs none.",
                code="bad_days",
            )
        if kind is EffectKind.INFECTION and advice is not Advice.AT_ONCE:
            raise RecordError("Signs of infection are never waited for; this cannot be changed.", code="at_once")
        with self._store.writing() as connection:
            effect_rows.set_window(connection, ExpectedWindow(kind, advice, days, source, is_own=True))

    def reset_effect_window(self, kind: EffectKind) -> None:
        """Expect what is offered again."""
        with self._store.writing() as connection:
            effect_rows.reset_window(connection, kind)

    def _tell_again(self, connection: Connection, effect_id: str) -> None:
        """What a patient adds has not been read by anybody of the clinic yet."""
        if self._teller() == "patient":
            effect_rows.change(connection, effect_id, seen_at=None)

    def _teller(self) -> str:
        """Who tells this: the patient, or somebody of the clinic."""
        return "patient" if self._actor.role is Role.PATIENT else "clinic"


def _check_level(level: int) -> None:
    if not 0 <= level <= MOST_LEVEL:
        raise RecordError(f"How strong it is goes from 0 to {MOST_LEVEL}; please choose again.", code="bad_level")


def _check_after(known: SideEffect, day: date) -> None:
    if day < known.noticed_on:
        raise RecordError("This day is before it was noticed; please check the day.", code="before_noticed")
