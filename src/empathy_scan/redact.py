"""Personal data becomes typed placeholders (`[EMAIL]`, `[PHONE]`, ...) before anything is scored or written.

Rules, not a model: what they find is found every time; a name that nobody introduces and the export does not know, or
a place, stays. So do amounts, dates, times, durations and quantities, because no complaint can be understood without
them. A text is redacted again and again until nothing changes, so that `redact(redact(x)) == redact(x)`; this ends,
because every replacement takes at least one character away from what is outside the placeholders.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import cache

import polars as pl

from empathy_scan import redact_presidio
from empathy_scan.config import RedactConfig
from empathy_scan.redact_answers import GOES_ON, HOLDS_DIGITS, PLACES, SHORT, answered, asked_for, kinds_asked
from empathy_scan.redact_names import redacted_names, replaced_runs
from empathy_scan.redact_rules import Rule, personal_data
from empathy_scan.redact_words import ALSO_WORDS, PARTICLES, is_ordinary
from empathy_scan.tables import TURNS, conform


def redact(turns: pl.DataFrame, config: RedactConfig) -> pl.DataFrame:
    """The turns with personal data in `text` and `metadata` replaced; `speaker` and `agent_id` stay, for the roles.

    Names of speakers, and those that somebody introduces, are replaced in all turns of their conversation. Raises
    SchemaError unless `turns` is one.
    """
    turns = conform(turns, TURNS)
    if not config.enabled or turns.is_empty():
        return turns
    named = _known_names(turns if config.names else turns.clear())
    questions = _with_questions(turns.with_row_index("row")).sort("row")
    rows = questions.select("row", "conversation_id", "text", *PLACES)
    pending = rows
    while not pending.is_empty():
        after, heard = _rules_pass(pending, with_names=config.names)
        fresh = heard.join(named, on=heard.columns, how="anti")
        named = pl.concat([named, fresh])
        after = _names_pass(after, named)
        after = _with_presidio(after, config) if config.engine == "presidio" else after
        changed = after.filter(after["text"] != pending["text"])
        rows = rows.with_columns(rows["text"].scatter(changed["row"], changed["text"]))
        again = pl.concat([changed["row"], _places_with_names(rows, fresh).cast(pl.UInt32)]).unique().sort()
        pending = rows[again]
    return _labels_redacted(turns.with_columns(rows["text"]), with_names=config.names)


def _with_presidio(rows: pl.DataFrame, config: RedactConfig) -> pl.DataFrame:
    """The rows after Presidio, which sees what the rules have left."""
    find = redact_presidio.finder(config.presidio_model, names=config.names)
    return rows.with_columns(text=pl.Series([find(text) for text in rows["text"]], dtype=pl.String))


def _labels_redacted(turns: pl.DataFrame, *, with_names: bool) -> pl.DataFrame:
    """The turns with the values of their metadata redacted, each different value once."""
    key = ["conversation_id", "metadata"]
    noted = turns.filter(pl.col("metadata").is_not_null()).select(key).unique(maintain_order=True)
    if noted.is_empty():
        return turns
    ids = noted.select("conversation_id").unique()
    known = _known_names(turns.join(ids, on="conversation_id", how="semi") if with_names else turns.clear())
    parts = {conversation: frozenset(names) for conversation, names in _by_conversation(known)}
    once = cache(_label_redacted)
    made = []
    for conversation, text in noted.iter_rows():
        names = parts.get(conversation, frozenset())
        labels = {name: once(value, _said_in(value, names)) for name, value in json.loads(text).items()}
        made.append(json.dumps(labels, sort_keys=True, ensure_ascii=False))
    changed = noted.with_columns(redacted=pl.Series(made, dtype=pl.String))
    joined = turns.join(changed, on=key, how="left", maintain_order="left")
    return joined.with_columns(metadata="redacted").drop("redacted")


def _by_conversation(known: pl.DataFrame) -> Sequence[tuple[str, list[str]]]:
    return known.group_by("conversation_id").agg("name").rows()


def _said_in(value: str, names: frozenset[str]) -> frozenset[str]:
    """Those of the names that are words of a value."""
    return names & set(re.findall(r"[\w'’-]+", value.lower())) if names else names


def _label_redacted(value: str, names: frozenset[str]) -> str:
    return redact_text(value, names=sorted(names))


def redact_text(text: str, *, names: Sequence[str] = ()) -> str:
    """The text with personal data replaced; `names` are display names of people who may be mentioned in it."""
    parts = frozenset(part for name in names for part in _name_parts(name))
    heard: set[str] = set()
    before = None
    while text != before:
        before = text
        for rule in personal_data():
            text = _ruled(rule, text, heard)
        text = redacted_names(text, heard)
        text = _without_known(text, parts | heard, heard)
    return text


def _rules_pass(rows: pl.DataFrame, *, with_names: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows after every rule in turn, and the names that were introduced.

    Python sees only those rows where the rule's hint is found.
    """
    texts, conversations = rows["text"], rows["conversation_id"]
    heard: dict[str, set[str]] = defaultdict(set)
    numbered = texts.str.contains(r"\d").arg_true()
    for rule in personal_data():
        if with_names or rule.kind != "NAME":
            hinted = _hinted(rule, texts, numbered)
            said = zip(conversations.gather(hinted), texts.gather(hinted), strict=True)
            texts = texts.scatter(hinted, [_ruled(rule, text, heard[key]) for key, text in said])
    for place in PLACES:
        asked = (rows[place] != "").arg_true()
        asking = zip(conversations.gather(asked), texts.gather(asked), rows[place].gather(asked), strict=True)
        answers = [answered(text, asked_for(asks, place), heard[key], names=with_names) for key, text, asks in asking]
        texts = texts.scatter(asked, answers)
    if with_names:
        pairs = zip(conversations, texts, strict=True)
        texts = pl.Series(texts.name, [redacted_names(text, heard[key]) for key, text in pairs], dtype=pl.String)
    found = [(key, name, True) for key, names in heard.items() for name in sorted(names)]
    return rows.with_columns(texts), pl.DataFrame(found, schema=_NAMED, orient="row")


