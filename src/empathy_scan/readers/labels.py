"""Speaker labels: which role a label names (`Agent`, `Dana (Advisor)`, `CUSTOMER 1`) and whose name it holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from empathy_scan.codebook import Role
from empathy_scan.readers.conversation import clean

# A role word alone, or in brackets beside a name. English, German, French, Spanish, Portuguese, Italian, Dutch.
_AGENT = (
    "agent, advisor, adviser, representative, rep, csr, tsr, associate, operator, support, staff, assistant, "
    "consultant, employee, teammate, admin, agent id, live agent, live chat agent, support agent, service agent, "
    "call center agent, call centre agent, contact center agent, customer service, customer support, customer "
    "care, customer service agent, customer service advisor, customer service adviser, customer service "
    "representative, customer service rep, customer support agent, support representative, service "
    "representative, sales representative, sales rep, sales agent, helpdesk, help desk, service desk, support "
    "team, customer service team, supervisor, team leader, mitarbeiter, mitarbeiterin, berater, beraterin, "
    "kundenberater, kundenberaterin, kundenservice, conseiller, conseillère, agente, asesor, asesora, atendente, "
    "operatore, consulente, medewerker"
)
_CUSTOMER = (
    "customer, client, caller, consumer, user, guest, member, patient, cardholder, visitor, end user, enduser, "
    "contact, cust, requester, buyer, shopper, subscriber, claimant, policyholder, tenant, passenger, kunde, "
    "kundin, anrufer, anruferin, cliente, klant, clienta, usuario, utilisateur, external"
)
_SYSTEM = (
    "system, bot, ivr, automated, virtual agent, virtual assistant, chatbot, chat bot, voicebot, voice bot, "
    "recording, narrator, automated agent, automated message, auto reply, system message, custom bot, ai agent, "
    "ai assistant, workflow, acd, action, note, internal note"
)
WORDS: dict[str, Role] = {
    word.strip(): role
    for words, role in ((_AGENT, Role.AGENT), (_CUSTOMER, Role.CUSTOMER), (_SYSTEM, Role.SYSTEM))
    for word in words.split(",")
}
# Words that name a role beside a name without brackets as well ("Agent Dana", "Dana - Customer"); the others are
# ordinary words of company and team names ("Guest Relations", "Member Services").
_STRONG = {
    "agent", "advisor", "adviser", "representative", "rep", "csr", "operator", "live agent", "support agent",
    "service agent", "customer service", "customer support", "customer care", "customer service agent",
    "customer service advisor", "customer service adviser", "customer service representative", "customer service rep",
    "customer support agent", "customer", "client", "caller", "kunde", "kundin", "mitarbeiter", "mitarbeiterin",
    "berater", "beraterin", "conseiller", "cliente", "agente", "virtual agent", "virtual assistant", "chatbot", "bot",
}  # fmt: skip
# Words that name a role before a name ("Support Jane") but not after it, and what follows them without being a name.
_PREFIXES = {"support", "supervisor", "consultant", "employee", "helpdesk"}
_NO_NAMES = frozenset({
    "agreement", "analyst", "case", "center", "centre", "channel", "chat", "code", "contract", "desk", "email",
    "engineer", "executive", "group", "hotline", "hours", "id", "level", "line", "link", "manager", "name", "note",
    "notes", "number", "options", "page", "phone", "plan", "portal", "query", "request", "site", "specialist", "status",
    "team", "ticket", "time", "times", "website",
})  # fmt: skip
# Labels of diarisation: `Speaker 1`, `SPEAKER_A`, `spk_10`, `ch_0`, `ch_0_1` (a speaker of a channel), `S1`, `M1`,
# `F2`, `1A`, `Guest-1` (a recogniser's word for people, no guests), `A`, `12`.
_SPEAKER_NUMBER = re.compile(
    r"(?:speaker|spkr?|participant|person|channel|chan|ch|track|party|voice|sprecher|locuteur)"
    r"(?:[ _-]?\d{1,3}(?:[ _/-]\d{1,3})?|[ _-][a-z]\d{0,2})"
    r"|[spmf][ _-]?\d{1,3}|guest-\d{1,2}|[a-z]|\d{1,3}|\d{1,2}[a-z]|uu"
)
_SHORT_NUMBER = re.compile(r"[a-z]|[pmf]\d|\d{1,2}[a-z]|uu")  # may stand before a colon in running text too
_NUMBERED = re.compile(r"(.{0,200}?)[ _#-]{0,9}+\d{1,3}")
_BRACKETS = re.compile(r"(?P<outer>[^()\[\]]{1,200}?)\s*+[(\[](?P<inner>[^()\[\]]++)[)\]]")
_TRIM = " \t*_`>[]#:-–—|"


@dataclass(frozen=True, slots=True)
class Label:
    """What a speaker label says: the role, and the name of the person where it holds one."""

    role: Role
    name: str | None = None


@lru_cache(maxsize=65536)
def read_label(label: str) -> Label:
    """The role and name of a label; role `unknown` when no role word is in it (`Jane Doe`, `Speaker 1`)."""
    label = clean(label)
    bare = label.strip(_TRIM)
    if is_speaker_number(bare):
        return Label(Role.UNKNOWN)
    if role := _word_role(bare):
        return Label(role)
    if found := _BRACKETS.fullmatch(label.strip(" \t*_`>:#")):
        outer, inner = found["outer"].strip(_TRIM), found["inner"].strip(_TRIM)
        if role := _word_role(inner):
            return Label(role, _person(outer))
        if role := _word_role(outer):
            return Label(role, _person(inner))
    return _beside_name(bare) or Label(Role.UNKNOWN, bare or None)


def is_speaker_number(label: str) -> bool:
    """Whether a label is a diarisation label: `Speaker 1`, `spk_0`, `A`, `ch_1`, `2`, `M1`, `1A`."""
    return _SPEAKER_NUMBER.fullmatch(label.strip(_TRIM).casefold()) is not None


def is_short_number(label: str) -> bool:
    """Whether a diarisation label is so short that one of its kind alone tells no speaker: `A`, `1A`, `M1`."""
    return _SHORT_NUMBER.fullmatch(label.strip(_TRIM).casefold()) is not None


def read_labels(labels: Iterable[str]) -> dict[str, Label]:
    """The labels of one conversation.

    An `assistant` who talks to a `user` is a language model, hence system. `User 1` and `User 2` without anybody else
    are no two users: their roles are open.
    """
    read = {label: read_label(label) for label in labels}
    if len(read) > 1 and _are_numbers_of_one_word(read):
        return dict.fromkeys(read, Label(Role.UNKNOWN))
    folded = {label.strip(_TRIM).casefold(): label for label in read}
    if "assistant" in folded and "user" in folded:
        read[folded["assistant"]] = Label(Role.SYSTEM)
    return read


def _are_numbers_of_one_word(labels: Iterable[str]) -> bool:
    """Whether all labels are one role word with different numbers: `Caller 1` and `Caller 2`."""
    numbered = [
        _NUMBERED.fullmatch(" ".join(re.split(r"[\s_\-.]+", label.strip(_TRIM).casefold()))) for label in labels
    ]
    words = {found[1].strip() for found in numbered if found} if all(numbered) else set()
    return len(words) == 1 and words <= WORDS.keys()


def _word_role(label: str) -> Role | None:
    """The role of a label that is nothing but a role word, perhaps with a number (`AGENT_1`, `end-user`)."""
    folded = " ".join(re.split(r"[\s_\-.]+", label.casefold())).strip()
    if role := WORDS.get(folded):
        return role
    numbered = _NUMBERED.fullmatch(folded)
    return WORDS.get(numbered[1].strip()) if numbered else None


def _person(name: str) -> str | None:
    """The name beside a role word, unless it is only a number or a speaker number."""
    return None if not name or is_speaker_number(name) else name


def _beside_name(label: str) -> Label | None:
    """The label of `Agent Dana`, `Dana - Agent` or `Customer: Mr Reed`: the longest strong role word at an end."""
    words = re.sub(r"[|:,/–—]| - ", " ", label).split()
    longest = max(each.count(" ") for each in _STRONG) + 1
    for size in range(min(len(words) - 1, longest), 0, -1):
        for taken, rest in ((words[:size], words[size:]), (words[-size:], words[:-size])):
            word = " ".join(taken).casefold()
            if word in _STRONG and all(part[0].isupper() or part[0].isdigit() for part in rest):
                return Label(WORDS[word], _person(" ".join(rest)))
    first, *name = words or [""]
    if first.casefold() in _PREFIXES and 0 < len(name) < 3 and all(_may_be_name(part) for part in name):
        return Label(WORDS[first.casefold()], _person(" ".join(name)))
    return None


def _may_be_name(word: str) -> bool:
    return word[0].isupper() and word.isalpha() and word.casefold() not in _NO_NAMES
