"""What the review page asks for: the next turn of a reviewer, an answer kept, and only then what the model says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from empathy_scan.appeals_log import Case, Log
from empathy_scan.errors import UsageError
from empathy_scan.report import words
from empathy_scan.review import disputed, questions
from empathy_scan.review.agreement import first_answers, last_answers
from empathy_scan.review.questions import CANNOT_TELL, Question
from empathy_scan.review.queue import Answer, Item, Queue, luck, person

_HELD_SECONDS = 1800.0  # that a turn lies before one reviewer and is given to no other
_LONGEST_COMMENT = 2_000
_LONGEST_NAME = 80

Told = dict[str, object]
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _State:
    """The queue as it was when it had this stamp."""

    stamp: object
    items: dict[str, Item]
    first: dict[_Key, Answer]
    last: dict[_Key, Answer]
    appeals: dict[str, Case]  # open ones, by item


class Desk:
    """A queue as several reviewers work on it at once, in one process."""

    def __init__(self, queue: Queue, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue, self._clock = queue, clock
        self._appeals = Log(queue.folder)
        self._lock = threading.RLock()
        self._held: dict[str, tuple[str, float]] = {}  # turn -> reviewer, and since when
        self._state = _State(None, {}, {}, {}, {})

    def next(self, reviewer: str) -> Told:
        """The next turn for a reviewer, with their progress; `turn` is None where nothing is left.

        Raises UsageError for a name that is none.
        """
        who = _named(reviewer)
        with self._lock:
            state, now = self._fresh(), self._clock()
            self._held = {name: each for name, each in self._held.items() if now - each[1] < _HELD_SECONDS}
            taken = {item for item, _ in state.first}
            for item in self._order(state, who):
                holder = self._held.get(item.id, (who, now))[0]
                loose = not item.everyone and not item.reviewer
                if (item.id, who) in state.first or (loose and (item.id in taken or holder != who)):
                    continue
                self._held[item.id] = (who, now)
                return {"turn": _shown(item, self._queue.asked_of(item)), **self._progress(state, who)}
            return {"turn": None, **self._progress(state, who)}

    def again(self, reviewer: str, item_id: str) -> Told:
        """A turn that the reviewer has answered, with that answer and what the model says. Raises UsageError."""
        who = _named(reviewer)
        with self._lock:
            state = self._fresh()
            item, answer = state.items.get(item_id), state.last.get((item_id, who))
            if item is None or answer is None:
                raise UsageError("you have not answered this turn", remedy="go on with the next one")
            asked = self._queue.asked_of(item)
            told = {"answers": dict(answer.labels), "comment": answer.comment, **_compared(item, answer.labels, asked)}
            return {"turn": _shown(item, asked), "answered": told, **self._progress(state, who)}

    def save(self, reviewer: str, item_id: str, labels: Mapping[str, str], *, comment: str = "") -> Told:
        """Keep an answer, and tell what the model says; it is on the disk when this returns.

        The first answer of a person to a turn counts; another one after it is kept as a second thought. Raises
        UsageError for a turn that is not in the queue or answers that are not complete, StoreError.
        """
        who = _named(reviewer)
        with self._lock:
            state = self._fresh()
            item = state.items.get(item_id)
            if item is None:
                raise UsageError("this turn is not in the queue any more", remedy="go on with the next one")
            asked = self._queue.asked_of(item)
            done = _complete(item, labels, asked)
            if item_id in state.appeals:
                disputed.keep(self._appeals, state.appeals[item_id], reviewer, done, comment[:_LONGEST_COMMENT])
                return {"saved": True, **_compared(item, done, asked), **self._progress(self._fresh(), who)}
            before = state.last.get((item_id, who))
            if before is None or dict(before.labels) != done or before.comment != comment:
                self._queue.add_answers([
                    Answer(
                        item_id, " ".join(reviewer.split()), done, datetime.now(UTC), comment[:_LONGEST_COMMENT],
                        again=before is not None,
                    )
                ])  # fmt: skip
            self._held.pop(item_id, None)
            return {"saved": True, **_compared(item, done, asked), **self._progress(self._fresh(), who)}

    def _fresh(self) -> _State:
        """The queue as it is now; read again only where a file has changed."""
        stamp = self._queue.stamp(), self._appeals.stamp()
        if self._state.stamp != stamp:
            appeals = {case.item: case for case in self._appeals.cases().values() if case.is_open}
            answers = [*self._queue.answers(), *(one for case in appeals.values() for one in disputed.said(case))]
            drawn = (item for item in self._queue.items() if self._queue.asked_of(item))
            items = {item.id: item for item in (*drawn, *map(disputed.item, appeals.values()))}
            self._state = _State(stamp, items, first_answers(answers), last_answers(answers), appeals)
        return self._state

    def _order(self, state: _State, who: str) -> list[Item]:
        """The turns of a reviewer in their own order.

        What everybody gets comes in nearly the same order to all, spread evenly over the others: so there is something
        to compare also where nobody gets to the end.
        """
        shared = [item for item in state.items.values() if item.everyone]
        own = [item for item in state.items.values() if not item.everyone and person(item.reviewer) in {"", who}]
        barred = {name for name, case in state.appeals.items() if disputed.is_party(case, who)}
        shared = [item for item in shared if item.id not in barred]
        placed = []
        for items, salt in ((shared, ""), (own, who)):
            ranked = sorted(items, key=lambda item: luck(item.id, salt))
            placed += [((at + luck(item.id, who)) / len(ranked), item.id) for at, item in enumerate(ranked)]
        return [state.items[name] for _, name in sorted(placed)]

    def _progress(self, state: _State, who: str) -> Told:
        """How many turns the reviewer has answered, and how many are left that nobody else has taken."""
        taken = {item for item, _ in state.first}
        done = sum((name, who) in state.first for name in state.items)
        left = sum(
            (item.id, who) not in state.first and (item.everyone or bool(item.reviewer) or item.id not in taken)
            for item in self._order(state, who)
        )
        return {"done": done, "left": left}


def _named(reviewer: str) -> str:
    """A reviewer's name as it is compared."""
    if not person(reviewer) or len(reviewer) > _LONGEST_NAME:
        raise UsageError("say who you are", remedy=f"give a name of up to {_LONGEST_NAME} characters")
    return person(reviewer)


