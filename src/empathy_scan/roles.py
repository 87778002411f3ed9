"""Who is the agent and who the customer, and how that was decided, in words that a report can show.

What the export says stays. Speakers that it leaves unknown are decided in this order: the settings' own map, the
agents' mail domains and addresses, the map of audio channels, and then inference: the mail domain that writes in most
threads, and what only agents or only customers say (`PHRASES`). A conversation that stays undecided is rejected, with
a remedy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig, RolesConfig
from empathy_scan.errors import ConfigError, InputError
from empathy_scan.tables import REJECTS, TURNS, conform

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import PhraseMatcher

AGENT, CUSTOMER, SYSTEM, UNKNOWN = (role.value for role in (Role.AGENT, Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN))
MARGIN = 2  # points by which one of two speakers must sound more like an agent than the other
LEAST_THREADS = 3  # mail threads in which a domain writes before it can be the agents'
ASIDE = 0.1  # share of the words below which a further speaker who cannot be placed is left out
NOBODY = "unknown-agent"

# What agents say (points above 0) and what customers say (below 0), in small letters, for PhraseMatcher.
PHRASES: dict[int, tuple[str, ...]] = {
    3: (
        "thank you for calling", "thanks for calling", "thank you for contacting", "thanks for contacting",
        "thank you for choosing", "thanks for reaching out", "thank you for reaching out",
        "thanks for getting in touch", "thank you for getting in touch", "thanks for holding",
        "thank you for holding", "how can i help", "how may i help", "how can we help", "how may we help",
        "how can i assist", "how may i assist", "what can i do for you", "you're through to", "you are through to",
        "you've reached", "you have reached", "you're speaking with", "you're speaking to", "you are speaking with",
        "is there anything else", "anything else i can", "can i take your", "could i take your", "may i take your",
        "may i have your", "can i have your", "could i have your", "can i get your", "could i get your",
        "could you confirm your", "can you confirm your", "could you please confirm", "for security purposes",
        "this call is recorded", "this call may be recorded", "our records show", "put you on hold",
        "put you on a brief hold", "put you through to", "transfer you to", "i do apologise", "i do apologize",
        "on behalf of the company", "i've refunded", "i have refunded", "i've issued a refund", "i can offer you",
        "i'd be happy to help", "i would be happy to help", "i'll be happy to help", "i'm happy to help",
        "i can help you with that", "let me pull up", "i'm showing here", "can you verify", "could you verify",
        "your call is important", "let me transfer you", "with whom am i speaking", "who am i speaking",
        "please dm us", "send us a dm", "dm us your",
    ),
    2: (
        "bear with me", "let me check that for you", "let me look into", "i've raised a ticket", "i'll escalate",
        "i have escalated", "i've escalated", "on our system", "on our end", "i can see here that",
        "as a gesture of goodwill", "i understand your frustration", "i understand how frustrating", "sorry to hear",
        "sorry for the inconvenience", "apologise for the inconvenience", "apologize for the inconvenience",
        "apologies for the inconvenience", "any inconvenience", "have you tried", "your patience",
        "thank you for waiting", "thanks for waiting", "thank you for your patience", "i've credited",
        "customer care team", "customer service team", "your reference number is", "what's the order number",
        "what is the order number", "what's your postcode", "let me have a look", "we apologise", "we apologize",
        "date of birth please", "for letting us know", "we're here to help", "let me see what i can do",
        "happy to help", "glad to help", "our team will", "i've got your account", "i have your account",
    ),
    1: (
        "our policy", "in your account", "on your account", "i'll arrange", "i've booked", "let me just",
        "we're sorry", "we are sorry", "i'm so sorry", "your order", "your account", "your booking", "your refund",
        "your contract", "your delivery", "your policy", "i'll refund", "for you now", "call you back",
        "ring you back",
    ),
    -3: (
        "i'm calling about", "i am calling about", "i'm ringing about", "i am ringing about", "i'm phoning about",
        "i'm calling because", "i'm ringing because", "i'm calling to complain", "i'm writing to complain",
        "i want a refund", "i want my money", "i'd like a refund", "i would like a refund", "i want to cancel",
        "i'd like to cancel", "i would like to cancel", "i need to cancel", "speak to a manager",
        "speak to your manager", "speak to your supervisor", "speak to a supervisor", "you people", "you charged me",
        "you've charged me", "i've been charged", "i've been on hold", "i was on hold", "i'm trying to get through",
        "are you a real person", "your company is", "i want to speak to", "i need to speak to",
        "i'd like to speak to",
    ),
    -2: (
        "my order", "my parcel", "my package", "my bill", "my delivery", "my refund", "my broadband", "my internet",
        "my flight", "my booking", "my subscription", "my contract", "my router", "my claim", "my account",
        "my money", "i was charged", "i've been waiting", "you lot", "your company", "your website", "your engineer",
        "it never arrived", "i'm fed up", "i am fed up", "i've had enough", "i need help with", "speak to someone",
        "i keep getting",
    ),
    -1: (
        "i ordered", "i bought", "i paid", "i've paid", "your driver", "your app", "your colleague",
        "it still hasn't", "hasn't arrived", "not arrived", "stopped working", "doesn't work", "isn't working",
        "not working", "nobody called", "i've called", "i've emailed", "how do i", "my husband", "my wife", "my mum",
        "my mom", "my kids", "my son", "my daughter", "my card", "my phone", "my house", "my bank", "my landlord",
        "ridiculous", "i can't believe", "i called", "you said", "you told me", "why is my", "why was i",
        "can i speak to",
    ),
}  # fmt: skip
# Domains where anybody may have a mailbox: never inferred to be the agents'.
_PUBLIC_DOMAINS = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "msn.com", "yahoo.com",
    "yahoo.co.uk", "yahoo.co.in", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "gmx.com",
    "gmx.net", "btinternet.com", "sky.com", "rediffmail.com", "comcast.net", "verizon.net",
})  # fmt: skip
# Labels that tell speakers apart without naming anybody: `Speaker 1`, `spk_0`, `ch_1`, `A`, `S2`, `Agent`.
_LABEL = (
    r"(?i)^[\[(<]?(?:(?:speaker|spk|channel|ch|participant|person|voice|user|party|agent|customer|caller|unknown)"
    r"(?:[\s_:#-]*\d{1,2}|[\s_:#-]+[a-z])?|[sp]\d{1,2}|\w?)[\])>]?$"
)
_REMEDY = 'say who is who: --role "{}=agent", or [roles.roles] in the settings'
_MAIL_REMEDY = "say which mail is the agents': --agent-domain DOMAIN, or agent_addresses under [read] in the settings"


@dataclass(frozen=True, slots=True)
class _Speaker:
    """One speaker of one conversation: role so far, words said, and what their phrases speak for."""

    role: str
    words: int
    points: int  # above 0: sounds like an agent
    phrase: str  # the phrase of ours that counted most, "" without one


Decision = tuple[str, str]  # role and its reason


def assign(turns: pl.DataFrame, config: RolesConfig, read: ReadConfig) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The turns with every role decided, and the conversations that had to be left out, as rejects.

    `speaker` stays on agents' turns only; `agent_id` becomes a key that is the same for every way of writing an agent's
    name or address. Raises ConfigError for a role in the settings that is none, and SchemaError for another table.
    """
    turns = conform(turns, TURNS)
    turns = _mapped(turns, config.roles, "settings: roles")
    turns = _by_address(turns, read)
    turns = _mapped(turns, read.channel_roles, "settings: channel map")
    domains = set(map(str.lower, read.agent_domains))
    if config.infer:
        turns, inferred = _by_domain(turns)
        turns, domains = _by_phrases(turns), domains | inferred
    rejects = _rejects(turns, config)
    kept = turns.join(rejects.select(conversation_id="place").unique(), on="conversation_id", how="anti")
    return conform(_identified(kept, domains).sort(TURNS.key), TURNS), rejects


