"""What a course of treatment changes on the skin, as factors on what the skin was grown with."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class State:
    """The skin on one day; the defaults leave it as it was grown."""

    dimples: float = 1.0
    """Factor on the depth of the dimples and of the undulation between them."""
    melanin: float = 1.0
    """Melanin of the patch over that of its surroundings."""
    patch_blood: float = 1.0
    """Blood of the patch over that of its surroundings."""
    spots: float = 1.0
    """Factor on the melanin that spots add."""
    redness: float = 1.0
    """Factor on the blood that red areas add."""
    bruise_age: float = 0.0
    """Days since the bruises were made; their colour follows it."""
    wrinkles: float = 1.0
    """Factor on the depth of the lines."""
    hair: float = 1.0
    """Share of the hairs that are there, 0 to 1."""
    pores: float = 1.0
    """Share of the pores that are there, 0 to 1."""
    tan: float = 1.0
    """Factor on all melanin."""
    flush: float = 1.0
    """Factor on all blood."""
    oxygenation: float = 0.75
    """Share of the haemoglobin that carries oxygen, outside bruises."""


AS_GROWN: Final = State()
"""Untreated skin."""
