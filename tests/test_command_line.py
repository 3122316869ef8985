"""The other face: `python -m tracker`, as a script would use it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker.metrics import METRICS
from tracker.phantom import PhantomPhoto

Encode = Callable[..., bytes]
ROOT = Path(__file__).resolve().parent.parent


def _run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tracker", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


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
def test_track_writes_every_report_and_the_aligned_photos(tracked: tuple[Path, dict[str, object]]) -> None:
    out, _ = tracked

    assert {p.name for p in out.iterdir()} == {"report.html", "report.pdf", "timeline.csv", "report.json", "aligned"}
    assert (out / "report.pdf").read_bytes()[:5] == b"%PDF-"
    pictures = sorted((out / "aligned").iterdir())
    assert [_size(p) for p in pictures] == [(1200, 900)] * 2


@pytest.mark.slow
def test_track_states_the_change_and_the_file_it_left_out(tracked: tuple[Path, dict[str, object]]) -> None:
    out, document = tracked
    rows = list(csv.DictReader((out / "timeline.csv").read_text(encoding="utf-8").splitlines()))

    assert json.loads((out / "report.json").read_text(encoding="utf-8")) == document
    assert [r["verdict"] for r in rows if r["metric"] == "delta_mi" and r["change"]] == ["better"]
    assert "2026-08-01_notes.jpg is not a photo" in (out / "report.html").read_text(encoding="utf-8")


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
    assert list(found) == [m.name for m in METRICS]
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
