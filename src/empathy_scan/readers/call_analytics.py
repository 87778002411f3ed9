"""Amazon Transcribe Call Analytics, and the Post Call Analytics solution of AWS that is built on Transcribe.

Sources: Amazon Transcribe Developer Guide, "Post-call analytics output"; the solution's `output_json_structure.md` and
real files of both. Roles are said: by the job's channel definitions, and by the solution's speaker labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.readers import amazon, apijson, speech, times
from empathy_scan.readers.amazon import Json, Record
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.labels import Label, read_label
from empathy_scan.readers.verdict import Verdict

_ROLES = {"AGENT": Role.AGENT, "CUSTOMER": Role.CUSTOMER}


def sniff(document: Document) -> Verdict:
    """Whether the file is a JSON object whose `Transcript` has roles and `LoudnessScores`, or belongs to a job."""
    found = amazon.opening(document, "Transcript")
    if isinstance(found, Verdict):
        return found
    if not amazon.is_call_analytics(found):
        return Verdict(fits=False, why="it has no Transcript with LoudnessScores or of a JobName", nearness=0.3)
    return Verdict(fits=True, why="Transcript with ParticipantRole, of a Call Analytics job")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The calls of a file; raises MalformedInputError when there are no words in it."""
    del config
    return amazon.parse_each(document, lambda record: _call(record, document))


def sniff_solution(document: Document) -> Verdict:
    """Whether the file is a JSON object with `ConversationAnalytics` and `SpeechSegments`."""
    found = amazon.opening(document, "SpeechSegments")
    if isinstance(found, Verdict):
        return found
    if not isinstance(found.get("SpeechSegments"), list) or not amazon.child(found, "ConversationAnalytics"):
        return Verdict(fits=False, why="it has no SpeechSegments with ConversationAnalytics", nearness=0.3)
    return Verdict(fits=True, why="SpeechSegments with ConversationAnalytics")


def parse_solution(document: Document, config: ReadConfig) -> Parsed:
    """The calls of a file of Post Call Analytics; raises MalformedInputError when there are no words in it."""
    del config
    return amazon.parse_each(document, lambda record: _analysed_call(record, document))


def _call(record: Record, document: Document) -> Parsed:
    value = record.value
    items, problems = amazon.with_text(value.get("Transcript"), "Content", "Transcript")
    turns, notes = amazon.in_order([turn for item in items if (turn := _turn(item)).text])
    name = amazon.word(value.get("JobName")) or amazon.word(value.get("SessionId"))
    output = amazon.word(amazon.child(value, "ContentMetadata").get("Output"))
    conversation = Conversation(
        conversation_id=name.removeprefix("redacted-") if name else amazon.own_name(record, document),
        turns=speech.joined(turns),
        channel=Channel.CALL,
        place=record.place,
        redacted=output.casefold() == "redacted" if output else amazon.is_redacted_name(document.source),
        metadata=amazon.labels(language=value.get("LanguageCode")),
    )
    return amazon.said(conversation, problems, notes)


def _turn(item: Json) -> Turn:
    said = amazon.word(item.get("ParticipantRole"))
    role = _ROLES.get((said or "").upper(), Role.UNKNOWN)
    return Turn(
        text=clean(str(item.get("Content") or "")),
        role=role,
        role_source="" if role == Role.UNKNOWN else "column ParticipantRole",
        speaker=said,
        start=amazon.millis(item.get("BeginOffsetMillis")),
        end=amazon.millis(item.get("EndOffsetMillis")),
        confidence=_confidence(item.get("Items"), of="Content"),
    )


def _confidence(words: object, *, of: str) -> float | None:
    """The mean over the words; punctuation and `[PII]` have a figure that says nothing of what was heard."""
    spoken = [
        each for each in apijson.objects(words) if each.get("Type") != "punctuation" and amazon.word(each.get(of))
    ]
    return speech.mean([found for each in spoken if (found := amazon.share(each.get("Confidence"))) is not None])


