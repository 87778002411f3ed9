"""Answers that say the customer's own words back: they count as empathic only if what is left without these words does.

A rule on top of the model, not a part of it: the model takes a repeated sentence for understanding, since it names the
customer's situation. Where an answer is counted as empathic and holds six or more of the customer's words in their
order, the rest of it is scored alone; if that is not empathic, the answer loses these two labels, and says so in its
evidence. Nothing else of it changes. `docs/gaming.md` has what this gains and costs. `stuffing` has a second such rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl

from empathy_scan.codebook import Role

RUN = 4  # words that stand in the customer's order, with at most one other between two such runs
LEAST = 6  # words of a stretch that is taken out
UNCOUNTED = "uncounted"  # the label of such a stretch in the evidence of an answer that lost its labels
_LOOKED_BACK = 3  # turns of the customer before it
_LOST = ("acknowledges", "explores")
_KEY = ("conversation_id", "turn", "segment")
UNSEEN = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"  # characters that nobody sees, put into a word to hide it
_WORD = re.compile(rf"[a-z0-9{UNSEEN}]+(?:'[a-z{UNSEEN}]+)?")
_HIDDEN = re.compile(f"[{UNSEEN}]")
_ALIKE = str.maketrans(  # Cyrillic, Greek and wide letters that look like Latin ones
    "аеорсухіјѕԁһԛԝνοαε" + "".join(chr(0xFF41 + place) for place in range(26)),
    "aeopcyxijsdhqwvoae" + "abcdefghijklmnopqrstuvwxyz",
)
_MINE = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "we": "you", "us": "you", "our": "your", "ours": "yours",
    "am": "are", "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll", "was": "were",
    "myself": "yourself",
}  # fmt: skip
Span = tuple[int, int]
Stretch = tuple[str, int, int]  # the label that tells why it is not counted, and where it lies
Rule = tuple[str, Callable[[str, Sequence[str]], list[Span]]]  # such a label, and what finds the spans of a text


def words(text: str) -> list[str]:
    """The words of a text, the speaker's own turned into the other's: "my parcel" is "your parcel"."""
    return [word for _, _, word in _placed_words(text)]


def said_back(text: str, said: Iterable[str]) -> list[Span]:
    """The stretches of a text that are the customer's own words."""
    own = _placed_words(text)
    before = [words(one) for one in said]
    runs = {tuple(one[start : start + RUN]) for one in before for start in range(len(one) - RUN + 1)}
    plain = [word for _, _, word in own]
    starts = [start for start in range(len(own) - RUN + 1) if tuple(plain[start : start + RUN]) in runs]
    covered = {start + step for start in starts for step in range(RUN)}
    covered |= {place for place in range(1, len(own) - 1) if {place - 1, place + 1} <= covered}
    stretches = [(own[first][0], own[last][1], last - first + 1) for first, last in _unbroken(covered)]
    return [(start, end) for start, end, count in stretches if count >= LEAST]


def uncounted(
    turns: pl.DataFrame,
    segments: pl.DataFrame,
    scores: pl.DataFrame,
    again: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    rules: Sequence[Rule] = (),
) -> pl.DataFrame:
    """The scores without the flags of understanding and interest where only what does not count had earned them.

    What does not count is what any of the rules finds, the customer's own words if none is given. `again` scores
    segments: rows with the key of a segment, `flags`, and the probabilities. It is called at most once.
    """
    empathic = (pl.col("role") == Role.AGENT) & pl.col("flags").str.contains("A|X")
    counted = segments.join(scores.filter(empathic).select(_KEY), on=_KEY, how="semi", maintain_order="left")
    repeated = dict(_repeated(counted, turns, rules or ((UNCOUNTED, said_back),)))
    if not repeated:
        return scores
    held = counted.with_row_index("place").filter(pl.col("place").is_in(list(repeated)))
    rests = [_without(text, repeated[place]) for place, text in held.select("place", "text").iter_rows()]
    rest = held.with_columns(text=pl.Series(rests, dtype=pl.String)).drop("place")
    spoken = rest.filter(pl.col("text").str.contains(r"\p{L}"))
    found = again(spoken).select(*_KEY, "flags", *(f"p_{name}" for name in _LOST)) if spoken.height else None
    kept = set() if found is None else {*found.filter(pl.col("flags").str.contains("A|X")).select(_KEY).rows()}
    chances = {} if found is None else {row[:3]: row[4:] for row in found.iter_rows()}
    lost = {
        key: ([(label, begin + a, begin + b) for label, a, b in repeated[place]], chances.get(key, (0.0, 0.0)))
        for *names, begin, place in held.select(*_KEY, "start", "place").iter_rows()
        if (key := tuple(names)) not in kept
    }
    return _lowered(scores, lost) if lost else scores


