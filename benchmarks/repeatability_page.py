"""What the findings on repeatability say, as Markdown and charts."""

from __future__ import annotations

from typing import Any

from benchmarks.findings import Findings


def sections(findings: Findings) -> str:
    """Markdown."""
    import json

    return json.dumps(findings, indent=1)


def figures(findings: Findings) -> dict[str, Any]:
    """Charts by file stem."""
    return {}
