"""What may be stated of a photo, as a whitelist: what is not on it cannot be said.

A quantity has a unit of the list, and needs what that unit presupposes: no depth as a length without opposite lamps
and a gauge, no centimetres or kilograms but those that somebody typed, no tone without known colours, no shading
without a light that is compared. The gate stops a metric that needs something a photo lacks, so a change is never
stated across lamps, poses or colour levels. A sentence about a result has one of the forms of the list, and no word
that claims what a photo cannot show.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


class ForbiddenClaim(Exception):
    """Something was to be stated that a photo does not show: a fault in the program, never of an input."""


class Quantity(Protocol):
    """What has a name and a unit, as a `Metric`."""

    @property
    def title(self) -> str: ...
    @property
    def plain(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def multiplicative(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in which something may be stated.

    Attributes
    ----------
    said : str
        After a number.
    presupposes : tuple of frozenset of str
        Needs, of which one set must be met whole; empty: nothing.
    """

    said: str
    presupposes: tuple[frozenset[str], ...] = ()


def _needs(*alternatives: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(each.split(" + ")) for each in alternatives)


#: Shading changes with the light: something must compare the lights of two photos.
_SHADING = _needs("oblique light", "dual light", "same shading of fine relief", "close up")
_COLOUR = _needs("colour reference", "marked region", "scale + colour")
_SCALE = _needs("scale")

UNITS: dict[str, Unit] = {
    "% log-luminance": Unit(" % log-luminance", _SHADING),
    "% slope shading": Unit(" % slope shading", _needs("dual light")),
    "index": Unit(" units", _needs("colour")),
    "0.01 OD": Unit(" × 0.01 OD", _needs("colour")),
    "CIELAB": Unit(" CIELAB units", _COLOUR),
    "ΔE00": Unit(" ΔE00", _COLOUR),
    "°": Unit("°", _needs("colour reference")),
    "%": Unit(" %"),
    "% of the region": Unit(" % of the region"),
    "% of the skin": Unit(" % of the skin"),
    "% of area": Unit(" % of area"),
    "per 100 cm²": Unit(" per 100 cm²", _SCALE),
    "per cm²": Unit(" per cm²", _needs("scale + close up")),
    "index·mm²": Unit(" index·mm²", _SCALE),
    "mm": Unit(" mm", _SCALE),
    "mm²": Unit(" mm²", _SCALE),
    "cm²": Unit(" cm²", _SCALE),
    "mm/cm²": Unit(" mm/cm²", _SCALE),
    "cm": Unit(" cm"),
    "kg": Unit(" kg"),
}

#: A length that goes into the skin, or out of it, and what it takes to know one.
_DEPTH = re.compile(r"\b(?:depth|deep|deeper|height|high|relief|prominence|dimples?)\b", re.IGNORECASE)
_TRUE_DEPTH = frozenset({"dual light", "relief gauge"})

#: Units in which a depth could be stated as a length, or as a part of one.
_OF_A_DEPTH = frozenset({"mm", "cm", "mm²", "cm²", "%"})

#: What no photo shows and somebody types: the unit is that of this name and of no other.
TYPED_NAMES = {"cm": "tape", "kg": "weight"}

