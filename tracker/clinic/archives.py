"""Files that somebody offers: a folder with its sub-folders, or a ZIP, read member by member and never unpacked."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tracker.errors import PhotoRejected, RecordError
from tracker.photo import MAX_BYTES, display_name

MOST_FILES = 20_000
MOST_BYTES = 64 * 2**30
#: A photo is compressed already; what a ZIP makes so much smaller is none.
MOST_RATIO = 100
_IGNORED = {"thumbs.db", "desktop.ini", "__macosx"}
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that is offered.

    Attributes
    ----------
    path : str
        Where it lies within the folder or ZIP, for people; with ``/`` on every system.
    read : callable
        Its bytes; `PhotoRejected` where it cannot be taken, with the reason.
    """

    path: str
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """Name of the file without its folders."""
        return PurePosixPath(self.path).name


@contextmanager
def offered_files(place: Path) -> Iterator[tuple[Offered, ...]]:
    """The files of a folder or a ZIP by path, as long as the block lasts; hidden ones are left out.

    Parameters
    ----------
    place : Path

    Raises
    ------
    RecordError
        ``no_folder``: there is nothing of the kind. ``archive``: the ZIP is damaged, or larger than any real one.
    """
    if place.is_dir():
        yield tuple(_of_folder(place))
        return
    if not place.is_file() or not zipfile.is_zipfile(place):
        raise RecordError(
            f"{display_name(str(place))} is neither a folder nor a ZIP file; please name the folder with the photos.",
            code="no_folder",
        )
    try:
        with zipfile.ZipFile(place) as archive:
            yield tuple(_of_archive(archive))
    except zipfile.BadZipFile as error:
        raise RecordError(
            f"The ZIP file {display_name(place.name)} is damaged; please send it again.", code="archive"
        ) from error


def _of_folder(folder: Path) -> Iterator[Offered]:
    found = [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]
    _check_number(len(found))
    for path in sorted(found):
        shown = path.relative_to(folder).as_posix()
        if not _is_hidden(shown):
            yield Offered(shown, _reader_of_file(path, shown))


def _reader_of_file(path: Path, shown: str) -> Callable[[], bytes]:
    def read() -> bytes:
        if path.is_symlink():
            raise _rejected(shown, "is a link to another place; please copy the photo itself into the folder", "link")
        try:
            if path.stat().st_size > MAX_BYTES:
                raise _too_large(shown)
            return path.read_bytes()
        except OSError as error:
            raise _rejected(shown, f"could not be opened ({error.strerror or error})", "unreadable") from error

    return read


def _of_archive(archive: zipfile.ZipFile) -> Iterator[Offered]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    _check_number(len(members))
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise RecordError("This ZIP holds more than 64 GB; please split it.", code="archive")
    for member in sorted(members, key=lambda each: each.filename):
        if not _is_hidden(member.filename):
            yield Offered(member.filename, _reader_of_member(archive, member))


def _reader_of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        _check_member(member)
        try:
            with archive.open(member) as file:
                data = file.read(MAX_BYTES + 1)  # what the list of members says of a size need not be true
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise _rejected(member.filename, "is damaged within the ZIP; please send it again", "archive") from error
        if len(data) > MAX_BYTES:
            raise _too_large(member.filename)
        return data

    return read


def _check_member(member: zipfile.ZipInfo) -> None:
    shown, parts = member.filename, re.split(r"[/\\]", member.filename)
    if shown.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", shown):
        raise _rejected(shown, "points outside the ZIP; no honest program writes that", "outside")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise _rejected(shown, "is a link to another place; please put the photo itself into the ZIP", "link")
    if member.flag_bits & _ENCRYPTED:
        raise _rejected(shown, "is locked with a password; please send the ZIP without one", "locked")
    if member.file_size > MAX_BYTES:
        raise _too_large(shown)
    if member.file_size > MOST_RATIO * max(member.compress_size, 1):
        raise _rejected(shown, "would grow more than a hundredfold; a photo does not", "bomb")


def _check_number(files: int) -> None:
    if files > MOST_FILES:
        raise RecordError(f"There are {files} files; please import at most {MOST_FILES} at once.", code="archive")


def _is_hidden(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    return any((part.startswith(".") and part != "..") or part.casefold() in _IGNORED for part in parts)


def _too_large(shown: str) -> PhotoRejected:
    return _rejected(shown, f"is larger than {MAX_BYTES // 10**6} MB; please send the camera's own JPEG", "too_large")


def _rejected(shown: str, why: str, code: str) -> PhotoRejected:
    return PhotoRejected(f"{display_name(PurePosixPath(shown).name)} {why}.", code=code)
