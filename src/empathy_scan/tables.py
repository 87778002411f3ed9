"""The frames that travel between the stages: their columns, types and keys, and the check that a frame is one of them.

Every frame is a polars DataFrame. `Table.key` names the columns that identify a row; rows are sorted by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from empathy_scan.errors import SchemaError

UTC_TIME = pl.Datetime("us", "UTC")
CONTEXT_TURN = pl.Struct({"role": pl.String, "text": pl.String})
# One run of characters of the turn's text that counted for a label; `weight` in 0..1, a label's strongest word is 1.
EVIDENCE_SPAN = pl.Struct({"label": pl.String, "start": pl.Int32, "end": pl.Int32, "weight": pl.Float32})
# A label's probability in its segment, and what is left of it when the words of its evidence are taken out.
DELETION = pl.Struct({"label": pl.String, "p": pl.Float32, "without": pl.Float32})


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name, its columns in order, its key, and the columns that may hold nulls."""

    name: str
    columns: Mapping[str, DataType | DataTypeClass]
    key: tuple[str, ...]
    nullable: frozenset[str] = frozenset()

    def empty(self) -> pl.DataFrame:
        """A frame of this table with no rows."""
        return pl.DataFrame(schema=dict(self.columns))


# What a conversation is known by. Repeated on every turn so that a stage needs one frame only.
_CONVERSATION: dict[str, DataType | DataTypeClass] = {
    "conversation_id": pl.String,
    "channel": pl.String,  # codebook.Channel
    "queue": pl.String,
    "started_at": UTC_TIME,  # null where the export does not tell; never the file's own time
}

# What else the export says of a conversation, to group by. Null in rows that older versions have stored.
_CONTEXT: dict[str, DataType | DataTypeClass] = {
    "direction": pl.String,  # inbound, outbound or the export's own word
    "zone": pl.String,  # in which the export wrote its times, such as +02:00 or Europe/Berlin; `started_at` is UTC
    # A JSON object of strings with sorted keys. Text, because polars, DuckDB and Spark all reach into it, Delta Lake
    # needs no new schema for a new key, and CSV can hold it, which a list of structs denies to two of them.
    "metadata": pl.String,
}

TURNS = Table(
    "turns",
    {
        **_CONVERSATION,
        **_CONTEXT,
        "turn": pl.Int32,  # 0, 1, 2, ... in the order of speaking
        "role": pl.String,  # codebook.Role
        "role_source": pl.String,  # how the role was decided, in words
        "speaker": pl.String,  # the export's own label, such as spk_0; null once redacted unless it is an agent's
        "agent_id": pl.String,  # null except on agents' turns
        "start": pl.Float64,  # seconds from the start of the conversation
        "end": pl.Float64,
        "confidence": pl.Float64,  # of the speech recogniser, 0 to 1: the mean over the turn's words
        "overlap": pl.Boolean,  # begins before somebody else has ended, or the export calls it an interruption
        "text": pl.String,
        "source": pl.String,  # path of the file, relative to the scanned folder, with / as separator
        "format": pl.String,  # name of the reader
    },
    key=("conversation_id", "turn"),
    nullable=frozenset(
        {"queue", "started_at", *_CONTEXT, "speaker", "agent_id", "start", "end", "confidence", "overlap"}
    ),
)

CONVERSATIONS = Table(
    "conversations",
    {
        **_CONVERSATION,
        **_CONTEXT,
        "source": pl.String,
        "format": pl.String,
        "n_turns": pl.Int32,
        "n_agent_turns": pl.Int32,
        "content": pl.String,  # hash of all that was read of it, after redaction
        "model": pl.String,  # fingerprint of the bundle that scored it
        "settings": pl.String,  # fingerprint of the settings that shape scores
    },
    key=("conversation_id",),
    nullable=frozenset({"queue", "started_at", *_CONTEXT}),
)

SEGMENTS = Table(
    "segments",
    {
        "conversation_id": pl.String,
        "turn": pl.Int32,
        "segment": pl.Int32,
        "role": pl.String,  # agent or customer
        "start": pl.Int32,  # character offsets in the turn's text: text == turn_text[start:end]
        "end": pl.Int32,
        "text": pl.String,
        "context": pl.List(CONTEXT_TURN),  # oldest first: earlier turns, then earlier segments of the same turn
    },
    key=("conversation_id", "turn", "segment"),
)

