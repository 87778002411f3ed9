"""A judged conversation on the terminal: turns on the left, scores on the right, the words that counted underlined."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from empathy_scan.cli.base import safe
from empathy_scan.codebook import ATTACKS, FLAGS
from empathy_scan.dialogue import JudgedConversation, JudgedTurn

NAMES = {label.code: label.name for label in (*FLAGS, *ATTACKS)}
STYLES = {
    "empathic": "green",
    "scripted": "yellow",
    "hostile": "bold red",
    "guarded": "dark_orange",
    "upset": "dark_orange",
}
QUOTED = 3  # of the words that counted for a label, the strongest; all of them are underlined


def render(conversation: JudgedConversation) -> RenderableType:
    """A heading and a table with one row per turn; 60 columns are enough for it."""
    agents = list(dict.fromkeys(turn.agent_id for turn in conversation.turns if turn.agent_id))
    table = Table(box=box.HORIZONTALS, show_lines=True, expand=True, pad_edge=False)
    table.add_column("turn", justify="right", width=4)
    table.add_column("who", width=8)
    table.add_column("words", ratio=1)
    table.add_column("scores", width=17)
    for turn in conversation.turns:
        named = turn.agent_id if len(agents) > 1 and turn.agent_id else ""
        table.add_row(str(turn.turn), safe(f"{turn.role}\n{named}".rstrip()), _words(turn), _scores(turn))
    heading = f"{conversation.conversation_id} ({conversation.channel}, {', '.join(agents) or 'no agent'})"
    return Group(Text(safe(heading), style="bold"), table)


def _words(turn: JudgedTurn) -> Text:
    """The text with the words that counted underlined, and below it the strongest of them for each label."""
    text = Text(safe(turn.text))
    for span in turn.evidence:
        text.stylize(f"underline {STYLES.get(span['label'], 'cyan')}", span["start"], span["end"])
    for label in dict.fromkeys(span["label"] for span in turn.evidence):
        spans = sorted((span for span in turn.evidence if span["label"] == label), key=lambda span: -span["weight"])
        quoted = ", ".join(f"“{safe(turn.text[span['start'] : span['end']])}”" for span in spans[:QUOTED])
        text.append(f"\n{label}: {quoted}", style="dim")
    return text


def _scores(turn: JudgedTurn) -> Text:
    """Care class, tone and labels, each with its probability."""
    if not turn.tone:
        return Text("not scored", style="dim")
    lines = Text()
    if turn.care_class:
        lines.append(f"{turn.care_class}\n", style=STYLES.get(turn.care_class, ""))
    lines.append(_measured(turn.tone, turn.tone_p), style=STYLES.get(turn.tone, ""))
    for code, probability in turn.labels.items():
        lines.append("\n" + _measured(NAMES[code], probability))
    return lines


def _measured(name: str, probability: float) -> str:
    """A name and its probability, which stand in a column of their own."""
    return f"{name:<12} {probability:.2f}"
