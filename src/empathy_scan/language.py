"""Which language is spoken: conversations in a language that the model does not know are set aside, turns left out.

Three steps, from cheap to dear. A text with enough words that only English has is English. A longer text without them,
and any text in another script, is shown to a detector of 139 languages (py3langid, offline). What is too short to be
told ("ok thx", an id) goes the way of its speaker's other turns, and where a whole conversation says too little, it is
taken for English, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.errors import ConfigError, InputError
from empathy_scan.tables import REJECTS, TURNS, conform

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

ANY = "any"  # among the languages: nothing is looked at
ENGLISH = "en"
LEFT_OUT = "left out: not in "  # how the role's source of a turn in another language begins
LEAST_LETTERS, LEAST_WORDS = 24, 5  # of a text that the detector can tell; without blanks letters alone count
LEAST_OTHER_SCRIPT = 2  # letters of another script than the Latin one
ENGLISH_SHARE = 0.12  # of the words that only English has, in a text that is English; running English has about 0.3
DOUBTED_SHARE = (
    0.05  # with more of them than this, no other language is looked for: an English turn names a foreign title
)
CONFIDENCE = 0.8  # the detector's, before a text is called foreign: below it the text is not told
WHOLLY = 0.8  # share of a conversation's letters in other languages from which on all of it is set aside
_LOOKED_AT = 1000  # characters that the detector sees of a text; more change nothing
_REMEDY = "set languages under [read] or --language to score it all the same; the model knows English only"

# Words that are frequent in English and rare in any other language of the Latin script.
_ENGLISH_WORDS = """
    about after again also and any anything because been before being call called cannot can't check could couldn't
    didn't does doesn't doing done don't each even every from get getting give gave going good got had has hasn't
    haven't hello how i'd i'll i'm isn't it's i've just know let let's like look make many much need never not
    now number only other our out please really right said same say see should since some something still such sure
    take than thank thanks that that's the their them then there these they they're thing think this those through
    today told too try trying until up use very wasn't wasnt weren't were what what's when where which while who why
    will with without won't work working would wouldn't yeah yes yet you you're your you've
"""
_ENGLISH = rf"\b(?:{'|'.join(sorted(_ENGLISH_WORDS.split(), key=len, reverse=True))})\b"
# What is in no language: placeholders, addresses, handles, and all that holds a digit.
_NOISE = r"\[[A-Z_]{2,}\]|#[A-Z_]+#|https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\S*\d\S*"
_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "ga": "Irish", "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "ms": "Malay", "nb": "Norwegian", "nl": "Dutch", "nn": "Norwegian", "no": "Norwegian", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovene", "sr": "Serbian",
    "sv": "Swedish", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
_TURN = ("conversation_id", "turn")


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found out: the turns in other languages, the conversations wholly in one, and those that say too little.

    `foreign` has the columns `conversation_id`, `turn`, `language` (a code of ISO 639); `wholly` `conversation_id`,
    `language`; `assumed` is the number of conversations that were taken for known without a sign of it.
    """

    foreign: pl.DataFrame
    wholly: pl.DataFrame
    assumed: int


def listen(turns: pl.DataFrame, languages: Sequence[str]) -> Heard:
    """The languages of TURNS, whatever their roles; system turns are not looked at.

    Nothing is found where the languages hold `any`. Raises ConfigError for a language that is none.
    """
    known = _checked(languages)
    spoken = conform(turns, TURNS).filter(pl.col("role") != Role.SYSTEM)
    if ANY in known or spoken.is_empty():
        return Heard(_nothing(*_TURN), _nothing("conversation_id"), 0)
    told = _told(spoken)
    told = _pooled(told, ["conversation_id", "voice"])
    told = _pooled(told, ["conversation_id"])
    decided = told.with_columns(language=pl.coalesce("language", _usual("voice"), _usual()))
    foreign = decided.filter(~pl.col("language").is_in(known))
    silent = decided.group_by("conversation_id").agg(pl.col("language").is_null().all())["language"].sum()
    return Heard(foreign.select(*_TURN, "language").sort(_TURN), _wholly(decided, known), int(silent))


