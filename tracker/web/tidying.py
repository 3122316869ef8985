"""Keep many pages running side by side: memory is tidied now and then, and threads take short turns."""

from __future__ import annotations

import gc
import sys
import threading
import time

#: Seconds between two collections. One stops every page for some 50 ms; Streamlit's own, after every run of a page,
#: took a quarter of the processor with a hundred people.
EVERY_SECONDS = 5.0

#: Seconds after which a busy thread lets others run. A page asks the record a hundred times, and waits this long after
#: each question if another page is being drawn.
TURN_SECONDS = 0.001


class Tidying:
    """Collects garbage in the background, as long as pages run.

    Parameters
    ----------
    every : float
        Seconds between two collections at least.
    """

    def __init__(self, every: float = EVERY_SECONDS) -> None:
        self._every = every
        self._ran = threading.Event()

    def start(self) -> None:
        """Set what lives as long as the process apart, and begin."""
        # Unfrozen, every collection walks all of it (0.1 s).
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(TURN_SECONDS)
        threading.Thread(target=self._run, name="tidying", daemon=True).start()

    def note_run(self) -> None:
        """Say that a page ran."""
        self._ran.set()

    def _run(self) -> None:
        while True:
            self._ran.wait()
            self._ran.clear()
            time.sleep(self._every)
            gc.collect()
