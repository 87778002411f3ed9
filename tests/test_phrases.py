"""Stock phrases: what counts as the same, and whose they are."""

import math
import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import phrases
from empathy_scan.config import SummaryConfig
from empathy_scan.summary import figures
from label_frames import labels

STOCK = "I'm so sorry to hear about the inconvenience this has caused you, [NAME]."
LIKE = (
    "I am so sorry to hear about the inconvenience that this has caused you.",
    STOCK.replace("[NAME]", "[NAME] dear"),
)
OWN = (
    "Two nights on the sofa with that boiler, and the baby up at four.",
    "You stood there with a full trolley and a dead card.",
    "He was your dog for eleven years.",
    "So the first you heard of it was from the neighbour.",
)


def frame(rows):
    """Sentences from (conversation, agent, text, care class)."""
    return pl.DataFrame(
        [
            {"conversation_id": c, "turn": n, "agent_id": a, "text": text, "care_class": care, "start": 0, "end": 9}
            for n, (c, a, text, care) in enumerate(rows)
        ],
        schema=phrases.SENTENCES,
    )


def centre():
    rows = [(f"c{n}", ("ana", "ben")[n % 2], (STOCK, *LIKE)[n % 3], "scripted") for n in range(9)]
    rows += [(f"c{n}", "cho", text, "empathic") for n, text in enumerate(OWN)]
    return frame([*rows, ("c1", "cho", "Sorry.", "scripted"), ("c2", "cho", "The tariff ends in May.", "neutral")])


def test_a_phrase_is_the_same_up_to_names_numbers_and_small_edits():
    marked, found = phrases.assigned(centre())
    first = found.drop("phrase", "text").row(0, named=True)
    assert first == {"uses": 9, "conversations": 9, "agents": 2, "scripted": 1.0, "house": True}
    assert found["text"][0] in (STOCK, *LIKE)
    assert found.height == 1 + len(OWN)
    assert not found["house"][1:].any()
    assert marked.height == 9 + len(OWN) + 1  # neutral sentences are passed over
    assert marked.filter(pl.col("text") == "Sorry.").select("phrase", "house").row(0) == (None, False)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Your £20.50 is on its way by 3pm", "your £7 is on its way, by 11pm", True),
        ("I DO apologise, [NAME]!", "i do apologise", True),
        ("We value your custom", "We value your costume", False),
    ],
)
def test_what_may_differ_is_not_seen(first, second, same):
    assert (phrases.plain(first) == phrases.plain(second)) is same


def test_too_few_agents_or_conversations_make_no_house_phrase():
    one = frame([(f"c{n}", "ana", STOCK, "scripted") for n in range(9)])
    few = frame([(f"c{n}", f"a{n}", STOCK, "scripted") for n in range(4)])
    assert not phrases.assigned(one)[1]["house"].any()
    assert not phrases.assigned(few)[1]["house"].any()
    assert phrases.assigned(few, conversations=4)[1]["house"].all()


def test_formulaicity_is_of_scripted_sentences_and_own_voice_of_all_caring_ones():
    rows = phrases.opportunities(phrases.assigned(centre())[0])
    shares = dict(rows.group_by("measure", "agent_id").agg(pl.col("value").mean()).select(
        pl.struct("measure", "agent_id").map_elements(lambda s: f"{s['measure']} {s['agent_id']}", pl.String), "value"
    ).iter_rows())  # fmt: skip
    assert shares == {
        "formulaicity ana": 1, "formulaicity ben": 1, "formulaicity cho": 0,
        "own_voice ana": 0, "own_voice ben": 0, "own_voice cho": 1,
    }  # fmt: skip


def test_the_entropy_of_one_phrase_is_nothing_and_of_many_more():
    told = dict(phrases.entropy(phrases.assigned(centre())[0]).select("agent_id", "bits").iter_rows())
    assert told == {"ana": 0.0, "ben": 0.0}
    varied = frame([(f"c{n}", "ana", f"{text} {text}", "scripted") for n, text in enumerate(OWN * 50)])
    assert phrases.entropy(phrases.assigned(varied)[0])["bits"][0] == pytest.approx(2, abs=0.02)


def counted(phrase_of):
    """Sentences whose phrases are known already, one to a conversation unless it is named."""
    rows = [(f"c{place}" if name is None else name, phrase) for place, (name, phrase) in enumerate(phrase_of)]
    return pl.DataFrame(
        [
            {"agent_id": "ana", "conversation_id": name, "phrase": phrase, "care_class": "scripted"}
            for name, phrase in rows
        ],
        schema_overrides={"phrase": pl.Int32},
    )


def test_entropy_by_hand():
    row = phrases.entropy(counted([(None, 0), (None, 0), (None, 0), (None, 1)])).row(0, named=True)
    plug, more = 0.811278, 1 / (8 * math.log(2))
    error = 4 / 3 * (3 * (math.log2(4 / 3) - plug) ** 2 + (2 - plug) ** 2)
    assert (row["n"], row["conversations"]) == (4, 4)
    assert row["bits"] == pytest.approx(plug + more, abs=1e-5)
    assert row["high"] == pytest.approx(plug + more + 3.18245 * math.sqrt(error) / 4, abs=1e-4)
    assert row["low"] == 0


