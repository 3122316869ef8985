"""The app's faces: the guard, our own routes and every page, on an empty and on a filled clinic."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

import tracker
from tests.days import TODAY
from tests.signing_in import actor_of, token_of, token_of_owner
from tracker.calibration import Edition
from tracker.calibration.layout import PATCHES, nominal_lab_d50
from tracker.clinic import Clinic
from tracker.clinic.actors import Actor, Role
from tracker.clinic.consent_texts import Purpose
from tracker.clinic.records import PhotoState, StoredPhoto, Tile, View, Work
from tracker.clinic.rules import RULES
from tracker.errors import RecordError
from tracker.pages import PAGES, PATIENT_PAGE, PageEntry, log, pages_of, today
from tracker.pages.carried import session_labels
from tracker.pages.frame import day_text, plain
from tracker.pages.log_words import WHAT
from tracker.web import desk, read_only, serve
from tracker.web.guard import Guard
from tracker.web.links import difference_url, photo_url, report_url
from tracker.web.place import Place
from tracker.web.presence import Presence
from tracker.web.routes import WIDTHS, routes

ROOT = Path(tracker.__file__).parents[1]
HERE = "127.0.0.1:8501"
HOSTILE = "<img src=x onerror=alert(1)> ![p](http://evil.example/p.png) :red[x] $x$"
SECRET_PLACE = (51.5, 0.12)


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    app: Any,
    path: str,
    *,
    client: str = "127.0.0.1",
    host: str = HERE,
    kind: str = "http",
    method: str = "GET",
    body: bytes = b"",
    **headers: str,
) -> Answer:
    """Ask an ASGI application once, as a browser on this machine would; header names use underscores."""
    target, _, query = path.partition("?")
    sent = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
        "client": (client, 40000),
        "server": ("127.0.0.1", 8501),
        "subprotocols": [],
    }
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body} if kind == "http" else {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    if kind == "websocket":
        return Answer(int(messages[0].get("code", 101)), {}, b"")
    start = messages[0]
    found: dict[str, str] = {}
    for name, value in ((name.decode().lower(), value.decode("latin-1")) for name, value in start["headers"]):
        found[name] = f"{found[name]}, {value}" if name == "set-cookie" and name in found else value
    return Answer(start["status"], found, b"".join(m.get("body", b"") for m in messages[1:]))


async def everything(scope: Any, receive: Any, send: Any) -> None:
    """Stand for what is behind the guard: it answers whoever gets that far."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})
    await send({"type": "http.response.body", "body": b"inside"})


def guarded(app: Any, clinic: Clinic | None = None) -> Guard:
    """An app behind the guard of a clinic."""
    return Guard(app, presence=Presence(lambda: clinic or Clinic.open()), place=Place())


def photo_bytes(seed: int = 0, day: str = "2026:03:02") -> bytes:
    """A small photo of skin-coloured noise that says where and when it was taken."""
    rng = np.random.default_rng(seed)
    coarse = rng.normal(0, 12, (30, 40, 3)).repeat(20, axis=0).repeat(20, axis=1)
    pixels = np.clip(np.array([196, 150, 128]) + coarse + rng.normal(0, 6, (600, 800, 3)), 0, 255).astype(np.uint8)
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = f"{day} 10:00:00"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{day} 10:00:00"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", SECRET_PLACE
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


@dataclass(frozen=True)
class Filled:
    """A clinic with one patient of hostile name, one view and one photo that waits."""

    clinic: Clinic
    view: View
    photo: StoredPhoto


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path / "clinic") as clinic:
        yield clinic


@pytest.fixture
def filled(empty: Clinic) -> Filled:
    patient = empty.add_patient(code="P-1", name=HOSTILE, note=HOSTILE)
    view = empty.add_view(patient.id, site="thigh", laterality="left", pose="standing")
    return Filled(empty, view, empty.add_photo(view.id, photo_bytes(), "smith_jane.jpg"))


