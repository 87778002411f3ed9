"""An invented contact centre as files, read, labelled from a table of lines, stored and reported as a scan does it."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from empathy_scan import hardship, prepare, rebuild, score
from empathy_scan.config import Config, ReadConfig
from empathy_scan.store import Store, conversations_of
from empathy_scan.tables import SCORES

KINDS = ("front", "agent", "newcomer", "conversations", "conversation", "method")  # of pages
COLUMNS = ("conversation_id", "turn", "role", "agent_id", "channel", "queue", "started_at", "start", "text")
MONDAY = datetime(2026, 8, 3, 8, 0, tzinfo=UTC)
WEEKS = 9
# Who answers how: the chances of an empathic and a scripted answer, of civility under attack, and of hostile customers.
AGENTS = {
    "maya.osei": (0.15, 0.75, 0.8, 0.3),
    "priya.nair": (0.85, 0.1, 1.0, 0.3),
    "derek.hollis": (0.3, 0.2, 0.3, 0.4),
    "tom.brennan": (0.75, 0.2, 0.95, 0.7),
    "ana-lucia.ferreira": (0.5, 0.4, 0.9, 0.3),
}
UPSET = (
    "My sofa did not come, again. I lost a shift for it, and nobody rang.",
    "The fridge is dead and the insulin is in it.",
    "I have rung four times since Monday and each time I was told that it is on its way.",
    "It was for my mother's birthday, and she sat there all afternoon and waited for it.",
)
HOSTILE = (
    "You lot are useless. A trained parrot would be more help than you are.",
    "Oh, you people always say that. Do you think I am stupid?",
    "If nobody comes today I will find out where you sit.",
)
PLAIN = ("What time is the van due?", "Fine.", "And will they ring before they come?", "Thank you. That was all.")
EMPATHIC = {
    "Insulin does not wait. How have you kept it cold so far? I have booked a courier for two o'clock.": "AXO",
    "A whole shift lost, and nobody rang: I would be cross too. I have put you at the top of tomorrow's list.": "AO",
    "She sat there all afternoon, on her birthday. What would you like us to do for her now?": "AX",
}
SCRIPTED = {
    "I do apologise for any inconvenience this may have caused.": "S",
    "I completely understand your frustration.": "S",
    "Your call is important to us, and I do apologise for the inconvenience. I will pass it on.": "SO",
}
MISSED = ("Between nine and twelve.", "The next slot is on Tuesday.", "I can see the order here.")
SNAPPED = {"There is no need to take that tone with me.": 1, "Then do not ask me, if you know it all.": 2}
LABELS = {
    **dict.fromkeys(UPSET, "1"),
    **dict(zip(HOSTILE, ("2i", "2c", "2t"), strict=True)),
    **{text: f"{flags}0" for text, flags in (EMPATHIC | SCRIPTED).items()},
    **{text: str(tone) for text, tone in SNAPPED.items()},
}
_FLAGS = {"S": "scripted", "A": "acknowledges", "X": "explores", "O": "owns"}
_KINDS = {"i": "insult", "t": "threat", "p": "profanity", "c": "contempt"}


def write_exports(folder: Path) -> None:
    """One export of all conversations, one of mails, and a file that cannot be read."""
    folder.mkdir(parents=True)
    chance = random.Random(20261005)  # noqa: S311 - a plot, not a secret
    talks = [
        (f"{agent.split('.')[0]}-{week}-{number}", agent, 7 * week + number)
        for agent in AGENTS
        for week in range(WEEKS)
        for number in range(2)
    ]
    rows = [row for name, agent, day in talks for row in _rows(name, agent, day, list(_lines(agent, chance)), chance)]
    rows += _rows("first-day", "new.colleague", 60, [("customer", UPSET[0]), ("agent", MISSED[0])], chance)
    write_csv(folder / "calls.csv", rows)
    (folder / "broken.json").write_text('{"Transcript": [', encoding="utf-8")


def write_csv(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """A table of turns as an export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def write_site(exports: Path, place: Path) -> Path:
    """The folder of the report of these exports; every turn is labelled by the table above, unknown ones as nasty."""
    config = Config(read=ReadConfig(languages=("any",)))
    prepared = prepare.turns([exports], config)
    scores = pl.DataFrame(
        [row for turn in prepared.turns.iter_rows(named=True) if (row := _score(turn))], schema=dict(SCORES.columns)
    )
    labels = score.label_turns(prepared.turns, scores, hardship.tells(prepared.turns))
    store = Store.open(place / "store")
    store.add(
        conversations_of(prepared.turns, model="9f31c0d2ab47", settings="51aa0c77be19"), prepared.turns, scores, labels
    )
    store.set_rejects(prepared.rejects)
    rebuild.write_report(store, place / "site", config)
    return place / "site"


