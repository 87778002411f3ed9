"""Rates after allowing for the model's known errors: how often it errs, counted, and what that makes of a rate.

A model that takes one recited answer in five for an empathic one counts too many empathic answers where most are
recited, and too few where most are empathic. Where its errors were counted on turns whose truth is known, the rate that
such errors would have turned into the counted one can be solved for (Rogan and Gladen 1978, "Estimating prevalence from
the results of a screening test"; for several classes the adjusted count of Bella et al. 2010; Saerens et al. 2002 tell
of the alternative). Definition, assumptions and a simulation stand in docs/measures.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from empathy_scan import stats
from empathy_scan.codebook import CareClass
from empathy_scan.errors import ModelError, SchemaError
from empathy_scan.mirror import MISSED, agent_turns, customer_turns
from empathy_scan.outcomes import OF_AGENTS, OF_CUSTOMERS, Outcome
from empathy_scan.stats import Estimate, Numbers
from empathy_scan.tables import ERROR_RATES, conform

FILE = "errors.json"  # in a bundle's directory
FORMAT_VERSION = 1
KNOWN_CASES = 15  # of each truth; with fewer, nobody knows how often the model errs on it
SEPARATION = 0.25  # least difference between how often a class is found where it is true and where it is not

ANSWERS = "answers"  # the three kinds of answer are one choice, so they have one table
_ANSWERS = {
    "empathy_rate": CareClass.EMPATHIC.value,
    "scripted_rate": CareClass.SCRIPTED.value,
    "missed_rate": MISSED,
}
_OTHERS = tuple(measure for measure in (*OF_CUSTOMERS, *OF_AGENTS) if measure not in _ANSWERS)
MEASURES = (*_ANSWERS, *_OTHERS)  # those that can be corrected
CLASSES: dict[str, tuple[str, ...]] = {ANSWERS: tuple(_ANSWERS.values())} | dict.fromkeys(_OTHERS, ("no", "yes"))

Confusion = tuple[tuple[int, ...], ...]  # turns by truth (rows) and by what the model found (columns)

_TURN = ("conversation_id", "turn")
_DRAWS = 4000
_SEED = (1978,)  # of the draws: the same rate and the same errors give the same correction
_TAILS = (100 * (1 - stats.LEVEL) / 2, 100 * (1 + stats.LEVEL) / 2)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often a model errs: by name of CLASSES the turns whose truth is known, and in words what turns they were."""

    confusions: Mapping[str, Confusion]
    source: str = ""


def estimate(gold: pl.DataFrame, found: pl.DataFrame, *, source: str = "") -> ErrorRates:
    """The errors of a model from two LABELS frames of the same turns, all of them labelled: by people, and by it.

    The opportunities are those that the model sees, as in a scan; the truth is what the people's labels say of the same
    turn, also where they see no opportunity. Raises SchemaError for frames that are not LABELS of the same turns.
    """
    heard, spoken = (customer_turns(gold), customer_turns(found)), (agent_turns(gold), agent_turns(found))
    for truths, founds in (heard, spoken):
        if not truths.select(_TURN).equals(founds.select(_TURN)):
            raise SchemaError("the two labellings are not of the same turns", remedy="give both for all turns")
    asked = {ANSWERS: Outcome(pl.col("call"), pl.col("answer"))}
    asked |= {measure: _in_words(outcome) for measure, outcome in OF_CUSTOMERS.items() if measure in _OTHERS}
    confusions = {name: _confusion(*heard, name, outcome) for name, outcome in asked.items()}
    confusions |= {name: _confusion(*spoken, name, _in_words(outcome)) for name, outcome in OF_AGENTS.items()}
    return ErrorRates(confusions, source)


def corrections(rates: Mapping[str, Estimate], errors: ErrorRates) -> dict[str, Estimate | str]:
    """By measure the rate after allowing for the errors, or in words why there is none; only of the rates given.

    The three rates of answers are corrected together, so all of them must be given.
    """
    made: dict[str, Estimate | str] = {}
    for name, classes in CLASSES.items():
        measures = [measure for measure in (_ANSWERS if name == ANSWERS else (name,)) if measure in rates]
        if not measures:
            continue
        confusion = errors.confusions.get(name)
        found = correct([rates[measure] for measure in measures], confusion, classes) if confusion else _UNKNOWN
        made |= dict.fromkeys(measures, found) if isinstance(found, str) else dict(zip(measures, found, strict=True))
    return made


