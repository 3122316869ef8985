"""An object store of the tests' own, which speaks the protocol of Amazon S3 and keeps everything in memory."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import Request, urlopen

START_SECONDS = 60


@dataclass(frozen=True)
class ObjectStore:
    """A running object store."""

    address: str

    @property
    def settings(self) -> dict[str, str]:
        """What the environment has to say, for a bucket here to be used."""
        about = {"ENDPOINT_URL": self.address, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "eu-central-1"}
        return {f"AWS_{name}": value for name, value in about.items()}

    def bucket(self) -> str:
        """Address of a new, empty bucket."""
        name = f"clinic-{secrets.token_hex(6)}"
        urlopen(Request(f"{self.address}/{name}", method="PUT"), timeout=10).close()
        return f"s3://{name}"


@contextmanager
def running_object_store() -> Iterator[ObjectStore]:
    """An object store for some tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(running, f"http://127.0.0.1:{port}")
        yield ObjectStore(f"http://127.0.0.1:{port}")
    finally:
        running.terminate()
        running.wait()


def _wait(running: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and running.poll() is None:
        try:
            urlopen(f"{address}/moto-api/", timeout=5).close()
            return
        except URLError:
            time.sleep(0.1)
    raise RuntimeError("the object store did not start")
