"""The real app in a real browser: one sitting of a practitioner, and a look at the patient's page on a phone."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

import tracker
from tests.signing_in import PASSWORD, code_now
from tracker.clinic.demonstration import demonstration_folder

IN_CI = os.environ.get("CI", "").lower() == "true"
if IN_CI:
    sync_api = importlib.import_module("playwright.sync_api")
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser

ROOT = Path(tracker.__file__).parents[1]
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 90
MEASURING_SECONDS = 400
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Site:
    """The running app, and what its pages asked for and complained about."""

    address: str
    log: Path
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: sync_api.Page, *, ends: bool = False) -> None:
        """Note every request that leaves this machine, and every error of the page unless its session is ended."""
        page.on("request", self._request)
        if ends:  # Streamlit's front end complains of a server that does not answer any more
            return
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)

    def _request(self, request: sync_api.Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.foreign.append(request.url)

    def _console(self, message: sync_api.ConsoleMessage) -> None:
        # Opened below the root, Streamlit's front end probes for its server there first; those 404 are its way.
        probing = "/_stcore/" in message.location.get("url", "")
        if message.type == "error" and not probing:
            self.complaints.append(message.text)


def chromium() -> str:
    """The browser of this machine; without one the tests are skipped at home and fail in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and IN_CI:
        pytest.fail("There is no Chromium, and CI must drive the real app in one.")
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    executable = chromium()
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(browser: sync_api.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home, port = tmp_path_factory.mktemp("clinic"), free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    environment = {**os.environ, "TRACKER_HOME": str(home)}
    with (home / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    running = Site(f"http://127.0.0.1:{port}", home / "log.txt")
    try:
        wait_until_alive(running, process)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_alive(site: Site, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{site.address}/healthz", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail("The app did not start.")


@pytest.fixture
def desk(browser: sync_api.Browser, site: Site) -> Iterator[sync_api.Page]:
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    page = context.new_page()
    site.watch(page)
    look_around(page, site)
    yield page
    context.close()


@pytest.fixture
def phone(browser: sync_api.Browser, site: Site) -> Iterator[sync_api.Page]:
    agent = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True, user_agent=agent)
    page = context.new_page()
    site.watch(page)
    look_around(page, site)
    yield page
    context.close()


def look_around(page: sync_api.Page, site: Site) -> None:
    """Come in as a visitor of the demonstration."""
    page.goto(site.address)
    page.get_by_role("button", name="Look around the demonstration").click()
    page.wait_for_url(f"{site.address}/")


def picture(page: sync_api.Page, name: str) -> None:
    """Keep a screenshot where somebody asked for it."""
    folder = os.environ.get("TRACKER_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(600)
        page.screenshot(path=Path(folder) / f"{name}.png")


def open_view(page: sync_api.Page, site: Site, place: str) -> str:
    """Go from the list of patients to a page of the treated thigh; its id."""
    link = page.locator(f"a[href*='{place}?view=']").first
    for _ in range(30):  # on a busy machine the page is there before all of the demonstration is
        page.goto(site.address)
        link.wait_for(timeout=15_000)
        if page.get_by_text("DEMO-01").count() > 0:
            break
        page.wait_for_timeout(500)
    view = str(link.get_attribute("href")).split("view=")[1]
    link.click()
    return view


def wait_for_pictures(page: sync_api.Page) -> None:
    """Until both photos of the slider are drawn."""
    drawn = "() => document.querySelectorAll('.stage .pane img').length"
    page.locator(".stage .pane.after img").first.wait_for(timeout=20_000)
    page.locator(".stage .pane.before img").first.wait_for(timeout=20_000)
    assert page.evaluate(drawn) is not None


def divider(page: sync_api.Page) -> float:
    """Where the divider is drawn, in pixels from the left edge of the pictures."""
    handle, stage = page.locator(".handle").bounding_box(), page.locator(".stage").first.bounding_box()
    assert handle is not None
    assert stage is not None
    return float(handle["x"] + handle["width"] / 2 - stage["x"])


def new_session() -> bytes:
    """A photo of the demonstration thigh as another visit would bring it: the same skin in another file."""
    last = sorted((demonstration_folder() / "thigh-left-treated").glob("*.jpg"))[-1]
    out = io.BytesIO()
    with Image.open(last) as image:
        image.crop((8, 8, image.width - 8, image.height - 8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def test_the_demonstration_is_there_at_once_and_says_that_it_is_rendered(desk: sync_api.Page, site: Site) -> None:
    before = time.monotonic()
    desk.goto(site.address)
    desk.get_by_text("DEMO-01").wait_for(timeout=10_000)

    assert time.monotonic() - before < 5
    assert desk.get_by_text("rendered, not photographed").first.is_visible()
    picture(desk, "today")


def test_the_verdict_comes_while_the_page_waits(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "progress")

    desk.get_by_text("Measuring").first.wait_for(timeout=60_000)
    picture(desk, "progress-measuring")
    desk.get_by_role("cell", name="30 Apr 2026").first.wait_for(timeout=MEASURING_SECONDS * 1000)

    desk.get_by_text("Measurable decrease in relief roughness").first.wait_for(timeout=MEASURING_SECONDS * 1000)
    desk.get_by_text("Left out").wait_for(timeout=60_000)
    desk.get_by_text("The light came from the").first.wait_for(timeout=60_000)
    picture(desk, "progress")


def test_the_divider_follows_the_mouse_and_the_keys(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "compare")
    wait_for_pictures(desk)
    stage = desk.locator(".stage").first.bounding_box()
    assert stage is not None
    start = divider(desk)

    desk.mouse.move(stage["x"] + start, stage["y"] + stage["height"] / 2)
    desk.mouse.down()
    desk.mouse.move(stage["x"] + 0.25 * stage["width"], stage["y"] + stage["height"] / 2, steps=5)
    desk.mouse.up()
    dragged = divider(desk)
    desk.keyboard.press("ArrowRight")
    stepped = divider(desk)
    desk.keyboard.press("End")

    assert start == pytest.approx(0.5 * stage["width"], abs=2)
    assert dragged == pytest.approx(0.25 * stage["width"], abs=2)
    assert stepped == pytest.approx(0.27 * stage["width"], abs=2)
    assert divider(desk) == pytest.approx(stage["width"], abs=2)
    assert desk.locator(".handle").get_attribute("aria-valuenow") == "100"
    desk.keyboard.press("Home")
    desk.keyboard.press("PageUp")
    assert desk.locator(".handle").get_attribute("aria-valuenow") == "10"


def test_the_divider_stays_where_it_is_when_the_page_runs_again(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "compare")
    wait_for_pictures(desk)
    desk.locator(".handle").focus()
    for _ in range(5):
        desk.keyboard.press("PageDown")

    desk.get_by_text("After", exact=True).locator("xpath=ancestor::*[@data-testid='stSelectbox']").locator(
        "input"
    ).click()
    desk.get_by_role("option").nth(2).click()
    desk.get_by_text("What changed by 9 Mar 2026").wait_for(timeout=15_000)

    assert desk.locator(".handle").get_attribute("aria-valuenow") == "0"
    picture(desk, "compare")


def test_the_photos_can_be_looked_at_closely_and_side_by_side(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "compare")
    wait_for_pictures(desk)
    desk.get_by_role("button", name="Zoom in").first.click()
    assert "scale(1.5)" in desk.locator(".stage").first.evaluate("e => e.style.getPropertyValue('--shift')")

    desk.get_by_role("tab", name="Side by side").click()
    desk.locator(".row .pane img").nth(1).wait_for(timeout=20_000)
    assert desk.locator(".row .pane img").count() >= 2
    show(desk, "Difference from the reference")
    desk.locator("img[alt^='Difference']").wait_for(timeout=20_000)
    picture(desk, "difference")


SEEN = """root => root.isConnected && [...root.querySelectorAll("button[data-side]")].every(b => !b.disabled)
    && [...root.querySelectorAll("img")].filter(i => i.naturalWidth).length === 2"""


def wait_for_pair(page: sync_api.Page, answered: int) -> None:
    """Until a rater sees both pictures of the next pair, and has had time to look.

    A page that is still being run may put its components on the screen anew: the same ones have to stay.
    """
    page.get_by_text(f"{answered} of 20 answered").wait_for(timeout=30_000)
    for _ in range(100):
        shown = page.locator(".rating").element_handle(timeout=30_000)
        if shown.evaluate(SEEN):
            page.wait_for_timeout(600)
            if shown.evaluate(SEEN):
                return
        page.wait_for_timeout(100)
    pytest.fail("the pair was never shown")


def press_side(page: sync_api.Page, key: str, side: str) -> None:
    """Press an arrow as a rater does: again, if the pair did not take it."""
    pressed = page.locator(f".rating .sides button[data-side={side}][aria-pressed=true]")
    for _ in range(20):
        page.keyboard.press(key)
        with contextlib.suppress(sync_api.TimeoutError):
            pressed.wait_for(timeout=1_000)
            return
    pressed.wait_for(timeout=1_000)


def test_a_rater_answers_with_the_keys_alone_and_goes_on_after_a_reload(desk: sync_api.Page, site: Site) -> None:
    view = open_view(desk, site, "progress")
    desk.goto(f"{site.address}/rating?view={view}")
    desk.get_by_role("button", name="Start: 20 pairs").wait_for(timeout=MEASURING_SECONDS * 1000)
    desk.get_by_label("Rater's initials").fill("AB")
    desk.get_by_role("button", name="Start: 20 pairs").click()
    wait_for_pair(desk, 0)
    picture(desk, "rating")
    seen = desk.locator("body").inner_text()
    sizes = [desk.locator(".rating img").nth(k).evaluate("e => [e.naturalWidth, e.naturalHeight]") for k in (0, 1)]

    desk.keyboard.press("3")  # before a side is chosen, a digit is no answer
    press_side(desk, "ArrowLeft", "left")
    press_side(desk, "ArrowRight", "right")
    assert desk.locator(".rating .sides button[aria-pressed=true]").inner_text().startswith("Right")
    desk.keyboard.press("3")
    wait_for_pair(desk, 1)
    press_side(desk, "ArrowLeft", "left")
    desk.keyboard.press("0")
    wait_for_pair(desk, 2)
    desk.reload()
    wait_for_pair(desk, 2)
    press_side(desk, "ArrowLeft", "left")
    desk.keyboard.press("4")
    wait_for_pair(desk, 3)

    assert sizes[0] == sizes[1]
    assert not re.search(r"20\d\d|DEMO|thigh|Session \d", seen)
    assert desk.url.count("?rating=") == 1


def test_one_sees_where_a_number_comes_from(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "compare")
    wait_for_pictures(desk)
    show(desk, "Relief roughness: where the number comes from")
    # Of the legend alone: cards of further metrics, which are folded, have the same unit.
    desk.get_by_text(re.compile(r"^\+[\d.]+ % log-luminance$")).wait_for(timeout=60_000)
    desk.get_by_role("tab", name="Side by side").click()
    desk.locator(".row .pane img[alt*='where Relief roughness']").nth(1).wait_for(timeout=30_000)
    picture(desk, "origin")


def show(page: sync_api.Page, what: str) -> None:
    """Choose what the pictures of the page Compare show."""
    page.get_by_role("combobox", name="Show").click()
    page.get_by_role("option", name=what).click()


def test_a_new_session_is_judged_at_once_and_measured_in_the_background(desk: sync_api.Page, site: Site) -> None:
    view = open_view(desk, site, "compare")
    desk.goto(f"{site.address}/session?view={view}")
    chooser = desk.locator("input[type=file]")
    chooser.wait_for(state="attached", timeout=15_000)
    before = time.monotonic()
    chooser.set_input_files([{"name": "2026-05-14_thigh_1.jpg", "mimeType": "image/jpeg", "buffer": new_session()}])
    desk.get_by_text("Taken on 14 May 2026").wait_for(timeout=15_000)
    seen = time.monotonic() - before
    picture(desk, "session-tile")

    desk.get_by_role("button", name="Store 1 photo").click()
    desk.get_by_text("Measurable decrease in relief roughness").first.wait_for(timeout=40_000)

    assert seen < 8, "the gate's verdict must be there while the practitioner still holds the camera"
    assert desk.get_by_text("Taken on 14 May 2026").count() == 0, "the uploader keeps no photo in memory"
    picture(desk, "session-verdict")


def test_the_report_can_be_taken_away_as_a_pdf(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "progress")
    desk.get_by_role("button", name="Report").click(timeout=180_000)  # it is there with the verdict
    with desk.expect_download(timeout=30_000) as started:
        desk.locator("a[href$='.pdf']").first.click()

    assert Path(started.value.path()).read_bytes().startswith(b"%PDF")
    assert "DEMO" not in started.value.suggested_filename


def test_the_patients_page_fits_a_phone_and_shows_no_way_to_others(phone: sync_api.Page, site: Site) -> None:
    phone.goto(site.address)
    link = phone.locator("a[href*='patient-view?patient=']").first
    link.wait_for(timeout=15_000)
    phone.goto(str(link.evaluate("link => link.href")))
    wait_for_pictures(phone)

    widths = phone.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth]"
    )
    assert max(widths) <= PHONE["width"]
    assert phone.get_by_text("Visit by visit").is_visible()
    assert phone.get_by_text("DEMO-02").count() == 0
    assert phone.get_by_role("link", name="Progress").count() == 0
    picture(phone, "patient-phone")


def test_a_narrow_window_gets_the_list_and_a_wide_one_the_table(desk: sync_api.Page, site: Site) -> None:
    """Whatever the browser calls itself: a tablet in portrait and half a screen are narrow too."""
    open_view(desk, site, "progress")
    desk.locator("table").first.wait_for()

    desk.set_viewport_size(PHONE)
    desk.locator("table").first.wait_for(state="detached")

    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(desk, "progress-narrow")


def test_a_suggested_region_is_accepted_mended_by_key_and_shown_on_later_photos(
    desk: sync_api.Page, site: Site
) -> None:
    open_view(desk, site, "compare")
    desk.get_by_role("link", name="Region").first.click()
    stage = desk.locator(".stage[role=application]:visible")
    stage.locator("img").wait_for(timeout=20_000)
    desk.get_by_text("The dashed line is a suggestion").wait_for(timeout=20_000)
    assert stage.locator(".corner").count() == 0, "a suggestion is nobody's region"

    desk.get_by_role("button", name="Use the suggestion").click()
    desk.get_by_text("On the later photos").wait_for(timeout=20_000)
    offered = stage.locator(".corner").count()
    stage.focus()
    desk.keyboard.press("n")
    desk.keyboard.press("Delete")
    deleted = stage.locator(".corner").count()
    desk.keyboard.press("Control+z")

    assert 3 <= offered <= 24
    assert deleted == offered - 1
    assert stage.locator(".corner").count() == offered
    desk.locator(".strip img").first.wait_for(timeout=20_000)
    assert desk.locator(".strip li").count() >= 5
    assert desk.locator(".strip li").count() == desk.locator(".strip li:has(polyline)").count()
    picture(desk, "region-carried")


def test_a_finger_adds_a_corner_on_an_edge_and_takes_it_away_again(phone: sync_api.Page, site: Site) -> None:
    phone.goto(site.address)
    view = str(phone.locator("a[href*='progress?view=']").first.get_attribute("href")).split("view=")[1]
    phone.goto(f"{site.address}/region?view={view}")
    stage = phone.locator(".stage[role=application]:visible")
    stage.locator("img").wait_for(timeout=20_000)
    phone.get_by_role("button", name="Use the suggestion").tap(timeout=20_000)
    first, second = (stage.locator(".corner").nth(k).bounding_box() for k in (0, 1))
    assert first is not None
    assert second is not None
    before = stage.locator(".corner").count()

    middle = [(first[at] + second[at] + first[size]) / 2 for at, size in (("x", "width"), ("y", "height"))]
    phone.touchscreen.tap(*middle)
    added = stage.locator(".corner").count()
    phone.get_by_role("button", name="Delete corner").tap()

    assert added == before + 1
    assert stage.locator(".corner").count() == before
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, "region-phone")


def test_a_region_is_drawn_with_the_mouse_and_saved(desk: sync_api.Page, site: Site) -> None:
    open_view(desk, site, "compare")
    desk.get_by_role("link", name="Region").first.click()
    stage = desk.locator(".stage[role=application]:visible")
    stage.locator("img").wait_for(timeout=20_000)
    box = stage.bounding_box()
    assert box is not None
    for across, down in ((0.35, 0.2), (0.6, 0.2), (0.6, 0.7), (0.35, 0.7)):
        desk.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    desk.get_by_text("4 corners").wait_for(timeout=5_000)
    desk.get_by_role("button", name="Undo").click()
    desk.get_by_text("3 corners").wait_for(timeout=5_000)
    picture(desk, "region")

    desk.get_by_role("button", name="Save region").click()

    desk.get_by_text("Measuring").first.wait_for(timeout=10_000)


def test_who_is_not_signed_in_sees_the_doors_only(browser: sync_api.Browser, site: Site) -> None:
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    site.watch(page)
    for place in ("", "progress", "patient-view", "people"):
        page.goto(f"{site.address}/{place}")
        assert page.url == f"{site.address}/session/sign-in"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, "welcome-phone")
    context.close()


def fill(page: sync_api.Page, **fields: str) -> None:
    for name, typed in fields.items():
        page.locator(f"#{name}").fill(typed)


def confirm_second_factor(page: sync_api.Page) -> list[str]:
    """Do with the key on the page what an authenticator app does; the recovery codes."""
    secret = page.locator("code").inner_text()
    fill(page, code=code_now(secret))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("Keep these codes").wait_for()
    codes = page.locator(".codes li").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    return codes


def sign_out(page: sync_api.Page, site: Site) -> None:
    page.locator(".me summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{site.address}/session/sign-in")


def test_the_owner_sets_up_the_clinic_and_invites_who_sees_no_more_than_the_role_allows(
    desk: sync_api.Page, browser: sync_api.Browser, site: Site
) -> None:
    """The last of the sittings: it closes the demonstration."""
    desk.goto(site.address)
    desk.locator(".me summary").click()
    desk.get_by_role("link", name="Set up this clinic").click()
    set_up_code = re.findall(r"(?:\d{4}-){3}\d{4}", site.log.read_text())[-1]
    fill(desk, set_up_code=set_up_code, name="Olga Owner", password=PASSWORD, again=PASSWORD)
    desk.get_by_role("button", name="Set up").click()
    desk.get_by_text("Your second factor").wait_for()
    picture(desk, "second-factor")
    codes = confirm_second_factor(desk)
    desk.get_by_text("DEMO-01").wait_for(timeout=20_000)

    sign_out(desk, site)
    desk.go_back()
    desk.wait_for_url(f"{site.address}/session/sign-in")
    assert desk.get_by_text("DEMO-01").count() == 0
    fill(desk, name="Olga Owner", password=PASSWORD, code=codes[0])
    desk.get_by_role("button", name="Sign in").click()
    desk.get_by_test_id("stTopNavSection").get_by_text("Clinic").click()
    desk.get_by_role("menuitem", name="People and access").click()
    desk.get_by_role("button", name="Invite somebody").click()
    desk.get_by_label("Name, with which they sign in").fill("Ada Assistant")
    desk.get_by_text("Assistant", exact=True).click()
    desk.get_by_role("button", name="Make an invitation").click()
    desk.get_by_text("Invitation for Ada Assistant").wait_for(timeout=15_000)
    picture(desk, "people")
    invitation = desk.locator("code").first.inner_text()

    context = browser.new_context(viewport=DESK)
    ada = context.new_page()
    site.watch(ada, ends=True)
    ada.goto(invitation)
    fill(ada, password=PASSWORD, again=PASSWORD)
    ada.get_by_role("button", name="Accept").click()
    ada.get_by_text("Your second factor").wait_for()
    confirm_second_factor(ada)
    ada.get_by_text("DEMO-01").wait_for(timeout=20_000)
    picture(ada, "today-assistant")
    ada.get_by_role("link", name="Add a session").first.wait_for(timeout=30_000)
    assert ada.get_by_test_id("stTopNavSection").count() == 0
    for name in ("Progress", "Compare", "Log", "People and access", "Record"):
        assert ada.get_by_role("link", name=name).count() == 0
    ada.goto(f"{site.address}/people")
    ada.get_by_text("DEMO-01").wait_for(timeout=20_000)
    ada.locator(".me .name", has_text="Ada Assistant").wait_for()
    assert ada.get_by_text("Olga Owner").count() == 0, "there is no list of people for her"

    desk.goto(f"{site.address}/people")
    desk.get_by_text("Change").nth(1).click(timeout=20_000)
    desk.get_by_role("button", name="Close the account").last.click()
    ada.wait_for_url(f"{site.address}/session/sign-in*", timeout=15_000)
    assert ada.get_by_text("You were signed out").is_visible()
    picture(ada, "ended")
    context.close()


def test_nothing_left_this_machine_and_no_page_complained(site: Site) -> None:
    assert site.foreign == []
    assert site.complaints == []
