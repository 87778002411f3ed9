"""The whole flow on small files: what is known is left alone, what changed is scored again, what is broken is told."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import judging, pipeline, quantify, rebuild
from empathy_scan.config import Config, ReportConfig, SummaryConfig
from empathy_scan.errors import ModelError, StoreError, UsageError
from empathy_scan.store import Store
from empathy_scan.tables import REJECTS, conform

CALL = """Agent: Good morning, this is Noor. How can I help?
Customer: My mother's bed never came and nobody rang, you useless lot.
Agent: I am so sorry, waiting in all day for a bed that never comes is awful. I will ring the depot by noon.
Customer: Thank you.
"""
CHAT = "conversation_id,turn,role,agent_id,started_at,text\n" + "".join(
    f"chat-{n},{turn},{role},{who},2026-10-{n + 1:02}T09:00:00Z,{text}\n"
    for n in range(3)
    for turn, (role, who, text) in enumerate(
        [
            ("customer", "", f"Where is parcel {'abc'[n]}?"),
            ("agent", f"agent-{n % 2}", "We apologise for any inconvenience."),
            ("customer", "", "That is no answer at all!"),
        ]
    )
)


@pytest.fixture
def place(tmp_path, generous_bundle):
    """A folder of exports, and `scan` over it into a store and a report beside it."""
    return Place(tmp_path, generous_bundle)


class Place:
    def __init__(self, root, model):
        self.root, self.model = root, model
        self.exports, self.store, self.report = root / "exports", root / "store", root / "report"
        self.exports.mkdir()
        self.seconds = 0

    def put(self, name, content):
        path = self.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        self.seconds += 1
        os.utime(path, ns=(0, 1_790_000_000_123_456_789 + self.seconds * 10**9))  # not of this moment: nothing waits
        return path

    def scan(self, *paths, **options):
        into = {"store": self.store, "reports": self.report, "model": self.model} | options
        return pipeline.scan(list(paths) or [self.exports], **into)

    def stored(self):
        return Store.open(self.store).load()


def contents(folder: Path) -> dict[str, bytes]:
    """Every byte under a folder by file."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def same(one, other):
    """Equal stores, but for the name of the file that a conversation came from and the last digits of scores."""
    assert_frame_equal(one.conversations.drop("source"), other.conversations.drop("source"))
    assert_frame_equal(one.turns.drop("source"), other.turns.drop("source"))
    assert_frame_equal(one.scores.drop("evidence"), other.scores.drop("evidence"), abs_tol=1e-4)
    assert_frame_equal(one.labels, other.labels, abs_tol=1e-4)


def test_a_scan_reads_scores_stores_and_reports(place):
    place.put("call.txt", CALL)
    place.put("chats.csv", CHAT)
    done = place.scan()
    assert (done.files, done.conversations, done.scored, done.reported, done.rejects) == (2, 4, 4, 4, 0)
    assert done.turns == 13
    assert done.front_page == place.report / "index.html"
    assert done.front_page.is_file()
    stored = place.stored()
    assert set(stored.scores["model"]) == {done.model}
    assert stored.labels.height == 13
    assert Store.open(place.store).runs().select("conversations", "scored").rows() == [(4, 4)]


def test_its_answer_is_plain_values(place):
    place.put("call.txt", CALL)
    done = place.scan()
    assert json.loads(json.dumps(done.to_json())) == done.to_json()
    assert "rejected" not in done.to_json()


def but_the_runs(folder):
    """The bytes of a store without its line per run."""
    return {name: data for name, data in contents(folder).items() if not name.startswith("runs/")}


def test_a_second_scan_scores_nothing_and_changes_no_byte_but_its_line_in_the_runs(place):
    place.put("call.txt", CALL)
    place.put("chats.csv", CHAT)
    place.put("broken.json", '{"Transcript": [')
    place.scan()
    before = but_the_runs(place.store), contents(place.report)
    assert place.scan().scored == 0
    assert (but_the_runs(place.store), contents(place.report)) == before
    assert Store.open(place.store).runs()["scored"].to_list() == [4, 0]


def test_a_moved_file_is_not_scored_again(place):
    path = place.put("chats.csv", CHAT)
    place.scan()
    (place.exports / "october").mkdir()
    path.rename(place.exports / "october" / "chats.csv")
    done = place.scan()
    assert (done.scored, done.conversations) == (0, 3)


def test_a_conversation_that_changed_replaces_its_old_scores(place):
    place.put("chats.csv", CHAT)
    place.scan()
    place.put("chats.csv", CHAT.replace("parcel b", "the second parcel"))
    assert place.scan().scored == 1
    stored = place.stored()
    assert (stored.conversations.height, stored.turns.height) == (3, 9)
    assert "Where is the second parcel?" in stored.turns["text"].to_list()
    assert "Where is parcel b?" not in stored.turns["text"].to_list()
    assert stored.scores["conversation_id"].n_unique() == 3


