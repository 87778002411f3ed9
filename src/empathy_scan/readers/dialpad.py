"""Dialpad: transcripts of the API (`/api/v2/transcripts/{call_id}`), lines of words and of Dialpad AI's moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, customers
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, label_or_none
from empathy_scan.readers.files import Document
from empathy_scan.readers.speech import joined
from empathy_scan.readers.verdict import Verdict

_QUEUES = {"callcenter", "call_center", "department", "coachingteam", "office"}  # kinds of targets that are no person
_MARKS = ("contact_id", "user_id", "name", "time")


def sniff_dialpad(document: Document) -> Verdict:
    """Whether the file holds a `call_id` with `lines` of `type` and `content`."""
    return apijson.sniff(
        document,
        _is_transcript,
        listed=("transcripts", "items"),
        every=("call_id", "lines"),
        fits="call_id with lines of type and content",
        lacks="it has no call_id with lines",
        otherwise="call_id and lines, but no lines of type and content",
    )


def parse_dialpad(document: Document, config: ReadConfig) -> Parsed:
    """The calls of a file; raises MalformedInputError when it holds no transcript."""
    del config
    found = apijson.resources(document, _is_transcript, listed=("transcripts", "items"))
    if not found.found:
        raise MalformedInputError("no call_id with lines in it", remedy="give the answer of the transcript endpoint")
    problems: list[InputError] = list(found.problems)
    conversations: list[Conversation] = []
    moments = 0
    for place, call in found.found:
        lines = call["lines"] if isinstance(call["lines"], list) else []
        spoken = [line for line in lines if isinstance(line, Mapping) and line.get("type") == "transcript"]
        moments += sum(isinstance(line, Mapping) for line in lines) - len(spoken)
        problems += apijson.faulty(lines, f"{place} line".strip(), "content")
        conversation = _conversation(call, spoken, place, document.stem)
        if conversation is None:
            problems.append(MalformedInputError("no line of words in it", where=place or "lines", remedy="remove it"))
        else:
            conversations.append(conversation)
    notes = [f"{moments} lines are moments or questions of Dialpad AI and are not read"] if moments else []
    return Parsed(conversations, problems, notes=notes)


def _is_transcript(value: apijson.Resource) -> bool:
    """Whether an object is the transcript of one call."""
    lines = apijson.objects(value.get("lines"))
    return "call_id" in value and any(
        "type" in line and "content" in line and any(mark in line for mark in _MARKS) for line in lines
    )


def _conversation(call: apijson.Resource, lines: list[apijson.Resource], place: str, stem: str) -> Conversation | None:
    """A call as a conversation; None when it has no words."""
    heard = [(line, apijson.moment(line.get("time"))) for line in lines if apijson.spoken(line.get("content"))]
    if not heard:
        return None
    started = apijson.moment(call.get("date_connected")) or apijson.moment(call.get("date_started"))
    first = apijson.earliest([started, *(moment for _, moment in heard)])
    turns = [_turn(line, moment, first) for line, moment in heard]
    order = apijson.in_order([turn.start for turn in turns])
    return Conversation(
        conversation_id=label_or_none(call.get("call_id")) or apijson.identity(stem, place),
        turns=joined([turns[at] for at in order]),
        channel=Channel.CALL,
        queue=_queue(call),
        started_at=first,
        place=place,
        people=customers.of_object(call),
        metadata=apijson.metadata(direction=apijson.direction(call.get("direction"))),
    )


def _turn(line: apijson.Resource, moment: datetime | None, first: datetime | None) -> Turn:
    """A line: a contact is a customer, a user is an agent; a line with both ids or none says nothing of it."""
    contact, user = (label_or_none(line.get(name)) for name in ("contact_id", "user_id"))
    name = label_or_none(line.get("name"))
    if (contact is None) == (user is None):
        role, source = Role.UNKNOWN, ""
    elif contact is not None:
        role, source = Role.CUSTOMER, "column contact_id"
    else:
        role, source = Role.AGENT, "column user_id"
    return Turn(
        text=apijson.spoken(line.get("content")),
        role=role,
        role_source=source,
        speaker=name or user or contact,
        agent_id=(user or name) if role != Role.CUSTOMER else None,
        start=apijson.since(first, moment),
    )


def _queue(call: apijson.Resource) -> str | None:
    """The call centre or department, where the call's details have been put beside the lines."""
    targets = (apijson.part(call.get(name)) for name in ("entry_point_target", "target"))
    kinds = ((target, (label_or_none(target.get("type")) or "").casefold()) for target in targets)
    return next((apijson.first_label(target, "name", "id") for target, kind in kinds if kind in _QUEUES), None)
