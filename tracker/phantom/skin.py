"""A patch of skin: its relief, melanin and blood, and what they become in one session."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.phantom.body import Body
from tracker.phantom.bruises import Bruises, Bruising, strike
from tracker.phantom.complexion import Blemishes, Complexion, blotchy_blood, fine_hairs, mottled_melanin, pigment_patch
from tracker.phantom.fields import Canvas, Field
from tracker.phantom.hair import Coat, Hair, grow_hair
from tracker.phantom.lesions import Lesions, Redness, Spots, grow_redness, grow_spots
from tracker.phantom.optics import STANDARD, SURFACE_REFLECTION, Response, skin_colour
from tracker.phantom.pores import Pits, Pores, grow_pores
from tracker.phantom.relief import Dents, Relief, dimples, still_relief
from tracker.phantom.state import State
from tracker.phantom.wrinkles import Lines, Wrinkles, draw_wrinkles

__all__ = ["Body", "Complexion", "Findings", "Relief", "Skin", "grow_skin"]


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to be found on the skin; nothing by default."""

    spots: Spots | None = None
    redness: Redness | None = None
    bruises: Bruises | None = None
    wrinkles: Wrinkles | None = None
    hair: Hair | None = None
    pores: Pores | None = None


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
    dents: Dents | None = None
    spots: Lesions | None = None
    redness: Lesions | None = None
    bruising: Bruising | None = None
    lines: Lines | None = None
    coat: Coat | None = None
    pits: Pits | None = None
    scatter_mm: tuple[float, float, float] | None = None
    """How far red, green and blue light wanders inside, mm, as in `tracker.phantom.light.scattered_light`."""
    surface: float = SURFACE_REFLECTION
    """Light that the surface returns without letting it in, as a share of white."""

    def relief(self, state: State) -> Field:
        """Return the height without the broad shape of the body, mm, shape (H, W)."""
        height = np.asarray(self.still + np.float32(state.dimples) * self.dimples, np.float32)
        if self.lines is not None:
            height += np.float32(state.wrinkles) * self.lines.height
        if self.pits is not None:
            height += self.pits.height_of(state.pores)
        return height

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
        if self.spots is not None:
            found *= 1.0 + np.float32(state.spots) * self.spots.added
        return found if state.tan == 1.0 else np.asarray(found * np.float32(state.tan))

    def blood_on(self, state: State) -> Field:
        """Return the volume fraction of blood inside its vessels, shape (H, W)."""
        found = self.blood
        if self.redness is not None:
            found = np.asarray(found * (1.0 + np.float32(state.redness) * self.redness.added))
        if state.flush == state.patch_blood == 1.0:
            return found
        gain = 1.0 + np.float32(state.patch_blood - 1.0) * self.patch
        return np.asarray(found * gain * np.float32(state.flush))

    def colour(self, state: State, response: Response = STANDARD) -> Field:
        """Return the linear sRGB colour of the skin in even light, as a camera renders it, shape (H, W, 3).

        Hair is not in it: what it covers changes as skin is scattered and lit.
        """
        melanin, blood = self.melanin_on(state), self.blood_on(state)
        colour = skin_colour(melanin, blood, oxygenation=state.oxygenation, response=response)
        if self.bruising is not None:
            colour *= self.bruising.tinge(
                state.bruise_age, melanin=melanin, blood=blood, oxygenation=state.oxygenation, response=response
            )
        if self.surface != SURFACE_REFLECTION:
            colour += np.float32(self.surface - SURFACE_REFLECTION)
        if self.pits is not None:
            colour *= self.pits.light_of(state.pores)[..., None]
        return colour

    def hair(self, state: State) -> tuple[Field, NDArray[np.float32]] | None:
        """Return how much of each pixel hair covers, 0 to 1, shape (H, W), and its linear RGB colour."""
        if self.coat is None:
            return None
        return self.coat.cover(state.hair), np.array(self.coat.hair.colour, np.float32)


def grow_skin(
    rng: np.random.Generator,
    canvas: Canvas,
    *,
    body: Body,
    complexion: Complexion,
    relief: Relief,
    patch_width: float = 0.0,
    findings: Findings = Findings(),
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
    findings : Findings
        What else is on it.
    """
    placing, shaping, colouring, fine = rng.spawn(4)
    # Children of a child: whatever is found on the skin leaves the rest of it as it was.
    spotting, reddening, striking, lining, growing, piercing = placing.spawn(6)
    blemishes = Blemishes(placing, canvas, complexion, clear=0.9 * patch_width)
    hairs = 1.0 + complexion.hair_contrast * fine_hairs(fine, canvas, complexion.hairs)
    still = still_relief(shaping, fine, canvas, relief) + blemishes.height
    changing, dents = dimples(shaping, canvas, relief)
    return Skin(
        canvas=canvas,
        body=body,
        melanin=mottled_melanin(colouring, canvas, complexion) * blemishes.melanin * hairs,
        blood=blotchy_blood(colouring, canvas, complexion) * blemishes.blood,
        patch=pigment_patch(colouring, canvas, patch_width),
        still=still,
        dimples=changing,
        dents=dents,
        spots=grow_spots(spotting, canvas, findings.spots) if findings.spots else None,
        redness=grow_redness(reddening, canvas, findings.redness) if findings.redness else None,
        bruising=strike(striking, canvas, findings.bruises) if findings.bruises else None,
        lines=draw_wrinkles(lining, canvas, findings.wrinkles) if findings.wrinkles else None,
        coat=grow_hair(growing, canvas, findings.hair) if findings.hair else None,
        pits=grow_pores(piercing, canvas, findings.pores) if findings.pores else None,
        scatter_mm=complexion.scatter_mm,
        surface=complexion.surface,
    )
