from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tracker import Report, Verdict, read_photo, track
from tracker.errors import RegionInvalid, SeriesInvalid
from tracker.phantom import PhantomPhoto
from tracker.region import polygon_region
from tracker.report import headline, patient_headline

Encode = Callable[..., bytes]


def _photos(photos: tuple[PhantomPhoto, ...]) -> list[object]:
    return [read_photo(photo.jpeg, name=photo.name) for photo in photos]


@pytest.fixture(scope="module")
def pigment_report(pigment: tuple[PhantomPhoto, ...]) -> Report:
    return track(_photos(pigment), region=polygon_region(np.asarray(pigment[0].region, float)))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_fading_patch_is_found_with_its_true_change(
    pigment_report: Report, pigment: tuple[PhantomPhoto, ...]
) -> None:
    """Through the whole pipeline: another pose, exposure, white balance and JPEG. The interval must hold the truth."""
    change = pigment_report.timeline.of("delta_mi").latest
    truth = pigment[-1].truth.metrics["delta_mi"] - pigment[0].truth.metrics["delta_mi"]

    assert change.verdict is Verdict.BETTER
    assert change.low < truth < change.high
    assert change.change == pytest.approx(truth, abs=0.6)


@pytest.mark.slow
def test_redness_that_did_not_change_is_not_called_changed(pigment_report: Report) -> None:
    assert pigment_report.timeline.of("delta_ei").latest.verdict is Verdict.NO_MEASURABLE_CHANGE


@pytest.mark.slow
def test_metrics_that_a_series_does_not_carry_are_declined_by_name(pigment_report: Report) -> None:
    reasons = {r.metric: r.reason for r in pigment_report.refused}

    assert "colour chart" in reasons["ita"]
    assert "100 cm²" in reasons["relief"]
    assert pigment_report.primary.metric.name == "delta_mi"


@pytest.mark.slow
def test_the_same_photo_twice_has_not_changed_at_all(thigh: tuple[PhantomPhoto, ...]) -> None:
    first = read_photo(thigh[0].jpeg, name=thigh[0].name)
    again = replace(first, digest="f" * 64, taken_on=date(2027, 1, 1), name="again.jpg")

    change = track([first, again]).timeline.of("relief").latest

    assert change.verdict is Verdict.NO_MEASURABLE_CHANGE
    assert change.change == pytest.approx(0, abs=1.0)  # per cent: resampling and its rim


@pytest.mark.slow
def test_another_limb_is_left_out_and_named(thigh: tuple[PhantomPhoto, ...], pigment: tuple[PhantomPhoto, ...]) -> None:
    photos = [*_photos(thigh[:1]), replace(_photos(pigment[1:2])[0], taken_on=date(2027, 1, 1))]

    report = track(photos)  # type: ignore[arg-type]

    assert [r.digest for r in report.rejections] == [photos[1].digest]  # type: ignore[attr-defined]
    assert report.timeline.of("relief").latest.verdict is Verdict.NOT_COMPARABLE
    assert report.timeline.of("relief").latest.reason == report.rejections[0].reason


@pytest.mark.slow
def test_what_the_reference_does_not_give_is_compared_in_no_later_photo(pigment: tuple[PhantomPhoto, ...]) -> None:
    """A greyscale first photo: no later pair may quietly become the comparison."""
    photos = _photos(pigment)
    photos[0] = replace(photos[0], has_colour=False)  # type: ignore[type-var]
    line = track(photos, region=polygon_region(np.asarray(pigment[0].region, float))).timeline.of("delta_mi")  # type: ignore[arg-type]

    assert line.sessions == ()
    assert {c.verdict for c in line.changes} == {Verdict.NOT_COMPARABLE}
    assert "The reference photo does not carry it" in line.changes[-1].reason


def test_one_photo_is_not_a_series(thigh: tuple[PhantomPhoto, ...]) -> None:
    with pytest.raises(SeriesInvalid, match="a change needs two"):
        track(_photos(thigh[:1]))  # type: ignore[arg-type]


def test_the_same_file_twice_is_counted_once(thigh: tuple[PhantomPhoto, ...]) -> None:
    with pytest.raises(SeriesInvalid, match="is the same file as"):
        track(_photos((thigh[0], thigh[0])))  # type: ignore[arg-type]


def test_a_photo_without_a_date_is_named_with_what_to_do(noise_rgb: np.ndarray, encode: Encode, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(encode(noise_rgb + np.uint8(ord(name[0]))))

    with pytest.raises(SeriesInvalid, match="has no date; put the day into its name"):
        track(sorted(tmp_path.iterdir()))


def test_a_series_without_any_good_photo_says_why(tmp_path: Path, encode: Encode) -> None:
    for day in (1, 2):
        blue = np.full((400, 500, 3), (60, 90, 200 + day), np.uint8)
        (tmp_path / f"2026-01-0{day}.png").write_bytes(encode(blue))

    with pytest.raises(SeriesInvalid, match="No skin was found"):
        track(sorted(tmp_path.iterdir()))


def test_a_region_outside_the_reference_stops_the_series(thigh: tuple[PhantomPhoto, ...]) -> None:
    outside = polygon_region(np.array([[5000, 5000], [5000, 5100], [5100, 5100]], float))

    with pytest.raises(RegionInvalid, match="reaches outside"):
        track(_photos(thigh[:2]), region=outside)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_headlines_speak_of_the_first_measured_metric(pigment_report: Report) -> None:
    assert headline(pigment_report).startswith("Measurable decrease in pigment contrast: −")
    assert "patch stands out measurably less" in patient_headline(pigment_report)


@pytest.mark.slow
def test_progress_and_pixels_are_offered_photo_by_photo(pigment: tuple[PhantomPhoto, ...]) -> None:
    seen: list[tuple[int, int]] = []
    watched: list[str] = []
    track(
        _photos(pigment[:2]),  # type: ignore[arg-type]
        region=polygon_region(np.asarray(pigment[0].region, float)),
        metrics=(),
        progress=lambda done, total, what: seen.append((done, total)),
        watcher=lambda reference, image, result: watched.append(image.photo.name),
    )

    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert watched == [photo.name for photo in pigment[:2]]
