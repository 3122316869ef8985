"""Markdown of numbers and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NONE = "–"


def number(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """A number with a fixed count of decimals and a true minus sign.

    Examples
    --------
    >>> number(-1.234), number(0.5, 1, signed=True), number(None), number(-0.001)
    ('−1.23', '+0.5', '–', '0.00')
    """
    if value is None or value != value:
        return NONE
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    text = text.replace("-", "−")
    return text if any(digit in text for digit in "123456789") else text.lstrip("−+")


def percent(share: float | None, digits: int = 0) -> str:
    """A share in [0, 1] in per cent.

    Examples
    --------
    >>> percent(0.256), percent(None)
    ('26 %', '–')
    """
    return NONE if share is None else f"{number(100 * share, digits)} %"


def table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table; the first column is words, the others are numbers.

    Examples
    --------
    >>> print(table(["a", "b"], [["x", "1"]]))
    | a | b |
    | --- | ---: |
    | x | 1 |
    """
    rules = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, rules, *body))


def counts(of: Mapping[str, int]) -> str:
    """What was counted, most first.

    Examples
    --------
    >>> counts({"folded": 1, "unsure": 3}), counts({})
    ('unsure 3, folded 1', 'none')
    """
    ordered = sorted(of.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{name} {count}" for name, count in ordered) or "none"


def picture(stem: str, caption: str) -> str:
    """A figure of the page; its caption is its description."""
    return f"![{caption}](images/{stem}.png)"
