"""vCons: roles of parties, messages and mails, transcripts of several vendors, signatures and redaction."""

import base64
import json

import pytest

from empathy_scan.config import ReadConfig
from empathy_scan.errors import MalformedInputError
from empathy_scan.readers.files import Document
from empathy_scan.readers.vcon import parse_vcon, sniff_vcon

START = "2026-01-05T10:00:00Z"
PARTIES = [
    {"name": "Kim", "role": "customer"},
    {"name": "Dana Lopez", "mailto": "mailto:dana@x.example", "role": "agent"},
]


def vcon(**changes):
    return {"vcon": "0.4.0", "uuid": "u-1", "parties": PARTIES, "dialog": [], **changes}


def text(body, *, who=0, **changes):
    return {"type": "text", "start": START, "parties": [0, 1], "originator": who, "body": body, **changes}


def recording(**changes):
    return {
        "type": "recording",
        "start": START,
        "duration": 20,
        "parties": [0, 1],
        "url": "https://x.example/a.wav",
        **changes,
    }


def transcript(body, **changes):
    return {"type": "transcript", "dialog": 0, "vendor": "x", "encoding": "json", "body": body, **changes}


def parse(value):
    return parse_vcon(Document("f/c.vcon.json", json.dumps(value).encode()), ReadConfig())


def said(value):
    (one,) = parse(value).conversations
    return [(str(turn.role), turn.speaker, turn.text) for turn in one.turns]


def url64(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("party", "expected"),
    [
        ({"role": "agent", "mailto": "a@x.example", "name": "A"}, ("agent", "A", "a@x.example")),
        ({"meta": {"role": "Agent"}, "name": "A"}, ("agent", "A", "A")),
        ({"role": "sme", "tel": "+1555"}, ("agent", "+1555", "+1555")),
        ({"role": "supervisor", "name": "A"}, ("agent", "A", "A")),
        ({"role": "contact", "name": "A"}, ("customer", "A", None)),
        ({"role": "bot", "name": "A"}, ("system", "A", None)),
        ({"mailto": "a@x.example", "name": "A"}, ("unknown", "a@x.example", "A")),
        ({}, ("unknown", None, None)),
        (None, ("unknown", None, None)),
    ],
)
def test_parties_have_roles_in_several_places(party, expected):
    (one,) = parse(vcon(parties=[party], dialog=[text("Hello")])).conversations
    (turn,) = one.turns
    assert (turn.role, turn.speaker, turn.agent_id) == expected


@pytest.mark.parametrize(
    ("changes", "speaker"),
    [
        ({"originator": 1}, "Dana Lopez"),
        ({"originator": None}, "Kim"),
        ({"originator": None, "parties": 1}, "Dana Lopez"),
        ({"originator": None, "parties": [[1], [0]]}, "Dana Lopez"),
        ({"originator": 7}, None),
        ({"originator": None, "parties": None}, None),
    ],
)
def test_the_speaker_is_the_originator_or_the_first_party(changes, speaker):
    assert said(vcon(dialog=[{**text("Hello"), **changes}]))[0][1] == speaker


def test_a_mail_is_read_without_what_it_quotes():
    body = "It leaks.\n\n> Where does it leak?"
    multipart = "--b\r\nContent-Type: text/plain\r\n\r\nIt leaks.\r\n\r\n> Where?\r\n--b--\r\n"
    for dialog in (
        text(body, message_id="<1@x.example>"),
        text(multipart, mediatype='multipart/alternative; boundary="b"'),
    ):
        (one,) = parse(vcon(dialog=[dialog])).conversations
        assert (one.channel, [turn.text for turn in one.turns]) == ("email", ["It leaks."])


BODIES = {
    "list": [{"speaker": "Customer", "message": "It leaks."}, {"speaker": "Agent", "message": "Oh no."}],
    "list in an object": {
        "conversation": [{"role": "customer", "content": "It leaks."}, {"role": "agent", "content": "Oh no."}]
    },
    "named": [{"speaker": "kim", "text": "It leaks."}, {"speaker": "DANA LOPEZ", "text": "Oh no."}],
    "labelled text": "**Customer**: It leaks.\n\n**Agent(D)**: Oh no.",
    "wtf": {
        "transcript": {"text": "It leaks. Oh no.", "language": "en"},
        "segments": [
            {"start": 1, "end": 2, "text": "It leaks.", "speaker": 0},
            {"start": 3, "end": 4, "text": "Oh no.", "speaker": 1},
        ],
        "speakers": {"0": {"label": "customer"}, "1": {"label": "Dana Lopez"}},
    },
    "deepgram, two channels": {
        "metadata": {"channels": 2},
        "results": {
            "channels": [
                {
                    "alternatives": [
                        {
                            "transcript": "it leaks",
                            "words": [{"word": "It leaks.", "start": 1.0, "end": 2.0, "confidence": 0.5}],
                        }
                    ]
                },
                {
                    "alternatives": [
                        {
                            "transcript": "oh no",
                            "words": [{"word": "Oh no.", "start": 3.0, "end": 4.0, "confidence": 0.5}],
                        }
                    ]
                },
            ]
        },
    },
    "deepgram, utterances": {
        "results": {
            "utterances": [
                {"start": 1, "end": 2, "channel": 0, "transcript": "It leaks."},
                {"start": 3, "end": 4, "channel": 1, "transcript": "Oh no."},
            ]
        }
    },
}


