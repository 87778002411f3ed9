"""Every regular expression of the package, how it is used, and texts that are hard for it."""

from __future__ import annotations

import ast
import contextlib
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from re import _parser as sre  # the standard library's own parser of patterns
from types import ModuleType

import empathy_scan

_CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "findall", "finditer", "split"}
_ANCHORED = {"match", "fullmatch"}
_MANY = 16  # a repeat that may happen more often than this is pumped
_FAILURES = ("\0", "")
_PUMPS = (" ", "a", "0", "\n", "-", ".", "<", "@", "a ", "0 ", "a.", "0-", ", ", "\t ", "A a ", "a@", "> ", ": ", "0.")


@dataclass(frozen=True, slots=True)
class Used:
    """A pattern, where it stands, and whether it is only asked about the beginning of a text."""

    where: str
    pattern: re.Pattern[str]
    anchored: bool


def all_patterns() -> list[Used]:
    """Every pattern of str that the package's modules hold or build, each once."""
    found: dict[tuple[str, int, bool], Used] = {}
    uses = {module.__name__: _uses(Path(str(module.__file__))) for module in _modules()}
    elsewhere = {name: how for each in uses.values() for (owner, name), how in each.items() if owner}
    for module in _modules():
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        own = uses[module.__name__]
        held = [(name, pattern) for name, value in vars(module).items() for pattern in _within(value)]
        for name, pattern in [*held, *_literals(tree, module)]:
            if isinstance(pattern.pattern, bytes):
                continue
            how = own.get(("", name), set()) | elsewhere.get(name, set()) if name.isidentifier() else {name.split()[1]}
            anchored = (bool(how) and how <= _ANCHORED) or _begins(pattern)
            found.setdefault(
                (pattern.pattern, pattern.flags, anchored), Used(f"{module.__name__}.{name}", pattern, anchored)
            )
    return list(found.values())


