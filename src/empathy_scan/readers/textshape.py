"""Transcripts as many programs save them, line by line in one shape: `[time] label: text`.

A rule rewrites lines only where several lines of the file have its shape, so that an ordinary sentence is not touched.
What nobody said (who joined, dates between turns, page numbers) is marked, for it belongs to no turn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from empathy_scan.codebook import Role
from empathy_scan.readers import labels

NOTICE = "\ue001"  # private-use characters before lines that nobody said: what happened ...
LAYOUT = "\ue002"  # ... and what only parts or dates the turns
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s++)?"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
NAMED_DATE = rf"(?i:{_WEEKDAY}(?:{_ORDINAL}\s++{_MONTH},?\s++\d{{4}}|{_MONTH}\s++{_ORDINAL},?\s++\d{{4}}))"
_NUMBERS = r"(?:\d{4}[-/.]\d{2}[-/.]\d{2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})"
_CLOCK = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,6})?(?:\s?[AaPp]\.?[Mm]\.?(?![A-Za-z]))?"
_T = rf"(?:(?:{_NUMBERS}|{NAMED_DATE})[,T]?\s*+(?:at\s++)?)?{_CLOCK}"
_LONG_CLOCK = r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?"
_NAME = r"[^\s:|<>\[\]()\d][^:|<>\[\]\n]{0,59}?"
_HEAD = 300  # characters of a line in which its time and label stand
_SHARE, _MOST = 0.2, 0.6  # of the filled lines, for a shape with and without a time
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# Shapes with a time; two lines and a fifth of all are enough.
_TIMED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(rf"^\s*+[\[(]?\s*+({_T})\s*+(?:--?>|[-–—]|to)\s*+{_T}\s*+[\])]?\s*+(?:[-–—|:]\s++)?(\S.*)$"),
        r"[\1] \2",
    ),
    (re.compile(rf"^\s*+({_NAME})\s*+:\s*+[\[(]({_T})[\])]\s*+(.*)$"), r"[\2] \1: \3"),
    (re.compile(rf"^\s*+({_T})\s++[Ff]rom\s++({_NAME})(?:\s++to\s++[^:]{{1,60}}?)?\s*+:\s*+(.*)$"), r"[\1] \2: \3"),
    (re.compile(rf"^\s*+({_NAME})\s++(?:says|said|wrote|writes)\s*+[\[(]({_T})[\])]\s*+:\s*+(.*)$"), r"[\2] \1: \3"),
    (re.compile(rf"^\s*+[\[(]?({_T})[\])]?\s*+<[@+%~& ]?([^<>\s][^<>]{{0,40}})>\s++(\S.*)$"), r"[\1] \2: \3"),
    (re.compile(rf"^\s*+({NAMED_DATE},?\s++(?:at\s++)?{_CLOCK})\s*+[-–—|]\s*+({_NAME})\s*+:\s*+(.*)$"), r"[\1] \2: \3"),
    (re.compile(rf"^\s*+({_NAME})\s++at\s++({_T})\s*+:\s*+(.*)$"), r"[\2] \1: \3"),
    (re.compile(rf"^\s*+({_NAME})\s++(?:[—–-]\s++)?(?:(?:[Tt]oday|[Yy]esterday)\s++)?at\s++({_T})\s*+$"), r"[\2] \1"),
    (re.compile(rf"^\s*+({_NAME})\s++[—–]\s++({_T})\s*+$"), r"[\2] \1"),
    (re.compile(rf"^\s*+({_NAME})\s*+:\s++({_CLOCK}),?\s++({NAMED_DATE}|\d{{1,2}} {_MONTH})\s*+$"), r"[\2] \1"),
    (re.compile(rf"^\s*+({_NAME})\s*+:\s++([^\[\]]*?\S)\s*+\[({_T})\]\s*+$"), r"[\3] \1: \2"),
    (
        re.compile(rf"^\s*+([A-Z][A-Z0-9 .'_-]{{0,40}}?)\s++[\[(]?({_LONG_CLOCK})[\])]?\s++([^\s:|-].*)$"),
        r"[\2] \1: \3",
    ),
)  # fmt: skip
# Shapes without a time; most lines must have them.
_UNTIMED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^\s*+>(?!>)\s?(\S.*)$"), r"\1"),
    (re.compile(rf"^\s*+({_NAME})\s++(?:says|said|wrote)\s*+:\s*+(.*)$"), r"\1: \2"),
    (re.compile(r"^\s*+<[@+%~& ]?([^<>\s/!][^<>]{0,40})>\s++(\S.*)$"), r"\1: \2"),
)
_BETWEEN = re.compile(rf"^\s*+({_NAME})(?:\s++[-–—|]\s++|[ ]?\t+[ ]*)(\S.*)$")
_NAME_NEXT = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2}:(?:\s|$)")  # `Agent - Maya: ...`
_NUMBERED = re.compile(r"^\s*(?:\[(\d{1,5})\]|(\d{1,5})[.)]?)\s+(\D.*)$")
_HEADING = re.compile(r"^\s*+(?:#{1,6}\s++([^#:*]{1,60}?)|\*\*([^*:]{1,60})\*\*|__([^_:]{1,60})__)\s*+$")
_ALONE = re.compile(rf"^\s*+[\[(]?\s*+({_T})\s*+[\])]?\s*+$")
_WIDE_COLON = re.compile(r"^([^：:\n]{1,60})：\s*+")

_WHO = (
    r"(?:(?:the |your )?(?:visitor|customer|agent|advisor|chat|call|conversation|session|user|client|"
    r"caller|guest|contact)"
    r"(?: [A-Z][\w.'’-]*){0,3}|(?!(?:He|She|They|We|I|You|It|Who|And|But|Nobody|Everybody|"
    r"Someone)\b)[A-Z][\w.'’-]*(?: [A-Z(][\w.'’)-]*){0,3})"
)
_DID = (
    r"(?:joined|left|entered|exited|ended|closed|transferred|disconnected|started|stopped|finished|rejoined|"
    r"accepted|missed|declined)"
)
_WHAT = r"(?:chat|conversation|call|session|room|meeting|transcription|transcript|recording|queue|team|channel|group)"
_STAMP = rf"(?:[\[(]?\s*+{_T}\s*+[\])]?\s*+[-–—|]?\s*+)?"
_EVENT = re.compile(
    rf"^\s*+{_STAMP}(?:(?i:{_WHO})\s++(?:(?:has|have|was|is|successfully|been)\s++){{0,3}}{_DID}"
    rf"(?:\s++(?:the|this|your|to|by|from)\b)?(?:\s++(?:the\s++)?{_WHAT}\b.{{0,40}}|\s++to\s++.{{1,40}})?[.!]?|"
    r"messages and calls are end-to-end encrypted.*|(?:info:?\s*+)?you (?:are|have been|were) (?:now )?"
    r"(?:chatting|connected|transferred|speaking).{0,60}|"
    rf"(?i:{_WHAT})\s++(?:ended|closed|finished|transferred|started|terminated)\b.{{0,60}}|"
    r"please (?:hold|wait)(?: (?:while|for) .{0,60}(?:agent|operator|connect|representative).{0,30})[.]?)\s*+$",
    re.IGNORECASE,
)
_STARRED = re.compile(rf"^\s*+{_STAMP}\*{{2,}}\s*+\S")
_NAMED_EVENT = re.compile(rf"^\s*+{_STAMP}{_WHO}\s++(?:(?:has|have|was|is|successfully|been)\s++){{0,3}}(?i:{_DID})\b")
_PARTS = re.compile(
    rf"^\s*+(?:[-–—=*_]{{2,}}\s*+)?(?:(?:{NAMED_DATE}|{_WEEKDAY}{_NUMBERS})(?:,?\s*+(?:at\s++)?{_CLOCK})?|today|yesterday|"
    rf"(?:mon|tues|wednes|thurs|fri|satur|sun)day|[\[(]?\s*+\d{{1,2}}:\d{{2}}:\d{{2}}(?:[.,]\d+)?\s*+[\])]?|"
    r"page \d+(?: (?:of|/) \d+)?|"
    r"\[?\s*+(?:end|start|beginning) of (?:the )?(?:transcript|transcription|chat|call|conversation)\s*+\]?|"
    r"chat (?:started|origin|ended|duration)\s*+:.*|exported (?:from|on|at)\b.*)(?:\s*+[-–—=*_]{2,})?\s*+$",
    re.IGNORECASE,
)
_END = re.compile(r"\bend of (?:the )?(?:transcript|transcription|chat|call|conversation)", re.IGNORECASE)
_SOUND = re.compile(
    r"^\s*+\[\s*+(?:hold )?(?:music|silence|beep|ringing|dial tone|applause|background noise|static|noise)"
    r"(?: playing)?\s*+\]\s*+$",
    re.IGNORECASE,
)


def canonical(lines: Sequence[str]) -> list[str]:
    """The lines with known shapes rewritten to `[time] label: text`, and those that nobody said marked."""
    shaped = [_tidied(line) for line in lines]
    shaped = _with_names_beside_times(shaped)
    shaped = _without_numbers(shaped)
    for pattern, wanted in _UNTIMED:
        shaped = _rewritten(shaped, pattern, wanted, share=_MOST)
    for pattern, wanted in _TIMED:
        shaped = _rewritten(shaped, pattern, wanted, share=_SHARE)
    shaped = _with_headings(_with_dashes(shaped))
    return _marked(shaped)


def ends(line: str) -> bool:
    """Whether a line says that the conversation ends here: `*** END OF CHAT ***`."""
    return line.startswith(LAYOUT) and _END.search(line) is not None


def bare(line: str) -> str:
    """The line without its mark."""
    return line.lstrip(NOTICE + LAYOUT)


def is_marked(line: str) -> bool:
    """Whether a line is one that nobody said."""
    return line.startswith((NOTICE, LAYOUT))


def _tidied(line: str) -> str:
    """The line without marks of writing direction, with plain spaces and colons."""
    line = line.rstrip(" \t\xa0")
    if line.isascii():
        return line
    line = _DIRECTIONS.sub("", line).replace("\u202f", " ").replace("\xa0", " ")
    return _WIDE_COLON.sub(r"\1: ", line) if "：" in line[:62] else line


def _rewritten(lines: list[str], pattern: re.Pattern[str], wanted: str, *, share: float) -> list[str]:
    """The lines in the wanted shape, where enough of them have the pattern's."""
    found = {at: match for at, line in enumerate(lines) if line and (match := pattern.match(line[:_HEAD]))}
    if len(found) < 2 or len(found) < share * _filled(lines):
        return lines
    return [found[at].expand(wanted) + line[_HEAD:] if at in found else line for at, line in enumerate(lines)]


