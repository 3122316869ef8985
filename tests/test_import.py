"""Photos from a folder or ZIP: all of them, once, by date; and nothing of a hostile archive."""

from __future__ import annotations

import json
import stat
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.small_photos import picture
from tracker.__main__ import main
from tracker.clinic import Clinic, archives
from tracker.clinic.archives import Offered, offered_files
from tracker.clinic.importing import Outcome, import_photos
from tracker.errors import PhotoRejected, RecordError

ALIKE = ("--patient", "P-1", "--site", "thigh", "--side", "left")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def files() -> dict[str, bytes]:
    """Photos in sub-folders, out of order, one of them twice, and some that are none."""
    early, late = picture(1, "2026:01:05 10:00:00"), picture(2, "2026:02:05 10:00:00")
    return {
        "a/late.jpg": late,
        "b/early.jpg": early,
        "b/the same.jpg": early,
        "2026-01-20/by folder.jpg": picture(3),
        "no date.jpg": picture(4),
        "cut off.jpg": late[: len(late) // 2],
        "letter.txt": b"Dear patient",
        ".hidden.jpg": b"",
        "__MACOSX/._late.jpg": b"",
    }


def as_folder(files: dict[str, bytes], place: Path) -> Path:
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def as_zip(files: dict[str, bytes], place: Path) -> Path:
    place.mkdir()
    with zipfile.ZipFile(place / "photos.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return place / "photos.zip"


def stored() -> list[tuple[str, str]]:
    """Day and name of what the record holds, in the order of arrival."""
    with Clinic.open() as clinic:
        found = [p for patient in clinic.patients() for v in clinic.views(patient.id) for p in clinic.photos(v.id)]
    return [(p.taken_on.isoformat(), p.name) for p in sorted(found, key=lambda photo: photo.received_at)]


@pytest.mark.parametrize("form", [as_folder, as_zip])
def test_all_photos_are_stored_by_date_and_every_other_file_is_explained(
    form: Callable[..., Path], files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = form(files, tmp_path / "source")

    assert main(["import", str(source), *ALIKE, "--new-patient", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert found["counts"] == {"stored": 3, "twice": 1, "known": 0, "refused": 3}
    outcome = {file["path"]: (file["outcome"], file["code"]) for file in found["files"]}
    assert outcome == {
        "b/early.jpg": ("stored", None),
        "b/the same.jpg": ("twice", None),
        "2026-01-20/by folder.jpg": ("stored", None),
        "a/late.jpg": ("stored", None),
        "no date.jpg": ("refused", "no_date"),
        "cut off.jpg": ("refused", "damaged"),
        "letter.txt": ("refused", "not_a_photo"),
    }
    assert stored() == [("2026-01-05", "early.jpg"), ("2026-01-20", "by folder.jpg"), ("2026-02-05", "late.jpg")]


def test_what_is_stored_is_byte_for_byte_what_was_in_the_archive(files: dict[str, bytes], tmp_path: Path) -> None:
    assert main(["import", str(as_zip(files, tmp_path / "source")), *ALIKE, "--new-patient"]) == 0

    with Clinic.open() as clinic:
        view = clinic.views(clinic.patients()[0].id)[0]
        found = {photo.name: clinic.original(photo.id) for photo in clinic.photos(view.id)}
    assert found == {Path(name).name: files[name] for name in files if Path(name).name in found}


def test_an_import_that_is_repeated_stores_nothing_new(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = as_folder(files, tmp_path / "source")
    main(["import", str(source), *ALIKE, "--new-patient"])
    before = stored()
    capsys.readouterr()

    assert main(["import", str(source), *ALIKE]) == 0

    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "0 stored, 1 twice, 3 already there, 3 refused."
    assert "It is stored already, as early.jpg." in printed
    assert stored() == before


def test_an_import_that_is_repeated_puts_back_what_was_lost(files: dict[str, bytes], tmp_path: Path) -> None:
    source = str(as_folder(files, tmp_path / "source"))
    main(["import", source, *ALIKE, "--new-patient"])
    with Clinic.open() as clinic:
        for blob in list(clinic._files.vault.blobs.listed()):
            clinic._files.vault.blobs.remove(blob.name)

    assert main(["import", source, *ALIKE]) == 0

    with Clinic.open() as clinic:
        view = clinic.views(clinic.patients()[0].id)[0]
        found = {photo.name: clinic.original(photo.id) for photo in clinic.photos(view.id)}
    assert found == {Path(name).name: files[name] for name in files if Path(name).name in found}


def test_a_dry_run_says_the_same_and_stores_nothing(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(as_folder(files, tmp_path / "source"))
    main(["import", source, *ALIKE, "--new-patient", "--dry-run", "--json"])
    tried = json.loads(capsys.readouterr().out)
    assert stored() == []

    main(["import", source, *ALIKE, "--new-patient", "--json"])

    assert tried | {"dry_run": False} == json.loads(capsys.readouterr().out)


def test_a_file_of_another_view_is_stored_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(as_folder({"both legs.jpg": picture(1, "2026:01:05 10:00:00")}, tmp_path / "source"))
    main(["import", source, *ALIKE, "--new-patient"])
    capsys.readouterr()

    main(["import", source, "--patient", "P-1", "--site", "thigh", "--side", "right"])

    assert "The view Left thigh holds the same file." in capsys.readouterr().out
    assert len(stored()) == 2


def test_files_without_a_date_take_the_day_that_is_given(tmp_path: Path) -> None:
    source = as_folder({"no date.jpg": picture(4)}, tmp_path / "source")

    assert main(["import", str(source), *ALIKE, "--new-patient", "--undated", "2025-12-24"]) == 0

    assert stored() == [("2025-12-24", "no date.jpg")]


def test_a_mistyped_code_does_not_make_a_patient(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = as_folder({"a.jpg": picture(1)}, tmp_path / "source")

    assert main(["import", str(source), *ALIKE]) == 1

    assert "There is no patient with the code P-1" in capsys.readouterr().err
    with Clinic.open() as clinic:
        assert clinic.patients() == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [("../outside.jpg", "outside"), ("/absolute.jpg", "outside"), ("a\\..\\b.jpg", "outside"), ("C:x.jpg", "outside")],
)
def test_a_member_that_points_outside_is_refused_and_costs_no_other(name: str, code: str, tmp_path: Path) -> None:
    path = as_zip({name: picture(1, "2026:01:05 10:00:00"), "good.jpg": picture(2)}, tmp_path / "source")

    with offered_files(path) as files:
        found = {each.path: each for each in files}
        with pytest.raises(PhotoRejected) as refusal:
            found[name].read()
        assert found["good.jpg"].read() == picture(2)

    assert refusal.value.code == code


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(picture(1))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.jpg").symlink_to(secret)
    member = zipfile.ZipInfo("link.jpg")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr(member, str(secret))

    for place in (folder, tmp_path / "photos.zip"):
        with offered_files(place) as (file,), pytest.raises(PhotoRejected) as refusal:
            file.read()
        assert refusal.value.code == "link"


def test_a_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("many zeros.jpg", bytes(30_000_000))
        archive.writestr("too large.jpg", bytes(60_000_000), compress_type=zipfile.ZIP_STORED)

    with offered_files(path) as files:
        for file, code in zip(files, ("bomb", "too_large"), strict=True):
            with pytest.raises(PhotoRejected) as refusal:
                file.read()
            assert refusal.value.code == code


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("liar.jpg", bytes(5_000_000))
    true, claimed = (size.to_bytes(4, "little") for size in (5_000_000, 1000))
    path.write_bytes(path.read_bytes().replace(true, claimed))

    with offered_files(path) as (file,), pytest.raises(PhotoRejected):
        file.read()


def test_too_many_files_and_too_many_bytes_are_refused_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_zip({"a.jpg": bytes(10), "b.jpg": bytes(10)}, tmp_path / "source")
    for limit, value in (("MOST_FILES", 1), ("MOST_BYTES", 19)):
        with monkeypatch.context() as patch:
            patch.setattr(archives, limit, value)
            with pytest.raises(RecordError) as refusal, offered_files(path):
                pass
            assert refusal.value.code == "archive"


@pytest.mark.parametrize("damage", ["cut", "no ZIP", "missing"])
def test_what_is_no_archive_is_said_in_one_sentence(
    damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = as_zip({"a.jpg": picture(1)}, tmp_path / "source")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-30] if damage == "cut" else b"photos")

    assert main(["import", str(path), *ALIKE]) == 1

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_damaged_member_is_refused_and_costs_no_other(tmp_path: Path) -> None:
    path = as_zip({"a.jpg": picture(1), "b.jpg": picture(2)}, tmp_path / "source")
    data = bytearray(path.read_bytes())
    data[2000] ^= 1
    path.write_bytes(data)

    with offered_files(path) as (damaged, whole):
        with pytest.raises(PhotoRejected):
            damaged.read()
        assert whole.read() == picture(2)


def test_a_full_disk_stops_the_import_and_what_was_stored_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    offered = [Offered(f"{k}.jpg", lambda k=k: picture(k, f"2026:01:0{k + 1} 10:00:00")) for k in range(3)]
    with Clinic.open() as clinic:
        view = clinic.add_view(clinic.add_patient(code="P-1").id, site="thigh")
        add, calls = clinic.add_photo, []

        def full(*arguments: object, **options: object) -> object:
            calls.append(1)
            if len(calls) == 2:
                raise RecordError("This was not saved.", code="not_saved")
            return add(*arguments, **options)

        monkeypatch.setattr(clinic, "add_photo", full)
        with pytest.raises(RecordError):
            import_photos(clinic, view.id, offered)
        monkeypatch.undo()
        rows = import_photos(clinic, view.id, offered)

    assert [row.outcome for row in rows] == [Outcome.KNOWN, Outcome.STORED, Outcome.STORED]
    assert [row.taken_on for row in rows] == [date(2026, 1, k) for k in (1, 2, 3)]
