"""A CLIP of a few thousand random weights, in the folder that sentence-transformers writes."""

import json
from pathlib import Path

import torch

SIDE = 32
DIMENSION = 8


def write_clip(folder: Path) -> Path:
    """Write the model, its tokenizer and its processor; its classes are the real ones."""
    from transformers import (
        CLIPConfig,
        CLIPImageProcessorPil,
        CLIPModel,
        CLIPProcessor,
        CLIPTokenizer,
    )

    inner = folder / "0_CLIPModel"
    inner.mkdir(parents=True)
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    small |= {"num_attention_heads": 2}
    config = CLIPConfig(
        text_config={**small, "vocab_size": 4, "max_position_embeddings": 16, "eos_token_id": 1},
        vision_config={**small, "image_size": SIDE, "patch_size": 8},
        projection_dim=DIMENSION,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        CLIPModel(config).save_pretrained(inner)
    words = {"<|startoftext|>": 0, "<|endoftext|>": 1, "a</w>": 2, "a": 3}
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    CLIPProcessor(processor, CLIPTokenizer(words, [])).save_pretrained(inner)
    kind = "sentence_transformers.models.CLIPModel"
    modules = [{"idx": 0, "name": "0", "path": inner.name, "type": kind}]
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder
