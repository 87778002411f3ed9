"""House phrases and what they replace: how often they are said, how the customer was after them, what colleagues said.

Every sentence quoted is one of this store's, linked to where it was said; nothing is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse

from empathy_scan import stats
from empathy_scan.codebook import CareClass, Role, Tone
from empathy_scan.config import SummaryConfig
from empathy_scan.report import measures, rates, words
from empathy_scan.report.charts import Axis
from empathy_scan.report.dialogue import Link
from empathy_scan.report.material import TEAM, Material, Row
from empathy_scan.report.measures import FURTHER, Figure, Measure, Shown, in_brackets, range_text, value_text

MOST = 8  # house phrases told
INSTEAD = 3  # sentences of colleagues quoted for each
_LENGTHS = (30, 220)  # characters of a sentence worth quoting
_MOSTLY = 0.5  # of its uses are recited
_RESAMPLES = 200
_TURN = ("conversation_id", "turn")
_AFTER = Measure(
    "upset_next", "Still upset or hostile next", "Still upset next", "upset", ("answered call", "answered calls"),
    "Of the calls for empathy with an answer and a message of the customer after it, those whose next message was "
    "upset or hostile.",
)  # fmt: skip
_VOICE = tuple(measure for measure in FURTHER if measure.name in {"formulaicity", "own_voice"})
_TONES = {Tone.CIVIL: "customers who told of a hardship", Tone.STRAINED: "upset customers",
          Tone.HOSTILE: "hostile customers"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that somebody said, who and where."""

    text: str
    who: str
    where: Link


@dataclass(frozen=True, slots=True)
class Phrase:
    """A house phrase."""

    text: str
    uses: str  # `64 times by 7 agents, in 60 of them as a stock phrase`
    after: str  # how the customer was in the next message, or why that cannot be said
    kind: str  # the calls that it most often answers: `upset customers, queue Billing`
    instead: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """How much of a team's care is in their own words; `variety` tells how many phrases they recite as if equally."""

    name: str
    cells: tuple[Shown, ...]
    variety: str


@dataclass(frozen=True, slots=True)
class House:
    """The section of house phrases."""

    lead: str
    after: str
    phrases: tuple[Phrase, ...]
    more: str
    columns: tuple[Measure, ...]
    voices: tuple[Voice, ...]


def house(material: Material) -> House | None:
    """The section; None where no caring sentences are known."""
    sentences = material.phrases.sentences
    if sentences.is_empty():
        return None
    known = material.phrases.phrases
    told = known.filter(pl.col("house") & (pl.col("scripted") > _MOSTLY)).sort("uses", "text", descending=[True, False])
    hidden = told.height - MOST
    return House(
        lead=_lead(material, told), after=_after_answers(material),
        phrases=tuple(_phrases(material, told.head(MOST))),
        more=f"and {words.plural(hidden, 'more house phrase', 'more house phrases')}" if hidden > 0 else "",
        columns=_VOICE, voices=tuple(_voices(material)),
    )  # fmt: skip


def _lead(material: Material, told: pl.DataFrame) -> str:
    """`Of 340 stock sentences, 62% (55 to 68%) are one of 12 house phrases: ...`."""
    figure = material.figure(TEAM, "formulaicity")
    if told.is_empty():
        return "No stock sentence is said nearly word for word by several agents: there are no house phrases yet."
    if figure is None or figure.value is None:
        return f"Several agents say {words.plural(told.height, 'sentence', 'sentences')} nearly word for word."
    share, spread = value_text(_VOICE[0], figure.value), range_text(_VOICE[0], figure)
    return (
        f"Of {words.plural(figure.n, 'stock sentence', 'stock sentences')}, {share} ({spread}) are one of "
        f"{words.plural(told.height, 'house phrase', 'house phrases')}: sentences that several agents say nearly word "
        "for word."
    )


def _followed(material: Material) -> pl.DataFrame:
    """The answered calls for empathy: `queue`, `tone`, `answer`, `turn` of the answer and `next_tone` after it."""
    labelled = material.said.filter(pl.col("tone").is_not_null()).sort(*_TURN)
    customer = pl.when(pl.col("role") == Role.CUSTOMER).then("tone").backward_fill().over("conversation_id")
    after = labelled.select(*_TURN, next_tone=customer)
    calls = material.answers.filter(pl.col("call") & pl.col("answer").is_not_null())
    return calls.select(
        "conversation_id", "tone", "answer", "agent_id", pl.col("queue").fill_null(""), turn="answer_turn"
    ).join(after, on=_TURN, how="left", maintain_order="left")


