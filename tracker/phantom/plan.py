"""What is photographed, and what treatment does to it."""

from dataclasses import astuple, dataclass
from typing import Final

from tracker.phantom.card import PrintedCard
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
    chart: Chart | PrintedCard | None = None
    """A colour chart in the scene, or a card of our own."""
    clutter: Clutter = TIDY
    """What lies about, and what is worn."""

    def at(self, session: int, sessions: int) -> State:
        """Return the skin in a session.

        Most of the effect comes early, as in treatment: 62 % of it in the first half.
        """
        done = session / max(sessions - 1, 1)
        effect = done * (1.5 - 0.5 * done)
        return State(*(a + effect * (b - a) for a, b in zip(astuple(self.start), astuple(self.end), strict=True)))
