"""What a reader hands on, as the rest of the program takes it."""

import pytest

from empathy_scan.readers import pieces
from empathy_scan.readers.conversation import Conversation, Parsed, Turn

SPOKEN = Conversation("c1", [Turn("Good morning.")], "chat")
SILENT = Conversation("c2", [], "chat")


@pytest.mark.parametrize(
    ("silent", "note"),
    [
        (1, "1 conversation in which nobody speaks left out"),
        (2, "2 conversations in which nobody speaks left out"),
    ],
)
def test_a_conversation_in_which_nobody_speaks_is_left_out_and_told(silent, note):
    found = pieces._sound(Parsed([SPOKEN, *[SILENT] * silent], notes=["as before"]))
    assert (list(found.conversations), list(found.notes)) == ([SPOKEN], ["as before", note])


def test_what_is_sound_stays_as_it_is():
    parsed = Parsed([SPOKEN])
    assert pieces._sound(parsed) is parsed
