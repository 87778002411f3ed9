"""`doctor`: what is well is said, what is not is said with the remedy, and nothing is changed."""

import json

import pytest

from empathy_scan import doctor
from empathy_scan.config import Config, ScanConfig
from empathy_scan.runs import recorded
from empathy_scan.store import Store


@pytest.fixture
def findings(run, tmp_path, call):
    """What the doctor says by subject, and its exit code, with the shipped model."""

    def findings(*arguments):
        into = ("--store", tmp_path / "store", "--reports", tmp_path / "report", "--json")
        answer = run("doctor", call.parent, *into, *arguments)
        return {each["subject"]: each for each in json.loads(answer.out)}, answer.code

    return findings


def states(path):
    return {each.subject: (each.state, each.what) for each in doctor.store(str(path))}


@pytest.fixture
def held(tmp_path, scan, call):
    """A store of one scan."""
    scan(call.parent)
    return tmp_path / "store"


def test_a_machine_that_is_well_ends_with_0_and_is_left_as_it_was(findings, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    found, code = findings()
    faults = [each for each in found.values() if each["state"] == "fault"]
    assert (code, faults) == (0, [])
    assert sorted(tmp_path.rglob("*")) == before
    assert {"settings", "python", "libraries", "memory", "report", "store", "model"} <= set(found)
    assert found["model"]["what"].endswith("loads and scores")


def test_faults_end_with_1_and_say_what_to_mend(findings, tmp_path):
    (tmp_path / "report").write_text("a file", encoding="utf-8")
    found, code = findings("--model", tmp_path)
    assert code == 1
    assert found["report"]["state"] == found["model"]["state"] == "fault"
    assert found["report"]["remedy"]
    assert "empathy-scan train" in found["model"]["remedy"]


def test_settings_that_cannot_be_used_are_the_only_finding(run, tmp_path):
    path = tmp_path / "night.toml"
    path.write_text("[scan]\nworker = 2\n", encoding="utf-8")
    answer = run("doctor", "--config", path)
    assert answer.code == 1
    assert answer.out.startswith("FAULT settings: ")
    assert "known keys" in answer.out


def test_sources_are_told_by_kind(call):
    (found,) = doctor.sources([call.parent])
    assert (found.state, found.what) == ("ok", "1 file(s): .txt (1)")
    (found,) = doctor.sources([call.parent / "nowhere"])
    assert found.state == "fault"
    (found,) = doctor.sources([])
    assert found.state == "note"


def test_a_roster_that_cannot_be_used_is_a_fault(tmp_path):
    roster = tmp_path / "agents.csv"
    roster.write_text("name\nTom\n", encoding="utf-8")
    config = Config(roles=Config().roles.__class__(roster=str(roster)))
    (found,) = doctor.people(config)
    assert (found.subject, found.state) == ("roster", "fault")


def test_a_store_that_is_well(held):
    found = states(held)
    assert {state for state, _ in found.values()} == {"ok"}
    assert found["store contents"][1] == "1 conversation(s)"


def test_a_store_that_is_not_there_yet_is_no_fault(tmp_path):
    assert states(tmp_path / "store")["store"] == ("ok", "there is none yet; the first scan makes it")


@pytest.mark.parametrize("harm", ["cut", "gone", "changed"])
def test_a_damaged_file_is_found(held, harm):
    path = next(held.joinpath("turns").rglob("*.parquet"))
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif harm == "changed":
        whole = path.read_bytes()
        path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    else:
        path.unlink()
    state, what = states(held)["store files"]
    assert (state, what.startswith("1 are gone, cut off or changed, such as turns/")) == ("fault", True)


def test_a_layout_of_a_newer_program_is_a_fault(held):
    (held / "_empathy_scan.json").write_text('{"version": 999}\n', encoding="utf-8")
    state, what = states(held)["store"]
    assert (state, "newer version" in what) == ("fault", True)


def test_an_older_layout_is_a_note_and_stays(held):
    (held / "_empathy_scan.json").write_text('{"version": 1}\n', encoding="utf-8")
    assert states(held)["store layout"][0] == "note"
    assert (held / "_empathy_scan.json").read_text(encoding="utf-8") == '{"version": 1}\n'


def test_a_run_at_work_and_one_that_ended_without_a_word_are_told(held):
    store = Store(held)
    with recorded(store, Config()) as record:
        assert "at work" in states(held)["runs"][1]
    store.add_run(record._row(state="begun", run_id="29990101T000000-aaaaaa"))
    state, what = states(held)["runs"]
    assert (state, "ended without a word" in what) == ("note", True)


def test_memory_is_judged():
    assert doctor._memory(None).state == doctor._memory(8 * doctor.GIB).state == "ok"
    assert doctor._memory(3 * doctor.GIB // 2).state == "note"
    assert doctor._memory(doctor.GIB // 2).state == "fault"


def test_the_checks_follow_what_the_settings_name(tmp_path, call):
    config = Config(scan=ScanConfig(paths=(str(call),), store=str(tmp_path / "s"), reports=str(tmp_path / "r")))
    subjects = [each.subject for each in doctor.examine(config)]
    assert f"source {call}" in subjects
    assert f"disk of {tmp_path / 's'}" in subjects


def test_sizes_are_told_in_the_unit_that_fits():
    assert [doctor.size(count) for count in (3, 2048, 3 << 20, 5 << 30)] == ["3 bytes", "2.0 KiB", "3.0 MiB", "5.0 GiB"]
