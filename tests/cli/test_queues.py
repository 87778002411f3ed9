"""Store, queue and codebook of the command line stand over those of the settings; what is not named stays."""

from pathlib import Path

import pytest

from empathy_scan.cli import queues


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "empathy-scan.toml"
    file.write_text('[scan]\nstore = "s"\n[review]\nqueue = "q"\n[labels]\ncodebook = "c"\n', encoding="utf-8")
    return file


def named(options):
    """Places of a settings file are told from where it lies."""
    return tuple(Path(each).name for each in (options.scan.store, options.review.queue, options.labels.codebook))


def test_without_options_the_settings_hold(path):
    assert named(queues.settings("", path)) == ("s", "q", "c")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"store": "other"}, ("other", "q", "c")),
        ({"queue": "other"}, ("s", "other", "c")),
        ({"codebook": "other"}, ("s", "q", "other")),
        ({"store": "1", "queue": "2", "codebook": "3"}, ("1", "2", "3")),
    ],
)
def test_an_option_changes_its_setting_and_no_other(path, given, expected):
    assert named(queues.settings(given.pop("store", ""), path, **given)) == expected


def test_store_and_queue_are_opened_where_the_options_say(path, tmp_path):
    path.write_text("[scan]\nquiet = true\n", encoding="utf-8")
    held, queue, options = queues.opened(str(tmp_path / "store"), str(tmp_path / "queue"), path)
    assert held.root == options.scan.store == str(tmp_path / "store")
    assert queue.folder == tmp_path / "queue"
