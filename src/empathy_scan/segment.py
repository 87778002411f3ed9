"""Turns become segments: whole sentences, up to as many words as the codebook labels at a time, each with its context.

Short turns are one segment and never reach spaCy. Long ones are cut at the sentences of `spacy.blank("en")` with the
sentencizer; a sentence that is still too long (a speech recogniser without full stops) is cut at a comma, a conjunction
or, at worst, between two words. Greetings, sign-offs and scraps stay with their neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.config import SegmentConfig
from empathy_scan.errors import ConfigError
from empathy_scan.lightly import blank_english
from empathy_scan.tables import CONTEXT_TURN, SEGMENTS, TURNS, conform

if TYPE_CHECKING:
    from spacy.language import Language

Words = list[tuple[int, int]]  # character offsets of the words of a turn
Ranges = list[tuple[int, int]]  # ranges of positions in `Words`

_SPEAKERS = [Role.AGENT.value, Role.CUSTOMER.value]
_LONGEST_RUN = 100  # characters without a space that the tokenizer sees at once; it is quadratic in them
_SCRAP = 3  # words; so short a part does not stand alone if a neighbour can take it
_GREETING_WORDS, _SIGN_OFF_WORDS = 6, 25

_WORD = re.compile(r"[\S\x1c-\x1f]+")  # what polars counts as a word: it knows no white space at U+001C to U+001F
_GREETING = re.compile(r"(?:dear|hi|hello|hey|hiya|good (?:morning|afternoon|evening|day)|to whom)\b", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"^[^\S\n]*+(?:(?:kind(?:est)?|best|warm(?:est)?|many)?[^\S\n]?(?:regards|wishes|thanks)|best|cheers|thank you|"
    r"yours (?:sincerely|faithfully|truly)|sincerely|sent from my \w+|--)[^\S\n]*+[,.!]?[^\S\n]*+$",
    re.IGNORECASE | re.MULTILINE,
)
# A line break ends a sentence before an empty line or a list item, and after a short line or closing punctuation.
_LINE_END = re.compile(r"\n(?P<empty>\s*\n)?[^\S\n]*(?P<item>[-*•–]\s|\d{1,2}[.)]\s|>)?")
_SHORT_LINE = 40  # characters; wrapped lines of a mail are longer
_ABBREVIATION = re.compile(
    r"(?:\b(?:no|nos|approx|ref|refs|acct|tel|ext|dept|min|max|incl|excl|est|govt|misc|resp|fig|sq|op|cf|ca|viz|st|rd|ave|apt"
    r"|dr|mr|mrs|ms|prof|e\.g|i\.e|etc|vs|rs|hon|rev|sr|jr|inc|ltd|co|plc|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)"
    r"|\b[a-z]|\b[a-z](?:\.[a-z])+)\.$",
    re.IGNORECASE,
)
_ENDS_BEFORE_CAPITAL = frozenset(
    {"etc.", "inc.", "ltd.", "co.", "plc.", "st.", "rd.", "ave.", "u.k.", "u.s.", "a.m.", "p.m.", "no."}
)
_JOINTS = frozenset({
    "and", "but", "so", "because", "then", "or", "which", "when", "while", "although", "though", "however", "that",
    "if", "until", "since", "unless", "as", "yeah", "yes", "no", "well", "okay", "ok", "anyway", "like", "now",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Piece:
    """One segment of a long turn: its offsets, and where the words before it begin that the model sees."""

    start: int
    end: int
    earlier: int


def split(turns: pl.DataFrame, config: SegmentConfig) -> pl.DataFrame:
    """The segments of all agent and customer turns, in order, with what was said before each of them.

    A turn of nothing but white space gives none. The words of a turn's segments, in order, are the words of the turn.
    `context` holds the earlier turns, oldest first, and then the earlier segments of the same turn as one entry.
    Raises SchemaError unless `turns` is a frame of turns, and ConfigError for settings that allow no segment.
    """
    if config.max_words < 1 or config.context_turns < 0 or config.context_words < 0:
        raise ConfigError(
            "a number is too small", where="[segment]", remedy="max_words must be 1 or more, the others 0"
        )
    spoken = conform(turns, TURNS).with_columns(words=pl.col("text").str.count_matches(r"\S+"))
    spoken = spoken.filter(pl.col("role").is_in(_SPEAKERS), pl.col("words") > 0).sort(TURNS.key)
    spoken = _with_context(spoken, config).select(*TURNS.key, "role", "text", "context", "words")
    short = _whole(spoken.filter(pl.col("words") <= config.max_words))
    long = _cut(spoken.filter(pl.col("words") > config.max_words), config)
    return conform(pl.concat([short, long]).sort(SEGMENTS.key), SEGMENTS)


def _with_context(spoken: pl.DataFrame, config: SegmentConfig) -> pl.DataFrame:
    """The turns with the ends of up to `context_turns` earlier turns of their conversation, oldest first."""
    spoken = spoken.with_columns(ending=_ending(pl.col("text"), config.context_words))
    said = pl.struct(pl.col("role"), pl.col("ending").alias("text"))
    empty = pl.lit([], dtype=pl.List(CONTEXT_TURN))
    if not config.context_turns:
        return spoken.with_columns(context=empty)
    earlier = [
        pl.when(pl.int_range(pl.len()).over("conversation_id") >= back)
        .then(said.shift(back).over("conversation_id"))
        .otherwise(None)
        for back in range(config.context_turns, 0, -1)
    ]
    held = pl.concat_list(earlier).list.eval(pl.element().filter(pl.element().is_not_null()))
    return spoken.with_columns(context=held.cast(pl.List(CONTEXT_TURN)))


def _ending(text: pl.Expr, words: int) -> pl.Expr:
    """The last `words` words of a text."""
    return text.str.extract_all(r"\S+").list.tail(words).list.join(" ")


def _whole(short: pl.DataFrame) -> pl.DataFrame:
    """One segment per turn: the text without the white space around it."""
    body = pl.col("text").str.strip_chars()
    start = (pl.col("text").str.len_chars() - pl.col("text").str.strip_chars_start().str.len_chars()).cast(pl.Int32)
    return short.select(
        *TURNS.key,
        pl.lit(0, pl.Int32).alias("segment"),
        "role",
        start.alias("start"),
        (start + body.str.len_chars().cast(pl.Int32)).alias("end"),
        body.alias("text"),
        "context",
    )


def _cut(long: pl.DataFrame, config: SegmentConfig) -> pl.DataFrame:
    """The segments of turns that are too long for one."""
    pieces = [
        (row, number, piece.start, piece.end, text[piece.start : piece.end], text[piece.earlier : piece.start].strip())
        for row, text in enumerate(long["text"])
        for number, piece in enumerate(_pieces(text, config))
    ]
    columns = ["row", "segment", "start", "end", "text", "earlier"]
    types = [pl.UInt32, pl.Int32, pl.Int32, pl.Int32, pl.String, pl.String]
    cut = pl.DataFrame(pieces, schema=dict(zip(columns, types, strict=True)), orient="row")
    whole = long.with_row_index("row").select("row", *TURNS.key, "role", "context")
    own = pl.struct(pl.col("role"), _ending(pl.col("earlier"), config.context_words).alias("text"))
    seen = pl.when(pl.col("earlier") == "").then("context").otherwise(pl.concat_list("context", own))
    return cut.join(whole, on="row").with_columns(context=seen).select(SEGMENTS.columns.keys())


def _pieces(text: str, config: SegmentConfig) -> Iterator[_Piece]:
    """The segments of one long text."""
    words = [match.span() for match in _WORD.finditer(text)]
    ranges = _sentences(text, words)
    ranges = [part for sentence in ranges for part in _shorter(text, words, sentence, config.max_words)]
    ranges = _packed(_with_sign_off(text, words, _with_greeting(text, words, ranges)), config.max_words)
    for first, last in ranges:
        earlier = words[max(0, first - config.context_words)][0]
        yield _Piece(words[first][0], words[last - 1][1], earlier)


def _sentences(text: str, words: Words) -> Ranges:
    """The sentences of a text as ranges of words."""
    starts = sorted(_sentence_starts(text) | _line_starts(text))
    ranges: Ranges = []
    first = 0
    following = iter([*starts, len(text) + 1])
    start = next(following)
    for position, (begin, _) in enumerate(words):
        opens = False
        while start <= begin:
            opens, start = True, next(following)
        if opens and position > first and not _abbreviated(text, words, position):
            ranges.append((first, position))
            first = position
    return [*ranges, (first, len(words))]


def _sentence_starts(text: str) -> set[int]:
    """Where spaCy's sentencizer begins a sentence."""
    tame = re.sub(rf"(\S{{{_LONGEST_RUN}}})\S", r"\1 ", text)
    return {sentence.start_char for sentence in _sentencizer()(tame).sents}


