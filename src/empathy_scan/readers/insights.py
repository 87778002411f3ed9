"""Google Conversational Insights (CCAI Insights, CX Insights): uploaded, exported and BigQuery conversations.

Sources: "Conversation data format" (upload), REST resource `projects.locations.conversations`, "BigQuery schema"; and
the messages that Agent Assist lists of a conversation, `projects.conversations.messages` of Dialogflow.
JSON made from protocol buffers has names in camelCase or snake_case, and durations and moments as strings or objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, times
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.utterances import (
    Object,
    Said,
    confidence,
    label,
    labels,
    offset,
    pick,
    said,
    silent,
    span,
    turns_in_order,
)
from empathy_scan.readers.verdict import Verdict

_ROLES = {
    "AGENT": Role.AGENT,
    "HUMAN_AGENT": Role.AGENT,
    "AUTOMATED_AGENT": Role.SYSTEM,
    "CUSTOMER": Role.CUSTOMER,
    "END_USER": Role.CUSTOMER,
    # The numbers that protocol buffers give them. ANY_AGENT (4) is a person or a machine: nobody knows.
    "1": Role.AGENT,
    "2": Role.SYSTEM,
    "3": Role.CUSTOMER,
}
_MEDIA = {"1": Channel.CALL, "2": Channel.CHAT}  # likewise
_LISTED = ("conversations",)
_MARKS = (
    "start_timestamp_usec", "user_id", "transcriptSegments", "transcript_segments", "conversationName",
    "participantRole", "participant_role",
)  # fmt: skip
_QUEUES = ("queue", "queue_name", "queueName", "queue_id", "queueId")
_NO_IDENTITY = re.compile(r".{1,2}|agent.?\d*|customer.?\d*", re.IGNORECASE)  # 1 and 2 number the sides of a call
_MICROS_SINCE_1970, _MILLIS_SINCE_1970, _SECONDS_SINCE_1970 = 1e14, 1e11, 1e9
_LOOKED_AT = 20  # entries, to know the format
_FIRST_YEAR = datetime(1980, 1, 1, tzinfo=UTC)  # earlier moments are offsets that were uploaded as moments


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the layouts: its name, the list of utterances, and the names that they have in it."""

    name: str
    utterances: object
    text: str
    role: str = "role"


@dataclass(frozen=True, slots=True)
class Timed:
    """When an utterance was made: a moment, or seconds from the start."""

    moment: datetime | None = None
    start: float | None = None
    end: float | None = None


