"""What a hundred people at once cost: pages, photos and uploads through the real server, by hand-made browsers.

`tests/test_load.py` builds the clinic and runs it: ``LOAD_SECONDS=120 pytest -s tests/test_load.py``.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.raw_client import Seen, Socket, ask

#: Seconds that a person looks at a page before the next one: drawn evenly.
THINKING = (3.0, 12.0)
PICTURES_PER_PAGE = 3


@dataclass
class Load:
    """What a run of many sessions found.

    Attributes
    ----------
    pages, pictures, uploads : list of float
        Seconds of each.
    errors : list of str
        Anything that a person would have noticed as a fault.
    peak_bytes : int
        Resident memory of the server and its children at most.
    """

    pages: list[float] = field(default_factory=list)
    pictures: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    peak_bytes: int = 0

    def sentence(self) -> str:
        """The figures, in one line."""
        return (
            f"{len(self.pages)} pages p50 {_share(self.pages, 50):.2f} s p95 {_share(self.pages, 95):.2f} s, "
            f"{len(self.pictures)} pictures p95 {_share(self.pictures, 95):.2f} s, "
            f"{len(self.uploads)} uploads p95 {_share(self.uploads, 95):.2f} s, "
            f"{len(self.errors)} errors, at most {self.peak_bytes / 2**20:.0f} MiB"
        )

    def p95(self) -> float:
        """Seconds within which 95 of 100 pages were there."""
        return _share(self.pages, 95)


def _share(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else float("nan")


@dataclass(frozen=True)
class Visitor:
    """One signed-in session.

    Attributes
    ----------
    cookie : str
        As in the header Cookie.
    views : sequence of str
        Views this person opens.
    photos : sequence of str
        Addresses of the photos this person looks at.
    upload : bytes or None
        A photo this person drops on the page "Add a session"; None: only looks.
    places : sequence of str
        Pages this person opens, in turn.
    headers : mapping of str to str
        What the proxy in front of the app adds for this person.
    host : str
        Of the clinic's address, as the browser shows it; empty without a proxy.
    """

    cookie: str
    views: Sequence[str]
    photos: Sequence[str]
    upload: bytes | None
    places: Sequence[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = ""

    @property
    def origin(self) -> str | None:
        """What the browser says it comes from; None: the address itself."""
        return f"https://{self.host}" if self.host else None


def many(address: str, visitors: Sequence[Visitor], *, seconds: float, server: int, seed: int = 0) -> Load:
    """Let all visitors use the app at once.

    Parameters
    ----------
    address : str
    visitors : sequence of Visitor
    seconds : float
        How long.
    server : int
        Process whose memory, with that of its children, is watched.
    seed : int
        Of who does what when.
    """
    found, stop = Load(), threading.Event()
    watching = threading.Thread(target=_watch, args=(found, server, stop), daemon=True)
    watching.start()
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(len(visitors)) as everybody:
        rngs = [random.Random(f"{seed} {k}") for k in range(len(visitors))]
        for done in [
            everybody.submit(_visit, address, visitor, until, found, rng)
            for visitor, rng in zip(visitors, rngs, strict=True)
        ]:
            done.result()
    stop.set()
    watching.join()
    return found


def memory(server: int) -> int:
    """Resident bytes of a process and its children."""
    process = psutil.Process(server)
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _watch(found: Load, server: int, stop: threading.Event) -> None:
    while not stop.wait(0.5):
        found.peak_bytes = max(found.peak_bytes, memory(server))


def _visit(address: str, visitor: Visitor, until: float, found: Load, rng: random.Random) -> None:
    time.sleep(rng.uniform(0, THINKING[1]))
    try:
        visitor = _with_page(address, visitor)
        with Socket(
            address, cookie=visitor.cookie, host=visitor.host, origin=visitor.origin or "", headers=visitor.headers
        ) as socket:
            pages = _timed(found, found.pages, socket.run, "the first page").pages
            turn = 0
            while time.monotonic() < until:
                time.sleep(rng.uniform(*THINKING))
                place = visitor.places[turn % len(visitor.places)]
                view = rng.choice(visitor.views) if visitor.views else ""
                _timed(found, found.pages, partial(_open, socket, pages, place, view), place)
                for photo in rng.sample(list(visitor.photos), min(PICTURES_PER_PAGE, len(visitor.photos))):
                    _picture(address, visitor, photo, found)
                if visitor.upload is not None and turn == 1:
                    _upload(address, visitor, socket, pages, view, found)
                turn += 1
    except Exception as error:  # a visitor that falls out is a finding, whatever it was
        found.errors.append(f"{type(error).__name__}: {error}"[:200])


def _open(socket: Socket, pages: dict[str, str], place: str, view: str, widgets: Sequence[WidgetState] = ()) -> Seen:
    query = f"view={view}" if view else ""
    return socket.run(place, page_hash=pages.get(place, ""), query=query, widgets=widgets)


def _with_page(address: str, visitor: Visitor) -> Visitor:
    """The visitor after loading the page itself, which gives the cookie that uploads are checked with."""
    for path in ("/", "/_stcore/health", "/_stcore/host-config"):
        answer = ask(address, path, cookie=visitor.cookie, headers=visitor.headers, host=visitor.host)
        given = answer.headers.get("set-cookie", "")
        if given.startswith("_streamlit_xsrf="):
            return replace(visitor, cookie=f"{visitor.cookie}; {given.split(';')[0]}")
    return visitor


def _timed(found: Load, into: list[float], act: Callable[[], Seen], what: str) -> Seen:
    begun = time.monotonic()
    seen = act()
    into.append(time.monotonic() - begun)
    if seen.closed is not None:
        raise ConnectionError(f"{what}: closed with {seen.closed}")
    if not seen.messages or seen.messages[-1].WhichOneof("type") != "script_finished":
        found.errors.append(f"{what}: never finished")
    if any("exception" in str(m.delta.new_element.WhichOneof("type")) for m in seen.messages if m.HasField("delta")):
        found.errors.append(f"{what}: an exception")
    return seen


def _picture(address: str, visitor: Visitor, photo: str, found: Load) -> None:
    begun = time.monotonic()
    path = f"{photo}?w=640"
    answer = ask(address, path, cookie=visitor.cookie, headers=visitor.headers, host=visitor.host)
    found.pictures.append(time.monotonic() - begun)
    if answer.status != 200:
        found.errors.append(f"a picture: {answer.status}")


def _upload(address: str, visitor: Visitor, socket: Socket, pages: dict[str, str], view: str, found: Load) -> None:
    """Drop a photo on the page and wait for its tile, as a browser does: ask where to, send it, say so."""
    assert visitor.upload is not None
    seen = _open(socket, pages, "session", view)
    chooser = seen.widget("file_uploader", "Photos")
    wanted = BackMsg()
    wanted.file_urls_request.request_id = "1"
    wanted.file_urls_request.session_id = socket.session_id
    wanted.file_urls_request.file_names.append("2026-05-14.jpg")
    begun = time.monotonic()
    urls = socket.until(wanted, "file_urls_response").file_urls_response.file_urls[0]
    xsrf = next((p.split("=", 1)[1] for p in visitor.cookie.split("; ") if p.startswith("_streamlit_xsrf=")), "")
    edge = "tracker-load"
    body = (
        (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="2026-05-14.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        + visitor.upload
        + f"\r\n--{edge}--\r\n".encode()
    )
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "X-Xsrftoken": xsrf,
        "Origin": visitor.origin or address,
        **visitor.headers,
    }
    status = ask(
        address, urls.upload_url, method="PUT", cookie=visitor.cookie, body=body, headers=headers, host=visitor.host
    ).status
    if status != 204:
        found.errors.append(f"an upload: {status}")
        return
    state = WidgetState(id=chooser.id)
    sent = state.file_uploader_state_value.uploaded_file_info.add()
    sent.file_id, sent.name, sent.size = urls.file_id, "2026-05-14.jpg", len(visitor.upload)
    sent.file_urls.CopyFrom(urls)
    shown = _timed(found, found.pages, partial(_open, socket, pages, "session", view, [state]), "the tile")
    found.uploads.append(time.monotonic() - begun)
    if "Taken on" not in shown.text:
        found.errors.append("the tile did not come")
