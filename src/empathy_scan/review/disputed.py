"""Appealed messages among the turns that people label, on the page and in files: nobody is to know which they are.

They lie there for everybody but those who are party to the appeal. What people say of them goes to the log of appeals
as advice for the one who decides, and is no answer of the queue: they were not drawn by lot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from empathy_scan import appeals_log, redact
from empathy_scan.appeals_log import APPEAL, Case, Event, Log
from empathy_scan.errors import UsageError
from empathy_scan.review import questions
from empathy_scan.review.questions import CANNOT_TELL
from empathy_scan.review.queue import Answer, Item, luck, person


def item(case: Case) -> Item:
    """An appealed message as one of the queue's: everybody gets it but those who are party to the appeal."""
    opening = case.opening
    return Item(
        case.item, opening.conversation_id, opening.turn, opening.role, opening.agent_id, opening.text, opening.context,
        {each.key: opening.labels.get(each.key, CANNOT_TELL) for each in questions.of(opening.role)},
        ("", opening.model, ""), APPEAL, 0, everyone=True,
    )  # fmt: skip


def said(case: Case) -> Iterator[Answer]:
    """What people said of an appealed message."""
    for each in case.labelled:
        yield Answer(case.item, each.who, each.decided, each.at, each.why)


def said_by(case: Case, who: str) -> Event | None:
    """What somebody said of it; None where nothing."""
    return next((each for each in case.labelled if person(each.who) == person(who)), None)


def is_party(case: Case, who: str) -> bool:
    """Whether somebody opened an appeal, or is the agent concerned."""
    return appeals_log.party(who) in {appeals_log.party(name) for name in (case.opening.who, case.opening.agent_id)}


def standard(case: Case, labels: Mapping[str, str]) -> dict[str, str]:
    """Of somebody's answers those that an appeal can be about: none of the centre's own labels."""
    return {each.key: labels[each.key] for each in questions.of(case.opening.role) if each.key in labels}


def keep(log: Log, case: Case, reviewer: str, labels: Mapping[str, str], comment: str) -> None:
    """Keep what somebody says of an appealed message who does not know of the appeal; the first answer counts.

    Raises UsageError where the appeal is decided by now, or for who is party to it; StoreError.
    """

    def made(held: Mapping[str, Case]) -> Event:
        now = held.get(case.message)
        if now is None or now.item != case.item or not now.is_open:
            raise UsageError("this turn is not in the queue any more", remedy="go on with the next one")
        if is_party(case, person(reviewer)):
            raise UsageError("you are party to this", remedy="go on with the next one")
        return Event(
            appeals_log.LABELLED, case.message, " ".join(reviewer.split()), datetime.now(UTC),
            redact.redact_text(comment) if comment else "", decided=standard(case, labels),
        )  # fmt: skip

    if said_by(case, reviewer) is None:
        log.add(made)


def asked(cases: Sequence[Case], who: str = "") -> list[Item]:
    """The messages that somebody is still to be asked about, or with no name those that nobody was."""
    if not who:
        return [item(case) for case in cases if not case.labelled]
    return [item(case) for case in cases if not is_party(case, who) and said_by(case, who) is None]


def mixed(items: Sequence[Item], appealed: Sequence[Item]) -> list[Item]:
    """The turns with appealed ones among them, at places that tell nothing and are the same every time."""
    whole = list(items)
    for each in sorted(appealed, key=lambda each: each.id):
        whole.insert(int(luck(each.id) * (len(whole) + 1)), each)
    return whole
