"""Accounts as they are kept: names, passwords, second factors, invitations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tracker.clinic import identities, passwords, schema, second_factor
from tracker.clinic.actors import STAFF, Role
from tracker.clinic.register import not_found, random_id
from tracker.clinic.sealing import secrets_of
from tracker.clinic.web_sessions import digest_of, new_token
from tracker.errors import RecordError

INVITED_FOR = timedelta(days=7)
_LONGEST_NAME = 80
_NAME, _TOTP = "account.name", "account.totp"
_ACCOUNT, _CODE, _INVITED = schema.account.c, schema.recovery_code.c, schema.invitation.c


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in.

    Attributes
    ----------
    id : str
    name : str
        By which they sign in.
    role : Role
    patient_id : str
        Who a patient is; empty for staff.
    has_password, has_second_factor, is_disabled : bool
    is_connected : bool
        They may sign in by the clinic's identity provider.
    created_at : datetime
    """

    id: str
    name: str
    role: Role
    patient_id: str
    has_password: bool
    has_second_factor: bool
    is_disabled: bool
    is_connected: bool
    created_at: datetime

    @property
    def needs_second_factor(self) -> bool:
        """Whether nothing but giving a second factor is allowed."""
        return self.role in STAFF and not self.has_second_factor


def add(connection: Connection, role: Role, name: str, patient_id: str | None, moment: datetime) -> Account:
    """A new account, without a password.

    Raises
    ------
    RecordError
        ``bad_name``, ``name_taken``, or ``bad_role``: the role is none to be given, or does not fit.
    """
    if role not in STAFF and role is not Role.PATIENT:
        raise RecordError("There is no such role; please choose one of the list.", code="bad_role")
    if (role is Role.PATIENT) != bool(patient_id):
        raise RecordError("An account of a patient belongs to a patient, and no other does.", code="bad_role")
    name, secrets = checked_name(name), secrets_of(connection)
    if by_name(connection, name) is not None:
        raise RecordError("There is an account with this name already; please choose another.", code="name_taken")
    new_id = random_id()
    connection.execute(
        insert(schema.account).values(
            id=new_id, role=str(role), name=secrets.seal_clinic(f"{_NAME}:{new_id}", name),
            name_index=secrets.index(_NAME, name), patient_id=patient_id or None, password="", totp="",
            is_totp_confirmed=False, last_step=0, created_at=moment,
        )
    )  # fmt: skip
    return account(connection, new_id)


def checked_name(name: str) -> str:
    """A name in its one form; `RecordError` with code ``bad_name`` if it is none."""
    found = " ".join(name.split())
    if not 0 < len(found) <= _LONGEST_NAME or not found.isprintable():
        raise RecordError(f"An account needs a name of at most {_LONGEST_NAME} letters.", code="bad_name")
    return found


def row_of(connection: Connection, account_id: str) -> Row[Any]:
    """The row of an account; `RecordError` with code ``not_found`` if there is none."""
    row = connection.execute(select(schema.account).where(_ACCOUNT.id == account_id)).first()
    if row is None:
        raise not_found("account")
    return row


def by_name(connection: Connection, name: str) -> Row[Any] | None:
    """The row of the account with a name, whatever its case; None if there is none."""
    index = secrets_of(connection).index(_NAME, " ".join(name.split()))
    return connection.execute(select(schema.account).where(_ACCOUNT.name_index == index)).first()


def account(connection: Connection, account_id: str) -> Account:
    """One account; `RecordError` with code ``not_found`` if there is none."""
    return _account(connection, row_of(connection, account_id))


def accounts(connection: Connection) -> tuple[Account, ...]:
    """All accounts in the order in which they were added."""
    rows = connection.execute(select(schema.account).order_by(_ACCOUNT.arrival))
    return tuple(_account(connection, row) for row in rows)


def count(connection: Connection, *, role: Role | None = None, only_usable: bool = False) -> int:
    """How many accounts there are; with a role, how many of it."""
    chosen = select(func.count()).select_from(schema.account)
    if role is not None:
        chosen = chosen.where(_ACCOUNT.role == str(role))
    if only_usable:
        chosen = chosen.where(_ACCOUNT.disabled_at.is_(None), _ACCOUNT.password != "")
    return int(connection.execute(chosen).scalar_one())


def store_password(connection: Connection, account_id: str, kept: str) -> None:
    """Keep a password that was hashed."""
    connection.execute(update(schema.account).where(_ACCOUNT.id == account_id).values(password=kept))


def store_role(connection: Connection, account_id: str, role: Role) -> None:
    """Change the role of a member of staff."""
    row = row_of(connection, account_id)
    if role not in STAFF or row.role == Role.PATIENT:
        raise RecordError("Only members of staff change roles, and only to one of staff.", code="bad_role")
    _keep_an_owner(connection, row, is_leaving=role is not Role.OWNER)
    connection.execute(update(schema.account).where(_ACCOUNT.id == account_id).values(role=str(role)))


def disable(connection: Connection, account_id: str, moment: datetime | None) -> None:
    """Disable an account, or enable it again.

    Raises
    ------
    RecordError
        ``last_owner``: nobody could administer the clinic any more.
    """
    row = row_of(connection, account_id)
    _keep_an_owner(connection, row, is_leaving=moment is not None)
    connection.execute(update(schema.account).where(_ACCOUNT.id == account_id).values(disabled_at=moment))


