"""The transcripts that vCons carry in their analyses: formats of many vendors, found out by their members.

Read here are lists of speakers and messages, the World Transcription Format (`segments`), Deepgram's answers and
parts of them, what Whisper and its kin write, and plain text with speaker labels. Any other JSON is given to the
readers of the vendors' own files.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, labels, text
from empathy_scan.readers.conversation import Turn, clean, label_or_none
from empathy_scan.readers.files import Document, decode, parse_json
from empathy_scan.readers.speech import Word, joined, mean, turns_of_words

_SPEAKERS = ("speaker", "speaker_name", "speaker_label", "role", "name", "participant", "sender", "from", "user")
_TEXTS = ("message", "text", "content", "transcript", "utterance", "sentence", "body")
_STARTS = ("start", "start_time", "startTime", "begin")
_ENDS = ("end", "end_time", "endTime")
_LISTS = ("messages", "conversation", "turns", "transcript", "transcription", "dialogue", "lines", "utterances")
_IN_MILLISECONDS = ("audio_url", "audio_duration", "acoustic_model", "speech_model")  # marks of AssemblyAI
PARTY = "party "  # before the number of a party, where a transcript names no speaker but that
_TURN_SHARE = 0.8  # of a list's members that have a speaker and a text

# What another reader may stumble over in a body that only looks like its format.
_STUMBLES = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The turns of a recording, seconds from its start; speakers that are only channels, with their numbers."""

    turns: Sequence[Turn]
    language: str | None = None
    channels: Mapping[str, int] = field(default_factory=dict)

    @property
    def speakers(self) -> set[str]:
        """The labels of those who speak."""
        return {turn.speaker for turn in self.turns if turn.speaker}

    @property
    def roles(self) -> set[Role]:
        """The roles that the turns or their speakers' labels name."""
        read = {label.role for label in labels.read_labels(self.speakers).values()}
        return (read | {Role(turn.role) for turn in self.turns}) - {Role.UNKNOWN}


def decoded(body: object, encoding: object) -> object:
    """A body as it was before it was put into a container: base64url and JSON in a string are undone."""
    if isinstance(body, str) and encoding == "base64url":
        body = from_base64url(body)
    for _ in range(2):  # some libraries encode what is encoded already
        if not isinstance(body, str) or not (encoding == "json" or apijson.begins_json(body)):
            return body
        try:
            body = parse_json(body)
        except MalformedInputError:
            return body
    return body


def from_base64url(value: str) -> str:
    """The text in base64url, with or without padding; "" when it is none."""
    plain = "".join(value.split()).rstrip("=")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
        return decode(raw)[0]
    except (binascii.Error, ValueError, InputError):
        return ""


def holds_messages(body: object) -> bool:
    """Whether a body is a list whose members, nearly all, have a speaker and a text."""
    items = apijson.objects(body)
    told = sum(_text(each) != "" and _speaker(each) is not None for each in items)
    return bool(items) and told >= _TURN_SHARE * len(items)


def read(body: object, names: Sequence[str] = (), began: datetime | None = None) -> Transcript | None:
    """The transcript in a decoded body; None when there are no words that can be found.

    `names` are those of the parties, which a plain text may have at the beginning of its lines; `began` is when the
    dialog did, for transcripts that say the moment at which each of their parts did.
    """
    body = _from_start(body, began)
    transcript = (_of_names(body, names) or _of_text(body)) if isinstance(body, str) else _of_json(body)
    if transcript is None or not transcript.turns:
        return None
    order = apijson.in_order([turn.start for turn in transcript.turns])
    return replace(transcript, turns=joined([transcript.turns[at] for at in order]))


def _from_start(body: object, began: datetime | None) -> object:
    """A list whose members begin at a moment each, with seconds from the start of the dialog instead."""
    moments = [apijson.moment(each.get("start")) for each in apijson.objects(body)]
    if began is None or not isinstance(body, list) or len(moments) != len(body) or None in moments:
        return body
    return [_moved(each, apijson.since(began, moment)) for each, moment in zip(body, moments, strict=True)]


def _moved(item: apijson.Resource, start: float | None) -> apijson.Resource:
    lasts = apijson.seconds(item.get("duration"))
    return {**item, "start": start, "end": None if start is None or lasts is None else start + lasts}


