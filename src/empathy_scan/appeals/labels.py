"""Labels of one message by code, as appeals write them, and in the words of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empathy_scan.appeals_log import Labels
from empathy_scan.codebook import ATTACKS, FLAGS, Role, tone_names
from empathy_scan.errors import UsageError
from empathy_scan.report import appealed, marks
from empathy_scan.report.appealed import HARDSHIP

TONE, YES, NO = "tone", "yes", "no"


def labels_now(row: Mapping[str, object]) -> dict[str, str]:
    """A row of LABELS as labels by code."""
    agent = row["role"] == Role.AGENT
    held = str(row["flags"] if agent else row["kinds"])
    told = {each.code: YES if each.code in held else NO for each in (FLAGS if agent else ATTACKS)}
    told[TONE] = str(row["tone"])
    return told if agent else {**told, HARDSHIP: YES if row["hardship"] else NO}


def spelt(role: str, labels: Labels) -> list[str]:
    """Labels by code as they are written on the command line: `tone=civil`, `scripted=no`."""
    names = {each.code: each.name for each in (*FLAGS, *ATTACKS)}
    return [
        f"{names.get(code, code)}={tone_names(role)[int(value)] if code == TONE else value}"
        for code, value in labels.items()
    ]


def parse(role: str, given: Sequence[str], *, counts: Labels | None = None) -> dict[str, str]:
    """Labels in words (`tone=civil`, `stock phrase=no`) by code. Raises UsageError, which names those that there are.

    With `counts`, those that count now, at least one must differ from them.
    """
    names, tones = _names(role), {name: str(at) for at, name in enumerate(tone_names(role))}
    found: dict[str, str] = {}
    for one in given:
        name, sign, value = (part.strip().casefold() for part in one.partition("="))
        code = names.get(name.replace("_", " "))
        values = {**tones, "0": "0", "1": "1", "2": "2"} if code == TONE else {"yes": YES, "no": NO}
        if code is None or not sign or value not in values:
            raise UsageError(
                f"{one!r} is no label of {'an agent' if role == Role.AGENT else 'a customer'}'s message",
                remedy=f"write one of {', '.join(_offered(role))}",
            )
        if found.setdefault(code, values[value]) != values[value]:
            raise UsageError(f"{name} is given twice, and differently", remedy="give it once")
    if not found:
        raise UsageError("no label is given", remedy=f"write one or more of {', '.join(_offered(role))}")
    if counts is not None and all(counts.get(code) == value for code, value in found.items()):
        raise UsageError(
            f"the message counts so already: it counts as {appealed.in_words(role, counts)}",
            remedy="say which label should be another one",
        )
    final = {**(counts or {}), **found}
    if final.get(TONE) != "2" and (wrong := [each.name for each in ATTACKS if found.get(each.code) == YES]):
        raise UsageError(f"{', '.join(wrong)} without a hostile tone", remedy="add tone=hostile, or leave it out")
    return found


def merged(role: str, counts: Labels, changes: Labels) -> dict[str, str]:
    """All labels of a message after some have changed: only hostile customers attack."""
    final = {**counts, **changes}
    if role != Role.AGENT and final[TONE] != "2":
        final |= {each.code: NO for each in ATTACKS}
    return final


def _names(role: str) -> dict[str, str]:
    """The codes of a role's labels by every way of writing them: code, codebook's name, and as pages call them."""
    held = FLAGS if role == Role.AGENT else ATTACKS
    found = {name: each.code for each in held for name in (each.code.casefold(), each.name, marks.called(each.name))}
    return {**found, TONE: TONE, **({} if role == Role.AGENT else {HARDSHIP: HARDSHIP})}


def _offered(role: str) -> list[str]:
    held = [each.name for each in (FLAGS if role == Role.AGENT else ATTACKS)]
    yes_or_no = [*held, *([] if role == Role.AGENT else [HARDSHIP])]
    return [f"tone={'|'.join(tone_names(role))}", *(f"{name}=yes|no" for name in yes_or_no)]
