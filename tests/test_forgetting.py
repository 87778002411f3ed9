"""What is forgotten is in no byte of store and report any more, and does not come back."""

import gzip
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import erasure, forgetting, layouts, pipeline, rebuild, tombstones
from empathy_scan.config import Config, StoreConfig
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.forgetting import Wish
from empathy_scan.roster import Roster
from empathy_scan.store import Store
from empathy_scan.tables import FILES, FORGOTTEN, PEOPLE, RUNS, TURNS

CHATS = """chat_id,sender,role,text,time,customer_email,phone
alpha,Jo Quillfeather,customer,My zebedee parcel never came.,2026-09-01T10:00:00Z,Jo.Q@Example.com,+44 7700 900123
alpha,Tom Brennan,agent,I am so sorry about the zebedee.,2026-09-01T10:01:00Z,Jo.Q@Example.com,+44 7700 900123
beta,Ann Other,customer,Where is my wardrobe?,2026-10-01T10:00:00Z,ann@example.com,07700900999
beta,Tom Brennan,agent,Let me look into the xylograph for you.,2026-10-01T10:01:00Z,ann@example.com,07700900999
beta,Ann Other,customer,Thanks and where is the lamp?,2026-10-01T10:02:00Z,ann@example.com,07700900999
beta,Priya Shah,agent,It ships today and I am sorry it took so long.,2026-10-01T10:03:00Z,ann@example.com,07700900999
gamma,Bob Ferris,customer,Still waiting you useless lot.,2026-10-03T10:00:00Z,bob@example.com,07700900555
gamma,Priya Shah,agent,I understand and I will ring the depot.,2026-10-03T10:01:00Z,bob@example.com,07700900555
"""
CALL = (
    "Agent: Good morning, this is Noor.\nCustomer: My ocarina never came, ring 020 7946 0958.\nAgent: I am so sorry.\n"
)
FRAMES = ("conversations", "turns", "scores", "labels")


class Place:
    """A folder of exports, the store and the report of a scan of it."""

    def __init__(self, root, model):
        self.root, self.model = root, model
        self.exports, self.path, self.report = root / "exports", root / "store", root / "report"

    @property
    def store(self):
        return Store.open(self.path)

    def scan(self, config=None, **more):
        return pipeline.scan(
            [self.exports], store=self.path, reports=self.report, config=config, model=self.model, **more
        )

    def forget(self, kind, *values, **more):
        return erasure.forget(self.store, Wish(kind, values, **more), Config(), self.report)

    def holding(self, *words):
        """The files of store and report in which one of the words stands, packed or not."""
        found = []
        for path in sorted([*self.path.rglob("*"), *self.report.rglob("*")]):
            if path.is_file():
                content = unpacked(path).lower()
                found += [
                    (path.relative_to(self.root).as_posix(), word)
                    for word in words
                    if word.encode() in content or word in path.name.lower()
                ]
        return found


def unpacked(path):
    """The bytes of a file, and what they hold where they are packed."""
    content = path.read_bytes()
    if path.suffix == ".parquet":
        content += repr(pl.read_parquet(path).rows()).encode()
    return content + (gzip.decompress(content) if path.suffix == ".gz" else b"")


@pytest.fixture(scope="module")
def scanned(tmp_path_factory, generous_bundle):
    """A store and a report that hold a few chats and a call; to be copied, not to be changed."""
    made = Place(tmp_path_factory.mktemp("scanned"), generous_bundle)
    made.exports.mkdir()
    (made.exports / "chats.csv").write_text(CHATS, encoding="utf-8")
    (made.exports / "umbrella-call.txt").write_text(CALL, encoding="utf-8")
    made.scan()
    return made


@pytest.fixture
def place(scanned, tmp_path):
    """A copy of it, which remembers its own files and report."""
    root = tmp_path / "place"
    shutil.copytree(scanned.root, root)
    copy = Place(root, scanned.model)
    facts = {str(copy.report): text for text in copy.store.recall("reports").values()}
    copy.store.remember("reports", facts)
    files = copy.store.files().with_columns(pl.col("path").str.replace(str(scanned.root), str(root), literal=True))
    copy.store.replace(FILES, files)
    return copy


