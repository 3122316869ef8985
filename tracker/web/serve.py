"""Start the app: from the repository, or from an installed package in any folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tracker.web.place import UVICORN_TRUSTS

_PACKAGED = Path(__file__).parent / "script" / "app.py"


def script() -> Path:
    """The script Streamlit runs: ``app.py`` at the root of the repository, else its copy inside the package."""
    at_root = Path(__file__).parents[2] / "app.py"
    beside_project = at_root.with_name("pyproject.toml").is_file()
    return at_root if beside_project and at_root.is_file() else _PACKAGED


def run(port: int | None = None, home: Path | None = None) -> int:
    """Serve the app until it is stopped: on this machine, or behind the proxy that the environment names.

    Parameters
    ----------
    port : int, optional
        By default 8501, or the next free one.
    home : Path, optional
        Folder of the clinic; by default the one `Clinic.open` chooses.

    Returns
    -------
    int
        Exit code.
    """
    from streamlit.web import cli

    # Otherwise uvicorn puts what a header says in the place of the address that really asks, before the guard sees it.
    os.environ[UVICORN_TRUSTS] = ""
    if home is not None:
        os.environ["TRACKER_HOME"] = str(home)
    arguments = ["run", str(script())]
    if port is not None:
        arguments += ["--server.port", str(port)]
    try:
        cli.main(args=arguments, prog_name="tracker app", standalone_mode=False)
    except SystemExit as stopped:
        if isinstance(stopped.code, str):  # why the app must not start
            print(stopped.code, file=sys.stderr)
        return stopped.code if isinstance(stopped.code, int) else 1
    except KeyboardInterrupt:
        return 0
    return 0
