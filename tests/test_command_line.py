"""The other face: `python -m tracker`, as a script would use it."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tracker.__main__ import main
from tracker.metrics import metric_named, metrics_about
from tracker.phantom import PhantomPhoto
from tracker.report import without_title
from tracker.reports import FORMATS

Encode = Callable[..., bytes]
ROOT = Path(__file__).resolve().parent.parent


def _run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tracker", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def _days(folder: Path) -> list[str]:
    return sorted(path.name[:10] for path in folder.glob("*_pigment_*.jpg"))


@pytest.fixture(scope="module")
def folder(pigment: tuple[PhantomPhoto, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos of a fading patch with their region, and one file that is no photo."""
    path = tmp_path_factory.mktemp("series")
    for photo in (pigment[0], pigment[2]):
        (path / photo.name).write_bytes(photo.jpeg)
    corners = np.asarray(pigment[0].region, float).tolist()
    (path / "region.json").write_text(json.dumps({"polygon": corners}))
    (path / "2026-08-01_notes.jpg").write_text("Dear clinic, please find attached")
    (path / "readme.txt").write_text("not a photo, and not said to be one")
    return path


@pytest.fixture(scope="module")
def tracked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    out = tmp_path_factory.mktemp("out")
    done = _run("track", folder, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


@pytest.mark.slow
def test_track_writes_every_report_and_the_aligned_photos(
    tracked: tuple[Path, dict[str, object]], folder: Path
) -> None:
    out, _ = tracked

    assert {p.name for p in out.iterdir()} == {*(form.file_name for form in FORMATS), "aligned", "overlays"}
    assert (out / "report.pdf").read_bytes()[:5] == b"%PDF-"
    pictures = sorted((out / "aligned").iterdir())
    assert [_size(p) for p in pictures] == [(1200, 900)] * 2
    shown = sorted(p.name for p in (out / "overlays").iterdir())
    assert shown == [f"{name}-{day}.jpg" for name in ("delta_ei", "delta_mi") for day in _days(folder)]
    assert all(_size(out / "overlays" / name)[1] > 900 for name in shown), "the legend lies below the picture"
    assert (out / "report.html").read_text(encoding="utf-8").count("Where the number comes from") == 2


@pytest.mark.slow
def test_track_states_the_change_and_the_file_it_left_out(tracked: tuple[Path, dict[str, object]]) -> None:
    out, document = tracked
    rows = list(csv.DictReader((out / "timeline.csv").read_text(encoding="utf-8").splitlines()))

    assert json.loads((out / "report.json").read_text(encoding="utf-8")) == document
    assert [r["verdict"] for r in rows if r["metric"] == "delta_mi" and r["change"]] == ["better"]
    assert "2026-08-01_notes.jpg is not a photo" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_report_says_what_colour_and_scale_of_each_photo_rest_on(
    tracked: tuple[Path, dict[str, Any]], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *map(str, sorted(folder.glob("*_pigment_*.jpg"))), "--json"]) == 0
    pair = json.loads(capsys.readouterr().out)

    photos = tracked[1]["photos"]
    assert [p["scale"] for p in photos] == [pair[which]["scale"] for which in ("reference", "moving")]
    assert [p["colour"] for p in photos] == [pair[which]["colour"] for which in ("reference", "moving")]
    assert all("marker" in p["scale"]["source"] and p["scale"]["relative_uncertainty"] > 0 for p in photos)
    assert {c["advice"] for c in (*photos[1]["quality"], *pair["quality"]) if c["status"] == "ok"} == {None}


@pytest.mark.slow
def test_the_table_has_the_promised_columns(tracked: tuple[Path, dict[str, object]]) -> None:
    header = (tracked[0] / "timeline.csv").read_text(encoding="utf-8").splitlines()[0]

    assert header == (
        "taken_on,digest,view,metric,method,unit,value,uncertainty,change,change_low,change_high,mdc95,verdict,reason"
    )


