"""Broken inputs for `fuzz.py`: a sample of a format, changed as a careless or hostile sender might change it.

Bytes are flipped, cut, doubled and spliced; JSON values, lines, cells and numbers take the place of others; the parts
of an office document are changed inside their archive. The same seed gives the same inputs.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

MOST = 400_000  # bytes of an input; time is better spent on many than on large ones
NUMBERS = (
    b"0", b"-1", b"1e309", b"-1e309", b"NaN", b"Infinity", b"9" * 40, b"9" * 5000, b"0.1e-400", b"2147483648",
    b"18446744073709551616", b"253402300800", b"-62135596801", b"1e18", b"0x10", b"1_000", b"\xd9\xa3", b"1.", b"",
)  # fmt: skip
STRINGS = (
    "", " ", "\0", "\ufeff", "\u202e", "\u2028", "\u0085", "\U000e0001", "e\u0301" * 40, "İ", "ẞ", "\ud83d", "a" * 5000,
    "9" * 300, "=cmd|' /C calc'!A0", "<script>", "../../x", "%s%n", "{0}", "${x}", "\\", '"', "'", ":", ",", ";", "|",
    "\t", "\r", "\n", "\n\n", "\r\n", "--", "-->", "00:00:00.000 --> 99:99:99.999", "2026-02-30T25:61:61+99:99",
    "0000-00-00", "9999-12-31T23:59:59-23:59", "agent", "customer", "system", "From ", "From: ", "Agent:", "[1]", "{}",
    "[]", "null", "true", "text", "id", "=?utf-8?b?////?=", "=?x?q?=00?=", "Content-Type: multipart/mixed; boundary=",
    "Content-Transfer-Encoding: base64", "charset=undefined", "<![CDATA[", "<!DOCTYPE x [", "<!ENTITY a 'b'>", "<div>",
)  # fmt: skip
VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 1e308, 10**30, "", " ", "x", [], {}, [[]], [{}], [None], {"": ""}, ["a", 1], "2026-02-30",
    "9" * 400, "\ud83d", "\0", -1e308, 253402300800, {"text": {"text": []}}, [[[["x"]]]], "agent", {"id": None},
)  # fmt: skip
_NUMBER = re.compile(rb"\d[\d.:]*")
_SPLIT = re.compile(rb"[\w.@-]+")

Change = Callable[[bytes, Random, Sequence[bytes]], bytes]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file that is read well, and the reader that reads it."""

    reader: str
    name: str
    content: bytes


def changed(sample: Sample, others: Sequence[bytes], random: Random) -> bytes:
    """The content of a sample after one to eight changes."""
    content = sample.content
    if random.random() < 0.5 and (tree := _tree(content, random)) is not None:
        content = tree
    if content.startswith(b"PK\x03\x04") and random.random() < 0.8:
        return _repacked(content, random, others)
    for _ in range(random.choice((0, 1, 1, 2, 3, 5, 8))):
        content = random.choice(CHANGES)(content, random, others)[:MOST]
    if random.random() < 0.04:
        content = _packed(content, random, others)
    return content


# --- bytes ---------------------------------------------------------------------------------------------------------


def _span(content: bytes, random: Random, most: int = 200) -> tuple[int, int]:
    start = random.randint(0, len(content))
    return start, min(len(content), start + random.randint(0, random.choice((1, 8, most))))


