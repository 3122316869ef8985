"""Accounts: set-up, sign-in, second factor, sessions, throttling."""

from __future__ import annotations

import base64
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from tracker.clinic import Clinic, accounts, clock, known_browsers, passwords, schema, second_factor, throttle
from tracker.clinic.actors import Actor, Role
from tracker.clinic.second_factor import accepted_step, code_at, step_of
from tracker.errors import RecordError

PASSWORD = "four words nobody joins"
START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment

    def on(self, **by: float) -> None:
        self.moment += timedelta(**by)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    found = Watch()
    monkeypatch.setattr(clock, "now", found)
    return found


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash that is checked quickly: what it costs is a test of its own."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobodys.cache_clear()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Clinic.open(tmp_path) as found:
        yield found


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(RecordError) as refusal:
        call()
    return refusal.value.code


def code_now(secret: str) -> str:
    return code_at(secret, step_of(clock.now()))


def owner(clinic: Clinic, name: str = "Ada") -> tuple[Actor, str, tuple[str, ...]]:
    """The owner signed in, the secret of the second factor, and the recovery codes."""
    token = clinic.set_up_owner(name, PASSWORD, code=clinic.setup_code())
    actor = clinic.session_of(token)
    assert actor is not None
    bound = clinic.acting_for(actor)
    secret = bound.begin_second_factor().secret
    confirmed = bound.confirm_second_factor(code_now(secret))
    full = clinic.session_of(confirmed.token)
    assert full is not None
    return full, secret, confirmed.recovery_codes


def member(clinic: Clinic, role: Role, name: str) -> Actor:
    """Somebody who accepted an invitation, without a second factor yet."""
    actor = clinic.session_of(clinic.accept_invitation(clinic.add_account(role, name), PASSWORD))
    assert actor is not None
    return actor


# Set-up


def test_the_owner_is_set_up_once_with_the_code_of_the_terminal(clinic: Clinic) -> None:
    assert not clinic.has_owner()
    old = clinic.setup_code()
    code = clinic.setup_code()
    assert refused(lambda: clinic.set_up_owner("Ada", PASSWORD, code=old)) == "bad_code"
    assert refused(lambda: clinic.set_up_owner("Ada", "short", code=code)) == "weak_password"
    assert not clinic.has_owner()

    clinic.set_up_owner("Ada", PASSWORD, code=code)

    assert clinic.has_owner()
    assert refused(lambda: clinic.set_up_owner("Eve", PASSWORD, code=code)) == "has_owner"


def test_the_code_of_the_terminal_cannot_be_tried_out(clinic: Clinic, watch: Watch) -> None:
    code = clinic.setup_code()
    tries = [refused(lambda: clinic.set_up_owner("Eve", PASSWORD, code="0", address="::1")) for _ in range(50)]

    assert tries.count("bad_code") == throttle.PAIR.free
    assert refused(lambda: clinic.set_up_owner("Eve", PASSWORD, code=code, address="::1")) == "throttled"


