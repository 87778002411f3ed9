"""The groups' file: what it may look like, and every way in which it may be wrong."""

import polars as pl
import pytest

from empathy_scan import groups_file
from empathy_scan.errors import ConfigError
from empathy_scan.roster import Roster

SPOKEN = pl.DataFrame({"agent_id": ["tom.brennan", "noor.ali", "wei"], "conversation_id": ["c1", "c2", "c3"]})


def load(tmp_path, text):
    path = tmp_path / "groups.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return groups_file.load(path, SPOKEN, Roster(keys={"wei.zhang": "wei"}))


def test_agents_are_known_however_they_are_written(tmp_path):
    text = "\ufeffAgent;Site; First language\nTom Brennan;north;English\n Ali, Noor ;south;\nWei Zhang;south;Mandarin\n"
    facets, columns = load(tmp_path, text)
    assert [each.name for each in facets] == ["Site", "First language"]
    assert dict(facets[0].groups.iter_rows()) == {"tom.brennan": "north", "noor.ali": "south", "wei": "south"}
    assert [(each.key, each.matched, each.known) for each in columns] == [("agent", 3, 3), ("agent", 2, 3)]


def test_conversations_may_be_the_key_and_strangers_are_counted(tmp_path):
    facets, (column,) = load(tmp_path, "conversation_id,region\nc1,east\nc9,west\n")
    assert facets[0].on == ("conversation_id",)
    assert facets[0].given
    assert (column.matched, column.known, column.strange) == (1, 3, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,site\nTom,north\n", "no column agent or conversation"),
        ("agent,conversation,site\nTom,c1,north\n", "keyed by agent and by conversation at once"),
        ("agent\nTom\n", "no group column"),
        ("agent,site,site\nTom,a,b\n", "two columns have the same name"),
        ("agent,site\n", "holds no row"),
        ("", "holds no row"),
        ("agent,site\nTom Brennan,north\ntom.brennan,south\n", "gives the agent of line 2 another 'site'"),
        ("agent,site\nnobody,north\n", "no agent of the column 'site' is in the store"),
        ("agent,n\n" + "".join(f"a{n},{n}\n" for n in range(51)), "more than 50 groups"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_place_and_remedy(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        load(tmp_path, text)
    assert "groups.csv" in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"missing\.csv"):
        groups_file.load(tmp_path / "missing.csv", SPOKEN, Roster())
