"""Attacks on the running app with a hand-made client: what a browser would never send. None may succeed."""

from __future__ import annotations

import ast
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from benchmarks.load import memory
from benchmarks.raw_client import Answer, Seen, Socket, ask, close_code, pressed, typed
from tests.houses import NAMES, ROOT, House, running
from tests.signing_in import actor_of, token_of
from tracker.clinic.actors import Role
from tracker.clinic.records import StoredPhoto
from tracker.phantom import PhantomPhoto, series

Probe = Callable[[House], None]
PROBES: list[Probe] = []
FEWEST = 40
MEGABYTE = 1024 * 1024
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REFUSED = (400, 401, 403, 404, 405, 413, 429)


def probe(attack: Probe) -> Probe:
    PROBES.append(attack)
    return attack


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    course: tuple[PhantomPhoto, ...] = tuple(series("thigh", seed=5, sessions=2, replicates=1, size=(600, 800)))
    with running(tmp_path_factory.mktemp("abuse") / "home", course) as made:
        yield made


@pytest.mark.parametrize("attack", PROBES, ids=lambda p: p.__name__)
def test_no_attack_succeeds(house: House, attack: Probe) -> None:
    attack(house)


# Helpers of the attacks


def get(house: House, path: str, who: str = "", **options: object) -> Answer:
    cookie = house.cookie(who) if who else ""
    return ask(house.address, path, cookie=cookie, **options)  # type: ignore[arg-type]


def post(house: House, path: str, form: str, who: str = "", **headers: str) -> Answer:
    said = {**FORM, "Origin": house.address, **{k.replace("_", "-"): v for k, v in headers.items()}}
    cookie = house.cookie(who) if who else ""
    return ask(house.address, path, method="POST", cookie=cookie, body=form.encode(), headers=said)


def is_picture(answer: Answer) -> bool:
    return answer.body[:2] == b"\xff\xd8"


def refused(answer: Answer) -> None:
    assert answer.status in REFUSED, answer.status
    nothing_of(answer.body.decode("utf-8", "replace"))


def nothing_of(text: str, who: str = "bea") -> None:
    """Neither the name nor the code of somebody, as Streamlit writes texts with and without its escapes."""
    bare = text.replace("\\", "")
    assert NAMES[who] not in bare
    assert NAMES[who].split()[1] not in bare
    assert f"code-{who}" not in bare


def runs(house: House, who: str, page: str, query: str = "") -> Seen:
    """A run of a page as its navigation would ask for it, or by its name alone if somebody has no such page."""
    with Socket(house.address, cookie=house.cookie(who)) as socket:
        pages = socket.run().pages
        return socket.run(page, page_hash=pages.get(page, ""), query=query)


def bea(house: House) -> StoredPhoto:
    return house.photos["bea"][-1]


def private_addresses(house: House) -> list[str]:
    photo, view = bea(house), house.views["bea"]
    return [
        f"/photo/{photo.id}",
        f"/photo/{photo.id}?w=320&aligned=1",
        f"/difference/{photo.id}",
        f"/overlay/{photo.id}/relief",
        f"/report/{view.id}.pdf",
        f"/report/{view.id}.html",
        f"/report/{view.id}.csv",
        f"/report/{view.id}.json",
    ]


# Nobody: without a session


@probe
def media_and_photos_without_a_cookie(house: House) -> None:
    for path in private_addresses(house):
        answer = get(house, path)
        refused(answer)
        assert not is_picture(answer)


@probe
def streamlits_media_route_by_the_digest_of_a_photo(house: House) -> None:
    for who in ("", "stranger"):
        refused(get(house, f"/media/{bea(house).digest}.jpg", who))


@probe
def component_files_without_a_cookie(house: House) -> None:
    refused(get(house, "/component/tracker_pair/index.html"))


@probe
def metrics_and_agent_of_streamlit(house: House) -> None:
    for who in ("", "owner"):
        for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent"):
            refused(get(house, path, who))


@probe
def a_websocket_without_a_cookie(house: House) -> None:
    assert close_code(house.address) in (1008, 403)


