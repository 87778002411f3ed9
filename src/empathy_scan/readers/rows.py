"""Rows of a table, whatever file they come from, turned into conversations.

Two layouts: one row per turn (several rows share a conversation id), and one row per conversation with the turns in
one cell, as a list of objects or pairs or as labelled text. Both become parallel lists of turn cells with the positions
of each conversation, so that a column is understood once and as a whole.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from empathy_scan.codebook import Channel
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import columns, customers, grouping, named, nested, single, text, times, turncells
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean, label_or_none

_EXCEL_CELL = 32_767  # characters after which Excel cuts a cell
_DESTROYED_ID = re.compile(r"\d(?:[.,]\d+)?E\+\d+")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5}|#x[0-9a-fA-F]{2,5});")
_SAMPLE = 50  # cells that are looked at to tell a whole conversation from one turn


@dataclass(frozen=True, slots=True)
class Rows:
    """A table as columns of cells; `places` says where in the file each row stands."""

    cells: Mapping[str, Sequence[object]]
    places: Sequence[str]
    problems: Sequence[InputError] = ()
    notes: Sequence[str] = ()  # what somebody should know of how the rows were read

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return list(self.cells)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are: ours -> its own, and the one of whole conversations where rows are such."""

    mapped: dict[str, str]
    whole: str = ""

    def overrides(self) -> dict[str, str]:
        """The layout as if the user had given it, for another part of the same table."""
        return {**self.mapped, "turns": self.whole} if self.whole else self.mapped


@dataclass(frozen=True, slots=True)
class _Group:
    """A conversation to be: what is known of it as a whole, and the positions of its turns in the cells."""

    conversation_id: str
    place: str
    known: Mapping[str, object]
    turns: Sequence[int] = ()
    ready: Sequence[Turn] = ()  # turns read from labelled text already
    labels: Mapping[str, str] = field(default_factory=dict)  # for grouping
    people: frozenset[str] = frozenset()  # who the customer is


def from_objects(objects: Sequence[Mapping[str, object]], places: Sequence[str]) -> Rows:
    """Rows from JSON objects, in which keys may be missing; what is an object itself becomes columns (`agent.name`)."""
    return Rows(_columns_of(objects), places)


def _columns_of(objects: Sequence[Mapping[str, object]]) -> dict[str, Sequence[object]]:
    names = dict.fromkeys(key for each in objects for key in each)
    return nested.flatten({name: [each.get(name) for each in objects] for name in names})


def parse(rows: Rows, stem: str, config: ReadConfig) -> Parsed:
    """The conversations of a table.

    Raises MissingColumnError when no column holds text, or none the ids of several conversations, and
    MalformedInputError when the table has no rows.
    """
    columns.check_overrides(config.columns)
    if not rows.places:
        raise MalformedInputError("the table has no rows that can be read", remedy="export it again or remove it")
    found = layout(rows, config)
    if found.whole:
        return _parse_conversations(rows, found.whole, found.mapped, stem, config)
    return _parse_turns(rows, found.mapped, stem, config)


def layout(rows: Rows, config: ReadConfig) -> Layout:
    """Which columns a table has; raises MissingColumnError when none holds text."""
    mapped = columns.guess(rows.names, config.columns)
    if whole := _whole_conversations(rows, mapped):
        return Layout(_outer(rows, whole, config), whole)
    if "text" not in mapped:
        raise columns.missing_text(rows.names)
    if "conversation_id" not in config.columns:
        mapped = _without_weak_id(rows, mapped, repeating=True)
    return Layout(_with_weak_columns(rows, mapped))


def as_text(value: object) -> str:
    """The text of a cell: a string, or the text parts of a message of a language model's log."""
    if isinstance(value, str):
        return clean(html.unescape(value) if "&" in value and _ENTITY.search(value) else value)
    if isinstance(value, Mapping):
        return as_text(value.get("text") or value.get("content") or value.get("body"))
    if isinstance(value, list):
        return "\n".join(part for part in map(as_text, value) if part)
    return "" if value is None else clean(str(value))


def holds_turns(value: object) -> bool:
    """Whether a cell holds the turns of a conversation: objects, [speaker, text] pairs, or labelled text."""
    if isinstance(value, list):
        return bool(value) and all(map(_is_turn, value[:_SAMPLE]))
    if isinstance(value, str):
        return text.looks_labelled(value) or bool(_json_turns(value))
    return False


def _is_turn(value: object) -> bool:
    if isinstance(value, Mapping):
        return "text" in columns.guess([str(key) for key in value], {})
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value)


