"""The labels as data: what is given to a turn, by people and by the model alike (docs/codebook.md, version 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

CODEBOOK_VERSION = 1


class Role(StrEnum):
    """Who spoke a turn."""

    AGENT = "agent"
    CUSTOMER = "customer"
    SYSTEM = "system"  # bots, IVR, notes: never scored
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """How the conversation was held."""

    CALL = "call"
    CHAT = "chat"
    EMAIL = "email"
    SOCIAL = "social"
    SMS = "sms"
    OTHER = "other"


class CareClass(StrEnum):
    """The derived care class of an agent turn; headline figures use it."""

    EMPATHIC = "empathic"
    SCRIPTED = "scripted"
    NEUTRAL = "neutral"


class Tone(IntEnum):
    """Tone as a number: 0 civil, 1 guarded (agent) or upset (customer), 2 hostile."""

    CIVIL = 0
    STRAINED = 1  # `guarded` for an agent, `upset` for a customer
    HOSTILE = 2


@dataclass(frozen=True, slots=True)
class Label:
    """One label of the codebook: its code in files, its name in reports, and when it is given."""

    code: str
    name: str
    meaning: str


FLAGS: tuple[Label, ...] = (
    Label("S", "scripted", "a stock phrase of care that fits any other conversation unchanged"),
    Label("A", "acknowledges", "shows this customer's own situation, feeling or point of view understood"),
    Label("X", "explores", "asks openly what happened to them, what it did to them or what they need"),
    Label("O", "owns", "takes personal responsibility for a concrete next step: what, and by whom or when"),
)
AGENT_TONES: tuple[Label, ...] = (
    Label("0", "civil", "anything from warm to plain business"),
    Label("1", "guarded", "defensive, dismissive or cold towards the person"),
    Label("2", "hostile", "attacks or belittles the person"),
)
CUSTOMER_TONES: tuple[Label, ...] = (
    Label("0", "civil", "neutral, friendly, or a plain complaint stated as a fact"),
    Label("1", "upset", "anger, distress or impatience about the matter, without attacking anybody"),
    Label("2", "hostile", "attacks the agent, the company or its people"),
)
ATTACKS: tuple[Label, ...] = (
    Label("i", "insult", "insult or name-calling"),
    Label("t", "threat", "violence, lawyers, regulator or exposure said as a threat"),
    Label("p", "profanity", "profanity aimed at somebody"),
    Label("c", "contempt", "sarcasm, mockery, talking down, accusing of lying or stealing"),
)

FLAG_CODES = "".join(label.code for label in FLAGS)
FLAG_NAMES = tuple(label.name for label in FLAGS)
ATTACK_CODES = "".join(label.code for label in ATTACKS)
ATTACK_NAMES = tuple(label.name for label in ATTACKS)
AGENT_TONE_NAMES = tuple(label.name for label in AGENT_TONES)
CUSTOMER_TONE_NAMES = tuple(label.name for label in CUSTOMER_TONES)


def care_class(flags: str) -> CareClass:
    """The care class of an agent turn from its flag codes, in any order (`"SO"` is scripted)."""
    if "A" in flags or "X" in flags:
        return CareClass.EMPATHIC
    return CareClass.SCRIPTED if "S" in flags else CareClass.NEUTRAL


def tone_names(role: Role | str) -> tuple[str, ...]:
    """The names of tones 0, 1 and 2 for a role."""
    return AGENT_TONE_NAMES if role == Role.AGENT else CUSTOMER_TONE_NAMES


def sort_codes(codes: Iterable[str], order: str) -> str:
    """Codes as one string in codebook order, without repeats; raises ValueError for a code that is not in `order`."""
    given = set(codes)
    if unknown := given - set(order):
        msg = f"unknown codes {sorted(unknown)}; the codebook has {', '.join(order)}"
        raise ValueError(msg)
    return "".join(code for code in order if code in given)
