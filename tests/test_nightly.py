"""docs/nightly.md and what lies in deploy/: the same texts, which say what the program and the schedulers take."""

import ast
import configparser
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from empathy_scan import config, rehearsal, runs
from empathy_scan.cli import app
from empathy_scan.config import Config
from empathy_scan.pipeline import ScanResult
from empathy_scan.store import Store

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
PROGRAM = typer.main.get_command(app)
UNIT_KEYS = {
    "Unit": {"Description", "RequiresMountsFor"},
    "Service": {
        "Type", "User", "WorkingDirectory", "ExecStart", "SuccessExitStatus", "TimeoutStartSec", "Nice",
        "IOSchedulingClass", "MemoryMax", "PrivateNetwork", "PrivateTmp", "ProtectSystem", "ProtectHome",
        "NoNewPrivileges", "ReadWritePaths",
    },
    "Timer": {"OnCalendar", "RandomizedDelaySec", "Persistent"},
    "Install": {"WantedBy"},
}  # fmt: skip
BASH = shutil.which("bash") or "bash"
DOCKER = {"FROM", "ENV", "ARG", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENTRYPOINT", "CMD"}


def text(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def rows(heading):
    """The first cells of the table below a heading of the third level."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n##")[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def unit(name):
    """A unit's sections, keys as they are spelt."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(text(name))
    return parser


def understood(command):
    """Whether the command line that runs the program is one that it takes."""
    program, name, *words = shlex.split(command)
    assert program.rpartition("/")[2] == "empathy-scan"
    PROGRAM.commands[name].make_context(name, words)
    return True


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_the_page_shows_every_file_as_it_is(path):
    assert f"\n{path.read_text(encoding='utf-8')}```" in PAGE
    assert f"](../deploy/{path.name})" in PAGE


def test_every_command_on_the_page_is_understood():
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    ours = [line for line in lines if line.startswith("empathy-scan ")]
    ours += [
        "empathy-scan " + line.partition("/data empathy-scan ")[2] for line in lines if "/data empathy-scan " in line
    ]
    assert len(ours) >= 6
    assert all(understood(line) for line in ours)


def test_the_settings_are_understood():
    asked = config.load(DEPLOY / "empathy-scan.toml").scan
    assert asked.paths == (str(DEPLOY / "exports"),)


@pytest.mark.parametrize("name", ["empathy-scan.service", "empathy-scan.timer"])
def test_a_unit_has_keys_that_systemd_knows(name):
    found = unit(name)
    assert {(part, key) for part in found.sections() for key in found[part]} <= {
        (part, key) for part, keys in UNIT_KEYS.items() for key in keys
    }


def test_the_service_runs_a_command_that_is_understood_and_takes_rejects_for_success():
    service = unit("empathy-scan.service")["Service"]
    assert understood(service["ExecStart"])
    assert service["SuccessExitStatus"].split() == ["3", "143"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
@pytest.mark.parametrize("name", ["empathy-scan.service", "empathy-scan.timer"])
def test_systemd_finds_no_fault(name, tmp_path):
    for path in DEPLOY.glob("empathy-scan.[st]*er*"):
        (tmp_path / path.name).write_text(
            path.read_text(encoding="utf-8").replace("/opt/empathy-scan/bin/empathy-scan", "/bin/true"),
            encoding="utf-8",
        )
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / name], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert (done.returncode, done.stderr) == (0, "")


def test_the_cron_line_has_five_times_a_user_and_a_command():
    line = next(line for line in text("empathy-scan.cron").splitlines() if not re.match(r"#|\w+=", line))
    minute, hour, *days, user, command = line.split(maxsplit=6)
    assert (0 <= int(minute) < 60, 0 <= int(hour) < 24, days, user) == (True, True, ["*"] * 3, "empathy-scan")
    assert "%" not in command, "cron takes it for the end of the line"
    assert understood(command)


def test_the_task_of_windows_runs_what_is_understood():
    command = re.search(r'^schtasks /Create .* /TR "([^"]+)"$', PAGE, re.MULTILINE)[1]
    assert len(command) <= 261, "schtasks takes no longer one"
    assert understood(command.replace("\\", "/").replace("empathy-scan.exe", "empathy-scan"))


def test_the_dockerfile_copies_what_is_there_and_runs_what_is_understood():
    lines = [line for line in text("Dockerfile").replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    assert {line.split()[0] for line in lines} <= DOCKER
    copied = [part for line in lines if line.startswith("COPY ") for part in line.split()[1:-1]]
    assert copied
    assert not [part for part in copied if not (ROOT / part).exists()]
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {part for part in copied if part != "./"} == {line[1:] for line in let_through if line.startswith("!")}
    last = {line.split()[0]: ast.literal_eval(line.partition(" ")[2]) for line in lines if line[:3] in {"ENT", "CMD"}}
    assert understood(shlex.join([*last["ENTRYPOINT"], *last["CMD"]]))


@pytest.mark.parametrize("name", ["airflow_dag.py", "prefect_flow.py"])
def test_a_flow_compiles_and_calls_what_is_understood(name):
    tree = ast.parse(text(name))
    assert ast.get_docstring(tree)
    compile(tree, name, "exec")
    assert "scan" in text(name)
    assert understood("empathy-scan scan --config c.toml --json --quiet")


def test_the_shell_line_of_the_airflow_task_passes_rejects_and_fails_on_failures(tmp_path):
    line = re.search(r"out=.*?-eq 3", text("airflow_dag.py"), re.DOTALL)[0].replace("\\\\", "\\")
    line = re.sub(r'"\n\s+\'', "", line).replace("{CONFIG}", "c.toml")
    for code, ends in ((0, 0), (3, 0), (1, 1), (2, 1)):
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\necho '{{'; echo '}}'\nexit {code}\n", encoding="utf-8")
        program.chmod(0o755)
        done = subprocess.run(  # noqa: S603
            [BASH, "-c", line.replace("{PROGRAM}", str(program))],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (bool(done.returncode), done.stdout) == (bool(ends), "{}")


def test_the_page_names_every_field_of_the_summary():
    names = [*ScanResult.__dataclass_fields__, "exit_code"]
    assert sorted(rows("The summary")) == sorted(set(names) - {"rejected"})


def test_the_page_names_every_field_of_a_rehearsal():
    section = PAGE.partition("### The summary\n")[2].partition("\n##")[0].rpartition("|\n")[2]
    assert not [
        name for name in rehearsal.Rehearsal.__dataclass_fields__ if f"`{name}`" not in section and name != "rejected"
    ]


def test_the_page_names_every_field_of_a_record(tmp_path):
    held = Store.open(tmp_path / "store")
    with held.writing(), runs.recorded(held, Config()):
        pass
    assert rows("The record of a run") == [*runs.listed(held)[0]]


def test_the_page_names_every_exit_code():
    codes = re.findall(r"^\| ([\d, ]+) \|", PAGE.partition("### Exit codes\n")[2].partition("\n##")[0], re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "130, 143", "137"]
    assert sys.version_info
