"""Segments become scores: what is cached is not scored again, the rest goes through the engine, order is kept."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from empathy_scan.cache import CACHED, Cache, segment_keys
from empathy_scan.codebook import ATTACK_CODES, ATTACK_NAMES, FLAG_CODES, FLAG_NAMES, Role, tone_names
from empathy_scan.config import ScoreConfig
from empathy_scan.engine import Engine, LocalEngine
from empathy_scan.errors import ModelError
from empathy_scan.model import bundle as bundles
from empathy_scan.model import explain, precision, runtime
from empathy_scan.model.bundle import Scoring
from empathy_scan.model.decisions import FIRST
from empathy_scan.model.tokens import Example, Packed, example_of
from empathy_scan.tables import LABELS, SCORES, SEGMENTS, conform

log = logging.getLogger(__name__)
SEGMENTS_PER_BATCH = 512  # a part of 1000 conversations gives some twenty workers something to do
EXPLAINED_PER_BATCH = 4  # what gradients keep meanwhile is 10 MB of memory each; more are no faster
Told = Callable[[int], None]
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """A label whose words are asked for: the example's number, the head of the network, and which of its outputs."""

    row: int
    head: str
    place: int
    label: str

    @property
    def output(self) -> int:
        """The label's place among all outputs of the network."""
        return FIRST[self.head] + self.place

    def chance(self, p: Mapping[str, np.ndarray], row: int) -> float:
        """The label's probability in a row of such probabilities; of a tone, that of it or a harsher one."""
        values = p[self.head][row]
        return float(values[self.place :].sum() if self.head.endswith("tone") else values[self.place])


class Scorer:
    """A loaded bundle that turns segments into scores. Built once per worker."""

    def __init__(self, bundle: Scoring, config: ScoreConfig) -> None:
        self.bundle, self.config = bundle, config
        self.ready = runtime.ready(bundle.model, bundle.packer, tokens_per_batch=config.tokens_per_batch)
        self.contributions = explain.Contributions(bundle.model, bundle.packer, self.ready.lean)

    @classmethod
    def load(cls, path: Path | None, config: ScoreConfig, fingerprint: str = "") -> Scorer:
        """A scorer of the bundle in `path` (the shipped one for None); raises ModelError, also for another one."""
        bundle = bundles.for_scoring(path)
        if fingerprint not in ("", bundle.fingerprint):
            raise ModelError(
                "the model was changed while it was in use", where=str(path or bundles.default_path()),
                remedy="run again: finished work is kept",
            )  # fmt: skip
        return cls(bundle, config)

    @precision.flushed_denormals()
    def scores(self, segments: pl.DataFrame) -> pl.DataFrame:
        """One row per segment, in the same order: the columns of CACHED but for the key."""
        examples = [example_of(row) for row in segments.select("role", "text", "context").iter_rows(named=True)]
        decisions = self.bundle.decisions
        logits = self.ready.logits(examples)
        agent = np.array([example.role == Role.AGENT for example in examples], dtype=bool)
        p = decisions.probabilities(logits)
        tones = decisions.tones_of(p)
        tone = np.where(agent, tones["agent_tone"], tones["customer_tone"])
        flags = [
            _codes(row, FLAG_CODES) if is_agent else ""
            for row, is_agent in zip(decisions.flags_of(p), agent, strict=True)
        ]
        kinds = [
            "" if is_agent else _codes(row, ATTACK_CODES)
            for row, is_agent in zip(decisions.attacks_of(p), agent, strict=True)
        ]
        asked = _asked(examples, flags, tone, kinds) if self.config.evidence else []
        evidence, deletions = self._evidence(examples, asked, p)
        tone_p = np.where(agent[:, None], p["agent_tone"], p["customer_tone"])
        columns: dict[str, Any] = {
            **{f"p_{name}": _only(p["flags"][:, n], agent) for n, name in enumerate(FLAG_NAMES)},
            **{name: tone_p[:, n] for n, name in enumerate(("p_civil", "p_strained", "p_hostile"))},
            **{f"p_{name}": _only(p["attacks"][:, n], ~agent) for n, name in enumerate(ATTACK_NAMES)},
            "flags": flags, "tone": tone, "kinds": kinds,
            "unsure": decisions.unsure(p, agent=agent), "evidence": evidence,
            "deletions": deletions if self.config.evidence else [None] * len(examples),
        }  # fmt: skip
        schema = {name: kind for name, kind in CACHED.columns.items() if name != "key"}
        return pl.DataFrame({name: pl.Series(name, columns[name], kind, strict=False) for name, kind in schema.items()})

    def _evidence(
        self, examples: list[Example], asked: list[Asked], p: dict[str, np.ndarray]
    ) -> tuple[list[list[Row]], list[list[Row]]]:
        """For each example the words that counted for each label asked for, and what is left of it without them."""
        rows = list(dict.fromkeys(one.row for one in asked))
        by_row = dict(zip(rows, self.bundle.packer.pack([examples[row] for row in rows]), strict=True))
        packed = [by_row[one.row] for one in asked]
        spans = self._spans(examples, asked, packed)
        told = [n for n, found in enumerate(spans) if found]
        less = [explain.without(packed[n], spans[n]) for n in told]
        left = self.bundle.decisions.probabilities(self.ready.logits_of_packed(less))
        evidence: list[list[Row]] = [[] for _ in examples]
        deletions: list[list[Row]] = [[] for _ in examples]
        for place, n in enumerate(told):
            one = asked[n]
            evidence[one.row] += [
                {"label": one.label, "start": a, "end": b, "weight": weight} for a, b, weight in spans[n]
            ]
            chances = {"p": one.chance(p, one.row), "without": one.chance(left, place)}
            deletions[one.row].append({"label": one.label, **chances})
        return evidence, deletions

    def _spans(self, examples: list[Example], asked: list[Asked], packed: list[Packed]) -> list[list[explain.Span]]:
        """The words behind each asked label."""
        found: list[list[explain.Span]] = [[] for _ in asked]

        def tell(chunk: list[int]) -> None:
            worth = self.contributions([packed[n] for n in chunk], [asked[n].output for n in chunk])
            for n, values in zip(chunk, worth, strict=True):
                found[n] = explain.spans(examples[asked[n].row].text, packed[n], values)

        with runtime.threads() as submit:
            for chunk in _together(asked, packed):
                submit(partial(tell, chunk))
        return found