def _flip(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    broken = bytearray(content)
    for _ in range(random.choice((1, 1, 4, 32)) if broken else 0):
        broken[random.randrange(len(broken))] ^= 1 << random.randrange(8)
    return bytes(broken)


def _cut(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(content, random, 2000)
    return content[:start] if random.random() < 0.2 else content[:start] + content[end:]


def _double(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(content, random)
    return content[:start] + content[start:end] * random.choice((2, 2, 3, 50, 1000)) + content[end:]


def _splice(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    start, end = _span(other, random, 2000)
    at = random.randint(0, len(content))
    return content[:at] + other[start:end] + content[at:]


def _insert(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(content))
    new = random.choice((random.randbytes(random.randint(1, 8)), _string(random)))
    return content[:at] + new + content[at:]


def _number(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    found = [*_NUMBER.finditer(content)]
    if not found:
        return content
    one = random.choice(found)
    return content[: one.start()] + random.choice(NUMBERS) + content[one.end() :]


def _word(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    found = [*_SPLIT.finditer(content[:MOST])]
    if not found:
        return content
    one, other = random.choice(found), random.choice(found)
    new = _string(random) if random.random() < 0.5 else other.group()
    return content[: one.start()] + new + content[one.end() :]


def _lines(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    lines = content.split(b"\n")
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    how = random.randrange(4)
    if how == 0:
        lines[at], lines[other] = lines[other], lines[at]
    elif how == 1:
        lines.insert(at, lines[other])
    elif how == 2:
        del lines[at]
    else:
        lines[at] += _string(random)
    return b"\n".join(lines)


def _encode(content: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252", "utf-7", "cp500"))
    return content.decode("utf-8", "replace").encode(encoding, "replace")


def _string(random: Random) -> bytes:
    return random.choice(STRINGS).encode("utf-8", "surrogatepass")


CHANGES: tuple[Change, ...] = (
    _flip, _cut, _cut, _double, _splice, _insert, _insert, _number, _number, _word, _word, _word, _lines, _lines,
    _encode,
)  # fmt: skip


# --- JSON and archives ---------------------------------------------------------------------------------------------


def _tree(content: bytes, random: Random) -> bytes | None:
    """JSON, or a line of JSON Lines, with something else at one to three of its places; None for anything else."""
    lines = content.split(b"\n")
    whole = content.lstrip()[:1] in {b"{", b"["}
    if not whole:
        return None
    try:
        value = json.loads(content)
        at = None
    except ValueError:
        at = random.randrange(len(lines))
        try:
            value = json.loads(lines[at])
        except ValueError:
            return None
    for _ in range(random.choice((1, 1, 2, 3))):
        value = _replaced(value, random)
    text = json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    if at is None:
        return text
    lines[at] = text
    return b"\n".join(lines)


def _replaced(value: object, random: Random) -> object:
    """A JSON value with something else at a place within."""
    if isinstance(value, list) and value and random.random() < 0.85:
        return _item_changed(value, random.randrange(len(value)), random)
    if isinstance(value, dict) and value and random.random() < 0.9:
        return _member_changed(value, random.choice(list(value)), random)
    how = random.random()
    if how < 0.1:
        return [value]
    if how < 0.15:
        for _ in range(random.choice((3, 60, 400))):
            value = random.choice(({"text": value}, [value]))
        return value
    return random.choice((random.choice(VALUES), random.choice(STRINGS)))


def _member_changed(value: dict[str, object], key: str, random: Random) -> dict[str, object]:
    how = random.random()
    if how < 0.1:
        return {name: each for name, each in value.items() if name != key}
    if how < 0.15:
        return {(random.choice(STRINGS) if name == key else name): each for name, each in value.items()}
    return {**value, key: _replaced(value[key], random)}


def _item_changed(value: list[object], at: int, random: Random) -> list[object]:
    how = random.random()
    if how < 0.1:
        return value[:at] + value[at + 1 :]
    if how < 0.2:
        return value[:at] + [value[at]] * random.choice((2, 3, 40)) + value[at + 1 :]
    return [*value[:at], _replaced(value[at], random), *value[at + 1 :]]


def _repacked(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A zip archive of which one or two members are changed, left out or called something else."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(each.filename, archive.read(each)) for each in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError):
        return content
    for _ in range(random.choice((1, 1, 2))):
        at = random.randrange(len(members))
        name, inner = members[at]
        if random.random() < 0.06:
            members[at] = (random.choice(members)[0], inner)
            continue
        for _ in range(random.choice((1, 2, 4))):
            inner = random.choice(CHANGES)(inner, random, [each for _, each in members] or others)[:MOST]
        members[at] = (name, inner)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in members:
            archive.writestr(zipfile.ZipInfo(name or "x"), inner)
    return buffer.getvalue()


def _packed(content: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A content compressed or put into an archive, which may then be damaged."""
    if random.random() < 0.5:
        packed = gzip.compress(content, mtime=0)
    else:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(random.choice(("a.txt", "../a", "/a", "a/", "\u202ea", ".a"))), content)
        packed = buffer.getvalue()
    return _flip(packed, random, others) if random.random() < 0.5 else packed
