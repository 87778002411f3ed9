"""One conversation, from a file and scored now or from a store as it was scored: what `show` shows.

It is the page that a report has of the conversation, with the turns as plain values beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import appeals, notebook, phrases, prepare, report, roster, tables, trends
from empathy_scan.codebook import care_class, tone_names
from empathy_scan.config import Config
from empathy_scan.errors import InputError, UsageError
from empathy_scan.fingerprints import message_id
from empathy_scan.own import telling
from empathy_scan.report import People, dialogue
from empathy_scan.report.dialogue import Dialogue
from empathy_scan.store import Store

PROBABILITIES = {
    "S": "p_scripted", "A": "p_acknowledges", "X": "p_explores", "O": "p_owns",
    "i": "p_insult", "t": "p_threat", "p": "p_profanity", "c": "p_contempt",
}  # fmt: skip
# Conversations of a store among which house phrases are looked for: finding them takes a second for every thousand.
SEARCHED = 5_000
_NAMED = 10  # ids that a message names
_FRAME: dict[str, pl.DataType | type[pl.DataType]] = {
    "turn": pl.Int32, "role": pl.String, "agent_id": pl.String, "text": pl.String, "tone": pl.String,
    "tone_p": pl.Float64, "care_class": pl.String, "labels": pl.String, "words": pl.List(pl.String),
    "call": pl.Boolean, "answer": pl.String, "rose_above": pl.Boolean, "unsure": pl.Boolean,
    "own": pl.List(pl.String),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class JudgedTurn:
    """A turn with its labels, their probabilities, and the words that counted."""

    turn: int
    number: int  # from 1, as pages count
    role: str
    agent_id: str | None
    text: str
    tone: str  # its name; "" for turns that are not scored
    tone_p: float
    labels: dict[str, float]  # codes of flags or kinds -> probability
    care_class: str  # agents only
    evidence: list[dict[str, Any]]  # label, start, end, weight
    deletions: list[dict[str, Any]]  # label, p, without: its probability without the words of its evidence
    hardship: bool
    unsure: bool
    call: bool  # for empathy
    answer: str | None  # to the call: empathic, scripted or missed
    answer_turn: int | None
    rose_above: bool | None  # the agent, above this hostile turn
    house: list[dict[str, Any]]  # house phrases: start, end, agents, spoken (conversations), more
    id: str = ""  # by which its labels can be disputed; "" for turns without labels
    appeal: str | None = None  # what became of an appeal against them
    # Labels of the centre's own that it has: label, name, p, verdict (good, doubtful), evidence.
    own: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class JudgedConversation:
    """A conversation as a report would show it, and its turns."""

    conversation_id: str
    channel: str
    page: Dialogue
    turns: list[JudgedTurn]
    note: str = ""  # what could not be looked up

    def frame(self) -> pl.DataFrame:
        """A row per turn: who said what, its labels, and the words that carried them."""
        rows = [
            {
                "turn": turn.turn, "role": turn.role, "agent_id": turn.agent_id, "text": turn.text, "tone": turn.tone,
                "tone_p": turn.tone_p, "care_class": turn.care_class, "labels": "".join(turn.labels),
                "words": sorted({turn.text[span["start"] : span["end"]] for span in turn.evidence}),
                "call": turn.call, "answer": turn.answer, "rose_above": turn.rose_above, "unsure": turn.unsure,
                "own": [one["label"] for one in turn.own],
            }
            for turn in self.turns
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=_FRAME)

    def __repr__(self) -> str:
        return f"<JudgedConversation {self.conversation_id}: {self.page.heading}, {len(self.turns):,} messages>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return notebook.conversation(self.page.title, self.frame().iter_rows(named=True))

    def to_json(self) -> dict[str, Any]:
        """All of it as plain values."""
        course = self.page.course
        return {
            "conversation_id": self.conversation_id,
            "channel": self.channel,
            "in_short": [
                {
                    "text": one.text,
                    "messages": [reference.number for reference in one.references],
                    "quotes": [{"message": quote.number, "text": quote.quote} for quote in one.quotes],
                }
                for one in self.page.statements
            ],
            "course": list(course.told),
            "turning_points": [{"anchor": point.anchor, "text": point.text} for point in course.points],
            "turns": [asdict(turn) for turn in self.turns],
        }


def listed(turns: pl.DataFrame) -> list[dict[str, Any]]:
    """What a list says of each conversation of TURNS, in their order."""
    first = [pl.col(name).first() for name in ("channel", "started_at", "queue")]
    agents = pl.col("agent_id").drop_nulls().unique(maintain_order=True).alias("agents")
    counted = turns.group_by("conversation_id", maintain_order=True).agg(*first, agents, turns=pl.len())
    return counted.with_columns(pl.col("started_at").dt.to_string("iso:strict")).to_dicts()


def held(store: str) -> list[dict[str, Any]]:
    """What a list says of each conversation of a store, by date; no agents. Raises StoreError where there is none."""
    rows = Store.open(store).conversations().sort("started_at", "conversation_id", nulls_last=True)
    told = rows.select("conversation_id", "channel", "started_at", "queue", turns="n_turns")
    return told.with_columns(pl.col("started_at").dt.to_string("iso:strict")).to_dicts()


def judged(
    path: Path, config: Config, *, model: Path | None = None, conversation: str = ""
) -> JudgedConversation | list[dict[str, Any]]:
    """The only or the named conversation of a file with its scores; of a file with several the list of them.

    Raises InputError when there is none in it, UsageError when there is no conversation of that name, ModelError.
    """
    prepared = prepare.turns([path], config)
    names = prepared.turns["conversation_id"].unique(maintain_order=True).to_list()
    if not names:
        raise _nothing_in(path, prepared.rejects)
    if conversation and conversation not in names:
        raise _unknown(conversation, str(path), names)
    if len(names) > 1 and not conversation:
        return listed(prepared.turns)
    turns = prepared.turns.filter(pl.col("conversation_id") == (conversation or names[0]))

    from empathy_scan import judging  # noqa: PLC0415 - what is stored is shown without the model

    scores, labels = judging.judge(turns, model, config)
    none = phrases.found(pl.DataFrame(schema=phrases.SENTENCES))
    return _shown(turns, scores, labels, said=none, config=config)


def stored(store: str, conversation: str, config: Config) -> JudgedConversation:
    """A conversation of a store with the scores that it has there; needs no model.

    Raises StoreError where there is no store, UsageError when it holds no conversation of that id.
    """
    opened = Store.open(store)
    found = opened.load(conversation_id=conversation)
    if found.conversations.is_empty():
        raise _unknown(conversation, store, opened.conversations()["conversation_id"].to_list())
    count = opened.conversations().height
    every = opened.load() if count <= SEARCHED else found
    listed_people = roster.load(config.roles.roster)
    sentences = phrases.of_scores(roster.merge(every.turns, listed_people), every.scores)
    said = phrases.found(sentences if count <= SEARCHED else sentences.clear())
    note = (
        "" if count <= SEARCHED else f"house phrases are not looked for among {count:,} conversations: see the report"
    )
    ruled = appeals.standing(opened, config)
    turns, labels = (roster.merge(frame, listed_people) for frame in (found.turns, ruled.labels(found.labels)))
    scores = ruled.scores(found.scores)
    told = telling.told(opened, config, found.conversations)
    shown = _shown(
        turns, scores, labels, said=said, config=config, names=listed_people.names, note=note,
        background=report.Background(appeals=ruled.told, own=told),
    )  # fmt: skip
    own = _own(told)
    return replace(shown, turns=[replace(turn, own=own.get(turn.turn, [])) for turn in shown.turns])


def _own(told: report.Own | None) -> dict[int, list[dict[str, Any]]]:
    """The labels of the centre's own that each turn of a conversation has, but for those that are no good."""
    if told is None:
        return {}
    known = {label.key: label for label in told.labels if label.shown}
    found: dict[int, list[dict[str, Any]]] = {}
    for row in told.rows.filter("given").sort("turn", "label").iter_rows(named=True):
        if label := known.get(row["label"]):
            one = {"label": label.key, "name": label.name, "p": round(row["p"], 3), "verdict": label.verdict}
            spans = [{name: span[name] for name in ("start", "end", "weight")} for span in row["evidence"]]
            found.setdefault(row["turn"], []).append({**one, "evidence": spans})
    return found


