"""`repeatability` without a clinic: folders of posings → a table and a file, which `compare` judges by."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tracker.__main__ import main
from tracker.errors import StudyInvalid
from tracker.metrics import METRICS, metric_named
from tracker.phantom import PhantomPhoto, series
from tracker.repeatability import MetricStudy, Reading, read_study, study_document, study_metrics
from tracker.report import (
    PARTLY_PROVISIONAL_NOTE,
    PROVISIONAL_NOTE,
    adoption_sentence,
    difference_sentences,
    provisional_note,
    study_row,
    width_sentence,
)
from tracker.timeline import Change
from tracker.timeline.comparing import not_comparable

STUDY = b'{"kind": "repeatability study", "set_up": "s", "metrics": [{"method": "relief@3", "use": %b}]}'
RELIEF, TONE = metric_named("relief"), metric_named("lightness")


def studied(people: int, *, sets: int = 3, shots: int = 2, seed: int = 3) -> tuple[MetricStudy, ...]:
    """Relief with 0.10 between sets and 0.06 between photos, in logarithms; nothing for lightness."""
    rng = np.random.default_rng(seed)
    readings = []
    for who in range(people):
        level = rng.normal(1.0, 0.5)
        for posing in range(sets):
            shift = rng.normal(0.0, 0.10)
            for _ in range(shots):
                value = float(np.exp(level + shift + rng.normal(0.0, 0.06)))
                readings.append(Reading(f"V{who}", str(posing + 1), value))
    return study_metrics([RELIEF, TONE], {"relief": readings})


def written(document: object) -> bytes:
    return json.dumps(document).encode()


def test_what_is_written_is_what_is_judged_by() -> None:
    studies = studied(20)

    found = read_study(written(study_document(studies, "room 2")), METRICS)

    assert studies[0].study is not None
    assert found.of(RELIEF) == pytest.approx(studies[0].study.components.of(1).sd)
    assert (found.source_of(RELIEF), found.set_up) == ("study", "room 2")
    assert found.source_of(TONE) == "provisional"


def test_more_photos_help_as_much_as_the_study_found() -> None:
    relief = studied(20)[0]
    assert relief.study is not None

    found = read_study(written(study_document([relief], "room 2")), METRICS)

    assert found.of(RELIEF, 3) == pytest.approx(relief.study.components.of(3).sd)
    assert found.of(RELIEF, 3) < found.of(RELIEF, 1)


def test_who_has_none_of_it_is_left_out_and_who_has_it_now_and_then_is_not() -> None:
    load = metric_named("spot_load")
    some = [Reading(f"V{k}", str(p), 3.0 + 0.1 * k + 0.05 * p) for k in range(4) for p in (1, 2)]
    none = [Reading("V8", str(p), 0.0) for p in (1, 2)]
    fleeting = [Reading("V9", "1", 0.0), Reading("V9", "2", 1.0)]

    (without,), (with_fleeting,), (empty,) = (
        study_metrics([load], {"spot_load": found}) for found in ([*some, *none], [*some, *fleeting], none)
    )

    assert without.people == 4
    assert with_fleeting.study is None
    assert "ratios need values above zero" in with_fleeting.reason
    assert empty.study is None
    assert "Nobody" in empty.reason


def test_a_study_that_is_too_small_is_written_but_not_judged_by() -> None:
    document = study_document(studied(9), "room 2")

    assert document["metrics"][0]["s_w"]["value"] > 0
    assert document["metrics"][0]["use"] is None
    assert "9 of at least 10 people" in document["metrics"][0]["reason"]
    with pytest.raises(StudyInvalid, match="no value that may be used"):
        read_study(written(document), METRICS)


def test_values_of_another_version_of_a_method_are_not_judged_by() -> None:
    document = study_document(studied(20), "room 2")
    document["metrics"][0]["method"] = "relief@0"

    with pytest.raises(StudyInvalid, match="other methods"):
        read_study(written(document), METRICS)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"kind": "another"}',
        STUDY % b"3",
        STUDY % b'{"session_sd": NaN, "shot_sd": 0}',
        STUDY % b'{"session_sd": -1, "shot_sd": 0}',
        STUDY % b'{"session_sd": 0, "shot_sd": 0}',
        b"[" * 100_000,
    ],
    ids=["empty", "no text", "list", "nothing", "kind", "use", "nan", "negative", "none", "deep"],
)
def test_a_file_that_is_no_study_is_one_sentence(data: bytes) -> None:
    with pytest.raises(StudyInvalid, match="This file is not a study"):
        read_study(data, METRICS)


def test_a_row_says_ratios_in_per_cent_and_what_three_photos_gain() -> None:
    relief, tone = studied(20)
    assert relief.study is not None
    sd, mean = relief.study.components.of(1).sd, relief.study.components.of(3).sd

    row = study_row(relief)

    assert row.spread.startswith(f"{100 * np.expm1(sd):.0f} % (")
    assert (
        row.detectable
        == f"−{-100 * np.expm1(-1.96 * 2**0.5 * sd):.0f} % or +{100 * np.expm1(1.96 * 2**0.5 * sd):.0f} %"
    )
    assert row.averaged.endswith(f"{100 * (1 - mean / sd):.0f} % smaller)")
    assert row.use.startswith("estimate: ")
    assert study_row(tone).spread == "–"
    assert "No photo" in study_row(tone).use


def test_without_second_photos_no_gain_is_claimed() -> None:
    row = study_row(studied(20, shots=1)[0])

    assert row.averaged == "–"
    assert "not told apart" in row.parts


def test_the_sentence_says_which_number_is_used_and_why() -> None:
    assert "upper end of the interval" in adoption_sentence(studied(12))
    assert "The estimate is used" in adoption_sentence(studied(20))
    assert "Nothing can be used" in adoption_sentence(studied(9))
    assert "0.78 to 1.39" in width_sentence(12)


def test_a_drift_from_the_first_to_the_second_posing_is_said() -> None:
    rng = np.random.default_rng(4)
    level = rng.normal(60.0, 5.0, 15)
    readings = [
        Reading(f"V{k}", str(posing), float(level[k] - 2.0 * posing + rng.normal(0.0, 0.3)))
        for k in range(15)
        for posing in (1, 2)
    ]

    steady, drifting = (
        study_metrics([TONE], {"lightness": found})[0]
        for found in ([*(Reading(r.subject, r.posing, r.value + 2.0 * int(r.posing)) for r in readings)], readings)
    )

    assert "something drifts" in difference_sentences(drifting)[0]
    assert "does not differ measurably" in difference_sentences(steady)[0]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people in two posings each, a file that is no photo, and a photo that lies in two places."""
    folder = tmp_path_factory.mktemp("people")
    one, other = (series("thigh", seed=seed, sessions=2, replicates=1, size=(600, 800)) for seed in (3, 4))
    thigh, another = tuple(one), tuple(other)
    for who, photos in (("A", thigh), ("B", another)):
        for posing, photo in (("1", photos[0]), ("2", photos[1])):
            (folder / who / posing).mkdir(parents=True)
            (folder / who / posing / "undated.jpg").write_bytes(photo.jpeg)
    (folder / "A" / "2" / "notes.jpg").write_text("Dear clinic")
    (folder / "B" / "2" / "again.jpg").write_bytes(thigh[0].jpeg)
    (folder / "C" / "1").mkdir(parents=True)
    return folder


