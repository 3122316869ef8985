"""B1 and B2 Skin tone: median CIELAB of the region and its individual typology angle; only with a colour chart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.alignment import AlignedImage
from tracker.calibration import lab_from_linear
from tracker.calibration.colour import undo_tone
from tracker.measurement import Direction, Metric, Place, Role, Topic, weighted_median
from tracker.metrics.pigment import averaged, median
from tracker.quality import Need
from tracker.region import Reason

_DISTURBING = Reason.CLOTH | Reason.HAIR | Reason.SHINE
_CLASSES = ((55.0, "very light"), (41.0, "light"), (28.0, "intermediate"), (10.0, "tan"), (-30.0, "brown"))


def individual_typology_angle(lab: ArrayLike) -> NDArray[np.float64]:
    r"""Individual typology angle of CIELAB colours.

    The angle orders constitutive skin colour from very light (large) to dark (small or negative) on one axis,
    and ignores redness.

    Parameters
    ----------
    lab : array_like, shape (..., 3)
        CIELAB colours under D65 and the 2° observer; L* in [0, 100].

    Returns
    -------
    ndarray, shape (...)
        Angles in degrees, in (-180, 180].

    Notes
    -----
    .. math:: \mathrm{ITA} = \frac{180}{\pi}\,\operatorname{atan2}(L^* - 50,\, b^*)

    For b* > 0, as in skin, this is the published arctan((L* - 50) / b*). Unlike the quotient it stays continuous
    where b* reaches zero, so that one bluish pixel cannot flip the sign of an average.

    References
    ----------
    .. [1] Chardon, Cretois, Hourseau, "Skin colour typology and suntanning pathways", Int. J. Cosmet. Sci. 13,
       1991.

    Examples
    --------
    >>> individual_typology_angle([60.0, 12.0, 10.0]).round(6).item()
    45.0
    """
    values = np.asarray(lab, dtype=np.float64)
    return np.degrees(np.arctan2(values[..., 0] - 50, values[..., 2]))


def typology_class(angle: float) -> str:
    """Published name of the class an ITA in degrees falls in.

    Examples
    --------
    >>> typology_class(45.0), typology_class(-40.0)
    ('light', 'dark')
    """
    return next((name for lower, name in _CLASSES if angle > lower), "dark")


def _lab_field(axes: tuple[int, ...], image: AlignedImage, place: Place) -> NDArray[np.float32]:
    """Some of L*, a* and b* in each cell, shape (h, w, k)."""
    return lab_from_linear(image.colour.apply(averaged(image)))[..., list(axes)].astype(np.float32)


def _angle(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """ITA of the median L* and b*, values of shape (n, 2); the mean of pixel angles would be biased by noise."""
    lightness, yellow = (weighted_median(values[:, column], weights) for column in (0, 1))
    return float(individual_typology_angle([lightness, 0.0, yellow]))


def _colour_term(
    of_lab: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    image: AlignedImage,
    place: Place,
    field: NDArray[np.float32],
    value: float,
) -> tuple[tuple[str, float], ...]:
    """How far a value rests on single patches of the chart: the jackknife over its patches (MEASUREMENT.md §6.4).

    Parameters
    ----------
    of_lab : callable
        The value of colours, ``(..., 3) -> (...)``.
    image, place, field, value
        As for `Metric.terms`.
    """
    matrices = image.colour.left_out
    if matrices is None or len(matrices) < 2:
        return ()
    median = np.median(image.linear[place.counted].astype(np.float64), axis=0)
    values = of_lab(lab_from_linear(undo_tone(median, image.colour.tone) @ matrices.transpose(0, 2, 1)))
    return (("colour", float(np.sqrt((len(values) - 1) * np.var(values)))),)


def _axis(axis: int, lab: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(lab[..., axis])


def _tone(name: str, title: str, symbol: str, axis: int, session_sd: float) -> Metric:
    return Metric(
        name=name,
        title=title,
        plain="skin tone",
        symbol=symbol,
        unit="CIELAB",
        version=3,
        direction=Direction.NONE,
        multiplicative=False,
        needs=frozenset({Need.COLOUR, Need.COLOUR_REFERENCE}),
        prepare=partial(_lab_field, (axis,)),
        reduce=median,
        session_sd=session_sd,
        terms=partial(_colour_term, partial(_axis, axis)),
        leaves_out=_DISTURBING,
        topic=Topic.TONE,
        role=Role.SECONDARY,
    )


LIGHTNESS = _tone("lightness", "Lightness", "L*", 0, 0.72)
A_STAR = _tone("a_star", "Red–green", "a*", 1, 0.42)
B_STAR = _tone("b_star", "Yellow–blue", "b*", 2, 0.64)

TYPOLOGY_ANGLE = Metric(
    name="ita",
    title="Typology angle",
    plain="skin tone",
    symbol="ITA",
    unit="°",
    version=3,
    direction=Direction.NONE,
    multiplicative=False,
    needs=frozenset({Need.COLOUR, Need.COLOUR_REFERENCE}),
    prepare=partial(_lab_field, (0, 2)),
    reduce=_angle,
    session_sd=1.3,
    terms=partial(_colour_term, individual_typology_angle),
    leaves_out=_DISTURBING,
    topic=Topic.TONE,
    role=Role.PRIMARY,
)
