"""The chunks in which texts are encoded: cut by the texts alone, whoever encodes them."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import pyarrow as pa

from models.encoding.kinds import STATIC, Kind, computes_on_cpu
from tasks.vectors.encoder import EmbedSettings, EncoderRef
from validation.tables.columns import NIGHT, TEXT, TEXT_DIGEST

_CHUNK_TEXTS: Final = 1024
"""What a killed run loses, at most; each chunk is a file."""

_CHUNK_TEXTS_OF_FAST: Final = 16_384
"""An accelerator or a static encoder makes as many vectors in a second; smaller chunks would leave
an accelerator waiting for the first tokens of each, and a feed of a million texts with a thousand
files."""


class Encoding(NamedTuple):
    """How texts are encoded."""

    encoder: EncoderRef
    settings: EmbedSettings
    device: str = "cpu"

    def n_together(self) -> int:
        """Return how many texts make a chunk, at most."""
        return chunk_texts(self.encoder.kind, self.device)

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


def chunk_texts(kind: Kind, device: str) -> int:
    """Return how many texts are saved together: more where vectors are made fast."""
    is_fast = kind == STATIC or not computes_on_cpu(device)
    return _CHUNK_TEXTS_OF_FAST if is_fast else _CHUNK_TEXTS


def cut_into_chunks(texts: pa.Table, missing: set[str], n_together: int) -> list[Chunk]:
    """Cut the texts that have no vector yet into chunks, night by night.

    Each night by itself: where vectors of several nights are lost, they come back as they were.

    Parameters
    ----------
    texts
        With the schema `WINDOW_TEXTS`.
    missing
        Digests of the texts that have no vector.
    n_together
        Texts of a chunk, at most; see `chunk_texts`.
    """
    is_missing = [digest in missing for digest in texts[TEXT_DIGEST].to_pylist()]
    lacking = texts.filter(pa.array(is_missing, pa.bool_()))
    columns = (lacking[name].to_pylist() for name in (NIGHT, TEXT_DIGEST, TEXT))
    chunks: list[Chunk] = []
    n_before = 0
    for _, rows in groupby(zip(*columns, strict=True), key=itemgetter(0)):
        for chunk in _cut({digest: text for _, digest, text in rows}, n_together):
            chunks.append(Chunk(chunk, n_before))
            n_before += len(chunk)
    return chunks


def _cut(texts: dict[str, str], n_together: int) -> Iterator[dict[str, str]]:
    """Cut the texts of a night, by their digests, as `encoding_chunks` says."""
    from models.encoding.encoder import encoding_chunks

    digests = list(texts)
    lengths = [len(text) for text in texts.values()]
    for positions in encoding_chunks(lengths, digests, n_together):
        chunk = [digests[position] for position in positions]
        yield {digest: texts[digest] for digest in chunk}
