"""`demo` and `app`: the clinic on this computer."""

from __future__ import annotations

from argparse import Namespace

from tracker.clinic import Clinic
from tracker.clinic.demonstration import load_demonstration


def demo(options: Namespace) -> int:
    """Load the demonstration clinic; photos that are there already are left alone."""
    clinic = Clinic.open()
    try:
        added = load_demonstration(clinic)
        print(f"The demonstration clinic is in {clinic.home}: {added} photos added. All of them are rendered.")
    finally:
        clinic.close()
    return 0


def app(options: Namespace) -> int:
    """Start the app on 127.0.0.1."""
    from tracker.web.serve import run

    return run(port=options.port)
