"""Every public method of the clinic asks first: who acts, what is it, whose is it; and says so in the log."""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from typing import Any, Self, TypeVar

from sqlalchemy import Connection

from tracker.clinic import audit, patient_links
from tracker.clinic.actors import SYSTEM, Actor, Role, Verb
from tracker.clinic.audit import Entry
from tracker.clinic.authorize import RESOLVERS, Target, authorize, owner_of, visible
from tracker.clinic.journal import Journal
from tracker.clinic.rules import RULES, Rule
from tracker.clinic.store import Store
from tracker.errors import RecordError

#: What shows something is logged after it was made and before it is shown; what changes something, before it is done.
_SHOWING = frozenset({Verb.LIST, Verb.VIEW, Verb.MEASURED, Verb.RATE, Verb.EXPORT, Verb.RECEIVE, Verb.AUDIT})
_ONCE_PER_VIEW = frozenset({Verb.VIEW, Verb.RATE, Verb.RECEIVE})
_IDENTIFIER = re.compile(r"[0-9a-f]{32}")
_inside: ContextVar[object] = ContextVar("inside", default=None)
C = TypeVar("C", bound=type)


class Acting:
    """Somebody acts in the record; the first base of `Clinic`."""

    _store: Store
    _journal: Journal
    _actor: Actor = SYSTEM
    _request_id: str = ""

    def acting_for(self, actor: Actor, *, request_id: str = "") -> Self:
        """The same record, in which somebody acts from now on.

        Parameters
        ----------
        actor : Actor
            As `session_of` gives it. Whether it still may is asked at every call.
        request_id : str
            What belongs to one view of a page has it in common.
        """
        bound = copy.copy(self)
        bound._actor, bound._request_id = actor, request_id
        return bound

    def acting(self) -> Actor:
        """Who acts; a page shows what their role is made for."""
        return self._actor

    def audit(
        self,
        verb: Verb,
        action: str,
        *,
        patient_id: str = "",
        object: str = "",
        reason: str = "",
        outcome: str = "done",
    ) -> None:
        """Put an entry in the log that no method of the clinic writes by itself; no names, no tokens."""
        self._journal.write(self._entry(verb, action, patient_id, object, reason, outcome))

    def _entry(
        self, verb: Verb, action: str, patient_id: str = "", object: str = "", reason: str = "", outcome: str = "done"
    ) -> Entry:
        return Entry(self._actor, verb, action, patient_id, object, outcome, reason, self._request_id)

    def _log(self, connection: Connection, verb: Verb, action: str, patient_id: str = "", object: str = "") -> None:
        """Put an entry in the log with the changes of this connection; `Journal.writing` gives it."""
        audit.append(connection, self._entry(verb, action, patient_id, object))


def guarded(clinic: C) -> C:
    """Put the guard in front of every public method of a class.

    Raises
    ------
    TypeError
        A public method has no row in `RULES`, or names an object of which nobody knows whose it is: the program does
        not start.
    """
    for name in dir(clinic):
        if name.startswith("_"):
            continue
        member = inspect.getattr_static(clinic, name)
        if isinstance(member, classmethod | staticmethod) or not callable(member):
            if isinstance(member, property):
                raise TypeError(f"{name} is a property: whoever reads it is not asked; please make it a method")
            continue
        setattr(clinic, name, _guard(name, member, rule_of(name, member)))
    return clinic


def rule_of(name: str, method: Callable[..., Any]) -> Rule:
    """The rule of a method; `TypeError` if there is none or it does not fit the parameters."""
    rule = RULES.get(name)
    if rule is None:
        raise TypeError(f"{name} has no row in tracker.clinic.rules.RULES: please say there which verb it is")
    named = [p for p in inspect.signature(method).parameters if p.endswith("_id") and p not in rule.unchecked]
    unknown = [p for p in named if p not in RESOLVERS and p != "request_id"]
    if unknown:
        raise TypeError(
            f"{name} takes {', '.join(unknown)}: please add to tracker.clinic.authorize.RESOLVERS whose it is, or name "
            f"it as unchecked in the row of {name}"
        )
    if rule.is_wide == any(p in RESOLVERS for p in named):
        raise TypeError(f"the row of {name} has to say is_wide if, and only if, it is about no single object")
    return rule


