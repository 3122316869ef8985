"""Links for patients of one record, as the faces see them."""

from __future__ import annotations

from datetime import timedelta

from tracker.clinic import clock, patient_links, throttle, web_sessions
from tracker.clinic.actors import Actor, Role, Verb
from tracker.clinic.audit import Entry, append
from tracker.clinic.authorize import Target, owner_of
from tracker.clinic.guarding import Acting
from tracker.clinic.patient_links import LONGEST, MOST_VIEWS, NewLink, PatientLink
from tracker.clinic.register import not_found
from tracker.errors import RecordError


class Linking(Acting):
    """Patients' links of one record; a base of `Clinic`."""

    def issue_link(self, report_id: str, *, lasts: timedelta = LONGEST, most_views: int = MOST_VIEWS) -> NewLink:
        """A link to one issued report, and the PIN that is told apart from it; both are shown this once.

        Parameters
        ----------
        report_id : str
        lasts : timedelta
            7 days at most.
        most_views : int
            20 at most.

        Raises
        ------
        RecordError
            ``not_found``, or ``bad_link``: it would last too long.
        """
        with self._journal.writing() as connection:
            patient_id = owner_of(connection, Target("report_id", report_id))
            if not patient_id:
                raise not_found("report")
            new = patient_links.issue(
                connection, patient_id, report_id, self._actor.account_id, clock.now(), lasts=lasts,
                most_views=most_views,
            )  # fmt: skip
            self._log(connection, Verb.ISSUE, "issue_link", patient_id, f"report:{report_id} link:{new.id}")
            return new

    def is_link_alive(self, token: str) -> bool:
        """Whether a token can be exchanged; it is not used up by asking."""
        with self._store.reading() as connection:
            return patient_links.alive(connection, token, clock.now()) is not None

    def exchange_link(self, token: str, pin: str, *, address: str = "") -> str:
        """The token of a session in which one report can be seen, for that of a link and its PIN, once.

        Parameters
        ----------
        token, pin : str
        address : str
            Where the try comes from; too many that fail make the next ones wait.

        Raises
        ------
        RecordError
            ``bad_pin``: another may be tried, four times; ``bad_link``: there is no such link now; ``throttled``.
        """
        moment = clock.now()
        if not self.is_link_alive(token):  # without a write: there is nothing to guess, and nothing to fill the disk
            raise patient_links.dead()
        with self._store.writing() as connection:
            throttle.begin(connection, f"link {web_sessions.digest_of(token)}", address, moment)
        with self._journal.writing() as connection:
            link = patient_links.alive(connection, token, moment)
            if link is None:
                raise patient_links.dead()
            fits = patient_links.exchange(connection, link, pin, moment)
            session, session_id = "", ""
            if fits:
                throttle.succeeded(connection, f"link {web_sessions.digest_of(token)}", address)
                session, session_id = web_sessions.begin(connection, moment, link_id=link.id)
            patient, outcome = Actor("", Role.PATIENT, session_id), "done" if fits else "denied"
            append(
                connection,
                Entry(patient, Verb.ENTER, "exchange_link", link.patient_id, f"link:{link.id}", outcome,
                      request_id=self._request_id),
            )  # fmt: skip
        if not fits:
            raise RecordError("This is not the PIN; please look again, or ask the clinic.", code="bad_pin")
        return session

    def links(self, patient_id: str) -> tuple[PatientLink, ...]:
        """Links that were made for a patient, the latest first."""
        with self._store.reading() as connection:
            return patient_links.links(connection, patient_id)

    def revoke_link(self, link_id: str) -> None:
        """End a link, and the session it was exchanged for, at once."""
        with self._journal.writing() as connection:
            patient_id = patient_links.revoke(connection, link_id, clock.now())
            self._log(connection, Verb.ISSUE, "revoke_link", patient_id, f"link:{link_id}")