def test_other_settings_score_again_and_summary_settings_do_not(place):
    place.put("chats.csv", CHAT)
    place.scan()
    assert place.scan(config=Config(summary=SummaryConfig(minimum_conversations=2))).scored == 0
    bare = Config(score=Config().score.__class__(evidence=False))
    assert place.scan(config=bare).scored == 3


def test_the_order_of_paths_does_not_matter(place):
    paths = [place.put("one/call.txt", CALL), place.put("chats.csv", CHAT), place.put("two/chats.csv", CHAT)]
    place.scan(*paths)
    forwards = place.stored()
    place.scan(*reversed(paths), store=place.root / "other")
    backwards = Store.open(place.root / "other").load()
    same(forwards, backwards)
    assert_frame_equal(forwards.turns.select("source"), backwards.turns.select("source"))


def test_a_store_made_in_two_nights_is_the_store_of_one(place):
    call = place.put("call.txt", CALL)
    place.scan(call)
    place.put("chats.csv", CHAT)
    assert place.scan().scored == 3
    place.scan(store=place.root / "other")
    same(place.stored(), Store.open(place.root / "other").load())


def test_a_run_that_dies_after_scoring_takes_its_scores_from_the_cache(place, monkeypatch):
    place.put("chats.csv", CHAT)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "add", die)
        with pytest.raises(KeyboardInterrupt):
            place.scan()
    heard = []
    assert place.scan(told=lambda *told: heard.append(told)).scored == 3
    scoring = [told for told in heard if told[0] == "scoring"]
    assert scoring == [("scoring", 0, 9), ("scoring", 9, 9)], "all segments were known at once"
    place.scan(store=place.root / "other")
    same(place.stored(), Store.open(place.root / "other").load())


def test_progress_ends_at_the_number_of_turns(place):
    place.put("one.txt", CALL)
    place.put("two.txt", CALL.replace("Noor", "Tam"))
    heard = []
    place.scan(told=lambda *told: heard.append(told))
    assert [told for told in heard if told[0] == "scoring"][-1] == ("scoring", 8, 8)
    assert heard[-1] == ("reporting", 0, 0)
    assert [told for told in heard if told[0] == "reading"] == [("reading", n, 2) for n in range(3)]


def test_rejects_appear_and_vanish_once_mended(place):
    place.put("chats.csv", CHAT)
    place.put("call.json", '{"turns": [')
    done = place.scan()
    assert done.rejects == 1
    assert_frame_equal(conform(done.rejected, REJECTS), place.stored().rejects)
    assert place.stored().rejects["source"].to_list() == ["call.json"]
    (place.exports / "call.json").unlink()
    assert place.scan().rejects == 0
    assert place.stored().rejects.is_empty()


def test_nothing_but_rejects_makes_a_store_with_the_rejects(place):
    place.put("call.json", '{"turns": [')
    done = place.scan()
    assert (done.conversations, done.scored, done.turns, done.agents, done.rejects) == (0, 0, 0, 0, 1)
    assert done.front_page.is_file()


def test_since_and_until_choose_what_is_reported_not_what_is_stored(place):
    place.put("chats.csv", CHAT)
    done = place.scan(since=datetime(2026, 10, 2, tzinfo=UTC), until=datetime(2026, 10, 3, tzinfo=UTC))
    assert (done.conversations, done.reported, done.turns, done.agents) == (3, 1, 3, 1)
    assert place.scan(since=datetime(2030, 1, 1, tzinfo=UTC)).reported == 0


def test_judging_without_a_cache_gives_the_stored_scores(place):
    place.put("chats.csv", CHAT)
    place.scan()
    stored = place.stored()
    scores, labels = judging.judge(stored.turns, place.model, Config())
    assert_frame_equal(scores.drop("evidence"), stored.scores.drop("evidence"), abs_tol=1e-4)
    assert_frame_equal(labels, stored.labels, abs_tol=1e-4)


def test_what_cannot_be_used_fails_before_anything_is_read_or_written(place):
    with pytest.raises(ModelError, match="not a model bundle"):
        place.scan(model=place.exports)
    with pytest.raises(UsageError, match="does not exist"):
        place.scan(place.exports / "nowhere")
    place.put("a.txt", CALL)
    with pytest.raises(StoreError, match="could not be read"):
        place.scan(store=place.exports / "a.txt")
    assert sorted(path.name for path in place.root.iterdir()) == ["exports"]


def test_labels_have_a_row_for_every_turn(place):
    place.put("call.txt", CALL + "System: The agent has left.\n")
    place.scan()
    stored = place.stored()
    assert_frame_equal(stored.labels.select("conversation_id", "turn"), stored.turns.select("conversation_id", "turn"))
    assert stored.labels.filter(pl.col("role") == "system").select("flags", "tone", "kinds").rows() in (
        [],
        [("", 0, "")],
    )


def bundle_that_errs(place):
    """A copy of the bundle beside which its errors stand."""
    folder = place.root / "known"
    shutil.copytree(place.model, folder)
    good = ((80, 10, 10), (10, 80, 10), (10, 10, 80))
    quantify.save(folder, quantify.ErrorRates({"answers": good}, "ten calls"))
    return folder


