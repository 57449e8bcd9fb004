"""How an encoder is loaded: from its folder, or as OpenVINO has read it before."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.core.threads import free_threads
from models.encoding.encoder import EncoderSource
from models.encoding.forward import (
    SAMPLE,
    Forward,
    VectorModule,
    require_same_vectors,
    torch_forward,
    vectors_of,
)
from models.encoding.kinds import REFERENCE, Kind, KindRefusedError
from models.encoding.tokens import by_compiled, by_model, find_compiled
from models.encoding.transformer import Loaded, Tokeniser, Transformer, Whole
from validation.errors import SettingError

if TYPE_CHECKING:
    from models.encoding.converted import Converted


def load(source: EncoderSource, device: torch.device, kind: Kind) -> Loaded:
    """Load an encoder, and check its vectors against those by `REFERENCE` on a sample.

    Raises
    ------
    ValueError
        If the encoder needs code of its own.
    SettingError
        If its vectors have no one width.
    KindRefusedError
        If its vectors cannot be computed so, or come out otherwise than by `REFERENCE`.
    """
    if kind.backend == "openvino":
        return _load_by_openvino(source, device, kind)
    model = load_model(source, str(device))
    names, width = _inputs(model), _width(model, source)
    if kind == REFERENCE and not names:
        return Whole(model, width)
    read = _read(model, names, source, device, kind)
    if kind == REFERENCE:
        return Transformer(read.tokeniser, read.reference, width)
    forward = torch_forward(read.module, device, kind)
    _require_same(forward, read.tokeniser, read.expected(), kind)
    return Transformer(read.tokeniser, forward, width)


def load_model(source: EncoderSource, device: str) -> Any:
    """Load a sentence-transformers model in float32, without running code of its own."""
    from sentence_transformers import SentenceTransformer

    with _without_progress_bars():
        return SentenceTransformer(
            str(source.folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": torch.float32},
        )


@dataclass(frozen=True)
class _Read:
    """A transformer that was read from its folder."""

    module: VectorModule
    tokeniser: Tokeniser
    compiled: Any | None
    reference: Forward

    def expected(self) -> NDArray[np.float32]:
        """Compute the vectors of `SAMPLE` by the reference."""
        return vectors_of(self.reference, self.tokeniser.sample())


def _read(
    model: Any, names: tuple[str, ...], source: EncoderSource, device: torch.device, kind: Kind
) -> _Read:
    if not names:
        raise KindRefusedError(
            f"an encoder whose vectors are computed by {kind} must be a transformer without a"
            f" prompt, got {source.name!r}"
        )
    compiled = find_compiled(model, names, SAMPLE)
    tokenise = partial(by_compiled, compiled) if compiled else partial(by_model, model)
    is_right = model.tokenizer.padding_side == "right"
    tokeniser = Tokeniser(names, partial(tokenise, names), is_right)
    module = VectorModule(model, names).eval()
    return _Read(module, tokeniser, compiled, torch_forward(module, device))


def _load_by_openvino(source: EncoderSource, device: torch.device, kind: Kind) -> Transformer:
    """Take what was converted before, or convert the encoder and keep that."""
    from models.encoding.converted import find_converted, keep_converted
    from models.encoding.openvino_forward import openvino_forward

    converted = find_converted(source)
    if converted is None:
        converted = keep_converted(source, _convert(source, device, kind))
    tokeniser = converted.tokeniser
    forward = openvino_forward(converted.model, tokeniser.names, kind, free_threads())
    _require_same(forward, tokeniser, converted.expected, kind)
    return Transformer(tokeniser, forward, converted.expected.shape[1])


def _convert(source: EncoderSource, device: torch.device, kind: Kind) -> "Converted":
    from models.encoding.converted import Converted
    from models.encoding.openvino_forward import convert

    model = load_model(source, str(device))
    read = _read(model, _inputs(model), source, device, kind)
    traced = convert(read.module, read.tokeniser.sample()[-1])
    return Converted(traced, read.tokeniser, read.compiled, read.expected())


def _require_same(
    forward: Forward, tokeniser: Tokeniser, expected: NDArray[np.float32], kind: Kind
) -> None:
    require_same_vectors(vectors_of(forward, tokeniser.sample()), expected, kind)


def _width(model: Any, source: EncoderSource) -> int:
    width: int | None = model.get_embedding_dimension()
    if width is None:
        raise SettingError(f"encoder must have vectors of one width, got {source.name!r}")
    return width


def _inputs(model: Any) -> tuple[str, ...]:
    """Return the names of a transformer's inputs; none if texts must go through the model's own.

    So they must where the model puts a prompt before each, or has no padded rows of tokens.
    """
    features = model.preprocess(["a"])
    if model.default_prompt_name is not None or "attention_mask" not in features:
        return ()
    return tuple(name for name, rows in features.items() if getattr(rows, "ndim", 0) == 2)


@contextmanager
def _without_progress_bars() -> Iterator[None]:
    """Load a model without the bar that transformers draws over the log."""
    from transformers.utils import logging

    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()
