"""How much personal data is replaced, and how often rightly: the tables in docs/privacy.md.

Run with `python benchmarks/redaction.py`; a minute on one core. Redacts the conversations of `tests/data/redaction`
whose personal data we marked, and counts per type what was covered whole. `--part dev dev-calls` shows parts on which
rules are tuned, `--misses` what was missed and what was replaced without need, `--scores` whether the shipped model
says the same of the texts before and after, on them and on `data/samples`. The marked conversations are made up.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import polars as pl

from empathy_scan import classify, prepare, redact, score, stats
from empathy_scan.config import Config, RedactConfig, ScoreConfig
from empathy_scan.model import bundle
from empathy_scan.redact_rules import KINDS
from empathy_scan.tables import TURNS, conform

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "data" / "redaction"
WORKED_ON = ["dev", "dev-more", "fresh", "dev-calls", "dev-written"]  # rules may be written on these
TEST = ["test", "test-calls", "test-written"]  # only measured
# Types of the set, as the floors of issue and docs group them.
GROUPS = {
    "cards": ("CARD",),
    "e-mail": ("EMAIL",),
    "phone": ("PHONE",),
    "ids": ("NATIONAL_ID", "IBAN", "BANK", "ORDER", "POLICY", "PLATE", "IP"),
    "names": ("NAME", "HANDLE"),
}
# Which placeholders are right for which type; any placeholder hides.
_MARK = re.compile(r"⟦([A-Z_]+):([^⟦⟧]*)⟧")
_PLACEHOLDER = re.compile(r"\[(?:" + "|".join(KINDS) + r")\]")
_ROLES = {"A": "agent", "C": "customer"}


@dataclass(frozen=True, slots=True)
class Marked:
    """A turn with what is personal in it: type, start, end."""

    conversation: str
    channel: str
    role: str
    text: str
    spans: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An entity of the set and whether all of it was replaced, or a placeholder and whether rightly."""

    kind: str
    channel: str
    good: bool
    text: str
    around: str


def marked(part: str) -> list[Marked]:
    """The turns of a part of the set."""
    turns = []
    blocks = re.split(r"(?m)^## ", (FOLDER / f"{part}.txt").read_text(encoding="utf-8"))[1:]
    for number, block in enumerate(blocks):
        title, _, body = block.partition("\n")
        turns += [
            _marked_turn(f"{part}-{number:03}", title.split()[0], said.strip())
            for said in re.split(r"(?m)^(?=[AC]: )", body)[1:]
        ]
    return turns


def _marked_turn(conversation: str, channel: str, said: str) -> Marked:
    text, spans, end = "", [], 0
    body = said[3:]
    for mark in _MARK.finditer(body):
        text += body[end : mark.start()]
        spans.append((mark[1], len(text), len(text) + len(mark[2])))
        text, end = text + mark[2], mark.end()
    return Marked(conversation, channel, _ROLES[said[0]], text + body[end:], tuple(spans))


def frame(turns: Sequence[Marked]) -> pl.DataFrame:
    """The turns as TURNS, as an export without names of speakers gives them."""
    given = pl.DataFrame(
        {
            "conversation_id": [turn.conversation for turn in turns],
            "channel": [{"mail": "email"}.get(turn.channel, turn.channel) for turn in turns],
            "role": [turn.role for turn in turns],
            "text": [turn.text for turn in turns],
        }
    ).with_columns(
        pl.int_range(pl.len(), dtype=pl.Int32).over("conversation_id").alias("turn"),
        pl.lit("column role").alias("role_source"),
        pl.lit(datetime(2026, 11, 18, tzinfo=UTC)).alias("started_at"),
        pl.lit("set.txt").alias("source"),
        pl.lit("text").alias("format"),
    )
    missing = [pl.lit(None, kind).alias(name) for name, kind in TURNS.columns.items() if name not in given.columns]
    return conform(given.with_columns(missing), TURNS)


def replaced(before: str, after: str) -> list[tuple[str, int, int]]:
    """Kind, start and end, in the text before, of what the placeholders of the text after stand for."""
    pieces, kinds, end = [], [], 0
    for match in _PLACEHOLDER.finditer(after):
        pieces.append(after[end : match.start()])
        kinds.append(match[0][1:-1])
        end = match.end()
    pattern = "".join(f"{re.escape(piece)}(.+?)" for piece in pieces) + re.escape(after[end:])
    whole = re.fullmatch(pattern, before, re.DOTALL)
    if whole is None:
        raise ValueError("the text after is not the text before with placeholders")
    spans = [(kind, *whole.span(place + 1)) for place, kind in enumerate(kinds)]
    return [span for span in spans if before[span[1] : span[2]] != f"[{span[0]}]"]


def compare(turns: Sequence[Marked], after: Sequence[str]) -> tuple[list[Found], list[Found]]:
    """Every entity and whether it was covered, every placeholder and whether most of it covers entities."""
    entities, placeholders = [], []
    for turn, text in zip(turns, after, strict=True):
        spans = replaced(turn.text, text)
        covered = {place for _, start, end in spans for place in range(start, end)}
        personal = {place for _, start, end in turn.spans for place in range(start, end)}
        for kind, start, end in turn.spans:
            if kind != "EITHER":
                whole = all(place in covered for place in _letters(turn.text, start, end))
                entities.append(_found(kind, turn, whole, start, end))
        for kind, start, end in spans:
            letters = _letters(turn.text, start, end)
            good = 2 * sum(place in personal for place in letters) > len(letters)
            placeholders.append(_found(kind, turn, good, start, end))
    return entities, placeholders


def _letters(text: str, start: int, end: int) -> list[int]:
    return [place for place in range(start, end) if text[place].isalnum()]