# --- what the settings say -----------------------------------------------------------------------------------------


def _mapped(turns: pl.DataFrame, roles: Mapping[str, str], source: str) -> pl.DataFrame:
    """The turns with unknown speakers decided by a map of labels, which ignores case and outer white space."""
    if wrong := sorted(set(roles.values()) - {AGENT, CUSTOMER, SYSTEM}):
        raise ConfigError(f"no such role: {', '.join(wrong)}", where=source, remedy="write agent, customer or system")
    by_label = {label.strip().lower(): role for label, role in roles.items()}
    label = pl.col("speaker").str.strip_chars().str.to_lowercase()
    role = label.replace_strict(by_label, default=None, return_dtype=pl.String) if by_label else pl.lit(None, pl.String)
    return _decided(turns, role, pl.lit(source))


def _decided(turns: pl.DataFrame, role: pl.Expr, source: pl.Expr) -> pl.DataFrame:
    """The turns whose role is unknown so far with the new one, where it is not null."""
    new = (pl.col("role") == UNKNOWN) & role.is_not_null()
    return turns.with_columns(
        role=pl.when(new).then(role).otherwise("role"), role_source=pl.when(new).then(source).otherwise("role_source")
    )


def _domain(column: str = "speaker") -> pl.Expr:
    """The domain of a mail address, null for anything else."""
    return pl.col(column).str.to_lowercase().str.extract(r"^[^@\s]+@([^@\s>]+)$")


