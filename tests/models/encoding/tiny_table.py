from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from models.encoding.static_table import write_table
from tests.models.encoding.tiny_model import WORDS

CARD = "---\nlanguage:\n- en\n---\n"


def tiny_tokenizer() -> Tokenizer:
    numbers = {word: number for number, word in enumerate(["[UNK]", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def tiny_table() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(len(WORDS) + 1, 24)).astype(np.float32)


def write_tiny_table(folder: Path, table: np.ndarray | None = None) -> Path:
    """A static encoder of a few kilobytes."""
    folder.mkdir()
    write_table(tiny_table() if table is None else table, tiny_tokenizer(), CARD, folder)
    return folder