def _keep_an_owner(connection: Connection, row: Row[Any], *, is_leaving: bool) -> None:
    is_usable = row.role == Role.OWNER and row.disabled_at is None and row.password
    if is_leaving and is_usable and count(connection, role=Role.OWNER, only_usable=True) < 2:
        raise RecordError("This is the only owner; please make somebody else an owner first.", code="last_owner")


def invite(connection: Connection, account_id: str, moment: datetime) -> str:
    """A token with which the password of an account is set, once; earlier ones are void."""
    connection.execute(delete(schema.invitation).where(_INVITED.account_id == account_id))
    token = new_token()
    connection.execute(
        insert(schema.invitation).values(
            digest=digest_of(token), account_id=account_id, expires_at=moment + INVITED_FOR
        )
    )
    return token


def invited(connection: Connection, token: str, moment: datetime) -> Row[Any]:
    """The account that an invitation is for, whose token is used up by this.

    Raises
    ------
    RecordError
        ``bad_invitation``: there is none, it was used, or it is too old.
    """
    here = _INVITED.digest == digest_of(token), _INVITED.used_at.is_(None), _INVITED.expires_at > moment
    used = connection.execute(update(schema.invitation).where(*here).values(used_at=moment))
    found = select(_INVITED.account_id).where(_INVITED.digest == digest_of(token))
    row = row_of(connection, connection.execute(found).scalar_one()) if used.rowcount else None
    if row is None or row.disabled_at is not None:
        raise RecordError("This invitation was used or is too old; please ask for a new one.", code="bad_invitation")
    return row


def invited_name(connection: Connection, token: str, moment: datetime) -> str:
    """The name with which the holder of an invitation will sign in; empty if it is not open. Uses nothing up."""
    here = _INVITED.digest == digest_of(token), _INVITED.used_at.is_(None), _INVITED.expires_at > moment
    found = connection.execute(select(_INVITED.account_id).where(*here)).scalar()
    row = row_of(connection, found) if found is not None else None
    return name_of(connection, row) if row is not None and row.disabled_at is None else ""


def secret_of(connection: Connection, row: Row[Any]) -> str:
    """The secret of the second factor; empty if there is none."""
    return secrets_of(connection).open_clinic(f"{_TOTP}:{row.id}", row.totp) if row.totp else ""


def name_of(connection: Connection, row: Row[Any]) -> str:
    """The name of an account."""
    return secrets_of(connection).open_clinic(f"{_NAME}:{row.id}", row.name)


def store_secret(connection: Connection, account_id: str, secret: str) -> None:
    """Keep the secret of a second factor that is still to be confirmed; an empty one takes the factor away."""
    sealed = secrets_of(connection).seal_clinic(f"{_TOTP}:{account_id}", secret) if secret else ""
    values = {"totp": sealed, "is_totp_confirmed": False, "last_step": 0}
    connection.execute(update(schema.account).where(_ACCOUNT.id == account_id).values(**values))
    connection.execute(delete(schema.recovery_code).where(_CODE.account_id == account_id))


def confirm_secret(connection: Connection, account_id: str) -> None:
    """From now on the second factor is asked for."""
    connection.execute(update(schema.account).where(_ACCOUNT.id == account_id).values(is_totp_confirmed=True))


def use_code(connection: Connection, row: Row[Any], code: str, moment: datetime) -> bool:
    """Whether a code of the authenticator app, or a recovery code, fits; either is used up by this."""
    step = second_factor.accepted_step(secret_of(connection, row), code, moment, row.last_step)
    if step is not None:
        later = update(schema.account).where(_ACCOUNT.id == row.id, _ACCOUNT.last_step < step)
        return bool(connection.execute(later.values(last_step=step)).rowcount)
    digest = second_factor.recovery_digest(row.id, code)
    here = _CODE.account_id == row.id, _CODE.digest == digest, _CODE.used_at.is_(None)
    return bool(connection.execute(update(schema.recovery_code).where(*here).values(used_at=moment)).rowcount)


def new_recovery_codes(connection: Connection, account_id: str) -> tuple[str, ...]:
    """Ten fresh recovery codes; earlier ones are void."""
    codes = second_factor.new_recovery_codes()
    connection.execute(delete(schema.recovery_code).where(_CODE.account_id == account_id))
    rows = [{"account_id": account_id, "digest": second_factor.recovery_digest(account_id, code)} for code in codes]
    connection.execute(insert(schema.recovery_code), rows)
    return codes


def password_fits(row: Row[Any] | None, password: str) -> bool:
    """Whether a password is that of an account; takes the same time without one."""
    return passwords.matches(row.password if row is not None else "", password)


def _account(connection: Connection, row: Row[Any]) -> Account:
    return Account(
        id=row.id,
        name=name_of(connection, row),
        role=Role(row.role),
        patient_id=row.patient_id or "",
        has_password=bool(row.password),
        has_second_factor=row.is_totp_confirmed,
        is_disabled=row.disabled_at is not None,
        is_connected=identities.is_connected(connection, row.id),
        created_at=row.created_at,
    )
