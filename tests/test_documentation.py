"""What the documents say, held to the code: a sentence that nobody checks goes stale."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tracker
from tracker.__main__ import main, parser
from tracker.calibration import find_markers
from tracker.measurement.typed import TYPED
from tracker.metrics import METRICS
from tracker.phantom import write_series
from tracker.reports import FORMATS
from tracker.reports.table import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
STATED = (*METRICS, *TYPED)
README, METHOD, PROTOCOL, OPERATIONS, CHANGELOG = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in ("README.md", "docs/method.md", "docs/protocol.md", "docs/operations.md", "CHANGELOG.md")
)
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "sample_images/**/*.md", "benchmarks/**/*.md")
    for path in ROOT.glob(pattern)
)
#: Put together here, so that this file does not find itself.
OF_ONE_MACHINE = [f"/{folder}/" for folder in ("work", "tmp", "root")]
OF_A_REGISTRY = [".".join(name) for name in (("pypi", "org"), ("files", "pythonhosted"))]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _blocks(text: str, language: str) -> list[str]:
    return [code for found, code in FENCE.findall(text) if found == language]


def _commands() -> list[str]:
    actions = [a for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return sorted(actions[0].choices)


def _examples() -> list[list[str]]:
    """Every call of the command line that the README shows, as arguments."""
    lines = "\n".join(code for _, code in FENCE.findall(README)).replace("\\\n", " ").splitlines()
    return [shlex.split(line.split("-m tracker ", 1)[1]) for line in lines if "-m tracker " in line]


def _shown_output(command: str) -> str:
    """What the README shows under the call of a command."""
    (block,) = (code for code in _blocks(README, "console") if f"-m tracker {command} " in code)
    return block.replace("\\\n", " ").split("\n", 1)[1].strip()


def _numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def _checks() -> dict[str, str]:
    """Name → limit of every check in the gate, read from its sources."""
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tracker" / "quality").glob("*.py"))]
    calls = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Check", "judged")
        if isinstance(node.args[0], ast.Constant)
    ]
    names, limits = ([ast.literal_eval(call.args[k]) for call in calls] for k in (0, 2))
    return dict(zip(names, limits, strict=True))


def _refusal_codes() -> list[str]:
    stations = ("photo", "region", "alignment", "pipeline")
    paths = [path for station in stations for path in sorted((ROOT / "tracker" / station).glob("*.py"))]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return sorted(set(re.findall(r'code="(\w+)"', sources)) - {"quality"})


def _anchors(path: Path) -> set[str]:
    """Anchors of the headings of a document, as web pages of repositories make them."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken(path: Path) -> list[str]:
    broken = []
    for found in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        target = found[0] or found[1]
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        aim = (path.parent / place).resolve() if place else path
        if not aim.exists() or (anchor and anchor not in _anchors(aim)):
            broken.append(target)
    return broken


def _tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a checkout: there is no list of tracked files")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name]


@pytest.mark.parametrize("metric", STATED, ids=lambda m: m.name)
def test_the_method_describes_every_metric_by_name_and_version(metric: tracker.Metric) -> None:
    assert f"`{metric.name}`" in METHOD
    assert f"`{metric.method}`" in METHOD


def test_the_method_describes_no_version_that_does_not_exist() -> None:
    assert set(re.findall(r"`(\w+@\d+)`", METHOD)) == {metric.method for metric in STATED}


def test_the_table_of_the_session_spread_is_that_of_the_code() -> None:
    table = METHOD.split("### The provisional session spread")[1].split("\n###")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| (.+?) \|", table, re.MULTILINE)
    stated = [(name, float(spread), unit) for name, spread, unit in rows]
    assert stated == [(m.name, m.session_sd, "logarithm" if m.multiplicative else m.unit) for m in STATED]


def test_the_method_names_the_set_up_that_the_spread_holds_for() -> None:
    assert f"**{tracker.Repeatability().set_up}**" in METHOD


def test_every_check_of_the_gate_is_in_the_method_with_its_limit() -> None:
    checks = _checks()
    assert len(checks) > 5
    for name, limit in checks.items():
        rows = [line for line in METHOD.splitlines() if line.startswith(f"| `{name}` |")]
        assert rows, name
        assert any(set(NUMBER.findall(limit)) <= set(NUMBER.findall(row)) for row in rows), (name, limit)


