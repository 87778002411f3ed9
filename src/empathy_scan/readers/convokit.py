"""ConvoKit corpora: `utterances.jsonl` with the files beside it, or the whole corpus in a zip archive.

Source: ConvoKit documentation, "Data Format". Corpora of before version 2.3 call the same members `user`, `root` and
`reply-to`. An utterance by itself says who spoke, seldom in which role: that stands in the `meta` of the utterance or
in `speakers.json`.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, labels, times
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, label_or_none
from empathy_scan.readers.files import Document, decode, parse_json
from empathy_scan.readers.verdict import Verdict

_UTTERANCES = ("utterances.jsonl", "utterances.json")
_CONVERSATION = ("conversation_id", "root")
_SPEAKER = ("speaker", "user")
_ANSWERED = ("reply_to", "reply-to")
_ROLE_FIELDS = ("role", "speaker_role", "author_role", "speaker_type", "side", "type")
_AGENT_FIELDS = ("is_agent", "from_agent")
_GROUPS = ("language", "direction", "team", "queue", "domain", "topic", "subreddit")  # labels of conversations
_LARGEST_INDEX = 64 * 1024 * 1024  # bytes of speakers.json and conversations.json that are read
_BESIDE = "the index, speakers or conversations of a ConvoKit corpus, without its utterances"
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Corpus:
    """The utterances of a corpus with their places, and what is known of speakers and conversations."""

    utterances: Sequence[tuple[str, apijson.Resource]]
    speakers: Mapping[str, object] = field(default_factory=dict)
    conversations: Mapping[str, object] = field(default_factory=dict)
    problems: Sequence[InputError] = ()


def sniff_convokit(document: Document) -> Verdict:
    """Whether the file is a zip archive with `utterances.jsonl`, or its first line or item an utterance of ConvoKit."""
    if document.content.startswith(b"PK\x03\x04"):
        name = _member(document.content, _UTTERANCES)
        why = f"zip archive with {name}" if name else "zip archive without utterances.jsonl"
        return Verdict(fits=bool(name), why=why)
    if document.content[:4] == b"PAR1" or not apijson.begins_json(document.text):
        return Verdict(fits=False, why="it does not begin with { or [")
    if _lacks_utterances(document):
        return Verdict(fits=True, why=_BESIDE)
    head = document.text[:1_000_000]
    if not any(f'"{name}"' in head for name in _ANSWERED):
        return Verdict(fits=False, why="it has no reply_to", nearness=0.1)
    if apijson.has_resource(document, _is_utterance):
        return Verdict(fits=True, why="utterances with id, conversation, speaker, reply_to and text")
    return Verdict(fits=False, why="reply_to, but not in utterances with id, conversation and speaker", nearness=0.5)


def parse_convokit(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a corpus; utterances that are broken or belong to none are left out and reported."""
    zipped = document.content.startswith(b"PK\x03\x04")
    if not zipped and _lacks_utterances(document):
        raise MalformedInputError(
            _BESIDE,
            remedy="zip the folder of the corpus: then its speakers' roles are read with utterances.jsonl",
        )
    corpus = _unzipped(document, config) if zipped else _read(document)
    if not corpus.utterances:
        raise MalformedInputError("no utterances in it", remedy="dump the corpus again")
    problems = list(corpus.problems)
    grouped: dict[str, list[int]] = defaultdict(list)
    for at, (place, utterance) in enumerate(corpus.utterances):
        identity = apijson.first_label(utterance, *_CONVERSATION)
        if identity is None or not isinstance(utterance.get("text"), str):
            lacks = "conversation id" if identity is None else "text"
            problems.append(MalformedInputError(f"an utterance without {lacks}", where=place, remedy="remove it"))
        else:
            grouped[identity].append(at)
    stamps = [utterance.get("timestamp") for _, utterance in corpus.utterances]
    instants = times.read_instants([stamp if isinstance(stamp, int | float | str) else None for stamp in stamps])
    notes = times.unread_note("timestamp", stamps, instants)
    conversations: list[Conversation] = []
    for identity, positions in grouped.items():
        made = _conversation(identity, positions, corpus, instants)
        if made is None:
            where = corpus.utterances[positions[0]][0]
            problems.append(MalformedInputError("a conversation without words", where=where, remedy="remove it"))
        else:
            conversations.append(made)
    return Parsed(conversations, problems, notes=notes)


