"""The whole loop of review, by the command line, with a corpus whose labels stand in for the reviewers.

    python benchmarks/review_loop.py --corpora CORPORA --work FOLDER [--case support|service] [--sizes 50 100 ..]

scan, review export, answers, review import, review agreement, calibrate, train, rescore, rescore --accept, report: each
step is a command of the program. For each seed turns are drawn in steps, and after each step a bundle is calibrated and
one is fine-tuned on all that was reviewed so far. What both are worth is told by kappa with the corpus's labels on
conversations of which nothing was ever drawn, with a 95% interval over these conversations. The last bundle of the
first seed goes through rescore, accept and report, and the store's labels are compared as well.

Two cases:

support   ESConv, emotional support chats: people marked what each turn of a supporter does. Questions stand for X;
          reflection, restatement and affirmation for A. That is another reading than this codebook's, of other talk
          than the model was trained on: what a centre with a mind of its own would bring.
service   the whole service conversations of the dev split, labelled by this codebook by the annotator of the model's
          training turns: talk and reading that the model knows already, so there should be little to gain.

Neither trained the shipped model. Two reviewers answer; either errs now and then (ERRS), each by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import io
import json
import random
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from empathy_scan.cli import app
from empathy_scan.codebook import ATTACK_CODES, FLAG_CODES, Role
from empathy_scan.learning import figures, tune
from empathy_scan.learning.figures import CLASS, LABELS, Label
from empathy_scan.learning.lessons import OUTPUTS, Lessons
from empathy_scan.model import bundle as bundles
from empathy_scan.model import examples
from empathy_scan.model.decisions import FIRST
from empathy_scan.model.examples import Item
from empathy_scan.review import questions
from empathy_scan.review.queue import Queue
from empathy_scan.stats import Numbers

ROOT = Path(__file__).parents[1]
REVIEWERS = ("Ana", "Ben")
ERRS = 0.05  # share of the answers in which a reviewer errs
JUDGED = 0.4  # share of the conversations of which nothing is drawn
STRATEGIES = {
    "Questions": "X", "Reflection of feelings": "A", "Restatement or Paraphrasing": "A",
    "Affirmation and Reassurance": "A",
}  # fmt: skip
Gold = dict[tuple[str, int], dict[str, str]]  # answers by conversation and turn


@dataclass(frozen=True)
class Case:
    """Conversations with the answers that stand for people's."""

    conversations: Sequence[Mapping[str, Any]]
    gold: Gold
    labels: tuple[str, ...]  # keys of those that are told
    roles: tuple[str, ...]


def support(corpora: Path, conversations: int) -> Case:
    """ESConv: people's marks of the supporters' turns."""
    path = corpora / "research" / "esconv_dev_test.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line, _ in zip(lines, range(conversations), strict=False)]
    gold: Gold = {}
    for record in found:
        for turn in record["turns"]:
            if turn["role"] == Role.AGENT:
                own = STRATEGIES.get(turn["labels"].get("strategy", ""), "")
                flags = {code: ("yes" if code in own else "no") if code in "AX" else "?" for code in FLAG_CODES}
                gold[str(record["conversation_id"]), turn["i"]] = {**flags, "tone": "0"}
    return Case(found, gold, ("A", "X"), (Role.AGENT.value,))


