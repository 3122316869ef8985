"""Fixtures that build phantoms and small photos; nothing else."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.days import TODAY
from tracker.calibration import CalibratedImage, calibrate
from tracker.clinic import clock
from tracker.phantom import PhantomPhoto, series
from tracker.photo import read_photo

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SMALL = (900, 1200)


@pytest.fixture(scope="session", autouse=True)
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the master keys of the records of tests lie; other processes that tests start inherit it."""
    folder = tmp_path_factory.mktemp("keys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKER_KEYS", str(folder))
        for name in ("TRACKER_MASTER_KEY", "TRACKER_MASTER_KEY_FILE", "TRACKER_VAULT", "TRACKER_DATABASE"):
            patch.delenv(name, raising=False)
        for name in ("DATABASE", "VAULT"):  # from tests that run some others once more on a server
            if os.environ.get(f"TRACKER_TEST_{name}"):
                patch.setenv(f"TRACKER_{name}", os.environ[f"TRACKER_TEST_{name}"])
        yield folder


@pytest.fixture(scope="session", autouse=True)
def one_day() -> Iterator[None]:
    """The record's day stays the one of the tests, also past midnight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "today", lambda: TODAY)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Evaluation data that a clone does not have; in CI it must be there."""
    if not (SHARED / "data").is_dir():
        if os.environ.get("CI"):
            pytest.fail("the evaluation data beside the project is missing in CI")
        pytest.skip("the evaluation data beside the project is not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium; in CI it must be there."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing in CI")
        pytest.skip("Chromium is not on this machine")
    return found


@pytest.fixture(scope="session")
def thigh() -> tuple[PhantomPhoto, ...]:
    """Treated thigh, three sessions: dimples get shallower."""
    return tuple(series("thigh", seed=3, sessions=3, replicates=1, size=SMALL))


@pytest.fixture(scope="session")
def pigment() -> tuple[PhantomPhoto, ...]:
    """A pigment patch that fades over three sessions."""
    return tuple(series("pigment", seed=3, sessions=3, replicates=1, size=SMALL))


@pytest.fixture(scope="session")
def calibrated() -> Callable[[PhantomPhoto], CalibratedImage]:
    """Calibrated image of a phantom photo."""
    return lambda photo: calibrate(read_photo(photo.jpeg, name=photo.name))


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """Bytes of an image file of an array."""

    def encoded(pixels: NDArray[np.generic], kind: str = "PNG", **options: object) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(pixels)).save(buffer, kind, **options)
        return buffer.getvalue()

    return encoded


@pytest.fixture
def noise_rgb() -> NDArray[np.uint8]:
    """A colourful picture, 300 × 400."""
    return np.random.default_rng(5).integers(0, 256, (300, 400, 3), dtype=np.uint8)
