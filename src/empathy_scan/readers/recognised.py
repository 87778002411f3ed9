"""What the files of speech recognisers have in common: from a vendor's utterances to a conversation with its labels.

A recogniser tells voices or channels apart, not roles. A role comes only from a label that names one (`Agent`,
`Customer`), as given by speaker identification or by somebody who edited the file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from empathy_scan.codebook import Channel, Role
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, columns, labels, named, speech, times
from empathy_scan.readers.apijson import Resource
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, label_or_none
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_LONGEST_LABEL = 200  # characters of what can be the name of a speaker
# What recognisers call a voice that they cannot place: no speaker at all.
_NOBODY = re.compile(r"uu|\?|-\d+|(?:unk|unknown|none|null|speaker_-1)", re.IGNORECASE)
# Labels that tell voices apart and are not known to `labels`: `M1`, `1A`, `SPEAKER_A`, `ch_0_1`.
_VOICE = re.compile(r"[mf]\d{1,3}|\d{1,3}[a-z]|(?:speaker|spk|speech)[ _-]?[a-z\d]{1,3}|ch_\w+", re.IGNORECASE)
# What a user's own labels of a recording may say of it, besides being labels.
_OF_CALL = ("conversation_id", "agent_id", "channel", "queue", "started_at")


@dataclass(frozen=True, slots=True)
class Transcript:
    """One recording as its vendor's reader understands it; turns in order, not joined, their speakers as labelled."""

    turns: Sequence[Turn]
    native_id: str | None = None
    language: str | None = None
    tags: Mapping[str, object] = field(default_factory=dict)  # what the user attached to the request
    redacted: bool = False


@dataclass(slots=True)
class Findings:
    """What a reader stumbles over in one transcript, gathered while it goes on reading."""

    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One recogniser's format: how to know a transcript, how to read it, and messages that make one together."""

    name: str
    marks: tuple[str, ...]  # all of these stand in the text of such a file
    holds: Callable[[Resource], bool]
    read: Callable[[Resource, Findings], Transcript]
    is_message: Callable[[Resource], bool] = lambda _: False
    merge: Callable[[Sequence[Resource]], Resource] = lambda _: {}


def sniff(document: Document, vendor: Vendor, *, why: str) -> Verdict:
    """Whether a file holds transcripts of a vendor; `why` says by which members they are known."""
    text = document.text
    if not apijson.begins_json(text):
        return Verdict(fits=False, why="it does not begin with { or [{")
    if missing := [mark for mark in vendor.marks if f'"{mark}"' not in text]:
        return Verdict(fits=False, why=f"it has no {missing[0]}", nearness=0.1)
    if not apijson.has_resource(document, lambda value: vendor.holds(value) or vendor.is_message(value)):
        return Verdict(fits=False, why=f"no {why}", nearness=0.2)
    return Verdict(fits=True, why=why)


def parse(document: Document, vendor: Vendor) -> Parsed:
    """The recordings of a file; raises MalformedInputError when there is none of that vendor in it."""
    listed = apijson.resources(document, lambda value: vendor.holds(value) or vendor.is_message(value))
    whole = [(place, value) for place, value in listed.found if vendor.holds(value)]
    if messages := [value for _, value in listed.found if not vendor.holds(value)]:
        whole.append(("messages" if whole else "", vendor.merge(messages)))
    if not whole:
        raise MalformedInputError(
            f"no transcript of {vendor.name} in it", remedy=f"give the JSON as {vendor.name} returned it"
        )
    conversations: list[Conversation] = []
    problems = list(listed.problems)
    notes: list[str] = []
    for place, value in whole:
        findings = Findings()
        try:
            conversations.append(_conversation(vendor.read(value, findings), findings, document, place))
        except InputError as error:
            findings.problems.append(error)
        problems += [_placed(error, place) for error in findings.problems]
        notes += [f"{place}: {note}" if place else note for note in findings.notes]
    return Parsed(conversations, problems, notes=notes)


def entries(holder: Resource, key: str, findings: Findings) -> list[Resource]:
    """The objects of a list member; a member that is no list, and items that are no objects, become problems."""
    value = holder.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        findings.problems.append(_damaged("not a list", key))
        return []
    kept = apijson.objects(value)
    if len(kept) < len(value):
        findings.problems.append(_damaged(f"{len(value) - len(kept)} of {len(value)} entries are no objects", key))
    return kept


def with_text(turns: Sequence[Turn], items: Sequence[Resource], key: str, findings: Findings) -> list[Turn]:
    """The turns that say something; `items`, of which they were made, whose text is no string become one problem."""
    broken = sum(item.get(key) is not None and not isinstance(item.get(key), str) for item in items)
    if broken:
        findings.problems.append(_damaged(f"{broken} of {len(items)} entries have a text that is no string", key))
    return [turn for turn in turns if turn.text]


def confidence(words: Iterable[Resource], *names: str) -> float | None:
    """The mean of the words' confidences, each under one of some names."""
    found = (apijson.share(next((word[name] for name in names if name in word), None)) for word in words)
    return speech.mean([value for value in found if value is not None])