def score(
    segments: pl.DataFrame,
    model: Path | None,
    config: ScoreConfig,
    *,
    engine: Engine | None = None,
    cache: Cache | None = None,
    told: Told | None = None,
) -> pl.DataFrame:
    """The SCORES of SEGMENTS by the bundle in `model` (the shipped one for None).

    Equal words in equal context are scored once; what the cache knows is not scored at all. `told` hears how many
    distinct segments are done. Raises ModelError when the bundle cannot be used.
    """
    segments = conform(segments, SEGMENTS)
    fingerprint = bundles.fingerprint(model or bundles.default_path())
    cached_as = fingerprint if config.evidence else f"{fingerprint}-bare"
    keyed = segments.with_columns(key=segment_keys(segments))
    known = CACHED.empty() if cache is None else cache.get(keyed["key"], cached_as)
    todo = keyed.unique("key", keep="first", maintain_order=True).join(
        known, on="key", how="anti", maintain_order="left"
    )
    parts = [known]
    initial = partial(Scorer.load, model, config, fingerprint)
    for part in (engine or LocalEngine()).map(_score_batch, _batches(todo), initial=initial):
        if cache is not None:
            cache.put(part, cached_as)
        parts.append(part)
        if told is not None:
            told(part.height)
    log.info("%d segments: %d known, %d scored", segments.height, known.height, todo.height)
    return _placed(keyed, pl.concat(parts), fingerprint)


def _score_batch(scorer: Scorer, segments: pl.DataFrame) -> pl.DataFrame:
    return conform(segments.select("key").hstack(scorer.scores(segments)), CACHED)


def _batches(segments: pl.DataFrame) -> Iterator[pl.DataFrame]:
    yield from segments.iter_slices(SEGMENTS_PER_BATCH)


