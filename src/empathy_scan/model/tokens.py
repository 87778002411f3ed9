"""The model's tokenizer, and how a focus segment and its context become token ids.

Our own tokenizer is a byte-level BPE over lower-cased text; what lower-casing would lose is kept as a [CAPS] marker
before a run of shouted words (one for the run: a text in capitals is the same words as without, and a marker before
it), and "!!!", emoji and hesitations are ordinary tokens. Any other fast tokenizer of transformers
works too: it only gets the markers added.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

AGENT, CUSTOMER, CAPS = "[AGT]", "[CUS]", "[CAPS]"
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", AGENT, CUSTOMER, CAPS)
# What redaction leaves: one token each, so that a placeholder is a word to the model and not a row of brackets.
PLACEHOLDERS = (
    "[NAME]", "[EMAIL]", "[PHONE]", "[CARD]", "[IBAN]", "[NUMBER]", "[ADDRESS]", "[URL]", "[IP]", "[DATE_OF_BIRTH]",
    "[SECRET]", "[PII]",
)  # fmt: skip
# Bounded, so that a row of capitals and quotes takes no longer than its length; no word has so many.
SHOUTED_WORD = r"(?<![\w\[])(?=(?:[A-Z]['’]+){0,20}+[A-Z]{2})[A-Z][A-Z'’]{1,100}(?![\w\]])"
SHOUTED = re.compile(rf"{SHOUTED_WORD}(?:[^\w\[\]]+(?:{SHOUTED_WORD}|[A-Z](?![\w'’])))*")
MARKERS = {"agent": AGENT, "customer": CUSTOMER}


Words: TypeAlias = "PreTrainedTokenizerBase | Vocabulary"


@dataclass(frozen=True, slots=True)
class Example:
    """What the model judges: a focus text of one role, and what came before it (role, text), oldest first."""

    role: str
    text: str
    context: tuple[tuple[str, str], ...] = ()


def example_of(row: Mapping[str, Any]) -> Example:
    """A row of the segments table as an example."""
    return Example(row["role"], row["text"], tuple((turn["role"], turn["text"]) for turn in row["context"]))


@dataclass(frozen=True, slots=True)
class Packed:
    """Token ids of one example; the focus stands at `ids[focus_start:focus_end]`."""

    ids: list[int]
    focus_start: int
    focus_end: int
    spans: list[tuple[int, int]]  # characters of the focus text behind each focus token


class Vocabulary:
    """A tokenizer of the library `tokenizers`, with as much of what those of transformers can do as `Packer` asks."""

    def __init__(self, tokenizer: Tokenizer, *, cls: int, sep: int, pad: int, mask: int) -> None:
        self.tokenizer = tokenizer
        self.cls_token_id, self.sep_token_id, self.pad_token_id, self.mask_token_id = cls, sep, pad, mask

    @property
    def all_special_ids(self) -> list[int]:
        """The ids of all tokens that stand for no text."""
        return sorted(id_ for id_, token in self.tokenizer.get_added_tokens_decoder().items() if token.special)

    def convert_tokens_to_ids(self, token: str) -> int:
        """The id of a token; that of [UNK] for one that it does not have."""
        found = self.tokenizer.token_to_id(token)
        return cast("int", self.tokenizer.token_to_id("[UNK]")) if found is None else found

    def __call__(self, texts: list[str], **_: object) -> dict[str, list[Any]]:
        """Ids and character spans of each text, without tokens around it."""
        encoded = self.tokenizer.encode_batch(texts, add_special_tokens=False)
        return {"input_ids": [one.ids for one in encoded], "offset_mapping": [one.offsets for one in encoded]}


def mark_shouting(text: str) -> str:
    """The text with [CAPS] before every run of words of two or more capitals (a single capital may stand inside)."""
    return SHOUTED.sub(lambda match: CAPS + match.group(), text)


def train_tokenizer(texts: Iterable[str], *, size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE of `size` tokens learned from texts (marked by `mark_shouting` here)."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))  # noqa: S106 - a token of text, no password
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(Regex("[‘’ʼ]"), "'"),
            normalizers.Replace(Regex("[“”]"), '"'),
            normalizers.Lowercase(),
        ]
    )
    digits_and_runs = Regex(r"\d|[!?.]+|'(?:s|t|re|ve|m|ll|d)\b| ?\p{L}+| ?[^\s\p{L}\d!?.]+|\s+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(digits_and_runs, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[*SPECIAL, *PLACEHOLDERS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        max_token_length=24,
        show_progress=False,
    )
    tokenizer.train_from_iterator((mark_shouting(text) for text in texts), trainer)
    named = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415 - three seconds, and only training needs it

    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, **named, additional_special_tokens=[AGENT, CUSTOMER, CAPS, *PLACEHOLDERS]
    )


def add_markers(tokenizer: PreTrainedTokenizerBase) -> int:
    """Adds the speaker markers to a foreign tokenizer; gives how many were new (the encoder must be resized by it)."""
    return int(tokenizer.add_tokens([AGENT, CUSTOMER, CAPS], special_tokens=True))


class Packer:
    """Turns examples into token ids: `[CLS] [AGT] earlier [CUS] earlier [SEP] [AGT] focus [SEP]`.

    A focus is cut after `max_focus` tokens; the context loses its oldest tokens so that all fits `max_length`.
    """

    def __init__(self, tokenizer: Words, *, max_length: int = 192, max_focus: int = 112) -> None:
        self.tokenizer = tokenizer
        self.max_length, self.max_focus = max_length, max_focus
        self.cls, self.sep = cast("int", tokenizer.cls_token_id), cast("int", tokenizer.sep_token_id)
        self.pad = cast("int", tokenizer.pad_token_id)
        self.marker = {role: cast("int", tokenizer.convert_tokens_to_ids(token)) for role, token in MARKERS.items()}

    def pack(self, examples: Sequence[Example]) -> list[Packed]:
        """One Packed per example, in order; each distinct text is tokenized once."""
        texts = sorted({e.text for e in examples} | {text for e in examples for _, text in e.context})
        encoded = self._encode(texts)
        return [self._join(example, encoded) for example in examples]

    def _encode(self, texts: list[str]) -> dict[str, tuple[list[int], list[tuple[int, int]]]]:
        """Ids and character spans (in the text as given) per text."""
        if not texts:
            return {}
        batch = self.tokenizer(
            [mark_shouting(text) for text in texts],
            add_special_tokens=False,
            return_offsets_mapping=True,
            return_attention_mask=False,
            verbose=False,
        )
        return {
            text: (ids, _unmark(text, offsets))
            for text, ids, offsets in zip(texts, batch["input_ids"], batch["offset_mapping"], strict=True)
        }

    def _join(self, example: Example, encoded: dict[str, tuple[list[int], list[tuple[int, int]]]]) -> Packed:
        ids, spans = encoded[example.text]
        ids, spans = ids[: self.max_focus], spans[: self.max_focus]
        context: list[int] = []
        for role, text in example.context:
            context += [self.marker[role], *encoded[text][0]]
        room = self.max_length - len(ids) - 4
        context = context[-room:] if room > 0 else []
        head = [self.cls, *context, self.sep, self.marker[example.role]]
        return Packed([*head, *ids, self.sep], len(head), len(head) + len(ids), spans)


def _unmark(text: str, offsets: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Offsets in the marked text, moved back to the text as given."""
    shouted = [match.start() for match in SHOUTED.finditer(text)]
    if not shouted:
        return [(start, end) for start, end in offsets]
    moved, inserted, at = [], 0, 0
    for start, end in offsets:
        while at < len(shouted) and shouted[at] + inserted < start:
            inserted += len(CAPS)
            at += 1
        is_marker = at < len(shouted) and shouted[at] + inserted == start
        moved.append((start - inserted, start - inserted) if is_marker else (start - inserted, end - inserted))
    return moved
