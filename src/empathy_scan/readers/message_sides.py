"""What the message of any chat platform or help desk says of itself: its words, who wrote it, whether it is a note.

No platform is known by name here: the members are looked for under all the names that platforms have for them. Of
who wrote a message, flags (`direction`, `is_inbound`, `from_agent`) tell most, then the kind of its author. That kind
is clear for most words; `user` is the customer beside an `agent`, and the agent beside a `contact` or `visitor`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from empathy_scan.codebook import Role
from empathy_scan.readers import apijson, labels, tickets

Object = Mapping[str, object]

_TEXTS = (
    "stripped_text", "body_text", "plain_body", "messageText", "message_text", "messageData.msg.text",
    "message_content", "content.text", "content.body", "content", "text", "msg", "message.text", "message.body",
    "message", "messageBody", "body", "rendered_body", "richText", "body_html", "message_parts", "attributes.body",
    "attributes.preview",
)  # fmt: skip
_KINDS_OF_AUTHORS = (
    "actor_type", "actorType", "sender_type", "senderType", "sentBy", "author_type", "authorType", "participant_type",
    "participantType", "message_participant", "user_type", "userType", "sender.type", "sender.role", "author.type",
    "author.role", "createdBy.type", "created_by.type", "user.type", "from.type", "from", "role", "author",
    "speaker",
)  # fmt: skip
_SIDES: dict[str, Role] = {
    word: role
    for role, words in (
        (Role.CUSTOMER, "customer contact visitor consumer lead enduser guest client external requester caller member"),
        (Role.AGENT, "agent operator business admin teammate support staff internal representative employee rep team"),
        (Role.SYSTEM, "bot system trigger automation ai aiagent agentbot workflow chatbot virtualagent answerbot"),
    )
    for word in words.split()
}
_USER = "user"  # a customer or a colleague, as the other words of the file tell
_INBOUND = ("is_inbound", "isInbound", "incoming", "inbound")
_OUTBOUND = ("from_agent", "fromAgent", "is_agent", "isAgent", "is_admin", "isAdmin", "outgoing")
_DIRECTIONS = ("direction", "message_type", "messageType", "attributes.direction")
_NUMBERED = {0: Role.CUSTOMER, 1: Role.AGENT, 3: Role.SYSTEM}  # `message_type` of Chatwoot; 2 is an activity
_BOTS = (
    "bot", "isBot", "is_bot", "author.bot", "author.isBot", "author.is_bot", "sender.is_bot", "from_ai_agent",
    "auto", "attributes.auto", "automated",
)  # fmt: skip
_PRIVATE = ("private", "is_private", "isPrivate", "internal", "is_internal", "isInternal", "is_note", "isNote")
_PUBLIC = ("public", "is_public", "isPublic")
_KINDS = ("type", "message_type", "messageType", "kind", "channel", "visibility", "subtype", "contentType", "part_type")
_NOTES = {"note", "privatenote", "internalnote", "whisper", "private", "internal", "agents"}
_EVENTS = {
    "system", "systemmessage", "activity", "event", "lineitem", "join", "leave", "memberjoin", "memberleave",
    "channeljoin", "channelleave", "uj", "ul", "threadstatuschange", "assignment",
}  # fmt: skip
# Texts, authors and flags that a table of turns has as well.
_PLAIN_TEXTS = {"text", "message", "content", "body", "msg"}
_PLAIN_FLAGS = {"direction", "incoming", "from_agent", "is_agent"}
_PLAIN_DIRECTIONS = {"in", "inbound", "incoming", "received", "out", "outbound", "outgoing", "sent"}


def at(value: object, path: str) -> object:
    """What stands at a path of members (`author.type`); None where there is nothing."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def present(value: object, paths: tuple[str, ...]) -> Sequence[str]:
    """Those of some paths whose first member an object has: few of the many that platforms use."""
    heads, headed = _headed(paths)
    if not isinstance(value, Mapping) or heads.isdisjoint(value):
        return ()
    return [path for head, path in headed if head in value]


@lru_cache(maxsize=64)
def _headed(paths: tuple[str, ...]) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """The first members of some paths, also beside the paths."""
    headed = tuple((path.partition(".")[0], path) for path in paths)
    return frozenset(head for head, _ in headed), headed


def first(value: object, paths: tuple[str, ...]) -> str | None:
    """The first id, name or other short label at some paths."""
    return next((found for path in present(value, paths) if (found := tickets.identity(at(value, path)))), None)


def folded(value: object) -> str:
    """A word in small letters without spaces and signs; "" for anything that is none."""
    return "".join(sign for sign in value.casefold() if sign.isalnum()) if isinstance(value, str) else ""


def text_of(message: Object) -> tuple[str, str]:
    """The text of a message and the path at which it stands; two empty strings without any."""
    for path in present(message, _TEXTS):
        found = at(message, path)
        if path == "message_parts":
            parts = (at(each, "text.content") for each in apijson.objects(found))
            found = "\n".join(part for part in parts if isinstance(part, str))
        if isinstance(found, str) and found.strip():
            return found, path
    return "", ""