def _shown(
    turns: pl.DataFrame,
    scores: pl.DataFrame,
    labels: pl.DataFrame,
    *,
    said: phrases.Phrases,
    config: Config,
    names: Mapping[str, str] | None = None,
    note: str = "",
    background: report.Background | None = None,
) -> JudgedConversation:
    """One conversation's page and turns; of the background its appeals and own labels."""
    frames = report.Frames(
        turns=turns, scores=scores, labels=labels, figures=tables.FIGURES.empty(), rejects=tables.REJECTS.empty(),
        phrases=said, weeks=pl.DataFrame(schema=trends.WEEKS), changes=pl.DataFrame(schema=trends.CHANGES),
    )  # fmt: skip
    known = background or report.Background()
    material = report.prepare(frames, config.report, People(names or {}), known.appeals, report.on_turns(known.own))
    conversation_id = str(turns["conversation_id"][0])
    (page,) = dialogue.dialogues(material, [conversation_id])
    houses = material.house.filter(pl.col("conversation_id") == conversation_id).to_dicts()
    rows = material.said.sort("turn").iter_rows(named=True)
    return JudgedConversation(
        conversation_id, turns["channel"][0], page,
        [_judged(row, number, houses) for number, row in enumerate(rows, 1)], note,
    )  # fmt: skip


