"""What may be unpacked: an archive of some bytes must not fill a disk or the memory."""

from collections.abc import Sequence
from typing import Final
from zipfile import ZipInfo

from tasks.reading.formats.rows import UnfitFileError

MAX_RATIO: Final = 200
"""Texts are packed to a fifth or a twentieth; deflate can pack zeros to a thousandth."""

_UNSUSPECTED_BYTES: Final = 64 << 20
"""So much fits anywhere, however well it was packed."""


def require_bounded(members: Sequence[ZipInfo], n_bytes: int, max_bytes: int) -> None:
    """Check the sizes that an archive states; Python unpacks no more of a member than is stated.

    Parameters
    ----------
    members
        All of them.
    n_bytes
        Size of the archive itself: two members may be packed in the same bytes.
    max_bytes
        Of all members together.

    Raises
    ------
    UnfitFileError
        If they are larger than that, or than what is packed usually is.
    """
    n_unpacked = sum(member.file_size for member in members)
    if n_unpacked > max_bytes:
        raise UnfitFileError(
            f"holds {n_unpacked:,} bytes unpacked; at most {max_bytes:,} are read, so split it"
        )
    if n_unpacked > max(MAX_RATIO * n_bytes, _UNSUSPECTED_BYTES):
        raise UnfitFileError(
            f"holds {n_unpacked:,} bytes in {n_bytes:,}; more than {MAX_RATIO} to one is no text,"
            " so unpack it if you know what it is"
        )
