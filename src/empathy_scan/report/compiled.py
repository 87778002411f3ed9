"""Compiled templates, kept from run to run: to compile those of one report takes half a second.

They lie in `empathy-scan/templates-...` of the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`). What is loaded
from there is run, so it is used only where that folder belongs to this user and nobody else can write to it; a file
that is not as it was written is compiled anew. Where there is no such folder, a process compiles for itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from pathlib import Path

import jinja2

from empathy_scan import __version__

_SUM = hashlib.sha256().digest_size


class Compiled(jinja2.BytecodeCache):
    """What templates of one environment were compiled to: in memory, and in our folder where there is one."""

    def __init__(self, kind: str) -> None:
        self.kind = kind  # of the environment: what a template becomes depends on it
        self._held: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Fill the bucket, if it was filled before; jinja sees to it that its template is still the same."""
        held = self._held.get(bucket.key) or self._read(bucket.key)
        if held is not None:
            bucket.bytecode_from_string(held)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep what the bucket holds."""
        content = self._held[bucket.key] = bucket.bytecode_to_string()
        if (folder := own_folder()) is None:
            return
        part = folder / f"{self.kind}-{bucket.key}.{os.getpid()}.part"
        with contextlib.suppress(OSError):  # a full disk, say: the next run compiles once more
            part.write_bytes(hashlib.sha256(content).digest() + content)
            part.replace(folder / f"{self.kind}-{bucket.key}")

    def _read(self, key: str) -> bytes | None:
        """What an earlier process kept; None where it kept nothing, or a file is damaged."""
        if (folder := own_folder()) is None:
            return None
        try:
            content = (folder / f"{self.kind}-{key}").read_bytes()
        except OSError:
            return None
        whole = hashlib.sha256(content[_SUM:]).digest() == content[:_SUM]
        return content[_SUM:] if whole else None


def own_folder() -> Path | None:
    """The folder of compiled templates, made where there is none; None where others could write to it."""
    if not hasattr(os, "getuid"):  # no telling whose a folder is
        return None
    try:
        above = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "empathy-scan"
        folder = above / f"templates-{__version__}-{jinja2.__version__}-{sys.implementation.cache_tag}"
        for each in (above, folder):  # `parents` alone would leave the upper one to the umask
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = above.parent.stat().st_uid == os.getuid() and all(map(_is_ours_alone, (above, folder)))
        return folder if ours and folder.is_absolute() else None  # whose the parent is could put another in its place
    except (OSError, RuntimeError):  # read-only, or nobody's home
        return None


def _is_ours_alone(folder: Path) -> bool:
    """Whether a folder, and no link to one, belongs to this user, and nobody else can write to it."""
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    return ours and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
