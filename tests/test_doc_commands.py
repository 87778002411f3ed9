"""Every command of the documents runs: the lines of all ```bash blocks, in their order, in a folder like the reader's.

The program is run in this process, with the shipped model, over the samples; whatever else stands in a block is run by
bash. A line that cannot run here is named in NOT_RUN with the reason: bash must still find no fault in its form, and
what it says of this program must parse. A line with a placeholder (`[PATH...]`, `DIR`) is a form, not a command.
"""

import re
import shlex
import shutil
import subprocess
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from empathy_scan.cli import app
from empathy_scan.errors import EmpathyScanError

ROOT = Path(__file__).parents[1]
PROGRAM = typer.main.get_command(app)
BASH = shutil.which("bash") or "bash"

# What a line begins with, and why it is not run.
NOT_RUN = {
    "sudo ": "changes the machine",
    "systemctl ": "needs a running systemd",
    "journalctl ": "needs a running systemd",
    "docker ": "needs a Docker daemon",
    "pip ": "installs from a package index",
    "pipx ": "installs from a package index",
    "uv ": "installs from a package index",
    "make ": "the Makefile's own work, part of which is this test; that the target is there is tested",
    ".venv/bin/": "tools of the developers' environment",
    "python -m venv": "makes an environment",
    "empathy-scan train ": "takes hours and corpora; tests/model trains a small one",
    "empathy-scan evaluate": "takes minutes; tests/model evaluates a small one",
    "empathy-scan review serve": "serves until it is stopped; tests/review/test_server.py does",
    "empathy-scan --install-completion": "changes the reader's shell; tests/cli/test_completion.py asks for the script",
    "empathy-scan --show-completion": "writes a script for the reader's shell; tests/cli/test_completion.py",
    "empathy-scan scan s3://": "needs a cluster and an object store; tests/engine and tests/test_remote.py do",
    "empathy-scan appeal ": "needs the id of a message of one's own; tests/cli/test_appeal.py goes the whole way",
    "empathy-scan calibrate ": "needs what reviewers have answered; tests/learning goes the whole way",
    "empathy-scan rescore --store results --model models/ours": "needs the bundle of calibrate; tests/learning",
    "empathy-scan review import next.xlsx": "needs a workbook that somebody has filled in; tests/own",
    "empathy-scan labels train ": "needs a few hundred answers; tests/own goes the whole way",
}
# Lines that rightly end with another code than 0 (done) or 3 (some input rejected), as there is nothing to do.
ENDS = {
    "empathy-scan forget --conversation chat-0412 --dry-run": 1,  # the samples have no such conversation
    "empathy-scan forget --customer jo@example.com": 1,
    "empathy-scan forget --customer jo@example.com --store results --reports report --dry-run": 1,
    "empathy-scan rescore --config empathy-scan.toml --drop": 2,
    "empathy-scan labels check": 2,  # there is no label of one's own
    "empathy-scan labels apply": 2,
    "empathy-scan labels apply --store results": 2,
    "empathy-scan labels drop explains_next_steps --store results": 2,
}
# Pages whose code other tests run.
ELSEWHERE = {"docs/python.md": "tests/test_api.py", "docs/store.md": "tests/test_store_queries.py"}
FORM = re.compile(r"(?:^|[\s=])\[?(?:[A-Z]{2,}(?:-[A-Z]+)*|RUN|ID)(?:\.\.\.|\||\]|\s|$)")
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("data/**/*.md")]
)


def name_of(page):
    return page.relative_to(ROOT).as_posix()


