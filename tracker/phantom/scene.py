"""The scene in front of the camera, and the light that reaches the lens."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.backdrop import Backdrop
from tracker.phantom.fields import Canvas, Field
from tracker.phantom.light import Light, evenness, gloss, shading
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.pose import Camera, Deformation, scene_of_pixels, to_full
from tracker.phantom.skin import Skin
from tracker.phantom.state import State

_CONTACT_DEPTH = 0.42
_CONTACT_REACH = 9.0


@dataclass(frozen=True, slots=True, eq=False)
class Appearance:
    """Skin as it is on the day of a session; arrays have the shape of its canvas."""

    skin: Skin
    state: State
    height: Field
    """Relief without the broad shape of the body, mm."""
    normals: tuple[Field, Field, Field]
    colour: Field
    """Linear sRGB in even light, as the camera renders it, shape (H, W, 3)."""


def appearance(skin: Skin, state: State, response: Response = STANDARD) -> Appearance:
    """Return what the skin has become in a session, as seen by a camera in a light."""
    return Appearance(
        skin=skin,
        state=state,
        height=skin.relief(state),
        normals=skin.normals(state),
        colour=skin.colour(state, response),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """What is true about every pixel of a photo; NaN where there is no skin. Arrays of shape (H, W), float32."""

    y: Field
    """Where on the skin the pixel is, laid flat, mm downwards from its centre."""
    x: Field
    """The same to the right."""
    height: Field
    """Relief without the broad shape of the body, mm."""
    melanin: Field
    """Volume fraction of melanosomes in the epidermis."""
    blood: Field
    """Volume fraction of blood in the dermis."""


def maps(skin: Skin, state: State, *, camera: Camera, tissue: Deformation) -> Maps:
    """Return the skin behind every pixel of a photo."""
    points, size = scene_of_pixels(camera)
    on_skin = tissue.to_skin(points)
    layers = np.dstack([skin.relief(state), skin.melanin_on(state), skin.blood_on(state)])
    seen = _picked(layers, skin.canvas, on_skin, size)
    place = [to_full(on_skin[..., axis], size) for axis in (0, 1)]
    inside = np.abs(to_full(skin.body.across(on_skin[..., 0], on_skin[..., 1]), size)) < 1.0
    for axis, extent in enumerate((skin.canvas.height, skin.canvas.width)):
        inside &= np.abs(place[axis]) <= extent / 2
    return Maps(*(np.where(inside, layer, np.float32(np.nan)) for layer in (*place, *np.moveaxis(seen, -1, 0))))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Light at the lens for one photo, and what each pixel shows."""

    radiance: Field
    """Linear sRGB, 1 is a perfect white in even light, shape (H, W, 3)."""
    skin: NDArray[np.bool_]
    """Pixels that show nothing but skin, shape (H, W)."""
    shading: Field
    """Diffuse shading on the canvas of the skin: no albedo, gloss or noise."""


def look(day: Appearance, backdrop: Backdrop, *, light: Light, camera: Camera, tissue: Deformation) -> View:
    """Return the light that one photo receives.

    Scene, skin and markers are a plane; only the shading knows the relief. So
    there is no parallax, and the truth about where a point lies is exact.
    """
    points, size = scene_of_pixels(camera)
    on_skin = tissue.to_skin(points)
    across = day.skin.body.across(on_skin[..., 0], on_skin[..., 1])
    outside = to_full((np.abs(across) - 1.0) * day.skin.body.half_width, size)  # mm beyond the silhouette
    diffuse = shading(day.normals, light, camera.roll)
    lit = day.colour * diffuse[..., None] + gloss(day.normals, light, camera.roll)[..., None]
    skin = _picked(lit, day.skin.canvas, on_skin, size)

    behind = _picked(_stacked(backdrop), backdrop.canvas, points, size)
    paper, card, shade = behind[..., :3], behind[..., 3:4], behind[..., 4:5]
    shown = np.clip(0.5 - outside / np.float32(camera.mm_per_px), 0.0, 1.0)[..., None]
    contact = _contact_shade(across, outside, light, camera.roll, size)[..., None]
    floor = paper * np.where(card > 0.5, 1.0, contact * shade)
    cover = shown * (1.0 - card)
    radiance = floor + cover * (skin * shade - floor)
    radiance *= to_full(evenness(points, light, camera.roll), size)[..., None]
    clear = cv2.erode((cover[..., 0] > 0.999).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return View(np.ascontiguousarray(radiance, np.float32), clear, diffuse)


def _stacked(backdrop: Backdrop) -> Field:
    return np.dstack([backdrop.colour, backdrop.card, backdrop.shade])


def _picked(image: Field, canvas: Canvas, points: NDArray[np.float64], size: tuple[int, int]) -> Field:
    """Return an image of a canvas as seen at the scene or skin points of the coarse grid, shape (H, W, C)."""
    rows, columns = canvas.shape
    row = to_full(points[..., 0] / canvas.pitch + (rows - 1) / 2, size)
    column = to_full(points[..., 1] / canvas.pitch + (columns - 1) / 2, size)
    # Lanczos, because OpenCV's cubic moves things by up to 0.03 px; at most four channels at a time.
    parts = [
        cv2.remap(
            np.ascontiguousarray(image[..., at : at + 3]), column, row, cv2.INTER_LANCZOS4,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        for at in range(0, image.shape[2], 3)
    ]  # fmt: skip
    return np.asarray(np.dstack(parts) if len(parts) > 1 else parts[0], np.float32)


def _contact_shade(
    across: NDArray[np.floating], outside: Field, light: Light, roll: float, size: tuple[int, int]
) -> Field:
    """Return the soft shade at the foot of the body, deeper on the side away from the lamp, 0 to 1."""
    away = to_full(-np.tanh(4.0 * across) * light.towards(roll)[0], size)
    depth = _CONTACT_DEPTH * (0.55 + 0.45 * away / max(float(np.sin(np.deg2rad(light.slant))), 1e-6))
    return np.asarray(1.0 - depth * np.exp(-np.maximum(outside, 0.0) / _CONTACT_REACH), np.float32)
