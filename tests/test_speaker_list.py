"""A list of speakers decides roles: for a label anywhere, or in one conversation, there even against the export."""

import polars as pl
import pytest

from empathy_scan import speaker_list
from empathy_scan.errors import ConfigError


@pytest.fixture
def load(tmp_path):
    def load(text):
        path = tmp_path / "speakers.csv"
        path.write_text(text, encoding="utf-8")
        return speaker_list.load(str(path))

    return load


def turns(*rows):
    names = ("conversation_id", "speaker", "role")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(role_source=pl.lit("column role"), agent_id=pl.col("speaker"))


def test_without_a_list_nothing_changes():
    given = turns(("c1", "A", "unknown"))
    assert speaker_list.apply(given, speaker_list.load("")).equals(given)


def test_a_label_anywhere_decides_what_is_open_and_nothing_else(load):
    listed = load("speaker,role\nDana Lopez,agent\n")
    found = speaker_list.apply(turns(("c1", "dana lopez ", "unknown"), ("c2", "Dana Lopez", "customer")), listed)
    assert found["role"].to_list() == ["agent", "customer"]
    assert found["role_source"].to_list() == ["list of speakers", "column role"]


def test_a_row_for_one_conversation_holds_against_the_export_and_only_there(load):
    listed = load("conversation_id,speaker,role\nc1,A,customer\n,A,agent\n")
    found = speaker_list.apply(turns(("c1", "A", "agent"), ("c2", "A", "unknown")), listed)
    assert found.select("role", "agent_id").rows() == [("customer", None), ("agent", "A")]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("name,role\nA,agent\n", "line 1: the columns are name, role"),
        ("speaker,role\nA,agnet\n,agent\n", "line 2: there is no role 'agnet'; line 3: the speaker is empty"),
        ("speaker,role\nA,agent\na,customer\n", "line 3: another role than in line 2"),
    ],
)
def test_faults_are_named_with_their_lines(load, text, what):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert what in str(caught.value)
    assert caught.value.remedy


def test_a_missing_list_is_told(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the list of speakers"):
        speaker_list.load(str(tmp_path / "none.csv"))
