"""Twilio: transcripts of Conversational (Voice) Intelligence, and messages of the Conversations API.

Both come as pages of lists. Who spoke on which channel of a recording stands in the transcript's own resource, which
may lie in the same object as its `sentences` or beside them under `transcript`; without it the channels stay
unknown. The members are read as the API writes them (`media_channel`) and as Twilio's tools do (`mediaChannel`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, customers, labels
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, label_or_none
from empathy_scan.readers.files import Document, parse_json
from empathy_scan.readers.speech import joined, mean
from empathy_scan.readers.verdict import Verdict

_LISTED = ("transcripts", "conversations", "pages", "items")
_TRANSCRIPT_ID = re.compile(r"/Transcripts/(GT[0-9a-fA-F]{32})\b")
_PHONE = re.compile(r"\+\d{6,15}")
_TEXTS = {"sentences": "transcript", "messages": "body"}
_ROLE_FIELDS = ("role", "member_type", "participant_type", "sender_type", "type")
_NAME_FIELDS = ("full_name", "friendly_name", "display_name", "name")


@dataclass(frozen=True, slots=True)
class Page:
    """A list of sentences or messages with what stands around it."""

    place: str
    around: apijson.Resource
    items: Sequence[apijson.Resource]


def sniff_intelligence(document: Document) -> Verdict:
    """Whether the file holds sentences with `media_channel` and `transcript`."""
    return _sniff(document, ("media_channel", "mediaChannel"), "sentences", _is_sentence)


def parse_intelligence(document: Document, config: ReadConfig) -> Parsed:
    """The calls of a file; raises MalformedInputError when it holds no sentences."""
    del config
    pages, problems = _pages(document, "sentences", _is_sentence)
    grouped: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        grouped[_transcript_id(page) or apijson.identity(document.stem, page.place)].append(page)
    conversations = [_call(identity, group) for identity, group in grouped.items()]
    for group in grouped.values():
        problems += _missing_pages(group)
    return _parsed(conversations, problems, [])


def sniff_conversations(document: Document) -> Verdict:
    """Whether the file holds messages with `conversation_sid`, `author` and `body`."""
    return _sniff(
        document, ("conversation_sid", "conversationSid", "channel_sid", "channelSid"), "messages", _is_message
    )


def parse_conversations(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; raises MalformedInputError when it holds no messages."""
    del config
    pages, problems = _pages(document, "messages", _is_message)
    messages: dict[str, list[apijson.Resource]] = defaultdict(list)
    people: dict[str, dict[str, apijson.Person]] = defaultdict(dict)
    kinds: dict[str, str] = {}
    places: dict[str, str] = {}
    wordless = 0
    for page in pages:
        participants = [_snake(each) for each in _participants(page.around)]
        known = {key: _participant(each) for each in participants for key in _keys(each)}
        for message in page.items:
            identity = apijson.first_label(message, "conversation_sid", "channel_sid") or document.stem
            people[identity].update(known)
            kinds.setdefault(identity, _binding(participants))
            places.setdefault(identity, page.place)
            wordless += not apijson.spoken(message.get("body"))
            messages[identity].append(message)
        problems += _missing_pages([page])
    conversations = [
        _chat(identity, listed, people[identity], kinds[identity], places[identity] if len(messages) > 1 else "")
        for identity, listed in messages.items()
    ]
    notes = [f"{wordless} messages without words, such as pictures, are not read"] if wordless else []
    return _parsed(conversations, problems, notes)


def _parsed(
    conversations: Sequence[Conversation | None], problems: Sequence[InputError], notes: Sequence[str]
) -> Parsed:
    """What was read; raises MalformedInputError when nobody says anything in it."""
    read = [each for each in conversations if each is not None]
    if not read:
        raise MalformedInputError("nobody says anything in it", remedy="remove the file")
    empty = len(conversations) - len(read)
    lost = [MalformedInputError(f"{empty} conversations hold no words", remedy="nothing to do")] if empty else []
    return Parsed(read, [*problems, *lost], notes=notes)


def _sniff(document: Document, marks: Sequence[str], key: str, is_item: apijson.Holds) -> Verdict:
    """Whether a file has one of the marks, and a list of such items or the items themselves."""
    return apijson.sniff(
        document,
        lambda value: _is_page(value, key, is_item),
        listed=_LISTED,
        some=marks,
        fits=f"{key} with {marks[0]}",
        lacks=f"it has no {marks[0]}",
        otherwise=f"{marks[0]}, but not in {key}",
    )


def _is_sentence(value: apijson.Resource) -> bool:
    return "transcript" in value and ("media_channel" in value or "mediaChannel" in value)


def _is_message(value: apijson.Resource) -> bool:
    sids = ("conversation_sid", "conversationSid", "channel_sid", "channelSid")
    return "body" in value and ("author" in value or "from" in value) and any(sid in value for sid in sids)