@cache
def _sentencizer() -> Language:
    """A blank English pipeline that knows where sentences end."""
    language = blank_english()
    language.add_pipe("sentencizer")
    language.max_length = 2**31
    return language


def _line_starts(text: str) -> set[int]:
    """Where a line begins that goes on no sentence of the line before."""
    starts: set[int] = set()
    begin = 0
    for match in _LINE_END.finditer(text):
        line = text[begin : match.start()].rstrip()
        begin = match.start("item") if match["item"] else match.end()
        if match["empty"] or match["item"] or len(line) < _SHORT_LINE or line.endswith((".", "!", "?", ":", ";")):
            starts.add(begin)
    return starts


def _abbreviated(text: str, words: Words, position: int) -> bool:
    """Whether the word before `position` ends in the full stop of an abbreviation, and its line goes on."""
    (begin, end), (following, _) = words[position - 1], words[position]
    if "\n" in text[end:following] or not _ABBREVIATION.search(text[max(begin, end - 12) : end]):
        return False
    return not (text[following].isupper() and text[begin:end].lower() in _ENDS_BEFORE_CAPITAL)


def _shorter(text: str, words: Words, sentence: tuple[int, int], most: int) -> Ranges:
    """The sentence in parts of at most `most` words, cut where it hurts least."""
    first, last = sentence
    parts: Ranges = []
    while last - first > most:
        cut = _joint(text, words, range(first + most, first + most // 2, -1))
        parts.append((first, cut))
        first = cut
    return [*parts, (first, last)]


def _joint(text: str, words: Words, positions: range) -> int:
    """The best of the positions, which run backwards, to cut before: after punctuation, else before a conjunction."""
    for position in positions:
        if text[words[position - 1][1] - 1] in ",;:…)—–.!?":
            return position
    for position in positions:
        before, after = (text[slice(*words[place])].lower() for place in (position - 1, position))
        if after in _JOINTS and before not in _JOINTS:
            return position
    return positions[0]


def _with_greeting(text: str, words: Words, ranges: Ranges) -> Ranges:
    """The ranges, the first joined to the second if it is only a greeting."""
    if len(ranges) > 1 and ranges[0][1] <= _GREETING_WORDS and _GREETING.match(text, words[0][0]):
        return [(ranges[0][0], ranges[1][1]), *ranges[2:]]
    return ranges


def _with_sign_off(text: str, words: Words, ranges: Ranges) -> Ranges:
    """The ranges, all from the sign-off on joined to the sentence before it."""
    for match in _SIGN_OFF.finditer(text, words[max(0, len(words) - _SIGN_OFF_WORDS)][0]):
        for index, (first, _) in enumerate(ranges):
            if index and words[first][0] >= match.start():
                return [*ranges[: index - 1], (ranges[index - 1][0], len(words))]
    return ranges


def _packed(ranges: Ranges, most: int) -> Ranges:
    """Neighbours together as long as they have at most `most` words, or three more where one of them is a scrap."""
    packed: Ranges = []
    for first, last in ranges:
        scrap = packed and (last - first <= _SCRAP or packed[-1][1] - packed[-1][0] <= _SCRAP)
        if packed and last - packed[-1][0] <= most + (_SCRAP if scrap else 0):
            packed[-1] = (packed[-1][0], last)
        else:
            packed.append((first, last))
    return packed
