"""Coming in by the clinic's identity provider: for staff, beside the password, with sessions of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select

from tracker.clinic import accounts, clock, identities, known_browsers, schema, throttle, trips, web_sessions
from tracker.clinic.actors import NOBODY, STAFF, Actor, Role, Verb
from tracker.clinic.audit import Entry, append
from tracker.clinic.entering import Entering
from tracker.clinic.sealing import secrets_of
from tracker.clinic.trips import Door, Errand, Trip
from tracker.clinic.web_sessions import digest_of
from tracker.errors import RecordError
from tracker.openid.round_trip import Challenge, Identity, bad_trip

if TYPE_CHECKING:
    from tracker.openid.provider import Provider

NOT_CONNECTED = "No account here is connected with this sign-in; please ask the owner of the clinic for an invitation."
_SESSION, _INVITED = schema.web_session.c, schema.invitation.c


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back from the provider.

    Attributes
    ----------
    token : str
        Of a new session; empty if there is none (yet).
    door : str
        What the browser keeps until the code of the second factor is given (`Connecting.give_code`); empty if none is
        asked for. Without either an account was connected, and its session goes on.
    """

    token: str = ""
    door: str = ""


class Connecting(Entering):
    """Sign-in by an identity provider; a base of `Clinic`."""

    def leave_to_sign_in(self, provider: Provider) -> str:
        """What a browser keeps, sealed, while somebody signs in at the provider."""
        return self._leave(provider, Errand.SIGN_IN)

    def leave_to_connect(self, provider: Provider, password: str) -> str:
        """The same, for connecting one's own account.

        Raises
        ------
        RecordError
            ``sign_in``: the password is wrong; ``throttled``; ``not_allowed``: only staff signs in by a provider.
        """
        if self._actor.role not in STAFF:
            raise _for_staff()
        self._own_name_proven_by(password, Errand.CONNECT)
        return self._leave(provider, Errand.CONNECT)

    def leave_to_accept(self, provider: Provider, token: str) -> str:
        """The same, for accepting an invitation without choosing a password; it is not used up by this.

        Raises
        ------
        RecordError
            ``bad_invitation``, ``not_allowed``: only staff signs in by a provider.
        """
        if not self.is_staff_invited(token):
            raise RecordError("This invitation is not open, or asks for a password.", code="bad_invitation")
        return self._leave(provider, Errand.ACCEPT, token)

    def is_staff_invited(self, token: str) -> bool:
        """Whether an invitation is open, and for somebody of the staff."""
        rows = schema.account.c
        chosen = select(rows.role).join(schema.invitation, _INVITED.account_id == rows.id)
        chosen = chosen.where(_INVITED.digest == digest_of(token), _INVITED.used_at.is_(None))
        chosen = chosen.where(_INVITED.expires_at > clock.now(), rows.disabled_at.is_(None))
        with self._store.reading() as connection:
            role = connection.execute(chosen).scalar()
        return role is not None and Role(role) in STAFF

    def address_of_provider(self, provider: Provider, sealed: str) -> str:
        """Where a browser that keeps a trip goes; `RecordError` with code ``bad_trip`` or ``provider_down``."""
        trip = self._trip(provider, sealed, clock.now())
        return provider.address(trip.challenge, anew=trip.errand is not Errand.SIGN_IN)

    def arrive(self, provider: Provider, sealed: str, answer: Mapping[str, str], *, address: str = "") -> Arrival:
        """Let in who comes back from the provider, or connect them, as they were sent there for.

        Parameters
        ----------
        provider : Provider
        sealed : str
            What this browser kept.
        answer : mapping of str to str
            What the provider put in the address.
        address : str
            Where the try comes from; too many that fail make the next ones wait.

        Raises
        ------
        RecordError
            ``bad_trip``: this browser was not sent, or has been back; ``provider_refused`` and ``provider_down`` as of
            `Provider.identify`; ``not_connected``: nobody's account, or a disabled one; ``identity_taken``;
            ``bad_invitation``; ``signed_out``; ``throttled``.
        """
        moment = clock.now()
        trip = self._trip(provider, sealed, moment)
        tried = (
            f"provider {digest_of(trip.challenge.state)}"  # nobody is named yet: those of one address count together
        )
        with self._store.writing() as connection:
            throttle.begin(connection, tried, address, moment)
        identity: Identity | None = None
        try:
            self._spend(trip, answer, moment)
            since = None if trip.errand is Errand.SIGN_IN else trip.began_at
            identity = provider.identify(trip.challenge, answer, moment, since=since)
            with self._journal.writing() as connection:
                arrival = self._let_in(connection, trip, identity, moment)
                throttle.succeeded(connection, tried, address)
                return arrival
        except RecordError as refusal:
            self._note_refused(trip, identity, moment)
            if refusal.code == "provider_down":  # not the fault of who tries
                with self._store.writing() as connection:
                    throttle.take_back(connection, tried, address)
            raise

    def give_code(self, door: str, code: str, *, address: str = "", known: Iterable[str] = ()) -> str:
        """Give the code of the second factor that the provider did not ask for; the token of a new session.

        Parameters
        ----------
        door : str
            Of `Arrival`.
        code : str
            Of the authenticator app, or a recovery code.
        address : str
            Where the try comes from.
        known : iterable of str
            As of `Entering.sign_in`.

        Raises
        ------
        RecordError
            ``bad_code``; ``bad_trip``: the door is closed or too old; ``throttled``, together with tries by password.
        """
        moment = clock.now()
        with self._store.reading() as connection:
            kept = trips.opened_door(secrets_of(connection), door, moment)
            row = accounts.row_of(connection, kept.account_id)
            name, device = accounts.name_of(connection, row), known_browsers.known(connection, row, known, moment)
        with self._store.writing() as connection:
            throttle.begin(connection, name, address, moment, device)
        with self._journal.writing() as connection:
            row = accounts.row_of(connection, kept.account_id)
            is_open = row.disabled_at is None and row.is_totp_confirmed and identities.is_connected(connection, row.id)
            token = ""
            if is_open and accounts.use_code(connection, row, code, moment):
                trips.spend(connection, kept.id, moment)
                throttle.succeeded(connection, name, address, device)
                token = self._begin(connection, row, kept.session_id, moment, has_second_factor=True)
            else:
                self._append_refused(connection, Errand.SIGN_IN, row.id)
        if not token:
            raise RecordError("This code is wrong; please type the one the app shows now.", code="bad_code")
        return token

    def disconnect_provider(self, account_id: str) -> None:
        """Let an account be entered with its password only; its other sessions end.

        Raises
        ------
        RecordError
            ``no_password``: nobody could enter with it any more.
        """
        moment = clock.now()
        with self._journal.writing() as connection:
            if not accounts.row_of(connection, account_id).password:
                raise RecordError(
                    "Without a password nobody could sign in any more; please get an invitation to choose one first.",
                    code="no_password",
                )
            if identities.untie(connection, account_id):
                others = _SESSION.account_id == account_id, _SESSION.id != self._actor.session_id
                web_sessions.revoke(connection, moment, *others)
                self._log(connection, Verb.ACCOUNT, "disconnect_provider", object=f"account:{account_id}")

    def _leave(self, provider: Provider, errand: Errand, invitation: str = "") -> str:
        trip = Trip(errand, provider.settings.issuer, Challenge.new(), self._actor.session_id, invitation, clock.now())
        with self._store.reading() as connection:
            return trips.sealed_trip(secrets_of(connection), trip)

    def _trip(self, provider: Provider, sealed: str, moment: datetime) -> Trip:
        with self._store.reading() as connection:
            trip = trips.opened_trip(secrets_of(connection), sealed, moment)
        if trip.issuer != provider.settings.issuer:
            raise bad_trip()
        return trip

    def _spend(self, trip: Trip, answer: Mapping[str, str], moment: datetime) -> None:
        """Use a trip up; an answer to another one, which any page can send a browser to, leaves it as it is."""
        if answer.get("state") != trip.challenge.state:
            raise bad_trip()
        with self._store.writing() as connection:
            trips.spend(connection, trip.challenge.state, moment)

    def _let_in(self, connection: Connection, trip: Trip, identity: Identity, moment: datetime) -> Arrival:
        match trip.errand:
            case Errand.CONNECT:
                return self._connected(connection, trip, identity, moment)
            case Errand.ACCEPT:
                row = accounts.invited(connection, trip.invitation, moment)
                if Role(row.role) not in STAFF:
                    raise _for_staff()
                identities.tie(connection, row.id, identity, moment)
                web_sessions.revoke(connection, moment, _SESSION.account_id == row.id)
            case _:
                found = identities.account_of(connection, identity)
                if found is None or found.disabled_at is not None or Role(found.role) not in STAFF:
                    raise RecordError(NOT_CONNECTED, code="not_connected")
                row = found
                if row.is_totp_confirmed and not identity.has_second_factor:
                    door = Door.of(row.id, trip.session_id, moment)
                    return Arrival(door=trips.sealed_door(secrets_of(connection), door))
        token = self._begin(
            connection, row, trip.session_id, moment, has_second_factor=identity.has_second_factor, action=trip.errand
        )
        return Arrival(token)

    def _connected(self, connection: Connection, trip: Trip, identity: Identity, moment: datetime) -> Arrival:
        """Connect the account whose session began the trip: the provider's page hides the cookie of it from us."""
        held = Actor("", Role.NOBODY, trip.session_id)
        actor = web_sessions.actor_now(connection, held, moment) if trip.session_id else None
        if actor is None or actor.is_enrolling or not actor.account_id:
            raise RecordError("You are signed out; please sign in again.", code="signed_out")
        if actor.role not in STAFF:
            raise _for_staff()
        identities.tie(connection, actor.account_id, identity, moment)
        about = f"account:{actor.account_id}"
        append(connection, Entry(actor, Verb.ACCOUNT, trip.errand, object=about, request_id=self._request_id))
        return Arrival()

    def _begin(
        self, connection: Connection, row: Row[Any], before: str, moment: datetime, *,
        has_second_factor: bool, action: str = Errand.SIGN_IN,
    ) -> str:  # fmt: skip
        """A new session; the one this browser may have had is over."""
        if before:
            web_sessions.revoke(connection, moment, _SESSION.id == before)
        needs = accounts.account(connection, row.id).needs_second_factor and not has_second_factor
        token, session_id = web_sessions.begin(connection, moment, account_id=row.id, is_enrolling=needs)
        self._entered(connection, row.id, Role(row.role), session_id, str(action))
        return token

    def _note_refused(self, trip: Trip, identity: Identity | None, moment: datetime) -> None:
        with self._journal.writing() as connection:
            known = identities.account_of(connection, identity) if identity is not None else None
            held = Actor("", Role.NOBODY, trip.session_id)
            actor = web_sessions.actor_now(connection, held, moment) if trip.session_id else None
            account_id = known.id if known is not None else actor.account_id if actor is not None else ""
            self._append_refused(connection, trip.errand, account_id)

    def _append_refused(self, connection: Connection, errand: Errand, account_id: str) -> None:
        nobody = Actor(account_id, NOBODY.role)
        append(connection, Entry(nobody, Verb.ENTER, errand, outcome="denied", request_id=self._request_id))


def _for_staff() -> RecordError:
    return RecordError("Only staff signs in this way; please use your password.", code="not_allowed")