SCORES = Table(
    "scores",
    {
        "conversation_id": pl.String,
        "turn": pl.Int32,
        "segment": pl.Int32,
        "role": pl.String,
        "start": pl.Int32,
        "end": pl.Int32,
        "p_scripted": pl.Float32,  # care flags: agents only
        "p_acknowledges": pl.Float32,
        "p_explores": pl.Float32,
        "p_owns": pl.Float32,
        "p_civil": pl.Float32,  # the three tones sum to 1
        "p_strained": pl.Float32,  # guarded (agent) or upset (customer)
        "p_hostile": pl.Float32,
        "p_insult": pl.Float32,  # kinds of attack: customers only
        "p_threat": pl.Float32,
        "p_profanity": pl.Float32,
        "p_contempt": pl.Float32,
        "flags": pl.String,  # codes after the bundle's thresholds, in codebook order
        "tone": pl.Int8,
        "kinds": pl.String,
        "unsure": pl.Boolean,  # a probability lies within the abstention band of its threshold
        "evidence": pl.List(EVIDENCE_SPAN),  # the words that counted: their places in the turn's text, weights up to 1
        "deletions": pl.List(DELETION),  # one per label with evidence; null where it was not tried
        "model": pl.String,
    },
    key=("conversation_id", "turn", "segment"),
    nullable=frozenset(
        f"p_{name}"
        for name in ("scripted", "acknowledges", "explores", "owns", "insult", "threat", "profanity", "contempt")
    )
    | {"deletions"},
)

# Turns that carry labels, from a model or from people: all that the measures know.
LABELS = Table(
    "labels",
    {
        **_CONVERSATION,
        "turn": pl.Int32,
        "role": pl.String,
        "agent_id": pl.String,
        "flags": pl.String,  # codes of agents' turns, "" for others
        "tone": pl.Int8,
        "kinds": pl.String,  # codes of hostile customers' turns, "" for others
        "hardship": pl.Boolean,  # a customer tells of a loss, fear, illness, grief or hardship
        "p_hostile": pl.Float64,
    },
    key=("conversation_id", "turn"),
    nullable=frozenset({"queue", "started_at", "agent_id", "p_hostile"}),
)

# One row per agent turn, with the customer turn that it answers.
EXCHANGES = Table(
    "exchanges",
    {
        **_CONVERSATION,
        "turn": pl.Int32,
        "agent_id": pl.String,
        "flags": pl.String,
        "care_class": pl.String,
        "tone": pl.Int8,
        "customer_turn": pl.Int32,  # the latest customer turn before it; null before the customer has spoken
        "customer_tone": pl.Int8,
        "hostile_before": pl.Int32,  # hostile customer turns in the conversation so far
    },
    key=("conversation_id", "turn"),
    nullable=frozenset({"queue", "started_at", "agent_id", "customer_turn", "customer_tone"}),
)

# One row per customer turn, with the answer that it got.
ANSWERS = Table(
    "answers",
    {
        **_CONVERSATION,
        "turn": pl.Int32,  # of the customer
        "agent_id": pl.String,  # of the agent who answered; null where nobody did
        "tone": pl.Int8,
        "kinds": pl.String,
        "call": pl.Boolean,  # a call for empathy
        "answer": pl.String,  # empathic, scripted, missed; null where no agent turn follows
        "answer_turn": pl.Int32,  # the agent turn that decided `answer`
        "rose_above": pl.Boolean,  # the first agent turn is civil, and empathic or owning; null unless tone is hostile
    },
    key=("conversation_id", "turn"),
    nullable=frozenset({"queue", "started_at", "agent_id", "answer", "answer_turn", "rose_above"}),
)

