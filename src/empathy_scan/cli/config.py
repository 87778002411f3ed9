"""`config`: checks a settings file, and shows the settings in effect with where each comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empathy_scan.cli import base, logs
from empathy_scan.cli.base import app
from empathy_scan.errors import UsageError

if TYPE_CHECKING:
    from empathy_scan.config import Config

_SAYS_SETTINGS = ("scan", "report", "read")


@app.command(
    epilog="Example: empathy-scan config --show -- scan exports/ --workers 4",
)
def config(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="A command line whose settings are meant, such as scan exports/.", metavar="[COMMAND...]"),
    ] = None,
    *,
    settings: base.ConfigOption = None,
    show: Annotated[bool, typer.Option("--show", help="Print all settings, and where each comes from.")] = False,
    as_json: base.JsonOption = False,
) -> None:
    """Check a settings file, and show the settings in effect.

    What `--show` prints is a settings file itself. The options of a command that is meant follow `--`.
    """
    from empathy_scan import config as kept  # noqa: PLC0415 - not needed for --help

    path, found = _of(words, settings)
    stated = kept.stated(path) if path is not None else set()
    loaded = asdict(kept.load(path))
    answer = [
        {"part": part, "key": key, "value": list(value) if isinstance(value, tuple) else value, "from": origin}
        for part, values in asdict(found).items()
        for key, value in values.items()
        for origin in [_origin(path, changed=value != loaded[part][key], stated=(part, key) in stated)]
    ]
    if as_json:
        base.print_json({"file": path and str(path), "fingerprint": found.fingerprint(), "settings": answer})
    elif show:
        for line in _as_toml(answer):
            typer.echo(base.safe(line))
    else:
        told = f"{path}: {len(stated)} setting(s), all understood" if path else "no settings file; the defaults hold"
        typer.echo(base.safe(told))


def _origin(path: Path | None, *, changed: bool, stated: bool) -> str:
    return "command line" if changed else str(path) if stated else "default"


def _of(words: list[str] | None, settings: Path | None) -> tuple[Path | None, Config]:
    """The settings file, and the settings that a command line makes of it."""
    from empathy_scan.config import found_in  # noqa: PLC0415 - as in `config`

    if not words:
        path = settings or found_in(Path())
        return path, base.settings(path)
    if words[0] not in _SAYS_SETTINGS:
        raise UsageError(f"{words[0]!r} has no settings", remedy=f"choose {', '.join(_SAYS_SETTINGS)}")
    command = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined] # it is a group
    context = command.make_context(words[0], words[1:])
    path = settings or context.params.get("config") or found_in(Path())
    context.params["config"] = path
    return path, base.settings_of(context)


def _as_toml(answer: list[dict[str, Any]]) -> Iterator[str]:
    """The settings as a file of settings, with where they come from as remarks."""
    part = ""
    for row in answer:
        if row["part"] != part:
            yield f"{'' if not part else chr(10)}[{row['part']}]"
            part = row["part"]
        yield f"{row['key']} = {_toml(row['value'])}  # {row['from']}"


def _toml(value: object) -> str:
    """A value as TOML writes it; JSON does so but for tables."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {json.dumps(each)}' for key, each in value.items())}}}"
    return logs.as_json(value)
