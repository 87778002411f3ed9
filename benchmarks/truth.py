"""The truth test: what the figures say of made-up agents, held against what is true of them (docs/measures.md).

1. `coverage`: how often the 95% interval of each measure holds the truth, for 10 to 1,000 conversations an agent. The
   truth is the figure of the same agent over a great many other conversations: all that were drawn of such agents for
   the largest size, but for those of the figure itself, and more where these are too few.
2. `flags`: of agents who are all alike, with the same and with other customers, how many are said to stand out from the
   others or to have changed; `loads`: how many of them bear more abuse than the team by their intervals.
3. `power`: how often a mirroring of 0.2 is seen in 200 conversations: from 0, and from a team that does not mirror.
4. `mix`: what an agent who gets all the angry customers looks like, before and after the adjustment.
5. `shrinking`: how far raw and shrunken rates lie from the truth.

Run with `python benchmarks/truth.py` (about twenty minutes of one core), `--quick` (a minute or so, and far less sure),
or with the parts, `--measures` and `--sizes` that are wanted. Every share stands with the 95% range that the number of
draws leaves open. The code under test is that of a report: opportunities, sums, figures, adjustment, changes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl
import simulate

from empathy_scan import adjust, phrases, stats, summary, trends
from empathy_scan.config import SummaryConfig
from empathy_scan.opportunities import opportunities
from empathy_scan.summary import MEASURES, SUMS, Kind

CONFIG = SummaryConfig(resamples=300)
SIZES = (10, 30, 100, 300, 1000)
MEASURED = tuple(name for name, kind in MEASURES.items() if kind is not Kind.COUNT)
KINDS_OF_AGENTS = 30
AT_ONCE = 60_000  # conversations in memory
SEED = 20261122
# Agents drawn for each size, more where many figures are withheld; of each measure DRAWS are looked at.
DRAWN = {10: 8010, 30: 6000, 100: 3600, 300: 2100, 1000: 2010}
DRAWS = 2000
KEY = ("agent_id", "measure")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is drawn."""

    draws: int = DRAWS  # intervals of each measure and size
    truth: int = 60_000  # conversations that the truth of an agent is taken from, at least
    share: float = 1.0  # of everything else


QUICK = Effort(draws=60, truth=2000, share=0.04)


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="coverage, flags, loads, power, mix or shrinking")
    parser.add_argument("--quick", action="store_true", help="a minute or so instead of twenty")
    parser.add_argument("--measures", nargs="+", choices=MEASURED, default=MEASURED, metavar="MEASURE")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="CONVERSATIONS")
    asked = parser.parse_args()
    held = partial(coverage, measures=asked.measures, sizes=asked.sizes)
    parts = {"coverage": held, "flags": flags, "loads": loads, "power": power, "mix": mix, "shrinking": shrinking}
    if unknown := set(asked.parts) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    for name in asked.parts or parts:
        began = time.process_time()
        for line in parts[name](QUICK if asked.quick else Effort()):
            print(line, flush=True)
        print(f"\n({name}: {time.process_time() - began:.0f} seconds)\n", flush=True)


def share(hits: float, of: int) -> str:
    """`95.2 (94.2 to 96.1)`: a share in per cent, with Wilson's interval."""
    if not of:
        return "none"
    found = stats.wilson(min(hits, of), of)
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


# 1. Coverage


def sums_of(agents: simulate.Agents, conversations: int, random: np.random.Generator) -> pl.DataFrame:
    """The sums that figures are ratios of, one row per agent, measure and conversation."""
    labels, sentences = simulate.centre(agents, conversations, random)
    rows = pl.concat([opportunities(labels), phrases.opportunities(phrases.assigned(sentences)[0])])
    return summary.conversation_sums(rows, scope="agent")


