"""What lies about in a clinic: a towel, table paper, clothes, a skirting board, a socket, a bottle; a hem on the skin.

Every thing is drawn from a generator of its own, so that adding one moves no other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracker.errors import TrackerError
from tracker.phantom.fields import Canvas, Field
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.sheet import (
    SHOWN,
    coverage,
    enlarged,
    lay,
    lay_sheet,
    mottle,
    nap,
    reaching,
    ripple,
    rounded_box,
    rounded_edge,
)

COVERS: Final[tuple[str, ...]] = ("hem", "band")
"""What may lie on the skin: the elastic hem of underwear, or a band of cloth."""

_HIDING: Final = 0.02
Tint = tuple[float, float, float]
_TOWELS: Final[tuple[Tint, ...]] = (
    (0.70, 0.69, 0.66), (0.52, 0.43, 0.33), (0.10, 0.27, 0.29), (0.15, 0.22, 0.40), (0.50, 0.29, 0.28),
)  # fmt: skip
_CLOTHES: Final[tuple[Tint, ...]] = (
    (0.012, 0.012, 0.014), (0.016, 0.022, 0.050), (0.045, 0.046, 0.050), (0.045, 0.075, 0.130), (0.075, 0.020, 0.028),
)  # fmt: skip
_UNDERWEAR: Final[tuple[Tint, ...]] = (
    (0.014, 0.014, 0.016), (0.70, 0.70, 0.69), (0.02, 0.03, 0.08), (0.48, 0.33, 0.25), (0.34, 0.05, 0.08),
)  # fmt: skip
_SKIRTINGS: Final[tuple[Tint, ...]] = ((0.66, 0.65, 0.62), (0.36, 0.20, 0.10), (0.17, 0.085, 0.042))
_WALLS: Final[tuple[Tint, ...]] = ((0.60, 0.57, 0.50), (0.46, 0.50, 0.44), (0.62, 0.62, 0.62))
_BOTTLES: Final[tuple[Tint, ...]] = ((0.68, 0.68, 0.66), (0.20, 0.075, 0.02), (0.10, 0.24, 0.36))


@dataclass(frozen=True, slots=True)
class Clutter:
    """What is in the picture that should not be; nothing by default."""

    things: tuple[str, ...] = ()
    """Some of `THINGS`, on the backdrop."""
    cover: str | None = None
    """One of `COVERS`, on the skin."""
    light_from: float = 0.0
    """Where the light comes from in the picture, as in `tracker.phantom.light.Light.azimuth`, degrees."""

    def __post_init__(self) -> None:
        for name in self.things:
            if name not in THINGS:
                raise TrackerError(f"The phantom knows no clutter {name!r}; it has {', '.join(THINGS)}.")
        if self.cover is not None and self.cover not in COVERS:
            raise TrackerError(f"The phantom knows no cover {self.cover!r}; it has {', '.join(COVERS)}.")

    @property
    def lamp(self) -> tuple[float, float]:
        """Unit vector (y, x) to the light."""
        angle = np.deg2rad(self.light_from)
        return -float(np.sin(angle)), float(np.cos(angle))


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Cloth on the skin. What it hides is not skin; beyond the silhouette of the body there is none of it."""

    canvas: Canvas
    colour: Field
    """Linear RGB in even light, shape (H, W, 3)."""
    cover: Field
    """How much of the pixel it covers, 0 to 1, shape (H, W)."""
    shade: Field
    """Light that its thickness leaves on the skin next to it, 0 to 1, shape (H, W)."""

    def hides(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether scene points (y, x) in mm, shape (..., 2), lie under it."""
        place = np.rint(points / self.canvas.pitch + (np.array(self.canvas.shape) - 1) / 2).astype(int)
        row, column = np.moveaxis(np.clip(place, 0, np.array(self.canvas.shape) - 1), -1, 0)
        return np.asarray(self.cover[row, column] > _HIDING)


def strew(
    rng: np.random.Generator, ground: Field, canvas: Canvas, clutter: Clutter, response: Response = STANDARD
) -> None:
    """Paint the things of a clutter on the ground, in place, the flat ones first.

    Parameters
    ----------
    rng : numpy.random.Generator
        Not advanced: every thing of `THINGS` has a child of it, whether it is drawn or not.
    ground : ndarray, shape (H, W, 3)
        Linear RGB in even light; shadows fall on it.
    canvas : Canvas
        Where it lies.
    clutter : Clutter
        What to paint.
    response : Response
        Lamp and camera.
    """
    for (name, draw), own in zip(_PAINTERS.items(), rng.spawn(len(_PAINTERS)), strict=True):
        if name in clutter.things:
            draw(own, ground, canvas, clutter.lamp, response)


def lay_cover(
    rng: np.random.Generator, canvas: Canvas, clutter: Clutter, response: Response = STANDARD
) -> Cover | None:
    """Return the cloth that lies on the skin, entering from the top or the bottom of the canvas; None without."""
    if clutter.cover is None:
        return None
    own = rng.spawn(1)[0]
    sheet = reaching(own, canvas, sides="tb", reach=(0.10, 0.20), tilt=10.0, wobble=1.2)
    tint = np.array(_UNDERWEAR[own.integers(len(_UNDERWEAR))] if clutter.cover == "hem" else _TOWELS[0], np.float32)
    width = np.float32(np.inf if clutter.cover == "hem" else own.uniform(24.0, 38.0))
    elastic = 9.0 if clutter.cover == "hem" else 0.0
    depth = np.minimum(sheet.depth, width - sheet.depth)
    folds = mottle(own, sheet, 25.0, 90.0)
    ribs = ripple(sheet.along + 0.5 * folds, 1.7) * np.float32(0.10) * (depth < elastic)
    weave = (ripple(sheet.along, 1.1) + ripple(sheet.depth, 1.1)) * np.float32(0.03) * (depth >= elastic)
    seam = 1.0 - 0.30 * np.exp(-0.5 * ((depth - elastic) / 0.5) ** 2)
    light = rounded_edge(depth, 1.6, sheet.inward, clutter.lamp, 0.35) * seam * (1.0 + ribs + weave)
    light *= 1.0 + np.where(depth < elastic, 0.02, 0.05) * folds + 0.03 * nap(own, sheet, 0.8)

    inside = np.minimum(sheet.inside, width - sheet.inside)
    colour = np.broadcast_to(response.paint(tint), (*canvas.shape, 3)).copy()
    colour[sheet.where] = enlarged(response.paint(np.asarray(light[..., None] * tint, np.float32)), inside.shape)
    cover, shade = np.zeros(canvas.shape, np.float32), np.ones(canvas.shape, np.float32)
    cover[sheet.where] = coverage(inside, canvas.pitch)
    shade[sheet.where] -= np.float32(0.5) * np.exp(np.minimum(inside, 0.0) / np.float32(2.2))
    return Cover(canvas, colour, cover, shade)


def _towel(
    rng: np.random.Generator, ground: Field, canvas: Canvas, lamp: tuple[float, float], response: Response
) -> None:
    """Terry cloth, folded: two layers with rolled edges."""
    sheet = reaching(rng, canvas, sides="lrlrtb", reach=(0.08, 0.15), tilt=5.0, wobble=1.4)
    tint = np.array(_TOWELS[rng.integers(len(_TOWELS))], np.float32)
    upper = sheet.depth - np.float32(rng.uniform(9.0, 16.0)) - 1.5 * mottle(rng, sheet, 40.0, 200.0)
    light = rounded_edge(sheet.depth, 7.0, sheet.inward, lamp, 0.30)
    light *= 1.0 - 0.5 * np.exp(np.minimum(upper, 0.0) / 2.5) * (upper < 0.0)
    np.copyto(light, rounded_edge(upper, 7.0, sheet.inward, lamp, 0.30), where=upper > 0.0)
    loops = 0.09 * np.clip(nap(rng, sheet, 1.3), -2.5, 2.0) + 0.04 * mottle(rng, sheet, 5.0, 30.0)
    light *= np.asarray(1.0 + loops + 0.03 * ripple(sheet.depth + 0.4 * loops, 2.4), np.float32)
    lay_sheet(ground, canvas, sheet, response.paint(np.asarray(light[..., None] * tint, np.float32)), 5.0)


def _paper(
    rng: np.random.Generator, ground: Field, canvas: Canvas, lamp: tuple[float, float], response: Response
) -> None:
    """Paper of the treatment table, creased, over most of the ground."""
    sheet = reaching(rng, canvas, sides="lr", reach=(0.86, 0.94), tilt=2.0, wobble=0.8, grain=0.8)
    light = 1.0 + 0.02 * mottle(rng, sheet, 20.0, 90.0)
    for _ in range(14):
        angle, middle = rng.uniform(0.0, np.pi), rng.uniform(0.0, 1.0, 2) * (canvas.height, canvas.width)
        normal = np.cos(angle), np.sin(angle)
        off = (sheet.along + np.float32(canvas.height / 2 - middle[0])) * np.float32(normal[0])
        off += (sheet.depth - np.float32(middle[1])) * np.float32(normal[1])
        facing = normal[0] * lamp[0] - normal[1] * sheet.inward[1] * lamp[1]
        # A crease parts two flat facets that turn a little towards the light and away from it.
        light += np.float32(0.05 * facing * rng.uniform(0.3, 1.0)) * off / (np.abs(off) + np.float32(1.0))
        light -= np.float32(rng.choice([-0.07, 0.09])) / (1.0 + np.square(off * np.float32(1.2)))
    tint = np.array((0.70, 0.70, 0.68), np.float32)
    lay_sheet(ground, canvas, sheet, response.paint(np.clip(light, 0.6, 1.2)[..., None] * tint), 1.5)


def _garment(
    rng: np.random.Generator, ground: Field, canvas: Canvas, lamp: tuple[float, float], response: Response
) -> None:
    """Dark cloth with folds and a stitched hem."""
    sheet = reaching(rng, canvas, sides="lrtb", reach=(0.07, 0.16), tilt=12.0, wobble=3.0)
    tint = np.array(_CLOTHES[rng.integers(len(_CLOTHES))], np.float32)
    waves = mottle(rng, sheet, 18.0, 70.0)
    folds = np.tanh(1.5 * ripple(sheet.along + 0.25 * sheet.depth + 4.0 * waves, 46.0))
    light = rounded_edge(sheet.depth, 2.0, sheet.inward, lamp, 0.2) * (1.0 + 0.20 * waves + 0.16 * folds)
    light *= 1.0 + 0.10 * nap(rng, sheet, 0.9)
    stitch = (np.abs(sheet.depth - 9.0) < 0.45) & (np.mod(sheet.along, 3.2) < 2.1)
    light = light * (1.0 - 0.12 * np.exp(-0.5 * np.square((sheet.depth - 9.0) / 1.2))) + 0.55 * stitch
    lay_sheet(ground, canvas, sheet, response.paint(np.asarray(light[..., None] * tint, np.float32)), 3.5)


def _wall(
    rng: np.random.Generator, ground: Field, canvas: Canvas, lamp: tuple[float, float], response: Response
) -> None:
    """A skirting board, white or of wood, and the wall above it."""
    sheet = reaching(rng, canvas, sides="tlr", reach=(0.12, 0.20), tilt=2.0, wobble=0.0)
    wood = _SKIRTINGS[(kind := int(rng.integers(len(_SKIRTINGS))))]
    wall = np.array(_WALLS[rng.integers(len(_WALLS))], np.float32)
    high = rng.uniform(24.0, 32.0)
    grain = ripple(sheet.depth + 1.6 * mottle(rng, sheet, 25.0, 120.0), 2.6) * (0.09 if kind else 0.0)
    facing = -(sheet.inward[0] * lamp[0] + sheet.inward[1] * lamp[1])
    steps = (-1.0, 0.0, 1.2, 2.5, high - 8.0, high - 7.0, high - 1.0, high, high + 2.0, high + 14.0)
    board = (0.35, 0.40, 0.80, 0.95, 1.00, 1.15 + 0.2 * facing, 1.05 + 0.2 * facing, 0.55, 0.72, 1.0)
    light = np.asarray(np.interp(sheet.depth, steps, board), np.float32)
    wooden = coverage(np.float32(high) - sheet.depth, sheet.grain)
    tint = wall + wooden[..., None] * (np.array(wood, np.float32) - wall)
    rough = wooden * grain + (1.0 - wooden) * 0.015 * nap(rng, sheet, 2.0)
    colour = np.asarray(tint * (light * (1.0 + rough))[..., None], np.float32)
    lay_sheet(ground, canvas, sheet, response.paint(colour), 4.0)


def _site(rng: np.random.Generator, canvas: Canvas, reach: float) -> tuple[tuple[slice, slice], Field, Field]:
    """Return a window at the left or right of the picture, and its places from a middle, turned a little, mm."""
    y = canvas.height * SHOWN * rng.uniform(-0.18, 0.18)
    x = canvas.width * SHOWN * 0.5 * rng.choice([-1.0, 1.0]) * rng.uniform(0.80, 0.92)
    turn = np.deg2rad(rng.uniform(-12.0, 12.0))
    where = canvas.window(y, x, reach)
    down, right = canvas.y[where[0]] - np.float32(y), canvas.x[:, where[1]] - np.float32(x)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return where, cos * down - sin * right, cos * right + sin * down


def _socket(
    rng: np.random.Generator, ground: Field, canvas: Canvas, lamp: tuple[float, float], response: Response
) -> None:
    """A power socket: a white plate with a round well and two holes."""
    where, down, right = _site(rng, canvas, 62.0)
    plate = rounded_box(down, right, (40.0, 40.0), 5.0)
    tilt = (down * np.float32(lamp[0]) + right * np.float32(lamp[1])) / np.float32(40.0)
    light = 1.0 + np.float32(0.03) * tilt + np.float32(0.30) * tilt * np.exp(-np.maximum(plate, 0.0) / 1.5)
    away = np.hypot(down, right)
    well = np.clip((20.0 - away) / 0.8, 0.0, 1.0)
    # The far wall of the well is lit, the near one throws a shade on the floor.
    light *= 1.0 - well * (0.22 + np.clip(0.5 * tilt, -0.12, 0.30) + 0.25 * np.exp((away - 20.0) / 1.8))
    for side in (-9.5, 9.5):
        light *= 1.0 - 0.93 * np.clip((2.5 - np.hypot(down, right - np.float32(side))) / 0.4 + 0.5, 0.0, 1.0)
    clip = np.clip((2.5 - np.abs(right)) / 0.4, 0.0, 1.0) * np.clip((2.0 - np.abs(np.abs(down) - 17.0)) / 0.4, 0.0, 1.0)
    light = light * (1.0 - 0.45 * clip)
    tint = np.array((0.70, 0.69, 0.66), np.float32)
    lay(ground, canvas, where, plate, response.paint(np.asarray(light[..., None] * tint, np.float32)), 3.0)


def _bottle(
    rng: np.random.Generator, ground: Field, canvas: Canvas, lamp: tuple[float, float], response: Response
) -> None:
    """A small bottle lying down, with a cap and a paper label."""
    where, down, right = _site(rng, canvas, 62.0)
    tint = np.array(_BOTTLES[rng.integers(len(_BOTTLES))], np.float32)
    radius = rng.uniform(13.0, 17.0)
    body = rounded_box(down - 6.0, right, (36.0, radius), 8.0)
    cap = rounded_box(down + 38.0, right, (9.0, 0.62 * radius), 1.5)
    depth = np.maximum(body, cap)
    bent = np.clip(right / np.float32(radius), -1.0, 1.0)
    light = np.sqrt(np.maximum(1.0 - 0.9 * np.square(bent), 0.0)) * (1.0 + np.float32(0.25 * lamp[1]) * bent)
    label = (np.abs(down - 10.0) < 19.0) & (body > cap)
    print_ = label & (np.mod(down, 3.4) < 1.3) & (np.abs(right + 1.5) < 0.55 * radius) & (down > 2.0)
    capped = (cap > body)[..., None]
    colour = np.where(label[..., None], np.array((0.62, 0.62, 0.60), np.float32), tint)
    colour = np.where(print_[..., None], np.float32(0.10), np.where(capped, np.float32(0.62), colour))
    light = light * np.where(capped[..., 0], 1.0 + 0.10 * ripple(right, 1.5), 1.0)
    shine = 0.30 * np.exp(-0.5 * np.square((bent - 0.45 * lamp[1]) / 0.09)) * np.where(label, 0.15, 1.0) * (depth > 0)
    painted = response.paint(np.asarray(colour * light[..., None], np.float32)) + shine[..., None]
    lay(ground, canvas, where, depth, np.asarray(painted, np.float32), 6.0)


_Painter = Callable[[np.random.Generator, Field, Canvas, tuple[float, float], Response], None]
_PAINTERS: Final[dict[str, _Painter]] = {
    "wall": _wall,
    "paper": _paper,
    "garment": _garment,
    "towel": _towel,
    "socket": _socket,
    "bottle": _bottle,
}
THINGS: Final[tuple[str, ...]] = tuple(_PAINTERS)
"""What may lie on the backdrop, from the lowest to the highest."""
TIDY: Final = Clutter()
"""Nothing in the way."""
