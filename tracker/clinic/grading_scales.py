"""Published scales by which clinicians grade skin. Nothing here is computed from a photo."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.errors import RecordError


@dataclass(frozen=True, slots=True)
class Scale:
    """A published scale.

    Attributes
    ----------
    name : str
        Stored with every grade; never changed.
    title : str
    about : str
        What it grades, and how it is put together.
    least, most, step : float
        The published range, and by how much two scores differ at least.
    source : str
    """

    name: str
    title: str
    about: str
    least: float
    most: float
    step: float
    source: str

    @property
    def range_text(self) -> str:
        """The range in words.

        Examples
        --------
        >>> scale("cr_pcss").range_text
        '0 to 4'
        """
        return f"{self.least:g} to {self.most:g}"

    def check(self, score: float) -> float:
        """The score, if the scale has it.

        Raises
        ------
        RecordError
            ``bad_score``
        """
        steps = (score - self.least) / self.step
        if not self.least <= score <= self.most or abs(steps - round(steps)) > 1e-6:
            raise RecordError(
                f"{self.title} runs from {self.range_text} in steps of {self.step:g}; please check the score.",
                code="bad_score",
            )
        return round(self.least + round(steps) * self.step, 6)


SCALES: tuple[Scale, ...] = (
    Scale(
        "css", "CSS (Hexsel)", "Cellulite: five items of 0 to 3, added up", 0, 15, 1,
        "Hexsel 2009, J Eur Acad Dermatol Venereol 23:523",
    ),
    Scale(
        "cr_pcss", "CR-PCSS", "Cellulite by photo cards, none to severe; one point is a meaningful change", 0, 4, 1,
        "Clinician Reported Photonumeric Cellulite Severity Scale; Young 2017, Sadick 2019",
    ),
    Scale(
        "nurnberger_muller", "Nürnberger–Müller", "Cellulite, stages 0 to III, standing and with the pinch test", 0, 3,
        1, "Nürnberger and Müller 1978, J Dermatol Surg Oncol 4:221",
    ),
    Scale(
        "mmasi", "mMASI", "Melasma: area times darkness of four parts of the face, weighted", 0, 24, 0.1,
        "Pandya 2011, J Am Acad Dermatol 64:78",
    ),
    Scale(
        "fitzpatrick_wrinkle", "Fitzpatrick wrinkles", "Face: class I (1 to 3), II (4 to 6), III (7 to 9)",
        1, 9, 1, "Fitzpatrick 1996, Arch Dermatol 132:395",
    ),
    Scale(
        "lemperle", "Lemperle wrinkles", "One wrinkle of the face by photo cards, none to very deep", 0, 5, 1,
        "Lemperle 2001, Plast Reconstr Surg 108:1735",
    ),
    Scale(
        "goodman_baron", "Goodman–Baron acne scars", "Qualitative: macular, mild, moderate, severe", 1, 4, 1,
        "Goodman and Baron 2006, Dermatol Surg",
    ),
    Scale(
        "laxity", "Laxity (comprehensive grading scale)", "Loose skin of face and neck, none to severe", 0, 4, 0.5,
        "Alexiades-Armenakas 2006, J Drugs Dermatol",
    ),
    Scale(
        "sinclair", "Sinclair", "Width of the part in female pattern hair loss", 1, 5, 1,
        "Sinclair 2004, J Am Acad Dermatol",
    ),
)  # fmt: skip


def scale(name: str) -> Scale:
    """The scale of a name.

    Raises
    ------
    RecordError
        ``no_scale``
    """
    found = next((each for each in SCALES if each.name == name), None)
    if found is None:
        raise RecordError("This scale is not known; please choose one of the list.", code="no_scale")
    return found