@probe
def a_websocket_with_a_guessed_token(house: House) -> None:
    for token in ("x" * 43, "0", "a" * 4000, "../../etc/passwd", "%00"):
        assert close_code(house.address, cookie=house.cookie(token)) in (1008, 403)


@probe
def a_token_under_another_name(house: House) -> None:
    for name in ("__Host-tracker", "tracker", "sid", "_streamlit_user"):
        assert close_code(house.address, cookie=f"{name}={house.tokens['owner']}") in (1008, 403)


@probe
def two_tokens_at_once(house: House) -> None:
    both = f"{house.cookie('ann')}; {house.cookie('owner')}"
    assert close_code(house.address, cookie=both) in (1008, 403)


@probe
def an_upload_without_a_cookie(house: House) -> None:
    refused(get(house, "/_stcore/upload_file/s/f", method="PUT", body=b"x" * 1000))


@probe
def uploads_of_strangers_do_not_fill_the_memory(house: House) -> None:
    runs(house, "owner", "record")  # what pages stand on is loaded by then
    time.sleep(5)
    before = memory(house.pid)
    for _ in range(12):
        parts = (b"\0" * MEGABYTE for _ in range(100))
        answer = None
        with contextlib.suppress(OSError):  # the server hung up, which is an answer too
            answer = ask(house.address, "/_stcore/upload_file/s/f", method="PUT", body=parts)
        assert answer is None or answer.status in REFUSED
    for _ in range(60):
        assert close_code(house.address) in (1008, 403)
    assert memory(house.pid) - before < 50 * MEGABYTE


@probe
def a_stolen_link_page_to_other_assets(house: House) -> None:
    refused(get(house, "/r/" + "A" * 43))
    refused(post(house, "/r/" + "A" * 43, "pin=0000"))


@probe
def an_invitation_that_was_never_made(house: House) -> None:
    form = "password=a+long+evening+walk&again=a+long+evening+walk"
    refused(post(house, "/session/invitation/" + "A" * 43, form))


@probe
def a_second_owner(house: House) -> None:
    form = "name=Mallory&password=a+long+evening+walk&again=a+long+evening+walk&set_up_code=0000-0000-0000-0000"
    answer = post(house, "/session/set-up", form)
    assert answer.status != 200
    assert "set-cookie" not in answer.headers


@probe
def the_demonstration_entrance_of_a_real_clinic(house: House) -> None:
    answer = post(house, "/session/demonstration", "")
    assert "set-cookie" not in answer.headers


@probe
def guessing_a_password(house: House) -> None:
    said = [post(house, "/session/sign-in", f"name=Dr+Nobody&password=guess+number+{k}&code=000000") for k in range(25)]
    assert all("set-cookie" not in answer.headers for answer in said)
    assert said[-1].status == 429


@probe
def telling_known_names_from_unknown_ones(house: House) -> None:
    time.sleep(1)
    texts = {
        re.sub(r'value="[^"]*"', "", post(house, "/session/sign-in", f"name={n}&password=wrong+password").body.decode())
        for n in ("Olga+Owner", "Nobody+Ever")
    }
    assert len(texts) == 1


# Headers


@probe
def an_identity_in_the_headers(house: House) -> None:
    owner = actor_of(house.clinic, house.tokens["owner"])
    forged = {"x-app-user": owner.account_id, "x-app-role": "owner", "x-app-sid": owner.session_id}
    assert close_code(house.address, headers=forged) in (1008, 403)
    for path in private_addresses(house):
        refused(ask(house.address, path, headers=forged))


@probe
def a_higher_role_in_the_headers_of_a_session(house: House) -> None:
    owner = actor_of(house.clinic, house.tokens["owner"])
    for forged in ({"x-app-user": owner.account_id, "x-app-role": "owner"}, {"X_App_Role": "owner"}):
        with Socket(house.address, cookie=house.cookie("assistant"), headers=forged) as socket:
            pages = socket.run().pages
        assert "people" not in pages
        assert "progress" not in pages