@pytest.mark.parametrize("encoded", [True, False])
@pytest.mark.parametrize("name", BODIES)
def test_transcripts_of_many_makes_give_the_roles_of_the_parties(name, encoded):
    body = BODIES[name]
    body = json.dumps(body) if encoded and not isinstance(body, str) else body
    value = vcon(dialog=[recording()], analysis=[transcript(body)])
    assert [(role, words) for role, _, words in said(value)] == [("customer", "It leaks."), ("agent", "Oh no.")]
    assert parse(value).conversations[0].turns[1].agent_id == "dana@x.example"


def test_speakers_that_are_only_numbers_stay_unknown():
    words = [
        {"word": "hi", "punctuated_word": "Hi.", "speaker": at, "start": at, "end": at + 0.5, "confidence": 0.5}
        for at in (0, 1)
    ]
    value = vcon(dialog=[recording()], analysis=[transcript({"transcript": "hi hi", "words": words})])
    assert said(value) == [("unknown", "0", "Hi."), ("unknown", "1", "Hi.")]
    assert parse(value).conversations[0].turns[0].confidence == 0.5


def test_of_several_transcripts_the_one_with_most_speakers_is_read_once():
    plain = transcript({"transcript": "It leaks. Oh no.", "words": []})
    value = vcon(dialog=[recording()], analysis=[plain, transcript(BODIES["list"]), transcript(BODIES["named"])])
    assert len(said(value)) == 2
    assert said(vcon(dialog=[recording()], analysis=[plain])) == [("unknown", None, "It leaks. Oh no.")]


def test_summaries_are_no_transcripts():
    value = vcon(dialog=[recording()], analysis=[transcript("Agent: a\nCustomer: b", type="transcript_summary")])
    parsed = parse(value)
    assert list(parsed.conversations) == []
    assert [(problem.what, problem.where) for problem in parsed.problems] == [
        ("a recording without a transcript", "dialog 0")
    ]


def test_messages_of_the_same_time_are_read_instead_of_the_transcript():
    dialogs = [recording(), text("It leaks."), text("Oh no.", who=1, start="2026-01-05T10:00:05Z")]
    parsed = parse(vcon(dialog=dialogs, analysis=[transcript(BODIES["list"])]))
    assert [turn.start for turn in parsed.conversations[0].turns] == [0.0, 5.0]
    assert "messages of the same time" in parsed.notes[0]


def test_content_in_another_file_is_reported():
    value = vcon(
        dialog=[text("Hello"), text(None, url="https://x.example/t.txt"), recording()],
        analysis=[{"type": "transcript", "dialog": 2, "url": "https://x.example/t.json"}],
    )
    assert [(problem.what, problem.where) for problem in parse(value).problems] == [
        ("its content is in another file", "dialog 1"),
        ("its content is in another file", "dialog 2"),
    ]


def test_a_redacted_copy_has_the_id_of_its_original():
    (one,) = parse(vcon(dialog=[text("[NAME] here")], redacted={"uuid": "u-0", "type": "PII"})).conversations
    assert (one.conversation_id, one.redacted) == ("u-0", True)


def test_a_signed_vcon_is_read_with_a_note():
    value = {"payload": url64(vcon(dialog=[text("Hello")])), "signatures": [{"protected": "e30", "signature": "x"}]}
    assert sniff_vcon(Document("c", json.dumps(value).encode())).fits
    assert said(value) == [("customer", "Kim", "Hello")]
    assert parse(value).notes == ["a signed vCon: its signature is not checked"]


def test_an_encrypted_vcon_is_refused_and_other_secrets_are_not_known():
    value = {
        "unprotected": {"cty": "application/vcon+json"},
        "recipients": [],
        "iv": "x",
        "ciphertext": "x",
        "tag": "x",
    }
    assert sniff_vcon(Document("c", json.dumps(value).encode())).fits
    with pytest.raises(MalformedInputError, match="encrypted"):
        parse(value)
    assert not sniff_vcon(Document("c", json.dumps({**value, "unprotected": {}}).encode())).fits


