"""Which column of a table, or key of a JSON object, holds what: guessed from common names, the user's map first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from empathy_scan.errors import ConfigError, MissingColumnError

# Names in order of preference, compared by their letters and digits only (`Conversation-ID` = conversationid).
_CONVERSATION_ID = (
    "conversationid convoid convid dialogueid dialogid callid callsid contactid interactionid sessionid ticketid "
    "caseid chatid threadid transcriptid recordingid conversationuuid calluuid conversationnumber callnumber "
    "ticketnumber casenumber ticket"
)
_TURN = (
    "turn turnid turnnumber turnindex turnno utteranceid utteranceindex utterancenumber sequence sequencenumber "
    "seq seqno index idx position order linenumber i n no line"
)
_TEXT = (
    "text utterance message content body transcript sentence phrase turntext messagetext utterancetext "
    "messagebody messagecontent plaintext textbody comment line msg"
)
_ROLE = (
    "role speakerrole authorrole participantrole participanttype senderrole sendertype speakertype authortype "
    "usertype fromtype party isagent fromagent incoming direction"
)
_SPEAKER = (
    "speaker speakerlabel speakername speakerid participant participantname participantid sender sendername "
    "senderid from fromname author authorname displayname name username"
)
_AGENT = (
    "agentid agent agentname agentemail agentusername advisorid advisor advisername adviserid representative "
    "repid rep handledby operatorid ownerid assigneeid employeeid"
)
_START = (
    "start starttime startsec startseconds starts startms startmillis startoffset begin begintime beginoffset "
    "beginoffsetmillis beginoffsetms offset offsetms offsetseconds starttimems starttimemillis timestamp time ts "
    "datetime messagetime sentat createdat created date absolutetime"
)
_END = "end endtime endsec endseconds endms endmillis stop endoffset endoffsetmillis endtimems"
_STARTED = (
    "startedat conversationstartedat callstartedat chatstartedat callstart callstarttime conversationstart "
    "conversationstarttime chatstart calldate callstartat conversationdate startdate startat"
)
_STARTED_OF_OBJECT = " starttime timestamp datetime createdat created date time"
_CHANNEL = "channel channeltype medium mediatype media channelname platform"
_QUEUE = "queue queuename queueid skill skillname skillgroup department team teamname lineofbusiness"
_TURNS = (
    "turns messages utterances transcript conversation dialogue dialog chatlog calltranscript chattranscript "
    "conversationtext fulltext transcripttext log original history segments entries comments parts text content "
    "body"
)
_ONLY_WITH_TWO_VALUES = {"direction", "incoming"}

FIELDS = (
    "conversation_id", "turn", "role", "speaker", "agent_id", "channel", "queue", "started_at", "start", "end", "text",
    "turns",
)  # fmt: skip
_NAMES: dict[str, str] = dict(
    zip(
        FIELDS,
        (_CONVERSATION_ID, _TURN, _ROLE, _SPEAKER, _AGENT, _CHANNEL, _QUEUE, _STARTED, _START, _END, _TEXT, _TURNS),
        strict=True,
    )
)


def check_overrides(overrides: Mapping[str, str]) -> None:
    """Raise ConfigError when the user maps a column of ours that does not exist."""
    if unknown := sorted(set(overrides) - set(FIELDS)):
        raise ConfigError(
            f"unknown column {', '.join(map(repr, unknown))}",
            where="[read.columns]",
            remedy=f'known columns: {", ".join(FIELDS)}; write them as {FIELDS[-2]} = "Name in the file"',
        )


def fold(name: str) -> str:
    """The name as it is compared: letters and digits in lower case."""
    return re.sub(r"[\W_]", "", name.casefold())


def guess(names: Sequence[str], overrides: Mapping[str, str], *, of_object: bool = False) -> dict[str, str]:
    """Our columns -> the table's own. Each of the table's is used once; what the user maps wins.

    `of_object`: the names are a conversation's keys, where `created_at` is the conversation's time, not a turn's.
    Raises MissingColumnError when the user names a column that the table does not have.
    """
    mapped = _given(names, overrides)
    free = {fold(name): name for name in reversed(names) if name not in mapped.values()}
    for field in FIELDS:
        wanted = _NAMES[field] + (_STARTED_OF_OBJECT if of_object and field == "started_at" else "")
        if field in mapped or field == "turns" or (of_object and field in {"start", "end", "turn", "role", "speaker"}):
            continue
        known = [name for name in wanted.split() if name in free]
        if known:
            mapped[field] = free[known[0]]
            if field != "text":  # a `transcript` may turn out to be the whole conversation
                del free[known[0]]
    return mapped


def turns_candidates(names: Sequence[str]) -> list[str]:
    """The columns that may hold whole conversations, the likeliest first."""
    folded = {fold(name): name for name in reversed(names)}
    return [folded[name] for name in _TURNS.split() if name in folded]


def is_known(name: str) -> bool:
    """Whether the name is one of those that tables of conversations have."""
    folded = fold(name)
    return folded == "id" or any(folded in names.split() for names in _NAMES.values())


def needs_two_values(name: str) -> bool:
    """Whether the column tells the speaker only if it changes within a conversation (`direction`)."""
    return fold(name) in _ONLY_WITH_TWO_VALUES


def shown(names: Iterable[str]) -> str:
    """The names for a message; what does not look like a name is counted only, as it may be text of a transcript."""
    known = list(names)
    plain = [name for name in known if re.fullmatch(r"[^\W\d_][\w .\-/]{0,39}", name) and len(name.split()) <= 3]
    others = len(known) - len(plain)
    return ", ".join(plain) + (f" and {others} unnamed" if plain and others else f"{others} unnamed" if others else "")


def missing_text(names: Sequence[str]) -> MissingColumnError:
    """The error for a table in which no column holds the text."""
    return MissingColumnError(
        f"no column holds the text of the turns; the columns are {shown(names) or 'none'}",
        remedy='name it: `--column text=NAME`, or text = "NAME" under [read.columns] in the settings',
    )


def _given(names: Sequence[str], overrides: Mapping[str, str]) -> dict[str, str]:
    """The user's map with the table's own spelling."""
    folded = {fold(name): name for name in reversed(names)}
    mapped = {}
    for ours, theirs in overrides.items():
        name = theirs if theirs in names else folded.get(fold(theirs))
        if name is None:
            raise MissingColumnError(
                f"there is no column {theirs!r} for {ours}; the columns are {shown(names)}",
                remedy="correct `--column` or [read.columns] in the settings",
            )
        mapped[ours] = name
    return mapped
