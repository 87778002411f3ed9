"""Files that a centre gives beside its exports: a roster, a list of speakers, groups."""

from __future__ import annotations

from pathlib import Path

from empathy_scan.errors import ConfigError, EmpathyScanError
from empathy_scan.readers import files


def text(path: str | Path, *, what: str, option: str, kinds: str = "CSV") -> str:
    """The text of a file in whatever encoding; `what` it is, and the option that names it, are told in errors.

    Raises ConfigError for one that cannot be read, or holds no text.
    """
    where = str(path)
    try:
        found, _ = files.decode(Path(path).read_bytes())
    except OSError as error:
        reason = f"cannot read the {what} ({error.strerror or type(error).__name__})"
        raise ConfigError(reason, where=where, remedy=f"name a {kinds} file with {option}") from error
    except EmpathyScanError as error:
        raise ConfigError(error.what, where=where, remedy=f"save the {what} as {kinds}") from error
    return found
