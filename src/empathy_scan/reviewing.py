"""Review from store to report: where the queue lies, turns drawn and written out, agreement as of today's labels."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl

from empathy_scan import own_codebook, report, roster
from empathy_scan.appeals_log import Case, Log
from empathy_scan.config import Config
from empathy_scan.errors import StoreError, UsageError
from empathy_scan.report import reviewed
from empathy_scan.review import agreement, disputed, questions, sample, sheets
from empathy_scan.review.agreement import Review, Standard
from empathy_scan.review.coefficients import ALPHA, KAPPA
from empathy_scan.review.queue import PARTS, Item, Queue, person
from empathy_scan.review.sample import Wish
from empathy_scan.store import Store

log = logging.getLogger(__name__)
_MOMENTS = "data/moments.parquet"  # of a report


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: turns drawn, of how many that could be, the files with their turns, and what to tell."""

    drawn: int
    parts: Mapping[str, int]
    frame: int
    open: int  # turns in the queue that nobody has answered
    files: Mapping[str, int]
    queue: str
    notes: tuple[str, ...]


def queue_of(store: str, config: Config) -> Queue:
    """The review queue of a store: the folder that the settings name, else `_review` in the folder of the store.

    Raises UsageError for a store in an object store without a folder for its queue.
    """
    folder = config.review.folder(store)
    if folder is None:
        raise UsageError(
            "a store at an address holds no review queue", remedy="name a folder for it with --queue, or under [review]"
        )
    return Queue(folder, own=questions.of_own(own_codebook.load(config.labels.codebook)))


def export(  # noqa: PLR0913 - a keyword per option
    store: Store,
    queue: Queue,
    config: Config,
    wish: Wish,
    *,
    out: Path | None = None,
    reports: Path | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    only_open: bool = False,
    outlook: sample.Outlook | None = None,
) -> Exported:
    """Draw turns into the queue, and write them into a file, or into one per reviewer whom the wish names.

    `reports` is the folder of a report whose cited moments are drawn, `outlook` that of the own label for whose sake
    turns are drawn. With `only_open` nothing is drawn: what is still unanswered is written. Files hold appealed
    messages, too, unless own labels alone are asked. Raises UsageError where nothing can be drawn, StoreError and
    OutputError.
    """
    if out is not None and out.suffix.lower() not in sheets.KINDS:
        raise UsageError(f"{out} is neither {' nor '.join(sheets.KINDS)}", remedy="name a file such as review.xlsx")
    notes: tuple[str, ...] = ()
    items: Sequence[Item] = queue.items()
    frame, parts = 0, dict[str, int]()
    agents = [" ".join(each.split()).casefold().replace(" ", ".") for each in wish.agents]
    if not only_open:
        listed = roster.load(config.roles.roster)
        loaded = store.load(since=since, until=until)
        stored = replace(loaded, labels=roster.merge(loaded.labels, listed))
        drawn = sample.draw(stored, queue, replace(wish, agents=agents), cited=_cited(reports),
                            outlook=outlook)  # fmt: skip
        items, frame, notes = drawn.draw.items, drawn.frame, drawn.notes
        parts = {part: sum(item.part == part for item in items) for part in PARTS}
    answered = set(agreement.first_answers(queue.answers()))
    appealed = _appealed(queue, replace(wish, agents=agents))
    files = _written(out, items, wish.reviewers, answered, queue.own, appealed) if out is not None else {}
    anybody = {name for name, _ in answered}
    waiting = sum(item.id not in anybody for item in queue.items())
    return Exported(sum(parts.values()), parts, frame, waiting, files, str(queue.folder), notes)


def review(store: Store, queue: Queue, config: Config) -> Review:
    """The agreement of people and model, as the store has its labels today."""
    wanted = config.review
    standard = Standard(wanted.good, wanted.turns, wanted.conversations, wanted.unusual)
    return agreement.review(queue, current=labels_of_today(store, queue.items()), standard=standard)


