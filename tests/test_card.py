"""Our printed card: what is printed, what is found again, and what is believed of it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from benchmarks import cards
from benchmarks.boards import flat_photo, skin_error, tilted_photo
from benchmarks.cards_page import cards_section
from benchmarks.printed import INKS, printed_batch, printed_card
from tracker.__main__ import main, parser
from tracker.calibration import ColourLevel, KnownColours, Marker, calibrate, layout, read_batch
from tracker.calibration.batch import COLUMNS, Batch, empty_table
from tracker.calibration.card import calibrate_card, find_card
from tracker.calibration.fit import delta_e00, xyz_d65
from tracker.calibration.linear import XYZ_FROM_LINEAR, linear_from_srgb, srgb_from_linear
from tracker.calibration.markers import MARKER_SIDE_MM, find_markers
from tracker.errors import CalibrationFailed
from tracker.phantom.optics import STANDARD, Response
from tracker.phantom.pose import Camera
from tracker.phantom.spectra import CAMERAS
from tracker.photo import Photo, read_photo
from tracker.region import marker_mask
from tracker.reports.card import PAPERS, card_origin, render_card

DPI = 300
PX_PER_MM = DPI / 25.4
LED = Response("LED-B3", CAMERAS[0])


@pytest.fixture(scope="module", params=sorted(PAPERS))
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, np.ndarray]:
    """The printed page as pixels, 300 to the inch."""
    folder = tmp_path_factory.mktemp("card")
    (folder / "card.pdf").write_bytes(render_card(paper=request.param, batch="B-1", printed_on=date(2026, 3, 2)))
    subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-png", "-singlefile", folder / "card.pdf", folder / "card"], check=True
    )
    with Image.open(folder / "card.png") as picture:
        return request.param, np.asarray(picture.convert("RGB"))


def _markers(rgb: np.ndarray) -> tuple[Marker, ...]:
    return find_markers(np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)))


def _write(folder: Path, batch: Batch, **changes: str) -> Path:
    """A table of a batch, with some cells replaced: `S03_L="dark"`."""
    rows = [",".join(COLUMNS)]
    for patch, lab in zip(layout.PATCHES, batch.lab_d50, strict=True):
        cells = {"patch": patch.name, "batch": batch.name} | dict(zip("Lab", lab.round(3).astype(str), strict=True))
        cells |= {key.split("_")[1]: value for key, value in changes.items() if key.startswith(f"{patch.name}_")}
        rows.append(",".join(cells[column] for column in COLUMNS))
    path = folder / "batch.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _read(rgb: np.ndarray, batch: Batch | None):
    card = find_card(_markers(rgb))
    assert card is not None
    return calibrate_card(rgb, card, batch)


# The page


def test_the_page_has_the_size_of_its_paper(page: tuple[str, np.ndarray]) -> None:
    paper, rgb = page

    assert np.array(rgb.shape[:2]) / PX_PER_MM == pytest.approx(PAPERS[paper], abs=0.2)


def test_the_printed_markers_have_their_true_size_and_place(page: tuple[str, np.ndarray]) -> None:
    paper, rgb = page

    found = _markers(rgb)

    assert [marker.id for marker in found] == [0, 1, 2, 3]
    for marker, corners in zip(found, layout.marker_corners(), strict=True):
        assert marker.side_px / PX_PER_MM == pytest.approx(MARKER_SIDE_MM, abs=0.06)  # 0.7 pixels
        assert (marker.corners + 0.5) / PX_PER_MM == pytest.approx(corners + card_origin(paper), abs=0.1)


def test_the_printed_patches_lie_where_they_are_read(page: tuple[str, np.ndarray]) -> None:
    """A sheet that a program drew is the sheet that another reads: the sRGB of each patch, all over its square."""
    paper, rgb = page
    half = 0.48 * layout.PATCH_SIDE_MM

    for patch in layout.PATCHES:
        middle = np.array(patch.centre) + card_origin(paper)
        top, left, bottom, right = np.rint(np.concatenate([middle - half, middle + half]) * PX_PER_MM).astype(int)
        square = linear_from_srgb(rgb[top:bottom, left:right].reshape(-1, 3) / 255.0) @ XYZ_FROM_LINEAR.T
        assert delta_e00(square, xyz_d65(np.array(patch.lab_d50))).max() < 0.8, patch.name  # 8 bits
        beyond = rgb[int((middle[0] - 0.56 * layout.PATCH_SIDE_MM) * PX_PER_MM), (left + right) // 2]
        assert beyond.min() > 240, patch.name


def test_the_ruler_is_a_hundred_millimetres_long(page: tuple[str, np.ndarray]) -> None:
    paper, rgb = page
    origin = np.array(card_origin(paper)) + layout.RULER_AT
    row = int((origin[0] + 0.05) * PX_PER_MM)
    left, right = (origin[1] - 5) * PX_PER_MM, (origin[1] + layout.RULER_MM + 5) * PX_PER_MM

    dark = np.flatnonzero(rgb[row, int(left) : int(right)].min(axis=-1) < 100)

    assert (dark[-1] - dark[0]) / PX_PER_MM == pytest.approx(100.0, abs=0.4)


def test_the_printed_page_is_read_as_the_card(page: tuple[str, np.ndarray]) -> None:
    found = _read(page[1], Batch("as sent", layout.nominal_lab_d50()))

    assert found.level is ColourLevel.SKIN_CARD
    assert found.delta_e is not None
    assert found.delta_e < 0.5


def test_nothing_on_the_card_overlaps() -> None:
    half = layout.PATCH_SIDE_MM / 2
    quiet = MARKER_SIDE_MM / 2 + layout.QUIET_ZONE_MM
    boxes = [(*(np.array(p.centre) - half), *(np.array(p.centre) + half)) for p in layout.PATCHES]
    boxes += [(*(centre - quiet), *(centre + quiet)) for centre in layout.MARKER_CENTRES]
    for corner, side in ((layout.GAUGE_AT, layout.GAUGE_SIDE_MM), (layout.EDGE_AT, layout.EDGE_SIDE_MM)):
        boxes.append((*corner, *(np.array(corner) + side)))
    boxes.append((*layout.RULER_AT, layout.RULER_AT[0] + 4, layout.RULER_AT[1] + layout.RULER_MM))

    for k, (top, left, bottom, right) in enumerate(boxes):
        assert min(top, left) >= 0
        assert bottom <= layout.CARD_HEIGHT_MM
        assert right <= layout.CARD_WIDTH_MM
        for other in boxes[:k]:
            assert bottom <= other[0] or other[2] <= top or right <= other[1] or other[3] <= left


def test_the_card_has_six_greys_and_at_least_eight_skin_tones() -> None:
    assert layout.is_grey().sum() == 6
    assert (~layout.is_grey()).sum() >= 8
    assert (np.diff(layout.nominal_lab_d50()[layout.is_grey(), 0]) < 0).all()


def test_the_same_day_prints_the_same_card() -> None:
    once, again = (render_card(paper="a4", batch="B", printed_on=date(2026, 3, 2)) for _ in range(2))

    assert once == again


# Found again


def _around_skin() -> np.ndarray:
    """Corners of loose markers 0–3 far apart around a region, each turned in its own way, (y, x) mm, (4, 4, 2)."""
    middles = ((260.0, 20.0), (270.0, 300.0), (520.0, 310.0), (500.0, 10.0))
    turns = np.radians([10.0, 75.0, -30.0, 160.0])
    square = MARKER_SIDE_MM / 2 * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    return np.array(
        [
            np.array(middle) + square @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            for middle, turn in zip(middles, turns, strict=True)
        ]
    )


@pytest.mark.parametrize("turn", range(4))
def test_a_card_is_found_whichever_way_it_lies(turn: int) -> None:
    batch = printed_batch()
    rgb = np.ascontiguousarray(np.rot90(flat_photo(printed_card((0.0, 0.0), batch)), turn))

    assert _read(rgb, batch).level is ColourLevel.SKIN_CARD


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (30.0, 0.0), (0.0, -30.0), (20.0, 20.0)])
def test_a_small_tilted_card_is_found_where_it_lies(tilt: tuple[float, float]) -> None:
    """A card of 8 % of the width of a photo of 3 megapixels: its markers have some 20 pixels."""
    batch = printed_batch()
    card = printed_card((0.0, 0.0), batch)
    field = layout.CARD_WIDTH_MM / 0.08
    camera = Camera((1500, 2000), field, 3 * field, tilt=tilt, roll=12.0)

    image = calibrate(Photo(tilted_photo(card, camera), "0", "card.png", None), KnownColours(batch=batch))

    assert image.colour.level is ColourLevel.SKIN_CARD, image.colour.evidence
    middle = np.array(card.sheet) / 2
    expected = camera.to_pixels(layout.outline() - middle)
    assert image.colour.corners == pytest.approx(expected, abs=1.5)


def test_loose_markers_around_the_skin_are_no_card() -> None:
    rng = np.random.default_rng(3)

    for _ in range(20):
        loose = layout.marker_corners() + rng.uniform(-6, 6, (4, 1, 2))  # millimetres off their places
        assert find_card(tuple(Marker(k, 5.0 * corners) for k, corners in enumerate(loose))) is None


def test_loose_markers_beside_a_card_do_not_hide_it() -> None:
    placed = [Marker(k, 5.0 * corners) for k, corners in enumerate(layout.marker_corners())]
    loose = [
        Marker(k, 5.0 * (corners + np.array([300.0, 40.0 * k]))) for k, corners in enumerate(layout.marker_corners())
    ]

    card = find_card((*loose, *placed))

    assert card is not None
    assert card.corners == pytest.approx(5.0 * layout.outline(), abs=1e-6)


@pytest.mark.parametrize("hidden", range(4))
def test_a_loose_marker_elsewhere_does_not_stand_for_one_that_is_hidden(hidden: int) -> None:
    placed = [Marker(k, 5.0 * corners) for k, corners in enumerate(layout.marker_corners()) if k != hidden]
    loose = [Marker(k, 5.0 * corners) for k, corners in enumerate(_around_skin())]

    for around in (loose, [loose[hidden]]):
        card = find_card((*around, *placed))

        assert card is not None
        assert card.markers == tuple(m.id for m in placed)
        assert card.corners == pytest.approx(5.0 * layout.outline(), abs=1e-6)


def test_a_card_among_many_loose_markers_is_found_at_once() -> None:
    """Tried in all combinations, as many take minutes."""
    rng = np.random.default_rng(5)
    placed = [Marker(k, 5.0 * corners) for k, corners in enumerate(layout.marker_corners())]
    square = 2.0 * (layout.marker_corners()[0] - layout.MARKER_CENTRES[0])
    loose = [Marker(k % 4, square + rng.uniform(800, 4000, 2)) for k in range(120)]

    began = time.process_time()
    card = find_card((*loose, *placed))

    assert time.process_time() - began < 2.0
    assert card is not None
    assert card.corners == pytest.approx(5.0 * layout.outline(), abs=1e-6)


def test_a_mirrored_card_is_no_card() -> None:
    mirrored = tuple(Marker(k, 5.0 * corners * (1, -1)) for k, corners in enumerate(layout.marker_corners()))

    assert find_card(mirrored) is None


def test_one_marker_is_not_enough() -> None:
    assert find_card((Marker(0, 5.0 * layout.marker_corners()[0]),)) is None


def test_the_card_is_not_measured_as_skin() -> None:
    batch = printed_batch()
    field = 500.0
    camera = Camera((900, 1200), field, 3 * field)
    card = printed_card((0.0, 0.0), batch)

    image = calibrate(Photo(tilted_photo(card, camera), "0", "card.png", None), KnownColours(batch=batch))

    mask, grid = marker_mask(image), image.grid
    patches = grid.from_photo(camera.to_pixels(layout.patch_centres() - np.array(card.sheet) / 2)).round().astype(int)
    assert mask[tuple(patches.T)].all()
    assert mask.mean() < 1.2 * (np.prod(card.sheet) / (field * 0.75 * field))


# Believed, or not


def test_a_measured_card_makes_a_camera_right_about_skin_of_the_same_spectra() -> None:
    """Pigments that match skin: what is left is the camera's own (MEASUREMENT.md §4.2 found 1.0)."""
    batch = printed_batch("skin-like")
    found = _read(flat_photo(printed_card((0.0, 0.0), batch), LED), batch)

    assert found.level is ColourLevel.SKIN_CARD
    assert np.median(skin_error(found, LED)) < 1.2 < np.median(skin_error(replace(found, level=ColourLevel.NONE), LED))


