"""vCon, the IETF's container of conversations (draft-ietf-vcon-vcon-core), from version 0.0.1 on.

What was written stands in dialogs of type `text`; what was said stands in transcripts among the analyses, each of a
recording. Roles are no part of the core: they stand in `role` of a party (contact centre extension), in `meta.role`
(older software), or in the speaker labels of a transcript.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, customers, htmltext, labels, mail, mailbody
from empathy_scan.readers import vcon_transcripts as transcripts
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean, label_or_none
from empathy_scan.readers.files import Document, parse_json
from empathy_scan.readers.vcon_parties import Party, numbers_of, read_parties
from empathy_scan.readers.verdict import Verdict

_LISTED = ("vcons", "items")
_TRANSCRIPT = re.compile(r"transcri|diari")
_RETOLD = re.compile(r"summar|translat")  # analyses of transcripts, which are none
_MEDIATYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;[^\r\n]*)?")
_RECORDINGS = ("recording", "audio", "video")  # types of dialogs; older software has the latter two
_TYPES = {"text", "transfer", "incomplete", *_RECORDINGS}
# A signature as `header.payload.signature`; encryption as `header.key.iv.ciphertext.tag`.
_COMPACT = re.compile(r"(?P<header>eyJ[\w-]+)\.(?P<payload>[\w-]*)\.[\w-]*(?P<encrypted>\.[\w-]*\.[\w-]*)?")
_UNSIGNED = "a signed vCon: its signature is not checked"


@dataclass(frozen=True, slots=True)
class Piece:
    """What a dialog gives: turns whose seconds count from its own start."""

    channel: Channel
    start: datetime | None
    turns: Sequence[Turn]


@dataclass(slots=True)
class Reading:
    """A vCon while it is read: its parts, and what is found wrong."""

    parties: Sequence[Party]
    dialogs: Sequence[apijson.Resource]
    analyses: Sequence[apijson.Resource]
    place: str
    used: set[int] = field(default_factory=set)  # analyses that have been read
    language: str | None = None
    problems: list[InputError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def where(self, name: str) -> str:
        """A place within this vCon."""
        return f"{self.place} {name}".strip()


def sniff_vcon(document: Document) -> Verdict:
    """Whether the file holds vCons: parties with dialogs or analyses, also signed or encrypted."""
    text = document.text
    if compact := _COMPACT.fullmatch(text.strip()):
        return _sniff_compact(compact, document.source)
    if not apijson.begins_json(text):
        return Verdict(fits=False, why="it does not begin with { or [")
    if '"parties"' in text and ('"dialog"' in text or '"analysis"' in text):
        if apijson.has_resource(document, _is_vcon, listed=_LISTED):
            return Verdict(fits=True, why="parties with dialog or analysis")
        return Verdict(fits=False, why="parties, but no vCon", nearness=0.4)
    signed = '"signature' in text and '"payload"' in text and _signed(document.json) is not None
    if signed or ('"ciphertext"' in text and _is_encrypted(document.json, document.source)):
        return Verdict(fits=True, why="a signed vCon" if signed else "an encrypted vCon")
    return Verdict(fits=False, why="it has no parties with dialog or analysis", nearness=0.1)


def _sniff_compact(compact: re.Match[str], source: str) -> Verdict:
    """Whether three or five parts with dots between are a signed vCon, or something that is encrypted."""
    if _signed_compact(compact) is not None:
        return Verdict(fits=True, why="a signed vCon")
    header = transcripts.from_base64url(compact["header"])
    if compact["encrypted"] and '"enc"' in header and "vcon" in f"{header} {source}".casefold():
        return Verdict(fits=True, why="an encrypted vCon")
    return Verdict(fits=False, why="it does not begin with { or [")


def parse_vcon(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; raises MalformedInputError when it is encrypted or holds no vCon."""
    del config
    notes: list[str] = []
    compact = _COMPACT.fullmatch(document.text.strip())
    whole = None if compact or apijson.in_lines(document.text) else document.json
    if (inner := _signed_compact(compact) if compact else _signed(whole)) is not None:
        found = apijson.Resources([("", inner)])
        notes.append(_UNSIGNED)
    elif compact or _is_encrypted(whole, document.source):
        raise MalformedInputError("an encrypted vCon", remedy="decrypt it first")
    else:
        found = apijson.resources(document, _is_vcon, listed=_LISTED)
    if not found.found:
        raise MalformedInputError("no vCon in it", remedy="give a vCon with parties and dialog")
    problems: list[InputError] = list(found.problems)
    conversations: list[Conversation] = []
    for place, vcon in found.found:
        reading = _reading(vcon, place)
        conversation = _conversation(vcon, reading, apijson.identity(document.stem, place))
        conversations += [] if conversation is None else [conversation]
        problems += reading.problems
        notes += reading.notes
        if conversation is None and not reading.problems:
            problems.append(
                MalformedInputError("a vCon in which nobody says anything", where=place, remedy="nothing to do")
            )
    return Parsed(conversations, problems, notes=notes)


