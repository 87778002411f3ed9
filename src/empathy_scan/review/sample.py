"""Which turns are drawn for people to label: with known chances, so that what people say of them holds for all turns.

Four parts make up a draw. A *random* one, for honest error rates; an *uncertain* one, more likely the less the model is
sure, for learning; one of *rare* labels, each of them alike; and turns that reports *cite*, each agent's alike. A turn
may belong to several parts: its chance to be drawn is the sum of its chances in them, and exactly that many turns are
taken (systematic sampling with unequal probabilities, Madow 1949, along the turns by role and agent, so that every
agent's share is close to its due). What was drawn before is not drawn again.

Over several draws a turn's chance is r1 p1 + (1 - p1) r2 p2 + (1 - p1)(1 - p2) r3 p3 ..., where p is its chance in a
draw and r the share of that draw that was answered, which is 0 for a label that the draw did not ask: whatever was
drawn is not drawn again, answered or not. Its weight is one over that (Horvitz and Thompson 1952).
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from empathy_scan.codebook import ATTACK_CODES, ATTACK_NAMES, FLAG_CODES, FLAG_NAMES, Role
from empathy_scan.errors import UsageError
from empathy_scan.review import questions
from empathy_scan.review.queue import (
    CITED,
    PARTS,
    RANDOM,
    RARE,
    UNCERTAIN,
    Draw,
    Item,
    Queue,
    digits,
    item_id,
)
from empathy_scan.stats import Numbers
from empathy_scan.store import Stored

Flags = npt.NDArray[np.bool_]

SIZE = 300
OVERLAP = 25  # percent of the turns that every reviewer gets
MIX: Mapping[str, float] = {RANDOM: 40, UNCERTAIN: 25, RARE: 20, CITED: 15}  # percent of a draw
CONTEXT_TURNS = 6  # before the turn that is asked about
RARE_BELOW = 0.1  # of a role's turns that carry a label
_SURE = 1e-9


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be drawn; the shares of `mix` are of any unit."""

    size: int = SIZE
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))
    overlap: float = OVERLAP / 100
    roles: Sequence[str] = (Role.AGENT.value, Role.CUSTOMER.value)
    agents: Sequence[str] = ()  # none = all
    reviewers: Sequence[str] = ()
    seed: int = 20261005
    asks: Sequence[str] = ()  # keys of own labels that alone are asked; none = all questions


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a label before people answer: conversation_id, turn, `doubt` and `likely`, both 0 or more.

    `uncertain` turns are then those of doubt, and `rare` ones those that are likely to have the label: the likelier,
    the more probable to be drawn, each with its known chance.
    """

    turns: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of a wish: the draw, how many turns there were to choose from, and what is to be told."""

    draw: Draw
    frame: int  # turns that could be drawn
    known: int  # of the turns that the wish is about, drawn before
    notes: tuple[str, ...]


def draw(
    stored: Stored, queue: Queue, wish: Wish, *, cited: pl.DataFrame | None = None, outlook: Outlook | None = None
) -> Drawn:
    """Draw turns from what a store holds and add them to the queue.

    `cited` names turns that a report cites: conversation_id, turn, agent_id; `outlook` is that of a label for whose
    sake turns are drawn, in the place of what the model says. Fewer turns than wished for are drawn
    where there are no more. Raises UsageError where none can be drawn, or for a mix that cannot be.
    """
    shares = _checked(wish)
    turns = frame(stored, wish)
    held = {item.id for item in queue.items()}
    turns = turns.with_columns(id=pl.Series(map(item_id, turns["conversation_id"], turns["turn"]), dtype=pl.String))
    free = ~turns["id"].is_in(list(held)).to_numpy()
    if not free.any():
        raise UsageError(
            "there is no turn left to draw" if turns.height else "no scored turn is in question",
            remedy="scan more conversations, or ask for other agents or days",
        )
    if outlook is not None:
        turns = (
            turns.drop("doubt")
            .join(outlook.turns, on=("conversation_id", "turn"), how="left")
            .with_columns(pl.col("doubt", "likely").fill_null(0.0), unsure=pl.lit(value=False))
        )
    chances, notes = _chances(turns, free, _counts(shares, min(wish.size, int(free.sum()))), cited)
    if wish.asks and (lost := _out_of_reach(turns, queue, wish.asks)):
        notes.append(
            f"{lost} of the {turns.height} turns were certain to be in an earlier draw, which did not ask for this "
            "label: what is found speaks of the others"
        )
    generator = np.random.default_rng([wish.seed, queue.next_number()])
    taken = _systematic(turns, chances.sum(axis=0) * free, generator)
    items = _items(stored, turns[taken], chances[:, taken], wish, queue, generator)
    asked = {
        "size": wish.size, "mix": dict(wish.mix), "overlap": wish.overlap, "roles": list(wish.roles),
        "agents": list(wish.agents), "seed": wish.seed, "frame": turns.height, "asks": list(wish.asks),
    }  # fmt: skip
    made = Draw(queue.next_number(), asked, items)
    numbered = turns.select(digits(turns["conversation_id"].to_list()), pl.col("turn"), p=chances.sum(axis=0))
    queue.add_draw(made, numbered)
    if len(items) < wish.size:
        notes.append(f"only {len(items)} of the {wish.size} turns wished for are there")
    return Drawn(made, int(free.sum()), int((~free).sum()), tuple(notes))


