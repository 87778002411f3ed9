"""Broken input: a message names file, place and remedy, all else is scored, and the exit code says how it went."""

import json
import os
import sys
from pathlib import Path

import polars as pl
import pytest

from empathy_scan.store import Store

GOOD = "Agent: Good morning, how can I help?\nCustomer: My bed never came.\nAgent: I will ring the depot by noon.\n"
UMLAUTS = "Agent: Grüß dich, was kann ich für Sie tun?\nCustomer: Das Bett ist nicht da – schön ist das nicht!\n"
LONG = f"Agent: Hello, what happened?\nCustomer: {'and then I waited again ' * 20_000}\n"  # 100,000 words


def table(*rows):
    return "".join(f"{row}\n" for row in rows)


# name of the file, its content, and what is said of it: place, reason and remedy
REJECTED = {
    "truncated JSON": (
        "a.json",
        '{"Transcript": [{"Content": "Hel',
        ["a.json:line 1, column ", "ends too early", "export"],
    ),
    "binary": ("a.txt", bytes(range(256)) * 9, ["a.txt: ", "binary", "export the transcript as text"]),
    "empty": ("a.txt", "", ["a.txt: ", "empty", "export it again or remove it"]),
    "no customer": ("a.txt", "Agent: Hello?\nAgent: Is anybody there?\nAgent: Goodbye.\n", ["a.txt", "customer", ";"]),
    "100,000 words in a turn": ("a.txt", LONG, ["a.txt", "479,999 characters", "max_turn_characters"]),
    "no text column": (
        "a.csv",
        table("conversation_id,role,started_at", "1,agent,2026-10-05", "1,customer,2026-10-05"),
        ["a.csv", "text", "--column"],
    ),
    "dangling link": ("a.txt", None, ["a.txt: cannot be read (No such file or directory)", "permissions"]),
}
READ = {
    "latin-1": UMLAUTS.replace("–", "-").encode("latin-1"),
    "windows-1252": UMLAUTS.encode("cp1252"),
    "UTF-16 with a mark": UMLAUTS.encode("utf-16"),
    "UTF-16 without a mark": UMLAUTS.encode("utf-16-le"),
    "UTF-8 with a mark": UMLAUTS.encode("utf-8-sig"),
    "Mac line ends": UMLAUTS.replace("\n", "\r").encode(),
}


