"""`python -m tracker …`: the command line.

Exit codes: 0 done (a rejected photo is a result, not an error); 1 an input could not be used at all (one sentence
on stderr); 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from math import isfinite
from pathlib import Path

from tracker.errors import TrackerError

_ROLES = ("owner", "practitioner", "assistant", "rater", "auditor", "patient")
_ACCOUNT_CHANGES = {
    "invite": "a fresh invitation, for a password that was forgotten",
    "reset": "take a lost second factor away",
    "disable": "let nobody sign in with it any more",
    "enable": "let somebody sign in with it again",
}
_DISTANCE = '"R,C R,C MM"'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        _speak_utf8()
        options = parser().parse_args(arguments)
        return int(options.run(options))
    except TrackerError as error:
        _complain(error.reason)
    except OSError as error:
        _complain(f"{_text(error.filename) or 'A file'} could not be used: {error.strerror or error}.")
    except KeyboardInterrupt:
        _complain("stopped.")
    return 1


def _speak_utf8() -> None:
    """Print every sentence and every file name, whatever the terminal or the pipe was set up for."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stream put in its place need not have it
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")


def _complain(sentence: str) -> None:
    """One line on stderr, even if the name of a file in it has several."""
    print("tracker: " + "".join(c if c.isprintable() else "�" for c in sentence), file=sys.stderr)


def _text(file: object) -> str:
    return file.decode(errors="replace") if isinstance(file, bytes) else str(file or "")


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    top = argparse.ArgumentParser(prog="python -m tracker", description="Did this skin measurably change?")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _series_commands(commands)
    _pair_commands(commands)
    _phantom_command(commands)
    _card_command(commands)
    _study_command(commands)
    _record_commands(commands)
    _keeping_commands(commands)
    demo = commands.add_parser("demo", help="load the demonstration clinic")
    demo.set_defaults(run=_lazily("application:demo"))
    app = commands.add_parser("app", help="start the app on this computer")
    app.add_argument("--port", type=int, default=None, help="port on 127.0.0.1 (8501)")
    app.set_defaults(run=_lazily("application:app"))
    return top


def _days(text: str) -> tuple[date, ...]:
    """Days of a list such as ``"2026-03-02,2026-03-16"``."""
    try:
        return tuple(sorted({date.fromisoformat(day.strip()) for day in text.split(",")}))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of days; write them as 2026-03-02,2026-03-16") from None


def _day(text: str) -> date:
    days = _days(text)
    if len(days) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not one day; write it as 2026-03-02")
    return days[0]


def _series_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    track = commands.add_parser("track", help="measure a folder of photos of the same skin")
    track.add_argument(
        "folder", type=Path, metavar="FOLDER", help="photos dated by EXIF, else by YYYY-MM-DD in the name"
    )
    track.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the report goes")
    _shared_options(track)
    track.add_argument(
        "--control", type=Path, metavar="FOLDER", help="photos of the untreated side of the same dates, shown beside"
    )
    track.add_argument(
        "--injected",
        type=_days,
        default=(),
        metavar="DAY[,DAY…]",
        help="days of injections, YYYY-MM-DD: photos of the five days after each are kept apart from the course",
    )
    track.add_argument(
        "--baseline-sessions",
        type=int,
        choices=(1, 2),
        default=None,
        help="how many of the first sessions the baseline is the mean of (2 with --injected, else 1)",
    )
    _repeatability_option(track)
    track.set_defaults(run=_lazily("series:track_folder"))
    measure = commands.add_parser("measure", help="metrics of single photos")
    measure.add_argument("photos", type=Path, nargs="+", metavar="PHOTO")
    _shared_options(measure)
    measure.set_defaults(run=_lazily("single:measure_photos"))


