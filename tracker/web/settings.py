"""Settings of Streamlit on which the guard relies: a file says them, and the environment or an option can undo it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: By (section, name) what has to hold. Where the server listens is asked of `Place.refuse_to_start`.
SAFE: dict[tuple[str, str], Any] = {
    ("server", "enableXsrfProtection"): True,
    ("server", "enableCORS"): True,
    ("server", "enableStaticServing"): False,
    ("server", "enableAgentApi"): False,
    ("server", "trustedUserHeaders"): {"x-app-account": "account", "x-app-role": "role", "x-app-session": "session"},
    ("client", "showErrorDetails"): "none",
    ("client", "showErrorLinks"): False,
    ("browser", "gatherUsageStats"): False,
}


def unsafe_settings(value_of: Callable[[str, str], Any]) -> tuple[str, ...]:
    """Names of the settings that are not as they have to be.

    Parameters
    ----------
    value_of : callable
        Gives what holds, by section and name.

    Examples
    --------
    >>> unsafe_settings(lambda section, name: SAFE[section, name])
    ()
    """
    return tuple(f"{section}.{name}" for (section, name), safe in SAFE.items() if value_of(section, name) != safe)


def refuse_to_start(value_of: Callable[[str, str], Any]) -> str | None:
    """Why the app must not start with these settings; None if it may."""
    wrong = unsafe_settings(value_of)
    if not wrong:
        return None
    return (
        f"The app must not start with other settings of Streamlit than its own: {', '.join(wrong)}. Please remove them "
        "from the command, from the environment (STREAMLIT_…) and from configuration files."
    )
