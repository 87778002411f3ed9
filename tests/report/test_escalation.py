"""The course of a conversation in words and as a chart, with its turning points."""

import re

import pytest

from empathy_scan.report import escalation, lanes, plots, sketch
from empathy_scan.report.escalation import Course, Message


def course_of(tones, care=()):
    """The course of a talk that the customer begins; tones one after the other, None where nothing is scored."""
    messages = tuple(
        Message(number, f"t{number - 1}", "agent" if number % 2 == 0 else "customer", tone,
                tuple(kind for place, kind in care if place == number), ("insult",) if tone == 2 else (), "")
        for number, tone in enumerate(tones, 1)
    )  # fmt: skip
    return Course(
        messages, escalation.steps(messages), tuple(escalation._told(messages)), tuple(escalation._points(messages)), ""
    )


ROW = course_of([1, 0, 2, 1, 2, 2, 0, 0], care=[(2, "scripted"), (3, "missed"), (8, "empathic"), (8, "owns")])


def test_the_words_tell_the_course_of_both_sides_and_of_the_care():
    assert ROW.told == (
        "The customer was upset at message 1, hostile at messages 3 and 5 and civil in the last one.",
        "The agent was guarded at message 4 and hostile at message 6.",
        "From the agent: understanding at message 8, stock phrases only at message 2 and a step taken on at message 8.",
        "A call for empathy was missed at message 3.",
    )


def test_turning_points_lead_to_the_messages_where_it_turned():
    assert [(point.kind, point.anchor) for point in ROW.points] == [
        ("upset", "t0"), ("hostile", "t2"), ("guarded", "t3"), ("hostile", "t4"), ("hostile", "t5"),
    ]  # fmt: skip
    assert ROW.points[1].text == "Message 3: customer hostile (insult), call for empathy missed"


def test_many_messages_are_told_by_their_number_and_ends():
    told = course_of([2, 0] * 30).told[0]
    assert told == "The customer was hostile at 30 messages between 1 and 59."


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_conversation_of_two_messages_has_no_chart(count):
    short = course_of([0] * count)
    assert short.steps == ()
    assert lanes.drawn(short) == ""
    assert sketch.sketch(short, width=80) is None


@pytest.mark.parametrize("count", [3, 80, 81, 2000])
def test_steps_hold_every_message_once_and_never_too_many(count):
    steps = course_of([0] * count).steps
    assert len(steps) <= escalation.MOST
    assert [number for step in steps for number in range(step.first, step.last + 1)] == list(range(1, count + 1))


def test_a_step_of_many_messages_is_as_harsh_as_the_harshest_of_each_side():
    steps = course_of([0] * 100 + [2] + [0] * 99).steps
    assert [step.customer for step in steps].count(2) == 1
    assert {step.agent for step in steps} == {0}


def test_the_chart_is_one_image_that_the_words_below_describe():
    drawn = str(lanes.drawn(ROW))
    assert drawn.startswith('<svg class="chart" role="img" aria-label="Tone and care along 8 messages"')
    assert 'aria-describedby="course-told"' in drawn
    assert "style=" not in drawn
    assert drawn.count("role=") == 1


def test_the_chart_uses_the_colours_of_the_page_and_no_others():
    colours = set(re.findall(r"#[0-9a-fA-F]{6}", str(lanes.drawn(ROW))))
    assert colours <= set(plots.PALETTE.values())
    assert {plots.PALETTE[name] for name in ("hostile", "guarded", "missed", "empathic", "scripted")} <= colours


@pytest.mark.parametrize(("count", "ticks"), [(4, [1, 2, 3, 4]), (30, [2, 4, 6]), (2000, [100, 200, 300])])
def test_whole_numbers_stand_below_the_chart(count, ticks):
    found = lanes._ticks(course_of([0] * count).steps)
    assert found[: len(ticks)] == ticks
    assert len(found) <= lanes._TICKS


def test_the_sketch_parts_where_somebody_turns_nasty():
    assert sketch.sketch(ROW, width=60).lines() == [
        "customer  ▄   █   █   ▁",
        "care        ■ ○         ●",
        "step                    ✓",
        "agent       ▔   ▀   █   ▔",
        "          1         6",
    ]


def test_the_sketch_needs_no_more_than_ascii():
    lines = sketch.sketch(ROW, width=60, alphabet=sketch.ASCII).lines()
    assert lines[0] == "customer  u   H   H   ."
    assert lines[3] == "agent       .   g   H   ."
    assert "".join(lines).isascii()


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("count", [3, 31, 2000])
def test_the_sketch_fits_the_width(width, count):
    drawn = sketch.sketch(course_of([0, 1, 2] * count), width=width)
    assert max(map(len, drawn.lines())) <= width + 4
    assert all(len(lane.cells) * drawn.cell <= width - sketch.LABEL for lane in drawn.lanes)