# Long form: one row per figure. `value` is null, and `why` says the reason, where there is too little to say.
FIGURES = Table(
    "figures",
    {
        "scope": pl.String,  # agent, team or group
        "agent_id": pl.String,  # of a team of the roster its name, of a group `queue=Billing`; "" for the whole
        "measure": pl.String,
        "value": pl.Float64,
        "n": pl.Int64,  # what the denominator counts: calls for empathy, hostile turns, ...
        "conversations": pl.Int64,  # in which they lie
        "low": pl.Float64,  # 95% interval
        "high": pl.Float64,
        "why": pl.String,
        "corrected": pl.Float64,  # the rate after allowing for the model's known errors; null where there is none
        "corrected_low": pl.Float64,
        "corrected_high": pl.Float64,
        "uncorrected_why": pl.String,  # null where there is a correction, and where none was asked for
        "adjusted": pl.Float64,  # for the customers that the agent got; null for teams and where nothing is adjusted
        "adjusted_low": pl.Float64,
        "adjusted_high": pl.Float64,
        "shrunken": pl.Float64,  # drawn towards the team, the more the less is known
        "shrunken_low": pl.Float64,
        "shrunken_high": pl.Float64,
        "reference": pl.Float64,  # the other agents' rate, or mean contrast
        "p_value": pl.Float64,  # of a test against it
        "stands_out": pl.Boolean,  # the test holds after allowing for how many agents were looked at
    },
    key=("scope", "agent_id", "measure"),
    nullable=frozenset(
        {
            "value",
            "low",
            "high",
            "why",
            "corrected",
            "corrected_low",
            "corrected_high",
            "uncorrected_why",
            "adjusted",
            "adjusted_low",
            "adjusted_high",
            "shrunken",
            "shrunken_low",
            "shrunken_high",
            "reference",
            "p_value",
            "stands_out",
        }
    ),
)

# How often a model errs, counted on turns whose truth is known (quantify.py): one row per cell of its tables.
ERROR_RATES = Table(
    "error_rates",
    {
        "model": pl.String,  # fingerprint of the bundle
        "confusion": pl.String,  # which table: a measure, or `answers` for the three kinds of answer
        "truth": pl.String,
        "found": pl.String,
        "turns": pl.Int64,
        "source": pl.String,  # what the turns were, in words
    },
    key=("model", "confusion", "truth", "found"),
)

REJECTS = Table(
    "rejects",
    {
        "source": pl.String,
        "place": pl.String,  # line, row, key or conversation; "" for the whole file
        "error": pl.String,  # class name in errors.py
        "reason": pl.String,
        "remedy": pl.String,
    },
    key=("source", "place", "reason"),
)

# The store keeps two rows per run, one of its beginning and one of its end; `Store.runs` gives the later of them.
RUNS = Table(
    "runs",
    {
        "run_id": pl.String,
        "version": pl.String,
        "model": pl.String,
        "settings": pl.String,
        "conversations": pl.Int64,
        "scored": pl.Int64,  # conversations scored in this run; the others were known already
        "turns": pl.Int64,
        "rejects": pl.Int64,
        "seconds": pl.Float64,
        "started_at": UTC_TIME,
        # Null in rows that older versions have stored, and in those of a beginning.
        "state": pl.String,  # begun, done, failed or stopped
        "ended_at": UTC_TIME,
        "exit_code": pl.Int32,
        "error": pl.String,  # class of what ended it
        "reason": pl.String,  # its words, where they are of the store, the model, the engine or the report
        "stage": pl.String,  # in which it ended, where it failed or was stopped
        "files": pl.Int64,
        "known": pl.Int64,  # of them, not opened: an earlier run has read them
        "waiting": pl.Int64,  # of them, left for the next run: they are still being written
        "replaced": pl.Int64,
        "scored_turns": pl.Int64,  # of the conversations that were scored
        "left_out": pl.Int64,
        "mixed": pl.Int64,
        "assumed": pl.Int64,
        "peak_bytes": pl.Int64,  # of memory; null where the system does not tell
        # JSON objects with sorted keys, see CONVERSATIONS.metadata.
        "rejected": pl.String,  # class -> how many
        "formats": pl.String,  # reader -> conversations
        "stage_seconds": pl.String,  # stage -> seconds
        "versions": pl.String,  # python, platform, codebook and the libraries that decide scores
        "options": pl.String,  # the settings, without what may name people
        "command": pl.String,  # scan, forget or rescore; null in rows of before there was more than one
        "removed": pl.Int64,  # conversations taken out of the store: by `forget`, or by a scan as they were too old
        "cut": pl.Int64,  # conversations of which the part of a forgotten agent was taken out
        "forgotten": pl.Int64,  # conversations that a scan left out, as they were forgotten before or are too old
        "from_model": pl.String,  # the models that counted before, with commas between them
        "moved": pl.String,  # what that moved, in numbers
    },
    key=("run_id",),
    nullable=frozenset(
        {
            "state", "ended_at", "exit_code", "error", "reason", "stage", "files", "known", "waiting", "replaced",
            "scored_turns", "left_out", "mixed", "assumed", "peak_bytes", "rejected", "formats", "stage_seconds",
            "versions", "options", "command", "removed", "cut", "forgotten", "from_model", "moved",
        }
    ),
)  # fmt: skip

