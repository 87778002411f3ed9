"""A small store of made-up chats, whose agents tell what comes next in every third message, and a codebook for that."""

import itertools
import shutil
from datetime import UTC, datetime

import pytest

from empathy_scan import pipeline, reviewing
from empathy_scan.config import Config, LabelsConfig, ScanConfig, SummaryConfig
from empathy_scan.review.queue import Answer
from empathy_scan.review.sample import Wish
from empathy_scan.store import Store

CODEBOOK = """
[[label]]
key = "next_steps"
name = "next <b>steps</b>"
role = "agent"
question = "Tells what comes next?"
definition = "Tells the customer what happens next & when."
yes = ["You will get a mail tomorrow.", "The engineer will come to you on Monday."]
no = ["Can I have your name?", "That is not on my list."]
"""
NEXT = [
    "You will get a mail from us {day}.", "The engineer will come to you {day}.", "We will send the new part {day}.",
    "I will ring you back {day}.",
]  # fmt: skip
OTHER = ["Can I have your number?", "I see it in the list.", "Sorry about that.", "Which colour is it?", "Hello there."]
DAYS = ["tomorrow", "on Monday", "on Friday morning", "by noon", "next week"]
AGENTS = ("noor.a", "tam.b", "wei.c")
SAID = ["My order is late.", "The lamp is broken.", "Where is it now?", "I have no heating at all."]


def _chats(count, prefix="chat"):
    """So many chats as the rows of an export."""
    told, others = itertools.cycle(NEXT), itertools.cycle(OTHER)
    days, said = itertools.cycle(DAYS), itertools.cycle(SAID)
    rows = []
    for number in range(count):
        for turn in range(6):
            text = next(said) if turn % 2 == 0 else next(others)
            if turn % 2 and (number + turn // 2) % 3 == 0:
                text = next(told).format(day=next(days))
            who = ("customer,", f"agent,{AGENTS[number % 3]}")[turn % 2]
            rows.append(f"{prefix}-{number:02},{turn},{who},2026-10-{number % 28 + 1:02}T09:00:00Z,{text}")
    return "\n".join(["conversation_id,turn,role,agent_id,started_at,text", *rows, ""])


@pytest.fixture
def chats():
    """A function from a number of chats to an export of them."""
    return _chats


@pytest.fixture(scope="session")
def shelf(tmp_path_factory, tiny_bundle):
    """A folder with an export, a codebook, and a store of it all."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "exports").mkdir()
    (folder / "exports" / "chats.csv").write_text(_chats(36), encoding="utf-8")
    (folder / "labels.toml").write_text(CODEBOOK, encoding="utf-8")
    into = {"store": folder / "store", "reports": folder / "report", "model": tiny_bundle}
    pipeline.scan([folder / "exports"], config=settings(folder), **into)
    return folder


def settings(folder):
    """The settings of such a folder."""
    return Config(
        scan=ScanConfig(store=str(folder / "store")), labels=LabelsConfig(codebook=str(folder / "labels.toml")),
        summary=SummaryConfig(resamples=50),
    )  # fmt: skip


class Office:
    """A copy of the shelf for one test, and what is done with it."""

    def __init__(self, folder, bundle):
        self.folder, self.bundle, self.config = folder, bundle, settings(folder)

    @property
    def store(self):
        return Store(self.folder / "store")

    @property
    def queue(self):
        return reviewing.queue_of(str(self.folder / "store"), self.config)

    def scan(self, **options):
        into = {"store": self.folder / "store", "reports": self.folder / "report", "model": self.bundle}
        return pipeline.scan([self.folder / "exports"], config=self.config, **into, **options)

    def answer(self, size=100, reviewers=("Ana",), truth=lambda text: "will" in text):
        """Draw turns for the label and answer them by a rule."""
        wish = Wish(size, {"random": 1}, 1.0, ("agent",), asks=("next_steps",))
        reviewing.export(self.store, self.queue, self.config, wish)
        for who in reviewers:
            self.queue.add_answers([
                Answer(item.id, who, {"next_steps": "yes" if truth(item.text) else "no"}, datetime.now(UTC))
                for item in self.queue.items()
            ])  # fmt: skip


@pytest.fixture
def office(shelf, tmp_path, tiny_bundle):
    """A store with nothing answered."""
    shutil.copytree(shelf, tmp_path / "shelf")
    return Office(tmp_path / "shelf", tiny_bundle)


@pytest.fixture(scope="session")
def trained_shelf(shelf, tmp_path_factory, tiny_bundle):
    """A folder with a head that has judged all of its store."""
    from empathy_scan import own  # noqa: PLC0415 - torch

    folder = tmp_path_factory.mktemp("trained") / "shelf"
    shutil.copytree(shelf, folder)
    office = Office(folder, tiny_bundle)
    office.answer()
    own.train(office.store, office.queue, own.asked_for(office.config, "next_steps"), office.config, bundle=tiny_bundle)
    return folder


@pytest.fixture
def trained(trained_shelf, tmp_path, tiny_bundle):
    """A store whose label has a head."""
    shutil.copytree(trained_shelf, tmp_path / "trained")
    return Office(tmp_path / "trained", tiny_bundle)