@pytest.mark.parametrize("ink", INKS)
def test_a_measured_card_brings_its_own_patches_to_their_measured_colours(ink: str) -> None:
    batch = printed_batch(ink)
    found = _read(flat_photo(printed_card((0.0, 0.0), batch), LED), batch)

    assert found.level is ColourLevel.SKIN_CARD
    assert found.delta_e is not None
    assert found.delta_e < 1.0
    assert found.grey_residual is not None
    assert found.grey_residual < 0.02


def test_an_unmeasured_card_balances_the_greys_and_claims_no_tone() -> None:
    rgb = flat_photo(printed_card((0.0, 0.0), Batch("as sent", layout.nominal_lab_d50())))
    warm = srgb_from_linear(linear_from_srgb(rgb / 255.0) * (1.0, 0.85, 0.6))
    rgb = np.asarray(np.rint(255 * warm), np.uint8)

    found = _read(rgb, None)

    assert found.level is ColourLevel.GREY
    assert not found.level.absolute
    grey = np.array([[0.3, 0.3 * 0.85, 0.3 * 0.6]], np.float32)
    balanced = found.apply(grey)[0]
    assert balanced / balanced.mean() == pytest.approx(1.0, abs=0.02)


def test_values_of_another_batch_are_not_believed() -> None:
    batch = printed_batch()
    shuffled = Batch("other", np.vstack([batch.lab_d50[:6], np.roll(batch.lab_d50[6:], 3, axis=0)]))

    found = _read(flat_photo(printed_card((0.0, 0.0), batch)), shuffled)

    assert not found.level.absolute
    assert "other" in found.evidence


