"""The validation page: one table of every metric, the sections of the benchmarks, and where they fall short."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from benchmarks.anchors import ANCHORS, SOURCES, TARGETS, Target
from benchmarks.charts import save
from benchmarks.estimates import Proportion, proportion
from benchmarks.findings import RESULTS, Findings, store, stored
from benchmarks.markdown import NONE, number, table
from tracker.metrics import METRICS
from tracker.phantom import RIGS

ROOT = Path(__file__).resolve().parent.parent
PAGE, IMAGES = ROOT / "docs" / "validation.md", ROOT / "docs" / "images"
MOST_ALARMS, LEAST_COVERED = 0.07, 0.93
"""Limits that the whole interval of a proportion must be beyond before it is called wrong."""
NAMES = ("accuracy", "repeatability", "speed")


def page(results: Path = RESULTS) -> str:
    """The page made of the stored findings: the same findings give the same text."""
    found = {name: stored(name, results) for name in NAMES}
    accuracy, repeatability = (found[name] or {} for name in ("accuracy", "repeatability"))
    parts = [
        _head(found),
        _summary(accuracy, repeatability),
        _shortfalls(accuracy, repeatability),
        *(
            importlib.import_module(f"benchmarks.{name}").sections(findings)
            for name, findings in found.items()
            if findings
        ),
        _foot(),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def draw(results: Path = RESULTS, folder: Path = IMAGES) -> list[Path]:
    """Write the figures of the stored findings."""
    written: list[Path] = []
    for name in NAMES:
        findings = stored(name, results)
        if findings:
            written += save(importlib.import_module(f"benchmarks.{name}").figures(findings), folder)
    return written


def write() -> None:
    """Write the page and its figures from the stored findings."""
    PAGE.write_text(page(), encoding="utf-8")
    draw()


def main(name: str, description: str) -> None:
    """Command line of one benchmark: print its sections; with ``--write``, store them and write the page."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small subset; never stored")
    parser.add_argument("--write", action="store_true", help="store the findings and write docs/validation.md")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("what a quick run finds is too little to be written down")
    benchmark = importlib.import_module(f"benchmarks.{name}")
    findings = benchmark.run(quick=options.quick, workers=options.workers)
    if options.write:
        store(name, findings)
        write()
    print(benchmark.sections(findings))


def _head(found: dict[str, Findings | None]) -> str:
    seconds = {name: findings.get("seconds") for name, findings in found.items() if findings}
    times = ", ".join(f"{name} {number(value, 0)} s" for name, value in seconds.items() if value) or NONE
    accuracy = found["accuracy"] or {}
    methods = ", ".join(f"`{method}`" for method in accuracy.get("methods", ())) or NONE
    return f"""\
# Validation: how right and how repeatable the numbers are

Written by `python -m benchmarks --write` of version {accuracy.get("version", NONE)}, which took: {times}.
Methods: {methods}.
Do not edit this page: `tests/test_validation.py` holds it to the stored findings in `benchmarks/results/`.

Everything here is measured on **rendered skin**. Its relief, melanin, blood and pose are known exactly, so an error is
an error and not an opinion. It is not skin: see [what this cannot show](#what-this-cannot-show). Numbers are as they
came out, and no factor, seed or limit was tuned to them. Where a set-up was changed after a first look (the lamp at 45°
for skin tone), the other result stands beside it. What falls short stands
[right below the first table](#where-it-falls-short)."""


def _summary(accuracy: Findings, repeatability: Findings) -> str:
    rows = [_row(metric.name, metric.symbol, metric.unit, accuracy, repeatability) for metric in METRICS]
    header = [
        "metric", "unit", "slope", "bias", "R²", *(f"MDC95, {rig.name}" for rig in RIGS), "false alarms",
        "coverage of 95 % intervals", "published anchor",
    ]  # fmt: skip
    return f"""\
## Summary

Slope, bias and R² are against the truth. MDC95 is the change between two single photos that unchanged skin exceeds once
in twenty, over re-posed and re-lit photos that pass the gate (relief in per cent, as a decrease). False alarms are
unchanged pairs that were called changed. Intervals are exact (Clopper–Pearson, 95 %) over all three rigs.

{table(header, rows)}

A dash is a number that was not measured."""


