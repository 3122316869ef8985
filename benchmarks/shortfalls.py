"""Where the findings miss their targets, as Markdown."""

from __future__ import annotations

from benchmarks import robustness_page
from benchmarks.findings import Findings
from benchmarks.markdown import number, table
from benchmarks.speed import MOST_CPU_SECONDS
from benchmarks.studied import REPEATED
from benchmarks.targets import OWN, SPECIFIED, Target

LEAST_STATED = 0.9
"""Share of the real smallest detectable change below which the stated one claims too much."""
NOT_MEASURED = (
    "the colour difference of photos taken twice in one room, the area of a patch on flat and curved skin, agreement "
    "with readers and clinical scores (all §9)"
)


def shortfalls(accuracy: Findings, repeatability: Findings, speed: Findings) -> str:
    """The section on missed targets, claims that are too bold, and the worst disturbances."""
    parts = [
        _part("Targets of the specification", SPECIFIED, accuracy, repeatability),
        _part("Our own limits", OWN, accuracy, repeatability),
        "\n".join(_claims(repeatability)),
        _slow(speed.get("phantom") or {}),
        robustness_page.worst(accuracy.get("robustness") or {}),
    ]
    body = "\n\n".join(part for part in parts if part)
    return f"""\
## Where it falls short

The targets of the specification are those of MEASUREMENT.md; the section is given with each. Our own limits were
written down later, some with a first result in sight: they only say what we would call good. A share counts by its
value, whatever its interval. Intervals that hold the truth too often are a miss too: they are wider than they need be.
Of the specification these are not measured here:
{NOT_MEASURED}.

{body}"""


def _part(title: str, targets: tuple[Target, ...], accuracy: Findings, repeatability: Findings) -> str:
    judged = [(target, target.of(accuracy, repeatability)) for target in targets]
    known = [(target, value) for target, value in judged if value is not None]
    missed = [(target, value) for target, value in known if target.missed(value)]
    groups: dict[str, list[tuple[Target, float]]] = {}
    for target, value in missed:
        groups.setdefault(target.what, []).append((target, value))
    rows = [_row(group) for group in groups.values()]
    counted = f"**{title}.** {len(missed)} of {len(known)} that were measured are missed."
    header = ["missed", "section", "found", "target", "by"]
    if not any(target.source for target in targets):
        header, rows = [*header[:1], *header[2:]], [[row[0], *row[2:]] for row in rows]
    return f"{counted}\n\n{table(header, rows)}" if rows else counted


def _row(group: list[tuple[Target, float]]) -> list[str]:
    """One quantity; where it is missed in several set-ups, all of them."""
    target = group[0][0]
    found = " · ".join(f"{number(value, 2)}{f' ({each.rig})' if each.rig else ''}" for each, value in group)
    above = all(each.most is not None and value > each.most for each, value in group)
    note = f": {target.beyond}" if target.beyond and above else ""
    by = max(each.by(value) for each, value in group)
    return [target.what + note, target.source, found, _limits(target), number(by, 2)]


def _limits(target: Target) -> str:
    least, most = (None if limit is None else f"{limit:g}".replace("-", "−") for limit in (target.least, target.most))
    if least is None or most is None:
        return f"at least {least}" if most is None else f"at most {most}"
    return f"{least} to {most}"


def _claims(repeatability: Findings) -> list[str]:
    """Where the program states a smaller detectable change than it has."""
    lines = []
    for metric in REPEATED:
        found = repeatability.get("metrics", {}).get(metric.name, {})
        for rig, real in found.get("mdc95", {}).items():
            stated = found.get("claimed_mdc95", {}).get(rig)
            if real is not None and stated is not None and stated < LEAST_STATED * real:
                lines.append(
                    f"- {metric.symbol}, {rig}: states an MDC95 of {number(stated, 1)}, has {number(real, 1)}."
                )
    return lines


def _slow(phantom: Findings) -> str:
    """Rendered photos that cost more than they may."""
    slow = {name: max(both) for name, both in phantom.get("cpu_seconds", {}).items() if max(both) > MOST_CPU_SECONDS}
    listed = ", ".join(f"{name} {number(seconds)} s" for name, seconds in slow.items())
    return f"**Rendering** takes longer than {MOST_CPU_SECONDS:g} s of CPU time for: {listed}." if slow else ""
