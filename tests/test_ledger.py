"""What a night opens: nothing that is known, and all that belongs together with what is new."""

import os
import shutil
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import ledger, pipeline, readers, tombstones
from empathy_scan.config import Config, ReadConfig
from empathy_scan.store import Store
from empathy_scan.tables import LABELS, SCORES

HEAD = "conversation_id,role,agent_id,sent_at,text\n"
LONG_AGO = 1_790_000_000_123_456_789  # nanoseconds


def rows(conversation: str, begin: int, count: int, word: str = "parcel") -> str:
    """So many turns of a chat, from the turn of that number on, a minute apart."""
    return "".join(
        f"{conversation},{'agent' if turn % 2 else 'customer'},{'noor' if turn % 2 else ''},"
        f"2026-10-05T09:{turn:02}:00Z,Turn {turn} of {conversation} is about the {word}.\n"
        for turn in range(begin, begin + count)
    )


def mail(name: str, subject: str, *, answers: str = "", sender: str = "amy@example.org", minute: int = 0) -> str:
    """A mail, or the answer to one."""
    reply = f"In-Reply-To: <{answers}@example.org>\nReferences: <{answers}@example.org>\n" if answers else ""
    to = "help@larkfield.example" if sender != "help@larkfield.example" else "amy@example.org"
    return (
        f"From: {sender}\nTo: {to}\nSubject: {'Re: ' if answers else ''}{subject}\nMessage-ID: <{name}@example.org>\n"
        f"Date: Mon, 5 Oct 2026 09:{minute:02}:00 +0000\n{reply}\nThis is the letter called {name}.\n"
    )


class Nights:
    """A folder of exports and runs over it into a store, without a model: labels are made, not judged."""

    def __init__(self, root: Path, config: Config | None = None) -> None:
        self.root, self.exports, self.ticks = root, root / "exports", 0
        self.exports.mkdir(parents=True)
        self.config = config or Config(read=ReadConfig(agent_domains=("larkfield.example",)))

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.exports / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.age(path)
        return path

    def age(self, path: Path) -> None:
        """Make it a file that was written some time ago, and after all others."""
        self.ticks += 1
        os.utime(path, ns=(0, LONG_AGO + self.ticks * 10**9))

    def scan(self, store: str = "store", **how):
        held = Store(self.root / store)
        with held.writing():
            night = pipeline._Night(held, self.config, "m", _labelled, tombstones.Gate())
            return night.read(readers.find([self.exports]), **{"again": False, "retry": False, **how})

    def opened(self, **how) -> list[str]:
        """What a run reads."""
        return [each.source for each in self.scan(**how)[0].read]

    def stored(self, store: str = "store"):
        return Store(self.root / store).load()


