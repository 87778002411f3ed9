"""Words before a colon or in brackets that name nobody: fields of a form, and what transcribers hear beside words."""

from __future__ import annotations

_FIELDS = (
    "http https ps p.s note nb re fw fwd e.g i.e order number reference ref email e-mail mail phone tel fax address "
    "date time subject total price amount name account tracking link website url option step reason question answer "
    "issue status item product model serial delivery warning error example important summary update cc bcc to from "
    "sent action monday tuesday wednesday thursday friday saturday sunday"
)
_SOUNDS = (
    "applause background beep cough coughs crosstalk crying hold inaudible interruption laugh laughing laughs "
    "laughter music noise pause redacted ringing sigh sighs silence sobbing sobs unclear unintelligible"
)
_IN_CAPTIONS = (
    "beeping bell chatter chime click clicking coughing cries cross dial foreign gasps groans indiscernible "
    "instrumental musical no noises overlapping phone ring ringtone rings singing sniffles sob speech static tone "
    "typing voices whispers blank audio speaking speaks mumbles"
)
FIELDS = frozenset(_FIELDS.split())  # "Order number: 12"
SOUNDS = frozenset(_SOUNDS.split())  # "[laughter]"
IN_CAPTIONS = SOUNDS | frozenset(_IN_CAPTIONS.split())  # words of brackets in captions, which hold no names of desks
