"""Reading: exports of many kinds become one frame of turns, and a frame of what could not be read and why."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from empathy_scan import stages
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, UsageError
from empathy_scan.readers import batches, beside, files, gather, grouping, parts, pieces, threads
from empathy_scan.readers.columns import check_overrides
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.registry import FORMATS, Reader, by_name
from empathy_scan.readers.scored import parse_table

__all__ = [
    "FORMATS",
    "Explanation",
    "Reader",
    "Reading",
    "SpeakerRole",
    "check",
    "explain",
    "explain_all",
    "find",
    "of_files",
    "parse_table",
    "read",
    "read_in_parts",
]

_SHOWN = 5  # values of a column that `explain` names
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read: turns (TURNS), what was left out and why (REJECTS), and how many files were looked at."""

    turns: pl.DataFrame
    rejects: pl.DataFrame
    files: int
    people: pl.DataFrame = field(default_factory=gather.no_people)  # what is known of customers beside their turns


@dataclass(frozen=True, slots=True)
class SpeakerRole:
    """A speaker label of a file, the role it got, how that was decided, and how many turns it has."""

    speaker: str
    role: str
    role_source: str
    turns: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a file is understood: reader and why that one, encoding, columns, speakers, and what is refused."""

    source: str
    format: str
    why: str
    encoding: str
    columns: Mapping[str, str]  # ours -> the file's own
    speakers: Sequence[SpeakerRole]
    conversations: int
    turns: int
    refused: Sequence[tuple[str, str]]  # formats asked before, and why each refused
    rejects: pl.DataFrame
    notes: Sequence[str] = ()  # such as times that cannot be read
    context: Sequence[str] = ()  # what else is kept of conversations and turns, and which labels are not


def read(sources: Sequence[Path], config: ReadConfig) -> Reading:
    """The turns of all files under the sources; broken input becomes rows of `rejects` and never stops the batch.

    Neither the order of the sources nor that of the folders' listings matters. Raises UsageError when a path does not
    exist or no file is found, ConfigError for settings that name no format or column.
    """
    config = check(config)
    return _read(*_transcripts(find(sources)), config, partial(pieces.pieces, config=config))


def _read(
    found: Sequence[files.Found], notices: Sequence[gather.Problem], config: ReadConfig, opener: pieces.Opener
) -> Reading:
    placed: list[gather.Placed] = []
    problems = list(notices)
    stages.expect(stages.READING, len(found))
    for each in found:
        for piece in opener(each):
            if isinstance(piece, gather.Problem):
                problems.append(piece)
            else:
                placed += piece.placed
                problems += piece.problems
        stages.advance(stages.READING)
    turns, rejects, people = _gathered(placed, problems, config)
    count = len(found) + len(notices)
    _LOG.info("%d files: %d turns, %d rejects", count, turns.height, rejects.height)
    return Reading(turns, rejects, count, people)


def read_in_parts(sources: Sequence[Path], config: ReadConfig) -> Iterator[Reading]:
    """What `read` gives, in parts of whole conversations, so that memory does not grow with the input.

    Little input comes in one part. Of more, all files are gone through twice: first to learn which conversations are
    in several files, which then come together. All mails come in the first part, as threads run over all files.
    `files` counts in the first part only. Raises what `read` raises.
    """
    yield from of_files(find(sources), config)


def of_files(
    listed: Sequence[files.Found], config: ReadConfig, opener: pieces.Opener | None = None
) -> Iterator[Reading]:
    """What `read_in_parts` gives, of files that `find` has listed. An `opener` opens them in the place of ours."""
    config = check(config)
    opener = opener or partial(pieces.pieces, config=config)
    found, notices = _transcripts(listed)
    if batches.is_little(found):
        yield _read(found, notices, config, opener)
        return
    count = len(found) + len(notices)
    for placed, problems in batches.batches(found, opener):
        turns, rejects, people = _gathered(placed, [*notices, *problems], config)
        _LOG.info("a part of %d files: %d turns, %d rejects", len(found), turns.height, rejects.height)
        made = [Reading(turns, rejects, count, people)]
        count, notices = 0, []
        del placed, problems, turns, rejects, people  # a part is large: while the next is made nobody keeps this one
        yield made.pop()


def explain(path: Path, config: ReadConfig) -> Explanation:
    """How one file is read; of an archive, its first member that can be. Raises UsageError, InputError like `read`."""
    first: InputError | None = None
    for each in explain_all(path, config):
        if isinstance(each, Explanation):
            return each
        first = first or each.error
    raise first or UsageError(f"no files found in {path}", remedy="name a file")


def explain_all(path: Path, config: ReadConfig) -> Iterator[Explanation | gather.Problem]:
    """How a file is read, or every member of an archive; of what cannot be read at all, why. Raises UsageError."""
    config = check(config)
    for each in files.find([path]):
        known: list[pieces.Piece] = []
        for piece in pieces.pieces(each, config):
            if known and (isinstance(piece, gather.Problem) or piece.source != known[0].source):
                yield _explained(known, config)
                known = []
            if isinstance(piece, gather.Problem):
                yield piece
            else:
                known.append(piece)
        if known:
            yield _explained(known, config)


def _explained(known: Sequence[pieces.Piece], config: ReadConfig) -> Explanation:
    """How the pieces of one file are understood."""
    first = known[0]
    problems = [problem for piece in known for problem in piece.problems]
    turns, rejects, _ = _gathered([each for piece in known for each in piece.placed], problems, config)
    notes = dict.fromkeys(note for piece in known for note in piece.parsed.notes)
    return Explanation(
        source=first.source,
        format=first.detection.reader.name,
        why=first.detection.why,
        encoding=first.encoding,
        columns=first.parsed.columns,
        speakers=_speakers(turns),
        conversations=turns["conversation_id"].n_unique(),
        turns=turns.height,
        refused=first.detection.refused,
        rejects=rejects,
        notes=[*notes],
        context=tuple(_context(turns, [each.parsed for each in known], config)),
    )


def _context(turns: pl.DataFrame, parsed: Sequence[Parsed], config: ReadConfig) -> Iterator[str]:
    """Directions, zones, labels, confidence and overlaps, in words; nothing of what there is none of."""
    for column in ("queue", "direction", "zone"):
        if found := turns[column].drop_nulls().unique().sort().to_list():
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield f"{column}: {', '.join(found[:_SHOWN])}{more}"
    names = {name for part in parsed for each in part.conversations for name in each.metadata}
    kept = {grouping.plain(name) for name in names if grouping.is_kept(name, config.metadata)} - {*grouping.OWN}
    if kept:
        yield f"labels kept as metadata: {', '.join(sorted(kept))}"
    if dropped := sorted(name for name in names if not grouping.is_kept(name, config.metadata)):
        yield f"labels left out, as they may name somebody: {', '.join(dropped)}; metadata under [read] keeps them"
    sure = turns["confidence"].drop_nulls()
    if len(sure):
        mean = sum(sure.to_list()) / len(sure)
        yield f"confidence of the recogniser: {mean:.2f} in the mean of {len(sure)} turns"
    if overlaps := int(turns["overlap"].sum()):
        yield f"turns that begin before another has ended: {overlaps}"


def find(sources: Sequence[Path]) -> list[files.Found]:
    """The files under the sources, without opening any; UsageError for a path that does not exist or no file at all.

    Those that are read together with another, as the speakers of a ConvoKit corpus, are not among them.
    """
    found = files.find(sources)
    own = beside.without_companions([each.where for each in found])
    return [each for each, alone in zip(found, own, strict=True) if alone]


def _transcripts(listed: Sequence[files.Found]) -> tuple[list[files.Found], list[gather.Problem]]:
    """The files that may hold transcripts, and why the others hold none."""
    kept: list[files.Found] = []
    notices: list[gather.Problem] = []
    for each in listed:
        if each.problem is None and not each.named and (notice := beside.reason(each.path)) is not None:
            notices.append(gather.Problem(each.source, notice))
        else:
            kept.append(each)
    return kept, notices


def check(config: ReadConfig) -> ReadConfig:
    """The settings, their format and columns known; raises ConfigError."""
    check_overrides(config.columns)
    if config.format:
        by_name(config.format)
    return config


def _gathered(
    placed: Sequence[gather.Placed], problems: Sequence[gather.Problem], config: ReadConfig
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The frame of turns, of all that is left out of it, and of who the customers are."""
    joined, copies = threads.join(placed)
    single, doubled = parts.each_once(joined)
    kept, too_long = gather.within_limits(single, config)
    rejects = gather.rejects_frame([*problems, *copies, *doubled, *too_long])
    turns = gather.turns_frame(kept, config.channel_roles, metadata=config.metadata)
    return turns, rejects, gather.people_frame(kept)


def _speakers(turns: pl.DataFrame) -> list[SpeakerRole]:
    """The speakers with their roles, the most talkative first."""
    counted = (
        turns.group_by("speaker", "role", "role_source")
        .len()
        .sort(["len", "speaker", "role", "role_source"], descending=[True, False, False, False])
    )
    return [SpeakerRole(speaker or "", role, source, count) for speaker, role, source, count in counted.iter_rows()]