def _labelled(turns: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    made = turns.with_columns(
        flags=pl.lit(""), tone=pl.lit(0, pl.Int8), kinds=pl.lit(""), hardship=pl.lit(value=False),
        p_hostile=pl.lit(None, pl.Float64),
    )  # fmt: skip
    return SCORES.empty(), made.select(LABELS.columns.keys())


def assert_alike(one, other, *, rejects: bool = True) -> None:
    """Equal in all that the content of a conversation is; not in the words on how a role was found."""
    for name in ("conversations", "turns", "labels"):
        assert_frame_equal(
            *(getattr(each, name).drop("source", "role_source", strict=False) for each in (one, other)),
            check_row_order=False,
        )
    if rejects:
        assert_frame_equal(one.rejects, other.rejects)


@pytest.fixture
def nights(tmp_path):
    return Nights(tmp_path)


def test_what_an_earlier_run_has_read_is_not_opened(nights):
    nights.put("a.csv", HEAD + rows("a", 0, 4))
    assert nights.opened() == ["a.csv"]
    nights.put("b.csv", HEAD + rows("b", 0, 4))
    assert nights.opened() == ["b.csv"]
    assert nights.opened() == []


def test_a_night_with_nothing_new_reads_no_byte(nights, monkeypatch):
    nights.put("a.csv", HEAD + rows("a", 0, 4))
    nights.put("broken.json", "{")
    nights.put("notes/readme.md", "For people.")
    nights.scan()

    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(ledger, "pieces", refuse)
    monkeypatch.setattr(ledger.beside, "reason", refuse)
    monkeypatch.setattr(ledger, "digest", refuse)
    plan, seen, rejects = nights.scan()
    assert (plan.known, plan.read, seen.scored) == (3, [], 0)
    assert rejects["source"].to_list() == ["broken.json", "notes/readme.md"]


def test_a_file_that_was_moved_or_touched_is_known_by_its_bytes(nights):
    path = nights.put("a.csv", HEAD + rows("a", 0, 4))
    nights.scan()
    (nights.exports / "october").mkdir()
    nights.age(shutil.move(path, nights.exports / "october" / "b.csv"))
    assert nights.opened() == []
    nights.age(nights.exports / "october" / "b.csv")
    assert nights.opened() == []
    assert nights.scan()[0].known == 1


def test_a_copy_is_read_and_told(nights):
    path = nights.put("a.csv", HEAD + rows("a", 0, 4))
    nights.scan()
    nights.age(shutil.copy(path, nights.exports / "b.csv"))
    plan, _, rejects = nights.scan()
    assert [each.source for each in plan.read] == ["a.csv", "b.csv"]
    assert rejects["reason"].str.starts_with("duplicate of conversation").to_list() == [True]


def test_a_changed_file_is_read_again(nights):
    nights.put("a.csv", HEAD + rows("a", 0, 4))
    nights.scan()
    nights.put("a.csv", HEAD + rows("a", 0, 4, "letter"))
    assert nights.opened() == ["a.csv"]
    assert nights.stored().turns["text"].str.contains("letter").all()


def test_the_files_that_hold_the_rest_of_a_conversation_are_read_with_a_new_part(nights):
    nights.put("monday.csv", HEAD + rows("a", 0, 2) + rows("b", 0, 2))
    nights.put("other.csv", HEAD + rows("c", 0, 2))
    nights.scan()
    nights.put("tuesday.csv", HEAD + rows("b", 2, 2))
    assert nights.opened() == ["monday.csv", "tuesday.csv"]
    assert nights.stored().turns.filter(pl.col("conversation_id") == "b").height == 4


def test_the_mails_of_a_thread_are_read_with_the_answer(nights):
    nights.put("1.eml", mail("one", "The bed"))
    nights.put("2.eml", mail("two", "A chair"))
    nights.scan()
    nights.put("3.eml", mail("three", "The bed", answers="one", sender="help@larkfield.example", minute=5))
    assert set(nights.opened()) >= {"1.eml", "3.eml"}
    assert nights.stored().turns["conversation_id"].to_list() == ["one@example.org"] * 2


def test_other_settings_another_model_and_the_option_read_all_again(nights):
    nights.put("a.csv", HEAD + rows("a", 0, 4))
    nights.scan()
    assert nights.opened(again=True) == ["a.csv"]
    nights.config = Config(read=ReadConfig(languages=("any",)))
    assert nights.opened() == ["a.csv"]
    assert nights.opened() == []


def test_a_rejected_file_is_tried_again_when_it_changes_or_on_request(nights):
    nights.put("a.json", "{")
    nights.put("b.csv", HEAD + rows("b", 0, 2))
    nights.scan()
    assert nights.opened() == []
    assert nights.stored().rejects["source"].to_list() == ["a.json"]
    assert nights.opened(retry=True) == ["a.json"]
    path = nights.put("a.json", '[{"conversation_id": "j", "role": "agent"')
    assert nights.opened() == ["a.json"]
    path.unlink()
    nights.scan()
    assert nights.stored().rejects.is_empty()


def test_a_file_that_is_named_as_unfinished_waits(nights):
    for name in ("a.csv.part", "b.csv.tmp", "c.csv~", "d.csv.crdownload", "e.csv.filepart", "f.csv.swp"):
        nights.put(name, HEAD + rows("a", 0, 4))
    plan, _, rejects = nights.scan()
    assert (plan.waiting, plan.read) == (6, [])
    assert set(rejects["error"]) == {"NoticeError"}
    (nights.exports / "a.csv.part").rename(nights.exports / "a.csv")
    plan, _, rejects = nights.scan()
    assert ([each.source for each in plan.read], rejects.height) == (["a.csv"], 5)


def test_a_file_that_grows_waits_and_one_that_was_just_copied_does_not(nights, monkeypatch):
    whole, growing = nights.put("a.csv", HEAD + rows("a", 0, 4)), nights.put("b.csv", HEAD + rows("b", 0, 2))
    for path in (whole, growing):
        os.utime(path)

    def write_more(_):
        with growing.open("a") as stream:
            stream.write(rows("b", 2, 2))

    monkeypatch.setattr(ledger.time, "sleep", write_more)
    plan, _, rejects = nights.scan()
    assert [each.source for each in plan.read] == ["a.csv"]
    assert (plan.waiting, rejects["source"].to_list()) == (1, ["b.csv"])
    monkeypatch.setattr(ledger.time, "sleep", lambda _: None)
    assert nights.opened() == ["b.csv"]
    assert nights.stored().rejects.is_empty()


def test_a_file_that_grows_while_it_is_read_waits_too(nights, monkeypatch):
    path = nights.put("b.csv", HEAD + rows("b", 0, 2))
    nights.put("a.csv", HEAD + rows("a", 0, 2))
    once = iter([True])

    def read_slowly(found, config):
        yield from ledger_pieces(found, config)
        if found.source == "b.csv" and next(once, False):
            nights.put("b.csv", HEAD + rows("b", 0, 4))

    ledger_pieces = ledger.pieces
    monkeypatch.setattr(ledger, "pieces", read_slowly)
    _, seen, rejects = nights.scan()
    assert (list(seen.late), seen.scored, rejects["source"].to_list()) == (["b.csv"], 1, ["b.csv"])
    assert nights.opened() == [path.name]
    assert nights.stored().turns.height == 6


def test_what_is_read_of_a_file_stays_when_the_file_is_gone(nights):
    nights.put("a.csv", HEAD + rows("a", 0, 4)).unlink()
    nights.put("a.csv", HEAD + rows("a", 0, 4))
    nights.put("b.csv", HEAD + rows("b", 0, 4))
    nights.scan()
    (nights.exports / "a.csv").unlink()
    assert nights.opened() == []
    assert nights.stored().conversations["conversation_id"].to_list() == ["a", "b"]


def test_mails_of_earlier_nights_are_understood_once_the_agents_domain_is_known(tmp_path):
    nights = Nights(tmp_path, Config())
    for number in range(4):
        customer = f"customer{number}@mail{number}.example"
        question = mail(f"q{number}", f"Bed {number}", sender=customer)
        answer = mail(f"a{number}", f"Bed {number}", answers=f"q{number}", sender="help@larkfield.example", minute=5)
        nights.put(f"{number}.eml", question)
        nights.put(f"{number}a.eml", answer.replace("amy@example.org", customer))
        nights.scan()
    nights.scan(store="afresh")
    assert_alike(nights.stored(), nights.stored("afresh"))
    assert nights.stored().conversations.height == 4
    assert nights.opened() == []


def test_the_speakers_of_a_corpus_are_part_of_its_utterances(nights):
    folder = Path(__file__).parent / "data" / "formats"
    corpus = next((path.parent for path in folder.rglob("utterances.jsonl")), None)
    assert corpus is not None
    shutil.copytree(corpus, nights.exports / "corpus")
    speakers = nights.put("corpus/speakers.json", "{}")
    for path in speakers.parent.iterdir():
        nights.age(path)
    opened = nights.opened()
    assert "corpus/utterances.jsonl" in opened
    assert not {f"corpus/{name}" for name in ledger.beside.CORPUS} & set(opened)
    assert nights.opened() == []
    nights.put("corpus/speakers.json", '{"nobody": {}}')
    assert "corpus/utterances.jsonl" in nights.opened()


TALK = "Agent: Good morning, this is {}.\nCustomer: My bed never came.\nAgent: I am so sorry, I will ring them.\n"


@pytest.mark.parametrize("how", ["moved", "packed"])
def test_a_conversation_that_is_called_after_its_file_keeps_its_name(nights, how):
    path = nights.put("monday.txt", TALK.format("Noor"))
    other = nights.put("twin.txt", TALK.format("Tam"))
    nights.scan()
    if how == "moved":
        (nights.exports / "old").mkdir()
        for each in (path, other):
            nights.age(shutil.move(each, nights.exports / "old" / each.name))
    else:
        with zipfile.ZipFile(nights.exports / "october.zip", "w") as archive:
            for each in (path, other):
                archive.write(each, each.name)
                each.unlink()
    for again in (False, True):
        assert nights.scan(again=again)[1].scored == 0
        assert nights.stored().conversations["conversation_id"].to_list() == ["monday", "twin"]


def test_a_copy_of_a_file_beside_it_is_a_conversation_of_its_own(nights):
    path = nights.put("monday.txt", TALK.format("Noor"))
    nights.scan()
    nights.age(shutil.copy(path, nights.exports / "tuesday.txt"))
    nights.scan()
    nights.scan(store="afresh")
    assert_alike(nights.stored(), nights.stored("afresh"))


# --- a sequence of nights is one night ------------------------------------------------------------------------------

CHATS = {
    "a.csv": HEAD + rows("a", 0, 4) + rows("b", 0, 2),
    "b.csv": HEAD + rows("b", 2, 2) + rows("c", 0, 2),
    "c.csv": HEAD + rows("c", 2, 2),
    "copy.csv": HEAD + rows("a", 0, 4),
    "d.csv": HEAD + rows("d", 0, 4),
    "broken.json": "{",
    "1.eml": mail("one", "The bed"),
    "2.eml": mail("two", "The bed", answers="one", sender="help@larkfield.example", minute=5),
    "3.eml": mail("three", "A chair", minute=7),
    "4.eml": mail("four", "A chair", answers="three", sender="help@larkfield.example", minute=9),
    "5.eml": mail("five", "The bed", answers="two", minute=11),
}
STEPS = ["put", "move", "change", "pack", "touch", "remove"]


def test_a_thread_of_which_a_mail_was_archived_keeps_its_turns(nights):
    for name in ("1.eml", "2.eml", "5.eml"):
        nights.put(name, CHATS[name])
    nights.scan()
    (nights.exports / "5.eml").unlink()
    nights.scan()
    assert nights.stored().conversations["n_turns"].to_list() == [3]


NIGHTS = st.lists(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.sampled_from(sorted(CHATS))),
        min_size=1, max_size=4,
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def do(nights: Nights, step: str, name: str) -> None:
    """Something that happens to a folder between two nights."""
    path = next((path for path in nights.exports.rglob(name)), None)
    if path is None:
        nights.put(name, CHATS[name])
    elif step == "move":
        (nights.exports / "old").mkdir(exist_ok=True)
        shutil.move(path, nights.exports / "old" / name)
    elif step == "change":
        nights.put(str(path.relative_to(nights.exports)), path.read_text().replace("is about", "is all about"))
    elif step == "remove" and path.suffix != ".eml":  # what is left of a thread is tested above
        path.unlink()
    elif step == "touch":
        nights.age(path)
    elif step == "pack" and path.suffix == ".csv":
        with zipfile.ZipFile(nights.exports / f"{name}.zip", "w") as archive:
            archive.writestr(name, path.read_bytes())
        nights.age(nights.exports / f"{name}.zip")
        path.unlink()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NIGHTS)
