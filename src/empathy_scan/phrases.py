"""House phrases: the sentences that everybody says, found by likeness and not by a list.

Two sentences are one phrase if they are the same up to names, numbers and small edits: their sets of letter runs
overlap by LIKENESS (Jaccard). Candidates come from MinHash with locality-sensitive hashing (Broder 1997; Leskovec,
Rajaraman and Ullman 2020, chapter 3), so that a year of sentences needs no comparison of all with all; each candidate
is then compared exactly. A phrase is a *house phrase* once enough agents used it in enough conversations.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import special

from empathy_scan.codebook import CareClass, Role
from empathy_scan.mirror import care_class
from empathy_scan.redact_forms import PLACEHOLDER

LIKENESS = 0.6  # Jaccard of two sentences' letter runs
RUN = 4  # letters of a run
FEWEST_WORDS = 3  # "Sorry." is nobody's phrase
PERMUTATIONS = 64
FEW = 500  # sentences that are compared each with each
CONVERSATIONS, AGENTS = 5, 2  # from which on a phrase is the house's

SENTENCES = {
    "conversation_id": pl.String, "turn": pl.Int32, "agent_id": pl.String,
    "text": pl.String,  # one sentence, redacted
    "care_class": pl.String,  # codebook.CareClass: scripted or empathic, others are passed over
    "start": pl.Int32, "end": pl.Int32,  # its place in the turn's text; null where the labels are by turn
}  # fmt: skip

_Places = npt.NDArray[np.int32]  # numbers of runs, each once

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_SENTENCE = r"[^.!?\n]+[.!?]*"
_OTHER = re.compile(r"[^\w#]+")


@dataclass(frozen=True, slots=True)
class Phrases:
    """The caring sentences of a centre, each with its phrase, and the phrases (`assigned`)."""

    sentences: pl.DataFrame
    phrases: pl.DataFrame


def found(sentences: pl.DataFrame) -> Phrases:
    """The sentences (columns SENTENCES) with their phrases, as `assigned` tells."""
    return Phrases(*assigned(sentences))


def of_scores(turns: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """The caring sentences of a scan: the segments of agents' turns that carry a caring flag, with their words.

    `turns` is a TURNS frame and `scores` a SCORES frame of the same conversations.
    """
    spoken = turns.filter(pl.col("role") == Role.AGENT).select("conversation_id", "turn", "agent_id", "text")
    length = pl.col("end") - pl.col("start")
    return (
        scores.select("conversation_id", "turn", "start", "end", care_class=care_class(pl.col("flags")))
        .filter(pl.col("care_class") != CareClass.NEUTRAL)
        .join(spoken, on=("conversation_id", "turn"), how="inner")
        .with_columns(pl.col("text").str.slice(pl.col("start"), length))
        .select(SENTENCES.keys())
    )


def of_turns(labels: pl.DataFrame, text: pl.DataFrame) -> pl.DataFrame:
    """The sentences of labelled turns, each of its turn's care class: labels by turn say no more.

    `text` holds `conversation_id`, `turn` and `text`.
    """
    caring = labels.filter(pl.col("role") == Role.AGENT).select(
        "conversation_id", "turn", "agent_id", care_class=care_class(pl.col("flags"))
    )
    split = text.select("conversation_id", "turn", pl.col("text").str.extract_all(_SENTENCE)).explode("text")
    return (
        caring.filter(pl.col("care_class") != CareClass.NEUTRAL)
        .join(split, on=("conversation_id", "turn"), how="inner")
        .drop_nulls("text")
        .with_columns(start=pl.lit(None, pl.Int32), end=pl.lit(None, pl.Int32))
        .select(SENTENCES.keys())
    )


def plain(text: str) -> str:
    """The sentence without what may differ: case, punctuation, names and other placeholders, numbers (`#`)."""
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("'", "")
    return _OTHER.sub(" ", _NUMBER.sub("#", PLACEHOLDER.sub("", text)).casefold()).strip()


def assigned(
    sentences: pl.DataFrame, *, conversations: int = CONVERSATIONS, agents: int = AGENTS
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The caring sentences with their `phrase`, and the phrases.

    `sentences` has the columns SENTENCES. Sentences gain `phrase` (a number, null for those too short to be one) and
    `house`. Phrases: `phrase`, `text` (its most frequent wording, as written), `uses`, `conversations`, `agents`,
    `scripted` (share of its uses) and `house`, most used first. The same sentences in any order give the same phrases.
    """
    caring = sentences.filter(pl.col("care_class") != CareClass.NEUTRAL).with_columns(
        plain=pl.col("text").map_elements(plain, return_dtype=pl.String)
    )
    long = caring.filter(pl.col("plain").str.count_matches(" ") >= FEWEST_WORDS - 1)
    forms = long.group_by("plain").agg(pl.len().alias("uses")).sort("uses", "plain", descending=[True, False])
    found = forms.with_columns(phrase=pl.Series(_leaders(forms["plain"].to_list()), dtype=pl.Int32)).drop("uses")
    placed = caring.join(found, on="plain", how="left", maintain_order="left")
    told = _phrases(placed.drop_nulls("phrase"), conversations=conversations, agents=agents)
    marked = placed.join(told.select("phrase", "house"), on="phrase", how="left", maintain_order="left")
    return marked.with_columns(pl.col("house").fill_null(value=False)).drop("plain"), told


