"""Attacks, and what is expected of each: nothing crashes, hangs, grows, runs, leaves its folder or steers a screen.

What is not here stands with what it attacks: archives in readers/test_packed.py, office documents and their XML in
readers/test_office.py, devices, pipes, sockets and links in readers/test_reading.py, pickles in model/test_bundle.py,
scripts in reports in browser/test_hostile_text.py, escapes in conversations in cli/test_show.py, patterns that take
too long in test_patterns.py, and inputs that were once found by chance in test_fuzz_seeds.py.
"""

import contextlib
import csv
import io
import json
import os
import pickle
import re
import shutil
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from empathy_scan import config, prepare, roster
from empathy_scan.cli import app
from empathy_scan.config import Config, ReadConfig
from empathy_scan.errors import ConfigError, ModelError
from empathy_scan.model import bundle, files, train
from empathy_scan.readers import packed
from empathy_scan.report import export, words
from empathy_scan.tables import UTC_TIME

SAID = (
    "Agent: Hello, how can I help?\nCustomer: My bed never came, you useless lot.\nAgent: I am so sorry to hear it.\n"
)
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ESCAPE = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e"


def rows(*turns, **labels):
    """A table of turns, each with the same labels."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, ["conversation_id", "role", "text", *labels])
    writer.writeheader()
    writer.writerows({"conversation_id": "1", "role": role, "text": text, **labels} for role, text in turns)
    return buffer.getvalue()


TALK = [("agent", "Hello, how can I help?"), ("customer", "My bed never came, you useless lot.")]
LAUGHS = '<?xml version="1.0"?><!DOCTYPE ticket [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><ticket><x>&b;</x></ticket>'
# name of the file, its content, and words of the reason for which it is refused; "" where it is read
ATTACKS = {
    "JSON in JSON, 100,000 deep": ("a.json", '{"turns":' * 100_000 + "}" * 100_000, "nested too deeply"),
    "lists in lists, 100,000 deep": ("a.json", "[" * 100_000 + "]" * 100_000, "nested too deeply"),
    "a line of JSON Lines, 100,000 deep": ("a.jsonl", '{"a":' * 100_000 + "1" + "}" * 100_000 + "\n{}", "no column"),
    "a number of 5,000 digits": ("a.json", '[{"role": "agent", "text": "Hi", "start": ' + "9" * 5000 + "}]", "JSON"),
    "entities in entities": ("a.xml", LAUGHS, "unknown format"),
    "YAML, which is no input": ("a.yaml", "a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "a file of settings"),
    "a turn of 10 MB": ("a.txt", f"Agent: Hello.\nCustomer: {'word ' * 2_000_000}\n", "max_turn_characters"),
    "a word of 10 MB": ("a.txt", f"Agent: Hello.\nCustomer: {'w' * 10_000_000}\n", "max_turn_characters"),
    "10,000 columns": ("a.csv", ",".join(f"c{n}" for n in range(10_000)) + "\n" + "x," * 9_999 + "x\n", "and 9,9"),
    "an object of 10,000 keys": ("a.jsonl", json.dumps({f"k{n}": n for n in range(10_000)}) + "\n{}\n", "no column"),
    "NUL in texts and ids": ("a.csv", rows(*[(role, f"\0{text}\0") for role, text in TALK], queue="a\0b"), None),
    "an id of 10,000 characters": ("a.csv", rows(*TALK).replace("1,", "x/../" * 2000 + ",", 2), ""),
    "endless spaces": ("a.txt", "\n".join(f"10:0{n % 9}{' ' * 280}x" for n in range(3000)) + "\n" + SAID, None),
    "endless stars": ("a.txt", SAID + "\n".join(f"a{'*' * 390}!" for n in range(300)), None),
    "endless capitals": ("a.csv", rows(*TALK, ("agent", "A'" * 90_000), ("customer", "AA'" * 60_000)), ""),
    "endless addresses": (
        "a.eml",
        f"From: {'a' * 90_000}\nTo: {'a.' * 50_000}\nSubject: {' ' * 90_000}#\n\nHi\n",
        None,
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_file_is_read_or_refused_soon(tmp_path, attack):
    name, content, why = ATTACKS[attack]
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    began = time.process_time()
    made = prepare.turns([tmp_path], Config())
    assert time.process_time() - began < 20, "it takes a second at most on any machine"
    told = " ".join(f"{row['reason']} {row['remedy']}" for row in made.rejects.to_dicts())
    assert len(told) < 5000
    if why:
        assert why in told
        assert made.turns.is_empty()
    elif why == "":
        assert made.rejects.is_empty()
        assert made.turns.height >= 2


def test_a_conversation_of_many_turns_takes_time_in_proportion(tmp_path):
    def seconds(pairs):
        path = tmp_path / "a.csv"
        path.write_text(rows(*TALK * pairs), encoding="utf-8")
        began = time.process_time()
        assert prepare.turns([path], Config()).turns.height == 2 * pairs
        return time.process_time() - began

    seconds(100)  # what is loaded once
    assert seconds(8_000) < 8 * max(seconds(2_000), 0.05)


def test_a_small_parquet_file_of_a_long_text_many_times_is_refused(tmp_path):
    once = pl.DataFrame({"conversation_id": ["1"], "role": ["agent"], "text": ["sorry " * 20_000]})
    pl.concat([once] * 500).write_parquet(tmp_path / "a.parquet", compression="zstd")
    assert (tmp_path / "a.parquet").stat().st_size < 1_000_000
    (row,) = prepare.turns([tmp_path], Config(read=ReadConfig(max_file_bytes=50_000_000))).rejects.to_dicts()
    assert "larger than the limit" in row["reason"]


def test_a_file_that_is_cut_while_it_is_read_is_told_and_the_others_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "HELD", 10)  # the file is opened again for each look at it
    (tmp_path / "a.txt").write_text(SAID, encoding="utf-8")
    (tmp_path / "b.txt").write_text(SAID.replace("bed", "sofa"), encoding="utf-8")
    unpack = packed.unpack

    def cut(blob, settings):
        if blob.source == "a.txt":
            (tmp_path / "a.txt").write_text("", encoding="utf-8")
        return unpack(blob, settings)

    monkeypatch.setattr(packed, "unpack", cut)
    made = prepare.turns([tmp_path], Config())
    assert made.turns["source"].unique().to_list() == ["b.txt"]
    assert made.rejects["source"].to_list() == ["a.txt"]


def test_a_sparse_file_of_ten_gigabytes_is_refused_by_its_size(tmp_path):
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(10**10)
    (row,) = prepare.turns([tmp_path], Config()).rejects.to_dicts()
    assert "larger than the limit (10,000,000,000 bytes" in row["reason"]


# --- names ---------------------------------------------------------------------------------------------------------

PATHS = ["../../etc/passwd", "/etc/passwd", "a/b", "..", ".", "a\0b", "x" * 10_000, "CON", "\u202egpj.exe", "a\nb", ""]


@pytest.mark.parametrize("identifier", PATHS, ids=range(len(PATHS)))
def test_the_file_name_of_an_id_stays_in_its_folder(identifier):
    assert re.fullmatch(r"[a-z0-9][a-z0-9._~-]{0,99}", words.slug(identifier))
    assert not words.slug(identifier).endswith(".")


@pytest.mark.parametrize(
    "other", ["dаna.lopez", "dana.lоpez", "ԁana.lopez", "dana.\u200dlopez", "ｄana.lopez", "Dαna.lopez"]
)
def test_two_agents_who_look_alike_are_told_apart(other):
    named = words.names(["dana.lopez", other, "sam.hill"])
    assert named["dana.lopez"] == "Dana Lopez"
    assert re.search(r"\(.*U\+[0-9A-F]{4}.*\)$", named[other])
    assert named["sam.hill"] == "Sam Hill"


def test_names_of_other_alphabets_stay_as_they_are():
    known = {"анна.петрова": "Анна Петрова", "νίκος": "Νίκος", "renée": "Renée", "renee": "Renee Marsh"}
    assert words.names(list(known), {"renee": "Renee Marsh"}) == known


# --- exports and screens -------------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    "'=1",
    "=cmd|' /C calc'!A0",
]


def test_no_cell_of_a_csv_begins_like_a_formula_and_all_can_be_had_back():
    frame = pl.DataFrame(
        {"text": FORMULAS, "n": [-1] * len(FORMULAS), "t": [None] * len(FORMULAS)},
        schema={"text": pl.String, "n": pl.Int64, "t": UTC_TIME},
    )
    told = [*csv.DictReader(io.StringIO(export.as_csv(frame).decode(), newline=""))]
    assert all(row["text"][0] == "'" for row in told)
    assert [row["text"].removeprefix("'") for row in told] == FORMULAS
    assert {row["n"] for row in told} == {"-1"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A folder whose table has formulas and escapes in every label and text, and a broken file of an evil name."""
    folder = tmp_path_factory.mktemp("hostile") / "exports"
    folder.mkdir()
    turns = [
        {"conversation_id": f"{bad}{n}", "role": role, "agent_id": f"{bad}dana", "queue": bad, "text": f"{bad} {text}"}
        for n, bad in enumerate([*FORMULAS, ESCAPE])
        for role, text in TALK * 2
    ]
    (folder / "calls.json").write_text(json.dumps(turns), encoding="utf-8")
    (folder / f"{ESCAPE}.json").write_text('{"Transcript": [', encoding="utf-8")
    return folder


