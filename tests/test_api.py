"""What `import empathy_scan` gives: the stable names, and that each does what docs/python.md says."""

import datetime as dt
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import empathy_scan as es
from empathy_scan.codebook import ATTACK_NAMES, FLAG_NAMES
from empathy_scan.tables import FIGURES, LABELS, REJECTS, SCORES, TURNS, conform

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
CHAT = """conversation_id,role,agent_id,started_at,text
c-1,customer,,2026-10-05T09:00:00Z,"Where is my <b>parcel</b>, you useless lot?"
c-1,agent,ada,2026-10-05T09:00:00Z,We apologise for any inconvenience.
c-1,customer,,2026-10-05T09:00:00Z,That is no answer.
c-1,agent,ada,2026-10-05T09:00:00Z,Two weeks without it is awful. I will ring the depot now.
c-2,customer,,2026-11-05T09:00:00Z,Hello. It never came.
c-2,agent,ben,2026-11-05T09:00:00Z,I am sorry to hear that. I will look.
"""


@pytest.fixture(scope="module")
def model(generous_bundle):
    return es.load_model(generous_bundle)


@pytest.fixture(scope="module")
def place(tmp_path_factory, generous_bundle):
    folder = tmp_path_factory.mktemp("api")
    (folder / "exports").mkdir()
    (folder / "exports" / "chat.csv").write_text(CHAT, encoding="utf-8")
    (folder / "exports" / "broken.json").write_text("{", encoding="utf-8")
    es.scan(folder / "exports", store=folder / "store", reports=folder / "report", model=generous_bundle)
    return folder


def test_the_page_names_what_there_is_and_nothing_else():
    table = PAGE.partition("## Names")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)", row)}
    assert told == set(es.__all__) - {"__version__"}
    assert set(dir(es)) == set(es.__all__)
    assert all(getattr(es, name).__doc__ for name in told)


def test_other_names_are_not_there():
    with pytest.raises(AttributeError, match="no attribute 'classified'"):
        es.classified  # noqa: B018 - the looking up is what is tried


def test_a_scan_tells_what_it_did(place, generous_bundle):
    again = es.scan([place / "exports"], store=place / "store", reports=place / "report", model=generous_bundle)
    assert (again.conversations, again.scored, again.rejects, again.exit_code) == (2, 0, 1, 3)
    assert again.front_page == place / "report" / "index.html"
    assert "<caption>Scan</caption>" in again._repr_html_()


def test_sources_are_read_and_redacted(tmp_path):
    (tmp_path / "a.txt").write_text("Agent: Write to jo@mail.example.\nCustomer: I will.\n", encoding="utf-8")
    turns, rejects = es.read(str(tmp_path))
    assert turns["text"].to_list() == ["Write to [EMAIL].", "I will."]
    assert rejects.is_empty()


def test_what_is_stored_is_loaded_by_its_day(place):
    results = es.open_store(place / "store")
    assert repr(results) == "<Results: 2 conversations>"
    every, late = results.load(), results.load(since="2026-11-01")
    assert every.turns["conversation_id"].unique().sort().to_list() == ["c-1", "c-2"]
    assert late.turns["conversation_id"].unique().to_list() == ["c-2"]
    assert_frame_equal(results.load(since=dt.date(2026, 11, 1)).labels, late.labels)
    assert_frame_equal(
        results.load(until=dt.datetime(2026, 11, 1, tzinfo=dt.UTC)).scores, every.scores.filter(conversation_id="c-1")
    )
    assert repr(every) == "<Scored: 2 conversations, 6 turns, 2 agents>"
    assert results.runs.height >= 1
    assert results.conversations["conversation_id"].to_list() == ["c-1", "c-2"]


