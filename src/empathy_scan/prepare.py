"""From files to redacted turns with languages, roles and agents: the first stages, which `read` and `scan` share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from empathy_scan import identities, language, readers, redact, roles, roster, speaker_list, stages
from empathy_scan.config import Config, ReadConfig
from empathy_scan.roster import Roster
from empathy_scan.tables import REJECTS


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the first stages made of the sources."""

    turns: pl.DataFrame  # TURNS, redacted, with roles and one id per agent
    rejects: pl.DataFrame  # REJECTS on the way
    files: int
    assumed: int  # conversations that say too little to tell their language
    roster: Roster
    undecided: pl.DataFrame  # those of the rejects whose roles are open or that lack a side
    domains: frozenset[str] = frozenset()  # mail domains that were found to be the agents' so far
    people: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(schema=identities.FOUND)
    )  # of customers: in plain
    forgotten: int = 0  # conversations that were left out, as they were forgotten before or are too old

    @property
    def mixed(self) -> int:
        """Conversations with turns in other languages, which are left out."""
        return language.mixed(self.turns)

    @property
    def unlisted(self) -> list[str]:
        """The agents who are not on the roster; none without one."""
        return self.roster.unlisted(self.turns["agent_id"].drop_nulls())


def turns(sources: Sequence[Path], config: Config) -> Prepared:
    """The turns of the sources, and what was left out on the way.

    Raises UsageError for a path that does not exist or a folder without files, ConfigError for a roster or a list of
    speakers that cannot be used.
    """
    return _prepared(_open(sources, config), config)


def parts(sources: Sequence[Path], config: Config) -> Iterator[Prepared]:
    """What `turns` gives, in parts of whole conversations, so that memory does not grow with the input.

    Raises what `turns` raises.
    """
    yield from of_readings(readers.read_in_parts(sources, config.read), config)


def of_readings(
    readings: Iterable[readers.Reading], config: Config, domains: Collection[str] = ()
) -> Iterator[Prepared]:
    """The next stages of what was read, part by part.

    A mail domain that is found to be the agents' in the first part, where all mails are, is theirs in the others, too,
    as are the given `domains`, found by earlier runs. Raises ConfigError for a roster or list of speakers that cannot
    be used.
    """
    listed, named = roster.load(config.roles.roster), speaker_list.load(config.roles.speakers)
    found = set(domains) if config.roles.infer else set()
    for reading in stages.each(stages.READING, readings):
        own = config.read.agent_domains
        known = replace(config, read=replace(config.read, agent_domains=(*own, *sorted(found - set(own)))))
        with stages.stage(stages.REDACTING):
            fresh = roles.agent_domains(reading.turns) if config.roles.infer else set()
            made = _prepared(_opened(reading, listed, named, known), known)
        found |= fresh
        held = [replace(made, domains=frozenset(found))]
        del reading, made  # a part is large: while the next is made nobody keeps this one
        yield held.pop()


def explained(sources: Sequence[Path], config: Config) -> tuple[Prepared, pl.DataFrame]:
    """As `turns`, and who each speaker was taken for and why, as `roles.speakers` tells it."""
    opened = _open(sources, config)
    return _prepared(opened, config), roles.speakers(opened.turns, config.roles, opened.read)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The sources read and redacted, before the roles are decided."""

    reading: readers.Reading
    turns: pl.DataFrame
    foreign: pl.DataFrame  # REJECTS
    heard: language.Heard
    roster: Roster
    read: ReadConfig  # with the addresses of the roster


def _open(sources: Sequence[Path], config: Config) -> _Opened:
    listed, named = roster.load(config.roles.roster), speaker_list.load(config.roles.speakers)
    return _opened(readers.read(sources, config.read), listed, named, config)


def _opened(reading: readers.Reading, listed: Roster, named: pl.DataFrame, config: Config) -> _Opened:
    redacted = redact.redact(reading.turns, config.redact)
    heard = language.listen(redacted, config.read.languages)
    told, foreign = language.set_aside(redacted, heard, config.read.languages)
    told = roster.recognise(speaker_list.apply(told, named), listed)
    read = replace(config.read, agent_addresses=(*config.read.agent_addresses, *listed.addresses))
    return _Opened(reading, told, foreign, heard, listed, read)


def _prepared(opened: _Opened, config: Config) -> Prepared:
    assigned, undecided = roles.assign(opened.turns, config.roles, opened.read)
    kept, one_sided = language.leave_out(assigned, opened.heard, config.read.languages)
    found = pl.concat([opened.reading.rejects, opened.foreign, undecided, one_sided])
    rejects = found.unique().sort(REJECTS.key)
    listed, read = opened.roster, opened.read
    people = identities.of_turns(
        opened.reading.turns, kept, opened.reading.people, agents=(*read.agent_domains, *read.agent_addresses)
    )
    turns = roster.merge(kept, listed)
    return Prepared(
        turns, rejects, opened.reading.files, opened.heard.assumed, listed, undecided,
        people=people if config.store.customers else people.clear(),
    )  # fmt: skip