def coverage(effort: Effort, measures: Sequence[str] = MEASURED, sizes: Sequence[int] = SIZES) -> Iterator[str]:
    """How often the intervals hold the truth, by measure and size."""
    staff = simulate.staff(KINDS_OF_AGENTS, np.random.default_rng([SEED, 0]))
    largest = max(sizes)
    drawn = {size: _drawn(staff, size, effort, measures) for size in sorted(sizes)}
    totals = pl.concat([totals for _, totals in drawn[largest]])
    enough = largest * totals["agent_id"].n_unique() // KINDS_OF_AGENTS
    whole = (
        pl.concat([totals, *_more(staff, effort.truth - enough)]).group_by("kind", "measure").agg(pl.col(SUMS).sum())
    )
    yield "| measure | conversations | intervals | withheld | hold the truth, % | truth below, % | above, % | width |"
    yield "|---|---|---|---|---|---|---|---|"
    for measure in measures:
        for size in sizes:
            told = pl.concat([figures for figures, _ in drawn[size]]).filter(measure=measure)
            if size == largest:  # what the figure itself is made of is no part of its truth
                own = totals.rename({name: f"own_{name}" for name in SUMS})
                told = told.join(own, on=("kind", "measure", "agent_id"), how="left")
            told = told.join(whole, on=("kind", "measure"), how="left").with_columns(
                pl.col(name) - (pl.col(f"own_{name}") if size == largest else 0) for name in SUMS
            )
            if told["value"].count():
                yield f"| `{measure}` | {size} | {_held(told.with_columns(truth=_truth(measure)), effort.draws)} |"


def _more(staff: simulate.Agents, conversations: int) -> Iterator[pl.DataFrame]:
    """Sums of so many more conversations of each kind of agent."""
    random, step = np.random.default_rng([SEED, 1]), AT_ONCE // KINDS_OF_AGENTS
    for _ in range(0, conversations, step):
        sums = sums_of(staff, step, random).with_columns(kind=_kind_of())
        yield sums.group_by("kind", *KEY).agg(pl.col(SUMS).sum())


def _drawn(
    staff: simulate.Agents, size: int, effort: Effort, measures: Sequence[str]
) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """Figures (null where withheld) and sums of many agents of this many conversations, of each kind equally many."""
    random, told = np.random.default_rng([SEED, 2, size]), dict.fromkeys(measures, 0)
    agents, made = int(effort.draws * DRAWN.get(size, DRAWS) / DRAWS), []
    step = max(1, AT_ONCE // size // KINDS_OF_AGENTS) * KINDS_OF_AGENTS
    for start in range(0, agents, step):
        kinds = np.arange(min(step, agents - start)) % KINDS_OF_AGENTS
        sums = sums_of(staff.take(kinds), size, random).with_columns(
            kind=_kind_of(),
            agent_id=pl.format("{}-{}", pl.lit(start), "agent_id"),
        )
        wanted = sums.filter(pl.col("measure").is_in([name for name in measures if told[name] < effort.draws]))
        figures = figures_of(wanted)
        for measure, count in figures.group_by("measure").agg(pl.col("value").count()).iter_rows():
            told[measure] += count
        kept = sums.group_by("kind", *KEY).agg(pl.col(SUMS).sum())
        made.append((figures.join(kept.select("kind", *KEY), on=KEY), kept))
    return made


def _kind_of() -> pl.Expr:
    """The kind of an agent, from the number in its name."""
    return pl.col("agent_id").str.slice(1).cast(pl.Int64) % KINDS_OF_AGENTS


def figures_of(sums: pl.DataFrame) -> pl.DataFrame:
    """The figures of agents from the sums of their conversations, as `summary.figures` makes them."""
    alike = sums.group_by(*KEY, *SUMS).agg(pl.len().cast(pl.Int64).alias("alike")).sort(*KEY, *SUMS)
    parts = alike.partition_by(KEY, as_dict=True, include_key=False)
    made = [
        {"agent_id": agent, "measure": measure} | summary.figure_of(str(measure), part, CONFIG)
        for (agent, measure), part in parts.items()
    ]
    nothing = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "why": pl.String}
    return pl.DataFrame(made, infer_schema_length=None, schema_overrides=nothing)


