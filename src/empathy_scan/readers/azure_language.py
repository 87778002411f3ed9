"""Azure Language: conversations as they are given to conversation analysis, and as its redaction gives them back.

Source: Language service, "Analyze conversations" (`analysisInput.conversations[].conversationItems[]`). The answer of
the redaction task repeats ids and texts of the items, not who speaks; the input beside it in the file tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.labels import Label, read_labels
from empathy_scan.readers.utterances import (
    Object,
    Said,
    after,
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

_LISTED = ("conversationAnalyticsResults", "conversationPiiResults", "jobs")
_TICK = 1e-7
_FORMS = ("text", "itn", "lexical", "maskedItn", "maskedITN")
_NO_IDENTITY = re.compile(r"(?:conversation)?[ _-]?\d{1,4}", re.IGNORECASE)  # as in the vendor's examples


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation of a file with its place, and who spoke its items, by their ids."""

    value: Object
    place: str
    speakers: Mapping[str, Object]
    several: bool = False  # the file holds other conversations too


def sniff_azure_language(document: Document) -> Verdict:
    """Whether the file holds `conversations` with `conversationItems`."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        every=("conversationItems",),
        fits="conversations with conversationItems, of Azure Language",
        lacks="it has no conversationItems",
        otherwise="conversationItems, but not in a list of conversations",
    )


def parse_azure_language(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; raises MalformedInputError when it holds none with conversationItems."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    found = [each for place, value in resources.found for each in _conversations(value, place)]
    if not found:
        raise MalformedInputError(
            "no conversations with conversationItems in it", remedy="give input or result of conversation analysis"
        )
    conversations: dict[str, Conversation] = {}
    problems = list(resources.problems)
    ids = {label(each.value.get("id")) for each in found}
    single = len(found) == 1 or (len(ids) == 1 and None not in ids)
    for at, each in enumerate(found, start=1):
        identity = _identity(each, document.stem, at, single=single)
        made, broken = _conversation(replace(each, several=not single), identity)
        problems += broken
        known = conversations.get(made.conversation_id) if made is not None else None
        if made is not None and (known is None or (made.redacted and not known.redacted)):
            conversations[made.conversation_id] = made
        elif made is not None and known is not None and not known.redacted:
            problems.append(_taken(made))
    return Parsed(list(conversations.values()), problems)


def _holds(value: Object) -> bool:
    return next(_conversations(value, ""), None) is not None


def _conversations(value: Object, place: str) -> Iterator[Found]:
    """The conversations of a request, an answer, or of one object that holds both, the redacted ones last."""
    given = apijson.part(pick(value, "analysisInput", "input")) or value
    inputs = [
        Found(each, f"{place} conversations[{at}]".strip(), {})
        for at, each in enumerate(apijson.objects(given.get("conversations")))
        if isinstance(each.get("conversationItems"), list)
    ]
    yield from inputs
    if isinstance(value.get("conversationItems"), list):
        yield Found(value, place, {})
    speakers = {label(each.value.get("id")) or "": _by_id(each.value) for each in inputs}
    for at, task in enumerate(apijson.objects(apijson.part(value.get("tasks")).get("items"))):
        results = apijson.part(task.get("results"))
        for number, each in enumerate(apijson.objects(results.get("conversations"))):
            if isinstance(each.get("conversationItems"), list):
                where = f"{place} tasks.items[{at}].results.conversations[{number}]".strip()
                yield Found(each, where, speakers.get(label(each.get("id")) or "", {}))


def _by_id(value: Object) -> dict[str, Object]:
    """The items of a conversation by their ids."""
    items = apijson.objects(value.get("conversationItems"))
    return {identity: each for each in items if (identity := label(each.get("id")))}


def _identity(found: Found, stem: str, at: int, *, single: bool) -> str:
    """The id that the file gives, unless it only numbers the conversations of the file."""
    named = label(found.value.get("id"))
    if named and not _NO_IDENTITY.fullmatch(named):
        return named
    return stem if single else f"{stem}-{named or at}"


def _taken(conversation: Conversation) -> InputError:
    what = f"conversation id {conversation.conversation_id!r} is there twice; the first is read"
    return MalformedInputError(what, where=conversation.place, remedy="give each conversation its own id")


def _conversation(found: Found, identity: str) -> tuple[Conversation | None, list[InputError]]:
    """One conversation, and what is broken in it; None with a problem if nothing tells its speakers apart."""
    value = found.value
    where = f"{found.place} conversationItems".strip()
    spoken, problems = said(value.get("conversationItems"), where, _text)
    if not spoken:
        return None, [*problems, silent(where)]
    items = [_with_speaker(each, found.speakers) for each in spoken]
    redacted = any("redactedContent" in each.value for each in items)
    if redacted and not any(_participant(each.value) for each in items):
        return None, [*problems, _speakerless(where)]
    known = read_labels({name for each in items if (name := label(each.value.get("participantId")))})
    channel = Channel.CALL if _is_spoken(value, items) else Channel.CHAT
    return Conversation(
        conversation_id=identity,
        turns=turns_in_order([_turn(each, known) for each in items], channel),
        channel=channel,
        place=found.place if found.several else "",
        redacted=redacted,
        metadata=labels({"language": value.get("language")}),
    ), problems


def _text(item: Object) -> object:
    """The text of an item: redacted, or in the form that is easiest to read."""
    content = item.get("redactedContent")
    return pick(content if isinstance(content, Mapping) else item, *_FORMS)


def _with_speaker(item: Said, speakers: Mapping[str, Object]) -> Said:
    """An item of an answer with what the input says of who spoke it, and when."""
    known = speakers.get(label(item.value.get("id")) or "", {})
    return replace(item, value={**known, **item.value})


def _speakerless(where: str) -> InputError:
    return MalformedInputError(
        "the redacted items do not say who speaks",
        where=where,
        remedy="put the input beside the answer: one object with analysisInput and tasks",
    )


def _participant(item: Object) -> str | None:
    """Who speaks, by id or by audio channel."""
    channel = label(item.get("channel"))
    return label(item.get("participantId")) or (f"ch_{channel}" if channel else None)


def _is_spoken(value: Object, items: Sequence[Said]) -> bool:
    """Whether the conversation is a transcript, not a chat."""
    kinds = {label(each.get("modality")) for each in (value, *(item.value for item in items))}
    return "transcript" in kinds or ("text" not in kinds and any("channel" in item.value for item in items))


def _turn(item: Said, known: Mapping[str, Label]) -> Turn:
    value = item.value
    participant, word = _participant(value), label(value.get("role"))
    role, source, name = Role.UNKNOWN, "", None
    if word is not None:
        role, source = apijson.role_word(word).role, "column role"
    named = known.get(label(value.get("participantId")) or "")
    if named is not None:
        if role == Role.UNKNOWN:
            role, source = named.role, "speaker label"
        name = named.name
    start, end = _time(value)
    return Turn(
        text=item.text,
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        speaker=participant or word,
        agent_id=name if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=start,
        end=end,
    )


def _time(item: Object) -> tuple[float | None, float | None]:
    """Seconds of start and end, by the timing of the item, else by that of its words."""
    whole = apijson.part(item.get("conversationItemLevelTiming"))
    words = apijson.objects(pick(item, "wordLevelTimings", "audioTimings"))
    first, last = whole or (words[0] if words else item), whole or (words[-1] if words else item)
    start, begin = _ticks(first.get("offset")), _ticks(last.get("offset"))
    length = _ticks(last.get("duration"))
    return start, after(begin, length) if start is not None else None


def _ticks(value: object) -> float | None:
    """Seconds of a number of ticks, or of an ISO duration."""
    if isinstance(value, str) and not value.isdigit():
        return span(value)
    return offset(value, unit=_TICK)