def service(corpora: Path, conversations: int) -> Case:
    """The conversations of the dev split all of whose turns are labelled."""
    labels = ROOT / "data" / "training" / "errors.jsonl"
    rows = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    found: list[dict[str, Any]] = []
    gold: Gold = {}
    for corpus in sorted({row["corpus"] for row in rows}):
        own = {(str(row["conversation_id"]), row["turn"]): row for row in rows if row["corpus"] == corpus}
        wanted = {name for name, _ in own}
        with gzip.open(corpora / f"{corpus}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                if str(record["conversation_id"]) in wanted:
                    name = f"{Path(corpus).name}-{record['conversation_id']}"
                    found.append({**record, "conversation_id": name})
        for (name, turn), row in own.items():
            said = questions.said(row["role"], row.get("flags") or "", row["tone"], row.get("kinds") or "")
            gold[f"{Path(corpus).name}-{name}", turn] = said
    return Case(
        found[:conversations], gold, ("care", "S", "A", "O", "agent_tone", "customer_tone"),
        (Role.AGENT.value, Role.CUSTOMER.value),
    )  # fmt: skip


CASES = {"support": support, "service": service}


class Loop:
    """One run of the loop in a folder of its own."""

    def __init__(self, case: Case, work: Path, model: Path) -> None:
        self.case, self.work, self.model = case, work, model
        self.store, self.reports = work / "store", work / "report"
        names = sorted(str(each["conversation_id"]) for each in case.conversations)
        random.Random(9).shuffle(names)  # noqa: S311 - no secret
        self.judged = set(names[: round(JUDGED * len(names))])

    def run(self, *arguments: object, given: Sequence[int] = (0,)) -> str:
        """A command of the program; what it printed. Ends the benchmark where it fails."""
        printed, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            code = app([str(argument) for argument in arguments], standalone_mode=False) or 0
        if code not in given:
            raise SystemExit(f"{arguments[:2]} ended with {code}: {told.getvalue()[-2000:]}")
        return printed.getvalue()

    def scan(self) -> None:
        """The corpus as an export, scanned; those to be judged by are of a later month."""
        exports = self.work / "exports"
        exports.mkdir(parents=True, exist_ok=True)
        with (exports / "chats.jsonl").open("w", encoding="utf-8") as file:
            for number, each in enumerate(self.case.conversations):
                late = str(each["conversation_id"]) in self.judged
                turns = [{"i": at, "role": turn["role"], "text": turn["text"]} for at, turn in enumerate(each["turns"])]
                record = {
                    "conversation_id": str(each["conversation_id"]), "channel": "chat",
                    "agent_id": f"agent-{number % 5}",
                    "started_at": f"2026-0{9 if late else 8}-{number % 28 + 1:02}T10:00:00Z", "turns": turns,
                }  # fmt: skip
                file.write(json.dumps(record) + "\n")
        self.run("scan", exports, "--store", self.store, "--reports", self.reports, "--model", self.model)

    def review(self, queue: Path, size: int, seed: int) -> None:
        """So many turns more are drawn, answered by both reviewers, and read in."""
        out = self.work / "sheets" / f"{queue.name}-{size}.csv"
        roles = [part for role in self.case.roles for part in ("--role", role)]
        people = [part for name in REVIEWERS for part in ("--reviewer", name)]
        self.run(
            "review", "export", "--store", self.store, "--queue", queue, "--reports", self.reports, "--size", size,
            "--until", "2026-09-01", "--seed", seed, "--out", out, *roles, *people,
        )  # fmt: skip
        files = [out.with_name(f"{out.stem}-{name.casefold()}.csv") for name in REVIEWERS]
        for number, path in enumerate(files):
            self._fill(path, queue, random.Random(f"{seed} {number} {size}"))  # noqa: S311 - no secret
        self.run("review", "import", *files, "--store", self.store, "--queue", queue, given=(0, 3))

    def _fill(self, path: Path, queue: Path, luck: random.Random) -> None:
        """What a reviewer writes into a table: the corpus's label, and now and then another one."""
        place = {item.id: (item.conversation_id, item.turn) for item in Queue(queue).items()}
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, *rows = list(csv.reader(file))
        role_at = head.index("role")
        for row in rows:
            said = self.case.gold.get(place[row[0]])
            for each in questions.of(row[role_at]) if said else ():
                value = said.get(each.key, "?")
                if value != "?" and luck.random() < ERRS:
                    value = luck.choice([one for one in each.values if one != value])
                row[head.index(each.column)] = value
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])

    def learnt(self, command: str, queue: Path, out: Path, seed: int, base: Path) -> dict[str, Any]:
        """What `calibrate` or `train` made of what was reviewed; `model` is null where the old one stays."""
        shutil.rmtree(out, ignore_errors=True)
        if command == "calibrate":
            asked: list[object] = ["calibrate", "--queue", queue, "--model", base]
        else:
            asked = ["train", "--from", base, "--labels", queue, "--seed", seed]
        told = self.run(*asked, "--store", self.store, "--out", out, "--json", given=(0, 2, 4))
        return dict(json.loads(told)) if told else {"model": None, "against": ["too few"]}


class Judge:
    """Kappa of bundles with the corpus's labels, on conversations of which nothing is drawn."""

    def __init__(self, loop: Loop) -> None:
        conversations = [
            {**each, "conversation_id": str(each["conversation_id"]),
             "turns": [{**turn, "i": at} for at, turn in enumerate(each["turns"])]}
            for each in loop.case.conversations if str(each["conversation_id"]) in loop.judged
        ]  # fmt: skip
        rows = {
            place: {"role": "agent" if "A" in said else "customer", "tone": 0}
            for place, said in loop.case.gold.items() if place[0] in loop.judged
        }  # fmt: skip
        items = examples._items("judged", conversations, rows, {}, origin="")  # noqa: SLF001 - as training has them
        truth = np.array([outputs(item, loop.case.gold[item.key[1], item.key[2]]) for item in items])
        numbers = {name: at for at, name in enumerate(sorted({item.scenario for item in items}))}
        self.lessons = Lessons(
            tuple(items), truth, np.ones(len(items)), np.array([numbers[item.scenario] for item in items]),
            (datetime.now(UTC),) * len(items), 0,
        )  # fmt: skip
        self.labels = [label for label in (CLASS, *LABELS) if label.key in loop.case.labels]
        self.known: dict[Path, figures.Said] = {}

    def said(self, model: Path) -> figures.Said:
        """What a bundle says of the turns."""
        if model not in self.known:
            held = bundles.load(model)
            self.known[model] = figures.said(
                held.decisions, tune.turn_logits(held.model, held.packer, self.lessons.items)
            )
        return self.known[model]

    def told(self, old: Path, new: Path) -> Iterator[tuple[Label, figures.Compared]]:
        """The labels with their figures under both bundles."""
        for label in self.labels:
            yield label, figures.compare(self.lessons, self.said(old), self.said(new), label)


