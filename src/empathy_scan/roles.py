"""Who is the agent and who the customer, and how that was decided, in words that a report can show.

What the export says stays. Speakers that it leaves unknown are decided in this order: the settings' own map, the
agents' mail domains and addresses, the map of audio channels, and then inference: the mail domain that writes in most
threads, and what agents and customers say and do (`role_inference`). A conversation that stays undecided is rejected,
with a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import polars as pl

from empathy_scan import role_inference
from empathy_scan.codebook import Role
from empathy_scan.config import ReadConfig, RolesConfig
from empathy_scan.errors import ConfigError, InputError
from empathy_scan.role_habits import NUMBERED, channel_of
from empathy_scan.tables import REJECTS, TURNS, conform

AGENT, CUSTOMER, SYSTEM, UNKNOWN = (role.value for role in (Role.AGENT, Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN))
LEAST_THREADS = 3  # mail threads in which a domain writes before it can be the agents'
NOBODY = "unknown-agent"

# Domains where anybody may have a mailbox: never inferred to be the agents'.
_PUBLIC_DOMAINS = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "msn.com", "yahoo.com",
    "yahoo.co.uk", "yahoo.co.in", "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "gmx.com",
    "gmx.net", "btinternet.com", "sky.com", "rediffmail.com", "comcast.net", "verizon.net",
})  # fmt: skip
# Of labels without a name, those that may yet be an agent's id where they stand in a column of ids.
_MAY_BE_AN_ID = r"(?i)^(?:\d{2}|\d{1,2}[a-z]|[spmf]\d{1,3}|[a-z])$"
_REMEDY = (
    'say who is who: --role "{}=agent", or "{}" = "agent" under [roles.roles] in the settings, for all that is read, '
    "or --speakers FILE for this conversation"
)
_MAIL_REMEDY = "say which mail is the agents': --agent-domain DOMAIN, or agent_addresses under [read] in the settings"


def assign(turns: pl.DataFrame, config: RolesConfig, read: ReadConfig) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The turns with every role decided, and the conversations that had to be left out, as rejects.

    `speaker` stays on agents' turns only; `agent_id` becomes a key that is the same for every way of writing an agent's
    name or address. Raises ConfigError for a role in the settings that is none, and SchemaError for another table.
    """
    turns, domains = _settled(conform(turns, TURNS), config, read)
    rejects = _rejects(turns, config)
    kept = turns.drop("sure").join(rejects.select(conversation_id="place").unique(), on="conversation_id", how="anti")
    return conform(_identified(kept, domains).sort(TURNS.key), TURNS), rejects


def speakers(turns: pl.DataFrame, config: RolesConfig, read: ReadConfig) -> pl.DataFrame:
    """What `assign` makes of every speaker, undecided ones too, for whoever asks why.

    A row per conversation and speaker: source, conversation_id, speaker (the export's label), role, role_source, sure
    (the probability of an inferred role, else null) and turns. Raises as `assign` does.
    """
    settled, _ = _settled(conform(turns, TURNS), config, read)
    return (
        settled.sort(TURNS.key)
        .group_by("source", "conversation_id", "speaker", "role", "role_source", "sure", maintain_order=True)
        .agg(turns=pl.len())
    )


def _settled(turns: pl.DataFrame, config: RolesConfig, read: ReadConfig) -> tuple[pl.DataFrame, set[str]]:
    """The turns with all roles that can be decided and, where a role was inferred, `sure`; the agents' mail domains."""
    turns = _mapped(turns, config.roles, "settings: roles")
    turns = _by_address(turns, read)
    turns = _by_channel(turns, read.channel_roles)
    domains = set(map(str.lower, read.agent_domains))
    if not config.infer:
        return turns.with_columns(sure=pl.lit(None, pl.Float64)), domains
    turns, inferred = _by_domain(turns)
    return _by_what_is_said(turns, config.confidence), domains | inferred


# --- what the settings say -----------------------------------------------------------------------------------------


def _mapped(turns: pl.DataFrame, roles: Mapping[str, str], source: str) -> pl.DataFrame:
    """The turns with unknown speakers decided by a map of labels, which ignores case and outer white space."""
    if wrong := sorted(set(roles.values()) - {AGENT, CUSTOMER, SYSTEM}):
        raise ConfigError(f"no such role: {', '.join(wrong)}", where=source, remedy="write agent, customer or system")
    by_label = {label.strip().lower(): role for label, role in roles.items()}
    label = pl.col("speaker").str.strip_chars().str.to_lowercase()
    role = label.replace_strict(by_label, default=None, return_dtype=pl.String) if by_label else pl.lit(None, pl.String)
    return _decided(turns, role, pl.lit(source))