def test_a_vcon_without_words_is_reported():
    assert "nobody says anything" in parse(vcon()).problems[0].what


SPOKEN = "Dana Lopez: Good morning.\n\nKim: My card is gone.\n\nDana Lopez: I block it."


def test_a_transcript_beside_a_text_without_words_is_read():
    """Some software calls the dialog of a call `text` and leaves its words to the analysis."""
    value = vcon(dialog=[text(None)], analysis=[transcript(SPOKEN, encoding="none")])
    (one,) = parse(value).conversations
    assert one.channel == "call"
    assert [turn.role for turn in one.turns] == ["agent", "customer", "agent"]


def test_lines_that_begin_with_the_names_of_parties_are_theirs():
    people = [{"name": "Dana Lopez", "mailto": "dana@x.example"}, {"name": "Kim"}]
    value = vcon(parties=people, dialog=[recording()], analysis=[transcript(SPOKEN, encoding="none")])
    assert said(value) == [
        ("unknown", "dana@x.example", "Good morning."),
        ("unknown", "Kim", "My card is gone."),
        ("unknown", "dana@x.example", "I block it."),
    ]


def test_a_text_that_names_a_party_in_passing_is_one_turn():
    value = vcon(dialog=[recording()], analysis=[transcript("She said:\nKim: no.\nDana Lopez: yes.", encoding="none")])
    assert [words for _, _, words in said(value)] == ["She said:\nKim: no.\nDana Lopez: yes."]


def test_a_signature_may_be_alone_or_in_three_parts():
    inner = vcon(dialog=[text("Hello")])
    alone = {"payload": url64(inner), "protected": "e30", "signature": "x"}
    compact = f"{url64({'alg': 'RS256'})}.{url64(inner)}.c2ln"
    for content in (json.dumps(alone), compact, f"{compact}\n"):
        document = Document("c", content.encode())
        assert sniff_vcon(document).fits
        (one,) = parse_vcon(document, ReadConfig()).conversations
        assert [turn.text for turn in one.turns] == ["Hello"]


def test_five_parts_of_a_vcon_are_encrypted():
    document = Document("c.vcon", f"{url64({'alg': 'RSA-OAEP', 'enc': 'A256GCM'})}.a.b.c.d".encode())
    assert sniff_vcon(document).fits
    with pytest.raises(MalformedInputError, match="encrypted"):
        parse_vcon(document, ReadConfig())
    assert not sniff_vcon(Document("c.txt", document.content)).fits


def test_older_software_encrypts_beside_the_uuid():
    value = {"unprotected": {"uuid": "u-1", "enc": "A256CBC-HS512"}, "recipients": [{}], "ciphertext": "x"}
    assert sniff_vcon(Document("c", json.dumps(value).encode())).fits


def test_a_vcon_needs_neither_uuid_nor_version():
    value = {"parties": PARTIES, "dialog": [text("Hello")]}
    assert sniff_vcon(Document("c", json.dumps(value).encode())).fits
    assert said(value) == [("customer", "Kim", "Hello")]


def test_parts_of_a_transcript_may_name_a_party_by_number_and_a_moment():
    body = [
        {"parties": 1, "start": "2026-01-05T10:00:02Z", "duration": 2.5, "text": "Good morning."},
        {"parties": 0, "start": "2026-01-05T10:00:06Z", "duration": 1, "text": "My card is gone."},
        {"parties": 9, "start": "2026-01-05T10:00:08Z", "duration": 1, "text": "Beep."},
    ]
    (one,) = parse(vcon(dialog=[recording()], analysis=[transcript(body)])).conversations
    assert [(turn.role, turn.start, turn.end) for turn in one.turns] == [
        ("agent", 2.0, 4.5),
        ("customer", 6.0, 7.0),
        ("unknown", 8.0, 9.0),
    ]


def test_a_file_called_vcon_that_is_encrypted_needs_no_other_mark():
    content = json.dumps({"protected": url64({"enc": "A256CBC-HS512"}), "encrypted_key": "x", "ciphertext": "x"})
    assert sniff_vcon(Document("a.vcon", content.encode())).fits
    assert not sniff_vcon(Document("a.json", content.encode())).fits


def test_dialogs_of_older_software_may_be_called_audio():
    (problem,) = parse(vcon(dialog=[text("Hello"), recording(type="audio")])).problems
    assert problem.what == "a recording without a transcript"
