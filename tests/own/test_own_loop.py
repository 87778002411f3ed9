"""The whole loop on a small store: answers, a head, what it finds each night, forgetting, and the report."""

import json
from dataclasses import replace

import polars as pl
import pytest

import empathy_scan as es
from empathy_scan import dialogue, own, rebuild
from empathy_scan.cli import screen
from empathy_scan.errors import ConfigError, ModelError, UsageError
from empathy_scan.own import drawing, heads, judging, telling
from empathy_scan.tables import OWN_LABELS


def label_of(office):
    return own.asked_for(office.config, "next_steps")


def test_a_head_learns_what_people_answered_and_judges_all_turns(trained):
    (facts,) = own.there(trained.store, trained.config).values()
    assert facts.verdict == "good"
    assert facts.answers["turns"] == 100
    rows = trained.store.rows(OWN_LABELS)
    said = trained.store.load().turns.filter(role="agent")
    both = said.join(rows, on=("conversation_id", "turn"))
    assert both.height == said.height == 108
    right = both["given"] == both["text"].str.contains("will")
    assert right.mean() > 0.95
    for row in both.filter("given").iter_rows(named=True):
        assert all(0 <= one["start"] < one["end"] <= len(row["text"]) for one in row["evidence"])
    assert both.filter("given")["evidence"].list.len().min() > 0


def test_a_conversation_shows_what_the_centres_own_heads_find(trained, capsys):
    results = es.open_store(trained.store.root, config=trained.config)
    found = results.own_labels
    assert found.height == 108
    assert found["verdict"].unique().to_list() == ["good"]
    talk = results.conversation("chat-00")
    mine = found.filter(pl.col("given"), conversation_id="chat-00")["turn"].to_list()
    frame = talk.frame()
    assert mine
    assert frame.filter(pl.col("own").list.contains("next_steps"))["turn"].to_list() == mine
    screen.show(talk, where="", no_color=True, only_ascii=False)
    printed = capsys.readouterr().out
    assert printed.count("§ next <b>steps</b> ") == len(mine)
    assert printed.count("your label “next <b>steps</b>”: “") == len(mine)
    first = next(turn for turn in talk.turns if turn.own)
    for span in first.own[0]["evidence"]:
        assert first.text[span["start"] : span["end"]] in printed


def test_heads_of_no_worth_are_not_shown_and_doubtful_ones_with_a_word(trained):
    told = telling.told(trained.store, trained.config, trained.store.conversations())
    poor = replace(told, labels=tuple(replace(one, verdict="poor") for one in told.labels))
    doubtful = replace(told, labels=tuple(replace(one, verdict="doubtful") for one in told.labels))
    assert dialogue._own(poor) == {}
    (first, *_) = dialogue._own(doubtful).values()
    assert first[0]["verdict"] == "doubtful"
    assert dialogue._own(None) == {}


def test_a_store_without_heads_has_no_own_labels(office):
    assert es.open_store(office.store.root).own_labels.is_empty()


def test_nothing_is_judged_twice_and_no_standard_score_moves(trained):
    before = trained.store.load()
    versions = trained.store.parts()
    assert own.catch_up(trained.store, trained.config, trained.bundle) == 0
    assert trained.store.parts() == versions
    held = trained.store.load()
    assert held.scores.equals(before.scores)
    assert held.labels.equals(before.labels)


def test_a_night_judges_what_is_new_and_the_report_tells_it(trained, chats):
    path = trained.folder / "exports" / "more.csv"
    path.write_text(chats(3, "late"), encoding="utf-8")
    done = trained.scan()
    assert done.scored == 3
    late = trained.store.rows(OWN_LABELS).filter(pl.col("conversation_id").str.starts_with("late"))
    assert late.height == 9
    told = json.loads((trained.folder / "report" / "data" / "report.json").read_text(encoding="utf-8"))
    whole = [row for row in told["own_labels"] if row["agent_id"] == "" and row["unit"] == "messages"]
    assert whole[0]["n"] == 117
    assert whole[0]["low"] <= whole[0]["value"] <= whole[0]["high"]


def test_changed_conversations_are_judged_anew_and_leave_no_old_rows(trained):
    path = trained.folder / "exports" / "chats.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("Hello there.", "You will get a mail by noon."), "utf-8")
    trained.scan()
    rows = trained.store.rows(OWN_LABELS)
    now = trained.store.conversations().select("conversation_id", "content")
    assert rows.height == 108
    assert rows.join(now, on=("conversation_id", "content"), how="anti").is_empty()


def test_what_is_forgotten_leaves_nothing(trained):
    trained.store.forget(pl.Series(["chat-03"]))
    rows = trained.store.rows(OWN_LABELS)
    assert "chat-03" not in rows["conversation_id"]
    assert rows["conversation_id"].n_unique() == 35


def test_too_little_is_refused_with_counts(office):
    office.answer(size=40)
    with pytest.raises(UsageError, match=r"40 of 60 turns.*a few hundred are good"):
        own.train(office.store, office.queue, label_of(office), office.config, bundle=office.bundle)
    assert not own.there(office.store, office.config)