def opportunities(marked: pl.DataFrame) -> pl.DataFrame:
    """What the measures of phrases are made of, in the columns of `opportunities.COLUMNS`.

    `formulaicity`: scripted sentences, 1 where they are a house phrase. `own_voice`: caring sentences, 1 where they are
    none.
    """
    columns = ("agent_id", "conversation_id", "turn")
    parts = {
        "formulaicity": (pl.col("care_class") == CareClass.SCRIPTED, pl.col("house")),
        "own_voice": (pl.col("turn").is_not_null(), ~pl.col("house")),
    }
    return pl.concat(
        [
            marked.filter(asked).select(
                pl.lit(measure).alias("measure"), *columns, pl.lit(value=False).alias("baseline"),
                pl.lit("").alias("stratum"), taken.cast(pl.Float64).alias("value"),
            )
            for measure, (asked, taken) in parts.items()
        ]
    )  # fmt: skip


def entropy(marked: pl.DataFrame) -> pl.DataFrame:
    """How varied each agent's stock phrases are: `agent_id`, `bits`, `n`, `conversations`, `low`, `high`.

    Shannon's entropy of the agent's phrases with Miller and Madow's (1955) correction for few sentences; 0 bits is one
    phrase for everybody, 3 bits as varied as eight phrases used equally often. `n` are the scripted sentences that are
    a phrase, and `conversations` those in which they stand. The 95% interval is linearised (Basharin 1959) over whole
    conversations; where all sentences are one phrase its end allows for 3 / n of others. Null with one conversation.
    """
    scripted = marked.filter((pl.col("care_class") == CareClass.SCRIPTED) & pl.col("phrase").is_not_null())
    uses, own = pl.len().over("agent_id", "phrase"), pl.len().over("agent_id")
    spread = scripted.select("agent_id", "conversation_id", "phrase", surprise=(own / uses).log(2))
    plain_bits = pl.col("surprise").mean().over("agent_id")
    by_conversation = (
        spread.with_columns(off=pl.col("surprise") - plain_bits)
        .group_by("agent_id", "conversation_id")
        .agg(pl.col("off").sum())
        .group_by("agent_id")
        .agg(conversations=pl.len().cast(pl.Int64), squares=(pl.col("off") ** 2).sum())
    )
    found = spread.group_by("agent_id").agg(
        pl.col("surprise").mean(), n=pl.len().cast(pl.Int64), kinds=pl.col("phrase").n_unique()
    )
    return (
        found.join(by_conversation, on="agent_id")
        .select("agent_id", *_entropy_columns())
        .with_columns(pl.col("bits", "low", "high").round(9))
        .sort("agent_id")
    )


def _entropy_columns() -> list[pl.Expr]:
    """Bits, counts and the interval, from the mean surprise and the squares of what conversations add to it."""
    n, held = pl.col("n"), pl.col("conversations")
    bits = pl.col("surprise") + (pl.col("kinds") - 1) / (2 * n * float(np.log(2)))
    error = (pl.col("squares") * held / (held - 1)).sqrt() / n
    reach = error * held.map_elements(_quantile, return_dtype=pl.Float64)
    other = pl.min_horizontal(3 / n, 0.5)
    unseen = -(other * other.log(2) + (1 - other) * (1 - other).log(2))
    enough = pl.when(held > 1)
    return [
        bits.alias("bits"), n, held,
        enough.then((bits - reach).clip(lower_bound=0)).alias("low"),
        enough.then(pl.when(pl.col("kinds") == 1).then(unseen).otherwise(bits + reach)).alias("high"),
    ]  # fmt: skip