def _is_vcon(value: apijson.Resource) -> bool:
    holds = isinstance(value.get("dialog"), list) or isinstance(value.get("analysis"), list)
    return holds and isinstance(value.get("parties"), list) and ("vcon" in value or "uuid" in value or _talks(value))


def _talks(value: apijson.Resource) -> bool:
    """Whether an object that calls itself by no name has dialogs of a vCon."""
    dialogs = apijson.objects(value.get("dialog"))[:5]
    return any(str(each.get("type")) in _TYPES and ("start" in each or "parties" in each) for each in dialogs)


def _signed(value: object) -> apijson.Resource | None:
    """The vCon within a JSON web signature, with one signature or a list of them; None for anything else."""
    outer = apijson.part(value)
    if not isinstance(outer.get("signatures"), list) and not isinstance(outer.get("signature"), str):
        return None
    return _within(outer.get("payload"))


def _signed_compact(compact: re.Match[str]) -> apijson.Resource | None:
    """The vCon within a signature's three parts; None for anything else."""
    return None if compact["encrypted"] else _within(compact["payload"])


def _within(payload: object) -> apijson.Resource | None:
    """The vCon in the payload of a signature."""
    if not isinstance(payload, str):
        return None
    try:
        inner = apijson.part(parse_json(transcripts.from_base64url(payload)))
    except MalformedInputError:
        return None
    return inner if _is_vcon(inner) else None


def _is_encrypted(value: object, source: str) -> bool:
    """Whether a value is a vCon in JSON web encryption, as its headers, a `uuid` in them, or the file's name say."""
    outer = apijson.part(value)
    keyed = isinstance(outer.get("recipients"), list) or isinstance(outer.get("encrypted_key"), str)
    if not isinstance(outer.get("ciphertext"), str) or not keyed:
        return False
    protected, unprotected = outer.get("protected"), apijson.part(outer.get("unprotected"))
    headers = transcripts.from_base64url(protected) if isinstance(protected, str) else ""
    told = f"{headers} {unprotected.get('cty')} {source}".casefold()
    return "vcon" in told or "uuid" in unprotected


def _reading(vcon: apijson.Resource, place: str) -> Reading:
    parties = read_parties(vcon.get("parties"))
    reading = Reading(parties, _parts(vcon, "dialog"), _parts(vcon, "analysis"), place)
    for name, read in (("dialog", reading.dialogs), ("analysis", reading.analyses)):
        reading.problems += [
            MalformedInputError("not an object", where=reading.where(f"{name} {at}"), remedy="export it again")
            for at, each in enumerate(read)
            if not each
        ]
    return reading


def _parts(vcon: apijson.Resource, name: str) -> list[apijson.Resource]:
    """The members of a list, an empty object in place of what is none, so that their numbers stay."""
    listed = vcon.get(name)
    return [apijson.part(each) for each in listed] if isinstance(listed, list) else []


