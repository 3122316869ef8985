"""A distance given by hand: through the pipeline, the record and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tracker import track
from tracker.__main__ import main
from tracker.calibration import KnownDistance, ScaleSource, calibrate
from tracker.clinic import Clinic
from tracker.errors import CalibrationFailed, RecordError, RegionInvalid
from tracker.phantom import PhantomPhoto, Scenario, build_stage, nominal_shot, photograph
from tracker.phantom.photograph import FIRST_DAY
from tracker.phantom.scenario import named
from tracker.photo import read_photo
from tracker.pipeline import establish, follow
from tracker.region import WHOLE_SKIN, polygon_region

SIZE = (480, 640)
#: 300 mm over the width of 640 pixels.
KNOWN = KnownDistance((200.0, 100.0), (200.0, 356.0), 120.0)


def _photos(plan: Scenario) -> tuple[PhantomPhoto, ...]:
    stage, shot = build_stage(plan, seed=3, size=SIZE), nominal_shot(plan, SIZE)
    moved = replace(shot, camera=replace(shot.camera, roll=2.0, shift=(4.0, -3.0)))
    return tuple(
        photograph(stage, each, first=shot, session=k, taken_on=FIRST_DAY + timedelta(days=28 * k))
        for k, each in enumerate((shot, moved))
    )


@pytest.fixture(scope="module")
def bare() -> tuple[PhantomPhoto, ...]:
    """Two photos of a thigh with nothing printed beside it."""
    return _photos(replace(named("thigh"), card_edge=None))


@pytest.fixture(scope="module")
def marked() -> tuple[PhantomPhoto, ...]:
    """The same skin with markers."""
    return _photos(named("thigh"))


def test_only_the_reference_needs_a_scale(bare: tuple[PhantomPhoto, ...]) -> None:
    report = track([read_photo(photo.jpeg, name=photo.name) for photo in bare], distance=KNOWN)

    assert report.mm_per_px == pytest.approx(120 / 256)
    relief = [m for m in report.measurements if m.metric == "relief"]
    assert len(relief) == 2
    for measurement in relief:
        # The sensitivity of relief to the scale is 0.3; the later photo carries the uncertainty of the reference.
        # The part is worked out before the value is carried over to the cells that both share.
        assert dict(measurement.parts)["scale"] == pytest.approx(0.3 * 0.02 * measurement.value, rel=0.02)


def test_without_a_distance_there_are_no_millimetres(bare: tuple[PhantomPhoto, ...]) -> None:
    report = track([read_photo(photo.jpeg, name=photo.name) for photo in bare])

    assert report.mm_per_px is None
    assert not [m for m in report.measurements if m.metric == "relief"]


def test_markers_of_another_size_are_not_compared_with_a_distance_given_by_hand(
    bare: tuple[PhantomPhoto, ...], marked: tuple[PhantomPhoto, ...]
) -> None:
    """The reference says 0.47 mm, and the later photo's markers, printed at three quarters, 0.62: same place."""
    image = calibrate(read_photo(bare[0].jpeg, name=bare[0].name), distance=KNOWN)
    reference, _ = establish(image, WHOLE_SKIN)
    later = calibrate(read_photo(marked[1].jpeg, name=marked[1].name), like=reference.image.grid)
    assert later.scale.kind is ScaleSource.PRINTED
    misprinted = replace(later, scale=replace(later.scale, mm_per_px=later.scale.mm_per_px / 0.75))

    checks = {check.check: check for check in follow(reference, misprinted).photo.checks}

    assert checks["distance"].value == pytest.approx(1.0, abs=0.03)


# The record


@pytest.fixture
def clinic(bare: tuple[PhantomPhoto, ...], tmp_path: Path) -> Iterator[Clinic]:
    """One view with two photos, measured."""
    with Clinic.open(tmp_path / "home") as opened:
        patient = opened.add_patient(code="P1", name="")
        view = opened.add_view(patient.id, site="thigh", laterality="left", pose="standing", indication="cellulite")
        for photo in bare:
            opened.add_photo(view.id, photo.jpeg, photo.name)
        opened.measure_waiting()
        yield opened


def _view_id(clinic: Clinic) -> str:
    return clinic.views(clinic.patients()[0].id)[0].id


def test_a_view_takes_a_distance_and_is_measured_with_it(clinic: Clinic) -> None:
    view_id = _view_id(clinic)
    before = clinic.report(view_id)

    clinic.set_distance(view_id, KNOWN)
    assert clinic.view(view_id).distance == KNOWN
    assert clinic.measure_waiting() == 2
    with_distance = clinic.report(view_id)
    clinic.set_distance(view_id, None)

    assert before.mm_per_px is None
    assert with_distance.mm_per_px == pytest.approx(120 / 256)
    # What was found without it is still known.
    assert clinic.measure_waiting() == 0
    assert clinic.report(view_id).measurements == before.measurements