def _lowered(
    scores: pl.DataFrame, lost: dict[tuple[object, ...], tuple[list[Stretch], tuple[float, ...]]]
) -> pl.DataFrame:
    """The scores with the flags of `lost` taken out, their probabilities those of the rest, and the stretches told."""
    label = pl.element().struct.field("label").is_in(_LOST)
    spans = [
        [{"label": why, "start": start, "end": end, "weight": 0.0} for why, start, end in stretches]
        for stretches, _ in lost.values()
    ]
    keys = pl.DataFrame(list(lost), schema={name: scores.schema[name] for name in _KEY}, orient="row")
    told = keys.with_columns(
        *(
            pl.Series(f"rest_{name}", [chance[place] for _, chance in lost.values()], scores.schema[f"p_{name}"])
            for place, name in enumerate(_LOST)
        ),
        spans=pl.Series(spans, dtype=scores.schema["evidence"]),
    )
    joined = scores.join(told, on=_KEY, how="left", maintain_order="left")
    one = pl.col("spans").is_not_null()
    changed = joined.with_columns(
        pl.when(one).then(pl.col("flags").str.replace_all("A|X", "")).otherwise("flags").alias("flags"),
        *(pl.coalesce(f"rest_{name}", f"p_{name}").alias(f"p_{name}") for name in _LOST),
        pl.when(one)
        .then(pl.col("evidence").list.eval(pl.element().filter(~label)).list.concat("spans"))
        .otherwise("evidence")
        .alias("evidence"),
        pl.when(one)
        .then(pl.col("deletions").list.eval(pl.element().filter(~label)))
        .otherwise("deletions")
        .alias("deletions"),
    )
    return changed.select(scores.columns)


def _repeated(counted: pl.DataFrame, turns: pl.DataFrame, rules: Sequence[Rule]) -> Iterator[tuple[int, list[Stretch]]]:
    """The place of each segment in which a rule finds something, with the stretches of its text."""
    customers = turns.filter(pl.col("role") == Role.CUSTOMER).join(
        counted.select("conversation_id").unique(), on="conversation_id", how="semi"
    )
    said: dict[str, list[tuple[int, str]]] = {}
    for name, turn, text in customers.sort("turn").select("conversation_id", "turn", "text").iter_rows():
        said.setdefault(name, []).append((turn, text))
    rows = counted.select("conversation_id", "turn", "text").iter_rows()
    for place, (name, turn, text) in enumerate(rows):
        before = [words_ for number, words_ in said.get(name, []) if number < turn][-_LOOKED_BACK:]
        if stretches := [(label, *span) for label, find in rules for span in find(text, before)]:
            yield place, stretches


def _without(text: str, stretches: Sequence[Stretch]) -> str:
    """The text with a space where the stretches were, which may overlap."""
    end, rest = 0, ""
    for _, start, stop in sorted(stretches, key=lambda stretch: stretch[1:]):
        rest += text[end:start] + " " if start >= end else ""
        end = max(end, stop)
    return (rest + text[end:]).strip()


def _unbroken(places: set[int]) -> Iterator[Span]:
    """First and last of every run of numbers that follow each other."""
    firsts = sorted(place for place in places if place - 1 not in places)
    lasts = sorted(place for place in places if place + 1 not in places)
    yield from zip(firsts, lasts, strict=True)


def folded(text: str) -> str:
    """The text in small Latin letters, of the same length."""
    plain = "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)
    return plain.replace("’", "'").translate(_ALIKE)


def seen(text: str) -> str:
    """The text without characters that nobody sees."""
    return _HIDDEN.sub("", text)


def _placed_words(text: str) -> list[tuple[int, int, str]]:
    """Start, end and word, in the other's point of view."""
    found = [(match.start(), match.end(), seen(match[0])) for match in _WORD.finditer(folded(text))]
    return [(start, end, _MINE.get(word, word.removesuffix("'s"))) for start, end, word in found if word]
