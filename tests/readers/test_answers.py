"""Answers of APIs that are no transcripts: each is refused with what it is."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers.files import Document
from empathy_scan.readers.registry import detect

ANSWERS = {
    "the link": {"url": "https://example.com/t", "expires": "2026-03-02T09:14:00Z"},
    "the scores": {"conversation": {"id": "c"}, "sentimentScore": 0.2},
    "the list of a transcription's files": {
        "values": [{"name": "contenturl_0.json", "kind": "Transcription", "links": {"contentUrl": "https://x"}}]
    },
    "the description of a transcription job": {"self": "s", "status": "Succeeded", "links": {"files": "f"}},
    "the result of a conversation analysis": {
        "jobId": "j", "status": "succeeded",
        "tasks": {"items": [{"results": {"conversations": [{"id": "1", "summaries": [{"text": "Wants help."}]}]}}]},
    },
    "which lie in Cloud Storage": {"results": {"gs://b/a.wav": {"uri": "gs://b/o.json"}}},
    "an operation that is not done": {"name": "op-1", "metadata": {"progressPercent": 20}},
    "without its transcript": {"name": "projects/p/conversations/c", "medium": "PHONE_CALL", "duration": "9s"},
    "the description of a job": {"id": "j", "status": "transcribed", "created_on": "2026", "type": "async"},
    "the description of jobs": {"jobs": [{"id": "j", "data_name": "a.wav", "status": "done"}]},
    "a list of transcripts": {"page_details": {"limit": 1}, "transcripts": [{"id": "t", "status": "completed"}]},
    "an error message": {"err_code": "Bad Request", "err_msg": "no audio", "request_id": "r"},
    "only confirms": {"request_id": "r"},
    "custom output": {"metadata": {}, "matched_blueprint": {}, "inference_result": {"summary": "x"}},
    "a text without turns": {"text": "Hello there.", "usage": {"seconds": 2}},
}  # fmt: skip


@pytest.mark.parametrize(("what", "value"), ANSWERS.items())
def test_an_answer_that_is_no_transcript_is_called_what_it_is(what, value):
    with pytest.raises(MalformedInputError, match=what):
        detect(Document("a.json", json.dumps(value).encode()), ReadConfig())


@pytest.mark.parametrize("start", ["\ufeff", "  \n"])
def test_marks_and_space_in_front_do_not_hide_it(start):
    with pytest.raises(MalformedInputError, match="only confirms"):
        detect(Document("a.json", f'{start}{{"request_id": "r"}}'.encode()), ReadConfig())


def test_a_format_that_is_forced_is_tried_all_the_same():
    document = Document("a.json", json.dumps(ANSWERS["only confirms"]).encode())
    assert detect(document, ReadConfig(format="json")).reader.name == "json"


def test_a_text_of_labelled_lines_is_left_to_the_tables():
    document = Document("a.json", json.dumps({"text": "Agent: Hello.\nCustomer: Hi.\nAgent: Bye."}).encode())
    assert detect(document, ReadConfig()).reader.name == "json"


def test_a_conversation_with_a_state_is_no_description_of_a_job():
    said = [{"role": "agent", "text": "Hello."}, {"role": "customer", "text": "Hi."}]
    value = {"id": "c", "status": "done", "type": "chat", "created_on": "2026-03-02", "messages": said}
    assert detect(Document("a.json", json.dumps(value).encode()), ReadConfig()).reader.name == "json"
