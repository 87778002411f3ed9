"""From content to a folder of pages, HTML and Markdown: templates compiled once, every value escaped, no arithmetic."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

import jinja2
import polars as pl

from empathy_scan import trends
from empathy_scan.config import ReportConfig
from empathy_scan.phrases import SENTENCES, Phrases, found
from empathy_scan.report import (
    agent,
    charts,
    content,
    dialogue,
    findings,
    folder,
    markdown,
    material,
    prose,
    since,
    words,
)

ROOT, BELOW = "", "../"  # from a page to the report's root
_HTML, _MARKDOWN = "html", "md"


class Templates:
    """The templates of every page, in HTML and in Markdown, with what every page needs."""

    def __init__(self, prepared: material.Material, provenance: dict[str, str]) -> None:
        """Compiles nothing yet: a template is compiled when it is first used."""
        self.labels_by = " ".join(provenance.get(name, "") for name in ("model", "codebook"))
        shared = {
            "report_title": words.shown(prepared.config.title), "provenance": provenance, "shape": charts.shape,
            "terms": prose.TERMS, "limits": prose.LIMITS, "sheets": _sheets(), "quoted": markdown.quoted,
            "linked": markdown.linked,
        }  # fmt: skip
        html = jinja2.Environment(autoescape=True)
        plain = jinja2.Environment(autoescape=False, finalize=markdown.escaped)  # noqa: S701 - `finalize` escapes
        self._kinds = {_HTML: html, _MARKDOWN: plain}
        for environment in self._kinds.values():
            environment.loader = jinja2.PackageLoader("empathy_scan.report")
            environment.undefined = jinja2.StrictUndefined
            environment.trim_blocks = environment.lstrip_blocks = environment.keep_trailing_newline = True
            environment.globals.update(shared)

    def write(self, place: Path, name: str, *, root: str, **values: object) -> None:
        """A page in every form that its template has: `front` into `place` with `.html` and `.md` put after it."""
        for suffix, environment in self._kinds.items():
            if f"{name}.{suffix}" in _names():
                page = environment.get_template(f"{name}.{suffix}").render(root=root, **values)
                place.with_name(f"{place.name}.{suffix}").write_bytes(page.encode())


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
    last: since.State | None = None,
) -> Path:
    """The path of the `index.html` of a report written into a folder; an older report in it is replaced as a whole.

    `people` are the names and teams of a roster, `phrases` the caring sentences and what phrases they are, `weeks` and
    `changes` the frames of `trends`; what is not given is not shown.
    `last` is the state of the report before (since.py): of the one in the folder where it is not given.
    `provenance` (version, model, settings, codebook) stands at the foot of every page. Raises SchemaError for a frame
    that is not of its table, OutputError where the folder cannot be written; the old report then stays.
    """
    frames = material.Frames(
        turns=turns, scores=scores, labels=labels, figures=figures, rejects=rejects,
        phrases=phrases or found(pl.DataFrame(schema=SENTENCES)),
        weeks=pl.DataFrame(schema=trends.WEEKS) if weeks is None else weeks,
        changes=pl.DataFrame(schema=trends.CHANGES) if changes is None else changes,
    )  # fmt: skip
    prepared = material.prepare(frames, config, people or material.People())
    templates = Templates(prepared, provenance)
    with folder.replacing(target) as staging:
        _write_assets(staging)
        _write_people(staging, prepared, templates, last or since.read(target))
        _write_conversations(staging, prepared, templates)
    return target / "index.html"


@functools.cache
def _names() -> frozenset[str]:
    """The files in our folder of templates."""
    return frozenset(
        file.name for file in importlib.resources.files("empathy_scan.report").joinpath("templates").iterdir()
    )


@functools.cache
def _sheets() -> tuple[str, ...]:
    """The style sheets, in the order of their use: what all pages have first."""
    names = {file.name for file in _assets() if file.name.endswith(".css")}
    return ("style.css", *sorted(names - {"style.css"}))


def _assets() -> Iterator[Traversable]:
    """What pages need beside them."""
    yield from importlib.resources.files("empathy_scan.report").joinpath("assets").iterdir()


def _write_people(staging: Path, prepared: material.Material, templates: Templates, last: since.State | None) -> None:
    """The front page, what the next one needs to know of it, and the agents' pages."""
    counts = findings.count_answers(prepared.exchanges)
    found = findings.of_agents(prepared, counts)
    state = since.state_of(prepared, found, last=last, made_by=templates.labels_by)
    since.write(staging, state)
    front = content.front(prepared, counts, found, state)
    templates.write(staging / "index", "front", page=front, root=ROOT)
    (staging / "agents").mkdir()
    for page in agent.pages(prepared, found):
        templates.write(staging / "agents" / page.slug, "agent", page=page, root=BELOW)


def _write_conversations(staging: Path, prepared: material.Material, templates: Templates) -> None:
    """The list of conversations, and a page for each."""
    place = staging / "conversations"
    place.mkdir()
    rows = content.listing(prepared)
    templates.write(place / "index", "conversations", rows=rows, root=BELOW)
    for page in dialogue.dialogues(prepared):
        templates.write(place / page.slug, "conversation", page=page, root=BELOW)


def _write_assets(staging: Path) -> None:
    """The style sheets and the script."""
    (staging / "assets").mkdir()
    for file in _assets():
        (staging / "assets" / file.name).write_bytes(file.read_bytes())