@probe
def a_page_of_another_origin(house: House) -> None:
    for origin in ("http://evil.example", "http://127.0.0.1:1", "null"):
        assert close_code(house.address, cookie=house.cookie("owner"), origin=origin) in (1008, 403)


@probe
def a_name_that_was_rebound(house: House) -> None:
    port = house.address.rsplit(":", 1)[1]
    for host in (f"evil.example:{port}", f"127.0.0.1.evil.example:{port}", f"127.0.0.1:{port}@evil.example", ""):
        answer = get(house, f"/photo/{bea(house).id}", "stranger", host=host or "evil.example")
        refused(answer)
        assert not is_picture(answer)


@probe
def a_proxy_nobody_named(house: House) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"):
        refused(get(house, f"/photo/{bea(house).id}", "stranger", headers={name: "127.0.0.1"}))


@probe
def a_form_of_another_site(house: House) -> None:
    answer = post(house, "/session/sign-out", "", "practitioner", Origin="http://evil.example")
    assert answer.status in REFUSED
    answer = post(house, "/session/sign-out", "", "practitioner", Sec_Fetch_Site="cross-site")
    assert answer.status in REFUSED
    assert house.clinic.session_of(house.tokens["practitioner"]) is not None


@probe
def a_photo_shown_on_another_site(house: House) -> None:
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
        refused(get(house, f"/photo/{bea(house).id}", "stranger", headers=headers))


# Other people's objects


@probe
def photos_and_reports_of_another_practitioners_patient(house: House) -> None:
    for path in private_addresses(house):
        foreign, unknown = get(house, path, "practitioner"), get(house, path.replace(bea(house).id, "0" * 32), "ann")
        assert foreign.status == unknown.status == 404
        assert foreign.body == unknown.body


@probe
def photos_of_another_patient(house: House) -> None:
    for path in private_addresses(house):
        refused(get(house, path, "ann"))


@probe
def photos_by_who_may_only_upload_rate_or_read_the_log(house: House) -> None:
    for who in ("assistant", "rater", "auditor"):
        for path in private_addresses(house):
            answer = get(house, path, who)
            refused(answer)
            assert not is_picture(answer)


@probe
def other_ways_to_write_an_address(house: House) -> None:
    photo = bea(house).id
    for path in (
        f"//photo/{photo}",
        f"/PHOTO/{photo}",
        f"/photo/{photo}/",
        f"/%70hoto/{photo}",
        f"/static/../photo/{photo}",
        f"/photo/..%2f{photo}",
        f"/photo/{photo}%00.jpg",
        f"/healthz/../photo/{photo}",
        f"/photo/{photo};x=.js",
        f"\\photo\\{photo}",
    ):
        for who in ("", "practitioner", "ann"):
            answer = get(house, path, who)
            assert not is_picture(answer)
            nothing_of(answer.body.decode("utf-8", "replace"))


@probe
def other_methods(house: House) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = get(house, f"/photo/{bea(house).id}", "stranger", method=method)
        assert not is_picture(answer)
    assert house.clinic.photo(bea(house).id)


@probe
def a_session_id_of_another_cookie_in_a_photo_request(house: House) -> None:
    refused(get(house, f"/photo/{bea(house).id}?session={house.tokens['stranger']}", "practitioner"))


# Hidden pages, forged queries and widgets


@probe
def hidden_pages_by_name(house: House) -> None:
    for who, pages in {
        "auditor": ("today", "progress", "people", "session"),
        "rater": ("today", "compare", "log", "record"),
        "ann": ("today", "record", "progress", "people", "log", "session"),
        "practitioner": ("people", "log"),
    }.items():
        for page in pages:
            nothing_of(runs(house, who, page, f"view={house.views['bea'].id}&patient={house.patients['bea']}").text)


@probe
def hidden_pages_of_who_may_list_patients_but_see_nothing_of_them(house: House) -> None:
    for page in ("progress", "compare", "record", "people", "log", "region"):
        text = runs(house, "assistant", page, f"view={house.views['ann'].id}&patient={house.patients['ann']}").text
        for shown in ("/photo/", "relief", "vega", "Measurable", "note on"):
            assert shown not in text, f"{page}: {shown}"


