"""Blinded rating in the record and on its page: nothing told, nothing lost, nothing shown twice by accident."""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.test_app import ask, served
from tracker.alignment import PAPER
from tracker.clinic import Clinic, View
from tracker.clinic.masked import cut, reached, window_of
from tracker.clinic.ratings import RatingSession
from tracker.errors import RecordError
from tracker.measurement import Direction
from tracker.metrics import metric_named
from tracker.pages import PAGES
from tracker.pages.rating_results import SHOWN, improvements
from tracker.phantom import series
from tracker.reader_study import Kind, RatedPair, Side
from tracker.web.links import rated_url

SIZE = (600, 800)
TURNED = 2
NAME = "Ann Smith"
RATING_PAGE = next(entry for entry in PAGES if entry.path == "rating")


def opened(home: Path) -> Clinic:
    """A record that measures nothing but what leads in cellulite: rating needs no more."""
    return Clinic.open(home, metrics=[metric_named("relief")])


@pytest.fixture(scope="module")
def measured_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four visits, two photos at the first two; at the third the lamp stood on the other side."""
    home = tmp_path_factory.mktemp("rated") / "home"
    taken = list(series("thigh", seed=5, sessions=4, replicates=2, spoiled={TURNED: "light"}, size=SIZE))
    with opened(home) as clinic:
        patient = clinic.add_patient(code="P-1", name=NAME)
        view = clinic.add_view(patient.id, site="thigh", laterality="left", indication="cellulite")
        for photo in (*taken[:5], taken[6]):
            clinic.add_photo(view.id, photo.jpeg, photo.name)
        clinic.measure_waiting()
    return home


@pytest.fixture
def clinic(measured_home: Path, tmp_path: Path) -> Iterator[Clinic]:
    """A copy of the measured record."""
    shutil.copytree(measured_home, tmp_path / "home")
    with opened(tmp_path / "home") as record:
        yield record


def only_view(clinic: Clinic) -> View:
    return clinic.views(clinic.patients()[0].id)[0]


def answer(clinic: Clinic, session: RatingSession, rated: RatedPair, side: Side, clear: int | None = 2) -> None:
    clinic.answer_pair(session.id, rated.position, side, confidence=clear, seconds=3.5)


def finished(clinic: Clinic, rater: str = "AB", seed: int = 4) -> RatingSession:
    """A sitting of a rater who sees every change."""
    session = clinic.start_rating(only_view(clinic).id, rater, seed=seed)
    for rated in session.pairs:
        answer(clinic, session, rated, rated.pair.later or Side.LEFT, 4 if rated.pair.later else 0)
    return clinic.rating(session.id)


def pixels(data: bytes) -> NDArray[np.int16]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image, dtype=np.int16)


# The record


def test_a_sitting_is_planned_once_and_kept_with_its_answers(clinic: Clinic) -> None:
    view = only_view(clinic)
    begun = clinic.start_rating(view.id, "  A   B ", seed=4)
    answer(clinic, begun, begun.pairs[0], Side.RIGHT, 3)

    with opened(clinic.home) as again:
        kept = again.rating(begun.id)
        assert again.ratings(view.id) == (kept,)

    assert kept.rater == "A B"
    assert kept.question == "In which of the two is the cellulite less visible?"
    assert [rated.pair for rated in kept.pairs] == [rated.pair for rated in begun.pairs]
    first = kept.pairs[0].answer
    assert first is not None
    assert (first.choice, first.confidence, first.seconds) == (Side.RIGHT, 3, 3.5)
    assert kept.answered == 1
    assert kept.waiting == kept.pairs[1:]
    assert not kept.is_finished


def test_the_later_picture_is_on_the_side_the_plan_says(clinic: Clinic) -> None:
    days = {photo.id: photo.taken_on for photo in clinic.photos(only_view(clinic).id)}

    for rated in clinic.start_rating(only_view(clinic).id, "AB").pairs:
        left, right = days[rated.pair.left], days[rated.pair.right]
        assert rated.pair.later is (None if left == right else Side.LEFT if left > right else Side.RIGHT)


def test_the_first_answer_stands_however_often_the_key_is_pressed(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    for side in (Side.LEFT, Side.RIGHT, Side.RIGHT):
        answer(clinic, session, session.pairs[3], side)

    kept = clinic.rating(session.id).pairs[3].answer
    assert kept is not None
    assert kept.choice is Side.LEFT


def test_what_is_no_answer_is_refused_and_changes_nothing(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    short = clinic.start_rating(only_view(clinic).id, "CD", asks_confidence=False)

    for begun, clear in ((session, None), (session, 5), (session, -1), (short, 2)):
        with pytest.raises(RecordError, match="How clear"):
            answer(clinic, begun, begun.pairs[0], Side.LEFT, clear)
    with pytest.raises(RecordError, match="pair"):
        clinic.answer_pair(session.id, 99, Side.LEFT, confidence=1)
    with pytest.raises(RecordError, match="rating"):
        clinic.answer_pair("nobody", 0, Side.LEFT, confidence=1)

    assert clinic.rating(session.id).answered == clinic.rating(short.id).answered == 0


@pytest.mark.parametrize("rater", ["", "   ", "x" * 61, "a\x00b"])
def test_a_rater_has_initials(clinic: Clinic, rater: str) -> None:
    with pytest.raises(RecordError) as refused:
        clinic.start_rating(only_view(clinic).id, rater)

    assert refused.value.code == "no_rater"
    assert clinic.ratings(only_view(clinic).id) == ()


def test_too_few_sessions_are_refused_with_what_to_do(clinic: Clinic) -> None:
    view = clinic.add_view(clinic.patients()[0].id, site="arm")

    assert clinic.possible_rating(view.id).changes == 0
    with pytest.raises(RecordError, match="add a session") as refused:
        clinic.start_rating(view.id, "AB")
    assert refused.value.code == "too_few"


def test_a_photo_that_stops_the_leading_number_is_not_shown_to_raters(clinic: Clinic) -> None:
    """With the lamp on the other side every dimple looks different, and no skin has changed."""
    days = {photo.id: photo.taken_on for photo in clinic.photos(only_view(clinic).id)}
    turned = sorted(set(days.values()))[TURNED]
    shown = Counter(
        days[p] for rated in clinic.start_rating(only_view(clinic).id, "AB").pairs for p in rated.pair.photos
    )

    assert len(shown) == 3
    assert turned not in shown


def test_a_removed_photo_takes_its_pairs_with_it_and_leaves_the_rest(clinic: Clinic) -> None:
    session = finished(clinic)
    gone = next(p for p in clinic.photos(only_view(clinic).id) if not p.is_reference)
    clinic.remove_photo(gone.id)

    left = clinic.rating(session.id).pairs

    assert left == tuple(rated for rated in session.pairs if gone.id not in rated.pair.photos)
    assert 0 < len(left) < len(session.pairs)


@pytest.mark.sqlite
def test_a_pair_whose_photo_was_rejected_since_is_not_asked_but_its_answer_stays(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB", seed=4)
    answer(clinic, session, session.pairs[0], Side.LEFT)
    lost = next(p for p in session.pairs[0].pair.photos)
    file = clinic.home / "clinic.sqlite"
    with sqlite3.connect(file) as connection:
        found = "(SELECT result_id FROM photo WHERE id = ?)"
        connection.execute(f"UPDATE result SET code = 'different_area' WHERE id = {found}", (lost,))
    connection.close()

    now = clinic.rating(session.id)

    assert now.pairs[0].answer is not None
    assert all(lost not in rated.pair.photos for rated in now.waiting)
    assert len(now.pairs) < len(session.pairs)


# The pictures


def test_both_pictures_of_a_pair_have_one_size_and_one_outline(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")

    for rated in session.pairs[:6]:
        left, right = (pixels(clinic.rated_picture(session.id, rated.position, side, width=320)) for side in Side)
        if rated.pair.kind is Kind.MIRROR:
            right = right[:, ::-1]
        paper = [np.abs(shown - PAPER).max(axis=2) <= 12 for shown in (left, right)]
        assert left.shape == right.shape
        assert 0.02 < paper[0].mean() < 0.6
        assert (paper[0] != paper[1]).mean() < 0.01  # the rim, where the JPEG mixes


def test_a_mirrored_copy_is_the_picture_turned_round_and_nothing_else(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    rated = next(rated for rated in session.pairs if rated.pair.kind is Kind.MIRROR)
    left, right = (pixels(clinic.rated_picture(session.id, rated.position, side, width=320)) for side in Side)

    assert np.abs(left - right[:, ::-1]).mean() < 2
    assert np.abs(left - right).mean() > 4


def test_the_reference_is_neither_sharper_nor_softer_than_the_photos_aligned_to_it() -> None:
    """A fine grating keeps the same contrast, whether it is shifted by parts of a pixel or, as the reference, not."""
    rows, cols = np.mgrid[0:600, 0:800]
    window = window_of(np.ones(SIZE, bool), SIZE, 400, is_marked=False)
    at = np.stack(np.meshgrid(window.rows, window.cols, indexing="ij"), axis=-1)

    def shown(shift: float) -> NDArray[np.uint8]:
        wave = 128 + 60 * np.sin(2 * np.pi * (cols - shift) / 9) + 0 * rows
        rgb = np.repeat(wave[..., None], 3, axis=2).astype(np.uint8)
        moved = at + np.array([0.0, shift])
        return cut(rgb, moved, window.mask & reached(moved, SIZE))[20:-20, 20:-20]

    spread = [float(shown(shift).std()) for shift in (0.0, 0.5, 1.3)]
    assert max(spread) / min(spread) < 1.03


def test_what_is_shown_is_the_marked_patch_with_half_its_width_around_it() -> None:
    mask = np.zeros((300, 400), bool)
    mask[100:140, 200:240] = True

    window = window_of(mask, (600, 800), 1000, is_marked=True)

    assert (window.rows[0], window.rows[-1]) == (pytest.approx(160, abs=2), pytest.approx(319, abs=2))
    assert (window.cols[0], window.cols[-1]) == (pytest.approx(360, abs=2), pytest.approx(519, abs=2))
    assert window.mask.shape == (len(window.rows), len(window.cols)) == (160, 160)
    assert not window.mask[0, 0]
    assert window_of(mask, (600, 800), 40, is_marked=True).mask.shape == (40, 40)


def test_a_pair_is_served_without_a_name_a_date_or_a_copy_in_any_cache(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    url = rated_url(session.id, 0, Side.LEFT)

    answered = ask(served(clinic), f"{url}?w=320")

    assert answered.status == 200
    assert answered.headers["content-type"] == "image/jpeg"
    assert answered.headers["cache-control"] == "no-store, private"
    assert "content-disposition" not in answered.headers
    with Image.open(io.BytesIO(answered.body)) as image:
        assert not image.getexif()
    assert not any(photo.id in url for photo in clinic.photos(only_view(clinic).id))


def test_no_other_site_sees_a_pair_and_what_is_not_there_is_not_found(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    url = rated_url(session.id, 0, Side.LEFT)
    app = served(clinic)

    assert ask(app, url, sec_fetch_site="cross-site").status == 403
    wrong = (rated_url(session.id, 99, "left"), rated_url("0" * 32, 0, "left"), rated_url(session.id, 0, "up"))
    for address in (*wrong, f"/rating/{session.id}/{'9' * 40}/left"):
        assert ask(app, address).status == 404


# The page


def run_page(clinic: Clinic, **address: str) -> AppTest:
    def script(entry, clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame

        frame(lambda: entry.page(clinic))

    app = AppTest.from_function(script, kwargs={"entry": RATING_PAGE, "clinic": clinic}, default_timeout=60)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def words(app: AppTest) -> str:
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "error", "warning", "toggle")
    found = [element for kind in kinds for element in app.get(kind)]
    return "\n".join(f"{element.value} {getattr(element, 'label', '')}" for element in found).replace("\\", "")


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if label in button.label).click().run()


def test_a_sitting_begins_on_the_page_and_its_address_names_nothing_else(clinic: Clinic) -> None:
    app = run_page(clinic)
    app.text_input[0].input("AB")
    app = press(app, "Start: ")

    (session,) = clinic.ratings(only_view(clinic).id)
    assert not app.exception
    assert app.query_params == {"rating": session.id}


def test_a_rater_reads_neither_a_name_nor_a_date_nor_a_file(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    app = run_page(clinic, rating=session.id)

    everything = "\n".join(str(node.proto) for node in app.main if hasattr(node, "proto"))
    assert not app.exception
    assert f"0 of {len(session.pairs)} answered" in everything
    assert rated_url(session.id, 0, Side.RIGHT) in everything
    assert rated_url(session.id, 1, Side.LEFT) in everything
    for photo in clinic.photos(only_view(clinic).id):
        for told in (NAME, "P-1", "thigh", photo.id, photo.name, photo.taken_on.isoformat(), f"{photo.taken_on:%b %Y}"):
            assert told not in everything


def test_a_rater_who_begins_again_goes_on_where_they_stopped(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    answer(clinic, session, session.pairs[0], Side.LEFT)
    app = run_page(clinic)
    assert "1 of" in words(app)

    app.text_input[0].input(" ab")
    app = press(app, "Start: ")

    assert app.query_params == {"rating": session.id}
    assert len(clinic.ratings(only_view(clinic).id)) == 1
    app = press(app, "Stop")
    assert app.query_params == {"view": only_view(clinic).id}


def test_a_sitting_that_was_broken_off_is_listed_and_opened_again(clinic: Clinic) -> None:
    session = clinic.start_rating(only_view(clinic).id, "AB")
    answer(clinic, session, session.pairs[0], Side.LEFT)

    app = press(run_page(clinic), "Go on")

    assert not app.exception
    assert app.query_params == {"rating": session.id}


def test_without_initials_no_sitting_begins(clinic: Clinic) -> None:
    app = press(run_page(clinic), "Start: ")

    assert not app.exception
    assert "initials" in app.error[0].value
    assert clinic.ratings(only_view(clinic).id) == ()


def test_the_end_thanks_and_the_results_are_shown_only_to_who_asks(clinic: Clinic) -> None:
    session = finished(clinic)

    end = run_page(clinic, rating=session.id)
    assert end.title[0].value == "Thank you"
    assert "chosen in" not in words(end)
    before = run_page(clinic)
    assert "chosen in" not in words(before)
    shown = press(end, "Show the results")

    assert not shown.exception
    assert "The later photo was chosen in 8 of 8 pairs" in words(shown)
    assert "point the same way" in words(shown)


def test_several_raters_are_shown_together(clinic: Clinic) -> None:
    for seed, rater in enumerate(("AB", "CD", "EF")):
        finished(clinic, rater, seed)

    app = run_page(clinic)
    app = app.toggle(key=SHOWN).set_value(True).run()

    assert not app.exception
    assert "3 raters judged 8 pairs in common" in words(app)
    assert "24 of 24" in words(app)


def test_a_view_with_too_few_photos_says_what_is_missing(clinic: Clinic) -> None:
    view = clinic.add_view(clinic.patients()[0].id, site="arm")

    app = run_page(clinic, view=view.id)

    assert not app.exception
    assert "Add a session" in app.info[0].value
    assert [button for button in app.button if "Start" in button.label] == []


def test_a_sitting_that_is_not_in_the_record_is_one_sentence(clinic: Clinic) -> None:
    app = run_page(clinic, rating="nothing")

    assert not app.exception
    assert len(app.error) == 1


def test_the_sign_of_the_measurement_follows_what_is_called_better(clinic: Clinic) -> None:
    """The dimples of this course get shallower: relief roughness falls from the first session to the last."""
    view, photos = only_view(clinic), clinic.photos(only_view(clinic).id)
    report = clinic.report(view.id)
    first, last = photos[0].id, photos[-1].id

    found = improvements(report, photos, [(last, first)])
    assert found[frozenset((first, last))] > 0
    assert improvements(None, photos, [(last, first)]) == {}
    assert report is not None
    line = report.primary
    assert line is not None

    def directed(direction: Direction, sign: float) -> Any:
        sessions = tuple(
            replace(s, measurements=tuple(replace(m, value=sign * m.value) for m in s.measurements))
            for s in line.sessions
        )
        turned = replace(line, metric=replace(line.metric, direction=direction), sessions=sessions)
        return improvements(
            replace(report, timeline=replace(report.timeline, metrics=(turned,))), photos, [(last, first)]
        )

    assert directed(Direction.NONE, 1) == {}
    assert directed(Direction.LESS, -1)[frozenset((first, last))] < 0
    assert directed(Direction.TOWARDS_ZERO, -1) == found
