"""Files that people keep beside transcripts and that hold none: left out with a reason, and no failure of the night.

Sound, pictures, PDF, settings, rosters, notes for people, checksums. They are known by their first bytes or names, so
that a recording of gigabytes is not read. A file that is named by itself is read all the same, and refused if it must.
Also here: the files of a ConvoKit corpus, which `utterances.jsonl` is read with.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from empathy_scan.errors import NoticeError

UTTERANCES = ("utterances.jsonl", "utterances.jsonl.gz", "utterances.json")
CORPUS = ("speakers.json", "users.json", "conversations.json", "index.json", "corpus.json")
_SOUND = "a sound recording", "transcribe it first: the transcript is read, not the sound"
_FILM = "a video or sound recording", "transcribe it first: the transcript is read, not the sound"
_PICTURE = "a picture", "nothing to do; leave it out of the folder to be rid of this row"
_PDF = "a PDF document", "export the transcript as text, if it is one"
_OTHER = "nothing to do; leave it out of the folder to be rid of this row"
_HEAD = 4096  # bytes that are looked at
# First bytes, and what they are; `.` stands for any byte.
_MAGIC = (
    (rb"%PDF", _PDF),
    (rb"RIFF....(?:WAVE|AVI )", _SOUND), (rb"RIFF....WEBP", _PICTURE), (rb"FORM....AIF", _SOUND),
    (rb"ID3|OggS|fLaC|#!AMR|\xff[\xfb\xf3\xf2\xfa\xe3]", _SOUND), (rb"\.snd\x00", _SOUND),
    (rb"....ftyp", _FILM), (rb"\x1aE\xdf\xa3", _FILM), (rb"0&\xb2u\x8ef\xcf\x11", _FILM),
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*", _PICTURE),
)  # fmt: skip
_PATTERNS = tuple((re.compile(rb"(?s:%s)" % magic), kind) for magic, kind in _MAGIC)
_NAMES = (
    (r"(?:readme|licen[cs]e|copying|notice|changelog|contributing)(?:\.(?:md|txt|rst|html?))?", "a note for people"),
    (r"thumbs\.db|desktop\.ini|_success|_committed_\d+|_started_\d+", "a file of the system's own"),
    (r".*\.(?:toml|ini|cfg|conf|ya?ml)", "a file of settings"),
    (r".*\.(?:md5|sha1|sha256|sha512|crc|sig|asc)", "a checksum or signature"),
    (r".*\.(?:css|js|mjs|ts|py|sh|bat|ps1|sql|lnk|url)", "a program or link"),
    (r".*\.svg", "a picture"),
)  # fmt: skip
_ROSTER = {"agent_id", "name", "aliases", "addresses", "team", "lead", "shift", "channels"}
_ONLY_ROSTER = {"aliases", "addresses", "lead", "shift"}


def reason(path: Path) -> NoticeError | None:
    """Why a file holds no transcript; None for one that may. What cannot be read, or is no regular file, may."""
    name = path.name.lower()
    kind = next((what for pattern, what in _NAMES if re.fullmatch(pattern, name)), None)
    if kind is not None:
        return NoticeError(f"{kind}, which holds no transcript", remedy=_OTHER)
    try:
        if not path.is_file():
            return None  # opening a pipe would wait for ever
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return None
    found = next((kind for pattern, kind in _PATTERNS if pattern.match(head)), None)
    if found is not None:
        return NoticeError(f"looks like {found[0]}, which is not read", remedy=found[1])
    if _is_roster(head):
        return NoticeError(
            "a roster of agents, which holds no transcript",
            remedy="name it with --roster, if its names and teams shall count",
        )
    return None


def _is_roster(head: bytes) -> bool:
    """Whether the first line is the header of a roster."""
    line = head.decode("utf-8-sig", "replace").lstrip().partition("\n")[0]
    columns = {re.sub(r"[\s_-]+", "_", cell.strip(' "\r')).lower() for cell in re.split(r"[,;\t|]", line)}
    return "agent_id" in columns and columns <= _ROSTER and bool(columns & _ONLY_ROSTER)


def of_corpus(path: Path) -> Mapping[str, Path]:
    """The files beside the utterances of a ConvoKit corpus, by name; none beside any other file."""
    if path.name.lower() not in UTTERANCES:
        return {}
    return {name: path.parent / name for name in CORPUS if (path.parent / name).is_file()}


def without_companions(paths: Sequence[str]) -> list[bool]:
    """For each path whether it is a file of its own; False where it is read with the utterances beside it."""
    split = [os.path.split(path) for path in paths]
    corpora = {folder for folder, name in split if name.lower() in UTTERANCES}
    return [not corpora or name.lower() not in CORPUS or folder not in corpora for folder, name in split]
