"""Which colour level a photo has: the best that what lies in the picture and what is known of it allow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tracker.calibration.batch import Batch
from tracker.calibration.card import calibrate_card, find_card
from tracker.calibration.chart import Edition, calibrate_colour
from tracker.calibration.colour import ColourCalibration, ColourLevel, without_chart
from tracker.calibration.markers import Marker
from tracker.calibration.neutral import calibrate_neutral
from tracker.photo import Photo


@dataclass(frozen=True, slots=True, eq=False)
class KnownColours:
    """What is known about the things of known colour in the pictures of a series.

    Attributes
    ----------
    batch : Batch or None
        Measured colours of our printed card; without them its greys alone are used.
    edition : Edition
        Which published colours a ColorChecker in the picture has.
    neutral : ndarray, shape (n, 2), or None
        Outline of a grey card or a tile of the background in photo pixels (row, column), at the same place of every
        photo.
    neutral_drawn_in : tuple of int, or None
        Height and width of the photo that these pixels belong to; None: of whichever photo is read.
    """

    batch: Batch | None = None
    edition: Edition = Edition.AFTER_2014
    neutral: NDArray[np.float64] | None = None
    neutral_drawn_in: tuple[int, int] | None = None

    def drawn_in(self, shape: tuple[int, int]) -> Self:
        """The same, the outline of the grey being one in a photo of this height and width; one already said stays."""
        return self if self.neutral_drawn_in else replace(self, neutral_drawn_in=shape)


UNKNOWN_COLOURS = KnownColours()


def colour_level(photo: Photo, markers: tuple[Marker, ...], known: KnownColours = UNKNOWN_COLOURS) -> ColourCalibration:
    """Colour correction of a photo, at the best level that can be had.

    Parameters
    ----------
    photo : Photo
    markers : tuple of Marker
        Seen in it; our card is found by them.
    known : KnownColours

    Returns
    -------
    ColourCalibration
        From our card if it was measured (C3), else from a ColorChecker (C2), else from greys (C1), else none (C0).
    """
    if not photo.has_colour:
        return without_chart("the photo is greyscale")
    card = find_card(markers)
    found = calibrate_card(photo.rgb, card, known.batch) if card else without_chart()
    if found.level.absolute:
        return found
    chart = calibrate_colour(photo.rgb, known.edition)
    if chart.level.absolute:
        return chart
    if found.level is ColourLevel.NONE and known.neutral is not None:
        grey = calibrate_neutral(photo.rgb, known.neutral, known.neutral_drawn_in)
        if grey.level is not ColourLevel.NONE or card is None:
            return grey
    return found if card else chart