def _is_page(value: apijson.Resource, key: str, is_item: apijson.Holds) -> bool:
    """Whether an object holds a list of items, or is one."""
    return is_item(value) or any(map(is_item, apijson.objects(value.get(key))))


def _pages(document: Document, key: str, is_item: apijson.Holds) -> tuple[list[Page], list[InputError]]:
    """The lists of a file, single items together as one, and what is broken."""
    found = apijson.resources(document, lambda value: _is_page(value, key, is_item), listed=_LISTED)
    if not found.found:
        raise MalformedInputError(f"no {key} in it", remedy=f"give the list of {key} as the API answers it")
    problems = list(found.problems)
    pages: list[Page] = []
    single = [_snake(each) for _, each in found.found if is_item(each)]
    if single:
        problems += apijson.faulty(single, key, _TEXTS[key])
        pages.append(Page("", {}, single))
    for place, around in found.found:
        if is_item(around):
            continue
        listed = around.get(key)
        items = listed if isinstance(listed, list) else []
        good = [_snake(each) for each in items if isinstance(each, Mapping) and is_item(each)]
        problems += [
            MalformedInputError(f"not one of {key}", where=f"{place} {key} {at}".strip(), remedy="export it again")
            for at, each in enumerate(items, start=1)
            if not (isinstance(each, Mapping) and is_item(each))
        ]
        problems += apijson.faulty(good, f"{place} {key}".strip(), _TEXTS[key])
        pages.append(Page(place, _snake(around), good))
    return pages, problems


def _snake(value: apijson.Resource) -> apijson.Resource:
    """The object with its members named as the API names them."""
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): each for name, each in value.items()}


def _missing_pages(pages: Sequence[Page]) -> list[InputError]:
    """A problem when the list is longer than what is in the file."""
    metas = [_snake(apijson.part(page.around.get("meta"))) for page in pages]
    urls = {str(meta.get("url")) for meta in metas}
    others = [meta.get(name) for meta in metas for name in ("next_page_url", "previous_page_url")]
    if all(not other or str(other) in urls or len(pages) > 1 for other in others):
        return []
    return [
        InputError(
            "only one page of the list is in the file, the conversation is not whole",
            where=pages[0].place or "meta",
            remedy="fetch it with PageSize=1000, or put all pages into one list",
        )
    ]


def _transcript_id(page: Page) -> str | None:
    """The transcript's id, from its resource, the sentences, or the address of the list."""
    resource = _transcript(page)
    own = apijson.first_label(resource, "sid")
    if own and own.startswith("GT"):
        return own
    named = (apijson.first_label(each, "transcript_sid") for each in (page.around, *page.items[:1]))
    meta = apijson.part(page.around.get("meta"))
    addresses = (str(source.get("url") or "")[:500] for source in (resource, page.around, meta))
    found = (_TRANSCRIPT_ID.search(address) for address in addresses)
    return next((each for each in named if each), None) or next((each[1] for each in found if each), None)


def _transcript(page: Page) -> apijson.Resource:
    """The transcript's resource, which may be the object that holds the sentences."""
    return _snake(apijson.part(page.around.get("transcript"))) or page.around


def _call(identity: str, pages: Sequence[Page]) -> Conversation | None:
    """The sentences of one transcript as a conversation; None when nobody says anything."""
    resource = next((each for page in pages if (each := _transcript(page)).get("channel")), _transcript(pages[0]))
    channel = _snake(apijson.part(resource.get("channel")))
    people = {
        key: _participant(each)
        for each in map(_snake, apijson.objects(channel.get("participants")))
        if (key := label_or_none(each.get("channel_participant")))
    }
    sentences = [sentence for page in pages for sentence in page.items]
    order = apijson.in_order([apijson.number(sentence.get("sentence_index")) for sentence in sentences])
    turns = [turn for at in order if (turn := _sentence(sentences[at])).text]
    if not turns:
        return None
    return Conversation(
        conversation_id=identity,
        turns=[apijson.with_person(turn, people.get(turn.speaker or ""), "column role") for turn in joined(turns)],
        channel=read_channel(label_or_none(channel.get("type"))) or Channel.CALL,
        started_at=apijson.moment(resource.get("media_start_time")),
        place=pages[0].place,
        redacted=_is_redacted(resource, pages[0]),
        people=customers.of_object({"participants": channel.get("participants")}),
        metadata=apijson.metadata(language=resource.get("language_code")),
    )


def _is_redacted(resource: apijson.Resource, page: Page) -> bool:
    """Whether the sentences are redacted: those of a redacted transcript, unless asked for with `Redacted=false`."""
    address = str(apijson.part(page.around.get("meta")).get("url") or "")
    return resource.get("redaction") is True and "redacted=false" not in address[:1000].casefold()


def _sentence(sentence: apijson.Resource) -> Turn:
    """One sentence of a channel."""
    words = [
        share for word in apijson.objects(sentence.get("words")) if (share := apijson.share(word.get("confidence")))
    ]
    return Turn(
        text=apijson.spoken(sentence.get("transcript")),
        speaker=label_or_none(sentence.get("media_channel")),
        start=apijson.seconds(sentence.get("start_time")),
        end=apijson.seconds(sentence.get("end_time")),
        confidence=mean(words) if words else apijson.share(sentence.get("confidence")),
    )


