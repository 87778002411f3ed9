"""Personal data becomes typed placeholders, and what a complaint is about stays."""

import re
from datetime import UTC, datetime
from re import _constants as sre
from re import _parser as parser

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from empathy_scan.config import RedactConfig
from empathy_scan.errors import SchemaError
from empathy_scan.redact import redact, redact_text
from empathy_scan.redact_rules import KINDS, personal_data
from empathy_scan.tables import TURNS

MONDAY = datetime(2026, 10, 5, tzinfo=UTC)

FOUND = [
    ("Write to ida.boyle+shop@mail.example.co.uk, please.", "Write to [EMAIL], please."),
    ("it's ida dot boyle at gmail dot com", "it's [EMAIL]"),
    ("it's ida underscore b at g mail dot com", "it's [EMAIL]"),
    ("use hens at the red barn dash york dot co dot uk", "use [EMAIL]"),
    ("yeah b r i a n at b t internet dot com", "yeah [EMAIL]"),
    ("have a look at the body shop dot com", "have a look at the body shop dot com"),
    ("my record locator is KXTPQZ", "my record locator is [NUMBER]"),
    ("record locator is PLEASE", "record locator is PLEASE"),
    ("Ring 07700 900123 or +44 (0)20 7946 0018.", "Ring [PHONE] or [PHONE]."),
    ("Ring 0044 7700 900 123.", "Ring [PHONE]."),
    ("(020) 7946 0018", "[PHONE]"),
    ("Call (555) 010-0123, 555-010-0123, 1-555-010-0123 or 555-0123.", "Call [PHONE], [PHONE], [PHONE] or [PHONE]."),
    ("It is 98765 43210 or +91 98765-43210.", "It is [PHONE] or [PHONE]."),
    ("my mobile is 9123 4567", "my mobile is [PHONE]"),
    ("oh seven seven double oh nine double oh one two three", "[PHONE]"),
    ("It's four, four, one, nine, two.", "It's [NUMBER]."),
    ("Card 4242 4242 4242 4242, 4242424242424242 or 4242-4242-4242-4242.", "Card [CARD], [CARD] or [CARD]."),
    ("Amex 3782 822463 10005.", "Amex [CARD]."),
    ("Card 4242 4242 4242 4243 with a slip of the tongue.", "Card [CARD] with a slip of the tongue."),
    ("the card ending in 4242", "the card ending in [NUMBER]"),
    ("GB82 WEST 1234 5698 7654 32 from me", "[IBAN] from me"),
    ("de89370400440532013000", "[IBAN]"),
    ("PL61 1090 1014 0000 0712 1981 2874 from Ida", "[IBAN] from [NAME]"),
    ("sort code 20-45-67, account number 1234 5678", "sort code [NUMBER], account number [NUMBER]"),
    ("Order LK-204418, ref: 4418, #20441 and AB123456C.", "Order [NUMBER], ref: [NUMBER], #[NUMBER] and [NUMBER]."),
    ("UPS 1Z999AA10123456784", "UPS [NUMBER]"),
    ("I am at 12 High Street, SK4 1AB.", "I am at [ADDRESS], [ADDRESS]."),
    ("Flat 3, 221B Baker Street", "[ADDRESS]"),
    ("1600 Larkfield Avenue, Apt 4B", "[ADDRESS]"),
    ("i live at 45 park lane", "i live at [ADDRESS]"),
    ("from 192.168.0.1 and 2001:db8::ff00:42:8329", "from [IP] and [IP]"),
    ("https://shop.example/reset?token=abc.", "[URL]."),
    ("www.shop.example/track/123456789", "[URL]"),
    ("My name is Ida Boyle and I am cross.", "My name is [NAME] and I am cross."),
    ("my name's O'Brien", "my name's [NAME]"),
    ("my name is priya sharma and i have a problem", "my name is [NAME] and i have a problem"),
    ("This is Maya speaking.", "This is [NAME] speaking."),
    ("this is tom brennan calling about", "this is [NAME] calling about"),
    ("Hello, I'm Ida calling from Stockport.", "Hello, I'm [NAME] calling from Stockport."),
    ("Larkfield repairs, Tom speaking.", "Larkfield repairs, [NAME] speaking."),
    ("Thank you, Mrs Okafor-Lyle.", "Thank you, Mrs [NAME]."),
    ("thanks mr okafor", "thanks mr [NAME]"),
    ("Dear Dr Vole,\nno.", "Dear Dr [NAME],\nno."),
    ("Hi Ida,\nit is late.\nKind regards,\nBo Vole", "Hi [NAME],\nit is late.\nKind regards,\n[NAME]"),
    ("my full name is Abdul-Rahman al-Farsi, hello", "my full name is [NAME], hello"),
    ("My name is Anna Maria van der Berg.", "My name is [NAME]."),
    ("My name is Omar bin Said al-Din.", "My name is [NAME]."),
    ("my name is Niamh O'Dowd MacInnes", "my name is [NAME]"),
    ("Hello, I'm Jane Smith, my order is late.", "Hello, I'm [NAME], my order is late."),
    ("I am Florentyna Wąsik and I wait.", "I am [NAME] and I wait."),
    ("Hi, I'm Łucja Żak.", "Hi, I'm [NAME]."),
    ("It's Kofi Mensah here.", "It's [NAME] here."),
    ("This is Kofi Mensah Again.", "This is [NAME] Again."),
    ("My name is Kofi Mensah. Kofi, not KOFI or kofi.", "My name is [NAME]. [NAME], not [NAME] or [NAME]."),
    ("Write to jo(at)mail.example, or jo [at] mail [dot] example.", "Write to [EMAIL], or [EMAIL]."),
    ("My NI is QQ 12 34 56 C, or QQ123456C.", "My NI is [NUMBER], or [NUMBER]."),
    ("Ask @jane_doe99 or @jane.doe.", "Ask [NAME] or [NAME]."),
    ("um my name's mister vole", "um my name's mister [NAME]"),
    ("It's B O Y L E.", "It's [NAME]."),
    ("My date of birth is 14/03/1982.", "My date of birth is [DATE_OF_BIRTH]."),
    ("dob: 3rd of May 1984", "dob: [DATE_OF_BIRTH]"),
    ("born on the fourteenth of march nineteen eighty two", "born on the [DATE_OF_BIRTH]"),
    ("1982-03-14", "[DATE_OF_BIRTH]"),
    ("My password is hunter2.", "My password is [SECRET]."),
    ("password: Sunshine, please", "password: [SECRET], please"),
    ("my pin is 4821 and the cvv is 123", "my pin is [SECRET] and the cvv is [SECRET]"),
    ("the security code is one two three", "the security code is [SECRET]"),
]  # fmt: skip