def frame(stored: Stored, wish: Wish) -> pl.DataFrame:
    """The scored turns that a wish is about: their LABELS, `agent_id` of the conversation, how unsure the model is."""
    judged = stored.scores.select(
        "conversation_id", "turn", "unsure", doubt=_doubt()
    ).group_by("conversation_id", "turn").agg(pl.col("unsure").any(), pl.col("doubt").max())  # fmt: skip
    first = (
        stored.labels.filter(pl.col("agent_id").is_not_null())
        .sort("conversation_id", "turn")
        .group_by("conversation_id")
        .agg(held_by=pl.col("agent_id").first())
    )
    known = stored.labels.join(judged, on=("conversation_id", "turn"), how="inner").join(
        first, on="conversation_id", how="left"
    )
    owned = known.with_columns(agent_id=pl.coalesce("agent_id", "held_by", pl.lit(""))).drop("held_by")
    wanted = pl.col("role").is_in(list(wish.roles))
    if wish.agents:
        wanted &= pl.col("agent_id").is_in(list(wish.agents))
    return owned.filter(wanted).sort("conversation_id", "turn")


def weights(queue: Queue, answered: Sequence[str]) -> dict[str, float]:
    """One over the chance that each of the answered turns, by their ids, had to be drawn and answered, in all draws."""
    draws, there = queue.draws(), set(answered)
    items = {item.id: item for draw_ in draws for item in draw_.items if item.id in there}
    if not items:
        return {}
    share = _answered(draws, there, {item.role for item in items.values()})
    asked = pl.DataFrame(
        {"id": list(items), "turn": pl.Series([item.turn for item in items.values()], dtype=pl.Int32)}
    ).with_columns(digits([item.conversation_id for item in items.values()]))
    found = asked.join(queue.chances(), on=("conversation", "turn"), how="left").with_columns(
        pl.col("p").fill_null(0.0), r=pl.col("draw").replace_strict(share, default=0.0, return_dtype=pl.Float64)
    )
    left = (1 - pl.col("p")).cum_prod().shift(1, fill_value=1.0).over("id")  # not drawn before
    reached = found.sort("id", "draw").with_columns(q=left * pl.col("p") * pl.col("r"))
    return {name: 1 / max(chance, _SURE) for name, chance in reached.group_by("id").agg(pl.col("q").sum()).iter_rows()}


def _answered(draws: Sequence[Draw], there: Container[str], roles: Container[str]) -> dict[int, float]:
    """By draw the share of its turns of these roles that was answered."""
    own = {each.number: [item.id in there for item in each.items if item.role in roles] for each in draws}
    return {number: sum(held) / max(1, len(held)) for number, held in own.items()}


def _out_of_reach(turns: pl.DataFrame, queue: Queue, asks: Sequence[str]) -> int:
    """How many turns an earlier draw was certain to take without asking for these labels: no weight makes up for it."""
    silent = [each.number for each in queue.draws() if not any(set(asks) & set(item.asks) for item in each.items)]
    certain = queue.chances().filter(pl.col("draw").is_in(silent), pl.col("p") > 1 - _SURE)
    named = turns.select(digits(turns["conversation_id"].to_list()), pl.col("turn"))
    return named.join(certain, on=("conversation", "turn"), how="semi").height


