"""What a treatment is, as values: what was given, with what, where, and from which lots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Device(StrEnum):
    """What brings something into the skin, or onto it."""

    GUN = "gun"
    NEEDLE = "needle"
    MICRONEEDLES = "microneedles"
    OTHER = "other"

    @property
    def injects(self) -> bool:
        """Whether the days after it are days after an injection: photos of them are kept apart from the course."""
        return self is not Device.OTHER


class IngredientKind(StrEnum):
    """Class of an ingredient."""

    VITAMIN = "vitamin"
    MINERAL = "mineral"
    AMINO_ACID = "amino acid"
    ENZYME = "enzyme"
    HORMONE = "hormone"
    PLANT_EXTRACT = "plant extract"
    HOMEOPATHIC = "homeopathic"
    ANTIBIOTIC = "antibiotic"
    VASODILATOR = "vasodilator"
    HAIR = "minoxidil or finasteride"
    LIPOLYTIC = "lipolytic agent"
    FILLER = "hyaluronic acid"
    ANAESTHETIC = "local anaesthetic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class BlendLine:
    """One ingredient of what was given.

    Attributes
    ----------
    ingredient : str
    kind : IngredientKind
    concentration : str
        As on the label, such as ``"2 %"``.
    amount_ml : float or None
    lot : str
        Batch number of the maker; what a recall names.
    expires_on : date or None
        Last day of use.
    supplier : str
    """

    ingredient: str
    kind: IngredientKind = IngredientKind.OTHER
    concentration: str = ""
    amount_ml: float | None = None
    lot: str = ""
    expires_on: date | None = None
    supplier: str = ""

    def is_expired(self, day: date) -> bool:
        """Whether it was past its last day of use."""
        return self.expires_on is not None and self.expires_on < day


@dataclass(frozen=True, slots=True)
class NewTreatment:
    """What was done on a day.

    Attributes
    ----------
    day : date
    view_ids : tuple of str
        The views that were treated.
    device : Device
    blend : tuple of BlendLine
    depth_mm, spacing_mm : float or None
    points : int or None
    numbing : str
    cost : Decimal or None
    currency : str
        ISO 4217.
    operator, note : str
    """

    day: date
    view_ids: tuple[str, ...] = ()
    device: Device = Device.GUN
    blend: tuple[BlendLine, ...] = ()
    depth_mm: float | None = None
    spacing_mm: float | None = None
    points: int | None = None
    numbing: str = ""
    cost: Decimal | None = None
    currency: str = ""
    operator: str = ""
    note: str = ""

    @property
    def expired(self) -> tuple[BlendLine, ...]:
        """Lines that were past their last day of use on that day."""
        return tuple(line for line in self.blend if line.is_expired(self.day))


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment in the record.

    Attributes
    ----------
    id, patient_id, visit_id : str
    course_id : str or None
        The course it is a session of.
    given : NewTreatment
    """

    id: str
    patient_id: str
    visit_id: str
    course_id: str | None
    given: NewTreatment


@dataclass(frozen=True, slots=True)
class LotUse:
    """A lot given to a patient.

    Attributes
    ----------
    patient_id, patient_code, treatment_id : str
    day : date
    line : BlendLine
    """

    patient_id: str
    patient_code: str
    treatment_id: str
    day: date
    line: BlendLine


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot that was used here.

    Attributes
    ----------
    lot, ingredient, supplier : str
    expires_on : date or None
    patients : int
        How many it was given to.
    last_on : date
    """

    lot: str
    ingredient: str
    supplier: str
    expires_on: date | None
    patients: int
    last_on: date


def expired_warning(lines: Iterable[BlendLine]) -> str:
    """One sentence about what is past its last day of use; empty if nothing is."""
    said = [
        f"{line.ingredient}{f' (lot {line.lot})' if line.lot else ''} on {line.expires_on:%d %b %Y}"
        for line in lines
        if line.expires_on is not None
    ]
    return f"Past its last day of use: {'; '.join(said)}. Do not inject it." if said else ""
