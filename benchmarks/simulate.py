"""Contact centres whose truth is known: labelled turns of made-up agents, for benchmarks/truth.py.

What an agent does is a matter of chance with known chances: how often they understand, recite, take a step or lose
their tone, and how much more often they do so after a hostile customer, late in a shift, after abuse in an earlier
conversation or after reciting twice. Customers differ by queue and channel, stay hostile once they are, calm down after
understanding and flare up after a snap. Turns of a conversation resemble each other: each conversation has a heat of
its customer, a care and a temper of its agent, and a leaning to steps and to stock phrases, that hold throughout.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import special

from empathy_scan.codebook import CareClass, Role
from empathy_scan.mirror import care_class
from empathy_scan.phrases import SENTENCES
from empathy_scan.tables import LABELS

Numbers = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]  # sums of bits

SHIFT = 10  # conversations of a shift, forty minutes apart
EXCHANGES = 6  # of a conversation at most
QUEUES = ("Repairs", "Billing", "Cancellations")
QUEUE_HEAT = np.array([-0.6, 0.0, 1.0])  # how much more hostile their customers are, in logits
CHANNELS = ("call", "chat", "email")
MONDAY = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
TEMPERS = np.array([0.25, 0.75, 1.0, 2.0])  # of an agent in a conversation: chances to lose the tone times this
OWN_SENTENCES = 6  # of each agent
_S, _A, _X, _O = 1, 2, 4, 8
_FLAGS = [
    "".join(code for bit, code in zip((_S, _A, _X, _O), "SAXO", strict=True) if flags & bit) for flags in range(16)
]
_ATTACKS = ((1, "i", 0.5), (2, "t", 0.12), (4, "p", 0.4), (8, "c", 0.35))
_KINDS = ["".join(code for bit, code, _ in _ATTACKS if kinds & bit) for kinds in range(16)]
_HOUSE = (
    "I'm so sorry to hear that", "Thank you for your patience today", "We apologise for any inconvenience caused",
    "I completely understand your frustration", "Your call is very important to us",
    "Please rest assured we value your custom", "Sorry for the delay in getting back",
    "I appreciate you bringing this to us",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Agents:
    """What is true of each agent, one entry an agent; chances, or logits of chances where it says so."""

    understanding: Numbers  # logit of an empathic turn where one is called for
    reciting: Numbers  # chance of a scripted turn where it is not empathic
    stepping: Numbers  # logit of a step owned in a turn
    gruffness: Numbers  # chance of a turn that is not civil
    mirroring: Numbers  # added after a hostile customer
    strain: Numbers  # added for every hostile turn so far, up to three
    snapping: Numbers  # added after reciting twice and understanding nothing
    carrying: Numbers  # added in the three conversations of the shift after abuse; ten times that taken from the logit
    belittling: Numbers  # share of the turns that are not civil that are hostile
    channel_care: Numbers  # added to the logit in calls
    lateness: Numbers  # taken from the logit in the last hour
    flinching: Numbers  # taken from the logit when the customer is hostile
    house: Numbers  # logit of a caring sentence being a house phrase
    heat: Numbers  # logit of a hostile customer turn
    answered_back: Numbers  # added to that logit after a turn that is not civil
    calming: Numbers  # taken from it after understanding
    queues: Numbers  # [agents, QUEUES] shares
    channels: Numbers  # [agents, CHANNELS] shares

    def take(self, places: npt.NDArray[np.int64]) -> Agents:
        """The agents at these places, any number of times each."""
        return Agents(*(getattr(self, one.name)[places] for one in fields(self)))


def staff(number: int, random: np.random.Generator) -> Agents:
    """Agents as different as those of several centres."""

    def between(low: float, high: float) -> Numbers:
        return random.uniform(low, high, number)

    return Agents(
        between(-1.5, 1.0), between(0.2, 0.8), between(-1.2, 0.6), between(0.02, 0.12), between(0.0, 0.35),
        between(0.0, 0.04), between(0.0, 0.15), between(0.0, 0.06), between(0.1, 0.35), between(-0.5, 0.8),
        between(0.0, 0.6), between(0.0, 1.0), between(-0.8, 1.5), between(-2.8, -0.8), between(0.0, 1.0),
        np.full(number, 0.8), random.dirichlet([2.0, 2.0, 2.0], number), random.dirichlet([3.0, 1.5, 2.0], number),
    )  # fmt: skip


def alike(number: int, **truths: float) -> Agents:
    """Agents of whom the same is true: that of `truths`, and for the rest nothing out of the common."""
    usual = {
        "understanding": -0.2, "reciting": 0.5, "stepping": -0.3, "gruffness": 0.08, "mirroring": 0.0, "strain": 0.0,
        "snapping": 0.0, "carrying": 0.0, "belittling": 0.25, "channel_care": 0.0, "lateness": 0.0, "flinching": 0.0,
        "house": 0.4, "heat": -1.4, "answered_back": 0.0, "calming": 0.8,
    } | truths  # fmt: skip
    same = {name: np.full(number, value) for name, value in usual.items()}
    return Agents(**same, queues=np.full((number, 3), 1 / 3), channels=np.full((number, 3), 1 / 3))


@dataclass(frozen=True, slots=True)
class _Said:
    """One turn of every conversation that is `going` on, in codes."""

    going: Truths
    role: Role
    flags: Codes | int = 0
    tone: Numbers | int = 0
    kinds: Codes | int = 0
    hardship: Truths | bool = False
    seen: Numbers | float = 0.0  # P(hostile) of a customer's turn, as a model would tell it


@dataclass
class _Course:
    """Where a number of conversations stand that go on side by side, and what was said in them."""

    agents: Agents  # one entry a conversation
    random: np.random.Generator
    carried: Truths
    late: Truths

    def __post_init__(self) -> None:
        size, random = len(self.carried), self.random
        self.queue = _choice(self.agents.queues, random)
        self.channel = _choice(self.agents.channels, random)
        self.heat = self.agents.heat + QUEUE_HEAT[self.queue] + random.normal(0, 1.0, size)
        self.care, self.steps, self.stock = random.normal(0, 0.8, (3, size))
        self.temper = TEMPERS[random.integers(0, len(TEMPERS), size)]
        self.hard = random.random(size) < 0.15
        self.length = np.minimum(1 + random.poisson(2.2, size), EXCHANGES)
        self.hostile_before = np.zeros(size)
        self.hostile, self.lost, self.understood = (np.zeros(size, dtype=bool) for _ in range(3))
        self.scripted, self.empathic = np.zeros(size), np.zeros(size)
        self.turns: list[_Said] = []

    def talk(self) -> None:
        """The whole of the conversations: greetings, exchanges, and here and there a last word of the customer."""
        size, random = len(self.carried), self.random
        self.turns.append(_Said(random.random(size) < 0.3, Role.AGENT))
        last_word = random.random(size) < 0.15
        for exchange in range(EXCHANGES):
            going = self.length > exchange
            self._customer(going)
            ending = last_word & (self.length == exchange + 1) & (exchange > 0)
            self._agent(going & ~ending)
            self._agent(going & ~ending & (random.random(size) < 0.15))

    def _customer(self, going: Truths) -> None:
        random, size = self.random, len(going)
        logit = (
            self.heat
            + 1.0 * self.hostile
            - self.agents.calming * self.understood
            + self.agents.answered_back * self.lost
        )
        chance = special.expit(logit)
        self.hostile = np.where(going, random.random(size) < chance, self.hostile)
        upset = random.random(size) < 0.35
        hardship = self.hard & (random.random(size) < 0.4)
        tone = np.where(self.hostile, 2.0, upset)
        kinds: Codes = np.zeros(size, dtype=np.int64)
        for bit, _, share in _ATTACKS:
            kinds += bit * (self.hostile & (random.random(size) < share))
        seen = special.expit(np.where(self.hostile, 1.5, -2.0) + random.normal(0, 0.8, size))
        self.hostile_before += going & self.hostile
        self.called = self.hostile | upset | hardship
        self.lost, self.understood = (np.where(going, False, past) for past in (self.lost, self.understood))
        self.turns.append(_Said(going, Role.CUSTOMER, 0, tone, kinds, hardship, seen))

    def _agent(self, going: Truths) -> None:
        random, size, who = self.random, len(going), self.agents
        logit = who.understanding + self.care - 10 * who.carrying * self.carried - who.flinching * self.hostile
        logit += who.channel_care * (self.channel == 0) - who.lateness * self.late
        empathic = random.random(size) < np.where(self.called, special.expit(logit), 0.06)
        recited = np.where(self.called, who.reciting, 0.4 * who.reciting) * special.expit(1 + self.stock)
        scripted = random.random(size) < np.where(empathic, 0.15, recited)
        asking = random.random(size) < 0.35
        flags = _S * scripted + empathic * np.where(asking, np.where(random.random(size) < 0.5, _X, _A | _X), _A)
        flags += _O * (random.random(size) < special.expit(who.stepping + self.steps))
        chance = who.gruffness + who.mirroring * self.hostile + who.strain * np.minimum(self.hostile_before, 3)
        chance = chance + who.snapping * ((self.scripted >= 2) & (self.empathic == 0)) + who.carrying * self.carried
        lost = random.random(size) < np.minimum(chance * self.temper, 1.0)
        tone = lost * np.where(random.random(size) < who.belittling, 2.0, 1.0)
        self.scripted += going & scripted & ~empathic
        self.empathic += going & empathic
        self.lost |= going & lost
        self.understood |= going & empathic
        self.turns.append(_Said(going, Role.AGENT, flags.astype(np.int64), tone))


def _choice(shares: Numbers, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """For each row of shares one of its columns."""
    return np.asarray((random.random(len(shares))[:, None] > shares.cumsum(axis=1)[:, :-1]).sum(axis=1))


def centre(
    agents: Agents, conversations: int, random: np.random.Generator, *, days: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """So many conversations (tens) of each agent, named a0000, a0001 ..: a LABELS frame, and their SENTENCES.

    A shift begins every so many `days`.
    """
    number, shifts = len(agents.heat), -(-conversations // SHIFT)
    places = np.repeat(np.arange(number), shifts)
    abused = [np.zeros(len(places), dtype=bool)] * 3
    frames, said, own = [], [], _own_words(number)
    for place in range(min(SHIFT, conversations)):
        carried = np.any(abused[-3:], axis=0)
        course = _Course(agents.take(places), random, carried, np.full(len(places), place >= SHIFT - 2))
        course.talk()
        abused.append(course.hostile_before > 0)
        frames.append(_labels(course, places, place, shifts, days))
        said.append(_sentences(course, frames[-1], own))
    return pl.concat(frames), pl.concat(said)


def _labels(course: _Course, places: npt.NDArray[np.int64], place: int, shifts: int, days: int) -> pl.DataFrame:
    """The turns of conversations as LABELS; their row in the course goes along in the name."""
    size = len(places)
    steps, rows = np.stack([turn.going for turn in course.turns]).nonzero()
    flags, tone, kinds, hardship, seen = (
        np.stack([np.broadcast_to(getattr(turn, part), size) for turn in course.turns])[steps, rows]
        for part in ("flags", "tone", "kinds", "hardship", "seen")
    )
    role = pl.Series([turn.role.value for turn in course.turns]).gather(steps)
    began = place * 40.0 + course.random.uniform(0, 19, size)  # minutes
    day = np.arange(size) % shifts
    minutes = pl.Series((began + day * days * 24 * 60)[rows] * 60e6).cast(pl.Int64).cast(pl.Duration("us"))
    who = pl.Series([f"a{one:04}" for one in range(int(places.max()) + 1)]).gather(places[rows])
    frame = pl.DataFrame(
        {
            "conversation_id": who + pl.Series(f"-{one:04}-{place}" for one in range(shifts)).gather(day[rows]),
            "channel": pl.Series(CHANNELS).gather(course.channel[rows]),
            "queue": pl.Series(QUEUES).gather(course.queue[rows]),
            "started_at": pl.Series([MONDAY]).dt.cast_time_unit("us").gather(np.zeros(len(rows), dtype=int)) + minutes,
            "turn": steps.astype(np.int32),
            "agent_id": who, "flags": pl.Series(_FLAGS).gather(flags.astype(int)), "tone": tone.astype(np.int8),
            "kinds": pl.Series(_KINDS).gather(kinds.astype(int)), "hardship": hardship.astype(bool),
            "p_hostile": seen, "role": role,
        }
    )  # fmt: skip
    by_agent = pl.col("role") == Role.AGENT
    return frame.with_columns(
        pl.when(by_agent).then("agent_id"), pl.when(~by_agent).then("p_hostile")
    ).select(LABELS.columns.keys())  # fmt: skip


def _sentences(course: _Course, labels: pl.DataFrame, own: pl.Series) -> pl.DataFrame:
    """One or two caring sentences for every caring turn: of the house, or one of the agent's `own`."""
    random = course.random
    conversation = np.stack([turn.going for turn in course.turns]).nonzero()[1]  # of each turn
    stock = random.random(len(conversation)) < special.expit(course.agents.house + course.stock)[conversation]
    said = labels.with_columns(care_class=care_class(pl.col("flags")), stock=stock, row=conversation).filter(
        pl.col("care_class") != CareClass.NEUTRAL
    )
    both = pl.concat([said, said.filter(pl.Series(random.random(said.height) < 0.4))])
    house = pl.Series(_HOUSE).gather(random.integers(0, len(_HOUSE), both.height))
    mine = OWN_SENTENCES * both["agent_id"].str.slice(1).cast(pl.Int64) + random.integers(0, OWN_SENTENCES, both.height)
    nowhere = {name: pl.lit(None, pl.Int32) for name in ("start", "end")}
    text = pl.when("stock").then(house).otherwise(own.gather(mine))
    return both.with_columns(text=text, **nowhere).select(SENTENCES.keys())


def _own_words(agents: int) -> pl.Series:
    """Sentences that nobody else says, OWN_SENTENCES for each agent: words of random letters."""
    letters = np.random.default_rng(5).choice(list("abdefgiklmnoprstu"), (agents * OWN_SENTENCES, 5, 6))
    return pl.Series([" ".join("".join(word) for word in sentence) for sentence in letters])
