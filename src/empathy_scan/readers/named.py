"""The agent whom a column names, found again among the speakers of the conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from empathy_scan.codebook import Role
from empathy_scan.readers.conversation import Turn

SOURCE = "agent column"


def with_agent(turns: Sequence[Turn], agent: str | None) -> Sequence[Turn]:
    """The turns with the speaker who is called like the agent, in full or by first name, as the agent.

    With two speakers the other one is the customer. Nothing changes where a turn has an agent already, or where none
    or several speakers are called so.
    """
    if not agent or any(turn.role == Role.AGENT for turn in turns):
        return turns
    unknown = {_folded(turn.speaker) for turn in turns if turn.role == Role.UNKNOWN and turn.speaker}
    called = unknown & _names(agent)
    if len(called) != 1:
        return turns
    name = called.pop()
    others = {_folded(turn.speaker or "") for turn in turns if turn.role != Role.SYSTEM} - {name}
    customer = others.pop() if len(others) == 1 else None
    return [_decided(turn, agent, name, customer) for turn in turns]


def _decided(turn: Turn, agent: str, name: str, customer: str | None) -> Turn:
    label = _folded(turn.speaker or "")
    if turn.role != Role.UNKNOWN or label not in {name, customer}:
        return turn
    if label == name:
        return replace(turn, role=Role.AGENT, role_source=SOURCE, agent_id=agent)
    return replace(turn, role=Role.CUSTOMER, role_source=SOURCE, agent_id=None)


def _folded(name: str) -> str:
    return " ".join(re.split(r"[\s._]+", name.casefold().strip()))


def _names(agent: str) -> set[str]:
    """What a transcript may call the agent: `Omar Haddad`, `Haddad, Omar` and `omar.haddad@...` are `omar`, too."""
    local = _folded(agent.partition("@")[0])
    last, comma, first = local.partition(",")
    plain = f"{first.strip()} {last.strip()}" if comma else local
    return {_folded(agent), local, plain, plain.split(" ")[0]} - {""}