def test_a_store_that_is_not_there_is_told(tmp_path):
    with pytest.raises(es.EmpathyScanError):
        es.open_store(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_files_are_scored_as_a_scan_scores_them(place, model):
    scored, stored = model.score(place / "exports"), es.open_store(place / "store").load()
    for name, table in (("turns", TURNS), ("scores", SCORES), ("labels", LABELS), ("rejects", REJECTS)):
        conform(getattr(scored, name), table)
    assert_frame_equal(scored.labels, stored.labels, abs_tol=1e-4)
    assert scored.rejects["source"].to_list() == ["broken.json"]
    assert_frame_equal(scored.figures(), stored.figures())


def test_figures_are_those_of_the_labels(place):
    held = es.open_store(place / "store").load()
    figures = conform(es.measure(held.labels), FIGURES)
    assert set(figures["agent_id"]) == {"", "ada", "ben"}
    with pytest.raises(es.EmpathyScanError):
        es.measure(held.turns)


def test_a_conversation_shows_itself_with_its_text_escaped(place):
    talk = es.open_store(place / "store").conversation("c-1")
    frame = talk.frame()
    assert frame["turn"].to_list() == [0, 1, 2, 3]
    assert frame["agent_id"].to_list() == [None, "ada", None, "ada"]
    shown = talk._repr_html_()
    assert "<b>" not in shown
    assert _text(shown).count("Where is my <b>parcel</b>, you useless lot?") == 1
    marked = set(re.findall(r"<mark>(.*?)</mark>", shown))
    assert bool(marked) == bool(frame["words"].list.len().sum())


def test_an_unknown_conversation_is_told(place):
    with pytest.raises(es.EmpathyScanError, match="c-9"):
        es.open_store(place / "store").conversation("c-9")


def test_single_turns_become_rows_in_their_order(model):
    frame = model.classify(["I am sorry.", {"id": 7, "role": "customer", "text": "You useless clowns."}])
    agent, customer = frame.to_dicts()
    assert (agent["id"], customer["id"]) == (None, "7")
    assert frame["model"].unique().to_list() == [model.fingerprint]
    for row in (agent, customer):
        assert sum(row[f"p_{tone}"] for tone in ("civil", "strained", "hostile")) == pytest.approx(1, abs=1e-3)
    assert all(agent[f"p_{name}"] is not None and customer[f"p_{name}"] is None for name in FLAG_NAMES)
    assert all(agent[f"p_{name}"] is None and customer[f"p_{name}"] is not None for name in ATTACK_NAMES)
    assert_frame_equal(model.classify("I am sorry."), frame.head(1))
    assert model.classify([]).columns == frame.columns


@pytest.mark.parametrize(
    "turn", [{"text": "no role"}, {"role": "agent", "text": " "}, ""], ids=["role", "blank", "none"]
)
def test_what_is_no_turn_is_refused_by_its_number(model, turn):
    with pytest.raises(es.EmpathyScanError, match="turn 2"):
        model.classify(["I am sorry.", turn])


def test_a_report_is_written_from_the_store(place):
    page = es.write_report(place / "store", place / "november", since="2026-11-01")
    assert page == place / "november" / "index.html"
    assert page.is_file()


def test_a_date_that_is_none_is_told(place):
    with pytest.raises(es.EmpathyScanError, match="2026-13-01"):
        es.open_store(place / "store").load(since="2026-13-01")


def test_the_code_on_the_page_runs(tmp_path, monkeypatch):
    samples, folder = Path(__file__).parents[1] / "data" / "samples" / "text", tmp_path / "data" / "samples" / "text"
    folder.mkdir(parents=True)
    (folder / "2026-10-15_lk-priya-09.txt").write_bytes((samples / "2026-10-15_lk-priya-09.txt").read_bytes())
    monkeypatch.chdir(tmp_path)
    es.scan(folder, store="build/store", reports="build/reports", progress=False)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), {})  # noqa: S102 - our own page


WRONG = {
    "no path at all": lambda es, _: es.read(None),
    "a list with nothing in it": lambda es, _: es.read([None]),
    "an empty path": lambda es, _: es.read(""),
    "bytes": lambda es, _: es.read(b"exports"),
    "a store that is none": lambda es, home: es.scan(home, store=None, reports=home / "r"),
    "no place for reports": lambda es, home: es.scan(home, store=home / "s", reports=""),
    "settings as a dict": lambda es, home: es.scan(home, store=home / "s", reports=home / "r", config={}),
    "half a worker": lambda es, home: es.scan(home, store=home / "s", reports=home / "r", workers="2"),
    "a model of None": lambda es, _: es.load_model(0),
    "a store to open that is none": lambda es, _: es.open_store(None),
    "settings from a number": lambda es, _: es.load_config(7),
    "labels in a list": lambda es, _: es.measure([{}]),
    "labels that are not there yet": lambda es, _: es.measure(pl.LazyFrame()),
    "labels of nothing": lambda es, _: es.measure(pl.DataFrame()),
}


@pytest.mark.parametrize("asked", WRONG.values(), ids=WRONG)
def test_what_is_of_the_wrong_kind_is_told_and_leaves_nothing_behind(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(es.EmpathyScanError) as told:
        asked(es, tmp_path)
    assert told.value.remedy
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "turns",
    [None, 3, b"text", [None], ["fine", 3], pl.Series(["fine", None]), pl.DataFrame({"text": ["no role"]})],
    ids=["none", "number", "bytes", "list of none", "second", "series", "frame"],
)
def test_turns_of_the_wrong_kind_are_told(model, turns):
    with pytest.raises(es.EmpathyScanError, match=r"turn|frame"):
        model.classify(turns)


def test_a_frame_is_classified_row_by_row(model):
    rows = [{"role": "customer", "text": "You useless clowns."}, {"role": "agent", "text": "I am sorry."}]
    frame = pl.DataFrame(rows).with_columns(channel=pl.lit("chat"))
    assert_frame_equal(model.classify(frame), model.classify(rows))
    assert model.classify(frame.clear()).is_empty()


def test_a_conversation_is_asked_for_by_a_text(place):
    with pytest.raises(es.EmpathyScanError, match="conversation_id"):
        es.open_store(place / "store").conversation(None)


def test_a_period_has_its_end_after_its_beginning(place):
    with pytest.raises(es.EmpathyScanError, match="before"):
        es.open_store(place / "store").load(since="2026-11-01", until="2026-10-01")


def test_labels_of_another_hand_are_measured_whatever_their_types(place):
    labels = es.open_store(place / "store").load().labels
    loose = labels.with_columns(pl.col("turn", "tone").cast(pl.Int64), note=pl.lit("mine")).drop("hardship")
    expected = es.measure(labels.with_columns(hardship=False))
    assert_frame_equal(es.measure(loose.drop("p_hostile")).drop("corrected"), expected.drop("corrected"))


def test_a_checker_of_types_is_told_of_every_name_and_of_no_other():
    source = Path(es.__file__).read_text(encoding="utf-8")
    imported = re.search(r"if TYPE_CHECKING:\n    from empathy_scan.api import \((.*?)\)", source, re.DOTALL)[1]
    assert set(re.findall(r"\w+", imported)) == set(es.__all__) - {"__version__"}
    assert "if not TYPE_CHECKING:" in source
    assert (Path(es.__file__).parent / "py.typed").is_file()


def _text(markup):
    """The text of all cells, as a browser would have it."""
    found = []
    parser = HTMLParser()
    parser.handle_data = found.append
    parser.feed(markup)
    return "".join(found)