def _filled(lines: Sequence[str]) -> int:
    return sum(bool(line.strip()) for line in lines)


def _with_names_beside_times(lines: list[str]) -> list[str]:
    """A time on a line of its own above or below a name becomes one line with it."""
    times = {at: match[1] for at, line in enumerate(lines) if len(line) < 60 and (match := _ALONE.match(line))}
    for beside in (1, -1):
        names = Counter(
            lines[at + beside].strip()
            for at in times
            if 0 <= at + beside < len(lines) and _may_be_name(lines[at + beside])
        )
        known = {name for name, count in names.items() if count > 1 or _has_role(name)}
        if sum(names[name] for name in known) * 2 < len(times) or not known:
            continue
        return _merged(lines, times, known, beside)
    return lines


def _merged(lines: list[str], times: dict[int, str], known: set[str], beside: int) -> list[str]:
    taken = {at for at in times if 0 <= at + beside < len(lines) and lines[at + beside].strip() in known}
    stamped = {at + beside: times[at] for at in taken}
    return [
        f"[{stamped[at]}] {line.strip()}" if at in stamped else line for at, line in enumerate(lines) if at not in taken
    ]


def _without_numbers(lines: list[str]) -> list[str]:
    """The lines without the numbers that count them."""
    found = {at: match for at, line in enumerate(lines) if (match := _NUMBERED.match(line[:_HEAD]))}
    numbers = [int(match[1] or match[2]) for match in found.values()]
    rising = all(later > earlier for earlier, later in pairwise(numbers))
    if len(found) < 2 or not rising or len(found) < _MOST * _filled(lines):
        return lines
    return [found[at][3] + line[_HEAD:] if at in found else line for at, line in enumerate(lines)]


