"""That something was done is said where it is seen: on the run of the page after it, and for some seconds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import tracker.pages
from tracker.pages import notices


def page() -> None:
    """A page that does something, and begins anew."""
    import streamlit as st

    from tracker.pages.frame import frame
    from tracker.pages.notices import say

    def body() -> None:
        if st.button("Save"):
            say("It is saved.")
            st.rerun()
        st.button("Something else")

    frame(body)


def seen(app: AppTest) -> list[str]:
    assert not app.exception
    return [each.value for each in app.toast]


def test_what_was_done_is_said_on_the_next_run_for_its_time_and_then_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(notices, "monotonic", lambda: moment)
    app = AppTest.from_function(page).run()
    assert seen(app) == []

    assert seen(app.button[0].click().run()) == ["It is saved."]
    moment += notices.SHOWN_SECONDS / 2
    assert seen(app.button[1].click().run()) == ["It is saved."], "a run that begins meanwhile does not take it away"
    moment += notices.SHOWN_SECONDS
    assert seen(app.button[1].click().run()) == []
    assert seen(app.button[0].click().run()) == ["It is saved."], "the next one has its own time"


def test_no_page_says_it_in_another_way() -> None:
    folder = Path(tracker.pages.__file__).parent
    found = [file.name for file in folder.glob("*.py") if re.search(r"\bst\.toast\(", file.read_text(encoding="utf-8"))]

    assert found == ["notices.py"]
