"""How often unnamed speakers are told apart, and how often rightly: the tables in docs/roles.md.

Run with `python benchmarks/role_inference.py CORPORA`; a few minutes on one core. Takes the conversations that neither
the weights nor the threshold have seen (the test split; all of `abcd_sample` and `harper_valley_sample`; the written
conversations of the authors held out), redacts them, hides the roles and runs `roles.assign`. `--split dev` shows those
on which the threshold was chosen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from role_corpora import Record, hidden, real, written

from empathy_scan import roles, stats
from empathy_scan.config import ReadConfig, RolesConfig
from empathy_scan.tables import TURNS

AUTHORED = Path(__file__).parents[1] / "data" / "training" / "authored"
LEARNED = (
    "open/cucom_ecommerce_synthetic", "open/ms_ckm_synthetic", "open/ibm_twitter_care", "open/star",
    "open/bcontrast_tm1", "open/taskmaster4_coffee", "open/woz2",
)  # fmt: skip
WHOLE = ("open/abcd_sample", "open/harper_valley_sample")  # never learned from, though no test split
UNSEEN = (
    "research/maia", "research/maia_dqe", "research/maia_dqe_client01", "research/wmt22_chat_en_de",
    "research/twcs_sample", "research/bt_oasis",
)  # fmt: skip
SPLITS = ("train", "dev", "test")


def main() -> None:
    """Print a row per corpus, what labels add, more than two speakers, thresholds, and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--split", choices=["dev", "test"], default="test")
    options = parser.parse_args()
    frames = [(name, learned, hidden(records)) for name, learned, records in _sources(options.corpora, options.split)]
    print("| corpus | other conversations of it learned from | conversations | decided | right of those decided |")
    print("|---|---|---:|---:|---:|")
    begin, judged = (time.perf_counter(), time.process_time()), []
    for name, learned, frame in frames:
        judged.append((learned, judge(frame)))
        print(_row(name, learned, judged[-1][1]), flush=True)
    wall, processor = time.perf_counter() - begin[0], time.process_time() - begin[1]
    for named, learned in (("all", {"yes", "no"}), ("all that nothing was learned from", {"no"})):
        print(_row(named, "", pl.concat([verdicts for seen, verdicts in judged if seen in learned])))
    whole = pl.concat([
        frame.with_columns(pl.format("{}/{}", pl.lit(name), "conversation_id").alias("conversation_id"),
                           source=pl.format("{}.csv", pl.lit(name)))
        for name, _, frame in frames
    ])  # fmt: skip
    whole = whole.filter(pl.col("gold").n_unique().over("conversation_id") == 2)
    for title, labelled in exports(whole):
        print(_row(title, "", judge(labelled)), flush=True)
    for title, crowd in crowds(whole):
        print(_row(title, "", judge(crowd)), flush=True)
    for confidence in (0.5, 0.8, 0.9, 0.95, 0.97, 0.99):
        print(_row(f"all, confidence {confidence}", "", judge(whole, confidence=confidence)), flush=True)
    turns = sum(len(frame) for _, _, frame in frames)
    print(f"\n{turns:,} turns: {turns / wall:,.0f} a second by the clock, {turns / processor:,.0f} of processor time")


def _sources(corpora: Path, split: str) -> Iterator[tuple[str, str, list[Record]]]:
    """Name, whether other conversations of the corpus were learned from, and conversations."""
    for name in (*LEARNED, *UNSEEN):
        if records := real(corpora, name, [split]):
            yield name, "yes" if name in LEARNED else "no", records
    if split == "test":
        for name in WHOLE:
            yield name, "no", real(corpora, name, SPLITS)
    held_out = [record for part in ("train", "dev") for record in written(AUTHORED, held_out=True, split=part)]
    yield "written, authors held out", "no", held_out


def judge(frame: pl.DataFrame, *, confidence: float = RolesConfig().confidence) -> pl.DataFrame:
    """One row per conversation with both sides: decided, and whether every turn got its role or was left out."""
    frame = frame.filter(pl.col("gold").n_unique().over("conversation_id") == 2)
    found, _ = roles.assign(frame.select(TURNS.columns.keys()), RolesConfig(confidence=confidence), ReadConfig())
    both = frame.select("conversation_id", "turn", "gold").join(
        found.select("conversation_id", "turn", "role"), on=["conversation_id", "turn"], how="left"
    )
    sides = both.filter(pl.col("role").is_null() | (pl.col("role") != "system"))
    right = (pl.col("role") == pl.col("gold")).fill_null(value=False).all()
    return (
        both.group_by("conversation_id")
        .agg(decided=pl.col("role").is_not_null().any())
        .join(sides.group_by("conversation_id").agg(right=right), on="conversation_id", how="left")
        .with_columns(pl.col("right").fill_null(value=False))
    )


def exports(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The conversations as exports whose labels mean something, one file per corpus."""
    agent = pl.col("gold") == "agent"
    first = pl.col("gold") == pl.col("gold").sort_by("turn").first().over("conversation_id")
    names = {
        "all, as exports in which `ch_0` is the agent": pl.when(agent).then(pl.lit("ch_0")).otherwise(pl.lit("ch_1")),
        "all, as exports in which `Speaker 1` speaks first": pl.when(first)
        .then(pl.lit("Speaker 1"))
        .otherwise(pl.lit("Speaker 2")),
    }
    for title, label in names.items():
        yield title, frame.with_columns(speaker=label)


def crowds(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """The longer conversations with a third speaker, who says the second half of one side's turns."""
    for title, side in (("a transfer: two agents, one after the other", "agent"), ("two customers", "customer")):
        own = pl.col("gold") == side
        ordered = frame.sort("conversation_id", "turn")
        number, turns = own.cum_sum().over("conversation_id"), own.sum().over("conversation_id")
        third = pl.when(own & (2 * number > turns)).then(pl.lit("Speaker 2")).otherwise("speaker")
        yield f"{title} (made from the above)", ordered.filter(turns >= 4).with_columns(speaker=third)


def _row(name: str, learned: str, verdicts: pl.DataFrame) -> str:
    """A row of the table: shares with the 95% interval by Wilson."""
    decided, right = int(verdicts["decided"].sum()), int(verdicts.filter("decided")["right"].sum())
    cells = [name, learned, f"{len(verdicts):,}", _share(decided, len(verdicts)), _share(right, decided)]
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    """A percentage with its interval."""
    if not whole:
        return "-"
    estimate = stats.wilson(part, whole)
    return f"{100 * part / whole:.1f}% ({100 * estimate.low:.1f} to {100 * estimate.high:.1f})"


if __name__ == "__main__":
    main()
