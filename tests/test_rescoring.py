"""Another model over all history: beside what counts, compared with it, taken over in one moment or not at all."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from empathy_scan import pipeline, quantify, rebuild, rehearsal, rescoring, runs, takeovers
from empathy_scan.candidates import CandidateStore
from empathy_scan.config import Config, ScanConfig, ScoreConfig, SegmentConfig, SummaryConfig
from empathy_scan.delta import DeltaTable
from empathy_scan.errors import ModelError, OtherModelError, StoreError, UsageError
from empathy_scan.layouts import ALL, BESIDE
from empathy_scan.quantify import ErrorRates
from empathy_scan.store import Store

LINES = (
    ("customer", "", "My parcel {n} never came and nobody rang, you useless lot."),
    ("agent", "{a}", "I am so sorry, waiting in all day for it is awful. I will ring the depot by noon."),
    ("customer", "", "That is no answer at all!"),
    ("agent", "{a}", "We apologise for any inconvenience."),
)
SOME = Config(summary=SummaryConfig(minimum_conversations=2, resamples=50), score=ScoreConfig(evidence=False))
ALONG = replace(SOME, scan=ScanConfig(on_new_model="rescore"))


AGENTS = ("noor", "tom")


def began(number):
    return f"2026-{8 + number % 3:02}-{number + 1:02}T09:00:00Z"


def chats(numbers, said="{n}"):
    rows = [
        f'chat-{n:02},{turn},{role},{who.format(a=AGENTS[n % 2])},{began(n)},"{text.format(n=said.format(n=n))}"\n'
        for n in numbers
        for turn, (role, who, text) in enumerate(LINES)
    ]
    return "conversation_id,turn,role,agent_id,started_at,text\n" + "".join(rows)


class Place:
    def __init__(self, root, old, new):
        self.root, self.old, self.new = root, old, new
        self.exports, self.store, self.report = root / "exports", root / "store", root / "report"
        self.exports.mkdir(parents=True, exist_ok=True)
        self.clock = 0

    def put(self, name, content):
        path = self.exports / name
        path.write_text(content, encoding="utf-8")
        self.clock += 1
        os.utime(path, ns=(0, 1_790_000_000_123_456_789 + self.clock * 10**9))
        return path

    def scan(self, **options):
        into = {"store": self.store, "reports": self.report, "model": self.old, "config": SOME} | options
        return pipeline.scan([self.exports], **into)

    def rescore(self, **options):
        return rescoring.rescore(self.store, **({"model": self.new, "config": SOME} | options))

    def stored(self, store=None):
        return Store.open(store or self.store).load()

    def held(self):
        return CandidateStore(self.store)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory, generous_bundle, tiny_bundle):
    """A store with twelve chats of three months; a third of them from a file that is archived since."""
    place = Place(tmp_path_factory.mktemp("scanned"), tiny_bundle, generous_bundle)
    archived = place.put("archived.csv", chats(range(4)))
    place.put("chats.csv", chats(range(4, 12)))
    place.scan()
    archived.unlink()
    return place


@pytest.fixture(scope="module")
def rescored(scanned, tmp_path_factory):
    """The same store with the scores of the new model beside those that count."""
    made = copied(scanned, tmp_path_factory.mktemp("rescored") / "copy")
    made.rescore()
    return made


@pytest.fixture(scope="module")
def fresh(scanned, tmp_path_factory):
    """The store that a scan of the same files with the new model makes."""
    return from_scratch(copied(scanned, tmp_path_factory.mktemp("fresh") / "copy"))


@pytest.fixture
def place(scanned, tmp_path):
    """A copy of the store with its exports and its report."""
    return copied(scanned, tmp_path / "copy")


@pytest.fixture
def tried(rescored, tmp_path):
    """A copy of the store with the scores of the new model beside those that count."""
    return copied(rescored, tmp_path / "copy")


def copied(place, root):
    """A place with copies of all that is in another."""
    shutil.copytree(place.root, root)
    made = Place(root, place.old, place.new)
    made.clock = place.clock
    return made


def from_scratch(place):
    """The store that a scan of all files, archived ones too, makes with the new model."""
    place.put("archived.csv", chats(range(4)))
    place.scan(model=place.new, store=place.root / "fresh", reports=place.root / "fresh-report")
    (place.exports / "archived.csv").unlink()
    return place.stored(place.root / "fresh")


def same(one, other):
    """Equal stores, but for the last digits of scores."""
    assert_frame_equal(one.conversations, other.conversations)
    assert_frame_equal(one.turns, other.turns)
    assert_frame_equal(one.scores.drop("evidence"), other.scores.drop("evidence"), abs_tol=1e-4)
    assert_frame_equal(one.labels, other.labels, abs_tol=1e-4)
    assert_frame_equal(one.error_rates, other.error_rates)


def exactly(one, other):
    for name in ("conversations", "turns", "scores", "labels", "rejects", "error_rates"):
        assert_frame_equal(getattr(one, name), getattr(other, name))


def beside(place):
    """How many rows the tables hold that lie beside those that count."""
    return [place.held()._table(table).read("conversation_id").height for table in BESIDE]


def test_a_scan_with_another_model_ends_and_mixes_nothing(place):
    before = place.stored()
    place.put("new.csv", chats([20]))
    with pytest.raises(OtherModelError, match="must not mix") as caught:
        place.scan(model=place.new)
    assert "empathy-scan rescore" in caught.value.remedy
    assert caught.value.exit_code == 2
    exactly(place.stored(), before)
    assert place.held().runs()[-1].select("state", "error", "exit_code").row(0) == ("failed", "OtherModelError", 2)
    with pytest.raises(OtherModelError):
        rehearsal.rehearse([place.exports], store=place.store, config=SOME, model=place.new)
    assert place.scan().scored == 1


def test_so_does_one_that_cuts_turns_otherwise(place):
    cut = replace(SOME, segment=SegmentConfig(context_turns=1))
    with pytest.raises(OtherModelError, match=r"\[segment\]"):
        place.scan(config=cut)
    found = place.rescore(model=place.old, config=cut, accept=True)
    assert (found.state, found.scored) == (rescoring.ACCEPTED, 12)
    assert place.scan(config=cut).scored == 0


def test_rescoring_changes_nothing_that_counts_before_it_is_accepted(place):
    pages = {path: path.read_bytes() for path in place.report.rglob("*") if path.suffix in {".html", ".md", ".json"}}
    before = place.stored()
    found = place.rescore()
    assert (found.state, found.conversations, found.scored) == (rescoring.TRIED, 12, 12)
    exactly(place.stored(), before)
    assert place.scan().scored == 0
    rebuild.write_report(Store.open(place.store), place.report, SOME)
    assert {path: path.read_bytes() for path in pages} == pages
    place.held().tidy(keep_hours=0)
    assert beside(place)[0] == 12
    assert place.rescore().scored == 0, "what is scored is not scored again"


def test_accepted_it_is_the_store_that_a_scan_with_the_new_model_makes(tried, fresh):
    place = tried
    place.scan()
    found = place.rescore(accept=True)
    assert (found.state, found.scored) == (rescoring.ACCEPTED, 0)
    same(place.stored(), fresh)
    assert beside(place) == [0, 0, 0]
    assert place.held()._table(ALL[1]).read("conversation_id").height == 48, "the old rows are gone"
    again = place.scan(model=place.new)
    assert (again.scored, again.known, again.rescored) == (0, 1, 0)
    with pytest.raises(OtherModelError):
        place.scan()


def test_what_came_and_changed_meanwhile_is_caught_up_with(tried):
    place = tried
    place.put("chats.csv", chats(range(4, 12), said="number {n}"))
    place.put("new.csv", chats([14, 15]))
    assert place.scan().scored == 10
    assert place.rescore().scored == 10
    assert beside(place)[0] == 14, "what was said before it changed is gone"
    place.put("more.csv", chats([16]))
    place.scan()
    assert place.rescore(accept=True).scored == 1
    same(place.stored(), from_scratch(place))


def test_the_way_back_is_to_rescore_with_the_old_model(tried):
    place, before = tried, tried.stored()
    place.rescore(accept=True)
    place.rescore(model=place.old, accept=True)
    same(place.stored(), before)
    assert place.held().candidate() is None


def test_settings_may_let_history_move_along_with_a_scan(place):
    place.put("new.csv", chats([14]))
    told = rehearsal.rehearse([place.exports], store=place.store, config=ALONG, model=place.new)
    assert (told.to_rescore, told.to_score) == (12, 1)
    done = place.scan(model=place.new, config=ALONG)
    assert (done.rescored, done.scored, done.conversations) == (12, 1, 13)
    same(place.stored(), from_scratch(place))
    front = done.front_page.read_text(encoding="utf-8")
    today = datetime.now(UTC)
    since = f"Since {today.day} {today:%b %Y} another model labels the conversations"
    assert since in front
    assert since in (place.report / "method.html").read_text(encoding="utf-8")
    assert since in (place.report / "index.md").read_text(encoding="utf-8")
    assert (place.report / "rescore.html").is_file()
    row = place.held().runs()[-1].to_dicts()[0]
    assert (row["command"], row["model"], row["conversations"]) == ("scan", done.model, 9)
    assert json.loads(row["moved"])["conversations"] == 12
    assert place.scan(model=place.new, config=ALONG).rescored == 0


def test_what_is_tried_is_not_taken_over_by_asking_for_the_model_that_counts(tried):
    before, beside_it = tried.stored(), beside(tried)
    assert tried.rescore(model=tried.old).state == rescoring.NOTHING
    exactly(tried.stored(), before)
    assert beside(tried) == beside_it


@pytest.mark.parametrize("accept", [False, True])
def test_the_same_model_has_nothing_to_do(place, accept):
    found = place.rescore(model=place.old, accept=accept)
    assert found.state == rescoring.NOTHING
    assert "already" in found.why
    assert found.to_json()["state"] == "nothing to do"


def test_an_empty_store_has_nothing_to_do_and_none_is_an_error(place, tmp_path):
    (tmp_path / "empty").mkdir()
    with Store(tmp_path / "empty" / "store").writing():
        pass
    found = rescoring.rescore(tmp_path / "empty" / "store", model=place.new)
    assert (found.state, found.why) == (rescoring.NOTHING, "the store holds no conversation")
    with pytest.raises(StoreError, match="no store"):
        rescoring.rescore(tmp_path / "none", model=place.new)
    assert not (tmp_path / "none").exists()


def damaged(path):
    (path / "model.safetensors").write_bytes(b"no weights")


def of_another_codebook(path):
    facts = json.loads((path / "empathy_scan.json").read_text(encoding="utf-8"))
    (path / "empathy_scan.json").write_text(json.dumps({**facts, "codebook": 99}), encoding="utf-8")


@pytest.mark.parametrize("harm", [damaged, of_another_codebook, lambda path: (path / "config.json").unlink()])
def test_a_bundle_that_cannot_be_used_is_told_before_anything_is_written(place, harm):
    shutil.copytree(place.new, place.root / "broken")
    harm(place.root / "broken")
    before = {path: path.stat().st_mtime_ns for path in place.store.rglob("*")}
    with pytest.raises(ModelError):
        place.rescore(model=place.root / "broken")
    assert {path: path.stat().st_mtime_ns for path in place.store.rglob("*")} == before


def another(place):
    """A third model: the new one with another threshold."""
    shutil.copytree(place.new, place.root / "third")
    path = place.root / "third" / "empathy_scan.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["decisions"]["flags"]["S"] = 0.999
    del facts["sums"]  # it is a bundle of its own, made by hand
    path.write_text(json.dumps(facts), encoding="utf-8")
    return place.root / "third"


def test_one_model_is_tried_at_a_time_and_can_be_dropped(tried):
    place, before = tried, tried.stored()
    model = place.held().candidate().model
    with pytest.raises(UsageError, match="tried already") as caught:
        place.rescore(model=another(place))
    assert "--drop" in caught.value.remedy
    assert place.rescore(model=None).scoring.model == model, "the one that is tried is taken without its name"
    assert rescoring.drop(place.store) == model
    assert rescoring.drop(place.store) == ""
    assert beside(place) == [0, 0, 0]
    exactly(place.stored(), before)
    assert place.rescore(model=place.root / "third").state == rescoring.TRIED


def test_a_tried_model_that_was_moved_must_be_named(tried):
    tried.held().remember_candidate(str(tried.root / "gone"))
    with pytest.raises(UsageError, match="lies no more"):
        tried.rescore(model=None, accept=True)
    assert tried.rescore().state == rescoring.TRIED


def test_the_known_errors_follow_the_model(place):
    held = place.held()
    counted = ErrorRates({"exploring": ((90, 10), (10, 90))}, "ten calls")
    shutil.copytree(place.new, place.root / "counted")
    quantify.save(place.root / "counted", counted)
    held.set_error_rates(quantify.to_frame(ErrorRates({"exploring": ((1, 2), (3, 4))}), "old"), model="old")
    model = place.rescore(model=place.root / "counted", accept=True).scoring.model
    assert place.stored().error_rates["model"].unique().to_list() == [model]


class Death(BaseException):
    """The process ends here: nothing is written any more."""


def dying(monkeypatch, at):
    """Let the process die before it writes to a table for the `at`-th time."""
    count = [0]

    def counted(method):
        def write(self, *given, **how):
            count[0] += 1
            if count[0] >= at:
                raise Death
            return method(self, *given, **how)

        return write

    for name in ("_write", "drop", "sweep"):
        monkeypatch.setattr(DeltaTable, name, counted(getattr(DeltaTable, name)))


@pytest.mark.parametrize("at", [9])
def test_a_rescoring_that_died_goes_on_where_it_was(place, fresh, at):
    before = place.stored()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rescoring, "CONVERSATIONS_PER_COMMIT", 3)
        dying(patch, at)
        with pytest.raises(Death):
            place.rescore()
    exactly(place.stored(), before)
    held = beside(place)[0]
    assert place.rescore(accept=True).scored == 12 - held
    same(place.stored(), fresh)


@pytest.mark.parametrize("at", [3, 11, 13, 16, 25])
def test_a_takeover_that_died_leaves_the_old_store_or_the_new_one(tried, fresh, at):
    before = tried.stored()
    with pytest.MonkeyPatch.context() as patch:
        dying(patch, at)
        with pytest.raises(Death):
            tried.rescore(accept=True)
    after = tried.stored()
    models = set(after.conversations["model"])
    told = takeovers.taken_over(tried.held(), list(models))
    if models == set(before.conversations["model"]):
        exactly(after, before)
        assert not told
    else:
        same(replace(after, error_rates=fresh.error_rates), fresh)
        assert len(told) == 1
    tried.rescore(accept=True)
    same(tried.stored(), fresh)
    assert beside(tried) == [0, 0, 0]


CHILD = """
import os, signal
from pathlib import Path
import sys
sys.path.insert(0, {tests!r})
import test_rescoring as mine
from empathy_scan import rescoring
from empathy_scan.candidates import CandidateStore
add = CandidateStore.add_beside
def once(*given):
    add(*given)
    os.kill(os.getpid(), signal.SIGKILL)
CandidateStore.add_beside = once
rescoring.rescore(Path({store!r}), model=Path({model!r}), config=mine.SOME)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_rescoring_that_was_killed_goes_on_too(place, fresh):
    code = CHILD.format(tests=str(Path(__file__).parent), store=str(place.store), model=str(place.new))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == -signal.SIGKILL
    assert beside(place)[0] == 4, "a month was scored"
    assert runs.listed(place.held())[0]["state"] == runs.SILENT
    assert place.rescore(accept=True).scored == 8
    same(place.stored(), fresh)


def test_the_json_holds_all_figures_and_no_word(tried):
    found = tried.rescore()
    told = json.dumps(found.to_json())
    assert "depot" not in told
    assert "parcel" not in told
    assert found.texts, "people see them"
    assert {each["label"] for each in json.loads(told)["compared"]["agreements"]} >= {"care", "owns", "customer_tone"}


def test_forgetting_reaches_what_lies_beside(tried):
    place = tried
    Store.open(place.store).forget(pl.Series(["chat-03"]))
    for table in BESIDE:
        assert "chat-03" not in place.held()._table(table).read("conversation_id")["conversation_id"].to_list()
