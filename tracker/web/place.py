"""Where the app may be reached, and who is calling: this machine, or a browser behind the proxy that was named.

Two settings of the environment open the app to a network: ``TRACKER_ORIGIN`` is the address in the browser, such as
``https://clinic.example.org``; ``TRACKER_PROXY`` are the addresses of the proxy that ends TLS (by default this
machine). Without the first the app answers this machine only.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.types import Scope

from tracker.errors import RecordError

ORIGIN, PROXY = "TRACKER_ORIGIN", "TRACKER_PROXY"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
UVICORN_TRUSTS = "FORWARDED_ALLOW_IPS"

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_THIS_MACHINE = "127.0.0.1,::1"
_HOST = re.compile(r"^(?P<name>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?$")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks.

    Attributes
    ----------
    address : str
        Of the browser, not of a proxy.
    is_https : bool
        The browser speaks TLS, to the proxy.
    """

    address: str
    is_https: bool = False

    @property
    def is_here(self) -> bool:
        """Whether this machine itself asks, with nothing between: what only a proxy says of an address is no proof."""
        return not self.is_https and ipaddress.ip_address(self.address).is_loopback

    @property
    def network(self) -> str:
        """What is counted together: an address, or the /64 that an IPv6 subscriber has to himself."""
        found = ipaddress.ip_address(self.address)
        return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the app may be reached.

    Attributes
    ----------
    origin : str
        Scheme and host that the browser shows; empty if only this machine may come.
    proxies : tuple of networks
        Who may say that a request was forwarded.
    """

    origin: str = ""
    proxies: tuple[Network, ...] = ()

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Place:
        """The place that the environment names.

        Raises
        ------
        RecordError
            ``origin`` or ``proxy``: the setting cannot be used.
        """
        origin = environment.get(ORIGIN, "").strip().rstrip("/").lower()
        if not origin:
            return cls()
        parts = urlsplit(origin)
        if parts.scheme != "https" or not _HOST.match(parts.netloc) or parts.path or parts.query or parts.fragment:
            raise RecordError(
                f"{ORIGIN} must be the address in the browser, such as https://clinic.example.org.", code="origin"
            )
        named = environment.get(PROXY, "").strip() or _THIS_MACHINE
        try:
            proxies = tuple(ipaddress.ip_network(part.strip()) for part in named.split(","))
        except ValueError as error:
            raise RecordError(f"{PROXY} must be addresses, such as 10.0.0.2; it is not.", code="proxy") from error
        return cls(origin, proxies)

    @property
    def host(self) -> str:
        """Host of the origin, with its port if it names one."""
        return urlsplit(self.origin).netloc

    def caller(self, scope: Scope, headers: Mapping[str, str]) -> Caller | None:
        """Who asks; None if nobody may ask from there.

        This machine itself always may, unless a proxy stands between: it would make everybody look local. Through a
        proxy of ours the browser of the origin may.

        Parameters
        ----------
        scope : mapping
            ASGI scope of type ``http`` or ``websocket``.
        headers : mapping of str to str
            Its headers, names in lower case; `tracker.web.headers.request_headers`.
        """
        client, host = scope.get("client"), _HOST.match(headers.get("host", ""))
        peer = _address(client[0]) if client else None
        if peer is None or host is None:
            return None
        if not any(name in headers for name in FORWARDED):
            return Caller(str(peer)) if peer.is_loopback and is_loopback(host["name"]) else None
        if not self.origin or not self._is_proxy(peer) or headers["host"].lower() != self.host:
            return None
        address = self._forwarded_for(headers.get("x-forwarded-for", ""))
        if address is None or headers.get("x-forwarded-proto", "https") != "https":
            return None
        return Caller(str(address), is_https=True)

    def refuse_to_start(self, bound_to: str, environment: Mapping[str, str] = os.environ) -> str | None:
        """Why the app must not start like this; None if it may.

        Parameters
        ----------
        bound_to : str
            The address the server listens on; empty means every address of the machine.
        environment : mapping of str to str
        """
        if not self.origin:
            if is_loopback(bound_to):
                return None
            return (
                f"The app must not listen on a network without TLS: set {ORIGIN} to the address of the proxy in "
                "front of it, or listen on 127.0.0.1."
            )
        if environment.get(UVICORN_TRUSTS) != "":
            # Otherwise uvicorn puts what a header says in the place of the address that really asks.
            return f"Behind a proxy, please start the app with: tracker app. (Or set {UVICORN_TRUSTS} to nothing.)"
        return None

    def _is_proxy(self, address: Address) -> bool:
        return any(address in network for network in self.proxies if network.version == address.version)

    def _forwarded_for(self, chain: str) -> Address | None:
        """The last address that is no proxy of ours; what stands before it was written by the client."""
        for part in reversed(chain.split(",")):
            address = _address(part.strip())
            if address is None or not self._is_proxy(address):
                return address
        return None


def is_loopback(name: str) -> bool:
    """Whether a host name or address means the machine itself.

    Examples
    --------
    >>> [is_loopback(name) for name in ("localhost", "127.0.0.1", "[::1]", "192.168.1.4", "localhost.example.org")]
    [True, True, True, False, False]
    """
    bare = name.strip("[]").rstrip(".").lower()
    address = _address(bare)
    return bare == "localhost" or (address is not None and address.is_loopback)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
