"""Sealed texts: opened only where they belong, and telling nothing to who has no key."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tracker.clinic import Clinic, schema
from tracker.clinic.keys import KeyStore, master_key
from tracker.clinic.register import UNREADABLE, add_patient
from tracker.clinic.sealing import Secrets
from tracker.errors import RecordError


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secrets]:
    home = tmp_path_factory.mktemp("home")
    master = master_key(home)
    store = KeyStore(home, master)
    for patient in ("p", "q"):
        store.create(patient)
    yield Secrets(master, store)
    store.close()


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back(secrets: Secrets, text: str) -> None:
    assert secrets.open("p", "patient.name", secrets.seal("p", "patient.name", text)) == text
    assert secrets.open_clinic("staff", secrets.seal_clinic("staff", text)) == text


def test_equal_texts_do_not_look_equal_and_are_not_in_what_is_stored(secrets: Secrets) -> None:
    first, second = (secrets.seal("p", "patient.name", "Jane Miller") for _ in range(2))

    assert first != second
    assert "Jane" not in first
    assert b"Jane" not in base64.b64decode(first.partition(".")[2])


@pytest.mark.parametrize(
    "ask",
    [
        lambda s, sealed: s.open("q", "patient.name", sealed),
        lambda s, sealed: s.open("p", "patient.note", sealed),
        lambda s, sealed: s.open("p", "patient.name", "s0." + sealed[3:]),
        lambda s, sealed: s.open("p", "patient.name", "s2." + sealed[3:]),
        lambda s, sealed: s.open("p", "patient.name", sealed[:-4]),
        lambda s, sealed: s.open("p", "patient.name", "s1."),
        lambda s, sealed: s.open("p", "patient.name", "s1.!"),
        lambda s, sealed: s.open("p", "patient.name", "Jane Miller"),
        lambda s, sealed: s.open("p", "patient.name", ""),
        lambda s, sealed: s.open_clinic("patient.name", sealed),
        lambda s, sealed: s.open("p", "patient.name", s.seal_clinic("patient.name", "Jane Miller")),
    ],
    ids=[
        "other patient",
        "other field",
        "older version",
        "newer version",
        "cut off",
        "nothing in it",
        "no base64",
        "plain text",
        "empty",
        "as the clinic's",
        "of the clinic",
    ],
)
def test_a_sealed_text_opens_nowhere_else(secrets: Secrets, ask: Callable[[Secrets, str], str]) -> None:
    sealed = secrets.seal("p", "patient.name", "Jane Miller")

    with pytest.raises(RecordError) as refused:
        ask(secrets, sealed)

    assert refused.value.code == "sealed"
    assert "Jane" not in refused.value.reason


def test_rows_that_change_places_are_noticed(secrets: Secrets) -> None:
    first, second = (secrets.seal("p", f"photo.name:{row}", f"{row}.jpg") for row in ("a", "b"))

    assert secrets.open("p", "photo.name:a", first) == "a.jpg"
    with pytest.raises(RecordError) as refused:
        secrets.open("p", "photo.name:a", second)
    assert "photo.name" in refused.value.reason


def test_every_single_changed_bit_is_noticed(secrets: Secrets) -> None:
    sealed = secrets.seal("p", "patient.name", "Jane")
    raw = base64.b64decode(sealed[3:])

    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(RecordError):
            secrets.open("p", "patient.name", "s1." + base64.b64encode(changed).decode())


def test_parts_of_what_a_text_is_bound_to_cannot_be_moved_between_patient_and_field(secrets: Secrets) -> None:
    assert secrets.index("a", "bc") != secrets.index("ab", "c")


def test_the_index_finds_a_text_whatever_its_case_and_says_nothing_of_it(secrets: Secrets, tmp_path: Path) -> None:
    assert secrets.index("mail", "Zoë@Clinic.Example") == secrets.index("mail", "zoë@clinic.example")
    assert secrets.index("mail", "STRASSE") == secrets.index("mail", "straße")
    assert secrets.index("mail", "a") != secrets.index("mail", "b")
    assert secrets.index("mail", "a") != secrets.index("name", "a")
    master = master_key(tmp_path)
    other = Secrets(master, KeyStore(tmp_path, master))
    assert other.index("mail", "a") != secrets.index("mail", "a")
    other.keys.close()


def test_what_was_sealed_of_an_erased_patient_is_closed_for_good(secrets: Secrets) -> None:
    secrets.keys.create("r")
    sealed = secrets.seal("r", "patient.name", "Jane Miller")
    secrets.keys.destroy("r")

    for ask in (lambda: secrets.open("r", "patient.name", sealed), lambda: secrets.seal("r", "patient.name", "x")):
        with pytest.raises(RecordError) as refused:
            ask()
        assert refused.value.code == "erased"


def test_a_list_of_many_patients_is_opened_in_little_time(tmp_path: Path) -> None:
    """A thousand are to take 0.3 s at most; three hundred are made here, in one transaction."""
    with Clinic.open(tmp_path / "clinic") as clinic, clinic._store.writing() as connection:
        for number in range(300):
            about = {"name": f"Name {number}", "note": "a note of some words", "is_demonstration": False}
            add_patient(connection, code=f"P-{number:03d}", **about)  # type: ignore[arg-type]

    with Clinic.open(tmp_path / "clinic") as again:  # which has no key in memory yet
        begin = time.process_time()
        listed = again.patients()
        spent = time.process_time() - begin

    assert [each.name for each in listed[:2]] == ["Name 0", "Name 1"]
    assert len(listed) == 300
    assert spent < 0.3 * 300 / 1000


def test_one_damaged_name_does_not_hide_the_other_patients(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "clinic") as clinic:
        first, second, third = (clinic.add_patient(code=code, name=f"Name {code}") for code in "ABC")
        with clinic._store.writing() as connection:
            row = schema.patient.c.id == first.id
            connection.execute(update(schema.patient).where(row).values(name="s1.AAAA"))
        clinic._files.vault._keys.destroy(third.id)  # as an erasure leaves it that was broken off

        assert [(each.code, each.name) for each in clinic.patients()] == [("A", UNREADABLE), ("B", second.name)]
        with pytest.raises(RecordError) as refused:
            clinic.patient(first.id)
        assert refused.value.code == "sealed"