def _is_utterance(value: apijson.Resource) -> bool:
    """Whether an object has all that ConvoKit writes for an utterance."""
    groups = (("id",), _CONVERSATION, _SPEAKER, _ANSWERED, ("text",))
    return all(any(name in value for name in names) for names in groups)


def _lacks_utterances(document: Document) -> bool:
    """Whether a file is one of those that stand beside the utterances of a corpus."""
    marked = any(f'"{mark}"' in document.text for mark in ("vectors", "utterances-index"))
    if not marked or apijson.in_lines(document.text):
        return False
    members = apijson.part(document.json)
    if "utterances-index" in members:
        return True
    first = list(members.values())[:20]
    return bool(first) and all(isinstance(each, Mapping) and {"meta", "vectors"} <= set(each) for each in first)


def _read(document: Document) -> Corpus:
    """The utterances of the file itself, and what the files beside it note of speakers and conversations."""
    found = apijson.resources(document, _is_utterance)
    people, noted = (_beside(document, names) for names in (("speakers.json", "users.json"), ("conversations.json",)))
    return Corpus(found.found, people, noted, found.problems)


def _beside(document: Document, names: Sequence[str]) -> Mapping[str, object]:
    """What a file beside the utterances says; empty when it says nothing that can be read."""
    path = next((document.beside[name] for name in names if name in document.beside), None)
    try:
        if path is None or path.stat().st_size > _LARGEST_INDEX:
            return {}
        return apijson.part(parse_json(decode(path.read_bytes())[0]))
    except (InputError, OSError):
        return {}


def _unzipped(document: Document, config: ReadConfig) -> Corpus:
    """The corpus in an archive; raises InputError when it is damaged or larger than allowed."""
    name = _member(document.content, _UTTERANCES)
    if name is None:
        raise MalformedInputError("no utterances.jsonl in the archive", remedy="zip the folder of the corpus")
    content = _content(document.content, name, config.max_file_bytes)
    inner = _read(Document(f"{document.source}/{name}", content))
    folder = name.rpartition("/")[0]
    people = _index(document.content, folder, ("speakers.json", "users.json"))
    noted = _index(document.content, folder, ("conversations.json",))
    return Corpus(inner.utterances, people, noted, inner.problems)


def _member(packed: bytes, names: Sequence[str], folder: str | None = None) -> str | None:
    """The first member of an archive that is called so, at most one folder deep; None without any."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            listed = archive.namelist()
    except _BROKEN_ZIP:
        return None
    return next(
        (
            each
            for name in names
            for each in listed
            if each.rpartition("/")[2] == name
            and each.count("/") <= 1
            and not each.startswith(("__MACOSX", "."))
            and folder in {None, each.rpartition("/")[0]}
        ),
        None,
    )


def _content(packed: bytes, name: str, limit: int) -> bytes:
    """The bytes of a member, reading no more than the limit."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive, archive.open(name) as stream:
            content = stream.read(limit + 1)
    except _BROKEN_ZIP as error:
        raise MalformedInputError("damaged or encrypted archive", where=name, remedy="pack it again") from error
    if len(content) > limit:
        raise MalformedInputError(
            f"larger than the limit when unpacked ({limit:,} bytes allowed)",
            where=name,
            remedy="unpack and split it, or raise max_file_bytes under [read] in the settings",
        )
    return content


def _index(packed: bytes, folder: str, names: Sequence[str]) -> Mapping[str, object]:
    """What the corpus says of its speakers or conversations, by id; empty when it says nothing that can be read."""
    name = _member(packed, names, folder)
    if name is None:
        return {}
    try:
        return apijson.part(parse_json(decode(_content(packed, name, _LARGEST_INDEX))[0]))
    except InputError:
        return {}


