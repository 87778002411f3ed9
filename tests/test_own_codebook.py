"""Codebooks of a centre's own labels: what they hold, and how what is wrong is told."""

import pytest

from empathy_scan import own_codebook
from empathy_scan.errors import ConfigError
from empathy_scan.review import questions

SOUND = """
[[label]]
key = "explains_next_steps"
name = "explains next steps"
role = "agent"
question = "Explains what happens next?"
definition = '''Tells what comes next,
and by when.'''
yes = ["You get a mail today.", "The van comes on Monday."]
no = ["Hello.", "We look into it."]
"""


@pytest.fixture
def written(tmp_path):
    """A function from the text of a codebook to its file."""

    def write(text):
        path = tmp_path / "labels.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_label_is_read_with_its_examples(written):
    (label,) = own_codebook.load(written(SOUND))
    assert (label.key, label.name, label.role) == ("explains_next_steps", "explains next steps", "agent")
    assert label.definition == "Tells what comes next, and by when."
    assert (len(label.yes), len(label.no)) == (2, 2)


def test_without_a_codebook_there_are_no_labels():
    assert own_codebook.load("") == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('key = "explains_next_steps"', 'key = "Next steps!"', "[[label]] 1 key"),
        ('key = "explains_next_steps"', 'key = "tone"', "name of the standard labels"),
        ('key = "explains_next_steps"', 'key = "contempt"', "name of the standard labels"),
        ('role = "agent"', 'role = "boss"', "choose agent or customer"),
        ('name = "explains next steps"', "name = 3", "(explains_next_steps) name: must be a text"),
        ('name = "explains next steps"', f'name = "{"x" * 61}"', "longer than 60"),
        ('question = "Explains what happens next?"', "", "question missing"),
        ('question = "Explains', 'colour = "red"\nquestion = "Explains', "unknown key 'colour'"),
        ('no = ["Hello.", "We look into it."]', 'no = ["Hello."]', "holds 1 different examples"),
        ('no = ["Hello.", "We look into it."]', 'no = ["Hello.", " "]', "empty example"),
        ('no = ["Hello."', 'no = ["You  get a mail TODAY."', "under yes and under no"),
        ('no = ["Hello."', "no = [4", "must be a list of texts"),
        ("[[label]]", "[label]", "must be a list of tables"),
        ("[[label]]", "[[label]]\n[[label]]", "[[label]] 1"),
        ("[[label]]", 'title = "x"\n[[label]]', "unknown key 'title'"),
        ("[[label]]", "[[label", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_remedy(written, old, new, told):
    path = written(SOUND.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        own_codebook.load(path)
    assert told in str(error.value)
    assert str(error.value).startswith(str(path))
    assert error.value.remedy


def test_two_labels_of_one_key_are_refused(written):
    with pytest.raises(ConfigError, match="given to several labels"):
        own_codebook.load(written(SOUND + SOUND))


def test_a_file_that_is_not_there_or_empty_is_told(written, tmp_path):
    with pytest.raises(ConfigError, match="cannot read the codebook"):
        own_codebook.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="no label"):
        own_codebook.load(written(""))


def test_a_label_that_is_called_as_a_standard_one_is_refused(written):
    labels = own_codebook.load(written(SOUND.replace("Explains what happens next?", "Asks openly?")))
    with pytest.raises(ConfigError, match="as a standard label is"):
        questions.of_own(labels)


def test_the_fingerprint_changes_with_the_meaning_and_not_with_the_name(written):
    (one,) = own_codebook.load(written(SOUND))
    (named,) = own_codebook.load(written(SOUND.replace("explains next steps", "next steps")))
    (other,) = own_codebook.load(written(SOUND.replace("and by when", "and by whom")))
    assert one.fingerprint() == named.fingerprint() != other.fingerprint()