def _complete(item: Item, labels: Mapping[str, str], asked: Sequence[Question]) -> dict[str, str]:
    """The answers, all of them given; raises UsageError."""
    open_ = [
        each.title
        for each in asked
        if not labels.get(each.key) and (each.needs is None or labels.get(each.needs[0]) == each.needs[1])
    ]
    if open_:
        raise UsageError(f"{len(open_)} question(s) are not answered", remedy="answer them, or choose “cannot tell”")
    hidden = {each.key for each in asked if each.needs and labels.get(each.needs[0]) != each.needs[1]}
    done = questions.completed(item.role, {key: said for key, said in labels.items() if key not in hidden}, asked)
    if isinstance(done, str):
        raise UsageError(done, remedy="load the page again")
    return done


def _shown(item: Item, asked: Sequence[Question]) -> Told:
    """A turn as the page shows it: without what the model says."""
    return {
        "id": item.id, "role": item.role, "text": words.shown(item.text),
        "context": [{"role": role, "text": words.shown(text)} for role, text in item.context],
        "questions": [
            {
                "key": each.key, "title": each.title, "meaning": each.meaning, "needs": each.needs,
                "choices": [
                    {"value": choice.value, "name": choice.name, "meaning": choice.meaning}
                    for choice in (each.choices if each.ordinal else reversed(each.choices))
                ],
            }
            for each in asked
        ],
    }  # fmt: skip


def _compared(item: Item, labels: Mapping[str, str], asked: Sequence[Question]) -> Told:
    """Beside each answer what the model says, and on how many of them it says the same."""
    rows = [
        {
            "key": each.key, "title": each.title, "yours": each.named(labels.get(each.key, CANNOT_TELL)),
            "model": each.named(item.model.get(each.key, CANNOT_TELL)),
            "same": labels.get(each.key) == item.model.get(each.key, CANNOT_TELL),
        }
        for each in asked
        if each.key in item.model
        if each.needs is None or each.needs[1] in {labels.get(each.needs[0]), item.model.get(each.needs[0])}
    ]  # fmt: skip
    return {"compared": rows, "agreed": sum(bool(row["same"]) for row in rows), "asked": len(rows)}
