"""Who of unnamed speakers is the agent and who the customer, from what they say, and how sure that is.

Two things count: the acts of `role_phrases` (greets for a company, verifies, tells what went wrong, ...), each once for
its points, and the weights of some thousand phrases of one to three words, learned from conversations whose roles are
known (`data/training/role_weights.py`), one for phrases said anywhere and one more for a speaker's first turn. A
speaker's evidence is their sum. Of two speakers the difference of their evidence, over a spread that grows with what is
said, times a slope fitted on corpora that the weights had not seen, is the logit of "the first is the agent". To it
comes what the labels mean in the other conversations of the same export, where that is one thing (`role_habits`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources

import numpy as np
import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.role_habits import Habit, Habits, Vote, channel_of, is_numbered
from empathy_scan.role_phrases import ACTS, BOT, MACHINE
from empathy_scan.role_words import Numbers, PhraseBook, words

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]

ASIDE = 0.1  # share of the words below which a further speaker who cannot be placed is left out
MACHINE_SHARE = 0.5  # share of the words in turns with a phrase of MACHINE from which a speaker is a menu
MENUS_OF_TWO = 2  # such phrases, where only one other person speaks
ACTS_TOLD = 3  # in a reason
COMPANY = 2.0  # logits that it can weigh beside whom a third speaker's turns stand

_AGENT, _CUSTOMER, _SYSTEM, _UNKNOWN = (role.value for role in (Role.AGENT, Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN))
_SPEAKER = ("conversation_id", "label", "role")


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned: evidence of phrases, of a point, and how evidence becomes a probability."""

    said: dict[str, float]
    first: dict[str, float]  # added where a speaker's first turn holds the phrase
    point: float
    noise: float  # how much the doubt grows with what is said: the weights of what says nothing add up too
    slope: float
    alone: float  # slope for a single speaker, judged without another one
    middle: float  # evidence at which a single speaker is as likely agent as customer


@dataclass(frozen=True, slots=True)
class Speaker:
    """One speaker of one conversation: role so far, words, evidence (above 0: an agent's) and what they do."""

    role: str
    words: int
    evidence: float
    machine: float = 0.0  # share of the words in turns that hold what menus say; 1 for a bot that calls itself one
    acts: tuple[tuple[str, int], ...] = field(default=())  # with the turn, the weightiest first
    label: str = ""
    begins: int = 0  # first turn
    menus: int = 0  # how often they say what menus say
    noise: float = 0.0  # squares of the weights of what they say: how far chance alone moves the evidence
    beside: tuple[str, ...] = ()  # labels of the turns before and after theirs; only where there are three or more
    habit: Habit | None = None  # what the label means elsewhere in the export


@dataclass(frozen=True, slots=True)
class Decision:
    """A role and its reason, or `unknown` and how sure it would have been."""

    role: str
    why: str
    sure: float | None = None  # None where nothing was weighed


@dataclass(frozen=True, slots=True)
class _Conversation:
    name: str
    scopes: tuple[str, ...]  # file, and folder with format
    speakers: list[Speaker]


@cache
def weights() -> Weights:
    """The weights in the package."""
    text = resources.files("empathy_scan").joinpath("role_weights.json").read_text(encoding="utf-8")
    stored = json.loads(text)
    unit = stored["unit"]
    said, first = ({phrase: unit * worth for phrase, worth in stored[name].items()} for name in ("said", "first"))
    return Weights(said, first, stored["point"], stored["noise"], stored["slope"], stored["alone"], stored["middle"])


