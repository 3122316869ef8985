"""`account`: who may sign in, for the person at the command line, who holds the key. The log says what was done."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from tracker.clinic import Clinic
from tracker.clinic.accounts import Account
from tracker.clinic.actors import Role
from tracker.clinic.importing import patient_with_code
from tracker.commands.printing import print_json
from tracker.errors import RecordError
from tracker.photo import display_name

_SAID = {
    "reset": "The second factor is gone; a new one is set up at the next sign-in. All sessions have ended.",
    "disable": "Nobody can sign in with this account any more. All sessions have ended.",
    "enable": "The account can sign in again.",
}


def account(options: Namespace) -> int:
    """List, add, invite, reset, disable or enable accounts."""
    with Clinic.open() as clinic:
        if options.doing == "list":
            _show(clinic.accounts(), options)
            return 0
        if options.doing == "add":
            return _invited(_add(clinic, options), options)
        found = _named(clinic, options.name)
        if options.doing == "invite":
            return _invited(clinic.invite_again(found.id), options)
        change = {
            "reset": clinic.reset_second_factor,
            "disable": clinic.disable_account,
            "enable": clinic.enable_account,
        }[options.doing]
        change(found.id)
    if options.json:
        print_json({"account": found.id, "done": options.doing})
    else:
        print(_SAID[options.doing])
    return 0


def _add(clinic: Clinic, options: Namespace) -> str:
    role = Role(options.role)
    if (role is Role.PATIENT) != (options.patient is not None):
        raise RecordError("An account of a patient, and no other, names its patient with --patient.", code="bad_role")
    patient = patient_with_code(clinic, options.patient) if options.patient else None
    return clinic.add_account(role, options.name, patient.id if patient else None)


def _named(clinic: Clinic, name: str) -> Account:
    for each in clinic.accounts():
        if each.name.casefold() == name.strip().casefold():
            return each
    raise RecordError(f"There is no account {display_name(name)}; `account list` shows all.", code="not_found")


def _invited(token: str, options: Namespace) -> int:
    if options.json:
        print_json({"invitation": token})
        return 0
    print(f"Invitation, for 7 days and one use: {token}")
    print("They open the app, choose Invitation, and set their own password. It is not shown again.")
    return 0


def _show(found: Sequence[Account], options: Namespace) -> None:
    if options.json:
        print_json({"accounts": [_document(each) for each in found]})
        return
    for each in found:
        print(f"{display_name(each.name):<24} {each.role:<13} {_state(each)}")
    if not found:
        print("There is no account yet. The owner is set up in the app, with the code that it prints when it starts.")


def _document(each: Account) -> dict[str, object]:
    return {"id": each.id, "name": each.name, "role": str(each.role), "state": _state(each)}


def _state(each: Account) -> str:
    if each.is_disabled:
        return "disabled"
    if not (each.has_password or each.is_connected):
        return "invited"
    return "second factor missing" if each.needs_second_factor and not each.is_connected else "active"
