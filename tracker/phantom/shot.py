"""One shot of a view: where camera, tissue and lamp are, and how the camera records."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tracker.errors import TrackerError
from tracker.phantom.light import Light
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.plan import Scenario
from tracker.phantom.pose import Camera, Deformation, soft_tissue
from tracker.phantom.rig import CLINIC, Rig, Spread
from tracker.phantom.sensor import Sensor

SPOILS: Final[tuple[str, ...]] = ("light", "blur")
"""What can go wrong in a session."""
_DEFOCUS_MM = 1.75
_STEEPEST_LAMP = 75.0
_MOST_AMBIENT = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """How one photo is taken.

    Attributes
    ----------
    camera : Camera
    tissue : Deformation
    light : Light
    sensor : Sensor
    response : Response
        Which spectrum the lamp has, and what the camera makes of it.
    """

    camera: Camera
    tissue: Deformation
    light: Light
    sensor: Sensor
    response: Response = STANDARD


def nominal_shot(plan: Scenario, size: tuple[int, int]) -> Shot:
    """Return the shot as planned: nothing moved, no error of exposure or white balance.

    Parameters
    ----------
    plan : Scenario
    size : tuple of int
        Rows and columns of the photo, pixels.
    """
    return Shot(
        Camera(size=size, field=plan.field, distance=3.0 * plan.field),
        soft_tissue(np.random.default_rng(0), 0.0),
        plan.light,
        replace(plan.sensor, blur_mm=plan.blur_mm),
        plan.response,
    )


def drawn_shot(
    plan: Scenario,
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    rig: Rig = CLINIC,
    spoil: str | None = None,
) -> Shot:
    """Return a shot that deviates from the plan as the rig lets it.

    Parameters
    ----------
    plan : Scenario
    size : tuple of int
        Rows and columns of the photo, pixels.
    rng : numpy.random.Generator
    rig : Rig
    spoil : str, optional
        ``"light"`` puts the lamp on the opposite side, ``"blur"`` defocuses.

    Raises
    ------
    TrackerError
        If the way to spoil is unknown.
    """
    check_spoil(spoil)
    within = Spread(rng)
    nominal = nominal_shot(plan, size)
    seen = np.array(size) * plan.field / size[1]
    camera = replace(
        nominal.camera,
        scale=1.0 + within(rig.distance),
        roll=within(rig.roll),
        tilt=(within(rig.tilt), within(rig.tilt)),
        shift=(seen[0] * within(rig.shift), seen[1] * within(rig.shift)),
    )
    light = replace(
        plan.light,
        slant=float(np.clip(plan.light.slant + within(rig.slant), 0.0, _STEEPEST_LAMP)),
        azimuth=(plan.light.azimuth + within(rig.azimuth) + 180.0 * (spoil == "light")) % 360.0,
        ambient=float(np.clip(plan.light.ambient + within(rig.ambient), 0.0, _MOST_AMBIENT)),
    )
    sensor = replace(
        nominal.sensor,
        exposure_ev=plan.sensor.exposure_ev + within(rig.exposure_ev),
        white_balance=_balanced(plan.sensor.white_balance, within(rig.white_balance), within(rig.white_balance)),
        blur_mm=_DEFOCUS_MM if spoil == "blur" else plan.blur_mm * (1.0 + within(rig.focus)),
    )
    return Shot(camera, soft_tissue(rng, rig.tissue * plan.field / 300.0), light, sensor, plan.response)


def _balanced(gains: tuple[float, float, float], red: float, blue: float) -> tuple[float, float, float]:
    return gains[0] * (1.0 + red), gains[1], gains[2] * (1.0 + blue)


def check_spoil(spoil: str | None) -> None:
    """Raise `TrackerError` if the phantom does not know this way to spoil a photo."""
    if spoil is not None and spoil not in SPOILS:
        raise TrackerError(f"The phantom cannot spoil a photo by “{spoil}”.", code="unknown_spoil")
