"""Accounts of one record, whose patients are whose, and the log, as the faces see them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from tracker.clinic import accounts, audit, care_team, clock, passwords, register, schema, throttle, web_sessions
from tracker.clinic.accounts import Account
from tracker.clinic.actors import Role, Verb
from tracker.clinic.audit import LogEntry, Tampered
from tracker.clinic.care_team import Emergency
from tracker.clinic.entering import Entering
from tracker.clinic.records import Patient
from tracker.clinic.web_sessions import WebSession
from tracker.errors import RecordError

_SESSION = schema.web_session.c
_SHORTEST_REASON = 10


class Access(Entering):
    """Who may do what in one record; a base of `Clinic`."""

    def accounts(self) -> tuple[Account, ...]:
        """All accounts in the order in which they were added."""
        with self._store.reading() as connection:
            return accounts.accounts(connection)

    def account(self, account_id: str) -> Account:
        """One account."""
        with self._store.reading() as connection:
            return accounts.account(connection, account_id)

    def colleagues(self) -> tuple[Account, ...]:
        """Practitioners and owners who may sign in: who can be on a care team."""
        own = {Role.OWNER, Role.PRACTITIONER}
        return tuple(each for each in self.accounts() if each.role in own and not each.is_disabled)

    def add_account(self, role: Role, name: str, patient_id: str | None = None) -> str:
        """A new account; the token of an invitation, with which its holder sets the password within 7 days.

        Raises
        ------
        RecordError
            ``bad_name``, ``name_taken`` or ``bad_role``.
        """
        moment = clock.now()
        with self._journal.writing() as connection:
            new = accounts.add(connection, role, name, patient_id, moment)
            self._log(connection, Verb.ADMINISTER, "add_account", patient_id or "", f"account:{new.id}")
            return accounts.invite(connection, new.id, moment)

    def invite_patient(self, patient_id: str, name: str) -> str:
        """An account for a patient; the token of an invitation to it."""
        return self.add_account(Role.PATIENT, name, patient_id)

    def invite_again(self, account_id: str) -> str:
        """A fresh invitation, with which a password that was forgotten is set anew; sessions end."""
        moment = clock.now()
        with self._journal.writing() as connection:
            accounts.row_of(connection, account_id)
            web_sessions.revoke(connection, moment, _SESSION.account_id == account_id)
            self._log(connection, Verb.ADMINISTER, "invite_again", object=f"account:{account_id}")
            return accounts.invite(connection, account_id, moment)

    def set_role(self, account_id: str, role: Role) -> None:
        """Change the role of a member of staff, from the next message on."""
        with self._journal.writing() as connection:
            accounts.store_role(connection, account_id, role)
            self._log(connection, Verb.ADMINISTER, "set_role", object=f"account:{account_id}")

    def disable_account(self, account_id: str) -> None:
        """Let nobody sign in with an account any more; its sessions end at once.

        Raises
        ------
        RecordError
            ``last_owner``: nobody could administer the clinic any more.
        """
        moment = clock.now()
        with self._journal.writing() as connection:
            accounts.disable(connection, account_id, moment)
            web_sessions.revoke(connection, moment, _SESSION.account_id == account_id)
            self._log(connection, Verb.ADMINISTER, "disable_account", object=f"account:{account_id}")

    def enable_account(self, account_id: str) -> None:
        """Let somebody sign in again."""
        with self._journal.writing() as connection:
            accounts.disable(connection, account_id, None)
            self._log(connection, Verb.ADMINISTER, "enable_account", object=f"account:{account_id}")

    def reset_second_factor(self, account_id: str) -> None:
        """Take a second factor away that was lost; it is given anew at the next sign-in. Sessions end."""
        moment = clock.now()
        with self._journal.writing() as connection:
            accounts.row_of(connection, account_id)
            accounts.store_secret(connection, account_id, "")
            web_sessions.revoke(connection, moment, _SESSION.account_id == account_id)
            self._log(connection, Verb.ACCOUNT, "reset_second_factor", object=f"account:{account_id}")

    def change_password(self, old: str, new: str) -> None:
        """Change one's own password; other sessions of the account end.

        Raises
        ------
        RecordError
            ``sign_in``: the old one is wrong; ``throttled``; ``weak_password``.
        """
        own, moment = self._actor.account_id, clock.now()
        name = self._own_name_proven_by(old, "change_password")
        kept = passwords.hashed(passwords.check_new(new, name))
        with self._journal.writing() as connection:
            accounts.store_password(connection, own, kept)
            others = _SESSION.account_id == own, _SESSION.id != self._actor.session_id
            web_sessions.revoke(connection, moment, *others)
            self._log(connection, Verb.ACCOUNT, "change_password", object=f"account:{own}")

    def renew_recovery_codes(self, password: str, code: str) -> tuple[str, ...]:
        """Ten fresh recovery codes, shown once; earlier ones are void.

        Parameters
        ----------
        password : str
        code : str
            Of the authenticator app, or one of the recovery codes that are left.

        Raises
        ------
        RecordError
            ``sign_in``: password or code is wrong, or there is no second factor; ``throttled``. Nothing has changed.
        """
        own, moment = self._actor.account_id, clock.now()
        # The same tries as for changing the password. Not `_own_name_proven_by`: a right password alone would set them
        # back, and codes could then be guessed without end; nor is it said which of the two is wrong.
        tried = f"password {own}", f"account {own}"
        with self._store.writing() as connection:
            throttle.begin(connection, *tried, moment)
            row = accounts.row_of(connection, own)
        fits = accounts.password_fits(row, password) and row.is_totp_confirmed
        codes: tuple[str, ...] = ()
        with self._journal.writing() as connection:
            if fits and accounts.use_code(connection, accounts.row_of(connection, own), code, moment):
                throttle.succeeded(connection, *tried)
                codes = accounts.new_recovery_codes(connection, own)
            outcome = "done" if codes else "denied"
            about = self._entry(Verb.ACCOUNT, "renew_recovery_codes", object=f"account:{own}", outcome=outcome)
            audit.append(connection, about)
        if not codes:
            raise RecordError("Password or code is wrong; please try again.", code="sign_in")
        return codes

    def sessions(self, account_id: str) -> tuple[WebSession, ...]:
        """Browsers signed in with an account, the latest first."""
        with self._store.reading() as connection:
            return web_sessions.of_account(connection, account_id, clock.now())

    def revoke_sessions(self, account_id: str, *, web_session: str | None = None) -> None:
        """End one session of an account, or all of them, at once."""
        where = [_SESSION.account_id == account_id]
        if web_session is not None:
            where.append(_SESSION.id == web_session)
        with self._journal.writing() as connection:
            web_sessions.revoke(connection, clock.now(), *where)
            self._log(connection, Verb.ACCOUNT, "revoke_sessions", object=f"account:{account_id}")

    def care_team(self, patient_id: str) -> tuple[Account, ...]:
        """Who takes care of a patient, the longest first."""
        with self._store.reading() as connection:
            register.patient(connection, patient_id)
            return tuple(accounts.account(connection, each) for each in care_team.members(connection, patient_id))

    def add_to_care_team(self, patient_id: str, account_id: str) -> None:
        """Make a patient a practitioner's.

        Raises
        ------
        RecordError
            ``bad_role``: the account is none of theirs; ``not_allowed``: who broke the glass does not choose the team.
        """
        with self._journal.writing() as connection:
            register.patient(connection, patient_id)
            self._expect_no_emergency(connection, patient_id)
            if accounts.account(connection, account_id).role not in (Role.OWNER, Role.PRACTITIONER):
                raise RecordError("Only practitioners take care of patients.", code="bad_role")
            care_team.join(connection, patient_id, account_id, clock.now())
            self._log(connection, Verb.CHANGE, "add_to_care_team", patient_id, f"account:{account_id}")

    def remove_from_care_team(self, patient_id: str, account_id: str) -> None:
        """A patient is not a practitioner's any more, from the next message on.

        Raises
        ------
        RecordError
            ``not_allowed``: who broke the glass does not choose the team.
        """
        with self._journal.writing() as connection:
            self._expect_no_emergency(connection, patient_id)
            care_team.leave(connection, patient_id, account_id)
            self._log(connection, Verb.CHANGE, "remove_from_care_team", patient_id, f"account:{account_id}")

    def _expect_no_emergency(self, connection: Connection, patient_id: str) -> None:
        own = self._actor.account_id
        if self._actor.role is Role.PRACTITIONER and own and own not in care_team.members(connection, patient_id):
            raise RecordError(
                "Only who is on the care team of a patient, or the owner, changes it.", code="not_allowed"
            )

    def break_glass(self, code: str, reason: str) -> tuple[Patient, datetime]:
        """See a patient of somebody else's for 8 hours, with a reason that the owner and the patient can read.

        Parameters
        ----------
        code : str
            Of the patient, exactly: who breaks the glass is not shown who else is treated here.
        reason : str
            At least ten letters.

        Raises
        ------
        RecordError
            ``no_reason``, or ``not_found``; ``throttled``: codes that are nobody's were tried too often.
        """
        said = " ".join(reason.split())
        if len(said) < _SHORTEST_REASON:
            raise RecordError("Please say in a few words why this patient has to be seen now.", code="no_reason")
        own, moment = self._actor.account_id, clock.now()
        tried = f"emergency {own}", f"emergency {own}"  # of one account, wherever its sessions are
        with self._store.writing() as connection:
            throttle.begin(connection, *tried, moment)
        with self._journal.writing() as connection:
            chosen = select(schema.patient.c.id).where(schema.patient.c.code == code.strip())
            hosts = select(schema.study.c.host_id)
            patient_id = connection.execute(chosen.where(schema.patient.c.id.not_in(hosts))).scalar()
            if patient_id is None:
                audit.append(connection, self._entry(Verb.EMERGENCY, "break_glass", outcome="denied"))
        if patient_id is None:  # said only after it was written down
            raise register.not_found("patient")
        with self._journal.writing() as connection:
            throttle.take_back(connection, *tried)
            until = care_team.break_glass(connection, patient_id, own, moment)
            audit.append(
                connection,
                self._entry(Verb.EMERGENCY, "break_glass", patient_id, f"patient:{patient_id}", said),
            )
            return register.patient(connection, patient_id), until

    def emergencies(self) -> tuple[Emergency, ...]:
        """Who broke the glass, the latest first, until an owner says that they have read it; the log keeps all."""
        with self._store.reading() as connection:
            return care_team.unread_emergencies(connection)

    def read_emergencies(self, up_to: datetime) -> None:
        """Say that one has read who broke the glass up to a moment; what happened since stays to be read."""
        with self._store.writing() as connection:
            care_team.read_emergencies(connection, up_to, clock.now())

    def invite_rater(self, session_id: str, account_id: str) -> None:
        """Let a rater answer a sitting; `RecordError` with code ``bad_role`` if the account is no rater's."""
        rows = schema.rater_of.c
        with self._journal.writing() as connection:
            if accounts.account(connection, account_id).role is not Role.RATER:
                raise RecordError("Only raters are invited to sittings.", code="bad_role")
            here = select(rows.session_id).where(rows.session_id == session_id, rows.account_id == account_id)
            if connection.execute(here).first() is None:
                connection.execute(insert(schema.rater_of).values(session_id=session_id, account_id=account_id))
            self._log(connection, Verb.CHANGE, "invite_rater", object=f"rating:{session_id} account:{account_id}")

    def own_sittings(self) -> tuple[str, ...]:
        """Identifiers of the sittings that a rater is invited to, the latest first."""
        rows, session = schema.rater_of.c, schema.rating_session.c
        chosen = select(session.id).join(schema.rater_of, rows.session_id == session.id)
        chosen = chosen.where(rows.account_id == self._actor.account_id).order_by(session.arrival.desc())
        with self._store.reading() as connection:
            return tuple(connection.execute(chosen).scalars())

    def log(self, *, before: int | None = None, limit: int = 100) -> tuple[LogEntry, ...]:
        """The log, the latest entries first; `before` is the number of the last one of the page before."""
        with self._store.reading() as connection:
            return audit.entries(connection, before=before, limit=limit)

    def log_of(self, patient_id: str, *, before: int | None = None, limit: int = 100) -> tuple[LogEntry, ...]:
        """What was done with a patient's part of the record, the latest first."""
        with self._store.reading() as connection:
            return audit.entries(connection, patient_id=patient_id, before=before, limit=limit)

    def verify_log(self) -> tuple[Tampered, ...]:
        """Every place where the log is not as it was written; a log without its anchor is one."""
        with self._store.reading() as connection:
            anchor, end = self._journal.anchor.read(), audit.head(connection).number
            found = audit.verify(connection, anchor)
        return found if anchor is not None or not end else (*found, Tampered(end, "unanchored"))

    def adopt_log_head(self, reason: str) -> None:
        """Take the log as it is as the true one, after a backup was restored; the log says so."""
        with self._store.writing() as connection:
            audit.append(connection, self._entry(Verb.RUN, "adopt_log_head", reason=reason))
            here = audit.head(connection)
        self._journal.anchor.put(here)
