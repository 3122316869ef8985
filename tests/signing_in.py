"""How tests sign in: the way a person does, second factor included."""

from __future__ import annotations

import time
from weakref import WeakKeyDictionary

from tracker.clinic import Clinic
from tracker.clinic.actors import Actor, Role
from tracker.clinic.second_factor import code_at

PASSWORD = "a quiet afternoon in Leeds"
OWNER = "Olga Owner"
_OWNERS: WeakKeyDictionary[Clinic, str] = WeakKeyDictionary()


def code_now(secret: str) -> str:
    """What an authenticator app shows at this moment."""
    return code_at(secret.replace(" ", ""), int(time.time()) // 30)


def token_of_owner(clinic: Clinic) -> str:
    """A session of the owner of a clinic, who is set up by the first call."""
    if clinic not in _OWNERS:
        _OWNERS[clinic] = enrolled(clinic, clinic.set_up_owner(OWNER, PASSWORD, code=clinic.setup_code()))
    return _OWNERS[clinic]


def token_of(clinic: Clinic, role: Role, name: str, patient_id: str | None = None) -> str:
    """A session of somebody who was invited; the clinic acts for the program."""
    token = clinic.accept_invitation(clinic.add_account(role, name, patient_id), PASSWORD)
    return token if role is Role.PATIENT else enrolled(clinic, token)


def actor_of(clinic: Clinic, token: str) -> Actor:
    """Who holds a token."""
    actor = clinic.session_of(token)
    assert actor is not None
    return actor


def enrolled(clinic: Clinic, token: str) -> str:
    """A session with a second factor, from one in which it is missing."""
    own = clinic.acting_for(actor_of(clinic, token))
    return own.confirm_second_factor(code_now(own.begin_second_factor().secret)).token