@probe
def hidden_pages_by_their_hash(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("owner")) as socket:
        pages = socket.run().pages
    assert {"people", "log", "progress"} <= set(pages)
    for who in ("rater", "auditor", "ann"):
        for page in ("people", "progress", "record"):
            with Socket(house.address, cookie=house.cookie(who)) as socket:
                seen = socket.run(page, page_hash=pages[page], query=f"view={house.views['bea'].id}")
            nothing_of(seen.text)


@probe
def another_patient_in_the_address(house: House) -> None:
    query = f"patient={house.patients['bea']}&view={house.views['bea'].id}"
    for page in ("record", "progress", "compare", "session", "region", "rating", "points", "side-effects", "diary"):
        nothing_of(runs(house, "practitioner", page, query).text)


@probe
def another_patient_in_the_address_of_a_patients_page(house: House) -> None:
    query = f"patient={house.patients['bea']}&view={house.views['bea'].id}"
    for page in ("patient-view", "diary", ""):
        nothing_of(runs(house, "ann", page, query).text)


@probe
def a_choice_that_was_not_offered(house: House) -> None:
    """Every chooser of a page told to hold the id and the title of another's patient and view."""
    foreign = (house.patients["bea"], house.views["bea"].id, f"code-bea · {NAMES['bea']}")
    for page in ("record", "progress", "compare", "session"):
        with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
            pages = socket.run().pages
            shown = socket.run(page, page_hash=pages[page])
            for chooser in shown.widgets("selectbox"):
                for value in foreign:
                    forged = [WidgetState(id=chooser.id, string_value=value)]
                    seen = socket.run(page, page_hash=pages[page], widgets=forged)
                    # What we sent may come back to us, in the address too.
                    nothing_of(unquote_plus(seen.text).replace(value, ""))


@probe
def a_button_that_is_disabled(house: House) -> None:
    before = len(house.clinic.photos(house.views["ann"].id))
    with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
        pages = socket.run().pages
        for page in ("session", "record", "progress", "region"):
            shown = socket.run(page, page_hash=pages[page], query=f"view={house.views['ann'].id}")
            for button in [b for b in shown.widgets("button") if b.disabled]:
                socket.run(page, page_hash=pages[page], widgets=[pressed(button.id)])
    assert len(house.clinic.photos(house.views["ann"].id)) == before


@probe
def widgets_of_a_page_that_is_not_ours(house: House) -> None:
    """The ids that the owner's browser was given, sent by an assistant."""
    with Socket(house.address, cookie=house.cookie("owner")) as socket:
        pages = socket.run().pages
        shown = socket.run("people", page_hash=pages["people"])
        buttons = [b.id for b in shown.widgets("button")]
    assert buttons
    before = house.clinic.accounts()
    with Socket(house.address, cookie=house.cookie("assistant")) as socket:
        socket.run()
        for button in buttons:
            socket.run("people", page_hash=pages["people"], widgets=[pressed(button)])
    assert house.clinic.accounts() == before


