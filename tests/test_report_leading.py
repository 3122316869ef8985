"""What leads a report is what was asked about; the rest is shown, and nothing is judged by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from tracker.claims import ForbiddenClaim
from tracker.clinic.topics import topics_of
from tracker.measurement import Measurement, Metric, Topic
from tracker.measurement.typed import TYPED, read_typed, typed_measurements
from tracker.metrics import METRICS, metric_named, metrics_about
from tracker.region import WHOLE_SKIN, Region
from tracker.report import (
    PROVISIONAL_NOTE,
    TONE_NOTE,
    Report,
    ReportedPhoto,
    courses,
    headline,
    metric_sentence,
    patient_headline,
    photo_standing,
    uncertainty_parts,
    value_sentence,
)
from tracker.reports import FORMATS, NO_PICTURES
from tracker.reports.content import content_of
from tracker.timeline import Refused, SessionValue, Verdict, timeline

DAY, LATER = date(2026, 3, 2), date(2026, 5, 4)
MARKED = Region(polygon=np.array([[0.0, 0.0], [50.0, 0.0], [50.0, 50.0]]))
NO_LIGHT = "Relief roughness needs light from the side."
NOT_THERE = "It cannot be measured here."
Values = Mapping[str, tuple[float, float]]


def a_measurement(metric: Metric, value: float, day: date) -> Measurement:
    draws = tuple(np.full(200, value).tolist())
    return Measurement(
        metric.name, metric.method, metric.unit, value, 0.05, str(day), day, (("region", 0.05),), draws, 1.0, 2000.0
    )


def a_report(metrics: Sequence[Metric], values: Values, region: Region = WHOLE_SKIN) -> Report:
    """A report of two sessions in which the metrics without values are refused."""
    found = [
        a_measurement(m, v, d)
        for m in metrics
        if m.name in values
        for v, d in zip(values[m.name], (DAY, LATER), strict=True)
    ]
    reasons = {m.name: NO_LIGHT if m.name == "relief" else NOT_THERE for m in metrics if m.name not in values}
    refused = [Refused(name, str(day), day, reason) for name, reason in reasons.items() for day in (DAY, LATER)]
    photos = tuple(ReportedPhoto(str(day), f"{day}.jpg", day, day == DAY) for day in (DAY, LATER))
    return Report("Series", photos, (), region, timeline(found, refused, metrics), tuple(refused))


def names(lines: Iterable[object]) -> list[str]:
    return [line.metric.name for line in lines]  # type: ignore[attr-defined]


@pytest.mark.parametrize("indication", ["cellulite", "redness", "bruising"])
def test_where_what_was_asked_about_is_refused_nothing_speaks_of_pigment(indication: str) -> None:
    """The witnesses of redness were measured, and the dark spots faded; nobody asked about them."""
    values = {"delta_mi": (9.0, 2.0), "spot_contrast": (9.0, 2.0), "waviness": (2.0, 9.0)}
    report = a_report(metrics_about(topics_of(indication)), values)

    assert report.leading == ()
    assert report.primary is None
    assert {"delta_mi", "spot_contrast"} <= set(names(report.further))
    reason = (
        "relief roughness needs light from the side." if indication == "cellulite" else "it cannot be measured here."
    )
    assert headline(report) == f"Nothing that was asked about could be measured in these photos: {reason}"
    assert patient_headline(report) == (
        "What was asked about cannot be measured in these photos yet. Ask your practitioner what comes next."
    )
    content = content_of(report)
    assert (content.verdict, content.leading, content.newer, content.control) == ("not measured", 0, "", "")
    assert content.exploratory
    for form in FORMATS:
        assert form.render(report, NO_PICTURES)


def test_what_was_asked_second_leads_where_the_first_was_refused() -> None:
    report = a_report(metrics_about(topics_of("cellulite")), {"delta_ei": (1.0, 9.0), "delta_mi": (1.0, 9.0)}, MARKED)

    assert names(report.declared) == ["relief", "delta_ei"]
    assert names(report.leading) == ["delta_ei"]


@pytest.mark.parametrize(("region", "leads"), [(MARKED, "delta_mi"), (WHOLE_SKIN, "spot_contrast")])
def test_one_metric_leads_a_topic_whatever_was_found(region: Region, leads: str) -> None:
    other = {"delta_mi": "spot_contrast", "spot_contrast": "delta_mi"}[leads]
    metrics = metrics_about([Topic.PIGMENT])

    for small in (leads, other):
        values = {leads: (9.0, 2.0), other: (9.0, 2.0)} | {small: (9.0, 9.0)}
        assert names(a_report(metrics, values, region).leading) == [leads]
    assert a_report(metrics, {other: (9.0, 2.0)}, region).leading == (), "the other one does not take its place"


def test_what_was_asked_for_by_name_and_carries_no_verdict_does_not_become_the_headline() -> None:
    report = a_report([metric_named("waviness")], {"waviness": (9.0, 2.0)})

    assert headline(report) == "No metric was asked for that a verdict may rest on."
    assert names(report.further) == ["waviness"]


def test_what_does_not_lead_is_neither_better_nor_worse_on_either_side() -> None:
    values = {"relief": (9.0, 2.0), "waviness": (9.0, 1.0), "dual_relief": (1.0, 9.0), "dimple_count": (9.0, 9.0)}
    metrics = metrics_about([Topic.RELIEF])
    report = replace(a_report(metrics, values), control=a_report(metrics, values))
    judged = {line.metric.name: line.latest.verdict for line in report.timeline.metrics if line.latest}

    assert (judged["waviness"], judged["dual_relief"]) == (Verdict.BETTER, Verdict.WORSE), "else this shows nothing"
    shown = {card.name: [side.verdict for side in card.sides] for card in content_of(report).cards}
    assert shown == {
        "relief": ["better", "better"],
        "waviness": ["changed", "changed"],
        "dual_relief": ["changed", "changed"],
        "dimple_count": ["no measurable change", "no measurable change"],
    }
    rows = {row.verdict for card in content_of(report).cards[1:] for side in card.sides for row in side.sessions}
    assert rows == {"baseline", "changed", "no measurable change"}


def test_a_patient_is_told_that_something_else_changed() -> None:
    metrics = metrics_about(topics_of("cellulite"))
    same, other = "In the surface of your skin the photos show no change", "Something else in these photos changed"
    calm, red = (a_report(metrics, {"relief": (5.0, 5.0), "delta_ei": (1.0, v)}, MARKED) for v in (1.0, 9.0))
    smooth = a_report(metrics, {"relief": (9.0, 2.0), "delta_ei": (1.0, 9.0)}, MARKED)

    assert names(red.leading) == ["relief", "delta_ei"]
    assert patient_headline(calm).startswith(same)
    assert other not in patient_headline(calm)
    assert patient_headline(red).startswith(same)
    assert patient_headline(red).endswith(f"{other}: ask your practitioner.")
    assert patient_headline(smooth).endswith(f"{other}: ask your practitioner.")
    witness = a_report(metrics, {"relief": (5.0, 5.0), "waviness": (9.0, 1.0)}, MARKED)
    assert other not in patient_headline(witness), "nothing is judged by what does not lead"


def test_what_is_added_to_a_headline_passes_the_whitelist_too(monkeypatch: pytest.MonkeyPatch) -> None:
    report = a_report([metric_named("relief")], {"relief": (9.0, 2.0)})
    assert headline(report) == metric_sentence(report.leading[0])

    monkeypatch.setattr(courses, "of_an_earlier_session", lambda line: " This is a lasting result.")

    with pytest.raises(ForbiddenClaim):
        headline(report)


@pytest.mark.parametrize(("value", "uncertainty"), [(np.nan, 1.0), (30.0, np.inf), (30.0, np.nan)])
def test_what_is_no_number_has_no_class(value: float, uncertainty: float) -> None:
    line = a_report([metric_named("ita")], {"ita": (30.0, 30.0)}).leading[0]

    assert "(" not in value_sentence(SessionValue(DAY, value, uncertainty, line.sessions[0].measurements), line)


@pytest.mark.parametrize(
    ("value", "uncertainty", "words"),
    [
        (28.4, 1.28, "intermediate or tan"),
        (27.6, 1.28, "intermediate or tan"),
        (34.0, 1.28, "intermediate"),
        (34.0, 8.0, "light or intermediate or tan"),
        (20.0, 1.28, "tan"),
        (-30.5, 1.0, "brown or dark"),
    ],
)
def test_a_value_that_may_be_of_two_classes_is_said_to_be_of_either(
    value: float, uncertainty: float, words: str
) -> None:
    line = a_report([metric_named("ita")], {"ita": (value, value)}).leading[0]

    said = value_sentence(SessionValue(DAY, value, uncertainty, line.sessions[0].measurements), line)

    assert said.endswith(f"° ({words})")


def test_a_report_with_a_tone_says_what_its_uncertainty_is_of() -> None:
    metrics = [metric_named(name) for name in ("relief", "ita")]
    both, relief = (a_report(metrics, {"relief": (5.0, 5.0)} | more) for more in ({"ita": (30.0, 30.0)}, {}))

    assert TONE_NOTE in content_of(both).notes
    assert TONE_NOTE not in content_of(relief).notes
    assert PROVISIONAL_NOTE in content_of(relief).notes


@pytest.mark.parametrize(("name", "there"), [("ita", True), ("relief", False)])
def test_the_card_of_a_tone_says_so_too(name: str, *, there: bool) -> None:
    def script(report):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.verdict import verdict_card

        verdict_card(report.leading[0], report.leading[0].latest)

    report = a_report([metric_named(name)], {name: (30.0, 10.0)})
    app = AppTest.from_function(script, kwargs={"report": report}, default_timeout=30).run()

    assert not app.exception
    said = [caption.value.replace("\\", "") for caption in app.caption]
    assert any("as a colour it is known to about ΔE00 1 to 2" in text.replace("\u00a0", " ") for text in said) == there


def test_the_comparison_calls_nothing_better_or_worse_that_does_not_lead() -> None:
    def script(report, after):  # type: ignore[no-untyped-def]
        from tracker.pages.compare import _verdicts

        _verdicts(report, after)

    values = {"relief": (9.0, 2.0), "waviness": (9.0, 1.0), "dual_relief": (1.0, 9.0)}
    both = a_report(metrics_about([Topic.RELIEF]), values)
    none = a_report(metrics_about([Topic.RELIEF]), {"waviness": (9.0, 1.0)})
    badges = {}
    for name, report in (("both", both), ("none", none)):
        kwargs = {"report": report, "after": report.photos[-1]}
        app = AppTest.from_function(script, kwargs=kwargs, default_timeout=30).run()
        assert not app.exception
        words = "\n".join(str(element.value) for element in app.markdown)
        badges[name] = [word for word in ("Better", "Worse", "Changed") if f"{word}]" in words]
        assert ("Nothing that was asked about" in words) == (name == "none")

    assert badges == {"both": ["Better", "Changed"], "none": ["Changed"]}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("relief", "lamp, posture and breathing, from session to session"),
        ("hair_coverage", "parting and combing, from session to session"),
        ("tape", "from day to day: where the tape lay, food, clothing"),
        ("weight", "from day to day: food, drink, clothing"),
    ],
)
def test_what_differs_between_sessions_is_what_the_metric_is_disturbed_by(name: str, words: str) -> None:
    table = b"taken_on,quantity,value,unit,reading\n2026-03-02,tape,80,cm,1\n2026-03-02,weight,70,kg,1\n"
    found = [*typed_measurements(read_typed(table)[0]), *(a_measurement(m, 5.0, DAY) for m in METRICS)]
    line = timeline(found, (), (*METRICS, *TYPED)).of(name)

    assert words in [part.words for part in uncertainty_parts(line.sessions[0], line)]


def test_the_second_photo_of_a_pair_is_not_called_comparable() -> None:
    photo = ReportedPhoto("b", "b.jpg", DAY, is_reference=False)

    assert photo_standing(photo, gives=False) == "comparable"
    assert photo_standing(replace(photo, lent=True), gives=False) == "used for dual light"