def _guard(name: str, method: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    signature = inspect.signature(method)
    checked = [p for p in signature.parameters if p in RESOLVERS and p not in rule.unchecked]

    @functools.wraps(method)
    def call(self: Acting, *args: Any, **kwargs: Any) -> Any:
        if _inside.get() is self or _is_free(self._actor, rule):
            return _within(self, method, args, kwargs)
        given = signature.bind(self, *args, **kwargs).arguments
        targets = [Target(p, given[p]) for p in checked if given.get(p)]
        about = " ".join(f"{t.kind}:{_identifier(t.id)}" for t in targets)
        patient_id = _allowed(self, name, rule, targets, about)
        if not rule.is_logged:
            return _sifted(self, rule, _within(self, method, args, kwargs))
        entry = self._entry(rule.verb, name, patient_id, about)
        if rule.verb not in _SHOWING:
            return _written_first(self, entry, method, args, kwargs)
        result = _sifted(self, rule, _within(self, method, args, kwargs))
        _written_last(self, entry, rule)
        return result

    return call


def _is_free(actor: Actor, rule: Rule) -> bool:
    """The program itself is asked nothing; what it does on its own is no view of anybody's."""
    return rule.verb is Verb.ENTER or (actor.role is Role.SYSTEM and (not rule.is_logged or rule.verb in _SHOWING))


def _allowed(self: Acting, name: str, rule: Rule, targets: list[Target], about: str) -> str:
    try:
        with self._store.reading() as connection:
            return authorize(connection, self._actor, rule.verb, *targets, is_personal=rule.is_personal)
    except RecordError as refusal:
        if refusal.code in ("not_allowed", "not_found", "signed_out"):
            self._journal.write(self._entry(rule.verb, name, _concerned(self, targets), about, outcome="denied"))
        raise


def _concerned(self: Acting, targets: list[Target]) -> str:
    """Whom a refused call was about: the patient may read of it, the one who was refused may not."""
    with self._store.reading() as connection:
        return next(filter(None, (owner_of(connection, target) for target in targets)), "")


def _within(self: Acting, method: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call a method that may call others, which are not asked again."""
    before = _inside.set(self)
    try:
        return method(self, *args, **kwargs)
    finally:
        _inside.reset(before)


def _written_first(
    self: Acting, entry: Entry, method: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Any:
    """Nothing is changed of which the log does not know; what then failed is said as well."""
    self._journal.write(entry)
    try:
        return _within(self, method, args, kwargs)
    except Exception:
        self._journal.write(
            Entry(
                entry.actor, entry.verb, entry.action, entry.patient_id, entry.object, "failed",
                request_id=entry.request_id,
            )
        )  # fmt: skip
        raise


def _written_last(self: Acting, entry: Entry, rule: Rule) -> None:
    """Nothing is shown of which the log does not know."""
    if rule.verb not in _ONCE_PER_VIEW:
        self._journal.write(entry)
        return
    self._journal.seen(entry)
    if self._actor.scope and self._journal.is_new_page(entry):
        try:
            with self._store.writing() as connection:
                patient_links.count_view(connection, self._actor.session_id)
        except BaseException:
            self._journal.forget_page(entry)  # what was not counted is not shown the next time either
            raise


def _sifted(self: Acting, rule: Rule, result: Any) -> Any:
    if not rule.sifted or not isinstance(result, Collection):
        return result
    with self._store.reading() as connection:
        own = visible(connection, self._actor, rule.verb)
    if own is None:
        return result
    kept = [each for each in result if (each if rule.sifted == "." else getattr(each, rule.sifted)) in own]
    return type(result)(kept)  # type: ignore[call-arg]


def _identifier(given: object) -> str:
    """What may be kept of an identifier that somebody sent: nothing that is none."""
    return given if isinstance(given, str) and _IDENTIFIER.fullmatch(given) else "?"