def _with_dashes(lines: list[str]) -> list[str]:
    """`Name - text`, `Name | text` and `Name<tab>text` with a colon, where most lines begin with one of few names."""
    found = {
        at: match
        for at, line in enumerate(lines)
        if (match := _BETWEEN.match(line[:_HEAD])) and _may_be_name(match[1]) and not _NAME_NEXT.match(match[2])
    }
    names = Counter(match[1] for match in found.values())
    known = {name for name, count in names.items() if count > 1 or _has_role(name)}
    taken = [at for at, match in found.items() if match[1] in known]
    if len(taken) < 2 or len(taken) < _MOST * _filled(lines):
        return lines
    return [
        f"{found[at][1]}: {found[at][2]}{line[_HEAD:]}" if at in found and found[at][1] in known else line
        for at, line in enumerate(lines)
    ]


def _with_headings(lines: list[str]) -> list[str]:
    """`### Name` and `**Name**` on lines of their own as `Name:`, for names that come twice and role words."""
    found = {
        at: _first_group(match) for at, line in enumerate(lines) if len(line) < 80 and (match := _HEADING.match(line))
    }
    counts = Counter(found.values())
    known = {name for name, count in counts.items() if _may_be_name(name) and (count > 1 or _has_role(name))}
    return [f"{found[at]}:" if found.get(at) in known else line for at, line in enumerate(lines)]


def _first_group(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group).strip()


def _marked(lines: list[str]) -> list[str]:
    marks: tuple[tuple[str, Callable[[str], bool]], ...] = ((NOTICE, _is_notice), (LAYOUT, _is_layout))
    return [next((mark + line.strip() for mark, holds in marks if holds(line)), line) for line in lines]


def _is_notice(line: str) -> bool:
    if not line or len(line) > 160:
        return False
    if _SOUND.match(line):
        return True
    if _STARRED.match(line):
        line = line.replace("*", "").strip()
    generic = re.match(rf"^\s*+{_STAMP}(?:{_WHAT}|messages and|you |info|please|the )", line, re.IGNORECASE) is not None
    return _EVENT.match(line) is not None and (generic or _NAMED_EVENT.match(line) is not None)


def _is_layout(line: str) -> bool:
    return bool(line) and len(line) < 120 and _PARTS.match(line) is not None


def _may_be_name(text: str) -> bool:
    words = text.split()
    return 0 < len(words) <= 5 and len(text) <= 60 and not re.search(r"[.?!:]\s*$", text) and (
        words[0][:1].isupper() or _has_role(text) or "." in words[0] or "@" in words[0]
    )  # fmt: skip


def _has_role(text: str) -> bool:
    return labels.read_label(text).role != Role.UNKNOWN
