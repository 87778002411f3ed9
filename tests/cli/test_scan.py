"""`scan` and `report`: what they print, where, and how they end."""

import json
import subprocess
import sys

CHATS = "conversation_id,turn,role,agent_id,started_at,text\n" + "".join(
    f"chat-{n},{turn},{role},ann,2026-10-0{n}T09:00:00Z,{text}\n"
    for n in (1, 2)
    for turn, (role, text) in enumerate([("customer", "Where is my parcel?"), ("agent", "We apologise.")])
)


def test_a_scan_ends_with_the_front_page_and_a_summary(scan, call, tmp_path):
    answer = scan(call.parent)
    assert (answer.code, answer.err) == (0, "")
    first, *rows = answer.out.splitlines()
    assert first == str(tmp_path / "report" / "index.html")
    told = dict(row.rsplit(maxsplit=1) for row in rows)
    assert (told["files"], told["conversations"], told["scored in this run"]) == ("1", "1", "1")


def test_its_answer_for_programs_is_one_object(scan, call):
    answer = json.loads(scan(call.parent, "--json").out)
    assert {"files", "conversations", "scored", "reported", "turns", "agents", "rejects", "front_page"} <= set(answer)
    assert {"seconds", "model", "settings"} <= set(answer)
    assert (answer["conversations"], answer["turns"], answer["rejects"]) == (1, 4, 0)
    assert json.loads(scan(call.parent, "--json").out)["scored"] == 0


def test_rejects_are_told_on_stderr_and_end_with_3(scan, call):
    call.with_name("broken.json").write_text('{"Transcript": [', encoding="utf-8")
    answer = scan(call.parent)
    assert answer.code == 3
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("rejected broken.json:line 1, column ")
    assert "rejects             1" in answer.out


def test_many_rejects_are_counted_not_listed(scan, call):
    for number in range(25):
        call.with_name(f"broken-{number:02}.json").write_text("{", encoding="utf-8")
    lines = scan(call.parent).err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "... and 5 more"


def test_a_period_is_reported_and_all_is_stored(scan, call):
    call.with_name("chats.csv").write_text(CHATS, encoding="utf-8")
    answer = json.loads(scan(call.with_name("chats.csv"), "--json", "--since", "2026-10-02").out)
    assert (answer["conversations"], answer["reported"]) == (2, 1)


def test_nothing_that_can_be_read_is_a_failure_that_says_so(scan, call):
    call.write_text('{"Transcript": [', encoding="utf-8")
    answer = scan(call.parent)
    assert answer.code == 1
    told, failed = answer.err.splitlines()
    assert told.startswith("rejected call.txt")
    assert failed.startswith("empathy-scan: no conversation could be read from 1 file(s)")


def test_nothing_new_that_can_be_read_leaves_what_is_stored(scan, call, tmp_path):
    scan(call.parent)
    before = (tmp_path / "report" / "conversations").exists()
    call.write_text('{"Transcript": [', encoding="utf-8")
    answer = scan(call.parent)
    assert answer.code == 3
    assert "conversations       1" in answer.out
    assert (tmp_path / "report" / "conversations").exists() is before


def test_a_report_is_made_again_from_the_store(scan, run, call, tmp_path):
    call.with_name("chats.csv").write_text(CHATS, encoding="utf-8")
    scan(call.parent)
    into = ("--store", tmp_path / "store", "--reports", tmp_path / "again")
    answer = run("report", *into)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [str(tmp_path / "again" / "index.html"), "8 of 8 pages changed"]
    first, again = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (tmp_path / "report", tmp_path / "again")
    )
    assert first == again
    assert json.loads(run("report", *into, "--json", "--until", "2026-10-02").out)["conversations"] == 2


def test_a_report_tells_how_many_pages_changed(scan, run, call, tmp_path):
    scan(call.parent)
    into = ("--store", tmp_path / "store", "--reports", tmp_path / "report")
    assert run("report", *into).out.splitlines()[1].startswith("0 of ")
    told = json.loads(run("report", *into, "--json", "--all-conversations").out)
    assert (told["changed"], told["conversations"], told["conversation_pages"]) == (1, 1, 1)  # the settings it shows


def test_a_page_of_an_unknown_conversation_is_a_wrong_usage(scan, run, call, tmp_path):
    scan(call.parent)
    answer = run("report", "--store", tmp_path / "store", "--reports", tmp_path / "again", "--conversation", "nowhere")
    assert answer.code == 2
    assert "no conversation 'nowhere' in the report" in answer.err
    assert not (tmp_path / "again").exists()


def test_a_report_without_a_store_says_what_to_do(run, tmp_path):
    answer = run("report", "--store", tmp_path / "nowhere", "--reports", tmp_path / "report")
    assert answer.code == 1
    assert "there is no store; run empathy-scan scan first" in answer.err
    assert not (tmp_path / "report").exists()


def test_a_report_needs_no_model(scan, call, tmp_path):
    scan(call.parent)
    code = (
        "import sys; "
        "from empathy_scan.rebuild import write_report; from empathy_scan.store import Store; "
        "from empathy_scan.config import Config; from pathlib import Path; "
        "write_report(Store.open(sys.argv[1]), Path(sys.argv[2]), Config()); "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, tmp_path / "store", tmp_path / "again"]
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603
    assert (tmp_path / "again" / "index.html").is_file()
