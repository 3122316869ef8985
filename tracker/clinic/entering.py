"""Coming in and going out: set-up, sign-in, sessions, the demonstration."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from tracker.clinic import (
    accounts,
    clock,
    known_browsers,
    passwords,
    schema,
    throttle,
    web_sessions,
)
from tracker.clinic.accounts import Account
from tracker.clinic.actors import NOBODY, Actor, Role, Verb
from tracker.clinic.audit import Entry, append
from tracker.clinic.enrolling import Enrolling
from tracker.clinic.sealing import secrets_of
from tracker.errors import RecordError

_SETUP = "setup_code"
_ABOUT = schema.about.c
_SESSION = schema.web_session.c


class Entering(Enrolling):
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
            kept = secrets_of(connection).index(_SETUP, code)  # keyed: the digits are few enough to be tried out
            connection.execute(insert(schema.about).values(name=_SETUP, value=kept))
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
            if known is None or not secrets.compare_digest(known, secrets_of(connection).index(_SETUP, code.strip())):
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

    def enter_demonstration(self, *, is_here: bool) -> str:
        """Token of a visitor's session.

        Parameters
        ----------
        is_here : bool
            Whether somebody at this machine asks, and not through a proxy: nobody signs in for the demonstration, and a
            clinic that is being set up is not shown to a network.

        Raises
        ------
        RecordError
            ``closed``: there are accounts or patients; ``not_here``: somebody asks from elsewhere.
        """
        if not is_here:
            raise RecordError(
                "The demonstration is shown only on the computer on which the program runs; please open it there, or "
                "set up the owner's account.",
                code="not_here",
            )
        with self._journal.writing() as connection:
            if not web_sessions.is_demonstration_open(connection):
                raise RecordError("The demonstration is closed; please sign in.", code="closed")
            token, session_id = web_sessions.begin(connection, clock.now())
            self._entered(connection, "", Role.PRACTITIONER, session_id, "enter_demonstration")
            return token

    def sign_in(self, name: str, password: str, code: str = "", *, address: str = "", known: Iterable[str] = ()) -> str:
        """Sign in.

        Parameters
        ----------
        name, password : str
        code : str
            Of the authenticator app, or a recovery code; not looked at while the account has no second factor.
        address : str
            Where the try comes from; too many that fail make the next ones wait.
        known : iterable of str
            What the browser keeps of `known_browser`: one in which this account signed in before does not wait for
            what others did under its name.

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
            row = accounts.by_name(connection, name)
            device = known_browsers.known(connection, row, known, moment) if row is not None else ""
            throttle.begin(connection, " ".join(name.split()), address, moment, device)
        fits = accounts.password_fits(row, password)
        with self._journal.writing() as connection:
            token = self._signed_in(connection, row.id, code, moment) if fits and row is not None else None
            if token is not None:
                throttle.succeeded(connection, " ".join(name.split()), address, device)
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

    def known_browser(self, token: str) -> str:
        """What a browser may keep after a complete sign-in, to be known by next time; empty for any other session.

        Parameters
        ----------
        token : str
            Of the session: of an account, with its second factor where it needs one.
        """
        moment = clock.now()
        with self._store.reading() as connection:
            actor, _ = web_sessions.actor_by_token(connection, token, moment)
            if actor is None or not actor.account_id or actor.is_enrolling:
                return ""
            return known_browsers.made(connection, accounts.row_of(connection, actor.account_id), moment)

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
        if actor is not None and should_be_seen and active and not self._store.read_only:
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

    def _own_name_proven_by(self, password: str, action: str) -> str:
        """The name of the actor's account, once its password was given again.

        Raises
        ------
        RecordError
            ``sign_in``: it is wrong; ``throttled``.
        """
        own = self._actor.account_id
        tried = f"password {own}", f"account {own}"  # whoever found an open session has no more tries than a stranger
        with self._store.writing() as connection:
            row = accounts.row_of(connection, own)
            throttle.begin(connection, *tried, clock.now())
            name = accounts.name_of(connection, row)
        if not accounts.password_fits(row, password):
            self._journal.write(self._entry(Verb.ACCOUNT, action, outcome="denied"))
            raise RecordError("The present password is wrong; please try again.", code="sign_in")
        with self._store.writing() as connection:
            throttle.succeeded(connection, *tried)
        return name

    def _entered(self, connection: Connection, account_id: str, role: Role, session_id: str, action: str) -> None:
        append(connection, Entry(Actor(account_id, role, session_id), Verb.ENTER, action, request_id=self._request_id))


def _has_owner() -> RecordError:
    return RecordError("The owner's account was set up already; please sign in.", code="has_owner")
