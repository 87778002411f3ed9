"""The command line in this process, and as a process of its own where streams and exit codes are the point."""

import subprocess
import sys
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from empathy_scan.cli import app

CALL = """Agent: Good morning, this is Noor. How can I help?
Customer: My mother's bed never came and nobody rang, you useless lot.
Agent: I am so sorry, waiting in all day for a bed that never comes is awful. I will ring the depot by noon.
Customer: Thank you.
"""


@dataclass(frozen=True)
class Answer:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run():
    """Runs a command here: `run("scan", folder)`."""

    def run(*arguments, given=None):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Answer(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def spawn():
    """Runs a command as a process: slower, and with streams of its own."""

    def spawn(*arguments, given=None, **options):
        command = [sys.executable, "-m", "empathy_scan", *map(str, arguments)]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        done = subprocess.run(command, input=given, check=False, **options)  # noqa: S603
        return Answer(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())

    return spawn


@pytest.fixture
def call(tmp_path):
    """A short call in a file."""
    path = tmp_path / "exports" / "call.txt"
    path.parent.mkdir()
    path.write_text(CALL, encoding="utf-8")
    return path


@pytest.fixture
def scan(run, tmp_path, generous_bundle):
    """Scans with the generous bundle into `store` and `report` of the test's folder; later options win."""

    def scan(*arguments):
        into = ("--store", tmp_path / "store", "--reports", tmp_path / "report", "--model", generous_bundle)
        return run("scan", *into, *arguments)

    return scan
