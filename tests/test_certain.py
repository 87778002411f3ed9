"""What is called certain is: whatever else the model says of the undecided messages, nothing comes of it there."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from empathy_scan import certain
from empathy_scan.opportunities import opportunities
from label_frames import AGENTS, CONVERSATIONS, labels

KEY = ["measure", "conversation_id", "turn"]


def outcomes(frame, sure):
    return opportunities(frame).join(sure, on=KEY, how="semi").select(*KEY, "value").sort(KEY)


@settings(max_examples=60)
@given(st.data())
def test_no_undecided_label_of_an_agent_changes_what_is_certain(data):
    talks = data.draw(CONVERSATIONS)
    places = [(name, turn) for name, lines in talks.items() for turn in range(len(lines))]
    decided = data.draw(st.lists(st.sampled_from(places), unique=True)) if places else []

    def other(name, turn, line):
        who, *_ = line.split()
        if who not in AGENTS or (name, turn) in decided:
            return line
        return f"{who} {data.draw(st.sampled_from(['-', 'S', 'A', 'X', 'O', 'SAXO']))} {data.draw(st.integers(0, 2))}"

    changed = {name: [other(name, at, line) for at, line in enumerate(lines)] for name, lines in talks.items()}
    turns = pl.DataFrame(decided, schema={"conversation_id": pl.String, "turn": pl.Int32}, orient="row")
    sure = certain.opportunities(labels(talks), turns)
    assert_frame_equal(outcomes(labels(talks), sure), outcomes(labels(changed), sure))
    assert_frame_equal(sure, certain.opportunities(labels(changed), turns), check_row_order=False)
