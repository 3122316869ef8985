"""What the findings on single disturbances say, as Markdown."""

from __future__ import annotations

from benchmarks.findings import Findings


def worst(found: Findings) -> str:
    """The disturbances that move a number by more than its stated MDC95."""
    return ""
