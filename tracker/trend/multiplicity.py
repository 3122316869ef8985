"""Many metrics looked at in one visit: Holm's correction."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from tracker.errors import StudyInvalid


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p-values of the exploratory metrics of one visit.

    Parameters
    ----------
    p_values : mapping of str to float
        By name of the metric; without the primary one, which was declared beforehand and stands alone.

    Returns
    -------
    dict of str to float
        Adjusted, in the order given: those of at most 0.05 hold together at 5 %.

    Raises
    ------
    StudyInvalid
        If one is not within 0 to 1.

    Notes
    -----
    scipy has no Holm. Own lines: the library that has it (statsmodels) is 44 MB; tests hold them to published numbers.

    References
    ----------
    Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6:65, 1979.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    {'a': 0.03, 'b': 0.06, 'c': 0.06, 'd': 0.02}
    """
    if not all(0.0 <= p <= 1.0 for p in p_values.values()):
        raise StudyInvalid("A p-value lies between 0 and 1; please leave out the metrics that have none.")
    ordered = sorted(p_values, key=lambda name: p_values[name])
    scaled = ((len(ordered) - place) * p_values[name] for place, name in enumerate(ordered))
    adjusted = dict(zip(ordered, accumulate(scaled, max), strict=True))
    return {name: min(adjusted[name], 1.0) for name in p_values}
