"""A scan opens no connection: it is done where sockets are forbidden, and where there is no network at all."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "data" / "samples" / "chats"
# Raises at whatever would leave the process for a network, and says at the end what was tried.
GUARDED = """
import runpy, sys
TRIED = []
def forbidden(event, arguments):
    if event.startswith("socket.") and event not in {"socket.__new__", "socket.gethostname"} \\
            or event in {"urllib.Request", "http.client.connect", "smtplib.connect", "ftplib.connect"}:
        TRIED.append(event)
        raise PermissionError(f"no network: {event}")
    if event == "socket.__new__" and arguments[1] != 1:  # 1: within the machine, as processes use it
        if sys._getframe(2).f_code.co_name != "_has_ipv6":  # urllib3 looks what there is when it is imported
            TRIED.append(event)
        raise PermissionError("no network: a socket of a network")
sys.addaudithook(forbidden)
if sys.argv[1] == "try":
    import socket
    socket.create_connection(("127.0.0.1", 9))
try:
    runpy.run_module("empathy_scan", run_name="__main__", alter_sys=True)
finally:
    print("tried:", TRIED, file=sys.stderr)
"""
APART = shutil.which("unshare")


def run(*arguments, before=()):
    command = [*before, sys.executable, "-c", GUARDED, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603


def without_a_network():
    """What a command begins with that is to have no network, where the system lets us; else nothing."""
    if APART is None:
        return ()
    apart = (APART, "--map-root-user", "--net")
    return apart if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode == 0 else ()  # noqa: S603


def test_the_guard_forbids_sockets():
    done = run("try")
    assert done.returncode != 0
    assert "PermissionError: no network" in done.stderr


@pytest.fixture(scope="module")
def scanned(tiny_bundle, tmp_path_factory):
    """A store and a report made where there is no network, and what the run said."""
    folder = tmp_path_factory.mktemp("offline")
    source = next(iter(sorted(SAMPLE.glob("*.csv"))), SAMPLE)
    (folder / "exports").mkdir()
    shutil.copy(source, folder / "exports")
    into = ("--store", folder / "store", "--reports", folder / "report", "--model", tiny_bundle)
    return folder, run("scan", folder / "exports", *into, before=without_a_network())


def test_a_scan_opens_no_connection(scanned):
    folder, done = scanned
    assert done.returncode in {0, 3}, done.stderr[-1000:]
    assert done.stderr.splitlines()[-1] == "tried: []"
    assert (folder / "report" / "index.html").is_file()


@pytest.mark.parametrize("command", ["report", "runs"])
def test_what_comes_after_a_scan_opens_no_connection_either(scanned, command):
    folder, _ = scanned
    more = ("--reports", folder / "again") if command == "report" else ()
    done = run(command, "--store", folder / "store", *more, before=without_a_network())
    assert done.returncode == 0, done.stderr[-1000:]
    assert done.stderr.splitlines()[-1] == "tried: []"
