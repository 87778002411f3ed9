"""Whether a table of turns without conversation ids holds one conversation, or several that would be merged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from empathy_scan.codebook import Role
from empathy_scan.readers import columns, labels, times
from empathy_scan.readers.channels import read_channel
from empathy_scan.readers.conversation import label_or_none

Cells = Mapping[str, Sequence[object]]
_FALLS_FROM, _FALLS_TO = 10.0, 0.5  # seconds; a time that falls below half of the latest one starts anew
_IDENTITY = re.compile(r"(?=.*\d)(?!\d{1,2}$)(?!\d*\.\d+$).{3,}")


def why_several(table: Cells, mapped: Mapping[str, str]) -> str:
    """Why the turns cannot be one conversation, in words; an empty string when nothing speaks against it."""
    cells = {ours: table[theirs] for ours, theirs in mapped.items()}
    speakers = list(zip(*(map(str, cells[name]) for name in ("role", "speaker") if name in cells), strict=True))
    if _restarts(cells.get("turn", ()), speakers):
        return "its turn numbers start anew"
    if _falls_back(times.read_instants(cells.get("start", ()), name=mapped.get("start", ""))):
        return "its times start anew"
    if len(_agents(cells)) > 1:
        return "it names several agents"
    if len({read_channel(label_or_none(cell)) for cell in cells.get("channel", ())} - {None}) > 1:
        return "it names several channels"
    used = {theirs for ours, theirs in mapped.items() if ours not in {"queue", "started_at"}}
    splitting = [name for name, column in table.items() if name not in used and _splits(column, speakers)]
    return f"the values of {columns.shown(splitting)} would split it" if splitting else ""


def _restarts(numbers: Sequence[object], speakers: Sequence[tuple[str, ...]]) -> bool:
    """Whether turn numbers go back to ones that were there, or belong to several speakers."""
    found = [(float(word), at) for at, cell in enumerate(numbers) if (word := _number(cell))]
    values = [value for value, _ in found]
    if len(set(values)) == len(values):
        return False
    if any(later < earlier for earlier, later in pairwise(values)):
        return True
    known: dict[float, set[tuple[str, ...]]] = defaultdict(set)
    for value, at in found:
        known[value].add(speakers[at] if speakers else ())
    return any(len(group) > 1 for group in known.values())


def _number(cell: object) -> str:
    word = label_or_none(cell) or ""
    return word if re.fullmatch(r"\d+(?:\.\d+)?", word) else ""


def _falls_back(starts: Sequence[times.Instant]) -> bool:
    """Whether seconds from the start of a conversation begin anew."""
    latest = 0.0
    for start in starts:
        if start.seconds is None or start.clock:
            continue
        if latest > _FALLS_FROM and start.seconds < latest * _FALLS_TO:
            return True
        latest = max(latest, start.seconds)
    return False


def _agents(cells: Cells) -> set[str]:
    """The agents that a column of agents names, else those in the labels of speakers."""
    named = {name.casefold() for cell in cells.get("agent_id", ()) if (name := label_or_none(cell))}
    if named:
        return named
    found = {word for column in ("role", "speaker") for cell in cells.get(column, ()) if (word := label_or_none(cell))}
    read = labels.read_labels(found).values()
    return {label.name.casefold() for label in read if label.role == Role.AGENT and label.name}


def _splits(column: Sequence[object], speakers: Sequence[tuple[str, ...]]) -> bool:
    """Whether a few repeated values divide the turns into what may be conversations, not into speakers."""
    values = [label_or_none(cell) for cell in column]
    known = set(values) - {None}
    if not 1 < len(known) <= len(values) // 2:
        return False
    runs = 1 + sum(one != other for one, other in pairwise(values))
    if runs > len(set(values)) and not all(_IDENTITY.fullmatch(value) for value in known if value):
        return False
    groups: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for value, speaker in zip(values, speakers, strict=False):
        if value is not None:
            groups[value].add(speaker)
    return not groups or sum(len(group) > 1 for group in groups.values()) * 2 > len(groups)
