"""The keyring of the operating system, for clinics that keep their master key there."""

from __future__ import annotations

import importlib
from typing import Any

from tracker.errors import RecordError

_SERVICE = "tracker"


def from_keyring(name: str) -> str | None:
    """What the keyring keeps under a name; None if it knows none.

    Raises
    ------
    RecordError
        ``key_missing``: there is no keyring that this program can use.
    """
    found = _asked("get_password", name)
    return None if found is None else str(found)


def into_keyring(name: str, text: str | None) -> None:
    """Keep a text under a name, or forget the name; errors are those of `from_keyring`."""
    if text is None:
        _asked("delete_password", name)
    else:
        _asked("set_password", name, text)


def _asked(what: str, *arguments: str) -> Any:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError as error:
        raise RecordError(
            "The master key is to come from the keyring, which needs a package: please install tracker[keyring].",
            code="key_missing",
        ) from error
    try:
        return getattr(keyring, what)(_SERVICE, *arguments)
    except keyring.errors.KeyringError as error:
        raise RecordError(
            f"The keyring of this system did not answer ({error}); please unlock it and try again.", code="key_missing"
        ) from error
