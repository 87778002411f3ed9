"""Presidio beside the rules: what is missing is told with its remedy, and what it finds takes our placeholders."""

from dataclasses import dataclass

import pytest

from empathy_scan import redact_presidio
from empathy_scan.errors import UsageError


@dataclass(frozen=True)
class Found:
    """A finding as Presidio gives it."""

    entity_type: str
    start: int
    end: int


@dataclass(frozen=True)
class Analyzer:
    """What Presidio's engine is to us: the words of a list, found wherever they stand."""

    words: dict[str, str]

    def get_supported_entities(self, language):
        return [*self.words.values(), "DATE_TIME"] if language == "en" else []

    def analyze(self, *, text, language, entities, score_threshold):
        assert language == "en"
        assert score_threshold > 0
        return [
            Found(kind, text.index(word), text.index(word) + len(word))
            for word, kind in self.words.items()
            if word in text and kind in entities
        ]


def test_what_is_missing_is_told_with_how_to_install_it():
    with pytest.raises(UsageError, match=r"Presidio|no_such_model") as raised:
        redact_presidio.finder("no_such_model")
    assert "pip install" in str(raised.value) or "spacy download" in str(raised.value)


def test_what_presidio_finds_takes_our_placeholders_and_dates_stay():
    find = redact_presidio._of(Analyzer({"Zorbel": "PERSON", "418": "UK_NHS", "Monday": "DATE_TIME"}))
    assert find("Zorbel came on Monday with 418.") == "[NAME] came on Monday with [NUMBER]."


def test_nothing_is_taken_from_within_a_placeholder():
    assert redact_presidio._of(Analyzer({"NAME": "PERSON"}))("Hello [NAME].") == "Hello [NAME]."


def test_names_may_stay():
    assert redact_presidio._of(Analyzer({"Zorbel": "PERSON"}), names=False)("Zorbel") == "Zorbel"
