"""Amazon Connect, real time: the events of Contact Lens streams, and the answers of the API that lists segments.

Sources: Amazon Connect Administrator Guide, "Data model for conversational analytics segment streams";
API reference, `ListRealtimeContactAnalysisSegments`. No real file was at hand. Events of several contacts may be mixed,
one per line, in a list, or one behind the other; `Utterance` segments are parts of `Transcript` segments to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import amazon, apijson, contact_lens
from empathy_scan.readers.amazon import Json, Record
from empathy_scan.readers.conversation import Conversation, Parsed
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_EVENTS = {"STARTED", "SEGMENTS", "COMPLETED", "FAILED"}
_KINDS = {"Transcript", "Utterance", "Categories", "PostContactSummary", "Attachments", "Event", "Events", "Issues"}


@dataclass(slots=True)
class _Contact:
    """What the events of one contact have said so far."""

    place: str
    header: Json
    segments: list[Json] = field(default_factory=list)
    partial: int = 0
    repeated: int = 0


def sniff(document: Document) -> Verdict:
    """Whether the file begins with an event of a stream, or with the `Segments` that the API lists."""
    found = amazon.opening(document, "Segments", "EventType", "StreamingEventType")
    if isinstance(found, Verdict):
        return found
    if _event(found) and "ContactId" in found:
        return Verdict(fits=True, why="an event of a Contact Lens stream")
    if any(_kinds(segment) for segment in apijson.objects(found.get("Segments"))):
        return Verdict(fits=True, why="Segments with Transcript, Utterance or the like")
    return Verdict(fits=False, why="it has neither events of Contact Lens nor its Segments", nearness=0.2)


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The contacts whose events the file holds; raises MalformedInputError when nobody says anything in them."""
    del config
    found, problems = amazon.records(document)
    contacts = _by_contact(found)
    conversations: list[Conversation] = []
    notes: dict[str, None] = {}
    for contact in contacts:
        try:
            parsed = contact_lens.contact(Record(_as_analysis(contact), contact.place), document)
        except MalformedInputError as error:
            problems.append(_silent(error, contact))
            continue
        conversations += parsed.conversations
        problems += parsed.problems
        notes |= dict.fromkeys([*parsed.notes, *_notes(contact)])
    if not conversations and len(problems) == 1:
        raise problems[0]
    return Parsed(conversations, problems=problems, notes=list(notes))


def _by_contact(found: Iterable[Record]) -> list[_Contact]:
    """The events of each contact, and its segments once each; a file of one contact has no place to name."""
    contacts: dict[str, _Contact] = {}
    seen: dict[str, set[str]] = {}
    for record in found:
        identity = amazon.word(record.value.get("ContactId")) or ""
        contact = contacts.setdefault(identity, _Contact(record.place, record.value))
        known = seen.setdefault(identity, set())
        for segment in apijson.objects(record.value.get("Segments")):
            _add(contact, segment, known)
    if len(contacts) == 1:
        for contact in contacts.values():
            contact.place = ""
    return list(contacts.values())


def _add(contact: _Contact, segment: Json, known: set[str]) -> None:
    """The segment's transcript, unless it was delivered before; partial utterances are only counted."""
    contact.partial += isinstance(segment.get("Utterance"), Mapping)
    said = segment.get("Transcript")
    if not isinstance(said, Mapping):
        return
    key = repr([said.get(name) for name in ("Id", "BeginOffsetMillis", "Time", "ParticipantId", "Content")])
    if key in known:
        contact.repeated += 1
        return
    known.add(key)
    contact.segments.append(said)


def _as_analysis(contact: _Contact) -> Json:
    """The contact in the form of an analysis file, which has the same items."""
    header = contact.header
    settings = amazon.child(header, "StreamingSettings")
    output = settings.get("Output")
    return {
        **{name: header.get(name) for name in ("Channel", "ContactId", "InitiationTimestamp", "InitiationMethod")},
        "LanguageCode": header.get("LanguageCode") or settings.get("LanguageCode"),
        "ContentMetadata": {"Output": output} if output in ("Raw", "Redacted") else {},
        "Transcript": contact.segments,
    }


def _silent(error: MalformedInputError, contact: _Contact) -> InputError:
    if contact.partial:
        what = f"only {contact.partial} partial utterances, no Transcript segment"
        return MalformedInputError(what, where=contact.place, remedy="export the whole stream of the contact")
    what = "the events of a contact hold no Transcript segment" if not contact.segments else error.what
    return MalformedInputError(what, where=contact.place, remedy="nothing to do if nobody spoke; else export it again")


def _notes(contact: _Contact) -> list[str]:
    notes = []
    if contact.partial:
        notes.append("partial utterances are left out; the Transcript segments hold their words")
    if contact.repeated:
        notes.append("segments that were delivered twice are read once")
    return notes


def _event(value: Json) -> bool:
    return any(value.get(name) in _EVENTS for name in ("EventType", "StreamingEventType") if _is_name(value.get(name)))


def _is_name(value: object) -> bool:
    return isinstance(value, str)


def _kinds(segment: Json) -> bool:
    return bool(segment) and segment.keys() <= _KINDS
