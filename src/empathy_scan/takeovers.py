"""When another model took over, and what that moved: what the store's runs tell of it, for reports."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from empathy_scan.moves import COMPARED, Comparison, Moved
from empathy_scan.report import Takeover
from empathy_scan.store import Store

_TOLD = ("care", "agent_tone", "customer_tone")  # the labels that all figures are made of


def taken_over(held: Store, models: Sequence[str]) -> tuple[Takeover, ...]:
    """When models took over whose scores count or have counted, oldest first; `models` are those that count now."""
    rows = [row for row in held.runs().sort("started_at").to_dicts() if row["from_model"] is not None]
    found = []
    for row, later in itertools.zip_longest(rows, rows[1:]):
        then = later["from_model"].split(",") if later else models
        if row["model"] not in then:
            continue  # a run that was killed before it came to that
        told = json.loads(row["moved"] or "{}")
        at = datetime.fromisoformat(told["at"]) if "at" in told else row["started_at"]
        found.append(Takeover(at, row["from_model"], row["model"], _sentences(told)))
    return tuple(found)


def moved(comparison: Comparison, at: datetime) -> str:
    """What a takeover moves, as the runs keep it: JSON, without anybody's name."""
    team = [each for each in comparison.of("team") if each.believed]
    agents = {each.agent_id for each in comparison.moves if each.scope == "agent" and each.believed}
    told = {
        "at": at.isoformat(timespec="seconds"),
        "conversations": comparison.conversations,
        "turns": comparison.turns,
        "agreed": {
            each.label: [each.turns, each.agreed.value, each.agreed.low, each.agreed.high]
            for each in comparison.agreements
            if each.agreed is not None
        },
        "team": {each.measure: _figures(each) for each in team},
        "agents": len(agents),
        "agents_of": len({each.agent_id for each in comparison.moves if each.scope == "agent"}),
    }
    return json.dumps(told, sort_keys=True)


def _figures(row: Moved) -> list[float]:
    if row.shift is None:
        return []
    ends = row.shift.shift
    return [row.scale * each for each in (row.shift.old, row.shift.new, ends.value, ends.low, ends.high)]


def _sentences(told: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """Agreement by label and shifts of the team, as rows with a kind."""
    agreed = told.get("agreed", {})
    labels = [{"kind": "agreed", "label": label, "values": agreed[label]} for label in _TOLD if label in agreed]
    team = [{"kind": "team", "label": measure, "values": values} for measure, values in told.get("team", {}).items()]
    counts = [told.get(name, 0) for name in ("agents", "agents_of", "conversations")]
    return (*labels, *team, {"kind": "agents", "label": "", "values": counts}) if told else ()


__all__ = ["COMPARED", "moved", "taken_over"]
