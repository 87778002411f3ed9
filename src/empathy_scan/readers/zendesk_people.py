"""Who is who in a Zendesk ticket: a comment names only its author's id.

The role follows from who asked (`requester_id`), from side-loaded `users`, and from who is assigned.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass, field, replace

from empathy_scan.codebook import Role
from empathy_scan.readers import chatlog, tickets
from empathy_scan.readers.apijson import objects, part
from empathy_scan.readers.tickets import Object

_USER_ROLES = {"end-user": Role.CUSTOMER, "agent": Role.AGENT, "admin": Role.AGENT}


@dataclass(frozen=True, slots=True)
class People:
    """Users by id, role and name, ids by casefolded name, the names of groups, and what users are known by."""

    roles: MutableMapping[str, Role] = field(default_factory=dict)
    names: MutableMapping[str, str] = field(default_factory=dict)
    called: MutableMapping[str, frozenset[str]] = field(default_factory=dict)
    groups: MutableMapping[str, str] = field(default_factory=dict)
    known: MutableMapping[str, frozenset[str]] = field(default_factory=dict)  # addresses and numbers


NOBODY = People()


def of_pages(pages: Iterable[Object]) -> People:
    """The users and groups that are side-loaded with any page."""
    users: list[Object] = []
    groups: dict[str, str] = {}
    for page in pages:
        users += objects(page.get("users"))
        groups |= {str(each.get("id")): name for each in objects(page.get("groups")) if (name := name_of(each))}
    return with_users(People(groups=groups), users)


def with_users(people: People, users: Iterable[Object]) -> People:
    """The people with further users, whose roles and names win; those of a file are not copied for each ticket."""
    roles: dict[str, Role] = {}
    names: dict[str, str] = {}
    called: dict[str, frozenset[str]] = {}
    known: dict[str, frozenset[str]] = {}
    for user in users:
        identity = tickets.identity(user.get("id"))
        if identity is None:
            continue
        known[identity] = frozenset(
            told for name in ("email", "phone", "external_id", "name") if (told := tickets.identity(user.get(name)))
        )
        if role := _USER_ROLES.get(str(user.get("role")).casefold()):
            roles[identity] = role
        if name := name_of(user):
            names[identity] = name
            folded = name.casefold()
            called[folded] = called.get(folded, people.called.get(folded, frozenset())) | {identity}
    if not (roles or names):
        return people
    return replace(
        people,
        roles=ChainMap(roles, people.roles),
        names=ChainMap(names, people.names),
        called=ChainMap(called, people.called),
        known=ChainMap(known, people.known),
    )


def name_of(value: Object) -> str | None:
    """The name of a user, group or brand, else the address."""
    return tickets.identity(value.get("name")) or tickets.identity(value.get("email"))


def role_of(author: str | None, facts: Object, people: People) -> tuple[Role, str]:
    """The role of an author and the field that tells it."""
    if author is None:
        return Role.UNKNOWN, ""
    requester = _party(facts, "requester")
    if author == requester:
        return Role.CUSTOMER, "requester_id"
    if role := people.roles.get(author):
        return role, "role of user"
    if author.startswith("-"):  # -1 is the system's own user
        return Role.SYSTEM, "author_id"
    asked = requester is not None  # a submitter may be the requester, when nobody says who that is
    told = next((name for name in ("assignee", "submitter")[: 1 + asked] if author == _party(facts, name)), None)
    assigned = facts.get("assigned_before")
    if told is None and isinstance(assigned, set) and author in assigned:
        told = "assignee"
    return (Role.AGENT, f"{told}_id") if told else (Role.UNKNOWN, "")


def by_name_of(names: Iterable[str], facts: Object, people: People) -> dict[str, chatlog.Person]:
    """Role and agent id of those names that tell them; of namesakes with one role the role alone."""
    found: dict[str, chatlog.Person] = {}
    for folded in {name.casefold() for name in names}:
        ids = people.called.get(folded, frozenset())
        roles = {role_of(identity, facts, people)[0] for identity in ids}
        if len(roles) == 1 and (role := roles.pop()) != Role.UNKNOWN:
            found[folded] = (role, next(iter(ids)) if len(ids) == 1 and role == Role.AGENT else None)
    return found


def requester_of(facts: Object, people: People) -> frozenset[str]:
    """What the one who asked is known by, where a file has its users beside its tickets."""
    return people.known.get(_party(facts, "requester") or "", frozenset())


def _party(facts: Object, name: str) -> str | None:
    """The id of the requester, assignee or submitter."""
    return tickets.identity(facts.get(f"{name}_id")) or tickets.identity(part(facts.get(name)).get("id"))


def group_of(facts: Object, people: People) -> str | None:
    """The name of the ticket's group, else its id."""
    identity = tickets.identity(facts.get("group_id"))
    return people.groups.get(identity, identity) if identity is not None else None
