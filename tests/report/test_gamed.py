"""Answers that look written for a score, as the report shows them: marked and listed, never praised."""

import pytest

from empathy_scan.report import dialogue, method
from empathy_scan.report.method import Background
from talks import PROVENANCE

ASKED = "{upset|My boiler broke on Friday night} and the baby had no warm bath."
COPIED = "{acknowledges|Your boiler broke on Friday night and the baby had no warm bath.}"
OWN = "{acknowledges|A weekend without heat and a baby to bath.} No wonder you packed the car."


@pytest.fixture
def gamed(talk):
    """Conversations of one agent, each answered with the customer's own sentence or with understanding."""

    def make(answers):
        return [
            talk(f"c-{number}", "ada", [("customer", ASKED, "1"), ("agent", answer, "A0")], day=number)
            for number, answer in enumerate(answers)
        ]

    return make


def test_a_conversation_marks_the_answer_and_says_what_was_seen(prepared, gamed):
    (page,) = dialogue.dialogues(prepared(*gamed([COPIED])))
    (chip,) = [chip for chip in page.turns[1].chips if chip.text == "may be written for a score"]
    assert "says the customer's own sentence back" in chip.title
    (page,) = dialogue.dialogues(prepared(*gamed([OWN])))
    assert not [chip for chip in page.turns[1].chips if chip.text == "may be written for a score"]


def test_the_agents_page_lists_them_and_praises_none_of_them(agent_pages, gamed):
    (page,) = agent_pages(*gamed([COPIED] * 4 + [OWN])).values()
    (pile,) = [pile for pile in page.piles if "written for a score" in pile.title]
    assert pile.title.endswith("(4)")
    assert {conversation for _, kind, conversation, *_ in page.cited if kind == "empathic"} <= {"c-4"}


def test_the_method_page_counts_them_where_there_are_any(prepared, gamed):
    told = " ".join(method.page(prepared(*gamed([COPIED, COPIED, OWN])), PROVENANCE, Background()).read)
    assert "2 answers may be written for a score" in told
    assert "written for a score" not in " ".join(method.page(prepared(*gamed([OWN])), PROVENANCE, Background()).read)
