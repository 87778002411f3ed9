"""Lists of messages in the JSON of chat platforms and help desks that have no reader of their own.

A list is found wherever it stands; what the objects around it tell (the conversation's id, its channel, who takes
part) belongs to its messages. Notes for colleagues and events are left out and counted. What a table of turns would
read as well is left to the tables.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import apijson, customers, message_sides, tabular, tickets
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document, json_lines
from empathy_scan.readers.message_sides import Object, first, folded
from empathy_scan.readers.speech import joined
from empathy_scan.readers.tickets import Ledger, Message
from empathy_scan.readers.verdict import Verdict

_DEEPEST = 6  # objects and lists around a list of messages
_SAMPLE = 200  # messages that are looked at to know the format
_SHARE = 0.8  # of the members of a list that are messages
_CONVERSATION = (
    "conversation_id", "conversationId", "conversationsThreadId", "session_id", "sessionId", "ticket_id", "ticketId",
    "thread_id", "threadId", "chat_id", "chatId", "call_id", "callId", "interaction_id", "rid", "conversation.id",
    "relationships.conversation.data.id",
)  # fmt: skip
_OUTER = (*_CONVERSATION, "info.conversationId", "engagement_id", "engagementId", "id", "_id", "sourceSessionId")
_LINKED = re.compile(r"/(?:conversations|chats|threads|tickets)/([\w-]{1,64})/")
_TIMES = (
    "createdAt", "created_at", "created_time", "created_datetime", "createdTime", "sent_at", "sentAt", "date_sent",
    "date_created", "dateCreated", "timeL", "timestamp", "time", "ts", "received", "date_time", "datetime", "date",
    "transcriptedTimestamp", "serverReceivedTimestamp", "clientTimestamp", "attributes.sentAt", "attributes.createdAt",
)  # fmt: skip
_BEGAN = ("call_created_at", "recordingStartTime", "started_at", "startedAt", "startTime", "start_time", *_TIMES[:4])
_NAMES = (
    "sender.name", "sender.display_name", "author.displayName", "author.display_name", "author.name",
    "author.username", "user.name", "user.nickname", "from.name", "sender_name", "senderName", "senderDisplayName",
    "author_name", "authorName", "actor_name", "participantName", "participant_name", "message_agent_name", "u.name",
    "name", "displayName", "display_name", "full_name", "fullName", "agentFullName", "nickname",
)  # fmt: skip
_IDS = (
    "author_id", "authorId", "sender_id", "senderId", "participantId", "participant_id", "speakerId", "speaker_id",
    "actor_id", "actorId", "agentId", "agent_id", "user_id", "userId", "sender.id", "author.id", "author.userId",
    "createdBy.id", "user.user_id", "user.id", "from.user_id", "u._id", "createdBy", "user", "from",
)  # fmt: skip
_PEOPLE = (
    "users", "participants", "members", "agents", "people", "speakerInfo", "speakers", "agentParticipants",
    "consumerParticipants", "customers", "parties",
)  # fmt: skip
_PEOPLE_IDS = ("speakerId", "participantId", "agentId", "userId", "user_id", "actorId", "id")
_KINDS_OF_PEOPLE = ("type", "role", "participantType", "participant_type", "affiliation")
_QUEUES = (
    "department_name", "departmentName", "queue", "queue_name", "queueName", "team_name", "skill", "group.name",
    "info.latestSkillName",
)  # fmt: skip
_ENVELOPES = ("data", "record")
_NEEDED = (
    "text",
    "body",
    "message",
    "msg",
    "content",
    "message_parts",
    "messageText",
    "message_text",
    "preview",
    "rendered_body",
)


@dataclass(frozen=True, slots=True)
class _List:
    """A list of messages, the objects around it from near to far, and its place."""

    items: Sequence[object]
    around: Sequence[Object]
    place: str

    @property
    def messages(self) -> list[Object]:
        """The members that are objects."""
        return [each for each in self.items if isinstance(each, Mapping)]


@dataclass(frozen=True, slots=True)
class _Person:
    """Who takes part, as a list beside the messages tells."""

    role: Role
    name: str | None


def sniff(document: Document) -> Verdict:
    """Whether the file is JSON with lists of messages that tell more than a table of turns could hold."""
    if not apijson.begins_json(document.text):
        return Verdict(fits=False, why="it does not begin with { or [")
    if not any(f'"{name}' in document.text for name in _NEEDED):
        return Verdict(fits=False, why="it has no text of messages", nearness=0.1)
    found = next(_lists(_value(document, Ledger(), most=_SAMPLE), (), "", _DEEPEST, most=_SAMPLE), None)
    if found is None:
        return Verdict(fits=False, why="no list of messages with authors in it", nearness=0.3)
    sample = found.messages[:_SAMPLE]
    more = message_sides.needs_more_than_a_table(sample) or bool(_people(found.around))
    if more or (message_sides.tell_sides(sample) and not _is_table(document)):
        return Verdict(fits=True, why="a list of messages with authors, and notes, events or directions")
    return Verdict(fits=False, why="a table of turns says as much", nearness=0.3)


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; raises MalformedInputError when there is no list of messages in it.

    A file for which the settings name columns is read as a table.
    """
    if config.columns:
        lines = apijson.in_lines(document.text)
        return (tabular.parse_json_lines if lines else tabular.parse_json_file)(document, config)
    ledger = Ledger()
    found = list(_lists(_value(document, ledger), (), "", _DEEPEST))
    if not found:
        raise MalformedInputError("no list of messages with authors in it", remedy="export the messages as JSON")
    every = [message for each in found for message in each.messages]
    words, kinds = message_sides.author_words(every), message_sides.kinds_of(every)
    for each in found:
        for identity, group in _grouped(each, document.stem, several=len(found) > 1).items():
            read = _conversation(identity, group, each, (words, kinds), ledger, stem=document.stem)
            ledger.conversations += [read] if read is not None else []
    return ledger.parsed()