STAYS = """
It cost 40 dollars, £1,250.00 and $15000.
I paid 12345 rupees, Rs. 25000 and 0.50 more.
It was 10,000 pounds.
In 2026, on 2026-10-05 at 10:30:45, or 05-10-2026 14 30.
On 5 October 2026 and 05/10/2026.
From 2024-2026, for 100-150 people.
24 hours, three weeks, one two three days, 50%.
A 12000 mAh battery, 10000km and 65000 hours.
The S21 5GB in Q3, 2nd half.
We waited 2 hours down the road.
https://larkfield.example/help
My password is wrong. My password is not working.
My name is spelled wrong on the account.
My name is on the form.
Name: Street Name and so on.
You are speaking to um someone else.
I y- y- y- y- I mean, i i i i called.
The number is up 300 pounds since #1 in 2013.
This is ridiculous, calling you again.
i'm just calling to say it is broken
this is still not working
I've got MS. It is hard.
Dear Sir or Madam,
Call me Monday.
Will you refund me?
[PII] **** #### <PII> [REDACTED] [PERSON_NAME]
My name is [PII] and my number is ****.
I'm Sorry. I'm Not Happy. It's Friday. I'm Fed Up.
I'm Extremely Disappointed. I AM SICK OF THIS. I AM HEARTBROKEN FOREVER.
It's Black Friday. This is British Gas.
This is Bloody Theft. I am LIVID BEYOND WORDS. It's Fucking Bullshit.
We met (at) home. Then we left @ 5.
""".strip().splitlines()

