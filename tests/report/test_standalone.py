"""Pages that stand by themselves: whole or not there, apart from a report's files, and gone without a trace."""

import pytest

from empathy_scan.errors import OutputError
from empathy_scan.report import fairness, rescored, standalone


class Sketch:
    """Templates as far as a page needs them: they write what they are given."""

    def render(self, path, values):
        return {f"{path}.{kind}": f"{values['page']} with {values['assets']}".encode() for kind in ("html", "md")}


def test_a_page_comes_with_assets_of_its_own(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "style.css").write_text("of the report", encoding="utf-8")
    path = standalone.write(tmp_path, "page", "words", Sketch())
    assert path == tmp_path / "page.html"
    assert path.read_text(encoding="utf-8") == "words with page-assets"
    assert (tmp_path / "page.md").is_file()
    assert (tmp_path / "page-assets" / "style.css").is_file()
    assert (tmp_path / "assets" / "style.css").read_text(encoding="utf-8") == "of the report"
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_is_linked_where_a_report_lies_in_it(tmp_path):
    assert not standalone.is_linked(tmp_path)
    (tmp_path / "index.html").touch()
    assert standalone.is_linked(tmp_path)


def test_what_cannot_be_written_is_told_with_a_remedy_and_leaves_the_old_page(tmp_path):
    old = standalone.write(tmp_path, "page", "old", Sketch())
    (tmp_path / "page.html.part").mkdir()  # in the way
    with pytest.raises(OutputError, match=r"cannot be written.*--out"):
        standalone.write(tmp_path, "page", "new", Sketch())
    assert old.read_text(encoding="utf-8") == "old with page-assets"


@pytest.mark.parametrize(("pages", "why"), [(fairness, "counts what was forgotten"), (rescored, "quotes what was")])
def test_forgetting_takes_the_pages_twice_over_and_says_why_it_cannot(tmp_path, pages, why):
    standalone.write(tmp_path, pages.NAME, "words", Sketch())
    for _ in range(2):
        pages.forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{pages.NAME}-assets"]
    (tmp_path / f"{pages.NAME}.md").mkdir()
    with pytest.raises(OutputError, match=why):
        pages.forget(tmp_path)