def test_once_there_is_an_owner_a_set_up_costs_nothing(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    owner(clinic)
    monkeypatch.setattr(passwords, "hashed", lambda password: pytest.fail("a stranger made us hash a password"))

    assert refused(lambda: clinic.set_up_owner("Eve", PASSWORD, code="0")) == "has_owner"


def test_the_password_cannot_be_tried_out_in_an_open_session(clinic: Clinic) -> None:
    bound = clinic.acting_for(owner(clinic)[0])
    wrong = [refused(lambda: bound.change_password("not the old one", PASSWORD)) for _ in range(8)]

    assert wrong.count("sign_in") == throttle.PAIR.free
    assert refused(lambda: bound.change_password(PASSWORD, "another four words here")) == "throttled"


def test_without_a_second_factor_nothing_but_giving_one_is_allowed(clinic: Clinic) -> None:
    actor = clinic.session_of(clinic.set_up_owner("Ada", PASSWORD, code=clinic.setup_code()))
    assert actor is not None
    assert actor.is_enrolling
    bound = clinic.acting_for(actor)
    assert refused(bound.patients) == refused(bound.accounts) == refused(bound.work) == "not_allowed"

    factor = bound.begin_second_factor()
    assert bound.begin_second_factor() == factor
    assert refused(lambda: bound.confirm_second_factor("000000")) == "bad_code"
    confirmed = bound.confirm_second_factor(code_now(factor.secret))

    assert clinic.session_of(confirmed.token) is not None
    assert refused(bound.patients) == "signed_out"  # the session before ended
    assert len(set(confirmed.recovery_codes)) == 10


def test_the_visitors_of_the_demonstration_leave_when_the_owner_comes(clinic: Clinic) -> None:
    token = clinic.enter_demonstration(is_here=True)
    assert clinic.session_of(token) is not None

    clinic.set_up_owner("Ada", PASSWORD, code=clinic.setup_code())

    assert clinic.session_of(token) is None
    assert refused(lambda: clinic.enter_demonstration(is_here=True)) == "closed"


# Sign-in


def test_sign_in_asks_for_name_password_and_a_code_that_was_not_used(clinic: Clinic, watch: Watch) -> None:
    _, secret, _ = owner(clinic)
    used = code_now(secret)
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, used)) == "sign_in"
    watch.on(seconds=30)

    fresh = code_now(secret)
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD)) == "sign_in"
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD + "!", fresh)) == "sign_in"
    assert refused(lambda: clinic.sign_in("Eve", PASSWORD, fresh)) == "sign_in"
    token = clinic.sign_in(" ada ", PASSWORD, fresh)

    actor = clinic.session_of(token)
    assert actor is not None
    assert (actor.role, actor.is_enrolling) == (Role.OWNER, False)
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, fresh)) == "sign_in"


def test_a_recovery_code_stands_in_for_the_second_factor_once(clinic: Clinic, watch: Watch) -> None:
    actor, _, codes = owner(clinic)
    assert clinic.session_of(clinic.sign_in("Ada", PASSWORD, codes[0].upper().replace("-", " ")))
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, codes[0])) == "sign_in"

    renewed = clinic.acting_for(actor).renew_recovery_codes(PASSWORD, codes[2])

    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, codes[1])) == "sign_in"
    assert clinic.sign_in("Ada", PASSWORD, renewed[1])


def test_neither_name_password_secret_nor_token_can_be_read_in_the_record(clinic: Clinic, tmp_path: Path) -> None:
    _, secret, codes = owner(clinic, "Ada Lovelace-Byron")
    token = clinic.sign_in("Ada Lovelace-Byron", PASSWORD, codes[0])
    invitation = clinic.add_account(Role.RATER, "Charles")
    clinic.close()

    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    raw = base64.b32decode(secret)
    for word in ("Lovelace", "lovelace", PASSWORD, secret, token, invitation, "Charles", codes[0], codes[1]):
        assert word.encode() not in kept
    assert raw not in kept


def test_sign_ins_that_fail_and_that_succeed_each_stand_in_the_log_once(clinic: Clinic, watch: Watch) -> None:
    actor, _, codes = owner(clinic)
    before = len(clinic.log(limit=1000))
    refused(lambda: clinic.sign_in("Ada", "not the right one", codes[0]))
    refused(lambda: clinic.sign_in("Eve", PASSWORD, codes[0]))
    token = clinic.sign_in("Ada", PASSWORD, codes[0])
    clinic.sign_out(token)
    clinic.sign_out(token)

    new = clinic.log(limit=1000)[: len(clinic.log(limit=1000)) - before]
    assert [(e.action, e.outcome, e.account_id) for e in reversed(new)] == [
        ("sign_in", "denied", actor.account_id),
        ("sign_in", "denied", ""),
        ("sign_in", "done", actor.account_id),
        ("sign_out", "done", actor.account_id),
    ]
    assert clinic.verify_log() == ()


