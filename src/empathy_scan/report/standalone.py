"""A page that stands by itself: written outside the run of a report, and linked with one that lies in its folder."""

from __future__ import annotations

import contextlib
from pathlib import Path

from empathy_scan.errors import OutputError
from empathy_scan.report import rendering
from empathy_scan.report.rendering import Templates

_KINDS = (rendering.HTML, rendering.MARKDOWN)


def is_linked(folder: Path) -> bool:
    """Whether a report lies in the folder, which the page can lead to."""
    return (folder / "index.html").is_file()


def write(folder: Path, name: str, page: object, templates: Templates) -> Path:
    """Write a page, as HTML and Markdown, with what it needs; gives the path of the first. Raises OutputError."""
    assets = f"{name}-assets"  # apart from a report's, which may be of another release
    files = dict(templates.render(name, {"page": page, "assets": assets}))
    files |= {f"{assets}/{file.name}": file.read_bytes() for file in rendering.assets()}
    try:
        for each, content in sorted(files.items()):  # what it needs first
            _put(folder / each, content)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or type(error).__name__})", where=str(folder),
            remedy="make it writable, or name another folder with --out",
        ) from error  # fmt: skip
    return folder / f"{name}.{rendering.HTML}"


def forget(folder: Path, name: str, *, why: str) -> None:
    """Delete what `write` has put into a folder, but for what other pages need too. Raises OutputError, with why."""
    for kind in _KINDS:
        place = folder / f"{name}.{kind}"
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot be deleted ({error.strerror or type(error).__name__})", where=str(place),
                remedy=f"delete it: {why}",
            ) from error  # fmt: skip


def _put(place: Path, content: bytes) -> None:
    """Put a file in its place, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    try:
        part.write_bytes(content)
        part.replace(place)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
