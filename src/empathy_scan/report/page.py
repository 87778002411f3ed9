"""A report written into its folder: what every page says, which conversations have one, and only what changed."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path

import polars as pl

from empathy_scan import trends
from empathy_scan.config import ReportConfig
from empathy_scan.errors import UsageError
from empathy_scan.phrases import SENTENCES, Phrases, found
from empathy_scan.report import (
    agent,
    content,
    dialogue,
    digests,
    export,
    fairness,
    findings,
    folder,
    listing,
    material,
    method,
    own,
    piles,
    rendering,
    reviewed,
    since,
    words,
)  # fmt: skip
from empathy_scan.report.rendering import Templates

EVERY = 2_000  # conversations up to which a report has a page for each
NEWEST = 10  # conversations of every agent that have a page in any report
_CONVERSATIONS = "conversations/"
_ADDRESS = re.compile(r"conversations/(?!index\.html|_)([^/#]+)\.html(?:#.*)?")
_LISTS = (content.Listed, piles.Pile)  # what lists turns and conversations; anything else that links to one cites it


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a report's folder."""

    pages: int  # in the report; HTML and Markdown of a page are one
    changed: int  # of them, written
    conversation_pages: int  # of them, those of conversations


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its path without the ending, and what its template says."""

    path: str
    values: Mapping[str, object]


def write(  # noqa: PLR0913 - a keyword per frame
    target: Path,
    *,
    turns: pl.DataFrame,
    scores: pl.DataFrame,
    labels: pl.DataFrame,
    figures: pl.DataFrame,
    rejects: pl.DataFrame,
    config: ReportConfig,
    provenance: dict[str, str],
    people: material.People | None = None,
    phrases: Phrases | None = None,
    weeks: pl.DataFrame | None = None,
    changes: pl.DataFrame | None = None,
    background: method.Background | None = None,
    conversations: Collection[str] = (),
    told: Callable[[Written], None] | None = None,
    last: since.State | None = None,
    again: bool = False,
) -> Path:
    """The path of the `index.html` of a report in a folder; of an older report there, what is the same is left alone.

    `people` are the names and teams of a roster, `phrases` the caring sentences and what phrases they are, `weeks` and
    `changes` the frames of `trends`, `background` what the Method page tells of model and settings; what is not given
    is not shown. `provenance` (version, model, settings, codebook) stands at the foot of every page.

    A large report has pages of cited conversations only, unless the settings want all; `conversations` are the ids of
    more. `told` hears what was written. `last` is the state of the report before (since.py), by default that of the
    one in the folder; with `again` the report is that one, of which something was taken away. Raises SchemaError for a
    frame not of its table, UsageError for an id not in the report, OutputError where the folder stays as it was.
    """
    frames = material.Frames(
        turns=turns, scores=scores, labels=labels, figures=figures, rejects=rejects,
        phrases=phrases or found(pl.DataFrame(schema=SENTENCES)),
        weeks=pl.DataFrame(schema=trends.WEEKS) if weeks is None else weeks,
        changes=pl.DataFrame(schema=trends.CHANGES) if changes is None else changes,
    )  # fmt: skip
    known = background or method.Background()
    prepared = material.prepare(frames, config, people or material.People(), known.appeals, own.on_turns(known.own))
    _demand(prepared, conversations)
    counts = findings.count_answers(prepared.exchanges)
    found_of_agents = findings.of_agents(prepared, counts)
    made_by = " ".join(provenance.get(name, "") for name in ("model", "codebook"))
    state = since.state_of(prepared, found_of_agents, last=last or since.read(target), made_by=made_by, again=again)
    mine = own.pages(prepared, known.own)
    pages = list(_people(prepared, provenance, known, counts, found_of_agents, state, mine))
    with folder.updating(target) as update:
        update.asked = asked = tuple(sorted({*conversations, *update.asked} & prepared.conversations.keys()))
        chosen = _chosen(prepared, pages, asked)
        site = _Site(update, Templates(config.title, provenance), chosen)
        site.assets()
        for page in itertools.chain(pages, _lists(prepared, chosen)):
            site.page(page)
        site.conversations(prepared, chosen)
        cited, warned = _cited(prepared, pages), tuple(fairness.warnings(known.confounded))
        site.all_data(export.files(prepared, figures, provenance, chosen, cited, warnings=warned, more=mine.tables))
        site.data(since.FILE, since.as_bytes(state))
    if told is not None:
        told(site.written())
    return target / "index.html"


def _cited(prepared: material.Material, pages: Sequence[Page]) -> dict[str, Sequence[export.Citation]]:
    """The moments that each agent's page cites."""
    found: dict[str, Sequence[export.Citation]] = {}
    by_path = {page.path: page.values["page"] for page in pages}
    for agent_id in prepared.agents:
        page = by_path[f"agents/{words.slug(agent_id)}"]
        if isinstance(page, agent.AgentPage):
            found[agent_id] = page.cited
    return found


