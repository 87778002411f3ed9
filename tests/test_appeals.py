"""An appeal is opened with a reason and decided by somebody else; that moves figures and outlives models."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

import empathy_scan as es
from appeal_store import LINES, filled, put, talks
from empathy_scan import appeals, certain, erasure, forgetting, quantify, rebuild, reviewing, summary
from empathy_scan.config import Config, RolesConfig, SummaryConfig
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.fingerprints import message_id
from empathy_scan.forgetting import Wish
from empathy_scan.quantify import ErrorRates
from empathy_scan.review.desk import Desk
from label_frames import labels as written
from talks import Talk

CONFIG = Config(summary=SummaryConfig(minimum_conversations=3, resamples=100))
GUARDED = message_id("tom.brennan-0", 1)  # the first answer of Tom's first conversation
WHY = "It was said kindly, ask Jane Hopkins, jane.hopkins@example.com."


@pytest.fixture
def store(tmp_path):
    return filled(tmp_path / "store")


def upheld(store, message=GUARDED, *should, config=CONFIG):
    appeals.open_(store, config, message, who="Tom Brennan", should=should or ("tone=civil",), why=WHY)
    return appeals.decide(store, config, message, who="Dana Lee", outcome="upheld", why="He is right.")


def figure(store, measure="guarded_rate", agent="tom.brennan", config=CONFIG):
    held = appeals.standing(store, config).labels(store.load().labels)
    return summary.figures(held, config.summary).filter(measure=measure, agent_id=agent).row(0, named=True)


def report_of(store, folder, config=CONFIG):
    rebuild.write_report(store, folder, config)
    return json.loads((folder / "data" / "report.json").read_text(encoding="utf-8"))


def test_an_upheld_appeal_moves_the_figure_and_the_pages_say_so(store, tmp_path):
    before = report_of(store, tmp_path / "report")
    upheld(store)
    after = report_of(store, tmp_path / "report")
    rates = [
        {row["agent_id"]: row["value"] for row in told["figures"] if row["measure"] == "guarded_rate"}
        for told in (before, after)
    ]
    assert rates[0]["tom.brennan"] == 0.5
    assert rates[1]["tom.brennan"] == pytest.approx(5 / 12, abs=1e-6)
    assert rates[1]["maya.osei"] == rates[0]["maya.osei"]
    assert before["appeals"] == []
    (row,) = after["appeals"]
    assert (row["message"], row["state"], row["was"], row["counts_as"]) == (GUARDED, "upheld", "guarded", "civil")
    for page in ("conversations/tom.brennan-0.html", "agents/tom.brennan.html"):
        text = (tmp_path / "report" / page).read_text(encoding="utf-8")
        assert "was guarded, counts as civil." in text, page
        assert "Changed after an appeal on" in text, page
    method = (tmp_path / "report" / "method.html").read_text(encoding="utf-8")
    assert "in part: 1, 100 of 100 (20 to 100, 1 decided appeal)." in method
    assert "no random sample" in method


def test_nobody_who_appealed_or_decided_and_no_reason_is_in_a_report(store, tmp_path):
    upheld(store)
    report_of(store, tmp_path / "report")
    texts = [path.read_bytes() for path in (tmp_path / "report").rglob("*") if path.is_file()]
    assert not [word for word in (b"Dana Lee", b"He is right", b"said kindly") for text in texts if word in text]


def test_a_reason_is_redacted_before_it_is_written(store):
    upheld(store)
    log = appeals.log_of(store, CONFIG).path.read_bytes()
    assert b"said kindly" in log
    assert b"Hopkins" not in log
    assert b"example.com" not in log


def test_the_log_keeps_who_when_why_the_model_and_its_labels(store):
    case = upheld(store)
    opening, decision = case.events
    assert (opening.who, decision.who, decision.why) == ("Tom Brennan", "Dana Lee", "He is right.")
    assert opening.at.utcoffset().total_seconds() == 0
    assert opening.at <= decision.at
    assert (opening.model, opening.labels["tone"], opening.should) == ("m", "1", {"tone": "0"})
    assert (decision.model, decision.labels["tone"], decision.decided["tone"]) == ("m", "1", "0")


def test_nothing_changes_while_an_appeal_is_open_or_after_it_was_withdrawn_or_rejected(store):
    before = figure(store)
    appeals.open_(store, CONFIG, GUARDED, who="Tom", should=["tone=civil"], why="No.")
    assert figure(store) == before
    appeals.withdraw(store, CONFIG, GUARDED, who="Tom")
    assert figure(store) == before
    appeals.open_(store, CONFIG, GUARDED, who="Tom", should=["tone=civil"], why="No.")
    case = appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome="rejected", why="It is cold.")
    assert (case.state, figure(store)) == ("rejected", before)


def test_who_opened_an_appeal_or_said_the_message_must_not_decide_it(store, tmp_path):
    appeals.open_(store, CONFIG, GUARDED, who="Ana Reyes", should=["tone=civil"], why="No.")
    path = tmp_path / "roster.csv"
    path.write_text("agent_id,name,aliases\nana,Ana Reyes,A. Reyes\ntom.brennan,Tom Brennan,T. B.\n", encoding="utf-8")
    listed = replace(CONFIG, roles=RolesConfig(roster=str(path)))
    for config, who in (
        (CONFIG, "ana  REYES"), (CONFIG, "Reyes, Ana"), (CONFIG, "Tom Brennan"), (CONFIG, "tom.brennan"),
        (listed, "A. Reyes"), (listed, "T. B."),
    ):  # fmt: skip
        with pytest.raises(UsageError, match="must not decide it"):
            appeals.decide(store, config, GUARDED, who=who, outcome="upheld", why="Yes.")
    with pytest.raises(UsageError, match="only who opened"):
        appeals.withdraw(store, CONFIG, GUARDED, who="Dana")


def test_a_decision_may_be_replaced_once_and_all_of_it_is_kept(store):
    upheld(store)
    appeals.open_(store, CONFIG, GUARDED, who="Lea", should=["tone=guarded"], why="It is cold.")
    assert figure(store)["value"] == pytest.approx(5 / 12)
    with pytest.raises(UsageError, match="decided the first time must not"):
        appeals.decide(store, CONFIG, GUARDED, who="dana LEE", outcome="upheld", why="Yes.")
    case = appeals.decide(store, CONFIG, GUARDED, who="Cy", outcome="upheld", why="It is.")
    with pytest.raises(UsageError, match="not open") as caught:
        appeals.decide(store, CONFIG, GUARDED, who="Lou", outcome="upheld", why="Yes.")
    assert "final" in caught.value.remedy
    assert figure(store)["value"] == 0.5
    assert [each.event for each in case.events] == ["opened", "decided"] * 2
    with pytest.raises(UsageError, match="decided twice"):
        appeals.open_(store, CONFIG, GUARDED, who="Tom", should=["tone=civil"], why="No.")


def test_in_part_the_labels_are_those_of_the_decision(store):
    appeals.open_(store, CONFIG, GUARDED, who="Tom", should=["tone=civil", "acknowledges=yes"], why="No.")
    for labels, outcome in ((["tone=civil"], "upheld"), ([], "partly"), (["tone=nice"], "partly")):
        with pytest.raises(UsageError):
            appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome=outcome, why="So.", labels=labels)
    case = appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome="partly", why="So.", labels=["tone=civil"])
    assert (case.decision.decided["tone"], case.decision.decided["A"]) == ("0", "no")


@pytest.mark.parametrize(
    ("should", "said"),
    [
        (["tone=guarded"], "counts so already"),
        (["insult=yes"], "no label of an agent's message"),
        (["tone"], "no label of an agent's message"),
        (["tone=civil", "tone=hostile"], "given twice"),
        ([], "no label is given"),
    ],
)
def test_labels_that_do_not_fit_are_refused_with_those_that_there_are(store, should, said):
    with pytest.raises(UsageError, match=said):
        appeals.open_(store, CONFIG, GUARDED, who="Tom", should=should, why="No.")


def test_labels_may_be_written_as_pages_call_them():
    assert appeals.parse("agent", ["Stock phrase=no", "shows understanding=YES"]) == {"S": "no", "A": "yes"}


def test_a_customer_who_is_not_hostile_attacks_nobody(store):
    message = message_id("tom.brennan-0", 0)
    upheld(store, message, "tone=upset")
    row = appeals.standing(store, CONFIG).labels(store.load().labels).filter(conversation_id="tom.brennan-0", turn=0)
    assert row.select("tone", "kinds", "p_hostile").rows() == [(1, "", 0.0)]


def test_what_was_decided_holds_whatever_model_comes_next(store):
    upheld(store)
    worse = [(role, words, "2" if role == "agent" else labels) for role, words, labels in LINES]
    put(store, *talks(worse), model="m2")
    row = appeals.standing(store, CONFIG).labels(store.load().labels).filter(conversation_id="tom.brennan-0", turn=1)
    assert row["tone"][0] == 0


def test_with_other_words_a_decision_counts_no_more_and_that_is_told(store, tmp_path):
    upheld(store)
    other = (LINES[0], ("agent", "That is {guarded|none of my business}.", "1"), *LINES[2:])
    put(store, Talk("tom.brennan-0", "tom.brennan", list(other)))
    assert figure(store)["value"] == 0.5
    assert not report_of(store, tmp_path / "report")["appeals"][0]["applies"]
    page = (tmp_path / "report" / "conversations" / "tom.brennan-0.html").read_text(encoding="utf-8")
    assert "the message has other words now" in page
    appeals.open_(store, CONFIG, GUARDED, who="Tom Brennan", should=["tone=civil"], why="Kind.")  # anew, on these words
    appeals.decide(store, CONFIG, GUARDED, who="Dana Lee", outcome="upheld", why="Yes.")
    assert figure(store)["value"] == pytest.approx(5 / 12)


def test_a_decision_follows_its_words_where_the_message_gets_another_number(store):
    upheld(store)
    put(store, Talk("tom.brennan-0", "tom.brennan", [("agent", "Good day.", "0"), *LINES]))
    held = appeals.standing(store, CONFIG).decided
    assert held.select("conversation_id", "turn").rows() == [("tom.brennan-0", 2)]


def test_an_unknown_message_a_store_that_is_not_there_and_an_empty_reason_are_told(store, tmp_path):
    with pytest.raises(UsageError, match="no message 't_000000000000'"):
        appeals.open_(store, CONFIG, "t_000000000000", who="Tom", should=["tone=civil"], why="No.")
    with pytest.raises(UsageError, match="there is no reason"):
        appeals.open_(store, CONFIG, GUARDED, who="Tom", should=["tone=civil"], why=" ")
    with pytest.raises(StoreError, match="there is no store"):
        appeals.open_(type(store)(tmp_path / "none"), CONFIG, GUARDED, who="Tom", should=["tone=civil"], why="No.")
    with pytest.raises(UsageError, match="nobody has appealed"):
        appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome="upheld", why="Yes.")


def test_a_log_that_was_changed_stops_the_report(store, tmp_path):
    upheld(store)
    path = appeals.log_of(store, CONFIG).path
    path.write_text(path.read_text(encoding="utf-8").replace('"tone": "0"', '"tone": "2"'), encoding="utf-8")
    with pytest.raises(StoreError, match="is not what was written"):
        rebuild.write_report(store, tmp_path / "report", CONFIG)


@pytest.mark.parametrize("wish", [Wish("conversation", ("tom.brennan-0",)), Wish("agent", ("Tom Brennan",))])
def test_what_is_forgotten_is_in_no_byte_of_the_log(store, tmp_path, wish):
    upheld(store)
    upheld(store, message_id("maya.osei-0", 1))
    erasure.forget(store, wish, CONFIG, tmp_path / "report")
    held = appeals.log_of(store, CONFIG).path.read_bytes()
    assert GUARDED.encode() not in held
    assert b"tom.brennan-0" not in held
    assert (b"Tom Brennan" in held) == (wish.kind == "conversation")
    assert [case.opening.conversation_id for case in appeals.cases(store, CONFIG)] == ["maya.osei-0"]


def test_others_label_an_appealed_message_without_knowing_and_that_counts_in_no_error_rate(store):
    appeals.open_(store, CONFIG, GUARDED, who="Ana", should=["tone=civil"], why="No.")
    queue = reviewing.queue_of(store.root, CONFIG)
    desk = Desk(queue)
    assert desk.next("ana")["turn"] is None
    assert desk.next("Tom Brennan")["turn"] is None
    shown = desk.next("Cy")["turn"]
    assert shown["text"] == "That is not my department."
    assert "appeal" not in json.dumps(shown)
    assert shown["id"] != GUARDED
    desk.save("Cy", shown["id"], {"tone": "0"} | dict.fromkeys("SAXO", "no"))
    assert desk.next("Cy")["turn"] is None
    (said,) = appeals.case_of(store, CONFIG, GUARDED).labelled
    assert (said.who, said.decided["tone"]) == ("Cy", "0")
    assert (queue.items(), queue.answers()) == ([], [])
    appeals.decide(store, CONFIG, GUARDED, who="Dana", outcome="upheld", why="Cy says so, too.")
    assert desk.next("Eve")["turn"] is None


def test_what_is_certain_is_not_corrected():
    """All answers decided: the corrected rate is the counted one; none: as ever; some: between, by their numbers."""
    config = SummaryConfig(minimum_conversations=1, resamples=100)
    errors = ErrorRates({quantify.ANSWERS: ((60, 20, 20), (20, 60, 20), (20, 20, 60))})
    held = written({f"c{n:02}": ["customer 2", f"noor {'AAS-'[n % 4]} 0"] for n in range(40)})
    turns = held.filter(pl.col("role") == "agent").select("conversation_id", "turn")

    def told(decided):
        made = summary.figures(held, config, errors, decided=decided)
        return made.filter(scope="agent", measure="empathy_rate").row(0, named=True)

    none, half, every = told(turns.clear()), told(turns.head(20)), told(turns)
    assert none["corrected"] == told(None)["corrected"]
    assert (every["corrected"], every["corrected_low"], every["corrected_high"]) == (
        every["value"], every["low"], every["high"],
    )  # fmt: skip
    assert half["value"] == every["value"]
    assert half["corrected"] == pytest.approx((none["corrected"] + every["corrected"]) / 2)
    assert none["corrected"] > every["corrected"]
    widths = [each["corrected_high"] - each["corrected_low"] for each in (every, half, none)]
    assert widths == sorted(widths)


@pytest.mark.parametrize(
    ("decided", "answers"),
    [([1], True), ([3], False), ([1, 3], True)],
    ids=["understanding came first", "only the second", "both"],
)
def test_an_answer_is_certain_once_nothing_undecided_could_change_it(decided, answers):
    held = written({"c": ["customer 2", "noor A 0", "customer 0", "noor - 0"]})
    turns = pl.DataFrame({"conversation_id": ["c"] * len(decided), "turn": pl.Series(decided, dtype=pl.Int32)})
    sure = certain.opportunities(held, turns).filter(measure="empathy_rate", turn=0)
    assert (sure.height == 1) == answers


def test_the_page_of_the_agent_tells_of_it_also_where_a_roster_gives_the_agent_another_id(store, tmp_path):
    upheld(store)
    upheld(store, message_id("tom.brennan-1", 0), "tone=upset")  # the customer's, whom Tom answers
    path = tmp_path / "roster.csv"
    path.write_text("agent_id,name,aliases\ntb7,Thomas Brennan,Tom Brennan\n", encoding="utf-8")
    told = report_of(store, tmp_path / "report", replace(CONFIG, roles=RolesConfig(roster=str(path))))
    assert {row["agent_id"] for row in told["appeals"]} == {"tb7"}
    page = (tmp_path / "report" / "agents" / "tb7.html").read_text(encoding="utf-8")
    assert page.partition('id="appeals"')[2].count("Changed after an appeal") == 2


def test_in_python_labels_are_as_decided_and_the_appeals_are_a_frame(store):
    upheld(store)
    results = es.open_store(store.root)
    held = results.load().labels.filter(conversation_id="tom.brennan-0", turn=1)
    assert held["tone"][0] == 0
    assert results.appeals.select("message", "state", "was", "counts").rows() == [
        (GUARDED, "upheld", "guarded", "civil")
    ]
    (turn,) = [each for each in results.conversation("tom.brennan-0").turns if each.turn == 1]
    assert (turn.id, turn.tone, turn.tone_p) == (GUARDED, "civil", 1.0)
    assert "counts as civil" in turn.appeal


def test_of_several_pieces_only_those_keep_a_flag_that_was_decided(store):
    """A house phrase in a message of two sentences counts as one no more, once the message is no stock phrase."""
    upheld(store, message_id("maya.osei-0", 1), "acknowledges=yes")
    ruled = appeals.standing(store, CONFIG)
    scores = store.load().scores.filter(conversation_id="maya.osei-0", turn=1)
    assert ruled.scores(scores)["flags"].to_list() == ["A"]
    two = pl.concat([scores.with_columns(flags=pl.lit("SA")), scores.with_columns(segment=pl.lit(1, pl.Int32))])
    assert ruled.scores(two)["flags"].to_list() == ["A", ""]


def test_what_is_forgotten_by_day_or_grows_too_old_goes_from_the_log(store, tmp_path):
    put(store, Talk("xylograph", "tom.brennan", list(LINES), day=-3000))
    upheld(store)
    upheld(store, message_id("xylograph", 1))
    path = appeals.log_of(store, CONFIG).path
    forgetting.expire(store, 2000, queue=CONFIG.review.folder(store.root))
    assert b"xylograph" not in path.read_bytes()
    assert GUARDED.encode() in path.read_bytes()
    erasure.forget(store, Wish("before", before=datetime(2026, 10, 6, tzinfo=UTC)), CONFIG, tmp_path / "report")
    assert path.read_bytes() == b""
