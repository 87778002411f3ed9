import subprocess
import sys

TEXT = "My husband's funeral is on Friday; I can't pay £20.50 (really!) e.g. now :-)"
PROGRAM = """
import sys
from empathy_scan.lightly import blank_english
told = [token.text for token in blank_english()(sys.argv[1])]
assert not {"spacy.cli", "spacy.cli.info", "weasel", "httpx", "transformers"} & set(sys.modules), "not needed"
import spacy
assert told == [token.text for token in spacy.blank("en")(sys.argv[1])]
assert spacy.info(silent=True)["spacy_version"] == spacy.__version__
import spacy.cli
assert callable(spacy.cli.app)
print(*told, sep="\\n")
"""


def test_spacy_comes_without_its_command_line_and_stays_whole_for_others():
    done = subprocess.run([sys.executable, "-c", PROGRAM, TEXT], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert "husband|'s|funeral" in done.stdout.replace("\n", "|")