def _by_address(turns: pl.DataFrame, read: ReadConfig) -> pl.DataFrame:
    """The turns with mail senders decided by the settings: agents, and in their threads everybody else customers."""
    domains, addresses = (list(map(str.lower, names)) for names in (read.agent_domains, read.agent_addresses))
    if not (domains or addresses):
        return turns
    ours = pl.any_horizontal(
        _domain().is_in(domains),
        *(_domain().str.ends_with(f".{domain}") for domain in domains),
        pl.col("speaker").str.to_lowercase().is_in(addresses),
    ).fill_null(value=False)
    theirs = _domain().is_not_null() & ours.any().over("conversation_id")
    role = pl.when(ours).then(pl.lit(AGENT)).when(theirs).then(pl.lit(CUSTOMER))
    return _decided(
        turns,
        role,
        pl.when(ours).then(pl.lit("settings: agent address")).otherwise(pl.lit("settings: writes to an agent")),
    )


# --- inference from who writes to whom -----------------------------------------------------------------------------


def agent_domains(turns: pl.DataFrame) -> set[str]:
    """The mail domain that is found to be the agents' by who writes to whom; none where that does not tell."""
    return _by_domain(turns)[1]


def _by_domain(turns: pl.DataFrame) -> tuple[pl.DataFrame, set[str]]:
    """The turns with mail threads decided by the domain that writes in most of them, and that domain."""
    mail = turns.filter(pl.col("role") == UNKNOWN).select("conversation_id", "speaker", domain=_domain()).drop_nulls()
    threads = mail["conversation_id"].n_unique()
    found = _agent_domain(mail.unique(), threads)
    if found is None:
        return turns, set()
    domain, among = found
    ours = (_domain() == domain).fill_null(value=False)
    theirs = _domain().is_not_null() & ours.any().over("conversation_id")
    role = pl.when(ours).then(pl.lit(AGENT)).when(theirs).then(pl.lit(CUSTOMER))
    writes = pl.lit(f"inferred: {domain} writes in {among} of {threads} mail threads")
    return _decided(turns, role, pl.when(ours).then(writes).otherwise(pl.lit(f"inferred: writes to {domain}"))), {
        domain
    }


def _agent_domain(mail: pl.DataFrame, threads: int) -> tuple[str, int] | None:
    """The domain of most threads that faces no fewer people than write from it, and the number of its threads."""
    pairs = mail.join(mail.select("conversation_id", other="speaker", other_domain="domain"), on="conversation_id")
    faced = pairs.filter(pl.col("domain") != pl.col("other_domain"), ~pl.col("domain").is_in(_PUBLIC_DOMAINS))
    counts = (
        faced.group_by("domain")
        .agg(
            threads=pl.col("conversation_id").n_unique(),
            senders=pl.col("speaker").n_unique(),
            faced=pl.col("other").n_unique(),
        )
        .filter(
            pl.col("threads") >= LEAST_THREADS,
            2 * pl.col("threads") > threads,
            pl.col("faced") >= 2,
            pl.col("faced") >= pl.col("senders"),
        )
        .sort("threads", "faced", "domain", descending=[True, True, False])
    )
    return None if counts.is_empty() else (str(counts["domain"][0]), int(counts["threads"][0]))


# --- inference from what is said -----------------------------------------------------------------------------------


def _by_phrases(turns: pl.DataFrame) -> pl.DataFrame:
    """The turns with the speakers of undecided conversations told apart by what they say."""
    open_ids = turns.filter(pl.col("role") == UNKNOWN).select("conversation_id").unique()
    if open_ids.is_empty():
        return turns
    labelled = turns.with_columns(label=pl.col("speaker").fill_null(""))
    speakers = _speakers(labelled.join(open_ids, on="conversation_id", how="semi"))
    rows = [
        (conversation, label, *decision)
        for (conversation,), group in speakers.group_by("conversation_id", maintain_order=True)
        for label, decision in zip(group["label"], _decide(_as_speakers(group)), strict=True)
        if decision is not None
    ]
    keys = ["conversation_id", "label", "new_role", "why"]
    decisions = pl.DataFrame(rows, schema=dict.fromkeys(keys, pl.String), orient="row")
    joined = labelled.join(decisions, on=["conversation_id", "label"], how="left", maintain_order="left")
    return _decided(joined, pl.col("new_role"), pl.col("why")).drop("label", "new_role", "why")


