"""The XML exports of help desks as the JSON that their APIs give: `<created-at type="datetime">` is `created_at`.

Ruby on Rails writes them: an element is an object, `type="array"` makes it a list, `nil="true"` nothing at all.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from empathy_scan.errors import MalformedInputError

_ROOTS = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,500}?-->\s*)?(?:<!DOCTYPE[^<]{0,500})?<(?:helpdesk-)?tickets?[\s>]",
    re.DOTALL,
)
_DEEPEST = 12  # elements within one another


def begins(text: str) -> bool:
    """Whether a text begins like an export of tickets in XML."""
    return _ROOTS.match(text[:2000].lstrip("\ufeff")) is not None


def names(text: str, key: str) -> bool:
    """Whether an XML text has an element for a key of the API."""
    return f"<{key.replace('_', '-')}" in text


def read(text: str) -> object:
    """The tickets as JSON: `{"tickets": [...]}`, or the one ticket; raises MalformedInputError for broken XML."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MalformedInputError("XML that defines entities", where="line 1", remedy="export the file again")
    try:
        root = ET.fromstring(text.lstrip("\ufeff \t\r\n").encode("utf-8", "replace"), _parser())  # noqa: S314 - see above
    except ET.ParseError as error:
        line, column = error.position
        where = f"line {line}, column {column + 1}"
        raise MalformedInputError("not valid XML", where=where, remedy="export the file again") from error
    value = _value(root, _DEEPEST)
    return {"tickets": value} if isinstance(value, list) else value


def _parser() -> ET.XMLParser:
    """A parser that takes the text for UTF-8, whatever the declaration says: it is decoded already."""
    return ET.XMLParser(encoding="utf-8")  # noqa: S314 - what defines entities is refused before


def _value(element: ET.Element, deep: int) -> object:
    """An element as a JSON value; what is nested too deeply is left out."""
    kind = element.get("type")
    if element.get("nil") == "true" or not deep:
        return None
    if kind == "array":
        return [_value(each, deep - 1) for each in element]
    if len(element):
        return {each.tag.replace("-", "_"): _value(each, deep - 1) for each in element}
    text = element.text or ""
    return text.strip() == "true" if kind == "boolean" else text