def infer(turns: pl.DataFrame, *, confidence: float) -> pl.DataFrame:
    """A decision for every speaker of unknown role: conversation_id, label, new_role (`unknown` if open), why and sure.

    `turns` holds whole conversations as a TURNS frame with the speakers' `label`, which is never null. `confidence` is
    the probability from which on a role is given.
    """
    conversations = _with_habits(list(_conversations(_with_company(evidence(turns), turns))), confidence)
    rows = [
        (conversation.name, speaker.label, decision.role, decision.why, decision.sure)
        for conversation in conversations
        for speaker, decision in zip(
            conversation.speakers, decide(conversation.speakers, confidence=confidence), strict=True
        )
        if decision is not None
    ]
    schema = dict.fromkeys(("conversation_id", "label", "new_role", "why"), pl.String) | {"sure": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


# --- what is said --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """All phrases that count, and per phrase what it counts for."""

    book: PhraseBook
    said: Floats
    first: Floats
    act: Numbers  # its number in ACTS, -1 for none
    machine: Bools
    bot: Bools


@cache
def _known() -> _Known:
    """The phrases of the weights in the package, of the acts and of machines."""
    learned, acts = weights(), list(ACTS.items())
    act_of = {phrase: at for at, (_, (_, phrases)) in enumerate(acts) for phrase in phrases}
    phrases = sorted({*learned.said, *learned.first, *act_of, *MACHINE, *BOT})
    return _Known(
        PhraseBook(phrases),
        np.array([learned.said.get(phrase, 0.0) for phrase in phrases]),
        np.array([learned.first.get(phrase, 0.0) for phrase in phrases]),
        np.array([act_of.get(phrase, -1) for phrase in phrases], dtype=np.int64),
        np.array([phrase in MACHINE for phrase in phrases]),
        np.array([phrase in BOT for phrase in phrases]),
    )


def evidence(turns: pl.DataFrame) -> pl.DataFrame:
    """One row per speaker: words, evidence, the share of a machine's words, and acts with the turn of the first one."""
    known = _known()
    speakers = turns.group_by(_SPEAKER).agg(pl.col("source", "format").min(), begins=pl.col("turn").min())
    speakers = speakers.sort(_SPEAKER).with_row_index("who")
    numbered = turns.select(*_SPEAKER, "turn", said=words(pl.col("text"))).join(
        speakers.select(*_SPEAKER, "who", "begins"), on=_SPEAKER, how="left", maintain_order="left"
    )
    who = numbered["who"].to_numpy().astype(np.int64)
    length = numbered["said"].list.len().to_numpy() - 1.0  # without START
    row, phrase = known.book.find(numbered["said"])
    opening = (numbered["turn"] == numbered["begins"]).to_numpy()[row]
    acts = _acts(who[row], known.act[phrase], numbered["turn"].to_numpy()[row])
    menu = np.zeros(len(who), dtype=bool)
    menu[row[known.machine[phrase]]] = True
    menus = np.bincount(who[row[known.machine[phrase]]], minlength=len(speakers))
    bots = np.bincount(who[row[known.bot[phrase]]], minlength=len(speakers)) > 0
    total = np.bincount(who, length, len(speakers))
    learned = _once(who[row], phrase, known.said, len(speakers))
    learned += _once(who[row[opening]], phrase[opening], known.first, len(speakers))
    return (
        speakers.with_columns(
            words=pl.Series(total).cast(pl.Int64),
            learned=pl.Series(learned),
            noise=pl.Series(_once(who[row], phrase, known.said**2, len(speakers))),
            menus=pl.Series(menus + 2 * bots),
            machine=pl.Series(np.maximum(bots, np.bincount(who, length * menu, len(speakers)) / np.maximum(total, 1))),
        )
        .join(acts, on="who", how="left", maintain_order="left")
        .with_columns(evidence=pl.col("learned") + pl.col("points").fill_null(0) * weights().point)
    )


def _once(who: Numbers, phrase: Numbers, worth: Floats, count: int) -> Floats:
    """The sum of the worth of each speaker's phrases, every phrase once, always added in the same order."""
    pairs = np.unique(who * len(worth) + phrase)
    return np.bincount(pairs // len(worth), worth[pairs % len(worth)], count).astype(np.float64)


def _acts(who: Numbers, act: Numbers, turn: Numbers) -> pl.DataFrame:
    """The points of what a speaker does, every act once, and the acts with the turn of their first phrase."""
    names = pl.DataFrame(
        [(at, name, points) for at, (name, (points, _)) in enumerate(ACTS.items())],
        schema={"act": pl.Int64, "name": pl.String, "points": pl.Int64}, orient="row",
    )  # fmt: skip
    done = act >= 0
    return (
        pl.DataFrame({"who": who[done].astype(np.uint32), "act": act[done], "turn": turn[done].astype(np.int64)})
        .group_by("who", "act")
        .agg(pl.col("turn").min())
        .join(names, on="act")
        .sort("who", pl.col("points").abs(), "turn", "name", descending=[False, True, False, False])
        .group_by("who", maintain_order=True)
        .agg(pl.col("points").sum(), acts="name", act_turns="turn")
    )


def _with_company(speakers: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    """The speakers with `beside`, where three or more speak in a conversation."""
    crowds = speakers.filter(pl.len().over("conversation_id") > 2).select("conversation_id").unique()
    ordered = turns.select("conversation_id", "turn", "label").join(crowds, on="conversation_id", how="semi")
    ordered = ordered.sort("conversation_id", "turn")
    steps = [ordered.with_columns(other=pl.col("label").shift(by).over("conversation_id")) for by in (1, -1)]
    beside = pl.concat(steps).drop_nulls("other").filter(pl.col("label") != pl.col("other"))
    return speakers.join(
        beside.group_by("conversation_id", "label").agg(beside="other"), on=["conversation_id", "label"], how="left"
    ).sort(_SPEAKER)


def _conversations(speakers: pl.DataFrame) -> Iterator[_Conversation]:
    """The conversations in the order of their ids."""
    columns = (
        "words",
        "evidence",
        "machine",
        "acts",
        "act_turns",
        "begins",
        "source",
        "format",
        "menus",
        "noise",
        "beside",
    )
    current: _Conversation | None = None
    for row in speakers.select(*_SPEAKER, *columns).iter_rows():
        name, label, role, words, weight, machine, acts, turns, begins, source, kind, menus, noise, beside = row
        if current is None or name != current.name:
            if current is not None:
                yield current
            current = _Conversation(name, (source, f"{source.rpartition('/')[0]}/*.{kind}"), [])
        done = tuple(zip(acts or (), turns or (), strict=True))
        current.speakers.append(
            Speaker(role, words, weight, machine, done, label, begins, menus, noise, tuple(beside or ()))
        )
    if current is not None:
        yield current


# --- what labels mean in an export ---------------------------------------------------------------------------------


def _with_habits(conversations: Sequence[_Conversation], confidence: float) -> list[_Conversation]:
    """The conversations, their two speakers with what the labels mean in the others."""
    votes = [_votes(conversation, confidence) for conversation in conversations]
    habits = Habits(vote for own in votes for vote in own.values())
    return [
        replace(each, speakers=[_with_habit(each, speaker, own, habits) for speaker in each.speakers])
        for each, own in zip(conversations, votes, strict=True)
    ]


def _with_habit(conversation: _Conversation, speaker: Speaker, own: dict[str, Vote], habits: Habits) -> Speaker:
    if speaker.role != _UNKNOWN or not speaker.label:
        return speaker
    label = channel_of(speaker.label)
    return replace(speaker, habit=habits.of(conversation.scopes, label, own.get(label)))


def _votes(conversation: _Conversation, confidence: float) -> dict[str, Vote]:
    """What a conversation of two whose roles are clear from what they say tells of their labels."""
    speakers, machines = conversation.speakers, _machines(conversation.speakers)
    people = [speaker for n, speaker in enumerate(speakers) if speaker.role != _SYSTEM and n not in machines]
    if len(people) != 2 or {speaker.role for speaker in people} != {_UNKNOWN}:
        return {}
    low, high = sorted(people, key=lambda speaker: speaker.evidence)
    labels = channel_of(low.label), channel_of(high.label)
    if labels[0] == labels[1] or sureness(_apart(high, low)) < confidence:
        return {}
    first = min(people, key=lambda speaker: speaker.begins)
    return {
        label: Vote(conversation.scopes, label, agent=speaker is high, first=speaker is first)
        for label, speaker in zip(labels, (low, high), strict=True)
    }


# --- who is who ----------------------------------------------------------------------------------------------------


def sureness(logit: float) -> float:
    """The probability of the likelier of two answers: 0.5 to 1."""
    return 1 / (1 + math.exp(-min(abs(logit), 50.0)))


def _apart(one: Speaker, other: Speaker) -> float:
    """The logit of "the one is the agent and the other the customer" by what they say."""
    spread = math.sqrt(1 + weights().noise * (one.noise + other.noise))
    return weights().slope * (one.evidence - other.evidence) / spread


def decide(speakers: Sequence[Speaker], *, confidence: float) -> list[Decision | None]:
    """Role and reason for every unknown speaker of a conversation, in any order of them; None for the known ones.

    What stays open is `unknown`, and its reason says how sure the likeliest answer would have been.
    """
    found = _machines(speakers)
    people = [n for n, speaker in enumerate(speakers) if speaker.role != _SYSTEM and n not in found]
    unknown = [n for n in people if speakers[n].role == _UNKNOWN]
    known = {speakers[n].role for n in people} - {_UNKNOWN}
    if not known and len(unknown) >= 2:
        found |= _sides(speakers, unknown, confidence)
    elif known or found:
        agents, customers = ([n for n in people if speakers[n].role == role] for role in (_AGENT, _CUSTOMER))
        found |= _further(speakers, unknown, agents, customers, confidence)
    rest = [n for n in unknown if n not in found]
    found |= _others(speakers, rest, known | {found[n].role for n in unknown if n in found})
    alone = Decision(_UNKNOWN, "only one speaker") if len(people) == 1 else None
    doubt = alone or (_doubt(speakers, rest, confidence) if rest else None)
    return [found.get(n) or (doubt if n in rest else None) for n in range(len(speakers))]


def _machines(speakers: Sequence[Speaker]) -> dict[int, Decision]:
    """The unknown speakers who are a menu, a queue or a bot; not all that there are."""
    least = 1 if len(speakers) > 2 else MENUS_OF_TWO
    found = {
        n: Decision(_SYSTEM, "inferred: says what only a menu or a bot says")
        for n, speaker in enumerate(speakers)
        if speaker.role == _UNKNOWN and speaker.machine >= MACHINE_SHARE and speaker.menus >= least
    }
    return found if len(found) < len(speakers) else {}


def _sides(speakers: Sequence[Speaker], unknown: Sequence[int], confidence: float) -> dict[int, Decision]:
    """Agent and customer where no role is known: the two furthest apart, then everybody else by what they say."""
    ordered = sorted(unknown, key=lambda n: (speakers[n].evidence, speakers[n].label))
    low, high = ordered[0], ordered[-1]
    logit, habit = _apart(speakers[high], speakers[low]), 0.0
    if len(ordered) == 2:
        habit = _habit_of(speakers[high], speakers[low])
        logit += habit
    if sureness(logit) < confidence:
        return {}
    if logit < 0:  # what the labels mean elsewhere outweighs the little that is said
        low, high, logit, habit = high, low, -logit, -habit
    elsewhere = _habit_in_words(speakers[high], speakers[low]) if habit > 0 else ""
    pair = {
        n: _told(role, logit, _acts_of_either(speakers[n], speakers[other], role), elsewhere)
        for n, other, role in ((high, low, _AGENT), (low, high, _CUSTOMER))
    }
    return pair | _further(speakers, ordered[1:-1], [high], [low], confidence)


def _habit_of(one: Speaker, other: Speaker) -> float:
    """The logit of "the one is the agent" by what the two labels mean elsewhere: the same votes, so the clearer one."""
    logits = [one.habit.logit if one.habit else 0.0, -other.habit.logit if other.habit else 0.0]
    return max(logits, key=abs)


def _further(
    speakers: Sequence[Speaker],
    unknown: Sequence[int],
    agents: Sequence[int],
    customers: Sequence[int],
    confidence: float,
) -> dict[int, Decision]:
    """The unknown speakers who can be told beside others whose roles are decided.

    A second agent talks to the customer, and whoever is with the customer talks to the agent. So it counts beside whom
    their turns stand. What they say is held against what these agents and customers say, and all agents and customers.
    """
    middle = weights().middle
    if agents and customers:
        ends = [sum(speakers[n].evidence for n in side) / len(side) for side in (agents, customers)]
        middle = (middle + sum(ends) / 2) / 2
    logits = {
        n: weights().alone * (speakers[n].evidence - middle) + _company(speakers[n], speakers, agents, customers)
        for n in unknown
    }
    return {
        n: _told(role, logit, _in_words(speakers[n], role))
        for n, logit in logits.items()
        if sureness(logit) >= confidence and (role := _AGENT if logit > 0 else _CUSTOMER)
    }


def _company(speaker: Speaker, speakers: Sequence[Speaker], agents: Sequence[int], customers: Sequence[int]) -> float:
    """The logit of "an agent" by whose turns stand beside the speaker's."""
    beside = Counter(speaker.beside)
    near_agents, near_customers = (sum(beside[speakers[n].label] for n in side) for side in (agents, customers))
    return max(-COMPANY, min(COMPANY, math.log((near_customers + 1) / (near_agents + 1))))


def _others(speakers: Sequence[Speaker], rest: Sequence[int], roles: set[str]) -> dict[int, Decision]:
    """What is left over: the only candidate for a missing role gets it, and who says next to nothing is left out."""
    total = sum(speaker.words for speaker in speakers if speaker.role != _SYSTEM)
    large = [n for n in rest if speakers[n].words >= ASIDE * total]
    missing = {_AGENT, _CUSTOMER} - roles
    found: dict[int, Decision] = {}
    if len(missing) == 1 and len(large) == 1:
        found[large[0]] = Decision(missing.pop(), "inferred: the only other speaker")
    if not missing:
        aside = Decision(_SYSTEM, "left out: says too little to be told apart")
        found |= dict.fromkeys((n for n in rest if n not in large), aside)
    return found


# --- in words ------------------------------------------------------------------------------------------------------


def _told(role: str, logit: float, acts: str, elsewhere: str = "") -> Decision:
    """The decision with its reason: what is done, what the labels mean elsewhere, else the wording."""
    words = f"words that {'an agent' if role == _AGENT else 'a customer'} uses"
    why = "; ".join(filter(None, [acts, elsewhere])) or words
    return Decision(role, f"inferred, {percent(sureness(logit))} sure: {why}", sureness(logit))


def _acts_of_either(own: Speaker, other: Speaker, role: str) -> str:
    """What the speaker does that tells the role, else what the other one does that tells the other role."""
    if acts := _in_words(own, role):
        return acts
    against = _in_words(other, _CUSTOMER if role == _AGENT else _AGENT)
    return against and f"the other speaker {against}"


def _habit_in_words(agent: Speaker, customer: Speaker) -> str:
    """What the clearer of two labels means elsewhere; a person's name is not repeated."""
    found = [(speaker, speaker.habit) for speaker in (agent, customer) if speaker.habit]
    speaker, habit = max(found, key=lambda pair: abs(pair[1].logit))
    who = speaker.label if is_numbered(speaker.label) else "one of the names"
    role = "agent" if habit.logit > 0 else "customer"
    return f"{who} is the {role}'s in {habit.agreeing} of {habit.votes} other conversations of this export"


def _in_words(speaker: Speaker, role: str) -> str:
    """The weightiest acts of a role: "greets for a company (turn 0), verifies (turn 4)"."""
    sign = 1 if role == _AGENT else -1
    acts = [f"{act} (turn {turn})" for act, turn in speaker.acts if ACTS[act][0] * sign > 0]
    return ", ".join(acts[:ACTS_TOLD])


def _doubt(speakers: Sequence[Speaker], rest: Sequence[int], confidence: float) -> Decision:
    """How sure the likeliest answer for the speakers left over would be."""
    low, *_, high = [*sorted((speakers[n] for n in rest), key=lambda speaker: speaker.evidence)] * 2
    logit = _apart(high, low) if len(rest) > 1 else weights().alone * (low.evidence - weights().middle)
    if len(rest) == 2:
        logit += _habit_of(high, low)
    sure = sureness(logit)
    return Decision(_UNKNOWN, f"{percent(sure)} sure, {percent(confidence)} needed", sure)


def percent(share: float) -> str:
    """Rounded down, so that nothing is 100% sure."""
    return f"{min(99, math.floor(100 * share + 1e-9))}%"