def steps(page):
    """What a page asks its reader to do, in order: ("bash", line) and ("python", block)."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in re.finditer(
        r"^```(bash|python)\n(.*?)^```|^Example: `([^`]*empathy-scan [^`]+)`", text, re.MULTILINE | re.DOTALL
    ):
        language, code, example = block.groups()
        if language == "python":
            found += [("python", code)] if re.match(r"(import|from) (empathy_scan|duckdb|polars)", code) else []
        else:
            lines = [example] if example else code.replace("\\\n", " ").splitlines()
            found += [("bash", without_remark(line)) for line in lines if without_remark(line)]
    return found


def without_remark(line):
    """A line without the remark at its end, which stands after two blanks or more or fills the line."""
    return re.sub(r"(^|\s)# .*", "", line).strip()


def reason(line):
    """Why a line is not run; "" where it is."""
    return next((why for start, why in NOT_RUN.items() if line.startswith(start) or line == start.strip()), "")


def is_form(line):
    return line.startswith("empathy-scan") and bool(FORM.search(line))


def ours(line):
    """The words of a line that go to the program; None where it does not run it."""
    _, _, last = line.rpartition(" | ")
    last = last if last.startswith("empathy-scan ") else ""
    return shlex.split(last)[1:] if last else None


def parse(words):
    """Have the command line take the words apart; raises where it does not understand them."""
    command, rest = PROGRAM, [word for word in words if word not in {"-v", "--verbose"}]
    while hasattr(command, "commands") and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    if command is not PROGRAM:
        command.make_context(" ".join(words), list(rest))


RUN_HERE = {
    name_of(page): [step for step in steps(page) if step[0] == "python" or not (reason(step[1]) or is_form(step[1]))]
    for page in PAGES
    if name_of(page) not in ELSEWHERE
}
SET_ASIDE = sorted({line for page in PAGES for kind, line in steps(page) if kind == "bash" and reason(line)})


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader's folder: samples, exports of three vendors, a store and a report of them, a second model."""
    home = tmp_path_factory.mktemp("reader")
    (home / "data").symlink_to(ROOT / "data")
    (home / "tests").symlink_to(ROOT / "tests")
    samples, formats = ROOT / "data" / "samples", ROOT / "tests" / "data" / "formats"
    exports = {
        "connect": sorted((samples / "connect").rglob("*tom*.json"))[:3],
        "genesys": [formats / "genesys" / "call.json", formats / "genesys" / "message.json"],
        "zendesk": [formats / "zendesk" / "ticket_events.json", formats / "zendesk" / "export.xml"],
    }
    for vendor, files in exports.items():
        (home / "exports" / vendor).mkdir(parents=True)
        for file in files:
            shutil.copy(file, home / "exports" / vendor)
    (home / "calls").mkdir()
    shutil.copy(min((samples / "webvtt").glob("*.vtt")), home / "calls" / "0412.vtt")
    return home


@pytest.fixture(scope="module")
def stored(reader):
    """The store that every page begins with: the exports, and the calls that were written down as text.

    Its cache knows the scores of all samples: the only time that the model computes them is for the demo here.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(reader)
        code, said = run("empathy-scan demo --out first")
        assert (code, said.splitlines()[0]) == (0, str(reader / "first" / "report" / "index.html"))
        shutil.copytree("first/store/_cache", "kept/store/_cache")
        run("empathy-scan scan exports data/samples/text --store kept/store --reports kept/report --quiet")
    return reader / "kept"


@pytest.fixture
def folder(reader, stored, monkeypatch, page):
    """The reader's folder as a page begins, with stores under the names that the page uses."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for place in ("build/store", "results", "store", "empathy-scan-store"):
        shutil.rmtree(reader / place, ignore_errors=True)
        shutil.copytree(stored / "store", reader / place)
    for place in ("build/reports", "report", "empathy-scan-report"):
        shutil.rmtree(reader / place, ignore_errors=True)
        shutil.copytree(stored / "report", reader / place)
    for path in reader.glob("review*.xlsx"):
        path.unlink()
    (reader / "empathy-scan.toml").unlink(missing_ok=True)
    if "empathy-scan.toml" in text:
        shutil.copy(ROOT / "deploy" / "empathy-scan.toml", reader)
        (reader / "log").mkdir(exist_ok=True)
    for said, content in re.findall(r"^(.*):\n\n```(?:csv|toml)\n([^`]*)```", text, re.MULTILINE):
        if name := re.search(r"`([\w-]+\.(?:csv|toml))`", said):
            (reader / name[1]).write_text(content, encoding="utf-8")  # the page's own settings and lists
    if "newer-model" in text:
        another_model(reader / "newer-model")
    if "labelled-turns.csv" in text:
        as_table(reader / "labelled-turns.csv")
    monkeypatch.chdir(reader)
    return reader


def another_model(path):
    """The shipped model with other thresholds."""
    from empathy_scan.model import bundle, files  # noqa: PLC0415 - torch

    if not path.exists():
        held = bundle.load(files.default_path())
        other = replace(held.decisions, agent_tone=(0.6, 0.6))
        bundle.save(path, held.model, held.packer.tokenizer, decisions=other, packer=held.packer, facts={})


def as_table(path):
    """The labels of the samples as a table."""
    import polars as pl  # noqa: PLC0415 - as above

    pl.read_ndjson(ROOT / "tests" / "data" / "sample_labels.jsonl").write_csv(path)


def kept_scores():
    """What was scored once is not computed again."""
    for folder in ("empathy-scan-demo", "demo"):
        shutil.copytree("kept/store/_cache", f"{folder}/store/_cache", dirs_exist_ok=True)


def trained():
    """The model that `train` would have written."""
    another_model(Path("models/mine"))
    shutil.rmtree("empathy-scan-store")  # scored by the shipped one


