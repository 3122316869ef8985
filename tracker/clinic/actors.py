"""Who acts in the clinic's record, and what can be done in it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in the clinic.

    ``SYSTEM`` is the program itself, and the person at the command line, who holds the key. ``NOBODY`` has not signed
    in.
    """

    OWNER = "owner"
    PRACTITIONER = "practitioner"
    ASSISTANT = "assistant"
    RATER = "rater"
    AUDITOR = "auditor"
    PATIENT = "patient"
    SYSTEM = "system"
    NOBODY = "nobody"


STAFF = frozenset({Role.OWNER, Role.PRACTITIONER, Role.ASSISTANT, Role.RATER, Role.AUDITOR})


class Verb(StrEnum):
    """What can be done; each public method of the clinic is one of these."""

    ENTER = "enter"
    """What comes before anybody is known: signing in, and answering an invitation."""
    ENROL = "enrol"
    """Giving oneself a second factor."""
    ACCOUNT = "account"
    """One's own account: password, sessions."""
    LIST = "list"
    """Which patients there are, and what of them is photographed."""
    REGISTER = "register"
    """Adding patients and views."""
    ADD = "add"
    """Adding photos, and what the gate says of them."""
    VIEW = "view"
    """Looking at a stored photo."""
    MEASURED = "measured"
    """What was measured and noted."""
    CHANGE = "change"
    REMOVE = "remove"
    EXPORT = "export"
    ERASE = "erase"
    ISSUE = "issue"
    """Giving a report to a patient, and links to it."""
    RECEIVE = "receive"
    """Reading a report that was issued."""
    CONSENT = "consent"
    """Reading, giving and withdrawing consent."""
    DIARY = "diary"
    """What a patient tells from home."""
    RATE = "rate"
    """Answering a blinded rating."""
    STUDY = "study"
    """Studies of how well a number repeats."""
    CONFIGURE = "configure"
    """What holds for the whole clinic: cards, charts, templates."""
    EMERGENCY = "emergency"
    """Breaking the glass: a patient of somebody else's, for a reason and some hours."""
    AUDIT = "audit"
    """Reading the log."""
    ADMINISTER = "administer"
    """Accounts of others."""
    RUN = "run"
    """What only the program itself does."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts.

    Attributes
    ----------
    account_id : str
        Empty for nobody, and for who came by a patient's link.
    role : Role
    session_id : str
        Of the browser's session, whose life is looked up at every call; empty without a browser.
    patient_id : str
        Who a patient is.
    scope : frozenset of str
        What a link is for, such as ``{"report:…"}``; empty = whatever the role may.
    is_enrolling : bool
        The second factor is still missing.
    is_visitor : bool
        Looks around the demonstration, without an account.
    """

    account_id: str
    role: Role
    session_id: str = ""
    patient_id: str = ""
    scope: frozenset[str] = frozenset()
    is_enrolling: bool = False
    is_visitor: bool = False


SYSTEM = Actor("system", Role.SYSTEM)
NOBODY = Actor("", Role.NOBODY)