def served(clinic: Clinic) -> Any:
    """Our routes behind the guard, as a browser with a session of the owner sees them."""
    cookie = f"tracker_8501={token_of_owner(clinic)}".encode()
    app = guarded(Starlette(routes=routes(lambda: clinic)), clinic)

    async def signed_in(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "headers": [*scope["headers"], (b"cookie", cookie)]}, receive, send)

    return signed_in


def test_the_policy_allows_no_foreign_source_and_no_unknown_inline_script() -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in ask(guarded(everything), "/healthz").headers["content-security-policy"].split(";")
    )

    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "unsafe-eval" not in policy["script-src"]
    assert "'sha256-" in policy["script-src"]
    assert policy["connect-src"] == f"'self' ws://{HERE} wss://{HERE}"
    assert not any("http:" in sources or "https:" in sources or "*" in sources for sources in policy.values())


def test_a_stored_photo_is_served_without_the_metadata_of_the_file(filled: Filled) -> None:
    answer = ask(served(filled.clinic), photo_url(filled.photo.id, width=640))

    assert answer.status == 200
    with Image.open(io.BytesIO(answer.body)) as image:
        assert image.size == (640, 480)
        assert not image.getexif()
        assert not image.info.get("exif")
    assert b"2026:03:02" in photo_bytes()
    assert b"2026:03:02" not in answer.body


def test_a_photo_is_kept_by_no_cache(filled: Filled) -> None:
    answer = ask(served(filled.clinic), photo_url(filled.photo.id))

    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store, private"


def test_an_odd_width_is_answered_with_a_usual_one(filled: Filled) -> None:
    for asked in ("-5", "1e9", "99999999999999999999", "٣", "abc"):
        assert ask(served(filled.clinic), f"/photo/{filled.photo.id}?w={asked}").status in (200, 400)
    with Image.open(io.BytesIO(ask(served(filled.clinic), f"/photo/{filled.photo.id}?w=1").body)) as image:
        assert image.width == WIDTHS[0]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_other_site_can_embed_or_fetch_a_photo(filled: Filled, site: str) -> None:
    answer = ask(served(filled.clinic), photo_url(filled.photo.id), sec_fetch_site=site)

    assert answer.status == 403
    assert not answer.body.startswith(b"\xff\xd8")


def test_a_photo_is_not_given_to_a_script_of_another_origin(filled: Filled) -> None:
    assert ask(served(filled.clinic), photo_url(filled.photo.id), origin="http://evil.example").status == 403


def test_an_unknown_a_removed_and_an_unmeasured_picture_all_look_the_same(filled: Filled) -> None:
    app = served(filled.clinic)
    unknown = ask(app, photo_url("0" * 32))
    strange = ask(app, photo_url("../../etc/passwd"))
    unmeasured = ask(app, difference_url(filled.photo.id))
    filled.clinic.remove_photo(filled.photo.id)
    removed = ask(app, photo_url(filled.photo.id))

    assert {a.status for a in (unknown, strange, unmeasured, removed)} == {404}
    assert unknown.body == unmeasured.body == removed.body


def test_a_report_that_is_not_there_yet_is_not_found(filled: Filled) -> None:
    app = served(filled.clinic)

    assert ask(app, report_url(filled.view.id, "pdf")).status == 404
    assert ask(app, report_url("0" * 32, "pdf")).status == 404
    assert ask(app, report_url(filled.view.id, "exe")).status == 404


def test_the_app_says_that_it_is_alive() -> None:
    assert ask(Starlette(routes=routes(Clinic.open)), "/healthz").body == b"ok"


def run_page(entry: PageEntry, clinic: Clinic, **ids: str) -> AppTest:
    """Run one page alone, with these ids in its address."""

    def script(entry, clinic):  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from tracker.pages.frame import frame

        frame(lambda: entry.page(clinic))

    app = AppTest.from_function(script, kwargs={"entry": entry, "clinic": clinic}, default_timeout=30)
    for name, value in ids.items():
        app.query_params[name] = value
    return app.run()


