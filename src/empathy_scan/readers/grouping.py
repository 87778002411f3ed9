"""What an export says of a conversation beside its words, kept for grouping: only labels that name nobody.

Any column may hold a name, an address or a note about a customer. So a label is kept only if its name stands in `SAFE`,
or in the settings (`[read] metadata`); its value is redacted like any text before it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from empathy_scan.readers.conversation import label_or_none

ANY = "any"  # among the names in the settings: every label is kept
OWN = ("direction", "queue", "channel")  # columns of a turn
LONGEST = 200  # characters of a value; what is longer is no label
# As `plain` writes them. They say of what kind a conversation was, not who held it.
_SAFE = """
    ai_agent_participated ai_agent brand business_unit campaign case_type category channel company_division
    contact_reason call_reason call_type contact_type conversation_type country csat csat_score delivered_as department
    disposition disposition_code division direction escalated escalation intent interaction_type is_bot issue_type lang
    language line_of_business lob locale location market media media_type medium nps nps_score office origin outcome
    platform plan priority product product_line program project queue queue_name rating reason reason_code region
    resolution resolved routing_profile satisfaction satisfaction_score segment sentiment service service_level severity
    shift site skill skill_group skills source_channel state status subcategory system tags team team_name ticket_type
    tier timezone time_zone topic transfer transferred type vertical via wrap_up wrapup wrap_up_code wrapup_code
    workspace
"""
SAFE = frozenset(_SAFE.split())


def plain(name: str) -> str:
    """A label's name in small letters with _ between its words: `Wrap-up Code` and `wrapUpCode` are `wrap_up_code`."""
    spaced = re.sub(r"(?<=[a-z\d])(?=[A-Z])", " ", name)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def is_kept(name: str, wanted: Sequence[str] = ()) -> bool:
    """Whether a label of that name is kept; `wanted` are the names in the settings."""
    known = plain(name)
    return known in SAFE or ANY in wanted or known in {plain(each) for each in wanted}


def kept(values: Mapping[str, object], wanted: Sequence[str] = ()) -> dict[str, str]:
    """The labels that are kept, by their plain names; those that have columns of their own are not among them."""
    found: dict[str, str] = {}
    for name, value in values.items():
        text = label_or_none(value)
        if text and len(text) <= LONGEST and "\n" not in text and is_kept(name, wanted):
            found.setdefault(plain(name), text)
    return {name: text for name, text in found.items() if name not in OWN}


def as_json(values: Mapping[str, str]) -> str | None:
    """Labels as the column `metadata` holds them; None without any."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False) if values else None


def direction(values: Mapping[str, str]) -> str | None:
    """`inbound` or `outbound` for the words that exports have for it, else the export's word if it is one."""
    word = next((value.casefold().strip() for name, value in values.items() if plain(name) == "direction"), "")
    for known, starts in (("inbound", ("in", "received")), ("outbound", ("out", "sent"))):
        if word in {starts[0], *starts[1:], known, f"{starts[0]}coming", f"{starts[0]}going"} or word.startswith(known):
            return known
    return word if re.fullmatch(r"[a-z_ -]{2,20}", word) else None


def columns_of(
    cells: Mapping[str, Sequence[object]], read: Iterable[str], wanted: Sequence[str]
) -> dict[str, Sequence[object]]:
    """The columns of a table that hold labels: those that nothing else reads and that are kept."""
    taken = set(read)
    known = [name for name in cells if name not in taken and (plain(name) == "direction" or is_kept(name, wanted))]
    return {name: cells[name] for name in known}


def of_rows(cells: Mapping[str, Sequence[object]], positions: Sequence[int]) -> dict[str, str]:
    """The labels of those rows of a table that are one conversation: of each column the one thing that it says."""
    found: dict[str, str] = {}
    for name, column in cells.items():
        said = {text for at in positions if (text := label_or_none(column[at]))}
        if len(said) == 1:
            found[name] = said.pop()
    return found