def run(*arguments):
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code in {0, 1, 2, 3}, done.exception
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def scanned(hostile, tiny_bundle, tmp_path_factory):
    """The folder of a store and a report of the hostile table, with all that the run said."""
    folder = tmp_path_factory.mktemp("scanned")
    into = ("--store", folder / "store", "--reports", folder / "report", "--model", tiny_bundle)
    said = run("-v", "scan", hostile, *into, "--log-file", folder / "log")
    return folder, [*said, (folder / "log").read_text(encoding="utf-8")]


def test_nothing_that_is_said_steers_a_terminal(hostile, scanned, tiny_bundle):
    folder, said = scanned
    store = folder / "store"
    known = [row["conversation_id"] for row in json.loads(run("show", "--store", store, "--json")[0])]
    assert len(known) > 5
    said += run("read", hostile, "--explain")
    said += run("read", hostile, "--explain", "--json")
    said += run("read", hostile)
    said += run("runs", "--store", store)
    said += run("runs", "last", "--store", store)
    said += run("show", "--store", store)
    said += run("show", "--store", store, known[-1])
    said += run("show", f"{ESCAPE}.txt")
    said += run("show", "--store", store, f"{ESCAPE}gone")
    said += run("show", hostile / f"{ESCAPE}.json", "--model", tiny_bundle)
    said += run("classify", f"{ESCAPE}.jsonl")
    said += run("read", f"{ESCAPE}", "--config", f"{ESCAPE}.toml")
    assert len(said) > 20
    assert [text for text in said if STEERS.search(text)] == []


