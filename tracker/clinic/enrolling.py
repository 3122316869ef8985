"""Giving a second factor: what an authenticator app needs, and the code that shows that it works."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.clinic import accounts, clock, schema, second_factor, throttle, web_sessions
from tracker.clinic.actors import Verb
from tracker.clinic.guarding import Acting
from tracker.errors import RecordError

_SESSION = schema.web_session.c


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What an authenticator app needs to know.

    Attributes
    ----------
    address : str
        The ``otpauth`` address, for a QR code.
    secret : str
        The same in letters, to be typed.
    """

    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A second factor that works.

    Attributes
    ----------
    token : str
        Of the new session, which replaces the one in which it was given.
    recovery_codes : tuple of str
        Shown once.
    """

    token: str
    recovery_codes: tuple[str, ...]


class Enrolling(Acting):
    """Second factors of one record; a base of `Clinic`."""

    def begin_second_factor(self) -> SecondFactor:
        """What an authenticator app needs; the same again until it is confirmed.

        Raises
        ------
        RecordError
            ``has_second_factor``: there is one, which has to be reset first.
        """
        with self._store.writing() as connection:
            row = accounts.row_of(connection, self._actor.account_id)
            if row.is_totp_confirmed:
                raise RecordError("You have a second factor; please reset it first.", code="has_second_factor")
            secret = accounts.secret_of(connection, row)
            if not secret:
                secret = second_factor.new_secret()
                accounts.store_secret(connection, row.id, secret)
            name = accounts.name_of(connection, row)
        return SecondFactor(second_factor.address_of(secret, name), secret)

    def confirm_second_factor(self, code: str, *, address: str = "") -> Confirmed:
        """Show with a code that the authenticator app works; from now on it is asked for.

        Raises
        ------
        RecordError
            ``bad_code``, ``has_second_factor`` or ``throttled``.
        """
        moment, own = clock.now(), self._actor.account_id
        with self._store.writing() as connection:
            throttle.begin(connection, f"second factor {own}", address, moment)
        with self._journal.writing() as connection:
            row = accounts.row_of(connection, own)
            if row.is_totp_confirmed:
                raise RecordError("You have a second factor; please reset it first.", code="has_second_factor")
            if not row.totp or not accounts.use_code(connection, row, code, moment):
                raise RecordError(
                    "This code is wrong; please type the six digits that the app shows now.", code="bad_code"
                )
            throttle.succeeded(connection, f"second factor {own}", address)
            accounts.confirm_secret(connection, own)
            codes = accounts.new_recovery_codes(connection, own)
            web_sessions.revoke(connection, moment, _SESSION.account_id == own)
            token, _ = web_sessions.begin(connection, moment, account_id=own)
            self._log(connection, Verb.ENROL, "confirm_second_factor")
            return Confirmed(token, codes)