@pytest.mark.slow
def test_folders_of_posings_give_a_table_and_say_what_was_left_out(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "study.json"

    code = main(["repeatability", str(people), "--for", "cellulite", "--out", str(out), "--set-up", "room 2", "--json"])

    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == 0
    relief = next(metric for metric in document["metrics"] if metric["name"] == "relief")
    assert (relief["people"], relief["readings"], relief["use"]) == (2, 4, None)
    assert relief["s_w"]["interval"][0] < relief["s_w"]["value"] < relief["s_w"]["interval"][1]
    left_out = {entry["where"]: entry["reason"] for entry in document["left_out"]}
    assert "same file as A/1/undated.jpg" in left_out["B/2/again.jpg"]
    assert {"A/2/notes.jpg", "C/1", "C"} <= left_out.keys()
    assert json.loads(out.read_bytes()) == {name: document[name] for name in ("kind", "set_up", "metrics")}


def test_a_folder_without_people_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repeatability", str(tmp_path)]) == 1
    assert "one folder per person" in capsys.readouterr().err


@pytest.mark.slow
def test_compare_judges_by_the_study_it_is_given(
    thigh: tuple[PhantomPhoto, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / f"{k}.jpg" for k in range(2)]
    for path, photo in zip(paths, thigh, strict=False):
        path.write_bytes(photo.jpeg)
    study = tmp_path / "study.json"
    document = study_document(studied(20), "room 2")
    document["metrics"][0]["use"]["session_sd"] = 0.5
    study.write_bytes(written(document))
    pair = ["compare", *map(str, paths), "--for", "cellulite", "--json"]

    found = {}
    for name, more in (("provisional", []), ("study", ["--repeatability", str(study)])):
        assert main([*pair, *more]) == 0
        metrics = json.loads(capsys.readouterr().out)["metrics"]
        found[name] = next(metric for metric in metrics if metric["name"] == "relief")

    assert {name: metric["mdc_source"] for name, metric in found.items()} == {
        "provisional": "provisional",
        "study": "study",
    }
    assert found["study"]["mdc95"] > found["provisional"]["mdc95"] > 0
    assert main([*pair, "--repeatability", str(paths[0])]) == 1
    assert "not a study" in capsys.readouterr().err


def test_a_note_on_provisional_values_says_whether_all_are() -> None:
    def change(source: str, mdc95: float | None) -> Change:
        nothing = not_comparable(RELIEF, date(2026, 4, 2), "for a test")
        return replace(nothing, mdc95=mdc95, mdc_source=source)

    assert provisional_note([change("study", 12.0)]) == ""
    assert provisional_note([change("study", 12.0), change("provisional", None)]) == ""
    assert provisional_note([change("provisional", 12.0)]) == PROVISIONAL_NOTE
    assert provisional_note([change("study", 12.0), change("provisional", 3.0)]) == PARTLY_PROVISIONAL_NOTE


def test_the_upper_bound_stretches_both_parts_alike() -> None:
    relief = studied(12)[0]
    assert relief.study is not None
    parts, usable = relief.study.components, relief.usable
    assert usable is not None
    assert parts.session is not None
    assert parts.shot is not None

    assert usable.used == "upper bound"
    assert usable.single_sd == pytest.approx(parts.of(1).high)
    assert usable.session_sd / usable.shot_sd == pytest.approx(parts.session.sd / parts.shot.sd)
