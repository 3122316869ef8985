"""Every report format shows the same findings, with the same words, and nothing else."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import altair
import cv2
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from tracker.measurement import Measurement, Metric, Role
from tracker.metrics import METRICS, metric_named
from tracker.quality import Check, Need, Status
from tracker.region import Region
from tracker.repeatability import Repeatability
from tracker.report import (
    EXPLORATORY_NOTE,
    NOT_A_DIAGNOSIS,
    PROVISIONAL_NOTE,
    Rejection,
    Report,
    ReportedPhoto,
    check_finding,
    headline,
    metric_sentence,
    photo_standing,
    stopped_sentence,
    uncertainty_parts,
)
from tracker.report.overlay import DIVERGING
from tracker.reports import FORMATS, NO_PICTURES, Format, Picture, Pictures, encode_picture, report_document
from tracker.reports.chart import chart_svg, timeline_chart
from tracker.reports.content import content_of
from tracker.reports.layers import detection_bands, milliseconds
from tracker.reports.overlays import Legend
from tracker.reports.pictures import Origin
from tracker.reports.typography import spoken_day
from tracker.timeline import MetricTimeline, Refused, Timeline, Verdict, timeline

ROOT = Path(__file__).parents[1]
DAYS = (date(2026, 3, 2), date(2026, 3, 11), date(2026, 3, 20), date(2026, 4, 3), date(2026, 4, 17), date(2026, 5, 15))
LIT_FROM_THE_LEFT = "The light came from the left, in the reference from the right. Retake with the lamp on the right."
BLURRED = "The photo is blurred. Hold still, tap the skin to focus and take it again."
UNDATED = "scan.png has no date; put the day into its name as YYYY-MM-DD, or send the camera's own file."
NEEDS_PATCH = "compares a marked patch with the skin around it: mark the patch."


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def a_measurement(metric: Metric, value: float, day: date, shot: str) -> Measurement:
    rng = np.random.default_rng(5)
    draws = value * (1 + 0.05 * rng.standard_normal(200))
    parts = (("region", 0.05 * abs(value)), ("alignment", 0.02 * abs(value)), ("scale", 0.01 * abs(value)))
    uncertainty = float(np.sqrt(sum(part**2 for _, part in parts)))
    return Measurement(
        metric.name,
        metric.method,
        metric.unit,
        value,
        uncertainty,
        digest_of(shot),
        day,
        parts,
        tuple(draws.tolist()),
        0.97,
    )


def a_photo(day: date, shot: str, *, checks: tuple[Check, ...] = (), reference: bool = False) -> ReportedPhoto:
    if reference:
        return ReportedPhoto(digest_of(shot), f"{shot}.jpg", day, True, checks)
    return ReportedPhoto(digest_of(shot), f"{shot}.jpg", day, False, checks, 0.96, 0.83, 0.17)


GOOD = (
    Check("coverage", 97.0, "at least 90 % of the region", Status.OK, "", unit="%"),
    Check("sharpness", 0.94, "0.7 to 1.43 of the reference", Status.OK, ""),
    Check("light direction", 4.0, "at most 15° from the reference", Status.OK, "", Need.OBLIQUE_LIGHT, "°"),
)
OTHER_LIGHT = (*GOOD[:2], Check("light direction", 164.0, "at most 15° from the reference", Status.BLOCK,
                                LIT_FROM_THE_LEFT, Need.OBLIQUE_LIGHT, "°"))  # fmt: skip
TURNED = (*GOOD, Check("rotation", 14.0, "at most 10°", Status.WARN,
                       "The camera was turned by 14° against the reference.", unit="°"))  # fmt: skip


def a_thigh(*, title: str = "Left thigh, back", control: Report | None = None) -> Report:
    """Relief better at the end; one session lit from the other side, one photo blurred, one without a date."""
    relief, angle = metric_named("relief"), metric_named("ita")
    values = {DAYS[0]: (6.1, 6.25, 5.98), DAYS[1]: (5.9, 5.7), DAYS[2]: (5.2, 5.35), DAYS[5]: (3.35, 3.2, 3.4)}
    shots = {day: [f"{day}_{'abc'[k]}" for k in range(len(found))] for day, found in values.items()}
    found = [a_measurement(relief, v, day, s) for day in values for v, s in zip(values[day], shots[day], strict=True)]
    found += [a_measurement(angle, 31.0 + k / 5, day, shots[day][0]) for k, day in enumerate(values)]
    dark = f"{DAYS[3]}_a"
    found.append(a_measurement(angle, 31.4, DAYS[3], dark))
    photos = [
        a_photo(day, shot, checks=TURNED if shot.endswith("11_b") else GOOD, reference=shot == f"{DAYS[0]}_a")
        for day in values
        for shot in shots[day]
    ]
    photos.append(a_photo(DAYS[3], dark, checks=OTHER_LIGHT))
    rejections = (
        Rejection(digest_of("blurred"), "IMG_2041.jpg", DAYS[4], BLURRED, "blurred"),
        Rejection("", "scan.png", None, UNDATED, "no_date"),
    )
    refused = [Refused("relief", digest_of(dark), DAYS[3], LIT_FROM_THE_LEFT)]
    refused += [
        Refused(m.name, p.digest, p.taken_on, f"{m.title} {NEEDS_PATCH}")
        for m in METRICS
        if m.is_contrast
        for p in photos
    ]
    refused += [Refused(m.name, digest_of("blurred"), DAYS[4], BLURRED) for m in METRICS]
    metrics = tuple(metric_named(name) for name in ("relief", "delta_mi", "delta_ei", "delta_a", "ita"))
    refused = [r for r in refused if r.metric in {m.name for m in metrics}]
    return Report(
        title=title,
        photos=tuple(sorted(photos, key=lambda p: (p.taken_on, p.name))),
        rejections=rejections,
        region=Region(polygon=np.array([[200.0, 200.0], [900.0, 240.0], [860.0, 1200.0], [220.0, 1150.0]])),
        timeline=timeline(found, refused, metrics),
        refused=tuple(refused),
        mm_per_px=0.208,
        colour_evidence="a colour chart of 24 patches in the picture",
        set_up="lamp and feet on marks on the floor",
        control=control,
    )


def an_untreated_thigh() -> Report:
    relief = metric_named("relief")
    values = {DAYS[0]: 5.6, DAYS[1]: 5.75, DAYS[2]: 5.4, DAYS[5]: 5.5}
    found = [a_measurement(relief, value, day, f"{day}_right") for day, value in values.items()]
    photos = tuple(a_photo(day, f"{day}_right", checks=GOOD, reference=day == DAYS[0]) for day in values)
    return Report(
        title="Right thigh, back (untreated)", photos=photos, rejections=(), region=Region(),
        timeline=timeline(found, (), (relief,)), mm_per_px=0.208, set_up="lamp and feet on marks on the floor",
    )  # fmt: skip


def skin(seed: int, depth: float, *, height: int = 900, width: int = 1200) -> np.ndarray:
    """Skin-like pixels: a tone, dimples lit from one side, pores and grain."""
    rng = np.random.default_rng(seed)
    ground = np.random.default_rng(1)

    def bumps(size: float, rng: np.random.Generator) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), size)
        return noise / noise.std()

    light = 1 - 0.25 * np.linspace(0, 1, width)[None, :]
    relief = depth * np.gradient(bumps(26, ground), axis=1) * 26
    shade = light * (1 + relief + 0.02 * bumps(2, ground) + 0.01 * rng.standard_normal((height, width)))
    tone = np.array([222.0, 172.0, 146.0]) * (1 + 0.02 * bumps(60, ground)[..., None] * np.array([0.2, 0.6, 1.0]))
    return np.clip(shade[..., None] * tone, 0, 255).astype(np.uint8)


def thigh_pictures(report: Report) -> Pictures:
    first, latest = skin(2, 0.11), skin(3, 0.05)
    thumbnails = {p.digest: encode_picture(latest, width=160) for p in report.photos}
    thumbnails |= {r.digest: encode_picture(cv2.GaussianBlur(first, (0, 0), 12), width=160) for r in report.rejections}
    outline = ((0.12, 0.1), (0.9, 0.14), (0.86, 0.88), (0.15, 0.9))
    return Pictures(
        Picture(encode_picture(first), DAYS[0]), Picture(encode_picture(latest), DAYS[5]), outline, thumbnails
    )


def nothing_measurable() -> Report:
    """Every metric was declined in every photo."""
    day = DAYS[0]
    photos = (a_photo(day, "first", checks=GOOD, reference=True), a_photo(DAYS[1], "second", checks=GOOD))
    refused = tuple(
        Refused(
            m.name, p.digest, p.taken_on, f"{m.title} needs millimetres: put the printed marker card in the picture."
        )
        for m in METRICS
        for p in photos
    )
    return Report(
        title="Chin",
        photos=photos,
        rejections=(),
        region=Region(),
        timeline=timeline((), refused, METRICS),
        refused=refused,
    )


def one_session() -> Report:
    relief = metric_named("relief")
    found = (a_measurement(relief, 5.0, DAYS[0], "only"),)
    return Report(
        title="Left hip",
        photos=(a_photo(DAYS[0], "only", checks=GOOD, reference=True),),
        rejections=(),
        region=Region(),
        timeline=timeline(found, (), METRICS),
        mm_per_px=0.2,
    )


def renamed(report: Report, title: str, name: str, reason: str) -> Report:
    """The report with somebody else's texts in every place a text can come from."""
    lines = tuple(
        replace(line, changes=tuple(replace(c, reason=reason) if c.reason else c for c in line.changes))
        for line in report.timeline.metrics
    )
    photos = tuple(
        replace(p, name=f"{name}{k}", notes=(reason,), checks=tuple(replace(c, advice=reason) for c in p.checks))
        for k, p in enumerate(report.photos)
    )
    return replace(
        report,
        title=title,
        photos=photos,
        rejections=tuple(replace(r, name=name, reason=reason) for r in report.rejections),
        refused=tuple(replace(r, reason=reason) for r in report.refused),
        timeline=Timeline(lines),
        colour_evidence=reason,
        set_up=reason,
    )


