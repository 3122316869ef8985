"""Accuracy of geometry, relief, contrasts and colour against rendered skin of known truth.

python benchmarks/accuracy.py [--quick] [--write]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from time import perf_counter

from benchmarks import (
    absorption,
    cards,
    colour,
    contour,
    contrasts,
    courses,
    dual,
    exclusions,
    factorial,
    geometry,
    hair,
    lights,
    lines,
    pores,
    registration,
    relief,
    relief_gauge,
    relief_tones,
    robustness,
    scales,
    spots,
    tones,
    visits,
    wrong_pairs,
)
from benchmarks.accuracy_figures import figures
from benchmarks.accuracy_page import sections
from benchmarks.findings import Findings, plain
from tracker.metrics import METRICS

__all__ = ["figures", "run", "sections"]

PARTS = {
    "geometry": geometry.run,
    "relief": relief.run,
    "relief_tones": relief_tones.run,
    "relief_gauge": relief_gauge.run,
    "dual": dual.run,
    "factorial": factorial.run,
    "contrasts": contrasts.run,
    "spots": spots.run,
    "lines": lines.run,
    "pores": pores.run,
    "colour": colour.run,
    "cards": cards.run,
    "tones": tones.run,
    "robustness": robustness.run,
    "scales": scales.run,
    "lights": lights.run,
    "exclusions": exclusions.run,
    "registration": registration.run,
    "absorption": absorption.run,
    "wrong_pairs": wrong_pairs.run,
    "visits": visits.run,
    "hair": hair.run,
    "contour": contour.run,
    "courses": courses.run,
}


FIRST = ("contrasts", "tones")
"""Where a metric is in several parts, the one that is stated."""


def run(*, quick: bool, workers: int) -> Findings:
    """Photograph, measure and sum up.

    Parameters
    ----------
    quick : bool
        A small subset, for tests.
    workers : int
        Processes.
    """
    began = perf_counter()
    findings: Findings = {
        "quick": quick,
        "version": version(),
        "methods": [metric.method for metric in METRICS],
        "seconds": 0.0,
        "metrics": {},
        "seconds_of": {},
    }
    for name, part in PARTS.items():
        started = perf_counter()
        findings[name] = part(quick=quick, workers=workers)
        findings["seconds_of"][name] = perf_counter() - started
    findings["metrics"] = _metrics(findings)
    findings["seconds"] = perf_counter() - began
    return dict(plain(findings))


def version() -> str:
    """Version of the package, as its project file states it."""
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def _metrics(findings: Findings) -> Findings:
    """Agreement of every metric with the truth, from the part that has it: what the first table of the page shows."""
    swept = findings["relief"]["plane"]["relief"]["all"]
    kept = ("slope", "bias", "r2", "n", "rmse")
    found: Findings = {"relief": {key: swept[key] for key in kept}}
    found["waviness"] = findings["relief_tones"]["waviness"]["plane"]["value"]
    for part in (*FIRST, *PARTS):
        own = findings[part].get("metrics") if isinstance(findings[part], dict) else None
        found |= {name: line for name, line in (own or {}).items() if name not in found}
    return {metric.name: found[metric.name] for metric in METRICS if metric.name in found}


if __name__ == "__main__":
    from benchmarks.report import main

    main("accuracy", __doc__ or "")
