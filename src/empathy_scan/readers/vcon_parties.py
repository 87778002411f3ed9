"""The parties of a vCon: their roles, ids and all by what dialogs and transcripts may name them.

Roles are no part of vCon's core: they stand in `role` (contact centre extension) or in `meta.role` (older software).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from empathy_scan.codebook import Role
from empathy_scan.readers import apijson, labels

_EXPERTS = {"sme", "subject matter expert"}  # of the company, not its customer


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part, with all by what a transcript may call them."""

    role: Role
    name: str | None
    address: str | None  # of mail
    agent_id: str | None
    called: frozenset[str]

    @property
    def speaker(self) -> str | None:
        """What the party is called: someone of unknown role by the address, which the settings may know."""
        return (self.address if self.role == Role.UNKNOWN else None) or self.name or self.address or self.agent_id


def read_parties(listed: object) -> list[Party]:
    """The parties of a list, in their places; what is no object is a party of whom nothing is known."""
    people = [apijson.part(each) for each in listed] if isinstance(listed, list) else []
    words = [_role_word(each) for each in people]
    roles = labels.read_labels(word for word in words if word)
    return [_party(each, _role(word, roles)) for each, word in zip(people, words, strict=True)]


def numbers_of(value: object, *, deep: int = 3) -> Iterator[int]:
    """The whole numbers of a number or of lists within lists."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        yield value
    elif isinstance(value, list) and deep:
        for each in value:
            yield from numbers_of(each, deep=deep - 1)


def _role_word(party: apijson.Resource) -> str:
    return apijson.first_label(party, "role") or apijson.first_label(apijson.part(party.get("meta")), "role") or ""


def _role(word: str, roles: Mapping[str, labels.Label]) -> Role:
    return Role.AGENT if word.casefold() in _EXPERTS else roles[word].role if word else Role.UNKNOWN


def _party(party: apijson.Resource, role: Role) -> Party:
    """A party; the id of an agent is the address of mail, else the name, else whatever tells one."""
    meta = apijson.part(party.get("meta"))
    written = apijson.first_label(party, "mailto", "email") or apijson.first_label(meta, "mailto", "email")
    address = (written or "").removeprefix("mailto:") or None
    name = apijson.first_label(party, "name") or apijson.first_label(meta, "name")
    others = apijson.first_label(party, "uuid", "sip", "tel")
    identity = (name or address if role == Role.UNKNOWN else address or name) or others
    called = {name, address, apijson.first_label(party, "tel"), apijson.first_label(party, "uuid")}
    return Party(
        role=role,
        name=name,
        address=address,
        agent_id=identity if role in {Role.AGENT, Role.UNKNOWN} else None,
        called=frozenset(each.casefold() for each in called if each),
    )