def _lines(agent: str, chance: random.Random) -> Iterable[tuple[str, str]]:
    """A conversation of the agent: roles and lines."""
    caring, reciting, patience, trouble = AGENTS[agent]
    yield "agent", "Good morning, how can I help?"
    for _ in range(chance.randint(1, 3)):
        yield "customer", chance.choice(UPSET)
        yield "agent", _answer(chance, caring, reciting)
        if chance.random() < trouble:
            yield "customer", chance.choice(HOSTILE)
            calm = chance.random() < patience
            yield "agent", _answer(chance, caring, reciting) if calm else chance.choice(list(SNAPPED))
        yield "customer", chance.choice(PLAIN)
        yield "agent", chance.choice(MISSED)


def _answer(chance: random.Random, caring: float, reciting: float) -> str:
    drawn = chance.random()
    lines: Sequence[str] = list(EMPATHIC) if drawn < caring else list(SCRIPTED) if drawn < caring + reciting else MISSED
    return chance.choice(lines)


def _rows(
    name: str, agent: str, day: int, lines: Sequence[tuple[str, str]], chance: random.Random
) -> list[dict[str, object]]:
    started = MONDAY + timedelta(days=day, hours=chance.randint(0, 9))
    mail = chance.random() < 0.25
    shared = {
        "conversation_id": name,
        "channel": "email" if mail else "call",
        "queue": chance.choice(("deliveries", "repairs")),
        "started_at": started.isoformat(),
    }
    return [
        {**shared, "turn": turn, "role": role, "agent_id": agent if role == "agent" else "", "text": text}
        | ({} if mail else {"start": 9 * turn})
        for turn, (role, text) in enumerate(lines)
    ]


def _score(turn: dict[str, object]) -> dict[str, object] | None:
    """One segment per turn, as if a model had said what the table says."""
    role, text = str(turn["role"]), str(turn["text"])
    if role not in {"agent", "customer"}:
        return None
    agent = role == "agent"
    known = text in PLAIN or text in MISSED or text.startswith("Good morning")
    own = LABELS.get(text, "0" if known else "S1" if agent else "2ic")
    tone = int("".join(code for code in own if code.isdigit()))
    flags, kinds = ("".join(code for code in own if code in codes) for codes in (_FLAGS, _KINDS))
    marked = [*(_FLAGS[code] for code in flags), *(_KINDS[code] for code in kinds)]
    marked += [("guarded", "hostile")[tone - 1] if agent else "upset"] if tone and not kinds else []
    p_flags = {f"p_{each}": (0.9 if code in flags else 0.1) if agent else None for code, each in _FLAGS.items()}
    p_kinds = {f"p_{each}": None if agent else (0.9 if code in kinds else 0.1) for code, each in _KINDS.items()}
    tones = {f"p_{each}": 0.9 if at == tone else 0.05 for at, each in enumerate(("civil", "strained", "hostile"))}
    return {
        "conversation_id": turn["conversation_id"], "turn": turn["turn"], "segment": 0, "role": role,
        "start": 0, "end": len(text), **p_flags, **p_kinds, **tones, "flags": flags, "tone": tone, "kinds": kinds,
        "unsure": len(text) % 5 == 0, "model": "9f31c0d2ab47",
        "evidence": [_span(label, text, at) for at, label in enumerate(marked)],
    }  # fmt: skip


def _span(label: str, text: str, number: int) -> dict[str, object]:
    """A few characters of the text, others for every label."""
    start = min(number * len(text) // 3, max(0, len(text) - 1))
    return {"label": label, "start": start, "end": min(len(text), start + 12), "weight": 1.0 if number == 0 else 0.5}