PIECES = st.sampled_from([
    *(f"[{kind}]" for kind in KINDS), "[PII]", "****", "####", "my name is", "Ida", "boyle", "Mr", "Dear", "speaking",
    "this is", "4242", "4242 4242 4242 4242", "07700", "900123", "+44", "@", "a@b.example", "dot", "at", "com",
    "LK-204418", "GB82", "WEST", "12", "High Street", "SK4 1AB", "pin", "is", "password", "dob", "14/03/1982", "www.",
    "https://a.example/?x=1", "oh", "double", "seven", "\n", "regards,", "I", "£", "dollars", "#", "number",
    "192.168.0.1", "::1", "S", "Will", "Tom's",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="0123456789 .-+()/:@#aAzZ[]*_", max_size=60),
    st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=12).flatmap(
        lambda words: st.sampled_from([" ", "", "-", ", "]).map(lambda gap: gap.join(words))
    ),
)
ASKING = st.sampled_from(["Can I take your name?", "Kofi Mensah", "its kofi", "My name is Kofi", "Thanks kofi", "May"])
NAMES = st.lists(
    st.sampled_from(["Ida Boyle", "Will May", "tom.brennan@larkfield.example", "Speaker 1", "[NAME]"]), max_size=2
)


def turns_of(*said):
    rows = [
        {
            "conversation_id": conversation, "channel": "call", "queue": None, "started_at": MONDAY, "turn": turn,
            "role": "unknown", "role_source": "", "speaker": speaker, "agent_id": agent, "start": None, "end": None,
            "text": text, "source": "a.txt", "format": "text",
        }
        for turn, (conversation, speaker, agent, text) in enumerate(said)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(TURNS.columns), orient="row")


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_personal_data_becomes_a_placeholder(text, expected):
    assert redact_text(text) == expected


@pytest.mark.parametrize("text", STAYS)
def test_what_a_complaint_is_about_stays(text):
    assert redact_text(text) == text


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, names=NAMES)
@example(text="Ida dot boyle at gmail dot com at b dot com", names=[])
def test_redacting_twice_changes_nothing(text, names):
    once = redact_text(text, names=names)
    assert redact_text(once, names=names) == once


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(TEXTS, max_size=6))
def test_a_frame_is_redacted_like_its_texts(texts):
    said = ((f"c{number}", "Ida Boyle", "Tom Brennan", text) for number, text in enumerate(texts))
    found = redact(turns_of(*said), RedactConfig())
    assert found["text"].to_list() == [redact_text(text, names=["Ida Boyle", "Tom Brennan"]) for text in texts]
    assert redact(found, RedactConfig()).equals(found)


@pytest.mark.parametrize("text", [text for text, _ in FOUND])
def test_every_hint_is_found_where_its_rule_matches(text):
    found = redact(turns_of(("c1", None, None, text)), RedactConfig())
    assert found["text"].item() == redact_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ida Boyle is late, and so is Tom.", "[NAME] is late, and so is [NAME]."),
        ("Boyle's parcel", "[NAME]'s parcel"),
        ("hello ida, tom here", "hello [NAME], [NAME] here"),
        ("Idaho is far.", "Idaho is far."),
        ("Mr BOYLE.", "Mr [NAME]."),
        ("Nobody here.", "Nobody here."),
        ("It was boyle who said so, and BRENNAN.", "It was [NAME] who said so, and [NAME]."),
        ("It was tom who said so.", "It was tom who said so."),
    ],
)
def test_names_of_the_speakers_of_a_conversation_are_found(text, expected):
    turns = turns_of(("c1", "Ida Boyle", None, text), ("c1", None, "tom.brennan@larkfield.example", "Yes."))
    assert redact(turns, RedactConfig())["text"][0] == expected


