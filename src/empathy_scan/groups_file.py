"""The groups' file of a centre: a CSV table keyed by agent or by conversation, whose other columns are group columns.

It may hold what the law protects most (where somebody comes from, what language they grew up with). It is read, and
never written anywhere: neither the store nor the report keeps who is in which group.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from empathy_scan import side_files
from empathy_scan.errors import ConfigError
from empathy_scan.fairness_results import Column
from empathy_scan.group_figures import AGENT, CONVERSATION, Facet
from empathy_scan.roles import agent_key
from empathy_scan.roster import Roster

_AGENTS = ("agent", "agent_id", "agent id", "agentid", "agent name")
_CONVERSATIONS = ("conversation", "conversation_id", "conversation id", "conversationid", "call_id", "call id")
_REMEDY = "give a CSV table with a column agent or conversation, and a column per grouping"
MOST_GROUPS = 50  # of a column; one with more is a name or a number, and no grouping


def load(path: Path, spoken: pl.DataFrame, listed: Roster) -> tuple[tuple[Facet, ...], tuple[Column, ...]]:
    """The facets of a groups' file, and how far each covers the agents or conversations of the store.

    `spoken` has a row per agent and conversation. Names of agents are compared as everywhere, with the roster's
    aliases. Raises ConfigError with file, line and remedy for what is no such table.
    """
    header, rows = _read(path)
    names = [" ".join(each.split()).casefold() for each in header]
    keys = [at for at, name in enumerate(names) if name in (*_AGENTS, *_CONVERSATIONS)]
    if len(keys) != 1:
        what = "has no column agent or conversation" if not keys else "is keyed by agent and by conversation at once"
        raise ConfigError(what, where=str(path), remedy=_REMEDY)
    columns = [(at, " ".join(header[at].split())) for at in range(len(header)) if at != keys[0] and header[at].strip()]
    if not columns:
        raise ConfigError("has no group column", where=str(path), remedy=_REMEDY)
    if len({name for _, name in columns}) < len(columns):
        raise ConfigError("two columns have the same name", where=str(path), remedy="rename one of them")
    on = AGENT if names[keys[0]] in _AGENTS else CONVERSATION
    made = [_facet(path, rows, keys[0], at, name, on, spoken, listed) for at, name in columns]
    return tuple(facet for facet, _ in made), tuple(column for _, column in made)


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and the rows with their lines."""
    text = side_files.text(path, what="groups", option="--groups")
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=max(",;\t|", key=first.count))
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise ConfigError("is no CSV table", where=f"{path}:{reader.line_num}", remedy=_REMEDY) from error
    if len(rows) < 2:
        raise ConfigError("holds no row", where=str(path), remedy=_REMEDY)
    return rows[0][1], rows[1:]


def _facet(
    path: Path, rows: Sequence[tuple[int, list[str]]], key: int, at: int, name: str, on: tuple[str, ...],
    spoken: pl.DataFrame, listed: Roster,
) -> tuple[Facet, Column]:  # fmt: skip
    """A column as a facet; who has no group in it is in none."""
    given: dict[str, tuple[str, int]] = {}
    for line, row in rows:
        who, group = (row[place].strip() if place < len(row) else "" for place in (key, at))
        if not who or not group:
            continue
        known = _called(who, listed) if on == AGENT else who
        if given.setdefault(known, (group, line))[0] != group:
            raise ConfigError(
                f"gives the {on[0].removesuffix('_id')} of line {given[known][1]} another {name!r}",
                where=f"{path}:{line}", remedy="leave one of the two",
            )  # fmt: skip
    if len({group for group, _ in given.values()}) > MOST_GROUPS:
        raise ConfigError(
            f"the column {name!r} has more than {MOST_GROUPS} groups", where=str(path),
            remedy="leave it out, or join its groups",
        )  # fmt: skip
    frame = pl.DataFrame(
        {on[0]: list(given), "group": [group for group, _ in given.values()]},
        schema={on[0]: pl.String, "group": pl.String},
    )
    known_ids = spoken[on[0]].unique()
    matched = frame.filter(pl.col(on[0]).is_in(known_ids.implode()))
    if matched.is_empty():
        raise ConfigError(
            f"no {on[0].removesuffix('_id')} of the column {name!r} is in the store", where=str(path),
            remedy="write them as data/agents.csv and data/conversations.csv of the report have them",
        )  # fmt: skip
    column = Column(name, on[0].removesuffix("_id"), matched.height, known_ids.len(), frame.height - matched.height)
    return Facet(name, on, matched, given=True), column


def _called(who: str, listed: Roster) -> str:
    """An agent as the store knows them."""
    key = str(pl.select(agent_key(pl.lit(who))).item())
    return listed.keys.get(key, key)


def renamed(facets: Sequence[Facet], taken: Sequence[str]) -> tuple[Facet, ...]:
    """The given facets, those with the name of one that the store has called so, too."""
    return tuple(replace(each, name=f"{each.name} (of the file)") if each.name in taken else each for each in facets)
