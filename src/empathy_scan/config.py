"""The settings: a frozen dataclass per stage, from TOML, overridden by the command line, known by a fingerprint."""

from __future__ import annotations

import hashlib
import json
import tomllib
import types
import typing
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from pathlib import Path

from empathy_scan.codebook import Role
from empathy_scan.errors import ConfigError

T = typing.TypeVar("T")
QUEUE = "_review"  # folder of the review queue, in that of a store
HEADS = "_labels"  # folder of the heads of own labels, in that of a store
FILE = "empathy-scan.toml"  # is taken from the working directory where no other is named
_MAY_BE_0 = {"at_least": 0}  # other whole numbers are 1 or more
_CHANCE = {"within": (0.5, 1.0)}  # a probability: 0.5 or more, less than 1
_TO_ROLES = {"roles": True}  # the values are roles of the codebook
_PLACE = {"place": True}  # a file or folder; in a settings file relative to it
_PAGES = {"among": ("cited", "all")}  # no other value will do
_SHAPELESS = {"scan", "store", "summary", "report", "review", "labels"}  # parts that change no score
_DAY = {"day": True}  # a date or time in ISO form, or nothing


@dataclass(frozen=True, slots=True)
class ScanConfig:
    """What the command line of a scan says, beside how it reads, scores and reports."""

    paths: tuple[str, ...] = field(default=(), metadata=_PLACE)  # files and folders with transcripts
    store: str = field(default="empathy-scan-store", metadata=_PLACE)  # folder or address of the results store
    reports: str = field(default="empathy-scan-report", metadata=_PLACE)  # folder for the report
    model: str = field(default="", metadata=_PLACE)  # directory of a bundle; "" = the shipped one
    on_new_model: str = field(default="stop", metadata={"among": ("stop", "rescore")})  # where another model scored
    engine: str = field(default="local", metadata={"among": ("local", "ray")})
    workers: int = 1  # processes that score
    since: str = field(default="", metadata=_DAY)  # report conversations from this day on
    until: str = field(default="", metadata=_DAY)  # report conversations before this day
    reread: bool = False  # open every file again, also those that are known
    retry: bool = False  # open the files again of which something was rejected
    dry_run: bool = False  # tell what would be done, and write nothing
    json: bool = False  # print the answer as JSON
    quiet: bool = False  # say nothing unless the run fails
    verbose: bool = False  # log what each stage does
    log_format: str = field(default="text", metadata={"among": ("text", "json")})
    log_file: str = field(default="", metadata=_PLACE)  # the log is added to this file


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """How long the store keeps what, and by what customers can be found in it."""

    keep_days: int = field(default=0, metadata=_MAY_BE_0)  # older conversations are deleted each night; 0 = kept
    customers: bool = True  # keep keyed hashes of customers' addresses, numbers and names, for `forget --customer`


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """How files become turns."""

    format: str = ""  # name of a reader for all files; "" = found out per file
    columns: dict[str, str] = field(default_factory=dict)  # ours -> the table's own, such as text = "Body"
    agent_domains: tuple[str, ...] = ()  # mail domains whose senders are agents
    agent_addresses: tuple[str, ...] = ()  # single mail addresses that are agents'
    channel_roles: dict[str, str] = field(default_factory=dict, metadata=_TO_ROLES)  # such as ch_0 = "agent"
    languages: tuple[str, ...] = ("en",)  # that the model knows, as ISO 639 codes; "any" = whatever is spoken is scored
    metadata: tuple[str, ...] = ()  # labels of the export that are kept beside the safe ones; "any" = all of them
    max_file_bytes: int = 512 * 1024 * 1024  # larger files are rejected, but for tables that are read in parts
    max_archive_bytes: int = 64 * 1024**3  # that a packed file may unpack to
    max_archive_ratio: int = 200  # times its own size that a packed file may unpack to; 64 MiB are always allowed
    max_archive_members: int = 1_000_000  # files in one archive
    max_turn_characters: int = 200_000  # a longer turn is rejected with its conversation (about 35,000 words)


@dataclass(frozen=True, slots=True)
class RedactConfig:
    """Which personal data is replaced by placeholders."""

    enabled: bool = True  # False only for data that is redacted already
    names: bool = True  # names that are given, known or stand where one stands, and speakers' display names
    engine: str = field(default="rules", metadata={"among": ("rules", "presidio")})  # presidio: beside the rules
    presidio_model: str = "en_core_web_lg"  # an installed spaCy model with named entities


@dataclass(frozen=True, slots=True)
class RolesConfig:
    """How speakers become agent and customer."""

    infer: bool = True  # infer roles of `Speaker 1/2` from what they say; False leaves them unknown
    confidence: float = field(default=0.95, metadata=_CHANCE)  # a less certain inference leaves them unknown
    roles: dict[str, str] = field(default_factory=dict, metadata=_TO_ROLES)  # label -> role: "Jane Doe" = "agent"
    speakers: str = field(default="", metadata=_PLACE)  # file that says who speakers are, in one or all conversations
    roster: str = field(default="", metadata=_PLACE)  # file of the agents with their names, aliases and teams


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """How turns are cut into segments."""

    max_words: int = 60  # a segment is whole sentences up to this many words (codebook)
    context_turns: int = field(default=4, metadata=_MAY_BE_0)  # earlier turns that the model sees
    context_words: int = field(default=40, metadata=_MAY_BE_0)  # words kept of each of them, from its end