def _quantile(conversations: int) -> float:
    """Student's t for a 95% interval over so many conversations."""
    return float(special.stdtrit(max(conversations - 1, 1), 0.975))


def _phrases(placed: pl.DataFrame, *, conversations: int, agents: int) -> pl.DataFrame:
    wordings = placed.group_by("phrase", "text").agg(pl.len().alias("times"))
    most = wordings.sort("phrase", "times", "text", descending=[False, True, False]).unique("phrase", keep="first")
    told = placed.group_by("phrase").agg(
        pl.len().alias("uses"),
        pl.col("conversation_id").n_unique().alias("conversations"),
        pl.col("agent_id").n_unique().alias("agents"),
        (pl.col("care_class") == CareClass.SCRIPTED).mean().alias("scripted"),
    )
    house = (pl.col("conversations") >= conversations) & (pl.col("agents") >= agents)
    return (
        told.join(most.select("phrase", "text"), on="phrase")
        .select("phrase", "text", "uses", "conversations", "agents", "scripted", house=house)
        .sort("uses", "phrase", descending=[True, False])
    )


def _leaders(forms: list[str]) -> list[int]:
    """For each form the number of its phrase: that of the most frequent form it is like, else one of its own.

    Forms come most frequent first. No chains: what is like a like of the leader is not thereby like the leader.
    """
    runs, hashes = _numbered(forms)
    mine = np.zeros(len(hashes), dtype=bool)  # the runs of the form at hand
    leaders: list[int] = []
    candidates = _Every() if len(forms) <= FEW else _Hashed(runs, hashes)
    for place, own in enumerate(runs):
        others = candidates.alike()
        mine[own] = True
        alike = _jaccard(mine, own, [runs[other] for other in others])
        mine[own] = False
        best = int(alike.argmax()) if others else 0  # of equals the first, which is the most frequent
        leader = others[best] if others and alike[best] >= LIKENESS else place
        leaders.append(leader)
        if leader == place:
            candidates.lead(place)
    return leaders


class _Every:
    """All leaders so far are candidates: right, and fast where sentences are few."""

    def __init__(self) -> None:
        self._leaders: list[int] = []

    def alike(self) -> list[int]:
        """The leaders that the next form may be like, in order."""
        return self._leaders

    def lead(self, place: int) -> None:
        """Make that form a leader."""
        self._leaders.append(place)


class _Hashed:
    """Candidates are leaders whose sketch agrees with the form's; sketches are made as forms are asked for."""

    def __init__(self, runs: list[_Places], hashes: list[int]) -> None:
        from datasketch import MinHash, MinHashLSH  # noqa: PLC0415 - half a second to load, and only many need it

        self._index = MinHashLSH(threshold=LIKENESS - 0.1, num_perm=PERMUTATIONS)
        self._sketches = MinHash.generator(runs, num_perm=PERMUTATIONS, seed=1, hashfunc=hashes.__getitem__)

    def alike(self) -> list[int]:
        """As `_Every.alike`."""
        self._sketch = next(self._sketches)
        return sorted(self._index.query(self._sketch))

    def lead(self, place: int) -> None:
        """As `_Every.lead`."""
        self._index.insert(place, self._sketch)


def _numbered(forms: list[str]) -> tuple[list[_Places], list[int]]:
    """The runs of every form by number, each once; and the hash of every run, by its number."""
    numbers: dict[str, int] = {}
    runs = [
        np.array(sorted({numbers.setdefault(run, len(numbers)) for run in _runs(form)}), dtype=np.int32)
        for form in forms
    ]
    return runs, [zlib.crc32(run.encode()) for run in numbers]


def _runs(form: str) -> Iterator[str]:
    padded = f" {form} "
    return (padded[at : at + RUN] for at in range(max(1, len(padded) - RUN + 1)))


def _jaccard(mine: npt.NDArray[np.bool_], own: _Places, others: list[_Places]) -> npt.NDArray[np.float64]:
    """The share of runs that a form has in common with each of the others; `mine` is True where its runs are."""
    if not others:
        return np.zeros(0)
    lengths = np.array([len(other) for other in others])
    shared = np.add.reduceat(mine[np.concatenate(others)].astype(np.int64), np.cumsum(lengths) - lengths)
    return np.asarray(shared / (len(own) + lengths - shared), dtype=np.float64)


__all__ = ["SENTENCES", "assigned", "entropy", "of_scores", "of_turns", "opportunities", "plain"]
