"""Twelve scenes of the phantom on one sheet, to look at: does it look like skin?

    python benchmarks/contact_sheet.py [--write]

writes docs/images/phantom.jpg; without --write, phantom.jpg in the folder for temporary files.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tracker.phantom import build_stage, nominal_shot, photograph
from tracker.phantom.scenario import named

SCENES: Final = {
    "thigh": "light thigh, lamp from the side",
    "buttock": "buttock, lamp from above",
    "dark-thigh": "dark thigh on paper, cast shadows",
    "phone": "phone, hard LED light, clutter",
    "tone": "abdomen with a colour chart, LED light",
    "pigment": "pigment patch",
    "dark-patch": "pigment patch on dark skin",
    "spots": "lentigines",
    "redness": "redness in warm lamp light",
    "bruise": "bruises after two days, fluorescent",
    "lines": "fine lines, close up",
    "scalp": "a part in the hair",
}
COLUMNS: Final = 3
_TILE: Final = (640, 480)
_CAPTION: Final = 34
_GAP: Final = 6
_SIZE: Final = (1200, 1600)
_FILE: Final = Path(__file__).resolve().parent.parent / "docs" / "images" / "phantom.jpg"


def main() -> None:
    """Render the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace the sheet in docs/")
    options = parser.parse_args()
    path = _FILE if options.write else Path(gettempdir()) / _FILE.name
    sheet().save(path, "JPEG", quality=84, optimize=True)
    print(path)


def sheet() -> Image.Image:
    """Return the sheet of all scenes, as planned and as grown with seed 7."""
    rows = -(-len(SCENES) // COLUMNS)
    width, height = _TILE[0] + _GAP, _TILE[1] + _CAPTION + _GAP
    page = Image.new("RGB", (COLUMNS * width - _GAP, rows * height - _GAP), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(20)
    for at, (name, caption) in enumerate(SCENES.items()):
        left, top = (at % COLUMNS) * width, (at // COLUMNS) * height
        page.paste(Image.fromarray(_scene(name)).resize(_TILE, Image.Resampling.LANCZOS), (left, top))
        draw.text((left + 4, top + _TILE[1] + 5), caption, fill=(50, 50, 50), font=font)
    return page


def _scene(name: str) -> np.ndarray:
    plan = named(name)
    stage = build_stage(plan, seed=7, size=_SIZE)
    return photograph(stage, nominal_shot(plan, _SIZE), plan.start).rgb


if __name__ == "__main__":
    main()