def _begins(pattern: re.Pattern[str]) -> bool:
    """Whether a pattern can only match at the beginning of a text."""
    return pattern.pattern.startswith(("^", r"\A")) and not pattern.flags & re.MULTILINE


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(empathy_scan.__path__, "empathy_scan."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def _uses(path: Path) -> dict[tuple[str, str], set[str]]:
    """What a file does with names: `_WORD.sub` is ("", "_WORD"): {"sub"}; `text.WORD.sub` has an owner; else "on"."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    bases: set[int] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found["", node.value.id].add(node.attr)
            bases.add(id(node.value))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            found["elsewhere", node.value.attr].add(node.attr)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in bases:
            found["", node.id].add("on")
    return found


def _within(value: object, depth: int = 4) -> Iterator[re.Pattern[str]]:
    """The patterns that a value holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _within(each, depth - 1)
    elif depth and isinstance(value, Mapping):
        for pair in value.items():
            yield from _within(pair, depth - 1)
    elif depth and is_dataclass(value) and not isinstance(value, type):
        for item in fields(value):
            yield from _within(getattr(value, item.name, None), depth - 1)


def _literals(tree: ast.AST, module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns that functions write where they use them: `re.sub(r"\\s+", " ", text)`."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda))
    for node in {id(inner): inner for function in functions for inner in ast.walk(function)}.values():
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        owner = node.func.value
        if not (isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in _CALLS):
            continue
        with contextlib.suppress(NameError, TypeError, re.error):  # what only a run knows
            text = eval(compile(ast.Expression(node.args[0]), "x", "eval"), vars(module))  # noqa: S307 - our own code
            flags = [each.value for each in node.keywords if each.arg == "flags"] or node.args[1:2]
            given = 0
            if node.func.attr == "compile" and flags:
                given = eval(compile(ast.Expression(flags[0]), "x", "eval"), vars(module))  # noqa: S307
            yield f"{node.lineno} {node.func.attr}", re.compile(text, given)


# --- hard texts ----------------------------------------------------------------------------------------------------


def attacks(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """What comes before, what is repeated, and what comes after, of texts that may be hard for a pattern.

    Every repeat of the pattern is fed what it repeats, after what must stand before it, and then something that fits
    nowhere; so are repeats of the simplest texts.
    """
    tree = sre.parse(pattern.pattern, pattern.flags)
    seen: set[tuple[str, str]] = set()
    for before, pump in [*_pumped(list(tree), ""), *(("", each) for each in _PUMPS)]:
        if pump and (before, pump) not in seen:
            seen.add((before, pump))
            yield from ((before, pump, after) for after in _FAILURES)


def _pumped(items: list[tuple[object, object]], before: str) -> Iterator[tuple[str, str]]:
    """Each repeat of a sequence: an example of what stands before it, and examples of what it repeats."""
    for at, (kind, given) in enumerate(items):
        lead = before + _example(items[:at])
        for _, most, inner in _repeats(kind, given):
            if most is sre.MAXREPEAT or most > _MANY:
                for body in _examples(list(inner)):
                    yield lead, body
                    if at + 1 < len(items):
                        yield lead, body + _example(items[at + 1 :])
            yield from _pumped(list(inner), lead)
        for branch in _inside(kind, given):
            yield from _pumped(list(branch), lead)


def _repeats(kind: object, given: object) -> list[tuple[int, int, object]]:
    named = str(kind)
    return [given] if named in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} else []  # type: ignore[list-item]


def _inside(kind: object, given: object) -> list[object]:
    named = str(kind)
    if named == "BRANCH":
        return list(given[1])  # type: ignore[index]
    if named == "SUBPATTERN":
        return [given[3]]  # type: ignore[index]
    if named == "ATOMIC_GROUP":
        return [given]
    if named in {"ASSERT", "ASSERT_NOT"}:
        return [given[1]]  # type: ignore[index]
    return []


def _examples(items: list[tuple[object, object]]) -> list[str]:
    """Two or three texts that a sequence matches."""
    return list(dict.fromkeys(filter(None, (_example(items, nth) for nth in range(2)))))


def _example(items: list[tuple[object, object]], nth: int = 0) -> str:
    return "".join(_one(kind, given, nth) for kind, given in items)


def _one(kind: object, given: object, nth: int) -> str:  # noqa: PLR0911 - a case per kind
    named = str(kind)
    if named == "LITERAL":
        return chr(given)  # type: ignore[arg-type]
    if named == "NOT_LITERAL":
        return "a" if given != ord("a") else "b"
    if named == "ANY":
        return "a "[nth % 2]
    if named == "IN":
        return _member(given, nth)
    if named in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        least, most, inner = given  # type: ignore[misc]
        return _example(list(inner), nth) * max(least, min(1, most) if nth else least)
    if named == "BRANCH":
        branches = given[1]  # type: ignore[index]
        return _example(list(branches[nth % len(branches)]), nth)
    inside = _inside(kind, given)
    return _example(list(inside[0]), nth) if inside and not named.startswith("ASSERT") else ""


def _member(given: object, nth: int) -> str:
    """A character of a set; of a negated one, something plain that is not excluded."""
    chosen = [str(kind) for kind, _ in given]  # type: ignore[attr-defined]
    if "NEGATE" not in chosen:
        kind, value = given[nth % len(given)]  # type: ignore[index, arg-type]
        if str(kind) == "LITERAL":
            return chr(value)
        if str(kind) == "RANGE":
            return chr(value[0])
        return {"CATEGORY_DIGIT": "0", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a"}.get(str(value), "-")
    excluded = given[1:]  # type: ignore[index]
    return next((each for each in ("a", " ", "0", "-", ".", "\n", "é")[nth:] if not _holds(excluded, each)), "")


def _holds(members: object, character: str) -> bool:
    for kind, value in members:  # type: ignore[attr-defined]
        named = str(kind)
        if named == "LITERAL" and chr(value) == character:
            return True
        if named == "RANGE" and value[0] <= ord(character) <= value[1]:
            return True
        if named == "CATEGORY":
            tests = {"CATEGORY_DIGIT": r"\d", "CATEGORY_SPACE": r"\s", "CATEGORY_WORD": r"\w",
                     "CATEGORY_NOT_DIGIT": r"\D", "CATEGORY_NOT_SPACE": r"\S", "CATEGORY_NOT_WORD": r"\W"}  # fmt: skip
            if re.match(tests[str(value)], character):
                return True
    return False
