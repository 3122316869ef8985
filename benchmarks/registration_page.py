"""What the findings on dense truth say, as Markdown."""

from __future__ import annotations

from benchmarks.findings import Findings
from benchmarks.markdown import NONE, counts, number, percent, table
from benchmarks.registration import INTERVAL, MEDIAN, P90, WIDTH
from benchmarks.registration_pairs import HARD

_KINDS = {"rendered": "rendered bodies", "pictures": "pictures of skin"}


def section(found: Findings) -> str:
    """Markdown of the part `registration`; empty if it was not measured."""
    if not found:
        return ""
    pictures = (
        f"{found['textured']} of them are pictures of skin on a curved surface, the others rendered bodies."
        if found["textured"]
        else "**The pictures of skin are missing on this machine:** all pairs are rendered bodies."
    )
    ours = found["ours"]
    return f"""\
## Alignment against dense truth

{found["pairs"]} pairs at three levels of difficulty; {pictures} The hardest differ by up to
{percent(HARD.distance)} in distance, {HARD.roll:g}° of roll, {HARD.tilt:g}° of tilt about either axis,
{percent(HARD.tissue)} of the width in the place of soft tissue, {HARD.exposure:g} EV, {percent(HARD.balance)} in the
gains of red and blue, {HARD.azimuth:g}° in the direction of the lamp over rendered skin or {percent(HARD.relit)} of
shading (standard deviation) on the fine relief of pictures, {percent(HARD.gradient)} in the gradient of light;
treatment has taken {percent(HARD.treated)} of the depth of dimples and of the contrast of spots; the second photo shows
{percent(HARD.overlap[0])} to {percent(HARD.overlap[1])} of the skin before occluders, is up to {HARD.blur:g} times as
blurred and {HARD.noise:g} times as noisy, of JPEG quality {HARD.jpeg}, with {HARD.clutter} things lying about and
{HARD.occluders} blobs in front of the skin. Errors are over the visible skin, in pixels of a photo {WIDTH:g} pixels
wide, whatever the map says of itself. *Strict* success is a median below {MEDIAN:g} px and a 90th percentile below
{P90:g} px; a refused pair counts as failed. The seeds, and the pictures, are not those the model of uncertainty was
fitted to.

- **Strict success**: {percent(ours["strict"], 1)}. Refused, by cause: {counts(ours["refused"])}.
- **Within 1 px**: {percent(ours["f1"], 1)} of the visible skin; within 3 px {percent(ours["f3"], 1)}.
- **Error of a pair**: median {number(ours["median"])} px, 90th percentile within the pair {number(ours["p90"])} px
  (median pair).

{table(_HEAD, _levels(found))}

{_by_kind(found)}

What is claimed, where the map calls itself usable. *Covered* is the share of errors per axis within {INTERVAL:g}
claimed standard uncertainties, wanted at 93 to 97 %; *worst pair* is the least of any pair: an error that all points
of a pair share is inside the interval everywhere or nowhere.

{table(_CLAIMS, _claims(found))}

**Peers, on the same pairs.** On greys of at most {WIDTH:g} px, each as its authors or tutorials use it. Where one ran
on some pairs only, because it is slow, ours on the same pairs stands beside it. *CPU* is the median time of a pair over
that of ours, both after decoding.

{table(_PEERS, _peers(found))}

{_absent(found)}"""


_HEAD = ["level", "pairs", "strict", "median, px", "p90, px", "within 1 px", "within 3 px", "refused"]
_CLAIMS = [
    "level",
    "usable",
    "median error there, px",
    "p90, px",
    "over 5 px",
    "claimed sd, px",
    "covered",
    "worst pair",
]
_PEERS = ["method", "pairs", "success", "strict", "median, px", "p90, px", "within 1 px", "ours: strict", "CPU"]


def _levels(found: Findings) -> list[list[str]]:
    return [[name, *_scores(row)] for name, row in found["levels"].items() if row["n"]]


def _scores(row: Findings) -> list[str]:
    return [
        str(row["n"]), percent(row["strict"]), number(row["median"]), number(row["p90"]), percent(row["f1"], 1),
        percent(row["f3"], 1), str(row["refusals"]),
    ]  # fmt: skip


def _by_kind(found: Findings) -> str:
    rows = [[_KINDS[kind], *_scores(row)] for kind, row in found["kinds"].items() if row["n"]]
    return table(["kind", *_HEAD[1:]], rows)


def _claims(found: Findings) -> list[list[str]]:
    return [
        [
            name, percent(row["usable"], 1), number(row["usable_median"]), number(row["usable_p90"]),
            percent(row["lost"], 2), number(row["claimed"]), percent(row["covered"], 1), percent(row["covered_least"]),
        ]
        for name, row in found["levels"].items() if row["n"]
    ]  # fmt: skip


def _peers(found: Findings) -> list[list[str]]:
    ours = found["ours"]
    rows = [
        [
            "**this program**", str(found["pairs"]), percent(ours["ok"]), percent(ours["strict"]),
            number(ours["median"]), number(ours["p90"]), percent(ours["f1"]), NONE, "1",
        ]
    ]  # fmt: skip
    for row in sorted(found["peers"], key=lambda row: (-row["n"], -row["strict"], -row["f1"])):
        rows.append(
            [
                row["name"], str(row["n"]), percent(row["ok"]), percent(row["strict"]), number(row["median"]),
                number(row["p90"]), percent(row["f1"]), percent(row["beside"]["strict"]), number(row["ratio"]),
            ]
        )  # fmt: skip
    return rows


def _absent(found: Findings) -> str:
    if not found["absent"]:
        return "All of these are installed here. Learned matchers need weights that no package holds: none was run."
    return f"Not installed here: {'; '.join(found['absent'])}. Learned matchers need weights that no package holds."
