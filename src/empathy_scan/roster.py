"""The roster: who the agents are, under which names the exports know them, and which team each belongs to.

A CSV table with a row per agent, or TOML with a table `[[agents]]` per agent. Names are compared as `roles.assign`
writes them, so that "Tom Brennan", "Brennan, Tom" and "tom.brennan" are one. An agent's id, aliases and addresses must
be nobody else's. Display names, and what precedes the @ of an address, tell an agent only where they are his alone.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import polars as pl

from empathy_scan import side_files
from empathy_scan.codebook import Role
from empathy_scan.config import why_not
from empathy_scan.errors import ConfigError
from empathy_scan.roles import NOBODY, agent_key

LISTS = ("aliases", "channels", "addresses")  # in a cell their parts stand between ; or |
ON_ROSTER = "roster"  # how the role of an agent was decided who is on it
_SHARED_DOMAIN = 2  # agents with an address in a domain from which on it is theirs, and what precedes the @ a name
_FAULTS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent of the roster, and where it stands there."""

    agent_id: str
    aliases: tuple[str, ...] = ()
    name: str = ""
    team: str = ""
    lead: str = ""
    shift: str = ""
    channels: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    place: str = field(default="", compare=False)  # such as "line 3"


COLUMNS = tuple(item.name for item in fields(Agent) if item.name != "place")


@dataclass(frozen=True, slots=True)
class Roster:
    """The agents by the key that stands for each in all frames, and the key of every name that tells one of them."""

    agents: Mapping[str, Agent] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)  # of a name or address -> of its agent

    @property
    def teams(self) -> dict[str, str]:
        """The team of each agent who has one."""
        return {key: agent.team for key, agent in self.agents.items() if agent.team}

    @property
    def names(self) -> dict[str, str]:
        """The display name of each agent who has one."""
        return {key: agent.name for key, agent in self.agents.items() if agent.name}

    @property
    def addresses(self) -> tuple[str, ...]:
        """All mailbox addresses."""
        return tuple(address for agent in self.agents.values() for address in agent.addresses)

    def unlisted(self, agent_ids: Iterable[str]) -> list[str]:
        """Those of the agents who are not on the roster, sorted; none without a roster."""
        if not self.agents:
            return []
        return sorted(set(agent_ids) - set(self.agents) - {NOBODY})


def load(path: str | Path) -> Roster:
    """The roster of a file, an empty one for "". Raises ConfigError with file, line and remedy, all faults at once."""
    if not str(path):
        return Roster()
    where = str(path)
    text = side_files.text(path, what="roster", option="--roster", kinds="CSV or TOML")
    is_toml = where.lower().endswith(".toml") or bool(re.search(r"^\s*\[\[\s*agents\s*\]\]", text, re.MULTILINE))
    agents = list(_of_toml(text, where) if is_toml else _of_table(text, where))
    return _checked(agents, where)


def recognise(turns: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """TURNS, those of speakers on the roster whose role is open made the agents'."""
    if not roster.agents:
        return turns
    listed = (_known(pl.col("agent_id"), roster) | _known(pl.col("speaker"), roster)) & (pl.col("role") == Role.UNKNOWN)
    return turns.with_columns(
        role=pl.when(listed).then(pl.lit(Role.AGENT.value)).otherwise("role"),
        role_source=pl.when(listed).then(pl.lit(ON_ROSTER)).otherwise("role_source"),
    )


def merge(turns: pl.DataFrame, roster: Roster) -> pl.DataFrame:
    """The TURNS or LABELS with one `agent_id` for all names of an agent; agents who are not on the roster stay."""
    if not roster.agents:
        return turns
    found = [_found(pl.col(name), roster) for name in ("agent_id", "speaker") if name in turns.columns]
    agent = pl.when(pl.col("role") == Role.AGENT)
    return turns.with_columns(agent_id=agent.then(pl.coalesce(*found, "agent_id")).otherwise("agent_id"))


def _found(name: pl.Expr, roster: Roster) -> pl.Expr:
    """The agent whom a name tells, null for nobody on the roster."""
    return agent_key(name).replace_strict(roster.keys, default=None, return_dtype=pl.String)


def _known(name: pl.Expr, roster: Roster) -> pl.Expr:
    return _found(name, roster).is_not_null()


# --- files ---------------------------------------------------------------------------------------------------------


def _of_table(text: str, where: str) -> Iterator[Agent]:
    """The rows of a table with a header; commas, semicolons, tabs or bars, whichever the header has most of."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=header.count)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter, strict=False)
    columns: list[str] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            place = f"line {reader.line_num - sum(cell.count(chr(10)) for cell in row)}"
            if not columns:
                columns = _columns([_plain(cell) for cell in row], f"{where}:{place}")
                continue
            if len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
                raise ConfigError(
                    f"{len(row)} cells under {len(columns)} columns", where=f"{where}:{place}",
                    remedy='separate the parts of a cell with |, or put it in quotes: "a;b"',
                )  # fmt: skip
            yield _agent(dict(zip(columns, row, strict=False)), place)
    except csv.Error as error:
        raise ConfigError(
            f"not a table: {error}", where=f"{where}:line {reader.line_num}", remedy="correct it"
        ) from error
    if not columns:
        raise ConfigError("the roster is empty", where=where, remedy=f"write the columns {', '.join(COLUMNS)}")


def _of_toml(text: str, where: str) -> Iterator[Agent]:
    """The tables `[[agents]]`."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not valid TOML: {why_not(error)}", where=where, remedy="correct the file") from error
    entries = table.pop("agents", [])
    if table or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError("holds something else than agents", where=where, remedy="write [[agents]] above each agent")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*agents\s*\]\]", line)]
    for number, entry in enumerate(entries, 1):
        place = f"line {lines[number - 1]}" if len(lines) == len(entries) else f"agent {number}"
        _columns([*entry], f"{where}:{place}")
        for name, value in entry.items():
            texts = value if name in LISTS and isinstance(value, list) else [value]
            if not all(isinstance(text, str | int) and not isinstance(text, bool) for text in texts):
                kind = "a list of texts" if name in LISTS else "a text"
                raise ConfigError(f"{name!r} must be {kind}", where=f"{where}:{place}", remedy="correct the value")
        yield _agent(entry, place)


