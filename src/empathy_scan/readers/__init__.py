"""Reading: exports of many kinds become one frame of turns, and a frame of what could not be read and why."""

from __future__ import annotations

import csv
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.errors import MessageError
from pathlib import Path, PurePath

import polars as pl

from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import beside, files, gather, grouping, parts, threads
from empathy_scan.readers.columns import check_overrides
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.registry import FORMATS, Detection, Reader, by_name, detect
from empathy_scan.readers.scored import parse_table

__all__ = ["FORMATS", "Explanation", "Reader", "Reading", "SpeakerRole", "explain", "parse_table", "read"]

_SHOWN = 5  # values of a column that `explain` names
_LOG = logging.getLogger(__name__)
# What a reader may stumble over in a file of its format that is broken in a way nobody has thought of.
_STUMBLES = (
    ValueError,
    csv.Error,
    MessageError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    pl.exceptions.PolarsError,
)
_NOTES = 3  # of what was left out of a file of which nothing is left


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read: turns (TURNS), what was left out and why (REJECTS), and how many files were looked at."""

    turns: pl.DataFrame
    rejects: pl.DataFrame
    files: int


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
    config = _checked(config)
    found = _transcripts(files.find(sources))
    given = {source.absolute() for source in sources}
    placed: list[gather.Placed] = []
    problems: list[gather.Problem] = []
    for each in found:
        if each.path.absolute() not in given and (notice := beside.reason(each.path)) is not None:
            problems.append(gather.Problem(each.source, notice))
            continue
        try:
            detection, parsed, _ = _read_one(each, config)
        except InputError as error:
            problems.append(gather.Problem(each.source, error))
            continue
        placed += [gather.Placed(one, each.source, detection.reader.name) for one in parsed.conversations]
        problems += [gather.Problem(each.source, error) for error in parsed.problems]
    turns, refused = _gathered(placed, config)
    rejects = gather.rejects_frame([*problems, *refused])
    _LOG.info("%d files: %d turns, %d rejects", len(found), turns.height, rejects.height)
    return Reading(turns, rejects, len(found))


def explain(path: Path, config: ReadConfig) -> Explanation:
    """How one file is read. Raises UsageError when it does not exist, InputError when it cannot be read at all."""
    config = _checked(config)
    each = files.find([path])[0]
    detection, parsed, encoding = _read_one(each, config)
    placed = [gather.Placed(one, each.source, detection.reader.name) for one in parsed.conversations]
    turns, refused = _gathered(placed, config)
    problems = [gather.Problem(each.source, error) for error in parsed.problems]
    return Explanation(
        source=each.source,
        format=detection.reader.name,
        why=detection.why,
        encoding=encoding,
        columns=parsed.columns,
        speakers=_speakers(turns),
        conversations=turns["conversation_id"].n_unique(),
        turns=turns.height,
        refused=detection.refused,
        rejects=gather.rejects_frame([*problems, *refused]),
        notes=parsed.notes,
        context=tuple(_context(turns, parsed, config)),
    )


def _context(turns: pl.DataFrame, parsed: Parsed, config: ReadConfig) -> Iterator[str]:
    """Directions, zones, labels, confidence and overlaps, in words; nothing of what there is none of."""
    for column in ("queue", "direction", "zone"):
        if found := turns[column].drop_nulls().unique().sort().to_list():
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield f"{column}: {', '.join(found[:_SHOWN])}{more}"
    names = {name for each in parsed.conversations for name in each.metadata}
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


def _checked(config: ReadConfig) -> ReadConfig:
    """The settings, their format and columns known; raises ConfigError."""
    check_overrides(config.columns)
    if config.format:
        by_name(config.format)
    return config


def _transcripts(found: Sequence[files.Found]) -> list[files.Found]:
    """The files without those that are read together with another: the speakers of a ConvoKit corpus."""
    names: dict[PurePath, set[str]] = defaultdict(set)
    for each in found:
        names[each.path.parent].add(each.path.name.lower())
    return [each for each in found if not beside.is_in_corpus(each.path, names)]


def _read_one(found: files.Found, config: ReadConfig) -> tuple[Detection, Parsed, str]:
    """Detection, content and encoding of one file; raises InputError, also for a break that nobody has thought of."""
    document = files.load(found, max_bytes=config.max_file_bytes)
    if corpus := beside.of_corpus(found.path):
        document = replace(document, beside=corpus)
    reader = "detection"
    try:
        detection = detect(document, config)
        reader = f"{detection.reader.name} reader"
        parsed = detection.reader.parse(document, config)
    except _STUMBLES as error:
        raise MalformedInputError(
            f"the {reader} cannot make sense of it ({type(error).__name__})",
            remedy="check the file; if it is sound, this is a bug of the reader",
        ) from error
    if not parsed.conversations and not parsed.problems:
        left_out = f" ({'; '.join(parsed.notes[:_NOTES])})" if parsed.notes else ""
        raise MalformedInputError(f"there is no conversation in it{left_out}", remedy="export it again or remove it")
    binary = detection.reader.name == "parquet" or document.data.startswith(b"PK\x03\x04")
    return detection, parsed, "" if binary else document.encoding


def _gathered(placed: Sequence[gather.Placed], config: ReadConfig) -> tuple[pl.DataFrame, list[gather.Problem]]:
    """The frame of turns, and the conversations that are left out of it."""
    joined, copies = threads.join(placed)
    single, doubled = parts.each_once(joined)
    kept, too_long = gather.within_limits(single, config)
    return gather.turns_frame(kept, config.channel_roles, metadata=config.metadata), [*copies, *doubled, *too_long]


def _speakers(turns: pl.DataFrame) -> list[SpeakerRole]:
    """The speakers with their roles, the most talkative first."""
    counted = (
        turns.group_by("speaker", "role", "role_source")
        .len()
        .sort(["len", "speaker", "role", "role_source"], descending=[True, False, False, False])
    )
    return [SpeakerRole(speaker or "", role, source, count) for speaker, role, source, count in counted.iter_rows()]
