"""A study as a JSON document: what `repeatability` writes, and `track` and `compare` read."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from tracker.errors import StudyInvalid
from tracker.measurement import Metric
from tracker.repeatability.adoption import MetricStudy
from tracker.repeatability.components import Spread
from tracker.repeatability.study import DetectableChange, Study
from tracker.repeatability.values import Repeatability

KIND = "repeatability study"
AVERAGED = 3
"""Photos whose mean is compared with a single one."""


def study_document(studies: Sequence[MetricStudy], set_up: str) -> dict[str, Any]:
    """All numbers of a study, in the units of the metrics or in logarithms where `multiplicative` says so."""
    return {"kind": KIND, "set_up": set_up, "metrics": [_metric(each) for each in studies]}


def read_study(data: bytes, metrics: Sequence[Metric]) -> Repeatability:
    """What a study lets judge changes by.

    Parameters
    ----------
    data : bytes
        JSON document of `study_document`.
    metrics : sequence of Metric
        Those of today: what was found with another version of a method holds no longer.

    Returns
    -------
    Repeatability

    Raises
    ------
    StudyInvalid
        It is no such document, or holds nothing that may be used.
    """
    try:
        document = json.loads(data)
        if document["kind"] != KIND:
            raise StudyInvalid(_not_a_study())
        set_up, rows = str(document["set_up"]), [(row["method"], row["use"]) for row in document["metrics"]]
        found = {str(method): _parts(use["session_sd"], use["shot_sd"]) for method, use in rows if use is not None}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StudyInvalid(_not_a_study()) from error
    values = {metric.name: found[metric.method] for metric in metrics if metric.method in found}
    if not values:
        raise StudyInvalid(
            "The study holds no value that may be used here: it has too few people, or was measured with other "
            "methods. Please leave it out, or repeat `tracker repeatability`."
        )
    session_sd, shot_sd = ({name: both[part] for name, both in values.items()} for part in (0, 1))
    return Repeatability(session_sd, "study", set_up, shot_sd)


def _not_a_study() -> str:
    return "This file is not a study; please give the JSON file that `tracker repeatability --out` wrote."


def _parts(*numbers: object) -> tuple[float, ...]:
    """Spreads of a file; one of them may be nothing, but not both."""
    found = tuple(float(number) for number in numbers if isinstance(number, (int, float)))
    if len(found) < len(numbers) or not all(0.0 <= number < math.inf for number in found) or not any(found):
        raise ValueError
    return found


def _metric(each: MetricStudy) -> dict[str, Any]:
    metric, usable = each.metric, each.usable
    about = {
        "name": metric.name,
        "method": metric.method,
        "unit": metric.unit,
        "multiplicative": metric.multiplicative,
        "people": each.people,
        "readings": len(each.readings),
    }
    use = (
        None
        if usable is None
        else {
            "session_sd": usable.session_sd,
            "shot_sd": usable.shot_sd,
            "used": usable.used,
        }
    )
    return about | (_found(each.study) if each.study else {}) | {"use": use, "reason": each.why_not or None}


def _found(found: Study) -> dict[str, Any]:
    parts, single = found.components, found.components.of(1)
    document = {
        "s_w": _spread(single),
        "session_sd": parts.session.sd if parts.session else None,
        "shot_sd": parts.shot.sd if parts.shot else None,
        "mdc95": _change(found.mdc95(1)),
        "mdc95_of_mean": {"photos": AVERAGED, **_change(found.mdc95(AVERAGED))} if parts.separable else None,
        "icc": None,
        "differences": None,
    }
    if found.agreement is not None:
        value = found.agreement.value
        document["icc"] = {"value": value.value, "interval": [value.low, value.high]}
    if found.differences is not None:
        limits = found.differences
        document["differences"] = {
            "bias": limits.bias.value,
            "bias_interval": [limits.bias.low, limits.bias.high],
            "limits": [limits.lower.value, limits.upper.value],
            "pairs": limits.pairs,
        }
    return document


def _spread(spread: Spread) -> dict[str, Any]:
    return {"value": spread.sd, "interval": [spread.low, spread.high], "freedom": spread.freedom}


def _change(change: DetectableChange) -> dict[str, Any]:
    return {"fall": change.fall, "rise": change.rise, "is_ratio": change.is_ratio}
