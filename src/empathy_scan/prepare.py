"""From files to redacted turns with languages, roles and agents: the first stages, which `read` and `scan` share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from empathy_scan import language, readers, redact, roles, roster
from empathy_scan.config import Config
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

    Raises UsageError for a path that does not exist or a folder without files, ConfigError for a roster that cannot be
    used.
    """
    listed = roster.load(config.roles.roster)
    return _prepared(readers.read(sources, config.read), listed, config)


def parts(sources: Sequence[Path], config: Config) -> Iterator[Prepared]:
    """What `turns` gives, in parts of whole conversations, so that memory does not grow with the input.

    A mail domain that is found to be the agents' in the first part, where all mails are, is theirs in the others, too.
    Raises what `turns` raises.
    """
    listed = roster.load(config.roles.roster)
    for reading in readers.read_in_parts(sources, config.read):
        yield _prepared(reading, listed, config)
        domains = roles.agent_domains(reading.turns) if config.roles.infer else set()
        known = (*config.read.agent_domains, *sorted(domains - set(config.read.agent_domains)))
        config = replace(config, read=replace(config.read, agent_domains=known))


def _prepared(reading: readers.Reading, listed: Roster, config: Config) -> Prepared:
    """Turns as read through the stages that follow."""
    redacted = redact.redact(reading.turns, config.redact)
    known = config.read.languages
    heard = language.listen(redacted, known)
    told, foreign = language.set_aside(redacted, heard, known)
    told = roster.recognise(told, listed)
    read = replace(config.read, agent_addresses=(*config.read.agent_addresses, *listed.addresses))
    assigned, undecided = roles.assign(told, config.roles, read)
    kept, one_sided = language.leave_out(assigned, heard, known)
    rejects = pl.concat([reading.rejects, foreign, undecided, one_sided]).unique().sort(REJECTS.key)
    return Prepared(roster.merge(kept, listed), rejects, reading.files, heard.assumed, listed)
