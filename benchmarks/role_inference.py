"""How often unnamed speakers are told apart, and how often rightly: the table in docs/formats.md.

Run with `python benchmarks/role_inference.py CORPORA`; a minute on one core. Takes the conversations that neither the
weights nor the threshold have seen (the test split; all of `abcd_sample` and `harper_valley_sample`; the written
conversations of the authors held out), redacts them, hides the roles and runs `roles.assign`.
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
    """Print one row per corpus, and the speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--split", choices=["dev", "test"], default="test")
    options = parser.parse_args()
    print("| corpus | other conversations of it learned from | conversations | decided | right of those decided |")
    print("|---|---|---:|---:|---:|")
    judged, turns, seconds = [], 0, 0.0
    for name, learned, records in _sources(options.corpora, options.split):
        frame = hidden(records)
        begin = time.perf_counter()
        verdicts = judge(frame)
        seconds += time.perf_counter() - begin
        turns += len(frame)
        judged.append(verdicts)
        print(_row(name, learned, verdicts), flush=True)
    print(_row("all", "", pl.concat(judged)))
    transfers = transferred(pl.concat([hidden(real(options.corpora, name, [options.split])) for name in LEARNED]))
    print(_row("two agents, one after the other (made from the above)", "yes", judge(transfers)))
    print(f"\n{turns:,} turns in {seconds:.1f} s: {turns / seconds:,.0f} turns a second")


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


def judge(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per conversation with both sides: decided, and whether every turn got its role."""
    frame = frame.filter(pl.col("gold").n_unique().over("conversation_id") == 2)
    found, _ = roles.assign(frame.select(TURNS.columns.keys()), RolesConfig(), ReadConfig())
    both = frame.select("conversation_id", "turn", "gold").join(
        found.select("conversation_id", "turn", "role"), on=["conversation_id", "turn"], how="left"
    )
    right = (pl.col("role") == pl.col("gold")).fill_null(value=False).all()
    return both.group_by("conversation_id").agg(decided=pl.col("role").is_not_null().any(), right=right)


def transferred(frame: pl.DataFrame) -> pl.DataFrame:
    """The conversations with four agent turns or more; the second half of them said by a third speaker."""
    agent = pl.col("gold") == "agent"
    number, turns = agent.cum_sum().over("conversation_id"), agent.sum().over("conversation_id")
    second = agent & (2 * number > turns)
    third = pl.when(second).then(pl.lit("Speaker 2")).otherwise("speaker")
    return frame.sort("conversation_id", "turn").filter(turns >= 4).with_columns(speaker=third)


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