def test_no_csv_that_is_written_holds_a_formula(hostile, scanned):
    folder, _ = scanned
    run("read", hostile, "--out", folder / "turns.csv")
    written = [*(folder / "report" / "data").glob("*.csv"), folder / "turns.csv"]
    assert len(written) > 5
    for path in written:
        cells = [cell for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")) for cell in row]
        begins = {cell[:1] for cell in cells if not re.fullmatch(r"-?[\d.e-]+", cell)}
        assert not begins & set("=+-@\t\r\n＝＋－＠"), path.name


def test_turns_as_csv_are_those_of_json_lines(hostile, tmp_path):
    run("read", hostile, "--out", tmp_path / "t.csv")
    run("read", hostile, "--out", tmp_path / "t.jsonl")
    told = [*csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text(encoding="utf-8"), newline=""))]
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text(encoding="utf-8").split("\n") if line]
    assert [row["text"].removeprefix("'") for row in told] == [row["text"] for row in lines]


def test_a_report_of_hostile_ids_stays_in_its_folder_and_links_to_itself(scanned):
    folder, _ = scanned
    assert sorted(path.name for path in folder.iterdir()) == ["log", "report", "store", "turns.csv"]
    pages = [*(folder / "report" / "conversations").glob("*.html")]
    assert len(pages) > 5
    assert all(re.fullmatch(r"[a-z0-9._~-]+", page.name) for page in pages)


# --- models, settings, rosters -------------------------------------------------------------------------------------


