"""Encoders that OpenVINO has read once, kept in the user's cache.

To load an encoder with sentence-transformers and to convert it takes most of a small night's
seconds (docs/performance.md); to read what came of that takes a fraction of one. What is kept is no
pickle: OpenVINO's own files, the tokenizer as JSON, and the sample's vectors, which every start is
checked against.
"""

import hashlib
import json
import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from models.encoding.encoder import EncoderSource, sha256_of
from models.encoding.forward import SAMPLE
from models.encoding.openvino_forward import import_openvino
from models.encoding.tokens import by_compiled
from models.encoding.transformer import Tokeniser

if TYPE_CHECKING:
    import openvino

logger = logging.getLogger(__name__)

FORMAT: Final = 1
"""Of an entry: another one wherever what is converted, or how, has changed in this package."""

N_KEPT: Final = 4
"""Entries, those that were used last: the default encoder's takes 90 MB."""

_STORY: Final = "encoder.json"
_MODEL: Final = "model.xml"
_WEIGHTS: Final = "model.bin"
_TOKENIZER: Final = "tokenizer.json"
_SAMPLE: Final = "sample.safetensors"
_FILES: Final = (_MODEL, _WEIGHTS, _TOKENIZER, _SAMPLE)
_MADE_BY: Final = ("openvino", "sentence-transformers", "tokenizers", "torch", "transformers")


@dataclass(frozen=True)
class Converted:
    """An encoder as OpenVINO has it.

    Attributes
    ----------
    model
        As `convert` returns it.
    tokeniser
        How texts become its inputs.
    compiled
        The compiled tokenizer, with its padding and its longest row, where that is what tokenises.
    expected
        Vectors of `SAMPLE` by the reference, shape (n_texts, embedding_dim).
    """

    model: "openvino.Model"
    tokeniser: Tokeniser
    compiled: Any | None
    expected: NDArray[np.float32]


def find_converted(source: EncoderSource) -> Converted | None:
    """Read an encoder that was converted before by the packages that are installed.

    Returns
    -------
    None where there is none, or what is there is damaged, which is logged.
    """
    folder = _folder(source)
    if not folder.exists():
        return None
    import_openvino()  # what keeps it out is no damage
    try:
        found = _read(folder)
        os.utime(folder)
    # What is damaged can be anything to the readers of four formats.
    except Exception as error:
        logger.warning("the converted encoder in %s is made again: %s", folder, error)
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return found


def keep_converted(source: EncoderSource, converted: Converted) -> Converted:
    """Write an encoder to the cache, whole or not at all, and read it again.

    What is read computes other last bits than what was converted: so it is what is used from the
    first night on, and where the cache can't be written, too.

    Returns
    -------
    What was read; what was given where that cannot be kept, as tokens are made by code of its own,
    or must not be, as its weights are damaged.
    """
    if converted.compiled is None or not np.isfinite(converted.expected).all():
        return converted
    folder = _folder(source)
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            entry = Path(made) / "entry"
            entry.mkdir()
            found = _written(entry, converted, converted.compiled)
            if not folder.exists():  # else another process was first
                entry.rename(folder)
        _forget_old(folder.parent)
    except OSError as error:
        logger.info("the encoder is converted at every start, for it could not be kept: %s", error)
        with tempfile.TemporaryDirectory() as made:
            found = _written(Path(made), converted, converted.compiled)
    return found


def _folder(source: EncoderSource) -> Path:
    """Return the place of an encoder; whatever could change what is there is in its name."""
    versions = [f"{name} {metadata.version(name)}" for name in _MADE_BY]
    decisive = json.dumps([FORMAT, source.digest, versions, SAMPLE])
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser().absolute()
    return cache / "nightfold" / "encoders" / hashlib.sha256(decisive.encode()).hexdigest()


def _read(folder: Path) -> Converted:
    """Read the files of an entry; any error says that it is damaged."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    story = json.loads((folder / _STORY).read_bytes())
    for name in _FILES:
        if sha256_of(folder / name) != story["files"][name]:
            raise ValueError(f"{name} is not what was written")
    names = tuple(story["names"])
    compiled = Tokenizer.from_file(str(folder / _TOKENIZER))
    return Converted(
        import_openvino().Core().read_model(folder / _MODEL),
        Tokeniser(names, partial(by_compiled, compiled, names), story["pads_right"]),
        compiled,
        load_file(folder / _SAMPLE)["expected"],
    )


def _written(folder: Path, converted: Converted, compiled: Any) -> Converted:
    """Write an encoder into an empty folder, and read it."""
    from safetensors.numpy import save_file

    ov = import_openvino()
    ov.save_model(converted.model, folder / _MODEL, compress_to_fp16=False)
    compiled.save(str(folder / _TOKENIZER))
    save_file({"expected": converted.expected}, folder / _SAMPLE)
    story = {
        "names": converted.tokeniser.names,
        "pads_right": converted.tokeniser.pads_right,
        "files": {name: sha256_of(folder / name) for name in _FILES},
    }
    (folder / _STORY).write_text(json.dumps(story), encoding="utf-8")
    return _read(folder)


def _forget_old(cache: Path) -> None:
    """Remove what was not used for longest; a process that has it open goes on with it."""
    entries = sorted(cache.glob("?" * 64), key=lambda it: it.stat().st_mtime, reverse=True)
    for old in entries[N_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
