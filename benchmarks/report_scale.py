"""Times a report of a large centre: 500 agents and 200,000 conversations by default, stage by stage.

    python benchmarks/report_scale.py [--agents 500] [--conversations 200000] [--pages all] [--folder DIR] [--profile]

Conversations are drawn from sentences written for this file, labels and scores at random, each agent with habits of its
own. Then the report is written once, again with nothing new, and with one new conversation. Printed are seconds, those
of all processors together, and the peak of memory so far after every stage, and files and bytes of the folder. Nothing
is read, scored or sent.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from empathy_scan import phrases, report, summary, tables, trends
from empathy_scan.config import ReportConfig, SummaryConfig

SEED = 20261005
TURNS = 12  # of a conversation, on average
_OPENINGS = (
    "My parcel was left", "The boiler went out", "Your driver never came", "The invoice was wrong",
    "My card was blocked",
    "The router died", "The sofa came torn", "Our booking vanished", "The refund never came", "The heating failed",
    "The app logged me out", "The meter reads twice", "A stranger signed for it", "The line went dead",
    "My order came half",
)  # fmt: skip
_MIDDLES = (
    "on Monday", "again this week", "in the rain", "before my shift", "while I was at work", "for the third time",
    "the day we moved in", "an hour before the party", "without a word", "after two calls", "on the coldest night",
    "since the update", "right after I paid", "during the school run", "when my mother was here",
)  # fmt: skip
_ENDINGS = (
    "and nobody told me why", "so I had to borrow money", "and the children were cold", "and I lost a day's pay",
    "so the food is spoilt", "and the office was shut", "and I waited until ten", "so we slept at a friend's",
    "and the new one is wrong too", "and I am still paying for it", "so I called you twice", "and it is my only phone",
)  # fmt: skip
_THINGS = (
    "keys", "lamp", "coat", "table", "phone", "kettle", "desk", "stroller", "bicycle", "shelf", "mattress", "oven",
    "suitcase", "guitar", "printer", "mirror", "carpet", "heater", "camera", "ladder", "blender", "jacket", "wardrobe",
    "drill", "aquarium", "violin", "freezer", "scooter", "curtains", "armchair", "toaster", "piano", "fridge", "helmet",
)  # fmt: skip
_CARE = (
    "With the {2} gone and {0} {1} you had nothing to go on", "So {0} {1}, {2} and all, and you were left with it",
    "Two calls about the {2}, and still {0} {1}", "The {2} is one thing, but {0} {1}, which is far too long",
    "You planned around the {2}, and {0} {1}",
)  # fmt: skip
_STOCK = (
    "I do apologise for the inconvenience.", "I completely understand your frustration.",
    "Your call is important to us.",
    "I am sorry to hear that, {name}.", "Thank you for your patience today.", "We value your feedback.",
    "I understand how you feel.", "Rest assured we take this seriously.", "Sorry for any trouble caused.",
)  # fmt: skip
_PLAIN = (
    "Could you tell me the order number?", "The next slot is on Tuesday.", "I have changed the address.", "One moment.",
    "It will show in the app within an hour.", "That is on the second page.", "The team is open until six.",
)  # fmt: skip
_NAMES = (
    "Ada",
    "Ben",
    "Cleo",
    "Dov",
    "Esi",
    "Finn",
    "Gita",
    "Hugo",
    "Ines",
    "Jan",
    "Kofi",
    "Lena",
    "Mo",
    "Nia",
    "Otto",
)
_SURNAMES = (
    "Ash",
    "Brook",
    "Cole",
    "Dunn",
    "Ellis",
    "Frost",
    "Grant",
    "Hale",
    "Irving",
    "Jones",
    "Kerr",
    "Lane",
    "Moss",
)


def main() -> None:
    """Make a centre, time its report, print a line per stage."""
    options = _options()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="report-scale-"))
    with _timed("centre drawn"):
        centre = draw(options.agents, options.conversations + 1)
    last = f"c{options.conversations:07}"
    before = {name: frame.filter(pl.col("conversation_id") != last) for name, frame in centre.items()}
    config = ReportConfig(title="A large centre", conversation_pages=options.pages)
    profile = cProfile.Profile()
    for title, frames in (("first", before), ("nothing new", before), ("one new", centre)):
        print(f"\n{title}")
        if options.profile and title == "first":
            profile.enable()
        told = _report(frames, folder, config)
        profile.disable()
        print(f"  {told.changed:,} of {told.pages:,} pages written, {told.conversation_pages:,} of them conversations")
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    front = (folder / "index.html").stat().st_size
    print(f"\n{len(sizes):,} files, {sum(sizes) / 2**20:,.0f} MiB; the front page {front / 2**10:,.0f} KiB")
    if options.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)
    if options.folder is None:
        shutil.rmtree(folder)


def draw(agents: int, conversations: int) -> dict[str, pl.DataFrame]:
    """TURNS, SCORES and LABELS of a centre."""
    chance = np.random.default_rng(SEED)
    lengths = np.clip(chance.poisson(TURNS, conversations), 2, None)
    number = np.repeat(np.arange(conversations), lengths)
    turn = np.arange(len(number)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    who = chance.integers(0, agents, conversations)
    rows = len(number)
    spoken = turn % 2 == 1
    habit = chance.beta(2, 5, (agents, 3))  # of care, of stock phrases, of a guarded tone
    draws = chance.random((4, rows))
    mine = habit[who[number]]
    scripted, cares = spoken & (draws[0] < mine[:, 1]), spoken & (draws[1] < mine[:, 0])
    tone = np.where(spoken, (draws[2] < mine[:, 2] / 6).astype(int), (draws[2] < 0.22).astype(int) + (draws[2] < 0.07))
    owns, insulted = spoken & (draws[3] < 0.2), ~spoken & (tone == 2)
    started = np.array([datetime(2026, 7, 6, tzinfo=UTC).timestamp()]) + chance.random(conversations) * 13 * 7 * 86_400
    started[-1] = started.max() + 60
    frame = pl.DataFrame(
        {
            "number": number, "turn": turn.astype(np.int32), "agent": who[number], "spoken": spoken,
            "scripted": scripted,
            "cares": cares, "owns": owns, "insulted": insulted, "tone": tone.astype(np.int8),
            "started": started[number], "text_at": chance.integers(0, 2**31, rows),
            "channel": chance.integers(0, 3, conversations)[number],
            "queue": chance.integers(0, 6, conversations)[number],
        }
    )  # fmt: skip
    named = frame.select(_described(agents)).with_columns(_texts(frame))
    return {"turns": _turns(named), "scores": _scores(named), "labels": _labels(named)}


def _described(agents: int) -> list[pl.Expr]:
    """Columns that turns, scores and labels share."""
    ids = [
        f"{_NAMES[at % len(_NAMES)]}.{_SURNAMES[at // len(_NAMES) % len(_SURNAMES)]}.{at}".casefold()
        for at in range(agents)
    ]
    flag = {"S": "scripted", "A": "cares", "O": "owns"}
    return [
        pl.format("c{}", pl.col("number").cast(pl.String).str.zfill(7)).alias("conversation_id"),
        "turn", "tone", "scripted", "cares", "owns", "insulted", "spoken",
        _choice(("call", "chat", "email"), "channel").alias("channel"),
        _choice(("deliveries", "billing", "returns", "technical", "bookings", "accounts"), "queue").alias("queue"),
        (pl.col("started") * 1_000_000).cast(pl.Int64).cast(tables.UTC_TIME).alias("started_at"),
        pl.when("spoken").then(_choice(tuple(ids), "agent")).alias("agent_id"),
        pl.when("spoken").then(pl.lit("agent")).otherwise(pl.lit("customer")).alias("role"),
        pl.concat_str(
            pl.when(name).then(pl.lit(code)).otherwise(pl.lit("")) for code, name in flag.items()
        ).alias("flags"),
        pl.when("insulted").then(pl.lit("i")).otherwise(pl.lit("")).alias("kinds"),
    ]  # fmt: skip


def _choice(words: tuple[str, ...], by: str) -> pl.Expr:
    """One of the words by the number in a column."""
    return pl.col(by).cast(pl.Int64).replace_strict(dict(enumerate(words)), return_dtype=pl.String)


def _texts(frame: pl.DataFrame) -> pl.Series:
    """The words of every turn."""
    asked = [f"{one} {two} {three}." for one in _OPENINGS for two in _MIDDLES for three in _ENDINGS]
    middle = [(one.lower(), two) for one in _OPENINGS for two in _MIDDLES]
    cared = [
        f"{pattern.format(*pair, thing)}, {end}."
        for pattern in _CARE for pair in middle for end in _ENDINGS for thing in _THINGS
    ]  # fmt: skip
    stock = [text.format(name=name) for text in _STOCK for name in ("[NAME]", *_NAMES)]
    pools = {"asked": asked, "cared": cared, "stock": stock, "plain": list(_PLAIN)}
    at = frame["text_at"].to_numpy()
    found = {name: np.array(pool, dtype=object)[at % len(pool)] for name, pool in pools.items()}
    spoken, cares, scripted = (frame[name].to_numpy() for name in ("spoken", "cares", "scripted"))
    chosen = np.where(cares, found["cared"], np.where(scripted, found["stock"], found["plain"]))
    return pl.Series("text", np.where(spoken, chosen, found["asked"]).tolist(), dtype=pl.String)


def _turns(named: pl.DataFrame) -> pl.DataFrame:
    known = named.with_columns(
        role_source=pl.lit("speaker label"), source=pl.lit("calls.jsonl"), format=pl.lit("json"),
        start=pl.col("turn").cast(pl.Float64) * 9.5,
    )  # fmt: skip
    return _as(known, tables.TURNS)


def _labels(named: pl.DataFrame) -> pl.DataFrame:
    hostile = pl.when(pl.col("tone") == 2).then(0.9).otherwise(0.05)
    return _as(named.with_columns(hardship=pl.lit(value=False), p_hostile=hostile), tables.LABELS)


def _scores(named: pl.DataFrame) -> pl.DataFrame:
    def sure(given: pl.Expr, of: pl.Expr) -> pl.Expr:
        return pl.when(of).then(pl.when(given).then(0.87).otherwise(0.06))

    agent, customer = pl.col("spoken"), ~pl.col("spoken")
    length = pl.col("text").str.len_chars().cast(pl.Int32)
    first = pl.struct(
        label=pl.lit("upset"), start=pl.lit(3, pl.Int32), end=pl.lit(9, pl.Int32), weight=pl.lit(0.8, pl.Float32)
    )
    none = pl.lit([], dtype=pl.List(tables.EVIDENCE_SPAN))
    made = named.with_columns(
        segment=pl.lit(0), start=pl.lit(0), end=length, model=pl.lit("0123456789ab"), unsure=pl.col("tone") == 1,
        p_scripted=sure(pl.col("scripted"), agent), p_acknowledges=sure(pl.col("cares"), agent),
        p_explores=sure(pl.lit(value=False), agent), p_owns=sure(pl.col("owns"), agent),
        p_civil=sure(pl.col("tone") == 0, pl.lit(value=True)), p_strained=sure(pl.col("tone") == 1, pl.lit(value=True)),
        p_hostile=sure(pl.col("tone") == 2, pl.lit(value=True)), p_insult=sure(pl.col("insulted"), customer),
        p_threat=sure(pl.lit(value=False), customer), p_profanity=sure(pl.lit(value=False), customer),
        p_contempt=sure(pl.lit(value=False), customer),
        evidence=pl.when(customer & (pl.col("tone") > 0)).then(pl.concat_list(first)).otherwise(none),
    )  # fmt: skip
    return _as(made, tables.SCORES)


def _as(made: pl.DataFrame, table: tables.Table) -> pl.DataFrame:
    """The frame as a table; columns that it lacks are empty."""
    return made.select(
        pl.col(name).cast(kind) if name in made.columns else pl.lit(None, kind).alias(name)
        for name, kind in table.columns.items()
    )


def _report(frames: dict[str, pl.DataFrame], folder: Path, config: ReportConfig) -> report.Written:
    """The report of a centre as `rebuild` makes it, each stage timed."""
    told: list[report.Written] = []
    with _timed("house phrases"):
        said = phrases.found(phrases.of_scores(frames["turns"], frames["scores"]))
    with _timed("figures"):
        figures = summary.figures(frames["labels"], SummaryConfig(), sentences=said.sentences)
    with _timed("weeks"):
        weeks = trends.by_week(frames["labels"], SummaryConfig(), measures=report.WEEKLY, latest=report.WEEKS)
    with _timed("changes"):
        changes = trends.changes(frames["labels"], SummaryConfig())
    with _timed("report"):
        report.write(
            folder, **frames, figures=figures, rejects=tables.REJECTS.empty(), config=config, phrases=said, weeks=weeks,
            changes=changes, told=told.append,
            provenance={"version": "0", "model": "0123456789ab", "settings": "0123456789ab", "codebook": "1"},
        )  # fmt: skip
    return told[0]


@contextmanager
def _timed(stage: str) -> Iterator[None]:
    """Prints what a stage took, and the most memory that the process has had."""
    started, worked = time.monotonic(), time.process_time()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    spent, work = time.monotonic() - started, time.process_time() - worked
    print(f"  {stage:<16}{spent:8.1f} s, of processors {work:8.1f} s, peak {peak:.1f} GiB", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--conversations", type=int, default=200_000)
    parser.add_argument("--pages", choices=("cited", "all"), default="cited")
    parser.add_argument("--folder", type=Path, help="for the report; a temporary one, removed at the end, by default")
    parser.add_argument("--profile", action="store_true", help="of the first report")
    return parser.parse_args()


if __name__ == "__main__":
    main()
