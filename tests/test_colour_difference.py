"""How far the colour moved, said beside the tone: where it may be said, in which words, and in every form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from tests.test_reports import a_measurement, a_photo
from tracker.claims import ForbiddenClaim, stated
from tracker.metrics import METRICS, metric_named
from tracker.metrics.colour_difference import ColourDifference
from tracker.region import WHOLE_SKIN
from tracker.report import Report, beside_tone, colour_difference_on, colour_sentence, practitioner_summary
from tracker.report.colour import AXES, BESIDE, _Distance
from tracker.reports import FORMATS, NO_PICTURES
from tracker.reports.content import content_of
from tracker.timeline import Refused, timeline

FIRST, SECOND, THIRD = date(2026, 3, 2), date(2026, 4, 3), date(2026, 5, 4)
TONE = ("ita", *AXES)
#: ITA, L*, a*, b* by session: the second as the first, the third visibly lighter.
LIKE, LIGHTER = (30.0, 60.0, 12.0, 17.0), (40.0, 66.0, 10.0, 17.0)


def a_series(*sessions: tuple[float, ...], without: tuple[str, ...] = ()) -> Report:
    days = (FIRST, SECOND, THIRD)[: len(sessions)]
    found = [
        replace(a_measurement(metric_named(name), value, day, str(day)), parts=(("colour", 0.2),), draws=(value,) * 200)
        for day, values in zip(days, sessions, strict=True)
        for name, value in zip(TONE, values, strict=True)
        if not (day == THIRD and name in without)
    ]
    refused = [Refused(name, "", THIRD, "The light is another one.") for name in without]
    photos = tuple(a_photo(day, str(day), reference=day == FIRST) for day in days)
    return Report("Cheek", photos, (), WHOLE_SKIN, timeline(found, refused, METRICS), tuple(refused))


def beside(report: Report, name: str, day: date) -> str:
    return beside_tone(report.timeline.metrics, report.timeline.of(name), day)


def test_equal_colours_are_told_from_colours_that_anybody_sees_apart() -> None:
    lines = a_series(LIKE, LIKE, LIGHTER).timeline.metrics
    same, moved = (colour_difference_on(lines, day) for day in (SECOND, THIRD))

    assert same is not None
    assert moved is not None
    assert same.delta_e == 0.0
    assert same.words == "no measurable difference"
    # The spread of L* between sessions alone, 0.72 · √2 · 1.96 · 0.9 of a ΔE00 at L* 60, is about 1.8.
    assert 1.2 < same.by_chance < 2.6
    assert moved.delta_e > 4
    assert moved.words == "visible side by side"


def test_it_is_said_once_beside_the_first_metric_of_tone() -> None:
    report = a_series(LIKE, LIGHTER)
    said = {metric.name: beside(report, metric.name, SECOND) for metric in METRICS}

    assert [name for name, text in said.items() if text] == ["ita"]
    assert said["ita"].startswith("Colour difference ΔE00 ")
    assert said["ita"].endswith("visible side by side.")


@pytest.mark.parametrize("missing", AXES)
def test_nothing_is_said_where_the_tone_is_not_compared(missing: str) -> None:
    report = a_series(LIKE, LIKE, LIGHTER, without=(missing,))

    assert colour_difference_on(report.timeline.metrics, THIRD) is None
    assert all(beside(report, name, THIRD) == "" for name in TONE)
    assert not any("Colour difference" in text for text in practitioner_summary(changes_of(report, THIRD)))


def test_nothing_is_said_of_the_first_session() -> None:
    assert all(beside(a_series(LIKE), name, FIRST) == "" for name in TONE)


def test_values_against_two_baselines_make_no_colour() -> None:
    report = a_series(LIKE, LIKE, LIGHTER)
    changes = changes_of(report, THIRD)
    other = [replace(c, baseline_on=SECOND) if c.metric == "a_star" else c for c in changes]

    assert any("Colour difference" in text for text in practitioner_summary(changes))
    assert not any("Colour difference" in text for text in practitioner_summary(other))


def changes_of(report: Report, day: date) -> list:  # type: ignore[type-arg]
    return [c for line in report.timeline.metrics for c in line.changes if c.taken_on == day]


def test_the_summary_says_it_after_the_typology_angle() -> None:
    summary = practitioner_summary(changes_of(a_series(LIKE, LIGHTER), SECOND))
    place = next(k for k, text in enumerate(summary) if text.startswith("Colour difference"))

    assert "typology angle" in summary[place - 1]
    assert len(summary) == len(TONE) + 1


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.file_name)
def test_every_report_for_people_says_it(form) -> None:  # type: ignore[no-untyped-def]
    report = a_series(LIKE, LIGHTER)
    said = content_of(report).cards
    assert [card.name for card in said if card.beside] == ["ita"]
    if form.file_name.endswith("html"):
        assert next(card.beside for card in said if card.beside) in form.render(report, NO_PICTURES).decode()
    if form.file_name.endswith("json"):
        document = json.loads(form.render(report, NO_PICTURES))
        (found,) = document["colour_difference"]
        assert found["taken_on"] == SECOND.isoformat()
        assert found["words"] == "visible side by side"
        assert found["delta_e"] > 4 > found["by_chance"] > 0


def test_a_colour_difference_has_one_form_and_no_other() -> None:
    good = colour_sentence(ColourDifference(1.42, 0.81))
    assert stated(good, _Distance()) == good
    for bad in (
        good.replace("visible", "visible").replace("at the border of what is seen side by side", "much better"),
        good.replace(" (equal colours give up to 0.8 by chance)", ""),
        good.replace("ΔE00", "CIELAB units"),
    ):
        with pytest.raises(ForbiddenClaim):
            stated(bad, _Distance())
    with pytest.raises(ForbiddenClaim):
        stated(good, metric_named("ita"))


def test_the_words_follow_the_distance_only_beyond_chance() -> None:
    rng = np.random.default_rng(3)
    for delta_e, by_chance in rng.uniform(0, 4, (50, 2)):
        sentence = colour_sentence(ColourDifference(delta_e, by_chance))
        assert sentence.endswith("no measurable difference.") == (delta_e <= by_chance)


def test_every_metric_it_rests_on_needs_known_colours() -> None:
    for name in BESIDE:
        assert "colour reference" in {str(need) for need in metric_named(name).needs}