def _checked(wish: Wish) -> dict[str, float]:
    """The shares of the parts; raises UsageError for what cannot be."""
    total = sum(wish.mix.values())
    if set(wish.mix) - set(PARTS) or total <= 0 or min(wish.mix.values()) < 0:
        raise UsageError("the parts of a draw cannot be mixed so", remedy=f"give shares of {', '.join(PARTS)}")
    if wish.size < 1 or not 0 <= wish.overlap <= 1:
        raise UsageError("a draw takes one turn or more, and 0 to 100 percent overlap", remedy="correct the number")
    return {part: wish.mix.get(part, 0.0) / total for part in PARTS}


def _counts(shares: Mapping[str, float], size: int) -> dict[str, int]:
    """How many turns each part is to have; the parts' sum is the size."""
    ends = np.round(np.cumsum([shares[part] for part in PARTS]) * size).astype(int)
    return dict(zip(PARTS, np.diff(ends, prepend=0).tolist(), strict=True))


def _doubt() -> pl.Expr:
    """How unsure the model is of a segment, 0 to 1: the most open of its decisions."""
    yes_or_no = [f"p_{name}" for name in (*FLAG_NAMES, *ATTACK_NAMES)]
    open_ = [1 - (2 * pl.col(name) - 1).abs() for name in yes_or_no]
    tone = (1 - pl.max_horizontal("p_civil", "p_strained", "p_hostile")) * 1.5
    return pl.max_horizontal(*open_, tone).cast(pl.Float64).fill_null(0.0).clip(0.0, 1.0)


def _chances(
    turns: pl.DataFrame, free: Flags, counts: Mapping[str, int], cited: pl.DataFrame | None
) -> tuple[Numbers, list[str]]:
    """The chance of every turn in every part [parts, turns], as if it had not been drawn before; and notes.

    Over the free turns they add up to the size. What the other parts cannot use falls to the random one.
    """
    size = sum(counts.values())
    doubt = turns["doubt"].to_numpy() ** 2 + turns["unsure"].to_numpy()
    of_cited = _cited(turns, cited)
    wanted = {
        UNCERTAIN: _spread(doubt, counts[UNCERTAIN], free),
        RARE: _spread(turns["likely"].to_numpy(), counts[RARE], free)
        if "likely" in turns.columns
        else _by_class(_rare(turns), counts[RARE], free),
        CITED: _by_class(of_cited, counts[CITED], free),
    }
    notes = [
        "no cited moments are known: name the folder of a report with --reports"
        if part == CITED and not of_cited
        else f"there were {float((p * free).sum()):.0f} turns for the part “{part}”, {counts[part]} were wished for"
        for part, p in wanted.items()
        if float((p * free).sum()) < counts[part] - 1
    ]
    rest = max(0.0, size - sum(float((p * free).sum()) for p in wanted.values()))
    parts = np.stack([np.full(turns.height, rest / free.sum()), *(wanted[part] for part in PARTS[1:])])
    return _fitted(parts, size, free), notes


def _spread(measure: Numbers, count: float, free: Flags) -> Numbers:
    """Chances in proportion to a measure, none above 1, that add up to the count over the free turns if they can."""
    chances = np.zeros(len(measure))
    certain = np.zeros(len(measure), dtype=np.bool_)
    while True:
        left, some = count - float((certain & free).sum()), measure * ~certain
        total = float(some[free].sum())
        if left <= 0 or total <= 0:
            return np.where(certain, 1.0, 0.0) if count > 0 else chances
        chances = np.where(certain, 1.0, some * left / total)
        over = (chances > 1) & ~certain
        if not over.any():
            return chances
        certain |= over


def _by_class(classes: Sequence[Flags], count: int, free: Flags) -> Numbers:
    """Chances that give every class the same number of turns, as far as it has so many."""
    chances = np.zeros(len(free))
    filled = [held for held in classes if (held & free).any()]
    left = float(count)
    for place, held in enumerate(sorted(filled, key=lambda held: int((held & free).sum()))):
        own = min(left / (len(filled) - place), float((held & free).sum()))
        chances += held * own / float((held & free).sum())
        left -= own
    return np.minimum(chances, 1.0)


def _rare(turns: pl.DataFrame) -> list[Flags]:
    """For each label that the model gives to few turns of its role, which turns have it."""
    role = turns["role"].to_numpy()
    found = []
    for name, codes in ((Role.AGENT.value, FLAG_CODES), (Role.CUSTOMER.value, ATTACK_CODES)):
        own = role == name
        column = "flags" if name == Role.AGENT else "kinds"
        held = [turns[column].str.contains(code, literal=True).to_numpy() & own for code in codes]
        held += [(turns["tone"].to_numpy() == tone) & own for tone in (1, 2)]
        found += [each for each in held if 0 < each.sum() < RARE_BELOW * own.sum()]
    return found