def _upset(calls: pl.DataFrame) -> pl.DataFrame:
    """The chances to see whether a customer was still upset after an answer."""
    return calls.filter(pl.col("next_tone").is_not_null()).with_columns(hit=pl.col("next_tone") > Tone.CIVIL)


def _after_answers(material: Material) -> str:
    """How customers were after understanding, and after stock phrases only; "" where either cannot be said."""
    figures = rates.by(_upset(_followed(material)), ["answer"], measure="missed_rate")
    known = [figures.get((answer,)) for answer in ("empathic", "scripted")]
    understood, recited = (one if one and one.value is not None else None for one in known)
    if understood is None or recited is None:
        return ""
    told = [f"{value_text(_AFTER, one.value or 0.0)} {in_brackets(_AFTER, one)}" for one in (understood, recited)]
    apart = recited.above(understood) or understood.above(recited)
    end = "; which calls get which answer may be a part of that" if apart else "; chance could make that difference"
    return (
        f"The customer's next message was upset or hostile after {told[0]} that showed understanding, and after "
        f"{told[1]} with stock phrases only{end}."
    )


def _phrases(material: Material, told: pl.DataFrame) -> Iterator[Phrase]:
    """The phrases, most used first; no sentence of a colleague is quoted twice."""
    uses = material.phrases.sentences.join(told.select("phrase"), on="phrase", how="semi")
    answering = uses.select("phrase", *_TURN).unique().join(_followed(material), on=_TURN, how="inner")
    after = rates.by(_upset(answering), ["phrase"], measure="missed_rate")
    kinds = {row["phrase"]: row for row in _kinds(answering).iter_rows(named=True)}
    pool, quoted = _pool(material), set[str]()
    for row in told.iter_rows(named=True):
        kind = kinds.get(row["phrase"])
        instead = _instead(material, pool, kind, quoted) if kind else ()
        quoted.update(quote.text for quote in instead)
        recited, held = round(row["scripted"] * row["uses"]), row["conversations"]
        yield Phrase(
            words.shown(row["text"].strip()),
            f"{words.plural(row['uses'], 'time', 'times')} in {words.plural(held, 'conversation', 'conversations')} "
            f"by {words.plural(row['agents'], 'agent', 'agents')}, {recited:,} of them as a stock phrase",
            _after_text(after.get((row["phrase"],))), _kind(kind), instead,
        )  # fmt: skip


def _after_text(figure: Figure | None) -> str:
    """`still upset or hostile after it: 58% (41 to 73%, 36 answered calls)`."""
    if figure is None or figure.value is None:
        return f"how customers took it: {figure.why if figure else 'it answered no call for empathy that went on'}"
    return f"still upset or hostile after it: {value_text(_AFTER, figure.value)} {in_brackets(_AFTER, figure)}"


def _kinds(answering: pl.DataFrame) -> pl.DataFrame:
    """Of each phrase the queue and the customer's tone of most of the calls that it answered."""
    counted = answering.group_by("phrase", "queue", "tone").agg(pl.len().alias("calls"))
    return counted.sort("phrase", "calls", "queue", "tone", descending=[False, True, False, True]).unique(
        "phrase", keep="first", maintain_order=True
    )


def _kind(kind: Row | None) -> str:
    if kind is None:
        return ""
    return _TONES[Tone(kind["tone"])] + (f", queue {words.shown(kind['queue'])}" if kind["queue"] else "")


def _pool(material: Material) -> pl.DataFrame:
    """Sentences with understanding that answered calls civilly, in somebody's own words; the surest first."""
    own = material.phrases.sentences.filter(
        (pl.col("care_class") == CareClass.EMPATHIC) & ~pl.col("house"),
        pl.col("text").str.strip_chars().str.len_chars().is_between(*_LENGTHS),
    ).with_columns(pl.col("text").str.strip_chars())
    known = material.said.filter(pl.col("signs").is_null()).select(
        *_TURN, "unsure", "started_at", said_tone="tone", care=pl.max_horizontal("p_acknowledges", "p_explores")
    )
    calls = _followed(material).filter(pl.col("answer") == CareClass.EMPATHIC)
    asked = calls.select(*_TURN, "queue", "tone").unique(maintain_order=True)
    joined = own.join(asked, on=_TURN, how="inner").join(known, on=_TURN, how="inner").filter(said_tone=Tone.CIVIL)
    ordered = joined.sort(
        pl.col("unsure").fill_null(value=False), -pl.col("care").fill_null(0.5), *_TURN, "start", "tone"
    )
    return ordered.unique(["text", "queue", "tone"], keep="first", maintain_order=True)