def _is_table(document: Document) -> bool:
    """Whether the readers of tables find the turns, too."""
    return apijson.in_lines(document.text) or tabular.sniff_json(document).fits


def _value(document: Document, ledger: Ledger, *, most: int | None = None) -> object:
    """The JSON of a file; JSON Lines as a list, without the lines that are broken, which are problems."""
    if not apijson.in_lines(document.text):
        return document.json
    values: list[object] = []
    for _, value in json_lines(document.text):
        if isinstance(value, MalformedInputError):
            ledger.problems.append(value)
        else:
            values.append(value)
        if most is not None and len(values) >= most:
            break
    return values


# --- where the messages are ----------------------------------------------------------------------------------------


def _lists(value: object, around: Sequence[Object], place: str, deep: int, most: int | None = None) -> Iterator[_List]:
    """The lists of messages in a JSON value, with what stands around them; of each list the first `most` members."""
    if isinstance(value, list):
        value = [_unwrapped(each) for each in value[:most]]
        if _holds_messages(value):
            yield _List(value, around, place)
            return
        inner = [(tickets.at(place, f"item {number}"), each) for number, each in enumerate(value, start=1)]
    elif isinstance(value, Mapping):
        around = (value, *around)
        inner = [(place, each) for each in islice(value.values(), most)]
    else:
        return
    for here, each in inner if deep else ():
        yield from _lists(each, around, here, deep - 1, most)


def _unwrapped(value: object) -> object:
    """A member of a list out of the envelope that a replication tool has put around each of them."""
    if isinstance(value, Mapping) and not message_sides.text_of(value)[0]:
        return next((inner for name in _ENVELOPES if isinstance(inner := value.get(name), Mapping)), value)
    return value


def _holds_messages(values: Sequence[object]) -> bool:
    """Whether nearly all members of a list that say something also say who wrote it, and there are such members."""
    sample = [each for each in values[:_SAMPLE] if isinstance(each, Mapping)]
    said = [each for each in sample if message_sides.text_of(each)[0]]
    told = sum(map(_has_author, said))
    return bool(told) and told >= _SHARE * len(said) and len(sample) >= _SHARE * len(values[:_SAMPLE])


