"""All that is measured on fairness of a centre's own conversations, and as JSON; docs/fairness.md tells its parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from empathy_scan.confounding import Comparison
from empathy_scan.fairness.errors import ErrorRate
from empathy_scan.fairness.flips import Flips
from empathy_scan.group_figures import GroupFigure
from empathy_scan.stats import Estimate

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the groups' file: what it is keyed by, and how far it covers what is stored."""

    name: str
    key: str  # agent or conversation
    matched: int  # agents or conversations of the store that it has a group for
    known: int  # that there are
    strange: int  # rows of the file that are of nobody in the store


@dataclass(frozen=True, slots=True)
class Fairness:
    """What was measured on a centre's own conversations."""

    model: str
    first: datetime | None
    last: datetime | None
    conversations: int
    agents: int
    answered: int  # turns that reviewers have labelled
    minimum_agents: int
    columns: tuple[Column, ...]
    untold: tuple[tuple[str, str], ...]  # facets without figures, and why
    figures: tuple[GroupFigure, ...]
    comparisons: tuple[Comparison, ...]
    errors: tuple[ErrorRate, ...]
    flips: tuple[Flips, ...]
    no_flips: str  # why there are none
    rewritten: int = 0  # messages that were rewritten

    def to_json(self) -> dict[str, Any]:
        """Everything by name; of comparisons by a column of the file no agent, lest somebody be picked out."""
        told = asdict(self) | {"format_version": FORMAT_VERSION}
        told["first"], told["last"] = (each and each.isoformat() for each in (self.first, self.last))
        told["untold"] = [{"facet": facet, "why": why} for facet, why in self.untold]
        told["comparisons"] = [comparison_json(each) for each in self.comparisons]
        for name in ("figures", "errors", "flips"):
            told[name] = [_flat(row) for row in told[name]]
        return told


def comparison_json(each: Comparison) -> dict[str, Any]:
    """A comparison by name."""
    row: dict[str, Any] = {
        "facet": each.facet, "measure": each.measure, "agents": len(each.agents), "differing": len(each.differing),
        "explained": len(each.explained), "alone": len(each.alone), "warns": each.warns,
    }  # fmt: skip
    if not each.given:
        row["by_agent"] = [
            {
                "agent_id": one.agent_id, "n": one.n, "conversations": one.conversations, "counted": ends(one.counted),
                "within": one.within and ends(one.within), "shared": round(one.shared, 6), "differs": one.differs,
                "p_value": round(one.p_counted, 6), "p_within": round(one.p_within, 6), "p_move": round(one.p_move, 6),
                "explained": one.explained, "alone": one.alone,
            }
            for one in each.agents
        ]  # fmt: skip
    return row


def ends(estimate: Estimate) -> dict[str, float]:
    """A figure with its interval, rounded so that every machine writes the same."""
    return {name: round(getattr(estimate, name), 6) + 0.0 for name in ("value", "low", "high")}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its estimate and gap in the order of reports, `why` only where there is no figure."""
    estimate, gap = row.pop("estimate"), row.pop("gap", None)
    why = row.pop("why")
    told = row | (_rounded(estimate) if estimate else {"value": None, "why": why})
    if gap:
        told["against_others"] = _rounded(gap["estimate"]) | {
            "p_value": round(gap["p_value"], 6), "believed": gap["believed"]
        }  # fmt: skip
    return told


def _rounded(given: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) + 0.0 for name, value in given.items()}