def _truth(measure: str) -> pl.Expr:
    """The figure that the sums come to."""
    first, second = (pl.col(f"{other}hits") / pl.col(f"{other}chances") for other in ("", "other_"))
    if MEASURES[measure] is Kind.CONTRAST:
        return first - second
    return first * (summary.PER_CONVERSATIONS if MEASURES[measure] is Kind.LOAD else 1)


def _held(told: pl.DataFrame, most: int) -> str:
    """Of the first intervals, how many hold the truth, and where it lies if they do not."""
    known = told.filter(pl.col("value").is_not_null() & pl.col("truth").is_finite()).head(most)
    below, above = ((known["truth"] < known["low"] - 1e-9).sum(), (known["truth"] > known["high"] + 1e-9).sum())
    ends = " | ".join(f"{100 * end / max(1, known.height):.1f}" for end in (below, above))
    width = (known["high"] - known["low"]).mean()
    held = share(known.height - below - above, known.height)
    return f"{known.height} | {told['value'].null_count()} | {held} | {ends} | {width:.3g}"


# 2. False flags


def team_of(number: int, random: np.random.Generator, *, mixed: bool, **truths: float) -> simulate.Agents:
    """Agents who are all alike; with `mixed`, their customers, queues and channels are not."""
    agents = simulate.alike(number, **truths)
    if not mixed:
        return agents
    return replace(
        agents, heat=random.uniform(-2.4, -0.8, number),
        queues=random.dirichlet([1.0, 1.0, 1.0], number), channels=random.dirichlet([1.5, 1.0, 1.0], number),
    )  # fmt: skip


def flags(effort: Effort) -> Iterator[str]:
    """Of agents who are all alike, the share that is named, by the test of adjust and by that of trends."""
    yield "| agents | conversations | customers | stand out in a measure, % | in any, % | reports that name one, % |"
    yield "|---|---|---|---|---|---|"
    for agents, size, reports in ((5, 30, 100), (5, 100, 60), (20, 100, 15), (100, 30, 5)):
        for mixed in (False, True):
            yield _standing_out(agents, size, max(1, int(reports * effort.share)), mixed=mixed)
    yield "\n| agents | conversations | rate changed, % | in any of them, % |"
    yield "|---|---|---|---|"
    for agents, size, reports in ((5, 100, 30), (20, 100, 10)):
        yield _changed(agents, size, max(1, int(reports * effort.share)))


def compared(labels: pl.DataFrame, measures: Sequence[str] = (*adjust.RATES, *adjust.CONTRASTS)) -> pl.DataFrame:
    """The figures of agents that are told by a report that knows these measures only, with what stands beside them."""
    rows = opportunities(labels).filter(pl.col("measure").is_in(measures))
    raw = figures_of(summary.conversation_sums(rows, scope="agent"))
    return raw.join(adjust.compared(rows, raw, CONFIG), on=KEY)


def _standing_out(agents: int, size: int, reports: int, *, mixed: bool) -> str:
    random, found = np.random.default_rng([SEED, 3, agents, size, mixed]), []
    for report in range(reports):
        labels, _ = simulate.centre(team_of(agents, random, mixed=mixed, mirroring=0.1), size, random)
        found.append(compared(labels).select("agent_id", "measure", "stands_out", report=report))
    every = pl.concat(found)
    of_agents = every.group_by("report", "agent_id").agg(pl.col("stands_out").any())["stands_out"]
    of_reports = every.group_by("report", "measure").agg(pl.col("stands_out").any())["stands_out"]
    customers = "of all kinds" if mixed else "the same"
    told = [share(int(one.sum()), len(one)) for one in (every["stands_out"], of_agents, of_reports)]
    return f"| {agents} | {size} | {customers} | {' | '.join(told)} |"