@pytest.mark.slow
def test_align_writes_the_picture_and_the_map_in_the_promised_form(folder: Path, tmp_path: Path) -> None:
    first, last = sorted(folder.glob("*_pigment_*.jpg"))

    done = _run("align", first, last, "--out", tmp_path, "--json")

    document = json.loads(done.stdout)
    assert set(document) >= {"status", "reason", "code", "overlap", "error_px", "error_mm", "seconds"}
    assert document["status"] == "aligned"
    assert 0 < document["error_px"] < 3
    assert _size(tmp_path / "aligned.png") == (1200, 900)
    with np.load(tmp_path / "map.npz") as stored:
        shape = (len(stored["rows"]), len(stored["cols"]))
        assert all(stored[name].shape == shape for name in ("moving_row", "moving_col", "sd"))
        assert stored["moving_row"].dtype == np.float32
        assert np.diff(stored["cols"]).max() <= 0.01 * 1200 + 1e-6
        covered = np.isfinite(stored["moving_row"])
        assert np.isfinite(stored["sd"][covered]).all()


@pytest.mark.slow
def test_the_map_is_the_true_map(folder: Path, pigment: tuple[PhantomPhoto, ...], tmp_path: Path) -> None:
    first, last = sorted(folder.glob("*_pigment_*.jpg"))
    _run("align", first, last, "--out", tmp_path)
    truth = pigment[2].truth

    with np.load(tmp_path / "map.npz") as stored:
        found = np.stack([_on_nodes(stored, name, truth.rows, truth.cols) for name in ("moving_row", "moving_col")])
    error = np.hypot(*(found - np.stack([truth.moving_row, truth.moving_col])))

    assert np.nanmedian(error) < 1.0  # pixels of a 1200-pixel photo


def _on_nodes(stored: np.lib.npyio.NpzFile, name: str, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    from scipy.interpolate import RegularGridInterpolator

    field = RegularGridInterpolator((stored["rows"], stored["cols"]), stored[name], bounds_error=False)
    return field(np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1))


@pytest.mark.slow
def test_compare_gives_every_metric_a_verdict_or_a_reason(folder: Path) -> None:
    first, last = sorted(folder.glob("*_pigment_*.jpg"))

    document = json.loads(_run("compare", first, last, "--region", folder / "region.json", "--json").stdout)

    found = {m["name"]: m for m in document["metrics"]}
    assert list(found) == [m.name for m in metrics_about()]
    parts = found["delta_mi"]["uncertainty_parts"]
    assert sum(part**2 for part in parts.values()) == pytest.approx(found["delta_mi"]["uncertainty"] ** 2, rel=1e-3)
    assert {"region", "alignment", "scale"} <= set(parts)
    assert found["ita"]["uncertainty_parts"] is None
    assert found["delta_mi"]["verdict"] == "better"
    low, high = found["delta_mi"]["interval"]
    assert low < found["delta_mi"]["change"] < high < 0
    assert found["delta_mi"]["mdc_source"] == "provisional"
    assert found["ita"]["verdict"] == "not comparable"
    assert "colour chart" in found["ita"]["reason"]
    assert {c["status"] for c in document["quality"]} <= {"ok", "warn", "block"}


@pytest.mark.slow
def test_two_different_limbs_are_a_result_and_not_an_error(
    folder: Path, thigh: tuple[PhantomPhoto, ...], tmp_path: Path
) -> None:
    other = tmp_path / "other.jpg"
    other.write_bytes(thigh[0].jpeg)
    first = min(folder.glob("*_pigment_*.jpg"))

    done = _run("align", first, other, "--out", tmp_path / "out", "--json")
    compared = json.loads(_run("compare", first, other, "--json").stdout)

    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "rejected"
    assert json.loads(done.stdout)["reason"].endswith(".")
    assert {m["verdict"] for m in compared["metrics"]} == {"not comparable"}


def test_measure_prints_values_and_reasons(folder: Path) -> None:
    first = min(folder.glob("*_pigment_*.jpg"))

    document = json.loads(_run("measure", first, "--region", folder / "region.json", "--json").stdout)

    found = {m["name"]: m for m in document["photos"][0]["metrics"]}
    assert found["delta_mi"]["value"] > 3
    assert found["relief"]["value"] is None
    assert found["relief"]["reason"].endswith(".")