#: What no photo shows, in the words in which it would be claimed.
FORBIDDEN: dict[str, str] = {
    "a volume or a swelling": r"volumes?|swell\w*|swollen|oedema|edema",
    "fat": r"fat|fats|fatty|lipo\w*|septa\w*|dissol\w+|slim\w*|leaner",
    "a clinical grade": r"CSS|CR-PCSS|PCSS|N[üu]rnberger\w*|M?MASI|GAIS|severity|grad(?:es?|ed|ing)",
    "mechanics or make-up of skin": (
        r"tight\w*|firm\w*|elastic\w*|collagen\w*|elastin|hydrat\w*|moistur\w*|sags?|sagg\w*|lax|laxity|slack\w*|plump\w*"
    ),
    "an absolute amount of a substance": r"concentrations?|mmol\S*|g/l|mg/\S+",
    "the age of a bruise or of skin": (
        r"(?:bruise|skin|biological) age|age of the \w+|days? old|years? old|young\w*|youth\w*|rejuvenat\w*|"
        r"anti-?age?ing"
    ),
    "a number or a growth of hairs": (
        r"hair counts?|(?:number|count) of hairs?|\d+ hairs|hairs per|re-?gr[oe]w\w*|gr[oe]w(?:s|n|th|ing)?"
    ),
    "a score or a rank": r"percentiles?|scores?|rank(?:ed|ing)?|out of 100",
    "a cause": r"caus\w+|because of|due to|thanks to|(?:result|effect) of|treatments?|works?|worked",
    "an illness or a cure": r"diagnos\w*|malign\w*|cancer\w*|melanom\w*|diseases?|cur(?:e|ed|es)|heal\w*|"
    r"inflam\w*|tumou?rs?|infect\w*|patholog\w*|benign",
    "a promise": r"guarante\w*|promis\w*|will (?:improve|fade|go|get|become)",
}
_FORBIDDEN = {what: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for what, words in FORBIDDEN.items()}


def check_words(text: str) -> None:
    """Raise `ForbiddenClaim` if a text claims what no photo shows.

    Examples
    --------
    >>> check_words("Relief roughness")
    >>> check_words("Skin tightness")
    Traceback (most recent call last):
    tracker.claims.ForbiddenClaim: "Skin tightness" would claim mechanics or make-up of skin
    """
    for what, words in _FORBIDDEN.items():
        if words.search(text):
            raise ForbiddenClaim(f'"{text}" would claim {what}')


def check_quantity(names: Sequence[str], unit: str, needs: Collection[str]) -> None:
    """Raise `ForbiddenClaim` if a quantity may not be stated.

    Parameters
    ----------
    names : sequence of str
        Everything it is called.
    unit : str
    needs : collection of str
        What a photo must have for it.
    """
    for name in names:
        check_words(name.replace("_", " "))
    if unit not in UNITS:
        raise ForbiddenClaim(f'"{unit}" is no unit in which anything may be stated')
    had = {str(need) for need in needs}
    presupposed = UNITS[unit].presupposes
    if presupposed and not any(each <= had for each in presupposed):
        wanted = " or ".join(" and ".join(sorted(each)) for each in presupposed)
        raise ForbiddenClaim(f"{names[0]} in {unit} may only be stated with {wanted}")
    if unit in _OF_A_DEPTH and any(_DEPTH.search(name.replace("_", " ")) for name in names) and not had >= _TRUE_DEPTH:
        raise ForbiddenClaim(f"{names[0]} in {unit} may only be stated with {' and '.join(sorted(_TRUE_DEPTH))}")
    if TYPED_NAMES.get(unit, names[0]) not in names:
        raise ForbiddenClaim(f"{names[0]} in {unit} may not be stated: only {TYPED_NAMES[unit]} is, as it was typed")


def said(unit: str) -> str:
    """How a unit is said after a number; those of lengths and checks are said as they are."""
    known = UNITS.get(unit)
    return known.said if known else f" {unit}"


_N = r"(?:[+−]?\d+(?:\.\d+)?|–)"
_DAY = r"\d{1,2} [A-Z][a-z]+ \d{4}"
_WITHOUT_NUMBERS = (
    r"Nothing that was asked about could be measured in these photos(?:\.|: …)",
    r"No metric was asked for that a verdict may rest on\.",
    r"Nothing can be compared: …",
    r"Not comparable(?: in [^:]*)?: …?",
    r"Not compared with the untreated side: …",
    r"The two sides together are (?:more|less) certain than this side alone: …",
)
#: What a difference of colour may be called.
_SEEN = (
    "no measurable difference|would not be seen side by side|"
    "at the border of what is seen side by side|visible side by side"
)
#: A limit that allows for how many quantities were looked at.
_AMONG = r"(?:among \d+ quantities )?"
_LIMIT_AMONG = r"(?:, the limit among \d+ quantities)?"
_OVER = r"(?:This side alone, over|Over) \d+ sessions"
#: The latest session cannot be compared, and an older one is spoken of.
_OLDER = rf"(?: This is the session of {_DAY}; no later one can be compared\.)?"