@dataclass(frozen=True, slots=True)
class ScoreConfig:
    """How segments are scored."""

    tokens_per_batch: int = 4096  # padded tokens in one forward pass
    evidence: bool = True  # mark the words that counted
    parroting: bool = True  # what only says the customer's words back is not counted as empathic
    stuffing: bool = True  # nor what only piles up stock phrases and lists the customer's words


@dataclass(frozen=True, slots=True)
class SummaryConfig:
    """How figures are made."""

    minimum_conversations: int = 5  # fewer conversations with an opportunity: no figure
    resamples: int = 1000  # bootstrap resamples of conversations
    seed: int = field(default=20261005, metadata=_MAY_BE_0)  # of the bootstrap


@dataclass(frozen=True, slots=True)
class ReportConfig:
    """What the report shows."""

    title: str = "Empathy report"
    weeks: int = field(default=13, metadata=_MAY_BE_0)  # back from the newest conversation; 0 = all that is stored
    moments: int = field(default=5, metadata=_MAY_BE_0)  # cited moments of each kind on an agent's page
    group_by: tuple[str, ...] = ()  # queue, channel, direction or labels of the export, for figures of their groups
    conversation_pages: str = field(default="cited", metadata=_PAGES)  # of large reports: which conversations have one


@dataclass(frozen=True, slots=True)
class ReviewConfig:
    """What people label, and when their agreement is good enough to compare agents."""

    queue: str = field(default="", metadata=_PLACE)  # folder of the review queue; "" = `_review` in the store's folder
    good: float = field(default=0.667, metadata=_CHANCE)  # that the lower end of an agreement must reach
    turns: int = 30  # that both sides must have answered before agreement is judged
    conversations: int = 10  # in which they must lie
    unusual: int = 10  # of the turns, on which somebody must have given another answer than the usual one

    def folder(self, store: str) -> Path | None:
        """Where the review queue of a store lies; None for a store at an address, where no folder is named."""
        return Path(self.queue) if self.queue else None if "://" in store else Path(store) / QUEUE