def _cited(turns: pl.DataFrame, cited: pl.DataFrame | None) -> list[Flags]:
    """For each agent which turns are cited."""
    if cited is None or cited.is_empty():
        return []
    named = cited.select("conversation_id", pl.col("turn").cast(pl.Int32), by=pl.col("agent_id")).unique()
    found = turns.select("conversation_id", "turn").with_row_index("at").join(named, on=("conversation_id", "turn"))
    classes = []
    for _, own in sorted(found.partition_by("by", as_dict=True).items()):
        held = np.zeros(turns.height, dtype=np.bool_)
        held[own["at"].to_numpy()] = True
        classes.append(held)
    return classes


def _fitted(parts: Numbers, size: int, free: Flags) -> Numbers:
    """The parts' chances, scaled so that no turn's sum is above 1 and those of the free ones add up to the size."""
    whole = parts.sum(axis=0)
    fitted = _spread(whole, size, free)
    return np.asarray(parts * np.divide(fitted, whole, out=np.zeros_like(whole), where=whole > 0))


def _systematic(turns: pl.DataFrame, chances: Numbers, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """The places of the turns taken, by systematic sampling along the turns by role and agent, else in random order."""
    mixed = turns.select("role", "agent_id", luck=pl.Series(generator.random(turns.height)))
    order = mixed.with_row_index("at").sort("role", "agent_id", "luck")["at"].to_numpy()
    ends = np.cumsum(chances[order])
    size = round(float(ends[-1]))
    ends *= size / ends[-1]
    marks = generator.random() + np.arange(size)
    found = np.searchsorted(ends, marks, side="left")
    return np.asarray(np.sort(order[np.minimum(found, len(order) - 1)]), dtype=np.int64)


def _items(
    stored: Stored,
    taken: pl.DataFrame,
    chances: Numbers,
    wish: Wish,
    queue: Queue,
    generator: np.random.Generator,
) -> tuple[Item, ...]:
    """The turns taken, in random order: each for one of its parts, some for everyone, the others dealt to reviewers."""
    ids = taken["conversation_id"].unique()
    said = stored.turns.filter(pl.col("conversation_id").is_in(ids.implode())).sort("conversation_id", "turn")
    lines: dict[str, list[tuple[int, str, str]]] = {}
    for conversation, turn, role, text in said.select("conversation_id", "turn", "role", "text").iter_rows():
        lines.setdefault(conversation, []).append((turn, role, text))
    version = {
        row[0]: row[1:]
        for row in stored.conversations.select("conversation_id", "content", "model", "settings").iter_rows()
    }
    rows, number = taken.to_dicts(), queue.next_number()
    asks = {role: _asks(role, queue, wish) for role in wish.roles}
    order = generator.permutation(len(rows))
    everyone = set(order[: math.floor(wish.overlap * len(rows) + 0.5)].tolist())
    made: list[Item] = []
    for dealt, at in enumerate(order.tolist()):
        row, own = rows[at], chances[:, at]
        before = [line for line in lines[row["conversation_id"]] if line[0] < row["turn"]][-CONTEXT_TURNS:]
        text = next(line[2] for line in lines[row["conversation_id"]] if line[0] == row["turn"])
        made.append(
            Item(
                id=row["id"], conversation_id=row["conversation_id"], turn=row["turn"], role=row["role"],
                agent_id=row["agent_id"], text=text, context=tuple((role, words) for _, role, words in before),
                model=questions.said(row["role"], row["flags"], row["tone"], row["kinds"]),
                version=version[row["conversation_id"]],
                part=PARTS[int(generator.choice(len(PARTS), p=own / own.sum()))], draw=number,
                everyone=at in everyone,
                reviewer=wish.reviewers[dealt % len(wish.reviewers)] if wish.reviewers else "",
                asks=asks[row["role"]],
            )
        )  # fmt: skip
    return tuple(made[at] for at in generator.permutation(len(made)))


def _asks(role: str, queue: Queue, wish: Wish) -> tuple[str, ...]:
    """The keys of the questions that turns of a role are drawn for; none for the standard ones."""
    if wish.asks:
        return tuple(wish.asks)
    own = [each.key for each in queue.own if each.role == role]
    return (*(each.key for each in questions.of(role)), *own) if own else ()