def sniff_insights(document: Document) -> Verdict:
    """Whether the file holds conversations of Insights: `entries`, `transcriptSegments` or rows with `sentences`."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        some=_MARKS,
        fits="conversations in a layout of Google Conversational Insights",
        lacks="it has no entries with user_id and no transcriptSegments",
        otherwise="no object in it is a conversation of Insights",
        nearness=0.3,
    )


def parse_insights(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; raises MalformedInputError when it holds none in these layouts."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    if not resources.found:
        raise MalformedInputError(
            "no entries, transcriptSegments or sentences in it", remedy="give the file as Insights reads or writes it"
        )
    conversations: list[Conversation] = []
    problems = list(resources.problems)
    notes: list[str] = []
    for at, (place, value) in enumerate(resources.found, start=1):
        stem = document.stem if len(resources.found) == 1 else f"{document.stem}-{at}"
        made, broken = _conversation(value, place, stem, notes)
        problems += broken
        conversations += [made] if made is not None else []
    return Parsed(conversations, problems, notes=notes)


def _holds(value: Object) -> bool:
    return _shape(value) is not None


def _shape(value: Object) -> Shape | None:
    """The layout of a conversation; None for anything else."""
    transcript = apijson.part(value.get("transcript"))
    for name in ("transcriptSegments", "transcript_segments"):
        if isinstance(transcript.get(name), list):
            return Shape(f"transcript.{name}", transcript[name], "text")
    if "conversationName" in value and isinstance(value.get("sentences"), list):
        return Shape("sentences", value["sentences"], "sentence", "participantRole")
    messages = apijson.objects(value.get("messages"))[:_LOOKED_AT]
    if messages and all(map(_is_message, messages)):
        camel = any("participantRole" in each for each in messages)
        return Shape("messages", value["messages"], "content", "participantRole" if camel else "participant_role")
    if any(map(_is_entry, apijson.objects(value.get("entries"))[:_LOOKED_AT])):
        return Shape("entries", value["entries"], "text")
    return None


def _is_entry(value: Object) -> bool:
    role = label(value.get("role")) or ""
    known = role.upper() in _ROLES and not role.isdigit()
    return "text" in value and ("start_timestamp_usec" in value or (known and "user_id" in value))


def _is_message(value: Object) -> bool:
    """Whether an object is a message as Agent Assist lists them."""
    role = label(pick(value, "participantRole", "participant_role")) or ""
    return "content" in value and role.upper() in _ROLES


def _conversation(
    value: Object, place: str, stem: str, notes: list[str]
) -> tuple[Conversation | None, list[InputError]]:
    """One conversation, and what is broken in it; None with a problem if nobody says anything."""
    shape = _shape(value)
    if shape is None:
        return None, [silent(place)]
    where = f"{place} {shape.name}".strip()
    utterances, problems = said(shape.utterances, where, lambda each: each.get(shape.text))
    if not utterances:
        return None, [*problems, silent(where)]
    about = {**_of_messages(value, shape), **value, **apijson.part(value.get("conversation_info"))}
    channel = _channel(about)
    started, timed = _times(shape, utterances, about, notes)
    agents = _agents(about)
    turns = [_turn(each, at, shape, agents, _sides(about)) for each, at in zip(utterances, timed, strict=True)]
    return Conversation(
        conversation_id=_identity(about) or stem,
        turns=turns_in_order(_with_agents(turns, agents), channel),
        channel=channel,
        queue=next((text for name in _QUEUES if (text := label({**_labels(about), **about}.get(name)))), None),
        started_at=started,
        place=place,
        metadata=_metadata(about, agents),
    ), problems


def _of_messages(value: Object, shape: Shape) -> Object:
    """What messages say of their conversation: its name, which theirs begin with, and their language."""
    if shape.name != "messages":
        return {}
    first = apijson.objects(value["messages"])[0]
    name = (label(first.get("name")) or "").rpartition("/messages/")[0]
    return {"name": name or None, "languageCode": pick(first, "languageCode", "language_code")}


def _identity(about: Object) -> str | None:
    """The id that the file gives: of a resource the last part of its name."""
    name = label(pick(about, "name", "conversationName"))
    if name and "/conversations/" in name:
        return name.rpartition("/")[2] or None
    return label(pick(about, "conversation_id", "conversationId"))


def _channel(about: Object) -> str:
    """The channel of `medium`; a call if there is a recording or a map of its channels."""
    medium = label(pick(about, "medium", "channel"))
    known = read_channel(medium) or _MEDIA.get(medium or "")
    source = apijson.part(pick(apijson.part(pick(about, "dataSource", "data_source")), "gcsSource", "gcs_source"))
    if known is None and (
        pick(source, "audioUri", "audio_uri") or pick(about, "audioFileUri", "callMetadata", "call_metadata")
    ):
        return Channel.CALL
    return known or Channel.OTHER


def _agents(about: Object) -> list[tuple[str, Object]]:
    """Ids, else names, of the human agents that the conversation names, with what else is said of them."""
    quality = apijson.part(pick(about, "qualityMetadata", "quality_metadata"))
    named = [
        *apijson.objects(pick(quality, "agentInfo", "agent_info")),
        *apijson.objects(pick(about, "agent_info", "agentInfo", "agents")),
        {"agentId": pick(about, "agentId", "agent_id")},
    ]
    found: dict[str, Object] = {}
    for each in named:
        kind = pick(each, "agentType", "agent_type", "type")
        name = label(pick(each, "agentId", "agent_id", "displayName", "display_name", "agentDisplayName"))
        if name and kind != "AUTOMATED_AGENT":
            found.setdefault(name, each)
    return list(found.items())


def _sides(about: Object) -> dict[str, Role]:
    """The roles of the audio channels, where the conversation says which is whose."""
    call = apijson.part(pick(about, "callMetadata", "call_metadata"))
    sides = {
        label(pick(call, "customerChannel", "customer_channel")): Role.CUSTOMER,
        label(pick(call, "agentChannel", "agent_channel")): Role.AGENT,
    }
    return {side: role for side, role in sides.items() if side} if len(sides) == 2 else {}


def _turn(
    each: Said, timed: Timed, shape: Shape, agents: Sequence[tuple[str, Object]], sides: Mapping[str, Role]
) -> Turn:
    """One utterance; its agent is the one of the agents named whom it names, or whoever it names."""
    value = each.value
    person = apijson.part(pick(value, "segmentParticipant", "segment_participant")) or value
    word = str(label(person.get(shape.role)) or "")
    role, source = _ROLES.get(word.upper(), Role.UNKNOWN), f"column {shape.role}"
    side = label(pick(value, "channelTag", "channel_tag", "speakerTag"))
    if role == Role.UNKNOWN and side is not None and side in sides:
        role, source = sides[side], "callMetadata"
    user = label(
        pick(person, "userId", "user_id", "participantId", "obfuscatedExternalUserId", "obfuscated_external_user_id")
    )
    words = apijson.objects(value.get("words"))
    known = user if user in dict(agents) or (user and not _NO_IDENTITY.fullmatch(user)) else None
    return Turn(
        text=each.text,
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        speaker=user
        or ("agent" if word and role == Role.AGENT else word)
        or (f"ch_{side}" if "speakerTag" not in value and side else side),
        agent_id=known if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=timed.start,
        end=timed.end,
        confidence=confidence(words, value.get("confidence")),
    )


def _with_agents(turns: Sequence[Turn], agents: Sequence[tuple[str, Object]]) -> list[Turn]:
    """The turns; where the conversation names one agent, and one agent speaks, that one."""
    speakers = {turn.speaker for turn in turns if turn.role == Role.AGENT}
    if len(agents) != 1 or len(speakers) > 1:
        return list(turns)
    only = agents[0][0]
    return [replace(turn, agent_id=only) if turn.role == Role.AGENT else turn for turn in turns]


def _times(
    shape: Shape, utterances: Sequence[Said], about: Object, notes: list[str]
) -> tuple[datetime | None, list[Timed]]:
    """When the conversation began, and each utterance's seconds from then."""
    if shape.name == "entries":
        timed = _upload_times([each.value.get("start_timestamp_usec") for each in utterances], notes)
    else:
        timed = [_segment_time(each.value) for each in utterances]
    stated = _moment(pick(about, "startTime", "start_time", "startTimestamp", "startTimestampUtc"))
    if stated is not None and stated < _FIRST_YEAR:
        stated = None
    started = apijson.earliest([stated, *(each.moment for each in timed)])
    return started, [
        each if each.start is not None else Timed(each.moment, apijson.since(started, each.moment)) for each in timed
    ]