def others(store, *gone):
    """The rows of all conversations but some, by table."""
    stored = store.load()
    return {name: getattr(stored, name).filter(~pl.col("conversation_id").is_in(list(gone))) for name in FRAMES}


def assert_same_rows(one, other):
    for name in FRAMES:
        assert_frame_equal(one[name], other[name])


def test_the_words_are_there_before_they_are_forgotten(scanned):
    held = {word for _, word in scanned.holding("alpha", "zebedee", "brennan", "xylograph", "umbrella", "ocarina")}
    assert held == {"alpha", "zebedee", "brennan", "xylograph", "umbrella", "ocarina"}
    assert not scanned.holding("jo.q@", "quillfeather", "900123")  # dropped when they were read


def test_a_forgotten_conversation_is_in_no_byte_and_does_not_come_back(place):
    before = others(place.store, "alpha")
    done = place.forget("conversation", "alpha")
    assert (done.conversations, done.shared, done.reports) == (1, 0, [str(place.report)])
    assert done.files == [str(place.exports / "chats.csv")]
    assert not place.holding("alpha", "zebedee")
    assert_same_rows(others(place.store), before)
    again = place.scan(again=True)
    assert (again.scored, again.forgotten, again.conversations, again.rejects) == (0, 1, 3, 0)
    assert not place.holding("alpha", "zebedee")
    assert_same_rows(others(place.store), before)


def test_the_report_is_that_of_a_store_that_never_had_it(place, tmp_path):
    fresh = Place(tmp_path / "fresh", place.model)
    shutil.copytree(place.exports, fresh.exports)
    rows = [line for line in CHATS.splitlines(keepends=True) if not line.startswith("alpha")]
    (fresh.exports / "chats.csv").write_text("".join(rows), encoding="utf-8")
    fresh.scan()
    place.forget("conversation", "alpha")
    assert_same_rows(others(place.store), others(fresh.store))
    names = sorted(path.relative_to(fresh.report).as_posix() for path in fresh.report.rglob("*") if path.is_file())
    assert names == sorted(
        path.relative_to(place.report).as_posix() for path in place.report.rglob("*") if path.is_file()
    )
    same = [name for name in names if name.endswith((".csv", ".html", ".md", "state.json"))]
    assert [name for name in same if (fresh.report / name).read_bytes() != (place.report / name).read_bytes()] == []


@pytest.mark.parametrize("who", ["jo.q@example.com", "<JO.Q@EXAMPLE.COM>", "07700 900123", "Quillfeather, Jo"])
def test_a_customer_is_found_by_what_was_dropped(place, who):
    assert forgetting.find(place.store, Wish("customer", (who,)), Roster()).whole["conversation_id"].to_list() == [
        "alpha"
    ]


def test_a_customer_is_found_by_a_number_that_was_only_said(place):
    found = forgetting.find(place.store, Wish("customer", ("+44 (0)20 7946 0958",)), Roster())
    assert found.whole["conversation_id"].to_list() == ["umbrella-call"]
    assert found.known_by == {"phone": 1}


def test_a_forgotten_customer_leaves_no_byte_and_no_hash(place):
    place.forget("customer", "jo.q@example.com")
    assert not place.holding("alpha", "zebedee")
    assert "alpha" not in place.store.rows(PEOPLE)["conversation_id"]


@pytest.mark.parametrize("who", ["agent", "Customer", "x", "Speaker 1"])
def test_a_word_that_names_nobody_finds_nobody(place, who):
    with pytest.raises(UsageError, match="too little to find a customer by"):
        forgetting.find(place.store, Wish("customer", (who,)), Roster())


def test_without_the_setting_nothing_is_kept_of_customers(place, tmp_path):
    other = Place(tmp_path / "other", place.model)
    shutil.copytree(place.exports, other.exports)
    other.scan(Config(store=StoreConfig(customers=False)))
    assert other.store.rows(PEOPLE).is_empty()


