"""A clinic with people of every role behind a running server, for tests that attack it or fill it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import tracker
from tests.signing_in import actor_of, token_of, token_of_owner
from tracker.clinic import Clinic
from tracker.clinic.actors import Role
from tracker.clinic.records import StoredPhoto, View
from tracker.phantom import PhantomPhoto

ROOT = Path(tracker.__file__).parents[1]
START_SECONDS = 60


@dataclass
class House:
    """A running clinic.

    Attributes
    ----------
    clinic : Clinic
        The same record, opened here: it acts for the program.
    address : str
    tokens : dict of str to str
        Sessions by name of who holds them.
    patients, views, photos : dict
        What belongs to the patients ``"ann"`` and ``"bea"``.
    log : Path
        What the server wrote.
    pid : int
    """

    clinic: Clinic
    address: str
    log: Path
    pid: int
    tokens: dict[str, str] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    photos: dict[str, tuple[StoredPhoto, ...]] = field(default_factory=dict)

    def cookie(self, who: str) -> str:
        """The Cookie header of somebody; a name that nobody has is a token that means nothing."""
        port = self.address.rsplit(":", 1)[1]
        return f"tracker_{port}={self.tokens.get(who, who)}"


NAMES = {"ann": "Ann Quillfeather", "bea": "Bea Yarborough"}


@contextmanager
def running(home: Path, course: tuple[PhantomPhoto, ...], *, extra: Mapping[str, str] | None = None) -> Iterator[House]:
    """A clinic with two patients of two practitioners, each with measured photos, and one account of every role."""
    clinic = Clinic.open(home)
    try:
        port = _free_port()
        house = House(clinic, f"http://127.0.0.1:{port}", home.parent / "server.txt", 0)
        _fill(house, course)
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
        environment = {**os.environ, "TRACKER_HOME": str(home), **(extra or {})}
        with house.log.open("wb") as log:
            process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
        house.pid = process.pid
        try:
            _wait(house, process)
            yield house
        finally:
            process.terminate()
            process.wait(timeout=30)
    finally:
        clinic.close()


def _fill(house: House, course: tuple[PhantomPhoto, ...]) -> None:
    clinic = house.clinic
    house.tokens["owner"] = token_of_owner(clinic)
    for who, doctor in (("ann", "practitioner"), ("bea", "stranger")):
        house.tokens[doctor] = token_of(clinic, Role.PRACTITIONER, f"Dr {doctor}")
        patient = clinic.add_patient(code=f"code-{who}", name=NAMES[who], note=f"note on {NAMES[who]}")
        house.patients[who] = patient.id
        clinic.add_to_care_team(patient.id, actor_of(clinic, house.tokens[doctor]).account_id)
        view = clinic.add_view(patient.id, site="thigh", laterality="left", pose="standing", indication="cellulite")
        for photo in course:
            clinic.add_photo(view.id, photo.jpeg, f"{NAMES[who]}-{photo.name}", taken_on=photo.taken_on)
        house.views[who] = view
        house.tokens[who] = token_of(clinic, Role.PATIENT, NAMES[who], patient.id)
    for role in (Role.ASSISTANT, Role.RATER, Role.AUDITOR):
        house.tokens[role.value] = token_of(clinic, role, f"The {role}")
    clinic.measure_waiting()
    house.photos = {who: clinic.photos(view.id) for who, view in house.views.items()}


def _wait(house: House, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{house.address}/healthz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the app did not start: {house.log.read_text()[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
