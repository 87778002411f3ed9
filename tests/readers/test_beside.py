"""What lies beside transcripts is left out with a reason and fails nothing; what is read together is read together."""

import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.readers import read

CALL = "Agent: Good morning.\nCustomer: The bed never came.\n"
ROSTER = "agent_id;name;team\nt.brennan;Tom Brennan;Repairs\n".replace("team", "aliases;team").replace(
    "Brennan;R", "Brennan;TB;R"
)


def scanned(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read([folder], ReadConfig())


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("README.md", "# Calls of October\n\nAgent: and Customer: are the labels.\n", "a note for people"),
        ("settings.toml", '[read]\nformat = "csv"\n', "a file of settings"),
        ("agents.csv", ROSTER, "a roster of agents"),
        ("list.pdf", b"%PDF-1.7 rest", "looks like a PDF document"),
        ("call.wav", b"RIFF\x10\x00\x00\x00WAVEfmt ", "looks like a sound recording"),
        ("call.mp3", b"ID3\x04\x00", "looks like a sound recording"),
        ("call.m4a", b"\x00\x00\x00\x20ftypM4A ", "looks like a video or sound recording"),
        ("logo.png", b"\x89PNG\r\n\x1a\n", "looks like a picture"),
        ("logo.svg", "<svg/>", "a picture"),
        ("export.sha256", "0" * 64 + "  call.txt\n", "a checksum"),
        ("_SUCCESS", "", "a file of the system's own"),
    ],
)
def test_what_holds_no_transcript_is_left_out_with_a_reason(tmp_path, name, content, reason):
    found = scanned(tmp_path, {"call.txt": CALL, name: content})
    assert found.turns.height == 2
    (row,) = found.rejects.rows(named=True)
    assert (row["source"], row["error"]) == (name, "NoticeError")
    assert row["reason"].startswith(reason)
    assert row["remedy"]


def test_a_recording_is_to_be_transcribed_first(tmp_path):
    found = scanned(tmp_path, {"call.txt": CALL, "call.wav": b"RIFF\x10\x00\x00\x00WAVEfmt "})
    assert found.rejects["remedy"].str.contains("transcribe it first").to_list() == [True]


def test_a_file_that_is_named_by_itself_is_refused_as_what_it_is(tmp_path):
    (tmp_path / "list.pdf").write_bytes(b"%PDF-1.7 rest")
    found = read([tmp_path / "list.pdf"], ReadConfig())
    assert found.rejects["error"].to_list() == ["UnknownFormatError"]


def test_a_corpus_in_a_folder_is_read_with_its_speakers_and_conversations(tmp_path):
    said = [("u1", "anna", None, "The bed never came."), ("u2", "tom", "u1", "I am sorry.")]
    lines = [
        {"id": name, "conversation_id": "u1", "speaker": who, "reply_to": above, "text": text, "timestamp": at}
        for at, (name, who, above, text) in enumerate(said)
    ]
    found = scanned(
        tmp_path,
        {
            "corpus/utterances.jsonl": "\n".join(map(json.dumps, lines)),
            "corpus/speakers.json": json.dumps({"anna": {"role": "customer"}, "tom": {"meta": {"role": "agent"}}}),
            "corpus/conversations.json": json.dumps({"u1": {"meta": {"queue": "Beds", "topic": "delivery"}}}),
            "corpus/index.json": json.dumps({"version": 1}),
            "corpus/corpus.json": "{}",
            "corpus/users.json": "{}",
        },
    )
    assert found.rejects.is_empty()
    assert found.turns["role"].to_list() == ["customer", "agent"]
    assert found.turns.select("queue", "metadata").unique().rows() == [("Beds", '{"topic": "delivery"}')]
