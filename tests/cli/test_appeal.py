"""`appeal`: from the id on a page to another figure in the next report, and clear answers to what is wrong."""

import json

import pytest

from appeal_store import filled
from empathy_scan.fingerprints import message_id

MESSAGE = message_id("tom.brennan-0", 1)
OPEN = ("open", MESSAGE, "--who", "Tom Brennan", "--should", "tone=civil", "--why", "A joke.")
DECIDE = ("decide", MESSAGE, "--who", "Dana Lee", "--outcome", "upheld", "--why", "It was.")


@pytest.fixture
def appeal(run, tmp_path):
    """Runs a command of the group on a small store."""
    filled(tmp_path / "store")

    def appeal(command, *arguments):
        return run("appeal", command, *arguments, "--store", tmp_path / "store")

    return appeal


def test_an_appeal_goes_from_open_to_decided(appeal):
    assert appeal("list").out == "no appeals\n"
    assert appeal(*OPEN).code == 0
    (line,) = appeal("list", "--open").out.splitlines()[1:]
    assert line.split()[0::2][:2] == [MESSAGE, "open"]
    assert "tone=civil" in line
    assert appeal("list", "--decided").out == "no appeals\n"
    done = appeal(*DECIDE)
    assert (done.code, "it counts as civil" in done.out) == (0, True)
    shown = appeal("show", MESSAGE).out
    for words in ("Tom Brennan appealed", "A joke.", "Dana Lee decided, upheld", "That is not my department."):
        assert words in shown
    assert [row["state"] for row in json.loads(appeal("list", "--decided", "--json").out)] == ["upheld"]


def test_json_holds_who_when_why_and_the_models_labels(appeal):
    told = json.loads(appeal(*OPEN, "--json").out)
    assert (told["state"], told["message"], told["turn"]) == ("open", MESSAGE, 1)
    (event,) = told["events"]
    assert (event["who"], event["why"], event["model"], event["model_labels"]["tone"]) == (
        "Tom Brennan", "A joke.", "m", "1",
    )  # fmt: skip
    assert event["at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("open", "t_none", *OPEN[2:]), "no message 't_none'"),
        ((*OPEN[:5], "tone=rude", *OPEN[6:]), "write one of tone=civil|guarded|hostile"),
        (DECIDE, "nobody has appealed"),
        (("show", MESSAGE), "nobody has appealed"),
        (("list", "--open", "--decided"), "leave nothing"),
        (("withdraw", MESSAGE, "--who", "Tom"), "nobody has appealed"),
    ],
)
@pytest.mark.usefixtures("appeal")
def test_what_is_wrong_is_told_with_a_remedy(run, caplog, tmp_path, command, said):
    done = run("appeal", *command, "--store", tmp_path / "store")
    assert (done.code, done.out) == (2, "")
    assert said in caplog.text


def test_without_a_store_that_is_said(run, caplog, tmp_path):
    assert run("appeal", "list", "--store", tmp_path / "none").code == 1
    assert "there is no store" in caplog.text


def test_a_withdrawn_appeal_is_kept_as_such(appeal):
    appeal(*OPEN)
    assert appeal("withdraw", MESSAGE, "--who", "Tom Brennan").code == 0
    assert json.loads(appeal("show", MESSAGE, "--json").out)["state"] == "withdrawn"


def test_the_review_page_can_be_opened_for_an_appeal_alone(appeal, tmp_path):
    from empathy_scan.cli.review import _demand_turns  # noqa: PLC0415 - serving itself never ends
    from empathy_scan.errors import UsageError  # noqa: PLC0415
    from empathy_scan.review import Queue  # noqa: PLC0415

    queue = Queue(tmp_path / "store" / "_review")
    with pytest.raises(UsageError, match="no review queue"):
        _demand_turns(queue, appeals=True)
    appeal(*OPEN)
    _demand_turns(queue, appeals=True)


def test_a_scan_that_finds_nothing_new_still_takes_a_decision_into_the_report(run, scan, tmp_path):
    """Scan, look up the id on the page, appeal, decide, scan again: the figure has moved, and the page says so."""
    lines = [
        f'c-{n},{role},{who},2026-10-{n + 1:02}T09:00:00Z,"{text} {n}"\n'
        for n in range(6)
        for role, who, text in (("customer", "", "You useless lot."), ("agent", "ada", "That is not my fault."))
    ]
    (tmp_path / "exports").mkdir()
    head = "conversation_id,role,agent_id,started_at,text\n"
    (tmp_path / "exports" / "chat.csv").write_text(head + "".join(lines), encoding="utf-8")
    page, store = tmp_path / "report" / "conversations" / "c-0.html", ("--store", tmp_path / "store")

    def told():
        return json.loads((tmp_path / "report" / "data" / "report.json").read_text(encoding="utf-8"))

    def hostile():
        rows = [row for row in told()["figures"] if row["measure"] == "belittling_rate"]
        return {(row["scope"], row["agent_id"]): row["value"] for row in rows}

    def turn():
        return json.loads(run("show", *store, "c-0", "--json").out)["turns"][1]

    assert scan(tmp_path / "exports").code == 0
    before, message, was = hostile(), turn()["id"], turn()["tone"]
    assert message in page.read_text(encoding="utf-8")
    other, step = ("civil", -1 / 6) if was == "hostile" else ("hostile", 1 / 6)
    asked = ("--who", "Ana", "--should", f"tone={other}", "--why", "Read it again.")
    assert run("appeal", "open", message, *asked, *store).code == 0
    decided = ("--who", "Ben", "--outcome", "upheld", "--why", "Yes.")
    assert run("appeal", "decide", message, *decided, *store).code == 0
    assert hostile() == before
    assert scan(tmp_path / "exports").code == 0
    assert hostile() == {who: pytest.approx(value + step, abs=1e-5) for who, value in before.items()}
    assert "Changed after an appeal" in page.read_text(encoding="utf-8")
    assert (turn()["tone"], turn()["tone_p"]) == (other, 1.0)
    scan(tmp_path / "exports", "--reread")
    assert told()["appeals"][0]["applies"]
    assert hostile() != before