def told(store: Store, config: Config) -> report.Reviewed | None:
    """The review of a store's turns as a report tells it; None where there is none, or where it cannot be read."""
    if not config.review.queue and "://" in store.root:
        return None
    queue = queue_of(store.root, config)
    try:
        held = review(store, queue, config) if queue.stamp() else None
    except StoreError as error:
        log.warning("the report is made without the review: %s", error)
        return None
    if held is None:
        return None
    return report.Reviewed(
        held.good, held.reason, held.drawn, held.answered, held.double, held.conversations, len(held.reviewers),
        tuple(
            reviewed.Label(each.role, each.key, each.name, _side(each.people, ALPHA), _side(each.model, KAPPA))
            for each in held.labels if not each.own
        ),
        tuple(
            reviewed.ErrorRate((each.role, each.key), rate.answer, rate.kind, rate.estimate, rate.turns)
            for each in held.labels if (each.role, each.key) in agreement.SUBJECTS
            for rate in each.errors if rate.part == agreement.ALL
        ),
        config.review.good,
    )  # fmt: skip


def _side(held: agreement.Comparison, coefficient: str) -> reviewed.Agreement:
    """A comparison as a report tells it: with its figure where it is judged, else with the reason."""
    estimate = held.estimate(coefficient)
    judged = estimate is not None and held.judged
    return reviewed.Agreement(
        estimate if judged else None, held.turns, held.words.partition(":")[0] if judged else held.words
    )


def labels_of_today(store: Store, items: Sequence[Item]) -> dict[str, dict[str, str]]:
    """What the model answers of turns by the labels that the store has now, of conversations whose words are the same.

    Without a store, or for conversations that it holds no more, there is nothing.
    """
    try:
        ids = pl.Series([item.conversation_id for item in items], dtype=pl.String).unique()
        known = store.known(ids)
        labels = store.labels_of(ids)
    except StoreError:
        return {}
    contents = dict(known.select("conversation_id", "content").iter_rows())
    held = {
        (row["conversation_id"], row["turn"]): row
        for row in labels.select("conversation_id", "turn", "role", "flags", "tone", "kinds").iter_rows(named=True)
    }
    found = {}
    for item in items:
        row = held.get((item.conversation_id, item.turn))
        if row is not None and row["role"] == item.role and contents.get(item.conversation_id) == item.version[0]:
            found[item.id] = questions.said(item.role, row["flags"], row["tone"], row["kinds"])
    return found


def _cited(reports: Path | None) -> pl.DataFrame | None:
    """The turns that a report cites, the customer's and the agent's, by agent; None where there is no report."""
    if reports is None or not (reports / _MOMENTS).is_file():
        return None
    try:
        moments = pl.read_parquet(reports / _MOMENTS, columns=["agent_id", "conversation_id", "turn", "agent_turn"])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(
            "is no table of cited moments", where=str(reports / _MOMENTS), remedy="write the report again"
        ) from error
    of_customers = moments.select("agent_id", "conversation_id", "turn")
    of_agents = moments.select("agent_id", "conversation_id", turn="agent_turn")
    return pl.concat([of_customers, of_agents]).drop_nulls().unique()


def _appealed(queue: Queue, wish: Wish) -> list[Case]:
    """The open appeals against messages of the roles and agents of a wish; none where own labels alone are asked."""
    return [
        case for case in Log(queue.folder).cases().values()
        if case.is_open and not wish.asks and case.opening.role in wish.roles
        and (not wish.agents or case.opening.agent_id in wish.agents)
    ]  # fmt: skip


def _written(
    out: Path,
    items: Sequence[Item],
    reviewers: Sequence[str],
    answered: Collection[tuple[str, str]],
    asked: Sequence[questions.Question],
    appealed: Sequence[Case],
) -> dict[str, int]:
    """The files written, with their turns: for each reviewer what they have not answered, else what nobody has."""
    if not reviewers:
        names = {name for name, _ in answered}
        own = disputed.mixed([item for item in items if item.id not in names], disputed.asked(appealed))
        sheets.write(out, own, own=asked)
        return {str(out): len(own)}
    anybody, files = {name for name, _ in answered}, {}
    loose = [item.id for item in items if not item.everyone and not item.reviewer and item.id not in anybody]
    dealt = {name: person(reviewers[at % len(reviewers)]) for at, name in enumerate(loose)}
    for name in reviewers:
        own = [
            item for item in items
            if (item.everyone or dealt.get(item.id, person(item.reviewer)) == person(name))
            and (item.id, person(name)) not in answered
        ]  # fmt: skip
        path = out if len(reviewers) == 1 else out.with_name(f"{out.stem}-{sheets.slug(name)}{out.suffix}")
        own = disputed.mixed(own, disputed.asked(appealed, name))
        sheets.write(path, own, reviewer=name, own=asked)
        files[str(path)] = len(own)
    return files