def _participant(participant: apijson.Resource) -> apijson.Person:
    """A participant; the role is the first word for one in its members or attributes.

    Who writes to a number of the company, and has no identity in the application, is a customer.
    """
    fields = {**_attributes(participant), **participant}
    role = _role(fields)
    if role == Role.UNKNOWN and _is_outside(participant):
        role = Role.CUSTOMER
    identity = apijson.first_label(fields, "user_id", "identity", "email", *_NAME_FIELDS)
    has_id = role in {Role.AGENT, Role.UNKNOWN}
    return apijson.Person(role, apijson.first_label(fields, *_NAME_FIELDS), identity if has_id else None)


def _is_outside(participant: apijson.Resource) -> bool:
    """Whether someone takes part by an address of a messaging service, without an identity in the application."""
    binding = _snake(apijson.part(participant.get("messaging_binding")))
    outside = binding.get("proxy_address") and not binding.get("projected_address")
    return bool(binding.get("address") and outside) and not participant.get("identity")


def _role(fields: apijson.Resource) -> Role:
    found = (apijson.role_word(fields.get(name)).role for name in _ROLE_FIELDS)
    return next((role for role in found if role != Role.UNKNOWN), Role.UNKNOWN)


def _attributes(resource: apijson.Resource) -> apijson.Resource:
    """The attributes that an application wrote to a participant or message, which are JSON in a string."""
    value = resource.get("attributes")
    if isinstance(value, str):
        try:
            value = parse_json(value)
        except MalformedInputError:
            return {}
    return _snake(apijson.part(value))


def _participants(around: apijson.Resource) -> list[apijson.Resource]:
    """The participants beside the messages, as a list or a page of its own."""
    listed = around.get("participants")
    return apijson.objects(apijson.part(listed).get("participants") if isinstance(listed, Mapping) else listed)


def _keys(participant: apijson.Resource) -> list[str]:
    """By what a message may name its author: id, identity or address of the participant."""
    binding = _snake(apijson.part(participant.get("messaging_binding")))
    found = (apijson.first_label(participant, "sid"), apijson.first_label(participant, "identity"))
    return [key for key in (*found, apijson.first_label(binding, "address")) if key]


def _binding(participants: Sequence[apijson.Resource]) -> str:
    """By what service a participant outside the application takes part, such as `sms`; "" for none."""
    bindings = (_snake(apijson.part(each.get("messaging_binding"))) for each in participants)
    return next((kind for each in bindings if (kind := apijson.first_label(each, "type"))), "")


def _chat(
    identity: str, messages: Sequence[apijson.Resource], people: Mapping[str, apijson.Person], kind: str, place: str
) -> Conversation | None:
    """The messages of one conversation; None when none has words."""
    order = apijson.in_order([apijson.number(each.get("index")) for each in messages])
    written = [messages[at] for at in order if apijson.spoken(messages[at].get("body"))]
    if not written:
        return None
    moments = [apijson.moment(each.get("date_created")) for each in written]
    first = apijson.earliest(moments)
    return Conversation(
        conversation_id=identity,
        turns=[_message(each, moment, first, people) for each, moment in zip(written, moments, strict=True)],
        channel=_channel(written, kind),
        started_at=first,
        place=place,
    )


def _message(
    message: apijson.Resource, moment: datetime | None, first: datetime | None, people: Mapping[str, apijson.Person]
) -> Turn:
    """A message; its role is said by its attributes, by its participant, or by the author's name if it is a role."""
    author = apijson.first_label(message, "author", "from")
    person = people.get(label_or_none(message.get("participant_sid")) or "") or people.get(author or "")
    role, source = _role(_attributes(message)), "column attributes"
    if role == Role.UNKNOWN and person is not None:
        role, source = person.role, "column role"
    named = labels.Label(Role.UNKNOWN)
    if role == Role.UNKNOWN and author:
        named = labels.read_label(author)
        role, source = named.role, "speaker label"
    own = named.name if named.role != Role.UNKNOWN else author  # `agent` is nobody's id
    agent_id = (person.agent_id if person else None) or own
    return Turn(
        text=apijson.spoken(message.get("body")),
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        speaker=(person.name if person else None) or author,
        agent_id=agent_id if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=apijson.since(first, moment),
    )


def _channel(messages: Sequence[apijson.Resource], kind: str) -> Channel:
    """The service behind the conversation: named by a participant, or by the form of an author's address."""
    authors = [apijson.first_label(each, "author", "from") or "" for each in messages]
    services = (kind, *(author.partition(":")[0] for author in authors if ":" in author))
    named = next((channel for service in services if (channel := read_channel(service))), None)
    return named or (Channel.SMS if any(map(_PHONE.fullmatch, authors)) else Channel.CHAT)
