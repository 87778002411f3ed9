"""The formats that can be read, and the decision which one a file has: by its content, not by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from empathy_scan.config import ReadConfig
from empathy_scan.errors import ConfigError, MalformedInputError, UnknownFormatError
from empathy_scan.readers import (
    answers,
    assemblyai,
    azure_language,
    azure_speech,
    bedrock_audio,
    call_analytics,
    captions,
    connect_segments,
    contact_lens,
    convokit,
    deepgram,
    dialogflow,
    dialpad,
    freshdesk,
    genesys,
    gong,
    google_speech,
    insights,
    intercom,
    lex,
    mail,
    messages,
    salesforce,
    speech_vendors,
    speechmatics,
    tabular,
    text,
    transcribe,
    transcribe_stream,
    twilio,
    vcon,
    whisper,
    word,
    workbook,
    zendesk,
)
from empathy_scan.readers.conversation import Parsed
from empathy_scan.readers.files import Document
from empathy_scan.readers.verdict import Verdict

Sniff = Callable[[Document], Verdict]
Parse = Callable[[Document, ReadConfig], Parsed]
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: what it is called, which suffixes it usually has, how to know it and how to read it."""

    name: str
    title: str
    suffixes: tuple[str, ...]
    sniff: Sniff
    parse: Parse