def _changed(agents: int, size: int, reports: int) -> str:
    random, found = np.random.default_rng([SEED, 4, agents, size]), []
    for report in range(reports):
        labels, _ = simulate.centre(team_of(agents, random, mixed=True), size, random, days=10)
        weeks = labels["started_at"].dt.truncate("1w").n_unique() // 2
        made = trends.changes(labels, CONFIG, recent=weeks).filter(pl.col("agent_id") != "")
        found.append(made.select("agent_id", "measure", "changed", report=report))
    every = pl.concat(found)
    of_agents = every.group_by("report", "agent_id").agg(pl.col("changed").any())["changed"]
    told = [share(int(one.sum()), len(one)) for one in (every["changed"], of_agents)]
    return f"| {agents} | {size} | {' | '.join(told)} |"


def loads(effort: Effort) -> Iterator[str]:
    """Of agents with the same customers, the share whose interval of abuse lies above the team's."""
    yield "| agents | conversations | abuse above the team's, % |"
    yield "|---|---|---|"
    random = np.random.default_rng([SEED, 8])
    for agents, size, reports in ((5, 100, 100), (20, 30, 60), (20, 100, 30), (100, 30, 10)):
        above = []
        for _ in range(max(1, int(reports * effort.share))):
            labels, _ = simulate.centre(simulate.alike(agents), size, random)
            rows = opportunities(labels).filter(measure="abuse_load")
            both = (rows, summary.of_team(rows, pl.lit("")))
            own, team = (figures_of(summary.conversation_sums(part, scope="agent")) for part in both)
            above += (own["low"] > team["high"][0]).to_list()
        yield f"| {agents} | {size} | {share(sum(above), len(above))} |"


# 3. Power


def power(effort: Effort) -> Iterator[str]:
    """How often an agent who mirrors by 0.2 is seen, by the share of conversations that turn hostile."""
    yield "| mirroring | conversations | hostile, % | interval above 0, % | stands out of 20, % | mean figure |"
    yield "|---|---|---|---|---|---|"
    for mirroring, size, heat in (
        (0.2, 200, -2.2), (0.2, 200, -1.4), (0.2, 100, -1.4), (0.1, 200, -1.4), (0.0, 200, -1.4),
    ):  # fmt: skip
        yield _seen(mirroring, size, heat, max(3, int(40 * effort.share)))


def _seen(mirroring: float, size: int, heat: float, reports: int) -> str:
    """Twenty agents of whom four mirror; the others are the team that does not."""
    random, found = np.random.default_rng([SEED, 5, int(100 * mirroring), size, int(-10 * heat)]), []
    for _ in range(reports):
        agents = simulate.alike(20, heat=heat)
        agents = replace(agents, mirroring=np.where(np.arange(20) < 4, mirroring, 0.0))
        labels, _ = simulate.centre(agents, size, random)
        made = compared(labels, ("mirroring",)).filter(pl.col("agent_id").is_in([f"a000{one}" for one in range(4)]))
        hostile = labels.group_by("conversation_id").agg((pl.col("kinds") != "").any())["kinds"].mean()
        found.append(made.drop_nulls("value").with_columns(hostile=pl.lit(hostile)))
    every = pl.concat(found)
    above, out = ((every["low"] > 0).sum(), every["stands_out"].sum())
    told = f"{share(above, every.height)} | {share(out, every.height)} | {every['value'].mean():.3f}"
    return f"| {mirroring} | {size} | {100 * every['hostile'].mean():.0f} | {told} |"


# 4. Case mix


