"""What another model moves: two labellings of the same conversations, compared label by label and figure by figure.

`Tally` takes the labels of one month after the other and keeps only how many conversations are alike in both, so that
memory does not grow with history; `Tally.comparison` then gives agreement (paired.py), what turned into what, shifts of
every figure, and the turns that moved farthest. Measures of house phrases and of abuse per shift are not compared: they
are made of more than labels of conversations.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from empathy_scan import paired, stats, summary
from empathy_scan.codebook import ATTACKS, FLAGS, CareClass, Role
from empathy_scan.config import SummaryConfig
from empathy_scan.mirror import care_class
from empathy_scan.opportunities import opportunities
from empathy_scan.stats import Estimate
from empathy_scan.summary import SUMS, Kind

EXAMPLES = 3  # turns of each label that are shown
CARE, AGENT_TONE, CUSTOMER_TONE = "care", "agent_tone", "customer_tone"
_NO_YES = ("no", "yes")
_TONES = {AGENT_TONE: ("civil", "guarded", "hostile"), CUSTOMER_TONE: ("civil", "upset", "hostile")}
# What is compared: of each label the role whose turns have it, and its values.
COMPARED: dict[str, tuple[Role, tuple[str, ...]]] = {
    CARE: (Role.AGENT, tuple(CareClass)),
    **{flag.name: (Role.AGENT, _NO_YES) for flag in FLAGS},
    AGENT_TONE: (Role.AGENT, _TONES[AGENT_TONE]),
    CUSTOMER_TONE: (Role.CUSTOMER, _TONES[CUSTOMER_TONE]),
    **{attack.name: (Role.CUSTOMER, _NO_YES) for attack in ATTACKS},
}
MEASURES = tuple(
    measure
    for measure, kind in summary.MEASURES.items()
    if kind not in {Kind.COUNT, Kind.SHIFT} and measure not in {"formulaicity", "own_voice"}
)
CHANCES = ("p_scripted", "p_acknowledges", "p_explores", "p_owns", "p_strained", "p_hostile",
           "p_insult", "p_threat", "p_profanity", "p_contempt")  # fmt: skip
_TURN = ("conversation_id", "turn")
_FIGURE = ("scope", "agent_id", "measure")
_BOTH = tuple(f"{side}_{name}" for side in ("old", "new") for name in SUMS)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two labellings give a label to the same turns; `why` says the reason where there is no figure."""

    label: str
    values: tuple[str, ...]
    table: tuple[tuple[int, ...], ...]  # turns by the old value (rows) and the new one
    conversations: int
    agreed: Estimate | None
    kappa: Estimate | None
    why: str  # no share agreed
    why_no_kappa: str

    @property
    def turns(self) -> int:
        """How many turns were compared."""
        return sum(map(sum, self.table))


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure of an agent, or of the team (""), under both labellings; `why` where there is none."""

    scope: str
    agent_id: str
    measure: str
    n_old: int
    n_new: int
    conversations: int
    shift: paired.Shift | None
    believed: bool  # it holds after allowing for how many were looked at
    why: str

    @property
    def scale(self) -> int:
        """By what values are multiplied: loads are told per 100 conversations."""
        return summary.PER_CONVERSATIONS if summary.MEASURES[self.measure] is Kind.LOAD else 1


@dataclass(frozen=True, slots=True)
class Example:
    """A turn that got another label, and how probable the label was to both models."""

    label: str
    conversation_id: str
    turn: int
    old: str
    new: str
    p_old: float
    p_new: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that moves."""

    conversations: int
    turns: int  # that both labellings have scored
    agreements: tuple[Agreement, ...]
    moves: tuple[Moved, ...]  # of the team first, then of agents by name; measures in the order of reports
    examples: tuple[Example, ...]

    def of(self, scope: str, agent_id: str = "") -> list[Moved]:
        """The figures of an agent or of the team."""
        return [each for each in self.moves if (each.scope, each.agent_id) == (scope, agent_id)]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the agents stand in the report's period under both models."""

    since: datetime | None
    bands: dict[str, tuple[str, str]]  # agent -> band before and after, of those whose band would be another
    stands_out: dict[tuple[str, str], tuple[bool, bool]]  # agent and measure -> before and after, where that differs


