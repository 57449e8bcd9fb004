"""Count the characters of texts that can be seen, and the letters among them.

Reads  texts, as an Arrow array
Writes nothing
"""

from functools import cache
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# White space as str.isspace has it, and the format characters that show nothing (BOM, joiners).
_INVISIBLE: Final = r"[\s\x0B\x1C-\x1F\x{85}\p{Z}\p{Cf}]+"
VISIBLE: Final = _INVISIBLE.replace("[", "[^", 1).removesuffix("+")
"""Pattern of one character that can be seen."""

_LETTERS: Final = r"\pL+"


def count_visible(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Count the visible characters of each text, and the letters of any script among them.

    Parameters
    ----------
    text
        Large strings, shape (n_texts,); null where there is none.

    Returns
    -------
    Two arrays of integers, shape (n_texts,); null where there is no text.
    """
    # In texts of ASCII, most of those in English, bytes are looked up in a sixth of the time.
    is_ascii = pc.fill_null(pc.string_is_ascii(text), False)
    if pc.all(is_ascii).as_py():
        return _count_ascii(text)
    is_other = pc.invert(is_ascii)
    plain, other = _count_ascii(text.filter(is_ascii)), _count_any(text.filter(is_other))
    n_visible, n_letters = (
        pc.replace_with_mask(
            pc.replace_with_mask(pa.nulls(len(text), pa.int64()), is_ascii, of_plain),
            *(is_other, of_other),
        )
        for of_plain, of_other in zip(plain, other, strict=True)
    )
    return n_visible, n_letters


def _count_any(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    visible = pc.replace_substring_regex(text, _INVISIBLE, "")
    n_visible = pc.utf8_length(visible)
    # Replacing runs and comparing lengths is three times as fast as counting single letters.
    n_others = pc.utf8_length(pc.replace_substring_regex(visible, _LETTERS, ""))
    return n_visible, pc.subtract(n_visible, n_others)


def _count_ascii(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Count as `_count_any` does in texts of ASCII without nulls."""
    _, offsets, content = text.buffers()
    ends = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    chars = np.frombuffer(content or b"", np.uint8)[ends[0] : ends[-1]]
    starts, has_chars = ends[:-1] - ends[0], ends[1:] > ends[:-1]
    counts = np.zeros((2, len(text)), np.int64)
    if has_chars.any():
        for row, is_such in zip(counts, (_found_by(VISIBLE), _found_by(_LETTERS)), strict=True):
            row[has_chars] = np.add.reduceat(is_such.take(chars), starts[has_chars], dtype=np.int64)
    return pa.array(counts[0]), pa.array(counts[1])


@cache
def _found_by(pattern: str) -> np.ndarray:
    """Return which of the characters of ASCII a pattern finds."""
    ascii_chars = pa.array([chr(code) for code in range(128)], pa.large_string())
    found: np.ndarray = pc.match_substring_regex(ascii_chars, pattern).to_numpy(
        zero_copy_only=False
    )
    return found
