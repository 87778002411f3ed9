"""A list of who speakers are: a table of speaker and role, and of conversation_id where a row is for one only.

What a row says of one conversation holds even against the export: somebody has looked. What it says of a label in all
conversations decides those that the export leaves open.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import polars as pl

from empathy_scan import side_files
from empathy_scan.codebook import Role
from empathy_scan.errors import ConfigError

SOURCE = "list of speakers"  # how the role was decided
COLUMNS = ("conversation_id", "speaker", "role")
_FAULTS_SHOWN = 10


def load(path: str) -> pl.DataFrame:
    """The rows of a list, none for "". Raises ConfigError with file, line and remedy, all faults at once."""
    if not path:
        return pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))
    text = side_files.text(path, what="list of speakers", option="--speakers")
    rows = list(_rows(text, path))
    faults = [f"line {line}: {fault}" for line, row in rows if (fault := _fault(row))]
    said: dict[tuple[str, str], tuple[int, str]] = {}
    for line, (conversation, speaker, role) in rows:
        first, given = said.setdefault((conversation, speaker.lower()), (line, role))
        if given != role:
            faults.append(f"line {line}: another role than in line {first}")
    if faults:
        more = f"; and {len(faults) - _FAULTS_SHOWN} more" if len(faults) > _FAULTS_SHOWN else ""
        what = "; ".join(faults[:_FAULTS_SHOWN]) + more
        raise ConfigError(what, where=path, remedy="write speaker and role; roles are agent, customer and system")
    return pl.DataFrame([row for _, row in rows], schema=dict.fromkeys(COLUMNS, pl.String), orient="row").unique(
        maintain_order=True
    )


def apply(turns: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """TURNS with the roles of the list: those for one conversation first, then those for a label anywhere."""
    if listed.is_empty():
        return turns
    label = pl.col("speaker").fill_null("").str.strip_chars().str.to_lowercase()
    keyed = listed.select("conversation_id", "role", label=label).unique(["conversation_id", "label"])
    one = keyed.filter(pl.col("conversation_id") != "").rename({"role": "here"})
    everywhere = keyed.filter(pl.col("conversation_id") == "").select("label", anywhere="role")
    joined = (
        turns.with_columns(label=label)
        .join(one, on=["conversation_id", "label"], how="left", maintain_order="left")
        .join(everywhere, on="label", how="left", maintain_order="left")
    )
    anywhere = pl.when(pl.col("role") == Role.UNKNOWN).then("anywhere")
    role = pl.coalesce("here", anywhere)
    return joined.with_columns(
        role=pl.coalesce(role, "role"),
        role_source=pl.when(role.is_not_null()).then(pl.lit(SOURCE)).otherwise("role_source"),
        agent_id=pl.when(role.is_in([Role.CUSTOMER, Role.SYSTEM])).then(None).otherwise("agent_id"),
    ).drop("label", "here", "anywhere")


def _rows(text: str, where: str) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Line, and conversation ("" for all), speaker and role of each row."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=header.count)
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter)
    columns: list[str] = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not columns:
                columns = ["_".join(cell.lower().split()) for cell in cells]
                if set(columns) - set(COLUMNS) or not {"speaker", "role"} <= set(columns):
                    raise ConfigError(
                        f"the columns are {', '.join(columns)}", where=f"{where}:line {reader.line_num}",
                        remedy="write speaker,role or conversation_id,speaker,role in the first line",
                    )  # fmt: skip
                continue
            values = dict(zip(columns, cells, strict=False))
            role = values.get("role", "").lower()
            yield reader.line_num, (values.get("conversation_id", ""), values.get("speaker", ""), role)
    except csv.Error as error:
        raise ConfigError(
            f"not a table: {error}", where=f"{where}:line {reader.line_num}", remedy="correct it"
        ) from error
    if not columns:
        raise ConfigError("the list of speakers is empty", where=where, remedy="write the columns speaker,role")


def _fault(row: tuple[str, str, str]) -> str:
    """What is wrong with a row, "" for nothing. A conversation may have a speaker without a label."""
    conversation, speaker, role = row
    if role not in {Role.AGENT, Role.CUSTOMER, Role.SYSTEM}:
        return f"there is no role {role!r}"
    return "" if speaker or conversation else "the speaker is empty"
