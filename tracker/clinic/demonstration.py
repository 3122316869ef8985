"""The demonstration clinic: rendered courses, loaded like any other patient's photos."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tracker
from tracker.clinic.demonstration_story import tell_story
from tracker.clinic.records import Patient, View
from tracker.errors import RecordError
from tracker.photo import PHOTO_SUFFIXES
from tracker.region import Region, read_region

if TYPE_CHECKING:
    from tracker.clinic.clinic import Clinic


@dataclass(frozen=True, slots=True)
class _Course:
    folder: str
    code: str
    patient: str
    site: str
    laterality: str
    pose: str
    indication: str
    control: str = ""
    """Folder of the untreated view."""
    is_control: bool = False


_NOTE = "Demonstration: the skin in these pictures is rendered. No person was photographed."
_COURSES = (
    _Course(
        "thigh-left-treated",
        "DEMO-01",
        "Demonstration, thighs",
        "thigh",
        "left",
        "standing",
        "cellulite",
        control="thigh-right-control",
    ),
    _Course(
        "thigh-right-control",
        "DEMO-01",
        "Demonstration, thighs",
        "thigh",
        "right",
        "standing",
        "cellulite",
        is_control=True,
    ),
    _Course("pigment-patch", "DEMO-02", "Demonstration, pigment patch", "forearm", "", "resting", "pigmentation"),
)


def demonstration_folder() -> Path:
    """Folder of the sample images: beside the package in a checkout, within it once installed."""
    package = Path(tracker.__file__).parent
    beside = package.parent / "sample_images"
    return beside if beside.is_dir() else package / "sample_images"


def load_demonstration(clinic: Clinic, folder: Path | None = None) -> int:
    """Load the demonstration patients; what is there already is left as it is.

    Parameters
    ----------
    clinic : Clinic
    folder : Path, optional
        By default `demonstration_folder`.

    Returns
    -------
    int
        Number of photos added; they are measured later.

    Raises
    ------
    RecordError
        The folder holds no course, or a real patient has a code of the demonstration.
    """
    folder = folder or demonstration_folder()
    courses = [course for course in _COURSES if (folder / course.folder).is_dir()]
    if not courses:
        raise RecordError(f"There are no sample images in {folder}.", code="no_demonstration")
    views = {course.folder: _view(clinic, course, folder / course.folder) for course in courses}
    for course in courses:
        if course.control in views:
            clinic.set_control(views[course.folder].id, views[course.control].id)
    # The first course comes last: the newest photos are measured first.
    added = sum(_add_photos(clinic, views[c.folder], folder / c.folder) for c in reversed(courses))
    treated = next((views[course.folder] for course in courses if course.control in views), None)
    if treated is not None:
        tell_story(clinic, treated)  # last: who enters does not wait for it
    return added


def _view(clinic: Clinic, course: _Course, folder: Path) -> View:
    patient = _patient(clinic, course)
    for view in clinic.views(patient.id):
        if (view.site, view.laterality, view.is_control) == (course.site, course.laterality, course.is_control):
            return view
    return clinic.add_view(
        patient.id,
        site=course.site,
        laterality=course.laterality,
        pose=course.pose,
        indication=course.indication,
        is_control=course.is_control,
        region=_region(folder),
    )


def _patient(clinic: Clinic, course: _Course) -> Patient:
    for patient in clinic.patients():
        if patient.code == course.code:
            if not patient.is_demonstration:
                raise RecordError(
                    f"A patient of yours has the code {course.code}; please change it.", code="code_taken"
                )
            return patient
    return clinic.add_patient(code=course.code, name=course.patient, note=_NOTE, is_demonstration=True)


def _region(folder: Path) -> Region | None:
    file = folder / "region.json"
    return read_region(file) if file.is_file() else None


def _add_photos(clinic: Clinic, view: View, folder: Path) -> int:
    known = {photo.digest for photo in clinic.photos(view.id)}
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES)
    added = {clinic.add_photo(view.id, path.read_bytes(), path.name).digest for path in files}
    return len(added - known)
