"""Answers of colleagues to similar customers: for each cited moment a real answer, found by what the two calls share.

Likeness is the cosine of the customers' words, weighed by how rare they are (TF-IDF; Salton and Buckley 1988), plus a
little for the same queue, the same kind of call and the same kind of attack. Only answers that showed understanding at
once, in a civil tone, can serve, the clearest of the centre; so the search stays small whatever the centre's size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from empathy_scan.codebook import CareClass
from empathy_scan.report import words
from empathy_scan.report.material import Material, Row
from empathy_scan.report.moments import SURE, praised

_CLEAREST = 20_000  # answers of the whole centre among which is searched
_CLEAR = 0.2  # weight of how sure the model is that the answer shows understanding
_BEGINNING = 80  # characters of an answer by which two are told apart
_SHORTEST = 40  # characters of an answer that can show how it is done
_TRIED = 8  # most alike answers looked at for each moment
_BY_KIND = 5  # clearest answers of a queue and kind of call that are tried though they share no word
_ENOUGH = 0.3
_QUEUE, _KIND, _ATTACK, _OWNED = 0.15, 0.2, 0.05, 0.05
_COMMON = 0.1  # share of the searched calls beyond which a word tells nothing
_ALWAYS = 10  # calls that may share a word whatever their number
_NAMED = 3  # shared words that are told
_WORD = r"[a-z]{4,}"
_EMPTY = (
    "your yours that this these those with have been were will would could should they them their there here what when "
    "where which from just being about ours some again still even because only also much more into over after before "
    "does doing said says tell told know like want need please thank thanks hello yeah okay well right going gone come "
    "came back through really sorry think thing things everything anything nothing something nobody somebody having "
    "look looked while made make take took gave given cause then than very then didn doesn isn couldn wouldn shouldn "
    "haven hasn weren wasn aren down once both such each most many other another"
)


@dataclass(frozen=True, slots=True)
class Alike:
    """A call that was answered with understanding, and what it shares with the one it stands beside."""

    conversation_id: str
    turn: int  # the customer's
    agent_turn: int
    agent_id: str
    reply: str  # how the answer begins: the same words are shown once
    shared: str  # in words


Key = tuple[str, int]  # a customer's turn: its conversation and number


def found(material: Material, moments: Iterable[Row]) -> dict[Key, tuple[Alike, ...]]:
    """By customer turn of the moments the most alike calls that were answered well, best first; few or none."""
    keys = sorted({(row["conversation_id"], row["turn"]) for row in moments})
    served = _served(material)
    if not keys or served.is_empty():
        return {}
    wanted = pl.DataFrame(keys, schema={"conversation_id": pl.String, "turn": pl.Int32}, orient="row")
    asked = _calls(material).join(wanted, on=("conversation_id", "turn"), how="semi").sort("conversation_id", "turn")
    asked = asked.with_row_index("asked")
    terms = _terms(served, "served")
    weights = _weights(terms, served.height)
    pairs = _pairs(_terms(asked, "asked"), terms, weights)
    ranked = _ranked(asked, served, pairs)
    held: dict[Key, list[Alike]] = {}
    for row in ranked.iter_rows(named=True):
        place = row["conversation_id_right"], row["turn_right"], row["agent_turn"]
        alike = Alike(*place, row["agent_id"], row["reply"], _shared(row))
        held.setdefault((row["conversation_id"], row["turn"]), []).append(alike)
    return {key: tuple(alike) for key, alike in held.items()}


def _calls(material: Material) -> pl.DataFrame:
    """The customers' turns with what likeness is made of: queue, words, kind of call, kinds of attack."""
    kind = (
        pl.when(pl.col("tone") == 2).then(pl.lit("hostile"))
        .when(pl.col("hardship").fill_null(value=False)).then(pl.lit("hardship"))
        .when(pl.col("tone") == 1).then(pl.lit("upset"))
        .otherwise(pl.lit("civil"))
    )  # fmt: skip
    return material.said.filter(pl.col("role") == "customer").select(
        "conversation_id", "turn", "text", "queue", called=kind, attacks=pl.col("kinds").fill_null("")
    )


def _served(material: Material) -> pl.DataFrame:
    """The clearest answers with understanding, with the calls they answer."""
    at_once = (pl.col("answer_turn") == pl.col("first_turn")) & (pl.col("first_tone") == 0)
    understood = (pl.col("answer") == CareClass.EMPATHIC) & at_once & pl.col("call")
    answers = material.answers.filter(understood & pl.col("agent_id").is_not_null())
    care, strained = pl.max_horizontal("p_acknowledges", "p_explores"), pl.max_horizontal("p_strained", "p_hostile")
    plain = ~pl.col("flags").str.contains("S", literal=True) & pl.col("signs").is_null()
    whole = (pl.col("tone") == 0) & plain
    said = material.said.filter(whole & (pl.col("text").str.len_chars() >= _SHORTEST)).select(
        "conversation_id", "p_owns", reply=pl.col("text").str.slice(0, _BEGINNING),
        agent_turn="turn", care=care, strained=strained,
        owned=pl.col("flags").str.contains("O", literal=True), unsure=pl.col("unsure").fill_null(value=False),
    ).filter(praised(pl.lit(value=False))).with_columns(pl.col("care").fill_null(SURE))  # fmt: skip
    found = answers.select("conversation_id", "turn", "agent_id", agent_turn="answer_turn").join(
        said, on=("conversation_id", "agent_turn"), how="inner"
    )
    clearest = found.sort("unsure", -pl.col("care"), "conversation_id", "turn").head(_CLEAREST)
    return clearest.join(
        _calls(material), on=("conversation_id", "turn"), how="inner", maintain_order="left"
    ).with_row_index("served")


