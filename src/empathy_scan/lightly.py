"""spaCy without its command line, which no scan needs and which takes as long to import as all the rest of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spacy.language import Language

_UNUSED = ("spacy.cli", "spacy.cli.info")  # imported by spaCy for `spacy.info`, and httpx and weasel with them


def blank_english() -> Language:
    """A blank English pipeline of spaCy: its tokenizer is all there is in it."""
    return _spacy().blank("en")  # type: ignore[no-any-return]


def _spacy() -> Any:  # noqa: ANN401 - a module
    """The package, whose `cli` is imported by whoever wants it."""
    if "spacy" not in sys.modules:
        with _left_out():
            import spacy  # noqa: PLC0415 - half a second; nothing needs it where no turn has a telling word
        spacy.info = _info  # type: ignore[attr-defined]
    import spacy  # noqa: PLC0415 - as above

    return spacy


@contextmanager
def _left_out() -> Iterator[None]:
    """Empty modules in the place of those that are not used, until all else is imported."""
    held = {name: ModuleType(name) for name in _UNUSED if name not in sys.modules}
    for module in held.values():
        module.__path__ = []
        module.info = _info  # type: ignore[attr-defined]
    sys.modules.update(held)
    try:
        yield
    finally:
        for name, module in held.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


def _info(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as spaCy's
    """What `spacy.info` is otherwise, for whoever else uses spaCy in this process."""
    from spacy.cli.info import info  # noqa: PLC0415 - this is what was left out

    return info(*arguments, **named)
