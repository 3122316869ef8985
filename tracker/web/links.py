"""Addresses of our own routes: ids only, never a name of a person or of a file."""

from __future__ import annotations

PREVIEW_WIDTH = 320
PROVIDER = "/session/provider"
PROVIDER_AWAY, PROVIDER_BACK, PROVIDER_CODE = (f"{PROVIDER}/{place}" for place in ("away", "back", "code"))
SIGN_IN, ENROL, SET_UP, ACCOUNT = (f"/session/{place}" for place in ("sign-in", "second-factor", "set-up", "account"))
CONNECT, DISCONNECT = f"{ACCOUNT}/connect", f"{ACCOUNT}/disconnect"
RECOVERY = "/session/recovery-codes"


def photo_url(photo_id: str, *, aligned: bool = False, width: int | None = None) -> str:
    """Address of a photo; a component adds the width that suits the screen.

    Parameters
    ----------
    photo_id : str
    aligned : bool
        In the frame of the reference.
    width : int, optional
        In pixels.

    Examples
    --------
    >>> photo_url("3f", aligned=True, width=320)
    '/photo/3f?aligned=1&w=320'
    """
    query = "&".join(part for part in ("aligned=1" if aligned else "", f"w={width}" if width else "") if part)
    return f"/photo/{photo_id}?{query}".rstrip("?")


def difference_url(photo_id: str) -> str:
    """Address of the difference map of a photo against its reference."""
    return f"/difference/{photo_id}"


def overlay_url(photo_id: str, metric_name: str) -> str:
    """Address of a photo, in the frame of its reference, that shows where a number comes from."""
    return f"/overlay/{photo_id}/{metric_name}"


def rated_url(session_id: str, position: int, side: str) -> str:
    """Address of one side of a pair in a blinded rating; it does not name the photo."""
    return f"/rating/{session_id}/{position}/{side}"


def card_url(paper: str) -> str:
    """Address of the printable calibration card on a paper, ``"a4"`` or ``"letter"``."""
    return f"/card/{paper}.pdf"


def card_table_url() -> str:
    """Address of the empty table for the measured colours of a card."""
    return "/card/values.csv"


def report_url(view_id: str, format_name: str) -> str:
    """Address of a view's report in one format."""
    return f"/report/{view_id}.{format_name}"


def issued_url(report_id: str) -> str:
    """Address of an issued report, as the patient received it."""
    return f"/report/issued/{report_id}"


def receipt_url(erased: str) -> str:
    """Address of the receipt of an erasure, by the random number of who was erased."""
    return f"/report/erasure/{erased}"


def issued_picture_url(report_id: str, position: int) -> str:
    """Address of the first (0) or the latest (1) photo of an issued report; a component adds the width."""
    return f"/photo/issued/{report_id}/{position}"