def _unknown(conversation: str, where: str, names: list[str]) -> UsageError:
    """That there is no conversation of that id, and which there are."""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return UsageError(
        f"no conversation {conversation!r}", where=where, remedy=f"there are {', '.join(names[:_NAMED])}{more}"
    )


def _nothing_in(path: Path, rejects: pl.DataFrame) -> InputError:
    """Why a file without a usable conversation has none."""
    if rejects.is_empty():
        return InputError("there is no conversation in it", where=str(path), remedy="give a transcript")
    first = rejects.row(0, named=True)
    where = f"{path}:{first['place']}" if first["place"] else str(path)
    return InputError(first["reason"], where=where, remedy=first["remedy"])


def _judged(row: dict[str, Any], number: int, houses: list[dict[str, Any]]) -> JudgedTurn:
    """A turn of a report's material as plain values; a system turn has no labels."""
    scored = row["p_civil"] is not None and row["tone"] is not None
    codes = (row["flags"] or "") + (row["kinds"] or "") if scored else ""
    return JudgedTurn(
        turn=row["turn"], number=number, role=row["role"], agent_id=row["agent_id"], text=row["text"],
        tone=tone_names(row["role"])[row["tone"]] if scored else "",
        tone_p=_tone_p(row) if scored else 0.0,
        labels={code: _label_p(row[PROBABILITIES[code]]) for code in codes},
        care_class=care_class(row["flags"]).value if scored and row["role"] == "agent" else "",
        evidence=row["evidence"] or [], deletions=row["deletions"] or [],
        hardship=bool(row["hardship"]), unsure=bool(row["unsure"]), call=bool(row["call"]),
        answer=row["answer"] if row["call"] else None, answer_turn=row["answer_turn"] if row["call"] else None,
        rose_above=row["rose_above"], house=list(_house(row["turn"], houses)),
        id=message_id(row["conversation_id"], row["turn"]) if scored else "", appeal=row["appeal"],
    )  # fmt: skip


def _label_p(probability: float | None) -> float:
    """The probability of a label that a turn has; what people decided is certain."""
    return 1.0 if probability is None else round(float(probability), 3)


def _tone_p(row: dict[str, Any]) -> float:
    """The probability of a turn's tone; guarded and upset are given from the chance of that tone or a harsher one."""
    if row["p_hostile"] is None:  # people decided
        return 1.0
    chances = (row["p_civil"], row["p_strained"] + row["p_hostile"], row["p_hostile"])
    return round(min(1.0, float(chances[row["tone"]])), 3)


def _house(turn: int, houses: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in houses:
        if one["turn"] == turn:
            yield {name: one[name] for name in ("start", "end", "agents", "spoken", "more")}


__all__ = ["JudgedConversation", "JudgedTurn", "held", "judged", "listed", "stored"]
