"""Other ways of judging a turn, for their speed on the same turns: `speed.py` prints them beside the model's.

Transformers of the sizes that others use, with random weights, which are as slow as trained ones; VADER and ConvoKit's
politeness strategies where they are installed (`pip install -r benchmarks/requirements.txt`).
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForSequenceClassification, PretrainedConfig, PreTrainedTokenizerBase

from empathy_scan.model import bundle
from empathy_scan.model.network import L
from empathy_scan.model.tokens import Example

SIZES = {"detoxify-size (DistilBERT)": ("distilbert", {}), "BERT-base-size": ("bert", {})}
FEW = 32  # turns that the large ones are timed with


def classifier(
    encoder: PretrainedConfig, tokenizer: PreTrainedTokenizerBase, weights: dict[str, torch.Tensor] | None = None
) -> Callable[..., object]:
    """The text-classification pipeline of transformers, batches of 32, with an encoder of that kind and its weights."""
    transformers.logging.set_verbosity_error()
    config = AutoConfig.for_model(**{**encoder.to_dict(), "num_labels": L})
    model = AutoModelForSequenceClassification.from_config(config)
    if weights is not None:
        model.base_model.load_state_dict(weights)
    pipe: Callable[..., object] = transformers.pipeline(
        "text-classification", model=model.eval(), tokenizer=tokenizer, device="cpu", batch_size=32, top_k=None,
        function_to_apply="sigmoid",
    )  # fmt: skip
    return pipe


def as_text(examples: Sequence[Example]) -> list[dict[str, str]]:
    """Context and focus as a pair of texts, as the pipeline takes them."""
    marks = {"agent": "[AGT]", "customer": "[CUS]"}
    return [
        {
            "text": " ".join(f"{marks[role]} {text}" for role, text in each.context),
            "text_pair": f"{marks[each.role]} {each.text}",
        }
        for each in examples
    ]


def rates(examples: Sequence[Example], ours: float) -> list[tuple[str, str]]:
    """A row per peer: turns per second, and how that is to the pipeline with our encoder."""
    tokenizer = bundle.load().packer.tokenizer
    rows = []
    for name, (kind, more) in SIZES.items():
        config = AutoConfig.for_model(kind, vocab_size=len(tokenizer), **more)
        pipe = classifier(config, tokenizer)
        texts = [f"{each['text']} {each['text_pair']}" for each in as_text(examples[:FEW])]
        rows.append((name, _told(partial(pipe, texts, truncation=True, max_length=112), len(texts), ours)))
    texts = [each.text for each in examples]
    for name, judge in (("VADER", _vader()), ("ConvoKit politeness strategies", _politeness())):
        rows.append((name, "not installed" if judge is None else _told(partial(judge, texts), len(texts), ours)))
    return rows


def _told(call: Callable[[], object], count: int, ours: float) -> str:
    times = []
    for _ in range(3):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    rate = count / sorted(times)[1]
    return f"{rate:.0f} turns/s, {rate / ours:.2g} times the pipeline"


def _vader() -> Callable[[list[str]], object] | None:
    if importlib.util.find_spec("vaderSentiment") is None:
        return None
    judge = importlib.import_module("vaderSentiment.vaderSentiment").SentimentIntensityAnalyzer()
    return lambda texts: [judge.polarity_scores(text) for text in texts]


def _politeness() -> Callable[[list[str]], object] | None:
    """Needs a spaCy pipeline with a parser, which has to be installed beside ConvoKit."""
    try:
        convokit: Any = importlib.import_module("convokit")
        parser = convokit.TextParser()
        strategies = convokit.PolitenessStrategies()
    except (ImportError, OSError) as error:
        logging.getLogger(__name__).info("ConvoKit cannot be used (%s)", type(error).__name__)
        return None

    def judge(texts: list[str]) -> object:
        speaker = convokit.Speaker(id="anybody")
        said = [
            convokit.Utterance(id=str(n), speaker=speaker, conversation_id=str(n), text=text)
            for n, text in enumerate(texts)
        ]
        return strategies.transform(parser.transform(convokit.Corpus(utterances=said)))

    return judge