@dataclass(slots=True)
class Tally:
    """What was compared so far."""

    conversations: int = 0
    turns: int = 0
    _cells: dict[str, pl.DataFrame] = field(default_factory=dict)
    _sums: pl.DataFrame | None = None
    _examples: pl.DataFrame | None = None

    def add_labels(self, old: pl.DataFrame, new: pl.DataFrame) -> None:
        """LABELS of the same turns by both: what is given to each of them."""
        both = _joined(old, new)
        self.conversations += old["conversation_id"].n_unique()
        self.turns += both.height
        for label in COMPARED:
            kinds = _kinds_of_cells(both, label)
            held = self._cells.get(label)
            joined = kinds if held is None else pl.concat([held, kinds])
            self._cells[label] = joined.group_by(pl.all().exclude("alike")).agg(pl.col("alike").sum())

    def add_figures(self, old: pl.DataFrame, new: pl.DataFrame, conversations: pl.Series) -> None:
        """LABELS by both of some conversations and of those around them, of which a figure may be made as well."""
        sides = [_sums(labels, conversations, side) for labels, side in ((old, "old"), (new, "new"))]
        both = sides[0].join(sides[1], on=(*_FIGURE, "conversation_id"), how="full", coalesce=True)
        kinds = both.with_columns(pl.col(_BOTH).fill_null(0.0)).group_by(*_FIGURE, *_BOTH).agg(alike=pl.len())
        whole = kinds if self._sums is None else pl.concat([self._sums, kinds])
        self._sums = whole.group_by(*_FIGURE, *_BOTH).agg(pl.col("alike").sum())

    def add_examples(
        self, old: pl.DataFrame, new: pl.DataFrame, old_chances: pl.DataFrame, new_chances: pl.DataFrame
    ) -> None:
        """LABELS of the same turns by both, and what both scored (conversation, turn and CHANCES)."""
        both = _joined(old, new)
        for chances, side in ((old_chances, "old"), (new_chances, "new")):
            both = both.join(_of_turns(chances, side), on=_TURN, how="left")
        found = [_flipped(both, label) for label in COMPARED if label != CARE]
        whole = pl.concat([*found, *([] if self._examples is None else [self._examples])])
        order = whole.sort("label", -pl.col("weight").round(6), *_TURN)
        self._examples = order.group_by("label", maintain_order=True).head(EXAMPLES).select(whole.columns)

    def comparison(self, config: SummaryConfig) -> Comparison:
        """All that moves, with as many conversations behind each figure as the settings want."""
        needed = max(1, config.minimum_conversations)
        agreements = tuple(_agreement(label, self._cells[label], needed) for label in COMPARED if label in self._cells)
        return Comparison(
            self.conversations, self.turns, agreements, tuple(_moves(self._sums, needed)),
            tuple(_examples(self._examples)),
        )  # fmt: skip