def test_a_light_that_falls_off_across_the_card_is_taken_out() -> None:
    """A quarter less light on the far side is more than a step between two skin tones."""
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch))
    slope = np.linspace(1.0, 0.75, rgb.shape[1])[None, :, None]
    uneven = np.asarray(np.rint(255 * srgb_from_linear(linear_from_srgb(rgb / 255.0) * slope)), np.uint8)

    found = _read(uneven, batch)

    assert found.level is ColourLevel.SKIN_CARD
    assert found.delta_e is not None
    assert found.delta_e < 1.0


@pytest.mark.parametrize("hidden", [[7], [2, 8, 14], [6, 7, 12]])
def test_a_finger_on_some_patches_is_left_out(hidden: list[int]) -> None:
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch), LED)
    card = find_card(_markers(rgb))
    assert card is not None
    clean = calibrate_card(rgb, card, batch)
    places = cv2.perspectiveTransform(layout.patch_centres()[None, hidden], card.to_photo)[0]
    for row, col in places.round().astype(int):
        cv2.circle(rgb, (int(col), int(row)), 45, (205, 120, 110), -1)

    found = calibrate_card(rgb, card, batch)

    assert found.level is ColourLevel.SKIN_CARD, found.evidence
    assert f"{30 - len(hidden)} of 30" in found.evidence, found.evidence
    assert np.median(skin_error(found, LED)) == pytest.approx(np.median(skin_error(clean, LED)), abs=0.5)