@pytest.fixture(scope="module")
def spoiled(thigh: tuple[PhantomPhoto, ...], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A good photo of a thigh, and a later one as it is, far out of focus, and far too bright."""
    path = tmp_path_factory.mktemp("spoiled")
    for name, photo in (("2026-01-01_good.jpg", thigh[0]), ("2026-02-01_later.jpg", thigh[1])):
        (path / name).write_bytes(photo.jpeg)
    with Image.open(io.BytesIO(thigh[1].jpeg)) as picture:
        picture.filter(ImageFilter.GaussianBlur(8)).save(path / "2026-02-01_blurred.png")
        picture.point(lambda level: min(255, round(1.9 * level))).save(path / "2026-02-01_bright.png")
    return {file.stem.split("_")[1]: file for file in path.iterdir()}


def _compared(capsys: pytest.CaptureFixture[str], *photos: Path) -> dict[str, Any]:
    assert main(["compare", *map(str, photos), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def _statuses(checks: list[dict[str, Any]]) -> dict[str, str]:
    return {check["check"]: check["status"] for check in checks}


def test_the_checks_of_a_pair_that_cannot_be_aligned_are_those_of_the_photo_that_is_refused(
    spoiled: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    document = _compared(capsys, spoiled["good"], spoiled["blurred"])

    (advice,) = [c["advice"] for c in document["quality"] if c["check"] == "blur"]
    assert document["alignment"]["code"] == "blur"
    assert _statuses(document["quality"])["blur"] == "block"
    assert _statuses(document["reference_quality"])["blur"] == "ok"
    assert {(m["reason"], *m["blocked_by"]) for m in document["metrics"]} == {(advice, "blur")}


def test_the_checks_of_a_spoiled_reference_are_not_those_of_the_photo(
    spoiled: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    document = _compared(capsys, spoiled["bright"], spoiled["good"])

    assert _statuses(document["reference_quality"])["clipping"] == "block"
    assert _statuses(document["quality"])["clipping"] == "ok"
    assert all("clipping" in m["blocked_by"] for m in document["metrics"])


@pytest.mark.slow
def test_every_check_that_warns_or_blocks_is_said_once_for_people(
    spoiled: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    other_side = [ROOT / "sample_images" / "thigh-left-treated" / f"2026-03-{day}_thigh_1.jpg" for day in ("02", "19")]
    pairs = (("good", "blurred"), ("bright", "good"), ("good", "bright"))
    for photos in (*([spoiled[name] for name in pair] for pair in pairs), other_side):
        assert main(["compare", *map(str, photos)]) == 0
        lines = capsys.readouterr().out.splitlines()
        document = _compared(capsys, *photos)
        said = document["summary"]
        assert lines[: len(said)] == said
        told_together = {
            without_title(m["reason"], metric_named(m["name"]).title) for m in document["metrics"] if m["reason"]
        }
        assert len(said) == len(told_together) + sum(m["reason"] is None for m in document["metrics"])
        refusals = " ".join(m["reason"] or "" for m in document["metrics"])
        for photo, quality in zip(photos, ("reference_quality", "quality"), strict=True):
            for advice in filter(None, (check["advice"] for check in document[quality])):
                line = f"{photo.name}: {advice}"
                assert lines.count(line) == (0 if advice in refusals else 1)
                told.append(line in lines)
    assert set(told) == {True, False}


def test_a_photo_that_cannot_be_a_baseline_is_measured_with_its_checks(
    spoiled: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", str(spoiled["blurred"]), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["photos"]
    assert main(["measure", str(spoiled["blurred"])]) == 0

    (advice,) = [c["advice"] for c in document["quality"] if c["status"] == "block"]
    assert {(m["value"], m["reason"]) for m in document["metrics"]} == {(None, advice)}
    assert capsys.readouterr().out.splitlines() == [spoiled["blurred"].name, f"  {advice}"]


def _saved(rgb: np.ndarray, kind: str, mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(rgb).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def _huge_header() -> bytes:
    """A PNG that promises 900 megapixels in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def _delivered(kind: str) -> bytes:
    rgb = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    return {
        "zero bytes": lambda: b"",
        "cut off": lambda: _saved(rgb, "JPEG")[:9000],
        "printing colours": lambda: _saved(rgb, "JPEG", "CMYK"),
        "animated": lambda: _saved(rgb, "WEBP", save_all=True, append_images=[Image.fromarray(255 - rgb)]),
        "one pixel": lambda: _saved(rgb[:1, :1], "PNG"),
        "a promise of too many pixels": _huge_header,
        "a PNG by another name": lambda: _saved(rgb, "PNG"),
        "16-bit grey": lambda: _saved(rgb[..., 0].astype(np.uint16) * 257, "PNG", "I;16"),
        "transparent": lambda: _saved(np.dstack([rgb, rgb[..., 0]]), "PNG", "RGBA"),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("zero bytes", "is an empty file"),
        ("cut off", "is damaged or cut off"),
        ("printing colours", "is in printing colours"),
        ("animated", "holds several pictures"),
        ("one pixel", "is only 1 × 1 pixels"),
        ("a promise of too many pixels", "has more than 60 megapixels"),
    ],
)
def test_a_file_that_is_no_usable_photo_gets_one_sentence(
    kind: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(_delivered(kind))

    code = main(["measure", str(path), "--json"])

    printed = capsys.readouterr()
    assert code == 1
    assert printed.out == ""
    assert printed.err.startswith(f"tracker: photo.jpg {said}")
    assert printed.err.endswith(".\n")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("a PNG by another name", "is a PNG file"),
        ("16-bit grey", "16-bit greyscale"),
        ("transparent", "Transparent parts"),
    ],
)
def test_an_unusual_photo_is_read_and_what_was_done_is_said(
    kind: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(_delivered(kind))

    code = main(["measure", str(path), "--json"])

    (document,) = json.loads(capsys.readouterr().out)["photos"]
    assert code == 0
    assert any(said in note for note in document["notes"])
    assert document["reason"] is None


def test_measure_reports_the_good_photos_beside_one_that_cannot_be_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = min(folder.glob("*_pigment_*.jpg")), folder / "2026-08-01_notes.jpg"

    assert main(["measure", str(bad), str(good), "--region", str(folder / "region.json"), "--json"]) == 0

    refused, measured = json.loads(capsys.readouterr().out)["photos"]
    assert list(refused) == list(measured)
    assert (refused["name"], refused["digest"], refused["taken_on"]) == (bad.name, None, None)
    assert (refused["quality"], refused["notes"]) == ([], [])
    assert {m["value"] for m in refused["metrics"]} == {None}
    assert {m["reason"] for m in refused["metrics"]} == {refused["reason"]}
    assert "is not a photo" in refused["reason"]
    assert measured["reason"] is None
    assert any(m["value"] is not None for m in measured["metrics"])


def test_a_photo_that_cannot_be_read_is_one_line_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = min(folder.glob("*_pigment_*.jpg")), folder / "2026-08-01_notes.jpg"

    assert main(["measure", str(good), str(bad)]) == 0

    *_, name, reason = capsys.readouterr().out.splitlines()
    assert name == bad.name
    assert reason.startswith(f"  {bad.name} is not a photo")


def _difficult_name(folder: Path) -> Path:
    """A file name that is no UTF-8 and has a line break; some systems do not have such names."""
    path = folder / os.fsdecode(b"2026-08-02_le\xfft\n\x1b[31m.jpg")
    try:
        path.write_bytes(b"Dear clinic")
    except OSError:
        pytest.skip("this file system refuses the name")
    return path


def test_a_name_that_no_terminal_can_show_costs_no_document(folder: Path, tmp_path: Path) -> None:
    bad, good = _difficult_name(tmp_path), min(folder.glob("*_pigment_*.jpg"))

    done = _run("measure", bad, good, "--json", PYTHONIOENCODING="cp1252")
    alone = _run("measure", bad, PYTHONIOENCODING="cp1252")

    assert done.returncode == 0
    assert json.loads(done.stdout)["photos"][0]["name"] == "2026-08-02_le�t��[31m.jpg"
    assert alone.returncode == 1
    assert alone.stderr.startswith("tracker: 2026-08-02_le�t��[31m.jpg is not a photo")
    assert alone.stderr.count("\n") == 1


@pytest.mark.slow
def test_track_reports_a_photo_whose_name_cannot_be_shown(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folder, tmp_path / "series")
    photo = min(folder.glob("*_pigment_*.jpg"))
    _difficult_name(tmp_path / "series").write_bytes(photo.read_bytes())
    _difficult_name(tmp_path / "series").with_suffix(".heic").write_bytes(b"\0\0\0\x18ftypheic")

    assert main(["track", str(tmp_path / "series"), "--out", str(tmp_path / "out"), "--json"]) == 0

    document = json.loads(capsys.readouterr().out)
    named = [r["name"] for r in document["rejections"]]
    assert len(named) == 3
    assert all(name.isprintable() for name in named)


def test_a_document_is_whole_before_the_first_character_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    from tracker.commands.printing import print_json

    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"first": 1, "second": float("nan")})

    assert capsys.readouterr().out == ""


