"""The fields of a treatment; to be shown within a form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import streamlit as st

from tracker.clinic import clock
from tracker.clinic.records import View
from tracker.clinic.treatment_records import BlendLine, Device, IngredientKind, NewTreatment
from tracker.pages.choice import view_label
from tracker.pages.frame import day_text, plain

CURRENCIES = ("USD", "EUR", "GBP", "CHF", "AUD", "CAD", "BRL", "INR", "TRY", "PLN", "SEK", "NOK", "DKK", "JPY")
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 1, 1)


def ask_treatment(
    views: Sequence[View], last: NewTreatment | None, *, lines: int, key: str, operator: str = ""
) -> NewTreatment:
    """Ask what is given, with what was given the last time filled in.

    Parameters
    ----------
    views : sequence of View
        Of the patient; the untreated side is not offered.
    last : NewTreatment or None
    lines : int
        How many ingredients to ask for.
    key : str
        Of the widgets.
    operator : str
        Who gives it, as far as is known; otherwise who gave the last.
    """
    today = clock.today()
    before = last or NewTreatment(today)
    treatable = {view.id: view_label(view) for view in views if not view.is_control}
    day_field, where_field, device_field = st.columns([2, 4, 2])
    day = day_field.date_input("Day", clock.today(), max_value=clock.today(), key=f"{key}-day")
    where = where_field.multiselect(
        "Where",
        list(treatable),
        default=[view for view in before.view_ids if view in treatable] or list(treatable)[:1],
        format_func=treatable.__getitem__,
        key=f"{key}-where",
    )
    devices = list(Device)
    device = device_field.selectbox("With", devices, index=devices.index(before.device), key=f"{key}-device")
    blend = tuple(
        _line(before.blend[number] if number < len(before.blend) else None, today, key=f"{key}-{number}")
        for number in range(lines)
    )
    depth, spacing, points, numbing = st.columns([2, 2, 2, 4])
    cost, currency, by, note = st.columns([2, 2, 3, 5])
    known = [*dict.fromkeys((*((before.currency,) if before.currency else ()), *CURRENCIES))]
    paid = cost.number_input("Cost", 0.0, 1e6, float(before.cost or 0) or None, 10.0, key=f"{key}-cost")
    return NewTreatment(
        day=day,
        view_ids=tuple(where),
        device=device,
        blend=tuple(line for line in blend if line.ingredient.strip()),
        depth_mm=depth.number_input(
            "Depth (mm)", 0.1, 13.0, before.depth_mm, 0.5, key=f"{key}-depth", help="1 to 4 mm"
        ),
        spacing_mm=spacing.number_input("Spacing (mm)", 0.5, 100.0, before.spacing_mm, 1.0, key=f"{key}-spacing"),
        points=points.number_input("Points", 1, 5000, before.points, 1, key=f"{key}-points"),
        numbing=numbing.text_input("Numbing", before.numbing, max_chars=120, key=f"{key}-numbing"),
        cost=None if paid is None else Decimal(str(paid)),
        currency=currency.selectbox("Currency", known, key=f"{key}-currency") if known else "",
        operator=by.text_input("By", operator or before.operator, max_chars=120, key=f"{key}-operator"),
        note=note.text_input("Note", max_chars=500, key=f"{key}-note"),
    )


def line_words(line: BlendLine) -> str:
    """An ingredient in one line.

    Examples
    --------
    >>> line_words(BlendLine("Vitamin C", IngredientKind.VITAMIN, "10 %", 2.5, "VC-2291"))
    'Vitamin C  ·  vitamin  ·  10 %  ·  2.5 ml  ·  lot VC-2291'
    """
    amount = f"{line.amount_ml:g} ml" if line.amount_ml else ""
    lot = f"lot {line.lot}" if line.lot else ""
    until = f"use by {day_text(line.expires_on)}" if line.expires_on else ""
    parts = (line.ingredient, str(line.kind), line.concentration, amount, lot, until, line.supplier)
    return "  ·  ".join(part for part in parts if part)


def _line(before: BlendLine | None, today: date, *, key: str) -> BlendLine:
    """One ingredient; one that is copied is folded to a line, unless it is past its last day of use."""
    line = before or BlendLine("")
    kinds = list(IngredientKind)
    words = "Ingredient" if before is None else plain(line_words(line))
    with st.expander(words, expanded=before is None or line.is_expired(today)):
        name, kind, strength, millilitres = st.columns([4, 3, 2, 2])
        lot, until, supplier = st.columns([3, 3, 5])
        chosen = kind.selectbox("Class", kinds, index=kinds.index(line.kind), key=f"{key}-kind")
        return BlendLine(
            ingredient=name.text_input("Ingredient", line.ingredient, max_chars=120, key=f"{key}-name"),
            kind=chosen,
            concentration=strength.text_input("Strength", line.concentration, max_chars=40, key=f"{key}-strength"),
            amount_ml=millilitres.number_input("ml", 0.0, 500.0, line.amount_ml, 0.5, key=f"{key}-ml") or None,
            lot=lot.text_input("Lot", line.lot, max_chars=60, key=f"{key}-lot"),
            expires_on=until.date_input("Use by", line.expires_on, _EARLIEST, _LATEST, key=f"{key}-until"),
            supplier=supplier.text_input("Supplier", line.supplier, max_chars=120, key=f"{key}-supplier"),
        )