def test_a_card_with_its_greys_hidden_is_refused_with_a_reason() -> None:
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch), LED)
    card = find_card(_markers(rgb))
    assert card is not None
    rgb[: rgb.shape[0] // 3] = (190, 150, 130)

    found = calibrate_card(rgb, card, batch)

    assert found.level is ColourLevel.NONE
    assert found.evidence.startswith("our card was seen, but")


@pytest.mark.parametrize("step", [32, 48, 64, 96])
def test_a_posterised_photo_is_refused_with_a_reason(step: int) -> None:
    """Few codes make many patches alike: leaving out those that disagree may leave too few to fit."""
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch))
    card = find_card(_markers(rgb))
    assert card is not None

    found = calibrate_card(np.asarray(rgb // step * step, np.uint8), card, batch)

    assert not found.level.absolute
    assert "our card" in found.evidence


def test_patches_that_are_left_too_few_are_no_measured_card() -> None:
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch))
    card = find_card(_markers(rgb))
    assert card is not None
    places = cv2.perspectiveTransform(layout.patch_centres()[None, 18:], card.to_photo)[0]
    for row, col in places.round().astype(int):  # saturated
        cv2.circle(rgb, (int(col), int(row)), 45, (255, 255, 255), -1)
    grey = np.asarray(rgb.mean(axis=-1, keepdims=True).repeat(3, axis=-1), np.uint8)

    found = calibrate_card(grey, card, batch)

    assert not found.level.absolute
    assert "too few different colours" in found.evidence


