"""Work spread over processes, each on one thread, so that times and results do not depend on the machine's cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

import cv2
from threadpoolctl import threadpool_limits

Task = TypeVar("Task")
Result = TypeVar("Result")


def work_alone() -> None:
    """Let this process use one thread: its neighbours use the other cores."""
    cv2.setNumThreads(1)
    threadpool_limits(limits=1)


def spread(work: Callable[[Task], Result], tasks: Iterable[Task], *, workers: int) -> list[Result]:
    """Results of all tasks, in their order.

    Parameters
    ----------
    work : callable
        A function of a module, so that other processes can find it.
    tasks : iterable
    workers : int
        Processes; with one, everything happens here.
    """
    if workers <= 1:
        work_alone()
        return [work(task) for task in tasks]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=work_alone) as pool:
        return list(pool.map(work, tasks))
