"""Shell completion: the script that a shell gets, and what it answers while somebody types."""

import os
import shutil
import subprocess
import sys

import pytest

BASH = shutil.which("bash") or "bash"


def asked(words, *, shell="bash", **environment):
    """The answer of the program while a shell asks it."""
    code = f"import sys; sys.argv[0] = 'empathy-scan'; from empathy_scan.cli import app; app({words})"
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "SHELL": shell, **environment},
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell):
    done = asked(["--show-completion", shell])
    assert done.returncode == 0
    assert "_EMPATHY_SCAN_COMPLETE" in done.stdout


def test_the_script_for_bash_is_one_that_bash_understands():
    script = asked(["--show-completion", "bash"]).stdout
    assert subprocess.run([BASH, "-n", "-c", script], check=False).returncode == 0  # noqa: S603


def test_commands_are_offered_as_they_are_typed():
    done = asked([], COMP_WORDS="empathy-scan re", COMP_CWORD="1", _EMPATHY_SCAN_COMPLETE="complete_bash")
    assert set(done.stdout.split()) == {"read", "report", "rescore", "review"}


def test_options_of_a_command_are_offered():
    done = asked([], COMP_WORDS="empathy-scan demo --o", COMP_CWORD="2", _EMPATHY_SCAN_COMPLETE="complete_bash")
    assert set(done.stdout.split()) == {"--out", "--open"}