# The table of a batch


def test_a_table_is_read_as_it_was_measured(tmp_path: Path) -> None:
    batch = printed_batch()

    found = read_batch(_write(tmp_path, batch))

    assert found.name == batch.name
    assert found.lab_d50 == pytest.approx(batch.lab_d50, abs=1e-3)


def test_the_empty_table_names_every_patch_and_is_refused_until_it_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text(empty_table("B-1"), encoding="utf-8")

    assert [line.split(",")[0] for line in path.read_text().splitlines()[1:]] == [p.name for p in layout.PATCHES]
    with pytest.raises(CalibrationFailed, match="write a number"):
        read_batch(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"S03_L": "dark"}, "write a number"),
        ({"S03_L": "nan"}, "write a number"),
        ({"G2_L": "180"}, "no colour of paper"),
        ({"G2_patch": "G9"}, "is not on the card"),
        ({"G2_patch": "G1"}, "is given twice"),
        ({"G2_batch": "another"}, "must name one batch"),
        ({"G1_L": "20"}, "away from what was printed"),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    with pytest.raises(CalibrationFailed, match=said) as caught:
        read_batch(_write(tmp_path, printed_batch(), **changes))

    assert caught.value.code == "card_values"
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column"),
        (b"patch\tL\ta\tb\tbatch\nG1\t92\t0\t0\tx\n", "no column"),
        (b"patch,L,a,b,batch\nG1,92,0,0,B\r1\n", "is not on the card"),
        (b"patch;L;a;b;batch\nG1;92;0;0;x\n", "missing"),
        (b"\xff\xd8\xff\xe0JFIF", "not a text file"),
        (b"patch,L,a,b,batch\n" + b"G1,92,0,0,x\n" * 20000, "far too long"),
        (b"patch,L,a,b,batch\nG1,92,0,0,x\n", "missing"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "batch.csv"
    path.write_bytes(data)

    with pytest.raises(CalibrationFailed, match=said):
        read_batch(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_ends_its_lines(tmp_path: Path, end: str) -> None:
    text = _write(tmp_path, printed_batch()).read_text(encoding="utf-8")

    found = read_batch(Path("batch.csv"), text.replace("\n", end).encode())

    assert found.lab_d50 == pytest.approx(printed_batch().lab_d50, abs=1e-3)


def test_lines_that_cannot_be_parted_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, printed_batch(), G1_batch='"a long name"')
    limit = csv.field_size_limit(5)
    try:
        with pytest.raises(CalibrationFailed, match="its lines cannot be read"):
            read_batch(path)
    finally:
        csv.field_size_limit(limit)


@pytest.mark.parametrize("point", [".", ","])
def test_a_table_parted_by_semicolons_is_read(tmp_path: Path, point: str) -> None:
    """As spreadsheets write it where a number has a decimal comma."""
    text = _write(tmp_path, printed_batch()).read_text(encoding="utf-8").replace(",", ";").replace(".", point)

    found = read_batch(Path("batch.csv"), text.encode("utf-8-sig"))

    assert found.lab_d50 == pytest.approx(printed_batch().lab_d50, abs=1e-3)
    assert found.name == printed_batch().name.replace(".", point)


def test_a_decimal_comma_between_commas_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFailed, match="card values"):
        read_batch(_write(tmp_path, printed_batch(), S03_L="52,3"))