EVERY_PAGE = pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.path)


NOT_OF_PATIENTS = {"colour-card", "repeatability", "practice", "keeping", "new-patient", "people", "log"}


def words(app: AppTest) -> str:
    """All text of a page, as it was given to Streamlit."""
    kinds = ("title", "header", "subheader", "markdown", "text", "caption", "info", "error", "warning")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


@EVERY_PAGE
def test_a_page_opens_in_an_empty_clinic_and_says_what_to_do(empty: Clinic, entry: PageEntry) -> None:
    app = run_page(entry, empty)

    assert not app.exception
    assert len(app.info) == (0 if entry.path in NOT_OF_PATIENTS - {"log", "practice"} else 1)


@EVERY_PAGE
def test_a_page_opens_in_a_filled_clinic(filled: Filled, entry: PageEntry) -> None:
    app = run_page(entry, filled.clinic, view=filled.view.id)

    assert not app.exception
    assert not app.error


@EVERY_PAGE
def test_a_wrong_id_in_the_address_is_one_sentence(filled: Filled, entry: PageEntry) -> None:
    app = run_page(entry, filled.clinic, view="no-such-view")

    assert not app.exception
    assert len(app.error) == (0 if entry.path in {"today", *NOT_OF_PATIENTS} else 1)


def test_the_patients_page_shows_nobody_when_nobody_is_named(filled: Filled) -> None:
    app = run_page(PATIENT_PAGE, filled.clinic)

    assert len(app.info) == 1
    assert not app.header


def test_a_hostile_name_is_shown_letter_by_letter_and_never_as_markup(filled: Filled) -> None:
    app = run_page(PAGES[0], filled.clinic)

    assert HOSTILE in [text.value for text in app.text]
    assert HOSTILE not in "".join(str(m.value) for kind in ("markdown", "caption", "title") for m in app.get(kind))
    assert not app.get("html")


@pytest.mark.parametrize("text", ["http://evil.example/p.png", "see WWW.evil.example", "write a@evil.example"])
def test_an_address_in_a_name_does_not_become_a_link(text: str) -> None:
    shown = plain(text)

    assert not re.search(r"https?\\?:\\?/|www\\?\.|@\w", shown, re.IGNORECASE)
    assert re.sub(r"[\\\u2060]", "", shown) == text


def test_a_new_patient_can_be_added_and_a_taken_code_is_one_sentence(empty: Clinic) -> None:
    entry = next(each for each in PAGES if each.path == "new-patient")
    for expected in (0, 1):
        app = run_page(entry, empty)
        for label, typed in (("Code", "A-7"), ("Name", "Ann")):
            next(box for box in app.text_input if box.label == label).input(typed)
        button(app, "Add patient").click().run()
        assert len(app.error) == expected

    assert [(p.code, p.name) for p in empty.patients()] == [("A-7", "Ann")]


def test_a_dropped_photo_is_stored_once_however_often_it_is_dropped(filled: Filled) -> None:
    data = photo_bytes(seed=5, day="2026:03:09")
    for _ in range(2):
        app = run_page(PAGES[1], filled.clinic, view=filled.view.id)
        app.file_uploader[0].upload("new.jpg", data, "image/jpeg").run()
        assert not app.exception
        button = app.button[-1]
        if not button.disabled:
            button.click().run()
            assert not app.exception

    stored = filled.clinic.photos(filled.view.id)
    assert sorted(p.taken_on for p in stored) == [date(2026, 3, 2), date(2026, 3, 9)]
    assert filled.clinic.original(stored[1].id) == data


