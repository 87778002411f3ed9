"""The folder of a report: whole or as it was, with a remedy where something is in the way."""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from empathy_scan import report
from empathy_scan.errors import OutputError
from empathy_scan.report import folder
from empathy_scan.report.manifest import Entry


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
    with pytest.raises(OutputError) as caught, folder.updating(Path("/proc/empathy-scan")):
        pass
    assert caught.value.remedy


def test_the_old_report_stays_whole_when_the_new_one_cannot_be_written(tmp_path, frames, office):
    report.write(tmp_path / "site", **frames(*office))
    before = files(tmp_path / "site")
    with small_disk(), pytest.raises(OutputError, match="run again"):
        report.write(tmp_path / "site", **frames(*office, title="Another"))
    assert files(tmp_path / "site") == before


def test_a_first_report_that_cannot_be_written_leaves_nothing_of_it(tmp_path, frames, office):
    with small_disk(), pytest.raises(OutputError):
        report.write(tmp_path / "site", **frames(*office))
    assert files(tmp_path / "site").keys() <= {folder.LOCK}
    report.write(tmp_path / "site", **frames(*office))
    assert (tmp_path / "site" / "index.html").is_file()


def test_an_error_while_files_change_places_brings_all_back(tmp_path):
    _fill(tmp_path, "old")
    before = files(tmp_path)
    (tmp_path / "index.md").mkdir()  # in the way of the last but one
    with pytest.raises(OutputError):
        _fill(tmp_path, "new", more="index.md")
    (tmp_path / "index.md").rmdir()
    assert files(tmp_path) == before


def test_an_error_before_the_end_changes_nothing(tmp_path):
    _fill(tmp_path, "old")
    before = files(tmp_path)
    with pytest.raises(ZeroDivisionError):
        _fill(tmp_path, "new", then=lambda: 1 / 0)
    assert files(tmp_path) == before


def test_files_of_others_in_the_folder_stay(tmp_path, frames, office):
    (tmp_path / "figures.csv").write_text("a,b")
    report.write(tmp_path, **frames(*office))
    (tmp_path / "agents" / "notes.txt").write_text("keep")
    report.write(tmp_path, **frames(*office[:1]))
    assert (tmp_path / "figures.csv").read_text() == "a,b"
    assert (tmp_path / "agents" / "notes.txt").read_text() == "keep"


def test_entries_that_no_report_of_ours_put_there_are_not_replaced(tmp_path, frames, office):
    (tmp_path / "conversations").mkdir()
    (tmp_path / "conversations" / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="choose an empty folder"):
        report.write(tmp_path, **frames(*office))
    assert files(tmp_path) == {"conversations/mine.txt": b"keep"}


def test_a_file_of_others_that_came_into_a_report_is_not_replaced(tmp_path, frames, office):
    report.write(tmp_path, **frames(*office[:8]))
    (tmp_path / "agents" / "priya.nair.html").write_text("mine")
    before = files(tmp_path)
    with pytest.raises(OutputError, match=r"holds agents/priya.nair.html that no report of ours put there"):
        report.write(tmp_path, **frames(*office))
    assert files(tmp_path) == before


def test_what_a_killed_run_left_is_removed(tmp_path, frames, office):
    report.write(tmp_path, **frames(*office))
    before = files(tmp_path)
    for leftover in ("new", "old"):
        (tmp_path / f"{folder.MARKER}.{leftover}" / "agents").mkdir(parents=True)
    (tmp_path / f"{folder.MARKER}.part").write_text("{")
    report.write(tmp_path, **frames(*office))
    assert files(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} <= {folder.MARKER, folder.LOCK, *folder.ENTRIES}


def test_the_report_of_an_older_version_is_replaced_as_a_whole(tmp_path):
    (tmp_path / folder.MARKER).write_text("Made by empathy-scan: the pages beside this file are replaced.\n")
    for name in ("index.html", "agents/rosa.html", "conversations/gone.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old")
    _fill(tmp_path, "new")
    assert {
        path: text for path, text in files(tmp_path).items() if path not in {folder.MARKER, folder.LOCK}
    } == dict.fromkeys(PATHS, b"new")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 99, "files": {}}', "\xff"])
def test_a_damaged_list_makes_everything_new(tmp_path, text):
    _fill(tmp_path, "old")
    whole = files(tmp_path)
    (tmp_path / folder.MARKER).write_text(text, encoding="latin-1")
    _fill(tmp_path, "old")
    assert files(tmp_path) == whole


def test_a_list_that_names_files_elsewhere_removes_none_of_them(tmp_path):
    (tmp_path / "notes.txt").write_text("keep")
    _fill(tmp_path / "site", "old")
    marker = tmp_path / "site" / folder.MARKER
    marker.write_text(marker.read_text().replace('"index.html"', '"../notes.txt"'))
    _fill(tmp_path / "site", "new")
    assert (tmp_path / "notes.txt").read_text() == "keep"


def test_nothing_is_written_where_nothing_changed(tmp_path):
    _fill(tmp_path, "old")
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    _fill(tmp_path, "old")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path != tmp_path} == times


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("o")], ids=["gone", "cut"])
def test_a_file_that_was_lost_or_cut_is_written_again(tmp_path, damage):
    _fill(tmp_path, "old")
    damage(tmp_path / "agents" / "rosa.html")
    _fill(tmp_path, "old")
    assert (tmp_path / "agents" / "rosa.html").read_text() == "old"


@pytest.mark.parametrize("moves", range(7))
def test_a_run_killed_between_two_files_leaves_whole_pages_and_the_next_finishes(tmp_path, moves):
    _fill(tmp_path, "old")
    code = (
        "import os, sys, pathlib; from pathlib import Path; from empathy_scan.report import folder\n"
        "left, replace = [int(sys.argv[2])], Path.replace\n"
        "def dying(self, target):\n"
        "    if not left[0]: os._exit(9)\n"
        "    left[0] -= 1\n"
        "    return replace(self, target)\n"
        "Path.replace = dying\n"
        "with folder.updating(Path(sys.argv[1])) as update:\n"
        "    for path in sys.argv[3:]: update.put(path, b'new', 'new')\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path), str(moves), *PATHS], check=False)  # noqa: S603
    assert killed.returncode == 9
    assert {(tmp_path / path).read_text() for path in PATHS} <= {"old", "new"}
    _fill(tmp_path, "new")
    assert {(tmp_path / path).read_text() for path in PATHS} == {"new"}
    assert {path.name for path in tmp_path.iterdir()} <= {folder.MARKER, folder.LOCK, *folder.ENTRIES}


PATHS = ("assets/style.css", "conversations/one.html", "agents/rosa.html", "data/report.json", "index.html")


def _put(update, text):
    for path in PATHS:
        if not update.keep([path], text):
            update.put(path, text.encode(), text)


def _fill(place, text, *, more="", then=lambda: None):
    with folder.updating(place) as update:
        _put(update, text)
        if more:
            update._old.files[more] = Entry("old", 3)  # as if it were ours
            update.put(more, text.encode(), text)
        then()