@pytest.fixture
def copy(tiny_bundle, tmp_path):
    """A bundle to make evil."""
    folder = Path(shutil.copytree(tiny_bundle, tmp_path / "bundle"))
    edit(folder / files.FACTS, **{files.SUMS: {}})  # whoever makes an evil bundle makes its checksums, too
    return folder


def edit(path, **changed):
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changed}), encoding="utf-8")


def endless_head(folder):
    (folder / "model.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")


def large_head(folder):
    (folder / "model.safetensors").write_bytes((99_000_000).to_bytes(8, "little") + b"{}")


def large_tensor(folder):
    head = json.dumps({"x": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    (folder / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)


def huge_encoder(folder):
    known = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    edit(folder / "config.json", encoder={**known["encoder"], "hidden_size": 2**20, "intermediate_size": 2**20})


def endless_encoder(folder):
    known = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    edit(folder / "config.json", encoder={**known["encoder"], "num_hidden_layers": 10**9})


def many_phrases(folder):
    edit(folder / "config.json", phrases=2**50)


def code_in_config(folder):
    known = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    evil = {**known["encoder"], "model_type": "evil", "auto_map": {"AutoModel": "evil.Model", "AutoConfig": "evil.C"}}
    edit(folder / "config.json", encoder=evil, trust_remote_code=True)


def deep_config(folder):
    (folder / "config.json").write_text('{"encoder":' * 100_000, encoding="utf-8")


def empty_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")


@pytest.mark.parametrize(
    "evil",
    [endless_head, large_head, large_tensor, huge_encoder, endless_encoder, many_phrases, code_in_config, deep_config,
     empty_tokenizer],
)  # fmt: skip
def test_an_evil_bundle_is_refused_before_memory_or_time_are_spent_on_it(copy, evil):
    evil(copy)
    began = time.process_time()
    with pytest.raises(ModelError) as caught:
        bundle.load(copy)
    assert caught.value.remedy
    assert time.process_time() - began < 20


@pytest.mark.parametrize("name", ["tokenizer_config.json", "config.json"])
def test_code_beside_a_bundle_is_never_run(copy, name):
    ran = copy / "ran"
    (copy / "evil.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Tok: pass\n", encoding="utf-8")
    mapped = {"AutoTokenizer": ["evil.Tok", "evil.Tok"], "AutoModel": "evil.Tok", "AutoConfig": "evil.Tok"}
    edit(copy / name, auto_map=mapped, trust_remote_code=True, tokenizer_class="Tok")
    try:
        loaded = bundle.load(copy)
    except ModelError:
        loaded = None
    assert not ran.exists()
    assert loaded is None or np.isfinite(files.parameters(copy))


def test_an_encoder_given_as_a_pickle_is_refused_and_never_run(tiny_backbone, tmp_path):
    folder, ran = Path(shutil.copytree(tiny_backbone, tmp_path / "encoder")), tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(ran),)

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(ModelError):
        train.new_model(folder, train.TrainConfig())
    assert not ran.exists()


TOML = {
    "lists in lists": "a = " + "[" * 100_000,
    "tables in tables": "[read]\ncolumns = " + "{a=" * 5_000,
    "a number of 5,000 digits": "[score]\ntokens_per_batch = " + "9" * 5000,
    "a long dotted key": "a." * 1_000 + "b = 1",
    "no UTF-8": "[read]\nformat = '\udcff'",
}


@pytest.mark.parametrize("attack", TOML)
def test_hostile_settings_and_rosters_are_errors_of_the_settings(tmp_path, attack):
    path = tmp_path / "x.toml"
    path.write_bytes(TOML[attack].encode("utf-8", "surrogateescape"))
    for load in (config.load, roster.load):
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert caught.value.remedy
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "content",
    [b"id,name\n" + b"x" * 1_000_000, b"\0" * 1000, b"id\n" + b'"' * 100_001, b"id,name,team\n=1,\x1b[31m,\x9b\n",
     b"[[agents]]\n" * 20_000],
    ids=["a long cell", "zeros", "quotes", "escapes", "20,000 empty agents"],
)  # fmt: skip
def test_a_hostile_roster_is_read_or_refused(tmp_path, content):
    path = tmp_path / "roster.csv"
    path.write_bytes(content)
    began = time.process_time()
    with contextlib.suppress(ConfigError):
        roster.load(path)
    assert time.process_time() - began < 20