def test_the_errors_of_the_bundle_go_into_the_store_and_a_report_allows_for_them(place):
    place.put("call.txt", CALL)
    place.put("chats.csv", CHAT)
    some = Config(summary=SummaryConfig(minimum_conversations=1))
    place.scan(model=bundle_that_errs(place), config=some)
    assert place.stored().error_rates["source"].unique().to_list() == ["ten calls"]
    told = contents(place.report)
    assert b"after allowing for the model&#39;s known errors" in told["index.html"]
    again = place.root / "again"
    rebuild.write_report(Store.open(place.store), again, some)
    assert contents(again) == told


def test_a_report_over_the_labels_of_two_models_counts_only(place):
    place.put("call.txt", CALL)
    some = Config(summary=SummaryConfig(minimum_conversations=1))
    place.scan(model=bundle_that_errs(place), config=some)
    store = Store.open(place.store)
    held = store.load()
    other = held.conversations.with_columns(pl.lit("other").alias("conversation_id"), model=pl.lit("older"))
    rename = pl.lit("other").alias("conversation_id")
    older = held.scores.with_columns(rename, model=pl.lit("older"))
    store.add(other, held.turns.with_columns(rename), older, held.labels.with_columns(rename))
    rebuild.write_report(store, place.report, some)
    assert b"after allowing for the model&#39;s known errors" not in contents(place.report)["index.html"]


def test_a_bundle_whose_errors_are_gone_is_not_corrected_any_more(place):
    place.put("call.txt", CALL)
    bundle = bundle_that_errs(place)
    place.scan(model=bundle)
    (bundle / quantify.FILE).unlink()
    assert place.scan(model=bundle).scored == 0
    assert place.stored().error_rates.is_empty()


def test_a_night_with_the_rest_of_a_chat_keeps_its_stored_beginning(place):
    header = "conversation_id,role,agent_id,sent_at,text\n"
    rows = [
        f"chat-1,{role},{who},2026-10-05T23:{50 + at}:00Z,{text}\n"
        for at, (role, who, text) in enumerate(
            [
                ("customer", "", "Where is my parcel?"),
                ("agent", "noor", "I am sorry. Let me look."),
                ("customer", "", "And when does it come now?"),
                ("agent", "noor", "It comes tomorrow."),
            ]
        )
    ]
    first = place.put("monday.csv", header + "".join(rows[:2]))
    place.scan()
    first.unlink()
    place.put("tuesday.csv", header + "".join(rows[2:]))
    assert (place.scan().replaced, place.scan().scored) == (1, 0)
    assert place.stored().turns["text"].to_list() == [row.strip().split(",", 4)[4] for row in rows]


def test_a_night_with_nothing_new_writes_no_report_and_needs_no_model_library(place):
    place.put("call.txt", CALL)
    place.put("broken.json", "{")
    first = place.scan()
    page = first.front_page.stat().st_mtime_ns
    code = (
        "import sys; from pathlib import Path; from empathy_scan import pipeline\n"
        f"done = pipeline.scan([Path({str(place.exports)!r})], store={str(place.store)!r}, "
        f"reports=Path({str(place.report)!r}), model=Path({str(place.model)!r}))\n"
        "assert not {'torch', 'spacy', 'transformers'} & set(sys.modules)\n"
        "print(done.files, done.known, done.rejects, done.conversations, done.reported, done.turns, done.agents)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603
    assert told.stdout.split() == ["2", "2", "1", "1", "1", "4", "1"]
    assert first.front_page.stat().st_mtime_ns == page


def test_a_report_that_somebody_wrote_anew_or_removed_is_made_again(place):
    place.put("chats.csv", CHAT)
    place.scan()
    rebuild.write_report(Store.open(place.store), place.report, Config(), since=datetime(2026, 10, 3, tzinfo=UTC))
    assert place.scan().reported == 3
    assert place.scan(since=datetime(2026, 10, 3, tzinfo=UTC)).reported == 1
    shutil.rmtree(place.report)
    assert place.scan().front_page.is_file()


def test_the_report_covers_the_latest_weeks_unless_told_otherwise(place):
    place.put("chats.csv", CHAT.replace("2026-10-01T", "2026-03-01T"))
    assert (place.scan().conversations, place.scan().reported) == (3, 2)
    assert place.scan(config=Config(report=ReportConfig(weeks=0))).reported == 3
    assert place.scan(since=datetime(2026, 1, 1, tzinfo=UTC)).reported == 3
    assert place.scan(until=datetime(2026, 10, 1, tzinfo=UTC)).reported == 1


def test_the_latest_weeks_begin_on_a_monday_and_a_time_to_come_counts_for_nothing(place):
    place.put("chats.csv", CHAT.replace("2026-10-03T", "2098-10-03T"))
    place.scan()
    assert rebuild.latest(Store.open(place.store), 1) == datetime(2026, 9, 28, tzinfo=UTC)  # of Friday, 2 October
    assert rebuild.latest(Store.open(place.store), 2) == datetime(2026, 9, 21, tzinfo=UTC)
    assert rebuild.latest(Store.open(place.store), 0) is None
