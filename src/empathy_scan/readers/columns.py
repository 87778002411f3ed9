"""Which column of a table, or key of a JSON object, holds what: guessed from common names, the user's map first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from empathy_scan.errors import ConfigError, MissingColumnError

# Names in order of preference, compared by their letters and digits only (`Conversation-ID` = conversationid).
_CONVERSATION_ID = (
    "conversationid convoid convid dialogueid dialogid callid callsid contactid interactionid sessionid ticketid "
    "caseid chatid threadid transcriptid recordingid conversationuuid calluuid conversationnumber callnumber "
    "ticketnumber casenumber ticket chatno callno ticketno caseno contactno interactionno conversationno dialogueno "
    "sessionno threadno chatnumber contactnumber chatref callref ticketref caseref chatreference callreference "
    "ticketreference casereference conversationreference"
    " callguid contactguid interactionguid engagementid chatsessionid sessionuuid ucid gesprächsid"
    " gespraechsid konversationsid vorgangsnummer ticketnummer fallnummer anrufid idconversation"
    " identifiantconversation idappel numéroticket idconversacion idconversación idllamada númeroticket"
    " idconversa idchamada idconversazione idchiamata gespreksid"
)
# Names that may mean something else: used only if their values are those of ids.
_WEAK_CONVERSATION_ID = (
    "conversation interaction dialogue dialog chat call case session thread referenceno referencenumber referenceid "
    "refno reference ref"
)
_TURN = (
    "turn turnid turnnumber turnindex turnno utteranceid utteranceindex utterancenumber sequence sequencenumber "
    "seq seqno index idx position order linenumber i n no line"
)
_TEXT = (
    "text utterance message content body transcript sentence phrase turntext messagetext utterancetext "
    "messagebody messagecontent plaintext textbody comment line msg"
    " chatmessage bodytext textplain nachricht nachrichtentext inhalt texte contenu mensaje texto mensagem"
    " messaggio testo bericht tekst"
)
_ROLE = (
    "role speakerrole authorrole participantrole participanttype senderrole sendertype speakertype authortype "
    "usertype userrole fromtype fromrole partytype partyrole party isagent fromagent incoming direction"
    " actortype senderusertype participantpurpose rolle rôle rol ruolo papel"
)
_SPEAKER = (
    "speaker speakerlabel speakername speakerid participant participantname participantid sender sendername "
    "senderid from fromname author authorname displayname name username authorid authoremail senderemail "
    "senderaddress speakeremail participantemail fromemail fromaddress fromid partyname "
    "sentby postedby writtenby saidby userprofilerealname userprofiledisplayname userid"
    " sprecher absender verfasser locuteur expéditeur expediteur auteur remitente hablante remetente autor"
    " mittente parlante spreker afzender"
)
_AGENT = (
    "agentid agent agentname agentemail agentusername advisorid advisor advisername adviserid representative "
    "repid rep handledby operatorid ownerid assigneeid employeeid assigneename assigneeemail "
    "operatorname ownername representativeid representativename"
    " assignedto handlingagent csrname csrid teammate mitarbeiter berater conseiller asesor agente"
    " atendente operatore medewerker"
)
_START = (
    "start starttime startsec startseconds starts startms startmillis startoffset begin begintime beginoffset "
    "beginoffsetmillis beginoffsetms offset offsetms offsetseconds starttimems starttimemillis timestamp time ts "
    "datetime messagetime sentat createdat created date absolutetime sent"
    " timecreated senttime senton createdon createdtime entrytime messagetimestamp messagedate eventtime"
    " posttime zeit zeitstempel uhrzeit gesendetam heure horodatage hora fecha fechahora datum tijd"
    " tijdstip orario"
)
_END = "end endtime endsec endseconds endms endmillis stop endoffset endoffsetmillis endtimems"
_STARTED = (
    "startedat conversationstartedat callstartedat chatstartedat callstart callstarttime conversationstart "
    "conversationstarttime chatstart calldate callstartat conversationdate startdate startat"
)
_STARTED_OF_OBJECT = " starttime timestamp datetime createdat created date time"
_CHANNEL = (
    "channel channeltype medium mediatype media channelname platform conversationchannel callchannel"
    " kanal canal canale kanaal"
)
_QUEUE = (
    "queue queuename queueid skill skillname skillgroup department team teamname lineofbusiness conversationqueue"
    " warteschlange abteilung fila cola coda wachtrij"
)
_TURNS = (
    "turns messages utterances transcript conversation dialogue dialog chatlog calltranscript chattranscript "
    "conversationtext fulltext transcripttext log original history segments entries comments parts text content "
    "body"
    " chathistory chatmessages conversationhistory messagelog gesprächsverlauf chatverlauf verlauf"
    " transkript transcription transcripción transcripcion transcrição trascrizione"
)
_ONLY_WITH_TWO_VALUES = {"direction", "incoming"}

FIELDS = (
    "conversation_id", "turn", "role", "speaker", "agent_id", "channel", "queue", "started_at", "start", "end", "text",
    "turns",
)  # fmt: skip
_NAMES: dict[str, str] = dict(
    zip(
        FIELDS,
        (
            f"{_CONVERSATION_ID} {_WEAK_CONVERSATION_ID}",
            _TURN,
            _ROLE,
            _SPEAKER,
            _AGENT,
            _CHANNEL,
            _QUEUE,
            _STARTED,
            _START,
            _END,
            _TEXT,
            _TURNS,
        ),
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
    """The name as it is compared: letters and digits in lower case, without a zone at its end (`Sent (UTC)`)."""
    return re.sub(r"(?<=.)(?:utc|gmt)$", "", re.sub(r"[\W_]", "", name.casefold()))


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


def needs_ids(name: str) -> bool:
    """Whether the column is the conversation's id only if its values are those of ids (`reference`, `call`)."""
    return fold(name) in _WEAK_CONVERSATION_ID.split()


def may_hold_text(name: str) -> bool:
    """Whether a column of that name may hold texts or whole conversations."""
    return fold(name) in {*_TEXT.split(), *_TURNS.split()}


_TOLD = 60  # names of columns in a message


def shown(names: Iterable[str]) -> str:
    """The names for a message; what does not look like a name is counted only, as it may be text of a transcript."""
    known = list(names)
    plain = [name for name in known if re.fullmatch(r"[^\W\d_][\w .\-/()#]{0,39}", name) and len(name.split()) <= 3]
    others = len(known) - len(plain)
    told = ", ".join(plain[:_TOLD]) + (f" and {len(plain) - _TOLD:,} more" if len(plain) > _TOLD else "")
    return told + (f" and {others} unnamed" if plain and others else f"{others} unnamed" if others else "")


def missing_text(names: Sequence[str]) -> MissingColumnError:
    """The error for a table in which no column holds the text."""
    return MissingColumnError(
        f"no column holds the text of the turns; the columns are {shown(names) or 'none'}",
        remedy='name it: `--column text=NAME`, or text = "NAME" under [read.columns] in the settings',
    )


def missing_id(names: Sequence[str], why: str) -> MissingColumnError:
    """The error for a table of turns that holds several conversations, `why` in words, and no column with their ids."""
    return MissingColumnError(
        f"no column holds the conversation id, and the turns are not one conversation: {why}; "
        f"the columns are {shown(names)}",
        remedy='name it: `--column conversation_id=NAME`, or conversation_id = "NAME" under [read.columns] in the '
        "settings; or give each conversation a file of its own",
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
