"""Personal data becomes typed placeholders (`[EMAIL]`, `[PHONE]`, ...) before anything is scored or written.

Rules, not a model: what they find is found every time; a name that nobody introduces and the export does not know, or
a place, stays. So do amounts, dates, times, durations and quantities, because no complaint can be understood without
them. A text is redacted again and again until nothing changes, so that `redact(redact(x)) == redact(x)`; this ends,
because every replacement takes at least one character away from what is outside the placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from empathy_scan.config import RedactConfig
from empathy_scan.redact_rules import personal_data
from empathy_scan.tables import TURNS, conform


def redact(turns: pl.DataFrame, config: RedactConfig) -> pl.DataFrame:
    """The turns with personal data in `text` replaced; `speaker` and `agent_id` stay, for the roles.

    Names of speakers are replaced in the turns of their own conversation. Raises SchemaError unless `turns` is one.
    """
    turns = conform(turns, TURNS)
    if not config.enabled or turns.is_empty():
        return turns
    named = _known_names(turns if config.names else turns.clear())
    pending = turns.select("conversation_id", "text").with_row_index("row")
    texts = turns["text"]
    while not pending.is_empty():
        after = _names_pass(_rules_pass(pending, with_names=config.names), named)
        pending = after.filter(after["text"] != pending["text"])
        texts = texts.scatter(pending["row"], pending["text"])
    return turns.with_columns(texts)


def redact_text(text: str, *, names: Sequence[str] = ()) -> str:
    """The text with personal data replaced; `names` are display names of people who may be mentioned in it."""
    parts = frozenset(part for name in names for part in _name_parts(name))
    before = None
    while text != before:
        before = text
        for rule in personal_data():
            text = rule.pattern.sub(rule.replace, text)
        text = _without_known(text, parts)
    return text


def _rules_pass(rows: pl.DataFrame, *, with_names: bool) -> pl.DataFrame:
    """The rows after every rule in turn; Python sees only those rows where the rule's hint is found."""
    texts = rows["text"]
    for rule in personal_data():
        if with_names or rule.kind != "NAME":
            hinted = texts.str.contains(rule.hint).arg_true()
            texts = texts.scatter(hinted, [rule.pattern.sub(rule.replace, text) for text in texts.gather(hinted)])
    return rows.with_columns(texts)


def _names_pass(rows: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """The rows without the known names of their conversation."""
    names = {key: frozenset(parts) for key, parts in named.group_by("conversation_id").agg("name").iter_rows()}
    places = _places_with_names(rows, named)
    texts = [
        _without_known(text, names[conversation])
        for conversation, text in rows.select(pl.col("conversation_id", "text").gather(places)).iter_rows()
    ]
    return rows.with_columns(rows["text"].scatter(places, texts))


# --- names that the export itself gives ----------------------------------------------------------------------------

_NAME_WORD = re.compile(r"(?<![\[\w])[^\W\d_]++(?:['’-][^\W\d_]++)*+(?![\]\w])")
_GENERIC = re.compile(
    r"(?:agent|customer|client|caller|user|visitor|guest|speaker|spk|ch|channel|support|service"
    r"|services|care|team|help|helpdesk"
    r"|desk|info|sales|noreply|reply|no|contact|office|mail|admin|bot|assistant|system|virtual|operator|advisor|adviser"
    r"|representative|rep|unknown|none|null|participant|person|the|and|of|mr|mrs|ms|miss|dr|prof"
    r"|external|internal|enquiries"
    r"|billing|returns|orders|online|shop|store|customers|chat|email|phone|name|account|accounts|manager|end)s?"
)
# First names and surnames that are common words: replaced only beside another part of a name or after a greeting.
_ALSO_WORDS = frozenset({
    "amber", "an", "april", "art", "august", "banks", "be", "best", "bill", "black", "brown", "bush", "case",
    "chase", "da", "dawn", "day", "de", "do", "don", "drew", "faith", "frank", "good", "grace", "green", "hope",
    "in", "jack", "joy", "june", "king", "la", "le", "long", "love", "mark", "may", "my", "page", "pat", "penny",
    "price", "ray", "rice", "rich", "rob", "rose", "see", "so", "sue", "summer", "sunny", "to", "van", "week",
    "white", "will", "wood", "young",
})  # fmt: skip
_GREETING_BEFORE = re.compile(
    r"(?:dear|hi|hello|hey|thanks|thank you|mr|mrs|ms|miss|dr|i'm|is|name)[,.]?\s$", re.IGNORECASE
)


def _name_parts(label: str) -> tuple[str, ...]:
    """The parts of a display name or personal mail address in small letters; none for labels such as `Speaker 1`."""
    local, at, _ = label.strip().partition("@")
    if label.startswith(("[", "<")) or re.search(r"\d{3}", local) or (at and not re.search("[._]", local)):
        return ()
    parts = [part for part in re.split(r"[^\w'’-]+|[_\d]+", local.lower()) if len(part) >= 2 and part.strip("'’-")]
    kept = tuple(part for part in parts if not _GENERIC.fullmatch(part))
    return kept if len(kept) <= 4 else ()


def _known_names(turns: pl.DataFrame) -> pl.DataFrame:
    """Conversation and name part, for everybody whom the export names."""
    labels = pl.concat(
        turns.select("conversation_id", label=pl.col(column)).unique() for column in ("speaker", "agent_id")
    )
    labels = labels.drop_nulls().unique()
    parts = {label: list(_name_parts(label)) for label in labels["label"].unique()}
    return (
        labels.with_columns(name=pl.col("label").replace_strict(parts, return_dtype=pl.List(pl.String), default=None))
        .explode("name")
        .drop_nulls("name")
        .select("conversation_id", "name")
        .unique()
        .sort("conversation_id", "name")
    )


def _places_with_names(rows: pl.DataFrame, named: pl.DataFrame) -> pl.Series:
    """The positions of the rows whose text holds a piece of a name of its conversation."""
    pieces = named.with_columns(piece=pl.col("name").str.extract_all(r"\p{L}{2,}").list.last()).drop_nulls("piece")
    words = (
        rows.select("conversation_id", "text")
        .with_row_index("place")
        .join(pieces.select("conversation_id").unique(), on="conversation_id", how="semi")
        .with_columns(piece=pl.col("text").str.to_lowercase().str.extract_all(r"\p{L}{2,}"))
        .explode("piece")
    )
    return words.join(pieces, on=["conversation_id", "piece"], how="semi")["place"].unique().sort()


def _without_known(text: str, names: frozenset[str]) -> str:
    """The text with runs of words that are parts of known names replaced."""
    small = text == text.lower()
    runs: list[list[tuple[int, int, str]]] = []
    for match in _NAME_WORD.finditer(text):
        word = re.sub(r"['’]s$", "", match[0])
        if word.lower() not in names or not (word[0].isupper() or (small and len(word) > 2)):
            continue
        span = (match.start(), match.start() + len(word), word.lower())
        if runs and text[runs[-1][-1][1] : span[0]] in {" ", "-"}:
            runs[-1].append(span)
        else:
            runs.append([span])
    for run in reversed([run for run in runs if _is_name(run, text)]):
        text = f"{text[: run[0][0]]}[NAME]{text[run[-1][1] :]}"
    return text


def _is_name(run: Sequence[tuple[int, int, str]], text: str) -> bool:
    """Whether words that may be a name are one here: `Will` alone is mostly a verb."""
    if any(word not in _ALSO_WORDS for _, _, word in run) or len(run) > 1:
        return True
    return bool(_GREETING_BEFORE.search(text[max(0, run[0][0] - 12) : run[0][0]]))
