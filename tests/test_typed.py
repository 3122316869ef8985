"""Tape and weight are typed: converted, averaged, judged as any metric, and never taken from a photo."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tracker.__main__ import main
from tracker.alignment import in_own_frame
from tracker.errors import MeasurementDeclined, SeriesInvalid
from tracker.measurement import measure
from tracker.measurement.typed import TAPE, TYPED, WEIGHT, read_typed, typed_measurements
from tracker.metrics import METRICS, metric_named
from tracker.phantom import PhantomPhoto
from tracker.photo import read_photo
from tracker.pipeline import track, with_typed
from tracker.report import patient_sentence, practitioner_sentence
from tracker.reports.content import content_of
from tracker.reports.document import report_document
from tracker.timeline import Verdict, timeline

HEADER = "taken_on,quantity,value,unit,reading\n"


def _read(*lines: str, header: str = HEADER) -> tuple[tuple[float, ...], tuple[str, ...]]:
    readings, faults = read_typed((header + "\n".join(lines)).encode())
    return tuple(round(reading.value, 4) for reading in readings), faults


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("2026-03-02,tape,61.5,cm,1", 61.5),
        ("2026-03-02,tape,615,mm,1", 61.5),
        ("2026-03-02,Tape,24,in,2", 60.96),
        ("2026-03-02,weight,70.2,kg,1", 70.2),
        ("2026-03-02,weight,150,LB,", 68.0389),
    ],
)
def test_units_are_converted(line: str, value: float) -> None:
    assert _read(line) == ((value,), ())


def test_a_table_may_be_parted_by_semicolons_with_decimal_commas() -> None:
    assert _read("2026-03-02;tape;61,5;cm;1", header=HEADER.replace(",", ";")) == ((61.5,), ())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("02.03.2026,tape,61,cm,1", "YYYY-MM-DD"),
        ("2026-03-02,fat,61,cm,1", "tape or weight"),
        ("2026-03-02,tape,61,kg,1", "no unit of tape"),
        ("2026-03-02,tape,sixty,cm,1", "is no tape"),
        ("2026-03-02,tape,nan,cm,1", "is no tape"),
        ("2026-03-02,weight,700,kg,1", "20 to 400 kg"),
        ("2026-03-02,tape,61,cm,0", "no reading"),
        pytest.param(f"2026-03-02,tape,61,cm,{'1' * 5000}", "no reading", id="a reading of 5000 digits"),
        ("2026-03-02,tape,61,cm,1_0", "no reading"),
        ("2026-03-02,tape,61,cm,10", "no reading"),
        ("2026-03-02,tape,6_1,cm,1", "is no tape"),
        ("2026-03-02,tape,6.1e1,cm,1", "is no tape"),
        ("2026-03-02,tape,\uff16\uff11,cm,1", "is no tape"),
        ("2026-03-02,tape,-61,cm,1", "is no tape"),
        ("2026-03-02,tape", "no unit"),
    ],
)
def test_a_line_that_cannot_be_used_is_said_in_one_sentence_and_leaves_the_others(line: str, says: str) -> None:
    values, faults = _read(line, "2026-03-02,tape,60,cm,2")

    assert values == (60.0,)
    assert len(faults) == 1
    assert faults[0].startswith("typed.csv, line 2: ")
    assert faults[0].endswith(".")
    assert says in faults[0]


def test_a_reading_is_not_there_twice() -> None:
    values, faults = _read("2026-03-02,tape,60,cm,1", "2026-03-02,tape,61,cm,1")

    assert values == (60.0,)
    assert "line 3" in faults[0]


def test_levels_of_the_tape_are_not_mixed() -> None:
    header = "taken_on,quantity,value,unit,reading,level\n"

    values, faults = _read("2026-03-02,tape,60,cm,1,navel", "2026-03-09,tape,70,cm,1,hip", header=header)

    assert values == (60.0,)
    assert "only one level" in faults[0]


def test_a_scale_has_no_level() -> None:
    header = "taken_on,quantity,value,unit,reading,level\n"
    lines = ["2026-03-02,weight,70,kg,1,bathroom", "2026-03-02,tape,60,cm,1,navel", "2026-03-09,weight,71,kg,1,"]

    assert _read(*lines, header=header) == ((70.0, 60.0, 71.0), ())


@pytest.mark.parametrize(
    "header",
    ["taken_on,taken_on,quantity,value,unit,reading", "taken_on,quantity,value,unit,reading,level, Level"],
)
def test_a_column_that_is_there_twice_is_refused_by_name(header: str) -> None:
    values, faults = _read("2026-03-02,2026-03-09,tape,60,cm,1,1", header=f"{header}\n")

    assert values == ()
    assert len(faults) == 1
    assert f"names {'level' if 'level' in header else 'taken_on'} twice" in faults[0]


_HUGE = b'"' + b"a" * 140_000


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"a,b\n1,2", b"", HEADER.encode() * 20_000, _HUGE, HEADER.encode() + _HUGE]
)
def test_a_file_that_is_no_such_table_is_refused_as_a_whole(data: bytes) -> None:
    readings, faults = read_typed(data)

    assert readings == ()
    assert len(faults) >= 1
    assert all(fault.startswith("typed.csv") for fault in faults[:1])


def test_two_readings_are_averaged_and_their_scatter_counts() -> None:
    readings, _ = read_typed((HEADER + "2026-03-02,tape,60,cm,1\n2026-03-02,tape,64,cm,2").encode())

    (found,) = typed_measurements(readings)

    assert found.value == 62.0
    assert found.uncertainty == pytest.approx(2.0)
    assert found.metric == "tape"


@pytest.mark.parametrize(("readings", "detectable"), [(1, 3.1), (2, 2.9)])
def test_the_smallest_change_of_the_tape_is_what_its_docstring_says(readings: int, detectable: float) -> None:
    lines = [f"2026-03-{day:02},tape,60,cm,{k + 1}" for day in (2, 9) for k in range(readings)]

    found, _ = read_typed((HEADER + "\n".join(lines)).encode())

    (change,) = timeline(typed_measurements(found), (), TYPED).of("tape").changes
    assert change.mdc95 == pytest.approx(detectable, abs=0.05)


@pytest.mark.parametrize(
    ("metric", "unit", "start", "small", "large"), [(TAPE, "cm", 60.0, 2.5, 3.1), (WEIGHT, "kg", 70.0, 1.5, 2.1)]
)
def test_a_change_is_stated_only_beyond_the_published_error(
    metric: object, unit: str, start: float, small: float, large: float
) -> None:
    """2.77 × what 1 cm, or 0.65 kg, and the reading make together: 3.1 cm and 2.0 kg for one reading a day."""
    name = metric.name  # type: ignore[attr-defined]
    lines = [
        f"2026-03-{day:02},{name},{value},{unit},1"
        for day, value in ((2, start), (9, start - small), (16, start - large))
    ]
    readings, _ = read_typed((HEADER + "\n".join(lines)).encode())

    typed = typed_measurements(readings)
    line = timeline(typed, (), TYPED).of(name)
    spread = np.hypot(metric.session_sd, dict(typed[0].parts)["reading"])  # type: ignore[attr-defined]

    assert [change.verdict for change in line.changes] == [Verdict.NO_MEASURABLE_CHANGE, Verdict.CHANGED]
    assert line.changes[1].mdc95 == pytest.approx(1.96 * np.sqrt(2) * spread)
    said = practitioner_sentence(line.changes[1]) + patient_sentence(line.changes[1])
    assert "Measurable decrease" in said
    assert "skin" not in said
    assert not {"fat", "volume", "circumference"} & set(said.lower().split())


def test_typed_quantities_have_names_but_are_not_among_what_photos_give(
    thigh: tuple[PhantomPhoto, ...], calibrated: object
) -> None:
    image = calibrated(thigh[0])  # type: ignore[operator]

    assert metric_named("tape") is TAPE
    assert not set(TYPED) & set(METRICS)
    with pytest.raises(MeasurementDeclined, match="typed"):
        measure(in_own_frame(image), np.ones(image.grid.shape, np.bool_), replace(TAPE), marked=True)


def test_a_report_shows_what_was_typed_after_what_the_photos_gave(thigh: tuple[PhantomPhoto, ...]) -> None:
    photos = [read_photo(photo.jpeg, name=photo.name) for photo in thigh[:2]]
    plain = track(photos, metrics=METRICS[:1])

    table = HEADER + "2026-03-02,weight,70,kg,1\n2026-03-30,weight,66,kg,1\nnonsense"
    report = with_typed(plain, *read_typed(table.encode()))

    assert report.timeline.metrics[:-1] == plain.timeline.metrics
    assert report.timeline.of("weight").latest is not None
    assert report.timeline.of("weight").latest.taken_on == date(2026, 3, 30)  # type: ignore[union-attr]
    assert report.rejections == plain.rejections, "a line is no photo that was left out"
    assert [sentence[:18] for sentence in report.unused_lines] == ["typed.csv, line 4:"]
    assert report_document(report)["unused_lines"] == list(report.unused_lines)
    shown = content_of(report)
    assert [len(rows) for _, rows in shown.photos] == [2]
    assert ("Typed", report.unused_lines[0]) in shown.declined
    assert report.primary is not None
    assert report.primary.metric.name == plain.primary.metric.name  # type: ignore[union-attr]


@pytest.fixture
def folder(thigh: tuple[PhantomPhoto, ...], tmp_path: Path) -> Path:
    """Two photos, and a table with two lines that cannot be used."""
    for photo in thigh[:2]:
        (tmp_path / photo.name).write_bytes(photo.jpeg)
    lines = ["2026-03-02,tape,60,cm,1", "nonsense", f"2026-03-02,tape,60,cm,{'9' * 5000}", "2026-03-30,tape,56,cm,1"]
    (tmp_path / "typed.csv").write_text(HEADER + "\n".join(lines))
    return tmp_path


@pytest.mark.slow
def test_lines_that_cannot_be_used_are_said_apart_from_photos(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track", str(folder), "--out", str(folder / "out"), "--for", "cellulite"]) == 0

    said = capsys.readouterr().out.splitlines()
    assert "2 photos measured, 0 left out." in said
    at = said.index("Not used of what was typed:")
    assert [line[:22] for line in said[at + 1 : at + 3]] == ["  typed.csv, line 3: “", "  typed.csv, line 4: “"]
    assert "typed.csv: typed.csv" not in "\n".join(said)
    assert "typed.csv, line 4" in (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_the_table_is_read_before_anything_is_measured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def read(data: bytes) -> object:
        steps.append("read")
        return read_typed(data)

    def measured(*_: object, **__: object) -> None:
        steps.append("measured")
        raise SeriesInvalid("Stopped here.")

    monkeypatch.setattr("tracker.commands.series.read_typed", read)
    monkeypatch.setattr("tracker.commands.series.track", measured)

    assert main(["track", str(folder), "--out", str(folder / "out"), "--control", str(folder)]) == 1
    assert steps == ["read", "read", "measured"]