def test_a_known_name_that_is_an_ordinary_word_stays_in_small_letters():
    assert redact_text("The baker said so, Miss Baker.", names=["Ida Baker"]) == "The baker said so, Miss [NAME]."


def test_a_name_that_is_introduced_is_replaced_in_the_other_turns_too():
    turns = turns_of(
        ("c1", "A", None, "One moment, Qofri. Is that Mensorl with an e?"),
        ("c1", "B", None, "My name is Qofri Mensorl."),
        ("c1", "A", None, "Thanks qofri."),
        ("c2", "B", None, "The Qofri mews."),
    )
    once = redact(turns, RedactConfig())
    assert once["text"].to_list() == [
        "One moment, [NAME]. Is that [NAME] with an e?", "My name is [NAME].", "Thanks [NAME].",
        "The Qofri mews.",
    ]  # fmt: skip
    assert redact(once, RedactConfig()).equals(once)


@pytest.mark.parametrize(
    "question",
    [
        "Can I take your name?", "Who am I speaking to?", "who am i speaking with", "What's the name on the account?",
        "Could I have your full name, please?", "What’s your surname?",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Qofri Mensorl", "[NAME]"),
        ("Yes, it's Qofri.", "Yes, it's [NAME]."),
        ("QOFRI MENSORL", "[NAME]"),
        ("sure its qofri mensorl", "sure its [NAME]"),
        ("Mark Green.", "[NAME]."),
        ("Will Mensorl", "[NAME]"),
        ("Fuck Off, You Idiot.", "Fuck Off, You Idiot."),
        ("you stupid cow", "you stupid cow"),
        ("Why do you need that?", "Why do you need that?"),
        ("i don't want to say", "i don't want to say"),
        ("[PII]", "[PII]"),
    ],
)
def test_the_answer_to_a_question_for_a_name_is_a_name(question, answer, expected):
    turns = turns_of(("c1", "A", None, question), ("c1", "B", None, answer), ("c1", "A", None, "Qofri?"))
    once = redact(turns, RedactConfig())
    assert once["text"][1] == expected
    assert once["text"][2] == ("[NAME]?" if "qofri" in answer.lower() else "Qofri?")
    assert redact(once, RedactConfig()).equals(once)


@pytest.mark.parametrize(
    "turns",
    [
        pytest.param([("A", "Can I take your name?"), ("A", "qofri mensorl")], id="the same speaker goes on"),
        pytest.param([("A", "Can I take your order?"), ("B", "qofri mensorl")], id="no name is asked for"),
        pytest.param(
            [("A", "Can I take your name?"), ("B", "I had hoped that the parcel would come to Leeds before it snowed")],
            id="a long answer",
        ),
    ],
)
def test_other_turns_after_a_question_stay(turns):
    found = redact(turns_of(*(("c1", speaker, None, text) for speaker, text in turns)), RedactConfig())
    assert found["text"].to_list() == [text for _, text in turns]


@settings(max_examples=80, deadline=None)
@given(texts=st.lists(st.tuples(st.sampled_from("AB"), TEXTS | ASKING), max_size=6))
def test_redacting_a_conversation_twice_changes_nothing(texts):
    once = redact(turns_of(*(("c1", speaker, None, text) for speaker, text in texts)), RedactConfig())
    assert redact(once, RedactConfig()).equals(once)


def test_names_of_other_conversations_stay():
    turns = turns_of(("c1", "Ida Zwerk", None, "Yes."), ("c2", "Bo Vole", None, "The Zwerk boiler."))
    assert redact(turns, RedactConfig())["text"].to_list() == ["Yes.", "The Zwerk boiler."]