# The ledger: one row per file that a run has looked at, so that the next one need not open it (ledger.py).
FILES = Table(
    "files",
    {
        "path": pl.String,  # absolute
        "source": pl.String,  # what it is called in the results
        "size": pl.Int64,
        "mtime_ns": pl.Int64,
        "beside": pl.String,  # digits of the files that are read with it; "" where there are none
        "sha256": pl.String,  # of its bytes; "" where it could not be opened
        "reading": pl.String,  # fingerprint of program, model and settings that read it; "" while a run reads
        "state": pl.String,  # read, rejected, left out
        "format": pl.String,  # names of the readers that took it, with commas between them
        "keys": pl.List(pl.Int64),  # hashes of what ties its conversations to those of other files
        "inferred": pl.Boolean,  # roles had to be inferred, for which other files may count
        "domains": pl.String,  # the agents' mail domains that were found when it was read, with commas
        "rejects": pl.Int64,  # rows of REJECTS, those of what is left out rightly, too
        "read_at": UTC_TIME,
    },
    key=("path",),
)

# By what a customer can be found again who asks to be forgotten: keyed hashes, never the words (identities.py).
PEOPLE = Table(
    "people",
    {
        "conversation_id": pl.String,
        "kind": pl.String,  # address, phone or label
        "digest": pl.String,
    },
    key=("conversation_id", "kind", "digest"),
)

# What was forgotten and must not come in again, as keyed hashes (tombstones.py).
FORGOTTEN = Table(
    "forgotten",
    {
        "kind": pl.String,  # conversation, content, agent, or before
        "digest": pl.String,  # of before the time itself
        "cause": pl.String,  # digest of what was asked for, so that it can be allowed again
        "forgotten_at": UTC_TIME,
    },
    key=("kind", "digest", "cause"),
)

# What another model makes of the stored conversations, beside what counts, until it is accepted or dropped.
CANDIDATES = Table(
    "candidates",
    dict.fromkeys(("conversation_id", "content", "model", "settings"), pl.String),
    key=("conversation_id", "content"),
)
CANDIDATE_SCORES = replace(SCORES, name="candidate_scores")
CANDIDATE_LABELS = replace(LABELS, name="candidate_labels")

# What heads of a centre's own labels find in turns; it counts where `content` is the conversation's, and `head` the
# label's of today (own/).
OWN_LABELS = Table(
    "own_labels",
    {
        "conversation_id": pl.String,
        "content": pl.String,
        "turn": pl.Int32,
        "role": pl.String,
        "label": pl.String,  # key of the centre's codebook
        "head": pl.String,  # fingerprint of what judged it
        "p": pl.Float32,
        "given": pl.Boolean,
        "evidence": pl.List(EVIDENCE_SPAN),  # of turns that have the label
    },
    key=("conversation_id", "content", "turn", "label", "head"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        TURNS, CONVERSATIONS, SEGMENTS, SCORES, LABELS, EXCHANGES, ANSWERS, FIGURES, ERROR_RATES, REJECTS, RUNS, FILES,
        PEOPLE, FORGOTTEN, OWN_LABELS,
    )
}  # fmt: skip


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The frame with the table's columns in the table's order.

    Raises SchemaError that lists every fault at once: missing and unknown columns, wrong types, nulls, doubled keys.
    """
    if faults := _faults(frame, table):
        raise SchemaError(
            f"table {table.name!r} has {len(faults)} fault(s): " + "; ".join(faults),
            remedy="the stage that made this frame must follow empathy_scan.tables",
        )
    return frame.select(table.columns.keys())


def _faults(frame: pl.DataFrame, table: Table) -> list[str]:
    """Every way in which the frame is not the table."""
    faults = [f"column {name!r} is missing" for name in table.columns if name not in frame.columns]
    faults += [f"column {name!r} is unknown" for name in frame.columns if name not in table.columns]
    for name, wanted in table.columns.items():
        if name not in frame.columns:
            continue
        column = frame[name]
        if column.dtype != wanted:
            faults.append(f"column {name!r} is {column.dtype}, not {wanted}")
        if name not in table.nullable and column.null_count():
            faults.append(f"column {name!r} has {column.null_count()} null(s)")
    if not faults and frame.select(table.key).is_duplicated().any():
        faults.append(f"key ({', '.join(table.key)}) is not unique")
    return faults