def set_aside(turns: pl.DataFrame, heard: Heard, languages: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The turns without the conversations that are wholly in another language, and those as rejects."""
    spoken = pl.format("not in {}: it looks like {}", pl.lit(listed(languages)), _name("language"))
    sources = turns.group_by("conversation_id").agg(pl.col("source").min())
    rejects = _rejects(heard.wholly.join(sources, on="conversation_id"), spoken)
    return turns.join(heard.wholly, on="conversation_id", how="anti", maintain_order="left"), rejects


def leave_out(turns: pl.DataFrame, heard: Heard, languages: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The turns, whose roles are decided, with those in other languages as system turns, which nothing scores.

    A conversation of which one side is left without a turn is no conversation any more, and becomes a reject.
    """
    marked = turns.join(heard.foreign, on=_TURN, how="left", maintain_order="left")
    out = pl.col("language").is_not_null() & (pl.col("role") != Role.SYSTEM)
    silenced = pl.col("language").filter(out).mode().sort().first()
    sides = marked.group_by("conversation_id").agg(
        pl.col("source").min(),
        language=silenced,
        **{role.value: ((pl.col("role") == role) & ~out).any() for role in (Role.AGENT, Role.CUSTOMER)},
    )
    lost = sides.filter(pl.col("language").is_not_null(), ~(pl.col("agent") & pl.col("customer")))
    who = pl.when(pl.col("agent")).then(pl.lit("customer")).when(pl.col("customer")).then(pl.lit("agent"))
    reason = pl.format(
        "no turn of the {} is in {}: they look like {}",
        who.otherwise(pl.lit("speakers")), pl.lit(listed(languages)), _name("language"),
    )  # fmt: skip
    source = pl.format(LEFT_OUT + "{} but in what looks like {}", pl.lit(listed(languages)), _name("language"))
    kept = marked.join(lost, on="conversation_id", how="anti", maintain_order="left").with_columns(
        role=pl.when(out).then(pl.lit(Role.SYSTEM.value)).otherwise("role"),
        role_source=pl.when(out).then(source).otherwise("role_source"),
        speaker=pl.when(~out).then("speaker"),
        agent_id=pl.when(~out).then("agent_id"),
    )
    return conform(kept.drop("language"), TURNS), _rejects(lost, reason)


def mixed(turns: pl.DataFrame) -> int:
    """The number of conversations with turns that are left out for their language."""
    return turns.filter(pl.col("role_source").str.starts_with(LEFT_OUT))["conversation_id"].n_unique()


def listed(languages: Sequence[str]) -> str:
    """`English`, or `English or German`."""
    *rest, last = [_NAMES.get(code, code) for code in languages]
    return f"{', '.join(rest)} or {last}" if rest else last


# --- texts and their languages -------------------------------------------------------------------------------------


def _checked(languages: Sequence[str]) -> list[str]:
    """The codes of the languages; raises ConfigError for anything else."""
    wrong = [code for code in languages if code != ANY and not re.fullmatch(r"[a-z]{2,3}", code)]
    if wrong or not languages:
        what = f"there is no language {', '.join(map(repr, wrong))}" if wrong else "no language is named"
        raise ConfigError(what, where="[read] languages", remedy=f"write codes such as 'en', or '{ANY}'")
    return list(languages)


def _nothing(*names: str) -> pl.DataFrame:
    types = {"conversation_id": pl.String, "turn": pl.Int32}
    return pl.DataFrame(schema={**{name: types[name] for name in names}, "language": pl.String})


def _told(spoken: pl.DataFrame) -> pl.DataFrame:
    """One row per turn with its plain text, its letters, and its language where its own words tell it."""
    plain = pl.col("text").str.replace_all(_NOISE, " ").str.replace_all("’", "'").str.to_lowercase()
    texts = spoken.select(
        *_TURN, voice=pl.concat_str("role", pl.col("speaker").fill_null(""), separator="\0"), plain=plain
    )
    return _with_language(texts.sort(_TURN))


def _with_language(texts: pl.DataFrame) -> pl.DataFrame:
    """The texts with `letters` and `language`: a code, or null where the text does not tell."""
    plain = pl.col("plain")
    counted = texts.with_columns(
        letters=plain.str.count_matches(r"\p{L}").cast(pl.Int64),
        other=(plain.str.count_matches(r"[\p{L}--\p{Latin}]")).cast(pl.Int64),
        words=plain.str.count_matches(r"\p{L}[\p{L}\p{M}']*").cast(pl.Int64),
        english=plain.str.count_matches(_ENGLISH).cast(pl.Int64),
    )
    is_english = (pl.col("english") >= ENGLISH_SHARE * pl.col("words")) & (pl.col("english") > 0)
    few = pl.col("english") <= DOUBTED_SHARE * pl.col("words")
    strange = (2 * pl.col("other") > pl.col("letters")) & (pl.col("other") >= LEAST_OTHER_SCRIPT)
    enough = (pl.col("letters") >= LEAST_LETTERS) & (pl.col("words") >= LEAST_WORDS)
    counted = counted.with_columns(
        language=pl.when(is_english & ~strange).then(pl.lit(ENGLISH)), asked=strange | (enough & few)
    )
    detected = _detected(counted.filter("asked").select("plain", sure="other").unique("plain", maintain_order=True))
    return (
        counted.join(detected, on="plain", how="left", maintain_order="left")
        .with_columns(language=pl.coalesce("language", pl.when("asked").then("detected")))
        .drop("other", "words", "english", "asked", "detected")
    )


def _detected(texts: pl.DataFrame) -> pl.DataFrame:
    """The language of each text (`plain`) that the detector is sure of; of another script it is, whichever it is."""
    found = [_ask(plain, foreign_script=other * 2 > len(plain.replace(" ", ""))) for plain, other in texts.iter_rows()]
    return texts.select("plain", detected=pl.Series(found, dtype=pl.String))


def _ask(text: str, *, foreign_script: bool) -> str | None:
    """The detector's answer for one text; None where it is not sure."""
    code, confidence = _detector().classify(text[:_LOOKED_AT])
    if foreign_script and code == ENGLISH:
        return None
    return code if code != "zxx" and (foreign_script or confidence >= CONFIDENCE) else None


@cache
def _detector() -> LanguageIdentifier:
    """The detector with its model, from the package; about a second to load."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - only batches with doubts need it

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


# --- what does not tell by itself ----------------------------------------------------------------------------------


def _pooled(told: pl.DataFrame, group: list[str]) -> pl.DataFrame:
    """The turns, those of a group that none of its turns tells by itself told by all of them together."""
    rest = told.filter(pl.col("language").is_null().all().over(group), pl.col("letters") > 0)
    pools = rest.group_by(group, maintain_order=True).agg(pl.col("plain").str.join(" "))
    found = _with_language(pools).select(*group, pooled="language")
    joined = told.join(found, on=group, how="left", maintain_order="left")
    return joined.with_columns(language=pl.coalesce("language", "pooled")).drop("pooled")


def _usual(*within: str) -> pl.Expr:
    """The language with the most letters of the same conversation (and voice)."""
    group = ["conversation_id", *within]
    weight = pl.col("letters").filter(pl.col("language").is_not_null()).sum().over([*group, "language"])
    return (
        pl.col("language")
        .sort_by(pl.when(pl.col("language").is_null()).then(-1).otherwise(weight), "turn")
        .last()
        .over(group)
    )


def _wholly(decided: pl.DataFrame, known: Sequence[str]) -> pl.DataFrame:
    """The conversations that are in other languages but for a few words, and the language of most of them."""
    foreign = ~pl.col("language").is_in(known)
    letters = pl.col("letters")
    by_conversation = (
        decided.sort(_TURN)
        .group_by("conversation_id", maintain_order=True)
        .agg(
            share=letters.filter(foreign.fill_null(value=False)).sum() / letters.sum().clip(1),
            language=pl.col("language").filter(foreign).mode().sort().first(),
        )
    )
    return by_conversation.filter(pl.col("share") >= WHOLLY).select("conversation_id", "language")


def _name(column: str) -> pl.Expr:
    """The name of a language in English, its code where we have none."""
    return pl.col(column).replace(_NAMES)


def _rejects(conversations: pl.DataFrame, reason: pl.Expr) -> pl.DataFrame:
    """REJECTS of conversations with `conversation_id`, `source` and `language`."""
    rows = conversations.select(
        "source", place="conversation_id", error=pl.lit(InputError.__name__), reason=reason, remedy=pl.lit(_REMEDY)
    )
    return conform(rows.sort(REJECTS.key), REJECTS)