def faults(analysis: apijson.Resource, where: str) -> list[InputError]:
    """A problem for what in the list of an analysis's transcript is no object with a text."""
    body = decoded(analysis.get("body"), analysis.get("encoding"))
    lists = [body, *(apijson.part(body).get(key) for key in ("utterances", "segments", *_LISTS))]
    listed = next((each for each in lists if isinstance(each, list)), [])
    return apijson.faulty(listed, where, *_TEXTS)


def _of_names(body: str, names: Sequence[str]) -> Transcript | None:
    """Plain text whose first line and one more begin with the names of parties, and a colon; None for any other."""
    known = {name.casefold(): name for name in names}
    if not known:
        return None
    label = re.compile(rf"^[ \t]*({'|'.join(map(re.escape, known))})[ \t]*:[ \t]*", re.IGNORECASE | re.MULTILINE)
    before, *rest = label.split(body)
    if before.strip() or len(rest) < 4:
        return None
    said = zip(rest[::2], rest[1::2], strict=True)
    return Transcript([Turn(words, speaker=known[name.casefold()]) for name, each in said if (words := clean(each))])


def _of_text(body: str) -> Transcript | None:
    """Plain text: its labelled turns, whose roles the labels say again later, or the whole as one turn of nobody."""
    turns = text.read_turns(body) or [Turn(clean(body))]
    bare = [replace(turn, role=Role.UNKNOWN, role_source="", agent_id=None) for turn in turns if turn.text]
    return Transcript(bare)


def _of_json(body: object) -> Transcript | None:
    """The turns of a list or object: those with speakers before those without."""
    if isinstance(body, list):
        return Transcript(_turns(body)) if holds_messages(body) else _of_vendor(body)
    if not isinstance(body, Mapping):
        return None
    found = [each for each in _readings(body) if each.turns]
    known = next((each for each in found if each.speakers), None) or next(iter(found), None)
    if known is not None and known.speakers:
        return known
    return _of_vendor(body) or known or _of_plain(body)


def _readings(body: apijson.Resource) -> Iterator[Transcript]:
    """What the members of an object give when they are read as turns, the most telling first."""
    results = apijson.part(body.get("results"))
    if results:
        yield from _readings_of_results(results)
    language = apijson.first_label(body, "language", "detected_language", "language_code") or apijson.first_label(
        apijson.part(body.get("transcript")), "language"
    )
    unit = 0.001 if any(mark in body for mark in _IN_MILLISECONDS) else 1.0
    names = _speaker_names(body.get("speakers"))
    for key in ("utterances", "segments"):
        yield _by_channel(apijson.objects(body.get(key)), unit, names, language)
    yield Transcript(_paragraphs(body.get("paragraphs")), language)
    words = apijson.objects(body.get("words"))
    if any(label_or_none(word.get("speaker")) for word in words):
        yield Transcript(turns_of_words(map(_word, words)), language)
    yield from (Transcript(_turns(body[key]), language) for key in _LISTS if holds_messages(body.get(key)))


def _readings_of_results(results: apijson.Resource) -> Iterator[Transcript]:
    """Deepgram: utterances, or the first alternative of each channel."""
    yield _by_channel(apijson.objects(results.get("utterances")), 1.0, {}, None)
    channels = apijson.objects(results.get("channels"))
    alternatives = [next(iter(apijson.objects(each.get("alternatives"))), {}) for each in channels]
    if len(channels) == 1:
        yield from _readings({**alternatives[0], "results": None, "language": channels[0].get("detected_language")})
    elif channels:
        words = [
            {**word, "channel": at}
            for at, alternative in enumerate(alternatives)
            for word in apijson.objects(alternative.get("words"))
        ]
        spoken = [
            turns_of_words([_word(word) for word in words if word["channel"] == at]) for at in range(len(channels))
        ]
        turns = [replace(turn, speaker=f"ch_{at}") for at, each in enumerate(spoken) for turn in each]
        yield Transcript(turns, None, {f"ch_{at}": at for at in range(len(channels))})


