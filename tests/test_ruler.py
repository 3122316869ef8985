"""The editor that draws a region or the two ends of a length, by itself in a real browser."""

from __future__ import annotations

import os

import pytest

from tracker.web import components

if os.environ.get("CI"):
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser

OPEN = """async ([source, ruler]) => {
    const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    const picture = { src: "data:,", label: "", alt: "" };
    const data = { picture, shape: [300, 400], corners: [[10, 10], [200, 300]], version: "1", ruler, suggestion: [] };
    module.default({ parentElement: document.body, data, setStateValue: () => {} });
}"""


@pytest.mark.parametrize("ruler", [True, False])
def test_a_corner_can_be_deleted_from_a_region_and_no_end_from_a_ruler(chromium: str, ruler: bool) -> None:
    html, script = components._asset("region.html"), components._asset("zoom.js", "region.js")
    style = components._asset("viewer.css", "region.css")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_content(f"<style>{style}</style>{html}")
        page.evaluate(OPEN, [script, ruler])
        found = {name: page.get_by_role("button", name=name).is_visible() for name in ("Delete corner", "Clear")}
        browser.close()

    assert found == {"Delete corner": not ruler, "Clear": True}
