"""An easy, a hard and a refused pair of rendered photos, to look at: is the same skin in the same place?

    python benchmarks/registration_figures.py [--write]

writes docs/images/alignment-easy.jpg and .gif, and so on; without --write, into the folder for temporary files. The
GIF flickers between the first photo and the second one brought to it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import gettempdir
from textwrap import fill
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.scenes import calibrated, skin_of, thigh
from tracker.alignment import PAPER, Alignment, align, warp_photo
from tracker.errors import AlignmentFailed
from tracker.phantom import PhantomPhoto, State, build_stage, nominal_shot, photograph
from tracker.phantom.pose import soft_tissue

Rgb = NDArray[np.uint8]

SEED: Final = 31
_LATER: Final = date(2026, 5, 11)
SIZE: Final = (900, 1200)
FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
_TILE: Final = (560, 420)
_FLICKER: Final = (480, 360)
_CAPTION: Final = 30
_GAP: Final = 6
_FIELDS: Final = 8
_COLOURS: Final = 224
_STEP: Final = 5
_LONGEST: Final = 75.0  # of the arrows, pixels
_FOLDS: Final = (10, 5, 4, 3, 2, 1)
_DOUBT: Final = (0.1, 0.5)  # claimed standard uncertainties, pixels, drawn in blue and in orange
_SURE, _UNSURE, _INK = (11, 107, 181), (214, 92, 8), (50, 50, 50)


@dataclass(frozen=True, slots=True)
class Case:
    """How the second photo differs from the first.

    Attributes
    ----------
    roll, tilt, turn : float
        Degrees.
    distance : float
        Over that of the first.
    tissue : float
        Shift of soft tissue, mm RMS.
    exposure : float
        EV.
    azimuth : float
        Of the lamp, degrees.
    dimples : float
        Their depth over that in the first photo.
    other : bool
        Whether it is the thigh of somebody else.
    """

    roll: float
    tilt: float
    turn: float
    distance: float
    tissue: float
    exposure: float
    azimuth: float
    dimples: float
    other: bool = False


CASES: Final = {
    "easy": Case(3.0, 3.0, -2.0, 1.04, 0.7, 0.2, 3.0, 1.0),
    "hard": Case(-14.0, 12.0, 16.0, 1.2, 4.0, -0.8, 20.0, 0.5),
    "refused": Case(3.0, 3.0, -2.0, 1.04, 0.7, 0.2, 3.0, 1.0, other=True),
}


def main() -> None:
    """Render the pairs and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the pictures in docs/")
    folder = FOLDER if parser.parse_args().write else Path(gettempdir())
    for name, case in CASES.items():
        sheet, flicker = figures_of(case)
        sheet.save(folder / f"alignment-{name}.jpg", "JPEG", quality=82, optimize=True)
        frames = [frame.quantize(_COLOURS) for frame in flicker]
        path = folder / f"alignment-{name}.gif"
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=700, loop=0, optimize=True)
        print(path)


def figures_of(case: Case) -> tuple[Image.Image, list[Image.Image]]:
    """The sheet of a pair and the two pictures that take turns."""
    before, after = photos(case)
    reference = calibrated(before)
    try:
        found = align(reference, calibrated(after), region=skin_of(reference))
    except AlignmentFailed as error:
        tiles = {
            "first photo": before.rgb,
            "second photo": after.rgb,
            "both as they are": checkered(before.rgb, after.rgb),
        }
        return _sheet(tiles | {"what the program says": _said(error.reason)}), _flicker(before.rgb, after.rgb)
    brought = warp_photo(after.rgb, found, SIZE, ground=PAPER)
    mm = before.truth.mm_per_px
    skin = skin_of(reference)
    picture, fold = bending(before.rgb, found, skin)
    words = f"bending of the skin, drawn {fold}-fold; claimed error {found.error_px * mm:.2f} mm"
    tiles = {
        "first photo": before.rgb,
        "second photo": after.rgb,
        "first and second in turn, aligned": checkered(before.rgb, brought),
        words: picture,
    }
    return _sheet(tiles), _flicker(before.rgb, brought)


def photos(case: Case) -> tuple[PhantomPhoto, PhantomPhoto]:
    """The two photos."""
    plan = thigh(slant=45.0, melanin=0.03)
    stage, first = build_stage(plan, seed=SEED, size=SIZE), nominal_shot(plan, SIZE)
    camera = replace(first.camera, scale=case.distance, roll=case.roll, tilt=(case.tilt, case.turn), shift=(6.0, -8.0))
    shot = replace(
        first,
        camera=camera,
        tissue=soft_tissue(np.random.default_rng(SEED), case.tissue),
        light=replace(first.light, azimuth=(first.light.azimuth + case.azimuth) % 360.0),
        sensor=replace(first.sensor, exposure_ev=case.exposure),
    )
    later = build_stage(plan, seed=SEED + 1, size=SIZE) if case.other else stage
    state = State(dimples=case.dimples)
    return photograph(stage, first), photograph(later, shot, state, first=first, session=1, taken_on=_LATER)


