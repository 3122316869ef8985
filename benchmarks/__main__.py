"""All benchmarks: ``python -m benchmarks [--quick] [--write]``."""

from __future__ import annotations

import argparse
import importlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.findings import Findings, store
from benchmarks.report import write
from benchmarks.workers import work_alone

TOGETHER, ALONE = ("accuracy", "repeatability"), ("speed",)


def main() -> None:
    """Run accuracy and repeatability side by side, then speed on the quiet machine; print or write what they say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small subset; never stored")
    parser.add_argument("--write", action="store_true", help="store the findings and write docs/validation.md")
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("what a quick run finds is too little to be written down")
    with ProcessPoolExecutor(len(TOGETHER), mp_context=get_context("spawn"), initializer=work_alone) as pool:
        runs = {name: pool.submit(findings_of, name, options.quick) for name in TOGETHER}
        found = {name: run.result() for name, run in runs.items()}
    found |= {name: findings_of(name, options.quick) for name in ALONE}
    for name, findings in found.items():
        if options.write:
            store(name, findings)
        else:
            print(importlib.import_module(f"benchmarks.{name}").sections(findings), end="\n\n")
    if options.write:
        write()


def findings_of(name: str, quick: bool) -> Findings:
    """Findings of one benchmark, measured in this process."""
    return dict(importlib.import_module(f"benchmarks.{name}").run(quick=quick, workers=1))


if __name__ == "__main__":
    main()
