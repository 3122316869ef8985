"""The colour matrix that is right for skin, from patches that are not skin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.boards import flat_photo, read_flat, skin_error
from benchmarks.deviation import deviations, observer_d50, observer_d65
from benchmarks.printed import printed_batch, printed_card
from tracker.calibration import KnownColours, layout, read_batch
from tracker.calibration.batch import COLUMNS, Batch
from tracker.calibration.chart import reference_xyz
from tracker.calibration.fit import Swatches, _reading_covariance, delta_e00, fit_colour, fit_tone, lab_d50, xyz_d50
from tracker.calibration.inks import office_prints
from tracker.calibration.linear import XYZ_FROM_LINEAR, linear_from_srgb, srgb_from_linear
from tracker.calibration.misses import Misses, expected_misses
from tracker.calibration.spectra import WAVELENGTHS, colorchecker, deviation, observer
from tracker.errors import CalibrationFailed
from tracker.phantom.optics import STANDARD, Response, skin_reflectance
from tracker.phantom.spectra import CAMERAS, chart_reflectance

CLINIC = [Response(lamp, camera) for lamp in ("D50", "LED-B3", "LED-B5") for camera in CAMERAS]


def _chart(camera: np.ndarray, misses: Misses | None = None) -> Swatches:
    """The 24 patches of a chart as a camera recorded them."""
    index = np.arange(24)
    skin, grey = index < 2, index >= 18
    every = np.ones(24, dtype=bool)
    return Swatches(camera, reference_xyz(), skin, grey, every, every, misses or expected_misses(colorchecker()))


def _without_misses() -> Misses:
    return Misses(np.zeros((24, 3)), np.zeros((24, 3, 24, 3)))


# The tables


def test_the_tables_are_what_their_program_makes() -> None:
    mean, components = deviation()

    made = deviations().reshape(-1, 3, len(WAVELENGTHS))

    assert np.concatenate([mean[None], components]) == pytest.approx(made, abs=1e-5 * np.abs(made).max())
    assert observer() == pytest.approx(observer_d65(), rel=1e-5)
    assert observer("D50") == pytest.approx(observer_d50(), rel=1e-5)


def test_the_observers_give_white_its_colour() -> None:
    assert observer().sum(axis=1) == pytest.approx(XYZ_FROM_LINEAR.sum(axis=1), rel=1e-4)
    assert lab_d50(observer("D50").sum(axis=1)) == pytest.approx([100.0, 0.0, 0.0], abs=0.02)


def test_the_spectra_of_the_chart_have_its_published_colours() -> None:
    apart = delta_e00(colorchecker() @ observer().T, reference_xyz())

    assert np.median(apart) < 1.5


def test_measured_cameras_deviate_as_the_table_allows() -> None:
    """None of them went into it; what it cannot express of them it cannot correct."""
    mean, components = deviation()
    skins = skin_reflectance(np.geomspace(0.015, 0.3, 6)[:, None], np.array([0.003, 0.01])[None]).reshape(-1, 33)
    for response in CLINIC:
        seen = response.linear(np.eye(33)).T
        weights = 1.0 / np.sqrt(skins @ observer()[1])[:, None]
        best, *_ = np.linalg.lstsq(skins @ seen.T * weights, skins @ observer().T * weights, rcond=None)
        missed = (chart_reflectance() @ (best.T @ seen - observer()).T - chart_reflectance() @ mean.T).ravel()
        modes = np.einsum("nl,kxl->nxk", chart_reflectance(), components).reshape(72, -1)

        explained = modes @ np.linalg.lstsq(modes, missed, rcond=None)[0]

        assert np.linalg.norm(missed - explained) < 0.25 * np.linalg.norm(missed)


# The fit


def test_a_camera_that_only_mixes_channels_is_undone_exactly() -> None:
    mixing = np.array([[0.8, 0.15, 0.05], [0.1, 0.7, 0.2], [0.02, 0.2, 0.75]])
    true = reference_xyz() @ np.linalg.inv(XYZ_FROM_LINEAR).T
    patches = _chart(np.clip(true @ mixing.T, 0.002, None), _without_misses())
    patches = replace(patches, grey=np.zeros(24, dtype=bool), known=(true @ mixing.T).min(axis=1) > 0.002)

    found = fit_colour(patches)

    assert found.matrix @ mixing == pytest.approx(np.eye(3), abs=1e-6)
    assert np.nanmax(found.errors) < 1e-3


def test_what_a_patch_misses_is_what_the_others_predict_of_it() -> None:
    """The closed form against the long way: leave out, fit, and predict the patch and its correlated miss."""
    response = Response("LED-B3", CAMERAS[0])
    patches = _chart(0.8 * response.linear(chart_reflectance("2014")))
    patches = replace(patches, known=(patches.camera > 0.005).all(axis=1), grey=np.zeros(24, dtype=bool))
    known = np.flatnonzero(patches.known)
    errors = fit_colour(patches).errors
    covariance = patches.misses.covariance[np.ix_(known, range(3), known, range(3))]
    covariance = (covariance + _reading_covariance(patches.xyz[known])).reshape(3 * len(known), -1)
    design = np.einsum("cd,nk->ncdk", np.eye(3), patches.camera[known]).reshape(-1, 9)
    wanted = (patches.xyz + patches.misses.mean)[known].ravel()

    for k in range(0, len(known), 5):
        out, rest = np.arange(3 * k, 3 * k + 3), np.delete(np.arange(3 * len(known)), range(3 * k, 3 * k + 3))
        inverse = np.linalg.inv(covariance[np.ix_(rest, rest)])
        matrix = np.linalg.solve(design[rest].T @ inverse @ design[rest], design[rest].T @ inverse @ wanted[rest])
        residual = wanted[rest] - design[rest] @ matrix
        predicted = design[out] @ matrix + covariance[np.ix_(out, rest)] @ inverse @ residual
        predicted = predicted - patches.misses.mean[known[k]]

        assert errors[known[k]] == pytest.approx(delta_e00(patches.xyz[known[k]], predicted).item(), abs=1e-6)


def test_the_tone_curve_is_one_for_all_channels() -> None:
    true = reference_xyz() @ np.linalg.inv(XYZ_FROM_LINEAR).T
    light = np.clip(true * (0.9, 0.7, 0.5), 1e-3, 1.0)
    patches = _chart(light**1.25)

    tone = fit_tone(patches)

    assert np.ptp(tone[:, :2], axis=0) == pytest.approx([0.0, 0.0], abs=1e-12)
    assert tone[0, 1] - 2 * tone[0, 0] == pytest.approx(1 / 1.25, abs=0.03)  # slope at ln(camera) = −1
    assert np.exp(tone[0, 2] - tone[2, 2]) == pytest.approx(5 / 9, abs=0.03)


@pytest.mark.parametrize("response", CLINIC, ids=str)
def test_a_card_of_office_inks_is_right_about_skin(response: Response) -> None:
    """Neither the cameras nor the lamps are known to the program; without its knowledge of metamerism 2.4 were left."""
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch), response)

    by_spectrum = read_flat(rgb, KnownColours(batch=batch))
    by_colour = read_flat(rgb, KnownColours(batch=replace(batch, spectra=None)))

    assert np.median(skin_error(by_spectrum, response)) < 1.5
    assert np.median(skin_error(by_colour, response)) < 2.0


# Inks that are supposed


def test_supposed_inks_have_the_measured_colours() -> None:
    lab = layout.nominal_lab_d50()

    prints = office_prints(xyz_d50(lab))

    assert prints.shape == (12, 30, 33)
    assert (prints > 0).all()
    apart = np.abs(lab_d50(prints @ observer("D50").T) - lab).max(axis=2)
    assert np.median(apart) < 0.05
    assert (apart < 0.5).mean() > 0.95  # not every kind of ink reaches the strongest colours


def test_supposed_inks_differ_where_their_colour_does_not_show_it() -> None:
    prints = office_prints(xyz_d50(layout.nominal_lab_d50()))

    assert prints.std(axis=0)[layout.is_grey()].max() < 0.01  # black alone
    assert prints.std(axis=0)[layout.is_skin()].max() > 0.02


@pytest.mark.parametrize("known", [3, 4, 9])
def test_a_patch_that_the_others_do_not_predict_has_no_error_that_counts(known: int) -> None:
    """A matrix of three colours fits three patches exactly, and a fourth tells nothing of the others if they are so."""
    light = reference_xyz() @ np.linalg.inv(XYZ_FROM_LINEAR).T
    light[1:known] = light[1]  # all but the first are of one colour
    patches = replace(_chart(np.clip(light, 0.002, None)), known=np.arange(24) < known, grey=np.zeros(24, dtype=bool))

    found = fit_colour(patches)

    assert np.isinf(found.delta_e)
    assert np.isinf(found.errors[:known]).all()
    assert found.matrix == pytest.approx(np.eye(3))


def test_the_only_patch_of_its_colour_is_not_predicted() -> None:
    light = reference_xyz() @ np.linalg.inv(XYZ_FROM_LINEAR).T
    light[:] = light[[0, 1]].repeat(12, axis=0)
    light[5] = (0.1, 0.1, 0.6)
    patches = replace(_chart(np.clip(light, 0.002, None)), grey=np.zeros(24, dtype=bool))

    found = fit_colour(patches)

    assert np.isinf(found.errors[5])
    assert np.isfinite(np.delete(found.errors, 5)).all()


# Spectra in the table of a batch


def _table(folder: Path, batch: Batch, heading: Callable[[float], str], *, factor: float = 1.0, step: int = 1) -> Path:
    assert batch.spectra is not None
    bands = range(0, len(WAVELENGTHS), step)
    rows = [",".join([*COLUMNS, *(heading(WAVELENGTHS[k]) for k in bands)])]
    for patch, lab, spectrum in zip(layout.PATCHES, batch.lab_d50, batch.spectra, strict=True):
        cells = [patch.name, *lab.round(3).astype(str), batch.name, *(f"{factor * spectrum[k]:.5f}" for k in bands)]
        rows.append(",".join(cells))
    path = folder / "batch.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("heading", ["nm{:.0f}", "SPECTRAL_NM{:.0f}", "SPEC_{:.0f}", "{:.0f} nm", "{:.0f}", "{:.1f}"])
@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_spectra_are_read_as_instruments_write_them(tmp_path: Path, heading: str, factor: float) -> None:
    batch = printed_batch()

    found = read_batch(_table(tmp_path, batch, heading.format, factor=factor))

    assert found.spectra == pytest.approx(batch.spectra, abs=1e-4)
    assert found.xyz == pytest.approx(batch.xyz, abs=1e-3)


def test_spectra_are_read_with_decimal_commas(tmp_path: Path) -> None:
    batch = printed_batch()
    text = _table(tmp_path, batch, "{:.1f}".format).read_text(encoding="utf-8").replace(",", ";").replace(".", ",")

    assert read_batch(Path("batch.csv"), text.encode()).spectra == pytest.approx(batch.spectra, abs=1e-4)


def test_empty_columns_of_spectra_are_none(tmp_path: Path) -> None:
    path = _table(tmp_path, printed_batch(), "nm{:.0f}".format)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *(",".join(line.split(",")[:5]) + "," * 33 for line in lines[1:])]))

    assert read_batch(path).spectra is None


def test_spectra_of_another_sheet_are_refused(tmp_path: Path) -> None:
    batch = printed_batch()
    assert batch.spectra is not None
    moved = replace(batch, spectra=np.roll(batch.spectra, 1, axis=0))

    with pytest.raises(CalibrationFailed, match="has not its L, a, b"):
        read_batch(_table(tmp_path, moved, "nm{:.0f}".format))


def test_spectra_with_gaps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFailed, match="have gaps"):
        read_batch(_table(tmp_path, printed_batch(), "nm{:.0f}".format, step=4))


def test_what_reflects_more_than_it_gets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalibrationFailed, match="no reflectances"):
        read_batch(_table(tmp_path, printed_batch(), "nm{:.0f}".format, factor=1.7))


def test_the_standard_observer_misses_nothing() -> None:
    """A camera that sees as people do, in daylight, needs no correction, whatever is printed."""
    batch = printed_batch()
    rgb = flat_photo(printed_card((0.0, 0.0), batch), STANDARD)

    found = read_flat(rgb, KnownColours(batch=batch))

    assert np.median(skin_error(found, STANDARD)) < 0.8


def test_a_shadow_across_the_card_does_not_make_it_worse_than_no_card() -> None:
    """A fifth less light on one side: patches that differ in light would speak of another camera than this one."""
    batch, response = printed_batch(), CLINIC[2]
    rgb = flat_photo(printed_card((0.0, 0.0), batch), response)
    edge = 1.0 - 0.2 / (1.0 + np.exp(-60.0 * (np.linspace(0.0, 1.0, rgb.shape[1]) - 0.55)))
    shaded = np.asarray(np.rint(255 * srgb_from_linear(linear_from_srgb(rgb / 255.0) * edge[None, :, None])), np.uint8)

    clean, found = (read_flat(each, KnownColours(batch=batch)) for each in (rgb, shaded))

    assert found.delta_e > 2 * clean.delta_e  # it shows
    assert found.grey_residual > 3 * clean.grey_residual
    assert np.median(skin_error(found, response)) < 2.0
