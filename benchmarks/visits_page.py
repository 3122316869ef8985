"""What the findings on real repeat visits say, as Markdown."""

from __future__ import annotations

from benchmarks.findings import Findings
from benchmarks.markdown import counts, number
from benchmarks.repeatability_words import proportion_of


def section(found: Findings) -> str:
    """Markdown; nothing if the photos were not on this machine."""
    if not found:
        return ""
    marks, doubles, series = found["landmarks"], found["doubles"], found["series"]
    return f"""\
### Real repeat visits

Photos of feet and legs of a wound clinic, 512 pixels, with landmarks placed by eye to about 2 pixels; they are no part
of the product.

- **Pairs with landmarks**: {proportion_of(marks["aligned"])} aligned. Median error of a pair: median
  {number(marks["median"])}, 90th percentile {number(marks["p90"])}, worst {number(marks["worst"])} px of 512. Wanted:
  at most 1 and 3.
- **The same photograph stored twice**: {proportion_of(doubles["aligned"])} aligned. Median shift per pair, px:
  {", ".join(number(value) for value in sorted(doubles["shift"]))}; once the common shift of the whole picture is taken
  off, {", ".join(number(value) for value in sorted(doubles["spread"]))}. The copies themselves lie about 0.2 px apart
  by phase correlation. Wanted: at most 0.3.
- **All pairs of a series**: {proportion_of(series["aligned"])} aligned, overlap {number(series["overlap"])} (median).
  Refused: {counts(series["refused"])}. These limbs were turned, swollen or bandaged between the visits."""