def _joined(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The turns that both have scored, with the value of each label as a number."""
    sides = [
        labels.filter(pl.col("p_hostile").is_not_null()).select(*_TURN, "role", *_values(side))
        for labels, side in ((old, "old"), (new, "new"))
    ]
    return sides[0].join(sides[1].drop("role"), on=_TURN, how="inner")


def _values(side: str) -> Iterator[pl.Expr]:
    """The place of the value of each label among its values."""
    care = {str(kind): place for place, kind in enumerate(COMPARED[CARE][1])}
    yield care_class(pl.col("flags")).replace_strict(care, return_dtype=pl.Int8).alias(f"{CARE}_{side}")
    for column, labels in (("flags", FLAGS), ("kinds", ATTACKS)):
        for each in labels:
            held = pl.col(column).str.contains(each.code, literal=True)
            yield held.cast(pl.Int8).alias(f"{each.name}_{side}")
    for name in _TONES:
        yield pl.col("tone").cast(pl.Int8).alias(f"{name}_{side}")


def _kinds_of_cells(both: pl.DataFrame, label: str) -> pl.DataFrame:
    """How many conversations (`alike`) have the same table of turns: a column per cell."""
    role, values = COMPARED[label]
    cell = pl.col(f"{label}_old").cast(pl.Int32) * len(values) + pl.col(f"{label}_new")
    cells = [(cell == place).sum().cast(pl.Int64).alias(f"cell_{place}") for place in range(len(values) ** 2)]
    rows = both.filter(pl.col("role") == role).group_by("conversation_id").agg(cells).drop("conversation_id")
    return rows.group_by(pl.all()).agg(alike=pl.len().cast(pl.Int64))


def _agreement(label: str, kinds: pl.DataFrame, needed: int) -> Agreement:
    values = COMPARED[label][1]
    ordered = kinds.sort(pl.all())
    cells, counts = ordered.drop("alike").to_numpy().astype(np.float64), ordered["alike"].to_numpy()
    held = int(counts.sum())
    totals = (counts @ cells).reshape(len(values), len(values)) if held else np.zeros((len(values), len(values)))
    table = tuple(tuple(int(count) for count in row) for row in totals)
    if held < needed:
        why = f"not enough conversations yet ({held} of {needed} needed)"
        return Agreement(label, values, table, held, None, None, why, why)
    share = paired.share_agreed(cells, counts)
    given = _given(cells, counts, len(values))
    found = paired.kappa(cells, counts) if given >= needed else None
    none = (
        f"too few conversations in which either model gives it ({given} of {needed} needed)"
        if given
        else ("neither model gives it")
    )
    return Agreement(label, values, table, held, share, found, "", "" if found else none)


def _given(cells: stats.Numbers, counts: stats.Counts, size: int) -> int:
    """Conversations with a turn to which either labelling gives something else than what is usual."""
    usual = int(np.argmax(np.diagonal((counts @ cells).reshape(size, size)))) * (size + 1)
    return int(counts[cells.sum(axis=1) - cells[:, usual] > 0].sum())


def _sums(labels: pl.DataFrame, conversations: pl.Series, side: str) -> pl.DataFrame:
    """A row per figure and conversation with what it is a ratio of, for agents and for the team."""
    rows = opportunities(labels).filter(
        pl.col("conversation_id").is_in(conversations.implode()), pl.col("measure").is_in(MEASURES)
    )
    scoped = ((rows, "agent"), (summary.of_team(rows, pl.lit("")), "team"))
    sums = pl.concat([summary.conversation_sums(part, scope=scope) for part, scope in scoped])
    return sums.with_columns(pl.col(SUMS).round(4)).rename({name: f"{side}_{name}" for name in SUMS})


def _moves(sums: pl.DataFrame | None, needed: int) -> Iterator[Moved]:
    """Every figure under both labellings; what holds is decided over all of them."""
    if sums is None:
        return
    parts = sums.sort(*_FIGURE, *_BOTH).partition_by(_FIGURE, as_dict=True, include_key=False)
    made = {key: _shift(str(key[2]), rows, needed) for key, rows in parts.items()}
    tested = [key for key, (found, *_) in made.items() if found is not None]
    values = np.array([shift.p_value for key in tested if (shift := made[key][0]) is not None], dtype=np.float64)
    believed = {key for key, holds in zip(tested, stats.benjamini_hochberg(values), strict=True) if holds}
    place = {measure: number for number, measure in enumerate(MEASURES)}
    for key in sorted(made, key=lambda key: (key[0] != "team", key[1], place[str(key[2])])):
        found, why, old, new, held = made[key]
        yield Moved(str(key[0]), str(key[1]), str(key[2]), old, new, held, found, key in believed, why)


def _shift(measure: str, rows: pl.DataFrame, needed: int) -> tuple[paired.Shift | None, str, int, int, int]:
    """A figure's shift or why there is none, its opportunities under both, and the conversations they lie in."""
    old, new = (rows.select(f"{side}_{name}" for name in SUMS).to_numpy() for side in ("old", "new"))
    counts = rows["alike"].cast(pl.Int64).to_numpy()
    n_old, n_new = (int(counts @ side[:, 1]) for side in (old, new))
    columns = (1, 3) if summary.MEASURES[measure] is Kind.CONTRAST else (1,)
    least = min(int(counts[side[:, column] > 0].sum()) for side in (old, new) for column in columns)
    held = int(counts[(old[:, 1] > 0) | (new[:, 1] > 0)].sum())
    if least < needed:
        return None, f"not enough conversations yet ({least} of {needed} needed)", n_old, n_new, held
    bound = math.inf if summary.MEASURES[measure] is Kind.LOAD else 1.0
    if summary.MEASURES[measure] in {Kind.CONTRAST, Kind.CHANGE}:
        bound = 2.0
    return paired.shift(old, new, counts, bound=bound), "", n_old, n_new, held


def _of_turns(chances: pl.DataFrame, side: str) -> pl.DataFrame:
    """The highest probabilities of a turn's segments, and that of not being civil."""
    civil = (pl.col("p_strained") + pl.col("p_hostile")).max().alias(f"p_not_civil_{side}")
    return chances.group_by(_TURN).agg(*(pl.col(name).max().alias(f"{name}_{side}") for name in CHANCES), civil)


def _flipped(both: pl.DataFrame, label: str) -> pl.DataFrame:
    """The turns that got another value of a label, those with the largest change of its probability first."""
    role, values = COMPARED[label]
    old, new = pl.col(f"{label}_old"), pl.col(f"{label}_new")

    def chance(side: str) -> pl.Expr:
        if label not in _TONES:
            return pl.col(f"p_{label}_{side}")
        harsh = pl.max_horizontal(old, new) == len(values) - 1
        return pl.when(harsh).then(pl.col(f"p_hostile_{side}")).otherwise(pl.col(f"p_not_civil_{side}"))

    moved = both.filter(pl.col("role") == role, old != new).select(
        *_TURN, label=pl.lit(label), old=old, new=new,
        p_old=chance("old").cast(pl.Float64), p_new=chance("new").cast(pl.Float64),
    )  # fmt: skip
    known = moved.drop_nulls(("p_old", "p_new"))
    weighed = known.with_columns(weight=(pl.col("p_new") - pl.col("p_old")).abs())
    return weighed.sort(-pl.col("weight").round(6), *_TURN).head(EXAMPLES)


def _examples(rows: pl.DataFrame | None) -> Iterator[Example]:
    if rows is None:
        return
    by_label: Mapping[str, list[dict[str, object]]] = rows.rows_by_key("label", named=True)
    for label in COMPARED:
        for row in by_label.get(label, []):
            values = COMPARED[label][1]
            yield Example(
                label, str(row["conversation_id"]), int(str(row["turn"])), values[int(str(row["old"]))],
                values[int(str(row["new"]))], float(str(row["p_old"])), float(str(row["p_new"])),
            )  # fmt: skip
