"""The fairness of a release in words and tables: for its model card, and for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_KINDS = {"real": "real turns", "written": "written turns"}
_EVENTS = {
    "understanding": "understanding", "stock_phrase": "stock phrases only", "agent_not_civil": "agent not civil",
    "agent_hostile": "agent hostile", "customer_not_civil": "customer upset or hostile",
    "customer_hostile": "customer hostile",
}  # fmt: skip
_RATES = ("found", "false", "right")
_INTRO = """
## Fairness

Errors by group on what is held out: of turns that the gold calls so, the share that the model calls so (found); of
those that it does not, the share that the model does (false); of those that the model calls so, the share that the gold
does (right). Value (95% interval over conversations), turns. **Bold**: apart from the other groups of its kind, after
allowing for how many were compared (Benjamini and Hochberg 1995, over all of a kind of turns). Rows need ten turns in
five conversations. How a turn is written is told by markers, a coarse proxy that says nothing of its author
(docs/fairness.md). `empathy-scan evaluate --fairness` makes these tables.
"""


def text(facts: Mapping[str, Any]) -> str:
    """The part of the card, from what `model.fairness.release` found; nothing where a bundle tells nothing."""
    return "\n".join((_INTRO, *_lines(facts))) + "\n" if facts else ""


def _lines(facts: Mapping[str, Any]) -> Iterator[str]:
    for kind, rows in facts["errors"].items():
        yield from _apart(_KINDS[kind], rows)
    if facts["pairs"]:
        yield from _flips("The counterfactual pairs: decisions that change", facts["pairs"])
    for kind, rows in facts["rewritten"].items():
        yield from _flips(f"Held-out {_KINDS[kind]} rewritten by rules: decisions that change", rows)
    for kind, rows in facts["errors"].items():
        for facet in dict.fromkeys(row["facet"] for row in rows):
            own = [row for row in rows if row["facet"] == facet]
            yield from _errors(f"{_KINDS[kind].capitalize()}: {f'by {facet}' if facet else 'all'}", own)


def _apart(kind: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Which groups are apart, in one paragraph."""
    found = [row for row in rows if row["apart"]]
    tested = sum(row["compared"] for row in rows)
    if not found:
        yield f"Among {kind} no group is apart from the others, of {tested} comparisons.\n"
        return
    yield f"Among {kind} {len(found)} of {tested} comparisons are apart:\n"
    for row in found:
        value, low, high = row["apart"]
        yield (
            f"* {_EVENTS[row['event']]}, {row['kind']}, {row['facet']} “{row['group']}”: {_ends(row['estimate'])} of "
            f"{row['turns']}, {value:+.2f} ({low:+.2f} to {high:+.2f}) against the others"
        )
    yield ""


def _flips(title: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Shares of decisions that change: labelled and plain, of agents and of customers."""
    columns = [(role, stratum) for role in ("agent", "customer") for stratum in ("labelled", "plain")]
    table: dict[tuple[str, str], dict[tuple[str, str], Mapping[str, Any]]] = {}
    for row in rows:
        table.setdefault((row["family"], row["kind"]), {})[row["role"], row["stratum"]] = row
    yield f"### {title}\n"
    yield "| form | " + " | ".join(f"{role}s, {stratum}" for role, stratum in columns) + " |"
    yield "|---" * (1 + len(columns)) + "|"
    for (family, kind), cells in table.items():
        name = f"**{family}**" if kind == "all" else kind
        yield f"| {name} | " + " | ".join(_share(cells.get(column)) for column in columns) + " |"
    yield ""


def _share(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{_ends(row['estimate'])}, {row['messages']}" if row["estimate"] else f"too few ({row['messages']})"


def _errors(title: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A row per group and decision that any rate can be told of."""
    table: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        table.setdefault((row["event"], row["group"]), {})[row["kind"]] = row
    told = {key: cells for key, cells in table.items() if {"found", "right"} & cells.keys()}
    if told:
        yield f"### {title}\n"
        yield "| decision | group | found | false | right |"
        yield "|---|---|---|---|---|"
        for (event, group), cells in told.items():
            yield f"| {_EVENTS[event]} | {group} | " + " | ".join(_rate(cells.get(kind)) for kind in _RATES) + " |"
        yield ""


def _rate(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "too few"
    told = f"{_ends(row['estimate'])}, {row['turns']}"
    return f"**{told}**" if row["apart"] else told


def _ends(estimate: Sequence[float]) -> str:
    value, low, high = estimate
    return f"{value:.2f} ({low:.2f}-{high:.2f})"