def _json_turns(cell: str) -> list[object]:
    """The list in a cell that holds JSON, else an empty list."""
    if not cell.lstrip().startswith("[{") and not cell.lstrip().startswith("[["):
        return []
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) and all(map(_is_turn, value)) else []


def _whole_conversations(rows: Rows, mapped: Mapping[str, str]) -> str:
    """The column whose cells are whole conversations; an empty string when rows are turns."""
    if "turns" in mapped:
        return mapped["turns"]
    for name in columns.turns_candidates(rows.names):
        sample = [cell for cell in rows.cells[name] if cell not in (None, "")][:_SAMPLE]
        nested = any(isinstance(cell, list) for cell in sample)
        if not nested and ("role" in mapped or "speaker" in mapped):
            continue
        if sample and sum(map(holds_turns, sample)) * 2 > len(sample):
            return name
    return ""


def _parse_turns(rows: Rows, mapped: dict[str, str], stem: str, config: ReadConfig) -> Parsed:
    """One row per turn."""
    if "conversation_id" not in mapped and (why := single.why_several(rows.cells, mapped)):
        raise columns.missing_id(rows.names, why)
    cells = {ours: rows.cells[theirs] for ours, theirs in mapped.items()}
    groups, problems = _groups_of_rows(rows, cells, stem)
    turns = turncells.with_times(turncells.Turns(mapped, cells))
    told = grouping.columns_of(rows.cells, mapped.values(), config.metadata)
    who = customers.columns_of(rows.cells, mapped.values())
    labelled = (
        replace(group, labels=grouping.of_rows(told, group.turns), people=customers.of_rows(who, group.turns))
        for group in groups
    )
    conversations = [conversation for group in labelled if (conversation := _conversation(group, turns))]
    return Parsed(
        conversations,
        [*rows.problems, *problems, *_cut_cells(rows, cells["text"])],
        mapped,
        [*rows.notes, *turns.notes],
    )


def _with_weak_columns(rows: Rows, mapped: dict[str, str]) -> dict[str, str]:
    """The map with columns that are used only if their values bear it out: `id`, `channel`, `direction`."""
    mapped = dict(mapped)
    identity = next((name for name in rows.names if columns.fold(name) == "id"), None)
    if "conversation_id" not in mapped and identity and _repeats(rows.cells[identity]):
        mapped["conversation_id"] = identity
    if "role" in mapped and columns.needs_two_values(mapped["role"]) and not _varies(rows, mapped, mapped["role"]):
        del mapped["role"]
    if "channel" in mapped and not {"role", "speaker"} & set(mapped):
        values = {str(cell) for cell in rows.cells[mapped["channel"]] if cell is not None}
        if len(values) == 2 and not any(map(read_channel, values)):
            mapped["speaker"] = mapped.pop("channel")
    return mapped


def _without_weak_id(rows: Rows, mapped: Mapping[str, str], *, repeating: bool) -> dict[str, str]:
    """The map without a guessed `reference` or `call` whose values are no ids; those of turns repeat, others do not."""
    name = mapped.get("conversation_id", "")
    if not columns.needs_ids(name):
        return dict(mapped)
    values = {str(cell) for cell in rows.cells[name] if cell not in (None, "")}
    numbered = sum(any(map(str.isdigit, value)) for value in values) * 2 > len(values)
    if numbered and _repeats(rows.cells[name]) == repeating:
        return dict(mapped)
    return {ours: theirs for ours, theirs in mapped.items() if ours != "conversation_id"}


def _repeats(cells: Sequence[object]) -> bool:
    return len(set(map(str, cells))) < len(cells)


def _varies(rows: Rows, mapped: Mapping[str, str], name: str) -> bool:
    """Whether a column has two values within one conversation."""
    ids = rows.cells[mapped["conversation_id"]] if "conversation_id" in mapped else [None] * len(rows.places)
    values: dict[str, set[str]] = defaultdict(set)
    for identity, value in zip(ids, rows.cells[name], strict=True):
        values[str(identity)].add(str(value))
    return any(len(found) > 1 for found in values.values())


