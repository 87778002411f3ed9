"""Presidio beside the rules: `[redact] engine = "presidio"` adds what its recognisers find with a model that the user has.

Nothing is downloaded: neither Presidio, which is an extra, nor a spaCy model. What Presidio takes for a date, a place or a
nationality stays, as it does without it: no complaint can be understood without them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from empathy_scan.errors import UsageError
from empathy_scan.redact_forms import PLACEHOLDER

# Presidio's entity, and our placeholder for it. Not mail addresses and URLs: its recognisers for them open the network.
ENTITIES = {
    "PERSON": "NAME", "PHONE_NUMBER": "PHONE", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP", "CRYPTO": "NUMBER", "MEDICAL_LICENSE": "NUMBER", "US_SSN": "NUMBER", "US_ITIN": "NUMBER",
    "US_PASSPORT": "NUMBER", "US_DRIVER_LICENSE": "NUMBER", "US_BANK_NUMBER": "NUMBER", "UK_NHS": "NUMBER",
    "UK_NINO": "NUMBER", "AU_TFN": "NUMBER", "AU_MEDICARE": "NUMBER", "IN_PAN": "NUMBER", "IN_AADHAAR": "NUMBER",
    "ES_NIF": "NUMBER", "IT_FISCAL_CODE": "NUMBER", "SG_NRIC_FIN": "NUMBER", "PL_PESEL": "NUMBER",
}  # fmt: skip
_SURE = 0.5  # Presidio's own score; below it are guesses by form alone

Finder = Callable[[str], str]


@cache
def finder(model: str, *, names: bool = True) -> Finder:
    """What redacts a text with Presidio and a spaCy model that is installed.

    Raises UsageError, which says what to install, where Presidio or the model is missing.
    """
    return _of(_analyzer(model), names=names)


def _of(analyzer: Any, *, names: bool = True) -> Finder:  # noqa: ANN401 - a class of an extra
    kinds = {name: kind for name, kind in ENTITIES.items() if names or kind != "NAME"}
    wanted = [name for name in kinds if name in analyzer.get_supported_entities(language="en")]

    def redacted(text: str) -> str:
        found = analyzer.analyze(text=text, language="en", entities=wanted, score_threshold=_SURE)
        taken = [match.span() for match in PLACEHOLDER.finditer(text)]
        for one in sorted(found, key=lambda one: (one.start, -one.end), reverse=True):
            if one.end > one.start and all(one.end <= start or end <= one.start for start, end in taken):
                text = f"{text[: one.start]}[{ENTITIES[one.entity_type]}]{text[one.end :]}"
                taken.append((one.start, one.end))
        return text

    return redacted


def _analyzer(model: str) -> Any:  # noqa: ANN401 - a class of an extra
    try:
        library = import_module("presidio_analyzer")
        engines = import_module("presidio_analyzer.nlp_engine")
    except ImportError as error:
        raise UsageError(
            "redaction with Presidio needs Presidio", remedy="pip install 'empathy-scan[presidio]'"
        ) from error
    if not import_module("spacy.util").is_package(model):
        raise UsageError(
            f"the spaCy model {model!r} of [redact] presidio_model is not installed",
            remedy=f"python -m spacy download {model}, or name a model that is installed",
        )
    settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    engine = engines.NlpEngineProvider(nlp_configuration=settings).create_engine()
    return library.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
