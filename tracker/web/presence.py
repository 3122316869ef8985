"""Who is signed in at this moment, asked of the record every time: nothing about it is remembered between two looks."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tracker.errors import RecordError

if TYPE_CHECKING:
    from tracker.clinic import Clinic
    from tracker.clinic.actors import Actor

MOST_TABS = 10_000


class Presence:
    """The sessions of one clinic, as the guard and the pages see them.

    Parameters
    ----------
    opened : callable
        Gives the clinic, when the first question needs it.
    """

    def __init__(self, opened: Callable[[], Clinic]) -> None:
        self._opened = opened
        # Not the pool of the routes: a page full of photos must not hold up the question whether they may be seen.
        self._asking = ThreadPoolExecutor(max_workers=4, thread_name_prefix="presence")
        self._tokens: dict[str, str] = {}
        self._held: Counter[str] = Counter()
        self._tabs: OrderedDict[str, str] = OrderedDict()
        self._views: OrderedDict[str, tuple[str, str]] = OrderedDict()

    async def find(self, token: str | None, *, active: bool) -> Actor | None:
        """Who holds this token now; None if nobody does, or the record cannot be asked.

        Parameters
        ----------
        token : str or None
        active : bool
            A person does something: the session does not become idle.
        """
        if token is None:
            return None
        return await asyncio.get_running_loop().run_in_executor(self._asking, partial(self._ask, token, active=active))

    def now(self, session_id: str) -> Actor | None:
        """Who a session with an open websocket belongs to now; None once it has ended."""
        token = self._tokens.get(session_id)
        return self._ask(token, active=False) if token is not None else None

    @contextmanager
    def connected(self, actor: Actor, token: str) -> Iterator[None]:
        """While a websocket of this session is open."""
        self._tokens[actor.session_id] = token
        self._held[actor.session_id] += 1
        try:
            yield
        finally:
            self._held[actor.session_id] -= 1
            if self._held[actor.session_id] <= 0:
                del self._held[actor.session_id]
                del self._tokens[actor.session_id]

    def note_tab(self, tab: str, session_id: str) -> None:
        """Keep which session a tab, which is what Streamlit calls a session, belongs to."""
        self._tabs[tab] = session_id
        self._tabs.move_to_end(tab)
        while len(self._tabs) > MOST_TABS:
            self._tabs.popitem(last=False)

    def owns_tab(self, tab: str, session_id: str) -> bool:
        """Whether files may be sent to this tab by this session."""
        return self._tabs.get(tab) == session_id

    def begin_view(self, session_id: str, place: str) -> str:
        """What the log calls one view of a page: a new one whenever a session goes to another place.

        Parameters
        ----------
        session_id : str
        place : str
            Tab, page and what is shown on it.

        Returns
        -------
        str
            The same again while the page only runs again.
        """
        known = self._views.get(session_id)
        if known is None or known[0] != place:
            known = place, secrets.token_hex(8)
        self._views[session_id] = known
        self._views.move_to_end(session_id)
        while len(self._views) > MOST_TABS:
            self._views.popitem(last=False)
        return known[1]

    def view_of(self, session_id: str) -> str:
        """The view a session began last; empty if it has begun none."""
        known = self._views.get(session_id)
        return known[1] if known is not None else ""

    def _ask(self, token: str, *, active: bool) -> Actor | None:
        try:
            return self._opened().session_of(token, active=active)
        except RecordError:
            return None