def test_every_reason_to_refuse_a_photo_is_in_the_protocol() -> None:
    codes = _refusal_codes()
    assert "different_area" in codes
    assert [code for code in codes if f"`{code}`" not in PROTOCOL] == []


def test_every_check_of_the_gate_is_in_the_protocol() -> None:
    assert [name for name in _checks() if f"`{name}`" not in PROTOCOL] == []


@pytest.mark.parametrize("command", _commands())
def test_the_readme_and_the_manual_show_every_command(command: str) -> None:
    assert command in {example[0] for example in _examples()}
    assert re.search(rf"^\| `{command}[ `]", OPERATIONS, re.MULTILINE)


@pytest.mark.parametrize("example", _examples(), ids=" ".join)
def test_an_example_of_the_command_line_is_accepted_by_it(example: list[str]) -> None:
    assert callable(parser().parse_args(example).run)


@pytest.mark.parametrize("command", ["measure", "compare"])
def test_the_readme_shows_what_a_command_really_prints(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = (example for example in _examples() if example[0] == command)
    assert main([str(ROOT / part) if part.startswith("sample_images/") else part for part in example]) == 0
    printed, shown = capsys.readouterr().out.strip(), _shown_output(command)
    assert NUMBER.sub("0", printed) == NUMBER.sub("0", shown)
    # Another processor rounds the last digit the other way.
    assert _numbers(printed) == pytest.approx(_numbers(shown), abs=0.1)


def test_the_manual_names_the_columns_of_the_table_and_the_files_of_a_report() -> None:
    listed = [part.strip() for part in re.findall(r"`(taken_on, digest[^`]*)`", OPERATIONS)[0].split(",")]
    assert tuple(listed) == COLUMNS
    assert [f.file_name for f in FORMATS if f.file_name not in OPERATIONS] == []


def test_the_version_of_the_package_has_an_entry_in_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.search(rf"^## \[{re.escape(project['version'])}\]", CHANGELOG, re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_and_image_of_a_document_leads_somewhere(path: Path) -> None:
    assert _broken(path) == []


def test_every_file_that_the_readme_names_exists() -> None:
    words = re.findall(r"[\w./-]+", README)
    named = {
        word.rstrip(".")
        for word in words
        if re.match(r"\./\w|(?:docs|tests|tracker|sample_images)/\w", word)
        or re.fullmatch(r"[\w-]+\.(lock|toml)", word)
    }
    assert len(named) > 5
    pictures = {name for name in named if name.startswith("docs/images/")}  # held by the test of links above
    assert sorted(name for name in named - pictures if not (ROOT / name).exists()) == []


def test_the_python_of_the_readme_runs_on_a_folder_of_photos(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path, "null", sessions=2, replicates=1, size=(480, 640))
    (code,) = _blocks(README, "python")
    folder = "sample_images/thigh-left-treated"
    assert folder in code
    exec(compile(code.replace(folder, tmp_path.as_posix()), "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_markers_of_the_protocol_are_found_at_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = _blocks(PROTOCOL, "python")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "protocol.md", "exec"), {})
    for number in range(4):
        with Image.open(tmp_path / f"marker-{number}.png") as picture:
            printed_mm = picture.width / picture.info["dpi"][0] * 25.4
            page = np.full((1000, 1000), 140, np.uint8)
            page[100:820, 100:820] = np.asarray(picture.convert("L"))
        (marker,) = find_markers(page)
        assert marker.id == number
        assert marker.side_px * printed_mm / 720 == pytest.approx(20.0, abs=0.05)


def test_nothing_tracked_names_one_machine_or_a_package_registry() -> None:
    found = []
    for path in _tracked():
        data = path.read_bytes() if path.is_file() else b""
        if b"\0" in data:
            continue
        text = data.decode("utf-8", "replace")
        found += [(path.name, pattern) for pattern in OF_ONE_MACHINE + OF_A_REGISTRY if pattern in text]
    assert found == []
