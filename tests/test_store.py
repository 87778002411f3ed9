"""The Delta tables: what is added comes back, runs that were killed are made good, and old layouts are read."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import deltalake
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import months
from empathy_scan import store as store_module
from empathy_scan.errors import SchemaError, StoreError
from empathy_scan.store import VERSION, Store, Stored, content_hash, conversations_of
from empathy_scan.tables import CONVERSATIONS, ERROR_RATES, LABELS, REJECTS, RUNS, SCORES, TURNS, Table, conform

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TRIED = [{"label": "owns", "p": 0.75, "without": 0.25}]
SPANS = [
    {"label": "A", "start": 0, "end": 7, "weight": 1.0},
    {"label": "O", "start": 9, "end": 12, "weight": 0.5},
]
REJECT = {"source": "calls/07.vtt", "place": "12", "error": "MalformedInputError", "reason": "cut off", "remedy": "fix"}
RUN = {
    "run_id": "r1", "version": "0.1.0", "model": "m1", "settings": "s1", "conversations": 1, "scored": 1, "turns": 2,
    "rejects": 0, "seconds": 0.5, "started_at": NOON,
}  # fmt: skip

Batch = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]


def filled(table: Table, rows: list[dict[str, object]]) -> pl.DataFrame:
    """A frame of the table in which every column that a row leaves out holds a plain value, or null where it may."""
    plain = {pl.String: "", pl.Boolean: False, pl.List(pl.Null): []}
    blank = {
        name: None if name in table.nullable else plain.get(kind, [] if isinstance(kind, pl.List) else 0)
        for name, kind in table.columns.items()
    }
    whole = [{**blank, **row} for row in rows]
    return conform(
        pl.DataFrame(
            {name: pl.Series([row[name] for row in whole], dtype=kind) for name, kind in table.columns.items()}
        ),
        table,
    )


def batch(*names: str, model: str = "m1", settings: str = "s1", words: str = "The parcel is lost.") -> Batch:
    """Conversations of a customer turn and an agent turn, scored."""
    turns = [
        {"conversation_id": name, "turn": turn, "role": role, "text": text, "channel": "call", "started_at": NOON}
        for name in names
        for turn, role, text in ((0, "customer", words), (1, "agent", "I will ring the depot myself now."))
    ]
    keys = [{"conversation_id": row["conversation_id"], "turn": row["turn"], "role": row["role"]} for row in turns]
    told = ({"evidence": [], "deletions": []}, {"evidence": SPANS, "deletions": TRIED})
    scores = [{**key, "model": model, "p_owns": 0.75, **told[key["turn"]]} for key in keys]
    labels = [{**key, "flags": "O" if key["turn"] else "", "channel": "call", "started_at": NOON} for key in keys]
    read = filled(TURNS, turns)
    conversations = conversations_of(read, model=model, settings=settings)
    return conversations, read, filled(SCORES, scores), filled(LABELS, labels)


def versions_of(conversations: pl.DataFrame) -> pl.DataFrame:
    """The versions of conversations with their months, as the store's own functions want them."""
    return conversations.select(*VERSION, months.of())


