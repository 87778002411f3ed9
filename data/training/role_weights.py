"""Learn the weights by which unnamed speakers are told apart: `src/empathy_scan/role_weights.json`.

Run with `python data/training/role_weights.py CORPORA`; a few minutes on one core. Learns from the training split of
open corpora and of the written conversations (`splits.py`). A phrase counts if it occurs in at least three corpora:
what only one of them says tells the corpus, not the role. Each corpus is then left out once, and what the others make
of it gives the slopes of the probabilities.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from scipy import sparse
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from role_corpora import hidden, place, real, written  # noqa: E402 - benchmarks are no package

from empathy_scan.role_phrases import ACTS  # noqa: E402
from empathy_scan.role_words import START, PhraseBook, words  # noqa: E402

OPEN = (
    "cucom_ecommerce_synthetic", "ms_ckm_synthetic", "ibm_twitter_care", "star", "bcontrast_tm1", "taskmaster4_coffee",
    "woz2", "sgd",
)  # fmt: skip
OUT = ROOT / "src" / "empathy_scan" / "role_weights.json"
MOST = 700  # conversations of a corpus
LONG = 5  # turns from which a conversation is cut into pieces as well, and a written one is no contrast situation
PIECES = 3  # of 2 to 8 turns, beside the whole: recordings begin late and end early
HEARD = (0, 2)  # of the pieces, those without question marks, as many speech recognisers write
CORPORA = 3  # in which a phrase must occur,
SPEAKERS = 4  # by so many speakers in each
STRENGTH = 0.05  # inverse of the ridge penalty
# How much the doubt grows with what is said. Without it, any two long texts are agent and customer: their weights add
# up to something. Chosen on fiction, meetings and such: half as many get roles, for a point of the others.
NOISE = 0.4
LEAST = 0.03  # smaller weights are left out
UNIT = 0.01  # of the stored whole numbers
POINT_SCALE = 2.0  # points that weigh as much in the penalty as one phrase

Table = np.ndarray


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row per conversation or piece of one: corpus, and features of its agent and of its customer."""

    corpus: Table
    agent: sparse.csr_array
    customer: sparse.csr_array
    phrases: list[tuple[str, str]]  # ("said" or "first", phrase) per column; the points come last


