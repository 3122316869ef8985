"""The home diary: kept whole or not at all, sealed, and never part of a course."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from tests.days import TODAY
from tracker.clinic import Clinic, View
from tracker.clinic.diary_records import AT_HOME, Reading
from tracker.errors import PhotoRejected, RecordError

CANARY = "canary-of-the-diary"


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    """A small photo of nothing in particular."""
    rng, out = np.random.default_rng(3), io.BytesIO()
    picture = gaussian_filter(rng.normal(0, 1, (700, 900, 3)), (6, 6, 0)) * 400 + (190, 140, 120)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """An empty record."""
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def view(clinic: Clinic) -> View:
    return clinic.add_view(clinic.add_patient(code="P-1").id, site="thigh", laterality="left", pose="standing")


def test_a_day_is_kept_with_its_words_and_readings(clinic: Clinic, view: View) -> None:
    readings = [Reading("weight", 61.5, "kg"), Reading("tape", 22.0, "in", view.id, "middle")]
    clinic.keep_diary(view.patient_id, day=TODAY - timedelta(days=1), text="A little sore.", readings=readings)
    clinic.keep_diary(view.patient_id, text="Better.")

    today, before = clinic.diary(view.patient_id)

    assert [each.text for each in today.texts] == ["Better."]
    assert [each.text for each in before.texts] == ["A little sore."]
    assert [(r.quantity, r.value, r.unit) for r in before.readings] == [("weight", 61.5, "kg"), ("tape", 22.0, "in")]
    assert [r.quantity for r in clinic.body_readings(view.id)] == ["weight", "tape"]


def test_a_day_with_one_bad_number_is_not_kept_at_all(clinic: Clinic, view: View) -> None:
    with pytest.raises(RecordError):
        clinic.keep_diary(
            view.patient_id, text="kept?", readings=[Reading("weight", 60.0, "kg"), Reading("weight", 6000.0, "kg")]
        )

    assert clinic.diary(view.patient_id) == ()


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({}, "empty"),
        ({"text": "  \n "}, "empty"),
        ({"text": "x" * 2001}, "too_long"),
        ({"text": "\ud800"}, "bad_text"),
        ({"text": "x", "day": TODAY + timedelta(days=1)}, "future"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(clinic: Clinic, view: View, about: dict[str, object], code: str) -> None:
    with pytest.raises(RecordError) as refused:
        clinic.keep_diary(view.patient_id, **about)  # type: ignore[arg-type]

    assert refused.value.code == code
    assert clinic.diary(view.patient_id) == ()


def test_words_can_be_taken_back(clinic: Clinic, view: View) -> None:
    clinic.keep_diary(view.patient_id, text="Not this.")
    ((entry,),) = (day.texts for day in clinic.diary(view.patient_id))

    clinic.remove_diary_entry(entry.id)

    assert clinic.diary(view.patient_id) == ()
    with pytest.raises(RecordError, match="not in the record"):
        clinic.remove_diary_entry(entry.id)


def test_the_words_are_in_no_file_of_the_record(clinic: Clinic, view: View) -> None:
    clinic.keep_diary(view.patient_id, text=CANARY)

    kept = [path for path in clinic.home.rglob("*") if path.is_file()]

    assert kept
    assert not [path for path in kept if CANARY.encode() in path.read_bytes()]


def test_a_photo_from_home_stays_out_of_the_course_of_the_area(clinic: Clinic, view: View, jpeg: bytes) -> None:
    clinic.add_photo(view.id, jpeg, "clinic.jpg", taken_on=TODAY - timedelta(days=9))

    stored = clinic.add_home_photo(view.id, jpeg, "home.jpg", taken_on=TODAY)

    assert stored.view_id != view.id
    assert len(clinic.photos(view.id)) == 1
    (home,) = clinic.home_views(view.patient_id)
    assert (home.site, home.laterality, home.pose) == ("thigh", "left", AT_HOME)
    assert [photo.id for day in clinic.diary(view.patient_id) for photo in day.photos] == [stored.id]
    assert clinic.original(stored.id) == jpeg


def test_photos_of_one_area_share_one_view_and_those_of_another_have_their_own(
    clinic: Clinic, view: View, jpeg: bytes
) -> None:
    sitting = clinic.add_view(view.patient_id, site="thigh", laterality="left", pose="sitting")
    arm = clinic.add_view(view.patient_id, site="arm")

    first = clinic.add_home_photo(view.id, jpeg, "a.jpg", taken_on=TODAY)
    again = clinic.add_home_photo(view.id, jpeg, "a.jpg", taken_on=TODAY)
    same = clinic.add_home_photo(sitting.id, jpeg, "b.jpg", taken_on=TODAY)
    other = clinic.add_home_photo(arm.id, jpeg, "c.jpg", taken_on=TODAY)

    assert first == again == same
    assert other.view_id != first.view_id
    assert clinic.diary_areas(view.patient_id) == (view, arm)


def test_what_is_no_photo_or_not_taken_yet_leaves_nothing_behind(clinic: Clinic, view: View, jpeg: bytes) -> None:
    with pytest.raises(PhotoRejected):
        clinic.add_home_photo(view.id, b"no photo", "x.jpg", taken_on=TODAY)
    with pytest.raises(RecordError) as refused:
        clinic.add_home_photo(view.id, jpeg, "x.jpg", taken_on=TODAY + timedelta(days=2))

    assert refused.value.code == "future"
    assert clinic.home_views(view.patient_id) == ()


def test_a_practitioner_can_move_a_photo_from_home_into_the_course(clinic: Clinic, view: View, jpeg: bytes) -> None:
    stored = clinic.add_home_photo(view.id, jpeg, "home.jpg", taken_on=TODAY)

    moved = clinic.move_home_photo(stored.id, view.id)

    assert [photo.id for photo in clinic.photos(view.id)] == [moved.id]
    assert clinic.original(moved.id) == jpeg
    assert not any(day.photos for day in clinic.diary(view.patient_id))


def test_only_photos_from_home_move_and_only_to_the_same_patient(clinic: Clinic, view: View, jpeg: bytes) -> None:
    stranger = clinic.add_view(clinic.add_patient(code="P-2").id, site="thigh", laterality="left")
    own = clinic.add_photo(view.id, jpeg, "clinic.jpg", taken_on=TODAY)
    home = clinic.add_home_photo(view.id, jpeg, "home.jpg", taken_on=TODAY)

    for photo_id, view_id, code in ((own.id, view.id, "not_home"), (home.id, stranger.id, "other_patient")):
        with pytest.raises(RecordError) as refused:
            clinic.move_home_photo(photo_id, view_id)
        assert refused.value.code == code
    assert clinic.photos(stranger.id) == ()