def _speakers(turns: pl.DataFrame) -> pl.DataFrame:
    """One row per speaker of a conversation: role, words, points and the phrase that counts most."""
    heard = _heard(turns.filter(pl.col("role") == UNKNOWN))
    best = (
        heard.with_columns(toward=pl.col("points").sum().over("conversation_id", "label").sign())
        .sort((pl.col("points") * pl.col("toward")), "phrase", descending=[True, False])
        .group_by("conversation_id", "label", maintain_order=True)
        .agg(points=pl.col("points").sum(), phrase=pl.col("phrase").first())
    )
    said = turns.group_by("conversation_id", "label", "role").agg(words=pl.col("text").str.count_matches(r"\S+").sum())
    return (
        said.join(best, on=["conversation_id", "label"], how="left")
        .with_columns(pl.col("points").fill_null(0), pl.col("phrase").fill_null(""))
        .sort("conversation_id", "label", "role")
    )


def _heard(turns: pl.DataFrame) -> pl.DataFrame:
    """Which phrases each speaker says, every phrase once, with its points."""
    points = {phrase: worth for worth, phrases in PHRASES.items() for phrase in phrases}
    plain = turns.select("conversation_id", "label", text=pl.col("text").str.to_lowercase().str.replace_all("’", "'"))
    likely = plain.filter(pl.col("text").str.contains_any(list(points)))
    rows = [
        (conversation, label, phrase, points[phrase])
        for conversation, label, text in likely.iter_rows()
        for phrase in _phrases_in(text)
    ]
    types = {"conversation_id": pl.String, "label": pl.String, "phrase": pl.String, "points": pl.Int64}
    return pl.DataFrame(rows, schema=types, orient="row").unique()


def _phrases_in(text: str) -> set[str]:
    """The phrases of ours that a text holds, as whole words; of overlapping ones the longest."""
    from spacy.util import filter_spans  # noqa: PLC0415 - only batches with unknown speakers need spaCy

    language, matcher = _matcher()
    return {span.label_ for span in filter_spans(matcher(language.make_doc(text), as_spans=True))}


@cache
def _matcher() -> tuple[Language, PhraseMatcher]:
    """A blank English pipeline, and the matcher of all phrases, each under its own name."""
    import spacy  # noqa: PLC0415 - only batches with unknown speakers need spaCy
    from spacy.matcher import PhraseMatcher  # noqa: PLC0415

    language = spacy.blank("en")
    matcher = PhraseMatcher(language.vocab, attr="LOWER")
    for phrases in PHRASES.values():
        for phrase in phrases:
            matcher.add(phrase, [language.make_doc(phrase)])
    return language, matcher


def _as_speakers(group: pl.DataFrame) -> list[_Speaker]:
    """The speakers of one conversation."""
    return [_Speaker(*row) for row in group.select("role", "words", "points", "phrase").iter_rows()]


def _decide(speakers: Sequence[_Speaker]) -> list[Decision | None]:
    """Role and reason for every unknown speaker of one conversation; None for a known one and where it stays open."""
    unknown = [place for place, speaker in enumerate(speakers) if speaker.role == UNKNOWN]
    known = {speaker.role for speaker in speakers} & {AGENT, CUSTOMER}
    found: dict[int, Decision] = {}
    if len(unknown) == 2 and not known:
        found = _pair(speakers, *sorted(unknown, key=lambda place: speakers[place].points))
    else:
        for place in unknown:
            if abs(speakers[place].points) >= MARGIN:
                role = AGENT if speakers[place].points > 0 else CUSTOMER
                found[place] = role, f"inferred: says '{speakers[place].phrase}'"
        found |= _others(
            speakers, [place for place in unknown if place not in found], known | {r for r, _ in found.values()}
        )
    return [found.get(place) for place in range(len(speakers))]


def _pair(speakers: Sequence[_Speaker], low: int, high: int) -> dict[int, Decision]:
    """Agent and customer of a conversation between two, unless they sound too much alike."""
    less, more = speakers[low], speakers[high]
    if more.points - less.points < MARGIN or 2 * less.points > more.points > 0 or 2 * more.points < less.points < 0:
        return {}
    says, other = "inferred: says '{}'", "inferred: the other speaker says '{}'"
    return {
        high: (AGENT, says.format(more.phrase) if more.points > 0 else other.format(less.phrase)),
        low: (CUSTOMER, says.format(less.phrase) if less.points < 0 else other.format(more.phrase)),
    }