@probe
def a_value_of_the_wrong_kind(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
        pages = socket.run().pages
        shown = socket.run("record", page_hash=pages["record"])
        for kind in ("selectbox", "text_input", "date_input", "number_input", "checkbox"):
            for widget in shown.widgets(kind)[:3]:
                seen = socket.run("record", page_hash=pages["record"], widgets=[WidgetState(id=widget.id, int_value=7)])
                assert "Traceback" not in seen.text
                told = [m for m in seen.messages if m.WhichOneof("type") == "delta"]
                assert str(ROOT) not in str(told)


@probe
def markup_in_what_is_typed(house: House) -> None:
    """A name that would load a picture from elsewhere stays a text."""
    patient = house.clinic.add_patient(code="code-markup", name="![x](http://beacon.example/x.png) <img src=http://b>")
    seen = runs(house, "owner", "record", f"patient={patient.id}")
    for message in seen.messages:
        if message.WhichOneof("type") == "delta" and message.delta.HasField("new_element"):
            element = message.delta.new_element
            if element.WhichOneof("type") == "markdown":
                assert "![x](http" not in element.markdown.body
                assert "<img src=http" not in element.markdown.body.replace("\\", "").replace("&lt;", "") or (
                    "\\<" in element.markdown.body
                )


# Streamlit's own sessions and messages


@probe
def taking_over_a_session_of_streamlit(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("stranger")) as victim:
        pages = victim.run().pages
        victim.run("record", page_hash=pages["record"], query=f"patient={house.patients['bea']}")
        stolen = victim.session_id
        for thief in ("ann", "practitioner"):
            with Socket(house.address, cookie=house.cookie(thief), resume=stolen) as socket:
                nothing_of(socket.run().text)
                assert socket.session_id != stolen
        seen = victim.run("record", page_hash=pages["record"], query=f"patient={house.patients['bea']}")
        assert NAMES["bea"] in seen.text.replace("\\", "")


@probe
def writing_into_the_uploads_of_another_session(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("stranger")) as victim:
        victim.run()
        for method in ("PUT", "DELETE"):
            path = f"/_stcore/upload_file/{victim.session_id}/f"
            answer = get(house, path, "practitioner", method=method, body=b"x", headers={"Origin": house.address})
            refused(answer)


@probe
def messages_for_developers(house: House) -> None:
    for name in ("debug_shutdown_runtime", "debug_disconnect_websocket", "clear_cache", "load_git_info"):
        with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
            socket.run()
            message = BackMsg()
            setattr(message, name, True)
            seen = socket.tell(message, seconds=1)
            nothing_of(seen.text)
    assert get(house, "/healthz").status == 200


@probe
def broken_messages(house: House) -> None:
    for raw in (b"", b"\xff" * 100, b"\x08\x96\x01", bytes(range(256))):
        with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
            assert "Traceback" not in socket.tell(raw, seconds=1).text
    assert get(house, "/healthz").status == 200


@probe
def a_message_that_is_too_large(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
        seen = socket.run(widgets=[typed("x", "y" * (26 * MEGABYTE))], seconds=20)
    assert seen.closed is not None
    assert get(house, "/healthz").status == 200


@probe
def files_of_others_asked_for_by_message(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
        socket.run()
        message = BackMsg()
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.deferred_file.file_id = bea(house).id
        seen = socket.tell(message, seconds=2)
    nothing_of(seen.text)
    assert "\\377\\330" not in seen.text


@probe
def a_script_of_ones_own(house: House) -> None:
    """Page names and hashes that look like paths run nothing but a page of one's own."""
    for name in ("../../etc/passwd", "/etc/passwd", "app.py", "tracker/pages/accounts.py", "accounts", "people.py"):
        nothing_of(runs(house, "auditor", name).text)


@probe
def too_many_tabs(house: House) -> None:
    open_ones: list[Socket] = []
    answered = refused_ones = 0
    try:
        for _ in range(12):
            try:
                open_ones.append(Socket(house.address, cookie=house.cookie("auditor")))
            except (ConnectionClosed, InvalidHandshake):  # refused by the server; any other failure is ours
                refused_ones += 1
                continue
            seen = open_ones[-1].run(seconds=15)
            refused_ones += seen.closed is not None
            answered += seen.closed is None and bool(seen.pages)
        assert 1 <= answered <= 8
        assert refused_ones >= 4
    finally:
        for socket in open_ones:
            socket.close()


# Quotas


@probe
def a_file_that_is_too_large(house: House) -> None:
    with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
        socket.run()
        path = f"/_stcore/upload_file/{socket.session_id}/f"
        headers = {"Origin": house.address, "X-Xsrftoken": "x", "Content-Length": str(2 * 1024**3)}
        answer = get(house, path, "practitioner", method="PUT", body=b"x" * MEGABYTE, headers=headers)
    assert answer.status in REFUSED


@probe
def a_file_without_an_end(house: House) -> None:
    before = memory(house.pid)
    with Socket(house.address, cookie=house.cookie("practitioner")) as socket:
        socket.run()
        path = f"/_stcore/upload_file/{socket.session_id}/f"
        parts = (b"\0" * MEGABYTE for _ in range(300))
        with contextlib.suppress(OSError):  # the server hung up
            answer = get(house, path, "practitioner", method="PUT", body=parts, headers={"Origin": house.address})
            assert answer.status in REFUSED
    assert memory(house.pid) - before < 120 * MEGABYTE


# What was taken away


def _dismissed(house: House) -> str:
    """Somebody with access to Bea's record, under a name of their own."""
    name = f"Dr Gone {time.monotonic_ns()}"
    token = token_of(house.clinic, Role.PRACTITIONER, name)
    house.clinic.add_to_care_team(house.patients["bea"], actor_of(house.clinic, token).account_id)
    house.tokens[name] = token
    return name


def _use_after(house: House, take_away: Callable[[str], None]) -> None:
    who = _dismissed(house)
    with Socket(house.address, cookie=house.cookie(who)) as socket:
        pages = socket.run().pages
        query = f"patient={house.patients['bea']}"
        shown = socket.run("record", page_hash=pages["record"], query=query)
        assert NAMES["bea"] in shown.text.replace("\\", ""), "the attack must begin with access"
        assert is_picture(get(house, f"/photo/{bea(house).id}?w=320", who))
        take_away(who)
        time.sleep(1.2)
        buttons = [pressed(b.id) for b in shown.widgets("button")]
        fragments = set(re.findall(r'fragment_id: "([^"]+)"', shown.text)) or {""}
        for fragment in sorted(fragments):
            seen = socket.run("record", page_hash=pages["record"], query=query, widgets=buttons, fragment=fragment)
            nothing_of(seen.text)
    assert not is_picture(get(house, f"/photo/{bea(house).id}?w=320", who))


@probe
def callbacks_fragments_and_photos_after_the_account_was_disabled(house: House) -> None:
    _use_after(house, lambda who: house.clinic.disable_account(actor_of(house.clinic, house.tokens[who]).account_id))


@probe
def callbacks_fragments_and_photos_after_the_sessions_were_ended(house: House) -> None:
    _use_after(house, lambda who: house.clinic.revoke_sessions(actor_of(house.clinic, house.tokens[who]).account_id))


@probe
def callbacks_fragments_and_photos_after_signing_out_elsewhere(house: House) -> None:
    _use_after(house, lambda who: house.clinic.sign_out(house.tokens[who]) and None)


@probe
def pages_and_photos_after_leaving_the_care_team(house: House) -> None:
    def leave(who: str) -> None:
        account = actor_of(house.clinic, house.tokens[who]).account_id
        house.clinic.remove_from_care_team(house.patients["bea"], account)

    _use_after(house, leave)


# What must not be in the code at all


@probe
def editable_tables_and_public_pictures(house: House) -> None:
    """Streamlit takes forged edits of a data editor, and shows its media to anybody: neither is used."""
    forbidden = {"data_editor", "experimental_data_editor", "image", "cache_data", "cache_resource", "download_button"}
    for path in sorted((ROOT / "tracker").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st":
                assert node.attr not in forbidden, f"{path.name}: st.{node.attr}"


@probe
def what_the_server_wrote_names_nobody(house: House) -> None:
    written = house.log.read_text(errors="replace")
    for who in NAMES:
        nothing_of(written, who)
    for token in house.tokens.values():
        assert token not in written


def test_there_are_as_many_attacks_as_were_promised() -> None:
    assert len(PROBES) >= FEWEST


def test_the_client_of_the_attacks_sees_what_may_be_seen(house: House) -> None:
    """Without this, a client that sees nothing would find the app safe."""
    assert is_picture(get(house, f"/photo/{bea(house).id}?w=320", "stranger"))
    assert get(house, f"/report/{house.views['bea'].id}.pdf", "stranger").body[:4] == b"%PDF"
    seen = runs(house, "stranger", "record", f"patient={house.patients['bea']}")
    assert NAMES["bea"] in seen.text.replace("\\", "")
    assert Path(house.log).is_file()
