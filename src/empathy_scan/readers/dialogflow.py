"""Dialogflow CX: the interaction logs that are exported to BigQuery, as JSON or JSON Lines.

Source: "Interaction logging export to BigQuery". A row is one turn of a conversation: what the end user said, in
`request`, and what the virtual agent answered, in `response`. The virtual agent is no person: its turns are system
turns, and `agent_id` of a row is the id of the bot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document, parse_json
from empathy_scan.readers.utterances import Object, label, labels, pick, silent
from empathy_scan.readers.verdict import Verdict

_NAMES = ("conversation_name", "conversation:name", "conversationName")
_LISTED = ("rows",)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the export: the conversation and its parts."""

    place: str
    conversation: str
    value: Object
    request: Object
    response: Object


def sniff_dialogflow(document: Document) -> Verdict:
    """Whether the file holds rows with `turn_position` and the name of a conversation."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        every=("turn_position",),
        some=_NAMES,
        fits="rows with turn_position, request and response, of Dialogflow CX",
        lacks="it has no turn_position with conversation_name",
        otherwise="turn_position, but without request and response",
    )


def parse_dialogflow(document: Document, config: ReadConfig) -> Parsed:
    """The conversations of a file; raises MalformedInputError when it holds no rows of the export."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    if not resources.found:
        raise MalformedInputError("no rows of an interaction log in it", remedy="export the table as JSON Lines")
    grouped: dict[str, list[Row]] = defaultdict(list)
    problems = list(resources.problems)
    for place, value in resources.found:
        name = label(pick(value, *_NAMES))
        if name is None:
            problems.append(MalformedInputError("no name of the conversation", where=place, remedy="export it again"))
            continue
        grouped[name].append(Row(place, name, value, _json(value.get("request")), _json(value.get("response"))))
    conversations: list[Conversation] = []
    for name, rows in grouped.items():
        made = _conversation(name, rows)
        problems += [_textless(row) for row in rows if _is_textless(row)]
        if made is None:
            problems.append(silent(rows[0].place))
        else:
            conversations.append(made)
    return Parsed(conversations, problems)


def _holds(value: Object) -> bool:
    return "turn_position" in value and ("request" in value or "response" in value) and bool(pick(value, *_NAMES))


def _json(value: object) -> Object:
    """An object, or the object that a string holds: BigQuery writes its JSON columns in either way."""
    if not isinstance(value, str):
        return apijson.part(value)
    try:
        return apijson.part(parse_json(value))
    except MalformedInputError:
        return {}


def _conversation(name: str, rows: Sequence[Row]) -> Conversation | None:
    """The conversation of rows; None if nobody says anything in them."""
    order = apijson.in_order([apijson.number(row.value.get("turn_position")) for row in rows])
    moments = [apijson.moment(row.value.get("request_time")) for row in rows]
    started = apijson.earliest(moments)
    turns = [turn for at in order for turn in _turns(rows[at], apijson.since(started, moments[at]))]
    if not turns:
        return None
    return Conversation(
        conversation_id=name.rpartition("/")[2] or name,
        turns=turns,
        channel=Channel.OTHER,
        started_at=started,
        place=rows[0].place,
        metadata=labels({"language": rows[0].value.get("language_code")}),
    )


def _turns(row: Row, start: float | None) -> list[Turn]:
    """What the end user said, and what the virtual agent answered."""
    spoken = _user(row)
    answers = "\n".join(_answers(row))
    made = [Turn(spoken, Role.CUSTOMER, "queryInput", "end user", start=start)] if spoken else []
    return made + ([Turn(answers, Role.SYSTEM, "responseMessages", "virtual agent", start=start)] if answers else [])


def _user(row: Row) -> str:
    """The words of the end user: written, or recognised; "" for keys pressed and events."""
    query = apijson.part(pick(row.request, "queryInput", "query_input"))
    result = apijson.part(pick(row.response, "queryResult", "query_result"))
    written = apijson.part(query.get("text")).get("text")
    return next(
        (text for each in (written, result.get("transcript"), result.get("text")) if (text := apijson.spoken(each))), ""
    )


def _textless(row: Row) -> InputError:
    what = "an answer with a text that is no string; it is left out"
    return MalformedInputError(what, where=row.place, remedy="export it again")


def _is_textless(row: Row) -> bool:
    """Whether what was said or answered is there, but is no string."""
    query = apijson.part(pick(row.request, "queryInput", "query_input"))
    written = apijson.part(query.get("text")).get("text")
    return not all(isinstance(each, str | None) for each in (written, *_texts(row)))


def _answers(row: Row) -> list[str]:
    """The texts of the answer."""
    return list(filter(None, map(apijson.spoken, _texts(row))))


def _texts(row: Row) -> list[object]:
    """What stands for texts in the answer."""
    result = apijson.part(pick(row.response, "queryResult", "query_result"))
    messages = apijson.objects(pick(result, "responseMessages", "response_messages"))
    found = [apijson.part(each.get("text")).get("text") for each in messages]
    return [each for texts in found for each in (texts if isinstance(texts, list) else [texts])]
