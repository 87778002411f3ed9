"""What an export says of who the customer is - addresses, numbers, ids, names - beside the turns.

None of it is stored as it is: it is hashed, so that a customer who asks to be forgotten can be found (identities.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from empathy_scan.codebook import Role
from empathy_scan.readers.columns import fold
from empathy_scan.readers.conversation import Conversation, label_or_none

_WHO = "customer|client|caller|consumer|requester|enduser|visitor|member|patient|guest|subscriber|cardholder|sender"
_WHAT = (
    "id|ids|no|number|ref|reference|uuid|guid|key|email|emailaddress|mail|phone|phonenumber|telephone|mobile"
    "|mobilenumber|cell|msisdn|tel|address|name|fullname|externalid|identity|username|handle"
)
_NAMED = re.compile(rf"(?:{_WHO})(?:{_WHAT})|(?:contact|user|account|from)(?:email|emailaddress|phone|phonenumber)")
_SURELY = re.compile(r"(?:customer|client|caller|consumer|requester|enduser|visitor|contact)")
_PLAIN_NAMES = """
    email emailaddress phone phonenumber telephone mobile mobilenumber msisdn tel mailto ani cli callerid callingnumber
    callernumber fromnumber fromaddress suppliedemail suppliedphone suppliedname contactname crmid externalcontactid
    kundennummer kundenid numeroclient customer customerendpoint sourcephone
"""
_CUSTOMERS_NAMES = """
    customer customers client clients requester requesters visitor caller contact contacts consumer enduser
    consumerparticipants participantscustomer customerendpoint
"""
_OUR_NAMES = """
    agent agents assignee responder admin admins teammate teammates owner operator advisor staff group queue brand
    company organization messages comments turns segments conversationparts transcript systemendpoint
"""
_MIXED_NAMES = "user users participants participant parties people author authors attendees members sender from"
_PERSONS_NAMES = """
    id email emailaddress phone phonenumber mobile name fullname firstlastname address number identity externalid userid
    uuid tel mailto sip displayname
"""
_PLAIN, _CUSTOMERS, _OURS = (frozenset(names.split()) for names in (_PLAIN_NAMES, _CUSTOMERS_NAMES, _OUR_NAMES))
# Objects of which each may be a customer's or an agent's: those count that say which.
_MIXED, _OF_A_PERSON = (frozenset(names.split()) for names in (_MIXED_NAMES, _PERSONS_NAMES))
_ROLE_KEYS = ("role", "purpose", "affiliation", "participantPurpose", "ParticipantRole", "type", "participant_role")
_ROLE_WORDS = {
    Role.CUSTOMER: "customer external enduser client caller lead contact visitor consumer user",
    Role.AGENT: "agent admin internal operator supervisor advisor teammate employee",
    Role.SYSTEM: "bot system ivr acd workflow botflow",
}
_ROLES = {word: role for role, words in _ROLE_WORDS.items() for word in words.split()}
_DEEPEST = 6
_LONGEST = 200


def is_customers(name: str) -> bool:
    """Whether a column or key of that name says who the customer is."""
    folded = fold(name)
    return folded in _PLAIN or _NAMED.fullmatch(folded) is not None


def columns_of(cells: Mapping[str, Sequence[object]], read: Iterable[str] = ()) -> dict[str, Sequence[object]]:
    """The columns of a table that say who the customer is, but for those that are read as something else."""
    taken = set(read)
    return {name: cells[name] for name in cells if name not in taken and _is_column(name)}


def of_rows(cells: Mapping[str, Sequence[object]], positions: Iterable[int]) -> frozenset[str]:
    """What the columns say in those rows, which are one conversation.

    A column that says several things may be of whoever speaks: it counts only if its name says that it is a customer's.
    """
    where, found = [*positions], set[str]()
    for name, column in cells.items():
        said = {text for at in where if (text := _told(column[at]))}
        if len(said) == 1 or _SURELY.match(fold(name)):
            found |= said
    return frozenset(found)


def of_object(value: object) -> frozenset[str]:
    """What a JSON object says of its customer, in itself and in what it holds, but for what it says of others."""
    return frozenset(_within(value, customer=False, depth=_DEEPEST))


def of_conversation(conversation: Conversation) -> frozenset[str]:
    """All that is known of the customer of a conversation, with the people of a mail."""
    labels = {text for name, value in conversation.metadata.items() if is_customers(name) and (text := _told(value))}
    mail = conversation.mail.people if conversation.mail is not None else frozenset()
    return conversation.people | mail | labels


def _is_column(name: str) -> bool:
    """As `is_customers`, of a column that may stand for a key within an object: `contact.email`, not `agent.email`."""
    outer, _, inner = name.rpartition(".")
    parts = {fold(part) for part in outer.split(".")}
    person = bool(parts & _CUSTOMERS) and fold(inner) in _OF_A_PERSON
    return not parts & (_OURS | _MIXED) and (person or is_customers(inner))


def _within(value: object, *, customer: bool, depth: int, mixed: bool = False) -> Iterator[str]:
    """`customer`: the object is the customer's; `mixed`: it is so only if it says so itself."""
    if depth == 0:
        return
    if isinstance(value, list):
        for each in value:
            yield from _within(each, customer=customer, mixed=mixed, depth=depth - 1)
    if not isinstance(value, Mapping):
        return
    role = _role(value)
    if role in {Role.AGENT, Role.SYSTEM} or (mixed and role != Role.CUSTOMER):
        return
    customer = customer or role == Role.CUSTOMER
    for key, held in value.items():
        folded = fold(str(key))
        if folded in _OURS:
            continue
        if isinstance(held, Mapping | list):
            inner = customer or folded in _CUSTOMERS
            yield from _within(held, customer=inner, mixed=folded in _MIXED, depth=depth - 1)
        elif (is_customers(folded) or (customer and folded in _OF_A_PERSON)) and (text := _told(held)):
            yield text


def _role(value: Mapping[str, object]) -> Role:
    """Whose an object is, where a word in it tells that; else unknown."""
    words = (value.get(name) for name in _ROLE_KEYS)
    found = (_ROLES.get(fold(word), Role.UNKNOWN) for word in words if isinstance(word, str))
    return next((role for role in found if role != Role.UNKNOWN), Role.UNKNOWN)


def _told(value: object) -> str | None:
    """A cell as a label; None for what is none, or too long."""
    text = None if isinstance(value, bool) else label_or_none(value)
    return text if text is not None and len(text) <= _LONGEST else None
