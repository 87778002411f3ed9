"""The Method page: what made the figures, how far it errs, how to read them, and what not to use them for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from empathy_scan import quantify, stats, trends
from empathy_scan.codebook import CODEBOOK_VERSION
from empathy_scan.confounding import Comparison
from empathy_scan.errors import NoticeError
from empathy_scan.report import appealed, measures, reviewed, words
from empathy_scan.report.material import Material
from empathy_scan.report.own import Known as OwnLabel
from empathy_scan.report.own import Own
from empathy_scan.report.takeover import Takeover, sentences
from empathy_scan.tables import ERROR_RATES

# Name of a table of errors -> what people said of a turn, where it is yes and where it is no.
_SAID: dict[str, tuple[str, str]] = {
    "exploring": ("answers that ask an open question", "other answers"),
    "scripted_share": ("caring messages that are stock phrases", "caring messages in words of their own"),
    "followed_by_action": ("caring messages followed by a concrete step", "caring messages without one"),
    "sorry_without_action": ("stock phrases with no concrete step after them", "stock phrases with one"),
    "rise_above_rate": ("hostile messages that the agent rose above", "other hostile messages"),
    "guarded_rate": ("agents' messages that are guarded", "agents' messages that are not"),
    "belittling_rate": ("agents' messages that attack or belittle", "agents' messages that do not"),
}
_ANSWERS = {
    "empathic": "answers with understanding", "scripted": "answers with stock phrases only", "missed": "missed calls",
}  # fmt: skip
_TAKEN = {"empathic": "understanding", "scripted": "stock phrases only", "missed": "missed"}
_FLAGS = {
    "S": "Stock phrase", "A": "Shows understanding", "X": "Asks openly", "O": "Owns a next step",
    "i": "Insult", "t": "Threat", "p": "Swearing at somebody", "c": "Contempt",
}  # fmt: skip
_TONES = {
    "agent_tone": ("Agent guarded or hostile", "Agent hostile"),
    "customer_tone": ("Customer upset or hostile", "Customer hostile"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Model:
    """A model that labelled the conversations; what is not known stays empty."""

    fingerprint: str
    name: str = ""
    parameters: int = 0
    decisions: Mapping[str, object] = field(default_factory=dict)  # as the bundle's facts tell them


@dataclass(frozen=True, slots=True)
class Background:
    """What only the caller of a report knows of how its figures were made."""

    models: tuple[Model, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()  # those that shape figures and pages, by name
    minimum_conversations: int | None = None
    error_rates: pl.DataFrame = field(default_factory=ERROR_RATES.empty)
    takeovers: tuple[Takeover, ...] = ()  # when other models took over, oldest first
    review: reviewed.Reviewed | None = None  # what the centre's own people said of its turns
    appeals: tuple[appealed.Appealed, ...] = ()  # of any of its conversations
    confounded: tuple[Comparison, ...] = ()  # of agents, where differences may be those of queue or channel
    own: Own | None = None  # labels of the centre's own


@dataclass(frozen=True, slots=True)
class Known:
    """One line of the known errors: what people said of so many turns, and what the model found in them."""

    said: str
    found: str
    cases: str


@dataclass(frozen=True, slots=True)
class Errors:
    """The known errors of a model for one figure."""

    title: str
    lines: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class MethodPage:
    """What the Method page says; the standing text is in prose.py."""

    read: tuple[str, ...]
    model: tuple[tuple[str, str], ...]
    takeovers: tuple[tuple[str, tuple[str, ...]], ...]  # from which to which model, and what that moved; newest first
    thresholds: tuple[tuple[str, str], ...]
    unsure: str
    errors: tuple[Errors, ...]
    errors_about: str
    corrected: str
    review: reviewed.Section | None
    appeals: appealed.Section | None
    recent: str
    minimum: str
    settings: tuple[tuple[str, str], ...]
    own: tuple[OwnLabel, ...] = ()


def page(material: Material, provenance: Mapping[str, str], background: Background) -> MethodPage:
    """The Method page of a report."""
    thresholds, unsure = _thresholds(background.models)
    errors = tuple(_errors(background.error_rates))
    least = background.minimum_conversations
    return MethodPage(
        read=tuple(_read(material)), model=tuple(_model(provenance, background.models)),
        takeovers=tuple((_names(each), sentences(each)) for each in reversed(background.takeovers)),
        thresholds=thresholds, unsure=unsure,
        errors=errors, errors_about=_errors_about(background.error_rates, known=bool(errors)),
        corrected=_corrected(material), review=reviewed.section(background.review),
        appeals=appealed.section(material.appeals),
        recent=f"the last {trends.RECENT} weeks against those before them",
        minimum=(
            f"A figure needs {words.plural(least, 'conversation', 'conversations')} that gave an opportunity for it. "
            "With fewer, the page says so and shows none."
        ) if least else "",
        settings=tuple((name, words.shown(value)) for name, value in background.settings),
    )  # fmt: skip


def _read(material: Material) -> Iterator[str]:
    """How much was read, scored and left aside."""
    said = material.said
    scored = int(said["p_civil"].is_not_null().sum())
    yield (
        f"{words.plural(len(material.conversations), 'conversation', 'conversations')} with "
        f"{words.plural(said.height, 'message', 'messages')} "
        f"{'is' if len(material.conversations) == 1 else 'are'} in this report."
    )
    if said.height:
        yield (
            f"{scored:,} of the messages have labels. The others are from systems, hold no words or are in a language "
            "that the model does not know; they count nowhere."
        )
    if signs := said.height - said["signs"].null_count():
        yield (
            f"{words.plural(signs, 'answer', 'answers')} may be written for a score: fixed rules found the customer's "
            "own sentences said back, lists of their words, one assurance again and again, or words meant for a "
            "scoring tool. They are marked, and never quoted as good examples. Those that are empathic by nothing "
            "but the customer's own words are not counted as empathic."
        )
    kinds = Counter("aside" if reject["error"] == NoticeError.__name__ else "broken" for reject in material.rejects)
    if kinds["broken"]:
        yield (
            f"{words.plural(kinds['broken'], 'file or part of a file', 'files or parts of files')} could not be read; "
            "the front page lists them with the reason."
        )
    if kinds["aside"]:
        count = words.plural(kinds["aside"], "file or part of a file was", "files or parts of files were")
        yield f"{count} left out because there is nothing new in them: copies, recordings and the like."
    if not material.rejects:
        yield "Everything that was given could be read."


def _names(each: Takeover) -> str:
    """`Another model since 5 Oct 2026: 0123456789ab, before that 9876543210ef`."""
    before = words.listing(words.shown(model) for model in each.from_models.split(","))
    if each.from_models == each.to_model:
        return f"Other pieces since {words.date(each.at)}"
    return f"Another model since {words.date(each.at)}: {words.shown(each.to_model)}, before that {before}"


def _model(provenance: Mapping[str, str], models: tuple[Model, ...]) -> Iterator[tuple[str, str]]:
    """What labelled the conversations, as pairs of name and value."""
    for model in models:
        yield "Model", words.shown(model.name or "another model than the one that comes with this version")
        yield "Fingerprint of the model", words.shown(model.fingerprint)
        if model.parameters:
            yield "Size", f"{words.whole(model.parameters / 1e5) / 10:,.1f} million parameters"
    if not models and provenance.get("model"):
        yield "Fingerprint of the model", words.shown(provenance["model"])
    yield "Codebook", f"version {CODEBOOK_VERSION}: it says when each label is given"
    if provenance.get("settings"):
        yield "Fingerprint of the settings that shape labels", words.shown(provenance["settings"])
    if provenance.get("version"):
        yield "Program", f"empathy-scan {words.shown(provenance['version'])}"


def _thresholds(models: tuple[Model, ...]) -> tuple[tuple[tuple[str, str], ...], str]:
    """From which probability on each label is given, and what “unsure” means; nothing where that is not known."""
    if len(models) != 1 or not models[0].decisions:
        return (), ""
    told = models[0].decisions
    rows: list[tuple[str, str]] = []
    for part in ("flags", "attacks"):
        held = told.get(part)
        if isinstance(held, Mapping):
            rows += [(title, words.percent(float(held[code]))) for code, title in _FLAGS.items() if code in held]
    for part, titles in _TONES.items():
        pair = told.get(part)
        if isinstance(pair, list | tuple):
            rows += [(title, words.percent(float(at))) for title, at in zip(titles, pair, strict=False)]
    band = told.get("band")
    near = (
        f"A probability within {words.whole(100 * band)} points of its threshold is marked “unsure”."
        if isinstance(band, float)
        else ""
    )
    return tuple(rows), near


def _errors(rates: pl.DataFrame) -> Iterator[Errors]:
    """The known errors in words, table by table."""
    titles = {each.name: each.title for each in (*measures.HEADLINES, *measures.FURTHER, *measures.LOADS)}
    for name, classes in quantify.CLASSES.items():
        own = rates.filter(pl.col("confusion") == name)
        if own.is_empty():
            continue
        cells = {(row["truth"], row["found"]): int(row["turns"]) for row in own.iter_rows(named=True)}
        if name == quantify.ANSWERS:
            yield Errors("Answers to a call for empathy", tuple(_of_answers(cells, classes)))
        else:
            yield Errors(titles.get(name, name.replace("_", " ")), tuple(_of_turns(name, cells)))


def _of_answers(cells: Mapping[tuple[str, str], int], classes: tuple[str, ...]) -> Iterator[Known]:
    for truth in classes:
        counts = {found: cells.get((truth, found), 0) for found in classes}
        known = sum(counts.values())
        said = _ANSWERS[truth]
        if known < quantify.KNOWN_CASES:
            yield _too_few(said, known)
            continue
        others = [
            f"takes {words.percent(count / known)} for “{_TAKEN[found]}”"
            for found, count in counts.items()
            if found != truth and count
        ]
        yield Known(said, words.listing([f"finds {_share(counts[truth], known)}", *others]), _cases(known))


def _of_turns(name: str, cells: Mapping[tuple[str, str], int]) -> Iterator[Known]:
    for truth, said in zip(("yes", "no"), _SAID.get(name, ("yes", "no")), strict=True):
        found, known = cells.get((truth, "yes"), 0), sum(cells.get((truth, each), 0) for each in ("yes", "no"))
        if known < quantify.KNOWN_CASES:
            yield _too_few(said, known)
        elif truth == "yes":
            yield Known(said, f"finds {_share(found, known)}", _cases(known))
        else:
            yield Known(said, f"wrongly counts {_share(found, known)} among those above", _cases(known))


def _too_few(said: str, known: int) -> Known:
    return Known(said, "too few known cases to tell", _cases(known))


def _share(count: int, known: int) -> str:
    """`76 of 100 (61 to 87)`; the ends are rounded outwards, so that no range looks narrower than it is."""
    held = stats.wilson(count, known)
    low, high = math.floor(100 * held.low), math.ceil(100 * held.high)
    return f"{words.whole(100 * held.value)} of 100 ({low} to {high})"


def _cases(known: int) -> str:
    return words.plural(known, "known case", "known cases")


def _errors_about(rates: pl.DataFrame, *, known: bool) -> str:
    """Where the errors were counted; or that nobody counted them."""
    if not known:
        return (
            "How often the model that labelled these conversations errs is not known here: its labels were not "
            "compared with people's. Read the turns behind a figure before you rely on it."
        )
    where = words.shown(str(rates["source"][0]))
    counted = f" ({where})" if where else ""
    return (
        f"Counted where people had set the labels before{counted}. The range in brackets is what chance leaves. Your "
        "conversations may be harder or easier than those."
    )


def _corrected(material: Material) -> str:
    """Whether figures are told a second time after allowing for the errors."""
    some = any(figure.corrected for figure in material.figures.values())
    return (
        "Where enough is known of the errors, a figure is told a second time after allowing for them."
        if some
        else "No figure in this report is corrected for the errors."
    )
