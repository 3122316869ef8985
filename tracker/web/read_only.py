"""What is said instead of every page while the record is open for reading only: something else has changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from tracker.web.forms import form_page

if TYPE_CHECKING:
    from tracker.clinic import Clinic

TITLE = "This record is closed"
WHY = (
    "Nothing is shown, and nothing can be saved: no look at a photo could be written into the log, and what is stored "
    "may not be what the clinic stored."
)
STEPS = (
    "Tell whoever looks after this program at your clinic. Until they have looked, change nothing in its folder.",
    "They run “python -m tracker doctor”, which names what was changed, and keep this folder as it is, as evidence.",
    "They run “python -m tracker restore DIR --home FOLDER”, which puts the last backup into a new folder, and start "
    "the program with that (TRACKER_HOME). The clinic goes on there.",
)


def read_only_page(record: Clinic) -> Response | None:
    """The page that stands in for all others; None as long as the record can be written.

    It is shown without a sign-in, which could not be kept either, and says nothing of anybody.
    """
    if not record.read_only_reason:
        return None
    return form_page("read_only", status=503, title=TITLE, what=record.read_only_reason, why=WHY, steps=STEPS)
