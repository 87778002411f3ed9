"""The fairness report of a centre's own conversations: from the store, the review queue and a groups' file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from empathy_scan import (
    appeals,
    confounding,
    confounding_warning,
    group_figures,
    groups_file,
    rebuild,
    report,
    reviewing,
    roster,
    segment,
)
from empathy_scan.codebook import Role
from empathy_scan.config import Config
from empathy_scan.contents import Stored
from empathy_scan.errors import ModelError, UsageError
from empathy_scan.fairness import errors, flips
from empathy_scan.fairness.errors import GROUPS, UNITS, ErrorRate
from empathy_scan.fairness_results import Fairness
from empathy_scan.group_figures import TURN, Facet
from empathy_scan.mirror import UNKNOWN_AGENT
from empathy_scan.model import files as bundles
from empathy_scan.opportunities import opportunities
from empathy_scan.review import questions
from empathy_scan.review.agreement import first_answers
from empathy_scan.review.sample import weights
from empathy_scan.store import Store

MINIMUM_AGENTS = 5  # that a group of the file must have to be told
REWRITTEN = 400  # messages that are rewritten at most
_SEED = 1978
_OWN_DOING = {group_figures.AGENT_LENGTH}  # agents choose it: to compare within it would hide what they do


def measure(  # noqa: PLR0913 - a keyword per option
    store: Store,
    config: Config,
    *,
    columns: Path | None = None,
    by: Sequence[str] = (),
    model: Path | None = None,
    rewritten: int = REWRITTEN,
    minimum_agents: int = MINIMUM_AGENTS,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Fairness:
    """All that can be measured on what a store holds of a period, by default that of the report.

    `columns` is a groups' file, `by` names labels of the export; with `rewritten` 0 no model is needed. Raises
    StoreError, ConfigError for the file, UsageError where nothing is stored of the period, and ModelError.
    """
    listed = roster.load(config.roles.roster)
    since = since if since is not None or until is not None else rebuild.latest(store, config.report.weeks)
    stored = rebuild.counting(store.load(since=since, until=until), listed, appeals.standing(store, config))
    if stored.conversations.is_empty():
        raise UsageError("the store holds no conversation of that period", remedy="give other days, or scan first")
    spoken = _spoken(stored)
    given, told = groups_file.load(columns, spoken, listed) if columns else ((), ())
    own = _facets(stored, (*config.report.group_by, *by))
    file = groups_file.renamed(given, [each.name for each in own])
    kept = [group_figures.cautious(each, spoken, minimum_agents=minimum_agents) for each in file]
    facets, rows = (*own, *kept), opportunities(stored.labels)
    own_doing = [each for each in facets if each.name not in _OWN_DOING]
    found, messages, why = _flips(stored, config, model, rewritten)
    answered, rates = _errors(store, stored, config, facets, minimum_agents)
    times = stored.conversations["started_at"].drop_nulls()
    return Fairness(
        ", ".join(stored.conversations["model"].unique().sort()), *_ends(times),
        stored.conversations.height, spoken.filter(pl.col("agent_id") != UNKNOWN_AGENT)["agent_id"].n_unique(),
        answered, minimum_agents, tuple(told), tuple(_untold(facets, file, minimum_agents)),
        group_figures.figures(rows, facets, config.summary, minimum_agents=minimum_agents),
        confounding.compared(rows, own_doing, config.summary), rates, flips.of(found), why,
        messages,
    )  # fmt: skip


def write_page(found: Fairness, folder: Path, config: Config) -> Path:
    """`fairness.html` and `fairness.md` in a folder, that of the report or another; gives the first."""
    names = roster.load(config.roles.roster).names
    return report.write_fairness(folder, found, config.report.title, names)


def _spoken(stored: Stored) -> pl.DataFrame:
    """Who spoke in which conversation."""
    agents = stored.labels.filter(pl.col("role") == Role.AGENT)
    return agents.select("conversation_id", pl.col("agent_id").fill_null(UNKNOWN_AGENT)).unique().sort(pl.all())


def _ends(times: pl.Series) -> tuple[datetime | None, datetime | None]:
    first, last = times.min(), times.max()
    return first if isinstance(first, datetime) else None, last if isinstance(last, datetime) else None


def _facets(stored: Stored, by: Sequence[str]) -> tuple[Facet, ...]:
    """All facets that need no file."""
    return (
        *confounding_warning.of_conversations(stored.conversations, by),
        *group_figures.of_turns(stored.turns, stored.labels),
    )


def _untold(facets: Sequence[Facet], file: Sequence[Facet], minimum_agents: int) -> Iterator[tuple[str, str]]:
    """The facets that have fewer than two groups, and why."""
    given = {each.name: each.groups["group"].n_unique() for each in file}
    for each in facets:
        if (count := each.groups["group"].n_unique()) < 2:
            if given.get(each.name, 0) > 1:
                yield each.name, f"fewer than two groups with {minimum_agents} agents or more each"
            else:
                few = f"of no group of {minimum_agents} agents or more"
                yield each.name, "the same for all" if count else f"known {few}" if each.name in given else "not known"


def _errors(
    store: Store, stored: Stored, config: Config, facets: Sequence[Facet], minimum_agents: int
) -> tuple[int, tuple[ErrorRate, ...]]:
    """How many turns were reviewed, and the model's errors by group, weighted for how the turns were drawn."""
    if not config.review.queue and "://" in store.root:
        return 0, ()
    queue = reviewing.queue_of(store.root, config)
    items = queue.items() if queue.stamp() else []
    answers = first_answers(queue.answers()) if items else {}
    there = set(stored.conversations["conversation_id"])
    by_item: dict[str, list[Mapping[str, str]]] = {}
    for (item_id, _), answer in sorted(answers.items()):
        by_item.setdefault(item_id, []).append(answer.labels)
    asked = (item for item in items if not item.asks)  # drawn for all labels, not for one of a centre's own
    items = [item for item in asked if item.id in by_item and item.conversation_id in there]
    if not items:
        return 0, ()
    worth, today = weights(queue, [item.id for item in items]), reviewing.labels_of_today(store, items)
    agents = {row[:2]: row[2] for row in stored.labels.select(*TURN, "agent_id").iter_rows()}
    rows = [
        {
            "conversation_id": item.conversation_id, "turn": item.turn, "role": item.role,
            "agent_id": agents.get((item.conversation_id, item.turn)) or item.agent_id or None,
            "weight": worth[item.id] / len(by_item[item.id]), **_said("people", item.role, given),
            **_said("model", item.role, today.get(item.id, item.model)),
        }
        for item in items
        for given in by_item[item.id]
    ]  # fmt: skip
    units = pl.DataFrame([{"unit": at, **row} for at, row in enumerate(rows)], schema=UNITS)
    held = [
        units.join(each.groups.select(*each.on, "group"), on=each.on, how="inner").select(
            "unit", facet=pl.lit(each.name), group="group"
        )
        for each in facets
    ]
    held = [
        own.join(units.filter(pl.col("role") == Role.AGENT).select("unit"), on="unit", how="semi")
        if each.name == group_figures.CUSTOMER_TONE else own  # a tone that is judged is no group to judge it in
        for each, own in zip(facets, held, strict=True)
    ]  # fmt: skip
    fewest = {each.name: minimum_agents for each in facets if each.given}
    found = errors.rates(units, pl.concat([pl.DataFrame(schema=GROUPS), *held]), fewest=fewest)
    return len(items), found