def test_xyz_that_disagrees_with_lab_is_refused(tmp_path: Path) -> None:
    """XYZ under D65 instead of D50 is the usual mistake."""
    lines = _write(tmp_path, printed_batch()).read_text().splitlines()
    path = tmp_path / "xyz.csv"
    path.write_text("\n".join([lines[0] + ",X,Y,Z", *(line + ",95,100,108" for line in lines[1:])]))

    with pytest.raises(CalibrationFailed, match="disagree"):
        read_batch(path)


# The command line


def test_the_card_is_written_with_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdf, table = tmp_path / "new" / "card.pdf", tmp_path / "card.csv"

    assert main(["card", "--out", str(pdf), "--paper", "letter", "--batch", "B-7", "--values", str(table)]) == 0

    assert pdf.read_bytes().startswith(b"%PDF")
    assert table.read_text().splitlines()[1] == "G1,,,,B-7"
    assert "100 %" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--paper", "a5"], ["--batch", "two\nlines"], ["--batch", " "]])
def test_a_card_that_cannot_be_is_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["card", "--out", "card.pdf", *arguments])

    assert caught.value.code == 2


def test_measure_tells_the_colour_level_and_its_evidence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encode: Callable[..., bytes]
) -> None:
    batch = printed_batch()
    camera = Camera((900, 1200), 500.0, 1500.0)
    photo = tmp_path / "2026-03-02_card.png"
    photo.write_bytes(encode(tilted_photo(printed_card((0.0, 0.0), batch), camera, STANDARD)))
    table = _write(tmp_path, batch)

    levels = []
    for extra in ([], ["--card", str(table)]):
        assert main(["measure", str(photo), "--json", *extra]) == 0
        levels.append(json.loads(capsys.readouterr().out)["photos"][0]["colour"])

    assert [found["level"] for found in levels] == ["C1", "C3"]
    assert batch.name in levels[1]["evidence"]
    assert levels[1]["delta_e"] < 2.0


def test_a_wrong_table_ends_the_command_with_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.full((300, 400, 3), 120, np.uint8)).save(photo)
    table = tmp_path / "batch.csv"
    table.write_text("not a table")

    assert main(["measure", str(photo), "--card", str(table)]) == 1

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("paper", PAPERS)
def test_the_printed_instructions_name_both_places_for_the_measured_colours(paper: str) -> None:
    pages = PdfReader(io.BytesIO(render_card(paper=paper, batch="B", printed_on=date(2026, 3, 2)))).pages

    text = " ".join(pages[0].extract_text().split())
    assert len(pages) == 1
    assert "--card" in text
    assert "page Colour card" in text


