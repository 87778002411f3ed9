"""The project's exceptions: what went wrong, where, and what to do about it.

    EmpathyScanError                 base of all; `str()` is ready to be shown to a user
    ├── UsageError                   fatal: the caller asked for something impossible (exit code 2)
    │   └── ConfigError              fatal: unknown key, wrong type or impossible value in the settings
    ├── InputError                   this input: one file or row is unusable, the rest of the batch goes on
    │   ├── UnknownFormatError       this input: no reader recognises it
    │   ├── MalformedInputError      this input: recognised, but broken at a named place
    │   ├── MissingColumnError       this input: a table lacks a column that it needs
    │   ├── TooMuchError             this input: an archive holds more than the settings allow
    │   └── NoticeError              this input: left out as it should be, such as a copy; no failure (exit code 0)
    ├── SchemaError                  fatal: a frame between two stages is not what `tables.py` says
    ├── ModelError                   fatal: a bundle is missing, damaged or of another codebook
    │   └── OtherModelError          fatal: the store's scores are another model's (exit code 2)
    ├── EngineError                  retry: a worker process died, or the cluster gave up
    ├── StoreError                   retry: the store could not be read or written
    └── OutputError                  retry: a report or export could not be written

Messages never hold transcript text: they name a file, a place in it (line, row, key) and a remedy.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "ConfigError",
    "EmpathyScanError",
    "EngineError",
    "InputError",
    "MalformedInputError",
    "MissingColumnError",
    "ModelError",
    "NoticeError",
    "OtherModelError",
    "OutputError",
    "Reach",
    "SchemaError",
    "StoreError",
    "TooMuchError",
    "UnknownFormatError",
    "UsageError",
]


class Reach(StrEnum):
    """How far a failure reaches."""

    FATAL = "fatal"  # the run cannot go on
    INPUT = "this input"  # this file or row is rejected, the batch goes on
    RETRY = "retry"  # nothing is wrong with the input; the same run may work later


class EmpathyScanError(Exception):
    """Base of all errors that the project raises.

    `what` says what is wrong, `where` names the file and place (`calls/0412.vtt:37`), `remedy` what to do.
    """

    reach: Reach = Reach.FATAL
    exit_code: int = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what)

    def __str__(self) -> str:
        located = f"{self.where}: {self.what}" if self.where else self.what
        return f"{located}; {self.remedy}" if self.remedy else located

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way between worker processes with all three parts."""
        return _rebuild, (type(self), self.what, self.where, self.remedy)


def _rebuild(kind: type[EmpathyScanError], what: str, where: str, remedy: str) -> EmpathyScanError:
    return kind(what, where=where, remedy=remedy)


class UsageError(EmpathyScanError):
    """The caller asked for something impossible: exit code 2."""

    exit_code = 2


class ConfigError(UsageError):
    """Unknown key, wrong type or impossible value in the settings."""


class InputError(EmpathyScanError):
    """One file or row is unusable; it becomes a row of `rejects` and the batch goes on."""

    reach = Reach.INPUT
    exit_code = 3


class UnknownFormatError(InputError):
    """No reader recognises the file."""


class MalformedInputError(InputError):
    """The format is recognised, but the content is broken at a named place."""


class MissingColumnError(InputError):
    """A table lacks a column that it needs."""


class TooMuchError(InputError):
    """An archive that holds more than the settings allow: nothing more of it is read."""


class NoticeError(InputError):
    """Something is left out as it should be: a copy, a file without a transcript. It is told, and fails nothing."""

    exit_code = 0


class SchemaError(EmpathyScanError):
    """A frame between two stages is not what `tables.py` says: a bug of ours or of a plug-in."""


class ModelError(EmpathyScanError):
    """A model bundle is missing, damaged, or was made for another codebook."""


class OtherModelError(ModelError):
    """The store's scores are another model's, or were made of other segments: the two must not mix."""

    exit_code = 2


class EngineError(EmpathyScanError):
    """A worker process died, or the cluster gave up."""

    reach = Reach.RETRY


class StoreError(EmpathyScanError):
    """The store could not be read or written."""

    reach = Reach.RETRY


class OutputError(EmpathyScanError):
    """A report or export could not be written."""

    reach = Reach.RETRY
