"""Names of image files: which are read, and what their names say."""

import re
from pathlib import PurePosixPath
from typing import Final

ENDINGS: Final = (
    ".png", ".jpg", ".jpeg", ".jpe", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp",
)  # fmt: skip

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_OF_CAMERAS: Final = frozenset(
    [
        "img",
        "image",
        "images",
        "dsc",
        "dscn",
        "dscf",
        "pict",
        "picture",
        "pic",
        "photo",
        "foto",
        "scan",
        "screenshot",
        "snap",
        "snapshot",
        "frame",
        "copy",
        "untitled",
        "file",
        "jpeg",
        "jpg",
        "png",
    ]
)
"""Words that machines put into names."""

_MOST_HEX: Final = frozenset("abcdef")


def is_image(name: str) -> bool:
    """Return whether a file is one of images, by its ending."""
    return name.lower().endswith(ENDINGS)


def title_of(name: str) -> str | None:
    """Return the words in a file's name, if a person has put any there."""
    found = [it.lower() for it in _WORD.findall(PurePosixPath(name).stem)]
    words = [it for it in found if it not in _OF_CAMERAS and not _MOST_HEX.issuperset(it)]
    return " ".join(words) or None