def handed_in():
    """Ana and Ben have their workbooks, and have answered on the page, both what the model says."""
    from empathy_scan.review.queue import Answer, Queue  # noqa: PLC0415 - as above

    if not Path("review-ana.xlsx").exists():
        run("empathy-scan review export --store results --open --reviewer Ana --reviewer Ben --out review.xlsx")
    queue = Queue(Path("results") / "_review")
    at = datetime(2026, 11, 2, 12, tzinfo=UTC)
    queue.add_answers(
        [Answer(item.id, name, dict(item.model), at) for item in queue.items() for name in ("Ana", "Ben")]
    )


# What the reader, or a line that is not run, has done before a line.
def grouped():
    """A groups' file for two of the agents."""
    Path("sites.csv").write_text("agent,site\ntom.brennan,Leeds\nderek.hollis,York\n", encoding="utf-8")


def codebook():
    """A codebook of one label."""
    shutil.copy(ROOT / "data" / "own_labels" / "explains_next_steps.toml", "labels.toml")


BEFORE = {
    "empathy-scan fairness ": grouped,
    "empathy-scan labels check": codebook,
    "empathy-scan demo": kept_scores,
    "empathy-scan scan exports --model models/mine": trained,
    "empathy-scan review import": handed_in,
}


def run(line):
    """Runs a line and gives its exit code and what it said."""
    words = ours(line)
    if words is None:
        done = subprocess.run([BASH, "-ec", line], capture_output=True, text=True, check=False)  # noqa: S603
        return done.returncode, done.stdout + done.stderr
    first = line.rpartition(" | ")[0]
    given = subprocess.run([BASH, "-ec", first], capture_output=True, text=True, check=True).stdout if first else None  # noqa: S603
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        done = CliRunner().invoke(app, words, input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("page", [page for page, listed in RUN_HERE.items() if listed])
def test_every_command_of_a_page_runs(page):
    for kind, step in RUN_HERE[page]:
        if kind == "python":
            exec(compile(step, page, "exec"), {})  # noqa: S102 - our own page
            continue
        for start, prepare in BEFORE.items():
            if step.startswith(start):
                prepare()
        code, said = run(step)
        assert code in {ENDS.get(step, 0), 0, 3}, f"{page}: {step}\nended with {code}:\n{said[-2000:]}"


@pytest.mark.parametrize("line", SET_ASIDE)
def test_what_is_not_run_has_the_form_of_a_command(line):
    done = subprocess.run([BASH, "-n", "-c", line], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, "")
    if line.startswith("make "):
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = [word for word in shlex.split(line, comments=True)[1:] if "=" not in word]
        assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    elif line.startswith("empathy-scan ") and not is_form(line):
        parse(shlex.split(line)[1:])


def test_no_reason_for_not_running_is_left_over():
    assert {start for start in NOT_RUN if not any(line.startswith(start.strip()) for line in SET_ASIDE)} == set()


def test_a_form_is_told_from_a_command():
    assert is_form("empathy-scan scan [PATH...]")
    assert is_form("empathy-scan show --store DIR ID")
    assert not is_form("empathy-scan scan exports/ --store results")
    assert not is_form("empathy-scan show --store build/store lk-priya-09")


def test_the_format_of_the_guide_reads_the_export_of_the_guide():
    from empathy_scan.config import ReadConfig  # noqa: PLC0415 - as above
    from empathy_scan.readers.files import Document  # noqa: PLC0415 - as above

    page = (ROOT / "docs" / "how-to" / "add-a-format.md").read_text(encoding="utf-8")
    export = re.search(r"```json\n(.*?)```", page, re.DOTALL)[1]
    code = re.search(r"```python\n(\"\"\"Deskline.*?)```", page, re.DOTALL)[1]
    names = {"__name__": "deskline"}
    exec(compile(code, "docs/how-to/add-a-format.md", "exec"), names)  # noqa: S102 - our own page
    document = Document("d.json", export.encode())
    assert names["sniff_deskline"](document).fits
    assert not names["sniff_deskline"](Document("x.json", b"{}")).fits
    (read,) = names["parse_deskline"](document, ReadConfig()).conversations
    assert [(turn.role, turn.agent_id) for turn in read.turns] == [("customer", None), ("agent", "ada")]
    named = Document(
        "n.json", b'{"deskline": 2, "remarks": [{"by": "client", "who": "Jo", "said": "Hi"}, {"said": 3}, 4]}'
    )
    (read,) = names["parse_deskline"](named, ReadConfig()).conversations
    assert [(turn.text, turn.agent_id) for turn in read.turns] == [("Hi", None)]
    for broken in (b"{", b"[]", b'{"deskline": 2, "remarks": null}'):
        with pytest.raises(EmpathyScanError):
            names["parse_deskline"](Document("b.json", broken), ReadConfig())