def _hinted(rule: Rule, texts: pl.Series, numbered: pl.Series) -> pl.Series:
    """The positions of texts that hold a rule's hint."""
    if rule.needs_digit:
        return numbered.filter(texts.gather(numbered).str.contains(rule.hint))
    return texts.str.contains(rule.hint).arg_true()


def _ruled(rule: Rule, text: str, heard: set[str]) -> str:
    """The text after one rule; a name that it introduces is added to `heard`."""
    if not rule.introduces:
        return rule.pattern.sub(rule.replace, text)

    def replacement(match: re.Match[str]) -> str:
        said = rule.replace(match)
        if said != match[0]:
            heard.update(_heard_parts(match[0].removeprefix(match.groupdict().get("keep") or "")))
        return said

    return rule.pattern.sub(replacement, text)


def _names_pass(rows: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """The rows without the known names of their conversation."""
    groups = named.group_by("conversation_id").agg("name", heard=pl.col("name").filter("heard"))
    names = {key: (frozenset(parts), frozenset(heard)) for key, parts, heard in groups.iter_rows()}
    places = _places_with_names(rows, named)
    texts = [
        _without_known(text, *names[conversation])
        for conversation, text in rows.select(pl.col("conversation_id", "text").gather(places)).iter_rows()
    ]
    return rows.with_columns(rows["text"].scatter(places, texts))


# --- names that are asked for ---------------------------------------------------------------------------------------


def _with_questions(turns: pl.DataFrame) -> pl.DataFrame:
    """The turns with what they may answer in the columns of PLACES: kinds of personal data, or "".

    `asked`: by the turn right before it, of another speaker. `later` (a customer's) and `repeated` (an agent's): before
    this short turn, with only the answer and nods between.
    """
    text, agent, asks = pl.col("text"), pl.col("role") != "customer", pl.col("asks")
    turns = turns.sort("conversation_id", "turn").with_columns(asks=kinds_asked(text))

    def before(column: pl.Expr) -> pl.Expr:
        return column.shift(1).over("conversation_id")

    other = (before(pl.col("role")) != pl.col("role")) | before(pl.col("speaker")).ne_missing(pl.col("speaker"))
    sides = before(agent) & pl.col("role").is_in(["customer", "unknown"])
    words = text.str.count_matches(" ")
    goes_on = pl.when(agent).then((words < SHORT) & text.str.contains(GOES_ON)).otherwise(words < 3 * SHORT)
    question = pl.when(agent & (asks != "")).then(asks).when(goes_on).then(None).otherwise(pl.lit(""))
    pending = question.forward_fill().shift(1).over("conversation_id")
    short = (words < SHORT) & text.str.contains(HOLDS_DIGITS)
    given = {
        "asked": pl.when(other & sides).then(before(asks)),
        "later": pl.when(short & ~agent).then(pending),
        "repeated": pl.when(short & agent & (asks == "")).then(pending),
    }
    return turns.with_columns(when.otherwise(pl.lit("")).fill_null("").alias(place) for place, when in given.items())


def _heard_parts(name: str) -> set[str]:
    """The parts of an introduced name that are looked for elsewhere: no particles, no one or two letters."""
    words = {piece for part in _name_parts(name) for piece in (part, *part.split("-"))}
    return {word for word in words if len(word) > 2 and word not in PARTICLES and not is_ordinary(word)}


# --- names that the export itself gives ----------------------------------------------------------------------------

_NAMED = {"conversation_id": pl.String, "name": pl.String, "heard": pl.Boolean}  # heard: introduced in a text
_NAME_WORD = re.compile(r"(?<![\[\w])[^\W\d_]++(?:['’-][^\W\d_]++)*+(?![\]\w])")
_GENERIC = re.compile(
    r"(?:agent|customer|client|caller|user|visitor|guest|speaker|spk|ch|channel|support|service"
    r"|services|care|team|help|helpdesk"
    r"|desk|info|sales|noreply|reply|no|contact|office|mail|admin|bot|assistant|system|virtual|operator|advisor|adviser"
    r"|representative|rep|unknown|none|null|participant|person|the|and|of|mr|mrs|ms|miss|dr|prof"
    r"|external|internal|enquiries"
    r"|billing|returns|orders|online|shop|store|customers|chat|email|phone|name|account|accounts|manager|end)s?"
)
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
        .select("conversation_id", "name", heard=pl.lit(value=False))
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


Span = tuple[int, int, str]  # start and end of a word, and the word in small letters


def _without_known(text: str, names: Collection[str], heard: Collection[str] = ()) -> str:
    """The text with runs of words that are parts of known names replaced; those in `heard` also if they are short."""
    small = text == text.lower()
    spans: list[Span] = []
    for match in _NAME_WORD.finditer(text):
        word = re.sub(r"['’][sS]$", "", match[0])
        low = word.lower()
        if low in names and (word[0].isupper() or _told_in_small(low, small=small, short=low in heard)):
            spans.append((match.start(), match.start() + len(word), low))
    return replaced_runs(text, [run for run in _runs(spans, text) if _is_name(run, text)])


def _told_in_small(word: str, *, small: bool, short: bool) -> bool:
    """Whether a known name counts in small letters: anywhere in a text without capitals, else unless it is a word."""
    if small:
        return len(word) > 2
    return len(word) > (2 if short else 3) and word not in ALSO_WORDS and not is_ordinary(word)


def _runs(spans: Sequence[Span], text: str) -> list[list[Span]]:
    """Words that stand side by side, together."""
    runs: list[list[Span]] = []
    for span in spans:
        if runs and text[runs[-1][-1][1] : span[0]] in {" ", "-"}:
            runs[-1].append(span)
        else:
            runs.append([span])
    return runs


def _is_name(run: Sequence[Span], text: str) -> bool:
    """Whether words that may be a name are one here: `Will` alone is mostly a verb."""
    if any(word not in ALSO_WORDS for _, _, word in run) or len(run) > 1:
        return True
    return bool(_GREETING_BEFORE.search(text[max(0, run[0][0] - 12) : run[0][0]]))
