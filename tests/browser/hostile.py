"""Exports as somebody would write them who wants to break the report, or as a broken system does."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import centre

CANARY = "window.hacked=1"
LONG = 10_000  # characters of a word
LONGEST = 190_000  # characters of a turn; a longer one is rejected with its conversation
WORD = "never"  # stands after whatever turns the direction of a text
NASTY = {
    "script": f"<script>{CANARY}</script>",
    "broken script": f"</script><script>{CANARY}//",
    "picture": f'"><img src=x onerror={CANARY}>',
    "attribute": f"' onmouseover='{CANARY}' autofocus onfocus='{CANARY}' x='",
    "drawing": f"</title></style></textarea><svg/onload={CANARY}>",
    "frame": f"<iframe srcdoc='<script>parent.{CANARY}</script>'></iframe><base href='https://elsewhere.example/'>",
    "refresh": '<meta http-equiv="refresh" content="0;url=https://x.example/"><link rel=stylesheet href=//x.example>',
    "link": f"javascript:{CANARY} https://elsewhere.example/ mailto:x@elsewhere.example",
    "comment": "<!-- --!> <!-- <![CDATA[ ]]> -->",
    "template": "{{ 7*7 }} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "entity": "&lt;script&gt; &#x202e; &nbsp; &amp;",
    "override": f"\u202eright to left {WORD}\u202d \u2067isolated {WORD} \u2066open",
    "marks": f"\u200f\u061c\u200e{WORD}\u200f\u061c",
    "hebrew": "שלום (עולם)",
    "arabic": "مرحبا (بالعالم)!",
    "emoji": "👩🏽‍🚀🏳️‍🌈👨‍👩‍👧‍👦" * 9,
    "combining": "Z" + "\u0338\u0322\u0334\u0357\u035e" * 60,
    "controls": "a\x07b\x1b[31mc\ufeffd\u2028e\u2029f\u00ad\u200b\u2060g\ufffe\uffff",
    "wide": "\ufdfd" * 20 + "𒐫" * 10,
}
WORDS = {
    "latin": "a" * LONG,
    "arabic": "م" * LONG,
    "emoji": "👩‍🚀" * (LONG // 3),
    "address": "https://elsewhere.example/" + "a-b_c.d/" * (LONG // 8),
    "combining": "e" + "\u0301" * LONG,
}


def write_exports(folder: Path) -> None:
    """A table in which everything is nasty, one with endless words, JSON with halves of characters, names of files."""
    folder.mkdir(parents=True)
    rows = [row for name, text in NASTY.items() for day in range(5) for row in _talk(name, day, text, text, text)]
    rows += [
        row
        for name in ("hebrew", "arabic")  # who stands out is named in sentences
        for day in range(10)
        for row in _talk(f"praised {name}", day, NASTY[name], NASTY[name], centre.UPSET[0], [*centre.EMPATHIC][1])
    ]
    rows += [
        row for name, text in WORDS.items() for row in _talk(f"endless {name}", 1, text[:300], text[:300], text)[:2]
    ]
    rows += [
        {**row, "turn": 2 * number + row["turn"]}
        for number, text in enumerate(NASTY.values())
        for row in _talk("everything", 1, "noor", "repairs", text)[:2]
    ]
    rows += _talk("endless turn", 2, "noor", "repairs", "It goes on and on. " * (LONGEST // 19))[:2]
    centre.write_csv(folder / "calls.csv", rows)
    halves = [
        {**row, "text": f"half a character \ud83d and {WORD} \udc00"} for row in _talk("half", 3, "noor", "x", "")
    ]
    (folder / "halves.json").write_text(json.dumps(halves), encoding="ascii")
    for name in (f"<img src=x onerror={CANARY}>.json", "\u202egpj.json", "a" * 200 + ".json", "{{ 7*7 }}.json"):
        (folder / name).write_text('{"Transcript": [', encoding="utf-8")


def _talk(name: str, day: int, agent: str, queue: str, text: str, answer: str = "") -> list[dict[str, object]]:
    """A conversation of six turns, all of them this text, or each answered with the other."""
    started = centre.MONDAY + timedelta(days=day)
    shared = {"conversation_id": f"{name} {day} {agent}"[:200], "channel": "chat", "queue": queue}
    shared["started_at"] = started.isoformat()
    return [
        {**shared, "turn": turn, "role": role, "agent_id": agent if role == "agent" else "",
         "text": [text, answer][turn % 2] if answer else f"{text} {turn}"}
        for turn, role in enumerate(("customer", "agent") * 3)
    ]  # fmt: skip
