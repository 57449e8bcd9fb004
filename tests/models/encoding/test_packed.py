"""A packed model beside what was packed, weight by weight."""

import struct
from pathlib import Path

import numpy as np
import pytest

from models.encoding.packed import Sizes, read_packed

SIZES = (32, 1, 2, 64, 4, 8, 2)
PIECES = [("<s>", 0.0), ("é▁", -1.5), ("", -2.0)]


def packed_file(path: Path, steps: np.ndarray, scales: np.ndarray, plain: np.ndarray) -> Path:
    """Write a model of two tensors, of which one is packed."""
    ends = np.cumsum([0, *(len(piece.encode()) for piece, _ in PIECES)])
    head = b"E5S1" + struct.pack("<I7ifi", 1, *SIZES, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(ends[-1]))
    head += ends.astype("<u4").tobytes() + np.array([it for _, it in PIECES], "<f4").tobytes()
    head += "".join(piece for piece, _ in PIECES).encode()
    head += struct.pack("<iI", 1, 9) + b"\0" * 9
    blocks = b"".join(
        np.float16(scale).tobytes() + (own[:16] + 16 * own[16:]).astype("u1").tobytes()
        for own, scale in zip(steps, scales, strict=True)
    )
    tensors = {"l0.q.w": (1, steps.size, blocks), "emb.ln.w": (0, plain.size, plain.tobytes())}
    directory_bytes = 4 + sum(2 + len(name) + 21 for name in tensors)
    directory, at = struct.pack("<i", len(tensors)), len(head) + directory_bytes
    for name, (kind, count, content) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, at, len(content))
        at += len(content)
    path.write_bytes(head + directory + b"".join(it for *_, it in tensors.values()))
    return path


def test_weights_are_their_steps_times_the_scale_of_their_block(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    steps, scales = rng.integers(0, 16, (5, 32)), rng.normal(size=5).astype(np.float16)
    plain = rng.normal(size=7).astype(np.float32)
    found = read_packed(packed_file(tmp_path / "model.bin", steps, scales, plain))
    expected = [(int(step) - 8) * float(scales[row]) for row in range(5) for step in steps[row]]
    np.testing.assert_array_equal(found.tensors["l0.q.w"], np.array(expected, np.float32))
    np.testing.assert_array_equal(found.tensors["emb.ln.w"], plain)
    assert found.sizes == Sizes(*SIZES)
    assert found.pieces == PIECES


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"GGUF....")
    with pytest.raises(ValueError, match="must begin with b'E5S1', got b'GGUF'"):
        read_packed(tmp_path / "other.bin")
