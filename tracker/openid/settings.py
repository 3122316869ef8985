"""Which identity provider the clinic trusts, as the environment says.

``TRACKER_OIDC_ISSUER``, ``TRACKER_OIDC_CLIENT_ID`` and ``TRACKER_OIDC_CLIENT_SECRET`` (or ``…_SECRET_FILE``) belong
together; ``TRACKER_OIDC_NAME`` are the words on the button. Without them there is no such sign-in.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from tracker.errors import RecordError

PREFIX = "TRACKER_OIDC_"
ISSUER, CLIENT_ID, SECRET, NAME = (PREFIX + part for part in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "NAME"))
SECRET_FILE = f"{SECRET}_FILE"
_KNOWN = (ISSUER, CLIENT_ID, SECRET, SECRET_FILE, NAME)
_LONGEST, _LONGEST_NAME = 1024, 40
_ANY_NAME = "your organisation"


@dataclass(frozen=True, slots=True)
class Settings:
    """An identity provider, and who we are to it.

    Attributes
    ----------
    issuer : str
        Its address, exactly as its own documents and tokens name it.
    client_id, client_secret : str
        What it has given us.
    name : str
        What people call it.
    returns_to : str
        Address of ours to which it sends browsers back.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    returns_to: str

    @classmethod
    def of_environment(cls, origin: str, path: str, environment: Mapping[str, str] = os.environ) -> Settings | None:
        """The provider that the environment names; None if it names none.

        Parameters
        ----------
        origin : str
            Scheme and host of ours in the browser; empty if only this machine may come.
        path : str
            Of the address that browsers come back to.
        environment : mapping of str to str

        Raises
        ------
        RecordError
            ``provider``: the settings cannot be used.
        """
        said = {name: value.strip() for name, value in environment.items() if name.startswith(PREFIX) and value.strip()}
        if not said:
            return None
        unknown = sorted(said.keys() - set(_KNOWN))
        if unknown:
            raise _wrong(f"There is no setting {unknown[0]}; those of an identity provider are {', '.join(_KNOWN)}.")
        secret = _secret(said)
        if ISSUER not in said or CLIENT_ID not in said or not secret:
            raise _wrong(
                f"{ISSUER}, {CLIENT_ID} and {SECRET} (or {SECRET_FILE}) belong together; please set all three."
            )
        if not origin:
            raise _wrong("An identity provider needs TRACKER_ORIGIN, the address to which it sends browsers back.")
        if urlsplit(said[ISSUER]).query or not is_safe(said[ISSUER]):
            raise _wrong(f"{ISSUER} must be an https address, such as https://login.example.org/clinic.")
        name = said.get(NAME, _ANY_NAME)
        if len(name) > _LONGEST_NAME or not name.isprintable():
            raise _wrong(f"{NAME} are the words on a button; {_LONGEST_NAME} letters are the most.")
        if not (said[CLIENT_ID].isascii() and said[CLIENT_ID].isprintable()):
            raise _wrong(f"{CLIENT_ID} is not what a provider gives out; please copy it again.")
        return cls(said[ISSUER], said[CLIENT_ID], secret, name, origin + path)


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read or change what goes to an address: https, or this machine itself.

    Examples
    --------
    >>> [is_safe(text) for text in ("https://a.example", "http://127.0.0.1:80/x", "http://a.example", "https://u@a.example")]
    [True, True, False, False]
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or parts.fragment or port == 0:
        return False
    is_plain = address.isascii() and address.isprintable() and " " not in address and "\\" not in address
    return is_plain and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts)))


def _is_this_machine(parts: SplitResult) -> bool:
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _secret(said: Mapping[str, str]) -> str:
    if SECRET in said and SECRET_FILE in said:
        raise _wrong(f"{SECRET} and {SECRET_FILE} are both set; please set one of them.")
    if SECRET_FILE not in said:
        found = said.get(SECRET, "")
    else:
        try:
            with Path(said[SECRET_FILE]).open(encoding="utf-8") as file:
                found = file.read(_LONGEST + 1).strip()
        except (OSError, ValueError) as error:
            raise _wrong(f"The file that {SECRET_FILE} names cannot be read; please check it.") from error
        if not found:
            raise _wrong(f"The file that {SECRET_FILE} names is empty; please check it.")
    if len(found) > _LONGEST or not found.isprintable():
        raise _wrong(f"{SECRET} is not what a provider gives out; please copy it again.")
    return found


def _wrong(sentence: str) -> RecordError:
    return RecordError(sentence, code="provider")