def _pair_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    align = commands.add_parser("align", help="bring one photo into the frame of another")
    compare = commands.add_parser("compare", help="all metrics of a pair of photos, and what changed")
    for command, name in ((align, "pair:align_pair"), (compare, "pair:compare_pair")):
        command.add_argument("reference", type=Path, metavar="REFERENCE")
        command.add_argument("moving", type=Path, metavar="MOVING")
        command.add_argument(
            "--points",
            type=_points,
            metavar="POINTS",
            help='where to begin if the photos are not brought together by themselves: "R,C R,C; R,C R,C; …", at least '
            "three places as row,column in REFERENCE and in MOVING, in pixels",
        )
        command.set_defaults(run=_lazily(name))
    align.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets aligned.png and map.npz")
    align.add_argument("--json", action="store_true", help="print one JSON document")
    align.add_argument("--distance", metavar=_DISTANCE, help="as for compare, in pixels of REFERENCE")
    _shared_options(compare)
    _repeatability_option(compare)
    for name, of in (("reference", "REFERENCE"), ("moving", "MOVING")):
        compare.add_argument(
            f"--opposite-{name}",
            type=Path,
            metavar="FILE",
            help=f"photo taken at once with {of}, the lamp on the other side: relief is then taken from both",
        )
    dual = commands.add_parser("dual", help="two photos of one session with the lamp left, then right")
    dual.add_argument("left", type=Path, metavar="LEFT")
    dual.add_argument("right", type=Path, metavar="RIGHT")
    dual.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets difference.png and difference.npz")
    dual.add_argument("--region", type=Path, metavar="FILE", help="as for compare, in pixels of LEFT")
    dual.add_argument("--distance", metavar=_DISTANCE, help="as for compare, in pixels of LEFT")
    dual.add_argument("--json", action="store_true", help="print one JSON document")
    dual.set_defaults(run=_lazily("dual:dual_light"))


def _phantom_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    phantom = commands.add_parser("phantom", help="render a series of synthetic skin with known truth")
    phantom.add_argument("--out", type=Path, required=True, metavar="DIR")
    phantom.add_argument("--seed", type=_not_negative, default=0, metavar="N")
    phantom.add_argument("--sessions", type=_at_least_one, default=6, metavar="N")
    phantom.add_argument("--replicates", type=_at_least_one, default=2, metavar="N")
    phantom.add_argument(
        "--scenario",
        default="thigh",
        metavar="NAME",
        help="a scene, such as thigh, dark-thigh, pigment or redness; an unknown name lists all",
    )
    phantom.add_argument("--demonstration", action="store_true", help="render the whole demonstration clinic")
    phantom.set_defaults(run=_lazily("rendering:render_phantom"))


def _card_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    card = commands.add_parser("card", help="the printable calibration card, at true size")
    card.add_argument("--out", type=Path, required=True, metavar="FILE.pdf")
    card.add_argument("--paper", choices=("a4", "letter"), default="a4")
    card.add_argument("--batch", type=_short, metavar="NAME", help="printed on the card (the day of today)")
    card.add_argument("--values", type=Path, metavar="FILE.csv", help="also write the table for its measured colours")
    card.set_defaults(run=_lazily("card:print_card"))


def _study_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    study = commands.add_parser("repeatability", help="how well each number repeats, from re-posed photos")
    study.add_argument("folder", type=Path, metavar="FOLDER", help="one folder per person, in it one per posing")
    study.add_argument("--out", type=Path, metavar="FILE.json", help="for --repeatability of track and compare")
    study.add_argument(
        "--set-up", type=_short, default="a set-up without a name", metavar="WORDS", help="camera, lamp and room"
    )
    _what_and_colours(study)
    study.set_defaults(run=_lazily("repeatability:study_folder"), grey=None)