def voice_labels(voices: Sequence[tuple[object, object]], *, several: bool = False) -> list[str | None]:
    """A label per (channel, speaker): the speaker's, and with several channels `ch_0`, or `ch_0_1` where two share one.

    A channel that is called something else than a number keeps its name. `several` says that the recording has more
    channels than one, though perhaps only one of them is heard.
    """
    known = [(_label(channel), _label(speaker)) for channel, speaker in voices]
    on_channel: dict[str | None, set[str]] = defaultdict(set)
    for channel, speaker in known:
        on_channel[channel].update(filter(None, [speaker]))
    if not several and len(on_channel.keys() - {None}) < 2:
        return [speaker for _, speaker in known]
    return [
        speaker
        if channel is None
        else _channel_name(channel)
        if speaker is None or len(on_channel[channel]) < 2
        else f"{_channel_name(channel)}_{speaker}"
        for channel, speaker in known
    ]


def _conversation(transcript: Transcript, findings: Findings, document: Document, place: str) -> Conversation:
    """The conversation of a transcript; raises MalformedInputError when nothing is said in it."""
    turns = _with_roles(transcript.turns)
    if not turns:
        raise MalformedInputError("nothing is said in it", remedy="remove it, or transcribe the recording again")
    found, tags = _of_call(transcript.tags)
    turns = _with_agent(_timed(turns, findings), _label(found.get("agent_id")))
    if not any(turn.speaker for turn in turns):
        findings.notes.append(
            "no speakers: transcribe with diarization or with a channel for each, else roles stay open"
        )
    name = f"{document.stem} {place}" if place else document.stem
    return Conversation(
        conversation_id=_label(found.get("conversation_id")) or transcript.native_id or name,
        turns=speech.joined(turns),
        channel=read_channel(label_or_none(found.get("channel"))) or Channel.CALL,
        queue=_label(found.get("queue")),
        started_at=apijson.moment(found.get("started_at")),
        place=place,
        redacted=transcript.redacted,
        metadata=apijson.metadata(**{**tags, "language": transcript.language or tags.get("language")}),
    )


def _with_roles(turns: Sequence[Turn]) -> list[Turn]:
    """The turns with roles and names from labels that hold one; labels that only tell voices apart stay unknown."""
    read = labels.read_labels(
        {turn.speaker for turn in turns if turn.speaker and not _VOICE.fullmatch(turn.speaker) and not _nobody(turn)}
    )
    return [_with_role(turn, read) for turn in turns]


def _with_role(turn: Turn, read: Mapping[str, labels.Label]) -> Turn:
    if _nobody(turn):
        return replace(turn, speaker=None)
    label = read.get(turn.speaker or "")
    if label is None:
        return turn
    role, source = (turn.role, turn.role_source) if turn.role != Role.UNKNOWN else (label.role, "speaker label")
    return replace(
        turn,
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        agent_id=label.name if role in {Role.AGENT, Role.UNKNOWN} else None,
    )


def _nobody(turn: Turn) -> bool:
    return turn.speaker is not None and _NOBODY.fullmatch(turn.speaker) is not None


def _timed(turns: Sequence[Turn], findings: Findings) -> list[Turn]:
    """The turns without any times if one of them is over a day: then the unit is not the vendor's."""
    if all((turn.start or 0.0) <= times.DAY and (turn.end or 0.0) <= times.DAY for turn in turns):
        return list(turns)
    findings.notes.append("times of more than a day: not in the vendor's unit; they stay empty")
    return [replace(turn, start=None, end=None) for turn in turns]


def _of_call(tags: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """What the user's labels say of the call (its id, agent, queue, ...), and the other labels."""
    mapped = columns.guess([name for name in tags if not columns.needs_ids(name)], {})
    ours = {field: mapped[field] for field in _OF_CALL if field in mapped}
    others = {name: value for name, value in tags.items() if name not in ours.values()}
    return {field: tags[name] for field, name in ours.items()}, others


def _with_agent(turns: Sequence[Turn], agent: str | None) -> list[Turn]:
    """The turns with the agent whom the user's labels name: of those who may be an agent and have no id."""
    return [
        replace(turn, agent_id=agent)
        if agent and turn.agent_id is None and turn.role in {Role.AGENT, Role.UNKNOWN}
        else turn
        for turn in named.with_agent(turns, agent)
    ]


def _label(value: object) -> str | None:
    label = label_or_none(value)
    return label[:_LONGEST_LABEL] if label else None


def _channel_name(channel: str) -> str:
    return f"ch_{channel}" if channel.isdecimal() else channel


def _damaged(what: str, key: str) -> MalformedInputError:
    return MalformedInputError(what, where=key, remedy="export it again; the rest is read")


def _placed(error: InputError, place: str) -> InputError:
    """The error with the place of its transcript in front of its own."""
    where = ", ".join(filter(None, (place, error.where)))
    return type(error)(error.what, where=where, remedy=error.remedy)
