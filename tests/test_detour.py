"""A series whose skin changes its look from session to session is followed through the sessions between."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.test_alignment import Points, Rgb, bent, calibrated, errors, photograph, skin, unmoved, where_it_went
from tracker import track
from tracker.alignment import Alignment, align, compose
from tracker.calibration import CalibratedImage
from tracker.clinic import Clinic, PhotoState
from tracker.errors import AlignmentFailed, PhotoRejected
from tracker.photo import Photo
from tracker.pipeline import Waypoint, as_reference, follow
from tracker.pipeline.detour import detour, wants_detour

DAYS = (date(2026, 1, 5), date(2026, 2, 9), date(2026, 3, 16))
"""Of the reference, of the session between, and of the last one."""


def between(points: Points) -> Points:
    return bent(points, angle=4.0, scale=1.05, amplitude=3.0)


def last(points: Points) -> Points:
    return bent(points, angle=-5.0, scale=0.97, amplitude=4.0)


def drifted(old: float) -> NDArray[np.float32]:
    """Skin whose marks fade while others come: a share `old` of the first and the rest of the second."""
    return np.asarray(skin(1) ** old * skin(2) ** (1.0 - old), dtype=np.float32)


@cache
def photos() -> tuple[Rgb, Rgb, Rgb]:
    looks = ((1.0, unmoved), (0.5, between), (0.05, last))
    return tuple(  # type: ignore[return-value]
        photograph(drifted(old), place, seed=50 + k, exposure=0.9 + 0.05 * k) for k, (old, place) in enumerate(looks)
    )


@cache
def ways() -> tuple[Alignment, Alignment]:
    """From the first photo to the one between, and from there to the last one."""
    first, middle, end = (calibrated(rgb, f"{k}.jpg") for k, rgb in enumerate(photos()))
    return align(first, middle), align(middle, end)


def held(found: Alignment, truth: Points) -> float:
    """Share of the usable nodes whose true place lies within what is claimed for 95 %."""
    distance = np.hypot(*np.moveaxis(found.moving - truth, -1, 0)) / found.scale
    return float(np.mean((distance < 2.45 * found.sd)[found.usable]))


def test_two_ways_one_after_the_other_are_accurate_and_as_honest_as_each() -> None:
    first, second = ways()
    whole = compose(first, second, np.ones(first.usable.shape, np.bool_))

    assert whole is not None
    assert np.median(errors(whole, last)[0]) < 0.5
    here, there = (np.stack(np.meshgrid(way.rows, way.cols, indexing="ij"), axis=-1) for way in ways())
    each = held(first, where_it_went(between, here)), held(second, where_it_went(last, between(there)))
    assert held(whole, where_it_went(last, here)) > min(each) - 0.03
    sd = whole.sd[whole.usable]
    assert np.median(sd) > max(float(np.median(way.sd[way.usable])) for way in ways())
    assert whole.scale == pytest.approx(0.97, abs=0.01)
    assert whole.rotation == pytest.approx(5.0, abs=0.8)  # the tilt turns a little as well


def test_a_photo_that_is_refused_directly_is_measured_through_the_session_between() -> None:
    first, middle, end = (calibrated(rgb, f"{k}.jpg") for k, rgb in enumerate(photos()))
    reference = as_reference(first, metrics=())
    known = align(first, middle, region=reference.mask)
    kept = known.moving.copy()

    with pytest.raises(AlignmentFailed):
        follow(reference, end, ())
    result = follow(reference, end, (), between=[Waypoint.at(middle, known, 2)])

    assert result.alignment is not None
    assert np.median(errors(result.alignment, last)[0]) < 0.5
    assert result.photo.through == "1.jpg"
    assert any("through session 2 (1.jpg)" in note for note in result.photo.notes)
    np.testing.assert_array_equal(known.moving, kept)  # the old session is not aligned anew


def test_a_series_says_through_which_session_a_photo_was_aligned() -> None:
    series = [
        Photo(rgb, digest=f"{k}" * 64, name=f"{k}.jpg", taken_on=day)
        for k, (rgb, day) in enumerate(zip(photos(), DAYS, strict=True))
    ]

    report = track(series, metrics=())

    assert [photo.through for photo in report.photos] == ["", "", "1" * 64]
    assert not report.rejections
    assert [r.digest for r in track([series[0], series[2]], metrics=()).rejections] == ["2" * 64]


def test_another_limb_stays_refused_whatever_lies_between() -> None:
    first, middle, _ = (calibrated(rgb, f"{k}.jpg") for k, rgb in enumerate(photos()))
    reference = as_reference(first, metrics=())
    waypoint = Waypoint.at(middle, align(first, middle, region=reference.mask), 2)
    stranger = calibrated(photograph(skin(7), between, seed=60), "stranger.jpg")

    with pytest.raises(AlignmentFailed):
        follow(reference, stranger, (), between=[waypoint])


def test_a_detour_is_only_tried_where_it_may_pay() -> None:
    known, onward = ways()
    waypoint = Waypoint.at(calibrated(photos()[1], "1.jpg"), known, 2)

    assert not wants_detour(known, [waypoint])
    assert not wants_detour(AlignmentFailed("Mirrored.", code="mirrored"), [waypoint])
    assert not wants_detour(AlignmentFailed("They lie along a line.", code="points"), [waypoint])
    assert not wants_detour(AlignmentFailed("Another area.", code="different_area"), [])
    assert wants_detour(AlignmentFailed("Another area.", code="different_area"), [waypoint])
    assert wants_detour(replace(onward, error_px=4 * known.error_px), [waypoint])


def test_an_old_photo_that_cannot_be_read_does_not_stop_a_new_one() -> None:
    first, middle, end = (calibrated(rgb, f"{k}.jpg") for k, rgb in enumerate(photos()))
    reference = as_reference(first, metrics=())
    known = align(first, middle, region=reference.mask)

    def lost() -> CalibratedImage:
        raise PhotoRejected("old.jpg cannot be read.")

    broken = Waypoint("old", "old.jpg", 3, known, lost)

    assert follow(reference, end, (), between=[broken, Waypoint.at(middle, known, 2)]).photo.through == "1.jpg"
    with pytest.raises(AlignmentFailed):
        follow(reference, end, (), between=[broken])


def test_a_detour_that_shows_only_a_part_of_the_region_is_not_taken() -> None:
    first, middle, end = (calibrated(rgb, f"{k}.jpg") for k, rgb in enumerate(photos()))
    reference = as_reference(first, metrics=())
    known = align(first, middle, region=reference.mask)
    whole = follow(reference, end, (), between=[Waypoint.at(middle, known, 2)]).alignment
    assert whole is not None
    direct = replace(whole, error_px=10 * whole.error_px)
    part = replace(known, usable=known.usable & (known.cols < 0.4 * known.cols[-1]))

    assert detour(reference, end, [Waypoint.at(middle, known, 2)], direct=direct) is not None
    assert detour(reference, end, [Waypoint.at(middle, part, 2)], direct=None) is not None
    assert detour(reference, end, [Waypoint.at(middle, part, 2)], direct=direct) is None


def encoded(rgb: Rgb) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=95, subsampling=0)
    return out.getvalue()


@pytest.mark.slow
def test_the_record_takes_the_way_through_a_session_and_leaves_older_results_alone(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        patient = clinic.add_patient(code="A-1")
        view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing")
        for rgb, day in zip(photos()[:2], DAYS, strict=False):
            clinic.add_photo(view.id, encoded(rgb), f"{day.isoformat()}.jpg")
        assert clinic.measure_waiting() == 2
        maps = {path: path.read_bytes() for path in clinic.home.rglob("*") if path.is_file() and "map" in path.name}
        clinic.add_photo(view.id, encoded(photos()[2]), f"{DAYS[2].isoformat()}.jpg")
        assert clinic.measure_waiting() == 1

        assert [photo.state for photo in clinic.photos(view.id)] == [PhotoState.MEASURED] * 3
        report = clinic.report(view.id)
        assert report is not None
        assert any("through session 2 (2026-02-09.jpg)" in note for note in report.photos[-1].notes)
        assert len(maps) == 1
        assert all(path.read_bytes() == data for path, data in maps.items())

        between, last = clinic.photos(view.id)[1:]
        assert report.photos[-1].through == between.digest
        clinic.remove_photo(between.id)
        assert clinic.photo(last.id).state is PhotoState.WAITING, "what it rested on is gone"


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 200])
def test_a_damaged_map_of_an_old_session_does_not_stop_a_new_photo(tmp_path: Path, left: int) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        patient = clinic.add_patient(code="A-1")
        view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing")
        for rgb, day in zip(photos()[:2], DAYS, strict=False):
            clinic.add_photo(view.id, encoded(rgb), f"{day.isoformat()}.jpg")
        assert clinic.measure_waiting() == 2
        for path in clinic.home.rglob("map-*.npz"):
            path.write_bytes(path.read_bytes()[:left])
        new, name = encoded(photos()[1][:, :-8]), f"{DAYS[2].isoformat()}.jpg"

        assert clinic.judge_photo(view.id, new, name, clinic.check_photo(view.id, new, name)).status != "block"
        clinic.add_photo(view.id, new, name)
        assert clinic.measure_waiting() == 1
        assert [photo.state for photo in clinic.photos(view.id)] == [PhotoState.MEASURED] * 3