def test_a_forgotten_agent_is_taken_out_of_what_others_shared(place):
    before = others(place.store, "alpha", "beta")
    rest = place.store.load(conversation_id="beta")
    done = place.forget("agent", "Tom Brennan")
    assert (done.conversations, done.shared) == (1, 1)
    assert not place.holding("brennan", "zebedee", "xylograph", "wardrobe")
    assert_same_rows(others(place.store, "beta"), before)
    kept = place.store.load(conversation_id="beta")
    assert kept.turns["turn"].to_list() == [2, 3]
    for name in ("turns", "scores", "labels"):
        assert_frame_equal(getattr(kept, name), getattr(rest, name).filter(pl.col("turn") > 1))
    again = place.scan(again=True)
    assert (again.scored, again.replaced, again.forgotten) == (0, 0, 1)
    assert not place.holding("brennan", "zebedee", "xylograph", "wardrobe")
    assert_frame_equal(place.store.load(conversation_id="beta").turns, kept.turns)


def test_all_that_a_forgotten_agent_took_part_in_goes_on_request(place):
    done = place.forget("agent", "tom.brennan", whole=True)
    assert (done.conversations, done.shared) == (2, 0)
    assert place.store.conversations()["conversation_id"].to_list() == ["gamma", "umbrella-call"]


def test_an_agent_is_found_by_an_alias_of_the_roster(place):
    listed = place.root / "roster.csv"
    listed.write_text("agent_id,aliases\nt7,Tom Brennan;Tommy\n", encoding="utf-8")
    config = Config()
    config = replace(config, roles=replace(config.roles, roster=str(listed)))
    plan = erasure.plan(place.store, Wish("agent", ("Tommy",)), config, place.report)
    assert (plan.conversations, plan.shared, plan.ids) == (1, 1, ["alpha", "beta"])


def test_what_began_before_a_day_goes_and_stays_away(place):
    plan = erasure.plan(place.store, Wish("before", before=datetime(2026, 10, 2, tzinfo=UTC)), Config(), place.report)
    assert (plan.conversations, plan.months, plan.undated) == (2, {"2026-09": 1, "2026-10": 1}, 1)
    place.forget("before", before=datetime(2026, 10, 2, tzinfo=UTC))
    assert not place.holding("alpha", "zebedee", "xylograph")
    again = place.scan(again=True)
    assert (again.scored, again.forgotten, again.conversations) == (0, 2, 2)


def test_conversations_without_a_time_go_on_request(place):
    (place.exports / "umbrella-call.txt").unlink()
    place.forget("before", before=datetime(2020, 1, 1, tzinfo=UTC), undated=True)
    assert not place.holding("umbrella", "ocarina")
    assert place.store.count() == 3


def test_what_was_rejected_is_forgotten_by_its_id_too(place):
    alone = "chat_id,sender,role,text\nomega,Tom Brennan,agent,Is anybody there?\n"
    (place.exports / "lonely.csv").write_text(alone, encoding="utf-8")
    assert place.scan().rejects == 1
    assert place.holding("omega")
    done = place.forget("conversation", "omega")
    assert done.conversations == 0
    assert not place.holding("omega")
    again = place.scan(again=True)
    assert (again.rejects, again.conversations) == (0, 4)
    assert not place.holding("omega")


def test_a_file_that_has_another_name_now_stays_away(place):
    place.forget("conversation", "umbrella-call")
    (place.exports / "umbrella-call.txt").rename(place.exports / "parasol.txt")
    again = place.scan()
    assert (again.scored, again.forgotten, again.conversations) == (0, 1, 3)


def test_a_scan_deletes_what_is_older_than_the_settings_allow(place):
    days = (datetime.now(UTC) - datetime(2026, 9, 20, tzinfo=UTC)) // timedelta(days=1)
    config = Config(store=StoreConfig(keep_days=days))
    assert config.fingerprint() == Config().fingerprint()
    night = place.scan(config)
    assert (night.removed, night.known, night.conversations) == (1, 2, 3)
    assert not place.holding("alpha", "zebedee")
    assert (place.scan(config, again=True).forgotten, place.scan(config).removed) == (1, 0)
    assert place.store.runs()["removed"].to_list()[1:] == [1, 0, 0]


@pytest.mark.parametrize("reached", ["bury_conversations", "_forget_files", "write_report"])
def test_a_forgetting_that_was_killed_is_completed_by_the_same_again(place, monkeypatch, reached):
    owner = {"bury_conversations": tombstones, "write_report": rebuild}.get(reached, forgetting)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, reached, die)
        with pytest.raises(KeyboardInterrupt):
            place.forget("conversation", "alpha")
    plan = erasure.plan(place.store, Wish("conversation", ("alpha",)), Config(), place.report)
    assert plan.unfinished
    place.forget("conversation", "alpha")
    assert not place.holding("alpha", "zebedee")
    assert not forgetting.is_unfinished(place.store)