def _analysed_call(record: Record, document: Document) -> Parsed:
    header = amazon.child(record.value, "ConversationAnalytics")
    segments, problems = amazon.with_text(record.value.get("SpeechSegments"), "DisplayText", "SpeechSegments")
    people = _people(header)
    turns, notes = amazon.in_order([turn for each in segments if (turn := _segment(each, people)).text])
    started, remark = _started(header)
    job = _job(header)
    name = amazon.word(header.get("GUID")) or job
    genesys = amazon.child(header, "Telephony", "Genesys")
    conversation = Conversation(
        conversation_id=name.removeprefix("redacted-") if name else amazon.own_name(record, document),
        turns=speech.joined(_with_agent(turns, header)),
        channel=Channel.CALL,
        queue=_only(genesys.get("queueIds")),
        started_at=started,
        place=record.place,
        redacted=amazon.is_redacted_name(document.source) or amazon.is_redacted_name(job or ""),
        metadata=amazon.labels(
            language=header.get("LanguageCode"), direction=amazon.direction(genesys.get("originatingDirection"))
        ),
    )
    return amazon.said(conversation, problems, [*notes, *remark])


def _people(header: Json) -> dict[str, Label]:
    """The role and name of each speaker: `Agent` and `Customer`, or a name that is listed among the agents."""
    agents = {name.casefold() for each in _agents(header) if (name := amazon.word(each))}
    people: dict[str, Label] = {}
    for each in apijson.objects(header.get("SpeakerLabels")):
        speaker, shown = amazon.word(each.get("Speaker")), amazon.word(each.get("DisplayText"))
        if speaker and shown:
            listed = shown.casefold() in agents
            label = read_label(shown)
            people[speaker] = Label(Role.AGENT, shown) if listed and label.role == Role.UNKNOWN else label
    return people


def _agents(header: Json) -> list[object]:
    listed = header.get("Agents")
    return [header.get("Agent"), *(listed if isinstance(listed, list) else [])]


def _segment(segment: Json, people: Mapping[str, Label]) -> Turn:
    speaker = amazon.word(segment.get("SegmentSpeaker"))
    label = people.get(speaker or "", read_label(speaker) if speaker else Label(Role.UNKNOWN))
    menu = segment.get("IVRSegment") is True
    role = Role.SYSTEM if menu else label.role
    text = segment.get("DisplayText") or segment.get("OriginalText")
    return Turn(
        text=clean(text) if isinstance(text, str) else "",
        role=role,
        role_source="field IVRSegment" if menu else "" if role == Role.UNKNOWN else "speaker label",
        speaker=speaker if menu or role == Role.AGENT else label.name or speaker,  # a name is needed to redact it
        agent_id=label.name if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=amazon.seconds(segment.get("SegmentStartTime")),
        end=amazon.seconds(segment.get("SegmentEndTime")),
        confidence=_confidence(segment.get("WordConfidence"), of="Text"),
    )


def _with_agent(turns: list[Turn], header: Json) -> list[Turn]:
    """The turns of an agent who is only called so, with the id that the file gives to its one agent."""
    agent = amazon.word(header.get("Agent"))
    speakers = {turn.speaker for turn in turns if turn.role == Role.AGENT}
    if agent is None or len(speakers) > 1:
        return turns
    return [replace(turn, agent_id=turn.agent_id or agent) if turn.role == Role.AGENT else turn for turn in turns]


def _started(header: Json) -> tuple[datetime | None, list[str]]:
    """When the call began, in UTC, and what to note; the solution writes the time of processing where it knows none."""
    moment = times.parse_moment(
        str(amazon.word(amazon.child(header, "Telephony", "Genesys").get("conversationStart")) or "")
    )
    if moment is not None:
        return moment, []
    said = amazon.word(header.get("ConversationTime"))
    moment = times.parse_moment(said or "")
    if moment is None or said == amazon.word(header.get("ProcessTime")):
        return None, []
    place = amazon.word(header.get("ConversationLocation")) or "UTC"
    try:
        return times.placed(moment.replace(tzinfo=ZoneInfo(place))), []
    except (ValueError, OSError, KeyError, OverflowError):
        return None, ["the time zone of ConversationLocation is not known here; calls have no time"]


def _job(header: Json) -> str | None:
    jobs = [amazon.child(each, "TranscribeJobInfo") for each in apijson.objects(header.get("SourceInformation"))]
    return next((name for job in jobs if (name := amazon.word(job.get("TranscriptionJobName")))), None)


def _only(values: object) -> str | None:
    """The one label of a list; none of several."""
    found = {name for each in (values if isinstance(values, list) else []) if (name := amazon.word(each))}
    return found.pop() if len(found) == 1 else None