def _placed(keyed: pl.DataFrame, scored: pl.DataFrame, fingerprint: str) -> pl.DataFrame:
    """Scores by key, back at their segments; evidence moved from the segment's characters to the turn's."""
    joined = keyed.select("conversation_id", "turn", "segment", "role", "start", "end", "key").join(
        scored, on="key", how="left", maintain_order="left"
    )
    spans = (
        joined.select("conversation_id", "turn", "segment", "start", "evidence")
        .rename({"start": "from"})
        .filter(pl.col("evidence").list.len() > 0)
        .explode("evidence")
        .unnest("evidence")
        .with_columns(pl.col("start") + pl.col("from"), pl.col("end") + pl.col("from"))
        .group_by("conversation_id", "turn", "segment", maintain_order=True)
        .agg(evidence=pl.struct("label", "start", "end", "weight"))
    )
    empty = pl.lit([], SCORES.columns["evidence"])
    moved = joined.drop("evidence").join(
        spans, on=["conversation_id", "turn", "segment"], how="left", maintain_order="left"
    )
    whole = moved.with_columns(pl.col("evidence").fill_null(empty), model=pl.lit(fingerprint))
    return conform(whole.select(SCORES.columns.keys()), SCORES)


def label_turns(turns: pl.DataFrame, scores: pl.DataFrame, hardship: pl.Series) -> pl.DataFrame:
    """LABELS of all turns: a turn carries a label when one of its segments does, and the harshest of their tones.

    `hardship` is aligned with the rows of `turns`. Turns without a score (system turns) are civil and carry nothing.
    """
    by_turn = scores.group_by("conversation_id", "turn").agg(
        _union("flags", FLAG_CODES),
        _union("kinds", ATTACK_CODES),
        pl.col("tone").max(),
        pl.col("p_hostile").max().cast(pl.Float64),
    )
    labels = turns.with_columns(hardship=hardship).join(
        by_turn, on=["conversation_id", "turn"], how="left", maintain_order="left"
    )
    filled = labels.with_columns(
        pl.col("flags", "kinds").fill_null(""), pl.col("tone").fill_null(0), pl.col("hardship").fill_null(value=False)
    )
    return conform(filled.select(LABELS.columns.keys()), LABELS)


def _union(column: str, codes: str) -> pl.Expr:
    """The codes that any row of a group has in the column, in codebook order."""
    held = [pl.when(pl.col(column).str.contains(code).any()).then(pl.lit(code)).otherwise(pl.lit("")) for code in codes]
    return pl.concat_str(held).alias(column)


def _asked(examples: list[Example], flags: list[str], tone: np.ndarray, kinds: list[str]) -> list[Asked]:
    """All labels that the examples were given; a civil tone needs no reason."""
    found: list[Asked] = []
    for row, example in enumerate(examples):
        found += [Asked(row, "flags", n, FLAG_NAMES[n]) for n, code in enumerate(FLAG_CODES) if code in flags[row]]
        if tone[row]:
            head = "agent_tone" if example.role == Role.AGENT else "customer_tone"
            found.append(Asked(row, head, int(tone[row]), tone_names(example.role)[tone[row]]))
        found += [Asked(row, "attacks", n, ATTACK_NAMES[n]) for n, c in enumerate(ATTACK_CODES) if c in kinds[row]]
    return found


def _together(asked: list[Asked], packed: list[Packed]) -> Iterator[list[int]]:
    """What is asked, in batches of examples that have as many labels each and are of similar length."""
    by_row: dict[int, list[int]] = {}
    for n, one in enumerate(asked):
        by_row.setdefault(one.row, []).append(n)
    order = sorted(by_row.values(), key=lambda labels: (len(labels), len(packed[labels[0]].ids)))
    for _, alike in groupby(order, key=len):
        while chunk := list(islice(alike, EXPLAINED_PER_BATCH)):
            yield list(chain.from_iterable(chunk))


def _codes(row: np.ndarray, codes: str) -> str:
    return "".join(code for code, on in zip(codes, row, strict=True) if on)


def _only(values: np.ndarray, where: np.ndarray) -> list[float | None]:
    """The values where they mean something, else None."""
    return [float(value) if ok else None for value, ok in zip(values, where, strict=True)]


__all__ = ["Scorer", "label_turns", "score"]