def files(root: Path) -> dict[str, bytes]:
    """Every file under a folder and what is in it."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def assert_same(left: Stored, right: Stored) -> None:
    for name in ("conversations", "turns", "scores", "labels", "rejects", "error_rates"):
        assert_frame_equal(getattr(left, name), getattr(right, name))


def fresh(root: Path, *batches: Batch) -> Store:
    """A store to which the batches were added."""
    made = Store(root)
    for one in batches:
        made.add(*one)
    return made


@pytest.fixture
def store(tmp_path):
    return Store.open(tmp_path / "store")


def test_what_is_added_comes_back_sorted(store):
    conversations, turns, scores, labels = batch("b", "a")
    added = store.add(conversations, turns.reverse(), scores.reverse(), labels.reverse())
    stored = store.load()
    assert added["conversation_id"].to_list() == ["a", "b"]
    assert_frame_equal(stored.conversations, conversations.sort("conversation_id"))
    assert_frame_equal(stored.turns, turns.sort(TURNS.key))
    assert_frame_equal(stored.scores, scores.sort(SCORES.key))
    assert_frame_equal(stored.labels, labels.sort(LABELS.key))
    assert_frame_equal(stored.rejects, REJECTS.empty())


def test_evidence_comes_back_as_it_was(store):
    store.add(*batch("a"))
    assert store.load().scores["evidence"].to_list() == [[], SPANS]


def test_a_store_that_is_not_there_is_named_with_the_remedy(store):
    with pytest.raises(StoreError, match="empathy-scan scan first") as caught:
        store.load()
    assert caught.value.where == store.root
    assert not Path(store.root).exists()


def test_a_store_that_is_not_there_knows_nothing(store):
    assert store.known().columns == list(VERSION)
    assert store.known().is_empty()
    assert not store.exists()
    assert not Path(store.root).exists()


def test_known_tells_the_version_of_each_conversation(store):
    one = batch("a", "b")
    store.add(*one)
    assert_frame_equal(store.known(), one[0].select(VERSION))


def scan(store: Store) -> dict[str, bytes]:
    """What a night writes, and the files that lie there after it."""
    store.add(*batch("a", "b"))
    store.set_rejects(filled(REJECTS, [REJECT]))
    store.tidy()
    return files(Path(store.root))


def test_a_second_scan_changes_no_file_but_for_its_line_in_the_runs(store):
    assert scan(store) == scan(Store(store.root))


def rates(model: str, turns: int = 3) -> pl.DataFrame:
    """One cell of the known errors of a model."""
    cell = {"confusion": "exploring", "truth": "no", "found": "yes", "turns": turns, "source": "ten calls"}
    return filled(ERROR_RATES, [{**cell, "model": model}])


def test_error_rates_take_the_place_of_those_of_the_same_model_only(store):
    store.set_error_rates(rates("m1"), model="m1")
    store.set_error_rates(rates("m2"), model="m2")
    store.set_error_rates(rates("m1", 9), model="m1")
    assert store.load().error_rates.select("model", "turns").rows() == [("m1", 9), ("m2", 3)]
    store.set_error_rates(ERROR_RATES.empty(), model="m1")
    assert store.load().error_rates["model"].to_list() == ["m2"]


def test_the_same_error_rates_again_change_no_file(store):
    store.set_error_rates(rates("m1"), model="m1")
    before = files(Path(store.root))
    store.set_error_rates(rates("m1"), model="m1")
    assert files(Path(store.root)) == before


def test_no_error_rates_make_no_store(store):
    store.set_error_rates(ERROR_RATES.empty(), model="m1")
    assert not Path(store.root).exists()


def test_error_rates_of_another_model_are_refused(store):
    with pytest.raises(SchemaError, match="of another model"):
        store.set_error_rates(rates("m2"), model="m1")


def test_no_rejects_make_no_store(store):
    store.set_rejects(REJECTS.empty())
    assert not Path(store.root).exists()


def test_a_part_that_is_new_is_all_that_is_written(store):
    store.add(*batch("a"))
    assert store.add(*batch("a", "b"))["conversation_id"].to_list() == ["b"]
    assert store.load().turns["conversation_id"].to_list() == ["a", "a", "b", "b"]
    assert store._table(TURNS).read("conversation_id").height == 4


@pytest.mark.parametrize("changed", [{"model": "m2"}, {"settings": "s2"}, {"words": "The parcel came."}], ids=str)
def test_a_new_version_takes_the_place_of_the_old_one(store, tmp_path, changed):
    store.add(*batch("a", "b"))
    store.add(*batch("b", **changed))
    expected = fresh(tmp_path / "other", batch("a"), batch("b", **changed))
    assert_same(store.load(), expected.load())
    assert store._table(LABELS).read("conversation_id").height == 4  # the older rows are gone, not only hidden


def test_going_back_to_an_older_version_works(store, tmp_path):
    for model in ("m1", "m2", "m1"):
        store.add(*batch("a", model=model))
    assert_same(store.load(), fresh(tmp_path / "other", batch("a")).load())


@pytest.mark.parametrize("reached", range(1, 4))
def test_a_run_killed_between_two_tables_leaves_the_old_version_and_is_made_good_by_the_next(store, tmp_path, reached):
    store.add(*batch("a", "b"))
    conversations, *frames = batch("b", "c", model="m2")
    for table, rows in list(zip((TURNS, SCORES, LABELS), frames, strict=True))[:reached]:
        store._add_rows(table, rows, versions_of(conversations))  # and here the power goes
    assert_same(store.load(), fresh(tmp_path / "old", batch("a", "b")).load())
    store.add(conversations, *frames)
    assert_same(store.load(), fresh(tmp_path / "new", batch("a", "b"), batch("b", "c", model="m2")).load())


def test_a_run_killed_before_it_clears_up_leaves_the_new_version(store, tmp_path):
    store.add(*batch("a"))
    conversations, *frames = batch("a", model="m2")
    before = store._marked()
    for table, rows in zip((TURNS, SCORES, LABELS), frames, strict=True):
        store._add_rows(table, rows, versions_of(conversations))
    store._mark(conversations.with_columns(months.of()), before)  # and here the power goes
    assert_same(store.load(), fresh(tmp_path / "new", batch("a", model="m2")).load())
    store.tidy()
    assert store._table(TURNS).read("conversation_id").height == 2


def test_doubled_rows_are_seen_once(store):
    one = batch("a")
    store.add(*one)
    store._table(TURNS).append(one[1].join(versions_of(one[0]), on="conversation_id"))
    store._table(CONVERSATIONS).append(one[0].with_columns(months.of()))
    assert_frame_equal(store.load().turns, one[1])
    assert_frame_equal(store.load().conversations, one[0])


CHILD = """
import sys
sys.path.insert(0, {tests!r})
from test_store import Store, batch
store = Store({root!r})
for number in range(40):
    store.add(*batch(f"c{{number % 8}}", f"d{{number}}", model=f"m{{number // 8}}"))
    print(number, flush=True)
