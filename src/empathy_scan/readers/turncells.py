"""One turn from the cells of its row: role, speaker, agent and times, each column understood as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from empathy_scan.codebook import Role
from empathy_scan.readers import columns, labels, times
from empathy_scan.readers.conversation import Turn, label_or_none

_BOOLEANS = {"true": True, "1": True, "yes": True, "y": True, "false": False, "0": False, "no": False, "n": False}
_DIRECTIONS = {
    "inbound": Role.CUSTOMER, "in": Role.CUSTOMER, "incoming": Role.CUSTOMER, "received": Role.CUSTOMER,
    "outbound": Role.AGENT, "out": Role.AGENT, "outgoing": Role.AGENT, "sent": Role.AGENT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a whole file as parallel lists of cells."""

    names: Mapping[str, str]
    cells: Mapping[str, Sequence[object]]
    starts: Sequence[times.Instant] = field(default_factory=list)
    ends: Sequence[times.Instant] = field(default_factory=list)
    notes: Sequence[str] = ()

    def at(self, column: str, position: int) -> object:
        """The cell of our column at a position; None where the table has no such column."""
        cells = self.cells.get(column)
        return None if cells is None else cells[position]


def with_times(turns: Turns) -> Turns:
    """The turns with their time columns understood."""
    read = {
        name: times.read_instants(turns.cells[name], name=turns.names[name])
        for name in ("start", "end", "started_at")
        if name in turns.cells
    }
    cells, made = dict(turns.cells), dict[str, Sequence[object]](read)
    if "started_at" in read:
        cells["started_at"] = made["started_at"] = [instant.moment for instant in read["started_at"]]
    notes = [
        note for name, found in made.items() for note in times.unread_note(turns.names[name], turns.cells[name], found)
    ]
    return replace(turns, cells=cells, starts=read.get("start", []), ends=read.get("end", []), notes=notes)


def in_order(positions: Sequence[int], turns: Turns) -> Sequence[int]:
    """The positions by turn number if every turn has its own, else by time if every turn has one, else as they are."""
    numbers = [_number(turns.at("turn", at)) for at in positions]
    known = [number for number in numbers if number is not None]
    if len(known) == len(numbers) == len(set(known)) and known:
        return [at for _, at in sorted(zip(known, positions, strict=True))]
    if not turns.starts or not positions:
        return positions
    instants = [turns.starts[at] for at in positions]
    _, seconds = times.timeline(instants)
    timed = [second for second in seconds if second is not None]
    if len(timed) < len(seconds) or any(instant.clock for instant in instants):
        return positions
    return [at for _, at in sorted(zip(timed, positions, strict=True), key=lambda pair: pair[0])]


def _number(cell: object) -> float | None:
    if isinstance(cell, bool) or cell is None:
        return None
    try:
        return float(str(cell))
    except ValueError:
        return None


def read_labels(order: Sequence[int], turns: Turns) -> dict[str, labels.Label]:
    """Every label in the role and speaker columns of one conversation, read together."""
    found = {str(turns.at(column, at)) for column in ("role", "speaker") for at in order if column in turns.cells}
    return labels.read_labels(found)


def turn(
    at: int, content: str, turns: Turns, read: Mapping[str, labels.Label], *, agent: str | None, start: float | None
) -> Turn:
    """One turn from its cells."""
    role, source = Role.UNKNOWN, ""
    cell, speaker = turns.at("role", at), label_or_none(turns.at("speaker", at))
    label = read.get(str(turns.at("speaker", at))) if speaker else None
    if cell is not None:
        role = _role(cell, turns.names["role"], read)
        source = f"column {turns.names['role']}" if role != Role.UNKNOWN else ""
    if role == Role.UNKNOWN and label is not None and label.role != Role.UNKNOWN:
        role, source = label.role, "speaker label"
    name = None
    if role in {Role.AGENT, Role.UNKNOWN}:
        own = label_or_none(turns.at("agent_id", at))
        named = label.name if label is not None else None
        name = label_or_none(own or named or agent or _name_in_role(cell, read))
    return Turn(
        text=content,
        role=role,
        role_source=source,
        speaker=speaker or label_or_none(cell),
        agent_id=name,
        start=start,
        end=_end(at, turns, start),
        number=_number(turns.at("turn", at)),
    )


def _name_in_role(cell: object, read: Mapping[str, labels.Label]) -> str | None:
    """The name that a role column holds beside the role (`Agent Dana`) or instead of it (`Jane Doe`)."""
    label = read.get(str(cell)) if isinstance(cell, str) and cell.strip() else None
    return label.name if label is not None else None


def _role(cell: object, name: str, read: Mapping[str, labels.Label]) -> Role:
    """The role of a cell of the role column, in the terms of that column."""
    folded = columns.fold(name)
    word = str(cell).strip().casefold()
    if folded in {"isagent", "fromagent", "incoming"}:
        said = cell if isinstance(cell, bool) else _BOOLEANS.get(word)
        if said is None:
            return Role.UNKNOWN
        return Role.AGENT if said == (folded != "incoming") else Role.CUSTOMER
    if folded == "direction":
        return _DIRECTIONS.get(word, Role.UNKNOWN)
    return read[str(cell)].role


def _end(at: int, turns: Turns, start: float | None) -> float | None:
    """The end in seconds from the start of the conversation, if it does not lie before the turn's start."""
    if not turns.ends or start is None or not turns.starts:
        return None
    begin, end = turns.starts[at], turns.ends[at]
    if begin.moment is not None and end.moment is not None:
        length = (end.moment - begin.moment).total_seconds()
    elif begin.seconds is not None and end.seconds is not None:
        length = end.seconds - begin.seconds
    else:
        return None
    return start + length if length >= 0 else None
