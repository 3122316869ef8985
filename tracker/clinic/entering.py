"""Coming in and going out: set-up, sign-in, sessions, the demonstration."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from tracker.clinic import accounts, clock, passwords, schema, second_factor, throttle, web_sessions
from tracker.clinic.accounts import Account
from tracker.clinic.actors import NOBODY, Actor, Role, Verb
from tracker.clinic.audit import Entry, append
from tracker.clinic.guarding import Acting
from tracker.clinic.web_sessions import digest_of
from tracker.errors import RecordError

_SETUP = "setup_code"
_ABOUT = schema.about.c
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


class Entering(Acting):
    """Sign-in of one record; a base of `Clinic`."""

    def has_owner(self) -> bool:
        """Whether the owner's account was set up; until then nobody can sign in."""
        with self._store.reading() as connection:
            return accounts.count(connection, role=Role.OWNER) > 0

    def setup_code(self) -> str:
        """A code that whoever started the program reads in its terminal, and sets up the owner with; earlier ones are
        void.
        """
        code = "-".join(f"{secrets.randbelow(10_000):04d}" for _ in range(4))
        with self._store.writing() as connection:
            connection.execute(delete(schema.about).where(_ABOUT.name == _SETUP))
            connection.execute(insert(schema.about).values(name=_SETUP, value=digest_of(code)))
        return code

    def set_up_owner(self, name: str, password: str, *, code: str, address: str = "") -> str:
        """Make the account of the owner, once.

        Parameters
        ----------
        name, password : str
        code : str
            Of `setup_code`.
        address : str
            Where the try comes from.

        Returns
        -------
        str
            Token of a session in which a second factor can be given, and nothing else.

        Raises
        ------
        RecordError
            ``has_owner``, ``bad_code``, ``throttled``, ``bad_name`` or ``weak_password``.
        """
        name, moment = accounts.checked_name(name), clock.now()
        password = passwords.check_new(password, name)
        if self.has_owner():
            raise _has_owner()
        with self._store.writing() as connection:
            throttle.begin(connection, _SETUP, address, moment)
        kept = passwords.hashed(password)  # only now: it takes a second and 64 MiB, and nobody is known yet
        with self._journal.writing() as connection:
            if accounts.count(connection, role=Role.OWNER):
                raise _has_owner()
            known = connection.execute(select(_ABOUT.value).where(_ABOUT.name == _SETUP)).scalar()
            if known is None or not secrets.compare_digest(known, digest_of(code.strip())):
                raise RecordError(
                    "This is not the code that the program printed when it started; please look there again.",
                    code="bad_code",
                )
            connection.execute(delete(schema.about).where(_ABOUT.name == _SETUP))
            throttle.succeeded(connection, _SETUP, address)
            new = accounts.add(connection, Role.OWNER, name, None, moment)
            accounts.store_password(connection, new.id, kept)
            web_sessions.revoke(connection, moment, _SESSION.account_id.is_(None))
            token, session_id = web_sessions.begin(connection, moment, account_id=new.id, is_enrolling=True)
            self._entered(connection, new.id, Role.OWNER, session_id, "set_up_owner")
            return token

    def is_demonstration_open(self) -> bool:
        """Whether anybody may look around: no account was set up, and no patient is a real one."""
        with self._store.reading() as connection:
            return web_sessions.is_demonstration_open(connection)

    def enter_demonstration(self) -> str:
        """Token of a visitor's session; `RecordError` with code ``closed`` once there are accounts or patients."""
        with self._journal.writing() as connection:
            if not web_sessions.is_demonstration_open(connection):
                raise RecordError("The demonstration is closed; please sign in.", code="closed")
            token, session_id = web_sessions.begin(connection, clock.now())
            self._entered(connection, "", Role.PRACTITIONER, session_id, "enter_demonstration")
            return token

    def sign_in(self, name: str, password: str, code: str = "", *, address: str = "") -> str:
        """Sign in.

        Parameters
        ----------
        name, password : str
        code : str
            Of the authenticator app, or a recovery code; not looked at while the account has no second factor.
        address : str
            Where the try comes from; too many that fail make the next ones wait.

        Returns
        -------
        str
            Token of a new session. Of a member of staff without a second factor it allows to give one and nothing else
            (`Actor.is_enrolling`).

        Raises
        ------
        RecordError
            ``sign_in``: name, password or code is wrong, or the account is disabled: which one is not said, and takes
            the same time. ``throttled``: it was not looked at; such tries are not in the log one by one.
        """
        moment = clock.now()
        with self._store.writing() as connection:
            throttle.begin(connection, " ".join(name.split()), address, moment)
            row = accounts.by_name(connection, name)
        fits = accounts.password_fits(row, password)
        with self._journal.writing() as connection:
            token = self._signed_in(connection, row.id, code, moment) if fits and row is not None else None
            if token is not None:
                throttle.succeeded(connection, " ".join(name.split()), address)
            else:
                account_id = row.id if row is not None else ""
                nobody = Actor(account_id, NOBODY.role)
                append(connection, Entry(nobody, Verb.ENTER, "sign_in", outcome="denied", request_id=self._request_id))
        if token is None:
            raise RecordError("Name, password or code is wrong; please try again.", code="sign_in")
        return token

    def _signed_in(self, connection: Connection, account_id: str, code: str, moment: datetime) -> str | None:
        row = accounts.row_of(connection, account_id)
        if row.disabled_at is not None:
            return None
        if row.is_totp_confirmed and not accounts.use_code(connection, row, code, moment):
            return None
        is_enrolling = accounts.account(connection, account_id).needs_second_factor
        token, session_id = web_sessions.begin(connection, moment, account_id=account_id, is_enrolling=is_enrolling)
        self._entered(connection, account_id, Role(row.role), session_id, "sign_in")
        return token

    def session_of(self, token: str, *, active: bool = True) -> Actor | None:
        """Who holds a token at this moment; None if the session ended. Asked at every request and every message.

        Parameters
        ----------
        token : str
        active : bool
            A sign of life. What a page asks by itself is none, and does not keep a session from becoming idle.
        """
        moment = clock.now()
        with self._store.reading() as connection:
            actor, should_be_seen = web_sessions.actor_by_token(connection, token, moment)
        if actor is not None and should_be_seen and active:
            with self._store.writing() as connection:
                web_sessions.seen(connection, actor.session_id, moment)
        return actor

    def seconds_left(self, token: str) -> int | None:
        """How long the session of a token lives if nothing is done; None if it has ended."""
        with self._store.reading() as connection:
            left = web_sessions.time_left(connection, token, clock.now())
        return None if left is None else int(left.total_seconds())

    def sign_out(self, token: str) -> None:
        """End the session of a token, everywhere and at once; one that has ended stays so."""
        moment = clock.now()
        with self._store.reading() as connection:
            actor, _ = web_sessions.actor_by_token(connection, token, moment)
        if actor is None:
            return
        with self._journal.writing() as connection:
            if web_sessions.revoke(connection, moment, _SESSION.id == actor.session_id):
                append(connection, Entry(actor, Verb.ENTER, "sign_out", request_id=self._request_id))

    def invited_name(self, token: str) -> str:
        """The name with which the holder of an invitation will sign in; empty if it is not open. Uses nothing up."""
        with self._store.reading() as connection:
            return accounts.invited_name(connection, token, clock.now())

    def accept_invitation(self, token: str, password: str, *, address: str = "") -> str:
        """Set the password of an account one was invited to; the token of a session, as `sign_in` gives it.

        Raises
        ------
        RecordError
            ``bad_invitation``, ``weak_password`` or ``throttled``.
        """
        moment = clock.now()
        with self._store.writing() as connection:
            throttle.begin(connection, "invitation", address, moment)
        kept = passwords.hashed(passwords.check_new(password))
        with self._journal.writing() as connection:
            row = accounts.invited(connection, token, moment)
            passwords.check_new(password, accounts.name_of(connection, row))
            throttle.succeeded(connection, "invitation", address)
            accounts.store_password(connection, row.id, kept)
            web_sessions.revoke(connection, moment, _SESSION.account_id == row.id)
            found: Account = accounts.account(connection, row.id)
            session, session_id = web_sessions.begin(
                connection, moment, account_id=row.id, is_enrolling=found.needs_second_factor
            )
            self._entered(connection, row.id, found.role, session_id, "accept_invitation")
            return session

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

    def _entered(self, connection: Connection, account_id: str, role: Role, session_id: str, action: str) -> None:
        append(connection, Entry(Actor(account_id, role, session_id), Verb.ENTER, action, request_id=self._request_id))


def _has_owner() -> RecordError:
    return RecordError("The owner's account was set up already; please sign in.", code="has_owner")
