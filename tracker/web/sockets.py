"""A websocket that ends with its session: looked at with every message, and every second in between."""

from __future__ import annotations

import asyncio
from typing import Protocol

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY_VIOLATION = 1008
LOOK_SECONDS = 1.0
_LARGE = 256 * 1024


class Still(Protocol):
    """Says whether the session of a websocket still is what it was when it was opened."""

    async def __call__(self, *, active: bool) -> bool:
        """`active` is True if a person did something."""
        ...


async def watch(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, still: Still) -> None:
    """Run a websocket until either side or the end of the session closes it.

    Parameters
    ----------
    app : ASGI application
        It sees no message that came after the session ended, and sends none.
    scope, receive, send
    still : callable
    """
    waiting: asyncio.Task[Message] | None = None
    ended = False

    async def next_message() -> Message:
        """The next message; while there is none, look every second whether there may be one."""
        nonlocal waiting
        while True:
            waiting = waiting or asyncio.ensure_future(receive())
            done, _ = await asyncio.wait({waiting}, timeout=LOOK_SECONDS)
            if done:
                message, waiting = waiting.result(), None
                return message
            if not await still(active=False):
                return await end()

    async def end() -> Message:
        nonlocal ended
        if not ended:
            ended = True
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}

    async def checked() -> Message:
        message = await next_message()
        if message["type"] == "websocket.receive" and not await still(active=is_by_hand(message)):
            return await end()
        return message

    async def unless_ended(message: Message) -> None:
        if not ended:
            await send(message)

    try:
        await app(scope, checked, unless_ended)
    finally:
        if waiting is not None:
            waiting.cancel()


def is_by_hand(message: Message) -> bool:
    """Whether a person caused a message of the front end: what a page sends by itself keeps nobody signed in."""
    from streamlit.proto.BackMsg_pb2 import BackMsg  # the front end's language; not needed to start

    data = message.get("bytes") or b""
    if len(data) > _LARGE:
        return True
    try:
        said = BackMsg.FromString(data)
    except DecodeError:
        return False
    return bool(said.WhichOneof("type") == "rerun_script" and not said.rerun_script.is_auto_rerun)