def _said(side: str, role: str, given: Mapping[str, str]) -> dict[str, object]:
    """An answer as the columns of a side; null where nobody could tell."""
    tone, care = given.get(questions.TONE, "?"), questions.care(given) if role == Role.AGENT else "?"
    return {
        f"{side}_care": None if care == "?" else care, f"{side}_tone": int(tone) if tone.isdigit() else None
    }  # fmt: skip


def _flips(stored: Stored, config: Config, model: Path | None, most: int) -> tuple[list[flips.Tried], int, str]:
    """Stored messages in other forms, judged by the model; how many were taken, and why there are none."""
    if most < 1:
        return [], 0, "not asked for (--flips 0)"
    path = model or (Path(config.scan.model) if config.scan.model else bundles.default_path())
    models = set(stored.conversations["model"])
    if (fingerprint := bundles.fingerprint(path)) not in models:
        raise ModelError(
            f"is model {fingerprint}, and the store's labels are of {', '.join(sorted(models))}", where=str(path),
            remedy="name that model with --model, or leave the rewriting out with --flips 0",
        )  # fmt: skip
    from empathy_scan.model import bundle, fairness, tokens  # noqa: PLC0415 - torch only where something is scored

    cut = _segments(stored, config, most)
    messages = [
        (str(key[0]), str(own["role"][0]), tuple(map(tokens.example_of, own.iter_rows(named=True))))
        for key, own in cut.partition_by(TURN, as_dict=True, maintain_order=True).items()
    ]
    loaded = bundle.load(path)
    drawn = fairness.sample(loaded, messages, most=most)
    return list(fairness.tries(loaded, drawn)), len(drawn), ""


def _segments(stored: Stored, config: Config, most: int) -> pl.DataFrame:
    """The segments of turns drawn by chance, of each role as many with a label as plain ones, as far as there are."""
    labels = stored.labels.filter(pl.col("p_hostile").is_not_null(), pl.col("role").is_in([Role.AGENT, Role.CUSTOMER]))
    plain = (pl.col("tone") == 0) & ~pl.col("flags").str.contains_any(["S", "A", "X"])
    ordered = labels.sort(TURN).with_columns(plain=plain)
    mixed = ordered[np.random.default_rng(_SEED).permutation(ordered.height)]
    chosen = mixed.group_by("role", "plain", maintain_order=True).head((most + 1) // 2).select(TURN)
    ids = chosen["conversation_id"].unique()
    turns = stored.turns.filter(pl.col("conversation_id").is_in(ids.implode()))
    return segment.split(turns, config.segment).join(chosen, on=TURN, how="semi").sort(*TURN, "segment")