"""


@pytest.mark.parametrize(("reached", "moment"), [(0, 0.0), (4, 0.02), (9, 0.05)])
def test_a_killed_run_and_its_repetition_give_the_same_store_as_one_that_was_not(tmp_path, reached, moment):
    root = tmp_path / "store"
    code = CHILD.format(tests=str(Path(__file__).parent), root=str(root))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:  # noqa: S603
        for line in child.stdout:
            if int(line) == reached:
                time.sleep(moment)  # somewhere in the next batch
                child.send_signal(signal.SIGKILL)
                break
    calm = fresh(tmp_path / "calm")
    for number in range(14):
        one = batch(f"c{number % 8}", f"d{number}", model=f"m{number // 8}")
        Store(root).add(*one)
        calm.add(*one)
    stored, expected = Store(root).load(), calm.load()
    names = expected.conversations["conversation_id"]
    assert_frame_equal(stored.scores.filter(pl.col("conversation_id").is_in(names.implode())), expected.scores)
    assert stored.turns.height == 2 * stored.conversations.height


def test_conversations_are_chosen_by_the_time_they_started(store):
    conversations, turns, scores, labels = batch("a", "b", "c", "d")
    times = pl.Series(
        [NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2), None], dtype=TURNS.columns["started_at"]
    )
    store.add(conversations.with_columns(started_at=times), turns, scores, labels)
    chosen = store.load(since=NOON + timedelta(hours=1), until=datetime(2026, 3, 2, 14, 0))  # noqa: DTZ001 - UTC then
    assert chosen.conversations["conversation_id"].to_list() == ["b", "d"]
    assert chosen.turns["conversation_id"].unique(maintain_order=True).to_list() == ["b", "d"]


def test_rejects_are_replaced_by_the_newest_list(store):
    store.set_rejects(filled(REJECTS, [REJECT]))
    store.set_rejects(filled(REJECTS, [{**REJECT, "place": "13"}, {**REJECT, "place": "1"}]))
    assert store.load().rejects["place"].to_list() == ["1", "13"]
    store.set_rejects(REJECTS.empty())
    assert store.load().rejects.is_empty()


def test_runs_are_kept_in_order_of_time_and_once(store):
    later = {**RUN, "run_id": "r0", "started_at": NOON + timedelta(days=1)}
    for row in (later, RUN, later):
        store.add_run(filled(RUNS, [row]))
    assert store.runs()["run_id"].to_list() == ["r1", "r0"]


def test_of_a_run_the_line_of_its_end_counts_whenever_it_was_written(store):
    for row in ({"state": "done", "scored": 2}, {"state": "begun"}, {"run_id": "r2", "state": "begun"}):
        store.add_run(filled(RUNS, [{**RUN, **row}]))
    assert store.runs().select("run_id", "state").rows() == [("r1", "done"), ("r2", "begun")]


def test_a_line_of_an_older_version_is_of_a_run_that_is_done(store):
    store.add_run(filled(RUNS, [RUN]))
    assert store.runs()["state"].to_list() == ["done"]


def test_forgetting_leaves_no_word_on_disk(store):
    store.add(*batch("a", words="Zebedee cannot sleep."))
    store.add(*batch("b"))
    assert store.forget(pl.Series(["a", "never-seen"])) == 1
    assert store.load().turns["conversation_id"].unique().to_list() == ["b"]
    rows = pl.concat([pl.read_parquet(path) for path in Path(store.root, "turns").glob("month=*/*.parquet")])
    assert not rows["text"].str.contains("Zebedee").any()
    assert not [name for name, content in files(Path(store.root)).items() if b"Zebedee" in content]


def test_forgetting_also_finds_what_a_killed_run_left(store):
    store.add(*batch("b"))
    conversations, turns, *_ = batch("a", words="Zebedee cannot sleep.")
    store._add_rows(TURNS, turns, versions_of(conversations))
    assert store.forget(pl.Series(["a"])) == 0
    assert store._table(TURNS).read("conversation_id")["conversation_id"].unique().to_list() == ["b"]


def test_many_small_files_are_joined(store):
    for number in range(34):
        store.add(*batch(f"c{number:02d}"))
    before = store.load()
    store.tidy(keep_hours=0)
    assert len(list(Path(store.root, "turns").glob("month=*/*.parquet"))) == 1
    assert_same(store.load(), before)


def test_two_threads_that_write_at_once_lose_nothing(tmp_path):
    root = tmp_path / "store"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: Store(root).add(*batch(name, "shared")), "abcdefgh"))
    assert Store(root).load().conversations["conversation_id"].to_list() == [*"abcdefgh", "shared"]
    assert Store(root)._table(TURNS).read("turn").height == 18


def test_a_second_run_is_told_that_another_is_at_work(tmp_path):
    with Store(tmp_path).writing(), pytest.raises(StoreError, match="another run is at work"):
        Store(tmp_path, wait_seconds=0.1).add(*batch("a"))
    assert Store(tmp_path).add(*batch("a")).height == 1


def test_reading_waits_for_nobody(tmp_path):
    Store(tmp_path).add(*batch("a"))
    with Store(tmp_path).writing():
        assert Store(tmp_path, wait_seconds=0).load().turns.height == 2


def test_a_newer_layout_is_refused_with_the_remedy(store):
    store.add(*batch("a"))
    Path(store.root, "_empathy_scan.json").write_text('{"version": 99}')
    for attempt in (store.load, store.known, lambda: store.add(*batch("b"))):
        with pytest.raises(StoreError, match="upgrade empathy-scan"):
            attempt()


def test_an_older_layout_is_brought_up_to_date(store, monkeypatch):
    store.add(*batch("a"))
    seen = []
    newer = max(store_module.MIGRATIONS) + 1
    monkeypatch.setitem(store_module.MIGRATIONS, newer, lambda tables: seen.append(tables(TURNS).table.name))
    assert store.load().turns.height == 2
    assert store.known().height == 1
    assert seen == ["turns"]
    assert Path(store.root, "_empathy_scan.json").read_text() == f'{{"version":{newer}}}\n'


def test_a_store_from_before_error_rates_is_read_and_gets_their_table(store):
    store.add(*batch("a"))
    shutil.rmtree(Path(store.root, "error_rates"))
    Path(store.root, "_empathy_scan.json").write_text('{"version": 1}')
    assert_frame_equal(store.load().error_rates, ERROR_RATES.empty())
    store.set_error_rates(rates("m1"), model="m1")
    assert_frame_equal(store.load().error_rates, rates("m1"))


def test_a_store_whose_making_was_killed_is_completed(store):
    store._table(TURNS).create()  # and here the power goes
    assert not store.exists()
    store.add(*batch("a"))
    assert store.load().turns.height == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": null}', '{"version": "x"}'])
def test_a_layout_file_that_cannot_be_read_is_named(store, text):
    store.add(*batch("a"))
    Path(store.root, "_empathy_scan.json").write_text(text)
    with pytest.raises(StoreError, match="restore it from a copy") as caught:
        store.load()
    assert caught.value.where.endswith("_empathy_scan.json")


def damage_log(turns: Path) -> None:
    (turns / "_delta_log" / "00000000000000000001.json").write_text("{garbage")


def lose_log(turns: Path) -> None:
    (turns / "_delta_log").rename(turns / "gone")


def lose_rows(turns: Path) -> None:
    next(turns.rglob("*.parquet")).unlink()


def damage_rows(turns: Path) -> None:
    path = next(turns.rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("harm", [damage_log, lose_log, lose_rows, damage_rows])
def test_damage_is_a_store_error_with_place_and_remedy(store, harm):
    store.add(*batch("a"))
    harm(Path(store.root, "turns"))
    with pytest.raises(StoreError, match="restore a copy") as caught:
        store.load()
    assert caught.value.where.startswith(f"{store.root}/turns")
    assert "parcel" not in str(caught.value)


def test_conversations_whose_turns_are_gone_are_counted(store):
    store.add(*batch("a", "b"))
    store._table(TURNS).replace(store._table(TURNS).read().filter(conversation_id="a"))
    with pytest.raises(StoreError, match="turns of 1 conversation"):
        store.load()


def test_a_file_in_the_way_is_a_store_error(tmp_path):
    (tmp_path / "store").write_text("not a folder")
    for attempt in (Store(tmp_path / "store").load, lambda: Store(tmp_path / "store").add(*batch("a"))):
        with pytest.raises(StoreError, match="--store"):
            attempt()
    with pytest.raises(StoreError, match="cannot be written"), Store(tmp_path / "store" / "below").writing():
        pass


def test_a_full_disk_is_a_store_error_and_loses_nothing(tmp_path):
    store = fresh(tmp_path, batch("a"))
    code = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_store import Store, batch
one = batch(*(f"n{{number}}" for number in range(20_000)))
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
Store({str(tmp_path)!r}).add(*one)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert "empathy_scan.errors.StoreError" in done.stderr
    assert "free some space" in done.stderr
    assert store.load().turns.height == 2


def test_without_the_package_the_remedy_is_to_install_it(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(StoreError, match="pip install deltalake"):
        store.add(*batch("a"))


def test_scores_of_another_model_than_the_conversation_are_refused(store):
    conversations, turns, scores, labels = batch("a")
    with pytest.raises(SchemaError, match="2 row"):
        store.add(conversations, turns, scores.with_columns(model=pl.lit("m9")), labels)


def test_a_conversation_without_turns_is_refused(store):
    conversations, turns, scores, labels = batch("a")
    with pytest.raises(SchemaError, match="without a turn"):
        store.add(conversations, turns.clear(), scores, labels)


def test_a_conversation_without_scores_is_fine(store):
    conversations, turns, scores, labels = batch("a")
    store.add(conversations, turns, scores.clear(), labels)
    assert store.load().scores.is_empty()


def test_files_are_sorted_and_compressed(store):
    conversations, turns, scores, labels = batch("b", "a")
    store.add(conversations.reverse(), turns.reverse(), scores, labels)
    (path,) = Path(store.root, "turns").rglob("*.parquet")
    assert path.name.endswith(".zstd.parquet")
    assert pl.read_parquet(path)["conversation_id"].to_list() == ["a", "a", "b", "b"]


def test_the_log_holds_no_words(store):
    store.add(*batch("a", words="Zebedee cannot sleep."))
    log = b"".join(path.read_bytes() for path in Path(store.root).rglob("_delta_log/*"))
    assert b"Zebedee" not in log


def test_any_delta_reader_can_read_it(store):
    store.add(*batch("a"))
    assert set(VERSION) < {field.name for field in deltalake.DeltaTable(f"{store.root}/labels").schema().fields}


@pytest.mark.parametrize("spelling", ["{}", "{}/", "file://{}"])
def test_one_folder_may_be_spelt_in_several_ways(tmp_path, spelling):
    assert Store(spelling.format(tmp_path)).root == tmp_path.as_posix()


def test_a_folder_may_be_relative_to_where_we_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Store("below").add(*batch("a"))
    os.chdir("/")
    assert Store(tmp_path / "below").load().turns.height == 2


def test_conversations_count_their_turns():
    (conversation,) = batch("a")[0].to_dicts()
    assert (conversation["n_turns"], conversation["n_agent_turns"], conversation["started_at"]) == (2, 1, NOON)


CHANGES = [
    {"text": pl.lit("Other words.")},
    {"role": pl.lit("system")},
    {"agent_id": pl.lit("ann")},
    {"channel": pl.lit("email")},
    {"queue": pl.lit("returns")},
    {"started_at": pl.col("started_at") + pl.duration(microseconds=1)},
    {"turn": pl.col("turn") + 1},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(change)) for change in CHANGES])
def test_the_content_hash_tells_every_difference(change):
    turns = batch("a")[1]
    assert content_hash(turns.with_columns(**change))["content"].item() != content_hash(turns)["content"].item()


@pytest.mark.parametrize("name", ["source", "format", "role_source", "speaker"])
def test_the_content_hash_does_not_ask_where_it_was_read(name):
    turns = batch("a")[1]
    assert_frame_equal(content_hash(turns.with_columns(pl.lit("other").alias(name))), content_hash(turns))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=8)), min_size=1, max_size=12), st.randoms())
def test_the_content_hash_does_not_depend_on_the_order_of_rows(said, random):
    rows = [{"conversation_id": name, "turn": turn, "text": text} for turn, (name, text) in enumerate(said)]
    before = content_hash(filled(TURNS, rows))
    random.shuffle(rows)
    assert_frame_equal(content_hash(filled(TURNS, rows)), before)


@given(st.lists(st.text(max_size=4), min_size=1, max_size=4), st.lists(st.text(max_size=4), min_size=1, max_size=4))
def test_two_conversations_have_one_hash_exactly_when_they_say_the_same(left, right):
    rows = [
        {"conversation_id": name, "turn": turn, "text": text}
        for name, texts in (("l", left), ("r", right))
        for turn, text in enumerate(texts)
    ]
    first, second = content_hash(filled(TURNS, rows))["content"]
    assert (first == second) == (left == right)


def test_the_content_hash_stays_what_it_is_in_later_versions():
    assert content_hash(batch("a")[1])["content"].item() == "f8c9e3502904c25fafa198a8da6c1bc1"


@pytest.mark.parametrize("name", ["with space", "sömmer #1", "what?", "a*b {c}"])
def test_a_store_lies_under_any_folder(tmp_path, name):
    store = Store(tmp_path / name)
    given = batch("c1", "c2")
    store.add(*given)
    assert store.load().conversations["conversation_id"].to_list() == ["c1", "c2"]
    before = files(tmp_path)
    store.add(*given)
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", ["a%20b", "a[b]", "a^b", "a|b"])
def test_a_folder_that_delta_lake_would_misread_is_refused(tmp_path, name):
    with pytest.raises(StoreError, match="choose another --store"):
        Store(tmp_path / name)


ADDED = {
    "conversations": ("direction", "zone", "metadata"),
    "turns": ("direction", "zone", "metadata", "confidence", "overlap"),
    "runs": [*RUNS.columns][[*RUNS.columns].index("state") :],
    "scores": ("deletions",),
}


@pytest.fixture
def old_store(tmp_path):
    """A store as layout 2 had it: conversations and turns without the columns that came later."""
    root = tmp_path / "old"
    conversations, turns, scores, labels = batch("a", "b")
    frames = {"conversations": conversations, "turns": turns, "scores": scores, "labels": labels}
    for table in (CONVERSATIONS, TURNS, SCORES, LABELS, REJECTS, RUNS, ERROR_RATES):
        rows = frames.get(table.name, table.empty()).drop(ADDED.get(table.name, ()))
        if table.name in {"turns", "scores", "labels"}:
            shared = [name for name in VERSION if name in rows.columns]
            rows = rows.join(conversations.select(VERSION), on=shared, how="inner").unique(table.key)
        deltalake.write_deltalake(str(root / table.name), rows)
    (root / "_empathy_scan.json").write_text('{"version":2}\n', encoding="utf-8")
    return root


def test_a_store_of_an_older_layout_is_read_with_nulls_in_the_new_columns(old_store):
    stored = Store(old_store).load()
    assert stored.turns.height == 4
    assert stored.turns.select(ADDED["turns"]).null_count().row(0) == (4,) * 5
    assert stored.conversations.select(ADDED["conversations"]).null_count().row(0) == (2,) * 3
    assert stored.scores["deletions"].null_count() == stored.scores.height > 0
    assert json.loads((old_store / "_empathy_scan.json").read_text(encoding="utf-8")) == {
        "version": max(store_module.MIGRATIONS)
    }


def test_a_store_of_an_older_layout_takes_new_rows_and_keeps_the_old_ones(old_store):
    conversations, turns, scores, labels = batch("a", "c", words="The second parcel is lost.")
    turns = turns.with_columns(zone=pl.lit("+02:00"), overlap=pl.lit(value=True), confidence=pl.lit(0.9))
    conversations = conversations_of(
        turns.with_columns(metadata=pl.lit('{"region": "North"}')), model="m1", settings="s1"
    )
    store = Store(old_store)
    store.add(conversations, turns, scores, labels)
    stored = store.load()
    assert stored.scores["deletions"].to_list() == [[], TRIED, None, None, [], TRIED]
    assert stored.turns["conversation_id"].to_list() == ["a", "a", "b", "b", "c", "c"]
    assert stored.turns["zone"].to_list() == ["+02:00"] * 2 + [None] * 2 + ["+02:00"] * 2
    assert stored.conversations["metadata"].to_list() == ['{"region": "North"}', None, '{"region": "North"}']
    assert store.forget(pl.Series(["a"])) == 1
    assert store.load().conversations["conversation_id"].to_list() == ["b", "c"]


def test_a_conversation_without_the_new_columns_keeps_its_version():
    one = {"conversation_id": "a", "turn": 0, "role": "agent", "text": "No.", "channel": "call"}
    plain, marked = filled(TURNS, [one]), filled(TURNS, [{**one, "direction": "inbound"}])
    assert content_hash(plain)["content"].to_list() != content_hash(marked)["content"].to_list()
    assert content_hash(plain)["content"].to_list() == ["59013ebab3f4150f831fc533869d1696"]  # as layout 2 had it


def dated(month: int, *names: str, **how: str) -> Batch:
    """A batch of conversations of that month of 2026."""
    when = pl.lit(datetime(2026, month, 9, 9, tzinfo=UTC), TURNS.columns["started_at"])
    _, turns, scores, labels = batch(*names, **how)
    turns, labels = turns.with_columns(started_at=when), labels.with_columns(started_at=when)
    return conversations_of(turns, model="m1", settings="s1"), turns, scores, labels


def test_a_period_opens_its_own_months_only(store):
    store.add(*dated(3, "a"))
    store.add(*dated(5, "b"))
    store.add(*dated(6, "c"))
    for path in Path(store.root).glob("*/month=2026-03/*.parquet"):
        path.write_bytes(b"damaged")
    chosen = store.load(since=datetime(2026, 5, 1, tzinfo=UTC), until=datetime(2026, 6, 1, tzinfo=UTC))
    assert chosen.conversations["conversation_id"].to_list() == ["b"]
    assert chosen.turns.height == chosen.labels.height == 2
    with pytest.raises(StoreError):
        store.load()


def test_a_changed_conversation_leaves_other_months_as_they_are(store):
    store.add(*dated(3, "a"))
    store.add(*dated(5, "b", "c"))
    before = {name for name in files(Path(store.root)) if "month=2026-03" in name}
    store.add(*dated(5, "b", words="The parcel came."))
    march = [f"{table.name}/{path}" for table in (CONVERSATIONS, TURNS, SCORES, LABELS)
             for path in store._table(table).files()["path"] if "month=2026-03" in path]  # fmt: skip
    assert set(march) == before


def test_a_conversation_may_move_to_another_month(store, tmp_path):
    store.add(*dated(3, "a", "b"))
    store.add(*dated(5, "a"))
    assert_same(store.load(), fresh(tmp_path / "other", dated(3, "b"), dated(5, "a")).load())
    assert store.count() == 2
    assert store.newest() == datetime(2026, 5, 9, 9, tzinfo=UTC)
    assert store.newest(before=datetime(2026, 5, 1, tzinfo=UTC)) == datetime(2026, 3, 9, 9, tzinfo=UTC)


def test_months_that_rest_are_joined_before_the_latest(store):
    for number in range(10):
        store.add(*dated(3, f"c{number}"))
    assert not store.tidy_if_scattered()
    store.add(*dated(4, "d"))
    before = store.load()
    assert store.tidy_if_scattered()
    assert store._table(TURNS).files().group_by("month").len().sort("month")["len"].to_list() == [1, 1]
    assert_same(store.load(), before)
    assert not store.tidy_if_scattered()


def test_the_log_holds_no_ids(store):
    store.add(*batch("zebedee@example.org"))
    logs = b"".join(content for name, content in files(Path(store.root)).items() if "_delta_log" in name)
    assert b"zebedee" not in logs