def _conversation(vcon: apijson.Resource, reading: Reading, name: str) -> Conversation | None:
    """A vCon as a conversation; None when nobody says anything in it."""
    pieces = [piece for piece in _pieces(reading) if piece.turns]
    if not pieces:
        return None
    first = apijson.earliest([piece.start for piece in pieces])
    turns = [turn for piece in pieces for turn in _moved(piece, first, alone=len(pieces) == 1)]
    order = apijson.in_order([turn.start for turn in turns])
    redacted = apijson.first_label(apijson.part(vcon.get("redacted")), "uuid")
    kinds = Counter(piece.channel for piece in pieces for _ in piece.turns)
    return Conversation(
        conversation_id=redacted or label_or_none(vcon.get("uuid")) or name,
        turns=[turns[at] for at in order],
        channel=kinds.most_common(1)[0][0],
        queue=_first_noted(reading, "skill", "queue"),
        started_at=first,
        place=reading.place,
        people=customers.of_object({"parties": vcon.get("parties")}),
        redacted=bool(apijson.part(vcon.get("redacted"))),
        metadata=apijson.metadata(
            direction=apijson.direction(_first_noted(reading, "direction")),
            language=reading.language,
            campaign=_first_noted(reading, "campaign"),
        ),
    )


def _noted(dialog: apijson.Resource, *names: str) -> str | None:
    """A label of a dialog, from itself or from its `meta`."""
    return apijson.first_label(dialog, *names) or apijson.first_label(apijson.part(dialog.get("meta")), *names)


def _first_noted(reading: Reading, *names: str) -> str | None:
    return next((found for each in reading.dialogs if (found := _noted(each, *names))), None)


def _moved(piece: Piece, first: datetime | None, *, alone: bool) -> Iterator[Turn]:
    """The turns of a piece with their seconds from the start of the conversation."""
    offset = 0.0 if alone else apijson.since(first, piece.start)
    for turn in piece.turns:
        start, end = (None if time is None or offset is None else offset + time for time in (turn.start, turn.end))
        yield replace(turn, start=start, end=end)


def _pieces(reading: Reading) -> Iterator[Piece]:
    """What the dialogs give, in their order, and transcripts that belong to none of them."""
    wordless: Counter[str] = Counter()
    written = [_written(reading, at) if _is_text(dialog) else None for at, dialog in enumerate(reading.dialogs)]
    moments = [piece.start for piece in written if piece is not None and piece.turns and piece.start is not None]
    for at, dialog in enumerate(reading.dialogs):
        kind = label_or_none(dialog.get("type")) or ""
        piece = written[at]
        if piece is not None and (piece.turns or dialog.get("body") or not _best_known(reading, at)):
            yield piece
        elif piece is not None or kind in _RECORDINGS or (dialog and not kind):
            yield from _recorded(reading, at, moments)
        elif kind:
            wordless[kind[:40]] += 1
    if not reading.dialogs and (transcript := _best(reading, None)) is not None:
        yield Piece(Channel.CALL, None, _with_roles(transcript, (), reading))
    reading.notes += [f"dialogs of type {kind!r} hold no words ({count})" for kind, count in sorted(wordless.items())]


def _best_known(reading: Reading, dialog: int) -> bool:
    """Whether there is a transcript of a dialog; some put that of a call beside a dialog of type `text`."""
    linked = (reading.analyses[at] for at in _analyses_of(reading, dialog))
    return any(_is_transcript(each) and dialog in numbers_of(each.get("dialog")) for each in linked)


def _is_text(dialog: apijson.Resource) -> bool:
    """Whether a dialog is something written."""
    mediatype = apijson.first_label(dialog, "mediatype", "mimetype") or ""
    return dialog.get("type") == "text" or ("type" not in dialog and mediatype.startswith("text/"))