def _by_channel(turns: pl.DataFrame, roles: Mapping[str, str]) -> pl.DataFrame:
    """The turns with unknown speakers decided by a map of channels: `ch_0` also stands for `ch_0/1`, `0` for `ch_0`."""
    labels = turns["speaker"].drop_nulls().unique()
    given = {_channel_key(label): role for label, role in roles.items()}
    known = {label: given[_channel_key(label)] for label in labels if _channel_key(label) in given} if given else {}
    exact = {label.strip().lower() for label in roles}
    loose = {label: role for label, role in known.items() if label.strip().lower() not in exact}
    return _mapped(turns, {**loose, **roles}, "settings: channel map")


def _channel_key(label: str) -> str:
    """A channel's label as maps and exports may write it differently: `Channel 0`, `ch_0` and `ch_0/1` are `ch0`."""
    plain = re.sub(r"^(?:channel|chan|ch)(?=[\s_:#-]*\d)", "ch", channel_of(label))
    return re.sub(r"[\s_:#-]+", "", f"ch{plain}" if plain.isdecimal() else plain)


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


def _by_what_is_said(turns: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """The turns with the speakers of undecided conversations told apart; where they stay open, the reason says so."""
    open_ids = turns.filter(pl.col("role") == UNKNOWN).select("conversation_id").unique()
    if open_ids.is_empty():
        return turns.with_columns(sure=pl.lit(None, pl.Float64))
    labelled = turns.with_columns(label=pl.col("speaker").fill_null(""))
    decisions = role_inference.infer(labelled.join(open_ids, on="conversation_id", how="semi"), confidence=confidence)
    joined = labelled.join(decisions, on=["conversation_id", "label"], how="left", maintain_order="left")
    joined = joined.with_columns(sure=pl.when(pl.col("role") == UNKNOWN).then("sure"))
    return _decided(joined, pl.col("new_role"), pl.col("why")).drop("label", "new_role", "why")


# --- what leaves ---------------------------------------------------------------------------------------------------


def _rejects(turns: pl.DataFrame, config: RolesConfig) -> pl.DataFrame:
    """One reject for every conversation whose roles are open or that lacks one side."""
    role = pl.col("role")
    label = pl.col("speaker").filter(role == UNKNOWN, _is_numbered("speaker")).min().fill_null("LABEL")
    sides = turns.group_by("conversation_id").agg(
        source=pl.col("source").min(),
        open=pl.col("speaker").fill_null("").filter(role == UNKNOWN).n_unique(),
        agent=(role == AGENT).any(),
        customer=(role == CUSTOMER).any(),
        label=label,
        speakers=pl.col("speaker").fill_null("").filter(role != SYSTEM).n_unique(),
        domains=_domain().filter(role != SYSTEM).drop_nulls().n_unique(),
        doubt=pl.col("role_source").filter(role == UNKNOWN).max(),
    )
    alone = "it stays out of the figures; if a speaker has the wrong role, "
    who = pl.when(pl.col("domains") > 0).then(pl.lit(_MAIL_REMEDY)).otherwise(pl.format(_REMEDY, "label", "label"))
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
        .when(pl.col("open") == 1).then(pl.format("it is not clear from what is said ({})", "doubt"))
        .otherwise(pl.format("they sound too much alike ({})", "doubt"))
    )  # fmt: skip


def _identified(turns: pl.DataFrame, domains: Collection[str]) -> pl.DataFrame:
    """The turns with one key per agent, and without what names anybody else."""
    agent = pl.col("role") == AGENT
    own = pl.col("agent_id").ne_missing(pl.col("speaker")) & _plain("agent_id").str.contains(_MAY_BE_AN_ID)
    named = [
        pl.when(~_is_numbered("agent_id") | own).then("agent_id"),
        pl.when(~_is_numbered("speaker")).then("speaker"),
    ]
    key = agent_key(pl.coalesce(*named), domains)
    return turns.with_columns(
        agent_id=pl.when(agent).then(key.fill_null(NOBODY)), speaker=pl.when(agent).then("speaker")
    )


def _plain(column: str) -> pl.Expr:
    """As `plain_label`."""
    return pl.col(column).str.strip_chars(" \t[]()<>*:")


def _is_numbered(column: str) -> pl.Expr:
    """Whether a label names nobody: `Speaker 1`, `spk_10`, `ch_0/1`, `M1`; as `role_habits.is_numbered`."""
    return _plain(column).str.contains(NUMBERED)


def agent_key(name: pl.Expr, domains: Collection[str] = ()) -> pl.Expr:
    """One key for every way of writing an agent's name or address; `domains` are the agents' own mail domains."""
    key = name.str.strip_chars().str.to_lowercase().str.replace(r"^.*<([^<>\s]+@[^<>\s]+)>$", "$1")
    parts = key.str.splitn("@", 2).struct
    own = parts.field("field_1").is_in(list(domains)) | pl.any_horizontal(
        pl.lit(value=False), *(parts.field("field_1").str.ends_with(f".{domain}") for domain in domains)
    )
    key = pl.when(own.fill_null(value=False)).then(parts.field("field_0")).otherwise(key)
    return key.str.replace(r"^([^,@]+),\s*([^,@]+)$", "$2 $1").str.replace_all(r"\s+", ".")