def test_a_distance_outside_the_reference_changes_nothing(clinic: Clinic) -> None:
    view_id = _view_id(clinic)

    with pytest.raises(CalibrationFailed, match="outside the photo"):
        clinic.set_distance(view_id, KnownDistance((200.0, 100.0), (200.0, 900.0), 120.0))

    assert clinic.view(view_id).distance is None
    assert clinic.measure_waiting() == 0


def test_a_region_is_tried_at_the_scale_of_the_distance(clinic: Clinic) -> None:
    """At 0.26 mm per pixel, 12 pixels are 6 cells of 0.5 mm: too few, where without a scale each pixel is a cell."""
    view_id = _view_id(clinic)
    small = polygon_region(np.array([[200.0, 300.0], [200.0, 312.0], [212.0, 312.0], [212.0, 300.0]]))
    clinic.set_region(view_id, small)
    clinic.set_region(view_id, None)
    clinic.set_distance(view_id, replace(KNOWN, mm=66.0))

    with pytest.raises(RegionInvalid, match="too small to measure"):
        clinic.set_region(view_id, small)

    assert clinic.view(view_id).region is None


def test_a_distance_needs_a_photo(clinic: Clinic) -> None:
    empty = clinic.add_view(clinic.patients()[0].id, site="arm", laterality="left", pose="", indication="")

    with pytest.raises(RecordError) as refused:
        clinic.set_distance(empty.id, KNOWN)

    assert refused.value.code == "no_reference"


def test_the_photo_that_bears_the_distance_cannot_be_removed(clinic: Clinic) -> None:
    view_id = _view_id(clinic)
    clinic.set_distance(view_id, KNOWN)
    reference = next(photo for photo in clinic.photos(view_id) if photo.is_reference)

    with pytest.raises(RecordError, match="known distance") as refused:
        clinic.remove_photo(reference.id)

    assert refused.value.code == "is_reference"


def test_a_view_with_a_distance_is_not_asked_for_markers(clinic: Clinic, bare: tuple[PhantomPhoto, ...]) -> None:
    view_id = _view_id(clinic)
    clinic.set_distance(view_id, KNOWN)
    clinic.measure_waiting()

    tile = clinic.check_photo(view_id, bare[1].jpeg, bare[1].name)

    assert not any("marker" in line for line in tile.advice)


# The command line


@pytest.fixture(scope="module")
def files(bare: tuple[PhantomPhoto, ...], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("bare")
    for photo in bare:
        (folder / photo.name).write_bytes(photo.jpeg)
    return [str(folder / photo.name) for photo in bare]


def test_a_pair_is_compared_with_a_distance(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *files, "--distance", "200,100 200,356 120", "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    assert document["reference"]["scale"] == {
        "mm_per_px": pytest.approx(120 / 256, abs=1e-6),
        "relative_uncertainty": 0.02,
        "source": "a distance of 120 mm given by hand",
    }
    assert document["moving"]["scale"] is None
    assert next(m for m in document["metrics"] if m["name"] == "relief")["moving"] is not None


def _scale_notes(command: str, photos: list[str], mm: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What a command prints about the scale; the same must be in its document."""
    arguments = [command, *photos, "--distance", f"200,100 200,356 {mm}"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    photo = document["reference"] if command == "compare" else document["photos"][0]
    notes = [note for note in photo["notes"] if "given distance" in note]
    assert [note for note in notes if note not in printed] == []
    return notes


@pytest.mark.parametrize("command", ["measure", "compare"])
def test_markers_that_contradict_a_given_distance_are_told(
    command: str, marked: tuple[PhantomPhoto, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for photo in marked:
        (tmp_path / photo.name).write_bytes(photo.jpeg)
    photos = [str(tmp_path / photo.name) for photo in marked[: 2 if command == "compare" else 1]]

    said = _scale_notes(command, photos, "240", capsys)
    agreed = _scale_notes(command, photos, "120", capsys)

    assert agreed == []
    assert [note.split(" mm per pixel")[0] for note in said] == ["The given distance says 0.938"]
    assert said[0].endswith("; the given distance is used.")


def test_a_report_tells_of_markers_that_contradict_a_given_distance(marked: tuple[PhantomPhoto, ...]) -> None:
    image = calibrate(read_photo(marked[0].jpeg, name=marked[0].name), distance=replace(KNOWN, mm=240.0))

    _, result = establish(image, WHOLE_SKIN)

    assert [note for note in result.photo.notes if "the markers say 0.47" in note or "the markers say 0.46" in note]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", 0, 1, "--distance", "ten centimetres"], "is no known distance"),
        (["compare", 0, 1, "--distance", "0,0 0,5000 100"], "outside the photo"),
        (["measure", 0, 1, "--distance", "200,100 200,356 120"], "belongs to one photo"),
    ],
)
def test_a_distance_that_does_not_fit_is_one_sentence(
    arguments: list[object], said: str, files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([files[a] if isinstance(a, int) else str(a) for a in arguments]) == 1

    assert said in capsys.readouterr().err