def _by_channel(
    items: Sequence[apijson.Resource], unit: float, names: Mapping[str, str], language: str | None
) -> Transcript:
    """Utterances or segments; their channels are the speakers where none is named and there are several channels."""
    channels = {channel for each in items if isinstance(channel := each.get("channel"), int)}
    if len(channels) < 2 or any(_speaker(each) not in {None, "0"} for each in items):
        return Transcript(_turns(items, unit=unit, names=names), language)
    labelled = [{**each, "speaker": f"ch_{each.get('channel')}"} for each in items]
    return Transcript(_turns(labelled, unit=unit), language, {f"ch_{channel}": channel for channel in channels})


def _turns(items: object, *, unit: float = 1.0, names: Mapping[str, str] | None = None) -> list[Turn]:
    """The members of a list as turns; those without words are nothing that was said."""
    turns = []
    for each in apijson.objects(items):
        if not (words := _text(each)):
            continue
        speaker = _speaker(each)
        turns.append(
            Turn(
                text=words,
                speaker=(names or {}).get(speaker or "", speaker),
                start=_time(each, _STARTS, unit),
                end=_time(each, _ENDS, unit),
                confidence=_confidence(each),
            )
        )
    return turns


def _text(item: apijson.Resource) -> str:
    return next((found for name in _TEXTS if (found := apijson.spoken(item.get(name)))), "")


def _speaker(item: apijson.Resource) -> str | None:
    """The label of who speaks, also where it is an object."""
    inner = apijson.part(item.get("speaker"))
    named = apijson.first_label(item, *_SPEAKERS) or apijson.first_label(inner, "name", "label", "role", "id")
    number = item.get("parties")
    if named is None and isinstance(number, int) and not isinstance(number, bool):
        return f"{PARTY}{number}"
    return named


def _time(item: apijson.Resource, names: Sequence[str], unit: float) -> float | None:
    return next((found for name in names if (found := apijson.seconds(item.get(name), unit=unit)) is not None), None)


def _confidence(item: apijson.Resource) -> float | None:
    """The mean confidence of the words, else that of the whole."""
    words = [share for word in apijson.objects(item.get("words")) if (share := apijson.share(word.get("confidence")))]
    return mean(words) if words else apijson.share(item.get("confidence"))


def _speaker_names(value: object) -> dict[str, str]:
    """The labels that the World Transcription Format gives to speaker ids."""
    named = {
        identity: apijson.first_label(apijson.part(each), "label", "name")
        for identity, each in apijson.part(value).items()
    }
    return {identity: name for identity, name in named.items() if name}


def _paragraphs(value: object) -> list[Turn]:
    """Deepgram's paragraphs, whose words stand in sentences."""
    paragraphs = apijson.objects(apijson.part(value).get("paragraphs"))
    whole = [
        {**each, "text": " ".join(apijson.spoken(one.get("text")) for one in apijson.objects(each.get("sentences")))}
        for each in paragraphs
    ]
    return _turns(whole)


def _word(word: apijson.Resource) -> Word:
    return Word(
        text=apijson.spoken(word.get("punctuated_word")) or apijson.spoken(word.get("word")) or _text(word),
        speaker=label_or_none(word.get("speaker")),
        start=_time(word, _STARTS, 1.0),
        end=_time(word, _ENDS, 1.0),
        confidence=apijson.share(word.get("confidence")),
        attached=word.get("is_punctuation") is True,
    )


def _of_plain(body: apijson.Resource) -> Transcript | None:
    """The text of a transcript that tells nothing of its speakers."""
    places = (body, apijson.part(body.get("transcript")))
    found = next(
        (said for place in places for name in ("text", "transcript") if (said := apijson.spoken(place.get(name)))), ""
    )
    return _of_text(found) if found else None


def _of_vendor(body: object) -> Transcript | None:
    """What the readers of other formats make of the body, if they find one conversation in it."""
    from empathy_scan.readers import registry  # noqa: PLC0415 - the registry imports this module

    if isinstance(body, Mapping) and "parties" in body:  # a vCon within a vCon
        return None
    try:
        document = Document("transcript.json", json.dumps(body).encode())
        parsed = registry.detect(document, ReadConfig()).reader.parse(document, ReadConfig())
    except (InputError, *_STUMBLES):
        return None
    if len(parsed.conversations) != 1:
        return None
    return Transcript(parsed.conversations[0].turns, parsed.conversations[0].metadata.get("language"))
