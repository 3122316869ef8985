"""A rendered series: the same skin photographed again and again, like in a clinic."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

import numpy as np

from tracker.phantom.photograph import FIRST_DAY, PhantomPhoto, day_of, photograph
from tracker.phantom.plan import Scenario
from tracker.phantom.rig import CLINIC, Rig
from tracker.phantom.scenario import named
from tracker.phantom.shot import Shot, check_spoil, drawn_shot
from tracker.phantom.stage import build_stage, check_size

_EARLY_GAPS: Final = (7, 10)
_LATER_GAP: Final = 14


def series(
    scenario: str | Scenario = "thigh",
    *,
    seed: int = 0,
    sessions: int = 6,
    replicates: int = 2,
    spoiled: Mapping[int, str] | None = None,
    size: tuple[int, int] = (1500, 2000),
    rig: Rig = CLINIC,
) -> Iterator[PhantomPhoto]:
    """Return the photos of a course one by one, session by session.

    Every photo is posed, lit and exposed anew within the limits of the rig, so
    two replicates differ as much as two sessions do.

    Parameters
    ----------
    scenario : str or Scenario
        A plan, or the name of one of `SCENARIOS`.
    seed : int
        Which skin and which luck; the same seed gives the same bytes.
    sessions : int
        Number of visits, the first on 2 March 2026.
    replicates : int
        Photos per visit.
    spoiled : mapping of int to str, optional
        What goes wrong in a session (from 0): ``"light"`` puts the lamp on the
        opposite side, ``"blur"`` defocuses.
    size : tuple of int
        Rows and columns of the photos, pixels. The field of view stays.
    rig : Rig
        How well the clinic repeats a photo.

    Returns
    -------
    iterator of PhantomPhoto

    Raises
    ------
    TrackerError
        If the scenario or a way to spoil is unknown, or the size too small.
    """
    spoils = dict(spoiled or {})
    for spoil in spoils.values():
        check_spoil(spoil)
    check_size(size)
    # Not a generator itself: what is asked for is checked at once, and not when the first photo is taken.
    plan = named(scenario) if isinstance(scenario, str) else scenario
    return _photos(plan, rig, seed=seed, sessions=sessions, replicates=replicates, spoils=spoils, size=size)


def _photos(
    plan: Scenario,
    rig: Rig,
    *,
    seed: int,
    sessions: int,
    replicates: int,
    spoils: Mapping[int, str],
    size: tuple[int, int],
) -> Iterator[PhantomPhoto]:
    stage = build_stage(plan, seed=seed, size=size)

    def shot(session: int, replicate: int) -> Shot:
        rng = np.random.default_rng([seed, plan.stream, 1 + session, replicate])
        return drawn_shot(plan, size, rng, rig=rig, spoil=spoils.get(session))

    first = shot(0, 1)
    for session in range(sessions):
        state = plan.at(session, sessions)
        day = day_of(stage, state, first)
        for replicate in range(1, replicates + 1):
            yield photograph(
                stage,
                shot(session, replicate),
                state,
                first=first,
                day=day,
                taken_on=visit_date(session),
                session=session,
                replicate=replicate,
                spoil=spoils.get(session),
            )


def visit_date(session: int) -> date:
    """Return the day of a session: after one week, then ten days, then every two weeks."""
    gaps = (*_EARLY_GAPS, *[_LATER_GAP] * session)[:session]
    return FIRST_DAY + timedelta(days=sum(gaps))
