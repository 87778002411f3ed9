"""Settings: what a file changes, what is refused, and the fingerprint that travels with results."""

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan.config import Config, found_in, load, override, stated
from empathy_scan.errors import ConfigError

SHAPING = [
    {"read": {"format": "csv"}},
    {"read": {"columns": {"text": "Body"}}},
    {"read": {"agent_domains": ["larkfield.example"]}},
    {"read": {"languages": ["any"]}},
    {"redact": {"names": False}},
    {"roles": {"infer": False}},
    {"segment": {"max_words": 50}},
    {"score": {"evidence": False}},
]


@pytest.fixture
def write(tmp_path):
    """A function that writes a settings file and gives its path."""

    def written(text: str, *, encoding: str = "utf-8"):
        path = tmp_path / "night.toml"
        path.write_text(text, encoding=encoding)
        return path

    return written


def test_without_a_file_the_defaults_hold():
    assert load(None) == Config()


def test_an_empty_file_is_the_defaults(write):
    assert load(write("")) == Config()


def test_a_file_changes_what_it_names_and_nothing_else(write):
    config = load(
        write(
            """
            [read]
            agent_domains = ["larkfield.example"]
            columns = { text = "Body" }
            channel_roles.ch_0 = "agent"
            [segment]
            context_turns = 0
            [report]
            title = "Nächte"
            """
        )
    )
    assert config.read.agent_domains == ("larkfield.example",)
    assert config.read.columns == {"text": "Body"}
    assert config.read.channel_roles == {"ch_0": "agent"}
    assert config.segment.context_turns == 0
    assert config.segment.max_words == Config().segment.max_words
    assert config.report.title == "Nächte"
    assert config.summary == Config().summary


def test_a_byte_order_mark_is_no_fault(write):
    assert load(write("[score]\nevidence = false\n", encoding="utf-8-sig")).score.evidence is False


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("colour = 1", "", "unknown key 'colour'"),
        ("[read]\nfromat = 'csv'\nb = 1", "[read]", "unknown key 'b', 'fromat'; known keys: agent_addresses"),
        ("read = 'csv'", "", "'read' must be a table; write [read]"),
        ("[read]\nformat = 1", "[read] format", "must be str, not int"),
        ("[read]\nagent_domains = 'a.example'", "[read] agent_domains", "must be tuple[str, ...], not str"),
        ("[read]\nagent_domains = [1]", "[read] agent_domains", "must be tuple[str, ...], not list"),
        ("[read]\ncolumns = { text = 1 }", "[read] columns", "must be dict[str, str], not dict"),
        ("[redact]\nnames = 1", "[redact] names", "must be bool, not int"),
        ("[segment]\nmax_words = true", "[segment] max_words", "must be int, not bool"),
        ("[segment]\nmax_words = 1.5", "[segment] max_words", "must be int, not float"),
        ("[segment]\nmax_words = 0", "[segment] max_words", "must be 1 or more"),
        ("[segment]\ncontext_turns = -1", "[segment] context_turns", "must be 0 or more"),
        ("[summary]\nseed = -1", "[summary] seed", "must be 0 or more"),
        ("[summary]\nresamples = 0", "[summary] resamples", "must be 1 or more"),
        (
            "[roles]\nroles = { ann = 'agnet' }",
            "[roles] roles",
            "there is no role 'agnet'; choose from agent, customer",
        ),
        ("[roles]\nconfidence = 1.0", "[roles] confidence", "must be 0.5 or more and less than 1"),
        ("[roles]\nconfidence = 95", "[roles] confidence", "must be 0.5 or more and less than 1"),
        ("[roles]\nconfidence = nan", "[roles] confidence", "must be 0.5 or more and less than 1"),
        ("[read]\nchannel_roles.ch_0 = ''", "[read] channel_roles", "there is no role ''"),
        ("[read", "", "not valid TOML"),
    ],
)
def test_a_fault_is_named_with_its_file_and_place(write, text, where, what):
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path} {where}: ".replace(" :", ":"))
    assert what in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / "night.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"night\.toml: not valid TOML"):
        load(tmp_path / "night.toml")


def test_a_file_that_cannot_be_read_is_named_with_a_remedy(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="--config") as caught:
            load(path)
        assert caught.value.where == str(path)


