"""The first stages together: other languages do not reach the roles, and a roster gives agents one name and a role."""

import pytest

from empathy_scan import prepare
from empathy_scan.config import Config, ReadConfig, RolesConfig
from empathy_scan.errors import ConfigError

GERMAN = (
    "Agent: Guten Tag, hier ist Noor, wie kann ich Ihnen helfen?\n"
    "Customer: Mein Paket ist immer noch nicht angekommen, seit drei Wochen.\n"
)
ENGLISH = (
    "conversation_id,speaker,text\n"
    'c1,Tom Brennan,"Yes, that is the one."\n'
    "c1,Ann,It never came and nobody has told me anything about it.\n"
)


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "german.txt").write_text(GERMAN, encoding="utf-8")
    (folder / "english.csv").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "roster.csv").write_text("agent_id,name,team\nTB,Tom Brennan,Repairs\n", encoding="utf-8")
    return folder


def test_a_roster_decides_roles_and_ids_and_another_language_is_a_reject(exports):
    config = Config(roles=RolesConfig(roster=str(exports.parent / "roster.csv")))
    found = prepare.turns([exports], config)
    assert found.turns.select("role", "role_source", "agent_id").rows()[0] == ("agent", "roster", "tb")
    assert found.turns["role"].to_list() == ["agent", "customer"]
    assert found.rejects["reason"].to_list() == ["not in English: it looks like German"]
    assert (found.files, found.mixed, found.assumed, found.unlisted) == (2, 0, 0, [])


def test_any_language_is_kept_where_that_is_wanted(exports):
    found = prepare.turns([exports / "german.txt"], Config(read=ReadConfig(languages=("any",))))
    assert found.turns.height == 2
    assert found.rejects.is_empty()


def test_a_roster_that_is_not_there_ends_it_before_anything_is_read(exports):
    with pytest.raises(ConfigError, match="cannot read the roster"):
        prepare.turns([exports], Config(roles=RolesConfig(roster="none.csv")))