def _upload_times(values: Sequence[object], notes: list[str]) -> list[Timed]:
    """Microseconds since 1970, as the format has them; or, as people write them, from the start or in larger units."""
    counts = [apijson.number(value) for value in values]
    known = [count for count in counts if count is not None]
    largest, smallest = max(known, default=0.0), min(known, default=0.0)
    if largest >= _MICROS_SINCE_1970:
        return [Timed(moment=_since_1970(count, 1e6)) for count in counts]
    if largest >= _MILLIS_SINCE_1970 or smallest >= _SECONDS_SINCE_1970:
        unit, name = (1e3, "milliseconds") if largest >= _MILLIS_SINCE_1970 else (1.0, "seconds")
        notes.append(f"start_timestamp_usec is in {name} since 1970, not in microseconds; read as that")
        return [Timed(moment=_since_1970(count, unit)) for count in counts]
    return [Timed(start=offset(count, unit=1e-6)) for count in counts]


def _since_1970(count: float | None, unit: float) -> datetime | None:
    """The moment of so many units; None for one before 1980, such as the 0 of a field that was not filled in."""
    seconds = (count or 0.0) / unit
    return times.from_epoch(seconds) if _FIRST_YEAR.timestamp() <= seconds < _MILLIS_SINCE_1970 else None


def _segment_time(value: Object) -> Timed:
    """By the offsets of the words, else by the moment of the message."""
    words = apijson.objects(value.get("words"))
    starts = [span(pick(word, "startOffset", "start_offset")) for word in words]
    ends = [span(pick(word, "endOffset", "end_offset")) for word in words]
    start, end = next((each for each in starts if each is not None), None), None
    if start is not None:
        end = next((each for each in reversed(ends) if each is not None), None)
    elif value.get("startOffsetNanos") is not None:
        start, end = (offset(value.get(name), unit=1e-9) for name in ("startOffsetNanos", "endOffsetNanos"))
    if start is not None:
        return Timed(start=start, end=end if end is not None and end >= start else None)
    nanos = apijson.number(value.get("createTimeNanos"))
    moment = pick(value, "messageTime", "message_time", "sendTime", "send_time", "createTime", "create_time")
    sent = _moment(moment) if nanos is None else _since_1970(nanos, 1e9)
    if sent is not None and sent < _FIRST_YEAR:
        return Timed(start=offset(sent.timestamp()))
    return Timed(moment=sent)


def _moment(value: object) -> datetime | None:
    """A moment as text, as seconds since 1970, or as an object of seconds and nanoseconds."""
    if isinstance(value, Mapping):
        return _since_1970(apijson.number(value.get("seconds")), 1)
    return apijson.moment(value)


def _labels(about: Object) -> Object:
    """The labels that users gave: an object, in BigQuery a list of key and value."""
    given = about.get("labels")
    if isinstance(given, Mapping):
        return given
    return {key: each.get("value") for each in apijson.objects(given) if (key := label(each.get("key")))}


def _metadata(about: Object, agents: Sequence[tuple[str, Object]]) -> dict[str, str]:
    """Language, team, category and the labels that users gave."""
    teams = {label(pick(each, "team", "agentTeam")) for _, each in agents} - {None}
    categories = [label(pick(each, "display_name", "displayName")) for each in apijson.objects(about.get("categories"))]
    return labels(
        {
            **{name: value for name, value in _labels(about).items() if name not in _QUEUES},
            "language": pick(about, "languageCode", "language_code"),
            "direction": apijson.direction(pick({**_labels(about), **about}, "direction")),
            "team": teams.pop() if len(teams) == 1 else pick(_labels(about), "team"),
            "category": ", ".join(name for name in categories if name),
        }
    )
