"""Files beside the exports: read in any encoding, and told by what they are where they cannot be read."""

import pytest

from empathy_scan import side_files
from empathy_scan.errors import ConfigError


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_table_saved_by_any_office_is_read(tmp_path, encoding):
    path = tmp_path / "roster.csv"
    path.write_bytes("agent,team\nZoë Müller,Zürich\n".encode(encoding))
    assert side_files.text(path, what="roster", option="--roster") == "agent,team\nZoë Müller,Zürich\n"


def test_a_file_that_is_not_there_is_told_with_the_option_that_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.csv: cannot read the roster .*a CSV or TOML file with --roster"):
        side_files.text(tmp_path / "none.csv", what="roster", option="--roster", kinds="CSV or TOML")


def test_what_is_no_text_is_told_with_what_to_save_it_as(tmp_path):
    path = tmp_path / "sites.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(200))
    with pytest.raises(ConfigError, match=r"sites\.xlsx: .*; save the groups as CSV"):
        side_files.text(path, what="groups", option="--groups")
