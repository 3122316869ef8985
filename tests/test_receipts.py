"""The receipt of an erasure: on paper and on the terminal, without a name, and also after the program was killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.days import TODAY
from tests.small_photos import picture
from tracker.__main__ import main
from tracker.clinic import Clinic
from tracker.clinic.doctor import examine
from tracker.clinic.examining import State
from tracker.clinic.receipts import Receipt
from tracker.clinic.tombstones import Tombstone
from tracker.errors import RecordError

ROOT = Path(__file__).parents[1]
NUMBER = "0123456789abcdef" * 2
TOMBSTONE = Tombstone(NUMBER, "2026-03-02T10:20:30+00:00", "89abcdef01234567", photos=3, rows=40)
#: Carries an erasure out as a second person, and dies inside of it.
KILLED = """
import os, signal, sys
from pathlib import Path
from tracker.clinic import Clinic
from tracker.clinic.erasing import Eraser
from tracker.clinic.keystore import KeyStore
from tracker.clinic.vault import Vault
owner, name = {"key": (KeyStore, "destroy"), "files": (Vault, "remove")}[sys.argv[2]]
setattr(owner, name, lambda *given: os.kill(os.getpid(), signal.SIGKILL))
with Clinic.open(Path(sys.argv[1])) as clinic:
    Eraser(clinic._store, clinic._files).erase(sys.argv[3], "two")
