"""Who may import whom. A rule that is not a test is a wish."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "tracker"
JOURNEY = (
    "errors",
    "claims",
    "photo",
    "calibration",
    "region",
    "alignment",
    "shading",
    "quality",
    "dual",
    "measurement",
    "metrics",
    "agreement",
    "trend",
    "repeatability",
    "reader_study",
    "timeline",
    "report",
    "reports",
    "pipeline",
)
BESIDE = {"phantom": {"errors"}, "compute": {"errors"}, "openid": {"errors"}}
CLIENTS = {"requests", "httpx", "urllib3", "aiohttp", "ftplib", "smtplib", "http", "urllib.request"}
TO_THE_OUTSIDE = PACKAGE / "openid" / "fetching.py"
OUTSIDE = {
    "clinic": {*JOURNEY, "compute", "openid", "clinic"},
    "web": {*JOURNEY, "openid", "clinic", "web", "pages"},
    "pages": {*JOURNEY, "clinic", "web", "pages"},
    "commands": {*JOURNEY, "clinic", "web", "phantom", "commands"},
    "__main__": {"errors", "commands"},
    "__init__": set(JOURNEY),
}
FORBIDDEN = {
    "streamlit": {"web", "pages"},
    "sqlalchemy": {"clinic"},
    "sqlite3": {"clinic"},
    "pandas": set(),
    "altair": {"reports", "pages"},
    "typst": {"reports"},
}


def _station(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "tracker"}
    return found


def _own(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in _imports(path) if name.startswith("tracker.") and name.count(".")}
    return {n for n in names if (PACKAGE / n).is_dir() or (PACKAGE / f"{n}.py").is_file()}


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_stations_before_it(path: Path) -> None:
    station = _station(path)
    if station in OUTSIDE:
        allowed = OUTSIDE[station]
    elif station in BESIDE:
        allowed = BESIDE[station] | {station}
    else:
        allowed = set(JOURNEY[: JOURNEY.index(station) + 1])

    assert _own(path) <= allowed, f"{station} reaches up the river"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_heavy_libraries_stay_at_the_bank(path: Path) -> None:
    station = _station(path)
    roots = {name.split(".")[0] for name in _imports(path)}

    assert {name for name, places in FORBIDDEN.items() if name in roots and station not in places} == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_the_measuring_core_never_learns_a_name_of_a_person(path: Path) -> None:
    if _station(path) not in (*JOURNEY, "phantom", "compute", "openid"):
        return
    names = {n.id for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Name)}

    assert "Patient" not in names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_one_module_alone_opens_a_connection_to_the_outside(path: Path) -> None:
    roots = {name.split(".")[0] for name in _imports(path)}
    roots |= {name for name in _imports(path) if name == "urllib.request"}

    assert path == TO_THE_OUTSIDE or not roots & CLIENTS


def test_there_is_no_module_for_homeless_functions() -> None:
    assert not {p.stem for p in MODULES} & {"utils", "helpers", "common", "manager", "service", "misc"}


def test_importing_the_package_loads_neither_streamlit_nor_pandas() -> None:
    program = (
        "import sys, tracker; print([m for m in ('streamlit', 'pandas', 'altair', 'sqlalchemy') if m in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


def test_the_public_surface_is_deliberate() -> None:
    import tracker

    public = {name for name in vars(tracker) if not name.startswith("_")}
    modules = {p.stem if p.is_file() else p.name for p in PACKAGE.iterdir()}

    assert public - modules - {"annotations"} == set(tracker.__all__)