def _conversation(
    identity: str, positions: Sequence[int], corpus: Corpus, instants: Sequence[times.Instant]
) -> Conversation | None:
    """One conversation; None when it has no words."""
    utterances = [corpus.utterances[at][1] for at in positions]
    started, seconds = times.timeline([instants[at] for at in positions])
    known = _meta(corpus.conversations.get(identity))
    order = _order(utterances, seconds)
    names = labels.read_labels(name for each in utterances if (name := _speaker(each)))
    turns = [turn for at in order if (turn := _turn(utterances[at], seconds[at], corpus.speakers, names)).text]
    if not turns:
        return None
    return Conversation(
        conversation_id=identity,
        turns=turns,
        channel=read_channel(apijson.first_label(known, "channel", "medium")) or Channel.OTHER,
        queue=apijson.first_label(known, "queue"),
        started_at=started,
        place=corpus.utterances[positions[0]][0],
        metadata=apijson.metadata(**{name: known.get(name) for name in _GROUPS}),
    )


def _speaker(utterance: apijson.Resource) -> str | None:
    """The speaker's id, which some dumps put into an object."""
    value = next((utterance[name] for name in _SPEAKER if name in utterance), None)
    return apijson.first_label(value, "id", "name") if isinstance(value, Mapping) else label_or_none(value)


def _meta(value: object) -> apijson.Resource:
    """What is noted of a speaker or conversation, in corpora of any age."""
    noted = apijson.part(value)
    return apijson.part(noted["meta"]) if isinstance(noted.get("meta"), Mapping) else noted


def _turn(
    utterance: apijson.Resource,
    start: float | None,
    speakers: Mapping[str, object],
    names: Mapping[str, labels.Label],
) -> Turn:
    """An utterance; its role is said by its own meta, by the speaker's, or by the speaker's name if it is a role."""
    speaker = _speaker(utterance)
    profile = _meta(speakers.get(speaker or ""))
    named = names.get(speaker or "", labels.Label(Role.UNKNOWN))
    role, source = _role(_meta(utterance.get("meta"))), "column meta"
    if role == Role.UNKNOWN:
        role, source = _role(profile), "column meta of the speaker"
    if role == Role.UNKNOWN:
        role, source = named.role, "speaker label"
    identity = named.name if source == "speaker label" and role == Role.AGENT else speaker  # `Agent` is nobody's id
    return Turn(
        text=apijson.spoken(utterance.get("text")),
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        speaker=speaker,
        agent_id=identity if role in {Role.AGENT, Role.UNKNOWN} else None,
        start=start,
    )


def _role(meta: apijson.Resource) -> Role:
    """The role that a field of some meta names."""
    found = (apijson.role_word(meta.get(name)).role for name in _ROLE_FIELDS)
    if (role := next((each for each in found if each != Role.UNKNOWN), None)) is not None:
        return role
    said = next((meta[name] for name in _AGENT_FIELDS if isinstance(meta.get(name), bool)), None)
    return Role.UNKNOWN if said is None else Role.AGENT if said else Role.CUSTOMER


def _order(utterances: Sequence[apijson.Resource], seconds: Sequence[float | None]) -> list[int]:
    """By time where all have one and they differ, else an answer after what it answers, else as the file has them."""
    if None not in seconds and len(set(seconds)) > 1:
        return apijson.in_order(seconds)
    ids = [label_or_none(each.get("id")) for each in utterances]
    known = {identity: at for at, identity in enumerate(ids) if identity}
    answers: dict[int | None, list[int]] = defaultdict(list)
    for at, utterance in enumerate(utterances):
        above = known.get(apijson.first_label(utterance, *_ANSWERED) or "")
        answers[None if above == at else above].append(at)
    order = list(dict.fromkeys(_following(answers)))
    return [*order, *sorted(set(range(len(utterances))) - set(order))]  # those that answer one another in a circle


def _following(answers: Mapping[int | None, Sequence[int]]) -> Iterator[int]:
    """The utterances that answer none, each followed by its answers."""
    waiting = list(reversed(answers.get(None, [])))
    while waiting:
        at = waiting.pop()
        yield at
        waiting += reversed(answers.get(at, []))
