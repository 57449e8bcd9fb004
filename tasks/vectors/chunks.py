"""The chunks in which texts are encoded: cut by the texts alone, whoever encodes them."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import pyarrow as pa

from models.encoding.kinds import computes_on_cpu
from tasks.vectors.encoder import EmbedSettings, EncoderRef
from validation.tables.columns import NIGHT, TEXT, TEXT_DIGEST

_CHUNK_TEXTS: Final = 1024
"""What a killed run loses, at most; each chunk is a file."""

_CHUNK_TEXTS_ON_ACCELERATOR: Final = 16_384
"""An accelerator makes as many vectors in a second; smaller chunks would leave it waiting for the
first tokens of each, and a feed of a million texts with a thousand files."""


class Encoding(NamedTuple):
    """How texts are encoded."""

    encoder: EncoderRef
    settings: EmbedSettings
    device: str = "cpu"

    def on_any_machine(self) -> "Encoding":
        """Return the same with the device that "auto" is on this one: no worker may choose."""
        if computes_on_cpu(self.device):
            return self._replace(device="cpu")
        from models.core.devices import resolve_device

        return self._replace(device=resolve_device(self.device).type)


class Chunk(NamedTuple):
    """Texts that are encoded together, by their digests, and how many were to come before them."""

    texts: dict[str, str]
    n_before: int


def cut_into_chunks(texts: pa.Table, missing: set[str], device: str = "cpu") -> list[Chunk]:
    """Cut the texts that have no vector yet into chunks, night by night.

    Each night by itself: where vectors of several nights are lost, they come back as they were.

    Parameters
    ----------
    texts
        With the schema `WINDOW_TEXTS`.
    missing
        Digests of the texts that have no vector.
    device
        That the encoder is loaded on: its chunks are larger on an accelerator.
    """
    on_cpu = computes_on_cpu(device)
    chunk_texts = _CHUNK_TEXTS if on_cpu else _CHUNK_TEXTS_ON_ACCELERATOR
    is_missing = [digest in missing for digest in texts[TEXT_DIGEST].to_pylist()]
    lacking = texts.filter(pa.array(is_missing, pa.bool_()))
    columns = (lacking[name].to_pylist() for name in (NIGHT, TEXT_DIGEST, TEXT))
    chunks: list[Chunk] = []
    n_before = 0
    for _, rows in groupby(zip(*columns, strict=True), key=itemgetter(0)):
        for chunk in _cut({digest: text for _, digest, text in rows}, chunk_texts):
            chunks.append(Chunk(chunk, n_before))
            n_before += len(chunk)
    return chunks


def _cut(texts: dict[str, str], chunk_texts: int) -> Iterator[dict[str, str]]:
    """Cut the texts of a night, by their digests, as `encoding_chunks` says."""
    from models.encoding.encoder import encoding_chunks

    digests = list(texts)
    lengths = [len(text) for text in texts.values()]
    for positions in encoding_chunks(lengths, digests, chunk_texts):
        chunk = [digests[position] for position in positions]
        yield {digest: texts[digest] for digest in chunk}