def _groups_of_rows(
    rows: Rows, cells: Mapping[str, Sequence[object]], stem: str
) -> tuple[list[_Group], list[InputError]]:
    """The rows of each conversation, in order of first appearance, and what is wrong with ids."""
    if "conversation_id" not in cells:
        return [_Group(stem, "", {}, range(len(rows.places)))], []
    positions: dict[str, list[int]] = defaultdict(list)
    nameless: list[str] = []
    for position, (cell, place) in enumerate(zip(cells["conversation_id"], rows.places, strict=True)):
        identity = label_or_none(cell)
        if identity is None:
            nameless.append(place)
        else:
            positions[identity].append(position)
    problems = _id_problems(nameless, {identity: rows.places[found[0]] for identity, found in positions.items()})
    groups = [
        _Group(identity, rows.places[found[0]], {}, found)
        for identity, found in positions.items()
        if not _DESTROYED_ID.fullmatch(identity)
    ]
    return groups, problems


def _id_problems(nameless: Sequence[str], ids: Mapping[str, str]) -> list[InputError]:
    """Rows without an id, and ids that a spreadsheet has rounded."""
    problems: list[InputError] = []
    if nameless:
        more = f" and {len(nameless) - 5} more rows" if len(nameless) > 5 else ""
        problems.append(
            MalformedInputError(
                f"no conversation id in {', '.join(nameless[:5])}{more}",
                where=nameless[0],
                remedy="fill the column in, or remove the rows",
            )
        )
    problems += [
        MalformedInputError(
            f"a spreadsheet has rounded the conversation id to {identity}",
            where=place,
            remedy="export again with ids as text",
        )
        for identity, place in ids.items()
        if _DESTROYED_ID.fullmatch(identity)
    ]
    return problems


def _cut_cells(rows: Rows, cells: Sequence[object]) -> list[InputError]:
    return [
        MalformedInputError(
            "the text has exactly 32,767 characters, where Excel cuts a cell: its end is missing (it was read)",
            where=place,
            remedy="export it without going through Excel",
        )
        for cell, place in zip(cells, rows.places, strict=True)
        if isinstance(cell, str) and len(cell) == _EXCEL_CELL
    ]


def _given(rows: Rows, whole: str, config: ReadConfig) -> dict[str, str]:
    """What the user says of the columns beside the one of whole conversations."""
    return {
        ours: theirs
        for ours, theirs in config.columns.items()
        if ours != "turns" and theirs in rows.cells and theirs != whole
    }


def _outer(rows: Rows, whole: str, config: ReadConfig) -> dict[str, str]:
    """The columns of a table with one row per conversation, but for the one of its turns."""
    others = [name for name in rows.names if name != whole]
    given = _given(rows, whole, config)
    outer = columns.guess(others, given, of_object=True)
    outer.pop("text", None)
    outer = outer if "conversation_id" in given else _without_weak_id(rows, outer, repeating=False)
    if identity := next((name for name in others if columns.fold(name) == "id"), None):
        outer.setdefault("conversation_id", identity)
    return outer


def _parse_conversations(rows: Rows, whole: str, outer: Mapping[str, str], stem: str, config: ReadConfig) -> Parsed:
    """One row per conversation, its turns in the cell `whole`."""
    given = _given(rows, whole, config)
    cells = rows.cells[whole]
    told_lists = [
        cell if isinstance(cell, list) else _json_turns(cell) if isinstance(cell, str) else [] for cell in cells
    ]
    lists = [[turn for turn in turn_list if isinstance(turn, Mapping | list)] for turn_list in told_lists]
    began, notes = _started(rows, outer)
    turns, inner = _flatten(lists, {ours: theirs for ours, theirs in config.columns.items() if ours not in given})
    groups, problems, offset = [], list(rows.problems), 0
    told = grouping.columns_of(rows.cells, [*outer.values(), whole], config.metadata)
    who = customers.columns_of(rows.cells, [*outer.values(), whole])
    for position, (cell, turn_list) in enumerate(zip(cells, lists, strict=True)):
        known = {ours: rows.cells[theirs][position] for ours, theirs in outer.items()} | {"started_at": began[position]}
        group = _group_of_cell(cell, known, rows.places[position], stem if len(cells) == 1 else f"{stem}-")
        span = range(offset, offset + len(turn_list))
        people = customers.of_rows(who, [position])
        groups.append(replace(group, turns=span, labels=grouping.of_rows(told, [position]), people=people))
        offset += len(turn_list)
    problems += _id_problems((), {group.conversation_id: group.place for group in groups})
    conversations = [
        conversation
        for group in groups
        if not _DESTROYED_ID.fullmatch(group.conversation_id) and (conversation := _conversation(group, turns))
    ]
    return Parsed(
        conversations,
        [*problems, *_cut_cells(rows, cells), *_no_turns(rows.places, told_lists, lists)],
        {**inner, **outer, "turns": whole},
        [*rows.notes, *notes, *turns.notes],
    )