@dataclass(frozen=True, slots=True)
class LabelsConfig:
    """Labels of the centre's own."""

    codebook: str = field(default="", metadata=_PLACE)  # TOML file that defines them; "" = there are none
    heads: str = field(default="", metadata=_PLACE)  # folder of their heads; "" = `_labels` in the store's folder

    def folder(self, store: str) -> Path | None:
        """Where the heads of a store lie; None for a store at an address, where no folder is named."""
        return Path(self.heads) if self.heads else None if "://" in store else Path(store) / HEADS


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a scan."""

    scan: ScanConfig = field(default_factory=ScanConfig)
    store: StoreConfig = field(default_factory=StoreConfig)
    read: ReadConfig = field(default_factory=ReadConfig)
    redact: RedactConfig = field(default_factory=RedactConfig)
    roles: RolesConfig = field(default_factory=RolesConfig)
    segment: SegmentConfig = field(default_factory=SegmentConfig)
    score: ScoreConfig = field(default_factory=ScoreConfig)
    summary: SummaryConfig = field(default_factory=SummaryConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    review: ReviewConfig = field(default_factory=ReviewConfig)
    labels: LabelsConfig = field(default_factory=LabelsConfig)

    def fingerprint(self) -> str:
        """Twelve hex digits that change whenever a setting that shapes scores does; the parts _SHAPELESS have none.

        The paths of roster and list of speakers shape nothing: what these say stands in the turns.
        """
        shaping = {name: part for name, part in asdict(self).items() if name not in _SHAPELESS}
        del shaping["roles"]["roster"], shaping["roles"]["speakers"]
        text = json.dumps(shaping, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def load(path: Path | None) -> Config:
    """The settings of a TOML file, or the defaults without one. Raises ConfigError naming file, key and remedy."""
    if path is None:
        return Config()
    loaded = _build(Config, _table(path), where=str(path))
    said = stated(path)
    parts = {
        each.name: (getattr(loaded, each.name), {key for part, key in said if part == each.name})
        for each in fields(loaded)
    }
    return replace(loaded, **{name: _placed(part, keys, path.parent) for name, (part, keys) in parts.items()})


def found_in(folder: Path) -> Path | None:
    """The settings file that is taken from a working directory where no other is named; None where there is none."""
    path = folder / FILE
    return path if path.is_file() else None


def stated(path: Path) -> set[tuple[str, str]]:
    """Part and key of all settings that a file states. Raises ConfigError."""
    return {(part, key) for part, values in _table(path).items() if isinstance(values, dict) for key in values}


def _table(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"cannot read the settings ({error.strerror})", where=str(path), remedy="name a TOML file with --config"
        ) from error
    except (ValueError, RecursionError) as error:  # TOML that is broken, no UTF-8, endless numbers, lists in lists
        raise ConfigError(f"not valid TOML: {why_not(error)}", where=str(path), remedy="fix the file") from error


def why_not(error: ValueError | RecursionError) -> str:
    """What is wrong with a TOML file, in words."""
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _placed(part: T, keys: set[str], folder: Path) -> T:
    """The settings of a part, the files and folders under `keys` counted from a folder; addresses stay as they are."""

    def placed(text: str) -> str:
        return text if not text or "://" in text else str(folder / Path(text).expanduser())

    changed: dict[str, object] = {}
    for item in fields(typing.cast("typing.Any", part)):
        value = getattr(part, item.name)
        if "place" in item.metadata and item.name in keys:
            changed[item.name] = placed(value) if isinstance(value, str) else tuple(map(placed, value))
    return replace(typing.cast("typing.Any", part), **changed) if changed else part


def override(config: Config, changes: dict[str, dict[str, object]]) -> Config:
    """The settings with `{"read": {"format": "csv"}}` put over them; raises ConfigError like `load`."""
    parts = {part: {**asdict(getattr(config, part)), **changes.get(part, {})} for part in sorted(_names(Config))}
    unknown = {part: values for part, values in changes.items() if part not in parts}
    return _build(Config, {**parts, **unknown}, where="settings")


def _names(kind: type) -> set[str]:
    """The keys that a settings dataclass knows."""
    return {item.name for item in fields(kind)}


def _build(kind: type[T], table: dict[str, object], *, where: str) -> T:
    """A settings dataclass from a TOML table, all keys known and of the right type."""
    hints = typing.get_type_hints(kind)
    known = _names(kind)
    if unknown := sorted(set(table) - known):
        raise ConfigError(
            f"unknown key {', '.join(map(repr, unknown))}",
            where=where,
            remedy=f"known keys: {', '.join(sorted(known))}",
        )
    values: dict[str, object] = {}
    for name, value in table.items():
        hint = hints[name]
        if isinstance(hint, type) and is_dataclass(hint):
            if not isinstance(value, dict):
                raise ConfigError(f"{name!r} must be a table", where=where, remedy=f"write [{name}]")
            values[name] = _build(hint, value, where=f"{where} [{name}]")
        else:
            values[name] = _checked(value, hint, where=f"{where} {name}")
    _check_limits(kind, values, where=where)
    return kind(**values)


def _check_limits(kind: type, values: dict[str, object], *, where: str) -> None:
    """Raise ConfigError for a number that is too small, or a role that the codebook does not have."""
    for item in fields(kind):
        value, least = values.get(item.name), item.metadata.get("at_least", 1)
        if type(value) is int and value < least:
            raise ConfigError(f"must be {least} or more", where=f"{where} {item.name}", remedy="correct the value")
        if "within" in item.metadata and type(value) in {int, float}:
            low, high = item.metadata["within"]
            if not low <= typing.cast("float", value) < high:
                what = f"must be {low:g} or more and less than {high:g}"
                raise ConfigError(what, where=f"{where} {item.name}", remedy="correct the value, such as 0.97")
        if "among" in item.metadata and isinstance(value, str) and value not in item.metadata["among"]:
            choices = " or ".join(item.metadata["among"])
            raise ConfigError(f"{value!r} is not known", where=f"{where} {item.name}", remedy=f"choose {choices}")
        if "day" in item.metadata and isinstance(value, str):
            _check_day(value, where=f"{where} {item.name}")
        if "roles" in item.metadata and isinstance(value, dict) and (unknown := set(value.values()) - set(Role)):
            raise ConfigError(
                f"there is no role {', '.join(map(repr, sorted(unknown)))}",
                where=f"{where} {item.name}",
                remedy=f"choose from {', '.join(Role)}",
            )


def _check_day(text: str, *, where: str) -> None:
    try:
        datetime.fromisoformat(text or "2026-10-05")
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is not a date such as 2026-10-05", where=where, remedy="correct the value"
        ) from error


def _checked(value: object, hint: object, *, where: str) -> object:
    """The value if it is of the hinted type (bool, int, float, str, tuple or dict of str), else ConfigError."""
    origin = typing.get_origin(hint)
    if origin is tuple and isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if origin is dict and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if isinstance(hint, type) and origin is None and type(value) is hint:
        return value
    if hint is str and isinstance(value, date):  # TOML has dates of its own
        return value.isoformat()
    if hint is float and type(value) is int:
        return float(value)
    shown = hint.__name__ if isinstance(hint, type) and not isinstance(hint, types.GenericAlias) else str(hint)
    raise ConfigError(f"must be {shown}, not {type(value).__name__}", where=where, remedy="correct the value")