def stated(sentence: str, about: Quantity | None = None, *, quoted: str = "", value: str = "") -> str:
    """A sentence about a result, if it may be said.

    Parameters
    ----------
    sentence : str
    about : Quantity, optional
        What it speaks of; without it, no number may occur.
    quoted : str
        The reason of a refusal that it ends with: what is wrong with a photo, which claims nothing of the skin.
    value : str
        A word that stands for the value, such as the name of its class.

    Returns
    -------
    str
        The sentence as it is.

    Raises
    ------
    ForbiddenClaim
        It has no form of the whitelist, another unit, or a word that claims what no photo shows.
    """
    bare = f"{sentence.removesuffix(quoted)}…" if quoted and sentence.endswith(quoted) else sentence
    if about is not None:
        check_words(about.title)
    check_words(bare)
    forms = [*_WITHOUT_NUMBERS, *(_forms(about, value) if about else ())]
    if not any(re.fullmatch(form, bare) for form in forms):
        raise ForbiddenClaim(f'"{sentence}" has no form in which a result may be stated')
    return sentence


def told(sentence: str) -> str:
    """A sentence for a patient, if it may be said: without numbers other than a day, and without a claim.

    Raises
    ------
    ForbiddenClaim
        It may not.
    """
    check_words(sentence)
    if re.search(r"\d|%", re.sub(_DAY, "", sentence)):
        raise ForbiddenClaim(f'"{sentence}" holds a number')
    return sentence


def _forms(about: Quantity, value: str) -> tuple[str, ...]:
    title, lowered = re.escape(about.title), re.escape(_within(about.title))
    own, unit = (re.escape(said(each)) for each in (about.unit, "%" if about.multiplicative else about.unit))
    named = rf" \({re.escape(value)}\)" if value else ""
    forms: tuple[str, ...] = (
        rf"Measurable (?:(?:decrease|increase) in {lowered}|change in {lowered} (?:towards|away from) zero): "
        rf"{_N}{unit} "
        rf"\(95 % CI {_N} to {_N}\); {_AMONG}this set-up detects {_N}{unit}\.{_OLDER}",
        rf"No measurable change in {lowered}: {_N}{unit} is within ±{_N}{unit}{_LIMIT_AMONG}\. "
        rf"This does not show that nothing changed\.{_OLDER}",
        rf"Relative to the untreated side, measurable (?:decrease|increase|change) in {lowered}: {_N}{unit} "
        rf"\(95 % CI {_N} to {_N}\); the two sides together detect {_N}{unit}\.{_OLDER}",
        rf"Relative to the untreated side, no measurable change in {lowered}: {_N}{unit} is within ±{_N}{unit}\. "
        rf"This does not show that nothing changed\.{_OLDER}",
        rf"(?:Relative to the untreated side, a|A) change in {lowered} larger than {_N}{unit} is ruled out\.",
        rf"{_OVER} {lowered} goes (?:down|up) by {_N}{unit} in \d+ days \(95 % CI {_N} to {_N}\)\.",
        rf"{_OVER} no trend of {lowered} can be told from chance\.",
        rf"{title}: there is a baseline; a change needs a second session\.",
        rf"{title} could not be measured in these photos\.",
        rf"{_N} ± {_N}{own}{named}",
        rf"{_N}{unit} \({_N} to {_N}\)",
        rf"{_N}{unit}",
    )
    if about.unit == "ΔE00":
        forms += (rf"{title} ΔE00 {_N} \(equal colours give up to {_N} by chance\): (?:{_SEEN})\.",)
    return forms


def _within(title: str) -> str:
    """A title within a sentence: small, unless its second letter says that it is a symbol."""
    keep = len(title) > 1 and (title[1].isupper() or not title[1].isalpha())
    return title if keep or not title else title[0].lower() + title[1:]
