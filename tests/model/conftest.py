"""What the tests of the model share: the loaded tiny bundle, a foreign encoder, and one thread, so that sums repeat."""

import pytest
import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece
from toys import PATTERNS
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from empathy_scan.model import bundle

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def loaded(tiny_bundle):
    return bundle.load(tiny_bundle)


@pytest.fixture(scope="session")
def foreign_backbone(tmp_path_factory):
    """A BERT of two layers with a WordPiece vocabulary that knows nothing of our markers."""
    words = {word for _, text, *_ in PATTERNS for word in text.split()}
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys([*pieces, *sorted(words)]))}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 - a token of text, no password
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    named = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    folder = tmp_path_factory.mktemp("foreign")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named).save_pretrained(folder)
    torch.manual_seed(1)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=64, max_position_embeddings=128, id2label={0: "no", 1: "yes", 2: "perhaps"},
        )
    ).save_pretrained(folder)  # fmt: skip
    return folder