@pytest.mark.slow
def test_an_unknown_name_takes_as_long_as_a_wrong_password(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    owner(clinic)
    monkeypatch.setattr(throttle, "begin", lambda *_: None)
    taken: dict[str, list[float]] = {"Ada": [], "Eve": []}
    for _ in range(9):
        for name, times in taken.items():
            began = time.process_time()  # not the clock: others may need the machine
            refused(lambda name=name: clinic.sign_in(name, "not the right one"))
            times.append(time.process_time() - began)

    known, unknown = (statistics.median(times) for times in taken.values())
    assert abs(known - unknown) < max(0.010, 0.25 * known)


# Sessions


def test_a_session_ends_after_a_quarter_of_an_hour_of_silence(clinic: Clinic, watch: Watch) -> None:
    _, _, codes = owner(clinic)
    token = clinic.sign_in("Ada", PASSWORD, codes[0])
    for _ in range(4):
        watch.on(minutes=14, seconds=59)
        assert clinic.session_of(token) is not None

    watch.on(minutes=15)
    assert clinic.session_of(token) is None
    watch.on(minutes=-30)  # a clock that is set back wakes nobody up but this one
    assert clinic.session_of(token) is not None


def test_a_session_ends_after_eight_hours_whatever_is_done(clinic: Clinic, watch: Watch) -> None:
    _, _, codes = owner(clinic)
    token = clinic.sign_in("Ada", PASSWORD, codes[0])
    for _ in range(47):
        watch.on(minutes=10)
        assert clinic.session_of(token) is not None

    watch.on(minutes=10)
    assert clinic.session_of(token) is None


def test_a_session_of_a_clock_that_was_wrong_does_not_live_for_years(clinic: Clinic, watch: Watch) -> None:
    watch.on(days=365)
    _, _, codes = owner(clinic)
    token = clinic.sign_in("Ada", PASSWORD, codes[0])
    watch.on(days=-365)

    assert clinic.session_of(token) is None


def test_every_way_out_ends_the_session_at_once_in_every_process(clinic: Clinic, tmp_path: Path) -> None:
    with Clinic.open(tmp_path) as elsewhere:
        for end in (
            lambda a, t: clinic.sign_out(t),
            lambda a, t: clinic.revoke_sessions(a.account_id),
            lambda a, t: clinic.revoke_sessions(a.account_id, web_session=a.session_id),
            lambda a, t: clinic.disable_account(a.account_id),
            lambda a, t: clinic.reset_second_factor(a.account_id),
            lambda a, t: clinic.invite_again(a.account_id),
        ):
            token = clinic.accept_invitation(clinic.add_account(Role.AUDITOR, f"x{time.monotonic_ns()}"), PASSWORD)
            actor = elsewhere.session_of(token)
            assert actor is not None
            assert [each.id for each in clinic.sessions(actor.account_id)] == [actor.session_id]

            end(actor, token)

            assert elsewhere.session_of(token) is None
            assert refused(elsewhere.acting_for(actor).begin_second_factor) == "signed_out"
            assert clinic.sessions(actor.account_id) == ()


def test_tokens_that_were_never_given_open_nothing(clinic: Clinic) -> None:
    owner(clinic)
    for token in ("", "a", "é" * 9, "\udc80", "0" * 10_000, "' OR 1=1 --"):
        assert clinic.session_of(token) is None


def test_changing_the_password_ends_the_other_sessions(clinic: Clinic, watch: Watch) -> None:
    actor, _, codes = owner(clinic)
    other = clinic.sign_in("Ada", PASSWORD, codes[0])
    bound = clinic.acting_for(actor)
    assert refused(lambda: bound.change_password("not the old one", "another four words here")) == "sign_in"
    assert refused(lambda: bound.change_password(PASSWORD, "ada ada ada ada")) == "weak_password"

    bound.change_password(PASSWORD, "another four words here")

    assert clinic.session_of(other) is None
    assert bound.patients() == ()
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, codes[1])) == "sign_in"
    assert clinic.sign_in("Ada", "another four words here", codes[2])


# Accounts of others


def test_an_invitation_sets_a_password_once_within_a_week(clinic: Clinic, watch: Watch) -> None:
    token = clinic.add_account(Role.PRACTITIONER, "Bob")
    assert refused(lambda: clinic.sign_in("Bob", "")) == "sign_in"
    assert refused(lambda: clinic.accept_invitation(token, "bob bob bob bob")) == "weak_password"
    session = clinic.session_of(clinic.accept_invitation(token, PASSWORD))
    assert session is not None
    assert (session.role, session.is_enrolling) == (Role.PRACTITIONER, True)
    assert refused(lambda: clinic.accept_invitation(token, PASSWORD)) == "bad_invitation"

    late = clinic.add_account(Role.RATER, "Cleo")
    watch.on(days=7)
    assert refused(lambda: clinic.accept_invitation(late, PASSWORD)) == "bad_invitation"
    replaced = clinic.invite_again(clinic.accounts()[1].id)
    fresh = clinic.invite_again(clinic.accounts()[1].id)
    assert refused(lambda: clinic.accept_invitation(replaced, PASSWORD)) == "bad_invitation"
    assert clinic.accept_invitation(fresh, PASSWORD)


