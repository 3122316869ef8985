"""The scene in front of the camera, and the light that reaches the lens."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracker.phantom.backdrop import Backdrop
from tracker.phantom.body import Body
from tracker.phantom.clutter import Cover
from tracker.phantom.fields import Canvas, Field
from tracker.phantom.light import (
    LAMP_WIDTH,
    Illumination,
    Light,
    evenness,
    gloss,
    illumination,
    scattered_light,
    shading,
)
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.pose import Camera, Deformation, scene_of_pixels, to_full
from tracker.phantom.shadow import openness, visibility
from tracker.phantom.skin import Skin
from tracker.phantom.state import State

_CONTACT_DEPTH = 0.42
_CONTACT_REACH = 9.0
_FOOT = 1.5


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
    layers = (skin.relief(state), skin.melanin_on(state), skin.blood_on(state))
    seen = _picked(skin.canvas, on_skin, size, *layers)
    place = [to_full(on_skin[..., axis], size) for axis in (0, 1)]
    inside = np.abs(to_full(skin.body.across(on_skin[..., 0], on_skin[..., 1]), size)) < 1.0
    for axis, extent in enumerate((skin.canvas.height, skin.canvas.width)):
        inside &= np.abs(place[axis]) <= extent / 2
    return Maps(*(np.where(inside, layer, np.float32(np.nan)) for layer in (*place, *seen)))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Light at the lens for one photo, and what each pixel shows."""

    radiance: Field
    """Linear sRGB, 1 is a perfect white in even light, shape (H, W, 3)."""
    skin: NDArray[np.bool_]
    """Pixels that show nothing but skin, shape (H, W)."""
    shading: Field
    """Diffuse shading on the canvas of the skin: no albedo, gloss, cast shadow or noise."""


