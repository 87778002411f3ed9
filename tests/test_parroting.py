"""The customer's own words, said back, count for nothing; what is said beside them does."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from empathy_scan import gaming, parroting
from empathy_scan.tables import SCORES, SEGMENTS

SAID = "I ordered the pram in March, it was meant to come in six weeks, and the baby came in June."
BACK = "You ordered the pram in March, it was meant to come in six weeks, and the baby came in June."


@pytest.mark.parametrize(
    ("text", "said", "taken"),
    [
        (BACK, SAID, [BACK[:-1]]),
        (f"So {BACK} I would have given up on us.", SAID, [BACK[:-1]]),
        ("That is a newborn and nothing to push her in since June.", SAID, []),
        ("You ordered the pram in March.", "I ordered the cot in March.", []),  # five of the words in two short runs
        ("Your card was taken at the branch on Monday.", "My card was taken at the branch on Monday!", None),
        (BACK, "", []),
    ],
)
def test_stretches_of_the_customers_words_are_found(text, said, taken):
    found = [text[start:end] for start, end in parroting.said_back(text, [said])]
    assert found == ([text[:-1]] if taken is None else taken)


@given(text=st.text(max_size=200), said=st.lists(st.text(max_size=200), max_size=3))
def test_stretches_lie_in_the_text_in_order(text, said):
    places = [place for span in parroting.said_back(text, said) for place in span]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


@given(text=st.text(alphabet="abi ' ", max_size=80))
def test_a_text_of_six_words_said_back_whole_is_found_whole(text):
    own = parroting.words(text)
    spans = parroting.said_back(text, [text])
    assert (len(spans) == 1) == (len(own) >= parroting.LEAST)


# --- scores ---------------------------------------------------------------------------------------------------------


def _segments(text):
    said = [("customer", SAID), ("agent", text)]
    context = [[], [{"role": "customer", "text": SAID}]]
    rows = [
        {"conversation_id": "c", "turn": turn, "segment": 0, "role": role, "start": 0, "end": len(words), "text": words}
        for turn, (role, words) in enumerate(said)
    ]
    held = pl.DataFrame(rows).with_columns(context=pl.Series(context, dtype=SEGMENTS.columns["context"]))
    missing = [pl.lit(None, kind).alias(name) for name, kind in SEGMENTS.columns.items() if name not in held.columns]
    return held.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in SEGMENTS.columns.items())


def _scores(segments, flags):
    """Scores in which the agent's segments have these flags."""
    label = {"A": "acknowledges", "X": "explores", "S": "scripted", "O": "owns"}
    told = [
        [{"label": label[code], "start": 0, "end": 3, "weight": 1.0} for code in flags if role == "agent"]
        for role in segments["role"]
    ]
    empty = {float: 0.0}
    columns = {
        name: pl.lit(empty[float] if kind.is_float() else 0 if kind.is_integer() else "").cast(kind)
        for name, kind in SCORES.columns.items()
        if name not in segments.columns and not isinstance(kind, pl.List) and kind != pl.Boolean
    }
    return (
        segments.drop("text", "context")
        .with_columns(**columns)
        .with_columns(
            flags=pl.when(pl.col("role") == "agent").then(pl.lit(flags)).otherwise(pl.lit("")),
            p_acknowledges=pl.lit(0.9, pl.Float32), p_explores=pl.lit(0.8, pl.Float32), unsure=pl.lit(value=False),
            evidence=pl.Series(told, dtype=SCORES.columns["evidence"]),
            deletions=pl.Series([[] for _ in told], dtype=SCORES.columns["deletions"]),
        )
        .select(SCORES.columns.keys())
    )  # fmt: skip


def _judged(text, flags, rest):
    """The agent's row after the rule, and the texts that were scored again, with these flags."""
    segments, again = _segments(text), []

    def score(asked):
        again.extend(asked["text"])
        return _scores(asked, rest).with_columns(p_acknowledges=pl.lit(0.1, pl.Float32))

    found = parroting.uncounted(segments, segments, _scores(segments, flags), score)
    assert found.schema == _scores(segments, flags).schema
    return found.row(1, named=True), again


def test_an_answer_that_is_empathic_by_the_customers_words_alone_loses_its_labels_and_says_so():
    row, again = _judged(f"{BACK} It ships on Friday, I will track it.", "SAO", "O")
    assert again == [". It ships on Friday, I will track it."]
    assert (row["flags"], round(row["p_acknowledges"], 3)) == ("SO", 0.1)
    assert [span["label"] for span in row["evidence"]] == ["scripted", "owns", parroting.UNCOUNTED]
    start, end = (row["evidence"][-1][edge] for edge in ("start", "end"))
    assert (start, end) == (0, len(BACK) - 1)


def test_an_answer_with_a_word_of_its_own_keeps_its_labels():
    row, _ = _judged(f"{BACK} No wonder you are at your wits' end.", "A", "A")
    assert (row["flags"], round(row["p_acknowledges"], 3)) == ("A", 0.9)


def test_an_answer_that_is_nothing_but_the_customers_words_is_not_even_scored_again():
    row, again = _judged(BACK, "AX", "A")
    assert (row["flags"], row["p_acknowledges"], again) == ("", 0.0, [])


@pytest.mark.parametrize(("text", "flags"), [(BACK, "S"), (BACK, ""), ("Six weeks late, with a newborn.", "A")])
def test_nothing_is_scored_again_where_nothing_was_gained_or_said_back(text, flags):
    segments = _segments(text)
    scores = _scores(segments, flags)
    assert parroting.uncounted(segments, segments, scores, lambda _: pytest.fail("scored")).equals(scores)


def test_what_was_not_counted_is_told_among_the_signs():
    evidence = [[], [{"label": parroting.UNCOUNTED, "start": 0, "end": 9, "weight": 0.0}]]
    turns = pl.DataFrame(
        {
            "conversation_id": "c", "turn": pl.Series([0, 1], dtype=pl.Int32), "role": ["customer", "agent"],
            "text": [SAID, BACK], "flags": ["", ""], "evidence": pl.Series(evidence, dtype=SCORES.columns["evidence"]),
        }
    )  # fmt: skip
    assert gaming.found(turns)["signs"].to_list() == [[parroting.UNCOUNTED]]
