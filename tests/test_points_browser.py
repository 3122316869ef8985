"""Placing injection points in a browser: by mouse, by finger and by the keys alone, and kept as they were placed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright import sync_api

from tracker.clinic import Clinic
from tracker.clinic.point_records import InjectionPoint
from tracker.phantom import series

ROOT = Path(__file__).parents[1]
SIZE = (600, 800)
START_SECONDS = 240


@dataclass(frozen=True)
class Site:
    """The app over a record with one demonstration patient, and somebody who looks around it."""

    address: str
    home: Path
    token: str
    view_id: str

    def kept(self) -> list[list[tuple[float, float]]]:
        """What the record holds, day by day."""
        with Clinic.open(self.home) as clinic:
            return [[(p.row, p.column) for p in pattern.points] for pattern in clinic.points(self.view_id)]


@pytest.fixture(scope="module")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("pointed") / "home"
    with Clinic.open(home) as clinic:
        patient = clinic.add_patient(code="DEMO-9", is_demonstration=True)
        view = clinic.add_view(patient.id, site="thigh", laterality="left", indication="cellulite")
        for photo in series("thigh", seed=5, sessions=2, replicates=1, size=SIZE):
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        clinic.measure_waiting()
        clinic.set_points(clinic.photos(view.id)[0].id, [InjectionPoint(300.0, 400.0), InjectionPoint(330.0, 430.0)])
        token = clinic.enter_demonstration(is_here=True)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    environment = {**os.environ, "TRACKER_HOME": str(home)}
    process = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_alive(f"http://127.0.0.1:{port}", process)
        yield Site(f"http://127.0.0.1:{port}", home, token, view.id)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_alive(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail("The app did not start.")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
        opened = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def desk(browser: sync_api.Browser, site: Site) -> Iterator[sync_api.Page]:
    yield from _opened(browser, site, viewport={"width": 1440, "height": 900})


@pytest.fixture
def phone(browser: sync_api.Browser, site: Site) -> Iterator[sync_api.Page]:
    yield from _opened(browser, site, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)


def _opened(browser: sync_api.Browser, site: Site, **options: object) -> Iterator[sync_api.Page]:
    context = browser.new_context(**options)  # type: ignore[arg-type]
    port = site.address.rsplit(":", 1)[1]
    context.add_cookies([{"name": f"tracker_{port}", "value": site.token, "url": site.address}])
    page = context.new_page()
    page.goto(f"{site.address}/points?view={site.view_id}")
    page.locator(".stage img").wait_for(timeout=60_000)
    yield page
    context.close()


def spot(page: sync_api.Page, down: float, across: float) -> tuple[float, float]:
    """Where on the screen a share of the photo lies."""
    page.locator(".stage").scroll_into_view_if_needed()
    box = page.locator(".stage").bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def said(page: sync_api.Page, text: str) -> None:
    sync_api.expect(page.locator(".hint")).to_contain_text(text, timeout=15_000)


def save(page: sync_api.Page) -> None:
    button = page.get_by_role("button", name="Save points")
    sync_api.expect(button).to_be_enabled(timeout=30_000)
    button.click()
    sync_api.expect(button).to_be_disabled(timeout=30_000)
    sync_api.expect(page.get_by_test_id("stToast").last).to_contain_text("saved for", timeout=30_000)


def test_points_are_placed_moved_deleted_and_kept_by_mouse_and_keys(desk: sync_api.Page, site: Site) -> None:
    said(desk, "Rings: earlier sessions")
    assert desk.locator(".ring.upper").count() == 2
    for down, across in ((0.3, 0.45), (0.4, 0.5), (0.5, 0.55)):
        desk.mouse.click(*spot(desk, down, across))
    said(desk, "3 points")

    desk.mouse.move(*spot(desk, 0.5, 0.55))
    desk.mouse.down()
    desk.mouse.move(*spot(desk, 0.6, 0.5), steps=4)
    desk.mouse.up()
    desk.get_by_role("button", name="Point 1", exact=True).click()
    desk.keyboard.press("Delete")
    said(desk, "2 points")
    save(desk)

    kept = site.kept()[-1]
    assert len(kept) == 2
    for (row, column), (down, across) in zip(kept, ((0.4, 0.5), (0.6, 0.5)), strict=True):
        assert row == pytest.approx(down * SIZE[0], abs=4)
        assert column == pytest.approx(across * SIZE[1], abs=4)

    stage = desk.locator(".stage")
    stage.focus()
    desk.keyboard.press("n")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Escape")
    for key in ("ArrowLeft", "ArrowUp", "Enter"):
        desk.keyboard.press(key)
    said(desk, "3 points")
    save(desk)

    moved = site.kept()[-1]
    assert len(moved) == 3
    assert moved[0][0] > kept[0][0] + 1  # one step down
    assert moved[0][1] == pytest.approx(kept[0][1])
    assert moved[2] == pytest.approx((SIZE[0] / 2, SIZE[1] / 2), abs=20)


def test_points_are_placed_by_finger_on_a_phone_that_does_not_scroll_sideways(phone: sync_api.Page, site: Site) -> None:
    before = len(site.kept()[-1]) if len(site.kept()) > 1 else 0
    phone.touchscreen.tap(*spot(phone, 0.75, 0.4))

    said(phone, f"{before + 1} point")
    sync_api.expect(phone.locator(".numbers button")).to_have_count(before + 1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    box = phone.locator(".numbers button").first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