def _row(name: str, symbol: str, unit: str, accuracy: Findings, repeatability: Findings) -> list[str]:
    line = accuracy.get("metrics", {}).get(name, {})
    repeated = repeatability.get("metrics", {}).get(name, {})
    mdc = repeated.get("mdc95", {})
    return [
        f"{symbol} (`{name}`)", unit, number(line.get("slope")), number(line.get("bias"), signed=True),
        number(line.get("r2"), 3), *(number(mdc.get(rig.name), 1) for rig in RIGS),
        _pooled(repeated.get("false_alarms")), _pooled(repeated.get("coverage")), ANCHORS.get(name, NONE),
    ]  # fmt: skip


def _pooled(by_rig: dict[str, list[int]] | None) -> str:
    if not by_rig:
        return NONE
    count, of = (sum(pair[at] for pair in by_rig.values()) for at in (0, 1))
    return str(proportion(count, of))


def _shortfalls(accuracy: Findings, repeatability: Findings) -> str:
    judged = [(target, target.of(accuracy, repeatability)) for target in TARGETS] if accuracy else []
    known = [(target, value) for target, value in judged if value is not None]
    missed = [(target, value) for target, value in known if target.missed(value)]
    claims = _claims(repeatability)
    rows = [[target.what, number(value, 3), _limits(target), number(_by(target, value), 3)] for target, value in missed]
    listed = table(["target missed", "found", "target", "by"], rows) if rows else "None of the targets is missed."
    return f"""\
## Where it falls short

{len(known)} targets stood in the specification before anything was measured; {len(missed)} are missed.

{listed}
{claims}"""


def _by(target: Target, value: float) -> float:
    limits = [limit for limit in (target.least, target.most) if limit is not None]
    return min(abs(value - limit) for limit in limits)


def _limits(target: Target) -> str:
    least, most = (None if limit is None else f"{limit:g}".replace("-", "−") for limit in (target.least, target.most))
    if least is None or most is None:
        return f"at least {least}" if most is None else f"at most {most}"
    return f"{least} to {most}"


def _claims(repeatability: Findings) -> str:
    """Where the program claims a smaller detectable change than it has, alarms too often or covers too little."""
    lines = [
        line
        for metric in METRICS
        for line in _faults(metric.name, repeatability.get("metrics", {}).get(metric.name, {}))
    ]
    return "\n" + "\n".join(lines) if lines else ""


def _faults(name: str, found: Findings) -> list[str]:
    lines = []
    for rig, real in found.get("mdc95", {}).items():
        claimed = found.get("claimed_mdc95", {}).get(rig)
        if real is not None and claimed is not None and claimed < 0.9 * real:
            lines.append(f"- `{name}`, {rig}: claims MDC95 {number(claimed, 1)}, has {number(real, 1)}.")
    for rig, share in _shares(found, "false_alarms"):
        if share.low > MOST_ALARMS:
            lines.append(f"- `{name}`, {rig}: false alarms {share}.")
    for rig, share in _shares(found, "coverage"):
        if share.high < LEAST_COVERED:
            lines.append(f"- `{name}`, {rig}: the 95 % intervals hold the truth in {share}.")
    return lines


def _shares(found: Findings, key: str) -> list[tuple[str, Proportion]]:
    return [(rig, proportion(count, of)) for rig, (count, of) in found.get(key, {}).items() if of]


def _foot() -> str:
    return f"""\
## What this cannot show

Rendered skin is not skin. Its colour follows a two-layer model with published spectra; its relief is a height field
without overhangs; there is no parallax, no hair that moves, no sweat, no change of posture, contraction or weight, and
these are likely the largest errors in practice. So every number here is an **upper bound** on how good the measurement
is. It shows what the arithmetic can do and where it breaks, not what happens in a clinic, and nothing at all about
whether a measurable change matters to anybody. That takes printed tiles of known relief, then volunteers photographed
again on the same day, then blinded readers.

## How to write this page again

```console
$ python -m benchmarks --write
```

runs everything on two processes. `python benchmarks/accuracy.py --write` runs one part and writes the others from their
stored findings; so do `repeatability.py` and `speed.py`. Without `--write` they only print. `--quick` is the subset
that the tests run. The same version gives the same numbers on the same processor; times differ.

## Sources of the anchors

{SOURCES}"""
