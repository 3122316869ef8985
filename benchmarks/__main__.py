"""All benchmarks: ``python -m benchmarks [--quick] [--write]``."""

from __future__ import annotations

import argparse
import importlib

from benchmarks.findings import Findings, store
from benchmarks.report import write

WORKERS = {"accuracy": 2, "repeatability": 2, "speed": 1}


def main() -> None:
    """Run accuracy and repeatability on two processes, then speed alone; print or write what they say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small subset; never stored")
    parser.add_argument("--write", action="store_true", help="store the findings and write docs/validation.md")
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("what a quick run finds is too little to be written down")
    # One after the other, each on all processes: the longer of two side by side would be left alone at the end.
    for name, workers in WORKERS.items():
        findings = findings_of(name, options.quick, workers)
        if options.write:
            store(name, findings)
        else:
            print(importlib.import_module(f"benchmarks.{name}").sections(findings), end="\n\n")
    if options.write:
        write()


def findings_of(name: str, quick: bool, workers: int) -> Findings:
    """Findings of one benchmark, and how long it took."""
    return dict(importlib.import_module(f"benchmarks.{name}").run(quick=quick, workers=workers))


if __name__ == "__main__":
    main()
