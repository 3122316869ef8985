from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker.calibration import CalibratedImage, calibrate
from tracker.errors import RegionInvalid
from tracker.phantom import PhantomPhoto
from tracker.photo import Photo
from tracker.region import (
    WHOLE_SKIN,
    Region,
    marker_mask,
    polygon_region,
    proposed_polygon,
    read_region,
    region_mask,
    skin_mask,
)

Calibrated = Callable[[PhantomPhoto], CalibratedImage]
Encode = Callable[..., bytes]


def _blank(colour: tuple[int, int, int] = (205, 160, 130)) -> CalibratedImage:
    return calibrate(Photo(np.full((400, 600, 3), colour, np.uint8), "0", "blank.png", None))


def test_a_polygon_covers_its_area() -> None:
    square = polygon_region(np.array([[100, 100], [100, 299], [299, 299], [299, 100]], float))

    assert region_mask(square, _blank()).sum() == pytest.approx(200 * 200, rel=0.01)


def test_a_polygon_is_rows_then_columns() -> None:
    upper = polygon_region(np.array([[0, 0], [0, 599], [50, 599], [50, 0]], float))

    mask = region_mask(upper, _blank())

    assert mask[25, 300]
    assert not mask[300, 25]


def test_a_mask_of_the_references_size_is_used_as_it_is(encode: Encode) -> None:
    wanted = np.zeros((400, 600), bool)
    wanted[50:150, 200:400] = True

    region = read_region(encode(wanted.astype(np.uint8) * 255))

    assert np.array_equal(region_mask(region, _blank()), wanted)


def _square() -> np.ndarray:
    wanted = np.zeros((400, 600), bool)
    wanted[50:150, 200:400] = True
    return wanted


def _labels_as_palette(wanted: np.ndarray, *colours: tuple[int, int, int]) -> bytes:
    picture = Image.fromarray(wanted.astype(np.uint8)).convert("P")
    picture.putpalette([value for colour in colours for value in colour])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _painted(wanted: np.ndarray, colour: tuple[int, int, int], ground: tuple[int, int, int]) -> np.ndarray:
    """Paint on a transparent ground."""
    return np.dstack([np.where(wanted[..., None], colour, ground), wanted * 255]).astype(np.uint8)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_mask_of_labels_marks_the_label_one(depth: type, encode: Encode) -> None:
    assert np.array_equal(read_region(encode(_square().astype(depth))).mask, _square())


@pytest.mark.parametrize("colours", [((0, 0, 0), (255, 255, 255)), ((0, 0, 0), (128, 0, 0)), ((0, 0, 0), (1, 1, 1))])
def test_a_mask_in_palette_colours_marks_what_is_not_black(colours: tuple[tuple[int, int, int], ...]) -> None:
    assert np.array_equal(read_region(_labels_as_palette(_square(), *colours)).mask, _square())


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 0, 0)])
@pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255)])
def test_a_mask_painted_on_a_transparent_ground_marks_the_paint(
    colour: tuple[int, int, int], ground: tuple[int, int, int], encode: Encode
) -> None:
    assert np.array_equal(read_region(encode(_painted(_square(), colour, ground))).mask, _square())


def test_a_white_mask_with_opaque_alpha_is_read_by_its_colour(encode: Encode) -> None:
    opaque = np.dstack([np.repeat(_square()[..., None] * 255, 3, axis=2), np.full((400, 600), 255)]).astype(np.uint8)

    assert np.array_equal(read_region(encode(opaque)).mask, _square())


@pytest.mark.parametrize("shape", [(400, 600), (400, 600, 3), (400, 600, 4)])
def test_a_mask_without_a_mark_says_so(shape: tuple[int, ...], encode: Encode) -> None:
    with pytest.raises(RegionInvalid, match=r"^The region mask marks nothing; .*\.$"):
        read_region(encode(np.zeros(shape, np.uint8)))


def test_a_mask_of_another_size_is_refused_with_both_sizes(encode: Encode) -> None:
    region = read_region(encode(np.full((30, 40), 255, np.uint8)))

    with pytest.raises(RegionInvalid, match=r"40 × 30 .* 600 × 400"):
        region_mask(region, _blank())