def _has_author(message: Object) -> bool:
    told = message_sides.role_of(message, set())[0] != Role.UNKNOWN or message_sides.is_event(message)
    return told or first(message, _IDS) is not None or first(message, _NAMES) is not None


def _grouped(found: _List, stem: str, *, several: bool) -> dict[str, list[tuple[int, object]]]:
    """The messages of each conversation with their numbers."""
    outer = _outer_identity(found.around)
    default = outer or (f"{stem}-{_digest(found.place)}" if several else stem)
    numbers = {number for each in found.messages for number in _numbers(each)} if not outer else set()
    groups: dict[str, list[tuple[int, object]]] = defaultdict(list)
    for number, each in enumerate(found.items, start=1):
        own = first(each, _CONVERSATION)
        if own is None and len(numbers) > 2:
            own = _by_numbers(each, stem)
        groups[own or default].append((number, each))
    return groups


def _outer_identity(around: Sequence[Object]) -> str | None:
    """The id of the nearest object around a list that has one, also in the address of the list."""
    for each in around:
        link = message_sides.at(each, "_links.self")
        linked = _LINKED.search(link) if isinstance(link, str) else None
        if found := first(each, _OUTER) or (linked[1] if linked else None):
            return found
    return None


def _numbers(message: object) -> list[str]:
    """The two ends of a text message."""
    ends = [tickets.identity(message_sides.at(message, name)) for name in ("from", "to")]
    return [end for end in ends if end] if all(ends) else []


def _by_numbers(message: object, stem: str) -> str | None:
    """A name for what two numbers write to one another that does not tell the numbers."""
    ends = _numbers(message)
    return f"{stem}-{_digest(' '.join(sorted(ends)))}" if ends else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _people(around: Sequence[Object]) -> dict[str, _Person]:
    """Those who take part, by id, as lists around the messages tell; those whose role is not told are left out."""
    found: dict[str, _Person] = {}
    for holder in reversed(around):
        for name in _PEOPLE:
            listed = apijson.objects(holder.get(name))
            words = {folded(message_sides.at(each, kind)) for each in listed for kind in _KINDS_OF_PEOPLE}
            inside = any("extensionId" in each for each in listed)
            for each in listed:
                identity, role = first(each, _PEOPLE_IDS), _side(each, name, words, inside=inside)
                if identity and role != Role.UNKNOWN:
                    found[identity] = _Person(role, _name(each))
    return found


def _side(person: Object, key: str, words: set[str], *, inside: bool) -> Role:
    """The role of a participant: by a word, by the name of the list, or by an extension of the company's telephones."""
    if inside:
        return Role.AGENT if "extensionId" in person else Role.CUSTOMER
    for kind in _KINDS_OF_PEOPLE:
        if (word := folded(person.get(kind))) and (role := message_sides.side(word, words)) != Role.UNKNOWN:
            return role
    return {"agents": Role.AGENT, "agentParticipants": Role.AGENT}.get(
        key, Role.CUSTOMER if key in {"customers", "consumerParticipants"} else Role.UNKNOWN
    )


# --- what they say -------------------------------------------------------------------------------------------------


def _conversation(
    identity: str,
    group: Sequence[tuple[int, object]],
    found: _List,
    marks: tuple[set[str], set[str]],
    ledger: Ledger,
    *,
    stem: str,
) -> Conversation | None:
    """The messages of one conversation; None, and a problem, when nobody says anything.

    One that is called like the file, as nothing names it, must have a single customer.
    """
    people = _people(found.around)
    channel = _channel(group, found.around)
    messages: list[Message] = []
    for number, each in group:
        if isinstance(each, Mapping):
            messages += _message(each, people, marks, ledger, mail=channel == Channel.EMAIL)
        else:
            ledger.refuse("a message that is no object", tickets.at(found.place, f"message {number}"))
    place = found.place
    if not messages:
        ledger.refuse("a conversation without words", place, "nothing to do; notes and events are not read")
        return None
    several = {each.turn.speaker for each in messages if each.turn.role == Role.CUSTOMER} - {None}
    if identity == stem and len(several) > 1:
        what = f"messages of several customers, and nothing says to which conversation they belong: {len(messages)}"
        ledger.refuse(what, place, "export each conversation by itself, or with its id")
        return None
    began = next((at for each in found.around if (at := _moment(each, _BEGAN)) is not None), None)
    turns, started = tickets.timed(messages, None)
    if any(message.shift is not None for message in messages):
        turns, channel = joined(_by_offset(turns)), channel or Channel.CALL
        started = started or began
    return Conversation(
        conversation_id=identity,
        turns=turns,
        channel=channel or Channel.CHAT,
        queue=next((queue for each in found.around if (queue := first(each, _QUEUES))), None),
        started_at=started,
        place=place,
        people=frozenset(name for each in found.around for name in customers.of_object(each)),
        metadata=tickets.labels(is_bot=True if any(turn.role == Role.SYSTEM for turn in turns) else None),
    )


