"""The one door to the outside: a request to the identity provider, limited in time and size, that follows nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

SECONDS = 8.0
"""For the whole of a request, however slowly its answer drips."""
LARGEST = 256 * 1024
_LOG = logging.getLogger("tracker.openid")
for _talkative in ("httpx", "httpcore"):  # they name addresses, and at their most talkative what is sent there
    logging.getLogger(_talkative).setLevel(logging.WARNING)


class Unavailable(Exception):
    """The provider did not answer, or not in a way that can be used."""


class Declined(Exception):
    """The provider answered that it will not."""


def fetch(what: str, address: str, *, form: str | None = None, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON object at an address.

    Parameters
    ----------
    what : str
        What is asked for, in the words of the program's own log.
    address : str
    form : str, optional
        Sent with POST; without it the request is a GET.
    headers : mapping of str to str, optional

    Raises
    ------
    Unavailable
        No answer within `SECONDS`, one over `LARGEST` or compressed, another status than 200, or no JSON object. The
        log says which of these, and nothing of the answer.
    Declined
        The status is 400 to 499.
    """
    loop = asyncio.new_event_loop()
    try:
        status, body = loop.run_until_complete(_asked(address, form, dict(headers or {})))
        if 400 <= status < 500 and status not in (408, 429):
            raise Declined
        if status != 200:
            raise Unavailable(f"status {status}")
        found = json.loads(body)
        if not isinstance(found, dict):
            raise Unavailable("no JSON object")
        return found
    except Declined:
        _LOG.warning("The identity provider declined the %s", what)
        raise
    except (Unavailable, httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, Unavailable) else type(error).__name__
        _LOG.warning("The identity provider did not give the %s: %s", what, why)
        raise Unavailable from None
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()  # and not `asyncio.run`, which waits for a name server that does not answer


async def _asked(address: str, form: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
    headers = {"accept": "application/json", "accept-encoding": "identity", "user-agent": "tracker", **headers}
    if form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    # Nothing of the environment is used: a `.netrc` would send passwords of whoever runs the program.
    options: dict[str, Any] = {"follow_redirects": False, "trust_env": False, "verify": _trusted(), "timeout": SECONDS}
    async with asyncio.timeout(SECONDS), httpx.AsyncClient(**options) as client:
        method = "GET" if form is None else "POST"
        async with client.stream(method, address, content=form, headers=headers) as answer:
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise Unavailable("compressed though that was not asked for")
            body = bytearray()
            async for part in answer.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    raise Unavailable(f"more than {LARGEST} bytes")
            return answer.status_code, bytes(body)


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed: those of `SSL_CERT_FILE` where it is set, otherwise the usual ones."""
    return httpx.create_ssl_context()
