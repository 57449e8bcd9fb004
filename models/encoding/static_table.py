"""A table of tokens' vectors as a folder: a sentence-transformers model like any other."""

import json
from pathlib import Path
from typing import Any, Final

from models.core.arrays import Floats

TABLE: Final = "embedding.weight"
"""Name of the tensor, as sentence-transformers has it."""

_WEIGHTS: Final = "model.safetensors"
_MODULES: Final = "modules.json"
_PARTS: Final = [
    {"idx": it, "name": str(it), "path": path, "type": f"sentence_transformers.models.{kind}"}
    for it, (path, kind) in enumerate([("", "StaticEmbedding"), ("1_Normalize", "Normalize")])
]


def table_folder(folder: Path) -> Path | None:
    """Find the table of a sentence-transformers model.

    Parameters
    ----------
    folder
        Of the model, with its ``modules.json``.

    Returns
    -------
    The folder of the table and its tokenizer; None where a vector takes more than a table to
    compute, or the table is kept in another form.
    """
    parts = json.loads((folder / _MODULES).read_text(encoding="utf-8"))
    kinds = [str(part["type"]).rpartition(".")[2] for part in parts]
    if kinds[:1] != ["StaticEmbedding"] or set(kinds[1:]) - {"Normalize"}:
        return None
    from safetensors import safe_open

    found = folder / parts[0]["path"]
    with safe_open(found / _WEIGHTS, framework="numpy") as file:
        return found if list(file.keys()) == [TABLE] else None


def read_table(folder: Path) -> tuple[Floats, Any]:
    """Read vectors of all tokens, shape (n_tokens, embedding_dim), and the tokenizer."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    table = load_file(folder / _WEIGHTS)[TABLE].astype("float32", copy=False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    return table, tokenizer


def write_table(table: Floats, tokenizer: Any, card: str, folder: Path) -> None:
    """Write a table as a model, into an empty folder.

    Parameters
    ----------
    table
        Shape (n_tokens, embedding_dim).
    tokenizer
        A compiled one; texts are cut off where it cuts them off.
    card
        In Markdown, with the languages in its head.
    folder
        An empty one.
    """
    from safetensors.numpy import save_file

    save_file({TABLE: table}, folder / _WEIGHTS, metadata={"format": "pt"})
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "1_Normalize").mkdir()
    modules = json.dumps(_PARTS, indent=1) + "\n"
    (folder / _MODULES).write_text(modules, encoding="utf-8")
    (folder / "README.md").write_text(card, encoding="utf-8")