def test_people_who_differ_decide_nothing(office):
    office.answer(size=30)
    office.answer(size=1, reviewers=("Ben",), truth=lambda _: True)  # Ben answers all of the queue with yes
    from empathy_scan.own import training  # noqa: PLC0415

    told = training.answered(office.store, office.queue, label_of(office))
    assert told.reviewers == 2
    assert told.undecided > 0
    assert told.turns["yes"].all()


def test_a_head_of_another_model_judges_nothing_and_is_told(trained, generous_bundle):
    (facts,) = own.there(trained.store, trained.config).values()
    folder = judging.folder_of(trained.store.root, trained.config)
    weights = heads.load(folder, facts).weights
    other = type(facts)(**{name: getattr(facts, name) for name in facts.__dataclass_fields__} | {"encoder": "other"})
    heads.save(folder, other, weights)
    assert own.catch_up(trained.store, trained.config, trained.bundle) == 0
    told = telling.told(trained.store, trained.config, trained.store.conversations())
    assert [label.verdict for label in told.labels] == ["other"]
    assert told.rows.is_empty()
    with pytest.raises(ModelError, match="name the directory of the store's model"):
        own.bundle_of(trained.store, generous_bundle)


def test_a_damaged_head_leaves_the_report_whole(trained, caplog):
    (path,) = judging.folder_of(trained.store.root, trained.config).glob("*.json")
    path.write_text("{", encoding="utf-8")
    assert telling.told(trained.store, trained.config, trained.store.conversations()) is None
    assert "without own labels" in caplog.text


def test_dropping_takes_the_head_and_its_rows_and_leaves_the_answers(trained):
    answers = len(trained.queue.answers())
    assert own.drop(trained.store, trained.config, "next_steps")
    assert trained.store.rows(OWN_LABELS).is_empty()
    assert not own.there(trained.store, trained.config)
    assert len(trained.queue.answers()) == answers
    assert not own.drop(trained.store, trained.config, "next_steps")


def test_before_a_head_is_there_turns_like_the_examples_are_likelier_to_be_drawn(office):
    stored = office.store.load()
    found = drawing.outlook(office.store, stored, label_of(office), office.config, bundle=office.bundle).turns
    both = stored.turns.join(found, on=("conversation_id", "turn"))
    means = both.group_by(pl.col("text").str.contains("will")).agg(pl.col("likely").mean()).sort("text")
    assert means["likely"].to_list() == sorted(means["likely"])
    assert own.mix(drawing.Outlook(found)) == {"random": 50, "rare": 50}


def test_once_a_head_is_there_its_doubts_and_finds_are_drawn(trained):
    stored = trained.store.load()
    found = drawing.outlook(trained.store, stored, label_of(trained), trained.config, bundle=trained.bundle)
    assert found.turns["doubt"].is_between(0, 1).all()
    assert set(own.mix(found)) == {"random", "uncertain", "rare"}


def test_the_pages_escape_what_a_codebook_says(trained):
    front, _ = rebuild.write_report(trained.store, trained.folder / "pages", trained.config)
    page = front.read_text(encoding="utf-8")
    assert "next &lt;b&gt;steps&lt;/b&gt;" in page
    assert "next <b>" not in page
    method = (trained.folder / "pages" / "method.html").read_text(encoding="utf-8")
    assert "what happens next &amp; when" in method
    agent = (trained.folder / "pages" / "agents" / "noor.a.html").read_text(encoding="utf-8")
    for path in (trained.folder / "pages" / "conversations").glob("chat-*.html"):
        talk = path.read_text(encoding="utf-8")
        assert "next &lt;b&gt;steps&lt;/b&gt;" in talk
        assert '<mark class="own strong"' in talk
        assert "next <b>" not in talk
    assert "Messages to read" in agent
    assert "<mark" in agent[agent.index("Messages to read") :]
    plain = (trained.folder / "pages" / "index.md").read_text(encoding="utf-8")
    assert "\\<b\\>" in plain


def test_a_store_without_heads_has_a_report_without_a_word_of_them(office):
    front, _ = rebuild.write_report(office.store, office.folder / "pages", office.config)
    assert "Your own labels" not in front.read_text(encoding="utf-8")
    assert not (office.folder / "pages" / "data" / "own_labels.csv").exists()
    assert "Your own labels" not in (office.folder / "pages" / "conversations" / "chat-00.html").read_text("utf-8")


def test_a_broken_codebook_ends_a_scan_before_the_store_is_touched(trained):
    (trained.folder / "labels.toml").write_text("[[label]]", encoding="utf-8")
    (trained.folder / "exports" / "more.csv").write_text("x", encoding="utf-8")
    before = trained.store.parts()
    with pytest.raises(ConfigError, match="missing"):
        trained.scan()
    now = trained.store.parts()
    assert {name: now[name] for name in now if name != "runs"} == {n: before[n] for n in before if n != "runs"}


def test_a_damaged_head_ends_no_night(trained, caplog):
    (path,) = judging.folder_of(trained.store.root, trained.config).glob("*.safetensors")
    path.write_bytes(b"x")
    (trained.folder / "exports" / "more.csv").write_text(
        (trained.folder / "exports" / "chats.csv").read_text(encoding="utf-8").replace("chat-", "late-"), "utf-8"
    )
    assert trained.scan().scored == 36
    assert "own labels are not judged" in caplog.text