@pytest.mark.parametrize(
    "corners",
    [[[-50, 10], [10, 10], [10, 100]], [[10, 10], [10, 5000], [100, 10]], [[900, 900], [900, 990], [990, 990]]],
)
def test_a_region_outside_the_picture_is_refused(corners: list[list[float]]) -> None:
    with pytest.raises(RegionInvalid) as refusal:
        region_mask(polygon_region(np.array(corners, float)), _blank())

    assert refusal.value.code == "region_outside"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"polygon": "all"}',
        b'{"polygon": [[1, 2]]}',
        b'{"polygon": [[1, 2], [3, 4], [null, 5]]}',
        b"\x89PNG\r\n\x1a\nxx",
        b"\xff\xfe",
        b'{"polygon": [[1, 2], [3, 4], [5, ' + b"9" * 400 + b"]]}",
        b'{"polygon": [[1, 2], [3, 4], [5, ' + b"9" * 9000 + b"]]}",
        b"[" * 200_000,
        b'{"polygon": ' + b"[" * 200 + b"]" * 200 + b"}",
    ],
)
def test_a_file_that_is_no_region_is_refused(content: bytes) -> None:
    with pytest.raises(RegionInvalid) as refusal:
        read_region(content)

    assert refusal.value.reason.endswith(".")


def test_a_region_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "region.json"
    path.write_text(json.dumps({"polygon": [[1, 2], [3, 4], [5, 1]]}))

    assert read_region(path).as_json() == {"polygon": [[1, 2], [3, 4], [5, 1]]}
    assert Region().is_whole_skin


def test_a_missing_region_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegionInvalid, match=r"absent\.json"):
        read_region(tmp_path / "absent.json")


def test_skin_is_found_and_nothing_else(thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    """Truth from the renderer; the rim of a hundredth of the picture is given up on purpose."""
    for photo in thigh:
        image = calibrated(photo)
        truth = _shrunk(photo.truth.skin, image.grid.shape)

        found = skin_mask(image)

        assert (found & ~truth).sum() < 0.01 * truth.sum()
        assert (found & truth).sum() > 0.93 * truth.sum()


def _shrunk(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    rows = np.linspace(0, mask.shape[0] - 1, shape[0]).round().astype(int)
    cols = np.linspace(0, mask.shape[1] - 1, shape[1]).round().astype(int)
    return mask[np.ix_(rows, cols)]


def test_markers_are_never_measured(pigment: tuple[PhantomPhoto, ...], calibrated: Calibrated) -> None:
    image = calibrated(pigment[0])

    assert marker_mask(image).any()
    assert not (skin_mask(image) & marker_mask(image)).any()


@pytest.mark.parametrize("colour", [(40, 160, 60), (0, 0, 0), (90, 110, 200)])
def test_a_picture_without_skin_is_refused(colour: tuple[int, int, int]) -> None:
    with pytest.raises(RegionInvalid) as refusal:
        region_mask(WHOLE_SKIN, _blank(colour))

    assert refusal.value.code == "no_skin"


@pytest.mark.parametrize("tone", [(244, 208, 177), (214, 165, 130), (161, 110, 75), (92, 58, 40), (60, 38, 28)])
def test_every_skin_tone_is_skin(tone: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(2)
    rgb = np.full((400, 600, 3), (120, 130, 150), np.float64)
    rgb[:, 150:450] = tone
    rgb += rng.normal(0, 3, rgb.shape)

    found = skin_mask(calibrate(Photo(np.clip(rgb, 0, 255).astype(np.uint8), "0", "tone.png", None)))

    assert found[:, 170:430].mean() > 0.9
    assert found[:, :130].mean() < 0.01


def test_the_skin_proposes_a_region_of_few_corners_inside_the_picture(
    thigh: tuple[PhantomPhoto, ...], calibrated: Calibrated
) -> None:
    image = calibrated(thigh[0])

    corners = proposed_polygon(image)

    assert corners is not None
    assert 3 <= len(corners) <= 24
    assert (corners >= 0).all()
    assert (corners <= np.array(image.photo.shape) - 1).all()
    proposed, skin = region_mask(polygon_region(corners), image), skin_mask(image)
    assert (proposed & skin).sum() / (proposed | skin).sum() > 0.95


def test_where_there_is_no_skin_nothing_is_proposed() -> None:
    assert proposed_polygon(_blank((40, 160, 60))) is None