def test_a_patient_signs_in_without_a_second_factor_and_is_that_patient(clinic: Clinic) -> None:
    patient = clinic.add_patient(code="P-1")
    actor = clinic.session_of(clinic.accept_invitation(clinic.invite_patient(patient.id, "Pat"), PASSWORD))

    assert actor is not None
    assert (actor.role, actor.patient_id, actor.is_enrolling) == (Role.PATIENT, patient.id, False)
    assert refused(lambda: clinic.add_account(Role.PATIENT, "Nobody")) == "bad_role"
    assert refused(lambda: clinic.add_account(Role.OWNER, "Pat 2", patient.id)) == "bad_role"
    assert refused(lambda: clinic.add_account(Role.SYSTEM, "Root")) == "bad_role"


def test_names_are_one_whatever_their_case_and_spaces(clinic: Clinic) -> None:
    clinic.add_account(Role.RATER, "Zoë  Müller")

    assert [account.name for account in clinic.accounts()] == ["Zoë Müller"]
    assert refused(lambda: clinic.add_account(Role.RATER, " zoë müller ")) == "name_taken"
    assert refused(lambda: clinic.add_account(Role.RATER, "a\nb\x00")) == "bad_name"
    assert refused(lambda: clinic.add_account(Role.RATER, " ")) == "bad_name"


def test_there_is_always_an_owner(clinic: Clinic) -> None:
    actor, _, _ = owner(clinic)
    assert refused(lambda: clinic.disable_account(actor.account_id)) == "last_owner"
    assert refused(lambda: clinic.set_role(actor.account_id, Role.AUDITOR)) == "last_owner"
    other = member(clinic, Role.OWNER, "Bob")

    clinic.disable_account(actor.account_id)

    assert refused(lambda: clinic.disable_account(other.account_id)) == "last_owner"
    clinic.enable_account(actor.account_id)


def test_a_disabled_account_cannot_sign_in(clinic: Clinic) -> None:
    actor, _, codes = owner(clinic)
    member(clinic, Role.OWNER, "Bob")
    clinic.disable_account(actor.account_id)
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, codes[0])) == "sign_in"

    clinic.enable_account(actor.account_id)
    assert clinic.sign_in("Ada", PASSWORD, codes[1])


# Throttling


def test_of_a_thousand_wrong_tries_few_are_looked_at(clinic: Clinic, watch: Watch) -> None:
    owner(clinic)
    found = []
    for _ in range(1000):
        found.append(refused(lambda: clinic.sign_in("Ada", "not the right one", address="203.0.113.7")))
        watch.on(seconds=1)

    looked_at = found.count("sign_in")
    assert found.count("throttled") == 1000 - looked_at
    assert looked_at <= 15


def test_a_thousand_tries_at_once_count_as_a_thousand(clinic: Clinic, watch: Watch) -> None:
    owner(clinic)
    with ThreadPoolExecutor(16) as threads:
        jobs = [threads.submit(refused, lambda: clinic.sign_in("Ada", "wrong " * 3, address="::1")) for _ in range(100)]
    assert [job.result() for job in jobs].count("sign_in") == throttle.PAIR.free


def test_a_stranger_does_not_lock_the_owner_out(clinic: Clinic, watch: Watch) -> None:
    _, _, codes = owner(clinic)
    for _ in range(300):
        refused(lambda: clinic.sign_in("Ada", "not the right one", address="203.0.113.7"))
        watch.on(seconds=10)

    assert clinic.sign_in("Ada", PASSWORD, codes[0], address="198.51.100.1")
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, codes[1], address="203.0.113.7")) == "throttled"
    watch.on(minutes=15)
    assert clinic.sign_in("Ada", PASSWORD, codes[1], address="203.0.113.7")


