"""Amazon Bedrock Data Automation: the standard output for a recording.

Source: a real output file; Amazon Bedrock User Guide, "Audio". Who speaks is a label without a role.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from empathy_scan.codebook import Channel
from empathy_scan.config import ReadConfig
from empathy_scan.readers import amazon, speech
from empathy_scan.readers.amazon import Json, Record
from empathy_scan.readers.conversation import Conversation, Parsed, Turn, clean
from empathy_scan.readers.files import Document
from empathy_scan.readers.transcribe import labelled
from empathy_scan.readers.verdict import Verdict


def sniff(document: Document) -> Verdict:
    """Whether the file is a JSON object with `audio_segments` and the `metadata` of a recording."""
    found = amazon.opening(document, "audio_segments")
    if isinstance(found, Verdict):
        return found
    if not isinstance(found.get("audio_segments"), list):
        return Verdict(fits=False, why="it has no list audio_segments at the top", nearness=0.2)
    if "semantic_modality" not in amazon.child(found, "metadata"):
        return Verdict(fits=False, why="audio_segments without metadata.semantic_modality", nearness=0.5)
    return Verdict(fits=True, why="audio_segments with metadata.semantic_modality")


def parse(document: Document, config: ReadConfig) -> Parsed:
    """The recordings of a file, a conversation each; raises MalformedInputError when there are no words in it."""
    del config
    return amazon.parse_each(document, lambda record: _recording(record, document))


def _recording(record: Record, document: Document) -> Parsed:
    metadata = amazon.child(record.value, "metadata")
    segments, problems = amazon.with_text(record.value.get("audio_segments"), "text", "audio_segments")
    spoken = [each for each in segments if str(each.get("type") or "TRANSCRIPT").upper() == "TRANSCRIPT"]
    turns, notes = amazon.in_order(_turns(spoken))
    if len(spoken) < len(segments):
        notes.append(f"{len(segments) - len(spoken)} audio segments are no speech; they are left out")
    key = amazon.word(metadata.get("s3_key"))
    conversation = Conversation(
        conversation_id=str(PurePosixPath(key).with_suffix("")) if key else amazon.own_name(record, document),
        turns=speech.joined(turns),
        channel=Channel.CALL,
        place=record.place,
        redacted=amazon.is_redacted_name(document.source),
        metadata=amazon.labels(language=metadata.get("dominant_asset_language")),
    )
    return amazon.said(conversation, problems, notes)


def _turns(segments: list[Json]) -> list[Turn]:
    spoken = labelled(
        [
            (
                amazon.word(amazon.child(segment, "speaker").get("speaker_label")),
                amazon.word(amazon.child(segment, "channel").get("channel_label")),
            )
            for segment in segments
        ]
    )
    return [
        Turn(
            text=text,
            speaker=speaker,
            start=amazon.millis(segment.get("start_timestamp_millis")),
            end=amazon.millis(segment.get("end_timestamp_millis")),
        )
        for segment, speaker in zip(segments, spoken, strict=True)
        if (text := clean(str(segment.get("text") or "")))
    ]