def look(
    day: Appearance,
    backdrop: Backdrop,
    *,
    light: Light,
    camera: Camera,
    tissue: Deformation,
) -> View:
    """Return the light that one photo receives.

    Scene, skin and markers are a plane; only the shading knows the relief. So
    there is no parallax, and the truth about where a point lies is exact.

    Parameters
    ----------
    day : Appearance
        The skin.
    backdrop : Backdrop
        What lies around it.
    light, camera, tissue : Light, Camera and Deformation
        The shot.
    """
    points, size = scene_of_pixels(camera)
    on_skin = tissue.to_skin(points)
    body = day.skin.body
    across = body.across(on_skin[..., 0], on_skin[..., 1])
    outside = to_full((np.abs(across) - 1.0) * body.half_width, size)  # mm beyond the silhouette
    lit, shaded = _lit(day, light, camera.roll)
    (skin,) = _picked(day.skin.canvas, on_skin, size, lit)
    bare: Field | np.float32 = np.float32(1.0)
    if backdrop.over is not None:
        skin, bare = _clothed(skin, backdrop.over, body, light, camera.roll, points, size)

    radiance, card, shade = _picked(
        backdrop.canvas, points, size, _lit_backdrop(backdrop, body, light, camera.roll), backdrop.card, backdrop.shade
    )
    cover = np.clip(0.5 - outside / np.float32(camera.mm_per_px), 0.0, 1.0) * (1.0 - card)
    contact = _contact_shade(across, outside, light, camera.roll, size)
    radiance *= np.where(card > 0.5, np.float32(1.0), contact * shade)[..., None]
    skin *= shade[..., None]
    skin -= radiance
    skin *= cover[..., None]
    radiance += skin
    radiance *= to_full(evenness(points, light, camera.roll), size)[..., None]
    clear = cv2.erode((cover * bare > 0.999).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return View(radiance, clear, shaded)


def _lit(day: Appearance, light: Light, roll: float) -> tuple[Field, Field]:
    """Return the light that leaves the skin, shape (H, W, 3), and its shading without shadows, on its canvas."""
    canvas, seen, sky = day.skin.canvas, None, None
    if light.shadows:
        shape = day.skin.body.height(canvas.y, canvas.x) + day.height
        seen = visibility(shape, canvas.pitch, light.towards(roll), LAMP_WIDTH)
        sky = openness(shape, canvas.pitch)
    shone = illumination(day.normals, light, roll, visibility=seen, openness=sky)
    lit = shone.on(day.colour)
    if day.skin.scatter_mm is not None:
        lit = scattered_light(lit, canvas.pitch, day.skin.scatter_mm)
    lit += gloss(day.normals, light, roll, visibility=seen)[..., None]
    if (coat := day.skin.hair(day.state)) is not None:
        cover, colour = coat
        # Hair is lit as the skin it lies on, evenly: it stands up, and its own gloss is left to its colour.
        lit += cover[..., None] * (colour * shone.total[..., None] - lit)
    return lit, shading(day.normals, light, roll) if light.shadows else shone.total


def _clothed(
    skin: Field, over: Cover, body: Body, light: Light, roll: float, points: NDArray[np.float64], size: tuple[int, int]
) -> tuple[Field, Field]:
    """Return the skin with the cloth on it, shape (H, W, 3), and how much of each pixel is left bare."""
    canvas = over.canvas
    slope = body.slope_across(canvas.y, canvas.x)
    along = np.broadcast_to(body.slope_along(canvas.y), canvas.shape)
    nz = 1.0 / np.sqrt(1.0 + slope**2 + along**2)
    lit = illumination((np.asarray(-slope * nz), np.asarray(-along * nz), np.asarray(nz)), light, roll).on(over.colour)
    cloth, cover, shade = _picked(canvas, points, size, lit, over.cover, over.shade)
    bare = 1.0 - np.clip(cover, 0.0, 1.0)
    return np.asarray(skin * (shade * bare)[..., None] + cloth * (1.0 - bare)[..., None]), np.asarray(bare)


def _lit_backdrop(backdrop: Backdrop, body: Body, light: Light, roll: float) -> Field:
    """Return the light that leaves the backdrop, on its canvas, shape (H, W, 3)."""
    colour = backdrop.colour
    if light.shadows or light.tint != (1.0, 1.0, 1.0):
        canvas = backdrop.canvas
        seen: Field | np.float32 = np.float32(1.0)
        if light.shadows:
            seen = visibility(body.height(canvas.y, canvas.x), canvas.pitch, light.towards(roll), LAMP_WIDTH)
            # The ground at the foot of the body is not on its flank, which the coarse grid takes it for.
            reach = 2 * round(_FOOT / canvas.pitch) + 1
            foot = cv2.erode(seen, np.ones((reach, reach), np.uint8))
            seen = np.asarray(cv2.blur(foot, (reach, reach)), np.float32)
        direct = np.broadcast_to(np.float32(1.0 - light.ambient) * seen, canvas.shape)
        colour = Illumination(np.asarray(direct), np.float32(light.ambient), light.tint).on(colour)
    if backdrop.gauge is not None:
        colour = backdrop.gauge.lit(colour, backdrop.canvas.y, backdrop.canvas.x, light, roll)
    return colour


def _picked(canvas: Canvas, points: NDArray[np.float64], size: tuple[int, int], *images: Field) -> list[Field]:
    """Return images of a canvas as seen at the scene or skin points of the coarse grid, each of shape (H, W, ...)."""
    rows, columns = canvas.shape
    row = to_full(points[..., 0] / canvas.pitch + (rows - 1) / 2, size)
    column = to_full(points[..., 1] / canvas.pitch + (columns - 1) / 2, size)
    # Lanczos, because OpenCV's cubic moves things by up to 0.03 px.
    way, edge = cv2.INTER_LANCZOS4, cv2.BORDER_REFLECT_101
    return [np.asarray(cv2.remap(image, column, row, way, borderMode=edge), np.float32) for image in images]


def _contact_shade(
    across: NDArray[np.floating], outside: Field, light: Light, roll: float, size: tuple[int, int]
) -> Field:
    """Return the soft shade at the foot of the body, deeper on the side away from the lamp, 0 to 1."""
    away = to_full(-np.tanh(4.0 * across) * light.towards(roll)[0], size)
    depth = _CONTACT_DEPTH * (0.55 + 0.45 * away / max(float(np.sin(np.deg2rad(light.slant))), 1e-6))
    return np.asarray(1.0 - depth * np.exp(-np.maximum(outside, 0.0) / _CONTACT_REACH), np.float32)