def test_what_the_comparison_with_the_reference_finds_is_on_the_tile_before_the_photo_is_stored(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def judged(view_id: str, data: bytes, name: str, tile: Tile) -> Tile:
        asked.append((view_id, name, tile.status))
        return replace(tile, status="block", headline="Please take this photo again.", advice=("The lamp moved.",))

    monkeypatch.setattr(filled.clinic, "judge_photo", judged)
    app = run_page(PAGES[1], filled.clinic, view=filled.view.id)
    app.file_uploader[0].upload("new.jpg", photo_bytes(seed=5, day="2026:03:09"), "image/jpeg").run()

    assert not app.exception
    assert [(view, name) for view, name, _ in asked] == [(filled.view.id, "new.jpg")]
    assert plain("The lamp moved.") in [each.value for each in app.markdown]
    assert app.button[-1].disabled
    assert [box for box in app.checkbox if box.label.startswith("Store it all the same")]


def test_a_file_that_is_no_photo_cannot_be_stored(filled: Filled) -> None:
    app = run_page(PAGES[1], filled.clinic, view=filled.view.id)

    app.file_uploader[0].upload("holiday.jpg", b"<html>not a photo</html>", "image/jpeg").run()

    assert not app.exception
    assert app.button[-1].disabled
    assert len(filled.clinic.photos(filled.view.id)) == 1


def test_waiting_photos_are_shown_as_waiting(filled: Filled) -> None:
    assert filled.photo.state is PhotoState.WAITING

    app = run_page(PAGES[0], filled.clinic)

    assert "1 waiting" in words(app)


def run_app(monkeypatch: pytest.MonkeyPatch, home: Path, actor: Callable[[Clinic], Actor | None]) -> AppTest:
    """Run the whole app on a fresh clinic with its demonstration, as somebody."""
    monkeypatch.setenv("TRACKER_HOME", str(home))
    desk.fill(desk.clinic())
    who = actor(desk.clinic())
    monkeypatch.setattr(desk, "run_now", lambda _: desk.Run(who) if who else None)
    return AppTest.from_file(ROOT / "app.py", default_timeout=60).run()


def visitor(clinic: Clinic) -> Actor:
    """Somebody who looks around the demonstration."""
    return actor_of(clinic, clinic.enter_demonstration(is_here=True))


def test_the_whole_app_starts_from_its_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run_app(monkeypatch, tmp_path, visitor)

    assert not app.exception
    assert app.title[0].value == "Today"
    assert "rendered" in words(app)
    assert "this computer" in words(app)


def test_without_a_session_the_app_shows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the app runs without its guard: then nobody is signed in."""
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path))
    desk.fill(desk.clinic())

    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run()

    assert [info.value for info in app.info] == [desk.SIGNED_OUT]
    assert not app.title
    assert "DEMO" not in words(app)


@pytest.mark.sqlite
def test_a_record_that_was_tampered_with_shows_what_to_do_instead_of_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clinic.open(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "clinic.sqlite")) as connection:
        connection.execute("DROP TRIGGER touched_photo_delete")
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path))

    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run()

    assert not app.exception
    assert [title.value for title in app.title] == [read_only.TITLE]
    assert "tracker doctor" in words(app)
    assert "tracker restore" in words(app)


def test_a_visitor_of_the_demonstration_is_led_to_the_set_up_instead_of_a_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path))
    entry = next(each for each in PAGES if each.path == "new-patient")

    app = run_page(entry, desk.clinic().acting_for(visitor(desk.clinic())))

    assert "once the clinic has an owner" in words(app)
    assert not app.text_input
    with pytest.raises(RecordError, match="demonstration"):
        desk.clinic().acting_for(visitor(desk.clinic())).add_patient(code="A-1")


ROLES = (Role.OWNER, Role.PRACTITIONER, Role.ASSISTANT, Role.RATER, Role.AUDITOR, Role.PATIENT)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_opens_without_asking_for_what_the_role_may_not(filled: Filled, role: Role) -> None:
    clinic, patient_id = filled.clinic, filled.view.patient_id
    token = token_of_owner(clinic)
    if role is not Role.OWNER:
        token = token_of(clinic, role, "Somebody", patient_id if role is Role.PATIENT else None)
    actor = actor_of(clinic, token)
    if role is Role.PRACTITIONER:
        clinic.add_to_care_team(patient_id, actor.account_id)
    before = len(clinic.log())

    for entry in pages_of(actor):
        app = run_page(entry, clinic.acting_for(actor), **({} if role is Role.PATIENT else {"view": filled.view.id}))
        assert not app.exception, entry.path
        assert not app.error, entry.path

    refused = [each for each in clinic.log(limit=max(1, len(clinic.log()) - before)) if each.outcome == "denied"]
    assert not refused


@pytest.mark.parametrize("path", ["record", "compare", "progress", "session", "side-effects", "diary"])
def test_under_the_refusal_of_a_patient_no_other_patient_is_shown(filled: Filled, path: str) -> None:
    """Whoever adds photos there would add them to somebody else."""
    clinic = filled.clinic
    entry = next(each for each in PAGES if each.path == path)
    app = run_page(entry, clinic, patient="0" * 32)

    assert len(app.error) == 1
    assert "not in the record" in app.error[0].value
    assert app.selectbox[0].value is None
    assert not app.button
    assert "P-1" not in words(app)
    # The control: the same page with a patient.
    assert run_page(entry, clinic, patient=filled.view.patient_id).selectbox[0].value == filled.view.patient_id


def test_who_sees_a_patient_in_an_emergency_is_offered_nothing_that_would_be_refused(filled: Filled) -> None:
    clinic, patient_id = filled.clinic, filled.view.patient_id
    clinic.give_consent(patient_id, Purpose.PORTAL, given_by="Jane", signed_on=TODAY)
    actor = actor_of(clinic, token_of(clinic, Role.PRACTITIONER, "Otto"))
    seen = clinic.acting_for(actor)
    assert today.NOT_YOURS in [info.value for info in run_page(PAGES[0], seen).info]
    seen.break_glass("P-1", "unconscious in the waiting room")
    pages = {entry.path: entry for entry in PAGES}

    shown = {path: run_page(pages[path], seen, view=filled.view.id) for path in ("today", "progress", "record")}
    shown["record"].segmented_control[0].set_value("Consents").run()
    assert "Open to you in an emergency" in words(shown["today"])
    assert not any(button.label == "Add to the team" for button in shown["today"].button)
    assert not any("Share with the patient" in each.label for each in shown["progress"].expander)
    assert not any("account" in each.label for each in shown["record"].expander)
    assert not any(app.exception or app.error for app in shown.values())
    assert not [entry for entry in clinic.log() if entry.outcome == "denied"]

    clinic.add_to_care_team(patient_id, actor.account_id)
    assert "in an emergency, for eight hours" not in words(run_page(pages["today"], seen))


def test_the_log_is_a_list_where_there_is_no_room_for_its_columns(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = filled.clinic.acting_for(actor_of(filled.clinic, token_of_owner(filled.clinic)))
    entry = next(each for each in PAGES if each.path == "log")
    assert len(run_page(entry, owner).dataframe) == 1

    monkeypatch.setattr(log, "on_phone", lambda: True)
    app = run_page(entry, owner)

    assert not app.dataframe
    assert "Set up the clinic" in words(app).replace("\\", "")


def test_the_name_of_a_file_that_is_measured_is_read_by_nobody_but_the_owner(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = filled.clinic.acting_for(actor_of(filled.clinic, token_of_owner(filled.clinic)))
    other = filled.clinic.acting_for(actor_of(filled.clinic, token_of(filled.clinic, Role.PRACTITIONER, "Otto")))
    monkeypatch.setattr(filled.clinic._bench, "state", lambda: Work(0, 1, "smith_jane.jpg", 0))

    assert owner.work().current == "smith_jane.jpg"
    assert other.work() == Work(0, 1, "", 0)


def test_what_was_done_is_said_in_words_for_every_method_that_is_logged() -> None:
    missing = {name for name, rule in RULES.items() if rule.is_logged} - set(WHAT)

    assert not missing


def test_what_a_page_does_later_is_refused_once_the_session_is_over(filled: Filled) -> None:
    """A callback and a fragment hold the clinic of the last run; the check is not at the top of the page."""
    actor = actor_of(filled.clinic, token_of_owner(filled.clinic))
    entry = next(each for each in PAGES if each.path == "colour-card")
    app = run_page(entry, filled.clinic.acting_for(actor))

    filled.clinic.revoke_sessions(actor.account_id)
    after = app.radio[0].set_value(Edition.BEFORE_2014).run()

    assert [error.value for error in after.error] == [plain("You are signed out; please sign in again.")]
    assert not after.radio
    assert filled.clinic.chart_edition() is Edition.AFTER_2014


def test_a_record_that_cannot_be_opened_is_one_sentence_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("not a folder")
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "a-file"))

    app = AppTest.from_file(ROOT / "app.py", default_timeout=60).run()

    assert not app.exception
    assert len(app.error) == 1
    assert "folder" in app.error[0].value


def test_a_fault_of_ours_is_shown_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    def script() -> None:
        from tracker.web.application import report_fault

        report_fault(ValueError("Jane Smith, 4 May 1971"))

    app = AppTest.from_function(script).run()

    assert len(app.error) == 1
    assert "Smith" not in app.error[0].value + caplog.text
    assert "ValueError" in caplog.text


def test_the_packaged_script_and_settings_are_those_of_the_repository() -> None:
    packaged = Path(serve.__file__).parent / "script"

    assert (packaged / "app.py").read_text() == (ROOT / "app.py").read_text()
    settings = ".streamlit/config.toml"
    assert (packaged / settings).read_text() == (ROOT / settings).read_text()


def test_the_settings_keep_the_app_on_this_machine_and_silent() -> None:
    settings = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())

    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["enableStaticServing"] is False
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["client"]["showErrorLinks"] is False


def test_addresses_hold_ids_and_nothing_that_was_typed_in(filled: Filled) -> None:
    addresses = (photo_url(filled.photo.id), difference_url(filled.photo.id), report_url(filled.view.id, "pdf"))

    assert "smith" not in json.dumps(addresses)


def test_metrics_refused_for_one_reason_are_one_card_and_a_check_has_its_unit_and_plain_words() -> None:
    def script():  # type: ignore[no-untyped-def]  # run from its source, without this module's names
        from datetime import date

        from tracker.pages.verdict import checks_list, checks_table, refused_card
        from tracker.quality import Check, Need, Status
        from tracker.timeline import Change, Verdict

        day, why = date(2026, 3, 2), "The photo is blurred."
        changes = [
            Change(name, day, day, *[None] * 6, "%", "study", Verdict.NOT_COMPARABLE, why)
            for name in ("relief", "delta_mi")
        ]
        refused_card(changes)
        lamp = Check("light direction", 164.0, "at most 15°", Status.BLOCK, "Turned.", Need.OBLIQUE_LIGHT, "°")
        checks_table([lamp])
        checks_list([lamp])

    app = AppTest.from_function(script, default_timeout=30).run()

    assert not app.exception
    said = words(app).replace("\\", "")
    assert said.count("blurred") == 1
    assert "Relief roughness, pigment contrast" in said
    assert "164°, should be at most 15°" in said
    (row,) = app.table[0].value.to_dict("records")
    assert row["Found"] == "164°"
    assert row["Stops"].replace("\\", "") == "relief roughness, broad waviness, dual-light relief"


def test_later_photos_are_numbered_by_their_session(filled: Filled) -> None:
    """Three days, the second with two photos; the first is that of the reference."""
    first, view = filled.photo, filled.view
    later = [
        filled.clinic.add_photo(view.id, photo_bytes(seed, day), f"{seed}.jpg")
        for seed, day in ((1, "2026:03:20"), (2, "2026:03:20"), (3, "2026:04:03"))
    ]

    labels = session_labels([first, *later])

    assert [labels[photo.id] for photo in later] == [
        f"Session 2, {day_text(later[0].taken_on)}, photo 1",
        f"Session 2, {day_text(later[0].taken_on)}, photo 2",
        f"Session 3, {day_text(later[2].taken_on)}",
    ]
    assert labels[first.id].startswith("Session 1, ")


# The colour card


@pytest.mark.parametrize(
    ("name", "kind", "start"),
    [
        ("a4.pdf", "application/pdf", b"%PDF"),
        ("letter.pdf", "application/pdf", b"%PDF"),
        ("values.csv", "text/csv", b"p"),
    ],
)
def test_the_card_and_its_table_can_be_downloaded(empty: Clinic, name: str, kind: str, start: bytes) -> None:
    answer = ask(served(empty), f"/card/{name}")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.body.startswith(start)


def test_the_table_is_that_of_the_card_that_was_printed_on_whatever_day(empty: Clinic) -> None:
    before = ask(served(empty), "/card/values.csv").body.decode()
    ask(served(empty), "/card/a4.pdf")
    printed = empty.printed_card()
    empty.note_printed_card("2026-01-31")

    later = ask(served(empty), "/card/values.csv")

    assert printed is not None
    assert printed in before  # without a printed card, that of today
    assert {line.split(",")[4] for line in later.body.decode().splitlines()[1:]} == {"2026-01-31"}
    assert "card-2026-01-31.csv" in later.headers["content-disposition"]


@pytest.mark.parametrize("name", ["a5.pdf", "a4.png", "..%2Fcard.typ", "values.pdf"])
def test_nothing_else_is_taken_for_a_card(empty: Clinic, name: str) -> None:
    assert ask(served(empty), f"/card/{name}").status == 404


def test_the_year_of_the_colorchecker_is_kept(empty: Clinic) -> None:
    entry = next(entry for entry in PAGES if entry.path == "colour-card")

    asked = run_page(entry, empty).radio[0].set_value(Edition.BEFORE_2014).run()
    before, said = empty.chart_edition(), asked.warning[0].value
    button(asked, "Change and measure again").click().run()

    assert before is Edition.AFTER_2014
    assert "measured again" in said
    assert empty.chart_edition() is Edition.BEFORE_2014
    assert run_page(entry, empty).radio[0].value is Edition.BEFORE_2014


def test_another_year_of_the_colorchecker_can_be_thought_better_of(empty: Clinic) -> None:
    entry = next(entry for entry in PAGES if entry.path == "colour-card")
    asked = run_page(entry, empty).radio[0].set_value(Edition.BEFORE_2014).run()

    left = button(asked, "Leave as it was").click().run()

    assert empty.chart_edition() is Edition.AFTER_2014
    assert left.radio[0].value is Edition.AFTER_2014
    assert not left.warning


def test_measured_colours_are_removed_only_after_a_second_tap_that_says_what_follows(empty: Clinic) -> None:
    rows = [
        f"{patch.name},{lab[0]:.2f},{lab[1]:.2f},{lab[2]:.2f},B"
        for patch, lab in zip(PATCHES, nominal_lab_d50(), strict=True)
    ]
    empty.add_card_values("\n".join(["patch,L,a,b,batch", *rows]).encode(), "b.csv", since=date(2026, 3, 1))
    app = run_page(next(entry for entry in PAGES if entry.path == "colour-card"), empty)

    assert "measured again" in "\n".join(element.value for element in app.text)
    assert "Remove" not in [b.label for b in app.button]
    button(app, "Remove and measure again").click().run()

    assert empty.card_values() == ()


def button(app: AppTest, label: str) -> Button:
    return next(found for found in app.button if found.label == label)