def checkered(before: Rgb, after: Rgb) -> Rgb:
    """Fields of both photos in turn."""
    side = SIZE[1] // _FIELDS
    row, col = np.indices(SIZE) // side
    return np.where(((row + col) % 2 == 0)[..., None], before, levelled(before, after))


def levelled(before: Rgb, after: Rgb) -> Rgb:
    """The second photo made as bright as the first; for looking at only."""
    seen = (after != PAPER).any(axis=-1)
    gain = before[seen].mean(axis=0) / after[seen].mean(axis=0)
    return np.where(seen[..., None], np.clip(after * gain, 0, 255), after).astype(np.uint8)


def bending(rgb: Rgb, found: Alignment, region: NDArray[np.bool_]) -> tuple[Rgb, int]:
    """What is left of the motion without its affine part, and how many times as long it is drawn.

    Dots are where the skin was, lines go to where it went: blue where that is certain, orange where less so. Crosses
    are not used.
    """
    grey = np.asarray(Image.fromarray(rgb).convert("L").convert("RGB"), np.float32)
    picture = Image.fromarray((0.45 * grey + 0.55 * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    nodes = np.stack(np.meshgrid(found.rows, found.cols, indexing="ij"), axis=-1)
    cells = (nodes * (np.array(region.shape) / SIZE)).astype(int)
    on_skin = region[np.minimum(cells[..., 0], region.shape[0] - 1), np.minimum(cells[..., 1], region.shape[1] - 1)]
    usable = found.usable & on_skin
    design = np.column_stack([nodes[usable], np.ones(usable.sum())])
    affine, *_ = np.linalg.lstsq(design, found.moving[usable], rcond=None)
    left = (found.moving - (nodes @ affine[:2] + affine[2])) @ np.linalg.inv(affine[:2])
    most = float(np.percentile(np.hypot(*left[usable].T), 99))
    fold = next((fold for fold in _FOLDS if fold * most < _LONGEST), 1)
    for row in range(2, nodes.shape[0], _STEP):
        for col in range(2, nodes.shape[1], _STEP):
            if on_skin[row, col]:
                _arrow(draw, nodes[row, col], fold * left[row, col], float(found.sd[row, col]), bool(usable[row, col]))
    return np.asarray(picture), fold


def _arrow(
    draw: ImageDraw.ImageDraw, at: NDArray[np.float64], step: NDArray[np.float64], sd: float, known: bool
) -> None:
    y, x = at
    if not known:
        draw.line([(x - 5, y - 5), (x + 5, y + 5)], fill=(140, 140, 140), width=2)
        draw.line([(x - 5, y + 5), (x + 5, y - 5)], fill=(140, 140, 140), width=2)
        return
    doubt = np.clip((sd - _DOUBT[0]) / (_DOUBT[1] - _DOUBT[0]), 0, 1)
    colour = tuple(int(a + doubt * (b - a)) for a, b in zip(_SURE, _UNSURE, strict=True))
    tip = at + step
    draw.line([(x, y), (tip[1], tip[0])], fill=colour, width=4)
    draw.ellipse([x - 5, y - 5, x + 5, y + 5], fill=colour)


def _said(reason: str) -> Rgb:
    picture = Image.new("RGB", SIZE[::-1], PAPER)
    font = ImageFont.load_default(52)
    ImageDraw.Draw(picture).multiline_text((70, 250), fill(reason, 38), fill=_INK, font=font, spacing=22)
    return np.asarray(picture)


def _sheet(tiles: dict[str, Rgb]) -> Image.Image:
    width, height = _TILE[0] + _GAP, _TILE[1] + _CAPTION + _GAP
    page = Image.new("RGB", (2 * width - _GAP, 2 * height - _GAP), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(18)
    for at, (caption, rgb) in enumerate(tiles.items()):
        left, top = at % 2 * width, at // 2 * height
        page.paste(Image.fromarray(rgb).resize(_TILE, Image.Resampling.LANCZOS), (left, top))
        draw.text((left + 4, top + _TILE[1] + 4), caption, fill=_INK, font=font)
    return page


def _flicker(before: Rgb, after: Rgb) -> list[Image.Image]:
    frames = []
    for word, rgb in (("first", before), ("second", levelled(before, after))):
        frame = Image.fromarray(rgb).resize(_FLICKER, Image.Resampling.LANCZOS)
        ImageDraw.Draw(frame).text(
            (8, 6), word, fill="white", font=ImageFont.load_default(20), stroke_width=2, stroke_fill=_INK
        )
        frames.append(frame)
    return frames


if __name__ == "__main__":
    main()
