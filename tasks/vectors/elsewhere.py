"""What workers do with a shard of texts: they encode it, or project it into the lexical views."""

from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.store.storage import ModelRef, Store, load_model
from tasks.vectors.chunks import Chunk, Encoding
from tasks.vectors.encoder import find_encoder_ref, load_encoder
from validation.errors import SettingError

if TYPE_CHECKING:
    from models.encoding.text_encoder import Encoder
    from models.text.lexical.views import LexicalViews

_loading = Lock()
"""A worker may have several threads: one of them loads what all of them use."""


def encode_there(how: Encoding, chunk: Chunk) -> NDArray[np.float32]:
    """Encode texts, shape (n_texts, embedding_dim), by an encoder that this process has once.

    Raises
    ------
    SettingError
        If this machine has another encoder by that name.
    """
    with _loading:
        loaded = _encoder(how)
    return loaded.encode(list(chunk.texts.values()))


def project_there(store: Store, views: ModelRef, texts: list[str]) -> NDArray[np.float32]:
    """Project texts into lexical views of the store, shape (n_texts, sum of the widths)."""
    with _loading:
        loaded = _views(store, views.model_dump_json())
    return loaded.transform(texts)


@lru_cache(maxsize=1)
def _encoder(how: Encoding) -> "Encoder":
    wanted = how.encoder
    found = find_encoder_ref(wanted.folder if Path(wanted.folder).is_dir() else wanted.name)
    if found.files != wanted.files:
        raise SettingError(
            f"encoder must be the same on all machines, got another {wanted.name!r} in"
            f" {found.folder} of a worker"
        )
    here = wanted.model_copy(update={"folder": found.folder})
    return load_encoder(here, how.settings, how.device)


@lru_cache(maxsize=1)
def _views(store: Store, views: str) -> "LexicalViews":
    from models.text.lexical.views import LexicalViews

    return load_model(store, ModelRef.model_validate_json(views), LexicalViews.load)