class _Site:
    """The pages of a report on their way into its folder."""

    def __init__(self, update: folder.Update, templates: Templates, chosen: Collection[str]) -> None:
        self._update, self._templates = update, templates
        self._slugs = frozenset(map(words.slug, chosen))
        self._pages = self._changed = self._conversations = 0
        templates.link_only(self._slugs)

    def assets(self) -> None:
        """The style sheets and the script."""
        for file in rendering.assets():
            self.data(f"assets/{file.name}", file.read_bytes())

    def data(self, path: str, held: bytes) -> None:
        """A file that is no page."""
        made_of = digests.of(held.hex())
        if not self._update.keep([path], made_of):
            self._update.put(path, held, made_of)

    def all_data(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Files that are no pages."""
        for path, held in files:
            self.data(path, held)

    def page(self, page: Page) -> None:
        """A page; made only if the folder does not hold the same."""
        missing = sorted(_slugs(page.values) - self._slugs)  # links that become plain words
        made_of = digests.of(self._templates.digest, page.path, dict(page.values), missing)
        if not self._is_kept(page.path, made_of):
            self._make(page, made_of)

    def conversations(self, prepared: material.Material, chosen: Collection[str]) -> None:
        """The pages of these conversations; of those that changed only are the turns looked at one by one."""
        missing = _missing(prepared, chosen)
        made_of = {
            conversation_id: digests.of(self._templates.digest, digest, missing.get(conversation_id, []))
            for conversation_id, digest in digests.of_conversations(prepared, chosen).items()
        }
        self._conversations = len(made_of)
        changed = [each for each in made_of if not self._is_kept(_path_of(each), made_of[each])]
        by_slug = {words.slug(each): made_of[each] for each in changed}
        for page in dialogue.dialogues(prepared, changed):
            self._make(Page(f"{_CONVERSATIONS}{page.slug}", {"page": page}), by_slug[page.slug])

    def written(self) -> Written:
        """What was done so far."""
        return Written(self._pages, self._changed, self._conversations)

    def _is_kept(self, path: str, made_of: str) -> bool:
        self._pages += 1
        return self._update.keep(self._templates.paths(path), made_of)

    def _make(self, page: Page, made_of: str) -> None:
        self._changed += 1
        for path, made in self._templates.render(page.path, page.values).items():
            self._update.put(path, made, made_of)


def _people(
    prepared: material.Material,
    provenance: Mapping[str, str],
    background: method.Background,
    counts: Mapping[str, findings.Answers],
    found_of_agents: list[findings.Finding],
    state: since.State,
    mine: own.Pages,
) -> Iterator[Page]:
    """The front page, the Method page and the agents' pages."""
    said, since_when = reviewed.line(background.review), background.takeovers
    warned, doubts = fairness.short(background.confounded), fairness.of_agents(background.confounded)
    front = content.front(prepared, counts, found_of_agents, state, takeovers=since_when, review=said, warned=warned)
    yield Page("index", {"page": replace(front, own=mine.front)})
    yield Page("method", {"page": replace(method.page(prepared, provenance, background), own=mine.method)})
    of_agents = {words.slug(agent_id): sections for agent_id, sections in mine.agents.items()}
    for page in agent.pages(prepared, counts, found_of_agents):
        sections, doubted = of_agents.get(page.slug, ()), doubts.get(page.slug, ())
        yield Page(f"agents/{page.slug}", {"page": replace(page, own=sections, doubts=doubted)})


def _lists(prepared: material.Material, chosen: Collection[str]) -> Iterator[Page]:
    """The lists of the conversations that have a page."""
    for page in listing.pages(prepared, chosen):
        yield Page(f"{_CONVERSATIONS}{page.slug}", {"page": page})


def _chosen(prepared: material.Material, pages: Sequence[Page], asked: Collection[str]) -> list[str]:
    """The conversations that get a page: all of a small report, else the cited, the newest, and those asked for."""
    ids = prepared.conversations
    if len(ids) <= EVERY or prepared.config.conversation_pages == "all":
        return sorted(ids)
    cited = {slug for page in pages for slug in _slugs(page.values, cited=True)}
    by_slug = {words.slug(each): each for each in ids}
    return sorted({*asked, *_newest(prepared), *(by_slug[slug] for slug in cited if slug in by_slug)})


def _newest(prepared: material.Material) -> Iterator[str]:
    """The newest dated conversations of every agent."""
    held: Counter[str] = Counter()
    for conversation_id, row in reversed(prepared.conversations.items()):
        if row["started_at"] is None:
            continue
        held.update(row["agents"])
        if any(held[agent_id] <= NEWEST for agent_id in row["agents"]):
            yield conversation_id


def _missing(prepared: material.Material, chosen: Collection[str]) -> dict[str, list[str]]:
    """Of each conversation's neighbours those that have no page: its own then has plain words for a link."""
    paged = pl.DataFrame({"conversation_id": list(chosen)}, schema={"conversation_id": pl.String})
    own = prepared.beside.join(paged, on="conversation_id", how="semi")
    sides = pl.concat([own.select("conversation_id", there=pl.col(side)) for side in ("before", "after")])
    lost = sides.drop_nulls().join(paged, left_on="there", right_on="conversation_id", how="anti")
    grouped = (
        lost.unique().sort("conversation_id", "there").group_by("conversation_id", maintain_order=True).agg("there")
    )
    return {row[0]: row[1] for row in grouped.iter_rows()}


def _demand(prepared: material.Material, conversations: Collection[str]) -> None:
    """Raise UsageError for an id that the report does not know."""
    if unknown := sorted(set(conversations) - prepared.conversations.keys()):
        raise UsageError(
            f"no conversation {', '.join(map(repr, unknown[:3]))} in the report",
            remedy="give ids as data/conversations.csv in the report's folder has them, and the right period",
        )


def _path_of(conversation_id: str) -> str:
    return f"{_CONVERSATIONS}{words.slug(conversation_id)}"


def _slugs(value: object, *, cited: bool = False) -> set[str]:
    """The conversations that a page leads to, by the names of their files; `cited`: not those that it only lists."""
    found: set[str] = set()
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            if each.startswith(_CONVERSATIONS) and (slug := _ADDRESS.fullmatch(each)):
                found.add(slug[1])
        elif isinstance(each, tuple | list):
            left.extend(each)
        elif isinstance(each, Mapping):
            left.extend(each.values())
        elif is_dataclass(each) and not isinstance(each, type) and not (cited and isinstance(each, _LISTS)):
            left.extend(getattr(each, field.name) for field in fields(each))
    return found