@pytest.fixture
def exports(tmp_path):
    """A folder with one good call."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "good.txt").write_text(GOOD, encoding="utf-8")
    return folder


def stored(folder):
    return Store.open(folder / "store").load()


@pytest.mark.parametrize("case", REJECTED)
def test_it_is_told_and_the_others_are_scored(scan, exports, tmp_path, case):
    name, content, said = REJECTED[case]
    if content is None:
        (exports / name).symlink_to(exports / "gone")
    else:
        (exports / name).write_bytes(content.encode() if isinstance(content, str) else content)
    answer = scan(exports)
    assert answer.code == 3
    (line,) = answer.err.splitlines()
    assert line.startswith("rejected ")
    for words in said:
        assert words in line
    assert stored(tmp_path).conversations["conversation_id"].to_list() == ["good"]
    assert stored(tmp_path).rejects.height == 1
    assert "[" not in answer.out, "no list, no traceback"


@pytest.mark.parametrize("case", READ)
def test_it_is_read_well(run, tmp_path, case):
    (tmp_path / "a.txt").write_bytes(READ[case])
    answer = run("read", "--language", "any", tmp_path / "a.txt")
    assert answer.code == 0, answer.err
    assert "Grüß dich" in answer.out
    assert "schön" in answer.out


def test_a_folder_called_like_a_file_is_a_folder(scan, exports):
    (exports / "folder.txt").mkdir()
    assert scan(exports).code == 0


def test_two_files_with_one_conversation_id_are_told_with_both_names(scan, exports, tmp_path):
    rows = "conversation_id,role,text\n7,customer,Where is my {}?\n7,agent,On its way.\n"
    (exports / "one.csv").write_text(rows.format("bed"), encoding="utf-8")
    (exports / "two.csv").write_text(rows.format("sofa"), encoding="utf-8")
    answer = scan(exports)
    assert answer.code == 3
    assert "rejected two.csv" in answer.err
    assert "'7' is taken by different content in one.csv" in answer.err
    assert "give each conversation its own id" in answer.err
    assert sorted(stored(tmp_path).conversations["conversation_id"]) == ["7", "good"]


def test_a_long_turn_is_scored_where_the_settings_allow_it(scan, exports, tmp_path):
    (exports / "a.txt").write_text(LONG.replace("again ", "", 10_000), encoding="utf-8")
    settings = tmp_path / "settings.toml"
    settings.write_text("[read]\nmax_turn_characters = 1000000\n[score]\nevidence = false\n", encoding="utf-8")
    assert scan(exports, "--config", settings).code == 0
    assert stored(tmp_path).conversations.height == 2


@pytest.mark.parametrize("command", ["scan", "read", "show", "measure"])
def test_an_empty_folder_is_wrong_usage(run, tmp_path, command):
    (tmp_path / "empty").mkdir()
    answer = run(command, tmp_path / "empty")
    assert (answer.code, answer.out) == (2, "")
    assert f"no files found in {tmp_path / 'empty'}" in answer.err
    assert "give a folder with exports" in answer.err


@pytest.mark.parametrize("option", ["--store", "--reports"])
def test_a_file_in_the_way_of_the_output_is_named(scan, exports, tmp_path, option):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    answer = scan(exports, option, tmp_path / "taken")
    assert answer.code == 1
    assert answer.err.startswith(f"empathy-scan: {tmp_path / 'taken'}: ")
    assert "file" in answer.err
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder that nobody may write to")
@pytest.mark.parametrize("option", ["--store", "--reports"])
def test_a_folder_that_cannot_be_written_is_named(scan, exports, option):
    answer = scan(exports, option, "/proc/empathy-scan")
    assert answer.code == 1
    assert answer.err.startswith("empathy-scan: /proc/empathy-scan")
    assert "choose another" in answer.err or "folder can be written" in answer.err


def test_scores_are_kept_when_the_report_cannot_be_written(scan, exports, tmp_path):
    (tmp_path / "taken").write_text("mine", encoding="utf-8")
    assert scan(exports, "--reports", tmp_path / "taken").code == 1
    assert json.loads(scan(exports, "--json").out)["scored"] == 0


@pytest.mark.parametrize("text", ["hello", "{}", '{"version": "x"}', "[1]", "\x00\x01", b"\xff\xfe\x80"])
def test_a_store_that_is_none_is_told(scan, exports, tmp_path, text):
    (tmp_path / "store").mkdir()
    layout = tmp_path / "store" / "_empathy_scan.json"
    layout.write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = scan(exports)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"empathy-scan: {layout}: does not describe a store; restore it")


@pytest.mark.parametrize("command", ["scan", "classify", "show"])
def test_a_model_that_is_no_bundle_is_told(run, exports, tmp_path, command):
    target = {"scan": exports, "show": exports / "good.txt", "classify": "-"}[command]
    into = ("--store", tmp_path / "store", "--reports", tmp_path / "report") if command == "scan" else ()
    answer = run(command, target, "--model", tmp_path, *into, given="")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"empathy-scan: {tmp_path}: not a model bundle: config.json")
    assert "give the directory" in answer.err
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "empathy_scan.json"])
def test_a_damaged_model_is_told(run, exports, tmp_path, generous_bundle, name):
    damaged = tmp_path / "model"
    damaged.mkdir()
    for part in generous_bundle.iterdir():
        (damaged / part.name).write_bytes(part.read_bytes()[:20] if part.name == name else part.read_bytes())
    answer = run("scan", exports, "--model", damaged, "--store", tmp_path / "s", "--reports", tmp_path / "r")
    assert answer.code == 1
    assert answer.err.startswith(f"empathy-scan: {damaged}")
    assert "install the bundle again" in answer.err


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("blocks", [1, 8])
def test_a_disk_that_fills_up_is_told_and_the_next_run_completes_the_store(
    spawn, scan, exports, tmp_path, generous_bundle, blocks
):
    import resource  # noqa: PLC0415 - not on every system

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (blocks * 1024, blocks * 1024))

    for number in range(12):
        (exports / f"good-{number}.txt").write_text(GOOD.replace("bed", f"bed number {number}"), encoding="utf-8")
    into = ("--store", tmp_path / "store", "--reports", tmp_path / "report", "--model", generous_bundle)
    answer = spawn("scan", exports, *into, preexec_fn=limit)
    assert answer.code == 1, answer
    assert "Traceback" not in answer.err
    assert answer.err.splitlines()[-1].startswith("empathy-scan: ")
    assert scan(exports).code == 0
    assert stored(tmp_path).conversations.height == 13


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_rows_that_do_not_fit_the_disk_leave_no_half_file(spawn, exports, tmp_path, suffix):
    import resource  # noqa: PLC0415 - not on every system

    for number in range(30):
        (exports / f"good-{number}.txt").write_text(GOOD.replace("bed", os.urandom(40).hex()), encoding="utf-8")
    out = tmp_path / f"turns.{suffix}"
    answer = spawn(
        "read", exports, "--out", out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (900, 900))
    )
    assert answer.code == 1
    assert answer.err.startswith(f"empathy-scan: {out}: cannot be written (")
    assert "free some space" in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports"]


CANARIES = (
    "jo.canary@mail.example",
    "4111 1111 1111 1111",
    "4111111111111111",
    "020 7946 0018",
    "Zebedee",
    "Quillfeather",
)
SAID = (
    "My name is Zebedee Quillfeather, write to jo.canary@mail.example or ring 020 7946 0018.",
    "The card is 4111 1111 1111 1111 and I want my money back from you useless people!",
)


def test_personal_data_leaves_no_trace(spawn, exports, tmp_path, generous_bundle):
    spoken = [("agent", "How can I help?"), ("customer", SAID[0]), ("agent", "And the card?"), ("customer", SAID[1])]
    (exports / "call.txt").write_text("".join(f"{role}: {text}\n" for role, text in spoken), encoding="utf-8")
    frame = pl.DataFrame(spoken, schema=["role", "text"], orient="row").with_columns(conversation_id=pl.lit("c1"))
    frame.write_csv(exports / "chat.csv")
    cues = [
        f"00:00:{n:02}.000 --> 00:00:{n + 1:02}.000\n<v {role}>{text}</v>\n" for n, (role, text) in enumerate(spoken)
    ]
    (exports / "captions.vtt").write_text("WEBVTT\n\n" + "\n".join(cues), encoding="utf-8")
    (exports / "broken.json").write_text(json.dumps({"Transcript": SAID})[:-9], encoding="utf-8")
    into = ("--store", tmp_path / "store", "--reports", tmp_path / "report", "--model", generous_bundle)
    answer = spawn("-v", "scan", exports, *into)
    assert answer.code == 3, answer.err
    assert stored(tmp_path).conversations.height == 4
    assert stored(tmp_path).turns.filter(pl.col("text").str.contains("[EMAIL]", literal=True)).height == 3
    assert "empathy_scan" in answer.err, "-v logs"
    written = [path for part in ("store", "report") for path in (tmp_path / part).rglob("*") if path.is_file()]
    frames = stored(tmp_path)
    tables = [
        getattr(frames, name).write_json().encode()
        for name in ("conversations", "turns", "scores", "labels", "rejects")
    ]
    kept = [path.read_bytes() for path in written] + tables + [answer.out.encode(), answer.err.encode()]
    for canary in CANARIES:
        assert not any(canary.casefold().encode() in content.lower() for content in kept), canary