def outputs(item: Item, said: Mapping[str, str]) -> Numbers:
    """Answers as the network's outputs."""
    found = np.full(OUTPUTS, np.nan)
    head, codes = ("flags", FLAG_CODES) if item.role == Role.AGENT else ("attacks", ATTACK_CODES)
    for at, code in enumerate(codes):
        if said.get(code) in ("yes", "no"):
            found[FIRST[head] + at] = said[code] == "yes"
    start = FIRST[f"{item.role}_tone"]
    found[start : start + 3] = np.eye(3)[int(said["tone"])]
    return found


def curve(loop: Loop, sizes: Sequence[int], seed: int, *, first: bool) -> None:
    """Prints, for each number of reviewed turns, what calibration and fine-tuning are worth."""
    queue, judge, reviewed = loop.work / f"queue-{seed}", Judge(loop), 0
    best = loop.model
    for size in sizes:
        loop.review(queue, size - reviewed, seed)
        reviewed = size
        for command in ("calibrate", "train", "both"):
            began, out = time.monotonic(), loop.work / "models" / f"{command}-{seed}-{size}"
            base = loop.work / "models" / f"train-{seed}-{size}" if command == "both" else loop.model
            if not base.is_dir():
                continue
            told = loop.learnt("calibrate" if command == "both" else command, queue, out, seed, base)
            model = out if told["model"] else base
            best = model if command == "both" or model != loop.model else best
            seconds = time.monotonic() - began
            name = {"both": "train, then calibrate"}.get(command, command)
            print(f"{seed} {size:>5} {name:<22} {'written' if told['model'] else 'kept':<8} {seconds:4.0f} s", end="")
            for label, each in judge.told(loop.model, model):
                print(f"  {label.key}: {shown(each)}", end="")
            print(f"  {'; '.join(told.get('against', []))}", flush=True)
    if first:
        finish(loop, queue, best)


def shown(each: figures.Compared) -> str:
    """Kappa and log-loss after, with the interval of kappa."""
    kappa, loss = each.figures["kappa"], each.figures["log_loss"]
    told = f"{kappa.after.value:.3f} ({kappa.after.low:.3f} to {kappa.after.high:.3f})" if kappa else "-"
    return f"{told} {loss.after.value:.3f}" if loss else told


def finish(loop: Loop, queue: Path, model: Path) -> None:
    """The rest of the loop: agreement, rescore, accept, report, and agreement once more."""
    told = ("--store", loop.store, "--queue", queue)
    before = loop.run("review", "agreement", *told).splitlines()[0]
    print(f"agreement before: {before}")
    if model != loop.model:
        print(loop.run("rescore", "--store", loop.store, "--reports", loop.reports, "--model", model).splitlines()[1])
        loop.run("rescore", "--store", loop.store, "--reports", loop.reports, "--model", model, "--accept")
        print(f"agreement after:  {loop.run('review', 'agreement', *told).splitlines()[0]}")
    loop.run("report", "--store", loop.store, "--reports", loop.reports)
    print(f"report: {loop.reports / 'index.html'}")


def main() -> None:
    """Parses the command line and runs the loop."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="an empty folder; texts of the corpus are put there")
    parser.add_argument("--case", choices=sorted(CASES), default="support")
    parser.add_argument("--conversations", type=int, default=130)
    parser.add_argument("--sizes", type=int, nargs="+", default=[50, 100, 200, 400, 800])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--model", type=Path, default=bundles.default_path())
    asked = parser.parse_args()
    loop = Loop(CASES[asked.case](asked.corpora, asked.conversations), asked.work, asked.model)
    loop.scan()
    judge = Judge(loop)
    turns = len(judge.lessons)
    print(f"{asked.case}: {len(loop.case.conversations)} conversations, {len(loop.judged)} judge ({turns} turns)")
    print(f"      0 {'the model as it is':<38}", end="")
    for label, each in judge.told(loop.model, loop.model):
        print(f"  {label.key}: {shown(each)}", end="")
    print("\nseed, reviewed turns, what was done; label: kappa (95% interval) log-loss", flush=True)
    for seed in asked.seeds:
        curve(loop, asked.sizes, seed, first=seed == asked.seeds[0])


if __name__ == "__main__":
    main()
