"""What is said around a course: the untreated side, the trend, the days after an injection, other explanations."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from tracker.clinic import Clinic
from tracker.measurement import Measurement, Metric
from tracker.measurement.typed import TYPED
from tracker.metrics import METRICS, metric_named
from tracker.photo import read_photo
from tracker.quality import Check, Status
from tracker.region import WHOLE_SKIN
from tracker.report import (
    Report,
    ReportedPhoto,
    aftermath,
    beside_control_sentence,
    confounders,
    course_sentences,
    headline,
    headline_verdict,
    patient_headline,
)
from tracker.reports import FORMATS, NO_PICTURES
from tracker.reports.document import report_document
from tracker.timeline import Schedule, Timeline, Verdict, beside_control, timeline

START = date(2026, 3, 2)
RELIEF = metric_named("relief")
BASE = {metric.name: 8.0 for metric in (*METRICS, *TYPED)}


def _photo(metric: Metric, value: float, day: int) -> Measurement:
    return Measurement(
        metric.name, metric.method, metric.unit, value, 0.0, f"{metric.name}-{day}", START + timedelta(days=day),
        (("region", 0.0),), (value,) * 8, 1.0, 2000.0,
    )  # fmt: skip


def _report(
    *lines: tuple[Metric, tuple[float, ...]],
    untreated: tuple[float, ...] = (),
    injected: tuple[date, ...] = (),
    days: tuple[int, ...] = (0, 7, 14, 21, 28, 35),
    photos: tuple[ReportedPhoto, ...] = (),
) -> Report:
    found = [_photo(metric, value, day) for metric, values in lines for value, day in zip(values, days, strict=False)]
    schedule = Schedule(injected)
    metrics = [metric for metric, _ in lines]
    made = timeline(found, [], metrics, schedule=schedule)
    control = None
    if untreated:
        beside = timeline([_photo(metrics[0], v, d) for v, d in zip(untreated, days, strict=False)], [], metrics)
        made = Timeline(beside_control(made.metrics, beside.metrics))
        control = Report("Right", _photos(days), (), WHOLE_SKIN, beside)
    return Report("Left", photos or _photos(days), (), WHOLE_SKIN, made, control=control, schedule=schedule)


def _photos(days: tuple[int, ...]) -> tuple[ReportedPhoto, ...]:
    dates = [START + timedelta(days=day) for day in days]
    return tuple(ReportedPhoto(str(day), f"{day}.jpg", day, day == START) for day in dates)


def test_the_headline_is_relative_to_the_untreated_side_where_both_sides_were_compared() -> None:
    drifting = _report((RELIEF, (4.0, 2.4)), untreated=(4.0, 2.5))
    effect = _report((RELIEF, (4.0, 1.8)), untreated=(4.0, 4.0))

    assert drifting.primary.latest.verdict is Verdict.BETTER
    assert headline(drifting).startswith(
        "Relative to the untreated side, no measurable change in relief roughness: −4 %"
    )
    assert headline_verdict(drifting.primary) is Verdict.NO_MEASURABLE_CHANGE
    assert patient_headline(drifting) == (
        "Compared with your untreated side, the photos show no change in the surface of your skin that our camera can "
        "measure. What changed may have changed on both sides."
    )
    assert headline(effect).startswith("Relative to the untreated side, measurable decrease in relief roughness: −55 %")
    assert patient_headline(effect) == (
        "Compared with your untreated side, your skin in this area is measurably smoother than at your first visit."
    )


def test_a_session_that_the_untreated_side_lacks_is_judged_by_the_treated_side_alone() -> None:
    report = _report((RELIEF, (4.0, 2.4, 2.3)), untreated=(4.0, 4.0))

    assert headline(report).startswith("Measurable decrease in relief roughness")
    assert beside_control_sentence(report.primary) == ""
    assert beside_control_sentence(report.primary, START + timedelta(days=7)) != ""


def test_what_is_ruled_out_and_the_trend_stand_beside_the_verdict() -> None:
    still = course_sentences(_report((RELIEF, (4.0, 4.1, 3.9, 4.0, 4.05, 3.95))).primary)
    fading = course_sentences(_report((RELIEF, (4.0, 3.6, 3.2, 2.8, 2.4, 2.0))).primary)

    assert still[0].startswith("A change in relief roughness larger than ")
    assert still[0].endswith(" % is ruled out.")
    assert still[1] == "Over 6 sessions no trend of relief roughness can be told from chance."
    assert fading[0].startswith("Over 6 sessions relief roughness goes down by ")


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.name)
@pytest.mark.parametrize("factor", [0.3, 1.0, 1.02, 3.0])
def test_every_metric_has_its_sentences_beside_an_untreated_side_and_in_a_trend(metric: Metric, factor: float) -> None:
    """None of them is refused by the whitelist of what may be said."""
    values = tuple(8.0 * factor ** (k / 5) for k in range(6))
    line = _report((metric, values), untreated=(8.0,) * 6).timeline.of(metric.name)

    assert beside_control_sentence(line)
    assert course_sentences(line)[0] == beside_control_sentence(line)


def test_the_days_after_an_injection_stand_apart_with_their_day() -> None:
    report = _report((RELIEF, (4.0, 9.0, 3.9)), days=(0, 2, 14), injected=(START, START + timedelta(days=14)))

    assert headline(report).startswith("No measurable change in relief roughness")
    assert aftermath(report) == (("4 March 2026, 2 days after", "Relief roughness +125 % (+61 to +214)."),)
    document = report_document(report)
    assert document["injected_on"] == ["2026-03-02", "2026-03-16"]
    assert [c["taken_on"] for c in document["after_injection"]] == ["2026-03-04"]  # type: ignore[union-attr,index]


@pytest.mark.parametrize("form", [f for f in FORMATS if f.file_name in ("report.html", "report.json")], ids=str)
def test_reports_hold_the_untreated_side_and_the_days_after(form: object) -> None:
    report = _report((RELIEF, (4.0, 9.0, 1.5)), untreated=(4.0, 4.0, 4.0), days=(0, 2, 14), injected=(START,))

    text = form.render(report, NO_PICTURES).decode()  # type: ignore[attr-defined]

    assert "Relative to the untreated side" in text.replace("\u00a0", " ")
    assert "4 March 2026, 2 days after" in text.replace("\u00a0", " ") or '"after_injection"' in text


# --- what else can explain a change ----------------------------------------------------------------------------------


def _pair(**later: object) -> tuple[ReportedPhoto, ...]:
    first, second = _photos((0, 7))
    first = replace(first, camera="Canon R8", taken_at=datetime.fromisoformat("2026-03-02T09:10"))
    second = replace(second, camera="Canon R8", taken_at=datetime.fromisoformat("2026-03-09T09:40"))
    return first, replace(second, **later)  # type: ignore[arg-type]


def _said(*more: tuple[Metric, tuple[float, ...]], **later: object) -> tuple[str, ...]:
    return confounders(_report((RELIEF, (4.0, 2.0)), *more, photos=_pair(**later)))


def test_nothing_is_said_where_nothing_differs() -> None:
    assert _said() == ()


def test_another_camera_is_said() -> None:
    (found,) = _said(camera="Pixel 9")

    assert found.startswith("The camera or its lens is another (Pixel 9 instead of Canon R8)")


def test_another_hour_is_said_and_midnight_is_no_distance() -> None:
    (found,) = _said(taken_at=datetime.fromisoformat("2026-03-09T17:40"))

    assert found.startswith("The photos were taken at 09:10 and at 17:40")
    assert _said(taken_at=datetime.fromisoformat("2026-03-09T12:30")) == ()


def test_a_tan_is_said() -> None:
    tanned = Check("tone around", 9.0, "at most 3", Status.WARN, "The skin around is darker.")

    assert _said(checks=(tanned,))[0].startswith("The skin around has another tone")


@pytest.mark.parametrize(("now", "words"), [(64.0, "The weight is 9 % lower"), (68.0, ""), (75.0, "7 % higher")])
def test_another_weight_is_said_from_five_per_cent_on(now: float, words: str) -> None:
    weight = next(metric for metric in TYPED if metric.name == "weight")

    found = " ".join(_said((weight, (70.0, now))))

    assert words in found
    assert bool(found) is bool(words)


# --- the record ------------------------------------------------------------------------------------------------------


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "home") as opened:
        yield opened


def test_days_of_injection_are_kept_once_in_order_and_can_be_taken_back(clinic: Clinic) -> None:
    patient = clinic.add_patient(code="P-01")
    view = clinic.add_view(patient.id, site="thigh", laterality="left")
    for day in (14, 0, 14):
        clinic.note_injection(view.id, START + timedelta(days=day))

    assert clinic.injections(view.id) == (START, START + timedelta(days=14))
    clinic.forget_injection(view.id, START)
    assert clinic.injections(view.id) == (START + timedelta(days=14),)


# --- corner cases ----------------------------------------------------------------------------------------------------


def test_a_patient_is_not_told_that_this_side_is_better_than_at_first_when_it_is_worse() -> None:
    report = _report((RELIEF, (4.0, 7.0)), untreated=(4.0, 20.0))

    assert headline_verdict(report.primary) is Verdict.BETTER
    assert patient_headline(report) == (
        "Since your first visit, the surface of your skin has measurably changed otherwise than on your untreated "
        "side. Ask your practitioner what that means."
    )


def test_what_is_ruled_out_is_of_what_the_headline_is_about() -> None:
    effect = course_sentences(_report((RELIEF, (4.0, 4.1)), untreated=(4.0, 1.5)).primary)
    none = course_sentences(_report((RELIEF, (4.0, 4.1)), untreated=(4.0, 4.0)).primary)

    assert not any("ruled out" in sentence for sentence in effect)
    assert none[2].startswith("Relative to the untreated side, a change in relief roughness larger than ")


def test_a_day_without_the_untreated_side_says_why() -> None:
    found = course_sentences(_report((RELIEF, (4.0, 2.4, 2.3)), untreated=(4.0, 4.0)).primary)

    assert found[0] == "Not compared with the untreated side: there is no photo of the untreated side of that day."


def test_which_comparison_is_more_certain_is_told_in_one_scale() -> None:
    """−37 % down and +39 % up are the same limit: with no known correlation the two sides are less certain."""
    found = course_sentences(_report((RELIEF, (4.0, 7.0)), untreated=(4.0, 20.0)).primary)

    assert found[1].startswith("The two sides together are less certain than this side alone")


def test_only_days_after_an_injection_are_said_to_be_that() -> None:
    report = _report((RELIEF, (9.0, 8.0)), days=(1, 3), injected=(START,))

    assert "All photos are of the days after an injection" in headline(report).replace("all photos", "All photos")
    assert len(aftermath(report)) == 2


def test_the_lens_is_a_part_of_the_camera() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Canon", "R8"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.LensModel] = "RF50mm F1.8"
    file = io.BytesIO()
    Image.new("RGB", (400, 300), (180, 140, 120)).save(file, "JPEG", exif=exif)

    assert read_photo(file.getvalue(), name="2026-03-02.jpg").camera == "Canon R8, RF50mm F1.8"
