"""What customers are known by - addresses, numbers, names, ids - as a store keeps it: hashed with a key of its own.

The words themselves are dropped when a conversation is read. The hash of what somebody types finds it again, and tells
nobody without the key what it was of. Whoever has store and key can test a guess: it is a pseudonym, not anonymous.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator

import polars as pl

from empathy_scan.codebook import Role
from empathy_scan.role_habits import NUMBERED

ADDRESS, PHONE, LABEL = "address", "phone", "label"
FOUND = {"conversation_id": pl.String, "kind": pl.String, "value": pl.String}  # `value` is plain: hash it
_DIGEST_BYTES = 12  # 96 bits: two of a billion hashes are alike once in a hundred billion stores
_MAIL = r"[\w.+'-]{1,64}@[\w-]+(?:\.[\w-]+)+"  # in the syntax that Rust and Python share
_NUMBER = r"\+?\(?\d(?:[ .()/\u00a0-]{0,2}\d){6,16}"
_MAIL_IN, _NUMBER_WHOLE = re.compile(_MAIL), re.compile(rf"(?:tel:)?\s*{_NUMBER}")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
_NATIONAL = 9  # last digits of a telephone number, which are the same with and without the code of its country
_SHORTEST, _LONGEST = 3, 200  # characters of a label
_NOBODY = """
    agent advisor adviser representative operator support staff assistant employee admin customer client caller
    consumer user guest member patient visitor contact requester buyer system bot ivr unknown speaker anonymous kunde
    cliente klant chatbot external end_user enduser lead none null n/a unknown_caller withheld private restricted
"""
_ROLE_WORDS = frozenset(_NOBODY.split())


def normal(text: str) -> set[tuple[str, str]]:
    """All that a label or a typed text may stand for, as (kind, value), however it is written; empty for a role word.

    Case, spaces and the punctuation of numbers do not count, nor does a number's code of its country.
    """
    plain = " ".join(text.split()).strip("\"'<>[](),;").casefold().removeprefix("mailto:")
    found = {(ADDRESS, address.strip("'.-")) for address in _MAIL_IN.findall(plain)}
    if _NUMBER_WHOLE.fullmatch(plain) and (number := _number(plain)):
        found.add((PHONE, number))
    label = re.sub(r"<[^<>]*>", "", plain).strip() if "<" in plain else plain
    label = re.sub(r"^([^,@]+), ([^,@]+)$", r"\2 \1", label)
    is_number = (PHONE, _number(plain)) in found and not plain.isdecimal()
    if not is_number and _SHORTEST <= len(label) <= _LONGEST and "@" not in label and not _names_nobody(label):
        found.add((LABEL, label))
    return found


def digest(key: str, kind: str, value: str) -> str:
    """The keyed hash of a value, as hex digits."""
    whole = f"{kind}\x1f{value}".encode("utf-8", "replace")
    return hashlib.blake2b(whole, digest_size=_DIGEST_BYTES, key=key.encode()).hexdigest()


def digests_of(key: str, text: str) -> pl.DataFrame:
    """The hashes of all that a typed text may stand for (columns `kind`, `digest`)."""
    rows = [(kind, digest(key, kind, value)) for kind, value in sorted(normal(text))]
    return pl.DataFrame(rows, schema={"kind": pl.String, "digest": pl.String}, orient="row")


def of_turns(
    read: pl.DataFrame, assigned: pl.DataFrame, given: pl.DataFrame, *, agents: Collection[str] = ()
) -> pl.DataFrame:
    """What the customers of conversations are known by (columns FOUND), each once.

    `read` are TURNS before anything is redacted or dropped, `assigned` the same with their roles, `given`
    (`conversation_id`, `name`) what the export says of the customer beside the turns. `agents` are mail domains and
    addresses of the house: what is theirs is nobody's else.
    """
    roles = assigned.select("conversation_id", "turn", decided="role")
    rows = read.select("conversation_id", "turn", "speaker", "agent_id", "text").join(
        roles, on=("conversation_id", "turn")
    )
    ours = _ours(rows, agents)
    customers = rows.filter(pl.col("decided") == Role.CUSTOMER)
    labels = [
        customers.select("conversation_id", name=column).drop_nulls() for column in ("speaker", "agent_id")
    ]  # an `agent_id` of somebody who turned out to be a customer
    said = [
        customers.select("conversation_id", name=pl.col("text").str.extract_all(pattern)).explode("name").drop_nulls()
        for pattern in (_MAIL, _NUMBER)
    ]
    kept = given.join(assigned.select("conversation_id").unique(), on="conversation_id", how="semi")
    names = pl.concat([*labels, *said, kept.select("conversation_id", "name")]).unique()
    meant = [(name, kind, value) for name in names["name"].unique().sort() for kind, value in _others(name, ours)]
    values = pl.DataFrame(meant, schema={"name": pl.String, "kind": pl.String, "value": pl.String}, orient="row")
    return names.join(values, on="name").select(FOUND.keys()).unique().sort(FOUND.keys())


def hashed(found: pl.DataFrame, key: str) -> pl.DataFrame:
    """FOUND with a `digest` in the place of each value."""
    plain = found.select("kind", "value").unique()
    made = [digest(key, kind, value) for kind, value in plain.iter_rows()]
    joined = found.join(plain.with_columns(digest=pl.Series(made, dtype=pl.String)), on=("kind", "value"))
    return joined.select("conversation_id", "kind", "digest").unique()


def _ours(rows: pl.DataFrame, agents: Collection[str]) -> frozenset[tuple[str, str]]:
    """What the agents are known by, and the house."""
    spoke = rows.filter(pl.col("decided") == Role.AGENT)
    labels = {*spoke["speaker"].drop_nulls(), *spoke["agent_id"].drop_nulls()}
    return frozenset(found for each in (*labels, *agents) for found in normal(each) or {(ADDRESS, each.casefold())})


def _others(name: str, ours: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """What a name stands for, but for what is the house's own."""
    for kind, value in normal(name):
        domain = value.partition("@")[2] if kind == ADDRESS else ""
        if (kind, value) not in ours and (LABEL, domain) not in ours:
            yield kind, value


def _number(text: str) -> str:
    """The digits of a telephone number that are always the same; "" for too few or too many."""
    digits = re.sub(r"\D", "", text)
    return digits[-_NATIONAL:] if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS else ""


def _names_nobody(label: str) -> bool:
    """Whether a label is a role's word or a speaker's number."""
    return label.replace(" ", "_") in _ROLE_WORDS or re.match(NUMBERED, label) is not None
