"""One holder at a time: who waits, who is told, and what is given back."""

import subprocess
import sys
import threading

import pytest

from empathy_scan.errors import StoreError
from empathy_scan.lock import exclusive, is_held


def test_the_folder_and_the_file_are_made_and_stay(tmp_path):
    path = tmp_path / "new" / "lock"
    with exclusive(path, wait_seconds=0):
        assert path.exists()
    assert path.read_bytes() == b""


def test_a_second_holder_is_told_where_and_what_to_do(tmp_path):
    with (
        exclusive(tmp_path / "lock", wait_seconds=0),
        pytest.raises(StoreError, match="another run is at work") as caught,
        exclusive(tmp_path / "lock", wait_seconds=0.1),
    ):
        pass
    assert caught.value.where == str(tmp_path)
    assert "wait" in caught.value.remedy


def test_a_second_holder_waits_for_a_short_while(tmp_path):
    held, order = threading.Event(), []

    def first() -> None:
        with exclusive(tmp_path / "lock", wait_seconds=0):
            held.set()
            threading.Event().wait(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait()
    with exclusive(tmp_path / "lock", wait_seconds=20):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_an_error_inside_gives_the_lock_back(tmp_path):
    with pytest.raises(ZeroDivisionError), exclusive(tmp_path / "lock", wait_seconds=0):
        _ = 1 / 0
    with exclusive(tmp_path / "lock", wait_seconds=0):
        pass


def test_the_lock_of_a_killed_process_does_not_count(tmp_path):
    code = f"""
import time
from pathlib import Path
from empathy_scan.lock import exclusive, is_held
with exclusive(Path({str(tmp_path)!r}) / "lock", wait_seconds=0):
    print("locked", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        child.stdout.readline()
        with pytest.raises(StoreError, match="another run"), exclusive(tmp_path / "lock", wait_seconds=0):
            pass
        child.kill()
    with exclusive(tmp_path / "lock", wait_seconds=0):
        pass


def test_a_place_that_cannot_be_written_to_is_named_with_a_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="--store") as caught, exclusive(tmp_path / "file" / "lock", wait_seconds=0):
        pass
    assert caught.value.where == str(tmp_path / "file")
    assert isinstance(caught.value.__cause__, OSError)


def test_it_is_told_whether_a_lock_is_held_without_making_one(tmp_path):
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists()
    with exclusive(path, wait_seconds=0):
        assert is_held(path)
    assert not is_held(path)