def _message(
    message: Object, people: Mapping[str, _Person], marks: tuple[set[str], set[str]], ledger: Ledger, *, mail: bool
) -> list[Message]:
    """A message as a turn; none for notes, events, and what has no words."""
    words, kinds = marks
    said, _ = message_sides.text_of(message)
    if message_sides.is_note(message, kinds):
        ledger.left_out["internal notes"] += 1
        return []
    if message_sides.is_event(message):
        ledger.left_out["events"] += 1
        return []
    content = tickets.own_words(tickets.shown_text(plain=said), mail=mail)
    if not content:
        ledger.left_out["messages of quoted text only" if said else "messages without words"] += 1
        return []
    role, source = message_sides.role_of(message, words)
    sender = next(iter(apijson.objects(message.get("senders"))), {})
    identity, name = first(message, _IDS) or first(sender, ("actorId", "id")), _name(message)
    person = people.get(identity or "")
    if role == Role.UNKNOWN and person is not None:
        role, source = person.role, "list of participants"
    name = name or (person.name if person else None)
    own = None if folded(identity) in words else identity  # `agent` is nobody's id
    start, end = (
        next((at for key in keys if (at := apijson.seconds(message.get(key))) is not None), None)
        for keys in (("start", "start_time", "startTime"), ("end", "end_time", "endTime"))
    )
    turn = Turn(
        text=content,
        role=role,
        role_source=source,
        speaker=name or own,
        agent_id=(own or name) if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=start,
        end=end,
    )
    return [Message(turn, _moment(message, _TIMES), start)]


def _name(value: Object) -> str | None:
    """The name of a message's author or of a participant, also one in two parts."""
    if found := first(value, _NAMES):
        return found
    if senders := apijson.objects(value.get("senders")):
        return first(senders[0], ("name", "actorId"))
    for path, parts in (("createdBy", ("first", "last")), ("author", ("first_name", "last_name"))):
        pair = [tickets.words(message_sides.at(value, f"{path}.{part}")).strip() for part in parts]
        if any(pair):
            return " ".join(filter(None, pair))
    return first(value, ("createdBy.email", "author.email", "sender.email"))


def _moment(value: Object, paths: tuple[str, ...]) -> datetime | None:
    found = (tickets.moment(message_sides.at(value, path)) for path in message_sides.present(value, paths))
    return next((moment for moment in found if moment is not None), None)


def _by_offset(turns: Sequence[Turn]) -> list[Turn]:
    """The turns in the order of their seconds, where all have some."""
    return [turns[at] for at in apijson.in_order([turn.start for turn in turns])]


def _channel(group: Sequence[tuple[int, object]], around: Sequence[Object]) -> Channel | None:
    """The channel that a message or an object around the list names; text messages go between telephone numbers."""
    messages = [each for _, each in group if isinstance(each, Mapping)]
    told = [each.get(name) for each in (*messages[:_SAMPLE], *around[:2]) for name in ("channel", "type", "origin")]
    named = next((channel for word in told if isinstance(word, str) and (channel := _known(word))), None)
    phones = any(end.startswith("+") for each in messages[:1] for end in _numbers(each))
    return named or (Channel.SMS if phones else None)


def _known(word: str) -> Channel | None:
    return None if folded(word) in {"message", "msg", "text"} else read_channel(word)
