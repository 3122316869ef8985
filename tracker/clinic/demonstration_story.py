"""What was written down beside the photos of the demonstration: a course, treatments, grades, a bruise, a diary.

All of it is made up, and says so where it is read. It fits the days of the rendered photos, and nothing measured rests
on it: the photos of a day come before that day's treatment, and no session lies in the days after one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from tracker.clinic.course_plans import MESOTHERAPY
from tracker.clinic.effect_records import EffectKind
from tracker.clinic.records import View
from tracker.clinic.treatment_records import BlendLine, Device, IngredientKind, NewTreatment

if TYPE_CHECKING:
    from tracker.clinic.clinic import Clinic

MADE_UP = "Demonstration: made up, nobody was treated."
_BY = "Demonstration"
_FIRST, _LAST = date(2026, 3, 2), date(2026, 4, 30)
_DAYS = (_FIRST, date(2026, 3, 9), date(2026, 3, 19), date(2026, 4, 2), date(2026, 4, 16), _LAST)
_WEEKLY, _TWO_WEEKS, _, _MAINTENANCE = MESOTHERAPY.phases
_PLAN = (replace(_WEEKLY, sessions=3), replace(_TWO_WEEKS, sessions=3), _MAINTENANCE)
_CHANGE_OF_LOT = date(2026, 4, 2)
_BRUISE = ((date(2026, 3, 10), 4), (date(2026, 3, 12), 2), (date(2026, 3, 15), 1))
_BRUISE_GONE = date(2026, 3, 17)
_DIARY_DAY, _DIARY = date(2026, 3, 10), "A few blue spots today, sore when I cross my legs. Otherwise fine."
_GRADES = ((_FIRST, 3.0), (date(2026, 4, 2), 2.0), (_LAST, 2.0))
_GRADES_UNTREATED = ((_FIRST, 3.0), (_LAST, 3.0))


def tell_story(clinic: Clinic, treated: View) -> None:
    """Write the course of the demonstration down; a patient of whom something was written down is left as they are.

    Parameters
    ----------
    clinic : Clinic
    treated : View
        Its untreated side is graded beside it.
    """
    patient_id = treated.patient_id
    if clinic.courses(patient_id) or clinic.treatments(patient_id):
        return
    course = clinic.start_course(
        patient_id, template=MESOTHERAPY.name, indication=treated.indication, started_on=_FIRST
    )
    clinic.change_course(course.id, _PLAN)
    for day in _DAYS:
        clinic.add_treatment(patient_id, _treatment(treated, day))
    _bruise(clinic, treated)
    clinic.keep_diary(patient_id, day=_DIARY_DAY, text=f"{_DIARY} ({MADE_UP})")
    _grade(clinic, treated)


def _treatment(treated: View, day: date) -> NewTreatment:
    lot = "DEMO-C-01" if day < _CHANGE_OF_LOT else "DEMO-C-02"
    blend = (
        BlendLine("Vitamin C", IngredientKind.VITAMIN, "10 %", 2.0, lot, date(2028, 6, 30), "Demonstration"),
        BlendLine("Artichoke extract", IngredientKind.PLANT_EXTRACT, "2 %", 2.0, "DEMO-A-01", date(2028, 3, 31)),
        BlendLine("Lidocaine", IngredientKind.ANAESTHETIC, "1 %", 0.5, "DEMO-L-01", date(2028, 1, 31)),
    )
    return NewTreatment(
        day,
        (treated.id,),
        Device.GUN,
        tuple(replace(line, supplier="Demonstration") for line in blend),
        depth_mm=4.0,
        spacing_mm=15.0,
        points=60,
        cost=Decimal(280),
        currency="USD",
        operator=_BY,
        note=MADE_UP,
    )


def _bruise(clinic: Clinic, treated: View) -> None:
    (first, level), *later = _BRUISE
    told = clinic.add_side_effect(
        treated.patient_id, EffectKind.BRUISING, level=level, noticed_on=first, view_id=treated.id, note=MADE_UP
    )
    for day, now in later:
        clinic.note_level(told.id, now, day=day)
    clinic.resolve_side_effect(told.id, _BRUISE_GONE)


def _grade(clinic: Clinic, treated: View) -> None:
    untreated = next((view.control_id for view in clinic.views(treated.patient_id) if view.id == treated.id), None)
    told = [(treated.id, *each) for each in _GRADES]
    told += [(untreated, *each) for each in _GRADES_UNTREATED] if untreated else []
    for view_id, day, score in told:
        clinic.add_grade(view_id, scale="cr_pcss", score=score, day=day, grader=_BY, note=MADE_UP)
