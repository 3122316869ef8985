"""The demonstration clinic: three rendered courses and a page that says so."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracker.phantom.files import Progress, write_series


@dataclass(frozen=True, slots=True)
class _Course:
    folder: str
    scenario: str
    replicates: int
    metric: str
    """The true value shown in the page."""
    says: str
    spoiled: Mapping[int, str] | None = None


_SEED: Final = 0
_SESSIONS: Final = 6
_COURSES: Final = (
    _Course(
        "thigh-left-treated",
        "thigh",
        2,
        "relief",
        "A treated thigh whose dimples really become shallower, to 40 % of their depth. In the third visit the "
        "lamp stands on the wrong side; the fifth is out of focus. Both are there to be refused.",
        {2: "light", 4: "blur"},
    ),
    _Course(
        "thigh-right-control",
        "control",
        1,
        "relief",
        "The untreated thigh. Only pose, soft tissue, lamp, exposure, white balance and noise differ.",
    ),
    _Course(
        "pigment-patch",
        "pigment",
        1,
        "delta_mi",
        "A pigment patch that fades while its blood stays. `region.json` is its outline in the first photo.",
    ),
)

_PAGE: Final = """\
# Sample images: a small demonstration clinic

**The skin in these pictures is rendered, not photographed.** No person was photographed; there are no patient data.
Each series folder holds JPEG files as a camera would write them, and `truth.json`: for every photo the exact map of
the skin from the first photo, the light, and the true value of every metric. The numbers prove that the software
finds what is there; they do not show what a treatment can achieve.

Write all of it again, to the byte with the same library versions:

    python -m tracker phantom --demonstration --out sample_images

{courses}
## colour-card

A *photograph* of a colour chart in warm light, to try colour calibration on. It is not part of the rendered clinic and
is not written by the command above.

## Origin and licence of every file

| files | origin | licence |
|---|---|---|
| `thigh-left-treated/*`, `thigh-right-control/*`, `pigment-patch/*` | rendered by `tracker.phantom` (seed {seed}) | \
Apache-2.0 |
| `colour-card/IMG_1971_passport_photo.png` | test image of \
[colour-checker-detection](https://github.com/colour-science/colour-checker-detection) 0.2.1, Colour Developers | \
BSD-3-Clause, see `colour-card/LICENSE.colour-checker-detection` |
| `colour-card/LICENSE.colour-checker-detection` | the same | its own text |
| `README.md` | written with the rendered series | Apache-2.0 |
"""

_METRIC_NAMES: Final = {
    "relief": "true relief (shading roughness 12-50 mm under that day's lamp, %)",
    "delta_mi": "true ΔMI (patch minus ring)",
}


def write_demonstration(out: Path, progress: Progress | None = None) -> Path:
    """Write the demonstration clinic into a folder and return the folder.

    Parameters
    ----------
    out : Path
        Where the series folders and ``README.md`` go. Other files there are left alone.
    progress : callable, optional
        Called with the number of photos written and their total.
    """
    total = sum(course.replicates * _SESSIONS for course in _COURSES)
    before, sections = 0, []
    for course in _COURSES:
        write_series(
            out / course.folder,
            course.scenario,
            seed=_SEED,
            sessions=_SESSIONS,
            replicates=course.replicates,
            spoiled=course.spoiled,
            progress=_after(before, total, progress),
        )
        before += course.replicates * _SESSIONS
        sections.append(_section(out, course))
    page = _PAGE.format(courses="\n".join(sections), seed=_SEED)
    (out / "README.md").write_text(page, encoding="utf-8")
    return out


def _after(before: int, total: int, progress: Progress | None) -> Progress | None:
    """Return the progress of one series as that of the whole."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def _section(out: Path, course: _Course) -> str:
    """Return the part of the page about one series, with its true values by visit."""
    photos = json.loads((out / course.folder / "truth.json").read_text(encoding="utf-8"))["photos"]
    lines = [f"## {course.folder}", "", course.says, ""]
    lines += [f"| visit | {_METRIC_NAMES[course.metric]} | spoiled |", "|---|---|---|"]
    for photo in photos:
        visit = photo["taken_on"] + (f", photo {photo['replicate']}" if course.replicates > 1 else "")
        lines.append(f"| {visit} | {photo['metrics'][course.metric]:.2f} | {photo['spoiled'] or ''} |")
    return "\n".join(lines) + "\n"
