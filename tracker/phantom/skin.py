"""A patch of skin: its relief, melanin and blood, and what they become in one session."""

from dataclasses import dataclass

import numpy as np

from tracker.phantom.body import Body
from tracker.phantom.complexion import Blemishes, Complexion, blotchy_blood, fine_hairs, mottled_melanin, pigment_patch
from tracker.phantom.fields import Canvas, Field
from tracker.phantom.optics import STANDARD, Response, skin_colour
from tracker.phantom.relief import Relief, dimples, still_relief
from tracker.phantom.state import State

__all__ = ["Body", "Complexion", "Relief", "Skin", "grow_skin"]


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """Skin laid flat on its canvas, before any session.

    All arrays have the shape of the canvas, float32. Melanin and blood are
    volume fractions, heights and slopes are in mm and mm/mm.
    """

    canvas: Canvas
    body: Body
    melanin: Field
    blood: Field
    patch: Field
    """How much of the pigment patch lies here, 0 to 1."""
    still: Field
    """Height that stays through the course."""
    dimples: Field
    """Height that a session scales: dimples and the undulation between them, 0 or negative and positive."""

    def relief(self, state: State) -> Field:
        """Return the height without the broad shape of the body, mm, shape (H, W)."""
        return np.asarray(self.still + np.float32(state.dimples) * self.dimples, np.float32)

    def normals(self, state: State) -> tuple[Field, Field, Field]:
        """Return the unit surface normal (x right, y down, z to the viewer), three arrays of shape (H, W)."""
        dz_dy, dz_dx = np.gradient(self.relief(state), np.float32(self.canvas.pitch))
        dz_dx += self.body.slope_across(self.canvas.y, self.canvas.x)
        if self.body.bulge:
            dz_dy += self.body.slope_along(self.canvas.y)
        nz = 1.0 / np.sqrt(np.float32(1.0) + dz_dx**2 + dz_dy**2)
        return np.asarray(-dz_dx * nz), np.asarray(-dz_dy * nz), np.asarray(nz)

    def melanin_on(self, state: State) -> Field:
        """Return the volume fraction of melanosomes, shape (H, W)."""
        found = self.melanin * (1.0 + np.float32(state.melanin - 1.0) * self.patch)
        return found if state.tan == 1.0 else np.asarray(found * np.float32(state.tan))

    def blood_on(self, state: State) -> Field:
        """Return the volume fraction of blood, shape (H, W)."""
        if state.flush == state.patch_blood == 1.0:
            return self.blood
        gain = 1.0 + np.float32(state.patch_blood - 1.0) * self.patch
        return np.asarray(self.blood * gain * np.float32(state.flush))

    def colour(self, state: State, response: Response = STANDARD) -> Field:
        """Return the linear sRGB colour of the skin in even light, as a camera renders it, shape (H, W, 3)."""
        melanin, blood = self.melanin_on(state), self.blood_on(state)
        return skin_colour(melanin, blood, oxygenation=state.oxygenation, response=response)


def grow_skin(
    rng: np.random.Generator,
    canvas: Canvas,
    *,
    body: Body,
    complexion: Complexion,
    relief: Relief,
    patch_width: float = 0.0,
) -> Skin:
    """Return random skin of the given make.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    canvas : Canvas
        How much skin, and how finely.
    body, complexion, relief : Body, Complexion, Relief
        What it is made of.
    patch_width : float
        Mean width of a pigment patch at the centre, mm; 0 for none.
    """
    placing, shaping, colouring, fine = rng.spawn(4)
    blemishes = Blemishes(placing, canvas, complexion, clear=0.9 * patch_width)
    hairs = 1.0 + complexion.hair_contrast * fine_hairs(fine, canvas, complexion.hairs)
    still = still_relief(shaping, fine, canvas, relief) + blemishes.height
    return Skin(
        canvas=canvas,
        body=body,
        melanin=mottled_melanin(colouring, canvas, complexion) * blemishes.melanin * hairs,
        blood=blotchy_blood(colouring, canvas, complexion) * blemishes.blood,
        patch=pigment_patch(colouring, canvas, patch_width),
        still=still,
        dimples=dimples(shaping, canvas, relief),
    )
