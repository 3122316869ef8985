"""Texts about people, sealed before they are stored and opened when they are read."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from tracker.clinic.keys import KeyStore, MasterKey, master_key
from tracker.errors import RecordError

SEALED = _VERSION = "s1."
"""How every sealed text begins."""
_NONCE_BYTES = 12
_CLINIC = ""
"""Stands for the patient in what is no patient's; identifiers are never empty."""


@dataclass(frozen=True)
class Secrets:
    """What seals and opens the texts of one record.

    Attributes
    ----------
    master : MasterKey
    keys : KeyStore
    """

    master: MasterKey
    keys: KeyStore

    @classmethod
    def of_record(cls, home: Path) -> Self:
        """What seals and opens the texts of the record in an existing folder; close it after use.

        Raises
        ------
        RecordError
            As of `tracker.clinic.keys.master_key` and `KeyStore`.
        """
        master = master_key(home)
        return cls(master, KeyStore(home, master))

    def close(self) -> None:
        """Forget the keys of patients."""
        self.keys.close()

    def seal(self, patient_id: str, field: str, text: str) -> str:
        """A text about a patient as it may be stored: AES-256-GCM, bound to patient and field.

        Parameters
        ----------
        patient_id : str
        field : str
            What it is, such as ``"patient.name"``; of what a patient has many, with the identifier of its row.
        text : str

        Raises
        ------
        RecordError
            ``erased`` or ``no_key``: the patient has no key (any more).
        """
        return _sealed(self.keys.derive(patient_id, "texts"), patient_id, field, text)

    def open(self, patient_id: str, field: str, sealed: str) -> str:
        """The text that was sealed.

        Raises
        ------
        RecordError
            ``sealed``: it belongs to another patient or field, or was changed; ``erased`` or ``no_key`` as of `seal`.
        """
        return _opened(self.keys.derive(patient_id, "texts"), patient_id, field, sealed)

    def seal_clinic(self, field: str, text: str) -> str:
        """A text that is about no patient, such as the name of a member of staff."""
        return _sealed(self._of_clinic, _CLINIC, field, text)

    def open_clinic(self, field: str, sealed: str) -> str:
        """The text that was sealed with `seal_clinic`; `RecordError` with code ``sealed`` if it does not fit."""
        return _opened(self._of_clinic, _CLINIC, field, sealed)

    def index(self, field: str, text: str) -> str:
        """What equal texts of a field have in common without saying what they are, whatever their case.

        Keyed: who has the database but not the key can neither read nor guess it.
        """
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
        return hmac.digest(self._for_index, _bound(field, folded), "sha256").hex()

    def digest(self, data: bytes) -> str:
        """What equal files of this record have in common.

        Keyed: whoever has the database and a copy of a photo, but not the key, cannot tell that the photo is here.
        """
        return hmac.digest(self._for_digests, data, "sha256").hex()

    @cached_property
    def _of_clinic(self) -> bytes:
        return self.master.derive("texts of the clinic")

    @cached_property
    def _for_index(self) -> bytes:
        return self.master.derive("index of texts")

    @cached_property
    def _for_digests(self) -> bytes:
        return self.master.derive("digests of photos")


def secrets_of(connection: Connection) -> Secrets:
    """What seals and opens the texts of the record that a connection belongs to."""
    found = connection.get_execution_options()["secrets"]
    assert isinstance(found, Secrets)
    return found


def _sealed(key: bytes, patient_id: str, field: str, text: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    locked = AESGCM(key).encrypt(nonce, text.encode(), _bound(_VERSION, patient_id, field))
    return _VERSION + base64.b64encode(nonce + locked).decode()


def _opened(key: bytes, patient_id: str, field: str, sealed: str) -> str:
    try:
        if not sealed.startswith(_VERSION):
            raise ValueError(sealed[: len(_VERSION)])
        raw = base64.b64decode(sealed[len(_VERSION) :], validate=True)
        opened = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(_VERSION, patient_id, field))
    except (InvalidTag, binascii.Error, ValueError) as error:
        what = field.partition(":")[0]
        raise RecordError(
            f"A stored text ({what}) was changed or belongs elsewhere; please restore the record from a backup.",
            code="sealed",
        ) from error
    return opened.decode()


def _bound(*parts: str) -> bytes:
    """Texts one after the other so that no other texts give the same bytes."""
    raw = [part.encode() for part in parts]
    return b"".join(len(each).to_bytes(4, "big") + each for each in raw)
