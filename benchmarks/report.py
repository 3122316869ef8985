"""The validation page: one table of every metric, the sections of the benchmarks, and where they fall short."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from benchmarks.advice import advice
from benchmarks.anchors import SOURCES
from benchmarks.charts import save
from benchmarks.findings import RESULTS, Findings, store, stored
from benchmarks.markdown import NONE, number
from benchmarks.shortfalls import shortfalls
from benchmarks.summary import summary

ROOT = Path(__file__).resolve().parent.parent
PAGE, IMAGES = ROOT / "docs" / "validation.md", ROOT / "docs" / "images"
NAMES = ("accuracy", "repeatability", "speed")


def page(results: Path = RESULTS) -> str:
    """The page made of the stored findings: the same findings give the same text."""
    found = {name: stored(name, results) for name in NAMES}
    accuracy, repeatability = (found[name] or {} for name in ("accuracy", "repeatability"))
    parts = [
        _head(found),
        summary(accuracy, repeatability),
        advice(accuracy, repeatability),
        shortfalls(accuracy, repeatability, found["speed"] or {}),
        *(
            importlib.import_module(f"benchmarks.{name}").sections(findings)
            for name, findings in found.items()
            if findings
        ),
        _foot(),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


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
    seconds = {name: (findings or {}).get("seconds") for name, findings in found.items()}
    times = ", ".join(f"{name} {number(value, 0) + ' s' if value else NONE}" for name, value in seconds.items())
    known = [value for value in seconds.values() if value]
    total = f"{number(sum(known) / 60, 1)} minutes" if len(known) == len(NAMES) else NONE
    accuracy = found["accuracy"] or {}
    methods = ", ".join(f"`{method}`" for method in accuracy.get("methods", ())) or NONE
    return f"""\
# Validation: how right and how repeatable the numbers are

Written by `python -m benchmarks --write` of version {accuracy.get("version", NONE)}. Its parts, which may be
measured again one by one, took {total} together ({times}).
Methods: {methods}.
Do not edit this page: `tests/test_validation.py` holds it to the stored findings in `benchmarks/results/`.

Everything here is measured on **rendered skin**. Its relief, melanin, blood and pose are known exactly, so an error is
an error and not an opinion. It is not skin: see [what this cannot show](#what-this-cannot-show). Numbers are as they
came out. What the metrics have of constants was set on other rendered skins, of the same kind: new kinds of skin may do
worse. Where a set-up was changed after a first look (the lamp at 45°
for skin tone), the other result stands beside it. What falls short stands
[right below the first table](#where-it-falls-short)."""


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
that the tests run. The same version gives the same numbers on the same processor; times differ. Other programs for
alignment are no part of this one: those that `PEERS_PYTHON`, an interpreter, can import are run, and the table names
those that are missing.

## Sources of the anchors

{SOURCES}"""
