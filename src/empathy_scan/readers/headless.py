"""Tables without a header: which column is what, told by the values alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from empathy_scan.codebook import Role
from empathy_scan.readers import labels, times

_LEAST_ROWS = 2
_ROLES_SHARE = 0.9  # of the cells of the column of roles are words for roles
_LEAST_WORDS = 2.0  # on average in the column of texts


def names(sampled: Sequence[Sequence[str]]) -> list[str]:
    """A name for every column; an empty list unless one holds words for roles, and one texts."""
    width = len(sampled[0]) if sampled else 0
    full = [cells for cells in sampled if len(cells) == width]
    if len(full) < _LEAST_ROWS or width < 2:
        return []
    table = [[cells[at].strip() for cells in full] for at in range(width)]
    role = next((at for at, cells in enumerate(table) if _are_roles(cells)), None)
    words = [sum(len(cell.split()) for cell in cells) / len(cells) for cells in table]
    text = max(range(width), key=lambda at: words[at])
    if role is None or text == role or words[text] < _LEAST_WORDS:
        return []
    made = [f"column {at}" for at in range(1, width + 1)]
    made[role], made[text] = "role", "text"
    free = [at for at in range(width) if at not in {role, text}]
    identity = next((at for at in free if _are_ids(table[at])), None)
    if identity is not None:
        made[identity] = "conversation_id"
    start = next((at for at in free if at != identity and _are_times(table[at])), None)
    if start is not None:
        made[start] = "start"
    return made


def _are_roles(cells: Sequence[str]) -> bool:
    known = [labels.read_label(cell).role for cell in cells if cell]
    told = sum(role != Role.UNKNOWN for role in known)
    return bool(known) and told >= _ROLES_SHARE * len(cells) and Role.AGENT in known and Role.CUSTOMER in known


def _are_ids(cells: Sequence[str]) -> bool:
    """Whether the values stand in runs of their own: `c1 c1 c1 c2 c2`."""
    runs = [key for key, _ in groupby(cells)]
    return all(cells) and len(runs) == len(set(cells)) and len(cells) > len(runs)


def _are_times(cells: Sequence[str]) -> bool:
    """Whether they are clock times or date-times; plain numbers may be anything."""
    read = times.read_instants([cell for cell in cells if cell])
    return bool(read) and all(each.moment is not None or each.clock for each in read)