def test_one_phrase_only_leaves_room_for_others_and_one_conversation_has_no_interval():
    alone = phrases.entropy(counted([(None, 0)] * 30)).row(0, named=True)
    assert (alone["bits"], alone["low"]) == (0, 0)
    assert alone["high"] == pytest.approx(0.469, abs=0.001)  # of a share of 3 in 30
    assert phrases.entropy(counted([("c", 0), ("c", 1)])).select("low", "high").row(0) == (None, None)


def test_the_interval_of_entropy_holds_the_truth_with_sentences_alike_within_a_conversation():
    random_, shares = np.random.default_rng(7), np.array([0.4, 0.3, 0.2, 0.1])
    truth, held = -float(shares @ np.log2(shares)), 0
    for _ in range(200):
        drawn = [(f"c{place}", int(random_.choice(4, p=shares))) for place in range(60)]
        row = phrases.entropy(counted([pair for pair in drawn for _ in range(2)])).row(0, named=True)
        held += row["low"] <= truth <= row["high"]
    assert 180 <= held <= 199


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_the_order_of_sentences_changes_no_phrase(order):
    rows = centre().rows()
    order.shuffle(rows)
    shuffled = pl.DataFrame(rows, schema=phrases.SENTENCES, orient="row")
    assert_frame_equal(phrases.assigned(shuffled)[1], phrases.assigned(centre())[1])


def test_ten_thousand_sentences_are_compared_in_little_time():
    choose = random.Random(1)  # noqa: S311
    words = ["".join(choose.choices("abcdefghijklmnop", k=6)) for _ in range(300)]
    rows = [(f"c{n}", "ana", " ".join(choose.sample(words, 8)), "scripted") for n in range(10_000)]
    _, found = phrases.assigned(frame([*rows, *[(f"d{n}", "ben", STOCK, "scripted") for n in range(50)]]))
    assert found["uses"][0] == 50
    assert found.height > 9_000


def test_no_sentences_give_no_phrases():
    marked, found = phrases.assigned(frame([]))
    assert (marked.height, found.height) == (0, 0)
    assert phrases.opportunities(marked).is_empty()
    assert phrases.entropy(marked).is_empty()


def test_the_sentences_of_a_scan_are_its_caring_segments_in_words():
    turns = pl.DataFrame(
        {"conversation_id": ["c", "c"], "turn": [0, 1], "role": ["customer", "agent"], "agent_id": [None, "ana"],
         "text": ["It broke.", "Café is shut. So sorry about that. I will ring."]},
        schema_overrides={"turn": pl.Int32},
    )  # fmt: skip
    scores = pl.DataFrame(
        {
            "conversation_id": ["c"] * 3,
            "turn": [1] * 3,
            "start": [0, 14, 35],
            "end": [13, 34, 47],
            "flags": ["", "S", "O"],
        },
        schema_overrides={"turn": pl.Int32, "start": pl.Int32, "end": pl.Int32},
    )
    assert phrases.of_scores(turns, scores).rows() == [("c", 1, "ana", "So sorry about that.", "scripted", 14, 34)]


def test_the_sentences_of_labelled_turns_have_their_turns_class():
    given = labels({"c": ["customer 1", "noor SA 0", "noor - 0"]})
    words = pl.DataFrame(
        {"conversation_id": ["c"] * 3, "turn": [0, 1, 2], "text": ["Help!", "Oh no. All night?", "Bye."]},
        schema_overrides={"turn": pl.Int32},
    )
    found = phrases.of_turns(given, words)
    assert found["text"].str.strip_chars().to_list() == ["Oh no.", "All night?"]
    assert set(found["care_class"]) == {"empathic"}


def test_figures_tell_of_phrases_where_there_are_words():
    given = labels({f"c{n}": ["customer 1", f"{('noor', 'tam')[n % 2]} S 0"] for n in range(12)})
    words = given.select("conversation_id", "turn", text=pl.lit("I do apologise for the trouble caused."))
    said = phrases.found(phrases.of_turns(given, words))
    made = figures(given, SummaryConfig(resamples=50), sentences=said.sentences)
    assert made.filter(measure="formulaicity", agent_id="noor")["value"].to_list() == [1.0]
    assert made.filter(measure="own_voice", scope="team")["value"].to_list() == [0.0]
    assert figures(given, SummaryConfig(resamples=50)).filter(measure="own_voice")["value"].null_count() == 3


def test_many_sentences_make_the_same_phrases_as_few(monkeypatch):
    dice = random.Random(3)  # noqa: S311 - not for secrets
    rows = [("c0", "ana", f"{dice.choice((STOCK, *LIKE, *OWN))} {'Yes.' * (n % 2)}", "scripted") for n in range(60)]
    _, few = phrases.assigned(frame(rows))
    monkeypatch.setattr(phrases, "FEW", 0)
    _, many = phrases.assigned(frame(rows))
    assert_frame_equal(many, few)
