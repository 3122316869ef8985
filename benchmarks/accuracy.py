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
    exclusions,
    factorial,
    geometry,
    hair,
    lights,
    registration,
    relief,
    robustness,
    scales,
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
    "factorial": factorial.run,
    "contrasts": contrasts.run,
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
}


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
    """Agreement of every metric with the truth: what the first table of the page shows."""
    swept = findings["relief"]["plane"]["relief"]["all"]
    kept = ("slope", "bias", "r2", "n", "rmse")
    of_tone = findings["tones"]["metrics"]
    known = {"relief": {key: swept[key] for key in kept}} | dict(findings["contrasts"]["metrics"]) | dict(of_tone)
    return known | dict(findings["hair"]["metrics"]) | dict(findings["contour"]["metrics"])


if __name__ == "__main__":
    from benchmarks.report import main

    main("accuracy", __doc__ or "")
