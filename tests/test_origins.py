"""Where the numbers of a series come from is drawn for the photos that gave them, and for no others."""

from __future__ import annotations

import pytest

from tests.test_dual_relief import _series
from tracker.commands import origins
from tracker.commands.origins import Origins
from tracker.metrics import metric_named
from tracker.pipeline import track


def test_the_second_photo_of_a_pair_costs_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    relief = metric_named("relief")
    brought: list[str] = []
    painted: list[str] = []
    in_frame, overlay = origins.in_frame, origins.overlay
    monkeypatch.setattr(
        origins, "in_frame", lambda ref, image, way: brought.append(image.photo.digest) or in_frame(ref, image, way)
    )
    monkeypatch.setattr(origins, "overlay", lambda image, *rest: painted.append(image.digest) or overlay(image, *rest))
    watcher = Origins([relief])

    report = track(_series(), metrics=(relief,), watcher=watcher)

    gave = [m.digest for m in report.measurements]
    assert len(report.photos) == 4
    assert len(gave) == 2
    assert painted == gave
    assert brought == gave[1:], "the reference is in its own frame"
    assert [name for name, _ in watcher.files(report)] == [
        f"relief-{session.taken_on}.jpg" for session in report.timeline.of("relief").sessions
    ]
