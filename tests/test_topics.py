"""What is measured is what was asked about: on the command line, and in a view by what it is treated for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_app import photo_bytes
from tracker.__main__ import main, parser
from tracker.clinic import Clinic
from tracker.clinic.topics import TOPICS_OF, Chosen, topics_of
from tracker.commands.topics import topics_asked
from tracker.measurement import Role, Topic
from tracker.metrics import METRICS, USUAL_TOPICS, metric_named, metrics_about, primary_among
from tracker.pages.new_view import INDICATIONS


def test_every_metric_but_hair_and_contour_is_measured_where_nothing_is_asked() -> None:
    assert metrics_about() == tuple(m for m in METRICS if m.topic not in (Topic.HAIR, Topic.CONTOUR))
    assert set(Topic) - set(USUAL_TOPICS) == {Topic.HAIR, Topic.CONTOUR}


def test_the_topic_that_is_asked_first_comes_first() -> None:
    found = metrics_about([Topic.TONE, Topic.RELIEF])

    assert [m.topic for m in found] == sorted((m.topic for m in found), key=(Topic.TONE, Topic.RELIEF).index)
    assert found[0].name == "ita"


@pytest.mark.parametrize(("asked", "beside"), [(Topic.PIGMENT, "delta_ei"), (Topic.REDNESS, "delta_mi")])
def test_pigment_and_redness_are_never_measured_without_the_witness_of_the_other(asked: Topic, beside: str) -> None:
    found = metrics_about([asked])

    assert beside in [m.name for m in found]
    others = {m for m in METRICS if m.topic in (Topic.PIGMENT, Topic.REDNESS) and m.topic is not asked}
    expected = others if asked is Topic.PIGMENT else {m for m in others if m.role is Role.PRIMARY}
    assert {m.name for m in found if m.topic is not asked} == {m.name for m in expected}
    assert {m.name for m in found if m.witness} == {m.name for m in expected}, "only what nobody asked about"


def test_a_topic_that_was_asked_about_has_no_witnesses() -> None:
    assert not any(m.witness for m in metrics_about([Topic.PIGMENT, Topic.REDNESS]))
    assert not any(m.witness for m in metrics_about())


@pytest.mark.parametrize("name", [*TOPICS_OF, "", "other"])
def test_each_topic_that_is_asked_about_has_one_primary_metric_known_beforehand(name: str) -> None:
    topics, metrics = topics_of(name), Chosen().metrics(name)

    for marked in (True, False):
        assert [m.topic for m in primary_among(metrics, marked=marked)] == list(topics)


def test_what_pigment_is_judged_by_depends_on_the_region_and_on_nothing_that_is_found() -> None:
    metrics = metrics_about([Topic.PIGMENT])

    assert [m.name for m in primary_among(metrics, marked=True)] == ["delta_mi"]
    assert [m.name for m in primary_among(metrics, marked=False)] == ["spot_contrast"]
    assert [m.name for m in primary_among([metric_named("delta_mi")], marked=False)] == ["delta_mi"]
    assert primary_among([metric_named("waviness")], marked=False) == ()


def test_a_topic_without_metrics_gives_none() -> None:
    assert metrics_about([Topic.HAIR], among=[metric_named("relief")]) == ()


def test_the_command_line_names_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["measure", "photo.jpg", "--for", "cellulite,wool"])

    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert '"wool" is not a topic; choose among' in said
    assert all(str(topic) in said for topic in Topic)


def test_a_topic_that_nothing_is_measured_about_is_refused_in_one_sentence() -> None:
    with pytest.raises(ValueError, match="nothing is measured about hair"):
        topics_asked("hair", among=[metric_named("relief")])
    with pytest.raises(ValueError, match="no topic is named"):
        topics_asked(" , ")


@pytest.mark.parametrize("command", [["track", "f", "--out", "o"], ["compare", "a", "b"], ["measure", "a"]])
def test_every_command_that_measures_takes_topics_and_its_help_names_them(command: list[str]) -> None:
    assert parser().parse_args([*command, "--for", "Tone, pigmentation"]).topics == (Topic.TONE, Topic.PIGMENT)
    assert parser().parse_args(command).topics is None

    with pytest.raises(SystemExit):
        parser().parse_args([command[0], "--help"])


def test_the_help_names_every_topic(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["measure", "--help"])

    said = capsys.readouterr().out
    assert all(str(topic) in said for topic in Topic)


def test_what_can_be_chosen_in_the_app_decides_what_is_measured() -> None:
    assert set(INDICATIONS) - set(TOPICS_OF) == {"other"}
    assert topics_of("") == topics_of("other") == USUAL_TOPICS
    assert topics_of("hair loss") == (Topic.HAIR,)
    assert all(Chosen().metrics(name) for name in INDICATIONS)


@pytest.mark.parametrize("changed", ["what is usual", "a witness"])
def test_whatever_changes_the_choice_of_metrics_makes_stored_results_outdated(
    changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, views = Chosen().signature, [Chosen().metrics(name) for name in (*TOPICS_OF, "")]

    if changed == "what is usual":
        monkeypatch.setattr("tracker.clinic.topics.USUAL_TOPICS", USUAL_TOPICS[:-1])
    else:
        monkeypatch.setattr(
            "tracker.clinic.topics.metrics_about",
            lambda topics=USUAL_TOPICS: tuple(m for m in metrics_about(topics) if m.name != "bruise_area"),
        )

    assert [Chosen().metrics(name) for name in (*TOPICS_OF, "")] != views
    assert Chosen().signature != before


def test_the_choice_of_metrics_is_the_same_as_long_as_nothing_changes() -> None:
    assert Chosen().signature == Chosen().signature
    assert Chosen.of([metric_named("relief")]).signature != Chosen().signature


def test_a_pigment_view_is_measured_for_pigment_and_other_views_as_before(tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as clinic:
        patient = clinic.add_patient(code="A")
        views = [clinic.add_view(patient.id, site="arm", indication=name) for name in ("pigmentation", "")]
        for view in views:
            clinic.add_photo(view.id, photo_bytes(), "a.jpg")
        clinic.measure_waiting()
        reports = [clinic.report(view.id) for view in views]

    expected = metrics_about(topics_of("pigmentation")), metrics_about()
    for report, metrics in zip(reports, expected, strict=True):
        assert report is not None
        assert tuple(line.metric for line in report.timeline.metrics) == metrics


def test_photos_wait_again_only_where_the_choice_of_metrics_changed(tmp_path: Path) -> None:
    relief = metric_named("relief")
    with Clinic.open(tmp_path) as clinic:
        patient = clinic.add_patient(code="A")
        view = clinic.add_view(patient.id, site="thigh", indication="cellulite")
        clinic.add_photo(view.id, photo_bytes(), "a.jpg")
        clinic.measure_waiting()

    with Clinic.open(tmp_path) as same:
        assert same.work().total == 0
    with Clinic.open(tmp_path, metrics=[replace(relief, version=99)]) as other:
        assert other.work().total == 1
        other.measure_waiting()
        report = other.report(view.id)
        assert report is not None
        assert [line.metric.method for line in report.timeline.metrics] == ["relief@99"]
    with Clinic.open(tmp_path) as again:
        assert again.work().total == 1