def _no_turns(
    places: Sequence[str], told: Sequence[Sequence[object]], kept: Sequence[Sequence[object]]
) -> Iterator[InputError]:
    """A problem for each conversation in whose list something else than turns stands."""
    for place, whole, some in zip(places, told, kept, strict=True):
        if lost := len(whole) - len(some):
            what = f"{lost} of {len(whole)} turns are no objects with a text, and are left out"
            yield MalformedInputError(what, where=place, remedy="export it again")


def _started(rows: Rows, outer: Mapping[str, str]) -> tuple[Sequence[datetime | None], list[str]]:
    """When the conversations began, and a note of cells that do not tell."""
    if "started_at" not in outer:
        return [None] * len(rows.places), []
    cells = rows.cells[outer["started_at"]]
    began = [instant.moment for instant in times.read_instants(cells)]
    return began, times.unread_note(outer["started_at"], cells, began)


def _group_of_cell(cell: object, known: Mapping[str, object], place: str, stem: str) -> _Group:
    """A conversation from a row; labelled text is read here, a text without labels is one turn of nobody known."""
    identity = label_or_none(known.get("conversation_id"))
    if identity is None:
        digest = hashlib.sha256(json.dumps(cell, sort_keys=True, default=str).encode("utf-8", "replace"))
        identity = f"{stem}{digest.hexdigest()[:8]}" if stem.endswith("-") else stem
    ready: list[Turn] = []
    if isinstance(cell, str) and not _json_turns(cell):
        content = as_text(cell)
        ready = text.read_turns(content, agent=label_or_none(known.get("agent_id")))
        ready = ready or ([Turn(content)] if content else [])
    return _Group(identity, place, known, ready=ready)


def _flatten(
    lists: Iterable[Sequence[Mapping[str, object] | list[object]]], overrides: Mapping[str, str]
) -> tuple[turncells.Turns, dict[str, str]]:
    """The turns of all conversations as columns of cells."""
    turns = [
        turn if isinstance(turn, Mapping) else dict(zip(("speaker", "text"), turn, strict=False))
        for turn_list in lists
        for turn in turn_list
    ]
    table = _columns_of(turns)
    names = list(table)
    mapped = columns.guess(names, {ours: theirs for ours, theirs in overrides.items() if theirs in names})
    mapped = {ours: theirs for ours, theirs in mapped.items() if ours not in {"channel", "queue", "conversation_id"}}
    cells = {ours: table[theirs] for ours, theirs in mapped.items()}
    return turncells.with_times(turncells.Turns(mapped, cells)), mapped


def _conversation(group: _Group, turns: turncells.Turns) -> Conversation | None:
    """One conversation; None when all its texts are empty."""
    order = turncells.in_order(group.turns, turns)
    first, starts = times.timeline([turns.starts[at] for at in order]) if turns.starts else (None, [None] * len(order))
    agent = _only_agent(group, order, turns)
    read = turncells.read_labels(order, turns)
    spoken = list(group.ready)
    for at, start in zip(order, starts, strict=True):
        content = as_text(turns.at("text", at))
        if content:
            spoken.append(turncells.turn(at, content, turns, read, agent=agent, start=start))
    if not spoken:
        return None
    return Conversation(
        conversation_id=group.conversation_id,
        turns=named.with_agent(spoken, agent),
        channel=_channel(_first(group, order, turns, "channel")),
        queue=label_or_none(_first(group, order, turns, "queue")),
        started_at=_moment(_first(group, order, turns, "started_at")) or first,
        place=group.place,
        metadata=group.labels,
        people=group.people,
    )


def _first(group: _Group, order: Sequence[int], turns: turncells.Turns, column: str) -> object:
    """What the conversation, else the first of its turns that has it, says in a column."""
    known = group.known.get(column)
    if known not in (None, "") or column not in turns.cells:
        return known
    return next((cell for at in order if (cell := turns.cells[column][at]) not in (None, "")), None)


def _only_agent(group: _Group, order: Sequence[int], turns: turncells.Turns) -> str | None:
    """The agent of a conversation that names one, for turns that do not repeat the name."""
    if (known := label_or_none(group.known.get("agent_id"))) is not None or "agent_id" not in turns.cells:
        return known
    named = {name for at in order if (name := label_or_none(turns.cells["agent_id"][at]))}
    return named.pop() if len(named) == 1 else None


def _channel(cell: object) -> str:
    return read_channel(label_or_none(cell)) or Channel.OTHER


def _moment(cell: object) -> datetime | None:
    """The conversation's start from a cell that was read already."""
    return cell if isinstance(cell, datetime) else None