def correct(rates: Sequence[Estimate], confusion: Confusion, names: Sequence[str]) -> tuple[Estimate, ...] | str:
    """Counted rates after allowing for the errors in a confusion, with intervals; or in words why that cannot be done.

    Of two classes one rate is given, that of the second; of more, one rate for each. Point: the rates that the errors
    turn into the counted ones, moved to the nearest rates from 0 to 1. Interval: percentiles over draws of the errors
    (Jeffreys' prior) and of the counted rates (as wide as their own intervals are), never narrower than what the
    counted interval alone becomes.
    """
    if why := _why_not(confusion, names):
        return why
    wanted = [1] if len(confusion) == 2 else list(range(len(confusion)))
    counted = np.array([1 - rates[0].value, rates[0].value] if len(confusion) == 2 else [rate.value for rate in rates])
    inverse = np.linalg.inv(_shares(np.array(confusion, dtype=np.float64)))  # [truth, found]
    point, inverses = _to_rates(inverse @ counted), _inverses(confusion)
    made = []
    for rate, kind in zip(rates, wanted, strict=True):
        drawn = (inverses[:, kind, :] * _drawn(counted, _effective(rate))).sum(axis=1)
        scaled = [float(inverse[kind] @ _with(counted, kind, end)) for end in (rate.low, rate.high)]
        low, high = np.percentile(drawn, _TAILS)
        low, high = min(low, *scaled), max(high, *scaled)
        if high < 0 or low > 1:
            return f"the model's known errors do not fit: they alone would have given another rate of “{names[kind]}”"
        ends, value = np.clip([low, high], 0.0, 1.0), float(point[kind])
        made.append(Estimate(value, min(value, float(ends[0])), max(value, float(ends[1]))))
    return tuple(made)


def save(folder: Path, errors: ErrorRates) -> Path:
    """Writes the errors of a bundle into its directory."""
    told = {
        "format": FORMAT_VERSION,
        "source": errors.source,
        "confusions": {
            name: {
                truth: dict(zip(CLASSES[name], row, strict=True))
                for truth, row in zip(CLASSES[name], errors.confusions[name], strict=True)
            }
            for name in CLASSES
            if name in errors.confusions
        },
    }
    path = folder / FILE
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return path


