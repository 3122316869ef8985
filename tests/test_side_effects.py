"""Side effects: kept with their days, and answered by what is expected of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.days import TODAY
from tracker.clinic import Clinic, View
from tracker.clinic.effect_records import OFFERED, Advice, EffectKind, ExpectedWindow, Level, answer_to
from tracker.errors import RecordError

EXPECTED = {window.kind: window for window in OFFERED}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """An empty record."""
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def view(clinic: Clinic) -> View:
    """A view of a patient who was injected three days ago."""
    patient = clinic.add_patient(code="P-1")
    view = clinic.add_view(patient.id, site="thigh", laterality="left")
    clinic.note_injection(view.id, ago(3))
    return view


def said(kind: EffectKind, *levels: int, injected: int | None = 3, noticed: int = 2) -> Advice:
    days = [ago(noticed - k) for k in range(len(levels))]
    found = answer_to(
        EXPECTED[kind],
        tuple(Level(day, level) for day, level in zip(days, levels, strict=True)),
        injected_on=None if injected is None else ago(injected),
        resolved_on=None,
        today=TODAY,
    )
    return found.advice


def test_every_kind_has_a_window_with_a_source() -> None:
    assert [window.kind for window in OFFERED] == list(EffectKind)
    assert all(window.source for window in OFFERED)
    assert all((window.days is not None) is (window.advice is Advice.EXPECTED) for window in OFFERED)


@pytest.mark.parametrize("window", [w for w in OFFERED if w.days is not None], ids=lambda w: str(w.kind))
def test_a_side_effect_is_expected_to_the_last_day_of_its_window_and_no_longer(window: ExpectedWindow) -> None:
    assert window.days is not None
    assert said(window.kind, 3, injected=window.days, noticed=0) is Advice.EXPECTED
    assert said(window.kind, 3, injected=window.days + 1, noticed=0) is Advice.CONTACT


@pytest.mark.parametrize("kind", [EffectKind.RASH, EffectKind.INFECTION])
@pytest.mark.parametrize("injected", [0, 1, 400, None])
def test_a_rash_and_signs_of_infection_are_for_the_clinic_at_once(kind: EffectKind, injected: int | None) -> None:
    assert said(kind, 1, injected=injected, noticed=0) is Advice.AT_ONCE


def test_what_grows_or_is_strong_is_not_expected_even_within_its_days() -> None:
    assert said(EffectKind.SWELLING, 5, 4, 4) is Advice.EXPECTED
    assert said(EffectKind.SWELLING, 4, 3, 5) is Advice.CONTACT
    assert said(EffectKind.SWELLING, 8) is Advice.CONTACT
    assert said(EffectKind.SWELLING, 9, 7, 2) is Advice.EXPECTED


def test_without_a_known_injection_nothing_is_expected() -> None:
    assert said(EffectKind.SWELLING, 2, injected=None) is Advice.CONTACT


def test_discolouration_is_photographed_until_it_has_gone() -> None:
    assert said(EffectKind.DISCOLOURATION, 2, injected=200) is Advice.PHOTOGRAPH


def test_a_side_effect_is_kept_with_its_day_after_the_injection(clinic: Clinic, view: View) -> None:
    clinic.add_side_effect(
        view.patient_id, EffectKind.BRUISING, level=4, noticed_on=ago(2), view_id=view.id, note="on the outside"
    )

    (found,) = clinic.side_effects(view.patient_id)

    assert (found.kind, found.days_after, found.note) == (EffectKind.BRUISING, 1, "on the outside")
    assert found.levels == (Level(ago(2), 4),)
    assert found.answer.advice is Advice.EXPECTED
    assert found.is_open


def test_the_injection_of_another_area_does_not_make_it_expected(clinic: Clinic, view: View) -> None:
    other = clinic.add_view(view.patient_id, site="forearm")

    here = clinic.add_side_effect(view.patient_id, EffectKind.SWELLING, level=2, noticed_on=ago(1), view_id=other.id)
    anywhere = clinic.add_side_effect(view.patient_id, EffectKind.SWELLING, level=2, noticed_on=ago(1))

    assert here.answer.advice is Advice.CONTACT
    assert anywhere.answer.advice is Advice.EXPECTED


def test_an_injection_after_it_was_noticed_is_not_its_cause(clinic: Clinic, view: View) -> None:
    found = clinic.add_side_effect(view.patient_id, EffectKind.SWELLING, level=2, noticed_on=ago(4))

    assert found.injected_on is None
    assert found.answer.advice is Advice.CONTACT


def test_levels_are_kept_by_day_and_a_day_is_corrected(clinic: Clinic, view: View) -> None:
    new = clinic.add_side_effect(view.patient_id, EffectKind.REDNESS, level=5, noticed_on=ago(2))

    clinic.note_level(new.id, 4, day=ago(1))
    clinic.note_level(new.id, 3, day=ago(1))
    found = clinic.note_level(new.id, 6)

    assert found.levels == (Level(ago(2), 5), Level(ago(1), 3), Level(TODAY, 6))
    assert found.answer.advice is Advice.CONTACT


def test_what_has_gone_needs_nobody_until_it_comes_back(clinic: Clinic, view: View) -> None:
    new = clinic.add_side_effect(view.patient_id, EffectKind.NAUSEA, level=5, noticed_on=ago(2))
    assert [each.id for each in clinic.open_side_effects() if each.needs_attention] == [new.id]

    clinic.resolve_side_effect(new.id)
    assert clinic.open_side_effects() == ()
    with pytest.raises(RecordError) as refused:
        clinic.note_level(new.id, 3)
    assert refused.value.code == "is_resolved"

    clinic.reopen_side_effect(new.id)
    assert [each.id for each in clinic.open_side_effects()] == [new.id]


def test_a_clinic_that_expects_otherwise_is_answered_so(clinic: Clinic, view: View) -> None:
    clinic.add_side_effect(view.patient_id, EffectKind.ITCHING, level=2, noticed_on=ago(2))
    assert clinic.side_effects(view.patient_id)[0].answer.advice is Advice.CONTACT

    clinic.set_effect_window(EffectKind.ITCHING, Advice.EXPECTED, days=4, source="our own patients, 2026")
    assert clinic.side_effects(view.patient_id)[0].answer.advice is Advice.EXPECTED
    assert [w.source for w in clinic.effect_windows() if w.is_own] == ["our own patients, 2026"]

    clinic.reset_effect_window(EffectKind.ITCHING)
    assert clinic.side_effects(view.patient_id)[0].answer.advice is Advice.CONTACT
    assert clinic.effect_windows() == OFFERED


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"advice": Advice.EXPECTED, "days": None, "source": "x"}, "bad_days"),
        ({"advice": Advice.CONTACT, "days": 3, "source": "x"}, "bad_days"),
        ({"advice": Advice.EXPECTED, "days": 999, "source": "x"}, "bad_days"),
        ({"advice": Advice.EXPECTED, "days": 3, "source": "  "}, "missing"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(clinic: Clinic, change: dict[str, object], code: str) -> None:
    with pytest.raises(RecordError) as refused:
        clinic.set_effect_window(EffectKind.SWELLING, **change)  # type: ignore[arg-type]

    assert refused.value.code == code
    assert clinic.effect_windows() == OFFERED


def test_signs_of_infection_cannot_be_made_something_to_wait_for(clinic: Clinic) -> None:
    with pytest.raises(RecordError, match="never waited for"):
        clinic.set_effect_window(EffectKind.INFECTION, Advice.EXPECTED, days=3, source="x")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"level": 11}, "bad_level"),
        ({"level": -1}, "bad_level"),
        ({"noticed_on": TODAY + timedelta(days=1)}, "future"),
        ({"noticed_on": date(1026, 3, 2)}, "too_early"),
        ({"note": "\ud800"}, "bad_text"),
        ({"note": "x" * 1001}, "too_long"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_kept(
    clinic: Clinic, view: View, change: dict[str, object], code: str
) -> None:
    about = {"level": 3, "noticed_on": TODAY} | change

    with pytest.raises(RecordError) as refused:
        clinic.add_side_effect(view.patient_id, EffectKind.PAIN, **about)  # type: ignore[arg-type]

    assert refused.value.code == code
    assert clinic.side_effects(view.patient_id) == ()


def test_the_area_of_somebody_else_is_refused(clinic: Clinic, view: View) -> None:
    other = clinic.add_patient(code="P-2")

    with pytest.raises(RecordError) as refused:
        clinic.add_side_effect(other.id, EffectKind.PAIN, level=3, noticed_on=TODAY, view_id=view.id)

    assert refused.value.code == "other_patient"


def test_a_day_before_it_was_noticed_is_refused(clinic: Clinic, view: View) -> None:
    new = clinic.add_side_effect(view.patient_id, EffectKind.PAIN, level=3, noticed_on=ago(1))

    for refuse in (
        lambda: clinic.note_level(new.id, 2, day=ago(2)),
        lambda: clinic.resolve_side_effect(new.id, ago(2)),
    ):
        with pytest.raises(RecordError) as refused:
            refuse()
        assert refused.value.code == "before_noticed"


def test_the_note_is_in_no_file_of_the_record(clinic: Clinic, view: View) -> None:
    clinic.add_side_effect(view.patient_id, EffectKind.PAIN, level=3, noticed_on=TODAY, note="canary-4711")

    kept = [path for path in clinic.home.rglob("*") if path.is_file()]

    assert kept
    assert not [path for path in kept if b"canary-4711" in path.read_bytes()]
