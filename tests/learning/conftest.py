"""A store that a scan with a bundle that sees too much has made; people answer like the writer of its conversations."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from empathy_scan.cli import app
from empathy_scan.review import questions
from empathy_scan.review.queue import Queue

WRITTEN = Path(__file__).parents[2] / "data" / "training" / "authored" / "u4.jsonl"
CONVERSATIONS = 40


def call(*arguments):
    """A command's exit code, what it printed and what it said beside."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


class Centre:
    """A centre with a store, and reviewers who say what the writer of the conversations said."""

    def __init__(self, folder, model):
        self.folder, self.store, self.model = folder, folder / "store", model
        lines = WRITTEN.read_text(encoding="utf-8").splitlines()[:CONVERSATIONS]
        records = [json.loads(line) for line in lines]
        self.gold = {(each["conversation_id"], turn["i"]): dict(turn) for each in records for turn in each["turns"]}
        exports = folder / "exports"
        exports.mkdir()
        for number, each in enumerate(records):
            each |= {"started_at": f"2026-09-{number % 28 + 1:02}T10:00:00Z", "agent_id": f"agent-{number % 4}"}
            for turn in each["turns"]:
                for name in ("flags", "tone", "kinds"):
                    turn.pop(name, None)
        (exports / "chats.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
        self.run("scan", exports, "--store", self.store, "--reports", folder / "report", "--model", model)

    def run(self, *arguments, code=0):
        """A command, which must end with this code; what it printed and said."""
        found = call(*arguments)
        assert found[0] == code, found
        return found[1] + found[2]

    def told(self, *arguments):
        """What a command printed, however it ended."""
        return call(*arguments)[1]

    def review(self, size, *, queue, change=lambda _, said: said, reviewers=("Ana", "Ben")):
        """So many turns drawn, answered and read in; `change` makes other answers of those of the writer."""
        out = self.folder / f"{queue.name}.csv"
        people = [part for name in reviewers for part in ("--reviewer", name)]
        told = ("--store", self.store, "--queue", queue)
        self.run("review", "export", *told, "--size", size, "--out", out, "--overlap", 30, *people)
        place = {item.id: (item.conversation_id, item.turn) for item in Queue(queue).items()}
        files = [out.with_name(f"{out.stem}-{name.casefold()}.csv") for name in reviewers]
        for path in files if len(reviewers) > 1 else [out]:
            with path.open(encoding="utf-8-sig", newline="") as file:
                head, *rows = list(csv.reader(file))
            for row in rows:
                turn = self.gold[place[row[0]]]
                said = questions.said(turn["role"], turn["flags"], turn["tone"], turn["kinds"])
                for each in questions.of(turn["role"]):
                    row[head.index(each.column)] = change(place[row[0]][0], said)[each.key]
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([head, *rows])
            self.run("review", "import", path, *told)
        return queue


@pytest.fixture(scope="session")
def centre(tmp_path_factory, generous_bundle):
    return Centre(tmp_path_factory.mktemp("centre"), generous_bundle)


@pytest.fixture(scope="session")
def queue(centre):
    """Three hundred turns that two people have reviewed."""
    return centre.review(300, queue=centre.folder / "queue")