def main() -> None:
    """Write the weights and print what they make of corpora that they have not seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    pairs = counted(material(options.corpora))
    unseen = left_out(pairs)
    slope, alone, middle = slopes(pairs.corpus, *unseen)
    coefficients = fitted(pairs, np.ones(len(pairs.corpus), dtype=bool))
    size = store(options.out, pairs.phrases, coefficients, slope=slope, alone=alone, middle=middle)
    told(pairs.corpus, slope * apart(*unseen))
    print(f"slope {slope:.3f}, alone {alone:.3f} from {middle:.3f}, {size:,} bytes")


def material(corpora: Path) -> pl.DataFrame:
    """All turns to learn from, with `corpus`; pieces of conversations stand as conversations of their own."""
    authored = written(ROOT / "data" / "training" / "authored", held_out=False, split="train")
    sources = {name: real(corpora, f"open/{name}", ["train"], most=MOST) for name in OPEN} | {
        "written, long": [record for record in authored if len(record["turns"]) >= LONG],
        "written, short": [record for record in authored if len(record["turns"]) < LONG],
    }
    frames = [
        pieces(hidden({**record, "conversation_id": f"{name}/{record['conversation_id']}"} for record in records))
        .with_columns(corpus=pl.lit(name))
        for name, records in sources.items()
    ]  # fmt: skip
    turns = pl.concat(frames).with_columns(label="gold")
    both = pl.col("gold").n_unique().over("conversation_id") == 2
    return turns.filter(both).sort("conversation_id", "turn")


def pieces(turns: pl.DataFrame) -> pl.DataFrame:
    """The conversations, and some runs of a few turns from the longer ones."""
    found = [turns]
    length = pl.len().over("conversation_id")
    for piece in range(PIECES):
        drawn = turns["conversation_id"].unique().to_list()
        cuts = pl.DataFrame(
            {
                "conversation_id": drawn,
                "size": [2 + place(f"{name} size {piece}") % 7 for name in drawn],
                "at": [place(f"{name} start {piece}") % 1000 / 1000 for name in drawn],
            }
        )
        begin = (pl.col("at") * (length - pl.col("size") + 1)).floor()
        part = turns.filter(length >= LONG).join(cuts, on="conversation_id")
        part = part.filter(pl.col("turn") >= begin, pl.col("turn") < begin + pl.col("size"))
        if piece in HEARD:
            part = part.with_columns(pl.col("text").str.replace_all("?", " ", literal=True))
        found.append(
            part.with_columns(pl.format("{} piece {}", "conversation_id", pl.lit(piece))).select(turns.columns)
        )
    return pl.concat(found)


def candidates(turns: pl.DataFrame) -> list[str]:
    """Phrases of one to three words that occur in enough corpora."""
    seen: dict[str, int] = {}
    for corpus in turns["corpus"].unique().sort():
        word = pl.col("word")
        one = (
            turns.filter(corpus=corpus)
            .select("conversation_id", "gold", "turn", word=words(pl.col("text")))
            .with_row_index("row").explode("word")
        )  # fmt: skip
        two, three = (word.shift(-n).over("row") for n in (1, 2))
        runs = [word, word + " " + two, word + " " + two + " " + three]
        for run in runs:
            counts = one.select("conversation_id", "gold", phrase=run).drop_nulls().unique()["phrase"].value_counts()
            for phrase in counts.filter(pl.col("count") >= SPEAKERS)["phrase"]:
                seen[phrase] = seen.get(phrase, 0) + 1
    return sorted(phrase for phrase, corpora in seen.items() if corpora >= CORPORA and phrase != START)


def counted(turns: pl.DataFrame) -> Pairs:
    """What the agent and the customer of each conversation say, and their points."""
    wanted = candidates(turns)
    acts = [phrase for _, phrases in ACTS.values() for phrase in phrases]
    said = phrases_said(turns, sorted({*wanted, *acts}))
    speaker = ["conversation_id", "label"]
    first = said.filter(pl.col("turn") == pl.col("turn").min().over(speaker)).select(*speaker, "phrase").unique()
    conversations = turns.select("conversation_id", "corpus").unique().sort("conversation_id")
    row = {name: n for n, name in enumerate(conversations["conversation_id"])}
    everywhere = said.select(*speaker, "phrase").unique()
    parts, columns = [], list[tuple[str, str]]()
    for kind, table in (("said", everywhere), ("first", first)):
        spread = set(wanted if kind == "said" else _spread(table, conversations))
        kept = [phrase for phrase in wanted if phrase in spread]
        parts.append(_matrices(table, row, kept))
        columns += [(kind, phrase) for phrase in kept]
    parts.append(_points(said, row))
    agent, customer = (sparse.csr_array(sparse.hstack([part[n] for part in parts])) for n in (0, 1))
    return Pairs(conversations["corpus"].to_numpy(), agent, customer, columns)


def phrases_said(turns: pl.DataFrame, phrases: list[str]) -> pl.DataFrame:
    """Which of the phrases each turn holds: conversation_id, label, turn and phrase."""
    row, phrase = PhraseBook(phrases).find(turns.select(words(pl.col("text"))).to_series())
    return turns.select("conversation_id", "label", "turn")[row].with_columns(phrase=pl.Series(phrases)[phrase])


def _spread(table: pl.DataFrame, conversations: pl.DataFrame) -> list[str]:
    """The phrases that occur in enough corpora."""
    counts = table.join(conversations, on="conversation_id").group_by("phrase", "corpus").len()
    spread = counts.filter(pl.col("len") >= SPEAKERS).group_by("phrase").len().filter(pl.col("len") >= CORPORA)
    return spread["phrase"].to_list()


def _matrices(table: pl.DataFrame, row: dict[str, int], phrases: list[str]) -> list[sparse.csr_array]:
    """For agents and for customers, which conversation holds which phrase."""
    column = {phrase: n for n, phrase in enumerate(phrases)}
    found = []
    for label in ("agent", "customer"):
        own = table.filter(pl.col("label") == label, pl.col("phrase").is_in(phrases))
        at = (own["conversation_id"].replace_strict(row).to_numpy(), own["phrase"].replace_strict(column).to_numpy())
        found.append(sparse.csr_array((np.ones(len(own)), at), shape=(len(row), len(phrases))))
    return found


def _points(said: pl.DataFrame, row: dict[str, int]) -> list[sparse.csr_array]:
    """For agents and for customers, the points of their acts."""
    worth = pl.DataFrame(
        [(phrase, act, points) for act, (points, phrases) in ACTS.items() for phrase in phrases],
        schema=["phrase", "act", "points"], orient="row",
    )  # fmt: skip
    done = said.join(worth, on="phrase").select("conversation_id", "label", "act", "points").unique()
    totals = done.group_by("conversation_id", "label").agg(pl.col("points").sum()).sort("conversation_id")
    found = []
    for label in ("agent", "customer"):
        own = totals.filter(label=label)
        at = (own["conversation_id"].replace_strict(row).to_numpy(), np.zeros(len(own), dtype=int))
        found.append(sparse.csr_array((own["points"].to_numpy() / POINT_SCALE, at), shape=(len(row), 1)))
    return found


def fitted(pairs: Pairs, rows: Table) -> Table:
    """Ridge-regularised logistic regression of "the first is the agent" on differences, without a constant.

    A corpus weighs as the square root of its size, so that large ones do not drown small ones.
    """
    sides = np.where(np.arange(int(rows.sum())) % 2, 1.0, -1.0)  # every other pair is turned round
    difference = sparse.diags_array(sides) @ (pairs.agent - pairs.customer)[np.flatnonzero(rows)]
    _, place_of, sizes = np.unique(pairs.corpus[rows], return_inverse=True, return_counts=True)
    weight = (sizes**-0.5)[place_of]
    model = LogisticRegression(C=STRENGTH, fit_intercept=False, max_iter=300, tol=1e-3)
    model.fit(difference, sides, sample_weight=weight / weight.mean())
    return np.asarray(model.coef_[0])


def left_out(pairs: Pairs) -> tuple[Table, Table, Table]:
    """Evidence of every agent and every customer by weights that have not seen their corpus, and how far it spreads."""
    agent, customer, spread = np.zeros(len(pairs.corpus)), np.zeros(len(pairs.corpus)), np.zeros(len(pairs.corpus))
    said = np.array([*(kind == "said" for kind, _ in pairs.phrases), False])
    for corpus in np.unique(pairs.corpus):
        out = pairs.corpus == corpus
        coefficients = fitted(pairs, ~out)
        agent[out], customer[out] = ((side @ coefficients)[out] for side in (pairs.agent, pairs.customer))
        noise = sum((side @ (coefficients**2 * said))[out] for side in (pairs.agent, pairs.customer))
        spread[out] = np.sqrt(1 + NOISE * noise)
    return agent, customer, spread


def apart(agent: Table, customer: Table, spread: Table) -> Table:
    """As `role_inference` sets two speakers apart, before the slope."""
    return np.asarray((agent - customer) / spread)


def slopes(corpus: Table, agent: Table, customer: Table, spread: Table) -> tuple[float, float, float]:
    """Slope for two speakers; slope and middle for one alone. Every corpus weighs the same."""
    _, place_of, sizes = np.unique(corpus, return_inverse=True, return_counts=True)
    weight = len(corpus) / len(sizes) / sizes[place_of]
    sides = np.where(np.arange(len(corpus)) % 2, 1.0, -1.0)
    pair = LogisticRegression(C=1e6, fit_intercept=False)
    pair.fit((sides * apart(agent, customer, spread))[:, None], sides, sample_weight=weight)
    single = LogisticRegression(C=1e6)
    single.fit(
        np.concatenate([agent, customer])[:, None],
        np.repeat([1, -1], len(corpus)),
        sample_weight=np.concatenate([weight, weight]),
    )
    alone = float(single.coef_[0, 0])
    return float(pair.coef_[0, 0]), alone, float(-single.intercept_[0] / alone)


def store(
    path: Path, phrases: list[tuple[str, str]], coefficients: Table, *, slope: float, alone: float, middle: float
) -> int:
    """Write the weights as whole numbers of UNIT; the size of the file."""
    tables: dict[str, dict[str, int]] = {"said": {}, "first": {}}
    for (kind, phrase), worth in zip(phrases, coefficients[:-1], strict=True):
        if abs(worth) >= LEAST:
            tables[kind][phrase] = round(float(worth) / UNIT)
    point = round(float(coefficients[-1]) / POINT_SCALE, 4)
    head = {
        "unit": UNIT,
        "point": point,
        "noise": NOISE,
        "slope": round(slope, 4),
        "alone": round(alone, 4),
        "middle": round(middle, 4),
    }
    path.write_text(json.dumps(head | tables, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"point {point}, phrases: {len(tables['said']):,} said anywhere, {len(tables['first']):,} in a first turn")
    return path.stat().st_size


def told(corpus: Table, logit: Table) -> None:
    """Print, per corpus left out, the share decided and the share right, by how sure they are."""
    sure = [0.5, 0.9, 0.95, 0.97, 0.98, 0.99]
    print("corpus left out, n, then decided and right at " + ", ".join(map(str, sure)))
    for name in np.unique(corpus):
        own = logit[corpus == name]
        cells = []
        for least in sure:
            kept = own[np.abs(own) >= np.log(least / (1 - least))]
            cells.append(f"{len(kept) / len(own):.3f} {np.mean(kept > 0):.4f}")
        print(f"{name:28s} {len(own):5d} | " + " | ".join(cells))


if __name__ == "__main__":
    main()
