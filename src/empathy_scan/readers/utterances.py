"""Lists of utterances and messages in the JSON of products: what they say, how long, how surely, and what is broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from empathy_scan.codebook import Channel
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson, speech, times
from empathy_scan.readers.conversation import Turn, clean, label_or_none

Object = Mapping[str, object]
_WRITTEN = {Channel.CHAT, Channel.SMS, Channel.EMAIL, Channel.SOCIAL}  # a message is a turn there
_LONGEST_LABEL = 200  # characters; no id, name or link's file name is longer
_ISO_SPAN = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", re.IGNORECASE)
# What must not leave a file as a label for grouping: mail addresses, links, telephone numbers.
_PRIVATE = re.compile(r".*(?:@|://).*|(?:tel|sips?):.*|\+?[\d\s()./-]{7,}", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """An object of a list of utterances, and what it says."""

    value: Object
    text: str


def said(values: object, where: str, text_of: Callable[[Object], object]) -> tuple[list[Said], list[InputError]]:
    """The members of a list that say something, and one problem for all that are broken; empty texts are neither."""
    members = values if isinstance(values, list) else []
    found: list[Said] = []
    broken: list[str] = []
    for at, value in enumerate(members):
        text = text_of(value) if isinstance(value, Mapping) else value
        if not isinstance(value, Mapping) or not isinstance(text, str | None):
            broken.append(f"{where}[{at}]".strip())
        elif text and (cleaned := clean(text)):
            found.append(Said(value, cleaned))
    if not broken:
        return found, []
    what = f"{len(broken)} of {len(members)} utterances are no objects with a text, and are left out"
    return found, [MalformedInputError(what, where=broken[0], remedy="export it again")]


def silent(place: str) -> InputError:
    """The problem of a conversation in which nobody says anything."""
    return MalformedInputError("nobody says anything in it", where=place, remedy="remove it, or export it again")


def turns_in_order(turns: Sequence[Turn], channel: str) -> list[Turn]:
    """The turns by start if every one has a start; what one speaker says in a row is one turn, unless it is written."""
    order = apijson.in_order([turn.start for turn in turns])
    sorted_turns = [turns[at] for at in order]
    return sorted_turns if channel in _WRITTEN else speech.joined(sorted_turns)


def pick(value: Object, *names: str) -> object:
    """What an object has under the first of the names that is not empty; None if all are."""
    return next((found for name in names if (found := value.get(name)) not in (None, "", [], {})), None)


def label(value: object) -> str | None:
    """An id or name; None for anything that is no such short word or number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = label_or_none(value)
    return found if found and len(found) <= _LONGEST_LABEL else None


def labels(values: Object) -> dict[str, str]:
    """Labels for grouping; without empty ones, and without addresses, links and telephone numbers."""
    found = apijson.metadata(**{name: value for name, value in values.items() if not isinstance(value, bool)})
    return {name: text for name, text in found.items() if not _PRIVATE.fullmatch(text)}


def span(value: object) -> float | None:
    """Seconds of a duration: `"12.9s"`, `{"seconds": "12", "nanos": 900000000}`, `"PT1M2.5S"` or a plain number."""
    if isinstance(value, Mapping):
        whole, nanos = apijson.number(value.get("seconds", 0)), apijson.number(value.get("nanos", 0))
        return None if whole is None or nanos is None else offset(whole + nanos / 1e9)
    if not isinstance(value, str):
        return offset(value)
    if len(value) <= _LONGEST_LABEL and (parts := _ISO_SPAN.fullmatch(value.strip())) and any(parts.groups()):
        days, hours, minutes, seconds = (float(part or 0) for part in parts.groups())
        return offset(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    return offset(value.strip().removesuffix("s"))


def offset(value: object, *, unit: float = 1.0) -> float | None:
    """Seconds from the start of a conversation of a number in `unit` seconds; None for more than a day."""
    found = apijson.seconds(value, unit=unit)
    return found if found is not None and found <= times.DAY else None


def after(start: float | None, length: float | None) -> float | None:
    """The end of what begins and lasts so many seconds; None where one is missing."""
    return None if start is None or length is None else round(start + length, 6)


def confidence(words: Iterable[Object], whole: object) -> float | None:
    """The mean confidence of the words that have one, else that of the whole; 0 says that there is none."""
    known = [found for word in words if (found := apijson.share(word.get("confidence")))]
    return speech.mean(known) if known else apijson.share(whole) or None


def name_of_url(value: object) -> str | None:
    """The name of the file that a link or path leads to, without suffix, query and signature; None without one."""
    path = _path_of(value)
    return label(path.stem) if path is not None else None


def place_of_url(value: object) -> str | None:
    """The file that a link or path leads to with its folders, without host, suffix, query and signature."""
    path = _path_of(value)
    if path is None:
        return None
    return label(path.with_suffix("").as_posix().strip("/")) if path.stem else None


def _path_of(value: object) -> PurePosixPath | None:
    if not isinstance(value, str):
        return None
    text = value.split("?")[0].split("#")[0]
    try:
        path = urlsplit(text).path if "://" in text else text
    except ValueError:
        return None
    return PurePosixPath(unquote(path).replace("\\", "/"))
