"""A PostgreSQL server of the tests' own: made in a temporary folder, reached through a socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from tempfile import mkdtemp

import pytest


@dataclass(frozen=True)
class Server:
    """A running server; `url` gives every record a schema of its own."""

    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        return f"{self.plain_url}&options=-csearch_path%3D{{folder}}"

    @property
    def plain_url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        """Start it; it answers when this returns."""
        settings = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c max_connections=150"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self._data, "-l", log, "-w", "-t", "60", "-o", settings, "start")

    def stop(self) -> None:
        """Stop it as an administrator would."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kill the server and its children, as a machine does that loses its power and keeps its disk."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=False
        ).stdout.split()
        for process in (postmaster, *map(int, children)):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        while Path(f"/proc/{postmaster}").exists():
            time.sleep(0.02)

    def make(self) -> None:
        """Make an empty cluster, with checksums, in which texts are ordered as SQLite orders them."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
        options = ("--locale=C.UTF-8", "--encoding=UTF8", "--username=postgres", "--auth=trust", "--data-checksums")
        self._run("initdb", "-D", self._data, *options)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: object) -> None:
        # The server refuses to run as root.
        user = {"user": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        command = [str(self.programs / program), *map(str, arguments)]
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(command, cwd=self.folder, check=True, timeout=90, **silent, **user)


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for some tests; they are skipped where PostgreSQL is not installed, and fail there in CI."""
    found = sorted(glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb") or ""]
    if not found[-1]:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is missing in CI")
        pytest.skip("PostgreSQL is not installed on this machine")
    server = Server(Path(mkdtemp(prefix="pg-", dir="/tmp")), Path(found[-1]).parent)  # a socket's path is short
    try:
        server.make()
        server.start()
        yield server
    finally:
        if (server.folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