# In this order a file is asked about: narrow formats before wide ones.
FORMATS: tuple[Reader, ...] = (
    Reader("parquet", "Parquet table", (".parquet",), tabular.sniff_parquet, tabular.parse_parquet),
    Reader("convokit", "ConvoKit corpus", (".jsonl", ".zip"), convokit.sniff_convokit, convokit.parse_convokit),
    Reader("xlsx", "Excel workbook", (".xlsx", ".xlsm"), workbook.sniff, workbook.parse),
    Reader("docx", "Word document", (".docx",), word.sniff, word.parse),
    Reader("mbox", "Mailbox of mails (mbox)", (".mbox",), mail.sniff_mbox, mail.parse_mbox),
    Reader("eml", "E-mail", (".eml",), mail.sniff_eml, mail.parse_eml),
    Reader("webvtt", "WebVTT captions", (".vtt",), captions.sniff_webvtt, captions.parse),
    Reader("srt", "SRT captions", (".srt",), captions.sniff_srt, captions.parse),
    Reader(
        "post-call-analytics", "AWS Post Call Analytics", (".json",),
        call_analytics.sniff_solution, call_analytics.parse_solution,
    ),
    Reader(
        "call-analytics", "Amazon Transcribe Call Analytics", (".json",), call_analytics.sniff, call_analytics.parse
    ),
    Reader("transcribe", "Amazon Transcribe", (".json",), transcribe.sniff, transcribe.parse),
    Reader(
        "transcribe-stream", "Amazon Transcribe, live", (".json", ".jsonl"),
        transcribe_stream.sniff, transcribe_stream.parse,
    ),
    Reader(
        "bedrock-audio", "Amazon Bedrock Data Automation, audio", (".json",), bedrock_audio.sniff, bedrock_audio.parse
    ),
    Reader(
        "connect-segments", "Amazon Connect real-time segments", (".json", ".jsonl"),
        connect_segments.sniff, connect_segments.parse,
    ),
    Reader("contact-lens", "Amazon Connect Contact Lens and chats", (".json",), contact_lens.sniff, contact_lens.parse),
    Reader(
        "google-insights", "Google Conversational Insights", (".json", ".jsonl"),
        insights.sniff_insights, insights.parse_insights,
    ),
    Reader("genesys-cloud", "Genesys Cloud transcript", (".json",), genesys.sniff_genesys, genesys.parse_genesys),
    Reader(
        "azure-speech", "Azure Speech transcription", (".json",),
        azure_speech.sniff_azure_speech, azure_speech.parse_azure_speech,
    ),
    Reader(
        "azure-language", "Azure Language conversations", (".json",),
        azure_language.sniff_azure_language, azure_language.parse_azure_language,
    ),
    Reader(
        "dialogflow-cx", "Dialogflow CX interaction log", (".json", ".jsonl"),
        dialogflow.sniff_dialogflow, dialogflow.parse_dialogflow,
    ),
    Reader("lex", "Amazon Lex conversation logs", (".json", ".jsonl"), lex.sniff_lex, lex.parse_lex),
    Reader("deepgram", "Deepgram", (".json", ".jsonl"), deepgram.sniff_deepgram, deepgram.parse_deepgram),
    Reader(
        "speechmatics", "Speechmatics", (".json", ".jsonl"),
        speechmatics.sniff_speechmatics, speechmatics.parse_speechmatics,
    ),
    Reader("rev-ai", "Rev AI", (".json",), speech_vendors.sniff_rev, speech_vendors.parse_rev),
    Reader("assemblyai", "AssemblyAI", (".json",), assemblyai.sniff_assemblyai, assemblyai.parse_assemblyai),
    Reader("gladia", "Gladia", (".json",), speech_vendors.sniff_gladia, speech_vendors.parse_gladia),
    Reader(
        "google-speech", "Google Speech-to-Text", (".json",),
        google_speech.sniff_google_speech, google_speech.parse_google_speech,
    ),
    Reader("vcon", "vCon", (".vcon", ".json"), vcon.sniff_vcon, vcon.parse_vcon),
    Reader("gong", "Gong call transcripts", (".json",), gong.sniff_gong, gong.parse_gong),
    Reader(
        "twilio-intelligence", "Twilio Conversational Intelligence", (".json",),
        twilio.sniff_intelligence, twilio.parse_intelligence,
    ),
    Reader(
        "twilio-conversations", "Twilio Conversations", (".json",),
        twilio.sniff_conversations, twilio.parse_conversations,
    ),
    Reader("dialpad", "Dialpad transcripts", (".json",), dialpad.sniff_dialpad, dialpad.parse_dialpad),
    Reader("intercom", "Intercom conversations", (".json", ".jsonl"), intercom.sniff, intercom.parse),
    Reader("zendesk", "Zendesk tickets", (".json", ".jsonl"), zendesk.sniff, zendesk.parse),
    Reader("freshdesk", "Freshdesk tickets", (".json", ".jsonl"), freshdesk.sniff, freshdesk.parse),
    Reader(
        "salesforce", "Salesforce mails, chats and comments", (".csv", ".json"), salesforce.sniff, salesforce.parse
    ),
    Reader("whisper", "Whisper family", (".json",), whisper.sniff_whisper, whisper.parse_whisper),
    Reader(
        "messages", "Messages of chat platforms and help desks", (".json", ".jsonl"), messages.sniff, messages.parse
    ),
    Reader("jsonl", "JSON Lines", (".jsonl", ".ndjson"), tabular.sniff_json_lines, tabular.parse_json_lines),
    Reader("json", "JSON", (".json",), tabular.sniff_json, tabular.parse_json_file),
    Reader("csv", "CSV or TSV table", (".csv", ".tsv"), tabular.sniff_delimited, tabular.parse_delimited),
    Reader("text", "Plain text with speaker labels", (".txt", ".text", ".log", ".md"), text.sniff, text.parse),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Detection:
    """The reader for a file, in words why, and what the readers asked before it said."""

    reader: Reader
    why: str
    refused: Sequence[tuple[str, str]] = ()


def detect(document: Document, config: ReadConfig) -> Detection:
    """The reader for a file: the one that the settings force, else the first that knows its own.

    Raises UnknownFormatError naming the nearest formats and why each was refused, ConfigError for a format that does
    not exist, MalformedInputError for an answer of an API that was saved in place of a transcript.
    """
    if config.format:
        return Detection(by_name(config.format), "chosen in the settings")
    answers.refuse(document)
    verdicts: list[tuple[Reader, Verdict]] = []
    for reader in FORMATS:
        verdict = _ask(reader, document)
        if verdict.fits:
            refused = [(other.name, refusal.why) for other, refusal in verdicts]
            return Detection(reader, verdict.why, refused)
        verdicts.append((reader, verdict))
    nearest = sorted(verdicts, key=lambda pair: -_nearness(pair[0], pair[1], document))[:_NEAREST]
    reasons = "; ".join(f"{reader.name}: {verdict.why}" for reader, verdict in nearest)
    raise UnknownFormatError(
        f"unknown format ({reasons})",
        remedy="`empathy-scan formats` lists what can be read; `--format NAME` forces one",
    )


def by_name(name: str) -> Reader:
    """The reader of that name; raises ConfigError listing all names."""
    for reader in FORMATS:
        if reader.name == name:
            return reader
    names = ", ".join(reader.name for reader in FORMATS)
    raise ConfigError(f"there is no format {name!r}", where="[read] format", remedy=f"choose one of {names}")


def _ask(reader: Reader, document: Document) -> Verdict:
    """A reader's verdict; JSON that is broken is no reason to stop asking."""
    try:
        return reader.sniff(document)
    except MalformedInputError as error:
        return Verdict(fits=False, why=error.what)


def _nearness(reader: Reader, verdict: Verdict, document: Document) -> float:
    """How near a refused format came; the file's suffix is a hint here, and only here."""
    return verdict.nearness + (0.5 if document.suffix in reader.suffixes else 0.0)