@pytest.mark.parametrize(
    "label", ["Speaker 1", "spk_0", "Agent", "Customer", "A", "", "Support Team", "ch_1", "[NAME]", "help@shop.example"]
)
def test_a_label_that_names_nobody_redacts_nothing(label):
    text = "Speaker, Agent, Customer, A, Support, Team, ch, Help, Name."
    assert redact(turns_of(("c1", label, label, text)), RedactConfig())["text"].item() == text


def test_a_name_that_is_also_a_word_is_found_only_as_a_name():
    text = "Hi Will, will you come? Will it work? Will May asked."
    assert redact_text(text, names=["Will May"]) == "Hi [NAME], will you come? Will it work? [NAME] asked."


def test_names_can_stay():
    turns = turns_of(("c1", "Ida Boyle", None, "My name is Ida Boyle, 07700 900123."))
    assert redact(turns, RedactConfig(names=False))["text"].item() == "My name is Ida Boyle, [PHONE]."


def test_redaction_can_be_switched_off():
    turns = turns_of(("c1", None, None, "07700 900123"))
    assert redact(turns, RedactConfig(enabled=False)).equals(turns)


def test_only_the_text_changes():
    turns = turns_of(("c1", "Ida Boyle", "Tom Brennan", "I'm Ida Boyle."))
    assert redact(turns, RedactConfig()).drop("text").equals(turns.drop("text"))


def test_no_turns_stay_no_turns():
    assert redact(TURNS.empty(), RedactConfig()).equals(TURNS.empty())


def test_a_frame_of_another_kind_is_refused():
    with pytest.raises(SchemaError):
        redact(pl.DataFrame({"text": ["x"]}), RedactConfig())


def repeats(tree, outer=1):
    """Operator, bound and the product of the bounds around it, for every quantifier of a parsed pattern."""
    for operator, argument in tree:
        if operator in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}:
            _, most, inner = argument
            yield operator, most, outer * min(most, 1_000)
            yield from repeats(inner, outer * (1 if most is sre.MAXREPEAT else most))
        elif operator is sre.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch, outer)
        elif isinstance(argument, tuple | list):
            yield from repeats(
                (part for item in argument if isinstance(item, parser.SubPattern) for part in item), outer
            )


@pytest.mark.parametrize("rule", personal_data(), ids=lambda rule: f"{rule.kind} {rule.hint[:20]}")
def test_a_pattern_reads_a_text_in_linear_time(rule):
    found = list(repeats(parser.parse(rule.pattern.pattern, rule.pattern.flags & ~re.UNICODE)))
    unbounded = [operator for operator, most, _ in found if most is sre.MAXREPEAT]
    assert set(unbounded) <= {sre.POSSESSIVE_REPEAT}, "an unbounded quantifier can be tried again from every place"
    assert not unbounded or rule.pattern.pattern.startswith("(?<!"), "an unbounded run must have one place to start"
    assert max((product for _, _, product in found if product), default=0) <= 2_000


@pytest.mark.parametrize(
    "piece", ["1", "1 ", "a", "a ", "one ", "A-", "www.", "@", "a@a.", "Ida ", "\n", "12 Aa ", " dot ", "1:"]
)
def test_a_text_of_200_000_characters_is_read_to_its_end(piece):
    text = (piece * 200_000)[:200_000]
    assert redact_text(f"{text} ida@example.org").endswith("[EMAIL]")


def test_the_values_of_labels_are_redacted_like_texts():
    row = {"conversation_id": "c", "turn": 0, "role": "customer", "speaker": "Anna Bell", "text": "Hello.",
           "metadata": '{"region": "North", "topic": "ring Anna on 020 7946 0018 or a.bell@example.org"}'}  # fmt: skip
    blank = dict.fromkeys(TURNS.columns) | {"channel": "call", "role_source": "", "source": "a", "format": "csv"}
    frame = pl.DataFrame([blank | row], schema=dict(TURNS.columns), orient="row")
    (said,) = redact(frame, RedactConfig())["metadata"]
    assert said == '{"region": "North", "topic": "ring [NAME] on [PHONE] or [EMAIL]"}'
