"""How often a model errs by what people said of single turns: its known errors, counted on a centre's own talk.

A measure's outcome may hang on several turns (the answer to a customer is looked for in two), of which people reviewed
one. So whole conversations of the store are given truths that might be theirs: each agent's turn takes those of a
reviewed turn of which the model had said the same, drawn by its weight (hot-deck imputation within classes; Andridge
and Little 2010). Counted on them are shares. How sure they are is decided by people's answers alone: a row of the table
holds as many turns as the reviewed ones of that truth are worth, at their weights and in their conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from empathy_scan import quantify
from empathy_scan.codebook import FLAG_CODES, Role
from empathy_scan.learning.figures import Said
from empathy_scan.learning.lessons import Lessons
from empathy_scan.model.decisions import FIRST
from empathy_scan.quantify import ANSWERS, CLASSES, KNOWN_CASES, Confusion, ErrorRates
from empathy_scan.stats import Numbers

Bools = npt.NDArray[np.bool_]
TIMES = 5  # that truths are drawn
_DONORS = 5  # fewest reviewed turns of which the model said the same
_SEED = (2010,)
_FLAGS = slice(FIRST["flags"], FIRST["flags"] + len(FLAG_CODES))
_TONES = slice(FIRST["agent_tone"], FIRST["agent_tone"] + 3)
_CARE, _CARE_AND_STEP = "SAX", "SAXO"
# The labels on which each table hangs.
NEEDS: Mapping[str, str] = {
    ANSWERS: _CARE, "exploring": "X", "rise_above_rate": "AXOT", "scripted_share": _CARE,
    "followed_by_action": _CARE_AND_STEP, "sorry_without_action": _CARE_AND_STEP, "guarded_rate": "T",
    "belittling_rate": "T",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """The table of errors, and what became of each of its parts, in words."""

    errors: ErrorRates | None
    told: Mapping[str, str]  # by name in quantify.CLASSES
    refitted: bool


@dataclass(frozen=True, slots=True)
class _Donors:
    """Reviewed agents' turns of which everything is known: truths, labels found, weights and conversations."""

    flags: Numbers  # [n, 4] shares
    tone: Numbers  # [n, 3]
    found_flags: Numbers
    found_tone: Numbers
    weights: Numbers
    conversations: npt.NDArray[np.int64]


def count(
    lessons: Lessons, found: Said, labels: pl.DataFrame, old: ErrorRates | None, *, moved: str, source: str
) -> Counted:
    """The errors of a model from reviewed turns and what it says of them, on LABELS that it gives to conversations.

    Tables for which too little is reviewed stay as they are in `old`, but for those that hang on a label in `moved`
    (codes, T for the agents' tone): nobody knows how often the model errs on those now.
    """
    donors = _donors(lessons, found)
    tables = _tables(donors, labels) if len(donors.weights) and labels.height else {}
    made: dict[str, Confusion] = {}
    told: dict[str, str] = {}
    for name, classes in CLASSES.items():
        table = tables.get(name)
        fewest = int(min(map(sum, table))) if table else 0
        if table and fewest >= KNOWN_CASES:
            made[name], told[name] = table, f"counted on {sum(map(sum, table))} turns' worth of reviewed turns"
            continue
        why = f"too few: {fewest} of {KNOWN_CASES} known turns needed of each of {', '.join(classes)}"
        if old and name in old.confusions and not set(NEEDS[name]) & set(moved):
            made[name], told[name] = old.confusions[name], f"as before ({why})"
        elif old and name in old.confusions:
            told[name] = f"left out, because labels have changed since it was counted ({why})"
        else:
            told[name] = f"not known ({why})"
    own = any(name in made and told[name].startswith("counted") for name in CLASSES)
    before = [name for name in made if told[name].startswith("as before")]
    sources = [source] * own + [
        f"{', '.join(before)}: {old.source}" if own and old else old.source if old else ""
    ] * bool(before)
    same = old is not None and dict(old.confusions) == made
    return Counted(ErrorRates(made, "; ".join(sources)) if made else None, told, own or not (same or not old))


def known(lessons: Lessons) -> bool:
    """Whether there are agents' turns of which everything is known, as many as any table needs."""
    flags, tone = lessons.truth[:, _FLAGS], lessons.truth[:, _TONES]
    return int((~np.isnan(flags).any(axis=1) & ~np.isnan(tone).any(axis=1)).sum()) >= KNOWN_CASES


def _donors(lessons: Lessons, found: Said) -> _Donors:
    flags, tone = lessons.truth[:, _FLAGS], lessons.truth[:, _TONES]
    known = lessons.agent & ~np.isnan(flags).any(axis=1) & ~np.isnan(tone).any(axis=1)
    return _Donors(
        flags[known], tone[known], found.labels[known][:, _FLAGS], found.labels[known][:, _TONES],
        lessons.weights[known], lessons.conversations[known],
    )  # fmt: skip


def _tables(donors: _Donors, labels: pl.DataFrame) -> dict[str, Confusion]:
    """By name the table of errors: shares of the imputed conversations, as many turns as the reviewed are worth."""
    generator = np.random.default_rng(_SEED)
    sums: dict[str, Numbers] = {}
    for _ in range(TIMES):
        counted = quantify.estimate(_imputed(donors, labels, generator), labels)
        for name, table in counted.confusions.items():
            sums[name] = sums.get(name, np.zeros(1)) + np.array(table, dtype=np.float64)
    made = {}
    for name, whole in sums.items():
        rows = whole.sum(axis=1, keepdims=True)
        worth = np.array([_worth(donors, name, at) for at in range(len(whole))])[:, None]
        counts = np.divide(whole, rows, out=np.zeros_like(whole), where=rows > 0) * worth
        made[name] = tuple(tuple(int(round(cell)) for cell in row) for row in counts)  # noqa: RUF046 - numpy's floats
    return made