def mix(effort: Effort) -> Iterator[str]:
    """An agent like all others who gets the angry customers: raw and adjusted rates against those of an equal agent."""
    yield (
        "| measure | understanding calms | agents | conversations | truth with the team's customers | raw is off by "
        "| adjusted is off by | raw interval holds it, % | adjusted, % | stands out, % |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for agents, size, calming, reports in ((10, 100, 0.0, 200), (5, 300, 0.0, 60), (10, 100, 0.8, 200)):
        yield from _angry(agents, size, calming, max(4, int(reports * effort.share)))


def _angry(agents: int, size: int, calming: float, reports: int) -> Iterator[str]:
    told = ("empathy_rate", "missed_rate", "guarded_rate", "scripted_share")
    random, found = np.random.default_rng([SEED, 6, agents, size, int(10 * calming)]), []
    team = simulate.alike(agents, flinching=1.2, mirroring=0.15, heat=-2.2, calming=calming)
    heat, queues = team.heat.copy(), team.queues.copy()
    heat[0], queues[0] = 0.2, (0.1, 0.2, 0.7)
    team = replace(team, heat=heat, queues=queues)
    every = _with_the_teams_customers(team, random, 10 * max(size, reports * size // 40))
    for _ in range(reports):
        labels, _ = simulate.centre(team, size, random)
        found.append(compared(labels, told).filter(agent_id="a0000").drop_nulls("adjusted"))
    for measure in told:
        own, truth = pl.concat(found).filter(measure=measure), every[measure]
        off = [f"{100 * (own[name].mean() - truth):+.1f} points" for name in ("value", "adjusted")]
        holds = [
            share(int(((own[low] <= truth) & (own[high] >= truth)).sum()), own.height)
            for low, high in (("low", "high"), ("adjusted_low", "adjusted_high"))
        ]
        out = share(int(own["stands_out"].sum()), own.height)
        named = f"`{measure}` | {'yes' if calming else 'no'} | {agents} | {size} | {100 * truth:.1f}%"
        yield f"| {named} | {' | '.join((*off, *holds))} | {out} |"


def _with_the_teams_customers(
    team: simulate.Agents, random: np.random.Generator, conversations: int
) -> dict[str, float]:
    """The rates of the whole team, whose agents are all alike, over a great many conversations."""
    hits: dict[str, float] = {}
    chances: dict[str, float] = {}
    for _ in range(10):
        labels, _ = simulate.centre(team, conversations // len(team.heat), random)
        for measure, some, all_of in (
            opportunities(labels).group_by("measure").agg(pl.col("value").sum(), pl.len()).iter_rows()
        ):
            hits[measure], chances[measure] = hits.get(measure, 0.0) + some, chances.get(measure, 0.0) + all_of
    return {measure: hits[measure] / chances[measure] for measure in hits}


# 5. Shrinkage


def shrinking(effort: Effort) -> Iterator[str]:
    """How far raw and shrunken rates of differing agents with like customers lie from the truth."""
    yield (
        "| measure | agents | conversations | raw is off by (root mean square) | shrunken "
        "| shrunken interval holds the truth, % |"
    )
    yield "|---|---|---|---|---|---|"
    random = np.random.default_rng([SEED, 7])
    number = KINDS_OF_AGENTS
    kinds = replace(
        simulate.alike(number), understanding=random.normal(-0.2, 0.4, number),
        gruffness=random.uniform(0.04, 0.12, number), mirroring=random.uniform(0.05, 0.25, number),
    )  # fmt: skip
    measures = ("empathy_rate", "guarded_rate", "mirroring")
    labels, _ = simulate.centre(kinds, max(500, int(6000 * effort.share)), random)
    whole = summary.conversation_sums(opportunities(labels), scope="agent").group_by(KEY).agg(pl.col(SUMS).sum())
    true = pl.concat([whole.filter(measure=measure).select(*KEY, truth=_truth(measure)) for measure in measures])
    for size in (10, 30, 100):
        found = []
        for _ in range(max(2, int(30 * effort.share))):
            labels, _ = simulate.centre(kinds, size, random)
            found.append(compared(labels, measures).drop_nulls("shrunken"))
        for measure in measures:
            own = pl.concat(found).filter(measure=measure).join(true, on=KEY)
            if own.is_empty():
                continue
            truth = own["truth"].to_numpy()
            raw, drawn = (np.sqrt(np.mean((own[name].to_numpy() - truth) ** 2)) for name in ("value", "shrunken"))
            held = int(((own["shrunken_low"].to_numpy() <= truth) & (own["shrunken_high"].to_numpy() >= truth)).sum())
            yield (
                f"| `{measure}` | {number} | {size} | {100 * raw:.1f} points | {100 * drawn:.1f} points "
                f"| {share(held, own.height)} |"
            )


if __name__ == "__main__":
    main()
