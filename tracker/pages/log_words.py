"""What the entries of the log say, in words; what is missing here is said as the record names it."""

from __future__ import annotations

from tracker.clinic.audit import LogEntry

WHAT = {
    "picture": "looked at a photo",
    "difference": "looked at a photo",
    "overlay": "looked at a photo",
    "rated_picture": "looked at a photo of a rating",
    "original": "took an original photo",
    "report": "made a report",
    "sign_in": "signed in",
    "sign_out": "signed out",
    "enter_demonstration": "entered the demonstration",
    "set_up_owner": "set up the clinic",
    "break_glass": "opened a patient in an emergency",
    "take_over_vault": "made the photos in the bucket this copy's",
    "read_emergencies": "read who opened a patient in an emergency",
    "add_account": "invited somebody",
    "invite_again": "invited somebody again",
    "accept_invitation": "accepted an invitation",
    "sign_in_by_provider": "signed in through the identity provider",
    "accept_by_provider": "accepted an invitation through the identity provider",
    "connect_provider": "connected the identity provider",
    "disconnect_provider": "disconnected the identity provider",
    "set_role": "changed a role",
    "disable_account": "closed an account",
    "enable_account": "opened an account again",
    "reset_second_factor": "took a second factor away",
    "confirm_second_factor": "set up a second factor",
    "revoke_sessions": "ended sessions",
    "change_password": "changed a password",
    "add_to_care_team": "added to a care team",
    "remove_from_care_team": "removed from a care team",
    "issue_link": "made a link for a patient",
    "exchange_link": "opened a patient's link",
    "revoke_link": "withdrew a link",
    "remove_photo": "removed a photo",
    "issue_report": "shared a report",
    "issued_report": "read a shared report",
    "issued_file": "took a shared report",
    "issued_picture": "looked at a photo of a shared report",
    "withdraw_report": "took a shared report back",
    "ask_for": "asked for a copy or for erasure",
    "settle_request": "answered what was asked for",
    "remove_demonstration": "removed the demonstration",
    "remove_subject": "removed a subject of a study",
    "set_details": "changed what is known of a patient",
    "rename_patient": "changed the name of a patient",
    "give_consent": "kept a consent",
    "withdraw_consent": "withdrew a consent",
    "set_consent_text": "changed the wording of a consent",
    "add_treatment": "kept a treatment",
    "remove_treatment": "removed a treatment",
    "remove_grade": "removed a grade",
    "remove_body_measure": "removed a measure",
    "save_course_template": "changed a template of courses",
    "remove_course_template": "removed a template of courses",
    "patients_of_lot": "looked up who received a lot",
    "export_patient": "exported a patient",
    "begin_erasure": "asked for an erasure",
    "give_up_erasure": "gave an erasure up",
    "erase_patient": "erased a patient",
    "erase_at_once": "erased a patient",
    "set_retention_rule": "changed how long records are kept",
    "set_legal_hold": "changed a legal hold",
    "restrict": "restricted a patient's record",
    "invite_rater": "invited a rater to a sitting",
    "rotate_master_key": "replaced the master key",
    "renew_recovery_codes": "made new recovery codes",
}
_OUTCOMES = {"done": "", "denied": "refused", "failed": "failed"}


def what(entry: LogEntry) -> str:
    """What was done, in words.

    Parameters
    ----------
    entry : LogEntry
    """
    said = WHAT.get(entry.action, entry.action.replace("_", " "))
    ended = _OUTCOMES.get(entry.outcome, entry.outcome)
    return f"{said}: {ended}" if ended else said