def _imputed(donors: _Donors, labels: pl.DataFrame, generator: np.random.Generator) -> pl.DataFrame:
    """LABELS whose agents' turns have truths that might be theirs."""
    agent = (labels["role"] == Role.AGENT).to_numpy()
    said = labels["flags"].to_list()
    found = np.array([[float(code in flags) for code in FLAG_CODES] for flags in said])[agent]
    tones = labels["tone"].to_numpy()
    flags = list(said)
    truths = _drawn_flags(donors, found, generator)
    for at, row in zip(np.flatnonzero(agent).tolist(), truths, strict=True):
        flags[at] = "".join(code for code, on in zip(FLAG_CODES, row, strict=True) if on)
    made = tones.copy()
    made[agent] = _drawn_tones(donors, tones[agent], generator)
    return labels.with_columns(
        flags=pl.Series(flags, dtype=pl.String), tone=pl.Series(made, dtype=labels["tone"].dtype)
    )


def _drawn_flags(donors: _Donors, found: Numbers, generator: np.random.Generator) -> Numbers:
    """Truths of turns [m, 4] that were found to have these flags; what was found where nobody reviewed the like."""
    truths = found.copy()
    for pattern in np.unique(found, axis=0):
        own = (found == pattern).all(axis=1)
        for like in (
            (donors.found_flags == pattern).all(axis=1),
            (_care(donors.found_flags) == _care(pattern[None])).all(axis=1),
        ):
            if like.sum() >= _DONORS:
                taken = _taken(donors.weights, like, int(own.sum()), generator)
                truths[own] = generator.random((len(taken), found.shape[1])) < donors.flags[taken]
                break
    return truths


def _drawn_tones(donors: _Donors, found: Numbers, generator: np.random.Generator) -> Numbers:
    """Truths of turns [m] that were found to have these tones."""
    truths = found.copy()
    for tone in np.unique(found):
        like, own = donors.found_tone.argmax(axis=1) == tone, found == tone
        if like.sum() >= _DONORS:
            taken = _taken(donors.weights, like, int(own.sum()), generator)
            ends = donors.tone[taken].cumsum(axis=1)
            truths[own] = (generator.random(len(taken))[:, None] > ends).sum(axis=1).clip(max=2)
    return truths


def _taken(weights: Numbers, like: Bools, number: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Places of so many donors, drawn by their weights."""
    places = np.flatnonzero(like)
    return np.asarray(generator.choice(places, size=number, p=weights[places] / weights[places].sum()))


def _care(flags: Numbers) -> Numbers:
    """Of flags or their shares [n, 4] how far each care class holds [n, 3]: empathic, scripted, neither."""
    understood = 1 - (1 - flags[:, 1]) * (1 - flags[:, 2])
    return np.stack([understood, (1 - understood) * flags[:, 0], (1 - understood) * (1 - flags[:, 0])], axis=1)


def _worth(donors: _Donors, name: str, truth: int) -> float:
    """How many turns drawn alike and apart the reviewed turns of a truth are worth."""
    asked, shares, found = _classes(donors, name)
    weight = donors.weights * shares[:, truth] * asked
    if weight.sum() <= 0:
        return 0.0
    worth = float(weight.sum() ** 2 / (weight**2).sum())
    hit = float((weight * found[:, truth]).sum() / weight.sum())
    if 0 < hit < 1:
        _, numbers = np.unique(donors.conversations, return_inverse=True)
        apart = np.bincount(numbers, weight * (found[:, truth] - hit) / weight.sum())
        held = int((np.bincount(numbers, weight) > 0).sum())
        spread = float((apart**2).sum()) * held / max(held - 1, 1)
        worth = min(worth, hit * (1 - hit) / spread) if spread > 0 else worth
    return worth


def _classes(donors: _Donors, name: str) -> tuple[Numbers, Numbers, Numbers]:
    """Which turns bear on a table [n], and by its classes how far each is true and was found [n, K]."""
    everywhere, care = np.ones(len(donors.weights)), _care(donors.found_flags)
    if name == ANSWERS:
        return everywhere, _care(donors.flags), care
    if name in ("scripted_share", "followed_by_action"):
        asked = 1 - care[:, 2]
    else:
        asked = care[:, 1] if name == "sorry_without_action" else everywhere
    truth, found = (
        _yes(name, flags, tone)
        for flags, tone in ((donors.flags, donors.tone), (donors.found_flags, donors.found_tone))
    )
    return asked, np.stack([1 - truth, truth], axis=1), np.stack([1 - found, found], axis=1)


def _yes(name: str, flags: Numbers, tone: Numbers) -> Numbers:
    """How far a turn by itself is a yes of a table."""
    care, step = _care(flags), flags[:, 3]
    return np.asarray({
        "exploring": flags[:, 2],
        "rise_above_rate": tone[:, 0] * (1 - (1 - care[:, 0]) * (1 - step)),
        "scripted_share": care[:, 1],
        "followed_by_action": step,
        "sorry_without_action": 1 - step,
        "guarded_rate": tone[:, 1],
        "belittling_rate": tone[:, 2],
    }[name])  # fmt: skip
