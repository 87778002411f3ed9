"""Answers of vendors' APIs that are saved in place of a transcript: what they are, and where the transcript is.

A job's description, a link, an acknowledgement or a list of ids is JSON beside the JSON that was meant. To say so is
of more help than the names of the formats that it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from empathy_scan.errors import MalformedInputError
from empathy_scan.readers import apijson
from empathy_scan.readers.apijson import Resource, objects, part
from empathy_scan.readers.files import Document

_LARGEST = 256 * 1024  # bytes; such answers are small
_STATES = {"done", "in_progress", "transcribed", "failed", "notstarted", "running", "succeeded", "queued", "processing"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A kind of answer: how to know it, what it is, and what to do."""

    holds: Callable[[Resource], bool]
    what: str
    remedy: str


def refuse(document: Document) -> None:
    """Raise MalformedInputError that says what a file is, if it is such an answer; else do nothing."""
    start = document.content[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")
    if len(document.content) > _LARGEST or not start.startswith(b"{"):
        return
    try:
        value = part(document.json)
    except MalformedInputError:
        return
    found = next((answer for answer in _ANSWERS if answer.holds(value)), None)
    if found is not None:
        raise MalformedInputError(found.what, remedy=found.remedy)


def _is_only(value: Resource, *needed: str, beside: tuple[str, ...] = ()) -> bool:
    """Whether an object has the members needed, and no others but those beside."""
    return set(needed) <= value.keys() <= {*needed, *beside}


def _lists_nothing(value: Resource) -> bool:
    """Whether no member of an object is a list of objects, which might be what was said."""
    return not any(objects(member) for member in value.values())


def _is_link(value: Resource) -> bool:
    return _is_only(value, "url", beside=("expires", "id", "selfUri")) and str(value["url"]).startswith("http")


def _is_azure_list(value: Resource) -> bool:
    found = objects(value.get("values"))
    return bool(found) and all("kind" in each and "contentUrl" in part(each.get("links")) for each in found)


def _is_azure_job(value: Resource) -> bool:
    return {"self", "status", "links"} <= value.keys() and "files" in part(value["links"]) and _lists_nothing(value)


def _is_language_result(value: Resource) -> bool:
    tasks = [part(each.get("results")) for each in objects(part(value.get("tasks")).get("items"))]
    spoken = [each for task in tasks for each in objects(task.get("conversations"))]
    given = "analysisInput" in value or "conversationItems" in value or "conversations" in value
    return bool(tasks) and not given and not any("conversationItems" in each for each in spoken)


def _is_batch_of_links(value: Resource) -> bool:
    batch = part(value.get("results")) or part(part(value.get("response")).get("results"))
    found = [part(each) for each in batch.values()]
    linked = [each for each in found if "uri" in each or "cloudStorageResult" in each]
    return bool(linked) and not any(
        {"transcript", "inlineResult", "inline_result", "error"} & each.keys() for each in found
    )


def _is_running(value: Resource) -> bool:
    named = isinstance(value.get("name"), str) and "metadata" in value
    return named and value.get("done") is not True and value.keys() <= {"name", "metadata", "done"}


def _is_bare_conversation(value: Resource) -> bool:
    name = value.get("name")
    if not isinstance(name, str) or "/conversations/" not in name or "transcript" in value:
        return False
    return bool({"dataSource", "medium", "createTime", "turnCount"} & value.keys()) and _lists_nothing(value)


def _is_job(value: Resource) -> bool:
    state = value.get("status")
    named = isinstance(state, str) and state.casefold() in _STATES
    return named and {"created_on", "type"} <= value.keys() and _lists_nothing(value)


def _is_speechmatics_job(value: Resource) -> bool:
    jobs = objects(value.get("jobs")) or [part(value.get("job"))]
    return value.keys() <= {"job", "jobs"} and all("data_name" in each and "status" in each for each in jobs)


def _is_acknowledgement(value: Resource) -> bool:
    return _is_only(value, "request_id", beside=("callback",)) or _is_only(value, "id", "result_url")


def _is_text_only(value: Resource) -> bool:
    text = value.get("text")
    if not isinstance(text, str) or "\n" in text:  # lines may have labels of speakers
        return False
    return len(value) > 1 and _is_only(value, "text", beside=("usage", "logprobs", "x_groq"))


_FETCH = "download the transcript, and give that"
_ANSWERS = (
    Answer(_is_link, "this is the link to a transcript, not the transcript", "download what the link leads to in time"),
    Answer(
        lambda value: "sentimentScore" in value and _is_only(value, "conversation", "sentimentScore", beside=(
            "sentimentTrend", "sentimentTrendClass", "participantMetrics", "selfUri")),
        "these are the scores of a conversation in Genesys Cloud, not its transcript",
        "fetch the transcript URL of its communications, and what that leads to",
    ),
    Answer(_is_azure_list, "this is the list of a transcription's files", "download what contentUrl leads to"),
    Answer(_is_azure_job, "this is the description of a transcription job, not its transcript", _FETCH),
    Answer(
        _is_language_result,
        "this is the result of a conversation analysis, without what was said",
        "put the input beside the answer: one object with analysisInput and tasks",
    ),
    Answer(
        _is_batch_of_links,
        "this is the list of a batch's transcripts, which lie in Cloud Storage",
        "download the files that their uri leads to",
    ),
    Answer(_is_running, "this is the state of an operation that is not done", "fetch its result when it is done"),
    Answer(
        _is_bare_conversation, "this is a conversation without its transcript", "fetch it with view=FULL, or export it"
    ),
    Answer(_is_job, "this is the description of a job, not its transcript", _FETCH),
    Answer(_is_speechmatics_job, "this is the description of jobs, not a transcript", _FETCH),
    Answer(
        lambda value: "page_details" in value and bool(apijson.objects(value.get("transcripts"))),
        "this is a list of transcripts without their words",
        "fetch each transcript by its id",
    ),
    Answer(
        lambda value: _is_only(value, "err_code", "err_msg", beside=("request_id",)),
        "this is an error message of Deepgram, not a transcript",
        "transcribe the recording again",
    ),
    Answer(
        lambda value: {"matched_blueprint", "inference_result"} <= value.keys(),
        "this is custom output of Bedrock Data Automation, which holds no transcript",
        "give the standard output of the same job",
    ),
    Answer(_is_acknowledgement, "this only confirms a request; the transcript comes later", _FETCH),
    Answer(
        _is_text_only,
        "this is a text without turns, speakers or times",
        "ask for segments with speakers, such as diarized_json",
    ),
)  # fmt: skip
