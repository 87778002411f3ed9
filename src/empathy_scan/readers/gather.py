"""From the conversations of many files to one frame: threads joined, copies told apart, limits kept, rows in order."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, NoticeError
from empathy_scan.readers import customers, grouping, times
from empathy_scan.readers.conversation import Conversation, clean
from empathy_scan.tables import REJECTS, TURNS, conform

_PEOPLE = {"conversation_id": pl.String, "name": pl.String}


@dataclass(frozen=True, slots=True)
class Placed:
    """A conversation with the file that it comes from."""

    conversation: Conversation
    source: str
    format: str
    sources: Sequence[str] = ()  # the file of each turn, where they come from several

    @property
    def where(self) -> str:
        """File and place, for messages."""
        return f"{self.source} ({self.conversation.place})" if self.conversation.place else self.source


@dataclass(frozen=True, slots=True)
class Problem:
    """An error with the file that it belongs to."""

    source: str
    error: InputError


def within_limits(placed: Iterable[Placed], config: ReadConfig) -> tuple[list[Placed], list[Problem]]:
    """The conversations without a turn that is longer than allowed; the others become problems."""
    kept: list[Placed] = []
    problems: list[Problem] = []
    for each in placed:
        longest = max(len(turn.text) for turn in each.conversation.turns)
        if longest <= config.max_turn_characters:
            kept.append(each)
            continue
        error = InputError(
            f"conversation {each.conversation.conversation_id!r} has a turn of {longest:,} characters, "
            f"more than the {config.max_turn_characters:,} allowed",
            where=each.conversation.place,
            remedy="check the export, or raise max_turn_characters under [read] in the settings",
        )
        problems.append(Problem(each.source, error))
    return kept, problems


def turns_frame(
    placed: Sequence[Placed], channel_roles: Mapping[str, str], *, metadata: Sequence[str] = ()
) -> pl.DataFrame:
    """The TURNS frame, with the roles that the settings give to channels and diarisation labels.

    `metadata` names the labels that are kept beside the safe ones.
    """
    cells: dict[str, list[object]] = {name: [] for name in TURNS.columns}
    for each in placed:
        conversation = each.conversation
        turns, count = conversation.turns, len(conversation.turns)
        cells["conversation_id"] += [conversation.conversation_id] * count
        cells["channel"] += [str(conversation.channel)] * count
        cells["queue"] += [conversation.queue] * count
        started = conversation.started_at
        cells["started_at"] += [started.astimezone(UTC) if started else None] * count
        cells["direction"] += [grouping.direction(conversation.metadata)] * count
        cells["zone"] += [times.zone(started)] * count
        cells["metadata"] += [grouping.as_json(grouping.kept(conversation.metadata, metadata))] * count
        cells["turn"] += range(count)
        cells["source"] += each.sources or [each.source] * count
        cells["format"] += [each.format] * count
        for name in ("role", "role_source", "speaker", "agent_id", "start", "end", "confidence", "overlap", "text"):
            cells[name] += [getattr(turn, name) for turn in turns]
    try:
        frame = pl.DataFrame(cells, schema=dict(TURNS.columns), strict=False)
    except UnicodeEncodeError:  # half of a surrogate pair that a reader took over into an id or name
        whole = {name: [clean(cell) if isinstance(cell, str) else cell for cell in cells[name]] for name in cells}
        frame = pl.DataFrame(whole, schema=dict(TURNS.columns), strict=False)
    return conform(_with_overlaps(_with_channel_roles(frame, channel_roles).sort(TURNS.key)), TURNS)


def _with_overlaps(turns: pl.DataFrame) -> pl.DataFrame:
    """The turns, marked where one begins before somebody who spoke earlier has ended."""
    voice = pl.concat_str("role", pl.col("speaker").fill_null(""), separator="\0")
    ended = pl.col("end").fill_null(strategy="forward").cum_max().shift(1)
    other = voice != voice.shift(1)
    begun = (pl.col("start") < ended) & other
    return turns.with_columns(overlap=(pl.col("overlap") | begun.over("conversation_id")).fill_null(pl.col("overlap")))


def people_frame(placed: Iterable[Placed]) -> pl.DataFrame:
    """What the exports say of who the customers are (`conversation_id`, `name`), in plain: for hashing only."""
    rows = [
        (each.conversation.conversation_id, name)
        for each in placed
        for name in sorted(customers.of_conversation(each.conversation))
    ]
    return pl.DataFrame(rows, schema=_PEOPLE, orient="row", strict=False)


def no_people() -> pl.DataFrame:
    """As `people_frame`, of nothing."""
    return pl.DataFrame(schema=_PEOPLE)


def rejects_frame(problems: Iterable[Problem]) -> pl.DataFrame:
    """The REJECTS frame: a row per problem, each said once."""
    rows = [
        (problem.source, problem.error.where, type(problem.error).__name__, problem.error.what, problem.error.remedy)
        for problem in problems
    ]
    frame = pl.DataFrame(rows, schema=dict(REJECTS.columns), orient="row")
    return conform(frame.unique(REJECTS.key, keep="first", maintain_order=True).sort(REJECTS.key), REJECTS)


def content_key(conversation: Conversation) -> str:
    """A hash of who said what."""
    digest = hashlib.sha256()
    for turn in conversation.turns:
        digest.update(f"{turn.role}\x1f{turn.text}\x1e".encode())
    return digest.hexdigest()


def place_in_order(each: Placed) -> tuple[str, list[int]]:
    """File, and the numbers of the place in it: line 9 comes before line 10."""
    return each.source, [int(number) for number in re.findall(r"\d+", each.conversation.place)]


def preference(each: Placed) -> tuple[bool, str, list[int], str]:
    """Which of several copies is kept: the least."""
    source, place = place_in_order(each)
    return not each.conversation.redacted, source, place, content_key(each.conversation)


def left_out(first: Placed, other: Placed, *, version: bool = False) -> InputError:
    """Why a copy of a conversation is not read; `version`: it says for the most part the same."""
    identity, place = other.conversation.conversation_id, other.conversation.place
    if first.conversation.redacted and not other.conversation.redacted:
        return NoticeError(
            f"original of contact {identity!r}, whose redacted copy is in {first.where} and is read instead",
            where=place,
            remedy="nothing to do; leave the originals out of the folder to be rid of this row",
        )
    if content_key(first.conversation) == content_key(other.conversation):
        return NoticeError(
            f"duplicate of conversation {identity!r} in {first.where}",
            where=place,
            remedy="nothing to do; it is read once",
        )
    if version:
        return InputError(
            f"another version of conversation {identity!r}, which {first.where} has with no fewer turns",
            where=place,
            remedy="leave the older version out of the folder; this one is left out",
        )
    return InputError(
        f"conversation id {identity!r} is taken by different content in {first.where}",
        where=place,
        remedy="give each conversation its own id; this one is left out",
    )


def _with_channel_roles(frame: pl.DataFrame, channel_roles: Mapping[str, str]) -> pl.DataFrame:
    """Unknown speakers whose label the settings map to a role."""
    if not channel_roles:
        return frame
    folded = {label.casefold(): role for label, role in channel_roles.items()}
    given = pl.col("speaker").str.to_lowercase().replace_strict(folded, default=None, return_dtype=pl.String)
    mapped = pl.col("role").eq(Role.UNKNOWN) & given.is_not_null()
    return frame.with_columns(
        role=pl.when(mapped).then(given).otherwise("role"),
        role_source=pl.when(mapped).then(pl.lit("channel map")).otherwise("role_source"),
    ).with_columns(
        agent_id=pl.when(mapped & pl.col("role").is_in([Role.CUSTOMER, Role.SYSTEM])).then(None).otherwise("agent_id")
    )