def _terms(calls: pl.DataFrame, number: str) -> pl.DataFrame:
    """The words of calls, each once a call."""
    plain = pl.col("text").str.to_lowercase().str.replace_all(r"\[[a-z_]+\]", " ")
    listed = calls.select(number, term=plain.str.extract_all(_WORD).list.unique()).explode("term").drop_nulls()
    return listed.filter(~pl.col("term").is_in(_EMPTY.split()))


def _weights(terms: pl.DataFrame, number: int) -> pl.DataFrame:
    """The words worth a comparison, with their weight."""
    known = terms.group_by("term").agg(calls=pl.len())
    rare = known.filter(pl.col("calls") <= max(_ALWAYS, _COMMON * number))
    return rare.select("term", weight=(1 + number / pl.col("calls")).log())


def _pairs(asked: pl.DataFrame, served: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """The pairs of calls that share a word: `asked`, `served`, `cosine`, and `common`, their rarest shared words."""
    one, other = (_normed(terms, weights) for terms in (asked, served))
    shared = one.join(other, on="term", how="inner").with_columns(product=pl.col("part") * pl.col("part_right"))
    summed = shared.group_by("asked", "served").agg(cosine=pl.col("product").sum().round(9))
    best = summed.sort("asked", -pl.col("cosine"), "served").group_by("asked", maintain_order=True).head(4 * _TRIED)
    told = shared.join(best.select("asked", "served"), on=("asked", "served"), how="semi")
    named = told.sort("asked", "served", -pl.col("product"), "term").group_by("asked", "served", maintain_order=True)
    return best.join(named.agg(common=pl.col("term").head(_NAMED)), on=("asked", "served"), how="left")


def _normed(terms: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """The words of calls with their share of a vector of length 1."""
    number = terms.columns[0]
    weighed = terms.join(weights, on="term", how="inner").sort(number, "term")
    return weighed.select(number, "term", part=pl.col("weight") / (pl.col("weight") ** 2).sum().sqrt().over(number))


def _ranked(asked: pl.DataFrame, served: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs that are alike enough, best first for each call asked about; both calls' columns."""
    place = ("queue", "called")
    clearest = served.group_by(place, maintain_order=True).head(_BY_KIND).select("served", *place)
    by_kind = asked.select("asked", *place).join(clearest, on=place, how="inner").select("asked", "served")
    both = pl.concat([pairs, by_kind.join(pairs, on=("asked", "served"), how="anti")], how="diagonal")
    joined = both.join(asked, on="asked").join(served, on="served")
    same = {name: (pl.col(name) == pl.col(f"{name}_right")).fill_null(value=False) for name in place}
    attacked = pl.col("attacks").str.split("").list.set_intersection(pl.col("attacks_right").str.split(""))
    scored = joined.with_columns(
        pl.col("cosine").fill_null(0.0), same_queue=same["queue"], same_kind=same["called"]
    ).with_columns(
        score=pl.col("cosine") + _QUEUE * pl.col("same_queue") + _KIND * pl.col("same_kind")
        + _ATTACK * (attacked.list.len() > 0) + _OWNED * pl.col("owned")
        + _CLEAR * (pl.col("care") - 1) - 0.1 * pl.col("unsure")
    )  # fmt: skip
    apart = pl.col("conversation_id") != pl.col("conversation_id_right")
    more = pl.col("same_queue") | pl.col("same_kind") | (pl.col("common").list.len() > 1)  # than one word in common
    kept = scored.filter(apart & more.fill_null(value=False) & (pl.col("score") >= _ENOUGH))
    ordered = kept.sort("asked", -pl.col("score").round(9), "served")
    return ordered.group_by("asked", maintain_order=True).head(_TRIED)


def _shared(row: Mapping[str, object]) -> str:
    """What two calls have in common, in words."""
    kinds = {"hostile": "also hostile", "hardship": "also tells of a hardship", "upset": "also upset"}
    parts = [f"same queue ({words.shown(str(row['queue']))})"] if row["same_queue"] else []
    if row["same_kind"] and row["called"] in kinds:
        parts.append(kinds[str(row["called"])])
    common = row["common"]
    if isinstance(common, list) and common:
        parts.append(f"both say {words.listing(f'“{word}”' for word in common)}")
    return "; ".join(parts)
