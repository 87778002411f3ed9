"""Amazon Connect Contact Lens: the analysis files of calls and chats.

Sources: Amazon Connect Administrator Guide, "Example Contact Lens output files", "Output file locations". A contact may
lie there twice, as original and as redacted copy; `gather` keeps the redacted one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePosixPath

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import times
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean, label_or_none
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_ROLES = {
    "AGENT": Role.AGENT,
    "SUPERVISOR": Role.AGENT,  # another agent with an id of their own
    "CUSTOMER": Role.CUSTOMER,
    "SYSTEM": Role.SYSTEM,
    "CUSTOM_BOT": Role.SYSTEM,
}
_MARKS = ("ContentMetadata", "CustomerMetadata", "ChatTranscriptVersion", "Participants", "ConversationCharacteristics")


def sniff(document: Document) -> Verdict:
    """Whether the file is a JSON object with a `Transcript` and the marks of Contact Lens."""
    if not document.text.lstrip().startswith("{"):
        return Verdict(fits=False, why="it does not begin with {")
    if '"Transcript"' not in document.text:
        return Verdict(fits=False, why="it has no Transcript", nearness=0.1)
    value = document.json
    if not isinstance(value, Mapping) or not isinstance(value.get("Transcript"), list):
        return Verdict(fits=False, why="it has no list Transcript at the top", nearness=0.2)
    marks = [mark for mark in _MARKS if mark in value]
    if not marks or "JobName" in value:
        return Verdict(fits=False, why="Transcript without Participants or ContentMetadata", nearness=0.6)
    return Verdict(fits=True, why=f"Transcript with {', '.join(marks)}")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The contact of an analysis file; raises MalformedInputError when it has no transcript."""
    del config
    value = document.json
    if not isinstance(value, Mapping) or not isinstance(value.get("Transcript"), list):
        raise MalformedInputError(
            "no list Transcript at the top", remedy="give the analysis file as Contact Lens wrote it"
        )
    items = [item for item in value["Transcript"] if isinstance(item, Mapping)]
    people = _participants(value)
    moments = [times.parse_moment(str(item.get("AbsoluteTime") or "")) for item in items]
    started = min((moment for moment in (_initiated(value), *moments) if moment is not None), default=None)
    starts = [None if moment is None or started is None else (moment - started).total_seconds() for moment in moments]
    turns = [
        turn for item, start in zip(items, starts, strict=True) if (turn := _turn(item, people, start)) is not None
    ]
    if not turns:
        raise MalformedInputError("the Transcript holds no message", where="Transcript", remedy="remove the file")
    conversation = Conversation(
        conversation_id=_contact_id(value, document),
        turns=turns,
        channel=read_channel(label_or_none(value.get("Channel"))) or Channel.OTHER,
        queue=_queue(value),
        started_at=started,
        redacted=_is_redacted(value, document),
    )
    return Parsed([conversation])


def _initiated(value: Mapping[str, object]) -> datetime | None:
    """When the contact began, where an export says so; Contact Lens itself times only the messages of chats."""
    places = (value, value.get("CustomerMetadata"), value.get("ContentMetadata"))
    said = [place.get("InitiationTimestamp") for place in places if isinstance(place, Mapping)]
    return next((moment for text in said if text and (moment := times.parse_moment(str(text)))), None)


def _participants(value: Mapping[str, object]) -> dict[str, tuple[Role, str | None]]:
    """Role and display name of each participant id."""
    listed = value.get("Participants")
    return {
        str(each.get("ParticipantId")): (_role(each.get("ParticipantRole")), label_or_none(each.get("DisplayName")))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, Mapping)
    }


def _role(word: object) -> Role:
    return _ROLES.get(str(word).upper(), Role.UNKNOWN)


def _turn(
    item: Mapping[str, object], people: Mapping[str, tuple[Role, str | None]], start: float | None
) -> Turn | None:
    """A message or utterance; None for events and attachments, which say nothing."""
    content = item.get("Content")
    if not isinstance(content, str) or not clean(content) or str(item.get("Type") or "MESSAGE").upper() != "MESSAGE":
        return None
    identity = str(item.get("ParticipantId") or "")
    role, name = people.get(identity, (Role.UNKNOWN, None))
    if role == Role.UNKNOWN:
        role = _role(item.get("ParticipantRole") or identity)
    name = name or label_or_none(item.get("DisplayName"))
    known = name or (identity if identity.upper() not in _ROLES and identity else None)
    return Turn(
        text=clean(content),
        role=role,
        role_source="column ParticipantRole" if role != Role.UNKNOWN else "",
        speaker=(name if role == Role.CUSTOMER else None) or identity or None,  # the name, for redaction
        agent_id=known if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=_millis(item.get("BeginOffsetMillis")) if start is None else start,
        end=_millis(item.get("EndOffsetMillis")),
    )


def _millis(value: object) -> float | None:
    """Seconds of a number of milliseconds."""
    return value / 1000 if isinstance(value, int | float) and not isinstance(value, bool) else None


def _contact_id(value: Mapping[str, object], document: Document) -> str:
    """The contact's id, else what the file name says before `_analysis`."""
    metadata = value.get("CustomerMetadata")
    named = label_or_none(metadata.get("ContactId")) if isinstance(metadata, Mapping) else None
    name = PurePosixPath(document.stem).name
    return named or (name.split("_analysis")[0] if "_analysis" in name else document.stem)


def _queue(value: Mapping[str, object]) -> str | None:
    """The queue, where an export has been enriched with it; Contact Lens itself writes none."""
    queue = value.get("Queue")
    return label_or_none(queue.get("Name") or queue.get("Id")) if isinstance(queue, Mapping) else label_or_none(queue)


def _is_redacted(value: Mapping[str, object], document: Document) -> bool:
    """Whether this is the redacted copy, by its metadata or, without them, by its name."""
    metadata = value.get("ContentMetadata")
    output = metadata.get("Output") if isinstance(metadata, Mapping) else None
    if isinstance(output, str):
        return output.casefold() == "redacted"
    return re.search(r"(?:^|[/_])redacted(?:[/_]|$)", document.source.casefold()) is not None
