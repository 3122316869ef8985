"""`compare`: one pair of photos, each perhaps with a second one that was lit from the other side."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tracker.calibration import CalibratedImage
from tracker.commands.pair import _remarks, compare_document
from tracker.metrics import metric_named
from tracker.phantom import PhantomPhoto
from tracker.quality import Need
from tracker.quality.check import ALL_METRICS, metrics_with

Calibrated = Callable[[PhantomPhoto], CalibratedImage]


@pytest.mark.parametrize("which", ["reference", "moving"])
def test_a_photo_of_something_else_beside_the_pair_is_left_out_and_the_pair_is_compared(
    which: str, thigh: tuple[PhantomPhoto, ...], pigment: tuple[PhantomPhoto, ...], calibrated: Calibrated
) -> None:
    relief = [metric_named("relief")]
    then, now, strange = calibrated(thigh[0]), calibrated(thigh[2]), calibrated(pigment[0])
    beside = (strange, None) if which == "reference" else (None, strange)

    plain = compare_document(then, now, metrics=relief)
    found = compare_document(then, now, metrics=relief, opposite=beside)

    assert found["alignment"]["status"] == "aligned"
    assert found["metrics"] == plain["metrics"]
    assert found["metrics"][0]["change"] is not None
    notes = {
        name: [n for n in found[name]["notes"] if n not in plain[name]["notes"]] for name in ("reference", "moving")
    }
    (note,) = notes.pop(which)
    assert note.startswith(f"{strange.photo.name} is not used as the other photo of the pair. ")
    assert list(notes.values()) == [[]]
    assert f"{found[which]['name']}: {note}" in _remarks(found, relief)


def test_only_warnings_about_what_was_asked_are_printed() -> None:
    def check(advice: str, blocks: str) -> dict[str, object]:
        return {"advice": advice, "blocks": blocks}

    document = {
        "metrics": [{"reason": None}],
        "reference": {"name": "a.jpg", "notes": ["Read as it is."]},
        "moving": {"name": "b.jpg", "notes": []},
        "reference_quality": [check("Sharpen.", ALL_METRICS), check("Mark the hair.", metrics_with(Need.MARKED_HAIR))],
        "quality": [
            check("Another lamp.", metrics_with(Need.SAME_LAMP, Need.DUAL_LIGHT)),
            check("Another side.", metrics_with(Need.OBLIQUE_LIGHT)),
        ],
    }

    redness, relief = [metric_named("delta_ei")], [metric_named("relief")]

    assert _remarks(document, relief) == ["a.jpg: Sharpen.", "a.jpg: Read as it is.", "b.jpg: Another side."]
    assert _remarks(document, redness) == ["a.jpg: Sharpen.", "a.jpg: Read as it is.", "b.jpg: Another lamp."]
    assert _remarks(document, []) == ["a.jpg: Read as it is."]
