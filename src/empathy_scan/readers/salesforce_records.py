"""Records of Salesforce as its APIs give them (queries, the command line tool, Connect API), as columns of cells.

An enhanced conversation's entries hold their words in a payload, which is JSON, in tables as well. Source: Salesforce
REST API, "Query"; Connect API, "Conversation Entries"; Messaging Object Model, "ConversationEntry".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import apijson, columns, nested, tickets
from empathy_scan.readers.conversation import label_or_none
from empathy_scan.readers.files import Document, json_lines, parse_json
from empathy_scan.readers.message_sides import at
from empathy_scan.readers.tickets import Ledger

Wanted = Callable[[set[str]], object]
_DEEPEST = 6  # lists and objects around a record
_CHILDREN = {"EmailMessages", "CaseComments", "Emails", "Comments"}  # of a case
_MESSAGE = "abstractMessage.staticContent.text"  # in the payload of an entry


def found(document: Document, wanted: Wanted, ledger: Ledger) -> list[tuple[str, apijson.Resource]]:
    """The records of a JSON or JSON Lines file whose keys are wanted, with their places; broken lines are problems."""
    if not apijson.in_lines(document.text):
        return list(_records(document.json, wanted, "", {}, _DEEPEST, ledger))
    records: list[tuple[str, apijson.Resource]] = []
    for number, value in json_lines(document.text):
        if isinstance(value, MalformedInputError):
            ledger.problems.append(value)
        else:
            records += _records(value, wanted, f"line {number}", {}, _DEEPEST, ledger)
    return records


def keys_of(record: apijson.Resource) -> set[str]:
    """The keys of a record as columns are compared; those of objects within it, too."""
    inner = {
        columns.fold(f"{name}.{key}") for name, each in record.items() if isinstance(each, Mapping) for key in each
    }
    return inner | {columns.fold(str(name)) for name in record}


def as_columns(records: Sequence[apijson.Resource]) -> dict[str, list[object]]:
    """The records as columns of strings, named by letters and digits only."""
    names = dict.fromkeys(name for record in records for name in record)
    flat = nested.flatten({name: [_simple(record.get(name)) for record in records] for name in names})
    return {columns.fold(name): [_cell(value) for value in column] for name, column in reversed(list(flat.items()))}


def with_payloads(cells: Mapping[str, Sequence[object]]) -> dict[str, Sequence[object]]:
    """The columns, and those that entries of enhanced conversations hold as JSON: words, role and id of the sender."""
    found: dict[str, Sequence[object]] = dict(cells)
    if "entrypayload" in cells:
        words = [_said(cell) for cell in cells["entrypayload"]]
        told = zip(cells["entrypayload"], words, cells.get("message") or words, strict=True)
        found["message"] = [_cell(at(_object(cell), _MESSAGE)) or word or own for cell, word, own in told]
        found["entrypayload"] = [""] * len(words)
    if "sender" in cells and "senderrole" not in cells:
        senders = [_object(cell) for cell in cells["sender"]]
        found["senderrole"] = [_cell(sender.get("role")) for sender in senders]
        found["senderid"] = [_cell(sender.get("subject")) for sender in senders]
        found["sender"] = [cell if not sender else "" for cell, sender in zip(cells["sender"], senders, strict=True)]
    return found


def _records(
    value: object, wanted: Wanted, place: str, above: apijson.Resource, deep: int, ledger: Ledger
) -> Iterator[tuple[str, apijson.Resource]]:
    """The records in a JSON value; the mails and comments of a case say to which they belong."""
    if isinstance(value, list) and deep:
        inner = [tickets.at(place, f"record {number}") for number in range(1, len(value) + 1)]
        pairs = list(zip(inner, value, strict=True))
        read = [one for here, each in pairs for one in _records(each, wanted, here, above, deep - 1, ledger)]
        if read:
            ledger.problems += apijson.faulty(value, tickets.at(place, "record"))
        yield from read
    if not isinstance(value, Mapping):
        return
    record = {"ParentId": above.get("Id"), **value} if above and "ParentId" not in value else value
    if wanted(keys_of(record)):
        yield place, record
        return
    for name, each in value.items():
        if isinstance(each, Mapping | list) and deep:
            holder = value if name in _CHILDREN else above
            yield from _records(each, wanted, place, holder, deep - 1, ledger)


def _simple(value: object) -> object:
    """A payload as the text that it holds, a list as its first member; anything else as it is."""
    if isinstance(value, list):
        return next((each for each in value if isinstance(each, str)), None)
    if isinstance(value, Mapping) and "abstractMessage" in value:
        return at(value, _MESSAGE)
    return value


def _cell(value: object) -> str:
    """A value as the cell of a table."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else label_or_none(value) or ""


def _object(cell: object) -> apijson.Resource:
    """The object in a cell that holds JSON; an empty one for anything else."""
    if not isinstance(cell, str) or not cell.lstrip().startswith("{"):
        return {}
    try:
        return apijson.part(parse_json(cell))
    except MalformedInputError:
        return {}


def _said(cell: object) -> str:
    """A payload that is a text already."""
    return cell if isinstance(cell, str) and not cell.lstrip().startswith("{") else ""