def test_a_stream_that_cannot_change_its_encoding_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setattr(sys, "stdout", io.StringIO())

    assert main(["measure", "absent.jpg"]) == 1
    assert said.getvalue().startswith("tracker: absent.jpg could not be opened")


def test_a_command_that_is_stopped_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(module: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracker.__main__.import_module", stopped)

    assert main(["measure", "photo.jpg"]) == 1
    assert capsys.readouterr().err == "tracker: stopped.\n"


def test_a_refused_pair_leaves_nothing_of_the_pair_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, out = tmp_path / "2026-01-01.png", tmp_path / "out"
    photo.write_bytes(_saved(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8), "PNG"))
    other = tmp_path / "2026-02-01.png"
    other.write_bytes(_saved(np.full((300, 400, 3), 90, np.uint8), "PNG"))
    out.mkdir()
    for name in ("aligned.png", "map.npz", "notes.txt"):
        (out / name).write_text("from before")

    assert main(["align", str(photo), str(other), "--out", str(out), "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["status"] == "rejected"
    assert [p.name for p in out.iterdir()] == ["notes.txt"]


@pytest.mark.slow
def test_track_leaves_nothing_of_an_earlier_run_and_everything_else(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    aligned = tmp_path / "aligned"
    aligned.mkdir()
    for name in ("2020-01-01_0123abcd.jpg", "2020-01-01_left.jpg", "holiday.jpg"):
        (aligned / name).write_text("from before")

    (tmp_path / "overlays").mkdir()
    for name in ("relief-2020-01-01.jpg", "holiday-2020-01-01.jpg"):
        (tmp_path / "overlays" / name).write_text("from before")

    assert main(["track", str(folder), "--out", str(tmp_path)]) == 0

    names = {p.name for p in aligned.iterdir()}
    assert "2020-01-01_0123abcd.jpg" not in names
    assert names > {"2020-01-01_left.jpg", "holiday.jpg"}
    assert len(names) == 4
    overlays = {p.name for p in (tmp_path / "overlays").iterdir()}
    assert "relief-2020-01-01.jpg" not in overlays
    assert overlays > {"holiday-2020-01-01.jpg"}


def test_what_a_run_reads_is_never_removed_before_it(tmp_path: Path) -> None:
    from tracker.commands.printing import forget

    read, stale = tmp_path / "2020-01-01_0123abcd.jpg", tmp_path / "2020-01-02_0123abcd.jpg"
    for path in (read, stale):
        path.write_text("from before")

    forget([read, stale, tmp_path / "absent.jpg", tmp_path], keep=[read])

    assert list(tmp_path.iterdir()) == [read]


@pytest.mark.slow
@pytest.mark.shared
def test_tone_is_shown_where_a_real_colour_chart_is_in_the_picture() -> None:
    photo = ROOT / "sample_images" / "colour-card" / "IMG_1971_passport_photo.png"

    document = json.loads(_run("measure", photo, "--json").stdout)

    found = {m["name"]: m["value"] for m in document["photos"][0]["metrics"]}
    assert found["ita"] is not None or "skin" in document["photos"][0]["metrics"][0]["reason"]


def test_phantom_writes_photos_and_truth(tmp_path: Path) -> None:
    done = _run("phantom", "--out", tmp_path, "--sessions", 1, "--replicates", 1, "--scenario", "pigment")

    truth = json.loads((tmp_path / "truth.json").read_text())
    assert done.returncode == 0
    assert {"warp", "light", "metrics"} <= set(truth["photos"][0])
    assert (tmp_path / truth["photos"][0]["file"]).is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["track", "x"],
        ["align", "a", "--out", "o"],
        ["measure"],
        ["phantom", "--out", "o", "--sessions", "0"],
        ["phantom", "--out", "o", "--seed", "-1"],
    ],
)
def test_wrong_usage_is_exit_code_two(arguments: list[str]) -> None:
    done = _run(*arguments)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def _unusable(kind: str, tmp_path: Path, encode: Encode) -> list[object]:
    rgb = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    photo = tmp_path / "2026-01-01.png"
    photo.write_bytes(encode(rgb))
    empty = tmp_path / "empty"
    empty.mkdir()
    return {
        "no such folder": ["track", tmp_path / "absent", "--out", tmp_path / "o"],
        "a folder with no photos": ["track", empty, "--out", tmp_path / "o"],
        "a folder with one photo": ["track", tmp_path, "--out", tmp_path / "o"],
        "a missing photo": ["align", tmp_path / "absent.jpg", photo, "--out", tmp_path / "o"],
        "text as a photo": ["measure", __file__],
        "a region outside": ["compare", photo, photo, "--region", _region(tmp_path, [[900, 0], [900, 9], [990, 9]])],
        "no region at all": ["compare", photo, photo, "--region", tmp_path / "absent.json"],
        "an unknown scenario": ["phantom", "--out", tmp_path / "o", "--scenario", "dragon"],
        "an output that cannot be made": ["align", photo, photo, "--out", photo / "inside"],
    }[kind]


@pytest.mark.parametrize("command", ["measure", "compare"])
def test_an_empty_distance_is_refused_and_not_left_out(
    command: str, tmp_path: Path, encode: Encode, noise_rgb: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "2026-01-01.png"
    photo.write_bytes(encode(noise_rgb))

    code = main([command, *[str(photo)] * (2 if command == "compare" else 1), "--distance", ""])

    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    assert printed.err.startswith("tracker: “” is no known distance; write both points and the length as ")


def _region(tmp_path: Path, corners: list[list[int]]) -> Path:
    path = tmp_path / "outside.json"
    path.write_text(json.dumps({"polygon": corners}))
    return path


@pytest.mark.parametrize(
    "kind",
    [
        "no such folder",
        "a folder with no photos",
        "a folder with one photo",
        "a missing photo",
        "text as a photo",
        "a region outside",
        "no region at all",
        "an unknown scenario",
        "an output that cannot be made",
    ],
)
def test_an_input_that_cannot_be_used_gets_one_sentence_and_exit_code_one(
    kind: str, tmp_path: Path, encode: Encode
) -> None:
    done = _run(*_unusable(kind, tmp_path, encode))

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("tracker: ")
    assert done.stderr.rstrip().endswith(".")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_demonstration_is_loaded_once(tmp_path: Path) -> None:
    first, second = (_run("demo", TRACKER_HOME=str(tmp_path)) for _ in range(2))

    assert (first.returncode, second.returncode) == (0, 0)
    assert "24 photos added" in first.stdout
    assert " 0 photos added" in second.stdout