def _others(speakers: Sequence[_Speaker], rest: Sequence[int], roles: set[str]) -> dict[int, Decision]:
    """What is left over: the only candidate for a missing role gets it, and who says next to nothing is left out."""
    total = sum(speaker.words for speaker in speakers if speaker.role != SYSTEM)
    large = [place for place in rest if speakers[place].words >= ASIDE * total]
    found: dict[int, Decision] = {}
    missing = {AGENT, CUSTOMER} - roles
    if len(missing) == 1 and len(large) == 1:
        found[large[0]] = missing.pop(), "inferred: the only other speaker"
    if not missing:
        aside = (SYSTEM, "left out: says too little to be told apart")
        found |= dict.fromkeys((place for place in rest if place not in large), aside)
    return found


# --- what leaves ---------------------------------------------------------------------------------------------------


def _rejects(turns: pl.DataFrame, config: RolesConfig) -> pl.DataFrame:
    """One reject for every conversation whose roles are open or that lacks one side."""
    role = pl.col("role")
    label = pl.col("speaker").filter(role == UNKNOWN, pl.col("speaker").str.contains(_LABEL)).min().fill_null("LABEL")
    sides = turns.group_by("conversation_id").agg(
        source=pl.col("source").min(),
        open=pl.col("speaker").fill_null("").filter(role == UNKNOWN).n_unique(),
        agent=(role == AGENT).any(),
        customer=(role == CUSTOMER).any(),
        label=label,
        speakers=pl.col("speaker").fill_null("").filter(role != SYSTEM).n_unique(),
        domains=_domain().filter(role != SYSTEM).drop_nulls().n_unique(),
    )
    alone = "it stays out of the figures; if a speaker has the wrong role, "
    who = pl.when(pl.col("domains") > 0).then(pl.lit(_MAIL_REMEDY)).otherwise(pl.format(_REMEDY, pl.col("label")))
    undecided = pl.format("{} speaker(s) have no role: {}", "open", _why_open(infer=config.infer))
    reason = (
        pl.when(pl.col("open") > 0).then(undecided)
        .when(~pl.col("agent") & ~pl.col("customer")).then(pl.lit("no agent turn and no customer turn"))
        .when(~pl.col("customer")).then(pl.lit("no customer turn"))
        .when(~pl.col("agent")).then(pl.lit("no agent turn"))
    )  # fmt: skip
    return conform(
        sides.with_columns(
            place="conversation_id",
            error=pl.lit(InputError.__name__),
            reason=reason,
            remedy=pl.when(pl.col("open") > 0).then(who).otherwise(pl.lit(alone) + who),
        )
        .drop_nulls("reason")
        .select(REJECTS.columns.keys())
        .sort(REJECTS.key),
        REJECTS,
    )


def _why_open(*, infer: bool) -> pl.Expr:
    """Why the roles of a conversation stay open, from its numbers of speakers and of mail domains; no address in it."""
    if not infer:
        return pl.lit("roles.infer is off")
    unclear = pl.format("which of {} mail domains is the agents' is not clear", "domains")
    return (
        pl.when(pl.col("speakers") == 1).then(pl.lit("only one speaker"))
        .when(pl.col("domains") > 1).then(unclear)
        .when(pl.col("domains") == 1).then(pl.lit("all write from one mail domain"))
        .otherwise(pl.lit("they sound too much alike"))
    )  # fmt: skip


def _identified(turns: pl.DataFrame, domains: Collection[str]) -> pl.DataFrame:
    """The turns with one key per agent, and without what names anybody else."""
    agent = pl.col("role") == AGENT
    given = [pl.when(~pl.col(column).str.contains(_LABEL)).then(column) for column in ("agent_id", "speaker")]
    key = agent_key(pl.coalesce(*given), domains)
    return turns.with_columns(
        agent_id=pl.when(agent).then(key.fill_null(NOBODY)), speaker=pl.when(agent).then("speaker")
    )


def agent_key(name: pl.Expr, domains: Collection[str] = ()) -> pl.Expr:
    """One key for every way of writing an agent's name or address; `domains` are the agents' own mail domains."""
    key = name.str.strip_chars().str.to_lowercase().str.replace(r"^.*<([^<>\s]+@[^<>\s]+)>$", "$1")
    parts = key.str.splitn("@", 2).struct
    own = parts.field("field_1").is_in(list(domains)) | pl.any_horizontal(
        pl.lit(value=False), *(parts.field("field_1").str.ends_with(f".{domain}") for domain in domains)
    )
    key = pl.when(own.fill_null(value=False)).then(parts.field("field_0")).otherwise(key)
    return key.str.replace(r"^([^,@]+),\s*([^,@]+)$", "$2 $1").str.replace_all(r"\s+", ".")
