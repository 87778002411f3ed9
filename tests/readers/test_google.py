"""Google: Insights conversations, Speech-to-Text results, Dialogflow CX logs."""

import json
from datetime import UTC, datetime

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import dialogflow, google_speech, insights
from empathy_scan.readers.files import Document

NINE = datetime(2026, 10, 5, 9, tzinfo=UTC)
MICROS = int(NINE.timestamp()) * 1_000_000


def read(parse, value, name="calls/c-1.json"):
    text = value if isinstance(value, str) else json.dumps(value)
    return parse(Document(name, text.encode()), ReadConfig())


def upload(*stamps, **more):
    roles = ("AGENT", "CUSTOMER")
    entries = [
        {"text": f"This is {at}.", "role": roles[at % 2], "user_id": at % 2 + 1, "start_timestamp_usec": stamp}
        for at, stamp in enumerate(stamps)
    ]
    return {"entries": entries, **more}


def starts(value):
    conversation = read(insights.parse_insights, value).conversations[0]
    return conversation.started_at, [turn.start for turn in conversation.turns]


@pytest.mark.parametrize(
    ("stamps", "started", "seconds"),
    [
        ((MICROS, MICROS + 2_500_000), NINE, [0.0, 2.5]),
        ((str(MICROS), str(MICROS + 2_500_000)), NINE, [0.0, 2.5]),
        ((1_000_000, 5_000_000), None, [1.0, 5.0]),  # the vendor's own example
        ((MICROS // 1000, MICROS // 1000 + 2500), NINE, [0.0, 2.5]),
        ((MICROS // 1_000_000, MICROS // 1_000_000 + 3), NINE, [0.0, 3.0]),
        ((0, MICROS), NINE, [None, 0.0]),
        ((None, None), None, [None, None]),
        ((-5, 1e300), None, [None, None]),
    ],
)
def test_times_of_an_upload_are_microseconds_or_what_people_write_instead(stamps, started, seconds):
    assert starts(upload(*stamps)) == (started, seconds)


def test_a_unit_other_than_microseconds_is_said():
    assert "milliseconds" in read(insights.parse_insights, upload(MICROS // 1000)).notes[0]
    assert not read(insights.parse_insights, upload(MICROS)).notes


def test_an_upload_without_an_id_is_called_like_its_file():
    found = read(insights.parse_insights, [upload(MICROS), upload(MICROS + 1)])
    assert [each.conversation_id for each in found.conversations] == ["calls/c-1-1", "calls/c-1-2"]
    assert read(insights.parse_insights, upload(MICROS)).conversations[0].conversation_id == "calls/c-1"


@pytest.mark.parametrize(
    ("users", "info", "agents"),
    [
        ((2, 2), {}, [None, None]),  # 2 is a side of the call, not a person
        ((48213, 48213), {}, ["48213", "48213"]),
        ((2, 2), {"agent_id": "a-7"}, ["a-7", "a-7"]),
        ((2, 3), {"agent_id": "a-7"}, [None, None]),  # which of them?
        (("a-7", "b-8"), {"agent_info": [{"agent_id": "a-7"}, {"agent_id": "b-8"}]}, ["a-7", "b-8"]),
        ((2, 2), {"agent_info": [{"agent_id": "bot", "agent_type": "AUTOMATED_AGENT"}]}, [None, None]),
    ],
)
def test_the_agent_is_the_one_who_is_named(users, info, agents):
    entries = [
        {"text": "One.", "role": "AGENT", "user_id": users[0]},
        {"text": "Two.", "role": "CUSTOMER", "user_id": 1},
        {"text": "Three.", "role": "AGENT", "user_id": users[1]},
    ]
    turns = read(insights.parse_insights, {"entries": entries, "conversation_info": info}).conversations[0].turns
    assert [turn.agent_id for turn in turns if turn.role == "agent"] == agents


def test_any_agent_may_be_a_machine_and_stays_unknown():
    segments = [{"text": "Hello.", "segmentParticipant": {"role": "ANY_AGENT"}}]
    value = {"name": "projects/p/locations/l/conversations/7", "transcript": {"transcriptSegments": segments}}
    (turn,) = read(insights.parse_insights, value).conversations[0].turns
    assert (turn.role, turn.role_source, turn.speaker) == ("unknown", "", "ANY_AGENT")


def test_a_broken_entry_is_reported_and_the_others_are_read():
    value = upload(MICROS, MICROS + 1_000_000, MICROS + 2_000_000)
    value["entries"][1]["text"] = 7
    found = read(insights.parse_insights, value)
    assert [turn.text for turn in found.conversations[0].turns] == ["This is 0. This is 2."]
    assert found.problems[0].where == "entries[1]"


def test_a_conversation_in_which_nobody_speaks_is_a_problem_of_its_own():
    silent = upload(0)
    silent["entries"][0]["text"] = "  "
    found = read(insights.parse_insights, {"conversations": [upload(MICROS), silent]})
    assert len(found.conversations) == 1
    assert found.problems[0].where == "conversations item 2 entries"


def result(*words, tags=(), **more):
    listed = [
        {"word": word, "startTime": f"{start}s", "endTime": f"{start + 0.4}s", **({"speakerTag": tag} if tag else {})}
        for (word, start), tag in zip(words, tags or [0] * len(words), strict=True)
    ]
    return {"alternatives": [{"transcript": " ".join(word for word, _ in words), "words": listed}], **more}


def spoken(value):
    conversation = read(google_speech.parse_google_speech, value).conversations[0]
    return [(turn.speaker, turn.text) for turn in conversation.turns]


def test_words_that_the_last_result_repeats_are_read_once():
    first, second = result(("Hello.", 0.0)), result(("Hi.", 1.0), ("Help.", 2.0))
    last = result(("Hello.", 0.0), ("Hi.", 1.0), ("Help.", 2.0), tags=(1, 2, 2))
    assert spoken({"results": [first, second, last]}) == [("1", "Hello."), ("2", "Hi. Help.")]


def test_results_that_all_know_their_speakers_are_all_read():
    first, last = result(("Hello.", 0.0), tags=(1,)), result(("Hi.", 5.0), ("You?", 6.0), tags=(2, 1))
    assert spoken({"results": [first, last]}) == [("1", "Hello."), ("2", "Hi."), ("1", "You?")]


def test_what_the_last_result_does_not_repeat_is_kept():
    first, last = result(("Hello.", 0.0)), result(("Hi.", 5.0), tags=(2,))
    assert spoken({"results": [first, last]}) == [(None, "Hello."), ("2", "Hi.")]


def test_interim_results_are_left_out():
    assert spoken({"results": [result(("Hel", 0.0), isFinal=False), result(("Hello.", 0.0), isFinal=True)]}) == [
        (None, "Hello.")
    ]


def test_japanese_is_written_without_spaces_and_without_pronunciation():
    words = result(("言|イ", 0.0), ("う|ウ", 1.0), languageCode="ja-JP")
    assert spoken({"results": [words]}) == [(None, "言う")]


@pytest.mark.parametrize(
    "other",
    [
        {"result_index": 0, "results": [{"final": True, "alternatives": [{"transcript": "hello "}]}]},
        {"results": [{"alternatives": [{"transcript": "hi", "timestamps": [["hi", 0, 1]]}]}]},
        {"results": [{"type": "word", "alternatives": [{"content": "hi"}], "transcript": "hi"}]},
        {"results": {"channels": [{"alternatives": [{"transcript": "hi"}]}]}},
    ],
)
def test_results_of_other_recognisers_are_not_taken_for_it(other):
    assert not google_speech.sniff_google_speech(Document("a.json", json.dumps(other).encode())).fits


def test_rows_without_a_conversation_and_broken_columns_are_reported_or_passed_over():
    good = {
        "conversation_name": "projects/p/sessions/s-1",
        "turn_position": "1",
        "request": '{"queryInput": {"text": {"text": "Help"}}}',
        "response": "{broken",
    }
    found = read(dialogflow.parse_dialogflow, f"{json.dumps(good)}\n{json.dumps({**good, 'conversation_name': ''})}\n")
    assert [turn.text for turn in found.conversations[0].turns] == ["Help"]
    assert found.problems[0].where == "line 2"


def stream(*results):
    return "\n".join(json.dumps({"results": [each]}) for each in results)


def test_the_answers_of_a_stream_are_one_recording_of_their_final_results():
    final = [{"alternatives": [{"transcript": text}], "isFinal": True} for text in ("Hello.", "Bye.")]
    interim = {"alternatives": [{"transcript": "Hel"}], "stability": 0.4}
    (found,) = read(google_speech.parse_google_speech, stream(interim, final[0], interim, final[1])).conversations
    assert [turn.text for turn in found.turns] == ["Hello. Bye."]


def test_recordings_one_per_line_stay_recordings():
    said = [{"alternatives": [{"transcript": text}]} for text in ("Hello.", "Bye.")]
    assert len(read(google_speech.parse_google_speech, stream(*said)).conversations) == 2


def test_an_answer_without_results_is_silent():
    found = read(google_speech.parse_google_speech, {"totalBilledTime": "15s", "requestId": "3"})
    assert [problem.what for problem in found.problems] == ["nobody says anything in it"]


def test_a_recording_of_a_batch_that_failed_is_told():
    said = {"results": [{"alternatives": [{"transcript": "Hello."}]}]}
    batch = {"results": {"gs://b/a.wav": {"transcript": said}, "gs://b/b.wav": {"error": {"code": 3}}}}
    found = read(google_speech.parse_google_speech, batch)
    assert [each.conversation_id for each in found.conversations] == ["a"]
    assert [(problem.where, problem.what) for problem in found.problems] == [
        ("results, recording 2", "its recognition failed")
    ]


def test_times_beyond_the_end_of_their_result_are_dropped():
    words = [{"word": "Hello", "startOffset": "6324s", "endOffset": "6325s"}]
    one = {"results": [{"alternatives": [{"transcript": "Hello", "words": words}], "resultEndOffset": "7.5s"}]}
    (turn,) = read(google_speech.parse_google_speech, one).conversations[0].turns
    assert (turn.text, turn.start, turn.end) == ("Hello", None, None)


def test_messages_of_agent_assist_are_a_conversation():
    said = [
        {"name": f"projects/p/conversations/c-7/messages/{at}", "content": text, "participantRole": role,
         "createTime": f"2026-10-05T09:00:0{at}Z"}
        for at, (text, role) in enumerate(
            [("Hi", "END_USER"), ("Hello", "HUMAN_AGENT"), ("Rate us", "AUTOMATED_AGENT")]
        )
    ]  # fmt: skip
    (found,) = read(insights.parse_insights, {"messages": said}).conversations
    assert (found.conversation_id, found.started_at) == ("c-7", NINE)
    assert [(turn.role, turn.start) for turn in found.turns] == [("customer", 0.0), ("agent", 1.0), ("system", 2.0)]


@pytest.mark.parametrize("ends", [("2s", "4s", "6s"), (None, None, None)])
def test_channels_without_times_of_words_stand_in_order_of_their_results(ends):
    said = [
        {"alternatives": [{"transcript": text}], "channelTag": channel, "resultEndTime": end}
        for (text, channel), end in zip([("Hello.", 1), ("Hi.", 2), ("Bye.", 1)], ends, strict=True)
    ]
    (found,) = read(google_speech.parse_google_speech, {"results": said}).conversations
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("ch_1", "Hello."),
        ("ch_2", "Hi."),
        ("ch_1", "Bye."),
    ]