def _found(kind: str, turn: Marked, good: bool, start: int, end: int) -> Found:  # noqa: FBT001 - a column
    around = f"{turn.text[max(0, start - 40) : start]}⟦{turn.text[start:end]}⟧{turn.text[end : end + 30]}"
    return Found(kind, turn.channel, good, turn.text[start:end], around.replace("\n", "\\n"))


def share(found: Sequence[Found]) -> str:
    """`0.981 (0.95 to 0.99, n=120)`, with Wilson's interval."""
    if not found:
        return "-"
    good = sum(one.good for one in found)
    estimate = stats.wilson(good, len(found))
    return f"{good / len(found):.3f} ({estimate.low:.3f} to {estimate.high:.3f}, n={len(found)})"


def measured(part: str) -> tuple[list[Found], list[Found]]:
    """Entities and placeholders of a part of the set."""
    turns = marked(part)
    return compare(turns, redact.redact(frame(turns), RedactConfig())["text"].to_list())


def main() -> None:
    """Print recall per type and group, precision per placeholder and channel, and what was missed if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", nargs="+", choices=[*WORKED_ON, *TEST], default=TEST, metavar="PART")
    parser.add_argument("--misses", nargs="?", const="", help="only of this type")
    parser.add_argument("--scores", action="store_true")
    options = parser.parse_args()
    each = [measured(part) for part in options.part]
    entities, placeholders = ([one for part in each for one in part[place]] for place in (0, 1))
    print(f"{', '.join(options.part)}: {len(entities)} entities\n")
    print("| type | recall | in calls | in chats | in e-mail |\n|---|---|---|---|---|")
    for name, kinds in {**{kind: (kind,) for kind in sorted({one.kind for one in entities})}, **GROUPS}.items():
        print(f"| {name} | {_by_channel([one for one in entities if one.kind in kinds])} |")
    print(f"| all | {_by_channel(entities)} |\n")
    print("| placeholder | precision | in calls | in chats | in e-mail |\n|---|---|---|---|---|")
    for kind in sorted({one.kind for one in placeholders}):
        print(f"| [{kind}] | {_by_channel([one for one in placeholders if one.kind == kind])} |")
    print(f"| all | {_by_channel(placeholders)} |")
    if options.misses is not None:
        for title, found in (("missed", entities), ("without need", placeholders)):
            for one in found:
                if not one.good and options.misses in one.kind:
                    print(f"{title} {one.kind} {one.channel}: {one.around}")
    if options.scores:
        for part in options.part:
            agreement(part)


def agreement(part: str) -> None:
    """Print how far the shipped model says the same of the texts before and after redaction."""
    scorer = score.Scorer(bundle.load(), ScoreConfig())
    turns = frame(marked(part))
    print("\n| turns | n | same labels | same, of turns with a placeholder | largest shift | mean |")
    print("|---|---|---|---|---|---|")
    _agreed(f"the set, {part}", turns, redact.redact(turns, RedactConfig()), scorer)
    plain = replace(Config(), redact=RedactConfig(enabled=False))
    key = ["conversation_id", "turn"]
    before, after = (prepare.turns([ROOT / "data" / "samples"], config).turns for config in (plain, Config()))
    before = before.join(after.select(key), on=key, how="semi").sort(key)
    _agreed("data/samples", before, after.join(before.select(key), on=key, how="semi").sort(key), scorer)


def _agreed(name: str, before: pl.DataFrame, after: pl.DataFrame, scorer: score.Scorer) -> None:
    plain = replace(Config(), redact=RedactConfig(enabled=False))
    sides = [classify.classify(_rows(turns), scorer, plain) for turns in (before, after)]
    changed = [
        was != now for was, now, role in zip(before["text"], after["text"], before["role"], strict=True)
        if role in classify.SPEAKERS
    ]  # fmt: skip
    same, shifts, by_label = [], [], defaultdict(list)
    for one, other in zip(*sides, strict=True):
        kind = "flags" if "flags" in one else "kinds"
        same.append((one["tone"], one[kind]) == (other["tone"], other[kind]))
        for group in ("tone_probs", "care", "attack"):
            for label, value in one.get(group, {}).items():
                by_label[f"{one['role']} {label}"].append(abs(value - other[group][label]))
                shifts.append(by_label[f"{one['role']} {label}"][-1])
    touched = [good for good, new in zip(same, changed, strict=True) if new]
    print(f"| {name} | {len(same)} | {_wilson(same)} | {_wilson(touched)} | {max(shifts):.2f} | {fmean(shifts):.4f} |")
    for label, values in sorted(by_label.items()):
        print(f"    {label}: mean {fmean(values):.4f}, largest {max(values):.2f}")


def _wilson(good: Sequence[bool]) -> str:
    estimate = stats.wilson(sum(good), len(good))
    return f"{sum(good) / len(good):.3f} ({estimate.low:.3f} to {estimate.high:.3f}, n={len(good)})"


def _rows(turns: pl.DataFrame) -> list[classify.Row]:
    """Every turn of an agent or customer with the four before it, as `classify` takes it."""
    rows: list[classify.Row] = []
    for (conversation,), part in turns.sort("turn").group_by("conversation_id", maintain_order=True):
        said = part.select("role", "text", "turn").rows()
        for place, (role, text, turn) in enumerate(said):
            context = [
                {"role": who, "text": words}
                for who, words, _ in said[max(0, place - 4) : place]
                if who in classify.SPEAKERS
            ]
            if role in classify.SPEAKERS:
                rows.append({"id": f"{conversation} {turn}", "role": role, "text": text, "context": context})
    return rows


def _by_channel(found: Sequence[Found]) -> str:
    channels = ("call", "chat", "email")
    return " | ".join([share(found), *(share([one for one in found if one.channel == name]) for name in channels)])


if __name__ == "__main__":
    main()
