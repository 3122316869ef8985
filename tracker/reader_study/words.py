"""What a rater is asked, and what their answers tell, in sentences for the practitioner."""

from __future__ import annotations

from tracker.agreement import Estimate, ForcedChoice, fewest_correct
from tracker.claims import check_words
from tracker.reader_study.answers import MOST_CONFIDENT, Result, Share
from tracker.reader_study.raters import Between

#: By what a view is treated for, what is to be compared, and whether there is less of it or less to be seen.
_QUESTIONS = {
    "cellulite": "is the cellulite less visible",
    "pigmentation": "is the pigmentation less visible",
    "redness": "is the redness less visible",
    "bruising": "is the bruise less visible",
    "lines": "are the lines less visible",
    "wrinkles": "are the wrinkles less visible",
    "texture": "does the skin look smoother",
    "scarring": "are the scars less visible",
    "hair loss": "does the hair cover more",
    "contour": "does this part look narrower",
    "fat": "does this part look narrower",
}
#: Below so many pairs shown twice, κ is stated with a warning: its interval is a large-sample one.
FEW_REPEATS = 10
_USUAL = "does the skin look more even"

CONFIDENCE_QUESTION = f"How clear is it? 0 = a guess … {MOST_CONFIDENT} = obvious"
WHAT_IT_SHOWS = (
    "A rating shows whether people who do not know the dates see a difference between the sessions, and in which "
    "direction. It does not show what made the difference, nor that it matters to the patient. The pictures keep their "
    "own light and colour: a lamp that changed between two sessions is seen by the raters too."
)
DEPENDENT = (
    "The pairs share photos, raters judge the same pairs, and the intervals take every answer as independent: they are "
    "too narrow. A photo that looks better for its light counts in several pairs. One person's photos say nothing of "
    "other people."
)


def question_about(indication: str) -> str:
    """What a rater is asked of two photos.

    Examples
    --------
    >>> question_about("Cellulite")
    'In which of the two is the cellulite less visible?'
    """
    return f"In which of the two {_QUESTIONS.get(indication.strip().casefold(), _USUAL)}?"


def later_sentence(found: ForcedChoice) -> str:
    """Whether the later photo was chosen more often, or less often, than guessing lets expect."""
    needed = fewest_correct(found.of)
    said = f"The later photo was chosen in {found.correct} of {found.of} pairs ({_interval(found.share)})."
    if needed is None:
        return _checked(f"{said} So few pairs cannot be told from guessing, whatever the answers.")
    at_random = f"guessing reaches {needed} of {found.of} in at most one of twenty sittings"
    if found.correct >= needed:
        return _checked(f"{said} That is more than guessing: {at_random}.")
    if found.of - found.correct >= needed:
        return _checked(f"{said} The earlier photo was chosen more often than by guessing: {at_random}.")
    return _checked(
        f"{said} That is what guessing may give: it takes {needed} of {found.of}. "
        "This does not show that nothing changed."
    )


def sensitivity_sentence(found: ForcedChoice) -> str:
    """How far apart the sessions look, as d′."""
    prime = found.d_prime
    low, high = (_limit(end) for end in (prime.low, prime.high))
    return _checked(
        f"d′ {_signed(prime.value)} (95 % interval {low} to {high}): 0 is guessing, 1 about three right of four."
    )


def repeat_sentence(result: Result) -> str:
    """Whether the rater said the same of the same pair."""
    if result.again is None:
        return ""
    again, retest = result.again, result.retest
    said = f"Same choice in {again.count} of {again.of} pairs shown twice"
    if retest is None:
        return _checked(f"{said}; κ cannot be computed from these.")
    few = " From so few pairs it says little." if retest.of < FEW_REPEATS else ""
    kappa = _kappa(retest.value, retest.low, retest.high)
    what = " of choice and clarity" if result.clear is not None else ""
    return _checked(f"{said}; quadratic-weighted κ{what} {kappa}.{few}")


def side_sentence(result: Result) -> str:
    """Whether the rater prefers a side."""
    left = result.left
    said = f"Left chosen in {left.count} of {left.of} pairs ({_interval(left.share)})"
    if left.share.holds(0.5):
        return _checked(f"{said}: no preference for a side is seen.")
    side = "left" if left.share.value > 0.5 else "right"
    return _checked(f"{said}: the rater prefers the {side} side, whatever the pictures show.")


def null_sentence(result: Result) -> str:
    """What was answered where nothing is later."""
    null = result.left_of_null
    if null is None:
        return ""
    said = f"Of {null.of} pairs without a change, left in {null.count}: half is expected ({_interval(null.share)})."
    if not null.share.holds(0.5):
        said += " Chance alone would seldom be so one-sided."
    if result.clear is None or result.clear_of_null is None:
        return _checked(said)
    clear = (
        f"On average {result.clear_of_null:.1f} of {MOST_CONFIDENT} clear there, {result.clear:.1f} between sessions."
    )
    return _checked(f"{said} {clear}")


def between_sentences(found: Between) -> tuple[str, ...]:
    """How far the raters agree."""
    if found.pairs == 0:
        return (_checked("The raters have judged no pair in common."),)
    said = [f"{len(found.raters)} raters judged {found.pairs} pairs in common."]
    values = [kappa.value for kappa in found.kappas]
    if len(values) == 1:
        one = found.kappas[0]
        said.append(f"Quadratic-weighted κ {_kappa(one.value, one.low, one.high)}.")
    elif values:
        mean = sum(values) / len(values)
        said.append(
            f"Quadratic-weighted κ of every two: mean {_signed(mean)}, from {_signed(min(values))} to "
            f"{_signed(max(values))}."
        )
    else:
        said.append("κ cannot be computed: a rater gave one and the same answer throughout.")
    if found.icc is not None:
        icc = found.icc.value
        said.append(f"ICC(2,1) {_signed(icc.value)} (95 % interval {_signed(icc.low)} to {_signed(icc.high)}).")
    return tuple(map(_checked, said))


def metric_sentence(found: Share | None, title: str, *, raters: int) -> str:
    """Whether the eye and the measurement point the same way."""
    who = "The rater" if raters == 1 else "Most raters"
    if found is None:
        return _checked(f"{title} has no values for these pairs, so nothing can be compared.")
    said = f"{who} and {_within(title)} point the same way in {found.count} of {found.of} pairs"
    needed = fewest_correct(found.of)
    end = "" if needed is None else f" Guessing reaches {needed} of {found.of} in at most one of twenty sittings."
    return _checked(f"{said} ({_interval(found.share)}).{end}")


def missing_sentence(changes: int, needed: int) -> str:
    """Why there can be no rating yet."""
    have = "no pair" if changes == 0 else "one pair" if changes == 1 else f"{changes} pairs"
    return (
        f"A rating needs at least {needed} pairs of comparable photos from different sessions; there {_is(changes)} "
        f"{have}. Add a session, or take two photos per session."
    )


def _is(count: int) -> str:
    return "is" if count < 2 else "are"


def _checked(sentence: str) -> str:
    check_words(sentence)
    return sentence


def _interval(share: Estimate) -> str:
    return f"{100 * share.value:.0f} %, 95 % interval {100 * share.low:.0f} to {100 * share.high:.0f} %"


def _kappa(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return _signed(value)
    return f"{_signed(value)} (95 % interval {_signed(low)} to {_signed(high)})"


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _limit(value: float) -> str:
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "−∞"
    return _signed(value)


def _within(title: str) -> str:
    return title if title[1:2].isupper() else title[0].lower() + title[1:]
