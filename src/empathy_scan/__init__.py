"""empathy-scan: understood or recited to? Scores agent turns in call, chat and e-mail transcripts, offline.

The names below are all that a program should use (docs/python.md). They are loaded when they are first asked for, so
that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from empathy_scan.api import (
        Config,
        EmpathyScanError,
        JudgedConversation,
        Model,
        Results,
        ScanResult,
        Scored,
        load_config,
        load_model,
        measure,
        open_store,
        read,
        scan,
        write_report,
    )

__version__ = "0.1.0"
__all__ = [
    "Config",
    "EmpathyScanError",
    "JudgedConversation",
    "Model",
    "Results",
    "ScanResult",
    "Scored",
    "__version__",
    "load_config",
    "load_model",
    "measure",
    "open_store",
    "read",
    "scan",
    "write_report",
]


if not TYPE_CHECKING:  # a checker of types knows the names above, and that there are no others

    def __getattr__(name: str) -> object:
        """A name of `__all__`, loaded now."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib  # noqa: PLC0415 - nothing is imported before it is needed

        return getattr(importlib.import_module("empathy_scan.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