def _written(reading: Reading, at: int) -> Piece:
    """A message or mail of one party."""
    dialog = reading.dialogs[at]
    start = apijson.moment(dialog.get("start"))
    mediatype = apijson.first_label(dialog, "mediatype", "mimetype") or "text/plain"
    is_mail = mediatype.startswith(("multipart/", "message/")) or "@" in (label_or_none(dialog.get("message_id")) or "")
    originator = dialog.get("originator")
    numbers = list(numbers_of(originator)) or list(numbers_of(dialog.get("parties")))
    party = reading.parties[numbers[0]] if numbers and numbers[0] < len(reading.parties) else None
    if dialog.get("body") is None and dialog.get("url"):
        reading.problems.append(_elsewhere(reading.where(f"dialog {at}")))
    body = transcripts.decoded(dialog.get("body"), dialog.get("encoding"))
    words = _words(body, mediatype, is_mail=is_mail) if isinstance(body, str) else ""
    if body is not None and not isinstance(body, str):
        what, where = "a text whose body is no text", reading.where(f"dialog {at}")
        reading.problems.append(MalformedInputError(what, where=where, remedy="export it again"))
    lasts = apijson.seconds(dialog.get("duration"))
    turn = Turn(
        text=words,
        role=party.role if party else Role.UNKNOWN,
        role_source="column role" if party and party.role != Role.UNKNOWN else "",
        speaker=party.speaker if party else None,
        agent_id=party.agent_id if party else None,
        start=None if start is None else 0.0,
        end=lasts if start is not None else None,
    )
    named = read_channel(_noted(dialog, "interaction_type"))
    return Piece(named or (Channel.EMAIL if is_mail else Channel.CHAT), start, [turn] if words else [])


def _words(body: str, mediatype: str, *, is_mail: bool) -> str:
    """What the party wrote: of a mail without what it quotes."""
    if mediatype.startswith(("multipart/", "message/")):
        kind = mediatype if _MEDIATYPE.fullmatch(mediatype) and mediatype.startswith("multipart/") else ""
        head = f"Content-Type: {kind}\n\n" if kind and not re.match(r"[\w-]+:", body) else ""
        try:
            read = mail.parse_eml(Document("", f"{head}{body}".encode("utf-8", "replace")), ReadConfig())
        except InputError:
            return ""
        return read.conversations[0].turns[0].text
    text = htmltext.to_text(body) if mediatype.startswith("text/html") else body
    return clean(mailbody.own_words(text) if is_mail else text)


def _recorded(reading: Reading, at: int, moments: Sequence[datetime]) -> Iterator[Piece]:
    """The transcript of a recording, unless it is there as messages, too."""
    dialog = reading.dialogs[at]
    start = apijson.moment(dialog.get("start"))
    lasts = apijson.seconds(dialog.get("duration"))
    transcript = _best(reading, at)
    if transcript is None:
        where = reading.where(f"dialog {at}")
        if not any(problem.where == where for problem in reading.problems):
            what = "a recording without a transcript"
            reading.problems.append(InputError(what, where=where, remedy="transcribe the recording"))
        return
    if start is not None and lasts and _count_within(moments, start, lasts) > 1:
        reading.notes.append(f"the transcript of dialog {at} is not read, messages of the same time are read instead")
        return
    parties = list(numbers_of(dialog.get("parties")))
    turns = _with_roles(transcript, parties, reading)
    reading.language = reading.language or transcript.language
    yield Piece(read_channel(_noted(dialog, "interaction_type")) or Channel.CALL, start, turns)


def _count_within(moments: Sequence[datetime], start: datetime, lasts: float) -> int:
    return sum(timedelta() <= moment - start <= timedelta(seconds=lasts) for moment in moments)