"""


def words_of(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_paper_and_terminal_say_the_same_and_the_same_twice() -> None:
    receipt = Receipt(TOMBSTONE, 35, code="P-17", despite="The court has ordered it.")
    on_paper, in_text = words_of(receipt.pdf()), " ".join(receipt.text().split())

    assert receipt.pdf() == receipt.pdf()
    for label, words in receipt.lines():
        assert label in on_paper
        assert words in on_paper
        assert words in in_text
    for said in ("P-17", NUMBER, "2026-03-02 10:20:30 UTC", "3 photos", "40 rows", "2026-04-06", "court"):
        assert said in on_paper
    assert max(map(len, receipt.text().splitlines())) <= 104


def test_paper_has_one_page_our_fonts_and_its_own_date() -> None:
    reader = PdfReader(io.BytesIO(Receipt(TOMBSTONE, 35, code="P-17").pdf()))

    assert len(reader.pages) == 1
    fonts = {font.get_object()["/BaseFont"] for font in reader.pages[0]["/Resources"]["/Font"].values()}
    assert fonts
    assert all("Inter" in font for font in fonts)
    assert reader.metadata is not None
    assert "20260302" in str(reader.metadata.get("/CreationDate", "20260302"))
    assert "pdfuaid" in str(reader.trailer["/Root"]["/Metadata"].get_data())


def test_without_the_code_there_is_room_to_write_it() -> None:
    text = Receipt(TOMBSTONE, 35).text()

    assert "write it here by hand" in text
    assert Receipt(TOMBSTONE, 35).pdf() != Receipt(TOMBSTONE, 35, code="P-17").pdf()


def test_what_was_typed_is_never_interpreted() -> None:
    hostile = '#read("/etc/passwd") *bold* $x$ \\ "'
    assert " ".join(hostile.split()) in words_of(Receipt(TOMBSTONE, 35, code=hostile).pdf())


def test_the_command_writes_the_receipt_as_a_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    with Clinic.open() as clinic:
        erased = clinic.add_patient(code="P-1", name="Maria Canary", note="CANARY").id
    monkeypatch.setattr("sys.stdin", io.StringIO("P-1\n"))
    assert main(["erase", "--patient", "P-1", "--confirm", "--receipt", str(tmp_path / "r.pdf")]) == 0

    on_paper = words_of((tmp_path / "r.pdf").read_bytes())
    assert "P-1" in on_paper
    assert erased in on_paper
    assert "CANARY" not in on_paper.upper()
    assert "Receipt of an erasure" in capsys.readouterr().out


def test_a_receipt_is_made_again_without_what_is_not_kept(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        clinic.set_retention_rule(clinic.retention_rule())
        view = clinic.add_view(clinic.add_patient(code="P-1", name="Maria").id, site="thigh")
        clinic.add_photo(view.id, picture(1), "1.jpg", taken_on=TODAY)
        given = clinic.erase_at_once(view.patient_id, despite="The court has ordered it.")
        assert clinic.erasures() == (given,)
        assert "P-1" in words_of(clinic.receipt_file(view.patient_id).data)
        with pytest.raises(RecordError) as refusal:
            clinic.receipt_file(NUMBER)
        assert refusal.value.code == "not_found"

    with Clinic.open(tmp_path / "home") as clinic:
        (again,) = clinic.erasures()
        assert (again.tombstone, again.code, again.despite) == (given.tombstone, "", "")
        assert (again.photos, again.rows > 2, again.backups_gone_on) == (1, True, given.backups_gone_on)
        file = clinic.receipt_file(view.patient_id)
        assert view.patient_id in words_of(file.data)
        assert "P-1" not in words_of(file.data)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert b"P-1" not in kept
    assert b"court has ordered" not in kept


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("step", ["key", "files"])
def test_an_erasure_that_is_killed_after_it_was_begun_ends_at_the_next_start_and_has_its_receipt(
    step: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with Clinic.open(home) as clinic:
        view = clinic.add_view(clinic.add_patient(code="P-1", name="Maria").id, site="thigh")
        clinic.add_photo(view.id, picture(1), "1.jpg", taken_on=TODAY - timedelta(days=365 * 11))
        clinic._eraser.begin(view.patient_id, "one")
    command = [sys.executable, "-c", KILLED, str(home), step, view.patient_id]
    assert subprocess.run(command, cwd=ROOT, capture_output=True).returncode == -signal.SIGKILL

    with Clinic.open(home) as clinic:
        assert clinic.patients() == ()
        assert clinic.waiting_erasures() == ()
        (receipt,) = clinic.erasures()
        assert (receipt.tombstone.patient_id, receipt.photos) == (view.patient_id, 1)
        clinic.sweep()
    found = {each.name: each.state for each in examine(home, full=True)}
    assert found["erased"] is State.GOOD
    assert State.DAMAGE not in found.values()


def test_an_erasure_that_was_begun_waits_through_a_restart_of_the_program(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        patient = clinic.add_patient(code="P-1").id
        clinic._eraser.begin(patient, "one")
    with Clinic.open(tmp_path / "home") as clinic:
        (waiting,) = clinic.waiting_erasures()
        assert (waiting.patient_id, waiting.code, waiting.asked_by) == (patient, "P-1", "one")
        assert clinic.patients()[0].id == patient


def test_a_legal_hold_is_not_overridden_by_a_reason(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        patient = clinic.add_patient(code="P-1").id
        clinic.set_legal_hold(patient, "Letter of a lawyer")
        with pytest.raises(RecordError) as refusal:
            clinic.erase_at_once(patient, despite="I want to")
        assert refusal.value.code == "kept"
        assert clinic.patients()[0].id == patient
        assert clinic.erasures() == ()


def test_the_next_code_follows_the_pattern_and_is_never_one_that_was_erased(tmp_path: Path) -> None:
    with Clinic.open(tmp_path / "home") as clinic:
        assert clinic.proposed_code() == ""
        clinic.add_patient(code="DEMO-09", is_demonstration=True)
        assert clinic.proposed_code() == ""
        clinic.add_patient(code="B/7")
        clinic.add_patient(code="A-0017")
        last = clinic.add_patient(code="A-0016")
        clinic.add_patient(code="Maria")
        assert clinic.proposed_code() == "A-0018"
        newest = clinic.add_patient(code="A-0018")
        clinic.erase_at_once(newest.id)
        assert clinic.proposed_code() == "A-0019"
        clinic.erase_at_once(last.id)
        assert clinic.proposed_code() == "A-0019"
    with Clinic.open(tmp_path / "home") as clinic:
        assert clinic.proposed_code() == "A-0019"
