"""Labels of a centre's own, as data: a TOML file with a question, a definition and examples for each (own-labels.md).

    [[label]]
    key = "explains_next_steps"
    name = "explains next steps"
    role = "agent"
    question = "Explains what happens next?"
    definition = "Tells the customer what will happen after this, in steps or with a time."
    yes = ["You will get a mail from us today, and the courier rings you before nine tomorrow."]
    no = ["We will look into it."]

What is wrong is told with file, label and remedy; names and words of the file reach pages only escaped.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from empathy_scan.codebook import AGENT_TONE_NAMES, ATTACKS, CUSTOMER_TONE_NAMES, FLAGS, Role
from empathy_scan.errors import ConfigError

MOST_LABELS = 20
FEWEST_EXAMPLES, MOST_EXAMPLES = 2, 200  # of yes, and of no
LONGEST = {"name": 60, "question": 120, "definition": 1000}  # characters
LONGEST_EXAMPLE = 2000
_KEY = re.compile(r"[a-z][a-z0-9_]{2,39}")
_TEXTS = ("key", "name", "role", "question", "definition")
_EXAMPLES = ("yes", "no")
# Taken already: by the labels of the codebook, and by columns of tables.
RESERVED = frozenset(
    {"tone", "care", "role", "before", "turn", "comment", "reviewer", "yes", "model", "flags", "kinds", "hardship"}
    | {label.name for label in (*FLAGS, *ATTACKS)} | {*AGENT_TONE_NAMES, *CUSTOMER_TONE_NAMES}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """A label of a centre's own: a question of yes or no about the turns of one role."""

    key: str
    name: str
    role: str
    question: str
    definition: str
    yes: tuple[str, ...]
    no: tuple[str, ...]

    def fingerprint(self) -> str:
        """Twelve hex digits that change when what the label means does: its role, question, definition or examples."""
        told = {name: value for name, value in asdict(self).items() if name != "name"}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def load(path: Path | str) -> tuple[OwnLabel, ...]:
    """The labels of a codebook; none without a path. Raises ConfigError naming file, label, what is wrong and how."""
    if not str(path):
        return ()
    where = str(path)
    try:
        held = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"cannot read the codebook ({error.strerror})", where=where,
            remedy="name the TOML file of your own labels with --codebook, or as `codebook` under [labels]",
        ) from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"not valid TOML: {why}", where=where, remedy="fix the file") from error
    if strange := sorted(set(held) - {"label"}):
        raise ConfigError(
            f"unknown key {', '.join(map(repr, strange))}", where=where, remedy="a codebook has [[label]] tables only"
        )
    tables = held.get("label", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ConfigError("'label' must be a list of tables", where=where, remedy="write [[label]] above each label")
    if not 1 <= len(tables) <= MOST_LABELS:
        what = "it has no label" if not tables else f"it has {len(tables)} labels, more than {MOST_LABELS}"
        raise ConfigError(
            what, where=where, remedy=f"write 1 to {MOST_LABELS} [[label]] tables; see docs/own-labels.md"
        )
    labels = tuple(_label(table, f"{where} [[label]] {number}") for number, table in enumerate(tables, 1))
    for name in ("key", "name", "question"):
        _demand_different([getattr(each, name).casefold() for each in labels], name, where)
    return labels


def named(labels: Sequence[OwnLabel], key: str, *, where: str) -> OwnLabel:
    """The label of that key or name; raises ConfigError that lists those that there are."""
    for label in labels:
        if key in {label.key, label.name}:
            return label
    there = ", ".join(each.key for each in labels) or "none"
    raise ConfigError(f"there is no own label {key!r}", where=where, remedy=f"the codebook has: {there}")


def _label(table: Mapping[str, object], where: str) -> OwnLabel:
    """A label from its table."""
    known = (*_TEXTS, *_EXAMPLES)
    key = table.get("key")
    place = f"{where} ({key})" if isinstance(key, str) and _KEY.fullmatch(key) else where
    if strange := sorted(set(table) - set(known)):
        remedy = f"known keys: {', '.join(known)}"
        raise ConfigError(f"unknown key {', '.join(map(repr, strange))}", where=place, remedy=remedy)
    if missing := [name for name in known if name not in table]:
        raise ConfigError(f"{', '.join(missing)} missing", where=place, remedy="a label needs " + ", ".join(known))
    texts = {name: _text(table[name], f"{place} {name}", LONGEST.get(name, 60)) for name in _TEXTS}
    _demand_key(texts["key"], place)
    if texts["role"] not in {Role.AGENT, Role.CUSTOMER}:
        raise ConfigError(
            f"there is no role {texts['role']!r}", where=f"{place} role", remedy="choose agent or customer"
        )
    examples = {name: tuple(_examples(table[name], f"{place} {name}")) for name in _EXAMPLES}
    if both := _alike(examples["yes"]) & _alike(examples["no"]):
        raise ConfigError(
            f"{len(both)} example(s) stand under yes and under no", where=place, remedy="decide which they are"
        )
    named_by: Mapping[str, Any] = {**texts, **examples}
    return OwnLabel(**named_by)


def _text(value: object, where: str, longest: int) -> str:
    """A line of text, blanks made one."""
    if not isinstance(value, str) or not (text := " ".join(value.split())):
        raise ConfigError("must be a text", where=where, remedy="write it between quotes")
    if len(text) > longest:
        raise ConfigError(f"is longer than {longest} characters", where=where, remedy="make it shorter")
    return text


def _demand_key(key: str, where: str) -> None:
    if not _KEY.fullmatch(key):
        raise ConfigError(
            f"{key[:40]!r} is no key", where=f"{where} key",
            remedy="3 to 40 small letters, digits and _, a letter first, such as explains_next_steps",
        )  # fmt: skip
    if key in RESERVED:
        raise ConfigError(
            f"{key!r} is a name of the standard labels or of a column", where=f"{where} key", remedy="choose another"
        )


def _examples(value: object, where: str) -> Iterator[str]:
    """Examples, each once."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError("must be a list of texts", where=where, remedy='write ["...", "..."]')
    told = dict.fromkeys(each.strip() for each in value)
    if not FEWEST_EXAMPLES <= len(told) <= MOST_EXAMPLES or "" in told:
        what = "holds an empty example" if "" in told else f"holds {len(told)} different examples"
        raise ConfigError(
            what, where=where, remedy=f"give {FEWEST_EXAMPLES} to {MOST_EXAMPLES}, best of your own conversations"
        )
    for number, text in enumerate(told, 1):
        if len(text) > LONGEST_EXAMPLE:
            raise ConfigError(
                f"example {number} is longer than {LONGEST_EXAMPLE} characters", where=where, remedy="cut it"
            )
        yield text


def _alike(examples: Sequence[str]) -> set[str]:
    return {" ".join(each.split()).casefold() for each in examples}


def _demand_different(values: Sequence[str], name: str, where: str) -> None:
    if doubled := sorted({each for each in values if values.count(each) > 1}):
        raise ConfigError(f"{name} {doubled[0]!r} is given to several labels", where=where, remedy="name them apart")