def _best(reading: Reading, dialog: int | None) -> transcripts.Transcript | None:
    """The transcript of a recording that tells most of who speaks; each analysis serves once."""
    found: list[tuple[tuple[bool, bool, int], int, transcripts.Transcript]] = []
    linked = _analyses_of(reading, dialog)
    typed = [at for at in linked if _is_transcript(reading.analyses[at])]
    for at in typed or linked:
        analysis = reading.analyses[at]
        body = transcripts.decoded(analysis.get("body"), analysis.get("encoding"))
        if body is None and analysis.get("url") and typed:
            reading.problems.append(_elsewhere(reading.where(f"dialog {dialog or 0}")))
        if not typed and not transcripts.holds_messages(body):
            continue
        began = apijson.moment(reading.dialogs[dialog].get("start")) if dialog is not None else None
        names = [each.name for each in reading.parties if each.name]
        if (transcript := transcripts.read(body, names, began)) is not None:
            found.append(((len(transcript.roles) > 1, len(transcript.speakers) > 1, -at), at, transcript))
    if not found:
        return None
    _, at, transcript = max(found, key=lambda each: each[0])
    reading.problems += transcripts.faults(reading.analyses[at], reading.where(f"analysis {at}"))
    reading.used.add(at)
    return transcript


def _analyses_of(reading: Reading, dialog: int | None) -> list[int]:
    """The analyses of a dialog that have not been read: that name it, or that name none if it is the only recording."""
    recordings = sum(each.get("type") in _RECORDINGS for each in reading.dialogs)
    linked = [list(numbers_of(each.get("dialog"))) for each in reading.analyses]
    return [
        at
        for at, numbers in enumerate(linked)
        if at not in reading.used and (dialog in numbers or (not numbers and recordings < 2) or dialog is None)
    ]


def _is_transcript(analysis: apijson.Resource) -> bool:
    kind = (label_or_none(analysis.get("type")) or "").casefold()
    return _TRANSCRIPT.search(kind) is not None and _RETOLD.search(kind) is None


def _with_roles(transcript: transcripts.Transcript, parties: Sequence[int], reading: Reading) -> list[Turn]:
    """The turns with the role and id of the party that a speaker or channel is, or of what the speaker's label says."""
    read = labels.read_labels(transcript.speakers)
    known = {
        speaker: _identified(
            Turn("", speaker=speaker), label, _party_of(speaker, transcript, parties, reading), reading
        )
        for speaker, label in read.items()
    }
    return [
        turn
        if turn.role != Role.UNKNOWN or turn.speaker is None
        else replace(known[turn.speaker], text=turn.text, start=turn.start, end=turn.end, confidence=turn.confidence)
        for turn in transcript.turns
    ]


def _identified(turn: Turn, label: labels.Label, party: Party | None, reading: Reading) -> Turn:
    """The turn of a speaker with the role of the party, else that of the label and the only party who has it."""
    role, source = party.role if party else Role.UNKNOWN, "column role"
    if role == Role.UNKNOWN and label.role != Role.UNKNOWN:
        role, source = label.role, "speaker label"
        alike = [each for each in reading.parties if each.role == role]
        party = alike[0] if len(alike) == 1 else party
    name = (party.agent_id if party else None) or label.name
    return replace(
        turn,
        role=role,
        role_source=source if role != Role.UNKNOWN else "",
        speaker=(party.speaker if party else None) or turn.speaker,
        agent_id=name if role in {Role.AGENT, Role.UNKNOWN} else None,
    )


def _party_of(
    speaker: str, transcript: transcripts.Transcript, parties: Sequence[int], reading: Reading
) -> Party | None:
    """The party of that number, the only one that is called like the speaker, or the one on the speaker's channel."""
    number = speaker.removeprefix(transcripts.PARTY)
    if number != speaker and number.isdecimal():
        return reading.parties[int(number)] if len(number) < 4 and int(number) < len(reading.parties) else None
    called = [each for each in reading.parties if speaker.casefold() in each.called]
    if len(called) == 1:
        return called[0]
    channel = transcript.channels.get(speaker)
    if channel is None or len(parties) != len(transcript.channels) or not 0 <= channel < len(parties):
        return None
    return reading.parties[parties[channel]] if parties[channel] < len(reading.parties) else None


def _elsewhere(where: str) -> InputError:
    return InputError("its content is in another file", where=where, remedy="put the content into the vCon")
