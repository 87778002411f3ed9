"""Plain text transcripts: `Agent: ...`, `[Agent] ...`, `[00:01:23] John (Agent): ...`, chat logs, headers.

A line opens a turn when it carries an accepted speaker label; other lines continue the turn before them. A label is
accepted when it holds a role word, is a diarisation label (`Speaker 1`), stands beside a time, or occurs at least
twice and looks like a name. Lines such as `Call ID: 123` or `Agent: Dana Lopez` before the first blank line are
metadata (`textheader`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import labels, remarks, stamps, textheader, textshape, times
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

_DATE = (
    rf"(?:\d{{4}}[-/.]\d{{2}}[-/.]\d{{2}}[T ,]\s?|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}},?\s++|"
    rf"{textshape.NAMED_DATE},?\s++(?:at\s++)?)"
)
_CLOCK = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,6})?(?:\s?[AaPp]\.?[Mm]\.?(?![A-Za-z]))?(?:Z|[+-]\d\d:?\d\d)?"
_SPAN = r"(?:\d+\s?h\s?)?(?:\d+\s?m\s?)?\d+\s?s"
_BARE_TIME = rf"{_DATE}?{_CLOCK}"
_TIME = rf"(?:\[\s*+{_BARE_TIME}\s*+\]|\(\s*+(?:{_BARE_TIME}|{_SPAN})\s*+\)|{_BARE_TIME})"
_LABEL = r"[^\s:|>(\[][^:|>\n]{0,59}?|\[[A-Za-z][^\]\n:]{0,40}\]"
_OPENING = re.compile(
    rf"^\s*+(?:[-•]\s)?(?:>>\s*+)?\*{{0,3}}(?:(?P<before>{_TIME})\*{{0,3}}\s*+(?:[-–—|]\s*+)?)?\*{{0,3}}(?:>>\s*+)?"
    rf"(?P<label>{_LABEL})\*{{0,3}}\s{{0,9}}(?:[|,-]?\s*+(?P<after>{_TIME})\s{{0,9}})?\*{{0,3}}"
    r"(?P<mark>:\*{0,3}|\s[-–—]\s|\s*+\|\s)\*{0,3}\s*+(?P<text>.*)$"
)
_TABBED = re.compile(rf"^\s*+(?P<before>{_TIME})\t\s*+(?P<label>[^\t:|]{{1,60}})\t(?P<text>.*)$")
_BRACKETED = re.compile(rf"^\s*+(?:(?P<before>{_TIME})\s*+)?\[(?P<label>[A-Za-z][^\]\n:]{{0,40}})\]\s++(?P<text>\S.*)$")
_LABEL_LINE = re.compile(
    rf"^\s*+(?:>>\s*+)?\*{{0,3}}(?:(?P<before>{_TIME})\s*+[-–—|]?\s*+)?(?P<label>{_LABEL})\*{{0,3}}(?:(?:\s*+[|,-])?\s++(?P<after>{_TIME}))?\s*+$"
)
_NAME_FIRST = re.compile(r"(?P<name>[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2}):(?:\s++(?P<text>.*))?$")
_NAME_WORD = re.compile(r"[^\W\d_][\w'’.\-]*|\([^()]{1,30}\)|&|de|van|von|der|la")
_RULE = re.compile(r"^\s*+(?:={3,}|-{3,}|\*{3,}|#{3,}|_{3,})(?P<caption>.*)$")
_TITLE = re.compile(
    r"^\s*+[#\[]*\s*+(?:call|conversation|chat|transcript|dialogue|session|interaction)\s*+(?:#|no\.?)?\s*+(?P<id>\d[\w-]*|[\w]+-[\w-]+)\s*+:?\]?\s*+$",
    re.IGNORECASE,
)
_MINIMUM_SHARE = 0.6  # of the lines that open or continue a turn, for a text to count as a transcript
_LONGEST_NAME = 5  # words
_FEWEST_TURNS, _MOST_TITLES, _LONGEST_TITLE = 3, 6, 100  # lines of a head, of so many characters, above turns
_HEAD = 400  # characters of a line in which its time and label stand
_SNIFFED = 200_000  # characters that are looked at to know the format


@dataclass(frozen=True, slots=True)
class Opening:
    """A line that may open a turn."""

    label: str
    time: str
    text: str
    mark: str


def sniff(document: Document) -> Verdict:
    """Whether the text has lines with speaker labels, by far the most of it after the first of them."""
    if re.match(r"\s*<(?:!doctype|html|head|body|div|p|table|\?xml)\b", document.text, re.IGNORECASE):
        return Verdict(fits=False, why="it is HTML or XML, not plain text", nearness=0.3)
    lines = _lines(document.text[:_SNIFFED])
    openings = _accepted_openings(lines)
    if not openings:
        return Verdict(fits=False, why="no lines begin with a speaker label such as `Agent:`", nearness=0.2)
    filled = [
        position
        for position, line in enumerate(lines)
        if line.strip() and _separator(line) is None and not textshape.is_marked(line)
    ]
    header = textheader.length(lines)
    above = [lines[position] for position in filled if position < min(openings)]
    if (
        len(openings) >= _FEWEST_TURNS
        and len(above) <= _MOST_TITLES
        and all(len(line) <= _LONGEST_TITLE for line in above)
    ):
        header = min(openings)  # titles and attendees that programs write above a transcript
    belonging = sum(position >= min(openings) or position < header for position in filled)
    share = belonging / len(filled)
    if share < _MINIMUM_SHARE:
        return Verdict(fits=False, why=f"only {share:.0%} of the lines belong to a labelled turn", nearness=share)
    speakers = {opening.label for opening in openings.values()}
    return Verdict(
        fits=True, why=f"{len(openings)} of {len(filled)} lines begin with a speaker label ({len(speakers)} labels)"
    )


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a text file; raises MalformedInputError when no line carries a speaker label."""
    del config
    lines = _lines(document.text)
    blocks = _blocks(lines)
    conversations = [
        conversation
        for position, block in enumerate(blocks, start=1)
        if (conversation := _conversation(block, document.stem, position if len(blocks) > 1 else 0))
    ]
    if not conversations:
        raise MalformedInputError(
            "no line begins with a speaker label", remedy="begin each turn with a label such as `Agent:` or `Customer:`"
        )
    return Parsed(conversations)


