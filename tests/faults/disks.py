"""Disks of our own, which can lose power or be full: they need root, and a Linux that can mount an image."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

#: EXT4_IOC_SHUTDOWN (include/uapi/linux/ext4.h) without writing out the log: what xfstests calls ``godown``.
_SHUTDOWN, _NO_LOG_FLUSH = 0x8004587D, 2


class Disk:
    """An ext4 file system in a file.

    Parameters
    ----------
    image : Path
        Made with `blank`, or copied from another one.
    at : Path
        Folder where it is mounted.
    """

    def __init__(self, image: Path, at: Path) -> None:
        self.image, self.at = image, at
        at.mkdir(exist_ok=True)

    @classmethod
    def blank(cls, image: Path, at: Path, *, megabytes: int = 96) -> Disk:
        """An empty one."""
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", str(image))
        return cls(image, at)

    def copy(self, image: Path, at: Path) -> Disk:
        """Another one with the same content; neither is mounted."""
        _run("cp", "--sparse=always", str(self.image), str(image))
        return Disk(image, at)

    def mount(self) -> None:
        """Make it usable; what its log holds is brought up to date first, as after any power cut."""
        _run("mount", "-o", "loop", "-t", "ext4", str(self.image), str(self.at))

    def unmount(self) -> None:
        """Take it out; what was still to be written is written, if there is power."""
        _unmount(self.at)

    def lose_power(self) -> None:
        """From this moment on nothing reaches the disk any more, also nothing that waits in memory."""
        handle = os.open(self.at, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, _SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(handle)


@contextlib.contextmanager
def small_disk(at: Path, *, kilobytes: int) -> Iterator[Path]:
    """A disk in memory that is soon full."""
    at.mkdir(exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(at))
    try:
        yield at
    finally:
        _unmount(at)


def why_no_disks() -> str:
    """Why disks cannot be made here; empty if they can."""
    missing = [tool for tool in ("mkfs.ext4", "mount", "umount") if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} is not on this machine"
    if os.geteuid() != 0:
        return "only root may mount a disk"
    return ""


def _unmount(at: Path) -> None:
    for _ in range(50):
        if subprocess.run(["umount", str(at)], capture_output=True).returncode == 0:
            return
        time.sleep(0.1)
    _run("umount", str(at))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
