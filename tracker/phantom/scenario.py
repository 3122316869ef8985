"""The courses the phantom can play: what is photographed, and what treatment does to it."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from typing import Final

from tracker.errors import TrackerError
from tracker.phantom.chart import Chart
from tracker.phantom.clutter import TIDY, Clutter
from tracker.phantom.light import Light
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.sensor import Sensor
from tracker.phantom.skin import Body, Complexion, Findings, Relief
from tracker.phantom.state import AS_GROWN, State

_PLAIN: Final = Sensor()
_NOTHING: Final = Findings()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A course of treatment to render."""

    name: str
    stream: int
    """Which skin: scenarios of different streams share nothing random."""
    field: float
    """Width of the picture at the nominal distance, mm."""
    body: Body
    complexion: Complexion
    relief: Relief
    light: Light
    card_edge: tuple[float, float] | None
    """Distance of the markers' centres from the edges of the nominal picture, mm (y, x); none without markers."""
    blur_mm: float
    """Standard deviation of the point spread, mm."""
    start: State = AS_GROWN
    """The skin in the first session."""
    end: State = AS_GROWN
    """The skin in the last session."""
    patch_width: float = 0.0
    """Mean width of the pigment patch, mm; 0 for none."""
    sensor: Sensor = _PLAIN
    """How the camera records; `blur_mm` stands above."""
    response: Response = STANDARD
    """The spectrum of the lamp and the colours of the camera."""
    findings: Findings = _NOTHING
    """What there is to be found on the skin besides."""
    chart: Chart | None = None
    """A colour chart in the scene."""
    clutter: Clutter = TIDY
    """What lies about, and what is worn."""

    def at(self, session: int, sessions: int) -> State:
        """Return the skin in a session.

        Most of the effect comes early, as in treatment: 62 % of it in the first half.
        """
        done = session / max(sessions - 1, 1)
        effect = done * (1.5 - 0.5 * done)
        return State(*(a + effect * (b - a) for a, b in zip(astuple(self.start), astuple(self.end), strict=True)))


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
_ALL: Final[Mapping[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        _THIGH,
        replace(_THIGH, name="control", stream=2, end=AS_GROWN, body=replace(_THIGH.body, sway=-2.5)),
        _PIGMENT,
        replace(_THIGH, name="null", stream=4, end=AS_GROWN),
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