def load(folder: Path) -> ErrorRates | None:
    """The errors of the bundle in a directory; None where nobody counted them. Raises ModelError for a damaged file."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["format"] != FORMAT_VERSION:
            raise ModelError(
                f"error rates of format {told['format']!r}, this release reads {FORMAT_VERSION}", where=str(path),
                remedy="delete the file, or use the release that made it",
            )  # fmt: skip
        confusions = {
            name: tuple(tuple(_turns(table[truth][found]) for found in CLASSES[name]) for truth in CLASSES[name])
            for name, table in told["confusions"].items()
        }
        return ErrorRates(confusions, str(told["source"]))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            "not a file of error rates", where=str(path), remedy="delete it: rates are then not corrected"
        ) from error


def to_frame(given: ErrorRates | None, model: str) -> pl.DataFrame:
    """The errors of the bundle with this fingerprint as an ERROR_RATES frame; no rows for None."""
    rows = [
        {"model": model, "confusion": name, "truth": truth, "found": found, "turns": turns, "source": errors.source}
        for errors in ([given] if given else [])
        for name, table in errors.confusions.items()
        for truth, row in zip(CLASSES[name], table, strict=True)
        for found, turns in zip(CLASSES[name], row, strict=True)
    ]
    return conform(pl.DataFrame(rows, schema=dict(ERROR_RATES.columns)).sort(ERROR_RATES.key), ERROR_RATES)


def from_frame(rows: pl.DataFrame, model: str) -> ErrorRates | None:
    """The errors of the bundle with this fingerprint from an ERROR_RATES frame; None where it holds none of it."""
    own = conform(rows, ERROR_RATES).filter(pl.col("model") == model)
    if own.is_empty():
        return None
    cells = {(name, truth, found): turns for _, name, truth, found, turns, _ in own.iter_rows()}
    confusions = {
        name: tuple(tuple(cells.get((name, truth, found), 0) for found in classes) for truth in classes)
        for name, classes in CLASSES.items()
        if name in own["confusion"]
    }
    return ErrorRates(confusions, own["source"][0])


_UNKNOWN = "the model's errors are not known for this"


def _in_words(outcome: Outcome) -> Outcome:
    """The outcome as yes or no."""
    taken = pl.when(outcome.taken).then(pl.lit("yes")).when(~outcome.taken).then(pl.lit("no"))
    return Outcome(outcome.asked, taken)


def _confusion(truths: pl.DataFrame, founds: pl.DataFrame, name: str, outcome: Outcome) -> Confusion:
    """Turns that the model holds for opportunities, by what is true and what it found."""
    said = founds.select(*_TURN, found=pl.when(outcome.asked).then(outcome.taken))
    both = said.join(truths.select(*_TURN, truth=outcome.taken), on=_TURN).drop_nulls()
    cells = {(truth, found): int(turns) for truth, found, turns in both.group_by("truth", "found").len().iter_rows()}
    return tuple(tuple(cells.get((truth, found), 0) for found in CLASSES[name]) for truth in CLASSES[name])


def _why_not(confusion: Confusion, names: Sequence[str]) -> str:
    """Why the errors in a confusion cannot be allowed for; "" where they can."""
    table = np.array(confusion, dtype=np.float64)
    known = table.sum(axis=1)
    if known.min() < KNOWN_CASES:
        fewest = int(known.argmin())
        return f"too few known cases of “{names[fewest]}” ({int(known[fewest])} of {KNOWN_CASES} needed)"
    shares = _shares(table)  # [found, truth]
    for kind, name in enumerate(names):
        hit, false = float(shares[kind, kind]), float(np.delete(shares[kind], kind).max())
        if hit - false < SEPARATION:
            return f"the model hardly knows “{name}”: found in {hit:.0%} where true, in {false:.0%} where not"
    return ""


def _shares(table: Numbers) -> Numbers:
    """Counts by truth and found as the share of each truth that is found as each class: [found, truth]."""
    return np.asarray((table / table.sum(axis=1, keepdims=True)).T)


@lru_cache(maxsize=64)
def _inverses(confusion: Confusion) -> Numbers:
    """From found to true rates by errors drawn from what the known cases leave possible: [draws, truth, found]."""
    draw = np.random.default_rng([*_SEED, 1])
    rows = [draw.dirichlet(np.array(row) + 0.5, size=_DRAWS) for row in confusion]
    drawn = np.stack(rows, axis=2)  # [draws, found, truth]
    return np.asarray(np.linalg.inv(drawn))


def _drawn(counted: Numbers, turns: float) -> Numbers:
    """Rates that the counted ones may have come from, were they counted on so many independent turns."""
    return np.random.default_rng([*_SEED, 2]).dirichlet(counted * turns + 0.5, size=_DRAWS)


def _effective(rate: Estimate) -> float:
    """The number of independent turns at which Wilson's interval of the rate would be as wide as the given one."""
    width, spread = min(rate.high - rate.low, 0.999) ** 2, rate.value * (1 - rate.value)
    half = 2 * spread - width
    weight = (np.sqrt(half**2 + (1 - width) * width) - half) / (1 - width)  # quantile squared over turns
    return stats.QUANTILE**2 / max(float(weight), 1e-9)


def _with(counted: Numbers, kind: int, rate: float) -> Numbers:
    """The counted rates with one of them put elsewhere, and the others in proportion."""
    rest = 1 - counted[kind]
    moved = counted * (1 - rate) / rest if rest > 0 else np.full(len(counted), (1 - rate) / (len(counted) - 1))
    moved[kind] = rate
    return moved


def _to_rates(solved: Numbers) -> Numbers:
    """The nearest rates that are not below 0 and sum to 1 (Euclidean; Held, Wolfe and Crowder 1974)."""
    ordered = np.sort(solved)[::-1]
    excess = (ordered.cumsum() - 1) / np.arange(1, len(solved) + 1)
    return np.asarray(np.clip(solved - excess[ordered > excess][-1], 0.0, 1.0))


def _turns(count: object) -> int:
    """A number of turns from a file; raises ValueError for anything else."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ValueError("not a number of turns")
    return count
