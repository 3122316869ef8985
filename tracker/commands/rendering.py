"""`phantom`: synthetic skin with known truth."""

from __future__ import annotations

from argparse import Namespace

from tracker.commands.printing import ProgressBar
from tracker.phantom import write_demonstration, write_series


def render_phantom(options: Namespace) -> int:
    """Render a series, or the whole demonstration clinic, into a folder."""
    bar = ProgressBar()
    if options.demonstration:
        write_demonstration(options.out, progress=bar)
        print(f"The demonstration clinic is in {options.out}.")
        return 0
    folder = write_series(
        options.out,
        options.scenario,
        seed=options.seed,
        sessions=options.sessions,
        replicates=options.replicates,
        progress=bar,
    )
    print(f"The series and its truth are in {folder}.")
    return 0
