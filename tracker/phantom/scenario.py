"""The courses the phantom can play, by name."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tracker.errors import TrackerError
from tracker.phantom.bruises import Bruises
from tracker.phantom.chart import Chart
from tracker.phantom.clutter import Clutter
from tracker.phantom.hair import Hair
from tracker.phantom.lesions import Redness, Spots
from tracker.phantom.light import Light
from tracker.phantom.optics import Response
from tracker.phantom.plan import Scenario
from tracker.phantom.sensor import Label, Sensor
from tracker.phantom.skin import Body, Complexion, Findings, Relief
from tracker.phantom.state import AS_GROWN, State
from tracker.phantom.wrinkles import Wrinkles

__all__ = ["SCENARIOS", "Scenario", "named"]

_THIGH = Scenario(
    name="thigh",
    stream=1,
    field=300.0,
    body=Body(half_width=90.0, depth=42.0, taper=0.045, sway=2.5),
    complexion=Complexion(),
    relief=Relief(dimples=26, depth=4.5, mattress=0.32),
    light=Light(slant=50.0, azimuth=0.0, ambient=0.28),
    card_edge=(34.0, 37.0),
    blur_mm=0.11,
    end=State(dimples=0.4),
)
_PIGMENT = Scenario(
    name="pigment",
    stream=3,
    field=140.0,
    body=Body(half_width=170.0, depth=60.0, exponent=2.0),
    complexion=Complexion(
        melanin=0.038,
        blood=0.0105,
        flush=0.12,
        mottling=0.09,
        freckles=14,
        moles=5,
        follicles=2.6,
        hairs=9.0,
        hair_contrast=0.7,
    ),
    relief=Relief(waviness=0.25, peel=0.012, micro=0.020, cell=0.75),
    light=Light(slant=30.0, azimuth=90.0, ambient=0.4, falloff=0.1, gloss=0.025),
    card_edge=(20.5, 22.5),
    blur_mm=0.065,
    start=State(melanin=1.9),
    end=State(melanin=1.3),
    patch_width=20.0,
)
_DARK_THIGH = replace(
    _THIGH,
    name="dark-thigh",
    stream=5,
    complexion=replace(_THIGH.complexion, melanin=0.30, blood=0.008, mottling=0.06, moles=2, surface=0.04),
    light=replace(_THIGH.light, slant=52.0, shadows=True),
    clutter=Clutter(things=("paper",)),
)
_PHONE = replace(
    _THIGH,
    name="phone",
    stream=6,
    complexion=replace(_THIGH.complexion, melanin=0.06),
    light=replace(_THIGH.light, slant=58.0, azimuth=25.0, ambient=0.2, tint=(0.85, 0.97, 1.15), shadows=True),
    sensor=Sensor(contrast=0.25, sharpening=0.6, local_tone=0.3, profile="sRGB", label=Label()),
    response=Response("LED-B3", "Nikon 5100 (NPL)"),
    clutter=Clutter(things=("towel", "wall"), cover="hem"),
)
_BUTTOCK = replace(
    _THIGH,
    name="buttock",
    stream=7,
    body=Body.dome(170.0, 200.0),
    complexion=replace(_THIGH.complexion, melanin=0.035),
    relief=replace(_THIGH.relief, dimples=34, depth=5.5),
    light=replace(_THIGH.light, slant=45.0, azimuth=90.0, shadows=True),
    card_edge=(31.0, 35.0),
)
_TONE = replace(
    _THIGH,
    name="tone",
    stream=8,
    body=Body(half_width=128.0, depth=80.0, exponent=2.3, sway=-4.0, bulge=420.0),
    complexion=replace(_THIGH.complexion, melanin=0.075, blood=0.012, flush=0.2, moles=5, follicles=3.2, hairs=8.0),
    relief=Relief(waviness=0.5, peel=0.025, micro=0.02),
    light=Light(slant=30.0, azimuth=110.0, ambient=0.4, shadows=True),
    card_edge=(31.0, 35.0),
    chart=Chart((74.0, 0.0), 80.0),
    response=Response("LED-B3", "Nikon 5100 (NPL)"),
    clutter=Clutter(things=("towel",)),
    end=State(tan=0.75),
)
_CLEAR = replace(_PIGMENT, patch_width=0.0, start=AS_GROWN, end=AS_GROWN)
_SPOTS = replace(
    _CLEAR,
    name="spots",
    stream=9,
    complexion=replace(_PIGMENT.complexion, melanin=0.03),
    findings=Findings(spots=Spots(count=30, gain=(1.8, 3.2))),
    end=State(spots=0.3),
)
_REDNESS = replace(
    _CLEAR,
    name="redness",
    stream=10,
    complexion=replace(_PIGMENT.complexion, melanin=0.018, freckles=4, moles=1),
    findings=Findings(redness=Redness(count=7, vessels=8.0)),
    sensor=Sensor(white_balance=(1.06, 1.0, 0.90)),
    response=Response("A", "Sigma SDMerill (NPL)"),
    end=State(redness=0.3),
)
_BRUISE = replace(
    _THIGH,
    name="bruise",
    stream=11,
    field=190.0,
    body=Body.cylinder(50.0),
    complexion=replace(_THIGH.complexion, melanin=0.03, hairs=6.0),
    relief=Relief(waviness=0.3),
    light=replace(_THIGH.light, slant=32.0, azimuth=60.0, shadows=True),
    card_edge=(25.0, 27.0),
    findings=Findings(bruises=Bruises(count=3)),
    response=Response("FL2"),
    clutter=Clutter(things=("garment",)),
    start=State(bruise_age=2.0),
    end=State(bruise_age=20.0),
)
_LINES = replace(
    _CLEAR,
    name="lines",
    stream=12,
    field=110.0,
    complexion=replace(_PIGMENT.complexion, melanin=0.028, moles=1),
    light=replace(_PIGMENT.light, slant=50.0, azimuth=80.0, ambient=0.25),
    card_edge=(20.0, 21.5),
    blur_mm=0.05,
    findings=Findings(wrinkles=Wrinkles(count=13, fan=60.0, depth=(0.06, 0.22), width=0.45, length=(12.0, 30.0))),
    end=State(wrinkles=0.5),
)
_SCALP = replace(
    _CLEAR,
    name="scalp",
    stream=13,
    field=120.0,
    complexion=replace(_PIGMENT.complexion, melanin=0.035, moles=1),
    light=replace(_PIGMENT.light, slant=25.0, ambient=0.5),
    card_edge=(20.5, 22.0),
    findings=Findings(hair=Hair(per_cm2=110.0, part=3.5, clump=0.5, length=(25.0, 60.0), heading=0.0)),
    start=State(hair=0.7),
)
_DARK_PATCH = replace(
    _PIGMENT,
    name="dark-patch",
    stream=14,
    complexion=replace(_PIGMENT.complexion, melanin=0.16, blood=0.008, surface=0.03),
    start=State(melanin=1.8),
    end=State(melanin=1.2),
)
_ALL: Final[Mapping[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        _THIGH,
        replace(_THIGH, name="control", stream=2, end=AS_GROWN, body=replace(_THIGH.body, sway=-2.5)),
        _PIGMENT,
        replace(_THIGH, name="null", stream=4, end=AS_GROWN),
        _DARK_THIGH,
        _BUTTOCK,
        _PHONE,
        _TONE,
        _DARK_PATCH,
        _SPOTS,
        _REDNESS,
        _BRUISE,
        _LINES,
        _SCALP,
    )
}
SCENARIOS: Final[tuple[str, ...]] = tuple(_ALL)
"""Names of the scenarios, in display order."""


def named(name: str) -> Scenario:
    """Return the scenario of that name, or raise `TrackerError`."""
    if name not in _ALL:
        known = ", ".join(SCENARIOS)
        raise TrackerError(f"The phantom knows no scenario “{name}”. Choose one of: {known}.", code="unknown_scenario")
    return _ALL[name]