def test_the_command_line_lies_over_the_file(write):
    config = load(write("[read]\nformat = 'csv'\nmax_file_bytes = 10\n[report]\ntitle = 'T'"))
    changed = override(config, {"read": {"format": "mbox"}, "summary": {"resamples": 10}})
    assert (changed.read.format, changed.read.max_file_bytes, changed.summary.resamples) == ("mbox", 10, 10)
    assert changed.report == config.report
    assert config.read.format == "csv"


def test_overriding_nothing_changes_nothing(write):
    config = load(write("[roles]\nroles = { ann = 'agent' }\n[read]\nagent_domains = ['a.example']"))
    assert override(config, {}) == config


@pytest.mark.parametrize(
    "changes",
    [
        {"colours": {}},
        {"fingerprint": {}},
        {"read": {"fromat": "csv"}},
        {"read": {"format": 1}},
        {"score": {"evidence": 1}},
    ],
)
def test_a_fault_of_the_command_line_is_a_config_error(changes):
    with pytest.raises(ConfigError):
        override(Config(), changes)


@pytest.mark.parametrize("changes", SHAPING, ids=str)
def test_the_fingerprint_changes_with_what_shapes_scores(changes):
    assert override(Config(), changes).fingerprint() != Config().fingerprint()


@pytest.mark.parametrize("changes", [{"summary": {"seed": 1}}, {"report": {"title": "T"}}], ids=str)
def test_the_fingerprint_does_not_change_with_figures_and_reports(changes):
    assert override(Config(), changes).fingerprint() == Config().fingerprint()


@given(st.permutations(["a", "b", "c"]))
def test_the_fingerprint_does_not_depend_on_the_order_of_keys(names):
    config = override(Config(), {"roles": {"roles": dict.fromkeys(names, "agent")}})
    assert config.fingerprint() == override(config, {"roles": {"roles": dict.fromkeys("abc", "agent")}}).fingerprint()


def test_the_fingerprint_is_twelve_hex_digits():
    assert len(Config().fingerprint()) == 12
    assert int(Config().fingerprint(), 16) >= 0


def test_every_setting_has_a_default_that_passes_its_own_check():
    config = override(Config(), dataclasses.asdict(Config()))
    assert config == Config()


def test_the_rosters_path_counts_from_the_settings_file_and_not_for_the_fingerprint(write):
    path = write("[roles]\nroster = 'agents.csv'\n")
    assert load(path).roles.roster == str(path.parent / "agents.csv")
    assert load(path).fingerprint() == Config().fingerprint()


SCAN = """
[scan]
paths = ["exports", "/srv/more"]
store = "s3://bucket/results"
reports = "report"
since = 2026-10-05
until = "2026-10-12"
engine = "local"
log_file = "~/night.log"
"""


def test_files_and_folders_count_from_the_settings_file_and_addresses_from_nowhere(write):
    path = write(SCAN)
    asked = load(path).scan
    assert asked.paths == (str(path.parent / "exports"), "/srv/more")
    assert (asked.store, asked.reports) == ("s3://bucket/results", str(path.parent / "report"))
    assert asked.log_file == str(Path("~/night.log").expanduser())


def test_what_a_file_does_not_say_counts_from_the_working_directory(write):
    assert load(write("[scan]\nworkers = 2\n")).scan.store == "empathy-scan-store"


def test_a_date_may_stand_without_quotes(write):
    assert (load(write(SCAN)).scan.since, load(write(SCAN)).scan.until) == ("2026-10-05", "2026-10-12")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("engine = 'steam'", "choose local or ray"),
        ("log_format = 'xml'", "choose text or json"),
        ("since = 'yesterday'", "is not a date such as 2026-10-05"),
        ("workers = 0", "must be 1 or more"),
        ("worker = 2", "unknown key 'worker'"),
    ],
)
def test_a_fault_in_what_the_command_line_could_say_is_named(write, line, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        load(write(f"[scan]\n{line}\n"))


def test_what_the_command_line_says_shapes_no_score(write):
    assert load(write(SCAN)).fingerprint() == Config().fingerprint()


def test_the_settings_that_a_file_states_are_known(write):
    path = write("[scan]\nworkers = 2\n[read]\nformat = 'csv'\n")
    assert stated(path) == {("scan", "workers"), ("read", "format")}


def test_the_file_of_a_folder_is_found_by_its_name(tmp_path):
    assert found_in(tmp_path) is None
    (tmp_path / "empathy-scan.toml").write_text("", encoding="utf-8")
    assert found_in(tmp_path) == tmp_path / "empathy-scan.toml"
