"""Memory is tidied behind the pages: only when some ran, and what went in a circle is let go."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest

from tracker.web.tidying import TURN_SECONDS, Tidying

LONG = 20.0


class _Knot:
    """Something that only a collection lets go of."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the collector nor the length of turns of these tests stays changed."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(sys, "setswitchinterval", lambda seconds: None)


def test_what_a_page_left_is_let_go_after_it_ran() -> None:
    tidying, gone = Tidying(every=0.01), threading.Event()
    tidying.start()
    gc.disable()
    try:
        weakref.finalize(_Knot(), gone.set)
        assert not gone.wait(0.2)  # the control: no page ran
        tidying.note_run()
        assert gone.wait(LONG)
    finally:
        gc.enable()


def test_threads_take_short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", turns.append)
    Tidying().start()
    assert turns == [TURN_SECONDS]