def test_a_marked_grey_gives_a_neutral_balance(tmp_path: Path) -> None:
    rgb = np.full((600, 800, 3), (200, 140, 110), np.uint8)
    rgb[100:200, 100:200] = (150, 130, 90)
    photo = read_photo(_png(tmp_path, rgb))
    marked = np.array([[110.0, 110], [110, 190], [190, 190], [190, 110]])

    colour = calibrate(photo, KnownColours(neutral=marked)).colour

    assert colour.level is ColourLevel.GREY
    grey = colour.apply(linear_from_srgb(np.array([[150, 130, 90]]) / 255.0).astype(np.float32))[0]
    assert grey == pytest.approx(grey[1], rel=0.01)
    elsewhere = calibrate(photo, KnownColours(neutral=marked + 55.0)).colour  # half of it is skin
    assert elsewhere.level is ColourLevel.NONE
    assert calibrate(photo, KnownColours(neutral=marked + 550.0)).colour.level is ColourLevel.NONE


def test_a_marked_grey_is_found_again_in_a_photo_of_another_size_and_refused_in_one_of_another_shape(
    tmp_path: Path,
) -> None:
    rgb = np.full((600, 800, 3), (200, 140, 110), np.uint8)
    rgb[300:400, 300:400] = (150, 130, 90)
    marked = np.array([[310.0, 310], [310, 390], [390, 390], [390, 310]])
    known = KnownColours(neutral=marked).drawn_in((600, 800))
    half = read_photo(_png(tmp_path, rgb[::2, ::2]))
    turned = read_photo(_png(tmp_path, np.ascontiguousarray(rgb.transpose(1, 0, 2))))

    found, refused = calibrate(half, known).colour, calibrate(turned, known).colour

    assert found.level is ColourLevel.GREY
    grey = found.apply(linear_from_srgb(np.array([[150, 130, 90]]) / 255.0).astype(np.float32))[0]
    assert grey == pytest.approx(grey[1], rel=0.01)
    assert refused.level is ColourLevel.NONE
    assert "800 × 600 pixels" in refused.evidence
    assert "600 × 800 pixels" in refused.evidence


def test_an_outlined_grey_is_one_in_the_first_photo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rgb = np.full((600, 800, 3), (200, 140, 110), np.uint8)
    rgb[300:400, 300:400] = (150, 130, 90)
    (tmp_path / "grey.json").write_text('{"polygon": [[310, 310], [310, 390], [390, 390], [390, 310]]}')
    photos = [rgb, rgb[::2, ::2], np.ascontiguousarray(rgb.transpose(1, 0, 2))]
    paths = [tmp_path / f"{k}.png" for k in range(len(photos))]
    for path, photo in zip(paths, photos, strict=True):
        Image.fromarray(photo).save(path)
    grey = ["--grey", str(tmp_path / "grey.json"), "--json"]

    main(["measure", *map(str, paths), *grey])
    measured = json.loads(capsys.readouterr().out)["photos"]
    main(["compare", str(paths[0]), str(paths[2]), *grey])
    compared = json.loads(capsys.readouterr().out)

    assert [photo["colour"]["level"] for photo in measured] == ["C1", "C1", "C0"]
    assert compared["moving"]["colour"]["level"] == "C0"


def _png(folder: Path, rgb: np.ndarray) -> Path:
    path = folder / "photo.png"
    Image.fromarray(rgb).save(path)
    return path


# The validation page


def test_the_page_tells_what_card_and_chart_are_worth() -> None:
    spectral = [cards.spectral_error((ink, full, LED)) for ink, full in cards.PRINTS]
    found = {
        "spectral": [cards.print_findings(ink, full, spectral) for ink, full in cards.PRINTS],
        "rooms": [],
        "searched": {"card": cards.search_findings([cards.search(("card", 0.2, (15.0, 0.0), 0))])},
        "covered": {"card": cards.cover_findings([cards.cover(("card", 6)), cards.cover(("card", 5))])},
        "real": [],
    }

    page = cards_section(found)

    assert "our card: 1 of 1 found and believed; missed: none" in page
    assert f"used in part {found['covered']['card']['used_in_part']}" in page
    assert found["covered"]["card"]["misread"] == 0
    assert found["covered"]["card"]["refused"] == 1  # six sevenths of it, and not one of the other side
    assert cards_section({}) == ""