THIGH = a_thigh(control=an_untreated_thigh())
PICTURES = thigh_pictures(THIGH)
REPORTS = {
    "thigh": (THIGH, PICTURES),
    "no pictures": (a_thigh(), NO_PICTURES),
    "nothing measurable": (nothing_measurable(), NO_PICTURES),
    "one session": (one_session(), Pictures(PICTURES.first)),
}
HOSTILE = (
    '=cmd|" /C calc"!A0 </script><script>alert(1)</script><img src=x onerror=alert(2)> "\'> {{ 7*7 }} '
    '#panic("typst") $x$ *bold* @label \\u{41} ]]><!--'
)

every_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.file_name)
every_report = pytest.mark.parametrize("name", REPORTS)


def format_named(file_name: str) -> Format:
    return next(form for form in FORMATS if form.file_name == file_name)


def html_of(report: Report, pictures: Pictures = NO_PICTURES) -> str:
    return format_named("report.html").render(report, pictures).decode("utf-8")


def rows_of(report: Report) -> list[dict[str, str]]:
    text = format_named("timeline.csv").render(report, NO_PICTURES).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


class _Reader(HTMLParser):
    """The visible text of a page, and every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_html(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def words_in(form: Format, data: bytes) -> str:
    """Everything a reader of the file can read, with single spaces."""
    if form.file_name.endswith(".pdf"):
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    elif form.file_name.endswith(".html"):
        text = " ".join(read_html(data.decode("utf-8")).text)
    else:
        text = data.decode("utf-8")
    return without_spaces(text)


def without_spaces(text: str) -> str:
    """Line breaks fall differently in every format."""
    return re.sub(r"[\s\u00a0]+", "", text)


def days_shown(day: date) -> set[str]:
    return {day.isoformat(), without_spaces(spoken_day(day))}


@every_format
def test_every_session_date_appears(form: Format) -> None:
    text = words_in(form, form.render(THIGH, PICTURES))

    for day in DAYS:
        assert any(shown in text for shown in days_shown(day)), day


@every_format
def test_every_verdict_and_every_unit_of_a_measured_metric_appears(form: Format) -> None:
    text = words_in(form, form.render(THIGH, PICTURES))

    for line in THIGH.measured:
        assert without_spaces(line.metric.unit) in text
        assert line.metric.method in text
        for change in line.changes:
            assert without_spaces(str(change.verdict)) in text


@every_format
def test_every_rejection_appears_with_its_reason_dated_or_not(form: Format) -> None:
    text = words_in(form, form.render(THIGH, PICTURES))

    for rejection in THIGH.rejections:
        assert without_spaces(rejection.reason) in text
        assert rejection.name in text or form.file_name == "timeline.csv"
    assert without_spaces(LIT_FROM_THE_LEFT) in text


@pytest.mark.parametrize("file_name", ["report.html", "report.pdf", "report.json"])
def test_each_photo_is_listed_with_its_standing_and_its_alignment(file_name: str) -> None:
    form = format_named(file_name)

    text = words_in(form, form.render(THIGH, PICTURES))

    for photo in THIGH.photos:
        assert photo.name in text
    for standing in ("reference", "comparable", "comparable, with a remark", "partly comparable"):
        assert without_spaces(standing) in text
    assert "0.83" in text
    assert "0.17" in text
    assert "96%" in text or '"overlap":0.96' in text


@every_format
def test_a_declined_metric_is_named_with_its_reason(form: Format) -> None:
    text = words_in(form, form.render(THIGH, PICTURES))

    together = form.file_name in ("report.html", "report.pdf")
    declined = [line.metric.title for line in THIGH.timeline.metrics if line.metric.is_contrast]
    named = f"{', '.join(declined)} Each" if together else "Pigment contrast"
    assert without_spaces(f"{named} {NEEDS_PATCH}") in text


def test_metrics_that_lack_the_same_are_one_line() -> None:
    content = content_of(THIGH)

    assert [titles.count(",") for titles, _ in content.declined] == [2]
    lone = replace(THIGH, timeline=Timeline(tuple(x for x in THIGH.timeline.metrics if x.metric.name != "delta_ei")))
    assert len(content_of(lone).declined) == 1
    assert content.declined[0][1] == f"Each {NEEDS_PATCH}"


def with_more_metrics() -> Report:
    """The thigh with a secondary metric before the primary one, and an experimental one after it."""
    relief = metric_named("relief")
    waves = replace(relief, name="waves", title="Broad waves", role=Role.SECONDARY)
    pores = replace(relief, name="pores", title="Fine pores", role=Role.EXPERIMENTAL)
    found = [replace(m, metric=x.name, method=x.method) for x in (waves, relief, pores) for m in THIGH.measurements
             if m.metric == "relief"]  # fmt: skip
    return replace(THIGH, timeline=timeline(found, (), (waves, relief, pores)), refused=(), control=None)


def test_what_was_named_beforehand_comes_first_and_the_rest_is_called_exploratory() -> None:
    report = with_more_metrics()
    content = content_of(report)

    assert [card.name for card in content.cards] == ["relief", "waves", "pores"]
    assert [line.metric.name for line in report.leading] == ["relief"]
    assert "relief roughness" in headline(report)
    for file_name in ("report.html", "report.pdf"):
        form = format_named(file_name)
        text = words_in(form, form.render(report, NO_PICTURES))
        body = text[text.index(without_spaces("Baseline, 2 Mar 2026")) :]
        assert body.index(without_spaces("More measurements")) < body.index(without_spaces("Broad waves"))
        assert without_spaces("Fine pores experimental") in text
        assert without_spaces(EXPLORATORY_NOTE) in text
        only = replace(report, timeline=Timeline(tuple(report.leading)))
        assert without_spaces("More measurements") not in words_in(form, form.render(only, NO_PICTURES))


def test_where_nothing_named_beforehand_was_measured_the_rest_does_not_lead() -> None:
    secondary = replace(metric_named("relief"), name="waves", title="Broad waves", role=Role.SECONDARY)
    found = [replace(m, metric="waves", method=secondary.method) for m in THIGH.measurements if m.metric == "relief"]
    report = replace(THIGH, timeline=timeline(found, (), (secondary,)), refused=(), control=None)

    content = content_of(report)
    assert (content.leading, content.exploratory, content.verdict) == (0, EXPLORATORY_NOTE, "not measured")
    assert [(card.name, card.verdict) for card in content.cards] == [("waves", "changed")]
    assert "waves" not in headline(report)


def test_the_parts_of_an_uncertainty_add_up_and_can_be_looked_at() -> None:
    line = THIGH.timeline.of("relief")
    for session in line.sessions:
        parts = uncertainty_parts(session, line)
        assert sum(part.uncertainty**2 for part in parts) == pytest.approx(session.uncertainty**2)
        assert sum(part.share for part in parts) == pytest.approx(1)
        assert [part.uncertainty for part in parts] == sorted((p.uncertainty for p in parts), reverse=True)
        between = next(part for part in parts if part.name == "between sessions")
        assert between.uncertainty == pytest.approx(line.metric.session_sd * session.value, rel=0.02)

    document = report_document(THIGH)
    told = next(m for m in document["metrics"] if m["name"] == "relief")["sessions"]  # type: ignore[attr-defined]
    assert set(told[0]["uncertainty_parts"]) == {"region", "alignment", "scale", "between sessions"}
    measured = document["measurements"][0]  # type: ignore[index]
    assert set(measured["uncertainty_parts"]) == {"region", "alignment", "scale"}
    page = html_of(THIGH, NO_PICTURES)
    assert page.count("<summary>Where the ± comes from</summary>") == len(THIGH.measured)
    assert "how exactly the photos lie over each other" in page


def test_a_further_part_of_an_uncertainty_is_listed_too() -> None:
    line = THIGH.timeline.of("relief")
    counted = replace(line.sessions[0].measurements[0], parts=(("region", 0.1), ("counting", 0.2)))
    session = replace(line.sessions[0], measurements=(counted, counted))

    parts = {part.name: part for part in uncertainty_parts(session, line)}

    assert parts["region"].uncertainty == pytest.approx(0.1), "the same skin in both photos"
    assert parts["counting"].uncertainty == pytest.approx(0.2 / math.sqrt(2))
    assert parts["counting"].words == "what is counted as one"


def test_where_a_number_comes_from_stands_beside_it() -> None:
    legend = Legend("Relief roughness", "−16", "+16 % log-luminance", DIVERGING, (((1, 2, 3), "counted"),))
    shown = PICTURES.first
    assert shown is not None
    pictures = replace(PICTURES, origins={"relief": Origin(shown, replace(shown, taken_on=DAYS[5]), legend)})

    for file_name in ("report.html", "report.pdf"):
        form = format_named(file_name)
        text = words_in(form, form.render(THIGH, pictures))
        for said in ("Where the number comes from", "+16 % log-luminance", "−16", "counted"):
            assert without_spaces(said) in text
        assert without_spaces("Where the number comes from") not in words_in(form, form.render(THIGH, PICTURES))


@pytest.mark.parametrize("file_name", ["report.html", "report.pdf", "report.json"])
def test_the_sentences_are_those_of_the_report_module(file_name: str) -> None:
    form = format_named(file_name)

    text = words_in(form, form.render(THIGH, PICTURES))

    assert THIGH.control is not None
    for sentence in (
        headline(THIGH),
        *(metric_sentence(line) for line in THIGH.measured),
        metric_sentence(THIGH.control.measured[0]),
        NOT_A_DIAGNOSIS,
    ):
        assert without_spaces(sentence) in text


@pytest.mark.parametrize("file_name", ["report.html", "report.pdf"])
def test_a_provisional_limit_is_called_provisional_and_a_studied_one_is_not(file_name: str) -> None:
    form = format_named(file_name)
    studied = Repeatability({m.name: m.session_sd for m in METRICS}, "study", "room 2")
    lines = timeline(THIGH.measurements, (), METRICS, studied)
    measured_here = replace(THIGH, timeline=lines, control=None)

    assert without_spaces(PROVISIONAL_NOTE) in words_in(form, form.render(THIGH, NO_PICTURES))
    assert without_spaces(PROVISIONAL_NOTE) not in words_in(form, form.render(measured_here, NO_PICTURES))


@pytest.mark.parametrize("file_name", ["report.html", "report.pdf"])
def test_a_session_after_the_last_comparable_one_is_not_passed_over(file_name: str) -> None:
    form = format_named(file_name)
    relief = metric_named("relief")
    found = [m for m in THIGH.measurements if m.metric == "relief" and m.taken_on != DAYS[5]]
    lines = timeline(found, [Refused("relief", digest_of("late"), DAYS[5], LIT_FROM_THE_LEFT)], (relief,))

    text = words_in(form, form.render(replace(THIGH, timeline=lines, control=None), NO_PICTURES))

    assert without_spaces("15 May 2026: Not comparable: the light came from the left") in text


@pytest.mark.parametrize("file_name", ["report.html", "report.pdf"])
def test_what_a_check_found_has_its_unit_and_what_it_stops_is_in_plain_words(file_name: str) -> None:
    form = format_named(file_name)

    text = words_in(form, form.render(THIGH, NO_PICTURES))

    # A page may end within the remark.
    assert "164°" in text
    assert without_spaces("15° from the reference. Stops relief roughness.") in text


def test_the_picture_beside_the_verdict_is_of_a_photo_that_the_verdict_rests_on() -> None:
    """The latest session of all gave tone and no relief, which the headline is about."""
    newest = date(2026, 6, 1)
    photos = (*THIGH.photos, a_photo(newest, "newest", checks=OTHER_LIGHT))
    angle = a_measurement(metric_named("ita"), 31.0, newest, "newest")
    found = timeline((*THIGH.measurements, angle), THIGH.refused, [line.metric for line in THIGH.timeline.metrics])
    later = replace(THIGH, photos=photos, timeline=found)

    assert later.photos[-1].digest == digest_of("newest")
    shown = later.shown
    assert shown in {m.digest for s in later.timeline.of("relief").sessions for m in s.measurements}
    assert next(p.taken_on for p in later.photos if p.digest == shown) == DAYS[5]


def test_a_photo_that_gives_nothing_is_nowhere_called_partly_comparable() -> None:
    lit = a_photo(DAYS[3], "lit", checks=OTHER_LIGHT)

    assert photo_standing(lit) == "partly comparable"
    assert photo_standing(lit, gives=False) == "not comparable"


def test_a_check_that_stops_everything_says_so_and_another_names_the_metrics() -> None:
    blurred = Check("blur", 0.71, "at most 0.52", Status.BLOCK, BLURRED)
    dull = replace(blurred, blocks=Need.COLOUR_REFERENCE)

    assert check_finding(blurred) == "Blur: 0.71, should be at most 0.52."
    assert stopped_sentence(blurred, METRICS) == "Stops every metric."
    assert stopped_sentence(dull, METRICS) == "Stops every metric of tone."
    assert stopped_sentence(dull, [metric_named("relief"), metric_named("lightness")]) == "Stops lightness."
    assert stopped_sentence(replace(dull, status=Status.WARN), METRICS) == ""


def test_advice_that_several_checks_of_a_photo_give_is_said_once_and_so_is_what_they_stop() -> None:
    moved = "Put the lamp back on its mark."
    uneven, shaded = (
        Check(name, 2.0, "at most 0.2", Status.BLOCK, moved, Need.OBLIQUE_LIGHT) for name in ("evenness", "shading")
    )
    photo = replace(THIGH.photos[1], checks=(uneven, shaded), notes=())
    report = replace(THIGH, photos=(THIGH.photos[0], photo), control=None)

    ((_, rows),) = content_of(report).photos
    remark = next(row for row in rows if row.digest == photo.digest).remarks[0]

    assert remark.text == moved
    stops = stopped_sentence(uneven, [line.metric for line in report.timeline.metrics])
    assert remark.found == (f"Evenness: 2.00, should be at most 0.2. {stops} Shading: 2.00, should be at most 0.2.")


def test_a_remark_that_several_photos_share_is_written_once_below_them_on_paper() -> None:
    form = format_named("report.pdf")
    also_lit = tuple(replace(p, checks=OTHER_LIGHT) if p.taken_on == DAYS[2] else p for p in THIGH.photos)
    shared = replace(THIGH, photos=also_lit, control=None, timeline=timeline(THIGH.measurements, (), METRICS))

    text = words_in(form, form.render(shared, NO_PICTURES))

    assert text.count(without_spaces(LIT_FROM_THE_LEFT)) == 1
    assert without_spaces(f"Remark 1: {LIT_FROM_THE_LEFT}") in text
    found = "Light direction: 164°, should be at most 15° from the reference. Stops relief roughness. See remark 1."
    assert text.count(without_spaces(found)) == 3


@every_report
@every_format
def test_the_same_report_gives_the_same_bytes(form: Format, name: str) -> None:
    report, pictures = REPORTS[name]

    assert form.render(report, pictures) == form.render(report, pictures)


@every_format
def test_a_report_of_nothing_says_so(form: Format) -> None:
    text = words_in(form, form.render(nothing_measurable(), NO_PICTURES))

    assert without_spaces("needs millimetres: put the printed marker card in the picture.") in text


@pytest.mark.parametrize("file_name", ["report.html", "report.pdf", "report.json"])
def test_one_session_is_called_a_baseline_and_not_a_change(file_name: str) -> None:
    form = format_named(file_name)

    text = words_in(form, form.render(one_session(), NO_PICTURES))

    assert without_spaces("there is a baseline; a change needs a second session.") in text
    assert without_spaces("Measurable") not in text


@every_format
def test_letters_of_other_scripts_arrive(form: Format) -> None:
    report = renamed(THIGH, "Oberschenkel links – μηρός – бедро – Žďár", "Ærø 2026", "Ünïcode ± 3 µm")

    text = words_in(form, form.render(report, NO_PICTURES))

    for words in ("μηρός", "бедро", "Žďár", "Ünïcode"):
        assert words in text


@every_format
@pytest.mark.parametrize("title", ["大腿 فخذ 🦵", "a\ud800b\x00c\u202egpj", "long" * 400, ""])
def test_no_title_stops_a_report(form: Format, title: str) -> None:
    data = form.render(renamed(THIGH, title, title, title), NO_PICTURES)

    assert len(data) > 1000


def test_hostile_text_is_shown_in_the_page_and_does_nothing() -> None:
    page = html_of(renamed(THIGH, HOSTILE, HOSTILE, HOSTILE), PICTURES)

    reader = read_html(page)

    assert HOSTILE in reader.text
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert not [name for _, attributes in reader.tags for name in attributes if name.startswith("on")]


def test_hostile_text_is_set_by_typst_and_not_interpreted() -> None:
    form = format_named("report.pdf")

    text = words_in(form, form.render(renamed(THIGH, HOSTILE, HOSTILE, HOSTILE), NO_PICTURES))

    assert without_spaces('#panic("typst") $x$ *bold* @label \\u{41}') in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_text_that_a_spreadsheet_would_calculate_is_marked_as_text(start: str) -> None:
    rows = rows_of(renamed(THIGH, f"{start}1+1", f"{start}n", f"{start}2+2"))

    assert {row["view"] for row in rows} == {f"'{start}1+1", "Right thigh, back (untreated)"}
    assert {row["reason"] for row in rows} == {"", f"'{start}2+2"}


def test_the_table_has_the_agreed_columns_and_line_ends() -> None:
    data = format_named("timeline.csv").render(THIGH, NO_PICTURES)

    assert data.startswith(
        b"taken_on,digest,view,metric,method,unit,value,uncertainty,change,change_low,change_high,mdc95,verdict,reason\r\n"
    )
    assert data.count(b"\n") == data.count(b"\r\n")


def test_the_table_has_one_row_for_each_measurement_and_refusal() -> None:
    assert THIGH.control is not None
    undated = 1

    rows = rows_of(THIGH)

    assert len(rows) == sum(len(part.measurements) + len(part.refused) for part in (THIGH, THIGH.control)) + undated


def test_the_table_states_the_change_of_the_session_and_none_for_the_baseline() -> None:
    last = THIGH.timeline.of("relief").changes[-1]
    rows = [row for row in rows_of(THIGH) if row["metric"] == "relief" and row["view"] == THIGH.title]

    (*latest,) = (row for row in rows if row["taken_on"] == DAYS[5].isoformat())
    (*first,) = (row for row in rows if row["taken_on"] == DAYS[0].isoformat())

    assert len(latest) == 3
    for row in latest:
        assert float(row["change"]) == pytest.approx(last.change)
        assert float(row["change_low"]) == pytest.approx(last.low)
        assert float(row["change_high"]) == pytest.approx(last.high)
        assert float(row["mdc95"]) == pytest.approx(last.mdc95)
        assert row["verdict"] == "better"
    assert {(row["change"], row["mdc95"], row["verdict"]) for row in first} == {("", "", "")}


def test_a_refused_measurement_has_a_row_without_a_value_and_with_a_reason() -> None:
    (row,) = (r for r in rows_of(THIGH) if r["reason"] == LIT_FROM_THE_LEFT)

    assert (row["taken_on"], row["metric"], row["value"], row["verdict"]) == (
        DAYS[3].isoformat(), "relief", "", "not comparable"
    )  # fmt: skip


def strict_json(data: bytes) -> dict[str, object]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    document = json.loads(data, parse_constant=refuse)
    assert isinstance(document, dict)
    return document


def test_the_document_holds_every_measurement_and_every_change() -> None:
    document = report_document(THIGH)

    assert [(m["digest"], m["method"], m["value"], m["uncertainty"]) for m in document["measurements"]] == [  # type: ignore[attr-defined]
        (m.digest, m.method, m.value, m.uncertainty) for m in THIGH.measurements
    ]
    changes = [c for line in THIGH.timeline.metrics for c in line.changes]
    assert [(c["metric"], c["verdict"], c["mdc95"]) for c in document["changes"]] == [  # type: ignore[attr-defined]
        (c.metric, str(c.verdict), c.mdc95) for c in changes
    ]


def test_the_document_states_quality_and_alignment_of_each_photo() -> None:
    photos = strict_json(format_named("report.json").render(THIGH, NO_PICTURES))["photos"]

    assert isinstance(photos, list)
    blocked = next(photo for photo in photos if photo["taken_on"] == DAYS[3].isoformat())
    assert (blocked["error_px"], blocked["error_mm"], blocked["overlap"]) == (0.83, 0.17, 0.96)
    assert blocked["quality"][2] == {
        "check": "light direction",
        "value": 164.0,
        "unit": "°",
        "limit": "at most 15° from the reference",
        "status": "block",
        "advice": LIT_FROM_THE_LEFT,
        "blocks": "oblique light",
    }


@every_format
def test_a_number_that_is_none_stays_out_of_the_report(form: Format) -> None:
    endless = replace(THIGH.timeline.of("ita").sessions[1].measurements[0], value=math.inf, uncertainty=math.nan)
    lines = timeline([*THIGH.measurements[1:], endless], (), METRICS)
    broken = replace(THIGH, timeline=lines, mm_per_px=math.nan)

    data = form.render(broken, NO_PICTURES)

    if form.file_name == "report.json":
        strict_json(data)
    assert data


def test_the_page_asks_nobody_for_anything() -> None:
    page = html_of(THIGH, PICTURES)

    assert not re.search(r"https?:|//[a-z]|@import|url\(", re.sub(r"base64,[A-Za-z0-9+/=]+", "", page))
    for tag, attributes in read_html(page).tags:
        assert tag not in ("link", "iframe", "object", "base", "form")
        assert (attributes.get("src") or "data:").startswith("data:")
        assert "href" not in attributes


def test_only_the_pages_own_script_may_run() -> None:
    page = html_of(renamed(THIGH, HOSTILE, HOSTILE, HOSTILE), PICTURES)

    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[-1]

    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_the_page_can_be_read_aloud() -> None:
    reader = read_html(html_of(THIGH, PICTURES))
    tags = [tag for tag, _ in reader.tags]

    assert ("html", {"lang": "en"}) in reader.tags
    assert tags.count("h1") == 1
    assert all("alt" in attributes for tag, attributes in reader.tags if tag == "img")
    assert tags.count("img") == 2 + len(PICTURES.thumbnails)
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in reader.tags if tag == "th")


def test_the_document_for_printing_is_accessible_and_dated_by_its_photos() -> None:
    data = format_named("report.pdf").render(THIGH, PICTURES)

    reader = PdfReader(io.BytesIO(data))

    assert b"<pdfuaid:part>1</pdfuaid:part>" in data
    assert reader.metadata is not None
    assert reader.metadata.title == "Left thigh, back"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date() == DAYS[5]
    assert len(reader.pages) <= 4


def test_a_picture_carries_pixels_and_nothing_else() -> None:
    picture = Image.open(io.BytesIO(encode_picture(skin(4, 0.1), width=300)))

    assert picture.size == (300, 225)
    assert not picture.getexif()
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_picture_is_not_enlarged_and_keeps_its_colours() -> None:
    rgb = skin(4, 0.0, height=90, width=120)

    decoded = np.asarray(Image.open(io.BytesIO(encode_picture(rgb, width=1200))), dtype=np.float64)

    assert decoded.shape == rgb.shape
    # Quality 88 with 2 × 2 chroma subsampling stays within three levels on average, so channels cannot be swapped.
    assert np.abs(decoded.mean(axis=(0, 1)) - rgb.mean(axis=(0, 1))).max() < 3


def chart_of(line: MetricTimeline, **settings: object) -> dict[str, object]:
    spec = timeline_chart(line, **settings)  # type: ignore[arg-type]
    altair.Chart.from_dict(spec)  # raises if it is not Vega-Lite
    return spec


def layer_of(spec: dict[str, object], name: str) -> list[dict[str, object]]:
    layers = spec["layer"]
    assert isinstance(layers, list)
    (layer,) = (found for found in layers if found.get("name") == name)
    return layer["data"]["values"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", [line.metric.name for line in THIGH.measured])
def test_the_band_of_the_chart_is_the_smallest_detectable_change(name: str) -> None:
    line = THIGH.timeline.of(name)
    assert line.baseline is not None
    bands = {day: (low, high) for day, low, high in detection_bands(line)}
    drawn = {band["taken_on"]: band for band in layer_of(chart_of(line), "band")}

    for change in (c for c in line.changes if c.mdc95 is not None and c.change is not None):
        edge = bands[change.taken_on][1 if change.change > 0 else 0]
        reach = edge / line.baseline.value - 1 if line.metric.multiplicative else edge - line.baseline.value
        assert abs(reach) * (100 if line.metric.multiplicative else 1) == pytest.approx(change.mdc95)
        band = drawn[milliseconds(change.taken_on)]
        assert (band["low"], band["high"]) == bands[change.taken_on]


def test_a_point_lies_outside_the_band_exactly_if_its_change_is_measurable() -> None:
    for line in THIGH.measured:
        bands = {day: (low, high) for day, low, high in detection_bands(line)}
        for change in line.changes:
            if change.value is not None:
                low, high = bands[change.taken_on]
                assert (not low <= change.value <= high) == change.verdict.is_change


def test_a_session_that_cannot_be_compared_is_in_the_chart_with_its_reason() -> None:
    marks = layer_of(chart_of(THIGH.timeline.of("relief")), "not comparable")

    assert [(mark["Date"], mark["Reason"]) for mark in marks] == [
        (DAYS[3].isoformat(), LIT_FROM_THE_LEFT),
        (DAYS[4].isoformat(), BLURRED),
    ]


def test_the_chart_shows_each_session_each_photo_and_the_untreated_side() -> None:
    assert THIGH.control is not None
    line, control = THIGH.timeline.of("relief"), THIGH.control.timeline.of("relief")

    spec = chart_of(line, control=control)

    assert [v["value"] for v in layer_of(spec, "sessions")] == [s.value for s in line.sessions]
    assert len(layer_of(spec, "replicates")) == 10
    assert [v["value"] for v in layer_of(spec, "untreated side")] == [s.value for s in control.sessions]
    assert layer_of(spec, "baseline") == [{"value": line.sessions[0].value}]


def test_a_value_that_is_not_judged_is_drawn_hollow() -> None:
    line = THIGH.timeline.of("relief")
    silenced = replace(
        line.changes[-1], verdict=Verdict.NOT_COMPARABLE, change=None, low=None, high=None, reason="Red."
    )
    line = replace(line, changes=(*line.changes[:-1], silenced))

    spec = chart_of(line)

    assert [session["judged"] for session in layer_of(spec, "sessions")] == [True, True, True, False]
    assert layer_of(spec, "not comparable")[-1]["Reason"] == "Red."


@pytest.mark.parametrize("width", [326, 640])
def test_the_chart_explains_itself_in_words_within_its_width(width: int) -> None:
    spec = chart_of(THIGH.timeline.of("relief"), width=width)

    svg = chart_svg(spec)

    for words in ("smaller than this set-up can detect", "session, with 95 % interval", "not comparable", "baseline"):
        assert words in svg
    assert f'width="{width}"' in svg
    assert not re.search(r"https?:", re.sub(r'xmlns(:xlink)?="[^"]*"', "", svg))


@pytest.mark.parametrize("report", [one_session(), nothing_measurable()], ids=["one session", "nothing"])
def test_a_chart_with_little_or_nothing_to_show_can_be_drawn(report: Report) -> None:
    for line in report.timeline.metrics:
        assert chart_svg(chart_of(line)).startswith("<svg")


def test_importing_the_product_does_not_load_what_only_reports_need() -> None:
    heavy = ("altair", "jinja2", "pandas", "streamlit", "typst", "vl_convert")
    code = f"import sys, tracker; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[]"
