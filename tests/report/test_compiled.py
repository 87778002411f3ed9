"""Compiled templates are kept where nobody else can put others in their place, and are of no use anywhere else."""

import os

import jinja2
import pytest

from empathy_scan.report.compiled import Compiled, own_folder

HOW_MANY = "{% for n in range(3) %}{{ n }}{% endfor %}"


@pytest.fixture(autouse=True)
def cache_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def environment(source=HOW_MANY, kind="html"):
    """One as in another process: nothing in memory."""
    return jinja2.Environment(
        loader=jinja2.DictLoader({"page": source}), bytecode_cache=Compiled(kind), autoescape=True
    )


def known(source=HOW_MANY, kind="html"):
    """Whether a new process finds that template compiled."""
    made = environment(source, kind)
    return made.bytecode_cache.get_bucket(made, "page", None, source).code is not None


def test_another_process_finds_what_one_has_compiled(cache_home):
    assert not known()
    assert environment().get_template("page").render() == "012"
    assert known()
    assert environment().get_template("page").render() == "012"
    assert list((cache_home / "empathy-scan").rglob("*.part")) == []


def test_what_was_compiled_of_other_words_or_for_another_kind_of_page_is_not_used():
    environment().get_template("page").render()
    assert not known("{{ 7 }}")
    assert not known(kind="md")
    assert environment("{{ 7 }}").get_template("page").render() == "7"


@pytest.mark.parametrize("damage", [lambda held: held[:-1], lambda held: held[:-1] + b"?", lambda _: b""])
def test_a_damaged_file_is_compiled_anew(damage):
    environment().get_template("page").render()
    (file,) = own_folder().iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert not known()
    assert environment().get_template("page").render() == "012"
    assert known()


def test_nothing_is_loaded_from_where_others_can_write():
    environment().get_template("page").render()
    for folder in (own_folder(), own_folder().parent):
        folder.chmod(0o770)
        assert own_folder() is None
        assert not known()
        folder.chmod(0o700)
    assert known()


def test_a_link_in_the_place_of_the_folder_is_not_followed(cache_home, tmp_path):
    environment().get_template("page").render()
    elsewhere = tmp_path / "elsewhere"
    (cache_home / "empathy-scan").rename(elsewhere)
    (cache_home / "empathy-scan").symlink_to(elsewhere)
    assert not known()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_nothing_is_loaded_from_below_a_folder_of_somebody_else(cache_home):
    environment().get_template("page").render()
    os.chown(cache_home, 12345, -1)
    assert own_folder() is None
    assert not known()


def test_pages_are_made_without_a_folder_of_ours(cache_home):
    cache_home.write_text("a file in the way")
    assert own_folder() is None
    assert environment().get_template("page").render() == "012"


def test_a_umask_that_lets_the_group_write_leaves_the_folder_in_use():
    before = os.umask(0o002)
    try:
        environment().get_template("page").render()
    finally:
        os.umask(before)
    assert own_folder() is not None
    assert known()