def test_a_sequence_of_nights_is_one_night_that_reads_everything(tmp_path_factory, steps):
    nights = Nights(tmp_path_factory.mktemp("nights") / "root")
    nights.put("first.csv", HEAD + rows("first", 0, 2))
    for night in steps:
        for step, name in night:
            do(nights, step, name)
        nights.scan()
        nights.scan(store="every night", again=True)
    assert_alike(nights.stored(), nights.stored("every night"), rejects=False)
    if "remove" not in {step for night in steps for step, _ in night}:
        nights.scan(store="afresh")
        assert_alike(nights.stored(), nights.stored("afresh"))
    again = nights.scan()
    assert (again[0].read, again[1].scored) == ([], 0)


def test_a_file_that_says_again_what_it_said_before_a_killed_run_is_read(nights, monkeypatch):
    first, other = HEAD + rows("a", 0, 2), HEAD + rows("a", 0, 2).replace("is about", "was about")
    nights.put("a.csv", first)
    nights.scan()
    nights.put("a.csv", other)

    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "set_rejects", die)  # all is stored, but for what the ledger says
        with pytest.raises(KeyboardInterrupt):
            nights.scan()
    assert nights.stored().turns["text"].str.contains("was about").any()
    nights.put("a.csv", first)
    nights.scan()
    assert not nights.stored().turns["text"].str.contains("was about").any()