@pytest.mark.parametrize("table", [TURNS, PEOPLE], ids=lambda table: table.name)
def test_a_forgetting_that_was_killed_between_two_tables_is_completed_by_the_next_scan(place, monkeypatch, table):
    drop = Store.drop_rows

    def die_at(store, which, ids):
        if which == table:
            raise KeyboardInterrupt
        drop(store, which, ids)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "drop_rows", die_at)
        with pytest.raises(KeyboardInterrupt):
            place.forget("agent", "tom.brennan")
    place.scan()
    assert not place.holding("brennan", "zebedee", "xylograph")
    assert "alpha" not in place.store.rows(PEOPLE)["conversation_id"]
    assert not forgetting.is_unfinished(place.store)


def test_what_was_forgotten_comes_in_again_once_it_is_allowed(place):
    place.forget("customer", "jo.q@example.com")
    assert erasure.allow_again(place.store, Wish("customer", ("other@example.com",)), Config()) == 0
    assert erasure.allow_again(place.store, Wish("customer", ("JO.Q@example.com",)), Config()) == 1
    assert place.scan(again=True).scored == 1


def test_reports_of_a_period_are_made_again_too(place):
    period = {"since": datetime(2026, 8, 1, tzinfo=UTC), "until": datetime(2026, 9, 15, tzinfo=UTC)}
    autumn = place.root / "autumn"
    rebuild.write_report(place.store, autumn, Config(), **period)
    rebuild.noted(place.store, autumn, **period)
    done = place.forget("conversation", "gamma")
    assert sorted(done.reports) == sorted([str(autumn), str(place.report)])
    before = (autumn / "index.html").read_bytes()
    place.forget("conversation", "alpha")
    assert (autumn / "index.html").read_bytes() != before
    assert not [path for path in autumn.rglob("*") if path.is_file() and b"zebedee" in unpacked(path)]
    assert not list((autumn / "conversations").glob("beta*"))


def test_a_store_can_be_emptied(place):
    place.forget("before", before=datetime(2027, 1, 1, tzinfo=UTC), undated=True)
    assert place.store.count() == 0
    assert not place.holding("alpha", "beta", "gamma", "ocarina", "brennan")


def test_the_record_tells_counts_and_names_nobody(place):
    place.forget("conversation", "alpha")
    row = place.store.runs().row(-1, named=True)
    told = {name: row[name] for name in ("command", "state", "removed", "cut", "exit_code")}
    assert told == {"command": "forget", "state": "done", "removed": 1, "cut": 0, "exit_code": 0}
    assert "alpha" not in repr(place.store.rows(RUNS).rows())


def test_logs_of_old_layouts_keep_no_word_either(tmp_path):
    old = tmp_path / "old"
    shutil.copytree(Path(__file__).parent / "data" / "stores" / "layout-3", old)
    place = Place(tmp_path, None)
    place.path = old
    words = place.store.load(conversation_id="chat-0").turns["text"][0].lower()
    assert place.holding(words)
    erasure.forget(place.store, Wish("conversation", ("chat-0",)), Config(), place.report)
    assert not place.holding(words, "chat-0")


def test_without_the_key_a_scan_does_not_bring_back_what_was_forgotten(place):
    place.forget("conversation", "alpha")
    (place.path / "_key.json").unlink()
    with pytest.raises(StoreError, match="restore it from a copy"):
        place.scan(again=True)


def test_every_table_that_has_rows_of_conversations_is_cleared():
    known = {table.name for table in layouts.ALL if "conversation_id" in table.columns} - {"conversations"}
    assert known == {table.name for table in layouts.OF_CONVERSATIONS}


def test_tombstones_tell_nothing_in_plain(place):
    place.forget("customer", "jo.q@example.com")
    assert set(place.store.rows(FORGOTTEN)["kind"]) == {"conversation"}
    text = json.dumps(place.store.rows(FORGOTTEN, "digest", "cause").rows())
    assert not [word for word in ("alpha", "jo", "example") if word in text]
