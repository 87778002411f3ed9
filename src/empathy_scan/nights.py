"""What earlier nights have stored of a conversation that a later one reads: its beginning, or itself by another name.

Where the files of earlier nights are still in the folder they are read together (`readers.parts`). This is for those
that are not: the store holds the first part, the files the rest only. A file that holds the conversation from its
beginning, or says something else than what is stored, replaces it.

A conversation without an id of its own is called after its file. Where the file was moved, or packed into an archive,
it keeps the name that it has in the store.
"""

from __future__ import annotations

import polars as pl

from empathy_scan.readers.files import stem
from empathy_scan.readers.parts import LATER, NATIVE, SOON
from empathy_scan.tables import TURNS, conform

_ID = "conversation_id"
_CONTEXT = ("queue", "direction", "zone", "metadata")
_AGAIN = 0.5  # share of the earlier turns that a file says again, from which on its times have changed, not its part


def go_on(fresh: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """The fresh TURNS with the stored beginnings of those conversations of which they hold a later part only.

    That is so where all turns of both tell their times, the fresh ones begin later and hold all that is stored from
    then on, and, unless the id is the vendor's own, begin soon after. Reading the same files again changes nothing.
    """
    news, olds = _timed(fresh), _timed(stored)
    begun = news.group_by(_ID).agg(
        begin=pl.col("at").min(),
        timed=pl.col("at").is_not_null().all(),
        new_channel=pl.col("channel").first(),
        new_format=pl.col("format").first(),
    )
    both = olds.join(begun, on=_ID).with_columns(last=pl.col("at").max().over(_ID))
    earlier = both.filter(pl.col("at") < pl.col("begin"))
    rest = both.filter((pl.col("at") >= pl.col("begin")).fill_null(value=True))
    gone = rest.join(news, on=[_ID, "text", "at"], how="anti")  # also what has no time
    apart = earlier.with_columns(ok=_belongs()).group_by(_ID).agg(pl.col("ok").all())
    said = earlier.join(news.select(_ID, "text").unique(), on=[_ID, "text"], how="semi").group_by(_ID).len("again")
    counts = earlier.group_by(_ID).len("of").join(said, on=_ID, how="left").with_columns(pl.col("again").fill_null(0))
    fitting = counts.filter(pl.col("again") < _AGAIN * pl.col("of")).select(_ID)
    going = apart.filter("ok").select(_ID).join(fitting, on=_ID, how="semi").join(gone, on=_ID, how="anti")
    return _joined(fresh, earlier.join(going, on=_ID, how="semi").select(TURNS.columns.keys()))


def named_after_file(conversations: pl.DataFrame) -> pl.DataFrame:
    """Those of the CONVERSATIONS that are called after the file that they come from."""
    if conversations.is_empty():
        return conversations
    names = pl.DataFrame({"source": conversations["source"].unique()})
    names = names.with_columns(stem=pl.Series([stem(source) for source in names["source"]], dtype=pl.String))
    joined = conversations.join(names, on="source", how="left", maintain_order="left")
    return joined.filter(pl.col(_ID).str.starts_with(pl.col("stem"))).drop("stem")


def old_names(new: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """The names under which the store holds conversations (`conversation_id`, `old_id`), by what is said in them.

    Both are CONVERSATIONS called after files; those stored are of files that are gone.
    """
    mine, theirs = (
        each.sort(_ID).select(_ID, "content", rank=pl.int_range(pl.len()).over("content")) for each in (new, stored)
    )
    both = mine.join(theirs.rename({_ID: "old_id"}), on=["content", "rank"])
    return both.select(_ID, "old_id")


def renamed(turns: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """The turns, those of the named conversations under their old names."""
    joined = turns.join(names, on=_ID, how="left", maintain_order="left")
    return conform(joined.with_columns(pl.coalesce("old_id", _ID).alias(_ID)).drop("old_id").sort(TURNS.key), TURNS)


def _timed(turns: pl.DataFrame) -> pl.DataFrame:
    """The turns with `at`: when each was spoken, in milliseconds; null where nothing tells."""
    spoken = pl.col("started_at").dt.epoch("ms") + (pl.col("start") * 1000).round().cast(pl.Int64)
    return conform(turns, TURNS).with_columns(at=spoken)


def _belongs() -> pl.Expr:
    """Whether a stored turn and the fresh ones may be of one conversation."""
    hours = {str(channel): span.total_seconds() * 1000 for channel, span in LATER.items()}
    allowed = pl.col("channel").replace_strict(hours, default=SOON.total_seconds() * 1000, return_dtype=pl.Float64)
    gap = pl.col("begin") - pl.col("last")
    alike = (pl.col("channel") == pl.col("new_channel")) & (pl.col("format") == pl.col("new_format"))
    return pl.col("timed") & alike & (pl.col("format").is_in(list(NATIVE)) | (gap <= allowed))


def _joined(fresh: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """The fresh turns, those of conversations with earlier ones numbered and timed after them."""
    if earlier.is_empty():
        return fresh
    known = earlier.group_by(_ID).agg(
        pl.len().cast(pl.Int32).alias("before"),
        *(pl.col(name).first().alias(f"old_{name}") for name in ("started_at", *_CONTEXT)),
    )
    later = fresh.join(known, on=_ID, how="left", maintain_order="left")
    shift = (pl.col("started_at") - pl.col("old_started_at")).dt.total_microseconds() / 1e6
    later = later.with_columns(
        turn=pl.col("turn") + pl.col("before").fill_null(0),
        start=pl.col("start") + shift.fill_null(0.0),
        end=pl.col("end") + shift.fill_null(0.0),
        started_at=pl.coalesce("old_started_at", "started_at"),
        **{name: pl.coalesce(f"old_{name}", name) for name in _CONTEXT},
    )
    kept = earlier.with_columns(turn=pl.int_range(pl.len(), dtype=pl.Int32).over(_ID, order_by="turn"))
    rows = pl.concat([each.select(TURNS.columns.keys()) for each in (kept, later)])
    return conform(rows.sort(TURNS.key), TURNS)
