"""Who may do what: one row per public method of `Clinic`, and one table of what each role may.

Every public method needs a row in `RULES`; without one the program does not start. Which object a method is about is
read from its parameters: each that is named in `tracker.clinic.authorize.RESOLVERS`, such as ``view_id``, is looked up
and has to be the actor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tracker.clinic.actors import Role, Verb


class Reach(StrEnum):
    """Whose objects a role may do something with."""

    ALL = "all"
    OWN = "own"
    """A practitioner's are the patients of whose care team they are; a patient's are their own; a rater's are the
    sittings they are invited to."""


_ALL, _OWN = Reach.ALL, Reach.OWN
_CARE = {Role.OWNER: _ALL, Role.PRACTITIONER: _OWN}
_OWNER = {Role.OWNER: _ALL}
_CLINIC = {Role.OWNER: _ALL, Role.PRACTITIONER: _ALL}
_EVERYBODY = dict.fromkeys(Role, _OWN)
_SIGNED_IN = {role: _OWN for role in Role if role is not Role.NOBODY} | _OWNER

#: What each role may; what is missing is not allowed. The program itself may everything.
POLICY: dict[Verb, dict[Role, Reach]] = {
    Verb.ENTER: _EVERYBODY,
    Verb.ENROL: _SIGNED_IN,
    Verb.ACCOUNT: _SIGNED_IN,
    Verb.LIST: {**_CARE, Role.ASSISTANT: _ALL, Role.PATIENT: _OWN},
    Verb.REGISTER: _CARE,
    Verb.ADD: {**_CARE, Role.ASSISTANT: _ALL},
    Verb.VIEW: {**_CARE, Role.PATIENT: _OWN},
    Verb.MEASURED: _CARE,
    Verb.CHANGE: _CARE,
    Verb.REMOVE: _CARE,
    Verb.EXPORT: _CARE,
    Verb.ERASE: _OWNER,
    Verb.ISSUE: _CARE,
    Verb.RECEIVE: {**_CARE, Role.PATIENT: _OWN},
    Verb.CONSENT: {**_CARE, Role.PATIENT: _OWN},
    Verb.DIARY: {**_CARE, Role.PATIENT: _OWN},
    Verb.RATE: {**_CARE, Role.RATER: _OWN},
    Verb.STUDY: _CARE,
    Verb.CONFIGURE: _CLINIC,
    Verb.EMERGENCY: {Role.PRACTITIONER: _ALL},
    Verb.AUDIT: {Role.OWNER: _ALL, Role.AUDITOR: _ALL, Role.PATIENT: _OWN},
    Verb.ADMINISTER: _OWNER,
    Verb.RUN: {},
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a method of the clinic is.

    Attributes
    ----------
    verb : Verb
    is_logged : bool
        Each call by somebody is an entry of the log; of a call that shows something, once per view (`Journal.seen`).
    is_wide : bool
        It is about no single object: said outright, so that an object that was forgotten is noticed.
    is_personal : bool
        It is about no single object, and about the actor alone: those may call it as well who may do such things with
        their own objects only.
    sifted : str
        Its result is a collection, and of each part the attribute of this name says which patient it is about, or the
        part itself if the name is ``"."``; those of others are left out.
    unchecked : tuple of str
        Parameters that name an object which is not what the method is about, and which it checks itself.
    """

    verb: Verb
    is_logged: bool = False
    is_wide: bool = False
    is_personal: bool = False
    sifted: str = ""
    unchecked: tuple[str, ...] = ()


def _wide(verb: Verb, *, is_logged: bool = False) -> Rule:
    return Rule(verb, is_logged=is_logged, is_wide=True)


def _personal(verb: Verb) -> Rule:
    return Rule(verb, is_wide=True, is_personal=True)


