"""One agent under many names is one agent with a team; who is not on the roster stays and is listed."""

import polars as pl
import pytest

from empathy_scan import roster
from empathy_scan.errors import ConfigError
from empathy_scan.tables import TURNS

TABLE = """agent_id,name,aliases,addresses,team,lead,shift,channels
t.brennan,Tom Brennan,A-1042;TB,tom.brennan@larkfield.example,Repairs,Dana Lopez,early,call|chat
noor,Noor Aziz,,noor@larkfield.example,Sales,,,
"""
TOML = """
[[agents]]
agent_id = "t.brennan"
name = "Tom Brennan"
aliases = ["A-1042", "TB"]
addresses = ["tom.brennan@larkfield.example"]
team = "Repairs"
lead = "Dana Lopez"
shift = "early"
channels = ["call", "chat"]

[[agents]]
agent_id = "noor"
name = "Noor Aziz"
addresses = ["noor@larkfield.example"]
team = "Sales"
"""


@pytest.fixture
def load(tmp_path):
    def load(text, name="roster.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return roster.load(path)

    return load


def frame(*agents, role="agent"):
    rows = [
        {
            "conversation_id": "c1", "channel": "chat", "turn": number, "role": role, "role_source": "",
            "speaker": speaker, "agent_id": agent, "text": "Hello.", "source": "a.txt", "format": "text",
        }
        for number, (agent, speaker) in enumerate(agents)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TURNS.columns))


def test_both_forms_of_a_roster_say_the_same(load):
    assert load(TABLE).agents == load(TOML, "roster.toml").agents
    assert load(TABLE).keys == load(TOML, "roster.toml").keys


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings_and_semicolons_are_tolerated(load, encoding):
    found = load('Agent ID;Name;Aliases;Team\r\n7;"Müller; Jörg";a|b;Küche\r\n', encoding=encoding)
    agent = found.agents["7"]
    assert (agent.name, agent.aliases, agent.team) == ("Müller; Jörg", ("a", "b"), "Küche")


@pytest.mark.parametrize(
    "name",
    ["T.Brennan", "a-1042", "tb", "TOM BRENNAN", "Brennan, Tom", "Tom.Brennan@larkfield.example", "tom.brennan",
     "Tom Brennan <tom.brennan@larkfield.example>"],
)  # fmt: skip
def test_every_name_of_an_agent_becomes_his_id(load, name):
    assert roster.merge(frame((name, None)), load(TABLE))["agent_id"].to_list() == ["t.brennan"]


def test_the_speakers_label_counts_where_the_id_tells_nobody(load):
    assert roster.merge(frame(("99", "Noor Aziz")), load(TABLE))["agent_id"].to_list() == ["noor"]


def test_agents_who_are_not_on_it_stay_and_are_listed(load):
    found = load(TABLE)
    merged = roster.merge(frame(("kim", None), ("TB", None), ("unknown-agent", None)), found)
    assert merged["agent_id"].to_list() == ["kim", "t.brennan", "unknown-agent"]
    assert found.unlisted(merged["agent_id"]) == ["kim"]
    assert found.teams == {"t.brennan": "Repairs", "noor": "Sales"}
    assert found.names["noor"] == "Noor Aziz"


def test_merging_again_changes_nothing(load):
    once = roster.merge(frame(("A-1042", None), ("kim", None)), load(TABLE))
    assert roster.merge(once, load(TABLE)).equals(once)


def test_only_agents_are_merged(load):
    assert roster.merge(frame((None, "TB"), role="customer"), load(TABLE))["agent_id"].to_list() == [None]


def test_a_speaker_on_it_whose_role_is_open_is_an_agent(load):
    found = roster.recognise(frame((None, "Tom Brennan"), (None, "Ann"), role="unknown"), load(TABLE))
    assert found.select("role", "role_source").rows() == [("agent", "roster"), ("unknown", "")]


def test_a_display_name_of_two_tells_neither(load):
    found = load("agent_id,name\n1,Alex Kim\n2,Alex Kim\n")
    assert roster.merge(frame(("Alex Kim", None)), found)["agent_id"].to_list() == ["Alex Kim"]


def test_without_a_roster_nothing_changes():
    turns = frame(("kim", "Kim"))
    assert roster.load("") == roster.Roster()
    assert roster.merge(turns, roster.Roster()) is turns
    assert roster.recognise(turns, roster.Roster()) is turns
    assert roster.Roster().unlisted(["kim"]) == []


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("r.csv", "agent_id,aliases\n1,TB\n2,tb\n", "line 3: 'tb' is an agent_id, alias or address of line 2 too"),
        ("r.csv", "agent_id,aliases\n1,\n2,1\n", "line 3: '1' is an agent_id"),
        ("r.csv", "agent_id,name\n,Tom\n", "line 2: the agent_id is empty"),
        ("r.csv", "agent_id,nmae\n1,Tom\n", "r.csv:line 1: unknown column 'nmae'; known columns: agent_id, aliases"),
        ("r.csv", "name,team\nTom,A\n", "line 1: there is no column 'agent_id'"),
        ("r.csv", "agent_id,name,name\n1,a,b\n", "comes twice"),
        ("r.csv", "agent_id;aliases\n1;a;b\n", "line 2: 3 cells under 2 columns"),
        ("r.csv", "", "the roster is empty"),
        ("r.csv", "agent_id,name\n", "there is no agent"),
        ("r.toml", "[[agents]]\nagent_id = '1'\n[[agents]]\ncolour = 'red'\n", "line 3: unknown column 'colour'"),
        ("r.toml", "[[agents]]\nagent_id = true\n", "line 1: 'agent_id' must be a text"),
        ("r.toml", "[[agents]]\nagent_id = '1'\naliases = [1.5]\n", "line 1: 'aliases' must be a list of texts"),
        ("r.toml", "[agents]\nid = '1'\n", "write [[agents]]"),
        ("r.toml", "[[agents", "not valid TOML"),
        ("r.csv", "PK\x03\x04", "Excel"),
    ],
)
def test_a_fault_is_named_with_its_line_and_a_remedy(load, name, text, what):
    with pytest.raises(ConfigError) as caught:
        load(text, name)
    assert what in str(caught.value)
    assert name in caught.value.where
    assert caught.value.remedy


def test_a_roster_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="--roster"):
        roster.load(tmp_path / "none.csv")