def test_tries_from_a_whole_subnet_are_one_strangers(clinic: Clinic, watch: Watch) -> None:
    owner(clinic)
    found = [
        refused(lambda n=n: clinic.sign_in("Ada", "not the right one", address=f"2001:db8:1:2::{n:x}"))
        for n in range(200)
    ]

    assert found.count("sign_in") == throttle.PAIR.free


def test_tries_from_everywhere_make_the_name_wait_for_a_minute_at_most(clinic: Clinic, watch: Watch) -> None:
    _, _, codes = owner(clinic)
    found = [
        refused(lambda n=n: clinic.sign_in("Ada", "not the right one", address=f"10.0.{n // 250}.{n % 250}"))
        for n in range(500)
    ]

    assert found.count("sign_in") == throttle.NAME.free
    watch.on(minutes=1)
    assert clinic.sign_in("Ada", PASSWORD, codes[0], address="198.51.100.1")


def test_one_address_cannot_try_many_names(clinic: Clinic, watch: Watch) -> None:
    found = [refused(lambda n=n: clinic.sign_in(f"name {n}", PASSWORD, address="203.0.113.7")) for n in range(200)]

    assert found.count("sign_in") == throttle.ADDRESS.free


def test_old_failures_are_forgotten(clinic: Clinic, watch: Watch) -> None:
    for _ in range(30):
        refused(lambda: clinic.sign_in("Ada", "not the right one", address="::1"))
    watch.on(hours=24)

    assert refused(lambda: clinic.sign_in("Ada", "not the right one", address="::1")) == "sign_in"
    with clinic._store.reading() as connection:
        assert set(connection.execute(select(schema.failed_try.c.tries)).scalars()) == {1}


# Passwords and codes


@pytest.mark.parametrize(
    "password",
    ["short", "aaaaaaaaaaaaaa", "abcabcabcabcabc", "123456789012", "password1234!", "P4ssw0rd2026!!", "qwertyuiop12",
     "passwordpassword", "abcdefghijklmn", "Ada Lovelace1", "x" * 257, "Welcome202612"],
)  # fmt: skip
def test_what_would_be_tried_first_is_no_password(password: str) -> None:
    assert refused(lambda: passwords.check_new(password, "Ada Lovelace")) == "weak_password"


@pytest.mark.parametrize(
    "password", [PASSWORD, "ünïcödé påsswörd ok", "1827364554637281", "x7" + "correct horse" * 10, "🐎🔋📎 staple 12"]
)
def test_every_other_long_password_is_taken(password: str) -> None:
    assert passwords.matches(passwords.hashed(passwords.check_new(password)), password)


def test_a_password_is_the_same_however_its_letters_were_composed() -> None:
    kept = passwords.hashed("Zoe\u0308 ﬁnds four words")

    assert passwords.matches(kept, "Zo\u00eb finds four words")
    assert not passwords.matches(kept, "Zoe finds four words")
    assert not passwords.matches("", "anything")
    assert not passwords.matches("no hash at all", "anything")


def test_passwords_are_kept_as_rfc_9106_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert passwords.hashed(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
     (2000000000, "69279037"), (20000000000, "65353130")],
)  # fmt: skip
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_at(SECRET, seconds // 30, digits=8) == code


def test_clocks_may_differ_by_one_step_and_a_step_counts_once() -> None:
    here = step_of(START)
    for drift in (-1, 0, 1):
        assert accepted_step(SECRET, code_at(SECRET, here + drift), START, 0) == here + drift
    for drift in (-2, 2):
        assert accepted_step(SECRET, code_at(SECRET, here + drift), START, 0) is None
    assert accepted_step(SECRET, code_at(SECRET, here - 1), START, here) is None
    assert accepted_step(SECRET, code_at(SECRET, here), START, here) is None
    for wrong in ("", "12345", "1234567", "١٢٣٤٥٦", "abcdef"):
        assert accepted_step(SECRET, wrong, START, 0) is None


def test_the_address_for_the_app_holds_name_and_secret() -> None:
    assert second_factor.address_of(SECRET, "Ada & Co: é") == (
        f"otpauth://totp/Tracker:Ada%20%26%20Co%3A%20%C3%A9?secret={SECRET}&issuer=Tracker"
    )


# A browser that is known


def held(clinic: Clinic, watch: Watch) -> None:
    """Fifteen networks fail under the owner's name until nobody else may try either."""
    for network in range(15):
        for _ in range(throttle.PAIR.free):
            refused(lambda: clinic.sign_in("Ada", "not the right one", address=f"203.0.113.{network}"))  # noqa: B023
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, address="198.51.100.7")) == "throttled"


