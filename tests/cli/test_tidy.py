"""`tidy`, and what `scan` opens on request."""

import json

from empathy_scan.store import Store
from test_store import batch


def test_a_store_of_many_files_is_joined_and_no_result_changes(run, tmp_path):
    store = Store(tmp_path / "store")
    for number in range(34):
        store.add(*batch(f"c{number:02}"))
    before = store.load().turns
    answer = json.loads(run("tidy", "--store", tmp_path / "store", "--keep-hours", "0", "--json").out)
    assert answer["files"] < answer["files_before"]
    assert len(list((tmp_path / "store" / "turns").glob("month=*/*.parquet"))) == 1
    assert store.load().turns.equals(before)
    assert run("tidy", "--store", tmp_path / "store").out.startswith(f"{answer['files']} files joined to")


def test_where_there_is_no_store_tidy_says_so(run, tmp_path):
    answer = run("tidy", "--store", tmp_path / "nowhere")
    assert answer.code == 1
    assert "there is no store" in answer.err


def test_a_scan_opens_known_files_on_request_only(scan, call):
    call.with_name("broken.json").write_text("{", encoding="utf-8")
    scan(call.parent)
    known = [json.loads(scan(call.parent, "--json", *more).out)["known"] for more in ([], ["--retry"], ["--reread"])]
    assert known == [2, 1, 0]
