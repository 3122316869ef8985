"""A fault of ours, said to nobody in its own words: they may hold a name."""

from __future__ import annotations

import logging
from traceback import extract_tb

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FAULT = "This page has a fault of ours. Your photos are stored safely; please reload the page."


def log_fault(fault: Exception) -> None:
    """Keep of a fault what it is and where, and not what it says."""
    steps = reversed(extract_tb(fault.__traceback__)[-4:])
    where = " < ".join(f"{step.name}:{step.lineno}" for step in steps)
    logging.getLogger("tracker.web").error("A page failed: %s in %s", type(fault).__name__, where)


class WithoutWords(logging.Filter):
    """Takes the traceback, and with it what an exception says, out of what Streamlit writes to its log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the line through, without the exception; `log_fault` says where it was."""
        record.exc_info = record.exc_text = None
        return True


def quiet_streamlit() -> None:
    """Let Streamlit's own line about a page that failed name no more than ours does."""
    log = logging.getLogger("streamlit.error_util")
    if not any(isinstance(each, WithoutWords) for each in log.filters):
        log.addFilter(WithoutWords())


async def quietly(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run a part of the app; one sentence stands in for an answer that failed before it began."""
    has_begun = False

    async def noted(message: Message) -> None:
        nonlocal has_begun
        has_begun = has_begun or message["type"] in ("http.response.start", "websocket.accept", "websocket.close")
        await send(message)

    try:
        await app(scope, receive, noted)
    except HTTPException:  # no fault, but an answer that the router behind us gives
        raise
    except Exception as fault:
        log_fault(fault)
        if scope["type"] == "http" and not has_begun:
            await PlainTextResponse(FAULT, status_code=500)(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1011})
        else:
            raise ConnectionError("an answer broke off") from None