def _record_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    taking = commands.add_parser("import", help="take photos from a folder or ZIP into the record")
    taking.add_argument("source", type=Path, metavar="FOLDER|ZIP", help="with its sub-folders; a ZIP is not unpacked")
    taking.add_argument("--patient", required=True, metavar="CODE")
    taking.add_argument("--new-patient", action="store_true", help="add the patient if there is none with the code")
    taking.add_argument("--site", type=_short, required=True, metavar="SITE", help="body site, such as thigh")
    taking.add_argument("--side", choices=("left", "right"), default="", help="where there are two")
    taking.add_argument("--pose", default="", metavar="WORDS", help="such as standing")
    taking.add_argument("--indication", default="", metavar="WORDS", help="what a new view is treated for")
    taking.add_argument("--undated", type=_day, metavar="DAY", help="day of files that do not say when they were taken")
    taking.add_argument("--dry-run", action="store_true", help="read everything and store nothing")
    taking.add_argument("--json", action="store_true", help="print one JSON document")
    taking.set_defaults(run=_lazily("importing:import_folder"))
    giving = commands.add_parser("export", help="everything that is stored of one patient, as a ZIP")
    what = giving.add_mutually_exclusive_group(required=True)
    what.add_argument("--patient", metavar="CODE")
    what.add_argument("--open", type=Path, metavar="FILE", help="open a locked export instead")
    giving.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
    giving.add_argument("--password", action="store_true", help="lock the file with a password, which is asked for")
    giving.add_argument("--password-file", type=Path, metavar="FILE", help="take the password from the line in a file")
    giving.add_argument("--json", action="store_true", help="print one JSON document")
    giving.set_defaults(run=_lazily("exporting:export"))
    erasing = commands.add_parser("erase", help="what erasing a patient would destroy; with --confirm, erase")
    erasing.add_argument("--patient", required=True, metavar="CODE")
    erasing.add_argument("--confirm", action="store_true", help="erase; the code is to be typed again")
    erasing.add_argument("--despite-retention", metavar="REASON", help="although the record has to be kept longer")
    erasing.add_argument("--restrict", action="store_true", help="keep the record and use it for nothing")
    erasing.add_argument("--receipt", type=Path, metavar="FILE.pdf", help="also write the receipt, as PDF or .txt")
    erasing.add_argument("--json", action="store_true", help="print one JSON document")
    erasing.set_defaults(run=_lazily("erasing:erase"))


def _keeping_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    backup = commands.add_parser("backup", help="copy the record while it is used")
    backup.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of all backups, on another disk")
    backup.add_argument("--keep", type=_at_least_one, metavar="N", help="remove the oldest ones but N")
    backup.add_argument("--json", action="store_true", help="print one JSON document")
    backup.set_defaults(run=_lazily("backing_up:back_up"))
    restore = commands.add_parser("restore", help="make a backup into a record again, or try whether it can be")
    restore.add_argument("backup", type=Path, metavar="BACKUP", help="a backup, or the folder of all: then the latest")
    restore.add_argument("--home", type=Path, metavar="DIR", help="a new or empty folder")
    restore.add_argument(
        "--take-over", action="store_true", help="the photos in the bucket belong to this copy from now on, to no other"
    )
    restore.add_argument("--drill", action="store_true", help="only try it: the copy is examined and removed again")
    restore.add_argument("--full", action="store_true", help="open every photo afterwards, not only a sample")
    restore.add_argument("--json", action="store_true", help="print one JSON document")
    restore.set_defaults(run=_lazily("restoring:restore_record"))
    doctor = commands.add_parser("doctor", help="examine the record and this computer")
    doctor.add_argument("--full", action="store_true", help="open every photo, not only a sample")
    doctor.add_argument("--repair", action="store_true", help="first finish erasures, and set unneeded files aside")
    doctor.add_argument(
        "--take-over", action="store_true", help="first make the photos in the bucket this copy's, and no other's"
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON document")
    doctor.set_defaults(run=_lazily("doctor:doctor"))
    keys = commands.add_parser("keys", help="the master key: where it is, and replacing it")
    doing = keys.add_subparsers(dest="doing", required=True, metavar="DO")
    doing.add_parser("show", help="where it is taken from, and its fingerprint; never the key")
    rotating = doing.add_parser("rotate", help="replace it, or finish replacing it; stop the app first")
    rotating.add_argument("--new-key", type=Path, metavar="FILE", help="32 bytes in base64, where it is given by you")
    for each in doing.choices.values():
        each.add_argument("--home", type=Path, metavar="DIR", help="folder of the record")
        each.add_argument("--json", action="store_true", help="print one JSON document")
        each.set_defaults(run=_lazily("keys:keys"))
    account = commands.add_parser("account", help="who may sign in")
    doing = account.add_subparsers(dest="doing", required=True, metavar="DO")
    doing.add_parser("list", help="all accounts")
    adding = doing.add_parser("add", help="a new account; prints an invitation")
    adding.add_argument("name", help="by which they sign in")
    adding.add_argument("--role", choices=_ROLES, required=True)
    adding.add_argument("--patient", metavar="CODE", help="who a patient is")
    for name, what in _ACCOUNT_CHANGES.items():
        doing.add_parser(name, help=what).add_argument("name", help="by which they sign in")
    for each in doing.choices.values():
        each.add_argument("--json", action="store_true", help="print one JSON document")
        each.set_defaults(run=_lazily("account:account"))


def _repeatability_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--repeatability",
        type=Path,
        metavar="FILE.json",
        help="what `repeatability --out` found in this set-up, instead of provisional values",
    )


