"""Who may enter: accounts and their second factor, sessions of browsers, links for patients, care teams."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from tracker.clinic.schema.base import Instant, belongs_to, metadata

#: `name` is sealed and `name_index` is its blind index. An account that was invited has no password yet. `totp` is the
#: sealed secret of the second factor and `last_step` the last step of it that was used. Accounts are disabled, never
#: removed: the log names them. That of a patient goes with the patient.
account = Table(
    "account",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("role", String, nullable=False),
    Column("name", String, nullable=False),
    Column("name_index", String, unique=True, nullable=False),
    Column("patient_id", belongs_to("patient"), index=True),
    Column("password", String, nullable=False),
    Column("totp", String, nullable=False),
    Column("is_totp_confirmed", Boolean, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    sqlite_autoincrement=True,
)

#: Digests of codes that stand in for the second factor, once each.
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", belongs_to("account"), primary_key=True),
    Column("digest", String, primary_key=True),
    Column("used_at", Instant),
)

#: Whoever holds the token sets the password of the account.
invitation = Table(
    "invitation",
    metadata,
    Column("digest", String, primary_key=True),
    Column("account_id", belongs_to("account"), nullable=False, index=True),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
)

#: Tries that failed, by what they have in common: a keyed digest of a name, of an address, or of both.
failed_try = Table(
    "failed_try",
    metadata,
    Column("key", String, primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
)

#: Who signs in by the clinic's identity provider: `digest` is keyed, of issuer and subject. One each.
identity = Table(
    "identity",
    metadata,
    Column("account_id", belongs_to("account"), primary_key=True),
    Column("digest", String, unique=True, nullable=False),
    Column("since", Instant, nullable=False),
)

#: Digests of what works once and is kept nowhere else, such as a round trip to the identity provider; until it is over.
spent = Table(
    "spent",
    metadata,
    Column("digest", String, primary_key=True),
    Column("until", Instant, nullable=False),
)

#: One patient's report, for whoever has the token and knows the PIN.
patient_link = Table(
    "patient_link",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("digest", String, unique=True, nullable=False),
    Column("pin", String, nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("report_id", String, nullable=False, index=True),
    Column("issued_by", String, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("most_views", Integer, nullable=False),
    Column("views", Integer, nullable=False),
    Column("wrong_pins", Integer, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)

#: A signed-in browser; of its token only the digest is kept. Without an account and a link it is a visitor of the
#: demonstration. `is_enrolling`: the second factor is missing, and nothing but giving one is allowed.
web_session = Table(
    "web_session",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("id", String, unique=True, nullable=False),
    Column("digest", String, unique=True, nullable=False),
    Column("account_id", belongs_to("account"), index=True),
    Column("link_id", belongs_to("patient_link"), index=True),
    Column("is_enrolling", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    sqlite_autoincrement=True,
)

#: Whose patients somebody's are.
care_team = Table(
    "care_team",
    metadata,
    Column("patient_id", belongs_to("patient"), primary_key=True),
    Column("account_id", belongs_to("account"), primary_key=True),
    Column("since", Instant, nullable=False),
)

#: Access for some hours to a patient of somebody else's; the reason is in the log. `read_at`: an owner knows of it.
emergency = Table(
    "emergency",
    metadata,
    Column("arrival", Integer, primary_key=True),
    Column("account_id", belongs_to("account"), nullable=False),
    Column("patient_id", belongs_to("patient"), nullable=False, index=True),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("read_at", Instant),
    sqlite_autoincrement=True,
)

#: Which rater may answer which sitting.
rater_of = Table(
    "rater_of",
    metadata,
    Column("session_id", belongs_to("rating_session"), primary_key=True),
    Column("account_id", belongs_to("account"), primary_key=True),
)
