"""`doctor`: every check of the record and of this computer, in plain words."""

from __future__ import annotations

import tomllib
from argparse import Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

import tracker
from tracker.clinic import Clinic
from tracker.clinic.doctor import examine
from tracker.clinic.examining import CODES, Examined, State, good, worst
from tracker.clinic.records import data_folder
from tracker.commands.printing import print_json
from tracker.web.settings import SAFE

_MARKS = {State.GOOD: "good     ", State.ATTENTION: "attention", State.DAMAGE: "DAMAGE   "}
_WANTED = {**SAFE, ("server", "address"): "127.0.0.1"}


def doctor(options: Namespace) -> int:
    """Examine the record; exit code 0 good, 1 attention, 2 damage."""
    home = data_folder()
    if options.take_over:
        with Clinic.open(home) as clinic:
            clinic.take_over_vault()
        if not options.json:
            print("The photos belong to this copy of the record now; another copy only reads them.")
    if options.repair:
        with Clinic.open(home) as clinic:
            erased, swept = clinic.replay_erasures(), clinic.sweep()
        if erased and not options.json:
            print(f"{len(erased)} erasures were carried to their end.")
        if not options.json:
            print(f"{swept.set_aside} files that no row names were set aside, {swept.removed} removed for good.")
    found = (*examine(home, full=options.full), _settings())
    state = worst(found)
    if options.json:
        print_json({"state": str(state), "home": str(home), "checks": [each.document() for each in found]})
    else:
        for line in lines_of(found):
            print(line)
    return CODES[state]


def lines_of(found: Iterable[Examined], *, only_bad: bool = False) -> Iterator[str]:
    """The checks for people, what is worst last: there it is read."""
    for each in sorted(found, key=lambda check: CODES[check.state]):
        if only_bad and each.state is State.GOOD:
            continue
        yield f"{_MARKS[each.state]}  {each.name}: {each.what}"
        for place in each.places:
            yield f"             {place}"
        if each.advice:
            yield f"             → {each.advice}"


def _settings() -> Examined:
    """The settings that the app is started with, where somebody may have changed them."""
    file = Path(tracker.__file__).parent / "web" / "script" / ".streamlit" / "config.toml"
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return Examined("settings", State.ATTENTION, "The settings of the app cannot be read.", "Install it anew.")
    wrong = [f"{part}.{name}" for (part, name), safe in _WANTED.items() if settings.get(part, {}).get(name) != safe]
    if wrong:
        what = f"The app is started with unsafe settings: {', '.join(wrong)}."
        return Examined("settings", State.ATTENTION, what, f"Put {file} back as it was installed.", len(_WANTED))
    return good("settings", "The app shows no errors to browsers, and calls nobody.", checked=len(_WANTED))
