"""The tree of exceptions: how each reads, and that its drawing is right."""

import pickle
import re

import pytest

from empathy_scan import errors
from empathy_scan.errors import (
    EmpathyScanError,
    InputError,
    NoticeError,
    OtherModelError,
    Reach,
    StoreError,
    UsageError,
)


def family(kind: type[EmpathyScanError]) -> list[type[EmpathyScanError]]:
    """A class and all that descend from it."""
    return [kind, *(each for child in kind.__subclasses__() for each in family(child))]


def drawn() -> dict[str, tuple[str, str]]:
    """The tree of the module's docstring: class -> (parent, reach)."""
    above: list[str] = []
    tree = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^(    [│├└─ ]*)(\w+Error) +(\w[\w ]*?)(?::| of all)", line):
            depth = (len(found[1]) - 4) // 4
            above[depth:] = [found[2]]
            tree[found[2]] = (above[depth - 1] if depth else "Exception", found[3])
    return tree


EVERY = family(EmpathyScanError)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({}, "cue ends before it starts"),
        ({"where": "calls/0412.vtt:37"}, "calls/0412.vtt:37: cue ends before it starts"),
        ({"remedy": "fix the file"}, "cue ends before it starts; fix the file"),
        ({"where": "a.vtt", "remedy": "fix the file"}, "a.vtt: cue ends before it starts; fix the file"),
    ],
)
def test_an_error_reads_as_where_what_remedy(parts, shown):
    assert str(EmpathyScanError("cue ends before it starts", **parts)) == shown


@pytest.mark.parametrize("kind", EVERY)
def test_an_error_keeps_its_class_and_parts_between_processes(kind):
    error = pickle.loads(pickle.dumps(kind("what", where="where", remedy="remedy")))  # noqa: S301 - our own
    assert type(error) is kind
    assert (error.what, error.where, error.remedy) == ("what", "where", "remedy")
    assert str(error) == "where: what; remedy"


@pytest.mark.parametrize("kind", EVERY)
def test_the_drawing_of_the_tree_is_right(kind):
    parent, reach = drawn()[kind.__name__]
    assert parent == kind.__bases__[0].__name__
    assert kind is EmpathyScanError or reach == kind.reach


def test_the_drawing_has_no_class_too_many():
    assert set(drawn()) == {kind.__name__ for kind in EVERY}


def test_every_class_is_exported_and_documented():
    assert set(errors.__all__) == {kind.__name__ for kind in EVERY} | {"Reach"}
    assert all(kind.__doc__ for kind in EVERY)


@pytest.mark.parametrize("kind", EVERY)
def test_the_exit_code_tells_usage_input_and_failure_apart(kind):
    expected = 2 if issubclass(kind, UsageError) else 3 if issubclass(kind, InputError) else 1
    expected = {NoticeError: 0, OtherModelError: 2}.get(kind, expected)
    assert kind.exit_code == expected


def test_only_input_errors_let_the_batch_go_on():
    assert {kind for kind in EVERY if kind.reach is Reach.INPUT} == set(family(InputError))
    assert StoreError.reach is Reach.RETRY
