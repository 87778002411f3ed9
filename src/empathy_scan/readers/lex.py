"""Amazon Lex: conversation logs, an object per request: what the user said or wrote, and what the bot answered.

Source: Amazon Lex V2 Developer Guide, "Logging conversations with conversation logs", and that of V1 (`botResponse`).
The bot is no person: its answers are system turns, so a session with the bot alone has no agent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from empathy_scan.codebook import Channel, Role
from empathy_scan.config import ReadConfig
from empathy_scan.errors import InputError, MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.conversation import Conversation, Parsed, Turn
from empathy_scan.readers.files import Document
from empathy_scan.readers.utterances import Object, label, labels, silent
from empathy_scan.readers.verdict import Verdict

_LISTED = ("events", "logs")
_BOTS = ("botId", "botName", "botAliasId")
_SPOKEN = {"speech", "dtmf"}


def sniff_lex(document: Document) -> Verdict:
    """Whether the file holds objects with `inputTranscript`, a session and a bot."""
    return apijson.sniff(
        document,
        _holds,
        listed=_LISTED,
        every=("inputTranscript",),
        some=_BOTS,
        fits="objects with inputTranscript of a bot's session, of Amazon Lex",
        lacks="it has no inputTranscript of a bot",
        otherwise="inputTranscript, but without the session of a bot",
    )


def parse_lex(document: Document, config: ReadConfig) -> Parsed:
    """The sessions of a file; raises MalformedInputError when it holds no log of Lex."""
    del config
    resources = apijson.resources(document, _holds, listed=_LISTED)
    if not resources.found:
        raise MalformedInputError("no log of Lex in it", remedy="export the conversation logs as JSON Lines")
    sessions: dict[str, list[tuple[str, Object]]] = defaultdict(list)
    for place, value in resources.found:
        sessions[label(value.get("sessionId")) or ""].append((place, value))
    conversations: list[Conversation] = []
    problems = list(resources.problems)
    for name, requests in sessions.items():
        problems += [
            _textless(place) for place, value in requests if not all(isinstance(t, str) for t in _texts(value))
        ]
        made = _conversation(name, requests)
        problems += [silent(requests[0][0])] if made is None else []
        conversations += [] if made is None else [made]
    return Parsed(conversations, problems)


def _holds(value: Object) -> bool:
    return "inputTranscript" in value and label(value.get("sessionId")) is not None and any(b in value for b in _BOTS)


def _textless(place: str) -> InputError:
    what = "a text of the request or answer is no string; it is left out"
    return MalformedInputError(what, where=place, remedy="export the log again")


def _texts(value: Object) -> list[object]:
    """What stands for texts in a request and its answer."""
    answers = [message.get("content") for message in apijson.objects(value.get("messages"))]
    return [text for text in (value.get("inputTranscript"), value.get("botResponse"), *answers) if text is not None]


def _conversation(name: str, requests: Sequence[tuple[str, Object]]) -> Conversation | None:
    """A session, its requests in order of time; None if nobody says anything in it."""
    moments = [apijson.moment(value.get("timestamp")) for _, value in requests]
    started = apijson.earliest(moments)
    seconds = [apijson.since(started, moment) for moment in moments]
    turns = [turn for at in apijson.in_order(seconds) for turn in _turns(requests[at][1], seconds[at])]
    if not turns:
        return None
    modes = {str(label(value.get("inputMode"))).casefold() for _, value in requests}
    return Conversation(
        conversation_id=name,
        turns=turns,
        channel=Channel.CALL if modes & _SPOKEN else Channel.CHAT,
        started_at=started,
        place=requests[0][0],
        metadata=labels({"language": requests[0][1].get("localeId")}),
    )


def _turns(value: Object, start: float | None) -> list[Turn]:
    """What the user said, and what the bot answered."""
    said = apijson.spoken(value.get("inputTranscript"))
    answer = "\n".join(filter(None, map(apijson.spoken, _texts({**value, "inputTranscript": None}))))
    made = [Turn(said, Role.CUSTOMER, "inputTranscript", "user", start=start)] if said else []
    return made + ([Turn(answer, Role.SYSTEM, "bot", "bot", start=start)] if answer else [])
