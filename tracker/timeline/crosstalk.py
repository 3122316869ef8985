"""Pigment and redness disturb each other's index: where one changed, the other is not judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from tracker.timeline.change import Change, MetricTimeline, Verdict

PIGMENT, ERYTHEMA, REDNESS = "delta_mi", "delta_ei", "delta_a"
#: What pigment is called by, and the witness for the blood in the same place.
WITNESSES: Mapping[str, str] = {
    PIGMENT: ERYTHEMA,
    "spot_contrast": "spot_redness",
    "spot_load": "spot_redness",
    "spot_area": "spot_redness",
    "melanin_mottling": "blood_mottling",
}
#: The same for what witnesses are disturbed by themselves.
DISTURBED: Mapping[str, str] = {ERYTHEMA: PIGMENT, "spot_redness": "spot_contrast"}
#: How far the share of melanin in the erythema index is from what the tone of the skin lets expect: 0.15 in daylight,
#: 0.25 and more under LEDs and tubes, whose spectra nobody tells the program.
MELANIN_SHARE_ERROR = 0.25

Reasons = dict[date, str]

_RED = "Redness of the same place changed too, and blood also darkens it."
_DARK = "The pigment of the same patch changed too, and it also moves a*."
_UNSURE = "The pigment of the same place changed so much that its part in the redness is not known."


def without_cross_talk(lines: list[MetricTimeline]) -> list[MetricTimeline]:
    """Lines without verdicts that another quantity of the same place can explain, those after an injection too."""
    course, after = reasons_in(lines), reasons_in([replace(line, changes=line.after_injection) for line in lines])
    return [
        replace(
            silenced(line, course.get(line.metric.name, {})),
            after_injection=_without_verdicts(line.after_injection, after.get(line.metric.name, {})),
        )
        for line in lines
    ]


def reasons_in(lines: list[MetricTimeline]) -> dict[str, Reasons]:
    """Why the changes of some metrics and days are not judged.

    Melanin also moves a* and blood also moves the melanin index (MEASUREMENT.md §0.2). EI′ is corrected for
    melanin, so it is the witness for redness; ΔMI is the witness for pigment. The correction follows the tone of the
    skin, but not the lamp: a change of the pigment may leave a quarter of itself in EI′. A change of EI′ beyond that
    quarter and its own smallest detectable change is blood for certain, and the pigment is not judged. One that is
    less certain, because the pigment changed by so much, is not judged itself. Pigment whose witness was refused is
    not judged either.
    """
    known = {line.metric.name: line for line in lines}
    reasons: dict[str, Reasons] = {}
    for name, witness in WITNESSES.items():
        if name in known and witness in known:
            reasons[name] = _blood(known[name], known[witness], known.get(DISTURBED.get(witness, "")))
    for name, pigment in DISTURBED.items():
        if name in known and pigment in known:
            reasons[name] = dict.fromkeys(_unsure_days(known[name], known[pigment]), _UNSURE)
    if REDNESS in known and PIGMENT in known:
        reasons[REDNESS] = dict.fromkeys(_changed_days(known[PIGMENT]), _DARK)
    return reasons


def _blood(line: MetricTimeline, witness: MetricTimeline, pigment: MetricTimeline | None) -> Reasons:
    """Days on which blood changed too, or nobody knows."""
    unsure = _unsure_days(witness, pigment) if pigment is not None else set()
    found = dict.fromkeys(_changed_days(witness) - unsure, _RED)
    refused = {c.taken_on: c.reason for c in witness.changes if c.verdict is Verdict.NOT_COMPARABLE}
    for change in line.changes:
        if change.verdict.is_change and change.taken_on in refused:
            found[change.taken_on] = f"Redness of the same place could not be compared: {refused[change.taken_on]}"
    return found


def _unsure_days(erythema: MetricTimeline, pigment: MetricTimeline) -> set[date]:
    """Days on which the error of the correction for melanin could be what is seen of redness."""
    moved = {c.taken_on: abs(c.change) * MELANIN_SHARE_ERROR for c in pigment.changes if c.change is not None}
    return {c.taken_on for c in erythema.changes if _may_be_pigment(c, moved.get(c.taken_on, 0.0))}


def _may_be_pigment(change: Change, part: float) -> bool:
    if change.change is None or change.mdc95 is None:
        return False
    return part > change.mdc95 >= abs(change.change) - part


def _changed_days(line: MetricTimeline) -> set[date]:
    return {c.taken_on for c in line.changes if c.verdict.is_change}


def silenced(line: MetricTimeline, reasons: Reasons) -> MetricTimeline:
    """A line without its verdicts of some days."""
    return replace(line, changes=_without_verdicts(line.changes, reasons))


def _without_verdicts(changes: tuple[Change, ...], reasons: Reasons) -> tuple[Change, ...]:
    return tuple(
        _without_value(c, reasons[c.taken_on]) if c.taken_on in reasons and c.verdict.is_change else c for c in changes
    )


def _without_value(change: Change, reason: str) -> Change:
    return replace(
        change, change=None, low=None, high=None, mdc95=None, ruled_out=None, compared=None,
        verdict=Verdict.NOT_COMPARABLE, reason=reason,
    )  # fmt: skip