RULES: dict[str, Rule] = {
    # people
    "patients": Rule(Verb.LIST, is_wide=True, is_personal=True, sifted="id"),
    "patient": Rule(Verb.LIST),
    "add_patient": _personal(Verb.REGISTER),
    "proposed_code": _personal(Verb.REGISTER),
    "views": Rule(Verb.LIST),
    "view": Rule(Verb.LIST),
    "add_view": Rule(Verb.REGISTER),
    "set_control": Rule(Verb.CHANGE),
    "set_region": Rule(Verb.CHANGE),
    "set_distance": Rule(Verb.CHANGE),
    "note_skin": Rule(Verb.ADD),
    "skin_notes": Rule(Verb.ADD),
    "note_injection": Rule(Verb.CHANGE),
    "forget_injection": Rule(Verb.CHANGE),
    "injections": Rule(Verb.MEASURED),
    "remove_demonstration": _wide(Verb.ADMINISTER, is_logged=True),
    # photos
    "digest_of": _personal(Verb.ADD),
    "check_photo": Rule(Verb.ADD),
    "judge_photo": Rule(Verb.ADD),
    "add_photo": Rule(Verb.ADD),
    "photos": Rule(Verb.MEASURED),
    "photo": Rule(Verb.MEASURED),
    "original": Rule(Verb.EXPORT, is_logged=True),
    "remove_photo": Rule(Verb.REMOVE, is_logged=True),
    "measure_again": Rule(Verb.CHANGE),
    "picture": Rule(Verb.VIEW, is_logged=True),
    "difference": Rule(Verb.VIEW, is_logged=True),
    "overlay": Rule(Verb.VIEW, is_logged=True),
    "overlay_legend": Rule(Verb.MEASURED),
    "outline": Rule(Verb.MEASURED),
    "proposed_region": Rule(Verb.MEASURED),
    "report": Rule(Verb.MEASURED),
    # the program itself
    "work": _personal(Verb.ACCOUNT),
    "measure_waiting": _wide(Verb.RUN),
    "start_worker": _wide(Verb.RUN),
    "stop_worker": _wide(Verb.RUN),
    "adopt_methods": _wide(Verb.RUN),
    "close": _wide(Verb.RUN),
    # cards and charts
    "card_values": _wide(Verb.CONFIGURE),
    "add_card_values": _wide(Verb.CONFIGURE),
    "remove_card_values": Rule(Verb.CONFIGURE, is_wide=True, unchecked=("values_id",)),
    "printed_card": _wide(Verb.CONFIGURE),
    "note_printed_card": _wide(Verb.CONFIGURE),
    "chart_edition": _wide(Verb.CONFIGURE),
    "set_chart_edition": _wide(Verb.CONFIGURE),
    # how well a number repeats
    "studies": _personal(Verb.STUDY),
    "study": Rule(Verb.STUDY),
    "start_study": _personal(Verb.STUDY),
    "study_subjects": Rule(Verb.STUDY),
    "add_subject": Rule(Verb.STUDY),
    "note_subject": Rule(Verb.STUDY),
    "remove_subject": Rule(Verb.STUDY, is_logged=True),
    "add_study_photo": Rule(Verb.STUDY),
    "study_results": Rule(Verb.STUDY),
    "adopt_study": Rule(Verb.STUDY),
    "adopted_values": _personal(Verb.STUDY),
    "forget_adopted": _personal(Verb.STUDY),
    "studied_views": _personal(Verb.STUDY),
    # blinded rating
    "possible_rating": Rule(Verb.MEASURED),
    "start_rating": Rule(Verb.CHANGE),
    "ratings": Rule(Verb.MEASURED),
    "rating": Rule(Verb.RATE),
    "answer_pair": Rule(Verb.RATE),
    "rated_picture": Rule(Verb.RATE, is_logged=True),
    "invite_rater": Rule(Verb.CHANGE, unchecked=("account_id",)),
    "own_sittings": _personal(Verb.RATE),
    # entering
    "has_owner": _personal(Verb.ENTER),
    "setup_code": _wide(Verb.RUN),
    "set_up_owner": _personal(Verb.ENTER),
    "is_demonstration_open": _personal(Verb.ENTER),
    "enter_demonstration": _personal(Verb.ENTER),
    "sign_in": _personal(Verb.ENTER),
    "sign_out": _personal(Verb.ENTER),
    "known_browser": _personal(Verb.ENTER),
    "session_of": _personal(Verb.ENTER),
    "seconds_left": _personal(Verb.ENTER),
    "acting": _personal(Verb.ENTER),
    "invited_name": _personal(Verb.ENTER),
    "accept_invitation": _personal(Verb.ENTER),
    "leave_to_sign_in": _personal(Verb.ENTER),
    "leave_to_accept": _personal(Verb.ENTER),
    "is_staff_invited": _personal(Verb.ENTER),
    "address_of_provider": _personal(Verb.ENTER),
    "arrive": _personal(Verb.ENTER),
    "give_code": _personal(Verb.ENTER),
    "exchange_link": _personal(Verb.ENTER),
    "is_link_alive": _personal(Verb.ENTER),
    # accounts
    "begin_second_factor": _personal(Verb.ENROL),
    "confirm_second_factor": _personal(Verb.ENROL),
    "account": Rule(Verb.ACCOUNT),
    "change_password": _personal(Verb.ACCOUNT),
    "leave_to_connect": _personal(Verb.ACCOUNT),
    "disconnect_provider": Rule(Verb.ACCOUNT),
    "renew_recovery_codes": _personal(Verb.ACCOUNT),
    "sessions": Rule(Verb.ACCOUNT),
    "revoke_sessions": Rule(Verb.ACCOUNT),
    "reset_second_factor": Rule(Verb.ACCOUNT),
    "accounts": _wide(Verb.ADMINISTER),
    "add_account": Rule(Verb.ADMINISTER),
    "invite_again": Rule(Verb.ADMINISTER),
    "set_role": Rule(Verb.ADMINISTER),
    "disable_account": Rule(Verb.ADMINISTER),
    "enable_account": Rule(Verb.ADMINISTER),
    # whose patients
    "colleagues": _wide(Verb.CONFIGURE),
    "care_team": Rule(Verb.CHANGE),
    "add_to_care_team": Rule(Verb.CHANGE, unchecked=("account_id",)),
    "remove_from_care_team": Rule(Verb.CHANGE, unchecked=("account_id",)),
    "break_glass": _wide(Verb.EMERGENCY),
    "emergencies": _wide(Verb.ADMINISTER),
    "read_emergencies": _wide(Verb.ADMINISTER, is_logged=True),
    # what patients are given
    "invite_patient": Rule(Verb.ISSUE),
    "issue_link": Rule(Verb.ISSUE),
    "links": Rule(Verb.ISSUE),
    "revoke_link": Rule(Verb.ISSUE),
    # care
    "summaries": Rule(Verb.LIST, is_wide=True, is_personal=True, sifted="patient_id"),
    "dues": Rule(Verb.LIST, is_wide=True, is_personal=True, sifted="patient_id"),
    "rejected": Rule(Verb.MEASURED, is_wide=True, is_personal=True, sifted="patient_id"),
    "details": Rule(Verb.MEASURED),
    "set_details": Rule(Verb.CHANGE, is_logged=True),
    "rename_patient": Rule(Verb.CHANGE, is_logged=True),
    "consents": Rule(Verb.CONSENT),
    "has_consent": Rule(Verb.CONSENT),
    "give_consent": Rule(Verb.CONSENT, is_logged=True),
    "withdraw_consent": Rule(Verb.CONSENT, is_logged=True),
    "consent_text": _personal(Verb.CONSENT),
    "set_consent_text": _wide(Verb.ADMINISTER, is_logged=True),
    "grades": Rule(Verb.MEASURED),
    "grades_of_patient": Rule(Verb.MEASURED),
    "add_grade": Rule(Verb.CHANGE),
    "remove_grade": Rule(Verb.REMOVE, is_logged=True),
    "body_measures": Rule(Verb.DIARY),
    "body_readings": Rule(Verb.MEASURED),
    "add_body_measure": Rule(Verb.DIARY),
    "remove_body_measure": Rule(Verb.DIARY, is_logged=True),
    "course_templates": _wide(Verb.CONFIGURE),
    "save_course_template": _wide(Verb.CONFIGURE, is_logged=True),
    "remove_course_template": _wide(Verb.CONFIGURE, is_logged=True),
    "courses": Rule(Verb.MEASURED),
    "start_course": Rule(Verb.CHANGE),
    "change_course": Rule(Verb.CHANGE),
    "agree_next": Rule(Verb.CHANGE),
    "end_course": Rule(Verb.CHANGE),
    "next_session": Rule(Verb.RECEIVE),
    "session_days": Rule(Verb.MEASURED),
    "note_visit": Rule(Verb.CHANGE),
    "treatments": Rule(Verb.MEASURED),
    "add_treatment": Rule(Verb.CHANGE, is_logged=True),
    "remove_treatment": Rule(Verb.REMOVE, is_logged=True),
    "spent": Rule(Verb.RECEIVE),
    "lots": _wide(Verb.CONFIGURE),
    "patients_of_lot": Rule(Verb.MEASURED, is_logged=True, is_wide=True, is_personal=True, sifted="patient_id"),
    # what the clinic owes its patients
    "export_patient": Rule(Verb.EXPORT, is_logged=True),
    "erasure_preview": Rule(Verb.ERASE),
    "waiting_erasures": _wide(Verb.ERASE),
    "erasures": _wide(Verb.ERASE),
    "receipt_file": _wide(Verb.ERASE),
    "due_records": _wide(Verb.ERASE),
    "begin_erasure": Rule(Verb.ERASE, is_logged=True),
    "give_up_erasure": Rule(Verb.ERASE, is_logged=True),
    "erase_patient": Rule(Verb.ERASE, is_logged=True),
    "erase_at_once": Rule(Verb.RUN, is_logged=True),
    "replay_erasures": _wide(Verb.RUN),
    "retention_rule": _wide(Verb.ADMINISTER),
    "set_retention_rule": _wide(Verb.ADMINISTER, is_logged=True),
    "legal_hold": Rule(Verb.ERASE),
    "set_legal_hold": Rule(Verb.ERASE, is_logged=True),
    "is_restricted": Rule(Verb.LIST),
    "restrict": Rule(Verb.ERASE, is_logged=True),
    "back_up": _wide(Verb.RUN),
    "note_restore": _wide(Verb.RUN),
    "take_over_vault": _wide(Verb.RUN, is_logged=True),
    "vault_notice": _wide(Verb.RUN),
    "sweep": _wide(Verb.RUN),
    # the log
    "acting_for": _wide(Verb.RUN),
    "audit": Rule(Verb.ACCOUNT, is_wide=True, is_personal=True, unchecked=("patient_id",)),
    "log": _wide(Verb.AUDIT),
    "log_of": Rule(Verb.AUDIT),
    "verify_log": _wide(Verb.AUDIT),
    "adopt_log_head": _wide(Verb.RUN),
    # injection points
    "set_points": Rule(Verb.CHANGE),
    "points": Rule(Verb.MEASURED),
    "carried_points": Rule(Verb.MEASURED),
    # side effects
    "add_side_effect": Rule(Verb.DIARY),
    "note_level": Rule(Verb.DIARY),
    "resolve_side_effect": Rule(Verb.DIARY),
    "reopen_side_effect": Rule(Verb.DIARY),
    "side_effects": Rule(Verb.DIARY),
    "open_side_effects": Rule(Verb.MEASURED, is_wide=True, is_personal=True, sifted="patient_id"),
    "mark_seen": Rule(Verb.CHANGE),
    "effect_windows": _wide(Verb.CONFIGURE),
    "set_effect_window": _wide(Verb.CONFIGURE),
    "reset_effect_window": _wide(Verb.CONFIGURE),
    # the home diary
    "keep_diary": Rule(Verb.DIARY),
    "diary": Rule(Verb.DIARY),
    "remove_diary_entry": Rule(Verb.DIARY),
    "diary_areas": Rule(Verb.DIARY),
    "home_views": Rule(Verb.DIARY),
    "add_home_photo": Rule(Verb.DIARY),
    "move_home_photo": Rule(Verb.CHANGE),
    # issued reports
    "issue_report": Rule(Verb.ISSUE, is_logged=True),
    "issued_reports": Rule(Verb.RECEIVE),
    "issued": Rule(Verb.RECEIVE),
    "issued_report": Rule(Verb.RECEIVE, is_logged=True),
    "issued_file": Rule(Verb.RECEIVE, is_logged=True),
    "issued_picture": Rule(Verb.VIEW, is_logged=True),
    "withdraw_report": Rule(Verb.ISSUE, is_logged=True),
    "own_course": Rule(Verb.RECEIVE),
    # what patients ask for
    "ask_for": Rule(Verb.CONSENT, is_logged=True),
    "requests": Rule(Verb.CONSENT),
    "open_requests": Rule(Verb.MEASURED, is_wide=True, is_personal=True, sifted="patient_id"),
    "settle_request": Rule(Verb.CHANGE, is_logged=True),
}