def _shared_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--region", type=Path, metavar="FILE", help='{"polygon": [[row, col], …]} or a PNG mask, in reference pixels'
    )
    _what_and_colours(command)
    command.add_argument(
        "--distance",
        metavar=_DISTANCE,
        help="two points (row,column) of the reference photo and the millimetres between them, where no marker is seen",
    )
    command.add_argument(
        "--grey",
        type=Path,
        metavar="FILE",
        help='outline of a grey card, {"polygon": …} in pixels of the reference, at one place of every photo',
    )


def _what_and_colours(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print one JSON document")
    command.add_argument(
        "--for",
        dest="topics",
        type=_topics,
        metavar="TOPIC,…",
        help="what to measure, the most important first: cellulite, pigmentation, redness, tone, lines, hair, contour "
        "(default: all but hair and contour)",
    )
    command.add_argument(
        "--card", type=Path, metavar="FILE.csv", help="measured colours of our card: patch,L,a,b,batch[,X,Y,Z]"
    )
    command.add_argument(
        "--chart",
        choices=("after-2014", "before-2014"),
        default="after-2014",
        help="when a ColorChecker in the pictures was made: after (default) or before November 2014",
    )


def _short(text: str) -> str:
    if not 1 <= len(text.strip()) <= 40 or not text.isprintable():
        raise argparse.ArgumentTypeError("must be 1 to 40 letters on one line")
    return text.strip()


def _topics(text: str) -> object:
    """Topics, looked up only where they are given: `--help` need not load what measures."""
    try:
        return import_module("tracker.commands.topics").topics_asked(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _points(text: str) -> list[tuple[float, float, float, float]]:
    """Places shown in both photos, such as ``"10,20 12,25; 300,40 310,44; 50,600 55,610"``."""
    try:
        places = [[float(n) for n in place.replace(",", " ").split()] for place in text.strip(" ;").split(";")]
        if not all(isfinite(number) for place in places for number in place):
            raise ValueError
        return [(row, col, there_row, there_col) for row, col, there_row, there_col in places]
    except ValueError:
        raise argparse.ArgumentTypeError('must be places as "R,C R,C; R,C R,C; R,C R,C"') from None


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return value


class _lazily:
    """A command that is imported when it runs: `--help` and usage errors answer at once."""

    def __init__(self, place: str) -> None:
        self.module, _, self.function = place.partition(":")

    def __call__(self, options: argparse.Namespace) -> int:
        command = getattr(import_module(f"tracker.commands.{self.module}"), self.function)
        return int(command(options))


if __name__ == "__main__":
    sys.exit(main())
