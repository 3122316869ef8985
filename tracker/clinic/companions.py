"""Which stored photos may be the other one of a pair with dual light; whether one is, their pixels say."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import chain

from tracker.clinic.records import StoredPhoto

#: At most so many photos are looked at for one: what a session costs does not grow with its photos.
MOST_COMPANIONS = 2


def companions_of(
    photo: StoredPhoto, listed: Sequence[StoredPhoto], reference: StoredPhoto | None
) -> tuple[StoredPhoto, ...]:
    """Photos that may have been taken at once with a photo, the likeliest first.

    Parameters
    ----------
    photo : StoredPhoto
    listed : sequence of StoredPhoto
        All photos of its view, by date and then in order of arrival.
    reference : StoredPhoto or None
        What it is compared with; None if it is to be the reference itself. One without a pair has nothing that a pair
        could be compared with: then only it may be the other photo.

    Returns
    -------
    tuple of StoredPhoto
        Of the same day and size, and of no other pair: the other one as far as it is known, then the nearest by
        arrival.
    """
    alike = [each for each in listed if each.taken_on == photo.taken_on and each.shape == photo.shape]
    free = [each for each in alike if each.id == photo.id or _is_free(each, photo)]
    if reference is not None and not reference.opposite:
        return tuple(each for each in free if each.id == reference.id)
    here = next(k for k, each in enumerate(free) if each.id == photo.id)
    known = (each for each in free if photo.digest in (each.opposite, each.lent_to))
    nearest = chain(known, free[here + 1 : here + 2], free[:here][-1:])
    return tuple(dict.fromkeys(nearest))[:MOST_COMPANIONS]


def companions_on(day: date, listed: Sequence[StoredPhoto], reference: StoredPhoto) -> tuple[StoredPhoto, ...]:
    """Photos that may have been taken at once with one of a day that is not stored yet, as `companions_of`."""
    free = [each for each in listed if each.taken_on == day and not each.opposite and not each.lent_to]
    if not reference.opposite:
        return tuple(each for each in free if each.id == reference.id)
    return tuple(reversed(free))[:MOST_COMPANIONS]


def other_of(photo: StoredPhoto, listed: Sequence[StoredPhoto]) -> StoredPhoto | None:
    """The photo whose light was measured with that of a photo; None if there was none."""
    return next((each for each in listed if photo.opposite and each.digest == photo.opposite), None)


def lender_to(photo: StoredPhoto, listed: Sequence[StoredPhoto]) -> str:
    """Digest of the photo that holds to be measured together with a photo; empty if none does."""
    return next((each.digest for each in listed if each.lent_to == photo.digest), "")


def contradicted(listed: Sequence[StoredPhoto], digests: Collection[str]) -> list[StoredPhoto]:
    """Photos that were of one pair with a photo that now is of another pair, or of none.

    Parameters
    ----------
    listed : sequence of StoredPhoto
        All photos of the view, as they were before.
    digests : collection of str
        Of the photo that was measured, and of the other one of its pair if it has one.
    """
    return [each for each in listed if each.digest not in digests and (each.opposite or each.lent_to) in digests]


def _is_free(each: StoredPhoto, photo: StoredPhoto) -> bool:
    return {each.opposite, each.lent_to} <= {"", photo.digest}