def _instead(material: Material, pool: pl.DataFrame, kind: Row, quoted: set[str]) -> tuple[Quote, ...]:
    """What colleagues said in calls of the same queue, those of the same tone first, each from another agent."""
    alike = pool.filter((pl.col("queue") == kind["queue"]) & ~pl.col("text").is_in(list(quoted)))
    nearest = alike.sort(pl.col("tone") != kind["tone"], maintain_order=True)
    chosen = nearest.unique("agent_id", keep="first", maintain_order=True).head(INSTEAD)
    return tuple(_quote(material, row) for row in chosen.iter_rows(named=True))


def _quote(material: Material, row: Row) -> Quote:
    when = words.date(row["started_at"]) if row["started_at"] else "date not known"
    who = material.names.get(row["agent_id"] or "", "an agent")
    return Quote(
        words.shown(row["text"]), who, Link(f"{who}, {when}", material.href(row["conversation_id"], row["turn"]))
    )


def _voices(material: Material) -> Iterator[Voice]:
    """Own voice of the whole and, where the roster has several, of each team."""
    sentences = material.phrases.sentences
    names = material.team_names()
    yield _voice(material, "All agents", {name: material.figure(TEAM, name) for name in _NAMES}, sentences)
    for team in names if len(names) > 1 else ():
        members = [agent for agent, of in material.people.teams.items() if of == team]
        figures = {name: material.teams.get((team, name)) for name in _NAMES}
        yield _voice(material, words.shown(team), figures, sentences.filter(pl.col("agent_id").is_in(members)))


_NAMES = tuple(measure.name for measure in _VOICE)


def _voice(material: Material, name: str, figures: dict[str, Figure | None], sentences: pl.DataFrame) -> Voice:
    cells = tuple(
        measures.show(measure, figures[measure.name], axis=material.axes.get(measure.name, Axis()))
        for measure in _VOICE
    )
    return Voice(name, cells, _variety(sentences))


def _variety(sentences: pl.DataFrame, settings: SummaryConfig = rates.SETTINGS) -> str:
    """`as if 12 phrases were used equally often (9 to 15, 340 stock sentences)`: two to the power of the entropy.

    Shannon's entropy with Miller and Madow's correction (1955); its standard error is that of Poisson weights on whole
    conversations (Chamandy et al. 2012), which is the bootstrap for many of them.
    """
    scripted = sentences.filter((pl.col("care_class") == CareClass.SCRIPTED) & pl.col("phrase").is_not_null())
    talks = scripted["conversation_id"].n_unique()
    if talks < max(1, settings.minimum_conversations):
        return f"not enough conversations yet ({talks} of {settings.minimum_conversations} needed)"
    placed = scripted.sort("conversation_id", "phrase").select(
        talk=pl.col("conversation_id").rle_id(), phrase=pl.col("phrase").rank("dense") - 1
    )
    places = (placed["talk"].to_numpy(), placed["phrase"].to_numpy())
    held = sparse.csr_matrix((np.ones(placed.height), places))
    draw = np.random.default_rng([settings.seed % 2**63, 1955])
    entropies = [_bits(held.T @ draw.poisson(1.0, held.shape[0])) for _ in range(_RESAMPLES)]
    bits, error = _bits(np.asarray(held.sum(axis=0)).ravel()), float(np.std(entropies, ddof=1))
    low, high = max(0.0, bits - stats.QUANTILE * error), bits + stats.QUANTILE * error
    count = words.plural(placed.height, "stock sentence", "stock sentences")
    if 2**bits >= placed.height / 2:
        return f"nearly every one is another phrase ({count})"
    return f"as if {2**bits:.0f} phrases were used equally often ({2**low:.0f} to {2**high:.0f}, {count})"


def _bits(uses: stats.Numbers) -> float:
    """The entropy of counts in bits."""
    some = uses[uses > 0]
    if not len(some):
        return 0.0
    shares = some / some.sum()
    return float(-(shares * np.log2(shares)).sum() + (len(some) - 1) / (2 * some.sum() * np.log(2)))
