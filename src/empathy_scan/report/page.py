"""From content to a folder of HTML pages: templates compiled once, every value escaped, no arithmetic here."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import jinja2
import polars as pl

from empathy_scan.config import ReportConfig
from empathy_scan.report import agent, charts, content, dialogue, findings, folder, material, prose, words

ROOT, BELOW = "", "../"  # from a page to the report's root


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
) -> Path:
    """The path of the `index.html` of a report written into a folder; an older report in it is replaced as a whole.

    `people` are the names and teams of a roster.
    `provenance` (version, model, settings, codebook) stands at the foot of every page. Raises SchemaError for a frame
    that is not of its table, OutputError where the folder cannot be written; the old report then stays.
    """
    frames = material.Frames(turns=turns, scores=scores, labels=labels, figures=figures, rejects=rejects)
    prepared = material.prepare(frames, config, people or material.People())
    templates = _templates(prepared, provenance)
    with folder.replacing(target) as staging:
        _write_assets(staging)
        _write_people(staging, prepared, templates)
        _write_conversations(staging, prepared, templates)
    return target / "index.html"


def _templates(prepared: material.Material, provenance: dict[str, str]) -> jinja2.Environment:
    """The templates, with what every page needs."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("empathy_scan.report"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    templates.globals.update(
        report_title=words.shown(prepared.config.title), provenance=provenance, shape=charts.shape,
        terms=prose.TERMS, limits=prose.LIMITS,
    )  # fmt: skip
    return templates


def _write_people(staging: Path, prepared: material.Material, templates: jinja2.Environment) -> None:
    """The front page and the agents' pages."""
    counts = findings.count_answers(prepared.exchanges)
    found = findings.of_agents(prepared, counts)
    front = content.front(prepared, counts, found)
    _write(staging / "index.html", templates.get_template("front.html").render(page=front, root=ROOT))
    (staging / "agents").mkdir()
    template = templates.get_template("agent.html")
    for page in agent.pages(prepared, found):
        _write(staging / "agents" / f"{page.slug}.html", template.render(page=page, root=BELOW))


def _write_conversations(staging: Path, prepared: material.Material, templates: jinja2.Environment) -> None:
    """The list of conversations, and a page for each."""
    place = staging / "conversations"
    place.mkdir()
    rows = content.listing(prepared)
    _write(place / "index.html", templates.get_template("conversations.html").render(rows=rows, root=BELOW))
    template = templates.get_template("conversation.html")
    for page in dialogue.dialogues(prepared):
        _write(place / f"{page.slug}.html", template.render(page=page, root=BELOW))


def _write_assets(staging: Path) -> None:
    """The style sheet."""
    (staging / "assets").mkdir()
    sheet = importlib.resources.files("empathy_scan.report").joinpath("assets", "style.css").read_bytes()
    (staging / "assets" / "style.css").write_bytes(sheet)


def _write(path: Path, page: str) -> None:
    """A page as UTF-8 with plain newlines on every system."""
    path.write_bytes(page.encode())
