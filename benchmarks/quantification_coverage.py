"""How often the interval of a corrected rate holds the true rate: the tables in docs/measures.md.

Run with `python benchmarks/quantification_coverage.py`; about fifteen minutes on one core. Conversations of correlated
turns are drawn, a classifier with known error rates labels them, and its errors are estimated from cases of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from empathy_scan import quantify, stats

FIGURES = 1000  # simulated per setting
RESAMPLES = 300
CALLS = 4.0  # mean calls for empathy in a conversation
CORRELATION = 0.2  # of the turns of a conversation
POSITIVES = 1 / 3  # share of the known cases that are hits
RATES = (0.05, 0.2, 0.4, 0.6)
ERRORS = ((0.9, 0.05), (0.75, 0.15), (0.6, 0.1))  # sensitivity, rate of false alarms
KNOWN = (60, 200, 600)
CONVERSATIONS = (8, 30, 100)
# Three kinds of answer: true rates, and for each true kind the shares found as each.
MIXES = ((0.05, 0.35, 0.6), (0.2, 0.5, 0.3), (0.6, 0.25, 0.15))
MATRICES = {
    "good": ((0.9, 0.06, 0.04), (0.05, 0.9, 0.05), (0.03, 0.05, 0.92)),
    "fair": ((0.7, 0.15, 0.15), (0.1, 0.8, 0.1), (0.05, 0.1, 0.85)),
}
# Where the known cases mislead: the errors in the scanned traffic, and those in the known cases.
MISLED = (((0.75, 0.15), (0.75, 0.1)), ((0.75, 0.15), (0.85, 0.15)), ((0.75, 0.05), (0.75, 0.15)))
Errors = tuple[np.ndarray, np.ndarray]  # [truth, found] of the scanned traffic, and of the known cases
Held = tuple[bool, bool, float, float]  # truth within the counted and within the corrected interval, their widths


def talks(random: np.random.Generator, number: int, rates: Sequence[float]) -> np.ndarray:
    """Opportunities by true class of each conversation [number, classes]: correlated, 1 + Poisson of them each."""
    strength = (1 - CORRELATION) / CORRELATION
    mixes = random.dirichlet(np.maximum(np.array(rates) * strength, 1e-3), size=number)
    return random.multinomial(1 + random.poisson(CALLS - 1, number), mixes)


def labelled(random: np.random.Generator, true: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """What a classifier with these errors [truth, found] finds, by class [number, classes]."""
    return sum(random.multinomial(true[:, kind], errors[kind]) for kind in range(len(errors)))


def one_agent(
    random: np.random.Generator, rates: Sequence[float], errors: Errors, cases: Sequence[int], number: int
) -> Iterator[Held]:
    """One agent's figures (the last class of two, each of more), counted and corrected; none where none can be made."""
    errors, learned = errors
    found = labelled(random, talks(random, number, rates), errors)
    turns = found.sum(axis=1)
    wanted = [1] if len(rates) == 2 else range(len(rates))
    counted = []
    for kind in wanted:
        sums, counts = np.unique(np.column_stack([found[:, kind], turns]).astype(float), axis=0, return_counts=True)
        counted.append(stats.proportion(sums, counts, resamples=RESAMPLES, seed=(1,)))
    known = tuple(tuple(map(int, random.multinomial(n, row))) for n, row in zip(cases, learned, strict=True))
    corrected = quantify.correct(counted, known, [str(kind) for kind in range(len(rates))])
    if not isinstance(corrected, str):
        for kind, raw, made in zip(wanted, counted, corrected, strict=True):
            holds = [one.low <= rates[kind] <= one.high for one in (raw, made)]
            yield holds[0], holds[1], raw.high - raw.low, made.high - made.low


def cell(rates: Sequence[float], errors: Errors, cases: Sequence[int], number: int) -> np.ndarray:
    """Share of figures that could be corrected, then of those: both coverages and both mean widths, all in per cent."""
    random = np.random.default_rng([3, int(1000 * rates[0]), int(1000 * errors[0][0][0]), sum(cases), number])
    agents = FIGURES if len(rates) == 2 else FIGURES // len(rates)
    held = [one for _ in range(agents) for one in one_agent(random, rates, errors, cases, number)]
    asked = agents * (1 if len(rates) == 2 else len(rates))
    return 100 * np.array([len(held) / asked, *np.mean(held, axis=0)])


def of_two(hit: float, false: float) -> np.ndarray:
    """Sensitivity and false alarms as errors [truth, found]."""
    return np.array([[1 - false, false], [1 - hit, hit]])


def row(*named: object, numbers: np.ndarray) -> str:
    """One line of a table."""
    corrected, raw, made, raw_width, made_width = numbers
    told = (f"{corrected:.0f}", f"{raw:.1f}", f"{made:.1f}", f"{raw_width:.0f}", f"{made_width:.0f}")
    return "| " + " | ".join((*map(str, named), *told)) + " |"


def main() -> None:
    """Print one row per setting: two classes, three classes, and two whose known cases mislead."""
    tail = "corrected, % | counted holds | corrected holds | counted width | corrected width |"
    cover = []
    print(f"| true rate | sensitivity, false alarms | known | conversations | {tail}")
    for rate, (hit, false), known, number in itertools.product(RATES, ERRORS, KNOWN, CONVERSATIONS):
        cases = (known - round(known * POSITIVES), round(known * POSITIVES))
        cover.append(cell((1 - rate, rate), (of_two(hit, false),) * 2, cases, number))
        print(row(rate, f"{hit}, {false}", known, number, numbers=cover[-1]), flush=True)
    print(f"\n| true rates | model | known | conversations | {tail}")
    for mix, (name, matrix), known, number in itertools.product(MIXES, MATRICES.items(), KNOWN, CONVERSATIONS):
        cover.append(cell(mix, (np.array(matrix),) * 2, (known // 3,) * 3, number))
        print(row(mix, name, known, number, numbers=cover[-1]), flush=True)
    ends = np.percentile(np.array(cover)[:, 1:3], [0, 5, 50, 95, 100], axis=0)
    print("\ncoverage (least, 5%, median, 95%, most): counted", ends[:, 0].round(1), "corrected", ends[:, 1].round(1))
    print(f"\n| true rate | sensitivity, false alarms | of the known cases | {tail}")
    for rate, (real, learned) in itertools.product((0.05, 0.2, 0.6), MISLED):
        numbers = cell((1 - rate, rate), (of_two(*real), of_two(*learned)), (400, 200), 100)
        print(row(rate, *("{}, {}".format(*pair) for pair in (real, learned)), numbers=numbers), flush=True)


if __name__ == "__main__":
    main()
