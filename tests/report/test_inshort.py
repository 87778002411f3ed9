"""What happened in a conversation, in statements with counts."""

import polars as pl
import pytest

from empathy_scan import mirror, report
from empathy_scan.report import dialogue

FIGHT = [
    ("system", "You are connected.", ""),
    ("customer", "It is late again.", "1"),
    ("agent", "I apologise for the inconvenience.", "S0"),
    ("customer", "You clown.", "2i"),
    ("agent", "Calm down.", "1"),
    ("customer", "I will find you, you clown.", "2it"),
    ("agent", "Two weeks without a bed, no wonder. I ring the depot now. I call you at five.", "AO0"),
    ("customer", "Thank you.", "0"),
]

ACTED = (
    "Of 2 messages with care or stock phrases, 2 were followed by a step, in the same message or the agent's next two."
)


@pytest.fixture
def page(frames):
    """A function from the lines of a conversation to its page."""

    def make(talk):
        made = frames(talk)
        named = {name: made[name] for name in ("turns", "scores", "labels", "figures", "rejects")}
        none = report.page.found(pl.DataFrame(schema=report.page.SENTENCES))
        whole = report.Frames(**named, phrases=none, weeks=pl.DataFrame(), changes=pl.DataFrame())
        material = report.prepare(whole, made["config"], report.People())
        (found,) = dialogue.dialogues(material)
        return found

    return make


@pytest.fixture
def texts(page, talk):
    return lambda lines: [one.text for one in page(talk("one", "maya.osei", lines)).statements]


def test_what_happened_is_told_with_its_counts(texts):
    assert texts(FIGHT) == [
        "The customer was hostile first, 0:21 into the conversation.",
        "2 hostile messages from the customer: insult in 2 and threat in 1.",
        "Of 2 hostile messages that were answered, the agent rose above 1 and answered 1 in a guarded or hostile tone.",
        "The agent was guarded in 1 message.",
        "3 calls for empathy: 2 answered with understanding and 1 answered with stock phrases only.",
        "The agent took on 1 step:",
        ACTED,
        "The customer's last message is civil; the harshest before it was hostile.",
    ]


def test_statements_lead_to_the_messages_that_they_count(page, talk):
    found = page(talk("one", "maya.osei", FIGHT))
    assert [[one.number for one in statement.references] for statement in found.statements] == [
        [4], [4, 6], [6], [5], [2, 4, 6], [], [], [8],
    ]  # fmt: skip
    assert [quote.number for quote in found.statements[5].quotes] == [7]
    anchors = {turn.anchor for turn in found.turns}
    assert all(one.anchor in anchors for statement in found.statements for one in statement.references)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            [("customer", "Hi.", "0"), ("agent", "Go away.", "2")],
            "The agent was hostile first, 0:07 into the conversation.",
        ),
        (
            [("customer", "Hi.", "0"), ("agent", "Go away.", "2"), ("customer", "You clown.", "2i")],
            "The agent was hostile first, 0:07 into the conversation; the customer was hostile later.",
        ),
        ([("customer", "Hi.", "0"), ("agent", "Hello.", "0")], "Nobody was hostile."),
    ],
)  # fmt: skip
def test_who_was_hostile_first(texts, lines, text):
    assert texts(lines)[0] == text


def test_what_was_not_asked_for_and_not_done_is_said(texts):
    assert texts([("customer", "Hi.", "0"), ("agent", "Hello.", "0")]) == [
        "Nobody was hostile.", "There was no call for empathy.", "The agent took on no step.",
    ]  # fmt: skip


def test_steps_are_quoted_once_each(page, talk):
    lines = [("customer", "Late.", "1"), *[("agent", "I ring at noon.", "O0")] * 3, ("agent", "I write.", "O0")]
    (owned,) = [one for one in page(talk("one", "maya.osei", lines)).statements if one.kind == "owns"]
    assert owned.text == "The agent took on 4 steps:"
    assert [quote.quote for quote in owned.quotes] == ["I ring at noon.", "I write."]


def test_care_followed_by_action_is_counted_as_the_measure_counts_it(page, talk, frames):
    lines = [
        ("customer", "Late.", "1"), ("agent", "So sorry.", "S0"), ("agent", "Hm.", "0"), ("agent", "I ring now.", "O0"),
        ("agent", "I hear you.", "A0"), ("agent", "Hm.", "0"), ("agent", "Hm.", "0"), ("agent", "I ring.", "O0"),
    ]  # fmt: skip
    one = talk("one", "maya.osei", lines)
    turns = mirror.agent_turns(frames(one)["labels"]).filter(pl.col("care_class") != "neutral")
    (said,) = [each.text for each in page(one).statements if "followed by a step" in each.text]
    assert said.startswith(
        f"Of {turns.height} messages with care or stock phrases, {turns['acted'].sum()} was followed"
    )


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("0", "The message with care or a stock phrase was not followed by a step"),
        ("O0", "The message with care or a stock phrase was followed by a step"),
        ("S0", "Of 2 messages with care or stock phrases, none were followed by a step"),
    ],
)
def test_one_caring_message_and_none_that_was_followed_read_well(texts, after, told):
    lines = [("customer", "Late.", "1"), ("agent", "So sorry.", "S0"), ("agent", "Well.", after)]
    assert [one for one in texts(lines) if "followed by a step" in one] == [
        f"{told}, in the same message or the agent's next two."
    ]