def is_note(message: Object, kinds: set[str]) -> bool:
    """Whether a message is for colleagues only; a `comment` is, where there are messages, too."""
    if any(tickets.truth(message.get(name)) is True for name in present(message, _PRIVATE)):
        return True
    if any(tickets.truth(message.get(name)) is False for name in present(message, _PUBLIC)):
        return True
    own = _kinds(message)
    return bool(own & _NOTES) or ("comment" in own and "message" in kinds)


def is_event(message: Object) -> bool:
    """Whether a message tells what was done, not what was said."""
    return bool(_kinds(message) & _EVENTS) or message.get("message_type") == 2


def kinds_of(messages: Iterable[Object]) -> set[str]:
    """The kinds of messages in a file, folded."""
    return {kind for message in messages for kind in _kinds(message)}


def _kinds(message: Object) -> set[str]:
    return {folded(message[name]) for name in present(message, _KINDS)} - {""}


def author_words(messages: Iterable[Object]) -> set[str]:
    """All words for kinds of authors in a file, folded."""
    return {word for message in messages if (word := _author_word(message))}


def _author_word(message: Object) -> str:
    """The word for the kind of a message's author; the name of somebody is none."""
    words = (folded(at(message, path)) for path in present(message, _KINDS_OF_AUTHORS))
    return next((word for word in words if word in _SIDES or word == _USER), "")


def side(word: str, words: set[str]) -> Role:
    """The role that a word for a kind of author means among the other words of the file."""
    if word == _USER:
        roles = {_SIDES.get(each) for each in words}
        return Role.AGENT if Role.CUSTOMER in roles and Role.AGENT not in roles else Role.CUSTOMER
    return _SIDES.get(word) or labels.read_label(word).role


def role_of(message: Object, words: set[str]) -> tuple[Role, str]:
    """The role of who wrote a message and what tells it; unknown and "" where nothing does."""
    subtypes = at(message, "author.subtypes")
    is_ai = isinstance(subtypes, list) and "ai" in map(folded, subtypes)
    if (
        is_ai
        or any(at(message, path) is True for path in present(message, _BOTS))
        or folded(message.get("subtype")) == "botmessage"
    ):
        return Role.SYSTEM, "bot"
    word = _author_word(message)
    if _SIDES.get(word) == Role.SYSTEM:
        return Role.SYSTEM, "column author type"
    role, source = _flagged(message)
    if role == Role.UNKNOWN and word:
        role, source = side(word, words), "column author type"
    return role, source if role != Role.UNKNOWN else ""


def _flagged(message: Object) -> tuple[Role, str]:
    """The role by the direction of a message."""
    for names, said, other in (
        (_INBOUND, Role.CUSTOMER, Role.AGENT),
        (_OUTBOUND, Role.AGENT, Role.CUSTOMER),
    ):
        for name in present(message, names):
            if isinstance(value := message[name], bool):
                return (said if value else other), f"column {name}"
    for path in present(message, _DIRECTIONS):
        value = at(message, path)
        if isinstance(value, int) and not isinstance(value, bool) and path == "message_type":
            return _NUMBERED.get(value, Role.UNKNOWN), "column message_type"
        word = folded(value)
        if word in {"in", "incoming", "received"} or word.startswith("inbound"):
            return Role.CUSTOMER, f"column {path}"
        if word in {"out", "outgoing", "sent"} or word.startswith("outbound"):
            return Role.AGENT, f"column {path}"
    return Role.UNKNOWN, ""


def tell_sides(messages: Sequence[Object]) -> bool:
    """Whether the messages name an agent or a customer."""
    words = author_words(messages)
    return any(role_of(each, words)[0] in {Role.AGENT, Role.CUSTOMER} for each in messages)


def needs_more_than_a_table(messages: Sequence[Object]) -> bool:
    """Whether a table of turns would lose what these messages say: notes, events, nested words, words of its own."""
    words = author_words(messages)
    kinds = kinds_of(messages)
    foreign = any(side(word, words) != labels.read_label(word).role for word in words)
    return foreign or any(_tells_more(each, kinds, words) for each in messages)


def _tells_more(message: Object, kinds: set[str], words: set[str]) -> bool:
    path = text_of(message)[1]
    flag = _flagged(message)[1].removeprefix("column ")
    foreign = flag not in _PLAIN_FLAGS or (flag == "direction" and folded(message[flag]) not in _PLAIN_DIRECTIONS)
    return (
        any(isinstance(message.get(name), bool) for name in (*_PRIVATE, *_PUBLIC))  # a later one may be a note
        or is_note(message, kinds)
        or (is_event(message) and bool(words))
        or (bool(path) and path not in _PLAIN_TEXTS and bool(words or flag))
        or (bool(flag) and foreign)
    )
