"""F12: whatever is done with a record and in whatever order, it says what a model in memory says."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.faults.pictures import NAME, Decoded, jpeg
from tests.faults.sizes import times
from tracker.clinic import Clinic
from tracker.errors import RecordError
from tracker.photo import sandbox

pytestmark = [pytest.mark.faults, pytest.mark.slow]
DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 31))
NUMBERS = st.integers(1, 6)
_CHOICE = st.integers(0, 10**6)


class Desk(RuleBasedStateMachine):
    """The record beside dictionaries; `template` is an empty record that each example copies."""

    template: Path

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        shutil.copytree(self.template, self.folder / "home")
        self.left_open: list[Clinic] = []
        self.names: dict[str, str] = {}
        self.views: dict[str, str] = {}
        self.photos: dict[tuple[str, int], tuple[str, date]] = {}
        self.injected: dict[str, set[date]] = {}
        self.clinic = Clinic.open(self.folder / "home")

    def teardown(self) -> None:
        for clinic in (self.clinic, *self.left_open):
            clinic.close()
        shutil.rmtree(self.folder)

    @rule(name=st.text(max_size=20))
    def add_patient(self, name: str) -> None:
        patient = self.clinic.add_patient(code=f"P{len(self.names)}", name=name)
        self.names[patient.id] = name

    @precondition(lambda self: self.names)
    @rule(which=_CHOICE)
    def add_a_code_again(self, which: int) -> None:
        with pytest.raises(RecordError):
            self.clinic.add_patient(code=f"P{which % len(self.names)}", name="somebody else")

    @precondition(lambda self: self.names)
    @rule(which=_CHOICE)
    def add_view(self, which: int) -> None:
        patient = _nth(self.names, which)
        view = self.clinic.add_view(patient, site="thigh", indication="cellulite")
        self.views[view.id] = patient
        self.injected[view.id] = set()

    @precondition(lambda self: self.views)
    @rule(which=_CHOICE, number=NUMBERS, day=DAYS)
    def add_photo(self, which: int, number: int, day: date) -> None:
        view = _nth(self.views, which)
        stored = self.clinic.add_photo(view, jpeg(number), NAME, taken_on=day)
        known = self.photos.setdefault((view, number), (stored.id, day))
        assert (stored.id, stored.taken_on) == known, "the same photo is stored once, and as it came first"

    @precondition(lambda self: self.photos)
    @rule(which=_CHOICE)
    def remove_photo(self, which: int) -> None:
        view_and_number = _nth(self.photos, which)
        self.clinic.remove_photo(self.photos.pop(view_and_number)[0])

    @precondition(lambda self: self.views)
    @rule(which=_CHOICE, day=DAYS)
    def note_injection(self, which: int, day: date) -> None:
        view = _nth(self.views, which)
        self.clinic.note_injection(view, day)
        self.injected[view].add(day)

    @precondition(lambda self: self.views)
    @rule(which=_CHOICE, day=DAYS)
    def forget_injection(self, which: int, day: date) -> None:
        view = _nth(self.views, which)
        self.clinic.forget_injection(view, day)
        self.injected[view].discard(day)

    @rule()
    def ask_for_what_nobody_has(self) -> None:
        with pytest.raises(RecordError) as refused:
            self.clinic.original("0" * 32)
        assert refused.value.code == "not_found"

    @rule()
    def end_and_start(self) -> None:
        self.clinic.close()
        self.clinic = Clinic.open(self.folder / "home")

    @precondition(lambda self: len(self.left_open) < 3)
    @rule()
    def start_beside_one_that_hangs(self) -> None:
        self.left_open.append(self.clinic)
        self.clinic = Clinic.open(self.folder / "home")

    @invariant()
    def it_says_what_the_model_says(self) -> None:
        assert {patient.id: patient.name for patient in self.clinic.patients()} == self.names
        for patient in self.names:
            known = [view for view, of in self.views.items() if of == patient]
            assert [view.id for view in self.clinic.views(patient)] == known
        for view in self.views:
            known = sorted(photo for (of, _), photo in self.photos.items() if of == view)
            assert sorted((photo.id, photo.taken_on) for photo in self.clinic.photos(view)) == known
            assert set(self.clinic.injections(view)) == self.injected[view]

    @precondition(lambda self: self.photos)
    @rule(which=_CHOICE)
    def look_at_an_original(self, which: int) -> None:
        view, number = _nth(self.photos, which)
        assert self.clinic.original(self.photos[view, number][0]) == jpeg(number)


def _nth(known: dict[Any, Any], which: int) -> Any:
    return list(known)[which % len(known)]


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TRACKER_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr(sandbox, "_ours", (os.getpid(), Decoded()))
    Clinic.open(tmp_path / "home").close()
    return tmp_path / "home"


def test_the_record_says_what_a_model_in_memory_says(template: Path) -> None:
    Desk.template = template
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=times(200),
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        ),
    )
