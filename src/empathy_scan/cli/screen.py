"""A judged conversation on the terminal, as good as its page: what happened in short, its course, the dialogue.

Words that counted are underlined and quoted below their turn, so that nothing is said by colour or by style alone.
Whatever comes from a transcript passes through `Screen.words`: nothing in it can steer the terminal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from empathy_scan.cli.base import safe
from empathy_scan.dialogue import JudgedConversation
from empathy_scan.report import sketch
from empathy_scan.report.dialogue import Dialogue, Turn
from empathy_scan.report.inshort import Reference
from empathy_scan.report.marks import Piece

WIDE = 120  # columns from which on the reasons stand beside the words
WIDEST = 200
STYLES = {
    "empathic": "green", "rose": "green", "owns": "green", "scripted": "yellow", "guarded": "dark_orange",
    "upset": "dark_orange", "hostile": "bold red", "load": "magenta", "missed": "cyan", "hardship": "cyan",
    "own": "blue",
}  # fmt: skip
_SIGNS = {
    "empathic": "●", "scripted": "■", "missed": "○", "guarded": "▲", "hostile": "◆", "rose": "★", "owns": "✓",
    "upset": "~", "hardship": "♥", "unsure": "?", "open": "○", "load": "▮", "own": "§",
}  # fmt: skip
_PLAIN_SIGNS = {
    "empathic": "+", "scripted": "s", "missed": "o", "guarded": "g", "hostile": "H", "rose": "*", "owns": "v",
    "upset": "u", "hardship": "h", "unsure": "?", "open": "-", "load": "!", "own": "=",
}  # fmt: skip
_NEEDED = "▁▄█▔▀●■○▲◆★✓♥▮“”…–→"  # what a terminal must be able to show for more than ASCII
# Typographic characters of ours and of transcripts that have a plain form.
_PLAIN = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "·": "|", "→": "->", "−": "-", "�": "?"}
)
# Floods: more than three combining marks on a letter, more than two characters without width in a row.
_COMBINING = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0e31-\u0e4e"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
)
_WIDTHLESS = r"[\u00ad\u200b-\u200d\u2060-\u2064\ufeff]"
_FLOODS = re.compile(rf"({_COMBINING}{{3}}){_COMBINING}+|({_WIDTHLESS}{{2}}){_WIDTHLESS}+")


def show(
    found: JudgedConversation | Sequence[Mapping[str, Any]], *, where: str, no_color: bool, only_ascii: bool
) -> None:
    """Print a conversation, or a list of those that there are, as wide as the terminal is."""
    console = Console(highlight=False, no_color=no_color or None, emoji=False, markup=False)
    only_ascii = only_ascii or not _shows(console.encoding)
    if only_ascii and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # letters of transcripts that the terminal lacks become ?
    screen = Screen(width=min(console.width, WIDEST), only_ascii=only_ascii)
    drawn = screen.conversation(found) if isinstance(found, JudgedConversation) else screen.listing(found, where)
    console.print(drawn, width=screen.width)


def _shows(encoding: str) -> bool:
    """Whether a terminal of this encoding can show our signs."""
    try:
        _NEEDED.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Screen:
    """Draws for a terminal of a width, with signs that it can show."""

    def __init__(self, *, width: int, only_ascii: bool = False) -> None:
        self.width, self.ascii = width, only_ascii
        self._signs = _PLAIN_SIGNS if only_ascii else _SIGNS
        self._alphabet = sketch.ASCII if only_ascii else sketch.UNICODE

    def words(self, text: str) -> str:
        """Words of others, safe for a terminal, and in ASCII terminals with plain marks."""
        tamed = _FLOODS.sub(lambda found: found[1] or found[2], safe(text))
        return tamed.translate(_PLAIN) if self.ascii else tamed

    def conversation(self, found: JudgedConversation) -> RenderableType:
        """A conversation from top to bottom."""
        page = found.page
        return Group(
            Text(self.words(page.heading), style="bold"),
            Text(self.words(" · ".join(page.facts)), style="dim"),
            *self._short(page),
            *self._course(page),
            *self._heading("What was said"),
            *(part for turn in page.turns for part in self._turn(turn)),
            *([Text(self.words(found.note), style="dim")] if found.note else []),
        )

    def listing(self, rows: Sequence[Mapping[str, Any]], where: str) -> RenderableType:
        """The conversations that there are to choose from."""
        lines = [
            Text(self.words(f"{row['conversation_id']}  ({', '.join(_told(row))})"), overflow="fold") for row in rows
        ]
        count = f"{len(rows):,} conversations in {where}; show one by its id"
        return Group(*lines, Text(self.words(count), style="dim"))

    def _heading(self, text: str) -> list[RenderableType]:
        return [Text(""), Text(text, style="bold underline")]

    def _short(self, page: Dialogue) -> Iterator[RenderableType]:
        """What happened, statement by statement, with the numbers of the messages."""
        yield from self._heading("In short")
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=1)
        grid.add_column(ratio=1, overflow="fold")
        for item in page.statements:
            lines = Text(self.words(f"{item.text}{_numbers(item.references)}"))
            for quote in item.quotes:
                lines.append(self.words(f"\n“{quote.quote}”{_numbers([quote])}"), style="italic")
            grid.add_row(self._sign(item.kind), lines)
        yield grid

    def _course(self, page: Dialogue) -> Iterator[RenderableType]:
        """The lanes of tone and care, what their signs mean, and the same in words."""
        drawn = sketch.sketch(page.course, width=self.width, alphabet=self._alphabet)
        if drawn is None:
            return
        yield from self._heading("Tone and care along the way")
        for lane in drawn.lanes:
            line = Text(f"{lane.name:<{sketch.LABEL}}", no_wrap=True, overflow="crop")
            for cell in lane.cells:
                line.append(cell.sign.ljust(drawn.cell), style=STYLES.get(cell.kind, "dim"))
            yield line
        yield Text(" " * sketch.LABEL + drawn.numbers, style="dim", no_wrap=True, overflow="crop")
        legend = Text("   ").join(
            Text(f"{sign} {text}", style=STYLES.get(kind, "")) for sign, kind, text in drawn.legend
        )
        if legend:
            yield legend
        grouped = f" Each sign is {drawn.grouped} messages, drawn with the harshest tone in them." * (drawn.grouped > 1)
        yield Text(self.words(" ".join(page.course.told) + grouped))

    def _turn(self, turn: Turn) -> Iterator[RenderableType]:
        """One message: who and when with its labels, the words, and why it has the labels."""
        yield Text("")
        yield self._who(turn)
        words = Text(overflow="fold")
        for piece in turn.pieces:
            words.append(self.words(piece.text), style=_style(piece))
        why = Text(overflow="fold")
        for line in self._why(turn):
            why.append_text(Text("\n" if why else "")).append_text(line)
        indent = 0 if self.width < WIDE // 2 else 4 + 4 * (turn.side == "agent")
        if self.width < WIDE:
            yield Padding(Group(words, *([why] if why else [])), (0, 0, 0, indent))
            return
        beside = Table.grid(padding=(0, 2), expand=True)
        beside.add_column(ratio=3, overflow="fold")
        beside.add_column(ratio=2, overflow="fold")
        beside.add_row(words, why)
        yield Padding(beside, (0, 0, 0, indent))

    def _who(self, turn: Turn) -> Text:
        """The line above a message."""
        line = Text(overflow="fold")
        line.append(f"#{turn.number} ", style="dim")
        line.append(self.words(turn.who), style="dim" if turn.side == "system" else "bold")
        line.append(f" {turn.when}" if turn.when else "", style="dim")
        for chip in turn.chips:
            line.append("  ").append_text(self._sign(chip.kind))
            line.append(self.words(f" {chip.text} {chip.chance}".rstrip()), style=STYLES.get(chip.kind, ""))
        return line

    def _why(self, turn: Turn) -> Iterator[Text]:
        """The lines below or beside a message."""
        if turn.appeal:
            yield Text(self.words(turn.appeal), style="bold")
        if turn.aside:
            yield Text(self.words(turn.aside), style="dim")
        for reply in turn.replies:
            number = f" (#{reply.number})" if reply.number else ""
            yield self._sign(reply.kind).append(f" {reply.text}{number}", style=STYLES.get(reply.kind, ""))
        for reason in turn.reasons:
            quotes = ", ".join(f"“{quote}”" for quote in reason.quotes)
            yield Text(self.words(f"{reason.text}: {quotes}{': ' if quotes else ''}{reason.check}"), style="dim")
        for phrase in turn.house:
            yield Text(
                self.words(f"house phrase, {phrase.title}: “{' '.join(phrase.text.split())}”"), style="dim italic"
            )
        if turn.weighed:
            yield Text(self.words(f"weighed, but not given: {', '.join(turn.weighed)}"), style="dim")

    def _sign(self, kind: str) -> Text:
        return Text(self._signs.get(kind, "-"), style=STYLES.get(kind, ""))


def _style(piece: Piece) -> str:
    """How a stretch of words is drawn: underlined where it counted, slanted where it is a house phrase."""
    counted = f"underline {STYLES.get(piece.kind, '')}" if piece.kind else ""
    return f"{counted} {'italic' if piece.house else ''}".strip()


def _numbers(references: Sequence[Reference]) -> str:
    return "".join(f" #{reference.number}" for reference in references)


def _told(row: Mapping[str, Any]) -> Iterator[str]:
    """What a list says of a conversation, in words."""
    yield str(row["channel"])
    if row["started_at"]:
        yield str(row["started_at"])[:16].replace("T", " ")
    yield from row.get("agents") or ()
    yield f"{row['turns']} messages"
