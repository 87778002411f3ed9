"""`runs`, the log and the dry run: what they say, and that no word of a transcript is among it."""

import json
import logging
import re

import pytest

CANARIES = ("Quillfeather", "zeppelin", "marmalade")  # a name, and words of two turns
SAID = (
    "Quillfeather: Good morning, how can I help?\n"
    "Mr Quillfeather-Jones: My zeppelin never came and nobody rang, you useless lot.\n"
    "Quillfeather: I will send you a marmalade by noon.\n"
)


@pytest.fixture(autouse=True)
def _as_it_was():
    """The log as the other tests find it."""
    yield
    from empathy_scan.cli import logs  # noqa: PLC0415

    logs.configure()


@pytest.fixture
def secret(call):
    """A folder with a good call, one that is rejected for its roles, and a broken one, all with canaries."""
    call.write_text(SAID.replace("Mr Quillfeather-Jones", "Customer").replace("\nQuill", "\nAgent Quill"), "utf-8")
    call.with_name("open.txt").write_text(SAID * 3, encoding="utf-8")
    call.with_name("broken.json").write_text('{"Transcript": [{"Content": "marmalade', encoding="utf-8")
    return call.parent


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_runs_are_listed_newest_first_and_shown_whole(scan, run, call, tmp_path):
    scan(call.parent)
    scan(call.parent)
    store = ("--store", tmp_path / "store")
    heading, newest, oldest = run("runs", *store).out.splitlines()
    assert heading.split() == ["run", "started", "what", "state", "files", "scored", "rejects", "seconds", "exit"]
    assert newest.split()[2:7] == ["scan", "done", "1", "0", "0"]
    assert oldest.split()[2:7] == ["scan", "done", "1", "1", "0"]
    assert len(run("runs", *store, "--limit", "1").out.splitlines()) == 2
    whole = run("runs", oldest.split()[0], *store).out
    assert re.search(r"^scored +1$", whole, re.MULTILINE)
    assert re.search(r"^  scoring +\d", whole, re.MULTILINE)
    told = json.loads(run("runs", "last", *store, "--json").out)
    assert told["run_id"] == newest.split()[0]
    assert isinstance(json.loads(run("runs", *store, "--json").out), list)


def test_a_run_that_is_not_there_is_wrong_usage(scan, run, call, tmp_path):
    scan(call.parent)
    answer = run("runs", "1999", "--store", tmp_path / "store")
    assert (answer.code, answer.out) == (2, "")
    assert "no run of that id" in answer.err
    assert run("runs", "--store", tmp_path / "nowhere").code == 1


def test_the_exit_code_of_the_program_is_the_one_in_the_record(scan, run, call, tmp_path):
    call.with_name("broken.json").write_text("{", encoding="utf-8")
    answer = scan(call.parent, "--json")
    record = json.loads(run("runs", "last", "--store", tmp_path / "store", "--json").out)
    assert answer.code == record["exit_code"] == json.loads(answer.out)["exit_code"] == 3
    assert record["rejected"] == {"MalformedInputError": 1}


def test_a_dry_run_tells_what_would_be_done_and_writes_nothing(scan, call, tmp_path):
    call.with_name("broken.json").write_text("{", encoding="utf-8")
    answer = scan(call.parent, "--dry-run", "--json")
    plan = json.loads(answer.out)
    assert answer.code == plan["exit_code"] == 3
    assert (plan["files"], plan["files_new"], plan["to_score"], plan["turns_to_score"]) == (2, 2, 1, 4)
    assert plan["seconds"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"exports"}
    scan(call.parent)
    before = files(tmp_path)
    call.write_text(call.read_text(encoding="utf-8").replace("noon", "one"), encoding="utf-8")
    (call.parent / "other.txt").write_text(SAID.replace("Mr Quillfeather-Jones", "Customer"), encoding="utf-8")
    plan = json.loads(scan(call.parent, "--dry-run", "--json").out)
    changed = {path for path, data in files(tmp_path).items() if before.get(path) != data}
    assert {path.parts[0] for path in changed} == {"exports"}
    assert (plan["files_new"], plan["files_changed"], plan["files_known"]) == (1, 1, 1)
    assert plan["replaced"] == 1
    assert "nothing was written" in scan(call.parent, "--dry-run").out