def test_networks_that_hold_a_name_do_not_hold_the_browser_that_is_known(clinic: Clinic, watch: Watch) -> None:
    _, _, codes = owner(clinic)
    known = clinic.known_browser(clinic.sign_in("Ada", PASSWORD, codes[0], address="192.0.2.1"))
    for minute in range(3):  # they come again as soon as the wait is over, for ever
        held(clinic, watch)
        assert refused(lambda: clinic.sign_in("Ada", PASSWORD, codes[9], address="192.0.2.1")) == "throttled"

        token = clinic.sign_in("Ada", PASSWORD, codes[1 + minute], address="192.0.2.1", known=[known])

        assert clinic.session_of(token) is not None
        assert refused(lambda: clinic.sign_in("Ada", PASSWORD, address="192.0.2.1")) == "throttled", (
            "it frees no others"
        )
        watch.on(minutes=1, seconds=1)


def test_who_steals_what_a_browser_keeps_gains_its_own_few_tries_and_nothing_else(clinic: Clinic, watch: Watch) -> None:
    _, _, codes = owner(clinic)
    stolen = clinic.known_browser(clinic.sign_in("Ada", PASSWORD, codes[0]))
    held(clinic, watch)

    said = [
        refused(lambda k=k: clinic.sign_in("Ada", f"guess {k}", address=f"198.51.100.{k}", known=[stolen]))
        for k in range(12)
    ]

    assert said == ["sign_in"] * throttle.DEVICE.free + ["throttled"] * (12 - throttle.DEVICE.free)
    watch.on(minutes=20)
    assert refused(lambda: clinic.sign_in("Ada", PASSWORD, known=[stolen])) == "sign_in", (
        "the second factor is asked for"
    )


def test_what_a_browser_keeps_is_of_one_account_for_half_a_year_and_until_the_password_changes(
    clinic: Clinic, watch: Watch
) -> None:
    actor, _, codes = owner(clinic)
    eve = member(clinic, Role.PRACTITIONER, "Eve")
    known = clinic.known_browser(clinic.sign_in("Ada", PASSWORD, codes[0]))
    tag, nonce, until, code = known.split(".")
    later = str(int(until) + 1)
    forged = (
        "", "....", "x" * 200, ".".join((tag, nonce, later, code)), ".".join((tag, "0" * 32, until, code)),
        ".".join((tag, nonce, until, code[::-1])), ".".join((tag, nonce, "²", code)),
    )  # fmt: skip

    def is_known(account_id: str, *kept: str) -> bool:
        with clinic._store.reading() as connection:
            row = accounts.row_of(connection, account_id)
            return bool(known_browsers.known(connection, row, kept, clock.now()))

    assert is_known(actor.account_id, known)
    assert is_known(actor.account_id, *forged[:4], known)
    assert not is_known(actor.account_id, *forged)
    assert not is_known(eve.account_id, known)
    watch.on(days=known_browsers.LASTS.days, seconds=1)
    assert not is_known(actor.account_id, known)
    watch.on(days=-1)
    assert is_known(actor.account_id, known)
    with clinic._store.writing() as connection:
        accounts.store_password(connection, actor.account_id, passwords.hashed("another four words here"))
    assert not is_known(actor.account_id, known)


def test_only_a_complete_sign_in_of_an_account_makes_a_browser_known(clinic: Clinic) -> None:
    visitor = clinic.enter_demonstration(is_here=True)
    enrolling = clinic.set_up_owner("Ada", PASSWORD, code=clinic.setup_code())

    assert [clinic.known_browser(token) for token in (visitor, enrolling, "", "nonsense")] == [""] * 4
