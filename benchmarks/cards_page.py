"""What the findings on our card and on charts say, as Markdown."""

from __future__ import annotations

from pathlib import Path

from benchmarks import cards, colour
from benchmarks.findings import Findings
from benchmarks.markdown import NONE, number, percent, table

_BOARDS = {"card": "our card", "chart": "24-patch chart"}
_KINDS = {"dyes": "office inks", "skin-like": "skin tones in pigments with the spectra of skin"}


def cards_section(found: Findings) -> str:
    """Markdown of card and chart; empty if they were not measured."""
    if not found:
        return ""
    return "\n\n".join(
        ["## Card and chart", _inks(found), _rooms(found), _searched(found), _covered(found), _real(found)]
    )


def _inks(found: Findings) -> str:
    rows = [
        [
            f"{_KINDS[row['ink']]}, {'spectra' if row['spectra'] else 'colours only'}", number(row["median"]),
            number(row["median_clinic_lamps"]), number(row["worst"]), number(row["p95"]), number(row["left_out"]),
            f"{row['refused']} of {len(row['responses'])}",
        ]
        for row in found["spectral"]
    ]  # fmt: skip
    header = ["print and what was measured of it", "median ΔE00", "clinic lamps", "worst", "p95", "left-out", "refused"]
    return f"""\
**Our printed card, on spectra.** The 56 model skins of the section above beside our card, whose batch was measured
without error, seen by two measured cameras under {len(colour.LAMPS)} lamps; ΔE00 on skin, first the median over skins,
then over cameras and lamps. None of these cameras and lamps went into what the program knows of metamerism. *Clinic
lamps* are daylight and LEDs. Of a print of which only the colours are known the program supposes that it was made with
office inks; where that is wrong, it is wrong about skin and the left-out patches do not show it.

{table(header, rows)}"""


def _rooms(found: Findings) -> str:
    rows = [
        [
            f"{_BOARDS[row['board']]}, {row['room']}", f"{row['believed']} of {row['photos']}", number(row["error"]),
            number(row["ita_bias"], 1, signed=True), number(row["pair"]), number(row["ita_sd"]),
        ]
        for row in found["rooms"]
    ]  # fmt: skip
    header = ["board, camera", "believed", "ΔE00 to truth", "ITA bias, °", "ΔE00 of pairs", "ITA s_w, °"]
    return f"""\
**Photos of one room.** Unchanged flat skin of {len(cards.TONES)} tones with a card of office inks or a chart beside
it, photographed {cards.SHOTS} times with the lamp and camera put back to marks. Wanted: ΔE00 at most 1.2 with the card
and 2.0 with the chart, pairs at most 0.9, ITA s_w at most 1.3°.

{table(header, rows)}"""


def _searched(found: Findings) -> str:
    lines = []
    for name, board in found["searched"].items():
        missed = ", ".join(f"{percent(row['width'])} at {_tilt(row['tilt'])}" for row in board["missed"]) or "none"
        lines.append(
            f"- {_BOARDS[name]}: {board['believed']} of {board['scenes']} found and believed; missed: {missed}. Its "
            f"middle is off by {percent(board['off'], 1)} of its width at most."
        )
    return (
        f"**Found.** Widths of {', '.join(percent(width) for width in cards.WIDTHS)} of the picture, tilts up to 30°, "
        "turned and shifted at random, in well-lit pictures of 3 megapixels:\n\n" + "\n".join(lines)
    )


def _tilt(tilt: list[float]) -> str:
    return " and ".join(f"{abs(each):g}°" for each in tilt if each) or "no tilt"


def _covered(found: Findings) -> str:
    lines = [
        f"- {_BOARDS[name]}: used in part {row['used_in_part']}, refused {row['refused']}, misread {row['misread']} of "
        f"{len(row['scenes'])}."
        for name, row in found["covered"].items()
    ]
    return (
        "**Partly hidden** by something of the colour of skin, one to six sevenths from two sides. Misread is what is "
        "believed and wrong about skin by ΔE00 1 more than the whole one:\n\n" + "\n".join(lines)
    )


def _real(found: Findings) -> str:
    rows = [
        [
            Path(row["photo"]).stem.replace("_", " "), row["level"],
            *(number(row.get(key)) for key in ("before", "after", "after_plain", "left_out")),
        ]
        for row in found["real"]
    ]  # fmt: skip
    if not rows:
        return f"**Real photos of charts.** {NONE}"
    header = ["photo", "level", "ΔE00 before", "after", "after least squares", "left-out, near skin"]
    return f"""\
**Real photos of charts.** Median ΔE00 of the patches that can be read from their published colours. A matrix that is
right for skin has to miss the other patches, and by how much is expected: *after least squares* is what the matrix that
is best for the patches themselves leaves. *Left-out* is the honest figure of both: each patch as the others predict it,
the expected miss included.

{table(header, rows)}"""
