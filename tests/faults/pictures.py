"""Real JPEG files in any number, and a decoder that knows their picture already."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from tests.bad_files import encoded, picture
from tracker.photo import sandbox

NAME = "2026-03-02.jpg"
_LONGEST_COMMENT = 65_533


@lru_cache(maxsize=1)
def _base() -> bytes:
    return encoded(picture(256, 256))


def jpeg(number: int) -> bytes:
    """The photo with a number: always the same picture, and other bytes of another length, 6 to 120 kB."""
    chance = random.Random(number)
    left = chance.choice((200, 3_000, 20_000, 115_000))
    comments = []
    while left > 0:
        text = chance.randbytes(min(left, _LONGEST_COMMENT))
        comments.append(b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text)
        left -= len(text)
    base = _base()
    return base[:2] + b"".join(comments) + base[2:]


class Decoded:
    """Stands in for the processes that decode: the answer they gave for one file holds for all with that picture.

    Only decoding is spared, of which a crash of this process has no part; everything that is stored is real.
    """

    def __init__(self) -> None:
        real = sandbox.Sandbox(most=1)
        try:
            with real.asking("read", "JPEG", jpeg(0)) as (facts, pixels):
                assert pixels is not None
                self._answer: tuple[dict[str, Any], np.ndarray] = dict(facts), pixels.copy()
        finally:
            real.close()

    @contextmanager
    def asking(self, task: str, kind: str, data: bytes) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
        yield self._answer

    def start(self) -> None:
        """It is warm already."""

    def close(self) -> None:
        """There is nothing to end."""

    def take_over(self) -> None:
        """From now on this process decodes with it."""
        sandbox._ours = os.getpid(), self  # type: ignore[assignment]