def _columns(given: list[str], where: str) -> list[str]:
    """The columns, all known and each once."""
    if unknown := sorted(set(given) - set(COLUMNS)):
        what = f"unknown column {', '.join(map(repr, unknown))}"
        raise ConfigError(what, where=where, remedy=f"known columns: {', '.join(COLUMNS)}")
    if twice := [name for name, count in Counter(given).items() if count > 1]:
        raise ConfigError(f"column {', '.join(map(repr, twice))} comes twice", where=where, remedy="remove one of them")
    if "agent_id" not in given:
        raise ConfigError(
            "there is no column 'agent_id'", where=where, remedy="add it: the id that stands for an agent"
        )
    return given


def _plain(cell: str) -> str:
    """A column's name as ours are written: `Agent ID` is `agent_id`."""
    return re.sub(r"[\s_-]+", "_", cell.strip()).lower()


def _agent(values: Mapping[str, Any], place: str) -> Agent:
    """An agent of a row or table."""
    told: dict[str, Any] = {}
    for name, value in values.items():
        if name in LISTS:
            parts = value if isinstance(value, list) else re.split(r"[;|\n]", str(value))
            told[name] = tuple(text for part in parts if (text := _clean(part)))
        else:
            told[name] = _clean(value)
    return Agent(**{"agent_id": "", **told}, place=place)


def _clean(value: object) -> str:
    return " ".join(str(value).split())


# --- who is meant by a name ----------------------------------------------------------------------------------------


def _checked(agents: Sequence[Agent], where: str) -> Roster:
    """The roster of the agents; raises ConfigError for empty ids and for names that stand for two of them."""
    if not agents:
        raise ConfigError("there is no agent on the roster", where=where, remedy="write a row for each agent")
    faults = [f"{agent.place}: the agent_id is empty" for agent in agents if not agent.agent_id]
    own = [{name: key for name, key in zip(names, _keys(names), strict=True) if key} for names in map(_own, agents)]
    holders: dict[str, list[int]] = {}
    for number, names in enumerate(own):
        for key in dict.fromkeys(names.values()):
            holders.setdefault(key, []).append(number)
    for key, numbers in holders.items():
        if len(numbers) > 1:
            written = next(name for name, found in own[numbers[1]].items() if found == key)
            first, *others = (agents[number].place for number in numbers)
            faults.append(f"{', '.join(others)}: {written!r} is an agent_id, alias or address of {first} too")
    if faults:
        shown, more = faults[:_FAULTS_SHOWN], len(faults) - _FAULTS_SHOWN
        what = "; ".join(shown) + (f"; and {more} more" if more > 0 else "")
        raise ConfigError(
            what,
            where=where,
            remedy="give each agent an id, and leave out what several share, such as a common mailbox",
        )
    keys = {key: numbers[0] for key, numbers in holders.items()}
    keys |= {key: number for key, number in _implied(agents) if key not in keys}
    ids = _keys([agent.agent_id for agent in agents])
    return Roster(dict(zip(ids, agents, strict=True)), {key: ids[number] for key, number in keys.items()})


def _own(agent: Agent) -> list[str]:
    """The names that must be an agent's alone."""
    return [name for name in (agent.agent_id, *agent.aliases, *agent.addresses) if name]


def _implied(agents: Sequence[Agent]) -> Iterator[tuple[str, int]]:
    """Display names, and what precedes the @ in the agents' own domains, where one agent alone has them."""
    domains = Counter(domain for agent in agents for domain in {_domain(address) for address in agent.addresses})
    shared = {domain for domain, count in domains.items() if count >= _SHARED_DOMAIN}
    local = [{a.partition("@")[0] for a in agent.addresses if _domain(a) in shared} for agent in agents]
    names = [[*filter(None, [agent.name]), *sorted(parts)] for agent, parts in zip(agents, local, strict=True)]
    keys = [set(_keys(given)) for given in names]
    count = Counter(key for given in keys for key in given)
    return ((key, number) for number, given in enumerate(keys) for key in sorted(given) if count[key] == 1)


def _domain(address: str) -> str:
    return address.lower().partition("@")[2]


def _keys(names: Sequence[str]) -> list[str]:
    """The key of each name, as `roles.assign` makes them."""
    return (
        pl.DataFrame({"name": names}, schema={"name": pl.String})
        .select(agent_key(pl.col("name")))
        .to_series()
        .to_list()
    )
