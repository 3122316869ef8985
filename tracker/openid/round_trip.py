"""A browser's way to the identity provider and back: what makes it one of ours, and who comes of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tracker.errors import RecordError


@dataclass(frozen=True, slots=True)
class Challenge:
    """What makes one round trip to the provider ours, and one browser's; nobody can guess any of it.

    Attributes
    ----------
    state, nonce, verifier : str
    """

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Challenge:
        """A fresh one, 256 random bits each."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as the provider knows them.

    Attributes
    ----------
    issuer, subject : str
        Together they name a person for good; an address for mail does not.
    has_second_factor : bool
        The provider says that more than a password was asked for.
    """

    issuer: str
    subject: str
    has_second_factor: bool


def bad_trip() -> RecordError:
    """Somebody came back who was not sent, or has been back already."""
    return RecordError(
        "This sign-in was not begun in this browser, is over, or took too long; please begin again.", code="bad_trip"
    )
