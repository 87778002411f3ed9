import contextlib
import resource
from pathlib import Path

import pytest

from empathy_scan import report
from empathy_scan.errors import OutputError
from empathy_scan.report import folder


@contextlib.contextmanager
def small_disk():
    """No file may grow beyond 2 kB: the nearest thing to a full disk that a test may make."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(place):
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_a_file_in_the_way_is_told_with_folder_and_remedy(tmp_path, frames, office):
    (tmp_path / "site").write_text("notes")
    with pytest.raises(OutputError, match="choose another folder") as caught:
        report.write(tmp_path / "site", **frames(*office))
    assert caught.value.where == str(tmp_path / "site")


def test_a_folder_that_cannot_be_made_is_told_with_a_remedy(tmp_path, frames, office):
    with pytest.raises(OutputError, match="choose a shorter one"):
        report.write(tmp_path / ("x" * 300), **frames(*office))


def test_a_read_only_place_is_told_with_a_remedy():
    with pytest.raises(OutputError) as caught, folder.replacing(Path("/proc/empathy-scan")):
        pass
    assert caught.value.remedy


def test_the_old_report_stays_whole_when_the_new_one_cannot_be_written(tmp_path, frames, office):
    given = frames(*office)
    report.write(tmp_path / "site", **given)
    before = files(tmp_path / "site")
    with small_disk(), pytest.raises(OutputError, match="run again"):
        report.write(tmp_path / "site", **given)
    assert files(tmp_path / "site") == before


def test_an_error_while_writing_leaves_the_old_entries_and_no_leftovers(tmp_path):
    with folder.replacing(tmp_path) as staging:
        _fill(staging, "old")
    with pytest.raises(OutputError), folder.replacing(tmp_path) as staging:
        (staging / "assets").mkdir()  # the other entries are missing: the swap fails half way
    assert {path.name for path in tmp_path.iterdir()} == {folder.MARKER, *folder.ENTRIES}
    assert (tmp_path / "assets" / "page").read_text() == "old"


def test_files_of_others_in_the_folder_stay(tmp_path, frames, office):
    (tmp_path / "figures.csv").write_text("a,b")
    report.write(tmp_path, **frames(*office))
    report.write(tmp_path, **frames(*office))
    assert (tmp_path / "figures.csv").read_text() == "a,b"


def test_entries_that_no_report_of_ours_put_there_are_not_replaced(tmp_path, frames, office):
    (tmp_path / "conversations").mkdir()
    (tmp_path / "conversations" / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="choose an empty folder"):
        report.write(tmp_path, **frames(*office))
    assert files(tmp_path) == {"conversations/mine.txt": b"keep"}


def test_what_a_killed_run_left_is_removed(tmp_path, frames, office):
    report.write(tmp_path, **frames(*office))
    (tmp_path / f"{folder.MARKER}.new" / "agents").mkdir(parents=True)
    report.write(tmp_path, **frames(*office))
    assert {path.name for path in tmp_path.iterdir()} == {folder.MARKER, *folder.ENTRIES}


def _fill(staging, text):
    for entry in folder.ENTRIES[:-1]:
        (staging / entry).mkdir()
        (staging / entry / "page").write_text(text)
    (staging / "index.html").write_text(text)