def read_turns(text: str, *, agent: str | None = None) -> list[Turn]:
    """The turns of a transcript that stands in one cell; an empty list when it has no speaker labels."""
    return _turns(_lines(text), agent=agent)[0]


def looks_labelled(text: str) -> bool:
    """Whether a text holds at least two turns with speaker labels."""
    return len(_accepted_openings(_lines(text))) > 1


def _lines(text: str) -> list[str]:
    """The lines of a text in the one shape that is read."""
    text = text.removeprefix("\ufeff")
    return textshape.canonical(text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\f\n").split("\n"))


def _openings(lines: Sequence[str]) -> dict[int, Opening]:
    """The lines that may open a turn, by position."""
    found = {}
    for position, line in enumerate(lines):
        opening = _opening(line)
        if opening is not None:
            found[position] = opening
    return found


@lru_cache(maxsize=4096)
def _opening(line: str) -> Opening | None:  # noqa: PLR0911 - one return per shape
    """The line as a possible opening of a turn: label with text, or a label line that holds nothing else."""
    if textshape.is_marked(line):
        return None
    if len(line) > _HEAD:
        found = _opening(line[:_HEAD])
        return None if found is None else Opening(found.label, found.time, found.text + line[_HEAD:], found.mark)
    if "***" in line:  # bold and slanted
        line = re.sub(r"\*{3,}", "**", line)
    if match := _TABBED.match(line):
        return Opening(_tidy(match["label"]), match["before"].strip("[]() "), match["text"], "|")
    if (match := _OPENING.match(line)) and (found := _opening_of(match)) is not None:
        return found
    if match := _BRACKETED.match(line):
        return Opening(_tidy(match["label"]), (match["before"] or "").strip("[]() "), match["text"], "[]")
    match = _LABEL_LINE.match(line) if len(line) < 100 else None
    if match and match["label"]:
        return Opening(_tidy(match["label"]), _stamp(match), "", "")
    return None


def _opening_of(match: re.Match[str]) -> Opening | None:
    """The opening with text; `at 10:30` is none, as digits follow the colon directly."""
    label, spoken = _tidy(match["label"]), match["text"]
    mark = match["mark"].strip(" *")
    clock = mark == ":" and match.end("mark") == match.start("text") and spoken[:1].isdigit()
    if clock and (labels.read_label(label).role == Role.UNKNOWN or match["after"] or re.search(r"\s\d{1,3}$", label)):
        return None
    if (
        mark not in {":", "|"}
        and (named := _NAME_FIRST.match(spoken))
        and labels.read_label(label).role != Role.UNKNOWN
    ):
        return Opening(
            f"{label} {mark} {named['name']}", _stamp(match), named["text"] or "", ":"
        )  # `Agent - Maya: ...`
    return Opening(label, _stamp(match), spoken, mark)


def _stamp(match: re.Match[str]) -> str:
    """The time beside a label, without brackets."""
    return (match["before"] or match["after"] or "").strip("[]() ")


def _tidy(label: str) -> str:
    return label.strip().strip("*[]>_` ").strip()


def _accepted_openings(lines: Sequence[str]) -> dict[int, Opening]:
    """The lines that open turns, header lines excluded."""
    openings = _openings(lines)
    counts = Counter(opening.label for opening in openings.values() if opening.mark or opening.time)
    header = textheader.length(lines)
    accepted = {
        position: opening
        for position, opening in openings.items()
        if position >= header and _is_speaker(opening, counts[opening.label])
    }
    return accepted if _enough(accepted.values()) else {}


def _enough(openings: Iterable[Opening]) -> bool:
    """At least two labels, one label twice, or a role word."""
    found = list(openings)
    return len(found) > 1 or any(labels.read_label(opening.label).role != Role.UNKNOWN for opening in found)


def _is_speaker(opening: Opening, count: int) -> bool:
    """Whether a possible opening is one."""
    label = opening.label
    if label.casefold() in remarks.FIELDS and count < 2:
        return False
    if labels.read_label(label).role != Role.UNKNOWN:
        return bool(opening.mark or opening.time) or _stands_alone(label)
    if labels.is_speaker_number(label):
        return bool(opening.time) or (
            opening.mark in {":", "[]"} and (count > 1 or not labels.is_short_number(label)) and not label.isdigit()
        )
    if not _is_name(label) or (opening.mark == "[]" and _is_remark(label)):
        return False
    if opening.time:
        return opening.mark != "" or count > 1 or len(label.split()) < 3
    return opening.mark in {":", "[]"} and count > 1


def _is_remark(label: str) -> bool:
    """Whether a label in brackets is `[laughs]` or a placeholder such as `[NAME]`, and no speaker."""
    words = label.casefold().split()
    return label.isupper() or not label[:1].isupper() or not remarks.SOUNDS.isdisjoint(words)


def _stands_alone(label: str) -> bool:
    """A role word on a line of its own opens a turn only as written for that: `AGENT`, `Customer`."""
    return label[:1].isupper() and len(label.split()) <= 3


def _is_name(label: str) -> bool:
    """Whether a label may be a person's name or a nickname, and not a field or the beginning of a sentence."""
    words = label.split()
    if not words or len(words) > _LONGEST_NAME or {word.casefold().strip("#.") for word in words} & remarks.FIELDS:
        return False
    if len(words) == 1:
        return re.fullmatch(r"[\w.@'’\-+]+", label) is not None and not label.isdigit()
    return all(_NAME_WORD.fullmatch(word) for word in words) and words[0][:1].isupper()


def _turns(lines: Sequence[str], *, agent: str | None) -> tuple[list[Turn], list[str]]:
    """The turns of one conversation, and the times that its lines carry."""
    openings = _accepted_openings(lines)
    if not openings:
        return [], []
    read = labels.read_labels(opening.label for opening in openings.values())
    starts = sorted(openings)
    found = [openings[position].time for position in starts]
    _, seconds = stamps.timeline(found)
    turns = []
    for position, following, second in zip(starts, [*starts[1:], len(lines)], seconds, strict=True):
        opening = openings[position]
        below = lines[position + 1 : following]
        body = clean("\n".join([opening.text, *_said(opening.text, below)]))
        if body:
            turns.append(_turn(opening.label, read[opening.label], body, second, agent))
        turns += [_notice(line) for line in below if line.startswith(textshape.NOTICE) and textshape.bare(line) != body]
    return turns, found


def _said(above: str, below: Sequence[str]) -> list[str]:
    """The lines of a turn below its label, without what nobody said.

    `Thursday` parts the days of a chat where a turn follows it, and is an answer right below a label or amid words.
    """
    last = max((at for at, line in enumerate(below) if line.strip() and not textshape.is_marked(line)), default=-1)
    said: list[str] = []
    for at, line in enumerate(below):
        begun = bool(above.strip()) or any(map(str.strip, said))
        if not textshape.is_marked(line):
            said.append(line)
        elif not begun or (at < last and line.startswith(textshape.LAYOUT)):
            said.append(textshape.bare(line))
    return said


def _notice(line: str) -> Turn:
    """What happened between two turns: somebody joined, the chat was transferred."""
    return Turn(clean(line.removeprefix(textshape.NOTICE)), Role.SYSTEM, "notice in the text")


def _turn(label: str, read: labels.Label, body: str, start: float | None, agent: str | None) -> Turn:
    """One turn; the agent's name is the label's, else the header's."""
    known = read.role != Role.UNKNOWN
    name = read.name if read.role in {Role.AGENT, Role.UNKNOWN} else None
    return Turn(
        text=body,
        role=read.role,
        role_source="speaker label" if known else "",
        speaker=clean(label),
        agent_id=(name or agent) if read.role in {Role.AGENT, Role.UNKNOWN} else None,
        start=start,
    )


def _conversation(lines: Sequence[str], stem: str, position: int) -> Conversation | None:
    """The conversation of one block of lines; None when it has no turns."""
    header = textheader.read(lines)
    turns, found = _turns(lines, agent=header.agent)
    if not turns:
        return None
    started_at, _ = stamps.timeline(found)
    clocked = any(stamp and "." not in stamp for stamp in found) and _is_chat(lines)
    return Conversation(
        conversation_id=header.conversation_id or (f"{stem}-{position}" if position else stem),
        turns=turns,
        channel=header.channel or (Channel.CHAT if clocked else Channel.OTHER),
        queue=header.queue,
        started_at=started_at or header.started_at or _dated(lines),
        place=f"conversation {position}" if position else "",
    )


def _dated(lines: Sequence[str]) -> datetime | None:
    """The date on a line of its own above the turns."""
    for line in lines[:20]:
        if line.startswith(textshape.LAYOUT):
            return times.parse_moment(re.sub(r"(?<=\d)(?=[AP]M\b)", " ", line.removeprefix(textshape.LAYOUT)))
        if _opening(line) is not None:
            return None
    return None


def _is_chat(lines: Sequence[str]) -> bool:
    """Chat logs are known by a round bracket around the time of day, `(10:02:11) Jane: ...`."""
    return any(re.match(rf"^\(\s*(?:{_CLOCK}|{_SPAN})\s*\)\s", line) for line in lines)


def _blocks(lines: Sequence[str]) -> list[list[str]]:
    """The lines of each conversation of a file; one block unless separators part at least two conversations."""
    blocks: list[list[str]] = []
    speakers: list[set[str]] = []
    carried: list[str] = []
    for piece in _pieces(lines):
        openings = _accepted_openings(piece)
        if openings and not (blocks and _begins_amid_a_turn(piece, min(openings))):
            blocks.append([*carried, *piece])
            speakers.append({opening.label for opening in openings.values()})
            carried = []
        elif blocks and (openings or not textheader.length(piece)):  # a rule within the last turn
            blocks[-1] += piece
        else:  # a header that a rule parts from its turns
            carried += piece
    conversing = sum(len(labels_of_block) > 1 for labels_of_block in speakers)
    return blocks if blocks and (len(blocks) == 1 or conversing * 2 >= len(blocks)) else [_without_rules(lines)]


def _begins_amid_a_turn(piece: Sequence[str], first: int) -> bool:
    """Whether words that are no header stand before the first label of a piece."""
    return any(line.strip() for line in piece[textheader.length(piece) : first])


def _pieces(lines: Sequence[str]) -> list[list[str]]:
    """The lines between separators and, in files whose conversations have ids in their headers, before each such id."""
    pieces: list[list[str]] = [[]]
    identified = textheader.read(lines).conversation_id is not None
    for before, line in pairwise(["", *lines]):
        identity = _separator(line)
        if identity is not None:
            pieces.append([f"Conversation ID: {identity}"] if identity else [])
        elif identified and not before.strip() and textheader.identity(line) is not None:
            pieces.append([line])
        else:
            pieces[-1].append(line)
    return pieces


def _without_rules(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if _separator(line) is None]


def _separator(line: str) -> str | None:
    """None for an ordinary line; else the id that a separator names, or an empty string."""
    if line == "\f" or textshape.ends(line):
        return ""
    if match := _TITLE.match(line):
        return match["id"]
    match = _RULE.match(line)
    if match is None:
        return None
    caption = match["caption"].strip(" \t=-*#_")
    if named := _TITLE.match(re.split(r"(?<!\s)\s++[|(–-]", caption)[0]):
        return named["id"]
    if identity := textheader.identity(caption):
        return identity
    # `--- hold music ---` is text; `=== Chat with Jane ===` is not.
    return "" if not caption or line.strip().endswith("===") else None
