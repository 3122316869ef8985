"""F11: the clock of the computer jumps; nothing is lost, the order of arrival holds, and the log stays a chain."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.pictures import NAME, Decoded, jpeg
from tracker.clinic import Clinic, clock
from tracker.clinic.actors import Verb
from tracker.photo import sandbox

pytestmark = pytest.mark.faults
START = datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC)
JUMPS = {
    "a year back": timedelta(days=-365),
    "a year on": timedelta(days=365),
    "an hour back, as in autumn": timedelta(hours=-1),
    "an hour on, as in spring": timedelta(hours=1),
    "before 1970": timedelta(days=-60 * 365),
}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock of the record."""

    def is_now(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    is_now(START)
    return is_now


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a record is made whose photos need not be decoded."""
    monkeypatch.setattr(sandbox, "_ours", (os.getpid(), Decoded()))
    return tmp_path / "home"


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS.keys())
def test_a_jump_of_the_clock_loses_nothing_and_keeps_the_order(
    home: Path, at: Callable[[datetime], None], jump: timedelta
) -> None:
    with Clinic.open(home) as clinic:
        view = clinic.add_view(clinic.add_patient(code="P1").id, site="thigh")
        added = [clinic.add_photo(view.id, jpeg(1), NAME)]
        clinic.audit(Verb.EXPORT, "export", patient_id=view.patient_id)
        at(START + jump)
        clinic.audit(Verb.EXPORT, "export", patient_id=view.patient_id)
        added += [clinic.add_photo(view.id, jpeg(number), NAME) for number in (2, 3)]
    at(START + timedelta(minutes=1))

    with Clinic.open(home) as clinic:
        added.append(clinic.add_photo(view.id, jpeg(4), NAME))
        stored = clinic.photos(view.id)

        assert [photo.id for photo in stored] == [photo.id for photo in added]
        assert [clinic.original(photo.id) for photo in stored] == [jpeg(number) for number in (1, 2, 3, 4)]
        assert clinic.verify_log() == ()
        assert START + jump in {entry.at for entry in clinic.log_of(view.patient_id)}, "the clock did not jump"