def test_a_dry_run_knows_a_conversation_whose_file_is_called_otherwise(scan, call):
    scan(call.parent)
    call.write_text(call.read_text(encoding="utf-8") + "\n", encoding="utf-8")  # other bytes that say the same
    call.rename(call.with_name("other.txt"))
    plan = json.loads(scan(call.parent, "--dry-run", "--json").out)
    assert (plan["files_new"], plan["conversations"], plan["to_score"]) == (1, 1, 0)
    assert json.loads(scan(call.parent, "--json").out)["scored"] == 0


def test_a_quiet_run_says_nothing_unless_it_fails(scan, secret, tmp_path):
    answer = scan(secret, "--quiet")
    assert (answer.code, answer.out, answer.err) == (3, "", "")
    assert json.loads(scan(secret, "--quiet", "--json").out)["rejects"]
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    answer = scan(secret, "--quiet", "--reports", tmp_path / "taken")
    assert answer.code == 1
    assert answer.err.startswith("empathy-scan: ")


def test_a_log_in_json_is_objects_only(scan, secret):
    lines = [json.loads(line) for line in scan(secret, "--log-format", "json").err.splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert {"stage", "run", "rejected"} <= {line.get("event") for line in lines}
    (ended,) = [line for line in lines if line.get("event") == "run"]
    assert (ended["state"], ended["exit_code"]) == ("done", 3)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_word_and_no_name_of_a_transcript_is_logged(scan, run, secret, tmp_path, form):
    log = tmp_path / "logs" / "night.log"
    said = scan(secret, "--log-file", log, "--log-format", form).err
    said += scan(secret, "--log-format", "json").err
    said += log.read_text(encoding="utf-8")
    said += run("runs", "last", "--store", tmp_path / "store", "--json").out
    assert "run" in said
    assert "rejected" in said
    assert not [word for word in CANARIES if word.casefold() in said.casefold()]


def test_a_log_file_is_added_to(scan, call, tmp_path):
    log = tmp_path / "night.log"
    scan(call.parent, "--log-file", log)
    once = len(log.read_text(encoding="utf-8").splitlines())
    scan(call.parent, "--log-file", log)
    assert len(log.read_text(encoding="utf-8").splitlines()) > once > 3


def test_a_log_that_cannot_be_written_is_told(scan, call, tmp_path):
    answer = scan(call.parent, "--log-file", tmp_path)
    assert answer.code == 1
    assert "choose another --log-file" in answer.err


def test_a_scan_without_paths_says_where_they_may_stand(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = run("scan")
    assert (answer.code, answer.out) == (2, "")
    assert "[scan]" in answer.err


@pytest.mark.usefixtures("call")
def test_one_file_says_all_that_the_command_line_can(run, tmp_path, monkeypatch, generous_bundle):
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "empathy-scan.toml"
    settings.write_text(
        '[scan]\npaths = ["exports"]\nstore = "kept"\nreports = "shown"\njson = true\n'
        f'model = "{generous_bundle.as_posix()}"\n',
        encoding="utf-8",
    )
    answer = run("scan")
    assert (answer.code, answer.err) == (0, "settings: empathy-scan.toml\n")
    assert json.loads(answer.out)["scored"] == 1
    assert (tmp_path / "kept").is_dir()
    assert (tmp_path / "shown" / "index.html").is_file()
    assert json.loads(run("runs", "last").out)["scored"] == 1
    assert json.loads(run("report").out)["conversations"] == 1
    assert json.loads(run("scan", "--store", tmp_path / "other").out)["scored"] == 1
    assert (tmp_path / "other").is_dir()


def test_logging_again_takes_the_old_handlers_away():
    from empathy_scan.cli import logs  # noqa: PLC0415

    logs.configure(form="json")
    before = len(logging.getLogger().handlers)
    logs.configure()
    assert len(logging.getLogger().handlers) == before


def test_a_fault_of_the_program_is_told_by_its_place_and_without_its_message(scan, call, monkeypatch):
    from empathy_scan import pipeline  # noqa: PLC0415

    def fail(*_, **__):
        raise ValueError("marmalade")

    monkeypatch.setattr(pipeline, "scan", fail)
    answer = scan(call.parent)
    assert answer.code == 1
    assert "a fault of the program, ValueError at " in answer.err
    assert "test_operations.py:" in answer.err
    assert "marmalade" not in answer.err
